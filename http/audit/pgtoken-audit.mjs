#!/usr/bin/env node
// Checks what pgtoken has sealed, away from the database: needs nothing but this file and Node 20.
// docs/audit.md says what the bytes are, and what is proved by them.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const USAGE = `usage: pgtoken-audit seals FILE --kid KID [--held FILE]
       pgtoken-audit rows FILE --seals FILE --kid KID [--known FILE]
       pgtoken-audit proof FILE --kid KID

seals  the lines of export_audit_seals(): signatures and chain; --held: an earlier export, or lines
       with seals that were received one by one: each of them has to be among them
rows   the lines of export_audit_rows(): whether they are what was sealed; --known: an earlier export of
       the same seal, by which the first row that differs is named
proof  the JSON of audit_proof(): whether that row is in that seal
--kid  the audit key that is trusted, as create_audit_key() returned it; others are once a seal names them`;

class Problem extends Error {}

const ALGS = {
	ES256: { hash: 'sha256', dsaEncoding: 'ieee-p1363' },
	ES384: { hash: 'sha384', dsaEncoding: 'ieee-p1363' },
	ES512: { hash: 'sha512', dsaEncoding: 'ieee-p1363' },
	RS256: { hash: 'sha256' },
	PS256: { hash: 'sha256', padding: 6, saltLength: 32 },
	EdDSA: { hash: null },
};

const sha256 = (...pieces) => {
	const hash = createHash('sha256');
	for (const piece of pieces) hash.update(piece);
	return hash.digest();
};

const bytes = (hex) => Buffer.from(hex, 'hex');
const decoded = (text) => Buffer.from(text, 'base64url');
const json = (text, what) => {
	try {
		return JSON.parse(text);
	} catch {
		throw new Problem(`${what} is no JSON`);
	}
};

// --- trees (RFC 9162 section 2.1)

const node = (left, right) => sha256(Buffer.of(1), left, right);

function rootOf(leaves) {
	if (leaves.length === 0) return sha256('');
	let level = leaves;
	// what is left over at the end of a level goes up as it is
	while (level.length > 1) {
		const above = [];
		for (let i = 0; i < level.length; i += 2) above.push(i + 1 < level.length ? node(level[i], level[i + 1]) : level[i]);
		level = above;
	}
	return level[0];
}

/** RFC 9162 section 2.1.3.2 */
function rootByPath(leaf, index, size, hashes) {
	if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) throw new Problem('the index is not among the rows');
	if (!Array.isArray(hashes) || !hashes.every(isHash)) throw new Problem('the path is none');
	const path = hashes.map(bytes);
	let [at, last, hash] = [index, size - 1, leaf];
	for (const other of path) {
		if (last === 0) throw new Problem('the path is too long');
		if (at % 2 === 1 || at === last) {
			hash = node(other, hash);
			while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
		} else {
			hash = node(hash, other);
		}
		[at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
	}
	if (last !== 0) throw new Problem('the path is too short');
	return hash;
}

// --- leaves

// What is hashed is the texts in this order. What they are called is not, so it is asked: whoever
// shows a row could say that a text is another column's.
const COLUMNS = {
	tokens: ['grant_id', 'generation', 'retry', 'issued_at', 'access_expires_at', 'xact_id', 'refresh_expires_at', 'parent_generation', 'client_secret_id',
		'token_hash', 'jti', 'kid', 'client_id', 'scope', 'decision', 'session_user_name', 'role_name', 'application_name', 'reason', 'client_auth_method',
		'resources', 'assessment'],
	audit_rows: ['grant_id', 'event_id', 'occurred_at', 'xact_id', 'event', 'reason', 'client_id', 'session_user_name', 'role_name', 'application_name', 'detail'],
};
// a row that has the mark of a request is of a table of its own name
const MARK = ['request_id', 'trace_id', 'span_id'];
for (const table of Object.keys(COLUMNS)) COLUMNS[`${table}_marked`] = [...COLUMNS[table], ...MARK];
const isOfLedger = ({ table }) => table.startsWith('tokens');
const PARTS = { person: ['subject', 'personal'], place: ['client_addr', 'context'] };

const isHash = (hex) => typeof hex === 'string' && /^[0-9a-f]{64}$/.test(hex);

function checkColumns(columns, names) {
	const isSame = Array.isArray(columns) && columns.length === names?.length
		&& columns.every((one, i) => Array.isArray(one) && one.length === 2 && one[0] === names[i] && (one[1] === null || typeof one[1] === 'string'));
	if (!isSame) throw new Problem('its columns are not those of a row');
}

const field = (text) => {
	if (text === null) return Buffer.from('-,');
	const data = Buffer.from(text, 'utf8');
	return Buffer.concat([Buffer.from(`${data.length}:`), data, Buffer.from(',')]);
};

/** of what is shown of a person or a place; of what is not, it is taken as it stands */
function commitmentOf(part, what) {
	if (!isHash(part?.commitment)) throw new Problem(`there is no commitment to the ${what}`);
	const commitment = bytes(part.commitment);
	if (part.columns !== undefined) {
		checkColumns(part.columns, PARTS[what]);
		if (!/^[0-9a-f]{32}$/.test(part.salt)) throw new Problem(`there is no salt of the ${what}`);
		const shown = sha256(bytes(part.salt), ...part.columns.map(([, text]) => field(text)));
		if (!shown.equals(commitment)) throw new Problem(`what is shown of the ${what} is not what the row commits to`);
	}
	return commitment;
}

function leafOf(row) {
	checkColumns(row?.columns, Object.hasOwn(COLUMNS, row?.table) ? COLUMNS[row.table] : undefined);
	return sha256(Buffer.of(0), field(row.table), ...row.columns.map(([, text]) => field(text)),
		commitmentOf(row.person, 'person'), commitmentOf(row.place, 'place'));
}

const column = (row, name) => row.columns.find(([key]) => key === name)?.[1];

/** of audit_events: a row of the ledger has none, but a time and a jti (RFC 9562 section 5.7) */
function eventOf(row) {
	const at = column(row, isOfLedger(row) ? 'issued_at' : 'occurred_at');
	if (!/^\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00$/.test(at)) throw new Problem('the row has no time');
	if (!isOfLedger(row)) return column(row, 'event_id');
	const us = BigInt(Date.parse(at.replace(/\.\d+/, ''))) * 1000n + BigInt((/\.(\d+)/.exec(at)?.[1] ?? '').padEnd(6, '0'));
	const id = Buffer.alloc(16);
	id.writeUIntBE(Number(us / 1000n), 0, 6);
	id.writeUInt16BE(0x7000 | Number((us % 1000n) * 4096n / 1000n), 6);
	sha256(column(row, 'jti')).copy(id, 8, 0, 8);
	id[8] = 0x80 | (id[8] & 0x3f);
	return id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const monthOf = (row) => column(row, isOfLedger(row) ? 'issued_at' : 'occurred_at').slice(0, 7);
const partName = ({ cluster, table, month }) => `${table} of ${month}, cluster ${cluster}`;
const partLeaf = ({ cluster, table, month, rows, root }) => sha256(Buffer.of(0), `${cluster} ${table} ${month} ${rows} ${root}`);

// --- seals

/** RFC 7638: a kid that says which key it is */
function thumbprint({ kty, crv, e, n, x, y }) {
	const members = new Map([['EC', { crv, kty, x, y }], ['RSA', { e, kty, n }], ['OKP', { crv, kty, x }]]).get(kty);
	if (!members) throw new Problem('a key is of a type that signs no seals');
	return sha256(JSON.stringify(members)).toString('base64url');
}

/** a key that is no key, or of another type than the algorithm, has signed nothing */
function isSigned(hash, text, key, options, signature) {
	try {
		return verify(hash, Buffer.from(text), { key: createPublicKey({ key, format: 'jwk' }), ...options }, signature);
	} catch {
		return false;
	}
}

/** the claims of a seal that is signed by one of the keys; keys: {kid: JWK}, those that are trusted */
function opened(seal, keys) {
	const [head, payload, signature, ...rest] = String(seal).split('.');
	if (!signature || rest.length > 0) throw new Problem('a seal is no JWS');
	const { alg, kid, typ } = json(decoded(head).toString(), 'the header of a seal') ?? {};
	if (typ !== 'pgtoken-seal+jwt') throw new Problem('what should be a seal is something else');
	const key = Object.hasOwn(keys, kid) ? keys[kid] : undefined;
	if (!key) throw new Problem(`it is signed by ${kid}, which is not trusted`);
	const { hash, ...options } = (Object.hasOwn(ALGS, alg) && ALGS[alg]) || {};
	if (hash === undefined || (key.alg && key.alg !== alg)) throw new Problem(`it is signed by ${alg}, which the key is not for`);
	if (!isSigned(hash, `${head}.${payload}`, key, options, decoded(signature))) throw new Problem('its signature is wrong');
	return json(decoded(payload).toString(), 'a seal');
}

const lines = (file) => readFileSync(file, 'utf8').split('\n').filter((line) => line.trim() !== '');

/** {keys: {kid: JWK}, seals: [JWS]} of a file; a line that is a seal and nothing else will do */
function readSeals(file) {
	const keys = {};
	const seals = [];
	for (const line of lines(file)) {
		const { key, seal } = line.startsWith('{') ? json(line, `a line of ${file}`) : { seal: line.trim() };
		if (key) keys[thumbprint(key)] = key;
		if (seal) seals.push(seal);
	}
	return { keys, seals };
}

/** the claims of each seal, in order, each with its problem if it has one */
function checkSeals({ keys, seals }, kid) {
	const trusted = {};
	const trust = (name) => {
		if (Object.hasOwn(keys, name)) trusted[name] = keys[name];
		else throw new Problem(`the key ${name} is not there`);
	};
	trust(kid);
	const checked = [];
	let before = null;
	for (const seal of seals) {
		let claims = {};
		let problem = null;
		try {
			claims = opened(seal, trusted);
			const roots = claims.parts.map(partLeaf);
			if (rootOf(roots).toString('hex') !== claims.root) throw new Problem('its root is not that of its parts');
			if (!before && claims.number === 1 && claims.previous !== undefined) throw new Problem('it is the first, and names one before');
			if (before && claims.number !== before.number + 1) throw new Problem(`seals are missing between ${before.number} and ${claims.number}`);
			if (before && claims.previous !== sha256(before.seal).toString('hex')) throw new Problem('it does not follow the one before');
			if (claims.next_kid) trust(claims.next_kid);
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			problem = error.message;
		}
		checked.push({ claims, seal, problem });
		before = { number: claims.number, seal };
	}
	return checked;
}

/** months that a seal says are retired; one that was not over by then is not, but emptied */
function retiredBy({ retired = [], made_at: madeAt }) {
	return retired.map((one) => {
		const [year, month] = one.month.split('-').map(Number);
		return { ...one, isOver: Date.UTC(year, month) <= Math.min(Date.parse(one.at), Date.parse(madeAt)) };
	});
}

// --- what is asked for

const say = (ok, text) => {
	// what a file says may not look like what this program says
	console.log(`${ok ? 'ok' : 'BROKEN'}  ${text.replace(/[\p{C}\u2028\u2029]/gu, '?')}`);
	if (!ok) process.exitCode = 1;
};

function seals(file, { kid, held }) {
	const read = readSeals(file);
	const checked = checkSeals(read, kid);
	const first = checked[0]?.claims.number;
	if (first > 1) say(true, `what came before seal ${first} is not in this file`);
	for (const { claims, problem } of checked) {
		if (problem) say(false, `seal ${claims.number ?? '?'}: ${problem}`);
		else if (claims.opened) say(true, `seal ${claims.number}: a chain begins (${claims.opened})`);
		for (const { table, month, rows, isOver } of problem ? [] : retiredBy(claims)) {
			say(isOver, `seal ${claims.number}: ${table} of ${month} retired${isOver ? '' : ' before it was over'}, ${rows} row(s) left`);
		}
	}
	const there = new Set(read.seals);
	for (const seal of held ? readSeals(held).seals : []) {
		if (there.has(seal)) continue;
		const { number, chain } = opened(seal, { ...read.keys, ...readSeals(held).keys });
		const other = checked.find(({ claims }) => claims.number === number);
		say(false, `seal ${number} of chain ${chain}, which is held, is ${other ? 'another one now' : 'not there any more'}`);
	}
	const last = checked.at(-1)?.claims;
	say(!process.exitCode, `${checked.length} seal(s)${last ? `, the last ${last.number}, made at ${last.made_at}` : ''}`);
}

/** {part's name: [{row, leaf}]}; what a row claims to be its leaf is not asked */
function readRows(file, onProblem) {
	const parts = new Map();
	let number;
	for (const line of lines(file)) {
		const row = json(line, `a line of ${file}`);
		let leaf;
		try {
			leaf = leafOf(row);
			if (row.event_id !== eventOf(row)) throw new Problem(`it is event ${eventOf(row)}`);
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			onProblem(row, error.message);
			continue;
		}
		number ??= row.seal;
		if (row.seal !== number) throw new Problem('the rows are of several seals: check one after the other');
		const name = partName({ ...row, month: monthOf(row) });
		if (!parts.has(name)) parts.set(name, []);
		parts.get(name).push({ row, leaf });
	}
	return { number, parts };
}

function firstDifference(known, now) {
	for (let i = 0; i < Math.max(known.length, now.length); i++) {
		if (known[i] && now[i] && known[i].leaf.equals(now[i].leaf)) continue;
		if (!now[i] || (known[i] && known[i + 1] && now[i].leaf.equals(known[i + 1].leaf))) return `missing: event ${known[i].row.event_id}`;
		if (!known[i] || (now[i + 1] && known[i].leaf.equals(now[i + 1].leaf))) return `not sealed: event ${now[i].row.event_id}`;
		return `changed: event ${known[i].row.event_id}`;
	}
	return null;
}

function rows(file, { kid, seals: sealsFile, known: knownFile }) {
	if (!sealsFile) throw new Problem('--seals says which file has the seals');
	const complain = (row, problem) => say(false, `event ${row?.event_id}: ${problem}`);
	const { number, parts } = readRows(file, complain);
	const checked = checkSeals(readSeals(sealsFile), kid);
	const bad = checked.find(({ problem }) => problem);
	if (bad) throw new Problem(`seal ${bad.claims.number ?? '?'}: ${bad.problem}`);
	const claims = checked.find((seal) => seal.claims.number === number)?.claims;
	if (!claims) throw new Problem(`seal ${number ?? 'of these rows'} is not in ${sealsFile}`);
	const retired = new Set(checked.filter((seal) => seal.claims.number > number).flatMap((seal) => retiredBy(seal.claims).filter(({ isOver }) => isOver))
		.map(({ table, month }) => `${table} ${month}`));
	const known = knownFile ? readRows(knownFile, complain).parts : null;
	for (const part of claims.parts) {
		const name = partName(part);
		const there = parts.get(name) ?? [];
		parts.delete(name);
		if (rootOf(there.map(({ leaf }) => leaf)).toString('hex') === part.root && there.length === part.rows) {
			say(true, `${name}: ${part.rows} row(s)`);
		} else if (retired.has(`${part.table} ${part.month}`)) {
			say(true, `${name}: retired with its partition, as a later seal says`);
		} else {
			const before = known?.get(name) ?? [];
			const isKnown = known && rootOf(before.map(({ leaf }) => leaf)).toString('hex') === part.root;
			const first = isKnown ? firstDifference(before, there) : known ? 'the known rows are not those that were sealed either' : 'an earlier export would name the row (--known)';
			say(false, `${name}: ${there.length} row(s), not the ${part.rows} that were sealed; ${first}`);
		}
	}
	for (const [name, list] of parts) say(false, `${name}: ${list.length} row(s) that were not sealed, the first event ${list[0].row.event_id}`);
	say(!process.exitCode, `seal ${number}`);
}

function proof(file, { kid }) {
	const { row, month, index, path, seal, key, event_id: event } = json(readFileSync(file, 'utf8'), file) ?? {};
	if (!row || !key || thumbprint(key) !== kid) throw new Problem('the proof is by another key than the one that is trusted');
	const claims = opened(seal, { [kid]: key });
	const leaf = leafOf(row);
	if (event !== eventOf(row)) throw new Problem(`the row is event ${eventOf(row)}`);
	if (month !== monthOf(row)) throw new Problem('the row is of another month');
	const part = claims.parts.find((one) => partName(one) === partName({ ...row, month }));
	if (!part) throw new Problem('the seal covers no such rows');
	if (rootOf(claims.parts.map(partLeaf)).toString('hex') !== claims.root) throw new Problem('the root of the seal is not that of its parts');
	const isThere = rootByPath(leaf, index, part.rows, path).toString('hex') === part.root;
	say(isThere, isThere ? `event ${event} is row ${index} of ${partName(part)} in seal ${claims.number}, made at ${claims.made_at}` : 'the row is not in the seal');
}

/** with --kid and what follows as one: a kid may begin with "-", which parseArgs would take for an option */
function joined(args) {
	const at = args.indexOf('--kid');
	return at < 0 || at + 1 === args.length ? args : args.toSpliced(at, 2, `--kid=${args[at + 1]}`);
}

try {
	const { positionals: [command, file, ...rest], values } = parseArgs({
		args: joined(process.argv.slice(2)),
		allowPositionals: true,
		options: Object.fromEntries(['kid', 'held', 'seals', 'known'].map((name) => [name, { type: 'string' }])),
	});
	const run = { seals, rows, proof }[command];
	if (!run || !file || rest.length > 0 || !values.kid) {
		console.error(USAGE);
		process.exitCode = 2;
	} else {
		run(file, values);
	}
} catch (error) {
	if (error instanceof Problem) say(false, error.message);
	else if (error.code?.startsWith('ERR_PARSE_ARGS') || error.code === 'ENOENT') {
		console.error(error.message);
		process.exitCode = 2;
	} else {
		throw error;
	}
}
