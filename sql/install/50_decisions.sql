-- What policies and authentication policies decided, from the audit log, and why.

CREATE FUNCTION pgtoken.explain_decision(event_id uuid)
	RETURNS TABLE (policy text, version integer, mode text, decision text, "position" integer, rule text, outcome text, explanation text)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH events AS (
		SELECT a.event, a.reason, a.detail -> 'decision' AS decision, a.personal -> 'reasons' AS reasons
		FROM pgtoken.audit_events a
		WHERE a.event_id = explain_decision.event_id
		  -- a UUIDv7 begins with its time (RFC 9562 section 5.7), to the millisecond
		  AND a.occurred_at >= to_timestamp(('x' || left(replace(explain_decision.event_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0 - 1)
		  AND a.occurred_at <= to_timestamp(('x' || left(replace(explain_decision.event_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0 + 1)
	), recorded AS (
		SELECT e.event, e.decision, e.reasons FROM events e WHERE jsonb_typeof(e.decision) = 'object'
	), judged AS (
		-- what a rule gave as its reason stands apart, at the same place
		SELECT p.n AS part, p.policy, r.n AS line, r.rule || coalesce(e.reasons -> (p.n - 1)::integer -> (r.n - 1)::integer, '{}') AS rule
		FROM recorded e
		CROSS JOIN jsonb_array_elements(e.decision -> 'policies') WITH ORDINALITY p (policy, n)
		LEFT JOIN LATERAL jsonb_array_elements(p.policy -> 'rules') WITH ORDINALITY r (rule, n) ON true
	), told AS (
		-- a refusal that the rows below do not tell: that of a rule they do
		SELECT 0 AS kind, 0 AS part, 0 AS line, NULL AS policy, NULL::integer AS version, NULL AS mode, o.outcome AS decision,
			   NULL::integer AS "position", e.reason AS rule, o.outcome, r.explanation
		FROM events e
		CROSS JOIN LATERAL (SELECT x.explanation FROM pgtoken.refusal_reasons() x WHERE x.reason = e.reason LIMIT 1) r,
			LATERAL (SELECT CASE WHEN e.event LIKE '%.challenged' THEN 'require' ELSE 'deny' END) o (outcome)
		WHERE e.event ~ '\.(refused|denied|challenged|reuse|authentication_failed)$'
		  AND NOT (e.reason IN ('policy_denied', 'authentication_policy_changed', 'mfa_required') AND EXISTS (SELECT FROM recorded))
		UNION ALL
		SELECT 1 AS kind, j.part, j.line, j.policy ->> 'policy' AS policy, (j.policy ->> 'version')::integer AS version,
			   j.policy ->> 'mode' AS mode, j.policy ->> 'decision' AS decision, (j.rule ->> 'position')::integer AS "position",
			   j.rule ->> 'rule' AS rule, j.rule ->> 'outcome' AS outcome,
			   CASE WHEN j.rule IS NULL THEN 'none of its rules fired'
					ELSE concat_ws(': ', j.rule ->> 'function',
								   CASE WHEN j.rule ? 'error' THEN format('failed (%s), which counts as %s', j.rule ->> 'error', j.rule ->> 'outcome') END,
								   j.rule ->> 'explanation',
								   CASE jsonb_typeof(j.rule -> 'reasons')
									   WHEN 'array' THEN (SELECT string_agg(s, ', ') FROM jsonb_array_elements_text(j.rule -> 'reasons') s)
								   END) END AS explanation
		FROM judged j
		UNION ALL
		SELECT 2, q.n, 0, NULL, NULL, NULL, o.outcome, NULL, 'authentication_policy', o.outcome,
			   CASE WHEN q.requirement ? 'resource'
					THEN format('%s (version %s of its authentication policy)', q.requirement ->> 'resource', q.requirement ->> 'policy_version')
					ELSE 'the request itself (RFC 9470 section 4)' END
			   || format(' asks for %s; the subject has acr %s, amr %s, auth_time %s',
						 concat_ws(', ', 'one of the acr ' || (q.requirement ->> 'acr_values'), 'the amr ' || (q.requirement ->> 'amr'),
								   'an authentication of the last ' || (q.requirement ->> 'max_age') || ' seconds'),
						 coalesce(e.decision ->> 'acr', 'none'), coalesce(e.decision ->> 'amr', 'none'), coalesce(e.decision ->> 'auth_time', 'none'))
		FROM recorded e
		CROSS JOIN jsonb_array_elements(e.decision -> 'requirements') WITH ORDINALITY q (requirement, n),
			LATERAL (SELECT q.requirement ->> 'outcome') o (outcome)
	)
	SELECT t.policy, t.version, t.mode, t.decision, t."position", t.rule, t.outcome, t.explanation
	FROM told t
	ORDER BY t.kind, t.part, t.line;
END;
REVOKE ALL ON FUNCTION pgtoken.explain_decision FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.explain_decision TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.explain_decision IS
'Why a request was decided as it was. event_id: of its audit event.
Returns first, of a request that was refused for another reason than such a rule, a row with policy NULL, decision and outcome (deny, or require where a factor was asked for), rule (the reason of the event) and explanation (one sentence: why, and what to do). Then a row for each rule that fired (mode: active or shadow; decision: of its policy; outcome: of the rule), one with rule NULL for a policy none of whose rules did, and one with policy NULL and rule authentication_policy for each resource, or for the request itself, that asked for a stronger or more recent authentication. What a function failed of is in the explanation. No row when there is no such event, or nothing had to be decided.';

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
GRANT SELECT ON pgtoken.decisions TO pgtoken_auditor;
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
	-- of audit_events, without making the detail of each answer
	FROM (SELECT t.issued_at AS occurred_at, t.assessment AS decision FROM pgtoken.tokens t
		  UNION ALL
		  SELECT a.occurred_at, a.detail -> 'decision' FROM pgtoken.audit_rows a) e
	CROSS JOIN jsonb_array_elements(e.decision -> 'policies') p (policy)
	CROSS JOIN jsonb_array_elements(p.policy -> 'rules') r (rule)
	WHERE jsonb_typeof(e.decision) = 'object' AND e.occurred_at >= coalesce(since, '-infinity') AND e.occurred_at < coalesce(until, 'infinity')
	GROUP BY 1, 2, 3, 4, 5, 6;
END;
REVOKE ALL ON FUNCTION pgtoken.decisions_by_rule FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.decisions_by_rule TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.decisions_by_rule IS
'How often each rule fired, by day (UTC), in a span of time. since (inclusive), until (exclusive): NULL is without that bound. Only the audit of that span is read.
Returns day, policy, version, mode (active or shadow), rule (position and kind, "1 network_changed"), outcome (allow, require or deny), requests (in which it fired).';

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
REVOKE ALL ON FUNCTION pgtoken.decisions_by_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.decisions_by_client TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.decisions_by_client IS
'What was decided for each client, by day (UTC), in a span of time. since (inclusive), until (exclusive): NULL is without that bound. Only the audit of that span is read.
Returns day, client_id, and how many requests were allowed, challenged (a step-up was required of them) and denied.';

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
REVOKE ALL ON FUNCTION pgtoken.decision_latency FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.decision_latency TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.decision_latency IS
'How long judging a request took, by hour (UTC), in a span of time. since (inclusive), until (exclusive): NULL is without that bound. Only the audit of that span is read.
Returns hour, requests, and in microseconds avg_us, max_us and p95_us (95 of 100 take no longer).';

CREATE VIEW pgtoken.decisions_by_rule WITH (security_barrier, security_invoker) AS SELECT * FROM pgtoken.decisions_by_rule('-infinity');
GRANT SELECT ON pgtoken.decisions_by_rule TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.decisions_by_rule IS 'How often each rule fired, by day. Reads the whole audit; the function of this name reads a span of time';
COMMENT ON COLUMN pgtoken.decisions_by_rule.day IS 'Day, in UTC';
COMMENT ON COLUMN pgtoken.decisions_by_rule.policy IS 'Policy';
COMMENT ON COLUMN pgtoken.decisions_by_rule.version IS 'Its version';
COMMENT ON COLUMN pgtoken.decisions_by_rule.mode IS 'active or shadow';
COMMENT ON COLUMN pgtoken.decisions_by_rule.rule IS 'Position and kind of the rule ("1 network_changed")';
COMMENT ON COLUMN pgtoken.decisions_by_rule.outcome IS 'Its outcome: allow, require or deny';
COMMENT ON COLUMN pgtoken.decisions_by_rule.requests IS 'Requests in which it fired';

CREATE VIEW pgtoken.decisions_by_client WITH (security_barrier, security_invoker) AS SELECT * FROM pgtoken.decisions_by_client('-infinity');
GRANT SELECT ON pgtoken.decisions_by_client TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.decisions_by_client IS 'What was decided for each client, by day. Reads the whole audit; the function of this name reads a span of time';
COMMENT ON COLUMN pgtoken.decisions_by_client.day IS 'Day, in UTC';
COMMENT ON COLUMN pgtoken.decisions_by_client.client_id IS 'Client';
COMMENT ON COLUMN pgtoken.decisions_by_client.allowed IS 'Requests that got tokens';
COMMENT ON COLUMN pgtoken.decisions_by_client.challenged IS 'Requests that a step-up was required of';
COMMENT ON COLUMN pgtoken.decisions_by_client.denied IS 'Requests that were refused';

CREATE VIEW pgtoken.decision_latency WITH (security_barrier, security_invoker) AS SELECT * FROM pgtoken.decision_latency('-infinity');
GRANT SELECT ON pgtoken.decision_latency TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.decision_latency IS 'How long judging a request takes, by hour. Reads the whole audit; the function of this name reads a span of time';
COMMENT ON COLUMN pgtoken.decision_latency.hour IS 'Beginning of the hour, in UTC';
COMMENT ON COLUMN pgtoken.decision_latency.requests IS 'Requests that were judged';
COMMENT ON COLUMN pgtoken.decision_latency.avg_us IS 'Average, in microseconds, as the next two';
COMMENT ON COLUMN pgtoken.decision_latency.max_us IS 'Longest';
COMMENT ON COLUMN pgtoken.decision_latency.p95_us IS '95 of 100 take no longer';
