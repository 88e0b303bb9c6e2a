-- What maintenance deletes, what it keeps, and for how long. Time is moved in the
-- rows; nothing here depends on the clock.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
SELECT count(step) >= 0 AS nothing_left FROM pgtoken.maintain();
CREATE FUNCTION test.purged_events() RETURNS TABLE (detail jsonb) LANGUAGE sql
	AS $$ SELECT e.detail FROM pgtoken.audit_events e WHERE e.event = 'maintenance.purged' AND e.detail ->> 'table' = 'grants' ORDER BY e.event_id $$;
CREATE FUNCTION test.new_family(subject text) RETURNS uuid LANGUAGE sql
	AS $$ SELECT i.grant_id FROM pgtoken.issue_tokens('web', subject, 'openid offline_access') i $$;
-- as if families had been issued, and had ended, earlier
CREATE FUNCTION test.end_earlier(subjects text[], by interval) RETURNS void LANGUAGE sql
	AS $$ UPDATE pgtoken.grants g SET created_at = g.created_at - by, expires_at = g.expires_at - by, rotated_at = g.rotated_at - by,
		  revoked_at = g.revoked_at - by WHERE g.subject = ANY (subjects) $$;

-- Families: kept for pgtoken.grant_retention after their end, whatever ended them
SELECT test.new_family(s) IS NOT NULL AS issued
FROM unnest('{living,revoked-now,revoked-late,revoked,expired,idle,reused,code-reused,reused-long-ago}'::text[]) s;
SELECT count(*) AS revoked FROM pgtoken.grants g, pgtoken.revoke_family(g.grant_id, 'test') r WHERE g.subject LIKE 'revoked%';
SELECT count(*) AS reused FROM pgtoken.grants g, pgtoken.revoke_family(g.grant_id, 'refresh_token_reuse') r WHERE g.subject LIKE 'reused%';
SELECT count(*) AS reused FROM pgtoken.grants g, pgtoken.revoke_family(g.grant_id, 'authorization_code_reuse') r WHERE g.subject LIKE 'code-reused%';
SELECT test.end_earlier('{revoked-late}', '399 days');
SELECT test.end_earlier('{revoked,reused,code-reused}', '401 days');
SELECT test.end_earlier('{reused-long-ago}', '1201 days');
UPDATE pgtoken.reused_families r SET noted_at = r.noted_at - interval '1201 days' FROM pgtoken.grants g WHERE g.grant_id = r.grant_id AND g.subject = 'reused-long-ago';
UPDATE pgtoken.grants SET expires_at = now() - interval '401 days' WHERE subject = 'expired';
UPDATE pgtoken.grants SET rotated_at = now() - idle_lifetime - interval '401 days' WHERE subject = 'idle';
SELECT access_token AS at FROM pgtoken.issue_tokens('web', 'bystander', 'openid') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
SELECT value AS resets FROM pgtoken.cache_stats() WHERE name = 'revocation_resets' \gset
SELECT count(*) AS deletions FROM pgtoken.audit_events WHERE event = 'grant.deleted' \gset
SELECT * FROM pgtoken.maintain();
SELECT subject FROM pgtoken.grants
WHERE subject IN ('living', 'revoked-now', 'revoked-late', 'revoked', 'expired', 'idle', 'reused', 'code-reused', 'reused-long-ago') ORDER BY subject COLLATE "C";
-- one event for all of them, and no backend forgets what it has verified
SELECT detail FROM test.purged_events();
SELECT count(*) = :deletions AS no_further FROM pgtoken.audit_events WHERE event = 'grant.deleted';
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
SELECT value = :resets AS remembered FROM pgtoken.cache_stats() WHERE name = 'revocation_resets';
SELECT * FROM pgtoken.maintain();

-- Attack shut out: who can delete rows removes a family, dead or alive, without a
-- trace, because maintenance may. Only its own statement may.
SELECT count(*) AS living FROM pgtoken.grants WHERE subject = 'living';
BEGIN;
SELECT test.new_family('ended') IS NOT NULL AS issued;
UPDATE pgtoken.grants SET expires_at = now() - interval '500 days' WHERE subject = 'ended';
SELECT * FROM pgtoken.maintain();
DELETE FROM pgtoken.grants WHERE subject IN ('living', 'reused');
COMMIT;
SELECT count(*) - :deletions AS audited FROM pgtoken.audit_events WHERE event = 'grant.deleted';
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
SELECT value > :resets AS looked_again FROM pgtoken.cache_stats() WHERE name = 'revocation_resets';
-- also after it has failed halfway
SELECT test.new_family('after-failure') IS NOT NULL AS issued;
CREATE FUNCTION test.fail_purge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER fail BEFORE DELETE ON pgtoken.grants FOR EACH ROW EXECUTE FUNCTION test.fail_purge();
UPDATE pgtoken.grants SET expires_at = now() - interval '500 days' WHERE subject = 'revoked-late';
BEGIN;
SAVEPOINT s;
SELECT test.outcome('SELECT * FROM pgtoken.maintain()') AS maintain;
ROLLBACK TO s;
ALTER TABLE pgtoken.grants DISABLE TRIGGER fail;
DELETE FROM pgtoken.grants WHERE subject = 'after-failure';
COMMIT;
DROP TRIGGER fail ON pgtoken.grants;
SELECT count(*) - :deletions AS audited FROM pgtoken.audit_events WHERE event = 'grant.deleted';

-- 0 keeps all; and less than two days is two days, for as long may tokens of the
-- family live, or such as were exchanged for one (RFC 8693): when the row of a
-- revoked family goes, they must not come back to life
SET pgtoken.grant_retention = 0;
SELECT * FROM pgtoken.maintain();
SET pgtoken.grant_retention = '1 min';
SELECT * FROM pgtoken.maintain();
UPDATE pgtoken.grants SET expires_at = now() - interval '47 hours' WHERE subject = 'revoked-now';
SELECT * FROM pgtoken.maintain();
UPDATE pgtoken.grants SET expires_at = now() - interval '49 hours' WHERE subject = 'revoked-now';
SELECT * FROM pgtoken.maintain() WHERE step = 'families forgotten';
RESET pgtoken.grant_retention;

-- Attack shut out: an ancestor that was revoked is deleted, and a token that was
-- exchanged for one of its tokens holds again. What is gone does not stand.
SELECT access_token AS parent_at, grant_id AS parent FROM pgtoken.issue_tokens('web', 'ancestor', 'openid') \gset
SELECT access_token AS at, grant_id AS child FROM pgtoken.issue_tokens('web', 'ancestor', 'openid') \gset
UPDATE pgtoken.grants SET ancestors = ARRAY[:'parent'::uuid], ancestor_tokens = '{x}' WHERE grant_id = :'child';
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
DELETE FROM pgtoken.grants WHERE grant_id = :'parent';
SELECT pgtoken.verify_access_token(:'at') IS NULL AS refused;

-- Families that ended by reuse are known, and known for longer
SELECT count(*) AS noted FROM pgtoken.reused_families r JOIN pgtoken.grants g USING (grant_id) WHERE g.subject = 'code-reused';
SELECT count(*) AS revoked FROM pgtoken.reused_families r JOIN pgtoken.grants g USING (grant_id) WHERE g.subject LIKE 'revoked%';
SET pgtoken.reuse_retention = 0;
UPDATE pgtoken.grants SET revoked_at = now() - interval '3000 days' WHERE subject = 'code-reused';
UPDATE pgtoken.reused_families r SET noted_at = now() - interval '3000 days' FROM pgtoken.grants g WHERE g.grant_id = r.grant_id AND g.subject = 'code-reused';
SELECT * FROM pgtoken.maintain();
RESET pgtoken.reuse_retention;
SELECT * FROM pgtoken.maintain();

-- Each table by its own setting
INSERT INTO pgtoken.replay_ids SELECT sha256(i::text::bytea), now() - interval '1 hour' FROM generate_series(1, 25) i;
INSERT INTO pgtoken.blacklist VALUES (pgtoken.new_uuid(), 'a', 'access_token', now() - interval '3 hours', NULL, now() - interval '4 hours');
INSERT INTO pgtoken.challenges (grant_id, handle_hash, issuer, client_id, subject, context, factor_ids, state, scope, resources, created_at, expires_at)
SELECT pgtoken.new_uuid(), sha256(i::text::bytea), 'https://id.example', 'web', 'x', '{}', '{}', 'open', '', '{}', now(), now() - interval '3 hours'
FROM generate_series(1, 3) i;
SET pgtoken.blacklist_retention = '4 h';
SELECT * FROM pgtoken.maintain();
SET pgtoken.challenge_retention = 0;
UPDATE pgtoken.challenges SET expires_at = now() - interval '9 years' WHERE subject = 'x';
SELECT * FROM pgtoken.maintain();
RESET pgtoken.blacklist_retention;
RESET pgtoken.challenge_retention;
SELECT * FROM pgtoken.maintain();

-- A batch looks at so many rows and goes on from there
INSERT INTO pgtoken.replay_ids SELECT sha256(i::text::bytea), now() - CASE WHEN i % 2 = 0 THEN interval '1 hour' ELSE interval '-1 hour' END FROM generate_series(1, 30) i;
SELECT count(*) AS all_rows FROM pgtoken.replay_ids \gset
SELECT count(*) AS batches, sum(b.detail::bigint) AS rows, bool_or(b.finished) AS finished
FROM generate_series(1, :all_rows / 10) i, pgtoken.purge_batch('replay_ids', 10 + 0 * i) b;
SELECT (SELECT position FROM pgtoken.maintenance WHERE task = 'replay_ids') IS NOT NULL AS remembered;
SELECT b.* FROM pgtoken.purge_batch('replay_ids', 10) b;
SELECT (SELECT position FROM pgtoken.maintenance WHERE task = 'replay_ids') IS NULL AS from_the_front;
-- a key of two columns
INSERT INTO pgtoken.subject_not_before SELECT 'https://id.example', 's' || i, now() - interval '11 years' FROM generate_series(1, 12) i;
SELECT sum(b.detail::bigint) AS forgotten, max(b.detail::bigint) AS at_a_time, bool_or(b.finished) AS finished FROM generate_series(1, 100) i, pgtoken.purge_batch('subject_not_before', 5 + 0 * i) b;
SELECT test.outcome('SELECT pgtoken.purge_batch(''grants'', 0)') AS none, test.outcome('SELECT pgtoken.purge_batch(''grants'', NULL)') AS null_,
	   test.outcome('SELECT pgtoken.purge_batch(''grants'', 1000001)') AS too_many;
SELECT test.outcome('SELECT pgtoken.maintain_partitions(''{tokens,grants}'')') AS not_partitioned, test.outcome('SELECT pgtoken.maintain_partitions(NULL)') AS none;
SELECT test.outcome('SELECT pgtoken.purge_batch(''clients'', 10)') AS not_purged, test.outcome('SELECT pgtoken.purge_batch(NULL, 10)') AS no_table;
DELETE FROM pgtoken.replay_ids;

-- The procedure does all there is, in transactions of its own
INSERT INTO pgtoken.replay_ids SELECT sha256(i::text::bytea), now() - interval '1 hour' FROM generate_series(1, 25) i;
SELECT test.new_family('old') IS NOT NULL AS issued FROM generate_series(1, 7) i;
UPDATE pgtoken.grants SET grant_id = pgtoken.first_uuid(now() - interval '430 days' + row_number * interval '1 hour'), expires_at = now() - interval '401 days'
FROM (SELECT g.grant_id, row_number() OVER (ORDER BY g.grant_id) FROM pgtoken.grants g WHERE g.subject = 'old') o WHERE o.grant_id = grants.grant_id;
SET client_min_messages = notice;
CALL pgtoken.run_maintenance(10);
SET client_min_messages = warning;
SELECT count(*) AS old FROM pgtoken.grants WHERE subject = 'old';
BEGIN;
CALL pgtoken.run_maintenance();
ROLLBACK;
-- what is wrong is said before anything is done
UPDATE pgtoken.maintenance SET updated_at = NULL;
CALL pgtoken.run_maintenance(0);
CALL pgtoken.run_maintenance(-1);
CALL pgtoken.run_maintenance(NULL);
CALL pgtoken.run_maintenance(1000001);
CALL pgtoken.run_maintenance(10, '-1 s');
SELECT count(*) AS touched FROM pgtoken.maintenance WHERE updated_at IS NOT NULL;
CREATE FUNCTION test.call_maintenance() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL pgtoken.run_maintenance(); END $$;
\set VERBOSITY sqlstate
SELECT test.call_maintenance();
\set VERBOSITY default
SELECT current_setting('application_name') AS restored;
DO $$ BEGIN CALL pgtoken.run_maintenance(100, '1 us'); END $$;
SELECT task AS never_worked_on FROM pgtoken.maintenance WHERE updated_at IS NULL;

-- A partition goes, the rows of reused families stay: lineage and audit of what
-- happened, for pgtoken.reuse_retention
UPDATE pgtoken.policies SET state = 'retired' WHERE state = 'active';	-- what other tests have left in force
SELECT refresh_token AS rt0, grant_id AS reused FROM pgtoken.issue_tokens('web', 'thief', 'openid offline_access') \gset
SELECT grant_id AS plain FROM pgtoken.issue_tokens('web', 'plain', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) \gset
SELECT refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web')) \gset
SELECT (pgtoken.refresh_grant(:'rt0', 'web', test.secret('web'))).error;
SELECT count(*) AS ended FROM pgtoken.revoke_family(:'plain'::uuid);
-- two years ago
SELECT date_trunc('month', now() - interval '24 months') + interval '3 days' AS then, to_char(now() - interval '24 months', 'YYYY_MM') AS month \gset
INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, parent_generation, token_hash, jti, kid, access_expires_at, scope, resources, decision, context)
SELECT pgtoken.first_uuid(:'then'::timestamptz + f * interval '1 hour'), i, 0, :'then'::timestamptz + i * interval '1 day', nullif(i - 1, -1), sha256(''), 'x', 'x', :'then', '', '{}', 'allow', '{}'
FROM generate_series(0, 2) i, generate_series(1, 3) f;
INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, session_user_name, role_name)
SELECT t.grant_id, pgtoken.new_uuid(), t.issued_at, 'token.refreshed', 'x', 'x' FROM pgtoken.tokens t WHERE t.issued_at < now() - interval '20 months';
UPDATE pgtoken.grants SET grant_id = pgtoken.first_uuid(:'then'::timestamptz + interval '1 hour'), created_at = :'then', revoked_at = :'then'::timestamptz + interval '5 days'
WHERE grant_id = :'reused';
UPDATE pgtoken.reused_families SET grant_id = pgtoken.first_uuid(:'then'::timestamptz + interval '1 hour'), noted_at = :'then'::timestamptz + interval '5 days' WHERE grant_id = :'reused';
UPDATE pgtoken.grants SET grant_id = pgtoken.first_uuid(:'then'::timestamptz + interval '2 hours'), revoked_at = :'then' WHERE grant_id = :'plain';
SELECT pgtoken.first_uuid(:'then'::timestamptz + interval '1 hour') AS reused, pgtoken.first_uuid(:'then'::timestamptz + interval '2 hours') AS plain \gset
SELECT m.step, replace(m.detail, :'month', 'MONTH') AS detail FROM pgtoken.maintain() m;
SELECT l.generation, l.state FROM pgtoken.lineage(:'reused'::uuid) l;
SELECT count(*) AS events FROM pgtoken.audit_events WHERE grant_id = :'reused' AND occurred_at < now() - interval '20 months';
SELECT (SELECT count(*) FROM pgtoken.tokens WHERE issued_at < now() - interval '20 months') AS tokens,
	   (SELECT count(*) FROM pgtoken.audit_events WHERE occurred_at < now() - interval '20 months') AS events;
SELECT subject FROM pgtoken.grants WHERE subject IN ('thief', 'plain');
-- it is a partition like others: no privileges, append-only, comments; nothing is left of the work
SELECT replace(c.relname, :'month', 'MONTH') AS partition, c.relacl IS NULL AS owner_only, c.relrowsecurity, obj_description(c.oid, 'pg_class') AS comment,
	   (SELECT string_agg(t.tgname || ' ' || t.tgenabled::text, ', ' ORDER BY t.tgname) FROM pg_trigger t WHERE t.tgrelid = c.oid) AS triggers,
	   (SELECT count(*) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c') AS checks
FROM pg_class c WHERE c.relname LIKE '%\_reuse\_%' AND c.relkind = 'r' ORDER BY 1;
SELECT test.outcome(format('DELETE FROM pgtoken.tokens_reuse_%s', :'month')) <> 'ok' AS delete_refused,
	   test.outcome(format('TRUNCATE pgtoken.audit_rows_reuse_%s', :'month')) <> 'ok' AS truncate_refused;
SELECT replace(e.detail::text, :'month', 'MONTH') AS detail FROM pgtoken.audit_events e WHERE e.event = 'partition.dropped' AND e.detail ->> 'kept' <> '0' ORDER BY e.event_id;
SELECT count(*) AS again FROM pgtoken.maintain();
-- counted from the reuse, not from the rows: what is fresh evidence stays, however old they are
SET pgtoken.reuse_retention = '500 d';
UPDATE pgtoken.reused_families SET noted_at = now() WHERE grant_id = :'reused';
SELECT count(*) AS none FROM pgtoken.maintain();
SELECT count(*) AS lineage FROM pgtoken.lineage(:'reused'::uuid);
UPDATE pgtoken.reused_families SET noted_at = :'then'::timestamptz + interval '5 days' WHERE grant_id = :'reused';
RESET pgtoken.reuse_retention;
-- until that is over, too
SET pgtoken.reuse_retention = '500 d';
SELECT m.step, replace(m.detail, :'month', 'MONTH') AS detail FROM pgtoken.maintain() m;
SELECT count(*) AS lineage FROM pgtoken.lineage(:'reused'::uuid);
SELECT count(*) AS noted FROM pgtoken.reused_families WHERE grant_id = :'reused';
SELECT subject FROM pgtoken.grants WHERE subject IN ('thief', 'plain');
RESET pgtoken.reuse_retention;
SELECT count(*) AS again FROM pgtoken.maintain();

-- Late by months: what lies in the default partition is moved, outdated or not
INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, jti, kid, access_expires_at, scope, resources, decision, context)
SELECT pgtoken.new_uuid(), 0, 0, now() - i * interval '3 months', 'x', 'x', now(), '', '{}', 'allow', '{}' FROM generate_series(2, 8) i;
SELECT m.step, count(*) FROM pgtoken.maintain() m GROUP BY m.step ORDER BY m.step;
SELECT count(*) AS left_in_default FROM pgtoken.tokens_default;
SELECT count(*) AS again FROM pgtoken.maintain();
-- Also a month that is older than pgtoken.reuse_retention keeps what a family has
-- that was reused lately, and only that
SELECT pgtoken.first_uuid(:'then'::timestamptz - interval '4 years') AS late \gset
INSERT INTO pgtoken.reused_families VALUES (:'late', now());
INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, jti, kid, access_expires_at, scope, resources, decision, context)
SELECT g, 0, 0, :'then'::timestamptz - interval '4 years', 'x', 'x', now(), '', '{}', 'allow', '{}' FROM unnest(ARRAY[:'late'::uuid, pgtoken.first_uuid(:'then'::timestamptz - interval '4 years 1 hour')]) g;
SELECT m.step, regexp_replace(m.detail, '[0-9]{4}_[0-9]{2}', 'MONTH') AS detail FROM pgtoken.maintain() m;
SELECT count(*) AS lineage FROM pgtoken.lineage(:'late'::uuid);
DELETE FROM pgtoken.reused_families WHERE grant_id = :'late';
SELECT m.step, regexp_replace(m.detail, '[0-9]{4}_[0-9]{2}', 'MONTH') AS detail FROM pgtoken.maintain_partitions('{tokens,audit_rows,tokens}') m;
DROP FUNCTION test.purged_events, test.new_family, test.end_earlier, test.fail_purge, test.call_maintenance;
