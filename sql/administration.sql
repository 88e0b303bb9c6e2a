-- Administrators of one issuer: what they see and change, and what they try beyond it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer('https://north.example') AS north, pgtoken.create_issuer('https://south.example') AS south;
CREATE ROLE regress_north;
CREATE ROLE regress_of_north IN ROLE regress_north;
CREATE ROLE regress_friend;
CREATE SCHEMA tenant AUTHORIZATION regress_north;
SELECT (pgtoken.create_client('south_app', 'public', '{read}', issuer => 'https://south.example', metadata => '{"contacts": ["hidden@south.example"]}')).client_id;
SELECT pgtoken.create_resource('https://api.south.example', '{read}', issuer => 'https://south.example') IS NOT NULL AS resource,
	   pgtoken.create_policy('south', '[{"rule": "risk_score", "outcome": "deny", "at_least": 1}]', issuer => 'https://south.example') AS policy;
SELECT (pgtoken.create_client('south_backend', issuer => 'https://south.example')).client_id;
SELECT secret_id AS south_secret FROM pgtoken.client_secrets WHERE client_id = 'south_backend' \gset

-- Granted, seen in the audit, and once.
SELECT pgtoken.grant_administration('https://north.example', 'regress_north') AS granted, pgtoken.grant_administration('https://north.example', 'regress_north') AS again,
	   pg_has_role('regress_north', 'pgtoken_issuer_admin', 'USAGE') AS member;
SELECT issuer, role_name, granted_by = session_user AS by_us FROM pgtoken.administrations;
SELECT event, detail #>> '{after,issuer}' AS issuer, detail #>> '{after,role_name}' AS role_name FROM pgtoken.audit_events WHERE event LIKE 'administration.%';

-- What it is for: the issuer's clients, secrets, APIs and policies, also by who is a
-- member of the role; the issuer need not be named.
SET ROLE regress_of_north;
SELECT client_id, client_secret IS NOT NULL AS secret FROM pgtoken_administration.create_client('north_app', scopes => '{read,write}', redirect_uris => '{https://north.example/cb}');
SELECT client_id, client_secret IS NULL AS there_already FROM pgtoken_administration.create_client('north_app', scopes => '{read,write}', redirect_uris => '{https://north.example/cb}', if_not_exists => true);
SELECT pgtoken_administration.update_client('north_app', client_name => 'North') AS updated;
SELECT secret_id AS north_secret, client_secret IS NOT NULL AS secret FROM pgtoken_administration.create_client_secret('north_app') \gset
SELECT pgtoken_administration.revoke_client_secret('north_app', :'north_secret') AS revoked;
SELECT pgtoken_administration.create_resource('https://api.north.example', '{read}', client_id => 'north_app') AS resource, pgtoken_administration.update_resource('https://api.north.example', enabled => false) AS updated;
SELECT pgtoken_administration.create_policy('north', '[{"rule": "risk_score", "outcome": "deny", "at_least": 1}]') AS version, pgtoken_administration.activate_policy('north') AS active;
SELECT by, requests FROM pgtoken_administration.simulate_policy('north', issuer => 'https://north.example') WHERE by = 'total';
SELECT pgtoken_administration.deactivate_policy('north') AS off, pgtoken_administration.revoke_client('north_app', 'leaked') IS NOT NULL AS ended;
SELECT (pgtoken_administration.create_client('north_slip', 'public')).client_id, pgtoken_administration.delete_client('north_slip') AS deleted;
-- and sees them, with its part of the audit
SELECT issuer FROM pgtoken.issuers;
SELECT client_id, issuer, client_name FROM pgtoken.clients ORDER BY client_id COLLATE "C";
SELECT client_id, revoked_at IS NOT NULL AS revoked FROM pgtoken.client_secrets ORDER BY created_at;
SELECT resource FROM pgtoken.resources;
SELECT policy, state FROM pgtoken.policies;
SELECT event, count(*) FROM pgtoken.audit_events GROUP BY event ORDER BY event COLLATE "C";
SELECT DISTINCT role_name FROM pgtoken.audit_events WHERE client_id = 'north_app' AND event = 'client.created';
RESET ROLE;

-- Row security asks once which issuers the role has, not of each client, of which there can be thousands.
BEGIN;
SELECT count((pgtoken.create_client('north_' || n, 'public', issuer => 'https://north.example')).client_id) FROM generate_series(1, 3) n;
SET LOCAL track_functions = 'all';
SET LOCAL ROLE regress_north;
SELECT cardinality(pgtoken.administered_clients()) AS clients;
RESET ROLE;
SELECT calls AS asked FROM pg_stat_xact_user_functions WHERE schemaname = 'pgtoken' AND funcname = 'administered_issuers';
ROLLBACK;

-- Attack shut out: who administers one tenant looks at another's.
SET ROLE regress_north;
SELECT (SELECT count(*) FROM pgtoken.clients WHERE client_id LIKE 'south%') AS clients, (SELECT count(*) FROM pgtoken.client_secrets WHERE client_id LIKE 'south%') AS secrets,
	   (SELECT count(*) FROM pgtoken.resources WHERE issuer <> 'https://north.example') AS resources, (SELECT count(*) FROM pgtoken.policies WHERE policy <> 'north') AS policies,
	   (SELECT count(*) FROM pgtoken.issuers WHERE issuer <> 'https://north.example') AS issuers, (SELECT count(*) FROM pgtoken.administrations WHERE issuer <> 'https://north.example') AS administrations,
	   (SELECT count(*) FROM pgtoken.audit_events e WHERE e.client_id NOT LIKE 'north%' OR e::text ~ 'south') AS events,
	   (SELECT count(*) FROM pgtoken.decisions WHERE client_id NOT LIKE 'north%') AS decisions;
-- nor by a function that tells what it is called with
CREATE FUNCTION tenant.tell(told text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE WARNING 'told of %', told; RETURN true; END $$;
SELECT count(*) FROM pgtoken.clients WHERE tenant.tell(client_id);
RESET ROLE;
GRANT USAGE ON SCHEMA test TO regress_north, regress_friend;
SET ROLE regress_north;
SELECT what, test.outcome(what) AS outcome FROM unnest(ARRAY['SELECT secret_hash FROM pgtoken.client_secrets', 'SELECT token_hash FROM pgtoken.tokens', 'SELECT * FROM pgtoken.key_material', 'SELECT * FROM pgtoken.signing_keys',
	'SELECT * FROM pgtoken.grants', 'SELECT * FROM pgtoken.factors', 'SELECT * FROM pgtoken.consents', 'SELECT * FROM pgtoken.audit_rows_default', 'SELECT * FROM pgtoken.subject_blocks']) WITH ORDINALITY w (what, n) ORDER BY n;

-- Attack shut out: he changes what is another's, or learns of it from what he is told.
SELECT replace(what, :'south_secret', 'secret_id') AS what, test.outcome('SELECT pgtoken_administration.' || what) AS outcome FROM unnest(ARRAY[
	'create_client(''mine'', issuer => ''https://south.example'')', 'create_client(''south_app'')', 'create_client(''south_app'', if_not_exists => true)', 'update_client(''south_app'', redirect_uris => ''{https://evil.example}'')',
	'update_client(''nobody'', enabled => false)', 'delete_client(''south_app'')', 'create_client_secret(''south_backend'')', 'import_client_secret(''south_backend'', ''x'')',
	format('revoke_client_secret(''south_backend'', %L)', :'south_secret'), format('revoke_client_secret(''north_app'', %L)', :'south_secret'), 'revoke_client(''south_app'')',
	'create_resource(''https://x.example'', issuer => ''https://south.example'')', 'update_resource(''https://api.south.example'', enabled => false, issuer => ''https://south.example'')',
	'delete_resource(''https://api.south.example'', ''https://south.example'')', 'create_resource(''https://y.north.example'', client_id => ''south_backend'')',
	'create_policy(''p'', ''[]'', issuer => ''https://south.example'')', 'activate_policy(''south'', issuer => ''https://south.example'')', 'deactivate_policy(''south'', issuer => ''https://south.example'')',
	'rollback_policy(''south'', ''https://south.example'')', 'delete_policy(''south'', ''https://south.example'')', 'simulate_policy(''south'', issuer => ''https://south.example'')',
	'create_policy(''f'', ''[{"rule": "function", "function": "test.stranger"}]'')']) WITH ORDINALITY w (what, n) ORDER BY n;
-- Attack shut out: of a client that another tenant has deleted he takes the name, and
-- with it what the audit has of that one; also where somebody else gives it to him.
RESET ROLE;
SELECT (pgtoken.create_client('south_slip', issuer => 'https://south.example', metadata => '{"contacts": ["hidden@south.example"]}')).client_id, pgtoken.delete_client('south_slip') AS deleted;
SET ROLE regress_north;
SELECT test.outcome($$SELECT pgtoken_administration.create_client('south_slip', 'public')$$) AS taken;
RESET ROLE;
SELECT (pgtoken.create_client('south_slip', 'public', issuer => 'https://north.example')).client_id;
SET ROLE regress_north;
SELECT event, detail::text ~ 'hidden|south.example' AS of_another FROM pgtoken.audit_events WHERE client_id = 'south_slip' AND event LIKE 'client.%';
SELECT pgtoken_administration.delete_client('south_slip') AS deleted;
-- Attack shut out: he does without the check, or makes himself more than he is.
SELECT what, test.outcome('SELECT pgtoken.' || what) AS outcome FROM unnest(ARRAY['create_client(''x'', issuer => ''https://north.example'')', 'update_client(''north_app'')', 'create_policy(''p'', ''[]'')',
	'update_issuer(''https://north.example'', reset => ''{login_uri}'')', 'create_signing_key(''ES256'', ''https://north.example'')', 'issue_tokens(''north_app'', ''x'')', 'revoke_subject(''x'', issuer => ''https://north.example'')',
	'grant_administration(''https://south.example'', ''regress_north'')', 'revoke_administration(''https://north.example'', ''regress_north'')', 'administered_client(''south_app'', true)']) WITH ORDINALITY w (what, n) ORDER BY n;
SELECT test.outcome($$INSERT INTO pgtoken.administrations VALUES ('https://south.example', 'regress_north')$$) AS insert, test.outcome('DELETE FROM pgtoken.clients') AS delete;
-- Attack shut out: he lends what he may to somebody whom nobody has allowed it; what he does as another role is that one's
CREATE FUNCTION tenant.lend() RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT pgtoken_administration.update_client('north_app', client_name => 'lent') $$;
GRANT USAGE ON SCHEMA tenant TO regress_friend;
SELECT tenant.lend() AS himself;
SET ROLE regress_friend;
SELECT tenant.lend();
SELECT pgtoken_administration.update_client('north_app', client_name => 'friend');
SET ROLE pgtoken_issuer_admin;
SELECT pgtoken_administration.update_client('north_app', client_name => 'group'), count(*) AS sees FROM pgtoken.clients;
SELECT count(*) AS sees FROM pgtoken.clients;
RESET ROLE;
SELECT client_name FROM pgtoken.clients WHERE client_id = 'north_app';
SELECT count(*) AS as_it_was FROM pgtoken.clients c JOIN pgtoken.policies p USING (issuer) JOIN pgtoken.resources r USING (issuer)
WHERE c.client_id = 'south_app' AND c.enabled AND coalesce(cardinality(c.redirect_uris), 0) = 0 AND c.not_before IS NULL AND p.state = 'draft' AND r.enabled;

-- Of two issuers one has to be named.
SELECT pgtoken.grant_administration('https://south.example', 'regress_north') AS granted;
SET ROLE regress_north;
SELECT test.outcome($$SELECT pgtoken_administration.create_client('where', 'public')$$) AS none_named;
SELECT (pgtoken_administration.create_client('south_too', 'public', issuer => 'https://south.example')).client_id;
SELECT client_id FROM pgtoken.clients ORDER BY client_id COLLATE "C";
RESET ROLE;

-- Taken away: from the next statement on, and the membership with the last one.
SELECT pgtoken.revoke_administration('https://south.example', 'regress_north') AS revoked, pg_has_role('regress_north', 'pgtoken_issuer_admin', 'USAGE') AS member;
SET ROLE regress_north;
SELECT count(*) AS south FROM pgtoken.clients WHERE issuer = 'https://south.example';
SELECT test.outcome($$SELECT pgtoken_administration.update_client('south_too', enabled => false)$$);
RESET ROLE;
SELECT pgtoken.revoke_administration('https://north.example', 'regress_north') AS revoked;
SELECT pg_has_role('regress_north', 'pgtoken_issuer_admin', 'USAGE') AS member, pgtoken.revoke_administration('https://north.example', 'regress_north') AS again;
SET ROLE regress_north;
SELECT test.outcome('SELECT count(*) FROM pgtoken.clients') AS reads, test.outcome($$SELECT pgtoken_administration.update_client('north_app', enabled => false)$$) AS changes;
RESET ROLE;

-- Misuse
SELECT test.outcome($$SELECT pgtoken.grant_administration(NULL, 'regress_north')$$) AS no_issuer, test.outcome($$SELECT pgtoken.grant_administration('https://north.example', NULL)$$) AS no_role,
	   test.outcome($$SELECT pgtoken.grant_administration('https://nowhere.example', 'regress_north')$$) AS unknown_issuer, test.outcome($$SELECT pgtoken.grant_administration('https://north.example', 'regress_gone')$$) AS unknown_role;
-- a role that is gone administers nothing, and its row can be taken away
SELECT pgtoken.grant_administration('https://north.example', 'regress_friend') AS granted;
DROP OWNED BY regress_friend, regress_north;
DROP ROLE regress_friend;
SELECT pgtoken.session_administers() AS nobody_named, pgtoken.revoke_administration('https://north.example', 'regress_friend') AS revoked;
-- each function has its namesake, with the same arguments and the same answer
SELECT p.proname, count(*) FROM pg_proc p, pg_proc n
WHERE p.pronamespace = 'pgtoken'::regnamespace AND n.pronamespace = 'pgtoken_administration'::regnamespace AND n.proname = p.proname
  AND (pg_get_function_arguments(n.oid), pg_get_function_result(n.oid)) IS DISTINCT FROM (pg_get_function_arguments(p.oid), pg_get_function_result(p.oid)) GROUP BY 1;
SELECT count(*) = cardinality(pgtoken.administered_functions()) AS all_there, bool_and(p.prosecdef AND p.proconfig = '{"search_path=pg_catalog, pg_temp"}' AND obj_description(p.oid) IS NOT NULL
	   AND NOT has_function_privilege('public', p.oid, 'EXECUTE')) AS as_they_must_be FROM pg_proc p WHERE p.pronamespace = 'pgtoken_administration'::regnamespace;

DROP ROLE regress_of_north, regress_north;
DELETE FROM pgtoken.policies WHERE issuer IN ('https://north.example', 'https://south.example');
DELETE FROM pgtoken.resources WHERE issuer IN ('https://north.example', 'https://south.example');
DELETE FROM pgtoken.client_secrets WHERE client_id IN ('north_app', 'south_backend');
DELETE FROM pgtoken.clients WHERE issuer IN ('https://north.example', 'https://south.example');
SELECT pgtoken.delete_issuer('https://north.example'), pgtoken.delete_issuer('https://south.example');
