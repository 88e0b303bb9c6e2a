// http/gateway, and once more as behind a proxy.
import { GATEWAY, start as program, stopAll } from '../programs.mjs';

const API = JSON.stringify({ '/api/notes': 'api.notes', '/api/sensitive': 'api.sensitive', '/api/whoami': 'api.whoami' });

export async function start({ env, root, port, proxyPort }) {
	const started = [];
	const gateway = async (at, more) => started.push(await program(...GATEWAY, { cwd: root, ready: 'listening on http',
		env: { GATEWAY_POOL_TIMEOUT: '600000', GATEWAY_STATEMENT_TIMEOUT: '0', GATEWAY_API: API, ...env, PGUSER: 'authenticator', GATEWAY_PORT: String(at), ...more } }));
	try {
		await gateway(port, {});
		if (proxyPort) await gateway(proxyPort, { GATEWAY_TRUST_PROXY: 'on', GATEWAY_REQUEST_ID_HEADER: 'X-Request-ID', GATEWAY_LOG: 'json' });
	} catch (error) {
		await stopAll(started);
		throw error;
	}
	return { url: `http://127.0.0.1:${port}`, proxyUrl: proxyPort && `http://127.0.0.1:${proxyPort}`,
		said: () => started.map(({ said }) => said()).join(''), stop: () => stopAll(started) };
}
