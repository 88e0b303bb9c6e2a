-- The HTTP layer's endpoints: schema pgtoken_http holds these, the metadata above, and
-- nothing else.
--
-- Each that takes a form has two doors to one C function: a single unnamed text
-- parameter that gets the raw form body (or query string), which is what the
-- standards ask for; and named parameters for form posts to bare PostgREST, which
-- drops repeated parameters before we see them (several resources cannot be named
-- there: PostgreSQL finds no variadic function by argument names).  The named doors list what any
-- profile sends, so that a parameter without meaning here is ignored and not a 404.
-- Their first parameter has no default: PostgREST prefers a function whose
-- parameters are all optional to the raw door, and would call it with nothing.  It
-- is varchar: with text, a call of the raw door would be ambiguous.

-- A function of this type may answer any media type; it names it in response.headers.
CREATE DOMAIN pgtoken_http."*/*" AS text;
REVOKE ALL ON TYPE pgtoken_http."*/*" FROM PUBLIC;
GRANT USAGE ON TYPE pgtoken_http."*/*" TO pgtoken_http;
COMMENT ON DOMAIN pgtoken_http."*/*" IS 'Result of introspect: JSON or a signed JWT, by what the caller accepts';

CREATE FUNCTION pgtoken_http.token(text) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_token' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.token(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.token(text) IS
'Token endpoint (RFC 6749 section 3.2): grant types authorization_code, refresh_token, client_credentials, password, device_code (RFC 8628) and token-exchange (RFC 8693). Answers 200 with the tokens (section 5.1). Takes the raw form body or query string; an error of the protocol is an answer and commits.';

CREATE FUNCTION pgtoken_http.token(
	grant_type varchar, code text DEFAULT NULL, redirect_uri text DEFAULT NULL, code_verifier text DEFAULT NULL,
	refresh_token text DEFAULT NULL, scope text DEFAULT NULL, device_code text DEFAULT NULL, username text DEFAULT NULL,
	password text DEFAULT NULL, subject_token text DEFAULT NULL, subject_token_type text DEFAULT NULL,
	actor_token text DEFAULT NULL, actor_token_type text DEFAULT NULL, requested_token_type text DEFAULT NULL,
	client_id text DEFAULT NULL, client_secret text DEFAULT NULL, client_assertion text DEFAULT NULL,
	client_assertion_type text DEFAULT NULL, state text DEFAULT NULL, nonce text DEFAULT NULL,
	audience text DEFAULT NULL, resource text DEFAULT NULL, transaction_id text DEFAULT NULL,
	session_id text DEFAULT NULL, device_id text DEFAULT NULL, acr_values text DEFAULT NULL, max_age text DEFAULT NULL
) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_token' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.token(varchar, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.token(varchar, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text) IS
'Token endpoint (RFC 6749 section 3.2): grant types authorization_code, refresh_token, client_credentials, password, device_code (RFC 8628) and token-exchange (RFC 8693). Answers 200 with the tokens (section 5.1). The same with named parameters, for form posts to bare PostgREST; repeated parameters cannot be told there.';

CREATE FUNCTION pgtoken_http.challenge(text) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_challenge' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.challenge(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.challenge(text) IS
'Challenge endpoint: the client that was answered mfa_required names one of the factors (transaction_id, factor_id). A code is made and left for the application to deliver; of a WebAuthn factor the answer has public_key, the options for the browser. Takes the raw form body or query string; an error of the protocol is an answer and commits.';

CREATE FUNCTION pgtoken_http.challenge(
	transaction_id varchar, factor_id text DEFAULT NULL, client_id text DEFAULT NULL, client_secret text DEFAULT NULL,
	client_assertion text DEFAULT NULL, client_assertion_type text DEFAULT NULL, session_id text DEFAULT NULL,
	device_id text DEFAULT NULL
) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_challenge' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.challenge(varchar, text, text, text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.challenge(varchar, text, text, text, text, text, text, text) IS
'Challenge endpoint: the client that was answered mfa_required names one of the factors (transaction_id, factor_id). A code is made and left for the application to deliver; of a WebAuthn factor the answer has public_key, the options for the browser. The same with named parameters, for form posts to bare PostgREST; repeated parameters cannot be told there.';

CREATE FUNCTION pgtoken_http.complete_challenge(text) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_complete_challenge' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.complete_challenge(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.complete_challenge(text) IS
'Complete-challenge endpoint: proves the factor by a code, or by a WebAuthn assertion (client_data_json, authenticator_data, signature in base64url). Then the token request that was answered mfa_required goes on with its transaction_id, once. Takes the raw form body or query string; an error of the protocol is an answer and commits.';

CREATE FUNCTION pgtoken_http.complete_challenge(
	transaction_id varchar, factor_id text DEFAULT NULL, code text DEFAULT NULL, id text DEFAULT NULL,
	client_data_json text DEFAULT NULL, authenticator_data text DEFAULT NULL, signature text DEFAULT NULL,
	client_id text DEFAULT NULL, client_secret text DEFAULT NULL, client_assertion text DEFAULT NULL,
	client_assertion_type text DEFAULT NULL, session_id text DEFAULT NULL, device_id text DEFAULT NULL
) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_complete_challenge' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.complete_challenge(varchar, text, text, text, text, text, text, text, text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.complete_challenge(varchar, text, text, text, text, text, text, text, text, text, text, text, text) IS
'Complete-challenge endpoint: proves the factor by a code, or by a WebAuthn assertion (client_data_json, authenticator_data, signature in base64url). Then the token request that was answered mfa_required goes on with its transaction_id, once. The same with named parameters, for form posts to bare PostgREST; repeated parameters cannot be told there.';

CREATE FUNCTION pgtoken_http.authorize(text) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_authorize' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.authorize(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.authorize(text) IS
'Authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core section 3.1.2): sends the browser to the issuer''s login_uri with a transaction_id, or to the client with an error. Writes, so a GET must reach it as a POST. Takes the raw form body or query string; an error of the protocol is an answer and commits.';

CREATE FUNCTION pgtoken_http.authorize(
	client_id varchar, response_type text DEFAULT NULL, redirect_uri text DEFAULT NULL, scope text DEFAULT NULL,
	state text DEFAULT NULL, nonce text DEFAULT NULL, code_challenge text DEFAULT NULL,
	code_challenge_method text DEFAULT NULL, response_mode text DEFAULT NULL, prompt text DEFAULT NULL,
	max_age text DEFAULT NULL, acr_values text DEFAULT NULL, login_hint text DEFAULT NULL,
	id_token_hint text DEFAULT NULL, ui_locales text DEFAULT NULL, display text DEFAULT NULL,
	dpop_jkt text DEFAULT NULL, request text DEFAULT NULL, request_uri text DEFAULT NULL, claims text DEFAULT NULL,
	claims_locales text DEFAULT NULL, registration text DEFAULT NULL, audience text DEFAULT NULL,
	resource text DEFAULT NULL
) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_authorize' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.authorize(varchar, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.authorize(varchar, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text) IS
'Authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core section 3.1.2): sends the browser to the issuer''s login_uri with a transaction_id, or to the client with an error. Writes, so a GET must reach it as a POST. The same with named parameters, for form posts to bare PostgREST; repeated parameters cannot be told there.';

CREATE FUNCTION pgtoken_http.par(text) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_par' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.par(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.par(text) IS
'Endpoint for pushed authorization requests (RFC 9126): answers 201 with request_uri and expires_in. Takes the raw form body or query string; an error of the protocol is an answer and commits.';

CREATE FUNCTION pgtoken_http.par(
	response_type varchar, redirect_uri text DEFAULT NULL, scope text DEFAULT NULL, state text DEFAULT NULL,
	nonce text DEFAULT NULL, code_challenge text DEFAULT NULL, code_challenge_method text DEFAULT NULL,
	response_mode text DEFAULT NULL, prompt text DEFAULT NULL, max_age text DEFAULT NULL, acr_values text DEFAULT NULL,
	login_hint text DEFAULT NULL, id_token_hint text DEFAULT NULL, ui_locales text DEFAULT NULL,
	display text DEFAULT NULL, dpop_jkt text DEFAULT NULL, request text DEFAULT NULL, request_uri text DEFAULT NULL,
	claims text DEFAULT NULL, claims_locales text DEFAULT NULL, registration text DEFAULT NULL,
	audience text DEFAULT NULL, client_id text DEFAULT NULL, client_secret text DEFAULT NULL,
	client_assertion text DEFAULT NULL, client_assertion_type text DEFAULT NULL, resource text DEFAULT NULL
) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_par' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.par(varchar, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.par(varchar, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text, text) IS
'Endpoint for pushed authorization requests (RFC 9126): answers 201 with request_uri and expires_in. The same with named parameters, for form posts to bare PostgREST; repeated parameters cannot be told there.';

CREATE FUNCTION pgtoken_http.revoke(text) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_revoke' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.revoke(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.revoke(text) IS
'Revocation endpoint (RFC 7009): a refresh token ends its family, an access token only itself; 200 also for a token that is unknown. Takes the raw form body or query string; an error of the protocol is an answer and commits.';

CREATE FUNCTION pgtoken_http.revoke(
	token varchar, token_type_hint text DEFAULT NULL, client_id text DEFAULT NULL, client_secret text DEFAULT NULL,
	client_assertion text DEFAULT NULL, client_assertion_type text DEFAULT NULL
) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_revoke' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.revoke(varchar, text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.revoke(varchar, text, text, text, text, text) IS
'Revocation endpoint (RFC 7009): a refresh token ends its family, an access token only itself; 200 also for a token that is unknown. The same with named parameters, for form posts to bare PostgREST; repeated parameters cannot be told there.';

CREATE FUNCTION pgtoken_http.introspect(text) RETURNS pgtoken_http."*/*"
	AS 'MODULE_PATHNAME', 'pgt_http_introspect' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.introspect(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.introspect(text) IS
'Introspection endpoint (RFC 7662) for the token''s client and the resource servers it is meant for; signed (RFC 9701) when Accept names application/token-introspection+jwt. Takes the raw form body or query string; an error of the protocol is an answer and commits.';

CREATE FUNCTION pgtoken_http.introspect(
	token varchar, token_type_hint text DEFAULT NULL, client_id text DEFAULT NULL, client_secret text DEFAULT NULL,
	client_assertion text DEFAULT NULL, client_assertion_type text DEFAULT NULL
) RETURNS pgtoken_http."*/*"
	AS 'MODULE_PATHNAME', 'pgt_http_introspect' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.introspect(varchar, text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.introspect(varchar, text, text, text, text, text) IS
'Introspection endpoint (RFC 7662) for the token''s client and the resource servers it is meant for; signed (RFC 9701) when Accept names application/token-introspection+jwt. The same with named parameters, for form posts to bare PostgREST; repeated parameters cannot be told there.';

CREATE FUNCTION pgtoken_http.device_authorization(text) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_device_authorization' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.device_authorization(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.device_authorization(text) IS
'Device authorization endpoint (RFC 8628 section 3.1): answers 200 with the codes (section 3.2). Takes the raw form body or query string; an error of the protocol is an answer and commits.';

CREATE FUNCTION pgtoken_http.device_authorization(
	client_id varchar, scope text DEFAULT NULL, client_secret text DEFAULT NULL, client_assertion text DEFAULT NULL,
	client_assertion_type text DEFAULT NULL, resource text DEFAULT NULL, audience text DEFAULT NULL
) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_device_authorization' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.device_authorization(varchar, text, text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.device_authorization(varchar, text, text, text, text, text, text) IS
'Device authorization endpoint (RFC 8628 section 3.1): answers 200 with the codes (section 3.2). The same with named parameters, for form posts to bare PostgREST; repeated parameters cannot be told there.';

CREATE FUNCTION pgtoken_http.userinfo(text) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_userinfo' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.userinfo FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.userinfo IS
'Userinfo endpoint (OpenID Connect Core section 5.3) for an access token with scope openid: answers 200 with the claims that its scopes are for. Takes the raw form body or query string; an error of the protocol is an answer and commits.';

CREATE FUNCTION pgtoken_http.end_session(text) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_end_session' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.end_session(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.end_session(text) IS
'Logout endpoint (OpenID Connect RP-Initiated Logout): sends the browser to the issuer''s logout_uri with a transaction_id. Takes the raw form body or query string; an error of the protocol is an answer and commits.';

CREATE FUNCTION pgtoken_http.end_session(
	id_token_hint varchar, client_id text DEFAULT NULL, post_logout_redirect_uri text DEFAULT NULL,
	state text DEFAULT NULL, logout_hint text DEFAULT NULL, ui_locales text DEFAULT NULL
) RETURNS json
	AS 'MODULE_PATHNAME', 'pgt_http_end_session' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.end_session(varchar, text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.end_session(varchar, text, text, text, text, text) IS
'Logout endpoint (OpenID Connect RP-Initiated Logout): sends the browser to the issuer''s logout_uri with a transaction_id. The same with named parameters, for form posts to bare PostgREST; repeated parameters cannot be told there.';

CREATE FUNCTION pgtoken.check_request() RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_check_request' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.check_request FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.check_request TO pgtoken_http;
COMMENT ON FUNCTION pgtoken.check_request IS
'Internal, called by pgtoken_http.pre_request(): the claims of the access token of this HTTP request, NULL when it has none; raises SQLSTATE PGRST for one that does not hold, and, with status 503, on a standby that lags behind by more than pgtoken.max_replay_lag.';

-- With the caller's rights, because what is SECURITY DEFINER cannot set the role;
-- and without a search_path of its own, which would be half of what a call costs:
-- it looks nothing up by name but pgtoken.check_request().
CREATE FUNCTION pgtoken_http.pre_request() RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_http_pre_request' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken_http.pre_request FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.pre_request IS
'Checks each request, as PostgREST''s db-pre-request: refuses one whose access token does not hold now (revoked, blacklisted, expired, not an access token, for another API than pgtoken.http_resource, bound to a key that is not proved), with 401 and WWW-Authenticate (RFC 6750 section 3, RFC 9449 section 7.1). On a standby that lags behind by more than pgtoken.max_replay_lag it answers 503 with Retry-After, and says nothing of the token. A request without a token passes. For a DPoP-bound token it sets request.jwt.claims and the role of the claim role.';

-- All that the schema holds, the metadata included, is for the HTTP layer.
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgtoken_http TO pgtoken_http;
