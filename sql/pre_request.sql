-- A token that the backend has verified before passes pre_request() by a shorter
-- way.  Each of these shows that it asks what the long way asks.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- 'passes', or the code of the refusal
CREATE FUNCTION test.admitted(headers text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('request.headers', headers, false);
	PERFORM pgtoken_http.pre_request();
	RETURN 'passes';
EXCEPTION WHEN SQLSTATE 'PGRST' THEN
	RETURN SQLERRM::json ->> 'code';
END
$$;
CREATE FUNCTION test.headers(token text, VARIADIC more text[] DEFAULT '{}') RETURNS text LANGUAGE sql
RETURN (json_object(ARRAY['host', 'api.example', 'sec-ch-ua', '"Browser";v="1"', 'authorization', 'Bearer ' || token] || more))::text;
SELECT pgtoken.create_resource('https://pre.example', '{read}') \gset
SELECT pgtoken.create_resource('https://elsewhere.example', '{read}') \gset
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('pre', offline_access => true, scopes => '{openid,read}', resources => '{https://pre.example,https://elsewhere.example}');
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('pre', 'alice', 'read', '{https://pre.example}') \gset
SELECT pgtoken.verify_access_token(:'at') ->> 'sub' AS seen;

SELECT test.admitted(test.headers(:'at')) AS seen, test.admitted(test.headers(:'at')) AS again;
SELECT test.admitted('') AS no_headers, test.admitted('{}') AS no_token, test.admitted(test.headers('nonsense')) AS nonsense;

-- Attack shut out: a token is used at an API it was not given for, because it was verified for another.
SET pgtoken.http_resource = 'https://elsewhere.example';
SELECT test.admitted(test.headers(:'at')) AS for_another_api;
SET pgtoken.http_resource = 'https://pre.example';
SELECT test.admitted(test.headers(:'at')) AS for_this_one;
RESET pgtoken.http_resource;

-- Attack shut out: a token of one issuer counts at the API of another.
SET pgtoken.http_issuer = 'https://two.example';
SELECT pgtoken.verify_access_token(:'at') ->> 'sub' AS seen, test.admitted(test.headers(:'at')) AS of_another_issuer;
RESET pgtoken.http_issuer;
SELECT pgtoken.verify_access_token(:'at') ->> 'sub' AS seen, test.admitted(test.headers(:'at')) AS of_this_one;

-- Attack shut out: a stolen DPoP-bound or certificate-bound token passes as a
-- Bearer token where its owner has just shown it.
SELECT access_token AS dpop_at FROM pgtoken.issue_tokens('pre', 'alice', 'read', cnf => jsonb_build_object('jkt', repeat('A', 43))) \gset
SELECT access_token AS mtls_at FROM pgtoken.issue_tokens('pre', 'alice', 'read', cnf => jsonb_build_object('x5t#S256', repeat('A', 43))) \gset
SELECT pgtoken.verify_access_token(:'dpop_at', cnf => jsonb_build_object('jkt', repeat('A', 43))) ->> 'sub' AS dpop,
	   pgtoken.verify_access_token(:'mtls_at', cnf => jsonb_build_object('x5t#S256', repeat('A', 43))) ->> 'sub' AS certificate;
SELECT test.admitted(test.headers(:'dpop_at')) AS dpop, test.admitted(test.headers(:'mtls_at')) AS certificate;

-- Attack shut out: a header that says what another one is to say. The layer's
-- Authorization header is the last of its name, at the outermost level.
SELECT test.admitted(test.headers('nonsense', 'x-note', '","authorization":"Bearer ' || :'at')) AS within_another,
	   test.admitted(test.headers('nonsense', 'x-authorization', 'Bearer ' || :'at')) AS name_that_ends_like_it,
	   test.admitted('{"authorization": "Bearer ' || :'at' || '", "authorization": "Bearer nonsense"}') AS first_of_two,
	   test.admitted('{"authorization": "Bearer nonsense", "authorization": "Bearer ' || :'at' || '"}') AS last_of_two,
	   test.admitted('{"authorization": "Bearer ' || :'at' || '", "authorizatio\u006e": "Bearer nonsense"}') AS escaped_name,
	   test.admitted('{"a": {"authorization": "Bearer ' || :'at' || '"}, "authorization": "Bearer nonsense"}') AS further_down,
	   test.admitted('{ "authorization" : "bearer ' || :'at' || '" }') AS spaces_and_case,
	   test.admitted('{"authorization": "Bearer ' || left(:'at', 5) || '\u' || lpad(to_hex(ascii(substr(:'at', 6, 1))), 4, '0') || substr(:'at', 7) || '"}') AS escaped_value;

-- Attack shut out: PostgREST has found another token in the header than pre_request, or one
-- where it has found none (two headers, a tab for a space), and has set role and claims by
-- that: it would be one that was revoked.
SELECT access_token AS other_at FROM pgtoken.issue_tokens('pre', 'alice', 'read', '{https://pre.example}') \gset
SELECT set_config('request.jwt.claims', (test.claims(:'other_at') || '{"x": {"jti": "1"}}')::text, false) <> '' AS of_another;
SELECT test.admitted(test.headers(:'at')) AS seen, test.admitted(test.headers(:'other_at')) AS the_one, test.admitted(test.headers(:'other_at')) AS again,
	   test.admitted('{}') AS none, test.admitted('{"authorization": "Basic x"}') AS of_another_scheme, test.admitted(test.headers(E'\t' || :'other_at')) AS behind_a_tab;
SELECT set_config('request.headers', '{"authorization": "Bearer\t' || :'at' || '"}', false) <> '' AS tab;
SELECT test.admitted(current_setting('request.headers')) AS another_behind_a_tab;
SELECT set_config('request.jwt.claims', (test.claims(:'at') - 'jti' || jsonb_build_object('x', jsonb_build_object('jti', test.claims(:'at') ->> 'jti')))::text, false) <> '' AS without_jti;
SELECT test.admitted(test.headers(:'at')) AS of_nobody;
SELECT set_config('request.jwt.claims', '{"role": "web_anon"}', false) <> '' AS anonymous;
SELECT test.admitted('{}') AS nobody, test.admitted(test.headers(:'at')) AS found_by_us_alone;
SELECT set_config('request.jwt.claims', '', false) = '' AS put_back;

-- Attack shut out: a revoked token goes on where it was seen.
SELECT test.admitted(test.headers(:'at')) AS before;
SELECT count(*) FROM pgtoken.revoke_family(:'gid'::uuid);
SELECT test.admitted(test.headers(:'at')) AS revoked;

-- It does not set what it is not to set.
SELECT nullif(current_setting('request.jwt.claims', true), '') IS NULL AS no_claims, current_setting('role') AS role;
SELECT set_config('request.headers', '', false);
DROP FUNCTION test.admitted(text), test.headers(text, text[]);
