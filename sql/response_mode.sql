-- How answers reach a client: in the query, posted by a page of ours, signed; and the
-- pages that people see.  Uses what authorize has made.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\set challenge E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('poster', scopes => '{openid,orders.read}', offline_access => true,
	redirect_uris => '{https://poster.example/cb?a=1&b=2,com.example.poster:/cb,http://127.0.0.1/cb}', metadata => '{"consent_required": false}');

-- the page's form as its action and fields, decoded as a browser does
CREATE FUNCTION test.unescaped(html text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
	RETURN replace(replace(replace(replace(replace(html, '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#39;', ''''), '&amp;', '&');
CREATE FUNCTION test.form_of(page text) RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT
	RETURN (SELECT jsonb_object_agg(test.unescaped(m[1]), test.unescaped(m[2])) FROM regexp_matches(page, '<input type="hidden" name="([^"]*)" value="([^"]*)">', 'g') m)
		   || jsonb_build_object('action', test.unescaped(substring(page FROM '<form method="post" action="([^"]*)">')));
CREATE FUNCTION test.page(url text, accept text DEFAULT 'text/html,application/xhtml+xml,*/*;q=0.8', method text DEFAULT 'GET') RETURNS test.answer LANGUAGE sql
	RETURN test.request(method, substring(url FROM '^https://id\.example([^?]*)'), coalesce(substring(url FROM '\?(.*)$'), ''), jsonb_strip_nulls(jsonb_build_object('accept', accept)));
CREATE FUNCTION test.asked_in_mode(mode text, VARIADIC more text[] DEFAULT '{}') RETURNS test.answer LANGUAGE sql
	RETURN test.authorize('poster', 'https://poster.example/cb?a=1&b=2', VARIADIC ARRAY['response_type', 'code', 'scope', 'openid', 'state', 's "1"<&>''', 'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256', 'response_mode', mode] || more);
CREATE FUNCTION test.approved(a test.answer) RETURNS text LANGUAGE sql
	RETURN (pgtoken.approve_authorization(test.query(a.headers ->> 'location', 'transaction_id'), 'alice')).redirect_uri;
-- without what differs from run to run
CREATE FUNCTION test.plain(fields jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
	RETURN (SELECT jsonb_object_agg(key, CASE WHEN key IN ('code', 'response') THEN '"..."' WHEN key IN ('iat', 'exp') THEN '0' ELSE value END) FROM jsonb_each(fields));

-- The modes there are, and what the login page is told: where its form may lead to.
SELECT test.metadata() ->> 'response_modes_supported' AS modes, test.metadata() ->> 'authorization_signing_alg_values_supported' AS algs;
SELECT mode, d ->> 'response_mode' AS told, d ->> 'answer_uri' AS answer_uri, d ->> 'redirect_uri' AS redirect_uri
FROM unnest(ARRAY['query', 'form_post', 'query.jwt', 'form_post.jwt', 'jwt']) WITH ORDINALITY u (mode, i),
	 LATERAL pgtoken.authorization_request(test.query((test.asked_in_mode(mode)).headers ->> 'location', 'transaction_id')) d ORDER BY i;

-- form_post: the browser is sent to a page of the issuer's, which has the answer, once.
SELECT test.approved(test.asked_in_mode('form_post')) AS url \gset
SELECT :'url' ~ '^https://id\.example/oauth2/answer\?answer=pgtan_[A-Za-z0-9_-]{66}$' AS ours, :'url' ~ 'code=' AS tells_the_code;
-- Attack shut out: a code that can be read in a table or in a backup of one.
SELECT kind, (SELECT array_agg(k) FROM jsonb_object_keys(parameters) k) AS members, expires_at - created_at AS lives FROM pgtoken.authorization_requests WHERE kind = 'answer';
SELECT * FROM test.page(:'url') \gset page_
SELECT :page_status AS status, test.plain(test.form_of(:'page_body'::jsonb #>> '{}')) AS form;
SELECT (:'page_headers'::jsonb) ->> name AS header FROM unnest(ARRAY['content-type', 'cache-control', 'referrer-policy', 'x-content-type-options', 'content-security-policy']) name;
-- what the policy names is what is on the page
SELECT what, ('''sha256-' || encode(sha256(convert_to(substring(:'page_body'::jsonb #>> '{}' FROM '<' || what || '>(.*)</' || what || '>'), 'UTF8')), 'base64') || '''') = ANY (string_to_array(regexp_replace(:'page_headers'::jsonb ->> 'content-security-policy', ';', '', 'g'), ' ')) AS named
FROM unnest(ARRAY['style', 'script']) what;
SELECT test.unescaped(regexp_replace(:'page_body'::jsonb #>> '{}', '<style>.*</style>|value="[^"]*"', '', 'g')) AS page;
-- the code is the client's
SELECT test.brief(test.http('token', test.form('grant_type', 'authorization_code', 'code', test.form_of(:'page_body'::jsonb #>> '{}') ->> 'code', 'redirect_uri', 'https://poster.example/cb?a=1&b=2',
	'code_verifier', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'), test.basic('poster'))) AS token;
-- Attack shut out: an answer out of the history, from a log, or by a second window.
SELECT status, body ->> 'error' AS error, body ->> 'error_description' AS description FROM test.page(:'url', 'application/json');
SELECT test.approved(test.asked_in_mode('form_post')) AS url \gset
-- Attack shut out: what looks ahead of the browser would have the answer.
SELECT method, status, headers ->> 'allow' AS allow FROM unnest(ARRAY['HEAD', 'POST', 'OPTIONS']) method, LATERAL test.page(:'url', NULL, method);
-- Attack shut out: the page of one issuer gives an answer of another's.
SET pgtoken.http_issuer = 'https://http.example';
SELECT status, body ->> 'error' AS at_another_issuer FROM test.page(:'url', NULL);
RESET pgtoken.http_issuer;
SELECT status, test.form_of(body #>> '{}') ? 'code' AS at_its_own FROM test.page(:'url');
SELECT test.approved(test.asked_in_mode('form_post')) AS url \gset
UPDATE pgtoken.authorization_requests SET expires_at = created_at WHERE kind = 'answer';
SELECT status, body ->> 'error' AS too_late FROM test.page(:'url', NULL);
SELECT DISTINCT status, body ->> 'error_description' AS nothing_waits FROM unnest(ARRAY['https://id.example/oauth2/answer', 'https://id.example/oauth2/answer?answer=', 'https://id.example/oauth2/answer?answer=x',
	'https://id.example/oauth2/answer?answer=' || test.query((test.asked_in_mode('query')).headers ->> 'location', 'transaction_id'),
	replace(:'url', 'pgtan_', 'pgttx_')]) u, LATERAL test.page(u, NULL);

-- An error goes the same way: at once, or from the login page.
-- Attack shut out: form_post as XSS, by what a request can put into the page.
SELECT status, test.form_of(body #>> '{}') AS form, body #>> '{}' ~ '<script>alert|<img' AS runs
FROM test.authorize('poster', 'https://poster.example/cb?a=1&b=2', 'response_type', 'code', 'response_mode', 'form_post', 'scope', '"><img src=x onerror=alert(1)>', 'state', '"></form><script>alert(1)</script>',
	'code_challenge', :'challenge', 'code_challenge_method', 'S256');
SELECT (pgtoken.deny_authorization(test.query((test.asked_in_mode('form_post')).headers ->> 'location', 'transaction_id'), 'access_denied', '<b>no</b> & never')).redirect_uri AS url \gset
SELECT status, test.form_of(body #>> '{}') AS form FROM test.page(:'url');

-- JARM: all of it in a JWT of the issuer's for this client alone, good for minutes.
SELECT mode, url ~ '^https://poster\.example/cb\?a=1&b=2&response=[^&]+$' AS alone, test.plain(test.header(test.query(url, 'response')) - 'kid') AS header, test.plain(test.claims(test.query(url, 'response'))) AS claims,
	   (test.claims(test.query(url, 'response')) ->> 'exp')::bigint - (test.claims(test.query(url, 'response')) ->> 'iat')::bigint AS seconds,
	   pgtoken.verify_access_token(test.query(url, 'response')) IS NULL AS no_access_token
FROM unnest(ARRAY['jwt', 'query.jwt']) mode, LATERAL test.approved(test.asked_in_mode(mode)) url;
SELECT test.approved(test.asked_in_mode('form_post.jwt')) AS url \gset
SELECT f - 'response' AS form, test.plain(test.claims(f ->> 'response')) AS claims FROM test.page(:'url') p, LATERAL test.form_of(p.body #>> '{}') f;
SELECT status, test.plain(test.claims(test.query(headers ->> 'location', 'response'))) AS claims
FROM test.authorize('poster', 'com.example.poster:/cb', 'response_type', 'code', 'response_mode', 'jwt', 'state', 's');
-- Attack shut out: an answer that is taken for an ID token (it has no sub, and is none to us either).
SELECT test.goes(test.authorize('poster', 'http://127.0.0.1:8000/cb', 'response_type', 'code', 'scope', 'openid', 'code_challenge', :'challenge', 'code_challenge_method', 'S256',
	'id_token_hint', test.query(test.approved(test.asked_in_mode('jwt')), 'response'))) AS as_a_hint;

-- What does not fit is refused, in the query: a scheme that is no web page's cannot be posted to, and what HS256 signs
-- nobody can verify.
SELECT uri, mode, test.goes(test.authorize('poster', uri, 'response_type', 'code', 'code_challenge', :'challenge', 'code_challenge_method', 'S256', 'response_mode', mode))
FROM (VALUES (1, 'com.example.poster:/cb', 'form_post'), (2, 'com.example.poster:/cb', 'form_post.jwt'), (3, 'com.example.poster:/cb', 'jwt'), (4, 'http://127.0.0.1:9/cb', 'form_post'),
	(5, 'http://127.0.0.1:9/cb', 'fragment'), (6, 'http://127.0.0.1:9/cb', 'fragment.jwt'), (7, 'http://127.0.0.1:9/cb', 'JWT'), (8, 'https://evil.example/cb', 'form_post')) v (n, uri, mode) ORDER BY n;
SELECT test.brief(test.http('par', test.form('response_type', 'code', 'redirect_uri', 'com.example.poster:/cb', 'response_mode', 'form_post', 'code_challenge', :'challenge', 'code_challenge_method', 'S256'), test.basic('poster'))) AS pushed;
SELECT pgtoken.create_signing_key('HS256', issuer => 'https://id.example') IS NOT NULL AS hs256, pgtoken.create_signing_key('PS256', issuer => 'https://id.example') IS NOT NULL AS ps256;
BEGIN;
SELECT pgtoken.update_client('poster', signing_alg => 'HS256');
SELECT test.goes(test.asked_in_mode('jwt')) AS not_by_hs256, test.goes(test.asked_in_mode('form_post')) AS form_post;
SELECT pgtoken.update_client('poster', metadata => '{"authorization_signed_response_alg": "PS256"}');
SELECT test.header(test.query(test.approved(test.asked_in_mode('jwt')), 'response')) ->> 'alg' AS by_the_registered_one;
ROLLBACK;
-- an issuer whose only keys are those has nothing to sign answers by
BEGIN;
DELETE FROM pgtoken.signing_keys WHERE issuer = 'https://id.example' AND alg <> 'HS256';
SELECT test.metadata() ->> 'response_modes_supported' AS modes, test.metadata() ->> 'authorization_signing_alg_values_supported' AS algs, test.metadata() ->> 'userinfo_signing_alg_values_supported' AS userinfo;
ROLLBACK;
SELECT alg, test.detail(format('SELECT pgtoken.update_client(''poster'', metadata => %L)', jsonb_build_object('authorization_signed_response_alg', alg))) FROM unnest(ARRAY['HS256', 'none', 'ES999']) alg;

-- People see pages, programs JSON.
SELECT accept, status, headers ->> 'content-type' AS type
FROM unnest(ARRAY[NULL, '*/*', 'application/json', 'application/json, text/html', 'application/json, text/plain, */*', 'text/html', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html;q=0']) WITH ORDINALITY u (accept, i),
	 LATERAL test.page('https://id.example/oauth2/authorize?client_id=nobody', accept) ORDER BY i;
SELECT path, method, status, headers ->> 'content-type' AS type, headers ->> 'allow' AS allow FROM (VALUES (1, 'GET', '/oauth2/logout?client_id=nobody'), (2, 'DELETE', '/oauth2/authorize'), (3, 'GET', '/nowhere'), (4, 'GET', '/oauth2/answer'), (5, 'GET', '/oauth2/token')) v (n, method, path),
	 LATERAL test.page('https://id.example' || path, 'text/html', method) ORDER BY n;
-- Attack shut out: a link that puts words, or a script, into the issuer's own page.
SELECT test.unescaped(regexp_replace(body #>> '{}', '<style>.*</style>', '')) AS page, headers ->> 'content-security-policy' ~ 'script-src' AS scripts
FROM test.page('https://id.example/oauth2/authorize?' || test.form('client_id', '<script>alert(1)</script>', 'redirect_uri', 'javascript:alert(1)'));
SELECT body #>> '{}' ~ 'alert' AS told FROM test.page('https://id.example/oauth2/authorize?' || test.form('client_id', 'poster', 'redirect_uri', 'https://evil.example/?<script>alert(1)</script>'));

-- Userinfo, signed (OpenID Connect Core section 5.3.2): for this client, whatever is asked for.
CREATE FUNCTION test.userinfo(client text, accept text) RETURNS test.answer LANGUAGE sql
	RETURN test.http('userinfo', '', jsonb_build_object('authorization', 'Bearer ' || (pgtoken.issue_tokens(client, 'alice', 'openid')).access_token, 'accept', accept), 'GET');
SELECT test.outcome($$SELECT pgtoken.update_client('poster', metadata => '{"userinfo_signed_response_alg": "RS256"}')$$) AS no_key,
	   test.outcome($$SELECT pgtoken.create_client('x', issuer => 'https://id.example', metadata => '{"authorization_signed_response_alg": "RS256"}')$$) AS nor_for_a_new_one;
SELECT pgtoken.update_client('poster', metadata => '{"userinfo_signed_response_alg": "PS256"}');
SELECT accept, u.headers ->> 'content-type' AS type, test.header(u.body #>> '{}') - 'kid' AS header, test.plain(test.claims(u.body #>> '{}')) AS claims FROM unnest(ARRAY['*/*', 'application/json']) accept, LATERAL test.userinfo('poster', accept) u;
-- what is registered stays as it is when its key has gone, and so can be changed
BEGIN;
UPDATE pgtoken.signing_keys SET state = 'retiring', retires_at = now() WHERE alg = 'PS256' AND state = 'active';
SELECT pgtoken.update_client('poster', client_name => 'The Poster'), test.outcome($$SELECT pgtoken.update_client('poster', metadata => '{"authorization_signed_response_alg": "PS256"}')$$) AS nothing_new;
ROLLBACK;
-- Attack shut out: userinfo that is taken for an ID token.
SELECT test.goes(test.authorize('poster', 'http://127.0.0.1:8000/cb', 'response_type', 'code', 'scope', 'openid', 'code_challenge', :'challenge', 'code_challenge_method', 'S256',
	'id_token_hint', (test.userinfo('poster', '*/*')).body #>> '{}')) AS as_a_hint,
	   test.goes(test.authorize('poster', 'http://127.0.0.1:8000/cb', 'response_type', 'code', 'scope', 'openid', 'code_challenge', :'challenge', 'code_challenge_method', 'S256',
	'id_token_hint', (pgtoken.issue_tokens('poster', 'alice', 'openid')).id_token)) AS an_id_token;
SELECT pgtoken.verify_access_token((test.userinfo('poster', '*/*')).body #>> '{}') IS NULL AS no_access_token;
