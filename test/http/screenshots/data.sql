-- A service as it might be, for the pictures of the console: some clients and people, a
-- month of traffic, families with a history, a refresh token that was stolen.
--
--   psql -X -q -f test/http/screenshots/data.sql
\set ON_ERROR_STOP on
SET client_min_messages = warning;

SELECT (pgtoken.create_client(id, type, '{openid,profile,email,notes:read,notes:write}', uris, client_name => name, offline_access => true)).client_id
FROM (VALUES ('shop', 'confidential', '{https://shop.example/callback}'::text[], 'Shop'),
			 ('mobile-app', 'public', '{com.example.app:/callback}', 'App for telephones'),
			 ('back-office', 'confidential', '{https://office.example/oidc,https://office-staging.example/oidc}', 'Back office')) v (id, type, uris, name) \g /dev/null

-- a month of answers and refusals, as counts are made of; their families are gone
INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, access_expires_at, refresh_expires_at, parent_generation, jti, kid, client_id, subject, scope, decision, resources)
SELECT md5('family' || i)::uuid, CASE WHEN i % 7 = 0 THEN 0 ELSE 1 + i % 40 END, CASE WHEN i % 211 = 0 THEN 1 ELSE 0 END, t, t + interval '10 minutes', t + interval '30 days',
	   CASE WHEN i % 7 <> 0 THEN i % 40 END, 'jti-' || i, 'kid', (ARRAY['shop', 'mobile-app', 'back-office'])[1 + i % 3], 'user-' || i % 900, 'openid notes:read', 'allow', '{}'
FROM (SELECT i, now() - interval '30 days' * (i / 90000.0) AS t FROM generate_series(1, 90000) i) x
-- by day more than by night
WHERE hashint8(i) & 1023 < 420 + 380 * sin((extract(hour FROM t) + extract(minute FROM t) / 60 - 8) / 12 * pi());
INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, reason, client_id, subject, session_user_name, client_addr)
SELECT md5('family' || i)::uuid, gen_random_uuid(), now() - interval '30 days' * ((i + (hashint8(i) & 31)) / 1832.0),
	   (ARRAY['refresh.refused', 'refresh.challenged', 'refresh.denied', 'client.authentication_failed', 'refresh.refused', 'refresh.refused'])[1 + i % 6],
	   (ARRAY['family_idle', 'mfa_required', 'policy_denied', 'client_secret_wrong', 'family_revoked', 'token_unknown'])[1 + i % 6],
	   (ARRAY['shop', 'mobile-app', 'back-office'])[1 + i % 3], 'user-' || i % 900, 'gateway', ('198.51.100.' || i % 250)::inet
FROM generate_series(1, 1800) i;
-- what was counted was counted before it
DELETE FROM pgtoken.activity_counts;
SELECT pgtoken.count_activity() \g /dev/null

SELECT count(*) FROM pgtoken.maintain() \g /dev/null

-- people who are signed in
CREATE FUNCTION pg_temp.browser(n integer) RETURNS jsonb LANGUAGE sql
	RETURN jsonb_build_object('ip', '203.0.113.' || 10 + n, 'device_id', 'device-' || n, 'user_agent', (ARRAY[
		'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
		'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
		'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36'])[1 + n % 3]);
SELECT i.refresh_token IS NOT NULL FROM generate_series(1, 12) n,
	pgtoken.issue_tokens('mobile-app', 'user-' || n, 'openid offline_access notes:read', context => pg_temp.browser(n)) i \g /dev/null

-- one whose tokens rotate, are asked for again, and are then used by somebody else
SELECT refresh_token AS r0 FROM pgtoken.issue_tokens('mobile-app', 'user-42', 'openid offline_access notes:read notes:write', acr => 'pwd', amr => '{pwd}', context => pg_temp.browser(4)) \gset
SELECT refresh_token AS r1 FROM pgtoken.refresh_grant(:'r0', 'mobile-app', context => pg_temp.browser(4)) \gset
SELECT refresh_token AS r2 FROM pgtoken.refresh_grant(:'r1', 'mobile-app', scope => 'openid offline_access notes:read', context => pg_temp.browser(4)) \gset
SELECT error FROM pgtoken.refresh_grant(:'r1', 'mobile-app', context => pg_temp.browser(4)) \g /dev/null
SELECT refresh_token AS r3 FROM pgtoken.refresh_grant(:'r2', 'mobile-app', context => pg_temp.browser(4)) \gset
SELECT error FROM pgtoken.refresh_grant(:'r0', 'mobile-app', context => '{"ip": "198.51.100.77", "user_agent": "curl/8.5.0"}') \g /dev/null
SELECT error FROM pgtoken.refresh_grant(:'r3', 'mobile-app', context => pg_temp.browser(4)) \g /dev/null

-- a policy that is tried, and one in force
SELECT pgtoken.create_policy('unusual_place', '[{"rule": "network_changed", "outcome": "require"}]', client_ids => '{mobile-app}') \g /dev/null
SELECT pgtoken.activate_policy('unusual_place', shadow => true) \g /dev/null

-- the audit begins with it
SELECT pgtoken.create_audit_key() IS NOT NULL \g /dev/null
