-- Clients that register themselves (RFC 7591), and manage that (RFC 7592).
\set SHOW_CONTEXT never
SELECT pgtoken.create_issuer('https://reg.example');
SELECT length(pgtoken.create_signing_key('ES256', 'https://reg.example')) AS kid_length;
SELECT pgtoken.create_resource('https://reg-api.example', '{reg.read,reg.write}', issuer => 'https://reg.example');
SELECT pgtoken.update_issuer('https://reg.example', login_uri => 'https://reg.example/login');
CREATE FUNCTION test.reg(method text, path text, body text, token text DEFAULT NULL, type text DEFAULT 'application/json') RETURNS test.answer LANGUAGE sql
BEGIN ATOMIC
	SELECT h.status, CASE WHEN h.body <> '' THEN convert_from(h.body, 'UTF8')::jsonb END,
		   (SELECT jsonb_object_agg(lower(h.headers[i]), h.headers[i + 1]) FROM generate_series(1, cardinality(h.headers), 2) i)
	FROM pgtoken_http.handle(method, path, ARRAY['host', 'reg.example', 'content-type', type] || CASE WHEN token IS NULL THEN '{}' ELSE ARRAY['authorization', 'Bearer ' || token] END,
							 convert_to(body, 'UTF8'), '{}') h;
END;
-- what is registered, without what differs each time
CREATE FUNCTION test.told_client(a test.answer) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN concat_ws(' ', a.status, CASE WHEN a.body ? 'error' THEN concat_ws(': ', a.body ->> 'error', a.body ->> 'error_description')
		ELSE (a.body - ARRAY['client_id', 'client_id_issued_at', 'registration_client_uri', 'registration_access_token', 'client_secret', 'software_statement']
			  || CASE WHEN a.body ->> 'client_secret_expires_at' <> '0' THEN '{"client_secret_expires_at": "ends"}' ELSE '{}' END::jsonb)::text END, a.headers ->> 'www-authenticate');
CREATE FUNCTION test.register(body text, token text DEFAULT NULL) RETURNS text LANGUAGE sql
	RETURN test.told_client(test.reg('POST', '/oauth2/register', body, token));
CREATE TABLE test.registered (name text PRIMARY KEY, body jsonb);
CREATE FUNCTION test.keep(of_name text, a test.answer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	IF a.body ? 'client_id' THEN
		INSERT INTO test.registered VALUES (of_name, a.body) ON CONFLICT (name) DO UPDATE SET body = excluded.body;
	END IF;
	RETURN test.told_client(a);
END
$$;
CREATE FUNCTION test.manage(method text, of_name text, change jsonb DEFAULT NULL, token text DEFAULT NULL) RETURNS test.answer LANGUAGE sql
	RETURN (SELECT test.reg(method, '/oauth2/register/' || (r.body ->> 'client_id'), CASE WHEN change IS NOT NULL THEN (jsonb_build_object('client_id', r.body -> 'client_id') || change)::text END,
							coalesce(token, r.body ->> 'registration_access_token'))
			FROM test.registered r WHERE r.name = of_name);

-- Off unless it is said: no endpoint, and nobody is told of one
SELECT test.register('{"redirect_uris": ["https://app.example/cb"]}') AS off;
SELECT pgtoken.update_issuer('https://reg.example', registration => 'open');
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://reg.example', registration => 'everybody')$$);
SELECT i.issuer, pgtoken.server_metadata(i.issuer, false) ->> 'registration_endpoint' AS announced FROM pgtoken.issuers i WHERE i.issuer IN ('https://reg.example', 'https://id.example') ORDER BY 1;

-- C145: What is registered, with its defaults; what is not understood is ignored (RFC 7591 section 2)
SELECT n, test.register(body) AS answer
FROM (VALUES
	(1, '{"redirect_uris": ["https://app.example/cb"]}'),
	(2, '{"redirect_uris": ["https://app.example/cb"], "client_name": "Näme", "client_name#de": "Name", "client_uri": "https://app.example", "logo_uri": "https://app.example/logo.png", "tos_uri": "https://app.example/tos", "policy_uri": "https://app.example/policy", "contacts": ["ops@app.example"], "software_id": "4NRB1", "software_version": "2", "x_unknown": {"a": [1]}, "client_id": "mine", "client_secret": "mine", "registration_access_token": "mine", "jwks": null}'),
	(3, '{"redirect_uris": ["https://app.example/cb"], "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], "scope": "openid reg.read unknown", "token_endpoint_auth_method": "client_secret_post", "id_token_signed_response_alg": "ES256", "subject_type": "pairwise", "default_max_age": 60, "post_logout_redirect_uris": ["https://app.example/bye"], "backchannel_logout_uri": "https://app.example/out"}'),
	-- as clients of MCP do: no application_type, this device
	(4, '{"redirect_uris": ["http://localhost:3118/callback", "http://127.0.0.1/cb"], "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], "client_name": "Agent"}'),
	(5, '{"redirect_uris": ["http://localhost:3118/callback", "https://app.example/cb"], "token_endpoint_auth_method": "none"}'),
	(6, '{"redirect_uris": ["cursor://cb"], "token_endpoint_auth_method": "none"}'),
	(7, '{"redirect_uris": ["https://app.example/cb"], "scope": "openid offline_access"}')) v (n, body) ORDER BY n;
SELECT count(*) AS clients, count(*) FILTER (WHERE c.client_id ~ '^[0-9a-f-]{36}$') AS by_names_of_ours, bool_and(r.access_token_hash IS NOT NULL) AS have_tokens
FROM pgtoken.clients c JOIN pgtoken.registrations r ON r.client_id = c.client_id WHERE c.issuer = 'https://reg.example';

-- What no client can be
SELECT n, test.register(body) AS answer
FROM (VALUES
	(1, '{}'), (2, '{"redirect_uris": "https://app.example/cb"}'), (3, '{"redirect_uris": []}'), (4, '{"redirect_uris": [1]}'), (5, '{"redirect_uris": ["http://app.example/cb"]}'),
	(6, '{"redirect_uris": ["https://app.example/cb#f"]}'), (7, '{"redirect_uris": ["javascript:alert(1)"]}'), (8, '{"redirect_uris": ["https://good.example@evil.example/cb"]}'),
	(9, '{"redirect_uris": ["javascript:alert(1)"], "application_type": "native"}'), (10, '{"redirect_uris": ["/cb"]}'), (11, '{"redirect_uris": [null]}'),
	(20, '{"redirect_uris": ["https://app.example/cb"], "response_types": ["id_token"], "grant_types": ["implicit"]}'), (21, '{"redirect_uris": ["https://app.example/cb"], "response_types": ["code id_token"], "grant_types": ["authorization_code", "implicit"]}'),
	(22, '{"redirect_uris": ["https://app.example/cb"], "grant_types": ["authorization_code", "password"]}'), (23, '{"redirect_uris": ["https://app.example/cb"], "grant_types": []}'),
	(24, '{"redirect_uris": ["https://app.example/cb"], "grant_types": "authorization_code"}'), (25, '{"grant_types": ["client_credentials"]}'),
	(30, '{"redirect_uris": ["https://app.example/cb"], "scope": "none.of.these"}'), (31, '{"redirect_uris": ["https://app.example/cb"], "scope": ["openid"]}'),
	(40, '{"redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "private_key_jwt"}'), (41, '{"redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": ["none"]}'),
	(42, '{"redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "magic"}'), (43, '{"redirect_uris": ["https://app.example/cb"], "jwks": {"keys": []}}'),
	(44, '{"redirect_uris": ["https://app.example/cb"], "jwks": {"keys": []}, "jwks_uri": "https://app.example/jwks"}'),
	(45, '{"redirect_uris": ["https://app.example/cb"], "id_token_signed_response_alg": "none"}'), (46, '{"redirect_uris": ["https://app.example/cb"], "id_token_signed_response_alg": "HS256"}'),
	(47, '{"redirect_uris": ["https://app.example/cb"], "application_type": "desktop"}'), (48, '{"redirect_uris": ["https://a.example/cb", "https://b.example/cb"], "subject_type": "pairwise"}'),
	(50, '{"redirect_uris": ["https://app.example/cb"], "logo_uri": "javascript:alert(1)"}'), (51, '{"redirect_uris": ["https://app.example/cb"], "client_uri": "http://app.example"}'),
	(52, '{"redirect_uris": ["https://app.example/cb"], "contacts": "ops"}'), (53, '{"redirect_uris": ["https://app.example/cb"], "software_id": 7}'),
	(54, E'{"redirect_uris": ["https://app.example/cb"], "client_name": "a\\nb"}'), (55, E'{"redirect_uris": ["https://app.example/cb"], "client_name": "a\\u202eb"}'), (56, '{"redirect_uris": ["https://app.example/cb"], "client_name": ["x"]}'),
	(57, '{"redirect_uris": ["https://app.example/cb"], "post_logout_redirect_uris": ["javascript:alert(1)"]}'), (58, '{"redirect_uris": ["https://app.example/cb"], "default_max_age": "60"}'),
	-- bodies that are none
	(60, ''), (61, '[]'), (62, '{"redirect_uris": ["https://app.example/cb"], "redirect_uris": ["https://evil.example/cb"]}'), (63, '{"a": 1e99999}'), (64, '{"a": "\u0000"}'),
	(65, '{"a": ' || repeat('[', 100) || repeat(']', 100) || '}'), (66, '"x"')) v (n, body) ORDER BY n;
SELECT test.told_client(test.reg('POST', '/oauth2/register', 'redirect_uris=x', NULL, 'application/x-www-form-urlencoded')) AS form,
	   test.told_client(test.reg('POST', '/oauth2/register', '{"client_uri": "' || repeat('x', 65536) || '"}')) AS large,
	   test.told_client(test.reg('POST', '/oauth2/register', jsonb_build_object('redirect_uris', (SELECT jsonb_agg('https://app.example/' || repeat('x', 1000) || i) FROM generate_series(1, 30) i), 'post_logout_redirect_uris',
			(SELECT jsonb_agg('https://app.example/' || repeat('x', 1000) || i) FROM generate_series(1, 20) i))::text)) AS much;
SELECT path, test.told_client(test.reg('GET', path, NULL)) AS get, test.told_client(test.reg('PUT', path, '{}')) AS put, test.told_client(test.reg('DELETE', path, NULL)) AS delete
FROM unnest('{/oauth2/register,/oauth2/register/,/oauth2/register/x,/oauth2/register/x/y,/oauth2/register/x?client_id=y}'::text[]) path;

-- Attack shut out: a client gives itself what an administrator decides: no consent, no
-- PKCE, the subjects of another sector, scopes of nobody's, another name.
SELECT test.keep('greedy', test.reg('POST', '/oauth2/register', '{"redirect_uris": ["https://app.example/cb"], "consent_required": false, "require_pkce": false, "additional_auth_methods": ["client_secret_basic"], "subject_type": "pairwise", "sector_identifier": "bank.example", "client_id": "web", "scope": "openid orders.read admin", "rotation": "never", "enabled": true, "access_token_lifetime": 86400}'));
SELECT c.metadata, c.scopes, c.rotation, c.access_token_lifetime FROM pgtoken.clients c, test.registered r WHERE r.name = 'greedy' AND c.client_id = r.body ->> 'client_id';
-- one of another issuer is not told of here, nor is one that nobody registered
SELECT test.told_client(test.reg('GET', '/oauth2/register/web', NULL, r.body ->> 'registration_access_token')) AS of_an_administrator,
	   (SELECT h.status FROM pgtoken_http.handle('GET', '/oauth2/register/' || (r.body ->> 'client_id'), ARRAY['host', 'id.example', 'authorization', 'Bearer ' || (r.body ->> 'registration_access_token')], NULL) h) AS elsewhere
FROM test.registered r WHERE r.name = 'greedy';

-- The policy: what such clients may have
SELECT n, test.detail(format('SELECT pgtoken.set_registration_policy(%s, %L)', policy, 'https://reg.example')) AS outcome
FROM (VALUES (1, 'NULL'), (2, $$'[]'$$), (3, $$'{"x": 1}'$$), (4, $$'{"redirect_hosts": ["https://app.example"]}'$$), (5, $$'{"redirect_hosts": ["*"]}'$$), (6, $$'{"redirect_hosts": "app.example"}'$$),
	(7, $$'{"grant_types": ["implicit"]}'$$), (8, $$'{"scopes": ["offline_access"]}'$$), (9, $$'{"resources": ["https://nobody.example"]}'$$), (10, $$'{"access_token_lifetime": 1}'$$),
	(11, $$'{"access_token_lifetime": 100000}'$$), (12, $$'{"max_clients": -1}'$$), (13, $$'{"unused_lifetime": 60}'$$), (14, $$'{"metadata": {"require_pkcs": true}}'$$), (15, $$'{"metadata": {"token_endpoint_auth_method": "none"}}'$$),
	(16, $$'{"software_statement_issuers": {"https://s.example": {}}}'$$), (17, $$'{"software_statement_issuers": {"https://s.example": {"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}}}'$$),
	(18, $$'{"loopback_redirects": "no"}'$$), (19, $$'{"token_endpoint_auth_methods": []}'$$), (20, $$'{"scopes": "openid"}'$$), (21, $$'{"metadata": 1}'$$), (22, $$'{"refresh_idle_lifetime": 1}'$$), (23, $$'{"profile": "oauth3"}'$$)) v (n, policy) ORDER BY n;
SELECT test.outcome($$SELECT pgtoken.set_registration_policy('{}', 'https://nobody.example')$$);
SELECT pgtoken.set_registration_policy('{"redirect_hosts": ["app.example", "*.corp.example"], "loopback_redirects": false, "private_use_redirects": false, "grant_types": ["authorization_code"],
	"token_endpoint_auth_methods": ["client_secret_post", "none"], "scopes": ["openid", "reg.read"], "default_scopes": ["openid"], "resources": ["https://reg-api.example"],
	"access_token_lifetime": 60, "refresh_idle_lifetime": 3600, "client_secret_lifetime": 86400, "metadata": {"require_pushed_authorization_requests": true, "require_pkce": false}}', 'https://reg.example');
-- Attack shut out: a host that only looks like one of those that are allowed.
SELECT uri, test.register(format('{"redirect_uris": [%s], "application_type": "native"}', to_json(uri))) LIKE '201 %' AS registered
FROM unnest('{https://app.example/cb,https://APP.example:8443/cb,https://x.corp.example/cb,https://a.b.corp.example/,https://corp.example/cb,https://evilcorp.example/cb,https://xapp.example/cb,https://app.example.evil.example/cb,https://app.example@evil.example/cb,https://evil.example/app.example,https://evil.example?app.example,https://.corp.example/cb,http://localhost/cb,http://127.0.0.1:1/cb,http://[::1]/cb,https://localhost/cb,cursor://cb,com.example.app:/cb}'::text[]) WITH ORDINALITY u (uri, n) ORDER BY n;
SELECT n, test.register(body) AS answer
FROM (VALUES (1, '{"redirect_uris": ["https://app.example/cb"], "grant_types": ["authorization_code", "refresh_token"]}'), (2, '{"redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "client_secret_basic"}'),
	(3, '{"redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "none", "scope": "openid reg.read reg.write"}'),
	(4, '{"redirect_uris": ["https://app.example/cb"], "post_logout_redirect_uris": ["https://evil.example/"]}')) v (n, body) ORDER BY n;
SELECT c.client_type, c.access_token_lifetime, c.refresh_absolute_lifetime, c.refresh_idle_lifetime, c.resources, c.metadata -> 'require_pkce' AS pkce,
	   (SELECT s.expires_at > now() + interval '23 hours' FROM pgtoken.client_secrets s WHERE s.client_id = c.client_id) AS secret_ends
FROM pgtoken.clients c JOIN pgtoken.registrations r ON r.client_id = c.client_id WHERE c.access_token_lifetime IS NOT NULL AND c.issuer = 'https://reg.example' ORDER BY c.created_at DESC, c.client_id DESC LIMIT 2;
SELECT pgtoken.set_registration_policy('{"redirect_hosts": null, "loopback_redirects": null, "private_use_redirects": null, "grant_types": null, "token_endpoint_auth_methods": null, "scopes": null, "default_scopes": null, "resources": null,
	"access_token_lifetime": null, "refresh_idle_lifetime": null, "client_secret_lifetime": null, "metadata": null}', 'https://reg.example');

-- A profile that each has to be of
SELECT pgtoken.set_registration_policy('{"profile": "fapi2"}', 'https://reg.example') ->> 'profile' AS profile;
SELECT test.register('{"redirect_uris": ["https://app.example/cb"]}') AS no_such_client,
	   test.register(jsonb_build_object('redirect_uris', ARRAY['https://app.example/cb'], 'token_endpoint_auth_method', 'private_key_jwt', 'jwks', pgtoken.jwks('https://reg.example'), 'dpop_bound_access_tokens', true)::text) LIKE '201 %' AS one_that_is;
SELECT c.profile, c.metadata -> 'require_pushed_authorization_requests' AS pushed FROM pgtoken.clients c WHERE c.issuer = 'https://reg.example' AND c.profile <> 'oauth21' ORDER BY 1;
SELECT pgtoken.set_registration_policy('{"profile": null}', 'https://reg.example') IS NOT NULL AS back;

-- C146: Initial access tokens. Attack shut out: one that has ended, was used up, revoked, or is
-- of another issuer, or another secret altogether, lets a client in.
SELECT pgtoken.update_issuer('https://reg.example', registration => 'token');
CREATE TABLE test.initial AS SELECT n, (t).*
FROM (SELECT 'once' AS n, pgtoken.create_registration_token('a label', issuer => 'https://reg.example') AS t
	  UNION ALL SELECT 'often', pgtoken.create_registration_token(uses => 3, expires_at => NULL, policy => '{"grant_types": ["client_credentials"], "scopes": ["reg.read"]}', issuer => 'https://reg.example')
	  UNION ALL SELECT 'ended', pgtoken.create_registration_token(issuer => 'https://reg.example')
	  UNION ALL SELECT 'revoked', pgtoken.create_registration_token(issuer => 'https://reg.example')
	  UNION ALL SELECT 'elsewhere', pgtoken.create_registration_token(issuer => 'https://id.example')) v;
SELECT n, registration_token ~ '^pgtia_[A-Za-z0-9_-]{43}$' AS is_token FROM test.initial ORDER BY n;
UPDATE pgtoken.registration_tokens t SET expires_at = now() - interval '1 second' FROM test.initial i WHERE i.n = 'ended' AND t.token_id = i.token_id;
SELECT pgtoken.revoke_registration_token(token_id) AS revoked, pgtoken.revoke_registration_token(token_id) AS again FROM test.initial WHERE n = 'revoked';
SELECT i.n, test.register('{"redirect_uris": ["https://app.example/cb"]}', i.registration_token) AS answer FROM test.initial i WHERE i.n <> 'often' ORDER BY i.n;
SELECT test.register('{"redirect_uris": ["https://app.example/cb"]}', registration_token) AS again FROM test.initial WHERE n = 'once';
SELECT test.register('{"redirect_uris": ["https://app.example/cb"]}') AS without, test.register('{"redirect_uris": ["https://app.example/cb"]}', 'x') AS other,
	   test.register('{"redirect_uris": ["https://app.example/cb"]}', body ->> 'registration_access_token') AS of_a_client FROM test.registered WHERE name = 'greedy';
-- its own policy; and what is refused uses nothing up
SELECT test.keep('machine', test.reg('POST', '/oauth2/register', '{"grant_types": ["client_credentials"]}', registration_token)) AS by_its_policy,
	   test.register('{"redirect_uris": ["https://app.example/cb"]}', registration_token) AS not_by_the_issuers FROM test.initial WHERE n = 'often';
SELECT t.label, t.uses_left FROM pgtoken.registration_tokens t JOIN test.initial i ON i.token_id = t.token_id WHERE i.n IN ('once', 'often') ORDER BY i.n COLLATE "C" DESC;
SELECT n, test.outcome('SELECT pgtoken.create_registration_token(' || arguments || ')') AS outcome
FROM (VALUES (1, 'uses => 0'), (2, 'uses => NULL'), (3, $$expires_at => '2020-01-01'$$), (4, $$policy => '{"x": 1}'$$), (5, $$label => repeat('x', 256)$$), (6, $$issuer => 'https://nobody.example'$$)) v (n, arguments) ORDER BY n;
-- also where none is asked for, one that comes has to hold
SELECT pgtoken.update_issuer('https://reg.example', registration => 'open');
SELECT test.register('{"redirect_uris": ["https://app.example/cb"]}', 'x') AS wrong;

-- Software statements: of whom, for whom, when. What they say counts.
CREATE FUNCTION test.statement(claims jsonb, header text DEFAULT '{"alg":"RS256"}') RETURNS text LANGUAGE sql
	RETURN (SELECT i || '.' || test.b64url(test.rsa_sign(convert_to(i, 'UTF8'))) FROM (SELECT test.b64url(convert_to(header, 'UTF8')) || '.' || test.b64url(convert_to(claims::text, 'UTF8'))) s (i));
CREATE FUNCTION test.stated(statement text, of_name text DEFAULT 'stated') RETURNS text LANGUAGE sql
	RETURN test.keep(of_name, test.reg('POST', '/oauth2/register', jsonb_build_object('redirect_uris', ARRAY['https://evil.example/cb'], 'client_name', 'Other', 'scope', 'openid', 'software_statement', statement)::text));
SELECT pgtoken.set_registration_policy(jsonb_build_object('software_statement_issuers', jsonb_build_object('https://s.example', jsonb_build_object('jwks', jsonb_build_object('keys', jsonb_build_array(test.rsa_jwk()))))), 'https://reg.example') -> 'software_statement_issuers' ? 'https://s.example' AS trusted;
SELECT pgtoken.update_issuer('https://reg.example', registration => 'statement');
SELECT test.register('{"redirect_uris": ["https://app.example/cb"]}') AS without, test.register('{"redirect_uris": ["https://app.example/cb"], "software_statement": 1}') AS no_string, test.stated('x') AS no_jwt;
-- Attack shut out: a client says of itself what only its publisher may, or shows what was
-- signed by somebody else, for somebody else, for another purpose, or long ago.
SELECT n, test.stated(CASE WHEN n = 20 THEN left(t, -4) || CASE right(t, 4) WHEN 'AAAA' THEN 'BBBB' ELSE 'AAAA' END ELSE t END, 'stated-' || n) AS answer
FROM (VALUES
	(1, '{"iss": "https://s.example", "redirect_uris": ["https://stated.example/cb"], "client_name": "Stated", "jti": "1", "software_id": "4NRB1"}'::jsonb, '{"alg":"RS256","typ":"JWT"}'),
	(2, jsonb_build_object('iss', 'https://s.example', 'aud', ARRAY['https://reg.example'], 'exp', extract(epoch FROM now() + interval '1 hour')::bigint, 'redirect_uris', ARRAY['https://stated.example/cb']), '{"alg":"RS256"}'),
	(3, '{"iss": "https://s.example", "redirect_uris": ["http://stated.example/cb"]}', '{"alg":"RS256"}'),
	(10, '{"iss": "https://unknown.example"}', '{"alg":"RS256"}'), (11, '{"client_name": "Stated"}', '{"alg":"RS256"}'), (12, '{"iss": "https://s.example", "aud": "https://other.example"}', '{"alg":"RS256"}'),
	(13, '{"iss": "https://s.example", "exp": 1700000000}', '{"alg":"RS256"}'), (14, jsonb_build_object('iss', 'https://s.example', 'nbf', extract(epoch FROM now() + interval '1 hour')::bigint), '{"alg":"RS256"}'),
	(15, '{"iss": "https://s.example"}', '{"alg":"RS256","typ":"at+jwt"}'), (16, '{"iss": "https://s.example"}', '{"alg":"none"}'), (17, '{"iss": "https://s.example"}', '{"alg":"RS256","crit":["x"]}'), (18, '{"iss": "https://s.example"}', '{"alg":"ES256"}'),
	(19, '{"iss": 1}', '{"alg":"RS256"}'), (20, '{"iss": "https://s.example", "redirect_uris": ["https://stated.example/cb"]}', '{"alg":"RS256"}')) v (n, claims, header), LATERAL test.statement(claims, header) t ORDER BY n DESC;
SELECT test.stated(test.jws('{"alg":"HS256"}', '{"iss":"https://s.example"}', 'secret'::bytea)) AS hmac;
SELECT pgtoken.update_issuer('https://reg.example', registration => 'open');

-- RFC 7592: read. The token comes back, the secret does not.
SELECT test.keep('site', test.reg('POST', '/oauth2/register', '{"redirect_uris": ["https://site.example/cb"], "client_name": "Site", "logo_uri": "https://site.example/logo.png", "scope": "openid"}'));
SELECT test.told_client(test.manage('GET', 'site')) AS read, (test.manage('GET', 'site')).body ->> 'registration_access_token' = body ->> 'registration_access_token' AS token,
	   (test.manage('HEAD', 'site')).status AS head FROM test.registered WHERE name = 'site';
SELECT test.told_client(test.manage('GET', 'site', token => 'x')) AS wrong, test.told_client(test.manage('GET', 'site', token => r.body ->> 'registration_access_token')) AS of_another,
	   test.told_client(test.reg('GET', '/oauth2/register/' || (r.body ->> 'client_id'), NULL)) AS without, test.told_client(test.reg('GET', '/oauth2/register/nobody', NULL, r.body ->> 'registration_access_token')) AS unknown
FROM test.registered r WHERE r.name = 'greedy';

-- C147: Replace: what is left out goes to its default, and the token rotates
SELECT n, test.told_client(test.manage('PUT', 'site', change)) AS answer
FROM (VALUES (1, '{"redirect_uris": ["https://site.example/cb"], "client_id": "other"}'::jsonb), (2, '{"redirect_uris": ["https://site.example/cb"], "registration_access_token": "x"}'), (3, '{"redirect_uris": ["https://site.example/cb"], "client_id_issued_at": 1}'),
	(4, '{"redirect_uris": ["https://site.example/cb"], "client_secret": "mine"}'), (5, '{"redirect_uris": ["http://site.example/cb"]}'), (6, '{"redirect_uris": ["https://site.example/cb"], "token_endpoint_auth_method": "none"}'),
	(7, '{"redirect_uris": ["https://site.example/cb"], "client_id": null}')) v (n, change) ORDER BY n;
SELECT test.manage('GET', 'site') IS NOT NULL AS still_there, client_name, metadata FROM pgtoken.clients c, test.registered r WHERE r.name = 'site' AND c.client_id = r.body ->> 'client_id';
UPDATE pgtoken.clients c SET metadata = c.metadata || '{"consent_required": false}' FROM test.registered r WHERE r.name = 'site' AND c.client_id = r.body ->> 'client_id';
INSERT INTO test.registered SELECT 'before', body FROM test.registered WHERE name = 'site';
SELECT test.keep('site', test.manage('PUT', 'site', jsonb_build_object('redirect_uris', '["https://site.example/cb2"]'::jsonb, 'scope', 'openid reg.read', 'client_secret', body -> 'client_secret')))
FROM test.registered WHERE name = 'site';
-- what an administrator has decided stays
SELECT c.client_name, c.redirect_uris, c.scopes, c.metadata FROM pgtoken.clients c, test.registered r WHERE r.name = 'site' AND c.client_id = r.body ->> 'client_id';
-- the token of before holds until the new one is used, so that an answer can get lost
SELECT (test.manage('GET', 'before')).status AS before_holds;
SELECT (test.manage('GET', 'before')).status AS again;
SELECT (test.manage('GET', 'site')).status AS new_is_used;
-- Attack shut out: a token that was replaced long ago, and lies in some log, changes the client.
SELECT test.told_client(test.manage('GET', 'before')) AS before_has_ended, test.told_client(test.manage('PUT', 'before', '{"redirect_uris": ["https://evil.example/cb"]}')) AS nor_this;
-- an answer that got lost: the client asks again with what it has, and the answer that it never saw is worth nothing
SELECT test.keep('lost', test.manage('PUT', 'site', '{"redirect_uris": ["https://site.example/cb3"]}')) LIKE '200 %' AS lost;
SELECT test.keep('site', test.manage('PUT', 'site', '{"redirect_uris": ["https://site.example/cb4"]}')) LIKE '200 %' AS got;
SELECT (test.manage('GET', 'lost')).status AS lost, (test.manage('GET', 'site')).status AS got;
-- what a software statement said stays said
SELECT test.told_client(a) AS stated, a.body ->> 'software_statement' = r.body ->> 'software_statement' AS as_it_came FROM test.registered r, test.manage('PUT', 'stated-1', '{"redirect_uris": ["https://evil.example/cb"], "client_name": "Other"}') a WHERE r.name = 'stated-1';
-- Attack shut out: a client whose publisher has named its sector leads its users elsewhere, and stays in it.
UPDATE pgtoken.registrations r SET statement_claims = '{"subject_type": "pairwise", "sector_identifier_uri": "https://publisher.example/uris.json"}' FROM test.registered t WHERE t.name = 'site' AND r.client_id = t.body ->> 'client_id';
SELECT test.told_client(test.manage('PUT', 'site', '{"redirect_uris": ["https://evil.example/cb"]}')) AS elsewhere;
UPDATE pgtoken.registrations r SET statement_claims = NULL FROM test.registered t WHERE t.name = 'site' AND r.client_id = t.body ->> 'client_id';
-- each changes itself so often, and no more
UPDATE pgtoken.registrations r SET changes = 60 FROM test.registered t WHERE t.name = 'site' AND r.client_id = t.body ->> 'client_id';
SELECT test.told_client(a) AS too_often, (a.headers ->> 'retry-after')::integer BETWEEN 1 AND 3600 AS later FROM test.manage('PUT', 'site', '{"redirect_uris": ["https://site.example/cb5"]}') a;
UPDATE pgtoken.registrations r SET changes_since = now() - interval '61 minutes' FROM test.registered t WHERE t.name = 'site' AND r.client_id = t.body ->> 'client_id';
SELECT test.keep('site', test.manage('PUT', 'site', '{"redirect_uris": ["https://site.example/cb5"]}')) LIKE '200 %' AS an_hour_later;
-- one that an administrator has switched off changes nothing
SELECT pgtoken.update_client(body ->> 'client_id', enabled => false) FROM test.registered WHERE name = 'site';
SELECT method, test.told_client(test.manage(method, 'site', '{"redirect_uris": ["https://site.example/cb"]}')) AS answer FROM unnest('{GET,PUT,DELETE}'::text[]) method;
SELECT pgtoken.update_client(body ->> 'client_id', enabled => true) FROM test.registered WHERE name = 'site';

-- Delete: all that it has ends at once; one that was used stays by name
SELECT access_token AS at FROM pgtoken.issue_tokens((SELECT body ->> 'client_id' FROM test.registered WHERE name = 'site'), 'alice', 'openid') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
SELECT h.status, h.body FROM test.registered r, LATERAL test.manage('DELETE', 'site') h WHERE r.name = 'site';
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
SELECT c.enabled, (SELECT count(*) FROM pgtoken.client_secrets s WHERE s.client_id = c.client_id AND s.revoked_at IS NULL) AS secrets, test.told_client(test.manage('GET', 'site')) AS afterwards
FROM pgtoken.clients c, test.registered r WHERE r.name = 'site' AND c.client_id = r.body ->> 'client_id';
SELECT (test.manage('DELETE', 'machine')).status;
SELECT count(*) AS never_used_is_gone FROM pgtoken.clients c, test.registered r WHERE r.name = 'machine' AND c.client_id = r.body ->> 'client_id';
SELECT test.told_client(test.manage('GET', 'machine')) AS afterwards;

-- Attack shut out: anybody registers without end until the disk is full.
SELECT registered > 10 AS counted FROM pgtoken.registration_windows WHERE issuer = 'https://reg.example' AND way = 'open';
SELECT pgtoken.set_registration_policy(jsonb_build_object('max_per_hour', w.registered + 1), 'https://reg.example') ? 'max_per_hour' AS set FROM pgtoken.registration_windows w WHERE w.issuer = 'https://reg.example' AND w.way = 'open';
SELECT n, test.told_client(a) LIKE '201 %' AS registered, a.body ->> 'error' AS error, (a.headers ->> 'retry-after')::integer BETWEEN 1 AND 3600 AS retry_after
FROM generate_series(1, 3) n, LATERAL test.reg('POST', '/oauth2/register', '{"redirect_uris": ["https://app.example/cb"], "default_max_age": ' || n || '}') a;
SELECT count(*) AS written FROM pgtoken.audit_events e WHERE e.event = 'client.registration_refused' AND e.reason = 'registration_rate';
-- Attack shut out: who floods registration keeps out those who have an initial access token, and documents.
SELECT registration_token AS flooded FROM pgtoken.create_registration_token(issuer => 'https://reg.example') \gset
SELECT a.status FROM test.reg('POST', '/oauth2/register', '{"redirect_uris": ["https://app.example/cb"]}', :'flooded') a;
SELECT w.way, l.refused FROM unnest(pgtoken.choices('registration way')) w (way), pgtoken.registration_limit('https://reg.example', pgtoken.registration_policy('https://reg.example', NULL), w.way) l ORDER BY w.way;
UPDATE pgtoken.registration_windows SET began_at = now() - interval '61 minutes' WHERE issuer = 'https://reg.example';
SELECT test.register('{"redirect_uris": ["https://app.example/cb"]}') LIKE '201 %' AS the_next_hour;
SELECT registered FROM pgtoken.registration_windows WHERE issuer = 'https://reg.example' AND way = 'open';
SELECT pgtoken.set_registration_policy(jsonb_build_object('max_per_hour', 1000, 'max_clients', (SELECT count(*) + 1 FROM pgtoken.registrations r WHERE r.issuer = 'https://reg.example')), 'https://reg.example') ? 'max_clients' AS set;
SELECT n, test.told_client(a) LIKE '201 %' AS registered, a.status, a.body ->> 'error' AS error FROM generate_series(1, 2) n, LATERAL test.reg('POST', '/oauth2/register', '{"redirect_uris": ["https://app.example/cb"], "default_max_age": ' || n || '}') a;
SELECT pgtoken.set_registration_policy('{"max_clients": null, "max_per_hour": null}', 'https://reg.example') ->> 'max_clients' AS back;

-- What was never used goes, what was stays, and what an administrator has given a part
INSERT INTO test.registered VALUES ('kept', '{}');
SELECT test.keep('kept', test.reg('POST', '/oauth2/register', '{"redirect_uris": ["https://app.example/cb"], "client_name": "kept"}')) LIKE '201 %' AS one,
	   test.keep('part', test.reg('POST', '/oauth2/register', '{"redirect_uris": ["https://app.example/cb"], "client_name": "part"}')) LIKE '201 %' AS two;
SELECT count(*) AS issued FROM pgtoken.issue_tokens((SELECT body ->> 'client_id' FROM test.registered WHERE name = 'kept'), 'alice', 'openid');
SELECT pgtoken.update_resource('https://reg-api.example', client_id => (SELECT body ->> 'client_id' FROM test.registered WHERE name = 'part'), issuer => 'https://reg.example');
SELECT count(*) AS uses FROM pgtoken.registration_uses u JOIN test.registered r ON r.body ->> 'client_id' = u.client_id;
SELECT pgtoken.maintain_clients() AS nothing_yet;
UPDATE pgtoken.registrations SET registered_at = registered_at - interval '31 days' WHERE issuer = 'https://reg.example';
SELECT step, detail::integer > 10 AS many FROM pgtoken.maintain_clients();
SELECT r.name FROM pgtoken.clients c JOIN test.registered r ON c.client_id = r.body ->> 'client_id' WHERE r.name IN ('kept', 'part', 'greedy', 'site') ORDER BY 1;
SELECT (SELECT count(*) FROM pgtoken.registrations r WHERE NOT EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = r.client_id)) AS without_client,
	   (SELECT count(*) FROM pgtoken.client_secrets s WHERE NOT EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = s.client_id)) AS secrets;

-- Who did what is on record; no token, secret or hash is
SELECT e.event, count(*) > 0 AS there FROM pgtoken.audit_events e
WHERE e.event ~ '^(client[.](registered|registration_changed|unregistered|registration_refused)|registration_token|registration_policy|maintenance.clients)' GROUP BY 1 ORDER BY e.event COLLATE "C";
SELECT count(*) AS secrets_in_audit FROM pgtoken.audit_events e, test.registered r
WHERE strpos(e.detail::text, r.body ->> 'registration_access_token') > 0 OR strpos(e.detail::text, r.body ->> 'client_secret') > 0 OR e.detail::text ~ 'pgt(ia|ra|cs)_' OR e.detail::text ~ 'hash": "\\';
SELECT reason, parameter FROM pgtoken.refused_requests(NULL, 1000) WHERE reason ~ '^(registration|redirect_uri_refused|client_metadata|software)' GROUP BY 1, 2 ORDER BY 1, 2;
DROP FUNCTION test.register, test.keep, test.manage, test.statement, test.stated;
DROP TABLE test.registered, test.initial;
