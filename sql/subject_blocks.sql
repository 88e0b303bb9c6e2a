-- C160: a subject that is blocked is refused by whatever issues and whatever verifies, as long
-- as the block lasts; and what is left when it is over.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('front_desk', offline_access => true, scopes => '{openid,profile,orders.read}', redirect_uris => '{https://desk.example/cb}',
	metadata => '{"grant_types": ["authorization_code", "client_credentials", "password", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange"]}');
CREATE TEMP TABLE pages AS SELECT login_uri, verification_uri, password_verifier FROM pgtoken.issuers WHERE issuer = 'https://id.example';
SELECT pgtoken.update_issuer('https://id.example', login_uri => 'https://login.example/', verification_uri => 'https://login.example/device');

-- Everything that could give a token, each in one word: what is answered.
CREATE FUNCTION test.blocked_issue(who text) RETURNS text LANGUAGE sql
	RETURN (SELECT concat_ws(' ', i.decision, i.error) FROM pgtoken.issue_tokens('front_desk', who, 'openid offline_access') i);
CREATE FUNCTION test.blocked_password(who text) RETURNS text LANGUAGE sql
	RETURN test.brief(test.http('token', test.form('grant_type', 'password', 'username', who, 'password', 'right', 'scope', 'openid'), test.basic('front_desk')));
CREATE FUNCTION test.blocked_begin() RETURNS text LANGUAGE sql
	RETURN test.query((test.http('authorize', test.form('client_id', 'front_desk', 'redirect_uri', 'https://desk.example/cb', 'response_type', 'code', 'scope', 'openid offline_access',
		'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256'), '{}', 'GET')).headers ->> 'location', 'transaction_id');
CREATE FUNCTION test.blocked_redeem(code text) RETURNS text LANGUAGE sql
	RETURN test.brief(test.http('token', test.form('grant_type', 'authorization_code', 'code', code, 'redirect_uri', 'https://desk.example/cb',
		'code_verifier', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'), test.basic('front_desk')));
CREATE FUNCTION test.blocked_poll(device_code text) RETURNS text LANGUAGE sql
	RETURN test.brief(test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:device_code', 'device_code', device_code), test.basic('front_desk')));
CREATE FUNCTION test.blocked_exchange(token text, actor text DEFAULT NULL) RETURNS test.answer LANGUAGE sql
	RETURN test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange', 'subject_token', token, 'subject_token_type', 'urn:ietf:params:oauth:token-type:access_token',
		'actor_token', actor, 'actor_token_type', CASE WHEN actor IS NOT NULL THEN 'urn:ietf:params:oauth:token-type:access_token' END, 'scope', 'orders.read'), test.basic('front_desk'));
CREATE FUNCTION test.blocked_refresh(token text) RETURNS text LANGUAGE sql
	RETURN test.brief(test.http('token', test.form('grant_type', 'refresh_token', 'refresh_token', token), test.basic('front_desk')));
-- a token at its use
CREATE FUNCTION test.blocked_uses(token text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	headers CONSTANT jsonb := jsonb_build_object('authorization', 'Bearer ' || token);
	said text;
BEGIN
	said := concat_ws(', ', CASE WHEN pgtoken.verify_access_token(token) IS NULL THEN 'refused' ELSE 'verified' END, 'introspect ' || (pgtoken.introspect(token) ->> 'active'),
		'endpoint ' || ((test.http('introspect', test.form('token', token), test.basic('front_desk'))).body ->> 'active'), 'userinfo ' || (test.http('userinfo', '', headers, 'GET')).status);
	PERFORM set_config('request.headers', headers::text, true);
	BEGIN
		PERFORM pgtoken_http.pre_request();
		RETURN said || ', pre_request';
	EXCEPTION WHEN OTHERS THEN
		RETURN said || ', pre_request ' || SQLSTATE;
	END;
END
$$;
CREATE FUNCTION test.blocked_verifier(username text, password text, client_id text) RETURNS jsonb LANGUAGE sql STABLE
	RETURN CASE WHEN password = 'right' THEN jsonb_build_object('subject', username) END;
SELECT pgtoken.update_issuer('https://id.example', password_verifier => 'test.blocked_verifier');

-- What blake has, and what is on its way to him, before he is blocked -------------

SELECT access_token AS at, refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('front_desk', 'blake', 'openid profile orders.read offline_access') \gset
SELECT access_token AS clerk FROM pgtoken.issue_tokens('front_desk', 'clara', 'openid orders.read') \gset
SELECT test.blocked_begin() AS tx \gset
SELECT test.query(redirect_uri, 'code') AS code FROM pgtoken.approve_authorization(test.blocked_begin(), 'blake', consent => 'openid offline_access') \gset
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.http('device_authorization', 'scope=openid', test.basic('front_desk')) a \gset
SELECT (a).body ->> 'device_code' AS dc2, (a).body ->> 'user_code' AS uc2 FROM test.http('device_authorization', 'scope=openid', test.basic('front_desk')) a \gset
SELECT pgtoken.approve_device(:'uc2', 'blake', 'blake') AS approved;
SELECT (test.blocked_exchange(:'at')).body ->> 'access_token' AS exchanged, (test.blocked_exchange(:'clerk', :'at')).body ->> 'access_token' AS acted \gset
SELECT test.blocked_uses(:'at') AS own, test.blocked_uses(:'acted') AS by_acting;
SELECT pgtoken.enroll_factor('blake', 'external') ->> 'state' AS factor;
SELECT transaction_id AS tch FROM pgtoken.refresh_grant(:'rt', 'front_desk', test.secret('front_desk'), acr_values => '{mfa}') \gset

-- Attack shut out: an account is taken over, or its owner has left; until somebody has
-- looked at it, nothing that leads to a token and no token of it is good, though all
-- of it is genuine.
SELECT pgtoken.block_subject('blake', 'chargebacks', end_sessions => false) AS until;
SELECT test.blocked_uses(:'at') AS own, test.blocked_uses(:'exchanged') AS exchanged, test.blocked_uses(:'acted') AS by_acting, test.blocked_uses(:'clerk') AS of_another;
SELECT pgtoken.introspect(:'rt') AS refresh_token;
SELECT test.blocked_issue('blake') AS issue, test.blocked_issue('clara') AS another, test.blocked_password('blake') AS password, test.blocked_refresh(:'rt') AS refresh,
	   test.brief(pgtoken.refresh_grant(:'rt', 'front_desk', test.secret('front_desk'))) AS in_sql, test.blocked_redeem(:'code') AS code, test.blocked_poll(:'dc2') AS device;
SELECT test.brief(test.blocked_exchange(:'at')) AS subject_token, test.brief(test.blocked_exchange(:'clerk', :'at')) AS actor_token;
SELECT pgtoken.approve_device(:'uc', 'blake', 'blake') AS approve_device, error, test.query(redirect_uri, 'error') AS sent FROM pgtoken.approve_authorization(:'tx', 'blake', consent => 'openid');
SELECT pgtoken.challenge(:'tch', (SELECT factor_id FROM pgtoken.factors WHERE subject = 'blake')) ->> 'error' AS choose,
	   pgtoken.complete_challenge(:'tch', jsonb_build_object('factor_id', (SELECT factor_id FROM pgtoken.factors WHERE subject = 'blake'), 'verified', true)) ->> 'error' AS prove;
-- a password that is wrong is wrong, blocked or not: who guesses learns nothing
SELECT test.brief(test.http('token', test.form('grant_type', 'password', 'username', 'blake', 'password', 'wrong'), test.basic('front_desk'))) AS wrong;
SELECT reason FROM pgtoken.audit_events WHERE client_id = 'front_desk' AND event = 'issue.refused' ORDER BY event_id DESC LIMIT 1;
-- why, is for the administrator; the client hears that it is at present
SELECT DISTINCT event, reason FROM pgtoken.audit_events WHERE subject = 'blake' AND event ~ '(refused|denied)$' AND client_id = 'front_desk' ORDER BY 1, 2;
SELECT error, error_description FROM pgtoken.issue_tokens('front_desk', 'blake', 'openid');
SELECT (a.body ->> 'error_description') FROM test.http('token', test.form('grant_type', 'refresh_token', 'refresh_token', :'rt'), test.basic('front_desk')) a;
-- a client's own tokens have no user; nor can a client be named
SELECT test.brief(test.http('token', 'grant_type=client_credentials&scope=orders.read', test.basic('front_desk'))) AS for_itself, test.outcome($$SELECT pgtoken.block_subject('client:front_desk')$$) AS client;

-- in force, and by whom
SELECT issuer, subject, blocked_until, reason, blocked_by = session_user AS by_us, blocked_at <= clock_timestamp() AS since FROM pgtoken.blocked_subjects;
SELECT event, reason, client_id, detail - 'before' - 'after' AS detail, personal IS NOT NULL AS personal FROM pgtoken.audit_events WHERE subject = 'blake' AND event ~ '^subject' ORDER BY event_id;
SELECT event, detail, personal #> '{after,subject}' AS subject FROM (SELECT event, event_id, detail #- '{after,blocked_at}' AS detail, personal FROM pgtoken.audit_events WHERE event LIKE 'subject_block.%' AND subject = 'blake') e ORDER BY event_id;

-- Nothing was used up, so that all of it goes on where it stood.
SELECT pgtoken.unblock_subject('blake', 'it was the bank') AS was_blocked, pgtoken.unblock_subject('blake') AS again, pgtoken.unblock_subject('nobody') AS nobody;
SELECT test.blocked_uses(:'at') AS own, test.blocked_uses(:'exchanged') AS exchanged, test.blocked_uses(:'acted') AS by_acting;
SELECT test.blocked_redeem(:'code') AS code, test.blocked_poll(:'dc2') AS device, pgtoken.approve_device(:'uc', 'blake', 'blake') AS approve_device;
SELECT generation, retry_count FROM pgtoken.grants WHERE grant_id = :'gid';
SELECT access_token AS at2, refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt', 'front_desk', test.secret('front_desk')) \gset
SELECT test.blocked_uses(:'at2') AS refreshed;
SELECT event, reason, detail FROM pgtoken.audit_events WHERE subject = 'blake' AND event = 'subject.unblocked';

-- Attack shut out: a thief waits with what he has until the block is over. Without
-- another word what the subject has is ended for good, codes on their way included.
SELECT test.query(redirect_uri, 'code') AS code2 FROM pgtoken.approve_authorization(test.blocked_begin(), 'blake', consent => 'openid offline_access') \gset
SELECT pgtoken.block_subject('blake', 'left the company') AS until;
SELECT test.blocked_refresh(:'rt2') AS refresh;
SELECT reason FROM pgtoken.audit_events WHERE grant_id = :'gid' AND event = 'refresh.refused' ORDER BY event_id DESC LIMIT 1;
SELECT state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';
SELECT pgtoken.unblock_subject('blake') AS unblocked;
SELECT test.blocked_uses(:'at2') AS access, test.blocked_refresh(:'rt2') AS refresh, test.blocked_redeem(:'code2') AS code, test.blocked_issue('blake') AS anew;

-- Attack shut out: an old refresh token is replayed while nobody looks. Reuse ends a
-- family also while its subject is only suspended.
SELECT refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('front_desk', 'blake', 'openid offline_access') \gset
SELECT refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt', 'front_desk', test.secret('front_desk')) \gset
SELECT refresh_token AS rt3 FROM pgtoken.refresh_grant(:'rt2', 'front_desk', test.secret('front_desk')) \gset
SELECT pgtoken.block_subject('blake', end_sessions => false) AS until;
SELECT test.blocked_refresh(:'rt3') AS current, test.blocked_refresh(:'rt') AS old;
SELECT state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';

-- An end: by the clock at each use, whatever a backend has in memory ---------------

SELECT pgtoken.block_subject('blake', 'until then', 'tomorrow', end_sessions => false) = 'tomorrow' AS until;
SELECT pgtoken.block_subject('blake', 'and longer', 'infinity', end_sessions => false) AS longer, pgtoken.block_subject('blake', 'shorter', 'tomorrow', end_sessions => false) = 'tomorrow' AS shorter;
-- since when it is blocked stays, whatever changes of it
SELECT count(DISTINCT e.personal #>> '{after,reason}') AS reasons, count(DISTINCT (e.detail #>> '{after,blocked_at}')) AS since
FROM pgtoken.audit_events e WHERE e.event = 'subject_block.changed' AND e.subject = 'blake';
CREATE FUNCTION test.blocked_for(seconds float8) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	token text;
	said text;
BEGIN
	PERFORM pgtoken.unblock_subject('blake');
	token := (SELECT access_token FROM pgtoken.issue_tokens('front_desk', 'blake', 'openid'));
	PERFORM pgtoken.block_subject('blake', until => clock_timestamp() + make_interval(secs => seconds), end_sessions => false);
	said := CASE WHEN pgtoken.verify_access_token(token) IS NULL THEN 'refused' END;
	PERFORM pg_sleep(seconds);
	-- of a transaction that began before its end, too: now() is not the clock
	RETURN concat_ws(', ', said, CASE WHEN pgtoken.verify_access_token(token) IS NOT NULL THEN 'holds' END, test.blocked_issue('blake'),
					 (SELECT count(*) FROM pgtoken.blocked_subjects) || ' in force', pgtoken.unblock_subject('blake'));
END
$$;
SELECT test.blocked_for(1) IN ('refused, holds, allow, 0 in force, f', 'holds, allow, 0 in force, f') AS over_by_itself;	-- the latter on a machine that took so long
-- blocked again after that: since then
UPDATE pgtoken.subject_blocks SET blocked_at = '2020-01-01', blocked_until = '2020-01-02' WHERE subject = 'blake';
INSERT INTO pgtoken.subject_blocks VALUES ('https://id.example', 'blake', '2020-01-01', '2020-01-02', NULL, 'test');
SELECT test.blocked_issue('blake') AS was_blocked_once;
SELECT pgtoken.block_subject('blake') AS until;
SELECT blocked_at > '2020-01-02' AS since_then FROM pgtoken.blocked_subjects;

-- taken back: nothing of it is remembered
SELECT pgtoken.unblock_subject('blake');
SELECT access_token AS at FROM pgtoken.issue_tokens('front_desk', 'blake', 'openid') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
BEGIN;
SELECT pgtoken.block_subject('blake', end_sessions => false) AS until;
SELECT pgtoken.verify_access_token(:'at') IS NULL AS refused;
ROLLBACK;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;

-- of one issuer: another one's subject of the same name is somebody else
SELECT pgtoken.create_issuer('https://blocks.example');
SELECT pgtoken.block_subject('blake', issuer => 'https://blocks.example') AS until;
SELECT test.blocked_issue('blake') AS here;
SELECT pgtoken.delete_issuer('https://blocks.example'), count(*) AS left FROM pgtoken.subject_blocks;
-- pairwise: by the application's user id, which no client knows
SELECT (pgtoken.create_client('front_desk2', 'public', metadata => '{"subject_type": "pairwise", "sector_identifier": "desk2.example"}')).client_secret;
SELECT access_token AS pat FROM pgtoken.issue_tokens('front_desk2', 'blake', 'openid') \gset
SELECT pgtoken.block_subject('blake', end_sessions => false) AS until;
SELECT pgtoken.verify_access_token(:'pat') IS NULL AS pairwise;
SELECT pgtoken.unblock_subject('blake') AS unblocked;

-- Misuse, and who may ---------------------------------------------------------------

SELECT arguments, test.outcome(format('SELECT pgtoken.%s', arguments)) AS outcome
FROM unnest(ARRAY['block_subject(NULL)', 'unblock_subject(NULL)', 'block_subject(E''blake\n'')', 'block_subject('''')', 'block_subject(''blake'', until => now())', 'block_subject(''blake'', until => ''-infinity'')',
				  'block_subject(''blake'', issuer => ''https://nowhere.example'')', 'unblock_subject(''blake'', issuer => ''https://nowhere.example'')']) WITH ORDINALITY a (arguments, n) ORDER BY n;
SELECT count(*) AS blocks FROM pgtoken.blocked_subjects;
-- Attack shut out: who has taken the application lets in again whom the administrator has blocked.
SET ROLE pgtoken_issuer;
SELECT test_function, has_function_privilege(test_function, 'EXECUTE') AS may FROM unnest('{pgtoken.block_subject(text\,text\,timestamptz\,text\,boolean),pgtoken.unblock_subject(text\,text\,text)}'::text[]) test_function;
SELECT count(*) FROM pgtoken.subject_blocks;
RESET ROLE;

-- What nobody needs any more goes ----------------------------------------------------

INSERT INTO pgtoken.subject_blocks SELECT 'https://id.example', 's' || i, now() - interval '60 days', now() - make_interval(days => 25 + i), NULL, 'test' FROM generate_series(1, 10) i;
INSERT INTO pgtoken.subject_blocks VALUES ('https://id.example', 'for ever', now() - interval '60 days', 'infinity', NULL, 'test');
SELECT b.* FROM pgtoken.purge_batch('subject_blocks', 100) b;
SELECT subject FROM pgtoken.subject_blocks ORDER BY subject COLLATE "C";

-- A refresh, an issue and a verification look for a block only while one is in force.
SELECT test.blocked_issue('blake') AS looks_once;
CREATE FUNCTION test.block_looks(until timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	before bigint;
BEGIN
	UPDATE pgtoken.subject_blocks SET blocked_until = until;
	PERFORM test.blocked_issue('blake');
	before := (SELECT s.idx_scan + s.seq_scan FROM pg_stat_xact_all_tables s WHERE s.relname = 'subject_blocks' AND s.schemaname = 'pgtoken');
	PERFORM test.blocked_issue('blake') FROM generate_series(1, 10);
	RETURN (SELECT s.idx_scan + s.seq_scan FROM pg_stat_xact_all_tables s WHERE s.relname = 'subject_blocks' AND s.schemaname = 'pgtoken') - before;
END
$$;
SELECT test.block_looks('2020-01-01') AS none_in_force, test.block_looks('infinity') AS some;

DELETE FROM pgtoken.subject_blocks;
DELETE FROM pgtoken.subject_not_before WHERE subject = 'blake';
UPDATE pgtoken.issuers i SET login_uri = p.login_uri, verification_uri = p.verification_uri, password_verifier = p.password_verifier FROM pages p WHERE i.issuer = 'https://id.example';
SELECT pgtoken.remove_factor('blake', factor_id) FROM pgtoken.factors WHERE subject = 'blake';
