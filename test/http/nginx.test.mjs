// nginx.conf as it is shipped, both of its servers, before a stand-in that answers
// with the headers and the sizes that PostgREST has.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const CONFIGURATION = join(dirname(fileURLToPath(import.meta.url)), '../../http/nginx.conf');
// PostgREST's fixed list, which has neither of the two that OAuth needs
const EXPOSED = 'Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, Range-Unit';

const directory = mkdtempSync(join(tmpdir(), 'pgt-nginx-'));
const seen = []; // what has reached the stand-in
let standIn;
let nginx;
let ports;

/** as PostgREST answers: with the length of what it got, and what it was asked to send back */
function answer(incoming, outgoing) {
	const chunks = [];
	incoming.on('data', (chunk) => chunks.push(chunk));
	incoming.on('end', () => {
		const body = Buffer.concat(chunks).toString();
		seen.push({ method: incoming.method, url: incoming.url, headers: incoming.headers, body });
		const state = new URLSearchParams(body).get('state');
		outgoing.writeHead(state === null ? 401 : 303, {
			'access-control-allow-origin': '*', 'access-control-expose-headers': EXPOSED, 'content-type': 'application/json',
			'dpop-nonce': 'nonce', 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'cache-control': 'no-store',
			...(state !== null && { location: `https://client.example/cb?state=${state}` }),
		});
		outgoing.end('{}');
	});
}

async function freePort() {
	const socket = createSocket();
	await new Promise((ready) => socket.listen(0, '127.0.0.1', ready));
	const { port } = socket.address();
	await new Promise((closed) => socket.close(closed));
	return port;
}

/** the shipped file, with other ports, certificates and logs, and with its second server switched on */
function configuration() {
	const text = readFileSync(CONFIGURATION, 'utf8');
	const api = text.indexOf('# server {');
	assert.ok(api > 0, 'the API\'s server stands at the end, commented out');
	return (text.slice(0, api) + text.slice(api).replace(/^# ?/gm, ''))
		.replace('listen 443 ssl;', `listen 127.0.0.1:${ports.issuer} ssl;`)
		.replace('listen 443 ssl;', `listen 127.0.0.1:${ports.api} ssl;`)
		.replaceAll(/127\.0\.0\.1:300[12]\b/g, `127.0.0.1:${ports.standIn}`)
		.replaceAll(/\/etc\/pgtoken\/tls\/\w+/g, join(directory, 'server'))
		.replaceAll('/var/log/nginx/', `${directory}/`)
		.replaceAll('rate=30r/s', 'rate=10000r/s'); // how fast the tests are is not the question
}

function call(port, method, path, { headers = {}, body } = {}) {
	return new Promise((resolve, reject) => {
		const outgoing = request({ host: '127.0.0.1', port, method, path, headers, rejectUnauthorized: false }, (response) => {
			response.resume();
			response.on('end', () => resolve({ status: response.statusCode, headers: response.headers }));
		});
		outgoing.on('error', reject);
		outgoing.end(body);
	});
}

const words = (list) => (list ?? '').toLowerCase().split(',').map((word) => word.trim());

describe('nginx.conf', () => {
	before(async () => {
		chmodSync(directory, 0o755);
		standIn = createServer({ maxHeaderSize: 64 * 1024 }, answer);
		await new Promise((ready) => standIn.listen(0, '127.0.0.1', ready));
		ports = { standIn: standIn.address().port, issuer: await freePort(), api: await freePort() };
		execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
			'-keyout', join(directory, 'server.key'), '-out', join(directory, 'server.crt')], { stdio: 'ignore' });
		writeFileSync(join(directory, 'pgtoken.conf'), configuration());
		const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`);
		writeFileSync(join(directory, 'nginx.conf'), `daemon off; master_process off; pid ${directory}/nginx.pid; error_log ${directory}/error.log;
			events {} http { access_log off; ${temporary.join(' ')} include ${directory}/pgtoken.conf; }`);
		nginx = spawn(existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx', ['-p', directory, '-e', `${directory}/error.log`, '-c', `${directory}/nginx.conf`], { stdio: ['ignore', 'ignore', 'pipe'] });
		let complaints = '';
		nginx.stderr.on('data', (chunk) => { complaints += chunk; });
		nginx.on('error', (error) => { complaints += error.message; });
		for (let answered = false; !answered;) {
			assert.ok(nginx.exitCode === null && nginx.pid !== undefined, `nginx does not start: ${complaints}`);
			answered = await call(ports.issuer, 'GET', '/').then(() => true, () => false);
			if (!answered) await new Promise((later) => { setTimeout(later, 50); });
		}
	});

	after(async () => {
		if (nginx?.exitCode === null && nginx.pid !== undefined) {
			const ended = once(nginx, 'close');
			nginx.kill('SIGTERM');
			await ended;
		}
		standIn?.close();
		rmSync(directory, { recursive: true });
	});

	for (const [name, where] of [['the issuer', ['issuer', '/oauth2/token']], ['the API', ['api', '/notes']]]) {
		// a browser's client that cannot read the nonce never gets a token
		it(`${name}: scripts may read the nonce, and why they were refused`, async () => {
			const { status, headers } = await call(ports[where[0]], 'POST', where[1], { headers: { origin: 'https://app.example' }, body: 'a=b' });
			assert.equal(status, 401);
			const readable = words(headers['access-control-expose-headers']);
			for (const header of ['dpop-nonce', 'www-authenticate', 'retry-after', ...words(EXPOSED).filter((word) => word !== 'transfer-encoding')]) {
				assert.ok(readable.includes(header), header);
			}
		});

		it(`${name}: a token of 10 kB and a query string of as much come through`, async () => {
			const long = 'x'.repeat(10_000);
			const { status } = await call(ports[where[0]], 'POST', `${where[1]}?q=${long}`, { headers: { authorization: `Bearer ${long}` }, body: 'a=b' });
			assert.equal(status, 401);
			assert.ok(seen.at(-1).headers.authorization.endsWith(long));
		});
	}

	it('a long state goes to authorize and comes back', async () => {
		const state = 's'.repeat(10_000);
		const { status, headers } = await call(ports.issuer, 'GET', `/oauth2/authorize?client_id=x&state=${state}`);
		assert.deepEqual([status, headers.location], [303, `https://client.example/cb?state=${state}`]);
		assert.deepEqual([seen.at(-1).method, seen.at(-1).url], ['POST', '/rpc/authorize']);
	});

	// RFC 9700 section 2.6
	it('scripts of other origins have no business where browsers go', async () => {
		for (const path of ['/oauth2/authorize', '/oauth2/logout']) {
			const { headers } = await call(ports.issuer, 'GET', path, { headers: { origin: 'https://app.example' } });
			for (const name of ['access-control-allow-origin', 'access-control-expose-headers']) assert.equal(headers[name], undefined, `${path}: ${name}`);
		}
	});

	// the attack: a client writes what only the proxy may say
	it('nothing that the database would believe comes from the client', async () => {
		const invented = Object.fromEntries(['x-ssl-client-cert', 'client-cert', 'client-cert-chain', 'x-forwarded-method', 'x-geo-latitude', 'x-geo-longitude',
			'x-risk-score', 'x-collected-at', 'x-session-id'].map((header) => [header, 'invented']));
		for (const [port, path] of [[ports.issuer, '/oauth2/token'], [ports.api, '/notes']]) {
			await call(port, 'POST', path, { headers: { ...invented, 'x-forwarded-for': '192.0.2.1' }, body: 'a=b' });
			const { headers } = seen.at(-1);
			assert.deepEqual(Object.keys(invented).filter((header) => headers[header] === 'invented'), [], path);
			assert.equal(headers['x-forwarded-for'].split(', ').at(-1), '127.0.0.1');
		}
	});
});
