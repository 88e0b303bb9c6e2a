-- The door: what a layer hands over whole, by host, path and method; and whom it
-- believes about the connection.
\set SHOW_CONTEXT never
-- a new one each time: marks.sql looks at it
SET pgtoken.http_answer_request_id = off;
CREATE FUNCTION test.door(method text, target text, headers text[] DEFAULT '{}', body bytea DEFAULT NULL, peer jsonb DEFAULT '{}') RETURNS text LANGUAGE sql
BEGIN ATOMIC
	SELECT concat_ws(' ', h.status, substring(convert_from(h.body, 'UTF8') FROM '"(?:error|issuer)" ?: ?"([^"]*)"'))
	FROM pgtoken_http.handle(method, target, headers, body, peer) h;
END;
-- the headers of an answer but those that all have
CREATE FUNCTION test.door_headers(method text, target text, headers text[] DEFAULT '{}', body bytea DEFAULT NULL) RETURNS SETOF text LANGUAGE sql
BEGIN ATOMIC
	SELECT h.headers[i] || ': ' || h.headers[i + 1]
	FROM pgtoken_http.handle(method, target, headers, body) h, generate_series(1, cardinality(h.headers), 2) i
	WHERE h.headers[i] <> ALL ('{Content-Type,Cache-Control,Pragma}');
END;

-- Whose request is it? Attack shut out: the keys or clients of one issuer are had
-- under the name of another, by a path or a host that looks like it.
SELECT pgtoken.create_issuer(i) FROM unnest('{https://door.example/,https://door.example/a,https://door.example/a/b,https://port.example:8443,http://127.0.0.1:3000/x}'::text[]) i;
SELECT n, host, path, test.door('GET', path, CASE WHEN host IS NULL THEN '{}' ELSE ARRAY['Host', host] END) AS answer
FROM (VALUES
	(1, 'door.example', '/.well-known/openid-configuration'), (2, 'DOOR.Example:443', '/.well-known/oauth-authorization-server'),
	(3, 'door.example', '/a/.well-known/openid-configuration'), (4, 'door.example', '/a/.well-known/oauth-authorization-server'),
	(5, 'door.example', '/.well-known/oauth-authorization-server/a'), (6, 'door.example', '/.well-known/openid-configuration/a/b'),
	(7, 'door.example', '/a/b/.well-known/openid-configuration'),
	(10, 'port.example:8443', '/.well-known/openid-configuration'), (11, 'port.example', '/.well-known/openid-configuration'),
	(12, '127.0.0.1:3000', '/x/.well-known/openid-configuration'), (13, '127.0.0.1:3000', '/.well-known/openid-configuration'),
	(20, 'door.example', '/A/.well-known/openid-configuration'), (21, 'door.example', '/a//.well-known/openid-configuration'), (22, 'door.example', '/a/.well-known/openid-configuration/'),
	(23, 'door.example', '/ab/.well-known/openid-configuration'), (24, 'door.example', '/%61/.well-known/openid-configuration'), (25, 'door.example', '/a/../.well-known/openid-configuration'),
	(26, 'door.example', '/.well-known/jwks.json'), (27, 'door.example', ''), (28, 'door.example', '/'),
	-- who is none of ours is a proxy's name for this server: the default issuer
	(30, 'nobody.example', '/.well-known/openid-configuration'), (31, NULL, '/.well-known/openid-configuration'), (32, 'a b', '/.well-known/openid-configuration'),
	(33, 'door.example@nobody.example', '/.well-known/openid-configuration'), (34, '', '/.well-known/openid-configuration'),
	-- as proxies are asked: the target's host counts, and not the Host header (RFC 9112 section 3.2.2)
	(40, 'id.example', 'http://door.example/a/.well-known/openid-configuration'), (41, 'door.example', 'http://id.example/a/.well-known/openid-configuration'),
	(42, 'id.example', 'https://door.example?x=/oauth2/jwks')) v (n, host, path)
ORDER BY n;
BEGIN;
SET LOCAL pgtoken.http_issuer = 'https://door.example/a';
SELECT test.door('GET', '/a/.well-known/openid-configuration', '{host,nobody.example}') AS the_one, test.door('GET', '/.well-known/openid-configuration', '{host,door.example}') AS no_other;
ROLLBACK;
SELECT test.door('GET', '/oauth2/jwks', '{Host,door.example,hOST,id.example}') AS two_hosts;

-- Methods, of every path
SELECT path, string_agg(method || ' ' || test.door(method, path), ', ' ORDER BY n) AS answers
FROM (VALUES ('/oauth2/jwks'), ('/oauth2/token'), ('/oauth2/userinfo'), ('/oauth2/logout'), ('/nothing')) p (path),
	 unnest('{GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS,TRACE,CONNECT,get,"","X Y"}'::text[]) WITH ORDINALITY m (method, n)
GROUP BY path ORDER BY path;
SELECT test.door_headers('DELETE', '/oauth2/token');
-- of HEAD what GET has: the layer drops the body
SELECT h.headers = g.headers AND h.body = g.body AND h.status = g.status AS same
FROM pgtoken_http.handle('HEAD', '/oauth2/jwks', '{}', NULL) h, pgtoken_http.handle('GET', '/oauth2/jwks', '{}', NULL) g;

-- Scripts of other origins: what is for them, what is not, what is not there
SELECT test.door_headers('GET', '/oauth2/jwks', '{origin,https://app.example}') AS of_an_answer;
SELECT test.door_headers('OPTIONS', '/oauth2/token', ARRAY['origin', 'https://app.example', 'access-control-request-method', 'POST', 'access-control-request-headers', E'content-type, MCP-Protocol-Version,,b\r\nad, x y']) AS of_a_preflight;
SELECT test.door_headers('OPTIONS', '/nothing', '{origin,https://app.example,access-control-request-method,GET}') AS of_what_is_not_there;
SELECT test.door_headers('OPTIONS', '/oauth2/authorize', '{origin,https://app.example,access-control-request-method,GET}') AS of_a_page;
SELECT test.door_headers('GET', '/oauth2/logout', '{origin,https://app.example}') AS of_another;
BEGIN;
SET LOCAL pgtoken.http_cors_origins = 'https://one.example, https://two.example';
SELECT test.door_headers('GET', '/oauth2/jwks', '{origin,https://two.example}') AS welcome;
SELECT test.door_headers('GET', '/oauth2/jwks', '{origin,https://two.example.evil.example}') AS not_welcome;
SELECT test.door_headers('OPTIONS', '/oauth2/token', '{origin,https://three.example,access-control-request-method,POST}') AS nor_its_preflight;
ROLLBACK;

-- Forms: by their type, whole, and no byte of another kind
SELECT n, test.door('POST', '/oauth2/token', headers, body) AS answer
FROM (VALUES
	(1, '{content-type,application/x-www-form-urlencoded}'::text[], 'grant_type=x'::bytea), (2, '{CONTENT-TYPE,Application/X-WWW-Form-Urlencoded;charset=utf-8}', 'grant_type=x'),
	(3, '{}', 'grant_type=x'), (4, '{content-type,""}', 'grant_type=x'), (5, '{}', NULL), (6, '{content-type,application/json}', ''),
	(10, '{content-type,application/json}', '{}'), (11, '{content-type,text/plain}', 'grant_type=x'), (12, '{content-type,application/x-www-form-urlencodedx}', 'grant_type=x'),
	(13, '{content-type,application/x-www-form-urlencoded,content-type,text/plain}', 'grant_type=x'), (14, '{}', '{"grant_type": "x"}'),
	(15, '{content-encoding,gzip}', 'grant_type=x'), (16, '{content-encoding,identity}', 'grant_type=x'),
	(20, '{}', 'grant_type=x&grant_type=x'), (21, '{}', E'grant_type=x\\000y'), (22, '{}', 'grant_type=%00'), (23, '{}', E'grant_type=\\377'), (24, '{}', 'grant_type=%C3%A4'),
	(25, '{}', E'grant_type=\\303\\244'), (26, '{}', 'grant_type=%'),
	(30, '{}', convert_to('grant_type=' || repeat('x', 65525), 'UTF8')), (31, '{}', convert_to('grant_type=' || repeat('x', 65526), 'UTF8'))) v (n, headers, body)
ORDER BY n;
-- a query counts where the method has nothing else
SELECT test.door('POST', '/oauth2/token?grant_type=x') AS of_a_post, test.door('GET', '/oauth2/authorize?client_id=x&client_id=y') AS of_a_get, test.door('GET', '/oauth2/authorize?%zz') AS broken;
SELECT test.door_headers('POST', '/oauth2/token', '{authorization,Basic !}', 'grant_type=client_credentials') AS of_a_401;

-- What no layer sends
SELECT n, test.outcome('SELECT pgtoken_http.handle(' || arguments || ')') AS outcome
FROM (VALUES (1, $$NULL, '/', '{}', NULL$$), (2, $$'GET', NULL, '{}', NULL$$), (3, $$'GET', '/', NULL, NULL$$), (4, $$'GET', '/', '{a}', NULL$$), (5, $$'GET', '/', '{a,NULL}', NULL$$),
	(6, $$'GET', '/', '{{a,b}}', NULL$$), (7, $$'GET', '/', ARRAY['a', U&'\20AC'], NULL$$), (8, $$'GET', U&'/\20AC', '{}', NULL$$), (9, $$'GET', '/', '{}', NULL, '[]'$$), (10, $$'GET', '/', '{}', NULL, NULL$$)) v (n, arguments)
ORDER BY n;

-- Any octet in a header: what is UTF-8 is taken for it, the rest for ISO-8859-1, and nothing fails
SELECT pgtoken.create_client('door', offline_access => true, scopes => '{orders.read}') IS NOT NULL AS made;
DELETE FROM test.clients WHERE client_id = 'door';
INSERT INTO test.clients SELECT 'door', client_secret FROM pgtoken.create_client_secret('door');
CREATE FUNCTION test.context_of(headers text[], peer jsonb DEFAULT '{}', form text DEFAULT '') RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	answer record;
	form CONSTANT bytea := convert_to(test.form('grant_type', 'refresh_token', 'client_id', 'door', 'client_secret', test.secret('door'), 'refresh_token',
		(SELECT refresh_token FROM pgtoken.issue_tokens('door', 'alice', 'orders.read offline_access'))) || form, 'UTF8');
BEGIN
	SELECT h.* INTO answer FROM pgtoken_http.handle('POST', '/oauth2/token', headers, form, peer) h;
	RETURN CASE answer.status WHEN 200 THEN (SELECT t.context FROM pgtoken.tokens t WHERE t.grant_id = pgtoken.grant_of(convert_from(answer.body, 'UTF8')::jsonb ->> 'refresh_token') AND t.generation = 1)
		ELSE to_jsonb(answer.status) END;
END
$$;
SELECT test.context_of(ARRAY['user-agent', U&'Br\00C3\00A4u']) AS utf_8, test.context_of(ARRAY['User-Agent', U&'Br\00E4u']) AS latin_1, test.context_of(ARRAY['user-agent', 'one', 'USER-AGENT', 'two']) AS repeated;

-- Attack shut out: whoever may call the door, or can send headers through a layer, says
-- where a request comes from, or shows a certificate that is not his.
SET pgtoken.http_client_certificate_header = 'x-cert';
SET pgtoken.http_context_headers = 'country=x-country, session_id=x-session';
SELECT test.context_of('{x-forwarded-for,192.0.2.1,pgtoken-address,192.0.2.1,x-country,DE,forwarded,for=192.0.2.1,x-real-ip,192.0.2.1,remote_addr,192.0.2.1}',
	'{"address": "192.0.2.1", "proxied": true, "context": {"country": "DE"}}', '&session_id=mine&country=DE') AS another_session;
SET pgtoken.http_authenticator = nobody, anybody;
SELECT test.context_of('{x-forwarded-for,192.0.2.1}', '{"address": "192.0.2.1"}') AS of_others;
SELECT set_config('pgtoken.http_authenticator', 'nobody, ' || quote_ident(session_user), false) <> '' AS layer;
SELECT test.context_of('{x-forwarded-for,192.0.2.1,x-country,DE}', '{"address": "198.51.100.7"}') AS by_the_layer;
SELECT test.context_of('{x-forwarded-for,"192.0.2.1, 198.51.100.7",x-country,DE}', '{"address": "203.0.113.1", "proxied": true}') AS by_its_proxy;
SELECT test.context_of('{x-country,DE}', '{"proxied": true, "context": {"country": "FR", "risk_score": 0.5, "latitude": "1", "session_id": "s", "device_id": "a\nb", "x": {}}}', '&session_id=mine&device_id=mine') AS told;
-- the role in effect is no login role: SET ROLE, as PostgREST and poolers do, lends nothing
CREATE ROLE regress_pgtoken_layer LOGIN;
GRANT USAGE ON SCHEMA pgtoken_http, test TO regress_pgtoken_layer;
SET pgtoken.http_authenticator = regress_pgtoken_layer;
SET ROLE regress_pgtoken_layer;
SELECT status FROM pgtoken_http.handle('GET', '/oauth2/jwks', '{}', NULL);
SELECT status FROM pgtoken_http.admit('GET', '/', '{}');
RESET ROLE;
GRANT EXECUTE ON FUNCTION pgtoken_http.handle, pgtoken_http.admit TO regress_pgtoken_layer;
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'http authenticator';
SET ROLE regress_pgtoken_layer;
SELECT status FROM pgtoken_http.handle('GET', '/oauth2/jwks', '{}', NULL);
RESET ROLE;
SELECT test.context_of('{}', '{"address": "192.0.2.1"}') AS not_logged_in_as;
-- told to the operator: who else may call it
CREATE ROLE regress_pgtoken_other;
GRANT EXECUTE ON FUNCTION pgtoken_http.admit TO regress_pgtoken_other, PUBLIC;
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'http authenticator';
REVOKE EXECUTE ON FUNCTION pgtoken_http.admit FROM regress_pgtoken_other, PUBLIC;
-- those that the extension brings may not, and what requests run as may not either
SELECT r.rolname, p.proname FROM pg_roles r, pg_proc p
WHERE r.rolname ~ '^pgtoken_' AND p.pronamespace = 'pgtoken_http'::regnamespace AND has_function_privilege(r.oid, p.oid, 'EXECUTE') ORDER BY 1, 2;
SELECT r.rolname, p.oid::regprocedure FROM pg_roles r, pg_proc p
WHERE r.rolname ~ '^pgtoken_' AND p.pronamespace = 'pgtoken_postgrest'::regnamespace AND has_function_privilege(r.oid, p.oid, 'EXECUTE') ORDER BY 1, 2;

-- For PostgREST: the same from its settings. Attack shut out: a client names method,
-- target or address itself; where nobody has set them there is nothing.
CREATE FUNCTION test.postgrest(headers jsonb, body bytea DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer bytea;
BEGIN
	PERFORM set_config('request.headers', headers::text, true), set_config('request.method', 'POST', true), set_config('request.path', '/rpc/handle', true);
	answer := pgtoken_postgrest.handle(body);
	RETURN concat_ws(' ', current_setting('response.status'), substring(convert_from(answer, 'UTF8') FROM '"(?:error|issuer)" ?: ?"([^"]*)"'),
		(SELECT string_agg(k || ': ' || v, ', ') FROM jsonb_array_elements(current_setting('response.headers')::jsonb) e, jsonb_each_text(e) h (k, v) WHERE k IN ('Allow', 'Access-Control-Allow-Origin')));
END
$$;
SELECT n, test.postgrest(headers::jsonb, body) AS answer
FROM (VALUES
	(1, '{}', ''::bytea), (2, '{"host": "door.example", "x-http-method-override": "GET"}', ''), (3, '{"pgtoken-method": "GET", "pgtoken-target": "/a/.well-known/openid-configuration", "host": "127.0.0.1:3001", "pgtoken-host": "door.example"}', ''),
	(4, '{"pgtoken-method": "GET", "pgtoken-target": "/oauth2/token"}', ''), (5, '{"pgtoken-method": "POST", "pgtoken-target": "/oauth2/token", "content-type": "application/octet-stream"}', 'grant_type=x'),
	(6, '{"pgtoken-method": "POST", "pgtoken-target": "/oauth2/token", "pgtoken-content-type": "text/plain"}', 'grant_type=x'),
	(7, '{"pgtoken-method": "POST", "pgtoken-target": "/oauth2/token", "origin": "https://a.example"}', 'grant_type=x'), (8, '{"pgtoken-method": "POST", "pgtoken-target": "/oauth2/token", "pgtoken-origin": "https://a.example"}', 'grant_type=x'),
	(9, '{"pgtoken-method": "POST", "pgtoken-target": "/oauth2/token", "pgtoken-authorization": "Basic !", "authorization": "Bearer x"}', 'grant_type=client_credentials')) v (n, headers, body)
ORDER BY n;
-- Failure shut out: what is raised is answered as the client's fault, since PostgREST makes 400 of 22023
SELECT test.outcome($$SELECT test.postgrest('{"pgtoken-method": "GET", "pgtoken-target": "/\u20ac"}')$$) AS failure;

-- The resource side: a role and settings, or an answer
SELECT pgtoken.update_issuer('https://id.example', reset => '{claims_function}') AS reset;
SELECT access_token AS at FROM pgtoken.issue_tokens('door', 'alice', 'orders.read') \gset
SELECT role, settings - 'request.jwt.claims' AS settings, (settings ->> 'request.jwt.claims')::jsonb ->> 'client_id' AS client_id, (settings ->> 'request.jwt.claims')::jsonb ->> 'role' AS role_claim, status, headers, body
FROM pgtoken_http.admit('GET', '/orders?id=1', ARRAY['X-A', '1', 'x-a', '2', 'origin', 'https://a.example']);
SELECT role, (settings ->> 'request.jwt.claims')::jsonb ->> 'client_id' AS client_id, (settings ->> 'request.jwt.claims')::jsonb ->> 'role' AS role_claim, status
FROM pgtoken_http.admit('GET', '/orders', ARRAY['Authorization', 'Bearer ' || :'at']);
BEGIN;
SET LOCAL pgtoken.http_resource = 'https://mail.example';
SELECT role, status, headers FROM pgtoken_http.admit('GET', '/mail', ARRAY['Authorization', 'bearer ' || :'at']);
ROLLBACK;
SELECT role, status, convert_from(body, 'UTF8') AS body FROM pgtoken_http.admit('GET', '/', ARRAY['Authorization', 'DPoP ' || :'at']);
SELECT role, status, headers, body FROM pgtoken_http.admit('OPTIONS', '/orders', '{origin,https://a.example,access-control-request-method,PATCH}');
SELECT role, status FROM pgtoken_http.admit('GET', '/', ARRAY['Host', 'a', 'Host', 'b']);
SELECT count(*) AS revoked FROM pgtoken.blacklist_token(:'at');
SELECT role, status FROM pgtoken_http.admit('GET', '/orders', ARRAY['Authorization', 'Bearer ' || :'at']);

-- Written as a row, it is one request: what it does it does once
SELECT refresh_token AS rt FROM pgtoken.issue_tokens('door', 'alice', 'orders.read offline_access') \gset
SELECT s.status, s.body IS NOT NULL AS answered FROM (SELECT (pgtoken_http.handle('POST', '/oauth2/token', '{}', convert_to(test.form('grant_type', 'refresh_token', 'client_id', 'door', 'client_secret', test.secret('door'), 'refresh_token', :'rt'), 'UTF8'))).*) s;
SELECT event, n FROM test.events(pgtoken.grant_of(:'rt'));

-- A transaction that may not write: what has to is not tried
BEGIN READ ONLY;
SELECT path, test.door(method, path) AS answer FROM (VALUES ('GET', '/oauth2/jwks'), ('POST', '/oauth2/token'), ('POST', '/oauth2/introspect'), ('GET', '/oauth2/userinfo'), ('GET', '/oauth2/logout')) v (method, path);
SELECT test.door_headers('POST', '/oauth2/revoke') AS when_to_come_again;
COMMIT;

RESET pgtoken.http_authenticator;
RESET pgtoken.http_context_headers;
RESET pgtoken.http_client_certificate_header;
DROP OWNED BY regress_pgtoken_layer, regress_pgtoken_other;
DROP ROLE regress_pgtoken_layer, regress_pgtoken_other;
SELECT pgtoken.delete_issuer(i) FROM unnest('{https://door.example/,https://door.example/a,https://door.example/a/b,https://port.example:8443,http://127.0.0.1:3000/x}'::text[]) i;
DROP FUNCTION test.door, test.door_headers, test.context_of, test.postgrest;
