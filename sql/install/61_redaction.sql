-- Redaction: what the audit and the ledger have of a person is emptied, and nothing else
-- of the row changes, which its leaf shows (33_audit_seals.sql): the trigger that keeps the
-- tables append-only lets through just that (pgt_append_only in src/sql/triggers.c).

CREATE FUNCTION pgtoken.redacting(redacting boolean) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_redacting' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.redacting FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.redacting IS 'Internal, called where rows are redacted: from true to false (or the end of the transaction) rows of the audit and the ledger may lose what they have of a person';

CREATE FUNCTION pgtoken.redacted_proof(of_row record, person boolean, place boolean, event_id uuid) RETURNS bytea
	AS 'MODULE_PATHNAME', 'pgt_redacted_proof' LANGUAGE C STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.redacted_proof FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.redacted_proof IS 'Internal: what a row of tokens or audit_rows keeps as proof, so that its leaf stays the same, once subject and personal (person) or client_addr and context (place) are gone by this event';

CREATE FUNCTION pgtoken.write_redaction(event_id uuid, detail jsonb, reason text) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_write_redaction' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.write_redaction FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.write_redaction IS 'Internal: the event audit.redacted, by the id that the rows name which it is about';

-- By their places, which nobody changes meanwhile: rows are never updated but here, and a
-- redaction holds its row of maintenance.
CREATE FUNCTION pgtoken.redact_rows(of_tokens uuid[], generations integer[], retries integer[], token_times timestamptz[],
									of_events uuid[], event_grants uuid[], event_times timestamptz[],
									person boolean, place boolean, detail jsonb, reason text, named boolean DEFAULT true) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $function$
DECLARE
	redaction CONSTANT uuid := pgtoken.new_uuid();
	ids uuid[] := '{}';
	more uuid[];
BEGIN
	PERFORM pgtoken.redacting(true);
	WITH u AS (
		UPDATE pgtoken.tokens t
		SET subject = CASE WHEN NOT person THEN t.subject END, personal = CASE WHEN NOT person THEN t.personal END,
			client_addr = CASE WHEN NOT place THEN t.client_addr END, context = CASE WHEN NOT place THEN t.context END,
			proof = pgtoken.redacted_proof(t, person, place, redaction)
		FROM unnest(of_tokens, generations, retries, token_times) o (grant_id, generation, retry, issued_at)
		WHERE t.grant_id = o.grant_id AND t.generation = o.generation AND t.retry = o.retry AND t.issued_at = o.issued_at
		RETURNING pgtoken.answer_event_id(t.issued_at, t.jti) AS id)
	SELECT coalesce(array_agg(u.id ORDER BY u.id), '{}') INTO ids FROM u;
	WITH u AS (
		UPDATE pgtoken.audit_rows a
		SET subject = CASE WHEN NOT person THEN a.subject END, personal = CASE WHEN NOT person THEN a.personal END,
			client_addr = CASE WHEN NOT place THEN a.client_addr END, context = CASE WHEN NOT place THEN a.context END,
			proof = pgtoken.redacted_proof(a, person, place, redaction)
		FROM unnest(of_events, event_grants, event_times) o (event_id, grant_id, occurred_at)
		WHERE a.grant_id = o.grant_id AND a.event_id = o.event_id AND a.occurred_at = o.occurred_at
		RETURNING a.event_id AS id)
	SELECT coalesce(array_agg(u.id ORDER BY u.id), '{}') INTO more FROM u;
	PERFORM pgtoken.redacting(false);
	ids := ids || more;
	IF cardinality(ids) > 0 THEN
		PERFORM pgtoken.write_redaction(redaction, detail || jsonb_build_object('rows', cardinality(ids)) || CASE WHEN named THEN jsonb_build_object('event_ids', to_jsonb(ids)) ELSE '{}' END, reason);
	END IF;
	RETURN cardinality(ids);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.redact_rows FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.redact_rows IS 'Internal: empties subject and personal (person) or client_addr and context (place) of these rows of the ledger and the audit, by their keys and times, and writes one event, which names them if that is wanted (named); returns how many there were';

CREATE FUNCTION pgtoken.rows_of_subject(of_issuer text, of_subject text)
	RETURNS TABLE (is_token boolean, grant_id uuid, generation integer, retry integer, event_id uuid, at timestamptz)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_custom_plan
BEGIN ATOMIC
	-- as audit_by_subject() finds them: by families, and by the indexes on the subject
	WITH f AS MATERIALIZED (
		SELECT g.grant_id FROM pgtoken.grants g
		WHERE g.subject = of_subject AND NOT EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = g.client_id AND c.issuer <> of_issuer)
		UNION
		SELECT t.grant_id FROM pgtoken.tokens t
		WHERE t.subject = of_subject AND t.parent_generation IS NULL
		  -- a client that is gone has left the key
		  AND (coalesce((SELECT c.issuer FROM pgtoken.clients c WHERE c.client_id = t.client_id), (SELECT k.issuer FROM pgtoken.signing_keys k WHERE k.kid = t.kid)) <> of_issuer) IS NOT TRUE)
	SELECT true, t.grant_id, t.generation, t.retry, NULL::uuid, t.issued_at
	FROM f JOIN pgtoken.tokens t ON t.grant_id = f.grant_id
	WHERE num_nonnulls(t.subject, t.personal, t.client_addr, t.context) > 0
	UNION ALL
	SELECT false, a.grant_id, NULL, NULL, a.event_id, a.occurred_at
	FROM f JOIN pgtoken.audit_rows a ON a.grant_id = f.grant_id
	WHERE num_nonnulls(a.subject, a.personal, a.client_addr, a.context) > 0
	UNION
	SELECT false, a.grant_id, NULL, NULL, a.event_id, a.occurred_at
	FROM pgtoken.audit_rows a
	WHERE a.subject = of_subject AND a.event <> 'grant.revoked'
	  AND NOT EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = a.client_id AND c.issuer <> of_issuer)
	  AND (a.client_id IS NULL OR a.grant_id = '00000000-0000-0000-0000-000000000000' OR EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = a.client_id)
		   OR NOT EXISTS (SELECT FROM pgtoken.tokens t JOIN pgtoken.signing_keys k ON k.kid = t.kid WHERE t.grant_id = a.grant_id AND k.issuer <> of_issuer))
	  AND coalesce(coalesce(a.detail -> 'after', a.detail -> 'before', a.detail) ->> 'issuer' = of_issuer, true);
END;
REVOKE ALL ON FUNCTION pgtoken.rows_of_subject FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.rows_of_subject IS 'Internal: rows of the ledger and the audit that tell of a subject of an issuer (NULL: of any): those of its families, whether these are purged or not, and those that name it; not those that are known to be of another issuer';

CREATE FUNCTION pgtoken.redact_audit(of_issuer text, of_subject text, reason text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	at_a_time CONSTANT integer := 1000;	-- as many as one event names
	redacted bigint := 0;
	batch record;
BEGIN
	IF of_subject IS NULL THEN
		RAISE EXCEPTION 'of_subject must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM FROM pgtoken.maintenance m WHERE m.task = 'redaction' FOR UPDATE;	-- one at a time: a row is redacted once
	-- one query, since its first batch takes away by what the others are found
	FOR batch IN
		SELECT coalesce(array_agg(x.grant_id) FILTER (WHERE x.is_token), '{}') AS grants, array_agg(x.generation) FILTER (WHERE x.is_token) AS generations,
			   array_agg(x.retry) FILTER (WHERE x.is_token) AS retries, array_agg(x.at) FILTER (WHERE x.is_token) AS times,
			   coalesce(array_agg(x.event_id) FILTER (WHERE NOT x.is_token), '{}') AS events, array_agg(x.grant_id) FILTER (WHERE NOT x.is_token) AS event_grants,
			   array_agg(x.at) FILTER (WHERE NOT x.is_token) AS event_times
		FROM (SELECT r.*, row_number() OVER (ORDER BY r.at, r.grant_id, r.generation, r.retry, r.event_id) - 1 AS n
			  FROM pgtoken.rows_of_subject(redact_audit.of_issuer, redact_audit.of_subject) r) x
		GROUP BY x.n / at_a_time ORDER BY x.n / at_a_time LOOP
		redacted := redacted + pgtoken.redact_rows(batch.grants, batch.generations, batch.retries, batch.times, batch.events, batch.event_grants, batch.event_times,
												   true, true, '{"of": "subject"}', reason);
	END LOOP;
	RETURN redacted;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.redact_audit FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.redact_audit IS
'Internal, called where a subject is erased: empties subject, personal, client_addr and context of all that the ledger and the audit have of it, in whatever partition; each row keeps its leaf, so that seals go on to hold. of_issuer: the issuer whose subject it is; NULL: of any. of_subject: the application''s user id. reason: kept in the events (audit.redacted), which name the rows, a thousand each at the most, and not the subject.
Returns how many rows were redacted. What is written later, such as by families that live on, is not. Raises 22004 for a NULL subject.';

-- A window of rows in several passes, each in a transaction of its own: what the first
-- takes makes room, once nobody sees it any more, for the others on the same pages, whose
-- versions then are written where they were, without a new entry of any index.
CREATE FUNCTION pgtoken.redact_old_addresses(look integer, passes integer DEFAULT 1, OUT step text, OUT detail text, OUT finished boolean)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'
	-- along the index on the time
	SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_custom_plan SET jit = off
AS $function$
DECLARE
	caller CONSTANT text := current_setting('application_name');
	retention CONSTANT interval := nullif(current_setting('pgtoken.address_retention')::interval, '0');
	cutoff timestamptz;
	reached text[];	-- where the windows begin, and how many passes were made
	tokens_from timestamptz;
	tokens_until timestamptz;
	events_from timestamptz;
	events_until timestamptz;
	pass integer;
	tokens record;
	events record;
	redacted bigint;
BEGIN
	PERFORM pgtoken.check_batch(look);
	PERFORM pgtoken.check_clock();
	finished := true;
	cutoff := now() - retention;
	detail := pgtoken.take_task('redaction', 'addresses');
	IF detail IS NOT NULL THEN
		step := 'skipped';
		RETURN;
	END IF;
	IF retention IS NULL THEN
		RETURN;
	END IF;
	SELECT m.position INTO reached FROM pgtoken.maintenance m WHERE m.task = 'redaction';
	PERFORM set_config('application_name', 'pgtoken maintenance: addresses', true);
	tokens_from := coalesce(reached[1]::timestamptz, '-infinity');
	events_from := coalesce(reached[2]::timestamptz, '-infinity');
	pass := CASE WHEN passes > 1 THEN coalesce(reached[3]::integer, 0) END;
	SELECT t.issued_at INTO tokens_until FROM pgtoken.tokens t WHERE t.issued_at >= tokens_from AND t.issued_at < cutoff ORDER BY t.issued_at OFFSET look * passes LIMIT 1;
	SELECT a.occurred_at INTO events_until FROM pgtoken.audit_rows a WHERE a.occurred_at >= events_from AND a.occurred_at < cutoff ORDER BY a.occurred_at OFFSET look * passes LIMIT 1;
	-- a window of one moment: with all that it has; and none where the setting was made longer
	tokens_until := CASE WHEN tokens_from >= cutoff THEN tokens_from ELSE greatest(coalesce(tokens_until, cutoff), tokens_from + interval '1 microsecond') END;
	events_until := CASE WHEN events_from >= cutoff THEN events_from ELSE greatest(coalesce(events_until, cutoff), events_from + interval '1 microsecond') END;
	SELECT coalesce(array_agg(t.grant_id), '{}') AS grants, array_agg(t.generation) AS generations, array_agg(t.retry) AS retries, array_agg(t.issued_at) AS times INTO tokens
	FROM pgtoken.tokens t
	WHERE t.issued_at >= tokens_from AND t.issued_at < tokens_until AND (t.client_addr IS NOT NULL OR t.context <> '{}')
	  AND (pass IS NULL OR pass = passes - 1 OR (get_byte(uuid_send(t.grant_id), 15) + t.generation) % passes = pass);
	SELECT coalesce(array_agg(a.event_id), '{}') AS events, array_agg(a.grant_id) AS grants, array_agg(a.occurred_at) AS times INTO events
	FROM pgtoken.audit_rows a
	WHERE a.occurred_at >= events_from AND a.occurred_at < events_until AND (a.client_addr IS NOT NULL OR a.context <> '{}')
	  AND (pass IS NULL OR pass = passes - 1 OR get_byte(uuid_send(a.event_id), 15) % passes = pass);
	redacted := pgtoken.redact_rows(tokens.grants, tokens.generations, tokens.retries, tokens.times, events.events, events.grants, events.times,
									false, true, jsonb_build_object('of', 'addresses', 'before', cutoff), 'address_retention', named => false);
	finished := pass IS NULL OR pass >= passes - 1;
	reached := CASE WHEN finished THEN ARRAY[tokens_until::text, events_until::text] ELSE ARRAY[tokens_from::text, events_from::text, (pass + 1)::text] END;
	finished := finished AND tokens_until >= cutoff AND events_until >= cutoff;
	UPDATE pgtoken.maintenance m SET position = reached WHERE m.task = 'redaction';
	PERFORM set_config('application_name', caller, true);
	IF redacted > 0 THEN
		step := 'addresses redacted';
		detail := redacted;
		RAISE NOTICE '%: %', step, detail;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.redact_old_addresses FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.redact_old_addresses IS 'Internal, a part of maintenance: takes client_addr and context out of some so many rows (look) each of the ledger and the audit that are older than pgtoken.address_retention, and writes one event (audit.redacted, reason address_retention). passes: 1 takes the next rows; more: a window of so many times look rows is gone through as often, for a part of its rows each time, so that most fit in where they were. Returns what it did (step NULL: nothing) and whether it has come to the end. Raises 22023 for a bad look';

INSERT INTO pgtoken.maintenance (task) VALUES ('redaction');
