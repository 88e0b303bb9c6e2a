-- Did the guarantees hold while it was measured?  One row per check: what, ok,
-- detail.  :refreshed, :issued and :revoked are the transactions pgbench counted
-- since scale.run.  Looked at are the families that were touched, each by its key.
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_seqscan = off;
WITH answers AS (
	SELECT a.what, count(*) AS n FROM scale.answered a WHERE a.error IS NULL GROUP BY a.what
), families AS MATERIALIZED (
	SELECT f.grant_id, g.generation, g.revoked_at, l.*
	FROM (SELECT DISTINCT a.grant_id FROM scale.answered a WHERE a.what <> 'revoke' AND a.error IS NULL) f
	LEFT JOIN pgtoken.grants g USING (grant_id),
		 LATERAL (SELECT count(*) AS answers, count(DISTINCT t.generation) AS generations, max(t.generation) AS newest,
						 bool_and(t.parent_generation IS NOT DISTINCT FROM nullif(t.generation, 0) - 1) AS chained,
						 count(*) FILTER (WHERE t.generation > 0 AND t.issued_at >= r.started_at) AS refreshed
				  FROM pgtoken.tokens t, scale.run r WHERE t.grant_id = f.grant_id) l
), events AS (
	SELECT count(*) FILTER (WHERE e.event = 'token.refreshed') AS refreshed, count(*) FILTER (WHERE e.event = 'grant.issued') AS issued,
		   count(*) FILTER (WHERE e.event = 'grant.revoked') AS revoked,
		   count(*) FILTER (WHERE e.event IN ('token.retried', 'grant.changed') OR e.event LIKE 'refresh.%' OR e.event LIKE 'issue.%'
							   OR e.event LIKE 'client.authentication%') AS unexpected
	FROM pgtoken.audit_events e, scale.run r WHERE e.occurred_at >= r.started_at
), revoked AS (
	SELECT count(*) AS families, count(*) FILTER (WHERE g.revoked_at IS NOT NULL) AS revoked,
		   (SELECT count(pgtoken.verify_access_token(t.access_token)) FROM scale.answered t
			WHERE t.access_token IS NOT NULL AND t.grant_id IN (SELECT v.grant_id FROM scale.answered v WHERE v.what = 'revoke')) AS tokens_that_hold
	FROM scale.answered a LEFT JOIN pgtoken.grants g USING (grant_id) WHERE a.what = 'revoke'
), checks (what, ok, detail) AS (
	SELECT 'every transaction has had its answer', count(*) = 3 AND sum(n) = :refreshed + :issued + :revoked, format('%s of %s', sum(n), :refreshed + :issued + :revoked)
	FROM answers
	UNION ALL
	SELECT 'each generation has exactly one child',
		   count(*) FILTER (WHERE NOT (f.answers = f.generations AND f.generations = f.newest + 1 AND f.chained AND f.generation = f.newest) IS TRUE) = 0,
		   format('%s families touched, %s generations', count(*), sum(f.generations))
	FROM families f
	UNION ALL
	SELECT 'every refresh answered is in the ledger', sum(f.refreshed) = :refreshed, format('%s of %s', sum(f.refreshed), :refreshed) FROM families f
	UNION ALL
	SELECT 'every refresh answered is audited', e.refreshed = :refreshed, format('%s of %s', e.refreshed, :refreshed) FROM events e
	UNION ALL
	SELECT 'every family issued is audited', e.issued = :issued, format('%s of %s', e.issued, :issued) FROM events e
	UNION ALL
	SELECT 'every revocation is audited', e.revoked = :revoked AND r.revoked = :revoked, format('%s and %s of %s', r.revoked, e.revoked, :revoked) FROM events e, revoked r
	UNION ALL
	SELECT 'no token of a revoked family holds', r.tokens_that_hold = 0, format('%s', r.tokens_that_hold) FROM revoked r
	UNION ALL
	SELECT 'no unexpected answer', e.unexpected = 0, format('%s events of refusal, retry or reuse', e.unexpected) FROM events e
)
SELECT what, ok, detail FROM checks;
