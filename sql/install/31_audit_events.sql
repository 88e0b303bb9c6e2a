-- What happened, whole: the answers with tokens, which are rows of the ledger, and
-- everything else.

CREATE FUNCTION pgtoken.answer_event_id(issued_at timestamptz, jti text) RETURNS uuid
	AS 'MODULE_PATHNAME', 'pgt_answer_event_id' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.answer_event_id FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.answer_event_id TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.answer_event_id IS 'Internal: event_id of a ledger row, a UUIDv7 (RFC 9562 section 5.7) of the time of the answer, and for what is random there the first bytes of the SHA-256 of its jti; so that no row has to hold it';

-- No condition on either side: with one the planner would sort what the indexes have
-- in order.
CREATE VIEW pgtoken.audit_events WITH (security_invoker) AS
	SELECT t.grant_id, pgtoken.answer_event_id(t.issued_at, t.jti) AS event_id, t.issued_at AS occurred_at, t.xact_id,
		   CASE WHEN t.parent_generation IS NULL THEN 'grant.issued'
				-- where rotation is never, a renewal names the generation as its own parent and is no retry
				WHEN t.retry = 0 OR t.generation = t.parent_generation THEN 'token.refreshed'
				ELSE 'token.retried' END AS event,
		   t.reason, t.client_id, t.subject, t.session_user_name, coalesce(t.role_name, t.session_user_name) AS role_name, t.application_name, t.client_addr, t.context,
		   CASE WHEN t.parent_generation IS NULL THEN jsonb_build_object('scope', t.scope, 'refresh_token', t.refresh_expires_at IS NOT NULL)
				ELSE jsonb_build_object('generation', t.generation, 'jti', t.jti, 'scope', t.scope) END
			   || CASE WHEN t.client_auth_method IS NULL THEN '{}' ELSE jsonb_build_object('client_auth_method', t.client_auth_method) END
			   || CASE WHEN t.assessment IS NULL THEN '{}' ELSE jsonb_build_object('decision', t.assessment) END AS detail,
		   t.personal, pgtoken.request_id_of(t.mark) AS request_id, pgtoken.trace_id_of(t.mark) AS trace_id, pgtoken.span_id_of(t.mark) AS span_id
	FROM pgtoken.tokens t
	UNION ALL
	SELECT a.grant_id, a.event_id, a.occurred_at, a.xact_id, a.event, a.reason, a.client_id, a.subject, a.session_user_name, coalesce(a.role_name, a.session_user_name),
		   a.application_name, a.client_addr, a.context, a.detail, a.personal, pgtoken.request_id_of(a.mark), pgtoken.trace_id_of(a.mark), pgtoken.span_id_of(a.mark)
	FROM pgtoken.audit_rows a;
GRANT SELECT ON pgtoken.audit_events TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.audit_events IS 'What happened, by whom, from where: the rows of tokens (grant.issued, token.refreshed, token.retried) and of audit_rows (all else), which are append-only. Never holds a token, a secret or a hash. What it has of a person stands in subject, client_addr, context and personal, and nowhere else';
COMMENT ON COLUMN pgtoken.audit_events.grant_id IS 'The family; all zeros for events of no family';
COMMENT ON COLUMN pgtoken.audit_events.event_id IS 'UUIDv7 of occurred_at';
COMMENT ON COLUMN pgtoken.audit_events.occurred_at IS 'When it happened, not when its transaction began: of an answer with tokens its iat, to the microsecond';
COMMENT ON COLUMN pgtoken.audit_events.xact_id IS 'Transaction that wrote it (pg_current_xact_id, the top one also inside of subtransactions): its rows became visible together, when it committed. To be compared with numbers of the same cluster only: a dump that is restored elsewhere and logical replication bring those of the cluster they come from';
COMMENT ON COLUMN pgtoken.audit_events.event IS 'What happened, e.g. token.refreshed, refresh.reuse, grant.revoked, client.changed';
COMMENT ON COLUMN pgtoken.audit_events.reason IS 'The exact reason, also where the caller was told a more general one';
COMMENT ON COLUMN pgtoken.audit_events.client_id IS 'Client concerned, or the one a failed authentication named; NULL: none, or not known';
COMMENT ON COLUMN pgtoken.audit_events.subject IS 'Subject concerned; NULL: none, or not known';
COMMENT ON COLUMN pgtoken.audit_events.session_user_name IS 'Role that logged in';
COMMENT ON COLUMN pgtoken.audit_events.role_name IS 'Role in effect (SET ROLE)';
COMMENT ON COLUMN pgtoken.audit_events.application_name IS 'application_name of the session, which the caller chooses';
COMMENT ON COLUMN pgtoken.audit_events.client_addr IS 'Address the session came from; NULL: a Unix-domain socket, or no client';
COMMENT ON COLUMN pgtoken.audit_events.context IS 'Request context as the caller gave it';
COMMENT ON COLUMN pgtoken.audit_events.detail IS 'What belongs to this kind of event and tells of no person: for a changed row its columns before and after, for a reuse the presented and the current generation';
COMMENT ON COLUMN pgtoken.audit_events.personal IS 'What would stand in detail and tells of a person: for a changed row its personal columns before and after, for a decision the reasons that each rule gave; NULL: nothing';
COMMENT ON COLUMN pgtoken.audit_events.request_id IS 'The request that it comes of, by the id that the proxy, the layer or the application has given it, or that was made for it and answered in X-Request-Id; NULL: it comes of no request over HTTP, and the application has named none by mark_request()';
COMMENT ON COLUMN pgtoken.audit_events.trace_id IS 'The trace that the request said it belongs to (W3C Trace Context), which anybody may say of any; NULL: none';
COMMENT ON COLUMN pgtoken.audit_events.span_id IS 'The span of the caller in that trace';

-- What the indexes on subject leave out, by the families, whose events lie together; all
-- else by the index, whether a family has come of it or not. The two conditions on the
-- event are complementary, and the second implies the index's own. Planned anew each
-- time, for this span of time.
CREATE FUNCTION pgtoken.audit_by_subject(subject text, since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
	RETURNS SETOF pgtoken.audit_events
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
	-- how many events the families have is guessed far too high, which is no reason to compile
	SET jit = off
AS $function$
BEGIN
	IF subject IS NULL THEN
		RAISE EXCEPTION 'subject must not be NULL'
			USING ERRCODE = 'null_value_not_allowed',
				  HINT = 'Events that concern no subject are rows of pgtoken.audit_events whose subject is NULL.';
	END IF;
	since := coalesce(since, '-infinity');
	until := coalesce(until, 'infinity');
	RETURN QUERY
		SELECT e.*
		FROM (SELECT g.grant_id FROM pgtoken.grants g WHERE g.subject = audit_by_subject.subject
			  UNION
			  -- those that have been purged as well
			  SELECT t.grant_id FROM pgtoken.tokens t WHERE t.subject = audit_by_subject.subject AND t.parent_generation IS NULL) f
		JOIN pgtoken.audit_events e ON e.grant_id = f.grant_id AND e.occurred_at >= since AND e.occurred_at < until
		WHERE e.event IN ('grant.issued', 'grant.revoked', 'token.refreshed', 'token.retried') OR e.subject IS DISTINCT FROM audit_by_subject.subject
		UNION ALL
		SELECT a.grant_id, a.event_id, a.occurred_at, a.xact_id, a.event, a.reason, a.client_id, a.subject, a.session_user_name,
			   coalesce(a.role_name, a.session_user_name), a.application_name, a.client_addr, a.context, a.detail, a.personal,
			   pgtoken.request_id_of(a.mark), pgtoken.trace_id_of(a.mark), pgtoken.span_id_of(a.mark)
		FROM pgtoken.audit_rows a
		WHERE a.subject = audit_by_subject.subject AND a.occurred_at >= since AND a.occurred_at < until
		  AND a.event <> 'grant.issued' AND a.event <> 'grant.revoked' AND a.event <> 'token.refreshed' AND a.event <> 'token.retried'
		ORDER BY occurred_at DESC, event_id DESC;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.audit_by_subject FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.audit_by_subject TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.audit_by_subject IS
'What happened to a subject and to its families, newest first: rows of audit_events. subject: the application''s user id. since (inclusive), until (exclusive): when; by default, and with NULL, at any time.
Takes as long as the subject has families and events of its own; how much there is of others does not matter, while audit_events asked by its column subject is read as a whole. Of families that maintain() has forgotten it knows what it knows of others, for as long as the ledger has their first issue. Raises 22004 for a NULL subject.';
