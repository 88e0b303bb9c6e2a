-- What one refresh and one revocation keep on disk, and what they write to the WAL:
-- CALL bench.measure_bytes(...) after a CHECKPOINT, then SELECT ... FROM bench.bytes.
-- Families take turns, so that each write meets other pages, as from many users. All
-- pages are written once after the checkpoint before anything is counted: no full page
-- images are in it.

CREATE TABLE bench.bytes (what text PRIMARY KEY, bytes numeric NOT NULL);

CREATE FUNCTION bench.kept() RETURNS numeric LANGUAGE sql AS
$$ SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind = 'r' $$;

CREATE PROCEDURE bench.measure_bytes(client text, secret text, scope text, context jsonb, families integer) LANGUAGE plpgsql AS
$$
DECLARE
	rounds CONSTANT integer := 3;
	ids uuid[];
	rts text[];
	kept numeric;
	lsn pg_lsn;
	j integer;
BEGIN
	SELECT array_agg(r.grant_id), array_agg(r.refresh_token) INTO ids, rts
	FROM generate_series(1, families) i, pgtoken.issue_tokens(client, 'user-' || i, scope, context => context) r;
	COMMIT;
	-- the measured rounds double what the key has, so that its pages are as full as they are on average
	FOR round IN -1 .. rounds LOOP
		IF round = 1 THEN
			kept := bench.kept();
			lsn := pg_current_wal_insert_lsn();
		END IF;
		FOR i IN 1 .. families LOOP
			j := 1 + i::bigint * 1237 % families;
			rts[j] := (pgtoken.refresh_grant(rts[j], client, secret, context => context)).refresh_token;
			COMMIT;
		END LOOP;
	END LOOP;
	INSERT INTO bench.bytes VALUES
		('refresh: wal', (pg_current_wal_insert_lsn() - lsn) / (rounds * families)), ('refresh: kept', (bench.kept() - kept) / (rounds * families));
	COMMIT;
	-- the first touch the pages
	FOR i IN 1 .. families LOOP
		IF i = families / 2 THEN
			kept := bench.kept();
			lsn := pg_current_wal_insert_lsn();
		END IF;
		PERFORM count(*) FROM pgtoken.revoke_family(ids[1 + i::bigint * 1237 % families]);
		COMMIT;
	END LOOP;
	INSERT INTO bench.bytes VALUES
		('revocation: wal', (pg_current_wal_insert_lsn() - lsn) / (families / 2)), ('revocation: kept', (bench.kept() - kept) / (families / 2));
END
$$;
