-- Which of several databases this one is (pgtoken.shard), and whether what lies here is its own.

-- By subject, and not by id: an id of an importer's or an application's own making has no
-- placement, and its family lies with its subject all the same.  At most max_rows of each
-- table: the newest and the oldest families, any of the others.
CREATE FUNCTION pgtoken.misplaced_rows(shard integer, shards integer, max_rows integer, OUT looked_at bigint, OUT misplaced bigint, OUT first_table text)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT count(*), count(*) FILTER (WHERE s.is_foreign), (array_agg(s.table_name ORDER BY s.n) FILTER (WHERE s.is_foreign))[1]
	FROM (SELECT r.n, r.table_name, pgtoken.shard_of_subject(r.subject, shards) <> shard AS is_foreign
		  FROM ((SELECT 1 AS n, 'grants' AS table_name, g.subject FROM pgtoken.grants g ORDER BY g.grant_id DESC LIMIT max_rows)
				UNION ALL (SELECT 1, 'grants', g.subject FROM pgtoken.grants g ORDER BY g.grant_id LIMIT max_rows)
				UNION ALL (SELECT 2, 'factors', f.subject FROM pgtoken.factors f LIMIT max_rows)
				UNION ALL (SELECT 3, 'consents', c.subject FROM pgtoken.consents c LIMIT max_rows)
				UNION ALL (SELECT 4, 'subject_blocks', b.subject FROM pgtoken.subject_blocks b LIMIT max_rows)
				UNION ALL (SELECT 5, 'subject_not_before', e.subject FROM pgtoken.subject_not_before e LIMIT max_rows)) r
		  -- who was erased has none
		  WHERE r.subject <> '') s;
END;
REVOKE ALL ON FUNCTION pgtoken.misplaced_rows FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.misplaced_rows IS
'Internal, called by health(): how many rows of subjects of other shards lie here, of so many that were looked at. shard, shards: as pgtoken.shard says. max_rows: of each table at most';
