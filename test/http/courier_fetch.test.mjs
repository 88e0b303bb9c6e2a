// http/courier: fetching and delivering under the guard, without a database.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';

import { parseNetwork } from '../../http/courier/address.js';
import { deliver } from '../../http/courier/deliver.js';
import { fetchDocument, maxAge } from '../../http/courier/fetch.js';
import { failureOf } from '../../http/courier/failure.js';
import { judgeUrl, makeGuard } from '../../http/courier/guard.js';
import { deliverSignal } from '../../http/courier/signal.js';
import { makeAuthority, readAuthority, startReceiver } from './courier_receiver.mjs';

const PATIENCE = 600_000; // milliseconds that nothing takes
const HASTE = 300; // that something takes which never ends

const authority = makeAuthority();
after(() => rmSync(authority, { recursive: true }));
const tls = readAuthority(authority);
const LOOPBACK = ['127.0.0.1', '::1'].map(parseNetwork);
const guard = makeGuard({ allowed: LOOPBACK, ca: tls.ca });
const strict = makeGuard({ ca: tls.ca });

const json = (status, content, headers = {}) => (_, response) => response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(content);

const ANSWERS = {
	'/keys': json(200, '{"keys": []}', { 'Cache-Control': 'public, max-age=600', ETag: '"one"', 'Last-Modified': 'Sat, 01 Aug 2026 00:00:00 GMT' }),
	'/set': json(200, '{"keys": []}', { 'Content-Type': 'application/jwk-set+json; charset=utf-8' }),
	'/jwt': json(200, 'a.b.c', { 'Content-Type': 'application/jwt' }),
	'/request': json(200, 'a.b.c', { 'Content-Type': 'application/oauth-authz-req+jwt' }),
	'/html': json(200, '<p>', { 'Content-Type': 'text/html' }),
	'/untyped': (_, response) => response.end('{}'),
	'/unchanged': json(304, ''),
	'/full': json(200, 'x'.repeat(65_536)),
	'/long': json(200, 'x'.repeat(65_537)),
	'/endless': (_, response) => {
		response.writeHead(200, { 'Content-Type': 'application/json' });
		const more = () => { if (!response.destroyed) response.write('x'.repeat(1000), more); };
		more();
	},
	'/gzip': json(200, gzipSync('x'.repeat(1_000_000)), { 'Content-Encoding': 'gzip' }),
	'/latin1': json(200, Buffer.from([0x22, 0xe4, 0x22])),
	'/nul': json(200, '"\0"'),
	'/redirect': (_, response) => response.writeHead(302, { Location: '/keys' }).end(),
	'/slow-head': () => {},
	'/slow-body': (_, response) => {
		response.writeHead(200, { 'Content-Type': 'application/json' });
		const timer = setInterval(() => response.write(' '), 10);
		response.on('close', () => clearInterval(timer));
	},
	'/cut': (_, response) => {
		response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '100' }).write('{');
		setImmediate(() => response.destroy());
	},
	'/busy': json(503, '', { 'Retry-After': '7' }),
	'/refused': json(400, '{"err": "jwtAud", "description": "not for us"}'),
	'/refused-badly': json(400, '{"err": "two words\\u0007"}'),
	'/refused-as-html': json(400, '<p>no</p>'),
	'/refused-at-length': json(400, JSON.stringify({ err: 'x', description: 'x'.repeat(5000) })),
};

let receiver;
before(async () => {
	receiver = await startReceiver(tls, (request, response) => {
		const [, status] = /^\/status\/(\d+)$/.exec(request.url) ?? [];
		if (status) response.writeHead(Number(status)).end();
		else ANSWERS[request.url](request, response);
	});
});
after(() => receiver.close());

const fetchFrom = (url, { by = guard, timeout = PATIENCE, ...request } = {}) => fetchDocument(by, { url, accept: 'application/json', ...request }, { timeout });
const fetchPath = (path, options) => fetchFrom(receiver.url(path), options);
const fails = (promise, said, permanent) => assert.rejects(promise, (error) => {
	const { message, permanent: lasts } = failureOf(error);
	assert.match(message, said);
	if (permanent !== undefined) assert.equal(lasts, permanent, message);
	return true;
});

describe('documents', () => {
	it('come with what is said of their age, and with what a later request needs', async () => {
		assert.deepEqual(await fetchPath('/keys'), { status: 200, content_type: 'application/json', body: '{"keys": []}', max_age: 600, etag: '"one"', last_modified: 'Sat, 01 Aug 2026 00:00:00 GMT' });
		const { method, headers } = receiver.seen.at(-1);
		assert.equal(method, 'GET');
		assert.deepEqual(headers, { host: `localhost:${receiver.port}`, 'user-agent': 'pgtoken-courier', accept: 'application/json', 'accept-encoding': 'identity', connection: 'close' });
	});

	it('may be unchanged, if that was asked', async () => {
		assert.deepEqual(await fetchPath('/unchanged', { etag: '"one"', last_modified: 'Sat, 01 Aug 2026 00:00:00 GMT' }), { status: 304, max_age: null });
		assert.equal(receiver.seen.at(-1).headers['if-none-match'], '"one"');
		assert.equal(receiver.seen.at(-1).headers['if-modified-since'], 'Sat, 01 Aug 2026 00:00:00 GMT');
		await fails(fetchPath('/unchanged'), /^a redirect: 304$/, true);
	});

	it('are of a type that was asked for', async () => {
		assert.equal((await fetchPath('/set')).content_type, 'application/jwk-set+json');
		for (const path of ['/html', '/untyped', '/jwt']) await fails(fetchPath(path), /content type/, true);
		const accept = 'application/oauth-authz-req+jwt';
		for (const path of ['/jwt', '/request']) assert.equal((await fetchPath(path, { accept })).body, 'a.b.c');
		for (const path of ['/html', '/keys']) await fails(fetchPath(path, { accept }), /content type/, true);
	});

	it('which failures come right by themselves', async () => {
		for (const status of [408, 425, 429, 500, 502, 503, 504]) await fails(fetchPath(`/status/${status}`), new RegExp(`^the answer was ${status}$`), false);
		for (const status of [204, 206, 400, 401, 404, 410]) await fails(fetchPath(`/status/${status}`), new RegExp(`^the answer was ${status}$`), true);
		await assert.rejects(fetchPath('/busy'), { retryAfter: 7, permanent: false });
		await fails(fetchPath('/cut'), /^it broke: E/, false);
	});

	it('for how long they are good', () => {
		const now = Date.parse('2026-01-01T00:00:00Z');
		for (const [headers, seconds] of [
			[{}, null], [{ 'cache-control': 'max-age=60' }, 60], [{ 'cache-control': 'private, Max-Age="60", must-revalidate', age: '20' }, 40], [{ 'cache-control': 'max-age=60', age: '99' }, 0],
			[{ 'cache-control': 'max-age=60, no-store' }, 0], [{ 'cache-control': 'no-cache' }, 0], [{ 'cache-control': 'max-age=-1' }, null], [{ 'cache-control': 's-maxage=60' }, null],
			[{ expires: 'Thu, 01 Jan 2026 00:01:00 GMT' }, 60], [{ expires: 'Thu, 01 Jan 2025 00:01:00 GMT' }, 0], [{ expires: '0' }, 0], [{ expires: 'soon' }, 0],
			[{ 'cache-control': 'max-age=5', expires: 'Thu, 01 Jan 2026 00:01:00 GMT' }, 5], [{ 'cache-control': 'max-age=99999999999' }, null],
		]) assert.equal(maxAge(headers, now), seconds, JSON.stringify(headers));
	});
});

describe('the guard', () => {
	it('Attack shut out: URLs that are no https URL of somebody else\'s host', () => {
		for (const url of ['', 'keys', '//localhost/', 'https://', 'https:///x y', 'ftp://example.com/', 'file:///etc/passwd', 'gopher://example.com/', 'data:application/json,{}', 'javascript:0', 'unix:/run/x',
			'https://user@example.com/', 'https://user:secret@example.com/', 'https://:secret@example.com/', 'https://example.com:22/', 'https://example.com:25/', 'https://example.com:80/',
			'https://example.com:1023/', 'https://example.com:0/', 'https://example.com:65536/', 'http://example.com:443/']) {
			assert.throws(() => judgeUrl(url), { permanent: true }, url);
		}
		for (const url of ['https://example.com/', 'https://example.com:1024/', 'https://example.com:8443/x?y', 'https://[2606:4700::1]/']) judgeUrl(url);
	});

	it('Attack shut out: a URL that names an address inside, in whatever form a URL may have it', async () => {
		const { port } = receiver;
		const before = receiver.connections();
		for (const host of ['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '127.0.0.1.', '%31%32%37.0.0.1', '①②⑦.0.0.1', 'localhost', 'LOCALHOST.', 'a.localhost', '0.0.0.0',
			'[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[64:ff9b::127.0.0.1]', '[::]', '169.254.169.254', '[fd00:ec2::254]', '10.0.0.1']) {
			await fails(fetchFrom(`https://${host}:${port}/keys`, { by: strict }), /not public/, true);
		}
		assert.equal(receiver.connections(), before, 'nobody was called');
	});

	it('Attack shut out: a name of which one address of several is inside', async () => {
		const before = receiver.connections();
		for (const addresses of [['127.0.0.1'], ['93.184.216.34', '127.0.0.1'], ['2606:4700::1', '::ffff:10.0.0.1'], ['fe80::1%lo'], ['']]) {
			const by = makeGuard({ ca: tls.ca, resolve: async () => addresses });
			await fails(fetchFrom(`https://evil.example:${receiver.port}/keys`, { by }), /not public/, true);
		}
		assert.equal(receiver.connections(), before);
	});

	it('Attack shut out: a name that leads elsewhere when it is asked again (DNS rebinding)', async () => {
		const inside = await startReceiver(tls, json(200, '{"inside": true}'), '127.0.0.2');
		// the port is the inside's, where nobody listens at the first address
		const asked = [];
		const by = makeGuard({ allowed: LOOPBACK, ca: tls.ca, resolve: async (name) => (asked.push(name) === 1 ? ['127.0.0.1'] : ['127.0.0.2']) });
		await fails(fetchFrom(`https://evil.example:${inside.port}/keys`, { by }), /ECONNREFUSED/, false);
		assert.deepEqual(asked, ['evil.example'], 'asked once, and what was judged is what was called');
		await fails(fetchFrom(`https://evil.example:${inside.port}/keys`, { by }), /not public/, true);
		assert.equal(inside.connections(), 0);
		await inside.close();
	});

	it('Attack shut out: an address that becomes another when it is called', async () => {
		const before = receiver.seen.length;
		// to Linux 0.0.0.0 is the machine itself
		const by = makeGuard({ allowed: [parseNetwork('0.0.0.0')], ca: tls.ca, resolve: async () => ['0.0.0.0'] });
		await fails(fetchFrom(`https://client.example:${receiver.port}/keys`, { by }), /not public/, true);
		assert.equal(receiver.seen.length, before);
	});

	it('what was judged is what is called, by the name that the certificate has to have', async () => {
		const by = makeGuard({ allowed: LOOPBACK, ca: tls.ca, resolve: async () => ['127.0.0.1'] });
		assert.equal((await fetchFrom(`https://client.example:${receiver.port}/keys`, { by })).status, 200);
		assert.equal((await fetchFrom(`https://client.example.:${receiver.port}/keys`, { by })).status, 200);
		assert.equal((await fetchFrom(receiver.url('/keys', '127.0.0.1'))).status, 200);
		await fails(fetchFrom(`https://elsewhere.test:${receiver.port}/keys`, { by }), /ERR_TLS_CERT_ALTNAME_INVALID/, false);
	});

	it('Attack shut out: a receiver in the middle, whose certificate nobody vouches for', async () => {
		const before = receiver.seen.length;
		await fails(fetchPath('/keys', { by: makeGuard({ allowed: LOOPBACK }) }), /UNABLE_TO_VERIFY|SELF_SIGNED|CERT/, false);
		assert.equal(receiver.seen.length, before, 'it was sent nothing');
	});

	it('Attack shut out: a redirect to the inside', async () => {
		const before = receiver.seen.length;
		for (const [path, status] of [['/redirect', 302], ...[300, 301, 303, 307, 308].map((code) => [`/status/${code}`, code])]) {
			await fails(fetchPath(path), new RegExp(`^a redirect: ${status}$`), true);
		}
		assert.equal(receiver.seen.length, before + 6, 'not followed');
	});

	it('Attack shut out: an answer that fills the memory: long, endless, compressed', async () => {
		assert.equal((await fetchPath('/full')).body.length, 65_536);
		for (const path of ['/long', '/endless']) await fails(fetchPath(path), /too large/, true);
		await fails(fetchPath('/full', { max_bytes: 65_535 }), /too large/, true);
		await fails(fetchPath('/long', { max_bytes: 1e9 }), /too large/, true);
		await fails(fetchPath('/gzip'), /compressed/, true);
	});

	it('Attack shut out: bytes that the database could not store', async () => {
		await fails(fetchPath('/latin1'), /not UTF-8/, true);
		await fails(fetchPath('/nul'), /NUL/, true);
	});

	it('Attack shut out: a receiver that never comes to an end: no handshake, no head, a body by drops', async () => {
		const silent = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
		await once(silent, 'listening');
		await fails(fetchFrom(`https://localhost:${silent.address().port}/`, { timeout: HASTE }), /^not answered within 300 ms$/, false);
		await new Promise((closed) => { silent.close(closed); });
		for (const path of ['/slow-head', '/slow-body']) await fails(fetchPath(path, { timeout: HASTE }), /^not answered within 300 ms$/, false);
		const never = makeGuard({ resolve: (_, signal) => once(signal, 'never', { signal }) });
		await fails(fetchFrom('https://evil.example/', { by: never, timeout: HASTE }), /^not answered within 300 ms$/, false);
	});

	it('Attack shut out: a validator that would be a header of its own', async () => {
		await fails(fetchPath('/keys', { etag: '"x"\r\nX-Injected: 1' }), /ERR_INVALID_CHAR/);
	});

	it('in the clear only to the machine itself, and only where the operator allows that', async () => {
		const clear = await startReceiver(null, json(200, '{}'));
		assert.equal((await fetchFrom(clear.url('/keys'))).status, 200);
		await fails(fetchFrom(clear.url('/keys'), { by: strict }), /not public/, true);
		const by = makeGuard({ allowed: [parseNetwork('0.0.0.0/0')], resolve: async () => ['10.0.0.1'] });
		await fails(fetchFrom('http://intranet.example:8080/', { by }), /not https/, true);
		await fails(fetchFrom('http://93.184.216.34:8080/', { by }), /not https/, true);
		await clear.close();
	});

	it('what answers is HTTP', async () => {
		const other = createServer((socket) => socket.on('error', () => {}).resume().end('220 mail.example ESMTP\r\n')).listen(0, '127.0.0.1');
		await once(other, 'listening');
		await fails(fetchFrom(`http://localhost:${other.address().port}/`), /^it broke: HPE_/, false);
		await new Promise((closed) => { other.close(closed); });
	});

	it('a name that does not resolve may do so later', async () => {
		await fails(fetchFrom('https://nowhere.invalid/', { timeout: PATIENCE }), /^the host's name has no address: \w+$/, false);
	});
});

describe('deliveries', () => {
	const post = (path, options = {}) => deliver(options.by ?? guard, { url: receiver.url(path), content_type: 'application/x-www-form-urlencoded', body: 'a=ä', ...options }, { timeout: PATIENCE });

	it('are posted as they are, and any 2xx is yes', async () => {
		for (const status of [200, 201, 202, 204]) assert.deepEqual(await post(`/status/${status}`), { status });
		const { method, headers, body } = receiver.seen.at(-1);
		assert.equal(method, 'POST');
		assert.equal(body, 'a=ä');
		assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
		assert.equal(headers['content-length'], '4');
	});

	it('a receiver who says no is not asked again, one who cannot is', async () => {
		for (const status of [400, 401, 403, 404, 410, 413, 415, 422]) await fails(post(`/status/${status}`), new RegExp(`^the answer was ${status}$`), true);
		for (const status of [408, 425, 429, 500, 501, 503]) await fails(post(`/status/${status}`), new RegExp(`^the answer was ${status}$`), false);
		await assert.rejects(post('/busy'), { retryAfter: 7 });
	});

	it('Attack shut out: what a client is told goes to nobody else: no redirect, no address inside', async () => {
		const before = receiver.seen.length;
		await fails(post('/status/307'), /^a redirect: 307$/, true);
		await fails(post('/keys', { by: strict }), /not public/, true);
		assert.equal(receiver.seen.length, before + 1);
	});

	it('an answer is not waited for to its end', async () => {
		assert.deepEqual(await post('/endless'), { status: 200 });
	});
});

describe('signals', () => {
	const push = (path, by = guard) => deliverSignal(by, { url: receiver.url(path), content_type: 'application/secevent+jwt', body: 'a.b.c', headers: { Accept: 'application/json', Authorization: 'Bearer x' } },
		{ timeout: PATIENCE });

	it('are posted with the headers that the database says, and any 2xx is yes', async () => {
		for (const status of [200, 202, 204]) assert.deepEqual(await push(`/status/${status}`), { status });
		const { method, headers, body } = receiver.seen.at(-1);
		assert.equal(`${method} ${headers['content-type']} ${headers.accept} ${headers.authorization} ${body}`, 'POST application/secevent+jwt application/json Bearer x a.b.c');
	});

	it('a receiver who says what is wrong with one is heard (RFC 8935 section 2.3), whatever else he says is a failure', async () => {
		assert.deepEqual(await push('/refused'), { error: 'the receiver has refused it: jwtAud', permanent: true, refused: 'jwtAud' });
		for (const path of ['/refused-badly', '/refused-as-html', '/status/400', '/status/401', '/status/404']) await fails(push(path), /^the answer was 40\d$/, true);
		await fails(push('/refused-at-length'), /too large/, true);
		await fails(push('/status/500'), /^the answer was 500$/, false);
		await assert.rejects(push('/busy'), { retryAfter: 7 });
	});

	it('Attack shut out: a stream that leads inside, or elsewhere', async () => {
		const before = receiver.seen.length;
		await fails(push('/status/307'), /^a redirect: 307$/, true);
		await fails(push('/status/202', strict), /not public/, true);
		assert.equal(receiver.seen.length, before + 1);
	});
});
