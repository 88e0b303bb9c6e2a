-- Profiles of clients: what each demands, a line each that is red without it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer('https://bank.example', 'ES256');
SELECT length(pgtoken.create_signing_key('ES256', 'https://bank.example')) AS kid_length;
SELECT pgtoken.create_issuer('https://old.example', 'RS256');

-- A statement and how it ends: with message, detail and hint.
CREATE FUNCTION test.told(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE || ': ' || SQLERRM, NULLIF(detail, ''), NULLIF(hint, ''));
END
$$;
CREATE FUNCTION test.profile(client text) RETURNS text LANGUAGE sql STABLE
	RETURN (SELECT concat_ws(' ', c.profile, c.rotation, c.signing_alg, c.metadata - 'jwks') FROM pgtoken.clients c WHERE c.client_id = client);
CREATE FUNCTION test.with_keys(metadata text) RETURNS jsonb LANGUAGE sql
	RETURN jsonb_build_object('jwks', pgtoken.jwks('https://bank.example')) || metadata::jsonb;

-- OAuth 2.1 is the default of clients made in SQL, and whoever asks for what it forbids goes on working, and is told.
SELECT client_id FROM pgtoken.create_client('plain-client', issuer => 'https://bank.example');
SET client_min_messages = notice;
SELECT client_id FROM pgtoken.create_client('older', issuer => 'https://bank.example', metadata => '{"require_pkce": false, "grant_types": ["password"]}');
SELECT client_id FROM pgtoken.create_client('meant', issuer => 'https://bank.example', metadata => '{"require_pkce": false}', profile => 'oauth2');
SELECT client_id FROM pgtoken.create_client('older', issuer => 'https://bank.example', metadata => '{"require_pkce": false, "grant_types": ["password"]}', if_not_exists => true);
SELECT client_id FROM pgtoken.create_client('older', issuer => 'https://bank.example', if_not_exists => true);
SET client_min_messages = warning;
SELECT c, test.profile(c) FROM unnest('{plain-client,older,meant}'::text[]) c;
SELECT n, test.told(format('SELECT pgtoken.create_client(%L, issuer => %L, metadata => %L, profile => %L)', 'x', 'https://bank.example', metadata, profile))
FROM (VALUES (1, '{"require_pkce": false, "grant_types": ["password", "client_credentials"]}', 'oauth21'), (2, '{"require_pkce": false}', 'oauth21'),
	(3, '{"grant_types": ["password"]}', 'oauth21'), (4, '{}', 'oauth3'), (5, '{}', 'FAPI2')) v (n, metadata, profile) ORDER BY n;
-- Attack shut out: a client whose codes nobody else can use becomes, by one word among its metadata, one whose codes anybody can.
SELECT test.told($$SELECT pgtoken.update_client('plain-client', metadata => '{"require_pkce": false}')$$) AS changed,
	   test.outcome($$UPDATE pgtoken.clients SET metadata = '{"require_pkce": false}' WHERE client_id = 'plain-client'$$) AS whoever_writes;
SELECT pgtoken.update_client('older', metadata => '{"require_pkce": null, "grant_types": null}', profile => 'oauth21') AS changed;
SELECT test.profile('older');
SELECT pgtoken.update_client('plain-client', metadata => '{"require_pkce": false}', profile => 'oauth2') AS changed;
SELECT test.profile('plain-client');
SELECT pgtoken.update_client('plain-client', client_name => 'Plain') AS changed;
SELECT test.profile('plain-client') AS profile_stays;

-- FAPI 2.0: what it demands is filled in where it is not said otherwise.
SELECT client_id, client_secret FROM pgtoken.create_client('fapi-key', redirect_uris => '{https://rp.example/cb}', offline_access => true, issuer => 'https://bank.example',
	metadata => test.with_keys('{}'), profile => 'fapi2');
SELECT client_id, client_secret FROM pgtoken.create_client('fapi-certificate', signing_alg => 'EdDSA', rotation => 'always', issuer => 'https://bank.example',
	metadata => test.with_keys('{"tls_client_auth_subject_dn": "CN=rp", "tls_client_certificate_bound_access_tokens": true}'), profile => 'fapi2-message-signing');
SELECT c, test.profile(c) FROM unnest('{fapi-key,fapi-certificate}'::text[]) c;
-- and said otherwise it is refused, each by its sentence (C135)
SELECT n, test.told(format('SELECT pgtoken.create_client(%L, %L, issuer => %L, metadata => test.with_keys(%L), redirect_uris => %L, signing_alg => %L, rotation => %L, profile => %L)',
	'x', client_type, issuer, metadata, redirect_uris, signing_alg, rotation, 'fapi2'))
FROM (VALUES (1, 'public', '{"token_endpoint_auth_method": "none"}', '{}', NULL, NULL, 'https://bank.example'),
	(2, 'confidential', '{"token_endpoint_auth_method": "client_secret_basic"}', '{}', NULL, NULL, 'https://bank.example'),
	(3, 'confidential', '{"token_endpoint_auth_method": "client_secret_jwt"}', '{}', NULL, NULL, 'https://bank.example'),
	(4, 'confidential', '{"token_endpoint_auth_signing_alg": "RS256"}', '{}', NULL, NULL, 'https://bank.example'),
	(5, 'confidential', '{"token_endpoint_auth_signing_alg": "ES512"}', '{}', NULL, NULL, 'https://bank.example'),
	(6, 'confidential', '{"require_issuer_audience": false}', '{}', NULL, NULL, 'https://bank.example'),
	(7, 'confidential', '{"require_pushed_authorization_requests": false}', '{}', NULL, NULL, 'https://bank.example'),
	(8, 'confidential', '{"dpop_bound_access_tokens": false}', '{}', NULL, NULL, 'https://bank.example'),
	(9, 'confidential', '{"require_pkce": false}', '{}', NULL, NULL, 'https://bank.example'),
	(10, 'confidential', '{"grant_types": ["authorization_code", "password"]}', '{}', NULL, NULL, 'https://bank.example'),
	(11, 'confidential', '{}', '{https://rp.example/cb,http://127.0.0.1/cb}', NULL, NULL, 'https://bank.example'),
	(12, 'confidential', '{}', '{}', 'RS256', NULL, 'https://bank.example'), (13, 'confidential', '{}', '{}', 'HS256', NULL, 'https://bank.example'),
	(14, 'confidential', '{}', '{}', NULL, NULL, 'https://old.example'), (15, 'confidential', '{"jwks": null}', '{}', NULL, NULL, 'https://bank.example'),
	(16, 'confidential', '{"request_object_signing_alg": "RS256", "userinfo_signed_response_alg": "ES384", "introspection_signed_response_alg": "RS256", "authorization_signed_response_alg": "ES512"}', '{}', NULL, NULL, 'https://bank.example')
	) v (n, client_type, metadata, redirect_uris, signing_alg, rotation, issuer) ORDER BY n;
-- what it may be: each of the algorithms, under either name, and an application that is installed
SELECT n, test.outcome(format('SELECT pgtoken.create_client(%L, issuer => %L, metadata => test.with_keys(%L), redirect_uris => %L, profile => %L)', 'may-' || n, 'https://bank.example', metadata, redirect_uris, 'fapi2'))
FROM (VALUES (1, '{"token_endpoint_auth_signing_alg": "PS256"}', '{}'), (2, '{"token_endpoint_auth_signing_alg": "EdDSA"}', '{}'),
	(3, '{"token_endpoint_auth_signing_alg": "Ed25519"}', '{}'), (4, '{"application_type": "native"}', '{http://127.0.0.1/cb}'),
	(5, '{"grant_types": ["client_credentials"], "dpop_bound_access_tokens": false, "tls_client_certificate_bound_access_tokens": true}', '{}')) v (n, metadata, redirect_uris) ORDER BY n;

-- Message signing demands that requests are signed, and all of the above.
SELECT test.told($$SELECT pgtoken.update_client('fapi-certificate', metadata => '{"require_signed_request_object": null}')$$) AS must_sign,
	   test.told($$SELECT pgtoken.create_client('x', issuer => 'https://bank.example', metadata => test.with_keys('{"require_signed_request_object": false, "require_pkce": false}'), profile => 'fapi2-message-signing')$$) AS and_the_rest;
SELECT test.told($$SELECT pgtoken.update_client('fapi-key', profile => 'fapi2-message-signing')$$) AS first_the_requests;

-- A living client is told all that it would have to change first, and nothing is changed before.
SELECT client_id FROM pgtoken.create_client('living', redirect_uris => '{http://localhost/cb}', issuer => 'https://old.example', metadata => '{"require_pkce": false, "grant_types": ["authorization_code", "password"]}');
SELECT replace(test.told($$SELECT pgtoken.update_client('living', profile => 'fapi2')$$), '. ', E'.\n') AS told;
SELECT test.profile('living') AS as_it_was;
SELECT pgtoken.update_client('living', redirect_uris => '{https://rp.example/cb}', signing_alg => 'ES256', metadata => test.with_keys('{"require_pkce": null, "grant_types": null,
	"token_endpoint_auth_method": "private_key_jwt", "require_issuer_audience": true, "require_pushed_authorization_requests": true, "dpop_bound_access_tokens": true}'), profile => 'fapi2') AS changed;
SELECT test.profile('living') AS as_demanded;
-- and keeps it
SELECT test.told($$SELECT pgtoken.update_client('living', metadata => '{"require_pushed_authorization_requests": null}')$$) AS no_way_back_but_by_profile;
-- the issuer's default, whatever it becomes, is none of its algorithms
SELECT test.told($$SELECT pgtoken.update_client('living', reset => '{signing_alg}')$$) AS default_is_rs256;
-- the table itself refuses it as well, whoever writes
SELECT test.outcome($$UPDATE pgtoken.clients SET profile = 'fapi2' WHERE client_id = 'older'$$) AS by_hand, test.outcome($$UPDATE pgtoken.clients SET profile = 'fapi' WHERE client_id = 'older'$$) AS unknown;

-- What the endpoints demand of a client by certificate; proofs and assertions are those of test/http.
\set certificate ':MIIBMDCB46ADAgECAhRSNV2W+E4LmvGbqMJueM5CGinf0TAFBgMrZXAwDTELMAkGA1UEAwwCcnAwIBcNMjYxMTI5MDExMzE5WhgPMjEyNjExMDUwMTEzMTlaMA0xCzAJBgNVBAMMAnJwMCowBQYDK2VwAyEAW8vGAAk99uFCrovmWYOufHSrDEeJKc+V4ktIPnxRkmyjUzBRMB0GA1UdDgQWBBTacGFX0//w62iJ6SI8MfCsr4oT/zAfBgNVHSMEGDAWgBTacGFX0//w62iJ6SI8MfCsr4oT/zAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAAy5v41mEUojAi2HVswJ0DxqwqnO+r++ega3n7j0dn8DGqP991T6/Kkgj0ZF1bQja+kvuFPusVg8HSlzmFG88gc=:'
SELECT pgtoken.update_issuer('https://bank.example', login_uri => 'https://bank.example/login');
SELECT client_id FROM pgtoken.create_client('bank-rp', scopes => '{openid,pay}', redirect_uris => '{https://rp.example/cb}', offline_access => true, issuer => 'https://bank.example',
	metadata => '{"tls_client_auth_subject_dn": "CN=rp", "tls_client_certificate_bound_access_tokens": true, "consent_required": false}', profile => 'fapi2');
SELECT pgtoken.create_resource('https://pay.example', '{pay}', issuer => 'https://bank.example');
SELECT client_id FROM pgtoken.create_client('plain-rp', scopes => '{pay}', redirect_uris => '{https://rp.example/cb}', issuer => 'https://bank.example',
	metadata => '{"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=rp"}');
SELECT set_config('pgtoken.http_authenticator', quote_ident(session_user), false) <> '' AS layer;
CREATE FUNCTION test.bank(endpoint text, form text, method text DEFAULT 'POST', certificate text DEFAULT NULL) RETURNS test.answer LANGUAGE sql
	RETURN test.request(method, '/oauth2/' || endpoint, form, '{"host": "bank.example"}', jsonb_build_object('certificate', certificate));
CREATE FUNCTION test.push(client text, certificate text, changes text[] DEFAULT '{}') RETURNS test.answer LANGUAGE plpgsql AS $$
DECLARE
	-- RFC 7636 appendix B
	asked jsonb := jsonb_build_object('client_id', client, 'response_type', 'code', 'redirect_uri', 'https://rp.example/cb', 'scope', 'pay',
		'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256') || jsonb_object(changes);
BEGIN
	RETURN test.bank('par', (SELECT test.form(VARIADIC array_agg(p)) FROM jsonb_each_text(asked) a, LATERAL (VALUES (1, a.key), (2, a.value)) v (n, p)), certificate => certificate);
END
$$;
SELECT test.brief(test.push('bank-rp', :'certificate')) AS pushed, test.brief(test.push('bank-rp', NULL)) AS without_certificate,
	   test.brief(test.push('bank-rp', :'certificate', '{redirect_uri,NULL}')) AS without_redirect_uri, test.brief(test.push('plain-rp', :'certificate', '{redirect_uri,NULL}')) AS of_others,
	   test.brief(test.push('bank-rp', :'certificate', '{code_challenge,NULL,code_challenge_method,NULL}')) AS without_pkce,
	   test.brief(test.push('bank-rp', :'certificate', '{code_challenge_method,plain}')) AS plain_pkce, test.brief(test.push('bank-rp', :'certificate', '{response_type,code id_token}')) AS hybrid;
-- Attack shut out: a request that the browser brings, and anybody can have changed on its way.
SELECT a.status, test.query(a.headers ->> 'location', 'error') AS error, test.query(a.headers ->> 'location', 'error_description') AS description
FROM test.bank('authorize', test.form('client_id', 'bank-rp', 'response_type', 'code', 'redirect_uri', 'https://rp.example/cb', 'scope', 'pay',
	'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256'), 'GET') a;
-- the settings may allow more: the profile does not (C132)
BEGIN;
SET LOCAL pgtoken.pushed_request_lifetime = 600;
SET LOCAL pgtoken.authorization_code_lifetime = 600;
SET LOCAL pgtoken.http_issuer = 'https://bank.example';
SELECT (p.body ->> 'expires_in')::integer AS below_600, (q.body ->> 'expires_in')::integer AS of_others
FROM test.push('bank-rp', :'certificate') p, test.push('plain-rp', :'certificate') q;
SELECT p.body ->> 'request_uri' AS request_uri FROM test.push('bank-rp', :'certificate', '{scope,pay offline_access}') p \gset
SELECT test.query(a.headers ->> 'location', 'transaction_id') AS transaction FROM test.bank('authorize', test.form('client_id', 'bank-rp', 'request_uri', :'request_uri'), 'GET') a \gset
SELECT redirect_uri AS answer FROM pgtoken.approve_authorization(:'transaction', 'alice') \gset
SELECT test.query(:'answer', 'iss') AS iss, expires_at - created_at AS lives FROM pgtoken.authorization_codes WHERE client_id = 'bank-rp';
-- Attack shut out: what a request_uri was answered with is had once more by whoever has seen it.
SELECT test.brief(test.bank('authorize', test.form('client_id', 'bank-rp', 'request_uri', :'request_uri'), 'GET')) AS spent;
SELECT test.form('grant_type', 'authorization_code', 'client_id', 'bank-rp', 'code', test.query(:'answer', 'code'), 'redirect_uri', 'https://rp.example/cb',
	'code_verifier', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk') AS redemption \gset
SELECT test.brief(test.bank('token', :'redemption')) AS without_certificate;
SELECT test.header(t.body ->> 'access_token') ->> 'alg' AS alg, test.claims(t.body ->> 'access_token') -> 'cnf' ? 'x5t#S256' AS bound, t.body ->> 'refresh_token' AS rt
FROM test.bank('token', :'redemption', certificate => :'certificate') t \gset
SELECT :'alg' AS alg, :'bound' AS bound;
-- refresh tokens stay what they are (C131)
SELECT n, test.brief(r) AS answer, r.body ->> 'refresh_token' = :'rt' AS the_same
FROM generate_series(1, 2) n, test.bank('token', test.form('grant_type', 'refresh_token', 'client_id', 'bank-rp', 'refresh_token', :'rt'), certificate => :'certificate') r ORDER BY n;
SELECT test.brief(test.bank('token', test.form('grant_type', 'refresh_token', 'client_id', 'bank-rp', 'refresh_token', :'rt'))) AS without_certificate;
ROLLBACK;
-- Attack shut out: a token of such a client that whoever has stolen it can use, had from the application's own call (C134).
SELECT test.brief(pgtoken.issue_tokens('bank-rp', 'alice', 'pay')) AS bound_to_nothing, test.brief(pgtoken.issue_tokens('bank-rp', 'alice', 'pay', cnf => jsonb_build_object('x5t#S256', repeat('A', 43)))) AS bound,
	   test.brief(pgtoken.issue_tokens('plain-rp', 'alice', 'pay')) AS of_others;
-- sid is for who is told of the end of a session.
SELECT test.claims(i.id_token) ? 'sid' AS sid FROM pgtoken.issue_tokens('bank-rp', 'alice', 'openid', cnf => jsonb_build_object('x5t#S256', repeat('A', 43))) i;
SELECT pgtoken.update_client('bank-rp', metadata => '{"backchannel_logout_uri": "https://bank-rp.example/logout"}') AS told_of_logout;
SELECT test.claims(i.id_token) ? 'sid' AS sid FROM pgtoken.issue_tokens('bank-rp', 'alice', 'openid', cnf => jsonb_build_object('x5t#S256', repeat('A', 43))) i;
SELECT pgtoken.update_client('bank-rp', metadata => '{"backchannel_logout_uri": null}') AS no_more;
-- Introspection is signed (RFC 9701) where the client is registered so, whatever Accept says (C136).
SELECT pgtoken.update_resource('https://pay.example', issuer => 'https://bank.example', client_id => 'plain-rp') AS serves;
SELECT (pgtoken.issue_tokens('bank-rp', 'alice', 'pay', cnf => jsonb_build_object('x5t#S256', repeat('A', 43)))).access_token AS at \gset
CREATE FUNCTION test.introspected(at text, certificate text) RETURNS text LANGUAGE sql
	RETURN (SELECT concat_ws(' ', r.status, r.headers ->> 'content-type', test.header(r.body #>> '{}') - 'kid', test.claims(r.body #>> '{}') - '{iat,token_introspection}'::text[], test.claims(r.body #>> '{}') #>> '{token_introspection,active}')
			FROM test.request('POST', '/oauth2/introspect', test.form('client_id', 'plain-rp', 'token', at), '{"host": "bank.example", "accept": "application/json"}', jsonb_build_object('certificate', certificate)) r
			WHERE jsonb_typeof(r.body) = 'string');
SELECT test.introspected(:'at', :'certificate') AS json;
SELECT pgtoken.update_client('plain-rp', metadata => '{"introspection_signed_response_alg": "ES256"}') AS changed;
SELECT test.introspected(:'at', :'certificate') AS jwt;
SELECT test.told($$SELECT pgtoken.update_client('plain-rp', metadata => '{"introspection_signed_response_alg": "PS256"}')$$) AS no_key,
	   test.told($$SELECT pgtoken.update_client('plain-rp', metadata => '{"introspection_signed_response_alg": "HS256"}')$$) AS nobody_could_verify;
SELECT pgtoken.update_client('plain-rp', signing_alg => 'ES256', profile => 'fapi2-message-signing', metadata => test.with_keys('{"introspection_signed_response_alg": null, "require_signed_request_object": true,
	"require_issuer_audience": true, "require_pushed_authorization_requests": true, "tls_client_certificate_bound_access_tokens": true}')) AS changed;
SELECT test.introspected(:'at', :'certificate') AS by_profile;
SELECT test.brief(test.push('plain-rp', :'certificate', '{response_mode,jwt}')) AS not_signed;
RESET pgtoken.http_authenticator;
