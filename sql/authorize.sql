-- The authorization endpoint, pushed requests, consent, and the code.
\set SHOW_CONTEXT never
-- a new one each time: marks.sql looks at it
SET pgtoken.http_answer_request_id = off;
SET client_min_messages = warning;
SELECT pgtoken.update_issuer('https://id.example', login_uri => 'https://login.example/sign-in?tenant=1');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('site', offline_access => true, client_name => 'The Site',
	scopes => '{openid,profile,orders.read,orders.write}', redirect_uris => '{https://site.example/cb,https://site.example/other?x=1}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('native', 'public', offline_access => true,
	scopes => '{openid,orders.read}', redirect_uris => '{com.example.native:/cb,http://127.0.0.1/cb}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('first', scopes => '{openid,orders.read}',
	redirect_uris => '{https://first.example/cb}', metadata => '{"consent_required": false, "require_pkce": false}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('pushy', scopes => '{openid}',
	redirect_uris => '{https://pushy.example/cb}', metadata => '{"require_pushed_authorization_requests": true}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('machine', scopes => '{orders.read}',
	metadata => '{"grant_types": ["client_credentials"]}');

-- RFC 7636 appendix B
\set verifier dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
\set challenge E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM

CREATE FUNCTION test.authorize(client text, redirect_uri text, VARIADIC more text[]) RETURNS test.answer LANGUAGE sql
	RETURN test.http('authorize', test.form(VARIADIC ARRAY['client_id', client, 'redirect_uri', redirect_uri] || more), method => 'GET');
-- where the browser goes: the page, and of an error its name, state and iss
CREATE FUNCTION test.goes(a test.answer) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN concat_ws(' ', a.status, a.body ->> 'error', regexp_replace(a.headers ->> 'location', '[?&](iss|state|error|error_description|code|transaction_id)=.*$', ''),
					 test.query(a.headers ->> 'location', 'error'), test.query(a.headers ->> 'location', 'state'), test.query(a.headers ->> 'location', 'iss'),
					 CASE WHEN test.query(a.headers ->> 'location', 'code') IS NOT NULL THEN 'code' END,
					 CASE WHEN test.query(a.headers ->> 'location', 'transaction_id') IS NOT NULL THEN 'transaction' END);
CREATE FUNCTION test.transaction(client text, redirect_uri text, VARIADIC more text[]) RETURNS text LANGUAGE sql
	RETURN test.query((test.authorize(client, redirect_uri, VARIADIC more)).headers ->> 'location', 'transaction_id');
CREATE FUNCTION test.goes(r pgtoken.authorization_response) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN concat_ws(' ', regexp_replace(r.redirect_uri, '[?&](iss|state|error|error_description|code)=.*$', ''), r.error,
					 'state ' || test.query(r.redirect_uri, 'state'), 'iss ' || test.query(r.redirect_uri, 'iss'),
					 CASE WHEN test.query(r.redirect_uri, 'code') IS NOT NULL THEN 'code' END);

-- A good request goes to the login page, which keeps its own query.
SELECT test.goes(test.authorize('site', 'https://site.example/cb', 'response_type', 'code', 'scope', 'openid orders.read', 'state', 's 1&', 'code_challenge', :'challenge', 'code_challenge_method', 'S256'));

-- Attack shut out: an open redirector, or a code sent to somebody else's page.
-- Nothing that is not registered to the letter is ever redirected to (C57).
SELECT uri, test.goes(test.authorize('site', uri, 'response_type', 'code', 'code_challenge', :'challenge', 'code_challenge_method', 'S256', 'state', 's'))
FROM unnest(ARRAY['https://evil.example/cb', 'https://site.example/cb/', 'https://site.example/cb?', 'https://site.example/CB', 'https://site.example/cb#f',
	'https://site.example.evil.example/cb', 'https://site.example@evil.example/cb', 'https://site.example/cb/../x', 'http://site.example/cb', 'HTTPS://site.example/cb',
	'https://site.example:443/cb', 'https://site.example/other', 'javascript:alert(1)', '//evil.example', E'https://site.example/cb\r\nX: y']) WITH ORDINALITY u (uri, i)
ORDER BY i;
SELECT test.goes(test.authorize('nobody', 'https://site.example/cb', 'response_type', 'code')),
	   test.goes(test.authorize('machine', 'https://site.example/cb', 'response_type', 'code')),
	   test.goes(test.authorize('site', NULL, 'response_type', 'code')) AS which_of_two;
-- Applications that are installed on their user's device: a private-use scheme without a dot, localhost with any port,
-- where the client says that it is one, and nothing that a browser runs or sends elsewhere.
SELECT n, test.outcome(format('SELECT (pgtoken.create_client(%L, ''public'', redirect_uris => %L, issuer => ''https://id.example'', metadata => %L)).client_id', 'native-' || n, ARRAY[uri], metadata))
FROM (VALUES (1, 'cursor://anysphere.cursor-retrieval/oauth/callback', '{"application_type": "native"}'), (2, 'cursor://x', '{"application_type": "web"}'), (3, 'cursor://x', '{}'),
	(4, 'javascript://x/%0aalert(1)', '{"application_type": "native"}'), (5, 'data:text/html,x', '{"application_type": "native"}'), (6, 'FILE:///etc/passwd', '{"application_type": "native"}'),
	(7, 'http://localhost/cb', '{"application_type": "native"}'), (8, 'http://app.example/cb', '{"application_type": "native"}'), (9, 'https://app.example/cb', '{"application_type": "native"}')) v (n, uri, metadata) ORDER BY n;
SELECT test.outcome($$SELECT pgtoken.update_client('native-1', metadata => '{"application_type": null}')$$) AS still_has_the_uri;
SELECT test.outcome($$INSERT INTO pgtoken.clients SELECT (c).* FROM (SELECT jsonb_populate_record(NULL::pgtoken.clients, to_jsonb(k) || '{"client_id": "native-0", "metadata": {}}') FROM pgtoken.clients k WHERE client_id = 'native-1') s (c)$$) AS whoever_writes_it;

-- Only the port of a loopback IP may differ (RFC 8252 section 7.3).
SELECT uri, test.goes(test.authorize('native', uri, 'response_type', 'code', 'code_challenge', :'challenge', 'code_challenge_method', 'S256'))
FROM unnest(ARRAY['http://127.0.0.1:49152/cb', 'http://127.0.0.1:49152/cb2', 'http://localhost:49152/cb', 'com.example.native:/cb']) WITH ORDINALITY u (uri, i)
ORDER BY i;

-- Everything else is told to the client, with state and iss (C34, C36, C69, C77).
SELECT more, test.goes(test.authorize('site', 'https://site.example/other?x=1', VARIADIC ARRAY['state', 'a b', 'code_challenge', :'challenge', 'code_challenge_method', 'S256'] || more))
FROM (VALUES (1, '{response_type,token}'::text[]), (2, '{}'), (3, '{response_type,code,response_mode,fragment}'), (4, '{response_type,code,scope,mail.read}'),
	(5, '{response_type,code,scope,"a \"b"}'), (6, '{response_type,code,resource,no-uri}'), (7, '{response_type,code,resource,https://unknown.example}'),
	(8, '{response_type,code,prompt,none login}'), (9, '{response_type,code,prompt,dance}'), (10, '{response_type,code,max_age,-1}'), (11, '{response_type,code,max_age,1e3}'),
	(12, '{response_type,code,request,x.y.z}'), (13, '{response_type,code,dpop_jkt,short}'), (14, '{response_type,code,id_token_hint,x.y.z}'),
	(15, '{response_type,code,resource,https://orders.example,resource,https://any.example}')) t (i, more)
ORDER BY i;
SELECT test.goes(test.authorize('site', 'https://site.example/cb', 'response_type', 'code')) AS without_pkce,
	   test.goes(test.authorize('site', 'https://site.example/cb', 'response_type', 'code', 'code_challenge', :'verifier', 'code_challenge_method', 'plain')) AS plain,
	   test.goes(test.authorize('site', 'https://site.example/cb', 'response_type', 'code', 'code_challenge', :'challenge')) AS no_method,
	   test.goes(test.authorize('first', 'https://first.example/cb', 'response_type', 'code')) AS allowed_without;
-- repeated, malformed and oversized (C4, C15)
SELECT test.brief(test.http('authorize', 'client_id=site&client_id=site')), test.brief(test.http('authorize', 'client_id=%zz')),
	   test.brief(test.http('authorize', 'client_id=' || repeat('x', 70000)));

-- What the login page is told; the client's name, not only its id.
SELECT d - 'created_at' - 'expires_at' AS described, (d ->> 'expires_at')::timestamptz - (d ->> 'created_at')::timestamptz AS open_for
FROM (SELECT pgtoken.authorization_request(test.transaction('site', 'https://site.example/cb', 'response_type', 'code', 'scope', 'openid orders.read offline_access', 'state', 'xyz',
	'code_challenge', :'challenge', 'code_challenge_method', 'S256', 'prompt', 'consent login', 'max_age', '300', 'acr_values', 'mfa', 'login_hint', 'user@example', 'ui_locales', 'de en', 'nonce', 'n'))) t (d);
SELECT pgtoken.authorization_request('pgttx_nonsense') IS NULL AS unknown, pgtoken.authorization_request(NULL) IS NULL AS null_too;

-- Consent: asked for what is new, remembered, and only what was asked for counts.
SELECT test.transaction('site', 'https://site.example/cb', 'response_type', 'code', 'scope', 'openid orders.read', 'state', 'S', 'nonce', 'N', 'code_challenge', :'challenge', 'code_challenge_method', 'S256') AS tx \gset
SELECT pgtoken.consent_missing(:'tx', 'alice'), test.goes(pgtoken.approve_authorization(:'tx', 'alice')) AS first;
CREATE TEMP TABLE approved AS SELECT a.* FROM pgtoken.approve_authorization(:'tx', 'alice', consent => 'openid orders.read orders.write', acr => 'pwd', amr => '{pwd}', session_id => 'sess-1', context => '{"ip": "192.0.2.1"}') a;
SELECT test.goes((redirect_uri, error, error_description)::pgtoken.authorization_response) FROM approved;
SELECT test.goes(pgtoken.approve_authorization(:'tx', 'alice', consent => 'openid')) AS a_second_time;
SELECT subject, client_id, resource, scopes FROM pgtoken.consents WHERE subject = 'alice' AND client_id = 'site';
SELECT test.transaction('site', 'https://site.example/cb', 'response_type', 'code', 'scope', 'openid orders.read orders.write', 'code_challenge', :'challenge', 'code_challenge_method', 'S256') AS tx \gset
SELECT pgtoken.consent_missing(:'tx', 'alice') AS only_the_new, pgtoken.consent_missing(:'tx', 'bob') AS not_his;
SELECT test.transaction('site', 'https://site.example/cb', 'response_type', 'code', 'scope', 'openid', 'prompt', 'consent', 'code_challenge', :'challenge', 'code_challenge_method', 'S256') AS tx \gset
SELECT pgtoken.consent_missing(:'tx', 'alice') AS asked_anew, test.goes(pgtoken.approve_authorization(:'tx', 'alice')) AS must_be_given;
SELECT test.goes(pgtoken.approve_authorization(:'tx', 'alice', consent => '')) AS nothing_allowed;
-- first party: no consent; prompt=none works then, and answers for itself otherwise
SELECT test.goes(pgtoken.approve_authorization(test.transaction('first', 'https://first.example/cb', 'response_type', 'code', 'prompt', 'none', 'scope', 'openid'), 'carol'));
SELECT test.goes(pgtoken.approve_authorization(test.transaction('site', 'https://site.example/cb', 'response_type', 'code', 'prompt', 'none', 'state', 'q', 'scope', 'openid', 'code_challenge', :'challenge', 'code_challenge_method', 'S256'), 'carol')) AS consent_missing,
	   test.goes(pgtoken.deny_authorization(test.transaction('site', 'https://site.example/cb', 'response_type', 'code', 'prompt', 'none', 'state', 'q', 'code_challenge', :'challenge', 'code_challenge_method', 'S256'), 'login_required')) AS nobody_there;

-- Attack shut out: an old session for a client that wants a fresh login (C85).
SELECT test.goes(pgtoken.approve_authorization(test.transaction('first', 'https://first.example/cb', 'response_type', 'code', 'max_age', '60'), 'carol', auth_time => now() - interval '2 minutes')) AS too_old,
	   test.goes(pgtoken.approve_authorization(test.transaction('first', 'https://first.example/cb', 'response_type', 'code', 'max_age', '600'), 'carol', auth_time => now() - interval '2 minutes')) AS young_enough,
	   test.goes(pgtoken.approve_authorization(test.transaction('first', 'https://first.example/cb', 'response_type', 'code', 'prompt', 'login'), 'carol', auth_time => now() - interval '2 minutes')) AS before_the_request,
	   test.goes(pgtoken.approve_authorization(test.transaction('first', 'https://first.example/cb', 'response_type', 'code', 'prompt', 'none', 'max_age', '60'), 'carol', auth_time => now() - interval '2 minutes')) AS silently;

-- Fault: of (f(x)).* each column approved once more, and the second was unknown.
SELECT test.goes(ROW(a.*)::pgtoken.authorization_response) FROM (SELECT (pgtoken.approve_authorization(t.id, 'carol')).* FROM (SELECT test.transaction('first', 'https://first.example/cb', 'response_type', 'code', 'state', 'q') AS id OFFSET 0) t) a;

-- Denied by the user, and what a page must not say.
SELECT test.goes(pgtoken.deny_authorization(test.transaction('first', 'https://first.example/cb', 'response_type', 'code', 'state', 'q'), error_description => 'not today')) AS denied,
	   test.goes(pgtoken.deny_authorization('pgttx_x')) AS unknown;
SELECT test.outcome($$SELECT pgtoken.deny_authorization('pgttx_x', 'invalid_grant')$$), test.outcome($$SELECT pgtoken.deny_authorization('pgttx_x', error_description => 'say "no"')$$);
SELECT test.outcome($$SELECT pgtoken.approve_authorization('pgttx_x', 'client:web')$$) AS a_client_is_no_user;

-- The code, once (C10, C14, C35, C81, C84).
SELECT test.query(redirect_uri, 'code') AS code FROM approved \gset
SELECT (test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'redirect_uri', 'https://site.example/cb', 'code_verifier', :'verifier' || 'x'), test.basic('site'))).body ->> 'error' AS wrong_verifier,
	   (test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'redirect_uri', 'https://site.example/cb'), test.basic('site'))).body ->> 'error' AS no_verifier,
	   (test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'redirect_uri', 'https://site.example/other?x=1', 'code_verifier', :'verifier'), test.basic('site'))).body ->> 'error' AS other_redirect_uri,
	   (test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'code_verifier', :'verifier'), test.basic('site'))).body ->> 'error' AS no_redirect_uri,
	   (test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'redirect_uri', 'https://site.example/cb', 'code_verifier', :'verifier'), test.basic('first'))).body ->> 'error' AS other_client;
CREATE TEMP TABLE redeemed AS SELECT a.* FROM test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'redirect_uri', 'https://site.example/cb', 'code_verifier', :'verifier'), test.basic('site')) a;
SELECT status, body ->> 'token_type' AS token_type, body -> 'expires_in' AS expires_in, body ->> 'scope' AS scope, body ? 'refresh_token' AS refresh, headers - 'location' AS headers FROM redeemed;
SELECT c ->> 'sub' AS sub, c ->> 'aud' AS aud, c ->> 'nonce' AS nonce, c ->> 'acr' AS acr, c -> 'amr' AS amr, c ->> 'sid' AS sid, c ? 'auth_time' AS auth_time, c ? 'at_hash' AS at_hash, c ->> 'azp' AS azp
FROM redeemed, test.claims(body ->> 'id_token') c;
SELECT pgtoken.verify_access_token(body ->> 'access_token') IS NOT NULL AS holds FROM redeemed;
SELECT pgtoken.grant_of(body ->> 'access_token') AS family FROM redeemed \gset

-- Attack shut out: a stolen code presented after its owner has used it. Without the
-- verifier the thief cannot even end the family; with it everything ends (C10, C58).
SELECT (test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'redirect_uri', 'https://site.example/cb', 'code_verifier', :'challenge'), test.basic('site'))).body ->> 'error' AS without_verifier;
SELECT pgtoken.verify_access_token(body ->> 'access_token') IS NOT NULL AS still_holds FROM redeemed;
SELECT (test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'redirect_uri', 'https://site.example/cb', 'code_verifier', :'verifier'), test.basic('site'))).body ->> 'error' AS second_use;
SELECT pgtoken.verify_access_token(body ->> 'access_token') IS NOT NULL AS still_holds FROM redeemed;
SELECT event, reason, n FROM test.events(:'family');
SELECT count(*) AS evidence_is_kept FROM pgtoken.reused_families WHERE grant_id = :'family';
-- also when the family has ended by something else before: the theft is no less one
SELECT test.query((pgtoken.approve_authorization(test.transaction('site', 'https://site.example/cb', 'response_type', 'code', 'scope', 'openid', 'code_challenge', :'challenge',
	'code_challenge_method', 'S256'), 'alice', consent => 'openid')).redirect_uri, 'code') AS code \gset
SELECT pgtoken.grant_of(a.body ->> 'access_token') AS family
FROM test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'redirect_uri', 'https://site.example/cb', 'code_verifier', :'verifier'), test.basic('site')) a \gset
SELECT count(*) AS ended FROM pgtoken.revoke_family(:'family'::uuid, 'logout');
SELECT (test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'redirect_uri', 'https://site.example/cb', 'code_verifier', :'verifier'), test.basic('site'))).body ->> 'error' AS second_use;
SELECT event, reason, n FROM test.events(:'family');
SELECT count(*) AS evidence_is_kept FROM pgtoken.reused_families WHERE grant_id = :'family';

-- Attack shut out: the downgrade. A verifier for a code without challenge, and a
-- code whose time is over (C37).
SELECT test.query(a.redirect_uri, 'code') AS code FROM pgtoken.approve_authorization(test.transaction('first', 'https://first.example/cb', 'response_type', 'code', 'scope', 'openid'), 'dave') a \gset
SELECT (test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'redirect_uri', 'https://first.example/cb', 'code_verifier', :'verifier'), test.basic('first'))).body ->> 'error' AS verifier_without_challenge;
BEGIN;
UPDATE pgtoken.authorization_codes SET expires_at = now() WHERE subject = 'dave';
SELECT (test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'redirect_uri', 'https://first.example/cb'), test.basic('first'))).body ->> 'error' AS expired;
ROLLBACK;
-- no setting lets a code live for longer than ten minutes (C10)
SELECT test.outcome($$SET pgtoken.authorization_code_lifetime = '10min'$$) AS ten, left(test.outcome($$SET pgtoken.authorization_code_lifetime = '601s'$$), 6) AS more;
RESET pgtoken.authorization_code_lifetime;
-- offline_access: not allowed for this client, so no refresh token whatever was asked (C87, C95)
SELECT test.brief(test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'redirect_uri', 'https://first.example/cb'), test.basic('first')));
-- allowed, asked for and consented to: a refresh token; consented to without it: none
SELECT consent, test.brief(test.http('token', test.form('grant_type', 'authorization_code', 'code', test.query((pgtoken.approve_authorization(test.transaction('native', 'com.example.native:/cb', 'response_type', 'code',
	'scope', 'orders.read offline_access', 'code_challenge', :'challenge', 'code_challenge_method', 'S256'), 'erin' || consent, consent => consent)).redirect_uri, 'code'), 'redirect_uri', 'com.example.native:/cb', 'code_verifier', :'verifier', 'client_id', 'native')))
FROM (VALUES ('orders.read'), ('orders.read offline_access')) v (consent);
-- the code of a client without redirect_uri in its request needs none at the token endpoint (C12)
SELECT test.brief(test.http('token', test.form('grant_type', 'authorization_code', 'code', test.query((pgtoken.approve_authorization(test.transaction('first', NULL, 'response_type', 'code', 'scope', 'orders.read'), 'frank')).redirect_uri, 'code')), test.basic('first')));
-- a resource at the token endpoint narrows the access token, not the family (C70)
CREATE TEMP TABLE narrowed AS SELECT a.* FROM test.http('token', test.form('grant_type', 'authorization_code', 'resource', 'https://orders.example', 'code', test.query((pgtoken.approve_authorization(test.transaction('native', 'com.example.native:/cb',
	'response_type', 'code', 'scope', 'orders.read offline_access', 'resource', 'https://orders.example', 'resource', 'https://any.example', 'code_challenge', :'challenge', 'code_challenge_method', 'S256'), 'erin',
	consent => 'orders.read offline_access')).redirect_uri, 'code'), 'redirect_uri', 'com.example.native:/cb', 'code_verifier', :'verifier', 'client_id', 'native')) a;
SELECT test.claims(body ->> 'access_token') ->> 'aud' AS aud, (SELECT g.resources FROM pgtoken.grants g WHERE g.grant_id = pgtoken.grant_of(body ->> 'access_token')) AS family FROM narrowed;

-- Pushed authorization requests (C78): by the authenticated client, good once, and
-- only for that client.
SELECT test.brief(test.http('par', test.form('client_id', 'pushy', 'response_type', 'code', 'redirect_uri', 'https://pushy.example/cb'))) AS unauthenticated,
	   test.brief(test.http('par', test.form('response_type', 'code', 'redirect_uri', 'https://evil.example/cb', 'code_challenge', :'challenge', 'code_challenge_method', 'S256'), test.basic('pushy'))) AS bad_redirect,
	   test.brief(test.http('par', test.form('response_type', 'code', 'request_uri', 'urn:x', 'redirect_uri', 'https://pushy.example/cb'), test.basic('pushy'))) AS nested,
	   test.brief(test.http('par', test.form('response_type', 'code', 'redirect_uri', 'https://pushy.example/cb'), test.basic('pushy'))) AS no_pkce;
CREATE TEMP TABLE pushed AS SELECT a.* FROM test.http('par', test.form('response_type', 'code', 'redirect_uri', 'https://pushy.example/cb', 'state', 'pushed', 'scope', 'openid', 'code_challenge', :'challenge', 'code_challenge_method', 'S256'), test.basic('pushy')) a;
SELECT status, body ->> 'request_uri' ~ '^urn:ietf:params:oauth:request_uri:pgtpr_' AS request_uri, body -> 'expires_in' AS expires_in FROM pushed;
SELECT test.goes(test.http('authorize', test.form('client_id', 'pushy', 'response_type', 'code', 'redirect_uri', 'https://pushy.example/cb'))) AS not_pushed,
	   test.goes(test.http('authorize', test.form('client_id', 'site', 'request_uri', (SELECT body ->> 'request_uri' FROM pushed)))) AS other_client;
SELECT test.goes(test.http('authorize', test.form('client_id', 'pushy', 'request_uri', body ->> 'request_uri'))) AS once FROM pushed;
SELECT test.goes(test.http('authorize', test.form('client_id', 'pushy', 'request_uri', body ->> 'request_uri'))) AS reloaded FROM pushed;
SELECT test.query((test.http('authorize', test.form('client_id', 'pushy', 'request_uri', body ->> 'request_uri'))).headers ->> 'location', 'transaction_id') AS tx FROM pushed \gset
SELECT pgtoken.authorization_request(:'tx') - 'created_at' - 'expires_at' AS told;
SELECT test.goes(pgtoken.approve_authorization(:'tx', 'alice', consent => 'openid')) AS answered;
SELECT test.goes(test.http('authorize', test.form('client_id', 'pushy', 'request_uri', body ->> 'request_uri'))) AS twice FROM pushed;

-- Attack shut out: reading what is on its way. No handle, code or request lies in
-- the tables in clear (C21).
SELECT count(*) AS in_clear FROM pgtoken.authorization_codes c, redeemed WHERE strpos(c::text, :'code') > 0 OR strpos(c::text, substr(:'code', 8, 20)) > 0;

-- Client authentication at the token endpoint (C5, C8, C16, C17).
SELECT test.brief(test.http('token', 'grant_type=client_credentials&client_id=machine')) AS no_secret,
	   test.brief(test.http('token', test.form('grant_type', 'client_credentials', 'client_id', 'machine', 'client_secret', 'wrong'))) AS unregistered_method,
	   test.brief(test.http('token', test.form('grant_type', 'client_credentials', 'client_secret', 'x'), test.basic('machine'))) AS two_methods,
	   test.brief(test.http('token', test.form('grant_type', 'client_credentials'), '{"authorization": "Basic bWFjaGluZTp3cm9uZw=="}')) AS wrong_secret,
	   test.brief(test.http('token', test.form('grant_type', 'client_credentials'), '{"authorization": "Basic !!"}')) AS no_base64,
	   test.brief(test.http('token', test.form('grant_type', 'client_credentials', 'client_id', 'site'), test.basic('machine'))) AS two_names;
SELECT (test.http('token', test.form('grant_type', 'client_credentials'), '{"authorization": "Basic bWFjaGluZTp3cm9uZw=="}')).headers ->> 'www-authenticate' AS challenge;
SELECT test.brief(test.http('token', 'grant_type=implicit', test.basic('machine'))) AS unknown, test.brief(test.http('token', 'grant_type=authorization_code&code=x', test.basic('machine'))) AS not_allowed,
	   test.brief(test.http('token', '', test.basic('machine'))) AS missing, test.brief(test.http('token', 'grant_type=&x=1', test.basic('machine'))) AS empty,
	   test.brief(test.http('token', 'grant_type=a&grant_type=b', test.basic('machine'))) AS twice;
SELECT test.brief(test.http('token', 'grant_type=client_credentials', test.basic('machine'), 'GET')) AS get, (test.http('token', '', method => 'GET')).headers ->> 'allow' AS allow;

-- Attack shut out: a scope agreed to for one API is used at another, or what was
-- refused counts as agreed to the next time. Each API has consents of its own.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('pairs', scopes => '{shared,orders.read,mail.read}', redirect_uris => '{https://pairs.example/cb}', metadata => '{"require_pkce": false}');
CREATE FUNCTION test.ask(scope text, resource text, consent text, prompt text DEFAULT NULL) RETURNS text LANGUAGE sql VOLATILE
	RETURN test.goes(pgtoken.approve_authorization(test.transaction('pairs', NULL, 'response_type', 'code', 'scope', scope, 'resource', resource, 'prompt', prompt), 'gina', consent => consent));
SELECT test.ask('shared', 'https://orders.example', 'shared') AS orders;
SELECT test.ask('shared', 'https://mail.example', '') AS mail_refused, test.ask('shared', 'https://mail.example', NULL) AS asked_again, test.ask('shared', 'https://mail.example', NULL, 'none') AS silently;
SELECT test.ask('shared mail.read', 'https://mail.example', 'mail.read') AS half, test.ask('shared mail.read', 'https://mail.example', NULL, 'none') AS the_other_half, test.ask('mail.read', 'https://mail.example', NULL, 'none') AS agreed;
SELECT resource, scopes FROM pgtoken.consents WHERE subject = 'gina' ORDER BY resource;
-- without a resource the default one is meant, shown, and agreed to
SELECT d -> 'resource' AS shown FROM pgtoken.authorization_request(test.transaction('pairs', NULL, 'response_type', 'code', 'scope', 'mail.read')) d;
SELECT test.ask('orders.read', NULL, NULL, 'none') AS never_asked, test.ask('mail.read', NULL, NULL, 'none') AS asked_before;
-- Attack shut out: a resource slipped in at the token endpoint, which nobody was shown
SELECT test.query((pgtoken.approve_authorization(test.transaction('pairs', NULL, 'response_type', 'code', 'scope', 'mail.read'), 'gina')).redirect_uri, 'code') AS code \gset
SELECT test.brief(test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'resource', 'https://any.example'), test.basic('pairs'))) AS slipped_in,
	   test.brief(test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'resource', 'https://mail.example'), test.basic('pairs'))) AS as_agreed;

-- Attack shut out: the login page of one issuer answers for another, whose users
-- may bear the same names (two tenants in one database).
SELECT pgtoken.create_issuer('https://two.example') \gset
SELECT pgtoken.create_signing_key('ES256', 'https://two.example') \gset
SELECT pgtoken.update_issuer('https://two.example', login_uri => 'https://login.two.example/', logout_uri => 'https://login.two.example/bye');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('bank', scopes => '{openid}', redirect_uris => '{https://bank.example/cb}', issuer => 'https://two.example', metadata => '{"require_pkce": false, "consent_required": false}');
SET pgtoken.http_issuer = 'https://two.example';
SELECT test.transaction('bank', 'https://bank.example/cb', 'response_type', 'code', 'scope', 'openid') AS tx \gset
SELECT test.query((test.http('end_session', 'client_id=bank', method => 'GET')).headers ->> 'location', 'transaction_id') AS bye \gset
RESET pgtoken.http_issuer;
SELECT pgtoken.authorization_request(:'tx') IS NULL AS unknown, pgtoken.consent_missing(:'tx', 'alice') IS NULL AS unknown_too, test.goes(pgtoken.approve_authorization(:'tx', 'alice')) AS approve,
	   test.goes(pgtoken.deny_authorization(:'tx')) AS deny, pgtoken.authorization_request(:'bye') IS NULL AS logout;
SET pgtoken.http_issuer = 'https://two.example';
SELECT test.goes(pgtoken.approve_authorization(:'tx', 'alice')) AS its_own;
-- and APIs take no token of another issuer, a role in it least of all (C49)
SELECT access_token AS at FROM pgtoken.issue_tokens('web', 'alice', 'openid', claims => '{"role": "boss"}') \gset
BEGIN;
SELECT set_config('request.headers', jsonb_build_object('authorization', 'Bearer ' || :'at')::text, true) <> '' AS set \gset
SELECT test.outcome('SELECT pgtoken_http.pre_request()') ~ '^PGRST: .*invalid_token' AS refused;
ROLLBACK;
RESET pgtoken.http_issuer;
BEGIN;
SELECT set_config('request.headers', jsonb_build_object('authorization', 'Bearer ' || :'at')::text, true) <> '' AS set \gset
SELECT test.outcome('SELECT pgtoken_http.pre_request()') AS at_its_own;
ROLLBACK;

-- An issuer that ends in a slash: one slash in its endpoints.
SELECT pgtoken.create_issuer('https://slash.example/') \gset
BEGIN;
SET LOCAL pgtoken.http_issuer = 'https://slash.example/';
SELECT m ->> 'issuer' AS issuer, m ->> 'token_endpoint' AS token_endpoint FROM test.metadata() m;
ROLLBACK;
DROP FUNCTION test.ask;

DROP TABLE approved, redeemed, narrowed, pushed;
