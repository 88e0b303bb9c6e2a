// Shared signals: a receiver after RFC 8935 and RFC 8936, with streams that it keeps over
// HTTP (OpenID Shared Signals Framework 1.0), and one of webhooks.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';

import { createRemoteJWKSet, jwtVerify } from 'jose';

import { makeWebhook } from '../../examples/client/webhook.js';
import { readAuthority, startReceiver } from './courier_receiver.mjs';
import * as h from './harness.mjs';

const { COURIER_TLS: authority } = process.env;
const PUSH = 'urn:ietf:rfc:8935';
const SESSION_REVOKED = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked';
const CREDENTIAL_CHANGE = 'https://schemas.openid.net/secevent/caep/event-type/credential-change';
const VERIFICATION = 'https://schemas.openid.net/secevent/ssf/event-type/verification';

const keys = createRemoteJWKSet(new URL(`${h.issuer}/oauth2/jwks`));
const verify = async (token, audience) => (await jwtVerify(token, keys, { issuer: h.issuer, audience, typ: 'secevent+jwt' })).payload;

async function until(isTrue) {
	while (!await isTrue()) await new Promise((resolve) => { setTimeout(resolve, 20); });
}

let configuration;
/** what the transmitter says of itself */
const transmitter = async () => (configuration ??= (await h.get('/.well-known/ssf-configuration')).json);

const pathOf = (url) => url.slice(h.issuer.length);

/** a client that may have streams: ask(method, url, body) as it */
async function newReceiver(scope = 'ssf.manage') {
	const client = await h.newClient({ scopes: ['openid', 'notes:read', 'ssf.manage', 'ssf.read'], metadata: { grant_types: ['authorization_code', 'refresh_token', 'client_credentials'] } });
	const { access_token: token } = h.assertTokens(await h.token(client, { grant_type: 'client_credentials', scope }));
	const ask = (method, url, body, query) => h.request(method, pathOf(url), { query, headers: h.bearer(token), ...(body !== undefined && { parameters: JSON.stringify(body), type: 'application/json' }) });
	return { ...client, token, ask };
}

/** a stream of the receiver: {id, poll(body), stop} */
async function newStream(t, receiver, body = {}) {
	const { configuration_endpoint: url } = await transmitter();
	const made = await receiver.ask('POST', url, body);
	assert.equal(made.status, 201, made.json?.error_description);
	const { stream_id: id, delivery } = made.json;
	t.after(() => receiver.ask('DELETE', url, undefined, { stream_id: id }));
	return { ...made.json, id, poll: async (wanted = {}) => (await receiver.ask('POST', delivery.endpoint_url, wanted)).json };
}

/** a family of the client whose refresh token is stolen: used again after its successor */
async function steal(client, sessionId) {
	const { refresh_token: first } = await h.newTokens(client, { scope: 'openid offline_access notes:read' }, { sessionId });
	const { refresh_token: second } = h.assertTokens(await h.refresh(client, first));
	h.assertTokens(await h.refresh(client, second));
	h.assertError(await h.refresh(client, first), 'invalid_grant');
}

describe('the transmitter', () => {
	it('says where it is, and each endpoint that it names answers (Shared Signals Framework section 7) (C150)', async () => {
		const receiver = await newReceiver();
		const said = await transmitter();
		assert.equal(said.issuer, h.issuer);
		assert.equal(said.spec_version, '1_0');
		assert.deepEqual(said.delivery_methods_supported, [PUSH, 'urn:ietf:rfc:8936']);
		for (const [name, url] of Object.entries(said).filter(([name]) => name.endsWith('_endpoint'))) {
			assert.ok(url.startsWith(`${h.issuer}/oauth2/signals/`), name);
			assert.equal((await h.post(pathOf(url), '{}', { type: 'application/json' })).status, 401, `${name}: without a token`);
		}
		assert.deepEqual((await receiver.ask('GET', said.configuration_endpoint)).json, []);
	});

	it('Attack shut out: tokens that are forged, a user\'s, or without the scope', async () => {
		const { configuration_endpoint: url } = await transmitter();
		const receiver = await newReceiver('ssf.read');
		const make = (token) => h.post(pathOf(url), '{}', { type: 'application/json', headers: h.bearer(token) });
		assert.equal((await receiver.ask('POST', url, {})).status, 403);
		const forged = `${receiver.token.slice(0, receiver.token.lastIndexOf('.'))}.${'A'.repeat(86)}`;
		assert.equal((await make(forged)).status, 401);
		const tokens = await h.newTokens(receiver, { scope: 'openid ssf.manage', resource: h.issuer });
		assert.equal((await make(tokens.access_token)).status, 401);
	});
});

describe('polled (RFC 8936)', () => {
	it('a reuse comes to the receiver, until it is acknowledged, and verifies by jose (C151, C152)', async (t) => {
		const receiver = await newReceiver();
		const stream = await newStream(t, receiver, { events_requested: [SESSION_REVOKED] });
		const sessionId = h.unique('session');
		await steal(receiver, sessionId);
		const { sets, moreAvailable } = await stream.poll({ returnImmediately: true });
		assert.equal(moreAvailable, false);
		const [[jti, token]] = Object.entries(sets);
		const payload = await verify(token, receiver.id);
		assert.equal(payload.jti, jti);
		for (const claim of ['sub', 'exp', 'nonce']) assert.ok(!(claim in payload), `no ${claim}: it passes for no other token`);
		assert.deepEqual(payload.sub_id, { format: 'complex', user: { format: 'iss_sub', iss: h.issuer, sub: h.SUBJECT }, session: { format: 'opaque', id: sessionId } });
		assert.deepEqual(Object.keys(payload.events), [SESSION_REVOKED]);
		assert.equal(payload.events[SESSION_REVOKED].initiating_entity, 'policy');
		assert.deepEqual(Object.keys((await stream.poll()).sets), [jti]);
		assert.deepEqual((await stream.poll({ ack: [jti], maxEvents: 0 })).sets, {});
		assert.deepEqual(await stream.poll(), { sets: {}, moreAvailable: false });
	});

	it('verification, in order, so many at a time, and one that the receiver will not take (C150, C152)', async (t) => {
		const { verification_endpoint: url } = await transmitter();
		const receiver = await newReceiver();
		const stream = await newStream(t, receiver);
		assert.equal((await receiver.ask('POST', url, { stream_id: stream.id, state: 'abc' })).status, 204);
		assert.equal((await receiver.ask('POST', url, { stream_id: stream.id })).status, 429);
		await h.rows('SELECT pgtoken.verify_signal_stream($1, $2)', stream.id, 'def');
		const first = await stream.poll({ maxEvents: 1 });
		assert.equal(first.moreAvailable, true);
		const [[jti, token]] = Object.entries(first.sets);
		const payload = await verify(token, receiver.id);
		assert.deepEqual(payload.events[VERIFICATION], { state: 'abc' });
		assert.deepEqual(payload.sub_id, { format: 'opaque', id: stream.id });
		const next = await stream.poll({ setErrs: { [jti]: { err: 'jwtAud', description: 'not for us' } } });
		assert.equal(Object.keys(next.sets).length, 1);
		assert.equal(await h.value('SELECT reason FROM pgtoken.audit_events WHERE event = \'signal.refused\' AND detail ->> \'jti\' = $1', jti), 'jwtAud');
	});

	it('paused, it waits; another client\'s stream is not there (C150)', async (t) => {
		const { status_endpoint: url, configuration_endpoint: streams } = await transmitter();
		const [receiver, other] = [await newReceiver(), await newReceiver()];
		const stream = await newStream(t, receiver);
		assert.equal((await receiver.ask('POST', url, { stream_id: stream.id, status: 'paused', reason: 'moving' })).status, 200);
		assert.deepEqual((await receiver.ask('GET', url, undefined, { stream_id: stream.id })).json, { stream_id: stream.id, status: 'paused', reason: 'moving' });
		await h.rows('SELECT pgtoken.verify_signal_stream($1)', stream.id);
		assert.deepEqual((await stream.poll()).sets, {});
		await receiver.ask('POST', url, { stream_id: stream.id, status: 'enabled' });
		assert.equal(Object.keys((await stream.poll()).sets).length, 1);

		for (const [method, at, body, query] of [['GET', streams, undefined, { stream_id: stream.id }], ['PATCH', streams, { stream_id: stream.id, description: 'mine' }], ['PUT', streams, { stream_id: stream.id }],
			['DELETE', streams, undefined, { stream_id: stream.id }], ['POST', url, { stream_id: stream.id, status: 'disabled' }], ['POST', stream.delivery.endpoint_url, {}]]) {
			assert.equal((await other.ask(method, at, body, query)).status, 404, `${method} ${at}`);
		}
		assert.deepEqual((await other.ask('GET', streams)).json, []);
		const { status, json } = await receiver.ask('PATCH', streams, { stream_id: stream.id, description: 'mine' });
		assert.equal(`${status} ${json.description}`, '200 mine');
	});
});

describe('pushed (RFC 8935)', { skip: authority === undefined && 'no courier of run.mjs' }, () => {
	/** a receiver whose answers are what says: one for each that comes, the last for all that follow */
	async function receiving(t, ...what) {
		const server = await startReceiver(readAuthority(authority), (_, response) => {
			const [status, body] = what.length > 1 ? what.shift() : what[0];
			response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
		});
		t.after(server.close);
		return server;
	}

	it('a reuse comes to the receiver by itself, with its Authorization header (C153)', async (t) => {
		const server = await receiving(t, [202]);
		const receiver = await newReceiver();
		await newStream(t, receiver, { delivery: { method: PUSH, endpoint_url: server.url('/events'), authorization_header: 'Bearer of-the-receiver' } });
		const sessionId = h.unique('session');
		await steal(receiver, sessionId);
		await until(() => server.seen.length > 0);
		const [{ method, url, headers, body }] = server.seen;
		assert.equal(`${method} ${url} ${headers['content-type']} ${headers.accept}`, 'POST /events application/secevent+jwt application/json');
		assert.ok(headers.authorization === 'Bearer of-the-receiver');
		const { sub_id: who, events } = await verify(body, receiver.id);
		assert.equal(who.session.id, sessionId);
		assert.ok(SESSION_REVOKED in events);
		await until(() => h.value('SELECT NOT EXISTS (SELECT FROM pgtoken.signals s JOIN pgtoken.signal_streams USING (stream_id) WHERE client_id = $1)', receiver.id));
	});

	it('one that was in trouble gets the same again, one that refuses a token gets the next (C153)', async (t) => {
		const server = await receiving(t, [503], [202], [400, '{"err": "invalid_key"}'], [202]);
		const receiver = await newReceiver();
		const stream = await newStream(t, receiver, { delivery: { method: PUSH, endpoint_url: server.url('/events') } });
		const tell = (state) => h.rows('SELECT pgtoken.verify_signal_stream($1, $2)', stream.id, state);
		await tell('again');
		await until(() => h.value('SELECT EXISTS (SELECT FROM pgtoken.courier_queue WHERE client_id = $1 AND last_error = $2)', receiver.id, 'the answer was 503'));
		await h.rows('UPDATE pgtoken.courier_work SET due_at = now() WHERE client_id = $1', receiver.id);
		await h.rows('NOTIFY pgtoken_courier');
		await until(() => server.seen.length === 2);
		const [first, second] = await Promise.all(server.seen.map(({ body }) => verify(body, receiver.id)));
		assert.equal(first.jti, second.jti);
		await tell('refused');
		await until(() => h.value('SELECT EXISTS (SELECT FROM pgtoken.audit_events WHERE event = \'signal.refused\' AND client_id = $1 AND reason = \'invalid_key\')', receiver.id));
		await tell('next');
		await until(() => server.seen.length === 4);
		assert.equal((await receiver.ask('GET', (await transmitter()).status_endpoint, undefined, { stream_id: stream.id })).json.status, 'enabled');
	});

	it('Attack shut out: a stream that leads inside is paused, and nothing was sent', async (t) => {
		const receiver = await newReceiver();
		for (const [url, said] of [['https://10.0.0.1/events', /not public/], ['https://[fd00:ec2::254]/events', /not public/], ['https://receiver.example:22/events', /port/]]) {
			const stream = await newStream(t, receiver, { delivery: { method: PUSH, endpoint_url: url } });
			await h.rows('SELECT pgtoken.verify_signal_stream($1)', stream.id);
			const status = async () => (await receiver.ask('GET', (await transmitter()).status_endpoint, undefined, { stream_id: stream.id })).json;
			await until(async () => (await status()).status === 'paused');
			assert.match((await status()).reason, said);
		}
		const { configuration_endpoint: streams } = await transmitter();
		for (const url of ['http://receiver.example/', 'ftp://receiver.example/', 'https://user:password@receiver.example/']) {
			assert.equal((await receiver.ask('POST', streams, { delivery: { method: PUSH, endpoint_url: url } })).status, 400, url);
		}
	});

	it('webhooks are signed as standardwebhooks.com says', async (t) => {
		const server = await receiving(t, [204]);
		const client = await h.newClient();
		const [{ stream_id: id, webhook_secret: secret }] = await h.rows('SELECT * FROM pgtoken.create_signal_stream($1, \'push\', $2, format => \'webhook\')', client.id, server.url('/hook'));
		t.after(() => h.rows('SELECT pgtoken.delete_signal_stream($1)', id));
		const sessionId = h.unique('session');
		await steal(client, sessionId);
		await until(() => server.seen.length > 0);
		const [{ headers, body }] = server.seen;
		const signature = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64')).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64');
		assert.ok(headers['webhook-signature'] === `v1,${signature}`);
		assert.ok(Math.abs(Number(headers['webhook-timestamp']) - h.now()) < 600);
		const { type, timestamp, data } = JSON.parse(body);
		assert.equal(`${type} ${data.subject} ${data.session_id}`, `session.revoked ${h.SUBJECT} ${sessionId}`);
		assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 600_000);

		// the example of a receiver: takes it once, and nothing that is forged or old
		const at = Number(headers['webhook-timestamp']) + 1;
		const webhook = makeWebhook(secret);
		const made = (change) => ({ ...headers, ...change });
		const foreign = makeWebhook(`whsec_${Buffer.alloc(24, 1).toString('base64')}`);
		for (const [attack, answer] of Object.entries({
			'another body': webhook(headers, body.replace('session.revoked', 'account.enabled'), at),
			'another id': webhook(made({ 'webhook-id': 'another' }), body, at),
			'no signature': webhook(made({ 'webhook-signature': undefined }), body, at),
			'a signature of another length': webhook(made({ 'webhook-signature': 'v1,AAAA' }), body, at),
			'no time': webhook(made({ 'webhook-timestamp': undefined }), body, at),
			'kept for an hour': webhook(headers, body, at + 3600),
			'by a secret that was renewed': foreign(headers, body, at),
		})) assert.equal(answer, null, `Attack shut out: ${attack}`);
		assert.deepEqual(webhook(made({ 'webhook-signature': `v1,AAAA ${headers['webhook-signature']}` }), body, at), { type, timestamp, data });
		assert.deepEqual(webhook(headers, body, at), {}, 'Attack shut out: sent again');
	});

	it('a factor that is enrolled is told to who knows the subject, and to nobody else', async (t) => {
		const server = await receiving(t, [202]);
		const [receiver, other] = [await newReceiver(), await newReceiver()];
		const delivery = { method: PUSH, endpoint_url: server.url('/events') };
		await newStream(t, receiver, { delivery });
		const others = await newStream(t, other);
		const subject = h.unique('user');
		await h.newTokens(receiver, {}, { subject });
		await h.value('SELECT pgtoken.enroll_factor($1, $2)', subject, 'email');
		await until(() => server.seen.length > 0);
		const { sub_id: who, events } = await verify(server.seen[0].body, receiver.id);
		assert.deepEqual(who, { format: 'iss_sub', iss: h.issuer, sub: subject });
		assert.equal(events[CREDENTIAL_CHANGE].change_type, 'create');
		assert.deepEqual((await others.poll()).sets, {});
	});
});

describe('the example client', { skip: authority === undefined && 'no courier of run.mjs' }, () => {
	it('Attack shut out: a signal that somebody else has made ends sessions', async () => {
		const tell = (body) => fetch(`${h.clientUrl}/signals`, { method: 'POST', body, headers: { 'content-type': 'application/secevent+jwt' } });
		const receiver = await newReceiver();
		for (const token of ['', 'a.b.c', receiver.token]) {
			const answer = await tell(token);
			assert.equal(answer.status, 400);
			assert.match((await answer.json()).err, /^invalid_/);
		}
	});
});
