-- The audit log: everything leaves a trace, nothing secret does, nobody removes one.
\set SHOW_CONTEXT never

-- What an administrator does. Each row: what was done, and what the log says of it.
CREATE FUNCTION test.logged(statement text) RETURNS TABLE (event text, reason text, client_id text, detail text[]) LANGUAGE plpgsql AS $$
DECLARE
	before uuid[] := array(SELECT a.event_id FROM pgtoken.audit_events a);
BEGIN
	EXECUTE statement;
	RETURN QUERY
	SELECT a.event, a.reason, a.client_id,
		   array(SELECT format('%s: %s', m.key, (SELECT string_agg(k, ' ' ORDER BY k COLLATE "C")
												 FROM jsonb_object_keys(CASE jsonb_typeof(m.value) WHEN 'object' THEN m.value ELSE '{}' END) k))
				 FROM jsonb_each(a.detail) m ORDER BY m.key COLLATE "C" DESC)
	FROM pgtoken.audit_events a WHERE a.event_id <> ALL (before)
	ORDER BY a.event COLLATE "C", a.detail::text COLLATE "C";
END
$$;
SELECT l.event, l.reason, l.client_id, l.detail FROM test.logged($$SELECT pgtoken.create_issuer('https://audit.example')$$) l;
SELECT l.event, l.reason, l.client_id, l.detail FROM test.logged($$SELECT pgtoken.create_signing_key('ES256', 'https://audit.example')$$) l;
SELECT l.event, l.reason, l.client_id, l.detail FROM test.logged($$SELECT pgtoken.create_resource('https://r.audit.example', '{a}', issuer => 'https://audit.example')$$) l;
SELECT l.event, l.reason, l.client_id, l.detail FROM test.logged($$SELECT pgtoken.update_resource('https://r.audit.example', enabled => false, issuer => 'https://audit.example')$$) l;
SELECT l.event, l.reason, l.client_id, l.detail FROM test.logged($$INSERT INTO test.clients SELECT * FROM pgtoken.create_client('audited', scopes => '{openid,a}', offline_access => true, issuer => 'https://audit.example')$$) l;
SELECT l.event, l.reason, l.client_id, l.detail FROM test.logged($$SELECT pgtoken.update_client('audited', client_name => 'Audited')$$) l;
SELECT l.event, l.reason, l.client_id, l.detail FROM test.logged($$SELECT pgtoken.create_client_secret('audited')$$) l;
SELECT l.event, l.reason, l.client_id, l.detail FROM test.logged($$SELECT pgtoken.revoke_client_secret('audited', (SELECT secret_id FROM pgtoken.client_secrets WHERE client_id = 'audited' ORDER BY created_at DESC LIMIT 1))$$) l;
SELECT l.event, l.reason, l.client_id, l.detail FROM test.logged($$SELECT pgtoken.rotate_signing_key('ES256', 'https://audit.example', force => true)$$) l;
SELECT l.event, l.reason, l.client_id, l.detail FROM test.logged($$SELECT pgtoken.retire_signing_key(kid, 'end') FROM pgtoken.signing_keys WHERE issuer = 'https://audit.example' AND state = 'retiring'$$) l;
-- the values before and after are there
SELECT detail -> 'before' -> 'client_name' AS before, detail -> 'after' -> 'client_name' AS after FROM pgtoken.audit_events
WHERE client_id = 'audited' AND event = 'client.changed';
-- a change that bypasses the functions leaves its trace as well
SELECT l.event, l.reason, l.client_id, l.detail FROM test.logged($$UPDATE pgtoken.clients SET enabled = true WHERE client_id = 'audited'$$) l;

-- Tokens: who, what, from where
SELECT access_token AS at0, refresh_token AS rt0, id_token AS it0, grant_id AS gid
FROM pgtoken.issue_tokens('audited', 'heidi', 'openid offline_access', context => '{"ip": "192.0.2.1", "user_agent": "x"}') \gset
SELECT access_token AS at1, refresh_token AS rt1, id_token AS it1
FROM pgtoken.refresh_grant(:'rt0', 'audited', test.secret('audited'), context => '{"ip": "192.0.2.2"}') \gset
SELECT count(*) FROM pgtoken.blacklist_token(:'at0', 'lost');
SELECT count(*) FROM pgtoken.revoke_family(:'gid'::uuid, 'logout');
SELECT event, reason, client_id, subject, context, detail - '{jti,before,after}'::text[] AS detail FROM pgtoken.audit_events
WHERE grant_id = :'gid' AND event NOT LIKE 'blacklist.%' ORDER BY event COLLATE "C";
SELECT event, reason FROM pgtoken.audit_events WHERE grant_id = :'gid' AND event LIKE 'blacklist.%';
SELECT bool_and(occurred_at BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp()) AS now,
	   bool_and(session_user_name = session_user) AS session_user, bool_and(role_name = current_user) AS role,
	   bool_and(application_name = current_setting('application_name')) AS application_name,
	   bool_and(substr(event_id::text, 15, 1) = '7') AS uuid_v7
FROM pgtoken.audit_events WHERE grant_id = :'gid';
-- the events of one transaction, and no others, have its number, also inside of subtransactions
BEGIN;
SELECT pgtoken.update_client('audited', client_name => 'outside') AS outside;
SAVEPOINT s;
SELECT pgtoken.update_client('audited', client_name => 'inside') AS inside;
ROLLBACK TO s;
SELECT pgtoken.update_client('audited', client_name => 'inside again') AS again;
RELEASE s;
SELECT array_agg(detail #>> '{after,client_name}' ORDER BY event_id) AS of_this_transaction FROM pgtoken.audit_events WHERE xact_id = pg_current_xact_id();
COMMIT;
SELECT count(DISTINCT xact_id) AS transactions, count(*) FROM pgtoken.audit_events WHERE grant_id = :'gid' AND event IN ('grant.issued', 'token.refreshed', 'grant.revoked');
-- an answer's event is its ledger row: of the same moment, whole when the family is gone, and there is no other
BEGIN;
DELETE FROM pgtoken.grants WHERE grant_id = :'gid';
SELECT e.event, e.client_id, e.subject, e.context ->> 'ip' AS ip, e.detail ->> 'scope' AS scope, e.detail ->> 'jti' IS NOT DISTINCT FROM CASE WHEN t.generation > 0 THEN t.jti END AS jti,
	   e.event_id BETWEEN pgtoken.first_uuid(t.issued_at) AND pgtoken.first_uuid(t.issued_at + interval '1 ms') AS id
FROM pgtoken.audit_events e JOIN pgtoken.tokens t ON t.grant_id = e.grant_id AND t.issued_at = e.occurred_at WHERE t.grant_id = :'gid' ORDER BY event;
SELECT count(*) AS other FROM pgtoken.audit_rows WHERE grant_id = :'gid' AND event IN ('grant.issued', 'token.refreshed', 'token.retried');
ROLLBACK;
-- a family that somebody writes by hand, without an answer, leaves its trace as well
BEGIN;
INSERT INTO pgtoken.grants SELECT (jsonb_populate_record(g, jsonb_build_object('grant_id', pgtoken.new_uuid(), 'subject', 'by-hand'))).* FROM pgtoken.grants g WHERE g.grant_id = :'gid';
SELECT event, client_id, detail FROM pgtoken.audit_events WHERE subject = 'by-hand';
ROLLBACK;
-- events of no family have the grant_id of nobody
SELECT DISTINCT grant_id FROM pgtoken.audit_events WHERE event LIKE 'client.%' OR event LIKE 'issuer.%';

-- C98: a refusal is on record though it is an error for the caller; C21, C96
SELECT (pgtoken.refresh_grant(:'rt1', 'audited', 'wrong')).error;
SELECT (pgtoken.refresh_grant(:'rt1', 'audited', test.secret('audited'))).error;
SELECT (pgtoken.issue_tokens('audited', 'heidi', 'b')).error;
SELECT event, reason, subject, grant_id = :'gid' AS of_family FROM pgtoken.audit_events
WHERE client_id = 'audited' AND event IN ('client.authentication_failed', 'refresh.refused', 'issue.refused') ORDER BY event;

-- Attack shut out: somebody fills the disk by sending noise. What is unknown or
-- malformed leaves no row, nor what names a family and comes of nobody who is known.
SELECT test.written() AS before \gset
SELECT count(r.error) AS refused FROM (VALUES ('', 'audited'), ('x', 'audited'), (test.forge(:'rt1', 1), 'app'), (test.forge(:'rt1', 0), 'app')) v (token, client), pgtoken.refresh_grant(token, client, CASE client WHEN 'audited' THEN test.secret(client) END) r;
SELECT (pgtoken.refresh_grant(:'rt1', 'nobody', 'x')).error, (pgtoken.issue_tokens('nobody', 'x')).error;
SELECT (pgtoken.issue_tokens('audited', 'x', 'a  b')).error, (pgtoken.issue_tokens('audited', 'x', resource => '{x}')).error;
SELECT test.written() = :'before' AS nothing_written;

-- C98: what is rolled back has not happened: no token, no family, no event
SELECT test.written() AS before \gset
BEGIN;
SELECT refresh_token AS rt FROM pgtoken.issue_tokens('audited', 'heidi', 'openid offline_access') \gset
SELECT test.brief(pgtoken.refresh_grant(:'rt', 'audited', test.secret('audited')));
SELECT (pgtoken.refresh_grant(:'rt', 'audited', 'wrong')).error;
SELECT pgtoken.update_client('audited', client_name => 'Never');
SELECT test.written() <> :'before' AS written_so_far;
ROLLBACK;
SELECT test.written() = :'before' AS nothing_left;
BEGIN;
SAVEPOINT s;
SELECT (pgtoken.issue_tokens('audited', 'heidi', 'b')).error;
SELECT 1 / 0;
ROLLBACK TO s;
COMMIT;
SELECT test.written() = :'before' AS nothing_left;
-- the context of a call that failed half-way does not stick to what comes next
CREATE FUNCTION test.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$;
CREATE TRIGGER zz_fail BEFORE INSERT ON pgtoken.tokens FOR EACH ROW EXECUTE FUNCTION test.fail();
SELECT test.outcome($$SELECT pgtoken.issue_tokens('audited', 'heidi', context => '{"ip": "192.0.2.99"}')$$);
SELECT pgtoken.update_client('audited', client_name => 'After a subtransaction');
SELECT pgtoken.issue_tokens('audited', 'heidi', context => '{"ip": "192.0.2.99"}');
SELECT pgtoken.update_client('audited', client_name => 'After a transaction');
DROP TRIGGER zz_fail ON pgtoken.tokens;
SELECT detail -> 'after' ->> 'client_name' AS name, context, subject FROM pgtoken.audit_events
WHERE event = 'client.changed' AND detail -> 'after' ->> 'client_name' LIKE 'After%' ORDER BY name;

-- SET ROLE: both names are recorded
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_pgtoken_application;
RESET client_min_messages;
CREATE ROLE regress_pgtoken_application IN ROLE pgtoken_issuer;
SET ROLE regress_pgtoken_application;
SELECT (pgtoken.issue_tokens('audited', 'ivan')).decision;
RESET ROLE;
SELECT session_user_name = session_user AS logged_in, role_name FROM pgtoken.audit_events WHERE subject = 'ivan';
DROP ROLE regress_pgtoken_application;

-- Attack shut out: a COPY of the caller's own passes for a restore, which is not
-- audited row by row, and whatever is called in it leaves no trace.
SELECT access_token AS at, refresh_token AS rt FROM pgtoken.issue_tokens('audited', 'copied', 'openid offline_access') \gset
CREATE ROLE regress_pgtoken_application IN ROLE pgtoken_admin, pgtoken_issuer;
GRANT USAGE ON SCHEMA test TO regress_pgtoken_application;
GRANT SELECT ON test.clients TO regress_pgtoken_application;
SET ROLE regress_pgtoken_application;
COPY (SELECT decision FROM pgtoken.issue_tokens('audited', 'by-copy', 'openid')) TO STDOUT;
COPY (SELECT decision FROM pgtoken.refresh_grant(:'rt', 'audited', test.secret('audited'))) TO STDOUT;
COPY (SELECT token_type FROM pgtoken.blacklist_token(:'at', 'copied')) TO STDOUT;
COPY (SELECT reason FROM pgtoken.revoke_family(:'rt', 'copied')) TO STDOUT;
COPY (SELECT length((pgtoken.create_client_secret('audited')).client_secret)) TO STDOUT;
COPY (SELECT pgtoken.update_client('audited', client_name => 'By COPY')) TO STDOUT;
CREATE TEMP TABLE inbox (subject text, made uuid DEFAULT (pgtoken.issue_tokens('audited', 'by-default', 'openid')).grant_id);
CREATE FUNCTION pg_temp.work() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pgtoken.issue_tokens('audited', new.subject, 'openid');
	PERFORM pgtoken.update_client('audited', client_name => 'By ' || new.subject);
	RETURN new;
END
$$;
CREATE TRIGGER work BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION pg_temp.work();
COPY inbox (subject) FROM STDIN;
by-trigger
\.
SELECT count(made) AS copied FROM inbox;
DROP TABLE inbox;
DROP FUNCTION pg_temp.work();
RESET ROLE;
SELECT event, reason, subject, count(*) FROM pgtoken.audit_events
WHERE role_name = 'regress_pgtoken_application' AND (subject IN ('copied', 'by-copy', 'by-trigger', 'by-default'))
GROUP BY event, reason, subject ORDER BY subject, event COLLATE "C";
SELECT event, detail -> 'after' ->> 'client_name' AS client_name FROM pgtoken.audit_events
WHERE role_name = 'regress_pgtoken_application' AND client_id = 'audited' AND event LIKE 'client%' ORDER BY event, client_name;
DROP OWNED BY regress_pgtoken_application;
DROP ROLE regress_pgtoken_application;
-- a restore is: rows that come into our own tables bring their events along
SELECT count(*) AS before FROM pgtoken.audit_events \gset
BEGIN;
COPY pgtoken.resources (issuer, resource) FROM STDIN;
https://audit.example	https://restored.example
\.
SELECT count(*) - :before AS events FROM pgtoken.audit_events;
INSERT INTO pgtoken.resources (issuer, resource) VALUES ('https://audit.example', 'https://by-hand.example');
SELECT count(*) - :before AS events FROM pgtoken.audit_events;
ROLLBACK;

-- Attack shut out: a session's DateStyle makes times in the log ambiguous.
SET datestyle = 'SQL, DMY';
SET timezone = 'Asia/Kolkata';
SELECT count(pgtoken.create_client_secret('audited', '2099-12-11 10:09:08.5+00')) AS made;
SET datestyle = 'Postgres, MDY';
UPDATE pgtoken.client_secrets SET expires_at = '2099-10-11 00:00+00' WHERE client_id = 'audited' AND expires_at = '2099-12-11 10:09:08.5+00';
RESET datestyle;
RESET timezone;
SELECT event, detail #>> '{before,expires_at}' AS before, detail #>> '{after,expires_at}' AS after,
	   detail #>> '{after,created_at}' ~ '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+\+00:00$' AS iso
FROM (SELECT * FROM pgtoken.audit_events WHERE client_id = 'audited' AND event LIKE 'client_secret.%' ORDER BY occurred_at DESC LIMIT 2) e ORDER BY event DESC;

-- Attack shut out: the log, or a backup of it, gives away what it is meant to
-- guard. C21: no token, secret, hash or key, whole or in part, in any row of any
-- of our tables but where its hash belongs.
SELECT (pgtoken.create_client_secret('audited')).client_secret AS secret \gset
CREATE TEMP VIEW secrets AS
SELECT what, value FROM (VALUES
	('client secret', right(test.secret('audited'), 43)), ('second client secret', right(:'secret', 43)),
	('refresh token', :'rt0'), ('successor', :'rt1'), ('its secret', right(:'rt1', 42)),
	('its secret in hex', encode(substr(test.unb64url(substr(:'rt1', 7)), 22), 'hex')),
	('access token', :'at0'), ('its signature', split_part(:'at1', '.', 3)), ('ID token', split_part(:'it1', '.', 2))) v (what, value);
SELECT s.what, count(a.event_id) AS in_audit
FROM secrets s LEFT JOIN pgtoken.audit_events a ON position(s.value IN a::text) > 0
GROUP BY s.what ORDER BY s.what;
SELECT s.what, count(t.r) AS elsewhere
FROM secrets s LEFT JOIN (
	SELECT g::text FROM pgtoken.grants g UNION ALL SELECT t::text FROM pgtoken.tokens t UNION ALL SELECT b::text FROM pgtoken.blacklist b
	UNION ALL SELECT c::text FROM pgtoken.clients c UNION ALL SELECT c::text FROM pgtoken.client_secrets c
	UNION ALL SELECT k::text FROM pgtoken.signing_keys k) t (r) ON position(s.value IN t.r) > 0
GROUP BY s.what ORDER BY s.what;
CREATE TEMP TABLE hashes AS
SELECT encode(h, 'hex') AS hex, test.b64url(h) AS base64 FROM (
	SELECT current_hash FROM pgtoken.grants UNION SELECT previous_hash FROM pgtoken.grants UNION SELECT rotation_nonce FROM pgtoken.grants
	UNION SELECT token_hash FROM pgtoken.tokens UNION SELECT secret_hash FROM pgtoken.client_secrets UNION SELECT material FROM pgtoken.key_material) r (h)
WHERE h IS NOT NULL;
SELECT count(*) > 100 AS some FROM hashes;
SELECT count(*) AS hashes_in_events FROM hashes, (SELECT string_agg(a::text, E'\n') FROM pgtoken.audit_events a) e (events)
WHERE position(hex IN events) > 0 OR position(base64 IN events) > 0;
DROP TABLE hashes;
SELECT count(*) AS named_columns FROM pgtoken.audit_events
WHERE detail::text ~ '"(material|secret_hash|token_hash|current_hash|previous_hash|rotation_nonce|private_key)"';
DROP VIEW secrets;

-- By subject: what a scan of the audit finds, and whatever its families went through
SELECT s.subject, count(*) > 0 AS some, count(*) FILTER (WHERE e.event_id <> ALL (f.found)) AS missed
FROM unnest('{alice,bob,heidi}'::text[]) s (subject)
CROSS JOIN LATERAL (SELECT array_agg(a.event_id) FROM pgtoken.audit_by_subject(s.subject) a) f (found)
JOIN pgtoken.audit_events e USING (subject)
GROUP BY s.subject ORDER BY s.subject;
SELECT s.subject, count(*) FILTER (WHERE NOT (f.subject = s.subject OR EXISTS (SELECT FROM pgtoken.grants g WHERE g.grant_id = f.grant_id AND g.subject = s.subject)) IS TRUE) AS of_others,
	   count(*) = count(DISTINCT f.event_id) AS once,
	   array_agg(f.event_id ORDER BY f.n) = array_agg(f.event_id ORDER BY f.occurred_at DESC, f.event_id DESC) AS newest_first
FROM unnest('{alice,bob,heidi}'::text[]) s (subject),
	 LATERAL (SELECT * FROM ROWS FROM (pgtoken.audit_by_subject(s.subject)) WITH ORDINALITY f (grant_id, event_id, occurred_at, xact_id, event, reason, client_id, subject, session_user_name, role_name, application_name, client_addr, context, detail, personal, request_id, trace_id, span_id, n)) f
GROUP BY s.subject ORDER BY s.subject;
-- events of no family, too; a span of time has its beginning, not its end
SELECT pgtoken.write_audit_event('test.first', '{}', subject => 'ivan'), pgtoken.write_audit_event('test.second', '{}', subject => 'ivan');
SELECT max(occurred_at) FILTER (WHERE event = 'test.first') AS first, max(occurred_at) FILTER (WHERE event = 'test.second') AS second FROM pgtoken.audit_by_subject('ivan') \gset
SELECT array(SELECT event FROM pgtoken.audit_by_subject('ivan')) AS all_time, array(SELECT event FROM pgtoken.audit_by_subject('ivan', :'second')) AS since,
	   array(SELECT event FROM pgtoken.audit_by_subject('ivan', :'first', :'second')) AS until,
	   array(SELECT event FROM pgtoken.audit_by_subject('ivan', until => :'first')) AS before,
	   array(SELECT event FROM pgtoken.audit_by_subject('ivan', 'infinity')) AS never;
-- without a bound; at the ends of time; of nobody
SELECT n, array(SELECT event FROM pgtoken.audit_by_subject('ivan', since, until)) AS events,
	   (SELECT count(*) FROM pgtoken.decisions_by_client(since, until)) = (SELECT count(*) FROM pgtoken.decisions_by_client) AS by_client,
	   (SELECT count(*) FROM pgtoken.decisions_by_rule(since, until)) = (SELECT count(*) FROM pgtoken.decisions_by_rule) AS by_rule,
	   (SELECT count(*) FROM pgtoken.decision_latency(since, until)) = (SELECT count(*) FROM pgtoken.decision_latency) AS latency
FROM (VALUES (1, NULL::timestamptz, NULL::timestamptz), (2, '4714-11-24 00:00:00+00 BC', '294276-12-31 23:59:59.9+00'), (3, '294276-12-31 23:59:59.9+00', '4714-11-24 00:00:00+00 BC')) v (n, since, until)
ORDER BY n;
SELECT test.outcome('SELECT pgtoken.audit_by_subject(NULL)');
-- Plans depend on statistics, and autovacuum makes some when it likes: these are
-- the plans of tables that nobody has analyzed, though somebody has. How an
-- empty partition is read does not matter.
ANALYZE pgtoken.grants, pgtoken.tokens, pgtoken.audit_rows;
BEGIN;
WITH forgotten AS (DELETE FROM pg_statistic s USING pg_class c WHERE c.oid = s.starelid AND c.relnamespace = 'pgtoken'::regnamespace RETURNING 1)
SELECT count(*) > 0 AS statistics_forgotten FROM forgotten;
UPDATE pg_class SET relpages = 0, reltuples = -1, relallvisible = 0 WHERE relnamespace = 'pgtoken'::regnamespace AND relkind IN ('r', 'p', 'i');
-- By client and by time: the indexes have the order that is asked for
CREATE FUNCTION test.plan(query text) RETURNS jsonb LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
	found json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json, COSTS off) ' || query INTO found;
	RETURN found::jsonb;
END
$$;
SELECT n, jsonb_path_exists(p, '$.** ? (@."Node Type" == "Sort" || @."Node Type" == "Seq Scan")') AS sorts_or_scans,
	   array(SELECT DISTINCT regexp_replace(x ->> 'Index Name', '_(p\d+_\d+|default)_', '_*_') FROM jsonb_path_query(p, '$.** ? (exists (@."Index Name"))') x
			 WHERE x ->> 'Index Name' ~ '^(audit_rows|tokens|grants)' AND pg_relation_size(format('pgtoken.%I', x ->> 'Relation Name')) > 0) AS indexes
FROM (VALUES (1, 'SELECT * FROM pgtoken.audit_events WHERE client_id = ''web'' ORDER BY occurred_at DESC LIMIT 50'),
			 (2, 'SELECT * FROM pgtoken.audit_events WHERE client_id = ''web'' AND occurred_at > ''2026-01-01'' ORDER BY occurred_at LIMIT 50'),
			 (3, 'SELECT * FROM pgtoken.audit_events ORDER BY occurred_at DESC LIMIT 50'),
			 (4, 'SELECT * FROM pgtoken.grant_status WHERE subject = ''alice'' AND client_id = ''web''')) q (n, query), test.plan(q.query) p
ORDER BY n;
-- By subject: the families' refreshes by their key, all else by indexes that have no refresh in them. Where PostgreSQL 17 and
-- newer walk along the key of a table as small as this one, that is no seek and not told.
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
-- that a family has few rows is known of statistics alone
ANALYZE pgtoken.tokens, pgtoken.audit_rows;
SELECT jsonb_path_exists(p, '$.** ? (@."Node Type" == "Seq Scan")') AS scans,
	   array(SELECT DISTINCT regexp_replace(x ->> 'Index Name', '_(p\d+_\d+|default)_', '_*_') || regexp_replace(x ->> 'Index Cond', '^.*?\((\w+) = .*$', ': \1')
			 FROM jsonb_path_query(p, '$.** ? (exists (@."Index Cond"))') x
			 WHERE pg_relation_size(format('pgtoken.%I', x ->> 'Relation Name')) > 0 ORDER BY 1) AS indexes
FROM pg_proc f,
	 test.plan(replace(replace(replace(substring(f.prosrc FROM 'RETURN QUERY(.*);\nEND'), 'audit_by_subject.subject', quote_literal('heidi')), '>= since', $$>= '-infinity'$$), '< until', $$< 'infinity'$$)) p
WHERE f.oid = 'pgtoken.audit_by_subject(text,timestamptz,timestamptz)'::regprocedure;
ROLLBACK;

-- Attack shut out: whoever did it removes the trace. Not even the superuser
-- does so by accident, not through a partition, and not in replication mode.
SELECT bool_and(step IS NOT NULL) IS NOT FALSE AS maintained FROM pgtoken.maintain();
SELECT count(*) > 100 AS in_a_partition FROM pgtoken.audit_rows WHERE tableoid <> 'pgtoken.audit_rows_default'::regclass;
SELECT c.relname AS audit_now FROM pg_class c WHERE c.oid = (SELECT max(tableoid) FROM pgtoken.audit_rows WHERE event = 'client.created' AND client_id = 'audited') \gset
SELECT c.relname AS tokens_now FROM pg_class c WHERE c.oid = (SELECT max(tableoid) FROM pgtoken.tokens WHERE grant_id = :'gid') \gset
SELECT test.written() AS before \gset
SELECT n, replace(replace(statement, :'audit_now', 'audit_rows_pYYYY_MM'), :'tokens_now', 'tokens_pYYYY_MM') AS statement,
	   replace(replace(test.outcome(statement), :'audit_now', 'audit_rows_pYYYY_MM'), :'tokens_now', 'tokens_pYYYY_MM') AS outcome
FROM (VALUES
	(1, 'UPDATE pgtoken.audit_rows SET reason = NULL'), (2, 'DELETE FROM pgtoken.audit_rows'), (3, 'TRUNCATE pgtoken.audit_rows'),
	(4, format('UPDATE pgtoken.%I SET reason = NULL', :'audit_now')), (5, format('DELETE FROM pgtoken.%I', :'audit_now')),
	(6, format('TRUNCATE pgtoken.%I', :'audit_now')), (7, 'TRUNCATE pgtoken.audit_rows_default'),
	(8, 'UPDATE pgtoken.tokens SET scope = NULL'), (9, 'DELETE FROM pgtoken.tokens'), (10, 'TRUNCATE pgtoken.tokens'),
	(11, format('DELETE FROM pgtoken.%I', :'tokens_now')), (12, format('TRUNCATE pgtoken.%I', :'tokens_now')), (13, 'TRUNCATE pgtoken.tokens_default'), (14, 'DELETE FROM pgtoken.audit_events')) v (n, statement)
ORDER BY n;
SET session_replication_role = replica;
SELECT test.outcome('DELETE FROM pgtoken.audit_rows') <> 'ok' AS delete_refused, test.outcome('TRUNCATE pgtoken.audit_rows') <> 'ok' AS truncate_refused,
	   test.outcome(format('DELETE FROM pgtoken.%I', :'audit_now')) <> 'ok' AS partition_refused,
	   test.outcome(format('TRUNCATE pgtoken.%I', :'tokens_now')) <> 'ok' AS lineage_refused;
RESET session_replication_role;
-- Attack shut out: who may set session_replication_role does what he likes in a
-- session that audits nothing. No trigger of ours asks for it, in no partition either.
SET session_replication_role = replica;
SELECT access_token AS at2, refresh_token AS rt2, grant_id AS gid2 FROM pgtoken.issue_tokens('audited', 'quiet', 'openid offline_access') \gset
SELECT refresh_token AS rt3 FROM pgtoken.refresh_grant(:'rt2', 'audited', test.secret('audited')) \gset
SELECT count(*) AS blacklisted FROM pgtoken.blacklist_token(:'at2', 'quietly');
SELECT count(*) AS revoked FROM pgtoken.revoke_family(:'gid2'::uuid, 'quietly');
UPDATE pgtoken.clients SET client_name = 'quietly' WHERE client_id = 'audited';
RESET session_replication_role;
SELECT event, reason FROM pgtoken.audit_events WHERE grant_id = :'gid2' ORDER BY event COLLATE "C";
SELECT count(*) AS client_changed FROM pgtoken.audit_events WHERE client_id = 'audited' AND event = 'client.changed' AND detail #>> '{after,client_name}' = 'quietly';
SELECT t.tgname, t.tgrelid::regclass AS on_table, t.tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'pgtoken'::regnamespace AND NOT t.tgisinternal AND t.tgenabled <> 'A';
-- and health() names one that is off
BEGIN;
ALTER TABLE pgtoken.clients DISABLE TRIGGER audit;
ALTER TABLE pgtoken.grants ENABLE TRIGGER audit;
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'triggers';
ROLLBACK;
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'triggers';
-- a row that is still in the default partition is guarded as well
SELECT (pgtoken.issue_tokens('audited', 'heidi', 'b')).error;
INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, session_user_name, role_name)
VALUES ('00000000-0000-0000-0000-000000000000', pgtoken.new_uuid(), '1999-01-01', 'test', 'x', 'x');
SELECT test.outcome($$DELETE FROM pgtoken.audit_rows_default$$) AS outcome;
SELECT test.outcome($$UPDATE pgtoken.audit_rows_default SET occurred_at = now()$$) AS outcome;
SELECT count(*) FROM pgtoken.audit_rows_default WHERE occurred_at < '2000-01-01';
-- dropping partitions by age is the way out, and the only one
SET client_min_messages = warning;
SELECT step, detail FROM pgtoken.maintain() WHERE detail LIKE '%1999%' ORDER BY step;
