-- The metadata of an API (RFC 9728): at its well-known place by host and path, by the
-- parameter resource below the issuer, in SQL; and the challenges that lead there.
\set SHOW_CONTEXT never
SELECT pgtoken.create_issuer(i) FROM unnest('{https://one.rs.example,https://two.rs.example/t}'::text[]) i;
SELECT pgtoken.create_resource(r, scopes, issuer => issuer, resource_name => name)
FROM (VALUES ('https://rs.example', '{read,write}'::text[], 'https://one.rs.example', 'The first'), ('https://rs.example/notes', '{notes}', 'https://one.rs.example', NULL),
	('https://rs.example/slash/', NULL, 'https://one.rs.example', 'With a slash'), ('https://rs.example/q?tenant=a', '{}', 'https://one.rs.example', NULL),
	('http://127.0.0.1:3004/mcp', '{use}', 'https://two.rs.example/t', 'Two''s "own"'), ('https://rs.example/both', '{of_one}', 'https://one.rs.example', NULL),
	('https://rs.example/both', '{of_two}', 'https://two.rs.example/t', NULL), ('https://rs.example/off', '{x}', 'https://one.rs.example', NULL),
	('urn:example:api', '{x}', 'https://one.rs.example', NULL)) v (resource, scopes, issuer, name), LATERAL (SELECT resource) x (r);
SELECT pgtoken.update_resource('https://rs.example/off', enabled => false, issuer => 'https://one.rs.example');

-- in SQL, however it is spelt
SELECT jsonb_pretty(pgtoken.resource_metadata('HTTPS://RS.EXAMPLE:443/', 'https://one.rs.example')::jsonb) AS document;
SELECT r, pgtoken.resource_metadata(r, 'https://one.rs.example', certificates => true) AS document
FROM unnest('{https://rs.example/slash/,https://rs.example/slash,https://rs.example/off,urn:example:api,https://nobody.example,no URI,NULL}'::text[]) r;
SELECT pgtoken.resource_metadata('http://127.0.0.1:3004/mcp', 'https://two.rs.example/t') ->> 'resource_name' AS name, pgtoken.resource_metadata('http://127.0.0.1:3004/mcp', 'https://one.rs.example') AS of_another_issuer;
SELECT test.outcome($$SELECT pgtoken.resource_metadata('https://rs.example', 'https://nobody.example')$$) AS no_issuer;
SELECT pgtoken.update_resource('https://rs.example', issuer => 'https://one.rs.example', resource_name => 'Renamed') AS renamed;
SELECT pgtoken.resource_metadata('https://rs.example', 'https://one.rs.example') ->> 'resource_name' AS name;
SELECT pgtoken.update_resource('https://rs.example', issuer => 'https://one.rs.example', reset => '{resource_name}') AS reset;
SELECT pgtoken.resource_metadata('https://rs.example', 'https://one.rs.example') -> 'resource_name' AS name;

-- C121. The place of each, as section 3.1 makes it of the identifier. Attack shut out: the
-- metadata of one API are had at the place of another, which looks like it, so that a
-- client sends its users to another's issuer.
CREATE FUNCTION test.place(target text, headers text[] DEFAULT '{}', method text DEFAULT 'GET') RETURNS text LANGUAGE sql
RETURN (SELECT concat_ws(' ', h.status, coalesce(j.body ->> 'resource', j.body ->> 'error'), j.body -> 'authorization_servers', j.body ->> 'scopes_supported')
		FROM pgtoken_http.handle(method, target, headers, NULL) h, LATERAL (SELECT NULLIF(convert_from(h.body, 'UTF8'), '')::jsonb) j (body));
SELECT n, host, left(rest, 20) AS rest, test.place('/.well-known/oauth-protected-resource' || rest, CASE WHEN host IS NULL THEN '{}' ELSE ARRAY['Host', host] END) AS answer
FROM (VALUES (1, 'rs.example', ''), (2, 'RS.example:443', '/'), (3, 'rs.example', '/notes'), (4, 'rs.example', '/%6Eotes'), (5, 'rs.example', '/slash/'), (6, 'rs.example', '/q?tenant=a'),
	(7, '127.0.0.1:3004', '/mcp'), (8, 'rs.example', '/both'),
	(20, 'rs.example', '/notes/'), (21, 'rs.example', '/slash'), (22, 'rs.example', '/Notes'), (23, 'rs.example', '/notes?x=1'), (24, 'rs.example', '/q'), (25, 'rs.example', '/q?tenant=b'), (26, 'rs.example', '/off'),
	(27, 'rs.example', '/notes/../off'), (28, 'rs.example', 's'), (29, 'rs.example:8443', '/notes'), (30, '127.0.0.1', '/mcp'), (31, 'nobody.example', '/notes'), (32, NULL, '/notes'), (33, '', ''),
	(34, 'x@rs.example', '/notes'), (35, 'rs.example/notes', ''), (36, 'rs.example?', ''), (37, 'rs.example#', '/notes'), (38, 'a b', '/notes'), (39, 'one.rs.example', ''), (40, 'rs.example', '/%'),
	(41, 'rs.example', '/' || repeat('x', 3000))) v (n, host, rest)
ORDER BY n;
SELECT test.place('https://rs.example/.well-known/oauth-protected-resource/notes', '{Host,nobody.example}') AS of_the_target,
	   test.place('/rs/.well-known/oauth-protected-resource', '{Host,rs.example}') AS behind_a_path;
-- whose it is: the session's issuer, where it knows the API
BEGIN;
SET LOCAL pgtoken.http_issuer = 'https://two.rs.example/t';
SELECT test.place('/.well-known/oauth-protected-resource/both', '{Host,rs.example}') AS of_two, test.place('/.well-known/oauth-protected-resource/notes', '{Host,rs.example}') AS not_of_one;
-- where a proxy has called this server by a name of its own
SET LOCAL pgtoken.http_resource = 'http://127.0.0.1:3004/mcp/';
SELECT test.place('/.well-known/oauth-protected-resource/mcp', '{Host,upstream}') AS of_no_api;
SET LOCAL pgtoken.http_resource = 'HTTP://127.0.0.1:3004/mcp';
SELECT test.place('/.well-known/oauth-protected-resource/mcp', '{Host,upstream}') AS of_the_session, test.place('/.well-known/oauth-protected-resource', '{Host,upstream}') AS elsewhere;
ROLLBACK;
-- below the issuer, for who serves an API elsewhere
SELECT n, test.place(target, '{Host,two.rs.example}') AS answer
FROM (VALUES (1, '/t/oauth2/resource_metadata?resource=http://127.0.0.1:3004/mcp'), (2, '/t/oauth2/resource_metadata?resource=http%3A%2F%2F127.0.0.1%3A3004%2Fmcp'), (3, '/t/oauth2/resource_metadata?resource=https://rs.example/notes'),
	(4, '/t/oauth2/resource_metadata'), (5, '/t/oauth2/resource_metadata?resource='), (6, '/t/oauth2/resource_metadata?resource=a&resource=b'), (7, '/t/oauth2/resource_metadata?resource=%00')) v (n, target)
ORDER BY n;
SELECT test.place('/.well-known/oauth-protected-resource', '{Host,rs.example}', m) AS answer FROM unnest('{HEAD,OPTIONS,POST,DELETE}'::text[]) m;
SELECT array_to_string(h.headers, ' ') AS headers FROM pgtoken_http.handle('GET', '/.well-known/oauth-protected-resource', '{Host,rs.example,Origin,https://app.example}', NULL) h;
BEGIN READ ONLY;
SELECT test.place('/.well-known/oauth-protected-resource', '{Host,rs.example}') AS on_a_standby;
COMMIT;

-- C122. Challenges name the place (section 5.1)
CREATE FUNCTION test.challenges(token text) RETURNS text LANGUAGE sql
RETURN (SELECT concat_ws(' ', a.status, a.headers[array_position(a.headers, 'WWW-Authenticate') + 1]) FROM pgtoken_http.admit('GET', '/notes', ARRAY['Authorization', 'Bearer ' || token]) a);
CREATE FUNCTION test.scope_challenge(claims text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	PERFORM set_config('request.jwt.claims', claims, true);
	PERFORM pgtoken.require_scope('notes');
	RETURN 'passes';
EXCEPTION WHEN SQLSTATE 'PGRST' THEN
	GET STACKED DIAGNOSTICS said = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', said::json ->> 'status', said::json -> 'headers' ->> 'WWW-Authenticate');
END
$$;
SELECT set_config('pgtoken.http_issuer', 'https://one.rs.example', false) AS issuer;
CREATE FUNCTION test.url(resource text, setting text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('pgtoken.http_resource', resource, true), set_config('pgtoken.http_resource_metadata', setting, true);
	RETURN pgtoken.resource_metadata_url();
END
$$;
SELECT resource, setting, test.url(resource, setting) AS url
FROM (VALUES (1, '', ''), (2, 'https://rs.example', ''), (3, 'https://rs.example/', ''), (4, 'HTTPS://rs.example/notes', ''), (5, 'https://rs.example/slash/', ''), (6, 'https://rs.example/q?tenant=a', ''),
	(7, 'https://rs.example/off', ''), (8, 'https://nobody.example', ''), (9, 'urn:example:api', ''), (10, 'no URI', ''),
	(11, 'urn:example:api', 'https://one.rs.example/oauth2/resource_metadata?resource=urn:example:api')) v (n, resource, setting)
ORDER BY n;
SELECT set_config('pgtoken.http_resource', 'https://rs.example/notes', false) AS resource, set_config('pgtoken.http_resource_metadata', '', false) AS setting;
SELECT test.challenges('nonsense') AS not_a_token;
SELECT n, test.scope_challenge(claims) AS answer FROM (VALUES (1, ''), (2, '{"iss": "i", "scope": "x"}'), (3, '{"iss": "i", "scope": "x", "cnf": {"jkt": "k"}}'), (4, '{"iss": "i", "scope": "notes"}')) v (n, claims) ORDER BY n;
SELECT status, headers[array_position(headers, 'WWW-Authenticate') + 1] AS of_userinfo FROM pgtoken_http.handle('GET', '/oauth2/userinfo', '{Host,one.rs.example}', NULL);
-- Attack shut out: the setting breaks out of the header.
SELECT v, test.outcome(format('SET pgtoken.http_resource_metadata = %L', v)) AS outcome FROM unnest(ARRAY['https://x.example/"', E'https://x.example/\r\nSet-Cookie: a=b', 'https://x.example/ y', 'javascript:x', '/relative', 'https://x.example/#f', 'https://u@x.example']) v;

RESET pgtoken.http_issuer;
RESET pgtoken.http_resource;
RESET pgtoken.http_resource_metadata;
SELECT count(pgtoken.delete_resource(r.resource, r.issuer)) AS deleted FROM pgtoken.resources r WHERE r.issuer LIKE '%rs.example%';
SELECT pgtoken.delete_issuer(i) FROM unnest('{https://one.rs.example,https://two.rs.example/t}'::text[]) i;
DROP FUNCTION test.place, test.url, test.challenges, test.scope_challenge;
