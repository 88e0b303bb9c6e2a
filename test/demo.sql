-- The main job of pgtoken from end to end; run by make demo.
-- What a client would keep to itself lies in a temporary table here, so that
-- the queries that are echoed never contain a whole token or secret.
\pset footer off
\pset null '-'
SET timezone = 'UTC';
SET client_min_messages = warning;

\echo
\echo === 1. Install: the extension, partitions for this and the next months
\echo
CREATE EXTENSION pgtoken;
SELECT * FROM pgtoken.maintain();

\echo === 2. Roles: an administrator and an application
\echo
CREATE ROLE dba;
GRANT pgtoken_admin TO dba;
CREATE ROLE app;
GRANT pgtoken_issuer TO app;
CREATE TEMP TABLE kept (what text PRIMARY KEY, value text NOT NULL);
GRANT SELECT, INSERT ON kept TO dba, app;

\echo
\echo === 3. The administrator sets up an issuer, keys, an API and a client
\echo
SET ROLE dba;
SELECT pgtoken.create_issuer('https://login.example.com');
SELECT alg, left(pgtoken.create_signing_key(alg), 8) || '…' AS kid FROM unnest('{ES256,RS256}'::text[]) alg;
SELECT pgtoken.create_resource('https://api.example.com', scopes => '{orders:read,orders:write}');
WITH created AS (
	INSERT INTO kept
	SELECT 'client secret', client_secret
	FROM pgtoken.create_client('web', scopes => '{openid,orders:read,orders:write}', offline_access => true)
	RETURNING value)
SELECT left(value, 12) || '…' AS client_secret FROM created;

\echo === 4. Issue: the application has authenticated user-42
\echo
SET ROLE app;
WITH answer AS MATERIALIZED (
	SELECT * FROM pgtoken.issue_tokens('web', 'user-42',
		scope => 'openid offline_access orders:read orders:write',
		acr => 'urn:example:password', amr => '{pwd}', nonce => 'n-0S6',
		claims => '{"tenant": "north"}',
		context => '{"ip": "192.0.2.10", "user_agent": "Firefox"}')),
keep AS (
	INSERT INTO kept
	SELECT 'access 0', access_token FROM answer UNION ALL
	SELECT 'refresh 0', refresh_token FROM answer)
SELECT decision, token_type, expires_in, scope, left(access_token, 20) || '…' AS access_token,
	   left(refresh_token, 14) || '…' AS refresh_token, refresh_token_expires_in, left(id_token, 20) || '…' AS id_token
FROM answer
\gx

\echo === 5. Verify: the claims of a token that holds, NULL for any other
\echo
SELECT jsonb_pretty(pgtoken.verify_access_token(value, 'https://api.example.com')) AS claims
FROM kept WHERE what = 'access 0';
SELECT pgtoken.verify_access_token(value, 'https://other.example.com') AS for_another_api,
	   pgtoken.verify_access_token(value || 'A') AS with_a_broken_signature
FROM kept WHERE what = 'access 0';

\echo === 6. Refresh: a new pair; the refresh token rotates
\echo
WITH answer AS MATERIALIZED (
	SELECT a.* FROM kept r, kept s, pgtoken.refresh_grant(r.value, 'web', s.value, context => '{"ip": "192.0.2.10"}') a
	WHERE r.what = 'refresh 0' AND s.what = 'client secret'),
keep AS (
	INSERT INTO kept
	SELECT 'access 1', access_token FROM answer UNION ALL
	SELECT 'refresh 1', refresh_token FROM answer)
SELECT a.decision, a.expires_in, a.refresh_token <> r.value AS rotated
FROM answer a, kept r WHERE r.what = 'refresh 0';

\echo === 7. The answer was lost and the client retries: the very same successor
\echo
SELECT a.decision, a.refresh_token = next.value AS same_refresh_token, a.access_token <> old.value AS fresh_access_token
FROM kept r, kept s, kept next, kept old, pgtoken.refresh_grant(r.value, 'web', s.value, context => '{"ip": "192.0.2.10"}') a
WHERE r.what = 'refresh 0' AND s.what = 'client secret' AND next.what = 'refresh 1' AND old.what = 'access 1';

\echo === 8. A narrower access token; the family keeps its scope
\echo
WITH answer AS MATERIALIZED (
	SELECT a.* FROM kept r, kept s, pgtoken.refresh_grant(r.value, 'web', s.value, scope => 'orders:read', context => '{"ip": "192.0.2.10"}') a
	WHERE r.what = 'refresh 1' AND s.what = 'client secret'),
keep AS (
	INSERT INTO kept
	SELECT 'access 2', access_token FROM answer UNION ALL
	SELECT 'refresh 2', refresh_token FROM answer)
SELECT decision, scope FROM answer;

\echo === 9. A thief replays the stolen, long consumed refresh token: the whole family dies
\echo
SELECT a.decision, a.error, a.error_description
FROM kept r, kept s, pgtoken.refresh_grant(r.value, 'web', s.value, context => '{"ip": "203.0.113.66"}') a
WHERE r.what = 'refresh 0' AND s.what = 'client secret';
SELECT what, pgtoken.verify_access_token(value) IS NOT NULL AS holds FROM kept WHERE what LIKE 'access %' ORDER BY what;
SELECT a.decision, a.error
FROM kept r, kept s, pgtoken.refresh_grant(r.value, 'web', s.value) a
WHERE r.what = 'refresh 2' AND s.what = 'client secret';

\echo === 10. The administrator looks: what became of the family, its lineage, the evidence
\echo
SET ROLE dba;
SELECT client_id, subject, state, generation, revoke_reason FROM pgtoken.grant_status;
SELECT generation, retry, parent_generation AS parent, state, scope, context
FROM pgtoken.lineage((SELECT pgtoken.grant_of(value) FROM kept WHERE what = 'refresh 0'));
SELECT event, reason, session_user_name AS login, role_name AS role, context ->> 'ip' AS ip, detail
FROM pgtoken.audit_events
WHERE grant_id = (SELECT pgtoken.grant_of(value) FROM kept WHERE what = 'refresh 0')
  AND event <> 'token.refreshed'
ORDER BY event_id;

\echo === 11. Blacklist one access token; the family lives on
\echo
SET ROLE app;
WITH answer AS MATERIALIZED (
	SELECT * FROM pgtoken.issue_tokens('web', 'user-43', scope => 'offline_access orders:read')),
keep AS (
	INSERT INTO kept
	SELECT 'access 43', access_token FROM answer UNION ALL
	SELECT 'refresh 43', refresh_token FROM answer)
SELECT decision, scope FROM answer;
SELECT b.token_type, left(b.token_id, 8) || '…' AS jti
FROM kept, pgtoken.blacklist_token(value, 'leaked in a log') b WHERE what = 'access 43';
SELECT what, pgtoken.introspect(value) ->> 'active' AS active FROM kept WHERE what IN ('access 43', 'refresh 43') ORDER BY what;

\echo === 12. Revoke all that user-43 holds
\echo
SET ROLE dba;
SELECT r.client_id, r.subject, r.generation, r.reason
FROM pgtoken.grant_status g, pgtoken.revoke_family(g.grant_id, 'left the company') r
WHERE g.subject = 'user-43' AND g.state = 'active';
SELECT what, pgtoken.introspect(value) AS introspection FROM kept WHERE what = 'refresh 43';

\echo === 13. Rotate the signing key: the old one still verifies, both are published
\echo
WITH rotated AS MATERIALIZED (SELECT pgtoken.rotate_signing_key('ES256', force => true) AS kid)
SELECT left(kid, 8) || '…' AS new_kid FROM rotated;
SELECT left(kid, 8) || '…' AS kid, alg, state, retires_at - retiring_at AS still_verifies_for FROM pgtoken.signing_keys WHERE alg = 'ES256' ORDER BY created_at;
SELECT jsonb_array_length(pgtoken.jwks() -> 'keys') AS published;

\echo === 14. What is left to do?
\echo This throw-away server runs with fsync off and without a root key, hence the three f.
\echo
SELECT * FROM pgtoken.health();
