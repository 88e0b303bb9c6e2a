-- The four functions and those an application or a resource server calls.

CREATE FUNCTION pgtoken.issue_tokens(
	client_id text,
	subject text,
	scope text DEFAULT NULL,
	resource text[] DEFAULT NULL,
	auth_time timestamptz DEFAULT NULL,
	acr text DEFAULT NULL,
	amr text[] DEFAULT NULL,
	nonce text DEFAULT NULL,
	session_id text DEFAULT NULL,
	claims jsonb DEFAULT '{}',
	context jsonb DEFAULT '{}',
	cnf jsonb DEFAULT NULL,
	transaction_id text DEFAULT NULL
) RETURNS pgtoken.token_response
	AS 'MODULE_PATHNAME', 'pgt_issue_tokens' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.issue_tokens(text, text, text, text[], timestamptz, text, text[], text, text, jsonb, jsonb, jsonb, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.issue_tokens(text, text, text, text[], timestamptz, text, text[], text, text, jsonb, jsonb, jsonb, text) IS
'Issue tokens for a subject the application has authenticated: starts a family. The client is not authenticated here; the caller answers for it.
client_id: registered client. subject: the application''s user id, 1 to 255 printable ASCII characters. scope: space-delimited (RFC 6749 section 3.3); NULL: all scopes of the client; a refresh token comes only with offline_access and only for a client allowed it, an ID token only with openid. resource: APIs (RFC 8707); NULL: the client''s default, else the one API the scopes belong to, else the issuer. auth_time: when the subject authenticated; NULL: now. acr, amr, nonce: OpenID Connect Core section 2. session_id: sid of the ID token, or what that of a pairwise client is derived from; NULL: the grant_id. claims: further claims of the access token; registered names are refused. context: what is known of the request (session_id, device_id, user_agent, ip, latitude, longitude, risk_score, collected_at and free members; 8 kB). cnf: key or certificate that the tokens are to be bound to, proved to the caller: {"jkt": ...} (RFC 9449) or {"x5t#S256": ...} (RFC 8705); with jkt token_type is DPoP. transaction_id: of the challenge that this same call was answered with before and that has been completed since.
Returns one row; a protocol error (invalid_client, invalid_scope, invalid_target; access_denied where a policy refuses) is a row with decision deny. decision require (error mfa_required): policies or a resource ask for another factor, see challenge(); transaction_id, factors and expires_in (seconds) of the row tell how, and nothing has been issued. Raises 22004, 22023 for misuse and 55000 when no active signing key is there.';

CREATE FUNCTION pgtoken.refresh_grant(
	refresh_token text,
	client_id text DEFAULT NULL,
	client_secret text DEFAULT NULL,
	scope text DEFAULT NULL,
	resource text[] DEFAULT NULL,
	context jsonb DEFAULT '{}',
	cnf jsonb DEFAULT NULL,
	transaction_id text DEFAULT NULL,
	acr_values text[] DEFAULT NULL,
	max_age interval DEFAULT NULL
) RETURNS pgtoken.token_response
	AS 'MODULE_PATHNAME', 'pgt_refresh_grant' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.refresh_grant(text, text, text, text, text[], jsonb, jsonb, text, text[], interval) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.refresh_grant(text, text, text, text, text[], jsonb, jsonb, text, text[], interval) IS
'Exchange a refresh token for a new access token and its successor (RFC 6749 section 6, RFC 9700 section 4.14).
refresh_token: the current one; its immediate predecessor gets the same successor again inside the client''s retry window, unless lockstep_generations running have been answered from two contexts; any other consumed token revokes the family. client_id: may be left out. client_secret: required for a confidential client, refused for a public one. scope, resource: narrow the access token of this answer only. Empty is the same as NULL. context: as in issue_tokens. cnf: what the request has proved; for a public client it must be what its family is bound to. transaction_id: of the challenge that this same refresh was answered with before and that has been completed since; client, refresh token and context must be the same, scope and resource no more; the tokens and the family then say how the subject has authenticated by now. expired_token: the transaction is unknown or over. acr_values, max_age: what a resource server has asked for (RFC 9470 section 4): one of these acr (or a stronger one), and how long ago the subject may have authenticated.
Returns one row; invalid_client, invalid_grant, invalid_scope, invalid_target, and access_denied where a policy refuses, are rows with decision deny. decision require (error mfa_required): another factor must be proved first, see challenge(); transaction_id, factors and expires_in (seconds) tell how, and the refresh token is still unused. Commit after all of these as well, or the revocation and the audit event that belong to them are lost. A web framework that rolls back when the view answers an error does just that: call it in a transaction of its own. Raises 22004, 22023 for misuse and 55000 when no active signing key is there.';

CREATE FUNCTION pgtoken.revoke_family(grant_id uuid, reason text DEFAULT NULL)
	RETURNS SETOF pgtoken.revoked_family
	AS 'MODULE_PATHNAME', 'pgt_revoke_family' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.revoke_family(uuid, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.revoke_family(uuid, text) IS
'Revoke a family: its refresh token, and every access token it has out, are refused from the next statement of any session on.
reason: kept with the family and in the audit. Returns the family as revoked; no row when it is unknown or was revoked before. Raises 22004 for a NULL grant_id.';

CREATE FUNCTION pgtoken.revoke_family(token text, reason text DEFAULT NULL)
	RETURNS SETOF pgtoken.revoked_family
	AS 'MODULE_PATHNAME', 'pgt_revoke_family_by_token' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.revoke_family(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.revoke_family(text, text) IS
'Revoke the family of a token (RFC 7009 section 2.1): any genuine refresh token of it, consumed ones included, or any access token it signed, expired ones included; a grant_id in text works too.
A token that is not genuine revokes nothing. Returns as revoke_family(uuid, text).';

CREATE FUNCTION pgtoken.blacklist_token(token text, reason text DEFAULT NULL)
	RETURNS SETOF pgtoken.blacklisted_token
	AS 'MODULE_PATHNAME', 'pgt_blacklist_token' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.blacklist_token(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.blacklist_token(text, text) IS
'Refuse one access or refresh token before its end; the family lives on. token: the token itself, or the jti of an access token. A blacklisted refresh token takes its immediate predecessor with it; a successor that it has been exchanged for before lives.
Returns what was blacklisted; no row when the token is not genuine, expired or was blacklisted before. Raises 22004 for a NULL token.';

CREATE FUNCTION pgtoken.blacklist_token(jti text, expires_at timestamptz, reason text DEFAULT NULL)
	RETURNS SETOF pgtoken.blacklisted_token
	AS 'MODULE_PATHNAME', 'pgt_blacklist_jti' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.blacklist_token(text, timestamptz, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.blacklist_token(text, timestamptz, text) IS
'Refuse an access token of which only the jti is known. expires_at: until when the row must be kept, at the latest the token''s exp (infinity and anything beyond a day are cut to a day, the longest an access token lives).
Returns what was blacklisted. Raises 22023 when the jti has not the form of ours, 22004 for NULL.';

CREATE FUNCTION pgtoken.verify_access_token(token text, audience text DEFAULT NULL, cnf jsonb DEFAULT NULL)
	RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_verify_access_token' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.verify_access_token(text, text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.verify_access_token(text, text, jsonb) IS
'The claims of an access token (RFC 9068 section 4) that holds now, or NULL when it does not, for whatever reason: signature, algorithm, typ, issuer, times, audience, revoked family, blacklisted, client switched off, key retired, not in the ledger (its transaction rolled back).
audience: must be among its aud; NULL: any. cnf: the key or certificate that the request has proved to the caller, as in issue_tokens; a token that is bound to another one does not hold, and with NULL no bound token does. Sees revocations committed by other sessions before the call, whatever the isolation level; writes nothing and runs on a standby; raises PT503 on one that lags behind by more than pgtoken.max_replay_lag: the token may well hold.';

CREATE FUNCTION pgtoken.introspect(token text)
	RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_introspect' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.introspect(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.introspect(text) IS
'Token introspection (RFC 7662 section 2.2) of access and refresh tokens: {"active": false} and nothing else unless the token could be used now. Only the current refresh token of a family is active. Writes nothing; raises PT503 on a standby that lags behind by more than pgtoken.max_replay_lag.';

CREATE FUNCTION pgtoken.grant_of(token text)
	RETURNS uuid
	AS 'MODULE_PATHNAME', 'pgt_grant_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.grant_of(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.grant_of(text) IS
'The grant_id that a refresh token, an access token, a jti or a grant_id in text names, or NULL. Nothing is verified: it is for routing and for looking things up, not for trusting.';

CREATE FUNCTION pgtoken.shard_of(grant_id uuid, shards integer)
	RETURNS integer
	AS 'MODULE_PATHNAME', 'pgt_shard_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.shard_of(uuid, integer) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.shard_of(uuid, integer) IS
'The shard of a family when there are so many shards, 0 to shards - 1: the first four bytes of the SHA-256 of the 16 bytes of grant_id, as a big-endian number, modulo shards. The same in every release and on every machine, so that rows can be stored by it; shard_of(id, 2 * n) is shard_of(id, n) or that plus n. For a token: shard_of(grant_of(token), shards). NULL for NULL. Raises 22023 for shards below 1.';

CREATE FUNCTION pgtoken.cache_stats()
	RETURNS TABLE (name text, value bigint)
	AS 'MODULE_PATHNAME', 'pgt_cache_stats_row' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.cache_stats() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.cache_stats() IS
'What this backend''s caches hold and how they do: keys parsed, tokens and clients held and their memory in bytes (limit_bytes is pgtoken.cache_memory), memory of the other configuration and of kept plans, hits and misses, invalidations. Raises nothing.';
