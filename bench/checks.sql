-- Did the guarantees hold while it was measured?  One row per check: what, ok,
-- detail.  :refreshed, :issued, :floor_refreshed and :floor_issued are the
-- transactions pgbench counted.
WITH families AS (
	SELECT t.grant_id, count(*) AS answers, count(DISTINCT t.generation) AS generations, max(t.generation) AS newest,
		   bool_and(t.parent_generation IS NOT DISTINCT FROM nullif(t.generation, 0) - 1) AS chained
	FROM pgtoken.tokens t GROUP BY t.grant_id
), events AS (
	SELECT count(*) FILTER (WHERE e.event = 'token.refreshed') AS refreshed,
		   count(*) FILTER (WHERE e.event = 'grant.issued') AS issued,
		   count(*) FILTER (WHERE e.event IN ('token.retried', 'grant.changed', 'grant.revoked')
							   OR e.event LIKE 'refresh.%' OR e.event LIKE 'issue.%' OR e.event LIKE 'client.authentication%') AS unexpected
	FROM pgtoken.audit_events e
), checks (what, ok, detail) AS (
	SELECT 'each generation has exactly one child', count(*) FILTER (WHERE NOT (f.answers = f.generations AND f.generations = f.newest + 1 AND f.chained AND g.generation = f.newest) IS TRUE) = 0,
		   format('%s families, %s generations', count(*), sum(f.generations))
	FROM pgtoken.grants g FULL JOIN families f USING (grant_id)
	UNION ALL
	SELECT 'every refresh answered is in the ledger', count(*) FILTER (WHERE t.generation > 0) = :refreshed,
		   format('%s of %s', count(*) FILTER (WHERE t.generation > 0), :refreshed)
	FROM pgtoken.tokens t
	UNION ALL
	SELECT 'every refresh answered is audited', e.refreshed = :refreshed, format('%s of %s', e.refreshed, :refreshed) FROM events e
	UNION ALL
	SELECT 'every family issued is audited', e.issued = count(*) AND count(*) >= :issued, format('%s of %s', e.issued, count(*))
	FROM events e, pgtoken.grants g GROUP BY e.issued
	UNION ALL
	SELECT 'no unexpected answer', e.unexpected = 0, format('%s events of refusal, retry or reuse', e.unexpected) FROM events e
	UNION ALL
	SELECT 'the floor wrote as many rows', count(*) = :floor_refreshed + :floor_issued,
		   format('%s ledger rows of %s', count(*), :floor_refreshed + :floor_issued)
	FROM floor.tokens
)
SELECT what, ok, detail FROM checks;
