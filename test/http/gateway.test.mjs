// The gateway itself: what it believes, when it is ready, how it ends, what it writes
// down, and what works where the database only reads.  Each test starts one of its own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';

import { NoConnection, openPool, withConnection } from '../../http/gateway/database.js';
import * as h from './harness.mjs';
import { GATEWAY, start } from './programs.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** action({base, said, stop}) beside a gateway with these further settings; said() is what it has written */
async function withGateway(env, action) {
	const { said, stop } = await start(...GATEWAY, { cwd: ROOT, ready: 'listening on http', env: { ...process.env, PGUSER: 'authenticator', GATEWAY_PORT: '0', ...env } });
	try {
		return await action({ base: /listening on (http:[^\s"]+)[\s"]/.exec(said())[1], said, stop });
	} finally {
		await stop();
	}
}

const until = async (check) => { while (!await check()) await new Promise((later) => { setTimeout(later, 20); }); };

/** a connection that is written to as it is, and what has come back when it is closed */
function socketTo(base, text) {
	const socket = connect(Number(new URL(base).port), '127.0.0.1', () => socket.write(text));
	let answer = '';
	socket.on('data', (chunk) => { answer += chunk; });
	socket.on('error', () => {});
	return { socket, closed: once(socket, 'close').then(() => answer), answered: () => answer };
}

describe('the connections of gateway and courier', () => {
	// the fault: the program ended, since nobody heard of what no statement was told
	it('one that breaks between two statements is an error of the second, and the next is another one', async () => {
		const pool = openPool({ user: process.env.PGUSER, poolSize: 1, acquireTimeout: 600_000, statementTimeout: 0 });
		try {
			await assert.rejects(withConnection(pool, async (client) => {
				const { rows: [{ pid }] } = await client.query('SELECT pg_backend_pid() AS pid');
				const gone = new Promise((resolve) => { client.once('end', resolve); });
				await h.rows('SELECT pg_terminate_backend($1)', pid);
				await gone;
				await client.query('SELECT 1');
			}), NoConnection);
			const { rows } = await withConnection(pool, (client) => client.query('SELECT 1 AS n'));
			assert.deepEqual(rows, [{ n: 1 }]);
		} finally {
			await pool.end();
		}
	});

	// a server on another machine, whose certificate is of an authority that the system does not know; it refuses whoever has come through
	it('PGSSLROOTCERT names the authority of a server, of one of several, too', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'pgtoken-authority-'));
		const names = ['PGSSLMODE', 'PGSSLROOTCERT'];
		const before = names.map((name) => process.env[name]);
		const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
		execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=database',
			'-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' });
		const server = createServer((socket) => {
			socket.on('error', () => {});
			socket.once('data', () => {
				socket.write('S');
				const inside = new TLSSocket(socket, { isServer: true, key: readFileSync(key), cert: readFileSync(cert) });
				inside.on('error', () => {});
				const fields = 'SFATAL\0C57P03\0Mthe server is starting\0\0';
				inside.once('data', () => inside.end(Buffer.concat([Buffer.from('E\0\0\0'), Buffer.from([fields.length + 4]), Buffer.from(fields)])));
			});
		});
		await once(server.listen(0, '127.0.0.1'), 'listening');
		const outcome = async (...values) => {
			names.forEach((name, i) => { process.env[name] = values[i]; });
			const pool = openPool({ poolSize: 1, acquireTimeout: 600_000, statementTimeout: 0, url: `postgresql://gateway@127.0.0.1:${server.address().port}/shop` });
			try {
				return await withConnection(pool, () => 'in').catch((error) => error.cause.code);
			} finally {
				await pool.end();
			}
		};
		try {
			assert.equal(await outcome('verify-full', cert), '57P03');
			assert.equal(await outcome('verify-full', ''), 'DEPTH_ZERO_SELF_SIGNED_CERT');
		} finally {
			names.forEach((name, i) => { if (before[i] === undefined) delete process.env[name]; else process.env[name] = before[i]; });
			server.close();
			rmSync(folder, { recursive: true });
		}
	});
});

describe('the gateway without a proxy', () => {
	const SETTINGS = { http_client_certificate_header: 'X-My-Certificate', http_client_address_header: 'X-My-Address',
		http_context_headers: 'country=x-my-country , risk_score=x-my-risk' };
	const HEADERS = { 'x-my-address': '192.0.2.1', 'x-my-country': 'AQ', 'x-my-risk': '0', 'x-forwarded-for': '192.0.2.2' };
	const database = process.env.PGDATABASE;
	const set = (name, content) => h.rows(`ALTER ROLE authenticator IN DATABASE "${database}" ${content === null ? `RESET pgtoken.${name}`
		: `SET pgtoken.${name} = '${content}'`}`);

	// The attack: the settings name headers, and the client writes them itself: another's
	// certificate, another address, no risk.
	it('lets nobody write the headers that the settings name', async () => {
		try {
			for (const [name, content] of Object.entries(SETTINGS)) await set(name, content);
			await withGateway({}, async ({ base }) => {
				const mine = h.certificate('machine');
				const machine = await h.newClient({ metadata: { grant_types: ['client_credentials'], token_endpoint_auth_method: 'tls_client_auth',
					tls_client_auth_subject_dn: mine.subject } });
				h.assertError(await h.post('/oauth2/token', { grant_type: 'client_credentials', client_id: machine.id }, { base,
					headers: { ...HEADERS, 'x-my-certificate': mine.header } }), 'invalid_client', 401);
				const client = await h.newClient();
				const { refresh_token: refreshToken, grantId } = await h.newTokens(client);
				h.assertTokens(await h.refresh(client, refreshToken, {}, { base, headers: { ...HEADERS, 'user-agent': 'agent' } }));
				assert.deepEqual((await h.family(grantId)).context, { user_agent: 'agent', ip: '127.0.0.1' });
			});
		} finally {
			for (const name of Object.keys(SETTINGS)) await set(name, null);
		}
	});
});

describe('the gateway that has no connection left', () => {
	// the fault: a client whose logout nobody had time for believes that its token is gone, or gives up (RFC 7009 section 2.2.1)
	it('answers 503 with Retry-After, and the revocation can be sent again (C27)', () => withGateway({ GATEWAY_POOL_SIZE: '1', GATEWAY_POOL_TIMEOUT: '100' }, async ({ base }) => {
		const client = await h.newClient();
		const { refresh_token: refreshToken, grantId } = await h.newTokens(client);
		const other = await h.newTokens(client);
		const holder = await h.pool.connect();
		try {
			await holder.query('BEGIN');
			await holder.query('SELECT FROM pgtoken.grants WHERE grant_id = $1 FOR UPDATE', [grantId]);
			const first = h.postAs(client, '/oauth2/revoke', { token: refreshToken }, { base });
			// the only connection waits for the family: until then nobody is refused
			await until(async () => await h.value(`SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()
				AND application_name = 'pgtoken-gateway' AND wait_event_type = 'Lock'`) > 0);
			const refused = await h.postAs(client, '/oauth2/revoke', { token: other.refresh_token }, { base });
			assert.equal(refused.status, 503);
			assert.match(refused.headers.get('retry-after') ?? '', /^[1-9][0-9]*$/);
			assert.equal((await h.get('/ready', { base })).status, 503, 'and is not ready');
			assert.equal((await h.get('/live', { base })).status, 200, 'but alive');
			await holder.query('ROLLBACK');
			assert.equal((await first).status, 200);
		} finally {
			holder.release(true);
		}
		assert.equal((await h.family(other.grantId)).revoked_at, null);
		assert.equal((await h.postAs(client, '/oauth2/revoke', { token: other.refresh_token }, { base })).status, 200);
		assert.ok((await h.family(other.grantId)).revoked_at !== null);
	}));
});

describe('the gateway whose clients give up', () => {
	// the fault: a token that is rotated for nobody, and a database that works through what nobody waits for
	it('does not begin what nobody waits for any more', () => withGateway({ GATEWAY_POOL_SIZE: '1' }, async ({ base }) => {
		const client = await h.newClient();
		const [held, given] = [await h.newTokens(client), await h.newTokens(client)];
		const before_ = await h.family(given.grantId);
		const holder = await h.pool.connect();
		try {
			await holder.query('BEGIN');
			await holder.query('SELECT FROM pgtoken.grants WHERE grant_id = $1 FOR UPDATE', [held.grantId]);
			const first = h.refresh(client, held.refresh_token, {}, { base });
			await until(async () => await h.value(`SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()
				AND application_name = 'pgtoken-gateway' AND wait_event_type = 'Lock'`) > 0);
			const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: given.refresh_token }).toString();
			const { socket, closed } = socketTo(base, `POST /oauth2/token HTTP/1.1\r\nHost: ${new URL(base).host}\r\nAuthorization: ${h.basic(client.id, client.secret).authorization}\r\n`
				+ `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
			await once(socket, 'connect');
			socket.end();
			await until(() => socket.writableFinished);
			socket.destroy();
			await closed;
			for (let i = 0; i < 3; i += 1) await h.get('/live', { base }); // what came before has been read
			await holder.query('ROLLBACK');
			h.assertTokens(await first);
		} finally {
			holder.release(true);
		}
		h.assertTokens(await h.refresh(client, (await h.newTokens(client)).refresh_token, {}, { base }));
		assert.deepEqual(await h.family(given.grantId), before_, 'not rotated');
	}));
});

describe('the gateway before a database that only reads', () => {
	// as on a standby: that a transaction may write cannot be asked for
	it('answers what needs no writing', () => withGateway({ PGOPTIONS: '-c default_transaction_read_only=on', GATEWAY_API: '{"/api/notes": "api.notes"}' }, async ({ base }) => {
		const client = await h.newClient();
		const { access_token: accessToken, refresh_token: refreshToken } = await h.newTokens(client);
		for (const path of ['/.well-known/openid-configuration', '/oauth2/jwks', '/ready']) assert.equal((await h.get(path, { base })).status, 200);
		const introspected = await h.postAs(client, '/oauth2/introspect', { token: accessToken }, { base });
		assert.deepEqual([introspected.status, introspected.json.active], [200, true]);
		const userinfo = await h.get('/oauth2/userinfo', { base, headers: h.bearer(accessToken) });
		assert.deepEqual([userinfo.status, userinfo.json?.sub], [200, h.SUBJECT]);
		assert.equal((await h.notes(h.bearer(accessToken), base)).status, 200);
		const refused = await h.refresh(client, refreshToken, {}, { base });
		assert.deepEqual([refused.status, refused.headers.get('retry-after') !== null], [503, true]);
	}));
});

describe('the gateway\'s log', () => {
	// the attack: whoever reads logs has the tokens
	it('has method, path, status and time of each request, and nothing that may be a secret', () => withGateway({ GATEWAY_ACCESS_LOG: 'on' }, async ({ base, said }) => {
		const secret = h.unique('secret');
		await h.get('/oauth2/authorize', { base, query: { state: secret, client_id: secret } });
		await h.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: secret }, { base, headers: { ...h.bearer(secret), 'user-agent': secret } });
		await h.exchange('GET', `http://${secret}@127.0.0.1/absolute?${secret}`, { base });
		await until(() => said().includes(' /absolute '));
		const lines = said().split('\n').filter((line) => / ms [0-9a-f-]{36}$/.test(line));
		assert.deepEqual(lines.map((line) => line.replace(/ [0-9.]+ ms [0-9a-f-]{36}$/, '')), ['GET /oauth2/authorize 400', 'POST /oauth2/token 401', 'GET /absolute 404']);
		assert.ok(!said().includes(secret));
	}));
});

describe('the gateway\'s log as JSON', () => {
	// the attack: the same, and a line that a request has written
	it('is an object a line, by whose request_id and trace_id the audit is found', () => withGateway({ GATEWAY_ACCESS_LOG: 'on', GATEWAY_LOG: 'json' }, async ({ base, said }) => {
		const [secret, trace] = [h.unique('secret'), '7d3c1a90b5e84f62a1c0d9e8f7b6a504'];
		const client = await h.newClient();
		const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01`, 'user-agent': secret, cookie: secret };
		const { refresh_token: refreshToken } = await h.newTokens(client);
		const refreshed = await h.refresh(client, refreshToken, {}, { base, headers });
		await h.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: secret }, { base, headers: { ...h.bearer(secret), 'user-agent': secret } });
		await h.exchange('GET', `/last%0a{"level":"error"}?${secret}`, { base, headers: ['X-Request-ID', secret, 'Traceparent', secret] });
		await until(() => said().includes('/last'));
		const lines = said().trim().split('\n').map((line) => JSON.parse(line));
		assert.deepEqual(lines.slice(1).map(({ method, path, status }) => `${method} ${path} ${status}`), ['POST /oauth2/token 200', 'POST /oauth2/token 401', 'GET /last%0a{"level":"error"} 404']);
		for (const { time, level, program, duration_ms: ms, request_id: id } of lines.slice(1)) {
			assert.ok(Date.parse(time) > 0 && level === 'info' && program === 'pgtoken-gateway' && ms >= 0 && /^[0-9a-f-]{36}$/.test(id));
		}
		assert.deepEqual([lines[1].request_id, lines[1].trace_id, lines[2].trace_id, lines[3].trace_id], [refreshed.headers.get('x-request-id'), trace, undefined, undefined]);
		const events = await h.rows('SELECT event, trace_id, span_id FROM pgtoken.audit_by_request($1)', lines[1].request_id);
		assert.deepEqual(events, [{ event: 'token.refreshed', trace_id: trace, span_id: '00f067aa0ba902b7' }]);
		for (const hidden of [secret, refreshToken, refreshed.json.refresh_token, refreshed.json.access_token, client.secret]) assert.ok(!said().includes(hidden));
	}));
});

describe('the gateway and its connections', () => {
	// the attack: to have many connections open that send a byte now and then
	it('closes those that do not come to an end', () => withGateway({ GATEWAY_REQUEST_TIMEOUT: '200' }, async ({ base }) => {
		for (const text of ['POST /oauth2/token HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\ngrant']) {
			const answer = await socketTo(base, text).closed;
			assert.match(answer, /^HTTP\/1\.1 408 /);
		}
		assert.equal((await h.get('/oauth2/jwks', { base })).status, 200);
	}));

	// the fault: a rolling restart that cuts off who has a refresh under way, and rotates for nobody
	it('finishes what it has begun when it is told to end, and takes no more', () => withGateway({}, async ({ base, stop }) => {
		const client = await h.newClient();
		const { refresh_token: refreshToken, grantId } = await h.newTokens(client);
		const holder = await h.pool.connect();
		const idle = socketTo(base, `GET /live HTTP/1.1\r\nHost: x\r\n\r\n`);
		await until(() => idle.answered().includes('"live"'));
		let stopped;
		let answer;
		try {
			await holder.query('BEGIN');
			await holder.query('SELECT FROM pgtoken.grants WHERE grant_id = $1 FOR UPDATE', [grantId]);
			answer = h.refresh(client, refreshToken, {}, { base });
			await until(async () => await h.value(`SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()
				AND application_name = 'pgtoken-gateway' AND wait_event_type = 'Lock'`) > 0);
			stopped = stop();
			await idle.closed;
			await assert.rejects(h.get('/live', { base }));
			await holder.query('ROLLBACK');
		} finally {
			holder.release(true);
		}
		h.assertTokens(await answer);
		await stopped;
	}));
});

describe('the gateway\'s API', () => {
	const FUNCTIONS = { gone: 'RAISE undefined_table', forbidden: 'RAISE insufficient_privilege', taken: 'RAISE unique_violation', wrong: 'RAISE EXCEPTION \'no\'', broken: 'RETURN 1 / 0',
		internal: 'RAISE internal_error USING MESSAGE = \'the salary is 1000\'', race: 'RAISE serialization_failure', own: 'RAISE SQLSTATE \'PT418\' USING MESSAGE = \'tea\', HINT = \'pot\'',
		written: 'INSERT INTO api.note (text) VALUES (\'x\'); RETURN 1',
		teapot: 'PERFORM set_config(\'response.status\', \'418\', true), set_config(\'response.headers\', \'[{"X-Pot": "tea"}, {"Content-Type": "text/tea"}]\', true); RETURN 1',
		nonsense: 'PERFORM set_config(\'response.headers\', \'{\', true); RETURN 1' };
	const STATUSES = { gone: 404, forbidden: 403, taken: 409, wrong: 400, broken: 400, internal: 500, race: 503, own: 418, written: 405, teapot: 418, nonsense: 500, absent: 404 };

	it('answers as PostgREST does what functions return, set and raise', async () => {
		await h.rows('DROP SCHEMA IF EXISTS gateway_test CASCADE; CREATE SCHEMA gateway_test; GRANT USAGE ON SCHEMA gateway_test TO web_anon, api_user');
		for (const [name, body] of Object.entries(FUNCTIONS)) await h.rows(`CREATE FUNCTION gateway_test.${name}() RETURNS json LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN NULL; END $$`);
		await h.rows('CREATE FUNCTION gateway_test.doubled(json) RETURNS json LANGUAGE sql RETURN json_build_object(\'twice\', $1, \'role\', current_user, \'only\', current_setting(\'transaction_read_only\'))');
		const api = JSON.stringify(Object.fromEntries([...Object.keys(STATUSES), 'doubled'].map((name) => [`/api/${name}`, `gateway_test.${name}`])));
		try {
			await withGateway({ GATEWAY_API: api, GATEWAY_BODY_LIMIT: '100' }, async ({ base, said }) => {
				const origin = { origin: 'https://app.example' };
				for (const [name, status] of Object.entries(STATUSES)) {
					const answer = await h.get(`/api/${name}`, { base, headers: origin });
					assert.equal(answer.status, status, name);
					assert.equal(answer.headers.has('access-control-allow-origin'), status < 500, name);
					assert.ok(!answer.text.includes('salary'), name);
				}
				assert.match(said(), /gateway: GET \/api\/internal: XX000 the salary is 1000 \(request [0-9a-f-]{36}\)\n/);
				const { headers, json } = await h.get('/api/own', { base });
				assert.deepEqual([json, headers.get('content-type')], [{ code: 'PT418', message: 'tea', details: null, hint: 'pot' }, 'application/json']);
				const tea = await h.get('/api/teapot', { base });
				assert.deepEqual([tea.headers.get('x-pot'), tea.headers.get('content-type'), tea.text], ['tea', 'text/tea', '1']);
				const posted = await h.post('/api/doubled', '{"a": "\u00fc"}', { base, type: 'application/json' });
				assert.deepEqual(posted.json, { twice: { a: '\u00fc' }, role: 'web_anon', only: 'off' });
				assert.deepEqual((await h.post('/api/doubled', '', { base })).json.twice, {});
				assert.equal((await h.post('/api/doubled', '{', { base })).status, 400);
				assert.equal((await h.post('/api/doubled', `"${'x'.repeat(100)}"`, { base })).status, 413);
				for (const [method, status] of [['PUT', 405], ['OPTIONS', 204]]) {
					const answer = await h.request(method, '/api/doubled', { base });
					assert.deepEqual([answer.status, answer.headers.get('allow')], [status, 'GET, HEAD, POST, OPTIONS'], method);
				}
				const preflight = await h.request('OPTIONS', '/api/doubled', { base, headers: { ...origin, 'access-control-request-method': 'POST' } });
				assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-origin')], [204, '*']);
				const refused = await h.get('/api/teapot', { base, headers: h.bearer('x') });
				assert.deepEqual([refused.status, refused.json?.error], [401, 'invalid_token']);
				assert.match(refused.headers.get('www-authenticate'), /^Bearer .*error="invalid_token"/);
				assert.equal((await h.get('/oauth2/jwks', { base })).status, 200);
			});
		} finally {
			await h.rows('DROP SCHEMA gateway_test CASCADE');
		}
	});
});

describe('the gateway that cannot begin', () => {
	it('says why in a line, and nothing of how it gets in', async () => {
		for (const [env, why] of [[{ PGDATABASE: 'no-such-database' }, /3D000 database "no-such-database" does not exist/], [{ GATEWAY_PORT: 'x' }, /GATEWAY_PORT must be a whole number/],
			[{ PGUSER: 'login_app' }, /42501 permission denied for schema pgtoken_http/], [{ GATEWAY_API: '{"/x": "y"}' }, /schema\.function/]]) {
			const error = await start(...GATEWAY, { cwd: ROOT, env: { ...process.env, PGUSER: 'authenticator', PGPASSWORD: 'hidden', GATEWAY_PORT: '0', ...env } })
				.then(() => assert.fail('it has begun'), ({ message }) => message);
			assert.match(error, why);
			assert.ok(!error.includes('hidden'));
		}
	});
});
