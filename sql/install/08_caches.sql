-- What backends keep in memory, and how they are told to forget it: also where rows
-- arrive by logical replication. That fires row triggers only, and only those that are
-- ENABLE ALWAYS. The audit's leave out what arrives so: it was audited where it was done.

-- Proxies whose relcache entry carries cache invalidation: transactional, at
-- commit to every backend, at replay to every standby. They hold no rows.
CREATE TABLE pgtoken.config_epoch ();
COMMENT ON TABLE pgtoken.config_epoch IS 'Empty; its relcache invalidation tells backends that issuers, keys, clients or resources changed';

ALTER TABLE pgtoken.config_epoch ENABLE ROW LEVEL SECURITY;

CREATE TABLE pgtoken.revocation_epoch ();
COMMENT ON TABLE pgtoken.revocation_epoch IS 'Empty; its relcache invalidation tells backends that a family was revoked or a token blacklisted';

ALTER TABLE pgtoken.revocation_epoch ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION pgtoken.invalidate() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_invalidate' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.invalidate FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.invalidate IS 'Internal, trigger: tells all backends to drop cached configuration (argument config) or verified tokens (argument revocation)';

CREATE FUNCTION pgtoken.cache_stats()
	RETURNS TABLE (name text, value bigint)
	AS 'MODULE_PATHNAME', 'pgt_cache_stats_row' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.cache_stats FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.cache_stats TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.cache_stats IS
'What this backend''s caches hold and how they do.
Returns a row each for keys parsed, tokens and clients held and their memory in bytes (limit_bytes is pgtoken.cache_memory), memory of the other configuration and of kept plans, hits and misses, invalidations, and how often a row was read or written without a plan (row_operations) or had to be by its statement (row_statements).';
