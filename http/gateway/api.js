// The application's own functions, called as PostgREST would: on GET without an
// argument and read only, on POST with the JSON body.  pgtoken_http.admit says as
// whom, or what is answered instead.
import { transact } from './database.js';
import { json } from './errors.js';

const METHODS = 'GET, HEAD, POST, OPTIONS';

// What is read-only stays so on a standby, where nothing else can be asked for:
// setting it to off there would raise.  The role comes last.
const ADMIT = {
	name: 'admit',
	text: `SELECT a.status, a.headers, a.body, a.role IS NOT NULL AS admitted,
		(SELECT count(set_config(s.key, s.value, true)) FROM jsonb_each_text(a.settings) s) AS settings,
		CASE WHEN a.role IS NOT NULL AND $1 IN ('GET', 'HEAD') THEN set_config('transaction_read_only', 'on', true) END,
		CASE WHEN a.role IS NOT NULL THEN set_config('role', a.role, true) END
		FROM pgtoken_http.admit($1, $2, $3, $4) AS a`,
};

// OFFSET 0 keeps the planner from merging the two levels: the function has
// returned when the response.* settings are read.
const calling = (call) => `SELECT c.body, nullif(current_setting('response.status', true), '') AS status,
	nullif(current_setting('response.headers', true), '') AS headers FROM (SELECT ${call}::text AS body OFFSET 0) AS c`;

// numbered, because a name with both its parts may be longer than a statement's may be
let statements = 0;
const statement = (call) => ({ name: `call_${++statements}`, text: calling(call) });

// as PostgREST: the first entry that the SQLSTATE begins with; null: nothing that the client could help
const STATUS_OF_SQLSTATE = [
	['0L', 403], ['0P', 403], ['23503', 409], ['23505', 409], ['25006', 405], ['28', 403], ['42501', 403], ['42883', 404], ['42P01', 404], ['P0001', 400],
	...['08', '09', '21', '25', '2D', '38', '39', '3B', '40', '42P17', '5', 'F0', 'HV', 'P0', 'XX'].map((prefix) => [prefix, null]), ['', 400],
];

const isStatus = (value) => Number.isInteger(value) && value >= 200 && value <= 599;

/** the answer to what a function has raised; throws it again where it is no answer */
function answerTo(error) {
	const { code = '', severity, message, detail, hint } = error;
	if (severity === undefined) throw error;
	// what is raised as PGRST has JSON in message and detail: the body, and {status, headers}
	const own = code === 'PGRST' ? JSON.parse(detail) : { status: /^PT[2-5]\d\d$/.test(code) && Number(code.slice(2)) };
	const status = own.status || STATUS_OF_SQLSTATE.find(([prefix]) => code.startsWith(prefix))[1];
	if (!isStatus(status)) throw error;
	const body = code === 'PGRST' ? JSON.parse(message) : { code, message, details: detail ?? null, hint: hint ?? null };
	return json(status, { details: null, hint: null, ...body }, Object.entries(own.headers ?? {}).flat());
}

/** what the function returned and set: response.headers is [{"Cache-Control": "no-store"}, ...] */
function answerOf({ body, status, headers }, added) {
	const own = JSON.parse(headers ?? '[]').flatMap((entry) => Object.entries(entry).flat());
	const typed = body === null || own.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-type');
	const code = Number(status ?? 200);
	if (!isStatus(code)) throw new TypeError('response.status is no status');
	return { status: code, headers: [...(typed ? [] : ['Content-Type', 'application/json']), ...own, ...added], body };
}

/** name: schema.function; returns what answers its requests, see door.js */
export function makeApi(shards, name) {
	const [onGet, onPost] = [statement(`${name}()`), statement(`${name}($1::json)`)];
	return async ({ method, target, headers, body, peer }) => {
		let added = [];
		// it may be another shard that admits it, and there the function runs
		const ask = async (pool, told) => (await transact(pool, async (client) => {
			added = [];
			const { rows: [admission] } = await client.query({ ...ADMIT, values: [method, target, headers, JSON.stringify({ ...peer, ...told })] });
			if (!admission.admitted) return { commit: true, answer: admission };
			added = admission.headers ?? [];
			if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') {
				return { commit: false, answer: { status: method === 'OPTIONS' ? 204 : 405, headers: ['Allow', METHODS, ...added], body: null } };
			}
			const call = method === 'POST' ? { ...onPost, values: [body.length > 0 ? body : '{}'] } : { ...onGet, values: [] };
			const { rows: [result] } = await client.query(call);
			return { commit: true, answer: answerOf(result, added) };
		})).answer;
		try {
			return await shards.route(ask);
		} catch (error) {
			const answer = answerTo(error);
			return { ...answer, headers: [...answer.headers, ...added], own: added.length === 0, shard: error.shard };
		}
	};
}
