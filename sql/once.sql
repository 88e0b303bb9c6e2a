-- Fault: (f(x)).* is one call of f for each column. A refresh was a rotation and a
-- dozen retries, with a strict client a reuse whose answer said allow without tokens;
-- an issue a dozen families.
\set SHOW_CONTEXT never

INSERT INTO test.clients SELECT * FROM pgtoken.create_client('once', offline_access => true, retry_window => '0');

-- issue: a family for each row, whatever is asked of it
CREATE TABLE test.once_issued AS SELECT (pgtoken.issue_tokens('once', 'once-olga', 'openid offline_access')).*, n FROM generate_series(1, 3) n;
SELECT count(DISTINCT i.grant_id) AS families, count(DISTINCT i.refresh_token) AS refresh_tokens, count(*) FILTER (WHERE pgtoken.grant_of(i.refresh_token) = i.grant_id AND pgtoken.grant_of(i.access_token) = i.grant_id) AS of_one_call,
	   (SELECT count(*) FROM pgtoken.grants WHERE subject = 'once-olga') AS stored
FROM test.once_issued i;

-- refresh, with a client whose every second presentation is reuse
CREATE TABLE test.once_refreshed AS SELECT (pgtoken.refresh_grant(i.refresh_token, 'once', test.secret('once'))).* FROM test.once_issued i;
SELECT a.decision, count(*), bool_and(pgtoken.verify_access_token(a.access_token) IS NOT NULL) AS hold, bool_and((pgtoken.introspect(a.refresh_token) ->> 'active')::boolean) AS current
FROM test.once_refreshed a GROUP BY a.decision;
SELECT generation, retry_count, revoked_at IS NULL AS lives, count(*) FROM pgtoken.grants WHERE subject = 'once-olga' GROUP BY generation, retry_count, lives;
SELECT count(*) AS answers FROM pgtoken.tokens t JOIN pgtoken.grants g USING (grant_id) WHERE g.subject = 'once-olga' AND t.generation = 1;
-- columns by name, in any number
SELECT (pgtoken.refresh_grant(a.refresh_token, 'once', test.secret('once'))).decision, (pgtoken.refresh_grant(a.refresh_token, 'once', test.secret('once'))).error,
	   (pgtoken.refresh_grant(a.refresh_token, 'once', test.secret('once'))).token_type
FROM (SELECT * FROM test.once_refreshed ORDER BY grant_id LIMIT 1) a;

-- In another spelling, or by the next statement of the same transaction, it is still the
-- caller who has not been answered yet: he gets the same successor, as a retry, and no
-- reuse. When the transaction is over, strict is strict.
BEGIN;
SELECT (pgtoken.refresh_grant(a.refresh_token, 'once', test.secret('once'))).decision FROM (SELECT * FROM test.once_refreshed ORDER BY grant_id OFFSET 1 LIMIT 1) a;
SELECT (r).decision, (r).error FROM (SELECT pgtoken.refresh_grant(a.refresh_token, 'once', test.secret('once')) AS r FROM (SELECT * FROM test.once_refreshed ORDER BY grant_id OFFSET 1 LIMIT 1) a OFFSET 0) x;
ROLLBACK;
CREATE TABLE test.once_spelt AS
	SELECT i.refresh_token AS first, i.grant_id, a.refresh_token AS one, b.refresh_token AS two, c.decision AS three
	FROM pgtoken.issue_tokens('once', 'once-rosa', 'openid offline_access') i, LATERAL pgtoken.refresh_grant(i.refresh_token, 'once', test.secret('once')) a,
		 LATERAL pgtoken.refresh_grant(refresh_token => i.refresh_token, client_id => 'once', client_secret => test.secret('once'), context => '{"n": 1}') b,
		 LATERAL (SELECT (pgtoken.refresh_grant(i.refresh_token, client_secret => test.secret('once'))).decision) c;
SELECT one = two AS same_successor, three, (SELECT string_agg(l.generation || '.' || l.retry, ' ' ORDER BY l.generation, l.retry) FROM pgtoken.lineage(grant_id) l) AS lineage
FROM test.once_spelt;
SELECT r.decision, r.error FROM test.once_spelt, pgtoken.refresh_grant(first, 'once', test.secret('once')) r;
DROP TABLE test.once_spelt;
-- nor of another argument, or row
SELECT (pgtoken.refresh_grant(a.refresh_token, 'once', 'wrong')).decision, (pgtoken.refresh_grant(a.refresh_token, 'once', test.secret('once'))).decision AS right_secret
FROM (SELECT * FROM test.once_refreshed ORDER BY grant_id OFFSET 1 LIMIT 1) a;
CREATE TABLE test.once_twice AS SELECT (pgtoken.issue_tokens('once', 'once-pia', 'openid offline_access')).* FROM generate_series(1, 2);
SELECT count(DISTINCT grant_id) AS families FROM test.once_twice;
-- one that was taken back has not been given
DO $$
DECLARE
	token text := (SELECT refresh_token FROM test.once_twice ORDER BY grant_id LIMIT 1);
	r record;
BEGIN
	BEGIN
		SELECT (pgtoken.refresh_grant(token, 'once', test.secret('once'))).* INTO r;
		RAISE EXCEPTION 'taken back';
	EXCEPTION WHEN raise_exception THEN
		SELECT (pgtoken.refresh_grant(token, 'once', test.secret('once'))).* INTO r;
	END;
	RAISE NOTICE '%, in the ledger: %', r.decision, (SELECT count(*) FROM pgtoken.tokens t WHERE t.grant_id = r.grant_id AND t.generation = 1 AND t.jti = test.claims(r.access_token) ->> 'jti');
END
$$;
-- a statement after another, in one transaction, in a loop
DO $$
DECLARE
	ids uuid[] := '{}';
	r pgtoken.token_response;
BEGIN
	FOR i IN 1 .. 3 LOOP
		r := pgtoken.issue_tokens('once', 'once-quinn');
		ids := ids || r.grant_id;
	END LOOP;
	r := pgtoken.issue_tokens('once', 'once-quinn');
	RAISE NOTICE 'families: %', cardinality(ARRAY(SELECT DISTINCT unnest(ids || r.grant_id)));
END
$$;

-- sets: a revocation tells all of itself
SELECT (pgtoken.revoke_family(grant_id, 'a reason')).* FROM (SELECT grant_id FROM test.once_twice ORDER BY grant_id LIMIT 1) t \gset
SELECT :'client_id' AS client_id, :'subject' AS subject, :generation AS generation, :'reason' AS reason;
SELECT (pgtoken.blacklist_token(refresh_token, 'a reason')).* FROM (SELECT refresh_token FROM test.once_twice ORDER BY grant_id OFFSET 1) t \gset
SELECT :'token_type' AS token_type, :'token_id' AS token_id;

-- the tests that follow know nothing of them
SELECT count(*) AS ended FROM (SELECT grant_id FROM pgtoken.grants WHERE client_id = 'once') g, pgtoken.revoke_family(g.grant_id) r;
