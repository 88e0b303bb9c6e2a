// PostgREST behind nginx, as http/ ships it: nginx.conf and the two postgrest*.conf
// with other ports, in front of the stand-in (../postgrest_stand_in.mjs), or of the
// real one where POSTGREST names its program.
//
//   start({env, port, proxyPort, standby}) -> {url, proxyUrl, stop()}
//
// env: PGHOST, PGPORT, PGDATABASE of the database that examples/setup.sql and
// test/http/setup.sql were run in.  proxyUrl: the same behind a proxy that vouches for
// what its headers say, as PROXY_URL has it (../README.md).  The API is below /api.
// standby: the function for one, which only reads.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const ROOT = join(here, '../../..');
const STAND_IN = join(here, '../postgrest_stand_in.mjs');
const NGINX = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx';

/** n free ports, held at the same time so that they differ */
export async function freePorts(n) {
	const held = await Promise.all(Array.from({ length: n }, async () => {
		const server = createServer();
		server.listen(0, '127.0.0.1');
		await once(server, 'listening');
		return server;
	}));
	const ports = held.map((server) => server.address().port);
	await Promise.all(held.map((server) => new Promise((closed) => { server.close(closed); })));
	return ports;
}

async function end(child) {
	if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
	const ended = once(child, 'close');
	child.kill('SIGTERM');
	await ended;
}

/** PostgREST, or its stand-in, with a file of http/ and these settings before it */
export async function startPostgrest(file, { env, port, settings = {}, prefix }) {
	const uri = `postgres://authenticator@/${encodeURIComponent(env.PGDATABASE)}?host=${encodeURIComponent(env.PGHOST ?? 'localhost')}&port=${env.PGPORT ?? 5432}`;
	const real = process.env.POSTGREST;
	const child = spawn(real ?? process.execPath, [...(real ? [] : [STAND_IN]), join(ROOT, 'http', file)], { stdio: ['ignore', 'pipe', 'pipe'],
		env: { ...env, PGUSER: 'authenticator', PGRST_DB_URI: uri, PGRST_SERVER_PORT: String(port), PGRST_DB_POOL: '5', ...settings, ...(prefix && { STAND_IN_PREFIX: prefix }) } });
	let complaints = '';
	child.stderr.on('data', (chunk) => { complaints += chunk; });
	const ended = once(child, 'close').then(() => { throw new Error(`PostgREST has ended: ${complaints}`); });
	ended.catch(() => {});
	const answers = real ? until(() => get(`http://127.0.0.1:${port}/`)) : (async () => {
		for await (const line of createInterface(child.stdout)) if (line === 'postgrest: listening') return;
	})();
	await Promise.race([answers, ended]);
	child.stdout.resume();
	return { url: `http://127.0.0.1:${port}`, stop: () => end(child) };
}

const get = (url) => new Promise((resolve, reject) => { request(url, (response) => { response.resume(); resolve(response.statusCode); }).on('error', reject).end(); });

async function until(answered) {
	while (!await answered().then(() => true, () => false)) await new Promise((later) => { setTimeout(later, 50); });
}

/** nginx of the invoking user, with what stands in its http block; ready when the port of 127.0.0.1 answers */
export async function startNginx(text, { directory, ready }) {
	const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`);
	writeFileSync(join(directory, 'pgtoken.conf'), text);
	writeFileSync(join(directory, 'nginx.conf'), `daemon off; master_process off; pid ${directory}/nginx.pid; error_log ${directory}/error.log;
		events {} http { access_log off; ${temporary.join(' ')} include ${directory}/pgtoken.conf; }`);
	const child = spawn(NGINX, ['-p', directory, '-e', `${directory}/error.log`, '-c', `${directory}/nginx.conf`], { stdio: ['ignore', 'ignore', 'pipe'] });
	let complaints = '';
	child.stderr.on('data', (chunk) => { complaints += chunk; });
	const ended = once(child, 'close').then(() => { throw new Error(`nginx has ended: ${complaints}`); });
	ended.catch(() => {});
	await Promise.race([until(ready), ended]);
	return { stop: () => end(child) };
}

/** the shipped nginx.conf in its parts: what is for all servers, the token service's server, the API's */
export function shipped() {
	const text = readFileSync(join(ROOT, 'http/nginx.conf'), 'utf8');
	const server = text.indexOf('\nserver {') + 1;
	const commented = text.indexOf('\n# The application\'s API, where') + 1;
	if (server === 0 || commented === 0) throw new Error('nginx.conf is not in its three parts any more');
	const uncommented = text.slice(commented).split('\n').slice(2).map((line) => line.replace(/^# ?/, '')).join('\n');
	const api = uncommented.indexOf('server {');
	return { common: text.slice(0, server) + uncommented.slice(0, api), token: text.slice(server, commented), api: uncommented.slice(api) };
}

/** other ports, certificates and logs; how fast the tests are is not the question */
export const elsewhere = (text, { directory, token, api }) => text
	.replaceAll('127.0.0.1:3001', `127.0.0.1:${token}`).replaceAll('127.0.0.1:3002', `127.0.0.1:${api}`)
	.replaceAll(/\/etc\/pgtoken\/tls\/\w+/g, join(directory, 'server'))
	.replaceAll('/var/log/nginx/', `${directory}/`)
	.replaceAll('rate=30r/s', 'rate=10000r/s').replaceAll('burst=60', 'burst=5000');

const withoutTls = (text, port) => text.replace('listen 443 ssl;', `listen 127.0.0.1:${port};`).replaceAll(/^\tssl_.*$/gm, '');

// what such a proxy says, by the names of ../setup.sql; nginx takes no more than ASCII from it
const SAID = { Country: 'x_geo_country', Latitude: 'x_geo_latitude', Longitude: 'x_geo_longitude', 'Risk-Score': 'x_risk_score',
	'Collected-At': 'x_collected_at', 'Session-Id': 'x_session_id' };
const saidMaps = Object.values(SAID).map((name) => `map $http_${name} $said_${name} { "~^[\\x20-\\x7e]*$" $http_${name}; default ""; }\n`).join('');

/** the server once more, as behind a proxy */
const proxied = (text) => text
	.replace('Pgtoken-Address     $remote_addr', 'Pgtoken-Address     $http_x_forwarded_for')
	.replace('Pgtoken-Certificate $pgtoken_certificate', 'Pgtoken-Certificate $http_client_cert')
	.replace(/# proxy_set_header Pgtoken-Context-Country .*/, Object.entries(SAID).map(([member, name]) => `proxy_set_header Pgtoken-Context-${member} $said_${name};`).join('\n\t\t'))
	.replace('$proxy_add_x_forwarded_for', '$http_x_forwarded_for')
	.replace('X-SSL-Client-Cert $pgtoken_certificate', 'X-SSL-Client-Cert ""')
	.replace(/proxy_set_header Client-Cert +"";/, '')
	.replaceAll(/proxy_set_header X-(Geo|Risk|Collected|Session).*;/g, '');

export async function start({ env = process.env, port, proxyPort, standby = false } = {}) {
	const [token, api, first, second] = await freePorts(4);
	const ports = { issuer: port ?? first, proxy: proxyPort ?? second };
	const directory = mkdtempSync(join(tmpdir(), 'pgt-nginx-'));
	chmodSync(directory, 0o755);
	const started = [];
	const stop = async () => {
		await Promise.all(started.map((running) => running.stop()));
		rmSync(directory, { recursive: true, force: true });
	};
	try {
		started.push(await startPostgrest('postgrest.conf', { env, port: token }));
		const resource = env.RESOURCE ?? `http://127.0.0.1:${ports.issuer}/api`;
		started.push(await startPostgrest('postgrest-api.conf', { env, port: api, settings: { PGRST_JWT_AUD: resource }, prefix: '/api' }));
		const parts = shipped();
		// the API has the service's own origin here
		const apiLocation = parts.api.slice(parts.api.indexOf('\tlocation / {'), parts.api.lastIndexOf('}')).replace('location / {', 'location /api/ {');
		const server = parts.token.replace('\n\tlocation / {', () => `\n${apiLocation}\n\tlocation / {`);
		const common = standby ? parts.common.replace('default handle;', 'default read;') : parts.common;
		const text = saidMaps + elsewhere(common, { directory, token, api }) + [server, proxied(server)]
			.map((part, i) => elsewhere(withoutTls(part, [ports.issuer, ports.proxy][i]), { directory, token, api })).join('');
		started.push(await startNginx(text, { directory, ready: () => get(`http://127.0.0.1:${ports.issuer}/`) }));
	} catch (error) {
		await stop();
		throw error;
	}
	return { url: `http://127.0.0.1:${ports.issuer}`, proxyUrl: `http://127.0.0.1:${ports.proxy}`, stop };
}
