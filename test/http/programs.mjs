// Programs that run beside the tests.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** gateway and courier as start() takes them: those of this tree, or a program that is installed */
const ours = (installed, file) => (installed ? [installed, []] : [process.execPath, [file]]);
export const GATEWAY = ours(process.env.PGTOKEN_GATEWAY, 'http/gateway/main.js');
export const COURIER = ours(process.env.PGTOKEN_COURIER, 'http/courier/main.js');

/** n free ports of 127.0.0.1, held at the same time so that they differ */
export async function freePorts(n) {
	const held = await Promise.all(Array.from({ length: n }, async () => {
		const server = createServer().listen(0, '127.0.0.1');
		await once(server, 'listening');
		return server;
	}));
	const ports = held.map((server) => server.address().port);
	await Promise.all(held.map((server) => new Promise((closed) => { server.close(closed); })));
	return ports;
}

/** what a program writes to its standard output, when it has ended well */
export async function run(program, args, options) {
	const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
	let output = '';
	child.stdout.on('data', (chunk) => { output += chunk; });
	const [code] = await once(child, 'close');
	if (code !== 0) throw new Error(`${program} ended with ${code}`);
	return output;
}

/**
 * Starts a program and resolves when a line of its output has ": listening" or what
 * else is ready ('': at once).  {said(): all that it has written, ended(), stop(): SIGTERM, and waits}
 */
export async function start(program, args, { ready = ': listening', ...options }) {
	const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
	let said = '';
	let stopping = false;
	const ended = new Promise((resolve) => { child.once('error', resolve).once('close', resolve); });
	const listening = new Promise((resolve) => {
		for (const stream of [child.stdout, child.stderr]) {
			stream.on('data', (chunk) => {
				said += chunk;
				if (said.includes(ready)) resolve(true);
			});
		}
	});
	const stop = async () => {
		stopping = true;
		if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
		await ended;
	};
	if (ready === '' || await Promise.race([listening, ended.then(() => false)])) {
		ended.then((code) => { if (!stopping) console.error(`${program} ${args.at(-1)} ended with ${code}:\n${said}`); });
		return { said: () => said, ended: () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null, stop };
	}
	throw new Error(`${program} ${args.join(' ')} does not start: ${said}`);
}

/** stops all of them, the last first */
export async function stopAll(started) {
	for (const { stop } of started.splice(0).reverse()) await stop();
}
