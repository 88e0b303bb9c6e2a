-- What a backend remembers: bounded by pgtoken.cache_memory, and never wrong for
-- what had to leave.  Other sessions' revocations are in the isolation tests.
-- However slow the server, no token ends meanwhile.
SET pgtoken.access_token_lifetime = '1d';
CREATE FUNCTION test.cached(what text) RETURNS bigint LANGUAGE sql VOLATILE
	RETURN (SELECT s.value FROM pgtoken.cache_stats() s WHERE s.name = what);
CREATE FUNCTION test.cache_fits() RETURNS boolean LANGUAGE sql VOLATILE
	RETURN test.cached('token_bytes') + test.cached('client_bytes') + test.cached('configuration_bytes') <= test.cached('limit_bytes');
SELECT name FROM pgtoken.cache_stats();

-- A token is verified once
SELECT access_token AS at FROM pgtoken.issue_tokens('web', 'erin', 'openid') \gset
SELECT test.cached('token_hits') AS hits \gset
SELECT count(pgtoken.verify_access_token(t)) FROM unnest(ARRAY[:'at', :'at', :'at']) t;
SELECT test.cached('token_hits') - :hits AS hits;

-- Tokens: those used least recently leave, and hold as before
SET pgtoken.cache_memory = '256kB';
CREATE TABLE test.many AS
	SELECT n, i.access_token, i.grant_id FROM generate_series(1, 600) n, LATERAL pgtoken.issue_tokens('web', 'user-' || n, 'openid') i;
SELECT count(pgtoken.verify_access_token(access_token)) FROM test.many;
SELECT test.cache_fits(), test.cached('tokens') BETWEEN 50 AND 599 AS tokens_left;
SELECT count(pgtoken.verify_access_token(access_token)) FROM test.many;
SELECT test.cache_fits();
-- one that is used all the time stays
SELECT test.cached('token_hits') AS hits \gset
SELECT count(pgtoken.verify_access_token(access_token)), count(pgtoken.verify_access_token(:'at')) FROM test.many;
SELECT test.cached('token_hits') - :hits >= 599 AS stays;
-- Attack shut out: a revoked token lives on in a cache that is full, or comes back into it.
SELECT count(*) FROM test.many m, LATERAL pgtoken.revoke_family(m.grant_id) WHERE m.n IN (1, 300, 600);
SELECT count(pgtoken.verify_access_token(access_token)), count(pgtoken.verify_access_token(access_token)) FILTER (WHERE n IN (1, 300, 600)) AS revoked
FROM test.many;
-- one with large claims takes the place of several
SELECT pgtoken.verify_access_token(i.access_token) ->> 'sub' AS sub
FROM pgtoken.issue_tokens('web', 'large', 'openid', claims => jsonb_build_object('large', repeat('x', 6000))) i;
SELECT test.cache_fits();

-- Clients: the same
SELECT count(pgtoken.create_client('many-' || n, 'public')) FROM generate_series(1, 300) n;
CREATE TABLE test.of_many AS
	SELECT n, i.access_token FROM generate_series(1, 300) n, LATERAL pgtoken.issue_tokens('many-' || n, 'erin', 'openid') i;
SELECT test.cache_fits(), test.cached('clients') BETWEEN 5 AND 299 AS clients_left;
SELECT count(pgtoken.verify_access_token(access_token)) FROM test.of_many;
SELECT test.cache_fits(), test.cached('clients') BETWEEN 5 AND 299 AS clients_left;
-- Attack shut out: a client that was switched off is served by what is remembered of it.
SELECT count(pgtoken.update_client('many-' || n, enabled => false)) FROM unnest('{1,150,300}'::integer[]) n;
SELECT array_agg(n ORDER BY n) FROM test.of_many WHERE pgtoken.verify_access_token(access_token) IS NULL;

-- One that leaves gives its memory back before the transaction ends
CREATE FUNCTION test.verify_rounds(rounds integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	total bigint := 0;
BEGIN
	FOR i IN 1 .. rounds LOOP
		total := total + (SELECT count(pgtoken.verify_access_token(access_token)) FROM test.of_many);
	END LOOP;
	RETURN total;
END $$;
-- as PostgreSQL counts them
CREATE VIEW test.contexts AS
	SELECT count(*) FILTER (WHERE name = 'pgtoken client') AS clients, count(*) FILTER (WHERE name = 'pgtoken cache') AS generations,
		sum(total_bytes) AS bytes
	FROM pg_backend_memory_contexts WHERE name IN ('pgtoken cache', 'pgtoken client', 'pgtoken clients', 'pgtoken verified tokens');
BEGIN;
SELECT test.verify_rounds(5);
SELECT clients = test.cached('clients') AS clients, generations, bytes <= test.cached('limit_bytes') AS bytes FROM test.contexts;
COMMIT;
SELECT test.cache_fits();
-- with room for none, too
SET pgtoken.cache_memory = 0;
BEGIN;
SELECT test.verify_rounds(2);
SELECT clients, generations FROM test.contexts;
COMMIT;
RESET pgtoken.cache_memory;
-- and so does what a revocation or a change drops
BEGIN;
DO $$
DECLARE
	tokens pgtoken.token_response;
BEGIN
	FOR i IN 1 .. 50 LOOP
		tokens := pgtoken.issue_tokens('web', 'erin', 'openid');
		PERFORM pgtoken.verify_access_token(tokens.access_token);
		PERFORM pgtoken.revoke_family(tokens.grant_id);
		PERFORM pgtoken.update_client('many-2', enabled => i % 2 = 0);
		ASSERT pgtoken.verify_access_token(tokens.access_token) IS NULL;
	END LOOP;
END $$;
SELECT generations FROM test.contexts;
ROLLBACK;

-- What a call up the stack still uses stays readable: a trigger takes its client,
-- its key and all configuration out of the caches, and fills them with others.
CREATE FUNCTION test.churn() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	size text;
BEGIN
	FOREACH size IN ARRAY '{0,64,4096}'::text[] LOOP
		PERFORM set_config('pgtoken.cache_memory', size, false);
		PERFORM test.verify_rounds(1);
	END LOOP;
	RETURN NULL;
END $$;
CREATE TRIGGER churn AFTER INSERT OR UPDATE ON pgtoken.grants FOR EACH ROW EXECUTE FUNCTION test.churn();
SELECT i.error, r.error, pgtoken.verify_access_token(r.access_token) ->> 'client_id' AS client, pgtoken.verify_access_token(i.access_token) ->> 'sub' AS sub
FROM pgtoken.issue_tokens('web', 'erin', 'openid offline_access') i, LATERAL pgtoken.refresh_grant(i.refresh_token, 'web', test.secret('web')) r;
DROP TRIGGER churn ON pgtoken.grants;
SELECT generations, clients = test.cached('clients') AS clients FROM test.contexts;
RESET pgtoken.cache_memory;

-- Less memory than before: both caches begin anew, and fill up again
SELECT count(pgtoken.verify_access_token(access_token)) FROM test.of_many;
SELECT test.cached('token_bytes') > 64 * 1024 AND test.cached('client_bytes') > 64 * 1024 AS fuller;
SET pgtoken.cache_memory = '128kB';
SELECT pgtoken.verify_access_token(:'at') ->> 'sub' AS sub;
SELECT test.cached('tokens') AS tokens, test.cached('clients') AS clients;
SELECT count(pgtoken.verify_access_token(access_token)) FROM test.of_many;
SELECT test.cache_fits(), test.cached('tokens') > 5 AS tokens, test.cached('clients') > 1 AS clients,
	test.cached('token_bytes') <= test.cached('limit_bytes') / 2 AS tokens_fit, test.cached('client_bytes') <= test.cached('limit_bytes') / 2 AS clients_fit;

-- Nothing remembered: everything goes on
SET pgtoken.cache_memory = 0;
SELECT test.cached('token_hits') AS hits \gset
SELECT count(pgtoken.verify_access_token(t)) FROM unnest(ARRAY[:'at', :'at', :'at']) t;
SELECT count(refresh_token) FROM pgtoken.issue_tokens('web', 'erin', 'openid offline_access');
SELECT test.cached('token_hits') - :hits AS hits, test.cached('tokens') AS tokens, test.cached('clients') AS clients;
RESET pgtoken.cache_memory;

-- Plans are there, and shown
SELECT test.cached('plan_bytes') > 0 AS plans;
DELETE FROM pgtoken.grants WHERE client_id LIKE 'many-%';
DELETE FROM pgtoken.clients WHERE client_id LIKE 'many-%';
DROP TABLE test.many, test.of_many;
DROP VIEW test.contexts;
DROP FUNCTION test.cache_fits(), test.cached(text), test.verify_rounds(integer), test.churn();
