// What the courier asks of the database: functions of the schema pgtoken, for the
// role pgtoken_courier.  Each call is a transaction of its own.
import { setTimeout as later } from 'node:timers/promises';

import pg from 'pg';

import { NoConnection, openPool, withConnection } from '../gateway/database.js';

const NAME = 'pgtoken-courier';
const CHANNEL = 'pgtoken_courier';
const HELLO = 20_000; // milliseconds; who is silent for a minute counts as gone
const RETRY = [1000, 30_000]; // milliseconds between attempts to connect, the first and the longest

const TAKE = { name: 'take', text: 'SELECT work_id, attempt, kind, receiver, request FROM pgtoken.courier_take($1, $2::text[], $3, $4::text[])' };
const DONE = { name: 'done', text: 'SELECT pgtoken.courier_done($1, $2, $3::jsonb) AS became' };
const NEXT = { name: 'next', text: 'SELECT extract(epoch FROM pgtoken.courier_next())::float8 AS seconds' };
const GREET = { name: 'hello', text: 'SELECT pgtoken.courier_hello($1, $2::text[])' };

/** what the courier does, as the database; config: of config.js */
export function makeDatabase({ name, does, database }) {
	const pool = openPool(database, NAME);
	const ask = async (statement, values) => (await withConnection(pool, (client) => client.query({ ...statement, values }))).rows;
	return {
		/** [{work_id, attempt, kind, receiver, request}], which are this courier's for a while */
		take: (kinds, atMost, busy) => ask(TAKE, [name, kinds, atMost, busy]),

		/** 'done', 'again', 'dead', or null: it was not this courier's any more */
		done: async ({ work_id: id, attempt }, result) => (await ask(DONE, [id, attempt, JSON.stringify(result)]))[0].became,

		/** milliseconds until there may be work, or null: none is known */
		async next() {
			const [{ seconds }] = await ask(NEXT, []);
			return seconds === null ? null : seconds * 1000;
		},

		/** says that it goes, so that nobody counts on it */
		async close() {
			await ask(GREET, [name, []]).catch(() => {});
			await pool.end();
		},

		/**
		 * Listens for work and says that it is there, until the signal; a connection that
		 * breaks is made again.  wake(): there may be work, also after each connecting;
		 * complain(error): once for each time that it broke.  Rejects when there was no
		 * connection at all.
		 */
		async listen({ signal, wake, complain }) {
			for (let wait = 0, heard = false; !signal.aborted;) {
				const client = new pg.Client({ user: database.user, connectionTimeoutMillis: database.acquireTimeout, query_timeout: database.acquireTimeout,
					application_name: NAME, keepAlive: true });
				// a connection that breaks says so more than once
				const broken = new Promise((_, reject) => { client.on('error', reject).on('end', () => reject(new NoConnection('the connection to the database broke'))); });
				broken.catch(() => {});
				try {
					await client.connect();
					await client.query(`LISTEN ${CHANNEL}`);
					client.on('notification', wake);
					while (!signal.aborted) {
						await client.query({ ...GREET, values: [name, does] });
						// after the first greeting, so that whoever hears of it may count on it
						if (!heard || wait > 0) wake();
						[heard, wait] = [true, 0];
						await Promise.race([broken, later(HELLO, null, { signal }).catch(() => {})]);
					}
				} catch (error) {
					if (!heard) throw error;
					if (wait === 0) complain(error);
					wait = Math.min(Math.max(wait * 2, RETRY[0]), RETRY[1]);
					await later(wait, null, { signal }).catch(() => {});
				} finally {
					client.end().catch(() => {});
				}
			}
		},
	};
}
