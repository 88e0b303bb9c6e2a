-- A person asks what is held of him, or to be forgotten. One list says where that is;
-- export_subject() shows it, erase_subject() takes it away.

-- A row stays for as long as somebody who began before the erasure could still commit
-- something of the subject's: what he brings must not outlive the end that refuses it.
CREATE TABLE pgtoken.subject_erasures (
	issuer text NOT NULL,
	subject text NOT NULL,
	erasure_id uuid NOT NULL,
	erased_at timestamptz NOT NULL,
	ended_epoch bigint NOT NULL,
	CONSTRAINT subject_erasures_pkey PRIMARY KEY (issuer, subject)
);
COMMENT ON TABLE pgtoken.subject_erasures IS 'Subjects that were erased a short while ago: maintain() looks once more for what was on its way then, and forgets them, with the not_before that stands for them, after two days';
COMMENT ON COLUMN pgtoken.subject_erasures.issuer IS 'Issuer of the subject';
COMMENT ON COLUMN pgtoken.subject_erasures.subject IS 'The application''s user id';
COMMENT ON COLUMN pgtoken.subject_erasures.erasure_id IS 'As in the event subject.erased, which does not name the subject';
COMMENT ON COLUMN pgtoken.subject_erasures.erased_at IS 'When it was';
COMMENT ON COLUMN pgtoken.subject_erasures.ended_epoch IS 'Families of earlier epochs are of before (subject_not_before.ended_epoch)';
COMMENT ON CONSTRAINT subject_erasures_pkey ON pgtoken.subject_erasures IS 'One row per subject';
COMMENT ON INDEX pgtoken.subject_erasures_pkey IS 'One row per subject';

ALTER TABLE pgtoken.subject_erasures
	ALTER subject SET STORAGE MAIN, ALTER subject SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.subject_erasures', '');
ALTER TABLE pgtoken.subject_erasures ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.subject_erasures FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.subject_erasures IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.subject_erasures TO pgtoken_auditor;

-- The order is that of locks (26_revocation.sql); what has no place there is not waited for.
CREATE FUNCTION pgtoken.subject_tables() RETURNS TABLE (place integer, table_name name, rows_of text, erasure text, erased text)
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH listed (place, table_name, rows_of, erasure, erased) AS (VALUES
		(10, 'subject_not_before'::name, 't.issuer = $1 AND t.subject = $2', 'kept', NULL),
		(11, 'subject_erasures', 't.issuer = $1 AND t.subject = $2', 'kept', NULL),
		-- who is blocked is not let in again by an erasure
		(12, 'subject_blocks', 't.issuer = $1 AND t.subject = $2', 'deleted unless locked', 't.blocked_until <= now()'),
		(20, 'consents', 't.subject = $2 AND t.client_id IN (SELECT c.client_id FROM pgtoken.clients c WHERE c.issuer = $1)', 'deleted', 'true'),
		(30, 'authorization_codes', 't.subject = $2 AND t.client_id IN (SELECT c.client_id FROM pgtoken.clients c WHERE c.issuer = $1)', 'deleted', 'true'),
		(31, 'device_codes', 't.subject = $2 AND t.client_id IN (SELECT c.client_id FROM pgtoken.clients c WHERE c.issuer = $1)', 'deleted', 'true'),
		(32, 'challenges', 't.issuer = $1 AND t.subject = $2', 'deleted', 'true'),
		(33, 'challenge_codes', 't.issuer = $1 AND t.subject = $2', 'deleted', 'true'),
		(34, 'console_operators', 't.issuer = $1 AND t.subject = $2', 'deleted', 'true'),
		(35, 'console_factors', 't.issuer = $1 AND t.subject = $2', 'deleted', 'true'),
		-- who proves one has locked his challenge before
		(36, 'factors', 't.issuer = $1 AND t.subject = $2', 'deleted', 'true'),
		-- who answers one holds it while he waits for us; it is over in minutes
		(40, 'authorization_requests', 't.issuer = $1 AND (t.parameters ->> ''id_token_hint_subject'' = $2 OR t.parameters ->> ''login_hint'' = $2
			OR t.grant_id IN (SELECT p.grant_id FROM pgtoken.consent_pages p WHERE p.subject = $2))', 'deleted unless locked', 'true'),
		(41, 'user_code_attempts', 't.attempt_key = $2', 'deleted unless locked', 'true'),
		-- a client that has yet to be told of a logout is told, and so is a receiver of signals of the end of sessions
		(42, 'courier_work', 't.issuer = $1 AND t.payload ->> ''subject'' = $2', 'deleted unless locked', 't.kind <> ''logout'' OR t.dead_at IS NOT NULL'),
		(43, 'signals', 't.issuer = $1 AND t.subject = $2', 'deleted unless locked', 't.event NOT IN (''session-revoked'', ''account-disabled'')'),
		(60, 'blacklist', 't.grant_id = ANY ($3)', 'kept', NULL),
		(61, 'grants', 't.subject = $2 AND t.client_id IN (SELECT c.client_id FROM pgtoken.clients c WHERE c.issuer = $1)', 'emptied', NULL),
		(62, 'imported_tokens', 't.grant_id = ANY ($3)', 'kept', NULL),
		(63, 'reused_families', 't.grant_id = ANY ($3)', 'kept', NULL),
		(70, 'tokens', 't.grant_id = ANY ($3)', 'redacted', NULL),
		(71, 'audit_rows', 't.grant_id = ANY ($3) OR t.subject = $2 AND t.event <> ''grant.revoked'' AND pgtoken.event_issuer(t.client_id, t.detail) = $1', 'redacted', NULL)),
	-- a table that is not listed has the columns that say whose its rows are, or is of families
	unlisted (table_name, columns) AS (
		SELECT c.relname, array_agg(a.attname::text)
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
		  AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) AND c.relname !~ '_p[0-9]{4}_[0-9]{2}$'
		  AND c.relname NOT IN (SELECT l.table_name FROM listed l)
		GROUP BY c.relname)
	SELECT l.place, l.table_name, l.rows_of, l.erasure, l.erased FROM listed l
	UNION ALL
	SELECT 50, u.table_name,
		   CASE WHEN u.columns @> '{issuer,subject}' THEN 't.issuer = $1 AND t.subject = $2'
				WHEN u.columns @> '{client_id,subject}' THEN 't.subject = $2 AND t.client_id IN (SELECT c.client_id FROM pgtoken.clients c WHERE c.issuer = $1)'
				ELSE 't.grant_id = ANY ($3)' END,
		   CASE WHEN u.columns @> '{subject}' THEN 'deleted unless locked' ELSE 'kept' END,
		   CASE WHEN u.columns @> '{subject}' THEN 'true' END
	FROM unlisted u
	WHERE u.columns @> '{issuer,subject}' OR u.columns @> '{client_id,subject}' OR u.columns @> '{grant_id}'
	ORDER BY 1, 2;
END;
REVOKE ALL ON FUNCTION pgtoken.subject_tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.subject_tables TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.subject_tables IS
'Internal: where something is held of a subject, which is all that export_subject shows and erase_subject takes away. place: in the order of locks. rows_of: a condition on rows t, by $1 the issuer, $2 the subject, $3 its families. erasure: deleted; deleted unless locked (what somebody holds is left to maintain); emptied (of what tells of a person, and deleted by maintain two days later); redacted (the same, and the rows stay); kept. erased: which of the rows are deleted, a condition. A table that nobody has listed here is found by its columns, and then place is 50';

-- Without SET, so that it is inlined: there is one for each event.
CREATE FUNCTION pgtoken.event_issuer(client_id text, detail jsonb) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN coalesce((SELECT c.issuer FROM pgtoken.clients c WHERE c.client_id = event_issuer.client_id),
					detail ->> 'issuer', detail -> 'after' ->> 'issuer', detail -> 'before' ->> 'issuer',
					(SELECT min(i.issuer) FROM pgtoken.issuers i HAVING count(*) = 1));
REVOKE ALL ON FUNCTION pgtoken.event_issuer FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.event_issuer IS 'Internal: of which issuer an event about a subject is: that of its client, the one that its detail names, or the only one there is; NULL: it cannot be known';

CREATE FUNCTION pgtoken.families_of(of_issuer text, of_subject text) RETURNS uuid[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $function$
BEGIN
	RETURN ARRAY(
		SELECT g.grant_id FROM pgtoken.grants g JOIN pgtoken.clients c ON c.client_id = g.client_id
		WHERE g.subject = of_subject AND c.issuer = of_issuer
		UNION
		-- those that have been purged; a client that is gone has left the key
		SELECT t.grant_id FROM pgtoken.tokens t
		WHERE t.subject = of_subject AND t.parent_generation IS NULL
		  AND coalesce((SELECT c.issuer FROM pgtoken.clients c WHERE c.client_id = t.client_id),
					   (SELECT k.issuer FROM pgtoken.signing_keys k WHERE k.kid = t.kid)) = of_issuer
		UNION
		-- what a device has asked for that he let in: the request has an id of its own, and nobody's name
		SELECT d.grant_id FROM pgtoken.device_codes d JOIN pgtoken.clients c ON c.client_id = d.client_id
		WHERE d.subject = of_subject AND c.issuer = of_issuer
		ORDER BY 1);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.families_of FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.families_of IS 'Internal: the families of a subject at an issuer, also those that maintain() has forgotten, for as long as the ledger has their first issue, and the device authorizations that it has answered';

CREATE FUNCTION pgtoken.forget_refused_requests(subject text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'pgt_forget_refused_requests' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.forget_refused_requests FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.forget_refused_requests IS 'Internal: takes what was received in a subject''s name, and names it, out of refused_requests(), at once and for good, whatever becomes of the transaction; returns of how many requests';

CREATE FUNCTION pgtoken.subject_rows(of_table name, rows_of text, of_issuer text, of_subject text, families uuid[], since timestamptz, until timestamptz) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
DECLARE
	table_id CONSTANT regclass := format('pgtoken.%I', of_table)::regclass;
	time_column CONSTANT name := CASE of_table WHEN 'tokens' THEN 'issued_at' WHEN 'audit_rows' THEN 'occurred_at' END;
	-- what an auditor may read: neither secrets nor hashes
	columns CONSTANT text := (SELECT string_agg(format('t.%I', a.attname), ', ' ORDER BY a.attnum)
							  FROM pg_attribute a
							  WHERE a.attrelid = table_id AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid <> ALL ('{bytea,bytea[]}'::regtype[])
								AND has_column_privilege('pgtoken_auditor', a.attrelid, a.attnum, 'SELECT'));
	key_columns CONSTANT text := (SELECT string_agg(format('r.%I', a.attname), ', ' ORDER BY k.n)
								  FROM pg_index i CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, n)
								  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
								  WHERE i.indrelid = table_id AND i.indisprimary
									AND a.atttypid <> ALL ('{bytea}'::regtype[]));
	found jsonb;
BEGIN
	IF columns IS NULL THEN
		RETURN '[]';
	END IF;
	EXECUTE format('SELECT jsonb_agg(to_jsonb(r) ORDER BY %s) FROM (SELECT %s FROM pgtoken.%I t WHERE (%s)%s) r',
				   coalesce('r.' || quote_ident(time_column), key_columns, 'to_jsonb(r)'), columns, of_table, rows_of,
				   CASE WHEN time_column IS NOT NULL THEN format(' AND t.%1$I >= $4 AND t.%1$I < $5', time_column) ELSE '' END)
		INTO found USING of_issuer, of_subject, families, since, until;
	RETURN coalesce(found, '[]');
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.subject_rows FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.subject_rows IS 'Internal, called by export_subject: the rows of a table that are a subject''s, as an array of objects with the columns that an auditor may read; of the ledger and the audit those of a span of time';

CREATE FUNCTION pgtoken.clients_of_subject(of_issuer text, of_subject text, families uuid[]) RETURNS text[]
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
DECLARE
	clients text[] := '{}';
	more text[];
	t record;
BEGIN
	FOR t IN
		SELECT s.table_name, s.rows_of FROM pgtoken.subject_tables() s
		WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = format('pgtoken.%I', s.table_name)::regclass AND a.attname = 'client_id' AND NOT a.attisdropped) LOOP
		EXECUTE format('SELECT array_agg(DISTINCT t.client_id) FROM pgtoken.%I t WHERE %s', t.table_name, t.rows_of) INTO more USING of_issuer, of_subject, families;
		clients := clients || more;
	END LOOP;
	RETURN clients;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.clients_of_subject FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.clients_of_subject IS 'Internal, called by export_subject: the clients that are named where something is held of a subject';

CREATE FUNCTION pgtoken.export_subject(subject text, issuer text DEFAULT NULL, audit boolean DEFAULT true, since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
	RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601'
AS $function$
DECLARE
	of_issuer CONSTANT text := CASE WHEN issuer IS NULL THEN pgtoken.http_issuer() ELSE pgtoken.issuer_or_default(issuer) END;
	families uuid[];
	held jsonb;
	clients jsonb;
BEGIN
	PERFORM pgtoken.require_shard(subject);
	IF subject IS NULL OR audit IS NULL THEN
		RAISE EXCEPTION 'subject and audit must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	since := coalesce(since, '-infinity');
	until := coalesce(until, 'infinity');
	families := pgtoken.families_of(of_issuer, subject);
	-- put together at once: what is large is copied with each member that is added
	SELECT jsonb_object_agg(s.table_name, pgtoken.subject_rows(s.table_name, s.rows_of, of_issuer, export_subject.subject, families, since, until)) INTO held
	FROM pgtoken.subject_tables() s WHERE audit OR s.erasure <> 'redacted';
	SELECT coalesce(jsonb_agg(jsonb_build_object('client_id', c.client_id, 'client_name', c.client_name, 'sub', pgtoken.client_subject(c.client_id, export_subject.subject))
							  ORDER BY c.client_id), '[]') INTO clients
	FROM pgtoken.clients c
	WHERE c.client_id = ANY (pgtoken.clients_of_subject(of_issuer, export_subject.subject, families)) AND c.issuer = of_issuer;
	PERFORM pgtoken.write_audit_event('subject.exported', jsonb_build_object('issuer', of_issuer, 'audit', audit), NULL, NULL, subject);
	RETURN jsonb_build_object('export', 'pgtoken subject', 'version', 1, 'issuer', of_issuer, 'subject', subject, 'exported_at', now(),
							  'since', nullif(since, '-infinity'), 'until', nullif(until, 'infinity'), 'clients', clients, 'held', held);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.export_subject FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.export_subject TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.export_subject IS
'All that is held of a subject at an issuer, for a person who asks (Article 15 GDPR): one JSON object, whose shape is docs/subject_export.schema.json.
subject: the application''s user id. issuer: whose subject; NULL: of the issuer this session speaks for (pgtoken.http_issuer). audit => false: without the ledger and the audit. since (inclusive), until (exclusive): rows of these two of what time; by default, and with NULL, of any; for a person of whom there is more than one answer holds, some 250 MB.
Returns an object: issuer, subject, exported_at, since, until; clients: those that have had to do with the subject, with the sub by which each of them knows it; held: for each table the rows that are the subject''s, with the columns that an auditor may read, so that neither a token nor a secret nor a hash is among them. An answer with tokens is a row of tokens, everything else that happened one of audit_rows. Is audited itself (event subject.exported). Raises 22004, 54000 where it is too large, 55000.';

CREATE FUNCTION pgtoken.delete_rows_of(of_issuer text, of_subject text, families uuid[], how text[], waits boolean) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
DECLARE
	deleted jsonb := '{}';
	n bigint;
	t record;
BEGIN
	FOR t IN
		SELECT s.table_name, s.rows_of, s.erased, s.erasure, k.*
		FROM pgtoken.subject_tables() s,
			 LATERAL (SELECT string_agg(format('t.%I', a.attname), ', ' ORDER BY k.n) AS key_columns,
							 string_agg(format('t.%1$I = o.%1$I', a.attname), ' AND ' ORDER BY k.n) AS same_key
					  FROM pg_index i CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, n)
					  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
					  WHERE i.indrelid = format('pgtoken.%I', s.table_name)::regclass AND i.indisprimary) k
		WHERE s.erasure = ANY (how) ORDER BY s.place, s.table_name LOOP
		-- locked in order first: a DELETE takes rows as it finds them
		EXECUTE format('WITH o AS MATERIALIZED (SELECT %s FROM pgtoken.%I t WHERE (%s) AND (%s) ORDER BY %s FOR UPDATE%s)
						DELETE FROM pgtoken.%I t USING o WHERE %s', t.key_columns, t.table_name, t.rows_of, t.erased, t.key_columns,
					   CASE WHEN waits AND t.erasure <> 'deleted unless locked' THEN '' ELSE ' SKIP LOCKED' END, t.table_name, t.same_key)
			USING of_issuer, of_subject, families;
		GET DIAGNOSTICS n = ROW_COUNT;
		deleted := deleted || jsonb_build_object(t.table_name, n);
	END LOOP;
	RETURN deleted;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.delete_rows_of FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.delete_rows_of IS 'Internal, called by erase_subject and finish_erasures: deletes the rows of a subject from the tables that are erased so (how: see subject_tables), in the order of locks; waits => false: not those that somebody else holds. Returns an object of tables, each with the number of rows';

CREATE FUNCTION pgtoken.sum_of_rows(a jsonb, b jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN (SELECT coalesce(jsonb_object_agg(s.key, s.n), '{}')
			FROM (SELECT e.key, sum(e.value::bigint) AS n FROM (SELECT * FROM jsonb_each_text(a) UNION ALL SELECT * FROM jsonb_each_text(b)) e GROUP BY e.key) s);
REVOKE ALL ON FUNCTION pgtoken.sum_of_rows FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.sum_of_rows IS 'Internal: adds up what two passes of delete_rows_of have deleted';

-- A family's row stays while its tokens live (60_purge.sql): who asks for one of them, or
-- counts what has ended, finds that it has. Nothing in it tells of a person any more.
CREATE FUNCTION pgtoken.empty_families(families uuid[]) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	emptied bigint;
BEGIN
	PERFORM FROM pgtoken.grants g WHERE g.grant_id = ANY (families) AND g.subject <> '' ORDER BY g.grant_id FOR UPDATE;
	-- while it is known whose they are: whoever is told of a revocation is told of the subject's
	UPDATE pgtoken.grants g SET revoked_at = now(), revoke_reason = 'erased' WHERE g.grant_id = ANY (families) AND g.subject <> '' AND g.revoked_at IS NULL;
	UPDATE pgtoken.grants g
	SET subject = '', session_id = NULL, nonce = NULL, claims = '{}', claims_request = NULL, context = '{}', first_context = '{}', lockstep = NULL,
		jkt = NULL, x5t_s256 = NULL, act = NULL, authorization_details = NULL
	WHERE g.grant_id = ANY (families) AND g.subject <> '';
	GET DIAGNOSTICS emptied = ROW_COUNT;
	RETURN emptied;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.empty_families FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.empty_families IS 'Internal, called by erase_families: takes from families what tells of a person; they are revoked, if they were not. Their subject is then the empty string, which is nobody''s. Returns how many there were';

-- What names nobody, such as the request of a device; is of a family whose beginning has
-- been retired; or was asked for later by a device that does not know.
CREATE FUNCTION pgtoken.redact_rest(families uuid[], of_reason text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
DECLARE
	rest record;
BEGIN
	SELECT array_agg(a.event_id) AS events, array_agg(a.grant_id) AS grants, array_agg(a.occurred_at) AS times INTO rest
	FROM pgtoken.audit_rows a WHERE a.grant_id = ANY (families) AND num_nonnulls(a.subject, a.personal, a.client_addr, a.context) > 0;
	RETURN CASE WHEN rest.events IS NULL THEN 0
				ELSE pgtoken.redact_rows('{}', '{}', '{}', '{}', rest.events, rest.grants, rest.times, true, true, '{"of": "subject"}', of_reason) END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.redact_rest FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.redact_rest IS 'Internal, called by erase_families and finish_erasures: redacts what the audit has of these families, in whoever''s name; returns how many rows';

-- The audit last: it has what has just been done to the rows.
CREATE FUNCTION pgtoken.erase_families(of_issuer text, of_subject text, families uuid[], of_reason text) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	emptied CONSTANT bigint := pgtoken.empty_families(families);
	redacted CONSTANT bigint := pgtoken.redact_audit(of_issuer, of_subject, of_reason) + pgtoken.redact_rest(families, of_reason);
BEGIN
	PERFORM pgtoken.forget_refused_requests(of_subject);
	RETURN jsonb_build_object('grants', emptied, 'redacted', redacted);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.erase_families FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.erase_families IS 'Internal, called by erase_subject and finish_erasures: empties the families of a subject, and redacts what ledger and audit have of it. Returns as delete_rows_of, with redacted, the rows that were';

-- end_session() speaks for the issuer of the session.
CREATE FUNCTION pgtoken.end_sessions_at(of_issuer text, of_subject text, of_reason text) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	own_issuer CONSTANT text := current_setting('pgtoken.http_issuer');
	told jsonb;
BEGIN
	PERFORM set_config('pgtoken.http_issuer', of_issuer, true);
	SELECT coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(e))), '[]') INTO told FROM pgtoken.end_session(of_subject, NULL, true, of_reason) e;
	PERFORM set_config('pgtoken.http_issuer', own_issuer, true);
	RETURN told;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.end_sessions_at FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.end_sessions_at IS 'Internal, called by erase_subject: end_session of all of a subject''s sessions at an issuer, offline ones included; returns its rows as an array of objects';

CREATE FUNCTION pgtoken.erase_subject(subject text, reason text DEFAULT 'erased', issuer text DEFAULT NULL) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := CASE WHEN issuer IS NULL THEN pgtoken.http_issuer() ELSE pgtoken.issuer_or_default(issuer) END;
	erasure CONSTANT uuid := pgtoken.new_uuid();
	families uuid[];
	deleted jsonb;
	told jsonb;
BEGIN
	PERFORM pgtoken.require_shard(subject);
	IF subject IS NULL THEN
		RAISE EXCEPTION 'subject must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'erase_subject needs a transaction that is READ COMMITTED'
			USING ERRCODE = 'invalid_transaction_state',
				  DETAIL = 'With an older snapshot it would leave behind what was committed since.',
				  HINT = 'BEGIN ISOLATION LEVEL READ COMMITTED;';
	END IF;
	PERFORM pgtoken.make_durable();
	-- who is issuing to the subject is waited for, and what comes of it is erased; who comes later is a new login
	PERFORM pgtoken.lock_session(of_issuer, subject, NULL);
	-- for who did not have to wait
	PERFORM pgtoken.end_subject(of_issuer, subject, '', NULL, NULL);
	INSERT INTO pgtoken.subject_erasures AS e (issuer, subject, erasure_id, erased_at, ended_epoch)
	SELECT s.issuer, s.subject, erasure, clock_timestamp(), s.ended_epoch
	FROM pgtoken.subject_not_before s WHERE s.issuer = of_issuer AND s.subject = erase_subject.subject AND s.client_id = ''
	ON CONFLICT ON CONSTRAINT subject_erasures_pkey DO UPDATE
		SET erasure_id = EXCLUDED.erasure_id, erased_at = EXCLUDED.erased_at, ended_epoch = EXCLUDED.ended_epoch;
	-- what was ended of single clients is among what has just been ended
	DELETE FROM pgtoken.subject_not_before s WHERE s.issuer = of_issuer AND s.subject = erase_subject.subject AND s.client_id <> '';
	families := pgtoken.families_of(of_issuer, subject);
	deleted := pgtoken.delete_rows_of(of_issuer, subject, families, '{deleted,deleted unless locked}', true);
	told := pgtoken.end_sessions_at(of_issuer, subject, reason);
	-- what a refresh has added before its family was ended
	families := families || pgtoken.families_of(of_issuer, subject);
	deleted := pgtoken.sum_of_rows(deleted, pgtoken.delete_rows_of(of_issuer, subject, families, '{deleted,deleted unless locked}', false));
	deleted := deleted || pgtoken.erase_families(of_issuer, subject, families, reason);
	PERFORM pgtoken.write_audit_event('subject.erased', jsonb_build_object('erasure_id', erasure, 'issuer', of_issuer, 'rows', deleted), reason);
	RETURN jsonb_build_object('erasure_id', erasure, 'issuer', of_issuer, 'rows', deleted, 'logout', told);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.erase_subject FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.erase_subject TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.erase_subject IS
'Forget a subject at an issuer, for a person who asks to be forgotten (Article 17 GDPR): ends its families with any client, as end_session with offline => true, and empties them of what tells of a person; deletes its consents and what it was asked on consent pages, factors, codes, devices, step-up transactions and courier work; in the ledger and the audit the columns of a person are emptied, and the rows stay. Each token of the subject''s is refused from then on. No other issuer''s data is touched.
subject: the application''s user id; one that is not known is erased as well, with nothing to be found. reason: kept in the audit, so it must name nobody. issuer: whose subject; NULL: of the issuer this session speaks for (pgtoken.http_issuer).
Returns an object: erasure_id, by which the event subject.erased is found, which does not name the subject; issuer; rows: how many were deleted of each table, or emptied (grants), and redacted: how many of ledger and audit were; logout: a row for each client to be told, as end_session returns them, to be done after the commit. Calling it again erases what has come since.
The id itself stays for two days in subject_erasures and subject_not_before, so that what somebody else commits late is refused; then maintain() erases that as well, forgets the two, and deletes the families. Raises 22004, 25000 in a transaction that is not READ COMMITTED, 55000.';

INSERT INTO pgtoken.maintenance (task) VALUES ('erasures');

CREATE FUNCTION pgtoken.oldest_transaction() RETURNS timestamptz
	LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT least((SELECT min(a.xact_start) FROM pg_stat_activity a WHERE a.datname = current_database()),
				 -- begun before it was prepared; nobody works at it for longer than that
				 (SELECT min(p.prepared) - interval '2 days' FROM pg_prepared_xacts p WHERE p.database = current_database()));
END;
REVOKE ALL ON FUNCTION pgtoken.oldest_transaction FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.oldest_transaction IS 'Internal, called by finish_erasures: when the oldest transaction of this database has begun that may yet commit';

CREATE FUNCTION pgtoken.finish_erasure(e pgtoken.subject_erasures) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
DECLARE
	families CONSTANT uuid[] := pgtoken.families_of(e.issuer, e.subject);
	late CONSTANT uuid[] := ARRAY(SELECT g.grant_id FROM pgtoken.grants g WHERE g.grant_id = ANY (families) AND coalesce(g.subject_epoch, -1) < e.ended_epoch);
	came_back CONSTANT boolean := EXISTS (SELECT FROM pgtoken.grants g WHERE g.grant_id = ANY (families) AND g.subject_epoch >= e.ended_epoch)
		OR EXISTS (SELECT FROM pgtoken.factors f WHERE f.issuer = e.issuer AND f.subject = e.subject AND f.created_at > e.erased_at)
		OR EXISTS (SELECT FROM pgtoken.consents s JOIN pgtoken.clients c ON c.client_id = s.client_id
				   WHERE s.subject = e.subject AND c.issuer = e.issuer AND s.granted_at > e.erased_at);
	deleted jsonb;
BEGIN
	DELETE FROM pgtoken.subject_erasures s WHERE s.issuer = e.issuer AND s.subject = e.subject;
	IF came_back THEN
		PERFORM pgtoken.empty_families(late);
	END IF;
	-- another end since then is none of ours
	DELETE FROM pgtoken.subject_not_before s
	WHERE s.issuer = e.issuer AND s.subject = e.subject AND s.client_id = '' AND s.ended_epoch = e.ended_epoch;
	IF NOT came_back THEN
		deleted := pgtoken.delete_rows_of(e.issuer, e.subject, families, '{deleted,deleted unless locked}', true);
		-- who has not fetched in two days that the sessions have ended is not told any more: a longer wait would keep the id, and bring it into the audit
		WITH o AS MATERIALIZED (
			SELECT g.stream_id, g.signal_id FROM pgtoken.signals g WHERE g.issuer = e.issuer AND g.subject = e.subject ORDER BY g.stream_id, g.signal_id FOR UPDATE SKIP LOCKED)
		DELETE FROM pgtoken.signals g USING o WHERE g.stream_id = o.stream_id AND g.signal_id = o.signal_id;
		deleted := deleted || pgtoken.erase_families(e.issuer, e.subject, families, 'late');
		PERFORM pgtoken.write_audit_event('subject.erased', jsonb_build_object('erasure_id', e.erasure_id, 'issuer', e.issuer, 'rows', deleted), 'late');
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.finish_erasure FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.finish_erasure IS 'Internal, called by finish_erasures: erases what was committed late of a subject, and forgets that it was erased; of one that has come back since only the families of before';

CREATE FUNCTION pgtoken.finish_erasures() RETURNS TABLE (step text, detail text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	due CONSTANT timestamptz := least(now() - interval '2 days', pgtoken.oldest_transaction());
	finished integer := 0;
	over uuid[];
	o record;
	e pgtoken.subject_erasures;
BEGIN
	detail := pgtoken.take_task('erasures');
	IF detail IS NOT NULL THEN
		step := 'skipped';
		RETURN NEXT;
		RETURN;
	END IF;
	FOR o IN SELECT d.issuer, d.subject FROM pgtoken.subject_erasures d WHERE d.erased_at < due ORDER BY d.issuer, d.subject LIMIT 1000 LOOP
		PERFORM pgtoken.lock_session(o.issuer, o.subject, NULL);
		SELECT * INTO e FROM pgtoken.subject_erasures d WHERE d.issuer = o.issuer AND d.subject = o.subject AND d.erased_at < due FOR UPDATE SKIP LOCKED;
		CONTINUE WHEN NOT FOUND;
		PERFORM pgtoken.finish_erasure(e);
		finished := finished + 1;
	END LOOP;
	IF finished > 0 THEN
		step := 'erasures finished';
		detail := finished;
		RAISE NOTICE '%: %', step, detail;
		RETURN NEXT;
	END IF;
	-- no token of theirs lives; evidence of reuse is kept for as long as that of others
	over := ARRAY(SELECT f.grant_id FROM pgtoken.grants f
				  WHERE f.subject = '' AND f.revoked_at < now() - interval '2 days'
					AND NOT EXISTS (SELECT FROM pgtoken.reused_families r WHERE r.grant_id = f.grant_id)
				  ORDER BY f.grant_id LIMIT 10000 FOR UPDATE SKIP LOCKED);
	IF over = '{}' THEN
		RETURN;
	END IF;
	PERFORM FROM pgtoken.maintenance m WHERE m.task = 'redaction' FOR UPDATE;
	PERFORM pgtoken.redact_rest(over, 'late');
	PERFORM pgtoken.purging(true);
	DELETE FROM pgtoken.grants g WHERE g.grant_id = ANY (over);
	GET DIAGNOSTICS finished = ROW_COUNT;
	PERFORM pgtoken.purging(false);
	PERFORM pgtoken.write_audit_event('maintenance.purged', jsonb_build_object('table', 'grants of erased subjects', 'rows', finished));
	step := 'families of erased subjects forgotten';
	detail := finished;
	RAISE NOTICE '%: %', step, detail;
	RETURN NEXT;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.finish_erasures FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.finish_erasures TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.finish_erasures IS 'Internal, a part of run_maintenance(): erases what was committed late of subjects that were erased two days ago or more, once no transaction of before is left, and forgets them, a thousand at most; deletes families that were emptied two days ago or more, ten thousand at most. Returns what it did';
