// PostgREST behind nginx, as http/ ships it: nginx.conf and the two postgrest*.conf
// with other ports, in front of the stand-in (../postgrest_stand_in.mjs), or of the
// real one where POSTGREST names its program (which knows no path but /rpc, so that
// proofs of possession for the API do not hold there).
//
//   start({env, port, proxyPort, standby}) -> {url, proxyUrl, stop()}
//
// env: PGHOST, PGPORT, PGDATABASE of the database that examples/setup.sql and
// test/http/setup.sql were run in.  proxyUrl: the same behind a proxy that vouches for
// what its headers say, as PROXY_URL has it (../README.md).  The API is below /api.
// standby: the function for one, which only reads.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePorts, start as program, stopAll } from '../programs.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const ROOT = join(here, '../../..');
const STAND_IN = join(here, '../postgrest_stand_in.mjs');
const NGINX = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx';

const get = (url) => new Promise((resolve, reject) => { request(url, (response) => { response.resume(); resolve(response.statusCode); }).on('error', reject).end(); });

/** a program that does not say when it is ready */
async function startSilent(command, args, options, answered) {
	const started = await program(command, args, { ready: '', ...options });
	while (!await answered().then(() => true, () => false)) {
		if (started.ended()) throw new Error(`${command} does not start: ${started.said()}`);
		await new Promise((later) => { setTimeout(later, 50); });
	}
	return started;
}

/** PostgREST, or its stand-in, with a file of http/ and these settings before it */
export function startPostgrest(file, { env, port, settings = {}, prefix }) {
	const uri = `postgres://authenticator@/${encodeURIComponent(env.PGDATABASE)}?host=${encodeURIComponent(env.PGHOST ?? 'localhost')}&port=${env.PGPORT ?? 5432}`;
	const options = { env: { ...env, PGUSER: 'authenticator', PGRST_DB_URI: uri, PGRST_SERVER_PORT: String(port), PGRST_DB_POOL: '5', ...settings, ...(prefix && { STAND_IN_PREFIX: prefix }) } };
	const configuration = join(ROOT, 'http', file);
	if (!process.env.POSTGREST) return program(process.execPath, [STAND_IN, configuration], options);
	return startSilent(process.env.POSTGREST, [configuration], options, () => get(`http://127.0.0.1:${port}/`));
}

/** nginx of the invoking user, with what stands in its http block */
export function startNginx(text, { directory, ready }) {
	const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`);
	writeFileSync(join(directory, 'pgtoken.conf'), text);
	writeFileSync(join(directory, 'nginx.conf'), `daemon off; master_process off; pid ${directory}/nginx.pid; error_log ${directory}/error.log;
		events {} http { access_log off; ${temporary.join(' ')} include ${directory}/pgtoken.conf; }`);
	return startSilent(NGINX, ['-p', directory, '-e', `${directory}/error.log`, '-c', `${directory}/nginx.conf`], {}, ready);
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
		await stopAll(started);
		rmSync(directory, { recursive: true, force: true });
	};
	try {
		started.push(await startPostgrest('postgrest.conf', { env, port: token }));
		const resource = env.RESOURCE ?? `http://127.0.0.1:${ports.issuer}/api`;
		started.push(await startPostgrest('postgrest-api.conf', { env, port: api, settings: { PGRST_JWT_AUD: resource }, prefix: '/api' }));
		const parts = shipped();
		// the API has the service's own origin here
		const apiLocation = parts.api.slice(parts.api.indexOf('\tlocation / {'), parts.api.lastIndexOf('}')).replace('location / {', `location /api/ {${process.env.POSTGREST ? ' rewrite ^/api/(.*)$ /rpc/$1 break;' : ''}`);
		const server = parts.token.replace('\n\tlocation / {', () => `\n${apiLocation}\n\tlocation / {`);
		const common = standby ? parts.common.replace('default handle;', 'default read;') : parts.common;
		const text = saidMaps + elsewhere(common, { directory, token, api }) + [server, proxied(server)]
			.map((part, i) => elsewhere(withoutTls(part, [ports.issuer, ports.proxy][i]), { directory, token, api })).join('');
		started.push(await startNginx(text, { directory, ready: () => get(`http://127.0.0.1:${ports.issuer}/`) }));
	} catch (error) {
		await stop();
		throw error;
	}
	return { url: `http://127.0.0.1:${ports.issuer}`, proxyUrl: `http://127.0.0.1:${ports.proxy}`, said: () => started.map(({ said }) => said()).join(''), stop };
}
