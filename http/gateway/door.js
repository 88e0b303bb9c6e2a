// The request of a client as the arguments of pgtoken_http.handle, and its answer.
import { setTimeout as later } from 'node:timers/promises';

import { withConnection } from './database.js';
import { unavailable } from './errors.js';
import { headerOf } from './shards.js';

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
 * @returns (pool, told) => answer, of status 0 where another shard is to be asked; told: members of the peer
 */
export function asking({ method, target, headers, body, peer, isGone }) {
	let waited = 0; // wherever it was
	return async (pool, told) => {
		const statement = { ...HANDLE, values: [method, target, headers, body, JSON.stringify({ ...peer, ...told })] };
		for (;;) {
			const { rows: [answer] } = await withConnection(pool, (client) => (isGone() ? { rows: [unavailable()] } : client.query(statement)));
			if (answer.status !== 0 || headerOf(answer, 'Shard') !== undefined) return answer;
			// not yet: to wait is for here, where it keeps no connection
			const wait = Number(headerOf(answer, 'Wait')) || 0;
			waited += Math.max(wait, 1);
			if (waited > PATIENCE) return unavailable();
			await later(wait);
		}
	};
}

export const handle = (shards, request) => shards.route(asking(request));
