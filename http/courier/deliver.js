// Messages to a receiver who has registered where they go: work of the kind 'logout'.
import { exchange, failureOfStatus } from './exchange.js';

/**
 * @param request {url, content_type, body}
 * @param options {timeout, headers, trusted}, as exchange has them
 * @returns {status}: taken; what the receiver says beyond that interests nobody
 */
export async function deliver(guard, { url, content_type: type, body }, { headers, ...options }) {
	const answer = await exchange(guard, { url, method: 'POST', body, headers: { 'Content-Type': type, ...headers }, ...options });
	if (answer.status < 200 || answer.status > 299) throw failureOfStatus(answer);
	return { status: answer.status };
}
