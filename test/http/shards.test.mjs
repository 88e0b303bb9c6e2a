// A service that lies in two databases, behind the gateway: every flow, with the client on the one
// shard or the other and the subject on either, and afterwards all that a subject has on one.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import pg from 'pg';

import { readAuthority, startReceiver } from './courier_receiver.mjs';
import * as h from './harness.mjs';
import { COURIER, freePorts, GATEWAY, start, stopAll } from './programs.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const DATABASES = ['shards_0', 'shards_1'];
const CB = 'https://client.example/cb';
const ORDERS = 'https://orders.example/api';
const PASSWORD = h.unique('password');

const running = [];
const pools = DATABASES.map((database) => new pg.Pool({ database, max: 2, idleTimeoutMillis: 500, allowExitOnIdle: true }));
pools.forEach((pool) => pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {})));
let base; // the issuer
let gateway;
const subjects = new Set(); // all that something was done for

const rows = async (shard, text, ...values) => (await pools[shard].query(text, values)).rows;
const value = async (shard, text, ...values) => Object.values((await rows(shard, text, ...values))[0] ?? {})[0];

const shardOf = (handle) => value(0, 'SELECT pgtoken.shard_of($1::text, 2)', handle);
const shardOfSubject = (subject) => value(0, 'SELECT pgtoken.shard_of_subject($1, 2)', subject);

/** a name that lies on this shard; of: what stands before a client's name where it is a subject */
async function nameOn(shard, kind, of = '') {
	for (;;) {
		const name = h.unique(kind);
		if (await shardOfSubject(`${of}${name}`) === shard) return name;
	}
}

async function subjectOn(shard) {
	const subject = await nameOn(shard, 'user');
	subjects.add(subject);
	return subject;
}

const SCOPES = ['openid', 'notes:read', 'orders:read'];
const GRANTS = ['authorization_code', 'refresh_token', 'client_credentials', 'password', h.DEVICE_GRANT, h.EXCHANGE_GRANT];
const until = async (check) => { while (!await check()) await new Promise((later) => { setTimeout(later, 20); }); };

/** written where the configuration is, and there once the other one has it */
async function newClient(shard, { key, type = 'confidential', ...metadata } = {}) {
	const id = await nameOn(shard, 'client', 'client:');
	const given = { grant_types: GRANTS, consent_required: false, post_logout_redirect_uris: [CB], ...(type === 'confidential' ? {} : { grant_types: ['authorization_code', h.DEVICE_GRANT] }),
		...metadata, ...(key && { jwks: { keys: [key.publicJwk] }, token_endpoint_auth_method: 'private_key_jwt' }) };
	const secret = await value(0, 'SELECT client_secret FROM pgtoken.create_client($1, $2, $3, $4, offline_access => true, metadata => $5)', id, type, SCOPES, [CB], given);
	await until(() => value(1, 'SELECT true FROM pgtoken.clients WHERE client_id = $1', id));
	subjects.add(`client:${id}`);
	return { id, secret, key, method: given.token_endpoint_auth_method ?? (type === 'public' ? 'none' : 'client_secret_basic'), redirectUri: CB };
}

// what the application brings along is its business, in each of the databases
const FUNCTIONS = `
CREATE EXTENSION pgtoken;
SELECT pgtoken.maintain();
CREATE FUNCTION public.verify_password(username text, password text, client_id text) RETURNS jsonb LANGUAGE sql
	RETURN CASE WHEN password = '${PASSWORD}' THEN jsonb_build_object('subject', username) END;
CREATE FUNCTION public.claims(text, text, text[], text) RETURNS jsonb LANGUAGE sql RETURN '{"role": "api_user"}'::jsonb;
CREATE SCHEMA api;
CREATE FUNCTION api.notes() RETURNS json LANGUAGE sql RETURN json_build_object('at', current_database(), 'subject', pgtoken.subject());
GRANT USAGE ON SCHEMA api TO web_anon, api_user;
GRANT USAGE ON SCHEMA pgtoken_http TO authenticator;
GRANT EXECUTE ON FUNCTION pgtoken_http.handle, pgtoken_http.admit TO authenticator;
GRANT pgtoken_http TO web_anon, api_user;
GRANT pgtoken_courier TO courier`;

const CONFIGURATION = `
SELECT pgtoken.create_issuer('BASE');
SELECT pgtoken.update_issuer('BASE', login_uri => 'BASE/login', logout_uri => 'BASE/bye', verification_uri => 'BASE/device',
	password_verifier => 'public.verify_password', claims_function => 'public.claims', logout_delivery => 'courier');
SELECT pgtoken.create_signing_key('ES256');
SELECT pgtoken.create_resource('BASE/api', '{notes:read}');
SELECT pgtoken.create_resource('${ORDERS}', '{orders:read}');
SELECT pgtoken.configure_as_primary()`;

const REPLICATOR = 'shards_replicator';
const run = async (shard, statements) => { for (const statement of statements.split(/;\n/)) await rows(shard, statement); };

/** what is left of a run that did not come to its end, too */
async function cleanUp() {
	for (const [shard, database] of [...DATABASES.entries()].reverse()) {
		if (!await h.value('SELECT true FROM pg_database WHERE datname = $1', database)) continue;
		if (await value(shard, `SELECT true FROM pg_extension WHERE extname = 'pgtoken'`)) await rows(shard, 'SELECT pgtoken.configure_as_alone()');
		await h.rows(`DROP DATABASE ${database} WITH (FORCE)`);
	}
	await h.rows(`DROP ROLE IF EXISTS ${REPLICATOR}`);
}

async function setUp() {
	await cleanUp();
	for (const [shard, database] of DATABASES.entries()) {
		await h.rows(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8'`);
		await h.rows(`ALTER DATABASE ${database} SET pgtoken.shard = '${shard}/2'`);
		await h.rows(`ALTER ROLE authenticator IN DATABASE ${database} SET pgtoken.http_resource = '${base}/api'`);
		await run(shard, FUNCTIONS);
	}
	await run(0, CONFIGURATION.replaceAll('BASE', base));
	await h.rows(`CREATE ROLE ${REPLICATOR} LOGIN REPLICATION IN ROLE pgtoken_replicator`);
	await rows(1, 'SELECT pgtoken.configure_as_subscriber($1)', `host=${process.env.PGHOST} port=${process.env.PGPORT ?? 5432} dbname=${DATABASES[0]} user=${REPLICATOR}`);
	await until(() => value(1, 'SELECT true FROM pgtoken.signing_keys'));
}

const urlOf = (database) => `postgresql:///${database}?host=${encodeURIComponent(process.env.PGHOST)}&port=${process.env.PGPORT ?? 5432}`;

before(async () => {
	const [port] = await freePorts(1);
	base = `http://127.0.0.1:${port}`;
	await setUp();
	gateway = await start(...GATEWAY, { cwd: ROOT, ready: 'listening on http', env: { ...process.env, PGUSER: 'authenticator', PGDATABASE: 'none', GATEWAY_PORT: String(port),
		GATEWAY_SHARDS: DATABASES.map(urlOf).join(), GATEWAY_API: '{"/api/notes": "api.notes"}', GATEWAY_POOL_TIMEOUT: '600000', GATEWAY_STATEMENT_TIMEOUT: '0' } });
	running.push(gateway);
});
after(async () => {
	await stopAll(running);
	await cleanUp();
});

// in which tables something is held of a subject
const HELD = `
CREATE FUNCTION public.held(issuer text, subject text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	families uuid[] := pgtoken.families_of(issuer, subject);
	tables text[] := '{}';
	t record;
	found boolean;
BEGIN
	FOR t IN SELECT s.table_name, s.rows_of FROM pgtoken.subject_tables() s LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM pgtoken.%I t WHERE %s)', t.table_name, t.rows_of) INTO found USING issuer, subject, families;
		IF found THEN tables := tables || t.table_name::text; END IF;
	END LOOP;
	RETURN tables;
END $$`;

// --- the application's pages: the request lies where its client does, the subject elsewhere ------

const typist = (subject) => createHash('sha256').update(subject).digest('hex');

/** the request as it is known where the subject lies */
async function requestFor(transactionId, subject, spend) {
	const [there, here] = [await shardOf(transactionId), await shardOfSubject(subject)];
	return there === here ? transactionId : value(there, 'SELECT pgtoken.hand_over_authorization($1, $2, $3)', transactionId, subject, spend);
}

/** the page of a login: it looks, and then it approves */
async function approve(location, subject, sessionId) {
	const here = await shardOfSubject(subject);
	const transactionId = location.searchParams.get('transaction_id');
	const shown = await value(here, 'SELECT pgtoken.authorization_request($1)', await requestFor(transactionId, subject, false));
	assert.equal(shown?.kind, 'authorization');
	const [answer] = await rows(here, `SELECT * FROM pgtoken.approve_authorization($1, $2, auth_time => now(), session_id => $3)`,
		await requestFor(transactionId, subject, true), subject, sessionId);
	assert.ok(answer?.redirect_uri, `approved, and not ${answer?.error}`);
	return new URL(answer.redirect_uri).searchParams.get('code');
}

/** the page of a device; null: it is done */
async function approveDevice(userCode, subject) {
	const [there, here] = [await shardOf(userCode), await shardOfSubject(subject)];
	const request = there === here ? userCode : await value(there, 'SELECT pgtoken.hand_over_device($1, $2, $3)', userCode, typist(subject), subject);
	return value(here, 'SELECT pgtoken.approve_device($1, $2, $3, auth_time => now())', request, typist(subject), subject);
}

// --- the client ---------------------------------------------------------------------------------

async function post(client, path, parameters) {
	if (!client.key) return h.postAs(client, path, parameters, { base });
	return h.post(path, { ...parameters, client_assertion_type: h.ASSERTION_TYPE, client_assertion: await h.assertion(client, { claims: { aud: base } }) }, { base });
}
const token = (client, parameters) => post(client, '/oauth2/token', parameters);

async function authorize(client, parameters) {
	const { status, headers, json } = await h.get('/oauth2/authorize', { base, query: parameters });
	assert.equal(status, 303, json?.error);
	const location = new URL(headers.get('location'));
	assert.ok(location.href.startsWith(`${base}/login?transaction_id=`), location.searchParams.get('error'));
	return location;
}

/** tokens by the code flow, pushed or not */
async function logIn(client, subject, { pushed = false, scope = 'openid offline_access notes:read', sessionId = null, resources = [`${base}/api`] } = {}) {
	const verifier = h.newVerifier();
	const asked = [...Object.entries(h.authorizationParameters(client, verifier, { scope })), ...resources.map((resource) => ['resource', resource])];
	if (pushed) {
		const answer = await post(client, '/oauth2/par', asked);
		assert.equal(answer.status, 201, answer.json?.error);
		const location = await authorize(client, { client_id: client.id, request_uri: answer.json.request_uri });
		return redeem(client, await approve(location, subject, sessionId), verifier);
	}
	return redeem(client, await approve(await authorize(client, asked), subject, sessionId), verifier);
}

const redeem = async (client, code, verifier) => h.assertTokens(await token(client, { grant_type: 'authorization_code', code, redirect_uri: CB, code_verifier: verifier }));
const refresh = (client, refreshToken) => token(client, { grant_type: 'refresh_token', refresh_token: refreshToken });

/** action(client, subject) with each of them on each of the shards */
async function each(action, metadata) {
	for (const ofClient of [0, 1]) {
		const client = await newClient(ofClient, metadata);
		for (const ofSubject of [0, 1]) await action(client, await subjectOn(ofSubject), ofSubject);
	}
}

describe('a service in two databases', () => {
	it('metadata and keys are one', async () => {
		for (const path of ['/.well-known/openid-configuration', '/oauth2/jwks']) {
			const said = [await h.get(path, { base }), await h.get(path, { base })];
			assert.deepEqual(said.map(({ status }) => status), [200, 200]);
			assert.equal(said[0].text, said[1].text);
		}
	});

	it('the code flow, refreshes, and what is asked of the tokens', () => each(async (client, subject, shard) => {
		let tokens = await logIn(client, subject);
		assert.equal(await shardOf(tokens.refresh_token), shard);
		for (let i = 0; i < 3; i += 1) tokens = h.assertTokens(await refresh(client, tokens.refresh_token));
		for (let i = 0; i < 2; i += 1) {
			const userinfo = await h.get('/oauth2/userinfo', { base, headers: h.bearer(tokens.access_token) });
			assert.deepEqual([userinfo.status, userinfo.json.sub], [200, subject]);
			assert.equal((await post(client, '/oauth2/introspect', { token: tokens.access_token })).json.active, true);
			// the application's function runs where the family is
			assert.deepEqual((await h.get('/api/notes', { base, headers: h.bearer(tokens.access_token) })).json, { at: DATABASES[shard], subject });
		}
		assert.equal((await post(client, '/oauth2/revoke', { token: tokens.refresh_token })).status, 200);
		assert.equal((await post(client, '/oauth2/introspect', { token: tokens.access_token })).json.active, false);
		assert.equal((await h.get('/api/notes', { base, headers: h.bearer(tokens.access_token) })).status, 401);
		h.assertError(await refresh(client, tokens.refresh_token), 'invalid_grant');
	}));

	it('pushed requests', () => each(async (client, subject) => {
		const tokens = await logIn(client, subject, { pushed: true });
		assert.equal(h.claimsOf(tokens.id_token).sub, subject);
		h.assertTokens(await refresh(client, tokens.refresh_token));
	}));

	// the attack: a code, or a refresh token, that is used twice on two machines
	it('a code is good once, and a refresh token that comes again ends the family', () => each(async (client, subject) => {
		const verifier = h.newVerifier();
		const code = await approve(await authorize(client, h.authorizationParameters(client, verifier, { scope: 'openid offline_access' })), subject, null);
		const redeeming = { grant_type: 'authorization_code', code, redirect_uri: CB, code_verifier: verifier };
		const answers = await Promise.all(Array.from({ length: 4 }, () => token(client, redeeming)));
		assert.equal(answers.filter(({ status }) => status === 200).length, 1);
		const tokens = await logIn(client, subject);
		const next = h.assertTokens(await refresh(client, tokens.refresh_token));
		const after_ = h.assertTokens(await refresh(client, next.refresh_token));
		h.assertError(await refresh(client, tokens.refresh_token), 'invalid_grant');
		h.assertError(await refresh(client, after_.refresh_token), 'invalid_grant');
	}));

	const device = async (client, subject) => {
		const { status, json: asked } = await post(client, '/oauth2/device_authorization', { scope: 'openid offline_access notes:read' });
		assert.equal(status, 200);
		const poll = async () => {
			for (const shard of [0, 1]) await rows(shard, 'UPDATE pgtoken.device_codes SET polled_at = polled_at - interval \'1 day\'');
			return token(client, { grant_type: h.DEVICE_GRANT, device_code: asked.device_code });
		};
		h.assertError(await poll(), 'authorization_pending');
		assert.equal(await approveDevice(asked.user_code, subject), null);
		const tokens = h.assertTokens(await poll());
		assert.equal(h.claimsOf(tokens.id_token).sub, subject);
		h.assertError(await poll(), 'invalid_grant');
		h.assertTokens(await refresh(client, tokens.refresh_token));
	};

	it('devices', () => each(device));

	// the longest way: to the code, to the client for the assertion, back, and to the subject
	it('devices of a client with assertions', async () => each(device, { key: await h.generateKey() }));

	it('clients\' own tokens, by secret and by assertion', async () => {
		const key = await h.generateKey();
		for (const shard of [0, 1]) {
			for (const client of [await newClient(shard), await newClient(shard, { key })]) {
				for (let i = 0; i < 2; i += 1) {
					const tokens = h.assertTokens(await token(client, { grant_type: 'client_credentials', scope: 'notes:read' }));
					assert.equal(await shardOf(tokens.access_token), shard);
				}
			}
		}
	});

	// the attack: an assertion that was seen is shown to a machine that has not seen it
	it('a client\'s assertion is good once in all of them', async () => {
		const key = await h.generateKey();
		await each(async (client, subject) => {
			const tokens = await logIn(client, subject);
			const assertion = await h.assertion(client, { claims: { aud: base } });
			const asking = (parameters) => h.post('/oauth2/token', { ...parameters, client_assertion_type: h.ASSERTION_TYPE, client_assertion: assertion }, { base });
			const next = h.assertTokens(await asking({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token }));
			h.assertError(await asking({ grant_type: 'refresh_token', refresh_token: next.refresh_token }), 'invalid_client', 401);
			h.assertError(await asking({ grant_type: 'client_credentials' }), 'invalid_client', 401);
		}, { key });
	});

	it('passwords', () => each(async (client, subject, shard) => {
		const tokens = h.assertTokens(await token(client, { grant_type: 'password', username: subject, password: PASSWORD, scope: 'openid offline_access' }));
		assert.deepEqual([h.claimsOf(tokens.id_token).sub, await shardOf(tokens.refresh_token)], [subject, shard]);
		h.assertError(await token(client, { grant_type: 'password', username: subject, password: 'wrong' }), 'invalid_grant');
	}));

	it('exchange, also for an actor of another shard', () => each(async (client, subject, shard) => {
		const { access_token: subjectToken } = await logIn(client, subject, { scope: 'openid notes:read orders:read', resources: [`${base}/api`, ORDERS] });
		const actor = await logIn(client, await subjectOn(1 - shard));
		const exchange = (parameters) => token(client, { grant_type: h.EXCHANGE_GRANT, subject_token: subjectToken, subject_token_type: h.ACCESS_TOKEN_TYPE,
			resource: ORDERS, scope: 'orders:read', ...parameters });
		const alone = await exchange({});
		const acting = await exchange({ actor_token: actor.access_token, actor_token_type: h.ACCESS_TOKEN_TYPE });
		for (const { status, json } of [alone, acting]) {
			assert.equal(status, 200, `exchanged, and not ${json.error}`);
			assert.deepEqual([h.claimsOf(json.access_token).sub, await shardOf(json.access_token)], [subject, shard]);
		}
		assert.equal(h.claimsOf(acting.json.access_token).act.sub, h.claimsOf(actor.access_token).sub);
	}));

	it('a client that registers itself is known in both', async () => {
		await rows(0, 'SELECT pgtoken.update_issuer($1, registration => $2)', base, 'open');
		await until(() => value(1, 'SELECT registration = $1 FROM pgtoken.issuers', 'open'));
		for (const shard of [0, 1, 0, 1]) {
			const { status, json } = await h.post('/oauth2/register', JSON.stringify({ redirect_uris: [CB], scope: 'openid offline_access', grant_types: ['authorization_code', 'refresh_token'] }),
				{ base, type: 'application/json' });
			assert.equal(status, 201, json.error);
			await until(() => value(1, 'SELECT true FROM pgtoken.clients WHERE client_id = $1', json.client_id));
			const client = { id: json.client_id, secret: json.client_secret, method: 'client_secret_basic', redirectUri: CB };
			const subject = await subjectOn(shard);
			await rows(0, 'SELECT pgtoken.update_client($1, metadata => $2)', client.id, { consent_required: false });
			await until(() => value(1, 'SELECT NOT (metadata -> $2)::boolean FROM pgtoken.clients WHERE client_id = $1', client.id, 'consent_required'));
			h.assertTokens(await refresh(client, (await logIn(client, subject, { scope: 'openid offline_access', resources: [] })).refresh_token));
			const changed = await h.get(new URL(json.registration_client_uri).pathname, { base, headers: h.bearer(json.registration_access_token) });
			assert.deepEqual([changed.status, changed.json.client_id], [200, client.id]);
		}
	});

	it('step-up', () => each(async (client, subject, shard) => {
		const { factor_id: factorId } = await value(shard, 'SELECT pgtoken.enroll_factor($1, \'email\', \'{}\')', subject);
		const { refresh_token: refreshToken } = await logIn(client, subject);
		const required = await token(client, { grant_type: 'refresh_token', refresh_token: refreshToken, max_age: 0 });
		assert.equal(required.json.error, 'mfa_required');
		const { transaction_id: transactionId } = required.json;
		assert.equal((await post(client, '/oauth2/challenge', { transaction_id: transactionId, factor_id: factorId })).status, 200);
		const code = await value(shard, 'SELECT code FROM pgtoken.take_challenge_codes(1000) WHERE subject = $1', subject);
		assert.equal((await post(client, '/oauth2/complete_challenge', { transaction_id: transactionId, code })).status, 200);
		h.assertTokens(await token(client, { grant_type: 'refresh_token', refresh_token: refreshToken, max_age: 0, transaction_id: transactionId }));
	}));

	// the fault: a client that is told of one logout by each of the machines
	it('a logout is told to a client once, by the courier of the subject\'s shard', async () => {
		const tls = process.env.COURIER_TLS;
		const receiver = await startReceiver(readAuthority(tls), (request, response) => response.end());
		running.push({ stop: receiver.close });
		for (const database of DATABASES) {
			running.push(await start(...COURIER, { cwd: ROOT, env: { ...process.env, PGUSER: 'courier', PGDATABASE: database, COURIER_CA: join(tls, 'ca.pem'), COURIER_ALLOW_NETWORKS: '127.0.0.0/8 ::1' } }));
		}
		const ended = [];
		await each(async (client, subject, shard) => {
			const sessionId = await value(shard, 'SELECT pgtoken.new_session_id($1)', subject);
			const tokens = await logIn(client, subject, { scope: 'openid notes:read', sessionId });
			const asked = await h.get('/oauth2/logout', { base, query: { client_id: client.id, post_logout_redirect_uri: CB, state: 'x' } });
			const transactionId = new URL(asked.headers.get('location')).searchParams.get('transaction_id');
			// the page that says goodbye: the session ends where its subject is, the request where it lies
			await rows(shard, 'SELECT pgtoken.end_session($1, $2)', subject, sessionId);
			assert.equal(await value(await shardOf(transactionId), 'SELECT pgtoken.complete_logout($1)', transactionId), `${CB}?state=x`);
			assert.equal((await h.get('/oauth2/userinfo', { base, headers: h.bearer(tokens.access_token) })).status, 401);
			ended.push(subject);
		}, { backchannel_logout_uri: receiver.url('/logout') });
		await until(async () => (await Promise.all([0, 1].map((shard) => value(shard, 'SELECT count(*)::int FROM pgtoken.courier_work')))).every((left) => left === 0));
		assert.deepEqual(receiver.seen.map(({ body }) => h.claimsOf(new URLSearchParams(body).get('logout_token')).sub).sort(), ended.sort());
	});

	// the fault: whose machine is there signs in again because another is not
	it('while one of them is away the other\'s people notice nothing', async () => {
		const client = await newClient(0);
		const [here, there] = [await logIn(client, await subjectOn(0)), await logIn(client, await subjectOn(1))];
		await h.rows(`ALTER DATABASE ${DATABASES[1]} ALLOW_CONNECTIONS false`);
		let tokens = here;
		try {
			await h.rows('SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = $1 AND usename = \'authenticator\'', DATABASES[1]);
			await until(async () => (await refresh(client, there.refresh_token)).status === 503);
			for (let i = 0; i < 6; i += 1) {
				tokens = h.assertTokens(await refresh(client, tokens.refresh_token));
				assert.equal((await h.get('/oauth2/jwks', { base })).status, 200);
			}
			const ready = await h.get('/ready', { base });
			assert.deepEqual([ready.status, ready.json.missing], [200, ['1: database']]);
		} finally {
			await h.rows(`ALTER DATABASE ${DATABASES[1]} ALLOW_CONNECTIONS true`);
		}
		// nothing has been rotated for nobody
		await until(async () => (await refresh(client, there.refresh_token)).status === 200);
	});

	it('after all that, everything of a subject is on one shard, its own', async () => {
		for (const shard of [0, 1]) {
			await rows(shard, HELD);
			const held = await rows(shard, `SELECT subject, pgtoken.shard_of_subject(subject, 2) AS shard, public.held($1, subject) AS tables FROM unnest($2::text[]) subject`, base, [...subjects]);
			for (const { subject, shard: own, tables } of held) {
				if (own !== shard) assert.deepEqual(tables, [], `${subject} of shard ${own}`);
				else if (!subject.startsWith('client:')) assert.ok(tables.includes('tokens'), `${subject} has had tokens`);
			}
			// and the other way round: no family is where it does not belong
			assert.deepEqual(await rows(shard, 'SELECT grant_id FROM pgtoken.grants WHERE pgtoken.shard_of(grant_id, 2) <> $1 OR pgtoken.shard_of_subject(subject, 2) <> $1', shard), []);
		}
	});
});
