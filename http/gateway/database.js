// The pool of connections to the database.
import { readFileSync } from 'node:fs';

import pg from 'pg';

/** there was no connection, or it broke before the answer had come; unasked: no statement has been sent */
export class NoConnection extends Error {}

/** what the database has raised, or what has come of its answer here, leaves the connection as it was */
const isGone = (error) => !(error instanceof pg.DatabaseError || error instanceof TypeError || error instanceof SyntaxError);

const SILENCE = 5000; // milliseconds after which an answer would have been there, had the server cut the statement short

// node-postgres knows PGSSLMODE and takes no authority from the environment
function authority({ PGSSLMODE: mode, PGSSLROOTCERT: file }) {
	return file && mode && mode !== 'disable' && mode !== 'no-verify' ? { ssl: { ca: readFileSync(file) } } : {};
}

/** database: {user, poolSize, acquireTimeout, statementTimeout, url}; name: which program it is, for pg_stat_activity */
export function openPool(database, name = 'pgtoken-gateway') {
	const pool = new pg.Pool({
		user: database.user,
		max: database.poolSize,
		connectionTimeoutMillis: database.acquireTimeout,
		statement_timeout: database.statementTimeout,
		application_name: name,
		keepAlive: true,
		...authority(process.env),
		// one of several: a machine that is gone without a word keeps nobody for good
		...(database.url && { connectionString: database.url, query_timeout: database.statementTimeout && database.statementTimeout + SILENCE }),
	});
	// an idle connection that breaks is replaced by the pool; without a listener it would end the process
	pool.on('error', () => {});
	// nor does one that breaks in somebody's hands between two statements: the next one says so
	pool.on('connect', (client) => client.on('error', () => {}));
	return pool;
}

/** action(client), on a connection that is its own meanwhile and open to others afterwards */
export async function withConnection(pool, action) {
	let client;
	try {
		client = await pool.connect();
	} catch (cause) {
		throw Object.assign(new NoConnection('no connection to the database', { cause }), { unasked: true });
	}
	let broken = false;
	try {
		return await action(client);
	} catch (error) {
		broken = isGone(error);
		throw broken ? new NoConnection('the connection to the database broke', { cause: error }) : error;
	} finally {
		client.release(broken);
	}
}

/** one transaction; action returns {commit, ...} */
export const transact = (pool, action) => withConnection(pool, async (client) => {
	await client.query('BEGIN');
	try {
		const result = await action(client);
		await client.query(result.commit ? 'COMMIT' : 'ROLLBACK');
		return result;
	} catch (error) {
		if (!isGone(error)) await client.query('ROLLBACK');
		throw error;
	}
});
