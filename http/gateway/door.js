// The request of a client as the arguments of pgtoken_http.handle, and its answer.
import { setTimeout as later } from 'node:timers/promises';

import { withConnection } from './database.js';
import { unavailable } from './errors.js';

const PATIENCE = 5000; // milliseconds that a request waits for its turn, in all

const HANDLE = { name: 'handle', text: 'SELECT status, headers, body FROM pgtoken_http.handle($1, $2, $3, $4, $5)' };

const READY = `SELECT has_function_privilege('pgtoken_http.handle(text, text, text[], bytea, jsonb)', 'EXECUTE') AS ready`;

/** resolves when requests can be answered, rejects with the reason when not */
export async function assertReady(pool) {
	const { rows: [{ ready }] } = await withConnection(pool, (client) => client.query(READY));
	if (!ready) throw new Error('no permission to execute pgtoken_http.handle');
}

/**
 * @param request {method, target, headers, body, peer, isGone}; headers: name, value, name, value, a character an octet;
 *        isGone(): nobody waits for the answer any more, so nothing is begun
 */
export async function handle(pool, { method, target, headers, body, peer, isGone }) {
	const statement = { ...HANDLE, values: [method, target, headers, body, peer] };
	for (let waited = 0; ;) {
		const { rows: [answer] } = await withConnection(pool, (client) => (isGone() ? { rows: [unavailable()] } : client.query(statement)));
		if (answer.status !== 0) return answer;
		// not yet: to wait is for here, where it keeps no connection
		const wait = Number(answer.headers[answer.headers.indexOf('Wait') + 1]) || 0;
		waited += Math.max(wait, 1);
		if (waited > PATIENCE) return unavailable();
		await later(wait);
	}
}
