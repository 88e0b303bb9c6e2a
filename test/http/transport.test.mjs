// What a layer is: transport.  A stand-in for pgtoken_http.handle in a database of its
// own says what the layer was to make of it.
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import pg from 'pg';

import * as h from './harness.mjs';
import { freePorts } from './programs.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const DATABASE = `transport_${h.layer}`;
const SECRET = h.unique('secret');
const UUID7 = '01a223f2-2e35-79d2-aa6d-88bad1ca4616';
const A_REQUEST_ID = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|[0-9a-f]{32})$/;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

// with the name, types and columns of the real one; what it does is in the path
const STAND_IN = `
CREATE SCHEMA pgtoken_http;
CREATE SEQUENCE pgtoken_http.calls;
CREATE SEQUENCE pgtoken_http.waits;
CREATE SEQUENCE pgtoken_http.elsewhere;
CREATE FUNCTION pgtoken_http.handle(method text, target text, text[], bytea, peer jsonb DEFAULT '{}',
	OUT status integer, OUT headers text[], OUT body bytea) LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	path text := split_part($2, '?', 1);
	sqlstate_ text := substring(path FROM '^/raise/(.....)$');
BEGIN
	status := 200;
	headers := '{}';
	body := '';
	IF path = '/told' THEN
		headers := '{Content-Type,application/json}';
		body := convert_to(jsonb_build_object('method', $1, 'target', $2, 'headers', $3, 'length', length($4), 'peer', $5)::text, 'UTF8');
	ELSIF path = '/echo' THEN
		FOR i IN 1 .. array_length($3, 1) BY 2 LOOP
			IF lower($3[i]) = 'x-octets' THEN headers := headers || ARRAY['X-Octets', $3[i + 1]]; END IF;
		END LOOP;
		body := $4;
	ELSIF path = '/answer' THEN
		status := 401;
		headers := ARRAY['WWW-Authenticate', 'One', 'WWW-Authenticate', 'Two', 'Content-Type', 'text/x-own', 'Cache-Control', 'no-store'];
		body := 'as it is';
	ELSIF path = '/nothing' THEN
		status := 204;
		headers := '{Allow,GET}';
	ELSIF path = '/soon' THEN
		headers := '{X-Call,x}';
		IF nextval('pgtoken_http.calls') % 3 <> 0 THEN
			status := 0;
			headers := '{Vary,Origin,Wait,20}';
		ELSE
			body := convert_to($1 || ' ' || encode($4, 'escape'), 'UTF8');
		END IF;
	ELSIF path = '/never' THEN
		status := 0;
		headers := CASE nextval('pgtoken_http.waits') % 2 WHEN 1 THEN '{Wait,100}' ELSE '{Wait,4950}' END::text[];
	ELSIF path = '/elsewhere' THEN
		status := 0;
		headers := ARRAY['Shard', (nextval('pgtoken_http.elsewhere') + 6)::text, 'Carry', 'sealed'];
	ELSIF sqlstate_ IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = sqlstate_, MESSAGE = 'the reason of ' || sqlstate_;
	END IF;
END $$;
GRANT USAGE ON SCHEMA pgtoken_http TO authenticator;
GRANT EXECUTE ON FUNCTION pgtoken_http.handle TO authenticator`;

const jsonOf = ({ body }) => JSON.parse(body.toString());

if (h.can('stand-in')) describe('a layer', () => {
	let layer;
	let database;
	const send = (method, path, options) => h.exchange(method, path, { base: layer.url, ...options });
	before(async () => {
		await h.rows(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
		await h.rows(`CREATE DATABASE ${DATABASE} TEMPLATE template0 ENCODING 'UTF8'`);
		database = new pg.Client({ database: DATABASE });
		await database.connect();
		await database.query(STAND_IN);
		const [port, proxyPort] = await freePorts(2);
		const { start } = await import(`./layers/${h.layer}.mjs`);
		layer = await start({ env: { ...process.env, PGDATABASE: DATABASE }, root: ROOT, port, proxyPort });
	});
	after(async () => {
		await layer?.stop();
		await database?.end();
		await h.rows(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
	});

	it('hands on method, target and headers as they came', async () => {
		for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND']) {
			const target = '/told?a=%2f&b=+&a=\'"\\;%00{}|&c';
			const told = jsonOf(await send(method, target, { headers: ['X-One', 'a, "b" \\ {c}', 'x-empty', ''], body: method === 'GET' ? undefined : 'x=y' }));
			assert.deepEqual([told.method, told.target, told.length], [method, target, method === 'GET' ? 0 : 3]);
			const all = (name) => told.headers.filter((_, i) => i % 2 === 1 && told.headers[i - 1].toLowerCase() === name);
			assert.deepEqual([all('x-one'), all('x-empty'), all('host')], [['a, "b" \\ {c}'], [''], [new URL(layer.url).host]], method);
		}
	});

	it('says of the peer what it knows itself, and that a proxy is believed where one is', async () => {
		for (const [base, proxied] of [[layer.url, false], [layer.proxyUrl, true]]) {
			const { peer: told } = jsonOf(await send('GET', '/told', { base, headers: ['X-Forwarded-For', '192.0.2.1', 'Pgtoken-Address', '192.0.2.1', 'Peer', '{"address": "192.0.2.1"}'] }));
			assert.match(told.request_id ?? UUID7, A_REQUEST_ID);
			delete told.request_id;
			assert.deepEqual({ proxied: false, ...told }, { proxied, address: '127.0.0.1', ...(told.scheme && { scheme: 'http' }) });
		}
	});

	if (h.can('repeated headers')) it('hands on a header that came twice as two, in order', async () => {
		const { headers } = jsonOf(await send('GET', '/told', { headers: ['X-Twice', 'one', 'X-Other', 'x', 'x-twice', 'two', 'X-Twice', 'one'] }));
		assert.deepEqual(headers.filter((_, i) => i % 2 === 1 && /^x-(twice|other)$/i.test(headers[i - 1])), ['one', 'x', 'two', 'one']);
	});

	// the fault: a signature over bytes that somebody has decoded and encoded again
	if (h.can('octets')) it('leaves every octet as it is, in headers and bodies, both ways', async () => {
		const octets = Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i)).join('');
		for (const value of [octets, 'x\u00c3\u00bcx', 'caf\u00e9']) assert.deepEqual((await send('GET', '/echo', { headers: ['X-Octets', value] })).all('x-octets'), [value]);
		for (const body of [Buffer.from(Array.from({ length: 256 }, (_, i) => i)), Buffer.alloc(0), Buffer.from('\\x00'), Buffer.alloc(64 * 1024, 0xff)]) {
			assert.ok((await send('POST', '/echo', { body })).body.equals(body), `${body.length} octets`);
		}
	});

	// the attack: to have a layer fill its memory with what nobody wants
	it('hands on no more of a body than it takes to see that it is too large', async () => {
		assert.equal(jsonOf(await send('POST', '/told', { body: 'a'.repeat(64 * 1024) })).length, 64 * 1024);
		for (const chunked of [false, true]) assert.equal(jsonOf(await send('POST', '/told', { body: 'a'.repeat(100_000), chunked })).length, 64 * 1024 + 1);
	});

	it('answers with status, headers and body as they are, and nothing of its own', async () => {
		const answer = await send('GET', '/answer');
		assert.equal(answer.status, 401);
		assert.deepEqual([answer.all('www-authenticate'), answer.all('content-type'), answer.all('cache-control'), answer.body.toString()],
			[['One', 'Two'], ['text/x-own'], ['no-store'], 'as it is']);
		for (const name of ['access-control-allow-origin', 'etag', 'set-cookie', 'vary']) assert.deepEqual(answer.all(name), [], name);
		const head = await send('HEAD', '/answer');
		assert.deepEqual([head.status, head.all('www-authenticate'), head.body.length], [401, ['One', 'Two'], 0]);
		const nothing = await send('OPTIONS', '/nothing');
		assert.deepEqual([nothing.status, nothing.all('allow'), nothing.all('content-type'), nothing.body.length], [204, ['GET'], [], 0]);
	});

	it('asks again when it is to wait, and answers what comes then', async () => {
		const answer = await send('POST', '/soon', { body: 'the body' });
		assert.deepEqual([answer.status, answer.body.toString(), answer.all('wait')], [200, 'POST the body', []]);
		assert.equal((await database.query('SELECT last_value::int AS n FROM pgtoken_http.calls')).rows[0].n, 3);
	});

	// the fault: a client that waits for ever
	it('gives up where it would have waited for more than five seconds, and says when to come again', async () => {
		const answer = await send('POST', '/never', { body: '' });
		assert.deepEqual([answer.status, answer.all('retry-after'), jsonOf(answer).error], [503, ['5'], 'temporarily_unavailable']);
		assert.equal((await database.query('SELECT last_value::int AS n FROM pgtoken_http.waits')).rows[0].n, 2);
	});

	// the fault: a layer that asks the wrong database for ever, or shows what was for another one
	it('answers 503 at once to what is another shard\'s, where it knows of none', async () => {
		const answer = await send('POST', '/elsewhere', { body: '' });
		assert.deepEqual([answer.status, answer.all('retry-after'), jsonOf(answer).error], [503, ['5'], 'temporarily_unavailable']);
		for (const name of ['shard', 'carry']) assert.deepEqual(answer.all(name), [], name);
		assert.equal((await database.query('SELECT last_value::int AS n FROM pgtoken_http.elsewhere')).rows[0].n, 1);
	});

	const raised = (path) => send('POST', `/raise/${path}?${SECRET}`, { body: SECRET, headers: ['Authorization', `Bearer ${SECRET}`, 'X-Secret', SECRET] });

	// the fault: a client that takes a moment's trouble for the end of its session
	for (const state of ['40001', '40P01', '53300', '53100', '57P01', '57P03']) {
		it(`answers 503 to ${state}, which passes by itself`, async () => {
			const answer = await raised(state);
			assert.deepEqual([answer.status, answer.all('retry-after'), answer.all('content-type'), answer.all('cache-control')], [503, ['5'], ['application/json'], ['no-store']]);
			assert.deepEqual(Object.keys(jsonOf(answer)), ['error', 'error_description']);
			assert.equal(jsonOf(answer).error, 'temporarily_unavailable');
		});
	}

	// the attack: what the database says of its inside is told to whoever makes it fail
	for (const state of ['22021', '42501', '55000', '57014', 'P0001', 'XX000', 'PGRST', 'PT200']) {
		it(`answers 500 to ${state}, and does not say why`, async () => {
			const answer = await raised(state);
			assert.deepEqual([answer.status, answer.all('retry-after'), answer.all('content-type'), answer.all('cache-control')], [500, [], ['application/json'], ['no-store']]);
			assert.equal(jsonOf(answer).error, 'server_error');
			assert.ok(!answer.body.includes('reason') && !answer.body.includes(state));
		});
	}

	if (h.can('own routes')) it('leaves the application its own routes', async () => {
		const answer = await send('GET', '/own');
		assert.deepEqual([answer.status, answer.body.toString()], [200, 'own']);
	});

	if (h.can('log')) it('has told its log why, and nothing of the requests', async () => {
		await raised('XX000');
		while (!layer.said().includes('the reason of XX000')) await new Promise((later) => { setTimeout(later, 20); });
		assert.match(layer.said(), /XX000:? the reason of XX000/);
		assert.ok(!layer.said().includes(SECRET));
	});

	// the attack: a client that has its requests found in place of another's, or writes into the log
	if (h.can('request id')) it('gives each request an id of its own, and says it where it answers itself', async () => {
		for (const forged of ['of-another', 'a"b', 'x'.repeat(200)]) {
			const answer = await send('POST', '/raise/XX000', { headers: ['X-Request-ID', forged, 'Traceparent', `00-${TRACE}-00f067aa0ba902b7-01`] });
			assert.equal(answer.all('x-request-id').length, 1);
			assert.match(answer.all('x-request-id')[0], A_REQUEST_ID);
			if (h.can('log')) while (!layer.said().includes(answer.all('x-request-id')[0])) await new Promise((later) => { setTimeout(later, 20); });
		}
		assert.ok(!layer.said().includes('of-another'));
	});

	if (h.can('proxy id')) it('takes the id of a proxy, and writes it into a log of JSON, and nothing of the request (C166)', async () => {
		const proxied = (path, id) => send('POST', `${path}?${SECRET}`, { base: layer.proxyUrl, body: SECRET,
			headers: ['X-Request-ID', id, 'Traceparent', `00-${TRACE}-00f067aa0ba902b7-01`, 'Authorization', `Bearer ${SECRET}`, 'Cookie', SECRET] });
		assert.equal(jsonOf(await proxied('/told', 'edge-7/42')).peer.request_id, 'edge-7/42');
		assert.match(jsonOf(await proxied('/told', 'a b')).peer.request_id, A_REQUEST_ID);
		assert.deepEqual((await proxied('/raise/XX000', 'edge-7/43')).all('x-request-id'), ['edge-7/43']);
		while (!layer.said().includes('edge-7/43')) await new Promise((later) => { setTimeout(later, 20); });
		const { time, request_id: id, trace_id: trace, ...line } = JSON.parse(layer.said().split('\n').find((text) => text.includes('edge-7/43')).replace(/^[^{]*/, ''));
		assert.deepEqual([id, trace, line.level, line.method, line.path], ['edge-7/43', TRACE, 'error', 'POST', '/raise/XX000']);
		assert.ok(Date.now() - Date.parse(time) < 3_600_000 && /XX000/.test(line.error));
		assert.ok(!layer.said().includes(SECRET));
	});

	it('answers 503 without a connection, and goes on when there is one', async () => {
		await database.query('ALTER ROLE authenticator NOLOGIN');
		try {
			await database.query('SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND usename = \'authenticator\'');
			const answer = await send('GET', '/answer');
			assert.deepEqual([answer.status, answer.all('retry-after'), jsonOf(answer).error], [503, ['5'], 'temporarily_unavailable']);
			// the attack: who runs it is told that it is well, or that it is dead and to be started anew
			const [live, ready] = [await send('GET', '/live'), await send('GET', '/ready?x=/live')];
			assert.deepEqual([live.status, jsonOf(live), live.all('cache-control')], [200, { live: true }, ['no-store']]);
			assert.deepEqual([ready.status, jsonOf(ready), ready.all('retry-after')], [503, { ready: false, missing: ['database'], late: [] }, ['5']]);
		} finally {
			await database.query('ALTER ROLE authenticator LOGIN');
		}
		assert.equal((await send('GET', '/answer')).status, 401);
	});
});
