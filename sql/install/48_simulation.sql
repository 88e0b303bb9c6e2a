-- Trying a version of a policy on what has happened.

CREATE FUNCTION pgtoken.judge_recorded(issuer text, policy text, version integer, facts jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_judge_recorded' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.judge_recorded FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.judge_recorded IS
'Internal, called by replay_policy(): judges a recorded request by a policy as a real one is judged, and writes nothing. facts: grant_id, client_id, subject, grant_type, resources, context, at, first_issue, retry, mfa_at, act, of a refresh last_context, first_context, last_at, and could_step_up where it is known. Returns what the record of a decision has of a policy, where it requires a factor with could_step_up: can the user be asked for one (locks of factors do not count, they pass)? NULL: the policy does not judge such requests.';

CREATE FUNCTION pgtoken.riskiest(one text, other text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN 'deny' IN (one, other) THEN 'deny' WHEN 'require' IN (one, other) THEN 'require' ELSE 'allow' END;
REVOKE ALL ON FUNCTION pgtoken.riskiest FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.riskiest IS 'Internal: the riskier of two decisions; NULL counts as allow';

CREATE FUNCTION pgtoken.decided_by_others(recorded jsonb, policy text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE max(CASE o.decision WHEN 'deny' THEN 3 WHEN 'require' THEN 2 ELSE 1 END) WHEN 3 THEN 'deny' WHEN 2 THEN 'require' ELSE 'allow' END
	FROM (SELECT p ->> 'decision' FROM jsonb_array_elements(recorded -> 'policies') p WHERE p ->> 'mode' = 'active' AND p ->> 'policy' <> decided_by_others.policy
		  UNION ALL SELECT q ->> 'outcome' FROM jsonb_array_elements(recorded -> 'requirements') q) o (decision);
END;
REVOKE ALL ON FUNCTION pgtoken.decided_by_others FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.decided_by_others IS 'Internal: what a recorded decision comes to without this policy: the riskiest of what the other active policies and the APIs asked for; allow where nothing did, or nothing is recorded';

CREATE FUNCTION pgtoken.replay_policy(candidate pgtoken.policies, since timestamptz, until timestamptz)
	RETURNS TABLE (client_id text, decision text, without_factor boolean, enforced text, fired integer[], in_force text, event_id uuid, at timestamptz,
				   grant_id uuid, subject text, event text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	e record;
	family uuid;
	first_context jsonb;
	last_context jsonb;
	last_at timestamptz;
	without_a_factor boolean;
	answer jsonb;
BEGIN
	-- One pass over the families; each has its state in the variables above.
	FOR e IN
		SELECT a.grant_id, a.event_id, a.client_id, a.subject, a.event, a.reason, d.recorded,
			   coalesce(a.context, '{}') AS context,
			   a.event LIKE 'grant.%' OR a.event LIKE 'issue.%' AS first_issue,
			   -- of an answer the moment of its ledger row: what counts earlier rows must not count its own
			   a.occurred_at AS at,
			   -- the family's, as in the record
			   coalesce(g.resources, ARRAY(SELECT jsonb_array_elements_text(d.recorded -> 'resources'))) AS resources,
			   coalesce(d.recorded ->> 'grant_type', g.grant_type) AS grant_type,
			   -- a refused one has no family: who it was is in no record
			   coalesce(g.act, CASE WHEN d.recorded -> 'on_behalf' = 'true' THEN '{}'::jsonb END) AS act,
			   g.first_context, g.mfa_time
		FROM pgtoken.audit_events a
		JOIN pgtoken.clients c ON c.client_id = a.client_id AND c.issuer = candidate.issuer
		LEFT JOIN pgtoken.grants g ON g.grant_id = a.grant_id,
			LATERAL (SELECT CASE WHEN jsonb_typeof(a.detail -> 'decision') = 'object' THEN a.detail -> 'decision' END) d (recorded)
		WHERE a.occurred_at >= since AND a.occurred_at < until
		  -- it judges no others: they need not be read
		  AND (candidate.client_ids IS NULL OR a.client_id = ANY (candidate.client_ids))
		  -- a refusal without a record was none of a policy's
		  AND (a.event IN ('grant.issued', 'token.refreshed', 'token.retried')
			   OR a.event IN ('issue.denied', 'issue.challenged', 'issue.refused', 'refresh.denied', 'refresh.challenged', 'refresh.refused')
				  AND d.recorded IS NOT NULL)
		ORDER BY a.grant_id, a.occurred_at, a.event_id LOOP
		IF e.grant_id IS DISTINCT FROM family THEN
			family := e.grant_id;
			first_context := e.first_context;
			last_context := NULL;
			last_at := NULL;
		END IF;

		IF NOT coalesce((e.recorded ->> 'step_up')::boolean, false) THEN	-- goes on where a challenged one stopped
			IF NOT e.first_issue AND last_context IS NULL THEN
				-- the family's last rotation lies before what we read
				SELECT l.context, l.issued_at INTO last_context, last_at FROM pgtoken.tokens l
				WHERE l.grant_id = e.grant_id AND l.issued_at < e.at AND (l.retry = 0 OR l.generation = l.parent_generation)
				ORDER BY l.issued_at DESC LIMIT 1;
			END IF;
			without_a_factor := coalesce(e.reason IN ('no_usable_factor', 'no_user_to_step_up'), false);
			answer := pgtoken.judge_recorded(candidate.issuer, candidate.policy, candidate.version, jsonb_build_object(
				'grant_id', e.grant_id, 'client_id', e.client_id, 'subject', e.subject, 'grant_type', coalesce(e.grant_type, ''),
				'resources', coalesce(to_jsonb(e.resources), '[]'), 'context', e.context, 'at', e.at, 'first_issue', e.first_issue,
				'retry', coalesce((e.recorded ->> 'retry')::boolean, e.event = 'token.retried'),
				'mfa_at', CASE WHEN e.recorded IS NOT NULL THEN (e.recorded ->> 'mfa_time')::timestamptz
							   WHEN e.mfa_time <= e.at THEN e.mfa_time END,
				'last_context', coalesce(last_context, '{}'), 'first_context', coalesce(first_context, last_context, '{}'),
				'last_at', coalesce((e.recorded ->> 'last_at')::timestamptz, last_at, e.at),
				-- what came of the request tells; where it was not asked for a factor, those that the subject has now do
				'could_step_up', CASE WHEN without_a_factor THEN false WHEN e.event LIKE '%.challenged' THEN true END)
				|| CASE WHEN e.act IS NULL THEN '{}' ELSE jsonb_build_object('act', e.act) END);
		END IF;
		IF answer IS NOT NULL THEN
			client_id := e.client_id;
			without_factor := NOT coalesce((answer ->> 'could_step_up')::boolean, true);
			decision := CASE WHEN without_factor THEN 'deny' ELSE answer ->> 'decision' END;
			enforced := coalesce(CASE WHEN without_a_factor THEN 'deny' END, e.recorded ->> 'decision',
								 CASE WHEN e.event LIKE '%.denied' THEN 'deny' WHEN e.event LIKE '%.challenged' THEN 'require' ELSE 'allow' END);
			fired := ARRAY(SELECT (r ->> 'position')::integer FROM jsonb_array_elements(answer -> 'rules') r);
			in_force := pgtoken.riskiest(decision, pgtoken.decided_by_others(e.recorded, candidate.policy));
			in_force := CASE WHEN in_force = 'require' AND without_a_factor THEN 'deny' ELSE in_force END;
			event_id := e.event_id;
			at := e.at;
			grant_id := e.grant_id;
			subject := e.subject;
			event := e.event;
			RETURN NEXT;
			answer := NULL;
		END IF;

		IF e.event IN ('grant.issued', 'token.refreshed') THEN
			last_context := e.context;
			last_at := e.at;
			first_context := coalesce(first_context, CASE WHEN e.event = 'grant.issued' THEN e.context END);
		END IF;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.replay_policy FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.replay_policy IS 'Internal, called by compare_policy(): a row for each recorded request that the policy would judge, with what it would decide, whether that is deny because it requires a factor and the user has none, what was decided, the positions of the rules that fire, what would come of the request with the version in force beside what else judged it then, and which event of the audit it is';

CREATE FUNCTION pgtoken.compare_policy(
	policy text,
	version integer DEFAULT NULL,
	since timestamptz DEFAULT now() - interval '7 days',
	until timestamptz DEFAULT now(),
	issuer text DEFAULT NULL,
	examples integer DEFAULT 5
) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	candidate CONSTANT pgtoken.policies := pgtoken.policy_version(pgtoken.issuer_or_default(issuer), policy, version);
	answer jsonb;
BEGIN
	IF examples IS NULL OR examples NOT BETWEEN 0 AND 100 THEN
		RAISE EXCEPTION 'examples must be between 0 and 100' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	WITH judged AS MATERIALIZED (
		SELECT r.*, r.decision IS DISTINCT FROM r.enforced AS differs,
			   r.in_force <> r.enforced AND pgtoken.riskiest(r.in_force, r.enforced) = r.in_force AS stricter,
			   r.in_force <> r.enforced AND pgtoken.riskiest(r.in_force, r.enforced) = r.enforced AS looser
		FROM pgtoken.replay_policy(candidate, coalesce(since, '-infinity'), coalesce(until, 'infinity')) r
	), parts AS (
		SELECT 1 AS part, 'total' AS by_what, 0::bigint AS n, NULL::text AS of_name, j.* FROM judged j
		UNION ALL
		SELECT 2, 'client', 0, j.client_id, j.* FROM judged j
		UNION ALL
		SELECT 3, 'rule', r.n, r.n || ' ' || (r.rule ->> 'rule'), j.*
		FROM jsonb_array_elements(candidate.rules) WITH ORDINALITY r (rule, n)
		LEFT JOIN judged j ON r.n = ANY (j.fired)
	), counts AS (
		SELECT p.part, c.n, p.by_what AS by, c.of_name AS name, count(c.decision) AS requests, count(*) FILTER (WHERE c.decision = 'allow') AS allowed,
			   count(*) FILTER (WHERE c.decision = 'require') AS challenged, count(*) FILTER (WHERE c.decision = 'deny') AS denied,
			   count(*) FILTER (WHERE c.without_factor) AS without_factor, count(*) FILTER (WHERE c.differs) AS changed,
			   count(*) FILTER (WHERE c.stricter) AS stricter, count(*) FILTER (WHERE c.looser) AS looser
		FROM (VALUES (1, 'total'), (2, 'client'), (3, 'rule')) p (part, by_what)
		LEFT JOIN parts c ON c.part = p.part
		WHERE p.part = 1 OR c.part IS NOT NULL
		GROUP BY p.part, p.by_what, c.n, c.of_name
	), changes AS (
		SELECT j.enforced AS decided, j.in_force AS would_be, count(*) AS requests FROM judged j WHERE j.stricter OR j.looser GROUP BY 1, 2
	), shown AS (
		SELECT j.*, row_number() OVER (PARTITION BY j.enforced, j.in_force ORDER BY j.at DESC, j.event_id DESC) AS nth FROM judged j WHERE j.stricter OR j.looser
	)
	SELECT jsonb_build_object('policy', candidate.policy, 'version', candidate.version,
		'counts', (SELECT jsonb_agg(to_jsonb(c) - '{part,n}'::text[] ORDER BY c.part, c.n, c.name) FROM counts c),
		'changes', coalesce((SELECT jsonb_agg(to_jsonb(c) ORDER BY c.requests DESC, c.decided, c.would_be) FROM changes c), '[]'),
		'examples', coalesce((SELECT jsonb_agg(jsonb_build_object('event_id', s.event_id, 'occurred_at', s.at, 'event', s.event, 'grant_id', s.grant_id, 'client_id', s.client_id,
									'subject', s.subject, 'decided', s.enforced, 'would_be', s.in_force, 'without_factor', s.without_factor,
									'rules', ARRAY(SELECT f || ' ' || (candidate.rules -> (f - 1) ->> 'rule') FROM unnest(s.fired) f)) ORDER BY s.at DESC, s.event_id DESC)
							  FROM shown s WHERE s.nth <= examples), '[]'))
	INTO answer;
	RETURN answer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.compare_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.compare_policy TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.compare_policy IS
'What simulate_policy() says, and what would have been different: how many recorded requests would have come out otherwise with this version in force in place of the one that decided, with the other policies and what APIs ask for as they were, and examples of them. Writes nothing; its functions are called, as ever read-only and with their timeout.
policy: its name. version: NULL is the latest, whatever its state. since, until: NULL is no bound. issuer: NULL is the default one. examples: how many of each kind of change, 0 to 100, the newest.
Returns policy, version; counts, an array of the rows of simulate_policy() with two members more, stricter and looser: how many of the requests would have come out worse or better for the client; changes, an array of {decided, would_be, requests}, by allow, require and deny; examples, an array, the newest first, of {event_id (see explain_decision), occurred_at, event, grant_id, client_id, subject, decided, would_be, without_factor, rules: those that fire}. Raises 22023 for a bad number of examples, 55000 when there is no such policy or version.';

CREATE FUNCTION pgtoken.simulate_policy(
	policy text,
	version integer DEFAULT NULL,
	since timestamptz DEFAULT now() - interval '7 days',
	until timestamptz DEFAULT now(),
	issuer text DEFAULT NULL
) RETURNS TABLE (by text, name text, requests bigint, allowed bigint, challenged bigint, denied bigint, without_factor bigint, changed bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	RETURN QUERY
		SELECT c.by, c.name, c.requests, c.allowed, c.challenged, c.denied, c.without_factor, c.changed
		FROM ROWS FROM (jsonb_to_recordset(pgtoken.compare_policy(policy, version, since, until, issuer, 0) -> 'counts')
						AS (by text, name text, requests bigint, allowed bigint, challenged bigint, denied bigint, without_factor bigint, changed bigint)) WITH ORDINALITY
			 AS c (by, name, requests, allowed, challenged, denied, without_factor, changed, n)
		ORDER BY c.n;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.simulate_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.simulate_policy TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.simulate_policy IS
'What a version of a policy would have decided on the requests that are recorded in audit_events: refreshes (on_refresh) and first issues (on_issue) of its clients, resources and grant types. Writes nothing; its functions are called, as ever read-only and with their timeout.
policy: its name. version: NULL is the latest, whatever its state. since, until: NULL is no bound. issuer: NULL is the default one.
Returns a row by total, one by client and name for each client, and one by rule for each rule, named by position and kind ("1 network_changed"). requests: how many were judged, or, of a rule, in how many it fires. allowed, challenged, denied: what would come of these by this policy alone. without_factor: how many of the denied only because it requires a factor and the user has none that would do: then, where that is recorded, or else now. changed: how many of them were decided otherwise. A request that went on after a step-up is not counted beside the one that was challenged; what was tried again after a refusal is. Raises 55000 when there is no such policy or version.';
