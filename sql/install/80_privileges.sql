-- Nothing for PUBLIC; each role what its work needs.

REVOKE ALL ON ALL TABLES IN SCHEMA pgtoken FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pgtoken FROM PUBLIC;

GRANT USAGE ON SCHEMA pgtoken TO pgtoken_issuer, pgtoken_auditor, pgtoken_http;
GRANT USAGE ON TYPE pgtoken.token_response, pgtoken.revoked_family, pgtoken.blacklisted_token TO pgtoken_issuer;
GRANT USAGE ON TYPE pgtoken.client_credentials TO pgtoken_admin;

-- The application: issues, refreshes, ends sessions.
GRANT EXECUTE ON FUNCTION
	pgtoken.issue_tokens(text, text, text, text[], timestamptz, text, text[], text, text, jsonb, jsonb),
	pgtoken.refresh_grant(text, text, text, text, text[], jsonb),
	pgtoken.revoke_family(uuid, text),
	pgtoken.revoke_family(text, text),
	pgtoken.blacklist_token(text, text),
	pgtoken.blacklist_token(text, timestamptz, text),
	pgtoken.verify_access_token(text, text),
	pgtoken.introspect(text),
	pgtoken.grant_of(text),
	pgtoken.jwks(text)
TO pgtoken_issuer;

-- The HTTP layer's role: so far what a resource server needs.
GRANT EXECUTE ON FUNCTION
	pgtoken.verify_access_token(text, text),
	pgtoken.jwks(text)
TO pgtoken_http;

-- The auditor: looks, changes nothing, sees no hash.
GRANT SELECT ON pgtoken.issuers, pgtoken.signing_keys, pgtoken.resources, pgtoken.clients, pgtoken.blacklist,
	pgtoken.audit_events, pgtoken.grant_status TO pgtoken_auditor;
GRANT SELECT (client_id, secret_id, created_at, expires_at, revoked_at) ON pgtoken.client_secrets TO pgtoken_auditor;
GRANT SELECT (grant_id, client_id, subject, scope, resources, session_id, auth_time, acr, amr, nonce, claims, created_at, expires_at,
			  idle_lifetime, generation, rotated_at, retry_count, blacklisted_generation, context, revoked_at, revoke_reason)
	ON pgtoken.grants TO pgtoken_auditor;
GRANT SELECT (grant_id, generation, retry, issued_at, parent_generation, jti, kid, access_expires_at, refresh_expires_at, scope,
			  resources, decision, context)
	ON pgtoken.tokens TO pgtoken_auditor;
GRANT EXECUTE ON FUNCTION
	pgtoken.lineage(uuid),
	pgtoken.lineage(text),
	pgtoken.grant_of(text),
	pgtoken.jwks(text),
	pgtoken.introspect(text),
	pgtoken.health()
TO pgtoken_auditor;

-- The administrator: all of that (by membership), and configuration.
GRANT EXECUTE ON FUNCTION
	pgtoken.create_issuer(text, text),
	pgtoken.update_issuer(text, text, boolean),
	pgtoken.create_signing_key(text, text, text),
	pgtoken.rotate_signing_key(text, text),
	pgtoken.retire_signing_key(text, text),
	pgtoken.rewrap_keys(),
	pgtoken.create_resource(text, text[], interval, text),
	pgtoken.update_resource(text, text[], interval, boolean, text, text[]),
	pgtoken.create_client(text, text, text[], text[], boolean, text[], text, text, interval, interval, interval, interval, integer, text, text),
	pgtoken.update_client(text, text[], text[], boolean, text[], text, text, interval, interval, interval, interval, integer, text, boolean, text[]),
	pgtoken.create_client_secret(text, timestamptz),
	pgtoken.revoke_client_secret(text, uuid),
	pgtoken.maintain(),
	pgtoken.cache_stats(),
	pgtoken.library_version()
TO pgtoken_admin;
