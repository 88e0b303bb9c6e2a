-- What many concepts use: the library and this server, lists of words and grammars for
-- CHECK constraints with what refuses by them, and what create, update and delete share.

CREATE FUNCTION pgtoken.library_version() RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_library_version' LANGUAGE C STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.library_version FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.library_version TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.library_version IS 'Version of the loaded library. It differs from the extension''s version until ALTER EXTENSION pgtoken UPDATE has been run.';

CREATE FUNCTION pgtoken.replay_lag() RETURNS interval
	AS 'MODULE_PATHNAME', 'pgt_replay_lag' LANGUAGE C VOLATILE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.replay_lag FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.replay_lag TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.replay_lag IS
'How long ago this standby is known to have been current. Returns NULL when that is not known, and on a primary. It was when the last commit that is replayed was made, and when the primary last said how far its WAL reaches, if that much is replayed: so a primary that is idle but heard of makes no lag, one that is not heard of does. It is what pgtoken.max_replay_lag limits.';

CREATE FUNCTION pgtoken.standby_answers() RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_standby_answers' LANGUAGE C STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.standby_answers FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.standby_answers IS 'Internal: true; on a standby that lags behind by more than pgtoken.max_replay_lag it raises PT503';

CREATE FUNCTION pgtoken.configuration_role() RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_configuration_role' LANGUAGE C STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.configuration_role FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.configuration_role TO pgtoken_auditor, pgtoken_replicator;
COMMENT ON FUNCTION pgtoken.configuration_role IS
'Where this database has its configuration from. Returns alone (from itself, and nobody has it from here), primary (other databases have it from here: configure_as_primary) or subscriber (it has it from another one: configure_as_subscriber).';

CREATE FUNCTION pgtoken.configuration_lag() RETURNS interval
	AS 'MODULE_PATHNAME', 'pgt_configuration_lag' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
REVOKE ALL ON FUNCTION pgtoken.configuration_lag FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.configuration_lag TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.configuration_lag IS
'How long ago the configuration of this subscriber is known to have been current. Returns NULL when that is not known, and where it is no subscriber. A process of the subscriber asks the primary every ten seconds, or eight times within pgtoken.max_configuration_lag, how far its WAL reaches; once that much is applied, what was committed when it asked is here. So a worker that is down, blocked or fails, a primary that is away and a slot that is gone all make a lag; clocks that differ do not. It is what pgtoken.max_configuration_lag limits.';

CREATE FUNCTION pgtoken.configuration_stale() RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_configuration_stale' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
REVOKE ALL ON FUNCTION pgtoken.configuration_stale FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.configuration_stale IS 'Internal, called by readiness() and health(): is this a subscriber whose configuration may be older than pgtoken.max_configuration_lag? Then it issues no tokens';

CREATE FUNCTION pgtoken.applying() RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_applying' LANGUAGE C STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.applying FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.applying IS 'Internal, called by triggers: does this process apply what logical replication brings? Then it was done elsewhere';

CREATE FUNCTION pgtoken.new_uuid() RETURNS uuid
	AS 'MODULE_PATHNAME', 'pgt_new_uuid_sql' LANGUAGE C VOLATILE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.new_uuid FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.new_uuid IS 'Internal: a UUIDv7 (RFC 9562 section 5.7)';

CREATE FUNCTION pgtoken.make_durable() RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_make_durable' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.make_durable FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.make_durable IS 'Internal, called by what cuts access off: this transaction commits durably whatever synchronous_commit says, unless pgtoken.durable_rotation is off';

CREATE FUNCTION pgtoken.require_shard(subject text) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_require_shard' LANGUAGE C STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.require_shard(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.require_shard(text) IS
'Internal, called by what writes of a subject by its name, or tells what there is of it: raises 22023, with the shard to connect to, where pgtoken.shard is set and the subject lies on another one.';

CREATE FUNCTION pgtoken.require_shard(grant_id uuid) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_require_shard_of_family' LANGUAGE C STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.require_shard(uuid) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.require_shard(uuid) IS
'Internal, called by what ends a family by its id: raises 22023, with the shard to connect to, where pgtoken.shard is set and the family lies on another one.';

CREATE FUNCTION pgtoken.language_tag_pattern() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN '[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}';
REVOKE ALL ON FUNCTION pgtoken.language_tag_pattern FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.language_tag_pattern IS 'Internal: a regular expression of the language tags that texts for people may have (RFC 5646), four subtags at most';

CREATE FUNCTION pgtoken.valid_shown_name(name text) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	-- nor what turns the direction of the text around it
	RETURN length(name) BETWEEN 1 AND 200 AND name !~ U&'[\0001-\001F\007F-\009F\200B-\200F\2028-\202E\2060-\206F\FEFF]';
REVOKE ALL ON FUNCTION pgtoken.valid_shown_name FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_shown_name IS 'Internal: can a page show it as somebody''s name: at most 200 characters, none of them a control character or one that turns the direction of text?';

-- Lists of words, each here only: CHECK constraints, refusals and the metadata go by it.

CREATE FUNCTION pgtoken.known_values(what text) RETURNS text[]
	AS 'MODULE_PATHNAME', 'pgt_known_values' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.known_values FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.known_values TO pgtoken_http;
COMMENT ON FUNCTION pgtoken.known_values IS 'Internal, called by choices() and raise_challenge(): a list that the library goes by itself; raises 22023 where it has none. alg: what our keys sign by (RFC 7518 section 3.1, RFC 8037); dpop_signing_alg, request_object_signing_alg and token_endpoint_auth_signing_alg: what proofs, request objects and assertions of clients may be signed by, under each of its names (RFC 9864)';

CREATE FUNCTION pgtoken.choices(what text) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE what
		WHEN 'client type' THEN '{confidential,public}'::text[]
		WHEN 'rotation' THEN '{always,never}'
		WHEN 'application_type' THEN '{web,native}'
		-- of a client's metadata, what an administrator alone decides
		WHEN 'kept member' THEN '{additional_auth_methods,consent_required,consent_lifetime,require_pkce,sector_identifier,authorization_details_types,session_refresh,max_sessions,at_session_limit}'
		WHEN 'origin' THEN '{registration,document}'
		WHEN 'registration way' THEN '{document,open,token}'
		WHEN 'registration' THEN '{off,token,statement,open}'
		WHEN 'subject_type' THEN '{public,pairwise}'
		WHEN 'at_session_limit' THEN '{end_oldest,refuse}'
		WHEN 'on_insufficient' THEN '{require,invalid_grant}'
		WHEN 'access_token_typ' THEN '{at+jwt,JWT}'
		-- how a family can have come about: in SQL, or as clients may ask for one
		WHEN 'grant type' THEN 'issue_tokens'::text || array_remove(pgtoken.known_values('grant_types'), 'refresh_token')
		WHEN 'on_deny' THEN '{keep,revoke}'
		WHEN 'on_error' THEN '{allow,deny}'
		-- an HS256 key is not published: no client can verify by it
		WHEN 'authorization_signed_response_alg' THEN array_remove(pgtoken.known_values('alg'), 'HS256')
		WHEN 'userinfo_signed_response_alg' THEN array_remove(pgtoken.known_values('alg'), 'HS256')
		WHEN 'delivery' THEN '{application,courier}'
		WHEN 'introspection_signed_response_alg' THEN array_remove(pgtoken.known_values('alg'), 'HS256')
		ELSE pgtoken.known_values(what)
	END;
REVOKE ALL ON FUNCTION pgtoken.choices FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.choices IS 'Internal: the words that something can be, by the name of a parameter, a column or a member of a client''s metadata';

CREATE FUNCTION pgtoken.check_choice(what text, choice text, hint text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF (choice = ANY (pgtoken.choices(what))) IS NOT TRUE THEN
		RAISE EXCEPTION 'unknown % %', what, quote_nullable(choice)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = coalesce(hint, format('One of %s.', array_to_string(pgtoken.choices(what), ', ')));
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_choice FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_choice IS 'Internal: raises 22023 unless it is one of choices(what), for NULL too; hint: what to say instead of what there is';

-- Grammars, most of them those of core/.

CREATE FUNCTION pgtoken.check_alg(alg text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF alg <> ALL (pgtoken.choices('alg')) THEN
		RAISE EXCEPTION 'unknown signing algorithm'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = format('One of %s.', array_to_string(pgtoken.choices('alg'), ', '));
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_alg FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_alg IS 'Internal: raises 22023 unless it is a signing algorithm; NULL passes';

CREATE FUNCTION pgtoken.normal_uri(uri text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_normal_uri' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.normal_uri FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.normal_uri IS 'Internal: the one spelling of all absolute URIs that mean the same as this one (RFC 3986 sections 6.2.2 and 6.2.3): case of scheme and host, needless percent-encodings, dot segments, default port, empty path. NULL for what is none';

CREATE FUNCTION pgtoken.valid_redirect_uri(redirect_uri text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_redirect_uri' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_redirect_uri FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_redirect_uri IS 'Internal: can this be a redirect URI (RFC 6749 section 3.1.2, RFC 8252)? https, http on loopback, or a private-use scheme with a dot; no fragment';

CREATE FUNCTION pgtoken.valid_scopes(scopes text[]) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_scopes' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_scopes FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_scopes IS 'Internal: is every element a scope-token (RFC 6749 appendix A.4), none NULL, none twice?';

CREATE FUNCTION pgtoken.scopes_problem(scopes text[], of_client boolean) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN of_client AND 'offline_access' = ANY (scopes) THEN 'offline_access'
				WHEN NOT pgtoken.valid_scopes(scopes) THEN 'grammar'
				WHEN 'mfa_challenge' = ANY (scopes) THEN 'mfa_challenge'
				WHEN NOT of_client AND scopes && pgtoken.choices('account_scope') THEN 'account' END;
REVOKE ALL ON FUNCTION pgtoken.scopes_problem FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.scopes_problem IS 'Internal: why these cannot be the scopes of an API or a client: one of them is reserved (its name), or none is one (grammar); NULL: they can';

CREATE FUNCTION pgtoken.check_scopes(scopes text[], of_client boolean) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	problem CONSTANT text := pgtoken.scopes_problem(scopes, of_client);
BEGIN
	IF problem = 'offline_access' THEN
		RAISE EXCEPTION 'the scope offline_access is not listed among a client''s scopes'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'Allow it with offline_access => true.';
	ELSIF problem = 'grammar' THEN
		RAISE EXCEPTION 'invalid scopes'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'At most 100, each of 1 to 255 printable ASCII characters without space, quote and backslash (RFC 6749 section 3.3), none NULL or named twice.';
	ELSIF problem = 'mfa_challenge' THEN
		RAISE EXCEPTION 'the scope mfa_challenge is reserved'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'No token may carry it: an application could take it for one that opens the completion of a step-up.',
				  HINT = 'A step-up is named by its transaction_id, not by a token.';
	ELSIF problem = 'account' THEN
		RAISE EXCEPTION 'the scope % is no API''s', array_to_string(pgtoken.choices('account_scope'), ', ')
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'It opens the issuer''s own endpoints for the account of whoever has signed in: a token that an API gets must not have it.',
				  HINT = 'Give it to a client.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_scopes FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_scopes IS 'Internal: raises 22023 where there is a scopes_problem; NULL passes';

CREATE FUNCTION pgtoken.header_word(word text) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN word ~ '^[\x21\x23-\x5b\x5d-\x7e]+$';
REVOKE ALL ON FUNCTION pgtoken.header_word FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.header_word TO pgtoken_http;
COMMENT ON FUNCTION pgtoken.header_word IS 'Internal: are these printable ASCII characters without space, quote and backslash, so that a header can list them between quotes?';

CREATE FUNCTION pgtoken.valid_acr_values(acr_values text[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN cardinality(acr_values) <= 100 AND coalesce(array_ndims(acr_values), 1) = 1
		   AND (SELECT coalesce(bool_and(u IS NOT NULL AND pgtoken.header_word(u) AND length(u) <= 1024), true) AND count(*) = count(DISTINCT u)
				FROM unnest(acr_values) u);
REVOKE ALL ON FUNCTION pgtoken.valid_acr_values FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_acr_values IS 'Internal: can these be values of acr or amr that a challenge (RFC 9470 section 3) lists? At most 100, each of 1 to 1024 printable ASCII characters without space, quote and backslash, none NULL or named twice';

CREATE FUNCTION pgtoken.check_acr_values(parameter text, acr_values text[]) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF NOT pgtoken.valid_acr_values(acr_values) THEN
		RAISE EXCEPTION 'invalid %', parameter
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'At most 100 values, each of 1 to 1024 printable ASCII characters without space, quote and backslash (RFC 9470 section 3), none NULL or named twice.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_acr_values FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_acr_values IS 'Internal, called by update_issuer, create_resource and update_resource: raises 22023 unless every element can be an acr or amr value; NULL passes';

CREATE FUNCTION pgtoken.valid_host_name(name text) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN length(name) <= 253 AND name ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$';
REVOKE ALL ON FUNCTION pgtoken.valid_host_name FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_host_name IS 'Internal: can this be the name of a host or domain, in lower case?';

CREATE FUNCTION pgtoken.valid_lifetime(lifetime interval, shortest interval, longest interval DEFAULT '10 years') RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	-- by the calendar, from the shortest month on and in ten years with three leap days: intervals compare as if each month had 30
	RETURN timestamp '2001-02-01' + lifetime >= timestamp '2001-02-01' + shortest AND timestamp '2000-01-01' + lifetime <= timestamp '2000-01-01' + longest;
REVOKE ALL ON FUNCTION pgtoken.valid_lifetime FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_lifetime IS 'Internal: is it at least so long and no longer than that? Ten years are 3653 days, more than any setting allows';

CREATE FUNCTION pgtoken.valid_token_lifetime(lifetime interval) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN lifetime BETWEEN '10 seconds' AND '1 day';
REVOKE ALL ON FUNCTION pgtoken.valid_token_lifetime FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_token_lifetime IS 'Internal: no access token outlives a day: retiring keys and the blacklist rely on it';

-- What the create, update and delete functions have in common.

CREATE FUNCTION pgtoken.tell_existing(what text, name text, there jsonb, given jsonb, tolerated boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	differences CONSTANT text := (SELECT string_agg(format('%s is %s there, %s was given', g.key, coalesce(there -> g.key, 'null'), g.value), '; ' ORDER BY g.key)
								  FROM jsonb_each(given) g WHERE g.value IS DISTINCT FROM coalesce(there -> g.key, 'null'));
BEGIN
	IF NOT coalesce(tolerated, false) THEN
		RAISE EXCEPTION 'the % "%" exists already', what, name
			USING ERRCODE = 'unique_violation',
				  DETAIL = coalesce('It differs: ' || differences, 'It is as was given') || '.',
				  HINT = format('if_not_exists => true leaves it as it is and says what differs; update_%s changes it.', what);
	END IF;
	IF differences IS NULL THEN
		RAISE NOTICE 'the % "%" exists already, as was given', what, name;
	ELSE
		RAISE NOTICE 'the % "%" exists already', what, name
			USING DETAIL = 'It differs: ' || differences || '.',
				  HINT = CASE what WHEN 'policy' THEN 'Without if_not_exists a further version is made.' ELSE format('update_%s changes it.', what) END;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.tell_existing FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.tell_existing IS 'Internal, called by the create functions: tells in a NOTICE how something that exists already differs from what was to be created; raises 23505 with the same words unless that is tolerated (if_not_exists)';

CREATE FUNCTION pgtoken.check_reset(reset text[], resettable text[]) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF reset IS NULL OR NOT reset <@ resettable THEN
		RAISE EXCEPTION 'reset names something that cannot be reset'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = format('It can name %s.', array_to_string(resettable, ', '));
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_reset FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_reset IS 'Internal, called by the update functions: raises 22023 unless every name may be reset';

CREATE FUNCTION pgtoken.function_oid(function_name text, argument_types text) RETURNS oid
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN (SELECT p.oid FROM pg_proc p WHERE p.oid = to_regprocedure(function_name || '(' || argument_types || ')')
			AND p.prorettype = 'jsonb'::regtype AND NOT p.proretset AND p.prokind = 'f');
REVOKE ALL ON FUNCTION pgtoken.function_oid FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.function_oid IS 'Internal: the application''s function of this name that takes these arguments and returns jsonb; NULL: there is none';

CREATE FUNCTION pgtoken.user_function(function_name text, argument_types text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	parts CONSTANT text[] := parse_ident(function_name);
	-- the role in effect outside of our SECURITY DEFINER function; of the console its operator's, and not the layer's
	caller CONSTANT oid := coalesce((pgtoken.console_call() ->> 'role')::regrole,
		(CASE current_setting('role') WHEN 'none' THEN session_user ELSE quote_ident(current_setting('role')) END)::regrole);
	qualified_name text;
	found_function pg_proc;
BEGIN
	IF function_name IS NULL THEN
		RETURN NULL;
	END IF;
	-- the schema must be named: whose search_path would it be looked up in? And not a temporary one, which goes with its session
	IF cardinality(parts) = 2 THEN
		qualified_name := format('%I.%I', parts[1], parts[2]);
		SELECT p.* INTO found_function FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE p.oid = pgtoken.function_oid(qualified_name, argument_types) AND n.nspname !~ '^pg_temp_';
	END IF;
	IF found_function.oid IS NULL THEN
		RAISE EXCEPTION 'there is no such function %', quote_literal(function_name)
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = format('A function is named with its schema, without arguments; it must take (%s) and return jsonb.', argument_types);
	END IF;
	-- It will run as its owner, for whoever names it here: so he must be allowed to call it himself
	IF NOT has_schema_privilege(caller, quote_ident(parts[1])::regnamespace, 'USAGE')
	   OR NOT has_function_privilege(caller, found_function.oid, 'EXECUTE') THEN
		RAISE EXCEPTION 'permission denied for function %', qualified_name
			USING ERRCODE = 'insufficient_privilege',
				  HINT = 'Who names a function that runs as its owner must be allowed to call it.';
	END IF;
	IF NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = caller)
	   AND (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = found_function.proowner) THEN
		RAISE EXCEPTION 'function % is owned by a superuser', qualified_name
			USING ERRCODE = 'insufficient_privilege',
				  HINT = 'Only a superuser may name it; better, give it to another owner.';
	END IF;
	-- EXECUTE is a right to have it run with one's own rights: with its owner's it runs by his consent alone
	IF NOT (found_function.prosecdef OR pg_has_role(caller, found_function.proowner, 'USAGE')) THEN
		RAISE EXCEPTION 'function % does not run as its owner by itself', qualified_name
			USING ERRCODE = 'insufficient_privilege',
				  DETAIL = 'Named here it would, with what its owner may do and its caller may not.',
				  HINT = 'Its owner declares it SECURITY DEFINER, or names it himself.';
	END IF;
	RETURN qualified_name;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.user_function FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.user_function IS 'Internal, called by update_issuer and create_policy: the name of the application''s function with its schema, quoted where need be; raises 22023 when there is none that takes these arguments and returns jsonb, 42501 when the caller may not call it himself, when he has not the rights of its owner and it is not SECURITY DEFINER, or when he, not being one, names a superuser''s; NULL passes';

-- What was mistyped and never used. All else stays, switched off: audit and families
-- keep its name.
CREATE FUNCTION pgtoken.refuse_in_use(what text, name text, uses text[], instead text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	used_by CONSTANT text := array_to_string(uses, ', ');
BEGIN
	IF used_by <> '' THEN
		RAISE EXCEPTION 'the % "%" is used', what, name
			USING ERRCODE = 'object_in_use',
				  DETAIL = format('There are %s of it.', used_by),
				  HINT = 'Only what was never used is deleted. ' || instead;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.refuse_in_use FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.refuse_in_use IS 'Internal, called by the delete functions: raises 55006 unless the list of what uses something is empty, NULLs not counted, and says what to do instead';
