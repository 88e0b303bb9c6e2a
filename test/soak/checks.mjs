// The invariants, by SQL, while nobody asks anything.  Each statement returns what breaks
// it: no row is what is wanted.
import { setTimeout as later } from 'node:timers/promises';

/** what stands in the database, whatever the clients remember */
const OF_THE_DATABASE = {
	'a generation has one child': `
		SELECT grant_id, generation FROM pgtoken.tokens WHERE retry = 0 GROUP BY grant_id, generation HAVING count(*) > 1`,
	'all answers of a generation have the same refresh token': `
		SELECT grant_id, generation FROM pgtoken.tokens GROUP BY grant_id, generation HAVING count(DISTINCT token_hash) > 1`,
	'generations are without a gap': `
		SELECT grant_id FROM pgtoken.tokens WHERE retry = 0 GROUP BY grant_id HAVING count(*) <> max(generation) + 1 OR min(generation) <> 0`,
	'every answer is for the predecessor of what it gave': `
		SELECT grant_id, generation, retry FROM pgtoken.tokens WHERE parent_generation IS DISTINCT FROM nullif(generation - 1, -1)`,
	'the ledger ends where the family stands': `
		SELECT g.grant_id FROM pgtoken.grants g
		LEFT JOIN (SELECT grant_id, max(generation) AS generation FROM pgtoken.tokens GROUP BY grant_id) t USING (grant_id)
		WHERE t.generation IS DISTINCT FROM g.generation`,
	'family and ledger name the same token': `
		SELECT g.grant_id FROM pgtoken.grants g JOIN pgtoken.tokens t USING (grant_id, generation) WHERE t.token_hash <> g.current_hash`,
	'no reuse was seen': `
		SELECT grant_id, event, reason FROM pgtoken.audit_events WHERE event IN ('refresh.reuse', 'refresh.refused', 'refresh.denied', 'token.refused')`,
	'a revoked family is in the audit': `
		SELECT g.grant_id FROM pgtoken.grants g WHERE g.revoked_at IS NOT NULL
		AND NOT EXISTS (SELECT FROM pgtoken.audit_rows a WHERE a.grant_id = g.grant_id AND a.event = 'grant.revoked')`,
	'a blacklisted token is in the audit, and of a family that is known': `
		SELECT b.grant_id FROM pgtoken.blacklist b
		WHERE NOT EXISTS (SELECT FROM pgtoken.audit_rows a WHERE a.grant_id = b.grant_id AND a.event = 'blacklist.created')
		OR NOT EXISTS (SELECT FROM pgtoken.tokens t WHERE t.grant_id = b.grant_id)`,
	'a key has its private part, and the other way round': `
		SELECT k.kid FROM pgtoken.signing_keys k FULL JOIN (
			SELECT substr(material_id, 5) AS kid FROM pgtoken.key_material WHERE material_id LIKE 'key:%') m USING (kid)
		WHERE k.kid IS NULL OR (m.kid IS NULL) <> (k.state = 'retired')`,
	'one key signs, one policy decides': `
		SELECT alg FROM pgtoken.signing_keys WHERE state = 'active' GROUP BY issuer, alg HAVING count(*) <> 1
		UNION ALL SELECT policy FROM pgtoken.policies WHERE state = 'active' GROUP BY issuer, policy HAVING count(*) > 1`,
	'no prepared transaction is left': 'SELECT gid FROM pg_catalog.pg_prepared_xacts',
	'every extension row has its client': `
		SELECT g.grant_id FROM pgtoken.grants g LEFT JOIN pgtoken.clients c USING (client_id) WHERE c.client_id IS NULL`,
};

/** locks and transactions of sessions that do nothing; the last ones may end still */
const LEFT_OPEN = `
	SELECT a.pid, a.usename, a.state, l.locktype, l.mode FROM pg_catalog.pg_stat_activity a
	LEFT JOIN pg_catalog.pg_locks l ON l.pid = a.pid
	WHERE a.pid <> pg_catalog.pg_backend_pid() AND a.backend_type IN ('client backend', 'pgtoken_fastcgi worker')
	AND (a.xact_start IS NOT NULL OR l.pid IS NOT NULL)`;

const FAMILIES = `
	WITH known AS (
		SELECT * FROM jsonb_to_recordset($1) k (grant_id uuid, generation integer, hash text, pending boolean, ending text, purged boolean)
	)
	SELECT k.grant_id, CASE
		WHEN g.grant_id IS NULL THEN 'a family that was answered is lost'
		WHEN g.generation < k.generation THEN 'a rotation that was answered is lost'
		WHEN g.generation > k.generation + k.pending::integer THEN 'a rotation that nobody asked for'
		WHEN k.ending = 'answered' AND g.revoked_at IS NULL THEN 'an answered revocation is lost'
		WHEN k.ending IS NULL AND (g.revoked_at IS NOT NULL OR g.expires_at < now()) THEN 'an honest client was signed out'
		ELSE 'the token that was answered is not the one of its generation'
	END AS what
	FROM known k LEFT JOIN pgtoken.grants g USING (grant_id)
	LEFT JOIN pgtoken.tokens t ON t.grant_id = k.grant_id AND t.generation = k.generation AND t.retry = 0
	WHERE k.purged IS NOT TRUE AND (g.grant_id IS NULL OR g.generation NOT BETWEEN k.generation AND k.generation + k.pending::integer
		OR k.ending = 'answered' AND g.revoked_at IS NULL
		OR k.ending IS NULL AND (g.revoked_at IS NOT NULL OR g.expires_at < now())
		OR encode(t.token_hash, 'hex') IS DISTINCT FROM k.hash)`;

const ANSWERS = `
	SELECT k.grant_id, k.jti FROM jsonb_to_recordset($1) k (grant_id uuid, generation integer, jti text)
	WHERE NOT EXISTS (SELECT FROM pgtoken.tokens t WHERE t.grant_id = k.grant_id AND t.generation = k.generation AND t.jti = k.jti)`;

const EVENTS = `
	SELECT k.event, k.id FROM jsonb_to_recordset($1) k (event text, grant_id uuid, id text)
	WHERE NOT EXISTS (
		SELECT FROM pgtoken.audit_rows a WHERE a.event = k.event
		AND a.grant_id = coalesce(k.grant_id, '00000000-0000-0000-0000-000000000000')
		AND (k.id IS NULL OR k.id IN (a.detail -> 'after' ->> 'token_id', a.detail ->> 'kid', a.detail -> 'after' ->> 'kid', a.detail ->> 'version',
			a.detail -> 'after' ->> 'version')))`;

// whose access token is known to be dead, or to live
const ACCESS = `
	SELECT k.grant_id, k.holds FROM jsonb_to_recordset($1) k (grant_id uuid, token text, holds boolean)
	WHERE (pgtoken.verify_access_token(k.token) IS NOT NULL) <> k.holds`;

/** families that are not as the clients remember them: [{grant_id, what}] */
export async function differing(soak, db) {
	const families = [...soak.families.values()].filter(({ over }) => !over);
	return await db.rows(FAMILIES, [JSON.stringify(families.map(({ grantId, generation, hash, pending, ending, purged }) =>
		({ grant_id: grantId, generation, hash, pending, ending, purged })))]);
}

/** what has to hold whatever was lost; but: what else may have been */
export async function checkDatabase(soak, db, but = []) {
	for (const [what, text] of Object.entries(OF_THE_DATABASE).filter(([name]) => !but.includes(name))) {
		const rows = await db.rows(text);
		if (rows.length > 0) soak.fault(`${what}: ${rows.length} broken, first ${JSON.stringify(rows[0])}`);
		soak.checks++;
	}
}

/** runs all of them; faults are told to soak.fault().  all: everything that was ever answered, and not only what came since the last time */
export async function check(soak, db, all = false) {
	const broken = async (what, text, values) => {
		const rows = await db.rows(text, values);
		if (rows.length > 0) soak.fault(`${what}: ${rows.length} broken, first ${JSON.stringify(rows[0])}`);
		soak.checks++;
	};
	await checkDatabase(soak, db);
	for (const { grant_id: grantId, what } of (await differing(soak, db)).slice(0, 5)) soak.fault(`${what}: family ${grantId}`);
	soak.checks += 4;

	const { answers, events } = soak.journal.since(all);
	for (let at = 0; at < answers.length; at += 20_000) await broken('an answer is in the ledger', ANSWERS, [JSON.stringify(answers.slice(at, at + 20_000))]);
	await broken('an event that was answered is in the audit', EVENTS, [JSON.stringify(events)]);

	const soon = Date.now() / 1000 + 30;
	const access = [...soak.families.values()].filter(({ over, expires, kid, purged }) => !over && expires > soon && !soak.retired.has(kid) && !purged)
		.filter(({ ending, blacklisted }) => ending !== 'asked' && blacklisted !== 'asked')
		.map(({ grantId, access: token, ending, blacklisted }) => ({ grant_id: grantId, token, holds: !ending && !blacklisted }));
	await broken('access tokens hold, and those that were ended do not', ACCESS, [JSON.stringify(access)]);

	// once the seals' own time and half a minute further back, or all there is
	const { since } = await db.row(`SELECT CASE WHEN $1 THEN NULL ELSE $2::timestamptz - interval '30 seconds' END AS since`, [all, soak.verifiedUntil ?? null]);
	const { now } = await db.row('SELECT now()');
	await broken('the seals verify', 'SELECT v.number, v.finding FROM pgtoken.verify_audit($1) v WHERE NOT v.ok', [since]);
	soak.verifiedUntil = now;

	let open;
	for (let tries = 0; tries < 600; tries++) {
		open = await db.rows(LEFT_OPEN);
		if (open.length === 0) break;
		await later(100);
	}
	if (open.length > 0) soak.fault(`a lock or a transaction is left open: ${JSON.stringify(open[0])}`);
	soak.checks++;
}

/** each index has each row of its table once, in order; the tables are whole */
export async function checkStorage(soak, db) {
	const rows = await db.rows(`SELECT c.oid::regclass::text AS index FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
		WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind = 'i' AND c.relam = (SELECT oid FROM pg_catalog.pg_am WHERE amname = 'btree')`);
	for (const { index } of rows) {
		try {
			await db.rows('SELECT bt_index_parent_check($1::regclass, true)', [index]);
		} catch (error) {
			soak.fault(`index ${index}: ${error.message}`);
		}
	}
	const broken = await db.rows(`SELECT c.oid::regclass::text AS name, v.msg FROM pg_catalog.pg_class c, LATERAL verify_heapam(c.oid) v
		WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind = 'r'`);
	for (const { name, msg } of broken.slice(0, 5)) soak.fault(`table ${name}: ${msg}`);
	soak.checks += rows.length + 1;
	return rows.length;
}
