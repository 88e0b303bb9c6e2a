CREATE VIEW pgtoken.grant_status AS
	SELECT g.grant_id, g.client_id, g.subject,
		   CASE WHEN g.revoked_at IS NOT NULL THEN 'revoked'
				WHEN g.expires_at <= now() THEN 'expired'
				WHEN g.generation IS NOT NULL AND g.rotated_at + g.idle_lifetime <= now() THEN 'idle'
				ELSE 'active' END AS state,
		   g.scope, g.resources, g.session_id, g.auth_time, g.acr, g.amr, g.created_at, g.rotated_at,
		   g.expires_at, g.rotated_at + g.idle_lifetime AS idle_expires_at,
		   g.generation, g.retry_count, g.blacklisted_generation, g.context, g.revoked_at, g.revoke_reason,
		   g.grant_type, g.jkt, g.x5t_s256, g.act, g.ancestors, g.ancestor_tokens
	FROM pgtoken.grants g;
COMMENT ON VIEW pgtoken.grant_status IS 'Families and whether they live: active, idle (not refreshed for its idle lifetime), expired, revoked';
