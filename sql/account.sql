-- The account page: the sessions that are open in a person's name, and their end; in
-- SQL for the application, over HTTP for a client that the person has let do so.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT coalesce(login_uri, '') AS login_was FROM pgtoken.issuers WHERE issuer = 'https://id.example' \gset
SELECT pgtoken.update_issuer('https://id.example', login_uri => 'https://login.example/', logout_delivery => 'application', reset => '{claims_function}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('acc_web', offline_access => true, client_name => 'The portal', scopes => '{openid,orders.read,pgtoken:sessions}',
	redirect_uris => '{https://acc.example/cb}', metadata => '{"backchannel_logout_uri": "https://acc.example/logout", "consent_required": false, "require_pkce": false}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('acc_phone', 'public', offline_access => true, client_name => 'Phone <b>app</b>', scopes => '{openid,orders.read,pgtoken:sessions}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('acc_private', offline_access => true, scopes => '{openid,pgtoken:sessions}',
	redirect_uris => '{https://acc-private.example/cb}', metadata => '{"subject_type": "pairwise", "backchannel_logout_uri": "https://acc-private.example/logout"}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('acc_plain', offline_access => true, scopes => '{openid,orders.read}');
\set firefox '{"ip": "192.0.2.1", "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0"}'
\set iphone '{"ip": "198.51.100.7", "user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1"}'
-- The moment when a session began is the order of the list: told apart whatever the clock's grain.
CREATE FUNCTION test.begun(id uuid, n integer) RETURNS void LANGUAGE sql
BEGIN ATOMIC
	UPDATE pgtoken.grants SET created_at = created_at - interval '1 hour' + n * interval '1 second' WHERE grant_id = id;
END;
CREATE FUNCTION test.bearer_of(token text) RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN jsonb_build_object('authorization', 'Bearer ' || token);
CREATE FUNCTION test.challenged(a test.answer) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN concat_ws(' ', a.status, a.body ->> 'error', regexp_replace(a.headers ->> 'www-authenticate', ', error_description="[^"]*"', ''));
-- a session's name in the lists of the client, which is not looked at from without
CREATE FUNCTION test.name_for(client text, session text) RETURNS text LANGUAGE sql RETURN pgtoken.session_name_for(client, session);

-- What is seen ------------------------------------------------------------------

SELECT pgtoken.device_in_words(:'firefox'::jsonb ->> 'user_agent') AS browser, pgtoken.device_in_words('curl/8.0') AS program, pgtoken.device_in_words('') AS nothing, pgtoken.device_in_words(NULL) AS not_known;

SELECT count(*) AS nobody FROM pgtoken.sessions_of('acc-nobody');
-- a sign-in with two clients, one without a session of the application's, one without a refresh token
SELECT access_token AS at1, refresh_token AS rt1, grant_id AS g1 FROM pgtoken.issue_tokens('acc_web', 'acc-ann', 'openid pgtoken:sessions offline_access', '{https://id.example}', session_id => 'ann-1',
	acr => 'pwd', amr => '{pwd}', auth_time => '2026-01-02 03:04:05+00', context => :'firefox') \gset
SELECT refresh_token AS rt2, grant_id AS g2 FROM pgtoken.issue_tokens('acc_private', 'acc-ann', 'openid pgtoken:sessions offline_access', '{https://id.example}', session_id => 'ann-1', acr => 'mfa', amr => '{pwd,otp}', auth_time => '2026-01-02 03:14:05+00', context => :'firefox') \gset
SELECT access_token AS at3, refresh_token AS rt3, grant_id AS g3 FROM pgtoken.issue_tokens('acc_phone', 'acc-ann', 'openid pgtoken:sessions offline_access', '{https://id.example}', context => :'iphone') \gset
SELECT access_token AS at4, grant_id AS g4 FROM pgtoken.issue_tokens('acc_plain', 'acc-ann', 'orders.read', session_id => 'ann-2', context => '{"ip": "203.0.113.9"}') \gset
SELECT grant_id AS bob FROM pgtoken.issue_tokens('acc_web', 'acc-bob', 'openid offline_access', session_id => 'bob-1', context => :'iphone') \gset
SELECT test.begun(g, n::integer) FROM unnest(ARRAY[:'g1', :'g2', :'g3', :'g4']::uuid[]) WITH ORDINALITY u (g, n);
\x on
SELECT CASE session_id WHEN :'g3' THEN 'the grant_id' ELSE session_id END AS session_id, kind, is_current, client_ids, client_names, scopes, device, first_address, last_address,
	   CASE session_id WHEN 'ann-1' THEN auth_time AT TIME ZONE 'UTC' END AS auth_time, acr, amr, created_at < last_used_at AS used, expires_at > now() AS lives, offline, act
FROM pgtoken.sessions_of('acc-ann', 'ann-1') s WHERE session_id <> :'g3';
SELECT kind, is_current, client_ids, device, first_address, last_address, acr, amr, offline FROM pgtoken.sessions_of('acc-ann', :'g3') WHERE session_id = :'g3';
\x off
-- which one is this one: by its id, a family of it, what a pairwise client calls it, nothing
SELECT array_agg(session_id ORDER BY session_id) FILTER (WHERE is_current) AS by_id FROM pgtoken.sessions_of('acc-ann', 'ann-1');
SELECT array_agg(session_id) FILTER (WHERE is_current) AS by_family FROM pgtoken.sessions_of('acc-ann', :'g2');
SELECT array_agg(session_id) FILTER (WHERE is_current) AS by_pairwise_sid FROM pgtoken.sessions_of('acc-ann', pgtoken.client_session_id('acc_private', 'ann-1'));
SELECT array_agg(session_id) FILTER (WHERE is_current) AS others_session FROM pgtoken.sessions_of('acc-ann', 'bob-1');
SELECT count(*) FILTER (WHERE is_current) AS nothing, count(*) FROM pgtoken.sessions_of('acc-ann');
-- a refresh is a use, from where it came
SELECT refresh_token AS rt3 FROM pgtoken.refresh_grant(:'rt3', 'acc_phone', context => '{"ip": "203.0.113.77", "user_agent": "Example/42 CFNetwork/1410.0.3 Darwin/22.6.0"}') \gset
SELECT device, first_address, last_address, last_used_at > created_at AS used FROM pgtoken.sessions_of('acc-ann') WHERE session_id = :'g3';
-- C156: clients are named as on their consent pages, in the language of whoever looks.
SELECT pgtoken.update_client('acc_phone', metadata => '{"client_name#de": "Das Telefon", "client_name#fr": "Le t\u00e9l\u00e9phone"}');
SELECT l, s.client_names FROM unnest('{de-AT en,fr,it,NULL}'::text[]) l, pgtoken.sessions_of('acc-ann', ui_locales => l) s WHERE s.session_id = :'g3';
-- The newest first.
SELECT array_agg(CASE session_id WHEN :'g3' THEN 'phone' ELSE session_id END) AS newest_first FROM pgtoken.sessions_of('acc-ann');

-- A code that a server redeems: the browser that signed in is shown, not the server.
SELECT test.query((test.http('authorize', test.form('client_id', 'acc_web', 'redirect_uri', 'https://acc.example/cb', 'response_type', 'code', 'scope', 'openid offline_access'), method => 'GET')).headers ->> 'location', 'transaction_id') AS tx \gset
SELECT test.query(redirect_uri, 'code') AS code FROM pgtoken.approve_authorization(:'tx', 'acc-carl', session_id => 'carl-1', context => :'firefox'::jsonb || '{"risk_score": 7, "device_id": "d"}') \gset
SELECT test.brief(test.http('token', test.form('grant_type', 'authorization_code', 'redirect_uri', 'https://acc.example/cb', 'code', :'code'), test.basic('acc_web') || '{"user-agent": "node"}'));
SELECT device, first_address, last_address FROM pgtoken.sessions_of('acc-carl');
SELECT first_context - 'sign_in' AS of_the_request, (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(first_context -> 'sign_in') k) AS kept_of_the_sign_in, context ? 'sign_in' AS in_last FROM pgtoken.grants WHERE subject = 'acc-carl';

-- Only what lives: revoked, expired, idle, ended by an epoch.
SELECT grant_id AS d1 FROM pgtoken.issue_tokens('acc_web', 'acc-dora', 'openid offline_access', session_id => 'revoked') \gset
SELECT grant_id AS d2 FROM pgtoken.issue_tokens('acc_web', 'acc-dora', 'openid offline_access', session_id => 'expired') \gset
SELECT grant_id AS d3 FROM pgtoken.issue_tokens('acc_web', 'acc-dora', 'openid offline_access', session_id => 'idle') \gset
SELECT count(pgtoken.issue_tokens('acc_web', 'acc-dora', 'openid offline_access', session_id => 'living'));
SELECT count(*) AS revoked FROM pgtoken.revoke_family(:'d1'::uuid);
UPDATE pgtoken.grants SET expires_at = now() WHERE grant_id = :'d2';
UPDATE pgtoken.grants SET rotated_at = now() - idle_lifetime WHERE grant_id = :'d3';
SELECT session_id FROM pgtoken.sessions_of('acc-dora');
SELECT pgtoken.set_not_before(subject => 'acc-dora') IS NOT NULL AS ended;
SELECT count(*) AS living FROM pgtoken.sessions_of('acc-dora');

-- Tokens that an API has exchanged are of the session that they came of, and end with it.
SELECT client_id FROM pgtoken.create_client('acc_api', 'confidential', scopes => '{orders.read}', metadata => '{"grant_types": ["urn:ietf:params:oauth:grant-type:token-exchange"]}') \gset
SELECT access_token AS eat, grant_id AS e1 FROM pgtoken.issue_tokens('acc_plain', 'acc-ed', 'orders.read offline_access', '{https://orders.example}') \gset
-- one as the exchange makes it
INSERT INTO pgtoken.grants SELECT (g).* FROM (SELECT jsonb_populate_record(g, jsonb_build_object('grant_id', pgtoken.new_uuid(), 'client_id', 'acc_api', 'client_epoch', (SELECT epoch FROM pgtoken.clients WHERE client_id = 'acc_api'), 'generation', NULL,
	'ancestors', ARRAY[:'e1'::uuid], 'ancestor_tokens', ARRAY['x'], 'act', '{"sub": "agent"}'::jsonb)) AS g FROM pgtoken.grants g WHERE g.grant_id = :'e1') x;
SELECT kind, session_id = :'e1' AS of_the_first, client_ids, act, offline FROM pgtoken.sessions_of('acc-ed');
SELECT count(*) FROM pgtoken.end_other_sessions('acc-ed', :'e1');
SELECT client_ids FROM pgtoken.sessions_of('acc-ed');
SELECT count(*) AS revoked FROM pgtoken.revoke_family(:'e1'::uuid);
SELECT count(*) AS ended_with_it FROM pgtoken.sessions_of('acc-ed');

-- misuse
SELECT test.outcome('SELECT pgtoken.sessions_of(NULL)');

-- What is ended -----------------------------------------------------------------

-- Attack shut out: a person who knows the id of somebody else's session ends it, or
-- learns whether there is one.
SELECT count(*) AS told FROM pgtoken.end_session_of('acc-ann', 'bob-1');
SELECT count(*) AS told FROM pgtoken.end_session_of('acc-ann', :'bob');
SELECT count(*) AS bob_lives FROM pgtoken.sessions_of('acc-bob');
-- one that ends takes its refresh tokens with it, and its clients are told as each knows it
SELECT client_id, backchannel_logout_uri, test.claims(logout_token) ->> 'sid' = pgtoken.client_session_id(client_id, 'ann-1') AS by_its_sid FROM pgtoken.end_session_of('acc-ann', :'g2');
SELECT array_agg(CASE session_id WHEN :'g3' THEN 'phone' ELSE session_id END ORDER BY session_id) AS left FROM pgtoken.sessions_of('acc-ann');
SELECT pgtoken.verify_access_token(:'at1') IS NULL AS refused, pgtoken.introspect(:'rt1') -> 'active' AS refreshed, pgtoken.introspect(:'rt2') -> 'active' AS refreshed_too;
SELECT event, reason, client_id, subject, detail FROM pgtoken.audit_events WHERE subject = 'acc-ann' AND event = 'session.ended' ORDER BY event_id;
SELECT count(*) AS again FROM pgtoken.end_session_of('acc-ann', 'ann-1');
SELECT count(*) AS said_once FROM pgtoken.audit_events WHERE subject = 'acc-ann' AND event = 'session.ended';
-- a code on its way goes with it
SELECT test.query((test.http('authorize', test.form('client_id', 'acc_web', 'redirect_uri', 'https://acc.example/cb', 'response_type', 'code', 'scope', 'openid offline_access'), method => 'GET')).headers ->> 'location', 'transaction_id') AS tx \gset
SELECT test.query(redirect_uri, 'code') AS code FROM pgtoken.approve_authorization(:'tx', 'acc-ann', session_id => 'ann-3') \gset
SELECT count(*) AS told FROM pgtoken.end_session_of('acc-ann', 'ann-3');
SELECT test.brief(test.http('token', test.form('grant_type', 'authorization_code', 'redirect_uri', 'https://acc.example/cb', 'code', :'code'), test.basic('acc_web')));

-- All but one; the code of the one that stays is redeemed afterwards, that of another is not.
SELECT grant_id AS g5 FROM pgtoken.issue_tokens('acc_web', 'acc-ann', 'openid offline_access', session_id => 'ann-5', context => :'firefox') \gset
SELECT test.query((test.http('authorize', test.form('client_id', 'acc_web', 'redirect_uri', 'https://acc.example/cb', 'response_type', 'code', 'scope', 'openid'), method => 'GET')).headers ->> 'location', 'transaction_id') AS tx5,
	   test.query((test.http('authorize', test.form('client_id', 'acc_web', 'redirect_uri', 'https://acc.example/cb', 'response_type', 'code', 'scope', 'openid'), method => 'GET')).headers ->> 'location', 'transaction_id') AS tx6 \gset
SELECT test.query(redirect_uri, 'code') AS code5 FROM pgtoken.approve_authorization(:'tx5', 'acc-ann', session_id => 'ann-5') \gset
SELECT test.query(redirect_uri, 'code') AS code6 FROM pgtoken.approve_authorization(:'tx6', 'acc-ann', session_id => 'ann-6') \gset
-- Attack shut out: a typing error, or an id that has ended meanwhile, signs a person out everywhere.
SELECT test.outcome(format('SELECT pgtoken.end_other_sessions(%L, %L)', 'acc-ann', k)) FROM unnest('{ann-5x,ann-1,bob-1,"",NULL}'::text[]) k;
SELECT count(*) AS still FROM pgtoken.sessions_of('acc-ann');
SELECT count(*) AS told FROM pgtoken.end_other_sessions('acc-ann', 'ann-5', 'lost my phone');
SELECT session_id FROM pgtoken.sessions_of('acc-ann');
SELECT pgtoken.introspect(:'rt3') -> 'active' AS phone, pgtoken.verify_access_token(:'at4') IS NULL AS without_refresh_token;
SELECT test.brief(test.http('token', test.form('grant_type', 'authorization_code', 'redirect_uri', 'https://acc.example/cb', 'code', c), test.basic('acc_web'))) FROM unnest(ARRAY[:'code5', :'code6']) c;
SELECT reason, detail FROM pgtoken.audit_events WHERE subject = 'acc-ann' AND event = 'session.ended' ORDER BY event_id DESC LIMIT 1;
SELECT DISTINCT revoke_reason FROM pgtoken.grants WHERE grant_id IN (:'g3', :'g4');
SELECT count(*) AS bob_lives FROM pgtoken.sessions_of('acc-bob');
SELECT test.outcome('SELECT pgtoken.end_session_of(''acc-ann'', NULL)') AS no_session, test.outcome('SELECT pgtoken.end_session_of(NULL, ''ann-5'')') AS nobody;

-- Attack shut out: an issuer is a tenant; a subject of the same name there is somebody else.
SELECT pgtoken.create_issuer('https://acc.example');
SELECT length(pgtoken.create_signing_key(alg, 'https://acc.example')) AS kid_length FROM unnest('{ES256,RS256}'::text[]) alg;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('acc_elsewhere', offline_access => true, issuer => 'https://acc.example', scopes => '{openid,pgtoken:sessions}');
SELECT access_token AS at_elsewhere FROM pgtoken.issue_tokens('acc_elsewhere', 'acc-ann', 'openid pgtoken:sessions offline_access', session_id => 'ann-5') \gset
SELECT count(*) AS here FROM pgtoken.sessions_of('acc-ann');
SELECT count(*) AS told FROM pgtoken.end_session_of('acc-ann', 'ann-5');
SELECT pgtoken.verify_access_token(:'at_elsewhere') IS NOT NULL AS lives_there;
SET pgtoken.http_issuer = 'https://acc.example';
SELECT client_ids FROM pgtoken.sessions_of('acc-ann');
RESET pgtoken.http_issuer;

-- Over HTTP ---------------------------------------------------------------------

SELECT m::jsonb -> 'scopes_supported' ? 'pgtoken:sessions' AS scope, m::text ~ 'sessions_endpoint' AS a_name_that_no_standard_knows FROM test.metadata() m;
SELECT access_token AS at1, grant_id AS g1 FROM pgtoken.issue_tokens('acc_web', 'acc-fay', 'openid pgtoken:sessions offline_access', '{https://id.example}', session_id => 'fay-1', acr => 'pwd', amr => '{pwd}',
	auth_time => '2026-01-02 03:04:05+00', context => :'firefox') \gset
SELECT access_token AS at2, refresh_token AS rt2, grant_id AS g2 FROM pgtoken.issue_tokens('acc_phone', 'acc-fay', 'openid pgtoken:sessions offline_access', '{https://id.example}', auth_time => '2026-01-02 03:04:05+00', context => :'iphone') \gset
SELECT access_token AS at3, grant_id AS g3 FROM pgtoken.issue_tokens('acc_private', 'acc-fay', 'openid pgtoken:sessions offline_access', '{https://id.example}', session_id => 'fay-3', auth_time => '2026-01-02 03:04:05+00') \gset
SELECT test.begun(g, n::integer) FROM unnest(ARRAY[:'g1', :'g2', :'g3']::uuid[]) WITH ORDINALITY u (g, n);
SELECT a.status, a.headers ->> 'content-type' AS type, a.headers ->> 'cache-control' AS cache, a.body ? 'next' AS more FROM test.http('sessions', '', test.bearer_of(:'at1'), 'GET') a;
SELECT s ->> 'id' = test.name_for('acc_web', CASE n WHEN 1 THEN 'fay-3' WHEN 2 THEN :'g2' ELSE 'fay-1' END) AS by_its_name,
	   jsonb_pretty(s - '{id,created_at,last_used_at,expires_at}'::text[]) AS session, s ?& '{created_at,last_used_at,expires_at}' AS times
FROM test.http('sessions', '', test.bearer_of(:'at1'), 'GET') a, jsonb_array_elements(a.body -> 'sessions') WITH ORDINALITY e (s, n) ORDER BY n;
SELECT (SELECT array_agg(s -> 'current' ORDER BY n) FROM jsonb_array_elements(a.body -> 'sessions') WITH ORDINALITY e (s, n)) AS which_one_the_token_says
FROM unnest(ARRAY[:'at2', :'at3']) t, test.http('sessions', '', test.bearer_of(t), 'GET') a;
SELECT l, a.body #>> '{sessions,1,clients,0,client_name}' AS name FROM unnest('{de,it}'::text[]) l, test.http('sessions', test.form('ui_locales', l), test.bearer_of(:'at1'), 'GET') a;
-- pages
SELECT a.body ->> 'next' AS next, jsonb_array_length(a.body -> 'sessions') AS n FROM test.http('sessions', 'limit=2', test.bearer_of(:'at1'), 'GET') a \gset
SELECT :n AS on_the_first, jsonb_array_length(a.body -> 'sessions') AS on_the_second, a.body #> '{sessions,0,current}' AS the_first_one_comes_last, a.body ? 'next' AS more FROM test.http('sessions', test.form('limit', '2', 'after', :'next'), test.bearer_of(:'at1'), 'GET') a;
SELECT q, test.brief(test.http('sessions', q, test.bearer_of(:'at1'), 'GET')) FROM unnest('{limit=0,limit=101,limit=x,limit=3,after=x,after=1.,limit=1&limit=2}'::text[]) q;

-- Attack shut out: the sessions of a person for whom has no token, or another one than is needed.
SELECT test.challenged(test.http('sessions', '', method => 'GET')) AS nothing;
SELECT test.challenged(test.http('sessions', '', test.basic('acc_web'), 'GET')) AS clients_secret;
SELECT test.challenged(test.http('sessions', '', test.bearer_of('x.y.z'), 'GET')) AS nonsense;
SELECT test.challenged(test.http('sessions', '', test.bearer_of(:'rt2'), 'GET')) AS refresh_token;
SELECT test.challenged(test.http('sessions', test.form('access_token', :'at1'), method => 'GET')) AS in_query;
SELECT access_token AS no_scope, grant_id AS gn FROM pgtoken.issue_tokens('acc_web', 'acc-fay', 'openid', '{https://id.example}', session_id => 'fay-1') \gset
SELECT test.challenged(test.http(p, '', test.bearer_of(:'no_scope'), m)) AS no_scope
FROM (VALUES ('GET', 'sessions'), ('DELETE', 'sessions/' || test.name_for('acc_web', 'fay-1')), ('POST', 'sessions/end_others')) v (m, p);
-- Attack shut out: support, who acts for the person, looks where he is signed in, or signs him out.
SELECT access_token AS acting FROM pgtoken.issue_tokens('acc_web', 'acc-acted', 'pgtoken:sessions', '{https://id.example}', actor => '{"sub": "support-1"}') \gset
SELECT test.challenged(test.http(p, '', test.bearer_of(:'acting'), m)) AS acting
FROM (VALUES ('GET', 'sessions'), ('DELETE', 'sessions/' || test.name_for('acc_web', 'fay-1')), ('POST', 'sessions/end_others')) v (m, p);

-- Attack shut out: an API that was given a token for itself as well is the person here.
SELECT access_token AS two FROM pgtoken.issue_tokens('acc_web', 'acc-fay', 'openid orders.read pgtoken:sessions', '{https://orders.example,https://id.example}', session_id => 'fay-1') \gset
SELECT test.claims(:'two') ->> 'scope' AS scope, test.challenged(test.http('sessions', '', test.bearer_of(:'two'), 'GET')) AS two_audiences;
-- another issuer's, at this one
SELECT test.challenged(test.http('sessions', '', test.bearer_of(:'at_elsewhere'), 'GET')) AS another_issuer;
SELECT jsonb_array_length((test.request('GET', '/oauth2/sessions', '', test.bearer_of(:'at_elsewhere') || '{"host": "acc.example"}')).body -> 'sessions') AS at_its_own;
-- a bound token without its key
SELECT access_token AS bound FROM pgtoken.issue_tokens('acc_web', 'acc-fay', 'pgtoken:sessions', '{https://id.example}', session_id => 'fay-1', cnf => jsonb_build_object('jkt', repeat('A', 43))) \gset
SELECT test.challenged(test.http('sessions', '', test.bearer_of(:'bound'), 'GET')) AS bound;
-- The scope is its client's only where it was given it; nobody else's, and no API's.
SELECT test.brief(pgtoken.issue_tokens('acc_plain', 'acc-fay', 'pgtoken:sessions', '{https://id.example}')) AS not_registered, test.brief(pgtoken.issue_tokens('acc_plain', 'acc-fay', 'openid pgtoken:sessions', '{https://id.example}')) AS not_dropped;
SELECT test.brief(pgtoken.issue_tokens('acc_web', 'acc-fay', 'pgtoken:sessions', '{https://orders.example}')) AS for_an_api, test.brief(pgtoken.issue_tokens('acc_web', 'acc-fay', 'pgtoken:sessions', '{https://any.example}')) AS for_any;
SELECT test.outcome('SELECT pgtoken.create_resource(''https://acc-api.example'', ''{pgtoken:sessions}'')') AS of_an_api;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('acc_worker', scopes => '{orders.read,pgtoken:sessions}', metadata => '{"grant_types": ["client_credentials"]}');
SELECT test.brief(test.http('token', test.form('grant_type', 'client_credentials', 'scope', 'pgtoken:sessions', 'resource', 'https://id.example'), test.basic('acc_worker'))) AS of_no_user;

-- Attack shut out: another person's session, by its name in his own list or by whatever else.
SELECT access_token AS eve FROM pgtoken.issue_tokens('acc_web', 'acc-eve', 'pgtoken:sessions', '{https://id.example}') \gset
SELECT n, test.brief(test.http('sessions/' || CASE n WHEN 'name' THEN test.name_for('acc_web', 'fay-1') WHEN 'session_id' THEN 'fay-1' WHEN 'grant_id' THEN :'g1' WHEN 'nobody' THEN repeat('A', 43) ELSE n END, '', test.bearer_of(:'eve'), 'DELETE'))
FROM unnest('{name,session_id,grant_id,nobody,%2e,a/b}'::text[]) n;
-- Attack shut out: two pairwise clients find out that they have the same user: each has names of its own.
SELECT count(DISTINCT test.name_for(c, 'fay-3')) AS names FROM unnest('{acc_web,acc_private}'::text[]) c;
SELECT test.brief(test.http('sessions/' || test.name_for('acc_web', 'fay-3'), '', test.bearer_of(:'at3'), 'DELETE')) AS name_of_another_client,
	   test.brief(test.http('sessions/' || pgtoken.client_session_id('acc_private', 'fay-3'), '', test.bearer_of(:'at3'), 'DELETE')) AS pairwise_sid;
SELECT count(*) AS still FROM pgtoken.sessions_of('acc-fay');

-- methods
SELECT m, p, test.brief(a), a.headers ->> 'allow' AS allow FROM (VALUES ('POST', 'sessions'), ('DELETE', 'sessions'), ('DELETE', 'sessions/'), ('GET', 'sessions/x'), ('GET', 'sessions/end_others'), ('DELETE', 'sessions/end_others')) v (m, p), test.http(p, '', test.bearer_of(:'at1'), m) a;

-- below mtls_base_uri as well, one and all
SELECT pgtoken.update_issuer('https://id.example', mtls_base_uri => 'https://mtls.id.example/at');
SELECT m, p, test.brief(test.request(m, '/at/oauth2/sessions' || p, '', test.bearer_of(:'at1') || '{"host": "mtls.id.example"}'))
FROM (VALUES ('GET', ''), ('DELETE', '/' || repeat('A', 43)), ('DELETE', '/'), ('DELETE', '/a/b')) v (m, p);
SELECT pgtoken.update_issuer('https://id.example', reset => '{mtls_base_uri}');

-- one is ended: gone at the next statement, refresh token and all; the id is good once
SELECT a.status, a.body FROM test.http('sessions/' || test.name_for('acc_web', :'g2'), '', test.bearer_of(:'at1'), 'DELETE') a;
SELECT pgtoken.verify_access_token(:'at2') IS NULL AS refused, pgtoken.introspect(:'rt2') -> 'active' AS refreshed, test.challenged(test.http('sessions', '', test.bearer_of(:'at2'), 'GET')) AS out;
SELECT test.brief(test.http('sessions/' || test.name_for('acc_web', :'g2'), '', test.bearer_of(:'at1'), 'DELETE')) AS again;
SELECT e.event, e.reason, e.client_id, e.subject, e.grant_id = :'g1' AS by_the_token, e.detail FROM pgtoken.audit_events e WHERE e.subject = 'acc-fay' AND e.event = 'session.ended';
-- all others; the application hands out no logout tokens here, the courier's work is there where it is his
SELECT count(pgtoken.issue_tokens('acc_web', 'acc-fay', 'openid offline_access', session_id => 'fay-4')), pgtoken.update_issuer('https://id.example', logout_delivery => 'courier');
SELECT test.brief(a), a.body FROM test.http('sessions/end_others', '', test.bearer_of(:'at1')) a;
SELECT client_id, payload FROM pgtoken.courier_work WHERE kind = 'logout' AND payload ->> 'subject' = 'acc-fay' ORDER BY client_id;
DELETE FROM pgtoken.courier_work WHERE payload ->> 'subject' = 'acc-fay';
SELECT pgtoken.update_issuer('https://id.example', logout_delivery => 'application');
SELECT session_id FROM pgtoken.sessions_of('acc-fay', :'g1');
SELECT a.body FROM test.http('sessions/end_others', '', test.bearer_of(:'at1')) a;
-- its own, too; and then the token is none
SELECT a.status FROM test.http('sessions/' || test.name_for('acc_web', 'fay-1'), '', test.bearer_of(:'at1'), 'DELETE') a;
SELECT test.challenged(test.http('sessions/end_others', '', test.bearer_of(:'at1'))) AS out;
-- Attack shut out: of two that end each other, the second one keeps nothing and so ends everything.
SELECT lives, known, answer FROM pgtoken.account_end_sessions(:'g1', NULL);
SELECT lives, known, answer FROM pgtoken.account_end_sessions(:'g1', 'x');

-- Attack shut out: a device that was signed out elsewhere is signed in again by the cookie that it has of the
-- application, which has not heard of it. Who authenticates anew is let in.
SELECT test.query((test.http('authorize', test.form('client_id', 'acc_web', 'redirect_uri', 'https://acc.example/cb', 'response_type', 'code', 'scope', 'openid'), method => 'GET')).headers ->> 'location', 'transaction_id') AS tx \gset
SELECT a.error, a.error_description, a.redirect_uri FROM pgtoken.approve_authorization(:'tx', 'acc-fay', session_id => 'fay-1', auth_time => now() - interval '1 minute') a;
SELECT a.error, test.query(a.redirect_uri, 'code') IS NOT NULL AS code FROM pgtoken.approve_authorization(:'tx', 'acc-fay', session_id => 'fay-1') a;
-- of another person's session of that name, and of one that was ended for another reason, nothing was said
SELECT test.query((test.http('authorize', test.form('client_id', 'acc_web', 'redirect_uri', 'https://acc.example/cb', 'response_type', 'code', 'scope', 'openid'), method => 'GET')).headers ->> 'location', 'transaction_id') AS tx \gset
SELECT test.query(a.redirect_uri, 'code') IS NOT NULL AS code FROM pgtoken.approve_authorization(:'tx', 'acc-bob', session_id => 'fay-1', auth_time => now() - interval '1 minute') a;

SELECT coalesce(verification_uri, '') AS verification_was FROM pgtoken.issuers WHERE issuer = 'https://id.example' \gset
SELECT pgtoken.update_issuer('https://id.example', verification_uri => 'https://login.example/device');
SELECT client_id FROM pgtoken.create_client('acc_tv', 'public', metadata => '{"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]}');
SELECT (test.http('device_authorization', test.form('client_id', 'acc_tv'))).body ->> 'user_code' AS uc \gset
SELECT pgtoken.approve_device(:'uc', 'acc-fay', 'acc-fay', session_id => 'fay-1', auth_time => now() - interval '1 minute') AS by_cookie, pgtoken.approve_device(:'uc', 'acc-fay', 'acc-fay', session_id => 'fay-1') IS NULL AS anew;
UPDATE pgtoken.issuers SET verification_uri = NULLIF(:'verification_was', '') WHERE issuer = 'https://id.example';

-- whose business it is
SELECT r, has_function_privilege(r, f, 'EXECUTE') AS may, count(*) FROM unnest('{pgtoken_issuer,pgtoken_auditor,pgtoken_http}'::text[]) r,
	unnest('{"pgtoken.sessions_of(text,text,text)","pgtoken.end_session_of(text,text,text)","pgtoken.end_other_sessions(text,text,text)","pgtoken.account_sessions(uuid,text,integer,text)"}'::text[]) f GROUP BY 1, 2 ORDER BY 1, 2;
UPDATE pgtoken.issuers SET login_uri = NULLIF(:'login_was', '') WHERE issuer = 'https://id.example';
DROP FUNCTION test.begun, test.bearer_of, test.challenged, test.name_for;
