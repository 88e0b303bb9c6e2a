// Runs the tests of this folder: node test/http/run.mjs [FILE...]
//
// Without BASE_URL it makes a database of its own in the cluster that PGHOST,
// PGPORT and PGUSER (a superuser) name, starts the gateway, once more as behind a
// proxy, and the two example applications on free ports of 127.0.0.1, and stops
// them at the end.  The roles that examples/setup.sql makes are the cluster's,
// so it must be a throw-away one.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const DATABASE = 'pgtoken_http_tests';
const START_TIMEOUT = 3600_000; // a slow machine is no failure

const running = [];

/** free ports, held at the same time so that they differ */
async function freePorts(n) {
	const held = await Promise.all(Array.from({ length: n }, () => new Promise((resolve, reject) => {
		const server = createServer();
		server.once('error', reject);
		server.listen(0, '127.0.0.1', () => resolve(server));
	})));
	const ports = held.map((server) => server.address().port);
	await Promise.all(held.map((server) => new Promise((closed) => server.close(closed))));
	return ports;
}

function run(program, args, env) {
	return new Promise((resolve, reject) => {
		const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
		let output = '';
		child.stdout.on('data', (chunk) => { output += chunk; });
		child.once('error', reject);
		child.once('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`${program} ended with ${code}`))));
	});
}

/** a program that says "NAME: listening" when it is ready */
function start(name, main, env) {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, [main], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
		running.push(child);
		const timer = setTimeout(() => reject(new Error(`${name} is not ready`)), START_TIMEOUT);
		let output = '';
		child.stdout.on('data', (chunk) => {
			output += chunk;
			if (output.includes(`${name}: listening`)) {
				clearTimeout(timer);
				resolve();
			}
		});
		// a timer that is still there would keep this process from ending
		const fail = (error) => {
			clearTimeout(timer);
			reject(error);
		};
		child.once('error', fail);
		child.once('close', (code) => fail(new Error(`${name} ended with ${code}`)));
	});
}

async function stop() {
	await Promise.all(running.map((child) => new Promise((ended) => {
		if (child.exitCode !== null || child.signalCode !== null) return ended();
		child.once('close', ended);
		const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
		timer.unref();
		return child.kill('SIGTERM');
	})));
}

/** the services: what the tests are told of them */
async function serve(env) {
	const [gateway, proxy, login, client] = (await freePorts(4));
	const url = (port) => `http://127.0.0.1:${port}`;
	const page = (port) => `http://localhost:${port}`; // security keys go by names
	await run('psql', ['-X', '-q', '-d', 'postgres', '-c', `CREATE DATABASE ${DATABASE} ENCODING 'UTF8' TEMPLATE template0`], env);
	const database = { ...env, PGDATABASE: DATABASE };
	const output = await run('psql', ['-X', '-q', '-v', `base_url=${url(gateway)}`, '-v', `login_url=${page(login)}`,
		'-v', `client_url=${page(client)}`, '-f', 'examples/setup.sql'], database);
	await run('psql', ['-X', '-q', '-v', 'certificate_header=client-cert', '-f', join(here, 'setup.sql')], database);
	const facts = Object.fromEntries(output.split('\n').map((line) => /^(\w+)=(.*)$/.exec(line)).filter(Boolean).map(([, name, content]) => [name, content]));

	const layer = { ...database, PGUSER: 'authenticator', GATEWAY_POOL_TIMEOUT: '600000', GATEWAY_STATEMENT_TIMEOUT: '0',
		GATEWAY_API: JSON.stringify({ '/api/notes': 'api.notes', '/api/sensitive': 'api.sensitive', '/api/whoami': 'api.whoami' }) };
	await Promise.all([
		start('gateway', 'http/gateway/main.js', { ...layer, GATEWAY_PORT: String(gateway) }),
		start('gateway', 'http/gateway/main.js', { ...layer, GATEWAY_PORT: String(proxy), GATEWAY_TRUST_PROXY: 'on' }),
		start('login', 'examples/login/main.js', { ...database, PGUSER: 'login_app', LOGIN_PORT: String(login), LOGIN_TELL_TIMEOUT: '600000' }),
	]);
	await start('client', 'examples/client/main.js', { ...env, CLIENT_PORT: String(client), ISSUER: url(gateway),
		CLIENT_ID: facts.WEB_CLIENT_ID, CLIENT_SECRET: facts.WEB_CLIENT_SECRET,
		CLIENT_SCOPE: 'openid profile email offline_access notes:read', RESOURCE: facts.RESOURCE, NOTES_URL: `${url(gateway)}/api/notes` });
	return { ...database, ...facts, BASE_URL: url(gateway), PROXY_URL: url(proxy), LOGIN_URL: page(login), CLIENT_URL: page(client),
		CERTIFICATE_HEADER: 'client-cert' };
}

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

const files = process.argv.slice(2);
const all = readdirSync(here).filter((name) => name.endsWith('.test.mjs')).sort();
const chosen = files.length > 0 ? files.map((name) => (name.endsWith('.test.mjs') ? name : `${name}.test.mjs`)) : all;

let status = 1;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
	process.once(signal, async () => {
		await stop();
		process.exit(1);
	});
}
try {
	const env = process.env.BASE_URL ? process.env : await serve(process.env);
	// one file after the other: some change what the whole service does, for a moment
	const tests = spawn(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=tap', ...chosen.map((name) => join(here, name))],
		{ cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
	running.push(tests);
	createInterface(tests.stdout).on('line', tell);
	status = await new Promise((resolve) => { tests.once('close', (code) => resolve(code ?? 1)); });
	if (failed.length > 0) console.log(['# failed:', ...failed].join('\n'));
} catch (error) {
	console.error(error.message);
} finally {
	await stop();
}
process.exitCode = status;
