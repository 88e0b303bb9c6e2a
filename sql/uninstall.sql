-- DROP EXTENSION leaves nothing behind, and CREATE EXTENSION in the same session
-- starts from nothing: plans, caches and keys of before must not live on.
\set SHOW_CONTEXT never
SELECT access_token AS at, refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('app', 'nina', 'openid offline_access') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds, pgtoken.introspect(:'rt') -> 'active' AS active;

-- dropped and rolled back: all is as before
BEGIN;
SET LOCAL client_min_messages = warning;
DROP SCHEMA test CASCADE;
DROP EXTENSION pgtoken;
ROLLBACK;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds, pgtoken.introspect(:'rt') -> 'active' AS active;

SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
RESET client_min_messages;
DROP EXTENSION pgtoken;
SELECT to_regnamespace('pgtoken') IS NULL AS no_schema, (SELECT count(*) FROM pg_proc WHERE probin LIKE '%pgtoken%') AS functions;
SELECT pgtoken.verify_access_token('x');
-- the roles belong to the cluster and stay
SELECT count(*) AS roles FROM pg_roles WHERE rolname IN ('pgtoken_admin', 'pgtoken_issuer', 'pgtoken_auditor', 'pgtoken_http');

CREATE EXTENSION pgtoken;
SELECT pgtoken.verify_access_token(:'at') IS NULL AS refused, pgtoken.introspect(:'rt');
SELECT decision, error FROM pgtoken.refresh_grant(:'rt');
SELECT decision, error FROM pgtoken.issue_tokens('app', 'nina');
SELECT count(*) AS revoked FROM pgtoken.revoke_family(:'at');
SELECT count(*) AS blacklisted FROM pgtoken.blacklist_token(:'at');
SELECT (SELECT count(*) FROM pgtoken.grants) AS grants, (SELECT count(*) FROM pgtoken.audit_events) AS events, (SELECT count(*) FROM pgtoken.key_material) AS keys;
-- the same names again: new keys, and the tokens of before are still refused
SELECT pgtoken.create_issuer('https://id.example');
SELECT length(pgtoken.create_signing_key()) AS kid_length;
SELECT pgtoken.create_client('app', 'public', offline_access => true);
SELECT pgtoken.verify_access_token(:'at') IS NULL AS refused, pgtoken.introspect(:'rt');
SELECT decision, error FROM pgtoken.refresh_grant(:'rt');
SELECT access_token AS at, refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('app', 'nina', 'openid offline_access') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds, pgtoken.introspect(:'rt') -> 'active' AS active;
SELECT decision, refresh_token <> :'rt' AS rotated FROM pgtoken.refresh_grant(:'rt');
SELECT count(*) FROM pgtoken.revoke_family(:'gid'::uuid);
SELECT pgtoken.verify_access_token(:'at') IS NULL AS refused;
SELECT count(*) > 0 AS partitions FROM pgtoken.maintain();
-- with partitions of maintain() it goes as easily
DROP EXTENSION pgtoken;
SELECT to_regnamespace('pgtoken') IS NULL AS no_schema;
