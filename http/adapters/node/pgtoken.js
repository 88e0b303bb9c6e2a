// pgtoken for node:http and Express.  It answers every request that it is given, so it
// comes after the application's own routes, and before anything that reads bodies:
//
//   app.use(pgtoken());                      createServer(pgtoken())
//
// options: of pg.Pool, and proxied: a proxy stands before it that sets, or removes, the
// headers that pgtoken's settings name, and requestIdHeader, by which it has logged the
// request.  log: text, or json, one object a line.  end() closes its pool.
import { randomBytes } from 'node:crypto';
import { setTimeout as later } from 'node:timers/promises';

import pg from 'pg';

const BODY_LIMIT = 64 * 1024; // of what is longer the database wants to see that it is
const PATIENCE = 5000; // milliseconds that a request waits for its turn, in all
const HANDLE = { name: 'pgtoken', text: 'SELECT status, headers, body FROM pgtoken_http.handle($1, $2, $3, $4, $5)' };

const said = (status, content, ...headers) => ({ status, body: JSON.stringify(content), headers: ['Content-Type', 'application/json', 'Cache-Control', 'no-store', ...headers] });
const problem = (status, error, description, ...headers) => said(status, { error, error_description: description }, ...headers);
const unavailable = () => problem(503, 'temporarily_unavailable', 'the server cannot answer now, but may soon', 'Retry-After', '5');

// of who runs the service (docs/metrics.md): what the database cannot say when it is away
const live = () => said(200, { live: true });
const notReady = () => said(503, { ready: false, missing: ['database'], late: [] }, 'Retry-After', '5');
/** a UUIDv7 */
function newId() {
	const bytes = randomBytes(16);
	bytes.writeUIntBE(Date.now(), 0, 6);
	bytes[6] = 0x70 | (bytes[6] & 0x0f);
	bytes[8] = 0x80 | (bytes[8] & 0x3f);
	return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** nothing of a query, header or body */
function complain(log, error, { request_id, trace_id, method, path }) {
	const why = `${error.code ?? ''} ${error.message}`.trim();
	if (log !== 'json') console.error(`pgtoken: ${method} ${path}: ${why} (request ${request_id})`);
	else console.error(JSON.stringify({ time: new Date().toISOString(), level: 'error', program: 'pgtoken', message: 'request', request_id, trace_id, method, path, error: why }));
}

/** no connection (lost, or refused: 08, 28, 3D), a race, a server that goes down or comes up */
const passes = (error) => error.lost || /^(08|28|3D|40001|40P01|53|57P0)/.test(error.code ?? '');
const lost = (error) => { throw Object.assign(error, { lost: !(error instanceof pg.DatabaseError) }); };

async function bodyOf(request) {
	const chunks = [];
	let length = 0;
	for await (const chunk of request) {
		if (length <= BODY_LIMIT) chunks.push(chunk);
		length += chunk.length;
	}
	return Buffer.concat(chunks).subarray(0, BODY_LIMIT + 1);
}

async function answerOf(pool, values) {
	for (let waited = 0; ;) {
		const { rows: [answer] } = await pool.query({ ...HANDLE, values }).catch(lost);
		if (answer.status !== 0) return answer;
		// another shard's, which is not known here
		if (answer.headers.includes('Shard')) return unavailable();
		const wait = Number(answer.headers[answer.headers.indexOf('Wait') + 1]) || 1;
		if ((waited += wait) > PATIENCE) return unavailable();
		await later(wait);
	}
}

export function pgtoken({ proxied = false, requestIdHeader = '', log = 'text', ...options } = {}) {
	const pool = new pg.Pool({ user: 'authenticator', connectionTimeoutMillis: 10_000, ...options });
	pool.on('error', () => {}); // the pool replaces what breaks
	pool.on('connect', (client) => client.on('error', () => {})); // also between an answer and the next request
	const handler = async (request, response) => {
		const target = request.originalUrl ?? request.url;
		const path = target.split('?')[0];
		const given = proxied && request.headers[requestIdHeader.toLowerCase()];
		const id = /^[\w.~:/+=@;-]{1,100}$/.test(given || '') ? given : newId();
		const own = (answer) => ({ ...answer, headers: [...answer.headers, 'X-Request-Id', id] });
		const asked = path === '/live' && (request.method === 'GET' || request.method === 'HEAD');
		const answer = asked ? own(live()) : await bodyOf(request)
			.then((body) => answerOf(pool, [request.method, target, request.rawHeaders, body, { address: request.socket.remoteAddress, proxied, request_id: id }]))
			.catch((error) => {
				const [, trace_id] = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/.exec(request.headers.traceparent) ?? [];
				complain(log, error, { request_id: id, trace_id, method: request.method, path });
				if (path === '/ready') return own(notReady());
				return own(passes(error) ? unavailable() : problem(500, 'server_error', 'the server could not answer this request'));
			});
		const body = answer.status === 204 ? null : Buffer.from(answer.body);
		response.statusCode = answer.status;
		for (let i = 0; i < answer.headers.length; i += 2) response.appendHeader(answer.headers[i], answer.headers[i + 1]);
		if (body) response.setHeader('Content-Length', body.length);
		response.end(request.method === 'HEAD' ? null : body);
	};
	return Object.assign(handler, { end: () => pool.end() });
}
