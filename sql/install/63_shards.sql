-- Which of several databases this one is (pgtoken.shard), and whether what lies here is its own.

-- At most max_rows of each table: the newest and the oldest families, any of the others. A
-- family lies where its id says, which is with its subject, but for ids of before there were
-- placements.
CREATE FUNCTION pgtoken.misplaced_rows(shard integer, shards integer, max_rows integer, OUT looked_at bigint, OUT misplaced bigint, OUT first_table text)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT count(*), count(*) FILTER (WHERE r.lies <> shard), (array_agg(r.table_name ORDER BY r.n) FILTER (WHERE r.lies <> shard))[1]
	FROM ((SELECT 1 AS n, 'grants' AS table_name, pgtoken.shard_of(g.grant_id, shards) AS lies FROM pgtoken.grants g ORDER BY g.grant_id DESC LIMIT max_rows)
		  UNION ALL (SELECT 1, 'grants', pgtoken.shard_of(g.grant_id, shards) FROM pgtoken.grants g ORDER BY g.grant_id LIMIT max_rows)
		  UNION ALL (SELECT 2, 'factors', pgtoken.shard_of_subject(f.subject, shards) FROM pgtoken.factors f LIMIT max_rows)
		  UNION ALL (SELECT 3, 'consents', pgtoken.shard_of_subject(c.subject, shards) FROM pgtoken.consents c LIMIT max_rows)
		  UNION ALL (SELECT 4, 'subject_blocks', pgtoken.shard_of_subject(b.subject, shards) FROM pgtoken.subject_blocks b LIMIT max_rows)
		  UNION ALL (SELECT 5, 'subject_not_before', pgtoken.shard_of_subject(e.subject, shards) FROM pgtoken.subject_not_before e LIMIT max_rows)) r;
END;
REVOKE ALL ON FUNCTION pgtoken.misplaced_rows FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.misplaced_rows IS
'Internal, called by health(): how many rows of subjects of other shards lie here, of so many that were looked at. shard, shards: as pgtoken.shard says. max_rows: of each table at most';
