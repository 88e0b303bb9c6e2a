-- What the benchmarks run on: the extension with one issuer, one API and one
-- client per algorithm; in the schema floor the same tables without it; in the
-- schema peer signed tokens by pgcrypto.

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

-- Five built-in rules that need nothing but the family's row; none of them fires.
SELECT pgtoken.create_policy('bench', '[
	{"rule": "network_changed", "outcome": "require"},
	{"rule": "user_agent_changed", "outcome": "require"},
	{"rule": "unknown_device", "member": "session_id", "outcome": "require"},
	{"rule": "concurrent_context", "outcome": "deny"},
	{"rule": "idle", "longer_than": 604800, "outcome": "require"}]') AS policy_version \gset

-- partitions of the current months, as on a server that is looked after
SELECT count(*) > 0 AS maintained FROM pgtoken.maintain() \gset

-- The floor --------------------------------------------------------------------

-- The same columns, keys, indexes, fillfactor and partitions; no trigger.
CREATE SCHEMA floor;
CREATE TABLE floor.grants (LIKE pgtoken.grants INCLUDING ALL) WITH (fillfactor = 70);
CREATE TABLE floor.tokens (LIKE pgtoken.tokens INCLUDING ALL) PARTITION BY RANGE (issued_at);
CREATE TABLE floor.audit_rows (LIKE pgtoken.audit_rows INCLUDING ALL) PARTITION BY RANGE (occurred_at);
DO $do$
DECLARE
	part record;
BEGIN
	FOR part IN
		SELECT c.relname, p.relname AS parent, pg_get_expr(c.relpartbound, c.oid) AS bound
		FROM pg_inherits i
		JOIN pg_class c ON c.oid = i.inhrelid
		JOIN pg_class p ON p.oid = i.inhparent
		WHERE p.oid IN ('pgtoken.tokens'::regclass, 'pgtoken.audit_rows'::regclass)
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
		  AND (c.relname ~ '^(tokens|audit_rows)' OR c.relname = 'grants')
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

-- One family for each client of the next run, on either side, in a table of that
-- side. Others lie between them, so that no two clients share a page of grants.
CREATE TABLE bench.families (client integer PRIMARY KEY, family uuid NOT NULL, rt text NOT NULL);
CREATE TABLE floor.families (LIKE bench.families INCLUDING ALL);

CREATE FUNCTION bench.prepare(clients integer) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
	last_one pgtoken.token_response;
	floor_one uuid;
BEGIN
	TRUNCATE bench.families, floor.families;
	FOR client IN 0 .. clients - 1 LOOP
		FOR i IN 1 .. 20 LOOP
			last_one := pgtoken.issue_tokens('web', 'user-' || i, 'read write offline_access', context => bench.context());
			floor_one := pgtoken.new_uuid();
			INSERT INTO floor.grants SELECT (jsonb_populate_record(g, jsonb_build_object('grant_id', floor_one))).*
				FROM pgtoken.grants g WHERE g.grant_id = last_one.grant_id;
		END LOOP;
		INSERT INTO bench.families VALUES (client, last_one.grant_id, last_one.refresh_token);
		INSERT INTO floor.families VALUES (client, floor_one, last_one.refresh_token);
	END LOOP;
END
$$;

-- Loops in SQL -------------------------------------------------------------------

-- Microseconds per row of a query that counts something in n rows.
CREATE FUNCTION bench.per_row(query text, n integer) RETURNS double precision LANGUAGE plpgsql AS
$$
DECLARE
	start_at CONSTANT timestamptz := clock_timestamp();
	counted bigint;
BEGIN
	EXECUTE query INTO counted;
	IF counted IS DISTINCT FROM n THEN
		RAISE EXCEPTION '% of % rows counted by %', counted, n, query;
	END IF;
	RETURN extract(epoch FROM clock_timestamp() - start_at) * 1e6 / n;
END
$$;

-- Access tokens, and for the peer the same claims signed by itself.
CREATE TABLE bench.access_tokens (alg text NOT NULL, token text NOT NULL);
CREATE FUNCTION bench.make_access_tokens(n integer) RETURNS void LANGUAGE sql AS
$$
	TRUNCATE bench.access_tokens;
	INSERT INTO bench.access_tokens
		SELECT c.alg, (pgtoken.issue_tokens(c.client_id, 'user-' || i, 'read write')).access_token
		FROM (VALUES ('ES256', 'web'), ('HS256', 'hs256')) c (alg, client_id), generate_series(1, n) i;
	INSERT INTO bench.access_tokens
		SELECT 'peer', peer.sign(convert_from(peer.url_decode(split_part(t.token, '.', 2)), 'UTF8')::jsonb, 'a secret of the peer, 32 characters')
		FROM bench.access_tokens t WHERE t.alg = 'HS256';
$$;
