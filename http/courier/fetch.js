// Documents that a URL names: work of the kind 'document'.
import { exchange, failureOfStatus } from './exchange.js';
import { refusal } from './failure.js';

const MAX_BYTES = 64 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

const isOfKind = (type, kind) => type === `application/${kind}` || type.endsWith(`+${kind}`);

/** is the type one of those asked for, or the general one of their kind, or, of JSON, a special one? */
function isWanted(type, accept) {
	const wanted = accept.toLowerCase().split(',').map((one) => one.trim());
	if (wanted.includes(type)) return true;
	if (wanted.some((one) => isOfKind(one, 'json'))) return isOfKind(type, 'json');
	return type === 'application/jwt' && wanted.some((one) => isOfKind(one, 'jwt'));
}

/** seconds for which the answer says that it is good; null: it does not say */
export function maxAge(headers, now = Date.now()) {
	const directives = (headers['cache-control'] ?? '').toLowerCase().split(',').map((directive) => directive.trim());
	if (directives.some((directive) => /^no-(?:store|cache)(?:=|$)/.test(directive))) return 0;
	const age = directives.map((directive) => /^max-age="?(\d{1,10})"?$/.exec(directive)?.[1]).find(Boolean);
	const expires = headers.expires === undefined ? NaN : Date.parse(headers.expires);
	// an Expires that is no date has passed (RFC 9111 section 5.3)
	const seconds = age !== undefined ? Number(age) - (Number(headers.age) || 0)
		: headers.expires !== undefined ? Math.floor(((expires || 0) - now) / 1000) : null;
	return seconds && Math.max(seconds, 0);
}

function textOf(body) {
	let text;
	try {
		text = utf8.decode(body);
	} catch {
		throw refusal('the answer is not UTF-8');
	}
	if (text.includes('\0')) throw refusal('the answer has a NUL');
	return text;
}

/**
 * @param request {url, accept, etag?, last_modified?, traceparent?, max_bytes?}
 * @returns {status: 200, content_type, body, max_age, etag?, last_modified?} or {status: 304, max_age, …}
 */
export async function fetchDocument(guard, request, { timeout }) {
	const { url, accept, etag, last_modified: modified, traceparent, max_bytes: wanted = MAX_BYTES } = request;
	const answer = await exchange(guard, { url, method: 'GET', traceparent, timeout, limit: Math.min(wanted, MAX_BYTES),
		headers: { Accept: accept, ...(etag && { 'If-None-Match': etag }), ...(modified && { 'If-Modified-Since': modified }) } });
	const { etag: newEtag, 'last-modified': newModified } = answer.headers;
	const kept = { max_age: maxAge(answer.headers), ...(newEtag && { etag: newEtag }), ...(newModified && { last_modified: newModified }) };
	if (answer.status === 304 && (etag || modified)) return { status: 304, ...kept };
	if (answer.status !== 200) throw failureOfStatus(answer);
	const coding = (answer.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
	if (coding !== 'identity') throw refusal('the answer is compressed, which nobody asked for');
	const type = (answer.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
	if (!isWanted(type, accept)) throw refusal('the answer is of another content type');
	return { status: 200, content_type: type, body: textOf(answer.body), ...kept };
}
