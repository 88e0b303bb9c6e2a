CREATE FUNCTION pgtoken.audit_row() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_audit_row' LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.audit_row() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_row() IS 'Trigger: writes an audit event with the row before and after. Arguments: the event''s prefix, then the columns to leave out';

CREATE FUNCTION pgtoken.audit_grant() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_audit_grant' LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.audit_grant() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_grant() IS 'Trigger on grants: grant.issued, grant.revoked, grant.changed, grant.deleted; tells all backends when a family stops holding';

CREATE FUNCTION pgtoken.audit_token() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_audit_token' LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.audit_token() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_token() IS 'Trigger on tokens: token.refreshed, token.retried';

CREATE FUNCTION pgtoken.append_only() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_append_only' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.append_only() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.append_only() IS 'Trigger: refuses UPDATE, DELETE and TRUNCATE';

CREATE FUNCTION pgtoken.invalidate() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_invalidate' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.invalidate() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.invalidate() IS 'Trigger: tells all backends to drop cached configuration (argument config) or verified tokens (argument revocation)';

-- Audit

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.issuers FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('issuer');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.signing_keys FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('signing_key');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.key_material FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('key_material', 'material');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.resources FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('resource');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.clients FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('client');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.client_secrets FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('client_secret', 'secret_hash');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.blacklist FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('token_blacklist');
CREATE TRIGGER audit AFTER INSERT OR DELETE ON pgtoken.grants FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_grant('grant', 'current_hash', 'previous_hash', 'rotation_nonce');
-- A rotation is audited by its ledger row; here only what is not a rotation.
CREATE TRIGGER audit_update AFTER UPDATE ON pgtoken.grants FOR EACH ROW
	WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at
		  OR OLD.grant_id IS DISTINCT FROM NEW.grant_id
		  OR OLD.client_id IS DISTINCT FROM NEW.client_id
		  OR OLD.subject IS DISTINCT FROM NEW.subject
		  OR OLD.scope IS DISTINCT FROM NEW.scope
		  OR OLD.resources IS DISTINCT FROM NEW.resources
		  OR OLD.session_id IS DISTINCT FROM NEW.session_id
		  OR OLD.auth_time IS DISTINCT FROM NEW.auth_time
		  OR OLD.acr IS DISTINCT FROM NEW.acr
		  OR OLD.amr IS DISTINCT FROM NEW.amr
		  OR OLD.claims IS DISTINCT FROM NEW.claims
		  OR OLD.created_at IS DISTINCT FROM NEW.created_at
		  OR OLD.expires_at IS DISTINCT FROM NEW.expires_at
		  OR OLD.idle_lifetime IS DISTINCT FROM NEW.idle_lifetime
		  OR OLD.blacklisted_generation IS DISTINCT FROM NEW.blacklisted_generation
		  OR (OLD.generation IS NOT DISTINCT FROM NEW.generation AND OLD.current_hash IS DISTINCT FROM NEW.current_hash))
	EXECUTE FUNCTION pgtoken.audit_grant('grant', 'current_hash', 'previous_hash', 'rotation_nonce');
CREATE TRIGGER audit AFTER INSERT ON pgtoken.tokens FOR EACH ROW
	WHEN (NEW.generation > 0 OR NEW.retry > 0)
	EXECUTE FUNCTION pgtoken.audit_token();

-- Append-only, also for replication roles

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pgtoken.tokens FOR EACH ROW EXECUTE FUNCTION pgtoken.append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.tokens FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.tokens_default FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pgtoken.audit_events FOR EACH ROW EXECUTE FUNCTION pgtoken.append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.audit_events FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.audit_events_default FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
ALTER TABLE pgtoken.tokens ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE pgtoken.tokens ENABLE ALWAYS TRIGGER append_only_truncate;
ALTER TABLE pgtoken.tokens_default ENABLE ALWAYS TRIGGER append_only_truncate;
ALTER TABLE pgtoken.audit_events ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE pgtoken.audit_events ENABLE ALWAYS TRIGGER append_only_truncate;
ALTER TABLE pgtoken.audit_events_default ENABLE ALWAYS TRIGGER append_only_truncate;

-- Cache invalidation

CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgtoken.issuers FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgtoken.signing_keys FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgtoken.key_material FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgtoken.resources FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgtoken.clients FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgtoken.client_secrets FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgtoken.blacklist FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('revocation');
CREATE TRIGGER invalidate AFTER TRUNCATE ON pgtoken.grants FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('revocation');
ALTER TABLE pgtoken.issuers ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE pgtoken.signing_keys ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE pgtoken.key_material ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE pgtoken.resources ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE pgtoken.clients ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE pgtoken.client_secrets ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE pgtoken.blacklist ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE pgtoken.grants ENABLE ALWAYS TRIGGER invalidate;
