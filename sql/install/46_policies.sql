-- Policies as data: making versions, choosing the one that decides, trying one on
-- what has happened, and telling why it was decided as it was.

CREATE FUNCTION pgtoken.evaluate_rules(rules jsonb, on_error text, function_timeout interval, facts jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_evaluate_rules' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.evaluate_rules(jsonb, text, interval, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.evaluate_rules(jsonb, text, interval, jsonb) IS
'Internal, called by simulate_policy(): judges one request by the rules of a policy and writes nothing. facts: client_id, subject, grant_type, resources, context, at, retry, and where there are any grant_id, last_context, first_context, last_at, mfa_at. Returns {"decision": ..., "rules": [those that fired]}. Raises 22023 for rules or facts that cannot be read.';

CREATE FUNCTION pgtoken.checked_policy_rules(rules jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	problem CONSTANT text := pgtoken.policy_rules_problem(rules);
	unknown_zone text;
BEGIN
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'invalid rules'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = problem || '.';
	END IF;
	SELECT r ->> 'timezone' INTO unknown_zone FROM jsonb_array_elements(rules) r
	WHERE r ? 'timezone' AND NOT EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = r ->> 'timezone') LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'unknown time zone %', quote_literal(unknown_zone)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'One of those of pg_timezone_names, spelled as there, like Europe/Berlin.';
	END IF;
	RETURN (SELECT jsonb_agg(CASE WHEN r.rule ? 'function'
								  THEN r.rule || jsonb_build_object('function', pgtoken.user_function(r.rule ->> 'function', 'jsonb, jsonb, jsonb'))
								  ELSE r.rule END ORDER BY r.n)
			FROM jsonb_array_elements(rules) WITH ORDINALITY r (rule, n));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.checked_policy_rules(jsonb) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.checked_policy_rules(jsonb) IS 'Internal, called by create_policy(): the rules with the full names of their functions; raises 22023 for rules that cannot be judged by, 42501 for a function that the caller may not name';

CREATE FUNCTION pgtoken.check_policy_scope(issuer text, client_ids text[], resources text[], grant_types text[], factor_types text[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	known_grant_types CONSTANT text[] := ARRAY['issue_tokens', 'authorization_code', 'client_credentials', 'password',
		'urn:ietf:params:oauth:grant-type:device_code', 'urn:ietf:params:oauth:grant-type:token-exchange'];
	known_factor_types CONSTANT text[] := ARRAY['email', 'sms', 'totp', 'webauthn', 'recovery_code', 'external'];
	list_name text;
	bad text;
BEGIN
	SELECT l.name INTO list_name
	FROM (VALUES ('client_ids', client_ids), ('resources', resources), ('grant_types', grant_types), ('factor_types', factor_types)) l (name, list)
	WHERE l.list = '{}' OR array_ndims(l.list) > 1 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '% must be a one-dimensional array that is not empty', list_name
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'NULL stands for all.';
	END IF;
	SELECT u INTO bad FROM unnest(client_ids) u
	WHERE u IS NULL OR NOT EXISTS (SELECT FROM pgtoken.clients c WHERE c.issuer = check_policy_scope.issuer AND c.client_id = u) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'client % is not registered', quote_nullable(bad)
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = format('A policy of %s judges clients of that issuer.', issuer),
				  HINT = 'SELECT pgtoken.create_client(...) first.';
	END IF;
	-- the issuer is the audience of a family that named no API
	SELECT u INTO bad FROM unnest(resources) u
	WHERE u IS NULL OR (u <> issuer
						AND NOT EXISTS (SELECT FROM pgtoken.resources r WHERE r.issuer = check_policy_scope.issuer AND r.resource = u)) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'resource % is not registered', quote_nullable(bad)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'SELECT pgtoken.create_resource(...) first.';
	END IF;
	SELECT u INTO bad FROM unnest(grant_types) u WHERE u IS NULL OR u <> ALL (known_grant_types) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'unknown grant type %', quote_nullable(bad)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = format('One of %s.', array_to_string(known_grant_types, ', '));
	END IF;
	SELECT u INTO bad FROM unnest(factor_types) u WHERE u IS NULL OR u <> ALL (known_factor_types) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'unknown factor type %', quote_nullable(bad)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = format('One of %s.', array_to_string(known_factor_types, ', '));
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_policy_scope(text, text[], text[], text[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_policy_scope(text, text[], text[], text[], text[]) IS 'Internal, called by create_policy(): raises 22023 for a list of what is not there';

CREATE FUNCTION pgtoken.create_policy(
	policy text,
	rules jsonb,
	client_ids text[] DEFAULT NULL,
	resources text[] DEFAULT NULL,
	grant_types text[] DEFAULT NULL,
	on_refresh boolean DEFAULT true,
	on_issue boolean DEFAULT false,
	on_deny text DEFAULT 'keep',
	on_error text DEFAULT 'deny',
	function_timeout interval DEFAULT '100 milliseconds',
	factor_types text[] DEFAULT NULL,
	issuer text DEFAULT NULL,
	if_not_exists boolean DEFAULT false
) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	existing pgtoken.policies;
	checked_rules jsonb;
	new_version integer;
BEGIN
	IF policy IS NULL OR rules IS NULL OR on_refresh IS NULL OR on_issue IS NULL OR on_deny IS NULL OR on_error IS NULL OR function_timeout IS NULL THEN
		RAISE EXCEPTION 'policy, rules, on_refresh, on_issue, on_deny, on_error and function_timeout must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF policy !~ '^[A-Za-z0-9_.-]{1,63}$' THEN
		RAISE EXCEPTION 'invalid name of a policy'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'It has 1 to 63 letters, digits, "_", "." and "-".';
	END IF;
	IF NOT on_refresh AND NOT on_issue THEN
		RAISE EXCEPTION 'the policy would judge nothing'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'Set on_refresh or on_issue; deactivate_policy() switches a policy off.';
	END IF;
	IF on_deny NOT IN ('keep', 'revoke') THEN
		RAISE EXCEPTION 'unknown on_deny %', quote_literal(on_deny)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'One of keep, revoke.';
	END IF;
	IF on_error NOT IN ('allow', 'deny') THEN
		RAISE EXCEPTION 'unknown on_error %', quote_literal(on_error)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'One of allow (fail open), deny (fail closed).';
	END IF;
	-- days and months of an interval would not count alike everywhere
	function_timeout := make_interval(secs => extract(epoch FROM function_timeout)::double precision);
	IF function_timeout NOT BETWEEN '1 millisecond' AND '10 seconds' THEN
		RAISE EXCEPTION 'function_timeout must be between 1 millisecond and 10 seconds'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	resources := pgtoken.registered_resources(of_issuer, resources);
	PERFORM pgtoken.check_policy_scope(of_issuer, client_ids, resources, grant_types, factor_types);
	checked_rules := pgtoken.checked_policy_rules(rules);
	PERFORM FROM pgtoken.issuers i WHERE i.issuer = of_issuer FOR NO KEY UPDATE;	-- one version at a time
	IF coalesce(if_not_exists, false) THEN
		SELECT * INTO existing FROM pgtoken.policies v WHERE v.issuer = of_issuer AND v.policy = create_policy.policy ORDER BY v.version DESC LIMIT 1;
		IF FOUND THEN
			PERFORM pgtoken.tell_existing('policy', policy, to_jsonb(existing),
				jsonb_build_object('rules', checked_rules, 'client_ids', client_ids, 'resources', resources, 'grant_types', grant_types, 'on_refresh', on_refresh,
								   'on_issue', on_issue, 'on_deny', on_deny, 'on_error', on_error, 'function_timeout', function_timeout, 'factor_types', factor_types), true);
			RETURN existing.version;
		END IF;
	END IF;
	SELECT coalesce(max(v.version), 0) + 1 INTO new_version FROM pgtoken.policies v
	WHERE v.issuer = of_issuer AND v.policy = create_policy.policy;
	INSERT INTO pgtoken.policies (issuer, policy, version, rules, client_ids, resources, grant_types, on_refresh, on_issue, on_deny, on_error,
								  function_timeout, factor_types)
	VALUES (of_issuer, create_policy.policy, new_version, checked_rules, create_policy.client_ids,
			create_policy.resources, create_policy.grant_types, create_policy.on_refresh, create_policy.on_issue, create_policy.on_deny,
			create_policy.on_error, create_policy.function_timeout, create_policy.factor_types);
	RETURN new_version;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_policy(text, jsonb, text[], text[], text[], boolean, boolean, text, text, interval, text[], text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.create_policy(text, jsonb, text[], text[], text[], boolean, boolean, text, text, interval, text[], text, boolean) IS
'Make a new version of a policy and return its number (1, 2, ...). It is a draft: activate_policy() puts it in force, simulate_policy() tries it on what has happened. A version never changes.
rules: array of 1 to 32 objects {"rule": ..., "outcome": "allow", "require" or "deny", and the rule''s own members, seconds and kilometres}:
network_changed (ipv4_prefix 24, ipv6_prefix 48, since last or first), address_in and address_not_in (networks), user_agent_changed (granularity family, version or exact; since), unknown_device (member device_id or session_id), recollection (max_age), idle (longer_than), velocity (refreshes, within), concurrent_context, impossible_travel (max_speed 900, min_distance 100), mfa_age (longer_than), outside_hours (from, to, timezone, days [1..7], Monday being 1), risk_score (at_least), function (function; no outcome).
Of the rules that fire the riskiest outcome counts, over all active policies that judge the request. A function is schema.name of f(context jsonb, previous jsonb, family jsonb) RETURNS jsonb, {"decision": "allow", "require" or "deny", "reasons"?: [...]} or NULL for allow; the caller must be allowed to call it, it runs as its owner, read-only, for at most function_timeout (1 millisecond to 10 seconds).
client_ids, resources, grant_types: what it judges: requests of these clients, of families that hold one of these APIs (for whichever API the request is), and that came about like this (as in grants.grant_type); NULL: all of the issuer. on_refresh, on_issue: refreshes, first issues. on_deny: keep leaves the refresh token as it is, revoke ends the family when a rule has said deny (not when a function has failed). on_error: what a function that raises or takes too long counts as, deny or allow. factor_types: factors that satisfy it when it requires one (email, sms, totp, webauthn, recovery_code, external); NULL: any. issuer: NULL is the default one. if_not_exists: where the policy has a version, none is made: a NOTICE says how the newest one differs, and its number is returned.
Raises 22004, 22023, 42501 for a function that the caller may not call, 55000 when there is no such issuer.';

CREATE FUNCTION pgtoken.policy_version(issuer text, policy text, version integer) RETURNS pgtoken.policies
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	found_version pgtoken.policies;
BEGIN
	SELECT v.* INTO found_version FROM pgtoken.policies v
	WHERE v.issuer = policy_version.issuer AND v.policy = policy_version.policy
	  AND v.version = coalesce(policy_version.version, v.version)
	ORDER BY v.version DESC LIMIT 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such policy'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = format('%s has no %spolicy %s.', issuer, 'version ' || version || ' of ', quote_nullable(policy)),
				  HINT = 'pgtoken.policies has them all; create_policy makes one.';
	END IF;
	RETURN found_version;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.policy_version(text, text, integer) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.policy_version(text, text, integer) IS 'Internal: a version of a policy, the latest for NULL; raises 55000 when it is not there';

CREATE FUNCTION pgtoken.lock_policy(issuer text, policy text) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
BEGIN
	PERFORM pgtoken.make_durable();
	PERFORM FROM pgtoken.issuers i WHERE i.issuer = of_issuer FOR NO KEY UPDATE;	-- one change at a time
	PERFORM pgtoken.policy_version(of_issuer, policy, NULL);
	RETURN of_issuer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.lock_policy(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.lock_policy(text, text) IS 'Internal, called by what changes which versions of a policy are in force: nobody else does so until this transaction ends. Returns the issuer; raises 55000 when there is no such policy';

CREATE FUNCTION pgtoken.put_policy_in_force(of_issuer text, policy text, version integer, new_state text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	candidate CONSTANT pgtoken.policies := pgtoken.policy_version(of_issuer, policy, version);
	missing_function text;
BEGIN
	SELECT r ->> 'function' INTO missing_function FROM jsonb_array_elements(candidate.rules) r
	WHERE r ? 'function'
	  AND NOT EXISTS (SELECT FROM pg_proc p WHERE p.oid = to_regprocedure((r ->> 'function') || '(jsonb, jsonb, jsonb)')
						AND p.prorettype = 'jsonb'::regtype AND NOT p.proretset AND p.prokind = 'f') LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'function % of the policy is missing', missing_function
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'It must take (jsonb, jsonb, jsonb) and return jsonb.';
	END IF;
	-- first out, then in: there is one of each at any moment
	UPDATE pgtoken.policies v SET state = 'retired', retired_at = now()
	WHERE v.issuer = of_issuer AND v.policy = put_policy_in_force.policy AND v.version <> candidate.version AND v.state = new_state;
	UPDATE pgtoken.policies v
	SET state = new_state, activated_at = now(), retired_at = NULL,
		activation = CASE new_state WHEN 'active'
								 THEN (SELECT coalesce(max(o.activation), 0) + 1 FROM pgtoken.policies o
									   WHERE o.issuer = of_issuer AND o.policy = put_policy_in_force.policy)
								 ELSE v.activation END
	WHERE v.issuer = of_issuer AND v.policy = put_policy_in_force.policy AND v.version = candidate.version AND v.state <> new_state;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.put_policy_in_force(text, text, integer, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.put_policy_in_force(text, text, integer, text) IS 'Internal, called by activate_policy() and rollback_policy() under the lock: makes a version active or shadow and retires the one that was; raises 55000 when it or one of its functions is missing';

CREATE FUNCTION pgtoken.activate_policy(policy text, version integer DEFAULT NULL, shadow boolean DEFAULT false, issuer text DEFAULT NULL) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.lock_policy(issuer, policy);
	candidate CONSTANT pgtoken.policies := pgtoken.policy_version(of_issuer, policy, version);
BEGIN
	IF shadow IS NULL THEN
		RAISE EXCEPTION 'shadow must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF shadow AND candidate.state = 'active' THEN
		RAISE EXCEPTION 'version % of the policy is active', candidate.version
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'What decides cannot at the same time be tried in the shadow.',
				  HINT = 'SELECT pgtoken.deactivate_policy(...) first, or name another version.';
	END IF;
	PERFORM pgtoken.put_policy_in_force(of_issuer, policy, candidate.version, CASE WHEN shadow THEN 'shadow' ELSE 'active' END);
	RETURN candidate.version;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.activate_policy(text, integer, boolean, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.activate_policy(text, integer, boolean, text) IS
'Put a version of a policy in force, from the moment the transaction commits on, and return its number. version: NULL is the latest. shadow => false: it decides, and the version that did so retires. shadow => true: it is evaluated and recorded beside the one that decides, and decides nothing. issuer: NULL is the default one. Raises 22004, 55000 when there is no such policy or version, when one of its functions is missing, or for the shadow of the active version.';

CREATE FUNCTION pgtoken.deactivate_policy(policy text, shadow boolean DEFAULT false, issuer text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.lock_policy(issuer, policy);
BEGIN
	IF shadow IS NULL THEN
		RAISE EXCEPTION 'shadow must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	UPDATE pgtoken.policies v SET state = 'retired', retired_at = now()
	WHERE v.issuer = of_issuer AND v.policy = deactivate_policy.policy AND v.state = CASE WHEN shadow THEN 'shadow' ELSE 'active' END;
	RETURN FOUND;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.deactivate_policy(text, boolean, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.deactivate_policy(text, boolean, text) IS
'Switch a policy off: no version of it decides any more (shadow => true: none is evaluated in the shadow any more), from the moment the transaction commits on. issuer: NULL is the default one. Returns false when none did. Raises 22004, 55000 when there is no such policy.';

CREATE FUNCTION pgtoken.rollback_policy(policy text, issuer text DEFAULT NULL) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.lock_policy(issuer, policy);
	previous integer;
BEGIN
	SELECT v.version INTO previous FROM pgtoken.policies v
	WHERE v.issuer = of_issuer AND v.policy = rollback_policy.policy AND v.state <> 'active' AND v.activation IS NOT NULL
	ORDER BY v.activation DESC LIMIT 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'no other version of the policy has been active'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  HINT = 'SELECT pgtoken.deactivate_policy(...) switches it off, SELECT pgtoken.activate_policy(...) chooses a version.';
	END IF;
	PERFORM pgtoken.put_policy_in_force(of_issuer, policy, previous, 'active');
	RETURN previous;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.rollback_policy(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.rollback_policy(text, text) IS
'Make the version of a policy active that last was before the present one, and return its number; the present one retires. Twice in a row goes there and back; after deactivate_policy() it brings back what was switched off. Runs in the shadow do not count. issuer: NULL is the default one. Raises 55000 when there is no such policy, or no other version has been active.';

CREATE FUNCTION pgtoken.could_step_up(candidate pgtoken.policies, subject text, grant_type text, event text, reason text) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	-- what came of the request tells; where it was not asked for a factor, those that the subject has now do
	SELECT CASE WHEN coalesce(could_step_up.reason IN ('no_usable_factor', 'no_user_to_step_up'), false) THEN false
				WHEN could_step_up.event LIKE '%.challenged' THEN true
				WHEN coalesce(could_step_up.grant_type IN ('client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'), false) THEN false
				ELSE EXISTS (SELECT FROM pgtoken.factors f JOIN pgtoken.issuers i USING (issuer)
							 WHERE f.issuer = (could_step_up.candidate).issuer AND f.subject = could_step_up.subject AND f.state = 'active'
							   AND ((could_step_up.candidate).factor_types IS NULL OR f.factor_type = ANY ((could_step_up.candidate).factor_types))
							   AND (f.factor_type <> 'webauthn' OR i.webauthn_rp_id IS NOT NULL)
							   AND (f.factor_type <> 'recovery_code' OR cardinality(f.code_hashes) > 0)) END;
END;
REVOKE ALL ON FUNCTION pgtoken.could_step_up(pgtoken.policies, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.could_step_up(pgtoken.policies, text, text, text, text) IS 'Internal, called by replay_policy(): could the user of a recorded request (its event and reason) be asked for a factor by this policy? Locks of factors do not count, they pass';

CREATE FUNCTION pgtoken.replay_policy(candidate pgtoken.policies, since timestamptz, until timestamptz)
	RETURNS TABLE (client_id text, decision text, without_factor boolean, enforced text, fired integer[])
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	e record;
	family uuid;
	first_context jsonb;
	last_context jsonb;
	last_at timestamptz;
	mfa_at timestamptz;
	facts jsonb;
	answer jsonb;
BEGIN
	-- One pass over the families; each has its state in the variables above.
	FOR e IN
		SELECT a.grant_id, a.client_id, a.subject, a.event, a.reason, d.recorded,
			   coalesce(a.context, '{}') AS context,
			   a.event LIKE 'grant.%' OR a.event LIKE 'issue.%' AS first_issue,
			   -- the moment of the request, which its ledger row has: what counts earlier rows must not count its own
			   coalesce(t.issued_at, a.occurred_at) AS at,
			   -- the family's, as in the record
			   coalesce(g.resources, ARRAY(SELECT jsonb_array_elements_text(d.recorded -> 'resources'))) AS resources,
			   coalesce(d.recorded ->> 'grant_type', g.grant_type) AS grant_type,
			   g.first_context, g.mfa_time
		FROM pgtoken.audit_events a
		JOIN pgtoken.clients c ON c.client_id = a.client_id AND c.issuer = candidate.issuer
		LEFT JOIN pgtoken.grants g ON g.grant_id = a.grant_id
		LEFT JOIN LATERAL (SELECT l.issued_at FROM pgtoken.tokens l
						   WHERE l.grant_id = a.grant_id AND l.generation = (a.detail ->> 'generation')::integer
							 AND l.jti = a.detail ->> 'jti'
							 AND l.issued_at > a.occurred_at - interval '1 day' AND l.issued_at < a.occurred_at + interval '1 day'
						   LIMIT 1) t ON a.event LIKE 'token.%',
			LATERAL (SELECT CASE WHEN jsonb_typeof(a.detail -> 'decision') = 'object' THEN a.detail -> 'decision' END) d (recorded)
		WHERE a.occurred_at >= since AND a.occurred_at < until
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

		IF (CASE WHEN e.first_issue THEN candidate.on_issue ELSE candidate.on_refresh END)
		   AND NOT coalesce((e.recorded ->> 'step_up')::boolean, false)	-- goes on where a challenged one stopped
		   AND (candidate.grant_types IS NULL OR e.grant_type = ANY (candidate.grant_types))
		   AND (candidate.resources IS NULL OR e.resources && candidate.resources) THEN
			mfa_at := CASE WHEN e.recorded IS NOT NULL THEN (e.recorded ->> 'mfa_time')::timestamptz
						   WHEN e.mfa_time <= e.at THEN e.mfa_time END;
			facts := jsonb_build_object('client_id', e.client_id, 'subject', e.subject, 'grant_type', coalesce(e.grant_type, ''),
										'resources', coalesce(to_jsonb(e.resources), '[]'), 'context', e.context, 'at', e.at,
										'retry', coalesce((e.recorded ->> 'retry')::boolean, e.event = 'token.retried'))
				|| CASE WHEN mfa_at IS NULL THEN '{}' ELSE jsonb_build_object('mfa_at', mfa_at) END;
			IF NOT e.first_issue THEN
				IF last_context IS NULL THEN
					-- the family's last rotation lies before what we read
					SELECT l.context, l.issued_at INTO last_context, last_at FROM pgtoken.tokens l
					WHERE l.grant_id = e.grant_id AND l.issued_at < e.at AND (l.retry = 0 OR l.generation = l.parent_generation)
					ORDER BY l.issued_at DESC LIMIT 1;
				END IF;
				facts := facts || jsonb_build_object('grant_id', e.grant_id,
					'last_context', coalesce(last_context, '{}'), 'first_context', coalesce(first_context, last_context, '{}'),
					'last_at', coalesce((e.recorded ->> 'last_at')::timestamptz, last_at, e.at));
			END IF;
			answer := pgtoken.evaluate_rules(candidate.rules, candidate.on_error, candidate.function_timeout, facts);
			client_id := e.client_id;
			decision := answer ->> 'decision';
			without_factor := decision = 'require' AND NOT pgtoken.could_step_up(candidate, e.subject, e.grant_type, e.event, e.reason);
			decision := CASE WHEN without_factor THEN 'deny' ELSE decision END;
			enforced := coalesce(CASE WHEN e.reason IN ('no_usable_factor', 'no_user_to_step_up') THEN 'deny' END, e.recorded ->> 'decision',
								 CASE WHEN e.event LIKE '%.denied' THEN 'deny' WHEN e.event LIKE '%.challenged' THEN 'require' ELSE 'allow' END);
			fired := ARRAY(SELECT (r ->> 'position')::integer FROM jsonb_array_elements(answer -> 'rules') r);
			RETURN NEXT;
		END IF;

		IF e.event IN ('grant.issued', 'token.refreshed') THEN
			last_context := e.context;
			last_at := e.at;
			first_context := coalesce(first_context, CASE WHEN e.event = 'grant.issued' THEN e.context END);
		END IF;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.replay_policy(pgtoken.policies, timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.replay_policy(pgtoken.policies, timestamptz, timestamptz) IS 'Internal, called by simulate_policy(): a row for each recorded request that the policy would judge, with what it would decide, whether that is deny because it requires a factor and the user has none, what was decided, and the positions of the rules that fire';

CREATE FUNCTION pgtoken.simulate_policy(
	policy text,
	version integer DEFAULT NULL,
	since timestamptz DEFAULT now() - interval '7 days',
	until timestamptz DEFAULT now(),
	issuer text DEFAULT NULL
) RETURNS TABLE (by text, name text, requests bigint, allowed bigint, challenged bigint, denied bigint, without_factor bigint, changed bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	candidate CONSTANT pgtoken.policies := pgtoken.policy_version(pgtoken.issuer_or_default(issuer), policy, version);
BEGIN
	RETURN QUERY
		WITH judged AS MATERIALIZED (
			SELECT r.client_id, r.decision, r.without_factor, r.decision IS DISTINCT FROM r.enforced AS differs, r.fired
			FROM pgtoken.replay_policy(candidate, coalesce(since, '-infinity'), coalesce(until, 'infinity')) r
		), counted AS (
			SELECT 1 AS part, 'total' AS by_what, 0::bigint AS n, NULL::text AS of_name, j.decision, j.without_factor, j.differs FROM judged j
			UNION ALL
			SELECT 2, 'client', 0, j.client_id, j.decision, j.without_factor, j.differs FROM judged j
			UNION ALL
			SELECT 3, 'rule', r.n, r.n || ' ' || (r.rule ->> 'rule'), j.decision, j.without_factor, j.differs
			FROM jsonb_array_elements(candidate.rules) WITH ORDINALITY r (rule, n)
			LEFT JOIN judged j ON r.n = ANY (j.fired)
		)
		SELECT p.by_what, c.of_name, count(c.decision), count(*) FILTER (WHERE c.decision = 'allow'),
			   count(*) FILTER (WHERE c.decision = 'require'), count(*) FILTER (WHERE c.decision = 'deny'),
			   count(*) FILTER (WHERE c.without_factor), count(*) FILTER (WHERE c.differs)
		FROM (VALUES (1, 'total'), (2, 'client'), (3, 'rule')) p (part, by_what)
		LEFT JOIN counted c ON c.part = p.part
		WHERE p.part = 1 OR c.part IS NOT NULL
		GROUP BY p.part, p.by_what, c.n, c.of_name
		ORDER BY p.part, c.n, c.of_name;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.simulate_policy(text, integer, timestamptz, timestamptz, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.simulate_policy(text, integer, timestamptz, timestamptz, text) IS
'What a version of a policy would have decided on the requests that are recorded in audit_events: refreshes (on_refresh) and first issues (on_issue) of its clients, resources and grant types. Writes nothing; its functions are called, as ever read-only and with their timeout. version: NULL is the latest, whatever its state. since, until: NULL is no bound. issuer: NULL is the default one.
Returns a row by total, one by client and name for each client, and one by rule for each rule, named by position and kind ("1 network_changed"). requests: how many were judged, or, of a rule, in how many it fires. allowed, challenged, denied: what would come of these by this policy alone. without_factor: how many of the denied only because it requires a factor and the user has none that would do: then, where that is recorded, or else now. changed: how many of them were decided otherwise. A request that went on after a step-up is not counted beside the one that was challenged; what was tried again after a refusal is. Raises 55000 when there is no such policy or version.';

CREATE FUNCTION pgtoken.explain_decision(event_id uuid)
	RETURNS TABLE (policy text, version integer, mode text, decision text, "position" integer, rule text, outcome text, explanation text)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH events AS (
		SELECT a.event, a.reason, a.detail -> 'decision' AS decision
		FROM pgtoken.audit_events a
		WHERE a.event_id = explain_decision.event_id
		  -- a UUIDv7 begins with its time (RFC 9562 section 5.7), which tells the partition
		  AND a.occurred_at >= to_timestamp(('x' || left(replace(explain_decision.event_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0 - 60)
		  AND a.occurred_at <= to_timestamp(('x' || left(replace(explain_decision.event_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0 + 60)
	), recorded AS (
		SELECT e.event, e.decision FROM events e WHERE jsonb_typeof(e.decision) = 'object'
	), judged AS (
		SELECT p.n AS part, p.policy, r.n AS line, r.rule
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
REVOKE ALL ON FUNCTION pgtoken.explain_decision(uuid) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.explain_decision(uuid) IS
'Why a request was decided as it was: event_id is that of its audit event. First, of a request that was refused for another reason than such a rule, a row with policy NULL, decision and outcome (deny, or require where a factor was asked for), rule (the reason of the event) and explanation (one sentence: why, and what to do). Then a row for each rule that fired (mode: active or shadow; decision: of its policy; outcome: of the rule), one with rule NULL for a policy none of whose rules did, and one with policy NULL and rule authentication_policy for each resource, or for the request itself, that asked for a stronger or more recent authentication. What a function failed of is in the explanation. No row when there is no such event, or nothing had to be decided.';
