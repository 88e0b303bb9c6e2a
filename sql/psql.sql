-- What an administrator asks in psql.  Fault: the widest line had 715 columns, so that
-- nobody could read it without \x.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('psql', scopes => '{openid}', offline_access => true);
SELECT (pgtoken.create_client('psql-of-a-name-that-is-long', 'public', scopes => '{openid}')).client_id;

-- The text of a column: as wide as the column at the most, and nothing that a terminal obeys
SELECT n, pgtoken.clip(value, 8) AS clipped, octet_length(pgtoken.clip(value, 8)) AS bytes
FROM (VALUES (1, 'user-42'), (2, '12345678'), (3, '123456789'), (4, ''), (5, NULL), (6, E'\x1b[2J'), (7, E'a\nb'), (8, E'a\u009b31m'), (9, U&'\202Eabc'), (10, repeat('字', 4)),
			 (11, repeat('字', 5)), (12, repeat('ü', 8)), (13, repeat('ü', 9)), (14, 'a\x')) v (n, value) ORDER BY n;
SELECT columns, pgtoken.clip('123456789', columns) FROM (VALUES (-1), (0), (2), (3), (4), (2147483647)) v (columns) ORDER BY columns;
-- shown clipped, compared whole
SELECT 'a-subject-that-is-long'::text::pgtoken.clipped AS shown, s::text AS whole, s = 'a-subject-that-is-long' AS equal, s = 'a-subject-...' AS as_shown, s LIKE '%long' AS matches
FROM (SELECT 'a-subject-that-is-long'::text::pgtoken.clipped) v (s) ORDER BY s;
SELECT n, pgtoken.short_span(now() - span, now()) AS span, pgtoken.short_span(now() + span, now()) AS ahead
FROM (VALUES (1, interval '0'), (2, '99.9 s'), (3, '100 s'), (4, '99 min 59 s'), (5, '100 min'), (6, '47 h'), (7, '2 days'), (8, '9999 days'), (9, '10000 days')) v (n, span) ORDER BY n;
SELECT pgtoken.short_span('-infinity', now()) AS ever, pgtoken.short_span(now(), 'infinity') AS forever, pgtoken.short_span(NULL, now()) AS never, pgtoken.short_span('infinity', 'infinity') AS both;
SELECT n, pgtoken.short_number(n) FROM (VALUES (0), (99999), (100000), (9999999), (10000000), (9999999999), (10000000000)) v (n) ORDER BY n;
SELECT pgtoken.uuid_time(pgtoken.first_uuid('2026-02-11 14:03:07.25+00')) AT TIME ZONE 'UTC' AS time;

-- Who holds what: one that lives, and those that have ended in every way there is
SELECT grant_id AS lives, refresh_token AS rt0 FROM pgtoken.issue_tokens('psql', 'paula', 'openid offline_access', context => '{"ip": "192.0.2.1", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}') \gset
SELECT grant_id AS stolen, refresh_token AS st0 FROM pgtoken.issue_tokens('psql', 'paula', 'openid offline_access', context => '{"ip": "2001:db8:1111:2222:3333:4444:5555:6666"}') \gset
SELECT refresh_token AS st1 FROM pgtoken.refresh_grant(:'st0', 'psql', test.secret('psql'), context => '{"ip": "192.0.2.2"}') \gset
SELECT count(refresh_token) AS retried FROM pgtoken.refresh_grant(:'st0', 'psql', test.secret('psql'), context => '{"ip": "192.0.2.2"}');
SELECT refresh_token AS st2 FROM pgtoken.refresh_grant(:'st1', 'psql', test.secret('psql'), context => '{"ip": "192.0.2.2"}') \gset
SELECT error FROM pgtoken.refresh_grant(:'st0', 'psql', test.secret('psql'), context => '{"ip": "203.0.113.66", "user_agent": "curl/8.5.0"}');
SELECT error FROM pgtoken.refresh_grant(:'st2', 'psql', test.secret('psql'));
SELECT grant_id AS logged_out FROM pgtoken.issue_tokens('psql', 'paula', 'openid offline_access') \gset
SELECT count(*) AS revoked FROM pgtoken.revoke_family(:'logged_out'::uuid, 'logged out by the help desk');
SELECT grant_id AS before FROM pgtoken.issue_tokens('psql', 'pedro', 'openid offline_access') \gset
SELECT count(pgtoken.set_not_before(subject => 'pedro')) AS ended;
SELECT grant_id AS idle FROM pgtoken.issue_tokens('psql', 'paula', 'openid offline_access') \gset
UPDATE pgtoken.grants SET rotated_at = now() - interval '20 days', created_at = now() - interval '20 days' WHERE grant_id = :'idle';
SELECT grant_id AS expired FROM pgtoken.issue_tokens('psql-of-a-name-that-is-long', 'paula', 'openid') \gset
UPDATE pgtoken.grants SET expires_at = now() - interval '3 hours 1 minute' WHERE grant_id = :'expired';
SELECT subject, client_id, signed_in ~ '^\d+s$' AS signed_in, used ~ '^\d+s$' AS used, ends FROM pgtoken.sessions WHERE subject IN ('paula', 'pedro') ORDER BY grant_id;
SELECT subject, client_id, regexp_replace(ended, '\d+s', 'now') AS ended, why FROM pgtoken.ended_sessions WHERE subject IN ('paula', 'pedro') ORDER BY grant_id;
SELECT s.grant_id = :'lives' AS found, (SELECT count(*) FROM pgtoken.sessions s WHERE s.client_id = 'psql' AND s.subject = 'paula') AS living,
	   (SELECT count(*) FROM pgtoken.ended_sessions e WHERE e.client_id = 'psql-of-a-name-that-is-long') AS by_whole_name
FROM pgtoken.sessions s WHERE s.subject = 'paula';
-- both are all, the newest first
SELECT (SELECT count(*) FROM pgtoken.sessions) = (SELECT count(*) FROM pgtoken.grant_status WHERE state = 'active') AS all_living,
	   (SELECT count(*) FROM pgtoken.ended_sessions) = (SELECT count(*) FROM pgtoken.grant_status WHERE state <> 'active') AS all_ended,
	   (SELECT array_agg(grant_id) = array_agg(grant_id ORDER BY grant_id DESC) FROM pgtoken.sessions) AS newest_first;

-- Where a family came from: a retry, a thief; the times and the ends of jti are other ones each time
CREATE FUNCTION test.drawn(line text) RETURNS text LANGUAGE sql
	RETURN regexp_replace(regexp_replace(regexp_replace(regexp_replace(line, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'UUID'), '\m\d\d-\d\d \d\d:\d\d:\d\d\M', 'MM-DD HH:MI:SS'),
						  'jti \.\.[\w-]{8}', 'jti ..xxxxxxxx'), '^from .* to .*$', 'from TIME to TIME');
SELECT test.drawn(l) AS lineage_tree FROM pgtoken.lineage_tree(:'stolen') l;
SELECT test.drawn(l) AS lineage_tree FROM pgtoken.lineage_tree(:'lives'::uuid) l;
SELECT test.drawn(l) AS lineage_tree FROM pgtoken.lineage_tree(:'expired') l;
-- by a token; what is not known
SELECT (SELECT array_agg(l) FROM pgtoken.lineage_tree(:'st1') l) = (SELECT array_agg(l) FROM pgtoken.lineage_tree(:'stolen'::uuid) l) AS same,
	   (SELECT count(*) FROM pgtoken.lineage_tree('00000000-0000-7000-8000-000000000000')) AS unknown, (SELECT count(*) FROM pgtoken.lineage_tree('nonsense')) AS nonsense,
	   (SELECT count(*) FROM pgtoken.lineage_tree(NULL::uuid)) + (SELECT count(*) FROM pgtoken.lineage_tree(NULL::text)) AS of_null;
-- a long one is folded, refusals apart from answers, and what counts never
SELECT grant_id AS long, refresh_token AS lt FROM pgtoken.issue_tokens('psql', 'paula', 'openid offline_access') \gset
CREATE TEMP TABLE held (token text);
INSERT INTO held VALUES (:'lt');
DO $$
BEGIN
	FOR i IN 1 .. 60 LOOP
		IF i <= 30 THEN
			PERFORM pgtoken.refresh_grant(h.token, 'psql', test.secret('psql'), 'email') FROM held h;
		END IF;
		UPDATE held SET token = r.refresh_token FROM pgtoken.refresh_grant((SELECT token FROM held), 'psql', test.secret('psql')) r;
	END LOOP;
END
$$;
SELECT count(*) AS revoked FROM pgtoken.revoke_family(:'long'::uuid, 'too many');
SELECT error FROM held, pgtoken.refresh_grant(token, 'psql', test.secret('psql'));
DROP TABLE held;
SELECT test.drawn(l) AS lineage_tree FROM pgtoken.lineage_tree(:'long') l;
SELECT sum((regexp_match(l, '(\d+) generations'))[1]::integer) + count(*) FILTER (WHERE l ~ 'issued|refreshed') AS generations,
	   sum((regexp_match(l, '(\d+) refusals'))[1]::integer) + count(*) FILTER (WHERE l ~ 'refused') AS refusals
FROM pgtoken.lineage_tree(:'long') l;
-- one whose row is gone, and a number of many digits
BEGIN;
DELETE FROM pgtoken.grants WHERE grant_id = :'stolen';
INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, parent_generation, jti, kid, access_expires_at, scope, resources, decision, context)
VALUES (:'stolen', 2000000001, 0, now(), 2000000000, 'x', 'x', now(), '', '{}', 'allow', '{}');
SELECT test.drawn(l) AS lineage_tree FROM pgtoken.lineage_tree(:'stolen') l;
ROLLBACK;

-- What happened: how long ago it began, or when
SELECT what, subject, client_id, source IN (session_user, left(session_user, 12) || '...') AS by_role, CASE WHEN source ~ '^[0-9.]+$|:' THEN source END AS source
FROM pgtoken.activity('1 hour', subject => 'paula', client_id => 'psql', max_events => NULL) WITH ORDINALITY a (at, what, subject, client_id, source, n)
WHERE what NOT LIKE 'token.refreshed' AND what NOT LIKE '%scope_not_%' ORDER BY n DESC;
SELECT n, what, at IS NULL AS no_event FROM pgtoken.activity(max_events => 2, subject => 'pedro') WITH ORDINALITY a (at, what, subject, client_id, source, n) ORDER BY n;
SELECT n, since, (SELECT count(*) > 20 FROM pgtoken.activity(since, client_id => 'psql')) AS some
FROM (VALUES (1, '1 hour'), (2, 'yesterday'), (3, '2026-01-01'), (4, '20260101'), (5, '1 mon'), (6, '-infinity'), (7, 'infinity'), (8, 'tomorrow'), (9, '00:30')) v (n, since) ORDER BY n;
SELECT count(*) > 20 AS of_a_time FROM pgtoken.activity(now() - interval '1 hour', client_id => 'psql');
SELECT count(*) > 20 AS of_ever FROM pgtoken.activity(NULL::timestamptz, client_id => 'psql', max_events => NULL);
SELECT count(*) AS nothing FROM pgtoken.activity(NULL::text, subject => 'nobody-at-all');
SELECT test.outcome(format('SELECT pgtoken.activity(%L)', since)) FROM unnest('{nonsense,2026-13-01,"999999999 years",""}'::text[]) since;
SELECT test.outcome('SELECT pgtoken.activity(max_events => 0)');
BEGIN;
SELECT pgtoken.write_audit_event('x', '{}', 'x', 'x', 'pablo');
INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, reason, subject, session_user_name, role_name)
SELECT '00000000-0000-0000-0000-000000000000', pgtoken.new_uuid(), now() - ago, event, reason, 'pablo', 'x', 'x'
FROM (VALUES (interval '30 hours', 'client.authentication_failed', 'client_auth_method_not_registered'), ('400 days', 'grant.changed', 'a reason that is rather long, and more')) v (ago, event, reason);
SELECT regexp_replace(at, '\d', '9', 'g') AS at, what FROM pgtoken.activity('10 years', 'pablo');
ROLLBACK;

-- What there is on disk
BEGIN;
SELECT format('audit_rows_reuse_%s', to_char(now(), 'YYYY_MM')) AS kept \gset
SELECT pgtoken.make_partition('audit_rows', :'kept');
SET LOCAL pgtoken.code_retention = 0;
SELECT replace(relation, :'kept', 'audit_rows_reuse_YYYY_MM') AS relation, rows ~ '^\d+k?$' AS rows, size ~ '^\d+ [kM]?B$' AS size, coalesce(dead ~ '^\d+%$', true) AS dead, oldest IS NOT NULL AS oldest, newest IS NOT NULL AS newest, retention
FROM pgtoken.storage WHERE relation ~ '^(grants|clients|tokens_default|authorization_codes|challenges|blacklist|subject_not_before|audit_rows_reuse.*)$' ORDER BY relation COLLATE "C";
ROLLBACK;
SELECT (SELECT count(*) FROM pgtoken.storage) = (SELECT count(*) FROM pg_class WHERE relnamespace = 'pgtoken'::regnamespace AND relkind = 'r') AS all_tables;
-- each setting of retention is the one of some table, but for that of columns
SELECT s.name AS of_no_table FROM pg_settings s WHERE s.name LIKE 'pgtoken.%\_retention' AND s.name <> 'pgtoken.address_retention'
AND NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND 'pgtoken.' || pgtoken.retention_setting(c.relname) = s.name);

-- Attack shut out: who chooses a user agent, a name or a reason moves the administrator's
-- cursor, hides or forges a line, or pushes what matters out of sight.  All of it at once,
-- in the widest form there is, as psql prints it: its own measure of a table is the line
-- below the header.
BEGIN;
ALTER TABLE pgtoken.grants DISABLE TRIGGER USER;
UPDATE pgtoken.grants SET subject = E'字字字字字字字字字字\x1b[2J\r\n\u202e' || repeat('x', 300), client_id = E'\x1b]0;title\x07' || repeat('字', 40), revoke_reason = E'\x1b[1m字字字字字字字字字字字字\n',
	grant_type = E'\x1b[2J' || repeat('字', 30), ancestors = ARRAY[:'lives'::uuid], context = jsonb_build_object('ip', E'\x1b[2J字字字字字字字字字字', 'user_agent', repeat(E'字\x1b[2J', 100)),
	created_at = now() - interval '9999 days', rotated_at = now() - interval '9999 days', idle_lifetime = '30000 days', expires_at = 'infinity', not_before = NULL
WHERE subject = 'paula';
INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, reason, client_id, subject, session_user_name, role_name, context, detail)
SELECT g.grant_id, pgtoken.new_uuid(), now(), event, E'\x1b[2J' || repeat('字\', 100), E'字\n' || repeat('c', 300), repeat(E'字\x1b', 100), repeat(E'字\x1b', 30), repeat(E'字\x1b', 30),
	   jsonb_build_object('ip', repeat(E'\x1b[2J', 9), 'user_agent', repeat(E'\u202e字\x1b[2J', 100)), '{"presented_generation": 2000000000, "current_generation": 2000000001}'
FROM pgtoken.grants g, unnest(ARRAY['refresh.reuse', 'grant.revoked', 'refresh.refused', E'\x1b[2J' || repeat('字', 50), E'x.\x1b[2J' || repeat('字', 50)]) event WHERE g.grant_id IN (:'lives', :'stolen');
INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, parent_generation, jti, kid, access_expires_at, scope, resources, decision, context)
SELECT g.grant_id, 2000000001, retry, now(), 2000000000, repeat(E'字\x1b', 30), 'x', now(), '', '{}', 'allow', g.context FROM pgtoken.grants g, generate_series(0, 40) retry WHERE g.grant_id = :'stolen';
\pset format aligned
\getenv directory PG_ABS_BUILDDIR
\set shown :directory '/results/psql.shown'
\o :shown
SELECT * FROM pgtoken.sessions;
SELECT * FROM pgtoken.ended_sessions;
SELECT * FROM pgtoken.activity('1 day', max_events => NULL);
SELECT * FROM pgtoken.activity('10000 days', max_events => 100000);
SELECT * FROM pgtoken.storage;
SELECT * FROM pgtoken.lineage_tree(:'lives');
SELECT * FROM pgtoken.lineage_tree(:'stolen');
SELECT * FROM pgtoken.lineage_tree(:'long');
\o
\setenv SHOWN :shown
\set lines `cat "$SHOWN"`
SELECT count(*) FILTER (WHERE l ~ '^-[-+]+-$') AS tables, count(*) > 300 AS many_lines, max(length(l)) FILTER (WHERE l ~ '^-[-+]+-$') <= 100 AS narrow, count(*) FILTER (WHERE l ~ '^-[-+]+-$' AND length(l) > 90) > 3 AS wide_enough,
	   count(*) FILTER (WHERE l ~ '[\u0001-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]') AS obeyed, count(*) FILTER (WHERE l ~ '\+$' AND l !~ '^-') AS broken,
	   count(*) FILTER (WHERE l ~ '\\x1b' AND l ~ '字') > 0 AS hostile
FROM regexp_split_to_table(:'lines', E'\n') l;
-- psql writes escapes itself: what comes to it has none either
SELECT count(*) > 300 AS many, count(*) FILTER (WHERE r ~ '[\u0001-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]') AS obeyed
FROM (SELECT s::text FROM pgtoken.sessions s UNION ALL SELECT s::text FROM pgtoken.ended_sessions s UNION ALL SELECT a::text FROM pgtoken.activity('10000 days', max_events => NULL) a
	  UNION ALL SELECT s::text FROM pgtoken.storage s UNION ALL SELECT l FROM pgtoken.lineage_tree(:'lives') l UNION ALL SELECT l FROM pgtoken.lineage_tree(:'stolen') l) v (r);
ROLLBACK;

-- What explains in sentences is as wide as its sentences: psql can break them.
\pset format wrapped
\pset columns 100
\o :shown
SELECT * FROM pgtoken.health();
SELECT * FROM pgtoken.refusal_reasons();
\o
\pset format aligned
\set lines `cat "$SHOWN"`
SELECT count(*) FILTER (WHERE l ~ '^-[-+]+-$') AS tables, max(length(l)) <= 100 AS narrow FROM regexp_split_to_table(:'lines', E'\n') l;

-- As fast with ten million families: by the indexes, in the order that is asked for.
-- As in audit.sql these are the plans of tables that nobody has analyzed.
BEGIN;
DELETE FROM pg_statistic s USING pg_class c WHERE c.oid = s.starelid AND c.relnamespace = 'pgtoken'::regnamespace;
UPDATE pg_class SET relpages = 0, reltuples = -1, relallvisible = 0 WHERE relnamespace = 'pgtoken'::regnamespace AND relkind IN ('r', 'p', 'i');
CREATE FUNCTION test.plan(query text) RETURNS jsonb LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
	found json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json, COSTS off) ' || query INTO found;
	RETURN found::jsonb;
END
$$;
SELECT n, jsonb_path_exists(p, '$.** ? (@."Node Type" == "Seq Scan")') AS scans, jsonb_path_exists(p, '$.** ? (@."Node Type" == "Sort")') AS sorts,
	   jsonb_path_query_first(p, '$.** ? (@."Alias" == "g" && @."Relation Name" == "grants")."Index Name"') ->> 0 AS index,
	   jsonb_path_query_first(p, '$.** ? (@."Alias" == "g" && @."Relation Name" == "grants")."Scan Direction"') ->> 0 AS direction
FROM (VALUES (1, 'SELECT * FROM pgtoken.sessions WHERE subject = ''alice'''), (2, 'SELECT * FROM pgtoken.sessions WHERE subject = ''alice'' AND client_id = ''web'''),
			 (3, 'SELECT * FROM pgtoken.sessions LIMIT 20'), (4, 'SELECT * FROM pgtoken.ended_sessions WHERE subject = ''alice'''), (5, 'SELECT * FROM pgtoken.ended_sessions LIMIT 20')) q (n, query), test.plan(q.query) p
ORDER BY n;
ROLLBACK;

-- Who may: the auditor and the administrator, with their own rights
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_pgtoken_auditor, regress_pgtoken_issuer, regress_pgtoken_http, regress_pgtoken_reader;
SET client_min_messages = warning;
CREATE ROLE regress_pgtoken_auditor IN ROLE pgtoken_auditor;
CREATE ROLE regress_pgtoken_issuer IN ROLE pgtoken_issuer;
CREATE ROLE regress_pgtoken_http IN ROLE pgtoken_http;
CREATE ROLE regress_pgtoken_reader IN ROLE pg_read_all_data;
GRANT USAGE ON SCHEMA pgtoken TO regress_pgtoken_reader;
GRANT USAGE ON SCHEMA test TO regress_pgtoken_auditor, regress_pgtoken_issuer, regress_pgtoken_http, regress_pgtoken_reader;
CREATE FUNCTION test.of_psql() RETURNS TABLE (what text, outcome text) LANGUAGE sql AS $$
	SELECT q, test.outcome('SELECT count(*) FROM ' || q)
	FROM unnest('{pgtoken.sessions,pgtoken.ended_sessions,pgtoken.storage,pgtoken.activity(),pgtoken.activity(now()),pgtoken.lineage_tree(''x''),pgtoken.lineage_tree(NULL::uuid)}'::text[]) q
$$;
SET ROLE regress_pgtoken_auditor;
SELECT * FROM test.of_psql();
SELECT count(*) > 0 AS sessions FROM pgtoken.sessions;
SELECT count(*) > 10 AS activity FROM pgtoken.activity();
SELECT count(*) AS drawn FROM pgtoken.lineage_tree(:'stolen');
SET ROLE regress_pgtoken_issuer;
SELECT * FROM test.of_psql();
SET ROLE regress_pgtoken_http;
SELECT * FROM test.of_psql();
-- Attack shut out: a backup or reporting role sees rows by a view, or has a cheap function told of them.
RESET ROLE;
CREATE TABLE test.told (what text);
CREATE FUNCTION test.tell(what anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$BEGIN INSERT INTO test.told VALUES (what::text); RETURN true; END$$;
GRANT INSERT ON test.told TO regress_pgtoken_reader;
CREATE FUNCTION test.seen(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE query INTO n;
	RETURN n;
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 0;
END
$$;
SET ROLE regress_pgtoken_reader;
SELECT q AS what, test.seen('SELECT count(*) FROM ' || q) AS seen
FROM unnest('{pgtoken.sessions,pgtoken.ended_sessions,pgtoken.storage,pgtoken.activity(),pgtoken.lineage_tree(''x''),pgtoken.sessions WHERE test.tell(subject),pgtoken.ended_sessions WHERE test.tell(grant_id)}'::text[]) q;
RESET ROLE;
SELECT count(*) AS told FROM test.told;
DROP FUNCTION test.tell(anyelement), test.seen(text), test.of_psql(), test.drawn(text);
DROP TABLE test.told;
REVOKE USAGE ON SCHEMA test FROM regress_pgtoken_auditor, regress_pgtoken_issuer, regress_pgtoken_http, regress_pgtoken_reader;
REVOKE USAGE ON SCHEMA pgtoken FROM regress_pgtoken_reader;
DROP ROLE regress_pgtoken_auditor, regress_pgtoken_issuer, regress_pgtoken_http, regress_pgtoken_reader;
RESET client_min_messages;
