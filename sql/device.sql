-- The grants without a browser: a client for itself, name and password, a device.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('robot', scopes => '{openid,profile,orders.read,orders.write}', offline_access => true,
	metadata => '{"grant_types": ["client_credentials"]}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('legacy', scopes => '{openid,orders.read}', offline_access => true,
	metadata => '{"grant_types": ["password"]}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('tv', 'public', client_name => 'The TV', scopes => '{openid,orders.read,orders.write}', offline_access => true,
	metadata => '{"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('radio', 'public', scopes => '{orders.read}',
	metadata => '{"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('kiosk', scopes => '{orders.read}',
	metadata => '{"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]}');

-- Client credentials ----------------------------------------------------------

-- No refresh token and no ID token, whatever the client may have otherwise (C13).
CREATE TABLE test.answers (name text PRIMARY KEY, a test.answer);
INSERT INTO test.answers SELECT 'robot', test.http('token', 'grant_type=client_credentials&scope=openid+offline_access+orders.read', test.basic('robot'));
SELECT test.brief(a), (a).body ->> 'scope' AS scope, (a).headers ->> 'cache-control' AS cache FROM test.answers WHERE name = 'robot';
-- C48. Attack shut out: a user registers under the name of a client, or a client
-- under that of a user, and each gets what is the other's.
SELECT c ->> 'sub' AS sub, c ->> 'client_id' AS client_id, c ->> 'aud' AS aud, c ? 'sid' AS sid
FROM test.answers, test.claims((a).body ->> 'access_token') c WHERE name = 'robot';
SELECT test.outcome($$SELECT pgtoken.issue_tokens('web', 'client:robot')$$);
SELECT grant_type, subject, generation FROM pgtoken.grants WHERE client_id = 'robot';
-- also where its users are pairwise: it is no user
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('robot2', scopes => '{orders.read}',
	metadata => '{"grant_types": ["client_credentials"], "subject_type": "pairwise", "sector_identifier": "robots.example"}');
SELECT test.claims((test.http('token', 'grant_type=client_credentials', test.basic('robot2'))).body ->> 'access_token') ->> 'sub' AS sub;
-- C17, C8: not without its secret, not for who is not registered for it.
SELECT test.brief(test.http('token', 'grant_type=client_credentials&client_id=robot')) AS no_secret,
	   test.brief(test.http('token', 'grant_type=client_credentials', test.basic('web'))) AS not_registered,
	   test.brief(test.http('token', 'grant_type=client_credentials&client_id=app')) AS public,
	   test.brief(test.http('token', 'grant_type=client_credentials&scope=mail.read', test.basic('robot'))) AS not_its_scope;

-- Passwords -------------------------------------------------------------------

-- C56. Attack shut out: a client collects passwords although nobody has decided
-- that it may: the grant does not exist until the issuer has a verifier.
SELECT test.brief(test.http('token', 'grant_type=password&username=alice&password=right', test.basic('legacy'))) AS off,
	   test.brief(test.http('token', 'grant_type=password&username=alice&password=right', test.basic('web'))) AS not_registered;
CREATE FUNCTION test.verifier(username text, password text, client_id text) RETURNS jsonb LANGUAGE sql STABLE
	RETURN CASE WHEN password = 'right' THEN jsonb_build_object('subject', username, 'acr', 'pwd', 'amr', '["pwd"]'::jsonb)
				WHEN password = 'nobody' THEN '{}'
				WHEN password = 'client' THEN jsonb_build_object('subject', 'client:robot') END;
SELECT pgtoken.update_issuer('https://id.example', password_verifier => 'test.verifier');
SELECT test.brief(test.http('token', 'grant_type=password&username=alice&password=wrong', test.basic('legacy'))) AS wrong,
	   test.brief(test.http('token', 'grant_type=password&username=alice', test.basic('legacy'))) AS missing,
	   test.brief(test.http('token', 'grant_type=password&username=&password=right', test.basic('legacy'))) AS empty;
INSERT INTO test.answers SELECT 'legacy', test.http('token', 'grant_type=password&username=alice&password=right&scope=openid+offline_access', test.basic('legacy'));
SELECT test.brief(a), c ->> 'sub' AS sub, c ->> 'acr' AS acr, c -> 'amr' AS amr
FROM test.answers, test.claims((a).body ->> 'access_token') c WHERE name = 'legacy';
-- Attack shut out: a careless verifier names nobody, or lets a user be a client.
-- That is the log's to say, and an answer that commits.
SET client_min_messages = log;	-- the server's log, and not who asks for its messages
SELECT test.brief(test.http('token', 'grant_type=password&username=x&password=nobody', test.basic('legacy'))) AS nobody,
	   test.brief(test.http('token', 'grant_type=password&username=x&password=client', test.basic('legacy'))) AS a_client;
SET client_min_messages = warning;
SELECT event, reason, client_id FROM pgtoken.audit_events WHERE client_id IN ('legacy', 'robot') AND event = 'issue.refused' ORDER BY event_id;
SELECT pgtoken.update_issuer('https://id.example', reset => '{password_verifier}');

-- Devices (RFC 8628) ----------------------------------------------------------

SELECT test.brief(test.http('device_authorization', 'client_id=tv')) AS no_page_for_users;
SELECT pgtoken.update_issuer('https://id.example', verification_uri => 'https://login.example/device');

CREATE FUNCTION test.ask(client text, scope text DEFAULT NULL, VARIADIC more text[] DEFAULT '{}') RETURNS test.answer LANGUAGE sql
	RETURN test.http('device_authorization', test.form(VARIADIC ARRAY['client_id', client, 'scope', scope] || more));
CREATE FUNCTION test.poll(device_code text, client text DEFAULT 'tv') RETURNS test.answer LANGUAGE sql
	RETURN test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:device_code', 'client_id', client, 'device_code', device_code));
-- the same row by its device_code, for looking at it and for letting time pass
CREATE FUNCTION test.device(device_code text) RETURNS uuid LANGUAGE sql IMMUTABLE
	RETURN encode(substr(test.unb64url(substr(device_code, 7)), 2, 16), 'hex')::uuid;
-- and the family that came of it
CREATE FUNCTION test.device_family(device_code text) RETURNS uuid LANGUAGE sql STABLE
	RETURN (SELECT d.family_id FROM pgtoken.device_codes d WHERE d.grant_id = test.device(device_code));
CREATE FUNCTION test.wait(device_code text, by interval) RETURNS void LANGUAGE sql
BEGIN ATOMIC
	UPDATE pgtoken.device_codes SET polled_at = polled_at - by, created_at = created_at - by, expires_at = expires_at - by
	WHERE grant_id = test.device(device_code);
END;

-- C38
INSERT INTO test.answers SELECT 'tv', test.ask('tv', 'openid orders.read orders.write offline_access');
SELECT test.brief(a), (a).body ->> 'user_code' ~ '^[BCDFGHJKLMNPQRSTVWXZ]{3}(-[BCDFGHJKLMNPQRSTVWXZ]{3}){2}$' AS user_code,
	   (a).body ->> 'device_code' ~ '^pgtdc_[A-Za-z0-9_-]{66}$' AS device_code, (a).body ->> 'verification_uri' AS uri,
	   (a).body ->> 'verification_uri_complete' = 'https://login.example/device?user_code=' || ((a).body ->> 'user_code') AS complete,
	   (a).body -> 'expires_in' AS expires_in, (a).body -> 'interval' AS interval
FROM test.answers WHERE name = 'tv';
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.answers WHERE name = 'tv' \gset
-- C21. Attack shut out: who reads the table, or the audit, can poll or approve.
SELECT count(*) AS in_clear FROM pgtoken.device_codes d WHERE strpos(d::text, :'uc') + strpos(d::text, replace(:'uc', '-', '')) + strpos(d::text, substr(:'dc', 30)) > 0
	OR d.user_code_hash = sha256(:'uc'::bytea) OR d.user_code_hash = sha256(replace(:'uc', '-', '')::bytea);
SELECT event, client_id, detail -> 'after' ?| '{user_code_hash,device_hash}' AS hashes FROM pgtoken.audit_events WHERE grant_id = test.device(:'dc');

-- What cannot become tokens is refused before a user is bothered.
SELECT test.brief(test.ask('app')) AS not_registered, test.brief(test.ask('nobody')) AS unknown, test.brief(test.ask('kiosk')) AS no_secret,
	   test.brief(test.ask('tv', 'mail.read')) AS scope, test.brief(test.ask('tv', 'orders.read', 'resource', 'https://nowhere.example')) AS resource,
	   test.brief(test.ask('tv', 'orders.read', 'resource', 'here')) AS no_uri, test.brief(test.http('device_authorization', 'client_id=tv', method => 'GET')) AS get,
	   test.brief(test.http('device_authorization', 'client_id=tv&scope=openid&scope=openid')) AS repeated;

-- C39: pending; too fast: for who keeps coming too early the interval grows by 5 s, and stays.
-- Hours stand for seconds, lest a slow machine be in time.
SELECT poll_interval FROM pgtoken.device_codes WHERE grant_id = test.device(:'dc');
UPDATE pgtoken.device_codes SET poll_interval = poll_interval * 3600 WHERE grant_id = test.device(:'dc');
SELECT test.brief(test.poll(:'dc')) AS first, test.brief(test.poll(:'dc')) AS at_once, test.brief(test.poll(:'dc')) AS again;
SELECT poll_interval - 5 * 3600 + 5 AS poll_interval FROM pgtoken.device_codes WHERE grant_id = test.device(:'dc');
UPDATE pgtoken.device_codes SET poll_interval = 10 * 3600, polled_at = polled_at - interval '6 h' WHERE grant_id = test.device(:'dc');
SELECT test.brief(test.poll(:'dc')) AS after_6;
UPDATE pgtoken.device_codes SET polled_at = polled_at - interval '20 h' WHERE grant_id = test.device(:'dc');
SELECT test.brief(test.poll(:'dc')) AS after_20;
UPDATE pgtoken.device_codes SET poll_interval = poll_interval - 10 * 3600 + 10 WHERE grant_id = test.device(:'dc') RETURNING poll_interval;
-- C42. Attack shut out: another client polls with a code it has got hold of; it
-- is not even told what became of it, and does not slow down the right one.
SELECT test.brief(test.poll(:'dc', 'radio')) AS other_client, test.brief(test.poll(:'dc', 'app')) AS not_registered,
	   test.brief(test.poll(overlay(:'dc' PLACING CASE substr(:'dc', 60, 1) WHEN 'A' THEN 'B' ELSE 'A' END FROM 60))) AS forged,
	   test.brief(test.poll('pgtdc_x')) AS malformed, test.brief(test.poll(NULL)) AS missing;
SELECT poll_interval FROM pgtoken.device_codes WHERE grant_id = test.device(:'dc');

-- The user's side. C41: case and punctuation do not matter.
SELECT v, pgtoken.device_request(t.code, 'alice') - 'expires_at' - 'user_code' AS request, pgtoken.device_request(t.code, 'alice') ->> 'user_code' = :'uc' AS shown
FROM (VALUES (1, :'uc'), (2, lower(:'uc')), (3, replace(:'uc', '-', '')), (4, '  ' || replace(:'uc', '-', ' - ') || '.')) t (v, code) ORDER BY v;
-- Attack shut out: the user, or a careless page, grants more than the device asked for.
SELECT pgtoken.approve_device(:'uc', 'alice', 'alice', 'openid mail.read') AS beyond, pgtoken.approve_device(:'uc', 'alice', 'alice', 'a "b') AS malformed;
SELECT test.outcome(format($$SELECT pgtoken.approve_device(%L, 'alice', 'client:tv')$$, :'uc')) AS as_client,
	   test.outcome(format($$SELECT pgtoken.approve_device(%L, NULL, 'alice')$$, :'uc')) AS nobody_typed,
	   test.outcome(format($$SELECT pgtoken.approve_device(%L, 'alice', 'alice', auth_time => 'infinity')$$, :'uc')) AS auth_time;
SELECT state FROM pgtoken.device_codes WHERE grant_id = test.device(:'dc');
-- less: without orders.write, and without offline_access no refresh token
SELECT pgtoken.approve_device(lower(:'uc'), 'alice', 'alice', 'openid orders.read', acr => 'mfa', amr => '{otp}', session_id => 'sofa', claims => '{"room": 7}') IS NULL AS done;
SELECT pgtoken.approve_device(:'uc', 'alice', 'mallory') AS again, pgtoken.deny_device(:'uc', 'alice') AS too_late;
INSERT INTO test.answers SELECT 'tv tokens', test.poll(:'dc');
SELECT test.brief(a), (a).body ->> 'scope' AS scope, c ->> 'sub' AS sub, c ->> 'acr' AS acr, c -> 'amr' AS amr, c -> 'room' AS room, c ->> 'grant_id' = test.device_family(:'dc')::text AS same_family
FROM test.answers, test.claims((a).body ->> 'access_token') c WHERE name = 'tv tokens';
-- C40. Attack shut out: whoever overheard the device_code fetches the tokens once more.
SELECT test.brief(test.poll(:'dc')) AS second_time, test.brief(test.poll(:'dc', 'radio')) AS other_client;
SELECT grant_type, subject, session_id, generation FROM pgtoken.grants WHERE grant_id = test.device_family(:'dc');
SELECT event, reason, client_id, subject FROM pgtoken.audit_events WHERE grant_id IN (test.device(:'dc'), test.device_family(:'dc')) ORDER BY event_id;

-- all that was asked for, with offline_access: a refresh token, which works
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask('tv', 'openid orders.read offline_access', 'resource', 'https://orders.example') a \gset
SELECT pgtoken.approve_device(:'uc', 'bob', 'bob', auth_time => '2020-01-02 03:04:05+00') IS NULL AS done;
SELECT test.brief(a), (a).body ->> 'refresh_token' AS rt FROM test.poll(:'dc') a \gset tv_
\echo :tv_brief
SELECT test.brief(a), test.claims((a).body ->> 'access_token') ->> 'auth_time' AS auth_time
FROM test.http('token', test.form('grant_type', 'refresh_token', 'client_id', 'tv', 'refresh_token', :'tv_rt')) a;

-- nothing agreed to is nothing, not all
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask('tv', 'openid orders.read offline_access') a \gset
SELECT pgtoken.approve_device(:'uc', 'bob', 'bob', '') IS NULL AS done, test.brief(test.poll(:'dc')) AS nothing;

-- C40: refused, and expired
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask('tv') a \gset
SELECT pgtoken.deny_device(:'uc', 'bob') IS NULL AS done, test.brief(test.poll(:'dc')) AS denied, test.brief(test.poll(:'dc')) AS still;
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask('tv') a \gset
SELECT test.wait(:'dc', '10 min'), test.brief(test.poll(:'dc')) AS expired, pgtoken.device_request(:'uc', 'bob') AS request, pgtoken.approve_device(:'uc', 'bob', 'bob') AS approve;
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask('tv') a \gset
SELECT pgtoken.approve_device(:'uc', 'bob', 'bob') IS NULL AS approved, test.wait(:'dc', '10 min'), test.brief(test.poll(:'dc')) AS too_late;
-- a client that was switched off in between gets nothing
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask('radio') a \gset
SELECT pgtoken.approve_device(:'uc', 'bob', 'bob') IS NULL AS approved, pgtoken.update_client('radio', enabled => false), test.brief(test.poll(:'dc', 'radio')) AS disabled;

-- C41. Attack shut out: trying user codes until one is somebody's. Ten wrong ones
-- of one typist, then nothing works for him any more, a right code neither.
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.ask('tv') a \gset
SELECT DISTINCT pgtoken.device_request('BBB-BBB-BB' || substr('BCDFGHJKL', i, 1), 'mallory') FROM generate_series(1, 9) i;
-- a right one does not count, and forgives none
SELECT pgtoken.device_request(:'uc', 'mallory') ? 'client_id' AS tenth_right;
SELECT pgtoken.deny_device('not a code', 'mallory') AS tenth_wrong;
SELECT pgtoken.device_request(:'uc', 'mallory') AS right_code, pgtoken.approve_device(:'uc', 'mallory', 'mallory') AS approve, pgtoken.deny_device(:'uc', 'mallory') AS deny;
SELECT pgtoken.device_request(:'uc', 'carol') ? 'client_id' AS others_go_on;
SELECT attempts > 10 AS counted FROM pgtoken.user_code_attempts WHERE attempt_key = 'mallory';
SELECT event, reason, context, detail, count(*) FROM pgtoken.audit_events WHERE reason = 'too_many_attempts' GROUP BY event, reason, context, detail;
-- until the ten minutes are over
UPDATE pgtoken.user_code_attempts SET window_start = window_start - interval '9 min' WHERE attempt_key = 'mallory';
SELECT pgtoken.device_request(:'uc', 'mallory') AS after_nine;
UPDATE pgtoken.user_code_attempts SET window_start = window_start - interval '1 min' WHERE attempt_key = 'mallory';
SELECT pgtoken.device_request(:'uc', 'mallory') ? 'client_id' AS after_ten;

SELECT pgtoken.update_issuer('https://id.example', reset => '{verification_uri}');
DROP TABLE test.answers;
