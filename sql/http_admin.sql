-- What is configured for the HTTP side: metadata of clients, pages and functions
-- of the issuer, consents and sessions, the discovery document, and the helpers
-- for APIs.
\set SHOW_CONTEXT never
SELECT pgtoken.create_issuer('https://http.example');
SELECT length(pgtoken.create_signing_key('ES256', 'https://http.example')) AS kid_length;

-- A public key as a client would register it, and the same with a private part.
CREATE TABLE test.jwks AS
SELECT pgtoken.jwks('https://http.example') AS public,
	   jsonb_set(pgtoken.jwks('https://http.example'), '{keys,0,d}', '"AAAA"') AS private;

-- Metadata, member by member. Attack shut out: a misspelt or mistyped protection
-- is stored, and is not there when it is needed.
SELECT n, client_type, metadata, pgtoken.client_metadata_problem(client_type, metadata::jsonb) AS problem
FROM (VALUES
	(1, 'confidential', '{}'), (2, 'public', '{}'), (3, 'public', NULL), (4, 'public', '[]'), (5, 'public', '"x"'), (6, 'public', 'null'),
	(7, 'public', '{"require_pkcs": true}'), (8, 'public', '{"Require_pkce": true}'), (9, 'public', '{"": 1}'), (10, 'public', E'{"a\\nb": 1}'),
	(11, 'public', '{"require_pkce": null}'),
	(20, 'confidential', '{"grant_types": []}'),
	(21, 'confidential', '{"grant_types": ["authorization_code", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange", "password"]}'),
	(22, 'confidential', '{"grant_types": "authorization_code"}'), (23, 'confidential', '{"grant_types": ["refresh_token"]}'),
	(24, 'confidential', '{"grant_types": ["implicit"]}'), (25, 'confidential', '{"grant_types": [1]}'), (26, 'confidential', '{"grant_types": [null]}'),
	(27, 'confidential', '{"grant_types": [["password"]]}'), (28, 'confidential', '{"grant_types": ["password", "password"]}'),
	(29, 'confidential', '{"grant_types": {"password": true}}'),
	(30, 'public', '{"grant_types": ["client_credentials"]}'), (31, 'public', '{"grant_types": ["urn:ietf:params:oauth:grant-type:token-exchange"]}'),
	(32, 'public', '{"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]}'),
	(40, 'confidential', '{"token_endpoint_auth_method": "client_secret_basic"}'), (41, 'confidential', '{"token_endpoint_auth_method": "client_secret_post"}'),
	(42, 'confidential', '{"token_endpoint_auth_method": "client_secret_jwt"}'), (43, 'confidential', '{"token_endpoint_auth_method": "private_key_jwt"}'),
	(44, 'confidential', '{"token_endpoint_auth_method": "tls_client_auth"}'),
	(45, 'confidential', '{"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=rp,O=Example"}'),
	(46, 'confidential', '{"token_endpoint_auth_method": "none"}'), (47, 'public', '{"token_endpoint_auth_method": "none"}'),
	(48, 'public', '{"token_endpoint_auth_method": "client_secret_post"}'), (49, 'confidential', '{"token_endpoint_auth_method": "self_signed_tls_client_auth"}'),
	(50, 'confidential', '{"token_endpoint_auth_method": true}'),
	(51, 'confidential', '{"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "HS256"}'),
	(52, 'confidential', '{"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "ES256"}'),
	(53, 'confidential', '{"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "HS256"}'),
	(54, 'confidential', '{"token_endpoint_auth_signing_alg": "PS256"}'), (55, 'confidential', '{"token_endpoint_auth_signing_alg": "none"}'),
	(56, 'confidential', '{"token_endpoint_auth_signing_alg": ["PS256"]}'), (57, 'public', '{"token_endpoint_auth_signing_alg": "Ed25519"}'),
	(58, 'confidential', '{"require_issuer_audience": "true"}'), (59, 'confidential', '{"require_issuer_audience": true}'),
	(60, 'confidential', '{"jwks": {"keys": []}}'), (61, 'confidential', '{"jwks": []}'), (62, 'confidential', '{"jwks": "https://rp.example/jwks"}'),
	(63, 'confidential', '{"jwks_url": "https://rp.example/jwks"}'), (64, 'confidential', '{"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}'),
	(70, 'confidential', '{"tls_client_auth_subject_dn": ""}'), (71, 'confidential', '{"tls_client_auth_subject_dn": ["CN=rp"]}'),
	(72, 'confidential', '{"tls_client_auth_subject_dn": "rp"}'), (73, 'confidential', '{"tls_client_auth_subject_dn": "/C=DE/CN=rp"}'),
	(74, 'confidential', '{"tls_client_auth_subject_dn": "cn = rp, 2.5.4.10=Example + OU=\\\\20x"}'),
	(80, 'confidential', '{"require_pkce": false}'), (81, 'public', '{"require_pkce": false}'), (82, 'public', '{"require_pkce": true}'),
	(83, 'confidential', '{"require_pkce": "false"}'), (84, 'confidential', '{"require_pushed_authorization_requests": 1}'),
	(85, 'confidential', '{"dpop_bound_access_tokens": "true"}'), (86, 'confidential', '{"tls_client_certificate_bound_access_tokens": []}'),
	(87, 'confidential', '{"consent_required": {}}'),
	(88, 'confidential', '{"require_pkce": true, "require_pushed_authorization_requests": true, "dpop_bound_access_tokens": true, "tls_client_certificate_bound_access_tokens": true, "consent_required": false}'),
	(90, 'public', '{"post_logout_redirect_uris": []}'), (91, 'public', '{"post_logout_redirect_uris": ["https://rp.example/bye", "com.example.app:/bye"]}'),
	(92, 'public', '{"post_logout_redirect_uris": "https://rp.example/bye"}'), (93, 'public', '{"post_logout_redirect_uris": ["https://rp.example/bye#f"]}'),
	(94, 'public', '{"post_logout_redirect_uris": [null]}'), (95, 'public', '{"post_logout_redirect_uris": [1]}'),
	(96, 'public', '{"post_logout_redirect_uris": ["javascript:alert(1)"]}'), (97, 'public', '{"post_logout_redirect_uris": ["http://rp.example/bye"]}'),
	(98, 'public', '{"application_type": "native", "post_logout_redirect_uris": ["cursor://bye", "https://rp.example/bye"]}'),
	(99, 'public', '{"application_type": "native", "post_logout_redirect_uris": ["javascript:alert(1)"]}'),
	(130, 'public', '{"application_type": "web"}'), (131, 'confidential', '{"application_type": "native"}'), (132, 'public', '{"application_type": "Native"}'),
	(133, 'public', '{"application_type": ["native"]}'), (134, 'public', '{"post_logout_redirect_uris": ["cursor://bye"]}'),
	(135, 'public', '{"grant_types": ["authorization_code", "refresh_token"]}'),
	(100, 'public', '{"backchannel_logout_uri": "https://rp.example/logout"}'), (101, 'public', '{"backchannel_logout_uri": "http://127.0.0.1:3000/logout"}'),
	(102, 'public', '{"backchannel_logout_uri": "http://rp.example/logout"}'), (103, 'public', '{"backchannel_logout_uri": "https://rp.example/logout#f"}'),
	(104, 'public', '{"backchannel_logout_uri": "com.example.app:/logout"}'), (105, 'public', '{"backchannel_logout_uri": ["https://rp.example/logout"]}'),
	(110, 'public', '{"subject_type": "public"}'), (111, 'public', '{"subject_type": "pairwise"}'), (112, 'public', '{"subject_type": "private"}'),
	(113, 'public', '{"subject_type": 1}'), (114, 'public', '{"sector_identifier": "rp.example"}'), (115, 'public', '{"sector_identifier": "https://rp.example"}'),
	(116, 'public', '{"sector_identifier": "RP.example"}'), (117, 'public', '{"sector_identifier": ""}'), (118, 'public', '{"sector_identifier": "rp..example"}'),
	(120, 'public', '{"default_max_age": 0}'), (121, 'public', '{"default_max_age": 3600}'), (122, 'public', '{"default_max_age": -1}'),
	(123, 'public', '{"default_max_age": 1.5}'), (124, 'public', '{"default_max_age": "60"}'), (125, 'public', '{"default_max_age": 1e12}')
	) v (n, client_type, metadata)
ORDER BY n;
-- Attack shut out: a private key of the client ends up in a table, its audit and its backups.
SELECT pgtoken.client_metadata_problem('confidential', jsonb_build_object('token_endpoint_auth_method', 'private_key_jwt', 'jwks', j.public)) AS public_key,
	   pgtoken.client_metadata_problem('confidential', jsonb_build_object('token_endpoint_auth_method', 'private_key_jwt', 'jwks', j.private)) AS private_key
FROM test.jwks j;
-- the table itself refuses it as well, whoever writes
SELECT test.outcome($$UPDATE pgtoken.clients SET metadata = '{"require_pkce": false}' WHERE client_id = 'app'$$) AS public_without_pkce;

-- Clients with metadata: the function names the problem, and makes nothing then
CREATE FUNCTION test.detail(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(': ', SQLSTATE, SQLERRM, NULLIF(detail, ''));
END
$$;
SELECT n, test.detail(format('SELECT pgtoken.create_client(%s, issuer => %L)', arguments, 'https://http.example')) AS outcome
FROM (VALUES
	(1, $$'h', metadata => NULL$$), (2, $$'h', metadata => '[]'$$), (3, $$'h', metadata => '{"x": 1}'$$),
	(4, $$'h', 'public', metadata => '{"token_endpoint_auth_method": "client_secret_basic"}'$$),
	-- C89: without one host there is no one sector
	(5, $$'h', redirect_uris => '{https://a.example/cb,https://b.example/cb}', metadata => '{"subject_type": "pairwise"}'$$),
	(6, $$'h', redirect_uris => '{https://a.example/cb,com.example.app:/cb}', metadata => '{"subject_type": "pairwise"}'$$)) v (n, arguments)
ORDER BY n;
SELECT count(*) AS made FROM pgtoken.clients WHERE client_id = 'h';
SELECT (pgtoken.create_client('pair-1', redirect_uris => '{https://a.example/cb,https://a.example:8443/cb2}', issuer => 'https://http.example',
	metadata => '{"subject_type": "pairwise"}')).client_id;
SELECT (pgtoken.create_client('pair-2', redirect_uris => '{https://a.example/cb,https://b.example/cb}', issuer => 'https://http.example',
	metadata => '{"subject_type": "pairwise", "sector_identifier": "a.example"}')).client_id;
SELECT test.detail($$SELECT pgtoken.update_client('pair-1', redirect_uris => '{https://a.example/cb,https://b.example/cb}')$$) AS second_host,
	   test.detail($$SELECT pgtoken.update_client('pair-2', metadata => '{"sector_identifier": null}')$$) AS sector_taken_away;

-- update_client merges; null goes back to the default
SELECT pgtoken.update_client('pair-1', metadata => '{"consent_required": false, "default_max_age": 60}');
SELECT pgtoken.update_client('pair-1', metadata => '{"default_max_age": 30, "require_pushed_authorization_requests": true}');
SELECT metadata FROM pgtoken.clients WHERE client_id = 'pair-1';
SELECT pgtoken.update_client('pair-1', metadata => '{"consent_required": null, "subject_type": null, "backchannel_logout_uri": null}');
SELECT pgtoken.update_client('pair-1', client_name => 'Pair');
SELECT metadata FROM pgtoken.clients WHERE client_id = 'pair-1';
SELECT n, test.detail(format('SELECT pgtoken.update_client(%L, metadata => %L)', 'pair-1', metadata)) AS outcome
FROM (VALUES (1, '{"x": 1}'), (2, '[]'), (3, 'null'), (4, '{"token_endpoint_auth_method": "private_key_jwt"}'), (5, '{}')) v (n, metadata)
ORDER BY n;
SELECT metadata FROM pgtoken.clients WHERE client_id = 'pair-1';
SELECT detail #> '{before,metadata}' AS before, detail #> '{after,metadata}' AS after FROM pgtoken.audit_events
WHERE event = 'client.changed' AND client_id = 'pair-1' AND detail #> '{before,metadata}' <> detail #> '{after,metadata}' ORDER BY occurred_at, event_id;

-- Secrets: made only for methods that use one; itself kept only where its hash is not enough
SELECT m AS method, client_secret IS NOT NULL AS has_secret, (SELECT count(*) FROM pgtoken.client_secrets s WHERE s.client_id = c.client_id) AS stored
FROM test.jwks j, unnest('{client_secret_basic,client_secret_post,client_secret_jwt,private_key_jwt,tls_client_auth}'::text[]) m,
	pgtoken.create_client('by-' || m, scopes => '{openid}', offline_access => true, issuer => 'https://http.example',
		metadata => jsonb_build_object('token_endpoint_auth_method', m, 'jwks', j.public, 'tls_client_auth_subject_dn', 'CN=rp')) c
ORDER BY m;
SELECT client_id FROM pgtoken.client_secrets WHERE client_id LIKE 'by-%' ORDER BY client_id;
CREATE FUNCTION test.kept(of_client text) RETURNS bigint LANGUAGE sql VOLATILE
BEGIN ATOMIC
	SELECT count(*) FROM pgtoken.client_secrets s
	JOIN pgtoken.key_material m ON m.material_id = format('client:%s:%s', s.client_id, s.secret_id)
	WHERE s.client_id = of_client;
END;
SELECT m AS method, test.kept('by-' || m) AS kept FROM unnest('{client_secret_basic,client_secret_post,client_secret_jwt,private_key_jwt,tls_client_auth}'::text[]) m ORDER BY m;
SELECT test.detail($$SELECT pgtoken.create_client_secret('by-private_key_jwt')$$) AS by_key,
	   test.detail($$SELECT pgtoken.create_client_secret('by-tls_client_auth')$$) AS by_certificate;
SELECT length((pgtoken.create_client_secret('by-client_secret_jwt')).client_secret) AS second;
SELECT test.kept('by-client_secret_jwt') AS kept;
-- a revoked one goes
SELECT pgtoken.revoke_client_secret('by-client_secret_jwt', (SELECT s.secret_id FROM pgtoken.client_secrets s WHERE s.client_id = 'by-client_secret_jwt' ORDER BY s.secret_id LIMIT 1));
SELECT test.kept('by-client_secret_jwt') AS kept;
-- with the method they all go; those of others stay, also where one name begins with the other
SELECT client_id FROM pgtoken.create_client('by-client_secret_jwt:x', issuer => 'https://http.example', metadata => '{"token_endpoint_auth_method": "client_secret_jwt"}');
SELECT pgtoken.update_client('by-client_secret_jwt', metadata => '{"default_max_age": 5}');
SELECT test.kept('by-client_secret_jwt') AS kept;
SELECT pgtoken.update_client('by-client_secret_jwt', metadata => '{"token_endpoint_auth_method": null}');
SELECT test.kept('by-client_secret_jwt') AS kept, test.kept('by-client_secret_jwt:x') AS of_the_other;
-- to it: what was made before is only there as a hash
SELECT pgtoken.update_client('by-client_secret_post', metadata => '{"token_endpoint_auth_method": "client_secret_jwt"}');
SELECT test.kept('by-client_secret_post') AS kept, length((pgtoken.create_client_secret('by-client_secret_post')).client_secret) AS new_secret;
SELECT test.kept('by-client_secret_post') AS kept;

-- An API's own client
SELECT n, test.detail(format('SELECT pgtoken.create_resource(%L, issuer => %L, client_id => %L)', 'https://api.http.example', 'https://http.example', client_id)) AS outcome
FROM (VALUES (1, 'nobody'), (2, 'web'), (3, 'by-private_key_jwt')) v (n, client_id) ORDER BY n;
SELECT (pgtoken.create_client('http-app', 'public', scopes => '{openid,notes}', offline_access => true, issuer => 'https://http.example',
	metadata => '{"backchannel_logout_uri": "https://rp.example/logout"}')).client_id;
SELECT test.detail($$SELECT pgtoken.update_resource('https://api.http.example', issuer => 'https://http.example', client_id => 'http-app')$$) AS public_client,
	   test.detail($$SELECT pgtoken.update_resource('https://api.http.example', issuer => 'https://http.example', client_id => 'by-tls_client_auth', scopes => '{notes,admin}')$$) AS good;
SELECT client_id, scopes FROM pgtoken.resources WHERE resource = 'https://api.http.example';
SELECT pgtoken.update_resource('https://api.http.example', issuer => 'https://http.example', reset => '{client_id}');
SELECT client_id, scopes FROM pgtoken.resources WHERE resource = 'https://api.http.example';

-- Pages and functions of the issuer
CREATE SCHEMA "Odd ""App";
CREATE FUNCTION "Odd ""App"."Claims;"(text, text, text[], text) RETURNS jsonb LANGUAGE sql RETURN '{}'::jsonb;
CREATE FUNCTION test.claims_of(subject text, client_id text, scopes text[], target text) RETURNS jsonb LANGUAGE sql RETURN '{}'::jsonb;
CREATE FUNCTION test.verify_password(username text, password text, client_id text) RETURNS jsonb LANGUAGE sql RETURN NULL::jsonb;
CREATE FUNCTION test.claims_json(subject text, client_id text, scopes text[], target text) RETURNS json LANGUAGE sql RETURN '{}'::json;
CREATE FUNCTION test.claims_set(subject text, client_id text, scopes text[], target text) RETURNS SETOF jsonb LANGUAGE sql BEGIN ATOMIC SELECT '{}'::jsonb; END;
CREATE FUNCTION pg_temp.claims_of(subject text, client_id text, scopes text[], target text) RETURNS jsonb LANGUAGE sql RETURN '{}'::jsonb;
SELECT n, arguments, test.detail(format('SELECT pgtoken.update_issuer(%L, %s)', 'https://http.example', arguments)) AS outcome
FROM (VALUES
	(1, $$login_uri => 'https://app.example/login#f'$$), (2, $$logout_uri => 'http://app.example/logout'$$), (3, $$verification_uri => 'javascript:alert(1)'$$),
	(4, $$claims_function => 'claims_of'$$), (5, $$claims_function => 'test.nothing'$$), (6, $$claims_function => 'test.verify_password'$$),
	(7, $$claims_function => 'test.claims_json'$$), (8, $$claims_function => 'test.claims_set'$$), (9, $$claims_function => 'pg_temp.claims_of'$$),
	(10, $$claims_function => 'test.claims_of(text,text,text[],text)'$$), (11, $$claims_function => 'test.claims_of; DROP TABLE x'$$), (12, $$claims_function => ''$$),
	(13, $$claims_function => 'a.b.c'$$), (14, $$password_verifier => 'test.claims_of'$$), (15, $$password_verifier => 'nowhere.verify'$$),
	(16, $$reset => '{dpop_nonce_required}'$$), (17, $$reset => NULL$$)) v (n, arguments)
ORDER BY n;
SELECT jsonb_strip_nulls(to_jsonb(i) - '{created_at,epoch,epochs_since_end,not_before_epoch}'::text[]) AS stored FROM pgtoken.issuers i WHERE issuer = 'https://http.example';
SELECT pgtoken.update_issuer('https://http.example', login_uri => 'https://app.example/login', logout_uri => 'https://app.example/logout?x=1',
	verification_uri => 'http://localhost/device', claims_function => '"Odd ""App"."Claims;"', password_verifier => 'TEST.verify_password', dpop_nonce_required => true);
SELECT to_jsonb(i) - '{created_at,epoch,epochs_since_end,not_before_epoch}'::text[] AS stored FROM pgtoken.issuers i WHERE issuer = 'https://http.example';
SELECT pgtoken.update_issuer('https://http.example', claims_function => 'test.claims_of', reset => '{claims_function,logout_uri}', dpop_nonce_required => false);
SELECT jsonb_strip_nulls(to_jsonb(i) - '{created_at,epoch,epochs_since_end,not_before_epoch}'::text[]) AS stored FROM pgtoken.issuers i WHERE issuer = 'https://http.example';
-- health() looks at them again: the function may have gone or be a superuser's
SELECT ok, replace(detail, 'of https://http.example', 'of X') AS detail FROM pgtoken.health() WHERE check_name = 'user-supplied functions';
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_pgtoken_app, regress_pgtoken_anon, regress_pgtoken_authenticator, regress_pgtoken_issuer, regress_pgtoken_auditor;
RESET client_min_messages;
CREATE ROLE regress_pgtoken_app;
GRANT CREATE, USAGE ON SCHEMA test TO regress_pgtoken_app;
ALTER FUNCTION test.claims_of OWNER TO regress_pgtoken_app;
ALTER FUNCTION test.verify_password OWNER TO regress_pgtoken_app;
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'user-supplied functions';
ALTER FUNCTION test.claims_of RENAME TO gone;
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'user-supplied functions';
ALTER FUNCTION test.gone RENAME TO claims_of;
DROP FUNCTION "Odd ""App"."Claims;";
DROP SCHEMA "Odd ""App";

-- Attack shut out: the login role of the HTTP layer, the first that an intruder
-- gets, can do more than the endpoints.
CREATE ROLE regress_pgtoken_anon IN ROLE pgtoken_http;
CREATE ROLE regress_pgtoken_authenticator NOINHERIT IN ROLE regress_pgtoken_anon;
SET pgtoken.http_authenticator = 'regress_pgtoken_nobody_at_all';
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'http authenticator';
SET pgtoken.http_authenticator = 'regress_pgtoken_authenticator';
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'http authenticator';
GRANT pgtoken_issuer TO regress_pgtoken_anon;
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'http authenticator';
REVOKE pgtoken_issuer FROM regress_pgtoken_anon;
GRANT pgtoken_admin TO regress_pgtoken_authenticator;
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'http authenticator';
REVOKE pgtoken_admin FROM regress_pgtoken_authenticator;
ALTER ROLE regress_pgtoken_authenticator BYPASSRLS;
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'http authenticator';
ALTER ROLE regress_pgtoken_authenticator SUPERUSER;
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'http authenticator';
ALTER ROLE regress_pgtoken_authenticator NOSUPERUSER NOBYPASSRLS;

-- C96: consent withdrawn. The refresh token and the access token are dead at
-- once, the reason is in the audit; other clients and subjects keep theirs.
SELECT access_token AS at, refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('http-app', 'lea', 'openid offline_access') \gset
SELECT access_token AS other_at, grant_id AS other_gid FROM pgtoken.issue_tokens('http-app', 'max', 'openid') \gset
SELECT access_token AS web_at FROM pgtoken.issue_tokens('web', 'lea', 'openid') \gset
INSERT INTO pgtoken.consents VALUES ('lea', 'http-app', 'https://api.http.example', '{openid,offline_access}', now(), now()), ('max', 'http-app', 'https://api.http.example', '{openid}', now(), now());
CREATE FUNCTION test.add_code(of_subject text, of_scope text, redeemed timestamptz DEFAULT NULL, of_session text DEFAULT NULL) RETURNS void LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO pgtoken.authorization_codes (grant_id, code_hash, client_id, subject, scope, resources, session_id, claims, context, created_at, expires_at, redeemed_at)
	VALUES (pgtoken.new_uuid(), sha256('x'), 'http-app', of_subject, of_scope, '{}', of_session, '{}', '{}', now(), now() + interval '1 minute', redeemed);
END;
CREATE FUNCTION test.add_device(of_subject text, of_state text, of_scope text DEFAULT 'openid', of_session text DEFAULT NULL) RETURNS void LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO pgtoken.device_codes (grant_id, device_hash, user_code_hash, client_id, scope, resources, state, poll_interval, subject, session_id, context, created_at, expires_at)
	VALUES (pgtoken.new_uuid(), sha256('x'), sha256('y'), 'http-app', of_scope, '{}', of_state, 5, of_subject, of_session, '{}', now(), now() + interval '10 minutes');
END;
SELECT test.add_code('lea', 'openid'), test.add_code('lea', 'openid', now()), test.add_code('max', 'openid'),
	   test.add_device('lea', 'approved'), test.add_device('lea', 'redeemed'), test.add_device('max', 'approved');
SELECT client_id, subject, generation, access_tokens, reason FROM pgtoken.withdraw_consent('lea', 'http-app');
SELECT (pgtoken.refresh_grant(:'rt')).error AS c96, pgtoken.verify_access_token(:'at') IS NULL AS access_refused;
SELECT event, reason, n FROM test.events(:'gid');
SELECT pgtoken.verify_access_token(:'other_at') IS NOT NULL AS other_subject, pgtoken.verify_access_token(:'web_at') IS NOT NULL AS other_client;
SELECT subject FROM pgtoken.consents ORDER BY subject;
SELECT event, personal #>> '{before,subject}' AS before, personal #>> '{after,subject}' AS after FROM pgtoken.audit_events WHERE event LIKE 'consent.%' AND client_id = 'http-app' ORDER BY 1, 3, 2;
SELECT subject, redeemed_at IS NOT NULL AS redeemed FROM pgtoken.authorization_codes WHERE client_id = 'http-app' ORDER BY 1, 2;
SELECT subject, state FROM pgtoken.device_codes WHERE client_id = 'http-app' ORDER BY 1, 2;
SELECT count(*) AS again FROM pgtoken.withdraw_consent('lea', 'http-app');
-- also where no consent was stored
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('http-app', 'lea', 'openid') \gset
SELECT reason FROM pgtoken.withdraw_consent('lea', 'http-app');
SELECT pgtoken.verify_access_token(:'at') IS NULL AS access_refused;
SELECT count(*) AS unknown FROM pgtoken.withdraw_consent('nobody', 'http-app');
SELECT count(*) AS nulls FROM pgtoken.withdraw_consent(NULL, NULL);
-- the codes' audit has neither hash nor challenge
SELECT DISTINCT e.event, k AS hidden FROM pgtoken.audit_events e, jsonb_object_keys(e.detail -> 'after') k
WHERE e.event IN ('authorization_code.created', 'device_code.created') AND k LIKE ANY ('{%hash%,%challenge%}');
SELECT event, count(*) FROM pgtoken.audit_events WHERE event IN ('authorization_code.created', 'device_code.created') AND client_id = 'http-app' GROUP BY event ORDER BY event;

-- Sessions (C54; OpenID Connect Back-Channel Logout section 2.7): without offline
-- only what has no refresh token ends, but every client of the session is told.
DELETE FROM pgtoken.authorization_codes WHERE client_id = 'http-app';
DELETE FROM pgtoken.device_codes WHERE client_id = 'http-app';
CREATE FUNCTION test.state(id uuid) RETURNS text LANGUAGE sql VOLATILE BEGIN ATOMIC
	SELECT concat_ws(' ', s.state, s.revoke_reason) FROM pgtoken.grant_status s WHERE s.grant_id = id;
END;
SELECT grant_id AS online FROM pgtoken.issue_tokens('http-app', 'lea', 'openid', session_id => 's1') \gset
SELECT grant_id AS offline FROM pgtoken.issue_tokens('http-app', 'lea', 'openid offline_access', session_id => 's1') \gset
SELECT grant_id AS nameless FROM pgtoken.issue_tokens('http-app', 'lea', 'openid') \gset
SELECT grant_id AS untold FROM pgtoken.issue_tokens('by-private_key_jwt', 'lea', 'openid', session_id => 's1') \gset
SELECT grant_id AS elsewhere FROM pgtoken.issue_tokens('http-app', 'lea', 'openid', session_id => 's2') \gset
SELECT grant_id AS foreign_one FROM pgtoken.issue_tokens('http-app', 'max', 'openid', session_id => 's1') \gset
SELECT test.add_code('lea', 'openid', NULL, 's1'), test.add_code('lea', 'openid offline_access', NULL, 's1'), test.add_code('lea', 'openid', NULL, 's2'), test.add_code('lea', 'openid', now(), 's1'),
	   test.add_device('lea', 'approved', 'openid', 's1'), test.add_device('lea', 'approved', 'openid offline_access', 's1'), test.add_device('lea', 'pending', 'openid', NULL);
-- Attack shut out: the application of one issuer ends the sessions of another's
-- users, who may bear the same names.
SELECT count(*) AS of_the_default_issuer FROM pgtoken.end_session('lea', 's1', offline => true);
SET pgtoken.http_issuer = 'https://http.example';
CREATE TEMP TABLE told AS SELECT * FROM pgtoken.end_session('lea', 's1');
-- C91
SELECT client_id, backchannel_logout_uri, test.header(logout_token) ->> 'typ' AS typ, c ->> 'iss' AS iss, c ->> 'aud' AS aud, c ->> 'sub' AS sub, c ->> 'sid' AS sid,
	   c -> 'events' AS events, c ? 'jti' AS jti, c ? 'nonce' AS nonce
FROM told, test.claims(logout_token) c;
SELECT test.state(:'online') AS online, test.state(:'offline') AS offline, test.state(:'nameless') AS nameless, test.state(:'untold') AS untold,
	   test.state(:'elsewhere') AS elsewhere, test.state(:'foreign_one') AS foreign_one;
SELECT session_id, scope, redeemed_at IS NOT NULL AS redeemed FROM pgtoken.authorization_codes WHERE client_id = 'http-app' ORDER BY 1, 2;
SELECT session_id, scope, state FROM pgtoken.device_codes WHERE client_id = 'http-app' ORDER BY 1, 2;
-- a session without a name is called by its family
SELECT client_id, test.claims(logout_token) ->> 'sid' = :'nameless' AS sid_is_family FROM pgtoken.end_session('lea', :'nameless');
SELECT test.state(:'nameless') AS nameless;
-- all of the subject's, with offline; one row for each session; a reason of one's own
SELECT client_id, test.claims(logout_token) ->> 'sid' AS sid FROM pgtoken.end_session('lea', offline => true, reason => 'password_changed');
SELECT test.state(:'offline') AS offline, test.state(:'elsewhere') AS elsewhere, test.state(:'foreign_one') AS foreign_one;
SELECT count(*) AS open_codes FROM pgtoken.authorization_codes WHERE client_id = 'http-app' AND subject = 'lea' AND redeemed_at IS NULL;
SELECT count(*) AS again FROM pgtoken.end_session('lea', offline => true);
RESET pgtoken.http_issuer;
SELECT test.outcome('SELECT * FROM pgtoken.end_session(NULL)') AS no_subject, test.outcome($$SELECT * FROM pgtoken.end_session('lea', offline => NULL)$$) AS no_offline;
DROP TABLE told;

-- maintain() forgets what is over, and nothing before; codes a day later
SET client_min_messages = warning;
DELETE FROM pgtoken.authorization_codes WHERE client_id = 'http-app';
DELETE FROM pgtoken.device_codes WHERE client_id = 'http-app';
-- a pushed one stays for as long as a login page may have it open
INSERT INTO pgtoken.authorization_requests SELECT pgtoken.new_uuid(), kind, sha256('x'), 'https://http.example', 'http-app', '{}', now(), now() + o
FROM (VALUES ('authorization', '-1 second'::interval), ('authorization', '1 day'), ('pushed', '-601 seconds'), ('pushed', '-1 second')) r (kind, o);
INSERT INTO pgtoken.replay_ids SELECT sha256(o::text::bytea), now() + o FROM unnest('{-61 seconds,-1 second,1 day}'::interval[]) o;
INSERT INTO pgtoken.user_code_attempts SELECT o::text, 1, now() + o FROM unnest('{-25 hours,-23 hours}'::interval[]) o;
SELECT test.add_code('lea', s), test.add_device('lea', 'denied', s) FROM unnest('{fresh,ended,old}'::text[]) s;
UPDATE pgtoken.authorization_codes SET expires_at = now() - CASE scope WHEN 'ended' THEN interval '23 hours' ELSE '25 hours' END WHERE client_id = 'http-app' AND scope <> 'fresh';
UPDATE pgtoken.device_codes SET expires_at = now() - CASE scope WHEN 'ended' THEN interval '23 hours' ELSE '25 hours' END WHERE client_id = 'http-app' AND scope <> 'fresh';
SELECT step, detail FROM pgtoken.maintain() WHERE step NOT LIKE 'partition%';
SELECT (SELECT string_agg(kind, ' ' ORDER BY kind) FROM pgtoken.authorization_requests) AS requests, (SELECT count(*) FROM pgtoken.replay_ids) AS replay_ids,
	   (SELECT count(*) FROM pgtoken.user_code_attempts) AS attempts,
	   (SELECT string_agg(scope, ' ' ORDER BY scope) FROM pgtoken.authorization_codes WHERE client_id = 'http-app') AS codes,
	   (SELECT string_agg(scope, ' ' ORDER BY scope) FROM pgtoken.device_codes WHERE client_id = 'http-app') AS devices;
SELECT count(*) AS second_run FROM pgtoken.maintain();
-- many, in one run
INSERT INTO pgtoken.replay_ids SELECT sha256(i::text::bytea), now() - interval '1 hour' FROM generate_series(1, 20000) i;
SELECT step, detail FROM pgtoken.maintain();
SELECT step, detail FROM pgtoken.maintain();
DELETE FROM pgtoken.authorization_requests;
DELETE FROM pgtoken.replay_ids;
DELETE FROM pgtoken.user_code_attempts;
DELETE FROM pgtoken.authorization_codes WHERE client_id = 'http-app';
DELETE FROM pgtoken.device_codes WHERE client_id = 'http-app';

-- Discovery (RFC 8414, OpenID Connect Discovery). C76: it says what works, and
-- nothing else. In a read-only transaction, as GET is; by the anonymous role.
SET pgtoken.http_issuer = 'https://http.example';
SELECT pgtoken.update_issuer('https://http.example', logout_uri => 'https://app.example/logout');
BEGIN READ ONLY;
SELECT jsonb_pretty(body) AS document FROM test.request('GET', '/.well-known/openid-configuration');
SELECT status, headers FROM test.request('GET', '/.well-known/openid-configuration');
SELECT (test.request('GET', '/.well-known/openid-configuration')).body = (test.request('GET', '/.well-known/oauth-authorization-server')).body AS same_document;
COMMIT;
-- what the claims function adds is announced as long as there is one, and nothing twice
BEGIN;
SELECT pgtoken.update_issuer('https://http.example', claims_supported => '{email,sub,https://x.example/tier}');
SELECT test.metadata() -> 'claims_supported' AS claims_supported;
SELECT pgtoken.update_issuer('https://http.example', reset => '{claims_function}', acr_levels => '{}');
SELECT test.metadata()::jsonb -> 'claims_supported' ? 'email' AS announced, test.metadata()::jsonb ? 'acr_values_supported' AS levels;
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://http.example', claims_supported => '{a,a}')$$) AS twice;
ROLLBACK;
-- what is not configured is not there; what it says follows at once
BEGIN;
CREATE TEMP TABLE before AS SELECT * FROM jsonb_each(test.metadata()::jsonb);
SELECT pgtoken.update_issuer('https://http.example', reset => '{login_uri,logout_uri,verification_uri,password_verifier}');
SELECT pgtoken.update_resource('https://api.http.example', issuer => 'https://http.example', enabled => false);
SELECT length(pgtoken.create_signing_key('EdDSA', 'https://http.example')) AS kid_length, length(pgtoken.create_signing_key('ES256', 'https://http.example')) AS pending;
SELECT set_config('pgtoken.http_authenticator', quote_ident(session_user), true) <> '' AS layer;
CREATE TEMP TABLE after AS SELECT a.* FROM test.request('GET', '/.well-known/openid-configuration', peer => '{"certificate": null}') r, jsonb_each(r.body) a;
SELECT key, a.value AS now FROM before b FULL JOIN after a USING (key) WHERE a.value IS DISTINCT FROM b.value ORDER BY key COLLATE "C";
ROLLBACK;
-- the issuer is the default one unless told otherwise; without any: a clear error
RESET pgtoken.http_issuer;
SELECT test.metadata() ->> 'issuer' AS issuer;
SET pgtoken.http_issuer = 'https://gone.example';
SELECT test.outcome('SELECT test.metadata()') AS configuration, test.outcome($$SELECT test.http('jwks', method => 'GET')$$) AS jwks,
	   test.outcome('SELECT pgtoken_http.pre_config()') AS pre_config;

-- C80: the key set as it is published, and as PostgREST takes it over; never a
-- secret key. Key changes are told to PostgREST.
SET pgtoken.http_issuer = 'https://http.example';
BEGIN READ ONLY;
SELECT (SELECT array_agg(k) FROM jsonb_object_keys(body) k) AS members, jsonb_array_length(body -> 'keys') AS keys,
	   (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(body #> '{keys,0}') k) AS of_the_key, headers
FROM test.http('jwks', method => 'GET');
SET LOCAL ROLE regress_pgtoken_anon;
SELECT pgtoken_http.pre_config();
RESET ROLE;
SELECT current_setting('pgrst.jwt_secret')::jsonb = (test.http('jwks', method => 'GET')).body AS same_keys;
COMMIT;
BEGIN;
SELECT pgtoken.create_signing_key('HS256', 'https://http.example') IS NOT NULL AS hs256;
SELECT pgtoken_http.pre_config();
SELECT json_array_length(current_setting('pgrst.jwt_secret')::json -> 'keys') AS keys, current_setting('pgrst.jwt_secret') LIKE '%"k"%' AS secret;
ROLLBACK;

-- Helpers for APIs. The API's role is a member of pgtoken_http and of nothing else.
CREATE TABLE test.notes (owner text, body text);
INSERT INTO test.notes VALUES ('lea', 'of lea'), ('max', 'of max');
ALTER TABLE test.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON test.notes USING (owner = (SELECT pgtoken.subject()) AND pgtoken.has_scope('notes'));
GRANT USAGE ON SCHEMA test TO regress_pgtoken_anon;
GRANT SELECT ON test.notes TO regress_pgtoken_anon;
SELECT access_token AS at FROM pgtoken.issue_tokens('http-app', 'lea', 'openid notes', acr => 'gold', auth_time => now() - interval '10 minutes') \gset
SELECT test.claims(:'at')::text AS claims, (test.claims(:'at') || '{"cnf": {"jkt": "x"}}')::text AS bound,
	   (test.claims(:'at') - 'scope' - 'acr' - 'auth_time')::text AS poor \gset
-- Attack shut out: a challenge that the caller's or the developer's text breaks
-- out of, into a header of its own.
CREATE FUNCTION test.challenge(claims text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
BEGIN
	PERFORM set_config('request.jwt.claims', claims, true);
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	IF SQLSTATE <> 'PGRST' THEN
		RETURN SQLSTATE || ': ' || message;
	END IF;
	RETURN concat_ws(' ', detail::json ->> 'status', message::json ->> 'code', detail::json -> 'headers' ->> 'WWW-Authenticate',
					 (SELECT string_agg(k, ',') FROM json_object_keys(message::json) k));
END
$$;
SET ROLE regress_pgtoken_anon;
-- without a token, as PostgREST leaves it, and with settings that are not there at all
SELECT pgtoken.claim('sub') AS claim, pgtoken.has_scope('notes') AS has_scope, pgtoken.subject() AS subject;
SELECT set_config('request.jwt.claims', '', false) = '' AS reset;
SELECT pgtoken.claim('sub') AS claim, pgtoken.has_scope('notes') AS has_scope, pgtoken.subject() AS subject, (SELECT count(*) FROM test.notes) AS notes;
SELECT set_config('request.jwt.claims', '{"role": "regress_pgtoken_anon"}', false) <> '' AS anonymous;
SELECT pgtoken.claim('role') AS claim, pgtoken.has_scope('notes') AS has_scope, pgtoken.subject() AS subject, (SELECT count(*) FROM test.notes) AS notes;
SELECT set_config('request.jwt.claims', :'claims', false) <> '' AS with_token;
SELECT pgtoken.claim('client_id') AS client_id, pgtoken.claim('acr') AS acr, pgtoken.claim('nothing') AS nothing, pgtoken.claim(NULL) AS no_name, pgtoken.subject() AS subject;
SELECT s, pgtoken.has_scope(s) FROM unnest('{notes,openid,note,notesx,Notes,"openid notes","",NULL}'::text[]) s;
SELECT body FROM test.notes;
SELECT set_config('request.jwt.claims', :'poor', false) <> '' AS without_scope;
SELECT body FROM test.notes;
-- a pairwise sub is not what the application knows; the family knows it
SELECT set_config('request.jwt.claims', (:'claims'::jsonb || '{"sub": "pairwise"}')::text, false) <> '' AS pairwise;
SELECT pgtoken.claim('sub') AS sub, pgtoken.subject() AS subject;
SELECT g, set_config('request.jwt.claims', jsonb_build_object('iss', 'x', 'grant_id', g)::text, false) IS NOT NULL AS set, pgtoken.subject() AS subject
FROM unnest('{"",x,00000000-0000-7000-8000-000000000000,NULL}'::text[]) g;
-- has_scope and claim cost a row policy no function call
SELECT set_config('request.jwt.claims', '', false) = '' AS reset;
CREATE TEMP TABLE plan (line text);
DO $$
DECLARE
	l text;
BEGIN
	FOR l IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) SELECT 1 FROM test.notes WHERE pgtoken.has_scope(body) AND pgtoken.claim(''sub'') = owner' LOOP
		INSERT INTO plan VALUES (l);
	END LOOP;
END
$$;
SELECT bool_or(line LIKE '%current_setting%') AS inlined, bool_or(line LIKE '%has_scope%' OR line LIKE '%claim(%') AS called FROM plan;
DROP TABLE plan;
-- RFC 6750 section 3.1, RFC 9470 section 3 (C79), RFC 9449 section 7.1
SELECT n, statement, test.challenge(CASE token WHEN 'none' THEN '' WHEN 'anonymous' THEN '{"role": "x"}' WHEN 'full' THEN :'claims' WHEN 'bound' THEN :'bound' ELSE :'poor' END,
									'SELECT pgtoken.' || statement) AS answer, token
FROM (VALUES
	(1, 'full', $$require_scope('notes')$$), (2, 'full', $$require_scope('admin')$$), (3, 'poor', $$require_scope('notes')$$), (4, 'none', $$require_scope('notes')$$),
	(5, 'anonymous', $$require_scope('notes')$$), (6, 'bound', $$require_scope('admin')$$), (7, 'full', $$require_scope('a b')$$), (8, 'full', $$require_scope('a"b')$$),
	(9, 'full', $$require_scope(E'a\r\nX-Evil: 1')$$), (10, 'full', $$require_scope(NULL)$$), (11, 'full', $$require_scope('')$$),
	(20, 'full', $$require_acr('{gold}')$$), (21, 'full', $$require_acr('{silver,gold}')$$), (22, 'full', $$require_acr('{platinum,gold2}')$$), (23, 'poor', $$require_acr('{gold}')$$),
	(24, 'none', $$require_acr('{gold}')$$), (25, 'bound', $$require_acr('{platinum}')$$), (26, 'full', $$require_acr(NULL, '1 hour')$$), (27, 'full', $$require_acr(NULL, '5 minutes')$$),
	(28, 'full', $$require_acr('{gold}', '5 minutes')$$), (29, 'full', $$require_acr('{gold}', '11 minutes')$$), (30, 'poor', $$require_acr('{}', '1 hour')$$),
	(31, 'full', $$require_acr(NULL)$$), (32, 'full', $$require_acr('{}')$$), (33, 'full', $$require_acr('{"a\"b"}')$$), (34, 'full', $$require_acr(ARRAY[E'a\nb'])$$),
	(35, 'full', $$require_acr('{NULL}')$$), (36, 'full', $$require_acr(NULL, '-1 second')$$), (37, 'full', $$require_acr(NULL, '0')$$), (38, 'full', $$require_acr('{gold,"a b"}')$$)
	) v (n, token, statement)
ORDER BY n;
RESET ROLE;
SELECT test.challenge((:'claims'::jsonb || '{"auth_time": "now"}')::text, $$SELECT pgtoken.require_acr(NULL, '1 hour')$$) AS odd_auth_time;
SELECT set_config('request.jwt.claims', '', false) = '' AS reset;

-- Privileges: the anonymous role reaches endpoints and helpers, nothing else
SELECT n.nspname AS schema, p.proname AS function FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'pgtoken' AND has_function_privilege('regress_pgtoken_anon', p.oid, 'EXECUTE') ORDER BY 1, 2;
SELECT count(*) > 3 AS endpoints, bool_and(has_function_privilege('regress_pgtoken_anon', p.oid, 'EXECUTE')) AS all_of_them,
	   bool_or(has_function_privilege('regress_pgtoken_app', p.oid, 'EXECUTE')) AS anybody_else
FROM pg_proc p WHERE p.pronamespace = 'pgtoken_http'::regnamespace;
SELECT r.rolname, has_schema_privilege(r.rolname, 'pgtoken_http', 'USAGE') AS pgtoken_http, has_schema_privilege(r.rolname, 'pgtoken', 'USAGE') AS pgtoken
FROM pg_roles r WHERE r.rolname IN ('regress_pgtoken_anon', 'regress_pgtoken_app', 'pgtoken_issuer', 'pgtoken_auditor', 'pgtoken_admin') ORDER BY 1;
SELECT c.relname FROM pg_class c WHERE c.relnamespace IN ('pgtoken'::regnamespace, 'pgtoken_http'::regnamespace) AND c.relkind IN ('r', 'p', 'v')
	AND (has_table_privilege('regress_pgtoken_anon', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') OR has_any_column_privilege('regress_pgtoken_anon', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'));
-- Attack shut out: the auditor takes home what codes and requests can be redeemed by.
CREATE ROLE regress_pgtoken_auditor IN ROLE pgtoken_auditor;
CREATE ROLE regress_pgtoken_issuer IN ROLE pgtoken_issuer;
SELECT c.relname, a.attname AS hidden_from_auditor
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relname IN ('authorization_requests', 'authorization_codes', 'device_codes', 'user_code_attempts', 'consents', 'replay_ids')
  AND NOT has_column_privilege('regress_pgtoken_auditor', c.oid, a.attname, 'SELECT')
ORDER BY 1, 2;
SET ROLE regress_pgtoken_auditor;
SELECT count(client_id) > 0 AS consents FROM pgtoken.consents;
SELECT count(grant_id) AS codes FROM pgtoken.authorization_codes;
SELECT code_hash FROM pgtoken.authorization_codes;
SELECT parameters FROM pgtoken.authorization_requests;
SELECT test.outcome('x');
RESET ROLE;
-- the application shows its users their consents, and changes them by its functions only
SET ROLE regress_pgtoken_issuer;
SELECT client_id, scopes FROM pgtoken.consents WHERE subject = 'max';
DELETE FROM pgtoken.consents;
SELECT reason FROM pgtoken.withdraw_consent('max', 'http-app');
SELECT count(*) AS told FROM pgtoken.end_session('nobody');
SELECT pgtoken.logout_token('http-app', 'max', 's1');
SELECT pgtoken.keep_client_secret('web', '00000000-0000-7000-8000-000000000000', 'x');
SELECT pgtoken_http.pre_config();
RESET ROLE;
SELECT test.state(:'other_gid') AS withdrawn;

-- nothing is left that the other tests would meet
RESET pgtoken.http_issuer;
RESET pgtoken.http_authenticator;
SELECT pgtoken.update_issuer('https://http.example', reset => '{login_uri,logout_uri,verification_uri,claims_function,password_verifier}');
DROP TABLE test.notes, test.jwks;
DROP FUNCTION test.claims_of, test.verify_password;
REVOKE ALL ON SCHEMA test FROM regress_pgtoken_app, regress_pgtoken_anon;
DROP ROLE regress_pgtoken_app, regress_pgtoken_authenticator, regress_pgtoken_anon, regress_pgtoken_issuer, regress_pgtoken_auditor;
SELECT step FROM pgtoken.maintain();
RESET client_min_messages;

-- Attack shut out: an administrator of pgtoken has a function run as its owner
-- that he may not call himself; or one of a superuser.
CREATE ROLE regress_pgtoken_padm IN ROLE pgtoken_admin;
CREATE ROLE regress_pgtoken_dev;
GRANT USAGE ON SCHEMA test TO regress_pgtoken_padm;
CREATE SCHEMA regress_ops AUTHORIZATION regress_pgtoken_dev;
CREATE FUNCTION regress_ops.run(text, text, text) RETURNS jsonb LANGUAGE sql RETURN jsonb_build_object('subject', $1);
-- what a function of somebody else's can read that the administrator cannot
SET ROLE regress_pgtoken_dev;
CREATE TABLE regress_ops.salaries AS SELECT 'alice' AS who, 1000 AS salary;
CREATE FUNCTION regress_ops.tell(text, text, text[], text) RETURNS jsonb LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT to_jsonb(s) FROM regress_ops.salaries s); END$$;
CREATE FUNCTION regress_ops.judge(jsonb, jsonb, jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT to_jsonb(s) FROM regress_ops.salaries s); END$$;
RESET ROLE;
SET ROLE regress_pgtoken_padm;
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://http.example', password_verifier => 'regress_ops.run')$$) AS no_usage;
RESET ROLE;
GRANT USAGE ON SCHEMA regress_ops TO regress_pgtoken_padm;
SET ROLE regress_pgtoken_padm;
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://http.example', password_verifier => 'regress_ops.run')$$) AS of_a_superuser;
RESET ROLE;
ALTER FUNCTION regress_ops.run OWNER TO regress_pgtoken_dev;
REVOKE EXECUTE ON FUNCTION regress_ops.run FROM PUBLIC;
SET ROLE regress_pgtoken_padm;
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://http.example', password_verifier => 'regress_ops.run')$$) AS no_execute;
RESET ROLE;
GRANT EXECUTE ON FUNCTION regress_ops.run TO regress_pgtoken_padm;
SET ROLE regress_pgtoken_padm;
-- nor with the rights of an owner who has only let him call it, each with his own
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://http.example', password_verifier => 'regress_ops.run')$$) AS as_verifier,
	   test.outcome($$SELECT pgtoken.update_issuer('https://http.example', claims_function => 'regress_ops.tell')$$) AS as_claims,
	   test.outcome($$SELECT pgtoken.create_policy('lent', '[{"rule": "function", "function": "regress_ops.judge"}]', issuer => 'https://http.example')$$) AS as_policy;
RESET ROLE;
-- who has the owner's rights anyway may name them, and the owner may lend them
GRANT regress_pgtoken_dev TO regress_pgtoken_padm;
SET ROLE regress_pgtoken_padm;
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://http.example', password_verifier => 'regress_ops.run')$$) AS of_ones_own_role;
RESET ROLE;
REVOKE regress_pgtoken_dev FROM regress_pgtoken_padm;
ALTER FUNCTION regress_ops.run SECURITY DEFINER;
SET ROLE regress_pgtoken_padm;
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://http.example', password_verifier => 'regress_ops.run')$$) AS lent;
RESET ROLE;

-- Attack shut out: the owner of a claims function leaves something behind that runs
-- later as whoever asked for the token: a deferred trigger, a temporary table. And
-- what it raises, which may tell of the application's data, stays in the log.
SET ROLE regress_pgtoken_dev;
CREATE TABLE regress_ops.bait (who text);
CREATE FUNCTION regress_ops.fire() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'fired as %', current_user; RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON regress_ops.bait DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION regress_ops.fire();
CREATE FUNCTION regress_ops.claims(subject text, client_id text, scopes text[], target text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	CASE subject
		WHEN 'trigger' THEN INSERT INTO regress_ops.bait VALUES (current_user);
		WHEN 'table' THEN CREATE TEMP TABLE planted (x int);
		WHEN 'role' THEN SET LOCAL ROLE NONE;
		WHEN 'cursor' THEN EXECUTE 'DECLARE held CURSOR WITH HOLD FOR SELECT 1';
		WHEN 'words' THEN RAISE EXCEPTION 'the salary of % is 1000', subject;
		WHEN 'cancel' THEN RAISE EXCEPTION 'the salary of % is 1000', subject USING ERRCODE = 'query_canceled', DETAIL = 'as if the server had ended it';
		ELSE RETURN jsonb_build_object('ran_as', current_user);
	END CASE;
	RETURN '{}';
END$$;
RESET ROLE;
SELECT pgtoken.update_issuer('https://http.example', claims_function => 'regress_ops.claims');
SELECT subject, test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L, %L)', 'http-app', subject, 'openid'))
FROM unnest('{trigger,table,role,cursor,words,cancel}'::text[]) WITH ORDINALITY s (subject, i) ORDER BY i;
SELECT test.claims(access_token) ->> 'ran_as' AS ran_as FROM pgtoken.issue_tokens('http-app', 'somebody', 'openid');
-- Attack shut out, by being told: who may issue tokens in SQL leaves a temporary table
-- of the name that the function looks up first.
CREATE FUNCTION test.functions_told() RETURNS text LANGUAGE sql STABLE AS $$SELECT concat_ws(': ', ok, detail) FROM pgtoken.health() WHERE check_name = 'user-supplied functions'$$;
SELECT test.functions_told() AS anybodys_path;
ALTER FUNCTION regress_ops.claims SET search_path = regress_ops;
SELECT split_part(test.functions_told(), ':', 1) AS temporary_objects_first;
ALTER FUNCTION regress_ops.claims SET search_path = 'regress_ops, pg_temp';	-- which is one name
SELECT split_part(test.functions_told(), ':', 1) AS temporary_objects_first;
ALTER FUNCTION regress_ops.claims SET search_path = regress_ops, pg_temp;
SELECT split_part(test.functions_told(), ':', 1) AS temporary_objects_last;
DROP FUNCTION test.functions_told();
SELECT pgtoken.update_issuer('https://http.example', reset => '{claims_function,password_verifier}');
DROP SCHEMA regress_ops CASCADE;
DROP OWNED BY regress_pgtoken_padm, regress_pgtoken_dev;
DROP ROLE regress_pgtoken_padm, regress_pgtoken_dev;
