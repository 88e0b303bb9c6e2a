-- What an administrator calls. Creation in C where key material or entropy is
-- involved, PL/pgSQL where it is plain rows and partitions.

CREATE FUNCTION pgtoken.library_version() RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_library_version' LANGUAGE C STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.library_version() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.library_version() IS 'Version of the loaded library; differs from the extension''s version until ALTER EXTENSION pgtoken UPDATE has been run';

CREATE FUNCTION pgtoken.replay_lag() RETURNS interval
	AS 'MODULE_PATHNAME', 'pgt_replay_lag' LANGUAGE C VOLATILE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.replay_lag() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.replay_lag() IS
'How long ago this standby is known to have been current; NULL when that is not known, and on a primary. It was when the last commit that is replayed was made, and when the primary last said how far its WAL reaches, if that much is replayed: so a primary that is idle but heard of makes no lag, one that is not heard of does. It is what pgtoken.max_replay_lag limits.';

CREATE FUNCTION pgtoken.standby_answers() RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_standby_answers' LANGUAGE C STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.standby_answers() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.standby_answers() IS 'Internal: true; on a standby that lags behind by more than pgtoken.max_replay_lag it raises PT503';

CREATE FUNCTION pgtoken.new_uuid() RETURNS uuid
	AS 'MODULE_PATHNAME', 'pgt_new_uuid_sql' LANGUAGE C VOLATILE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.new_uuid() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.new_uuid() IS 'A UUIDv7 (RFC 9562 section 5.7)';

CREATE FUNCTION pgtoken.new_client_secret() RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_new_client_secret' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.new_client_secret() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.new_client_secret() IS 'A fresh client secret: prefix and 256 random bits. Stores nothing';

CREATE FUNCTION pgtoken.make_durable() RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_make_durable' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.make_durable() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.make_durable() IS 'Internal, called by what cuts access off: this transaction commits durably whatever synchronous_commit says, unless pgtoken.durable_rotation is off';

CREATE FUNCTION pgtoken.check_alg(alg text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF NOT pgtoken.valid_alg(alg) THEN
		RAISE EXCEPTION 'unknown signing algorithm'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'One of ES256, ES384, ES512, RS256, PS256, EdDSA, HS256.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_alg(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_alg(text) IS 'Internal: raises 22023 unless it is a signing algorithm; NULL passes';

CREATE FUNCTION pgtoken.create_pepper(issuer text) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_create_pepper' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.create_pepper(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.create_pepper(text) IS 'Internal, called by create_issuer: makes and stores the pepper of an issuer''s refresh tokens';

CREATE FUNCTION pgtoken.root_key_status() RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_root_key_status' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.root_key_status() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.root_key_status() IS 'Internal, called by health(): "ok", "unset", or what is wrong: with the file pgtoken.root_key_file names, or with opening the key material by it';

CREATE FUNCTION pgtoken.rewrap_keys() RETURNS integer
	AS 'MODULE_PATHNAME', 'pgt_rewrap_keys' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.rewrap_keys() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.rewrap_keys() IS
'Wrap all key material and the secrets of factors under the first root key of pgtoken.root_key_file: what is stored unwrapped, and what an older root key of the file wraps. Returns how many pieces were written. Raises 55000 when no root key is set or a piece cannot be opened.';

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
REVOKE ALL ON FUNCTION pgtoken.tell_existing(text, text, jsonb, jsonb, boolean) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.tell_existing(text, text, jsonb, jsonb, boolean) IS 'Internal, called by the create functions: tells in a NOTICE how something that exists already differs from what was to be created; raises 23505 with the same words unless that is tolerated (if_not_exists)';

CREATE FUNCTION pgtoken.create_issuer(issuer text, default_alg text DEFAULT 'ES256', if_not_exists boolean DEFAULT false) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	existing pgtoken.issuers;
BEGIN
	IF issuer IS NULL OR NOT pgtoken.valid_issuer(issuer) THEN
		RAISE EXCEPTION 'invalid issuer identifier'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'An issuer is an https URL without query and fragment (RFC 8414 section 2); http only for loopback hosts.';
	END IF;
	IF default_alg IS NULL THEN
		RAISE EXCEPTION 'default_alg must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM pgtoken.check_alg(default_alg);
	SELECT * INTO existing FROM pgtoken.issuers i WHERE i.issuer = create_issuer.issuer;
	IF FOUND THEN
		PERFORM pgtoken.tell_existing('issuer', issuer, to_jsonb(existing), jsonb_build_object('default_alg', default_alg), if_not_exists);
		RETURN issuer;
	END IF;
	IF EXISTS (SELECT FROM pgtoken.issuers i WHERE i.issuer <> create_issuer.issuer AND pgtoken.issuer_base(i.issuer) = pgtoken.issuer_base(create_issuer.issuer)) THEN
		RAISE EXCEPTION 'the issuer "%" would have the endpoints of another one', issuer
			USING ERRCODE = 'unique_violation',
				  DETAIL = format('"%s" is one already, and the two differ in nothing that a URL goes by.',
								  (SELECT min(i.issuer) FROM pgtoken.issuers i WHERE pgtoken.issuer_base(i.issuer) = pgtoken.issuer_base(create_issuer.issuer)));
	END IF;
	INSERT INTO pgtoken.issuers (issuer, default_alg, is_default)
	VALUES (create_issuer.issuer, create_issuer.default_alg, NOT EXISTS (SELECT FROM pgtoken.issuers i WHERE i.is_default));
	INSERT INTO pgtoken.installation DEFAULT VALUES ON CONFLICT ON CONSTRAINT installation_pkey DO NOTHING;
	PERFORM pgtoken.create_pepper(issuer);
	RETURN issuer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_issuer(text, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.create_issuer(text, text, boolean) IS
'Create an issuer (tenant). issuer: the iss URL, https without query and fragment (RFC 8414 section 2). default_alg: signing algorithm of clients that name none. The first issuer is the default everywhere. if_not_exists: one that exists is left as it is, and a NOTICE says what differs. Returns the issuer. Raises 22023 for a bad URL or algorithm, 23505 when it exists, or one that differs in a slash at the end, the case of the host or the usual port: they would have the same endpoints.';

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
REVOKE ALL ON FUNCTION pgtoken.check_reset(text[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_reset(text[], text[]) IS 'Internal, called by the update functions: raises 22023 unless every name may be reset';

CREATE FUNCTION pgtoken.check_page_uri(parameter text, uri text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF NOT pgtoken.valid_redirect_uri(uri) THEN
		RAISE EXCEPTION 'invalid %', parameter
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'It is an absolute URI without fragment: https, http for loopback hosts, or a private-use scheme with a dot (RFC 8252).';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_page_uri(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_page_uri(text, text) IS 'Internal, called by update_issuer: raises 22023 unless a browser can be sent to the URI; NULL passes';

CREATE FUNCTION pgtoken.user_function(function_name text, argument_types text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	parts CONSTANT text[] := parse_ident(function_name);
	-- the role in effect outside of our SECURITY DEFINER function
	caller CONSTANT oid := (CASE current_setting('role') WHEN 'none' THEN session_user ELSE quote_ident(current_setting('role')) END)::regrole;
	qualified_name text;
BEGIN
	IF function_name IS NULL THEN
		RETURN NULL;
	END IF;
	-- the schema must be named: whose search_path would it be looked up in? And not a temporary one, which goes with its session
	IF cardinality(parts) = 2 THEN
		SELECT format('%I.%I', n.nspname, p.proname) INTO qualified_name
		FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE p.oid = to_regprocedure(format('%I.%I(%s)', parts[1], parts[2], argument_types))
		  AND p.prorettype = 'jsonb'::regtype AND NOT p.proretset AND p.prokind = 'f' AND n.nspname !~ '^pg_temp_';
	END IF;
	IF qualified_name IS NULL THEN
		RAISE EXCEPTION 'there is no such function %', quote_literal(function_name)
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = format('A function is named with its schema, without arguments; it must take (%s) and return jsonb.', argument_types);
	END IF;
	-- It will run as its owner, for whoever names it here: so he must be allowed to call it himself
	IF NOT has_schema_privilege(caller, quote_ident(parts[1])::regnamespace, 'USAGE')
	   OR NOT has_function_privilege(caller, to_regprocedure(format('%I.%I(%s)', parts[1], parts[2], argument_types)), 'EXECUTE') THEN
		RAISE EXCEPTION 'permission denied for function %', qualified_name
			USING ERRCODE = 'insufficient_privilege',
				  HINT = 'Who names a function that runs as its owner must be allowed to call it.';
	END IF;
	IF NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = caller)
	   AND (SELECT r.rolsuper FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
			WHERE p.oid = to_regprocedure(format('%I.%I(%s)', parts[1], parts[2], argument_types))) THEN
		RAISE EXCEPTION 'function % is owned by a superuser', qualified_name
			USING ERRCODE = 'insufficient_privilege',
				  HINT = 'Only a superuser may name it; better, give it to another owner.';
	END IF;
	-- EXECUTE is a right to have it run with one's own rights: with its owner's it runs by his consent alone
	IF NOT (SELECT p.prosecdef OR pg_has_role(caller, p.proowner, 'USAGE') FROM pg_proc p
			WHERE p.oid = to_regprocedure(format('%I.%I(%s)', parts[1], parts[2], argument_types))) THEN
		RAISE EXCEPTION 'function % does not run as its owner by itself', qualified_name
			USING ERRCODE = 'insufficient_privilege',
				  DETAIL = 'Named here it would, with what its owner may do and its caller may not.',
				  HINT = 'Its owner declares it SECURITY DEFINER, or names it himself.';
	END IF;
	RETURN qualified_name;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.user_function(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.user_function(text, text) IS 'Internal, called by update_issuer and create_policy: the name of the application''s function with its schema, quoted where need be; raises 22023 when there is none that takes these arguments and returns jsonb, 42501 when the caller may not call it himself, when he has not the rights of its owner and it is not SECURITY DEFINER, or when he, not being one, names a superuser''s; NULL passes';

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
REVOKE ALL ON FUNCTION pgtoken.check_acr_values(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_acr_values(text, text[]) IS 'Internal, called by update_issuer, create_resource and update_resource: raises 22023 unless every element can be an acr or amr value; NULL passes';

CREATE FUNCTION pgtoken.check_step_up(factor_acr jsonb, webauthn_rp_id text, webauthn_origins text[]) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF NOT pgtoken.valid_factor_acr(factor_acr) THEN
		RAISE EXCEPTION 'invalid factor_acr'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'It is an object whose members are among email, sms, totp, webauthn, recovery_code and external, each with an acr as its value.';
	END IF;
	IF NOT pgtoken.valid_webauthn_rp_id(webauthn_rp_id) THEN
		RAISE EXCEPTION 'invalid webauthn_rp_id'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'It is the name of a host or domain, in lower case, without scheme and port.';
	END IF;
	IF NOT pgtoken.valid_webauthn_origins(webauthn_origins) THEN
		RAISE EXCEPTION 'invalid webauthn_origins'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'An origin is https:// and a host in lower case, with a port where it is not the usual one, and without a path; http only for loopback hosts.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_step_up(jsonb, text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_step_up(jsonb, text, text[]) IS 'Internal, called by update_issuer: raises 22023 for what cannot be; NULL passes';

CREATE FUNCTION pgtoken.update_issuer(
	issuer text,
	default_alg text DEFAULT NULL,
	is_default boolean DEFAULT NULL,
	login_uri text DEFAULT NULL,
	logout_uri text DEFAULT NULL,
	verification_uri text DEFAULT NULL,
	claims_function text DEFAULT NULL,
	password_verifier text DEFAULT NULL,
	dpop_nonce_required boolean DEFAULT NULL,
	reset text[] DEFAULT '{}',
	acr_levels text[] DEFAULT NULL,
	factor_acr jsonb DEFAULT NULL,
	webauthn_rp_id text DEFAULT NULL,
	webauthn_origins text[] DEFAULT NULL,
	claims_supported text[] DEFAULT NULL
) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	found_claims_function CONSTANT text := pgtoken.user_function(claims_function, 'text, text, text[], text');
	found_password_verifier CONSTANT text := pgtoken.user_function(password_verifier, 'text, text, text');
BEGIN
	PERFORM pgtoken.check_reset(reset, ARRAY['login_uri', 'logout_uri', 'verification_uri', 'claims_function', 'password_verifier', 'webauthn_rp_id']);
	PERFORM pgtoken.check_alg(default_alg);
	PERFORM pgtoken.check_page_uri('login_uri', login_uri), pgtoken.check_page_uri('logout_uri', logout_uri),
			pgtoken.check_page_uri('verification_uri', verification_uri);
	PERFORM pgtoken.check_acr_values('acr_levels', acr_levels);
	PERFORM pgtoken.check_step_up(factor_acr, webauthn_rp_id, webauthn_origins);
	IF NOT pgtoken.valid_acr_values(claims_supported) THEN
		RAISE EXCEPTION 'invalid claims_supported'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'At most 100 names of claims, each of 1 to 1024 printable ASCII characters without space, quote and backslash, none NULL or named twice.';
	END IF;
	IF NOT is_default THEN
		RAISE EXCEPTION 'there is always a default issuer'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'Make another one the default with is_default => true.';
	END IF;
	IF NOT EXISTS (SELECT FROM pgtoken.issuers i WHERE i.issuer = update_issuer.issuer FOR UPDATE) THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.check_alg_change(issuer, NULL, default_alg);
	IF is_default THEN
		UPDATE pgtoken.issuers i SET is_default = false WHERE i.is_default AND i.issuer <> update_issuer.issuer;
	END IF;
	UPDATE pgtoken.issuers i
	SET default_alg = coalesce(update_issuer.default_alg, i.default_alg),
		is_default = coalesce(update_issuer.is_default, i.is_default),
		dpop_nonce_required = coalesce(update_issuer.dpop_nonce_required, i.dpop_nonce_required),
		login_uri = coalesce(update_issuer.login_uri, CASE WHEN 'login_uri' <> ALL (reset) THEN i.login_uri END),
		logout_uri = coalesce(update_issuer.logout_uri, CASE WHEN 'logout_uri' <> ALL (reset) THEN i.logout_uri END),
		verification_uri = coalesce(update_issuer.verification_uri, CASE WHEN 'verification_uri' <> ALL (reset) THEN i.verification_uri END),
		claims_function = coalesce(found_claims_function, CASE WHEN 'claims_function' <> ALL (reset) THEN i.claims_function END),
		password_verifier = coalesce(found_password_verifier, CASE WHEN 'password_verifier' <> ALL (reset) THEN i.password_verifier END),
		acr_levels = coalesce(update_issuer.acr_levels, i.acr_levels),
		factor_acr = coalesce(update_issuer.factor_acr, i.factor_acr),
		webauthn_rp_id = coalesce(update_issuer.webauthn_rp_id, CASE WHEN 'webauthn_rp_id' <> ALL (reset) THEN i.webauthn_rp_id END),
		webauthn_origins = coalesce(update_issuer.webauthn_origins, i.webauthn_origins),
		claims_supported = coalesce(update_issuer.claims_supported, i.claims_supported)
	WHERE i.issuer = update_issuer.issuer;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.update_issuer(text, text, boolean, text, text, text, text, text, boolean, text[], text[], jsonb, text, text[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.update_issuer(text, text, boolean, text, text, text, text, text, boolean, text[], text[], jsonb, text, text[], text[]) IS
'Change an issuer; NULL keeps a value, reset names those of login_uri, logout_uri, verification_uri, claims_function, password_verifier and webauthn_rp_id to go back to NULL. default_alg: signing algorithm of clients that name none; an active key of it must be there. is_default => true: functions use this issuer when none is named.
login_uri, logout_uri, verification_uri: pages of the application; authorize and end_session send the browser there with a transaction_id, verification_uri is where a user types the code of a device. Without login_uri there is no authorization endpoint, without logout_uri no end_session endpoint, without verification_uri no device authorization.
claims_function: schema.name of the application''s f(subject text, client_id text, scopes text[], target text) RETURNS jsonb; target is id_token, userinfo or access_token, the answer''s members become claims; the subject of a client''s own access token is "client:" and its client_id. password_verifier: schema.name of f(username text, password text, client_id text) RETURNS jsonb, {"subject": ..., "acr"?, "amr"?} or NULL for refused; without it the password grant is off (RFC 9700 section 2.4). Both run with the rights of their owner, which should be no superuser. claims_supported: the names of the claims that the claims function gives, for the metadata.
dpop_nonce_required: DPoP proofs must carry a nonce of ours (RFC 9449 section 8).
acr_levels: acr values from weakest to strongest; a stronger one satisfies whoever asks for a weaker one. factor_acr: the acr that a step-up reaches by a factor type, e.g. {"totp": "mfa"}, where it is not the default (webauthn: phr, the others: mfa); it replaces what is set. webauthn_rp_id: the relying party that WebAuthn factors are enrolled for, a domain; without it there are none. webauthn_origins: from where their assertions may come; empty: https:// and the relying party. Returns false when there is no such issuer. Raises 22023.';

CREATE FUNCTION pgtoken.issuer_or_default(issuer text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	found_issuer text;
BEGIN
	SELECT i.issuer INTO found_issuer
	FROM pgtoken.issuers i
	WHERE CASE WHEN issuer_or_default.issuer IS NULL THEN i.is_default ELSE i.issuer = issuer_or_default.issuer END;
	IF found_issuer IS NULL THEN
		RAISE EXCEPTION 'there is no such issuer'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = CASE WHEN issuer_or_default.issuer IS NULL THEN 'No issuer has been created yet.'
								ELSE format('The issuer "%s" has not been created.', issuer_or_default.issuer) END,
				  HINT = 'SELECT pgtoken.create_issuer(''https://...'');';
	END IF;
	RETURN found_issuer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.issuer_or_default(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.issuer_or_default(text) IS 'Internal: the named issuer, or the default one for NULL; raises 55000 when it is not there';

CREATE FUNCTION pgtoken.public_keys(issuer text) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT jsonb_build_object('keys', coalesce(jsonb_agg(k.public_jwk ORDER BY k.created_at, k.kid) FILTER (WHERE k.kid IS NOT NULL), '[]'))
	FROM (SELECT pgtoken.issuer_or_default(public_keys.issuer) AS issuer OFFSET 0) i	-- OFFSET: evaluated even where there are no keys
	LEFT JOIN pgtoken.signing_keys k
		ON k.issuer = i.issuer AND k.state IN ('pending', 'active', 'retiring') AND k.public_jwk IS NOT NULL;
END;
REVOKE ALL ON FUNCTION pgtoken.public_keys(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.public_keys(text) IS 'Internal: what jwks() answers, also on a standby that lags behind';

CREATE FUNCTION pgtoken.jwks(issuer text DEFAULT NULL) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE WHEN pgtoken.standby_answers() THEN pgtoken.public_keys(jwks.issuer) END;
END;
REVOKE ALL ON FUNCTION pgtoken.jwks(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.jwks(text) IS
'Public keys of an issuer (NULL: the default one) as a JWK Set (RFC 7517 section 5): pending, active and retiring ones, so that verifiers know a key before it signs and after. HS256 keys are secrets and never appear. Raises 55000 when there is no such issuer, PT503 on a standby that lags behind by more than pgtoken.max_replay_lag.';

CREATE FUNCTION pgtoken.new_signing_key(alg text, issuer text, private_key text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_new_signing_key' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.new_signing_key(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.new_signing_key(text, text, text) IS 'Internal, called by create_signing_key: makes or takes the key';

CREATE FUNCTION pgtoken.create_signing_key(alg text DEFAULT 'ES256', issuer text DEFAULT NULL, private_key text DEFAULT NULL, if_not_exists boolean DEFAULT false) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	existing_kid text;
	existing_state text;
BEGIN
	IF coalesce(if_not_exists, false) THEN
		SELECT k.kid, k.state INTO existing_kid, existing_state FROM pgtoken.signing_keys k
		WHERE k.issuer = pgtoken.issuer_or_default(create_signing_key.issuer) AND k.alg = create_signing_key.alg AND k.state IN ('active', 'pending')
		ORDER BY k.state LIMIT 1;	-- the active one first
		IF FOUND THEN
			RAISE NOTICE 'the signing key "%" exists already', existing_kid
				USING DETAIL = format('It is the %s %s key of the issuer%s.', existing_state, alg,
									  CASE WHEN private_key IS NOT NULL THEN '; whether it is the one that was given was not looked at' ELSE '' END);
			RETURN existing_kid;
		END IF;
	END IF;
	RETURN pgtoken.new_signing_key(alg, issuer, private_key);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_signing_key(text, text, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.create_signing_key(text, text, text, boolean) IS
'Create a signing key and return its kid. alg: ES256, ES384, ES512, RS256, PS256, EdDSA (Ed25519) or HS256. issuer: NULL is the default one. private_key: bring an existing key (PEM; for HS256 the base64url secret of at least 32 bytes) instead of making one; pass it as a parameter, not as a literal that a log may keep.
if_not_exists: where the issuer has an active or pending key of the algorithm, none is made: a NOTICE says so, and its kid is returned.
The first key of an issuer and algorithm is active at once; a further one is pending: published by jwks() until rotate_signing_key or maintain() lets it sign, after pgtoken.signing_key_lead_time at the earliest. Raises 22023 for a bad algorithm or key, 55000 when a pending key is there already.';

CREATE FUNCTION pgtoken.retiring_keys_full(issuer text, alg text) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN (SELECT count(*) >= 10 FROM pgtoken.signing_keys k
			WHERE k.issuer = retiring_keys_full.issuer AND k.alg = retiring_keys_full.alg AND k.state = 'retiring');
REVOKE ALL ON FUNCTION pgtoken.retiring_keys_full(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.retiring_keys_full(text, text) IS 'Internal: are as many keys of an issuer and algorithm retiring, and so published, as may be at a time?';

CREATE FUNCTION pgtoken.rotate_signing_key(alg text DEFAULT 'ES256', issuer text DEFAULT NULL, force boolean DEFAULT false) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	new_kid text;
	published_at timestamptz;
	signs_at timestamptz;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	PERFORM FROM pgtoken.issuers i WHERE i.issuer = of_issuer FOR NO KEY UPDATE;	-- one rotation at a time
	-- The first one of an algorithm signs at once, as there is none that could until then.
	-- Of an issuer's very first key nobody has a JWK Set that lacks it; of a further algorithm's somebody may.
	IF force IS NOT TRUE AND EXISTS (SELECT FROM pgtoken.signing_keys k
									 WHERE k.issuer = of_issuer AND k.alg = rotate_signing_key.alg AND k.state = 'active') THEN
		SELECT k.created_at INTO published_at
		FROM pgtoken.signing_keys k WHERE k.issuer = of_issuer AND k.alg = rotate_signing_key.alg AND k.state = 'pending';
		IF NOT FOUND THEN
			PERFORM pgtoken.create_signing_key(rotate_signing_key.alg, of_issuer);
			published_at := now();
		END IF;
		signs_at := published_at + current_setting('pgtoken.signing_key_lead_time')::interval;
		IF signs_at > now() THEN
			RAISE NOTICE 'the next % key may sign from % on', rotate_signing_key.alg, to_char(signs_at, 'YYYY-MM-DD HH24:MI:SS "UTC"')
				USING DETAIL = 'Verifiers that keep the JWK Set do not know it yet.',
					  HINT = 'Call rotate_signing_key again then. force => true lets it sign at once.';
			RETURN NULL;
		END IF;
	END IF;
	IF pgtoken.retiring_keys_full(of_issuer, rotate_signing_key.alg) AND EXISTS (
		SELECT FROM pgtoken.signing_keys k WHERE k.issuer = of_issuer AND k.alg = rotate_signing_key.alg AND k.state = 'active') THEN
		RAISE EXCEPTION 'ten % keys of the issuer are retiring already', rotate_signing_key.alg
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'Each is published until no token that it signed can be alive; verifiers fetch all of them.',
				  HINT = 'Wait until maintain() has retired one, or end one, and the tokens it signed, with retire_signing_key.';
	END IF;
	UPDATE pgtoken.signing_keys k
	SET state = 'retiring', retiring_at = now(),
		retires_at = now() + current_setting('pgtoken.signing_key_retiring_period')::interval
	WHERE k.issuer = of_issuer AND k.alg = rotate_signing_key.alg AND k.state = 'active';
	UPDATE pgtoken.signing_keys k
	SET state = 'active', activated_at = now()
	WHERE k.issuer = of_issuer AND k.alg = rotate_signing_key.alg AND k.state = 'pending'
	RETURNING k.kid INTO new_kid;
	RETURN coalesce(new_kid, pgtoken.create_signing_key(rotate_signing_key.alg, of_issuer));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.rotate_signing_key(text, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.rotate_signing_key(text, text, boolean) IS
'Let the pending key of an issuer and algorithm sign from now on and return its kid. The key that signed so far is retiring: published and accepted until no token it signed can be alive. The next key must have been published for pgtoken.signing_key_lead_time, so that verifiers that keep the JWK Set know it: when it has not, or none is pending and one is made now, a NOTICE says when to call again, and the answer is NULL. The first key of an algorithm signs at once: make that of a further algorithm some minutes before the first client asks for it. force => true: it signs at once, and verifiers elsewhere may refuse its tokens for as long as they keep the JWK Set. At most ten keys of an issuer and algorithm are retiring at a time. Raises 55000 when there are.';

CREATE FUNCTION pgtoken.retire_signing_key(kid text, reason text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	key record;
BEGIN
	PERFORM FROM pgtoken.issuers i
	WHERE i.issuer = (SELECT k.issuer FROM pgtoken.signing_keys k WHERE k.kid = retire_signing_key.kid) FOR NO KEY UPDATE;	-- one change at a time
	SELECT k.issuer, k.alg, k.state INTO key FROM pgtoken.signing_keys k
	WHERE k.kid = retire_signing_key.kid
	  -- one that maintain() has retired in its time is still good for hints, until somebody says otherwise
	  AND (k.state <> 'retired' OR (k.retire_reason = 'end of life' AND k.retired_at >= k.retires_at AND reason IS DISTINCT FROM 'end of life'));
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.make_durable();
	UPDATE pgtoken.signing_keys k SET state = 'retired', retired_at = now(), retire_reason = reason
	WHERE k.kid = retire_signing_key.kid;
	-- after it, so that it is never among those that retire slowly
	IF key.state = 'active' THEN
		PERFORM pgtoken.rotate_signing_key(key.alg, key.issuer, force => true);
	END IF;
	DELETE FROM pgtoken.key_material m WHERE m.material_id = 'key:' || retire_signing_key.kid;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.retire_signing_key(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.retire_signing_key(text, text) IS
'Retire a key at once, for instance because it may be known to somebody: it leaves jwks(), every token it signed is refused from the next statement on, its private part is deleted; an active key is rotated first, also when the next one has not been published for long. A key that maintain() has retired in its time can be retired so, too: until then the ID tokens it signed are good as id_token_hint. Returns false when there is no such key or it was retired like this before.';

CREATE FUNCTION pgtoken.check_scopes(scopes text[]) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF NOT pgtoken.valid_scopes(scopes) THEN
		RAISE EXCEPTION 'invalid scopes'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'At most 100, each of 1 to 255 printable ASCII characters without space, quote and backslash (RFC 6749 section 3.3), none NULL or named twice.';
	END IF;
	IF 'mfa_challenge' = ANY (scopes) THEN
		RAISE EXCEPTION 'the scope mfa_challenge is reserved'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'No token may carry it: an application could take it for one that opens the completion of a step-up.',
				  HINT = 'A step-up is named by its transaction_id, not by a token.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_scopes(text[]) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_scopes(text[]) IS 'Internal: raises 22023 unless every element is a scope-token, and none reserved; NULL passes';

CREATE FUNCTION pgtoken.check_resource_client(issuer text, client_id text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF client_id IS NOT NULL AND NOT EXISTS (
		SELECT FROM pgtoken.clients c
		WHERE c.client_id = check_resource_client.client_id AND c.issuer = check_resource_client.issuer AND c.client_type = 'confidential') THEN
		RAISE EXCEPTION 'the issuer has no such confidential client %', quote_literal(client_id)
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'client_id is the client as which the API itself authenticates.',
				  HINT = 'SELECT pgtoken.create_client(...) first.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_resource_client(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_resource_client(text, text) IS 'Internal, called by create_resource and update_resource: raises 22023 unless it is a confidential client of the issuer; NULL passes';

CREATE FUNCTION pgtoken.check_on_insufficient(on_insufficient text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF on_insufficient NOT IN ('require', 'invalid_grant') THEN
		RAISE EXCEPTION 'unknown on_insufficient %', quote_literal(on_insufficient)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'One of require, invalid_grant.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_on_insufficient(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_on_insufficient(text) IS 'Internal, called by create_resource and update_resource: raises 22023 unless it is require or invalid_grant; NULL passes';

CREATE FUNCTION pgtoken.check_access_token_typ(issuer text, resource text, access_token_typ text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF access_token_typ NOT IN ('at+jwt', 'JWT') THEN
		RAISE EXCEPTION 'unknown access_token_typ %', quote_literal(access_token_typ)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'One of at+jwt, JWT.';
	END IF;
	IF access_token_typ = 'JWT' AND EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = check_access_token_typ.resource AND c.issuer = check_access_token_typ.issuer) THEN
		RAISE EXCEPTION 'a client has the name of the API %', quote_literal(resource)
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'Access tokens of typ JWT for the API could be taken for ID tokens of the client.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_access_token_typ(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_access_token_typ(text, text, text) IS 'Internal, called by create_resource and update_resource: raises 22023 unless the typ is one that access tokens for the API may have; NULL passes';

CREATE FUNCTION pgtoken.registered_resources(issuer text, resources text[]) RETURNS text[]
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE WHEN array_ndims(registered_resources.resources) > 1 THEN registered_resources.resources
				WHEN registered_resources.resources IS NOT NULL THEN
					ARRAY(SELECT coalesce((SELECT r.resource FROM pgtoken.resources r
										   WHERE r.issuer = registered_resources.issuer AND pgtoken.normal_uri(r.resource) = pgtoken.normal_uri(u.spelling)),
										  CASE WHEN pgtoken.normal_uri(registered_resources.issuer) = pgtoken.normal_uri(u.spelling)
											   THEN registered_resources.issuer ELSE u.spelling END)
						  FROM unnest(registered_resources.resources) WITH ORDINALITY u (spelling, i) ORDER BY u.i) END;
END;
REVOKE ALL ON FUNCTION pgtoken.registered_resources(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.registered_resources(text, text[]) IS 'Internal, called by what takes resources: each as it is registered, however it is spelt (normal_uri); what is not registered stays as it is';

CREATE FUNCTION pgtoken.create_resource(
	resource text,
	scopes text[] DEFAULT NULL,
	access_token_lifetime interval DEFAULT NULL,
	issuer text DEFAULT NULL,
	client_id text DEFAULT NULL,
	required_acr text[] DEFAULT NULL,
	required_amr text[] DEFAULT NULL,
	max_age interval DEFAULT NULL,
	on_insufficient text DEFAULT 'require',
	access_token_typ text DEFAULT 'at+jwt',
	if_not_exists boolean DEFAULT false
) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	registered text;
	existing pgtoken.resources;
BEGIN
	IF resource IS NULL OR NOT pgtoken.valid_resource(resource) THEN
		RAISE EXCEPTION 'invalid resource indicator'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'A resource is an absolute URI without fragment (RFC 8707 section 2).';
	END IF;
	registered := (pgtoken.registered_resources(of_issuer, ARRAY[resource]))[1];
	IF registered <> resource THEN
		RAISE EXCEPTION 'resource % is there already, as %', quote_literal(resource), quote_literal(registered)
			USING ERRCODE = 'unique_violation',
				  DETAIL = 'The two mean the same (RFC 3986 section 6.2), and requests may name either.';
	END IF;
	PERFORM pgtoken.check_scopes(scopes);
	PERFORM pgtoken.check_resource_client(of_issuer, client_id);
	PERFORM pgtoken.check_acr_values('required_acr', required_acr), pgtoken.check_acr_values('required_amr', required_amr);
	PERFORM pgtoken.check_on_insufficient(on_insufficient);
	PERFORM pgtoken.check_access_token_typ(of_issuer, resource, access_token_typ);
	required_acr := NULLIF(required_acr, '{}');
	required_amr := NULLIF(required_amr, '{}');
	on_insufficient := coalesce(on_insufficient, 'require');
	access_token_typ := coalesce(access_token_typ, 'at+jwt');
	SELECT * INTO existing FROM pgtoken.resources r WHERE r.issuer = of_issuer AND r.resource = create_resource.resource;
	IF FOUND THEN
		PERFORM pgtoken.tell_existing('resource', resource, to_jsonb(existing),
			jsonb_build_object('scopes', scopes, 'access_token_lifetime', access_token_lifetime, 'client_id', client_id, 'required_acr', required_acr,
							   'required_amr', required_amr, 'max_age', max_age, 'on_insufficient', on_insufficient, 'access_token_typ', access_token_typ), if_not_exists);
		RETURN resource;
	END IF;
	INSERT INTO pgtoken.resources (issuer, resource, scopes, access_token_lifetime, client_id, required_acr, required_amr, max_age, on_insufficient, access_token_typ)
	VALUES (of_issuer, create_resource.resource, create_resource.scopes, create_resource.access_token_lifetime, create_resource.client_id,
			create_resource.required_acr, create_resource.required_amr, create_resource.max_age, create_resource.on_insufficient, create_resource.access_token_typ);
	RETURN resource;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_resource(text, text[], interval, text, text, text[], text[], interval, text, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.create_resource(text, text[], interval, text, text, text[], text[], interval, text, text, boolean) IS
'Register an API. resource: its absolute URI, the aud of its tokens (RFC 8707); requests may spell it otherwise (RFC 3986 section 6.2), so it is registered in one spelling only. scopes: what means something to it; NULL: any scope. access_token_lifetime: 10 seconds to 1 day; the shortest among the APIs of a token counts. client_id: the confidential client as which the API itself authenticates when it introspects tokens or exchanges them. access_token_typ: typ of access tokens that are for this API alone: at+jwt (RFC 9068), by which everybody tells them from ID tokens; JWT for verifiers that take nothing else.
How its users must have authenticated: required_acr: one of these, or a stronger one (see acr_levels of update_issuer); required_amr: by all of these methods (RFC 8176); max_age: no longer ago than this, 1 second to 10 years. NULL: anyhow. on_insufficient: what a request of a family that falls short is answered: require, a step-up; invalid_grant, for clients whose users must log in anew. if_not_exists: one that exists is left as it is, and a NOTICE says what differs. Returns the resource. Raises 22023, 23505, 23514.';

CREATE FUNCTION pgtoken.update_resource(
	resource text,
	scopes text[] DEFAULT NULL,
	access_token_lifetime interval DEFAULT NULL,
	enabled boolean DEFAULT NULL,
	issuer text DEFAULT NULL,
	reset text[] DEFAULT '{}',
	client_id text DEFAULT NULL,
	required_acr text[] DEFAULT NULL,
	required_amr text[] DEFAULT NULL,
	max_age interval DEFAULT NULL,
	on_insufficient text DEFAULT NULL,
	access_token_typ text DEFAULT NULL
) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	before pgtoken.resources;
	changed pgtoken.resources;
BEGIN
	PERFORM pgtoken.check_reset(reset, ARRAY['scopes', 'access_token_lifetime', 'client_id', 'required_acr', 'required_amr', 'max_age', 'on_insufficient']);
	PERFORM pgtoken.check_scopes(scopes);
	PERFORM pgtoken.check_resource_client(of_issuer, client_id);
	PERFORM pgtoken.check_acr_values('required_acr', required_acr), pgtoken.check_acr_values('required_amr', required_amr);
	PERFORM pgtoken.check_on_insufficient(on_insufficient);
	resource := (pgtoken.registered_resources(of_issuer, ARRAY[resource]))[1];
	PERFORM pgtoken.check_access_token_typ(of_issuer, resource, access_token_typ);
	SELECT * INTO before FROM pgtoken.resources r WHERE r.issuer = of_issuer AND r.resource = update_resource.resource FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	changed := before;
	changed.scopes := coalesce(scopes, CASE WHEN 'scopes' <> ALL (reset) THEN before.scopes END);
	changed.access_token_lifetime := coalesce(access_token_lifetime, CASE WHEN 'access_token_lifetime' <> ALL (reset) THEN before.access_token_lifetime END);
	changed.client_id := coalesce(client_id, CASE WHEN 'client_id' <> ALL (reset) THEN before.client_id END);
	changed.enabled := coalesce(enabled, before.enabled);
	changed.required_acr := NULLIF(coalesce(required_acr, CASE WHEN 'required_acr' <> ALL (reset) THEN before.required_acr END), '{}');
	changed.required_amr := NULLIF(coalesce(required_amr, CASE WHEN 'required_amr' <> ALL (reset) THEN before.required_amr END), '{}');
	changed.max_age := coalesce(max_age, CASE WHEN 'max_age' <> ALL (reset) THEN before.max_age END);
	changed.on_insufficient := coalesce(on_insufficient, CASE WHEN 'on_insufficient' <> ALL (reset) THEN before.on_insufficient END, 'require');
	changed.access_token_typ := coalesce(access_token_typ, before.access_token_typ);
	IF (changed.required_acr, changed.required_amr, changed.max_age, changed.on_insufficient)
	   IS DISTINCT FROM (before.required_acr, before.required_amr, before.max_age, before.on_insufficient) THEN
		changed.policy_version := before.policy_version + 1;
	END IF;
	UPDATE pgtoken.resources r
	SET (scopes, access_token_lifetime, client_id, enabled, required_acr, required_amr, max_age, on_insufficient, policy_version, access_token_typ)
		= ROW (changed.scopes, changed.access_token_lifetime, changed.client_id, changed.enabled, changed.required_acr, changed.required_amr,
			   changed.max_age, changed.on_insufficient, changed.policy_version, changed.access_token_typ)
	WHERE r.issuer = of_issuer AND r.resource = update_resource.resource;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.update_resource(text, text[], interval, boolean, text, text[], text, text[], text[], interval, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.update_resource(text, text[], interval, boolean, text, text[], text, text[], text[], interval, text, text) IS
'Change an API; NULL keeps a value, reset names those to go back to NULL (on_insufficient: to require). enabled => false: no new token names it or carries its scopes; a refresh of a family that holds it leaves it out, and answers invalid_target when nothing else is left. client_id: as in create_resource; so required_acr, required_amr, max_age and on_insufficient: each change of one of these makes a new policy_version, and holds from the next refresh on for families that are there, too. access_token_typ: of tokens that are made from now on; back from JWT to at+jwt, those made before are refused at once. Returns false when it is not registered. Raises 22023, 23514, 55000.';

CREATE FUNCTION pgtoken.keep_client_secret(client_id text, secret_id uuid, client_secret text) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_keep_client_secret' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.keep_client_secret(text, uuid, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.keep_client_secret(text, uuid, text) IS 'Internal, called by create_client_secret for client_secret_jwt, whose signatures a hash cannot verify: stores the secret itself among the key material, wrapped like it';

CREATE FUNCTION pgtoken.prepare_client_secret(client_id text, expires_at timestamptz, label text) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	method text;
BEGIN
	IF expires_at <= clock_timestamp() THEN
		RAISE EXCEPTION 'expires_at must be in the future'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'The secret could never be used.';
	END IF;
	IF length(label) > 255 THEN
		RAISE EXCEPTION 'label must not be longer than 255 characters'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT pgtoken.client_auth_method(c.client_type, c.metadata) INTO method
	FROM pgtoken.clients c WHERE c.client_id = prepare_client_secret.client_id AND c.client_type = 'confidential' FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such confidential client'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  HINT = 'Public clients have no secrets; see pgtoken.clients.';
	END IF;
	IF NOT starts_with(method, 'client_secret_') THEN
		RAISE EXCEPTION 'the client does not authenticate by a secret'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = format('Its token_endpoint_auth_method is %s.', method);
	END IF;
	RETURN method;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.prepare_client_secret(text, timestamptz, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.prepare_client_secret(text, timestamptz, text) IS 'Internal: may the client have a further secret with this end and label? Returns how it authenticates, and keeps others from changing that, or giving it another secret, at the same time';

CREATE FUNCTION pgtoken.create_client_secret(client_id text, expires_at timestamptz DEFAULT NULL, label text DEFAULT NULL) RETURNS pgtoken.created_client_secret
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	created CONSTANT pgtoken.created_client_secret := ROW (pgtoken.new_client_secret(), pgtoken.new_uuid());
	method CONSTANT text := pgtoken.prepare_client_secret(client_id, expires_at, label);
BEGIN
	INSERT INTO pgtoken.client_secrets (client_id, secret_id, secret_hash, expires_at, label)
	VALUES (create_client_secret.client_id, created.secret_id, sha256(convert_to(created.client_secret, 'UTF8')), create_client_secret.expires_at,
			create_client_secret.label);
	IF method = 'client_secret_jwt' THEN
		PERFORM pgtoken.keep_client_secret(client_id, created.secret_id, created.client_secret);
	END IF;
	RETURN created;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_client_secret(text, timestamptz, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.create_client_secret(text, timestamptz, text) IS
'Give a confidential client a further secret and return it, which is shown this once, with the secret_id by which revoke_client_secret knows it. The old ones stay valid until revoke_client_secret. expires_at: NULL is never. label: what to tell it by in pgtoken.client_secrets, at most 255 characters. Raises 22023 for an end that has passed, 55000 when there is no such confidential client, or when it authenticates by a key or certificate.';

CREATE FUNCTION pgtoken.secret_hash_scheme(secret_hash text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_secret_hash_scheme' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.secret_hash_scheme(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.secret_hash_scheme(text) IS 'Internal, called by import_client_secret: the scheme of a hash that this server can verify in bounded time; raises for any other';

CREATE FUNCTION pgtoken.import_client_secret(client_id text, secret_hash text, expires_at timestamptz DEFAULT NULL, label text DEFAULT NULL) RETURNS uuid
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	scheme CONSTANT text := pgtoken.secret_hash_scheme(secret_hash);
	secret_id CONSTANT uuid := pgtoken.new_uuid();
BEGIN
	IF pgtoken.prepare_client_secret(client_id, expires_at, label) = 'client_secret_jwt' THEN
		RAISE EXCEPTION 'a client that authenticates by client_secret_jwt cannot use a hash'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'Its signatures are made with the secret itself, and verified with it.',
				  HINT = 'Give it a new secret with create_client_secret().';
	END IF;
	-- a wrong secret costs the computation of each
	IF (SELECT count(*) FROM pgtoken.client_secrets s WHERE s.client_id = import_client_secret.client_id AND s.hash_scheme <> 'sha256'
		AND s.revoked_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp())) >= 2 THEN
		RAISE EXCEPTION 'the client has two imported secrets already'
			USING ERRCODE = 'program_limit_exceeded',
				  DETAIL = 'Those that are not rehashed yet count, since a wrong secret is held against each of them.',
				  HINT = 'Take one back with revoke_client_secret(); see pgtoken.client_secrets.';
	END IF;
	INSERT INTO pgtoken.client_secrets (client_id, secret_id, secret_hash, hash_scheme, expires_at, label)
	VALUES (import_client_secret.client_id, secret_id, convert_to(import_client_secret.secret_hash, 'UTF8'), scheme, import_client_secret.expires_at,
			import_client_secret.label);
	RETURN secret_id;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.import_client_secret(text, text, timestamptz, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.import_client_secret(text, text, timestamptz, text) IS
'Give a confidential client of another server the secret that it has already, by the hash that is stored there, and return its secret_id: bcrypt ($2a$, $2b$, $2y$), PBKDF2 with SHA-256 or SHA-512 (as Hydra, passlib or Django write it) or Argon2 ($argon2id$v=19$). The first use of a secret that looks random (32 characters or more of base64 or hexadecimal) replaces the hash by its SHA-256; of any other the hash stays. A client has two that are not replaced, at most. Raises 22023 for a hash that is not of its scheme''s form or would take too long to verify, 0A000 for one of another scheme, or that the libraries of this server do not have, 22004, 54000 for a third; 55000 for client_secret_jwt, and as create_client_secret.';

CREATE FUNCTION pgtoken.revoke_client_secret(client_id text, secret_id uuid) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken.make_durable();
	UPDATE pgtoken.client_secrets s SET revoked_at = now()
	WHERE s.client_id = revoke_client_secret.client_id AND s.secret_id = revoke_client_secret.secret_id AND s.revoked_at IS NULL;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	DELETE FROM pgtoken.key_material m
	WHERE m.material_id = format('client:%s:%s', revoke_client_secret.client_id, revoke_client_secret.secret_id);
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.revoke_client_secret(text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.revoke_client_secret(text, uuid) IS
'Refuse a client secret from the next statement on; where the secret itself was kept (client_secret_jwt), it is deleted. secret_id: see pgtoken.client_secrets. Returns false when there is none such or it was revoked before.';

CREATE FUNCTION pgtoken.merged_metadata(metadata jsonb, changes jsonb) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF jsonb_typeof(changes) <> 'object' THEN
		RAISE EXCEPTION 'invalid client metadata'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'metadata must be a JSON object.';
	END IF;
	-- only the members themselves: a null inside jwks is for valid_jwks to judge
	RETURN (SELECT coalesce(jsonb_object_agg(m.key, m.value) FILTER (WHERE m.value <> 'null'), '{}')
			FROM jsonb_each(metadata || coalesce(changes, '{}')) m);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.merged_metadata(jsonb, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.merged_metadata(jsonb, jsonb) IS 'Internal, called by create_client and update_client: the metadata with the members of changes, without those that changes gives as null; raises 22023 unless changes is an object or NULL';

CREATE FUNCTION pgtoken.check_client(issuer text, client_type text, scopes text[], redirect_uris text[], resources text[], signing_alg text, rotation text, metadata jsonb)
	RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	unknown_resource text;
	problem text;
BEGIN
	IF array_ndims(resources) > 1 THEN
		RAISE EXCEPTION 'resources must be a one-dimensional array'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF client_type NOT IN ('confidential', 'public') THEN
		RAISE EXCEPTION 'unknown client type %', quote_literal(client_type)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'One of confidential, public.';
	END IF;
	IF 'offline_access' = ANY (scopes) THEN
		RAISE EXCEPTION 'the scope offline_access is not listed among a client''s scopes'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'Allow it with offline_access => true.';
	END IF;
	PERFORM pgtoken.check_scopes(scopes);
	IF NOT pgtoken.valid_redirect_uris(redirect_uris, pgtoken.native_application(metadata)) THEN
		RAISE EXCEPTION 'invalid redirect URI'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'A redirect URI is absolute and has no fragment: https, http for loopback hosts, or a private-use scheme with a dot (RFC 8252).',
				  HINT = 'For an application that is installed on its user''s device, metadata => ''{"application_type": "native"}'' allows private-use schemes without a dot.';
	END IF;
	SELECT u INTO unknown_resource FROM unnest(resources) u
	WHERE u IS NULL OR NOT EXISTS (SELECT FROM pgtoken.resources r WHERE r.issuer = check_client.issuer AND r.resource = u) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'resource % is not registered', quote_nullable(unknown_resource)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'SELECT pgtoken.create_resource(...) first.';
	END IF;
	PERFORM pgtoken.check_alg(signing_alg);
	IF rotation NOT IN ('always', 'never') THEN
		RAISE EXCEPTION 'unknown rotation %', quote_literal(rotation)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'One of always, never.';
	END IF;
	IF rotation = 'never' AND client_type = 'public' THEN
		RAISE EXCEPTION 'the refresh tokens of a public client must rotate'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'RFC 9700 section 2.2.2.';
	END IF;
	problem := pgtoken.client_metadata_problem(client_type, metadata);
	-- OpenID Connect Core section 8.1: several hosts would make several sectors
	IF problem IS NULL AND metadata ->> 'subject_type' = 'pairwise' AND NOT metadata ? 'sector_identifier' AND cardinality(redirect_uris) > 0
	   AND (SELECT count(DISTINCT u.host) <> 1 OR bool_or(u.host IS NULL)
			FROM (SELECT substring(r FROM '(?i)^https?://(\[[^]]*\]|[^/?:]*)') FROM unnest(redirect_uris) r) u (host)) THEN
		problem := 'sector_identifier must be there when subject_type is pairwise and the redirect URIs are not of one host';
	END IF;
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'invalid client metadata'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = problem || '.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_client(text, text, text[], text[], text[], text, text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_client(text, text, text[], text[], text[], text, text, jsonb) IS 'Internal, called by create_client and update_client: raises 22023 for what a client cannot be';

CREATE FUNCTION pgtoken.create_client(
	client_id text,
	client_type text DEFAULT 'confidential',
	scopes text[] DEFAULT '{openid,profile,email}',
	redirect_uris text[] DEFAULT '{}',
	offline_access boolean DEFAULT false,
	resources text[] DEFAULT NULL,
	client_name text DEFAULT NULL,
	signing_alg text DEFAULT NULL,
	access_token_lifetime interval DEFAULT NULL,
	refresh_absolute_lifetime interval DEFAULT NULL,
	refresh_idle_lifetime interval DEFAULT NULL,
	retry_window interval DEFAULT NULL,
	retry_limit integer DEFAULT NULL,
	rotation text DEFAULT 'always',
	issuer text DEFAULT NULL,
	metadata jsonb DEFAULT '{}',
	lockstep_generations integer DEFAULT NULL,
	if_not_exists boolean DEFAULT false
) RETURNS pgtoken.client_credentials
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	credentials pgtoken.client_credentials;
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	given_metadata CONSTANT jsonb := pgtoken.merged_metadata('{}', metadata);
	existing pgtoken.clients;
BEGIN
	IF client_id IS NULL OR client_type IS NULL OR scopes IS NULL OR redirect_uris IS NULL OR offline_access IS NULL OR rotation IS NULL
	   OR metadata IS NULL THEN
		RAISE EXCEPTION 'client_id, client_type, scopes, redirect_uris, offline_access, rotation and metadata must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	resources := pgtoken.registered_resources(of_issuer, resources);
	PERFORM pgtoken.check_client(of_issuer, client_type, scopes, redirect_uris, resources, signing_alg, rotation, given_metadata);
	IF EXISTS (SELECT FROM pgtoken.resources r WHERE r.issuer = of_issuer AND r.resource = create_client.client_id AND r.access_token_typ = 'JWT') THEN
		RAISE EXCEPTION 'an API has the name of the client %', quote_literal(client_id)
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'Its access tokens have the typ JWT and could be taken for ID tokens of the client.';
	END IF;
	credentials.client_id := client_id;
	SELECT * INTO existing FROM pgtoken.clients c WHERE c.client_id = create_client.client_id;
	IF FOUND THEN
		PERFORM pgtoken.tell_existing('client', client_id, to_jsonb(existing),
			jsonb_build_object('issuer', of_issuer, 'client_name', client_name, 'client_type', client_type, 'scopes', scopes, 'redirect_uris', redirect_uris,
							   'resources', resources, 'offline_access', offline_access, 'signing_alg', signing_alg, 'access_token_lifetime', access_token_lifetime,
							   'refresh_absolute_lifetime', refresh_absolute_lifetime, 'refresh_idle_lifetime', refresh_idle_lifetime, 'retry_window', retry_window,
							   'retry_limit', retry_limit, 'rotation', rotation, 'metadata', given_metadata, 'lockstep_generations', lockstep_generations), if_not_exists);
		RETURN credentials;
	END IF;
	INSERT INTO pgtoken.clients (client_id, issuer, client_name, client_type, scopes, redirect_uris, resources, offline_access,
								 signing_alg, access_token_lifetime, refresh_absolute_lifetime, refresh_idle_lifetime,
								 retry_window, retry_limit, rotation, metadata, lockstep_generations)
	VALUES (create_client.client_id, of_issuer, create_client.client_name, create_client.client_type, create_client.scopes,
			create_client.redirect_uris, create_client.resources, create_client.offline_access, create_client.signing_alg,
			create_client.access_token_lifetime, create_client.refresh_absolute_lifetime, create_client.refresh_idle_lifetime,
			create_client.retry_window, create_client.retry_limit, create_client.rotation, given_metadata,
			create_client.lockstep_generations);
	IF starts_with(pgtoken.client_auth_method(client_type, given_metadata), 'client_secret_') THEN
		credentials.client_secret := (pgtoken.create_client_secret(client_id)).client_secret;
	END IF;
	RETURN credentials;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_client(text, text, text[], text[], boolean, text[], text, text, interval, interval, interval, interval, integer, text, text, jsonb, integer, boolean) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.create_client(text, text, text[], text[], boolean, text[], text, text, interval, interval, interval, interval, integer, text, text, jsonb, integer, boolean) IS
'Register a client (RFC 6749 section 2) and return its client_id and, where it authenticates by one, its client_secret, which is shown this once.
client_type: confidential or public. scopes: what it may ask for. offline_access: may it get refresh tokens? resources: APIs it may ask for, the first being its default; NULL: any of its issuer. signing_alg: NULL is the issuer''s default. access_token_lifetime: 10 seconds to 1 day. refresh_absolute_lifetime, refresh_idle_lifetime: 1 minute to 10 years. retry_window: 0 (strict) to 1 hour, or to 10 years for a client that always proves a key (private_key_jwt, tls_client_auth, dpop_bound_access_tokens, tls_client_certificate_bound_access_tokens). retry_limit: NULL is none. lockstep_generations: so many generations running answered from two contexts are reuse; 0: never. rotation: always, or never (confidential clients only). NULL means the setting of the same name. if_not_exists: one that exists is left as it is, a NOTICE says what differs, and client_secret is NULL.
metadata: an object with the names of RFC 7591 and its companions, each with a default: application_type (web; native: installed on its user''s device), grant_types (["authorization_code"]; further client_credentials, password and the URNs of the device and token exchange grants), token_endpoint_auth_method (client_secret_basic or client_secret_post, whichever comes; for a public client none), token_endpoint_auth_signing_alg (any), require_issuer_audience (false), jwks, tls_client_auth_subject_dn, require_pkce (true), require_pushed_authorization_requests (false), dpop_bound_access_tokens (false), tls_client_certificate_bound_access_tokens (false), consent_required (true), post_logout_redirect_uris, backchannel_logout_uri, subject_type (public), sector_identifier (the one host of redirect_uris), default_max_age (seconds). Raises 22004, 22023, 23505, 23514, 55000.';

CREATE FUNCTION pgtoken.check_alg_change(issuer text, before text, after text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	default_alg CONSTANT text := (SELECT i.default_alg FROM pgtoken.issuers i WHERE i.issuer = check_alg_change.issuer);
	signing CONSTANT text[] := ARRAY(SELECT k.alg FROM pgtoken.signing_keys k WHERE k.issuer = check_alg_change.issuer AND k.state = 'active');
BEGIN
	IF coalesce(before, default_alg) = ANY (signing) AND coalesce(after, default_alg) <> ALL (signing) THEN
		RAISE EXCEPTION 'the issuer has no active % key', coalesce(after, default_alg)
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'Every request for a token would fail from now on.',
				  HINT = format('SELECT pgtoken.create_signing_key(%L) first.', coalesce(after, default_alg));
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_alg_change(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_alg_change(text, text, text) IS 'Internal, called by update_client and update_issuer: raises 55000 when there is a key for the algorithm that signs now, and none for the one that is to; NULL is the issuer''s default';

CREATE FUNCTION pgtoken.client_sector(metadata jsonb, redirect_uris text[]) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN CASE WHEN metadata ->> 'subject_type' = 'pairwise' THEN
		coalesce(metadata ->> 'sector_identifier', lower(substring(redirect_uris[1] FROM '(?i)^https?://(\[[^]]*\]|[^/?:]*)')), '') END;
REVOKE ALL ON FUNCTION pgtoken.client_sector(jsonb, text[]) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.client_sector(jsonb, text[]) IS 'Internal, called by update_client: what the sub of its pairwise subjects is made for (OpenID Connect Core section 8.1); NULL: they are public';

CREATE FUNCTION pgtoken.update_client(
	client_id text,
	scopes text[] DEFAULT NULL,
	redirect_uris text[] DEFAULT NULL,
	offline_access boolean DEFAULT NULL,
	resources text[] DEFAULT NULL,
	client_name text DEFAULT NULL,
	signing_alg text DEFAULT NULL,
	access_token_lifetime interval DEFAULT NULL,
	refresh_absolute_lifetime interval DEFAULT NULL,
	refresh_idle_lifetime interval DEFAULT NULL,
	retry_window interval DEFAULT NULL,
	retry_limit integer DEFAULT NULL,
	rotation text DEFAULT NULL,
	enabled boolean DEFAULT NULL,
	reset text[] DEFAULT '{}',
	metadata jsonb DEFAULT NULL,
	lockstep_generations integer DEFAULT NULL
) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	before pgtoken.clients;
	changed pgtoken.clients;
	method text;
BEGIN
	PERFORM pgtoken.check_reset(reset, ARRAY['resources', 'client_name', 'signing_alg', 'access_token_lifetime', 'refresh_absolute_lifetime',
											 'refresh_idle_lifetime', 'retry_window', 'retry_limit', 'lockstep_generations']);
	SELECT * INTO changed FROM pgtoken.clients c WHERE c.client_id = update_client.client_id FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	before := changed;
	method := pgtoken.client_auth_method(changed.client_type, changed.metadata);
	changed.scopes := coalesce(scopes, changed.scopes);
	changed.redirect_uris := coalesce(redirect_uris, changed.redirect_uris);
	changed.offline_access := coalesce(offline_access, changed.offline_access);
	changed.rotation := coalesce(rotation, changed.rotation);
	changed.enabled := coalesce(enabled, changed.enabled);
	changed.resources := coalesce(pgtoken.registered_resources(changed.issuer, resources), CASE WHEN 'resources' <> ALL (reset) THEN changed.resources END);
	changed.client_name := coalesce(client_name, CASE WHEN 'client_name' <> ALL (reset) THEN changed.client_name END);
	changed.signing_alg := coalesce(signing_alg, CASE WHEN 'signing_alg' <> ALL (reset) THEN changed.signing_alg END);
	changed.access_token_lifetime := coalesce(access_token_lifetime, CASE WHEN 'access_token_lifetime' <> ALL (reset) THEN changed.access_token_lifetime END);
	changed.refresh_absolute_lifetime := coalesce(refresh_absolute_lifetime, CASE WHEN 'refresh_absolute_lifetime' <> ALL (reset) THEN changed.refresh_absolute_lifetime END);
	changed.refresh_idle_lifetime := coalesce(refresh_idle_lifetime, CASE WHEN 'refresh_idle_lifetime' <> ALL (reset) THEN changed.refresh_idle_lifetime END);
	changed.retry_window := coalesce(retry_window, CASE WHEN 'retry_window' <> ALL (reset) THEN changed.retry_window END);
	changed.lockstep_generations := coalesce(lockstep_generations, CASE WHEN 'lockstep_generations' <> ALL (reset) THEN changed.lockstep_generations END);
	changed.retry_limit := coalesce(retry_limit, CASE WHEN 'retry_limit' <> ALL (reset) THEN changed.retry_limit END);
	changed.metadata := pgtoken.merged_metadata(changed.metadata, metadata);
	PERFORM pgtoken.check_client(changed.issuer, changed.client_type, changed.scopes, changed.redirect_uris, changed.resources, changed.signing_alg, changed.rotation,
								 changed.metadata);
	PERFORM pgtoken.check_alg_change(changed.issuer, before.signing_alg, changed.signing_alg);
	IF pgtoken.client_sector(changed.metadata, changed.redirect_uris) IS DISTINCT FROM pgtoken.client_sector(before.metadata, before.redirect_uris) THEN
		IF EXISTS (SELECT FROM pgtoken.grant_status g WHERE g.client_id = update_client.client_id AND g.state = 'active') THEN
			RAISE EXCEPTION 'the client has families whose sub would change'
				USING ERRCODE = 'object_not_in_prerequisite_state',
					  DETAIL = 'subject_type, sector_identifier and the host of the redirect URIs make the sub that the client knows its users by.',
					  HINT = 'End them first: SELECT pgtoken.revoke_client(...).';
		END IF;
		-- what is being issued at this moment has the sub of before
		PERFORM pgtoken.raise_not_before(NULL, client_id, NULL, NULL, NULL, 'subject_type');
	END IF;
	PERFORM pgtoken.make_durable();
	UPDATE pgtoken.clients c
	SET (scopes, redirect_uris, offline_access, rotation, enabled, resources, client_name, signing_alg, access_token_lifetime,
		 refresh_absolute_lifetime, refresh_idle_lifetime, retry_window, retry_limit, metadata, lockstep_generations)
		= ROW (changed.scopes, changed.redirect_uris, changed.offline_access, changed.rotation, changed.enabled, changed.resources, changed.client_name, changed.signing_alg,
			   changed.access_token_lifetime, changed.refresh_absolute_lifetime, changed.refresh_idle_lifetime, changed.retry_window, changed.retry_limit, changed.metadata,
			   changed.lockstep_generations)
	WHERE c.client_id = update_client.client_id;
	-- nothing needs the secrets themselves any more
	IF method = 'client_secret_jwt' AND pgtoken.client_auth_method(changed.client_type, changed.metadata) <> method THEN
		DELETE FROM pgtoken.key_material m
		WHERE m.material_id IN (SELECT format('client:%s:%s', s.client_id, s.secret_id) FROM pgtoken.client_secrets s
								WHERE s.client_id = update_client.client_id);
	END IF;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.update_client(text, text[], text[], boolean, text[], text, text, interval, interval, interval, interval, integer, text, boolean, text[], jsonb, integer) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.update_client(text, text[], text[], boolean, text[], text, text, interval, interval, interval, interval, integer, text, boolean, text[], jsonb, integer) IS
'Change a client; NULL keeps a value, reset names those to go back to NULL (that is, to the setting or to no restriction). enabled => false: it cannot authenticate, and every access token it holds is refused from the next statement on. refresh_absolute_lifetime and refresh_idle_lifetime hold for families issued afterwards, everything else at once.
metadata: members to change, as in create_client; the others stay, and one given as null goes back to its default. Secrets made before token_endpoint_auth_method became client_secret_jwt cannot be used with it, since only their hashes are there: make a new one with create_client_secret. When it is changed to something else, the secrets kept for it are deleted. subject_type, sector_identifier and the host that a sector is taken from cannot be changed while families live. Returns false when there is no such client. Raises 22023, 23514, 55000 (also for a signing_alg without an active key).';

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
REVOKE ALL ON FUNCTION pgtoken.refuse_in_use(text, text, text[], text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.refuse_in_use(text, text, text[], text) IS 'Internal, called by the delete functions: raises 55006 unless the list of what uses something is empty, NULLs not counted, and says what to do instead';

CREATE FUNCTION pgtoken.delete_client(client_id text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken.make_durable();
	PERFORM FROM pgtoken.clients c WHERE c.client_id = delete_client.client_id FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.refuse_in_use('client', client_id, ARRAY[
		CASE WHEN EXISTS (SELECT FROM pgtoken.grants g WHERE g.client_id = delete_client.client_id) THEN 'families' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.authorization_codes a WHERE a.client_id = delete_client.client_id) THEN 'authorization codes' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.device_codes d WHERE d.client_id = delete_client.client_id) THEN 'device codes' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.consents s WHERE s.client_id = delete_client.client_id) THEN 'consents' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.resources r WHERE r.client_id = delete_client.client_id) THEN 'resources' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.policies p WHERE delete_client.client_id = ANY (p.client_ids)) THEN 'policies' END], 'Switch it off instead: update_client(enabled => false).');
	DELETE FROM pgtoken.authorization_requests q WHERE q.client_id = delete_client.client_id;
	DELETE FROM pgtoken.challenges h WHERE h.client_id = delete_client.client_id;
	DELETE FROM pgtoken.key_material m
	WHERE m.material_id IN (SELECT format('client:%s:%s', s.client_id, s.secret_id) FROM pgtoken.client_secrets s WHERE s.client_id = delete_client.client_id);
	DELETE FROM pgtoken.client_secrets s WHERE s.client_id = delete_client.client_id;
	DELETE FROM pgtoken.clients c WHERE c.client_id = delete_client.client_id;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.delete_client(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.delete_client(text) IS
'Delete a client that was mistyped and never used, with its secrets. Reads all families to be sure of that. Returns false when there is no such client. Raises 55006 where a family, a code, a consent, a resource or a policy names it: switch it off by update_client(enabled => false).';

CREATE FUNCTION pgtoken.delete_resource(resource text, issuer text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	-- somebody else's API may have the same name at another issuer
	clients CONSTANT text[] := ARRAY(SELECT c.client_id FROM pgtoken.clients c WHERE c.issuer = of_issuer);
BEGIN
	PERFORM pgtoken.make_durable();
	resource := (pgtoken.registered_resources(of_issuer, ARRAY[resource]))[1];
	PERFORM FROM pgtoken.resources r WHERE r.issuer = of_issuer AND r.resource = delete_resource.resource FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.refuse_in_use('resource', resource, ARRAY[
		CASE WHEN EXISTS (SELECT FROM pgtoken.grants g WHERE g.client_id = ANY (clients) AND delete_resource.resource = ANY (g.resources)) THEN 'families' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.authorization_codes a WHERE a.client_id = ANY (clients) AND delete_resource.resource = ANY (a.resources)) THEN 'authorization codes' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.device_codes d WHERE d.client_id = ANY (clients) AND delete_resource.resource = ANY (d.resources)) THEN 'device codes' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.consents s WHERE s.client_id = ANY (clients) AND s.resource = delete_resource.resource) THEN 'consents' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.clients c WHERE c.issuer = of_issuer AND delete_resource.resource = ANY (c.resources)) THEN 'clients' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.policies p WHERE p.issuer = of_issuer AND delete_resource.resource = ANY (p.resources)) THEN 'policies' END], 'Switch it off instead: update_resource(enabled => false).');
	DELETE FROM pgtoken.resources r WHERE r.issuer = of_issuer AND r.resource = delete_resource.resource;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.delete_resource(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.delete_resource(text, text) IS
'Delete an API that was mistyped and never used. issuer: NULL is the default one. Reads all families to be sure of that. Returns false when there is no such API. Raises 55000 when there is no such issuer, 55006 where a family, a code, a consent, a client or a policy names it: switch it off by update_resource(enabled => false).';

CREATE FUNCTION pgtoken.delete_issuer(issuer text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	was_default boolean;
BEGIN
	PERFORM pgtoken.make_durable();
	SELECT i.is_default INTO was_default FROM pgtoken.issuers i WHERE i.issuer = delete_issuer.issuer FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.refuse_in_use('issuer', issuer, ARRAY[
		CASE WHEN EXISTS (SELECT FROM pgtoken.clients c WHERE c.issuer = delete_issuer.issuer) THEN 'clients' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.factors f WHERE f.issuer = delete_issuer.issuer) THEN 'factors' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.policies p WHERE p.issuer = delete_issuer.issuer AND p.activated_at IS NOT NULL) THEN 'policies that have been in force' END], 'Its clients and factors go first, if they may; one that was in use stays.');
	IF was_default AND EXISTS (SELECT FROM pgtoken.issuers i WHERE i.issuer <> delete_issuer.issuer) THEN
		RAISE EXCEPTION 'the issuer "%" is the default one', issuer
			USING ERRCODE = 'object_in_use',
				  HINT = 'SELECT pgtoken.update_issuer(''https://...'', is_default => true) for another one first.';
	END IF;
	DELETE FROM pgtoken.key_material m
	WHERE m.material_id = 'pepper:' || delete_issuer.issuer
	   OR m.material_id IN (SELECT 'key:' || k.kid FROM pgtoken.signing_keys k WHERE k.issuer = delete_issuer.issuer);
	DELETE FROM pgtoken.signing_keys k WHERE k.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.resources r WHERE r.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.policies p WHERE p.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.subject_not_before s WHERE s.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.issuers i WHERE i.issuer = delete_issuer.issuer;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.delete_issuer(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.delete_issuer(text) IS
'Delete an issuer that was mistyped and never used, with its keys, its pepper, its APIs and its drafts of policies. Returns false when there is no such issuer. Raises 55006 while it has clients (delete_client), factors or policies that have been in force, and for the default issuer while there are others.';

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
REVOKE ALL ON FUNCTION pgtoken.delete_policy(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.delete_policy(text, text) IS
'Delete a policy that was mistyped: all of its versions, where none has ever been active or in the shadow. issuer: NULL is the default one. Returns false when there is no such policy. Raises 55000 when there is no such issuer, 55006 when a version has been in force: the audit names it.';
