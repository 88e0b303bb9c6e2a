-- Clients (RFC 6749 section 2) and their metadata (RFC 7591).

CREATE FUNCTION pgtoken.native_application(metadata jsonb) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(metadata ->> 'application_type', 'web') = 'native';
REVOKE ALL ON FUNCTION pgtoken.native_application FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.native_application IS 'Internal: does a client''s metadata say that it is installed on its user''s device (OpenID Connect Registration section 2)?';

CREATE FUNCTION pgtoken.valid_redirect_uris(redirect_uris text[], native boolean) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_redirect_uris' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_redirect_uris FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_redirect_uris IS 'Internal: is every element a possible redirect URI, and none NULL? native: of an application that is installed on its user''s device, whose private-use scheme needs no dot; schemes that browsers and systems know themselves, such as javascript, data and file, are none';

CREATE FUNCTION pgtoken.valid_subject_dn(name text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_subject_dn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_subject_dn FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_subject_dn IS 'Internal: is this a distinguished name (RFC 4514) whose types are OIDs or keywords that OpenSSL knows?';

CREATE FUNCTION pgtoken.valid_jwks(jwks text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_jwks' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_jwks FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_jwks IS 'Internal: is this a JWK Set (RFC 7517 section 5) of public keys, at least one of which we can verify with? No private and no symmetric ones';

CREATE FUNCTION pgtoken.client_auth_method(client_type text, metadata jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(metadata ->> 'token_endpoint_auth_method', CASE client_type WHEN 'public' THEN 'none' ELSE 'client_secret_basic' END);
REVOKE ALL ON FUNCTION pgtoken.client_auth_method FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.client_auth_method IS 'Internal: how a client of this type and metadata authenticates (RFC 7591 section 2), the default where the metadata does not say; client_secret_basic then stands for client_secret_post, too';

CREATE FUNCTION pgtoken.client_auth_methods(client_type text, metadata jsonb) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN pgtoken.client_auth_method(client_type, metadata)
		   || CASE jsonb_typeof(metadata -> 'additional_auth_methods') WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(metadata -> 'additional_auth_methods')) ELSE '{}' END;
REVOKE ALL ON FUNCTION pgtoken.client_auth_methods FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.client_auth_methods IS 'Internal: all ways in which a client of this type and metadata may authenticate, client_auth_method() first';

CREATE FUNCTION pgtoken.key_methods_only(client_type text, metadata jsonb) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN pgtoken.client_auth_methods(client_type, metadata) <@ '{private_key_jwt,tls_client_auth,self_signed_tls_client_auth}'::text[];
REVOKE ALL ON FUNCTION pgtoken.key_methods_only FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.key_methods_only IS 'Internal: does such a client always prove a private key of its own when it authenticates?';

CREATE FUNCTION pgtoken.valid_certificate_name(member text, name text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_certificate_name' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_certificate_name FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_certificate_name IS 'Internal: can this be the value of a member that names the subject of a certificate (RFC 8705 section 2.1.2)? member: one of choices(''certificate name'')';

-- A CHECK constraint calls it while a dump is restored: no table is read.
CREATE FUNCTION pgtoken.client_metadata_problem(client_type text, metadata jsonb) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	method CONSTANT text := pgtoken.client_auth_method(client_type, metadata);
	methods CONSTANT text[] := pgtoken.client_auth_methods(client_type, metadata);
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
			-- refresh_token may be there, since RFC 7591 has it, and changes nothing: offline_access allows it
			WHEN 'grant_types' THEN
				CASE WHEN kind <> 'array' OR NOT value <@ to_jsonb(pgtoken.choices(name))
						  OR jsonb_array_length(value) <> (SELECT count(DISTINCT e) FROM jsonb_array_elements(value) e)
					 THEN 'must be an array, none twice, of ' || array_to_string(pgtoken.choices(name), ', ')
						  || '; it is offline_access that allows refresh_token' END
			WHEN 'jwks' THEN
				CASE WHEN kind <> 'object' OR NOT pgtoken.valid_jwks(content)
					 THEN 'must be a JWK Set (RFC 7517 section 5) of public keys, at least one of a kind and size that we verify with' END
			WHEN 'jwks_uri' THEN
				CASE WHEN kind <> 'string' OR octet_length(content) > 1000 OR NOT pgtoken.valid_redirect_uri(content) OR content !~* '^https?:'
					 THEN 'must be an https URL of at most 1000 bytes without fragment; http only for loopback hosts' END
			WHEN 'tls_client_auth_subject_dn' THEN
				CASE WHEN kind <> 'string' OR length(content) > 1000 OR NOT pgtoken.valid_subject_dn(content)
					 THEN 'must be a distinguished name (RFC 4514), its types known keywords or OIDs' END
			WHEN 'additional_auth_methods' THEN
				CASE WHEN kind <> 'array' OR NOT value <@ to_jsonb(array_remove(pgtoken.choices('token_endpoint_auth_method'), 'none'))
						  OR jsonb_array_length(value) <> (SELECT count(DISTINCT e) FROM jsonb_array_elements(value) e) OR value ? method
					 THEN 'must be an array, none twice, of ' || array_to_string(array_remove(pgtoken.choices('token_endpoint_auth_method'), 'none'), ', ')
						  || ', without the token_endpoint_auth_method' END
			WHEN 'post_logout_redirect_uris' THEN
				CASE WHEN kind <> 'array' OR NOT pgtoken.valid_redirect_uris(ARRAY(SELECT jsonb_array_elements_text(value)), pgtoken.native_application(metadata))
					 THEN 'must be an array of absolute URIs without fragment: https, http for loopback hosts, or a private-use scheme with a dot; without one when application_type is native' END
			WHEN 'authorization_details_types' THEN
				CASE WHEN kind <> 'array' OR EXISTS (SELECT FROM jsonb_array_elements(value) e WHERE jsonb_typeof(e) <> 'string' OR e #>> '{}' !~ '^[\x21-\x7e]{1,255}$')
						  OR jsonb_array_length(value) <> (SELECT count(DISTINCT e) FROM jsonb_array_elements(value) e)
					 THEN 'must be an array of names of types, none twice' END
			WHEN 'sector_identifier_uri' THEN
				CASE WHEN kind <> 'string' OR NOT pgtoken.valid_redirect_uri(content) OR content !~ '^https:'
					 THEN 'must be an https URL without fragment' END
			WHEN 'sector_identifier' THEN
				CASE WHEN kind <> 'string' OR NOT pgtoken.valid_host_name(content)
					 THEN 'must be the name of a host, in lower case' END
			WHEN 'contacts' THEN
				CASE WHEN kind <> 'array' OR jsonb_array_length(value) > 10
						  OR EXISTS (SELECT FROM jsonb_array_elements(value) e WHERE jsonb_typeof(e) <> 'string' OR length(e #>> '{}') NOT BETWEEN 1 AND 255 OR e #>> '{}' ~ '[[:cntrl:]]')
					 THEN 'must be an array of at most 10 strings of at most 255 characters' END
			WHEN 'consent_lifetime' THEN
				CASE WHEN kind <> 'number' OR content !~ '^[0-9]{1,9}$' OR content::integer <> 0 AND content::integer NOT BETWEEN 60 AND 315360000
					 THEN 'must be a number of seconds, 60 to 315360000, or 0 for a consent without end' END
			WHEN 'max_sessions' THEN
				CASE WHEN kind <> 'number' OR content !~ '^[1-9][0-9]{0,5}$'
					 THEN 'must be a number, 1 to 999999' END
			WHEN 'default_max_age' THEN
				CASE WHEN kind <> 'number' OR content !~ '^[0-9]{1,9}$'
					 THEN 'must be a number of seconds' END
			-- the fragment is the hash of what is there (OpenID Connect Core section 6.2)
			WHEN 'request_uris' THEN
				CASE WHEN kind <> 'array' OR jsonb_path_exists(value, '$[*] ? (@.type() != "string")') OR jsonb_array_length(value) > 100
						  OR EXISTS (SELECT FROM jsonb_array_elements_text(value) u
									 WHERE octet_length(u) > 512 OR u !~* '^https?:' OR u !~ '^[^#]*(#[A-Za-z0-9_-]*)?$' OR NOT pgtoken.valid_redirect_uri(split_part(u, '#', 1)))
					 THEN 'must be an array of at most 100 https URLs of at most 512 bytes, with or without a hash as fragment; http only for loopback hosts' END
			WHEN 'default_acr_values' THEN
				CASE WHEN kind <> 'array' OR jsonb_path_exists(value, '$[*] ? (@.type() != "string")') OR NOT pgtoken.valid_acr_values(ARRAY(SELECT jsonb_array_elements_text(value))) OR length(content) > 1000
					 THEN 'must be an array of values of acr, none twice, 1000 bytes in all' END
			ELSE
				CASE WHEN name IN ('application_type', 'subject_type', 'at_session_limit', 'token_endpoint_auth_method', 'token_endpoint_auth_signing_alg',
								   'request_object_signing_alg',
									   'authorization_signed_response_alg', 'userinfo_signed_response_alg', 'introspection_signed_response_alg') THEN
						  CASE WHEN kind <> 'string' OR content <> ALL (pgtoken.choices(name))
							   THEN 'must be one of ' || array_to_string(pgtoken.choices(name), ', ') END
					 WHEN name IN ('backchannel_logout_uri', 'frontchannel_logout_uri', 'initiate_login_uri', 'client_uri', 'logo_uri', 'tos_uri', 'policy_uri') THEN
						  CASE WHEN kind <> 'string' OR NOT pgtoken.valid_redirect_uri(content) OR content !~* '^https?:'
							   THEN 'must be an https URL without fragment; http only for loopback hosts' END
					 WHEN name = ANY (pgtoken.choices('certificate name')) THEN
						  CASE WHEN kind <> 'string' OR NOT pgtoken.valid_certificate_name(name, content)
							   THEN 'must be such a name in full (RFC 8705 section 2.1.2): a host without wildcard, an absolute URI, an address, a mailbox' END
					 -- the same for people of one language (RFC 7591 section 2.2)
					 WHEN name ~ ('^(client_uri|logo_uri|tos_uri|policy_uri)#' || pgtoken.language_tag_pattern() || '$') THEN
						  CASE WHEN kind <> 'string' OR NOT pgtoken.valid_redirect_uri(content) OR content !~* '^https?:'
							   THEN 'must be an https URL without fragment; http only for loopback hosts' END
					 WHEN name ~ ('^client_name#' || pgtoken.language_tag_pattern() || '$') THEN
						  CASE WHEN kind <> 'string' OR NOT pgtoken.valid_shown_name(content)
							   THEN 'must be a string of at most 200 characters, none of them a control character' END
					 WHEN name IN ('software_id', 'software_version') THEN
						  CASE WHEN kind <> 'string' OR length(content) NOT BETWEEN 1 AND 255 OR content ~ '[[:cntrl:]]'
							   THEN 'must be a string of at most 255 characters' END
					 WHEN name NOT IN ('require_pkce', 'require_pushed_authorization_requests', 'dpop_bound_access_tokens',
									   'tls_client_certificate_bound_access_tokens', 'consent_required', 'require_issuer_audience',
									   'require_signed_request_object', 'session_refresh',
									   'backchannel_logout_session_required', 'frontchannel_logout_session_required') THEN 'is not known'
					 WHEN kind <> 'boolean' THEN 'must be true or false' END
		END;
		IF problem IS NOT NULL THEN
			RETURN format('%s %s', CASE WHEN name ~ '^[a-z_]{1,63}(#[A-Za-z0-9-]{1,35})?$' THEN name ELSE to_json(name)::text END, problem);
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
	IF client_type = 'public' AND metadata ? 'additional_auth_methods' THEN
		RETURN 'additional_auth_methods must not be there for a public client';
	END IF;
	IF assertion_alg IS NOT NULL AND (CASE assertion_alg WHEN 'HS256' THEN 'client_secret_jwt' ELSE 'private_key_jwt' END) <> ALL (methods) THEN
		RETURN 'token_endpoint_auth_signing_alg is HS256 for token_endpoint_auth_method client_secret_jwt, one of the others for private_key_jwt, and none for any other';
	END IF;
	IF metadata ?& '{sector_identifier,sector_identifier_uri}' THEN
		RETURN 'sector_identifier and sector_identifier_uri must not be there both';
	END IF;
	IF metadata ?& '{jwks,jwks_uri}' THEN
		RETURN 'jwks and jwks_uri must not be there both (RFC 7591 section 2)';
	ELSIF 'private_key_jwt' = ANY (methods) AND NOT metadata ?| '{jwks,jwks_uri}' THEN
		RETURN 'jwks or jwks_uri must be there when token_endpoint_auth_method is private_key_jwt';
	ELSIF 'self_signed_tls_client_auth' = ANY (methods) AND NOT metadata ?| '{jwks,jwks_uri}' THEN
		RETURN 'jwks or jwks_uri must be there when token_endpoint_auth_method is self_signed_tls_client_auth';
	ELSIF 'self_signed_tls_client_auth' = ANY (methods) AND NOT coalesce(metadata -> 'jwks' -> 'keys' @? '$[*] ? (exists (@.x5c) || exists (@."x5t#S256"))', true) THEN
		RETURN 'jwks must have a key with x5c or x5t#S256 when token_endpoint_auth_method is self_signed_tls_client_auth (RFC 8705 section 2.2.2)';
	ELSIF 'tls_client_auth' = ANY (methods)
		  AND (SELECT count(*) FROM unnest('tls_client_auth_subject_dn'::text || pgtoken.choices('certificate name')) m WHERE metadata ? m) <> 1 THEN
		RETURN format('exactly one of %s must be there when token_endpoint_auth_method is tls_client_auth',
					  array_to_string('tls_client_auth_subject_dn'::text || pgtoken.choices('certificate name'), ', '));
	END IF;
	IF metadata -> 'require_signed_request_object' = 'true' AND NOT metadata ?| '{jwks,jwks_uri}' THEN
		RETURN 'jwks must be there when require_signed_request_object is true';
	END IF;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.client_metadata_problem FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.client_metadata_problem IS
'Internal: what is wrong with the metadata of a client of this type: an English phrase that names the member, or NULL. Members that are not known are refused, since a misspelt one would be a protection that is not there.';

CREATE FUNCTION pgtoken.fitting_rotation(rotation text, client_type text) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN rotation <> 'never' OR client_type = 'confidential';
REVOKE ALL ON FUNCTION pgtoken.fitting_rotation FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.fitting_rotation IS 'Internal: the refresh tokens of a public client must rotate (RFC 9700 section 2.2.2)';

CREATE FUNCTION pgtoken.fapi_profile(profile text) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN profile IN ('fapi2', 'fapi2-message-signing');
REVOKE ALL ON FUNCTION pgtoken.fapi_profile FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.fapi_profile IS 'Internal: is it the FAPI 2.0 Security Profile or one that has all of it?';

CREATE FUNCTION pgtoken.profile_metadata(profile text, metadata jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN CASE WHEN pgtoken.fapi_profile(profile) THEN
		jsonb_build_object('token_endpoint_auth_method', CASE WHEN metadata ?| ('tls_client_auth_subject_dn'::text || pgtoken.choices('certificate name')) THEN 'tls_client_auth' ELSE 'private_key_jwt' END,
						   'require_issuer_audience', true, 'require_pushed_authorization_requests', true)
		|| CASE WHEN metadata -> 'tls_client_certificate_bound_access_tokens' = 'true' THEN '{}' ELSE jsonb_build_object('dpop_bound_access_tokens', true) END
		|| CASE profile WHEN 'fapi2-message-signing' THEN jsonb_build_object('require_signed_request_object', true) ELSE '{}' END
		ELSE '{}' END || metadata;
REVOKE ALL ON FUNCTION pgtoken.profile_metadata FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.profile_metadata IS 'Internal, called by create_client: the metadata, and what the profile demands where they do not say otherwise';

-- A CHECK constraint calls it while a dump is restored: no table is read.
CREATE FUNCTION pgtoken.profile_problems(profile text, client_type text, redirect_uris text[], signing_alg text, metadata jsonb) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN array_remove(ARRAY[
		CASE WHEN profile <> 'oauth2' AND metadata -> 'grant_types' ? 'password' THEN 'grant_types must not name password (OAuth 2.1 has no such grant).' END,
		CASE WHEN profile <> 'oauth2' AND metadata -> 'require_pkce' = 'false' THEN 'require_pkce must not be false (OAuth 2.1 section 4.1.1).' END]
		|| CASE WHEN pgtoken.fapi_profile(profile) THEN ARRAY[
		CASE WHEN client_type <> 'confidential' THEN 'client_type must be confidential.' END,
		CASE WHEN NOT pgtoken.key_methods_only(client_type, metadata)
			 THEN 'token_endpoint_auth_method, and each of additional_auth_methods, must be private_key_jwt, tls_client_auth or self_signed_tls_client_auth.' END,
		CASE WHEN NOT pgtoken.client_auth_methods(client_type, metadata) <@ '{tls_client_auth,self_signed_tls_client_auth}'::text[] AND metadata -> 'require_issuer_audience' IS DISTINCT FROM 'true'
			 THEN 'require_issuer_audience must be true with private_key_jwt: its assertions name the issuer, as a string, as their only aud.' END,
		CASE WHEN metadata -> 'require_pushed_authorization_requests' IS DISTINCT FROM 'true'
			 THEN 'require_pushed_authorization_requests must be true: it pushes its authorization requests (RFC 9126).' END,
		CASE WHEN metadata -> 'dpop_bound_access_tokens' IS DISTINCT FROM 'true' AND metadata -> 'tls_client_certificate_bound_access_tokens' IS DISTINCT FROM 'true'
			 THEN 'dpop_bound_access_tokens (RFC 9449) or tls_client_certificate_bound_access_tokens (RFC 8705) must be true.' END,
		CASE WHEN EXISTS (SELECT FROM unnest(redirect_uris) u WHERE u ~* '^http:') AND NOT pgtoken.native_application(metadata)
			 THEN 'redirect_uris must have no http, loopback hosts included: only an application_type of native may have those.' END,
		CASE WHEN signing_alg IS NULL OR signing_alg <> ALL (pgtoken.choices('fapi alg'))
			 THEN format('signing_alg must be one of %s, and not %s.', array_to_string(ARRAY(SELECT a FROM unnest(pgtoken.choices('alg')) a WHERE a = ANY (pgtoken.choices('fapi alg'))), ', '), coalesce(signing_alg, 'NULL')) END,
		CASE WHEN profile = 'fapi2-message-signing' AND metadata -> 'require_signed_request_object' IS DISTINCT FROM 'true'
			 THEN 'require_signed_request_object must be true: it signs its authorization requests (RFC 9101).' END]
		-- of what it signs and of what is signed for it, whatever members there are
		|| ARRAY(SELECT format('%s must be one of %s, or not there.', m.key, array_to_string(pgtoken.choices('fapi alg'), ', '))
				 FROM jsonb_each_text(metadata) m WHERE m.key LIKE '%\_alg' AND m.value <> ALL (pgtoken.choices('fapi alg')) ORDER BY m.key COLLATE "C")
		ELSE '{}' END, NULL);
REVOKE ALL ON FUNCTION pgtoken.profile_problems FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.profile_problems IS 'Internal: what a client would have to change to be of this profile, a sentence each. What is demanded of its requests, and that it cannot be without, the endpoints demand';

CREATE TABLE pgtoken.clients (
	client_id text NOT NULL,
	issuer text NOT NULL,
	client_name text,
	client_type text NOT NULL,
	enabled boolean NOT NULL DEFAULT true,
	scopes text[] NOT NULL,
	redirect_uris text[] NOT NULL,
	resources text[],
	offline_access boolean NOT NULL,
	signing_alg text,
	access_token_lifetime interval,
	refresh_absolute_lifetime interval,
	refresh_idle_lifetime interval,
	retry_window interval,
	retry_limit integer,
	lockstep_generations integer,
	rotation text NOT NULL,
	profile text NOT NULL,
	metadata jsonb NOT NULL DEFAULT '{}',
	not_before timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	epoch bigint NOT NULL DEFAULT (pg_catalog.hashtextextended(pg_catalog.gen_random_uuid()::text, 0) OPERATOR(pg_catalog.&) 4503599627370495),
	epochs_since_end bigint NOT NULL DEFAULT 0,
	not_before_epoch bigint NOT NULL DEFAULT 9223372036854775807,
	CONSTRAINT clients_pkey PRIMARY KEY (client_id),
	CONSTRAINT clients_client_id_check CHECK (client_id ~ '^[\x20-\x7e]{1,255}$'),
	CONSTRAINT clients_client_type_check CHECK (client_type = ANY (pgtoken.choices('client type'))),
	CONSTRAINT clients_scopes_check CHECK (pgtoken.scopes_problem(scopes, of_client => true) IS NULL),
	CONSTRAINT clients_redirect_uris_check CHECK (pgtoken.valid_redirect_uris(redirect_uris, pgtoken.native_application(metadata))),
	CONSTRAINT clients_signing_alg_check CHECK (signing_alg = ANY (pgtoken.choices('alg'))),
	CONSTRAINT clients_access_token_lifetime_check CHECK (pgtoken.valid_token_lifetime(access_token_lifetime)),
	CONSTRAINT clients_refresh_absolute_lifetime_check CHECK (pgtoken.valid_lifetime(refresh_absolute_lifetime, '1 minute')),
	CONSTRAINT clients_refresh_idle_lifetime_check CHECK (pgtoken.valid_lifetime(refresh_idle_lifetime, '1 minute')),
	CONSTRAINT clients_retry_window_check CHECK (pgtoken.valid_lifetime(retry_window, '0',
		CASE WHEN pgtoken.key_methods_only(client_type, metadata)
				  OR metadata -> 'dpop_bound_access_tokens' = 'true' OR metadata -> 'tls_client_certificate_bound_access_tokens' = 'true'
			 THEN interval '10 years' ELSE interval '1 hour' END)),
	CONSTRAINT clients_retry_limit_check CHECK (retry_limit >= 0),
	CONSTRAINT clients_lockstep_generations_check CHECK (lockstep_generations >= 0),
	CONSTRAINT clients_metadata_check CHECK (pgtoken.client_metadata_problem(client_type, metadata) IS NULL),
	CONSTRAINT clients_rotation_check CHECK (rotation = ANY (pgtoken.choices('rotation')) AND pgtoken.fitting_rotation(rotation, client_type)),
	CONSTRAINT clients_profile_check CHECK (profile = ANY (pgtoken.choices('profile'))
		AND pgtoken.profile_problems(profile, client_type, redirect_uris, signing_alg, metadata) = '{}')
);
COMMENT ON TABLE pgtoken.clients IS 'OAuth clients (RFC 6749 section 2); one that was used is switched off by update_client(enabled => false), not deleted: audit and families keep their name';
COMMENT ON COLUMN pgtoken.clients.client_id IS 'client_id (RFC 6749 section 2.2), unique over all issuers';
COMMENT ON COLUMN pgtoken.clients.issuer IS 'Issuer the client is registered with; its tokens carry this iss';
COMMENT ON COLUMN pgtoken.clients.client_name IS 'Name for people (RFC 7591 section 2)';
COMMENT ON COLUMN pgtoken.clients.client_type IS 'confidential: authenticates, with a secret, a key or a certificate. public: native and single-page applications';
COMMENT ON COLUMN pgtoken.clients.enabled IS 'false: it cannot authenticate and its access tokens are refused from the next statement on';
COMMENT ON COLUMN pgtoken.clients.scopes IS 'Scopes the client may ask for; offline_access is governed by its own column';
COMMENT ON COLUMN pgtoken.clients.redirect_uris IS 'Where the client may have its user sent back (RFC 6749 section 3.1.2)';
COMMENT ON COLUMN pgtoken.clients.resources IS 'APIs the client may ask tokens for, the first being its default; NULL: every enabled resource of its issuer';
COMMENT ON COLUMN pgtoken.clients.offline_access IS 'May the client get refresh tokens?';
COMMENT ON COLUMN pgtoken.clients.signing_alg IS 'Algorithm of its access and ID tokens; NULL: the issuer''s default_alg';
COMMENT ON COLUMN pgtoken.clients.access_token_lifetime IS 'Life of its access and ID tokens, unless a resource asks for a shorter one or the family ends before; NULL: pgtoken.access_token_lifetime';
COMMENT ON COLUMN pgtoken.clients.refresh_absolute_lifetime IS 'Life of a family, which rotation does not extend; NULL: pgtoken.refresh_absolute_lifetime';
COMMENT ON COLUMN pgtoken.clients.refresh_idle_lifetime IS 'Time without a refresh after which a family ends; NULL: pgtoken.refresh_idle_lifetime';
COMMENT ON COLUMN pgtoken.clients.retry_window IS 'How long the predecessor of an unused refresh token still gets the same successor; 0: strict; NULL: pgtoken.retry_window_bound where the request proves a key, else _confidential or _public; more than an hour only where a key is always proved';
COMMENT ON COLUMN pgtoken.clients.retry_limit IS 'How many such retries per rotation; NULL: any number';
COMMENT ON COLUMN pgtoken.clients.lockstep_generations IS 'How many generations running may be answered from two contexts until that is reuse; 0: never; NULL: pgtoken.lockstep_generations';
COMMENT ON COLUMN pgtoken.clients.rotation IS 'always: each refresh gives a new refresh token. never: the same one stays (confidential clients only)';
COMMENT ON COLUMN pgtoken.clients.profile IS 'Which rules hold it: oauth2 (RFC 6749 with RFC 9700), oauth21, fapi2 or fapi2-message-signing; each demands all of the one before it';
COMMENT ON COLUMN pgtoken.clients.metadata IS 'Further properties by the names of RFC 7591 and its companions, as create_client lists them; a member that is not there has its default';
COMMENT ON COLUMN pgtoken.clients.not_before IS 'Its tokens issued before are refused; see set_not_before';
COMMENT ON COLUMN pgtoken.clients.created_at IS 'When the client was registered';
COMMENT ON COLUMN pgtoken.clients.epoch IS 'As issuers.epoch: moves on with revoke_client and set_not_before; a client_id that was deleted and is made again has none of its families';
COMMENT ON COLUMN pgtoken.clients.epochs_since_end IS 'As issuers.epochs_since_end';
COMMENT ON COLUMN pgtoken.clients.not_before_epoch IS 'As issuers.not_before_epoch';
COMMENT ON INDEX pgtoken.clients_pkey IS 'Finds a client; client_id is unique over all issuers';
COMMENT ON CONSTRAINT clients_client_id_check ON pgtoken.clients IS '1 to 255 printable ASCII characters (RFC 6749 appendix A.1)';
COMMENT ON CONSTRAINT clients_client_type_check ON pgtoken.clients IS 'RFC 6749 section 2.1';
COMMENT ON CONSTRAINT clients_scopes_check ON pgtoken.clients IS 'Each a scope-token (RFC 6749 section 3.3), none NULL, none twice; offline_access has its own column';
COMMENT ON CONSTRAINT clients_redirect_uris_check ON pgtoken.clients IS 'https, http on loopback, or a private-use scheme with a dot (RFC 8252); no fragment';
COMMENT ON CONSTRAINT clients_signing_alg_check ON pgtoken.clients IS 'What the library can sign with; never none (RFC 8725 section 3.2)';
COMMENT ON CONSTRAINT clients_access_token_lifetime_check ON pgtoken.clients IS '10 seconds to a day, which no access token outlives: retiring keys and the blacklist rely on it';
COMMENT ON CONSTRAINT clients_refresh_absolute_lifetime_check ON pgtoken.clients IS '1 minute to 10 years';
COMMENT ON CONSTRAINT clients_refresh_idle_lifetime_check ON pgtoken.clients IS '1 minute to 10 years';
COMMENT ON CONSTRAINT clients_retry_limit_check ON pgtoken.clients IS '0 or more';
COMMENT ON CONSTRAINT clients_lockstep_generations_check ON pgtoken.clients IS '0 or more';
COMMENT ON CONSTRAINT clients_retry_window_check ON pgtoken.clients IS 'A retry is for an answer that got lost: an hour is plenty, but where nobody can use the token without the client''s key';
COMMENT ON CONSTRAINT clients_metadata_check ON pgtoken.clients IS 'Known members only, of the right type, and fitting each other and client_type';
COMMENT ON CONSTRAINT clients_profile_check ON pgtoken.clients IS 'What its profile demands of it (FAPI 2.0 Security Profile section 5.3.2): none is there in name only';
COMMENT ON CONSTRAINT clients_rotation_check ON pgtoken.clients IS 'The refresh tokens of a public client must rotate (RFC 9700 section 2.2.2)';

ALTER TABLE pgtoken.clients
	ALTER metadata SET STORAGE MAIN, ALTER metadata SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.clients', '');
ALTER TABLE pgtoken.clients ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.clients FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.clients IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.clients TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.clients FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('client', 'epoch, epochs_since_end, not_before_epoch');
COMMENT ON TRIGGER audit ON pgtoken.clients IS 'Writes the row before and after to audit_events';
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.clients FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate ON pgtoken.clients IS 'Makes every backend drop its cached configuration, and with it the tokens it has verified, when the transaction commits';
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.clients FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.clients IS 'As invalidate, for TRUNCATE';

CREATE TYPE pgtoken.client_credentials AS (
	client_id text,
	client_secret text
);
REVOKE ALL ON TYPE pgtoken.client_credentials FROM PUBLIC;
GRANT USAGE ON TYPE pgtoken.client_credentials TO pgtoken_admin;
COMMENT ON TYPE pgtoken.client_credentials IS 'Answer of create_client: the secret is shown this once; NULL for a public client';
COMMENT ON COLUMN pgtoken.client_credentials.client_id IS 'The client, as registered';
COMMENT ON COLUMN pgtoken.client_credentials.client_secret IS 'Prefix pgtcs_ and 256 random bits in base64url; stored as a hash only, but for client_secret_jwt, which needs it itself (wrapped like the keys); NULL for a client that has none: public ones, private_key_jwt, tls_client_auth, self_signed_tls_client_auth';

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
REVOKE ALL ON FUNCTION pgtoken.merged_metadata FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.merged_metadata IS 'Internal, called by create_client and update_client: the metadata with the members of changes, without those that changes gives as null; raises 22023 unless changes is an object or NULL';

CREATE FUNCTION pgtoken.web_origin(url text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN regexp_replace(lower(substring(url FROM '(?i)^https?://[^/?#]+')), '^(https://.+):443$|^(http://.+):80$', '\1\2');
REVOKE ALL ON FUNCTION pgtoken.web_origin FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.web_origin IS 'Internal, called by check_client: scheme, host and port of an http or https URL, a default port left out (RFC 6454 section 4); NULL of any other URI';

CREATE FUNCTION pgtoken.check_client(issuer text, client_type text, scopes text[], redirect_uris text[], resources text[], signing_alg text, rotation text, metadata jsonb, profile text)
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
	PERFORM pgtoken.check_choice('client type', client_type);
	PERFORM pgtoken.check_scopes(scopes, of_client => true);
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
	PERFORM pgtoken.check_choice('rotation', rotation);
	IF NOT pgtoken.fitting_rotation(rotation, client_type) THEN
		RAISE EXCEPTION 'the refresh tokens of a public client must rotate'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'RFC 9700 section 2.2.2.';
	END IF;
	problem := pgtoken.client_metadata_problem(client_type, metadata);
	-- OpenID Connect Core section 8.1: several hosts would make several sectors
	IF problem IS NULL AND metadata ->> 'subject_type' = 'pairwise' AND NOT metadata ?| '{sector_identifier,sector_identifier_uri}' AND cardinality(redirect_uris) > 0
	   AND (SELECT count(DISTINCT u.host) <> 1 OR bool_or(u.host IS NULL)
			FROM (SELECT substring(r FROM '(?i)^https?://(\[[^]]*\]|[^/?:]*)') FROM unnest(redirect_uris) r) u (host)) THEN
		problem := 'sector_identifier or sector_identifier_uri must be there when subject_type is pairwise and the redirect URIs are not of one host';
	END IF;
	-- Front-Channel Logout section 2: a page of somebody else's would be told of each logout, and be loaded in its frame
	IF problem IS NULL AND metadata ? 'frontchannel_logout_uri'
	   AND pgtoken.web_origin(metadata ->> 'frontchannel_logout_uri') <> ALL (ARRAY(SELECT coalesce(pgtoken.web_origin(r), '') FROM unnest(redirect_uris) r)) THEN
		problem := 'frontchannel_logout_uri must have scheme, host and port of a redirect URI';
	END IF;
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'invalid client metadata'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = problem || '.' || CASE WHEN pgtoken.fapi_profile(profile) AND problem LIKE 'jwks or jwks\_uri must be there%'
												  THEN format(' A client of %s authenticates by such a key, or by a certificate that its metadata name.', profile)
												  -- whoever gives client_name#de looks for client_name beside it
												  WHEN problem ~ '^(client_name|scopes|redirect_uris|resources|offline_access|profile) is not known$'
												  THEN ' It is an argument of create_client and update_client, and no member of metadata.' ELSE '' END;
	END IF;
	PERFORM pgtoken.check_choice('profile', profile);
	IF pgtoken.profile_problems(profile, client_type, redirect_uris, signing_alg, metadata) <> '{}' THEN
		RAISE EXCEPTION 'the client cannot have the profile %', profile
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = array_to_string(pgtoken.profile_problems(profile, client_type, redirect_uris, signing_alg, metadata), ' '),
				  HINT = 'Change that in the client''s application first, then here, together with profile or before it.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_client FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_client IS 'Internal, called by create_client and update_client: raises 22023 for what a client cannot be';

CREATE FUNCTION pgtoken.check_response_algs(issuer text, before jsonb, after jsonb) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	lacking text;
BEGIN
	SELECT after ->> m INTO lacking FROM unnest(ARRAY['authorization_signed_response_alg', 'introspection_signed_response_alg', 'userinfo_signed_response_alg']) m
	WHERE after ->> m IS DISTINCT FROM before ->> m
	  AND after ->> m <> ALL (SELECT k.alg FROM pgtoken.signing_keys k WHERE k.issuer = check_response_algs.issuer AND k.state = 'active')
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'the issuer has no active % key', lacking
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  HINT = format('SELECT pgtoken.create_signing_key(%L) first.', lacking);
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_response_algs FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_response_algs IS 'Internal, called by create_client and update_client: raises 55000 where the metadata newly name an algorithm for signed answers that the issuer has no active key of';

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
	rotation text DEFAULT NULL,
	issuer text DEFAULT NULL,
	metadata jsonb DEFAULT '{}',
	lockstep_generations integer DEFAULT NULL,
	if_not_exists boolean DEFAULT false,
	profile text DEFAULT NULL
) RETURNS pgtoken.client_credentials
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	credentials pgtoken.client_credentials;
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	given_metadata jsonb := pgtoken.merged_metadata('{}', metadata);
	-- what works without being told of profiles goes on working
	of_profile CONSTANT text := coalesce(profile, CASE WHEN pgtoken.profile_problems('oauth21', client_type, redirect_uris, signing_alg, given_metadata) = '{}'
													   THEN 'oauth21' ELSE 'oauth2' END);
	existing pgtoken.clients;
BEGIN
	IF client_id IS NULL OR client_type IS NULL OR scopes IS NULL OR redirect_uris IS NULL OR offline_access IS NULL OR metadata IS NULL THEN
		RAISE EXCEPTION 'client_id, client_type, scopes, redirect_uris, offline_access and metadata must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	resources := pgtoken.registered_resources(of_issuer, resources);
	IF pgtoken.fapi_profile(of_profile) THEN
		-- a public client is told that it is one, and not that it lacks keys
		given_metadata := pgtoken.profile_metadata(of_profile, CASE client_type WHEN 'public' THEN jsonb '{"token_endpoint_auth_method": "none"}' ELSE '{}' END || given_metadata);
		signing_alg := coalesce(signing_alg, (SELECT i.default_alg FROM pgtoken.issuers i WHERE i.issuer = of_issuer));
	END IF;
	rotation := coalesce(rotation, CASE WHEN pgtoken.fapi_profile(of_profile) AND client_type = 'confidential' THEN 'never' ELSE 'always' END);
	PERFORM pgtoken.check_client(of_issuer, client_type, scopes, redirect_uris, resources, signing_alg, rotation, given_metadata, of_profile);
	PERFORM pgtoken.check_response_algs(of_issuer, '{}', given_metadata);
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
							   'retry_limit', retry_limit, 'rotation', rotation, 'metadata', given_metadata, 'lockstep_generations', lockstep_generations,
							   'profile', of_profile), if_not_exists);
		RETURN credentials;
	END IF;
	IF of_profile <> coalesce(profile, 'oauth21') THEN
		RAISE NOTICE 'the client "%" has the profile oauth2', client_id
			USING DETAIL = array_to_string(pgtoken.profile_problems('oauth21', client_type, redirect_uris, signing_alg, given_metadata), ' '),
				  HINT = 'profile => ''oauth2'' says that this is meant.';
	END IF;
	INSERT INTO pgtoken.clients (client_id, issuer, client_name, client_type, scopes, redirect_uris, resources, offline_access,
								 signing_alg, access_token_lifetime, refresh_absolute_lifetime, refresh_idle_lifetime,
								 retry_window, retry_limit, rotation, metadata, lockstep_generations, profile)
	VALUES (create_client.client_id, of_issuer, create_client.client_name, create_client.client_type, create_client.scopes,
			create_client.redirect_uris, create_client.resources, create_client.offline_access, create_client.signing_alg,
			create_client.access_token_lifetime, create_client.refresh_absolute_lifetime, create_client.refresh_idle_lifetime,
			create_client.retry_window, create_client.retry_limit, create_client.rotation, given_metadata,
			create_client.lockstep_generations, of_profile);
	IF EXISTS (SELECT FROM unnest(pgtoken.client_auth_methods(client_type, given_metadata)) m WHERE starts_with(m, 'client_secret_')) THEN
		credentials.client_secret := (pgtoken.create_client_secret(client_id)).client_secret;
	END IF;
	RETURN credentials;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.create_client TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.create_client IS
'Register a client (RFC 6749 section 2) and return its client_id and, where it authenticates by one, its client_secret, which is shown this once.
client_id: 1 to 255 printable ASCII characters. client_type: confidential or public. scopes: what it may ask for. redirect_uris: where codes may be sent (RFC 6749 section 3.1.2, RFC 8252). offline_access: may it get refresh tokens? resources: APIs it may ask for, the first being its default; NULL: any of its issuer. client_name: what its users are shown. signing_alg: NULL is the issuer''s default. access_token_lifetime: 10 seconds to 1 day. refresh_absolute_lifetime, refresh_idle_lifetime: 1 minute to 10 years. retry_window: 0 (strict) to 1 hour, or to 10 years for a client that always proves a key (private_key_jwt, tls_client_auth, self_signed_tls_client_auth, dpop_bound_access_tokens, tls_client_certificate_bound_access_tokens). retry_limit: NULL is none. lockstep_generations: so many generations running answered from two contexts are reuse; 0: never. rotation: always, or never (confidential clients only); NULL: never for the two FAPI profiles, else always. issuer: NULL is the default one. if_not_exists: one that exists is left as it is, a NOTICE says what differs, and client_secret is NULL.
profile: the rules that hold it. oauth2; oauth21: PKCE always, no password grant; fapi2 (FAPI 2.0 Security Profile): confidential, by private_key_jwt or certificate, pushed requests, DPoP or certificate-bound tokens, PS256, ES256 and EdDSA alone; fapi2-message-signing (FAPI 2.0 Message Signing): signed requests, signed answers of authorize (JARM) and of introspection besides. What the profile demands and metadata leave out is taken from it, signing_alg from the issuer where that fits. NULL: oauth21, or with a NOTICE oauth2 where metadata ask for what OAuth 2.1 forbids.
Of lifetimes, windows and lockstep_generations NULL means the setting of the same name.
metadata: an object with the names of RFC 7591 and its companions, each with a default: application_type (web; native: installed on its user''s device), grant_types (["authorization_code"]; further client_credentials, password and the URNs of the device and token exchange grants), token_endpoint_auth_method (client_secret_basic or client_secret_post, whichever comes; for a public client none), token_endpoint_auth_signing_alg (any), require_issuer_audience (false), jwks or jwks_uri (fetched by the courier), tls_client_auth_subject_dn or one of tls_client_auth_san_dns, _uri, _ip and _email, additional_auth_methods (none; while a client changes), require_pkce (true), require_pushed_authorization_requests (false), dpop_bound_access_tokens (false), tls_client_certificate_bound_access_tokens (false), consent_required (true), consent_lifetime (seconds that a consent holds, 0: without end; pgtoken.consent_lifetime), session_refresh (false; true: refresh tokens without offline_access, which end with the sign-in session), max_sessions (any number; how many living sessions a subject may have with it) and at_session_limit (end_oldest, or refuse: what becomes of one more), post_logout_redirect_uris, backchannel_logout_uri, backchannel_logout_session_required (sid is always there), frontchannel_logout_uri (of the origin of a redirect URI), frontchannel_logout_session_required (likewise), initiate_login_uri, authorization_signed_response_alg (the client''s algorithm), userinfo_signed_response_alg (JSON, not signed), introspection_signed_response_alg (JSON, unless Accept asks for a JWT), subject_type (public), sector_identifier (the one host of redirect_uris) or sector_identifier_uri, whose host is taken at your word (what it names is looked at when a client registers itself), default_max_age (seconds), authorization_details_types (none), default_acr_values, request_uris (fetched by the courier), request_object_signing_alg (any), require_signed_request_object (false); client_uri, logo_uri, tos_uri, policy_uri, contacts, software_id and software_version, for people to be shown; client_name#de and the like, and so for these four URLs, for people of one language (RFC 7591 section 2.2). Raises 22004, 22023, 23505, 23514, 55000.';

CREATE FUNCTION pgtoken.client_sector(metadata jsonb, redirect_uris text[]) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN CASE WHEN metadata ->> 'subject_type' = 'pairwise' THEN
		coalesce(metadata ->> 'sector_identifier', lower(substring(metadata ->> 'sector_identifier_uri' FROM '(?i)^https://(\[[^]]*\]|[^/?:]*)')), lower(substring(redirect_uris[1] FROM '(?i)^https?://(\[[^]]*\]|[^/?:]*)')), '') END;
REVOKE ALL ON FUNCTION pgtoken.client_sector FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.client_sector IS 'Internal, called by update_client: what the sub of its pairwise subjects is made for (OpenID Connect Core section 8.1); NULL: they are public';

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
	lockstep_generations integer DEFAULT NULL,
	profile text DEFAULT NULL
) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	before pgtoken.clients;
	changed pgtoken.clients;
	methods text[];
BEGIN
	PERFORM pgtoken.check_reset(reset, ARRAY['resources', 'client_name', 'signing_alg', 'access_token_lifetime', 'refresh_absolute_lifetime',
											 'refresh_idle_lifetime', 'retry_window', 'retry_limit', 'lockstep_generations']);
	SELECT * INTO changed FROM pgtoken.clients c WHERE c.client_id = update_client.client_id FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	before := changed;
	methods := pgtoken.client_auth_methods(changed.client_type, changed.metadata);
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
	changed.profile := coalesce(profile, changed.profile);
	IF pgtoken.fapi_profile(changed.profile) THEN
		changed.signing_alg := coalesce(changed.signing_alg, (SELECT i.default_alg FROM pgtoken.issuers i WHERE i.issuer = changed.issuer));
		changed.rotation := coalesce(rotation, CASE WHEN pgtoken.fapi_profile(before.profile) OR changed.client_type = 'public' THEN changed.rotation ELSE 'never' END);
	END IF;
	PERFORM pgtoken.check_client(changed.issuer, changed.client_type, changed.scopes, changed.redirect_uris, changed.resources, changed.signing_alg, changed.rotation,
								 changed.metadata, changed.profile);
	PERFORM pgtoken.check_alg_change(changed.issuer, before.signing_alg, changed.signing_alg);
	PERFORM pgtoken.check_response_algs(changed.issuer, before.metadata, changed.metadata);
	IF pgtoken.client_sector(changed.metadata, changed.redirect_uris) IS DISTINCT FROM pgtoken.client_sector(before.metadata, before.redirect_uris) THEN
		IF EXISTS (SELECT FROM pgtoken.grant_status g WHERE g.client_id = update_client.client_id AND g.state = 'active') THEN
			RAISE EXCEPTION 'the client has families whose sub would change'
				USING ERRCODE = 'object_not_in_prerequisite_state',
					  DETAIL = 'subject_type, sector_identifier, sector_identifier_uri and the host of the redirect URIs make the sub that the client knows its users by.',
					  HINT = 'End them first: SELECT pgtoken.revoke_client(...).';
		END IF;
		-- what is being issued at this moment has the sub of before
		PERFORM pgtoken.raise_not_before(NULL, client_id, NULL, NULL, NULL, 'subject_type');
	END IF;
	PERFORM pgtoken.make_durable();
	UPDATE pgtoken.clients c
	SET (scopes, redirect_uris, offline_access, rotation, enabled, resources, client_name, signing_alg, access_token_lifetime,
		 refresh_absolute_lifetime, refresh_idle_lifetime, retry_window, retry_limit, metadata, lockstep_generations, profile)
		= ROW (changed.scopes, changed.redirect_uris, changed.offline_access, changed.rotation, changed.enabled, changed.resources, changed.client_name, changed.signing_alg,
			   changed.access_token_lifetime, changed.refresh_absolute_lifetime, changed.refresh_idle_lifetime, changed.retry_window, changed.retry_limit, changed.metadata,
			   changed.lockstep_generations, changed.profile)
	WHERE c.client_id = update_client.client_id;
	-- nothing needs the secrets themselves any more
	IF 'client_secret_jwt' = ANY (methods) AND 'client_secret_jwt' <> ALL (pgtoken.client_auth_methods(changed.client_type, changed.metadata)) THEN
		DELETE FROM pgtoken.key_material m
		WHERE m.material_id IN (SELECT format('client:%s:%s', s.client_id, s.secret_id) FROM pgtoken.client_secrets s
								WHERE s.client_id = update_client.client_id);
	END IF;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.update_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.update_client TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.update_client IS
'Change a client. client_id: which. scopes, redirect_uris, offline_access, resources, client_name, signing_alg, access_token_lifetime, refresh_absolute_lifetime, refresh_idle_lifetime, retry_window, retry_limit, lockstep_generations, rotation: as in create_client; NULL keeps the value. The two refresh lifetimes hold for families issued afterwards, everything else at once. reset: names of those to go back to NULL (that is, to the setting or to no restriction). enabled => false: it cannot authenticate, and every access token it holds is refused from the next statement on.
metadata: members to change, as in create_client; the others stay, and one given as null goes back to its default.
profile: as in create_client; the detail of a refusal lists all that the client would have to change first, and nothing of that is changed by itself; only rotation goes to never for the FAPI profiles where it is not named, and signing_alg to what the issuer''s default_alg is now.
Secrets made before token_endpoint_auth_method became client_secret_jwt cannot be used with it, since only their hashes are there: make a new one with create_client_secret. When it is changed to something else, the secrets kept for it are deleted. subject_type, sector_identifier, sector_identifier_uri and the host that a sector is taken from cannot be changed while families live. Returns false when there is no such client. Raises 22023, 23514, 55000 (also for a signing_alg without an active key).';

CREATE FUNCTION pgtoken.forget_clients(client_ids text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	DELETE FROM pgtoken.consents s WHERE s.client_id = ANY (client_ids);
	DELETE FROM pgtoken.authorization_codes a WHERE a.client_id = ANY (client_ids);
	DELETE FROM pgtoken.device_codes d WHERE d.client_id = ANY (client_ids);
	DELETE FROM pgtoken.authorization_requests q WHERE q.client_id = ANY (client_ids);
	DELETE FROM pgtoken.consent_pages p WHERE p.client_id = ANY (client_ids);
	DELETE FROM pgtoken.challenges h WHERE h.client_id = ANY (client_ids);
	DELETE FROM pgtoken.key_material m
	WHERE m.material_id IN (SELECT format('client:%s:%s', s.client_id, s.secret_id) FROM pgtoken.client_secrets s WHERE s.client_id = ANY (client_ids));
	DELETE FROM pgtoken.client_secrets s WHERE s.client_id = ANY (client_ids);
	DELETE FROM pgtoken.registrations r WHERE r.client_id = ANY (client_ids);
	DELETE FROM pgtoken.registration_uses u WHERE u.client_id = ANY (client_ids);
	DELETE FROM pgtoken.clients c WHERE c.client_id = ANY (client_ids);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.forget_clients FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.forget_clients IS 'Internal, called by delete_client and for clients that registered themselves: deletes clients that have no families, with all that is on its way to one';

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
		CASE WHEN EXISTS (SELECT FROM pgtoken.assertion_rules a WHERE a.client_id = delete_client.client_id) THEN 'assertion rules' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.policies p WHERE delete_client.client_id = ANY (p.client_ids)) THEN 'policies' END], 'Switch it off instead: update_client(enabled => false).');
	PERFORM pgtoken.forget_clients(ARRAY[client_id]);
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.delete_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.delete_client TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.delete_client IS
'Delete a client that was mistyped and never used, with its secrets. Reads all families to be sure of that. client_id: which. Returns false when there is no such client. Raises 55006 where a family, a code, a consent, a resource, an assertion rule or a policy names it: switch it off by update_client(enabled => false).';
