// The application's files and nothing else: what any server of files does, with the policy
// that keeps other scripts out of the page.  See README.md.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { ISSUER = process.env.BASE_URL, BROWSER_CLIENT_ID, POSTGREST_URL = 'http://127.0.0.1:4001', PORT = '4000' } = process.env;
const file = (name) => readFileSync(new URL(name, import.meta.url));
const files = {
	'/': ['text/html; charset=utf-8', file('index.html')],
	'/app.js': ['text/javascript', file('app.js')],
	'/tokens.js': ['text/javascript', file('tokens.js')],
	'/config.json': ['application/json', JSON.stringify({ issuer: ISSUER, clientId: BROWSER_CLIENT_ID, api: POSTGREST_URL })],
};
const policy = ['default-src \'none\'', 'script-src \'self\'', 'worker-src \'self\'', `connect-src 'self' ${ISSUER} ${POSTGREST_URL}`, 'img-src data:', 'form-action \'none\'',
	'base-uri \'none\'', 'frame-ancestors \'none\''].join('; ');

const server = createServer((request, response) => {
	const [type, content] = files[request.url.split('?')[0]] ?? [];
	if (!content) return response.writeHead(404).end();
	return response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': policy, 'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff',
		'Cache-Control': 'no-cache' }).end(content);
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`postgrest-app: listening on http://127.0.0.1:${PORT}`));
process.once('SIGTERM', () => { server.close(); server.closeAllConnections(); });
