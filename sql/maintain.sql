-- maintain() and health().
\set SHOW_CONTEXT never
SET client_min_messages = warning;	-- maintain() tells what it does
SET timezone = 'UTC';	-- partitions are months of UTC
SELECT count(step) FILTER (WHERE step IS NULL) AS nameless FROM pgtoken.maintain();
-- what tests before have left, and ends within minutes, lasts for a day: only what is made here has its time come
UPDATE pgtoken.authorization_requests SET expires_at = now() + interval '1 day';
UPDATE pgtoken.replay_ids SET expires_at = now() + interval '1 day';
UPDATE pgtoken.challenge_codes SET expires_at = now() + interval '1 day';
UPDATE pgtoken.blacklist SET expires_at = now() + interval '1 day';

-- Partitions: this month and the next two; a second run finds nothing to do
SELECT p.parent, count(c.oid) AS ahead
FROM unnest('{tokens,audit_rows}'::text[]) p (parent) CROSS JOIN generate_series(0, 2) i
LEFT JOIN pg_class c ON c.oid = to_regclass(format('pgtoken.%s_p%s', p.parent, to_char(date_trunc('month', now()) + make_interval(months => i), 'YYYY_MM')))
GROUP BY p.parent ORDER BY p.parent;
SELECT count(*) AS second_run FROM pgtoken.maintain();
-- they look like the others: key, indexes, triggers, comment, owner, no privileges
SELECT left(c.relname, -8) AS partition, i.indisprimary AS pkey, c.relacl IS NULL AS owner_only,
	   obj_description(c.oid, 'pg_class') LIKE 'Partition of pgtoken.%' AS comment,
	   (SELECT string_agg(t.tgname || ' ' || t.tgenabled::text, ', ' ORDER BY t.tgname) FROM pg_trigger t WHERE t.tgrelid = c.oid) AS triggers,
	   ARRAY(SELECT regexp_replace(pg_get_indexdef(x.indexrelid), '^.* USING ', '') FROM pg_index x WHERE x.indrelid = c.oid AND obj_description(x.indexrelid) <> '' ORDER BY 1)
	   = ARRAY(SELECT regexp_replace(pg_get_indexdef(x.indexrelid), '^.* USING ', '') FROM pg_index x
			   WHERE x.indrelid = format('pgtoken.%s_default', left(c.relname, -9))::regclass ORDER BY 1) AS indexes
FROM pg_class c LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.oid IN (to_regclass(format('pgtoken.tokens_p%s', to_char(now(), 'YYYY_MM'))), to_regclass(format('pgtoken.audit_rows_p%s', to_char(now(), 'YYYY_MM'))))
ORDER BY 1;
SELECT count(*) = 0 AS default_empty FROM pgtoken.tokens_default;

-- A missed run fails no insert: rows wait in the default partition and move when it is run
SELECT access_token AS at, refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('web', 'mia', 'openid offline_access') \gset
CREATE FUNCTION test.backdate(id uuid, at timestamptz) RETURNS void LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, jti, kid, access_expires_at, scope, resources, decision, context)
	VALUES (id, (SELECT count(*) FROM pgtoken.tokens WHERE grant_id = id), 0, at, 'x', 'x', at, '', '{}', 'allow', '{}');
	INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, session_user_name, role_name)
	VALUES (id, pgtoken.new_uuid(), at, 'test', 'x', 'x');
END;
SET pgtoken.lineage_retention = 0;
SET pgtoken.audit_retention = 0;
SELECT pgtoken.new_uuid() AS old \gset
SELECT test.backdate(:'old', '2001-02-03 04:05:06+00'), test.backdate(:'old', '2001-02-28 23:59:59.999999+00'), test.backdate(:'old', '2001-03-01 00:00+00');
SELECT ok FROM pgtoken.health() WHERE check_name = 'default partitions empty';
SELECT step, detail FROM pgtoken.maintain() ORDER BY detail COLLATE "C";
SELECT tableoid::regclass, issued_at FROM pgtoken.tokens WHERE grant_id = :'old' ORDER BY issued_at;
SELECT tableoid::regclass, occurred_at FROM pgtoken.audit_rows WHERE grant_id = :'old' ORDER BY occurred_at;
SELECT ok FROM pgtoken.health() WHERE check_name = 'default partitions empty';
SELECT count(*) AS second_run FROM pgtoken.maintain();
-- the guard is back after the move
SELECT test.outcome('DELETE FROM pgtoken.tokens_default') AS nothing_there,
	   (SELECT string_agg(tgenabled::text, '') FROM pg_trigger WHERE tgrelid = 'pgtoken.tokens_default'::regclass AND tgname = 'append_only') AS append_only;
SELECT test.backdate(:'old', '2001-04-01 00:00+00');
SELECT test.outcome('DELETE FROM pgtoken.tokens_default') AS row_there;

-- Retention: a partition goes as a whole when it is old enough...
SET pgtoken.audit_retention = '400 d';
SELECT step, detail FROM pgtoken.maintain() ORDER BY step, detail COLLATE "C";
SELECT count(*) AS lineage_stays FROM pgtoken.tokens WHERE grant_id = :'old';
-- ...but lineage not while a family that may lie in it lives: without the hash
-- of a consumed token a replay would be unknown instead of reuse
SET pgtoken.lineage_retention = '400 d';
SELECT refresh_token AS ert0, grant_id AS elder FROM pgtoken.issue_tokens('web', 'mia', 'openid offline_access') \gset
-- an id tells its time
UPDATE pgtoken.grants SET created_at = '2001-02-10', grant_id = pgtoken.first_uuid('2001-02-10'), expires_at = now() + interval '1 day' WHERE grant_id = :'elder';
SELECT pgtoken.first_uuid('2001-02-10') AS elder \gset
SELECT count(*) AS dropped FROM pgtoken.maintain();
SELECT count(*) AS lineage_stays FROM pgtoken.tokens WHERE grant_id = :'old';
UPDATE pgtoken.grants SET created_at = '2001-03-10', grant_id = pgtoken.first_uuid('2001-03-10') WHERE grant_id = :'elder';
SELECT pgtoken.first_uuid('2001-03-10') AS elder \gset
SELECT step, detail FROM pgtoken.maintain();
SELECT count(*) FROM pgtoken.revoke_family(:'elder'::uuid);
SELECT step, detail FROM pgtoken.maintain() ORDER BY detail COLLATE "C";
SELECT count(*) AS lineage_gone FROM pgtoken.tokens WHERE grant_id = :'old';
RESET pgtoken.lineage_retention;
RESET pgtoken.audit_retention;
-- the living family is unharmed: lineage, reuse detection
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) \gset
SELECT refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web')) \gset
SELECT (pgtoken.refresh_grant(:'rt0', 'web', test.secret('web'))).error;
SELECT state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';

-- The blacklist forgets what has ended, an hour later; not before
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('web', 'mia', 'openid') \gset
SELECT count(*) FROM pgtoken.blacklist_token(:'at');
SELECT count(*) AS steps FROM pgtoken.maintain();
UPDATE pgtoken.blacklist SET expires_at = now() - interval '59 minutes' WHERE grant_id = :'gid';
SELECT count(*) AS steps FROM pgtoken.maintain();
UPDATE pgtoken.blacklist SET expires_at = now() - interval '61 minutes' WHERE grant_id = :'gid';
SELECT step, detail FROM pgtoken.maintain();
SELECT count(*) AS left FROM pgtoken.blacklist WHERE grant_id = :'gid';
-- forgetting is no event; a deletion that lets a token in again is one
SELECT event, n FROM test.events(:'gid') WHERE event LIKE 'blacklist.%';
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('web', 'mia', 'openid') \gset
SELECT count(*) FROM pgtoken.blacklist_token(:'at');
DELETE FROM pgtoken.blacklist WHERE grant_id = :'gid';
SELECT event, n FROM test.events(:'gid') WHERE event LIKE 'blacklist.%';
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS in_again;

-- The ledger's rows are audit events as well: they stay for as long as the audit does, whatever the ledger's own retention
BEGIN;
SET LOCAL pgtoken.lineage_retention = '400 d';
SELECT test.backdate(:'old', '2002-02-03 00:00+00');
SET LOCAL pgtoken.audit_retention = 0;
SELECT count(*) AS dropped FROM pgtoken.maintain() WHERE step = 'partition dropped';
SET LOCAL pgtoken.audit_retention = '40000 d';
SELECT count(*) AS dropped FROM pgtoken.maintain() WHERE step = 'partition dropped';
SELECT event FROM pgtoken.audit_events WHERE grant_id = :'old' AND occurred_at < '2003-01-01' ORDER BY event;
SET LOCAL pgtoken.audit_retention = '400 d';
SELECT detail FROM pgtoken.maintain() WHERE step = 'partition dropped' ORDER BY detail COLLATE "C";
ROLLBACK;

-- Inside a transaction, and rolled back: nothing has happened
BEGIN;
SELECT test.backdate(:'old', '2002-02-03 00:00+00');
SELECT count(*) > 0 AS steps FROM pgtoken.maintain();
ROLLBACK;
SELECT to_regclass('pgtoken.tokens_p2002_02') IS NULL AS nothing;
SELECT count(*) AS steps FROM pgtoken.maintain();

-- health(): what there is to fix here (an issuer of the tests has no key, nothing is wrapped)
SELECT check_name, ok, detail FROM pgtoken.health()
WHERE check_name NOT IN ('durable rotation', 'statement logging', 'library version', 'installation', 'key material wrapped', 'issuer');
SELECT check_name, ok, detail IS NOT NULL AS detail FROM pgtoken.health() WHERE check_name IN ('library version', 'installation', 'key material wrapped', 'issuer');
SELECT count(*) AS checks, count(ok) AS judged, count(detail) AS explained FROM pgtoken.health();
-- each check that a test can fail, fails
BEGIN;
UPDATE pgtoken.signing_keys SET state = 'retired' WHERE alg = 'RS256' AND state = 'active';
SELECT ok, detail LIKE '%https://id.example%' AS named FROM pgtoken.health() WHERE check_name = 'RS256 for OpenID Connect';
UPDATE pgtoken.clients SET scopes = array_remove(scopes, 'openid');
SELECT ok FROM pgtoken.health() WHERE check_name = 'RS256 for OpenID Connect';
UPDATE pgtoken.issuers SET login_uri = 'https://login.example/';
SELECT ok FROM pgtoken.health() WHERE check_name = 'authorization endpoint';
UPDATE pgtoken.issuers SET login_uri = NULL WHERE issuer = 'https://id.example';
SELECT ok, detail LIKE 'https://id.example: %' AS named FROM pgtoken.health() WHERE check_name = 'authorization endpoint';
ROLLBACK;
BEGIN;
UPDATE pgtoken.signing_keys SET state = 'retired' WHERE issuer = 'https://id.example' AND alg = 'ES256' AND state = 'active';
SELECT ok, detail LIKE '%ES256 for https://id.example%' AS named FROM pgtoken.health() WHERE check_name = 'active signing keys';
ROLLBACK;
BEGIN;
SET LOCAL pgtoken.durable_rotation = off;
SET LOCAL synchronous_commit = off;
SELECT ok FROM pgtoken.health() WHERE check_name = 'durable rotation';
SET LOCAL log_min_duration_statement = 0;
SELECT ok FROM pgtoken.health() WHERE check_name = 'statement logging';
ROLLBACK;
BEGIN;
SET LOCAL log_statement = 'all';
SET LOCAL log_min_duration_statement = -1;
SELECT ok FROM pgtoken.health() WHERE check_name = 'statement logging';
ROLLBACK;
BEGIN;
SELECT format('DROP TABLE pgtoken.tokens_p%s', to_char(now() + interval '1 month', 'YYYY_MM')) AS drop_next \gset
:drop_next;
SELECT ok FROM pgtoken.health() WHERE check_name = 'partitions ahead';
SELECT step FROM pgtoken.maintain();
SELECT ok FROM pgtoken.health() WHERE check_name = 'partitions ahead';
ROLLBACK;

-- Key material stays as it is without a root key, and says so
SELECT pgtoken.rewrap_keys();

-- Fault: one run by a clock that is two years ahead does away with the lineage of
-- living families, and with keys; and back on time nothing goes any more. As if it
-- were: the last run was two years ago, and nothing has been written since.
CREATE FUNCTION test.last_run(ago interval) RETURNS void LANGUAGE sql AS $$UPDATE pgtoken.maintenance SET updated_at = now() - ago WHERE task = 'clock'$$;
SELECT test.last_run('2 years');
SELECT p, test.outcome(p) LIKE '55000: the clock may be wrong: it says %' AS refused
FROM unnest(ARRAY['SELECT pgtoken.maintain()', 'SELECT pgtoken.maintain(NULL)', 'SELECT pgtoken.maintain_keys()', 'SELECT pgtoken.maintain_partitions()', 'SELECT pgtoken.purge_batch(''grants'', 1)']) WITH ORDINALITY u (p, n) ORDER BY n;
\set VERBOSITY sqlstate
CALL pgtoken.run_maintenance();
\set VERBOSITY default
-- it is right: said once
SELECT test.outcome('SELECT pgtoken.maintain(accept_clock => true)') AS accepted, test.outcome('SELECT pgtoken.maintain()') AS from_then_on;
SELECT test.last_run('2 years');
CALL pgtoken.run_maintenance(accept_clock => true);
SELECT test.outcome('SELECT pgtoken.maintain()') AS from_then_on;
-- runs that were missed are no reason, as long as somebody was there; a month of silence is
SELECT test.last_run('30 days');
SELECT test.outcome('SELECT pgtoken.maintain()') AS a_month_missed;
BEGIN;
SELECT test.last_run('130 days');
INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, session_user_name, role_name)
SELECT '00000000-0000-0000-0000-000000000000', pgtoken.new_uuid(), now() - i * interval '26 days', 'test', '', '' FROM generate_series(1, 4) i;
SELECT test.outcome('SELECT pgtoken.check_clock()') AS months_missed;
ROLLBACK;
BEGIN;
SELECT test.last_run('130 days');
INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, session_user_name, role_name)
SELECT '00000000-0000-0000-0000-000000000000', pgtoken.new_uuid(), now() - i * interval '26 days', 'test', '', '' FROM unnest('{1,3,4}'::integer[]) i;
SELECT test.outcome('SELECT pgtoken.check_clock()') LIKE '55000: %' AS silence;
ROLLBACK;
-- where it never ran, the youngest family counts; a clock that has been set back is no reason
BEGIN;
UPDATE pgtoken.maintenance SET updated_at = NULL WHERE task = 'clock';
SELECT test.outcome('SELECT pgtoken.check_clock()') AS first_run;
SELECT test.last_run('-2 years');
SELECT test.outcome('SELECT pgtoken.check_clock()') AS set_back;
SELECT updated_at = now() AS noted FROM pgtoken.maintenance WHERE task = 'clock';
ROLLBACK;

-- What such a run has left of this month, the evidence of reuse, is no obstacle: it
-- becomes the month's partition again.
BEGIN;
SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM') AS this_month \gset
SELECT pgtoken.rename_partition(p::name, (p || '_p' || :'this_month')::name, (p || '_reuse_' || :'this_month')::name) IS NOT NULL AS left_over FROM unnest('{tokens,audit_rows}'::text[]) p;
SELECT count(*) > 0 AS needed FROM pgtoken.missing_partitions('tokens');
SELECT replace(step || ': ' || detail, :'this_month', 'THIS_MONTH') AS step FROM pgtoken.maintain_partitions();
SELECT replace(c.relname, :'this_month', 'THIS_MONTH') AS relation, obj_description(c.oid) AS comment FROM pg_class c WHERE c.relname ~ (:'this_month' || '$') AND c.relkind = 'r' ORDER BY 1;
SELECT count(*) AS misnamed FROM pg_class c WHERE c.relname ~ ('_reuse_' || :'this_month');
SELECT test.brief(pgtoken.issue_tokens('web', 'mia', 'openid')) AS goes_on, count(*) AS steps FROM pgtoken.maintain_partitions();
ROLLBACK;
DROP FUNCTION test.last_run(interval);
