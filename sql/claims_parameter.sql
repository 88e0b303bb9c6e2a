-- The claims parameter (OpenID Connect Core section 5.5; C143): single claims that a client asks
-- for, how well its user must have authenticated, and who it must be.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\set challenge E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM
\set verifier dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk

-- By its scopes, as such functions are; the email of an ID token only when it is asked for there.
CREATE FUNCTION test.person(subject text, client_id text, scopes text[], target text) RETURNS jsonb LANGUAGE sql IMMUTABLE
	RETURN CASE WHEN $4 <> 'access_token' THEN
		CASE WHEN 'profile' = ANY ($3) THEN jsonb_build_object('name', 'The ' || $1, 'nickname', $1) ELSE '{}' END
		|| CASE WHEN 'email' = ANY ($3) AND $4 = 'userinfo' THEN jsonb_build_object('email', $1 || '@example.com') ELSE '{}' END
		|| CASE WHEN 'phone' = ANY ($3) THEN '{"phone_number": "+1"}' ELSE '{}'::jsonb END
		|| CASE WHEN $4 = 'userinfo' THEN '{"tenant": 7}' ELSE '{}'::jsonb END END;
SELECT pgtoken.update_issuer('https://id.example', claims_function => 'test.person', claims_supported => '{name,email}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('asker', scopes => '{openid,profile,email}', offline_access => true,
	redirect_uris => '{https://asker.example/cb}', metadata => '{"consent_required": false}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('asks-first', scopes => '{openid,profile,email}', redirect_uris => '{https://first.example/cb}');

CREATE FUNCTION test.asking(claims text, client text DEFAULT 'asker', VARIADIC more text[] DEFAULT '{}') RETURNS test.answer LANGUAGE sql
	RETURN test.http('authorize', test.form(VARIADIC ARRAY['client_id', client, 'claims', claims, 'response_type', 'code', 'state', 's',
		'redirect_uri', (SELECT c.redirect_uris[1] FROM pgtoken.clients c WHERE c.client_id = client),
		'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256'] || more || CASE WHEN 'scope' = ANY (more) THEN '{}' ELSE '{scope,openid}'::text[] END), method => 'GET');
CREATE FUNCTION test.asked(claims text, client text DEFAULT 'asker', VARIADIC more text[] DEFAULT '{}') RETURNS text LANGUAGE sql
	RETURN test.query((test.asking(claims, client, VARIADIC more)).headers ->> 'location', 'transaction_id');
-- what is in the tokens beside what each has, and in userinfo
CREATE FUNCTION test.extra(claims jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
	RETURN claims - '{iss,sub,aud,azp,exp,iat,jti,sid,at_hash,auth_time,client_id,scope,grant_id,acr}'::text[];
CREATE TYPE test.delivery AS (scope text, access jsonb, id_token jsonb, userinfo jsonb);
CREATE TABLE test.refresh_token (token text);
CREATE FUNCTION test.deliver(redirect_uri text, client text DEFAULT 'asker') RETURNS test.delivery LANGUAGE plpgsql AS $$
DECLARE
	a test.answer := test.http('token', test.form('grant_type', 'authorization_code', 'code', test.query(redirect_uri, 'code'), 'code_verifier', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
		'redirect_uri', (SELECT c.redirect_uris[1] FROM pgtoken.clients c WHERE c.client_id = client)), test.basic(client));
BEGIN
	INSERT INTO test.refresh_token VALUES (a.body ->> 'refresh_token');
	RETURN (a.body ->> 'scope', test.extra(test.claims(a.body ->> 'access_token')), test.extra(test.claims(a.body ->> 'id_token')),
		test.extra((test.http('userinfo', headers => jsonb_build_object('authorization', 'Bearer ' || (a.body ->> 'access_token')))).body));
END
$$;

-- What is understood of it is stored, and the page is told.
SELECT pgtoken.authorization_request(test.asked('{"userinfo": {"name": {"essential": true}, "email": null, "tenant": {"value": 8, "x": 1}}, "id_token": {"acr": {"values": ["pwd"]}}, "other": {}}')) -> 'claims' AS told;
SELECT pgtoken.authorization_request(test.asked('{"userinfo": {"name": null}}', 'asker', 'scope', 'profile')) ? 'claims' AS not_without_openid;
-- Attack shut out: a claims parameter that is large, deep or no object
SELECT n, test.goes(test.asking(claims)) FROM (VALUES (1, '[]'), (2, 'x'), (3, '{"userinfo": []}'), (4, '{"id_token": {"name": true}}'), (5, '{"id_token": {"name": {"value": [[[[[1]]]]]}}}'),
	(6, '{"userinfo": {"name": null, "name": null}}'), (7, format('{"userinfo": {%s}}', (SELECT string_agg(format('"n%s": null', i), ', ') FROM generate_series(1, 65) i))),
	(8, '{"x": "' || repeat('x', 4096) || '"}'), (9, '{"id_token": {"n": {"value": 1e308}}}'), (10, '{}')) v (n, claims) ORDER BY n;

-- Delivered where it was asked for, and nowhere else: a claim of a scope that was not asked for, of one that
-- was in the other place, what no scope stands for; and not a word more than was asked for.
SELECT d.* FROM test.deliver((pgtoken.approve_authorization(test.asked('{"userinfo": {"name": {"essential": true}}}'), 'alice')).redirect_uri) d;
SELECT d.* FROM test.deliver((pgtoken.approve_authorization(test.asked('{"id_token": {"email": null, "tenant": null}}', 'asker', 'scope', 'openid email'), 'alice')).redirect_uri) d;
-- a scope that the client is not registered for it does not get in parts; nor what the token service gives itself
SELECT d.* FROM test.deliver((pgtoken.approve_authorization(test.asked('{"userinfo": {"phone_number": {"essential": true}, "scope": null, "sub": null, "nickname": null}}'), 'alice')).redirect_uri) d;
SELECT d.* FROM test.deliver((pgtoken.approve_authorization(test.asked('{}'), 'alice')).redirect_uri) d;

-- It is kept with the family: a refresh has it, and the client that has lost the scope has it no longer.
TRUNCATE test.refresh_token;
SELECT d.* FROM test.deliver((pgtoken.approve_authorization(test.asked('{"id_token": {"name": null}}', 'asker', 'scope', 'openid offline_access'), 'alice')).redirect_uri) d;
CREATE FUNCTION test.refreshed_id_token() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	a test.answer := test.http('token', test.form('grant_type', 'refresh_token', 'refresh_token', (SELECT token FROM test.refresh_token)), test.basic('asker'));
BEGIN
	UPDATE test.refresh_token SET token = a.body ->> 'refresh_token';
	RETURN test.extra(test.claims(a.body ->> 'id_token'));
END
$$;
SELECT test.refreshed_id_token();
SELECT pgtoken.update_client('asker', scopes => '{openid,email}');
SELECT test.refreshed_id_token();
SELECT pgtoken.update_client('asker', scopes => '{openid,email,profile}');
SELECT c.claims_request AS of_code, g.claims_request AS of_family FROM pgtoken.grants g JOIN pgtoken.authorization_codes c USING (grant_id) WHERE g.client_id = 'asker' ORDER BY g.created_at DESC LIMIT 1;

-- Attack shut out: an application that overlooks the parameter gives away what its user has not agreed to. What
-- stands for the claims is consented to like the scope itself.
SELECT test.asked('{"userinfo": {"name": null, "email": null}}', 'asks-first') AS tx \gset
SELECT pgtoken.consent_missing(:'tx', 'bob') AS missing, test.goes(pgtoken.approve_authorization(:'tx', 'bob')) AS not_agreed;
SELECT d.* FROM test.deliver((pgtoken.approve_authorization(:'tx', 'bob', consent => 'openid email')).redirect_uri, 'asks-first') d \gx
SELECT scopes FROM pgtoken.consents WHERE subject = 'bob' AND client_id = 'asks-first';
SELECT test.asked('{"userinfo": {"name": null, "email": null}}', 'asks-first') AS tx \gset
SELECT pgtoken.consent_missing(:'tx', 'bob') AS missing, test.goes(pgtoken.approve_authorization(:'tx', 'bob', consent => 'profile')) AS agreed;
SELECT test.goes(pgtoken.approve_authorization(test.asked('{"userinfo": {"name": null}}', 'asks-first', 'prompt', 'none'), 'erin')) AS silently;

-- An acr that is essential is had, or the login has failed (section 5.5.1.1); a stronger one will do.
SELECT '{"id_token": {"acr": {"essential": true, "values": ["mfa", "hwk"]}}}' AS essential \gset
SELECT test.asked(:'essential') AS tx \gset
SELECT test.goes(pgtoken.approve_authorization(:'tx', 'alice', acr => 'pwd')) AS too_weak, test.goes(pgtoken.approve_authorization(:'tx', 'alice')) AS none, test.goes(pgtoken.approve_authorization(:'tx', 'alice', acr => 'mfa')) AS as_asked;
SELECT test.goes(pgtoken.approve_authorization(test.asked('{"id_token": {"acr": {"essential": true, "value": "pwd"}}}'), 'alice', acr => 'mfa')) AS stronger,
	   test.goes(pgtoken.approve_authorization(test.asked('{"id_token": {"acr": {"values": ["mfa"]}}}'), 'alice', acr => 'pwd')) AS voluntary,
	   test.goes(pgtoken.approve_authorization(test.asked('{"id_token": {"acr": {"essential": true}}}'), 'alice', acr => 'pwd')) AS any_will_do,
	   test.goes(pgtoken.approve_authorization(test.asked(:'essential', 'asker', 'prompt', 'none'), 'alice', acr => 'pwd')) AS silently,
	   test.goes(pgtoken.deny_authorization(test.asked(:'essential'), 'unmet_authentication_requirements')) AS given_up;

-- Attack shut out: another user's session for a client that wants a certain one.
SELECT n, test.goes(pgtoken.approve_authorization(test.asked(claims), 'alice')) AS alice, test.goes(pgtoken.approve_authorization(test.asked(claims, 'asker', 'prompt', 'none'), 'alice')) AS silently
FROM (VALUES (1, '{"id_token": {"sub": {"value": "alice"}}}'), (2, '{"id_token": {"sub": {"value": "bob"}}}'), (3, '{"userinfo": {"sub": {"essential": true, "value": "bob"}}}'), (4, '{"id_token": {"sub": {"values": ["alice", "bob"]}}}'),
	(5, '{"id_token": {"sub": {"essential": true}}}')) v (n, claims) ORDER BY n;

-- prompt=create (Initiating User Registration; C144): a session of before is no account that was made.
SELECT test.goes(test.asking('{}', 'asker', 'prompt', 'create')) AS taken, test.goes(test.asking('{}', 'asker', 'prompt', 'create none')) AS not_with_none;
SELECT pgtoken.authorization_request(test.asked('{}', 'asker', 'prompt', 'create', 'login_hint', 'x@example.com', 'display', 'popup', 'ui_locales', 'de', 'acr_values', 'mfa pwd')) - '{created_at,expires_at,redirect_uri,code_challenge}'::text[] AS told;
SELECT test.goes(pgtoken.approve_authorization(test.asked('{}', 'asker', 'prompt', 'create'), 'alice', auth_time => now() - interval '1 minute')) AS of_before,
	   test.goes(pgtoken.approve_authorization(test.asked('{}', 'asker', 'prompt', 'create'), 'newcomer')) AS new;

-- what the service says of itself
SELECT m -> 'claims_parameter_supported' AS claims, m -> 'prompt_values_supported' AS prompt, m -> 'acr_values_supported' AS acr FROM (SELECT test.metadata()) t (m);
SELECT pgtoken.update_issuer('https://id.example', claims_supported => '{}', reset => '{claims_function}');
