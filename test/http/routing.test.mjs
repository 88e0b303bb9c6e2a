// The gateway, and nginx by FastCGI, before several databases: where a request goes, what it is
// told there, and what becomes of it when one is away.  Stand-ins for the door say where it was.
import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import pg from 'pg';

import * as h from './harness.mjs';
import { addressOf } from './layers/fastcgi.mjs';
import { freePorts, GATEWAY, start } from './programs.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const DATABASES = ['routing_0', 'routing_1', 'routing_configuration'];
const LOCK = 7001;

// /to/K is K's, and nobody's but who is told so; the others say what they are for
const STAND_IN = `
CREATE SCHEMA pgtoken_http;
CREATE FUNCTION pgtoken_http.here() RETURNS text LANGUAGE sql RETURN replace(current_database(), 'routing_', '');
CREATE FUNCTION pgtoken_http.handle(method text, target text, text[], bytea, peer jsonb DEFAULT '{}',
	OUT status integer, OUT headers text[], OUT body bytea) LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	path text := split_part($2, '?', 1);
	shard text := substring(path FROM '^/to/(\\w+)');
BEGIN
	status := 200;
	headers := '{Content-Type,application/json}';
	body := convert_to(jsonb_build_object('at', pgtoken_http.here(), 'method', $1, 'target', $2, 'headers', $3, 'body', encode($4, 'escape'), 'peer', $5)::text, 'UTF8');
	IF shard <> pgtoken_http.here() AND NOT $5 ? 'routed' THEN
		status := 0;
		headers := ARRAY['Vary', 'Origin', 'Shard', shard, 'Carry', 'from ' || pgtoken_http.here()];
	ELSIF path = '/to/1/then/0' AND pgtoken_http.here() <> '0' THEN
		status := 0;
		headers := '{Shard,0}';
	ELSIF path = '/circle' THEN
		status := 0;
		headers := ARRAY['Shard', CASE pgtoken_http.here() WHEN '0' THEN '1' ELSE '0' END];
	ELSIF path LIKE '%/lock' THEN
		PERFORM pg_advisory_xact_lock(${LOCK});
	ELSIF path LIKE '%/raise' THEN
		RAISE EXCEPTION 'no';
	ELSIF path = '/ready' THEN
		body := convert_to(jsonb_build_object('ready', pgtoken_http.here() <> '1', 'missing', CASE pgtoken_http.here() WHEN '1' THEN '["signing_key"]' ELSE '[]' END::jsonb, 'late', jsonb_build_array('purge'))::text, 'UTF8');
	END IF;
END $$;
CREATE FUNCTION pgtoken_http.admit(method text, target text, text[], peer jsonb DEFAULT '{}',
	OUT role text, OUT settings jsonb, OUT status integer, OUT headers text[], OUT body bytea) LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	shard text := (SELECT $3[i + 1] FROM generate_series(1, array_length($3, 1), 2) i WHERE lower($3[i]) = 'authorization');
BEGIN
	IF shard <> pgtoken_http.here() AND NOT $4 ? 'routed' THEN
		status := 0;
		headers := ARRAY['Shard', shard];
	ELSE
		role := 'web_anon';
		headers := '{}';
	END IF;
END $$;
CREATE SCHEMA api;
CREATE FUNCTION api.here() RETURNS json LANGUAGE sql RETURN to_json(current_database());
GRANT USAGE ON SCHEMA pgtoken_http, api TO authenticator, web_anon;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgtoken_http TO authenticator`;

const urlOf = (database) => `postgresql:///${database}?host=${encodeURIComponent(process.env.PGHOST)}&port=${process.env.PGPORT ?? 5432}`;
const SHARDS = { GATEWAY_SHARDS: DATABASES.slice(0, 2).map(urlOf).join(', '), GATEWAY_CONFIGURATION: urlOf(DATABASES[2]), GATEWAY_API: '{"/api/here": "api.here"}', PGDATABASE: 'none' };

/** action({base, said}) beside a gateway of all three */
async function withGateway(env, action) {
	const { said, stop } = await start(...GATEWAY, { cwd: ROOT, ready: 'listening on http', env: { ...process.env, ...SHARDS, PGUSER: 'authenticator', GATEWAY_PORT: '0', ...env } });
	try {
		return await action({ base: /listening on (http:[^\s"]+)[\s"]/.exec(said())[1], said });
	} finally {
		await stop();
	}
}

/** the same beside nginx, with the file that is shipped, before the first two */
async function withNginx(action) {
	const [port] = await freePorts(1);
	const sockets = await Promise.all(DATABASES.slice(0, 2).map((name) => addressOf({ ...process.env, PGDATABASE: name })));
	const { stop } = await start(`${ROOT}/http/fastcgi/serve`, [sockets.join(), String(port)], { env: process.env, ready: 'nginx: listening' });
	const base = `http://127.0.0.1:${port}`;
	try {
		// the workers come once the database is there
		for (const shard of ['0', '1']) await until(async () => (await h.get(`/to/${shard}`, { base })).status === 200);
		return await action({ base });
	} finally {
		await stop();
	}
}

/** the layer that is tested, as it comes */
const withLayer = (action) => (h.layer === 'fastcgi' ? withNginx(action) : withGateway({}, action));

const until = async (check) => { while (!await check()) await new Promise((later) => { setTimeout(later, 20); }); };

/** no connection to it meanwhile, and none that is left */
async function away(databases, action) {
	const allow = (is) => Promise.all(databases.map((name) => h.rows(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${is}`)));
	await allow(false);
	try {
		await h.rows('SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = ANY($1)', databases);
		return await action();
	} finally {
		await allow(true);
	}
}

/** the same of the server of one of them, as nginx sees it */
async function serverAway([database], action) {
	const socket = await addressOf({ ...process.env, PGDATABASE: database });
	renameSync(socket, `${socket}.away`);
	try {
		return await action();
	} finally {
		renameSync(`${socket}.away`, socket);
	}
}

before(async () => {
	for (const name of DATABASES) {
		await h.rows(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
		await h.rows(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
		if (h.layer === 'fastcgi') await h.rows(`ALTER DATABASE ${name} SET pgtoken_fastcgi.shard_location = '@pgtoken_shard_'`);
		const database = new pg.Client({ database: name });
		await database.connect();
		await database.query(STAND_IN);
		await database.end();
	}
});
after(async () => {
	for (const name of DATABASES) await h.rows(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
});

if (['gateway', 'fastcgi'].includes(h.layer)) describe('a layer before several databases', () => {
	it('sends a request where the database says, as it came, with what that carries', () => withLayer(async ({ base }) => {
		for (const shard of ['0', '1']) {
			for (let i = 0; i < 4; i += 1) {
				const { status, json } = await h.post(`/to/${shard}?a=%2f`, 'the body', { base, headers: { 'x-own': 'é' } });
				assert.deepEqual([status, json.at, json.method, json.target, json.body], [200, shard, 'POST', `/to/${shard}?a=%2f`, 'the body']);
				assert.equal(json.headers[json.headers.indexOf('x-own') + 1], 'é');
				assert.deepEqual([json.peer.address, json.peer.carried], ['127.0.0.1', json.peer.routed && `from ${1 - shard}`]);
			}
			for (const method of ['PUT', 'DELETE', 'PROPFIND', 'OPTIONS']) assert.equal((await h.request(method, `/to/${shard}`, { base })).json.method, method);
			const large = await h.post(`/to/${shard}`, 'x'.repeat(64 * 1024), { base });
			assert.equal(large.json.body.length, 64 * 1024);
			for (let i = 0; i < 2; i += 1) {
				const { all } = await h.exchange('GET', `/to/${shard}`, { base });
				// of the answer that has sent it on nothing is in that of the other
				assert.deepEqual(['content-type', 'retry-after', 'vary', 'shard', 'carry', 'pgtoken-carry', 'pgtoken-routed', 'x-accel-redirect'].map((name) => all(name)),
					[['application/json'], [], [], [], [], [], [], []]);
			}
		}
	}));

	// the attack: a client that has its request taken for one that another shard vouches for
	it('takes nobody else\'s word for where it has been', () => withLayer(async ({ base }) => {
		const forged = Object.fromEntries(['routed', 'pgtoken-routed', 'pgtoken-carried', 'pgtoken-carry', 'carry', 'shard'].map((name) => [name, '1']));
		for (let i = 0; i < 2; i += 1) {
			const { json } = await h.get('/anything', { base, headers: forged });
			assert.deepEqual([json.peer.routed, json.peer.carried], [undefined, undefined]);
		}
	}));

	it('asks each in turn what any can answer', () => withLayer(async ({ base }) => {
		const at = [];
		for (let i = 0; i < 4; i += 1) at.push((await h.get('/anything', { base })).json.at);
		assert.deepEqual(at.sort(), ['0', '0', '1', '1']);
	}));

	it('tells what the last one carries, and nothing of the one before', () => withLayer(async ({ base }) => {
		const { json } = await h.get('/to/1/then/0', { base });
		assert.deepEqual([json.at, json.peer.routed, json.peer.carried], ['0', true, undefined]);
	}));

	// the attack: a request that goes round for ever
	it('answers 503 where they send it round, or to one that is not there', () => withLayer(async ({ base }) => {
		for (const path of ['/circle', ...(h.layer === 'gateway' ? ['/to/2', '/to/x'] : [])]) {
			const answer = await h.post(path, '', { base });
			assert.deepEqual([answer.status, answer.headers.get('retry-after'), answer.json.error], [503, '5', 'temporarily_unavailable'], path);
		}
	}));

	// the fault: one machine that is away takes the whole service with it
	it('answers 503 for the people of one that is away, and for nobody else', () => withLayer(async ({ base }) => {
		assert.equal((await h.get('/to/1', { base })).status, 200);
		const withoutOne = h.layer === 'fastcgi' ? serverAway : away;
		await withoutOne(['routing_1'], async () => {
			assert.equal((await h.get('/to/1', { base })).status, 503); // on a connection that has ended, perhaps
			for (let i = 0; i < 6; i += 1) {
				assert.equal((await h.get('/anything', { base })).json?.at, '0');
				assert.equal((await h.get('/to/0', { base })).status, 200);
				const refused = await h.get('/to/1', { base });
				assert.deepEqual([refused.status, refused.headers.get('retry-after'), refused.json.error], [503, '5', 'temporarily_unavailable']);
			}
		});
		await until(async () => (await h.get('/to/1', { base })).status === 200);
		await until(async () => (await h.get('/anything', { base })).json?.at === '1');
	}));
});

if (h.layer === 'gateway') describe('the gateway before several databases', () => {
	it('sends what is for the configuration to the database that has it, and says in its log which one it was', () => withGateway({ GATEWAY_ACCESS_LOG: 'on' }, async ({ base, said }) => {
		for (const shard of ['configuration', '1']) assert.equal((await h.post(`/to/${shard}`, '', { base })).json.at, shard);
		assert.equal((await h.post('/to/2', '', { base })).status, 503);
		await until(() => said().includes('/to/2 503'));
		assert.match(said(), /\nPOST \/to\/configuration 200 [0-9.]+ ms [0-9a-f-]{36} shard configuration\nPOST \/to\/1 200 [0-9.]+ ms [0-9a-f-]{36} shard 1\n/);
		assert.match(said(), /gateway: POST \/to\/2: shard [01]: there is no shard 2 \(request /);
	}));

	it('says in its log which one has raised', () => withGateway({ GATEWAY_LOG: 'json' }, async ({ base, said }) => {
		assert.equal((await h.get('/to/1/raise', { base })).status, 500);
		await until(() => said().includes('/to/1/raise'));
		const line = JSON.parse(said().trim().split('\n').at(-1));
		assert.deepEqual([line.shard, line.path, line.error], ['1', '/to/1/raise', 'P0001 no']);
	}));

	it('runs a function of the API where the token lies', () => withGateway({}, async ({ base }) => {
		for (const shard of ['0', '1', '1', '0']) {
			const { status, json } = await h.get('/api/here', { base, headers: { authorization: shard } });
			assert.deepEqual([status, json], [200, `routing_${shard}`]);
		}
		assert.equal((await h.get('/api/here', { base })).status, 200);
	}));

	// the fault: who waits for one of them keeps those waiting who have nothing to do with it
	it('asks none whose connections are all taken what another can answer', () => withGateway({ GATEWAY_POOL_SIZE: '1' }, async ({ base }) => {
		const holder = new pg.Client({ database: 'routing_1' });
		await holder.connect();
		try {
			await holder.query('SELECT pg_advisory_lock($1)', [LOCK]);
			const held = h.get('/to/1/lock', { base });
			await until(async () => await h.value(`SELECT count(*)::int FROM pg_stat_activity WHERE datname = 'routing_1' AND wait_event_type = 'Lock'`) > 0);
			for (let i = 0; i < 4; i += 1) assert.equal((await h.get('/anything', { base })).json.at, '0');
			await holder.query('SELECT pg_advisory_unlock($1)', [LOCK]);
			assert.equal((await held).status, 200);
		} finally {
			await holder.end();
		}
	}));

	it('is ready while one of them is, and says of each what it lacks', () => withGateway({}, async ({ base }) => {
		const { status, json } = await h.get('/ready', { base });
		assert.deepEqual([status, json], [200, { ready: true, missing: ['1: signing_key'], late: ['0: purge', '1: purge', 'configuration: purge'] }]);
		await away(['routing_0'], async () => {
			const answer = await h.get('/ready', { base });
			assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '5'], 'that of the configuration holds nobody');
			assert.deepEqual([answer.json.ready, answer.json.missing], [false, ['0: database', '1: signing_key']]);
			assert.equal((await h.get('/live', { base })).status, 200);
		});
	}));

	// the fault: counters that jump from one database's to another's
	it('asks the one that is named for its metrics, or whether it is ready', () => withGateway({}, async ({ base }) => {
		for (const shard of ['0', '1', 'configuration']) assert.equal((await h.get('/metrics', { base, query: { shard } })).json.at, shard);
		for (const query of [undefined, { shard: '2' }]) h.assertErrorText((await h.get('/metrics', { base, query })).json);
		assert.equal((await h.get('/metrics', { base })).status, 404);
		assert.deepEqual((await h.get('/ready', { base, query: { shard: '1' } })).json.missing, ['signing_key']);
	}));

	it('begins where one is away, and not where all are', async () => {
		await away(['routing_1'], () => withGateway({}, async ({ base, said }) => {
			assert.match(said(), /gateway: shard 1: 55000 /);
			assert.equal((await h.get('/to/0', { base })).status, 200);
		}));
		const all = { GATEWAY_SHARDS: 'postgresql:///routing_none?host=/nowhere', GATEWAY_CONFIGURATION: '' };
		await assert.rejects(withGateway(all, () => {}), /gateway: ENOENT/);
	});

	// the attack: a password that the log has
	it('takes no list that is none, and does not repeat it', async () => {
		for (const [env, why] of [[{ GATEWAY_SHARDS: 'postgresql://a:hidden@h/d,hidden' }, /GATEWAY_SHARDS must be of URLs/], [{ GATEWAY_SHARDS: '' }, /GATEWAY_CONFIGURATION must be one/],
			[{ GATEWAY_SHARDS: 'postgresql:///hidden,postgresql:///hidden' }, /GATEWAY_SHARDS must be different/], [{ GATEWAY_CONFIGURATION: 'mysql:///hidden' }, /GATEWAY_CONFIGURATION must be of URLs/]]) {
			const { message } = await withGateway(env, () => assert.fail('it has begun')).catch((error) => error);
			assert.match(message, why);
			assert.ok(!message.includes('hidden'));
		}
	});
});
