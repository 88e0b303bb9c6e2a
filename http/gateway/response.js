// What the function returned and set, as an HTTP response.
import { HttpError, isStatus } from './errors.js';

function parseStatus(text) {
	if (text === null) return 200;
	const status = /^\d{3}$/.test(text) ? Number(text) : 0;
	if (!isStatus(status)) {
		throw new HttpError(500, { code: 'PGRST112', message: 'response.status setting must be a valid status code' });
	}
	return status;
}

// [{"Cache-Control": "no-store"}, ...] -> {"Cache-Control": ["no-store"], ...}
function parseHeaders(text) {
	if (text === null) return {};
	const headers = {};
	try {
		for (const entry of JSON.parse(text)) {
			const [[name, value], ...others] = Object.entries(entry);
			if (others.length > 0 || typeof value !== 'string') throw new TypeError('one string per object');
			(headers[name] ??= []).push(value);
		}
	} catch {
		throw new HttpError(500, {
			code: 'PGRST111',
			message: 'response.headers setting must be a JSON array of objects with one key and a string each',
		});
	}
	return headers;
}

/** @param answer {body, status, headers} of callFunction */
export function sendAnswer(reply, answer) {
	const status = parseStatus(answer.status);
	const headers = parseHeaders(answer.headers);
	reply.code(status);
	if (answer.body !== null) reply.type('application/json; charset=utf-8');
	for (const [name, values] of Object.entries(headers)) {
		reply.header(name, values.length === 1 ? values[0] : values);
	}
	return reply.send(answer.body ?? undefined);
}

export function sendError(reply, error) {
	return reply.code(error.status).headers(error.headers ?? {}).type('application/json; charset=utf-8')
		.send(JSON.stringify(error.body));
}
