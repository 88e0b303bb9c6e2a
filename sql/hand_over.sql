-- Requests that one shard hands over to that of their subject. Two shards are one database
-- here, which says in turn that it is the one and the other.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer('https://handed.example'), pgtoken.create_issuer('https://other-hand.example');
SELECT count(pgtoken.create_signing_key('ES256', i)) AS keys FROM unnest('{https://handed.example,https://other-hand.example}'::text[]) i;
SELECT pgtoken.update_issuer('https://handed.example', login_uri => 'https://handed.example/login', logout_uri => 'https://handed.example/logout', verification_uri => 'https://handed.example/device');
INSERT INTO test.clients SELECT c.* FROM (VALUES ('handed', true), ('handed-own', false)) v (n, asks), LATERAL pgtoken.create_client(n, offline_access => true, scopes => '{openid,notes,vault}',
	redirect_uris => '{https://handed.example/cb}', issuer => 'https://handed.example', metadata => jsonb_build_object('consent_required', asks,
		'grant_types', '{authorization_code,refresh_token,urn:ietf:params:oauth:grant-type:device_code}'::text[])) c;
SET pgtoken.http_issuer = 'https://handed.example';

-- From here on this database is the shard of whatever is named: of a subject, a handle, a user code.
CREATE FUNCTION test.at_subject(subject text) RETURNS text LANGUAGE sql RETURN set_config('pgtoken.shard', pgtoken.shard_of_subject(subject, 2) || '/2', false);
CREATE FUNCTION test.at(handle text) RETURNS text LANGUAGE sql RETURN set_config('pgtoken.shard', pgtoken.shard_of(handle, 2) || '/2', false);
CREATE FUNCTION test.begin_login(of_client text DEFAULT 'handed', scope text DEFAULT 'openid notes offline_access', VARIADIC more text[] DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.at_subject('client:' || of_client);
	RETURN test.query((test.http('authorize', test.form(VARIADIC ARRAY['client_id', of_client, 'response_type', 'code', 'redirect_uri', 'https://handed.example/cb', 'state', 's', 'scope', scope,
		'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256'] || more), method => 'GET')).headers ->> 'location', 'transaction_id');
END $$;
-- what becomes of an answer, in a few words
CREATE FUNCTION test.said(r pgtoken.authorization_response) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN concat_ws(' ', CASE WHEN r.redirect_uri IS NOT NULL THEN 'browser:' END, CASE WHEN test.query(r.redirect_uri, 'code') IS NOT NULL THEN 'code' END, r.error);
CREATE FUNCTION test.handed_tokens(code text, of_client text DEFAULT 'handed') RETURNS test.answer LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.at(code);
	RETURN test.http('token', test.form('grant_type', 'authorization_code', 'code', code, 'redirect_uri', 'https://handed.example/cb', 'code_verifier', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'), test.basic(of_client));
END $$;

-- Somebody of another shard than the client, somebody of the same, and one more of each.
SELECT (array_agg(s ORDER BY s) FILTER (WHERE away))[1] AS away, (array_agg(s ORDER BY s) FILTER (WHERE away))[2] AS away_too, (array_agg(s ORDER BY s) FILTER (WHERE NOT away))[1] AS near
FROM (SELECT s, pgtoken.shard_of_subject(s, 2) <> pgtoken.shard_of_subject('client:handed', 2) AS away FROM (SELECT 'handed-' || i FROM generate_series(1, 9) i) t (s)) t \gset

-- The whole way. What is looked at is not answered; then it is spent, and the page that was shown counts.
SELECT test.begin_login() AS tx \gset
SELECT pgtoken.hand_over_authorization(:'tx', :'away', spend => false) AS look, pgtoken.authorization_request(:'tx') AS told \gset
SELECT :'look' LIKE 'pgtsr\_%' AS form, pgtoken.shard_of(:'look', 16384) = pgtoken.shard_of_subject(:'away', 16384) AS leads_there, pgtoken.grant_of(:'look') <> pgtoken.grant_of(:'tx') AS another_id;
SELECT test.at_subject(:'away') IS NOT NULL AS there;
SELECT pgtoken.authorization_request(:'look') = :'told' AS told_alike, pgtoken.consent_missing(:'look', :'away') AS missing, pgtoken.consent_page(:'look', :'away') ->> 'page_id' AS page \gset
\echo :told_alike :missing
-- Attack shut out: who holds a request that was handed over to be looked at has a code by it,
-- a consent stored, or the client told that its user refuses.
SELECT test.said(pgtoken.approve_authorization(:'look', :'away', consent => 'openid notes offline_access')) AS approved, test.said(pgtoken.deny_authorization(:'look')) AS denied,
	   (SELECT count(*) FROM pgtoken.consents c WHERE c.subject = :'away') AS consents;
SELECT test.at(:'tx') IS NOT NULL AS back;
SELECT pgtoken.hand_over_authorization(:'tx', :'away') AS sealed \gset
SELECT pgtoken.grant_of(:'sealed') = pgtoken.grant_of(:'look') AS same_id, pgtoken.hand_over_authorization(:'tx', :'away') = :'sealed' AS again, pgtoken.hand_over_authorization(:'tx', :'away', false) IS NULL AS nothing_to_look_at;
-- Attack shut out: what was handed over goes on where it was, or to somebody else.
SELECT pgtoken.hand_over_authorization(:'tx', :'away_too') IS NULL AS to_another, pgtoken.hand_over_authorization(:'tx', :'near') IS NULL AS to_one_of_here, pgtoken.authorization_request(:'tx') IS NULL AS told,
	   pgtoken.consent_missing(:'tx', :'near') IS NULL AS missing, pgtoken.consent_page(:'tx', :'near') IS NULL AS page,
	   test.said(pgtoken.approve_authorization(:'tx', :'near', consent => 'openid')) AS approved, test.said(pgtoken.deny_authorization(:'tx')) AS denied;
-- Attack shut out: who reads the tables of the request's shard learns who has logged in, or gets what he could approve by.
SELECT count(*) AS rows, count(*) FILTER (WHERE r::text LIKE '%' || :'away' || '%' OR r::text LIKE '%pgtsr%' OR r.parameters - 'sealed' <> '{}') AS telling FROM pgtoken.authorization_requests r WHERE r.grant_id = pgtoken.grant_of(:'tx');
SELECT event, client_id, subject, personal, detail ->> 'handed_over_to' = pgtoken.grant_of(:'sealed')::text AS to_there FROM pgtoken.audit_events WHERE grant_id = pgtoken.grant_of(:'tx');
-- Attack shut out: it is answered on another shard, where nobody knows whether it was; the page of one who is logged in answers for another.
SELECT test.outcome(format('SELECT pgtoken.approve_authorization(%L, %L)', :'sealed', :'away')) AS on_another_shard, test.outcome(format('SELECT pgtoken.authorization_request(%L)', :'sealed')) AS shown_there,
	   test.outcome(format('SELECT pgtoken.deny_authorization(%L)', :'sealed')) AS denied_there;
SELECT test.at_subject(:'away') IS NOT NULL AS there;
SELECT test.said(pgtoken.approve_authorization(:'sealed', :'away_too', consent => 'openid')) AS by_another, pgtoken.consent_page(:'sealed', :'away_too') IS NULL AS shown_to_another;
-- an answer that is taken back has not been given
BEGIN;
SELECT test.said(pgtoken.approve_authorization(:'sealed', :'away', consent => 'openid notes offline_access', page_id => :'page')) AS taken_back;
ROLLBACK;
SELECT (r).redirect_uri AS url, test.said(r) AS approved FROM pgtoken.approve_authorization(:'sealed', :'away', consent => 'openid notes offline_access', page_id => :'page') r \gset
\echo :approved
-- Attack shut out: it is approved once more.
SELECT test.said(pgtoken.approve_authorization(:'sealed', :'away')) AS again, test.said(pgtoken.deny_authorization(:'sealed')) AS denied, pgtoken.authorization_request(:'sealed') IS NULL AS told, pgtoken.consent_page(:'sealed', :'away') IS NULL AS page;
SELECT test.said(pgtoken.approve_authorization(:'look', :'away')) AS by_the_other_text;
SELECT test.query(:'url', 'code') AS code \gset
SELECT pgtoken.shard_of(:'code', 16384) = pgtoken.shard_of_subject(:'away', 16384) AS code_lies_there, request_id = pgtoken.grant_of(:'sealed') AS follows FROM pgtoken.authorization_codes WHERE grant_id = pgtoken.grant_of(:'code');
SELECT test.brief(a), c ->> 'sub' = :'away' AS sub, pgtoken.grant_of((a).body ->> 'refresh_token') = pgtoken.grant_of(:'code') AS family FROM test.handed_tokens(:'code') a, test.claims((a).body ->> 'access_token') c;
SELECT scopes, page IS NOT NULL AS with_the_page FROM pgtoken.consent_history(:'away');
SELECT count(*) AS pages_left FROM pgtoken.consent_pages WHERE subject = :'away';

-- Attack shut out: a text that was changed, of another issuer, or of another kind; whatever stands in it.
SELECT test.begin_login() AS tx \gset
SELECT pgtoken.hand_over_authorization(:'tx', :'away') AS sealed, test.at_subject(:'away') IS NOT NULL AS there \gset
SELECT count(*) AS tried, count(pgtoken.authorization_request(overlay(:'sealed' PLACING CASE substr(:'sealed', i, 1) WHEN 'A' THEN 'E' ELSE 'A' END FROM i))) AS taken
FROM unnest(ARRAY[1, 7, 8, 10, 20, 28, 29, 30, 35, 40, 60, 100, length(:'sealed') - 30, length(:'sealed') - 4]) i WHERE pgtoken.grant_of(overlay(:'sealed' PLACING 'A' FROM i)) IS NOT NULL OR i = 1;
SELECT pgtoken.authorization_request(left(:'sealed', -4)) IS NULL AS shorter, pgtoken.authorization_request(:'sealed' || 'AAAA') IS NULL AS longer, pgtoken.authorization_request('pgtsr_') IS NULL AS none, pgtoken.authorization_request('pgtsr_AQ') IS NULL AS no_id,
	   pgtoken.device_request(:'sealed', 'here') AS as_a_device;
SET pgtoken.http_issuer = 'https://other-hand.example';
SELECT pgtoken.authorization_request(:'sealed') IS NULL AS of_another_issuer, test.said(pgtoken.approve_authorization(:'sealed', :'away')) AS approved;
SET pgtoken.http_issuer = 'https://handed.example';
SELECT pgtoken.authorization_request(:'sealed') IS NOT NULL AS of_its_own;
-- Attack shut out: one that has expired where it comes from is answered elsewhere.
CREATE FUNCTION test.hand_over_at_the_end(tx text, subject text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	until timestamptz;
	sealed text;
BEGIN
	WHILE sealed IS NULL LOOP
		until := clock_timestamp() + interval '0.2 s';
		UPDATE pgtoken.authorization_requests r SET expires_at = until WHERE r.grant_id = pgtoken.grant_of(tx);
		sealed := pgtoken.hand_over_authorization(tx, subject);
	END LOOP;
	PERFORM pg_sleep_until(until);
	RETURN sealed;
END $$;
SELECT test.begin_login() AS tx \gset
SELECT test.hand_over_at_the_end(:'tx', :'away') AS late \gset
SELECT pgtoken.hand_over_authorization(:'tx', :'away') IS NULL AS no_more_of_it, test.at_subject(:'away') IS NOT NULL AS there \gset
SELECT :'no_more_of_it' AS no_more_of_it, pgtoken.authorization_request(:'late') IS NULL AS told, test.said(pgtoken.approve_authorization(:'late', :'away', consent => 'openid')) AS approved;

-- Refused there, or where it came from.
SELECT test.said(pgtoken.deny_authorization(:'sealed', 'access_denied', 'not today')) AS denied, test.said(pgtoken.approve_authorization(:'sealed', :'away')) AS then_approved;
SELECT event, reason, client_id FROM pgtoken.audit_events WHERE grant_id = pgtoken.grant_of(:'sealed');
SELECT test.begin_login() AS tx \gset
SELECT pgtoken.hand_over_authorization(:'tx', :'away', false) AS look, test.said(pgtoken.deny_authorization(:'tx')) AS denied \gset
SELECT :'denied' AS denied, pgtoken.hand_over_authorization(:'tx', :'away') IS NULL AS then_handed_over;

-- What the client has asked for counts there as it does here.
SELECT test.begin_login('handed-own', 'openid', 'prompt', 'none', 'max_age', '60') AS tx \gset
SELECT pgtoken.hand_over_authorization(:'tx', :'away') AS sealed, test.at_subject(:'away') IS NOT NULL AS there \gset
SELECT test.said(pgtoken.approve_authorization(:'sealed', :'away', auth_time => now() - interval '2 minutes')) AS silent_and_too_old;
SELECT test.begin_login('handed-own', 'openid', 'prompt', 'login') AS tx \gset
SELECT pgtoken.hand_over_authorization(:'tx', :'away') AS sealed, test.at_subject(:'away') IS NOT NULL AS there \gset
SELECT test.said(pgtoken.approve_authorization(:'sealed', :'away', auth_time => now() - interval '2 minutes')) AS before_the_request, test.said(pgtoken.approve_authorization(:'sealed', :'away')) AS anew;
SELECT test.begin_login('handed', 'openid vault', 'prompt', 'none') AS tx \gset
SELECT pgtoken.hand_over_authorization(:'tx', :'away') AS sealed, test.at_subject(:'away') IS NOT NULL AS there \gset
SELECT test.said(pgtoken.approve_authorization(:'sealed', :'away')) AS silent_without_consent;
SELECT (pgtoken.issue_tokens('handed-own', :'away', 'openid')).id_token AS hint \gset
SELECT test.begin_login('handed-own', 'openid', 'id_token_hint', :'hint') AS tx \gset
SELECT pgtoken.hand_over_authorization(:'tx', :'away_too') AS sealed, test.at_subject(:'away') IS NOT NULL AS there \gset
SELECT test.said(pgtoken.approve_authorization(:'sealed', :'away_too')) AS another_was_meant, test.said(pgtoken.deny_authorization(:'sealed', 'login_required')) AS given_up;
SELECT pgtoken.block_subject(:'away_too', issuer => 'https://handed.example') IS NOT NULL AS blocked \gset
SELECT test.begin_login('handed-own') AS tx \gset
SELECT pgtoken.hand_over_authorization(:'tx', :'away_too') AS sealed, test.at_subject(:'away_too') IS NOT NULL AS there \gset
SELECT test.said(pgtoken.approve_authorization(:'sealed', :'away_too')) AS blocked;
SELECT pgtoken.unblock_subject(:'away_too', issuer => 'https://handed.example') IS NOT NULL AS unblocked \gset
SELECT test.begin_login('handed-own') AS tx \gset
SELECT pgtoken.hand_over_authorization(:'tx', :'away') AS sealed, test.at_subject(:'away') IS NOT NULL AS there \gset
SELECT pgtoken.update_client('handed-own', metadata => '{"max_sessions": 1, "at_session_limit": "refuse"}');
SELECT test.said(pgtoken.approve_authorization(:'sealed', :'away', session_id => 'one-more')) AS one_session_more;
SELECT pgtoken.update_client('handed-own', enabled => false);
SELECT test.said(pgtoken.approve_authorization(:'sealed', :'away')) AS client_disabled_since;
SELECT pgtoken.update_client('handed-own', enabled => true, metadata => '{"max_sessions": null, "at_session_limit": null}');

-- An answer that is posted waits where it was given, not where the client's things lie.
SELECT test.begin_login('handed-own', 'openid', 'response_mode', 'form_post') AS tx \gset
SELECT pgtoken.hand_over_authorization(:'tx', :'away') AS sealed, test.at_subject(:'away') IS NOT NULL AS there \gset
SELECT test.query((pgtoken.approve_authorization(:'sealed', :'away')).redirect_uri, 'answer') AS answer \gset
SELECT pgtoken.shard_of(:'answer', 2) = pgtoken.shard_of_subject(:'away', 2) AS code, pgtoken.shard_of(test.query((pgtoken.deny_authorization(test.begin_login('handed-own', 'openid', 'response_mode', 'form_post'))).redirect_uri, 'answer'), 16384)
	= pgtoken.shard_of_subject('client:handed-own', 16384) AS refusal;

-- Pushed (RFC 9126). Attack shut out: two pages of one pushed request, handed over to two shards, become two codes.
SELECT (test.http('par', test.form('response_type', 'code', 'redirect_uri', 'https://handed.example/cb', 'scope', 'openid', 'login_hint', :'away', 'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256'), test.basic('handed-own'))).body ->> 'request_uri' AS pushed \gset
CREATE FUNCTION test.begin_pushed(uri text) RETURNS text LANGUAGE sql
	RETURN test.query((test.http('authorize', test.form('client_id', 'handed-own', 'request_uri', uri), method => 'GET')).headers ->> 'location', 'transaction_id');
SELECT test.begin_pushed(:'pushed') AS one, test.begin_pushed(:'pushed') AS two, test.begin_pushed(:'pushed') AS three \gset
SELECT pgtoken.hand_over_authorization(:'one', :'away') AS sealed \gset
SELECT pgtoken.hand_over_authorization(:'one', :'away') = :'sealed' AS again, pgtoken.hand_over_authorization(:'two', :'near') IS NULL AS the_other, test.said(pgtoken.approve_authorization(:'three', :'near')) AS the_third, test.begin_pushed(:'pushed') IS NULL AS no_more;
SELECT count(*) AS rows_that_name_him FROM pgtoken.authorization_requests r WHERE r.grant_id IN (pgtoken.grant_of(:'one'), pgtoken.grant_of(:'pushed')) AND r::text LIKE '%' || :'away' || '%';
SELECT test.at_subject(:'away') IS NOT NULL AS there;
SELECT pgtoken.authorization_request(:'sealed') ->> 'login_hint' = :'away' AS hint, pgtoken.authorization_request(:'sealed') ? 'from_pushed' AS internal, test.said(pgtoken.approve_authorization(:'sealed', :'away')) AS approved;

-- A subject of the request's own shard is handed over alike; and where there is one database only.
SELECT test.begin_login('handed-own') AS tx \gset
SELECT test.said(pgtoken.approve_authorization(pgtoken.hand_over_authorization(:'tx', :'near'), :'near')) AS same_shard;
SELECT test.begin_login('handed-own') AS tx, set_config('pgtoken.shard', '', false) \gset
SELECT test.said(pgtoken.approve_authorization(pgtoken.hand_over_authorization(:'tx', :'away'), :'away')) AS one_database;

-- Devices (RFC 8628) -----------------------------------------------------------

CREATE FUNCTION test.ask_handed(of_client text DEFAULT 'handed') RETURNS test.answer LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.at_subject('client:' || of_client);
	RETURN test.http('device_authorization', test.form('scope', 'openid notes offline_access'), test.basic(of_client));
END $$;
-- Two requests, as a layer makes them: the first shard says where to go on and what to bring.
-- Each poll is in time, however fast the test is.
SELECT set_config('pgtoken.http_authenticator', session_user, false) IS NOT NULL AS as_a_layer;
CREATE FUNCTION test.poll_handed(device_code text, VARIADIC more text[] DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	form CONSTANT text := test.form(VARIADIC ARRAY['grant_type', 'urn:ietf:params:oauth:grant-type:device_code', 'device_code', device_code] || more);
	a test.answer;
	hops text := '';
BEGIN
	UPDATE pgtoken.device_codes d SET polled_at = NULL WHERE d.grant_id = pgtoken.grant_of(device_code);
	PERFORM test.at(device_code);
	a := test.request('POST', '/oauth2/token', form, test.basic('handed'));
	IF (a).status = 0 THEN
		hops := 'shard of the subject: ';
		PERFORM set_config('pgtoken.shard', ((a).headers ->> 'shard') || '/2', false);
		a := test.request('POST', '/oauth2/token', form, test.basic('handed'), jsonb_build_object('proxied', true, 'routed', true, 'carried', (a).headers ->> 'carry'));
	END IF;
	RETURN hops || test.brief(a);
END $$;
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask_handed() a \gset
-- somebody of another shard than this code, and of the same
SELECT (array_agg(s ORDER BY s) FILTER (WHERE away))[1] AS away, (array_agg(s ORDER BY s) FILTER (WHERE away))[2] AS away_too, (array_agg(s ORDER BY s) FILTER (WHERE NOT away))[1] AS near
FROM (SELECT s, pgtoken.shard_of_subject(s, 2) <> pgtoken.shard_of(:'uc', 2) AS away FROM (SELECT 'viewer-' || i FROM generate_series(1, 9) i) t (s)) t \gset
SELECT test.at(:'uc') IS NOT NULL AS here \gset
SELECT pgtoken.hand_over_device(lower(:'uc'), 'sofa', :'away', spend => false) AS look \gset
SELECT pgtoken.shard_of(:'look', 16384) = pgtoken.shard_of_subject(:'away', 16384) AS leads_there, test.poll_handed(:'dc') AS polled, test.at_subject(:'away') IS NOT NULL AS there \gset
\echo :leads_there :polled
SELECT pgtoken.device_request(:'look', 'sofa') - 'expires_at' - 'user_code' AS told, pgtoken.device_request(:'look', 'sofa') ->> 'user_code' = :'uc' AS user_code;
SELECT pgtoken.device_consent_page(:'look', 'sofa', :'away') ->> 'page_id' AS page \gset
-- Attack shut out: to look is not to answer; and neither is the page of somebody else.
SELECT pgtoken.approve_device(:'look', 'sofa', :'away') AS approved, pgtoken.deny_device(:'look', 'sofa') AS denied, pgtoken.device_consent_page(:'look', 'sofa', :'away_too') AS page;
SELECT test.at(:'uc') IS NOT NULL AS back \gset
SELECT pgtoken.hand_over_device(:'uc', 'sofa', :'away') AS sealed \gset
SELECT pgtoken.grant_of(:'sealed') = pgtoken.grant_of(:'look') AS same_id, pgtoken.grant_of(pgtoken.hand_over_device(:'uc', 'sofa', :'away')) = pgtoken.grant_of(:'sealed') AS again, pgtoken.hand_over_device(:'uc', 'sofa', :'away', false) IS NULL AS nothing_to_look_at;
-- Attack shut out: the code is typed once more, by somebody else: it is a wrong one, and counted.
SELECT pgtoken.hand_over_device(:'uc', 'stranger', :'near') IS NULL AS handed_over, pgtoken.device_request(:'uc', 'stranger') AS told, pgtoken.approve_device(:'uc', 'stranger', :'near') AS approved, pgtoken.deny_device(:'uc', 'stranger') AS denied;
SELECT attempt_key, attempts FROM pgtoken.user_code_attempts WHERE attempt_key IN ('sofa', 'stranger') ORDER BY attempt_key;
SELECT test.outcome(format('SELECT pgtoken.approve_device(%L, %L, %L)', :'sealed', 'sofa', :'away')) AS on_another_shard;
-- Attack shut out: the row of the code tells who has typed it, to who can guess his name.
SELECT state, d::text LIKE '%' || :'away' || '%' AS names_him, handed_over_to = pgtoken.grant_of(:'sealed') AS there, handed_over_hash = sha256(convert_to(:'away', 'UTF8')) AS bare FROM pgtoken.device_codes d WHERE grant_id = pgtoken.grant_of(:'dc');
SELECT event, client_id, subject, detail -> 'after' ->> 'state' AS state, detail -> 'after' ? 'handed_over_hash' AS hash FROM pgtoken.audit_events WHERE grant_id = pgtoken.grant_of(:'dc') ORDER BY event_id;
-- it waits, and is told not to come too often where it lies
SELECT test.poll_handed(:'dc') AS before_the_answer;
UPDATE pgtoken.device_codes SET polled_at = now() + interval '1 hour', early_polls = 0 WHERE grant_id = pgtoken.grant_of(:'dc');
SELECT test.at(:'dc') IS NOT NULL AS back \gset
SELECT test.brief(test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:device_code', 'device_code', :'dc'), test.basic('handed'))) AS too_early;
SELECT test.brief(test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:device_code', 'device_code', :'dc'), test.basic('handed-own'))) AS other_client;
SELECT poll_interval, early_polls FROM pgtoken.device_codes WHERE grant_id = pgtoken.grant_of(:'dc');
SELECT test.at_subject(:'away') IS NOT NULL AS there \gset
BEGIN;
SELECT pgtoken.approve_device(:'sealed', 'sofa', :'away', page_id => :'page') IS NULL AS taken_back;
ROLLBACK;
SELECT pgtoken.approve_device(:'sealed', 'sofa', :'away', 'openid notes offline_access', session_id => 'tv', page_id => :'page') IS NULL AS approved;
-- Attack shut out: it is approved once more, or refused after that.
SELECT pgtoken.approve_device(:'sealed', 'sofa', :'away') AS again, pgtoken.deny_device(:'sealed', 'sofa') AS denied, pgtoken.device_request(:'sealed', 'sofa') AS told;
SELECT state, subject = :'away' AS his, family_id <> grant_id AND pgtoken.shard_of(family_id, 16384) = pgtoken.shard_of_subject(:'away', 16384) AS family_lies_there FROM pgtoken.device_codes WHERE grant_id = pgtoken.grant_of(:'sealed');
-- Attack shut out: who knows which request it is, and not the device_code, fetches the tokens.
SELECT test.poll_handed(overlay(:'dc' PLACING CASE substr(:'dc', 60, 1) WHEN 'A' THEN 'B' ELSE 'A' END FROM 60)) AS another_secret;
SELECT test.poll_handed(:'dc') AS tokens;
-- Attack shut out: whoever overheard the device_code fetches the tokens once more.
SELECT test.poll_handed(:'dc') AS second_time;
SELECT grant_type, subject = :'away' AS his, session_id FROM pgtoken.grants WHERE grant_id = (SELECT family_id FROM pgtoken.device_codes WHERE grant_id = pgtoken.grant_of(:'sealed'));
SELECT event, reason FROM pgtoken.audit_events WHERE grant_id = pgtoken.grant_of(:'sealed') AND event NOT LIKE 'consent%' ORDER BY event_id;
SELECT poll_interval, state FROM pgtoken.device_codes WHERE grant_id = pgtoken.grant_of(:'dc');

-- refused there
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask_handed() a \gset
SELECT test.at(:'uc') IS NOT NULL AS here \gset
SELECT pgtoken.hand_over_device(:'uc', 'sofa', :'away') AS sealed, test.at_subject(:'away') IS NOT NULL AS there \gset
SELECT pgtoken.deny_device(:'sealed', 'sofa') IS NULL AS denied, pgtoken.approve_device(:'sealed', 'sofa', :'away') AS then_approved;
SELECT test.poll_handed(:'dc') AS refused;
-- refused where it came from
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask_handed() a \gset
SELECT test.at(:'uc') IS NOT NULL AS here \gset
SELECT pgtoken.deny_device(:'uc', 'sofa') IS NULL AS denied, pgtoken.hand_over_device(:'uc', 'sofa', :'away') IS NULL AS then_handed_over, test.poll_handed(:'dc') AS refused;
-- too late: while nobody has answered, and afterwards
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask_handed() a \gset
SELECT test.at(:'uc') IS NOT NULL AS here \gset
SELECT pgtoken.hand_over_device(:'uc', 'sofa', :'away') AS sealed \gset
UPDATE pgtoken.device_codes SET expires_at = now() WHERE grant_id = pgtoken.grant_of(:'dc');
SELECT test.poll_handed(:'dc') AS expired, test.at(:'uc') IS NOT NULL AS here \gset
\echo :expired
SELECT pgtoken.hand_over_device(:'uc', 'sofa', :'away') IS NULL AS no_more_of_it, test.at_subject(:'away') IS NOT NULL AS there \gset
SELECT pgtoken.approve_device(:'sealed', 'sofa', :'away') IS NULL AS by_its_text \gset
UPDATE pgtoken.device_codes SET expires_at = now() WHERE grant_id = pgtoken.grant_of(:'sealed');
SELECT test.poll_handed(:'dc') AS expired;
-- ended there: by its user, who takes back all that he has allowed
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask_handed() a \gset
SELECT test.at(:'uc') IS NOT NULL AS here \gset
SELECT pgtoken.hand_over_device(:'uc', 'sofa', :'away') AS sealed, test.at_subject(:'away') IS NOT NULL AS there \gset
SELECT pgtoken.approve_device(:'sealed', 'sofa', :'away') IS NULL AS approved;
SELECT count(*) >= 0 AS withdrawn FROM pgtoken.withdraw_consent(:'away', 'handed');
SELECT test.poll_handed(:'dc') AS polled, test.at_subject(:'away') IS NOT NULL AS there \gset
SELECT :'polled' AS polled, pgtoken.approve_device(:'sealed', 'sofa', :'away') AS approved_anew;
-- Attack shut out: a device that has asked before everything of its client was ended there goes on by what it has asked elsewhere.
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask_handed() a \gset
SELECT test.at(:'uc') IS NOT NULL AS here \gset
SELECT pgtoken.hand_over_device(:'uc', 'sofa', :'away') AS sealed, test.at_subject(:'away') IS NOT NULL AS there \gset
BEGIN;
SELECT pgtoken.revoke_client('handed') IS NOT NULL AS revoked;
SELECT pgtoken.device_request(:'sealed', 'sofa') AS told, pgtoken.approve_device(:'sealed', 'sofa', :'away') AS approved;
ROLLBACK;
BEGIN;
SELECT pgtoken.approve_device(:'sealed', 'sofa', :'away') IS NULL AS approved, pgtoken.revoke_client('handed') IS NOT NULL AS then_revoked;
SELECT test.poll_handed(:'dc') AS polled;
ROLLBACK;
-- ended here: by an end of the client, which takes what is on its way
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask_handed() a \gset
SELECT test.at(:'uc') IS NOT NULL AS here \gset
SELECT pgtoken.hand_over_device(:'uc', 'sofa', :'away') IS NOT NULL AS handed_over, set_config('pgtoken.shard', '', false) \gset
BEGIN;
SELECT pgtoken.revoke_client('handed') IS NOT NULL AS revoked;
SELECT count(*) AS devices FROM pgtoken.device_codes WHERE grant_id = pgtoken.grant_of(:'dc');
ROLLBACK;
-- a subject of the code's own shard, and one database only: nothing goes elsewhere
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask_handed() a \gset
SELECT test.at(:'uc') IS NOT NULL AS here \gset
SELECT pgtoken.hand_over_device(:'uc', 'sofa', :'near') AS sealed \gset
SELECT test.poll_handed(:'dc') AS before, pgtoken.approve_device(:'sealed', 'sofa', :'near') IS NULL AS approved;
SELECT test.poll_handed(:'dc') AS tokens;
SELECT test.poll_handed(:'dc') AS second_time;

-- Misuse
SELECT set_config('pgtoken.shard', '', false) AS none;
SELECT n, test.outcome(format('SELECT pgtoken.hand_over_authorization(%s)', a)) AS authorization
FROM (VALUES (1, $$NULL, 'x'$$), (2, $$'pgttx_x', NULL$$), (3, $$'pgttx_x', 'x', NULL$$), (4, $$'pgttx_x', ''$$), (5, $$'pgttx_x', E'a\nb'$$), (6, $$'pgttx_x', 'x'$$), (7, $$'', 'x'$$)) v (n, a) ORDER BY n;
SELECT n, test.outcome(format('SELECT pgtoken.hand_over_device(%s)', a)) AS device
FROM (VALUES (1, $$NULL, 'k', 'x'$$), (2, $$'bcd', NULL, 'x'$$), (3, $$'bcd', 'k', NULL$$), (4, $$'bcd', 'k', 'x', NULL$$), (5, $$'bcd', 'k', ''$$), (6, $$'bcd', 'k', 'x'$$)) v (n, a) ORDER BY n;
-- what was handed over is not handed on; and a logout has no subject to come
SELECT pgtoken.hand_over_authorization(:'late', :'away') IS NULL AS handed_on;
SELECT test.query((test.http('end_session', test.form('client_id', 'handed'), method => 'GET')).headers ->> 'location', 'transaction_id') AS tx \gset
SELECT pgtoken.authorization_request(:'tx') ->> 'kind' AS kind, pgtoken.hand_over_authorization(:'tx', :'away') IS NULL AS logout;
-- forgotten when it has expired, like any other
SELECT kind, count(*) > 0 AS some FROM pgtoken.authorization_requests WHERE kind IN ('handed_over', 'answered') GROUP BY kind ORDER BY kind;
UPDATE pgtoken.authorization_requests SET expires_at = now() - interval '1 s' WHERE kind IN ('handed_over', 'answered');
SELECT bool_and(step IS NOT NULL) IS NOT FALSE AS maintained FROM pgtoken.maintain();
-- Attack shut out: once more after a failover to a machine whose clock is behind.
SELECT count(*) FILTER (WHERE kind = 'answered') > 0 AS remembered, count(*) FILTER (WHERE kind = 'handed_over') AS waiting FROM pgtoken.authorization_requests WHERE kind IN ('handed_over', 'answered');
UPDATE pgtoken.authorization_requests SET expires_at = now() - interval '61 s' WHERE kind = 'answered';
SELECT bool_and(step IS NOT NULL) IS NOT FALSE AS maintained FROM pgtoken.maintain();
SELECT count(*) AS left FROM pgtoken.authorization_requests WHERE kind IN ('handed_over', 'answered');

DROP FUNCTION test.at_subject, test.at, test.begin_login, test.said, test.handed_tokens, test.hand_over_at_the_end, test.begin_pushed, test.ask_handed, test.poll_handed;
RESET pgtoken.http_authenticator;
RESET pgtoken.http_issuer;
RESET pgtoken.shard;
