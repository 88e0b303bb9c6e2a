// The same signals as webhooks: was this body signed by who has the secret, just now, and not
// here before? (www.standardwebhooks.com) With nothing but Node, so that it can be copied.
import { createHmac, timingSafeEqual } from 'node:crypto';

const TOLERANCE = 5 * 60; // seconds, either way
const REMEMBERED = 1000;

/** @param secret whsec_…, as create_signal_stream has shown it once */
export function makeWebhook(secret) {
	const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
	const seen = new Set(); // ids: what was not heard to be taken comes again

	/**
	 * @param body as it was received, byte by byte: parsed and written anew it has another signature
	 * @param now in seconds
	 * @returns null: answer 401 and believe nothing of it; {}: was here before, answer 204;
	 *          {type, timestamp, data}: do what it asks for, answer 204
	 */
	return (headers, body, now = Date.now() / 1000) => {
		const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' } = headers;
		if (!(Math.abs(now - Number(timestamp)) <= TOLERANCE)) return null;
		const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
		const signed = signatures.split(' ').some((signature) => {
			const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64');
			return signature.startsWith('v1,') && given.length === expected.length && timingSafeEqual(given, expected);
		});
		if (!signed) return null;
		if (seen.has(id)) return {};
		seen.add(id);
		if (seen.size > REMEMBERED) seen.delete(seen.values().next().value);
		return JSON.parse(body);
	};
}
