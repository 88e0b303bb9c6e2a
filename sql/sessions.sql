-- What becomes of tokens over HTTP: revoked, looked up, shown to userinfo and to
-- APIs; and how sessions end.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('portal', offline_access => true, scopes => '{openid,profile,orders.read,mail.read}',
	redirect_uris => '{https://portal.example/cb}', metadata => '{"post_logout_redirect_uris": ["https://portal.example/bye", "https://portal.example/bye?x=1"],
		"backchannel_logout_uri": "https://portal.example/logout"}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('other', offline_access => true, scopes => '{openid,orders.read}',
	metadata => '{"post_logout_redirect_uris": ["https://other.example/bye"]}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('private', offline_access => true, scopes => '{openid,orders.read}',
	redirect_uris => '{https://private.example/cb}', metadata => '{"subject_type": "pairwise"}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('orders_rs', scopes => '{}', metadata => '{"grant_types": []}');
SELECT pgtoken.update_resource('https://orders.example', client_id => 'orders_rs');
SELECT access_token AS at, refresh_token AS rt, id_token AS it, grant_id AS gid FROM pgtoken.issue_tokens('portal', 'alice', 'openid orders.read offline_access', '{https://orders.example}', session_id => 'sess-1') \gset

-- Revocation (RFC 7009) -------------------------------------------------------

-- C24, C8. Attack shut out: one client ends the sessions of another's users, or
-- anybody those of a confidential client.
SELECT test.written() AS before \gset
SELECT test.brief(test.http('revoke', test.form('token', :'rt'), test.basic('other'))) AS others_refresh, test.brief(test.http('revoke', test.form('token', :'at'), test.basic('other'))) AS others_access,
	   test.brief(test.http('revoke', test.form('token', :'rt', 'client_id', 'app'))) AS by_public;
-- C26: what is unknown, malformed, or only knows the family's name, changes nothing
SELECT test.brief(test.http('revoke', 'token=x.y.z', test.basic('portal'))) AS nonsense, test.brief(test.http('revoke', test.form('token', :'gid'), test.basic('portal'))) AS grant_id,
	   test.brief(test.http('revoke', test.form('token', test.claims(:'at') ->> 'jti'), test.basic('portal'))) AS jti,
	   test.brief(test.http('revoke', test.form('token', test.forge(:'rt', 0)), test.basic('portal'))) AS forged;
SELECT test.written() = :'before' AS nothing_written;
SELECT test.brief(test.http('revoke', test.form('token', :'rt', 'client_id', 'portal'))) AS no_secret, test.brief(test.http('revoke', '', test.basic('portal'))) AS no_token,
	   test.brief(test.http('revoke', test.form('token', :'rt'), test.basic('portal'), 'GET')) AS get, test.brief(test.http('revoke', 'token=a&token=b', test.basic('portal'))) AS twice,
	   -- C27: an ID token cannot be revoked, and whoever wants to should know
	   test.brief(test.http('revoke', test.form('token', :'it'), test.basic('portal'))) AS id_token;
SELECT pgtoken.introspect(:'rt') -> 'active' AS refresh_lives, pgtoken.introspect(:'at') -> 'active' AS access_lives;

-- an access token goes alone; C23: a wrong hint does not matter
SELECT a.status, a.body IS NULL AS empty, a.headers ->> 'cache-control' AS cache FROM test.http('revoke', test.form('token', :'at', 'token_type_hint', 'refresh_token'), test.basic('portal')) a;
SELECT pgtoken.verify_access_token(:'at') IS NULL AS access_dead, pgtoken.introspect(:'rt') -> 'active' AS refresh_lives;
-- C25: a refresh token takes all of its family with it; also an old one of its own
SELECT access_token AS at, refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt', 'portal', test.secret('portal')) \gset
SELECT test.brief(test.http('revoke', test.form('token', :'rt', 'token_type_hint', 'access_token'), test.basic('portal'))) AS consumed_one;
SELECT pgtoken.verify_access_token(:'at') IS NULL AS access_dead, pgtoken.introspect(:'rt2') AS refresh_dead;
SELECT test.brief(test.http('token', test.form('grant_type', 'refresh_token', 'refresh_token', :'rt2'), test.basic('portal'))) AS refresh;
SELECT revoke_reason FROM pgtoken.grants WHERE grant_id = :'gid';
SELECT test.brief(test.http('revoke', test.form('token', :'rt2'), test.basic('portal'))) AS once_more, test.brief(test.http('revoke', test.form('token', :'at', 'token_type_hint', 'anything'), test.basic('portal'))) AS hint;
SELECT event, reason, client_id, subject FROM pgtoken.audit_events WHERE grant_id = :'gid' AND event IN ('grant.revoked', 'blacklist.created') ORDER BY event_id;
-- C26: one that has expired is as good as revoked, and the client need not know
SELECT access_token AS old_at, refresh_token AS old_rt, grant_id AS old_gid FROM pgtoken.issue_tokens('portal', 'alice', 'openid offline_access') \gset
UPDATE pgtoken.grants SET expires_at = now() WHERE grant_id = :'old_gid';
SELECT a.status, a.body IS NULL AS empty FROM unnest(ARRAY[:'old_rt', :'old_at']) t, test.http('revoke', test.form('token', t), test.basic('portal')) a;
-- C28: a public client with its name alone
SELECT refresh_token AS rt FROM pgtoken.issue_tokens('app', 'bob', 'openid offline_access') \gset
SELECT test.brief(test.http('revoke', test.form('token', :'rt', 'client_id', 'app'))) AS public, pgtoken.introspect(:'rt') AS dead;

-- Introspection (RFC 7662) ----------------------------------------------------

SELECT access_token AS at, refresh_token AS rt, id_token AS it, grant_id AS gid FROM pgtoken.issue_tokens('portal', 'alice', 'openid orders.read offline_access', '{https://orders.example}', session_id => 'sess-1') \gset
-- C29. Attack shut out: anybody tries out the tokens he has found.
SELECT test.brief(test.http('introspect', test.form('token', :'at'))) AS nobody, test.brief(test.http('introspect', test.form('token', :'at', 'client_id', 'portal'))) AS no_secret,
	   test.brief(test.http('introspect', test.form('token', :'at', 'client_id', 'app'))) AS public_client,
	   test.brief(test.http('introspect', test.form('token', :'at'), test.basic('portal'), 'GET')) AS get, test.brief(test.http('introspect', '', test.basic('portal'))) AS no_token;
SELECT a.headers ? 'www-authenticate' AS challenged FROM test.http('introspect', 'token=x', '{"authorization": "Basic cG9ydGFsOng="}') a;
-- C31: the resource server sees what the token itself says
SELECT test.brief(a), a.headers ->> 'content-type' AS type, a.headers ->> 'cache-control' AS cache,
	   (SELECT bool_and(a.body -> k = test.claims(:'at') -> k) FROM unnest('{scope,client_id,sub,exp,iat,iss,aud,jti}'::text[]) k) AS as_in_token, a.body ->> 'token_type' AS token_type
FROM test.http('introspect', test.form('token', :'at', 'token_type_hint', 'refresh_token'), test.basic('orders_rs')) a;
SELECT (test.http('introspect', test.form('token', :'at'), test.basic('portal'))).body -> 'active' AS own_client;
-- C30. Attack shut out: a resource server learns of tokens that are not for it.
SELECT access_token AS mail_at FROM pgtoken.issue_tokens('portal', 'alice', 'mail.read', '{https://mail.example}') \gset
SELECT (test.http('introspect', test.form('token', :'mail_at'), test.basic('orders_rs'))).body AS other_audience, (test.http('introspect', test.form('token', :'at'), test.basic('other'))).body AS other_client,
	   (test.http('introspect', test.form('token', :'it'), test.basic('portal'))).body AS id_token, (test.http('introspect', 'token=nonsense', test.basic('portal'))).body AS nonsense;
-- C32: a refresh token is its client's business, not the resource server's
SELECT (test.http('introspect', test.form('token', :'rt'), test.basic('portal'))).body ->> 'token_type' AS own, (test.http('introspect', test.form('token', :'rt'), test.basic('orders_rs'))).body AS resource_server,
	   (test.http('introspect', test.form('token', :'rt'), test.basic('other'))).body AS other_client;
-- C89. Attack shut out: a pairwise client learns by its refresh token who its user is elsewhere.
SELECT refresh_token AS prt, id_token AS pit FROM pgtoken.issue_tokens('private', 'alice', 'openid offline_access') \gset
SELECT (test.http('introspect', test.form('token', :'prt'), test.basic('private'))).body -> 'sub' = test.claims(:'pit') -> 'sub' AS as_in_id_token;
-- C33 (RFC 9701): signed for who asks, with no sub and exp that would make it a token
SELECT a.headers ->> 'content-type' AS type, a.body #>> '{}' AS jwt FROM test.http('introspect', test.form('token', :'at'), test.basic('orders_rs') || '{"accept": "text/plain, application/token-introspection+jwt;q=0.9"}') a \gset
SELECT :'type' AS type, h ->> 'typ' AS typ, h ->> 'alg' AS alg, c ->> 'iss' AS iss, c ->> 'aud' AS aud, c ? 'iat' AS iat, (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(c) k) AS members,
	   c -> 'token_introspection' = pgtoken.introspect(:'at') AS answer
FROM test.header(:'jwt') h, test.claims(:'jwt') c;
SELECT test.claims(a.body #>> '{}') -> 'token_introspection' AS inactive_too FROM test.http('introspect', 'token=x', test.basic('portal') || '{"accept": "application/token-introspection+jwt"}') a;
-- Attack shut out: the signed answer is used as an access token, or as a hint of a session.
SELECT pgtoken.verify_access_token(:'jwt') IS NULL AS no_access_token, pgtoken.introspect(:'jwt') AS nothing;
-- C94: blacklisted is inactive here as well
SELECT count(*) FROM pgtoken.blacklist_token(:'at');
SELECT (test.http('introspect', test.form('token', :'at'), test.basic('orders_rs'))).body AS blacklisted;

-- Userinfo --------------------------------------------------------------------

CREATE FUNCTION test.bearer(token text, scheme text DEFAULT 'Bearer') RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN jsonb_build_object('authorization', scheme || ' ' || token);
CREATE FUNCTION test.challenge(a test.answer) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN concat_ws(' ', a.status, a.body, regexp_replace(a.headers ->> 'www-authenticate', ', error_description="[^"]*"', ''));
SELECT access_token AS at, id_token AS it, grant_id AS gid FROM pgtoken.issue_tokens('portal', 'alice', 'openid profile orders.read') \gset
SELECT (test.http('userinfo', '', test.bearer(:'at'), 'GET')).body AS without_claims_function;
CREATE FUNCTION test.claims_of(subject text, client_id text, scopes text[], target text) RETURNS jsonb LANGUAGE sql STABLE
	RETURN CASE WHEN target = 'userinfo' AND 'profile' = ANY (scopes) THEN jsonb_build_object('name', initcap(subject), 'for', client_id)
				WHEN subject = 'eve' THEN '{"sub": "alice"}' END;
SELECT pgtoken.update_issuer('https://id.example', claims_function => 'test.claims_of');
SELECT (test.http('userinfo', '', test.bearer(:'at'), 'GET')).body AS header, (test.http('userinfo', test.form('access_token', :'at'))).body AS form;
-- C88: the sub of the ID token, also where it is pairwise (C89), and never the user id then
SELECT access_token AS pat, id_token AS pit FROM pgtoken.issue_tokens('private', 'alice', 'openid') \gset
SELECT (test.http('userinfo', '', test.bearer(:'at'), 'GET')).body -> 'sub' = test.claims(:'it') -> 'sub' AS same,
	   (test.http('userinfo', '', test.bearer(:'pat'), 'GET')).body -> 'sub' = test.claims(:'pit') -> 'sub' AS pairwise_same, test.claims(:'pit') ->> 'sub' <> 'alice' AS pairwise;
-- RFC 6750: no error for who has sent nothing; not two tokens at once; none in a GET's query
SELECT test.challenge(test.http('userinfo', '', method => 'GET')) AS nothing;
SELECT test.challenge(test.http('userinfo', '', test.basic('portal'))) AS basic;
SELECT test.challenge(test.http('userinfo', '', test.bearer('x.y.z'))) AS nonsense;
SELECT test.challenge(test.http('userinfo', test.form('access_token', :'at'), test.bearer(:'at'))) AS twice;
SELECT test.challenge(test.http('userinfo', test.form('access_token', :'at'), method => 'GET')) AS in_query;
-- an ID token, a token without openid, a client's own
SELECT test.challenge(test.http('userinfo', '', test.bearer(:'it'))) AS id_token;
SELECT test.challenge(test.http('userinfo', '', test.bearer(access_token))) AS no_openid FROM pgtoken.issue_tokens('portal', 'alice', 'orders.read');
-- Attack shut out: a function of the application makes one user another.
SELECT access_token AS eve FROM pgtoken.issue_tokens('plain', 'mallory', 'openid') \gset
UPDATE pgtoken.grants SET subject = 'eve' WHERE grant_id = pgtoken.grant_of(:'eve');
SELECT test.brief(test.http('userinfo', '', test.bearer(:'eve'))) AS another_sub;
SELECT pgtoken.update_issuer('https://id.example', reset => '{claims_function}');
-- C67. Attack shut out: a stolen token that is bound to a key works without the key.
SELECT access_token AS bound FROM pgtoken.issue_tokens('portal', 'alice', 'openid', cnf => jsonb_build_object('jkt', repeat('A', 43))) \gset
SELECT access_token AS mtls FROM pgtoken.issue_tokens('portal', 'alice', 'openid', cnf => jsonb_build_object('x5t#S256', repeat('A', 43))) \gset
SELECT test.challenge(test.http('userinfo', '', test.bearer(:'bound'))) AS as_bearer;
SELECT test.challenge(test.http('userinfo', test.form('access_token', :'bound'))) AS in_form;
SELECT test.challenge(test.http('userinfo', '', test.bearer(:'bound', 'DPoP'))) AS no_proof;
SELECT test.challenge(test.http('userinfo', '', test.bearer(:'bound', 'DPoP') || '{"dpop": "x.y.z"}')) AS bad_proof;
SELECT test.challenge(test.http('userinfo', '', test.bearer(:'at', 'DPoP') || '{"dpop": "x.y.z"}')) AS not_bound;
SELECT test.challenge(test.http('userinfo', '', test.bearer(:'mtls'))) AS no_certificate;
-- revoked: dead at once
SELECT count(*) FROM pgtoken.revoke_family(:'gid'::uuid);
SELECT test.challenge(test.http('userinfo', '', test.bearer(:'at'))) AS revoked;

-- Before a request of an API ----------------------------------------------------

CREATE FUNCTION test.api(headers jsonb, method text DEFAULT 'GET') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM set_config('request.method', method, true), set_config('request.path', '/items', true), set_config('request.headers', headers::text, true);
	RETURN (SELECT coalesce('sub ' || (c ->> 'sub'), 'anonymous') FROM pgtoken.check_request() c);
EXCEPTION WHEN SQLSTATE 'PGRST' THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', detail::json ->> 'status', (SELECT string_agg(k, ',' ORDER BY k) FROM json_object_keys(detail::json -> 'headers') k), SQLERRM::json ->> 'code',
					 regexp_replace(detail::json -> 'headers' ->> 'WWW-Authenticate', ', error_description="[^"]*"', ''),
					 (SELECT string_agg(k, ',' ORDER BY k) FROM json_object_keys(SQLERRM::json) k));
END
$$;
SELECT access_token AS at, id_token AS it, refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('portal', 'alice', 'openid orders.read offline_access', '{https://orders.example}') \gset
SELECT test.api('{}') AS no_token, test.api(test.basic('portal')) AS another_scheme, test.api(test.bearer(:'at')) AS bearer, test.api(test.bearer(:'at', 'bEARER')) AS any_case;
-- C49, C67, C94: what PostgREST itself would let pass
SELECT test.api(test.bearer(:'it')) AS id_token;
SELECT test.api(test.bearer(:'rt')) AS refresh_token;
SELECT test.api(test.bearer(:'bound')) AS bound_as_bearer;
SELECT test.api(test.bearer(:'bound', 'DPoP')) AS bound_without_proof;
SELECT test.api(test.bearer(:'at', 'DPoP')) AS unbound_by_dpop;
SET pgtoken.http_resource = 'https://mail.example';
SELECT test.api(test.bearer(:'at')) AS for_another_api, test.api(test.bearer(:'mail_at')) AS for_this_one;
SET pgtoken.http_resource = 'https://orders.example';
SELECT test.api(test.bearer(:'at')) AS for_this_one;
RESET pgtoken.http_resource;
SELECT count(*) FROM pgtoken.blacklist_token(:'at');
SELECT test.api(test.bearer(:'at')) AS blacklisted;
SELECT access_token AS at FROM pgtoken.refresh_grant(:'rt', 'portal', test.secret('portal')) \gset
SELECT test.api(test.bearer(:'at')) AS refreshed;
SELECT count(*) FROM pgtoken.revoke_family(:'gid'::uuid);
SELECT test.api(test.bearer(:'at')) AS revoked;
-- the function for PostgREST: no role and no claims are changed by it for a bearer token
SELECT set_config('request.headers', '', false);
SELECT pgtoken_http.pre_request();

-- Logout ------------------------------------------------------------------------

SELECT access_token AS at, id_token AS it, grant_id AS gid FROM pgtoken.issue_tokens('portal', 'alice', 'openid', session_id => 'sess-1') \gset
SELECT test.brief(test.http('end_session', '', method => 'GET')) AS no_logout_page;
SELECT pgtoken.update_issuer('https://id.example', logout_uri => 'https://login.example/sign-out?tenant=1');
CREATE FUNCTION test.logout(VARIADIC more text[] DEFAULT '{}') RETURNS test.answer LANGUAGE sql RETURN test.http('end_session', test.form(VARIADIC more), method => 'GET');
-- where the browser goes; never to where the request says
CREATE FUNCTION test.goes_to(a test.answer) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN concat_ws(' ', a.status, a.body ->> 'error', regexp_replace(a.headers ->> 'location', 'pgttx_[A-Za-z0-9_-]{66}$', '...'));
SELECT test.goes_to(test.logout('id_token_hint', :'it', 'post_logout_redirect_uri', 'https://portal.example/bye', 'state', 's 1&')) AS good;
SELECT test.goes_to(test.logout()) AS nothing_said, test.goes_to(test.http('end_session', test.form('id_token_hint', :'it', 'client_id', 'portal'))) AS posted;
-- Attack shut out: an open redirector behind the user's own identity provider.
SELECT test.goes_to(test.logout('id_token_hint', :'it', 'post_logout_redirect_uri', 'https://evil.example/')) AS not_registered,
	   test.goes_to(test.logout('id_token_hint', :'it', 'post_logout_redirect_uri', 'https://portal.example/bye/')) AS nearly,
	   test.goes_to(test.logout('id_token_hint', :'it', 'post_logout_redirect_uri', 'https://other.example/bye')) AS another_clients,
	   test.goes_to(test.logout('post_logout_redirect_uri', 'https://portal.example/bye')) AS nobodys,
	   test.goes_to(test.logout('client_id', 'nobody', 'post_logout_redirect_uri', 'https://portal.example/bye')) AS unknown_client;
-- and what is not the client's ID token is no hint
SELECT test.goes_to(test.logout('id_token_hint', :'it', 'client_id', 'other')) AS another_client, test.goes_to(test.logout('id_token_hint', :'at')) AS access_token,
	   test.goes_to(test.logout('id_token_hint', :'jwt')) AS introspection_answer, test.goes_to(test.logout('id_token_hint', 'x.y.z')) AS nonsense,
	   test.goes_to(test.logout('id_token_hint', overlay(:'it' PLACING CASE left(right(:'it', 10), 1) WHEN 'A' THEN 'B' ELSE 'A' END FROM length(:'it') - 9))) AS forged,
	   test.goes_to(test.http('end_session', 'state=1&state=2')) AS repeated;
-- The application looks at it, ends the session, and sends the browser on; once.
-- Attack shut out: an API sends the access token that it was given, whose typ and aud are those of an ID token, as the hint.
SELECT pgtoken.create_resource('https://api.portal.example', '{orders.read}') \gset
SELECT client_id FROM pgtoken.create_client('https://api.portal.example', scopes => '{openid,orders.read}') \gset
UPDATE pgtoken.resources SET access_token_typ = 'JWT' WHERE resource = 'https://api.portal.example';
SELECT access_token AS jwt_at, id_token AS jwt_it FROM pgtoken.issue_tokens('https://api.portal.example', 'alice', 'openid', '{https://api.portal.example}') \gset
SELECT test.header(:'jwt_at') = test.header(:'jwt_it') AND test.claims(:'jwt_at') -> 'aud' = test.claims(:'jwt_it') -> 'aud' AS alike,
	   test.goes_to(test.logout('id_token_hint', :'jwt_it')) AS id_token, test.goes_to(test.logout('id_token_hint', :'jwt_at')) AS access_token,
	   test.goes_to(test.logout('id_token_hint', :'jwt_at', 'client_id', 'https://api.portal.example')) AS with_its_name;
SELECT pgtoken.update_client('https://api.portal.example', enabled => false), pgtoken.update_resource('https://api.portal.example', enabled => false);
SELECT test.query((test.logout('id_token_hint', :'it', 'post_logout_redirect_uri', 'https://portal.example/bye?x=1', 'state', 's 1&', 'ui_locales', 'de')).headers ->> 'location', 'transaction_id') AS tx \gset
SELECT r ->> 'kind' AS kind, r ->> 'client_id' AS client_id, r ->> 'post_logout_redirect_uri' AS uri, r ->> 'id_token_hint_subject' AS subject FROM pgtoken.authorization_request(:'tx') r;
SELECT pgtoken.complete_logout(:'tx', 'alice', 'sess-1') AS back, pgtoken.complete_logout(:'tx', 'alice', 'sess-1') IS NULL AS only_once;
SELECT pgtoken.complete_logout('pgttx_x') IS NULL AS malformed, pgtoken.complete_logout(NULL) IS NULL AS nothing;
SELECT event, client_id, subject, context FROM pgtoken.audit_events WHERE event = 'logout.completed';
SELECT test.query((test.logout('client_id', 'portal')).headers ->> 'location', 'transaction_id') AS tx \gset
SELECT pgtoken.complete_logout(:'tx', 'alice') IS NULL AS nowhere, pgtoken.authorization_request(:'tx') IS NULL AS gone;
-- an expired one is gone as well
SELECT test.query((test.logout('client_id', 'portal', 'post_logout_redirect_uri', 'https://portal.example/bye')).headers ->> 'location', 'transaction_id') AS tx \gset
UPDATE pgtoken.authorization_requests SET expires_at = now() WHERE kind = 'logout';
SELECT pgtoken.complete_logout(:'tx', 'alice') IS NULL AS expired;

-- C91 (Back-Channel Logout section 2.4)
SELECT (SELECT logout_token FROM pgtoken.end_session('alice', 'sess-1')) AS lt \gset
SELECT h ->> 'typ' AS typ, c ->> 'iss' AS iss, c ->> 'aud' AS aud, c ->> 'sub' AS sub, c ->> 'sid' AS sid, c -> 'events' AS events, length(c ->> 'jti') AS jti,
	   (c ->> 'exp')::integer - (c ->> 'iat')::integer AS lifetime, c ? 'nonce' AS nonce
FROM test.header(:'lt') h, test.claims(:'lt') c;
SELECT pgtoken.verify_access_token(:'at') IS NULL AS session_over, pgtoken.verify_access_token(:'lt') IS NULL AS no_access_token, test.goes_to(test.logout('id_token_hint', :'lt')) AS no_hint;
-- each has its own jti; a pairwise client sees its own sub
SELECT test.claims(pgtoken.logout_token('portal', 'alice', 's')) ->> 'jti' <> test.claims(pgtoken.logout_token('portal', 'alice', 's')) ->> 'jti' AS jti,
	   test.claims(pgtoken.logout_token('private', 'alice', 's')) -> 'sub' = test.claims(:'pit') -> 'sub' AS pairwise;
SELECT test.outcome($$SELECT pgtoken.logout_token('nobody', 'alice', 's')$$);

-- Attack shut out: two services whose users have pairwise subjects, so that nobody
-- can tell who is whom, compare the sid of their ID and logout tokens.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('secluded', offline_access => true, scopes => '{openid}',
	redirect_uris => '{https://secluded.example/cb}', metadata => '{"subject_type": "pairwise", "backchannel_logout_uri": "https://secluded.example/logout"}');
SELECT id_token AS it1, refresh_token AS rt1, grant_id AS gid1 FROM pgtoken.issue_tokens('private', 'carol', 'openid offline_access', session_id => 'sess-2') \gset
SELECT id_token AS it2, grant_id AS gid2 FROM pgtoken.issue_tokens('secluded', 'carol', 'openid', session_id => 'sess-2') \gset
SELECT id_token AS it3, grant_id AS gid3 FROM pgtoken.issue_tokens('portal', 'carol', 'openid', session_id => 'sess-2') \gset
SELECT id_token AS it4, grant_id AS gid4 FROM pgtoken.issue_tokens('secluded', 'carol', 'openid') \gset
SELECT test.claims(:'it1') ->> 'sid' AS sid1, test.claims(:'it2') ->> 'sid' AS sid2 \gset
SELECT :'sid1' <> :'sid2' AS apart, 'sess-2' NOT IN (:'sid1', :'sid2') AS none_the_applications, test.claims(:'it3') ->> 'sid' AS of_a_public_subject,
	   test.claims(:'it4') ->> 'sid' NOT IN (:'gid4', :'sid2') AS without_a_session;
-- one session is one sid for its client: in a later ID token and in the logout token
SELECT test.claims(id_token) ->> 'sid' = :'sid1' AS refreshed FROM pgtoken.refresh_grant(:'rt1', 'private', test.secret('private')) \gset
SELECT :'refreshed' AS refreshed, test.claims(pgtoken.logout_token('secluded', 'carol', 'sess-2')) ->> 'sid' = :'sid2' AS logout_token;
-- The application may end it by the sid that a client's hint has shown it, and ends
-- all of the session; of another subject it is nothing.
BEGIN;
SELECT count(*) AS of_another FROM pgtoken.end_session('alice', :'sid1', offline => true);
SELECT client_id, test.claims(logout_token) ->> 'sid' = :'sid2' AS own_sid FROM pgtoken.end_session('carol', :'sid1', offline => true) WHERE client_id = 'secluded';
SELECT client_id, state FROM pgtoken.grant_status WHERE grant_id IN (:'gid1', :'gid2', :'gid3', :'gid4') ORDER BY client_id, state;
ROLLBACK;
SELECT count(*) AS revoked FROM pgtoken.revoke_session(:'sid2', subject => 'carol');

-- Attack shut out: anybody's POST without a word leaves a row each time.
SELECT count(*) AS before FROM pgtoken.authorization_requests \gset
SELECT test.goes_to(test.logout()) AS got, test.goes_to(test.http('end_session', '')) AS posted, test.goes_to(test.http('end_session', test.form('state', 's', 'ui_locales', 'de'))) AS with_a_state;
SELECT count(*) - :before AS rows FROM pgtoken.authorization_requests;

SELECT pgtoken.update_issuer('https://id.example', reset => '{logout_uri}'), pgtoken.update_resource('https://orders.example', reset => '{client_id}');

-- ID tokens as hints after their keys --------------------------------------------
--
-- The fault: each time a key comes to its end, every web session loses its logout
-- and its prompt=none. Attack shut out: whoever has stolen a key, retired for that,
-- names the users of sessions.
SELECT pgtoken.create_issuer('https://hint.example') \gset
SELECT pgtoken.update_issuer('https://hint.example', login_uri => 'https://login.hint.example/', logout_uri => 'https://login.hint.example/bye');
SELECT length(pgtoken.create_signing_key(alg, 'https://hint.example')) AS kid_length FROM unnest('{ES256,HS256}'::text[]) alg;
SELECT client_id FROM pgtoken.create_client('hinting', redirect_uris => '{https://hinting.example/cb}', issuer => 'https://hint.example',
	metadata => '{"require_pkce": false, "consent_required": false, "post_logout_redirect_uris": ["https://hinting.example/bye"]}');
SELECT client_id FROM pgtoken.create_client('hinting-hs', signing_alg => 'HS256', redirect_uris => '{https://hinting.example/cb}', issuer => 'https://hint.example',
	metadata => '{"require_pkce": false, "consent_required": false, "post_logout_redirect_uris": ["https://hinting.example/bye"]}');
SET pgtoken.http_issuer = 'https://hint.example';
SELECT id_token AS old_it FROM pgtoken.issue_tokens('hinting', 'alice', 'openid') \gset
SELECT id_token AS old_hs FROM pgtoken.issue_tokens('hinting-hs', 'alice', 'openid') \gset
SELECT count(pgtoken.rotate_signing_key(alg, 'https://hint.example', force => true)) AS rotated FROM unnest('{ES256,HS256}'::text[]) alg;
SELECT id_token AS new_it FROM pgtoken.issue_tokens('hinting', 'alice', 'openid') \gset
UPDATE pgtoken.signing_keys SET retires_at = now() - interval '1 second' WHERE issuer = 'https://hint.example' AND state = 'retiring';
SELECT step FROM pgtoken.maintain() WHERE step = 'signing key retired';
CREATE FUNCTION test.hinted(hint text, client text) RETURNS text LANGUAGE sql
	RETURN concat_ws(', ', test.goes_to(test.logout('id_token_hint', hint)), test.goes_to(test.logout('id_token_hint', hint, 'client_id', client, 'post_logout_redirect_uri', 'https://hinting.example/bye')),
		coalesce(test.query((test.http('authorize', test.form('client_id', client, 'redirect_uri', 'https://hinting.example/cb', 'response_type', 'code', 'scope', 'openid', 'prompt', 'none', 'id_token_hint', hint), method => 'GET')).headers ->> 'location', 'error'), 'to the page'));
SELECT test.hinted(:'new_it', 'hinting') AS key_that_signs;
SELECT test.hinted(:'old_it', 'hinting') AS key_at_its_end;
SELECT test.goes_to(test.logout('id_token_hint', overlay(:'old_it' PLACING CASE left(right(:'old_it', 10), 1) WHEN 'A' THEN 'B' ELSE 'A' END FROM length(:'old_it') - 9))) AS forged;
SELECT pgtoken.authorization_request(test.query((test.logout('id_token_hint', :'old_it')).headers ->> 'location', 'transaction_id')) ->> 'id_token_hint_subject' AS subject;
-- no key is left to look at it with: as if there were none
SELECT test.hinted(:'old_hs', 'hinting-hs') AS secret_at_its_end;
SELECT pgtoken.authorization_request(test.query((test.logout('id_token_hint', :'old_hs', 'client_id', 'hinting-hs')).headers ->> 'location', 'transaction_id')) - 'created_at' - 'expires_at' AS told;
-- it is known to somebody after all
SELECT pgtoken.retire_signing_key(test.header(:'old_it') ->> 'kid', 'found in a bucket') AS changed, pgtoken.retire_signing_key(test.header(:'old_it') ->> 'kid', 'again') AS once_more;
SELECT test.hinted(:'old_it', 'hinting') AS known_to_somebody;
-- retired in haste, from the start, and what is its end then says nothing
SELECT pgtoken.retire_signing_key(test.header(:'new_it') ->> 'kid', 'end of life') AS retired;
SELECT test.hinted(:'new_it', 'hinting') AS in_haste;
SELECT state, retire_reason, count(*) FROM pgtoken.signing_keys WHERE issuer = 'https://hint.example' GROUP BY 1, 2 ORDER BY 1, 2;
RESET pgtoken.http_issuer;
DROP FUNCTION test.hinted;
