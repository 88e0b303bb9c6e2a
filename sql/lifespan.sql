-- How long one family lives by what the application says of it, and refresh tokens
-- that end with the sign-in session.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.update_issuer('https://id.example', login_uri => 'https://login.example/sign-in?tenant=1', verification_uri => 'https://login.example/device');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('lingering', offline_access => true, scopes => '{openid,orders.read}', redirect_uris => '{https://lingering.example/cb}',
	refresh_absolute_lifetime => '10 days', refresh_idle_lifetime => '2 days', profile => 'oauth2',
	metadata => '{"consent_required": false, "require_pkce": false, "grant_types": ["authorization_code", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange"]}');
CREATE FUNCTION test.spanned(lifetime interval, idle_lifetime interval, scope text DEFAULT 'openid offline_access') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r pgtoken.token_response := pgtoken.issue_tokens('lingering', 'greta', scope, lifetime => lifetime, idle_lifetime => idle_lifetime);
BEGIN
	RETURN concat_ws(', ', (SELECT justify_interval(date_trunc('minute', g.expires_at - g.created_at + interval '30 seconds')) FROM pgtoken.grants g WHERE g.grant_id = r.grant_id),
					 'idle ' || (SELECT justify_interval(g.idle_lifetime) FROM pgtoken.grants g WHERE g.grant_id = r.grant_id),
					 'in ' || round(r.expires_in / 60.0), 'refresh in ' || round(r.refresh_token_expires_in / 60.0));
END
$$;

-- Less than the client's settings is what holds; more is what they say, and so is nothing.
SELECT test.spanned(NULL, NULL) AS by_client, test.spanned('1 day', NULL) AS absolute, test.spanned(NULL, '1 hour') AS idle, test.spanned('1 day', '1 hour') AS both,
	   test.spanned('1 year', '1 month') AS more;
-- an access token does not outlive its family, with or without a refresh token
SELECT test.spanned('2 minutes', NULL) AS short, test.spanned('2 minutes', NULL, 'openid') AS without_refresh, test.spanned('1 day', NULL, 'openid') AS no_longer;
SELECT lifetime, test.outcome(format('SELECT pgtoken.issue_tokens(''lingering'', ''greta'', lifetime => %L)', lifetime)) AS absolute,
	   test.outcome(format('SELECT pgtoken.issue_tokens(''lingering'', ''greta'', idle_lifetime => %L)', lifetime)) AS idle
FROM unnest(ARRAY['0', '-1 second', '-1 month', '0.4 seconds', '100000000 years']) lifetime;
-- a refresh keeps both, whatever the client's settings are by then
SELECT refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('lingering', 'greta', 'openid offline_access', lifetime => '1 day', idle_lifetime => '1 hour') \gset
SELECT expires_at AS ends FROM pgtoken.grants WHERE grant_id = :'gid' \gset
SELECT decision, refresh_token AS rt FROM pgtoken.refresh_grant(:'rt', 'lingering', test.secret('lingering')) \gset
SELECT expires_at = :'ends' AS same_end, idle_lifetime FROM pgtoken.grants WHERE grant_id = :'gid';
SELECT test.age(:'gid', '61 minutes');
SELECT error FROM pgtoken.refresh_grant(:'rt', 'lingering', test.secret('lingering'));
SELECT event, reason FROM pgtoken.audit_events WHERE grant_id = :'gid' ORDER BY event_id DESC LIMIT 1;

-- The code flow: counted from the approval on.
CREATE FUNCTION test.code_for(client text, scope text, lifetime interval DEFAULT NULL, idle_lifetime interval DEFAULT NULL, session_id text DEFAULT NULL) RETURNS text LANGUAGE sql
	RETURN test.query((pgtoken.approve_authorization(
		test.query((test.http('authorize', test.form('response_type', 'code', 'client_id', client, 'redirect_uri', 'https://' || client || '.example/cb', 'scope', scope), method => 'GET')).headers ->> 'location', 'transaction_id'),
		'greta', session_id => session_id, lifetime => lifetime, idle_lifetime => idle_lifetime)).redirect_uri, 'code');
CREATE FUNCTION test.redeem_code(client text, code text) RETURNS test.answer LANGUAGE sql
	RETURN test.http('token', test.form('grant_type', 'authorization_code', 'code', code, 'redirect_uri', 'https://' || client || '.example/cb'), test.basic(client));
SELECT test.code_for('lingering', 'openid offline_access', '1 day', '1 hour') AS code \gset
-- Attack shut out: a code or a device that waits takes the end of the session with it.
UPDATE pgtoken.authorization_codes SET family_expires_at = family_expires_at - interval '20 hours' WHERE grant_id = pgtoken.grant_of(:'code');
SELECT test.brief(test.redeem_code('lingering', :'code'));
SELECT justify_interval(date_trunc('minute', g.expires_at - g.rotated_at + interval '30 seconds')) AS rest, g.idle_lifetime, g.expires_at = c.family_expires_at AS as_approved
FROM pgtoken.grants g JOIN pgtoken.authorization_codes c USING (grant_id) WHERE g.grant_id = pgtoken.grant_of(:'code');
SELECT detail -> 'after' ->> 'family_idle_lifetime' AS audited FROM pgtoken.audit_events WHERE event = 'authorization_code.created' AND grant_id = pgtoken.grant_of(:'code');
-- the code ends with what would come of it
SELECT test.code_for('lingering', 'openid offline_access', '0.2 seconds') AS code \gset
SELECT expires_at = family_expires_at AS with_it FROM pgtoken.authorization_codes WHERE grant_id = pgtoken.grant_of(:'code');
UPDATE pgtoken.authorization_codes SET expires_at = now(), family_expires_at = now() WHERE grant_id = pgtoken.grant_of(:'code');
SELECT test.brief(test.redeem_code('lingering', :'code')) AS too_late;
-- and one whose own time is not over, as after a step-up, does not begin a family that is over
SELECT test.code_for('lingering', 'openid offline_access', '1 day') AS code \gset
UPDATE pgtoken.authorization_codes SET family_expires_at = now() WHERE grant_id = pgtoken.grant_of(:'code');
SELECT test.brief(test.redeem_code('lingering', :'code')) AS over, (SELECT count(*) FROM pgtoken.grants WHERE grant_id = pgtoken.grant_of(:'code')) AS families;
SELECT event, reason FROM pgtoken.audit_events WHERE client_id = 'lingering' ORDER BY event_id DESC LIMIT 1;
SELECT test.code_for('lingering', 'openid offline_access', '1 year', '1 year') AS code \gset
SELECT test.brief(test.redeem_code('lingering', :'code')) AS more;
SELECT justify_interval(date_trunc('minute', g.expires_at - g.rotated_at + interval '30 seconds')) AS absolute, g.idle_lifetime FROM pgtoken.grants g WHERE g.grant_id = pgtoken.grant_of(:'code');
SELECT test.outcome($$SELECT test.code_for('lingering', 'openid', '0')$$) AS zero;

-- Devices likewise.
CREATE TEMP TABLE devices AS SELECT n, test.http('device_authorization', test.form('scope', 'openid offline_access'), test.basic('lingering')) AS a FROM generate_series(1, 3) n;
CREATE FUNCTION test.device_polled(device_code text) RETURNS test.answer LANGUAGE sql
	RETURN test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:device_code', 'device_code', device_code), test.basic('lingering'));
SELECT pgtoken.approve_device((a).body ->> 'user_code', 'greta', 'greta', lifetime => '1 day', idle_lifetime => '1 hour') IS NULL AS done FROM devices WHERE n = 1;
SELECT test.brief(p) FROM devices, test.device_polled((a).body ->> 'device_code') p WHERE n = 1;
SELECT justify_interval(date_trunc('minute', g.expires_at - g.rotated_at + interval '30 seconds')) AS absolute, g.idle_lifetime, d.expires_at < d.family_expires_at AS code_ends_first
FROM pgtoken.device_codes d JOIN pgtoken.grants g ON g.grant_id = d.family_id JOIN devices v ON v.n = 1 AND pgtoken.grant_of((v.a).body ->> 'device_code') = d.grant_id;
SELECT pgtoken.approve_device((a).body ->> 'user_code', 'greta', 'greta', lifetime => '10 seconds') IS NULL AS done FROM devices WHERE n = 2;
SELECT d.expires_at = d.family_expires_at AS with_it FROM pgtoken.device_codes d JOIN devices v ON v.n = 2 AND pgtoken.grant_of((v.a).body ->> 'device_code') = d.grant_id;
UPDATE pgtoken.device_codes d SET expires_at = now() FROM devices v WHERE v.n = 2 AND pgtoken.grant_of((v.a).body ->> 'device_code') = d.grant_id;
SELECT test.brief(test.device_polled((a).body ->> 'device_code')) AS too_late FROM devices WHERE n = 2;
SELECT test.outcome(format($$SELECT pgtoken.approve_device(%L, 'greta', 'greta', idle_lifetime => '-1 day')$$, (a).body ->> 'user_code')) FROM devices WHERE n = 3;

-- Refresh tokens of the session ------------------------------------------------

-- C155, OpenID Connect Core section 11: refresh tokens are not offline_access's alone.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('seated', scopes => '{openid,orders.read}', redirect_uris => '{https://seated.example/cb}', profile => 'oauth2',
	metadata => '{"session_refresh": true, "require_pkce": false, "backchannel_logout_uri": "https://seated.example/out", "grant_types": ["authorization_code", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange"]}');
SELECT test.outcome($$SELECT pgtoken.update_client('seated', metadata => '{"session_refresh": "yes"}')$$);
SELECT test.brief(pgtoken.issue_tokens('seated', 'fabian', 'openid')) AS online, test.brief(pgtoken.issue_tokens('seated', 'fabian', 'openid offline_access')) AS may_not,
	   test.brief(pgtoken.issue_tokens('seated', 'fabian')) AS all_it_may, test.brief(pgtoken.issue_tokens('lingering', 'fabian', 'openid')) AS by_default;
-- a client's own token, and one that was exchanged, have none
SELECT test.brief(test.http('token', 'grant_type=client_credentials&scope=orders.read', test.basic('seated'))) AS of_itself;
SELECT access_token AS at FROM pgtoken.issue_tokens('seated', 'fabian', 'orders.read') \gset
SELECT test.brief(test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange', 'subject_token', :'at', 'subject_token_type', 'urn:ietf:params:oauth:token-type:access_token'), test.basic('seated'))) AS exchanged;
-- consent is asked for what was asked for, and no more
CREATE FUNCTION test.consented(client text, scope text, consent text, session_id text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	tx CONSTANT text := test.query((test.http('authorize', test.form('response_type', 'code', 'client_id', client, 'redirect_uri', 'https://' || client || '.example/cb', 'scope', scope), method => 'GET')).headers ->> 'location', 'transaction_id');
	missing CONSTANT text := pgtoken.consent_missing(tx, 'fabian');
BEGIN
	PERFORM set_config('test.code', test.query((pgtoken.approve_authorization(tx, 'fabian', consent, session_id => session_id)).redirect_uri, 'code'), false);
	RETURN missing;
END
$$;
SELECT test.consented('seated', 'openid orders.read', 'openid orders.read', 'desk') AS asked_for;
SELECT a.body ->> 'refresh_token' AS rt, a.body ->> 'access_token' AS at, a.body ->> 'scope' AS scope FROM test.redeem_code('seated', current_setting('test.code')) a \gset
SELECT :'scope' AS scope, pgtoken.introspect(:'rt') - '{iat,exp,grant_id,sub,iss,generation}'::text[] AS refresh_token;
SELECT test.brief(a), a.body ->> 'scope' AS scope, a.body ->> 'refresh_token' AS rt2 FROM test.http('token', test.form('grant_type', 'refresh_token', 'refresh_token', :'rt'), test.basic('seated')) a \gset
SELECT :'brief' AS refreshed, :'scope' AS scope;
-- Attack shut out: a consumed one is a reuse here as anywhere
SELECT test.age(pgtoken.grant_of(:'rt'), '10 minutes');
SELECT test.brief(test.http('token', test.form('grant_type', 'refresh_token', 'refresh_token', :'rt'), test.basic('seated'))) AS reused,
	   test.brief(test.http('token', test.form('grant_type', 'refresh_token', 'refresh_token', :'rt2'), test.basic('seated'))) AS family;

-- Attack shut out: who sits at the machine after the user has gone goes on by the
-- refresh token of a session that was ended. What asked for offline_access stays.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('mixed', offline_access => true, scopes => '{openid}', metadata => '{"session_refresh": true}');
CREATE TEMP TABLE held AS SELECT s.name, t.refresh_token, t.access_token, t.grant_id
FROM (VALUES ('online here', 'seated', 'openid', 'desk'), ('both here', 'mixed', 'openid', 'desk'), ('offline here', 'mixed', 'openid offline_access', 'desk'),
			 ('online elsewhere', 'seated', 'openid', 'sofa'), ('no session', 'seated', 'openid', NULL)) s (name, client, scope, session),
	 pgtoken.issue_tokens(s.client, 'fabian', s.scope, session_id => s.session) t;
CREATE FUNCTION test.live(token text) RETURNS boolean LANGUAGE sql RETURN pgtoken.introspect(token) -> 'active' = 'true';
SELECT client_id, logout_token IS NOT NULL AS told FROM pgtoken.end_session('fabian', 'desk');
SELECT h.name, test.live(h.refresh_token) AS refresh, test.live(h.access_token) AS access, g.revoke_reason FROM held h JOIN pgtoken.grants g USING (grant_id) ORDER BY h.name COLLATE "C";
-- a family without a session of the application's is one by itself
SELECT count(*) FROM held h, pgtoken.end_session('fabian', h.grant_id::text) WHERE h.name = 'no session';
SELECT h.name, test.live(h.refresh_token) AS refresh FROM held h ORDER BY h.name COLLATE "C";
SELECT count(*) AS told FROM pgtoken.end_session('fabian', offline => true);
SELECT count(*) AS alive FROM held h WHERE test.live(h.refresh_token);
-- codes on their way to one go, too
SELECT test.consented('seated', 'openid', 'openid', 'desk') AS asked_for;
SELECT count(*) FROM pgtoken.end_session('fabian', 'desk');
SELECT test.brief(test.redeem_code('seated', current_setting('test.code'))) AS forgotten;

-- What the client may no longer have, its families no longer give.
SELECT refresh_token AS rt FROM pgtoken.issue_tokens('seated', 'fabian', 'openid') \gset
SELECT pgtoken.update_client('seated', metadata => '{"session_refresh": null}');
SELECT test.brief(test.http('token', test.form('grant_type', 'refresh_token', 'refresh_token', :'rt'), test.basic('seated'))) AS over_http, test.live(:'rt') AS active,
	   (SELECT error FROM pgtoken.refresh_grant(:'rt', 'seated', test.secret('seated'))) AS in_sql;
SELECT pgtoken.update_client('seated', metadata => '{"session_refresh": true}');
SELECT test.brief(test.http('token', test.form('grant_type', 'refresh_token', 'refresh_token', :'rt'), test.basic('seated'))) AS again;
-- Attack shut out: a client that has lost offline_access goes on offline by session_refresh
SELECT refresh_token AS offline_rt FROM pgtoken.issue_tokens('mixed', 'fabian', 'openid offline_access') \gset
SELECT refresh_token AS online_rt FROM pgtoken.issue_tokens('mixed', 'fabian', 'openid') \gset
SELECT pgtoken.update_client('mixed', offline_access => false);
SELECT (SELECT error FROM pgtoken.refresh_grant(:'offline_rt', 'mixed', test.secret('mixed'))) AS offline, test.live(:'offline_rt') AS active,
	   (SELECT decision FROM pgtoken.refresh_grant(:'online_rt', 'mixed', test.secret('mixed'))) AS online;

-- Attack shut out: a client gives itself refresh tokens when it registers.
SELECT metadata, offline_access FROM pgtoken.requested_client('https://id.example', '{"redirect_uris": ["https://x.example/cb"], "session_refresh": true}', '{"grant_types": ["authorization_code"]}') \gset
SELECT :'metadata'::jsonb ? 'session_refresh' AS taken, :'offline_access' AS offline_access;
SELECT metadata -> 'session_refresh' AS by_policy FROM pgtoken.requested_client('https://id.example', '{"redirect_uris": ["https://x.example/cb"]}', '{"grant_types": ["authorization_code"], "metadata": {"session_refresh": true}}');

DROP FUNCTION test.spanned, test.code_for, test.redeem_code, test.device_polled, test.consented, test.live;
