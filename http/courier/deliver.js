// Messages to a receiver whose URL the work has: of the kind 'logout' one that a client has registered, of 'seal' the operator's.
import { exchange, failureOfStatus } from './exchange.js';

/**
 * @param request {url, content_type, body, traceparent}
 * @param options {timeout, headers, trusted}, as exchange has them
 * @returns {status}: taken; what the receiver says beyond that interests nobody
 */
export async function deliver(guard, { url, content_type: type, body, traceparent }, { headers, ...options }) {
	const answer = await exchange(guard, { url, method: 'POST', body, traceparent, headers: { 'Content-Type': type, ...headers }, ...options });
	if (answer.status < 200 || answer.status > 299) throw failureOfStatus(answer);
	return { status: answer.status };
}
