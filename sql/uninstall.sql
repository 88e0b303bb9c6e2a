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
SELECT count(*) AS roles FROM pg_roles WHERE rolname IN ('pgtoken_admin', 'pgtoken_issuer', 'pgtoken_auditor', 'pgtoken_http', 'pgtoken_courier', 'pgtoken_impersonator', 'pgtoken_issuer_admin', 'pgtoken_monitor');

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
SET client_min_messages = warning;
SELECT count(*) > 0 AS partitions FROM pgtoken.maintain();
RESET client_min_messages;
-- with partitions of maintain() it goes as easily
DROP EXTENSION pgtoken;
SELECT to_regnamespace('pgtoken') IS NULL AS no_schema;

-- Attack shut out: who may make a schema makes ours, with a function of ours, and waits for a
-- superuser to install, whose rights it would have.
CREATE SCHEMA pgtoken;
CREATE FUNCTION pgtoken.library_state() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'called with the rights of %', CURRENT_USER; END $$;
CREATE EXTENSION pgtoken;
DROP FUNCTION pgtoken.library_state();
DROP SCHEMA pgtoken;

-- Attack shut out: default privileges of the installing role, set for other
-- purposes and long forgotten, open everything at the time of installing.
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_pgtoken_favoured, "regress_pgtoken Favoured";
RESET client_min_messages;
CREATE ROLE regress_pgtoken_favoured;
CREATE ROLE "regress_pgtoken Favoured";
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO regress_pgtoken_favoured, "regress_pgtoken Favoured", PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO regress_pgtoken_favoured WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO "regress_pgtoken Favoured", PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pgtoken_auditor;
ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO regress_pgtoken_favoured, "regress_pgtoken Favoured", PUBLIC;
CREATE TABLE public.favoured ();
SELECT has_table_privilege('regress_pgtoken_favoured', 'public.favoured', 'SELECT') AS they_work;
DROP TABLE public.favoured;
CREATE EXTENSION pgtoken;
SET client_min_messages = warning;
SELECT count(*) > 0 AS partitions FROM pgtoken.maintain();
RESET client_min_messages;
CREATE TEMP VIEW open_to AS
SELECT kind, name, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END AS grantee, a.privilege_type
FROM (SELECT 'schema', n.nspname::text, n.nspacl FROM pg_namespace n WHERE n.nspname = 'pgtoken'
	  UNION ALL SELECT 'table', regexp_replace(c.relname, '[0-9]{4}_[0-9]{2}$', 'YYYY_MM'), c.relacl FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace
	  UNION ALL SELECT 'function', p.proname, coalesce(p.proacl, acldefault('f', p.proowner)) FROM pg_proc p WHERE p.pronamespace = 'pgtoken'::regnamespace) o (kind, name, acl),
	aclexplode(o.acl) a
WHERE a.grantee = 0 OR pg_get_userbyid(a.grantee) ILIKE 'regress\_%';
SELECT DISTINCT kind, name, grantee, privilege_type FROM open_to ORDER BY 1, 2, 3, 4;
SELECT has_schema_privilege('regress_pgtoken_favoured', 'pgtoken', 'USAGE') AS schema, count(*) > 10 AS tables,
	   count(*) FILTER (WHERE has_table_privilege('regress_pgtoken_favoured', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')) AS "open",
	   count(*) FILTER (WHERE c.relispartition) > 6 AS with_partitions
FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('r', 'p', 'v');
SELECT count(*) > 40 AS functions, count(*) FILTER (WHERE has_function_privilege('regress_pgtoken_favoured', p.oid, 'EXECUTE')) AS "open"
FROM pg_proc p WHERE p.pronamespace = 'pgtoken'::regnamespace;
-- and what the roles of ours are given is there
SELECT has_function_privilege('pgtoken_issuer', 'pgtoken.introspect(text)', 'EXECUTE') AS issuer, has_schema_privilege('pgtoken_http', 'pgtoken', 'USAGE') AS http;
-- one of them that is favoured has no more than that, and who was favoured before is so again
SELECT has_table_privilege('pgtoken_auditor', 'pgtoken.issuers', 'SELECT') AS issuers, has_table_privilege('pgtoken_auditor', 'pgtoken.key_material', 'SELECT') AS key_material,
	   has_column_privilege('pgtoken_auditor', 'pgtoken.grants', 'current_hash', 'SELECT') AS current_hash;
-- the same of the importers, some of which write with our rights
CREATE EXTENSION pgtoken_import;
SELECT has_schema_privilege('pgtoken_admin', n.oid, 'USAGE') AS admin, has_schema_privilege('regress_pgtoken_favoured', n.oid, 'USAGE') AS usage, has_schema_privilege('public', n.oid, 'CREATE') AS "create",
	   count(*) > 40 AS functions, count(*) FILTER (WHERE has_function_privilege('regress_pgtoken_favoured', p.oid, 'EXECUTE')) AS "open"
FROM pg_namespace n JOIN pg_proc p ON p.pronamespace = n.oid WHERE n.nspname = 'pgtoken_import' GROUP BY n.oid;
DROP EXTENSION pgtoken_import;
CREATE TABLE public.favoured ();
SELECT has_table_privilege('regress_pgtoken_favoured', 'public.favoured', 'DELETE WITH GRANT OPTION') AS "all", has_table_privilege('pgtoken_auditor', 'public.favoured', 'SELECT') AS auditor;
DROP TABLE public.favoured;
DROP VIEW open_to;
DROP EXTENSION pgtoken;
DROP OWNED BY regress_pgtoken_favoured, "regress_pgtoken Favoured";
ALTER DEFAULT PRIVILEGES REVOKE ALL ON SCHEMAS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM PUBLIC, pgtoken_auditor;
DROP ROLE regress_pgtoken_favoured, "regress_pgtoken Favoured";
SELECT count(*) AS default_privileges_left FROM pg_default_acl;
