-- What the benchmarks run on: the extension with one issuer, one API and one
-- client per algorithm, and in the schema floor the same tables without it.

SET client_min_messages = warning;
CREATE EXTENSION pgtoken;
CREATE SCHEMA bench;

DO $do$
DECLARE
	alg text;
BEGIN
	PERFORM pgtoken.create_issuer('https://bench.example');
	PERFORM pgtoken.create_resource('https://api.example', '{read,write}');
	FOREACH alg IN ARRAY '{ES256,HS256}'::text[] LOOP
		PERFORM pgtoken.create_signing_key(alg);
	END LOOP;
END
$do$;

-- A confidential client: a refresh checks its secret. The clear text is kept
-- here for the benchmark's clients alone; this server is thrown away.
CREATE TABLE bench.client AS
	SELECT * FROM pgtoken.create_client('web', scopes => '{openid,read,write}',
										offline_access => true, resources => '{https://api.example}');
CREATE TABLE bench.hs256_client AS
	SELECT * FROM pgtoken.create_client('hs256', scopes => '{read,write}',
										resources => '{https://api.example}', signing_alg => 'HS256');

-- partitions of the current months, as on a server that is looked after
SELECT count(*) > 0 AS maintained FROM pgtoken.maintain() \gset

-- The floor --------------------------------------------------------------------

-- The same columns, keys, indexes, fillfactor and partitions; no trigger.
CREATE SCHEMA floor;
CREATE TABLE floor.grants (LIKE pgtoken.grants INCLUDING ALL) WITH (fillfactor = 70);
CREATE TABLE floor.tokens (LIKE pgtoken.tokens INCLUDING ALL) PARTITION BY RANGE (issued_at);
CREATE TABLE floor.audit_events (LIKE pgtoken.audit_events INCLUDING ALL) PARTITION BY RANGE (occurred_at);
DO $do$
DECLARE
	part record;
BEGIN
	FOR part IN
		SELECT c.relname, p.relname AS parent, pg_get_expr(c.relpartbound, c.oid) AS bound
		FROM pg_inherits i
		JOIN pg_class c ON c.oid = i.inhrelid
		JOIN pg_class p ON p.oid = i.inhparent
		WHERE p.oid IN ('pgtoken.tokens'::regclass, 'pgtoken.audit_events'::regclass)
	LOOP
		EXECUTE format('CREATE TABLE floor.%1$I (LIKE pgtoken.%1$I INCLUDING ALL)', part.relname);
		EXECUTE format('ALTER TABLE floor.%I ATTACH PARTITION floor.%I %s', part.parent, part.relname, part.bound);
	END LOOP;
END
$do$;

-- Both sides must differ in nothing but the triggers.
DO $do$
DECLARE
	differing text;
BEGIN
	WITH sides AS (
		SELECT c.relname, n.nspname, c.reloptions, pg_get_partkeydef(c.oid) AS partkey,
			   pg_get_expr(c.relpartbound, c.oid) AS bound,
			   (SELECT array_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull ORDER BY a.attnum)
				FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
			   (SELECT array_agg(regexp_replace(pg_get_indexdef(x.indexrelid), '^.* USING ', '') || x.indisunique ORDER BY 1)
				FROM (SELECT * FROM pg_index x WHERE x.indrelid = c.oid
					  ORDER BY regexp_replace(pg_get_indexdef(x.indexrelid), '^.* USING ', '')) x) AS indexes
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname IN ('pgtoken', 'floor') AND c.relkind IN ('r', 'p')
		  AND (c.relname ~ '^(tokens|audit_events)' OR c.relname = 'grants')
	)
	SELECT string_agg(a.relname, ', ') INTO differing
	FROM (SELECT * FROM sides WHERE nspname = 'pgtoken') a
	FULL JOIN (SELECT * FROM sides WHERE nspname = 'floor') b USING (relname)
	WHERE (a.reloptions, a.partkey, a.bound, a.columns, a.indexes)
		  IS DISTINCT FROM (b.reloptions, b.partkey, b.bound, b.columns, b.indexes);
	IF differing IS NOT NULL THEN
		RAISE EXCEPTION 'the floor''s tables are not like pgtoken''s: %', differing;
	END IF;
END
$do$;

-- Families to refresh ----------------------------------------------------------

-- The context of a browser's request, the same on both sides.
CREATE FUNCTION bench.context() RETURNS jsonb LANGUAGE sql IMMUTABLE AS
$$ SELECT '{"ip": "203.0.113.7", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "session_id": "5f0c1d7e"}'::jsonb $$;

-- Each client of pgbench has a family of its own. The families before it keep
-- it from sharing a page with the next client's.
CREATE FUNCTION bench.start_family(OUT rt text, OUT secret text) LANGUAGE plpgsql AS
$$
BEGIN
	FOR i IN 1..20 LOOP
		rt := (pgtoken.issue_tokens('web', 'user-' || i, 'read write offline_access', context => bench.context())).refresh_token;
	END LOOP;
	SELECT client_secret INTO secret FROM bench.client;
END
$$;

CREATE FUNCTION bench.start_floor_family(OUT family uuid, OUT rt text, OUT secret text) LANGUAGE plpgsql AS
$$
BEGIN
	SELECT s.rt, s.secret, pgtoken.grant_of(s.rt) INTO rt, secret, family FROM bench.start_family() s;
	INSERT INTO floor.grants
		SELECT g.* FROM pgtoken.grants g WHERE g.grant_id <= family ORDER BY g.grant_id DESC LIMIT 20
		ON CONFLICT DO NOTHING;
END
$$;
