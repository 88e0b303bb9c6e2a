// A stand-in for PostgREST: node postgrest_stand_in.mjs CONFIGURATION
//
// Speaks PostgREST's contract as far as http/postgrest.conf and postgrest-api.conf
// need it, its oddities among it, as they were read in its source (16.1) and met with
// a real one: functions of the exposed schemas only, by POST with one unnamed argument
// or by GET without any; of two headers of one name the last; no header that is not
// UTF-8; a Bearer token is its own business; its table of SQLSTATEs; what it adds to
// answers.  Reads the same files, and its environment variables before them:
// PGRST_DB_URI, PGRST_SERVER_PORT and so on.  Beside those:
//
//   STAND_IN_PREFIX   what paths of functions begin with, instead of /rpc
//
// Says "postgrest: listening" when it is ready.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { createLocalJWKSet, jwtVerify } from 'jose';
import pg from 'pg';

const EXPOSED = 'Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, Range-Unit';
const SKEW = 30; // seconds, fixed there
const BODY_MAX = 1 << 20;

/** KEY = "value", # comments; a dollar sign is written twice (16.0 and newer) */
function configuration(file) {
	const settings = {};
	for (const line of readFileSync(file, 'utf8').split('\n')) {
		const [, key, value] = /^([\w-]+)\s*=\s*(.*)$/.exec(line) ?? [];
		if (key === undefined) continue;
		if (value.replaceAll('$$', '').includes('$')) throw new Error(`${key}: $ is the beginning of a name, and written $$`);
		settings[key] = value.replace(/^"(.*)"$/, '$1').replaceAll('$$', '$');
	}
	for (const [name, value] of Object.entries(process.env)) {
		if (name.startsWith('PGRST_')) settings[name.slice(6).toLowerCase().replaceAll('_', '-')] = value;
	}
	return settings;
}

const settings = configuration(process.argv[2]);
const schemas = settings['db-schemas'].split(',').map((name) => name.trim());
const prefix = process.env.STAND_IN_PREFIX ?? '/rpc';
const pool = new pg.Pool({ connectionString: settings['db-uri'], max: Number(settings['db-pool'] ?? 10), application_name: 'postgrest' });
pool.on('error', () => {});
pool.on('connect', (client) => { client.on('error', () => {}); }); // the query that is under way says so itself

class Refused extends Error {
	constructor(status, code, message, headers = {}) {
		super(message);
		Object.assign(this, { status, code, headers });
	}
}

// --- what the database says ---------------------------------------------------------

let keys; // none: no token is looked at
let functions = [];
let tables = [];

async function readConfiguration() {
	const client = await pool.connect();
	try {
		if (settings['db-pre-config']) {
			await client.query('BEGIN');
			await client.query(`SELECT ${settings['db-pre-config']}()`);
			const { rows: [{ secret }] } = await client.query('SELECT nullif(current_setting(\'pgrst.jwt_secret\', true), \'\') AS secret');
			await client.query('COMMIT');
			keys = secret === null ? undefined : createLocalJWKSet(JSON.parse(secret));
		}
		({ rows: functions } = await client.query(`SELECT n.nspname AS schema, p.proname AS name, p.pronargs AS n_arguments, p.provolatile AS volatility,
				coalesce(p.proargnames, '{}') AS names, p.proargtypes[0]::regtype::text AS type, t.typname AS returns
			FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_type t ON t.oid = p.prorettype
			WHERE n.nspname = ANY ($1)`, [schemas]));
		({ rows: tables } = await client.query(`SELECT n.nspname AS schema, c.relname AS name, array_agg(a.attname::text) AS columns
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
			WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'v', 'p') AND a.attnum > 0 AND NOT a.attisdropped GROUP BY 1, 2`, [schemas]));
	} finally {
		client.release();
	}
}

async function listen() {
	const listener = new pg.Client({ connectionString: settings['db-uri'], application_name: 'postgrest' });
	let reading = Promise.resolve();
	listener.on('error', () => {});
	listener.on('notification', () => { reading = reading.then(readConfiguration).catch(() => {}); });
	await listener.connect();
	await listener.query(`LISTEN "${settings['db-channel'] ?? 'pgrst'}"`);
}

// --- a request ----------------------------------------------------------------------

const isUtf8 = (octets) => Buffer.from(octets.toString('utf8'), 'utf8').equals(octets);

/** names in lower case; the last of two wins; cookies are elsewhere */
function headersOf(incoming) {
	const headers = {};
	for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
		const octets = Buffer.from(incoming.rawHeaders[i + 1], 'latin1');
		if (!isUtf8(octets)) throw new TypeError('a header is not UTF-8');
		headers[incoming.rawHeaders[i].toLowerCase()] = octets.toString('utf8');
	}
	const { cookie, ...others } = headers;
	return { headers: others, cookies: Object.fromEntries((cookie ?? '').split('; ').filter(Boolean).map((pair) => pair.split('='))) };
}

async function claimsOf({ authorization = '' }) {
	const token = /^bearer +(.*)$/i.exec(authorization)?.[1];
	if (token === undefined) return {};
	if (keys === undefined) throw new Refused(500, 'PGRST300', 'Server lacks JWT secret');
	try {
		const { payload } = await jwtVerify(token, keys, { clockTolerance: SKEW });
		const audiences = [payload.aud ?? []].flat();
		if (settings['jwt-aud'] && audiences.length > 0 && !audiences.includes(settings['jwt-aud'])) throw new Error('JWT not in audience');
		return payload;
	} catch (error) {
		const code = /audience|exp|nbf|iat/.test(error.message) ? 'PGRST303' : 'PGRST301';
		throw new Refused(401, code, error.message, { 'WWW-Authenticate': `Bearer error="invalid_token", error_description=${JSON.stringify(error.message)}` });
	}
}

function schemaOf({ method, headers }) {
	const profile = headers[method === 'GET' || method === 'HEAD' ? 'accept-profile' : 'content-profile'];
	if (profile === undefined) return schemas[0];
	if (!schemas.includes(profile)) throw new Refused(406, 'PGRST106', `Invalid schema: ${profile}`);
	return profile;
}

function preferences({ prefer = '' }) {
	const known = /^(handling|tx|return|count|resolution|missing|timezone|max-affected)=/;
	const unknown = prefer.split(',').map((word) => word.trim()).filter((word) => word && !known.test(word));
	if (/handling=strict/.test(prefer) && unknown.length > 0) throw new Refused(400, 'PGRST122', `Invalid preferences given with handling=strict`);
}

const MEDIA_TYPES = { json: 'application/json', jsonb: 'application/json', text: 'text/plain', xml: 'text/xml', bytea: 'application/octet-stream' };

/** {function, argument}: of POST the one with one unnamed argument of the body's type, of GET the one without any */
function called({ method, path, headers, body }, schema) {
	const name = path.startsWith(`${prefix}/`) ? decodeURIComponent(path.slice(prefix.length + 1)) : undefined;
	if (name === undefined) throw new Refused(404, 'PGRST125', 'Invalid path specified in request URL');
	if (!['GET', 'HEAD', 'POST'].includes(method)) throw new Refused(405, 'PGRST101', `Cannot use the ${method} method on RPC`);
	const candidates = functions.filter((found) => found.schema === schema && found.name === name);
	const type = (headers['content-type'] ?? 'application/json').split(';')[0].trim();
	const found = method !== 'POST' ? candidates.find((candidate) => candidate.n_arguments === 0)
		: candidates.find((candidate) => candidate.n_arguments === 1 && !candidate.names[0] && MEDIA_TYPES[candidate.type] === type);
	if (found === undefined) throw new Refused(404, 'PGRST202', `Could not find the function ${schema}.${name} in the schema cache`);
	if (method !== 'POST') return { found };
	if (type === 'application/json' && body.length > 0) JSON.parse(body);
	// text goes as a C string: it ends at its first NUL
	return { found, argument: found.type === 'bytea' ? body : body.toString('utf8').split('\0')[0] };
}

const quoted = (name) => `"${name.replaceAll('"', '""')}"`;

/** of a table: {query, values, status}; undefined where the path names none */
function tabled({ method, path, query, headers, body }, schema) {
	const table = tables.find((found) => found.schema === schema && `/${found.name}` === path);
	if (!table) return undefined;
	const columns = (names) => names.map((name) => {
		if (!table.columns.includes(name)) throw new Refused(400, 'PGRST204', `Could not find the '${name}' column of '${table.name}' in the schema cache`);
		return quoted(name);
	});
	const name = `${quoted(schema)}.${quoted(table.name)}`;
	const given = method === 'GET' ? {} : JSON.parse(body);
	const list = columns(Object.keys(given)).join(', ');
	const filters = [...query].filter(([key]) => !['select', 'order'].includes(key));
	const where = filters.map(([key], i) => `${columns([key])} = $${i + 1}`).join(' AND ') || 'true';
	const values = filters.map(([, value]) => /^eq\.(.*)$/.exec(value)[1]);
	const record = `json_populate_record(NULL::${name}, $${values.length + 1})`;
	const changed = (sql) => ({ values: [...values, JSON.stringify(given)], query: headers.prefer?.includes('return=representation') ? `${sql} RETURNING *` : `${sql} RETURNING NULL` });
	switch (method) {
		case 'GET': {
			const [, by, direction] = /^(\w+)(?:\.(asc|desc))?$/.exec(query.get('order') ?? '') ?? [];
			return { status: 200, values, query: `SELECT * FROM ${name} WHERE ${where}${by ? ` ORDER BY ${columns([by])} ${direction ?? 'asc'}` : ''}` };
		}
		case 'POST': return { status: 201, ...changed(`INSERT INTO ${name} (${list}) SELECT ${list} FROM ${record}`) };
		case 'PATCH': return { status: headers.prefer?.includes('return=representation') ? 200 : 204, ...changed(`UPDATE ${name} SET (${list}) = (SELECT ${list} FROM ${record}) WHERE ${where}`) };
		default: throw new Refused(405, 'PGRST117', `Unsupported HTTP method: ${method}`);
	}
}

async function askTable(client, { query, values, status }) {
	const { rows: [row] } = await client.query(`WITH pgrst_source AS (${query}) SELECT coalesce(json_agg(_postgrest_t), '[]')::text AS body,
			nullif(current_setting('response.headers', true), '') AS response_headers, nullif(current_setting('response.status', true), '') AS response_status
		FROM pgrst_source _postgrest_t`, values);
	return answerOf({ ...row, body: query.endsWith('RETURNING NULL') ? '' : row.body, response_status: row.response_status ?? String(status) }, false);
}

/** the transaction: {status, headers, body} */
async function transaction(request, schema, claims, { found, argument, table }) {
	const client = await pool.connect();
	const readOnly = table ? request.method === 'GET' : request.method !== 'POST' || found.volatility !== 'v';
	let lost;
	try {
		await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED ${readOnly ? 'READ ONLY' : 'READ WRITE'}`);
		const role = claims.role ?? settings['db-anon-role'];
		await client.query(`SELECT set_config('search_path', $1, true), set_config('role', $2, true), set_config('request.jwt.claims', $3, true),
			set_config('request.method', $4, true), set_config('request.path', $5, true), set_config('request.headers', $6, true),
			set_config('request.cookies', $7, true)`,
		[`${quoted(schema)}, "public"`, role, JSON.stringify({ ...claims, role }), request.method, request.path, JSON.stringify(request.headers),
			JSON.stringify(request.cookies)]);
		if (settings['db-pre-request']) await client.query(`SELECT ${settings['db-pre-request']}()`);
		if (table) {
			const answer = await askTable(client, table);
			await client.query('COMMIT');
			return answer;
		}
		const any = found.returns === '*/*';
		const { rows: [row] } = await client.query(`WITH pgrst_source AS (
				SELECT pgrst_call.pgrst_scalar FROM (SELECT ${quoted(schema)}.${quoted(found.name)}(${argument === undefined ? '' : `$1::${found.type}`}) pgrst_scalar) pgrst_call)
			SELECT null::bigint AS total_result_set, 1 AS page_total,
				${any ? `${quoted(schema)}."*/*"(_postgrest_t.pgrst_scalar)` : 'coalesce(json_agg(_postgrest_t.pgrst_scalar)->0, \'null\')::text'} AS body,
				nullif(current_setting('response.headers', true), '') AS response_headers,
				nullif(current_setting('response.status', true), '') AS response_status
			FROM (SELECT pgrst_source.* FROM pgrst_source) _postgrest_t`, argument === undefined ? [] : [argument]);
		await client.query('COMMIT');
		return answerOf(row, any);
	} catch (error) {
		await client.query('ROLLBACK').catch((gone) => { lost = gone; });
		throw error;
	} finally {
		client.release(lost);
	}
}

/** the function's headers, and its own ones unless they are there */
function answerOf({ body, response_headers: headers, response_status: status }, any) {
	const given = headers === null ? [] : JSON.parse(headers).map((header) => {
		const pairs = Object.entries(header);
		if (pairs.length !== 1 || typeof pairs[0][1] !== 'string') throw new Refused(500, 'PGRST111', 'response.headers guc must be a JSON array');
		return pairs[0];
	});
	if (status !== null && !/^\d+$/.test(status)) throw new Refused(500, 'PGRST112', 'response.status guc must be a valid status code');
	const octets = Buffer.from(body);
	const own = [['Content-Range', '0-0/*'], ['Content-Length', String(octets.length)],
		['Content-Type', any ? 'application/octet-stream' : 'application/json; charset=utf-8']];
	const names = new Set(given.map(([name]) => name.toLowerCase()));
	return { status: Number(status ?? 200), headers: [...own.filter(([name]) => !names.has(name.toLowerCase())), ...given], body: octets };
}

/** the status that a SQLSTATE stands for */
function statusOf(code, message, anonymous) {
	if (code === '42501') return anonymous ? 401 : 403;
	const table = [[/^08|^53(?!400)|^57P01/, 503], [/^0[LP]|^28/, 403], [/^2350[35]/, 409], [/^25006/, 405], [/^42883|^42P01/, 404],
		[/^09|^21|^25|^2D|^38|^39|^3B|^40|^42P17|^5[3-8]|^F0|^HV|^P0(?!001)|^XX/, 500]];
	if (/^PT\d{3}$/.test(code)) return Number(code.slice(2));
	return table.find(([pattern]) => pattern.test(code))?.[1] ?? 400;
}

function refusalOf(error, claims) {
	if (error instanceof Refused) return { ...error, message: error.message };
	if (error.code === 'PGRST') {
		const { status, headers } = JSON.parse(error.detail);
		return { status, headers, ...JSON.parse(error.message) };
	}
	// what the driver says has no SQLSTATE
	if (!/^[0-9A-Z]{5}$/.test(error.code ?? '')) return { status: 503, code: 'PGRST000', message: 'Database connection error. Retrying the connection.', headers: {} };
	const status = statusOf(error.code, error.message, claims?.role === undefined);
	return { status, code: error.code, message: error.message, details: error.detail, hint: error.hint, headers: status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {} };
}

async function handle(incoming) {
	let claims;
	try {
		const [path, query] = incoming.url.split('?');
		const chunks = [];
		let size = 0;
		for await (const chunk of incoming) {
			size += chunk.length;
			if (size > BODY_MAX) throw new Refused(413, 'PGRST000', 'too large');
			chunks.push(chunk);
		}
		const request = { method: incoming.method, path, query: new URLSearchParams(query), body: Buffer.concat(chunks), ...headersOf(incoming) };
		claims = await claimsOf(request.headers);
		const schema = schemaOf(request);
		preferences(request.headers);
		const table = tabled(request, schema);
		const answer = await transaction(request, schema, claims, table ? { table } : called(request, schema));
		if (request.headers['content-profile'] || request.headers['accept-profile']) answer.headers.unshift(['Content-Profile', schema]);
		return answer;
	} catch (error) {
		if (error instanceof TypeError) return { status: 500, headers: [['Content-Type', 'text/plain']], body: Buffer.from('Something went wrong') };
		const { status, code, message, details = null, hint = null, headers } = refusalOf(error, claims);
		const body = Buffer.from(JSON.stringify({ code, message, details, hint }));
		return { status, body, headers: [['Content-Type', 'application/json; charset=utf-8'], ['Content-Length', String(body.length)],
			['Proxy-Status', `PostgREST; error=${code}`], ...Object.entries(headers)] };
	}
}

/** what is added to all that goes out: CORS where there is an Origin, a Retry-After of its own */
function outer(incoming, { status, headers, body }) {
	const more = [['Server', 'postgrest/stand-in'], ['Vary', 'Accept, Prefer, Range']].filter(([name]) => !headers.some(([given]) => given.toLowerCase() === name.toLowerCase()));
	if (incoming.headers.origin !== undefined) more.push(['Access-Control-Allow-Origin', '*'], ['Access-Control-Expose-Headers', EXPOSED]);
	if (status === 503) more.push(['Retry-After', '1']);
	return { status, headers: [...more, ...headers], body };
}

function preflight(incoming) {
	if (incoming.method !== 'OPTIONS' || !incoming.headers.origin || !incoming.headers['access-control-request-method']) return undefined;
	return { status: 200, body: Buffer.alloc(0), headers: [['Access-Control-Allow-Methods', 'GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD'], ['Access-Control-Max-Age', '86400'],
		['Access-Control-Allow-Headers', `Authorization, ${incoming.headers['access-control-request-headers'] ?? 'Content-Type'}, Accept, Accept-Language, Content-Language`]] };
}

const server = createServer({ maxHeaderSize: 50 * 1024, keepAliveTimeout: 30_000 }, async (incoming, outgoing) => {
	const { status, headers, body } = outer(incoming, preflight(incoming) ?? await handle(incoming));
	outgoing.writeHead(status, headers.flatMap(([name, value]) => [name, Buffer.from(String(value), 'utf8').toString('latin1')]));
	outgoing.end(body);
});

await readConfiguration();
await listen();
server.listen(Number(settings['server-port']), settings['server-host'], () => console.log('postgrest: listening'));
process.once('SIGTERM', () => { process.exit(0); });
