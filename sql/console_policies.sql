-- What the console asks about policies, the audit, its seals and storage, by each role.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE FUNCTION test.keeping(name text, arguments jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	EXECUTE format('SELECT pgtoken_console.%I($1)', name) INTO answer USING arguments;
	RETURN answer;
END
$$;
-- the same, and what went wrong
CREATE FUNCTION test.keeping_error(name text, arguments jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM test.keeping(name, arguments);
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(': ', SQLSTATE, SQLERRM, nullif(detail, ''));
END
$$;
GRANT USAGE ON SCHEMA test TO pgtoken_auditor, pgtoken_issuer_admin, pgtoken_issuer;
SELECT pgtoken.create_issuer('https://kept.example') AS kept, pgtoken.create_issuer('https://kept-other.example') AS other;
SELECT length(pgtoken.create_signing_key('ES256', 'https://kept.example')) AS kid;
SELECT (pgtoken.create_client('kept_app', 'public', '{read}', offline_access => true, issuer => 'https://kept.example')).client_id,
	   (pgtoken.create_client('kept_other', 'public', '{read}', issuer => 'https://kept-other.example')).client_id AS other;
CREATE ROLE regress_keeper;
SELECT pgtoken.grant_administration('https://kept.example', 'regress_keeper') AS granted;

-- The rules for a form: each kind, and its members with what holds without them.
SET ROLE pgtoken_auditor;
SELECT r ->> 'rule' AS rule, r ->> 'fires_when' <> '' AS told,
	   (SELECT string_agg(concat_ws(' ', m ->> 'member', m ->> 'form', CASE WHEN (m ->> 'required')::boolean THEN 'required' ELSE coalesce(m ->> 'fallback', 'none') END, m ->> 'words'), ', ' ORDER BY n)
		FROM jsonb_array_elements(r -> 'members') WITH ORDINALITY m (m, n)) AS members
FROM jsonb_array_elements(test.keeping('policy_rules') -> 'rules') r;
RESET ROLE;

-- A policy from the draft to its end, as an administrator of all.
SET ROLE pgtoken_admin;
SELECT test.keeping('create_policy', '{"issuer": "https://kept.example", "policy": "nets", "rules": [{"rule": "network_changed", "outcome": "require"}], "client_ids": ["kept_app"]}') AS first,
	   test.keeping('create_policy', '{"issuer": "https://kept.example", "policy": "nets", "rules": [{"rule": "address_in", "outcome": "deny", "networks": ["203.0.113.0/24"]}], "on_issue": true, "on_deny": "revoke", "function_timeout": "1 second"}') AS second;
SELECT test.keeping('activate_policy', '{"issuer": "https://kept.example", "policy": "nets", "version": 1}') AS active,
	   test.keeping('activate_policy', '{"issuer": "https://kept.example", "policy": "nets", "version": 2, "shadow": true}') AS shadow;
SELECT r - '{created_at,activated_at}'::text[] AS policy FROM jsonb_array_elements(test.keeping('policies', '{"issuer": "https://kept.example"}') -> 'rows') r;
SELECT r ->> 'version' AS version, r ->> 'state' AS state, r -> 'rules' AS rules, r -> 'client_ids' AS clients, r ->> 'on_deny' AS on_deny, r ->> 'function_timeout' AS timeout
FROM jsonb_array_elements(test.keeping('policy_versions', '{"issuer": "https://kept.example", "policy": "nets"}') -> 'rows') r;
SELECT test.keeping('policy_versions', '{"issuer": "https://kept.example", "policy": "nets", "limit": 1}') ->> 'next' AS after,
	   test.keeping('policy_versions', '{"issuer": "https://kept.example", "policy": "nets", "limit": 1, "after": "2"}') #>> '{rows,0,version}' AS version,
	   test.keeping('policy_versions', '{"issuer": "https://kept.example", "policy": "nets", "limit": 1, "after": "2"}') -> 'next' AS end;
SELECT test.keeping('deactivate_policy', '{"issuer": "https://kept.example", "policy": "nets", "shadow": true}') AS shadow_off, test.keeping('activate_policy', '{"issuer": "https://kept.example", "policy": "nets", "version": 2}') AS active,
	   test.keeping('rollback_policy', '{"issuer": "https://kept.example", "policy": "nets"}') AS back, test.keeping('deactivate_policy', '{"issuer": "https://kept.example", "policy": "nets"}') AS off,
	   test.keeping('deactivate_policy', '{"issuer": "https://kept.example", "policy": "nets"}') AS again;
SELECT test.keeping('create_policy', '{"issuer": "https://kept.example", "policy": "slip", "rules": [{"rule": "on_behalf", "outcome": "deny"}]}') AS slip, test.keeping('delete_policy', '{"issuer": "https://kept.example", "policy": "slip"}') AS deleted;
-- by pages, over issuers
SELECT test.keeping('create_policy', '{"issuer": "https://kept-other.example", "policy": "own", "rules": [{"rule": "risk_score", "outcome": "deny", "at_least": 1}]}') AS other;
SELECT jsonb_array_length(p.page -> 'rows') AS first, (p.page -> 'rows') || (test.keeping('policies', jsonb_build_object('after', p.page -> 'next', 'limit', 200)) -> 'rows') = test.keeping('policies', '{"limit": 200}') -> 'rows' AS with_the_rest_all
FROM (SELECT test.keeping('policies', '{"limit": 1}')) p (page);
-- what was mistaken is told as create_policy() tells it
SELECT w.arguments - 'issuer' AS arguments, test.keeping_error('create_policy', w.arguments || '{"issuer": "https://kept.example"}') AS error
FROM (VALUES (1, '{}'::jsonb), (2, '{"policy": "x", "rules": []}'), (3, '{"policy": "a b", "rules": [{"rule": "idle", "outcome": "deny", "longer_than": 1}]}'), (4, '{"policy": "x", "rules": [{"rule": "idle", "outcome": "deny"}]}'),
			 (5, '{"policy": "x", "rules": [{"rule": "on_behalf", "outcome": "deny"}], "client_ids": ["nobody"]}'), (6, '{"policy": "x", "rules": [{"rule": "on_behalf", "outcome": "deny"}], "client_ids": "nobody"}'),
			 (7, '{"policy": "x", "rules": [{"rule": "on_behalf", "outcome": "deny"}], "function_timeout": "soon"}'), (8, '{"policy": "x", "if_not_exists": true}')) w (n, arguments) ORDER BY w.n;
SELECT test.keeping_error('activate_policy', '{"issuer": "https://kept.example", "policy": "nets"}') AS no_version, test.keeping_error('policy_versions', '{"issuer": "https://kept.example", "policy": "none"}') AS none,
	   test.keeping_error('policies', '{"limit": 201}') AS too_many, test.keeping_error('policies', '{"after": "x"}') AS bad_after, test.keeping_error('policy_firings', '{"policy": "nets", "since": "2001-01-01"}') AS too_long,
	   test.keeping_error('delete_policy', '{"issuer": "https://kept.example", "policy": "nets"}') AS in_use;
RESET ROLE;

-- Simulation: the difference that it would have made, beside what else judged then.
SELECT pgtoken.create_policy('score', '[{"rule": "risk_score", "outcome": "deny", "at_least": 50}]', issuer => 'https://kept.example') AS version, pgtoken.activate_policy('score', issuer => 'https://kept.example') AS active;
SELECT pgtoken.create_policy('loose', '[{"rule": "address_in", "outcome": "deny", "networks": ["198.51.100.0/24"]}]', issuer => 'https://kept.example') AS version, pgtoken.activate_policy('loose', issuer => 'https://kept.example') AS active;
CREATE FUNCTION test.kept_refresh(token text, context jsonb) RETURNS text LANGUAGE sql RETURN (pgtoken.refresh_grant(token, context => context)).decision;
SELECT refresh_token AS one FROM pgtoken.issue_tokens('kept_app', 'kept-erin', 'offline_access read', context => '{"ip": "192.0.2.1"}') \gset
SELECT refresh_token AS two FROM pgtoken.issue_tokens('kept_app', 'kept-erin', 'offline_access read', context => '{"ip": "192.0.2.1"}') \gset
SELECT refresh_token AS three FROM pgtoken.issue_tokens('kept_app', 'kept-erin', 'offline_access read', context => '{"ip": "192.0.2.1"}') \gset
SELECT refresh_token AS four FROM pgtoken.issue_tokens('kept_app', 'kept-erin', 'offline_access read', context => '{"ip": "192.0.2.1"}') \gset
SELECT test.kept_refresh(:'one', '{"ip": "192.0.2.1"}') AS same, test.kept_refresh(:'two', '{"ip": "203.0.113.9"}') AS elsewhere, test.kept_refresh(:'three', '{"ip": "198.51.100.9"}') AS denied_by_loose,
	   test.kept_refresh(:'four', '{"ip": "198.51.100.9", "risk_score": 70}') AS denied_by_both;
SELECT pgtoken.create_policy('loose', '[{"rule": "address_in", "outcome": "deny", "networks": ["203.0.113.0/24"]}]', issuer => 'https://kept.example') AS draft;
SET ROLE pgtoken_admin;
-- by this policy alone two more would have got tokens; as things were, one: the other is denied by score as well
SELECT c AS counts FROM jsonb_array_elements(test.keeping('simulate_policy', '{"issuer": "https://kept.example", "policy": "loose"}') -> 'counts') c;
SELECT s -> 'version' AS version, s -> 'changes' AS changes FROM test.keeping('simulate_policy', '{"issuer": "https://kept.example", "policy": "loose"}') s;
SELECT e - '{event_id,occurred_at,grant_id}'::text[] AS example FROM jsonb_array_elements(test.keeping('simulate_policy', '{"issuer": "https://kept.example", "policy": "loose"}') -> 'examples') e;
SELECT test.keeping('simulate_policy', '{"issuer": "https://kept.example", "policy": "loose", "version": 2, "examples": 0}') -> 'examples' AS none,
	   test.keeping_error('simulate_policy', '{"issuer": "https://kept.example", "policy": "loose", "examples": 101}') AS too_many, test.keeping_error('simulate_policy', '{"issuer": "https://kept.example", "policy": "none"}') AS no_policy;
-- the table of simulate_policy() is the same
SELECT s.* FROM pgtoken.simulate_policy('loose', since => now() - interval '1 day', issuer => 'https://kept.example') s;
SELECT r AS fired FROM jsonb_array_elements(test.keeping('policy_firings', '{"policy": "loose"}') -> 'rows') r;
-- Fault shut out: so many are judged that nobody waits for the answer. The newest are, and it says since when.
RESET ROLE;
BEGIN;
INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, session_user_name, client_id)
SELECT '00000000-0000-0000-0000-000000000000', pgtoken.first_uuid('1999-02-03'::timestamptz + make_interval(secs => n)), '1999-02-03'::timestamptz + make_interval(secs => n), 'test.odd', 'x', 'kept_app' FROM generate_series(1, 10002) n;
SET LOCAL ROLE pgtoken_admin;
SELECT v AS version, s ->> 'since' AS since, s -> 'cut' AS cut FROM unnest('{1,2}'::integer[]) v, test.keeping('simulate_policy', jsonb_build_object('issuer', 'https://kept.example', 'policy', 'nets', 'version', v, 'since', '1999-01-01', 'until', '2000-01-01')) s ORDER BY v;
SELECT s ->> 'since' AS since, s -> 'cut' AS cut FROM test.keeping('simulate_policy', '{"issuer": "https://kept.example", "policy": "nets", "since": "1999-02-04", "until": "2000-01-01"}') s;
ROLLBACK;
SET ROLE pgtoken_admin;
-- Attack shut out: what reads leaves something behind.
SELECT p.proname AS not_stable FROM pg_proc p WHERE p.pronamespace = 'pgtoken_console'::regnamespace AND p.provolatile = 'v'
  AND p.proname = ANY ('{policy_rules,policies,policy_versions,policy_firings,simulate_policy,audit_events,audit_event,audit_seals,audit_sealing,verify_seal,storage}');
RESET ROLE;

-- The audit: newest first, by pages, by each filter.
CREATE FUNCTION test.kept_seen(arguments jsonb) RETURNS TABLE (event text, reason text, ip text) LANGUAGE sql AS
	$$SELECT r ->> 'event', r ->> 'reason', r ->> 'ip' FROM jsonb_array_elements(pgtoken_console.audit_events(arguments) -> 'rows') WITH ORDINALITY r (r, n) ORDER BY r.n$$;
SET ROLE pgtoken_auditor;
SELECT * FROM test.kept_seen('{"client_id": "kept_app"}');
SELECT * FROM test.kept_seen('{"client_id": "kept_app", "event": "refresh.*"}');
SELECT * FROM test.kept_seen('{"client_id": "kept_app", "event": "token.refreshed"}');
SELECT * FROM test.kept_seen('{"client_id": "kept_app", "address": "198.51.100.0/24"}');
SELECT count(*) AS of_subject, count(*) FILTER (WHERE event = 'refresh.denied') AS denied FROM test.kept_seen('{"subject": "kept-erin"}');
SELECT (SELECT count(*) FROM test.kept_seen('{"client_id": "kept_app", "operator": "nobody"}')) AS nobody, (SELECT count(*) > 0 FROM test.kept_seen(jsonb_build_object('client_id', 'kept_app', 'operator', session_user))) AS us,
	   (SELECT count(*) FROM test.kept_seen('{"client_id": "kept_app", "since": "2001-01-01", "until": "2001-02-01"}')) AS before, (SELECT count(*) FROM test.kept_seen('{"address": "2001:db8:dead::/48"}')) AS nowhere;
-- pages have each event once, in order
CREATE TEMP TABLE pages (n serial, row jsonb);
DO $$
DECLARE
	page jsonb;
	after text;
BEGIN
	LOOP
		page := pgtoken_console.audit_events(jsonb_build_object('client_id', 'kept_app', 'limit', 2, 'after', after));
		INSERT INTO pages (row) SELECT r FROM jsonb_array_elements(page -> 'rows') WITH ORDINALITY r (r, n) ORDER BY n;
		after := page ->> 'next';
		EXIT WHEN after IS NULL;
	END LOOP;
END
$$;
SELECT count(*) AS pages, count(DISTINCT row ->> 'event_id') AS events, (SELECT jsonb_agg(row ORDER BY n) FROM pages) = pgtoken_console.audit_events('{"client_id": "kept_app"}') -> 'rows' AS as_the_whole FROM pages;
-- an event whole: what it was, why, and what the rules said; in the list nothing of a person but subject and address
SELECT bool_or(row ? 'personal' OR row ? 'detail' OR row ? 'context') AS in_the_list FROM pages;
SELECT bool_and(r ?& '{personal,detail,context}') AS whole FROM jsonb_array_elements(pgtoken_console.audit_events('{"client_id": "kept_app", "whole": true}') -> 'rows') r;
SELECT e -> 'event' ->> 'event' AS event, e -> 'event' -> 'context' AS context, e ->> 'explanation' <> '' AS explained, e #>> '{decision,0,rule}' AS rule, e #>> '{decision,0,explanation}' AS says
FROM (SELECT pgtoken_console.audit_event(jsonb_build_object('event_id', row ->> 'event_id')) FROM pages WHERE row ->> 'event' = 'refresh.denied' ORDER BY n DESC LIMIT 1) x (e);
SELECT test.keeping_error('audit_event', '{"event_id": "01900000-0000-7000-8000-000000000000"}') AS none, test.keeping_error('audit_event', '{"event_id": "x"}') AS no_id, test.keeping_error('audit_event') AS no_event,
	   test.keeping_error('audit_events', '{"address": "home"}') AS no_address, test.keeping_error('audit_events', '{"since": "yesterdays"}') AS no_time, test.keeping_error('audit_events', '{"grant_id": "1"}') AS no_family,
	   test.keeping_error('audit_events', '{"colour": 1}') AS unknown;
RESET ROLE;
DROP TABLE pages;
-- by the request and the trace that it comes of: answers with tokens and all else, in the time that a UUIDv7 tells
BEGIN;
SELECT pgtoken.mark_request(NULL, '00-6d0c1ab7b3ab4d8da2fb6e41b8eae7d1-00f067aa0ba902b7-01') AS request \gset
SELECT decision FROM pgtoken.issue_tokens('kept_app', 'kept-request', 'read');
SELECT pgtoken.update_client('kept_app', client_name => 'of a request') AS changed;
SET LOCAL ROLE pgtoken_auditor;
SELECT event FROM test.kept_seen(jsonb_build_object('request_id', :'request')) ORDER BY event;
SELECT event FROM test.kept_seen('{"trace_id": "6d0c1ab7b3ab4d8da2fb6e41b8eae7d1"}') ORDER BY event;
SELECT event FROM test.kept_seen(jsonb_build_object('request_id', :'request', 'event', 'client.*'));
SELECT (SELECT count(*) FROM test.kept_seen(jsonb_build_object('request_id', :'request', 'since', now() + interval '1 hour'))) AS later, (SELECT count(*) FROM test.kept_seen('{"request_id": "another"}')) AS another,
	   (SELECT count(*) FROM test.kept_seen(jsonb_build_object('request_id', :'request', 'trace_id', repeat('a', 32)))) AS of_another_trace;
SELECT r ->> 'request_id' = :'request' AS request, r ->> 'trace_id' AS trace, r ->> 'span_id' AS span
FROM jsonb_array_elements(pgtoken_console.audit_events(jsonb_build_object('request_id', :'request', 'event', 'client.*', 'whole', true)) -> 'rows') r;
SELECT e ->> 'request_id' = :'request' AS request, e ->> 'trace_id' AS trace
FROM jsonb_array_elements(pgtoken_console.audit_events(jsonb_build_object('request_id', :'request')) -> 'rows') r, LATERAL (SELECT pgtoken_console.audit_event(jsonb_build_object('event_id', r ->> 'event_id')) -> 'event') x (e);
RESET ROLE;
SET LOCAL ROLE pgtoken_issuer_admin;
SELECT count(*) AS of_no_issuer FROM test.kept_seen(jsonb_build_object('request_id', :'request'));
ROLLBACK;
-- Attack shut out: a filter is SQL.
SET ROLE pgtoken_auditor;
SELECT (SELECT count(*) FROM test.kept_seen(jsonb_build_object(f, $$x' OR true --$$))) AS found, f AS filter FROM unnest('{event,client_id,operator,subject,request_id,trace_id}'::text[]) f;
SELECT (SELECT count(*) FROM test.kept_seen('{"event": "''*"}')) AS found;
RESET ROLE;
-- Attack shut out: a context that somebody else has written, with an address that is none,
-- keeps the page from being shown.
INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, session_user_name, client_id, context)
VALUES ('00000000-0000-0000-0000-000000000000', pgtoken.new_uuid(), clock_timestamp(), 'test.odd', 'x', 'kept_app', '{"ip": "<b>none</b>"}');
SET ROLE pgtoken_auditor;
SELECT count(*) AS still FROM test.kept_seen('{"client_id": "kept_app", "address": "198.51.100.0/24"}');
RESET ROLE;
-- Attack shut out: a filter that fits nothing has the whole audit read by one call. It looks
-- at 20000 rows, and goes on behind them when it is asked to.
BEGIN;
INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, session_user_name)
SELECT '00000000-0000-0000-0000-000000000000', pgtoken.first_uuid('1999-02-03'::timestamptz + make_interval(secs => n)), '1999-02-03'::timestamptz + make_interval(secs => n), CASE n WHEN 1 THEN 'test.first' ELSE 'test.odd' END, 'x'
FROM generate_series(1, 20001) n;
SET LOCAL ROLE pgtoken_auditor;
SELECT jsonb_array_length(one.page -> 'rows') AS found, one.page ->> 'searched_to' AS searched_to, two.page #>> '{rows,0,event}' AS behind, two.page -> 'next' AS end
FROM (SELECT test.keeping('audit_events', '{"event": "test.first*", "until": "2000-01-01"}')) one (page),
	LATERAL (SELECT test.keeping('audit_events', jsonb_build_object('event', 'test.first*', 'until', '2000-01-01', 'after', one.page -> 'next'))) two (page);
ROLLBACK;

-- Attack shut out: an administrator of one issuer sees or changes what is another's.
SET ROLE regress_keeper;
SELECT r ->> 'policy' AS policy FROM jsonb_array_elements(test.keeping('policies') -> 'rows') r;
SELECT test.keeping('create_policy', '{"policy": "mine", "rules": [{"rule": "on_behalf", "outcome": "deny"}]}') AS made, test.keeping('activate_policy', '{"policy": "mine", "version": 1}') AS active,
	   test.keeping('deactivate_policy', '{"policy": "mine"}') AS off, test.keeping_error('rollback_policy', '{"policy": "nets"}') AS back, test.keeping_error('delete_policy', '{"policy": "mine"}') AS in_use,
	   test.keeping('simulate_policy', '{"policy": "loose"}') #> '{counts,0,looser}' AS looser;
SELECT f AS function, test.keeping_error(f, '{"issuer": "https://kept-other.example", "policy": "own"}'::jsonb || a) AS error
FROM (VALUES (1, 'create_policy', '{"rules": [{"rule": "on_behalf", "outcome": "deny"}]}'::jsonb), (2, 'activate_policy', '{"version": 1}'), (3, 'deactivate_policy', '{}'), (4, 'rollback_policy', '{}'), (5, 'delete_policy', '{}'),
			 (6, 'simulate_policy', '{}'), (7, 'policy_versions', '{}')) w (n, f, a) ORDER BY w.n;
SELECT (SELECT count(*) FROM test.kept_seen('{"client_id": "kept_other"}')) AS of_other, (SELECT count(*) > 5 FROM test.kept_seen('{"client_id": "kept_app"}')) AS of_kept, (SELECT count(*) FROM test.kept_seen('{"subject": "kept-erin", "event": "refresh.denied"}')) AS of_erin;
SELECT pgtoken_console.audit_event(jsonb_build_object('event_id', r ->> 'event_id')) -> 'decision' AS decision FROM jsonb_array_elements(pgtoken_console.audit_events('{"event": "refresh.denied", "limit": 1}') -> 'rows') r;
RESET ROLE;
SELECT e.event_id AS other_event FROM pgtoken.audit_events e WHERE e.client_id = 'kept_other' LIMIT 1 \gset
SET ROLE regress_keeper;
SELECT test.keeping_error('audit_event', jsonb_build_object('event_id', :'other_event')) AS of_another;
RESET ROLE;
-- Attack shut out: row security hides nearly all there is, and a call reads it nevertheless. It looks at
-- three days, and goes on behind them, back to when the issuer was made.
UPDATE pgtoken.issuers SET created_at = now() - interval '10 days' WHERE issuer = 'https://kept.example';
SET ROLE regress_keeper;
SELECT one.page -> 'rows' AS found, (one.page ->> 'searched_to')::timestamptz BETWEEN now() - interval '3 days' AND now() - interval '2 days' AS three_days, two.page ->> 'next' < one.page ->> 'next' AS goes_on, four.page -> 'next' AS end,
	   test.keeping('audit_events', '{"client_id": "kept_app", "event": "none"}') -> 'next' AS by_index
FROM (SELECT test.keeping('audit_events', '{"event": "none"}')) one (page),
	LATERAL (SELECT test.keeping('audit_events', jsonb_build_object('event', 'none', 'after', one.page -> 'next'))) two (page),
	LATERAL (SELECT test.keeping('audit_events', jsonb_build_object('event', 'none', 'after', two.page -> 'next'))) three (page),
	LATERAL (SELECT test.keeping('audit_events', jsonb_build_object('event', 'none', 'after', three.page -> 'next'))) four (page);
RESET ROLE;
-- Attack shut out: an auditor changes something, an administrator of one issuer looks at the
-- whole installation, the application looks at anything.
CREATE FUNCTION test.kept_allowed(of_role text) RETURNS text LANGUAGE sql AS
	$$SELECT string_agg(p.proname, ' ' ORDER BY p.proname COLLATE "C") FROM pg_proc p WHERE p.pronamespace = 'pgtoken_console'::regnamespace AND has_function_privilege(of_role, p.oid, 'EXECUTE')
	  AND p.proname = ANY ('{policy_rules,policies,policy_versions,policy_firings,simulate_policy,create_policy,activate_policy,deactivate_policy,rollback_policy,delete_policy,audit_events,audit_event,audit_seals,audit_sealing,verify_seal,storage}')$$;
SELECT r AS role, test.kept_allowed(r) AS may FROM unnest('{pgtoken_auditor,pgtoken_issuer_admin,pgtoken_issuer,pgtoken_http}'::text[]) r;
SELECT count(*) AS admin_may_not FROM unnest('{create_policy,activate_policy,deactivate_policy,rollback_policy,delete_policy,storage,audit_events}'::text[]) f WHERE NOT has_function_privilege('pgtoken_admin', format('pgtoken_console.%I(jsonb)', f), 'EXECUTE');
SET ROLE pgtoken_auditor;
SELECT test.keeping_error('create_policy', '{"policy": "x"}') AS auditor, test.keeping_error('activate_policy', '{"policy": "x", "version": 1}') AS activates;
RESET ROLE;
SET ROLE pgtoken_issuer;
SELECT test.keeping_error('policies') AS application;
RESET ROLE;

-- Seals.
SELECT length(pgtoken.create_audit_key(if_not_exists => true)) AS kid;
SELECT pgtoken.seal_audit('for the console') > 0 AS sealed;
SET ROLE pgtoken_auditor;
SELECT k ->> 'state' AS state, k ? 'kid' AS kid, k ? 'public_jwk' AS jwk FROM jsonb_array_elements(test.keeping('audit_sealing') -> 'keys') k WHERE k ->> 'state' = 'active';
SELECT (s ->> 'seals')::bigint > 0 AS seals, (s ->> 'last')::timestamptz <= clock_timestamp() AS last, s -> 'leaves_by_courier' AS leaves FROM test.keeping('audit_sealing') s;
SELECT (r -> 'rows' -> 0 ->> 'number')::bigint = (test.keeping('audit_sealing') ->> 'seals')::bigint AS newest_first, length(r -> 'rows' -> 0 ->> 'hash') AS hash, r -> 'rows' -> 0 ? 'seal' AS whole FROM test.keeping('audit_seals', '{"limit": 1}') r;
SELECT (v ->> 'number')::bigint = (test.keeping('audit_sealing') ->> 'seals')::bigint AS last, (SELECT bool_and((f ->> 'ok')::boolean) FROM jsonb_array_elements(v -> 'findings') f WHERE f -> 'number' = v -> 'number') AS ok,
	   jsonb_array_length(v -> 'findings') > 0 AS findings FROM test.keeping('verify_seal') v;
SELECT test.keeping_error('verify_seal', '{"number": 0}') AS no_seal;
RESET ROLE;

-- Storage: what there is, what comes next.
SELECT count(step) >= 0 AS maintained FROM pgtoken.maintain();
SET ROLE pgtoken_auditor;
SELECT p ->> 'parent' AS parent, p ->> 'holds' AS holds, bool_and(p ->> 'drop_from' IS NULL = (p ->> 'holds' <> 'month')) AS drop_from, bool_and(p ->> 'made_from' IS NOT NULL = (p ->> 'holds' = 'nothing')) AS made_from,
	   bool_and((p ->> 'bytes')::bigint > 0) AS bytes, count(*) >= 3 AS at_least_three
FROM jsonb_array_elements(test.keeping('storage') -> 'partitions') p WHERE p ->> 'holds' <> 'evidence' AND (p ->> 'month')::timestamptz > '2020-01-01' OR p ->> 'holds' = 'default' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT s -> 'database_bytes' > '0' AS database, s -> 'tables' @> '[{"name": "grants", "retention": "pgtoken.grant_retention"}]' AS grants, s -> 'tables' @> '[{"name": "tokens_default"}]' AS partitions,
	   (s ->> 'maintained_at')::timestamptz <= clock_timestamp() AS maintained, s -> 'tasks' @> '[{"task": "partitions"}]' AS tasks, jsonb_typeof(s -> 'outboxes') AS outboxes, s -> 'retention' ? 'pgtoken.lineage_retention' AS retention
FROM test.keeping('storage') s;
RESET ROLE;
-- what is due, and what keeps it: a month that retention has let go, and one with a family that lives
BEGIN;
SELECT pgtoken.new_uuid() AS old \gset
INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, session_user_name) VALUES (:'old', pgtoken.new_uuid(), '1999-02-03', 'test', 'x');
INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, jti, kid, access_expires_at, scope, resources, decision, context) VALUES (:'old', 0, 0, '1999-02-03', 'x', 'x', '1999-02-03', '', '{}', 'allow', '{}');
SELECT partition_name, holds, made_from FROM pgtoken.partitions() WHERE month < '2000-01-01' ORDER BY 1;
SET LOCAL pgtoken.audit_retention = 0;
SET LOCAL pgtoken.lineage_retention = 0;
SELECT count(*) AS made FROM pgtoken.maintain() WHERE step = 'partition created';
SELECT partition_name, holds, drop_from, kept_by FROM pgtoken.partitions() WHERE month < '2000-01-01' ORDER BY 1;
SET LOCAL pgtoken.audit_retention = '400 d';
SET LOCAL pgtoken.lineage_retention = '400 d';
SELECT partition_name, drop_from, kept_by FROM pgtoken.partitions() WHERE month < '2000-01-01' ORDER BY 1;
INSERT INTO pgtoken.grants SELECT (jsonb_populate_record(g, jsonb_build_object('grant_id', pgtoken.first_uuid('1999-02-02'), 'expires_at', now() + interval '1 day'))).* FROM pgtoken.grants g WHERE g.client_id = 'kept_app' AND g.revoked_at IS NULL LIMIT 1;
SELECT partition_name, drop_from, kept_by FROM pgtoken.partitions() WHERE month < '2000-01-01' ORDER BY 1;
ROLLBACK;

-- what other tests count is as it was
SELECT pgtoken.revoke_administration('https://kept.example', 'regress_keeper') AS revoked;
REVOKE USAGE ON SCHEMA test FROM pgtoken_auditor, pgtoken_issuer_admin, pgtoken_issuer;
DROP ROLE regress_keeper;
DELETE FROM pgtoken.policies WHERE issuer IN ('https://kept.example', 'https://kept-other.example');
