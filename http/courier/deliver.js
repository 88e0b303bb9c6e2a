// Messages to a receiver who has registered where they go: work of the kinds
// 'logout' and 'event'.
import { exchange, failureOfStatus } from './exchange.js';

/**
 * @param request {url, content_type, body}
 * @returns {status}: taken; what the receiver says beyond that interests nobody
 */
export async function deliver(guard, { url, content_type: type, body }, { timeout }) {
	const answer = await exchange(guard, { url, method: 'POST', body, timeout, headers: { 'Content-Type': type } });
	if (answer.status < 200 || answer.status > 299) throw failureOfStatus(answer);
	return { status: answer.status };
}
