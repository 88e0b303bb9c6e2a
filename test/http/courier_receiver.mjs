// A receiver for the courier: an https server of the test's own authority.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * An authority, and its certificate for 127.0.0.1, localhost, client.example, and slow,
 * fast and other below localhost: ca.pem, cert.pem and key.pem in a folder, which the
 * caller removes.
 */
export function makeAuthority() {
	const folder = mkdtempSync(join(tmpdir(), 'pgt-courier-'));
	const openssl = (...args) => execFileSync('openssl', args, { stdio: 'ignore', cwd: folder });
	const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
	openssl('req', '-x509', ...newKey, '-days', '2', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=authority of the tests');
	openssl('req', ...newKey, '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=localhost');
	writeFileSync(join(folder, 'names'), 'subjectAltName = DNS:localhost, DNS:slow.localhost, DNS:fast.localhost, DNS:other.localhost, DNS:client.example, IP:127.0.0.1');
	openssl('x509', '-req', '-in', 'request.pem', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names', '-out', 'cert.pem');
	return folder;
}

/** {ca, cert, key} of makeAuthority's folder, PEM */
export const readAuthority = (folder) => Object.fromEntries(['ca', 'cert', 'key'].map((name) => [name, readFileSync(join(folder, `${name}.pem`), 'utf8')]));

/**
 * Listens on a free port of an address.
 * @param answer (request with body, response) => …
 * @param tls of readAuthority; null: in the clear
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
