// The HTTP server: requests in, answers out, and what is written down of them.
import { createServer } from 'node:http';

import { makeApi } from './api.js';
import { handle } from './door.js';
import { broken, failure, json, malformed, notReady, reason, tooLarge } from './errors.js';
import { requestIdOf, traceIdOf } from './log.js';
import { probe } from './probes.js';

const DOOR_BODY_LIMIT = 64 * 1024; // beyond it the database says what is to be said
const DRAINED = 16; // times as much is read of a body that is too large, so that its sender hears of it
const MAX_HEADERS = 64 * 1024;

/** path without the query string, which may hold what is not for logs, nor is any user name of an absolute URL */
const pathOf = (target) => target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '').replace(/[?#].*$/s, '') || '/';

/** at most limit + 1 bytes, and whether the rest is still to come */
async function readBody(incoming, limit) {
	const chunks = [];
	let length = 0;
	for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
		if (length <= limit) chunks.push(chunk);
		length += chunk.length;
		if (length > DRAINED * limit) break;
	}
	return { body: Buffer.concat(chunks).subarray(0, limit + 1), unread: length > DRAINED * limit };
}

function send(incoming, outgoing, id, { status, headers: said, body, own }) {
	const bytes = body === null ? null : Buffer.from(body);
	const empty = status === 204 || status === 304;
	// the database has said it in its answers, or does not want it there
	const headers = own && !said.includes('X-Request-Id') ? [...said, 'X-Request-Id', id] : said;
	outgoing.writeHead(status, empty ? headers : [...headers, 'Content-Length', String(bytes?.length ?? 0)]);
	outgoing.end(empty || incoming.method === 'HEAD' ? null : bytes);
}

/** @param shards of shards.js; log of log.js */
export function makeServer(config, shards, log) {
	const apis = new Map(Object.entries(config.api).map(([path, name]) => [path, makeApi(shards, name)]));

	function peerOf({ socket }, id) {
		// a server that listens on :: sees IPv4 mapped
		const address = socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '');
		return { address, request_id: id, ...(config.trustProxy && { proxied: true }) };
	}

	async function answer(incoming, outgoing, id) {
		const { method, url: target, rawHeaders: headers } = incoming;
		const path = pathOf(target);
		// whatever becomes of the database
		if (path === '/live' && (method === 'GET' || method === 'HEAD')) return json(200, { live: true });
		const api = apis.get(path);
		const limit = api ? config.apiBodyLimit : DOOR_BODY_LIMIT;
		const { body, unread } = await readBody(incoming, limit);
		if (unread) outgoing.shouldKeepAlive = false;
		if ([target, ...headers].some((octets) => octets.includes('\0'))) return malformed();
		const request = { method, target, headers, body, peer: peerOf(incoming, id), isGone: () => outgoing.destroyed };
		if (!api) return await probe(shards, path, request) ?? handle(shards, request);
		return body.length > limit ? tooLarge() : api(request);
	}

	function complain(error, { method, url }, named) {
		const path = pathOf(url);
		const why = reason(error);
		const { shard } = error;
		log.complain(`${method} ${path}: ${shard === undefined ? '' : `shard ${shard}: `}${why}`, { ...named, method, path, shard, error: why });
	}

	/** what is left to say when something was thrown */
	function answerTo(error, incoming, named) {
		complain(error, incoming, named);
		if (pathOf(incoming.url) === '/ready') return notReady();
		return failure(error);
	}

	const server = createServer({
		maxHeaderSize: MAX_HEADERS,
		headersTimeout: config.requestTimeout,
		requestTimeout: config.requestTimeout,
		connectionsCheckingInterval: Math.min(config.requestTimeout, 5000),
		keepAliveTimeout: 65_000, // longer than proxies keep theirs, so that none sends into a connection that closes
	}, async (incoming, outgoing) => {
		const begun = performance.now();
		const id = requestIdOf(incoming.rawHeaders, config.trustProxy ? config.requestIdHeader : '');
		const named = { request_id: id, trace_id: traceIdOf(incoming.rawHeaders) };
		if (config.accessLog) {
			outgoing.once('close', () => {
				// no query string, no header, no body: any of them may hold a secret
				log.access({ ...named, method: incoming.method, path: pathOf(incoming.url), status: outgoing.statusCode,
					duration_ms: Number((performance.now() - begun).toFixed(1)) });
			});
		}
		let result;
		try {
			result = await answer(incoming, outgoing, id);
			named.shard = result.shard;
		} catch (error) {
			// the client has gone while it was sending
			if (incoming.destroyed && !incoming.complete) return;
			named.shard = error.shard;
			result = answerTo(error, incoming, named);
		}
		try {
			if (!server.listening) outgoing.shouldKeepAlive = false;
			send(incoming, outgoing, id, result);
		} catch (error) {
			// headers that are none
			complain(error, incoming, named);
			if (outgoing.headersSent) outgoing.destroy();
			else send(incoming, outgoing, id, broken());
		}
	});
	return server;
}
