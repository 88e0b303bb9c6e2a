// The pool of connections, and one request as one transaction.
import pg from 'pg';

import { runBatch } from './batch.js';

// What is read-only stays so on a standby, where nothing else can be asked for:
// setting it to off there would raise.
const setConfig = (name, headers) => ({
	name,
	text: `SELECT set_config('role', $1, true), CASE WHEN $2 = 'on' THEN set_config('transaction_read_only', 'on', true) END,
		set_config('request.method', $3, true), set_config('request.path', $4, true),
		set_config('request.headers', ${headers}, true), set_config('request.cookies', $6, true),
		set_config('request.jwt.claims', $7, true)`,
});

const SET_CONFIG = setConfig('gateway_set', '$5');

// Where no proxy stands before the gateway, whatever the settings of this very
// session let a header say is the client's invention: the address is the peer's,
// the others go.  current_setting's NULL: the library is not loaded yet, so the
// setting has its default.
const SET_CONFIG_UNTRUSTED = setConfig('gateway_set_untrusted', `(($5::jsonb
	- ARRAY(SELECT lower(m[1]) FROM regexp_matches(concat('=', current_setting('pgtoken.http_client_certificate_header', true), ',',
		current_setting('pgtoken.http_context_headers', true)), '=\\s*([^\\s,]+)', 'g') m))
	|| jsonb_build_object(coalesce(nullif(lower(current_setting('pgtoken.http_client_address_header', true)), ''), 'x-forwarded-for'), $8::text))::text`);

// OFFSET 0 keeps the planner from merging the two levels: the function has
// returned when the response.* settings are read.
const calling = (call) => `SELECT c.body,
	nullif(current_setting('response.status', true), ''), nullif(current_setting('response.headers', true), '')
	FROM (SELECT ${call}::text AS body OFFSET 0) AS c`;

// numbered, because a name with both its parts may be longer than a statement's may be
let statements = 0;
const statement = (text) => ({ name: `gateway_call_${++statements}`, text });

/** name: schema.function; argument: the SQL type of its only argument, or null */
export const callStatement = (name, argument) =>
	statement(calling(argument === null ? `${name}()` : `${name}($1::${argument})`));

export const procedureStatement = (name) => statement(`SELECT ${name}()`);

export class NoConnection extends Error {}

export function openPool(database) {
	const pool = new pg.Pool({
		user: database.user,
		max: database.poolSize,
		connectionTimeoutMillis: database.acquireTimeout,
		statement_timeout: database.statementTimeout,
		application_name: 'pgtoken-gateway',
	});
	// an idle connection that breaks is replaced by the pool; without a listener it would end the process
	pool.on('error', () => {});
	return pool;
}

/** @param steps see batch.js */
export async function transact(pool, steps) {
	let client;
	try {
		client = await pool.connect();
	} catch (cause) {
		throw new NoConnection('no connection to the database', { cause });
	}
	let broken = false;
	try {
		return await runBatch(client, steps);
	} catch (error) {
		broken = !(error instanceof pg.DatabaseError);
		throw broken ? new NoConnection('the connection to the database broke', { cause: error }) : error;
	} finally {
		client.release(broken);
	}
}

/**
 * One request: settings in, db-pre-request if there is one, the function, settings out.
 * @param request {role, readOnly, method, path, headers, cookies, claims, peer}; headers, cookies and claims as JSON;
 *        peer: the address that the connection came from, or null where a proxy is trusted to say so
 * @param call {statement, values}
 * @returns {body, status, headers}: strings or null
 */
export async function callFunction(pool, request, preRequest, call) {
	const values = [request.role, request.readOnly ? 'on' : 'off', request.method, request.path,
		request.headers, request.cookies, request.claims];
	const steps = [request.peer === null ? { ...SET_CONFIG, values } : { ...SET_CONFIG_UNTRUSTED, values: [...values, request.peer] }];
	if (preRequest) steps.push({ ...preRequest, values: [] });
	steps.push({ ...call.statement, values: call.values });
	const results = await transact(pool, steps);
	const [body, status, headers] = results[steps.length - 1][0];
	return { body, status, headers };
}
