-- With the rights of whoever asks: row security of the tables then lets nobody see more
-- by a view than by them, a function that tells what it is called with sees no other
-- rows, and nothing can be written through one.
CREATE VIEW pgtoken.grant_status WITH (security_barrier, security_invoker) AS
	SELECT g.grant_id, g.client_id, g.subject,
		   CASE WHEN g.revoked_at IS NOT NULL OR n.ended THEN 'revoked'
				WHEN g.expires_at <= now() THEN 'expired'
				WHEN g.generation IS NOT NULL AND g.rotated_at + g.idle_lifetime <= now() THEN 'idle'
				ELSE 'active' END AS state,
		   g.scope, g.resources, g.session_id, g.auth_time, g.acr, g.amr, g.created_at, g.rotated_at,
		   g.expires_at, g.rotated_at + g.idle_lifetime AS idle_expires_at,
		   g.generation, g.retry_count, g.blacklisted_generation, g.context, g.revoked_at, g.revoke_reason,
		   g.grant_type, g.jkt, g.x5t_s256, g.act, g.ancestors, g.ancestor_tokens, g.first_context, n.not_before
	FROM pgtoken.grants g
	LEFT JOIN pgtoken.clients c ON c.client_id = g.client_id
	LEFT JOIN pgtoken.issuers i ON i.issuer = c.issuer
	LEFT JOIN pgtoken.subject_not_before s ON s.issuer = c.issuer AND s.subject = g.subject AND s.client_id = ''
	LEFT JOIN pgtoken.subject_not_before w ON w.issuer = c.issuer AND w.subject = g.subject AND w.client_id = g.client_id,
		LATERAL (SELECT greatest(i.not_before, c.not_before, s.not_before, g.not_before),
						pgtoken.epoch_ended(g.issuer_epoch, g.created_at, i.epoch, i.epochs_since_end, i.not_before, i.not_before_epoch)
						OR pgtoken.epoch_ended(g.client_epoch, g.created_at, c.epoch, c.epochs_since_end, c.not_before, c.not_before_epoch)
						OR coalesce(coalesce(g.subject_epoch, -1) < greatest(s.ended_epoch, w.ended_epoch), false)
						OR coalesce(coalesce(g.subject_epoch, -1) < s.not_before_epoch AND g.created_at < s.not_before, false)
						OR coalesce(g.created_at < g.not_before, false)) n (not_before, ended);
COMMENT ON VIEW pgtoken.grant_status IS 'Families and whether they live: active, idle (not refreshed for its idle lifetime), expired, revoked (one by one, or by a not_before)';

CREATE FUNCTION pgtoken.lineage(grant_id uuid)
	RETURNS TABLE (generation integer, retry integer, parent_generation integer, issued_at timestamptz, state text,
				   jti text, access_expires_at timestamptz, refresh_expires_at timestamptz, scope text, resources text[],
				   decision text, context jsonb, client_secret_id uuid)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT t.generation, t.retry, t.parent_generation, t.issued_at,
		   CASE WHEN t.token_hash IS NULL THEN 'access_only'
				WHEN g.state = 'revoked' THEN 'revoked'
				WHEN t.generation < g.generation THEN 'consumed'
				WHEN t.generation <= g.blacklisted_generation THEN 'blacklisted'
				WHEN least(g.expires_at, g.idle_expires_at) <= now() THEN 'expired'
				WHEN t.generation = g.generation THEN 'current'
				ELSE 'purged' END,
		   t.jti, t.access_expires_at, t.refresh_expires_at, t.scope, t.resources, t.decision, t.context, t.client_secret_id
	FROM pgtoken.tokens t
	LEFT JOIN pgtoken.grant_status g ON g.grant_id = t.grant_id
	WHERE t.grant_id = lineage.grant_id
	ORDER BY t.generation, t.retry, t.issued_at;
END;
REVOKE ALL ON FUNCTION pgtoken.lineage(uuid) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.lineage(uuid) IS
'The chain of a family, oldest first: each token response with its generation, the generation presented for it, when, from where (context), what became of its refresh token (current, consumed, revoked, blacklisted, expired; access_only: it had none; purged: the family itself is gone), which access token it minted, and by which of its secrets the client had proved itself (NULL: by none).';

CREATE FUNCTION pgtoken.lineage(token text)
	RETURNS TABLE (generation integer, retry integer, parent_generation integer, issued_at timestamptz, state text,
				   jti text, access_expires_at timestamptz, refresh_expires_at timestamptz, scope text, resources text[],
				   decision text, context jsonb, client_secret_id uuid)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT l.* FROM pgtoken.lineage(pgtoken.grant_of(token)) l;
END;
REVOKE ALL ON FUNCTION pgtoken.lineage(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.lineage(text) IS
'The chain of the family that a token, a jti or a grant_id in text names; see lineage(uuid). The token is not verified.';

-- What the index on subject leaves out, by the families, whose events lie together;
-- all else by that index, whether a family has come of it or not. The two
-- conditions on the event are complementary, and the second is the index's own.
-- Planned anew each time, for this span of time.
CREATE FUNCTION pgtoken.audit_by_subject(subject text, since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
	RETURNS SETOF pgtoken.audit_events
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
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
		FROM pgtoken.grants g
		JOIN pgtoken.audit_events e ON e.grant_id = g.grant_id AND e.occurred_at >= since AND e.occurred_at < until
		WHERE g.subject = audit_by_subject.subject
		  AND (e.event IN ('token.refreshed', 'token.retried') OR e.subject IS DISTINCT FROM audit_by_subject.subject)
		UNION ALL
		SELECT e.*
		FROM pgtoken.audit_events e
		WHERE e.subject = audit_by_subject.subject AND e.occurred_at >= since AND e.occurred_at < until
		  AND e.event <> 'token.refreshed' AND e.event <> 'token.retried'
		ORDER BY occurred_at DESC, event_id DESC;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.audit_by_subject(text, timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_by_subject(text, timestamptz, timestamptz) IS
'What happened to a subject and to its families, newest first: rows of audit_events. subject: the application''s user id. since (inclusive), until (exclusive): when; by default, and with NULL, at any time. Takes as long as the subject has families and events of its own; how much there is of others does not matter, while audit_events asked by its column subject is read as a whole. Of families that maintain() has forgotten it knows all but the refreshes: ask audit_events by subject and occurred_at for these. Raises 22004 for a NULL subject.';

-- What policies and authentication policies decided, from the audit log.

CREATE VIEW pgtoken.decisions WITH (security_barrier, security_invoker) AS
	SELECT e.event_id, e.grant_id, e.occurred_at, e.event, e.client_id, e.subject,
		   -- a factor was required and there was none, or no more challenges were allowed
		   CASE WHEN e.event LIKE '%.denied' THEN 'deny' ELSE e.detail #>> '{decision,decision}' END AS decision, e.reason,
		   (e.detail #>> '{decision,latency_us}')::numeric::bigint AS latency_us,
		   coalesce((e.detail #>> '{decision,step_up}')::boolean, false) AS step_up,
		   ARRAY(SELECT p.policy ->> 'policy'
				 FROM jsonb_array_elements(e.detail #> '{decision,policies}') WITH ORDINALITY p (policy, n)
				 WHERE p.policy ->> 'mode' = 'active' ORDER BY p.n) AS policies,
		   ARRAY(SELECT format('%s %s %s', p.policy ->> 'policy', r.rule ->> 'position', r.rule ->> 'rule')
				 FROM jsonb_array_elements(e.detail #> '{decision,policies}') WITH ORDINALITY p (policy, n)
				 CROSS JOIN jsonb_array_elements(p.policy -> 'rules') WITH ORDINALITY r (rule, m)
				 WHERE p.policy ->> 'mode' = 'active' ORDER BY p.n, r.m) AS rules,
		   (SELECT CASE max(CASE p.policy ->> 'decision' WHEN 'deny' THEN 3 WHEN 'require' THEN 2 ELSE 1 END)
					   WHEN 3 THEN 'deny' WHEN 2 THEN 'require' WHEN 1 THEN 'allow' END
			FROM jsonb_array_elements(e.detail #> '{decision,policies}') p (policy)
			WHERE p.policy ->> 'mode' = 'shadow') AS shadow_decision
	FROM pgtoken.audit_events e
	WHERE jsonb_typeof(e.detail -> 'decision') = 'object';
COMMENT ON VIEW pgtoken.decisions IS 'Requests that a policy or a resource''s authentication policy judged, and what came of it; explain_decision(event_id) tells why. Ask for a range of occurred_at: it limits the partitions that are read';
COMMENT ON COLUMN pgtoken.decisions.event_id IS 'The audit event';
COMMENT ON COLUMN pgtoken.decisions.grant_id IS 'The family; all zeros for a first issue that got no tokens';
COMMENT ON COLUMN pgtoken.decisions.occurred_at IS 'When it was decided';
COMMENT ON COLUMN pgtoken.decisions.event IS 'What came of the request, e.g. token.refreshed, refresh.denied, refresh.challenged';
COMMENT ON COLUMN pgtoken.decisions.client_id IS 'Client that asked';
COMMENT ON COLUMN pgtoken.decisions.subject IS 'On whose behalf';
COMMENT ON COLUMN pgtoken.decisions.decision IS 'What was enforced: allow, require or deny';
COMMENT ON COLUMN pgtoken.decisions.reason IS 'Reason of the event; NULL: none';
COMMENT ON COLUMN pgtoken.decisions.latency_us IS 'How long it took to judge it, in microseconds';
COMMENT ON COLUMN pgtoken.decisions.step_up IS 'Did the request go on after a step-up?';
COMMENT ON COLUMN pgtoken.decisions.policies IS 'Active policies that judged it';
COMMENT ON COLUMN pgtoken.decisions.rules IS 'Rules of theirs that fired: policy, position, kind ("night 1 network_changed")';
COMMENT ON COLUMN pgtoken.decisions.shadow_decision IS 'What the policies in the shadow would have decided; NULL: there was none';

CREATE FUNCTION pgtoken.decisions_by_rule(since timestamptz, until timestamptz DEFAULT 'infinity')
	RETURNS TABLE (day date, policy text, version integer, mode text, rule text, outcome text, requests bigint)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT (e.occurred_at AT TIME ZONE 'UTC')::date, p.policy ->> 'policy', (p.policy ->> 'version')::integer,
		   p.policy ->> 'mode', format('%s %s', r.rule ->> 'position', r.rule ->> 'rule'), r.rule ->> 'outcome', count(*)
	FROM pgtoken.audit_events e
	CROSS JOIN jsonb_array_elements(e.detail #> '{decision,policies}') p (policy)
	CROSS JOIN jsonb_array_elements(p.policy -> 'rules') r (rule)
	WHERE jsonb_typeof(e.detail -> 'decision') = 'object' AND e.occurred_at >= coalesce(since, '-infinity') AND e.occurred_at < coalesce(until, 'infinity')
	GROUP BY 1, 2, 3, 4, 5, 6;
END;
REVOKE ALL ON FUNCTION pgtoken.decisions_by_rule(timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.decisions_by_rule(timestamptz, timestamptz) IS
'How often each rule fired, by day (UTC), in a span of time: since (inclusive), until (exclusive); NULL: without that bound. Only the audit of that span is read. day, policy, version, mode (active or shadow), rule (position and kind, "1 network_changed"), outcome (allow, require or deny), requests (in which it fired).';

CREATE FUNCTION pgtoken.decisions_by_client(since timestamptz, until timestamptz DEFAULT 'infinity')
	RETURNS TABLE (day date, client_id text, allowed bigint, challenged bigint, denied bigint)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT (d.occurred_at AT TIME ZONE 'UTC')::date, d.client_id, count(*) FILTER (WHERE d.decision = 'allow'),
		   count(*) FILTER (WHERE d.decision = 'require'), count(*) FILTER (WHERE d.decision = 'deny')
	FROM pgtoken.decisions d
	WHERE d.occurred_at >= coalesce(since, '-infinity') AND d.occurred_at < coalesce(until, 'infinity')
	GROUP BY 1, 2;
END;
REVOKE ALL ON FUNCTION pgtoken.decisions_by_client(timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.decisions_by_client(timestamptz, timestamptz) IS
'What was decided for each client, by day (UTC), in a span of time: since (inclusive), until (exclusive); NULL: without that bound. Only the audit of that span is read. day, client_id, and how many requests were allowed, challenged (a step-up was required of them) and denied.';

CREATE FUNCTION pgtoken.decision_latency(since timestamptz, until timestamptz DEFAULT 'infinity')
	RETURNS TABLE (hour timestamptz, requests bigint, avg_us numeric, max_us bigint, p95_us bigint)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT date_trunc('hour', d.occurred_at, 'UTC'), count(*), round(avg(d.latency_us), 1), max(d.latency_us),
		   percentile_disc(0.95) WITHIN GROUP (ORDER BY d.latency_us)
	FROM pgtoken.decisions d
	WHERE d.occurred_at >= coalesce(since, '-infinity') AND d.occurred_at < coalesce(until, 'infinity')
	GROUP BY 1;
END;
REVOKE ALL ON FUNCTION pgtoken.decision_latency(timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.decision_latency(timestamptz, timestamptz) IS
'How long judging a request took, by hour (UTC), in a span of time: since (inclusive), until (exclusive); NULL: without that bound. Only the audit of that span is read. hour, requests, and in microseconds avg_us, max_us and p95_us (95 of 100 take no longer).';

CREATE VIEW pgtoken.decisions_by_rule WITH (security_barrier, security_invoker) AS SELECT * FROM pgtoken.decisions_by_rule('-infinity');
COMMENT ON VIEW pgtoken.decisions_by_rule IS 'How often each rule fired, by day. Reads the whole audit; the function of this name reads a span of time';
COMMENT ON COLUMN pgtoken.decisions_by_rule.day IS 'Day, in UTC';
COMMENT ON COLUMN pgtoken.decisions_by_rule.policy IS 'Policy';
COMMENT ON COLUMN pgtoken.decisions_by_rule.version IS 'Its version';
COMMENT ON COLUMN pgtoken.decisions_by_rule.mode IS 'active or shadow';
COMMENT ON COLUMN pgtoken.decisions_by_rule.rule IS 'Position and kind of the rule ("1 network_changed")';
COMMENT ON COLUMN pgtoken.decisions_by_rule.outcome IS 'Its outcome: allow, require or deny';
COMMENT ON COLUMN pgtoken.decisions_by_rule.requests IS 'Requests in which it fired';

CREATE VIEW pgtoken.decisions_by_client WITH (security_barrier, security_invoker) AS SELECT * FROM pgtoken.decisions_by_client('-infinity');
COMMENT ON VIEW pgtoken.decisions_by_client IS 'What was decided for each client, by day. Reads the whole audit; the function of this name reads a span of time';
COMMENT ON COLUMN pgtoken.decisions_by_client.day IS 'Day, in UTC';
COMMENT ON COLUMN pgtoken.decisions_by_client.client_id IS 'Client';
COMMENT ON COLUMN pgtoken.decisions_by_client.allowed IS 'Requests that got tokens';
COMMENT ON COLUMN pgtoken.decisions_by_client.challenged IS 'Requests that a step-up was required of';
COMMENT ON COLUMN pgtoken.decisions_by_client.denied IS 'Requests that were refused';

CREATE VIEW pgtoken.decision_latency WITH (security_barrier, security_invoker) AS SELECT * FROM pgtoken.decision_latency('-infinity');
COMMENT ON VIEW pgtoken.decision_latency IS 'How long judging a request takes, by hour. Reads the whole audit; the function of this name reads a span of time';
COMMENT ON COLUMN pgtoken.decision_latency.hour IS 'Beginning of the hour, in UTC';
COMMENT ON COLUMN pgtoken.decision_latency.requests IS 'Requests that were judged';
COMMENT ON COLUMN pgtoken.decision_latency.avg_us IS 'Average, in microseconds, as the next two';
COMMENT ON COLUMN pgtoken.decision_latency.max_us IS 'Longest';
COMMENT ON COLUMN pgtoken.decision_latency.p95_us IS '95 of 100 take no longer';
