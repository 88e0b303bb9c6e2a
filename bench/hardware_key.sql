-- What a signature by a key in hardware costs beside one by a key in the database: for
-- each of two algorithms twenty rounds, in which the two take turns, of 200 access
-- tokens each. In a database of its own, with the settings pgtoken.pkcs11_module and
-- pgtoken.pkcs11_pin_file made:
--
--   psql -X -v es256=URI -v rs256=URI -f bench/hardware_key.sql
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
CREATE EXTENSION pgtoken;
SELECT pgtoken.create_issuer(i) FROM unnest(ARRAY['https://database.example', 'https://hardware.example']) i \g (format=unaligned tuples_only=on) /dev/null
SELECT pgtoken.create_signing_key(a, 'https://database.example') FROM unnest(ARRAY['ES256', 'RS256']) a \g /dev/null
\timing on
\echo first signature of a session, with library, login and search:
SELECT pgtoken.create_signing_key('ES256', 'https://hardware.example', uri => :'es256');
\timing off
SELECT pgtoken.create_signing_key('RS256', 'https://hardware.example', uri => :'rs256') \g /dev/null
SELECT pgtoken.create_resource('https://api.' || i || '.example', '{read}', issuer => 'https://' || i || '.example') FROM unnest(ARRAY['database', 'hardware']) i \g /dev/null
SELECT pgtoken.create_client(i || '-' || a, 'public', '{read}', signing_alg => a, issuer => 'https://' || i || '.example')
FROM unnest(ARRAY['database', 'hardware']) i, unnest(ARRAY['ES256', 'RS256']) a \g /dev/null

CREATE TEMP TABLE round (place text, alg text, us numeric);
CREATE FUNCTION pg_temp.one_round(place text, alg text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	began timestamptz := clock_timestamp();
BEGIN
	FOR i IN 1 .. 200 LOOP
		PERFORM pgtoken.issue_tokens(place || '-' || alg, 'alice', 'read');
	END LOOP;
	INSERT INTO round VALUES (place, alg, extract(epoch FROM clock_timestamp() - began) * 1e6 / 200);
END $$;
SELECT count(pg_temp.one_round(place, alg)::text) AS rounds
FROM generate_series(1, 20) n, unnest(ARRAY['ES256', 'RS256']) alg, unnest(ARRAY['database', 'hardware']) place \g /dev/null
SELECT alg, round(m.database) AS issue_by_database_us, round(m.hardware) AS issue_by_hardware_us, round(m.hardware - m.database) AS more_us
FROM (SELECT alg, percentile_cont(0.5) WITHIN GROUP (ORDER BY us) FILTER (WHERE place = 'database') AS database,
			 percentile_cont(0.5) WITHIN GROUP (ORDER BY us) FILTER (WHERE place = 'hardware') AS hardware
	  FROM round GROUP BY alg) m ORDER BY alg;
