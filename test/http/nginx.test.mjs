// nginx.conf as it is shipped, both of its servers, before a stand-in that says what
// has reached it and answers what it is told to.  Beside a database: postgrest.test.mjs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';

import { elsewhere, shipped, startNginx } from './layers/postgrest.mjs';
import { freePorts } from './programs.mjs';

// PostgREST's fixed list, which has neither of the two that clients need
const EXPOSED = 'Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, Range-Unit';
// all that may reach PostgREST of a request of the token service
const PASSED = ['accept', 'content-length', 'content-profile', 'content-type', 'dpop', 'host', 'pgtoken-accept', 'pgtoken-access-control-request-headers',
	'pgtoken-access-control-request-method', 'pgtoken-address', 'pgtoken-authorization', 'pgtoken-certificate', 'pgtoken-content-encoding', 'pgtoken-content-type',
	'pgtoken-host', 'pgtoken-method', 'pgtoken-origin', 'pgtoken-request-id', 'pgtoken-scheme', 'pgtoken-target', 'traceparent', 'user-agent'];

const directory = mkdtempSync(join(tmpdir(), 'pgt-nginx-'));
const certificate = () => readFileSync(join(directory, 'server.crt'));
const running = [];
let seen = []; // what has reached the stand-in
let next; // what it answers: {status, headers, body}
let standIn;
let ports;

function answer(incoming, outgoing) {
	const chunks = [];
	incoming.on('data', (chunk) => chunks.push(chunk));
	incoming.on('end', () => {
		seen.push({ method: incoming.method, url: incoming.url, headers: incoming.headers, body: Buffer.concat(chunks) });
		const { status = 401, headers = {}, body = '{}' } = next ?? {};
		outgoing.writeHead(status, { 'content-type': 'application/octet-stream', 'content-length': Buffer.byteLength(body), ...headers });
		outgoing.end(body);
	});
}

/** both servers of the file, with changes */
function configuration(where, change = (text) => text) {
	const { common, token, api } = shipped();
	const listening = (text, port) => text.replace('listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`)
		.replace('# ssl_client_certificate /etc/pgtoken/tls/clients-ca.crt;', `ssl_client_certificate ${directory}/server.crt;`)
		.replace('# ssl_verify_client optional;', 'ssl_verify_client optional;');
	return change(elsewhere(common + listening(token, where.issuer) + listening(api, where.api), { directory, token: where.standIn, api: where.standIn }));
}

function call(port, method, path, { headers = {}, body, key } = {}) {
	return new Promise((resolve, reject) => {
		const outgoing = request({ host: '127.0.0.1', port, method, path, headers, rejectUnauthorized: false, agent: false,
			...(key && { key: readFileSync(join(directory, 'server.key')), cert: certificate() }) }, (response) => {
			const chunks = [];
			response.on('data', (chunk) => chunks.push(chunk));
			response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, raw: response.rawHeaders, text: Buffer.concat(chunks).toString() }));
		});
		outgoing.on('error', reject);
		outgoing.end(body);
	});
}

/** the octets as they are: what comes back */
function raw(port, octets) {
	return new Promise((resolve, reject) => {
		const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => socket.write(Buffer.from(octets, 'latin1')));
		let text = '';
		socket.on('data', (chunk) => { text += chunk.toString('latin1'); });
		socket.on('error', reject);
		socket.on('close', () => resolve(text));
	});
}

const times = ({ raw: list }, name) => list.filter((word, i) => i % 2 === 0 && word.toLowerCase() === name).length;
const words = (list) => (list ?? '').toLowerCase().split(',').map((word) => word.trim());

async function start(where, change) {
	const nginx = await startNginx(configuration(where, change), { directory: where.directory ?? directory, ready: () => call(where.issuer, 'GET', '/') });
	running.push(nginx);
	seen = [];
	return nginx;
}

describe('nginx.conf', () => {
	before(async () => {
		chmodSync(directory, 0o755);
		standIn = createServer({ maxHeaderSize: 64 * 1024 }, answer);
		await new Promise((ready) => { standIn.listen(0, '127.0.0.1', ready); });
		const [issuer, api] = await freePorts(2);
		ports = { standIn: standIn.address().port, issuer, api };
		execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
			'-keyout', join(directory, 'server.key'), '-out', join(directory, 'server.crt')], { stdio: 'ignore' });
		await start(ports);
	});

	after(async () => {
		for (const nginx of running) await nginx.stop();
		standIn?.closeAllConnections();
		standIn?.close();
		rmSync(directory, { recursive: true });
	});

	it('every request is a POST of one function, told what it was, with its body as it is', async () => {
		const octets = Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256));
		for (const [method, path, body] of [['GET', '/oauth2/authorize?state=%00&x=a+b'], ['HEAD', '/.well-known/openid-configuration'], ['POST', '/oauth2/token', octets],
			['PUT', '/a/%2e%2e//b/../c?%zz', octets], ['OPTIONS', '/x'], ['PATCH', '/rpc/read', ''], ['DELETE', '/?']]) {
			await call(ports.issuer, method, path, { body });
			const { headers, ...came } = seen.at(-1);
			assert.deepEqual([came.method, came.url, headers['pgtoken-method'], headers['pgtoken-target']], ['POST', '/rpc/handle', method, path]);
			assert.ok(came.body.equals(Buffer.from(body ?? '')), `${method}: the body`);
			assert.deepEqual([headers['content-type'], headers['content-profile'], headers.accept], ['application/octet-stream', 'pgtoken_postgrest', '*/*']);
		}
	});

	it('a standby has the other function', async () => {
		const where = { ...ports, ...Object.fromEntries((await freePorts(2)).map((port, i) => [['issuer', 'api'][i], port])), directory: mkdtempSync(join(directory, 'standby-')) };
		const nginx = await start(where, (text) => text.replace('# login-standby.example.com read;', 'login.example.com read;'));
		await call(where.issuer, 'GET', '/oauth2/jwks');
		assert.equal(seen.at(-1).url, '/rpc/read');
		await nginx.stop();
	});

	it('what PostgREST would judge travels under another name', async () => {
		const given = { authorization: 'Bearer x', accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip', origin: 'https://a.example',
			'access-control-request-method': 'POST', 'access-control-request-headers': 'dpop', host: 'login.test:8443' };
		await call(ports.issuer, 'POST', '/oauth2/token', { headers: { ...given, dpop: 'proof', 'user-agent': 'agent ü' }, body: 'a=b' });
		const { headers } = seen.at(-1);
		for (const [name, value] of Object.entries(given)) assert.equal(headers[`pgtoken-${name}`], value, name);
		for (const name of ['authorization', 'content-encoding', 'origin', 'access-control-request-method', 'access-control-request-headers']) assert.equal(headers[name], undefined, name);
		assert.deepEqual([headers.dpop, headers['pgtoken-address'], headers['pgtoken-scheme']], ['proof', '127.0.0.1', 'https']);
	});

	// the attack: a client writes what only nginx may say, under its name, twice, or nearly under its name
	it('nothing that the database would believe comes from the client', async () => {
		const names = ['Pgtoken-Address', 'Pgtoken-Certificate', 'Pgtoken-Method', 'Pgtoken-Target', 'Pgtoken-Scheme', 'Pgtoken-Host', 'Pgtoken-Authorization', 'Pgtoken-Context-Latitude',
			'PGTOKEN-CONTEXT-RISK-SCORE', 'Pgtoken-Foo', 'pgtoken_method', 'pgtoken_certificate', 'Pgtoken_Address', 'X-SSL-Client-Cert', 'Client-Cert', 'Client-Cert-Chain', 'X-Forwarded-For',
			'X-Forwarded-Method', 'X-HTTP-Method-Override', 'Forwarded', 'X-Real-IP', 'X-Geo-Latitude', 'X-Risk-Score', 'X-Session-Id', 'Range', 'Prefer', 'Accept-Profile', 'Content-Profile', 'Cookie',
			'Content-Range', 'If-None-Match', 'X-Anything'];
		for (const value of ['invented', ['invented', 'invented']]) {
			await call(ports.issuer, 'POST', '/oauth2/token', { headers: Object.fromEntries(names.map((name) => [name, value])), body: 'a=b' });
			const { headers } = seen.at(-1);
			assert.deepEqual(Object.keys(headers).filter((name) => !PASSED.includes(name)), []);
			assert.deepEqual(Object.entries(headers).filter(([, content]) => String(content).includes('invented')), []);
			assert.deepEqual([headers['pgtoken-address'], headers['pgtoken-method'], headers['pgtoken-certificate']], ['127.0.0.1', 'POST', undefined]);
		}
		// the API, which sees the client's other headers
		const invented = Object.fromEntries(names.filter((name) => /cert|geo|risk|session|^pgtoken-address/i.test(name) && !name.includes('_') && !/context/i.test(name)).map((name) => [name, 'invented']));
		await call(ports.api, 'POST', '/notes', { headers: { ...invented, 'x-forwarded-for': '192.0.2.1' }, body: '{}' });
		const { headers } = seen.at(-1);
		assert.deepEqual(Object.entries(headers).filter(([, content]) => content === 'invented'), []);
		assert.equal(headers['x-forwarded-for'].split(', ').at(-1), '127.0.0.1');
	});

	// RFC 9728: a client of the API asks its host for its metadata; nothing else there is the token service's
	it('the API\'s metadata are the token service\'s to answer', async () => {
		for (const [path, method] of [['/.well-known/oauth-protected-resource', 'GET'], ['/.well-known/oauth-protected-resource/notes?x=1', 'OPTIONS']]) {
			await call(ports.api, method, path, { headers: { host: 'api.test:8443', origin: 'https://a.example', authorization: 'Bearer x', 'pgtoken-host': 'login.test', 'x-anything': 'x' } });
			const { method: came, url, headers } = seen.at(-1);
			assert.deepEqual([came, url, headers['pgtoken-method'], headers['pgtoken-target'], headers['pgtoken-host'], headers['pgtoken-origin']],
				['POST', '/rpc/handle', method, path, 'api.test:8443', 'https://a.example']);
			assert.deepEqual(Object.keys(headers).filter((name) => !PASSED.includes(name) || name === 'pgtoken-authorization'), []);
		}
		await call(ports.api, 'GET', '/.well-known/openid-configuration');
		assert.equal(seen.at(-1).url, '/.well-known/openid-configuration');
	});

	it('PostgREST\'s own challenges name them, too', async () => {
		const metadata = 'resource_metadata="https://api.test/.well-known/oauth-protected-resource"';
		for (const [said, sent] of [['Bearer', `Bearer ${metadata}`], ['Bearer error="invalid_token", error_description="JWT expired"', `Bearer error="invalid_token", error_description="JWT expired", ${metadata}`],
			['Bearer realm="i", resource_metadata="https://x.test/m"', 'Bearer realm="i", resource_metadata="https://x.test/m"'], [undefined, undefined]]) {
			next = { headers: said === undefined ? {} : { 'www-authenticate': said } };
			const { headers } = await call(ports.api, 'GET', '/notes', { headers: { host: 'api.test' } });
			assert.equal(headers['www-authenticate'], sent);
		}
		next = undefined;
	});

	it('a certificate counts when nginx has verified it, and only then', async () => {
		await call(ports.issuer, 'POST', '/oauth2/token', { key: true, headers: { 'pgtoken-certificate': 'invented' }, body: 'a=b' });
		assert.equal(decodeURIComponent(seen.at(-1).headers['pgtoken-certificate']), certificate().toString());
		await call(ports.api, 'GET', '/notes', { key: true, headers: { 'x-ssl-client-cert': 'invented' } });
		assert.equal(decodeURIComponent(seen.at(-1).headers['x-ssl-client-cert']), certificate().toString());
		await call(ports.api, 'GET', '/notes', { headers: { 'x-ssl-client-cert': 'invented' } });
		assert.equal(seen.at(-1).headers['x-ssl-client-cert'], undefined);
	});

	// the fault: one browser that sends what PostgREST cannot read has a 500
	it('what is no UTF-8 does not reach PostgREST: a user agent is left out, others are 400', async () => {
		const head = (line, target = '/oauth2/jwks') => `GET ${target} HTTP/1.1\r\nHost: login.test\r\nConnection: close\r\n${line}\r\n\r\n`;
		for (const agent of ['\xff', 'x\xc3', '\xc0\xaf', '\xed\xa0\x80', '\xf4\x90\x80\x80']) {
			const before = seen.length;
			assert.match(await raw(ports.issuer, head(`User-Agent: agent ${agent}`)), /^HTTP\/1.1 401 /);
			assert.deepEqual([seen.length, seen.at(-1).headers['user-agent']], [before + 1, undefined]);
		}
		await raw(ports.issuer, head('User-Agent: \xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80'));
		assert.equal(Buffer.from(seen.at(-1).headers['user-agent'], 'latin1').toString(), 'ü€😀');
		const before = seen.length;
		for (const text of [head('Authorization: Bearer \xff'), head('DPoP: \xe9'), head('Accept: \xc3\xbc'), head('X: y', '/oauth2/authorize?state=\xff')]) {
			assert.match(await raw(ports.issuer, text), /^HTTP\/1.1 400 .*\r\n\r\n.*invalid_request/s);
		}
		assert.equal(seen.length, before);
	});

	it('the answer is the function\'s, without what PostgREST adds', async () => {
		const own = { 'content-type': 'application/jwk-set+json', 'cache-control': 'no-store', 'dpop-nonce': 'nonce', 'www-authenticate': 'DPoP error="use_dpop_nonce"', vary: 'Origin',
			'access-control-allow-origin': 'https://a.example', 'access-control-expose-headers': 'DPoP-Nonce' };
		const added = { 'content-range': '0-0/*', 'content-profile': 'pgtoken_postgrest', 'content-location': '/rpc/handle', 'server-timing': 'jwt;dur=1', 'preference-applied': 'x',
			'proxy-status': 'PostgREST' };
		for (const status of [200, 201, 303, 400, 401, 403, 404, 405, 415]) {
			next = { status, headers: { ...own, ...added }, body: '{"a": 1}' };
			const response = await call(ports.issuer, 'POST', '/oauth2/token', { headers: { origin: 'https://a.example' }, body: 'a=b' });
			assert.deepEqual([response.status, response.text], [status, '{"a": 1}']);
			for (const [name, value] of Object.entries(own)) assert.deepEqual([response.headers[name], times(response, name)], [value, 1], name);
			for (const name of Object.keys(added)) assert.equal(response.headers[name], undefined, name);
		}
		next = { status: 200, headers: { vary: 'Accept, Prefer, Range' }, body: '' };
		const { headers } = await call(ports.issuer, 'POST', '/oauth2/revoke', { body: 'token=x' });
		assert.deepEqual([headers['content-type'], headers.vary], [undefined, undefined]);
		next = { status: 200, headers: own, body: '{"a": 1}' };
		const head = await call(ports.issuer, 'HEAD', '/oauth2/jwks');
		assert.deepEqual([head.status, head.text, head.headers['content-length'], head.headers['content-type']], [200, '', '8', own['content-type']]);
		next = undefined;
	});

	// the fault: the client reads the text of an error in the database, or that it has made one itself
	it('what was raised is 500, or 503 with one Retry-After, in words of nginx\'s', async () => {
		const code = (name) => ({ 'proxy-status': `PostgREST; error=${name}`, 'content-type': 'application/json; charset=utf-8' });
		const body = '{"code":"XX000","message":"the salary is 1000","details":null,"hint":null}';
		for (const [status, headers, wanted, error] of [[500, code('XX000'), 500, 'server_error'], [500, code('40001'), 503, 'temporarily_unavailable'],
			[500, code('40P01'), 503, 'temporarily_unavailable'], [500, code('57P03'), 503, 'temporarily_unavailable'], [500, code('57014'), 500, 'server_error'],
			[503, { ...code('53300'), 'retry-after': '1' }, 503, 'temporarily_unavailable'], [504, code('PGRST003'), 503, 'temporarily_unavailable'], [406, code('PGRST106'), 500, 'server_error'],
			[409, code('23505'), 500, 'server_error'], [500, {}, 500, 'server_error']]) {
			next = { status, headers, body };
			const response = await call(ports.issuer, 'POST', '/oauth2/token', { headers: { origin: 'https://a.example' }, body: 'a=b' });
			assert.deepEqual([response.status, JSON.parse(response.text).error], [wanted, error], JSON.stringify(headers));
			assert.match(response.headers['content-type'], /^application\/json/);
			assert.deepEqual([times(response, 'retry-after'), response.headers['retry-after']], wanted === 503 ? [1, '5'] : [0, undefined]);
			assert.deepEqual([response.headers['access-control-allow-origin'], response.headers['proxy-status'], response.headers['cache-control']], ['*', undefined, 'no-store']);
		}
		next = undefined;
	});

	// the fault: what the database says is missing ends at nginx, or what PostgREST says of a database that is away gets through
	it('at /ready it says what is missing, as the database has it, or that it is away; /live is its own', async () => {
		const missing = '{"ready": false, "missing": ["signing_key"], "late": []}';
		for (const [headers, body, told] of [[{ 'pgtoken-ready': missing }, missing, ['signing_key']],
			[{ 'content-type': 'application/json', 'proxy-status': 'PostgREST; error=PGRST001', 'retry-after': '1' }, '{"code":"PGRST001"}', ['database']]]) {
			next = { status: 503, headers, body };
			const response = await call(ports.issuer, 'GET', '/ready?x=y');
			assert.deepEqual([response.status, JSON.parse(response.text).missing, response.headers['pgtoken-ready'], times(response, 'retry-after')], [503, told, undefined, 1]);
			assert.match(response.headers['content-type'], /^application\/json/);
			const other = await call(ports.issuer, 'GET', '/oauth2/jwks');
			assert.equal(JSON.parse(other.text).error, 'temporarily_unavailable', 'and nowhere else');
		}
		const live = await call(ports.issuer, 'GET', '/live');
		assert.deepEqual([live.status, JSON.parse(live.text)], [200, { live: true }]);
		next = undefined;
	});

	it('its own answers are JSON that scripts may read', async () => {
		const cases = { 400: 'GET / HTTP/1.1\r\n\r\n', 413: 'POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\nConnection: close\r\n\r\n',
			414: `GET /?${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 405: 'TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' };
		const headers = `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`;
		for (const [status, text] of [...Object.entries(cases), ['400', headers], ['400', 'GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n']]) {
			const response = await raw(ports.issuer, text);
			assert.match(response, new RegExp(`^HTTP/1.1 ${status} `));
			assert.match(response, /\r\nContent-Type: application\/json\r\n.*\r\nAccess-Control-Allow-Origin: \*\r\n.*\r\n\r\n\{"error": "invalid_request"/s, status);
		}
		assert.equal((await call(ports.issuer, 'GET', '/pgtoken-error')).status, 404, 'and cannot be asked for');
		const where = { standIn: 1, ...Object.fromEntries((await freePorts(2)).map((port, i) => [['issuer', 'api'][i], port])), directory: mkdtempSync(join(directory, 'away-')) };
		const nginx = await start(where);
		for (const port of [where.issuer, where.api]) {
			const response = await call(port, 'GET', '/oauth2/jwks');
			assert.match(response.text, /"(temporarily_unavailable|server_error)"/);
			assert.deepEqual([response.headers['access-control-allow-origin'], response.headers['retry-after']], ['*', '5']);
		}
		await nginx.stop();
	});

	// the fault: a page that asks its API thirty times costs its user the next refresh
	it('too many requests are 429 with Retry-After, at one server and not at the other', async () => {
		const where = { ...ports, ...Object.fromEntries((await freePorts(2)).map((port, i) => [['issuer', 'api'][i], port])), directory: mkdtempSync(join(directory, 'rate-')) };
		const nginx = await start(where, (text) => text.replaceAll('rate=10000r/s', 'rate=1r/m').replaceAll('burst=5000', 'burst=1'));
		let response;
		do response = await call(where.api, 'GET', '/notes'); while (response.status !== 429);
		assert.deepEqual([JSON.parse(response.text).error, response.headers['retry-after'], response.headers['access-control-allow-origin']], ['temporarily_unavailable', '2', '*']);
		assert.equal((await call(where.issuer, 'GET', '/oauth2/jwks')).status, 401);
		do response = await call(where.issuer, 'GET', '/oauth2/jwks'); while (response.status !== 429);
		assert.deepEqual([JSON.parse(response.text).error, response.headers['retry-after'], response.headers['access-control-allow-origin']], ['temporarily_unavailable', '2', '*']);
		await nginx.stop();
	});

	// a browser's client that cannot read the nonce never gets a token
	it('the API: scripts may read the nonce, and why they were refused', async () => {
		next = { status: 401, headers: { 'access-control-allow-origin': '*', 'access-control-expose-headers': EXPOSED } };
		const { status, headers } = await call(ports.api, 'POST', '/notes', { headers: { origin: 'https://app.example' }, body: 'a=b' });
		assert.equal(status, 401);
		const readable = words(headers['access-control-expose-headers']);
		for (const header of ['dpop-nonce', 'www-authenticate', 'retry-after', ...words(EXPOSED).filter((word) => word !== 'transfer-encoding')]) assert.ok(readable.includes(header), header);
		next = undefined;
	});

	it('a token of 10 kB and a query string of as much come through, and a long Location comes back', async () => {
		const long = 'x'.repeat(10_000);
		next = { status: 303, headers: { location: `https://client.example/cb?state=${long}` } };
		const { status, headers } = await call(ports.issuer, 'GET', `/oauth2/authorize?state=${long}`, { headers: { authorization: `Bearer ${long}` } });
		assert.deepEqual([status, headers.location.length], [303, next.headers.location.length]);
		assert.ok(seen.at(-1).headers['pgtoken-authorization'].endsWith(long) && seen.at(-1).headers['pgtoken-target'].endsWith(long));
		next = undefined;
		assert.equal((await call(ports.api, 'POST', `/notes?q=${long}`, { headers: { authorization: `Bearer ${long}` }, body: '{}' })).status, 401);
		assert.ok(seen.at(-1).headers.authorization.endsWith(long));
	});

	it('query strings are in no log', async () => {
		await call(ports.issuer, 'GET', '/oauth2/authorize?state=in-no-log', { headers: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' } });
		for (const name of ['pgtoken.log', 'pgtoken-error.log', 'error.log']) assert.ok(!readFileSync(join(directory, name), 'utf8').includes('in-no-log'), name);
		const lines = readFileSync(join(directory, 'pgtoken.log'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
		const { request_id: id, trace_id: trace, method, path, status, duration_ms: ms, level } = lines.at(-1);
		assert.deepEqual([trace, method, path, status, level], ['4bf92f3577b34da6a3ce929d0e0e4736', 'GET', '/oauth2/authorize', 401, 'info']);
		assert.ok(ms >= 0 && seen.at(-1).headers['pgtoken-request-id'] === id && seen.at(-1).headers.traceparent.includes(trace));
		// what nginx answers itself
		const { headers } = await call(ports.issuer, 'GET', '/oauth2/\u00e4', {});
		assert.match(headers['x-request-id'], /^[0-9a-f]{32}$/);
	});
});
