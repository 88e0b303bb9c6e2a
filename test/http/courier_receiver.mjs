// A receiver for the courier: an https server of the test's own authority.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** an authority, and its certificate for localhost, *.localhost and 127.0.0.1: {ca, cert, key}, PEM */
export function makeAuthority() {
	const folder = mkdtempSync(join(tmpdir(), 'pgt-courier-'));
	const at = (name) => join(folder, name);
	const openssl = (...args) => execFileSync('openssl', args, { stdio: 'ignore', cwd: folder });
	const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
	try {
		openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=authority of the test');
		openssl('req', ...newKey.slice(0, -2), '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=localhost');
		writeFileSync(at('names'), 'subjectAltName = DNS:localhost, DNS:*.localhost, DNS:client.example, IP:127.0.0.1');
		openssl('x509', '-req', '-in', 'request.pem', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names', '-out', 'cert.pem');
		return Object.fromEntries(['ca', 'cert', 'key'].map((name) => [name, readFileSync(at(`${name}.pem`), 'utf8')]));
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/**
 * Listens on a free port of an address.
 * @param answer (request with body, response) => …
 * @param tls of makeAuthority; null: in the clear
 * @returns {port, url(path, host), seen: [{method, url, headers, body}], connections(), close()}
 */
export async function startReceiver(tls, answer, address = '127.0.0.1') {
	const seen = [];
	let connections = 0;
	const listener = (request, response) => {
		const chunks = [];
		request.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
			request.body = Buffer.concat(chunks).toString();
			const { method, url, headers, body } = request;
			seen.push({ method, url, headers, body });
			answer(request, response);
		});
	};
	const server = tls ? createServer(tls, listener) : createHttpServer(listener);
	server.on('connection', () => { connections += 1; }).on('tlsClientError', () => {});
	server.listen(0, address);
	await once(server, 'listening');
	const { port } = server.address();
	return { port, seen, connections: () => connections, url: (path = '/', host = 'localhost') => `${tls ? 'https' : 'http'}://${host}:${port}${path}`,
		close: () => new Promise((closed) => { server.closeAllConnections(); server.close(closed); }) };
}
