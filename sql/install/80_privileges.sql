-- Nothing for PUBLIC, and nothing for anybody whom the installing role's default
-- privileges favour; each role what its work needs.

DO $strip$
DECLARE
	grantee text;
BEGIN
	FOR grantee IN
		SELECT DISTINCT pg_catalog.quote_ident(r.rolname)
		FROM pg_catalog.pg_default_acl d, pg_catalog.aclexplode(d.defaclacl) a
		JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) a.grantee
		WHERE d.defaclrole OPERATOR(pg_catalog.=) (SELECT o.oid FROM pg_catalog.pg_roles o WHERE o.rolname OPERATOR(pg_catalog.=) CURRENT_USER)
		  AND a.grantee OPERATOR(pg_catalog.<>) d.defaclrole LOOP
		EXECUTE 'REVOKE ALL ON SCHEMA pgtoken, pgtoken_http FROM ' OPERATOR(pg_catalog.||) grantee;
		EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA pgtoken, pgtoken_http FROM ' OPERATOR(pg_catalog.||) grantee;
		EXECUTE 'REVOKE ALL ON ALL ROUTINES IN SCHEMA pgtoken, pgtoken_http FROM ' OPERATOR(pg_catalog.||) grantee;
	END LOOP;
END
$strip$;
REVOKE ALL ON ALL TABLES IN SCHEMA pgtoken, pgtoken_http FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pgtoken, pgtoken_http FROM PUBLIC;

GRANT USAGE ON SCHEMA pgtoken TO pgtoken_issuer, pgtoken_auditor, pgtoken_http;
GRANT USAGE ON SCHEMA pgtoken_http TO pgtoken_http;
GRANT USAGE ON TYPE pgtoken.token_response, pgtoken.revoked_family, pgtoken.blacklisted_token, pgtoken.authorization_response TO pgtoken_issuer;
GRANT USAGE ON TYPE pgtoken.client_credentials, pgtoken.created_client_secret TO pgtoken_admin;

-- The application: issues, refreshes, answers what browsers and devices ask, ends
-- sessions, shows its users their consents.
GRANT EXECUTE ON FUNCTION
	pgtoken.issue_tokens(text, text, text, text[], timestamptz, text, text[], text, text, jsonb, jsonb, jsonb, text),
	pgtoken.refresh_grant(text, text, text, text, text[], jsonb, jsonb, text, text[], interval),
	pgtoken.revoke_family(uuid, text),
	pgtoken.revoke_family(text, text),
	pgtoken.blacklist_token(text, text),
	pgtoken.blacklist_token(text, timestamptz, text),
	pgtoken.verify_access_token(text, text, jsonb),
	pgtoken.introspect(text),
	pgtoken.grant_of(text),
	pgtoken.shard_of(uuid, integer),
	pgtoken.jwks(text),
	pgtoken.authorization_request(text),
	pgtoken.consent_missing(text, text),
	pgtoken.approve_authorization(text, text, text, timestamptz, text, text[], text, jsonb, jsonb),
	pgtoken.deny_authorization(text, text, text),
	pgtoken.device_request(text, text),
	pgtoken.approve_device(text, text, text, text, timestamptz, text, text[], text, jsonb),
	pgtoken.deny_device(text, text),
	pgtoken.enroll_factor(text, text, jsonb, text, text),
	pgtoken.activate_factor(text, uuid, text, text),
	pgtoken.remove_factor(text, uuid, text),
	pgtoken.unlock_factor(text, uuid, text),
	pgtoken.factors_of(text, text),
	pgtoken.challenge(text, uuid, text),
	pgtoken.complete_challenge(text, jsonb),
	pgtoken.take_challenge_codes(integer),
	pgtoken.complete_logout(text, text, text),
	pgtoken.end_session(text, text, boolean, text),
	pgtoken.withdraw_consent(text, text),
	pgtoken.revoke_subject(text, text, text),
	pgtoken.revoke_session(text, text, text)
TO pgtoken_issuer;
GRANT SELECT ON pgtoken.consents TO pgtoken_issuer;

-- The HTTP layer: the endpoints, and what an API behind it needs.
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgtoken_http TO pgtoken_http;
GRANT EXECUTE ON FUNCTION
	pgtoken.verify_access_token(text, text, jsonb),
	pgtoken.jwks(text),
	pgtoken.claim(text),
	pgtoken.has_scope(text),
	pgtoken.subject(),
	pgtoken.require_scope(text),
	pgtoken.require_acr(text[], interval),
	pgtoken.raise_challenge(integer, text, text, text),
	pgtoken.foreign_algs(),
	pgtoken.check_request()
TO pgtoken_http;
GRANT USAGE ON TYPE pgtoken_http."*/*" TO pgtoken_http;

-- The auditor: looks, changes nothing, sees no hash.
GRANT SELECT ON pgtoken.issuers, pgtoken.signing_keys, pgtoken.resources, pgtoken.clients, pgtoken.blacklist,
	pgtoken.audit_events, pgtoken.grant_status, pgtoken.consents, pgtoken.user_code_attempts,
	pgtoken.decisions, pgtoken.decisions_by_rule, pgtoken.decisions_by_client, pgtoken.decision_latency TO pgtoken_auditor;
GRANT SELECT (client_id, secret_id, label, created_at, expires_at, revoked_at, last_used_at, hash_scheme) ON pgtoken.client_secrets TO pgtoken_auditor;
GRANT SELECT (grant_id, client_id, subject, scope, resources, session_id, auth_time, acr, amr, mfa_time, first_auth_time,
			  nonce, claims, created_at, expires_at,
			  idle_lifetime, generation, rotated_at, retry_count, blacklisted_generation, context, first_context, grant_type, not_before, jkt, x5t_s256, act,
			  ancestors, ancestor_tokens, revoked_at, revoke_reason, issuer_epoch, client_epoch, subject_epoch)
	ON pgtoken.grants TO pgtoken_auditor;
GRANT SELECT (grant_id, kind, issuer, client_id, created_at, expires_at) ON pgtoken.authorization_requests TO pgtoken_auditor;
GRANT SELECT (grant_id, client_id, redirect_uri, dpop_jkt, subject, scope, resources, session_id, auth_time, acr, amr, nonce, claims,
			  context, created_at, expires_at, redeemed_at, issuer_epoch, client_epoch, subject_epoch)
	ON pgtoken.authorization_codes TO pgtoken_auditor;
GRANT SELECT (grant_id, client_id, scope, resources, jkt, state, poll_interval, polled_at, early_polls, subject, session_id, auth_time, acr, amr,
			  claims, context, created_at, expires_at, issuer_epoch, client_epoch, subject_epoch)
	ON pgtoken.device_codes TO pgtoken_auditor;
GRANT SELECT (expires_at) ON pgtoken.replay_ids TO pgtoken_auditor;
GRANT SELECT ON pgtoken.policies, pgtoken.subject_not_before, pgtoken.subject_epochs, pgtoken.reused_families, pgtoken.installation TO pgtoken_auditor;
GRANT SELECT (task, updated_at) ON pgtoken.maintenance TO pgtoken_auditor;	-- a position can be a hash
GRANT SELECT (issuer, subject, factor_id, factor_type, label, state, parameters, wrapped, counter, failed_attempts, locked_until,
			  codes_sent, codes_since, code_sent_at, created_at, last_used_at)
	ON pgtoken.factors TO pgtoken_auditor;
GRANT SELECT (grant_id, issuer, client_id, subject, generation, context, factor_ids, state, factor_id, sent, sent_at, attempts, factor_type, acr, amr,
			  completed_at, scope, resources, consumed_at, consumed_generation, created_at, expires_at, issuer_epoch, client_epoch, subject_epoch)
	ON pgtoken.challenges TO pgtoken_auditor;
GRANT SELECT (code_id, issuer, subject, factor_id, client_id, created_at, expires_at) ON pgtoken.challenge_codes TO pgtoken_auditor;
GRANT SELECT (grant_id, generation, retry, issued_at, parent_generation, jti, kid, access_expires_at, refresh_expires_at, scope,
			  resources, decision, context, client_secret_id)
	ON pgtoken.tokens TO pgtoken_auditor;
GRANT EXECUTE ON FUNCTION
	pgtoken.lineage(uuid),
	pgtoken.lineage(text),
	pgtoken.grant_of(text),
	pgtoken.shard_of(uuid, integer),
	pgtoken.audit_by_subject(text, timestamptz, timestamptz),
	pgtoken.epoch_ended(bigint, timestamptz, bigint, bigint, timestamptz, bigint),
	pgtoken.decisions_by_rule(timestamptz, timestamptz),
	pgtoken.decisions_by_client(timestamptz, timestamptz),
	pgtoken.decision_latency(timestamptz, timestamptz),
	pgtoken.jwks(text),
	pgtoken.introspect(text),
	pgtoken.explain_decision(uuid),
	pgtoken.refusal_reasons(),
	pgtoken.refused_requests(text, integer),
	pgtoken.replay_lag(),
	pgtoken.health()
TO pgtoken_auditor;

-- Row security on the tables: pg_read_all_data and pg_write_all_data pass over
-- table privileges, not over this, so they neither read a hash nor write a row.
-- The owner's functions, its views and superusers do.
ALTER TABLE pgtoken.key_material ENABLE ROW LEVEL SECURITY;
ALTER TABLE pgtoken.config_epoch ENABLE ROW LEVEL SECURITY;
ALTER TABLE pgtoken.revocation_epoch ENABLE ROW LEVEL SECURITY;
ALTER TABLE pgtoken.issuers ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.issuers FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.signing_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.signing_keys FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.resources ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.resources FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.clients ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.clients FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.client_secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.client_secrets FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.blacklist ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.blacklist FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.grants ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.grants FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.tokens FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.audit_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.audit_events FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.authorization_requests ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.authorization_requests FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.authorization_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.authorization_codes FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.device_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.device_codes FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.user_code_attempts ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.user_code_attempts FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.consents ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.consents FOR SELECT TO pgtoken_auditor USING (true);
CREATE POLICY issuer_reads ON pgtoken.consents FOR SELECT TO pgtoken_issuer USING (true);
ALTER TABLE pgtoken.replay_ids ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.replay_ids FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.policies ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.policies FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.subject_not_before ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.subject_not_before FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.subject_epochs ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.subject_epochs FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.factors ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.factors FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.challenges ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.challenges FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.challenge_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.challenge_codes FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.maintenance ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.maintenance FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.installation ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.installation FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.reused_families ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.reused_families FOR SELECT TO pgtoken_auditor USING (true);
ALTER TABLE pgtoken.tokens_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE pgtoken.audit_events_default ENABLE ROW LEVEL SECURITY;

-- The administrator: all of that (by membership), and configuration.
GRANT EXECUTE ON FUNCTION
	pgtoken.create_issuer(text, text, boolean),
	pgtoken.update_issuer(text, text, boolean, text, text, text, text, text, boolean, text[], text[], jsonb, text, text[], text[]),
	pgtoken.create_signing_key(text, text, text, boolean),
	pgtoken.rotate_signing_key(text, text, boolean),
	pgtoken.retire_signing_key(text, text),
	pgtoken.rewrap_keys(),
	pgtoken.create_resource(text, text[], interval, text, text, text[], text[], interval, text, text, boolean),
	pgtoken.update_resource(text, text[], interval, boolean, text, text[], text, text[], text[], interval, text, text),
	pgtoken.create_client(text, text, text[], text[], boolean, text[], text, text, interval, interval, interval, interval, integer, text, text, jsonb, integer, boolean),
	pgtoken.update_client(text, text[], text[], boolean, text[], text, text, interval, interval, interval, interval, integer, text, boolean, text[], jsonb, integer),
	pgtoken.create_client_secret(text, timestamptz, text),
	pgtoken.import_client_secret(text, text, timestamptz, text),
	pgtoken.revoke_client_secret(text, uuid),
	pgtoken.revoke_client(text, text),
	pgtoken.set_not_before(timestamptz, text, text, text, uuid, text),
	pgtoken.after_restore(timestamptz, text, boolean, boolean),
	pgtoken.adopt_copy(text, text, jsonb, text),
	pgtoken.create_policy(text, jsonb, text[], text[], text[], boolean, boolean, text, text, interval, text[], text, boolean),
	pgtoken.delete_client(text),
	pgtoken.delete_issuer(text),
	pgtoken.delete_policy(text, text),
	pgtoken.delete_resource(text, text),
	pgtoken.activate_policy(text, integer, boolean, text),
	pgtoken.deactivate_policy(text, boolean, text),
	pgtoken.rollback_policy(text, text),
	pgtoken.simulate_policy(text, integer, timestamptz, timestamptz, text),
	pgtoken.maintain(boolean),
	pgtoken.check_clock(boolean),
	pgtoken.maintain_keys(),
	pgtoken.maintain_partitions(name[], integer),
	pgtoken.purge_batch(text, integer, boolean, boolean),
	pgtoken.purged_tables(),
	pgtoken.in_transaction_block(),
	pgtoken.cache_stats(),
	pgtoken.library_version()
TO pgtoken_admin;
GRANT EXECUTE ON PROCEDURE pgtoken.run_maintenance(integer, interval, boolean) TO pgtoken_admin;
