// What the layers of http/adapters have in common: one program for each of the two
// ports, which is told by PGTOKEN_PROXIED which one it is.
import { start as program, stopAll } from '../programs.mjs';

export async function adapter({ env, root, port, proxyPort }, command, argumentsFor, ready) {
	const started = [];
	try {
		for (const [at, proxied] of [[port, 'off'], ...(proxyPort ? [[proxyPort, 'on']] : [])]) {
			started.push(await program(command, argumentsFor(at), { cwd: root, env: { ...env, PGUSER: 'authenticator', PGTOKEN_PROXIED: proxied, PGTOKEN_REQUEST_ID_HEADER: 'X-Request-ID', PGTOKEN_LOG: proxied === 'on' ? 'json' : 'text' }, ready }));
		}
	} catch (error) {
		await stopAll(started);
		throw error;
	}
	return { url: `http://127.0.0.1:${port}`, proxyUrl: proxyPort && `http://127.0.0.1:${proxyPort}`,
		said: () => started.map(({ said }) => said()).join(''), stop: () => stopAll(started) };
}
