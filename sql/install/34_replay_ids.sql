-- What is remembered so that a client assertion or a DPoP proof cannot be used twice.

CREATE TABLE pgtoken.replay_ids (
	replay_hash bytea NOT NULL,
	expires_at timestamptz NOT NULL,
	CONSTRAINT replay_ids_pkey PRIMARY KEY (replay_hash)
);
COMMENT ON TABLE pgtoken.replay_ids IS 'jti values of client assertions (RFC 7523) and DPoP proofs (RFC 9449) that have been used: the primary key lets each in once';
COMMENT ON COLUMN pgtoken.replay_ids.replay_hash IS 'SHA-256 of purpose, owner and jti';
COMMENT ON COLUMN pgtoken.replay_ids.expires_at IS 'End of what carried it; maintain() forgets the row after it';
COMMENT ON INDEX pgtoken.replay_ids_pkey IS 'Lets each jti in once, also when two come at the same time';

ALTER TABLE pgtoken.replay_ids
	ALTER replay_hash SET STORAGE MAIN, ALTER replay_hash SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.replay_ids', '');
ALTER TABLE pgtoken.replay_ids ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.replay_ids FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.replay_ids IS 'Lets pgtoken_auditor see every row (though not replay_hash: column privileges); without it row security shows none, not even to pg_read_all_data';
-- What else is of each shard alone, its trigger of the audit guards.
CREATE FUNCTION pgtoken.guard_shard() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_guard_shard' LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.guard_shard FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.guard_shard IS 'Internal, trigger of replay_ids: no subscription brings rows of another shard here. Raises 25006';
CREATE TRIGGER shard BEFORE INSERT ON pgtoken.replay_ids FOR EACH ROW EXECUTE FUNCTION pgtoken.guard_shard();
COMMENT ON TRIGGER shard ON pgtoken.replay_ids IS 'What was used on one shard was not used on another: ids are not replicated between them';
GRANT SELECT (expires_at) ON pgtoken.replay_ids TO pgtoken_auditor;
