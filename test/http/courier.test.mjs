// The courier with its database, and receivers that are here: documents that are
// fetched, messages that are delivered.  What it does of its own is in courier_fetch,
// courier_codes, courier_work and courier_address.
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createRemoteJWKSet, jwtVerify } from 'jose';

import { startMailServer } from './courier_mail_server.mjs';
import { readAuthority, startReceiver } from './courier_receiver.mjs';
import * as h from './harness.mjs';
import { COURIER, start } from './programs.mjs';

const { COURIER_TLS: authority, ...env } = process.env;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** one more courier for the test t, beside the one that run.mjs has started */
async function startCourier(t, more = {}) {
	const courier = await start(...COURIER, { cwd: root, ready: 'listening as', env: { ...env, PGUSER: 'courier', COURIER_LOG: 'on',
	COURIER_CA: join(authority, 'ca.pem'), COURIER_ALLOW_NETWORKS: '127.0.0.0/8 ::1', ...more } });
	t.after(courier.stop);
	return courier;
}

/** a receiver whose answers are those of the test t: what[path](request, response) */
async function receiving(t, what) {
	const receiver = await startReceiver(readAuthority(authority), (request, response) => (what[request.url] ?? ((_, other) => other.writeHead(404).end()))(request, response));
	t.after(receiver.close);
	return { ...receiver, calls: (path) => receiver.seen.filter(({ url }) => url === path).length };
}

const jwks = (...keys) => (_, response) => response.writeHead(200, { 'Content-Type': 'application/jwk-set+json' }).end(JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) }));

/** a client whose keys are at a URL */
async function clientAt(url, key) {
	const client = await h.newClient({ metadata: { grant_types: ['client_credentials'], token_endpoint_auth_method: 'private_key_jwt', jwks_uri: url } });
	return { ...client, key };
}

/** a token by the client's own key; a machine on which five seconds are not enough is asked again */
async function ownToken(client) {
	for (;;) {
		const answer = await h.token(client, { grant_type: 'client_credentials', scope: 'notes:read' });
		if (answer.status !== 503) return answer;
	}
}

const documentAt = async (url) => (await h.rows('SELECT * FROM pgtoken.documents WHERE url = $1', url))[0];

/** when something has come true in the database, however long it takes */
async function until(text, ...values) {
	while (!await h.value(text, ...values)) await new Promise((resolve) => { setTimeout(resolve, 20); });
}

describe('documents by the courier', { skip: authority === undefined && 'no courier of run.mjs' }, () => {
	it('a client whose keys are at a URL gets its token at the first try, and so it does when they have just changed', async (t) => {
		const [key, newer] = [await h.generateKey(), await h.generateKey('EdDSA')];
		const receiver = await receiving(t, { '/keys': (...call) => current(...call) });
		let current = jwks(key);
		const client = await clientAt(receiver.url('/keys'), key);
		h.assertTokens(await ownToken(client));
		h.assertTokens(await ownToken(client));
		assert.equal(receiver.calls('/keys'), 1, 'fetched once for both');

		current = jwks(newer);
		// the keys that are here were fetched a while ago
		await h.rows('UPDATE pgtoken.documents SET fetched_at = fetched_at - interval \'1 minute\' WHERE url = $1', receiver.url('/keys'));
		h.assertTokens(await ownToken({ ...client, key: newer }));
		assert.equal(receiver.calls('/keys'), 2);
		h.assertError(await ownToken(client), 'invalid_client', 401);
	});

	it('a document that has not changed is not sent again', async (t) => {
		const key = await h.generateKey();
		const receiver = await receiving(t, { '/keys': (request, response) => (request.headers['if-none-match'] === '"one"'
			? response.writeHead(304, { 'Cache-Control': 'max-age=7200' }).end()
			: response.writeHead(200, { 'Content-Type': 'application/json', ETag: '"one"', 'Cache-Control': 'max-age=600' }).end(JSON.stringify({ keys: [key.publicJwk] }))) });
		const client = await clientAt(receiver.url('/keys'), key);
		h.assertTokens(await ownToken(client));
		const seconds = () => h.value('SELECT round(extract(epoch FROM fresh_until - fetched_at))::integer FROM pgtoken.documents WHERE url = $1', receiver.url('/keys'));
		assert.ok(Math.abs(await seconds() - 600) < 60);
		await h.rows('UPDATE pgtoken.documents SET fresh_until = now() WHERE url = $1', receiver.url('/keys'));
		h.assertTokens(await ownToken(client));
		assert.equal(receiver.calls('/keys'), 2);
		assert.ok(Math.abs(await seconds() - 7200) < 60);
	});

	it('a receiver in trouble is asked again while the request waits', async (t) => {
		const key = await h.generateKey();
		const receiver = await receiving(t, { '/keys': (...call) => (receiver.calls('/keys') === 1 ? call[1].writeHead(503).end() : jwks(key)(...call)) });
		h.assertTokens(await ownToken(await clientAt(receiver.url('/keys'), key)));
		assert.equal(receiver.calls('/keys'), 2);
	});

	it('Attack shut out: a client whose receiver never answers delays nobody else', async (t) => {
		const key = await h.generateKey();
		let hear;
		const called = new Promise((resolve) => { hear = resolve; });
		// they wait until they are cut off
		const receiver = await receiving(t, { ...Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`/slow${i}`, hear])), '/keys': jwks(key) });
		const slow = await Promise.all(Array.from({ length: 20 }, (_, i) => clientAt(receiver.url(`/slow${i}`, 'slow.localhost'), key)));
		const waiting = slow.map((client) => h.token(client, { grant_type: 'client_credentials', scope: 'notes:read' }));
		await called;
		h.assertTokens(await ownToken(await clientAt(receiver.url('/keys', 'fast.localhost'), key)));
		for (const { status } of await Promise.all(waiting)) assert.ok(status === 401 || status === 503);
	});

	it('Attack shut out: a URL of a client that leads inside, or elsewhere', async (t) => {
		const key = await h.generateKey();
		const receiver = await receiving(t, { '/redirect': (_, response) => response.writeHead(302, { Location: receiver.url('/keys') }).end(), '/keys': jwks(key),
			'/long': (_, response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(`{"keys": []}${' '.repeat(65_536)}`), '/page': (_, response) => response.end('<p>') });
		for (const [url, said] of [['https://10.0.0.1/keys', /not public/], ['https://169.254.169.254/latest/meta-data/', /not public/], ['https://[fd00:ec2::254]/keys', /not public/],
			['https://[::ffff:10.0.0.1]/keys', /not public/], ['https://client.example:22/keys', /port/],
			[receiver.url('/redirect'), /^a redirect: 302$/], [receiver.url('/long'), /too large/], [receiver.url('/page'), /content type/], [receiver.url('/nothing'), /^the answer was 404$/]]) {
			h.assertError(await ownToken(await clientAt(url, key)), 'invalid_client', 401);
			assert.match((await documentAt(url)).last_error, said, url);
		}
		assert.equal(receiver.calls('/keys'), 0);
	});

	it('two couriers fetch once', async (t) => {
		const second = await startCourier(t);
		const key = await h.generateKey();
		const paths = Array.from({ length: 12 }, (_, i) => `/keys${i}`);
		const receiver = await receiving(t, Object.fromEntries(paths.map((path) => [path, jwks(key)])));
		const clients = await Promise.all(paths.map((path, i) => clientAt(receiver.url(path, ['localhost', 'other.localhost'][i % 2]), key)));
		for (const answer of await Promise.all(clients.map(ownToken))) h.assertTokens(answer);
		for (const path of paths) assert.equal(receiver.calls(path), 1, path);
		await second.stop();
		assert.match(second.said(), /^courier: listening as \S+, does document, logout, signal, seal\n/);
	});

	it('says that it is there, and that it goes', async (t) => {
		const courier = await startCourier(t, { COURIER_NAME: h.unique('courier'), COURIER_DOES: 'document' });
		const [, name] = /as (\S+),/.exec(courier.said());
		assert.deepEqual(await h.value('SELECT does FROM pgtoken.couriers WHERE courier = $1 AND seen_at > now() - interval \'1 minute\'', name), ['document']);
		await courier.stop();
		assert.deepEqual(await h.value('SELECT does FROM pgtoken.couriers WHERE courier = $1', name), []);
	});

	it('a connection that breaks is made again', async (t) => {
		await h.rows('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = \'pgtoken-courier\'');
		await until(`SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pgtoken-courier' AND query LIKE '%courier_hello%')`);
		const key = await h.generateKey();
		const receiver = await receiving(t, { '/keys': jwks(key) });
		h.assertTokens(await ownToken(await clientAt(receiver.url('/keys'), key)));
	});

	it('one that may not, or has nowhere to go, says so in a line and ends', async (t) => {
		await assert.rejects(startCourier(t, { PGUSER: 'login_app' }), /^Error: .*does not start: courier: 42501 permission denied for function courier_hello\n$/s);
		await assert.rejects(startCourier(t, { PGDATABASE: 'nowhere' }), /courier: 3D000 /);
		await assert.rejects(startCourier(t, { COURIER_DOES: 'dishes' }), /courier: COURIER_DOES/);
	});
});

/** the issuer has its messages delivered by the courier, while the tests of a suite run */
function delivering(what) {
	const say = (who) => h.rows(`SELECT pgtoken.update_issuer($1, ${what} => $2)`, h.issuer, who);
	before(() => say('courier'));
	after(() => say('application'));
}

/** nothing of the client is left in the queue */
const delivered = (client) => until('SELECT NOT EXISTS (SELECT FROM pgtoken.courier_work WHERE client_id = $1)', client.id);
const deadLetter = (client) => until('SELECT EXISTS (SELECT FROM pgtoken.courier_dead_letters WHERE client_id = $1)', client.id);
const workOf = async (client) => (await h.rows('SELECT * FROM pgtoken.courier_work WHERE client_id = $1', client.id))[0];

describe('logout tokens by the courier', { skip: authority === undefined && 'no courier of run.mjs' }, () => {
	delivering('logout_delivery');

	/** a client that wants to know, with a session of its own: end() ends that */
	async function session(uri) {
		const client = await h.newClient({ metadata: { backchannel_logout_uri: uri } });
		const sessionId = h.unique('session');
		await h.newTokens(client, { scope: 'openid notes:read' }, { sessionId });
		return { ...client, sessionId, end: () => h.rows(`SELECT e.* FROM pgtoken.mark_request($2, '00-${TRACE}-00f067aa0ba902b7-01') m,
			LATERAL pgtoken.end_session($1, CASE WHEN m IS NOT NULL THEN $2 END) e`, h.SUBJECT, sessionId) };
	}

	const yes = (_, response) => response.writeHead(204).end();

	it('come once and as the specification has them, verified by jose, with two couriers at work (C91)', async (t) => {
		const second = await startCourier(t, { COURIER_LOG_FORMAT: 'json' });
		const paths = Array.from({ length: 10 }, (_, i) => `/logout${i}`);
		const receiver = await receiving(t, Object.fromEntries(paths.map((path) => [path, yes])));
		const clients = await Promise.all(paths.map((path) => session(receiver.url(path))));
		for (const told of await Promise.all(clients.map(({ end }) => end()))) assert.ok(told.length === 1 && told[0].logout_token === null, 'the application has nothing to deliver');
		await Promise.all(clients.map(delivered));
		for (const [i, client] of clients.entries()) {
			const calls = receiver.seen.filter(({ url }) => url === paths[i]);
			assert.equal(calls.length, 1);
			assert.equal(`${calls[0].method} ${calls[0].headers['content-type']}`, 'POST application/x-www-form-urlencoded');
			const token = new URLSearchParams(calls[0].body).get('logout_token');
			const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(`${h.issuer}/oauth2/jwks`)), { issuer: h.issuer, audience: client.id, typ: 'logout+jwt' });
			assert.equal(payload.sid, client.sessionId);
			// of the trace of what has ended the session, by a span of its own
			assert.match(calls[0].headers.traceparent, new RegExp(`^00-${TRACE}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
		}
		await second.stop();
		for (const { level, kind, trace_id: trace, request_id: id } of second.said().trim().split('\n').map((line) => JSON.parse(line)).filter(({ kind }) => kind !== undefined)) {
			assert.ok(level === 'info' && kind === 'logout' && trace === TRACE && clients.some(({ sessionId }) => sessionId === id));
		}
		assert.ok(!/eyJ/.test(second.said()), 'no token is in the log');
	});

	it('are sent again when the receiver was in trouble, not before it asks for them, and each time made anew', async (t) => {
		const receiver = await receiving(t, { '/logout': (_, response) => (receiver.calls('/logout') === 1 ? response.writeHead(503, { 'Retry-After': '3600' }).end() : response.end('thanks')) });
		const client = await session(receiver.url('/logout'));
		await client.end();
		await until('SELECT EXISTS (SELECT FROM pgtoken.courier_queue WHERE client_id = $1 AND last_error IS NOT NULL)', client.id);
		const work = await workOf(client);
		assert.equal(work.last_error, 'the answer was 503');
		assert.ok(work.due_at - Date.now() > 3_000_000);
		await h.rows('UPDATE pgtoken.courier_work SET due_at = now() WHERE work_id = $1', work.work_id);
		await h.rows('NOTIFY pgtoken_courier');
		await delivered(client);
		const [one, other] = receiver.seen.map(({ body }) => h.claimsOf(new URLSearchParams(body).get('logout_token')).jti);
		assert.ok(one && other && one !== other);
	});

	it('a receiver who says no gets no more of them: a dead letter, which health() counts and courier_retry() takes up', async (t) => {
		let status = 400;
		const receiver = await receiving(t, { '/logout': (_, response) => response.writeHead(status).end() });
		const client = await session(receiver.url('/logout'));
		await client.end();
		await deadLetter(client);
		assert.equal(receiver.calls('/logout'), 1);
		const { work_id: id, last_error: error } = await workOf(client);
		assert.equal(error, 'the answer was 400');
		const healthy = () => h.value('SELECT ok FROM pgtoken.health() WHERE check_name = \'courier deliveries\'');
		assert.equal(await healthy(), false);
		status = 200;
		assert.equal(await h.value('SELECT pgtoken.courier_retry($1)', id), true);
		await delivered(client);
		assert.equal(await healthy(), true);
	});

	it('Attack shut out: a client has what it is told delivered inside, or elsewhere', async (t) => {
		const receiver = await receiving(t, { '/redirect': (_, response) => response.writeHead(307, { Location: receiver.url('/logout') }).end(), '/logout': yes });
		for (const [uri, said] of [['https://10.0.0.1/logout', /not public/], ['https://[fd00:ec2::254]/logout', /not public/], [receiver.url('/redirect'), /^a redirect: 307$/]]) {
			const client = await session(uri);
			await client.end();
			await deadLetter(client);
			assert.match((await workOf(client)).last_error, said, uri);
		}
		assert.equal(receiver.calls('/logout'), 0);
		await h.rows('SELECT pgtoken.courier_forget()');
	});

	it('Attack shut out: a client that never answers keeps no other from being told', async (t) => {
		let hear;
		const called = new Promise((resolve) => { hear = resolve; });
		const receiver = await receiving(t, { '/never': hear, '/logout': yes });
		const slow = await Promise.all(Array.from({ length: 12 }, () => session(receiver.url('/never', 'slow.localhost'))));
		await Promise.all(slow.map(({ end }) => end()));
		await called;
		const client = await session(receiver.url('/logout', 'fast.localhost'));
		await client.end();
		await delivered(client);
		await h.rows('UPDATE pgtoken.courier_work SET expires_at = now() WHERE receiver LIKE \'slow.%\'');
		for (const one of slow) await until('SELECT NOT EXISTS (SELECT FROM pgtoken.courier_queue WHERE client_id = $1 AND state = \'taken\')', one.id);
		await h.rows('DELETE FROM pgtoken.courier_work WHERE receiver LIKE \'slow.%\'');
	});
});

describe('one-time codes by the courier', { skip: authority === undefined && 'no courier of run.mjs' }, () => {
	delivering('code_delivery');

	const AWAY = { headers: { 'user-agent': 'curl/8.0' } };

	it('a step-up whose code comes by mail, and is in no log', async (t) => {
		const server = await startMailServer();
		t.after(server.close);
		const courier = await startCourier(t, { COURIER_DOES: 'code', COURIER_SMTP_URL: `smtp://localhost:${server.port}`, COURIER_MAIL_FROM: 'login@login.example' });
		const client = await h.newClient({ name: 'Shop' });
		const subject = h.unique('user');
		const { factor_id: factorId } = await h.value('SELECT pgtoken.enroll_factor($1, $2, label => $3)', subject, 'email', `${subject}@example.com`);
		const tokens = await h.newTokens(client, {}, { subject, acr: 'pwd', amr: ['pwd'] });
		await h.withPolicy(client, [{ rule: 'user_agent_changed', outcome: 'require' }], {}, async () => {
			const { transaction_id: id } = h.assertRequired(await h.refresh(client, tokens.refresh_token, {}, AWAY));
			assert.equal((await h.challenge(client, id, factorId)).status, 200);
			const mail = await server.next();
			assert.deepEqual(mail.to, [`${subject}@example.com`]);
			assert.match(mail.data, /^Your code for Shop is\r$/m);
			const [, code] = /^ {4}(\d{6})\r$/m.exec(mail.data);
			assert.equal((await h.complete(client, id, { code })).status, 200);
			h.assertTokens(await h.refresh(client, tokens.refresh_token, { transaction_id: id }, AWAY));
			await delivered(client);
			await courier.stop();
			assert.match(courier.said(), /code [0-9a-f-]{36} to code, attempt 1: 250/);
			assert.ok(!courier.said().includes(code) && !courier.said().includes(subject), 'neither the code nor whom it is for');
		});
	});
});
