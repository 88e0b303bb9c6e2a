// One HTTP request and its answer, through the guard and within one time.
import { once } from 'node:events';
import { request as send } from 'node:http';
import { addAbortSignal } from 'node:stream';

import { childOf } from '../gateway/log.js';
import { Failure, failureOf, refusal } from './failure.js';
import { judgeUrl } from './guard.js';

const MAX_RETRY_AFTER = 86_400;

/** the body, which ends the exchange when it is longer than it may be */
async function readBody(response, limit) {
	if (Number(response.headers['content-length']) > limit) throw refusal('the answer is too large');
	const chunks = [];
	let length = 0;
	for await (const chunk of response) {
		length += chunk.length;
		if (length > limit) throw refusal('the answer is too large');
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
}

/**
 * @param request {url, method, headers, body, traceparent, timeout, limit, reads, trusted}; traceparent: of the request
 *        that has caused this one, whose trace it goes on with (W3C Trace Context); timeout: milliseconds from the name to
 *        the last byte; limit: bytes of the body of an answer with the status reads (200), which is not read without
 *        it; no other answer's is
 * @returns {status, headers, body}
 * Throws a Failure.  Redirects are answers like others.
 */
export async function exchange(guard, { url: text, method, headers, body, traceparent, timeout, limit, reads = 200, trusted }) {
	const signal = AbortSignal.timeout(timeout);
	const Traceparent = childOf(traceparent);
	let socket;
	try {
		const url = judgeUrl(text);
		socket = await guard.connect(url, signal, trusted);
		const outgoing = send({ createConnection: () => socket, method, path: `${url.pathname}${url.search}`, setHost: false,
			headers: { Host: url.host, 'User-Agent': 'pgtoken-courier', 'Accept-Encoding': 'identity', ...(Traceparent && { Traceparent }), ...headers,
				...(body !== undefined && { 'Content-Length': Buffer.byteLength(body) }) } });
		outgoing.on('error', () => {});
		outgoing.end(body);
		const [response] = await once(outgoing, 'response', { signal });
		response.on('error', () => {});
		const { statusCode: status, headers: received } = response;
		if (status !== reads || limit === undefined) return { status, headers: received, body: Buffer.alloc(0) };
		return { status, headers: received, body: await readBody(addAbortSignal(signal, response), limit) };
	} catch (error) {
		throw signal.aborted ? new Failure(`not answered within ${timeout} ms`) : failureOf(error);
	} finally {
		socket?.destroy();
	}
}

/** seconds of a Retry-After, which may be a number or a date */
function retryAfter({ 'retry-after': text }) {
	if (text === undefined) return undefined;
	const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - Date.now()) / 1000);
	return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER) : undefined;
}

/** an answer that is not the one wanted: which of them come right by being asked again */
export function failureOfStatus({ status, headers }) {
	if (status >= 300 && status < 400) return refusal(`a redirect: ${status}`);
	const passes = status >= 500 || status === 408 || status === 425 || status === 429;
	return new Failure(`the answer was ${status}`, { permanent: !passes, retryAfter: passes ? retryAfter(headers) : undefined });
}
