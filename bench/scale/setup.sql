-- What both databases of bench/scale/run have before and besides the load.

SET client_min_messages = warning;
CREATE EXTENSION pgtoken;
CREATE EXTENSION pg_prewarm;
CREATE SCHEMA scale;

SELECT pgtoken.create_issuer('https://bench.example') AS issuer \gset
SELECT pgtoken.create_resource('https://api.example', '{read,write}') AS resource \gset
SELECT pgtoken.create_signing_key('ES256') AS kid \gset

-- As generate.c names them. The secrets are kept here for the benchmark's
-- clients alone; this server is thrown away.
CREATE TABLE scale.clients AS
	SELECT c.client_id, c.client_secret
	FROM generate_series(0, 299) n,
		 LATERAL pgtoken.create_client('client-' || to_char(n, 'FM000'), scopes => '{read,write}', offline_access => true,
									   resources => '{https://api.example}') c;
ALTER TABLE scale.clients ADD PRIMARY KEY (client_id);
-- What is loaded is of the epochs of this moment, as if it had been issued here.
UPDATE pgtoken.issuers SET epoch = 0;
UPDATE pgtoken.clients SET epoch = 0;
UPDATE pgtoken.subject_epochs SET epoch = 0;
ALTER TABLE pgtoken.grants ALTER issuer_epoch SET DEFAULT 0, ALTER client_epoch SET DEFAULT 0, ALTER subject_epoch SET DEFAULT 0;

CREATE TABLE scale.load (families bigint NOT NULL, loaded_at timestamptz NOT NULL, kid text NOT NULL);
INSERT INTO scale.load VALUES (:families, to_timestamp(:now), :'kid');

-- Families that can be refreshed: some of each age, with what their clients know.
CREATE UNLOGGED TABLE scale.pool (grant_id uuid PRIMARY KEY, client_id text NOT NULL, subject text NOT NULL, refresh_token text NOT NULL);

-- One turn of one side: a family for each transaction of each of pgbench's clients.
CREATE UNLOGGED TABLE scale.turn (client integer, n integer, grant_id uuid NOT NULL, client_id text NOT NULL, client_secret text NOT NULL,
								  subject text NOT NULL, refresh_token text NOT NULL, PRIMARY KEY (client, n));
-- What was answered in this turn, and before.
CREATE UNLOGGED TABLE scale.answers (what text NOT NULL, grant_id uuid, access_token text, refresh_token text, error text);
CREATE UNLOGGED TABLE scale.answered (LIKE scale.answers);

CREATE PROCEDURE scale.settle() LANGUAGE plpgsql AS
$$
BEGIN
	UPDATE scale.pool p SET refresh_token = a.refresh_token FROM scale.answers a WHERE a.what = 'refresh' AND a.grant_id = p.grant_id AND a.error IS NULL;
	DELETE FROM scale.pool p USING scale.answers a WHERE a.what = 'revoke' AND a.grant_id = p.grant_id;
	INSERT INTO scale.answered SELECT * FROM scale.answers;
	TRUNCATE scale.answers;
END
$$;

CREATE PROCEDURE scale.prepare(clients integer, transactions integer) LANGUAGE plpgsql AS
$$
BEGIN
	CALL scale.settle();
	TRUNCATE scale.turn;
	INSERT INTO scale.turn
		SELECT (p.row - 1) % clients, (p.row - 1) / clients + 1, p.grant_id, p.client_id, c.client_secret, p.subject, p.refresh_token
		FROM (SELECT row_number() OVER () AS row, r.*
			  FROM (SELECT * FROM scale.pool ORDER BY random() LIMIT clients * transactions) r) p
		JOIN scale.clients c USING (client_id);
	IF (SELECT count(*) FROM scale.turn) < clients * transactions THEN
		RAISE EXCEPTION 'too few families can be refreshed: % of %', (SELECT count(*) FROM scale.turn), clients * transactions
			USING HINT = 'Make SCALE_TRANSACTIONS smaller, or SCALE_SMALL larger.';
	END IF;
	ANALYZE scale.turn;
END
$$;

-- The same families once more: their pages are in memory, and in the WAL since the
-- last checkpoint.
CREATE PROCEDURE scale.prepare_again(clients integer, transactions integer) LANGUAGE plpgsql AS
$$
BEGIN
	CALL scale.settle();
	UPDATE scale.turn t SET refresh_token = p.refresh_token FROM scale.pool p WHERE p.grant_id = t.grant_id;
	IF (SELECT count(*) FROM scale.turn) <> clients * transactions THEN
		RAISE EXCEPTION 'the turn before was of another length';
	END IF;
END
$$;

-- Calls per second of a statement that is called for each family of the turn with
-- its grant_id, client_id, subject and a time within the load as $1 to $4.
CREATE FUNCTION scale.rate(statement text, calls integer) RETURNS double precision LANGUAGE plpgsql AS
$$
DECLARE
	inputs scale.turn[] := ARRAY(SELECT t FROM scale.turn t ORDER BY t.n, t.client LIMIT calls);
	loaded_at CONSTANT timestamptz := (SELECT l.loaded_at FROM scale.load l);
	input scale.turn;
	start_at timestamptz;
	found_rows bigint;
BEGIN
	EXECUTE statement INTO found_rows USING inputs[1].grant_id, inputs[1].client_id, inputs[1].subject, loaded_at;
	start_at := clock_timestamp();
	FOREACH input IN ARRAY inputs LOOP
		EXECUTE statement INTO found_rows USING input.grant_id, input.client_id, input.subject,
			loaded_at - interval '1 day' - input.n % 50 * interval '1 day';
	END LOOP;
	RETURN cardinality(inputs) / extract(epoch FROM clock_timestamp() - start_at);
END
$$;

-- Tokens verified per second, each for the first time in this session.
CREATE FUNCTION scale.verify_rate(tokens text[]) RETURNS double precision LANGUAGE plpgsql AS
$$
DECLARE
	start_at timestamptz;
	held bigint;
BEGIN
	PERFORM pgtoken.verify_access_token(tokens[1]);
	start_at := clock_timestamp();
	SELECT count(pgtoken.verify_access_token(t)) INTO held FROM unnest(tokens[2:]) t;
	IF held <> cardinality(tokens) - 1 THEN
		RAISE EXCEPTION '% of % tokens held', held, cardinality(tokens) - 1;
	END IF;
	RETURN held / extract(epoch FROM clock_timestamp() - start_at);
END
$$;

-- Rows that this database has written to the tables of pgtoken so far.
CREATE FUNCTION scale.rows_written() RETURNS bigint LANGUAGE sql AS
$$ SELECT sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del)::bigint FROM pg_stat_xact_all_tables s WHERE s.schemaname = 'pgtoken' $$;
