// Signals to a receiver who has a stream of them: work of the kind 'signal'.  A security
// event token (RFC 8935), or a webhook; the database has made and signed either.
import { exchange, failureOfStatus } from './exchange.js';

const LIMIT = 4096; // bytes of what a receiver says is wrong

/** what that is (section 2.3): a word; undefined: nothing that can be understood */
function refusedAs(body) {
	try {
		const { err } = JSON.parse(body);
		return /^[\x21-\x7e]{1,100}$/.test(err) ? err : undefined;
	} catch {
		return undefined;
	}
}

/**
 * @param request {url, content_type, headers, body, traceparent}
 * @returns {status}: taken; or {error, permanent, refused}: the receiver does not want this one, and perhaps the next
 */
export async function deliverSignal(guard, { url, content_type: type, headers, body, traceparent }, { timeout }) {
	const answer = await exchange(guard, { url, method: 'POST', body, traceparent, headers: { ...headers, 'Content-Type': type }, timeout, limit: LIMIT, reads: 400 });
	if (answer.status >= 200 && answer.status <= 299) return { status: answer.status };
	const refused = answer.status === 400 ? refusedAs(answer.body.toString()) : undefined;
	if (refused === undefined) throw failureOfStatus(answer);
	return { error: `the receiver has refused it: ${refused}`, permanent: true, refused };
}
