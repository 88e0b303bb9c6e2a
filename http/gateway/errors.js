// Errors of the database and of the gateway as PostgREST tells them: a status
// and a body of code, message, details, hint.
import { NoConnection } from './database.js';

/** an answer that is not the function's */
export class HttpError extends Error {
	constructor(status, { code, message, details = null, hint = null }, headers = {}) {
		super(message);
		this.status = status;
		this.body = { code, message, details, hint };
		this.headers = headers;
	}
}

// PostgREST's pgErrorStatus: the first entry that the SQLSTATE begins with
const STATUS_OF_SQLSTATE = [
	['08', 503], ['09', 500], ['0L', 403], ['0P', 403], ['23503', 409], ['23505', 409], ['25006', 405],
	['21000', 500], ['25', 500], ['28', 403], ['2D', 500], ['38', 500], ['39', 500], ['3B', 500], ['40', 500],
	['53400', 500], ['53', 503], ['54', 500], ['55', 500], ['57P01', 503], ['57', 500], ['58', 500], ['F0', 500],
	['HV', 500], ['P0001', 400], ['P0', 500], ['XX', 500], ['42883', 404], ['42P01', 404], ['42P17', 500],
];

function statusOf({ code, message }, anonymous) {
	if (code === '42501') return anonymous ? 401 : 403;
	if (code === '22023' && /^role .* does not exist$/.test(message)) return 401;
	return STATUS_OF_SQLSTATE.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 400;
}

// RAISE SQLSTATE 'PGRST': message and detail are JSON
function fromPgrst(error) {
	try {
		const { code, message, details, hint } = JSON.parse(error.message);
		const { status, headers = {} } = JSON.parse(error.detail);
		const strings = [code, message, ...Object.values(headers)];
		if (!isStatus(status) || strings.some((value) => typeof value !== 'string')) throw new TypeError('not as agreed');
		return new HttpError(status, { code, message, details, hint }, headers);
	} catch {
		return new HttpError(500, {
			code: 'PGRST121',
			message: 'Could not parse JSON in the "RAISE SQLSTATE \'PGRST\'" error',
			details: 'message must have code and message, detail must have status and headers',
		});
	}
}

export const isStatus = (value) => Number.isInteger(value) && value >= 200 && value <= 599;

/** anything thrown while a request was answered */
export function toHttpError(error, anonymous = true) {
	if (error instanceof HttpError) return error;
	if (error instanceof NoConnection) {
		return new HttpError(503, { code: 'PGRST001', message: 'Database connection error. Retrying the connection.' },
			{ 'Retry-After': '5' });
	}
	if (error.code === 'PGRST') return fromPgrst(error);
	// SQLSTATEs have five characters; Node's error codes are longer
	if (typeof error.code === 'string' && error.code.length === 5 && error.severity) {
		const { code, message, detail: details, hint } = error;
		const own = /^PT([2-5]\d\d)$/.exec(code);
		if (own) return new HttpError(Number(own[1]), { code, message, details, hint });
		const status = statusOf(error, anonymous);
		const headers = status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {};
		return new HttpError(status, { code, message, details, hint }, headers);
	}
	// fastify's own: too large, unsupported, malformed
	if (error.statusCode >= 400 && error.statusCode < 500) {
		return new HttpError(error.statusCode, { code: 'PGRST100', message: error.message });
	}
	return new HttpError(500, { code: 'PGRSTX00', message: 'internal error of the gateway' });
}
