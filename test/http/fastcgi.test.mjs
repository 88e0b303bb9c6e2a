// http/fastcgi/nginx.conf as it is shipped, with TLS and certificates of clients, before
// the server itself.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as later } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import * as h from './harness.mjs';
import { addressOf } from './layers/fastcgi.mjs';
import { freePorts, start } from './programs.mjs';

const CONFIGURATION = join(dirname(fileURLToPath(import.meta.url)), '../../http/fastcgi/nginx.conf');
const directory = mkdtempSync(join(tmpdir(), 'pgt-fastcgi-'));
const file = (name) => join(directory, name);
let nginx;
let ports;

/** the shipped file, with another port, certificates and logs, with mutual TLS switched on, for as many requests as come */
function configuration(port, address) {
	return readFileSync(CONFIGURATION, 'utf8')
		.replace('listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`)
		.replace(/# (ssl_client_certificate|ssl_verify_client|fastcgi_param PGTOKEN_CERTIFICATE)/g, '$1')
		.replaceAll(/\/etc\/pgtoken\/tls\/(server|clients-ca)/g, `${directory}/$1`)
		.replaceAll('unix:/run/pgtoken/shop.sock', `unix:${address}`)
		.replaceAll('/var/log/nginx/', `${directory}/`)
		.replaceAll('rate=30r/s', 'rate=10000r/s');
}

function certificate(name, ...args) {
	execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/O=Example/CN=${name}`,
		'-keyout', file(`${name}.key`), '-out', file(`${name}.crt`), ...args], { stdio: 'ignore' });
	return { key: readFileSync(file(`${name}.key`)), cert: readFileSync(file(`${name}.crt`)) };
}

function call(port, method, path, { body, headers = {}, tls = {} } = {}) {
	return new Promise((resolve, reject) => {
		const outgoing = request({ host: '127.0.0.1', port, method, path, headers, rejectUnauthorized: false, agent: false, ...tls }, (response) => {
			const chunks = [];
			response.on('data', (chunk) => chunks.push(chunk));
			response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() }));
		});
		outgoing.on('error', reject);
		outgoing.end(body);
	});
}

const form = (parameters, headers) => ({ body: new URLSearchParams(parameters).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } });

describe('http/fastcgi/nginx.conf', () => {
	let own;
	before(async () => {
		const [port, away] = await freePorts(2);
		ports = { here: port, away };
		certificate('server');
		certificate('clients-ca');
		own = certificate('machine', '-CA', file('clients-ca.crt'), '-CAkey', file('clients-ca.key'));
		writeFileSync(file('here.conf'), configuration(port, await addressOf(process.env)));
		writeFileSync(file('away.conf'), configuration(away, file('nobody')).replace(/^[^]*?(?=^server \{)/m, ''));
		const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${file(name)};`);
		writeFileSync(file('nginx.conf'), `daemon off; master_process off; pid ${file('pid')}; error_log ${file('error.log')};
			events {} http { access_log off; ${temporary.join(' ')} include ${file('here.conf')}; include ${file('away.conf')}; }`);
		const program = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx';
		nginx = await start('sh', ['-c', `"$0" -p "$1" -e "$1/error.log" -c "$1/nginx.conf" & trap 'kill $!; wait' TERM; echo started: listening; wait`, program, directory], {});
		while (!await call(port, 'GET', '/').then(({ status }) => status !== 503, () => false)) await new Promise((later) => { setTimeout(later, 50); });
	});
	after(async () => {
		await nginx?.stop();
		rmSync(directory, { recursive: true });
	});

	// the attack: a client invents the certificate that it is known by
	it('a certificate is what TLS has seen, and no header', async () => {
		const client = await h.newClient({ metadata: { grant_types: ['client_credentials'], token_endpoint_auth_method: 'tls_client_auth',
			tls_client_auth_subject_dn: 'CN=machine,O=Example' } });
		const asked = form({ grant_type: 'client_credentials', client_id: client.id });
		assert.equal((await call(ports.here, 'POST', '/oauth2/token', { ...asked, tls: own })).status, 200);
		const pem = encodeURIComponent(own.cert.toString());
		for (const name of ['pgtoken-certificate', 'client-cert', 'ssl-client-cert', 'x-ssl-client-cert', 'http-pgtoken-certificate', 'pgtoken_certificate']) {
			assert.equal((await call(ports.here, 'POST', '/oauth2/token', { ...asked, headers: { ...asked.headers, [name]: pem } })).status, 401, name);
		}
		const metadata = JSON.parse((await call(ports.here, 'GET', '/.well-known/openid-configuration')).text);
		assert.ok(metadata.token_endpoint_auth_methods_supported.includes('tls_client_auth'));
	});

	it('an address is that of the connection', async () => {
		const client = await h.newClient();
		const { refresh_token: refreshToken, grantId } = await h.newTokens(client);
		const answer = await call(ports.here, 'POST', '/oauth2/token', form({ grant_type: 'refresh_token', refresh_token: refreshToken },
			{ ...h.basic(client.id, client.secret), 'x-forwarded-for': '192.0.2.1', 'remote-addr': '192.0.2.1', 'pgtoken-proxied': 'on', 'pgtoken-context-risk-score': '1' }));
		assert.equal(answer.status, 200);
		const { context } = await h.family(grantId);
		assert.deepEqual([context.ip, context.risk_score], ['127.0.0.1', undefined]);
	});

	it('a long state goes to authorize and comes back, and a token of 10 kB comes through', async () => {
		const client = await h.newClient();
		const state = 's'.repeat(4_000);
		const asked = new URLSearchParams(h.authorizationParameters(client, h.newVerifier(), { state, response_type: 'token' }));
		const { status, headers } = await call(ports.here, 'GET', `/oauth2/authorize?${asked}`);
		assert.equal(status, 303);
		assert.equal(new URL(headers.location).searchParams.get('state'), state);
		assert.equal((await call(ports.here, 'GET', '/oauth2/userinfo', { headers: h.bearer('x'.repeat(10_000)) })).status, 401);
	});

	it('a body that is too large is refused, by the server and beyond that by nginx', async () => {
		for (const length of [70_000, 300_000]) {
			const { status, headers, text } = await call(ports.here, 'POST', '/oauth2/token', { ...form({}), body: `a=${'a'.repeat(length)}` });
			assert.deepEqual([status, headers['content-type'], JSON.parse(text).error], [413, 'application/json', 'invalid_request'], String(length));
		}
	});

	// the attack: nginx takes the host of the target, with its certificates and limits, and the server that of the header
	it('what nginx itself refuses is JSON: two hosts, a target or a header without end', async () => {
		const cases = [['https://other.example/oauth2/jwks', {}], [`/oauth2/jwks?${'a'.repeat(20_000)}`, {}], ['/oauth2/jwks', { 'x-long': 'a'.repeat(20_000) }]];
		for (const [path, more] of cases) {
			const { status, headers, text } = await call(ports.here, 'GET', path, { headers: more });
			assert.deepEqual([status, headers['content-type'], headers['access-control-allow-origin'], JSON.parse(text).error], [400, 'application/json', '*', 'invalid_request'], path.slice(0, 40));
		}
		const { status } = await call(ports.here, 'GET', `https://127.0.0.1:${ports.here}/oauth2/jwks`);
		assert.equal(status, 200, 'a target that says the host once more is no other one');
	});

	// the fault: a page of nginx's where a client waits for JSON, or an error that it takes for the end
	it('a server that is away is 503, and when to come again', async () => {
		const { status, headers, text } = await call(ports.away, 'GET', '/oauth2/jwks');
		assert.deepEqual([status, headers['retry-after'], headers['content-type'], JSON.parse(text).error], [503, '5', 'application/json', 'temporarily_unavailable']);
		// which says itself that it lives, and what is missing
		const [live, ready] = [await call(ports.away, 'GET', '/live'), await call(ports.away, 'GET', '/ready?x')];
		assert.deepEqual([live.status, JSON.parse(live.text)], [200, { live: true }]);
		assert.deepEqual([ready.status, ready.headers['retry-after'], JSON.parse(ready.text)], [503, '5', { ready: false, missing: ['database'], late: [] }]);
	});

	it('its log has paths, and no query', async () => {
		const { headers } = await call(ports.here, 'GET', '/oauth2/authorize?state=secret');
		const id = headers['x-request-id'];
		let log;
		// nginx writes its line once the answer has gone
		while (!(log = readFileSync(file('pgtoken.log'), 'utf8')).includes(`"${id}"`) || !log.endsWith('\n')) await later(20);
		const { method, path } = log.trim().split('\n').map((line) => JSON.parse(line)).find(({ request_id: of }) => of === id);
		assert.deepEqual([method, path], ['GET', '/oauth2/authorize']);
		assert.ok(!log.includes('secret'));
	});
});
