-- What a family and a refresh keep on disk and write to the WAL, in a database of bench/setup.sql
-- that has no families yet: hot, where a page has been written since the last checkpoint,
-- and cold, where each refresh is the first to touch its pages. Prints rows of Markdown.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' | '
SET client_min_messages = warning;
\i bench/bytes.sql
SELECT client_id AS client, client_secret AS secret FROM bench.client \gset

CREATE FUNCTION bench.size(tables text) RETURNS numeric LANGUAGE sql AS
$$ SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind = 'r' AND c.relname ~ tables $$;
CREATE TABLE bench.written (what text, wal_bytes numeric, images numeric, n integer);
CREATE TABLE bench.tokens (n integer PRIMARY KEY, rt text NOT NULL);

-- after pg_stat_force_next_flush(), since a session tells of its WAL when it is idle
CREATE FUNCTION bench.mark(what text, n integer) RETURNS void LANGUAGE sql AS
$$ INSERT INTO bench.written SELECT mark.what, w.wal_bytes, w.wal_fpi, mark.n FROM pg_stat_wal w $$;
\set mark 'SELECT pg_stat_force_next_flush(); SELECT bench.mark'

-- the families come in the order of time, those that are refreshed are any of them
CREATE PROCEDURE bench.issue(n integer, secret text) LANGUAGE plpgsql AS
$$
BEGIN
	FOR i IN 1 .. n LOOP
		INSERT INTO bench.tokens SELECT i, r.refresh_token FROM pgtoken.issue_tokens('web', 'user-' || i / 3, 'read write offline_access', context => bench.context()) r;
		COMMIT;
	END LOOP;
END
$$;
-- those from first on, each once, in an order in which hardly two share a page
CREATE PROCEDURE bench.refresh(first integer, n integer, of integer, secret text) LANGUAGE plpgsql AS
$$
BEGIN
	FOR i IN first .. first + n - 1 LOOP
		PERFORM FROM bench.tokens t, pgtoken.refresh_grant(t.rt, 'web', secret, context => bench.context()) r
			WHERE t.n = 1 + i::bigint * 7919 % of AND r.error IS NOT NULL;
		IF FOUND THEN
			RAISE EXCEPTION 'a refresh was refused';
		END IF;
		COMMIT;
	END LOOP;
END
$$;

SELECT bench.size('^grants$') AS grants, bench.size('^tokens') AS ledger, bench.size('.') AS everything \gset
CALL bench.issue(:families, :'secret');
VACUUM pgtoken.grants;
SELECT 'on disk for each family (its row and indexes, fillfactor 70), bytes', round((bench.size('^grants$') - :grants) / :families);
SELECT 'on disk for each answer with tokens (ledger and audit, indexes), bytes', round((bench.size('^tokens') - :ledger) / :families);
CREATE FUNCTION bench.cold(what text) RETURNS TABLE (what text, bytes numeric, images numeric) LANGUAGE sql AS
$$ SELECT 'WAL of a refresh that is the first on its pages after a checkpoint' || cold.what || ', bytes; page images in it',
		  round((max(w.wal_bytes) - min(w.wal_bytes)) / max(w.n)), round((max(w.images) - min(w.images)) / max(w.n), 2) FROM bench.written w WHERE w.what = cold.what $$;
CHECKPOINT;
:mark('', :refreshes);
CALL bench.refresh(0, :refreshes, :families, :'secret');
:mark('', :refreshes);
SELECT * FROM bench.cold('');
SET wal_compression = lz4;
CHECKPOINT;
:mark(', wal_compression lz4', :refreshes);
CALL bench.refresh(:refreshes, :refreshes, :families, :'secret');
:mark(', wal_compression lz4', :refreshes);
SELECT * FROM bench.cold(', wal_compression lz4');
RESET wal_compression;
CALL bench.measure_bytes(:'client', :'secret', 'read write offline_access', bench.context(), 2000);
SELECT 'WAL of a refresh on pages that were written before, bytes', round(bytes) FROM bench.bytes WHERE what = 'refresh: wal';
SELECT 'on disk for each refresh, bytes', round(bytes) FROM bench.bytes WHERE what = 'refresh: kept';
