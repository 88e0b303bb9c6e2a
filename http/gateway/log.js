// Lines of the log of gateway and courier: text, or one object of JSON each; and by what a
// request is found in them, in audit_events and in a trace.
//
// No line has a header, a query or a body: only what is named here goes in.
import { randomBytes } from 'node:crypto';

const REQUEST_ID = /^[\w.~:/+=@;-]{1,100}$/;
// W3C Trace Context section 3.2: a version that nobody knows yet may go on behind the flags
const TRACEPARENT = /^(?:00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}|(?!00|ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?)$/s;

/** the value of a header among raw ones (name, value, name, value); undefined: there is none, or there are several */
function headerOf(headers, name) {
	const values = headers.filter((value, i) => i % 2 === 1 && headers[i - 1].toLowerCase() === name);
	return values.length === 1 ? values[0] : undefined;
}

/** a UUIDv7 (RFC 9562 section 5.7) */
export function newRequestId(now = Date.now()) {
	const bytes = randomBytes(16);
	bytes.writeUIntBE(now, 0, 6);
	bytes[6] = 0x70 | (bytes[6] & 0x0f);
	bytes[8] = 0x80 | (bytes[8] & 0x3f);
	return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** the id that a proxy has given the request in this header (''), where it is believed, or a new one */
export function requestIdOf(headers, name) {
	const said = name ? headerOf(headers, name.toLowerCase()) : undefined;
	return REQUEST_ID.test(said ?? '') ? said : newRequestId();
}

/** {traceId, spanId} of a traceparent; undefined: it is none */
export function readTraceparent(text) {
	const match = TRACEPARENT.exec(text ?? '');
	const [traceId, spanId] = match ? [match[1] ?? match[3], match[2] ?? match[4]] : ['', ''];
	return /[^0]/.test(traceId) && /[^0]/.test(spanId) ? { traceId, spanId } : undefined;
}

export const traceIdOf = (headers) => readTraceparent(headerOf(headers, 'traceparent'))?.traceId;

/** of a call that is made because of the one that this traceparent is of: the same trace, another span; undefined: of none */
export function childOf(text) {
	const parent = readTraceparent(text);
	if (parent === undefined) return undefined;
	const spanId = randomBytes(8);
	spanId[7] |= 1; // not zeros alone
	return `00-${parent.traceId}-${spanId.toString('hex')}-${text.slice(53, 55)}`;
}

/** text or json, of an environment variable */
export function format(env, name) {
	const value = env[name] || 'text';
	if (value !== 'text' && value !== 'json') throw new Error(`${name} must be text or json`);
	return value;
}

/**
 * @param program its name: 'gateway'
 * @param kind 'text' or 'json'
 * @returns {complain(said, members), tell(said, members)}: a line on standard error, or standard output; said: what
 *          happened, in words; members: {request_id, trace_id, method, path, status, duration_ms, shard, error, ...};
 *          access(members): of a request that was answered
 */
export function makeLog(program, kind, { error = console.error, log = console.log } = {}) {
	const textOf = (said, { request_id: id }) => `${program}: ${said}${id === undefined ? '' : ` (request ${id})`}`;
	// JSON.stringify escapes what could end the line, and leaves out what is undefined
	const jsonOf = (said, members, level) => JSON.stringify({ time: new Date().toISOString(), level, program: `pgtoken-${program}`, message: said, ...members });
	const line = (level) => (said, members = {}) => (kind === 'json' ? jsonOf(said, members, level) : textOf(said, members));
	const [complaint, telling] = [line('error'), line('info')];
	const access = (members) => {
		const { method, path, status, duration_ms: ms, request_id: id, shard } = members;
		log(kind === 'json' ? jsonOf('request', members, status >= 500 ? 'error' : 'info') : `${method} ${path} ${status} ${ms} ms ${id}${shard === undefined ? '' : ` shard ${shard}`}`);
	};
	return { complain: (...what) => error(complaint(...what)), tell: (...what) => log(telling(...what)), access };
}
