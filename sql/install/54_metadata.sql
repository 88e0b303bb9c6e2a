-- What the service says of itself. It is made for each request from what is
-- configured, so that it says what works and nothing else.

CREATE FUNCTION pgtoken.server_metadata(of_issuer text, certificates boolean) RETURNS json
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	base_url CONSTANT text := rtrim(of_issuer, '/');
	i pgtoken.issuers;
	assertion_algs CONSTANT text[] := pgtoken.choices('token_endpoint_auth_signing_alg');
	-- here, or below mtls_base_uri, where somebody else asks for them
	by_certificate CONSTANT boolean := certificates OR EXISTS (SELECT FROM pgtoken.issuers WHERE issuer = of_issuer AND mtls_base_uri IS NOT NULL);
	auth_methods CONSTANT text[] := ARRAY(SELECT m FROM unnest(pgtoken.choices('token_endpoint_auth_method')) WITH ORDINALITY u (m, n)
		WHERE CASE m WHEN 'tls_client_auth' THEN by_certificate AND current_setting('pgtoken.http_client_certificates_verified')::boolean
					 WHEN 'self_signed_tls_client_auth' THEN by_certificate ELSE true END ORDER BY n);
	protocol_scopes CONSTANT text[] := pgtoken.choices('protocol_scope');
	signing_algs text[];
	scopes text[];
	claims text[] := ARRAY['iss', 'sub', 'aud', 'azp', 'sid', 'nonce', 'at_hash', 'acr', 'amr', 'iat', 'exp', 'auth_time'];
BEGIN
	SELECT * INTO i FROM pgtoken.issuers WHERE issuer = of_issuer;
	-- an HS256 key is not published: no client can verify by it
	signing_algs := ARRAY(SELECT k.alg FROM pgtoken.signing_keys k WHERE k.issuer = of_issuer AND k.state = 'active' AND k.public_jwk IS NOT NULL
						  ORDER BY k.alg <> i.default_alg, k.alg);
	-- the others stand for claims (OpenID Connect Core section 5.4): without a function that gives them they mean nothing
	scopes := CASE WHEN i.claims_function IS NOT NULL THEN protocol_scopes ELSE '{openid,offline_access}' END
			  || pgtoken.choices('account_scope')
			  || ARRAY(SELECT DISTINCT s FROM pgtoken.resources r, unnest(r.scopes) s
					   WHERE r.issuer = of_issuer AND r.enabled
						 AND s <> ALL (protocol_scopes)
					   ORDER BY s);
	RETURN json_strip_nulls(json_build_object(
		'issuer', of_issuer,
		'authorization_endpoint', CASE WHEN i.login_uri IS NOT NULL THEN base_url || '/oauth2/authorize' END,
		'pushed_authorization_request_endpoint', CASE WHEN i.login_uri IS NOT NULL THEN base_url || '/oauth2/par' END,
		'token_endpoint', base_url || '/oauth2/token',
		'revocation_endpoint', base_url || '/oauth2/revoke',
		'introspection_endpoint', base_url || '/oauth2/introspect',
		'registration_endpoint', CASE WHEN i.registration <> 'off' THEN base_url || '/oauth2/register' END,
		-- only where somebody fetches: a client that finds nothing else announced registers itself
		'client_id_metadata_document_supported', CASE WHEN pgtoken.takes_client_documents(of_issuer) AND pgtoken.courier_does('document') THEN true END,
		'device_authorization_endpoint', CASE WHEN i.verification_uri IS NOT NULL THEN base_url || '/oauth2/device_authorization' END,
		'userinfo_endpoint', base_url || '/oauth2/userinfo',
		'userinfo_signing_alg_values_supported', NULLIF(signing_algs, '{}'),
		'end_session_endpoint', CASE WHEN i.logout_uri IS NOT NULL THEN base_url || '/oauth2/logout' END,
		'jwks_uri', base_url || '/oauth2/jwks',
		'status_list_aggregation_endpoint', CASE WHEN i.status_lists THEN base_url || '/oauth2/status_lists' END,
		'scopes_supported', scopes,
		-- empty and not absent without an authorization endpoint: RFC 8414 section 2 requires it
		'response_types_supported', CASE WHEN i.login_uri IS NOT NULL THEN pgtoken.choices('response_type') ELSE '{}' END,
		'response_modes_supported', CASE WHEN i.login_uri IS NOT NULL THEN ARRAY(
			SELECT m FROM unnest(pgtoken.choices('response_mode')) WITH ORDINALITY u (m, n) WHERE m !~ 'jwt' OR signing_algs <> '{}' ORDER BY n) END,
		'authorization_signing_alg_values_supported', CASE WHEN i.login_uri IS NOT NULL THEN NULLIF(signing_algs, '{}') END,
		'authorization_response_iss_parameter_supported', CASE WHEN i.login_uri IS NOT NULL THEN true END,
		'code_challenge_methods_supported', CASE WHEN i.login_uri IS NOT NULL THEN pgtoken.choices('code_challenge_method') END,
		'require_pushed_authorization_requests', CASE WHEN i.login_uri IS NOT NULL THEN false END,
		'prompt_values_supported', CASE WHEN i.login_uri IS NOT NULL THEN pgtoken.choices('prompt') END,
		'request_parameter_supported', i.login_uri IS NOT NULL,
		'request_object_signing_alg_values_supported', CASE WHEN i.login_uri IS NOT NULL THEN pgtoken.choices('request_object_signing_alg') END,
		'require_signed_request_object', CASE WHEN i.login_uri IS NOT NULL THEN false END,
		-- by reference to where the client is registered to have them, and only where somebody fetches
		'request_uri_parameter_supported', i.login_uri IS NOT NULL AND pgtoken.courier_does('document'),
		'require_request_uri_registration', CASE WHEN i.login_uri IS NOT NULL AND pgtoken.courier_does('document') THEN true END,
		'claims_parameter_supported', i.login_uri IS NOT NULL,
		'grant_types_supported', ARRAY(
			SELECT g FROM unnest(pgtoken.choices('grant_types')) WITH ORDINALITY u (g, n)
			WHERE CASE g WHEN 'authorization_code' THEN i.login_uri IS NOT NULL
						 WHEN 'urn:ietf:params:oauth:grant-type:device_code' THEN i.verification_uri IS NOT NULL
						 WHEN 'urn:ietf:params:oauth:grant-type:jwt-bearer' THEN EXISTS (SELECT FROM pgtoken.trusted_issuers t WHERE t.issuer = of_issuer AND t.enabled)
						 WHEN 'password' THEN i.password_verifier IS NOT NULL ELSE true END ORDER BY n),
		'authorization_details_types_supported', (SELECT NULLIF(array_agg(t.type ORDER BY t.type), '{}') FROM pgtoken.authorization_details_types t WHERE t.issuer = of_issuer),
		'authorization_grant_profiles_supported', CASE WHEN EXISTS (SELECT FROM pgtoken.trusted_issuers t WHERE t.issuer = of_issuer AND t.enabled)
													   THEN ARRAY['urn:ietf:params:oauth:grant-profile:id-jag'] END,
		'token_endpoint_auth_methods_supported', auth_methods,
		'token_endpoint_auth_signing_alg_values_supported', assertion_algs,
		'revocation_endpoint_auth_methods_supported', auth_methods,
		'revocation_endpoint_auth_signing_alg_values_supported', assertion_algs,
		'introspection_endpoint_auth_methods_supported', array_remove(auth_methods, 'none'),	-- RFC 7662 section 2.1: who asks is known
		'introspection_endpoint_auth_signing_alg_values_supported', assertion_algs,
		'introspection_signing_alg_values_supported', signing_algs,
		'dpop_signing_alg_values_supported', pgtoken.choices('dpop_signing_alg'),
		'tls_client_certificate_bound_access_tokens', by_certificate,
		'mtls_endpoint_aliases', CASE WHEN i.mtls_base_uri IS NOT NULL THEN json_build_object(
			'token_endpoint', rtrim(i.mtls_base_uri, '/') || '/oauth2/token',
			'pushed_authorization_request_endpoint', CASE WHEN i.login_uri IS NOT NULL THEN rtrim(i.mtls_base_uri, '/') || '/oauth2/par' END,
			'device_authorization_endpoint', CASE WHEN i.verification_uri IS NOT NULL THEN rtrim(i.mtls_base_uri, '/') || '/oauth2/device_authorization' END,
			'revocation_endpoint', rtrim(i.mtls_base_uri, '/') || '/oauth2/revoke',
			'introspection_endpoint', rtrim(i.mtls_base_uri, '/') || '/oauth2/introspect',
			'userinfo_endpoint', rtrim(i.mtls_base_uri, '/') || '/oauth2/userinfo') END,
		'subject_types_supported', pgtoken.choices('subject_type'),
		'id_token_signing_alg_values_supported', signing_algs,
		'acr_values_supported', NULLIF(i.acr_levels, '{}'),
		'claim_types_supported', ARRAY['normal'],
		'claims_supported', claims || CASE WHEN i.claims_function IS NOT NULL THEN ARRAY(SELECT c FROM unnest(i.claims_supported) WITH ORDINALITY u (c, n) WHERE c <> ALL (claims) ORDER BY n) ELSE '{}' END,
		'backchannel_logout_supported', true,
		'backchannel_logout_session_supported', true,
		'frontchannel_logout_supported', true,
		'frontchannel_logout_session_supported', true));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.server_metadata FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.server_metadata IS 'Internal, called by pgtoken_http.handle(): the metadata of an issuer (OpenID Connect Discovery section 4, RFC 8414 section 2); certificates: the layer asks clients for theirs';

-- Of an API. Its scopes alone: offline_access is the client's business, not the API's.
CREATE FUNCTION pgtoken.resource_metadata(resource text, issuer text DEFAULT NULL, certificates boolean DEFAULT NULL) RETURNS json
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := CASE WHEN issuer IS NULL THEN pgtoken.http_issuer() ELSE pgtoken.issuer_or_default(issuer) END;
	registered CONSTANT text := (pgtoken.registered_resources(of_issuer, ARRAY[resource]))[1];
	r pgtoken.resources;
BEGIN
	-- section 2: the identifier of an API that has metadata is a web URL
	SELECT * INTO r FROM pgtoken.resources a WHERE a.issuer = of_issuer AND a.resource = registered AND a.enabled AND a.resource ~* '^https?:';
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	RETURN json_strip_nulls(json_build_object(
		'resource', r.resource,
		'authorization_servers', ARRAY[of_issuer],
		'scopes_supported', NULLIF(r.scopes, '{}'),
		'bearer_methods_supported', ARRAY['header'],
		'resource_name', r.resource_name,
		'tls_client_certificate_bound_access_tokens', coalesce(certificates, current_setting('pgtoken.http_client_certificate_header') <> ''),
		'dpop_signing_alg_values_supported', pgtoken.choices('dpop_signing_alg')));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.resource_metadata FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.resource_metadata TO pgtoken_http, pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.resource_metadata IS
'The metadata of an API (RFC 9728 section 2), for an application that answers its well-known place itself; the door answers it by itself. resource: which, however it is spelt. issuer: whose; NULL is the session''s. certificates: whether who serves the API asks clients for certificates; NULL: whether pgtoken.http_client_certificate_header is set.
Returns the document; NULL for what is not registered, is switched off, or is no URL of https or http. Raises 55000 when there is no such issuer.';

CREATE FUNCTION pgtoken_http.pre_config() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM set_config('pgrst.jwt_secret', pgtoken.public_keys(pgtoken.http_issuer())::text, true);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_http.pre_config FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.pre_config IS
'Gives PostgREST the public keys as jwt-secret, for its db-pre-config. The audience is for pre_request() to check: jwt-aud would hold for the token service''s own endpoints too. It is called again whenever a signing key changes, which NOTIFY pgrst tells it. HS256 keys are not among them: PostgREST cannot verify tokens that they sign. It answers on a standby whatever the lag, so that the layer can start there: each token is for pre_request() to check. Raises 55000 when there is no issuer.';
