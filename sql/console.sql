-- The console as pgtoken_admin sees it: on and off, who is let in and by what, and what the
-- application may do about it. The calls themselves: test/http/console_api.test.mjs.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer(i) FROM unnest('{https://console.example,https://other-console.example/tenant}'::text[]) i;
SELECT pgtoken.create_signing_key('ES256', 'https://console.example') IS NOT NULL AS key;
GRANT USAGE ON SCHEMA test TO pgtoken_issuer, pgtoken_admin, pgtoken_auditor;
CREATE FUNCTION test.console_at(path text, host text DEFAULT 'console.example') RETURNS text LANGUAGE sql
BEGIN ATOMIC
	SELECT concat_ws(' ', h.status, convert_from(h.body, 'UTF8')::jsonb ->> 'error', convert_from(h.body, 'UTF8')::jsonb ->> 'client_id', convert_from(h.body, 'UTF8')::jsonb ->> 'resource')
	FROM pgtoken_http.handle(CASE WHEN path LIKE '%/api/%' THEN 'POST' ELSE 'GET' END, path, ARRAY['Host', host], NULL) h;
END;

-- Whether make console was run before this is no matter of what follows.
SELECT pg_get_functiondef('pgtoken.console_pages_missing'::regproc) AS as_installed \gset
CREATE OR REPLACE FUNCTION pgtoken.console_pages_missing() RETURNS boolean LANGUAGE sql STABLE PARALLEL RESTRICTED RETURN current_setting('test.pages_missing', true) IS NOT DISTINCT FROM 'yes';

-- Off until it is switched on, of each issuer for itself.
SELECT p, test.console_at(p) FROM unnest('{/oauth2/console,/oauth2/console/,/oauth2/console/index.html,/oauth2/console/configuration,/oauth2/console/api/whoami}'::text[]) WITH ORDINALITY u (p, n) ORDER BY n;
SELECT pgtoken.enable_console('https://console.example') AS page, pgtoken.enable_console('https://console.example') AS again;
SELECT test.console_at('/oauth2/console/configuration') AS on, test.console_at('/oauth2/console/configuration', 'other-console.example') AS other,
	   (SELECT h.status FROM pgtoken_http.handle('POST', '/oauth2/console/api/whoami', '{Host,console.example}', NULL) h) AS api;
SELECT client_type, scopes, redirect_uris, resources, offline_access, metadata, refresh_idle_lifetime, refresh_absolute_lifetime FROM pgtoken.clients WHERE client_id = 'pgtoken-console';
SELECT resource, scopes FROM pgtoken.resources WHERE issuer = 'https://console.example';
-- a name that is taken is not taken over, and a console stays the client that it is
SELECT what, test.outcome(what) AS outcome FROM unnest(ARRAY[$$SELECT pgtoken.enable_console('https://other-console.example/tenant')$$, $$SELECT pgtoken.enable_console('https://console.example', 'another')$$,
	$$SELECT pgtoken.enable_console('https://nobody.example')$$, $$SELECT pgtoken.enable_console('https://console.example', NULL)$$]) what;
SELECT pgtoken.enable_console('https://other-console.example/tenant', 'tenant-console') AS page;
SELECT test.console_at('/tenant/oauth2/console/configuration', 'other-console.example') AS tenant, test.console_at('/oauth2/console/configuration', 'other-console.example') AS elsewhere;

-- Who is let in: a row, and a factor whose secret is shown once.
SELECT f ->> 'factor_type' AS factor_type, f ->> 'state' AS state, f ? 'secret' AS secret, f ->> 'otpauth_uri' ~ '^otpauth://totp/console.example:op1' AS uri, f ->> 'factor_id' AS op1_factor
FROM pgtoken.create_console_operator('op1', 'admin', issuer => 'https://console.example') f \gset op1_
SELECT :'op1_factor_type' AS factor_type, :'op1_state' AS state, :'op1_secret' AS secret, :'op1_uri' AS uri;
SELECT jsonb_array_length(f -> 'codes') AS codes FROM pgtoken.create_console_operator('op2', factor_type => 'recovery_code', issuer => 'https://console.example') f;
SELECT jsonb_array_length(f -> 'codes') AS codes, f ->> 'factor_id' AS sheet FROM pgtoken.add_console_factor('op1', 'recovery_code', issuer => 'https://console.example') f \gset op1_
-- a second sheet takes the place of the first
SELECT f ->> 'factor_id' <> :'op1_sheet' AS another, f ->> 'factor_id' AS sheet FROM pgtoken.add_console_factor('op1', 'recovery_code', issuer => 'https://console.example') f \gset op1_
SELECT o.subject, o.access, o.created_by = session_user AS by_us, f.factor_type, f.label, f.state
FROM pgtoken.console_operators o JOIN pgtoken.console_factors USING (issuer, subject) JOIN pgtoken.factors f USING (issuer, subject, factor_id) ORDER BY 1, 4;
SELECT what, test.outcome(what) AS outcome FROM unnest(ARRAY[$$SELECT pgtoken.create_console_operator('op1', issuer => 'https://console.example')$$, $$SELECT pgtoken.create_console_operator('op3', 'root', issuer => 'https://console.example')$$,
	$$SELECT pgtoken.create_console_operator(NULL, issuer => 'https://console.example')$$, $$SELECT pgtoken.create_console_operator('op3', 'auditor', 'email', issuer => 'https://console.example')$$,
	$$SELECT pgtoken.create_console_operator('op3', 'auditor', 'external', issuer => 'https://console.example')$$, $$SELECT pgtoken.add_console_factor('op1', NULL, issuer => 'https://console.example')$$,
	$$SELECT pgtoken.create_console_operator('op3', 'auditor', 'totp', '{"colour": "red"}', issuer => 'https://console.example')$$, $$SELECT pgtoken.add_console_factor('op3', issuer => 'https://console.example')$$,
	$$SELECT pgtoken.update_console_operator('op1', 'root', 'https://console.example')$$]) what;
SELECT pgtoken.update_console_operator('op2', 'issuer_admin', 'https://console.example') AS changed, pgtoken.update_console_operator('op3', 'admin', 'https://console.example') AS nobody;
-- in the audit, without names in the detail
SELECT event, detail #>> '{after,access}' AS access, detail::text !~ 'op[0-9]' AS nobody_named, count(*) FROM pgtoken.audit_events
WHERE event ~ '^console' AND coalesce(detail #>> '{after,issuer}', detail #>> '{before,issuer}') = 'https://console.example' GROUP BY 1, 2, 3 ORDER BY event COLLATE "C", 2;

-- C164. Attack shut out: the application takes, unlocks, activates or replaces what an operator is known by.
SET ROLE pgtoken_issuer;
SELECT what, test.outcome(format(what, :'op1_op1_factor')) AS outcome FROM unnest(ARRAY[$$SELECT pgtoken.remove_factor('op1', '%s', 'https://console.example')$$, $$SELECT pgtoken.unlock_factor('op1', '%s', 'https://console.example')$$,
	$$SELECT pgtoken.activate_factor('op1', '%s', '123456', 'https://console.example')$$, $$DELETE FROM pgtoken.console_factors$$, $$SELECT pgtoken.create_console_operator('op3')$$, $$SELECT pgtoken.add_console_factor('op1')$$,
	$$SELECT pgtoken.enable_console()$$, $$SELECT pgtoken.disable_console()$$, $$SELECT pgtoken_console.whoami('{}')$$, $$SELECT pgtoken.console_call()$$]) what;
SELECT f ? 'codes' AS own_sheet FROM pgtoken.enroll_factor('op1', 'recovery_code', issuer => 'https://console.example') f;
RESET ROLE;
SELECT f.factor_type, l.factor_id IS NOT NULL AS of_the_console, count(*) FROM pgtoken.factors f LEFT JOIN pgtoken.console_factors l USING (issuer, subject, factor_id)
WHERE f.issuer = 'https://console.example' AND f.subject = 'op1' GROUP BY 1, 2 ORDER BY 1, 2;
-- pgtoken_admin, too, by the functions that are meant for it
SET ROLE pgtoken_admin;
SELECT test.outcome(format($$SELECT pgtoken.remove_factor('op1', '%s', 'https://console.example')$$, :'op1_op1_factor')) AS not_so;
RESET ROLE;
UPDATE pgtoken.factors SET failed_attempts = 100, state = 'disabled' WHERE factor_id = :'op1_op1_factor';
SELECT h.ok, regexp_replace(h.detail, '[0-9a-f-]{36}', 'ID') AS detail FROM pgtoken.health() h WHERE h.check_name = 'console';
SELECT pgtoken.unlock_console_factor('op1', :'op1_op1_factor', 'https://console.example') AS unlocked, pgtoken.unlock_console_factor('op2', :'op1_op1_factor', 'https://console.example') AS not_his;
SELECT state, failed_attempts FROM pgtoken.factors WHERE factor_id = :'op1_op1_factor';
SELECT h.ok, regexp_replace(h.detail, '[0-9a-f-]{36}', 'ID') AS detail FROM pgtoken.health() h WHERE h.check_name = 'console';
SELECT pgtoken.remove_console_factor('op1', :'op1_sheet', 'https://console.example') AS removed, pgtoken.remove_console_factor('op1', :'op1_sheet', 'https://console.example') AS again;

-- Attack shut out: the scopes by what the application issues, whoever it is issued to.
CREATE TEMP TABLE seen AS SELECT i.* FROM pgtoken.issue_tokens('pgtoken-console', 'op1', 'openid offline_access', resource => '{https://console.example/oauth2/console/api}', cnf => jsonb_build_object('jkt', test.b64url(sha256('key')))) i;
SELECT error, scope FROM seen;
SELECT s AS scope, (SELECT concat_ws(' ', i.error, i.scope) FROM pgtoken.issue_tokens('pgtoken-console', 'op1', s, resource => '{https://console.example/oauth2/console/api}', cnf => jsonb_build_object('jkt', test.b64url(sha256('key')))) i) AS issued
FROM unnest(ARRAY['openid pgtoken:admin', 'pgtoken:auditor', 'pgtoken:issuer_admin', NULL]) WITH ORDINALITY u (s, n) ORDER BY n;
-- nor by a client and an API that have them in their rows, at an issuer without a console
SELECT pgtoken.create_resource('https://look-alike.example', '{pgtoken:admin}') IS NOT NULL AS api, (pgtoken.create_client('look_alike', 'public', '{openid,pgtoken:admin}', '{https://look-alike.example/cb}')).client_id;
SELECT i.error, i.scope FROM pgtoken.issue_tokens('look_alike', 'op1', 'pgtoken:admin') i;

-- A function of the console is one of SQL, and its role may as much as there.
SELECT p.proname, p.provolatile, r AS role FROM pg_proc p, unnest('{pgtoken_auditor,pgtoken_issuer_admin,pgtoken_admin,pgtoken_issuer,pgtoken_http}'::text[]) r
WHERE p.oid = 'pgtoken_console.whoami'::regproc AND has_function_privilege(r, p.oid, 'EXECUTE') ORDER BY r;
-- each has one shape, a COMMENT, a search_path and nothing for PUBLIC
SELECT p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace = 'pgtoken_console'::regnamespace AND (obj_description(p.oid) IS NULL OR p.prosecdef OR coalesce(p.proconfig::text !~ 'search_path=pg_catalog, pg_temp', true) OR has_function_privilege('public', p.oid, 'EXECUTE')
	  OR obj_description(p.oid) !~ '^Internal' AND (p.proargtypes <> '3802'::oidvector OR p.proargnames[1] <> 'arguments' OR p.prorettype <> 'jsonb'::regtype OR p.provolatile = 'i'));
SET ROLE pgtoken_auditor;
SELECT w ->> 'subject' IS NULL AS nobody_calls, w -> 'functions' ? 'whoami' AS may, w ->> 'proof_age' AS seconds FROM pgtoken_console.whoami('{}') w;
SELECT what, test.outcome(what) AS outcome FROM unnest(ARRAY[$$SELECT pgtoken_console.whoami('{"a": 1}')$$, $$SELECT pgtoken_console.whoami('[]')$$, $$SELECT pgtoken_console.whoami(NULL)$$, $$SELECT pgtoken_console.check_arguments('{"a": 1}', '{b,c}')$$,
	$$SELECT pgtoken_console.check_arguments('{"b": 1}', '{b,c}')$$]) what;
SELECT (SELECT count(*) FROM pgtoken.console_operators) AS operators, (SELECT count(*) FROM pgtoken.console_factors) AS factors, (SELECT count(*) FROM pgtoken.consoles) AS consoles;
RESET ROLE;
SELECT pgtoken.console_issuer() IS NULL AS no_call;

-- Attack shut out: an administrator of the issuer sends the console's codes to himself.
CREATE ROLE regress_console_admin;
SELECT pgtoken.grant_administration('https://console.example', 'regress_console_admin') AS granted;
GRANT USAGE ON SCHEMA test TO regress_console_admin;
SET ROLE regress_console_admin;
SELECT test.outcome($$SELECT pgtoken_administration.update_client('pgtoken-console', redirect_uris => '{https://evil.example/}')$$) AS outcome;
-- nor does he shut out who is let in beside him
SELECT what, test.outcome(what) AS outcome FROM unnest(ARRAY[$$SELECT pgtoken_administration.update_resource('https://console.example/oauth2/console/api', enabled => false)$$,
	$$SELECT pgtoken_administration.update_resource('https://CONSOLE.example:443/oauth2/console/api', scopes => '{none}')$$, $$SELECT pgtoken_administration.delete_resource('https://console.example/oauth2/console/api')$$]) what;
RESET ROLE;

-- Taken away: one operator, then the console of all; what was signed in has ended.
SELECT pgtoken.delete_console_operator('op1', 'https://console.example') AS deleted, pgtoken.delete_console_operator('op1', 'https://console.example') AS again;
SELECT (SELECT count(*) FROM pgtoken.console_factors WHERE subject = 'op1') AS factors, (SELECT string_agg(f.factor_type, ' ') FROM pgtoken.factors f WHERE f.subject = 'op1') AS the_applications,
	   pgtoken.verify_access_token(s.access_token) IS NULL AS ended FROM seen s;
TRUNCATE seen;
INSERT INTO seen SELECT i.* FROM pgtoken.issue_tokens('pgtoken-console', 'op2', 'openid offline_access', resource => '{https://console.example/oauth2/console/api}', cnf => jsonb_build_object('jkt', test.b64url(sha256('key')))) i;
SELECT pgtoken.disable_console('https://console.example') AS off, pgtoken.disable_console('https://console.example') AS again;
SELECT pgtoken.verify_access_token(s.access_token) IS NULL AS ended FROM seen s;
SELECT p, test.console_at(p) FROM unnest('{/oauth2/console,/oauth2/console/,/oauth2/console/configuration,/oauth2/console/api/whoami}'::text[]) WITH ORDINALITY u (p, n) ORDER BY n;
-- and on again with who was there
SELECT pgtoken.enable_console('https://console.example') AS page;
SELECT test.console_at('/oauth2/console/configuration') AS on, (SELECT enabled FROM pgtoken.clients WHERE client_id = 'pgtoken-console') AS client, (SELECT count(*) FROM pgtoken.console_operators WHERE subject = 'op2') AS operators;

-- Pages that are not installed are told of by who switches it on, and by health().
SET test.pages_missing = 'yes';
SET client_min_messages = notice;
SELECT pgtoken.enable_console('https://console.example') AS page;
SET client_min_messages = warning;
SELECT h.ok, h.detail ~ 'its pages are not installed here: make console, make install' AS told FROM pgtoken.health() h WHERE h.check_name = 'console';
:as_installed;
SELECT pgtoken.console_pages_missing() = (h.status = 404) AS as_the_door_sees_it FROM pgtoken_http.handle('GET', '/oauth2/console/', '{Host,console.example}', NULL) h;

-- A person who is erased is no operator any more.
SELECT pgtoken.erase_subject('op2', issuer => 'https://console.example') IS NOT NULL AS erased;
SELECT (SELECT count(*) FROM pgtoken.console_operators WHERE subject = 'op2') AS operators, (SELECT count(*) FROM pgtoken.console_factors WHERE subject = 'op2') AS factors;
REASSIGN OWNED BY regress_console_admin TO CURRENT_USER;
DROP OWNED BY regress_console_admin;
SELECT pgtoken.revoke_administration('https://console.example', 'regress_console_admin') AS revoked;
DROP ROLE regress_console_admin;
REVOKE USAGE ON SCHEMA test FROM pgtoken_issuer, pgtoken_admin, pgtoken_auditor;
