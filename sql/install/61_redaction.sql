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
									person boolean, place boolean, detail jsonb, reason text) RETURNS bigint
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
		PERFORM pgtoken.write_redaction(redaction, detail || jsonb_build_object('rows', cardinality(ids), 'event_ids', to_jsonb(ids)), reason);
	END IF;
	RETURN cardinality(ids);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.redact_rows FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.redact_rows IS 'Internal: empties subject and personal (person) or client_addr and context (place) of these rows of the ledger and the audit, by their keys and times, and writes one event that names them; returns how many there were';

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
		  AND NOT EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = t.client_id AND c.issuer <> of_issuer))
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

INSERT INTO pgtoken.maintenance (task) VALUES ('redaction');
