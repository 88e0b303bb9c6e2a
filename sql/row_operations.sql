-- The hot statements are done by row operations, at the executor's level. What they
-- leave behind is what their SQL would have, column by column; and where a table asks
-- for more than they can do, it is the SQL that does it. That another session's caches
-- hear of them is in the isolation test of the same name.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET pgtoken.access_token_lifetime = '1d';

CREATE FUNCTION test.counted(what text) RETURNS bigint LANGUAGE sql VOLATILE
	RETURN (SELECT s.value FROM pgtoken.cache_stats() s WHERE s.name = what);
-- a statement's text result, and how it was done
CREATE FUNCTION test.done(statement text, OUT answer text, OUT by_row boolean, OUT by_sql boolean) LANGUAGE plpgsql AS $$
DECLARE
	done bigint := test.counted('row_operations');
	left_to_sql bigint := test.counted('row_statements');
BEGIN
	BEGIN
		EXECUTE statement INTO answer;
	EXCEPTION WHEN OTHERS THEN
		answer := format('%s %s', SQLSTATE, SQLERRM);
	END;
	by_row := test.counted('row_operations') > done;
	by_sql := test.counted('row_statements') > left_to_sql;
END $$;
CREATE TABLE test.chain (at integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY, grant_id uuid, rt text);
-- one more generation of the family that was started last
CREATE FUNCTION test.start() RETURNS uuid LANGUAGE sql VOLATILE AS $$
	INSERT INTO test.chain (grant_id, rt)
	SELECT i.grant_id, i.refresh_token
	FROM pgtoken.issue_tokens('web', 'alice', 'openid offline_access orders.read', acr => 'urn:acr:1', amr => '{pwd}', session_id => 's1',
							  claims => '{"tenant": 7}', context => '{"ip": "192.0.2.1"}') i
	RETURNING grant_id $$;
CREATE FUNCTION test.go_on() RETURNS text LANGUAGE sql VOLATILE AS $$
	WITH answer AS (SELECT r FROM (SELECT rt FROM test.chain ORDER BY at DESC LIMIT 1) c,
						   LATERAL pgtoken.refresh_grant(c.rt, 'web', test.secret('web'), context => '{"ip": "192.0.2.9"}') r),
		 kept AS (INSERT INTO test.chain (grant_id, rt) SELECT (r).grant_id, (r).refresh_token FROM answer WHERE (r).refresh_token IS NOT NULL)
	SELECT test.brief(r) FROM answer $$;
CREATE FUNCTION test.refreshed() RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT concat_ws(', ', d.answer, CASE WHEN d.by_row THEN 'by row' END, CASE WHEN d.by_sql THEN 'by SQL' END) FROM test.done('SELECT test.go_on()') d $$;

-- What a family leaves behind. What two families cannot have in common says how large
-- it is, a time whether it is there and how far from the row's own.
CREATE FUNCTION test.comparable(r jsonb, began timestamptz) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_object_agg(key, CASE
		WHEN jsonb_typeof(value) = 'null' THEN value
		WHEN key IN ('grant_id', 'event_id', 'jti', 'current_hash', 'previous_hash', 'rotation_nonce', 'token_hash', 'proof') THEN to_jsonb(length(value #>> '{}'))
		WHEN key = 'xact_id' THEN to_jsonb(value #>> '{}' <> '0')
		WHEN key ~ '(_at|_time)$' THEN to_jsonb(date_trunc('hour', (value #>> '{}')::timestamptz - began + interval '1 minute'))
		WHEN key = 'detail' THEN CASE WHEN value ? 'jti' THEN value || '{"jti": "one"}' ELSE value END
		ELSE value END)
	FROM jsonb_each(r) $$;
CREATE FUNCTION test.rows_of(family uuid) RETURNS TABLE (of_table text, r jsonb) LANGUAGE sql VOLATILE AS $$
	SELECT 'grants', test.comparable(to_jsonb(g), g.created_at) FROM pgtoken.grants g WHERE g.grant_id = family
	UNION ALL
	SELECT 'tokens', test.comparable(to_jsonb(t), t.issued_at) FROM pgtoken.tokens t WHERE t.grant_id = family
	UNION ALL
	SELECT 'audit_events', test.comparable(to_jsonb(a), a.occurred_at) FROM pgtoken.audit_events a WHERE a.grant_id = family $$;
CREATE FUNCTION test.live_and_die() RETURNS uuid LANGUAGE sql VOLATILE AS $$
	SELECT test.start();
	SELECT test.go_on();
	SELECT test.go_on();
	SELECT pgtoken.revoke_family(grant_id, 'enough') FROM test.chain ORDER BY at DESC LIMIT 1;
	SELECT grant_id FROM test.chain ORDER BY at DESC LIMIT 1 $$;
SELECT answer AS by_row_id, by_row, by_sql FROM test.done('SELECT test.live_and_die()') \gset
SELECT :'by_row' AS by_row, :'by_sql' AS by_sql;
CREATE FUNCTION test.as_it_is() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER planted BEFORE INSERT OR UPDATE ON pgtoken.grants FOR EACH ROW EXECUTE FUNCTION test.as_it_is();
CREATE TRIGGER planted BEFORE INSERT ON pgtoken.tokens FOR EACH ROW EXECUTE FUNCTION test.as_it_is();
CREATE TRIGGER planted BEFORE INSERT ON pgtoken.audit_rows FOR EACH ROW EXECUTE FUNCTION test.as_it_is();
SELECT answer AS by_sql_id FROM test.done('SELECT test.live_and_die()') \gset
SELECT of_table, count(*), count(DISTINCT r) AS kinds, (SELECT count(*) FROM jsonb_object_keys(min(r::text)::jsonb)) AS columns FROM test.rows_of(:'by_sql_id') GROUP BY of_table ORDER BY of_table;
SELECT 'only by row' AS what, * FROM (SELECT * FROM test.rows_of(:'by_row_id') EXCEPT ALL SELECT * FROM test.rows_of(:'by_sql_id')) d
UNION ALL
SELECT 'only by SQL', * FROM (SELECT * FROM test.rows_of(:'by_sql_id') EXCEPT ALL SELECT * FROM test.rows_of(:'by_row_id')) d;
SELECT event FROM pgtoken.audit_events WHERE grant_id = :'by_row_id' ORDER BY event_id;
-- the only writes that were not the SQL's are those of tables without such a trigger: none
SELECT by_row, by_sql FROM test.done('SELECT test.start()');
DROP TRIGGER planted ON pgtoken.grants;
DROP TRIGGER planted ON pgtoken.tokens;
DROP TRIGGER planted ON pgtoken.audit_rows;
SELECT test.refreshed();

-- Attack shut out: what a DBA has put between a statement and its table is gone round.
-- Each of these makes the SQL do it, and is heard of in the statement after.
CREATE RULE planted AS ON UPDATE TO pgtoken.grants DO ALSO NOTHING;
SELECT test.refreshed();
DROP RULE planted ON pgtoken.grants;
CREATE TRIGGER planted AFTER UPDATE ON pgtoken.grants FOR EACH STATEMENT EXECUTE FUNCTION test.as_it_is();
SELECT test.refreshed();
DROP TRIGGER planted ON pgtoken.grants;
CREATE TRIGGER planted AFTER INSERT ON pgtoken.tokens REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION test.as_it_is();
SELECT test.refreshed();
DROP TRIGGER planted ON pgtoken.tokens;
BEGIN;
ALTER TABLE pgtoken.grants ADD planted integer GENERATED ALWAYS AS (retry_count + 1) STORED;
SELECT test.refreshed();
ALTER TABLE pgtoken.grants DROP planted;
ALTER TABLE pgtoken.tokens ADD planted text DEFAULT 'a';
SELECT test.refreshed();
ALTER TABLE pgtoken.tokens DROP planted;
-- what was dropped stays behind as a column that is none: the rows go on
SELECT test.refreshed();
SELECT test.refreshed();
ROLLBACK;
CREATE INDEX planted ON pgtoken.tokens_default USING hash (jti);
SELECT test.refreshed();
DROP INDEX pgtoken.planted;
-- forced row security is for the owner as well, though not for a superuser
BEGIN;
ALTER TABLE pgtoken.grants FORCE ROW LEVEL SECURITY;
SELECT test.refreshed();
ROLLBACK;
SELECT test.refreshed();

-- What they do themselves: constraints, triggers after the row, with a condition or of columns
CREATE TABLE test.seen (at integer GENERATED ALWAYS AS IDENTITY, what text);
CREATE FUNCTION test.see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO test.seen (what) SELECT concat_ws(' ', TG_NAME, TG_RELNAME, CASE WHEN TG_OP = 'UPDATE' THEN NEW.generation - OLD.generation END,
		(SELECT count(*) = 1 FROM pgtoken.tokens t WHERE t.grant_id = NEW.grant_id AND t.generation = NEW.generation));
	RETURN NULL;
END $$;
CREATE TRIGGER of_generation AFTER UPDATE OF generation ON pgtoken.grants FOR EACH ROW EXECUTE FUNCTION test.see();
CREATE TRIGGER of_revocation AFTER UPDATE OF revoked_at ON pgtoken.grants FOR EACH ROW EXECUTE FUNCTION test.see();
CREATE TRIGGER sometimes AFTER INSERT ON pgtoken.tokens FOR EACH ROW WHEN (NEW.generation % 2 = 0) EXECUTE FUNCTION test.see();
CREATE CONSTRAINT TRIGGER at_last AFTER INSERT ON pgtoken.tokens DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION test.see();
SELECT grant_id AS gid FROM test.start() AS grant_id \gset
BEGIN;
SELECT test.refreshed();
SELECT what FROM test.seen ORDER BY at;
COMMIT;
SELECT test.refreshed();
SELECT d.by_row, d.by_sql FROM test.done(format('SELECT pgtoken.revoke_family(%L::uuid)', :'gid')) d;
SELECT what FROM test.seen ORDER BY at;
DROP TRIGGER of_generation ON pgtoken.grants;
DROP TRIGGER of_revocation ON pgtoken.grants;
DROP TRIGGER sometimes ON pgtoken.tokens;
DROP TRIGGER at_last ON pgtoken.tokens;
SELECT grant_id AS gid FROM test.start() AS grant_id \gset
ALTER TABLE pgtoken.grants ADD CONSTRAINT planted CHECK (generation < 2) NOT VALID;
SELECT test.refreshed();
SELECT test.refreshed();
SELECT generation, retry_count, (SELECT count(*) FROM pgtoken.tokens t WHERE t.grant_id = g.grant_id) AS responses FROM pgtoken.grants g WHERE grant_id = :'gid';
ALTER TABLE pgtoken.grants DROP CONSTRAINT planted;
SELECT test.refreshed();

-- A trigger that fails ends the operation in its middle, and the next one is as ever
CREATE FUNCTION test.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$;
CREATE TRIGGER planted AFTER INSERT ON pgtoken.tokens FOR EACH ROW EXECUTE FUNCTION test.fail();
BEGIN;
SELECT test.refreshed();
SAVEPOINT before;
SELECT test.go_on();
ROLLBACK TO before;
DROP TRIGGER planted ON pgtoken.tokens;
SELECT test.refreshed();
COMMIT;
DROP FUNCTION test.fail();
SELECT test.refreshed();
-- and one that comes back to us finds its operation running
CREATE FUNCTION test.come_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() = 1 THEN
		PERFORM pgtoken.issue_tokens('web', 'bob', 'openid offline_access');
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER planted AFTER INSERT ON pgtoken.tokens FOR EACH ROW EXECUTE FUNCTION test.come_back();
SELECT test.refreshed();
DROP TRIGGER planted ON pgtoken.tokens;
SELECT test.refreshed();
-- a function that becomes another one
CREATE TRIGGER planted AFTER INSERT ON pgtoken.tokens FOR EACH ROW EXECUTE FUNCTION test.as_it_is();
SELECT test.refreshed();
CREATE OR REPLACE FUNCTION test.as_it_is() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'another one'; END $$;
SELECT test.refreshed();
DROP TRIGGER planted ON pgtoken.tokens;

-- What is committed by others is in the isolation tests; what this transaction does, each
-- next statement of it sees
SELECT test.start() IS NOT NULL AS started;
BEGIN;
SELECT test.refreshed(), (SELECT generation FROM pgtoken.grants g JOIN test.chain c USING (grant_id) ORDER BY at DESC LIMIT 1) > 0 AS seen;
SELECT test.refreshed();
SAVEPOINT one;
SELECT test.refreshed();
ROLLBACK TO one;
SELECT test.refreshed();
COMMIT;
-- counted as the SQL is, and each on its page
BEGIN;
SELECT n_tup_upd AS updates, n_tup_hot_upd AS hot FROM pg_stat_xact_user_tables WHERE relid = 'pgtoken.grants'::regclass \gset
SELECT test.refreshed();
SELECT n_tup_upd - :updates AS updates, n_tup_hot_upd - :hot AS hot FROM pg_stat_xact_user_tables WHERE relid = 'pgtoken.grants'::regclass;
COMMIT;
-- what cannot be written is refused as ever
SELECT rt FROM test.chain ORDER BY at DESC LIMIT 1 \gset
BEGIN READ ONLY;
SELECT test.brief(r) FROM pgtoken.refresh_grant(:'rt', 'web', test.secret('web')) r;
ROLLBACK;
SELECT test.refreshed();

-- Partitions: another order of columns, one that was dropped; none at all
BEGIN;
ALTER TABLE pgtoken.tokens DETACH PARTITION pgtoken.tokens_default;
SELECT format('CREATE TABLE test.other (dropped integer, %s)', string_agg(concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END), ', ' ORDER BY attname DESC))
FROM pg_attribute WHERE attrelid = 'pgtoken.tokens'::regclass AND attnum > 0 AND NOT attisdropped \gexec
ALTER TABLE test.other DROP dropped;
ALTER TABLE pgtoken.tokens ATTACH PARTITION test.other DEFAULT;
SELECT test.refreshed();
SELECT count(*), count(jti) AS jti, min(decision) AS decision, min(scope) AS scope, min(context::text) AS context, min(parent_generation + 1 - generation) AS from_parent,
	   bool_and(access_expires_at - issued_at = '1 day') AS lives_for_a_day
FROM test.other;
SELECT a.detail ->> 'jti' = o.jti AS audited FROM test.other o JOIN pgtoken.audit_events a USING (grant_id) ORDER BY a.event_id DESC LIMIT 1;
ALTER TABLE pgtoken.tokens DETACH PARTITION test.other;
SELECT test.refreshed();
ROLLBACK;
SELECT test.refreshed();
-- a foreign partition is the business of its wrapper, which the SQL asks
BEGIN;
CREATE FOREIGN DATA WRAPPER regress_none;
CREATE SERVER regress_none FOREIGN DATA WRAPPER regress_none;
ALTER TABLE pgtoken.tokens DETACH PARTITION pgtoken.tokens_default;
CREATE FOREIGN TABLE pgtoken.elsewhere PARTITION OF pgtoken.tokens DEFAULT SERVER regress_none;
SELECT test.refreshed();
ROLLBACK;
SELECT test.refreshed();
DROP TABLE test.chain, test.seen;
DROP FUNCTION test.as_it_is(), test.see(), test.come_back(), test.comparable(jsonb, timestamptz), test.counted(text), test.done(text), test.go_on(), test.live_and_die(), test.refreshed(), test.rows_of(uuid), test.start();
