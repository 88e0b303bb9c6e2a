// What the database raises, as an answer and as a line of the log.
import { NoConnection } from './database.js';

/** an answer: {status, headers, body, own}; headers: name, value, name, value; body: a string; own: it was made here */
export const json = (status, content, headers = []) =>
	({ status, headers: ['Content-Type', 'application/json', 'Cache-Control', 'no-store', ...headers], body: JSON.stringify(content), own: true });

export const refusal = (status, error, description, headers) => json(status, { error, error_description: description }, headers);

export const broken = () => refusal(500, 'server_error', 'the server could not answer this request');
export const unavailable = () => refusal(503, 'temporarily_unavailable', 'the server cannot answer now, but may soon', ['Retry-After', '5']);
/** of /ready, where the database does not say it itself */
export const notReady = () => json(503, { ready: false, missing: ['database'], late: [] }, ['Retry-After', '5']);
export const malformed = () => refusal(400, 'invalid_request', 'the request is not well-formed');
export const tooLarge = () => refusal(413, 'invalid_request', 'the body is too large');

/** what passes by itself: races, too many connections, a server that goes down or comes up */
const passes = (error) => error instanceof NoConnection || /^(40001|40P01|53...|57P0.)$/.test(error.code ?? '');

/** the answer to a request whose statement failed: fixed, whatever the reason */
export const failure = (error) => (passes(error) ? unavailable() : broken());

/** for the log; nothing of the request is in it but what the database itself repeats */
export function reason(error) {
	const { message, code } = error.cause ?? error;
	return [code, message].filter(Boolean).join(' ');
}
