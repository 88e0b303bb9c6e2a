-- Single tokens that are refused before their end; the family lives on.

CREATE TABLE pgtoken.blacklist (
	grant_id uuid NOT NULL,
	token_id text NOT NULL,
	token_type text NOT NULL,
	expires_at timestamptz NOT NULL,
	reason text,
	created_at timestamptz NOT NULL,
	CONSTRAINT blacklist_pkey PRIMARY KEY (grant_id, token_id),
	CONSTRAINT blacklist_token_type_check CHECK (token_type IN ('access_token', 'refresh_token'))
);
COMMENT ON TABLE pgtoken.blacklist IS 'Single tokens refused before their end';
COMMENT ON COLUMN pgtoken.blacklist.grant_id IS 'The family of the token, which lives on';
COMMENT ON COLUMN pgtoken.blacklist.token_id IS 'jti of an access token, or "generation N" of a refresh token';
COMMENT ON COLUMN pgtoken.blacklist.token_type IS 'access_token or refresh_token (RFC 7009 section 2.1); refresh tokens are refused by grants.blacklisted_generation, their rows are the record of it';
COMMENT ON COLUMN pgtoken.blacklist.expires_at IS 'End of the token; maintain() forgets the row after it';
COMMENT ON COLUMN pgtoken.blacklist.reason IS 'What blacklist_token was told; NULL: nothing';
COMMENT ON COLUMN pgtoken.blacklist.created_at IS 'When the token was blacklisted';
COMMENT ON INDEX pgtoken.blacklist_pkey IS 'Finds a token of a family; each is blacklisted once';

ALTER TABLE pgtoken.blacklist
	ALTER token_id SET STORAGE MAIN, ALTER token_id SET STATISTICS 0,
	ALTER reason SET STORAGE MAIN, ALTER reason SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.blacklist', '');
ALTER TABLE pgtoken.blacklist ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.blacklist FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.blacklist IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.blacklist TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE ON pgtoken.blacklist FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('blacklist');
COMMENT ON TRIGGER audit ON pgtoken.blacklist IS 'Writes a new or changed row to audit_events';
-- Forgetting a row whose token has ended is housekeeping; any other deletion lets a token in again.
CREATE TRIGGER audit_delete AFTER DELETE ON pgtoken.blacklist FOR EACH ROW WHEN (OLD.expires_at > now())
	EXECUTE FUNCTION pgtoken.audit_row('blacklist');
COMMENT ON TRIGGER audit_delete ON pgtoken.blacklist IS 'Writes to audit_events that a row went whose token has not ended and is let in again';
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.blacklist FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('revocation');
COMMENT ON TRIGGER invalidate ON pgtoken.blacklist IS 'Makes every backend drop the tokens it has verified when the transaction commits';
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.blacklist FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('revocation');
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.blacklist IS 'As invalidate, for TRUNCATE';

CREATE TYPE pgtoken.blacklisted_token AS (
	grant_id uuid,
	token_type text,
	token_id text,
	expires_at timestamptz
);
REVOKE ALL ON TYPE pgtoken.blacklisted_token FROM PUBLIC;
GRANT USAGE ON TYPE pgtoken.blacklisted_token TO pgtoken_issuer;
COMMENT ON TYPE pgtoken.blacklisted_token IS 'What blacklist_token blacklisted: an access_token by its jti, or a refresh_token by its generation, until expires_at';
COMMENT ON COLUMN pgtoken.blacklisted_token.grant_id IS 'The family of the token, which lives on';
COMMENT ON COLUMN pgtoken.blacklisted_token.token_type IS 'access_token or refresh_token (RFC 7009 section 2.1)';
COMMENT ON COLUMN pgtoken.blacklisted_token.token_id IS 'jti of an access token, or "generation N" of a refresh token';
COMMENT ON COLUMN pgtoken.blacklisted_token.expires_at IS 'Until when the row is needed: exp of an access token (at most a day ahead where only the jti was given), the family''s absolute end for a refresh token';

CREATE FUNCTION pgtoken.blacklist_token(token text, reason text DEFAULT NULL)
	RETURNS SETOF pgtoken.blacklisted_token
	AS 'MODULE_PATHNAME', 'pgt_blacklist_token' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.blacklist_token(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.blacklist_token(text, text) TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.blacklist_token(text, text) IS
'Refuse one access or refresh token before its end; the family lives on. token: the token itself, or the jti of an access token. reason: kept with the row and in the audit.
A blacklisted refresh token takes its immediate predecessor with it; a successor that it has been exchanged for before lives.
Returns what was blacklisted; no row when the token is not genuine, expired or was blacklisted before. Raises 22004 for a NULL token.';

CREATE FUNCTION pgtoken.blacklist_token(jti text, expires_at timestamptz, reason text DEFAULT NULL)
	RETURNS SETOF pgtoken.blacklisted_token
	AS 'MODULE_PATHNAME', 'pgt_blacklist_jti' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.blacklist_token(text, timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.blacklist_token(text, timestamptz, text) TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.blacklist_token(text, timestamptz, text) IS
'Refuse an access token of which only the jti is known. jti: its claim. expires_at: until when the row must be kept, at the latest the token''s exp (infinity and anything beyond a day are cut to a day, the longest an access token lives). reason: kept with the row and in the audit.
Returns what was blacklisted. Raises 22023 when the jti has not the form of ours, 22004 for NULL.';
