// Runs the tests of this folder:
//
//   node test/http/run.mjs [--layer NAME] [--all] [FILE...]
//
// Without BASE_URL it makes a database of its own in the cluster that PGHOST,
// PGPORT and PGUSER (a superuser) name, starts the two example applications and one
// layer after the other (layers.mjs) on free ports of 127.0.0.1, and stops them at the
// end.  The roles that examples/setup.sql makes are the cluster's, so it must be a
// throw-away one.
//
// All files run through the gateway, some through each other layer; with --all all of
// them through each.  --layer: through this one alone.  Through the gateway go as well those
// of ../examples that need no other packages; the others are make examples' alone.
import { spawn } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { makeAuthority } from './courier_receiver.mjs';
import { layers } from './layers.mjs';
import { COURIER, freePorts, run, start, stopAll } from './programs.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const DATABASE = 'pgtoken_http_tests';

const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { layer: { type: 'string' }, all: { type: 'boolean' } } });
const named = positionals.map((name) => name.replace(/(\.test\.mjs)?$/, '.test.mjs'));
const files = readdirSync(here).filter((name) => name.endsWith('.test.mjs')).sort();
const examples = ['device', 'machine', 'postgrest-app'].map((name) => `../examples/${name}.test.mjs`);

/** which files run through a layer */
function filesOf({ whole, files: own }) {
	if (named.length > 0) return named;
	if (whole) return [...files, ...examples];
	// what is no layer's business is tested once
	return options.all ? files.filter((name) => !name.startsWith('courier_')) : own.map((name) => `${name}.test.mjs`);
}

/** the layers to run through */
function chosen() {
	if (options.layer) return [options.layer];
	// files that are named go where all files go
	return Object.keys(layers).filter((name) => layers[name].whole || options.all || named.length === 0);
}

const url = (port) => `http://127.0.0.1:${port}`;
const page = (port) => `http://localhost:${port}`; // security keys go by names

/** the database, and what the tests and services are told of it and of each other */
async function prepare(env) {
	const [port, proxyPort, login, client, api, apiProxy, mcp] = await freePorts(7);
	const psql = (database, ...args) => run('psql', ['-X', '-q', ...args], { cwd: root, env: { ...env, PGDATABASE: database } });
	await psql('postgres', '-c', `CREATE DATABASE ${DATABASE} ENCODING 'UTF8' TEMPLATE template0`);
	const output = await psql(DATABASE, '-v', `base_url=${url(port)}`, '-v', `login_url=${page(login)}`, '-v', `client_url=${page(client)}`, '-f', 'examples/setup.sql');
	await psql(DATABASE, '-v', 'certificate_header=client-cert', '-f', join(here, 'setup.sql'));
	const forAgents = await psql(DATABASE, '-v', `mcp_url=${url(mcp)}/mcp`, '-f', 'examples/mcp/setup.sql');
	const forOperators = await psql(DATABASE, '-f', 'examples/console/setup.sql');
	const forExamples = await psql(DATABASE, '-f', 'examples/clients.sql');
	const facts = Object.fromEntries((output + forAgents + forOperators + forExamples).split('\n').map((line) => /^(\w+)=(.*)$/.exec(line)).filter(Boolean).map(([, name, content]) => [name, content]));
	return { ports: { port, proxyPort, login, client, api, apiProxy, mcp }, env: { ...env, PGDATABASE: DATABASE, ...facts,
		BASE_URL: url(port), PROXY_URL: url(proxyPort), LOGIN_URL: page(login), CLIENT_URL: page(client), CERTIFICATE_HEADER: 'client-cert' } };
}

const node = (main, env) => start(process.execPath, [main], { cwd: root, env });

const startLogin = ({ env, ports }) => node('examples/login/main.js', { ...env, PGUSER: 'login_app', LOGIN_PORT: String(ports.login), LOGIN_TELL_TIMEOUT: '600000' });

const startMcp = ({ env, ports }) => node('examples/mcp/main.js', { ...env, PGUSER: 'mcp_server', MCP_PORT: String(ports.mcp) });

/** with an authority that the tests' receivers have their certificates from, and which it trusts; these may be on this machine */
async function startCourier(service) {
	service.env.COURIER_TLS = makeAuthority();
	process.once('exit', () => rmSync(service.env.COURIER_TLS, { recursive: true, force: true }));
	return start(...COURIER, { cwd: root, env: { ...service.env, PGUSER: 'courier', COURIER_CA: join(service.env.COURIER_TLS, 'ca.pem'), COURIER_ALLOW_NETWORKS: '127.0.0.0/8 ::1' } });
}

/** asks the layer for the metadata, and so comes after it */
const startClient = ({ env, ports, api }) => node('examples/client/main.js', { ...env, CLIENT_PORT: String(ports.client), ISSUER: env.BASE_URL,
	CLIENT_ID: env.WEB_CLIENT_ID, CLIENT_SECRET: env.WEB_CLIENT_SECRET,
	CLIENT_SCOPE: 'openid profile email offline_access notes:read', NOTES_URL: `${api ?? env.BASE_URL}/api/notes` });

/** whatever a library thinks worth telling when a test fails: JWTs and pgtoken's own handles, tokens and secrets are not for logs */
const withoutSecrets = (line) => line.replace(/\beyJ[\w-]+\.[\w.-]*|\bpgt[a-z]{2}_[\w-]+/g, '…');

// what failed is told once more at the end, where a reader looks first
const failed = [];
let failing = false;
function tell(text) {
	const line = withoutSecrets(text);
	console.log(line);
	if (/^ *not ok /.test(line)) failing = true;
	if (failing) failed.push(`# ${line}`);
	if (/^ *\.\.\.$/.test(line)) failing = false;
}

const running = [];

/** 0 when all were good */
async function test(env, which) {
	// one file after the other: some change what the whole service does, for a moment
	const tests = spawn(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=tap', ...which.map((name) => join(here, name))],
		{ cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
	const ended = new Promise((resolve) => { tests.once('close', (code) => resolve(code ?? 1)); });
	const child = { stop: () => { tests.kill('SIGTERM'); return ended; } };
	running.push(child);
	createInterface(tests.stdout).on('line', tell);
	// what waits for a service that is gone would wait for ever
	const watch = setInterval(() => {
		if (!running.some((program) => program.ended?.())) return;
		clearInterval(watch);
		tell('not ok - a service has ended by itself');
		tests.kill('SIGKILL');
	}, 1000);
	const status = await ended;
	clearInterval(watch);
	running.splice(running.indexOf(child), 1);
	return status;
}

const lacksApi = (name) => !layers[name].can.includes('api');

/** where a layer serves no API the gateway does, all the time and beside it */
async function startApi(service) {
	const { start: startGateway } = await import('./layers/gateway.mjs');
	running.push(await startGateway({ env: service.env, root, port: service.ports.api, proxyPort: service.ports.apiProxy }));
	service.api = url(service.ports.api);
}

async function testThrough(name, service) {
	tell(`# through the layer ${name}, which can: ${layers[name].can.join(', ')}`);
	const begun = performance.now();
	const { start: startLayer } = await import(`./layers/${name}.mjs`);
	const layer = await startLayer({ ...service.ports, env: service.env, root });
	running.push(layer);
	try {
		if (!service.client) running.push(service.client = await startClient(service));
		const beside = lacksApi(name) && service.api && { API_URL: service.api, API_PROXY_URL: url(service.ports.apiProxy) };
		const status = await test({ ...service.env, LAYER: name, ...beside }, filesOf(layers[name]));
		if (status !== 0) {
			for (const [who, { said }] of [[`layer ${name}`, layer], ['courier', service.courier]]) tell(`# the ${who} has said:\n# ${(said?.() ?? '').replaceAll('\n', '\n# ')}`);
		}
		tell(`# through the layer ${name}: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
		return status;
	} finally {
		running.splice(running.indexOf(layer), 1);
		await layer.stop();
	}
}

async function testAll() {
	if (process.env.BASE_URL) return test(process.env, named.length > 0 ? named : files);
	const service = await prepare(process.env);
	running.push(await startLogin(service), await startMcp(service), service.courier = await startCourier(service));
	if (chosen().some(lacksApi)) await startApi(service);
	let status = 0;
	for (const name of chosen()) {
		const ended = await testThrough(name, service).catch((error) => {
			tell(`not ok - the layer ${name}\n# ${error.message.replaceAll('\n', '\n# ')}`);
			return 1;
		});
		status = status || ended;
	}
	return status;
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
	process.once(signal, async () => {
		await stopAll(running);
		process.exit(1);
	});
}
process.exitCode = 1;
try {
	process.exitCode = await testAll();
	if (failed.length > 0) console.log(['# failed:', ...failed].join('\n'));
} catch (error) {
	console.error(error.message);
} finally {
	await stopAll(running);
}
