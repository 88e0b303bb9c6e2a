-- Policies as data: making versions of what is looked at when tokens are issued or
-- refreshed, and choosing the one that decides.

CREATE FUNCTION pgtoken.policy_rules_problem(rules jsonb) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_policy_rules_problem' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.policy_rules_problem FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.policy_rules_problem IS 'Internal: what is wrong with the rules of a policy: an English phrase, or NULL. That a function exists and a time zone is known is for create_policy to see';

CREATE FUNCTION pgtoken.policy_rule_members()
	RETURNS TABLE (rule text, fires_when text, member text, required boolean, form text, fallback text, words text[], expected text)
	AS 'MODULE_PATHNAME', 'pgt_policy_rule_members' LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.policy_rule_members FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.policy_rule_members TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.policy_rule_members IS
'The rules that a policy can be made of, and the members of each, for who writes one by a form.
Returns a row for each member of each rule, and one with member NULL for a rule that has none of its own. rule: its kind. fires_when: when it fires, as the end of a sentence. member: its name. required: must it be there? form: integer, number, word (one of words), networks (an array of CIDRs), seconds, time (HH:MM), timezone, days (an array of 1 to 7) or function. fallback: what holds where it is left out; NULL: it must be there, or there is no bound. words: what a word can be. expected: what it must be, in English. Beside these each rule has outcome, but for function, which says it itself.';

CREATE FUNCTION pgtoken.valid_policy_name(policy text) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN policy ~ '^[A-Za-z0-9_.-]{1,63}$';
REVOKE ALL ON FUNCTION pgtoken.valid_policy_name FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_policy_name IS 'Internal: can this be the name of a policy? 1 to 63 letters, digits, "_", "." and "-"';

CREATE FUNCTION pgtoken.valid_function_timeout(function_timeout interval) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN function_timeout BETWEEN '1 millisecond' AND '10 seconds';
REVOKE ALL ON FUNCTION pgtoken.valid_function_timeout FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_function_timeout IS 'Internal: can a rule''s function take so long?';

CREATE TABLE pgtoken.policies (
	issuer text NOT NULL,
	policy text NOT NULL,
	version integer NOT NULL,
	state text NOT NULL DEFAULT 'draft',
	rules jsonb NOT NULL,
	client_ids text[],
	resources text[],
	grant_types text[],
	on_refresh boolean NOT NULL,
	on_issue boolean NOT NULL,
	on_deny text NOT NULL,
	on_error text NOT NULL,
	function_timeout interval NOT NULL,
	factor_types text[],
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	activated_at timestamptz,
	retired_at timestamptz,
	activation integer,
	CONSTRAINT policies_pkey PRIMARY KEY (issuer, policy, version),
	CONSTRAINT policies_policy_check CHECK (pgtoken.valid_policy_name(policy)),
	CONSTRAINT policies_state_check CHECK (state IN ('draft', 'active', 'shadow', 'retired')),
	CONSTRAINT policies_rules_check CHECK (pgtoken.policy_rules_problem(rules) IS NULL),
	CONSTRAINT policies_on_deny_check CHECK (on_deny = ANY (pgtoken.choices('on_deny'))),
	CONSTRAINT policies_on_error_check CHECK (on_error = ANY (pgtoken.choices('on_error'))),
	CONSTRAINT policies_function_timeout_check CHECK (pgtoken.valid_function_timeout(function_timeout)),
	CONSTRAINT policies_factor_types_check CHECK (factor_types <@ pgtoken.choices('factor type'))
);
COMMENT ON TABLE pgtoken.policies IS 'Versions of risk policies: what is looked at when a client refreshes (or gets its first tokens), and what comes of it. A version never changes but in its state';
COMMENT ON COLUMN pgtoken.policies.issuer IS 'Issuer whose clients it judges';
COMMENT ON COLUMN pgtoken.policies.policy IS 'Its name';
COMMENT ON COLUMN pgtoken.policies.version IS '1, 2, 3 ... of each name';
COMMENT ON COLUMN pgtoken.policies.state IS 'draft: not used yet. active: decides. shadow: evaluated and recorded, decides nothing. retired: was active or shadow';
COMMENT ON COLUMN pgtoken.policies.rules IS 'Array of rules, each an object with rule, outcome (allow, require or deny) and the rule''s own members; the riskiest outcome of those that fire wins';
COMMENT ON COLUMN pgtoken.policies.client_ids IS 'Clients it judges; NULL: all of the issuer';
COMMENT ON COLUMN pgtoken.policies.resources IS 'It judges the requests of families that hold one of these APIs, for whichever API they are; NULL: all requests';
COMMENT ON COLUMN pgtoken.policies.grant_types IS 'It judges families that came about by one of these (see grants.grant_type); NULL: all';
COMMENT ON COLUMN pgtoken.policies.on_refresh IS 'Does it judge refreshes?';
COMMENT ON COLUMN pgtoken.policies.on_issue IS 'Does it judge first issues?';
COMMENT ON COLUMN pgtoken.policies.on_deny IS 'keep: a denied refresh leaves its refresh token as it is. revoke: it ends the family';
COMMENT ON COLUMN pgtoken.policies.on_error IS 'What a rule''s function that raises or takes too long counts as: deny (fail closed) or allow (fail open)';
COMMENT ON COLUMN pgtoken.policies.function_timeout IS 'How long a rule''s function may take';
COMMENT ON COLUMN pgtoken.policies.factor_types IS 'Factors that satisfy it when it requires one; NULL: any';
COMMENT ON COLUMN pgtoken.policies.created_at IS 'When the version was made';
COMMENT ON COLUMN pgtoken.policies.activated_at IS 'When it last became active or shadow';
COMMENT ON COLUMN pgtoken.policies.retired_at IS 'When it last ceased to be; NULL: it is, or never was';
COMMENT ON COLUMN pgtoken.policies.activation IS 'Which activation of its policy made it active last: 1, 2, 3 ...; NULL: it never was active';
COMMENT ON INDEX pgtoken.policies_pkey IS 'One row per version';
COMMENT ON CONSTRAINT policies_policy_check ON pgtoken.policies IS 'A short name';
COMMENT ON CONSTRAINT policies_state_check ON pgtoken.policies IS 'The states of a version';
COMMENT ON CONSTRAINT policies_rules_check ON pgtoken.policies IS 'What the library can judge by';
COMMENT ON CONSTRAINT policies_on_deny_check ON pgtoken.policies IS 'keep or revoke';
COMMENT ON CONSTRAINT policies_on_error_check ON pgtoken.policies IS 'Fail open or fail closed';
COMMENT ON CONSTRAINT policies_function_timeout_check ON pgtoken.policies IS '1 millisecond to 10 seconds';
COMMENT ON CONSTRAINT policies_factor_types_check ON pgtoken.policies IS 'Types of factors';

CREATE UNIQUE INDEX policies_one_active ON pgtoken.policies (issuer, policy) WHERE state = 'active';
COMMENT ON INDEX pgtoken.policies_one_active IS 'One version of a policy decides at a time';
CREATE UNIQUE INDEX policies_one_shadow ON pgtoken.policies (issuer, policy) WHERE state = 'shadow';
COMMENT ON INDEX pgtoken.policies_one_shadow IS 'One version of a policy is in the shadow at a time';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.policies', '');
ALTER TABLE pgtoken.policies ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.policies FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.policies IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.policies TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.policies FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('policy');
COMMENT ON TRIGGER audit ON pgtoken.policies IS 'Writes the row before and after to audit_events';
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.policies FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate ON pgtoken.policies IS 'Makes every backend drop its cached configuration when the transaction commits';
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.policies FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.policies IS 'As invalidate, for TRUNCATE';

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
REVOKE ALL ON FUNCTION pgtoken.checked_policy_rules FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.checked_policy_rules IS 'Internal, called by create_policy(): the rules with the full names of their functions; raises 22023 for rules that cannot be judged by, 42501 for a function that the caller may not name';

CREATE FUNCTION pgtoken.check_policy_scope(issuer text, client_ids text[], resources text[], grant_types text[], factor_types text[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
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
	PERFORM pgtoken.check_choice('grant type', u) FROM unnest(grant_types) u;
	PERFORM pgtoken.check_choice('factor type', u) FROM unnest(factor_types) u;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_policy_scope FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_policy_scope IS 'Internal, called by create_policy(): raises 22023 for a list of what is not there';

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
	IF NOT pgtoken.valid_policy_name(policy) THEN
		RAISE EXCEPTION 'invalid name of a policy'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'It has 1 to 63 letters, digits, "_", "." and "-".';
	END IF;
	IF NOT on_refresh AND NOT on_issue THEN
		RAISE EXCEPTION 'the policy would judge nothing'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'Set on_refresh or on_issue; deactivate_policy() switches a policy off.';
	END IF;
	PERFORM pgtoken.check_choice('on_deny', on_deny);
	PERFORM pgtoken.check_choice('on_error', on_error, 'One of allow (fail open), deny (fail closed).');
	-- days and months of an interval would not count alike everywhere
	function_timeout := make_interval(secs => extract(epoch FROM function_timeout)::double precision);
	IF NOT pgtoken.valid_function_timeout(function_timeout) THEN
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
REVOKE ALL ON FUNCTION pgtoken.create_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.create_policy TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.create_policy IS
'Make a new version of a policy and return its number (1, 2, ...). It is a draft: activate_policy() puts it in force, simulate_policy() tries it on what has happened. A version never changes.
policy: its name, 1 to 63 letters, digits, "_", "." and "-". rules: array of 1 to 32 objects {"rule": ..., "outcome": "allow", "require" or "deny", and the rule''s own members, seconds and kilometres}:
network_changed (ipv4_prefix 24, ipv6_prefix 48, since last or first), address_in and address_not_in (networks), user_agent_changed (granularity family, version or exact; since), unknown_device (member device_id or session_id), recollection (max_age), idle (longer_than), velocity (refreshes, within), concurrent_context, impossible_travel (max_speed 900, min_distance 100), mfa_age (longer_than), outside_hours (from, to, timezone, days [1..7], Monday being 1), risk_score (at_least), on_behalf (somebody acts for the subject), function (function; no outcome).
Of the rules that fire the riskiest outcome counts, over all active policies that judge the request. A function is schema.name of f(context jsonb, previous jsonb, family jsonb) RETURNS jsonb, {"decision": "allow", "require" or "deny", "reasons"?: [...]} or NULL for allow; the caller must be allowed to call it, it runs as its owner, read-only.
function_timeout: how long it may take, 1 millisecond to 10 seconds.
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
REVOKE ALL ON FUNCTION pgtoken.policy_version FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.policy_version IS 'Internal: a version of a policy, the latest for NULL; raises 55000 when it is not there';

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
REVOKE ALL ON FUNCTION pgtoken.lock_policy FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.lock_policy IS 'Internal, called by what changes which versions of a policy are in force: nobody else does so until this transaction ends. Returns the issuer; raises 55000 when there is no such policy';

CREATE FUNCTION pgtoken.put_policy_in_force(of_issuer text, policy text, version integer, new_state text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	candidate CONSTANT pgtoken.policies := pgtoken.policy_version(of_issuer, policy, version);
	missing_function text;
BEGIN
	SELECT r ->> 'function' INTO missing_function FROM jsonb_array_elements(candidate.rules) r
	WHERE r ? 'function' AND pgtoken.function_oid(r ->> 'function', 'jsonb, jsonb, jsonb') IS NULL LIMIT 1;
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
REVOKE ALL ON FUNCTION pgtoken.put_policy_in_force FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.put_policy_in_force IS 'Internal, called by activate_policy() and rollback_policy() under the lock: makes a version active or shadow and retires the one that was; raises 55000 when it or one of its functions is missing';

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
REVOKE ALL ON FUNCTION pgtoken.activate_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.activate_policy TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.activate_policy IS
'Put a version of a policy in force, from the moment the transaction commits on, and return its number. policy: its name. version: NULL is the latest. shadow => false: it decides, and the version that did so retires. shadow => true: it is evaluated and recorded beside the one that decides, and decides nothing. issuer: NULL is the default one. Raises 22004, 55000 when there is no such policy or version, when one of its functions is missing, or for the shadow of the active version.';

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
REVOKE ALL ON FUNCTION pgtoken.deactivate_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.deactivate_policy TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.deactivate_policy IS
'Switch a policy off: no version of it decides any more, from the moment the transaction commits on. policy: its name. shadow => true: none is evaluated in the shadow any more, and the one that decides stays. issuer: NULL is the default one. Returns false when none did. Raises 22004, 55000 when there is no such policy.';

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
REVOKE ALL ON FUNCTION pgtoken.rollback_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.rollback_policy TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.rollback_policy IS
'Make the version of a policy active that last was before the present one, and return its number; the present one retires. Twice in a row goes there and back; after deactivate_policy() it brings back what was switched off. Runs in the shadow do not count. policy: its name. issuer: NULL is the default one. Raises 55000 when there is no such policy, or no other version has been active.';

CREATE FUNCTION pgtoken.delete_policy(policy text, issuer text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
BEGIN
	PERFORM FROM pgtoken.issuers i WHERE i.issuer = of_issuer FOR NO KEY UPDATE;	-- one version at a time, as create_policy
	PERFORM pgtoken.refuse_in_use('policy', policy, ARRAY[
		CASE WHEN EXISTS (SELECT FROM pgtoken.policies p WHERE p.issuer = of_issuer AND p.policy = delete_policy.policy AND p.activated_at IS NOT NULL) THEN 'activations' END], 'Switch it off instead: deactivate_policy().');
	DELETE FROM pgtoken.policies p WHERE p.issuer = of_issuer AND p.policy = delete_policy.policy;
	RETURN FOUND;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.delete_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.delete_policy TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.delete_policy IS
'Delete a policy that was mistyped: all of its versions, where none has ever been active or in the shadow. policy: its name. issuer: NULL is the default one. Returns false when there is no such policy. Raises 55000 when there is no such issuer, 55006 when a version has been in force: the audit names it.';
