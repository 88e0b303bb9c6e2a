-- What seals (59_audit_seals.sql) are for: looking whether the rows are those that were
-- sealed, here or, by exports, elsewhere.

CREATE FUNCTION pgtoken.seal_claims(seal text) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	payload CONSTANT text := translate(split_part(seal, '.', 2), '-_', '+/');
	claims jsonb;
BEGIN
	claims := convert_from(decode(rpad(payload, (length(payload) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb;
	RETURN CASE WHEN jsonb_typeof(claims -> 'parts') = 'array' THEN claims ELSE '{}' END;
EXCEPTION WHEN data_exception THEN
	RETURN '{}';
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.seal_claims FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.seal_claims IS 'Internal: what a seal says, whoever has signed it; an empty object where it is none';

-- Is it signed, is it the one after the one before, and do the columns say what it says?
CREATE FUNCTION pgtoken.seal_problem(of_seal bigint) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	seal pgtoken.audit_seals;
	before pgtoken.audit_seals;
	key pgtoken.audit_keys;
	claims jsonb;
BEGIN
	SELECT * INTO seal FROM pgtoken.audit_seals s WHERE s.number = of_seal;
	IF NOT FOUND THEN
		RETURN 'the seal is missing';
	END IF;
	SELECT * INTO before FROM pgtoken.audit_seals s WHERE s.number = of_seal - 1;
	SELECT * INTO key FROM pgtoken.audit_keys k WHERE k.kid = seal.kid;
	claims := pgtoken.seal_claims(seal.seal);
	RETURN CASE
		WHEN key.kid IS NULL OR NOT pgtoken.verify_audit_seal(key.alg, key.public_jwk::text, seal.seal) THEN 'the seal is not signed by its key'
		WHEN claims ->> 'previous' IS DISTINCT FROM encode(before.hash, 'hex') THEN 'the seal is not the one after the one before'
		WHEN seal.hash <> sha256(convert_to(seal.seal, 'UTF8'))
		  OR (claims -> 'number' = to_jsonb(seal.number) AND claims ->> 'chain' = seal.chain::text AND claims -> 'made_at' = to_jsonb(seal.made_at) AND claims ->> 'cluster' = encode(seal.cluster, 'hex')
			  AND claims ->> 'xact_from' = seal.xact_from::text AND claims ->> 'xact_until' = seal.xact_until::text AND claims ->> 'xact_seen' = seal.xact_seen::text
			  AND claims -> 'adopted' = seal.adopted AND claims -> 'rows' = to_jsonb(seal.rows) AND claims ->> 'root' = encode(seal.root, 'hex')
			  AND claims -> 'first_at' IS NOT DISTINCT FROM to_jsonb(seal.first_at) AND claims -> 'last_at' IS NOT DISTINCT FROM to_jsonb(seal.last_at)) IS NOT TRUE
			THEN 'the row of the seal does not say what the seal says'
		WHEN claims -> 'retired' IS DISTINCT FROM
			 (SELECT coalesce(jsonb_agg(jsonb_build_object('table', r.of_table, 'month', r.month, 'at', r.retired_at, 'rows', r.rows, 'root', encode(r.root, 'hex')) ORDER BY r.of_table COLLATE "C", r.month COLLATE "C"), '[]')
			  FROM pgtoken.audit_retired r WHERE r.after_number = of_seal - 1) THEN 'audit_retired does not say what the seal says'
		WHEN before.cluster = seal.cluster AND before.xact_until <> seal.xact_from THEN 'the seal does not begin where the one before ends' END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.seal_problem FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.seal_problem IS 'Internal, called by verify_audit: what is wrong with a seal itself, whatever its rows are; NULL: nothing';

-- All rows once: of each part of a seal its root, and what was redacted by what.
CREATE FUNCTION pgtoken.audit_findings(seals bigint[], since timestamptz, until timestamptz)
	RETURNS TABLE (kind text, number bigint, cluster bytea, of_table text, month text, rows bigint, event_id uuid, redaction uuid)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET jit = off SET plan_cache_mode = force_custom_plan
AS $function$
	WITH ranges AS MATERIALIZED (
		SELECT x.cluster, array_agg(x.xact_from ORDER BY x.xact_from) AS froms, array_agg(x.xact_until ORDER BY x.xact_from) AS untils, array_agg(x.number ORDER BY x.xact_from) AS numbers
		FROM (SELECT s.cluster, s.xact_from, s.xact_until, s.number FROM pgtoken.audit_seals s WHERE s.number > 0
			  UNION ALL SELECT decode(a ->> 'cluster', 'hex'), (a ->> 'from')::xid8, (a ->> 'until')::xid8, s.number FROM pgtoken.audit_seals s, jsonb_array_elements(s.adopted) a WHERE s.number > 0) x
		WHERE x.xact_from < x.xact_until GROUP BY x.cluster),
	leaves AS MATERIALIZED (
		SELECT l.cluster, l.of_table, l.month, l.xact_id, l.event_id, l.at, l.leaf, l.redaction, l.person_gone,
			   CASE WHEN l.place > 0 AND l.xact_id < l.untils[l.place] THEN l.numbers[l.place] END AS number
		FROM (SELECT r.*, g.untils, g.numbers, width_bucket(r.xact_id, g.froms) AS place
			  FROM pgtoken.audit_row_leaves r LEFT JOIN ranges g ON g.cluster = r.cluster WHERE r.at >= since AND r.at <= until) l),
	gone AS MATERIALIZED (
		SELECT DISTINCT ON (r.of_table, r.month) r.of_table, r.month, r.after_number, r.rows, r.root FROM pgtoken.audit_retired r
		-- what is noted of a seal that is not made yet no seal will ever say
		WHERE r.after_number <= (SELECT max(s.number) FROM pgtoken.audit_seals s)
		  -- and what is taken from a month that is not over has not gone with its age
		  AND to_timestamp(r.month, 'YYYY-MM') + interval '1 month' <= least(r.retired_at, now())
		ORDER BY r.of_table, r.month, r.after_number DESC),
	acts AS MATERIALIZED (
		SELECT a.event_id, a.detail FROM pgtoken.audit_rows a
		WHERE a.grant_id = '00000000-0000-0000-0000-000000000000' AND a.event = 'audit.redacted' AND a.event_id IN (SELECT l.redaction FROM leaves l)),
	named AS MATERIALIZED (
		SELECT DISTINCT c.event_id AS redaction, n.id
		FROM acts c, jsonb_array_elements_text(CASE jsonb_typeof(c.detail -> 'event_ids') WHEN 'array' THEN c.detail -> 'event_ids' END) n (id)),
	found AS (
		SELECT p.number, p.cluster, p.of_table, p.month, sum(p.rows)::bigint AS rows, pgtoken.merkle_root(p.root ORDER BY p.chunk) AS root
		FROM (SELECT o.number, o.cluster, o.of_table, o.month, o.n / 16384 AS chunk, count(*) AS rows, pgtoken.merkle_root(o.leaf ORDER BY o.n) AS root
			  FROM (SELECT l.*, row_number() OVER (PARTITION BY l.number, l.cluster, l.of_table, l.month ORDER BY l.xact_id, l.event_id, l.leaf) - 1 AS n
					FROM leaves l WHERE l.number = ANY (seals)) o
			  GROUP BY o.number, o.cluster, o.of_table, o.month, o.n / 16384) p
		GROUP BY p.number, p.cluster, p.of_table, p.month),
	sealed AS (
		SELECT s.number, decode(p ->> 'cluster', 'hex') AS cluster, p ->> 'table' AS of_table, p ->> 'month' AS month, (p ->> 'rows')::bigint AS rows, decode(p ->> 'root', 'hex') AS root
		FROM pgtoken.audit_seals s, jsonb_array_elements(pgtoken.seal_claims(s.seal) -> 'parts') p WHERE s.number = ANY (seals))
	SELECT CASE WHEN g.after_number IS NOT NULL THEN 'retired' ELSE 'broken' END, number, cluster, of_table, month, coalesce(e.rows, 0), NULL::uuid, NULL::uuid
	FROM sealed e FULL JOIN found f USING (number, cluster, of_table, month)
	LEFT JOIN gone g USING (of_table, month)
	WHERE (g.after_number >= number) IS TRUE AND e.number IS NOT NULL OR (g.after_number >= number) IS NOT TRUE AND (f.rows = e.rows AND f.root = e.root) IS NOT TRUE
	UNION ALL
	SELECT 'redacted', l.number, NULL, NULL, NULL, count(*), (array_agg(l.event_id ORDER BY l.xact_id, l.event_id))[1], l.redaction
	FROM leaves l WHERE l.number = ANY (seals) AND l.redaction IS NOT NULL GROUP BY l.number, l.redaction
	UNION ALL
	-- emptied by hand, and said to be by an event that is about others: it names its rows, or has taken addresses of so many of before
	SELECT 'emptied', l.number, NULL, NULL, NULL, count(*), (array_agg(l.event_id ORDER BY l.xact_id, l.event_id))[1], l.redaction
	FROM leaves l LEFT JOIN acts c ON c.event_id = l.redaction LEFT JOIN named n ON n.redaction = l.redaction AND n.id = l.event_id::text
	WHERE l.number = ANY (seals) AND l.redaction IS NOT NULL
	  AND CASE WHEN c.event_id IS NULL THEN l.event_id > l.redaction	-- they begin with the time
			   WHEN c.detail ? 'event_ids' THEN n.id IS NULL
			   ELSE l.person_gone OR l.at >= (c.detail ->> 'before')::timestamptz END
	GROUP BY l.number, l.redaction
	UNION ALL
	SELECT 'emptied', min(l.number), NULL, NULL, NULL, count(*) - (c.detail ->> 'rows')::bigint, (array_agg(l.event_id ORDER BY l.xact_id, l.event_id))[1], l.redaction
	FROM leaves l JOIN acts c ON c.event_id = l.redaction
	WHERE l.number = ANY (seals) AND NOT c.detail ? 'event_ids'
	GROUP BY l.redaction, c.detail HAVING count(*) > (c.detail ->> 'rows')::bigint
	UNION ALL
	-- not sealed yet, or by none though later rows are
	SELECT CASE WHEN l.cluster = pgtoken.audit_cluster() AND l.xact_id >= coalesce(e.until, '0'::xid8)
				 AND l.xact_id < e.next THEN 'waiting' ELSE 'uncovered' END, NULL, NULL, NULL, NULL,
		   count(*), (array_agg(l.event_id ORDER BY l.xact_id, l.event_id))[1], NULL
	FROM leaves l CROSS JOIN (
		SELECT max(s.xact_until::text::numeric)::text::xid8 AS until,
			   -- nobody has been given such a number yet; our own may be a little above
			   (pg_snapshot_xmax(pg_current_snapshot())::text::numeric + 1000000)::text::xid8 AS next
		FROM pgtoken.audit_seals s WHERE s.cluster = pgtoken.audit_cluster()) e
	WHERE l.number IS NULL GROUP BY 1
	UNION ALL
	-- what is left of retired months, where all of them is looked at
	SELECT 'left', g.after_number, NULL, g.of_table, g.month, g.rows, NULL, NULL
	FROM gone g LEFT JOIN leaves l ON l.of_table = g.of_table AND l.month = g.month AND l.number <= g.after_number
	WHERE since = '-infinity' AND until = 'infinity'
	GROUP BY g.after_number, g.of_table, g.month, g.rows, g.root
	HAVING count(l.leaf) <> g.rows OR pgtoken.merkle_root(l.leaf ORDER BY l.xact_id, l.event_id, l.leaf) FILTER (WHERE l.leaf IS NOT NULL) <> g.root
$function$;
REVOKE ALL ON FUNCTION pgtoken.audit_findings FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_findings IS 'Internal, called by verify_audit: parts of these seals whose rows, of this time, are not those that were sealed (broken) or are gone with their partition (retired), redactions of their rows, rows that a redaction has not named (emptied), rows that no seal covers (waiting, uncovered), and retired months of which something else is left than was noted (left)';

CREATE FUNCTION pgtoken.first_broken_row(of_seal bigint, of_cluster bytea, of_table text, of_month text, OUT finding text, OUT event_id uuid)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET jit = off
AS $function$
DECLARE
	month_begins CONSTANT timestamptz := to_timestamp(of_month, 'YYYY-MM');
	sealed bigint := 0;
	present bigint;
	d record;
BEGIN
	SELECT coalesce((SELECT (p ->> 'rows')::bigint FROM pgtoken.audit_seals s, jsonb_array_elements(pgtoken.seal_claims(s.seal) -> 'parts') p
					 WHERE s.number = of_seal AND p ->> 'cluster' = encode(of_cluster, 'hex') AND p ->> 'table' = first_broken_row.of_table AND p ->> 'month' = of_month), 0) INTO sealed;
	WITH here AS MATERIALIZED (
		SELECT row_number() OVER w - 1 AS n, substr(r.leaf, 1, 4) AS leaf, r.event_id, lag(r.event_id) OVER w AS before_id
		FROM pgtoken.audit_row_leaves r
		WHERE r.of_table = first_broken_row.of_table AND r.at >= month_begins AND r.at < month_begins + interval '1 month' AND r.cluster = of_cluster AND pgtoken.seal_of(r.cluster, r.xact_id) = of_seal
		WINDOW w AS (ORDER BY r.xact_id, r.event_id, r.leaf)),
	known AS MATERIALIZED (
		SELECT l.chunk::bigint * 16384 + i AS n, substr(l.leaves, i * 4 + 1, 4) AS leaf
		FROM pgtoken.audit_leaves l, generate_series(0, l.rows - 1) i
		WHERE l.number = of_seal AND l.cluster = of_cluster AND l.of_table = first_broken_row.of_table AND l.month = of_month)
	SELECT n, h.event_id, h.leaf AS here, t.leaf AS was, (SELECT count(*) FROM here) AS present, (SELECT count(*) FROM known) AS known,
		   (SELECT x.event_id FROM here x ORDER BY x.n DESC LIMIT 1) AS last_id
	INTO d
	FROM here h FULL JOIN known t USING (n) WHERE h.leaf IS DISTINCT FROM t.leaf ORDER BY n LIMIT 1;
	present := d.present;
	event_id := coalesce(d.event_id, d.last_id);
	finding := CASE
		WHEN NOT FOUND OR d.known <> sealed THEN 'changed, and which of them is not known here: compare an export'
		WHEN d.here IS NULL THEN format('missing: %s row(s), from the one after this event on', sealed - present)
		WHEN d.was IS NULL THEN format('not sealed: %s row(s) too many, this the first', present - sealed)
		WHEN present < sealed THEN format('missing: %s row(s), the first before this event', sealed - present)
		WHEN present > sealed THEN format('not sealed: %s row(s) too many, this the first', present - sealed)
		ELSE 'changed: this is the first row that is not what was sealed' END;
	IF NOT FOUND OR d.known <> sealed THEN
		event_id := NULL;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.first_broken_row FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.first_broken_row IS 'Internal, called by verify_audit: which row of a part of a seal is the first that is not what was sealed, by audit_leaves';

CREATE FUNCTION pgtoken.verify_audit(since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
	RETURNS TABLE (number bigint, chain uuid, made_at timestamptz, rows bigint, ok boolean, finding text, event_id uuid, redacted_by uuid)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	seals bigint[];
	whole CONSTANT boolean := since IS NULL AND until IS NULL;
	window_from timestamptz;
	window_until timestamptz;
	of_seal bigint;
	seal record;
	f record;
	problem text;
	findings jsonb;	-- by number; of no seal: by the empty string
	here jsonb;
BEGIN
	-- one that is missing among them as well
	SELECT array_agg(n ORDER BY n), min(s.first_at), max(s.last_at) INTO seals, window_from, window_until
	FROM generate_series(1, (SELECT max(x.number) FROM pgtoken.audit_seals x)) n LEFT JOIN pgtoken.audit_seals s ON s.number = n
	WHERE (s.last_at < since OR s.first_at >= until) IS NOT TRUE AND (s.number IS NOT NULL OR whole);
	SELECT coalesce(jsonb_object_agg(g.of_seal, g.them), '{}') INTO findings
	FROM (SELECT coalesce(x.number::text, '') AS of_seal, jsonb_agg(to_jsonb(x) ORDER BY x.kind, x.of_table, x.month, x.event_id) AS them
		  FROM pgtoken.audit_findings(coalesce(seals, '{}'), CASE WHEN whole THEN '-infinity' ELSE window_from END, CASE WHEN whole THEN 'infinity' ELSE window_until END) x
		  GROUP BY 1) g;

	FOREACH of_seal IN ARRAY coalesce(seals, '{}') LOOP
		SELECT s.chain, s.made_at, s.rows INTO seal FROM pgtoken.audit_seals s WHERE s.number = of_seal;
		here := coalesce(findings -> of_seal::text, '[]');
		number := of_seal;
		chain := seal.chain;
		made_at := seal.made_at;
		event_id := NULL;
		redacted_by := NULL;
		problem := pgtoken.seal_problem(of_seal);
		rows := seal.rows;
		ok := problem IS NULL AND NOT jsonb_path_exists(here, '$[*] ? (@.kind == "broken")');
		finding := coalesce(problem, CASE WHEN NOT ok THEN 'the rows are not those that were sealed'
			ELSE (SELECT format('%s row(s) retired with their partitions', sum((x ->> 'rows')::bigint)) FROM jsonb_array_elements(here) x
				  WHERE x ->> 'kind' = 'retired' HAVING count(*) > 0) END);
		RETURN NEXT;
		FOR f IN SELECT x.* FROM jsonb_to_recordset(here) x (kind text, cluster bytea, of_table text, month text, rows bigint, event_id uuid, redaction uuid)
				 WHERE x.kind IN ('broken', 'redacted', 'emptied', 'left') LOOP
			rows := f.rows;
			event_id := f.event_id;
			redacted_by := f.redaction;
			IF f.kind = 'broken' THEN
				ok := false;
				SELECT b.finding, b.event_id INTO finding, event_id FROM pgtoken.first_broken_row(of_seal, f.cluster, f.of_table, f.month) b;
				finding := format('%s of %s: %s', f.of_table, f.month, finding);
			ELSIF f.kind = 'emptied' THEN
				ok := false;
				finding := format('%s row(s) emptied, and not by event %s, which they name', f.rows, f.redaction);
			ELSIF f.kind = 'left' THEN
				ok := false;
				finding := format('%s of %s was retired, and what was left of it is not what is there', f.of_table, f.month);
			ELSE
				-- the event may be gone with its partition
				ok := EXISTS (SELECT FROM pgtoken.audit_rows a WHERE a.grant_id = '00000000-0000-0000-0000-000000000000' AND a.event_id = f.redaction AND a.event = 'audit.redacted')
					  OR EXISTS (SELECT FROM pgtoken.audit_retired r WHERE r.of_table = 'audit_rows'
								 AND r.month = to_char(to_timestamp(('x' || lpad(left(replace(f.redaction::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM'));
				finding := format('%s row(s) redacted by event %s%s', f.rows, f.redaction, CASE WHEN ok THEN '' ELSE ', which is not there' END);
			END IF;
			RETURN NEXT;
		END LOOP;
	END LOOP;
	number := NULL;
	chain := NULL;
	made_at := NULL;
	redacted_by := NULL;
	FOR f IN SELECT x.* FROM jsonb_to_recordset(coalesce(findings -> '', '[]')) x (kind text, rows bigint, event_id uuid) ORDER BY x.kind LOOP
		ok := f.kind = 'waiting';
		rows := f.rows;
		event_id := f.event_id;
		finding := CASE WHEN ok THEN 'not sealed yet: proved by nothing' ELSE 'no seal covers these, though later rows are sealed' END;
		RETURN NEXT;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.verify_audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.verify_audit TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.verify_audit IS
'Look whether the ledger and the audit are what was sealed: computes the leaves of all rows anew, and the roots, and holds them against the seals, whose signatures and chain it checks. since, until: only seals that cover events of this time, by the rows of that time; NULL: from the beginning, to the end. A row that somebody has put far away in time is found by the whole alone.
Returns a row for each seal, in order: its number, chain, made_at, how many rows it covers, ok, and a finding where there is something to be said: what is wrong, or that rows are retired with their partitions. After it, with the same number, a row for what in it is broken, with the event_id of the first such row (changed, missing, or one that was not sealed), and a row for each redaction of its rows (ok, with redacted_by, the event that did it, and the first such row). Last, without a number, how many rows no seal covers yet (ok), and such as should be covered and are not.
Proves nothing against who rules this machine and has made the seals anew: hold what it says against seals that have left (docs/audit.md). Reads all rows of the time; writes nothing, and runs on a standby.';

-- To be taken elsewhere.

CREATE FUNCTION pgtoken.export_audit_seals(after_number bigint DEFAULT 0) RETURNS SETOF text
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT x.line
	FROM (SELECT 0 AS kind, k.created_at AS made_at, 0 AS number, json_build_object('key', k.public_jwk)::text AS line FROM pgtoken.audit_keys k
		  UNION ALL SELECT 1, s.made_at, s.number, json_build_object('seal', s.seal)::text FROM pgtoken.audit_seals s WHERE s.number > coalesce(after_number, 0)) x
	ORDER BY x.kind, x.number, x.made_at;
END;
REVOKE ALL ON FUNCTION pgtoken.export_audit_seals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.export_audit_seals TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.export_audit_seals IS
'Seals to take elsewhere, as lines of JSON: {"key": a public JWK} for each audit key, then {"seal": a JWS} for each seal. after_number: only later ones, so that a file can be continued; NULL and 0: all.
pgtoken-audit, a program of one file that needs nothing of this database, checks them, and rows and proofs by them. Which key is the right one it has to be told once, by its kid.';

CREATE FUNCTION pgtoken.export_audit_rows(of_seal bigint, with_personal boolean DEFAULT false) RETURNS SETOF text
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET jit = off
BEGIN ATOMIC
	SELECT format('{"seal":%s,"event_id":"%s",%s', of_seal, x.event_id, substr(x.json, 2))
	FROM pgtoken.audit_seals s
	CROSS JOIN LATERAL (
		SELECT 'tokens' AS of_table, t.xact_id, pgtoken.answer_event_id(t.issued_at, t.jti) AS event_id, t.issued_at AS at, t.proof, pgtoken.audit_leaf_json(t, coalesce(with_personal, false)) AS json
		FROM pgtoken.tokens t WHERE t.issued_at >= s.first_at AND t.issued_at <= s.last_at
		UNION ALL
		SELECT 'audit_rows', a.xact_id, a.event_id, a.occurred_at, a.proof, pgtoken.audit_leaf_json(a, coalesce(with_personal, false))
		FROM pgtoken.audit_rows a WHERE a.occurred_at >= s.first_at AND a.occurred_at <= s.last_at) x
	WHERE s.number = of_seal
	  AND (pgtoken.proof_cluster(x.proof) = s.cluster AND x.xact_id >= s.xact_from AND x.xact_id < s.xact_until
		   OR EXISTS (SELECT FROM jsonb_array_elements(s.adopted) a
					  WHERE a ->> 'cluster' = encode(pgtoken.proof_cluster(x.proof), 'hex') AND x.xact_id >= (a ->> 'from')::xid8 AND x.xact_id < (a ->> 'until')::xid8))
	ORDER BY pgtoken.proof_cluster(x.proof), x.of_table, to_char(x.at, 'YYYY-MM') COLLATE "C", x.xact_id, x.event_id;
END;
REVOKE ALL ON FUNCTION pgtoken.export_audit_rows FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.export_audit_rows TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.export_audit_rows IS
'The rows that a seal covers, as lines of JSON with all that their leaves are made of, for pgtoken-audit, which names the first that is broken. of_seal: number of the seal. with_personal: what is said of a person (subject, personal) and of the place (client_addr, context) as well, with the salts that prove it; false and NULL: only the commitments, which tell nothing of either. A token_hash is given as its hash.
Returns no line for what is gone with its partition.';

CREATE FUNCTION pgtoken.audit_proof(event_id uuid, with_personal boolean DEFAULT false) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET jit = off
AS $function$
DECLARE
	-- event ids begin with the milliseconds
	at_from CONSTANT timestamptz := to_timestamp(('x' || lpad(left(replace(event_id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 1000.0);
	of_row record;
	seal pgtoken.audit_seals;
	place bigint;
	roots bytea[];
	leaves bytea[];
BEGIN
	SELECT r.of_table, r.month, r.cluster, r.xact_id, r.at, r.grant_id INTO of_row
	FROM pgtoken.audit_row_leaves r WHERE r.at >= at_from AND r.at < at_from + interval '2 milliseconds' AND r.event_id = audit_proof.event_id;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	SELECT s.* INTO seal FROM pgtoken.audit_seals s WHERE s.number = pgtoken.seal_of(of_row.cluster, of_row.xact_id);
	IF NOT FOUND THEN
		RAISE EXCEPTION 'no seal covers the event yet'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  HINT = 'SELECT pgtoken.seal_audit().';
	END IF;
	WITH numbered AS MATERIALIZED (
		SELECT row_number() OVER (ORDER BY r.xact_id, r.event_id, r.leaf) - 1 AS n, r.leaf, r.event_id
		FROM pgtoken.audit_row_leaves r
		WHERE r.of_table = of_row.of_table AND r.month = of_row.month AND r.cluster = of_row.cluster AND r.at >= greatest(seal.first_at, date_trunc('month', of_row.at)) AND r.at <= least(seal.last_at, date_trunc('month', of_row.at) + interval '1 month')
		  AND (of_row.cluster = seal.cluster AND r.xact_id >= seal.xact_from AND r.xact_id < seal.xact_until
			   OR of_row.cluster <> seal.cluster AND pgtoken.seal_of(r.cluster, r.xact_id) = seal.number))
	SELECT (SELECT m.n FROM numbered m WHERE m.event_id = audit_proof.event_id),
		   ARRAY(SELECT pgtoken.merkle_root(c.leaf ORDER BY c.n) FROM numbered c GROUP BY c.n / 16384 ORDER BY c.n / 16384),
		   ARRAY(SELECT c.leaf FROM numbered c WHERE c.n / 16384 = (SELECT m.n / 16384 FROM numbered m WHERE m.event_id = audit_proof.event_id) ORDER BY c.n)
	INTO place, roots, leaves;
	RETURN jsonb_build_object(
		'event_id', audit_proof.event_id,
		'row', coalesce((SELECT pgtoken.audit_leaf_json(t, coalesce(with_personal, false)) FROM pgtoken.tokens t
						 WHERE of_row.of_table = 'tokens' AND t.issued_at = of_row.at AND t.grant_id = of_row.grant_id AND pgtoken.answer_event_id(t.issued_at, t.jti) = audit_proof.event_id),
						(SELECT pgtoken.audit_leaf_json(a, coalesce(with_personal, false)) FROM pgtoken.audit_rows a
						 WHERE of_row.of_table = 'audit_rows' AND a.occurred_at = of_row.at AND a.grant_id = of_row.grant_id AND a.event_id = audit_proof.event_id))::jsonb,
		'month', of_row.month, 'index', place,
		'path', (SELECT coalesce(jsonb_agg(encode(p.hash, 'hex') ORDER BY p.n), '[]')
				 FROM unnest(pgtoken.merkle_path(leaves, (place % 16384)::integer) || pgtoken.merkle_path(roots, (place / 16384)::integer)) WITH ORDINALITY p (hash, n)),
		'seal', seal.seal,
		'key', (SELECT k.public_jwk FROM pgtoken.audit_keys k WHERE k.kid = seal.kid));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.audit_proof FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.audit_proof TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.audit_proof IS
'The proof that an event stands in the audit as it was sealed, for somebody who has nothing but this proof and the kid of the audit key: the row, the path of hashes from its leaf to the root (RFC 9162 section 2.1.3), and the seal. event_id: of audit_events. with_personal: as in export_audit_rows.
Returns an object for pgtoken-audit; NULL: there is no such event. Computes the leaves of the seal''s rows of that table and month. Raises 55000 when no seal covers the event yet.';
