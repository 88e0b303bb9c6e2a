CREATE FUNCTION pgtoken.audit_row() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_audit_row' LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.audit_row() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_row() IS 'Trigger: writes an audit event with the row before and after. Arguments: the event''s prefix, then the columns to leave out';

CREATE FUNCTION pgtoken.audit_grant() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_audit_grant' LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.audit_grant() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_grant() IS 'Trigger on grants: grant.issued, grant.revoked, grant.changed, grant.deleted. Arguments as audit_row';

-- Not SECURITY DEFINER: nobody but the owner can insert into tokens, and each
-- refresh would pay for the switch.
CREATE FUNCTION pgtoken.audit_token() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_audit_token' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.audit_token() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_token() IS 'Trigger on tokens: token.refreshed, token.retried; the first issue is audited by the grant';

CREATE FUNCTION pgtoken.append_only() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_append_only' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.append_only() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.append_only() IS 'Trigger: refuses UPDATE, DELETE and TRUNCATE';

CREATE FUNCTION pgtoken.invalidate() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_invalidate' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.invalidate() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.invalidate() IS 'Trigger: tells all backends to drop cached configuration (argument config) or verified tokens (argument revocation)';

CREATE FUNCTION pgtoken.notify_keys() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	channel text;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	channel := current_setting('pgtoken.http_notify_channel');
	IF channel <> '' THEN
		PERFORM pg_notify(channel, 'reload config');
	END IF;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.notify_keys() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.notify_keys() IS 'Trigger: has PostgREST read the keys again, by pgtoken_http.pre_config(); tells the channel pgtoken.http_notify_channel';

-- Audit

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.issuers FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('issuer', 'epoch', 'epochs_since_end', 'not_before_epoch');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.signing_keys FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('signing_key');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.key_material FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('key_material', 'material');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.resources FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('resource');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.clients FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('client', 'epoch', 'epochs_since_end', 'not_before_epoch');
-- not for last_used_at, which says nothing of whether the secret holds
CREATE TRIGGER audit AFTER INSERT OR UPDATE OF client_id, secret_id, secret_hash, created_at, expires_at, revoked_at, label, hash_scheme OR DELETE ON pgtoken.client_secrets FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('client_secret', 'secret_hash');
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON pgtoken.blacklist FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('blacklist');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.policies FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('policy');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.subject_not_before FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('subject_not_before', 'ended_epoch', 'not_before_epoch');
-- Not what a factor's use changes: a counter, and how often it was wrong.
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE OF issuer, subject, factor_id, factor_type, label, state, parameters, secret ON pgtoken.factors
	FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('factor', 'secret', 'code_hashes');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OF state ON pgtoken.challenges FOR EACH ROW
	EXECUTE FUNCTION pgtoken.audit_row('challenge', 'handle_hash', 'code_hash', 'nonce', 'issuer_epoch', 'client_epoch', 'subject_epoch');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.consents FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('consent');
-- What comes of a request is audited, not the request; a code from its making on,
-- but not that maintain() forgets it.
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON pgtoken.authorization_codes FOR EACH ROW
	EXECUTE FUNCTION pgtoken.audit_row('authorization_code', 'code_hash', 'code_challenge', 'issuer_epoch', 'client_epoch', 'subject_epoch');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OF state ON pgtoken.device_codes FOR EACH ROW
	EXECUTE FUNCTION pgtoken.audit_row('device_code', 'device_hash', 'user_code_hash', 'issuer_epoch', 'client_epoch', 'subject_epoch');
-- Forgetting a row whose token has ended is housekeeping; any other deletion lets a token in again.
CREATE TRIGGER audit_delete AFTER DELETE ON pgtoken.blacklist FOR EACH ROW WHEN (OLD.expires_at > now())
	EXECUTE FUNCTION pgtoken.audit_row('blacklist');
CREATE TRIGGER audit AFTER INSERT OR DELETE ON pgtoken.grants FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_grant('grant', 'current_hash', 'previous_hash', 'rotation_nonce', 'lockstep', 'issuer_epoch', 'client_epoch', 'subject_epoch');
-- A rotation is audited by its ledger row; here only what is not a rotation. The
-- column lists cost a rotation nothing: its statement names none of them.
CREATE TRIGGER audit_update AFTER UPDATE OF grant_id, client_id, subject, scope, resources, session_id, auth_time, acr, amr, mfa_time, first_auth_time, nonce,
		claims, created_at, expires_at, idle_lifetime, blacklisted_generation, first_context, grant_type, not_before, jkt, x5t_s256, act, ancestors, ancestor_tokens,
		revoked_at, revoke_reason, issuer_epoch, client_epoch, subject_epoch
	ON pgtoken.grants FOR EACH ROW
	EXECUTE FUNCTION pgtoken.audit_grant('grant', 'current_hash', 'previous_hash', 'rotation_nonce', 'lockstep', 'issuer_epoch', 'client_epoch', 'subject_epoch');
-- No WHEN: PostgreSQL would read its expression anew for each statement.
CREATE TRIGGER audit AFTER INSERT ON pgtoken.tokens FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_token();

-- PostgREST listens on primaries only, and NOTIFY does not replicate.

CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE ON pgtoken.signing_keys FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.notify_keys();

-- Append-only

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pgtoken.tokens FOR EACH ROW EXECUTE FUNCTION pgtoken.append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.tokens FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.tokens_default FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pgtoken.audit_events FOR EACH ROW EXECUTE FUNCTION pgtoken.append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.audit_events FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.audit_events_default FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();

-- Cache invalidation, also where rows arrive by logical replication: that fires
-- row triggers only, and only those that are ENABLE ALWAYS. The audit's leave out
-- what arrives so: it was audited where it was done.

CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.issuers FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.signing_keys FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.key_material FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.resources FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.clients FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OF client_id, secret_id, secret_hash, created_at, expires_at, revoked_at, hash_scheme OR DELETE ON pgtoken.client_secrets FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.blacklist FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('revocation');
CREATE TRIGGER invalidate AFTER UPDATE OF grant_id, client_id, not_before, revoked_at OR DELETE ON pgtoken.grants FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('revocation');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.policies FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.subject_not_before FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('revocation');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.installation FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.installation FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.policies FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.subject_not_before FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('revocation');
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.issuers FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.signing_keys FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.key_material FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.resources FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.clients FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.client_secrets FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.blacklist FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('revocation');
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.grants FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('revocation');

-- All of them whatever session_replication_role says: who may set it would
-- otherwise do without the audit, and delete what is append-only.

DO $always$
DECLARE
	statement text;
BEGIN
	FOR statement IN
		SELECT pg_catalog.format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.tgrelid::pg_catalog.regclass, t.tgname)
		FROM pg_catalog.pg_trigger t
		JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.tgrelid
		WHERE c.relnamespace OPERATOR(pg_catalog.=) 'pgtoken'::pg_catalog.regnamespace
		  AND NOT t.tgisinternal AND t.tgparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid LOOP
		EXECUTE statement;
	END LOOP;
END
$always$;
