-- Grammar checks of core/, made available to CHECK constraints.

CREATE FUNCTION pgtoken.valid_alg(alg text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_alg' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_alg(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_alg(text) IS 'Is this a signing algorithm we know (RFC 7518 section 3.1, RFC 8037)? ES256, ES384, ES512, RS256, PS256, EdDSA, HS256';

CREATE FUNCTION pgtoken.foreign_algs() RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_foreign_algs' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.foreign_algs() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.foreign_algs() IS 'Internal: the algorithms that signatures of clients may be made by (DPoP proofs, client assertions), under each of their names (RFC 7518 section 3.1, RFC 8037, RFC 9864), space-delimited; without HS256, which needs a secret';

CREATE FUNCTION pgtoken.valid_subject_dn(name text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_subject_dn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_subject_dn(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_subject_dn(text) IS 'Is this a distinguished name (RFC 4514) whose types are OIDs or keywords that OpenSSL knows?';

CREATE FUNCTION pgtoken.valid_issuer(issuer text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_issuer' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_issuer(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_issuer(text) IS 'Can this be an issuer identifier (RFC 8414 section 2)? https, no query, no fragment; http for loopback hosts only';

CREATE FUNCTION pgtoken.issuer_base(issuer text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN (SELECT regexp_replace(lower(u.origin), CASE WHEN lower(u.origin) LIKE 'https:%' THEN ':443$' ELSE ':80$' END, '') || regexp_replace(substr(issuer_base.issuer, length(u.origin) + 1), '/$', '')
			FROM (SELECT substring(issuer_base.issuer FROM '^[^:]+://[^/]*')) u (origin));
REVOKE ALL ON FUNCTION pgtoken.issuer_base(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.issuer_base(text) IS 'Internal: what the URLs of an issuer''s endpoints begin with, so that two ways to write it are one (RFC 3986 section 6.2)';

CREATE FUNCTION pgtoken.valid_resource(resource text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_resource' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_resource(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_resource(text) IS 'Can this be a resource indicator (RFC 8707 section 2)? An absolute URI without a fragment';

CREATE FUNCTION pgtoken.normal_uri(uri text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_normal_uri' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.normal_uri(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.normal_uri(text) IS 'The one spelling of all absolute URIs that mean the same as this one (RFC 3986 sections 6.2.2 and 6.2.3): case of scheme and host, needless percent-encodings, dot segments, default port, empty path. NULL for what is none';

CREATE FUNCTION pgtoken.valid_redirect_uri(redirect_uri text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_redirect_uri' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_redirect_uri(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_redirect_uri(text) IS 'Can this be a redirect URI (RFC 6749 section 3.1.2, RFC 8252)? https, http on loopback, or a private-use scheme with a dot; no fragment';

CREATE FUNCTION pgtoken.valid_redirect_uris(redirect_uris text[], native boolean) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_redirect_uris' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_redirect_uris(text[], boolean) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_redirect_uris(text[], boolean) IS 'Is every element a possible redirect URI, and none NULL? native: of an application that is installed on its user''s device, whose private-use scheme needs no dot; schemes that browsers and systems know themselves, such as javascript, data and file, are none';

CREATE FUNCTION pgtoken.native_application(metadata jsonb) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(metadata ->> 'application_type', 'web') = 'native';
REVOKE ALL ON FUNCTION pgtoken.native_application(jsonb) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.native_application(jsonb) IS 'Internal: does a client''s metadata say that it is installed on its user''s device (OpenID Connect Registration section 2)?';

CREATE FUNCTION pgtoken.valid_scopes(scopes text[]) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_scopes' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_scopes(text[]) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_scopes(text[]) IS 'Is every element a scope-token (RFC 6749 appendix A.4), none NULL, none twice?';

CREATE FUNCTION pgtoken.valid_acr_values(acr_values text[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN cardinality(acr_values) <= 100 AND coalesce(array_ndims(acr_values), 1) = 1
		   AND (SELECT coalesce(bool_and(u IS NOT NULL AND u ~ '^[\x21\x23-\x5b\x5d-\x7e]+$' AND length(u) <= 1024), true) AND count(*) = count(DISTINCT u)
				FROM unnest(acr_values) u);
REVOKE ALL ON FUNCTION pgtoken.valid_acr_values(text[]) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_acr_values(text[]) IS 'Can these be values of acr or amr that a challenge (RFC 9470 section 3) lists? At most 100, each of 1 to 1024 printable ASCII characters without space, quote and backslash, none NULL or named twice';

CREATE FUNCTION pgtoken.valid_factor_acr(factor_acr jsonb) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_typeof(factor_acr) = 'object'
		   AND (SELECT coalesce(bool_and(m.key IN ('email', 'sms', 'totp', 'webauthn', 'recovery_code', 'external')
										 AND jsonb_typeof(m.value) = 'string' AND pgtoken.valid_acr_values(ARRAY[m.value #>> '{}'])), true)
				FROM jsonb_each(CASE jsonb_typeof(factor_acr) WHEN 'object' THEN factor_acr END) m);
REVOKE ALL ON FUNCTION pgtoken.valid_factor_acr(jsonb) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_factor_acr(jsonb) IS 'Is this an object of factor types, each with an acr?';

CREATE FUNCTION pgtoken.valid_webauthn_rp_id(rp_id text) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN length(rp_id) <= 253 AND rp_id ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$';
REVOKE ALL ON FUNCTION pgtoken.valid_webauthn_rp_id(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_webauthn_rp_id(text) IS 'Can this be a relying party of WebAuthn: the name of a host or domain, in lower case?';

CREATE FUNCTION pgtoken.valid_webauthn_origins(origins text[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN cardinality(origins) <= 100 AND coalesce(array_ndims(origins), 1) = 1
		   AND (SELECT coalesce(bool_and(u IS NOT NULL AND length(u) <= 255
										 AND u ~ '^(https://[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*|http://(localhost|127[.]0[.]0[.]1|\[::1\]))(:[1-9][0-9]{0,4})?$'), true)
				FROM unnest(origins) u);
REVOKE ALL ON FUNCTION pgtoken.valid_webauthn_origins(text[]) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_webauthn_origins(text[]) IS 'Is every element an origin (RFC 6454 section 6.2) that a browser gives a WebAuthn assertion: https and a host in lower case, with a port where it is not the usual one; http for loopback hosts only?';

CREATE FUNCTION pgtoken.valid_jwks(jwks text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_jwks' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_jwks(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_jwks(text) IS 'Is this a JWK Set (RFC 7517 section 5) of public keys, at least one of which we can verify with? No private and no symmetric ones';

CREATE FUNCTION pgtoken.policy_rules_problem(rules jsonb) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_policy_rules_problem' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.policy_rules_problem(jsonb) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.policy_rules_problem(jsonb) IS 'What is wrong with the rules of a policy: an English phrase, or NULL. That a function exists and a time zone is known is for create_policy to see';

CREATE FUNCTION pgtoken.client_auth_method(client_type text, metadata jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(metadata ->> 'token_endpoint_auth_method', CASE client_type WHEN 'public' THEN 'none' ELSE 'client_secret_basic' END);
REVOKE ALL ON FUNCTION pgtoken.client_auth_method(text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.client_auth_method(text, jsonb) IS 'Internal: how a client of this type and metadata authenticates (RFC 7591 section 2), the default where the metadata does not say; client_secret_basic then stands for client_secret_post, too';

-- A CHECK constraint calls it while a dump is restored: no table is read.
CREATE FUNCTION pgtoken.client_metadata_problem(client_type text, metadata jsonb) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	-- refresh_token may be there, since RFC 7591 has it, and changes nothing: offline_access allows it
	grant_types CONSTANT jsonb := '["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange", "password"]';
	auth_methods CONSTANT text[] := '{client_secret_basic,client_secret_post,client_secret_jwt,private_key_jwt,tls_client_auth,none}';
	method CONSTANT text := pgtoken.client_auth_method(client_type, metadata);
	assertion_algs CONSTANT text[] := string_to_array(pgtoken.foreign_algs() || ' HS256', ' ');
	assertion_alg CONSTANT text := metadata ->> 'token_endpoint_auth_signing_alg';
	name text;
	value jsonb;
	kind text;
	content text;
	problem text;
BEGIN
	IF metadata IS NULL OR jsonb_typeof(metadata) <> 'object' THEN
		RETURN 'metadata must be a JSON object';
	END IF;
	FOR name, value IN SELECT m.key, m.value FROM jsonb_each(metadata) m ORDER BY m.key COLLATE "C" LOOP
		kind := jsonb_typeof(value);
		content := value #>> '{}';
		problem := CASE name
			WHEN 'grant_types' THEN
				CASE WHEN kind <> 'array' OR NOT value <@ grant_types
						  OR jsonb_array_length(value) <> (SELECT count(DISTINCT e) FROM jsonb_array_elements(value) e)
					 THEN 'must be an array, none twice, of ' || array_to_string(ARRAY(SELECT jsonb_array_elements_text(grant_types)), ', ')
						  || '; it is offline_access that allows refresh_token' END
			WHEN 'token_endpoint_auth_method' THEN
				CASE WHEN kind <> 'string' OR content <> ALL (auth_methods)
					 THEN 'must be one of ' || array_to_string(auth_methods, ', ') END
			WHEN 'token_endpoint_auth_signing_alg' THEN
				CASE WHEN kind <> 'string' OR content <> ALL (assertion_algs)
					 THEN 'must be one of ' || array_to_string(assertion_algs, ', ') END
			WHEN 'jwks' THEN
				CASE WHEN kind <> 'object' OR NOT pgtoken.valid_jwks(content)
					 THEN 'must be a JWK Set (RFC 7517 section 5) of public keys, at least one of a kind and size that we verify with' END
			WHEN 'tls_client_auth_subject_dn' THEN
				CASE WHEN kind <> 'string' OR length(content) > 1000 OR NOT pgtoken.valid_subject_dn(content)
					 THEN 'must be a distinguished name (RFC 4514), its types known keywords or OIDs' END
			WHEN 'post_logout_redirect_uris' THEN
				CASE WHEN kind <> 'array' OR NOT pgtoken.valid_redirect_uris(ARRAY(SELECT jsonb_array_elements_text(value)), pgtoken.native_application(metadata))
					 THEN 'must be an array of absolute URIs without fragment: https, http for loopback hosts, or a private-use scheme with a dot; without one when application_type is native' END
			WHEN 'application_type' THEN
				CASE WHEN kind <> 'string' OR content NOT IN ('web', 'native')
					 THEN 'must be one of web, native' END
			WHEN 'backchannel_logout_uri' THEN
				CASE WHEN kind <> 'string' OR NOT pgtoken.valid_redirect_uri(content) OR content !~* '^https?:'
					 THEN 'must be an https URL without fragment; http only for loopback hosts' END
			WHEN 'subject_type' THEN
				CASE WHEN kind <> 'string' OR content NOT IN ('public', 'pairwise')
					 THEN 'must be one of public, pairwise' END
			WHEN 'sector_identifier' THEN
				CASE WHEN kind <> 'string' OR length(content) > 253
						  OR content !~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$'
					 THEN 'must be the name of a host, in lower case' END
			WHEN 'default_max_age' THEN
				CASE WHEN kind <> 'number' OR content !~ '^[0-9]{1,9}$'
					 THEN 'must be a number of seconds' END
			ELSE
				CASE WHEN name NOT IN ('require_pkce', 'require_pushed_authorization_requests', 'dpop_bound_access_tokens',
									   'tls_client_certificate_bound_access_tokens', 'consent_required', 'require_issuer_audience') THEN 'is not known'
					 WHEN kind <> 'boolean' THEN 'must be true or false' END
		END;
		IF problem IS NOT NULL THEN
			RETURN format('%s %s', CASE WHEN name ~ '^[a-z_]{1,63}$' THEN name ELSE to_json(name)::text END, problem);
		END IF;
	END LOOP;

	IF client_type = 'public' THEN
		IF method <> 'none' THEN
			RETURN 'token_endpoint_auth_method must be none for a public client';
		ELSIF metadata -> 'require_pkce' = 'false' THEN
			RETURN 'require_pkce must not be false for a public client (RFC 9700 section 2.1.1)';
		ELSIF metadata -> 'grant_types' ?| ARRAY['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'] THEN
			RETURN 'grant_types of a public client must name neither client_credentials nor urn:ietf:params:oauth:grant-type:token-exchange';
		END IF;
	ELSIF method = 'none' THEN
		RETURN 'token_endpoint_auth_method must not be none for a confidential client';
	END IF;
	IF assertion_alg IS NOT NULL AND method <> (CASE assertion_alg WHEN 'HS256' THEN 'client_secret_jwt' ELSE 'private_key_jwt' END) THEN
		RETURN 'token_endpoint_auth_signing_alg is HS256 for token_endpoint_auth_method client_secret_jwt, one of the others for private_key_jwt, and none for any other';
	END IF;
	IF method = 'private_key_jwt' AND NOT metadata ? 'jwks' THEN
		RETURN 'jwks must be there when token_endpoint_auth_method is private_key_jwt';
	ELSIF method = 'tls_client_auth' AND NOT metadata ? 'tls_client_auth_subject_dn' THEN
		RETURN 'tls_client_auth_subject_dn must be there when token_endpoint_auth_method is tls_client_auth';
	END IF;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.client_metadata_problem(text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.client_metadata_problem(text, jsonb) IS
'What is wrong with the metadata of a client of this type: an English phrase that names the member, or NULL. Members that are not known are refused, since a misspelt one would be a protection that is not there.';

CREATE FUNCTION pgtoken.valid_lifetime(lifetime interval, shortest interval, longest interval DEFAULT '10 years') RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	-- by the calendar, from the shortest month on and in ten years with three leap days: intervals compare as if each month had 30
	RETURN timestamp '2001-02-01' + lifetime >= timestamp '2001-02-01' + shortest AND timestamp '2000-01-01' + lifetime <= timestamp '2000-01-01' + longest;
REVOKE ALL ON FUNCTION pgtoken.valid_lifetime(interval, interval, interval) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_lifetime(interval, interval, interval) IS 'Internal: is it at least so long and no longer than that? Ten years are 3653 days, more than any setting allows';

CREATE FUNCTION pgtoken.epoch_ended(family bigint, begun_at timestamptz, epoch bigint, epochs_since_end bigint, not_before timestamptz, not_before_epoch bigint) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(coalesce(family, -1) > epoch OR coalesce(family, -1) < epoch - epochs_since_end, false)
		   OR coalesce(coalesce(family, -1) < not_before_epoch AND begun_at < not_before, false);
REVOKE ALL ON FUNCTION pgtoken.epoch_ended(bigint, timestamptz, bigint, bigint, timestamptz, bigint) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.epoch_ended(bigint, timestamptz, bigint, bigint, timestamptz, bigint) IS 'Internal: is a family of this epoch, begun then, among what an issuer or client has ended?';
