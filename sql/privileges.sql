-- Who may do what.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_pgtoken_admin, regress_pgtoken_issuer, regress_pgtoken_auditor, regress_pgtoken_http, regress_pgtoken_courier, regress_pgtoken_nobody, regress_pgtoken_reader;
RESET client_min_messages;
CREATE ROLE regress_pgtoken_admin IN ROLE pgtoken_admin;
CREATE ROLE regress_pgtoken_issuer IN ROLE pgtoken_issuer;
CREATE ROLE regress_pgtoken_auditor IN ROLE pgtoken_auditor;
CREATE ROLE regress_pgtoken_http IN ROLE pgtoken_http;
CREATE ROLE regress_pgtoken_nobody;
CREATE ROLE regress_pgtoken_reader IN ROLE pg_read_all_data, pg_write_all_data;

-- Each function and each role: x may call it.
SELECT p.proname AS function, split_part(pg_get_function_identity_arguments(p.oid), ',', 1) AS first_argument,
	   max(CASE WHEN r.role = 'admin' AND has_function_privilege('regress_pgtoken_' || r.role, p.oid, 'EXECUTE') THEN 'x' END) AS admin,
	   max(CASE WHEN r.role = 'issuer' AND has_function_privilege('regress_pgtoken_' || r.role, p.oid, 'EXECUTE') THEN 'x' END) AS issuer,
	   max(CASE WHEN r.role = 'auditor' AND has_function_privilege('regress_pgtoken_' || r.role, p.oid, 'EXECUTE') THEN 'x' END) AS auditor,
	   max(CASE WHEN r.role = 'http' AND has_function_privilege('regress_pgtoken_' || r.role, p.oid, 'EXECUTE') THEN 'x' END) AS http,
	   max(CASE WHEN r.role = 'nobody' AND has_function_privilege('regress_pgtoken_' || r.role, p.oid, 'EXECUTE') THEN 'x' END) AS nobody
FROM pg_proc p, unnest('{admin,issuer,auditor,http,nobody}'::text[]) r (role)
WHERE p.pronamespace = 'pgtoken'::regnamespace
GROUP BY p.oid, p.proname
ORDER BY p.proname, pg_get_function_identity_arguments(p.oid) COLLATE "C";

-- Each table and view: what of SELECT, INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER on the whole or any column
CREATE FUNCTION test.table_privileges(role text, relation oid) RETURNS text LANGUAGE sql STABLE
	RETURN (SELECT string_agg(p, ' ' ORDER BY p)
			FROM unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) p
			WHERE has_table_privilege(role, relation, p)
			   OR (p IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege(role, relation, p)));
SELECT c.relname AS relation,
	   test.table_privileges('regress_pgtoken_admin', c.oid) AS admin, test.table_privileges('regress_pgtoken_issuer', c.oid) AS issuer,
	   test.table_privileges('regress_pgtoken_auditor', c.oid) AS auditor, test.table_privileges('regress_pgtoken_http', c.oid) AS http,
	   test.table_privileges('regress_pgtoken_nobody', c.oid) AS nobody
FROM pg_class c
WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND c.relname !~ '_p[0-9]{4}_[0-9]{2}$'
ORDER BY c.relname;
-- and the partitions that maintain() has made: nothing for anybody
SELECT count(*) > 0 AS partitions, count(test.table_privileges(r.role, c.oid)) AS privileges
FROM pg_class c, unnest('{regress_pgtoken_admin,regress_pgtoken_issuer,regress_pgtoken_auditor,regress_pgtoken_http,regress_pgtoken_nobody}'::text[]) r (role)
WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relname ~ '_p[0-9]{4}_[0-9]{2}$' AND c.relkind = 'r';

-- Attack shut out: the auditor, who reads nearly everything, takes the hashes home.
SELECT c.relname, a.attname AS hidden_from_auditor
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relname IN ('grants', 'tokens', 'client_secrets', 'registration_tokens', 'registrations')
  AND NOT has_column_privilege('regress_pgtoken_auditor', c.oid, a.attname, 'SELECT')
ORDER BY 1, 2;
SET ROLE regress_pgtoken_auditor;
SELECT count(*) > 0 AS reads FROM pgtoken.audit_events;
SELECT count(*) > 0 AS reads FROM pgtoken.grant_status;
SELECT count(grant_id) > 0 AS reads FROM pgtoken.grants;
SELECT count(jti) > 0 AS reads FROM pgtoken.tokens;
SELECT count(secret_id) > 0 AS reads FROM pgtoken.client_secrets;
SELECT current_hash FROM pgtoken.grants;
SELECT token_hash FROM pgtoken.tokens;
SELECT secret_hash FROM pgtoken.client_secrets;
SELECT g::text FROM pgtoken.grants g;
SELECT * FROM pgtoken.key_material;
SELECT pgtoken.revoke_family('00000000-0000-7000-8000-000000000000'::uuid);
SELECT pgtoken.issue_tokens('web', 'judy');
SELECT count(*) > 5 AS health FROM pgtoken.health();
DELETE FROM pgtoken.audit_events;
RESET ROLE;

-- The application: tokens, and nothing of the configuration
SET ROLE regress_pgtoken_issuer;
SELECT refresh_token AS rt, access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('app', 'judy', 'openid offline_access') \gset
SELECT decision FROM pgtoken.refresh_grant(:'rt');
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds, pgtoken.introspect(:'at') -> 'active' AS active;
SELECT subject FROM pgtoken.revoke_family(:'gid'::uuid);
SELECT pgtoken.create_client('mine');
SELECT pgtoken.update_client('app', offline_access => true);
SELECT pgtoken.create_client_secret('web');
SELECT pgtoken.create_signing_key();
SELECT pgtoken.lineage(:'gid'::uuid);
SELECT * FROM pgtoken.grants;
SELECT * FROM pgtoken.clients;
SELECT * FROM pgtoken.key_material;
UPDATE pgtoken.grants SET revoked_at = NULL;
SET pgtoken.retry_window_public = 3600;
SET pgtoken.durable_rotation = off;
RESET ROLE;

-- The HTTP layer: verifies, and nothing else so far
SET ROLE regress_pgtoken_http;
SELECT pgtoken.verify_access_token('x') IS NULL AS may_call, pgtoken.jwks() ? 'keys' AS jwks;
SELECT pgtoken.introspect('x');
SELECT pgtoken.issue_tokens('web', 'judy');
SELECT pgtoken.refresh_grant('x');
SELECT * FROM pgtoken.audit_events;
RESET ROLE;

-- The courier: its four functions, no table and no token.  Attack shut out: who breaks into
-- the program that speaks to the whole world reads secrets, or issues himself a token.
CREATE ROLE regress_pgtoken_courier IN ROLE pgtoken_courier;
SELECT p.proname AS courier_may_call FROM pg_proc p
WHERE p.pronamespace IN (SELECT n.oid FROM pg_namespace n WHERE n.nspname LIKE 'pgtoken%') AND has_function_privilege('regress_pgtoken_courier', p.oid, 'EXECUTE') ORDER BY 1;
SELECT c.oid::regclass AS courier_may_touch, test.table_privileges('regress_pgtoken_courier', c.oid) FROM pg_class c
WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND test.table_privileges('regress_pgtoken_courier', c.oid) IS NOT NULL;
SET ROLE regress_pgtoken_courier;
SELECT pgtoken.courier_hello('c', '{document}');
SELECT count(*) FROM pgtoken.courier_take('c', '{document}');
SELECT pgtoken.courier_done('00000000-0000-7000-8000-000000000000', 1, '{"status": 204}') IS NULL AS lost, pgtoken.courier_next() IS NULL AS none;
SELECT * FROM pgtoken.courier_work;
SELECT pgtoken.logout_token('web', 'judy', 's');
SELECT pgtoken.open_challenge_code('00000000-0000-7000-8000-000000000000');
SELECT pgtoken.issue_tokens('web', 'judy');
RESET ROLE;
DELETE FROM pgtoken.couriers;
DROP ROLE regress_pgtoken_courier;

-- The administrator: configuration through the functions, never by hand
SET ROLE regress_pgtoken_admin;
SELECT client_id, client_secret IS NULL AS public FROM pgtoken.create_client('by-admin', 'public');
SELECT pgtoken.update_client('by-admin', enabled => false);
SELECT count(*) > 5 AS health FROM pgtoken.health();
SET client_min_messages = warning;
SELECT count(*) FILTER (WHERE step IS NULL) AS nameless_steps FROM pgtoken.maintain();
UPDATE pgtoken.clients SET enabled = true;
DELETE FROM pgtoken.audit_events;
SELECT * FROM pgtoken.key_material;
SELECT secret_hash FROM pgtoken.client_secrets;
SELECT pgtoken.make_partition('tokens', 'tokens_p1999_01');
SELECT pgtoken.purging(true);
CALL pgtoken.run_maintenance(0);
SELECT pgtoken.create_pepper('https://id.example');
RESET ROLE;
SELECT role_name FROM pgtoken.audit_events WHERE client_id = 'by-admin' AND event = 'client.created';

-- Anybody else: not even the names
SET ROLE regress_pgtoken_nobody;
SELECT pgtoken.verify_access_token('x');
SELECT pgtoken.jwks();
SELECT * FROM pgtoken.issuers;
RESET ROLE;

-- Attack shut out: a backup or reporting role, member of pg_read_all_data, reads
-- the private keys. Row security without a policy hides the rows from it.
SELECT md5(string_agg(k::text, ' ' ORDER BY material_id)) AS before FROM pgtoken.key_material k \gset
SET ROLE regress_pgtoken_reader;
SELECT count(*) AS keys_seen FROM pgtoken.key_material;
SELECT test.outcome($$INSERT INTO pgtoken.key_material (material_id, material, wrapped) VALUES ('key:x', '', false)$$) LIKE '42501:%' AS write_refused;
UPDATE pgtoken.key_material SET material = '';
DELETE FROM pgtoken.key_material;
RESET ROLE;
SELECT count(*) > 0 AS keys_there, md5(string_agg(k::text, ' ' ORDER BY material_id)) = :'before' AS unharmed FROM pgtoken.key_material k;
-- Attack shut out: the same role finds the keys where the table's row security
-- does not reach: samples in pg_statistic, large ones in the TOAST table. The row
-- is as large as an RSA key of 8192 bits, and does not compress.
SELECT attstattarget, attstorage FROM pg_attribute WHERE attrelid = 'pgtoken.key_material'::regclass AND attname = 'material';
SELECT format('pg_toast.pg_toast_%s', 'pgtoken.key_material'::regclass::oid) AS toast \gset
BEGIN;
INSERT INTO pgtoken.key_material (material_id, material, wrapped)
SELECT 'key:large', string_agg(sha256(i::text::bytea), '' ORDER BY i), false FROM generate_series(1, 150) i;
ANALYZE pgtoken.key_material;
SET LOCAL ROLE regress_pgtoken_reader;
SELECT count(*) FILTER (WHERE a.attname = 'material_id') AS samples_of_names, count(*) FILTER (WHERE a.attname = 'material') AS samples_of_material
FROM pg_statistic s JOIN pg_attribute a ON a.attrelid = s.starelid AND a.attnum = s.staattnum
WHERE s.starelid = 'pgtoken.key_material'::regclass;
SELECT to_regclass(:'toast') IS NOT NULL AS has_toast \gset
\if :has_toast
	SELECT count(*) AS toasted FROM :toast \gset
\else
	\set toasted 0
\endif
\echo pieces in TOAST: :toasted
ROLLBACK;

-- Attack shut out: it reads hashes and what was done by whom, or, as a member of
-- pg_write_all_data, revives a family, adds a client secret, removes traces.
SELECT c.relname AS partition FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relname ~ '^audit_rows_p[0-9]{4}_[0-9]{2}$' ORDER BY 1 LIMIT 1 \gset
CREATE TEMP TABLE reached (n serial, relation text, seen bigint, inserted text, updated bigint, deleted bigint);
GRANT ALL ON reached, reached_n_seq TO regress_pgtoken_reader;
SELECT test.written() AS before, (SELECT md5(string_agg(c::text, ' ' ORDER BY c.client_id)) FROM pgtoken.clients c) AS clients \gset
CREATE FUNCTION test.reach(relation text, shown text, column_name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r reached;
BEGIN
	EXECUTE format('SELECT count(*) FROM pgtoken.%I', relation) INTO r.seen;
	-- row security is asked before the constraints that such a row would break; no default is asked for first
	r.inserted := test.outcome(format('INSERT INTO pgtoken.%1$I SELECT (NULL::pgtoken.%1$I).*', relation));
	EXECUTE format('UPDATE pgtoken.%I SET %I = %I', relation, column_name, column_name);
	GET DIAGNOSTICS r.updated = ROW_COUNT;
	EXECUTE format('DELETE FROM pgtoken.%I', relation);
	GET DIAGNOSTICS r.deleted = ROW_COUNT;
	INSERT INTO reached (relation, seen, inserted, updated, deleted)
	VALUES (shown, r.seen, replace(r.inserted, relation, shown), r.updated, r.deleted);
END
$$;
SET ROLE regress_pgtoken_reader;
SELECT count(test.reach(relation, relation, column_name)) AS tried
FROM (VALUES ('issuers', 'issuer'), ('signing_keys', 'kid'), ('resources', 'resource'), ('clients', 'enabled'), ('client_secrets', 'secret_hash'),
			 ('grants', 'revoked_at'), ('tokens', 'token_hash'), ('tokens_default', 'token_hash'), ('blacklist', 'expires_at'),
			 ('audit_rows', 'reason'), ('audit_rows_default', 'reason')) v (relation, column_name);
SELECT count(test.reach(:'partition', 'audit_rows_pYYYY_MM', 'reason')) AS tried;
SELECT count(test.reach(replace(:'partition', 'audit_rows', 'tokens'), 'tokens_pYYYY_MM', 'token_hash')) AS tried;
SELECT (SELECT count(current_hash) FROM pgtoken.grants) AS grants, (SELECT count(token_hash) FROM pgtoken.tokens) AS tokens,
	   (SELECT count(secret_hash) FROM pgtoken.client_secrets) AS client_secrets;
RESET ROLE;
-- nor any in the samples that ANALYZE takes, which that role reads past row security
BEGIN;
ANALYZE pgtoken.grants, pgtoken.tokens, pgtoken.client_secrets;
SET LOCAL ROLE regress_pgtoken_reader;
SELECT count(*) FILTER (WHERE a.attname IN ('grant_id', 'secret_id', 'generation')) > 5 AS samples,
	   count(*) FILTER (WHERE a.attname IN ('current_hash', 'previous_hash', 'rotation_nonce', 'token_hash', 'secret_hash')) AS of_hashes
FROM pg_statistic s JOIN pg_attribute a ON a.attrelid = s.starelid AND a.attnum = s.staattnum
JOIN pg_class c ON c.oid = s.starelid
WHERE c.relnamespace = 'pgtoken'::regnamespace AND (s.stavalues1 IS NOT NULL OR s.stavalues2 IS NOT NULL);
ROLLBACK;
SELECT relation, seen, inserted, updated, deleted FROM reached ORDER BY n;

-- Attack shut out: it reads or writes people's data by a view, or where they lie beside
-- the tables: has a cheap function told of each row that a view looks at, finds claims,
-- contexts and labels among the samples, or the large ones in TOAST.
CREATE TABLE test.told (what text);
CREATE FUNCTION test.tell(what anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$BEGIN INSERT INTO test.told VALUES (what::text); RETURN true; END$$;
GRANT USAGE ON SCHEMA test TO regress_pgtoken_reader;
GRANT INSERT ON test.told TO regress_pgtoken_reader;
SET ROLE regress_pgtoken_reader;
SELECT (SELECT count(*) FROM pgtoken.grant_status WHERE test.tell(subject)) AS families, (SELECT count(*) FROM pgtoken.decisions WHERE test.tell(client_id)) AS decisions;
SELECT view, test.outcome(format('SELECT count(*) FROM pgtoken.%I', view)) FROM unnest('{decisions_by_rule,decisions_by_client,decision_latency}'::text[]) view;
SELECT test.outcome($$UPDATE pgtoken.decisions SET subject = 'x'$$) AS written, test.outcome($$DELETE FROM pgtoken.decisions$$) AS deleted;
RESET ROLE;
SELECT count(*) AS told FROM test.told;
DROP FUNCTION test.tell(anyelement);
DROP TABLE test.told;
REVOKE USAGE ON SCHEMA test FROM regress_pgtoken_reader;
SELECT c.relname, c.reloptions FROM pg_class c WHERE c.relnamespace IN ('pgtoken'::regnamespace, 'pgtoken_http'::regnamespace) AND c.relkind IN ('v', 'm')
-- audit_events has no condition that could be got round, and would be sorted as a whole behind a barrier
AND NOT c.reloptions @> CASE WHEN c.relname = 'audit_events' THEN '{security_invoker=true}' ELSE '{security_barrier=true,security_invoker=true}' END::text[];
BEGIN;
SELECT format('pg_toast.pg_toast_%s', 'pgtoken.grants'::regclass::oid) AS toast \gset
SELECT count(*) AS toasted FROM :toast \gset
INSERT INTO pgtoken.grants (grant_id, client_id, subject, scope, resources, claims, created_at, expires_at, rotated_at, retry_count, blacklisted_generation, context, first_context, grant_type)
SELECT pgtoken.new_uuid(), 'app', 'large', '', '{}', jsonb_build_object('x', (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 200) i)), now(), now(), now(), 0, -1, '{}', '{}', 'x';
ANALYZE;
SET LOCAL ROLE regress_pgtoken_reader;
SELECT count(*) - :toasted AS in_toast FROM :toast;
RESET ROLE;
-- What is sampled, column by column. A new one is decided beside its table in sql/install.
SELECT c.relname AS relation, string_agg(a.attname, ' ' ORDER BY a.attnum) AS sampled
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
  AND a.attstattarget IS DISTINCT FROM 0 AND a.atttypid NOT IN ('timestamptz'::regtype, 'boolean'::regtype, 'integer'::regtype, 'bigint'::regtype, 'interval'::regtype)
GROUP BY c.relname ORDER BY c.relname;
-- and partitions like what they are partitions of, in what is sampled and where values lie
SELECT c.relname AS partition, a.attname
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_attribute p ON p.attrelid = i.inhparent AND p.attname = a.attname
WHERE c.relnamespace = 'pgtoken'::regnamespace AND a.attnum > 0 AND (a.attstattarget IS DISTINCT FROM p.attstattarget OR a.attstorage <> p.attstorage);
SELECT count(*) FILTER (WHERE c.relispartition) > 4 AS partitions FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace;
ROLLBACK;
SELECT test.written() = :'before' AS unharmed, (SELECT md5(string_agg(c::text, ' ' ORDER BY c.client_id)) FROM pgtoken.clients c) = :'clients' AS clients_unharmed,
	   (SELECT count(*) FROM pgtoken.audit_events) > 100 AS events_there;
DROP TABLE reached;
-- none was forgotten: only the two that never hold a row are without
SELECT c.relname AS without_row_security FROM pg_class c
WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity ORDER BY 1;
SELECT c.relname, p.polname, p.polcmd, p.polroles::regrole[] AS roles, pg_get_expr(p.polqual, p.polrelid) AS sees
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'pgtoken'::regnamespace ORDER BY 1, 2;

-- Attack shut out: an object in the caller's own schema, or a temporary one,
-- stands in for one of ours inside a function that runs as its owner.
SET ROLE regress_pgtoken_issuer;
CREATE TEMP TABLE clients (client_id text, enabled boolean);
CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$;
CREATE FUNCTION pg_temp.equal(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$;
CREATE OPERATOR pg_temp.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_temp.equal);
SET search_path = pg_temp, public, pg_catalog;
SELECT decision FROM pgtoken.issue_tokens('app', 'judy', 'openid offline_access');
SELECT pgtoken.jwks() ? 'keys' AS jwks;
RESET search_path;
DROP OPERATOR pg_temp.= (text, text);
DROP TABLE pg_temp.clients;
DROP FUNCTION pg_temp.now(), pg_temp.equal(text, text);
RESET ROLE;

DROP ROLE regress_pgtoken_admin, regress_pgtoken_issuer, regress_pgtoken_auditor, regress_pgtoken_http, regress_pgtoken_nobody, regress_pgtoken_reader;
