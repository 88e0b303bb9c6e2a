-- Ory Hydra: clients and their secrets, audiences as resources, signing keys, remembered
-- consents, living refresh tokens. What lies encrypted there is opened by the system
-- secrets, which its tokens are authenticated by as well.

-- The columns that are read; each is there since Hydra 2.3, and was before under no other name.
CREATE FUNCTION pgtoken_import.hydra_rows(source_schema text, what text) RETURNS SETOF jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
BEGIN
	RETURN QUERY EXECUTE format(CASE what
		WHEN 'networks' THEN 'SELECT to_jsonb(t.nid) FROM (SELECT DISTINCT c.nid FROM %1$I.hydra_client c) t'
		WHEN 'clients' THEN 'SELECT to_jsonb(t) FROM %1$I.hydra_client t ORDER BY t.created_at, t.id'
		WHEN 'keys' THEN 'SELECT jsonb_build_object(''sid'', t.sid, ''kid'', t.kid, ''keydata'', t.keydata) FROM %1$I.hydra_jwk t ORDER BY t.sid, t.created_at DESC, t.kid'
		-- what a person agreed to with one client for the same audience, together; the end is the last one's
		WHEN 'consents' THEN $$
			SELECT jsonb_build_object('subject', t.subject, 'client_id', t.client_id, 'audience', t.audience,
				'scopes', jsonb_agg(DISTINCT s.scope), 'granted_at', min(t.granted_at),
				'expires_at', CASE WHEN bool_or(t.expires_at IS NULL) THEN NULL ELSE max(t.expires_at) END)
			FROM (SELECT f.subject, f.client_id, coalesce(nullif(f.granted_at_audience, 'null'), '[]') AS audience, f.granted_scope,
						 coalesce(f.consent_handled_at, f.requested_at) AT TIME ZONE 'UTC' AS granted_at,
						 CASE WHEN f.consent_remember_for > 0 THEN (coalesce(f.consent_handled_at, f.requested_at) + make_interval(secs => f.consent_remember_for)) AT TIME ZONE 'UTC' END AS expires_at
				  FROM %1$I.hydra_oauth2_flow f
				  WHERE f.consent_remember AND f.consent_handled_at IS NOT NULL AND f.consent_skip IS NOT TRUE
					AND coalesce(f.consent_error, '') IN ('', '{}', 'null') AND f.subject <> '' AND jsonb_typeof(f.granted_scope) = 'array') t
			CROSS JOIN LATERAL jsonb_array_elements_text(t.granted_scope) s (scope)
			GROUP BY t.subject, t.client_id, t.audience ORDER BY t.subject, t.client_id, t.audience$$
		WHEN 'tokens' THEN $$
			SELECT jsonb_build_object('signature', t.signature, 'client_id', t.client_id, 'subject', t.subject, 'active', t.active,
				'granted_scope', t.granted_scope, 'granted_audience', t.granted_audience, 'session_data', t.session_data,
				'requested_at', t.requested_at AT TIME ZONE 'UTC', 'expires_at', t.expires_at AT TIME ZONE 'UTC')
			FROM %1$I.hydra_oauth2_refresh t ORDER BY t.requested_at, t.signature$$
		END, source_schema);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.hydra_rows FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.hydra_rows TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.hydra_rows IS 'Internal: what Hydra has of networks, clients, keys, consents or tokens, in a fixed order';

CREATE FUNCTION pgtoken_import.hydra_scopes(scopes text[]) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN ARRAY(SELECT t FROM (SELECT CASE s WHEN 'offline' THEN 'offline_access' ELSE s END AS t, min(n) AS place FROM unnest(scopes) WITH ORDINALITY u (s, n) WHERE s <> '' GROUP BY 1) o ORDER BY o.place);
REVOKE ALL ON FUNCTION pgtoken_import.hydra_scopes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.hydra_scopes TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.hydra_scopes IS 'Internal: scopes by the names that they have here: what Hydra calls offline as well is offline_access';

CREATE FUNCTION pgtoken_import.hydra_texts(list jsonb) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN ARRAY(SELECT e FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(list) = 'array' THEN list ELSE '[]' END) WITH ORDINALITY u (e, n) ORDER BY n);
REVOKE ALL ON FUNCTION pgtoken_import.hydra_texts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.hydra_texts TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.hydra_texts IS 'Internal: the strings of a JSON array; none for anything else';

CREATE FUNCTION pgtoken_import.hydra_lifespan(nanoseconds jsonb, if_none interval) RETURNS interval
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN jsonb_typeof(nanoseconds) = 'number' THEN make_interval(secs => (nanoseconds::bigint / 1000000000)::double precision) ELSE if_none END;
REVOKE ALL ON FUNCTION pgtoken_import.hydra_lifespan FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.hydra_lifespan TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.hydra_lifespan IS 'Internal: a lifespan of a client, in nanoseconds there; if_none where it has none of its own';

CREATE FUNCTION pgtoken_import.hydra_metadata(client jsonb, options jsonb) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT jsonb_strip_nulls(jsonb_build_object(
		'grant_types', (SELECT jsonb_agg(g ORDER BY n) FROM unnest(pgtoken_import.hydra_texts(client -> 'grant_types')) WITH ORDINALITY u (g, n)
						WHERE g IN ('authorization_code', 'client_credentials', 'urn:ietf:params:oauth:grant-type:device_code')),
		'token_endpoint_auth_method', nullif(nullif(client ->> 'token_endpoint_auth_method', ''), 'none'),
		'token_endpoint_auth_signing_alg', CASE client ->> 'token_endpoint_auth_method' WHEN 'private_key_jwt' THEN nullif(client ->> 'token_endpoint_auth_signing_alg', '') END,
		'jwks', CASE WHEN client ->> 'jwks' LIKE '{"keys":[{%' THEN pgtoken_import.parsed(client ->> 'jwks') END,
		'jwks_uri', nullif(client ->> 'jwks_uri', ''),
		'post_logout_redirect_uris', nullif(client -> 'post_logout_redirect_uris', '[]'),
		'backchannel_logout_uri', nullif(client ->> 'backchannel_logout_uri', ''),
		'frontchannel_logout_uri', nullif(client ->> 'frontchannel_logout_uri', ''),
		'request_uris', nullif(client -> 'request_uris', '[]'),
		'request_object_signing_alg', nullif(nullif(client ->> 'request_object_signing_alg', ''), 'none'),
		'userinfo_signed_response_alg', nullif(nullif(client ->> 'userinfo_signed_response_alg', ''), 'none'),
		'client_uri', nullif(client ->> 'client_uri', ''), 'logo_uri', nullif(client ->> 'logo_uri', ''),
		'tos_uri', nullif(client ->> 'tos_uri', ''), 'policy_uri', nullif(client ->> 'policy_uri', ''),
		'contacts', nullif(client -> 'contacts', '[]'),
		'consent_required', (client ->> 'skip_consent')::boolean IS NOT TRUE,
		'require_pkce', CASE WHEN (options ->> 'require_pkce')::boolean IS FALSE THEN false END));
END;
REVOKE ALL ON FUNCTION pgtoken_import.hydra_metadata FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.hydra_metadata TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.hydra_metadata IS 'Internal: metadata of a client as create_client takes them; what Hydra leaves empty is left out';

CREATE FUNCTION pgtoken_import.hydra_resources(options jsonb) RETURNS pgtoken_import.report[]
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	found pgtoken_import.report[] := '{}';
	audience text;
BEGIN
	FOR audience IN
		SELECT DISTINCT a FROM pgtoken_import.hydra_rows(options ->> 'schema', 'clients') c, unnest(pgtoken_import.hydra_texts(c -> 'audience')) a
		WHERE a <> options ->> 'issuer' ORDER BY a LOOP
		found := array_append(found, CASE
			WHEN audience !~ '^[a-zA-Z][a-zA-Z0-9+.-]*:' THEN
				ROW ('resource', audience, 'refused', 'An API is known by an absolute URI here (RFC 8707). Its tokens have another aud from now on, or none that is its own.')::pgtoken_import.report
			ELSE pgtoken_import.attempt('resource', audience, 'SELECT pgtoken.create_resource($1 ->> ''resource'', issuer => $1 ->> ''issuer'')',
				jsonb_build_object('resource', audience, 'issuer', options -> 'issuer')) END);
	END LOOP;
	RETURN found;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.hydra_resources FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.hydra_resources TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.hydra_resources IS 'Internal: audiences that clients may ask for, as APIs';

CREATE FUNCTION pgtoken_import.hydra_client(client jsonb, options jsonb) RETURNS pgtoken_import.report[]
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	id CONSTANT text := client ->> 'id';
	scopes CONSTANT text[] := pgtoken_import.hydra_scopes(string_to_array(client ->> 'scope', ' '));
	confidential CONSTANT boolean := client ->> 'token_endpoint_auth_method' <> 'none';
	metadata CONSTANT jsonb := pgtoken_import.hydra_metadata(client, options);
	unknown CONSTANT text[] := ARRAY(SELECT g FROM unnest(pgtoken_import.hydra_texts(client -> 'grant_types')) g
		WHERE g NOT IN ('authorization_code', 'refresh_token', 'client_credentials', 'urn:ietf:params:oauth:grant-type:device_code'));
	wild CONSTANT text[] := ARRAY(SELECT s FROM unnest(scopes) s WHERE s LIKE '%*%');
	made pgtoken_import.report;
BEGIN
	IF client ->> 'subject_type' = 'pairwise' THEN
		RETURN ARRAY[ROW ('client', id, 'refused', 'Its users are known to it by pairwise identifiers, which are derived by a salt of Hydra: they would be strangers')::pgtoken_import.report];
	ELSIF metadata -> 'grant_types' IS NULL THEN
		RETURN ARRAY[ROW ('client', id, 'skipped', format('It has no grant type that is there: %s', array_to_string(unknown, ', ')))::pgtoken_import.report];
	END IF;
	made := pgtoken_import.attempt('client', id, $$
		SELECT pgtoken.create_client($1 ->> 'id', $1 ->> 'type', pgtoken_import.hydra_texts($1 -> 'scopes'), pgtoken_import.hydra_texts($1 -> 'redirect_uris'),
			($1 -> 'offline')::boolean, CASE WHEN $1 -> 'resources' <> '[]' THEN pgtoken_import.hydra_texts($1 -> 'resources') END, nullif($1 ->> 'name', ''),
			access_token_lifetime => ($1 ->> 'access')::interval, refresh_absolute_lifetime => ($1 ->> 'absolute')::interval,
			refresh_idle_lifetime => ($1 ->> 'idle')::interval, issuer => $1 ->> 'issuer', metadata => $1 -> 'metadata')$$,
		jsonb_build_object('id', id, 'type', CASE WHEN confidential THEN 'confidential' ELSE 'public' END,
			'scopes', to_jsonb(array_remove(scopes, 'offline_access')), 'redirect_uris', client -> 'redirect_uris',
			'offline', scopes @> '{offline_access}' AND client -> 'grant_types' ? 'refresh_token',
			'resources', to_jsonb(ARRAY(SELECT a FROM unnest(pgtoken_import.hydra_texts(client -> 'audience')) WITH ORDINALITY u (a, n) WHERE a ~ '^[a-zA-Z][a-zA-Z0-9+.-]*:' ORDER BY n)),
			'name', client -> 'client_name', 'issuer', options -> 'issuer', 'metadata', metadata, 'absolute', options -> 'absolute_lifetime',
			'access', pgtoken_import.hydra_lifespan(client -> 'authorization_code_grant_access_token_lifespan', (options ->> 'access_token_lifetime')::interval),
			'idle', pgtoken_import.hydra_lifespan(client -> 'refresh_token_grant_refresh_token_lifespan', (options ->> 'refresh_token_lifetime')::interval)),
		nullif(concat_ws('. ', CASE WHEN unknown <> '{}' THEN 'Without grant types that are not there: ' || array_to_string(unknown, ', ') END,
								CASE WHEN wild <> '{}' THEN 'A scope with * is no pattern here: ' || array_to_string(wild, ', ') END), ''));
	IF made.outcome = 'exists' THEN
		made := pgtoken_import.attempt('client', id, 'SELECT pgtoken_import.require_client($1 ->> ''id'', $1 ->> ''issuer'')', jsonb_build_object('id', id, 'issuer', options -> 'issuer'));
		made.outcome := CASE made.outcome WHEN 'imported' THEN 'exists' ELSE made.outcome END;
	END IF;
	IF made.outcome <> 'imported' OR NOT confidential OR client ->> 'token_endpoint_auth_method' NOT LIKE 'client\_secret\_%' OR client ->> 'client_secret' = '' THEN
		RETURN ARRAY[made];
	END IF;
	RETURN ARRAY[made, pgtoken_import.attempt('secret', id, $$
		SELECT pgtoken.revoke_other_client_secrets($1 ->> 'id', pgtoken.import_client_secret($1 ->> 'id', $1 ->> 'hash', ($1 ->> 'expires_at')::timestamptz, 'hydra'))$$,
		jsonb_build_object('id', id, 'hash', client -> 'client_secret',
			'expires_at', CASE WHEN (client ->> 'client_secret_expires_at')::bigint > 0 THEN to_timestamp((client ->> 'client_secret_expires_at')::bigint) END))];
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.hydra_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.hydra_client TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.hydra_client IS 'Internal: a client and its secret';

CREATE FUNCTION pgtoken_import.hydra_keys(options jsonb) RETURNS pgtoken_import.report[]
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	found pgtoken_import.report[] := '{}';
	key jsonb;
	jwk text;
BEGIN
	FOR key IN SELECT k FROM pgtoken_import.hydra_rows(options ->> 'schema', 'keys') k LOOP
		jwk := pgtoken_import.open('hydra', options ->> 'issuer', key ->> 'keydata');
		found := array_append(found, CASE
			WHEN key ->> 'sid' NOT IN ('hydra.openid.id-token', 'hydra.jwt.access-token') THEN
				ROW ('key', key ->> 'kid', 'skipped', format('It is of the set %s, which signs no tokens', key ->> 'sid'))::pgtoken_import.report
			WHEN (options ->> 'keys_for')::interval IS NULL THEN
				ROW ('key', key ->> 'kid', 'skipped', 'No keys are wanted: what it has signed is refused by APIs from the change of the issuer on')::pgtoken_import.report
			WHEN jwk IS NULL THEN
				ROW ('key', key ->> 'kid', 'refused', 'It is encrypted by a system secret that was not given')::pgtoken_import.report
			WHEN pgtoken_import.key_exists(key ->> 'kid') THEN
				ROW ('key', key ->> 'kid', 'exists', NULL)::pgtoken_import.report
			ELSE pgtoken_import.attempt('key', key ->> 'kid', $$
				SELECT pgtoken.import_signing_key($1 ->> 'jwk', 'jwk', kid => $1 ->> 'kid', issuer => $1 ->> 'issuer', verify_until => now() + ($1 ->> 'for')::interval)$$,
				jsonb_build_object('jwk', (pgtoken_import.parsed(jwk) - '{d,p,q,dp,dq,qi}'::text[])::text, 'kid', key -> 'kid', 'issuer', options -> 'issuer', 'for', options -> 'keys_for'), 'It verifies, and signs nothing') END);
	END LOOP;
	RETURN found;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.hydra_keys FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.hydra_keys TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.hydra_keys IS 'Internal: the keys of ID tokens and access tokens, to verify only';

CREATE FUNCTION pgtoken_import.hydra_consents(options jsonb) RETURNS pgtoken_import.report[]
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	found pgtoken_import.report[] := '{}';
	consent jsonb;
	made pgtoken_import.report;
	audience text;
BEGIN
	FOR consent IN SELECT c FROM pgtoken_import.hydra_rows(options ->> 'schema', 'consents') c LOOP
		FOREACH audience IN ARRAY CASE WHEN consent -> 'audience' = '[]' THEN ARRAY[NULL::text] ELSE pgtoken_import.hydra_texts(consent -> 'audience') END LOOP
			-- what is there stays, and is told apart by the answer that ends in an error
			made := pgtoken_import.attempt('consent', format('%s at %s', consent ->> 'subject', consent ->> 'client_id'), $$
				SELECT pgtoken_import.require_client($1 ->> 'client_id', $1 ->> 'issuer'), pgtoken_import.must(pgtoken.import_consent($1 ->> 'client_id', $1 ->> 'subject', pgtoken_import.hydra_scopes(pgtoken_import.hydra_texts($1 -> 'scopes')),
					$1 ->> 'resource', ($1 ->> 'granted_at')::timestamptz, ($1 ->> 'expires_at')::timestamptz))$$,
				consent || jsonb_build_object('resource', audience, 'issuer', options -> 'issuer'));
			found := array_append(found, made);
		END LOOP;
	END LOOP;
	RETURN found;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.hydra_consents FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.hydra_consents TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.hydra_consents IS 'Internal: consents that were to be remembered';

CREATE FUNCTION pgtoken_import.hydra_family(token jsonb, options jsonb) RETURNS pgtoken_import.report
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	id CONSTANT text := format('%s at %s', token ->> 'subject', token ->> 'client_id');
	digest CONSTANT bytea := sha256(convert_to(token ->> 'signature', 'UTF8'));
	stored text;
	session jsonb;
	claims jsonb;
	made pgtoken_import.report;
	argument jsonb;
	statement CONSTANT text := $$
		SELECT pgtoken.import_family('hydra', ($1 ->> 'digest')::bytea, $1 ->> 'client_id', $1 ->> 'subject', $1 ->> 'scope',
			CASE WHEN $1 -> 'audience' <> '[]' THEN pgtoken_import.hydra_texts($1 -> 'audience') END, ($1 ->> 'auth_time')::timestamptz, ($1 ->> 'started_at')::timestamptz,
			acr => $1 ->> 'acr', amr => CASE WHEN jsonb_typeof($1 -> 'amr') = 'array' THEN pgtoken_import.hydra_texts($1 -> 'amr') END, session_id => $1 ->> 'sid',
			claims => $1 -> 'claims', token_issued_at => ($1 ->> 'requested_at')::timestamptz, token_expires_at => ($1 ->> 'expires_at')::timestamptz,
			token_format => 'hydra', issuer => $1 ->> 'issuer')$$;
BEGIN
	IF (token ->> 'active')::boolean IS NOT TRUE THEN
		RETURN ROW ('family', id, 'skipped', 'It was used or ended: whoever has it has its successor, or signs in')::pgtoken_import.report;
	ELSIF pgtoken.imported_family('hydra', digest, options ->> 'issuer') IS NOT NULL THEN
		RETURN ROW ('family', id, 'exists', NULL)::pgtoken_import.report;
	ELSIF (token ->> 'expires_at')::timestamptz <= clock_timestamp() THEN
		RETURN ROW ('family', id, 'skipped', 'It is over: the person signs in, as there')::pgtoken_import.report;
	END IF;
	stored := CASE WHEN token ->> 'session_data' LIKE '{%' THEN token ->> 'session_data' ELSE pgtoken_import.open('hydra', options ->> 'issuer', token ->> 'session_data') END;
	session := pgtoken_import.parsed(stored);
	IF stored IS NOT NULL AND session IS NULL THEN
		RETURN ROW ('family', id, 'refused', 'Its session cannot be read: the person signs in again')::pgtoken_import.report;
	ELSIF session IS NULL THEN
		RETURN ROW ('family', id, 'refused', 'Its session is encrypted by a system secret that was not given: the person signs in again')::pgtoken_import.report;
	END IF;
	claims := CASE WHEN jsonb_typeof(session -> 'extra') = 'object' AND (options ->> 'with_claims')::boolean THEN session -> 'extra' ELSE '{}' END;
	argument := token - 'session_data' || jsonb_build_object('digest', digest::text, 'scope', array_to_string(pgtoken_import.hydra_scopes(string_to_array(token ->> 'granted_scope', '|')), ' '),
		'audience', to_jsonb(array_remove(string_to_array(token ->> 'granted_audience', '|'), '')),
		'auth_time', session #> '{id_token,id_token_claims,auth_time}', 'started_at', coalesce(session #> '{id_token,id_token_claims,rat}', token -> 'requested_at'),
		'acr', nullif(session #>> '{id_token,id_token_claims,acr}', ''), 'amr', nullif(session #> '{id_token,id_token_claims,amr}', '[]'),
		'sid', session #> '{id_token,id_token_claims,ext,sid}', 'claims', claims, 'issuer', options -> 'issuer');
	made := pgtoken_import.attempt('family', id, statement, argument);
	IF made.outcome = 'refused' AND claims <> '{}' THEN
		-- names that an access token has for itself are no reason to sign in again
		made := pgtoken_import.attempt('family', id, statement, argument || '{"claims": {}}', 'Without the claims of its access tokens. ' || made.detail);
	END IF;
	RETURN made;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.hydra_family FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.hydra_family TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.hydra_family IS 'Internal: the session of a refresh token that can be used';

CREATE FUNCTION pgtoken_import.hydra(options jsonb) RETURNS pgtoken_import.report[]
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	found pgtoken_import.report[] := '{}';
	secret text;
	n integer := 0;
	entry jsonb;
BEGIN
	FOREACH secret IN ARRAY pgtoken_import.hydra_texts(options -> 'secrets') LOOP
		n := n + 1;
		found := array_append(found, ROW ('system secret', n::text, CASE WHEN pgtoken.import_token_secret('hydra', secret, options ->> 'issuer') THEN 'imported' ELSE 'exists' END, NULL)::pgtoken_import.report);
	END LOOP;
	found := found || pgtoken_import.hydra_resources(options);
	FOR entry IN SELECT c FROM pgtoken_import.hydra_rows(options ->> 'schema', 'clients') c LOOP
		found := found || pgtoken_import.hydra_client(entry, options);
	END LOOP;
	found := found || pgtoken_import.hydra_keys(options) || pgtoken_import.hydra_consents(options);
	FOR entry IN SELECT t FROM pgtoken_import.hydra_rows(options ->> 'schema', 'tokens') t LOOP
		found := array_append(found, pgtoken_import.hydra_family(entry, options));
	END LOOP;
	RETURN found || ARRAY(SELECT e FROM pgtoken_import.end_superseded('hydra', options ->> 'issuer', ARRAY(
		SELECT pgtoken.imported_family('hydra', sha256(convert_to(t ->> 'signature', 'UTF8')), options ->> 'issuer')
		FROM pgtoken_import.hydra_rows(options ->> 'schema', 'tokens') t WHERE (t ->> 'active')::boolean)) e);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.hydra FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.hydra TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.hydra IS 'Internal, called by from_hydra: all of it, in the order in which one rests on the other';

CREATE FUNCTION pgtoken_import.from_hydra(
	source_schema text,
	system_secrets text[],
	issuer text DEFAULT NULL,
	access_token_lifetime interval DEFAULT '1 hour',
	refresh_token_lifetime interval DEFAULT '720 hours',
	absolute_lifetime interval DEFAULT NULL,
	require_pkce boolean DEFAULT true,
	keys_for interval DEFAULT '7 days',
	with_claims boolean DEFAULT true,
	dry_run boolean DEFAULT true
) RETURNS SETOF pgtoken_import.report
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF source_schema IS NULL OR system_secrets IS NULL OR system_secrets = '{}' THEN
		RAISE EXCEPTION 'source_schema and system_secrets must be given'
			USING ERRCODE = 'null_value_not_allowed',
				  HINT = 'They are secrets.system of Hydra''s configuration, the current one first.';
	END IF;
	PERFORM pgtoken_import.require_tables(source_schema, '{hydra_client,hydra_jwk,hydra_oauth2_flow,hydra_oauth2_refresh}');
	IF (SELECT count(*) > 1 FROM pgtoken_import.hydra_rows(source_schema, 'networks')) THEN
		RAISE EXCEPTION 'the tables are of several networks' USING ERRCODE = 'invalid_parameter_value', DETAIL = 'Clients of one may have the names of another''s.';
	END IF;
	RETURN QUERY SELECT r.kind, r.id, r.outcome, r.detail FROM pgtoken_import.run(dry_run, 'SELECT pgtoken_import.hydra($1[1]::jsonb)',
		jsonb_build_object('schema', source_schema, 'secrets', to_jsonb(system_secrets), 'issuer', pgtoken_import.issuer(issuer), 'access_token_lifetime', access_token_lifetime,
			'refresh_token_lifetime', refresh_token_lifetime, 'absolute_lifetime', absolute_lifetime, 'require_pkce', require_pkce,
			'keys_for', keys_for, 'with_claims', coalesce(with_claims, true))::text) r;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.from_hydra FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.from_hydra TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.from_hydra IS
'Bring what Ory Hydra (2.3 to 26.2) has: clients with the hashes of their secrets, audiences as APIs, signing keys under their kid, remembered consents, living refresh tokens.
source_schema: where its tables lie in this database, by postgres_fdw or from a dump: hydra_client, hydra_jwk, hydra_oauth2_flow, hydra_oauth2_refresh. system_secrets: secrets.system of its configuration, all of them; pass them as a parameter, not as a literal that a log may keep. issuer: to which it goes; NULL: the default one. access_token_lifetime, refresh_token_lifetime: ttl.access_token and ttl.refresh_token, of clients that have none of their own; the second becomes refresh_idle_lifetime. absolute_lifetime: refresh_absolute_lifetime of the clients, which Hydra does not have; NULL: the setting. require_pkce: false lets clients go on that send no code_challenge. keys_for: how long its keys verify here; NULL: no keys. with_claims: also what session.access_token had put into access tokens. dry_run: true, and NULL, writes nothing, and finds the same.
Returns a row for each thing, see pgtoken_import.report; summary() counts. It may be repeated: what is there exists, and is left as it is, but a session that Hydra has rotated or ended since an earlier run, and nobody has used here, is ended here. All or nothing: an error that is no fault of one thing leaves nothing behind. Raises 22004, 22023, 42P01 where tables are missing, 42501 where they belong to somebody who has not your rights, 55000 when there is no such issuer or no active signing key.';
