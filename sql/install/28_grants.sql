-- Families: one authorization of one client by one subject, and whether it lives.

-- A refresh updates no indexed column and finds room on its page: HOT. What is indexed
-- stands in front: an UPDATE looks at each, past all that is before it in the row.
CREATE TABLE pgtoken.grants (
	grant_id uuid NOT NULL,
	client_id text NOT NULL,
	subject text NOT NULL,
	status_series bigint,
	status_position integer,
	scope text NOT NULL,
	resources text[] NOT NULL,
	session_id text,
	auth_time timestamptz,
	acr text,
	amr text[],
	mfa_time timestamptz,
	first_auth_time timestamptz,
	nonce text,
	claims jsonb NOT NULL,
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	idle_lifetime interval,
	generation integer,
	current_hash bytea,
	previous_hash bytea,
	rotation_nonce bytea,
	rotated_at timestamptz NOT NULL,
	retry_count integer NOT NULL,
	lockstep bytea,
	blacklisted_generation integer NOT NULL,
	context jsonb NOT NULL,
	first_context jsonb NOT NULL,
	grant_type text NOT NULL,
	not_before timestamptz,
	jkt text,
	x5t_s256 text,
	act jsonb,
	ancestors uuid[],
	ancestor_tokens text[],
	revoked_at timestamptz,
	revoke_reason text,
	issuer_epoch bigint,
	client_epoch bigint,
	subject_epoch bigint,
	authorization_details jsonb,
	claims_request jsonb,
	changed_at timestamptz,
	CONSTRAINT grants_pkey PRIMARY KEY (grant_id)
) WITH (fillfactor = 70);
COMMENT ON TABLE pgtoken.grants IS 'Families: one authorization of one client by one subject, and the state of its rotation';
COMMENT ON COLUMN pgtoken.grants.grant_id IS 'UUIDv7, made in C; every token of the family names it';
COMMENT ON COLUMN pgtoken.grants.client_id IS 'Client that was authorized; only it can refresh';
COMMENT ON COLUMN pgtoken.grants.subject IS 'sub: who authorized it, the application''s user id';
COMMENT ON COLUMN pgtoken.grants.status_series IS 'Series of the status list that its access tokens name; NULL: they name none';
COMMENT ON COLUMN pgtoken.grants.status_position IS 'Its place in the series: number of the list times 131072, plus the index in it; changed where its access tokens are refused at once (change_family), and never another family''s';
COMMENT ON COLUMN pgtoken.grants.scope IS 'Scope as granted, space-delimited, or what change_family has left of it; a refresh may narrow its access token, never this';
COMMENT ON COLUMN pgtoken.grants.resources IS 'APIs as granted (RFC 8707), or the issuer itself: aud; a refresh may narrow its access token, never this';
COMMENT ON COLUMN pgtoken.grants.session_id IS 'The application''s session: sid of the ID tokens, or what that of a pairwise client is derived from; NULL: the grant_id';
COMMENT ON COLUMN pgtoken.grants.auth_time IS 'When the subject authenticated (OpenID Connect Core section 2); a refresh keeps it';
COMMENT ON COLUMN pgtoken.grants.acr IS 'Authentication context class the application gave (OpenID Connect Core section 2); a refresh keeps it';
COMMENT ON COLUMN pgtoken.grants.amr IS 'Authentication methods the application gave (RFC 8176); a refresh keeps them';
COMMENT ON COLUMN pgtoken.grants.mfa_time IS 'When a further factor was last proved: auth_time of a first issue whose amr has mfa, later the time of a step-up; NULL: never';
COMMENT ON COLUMN pgtoken.grants.first_auth_time IS 'auth_time of the first issue, where a step-up has changed it since: ID tokens keep it (OpenID Connect Core section 12.2); NULL: auth_time is still that';
COMMENT ON COLUMN pgtoken.grants.nonce IS 'nonce of the authentication request (OpenID Connect Core section 3.1.2.1), for the first ID token only';
COMMENT ON COLUMN pgtoken.grants.claims IS 'Further claims of every access token of the family';
COMMENT ON COLUMN pgtoken.grants.created_at IS 'When the first tokens were issued';
COMMENT ON COLUMN pgtoken.grants.expires_at IS 'Absolute end, by the client''s settings or, where that is earlier, what the application said; immutable';
COMMENT ON COLUMN pgtoken.grants.idle_lifetime IS 'Time without a refresh after which the refresh token ends';
COMMENT ON COLUMN pgtoken.grants.generation IS 'Generation of the current refresh token; NULL when the family has none';
COMMENT ON COLUMN pgtoken.grants.current_hash IS 'SHA-256 of the current refresh secret';
COMMENT ON COLUMN pgtoken.grants.previous_hash IS 'SHA-256 of its predecessor''s secret';
COMMENT ON COLUMN pgtoken.grants.rotation_nonce IS 'Fresh input of the derivation of the current secret; worthless without the presented predecessor and the pepper';
COMMENT ON COLUMN pgtoken.grants.rotated_at IS 'When the current refresh token was handed out, or last used where rotation is never';
COMMENT ON COLUMN pgtoken.grants.retry_count IS 'Answers given to the current generation beyond the first';
COMMENT ON COLUMN pgtoken.grants.lockstep IS 'How many generations running have been answered from two contexts: by two programs or devices, and at which two addresses, as hashes; NULL: none';
COMMENT ON COLUMN pgtoken.grants.blacklisted_generation IS 'Refresh tokens up to this generation are refused; -1: none. Lives here so that the row that settles a rotation settles this race too';
COMMENT ON COLUMN pgtoken.grants.context IS 'Context of the last rotation';
COMMENT ON COLUMN pgtoken.grants.first_context IS 'Context of the first issue; immutable. Of a code whose approval had a context of its own, in sign_in its ip and user_agent: of the browser that the subject signed in with';
COMMENT ON COLUMN pgtoken.grants.grant_type IS 'How it came about: issue_tokens (called in SQL), authorization_code, client_credentials, password, the URN of the device and token exchange grants, or import: at another server (imported_tokens)';
COMMENT ON COLUMN pgtoken.grants.not_before IS 'Its tokens issued before are refused; see set_not_before';
COMMENT ON COLUMN pgtoken.grants.jkt IS 'Key the tokens are bound to (RFC 9449): JWK thumbprint; a refresh of a public client must prove it';
COMMENT ON COLUMN pgtoken.grants.x5t_s256 IS 'Certificate the tokens are bound to (RFC 8705): SHA-256 thumbprint; a refresh of a public client must present it';
COMMENT ON COLUMN pgtoken.grants.act IS 'Who acts for the subject (RFC 8693 section 4.1); where he is known to tokens by a pairwise sub, his user id stands beside it, as pgtoken:subject, which no token has';
COMMENT ON COLUMN pgtoken.grants.ancestors IS 'Families that its token was exchanged from (RFC 8693), oldest first: when one of them is revoked, its tokens are refused';
COMMENT ON COLUMN pgtoken.grants.ancestor_tokens IS 'jti of the token of each ancestor that was exchanged: when one of them is blacklisted, its tokens are refused, too';
COMMENT ON COLUMN pgtoken.grants.revoked_at IS 'When the family was revoked; NULL: it was not';
COMMENT ON COLUMN pgtoken.grants.revoke_reason IS 'Why it was revoked: refresh_token_reuse, consent_withdrawn, session_limit, or what revoke_family or end_session was told ("revoked" when nothing)';
COMMENT ON COLUMN pgtoken.grants.issuer_epoch IS 'epoch of its issuer when it was issued, or the code that it came by; NULL: before all';
COMMENT ON COLUMN pgtoken.grants.client_epoch IS 'epoch of its client then';
COMMENT ON COLUMN pgtoken.grants.subject_epoch IS 'epoch of its issuer''s subjects then (subject_epochs)';
COMMENT ON COLUMN pgtoken.grants.authorization_details IS 'What was granted beyond scopes (RFC 9396), an array; a refresh may narrow its access token, never this; NULL: nothing';
COMMENT ON COLUMN pgtoken.grants.claims_request IS 'Single claims that its ID tokens and userinfo have as well (OpenID Connect Core section 5.5), as consented to; NULL: none were asked for';
COMMENT ON COLUMN pgtoken.grants.changed_at IS 'When change_family last changed what its tokens say, which a refresh under way must notice; NULL: never';
COMMENT ON INDEX pgtoken.grants_pkey IS 'Finds a family; every token names its grant_id';

CREATE INDEX grants_session_id ON pgtoken.grants (session_id) WHERE session_id IS NOT NULL;
COMMENT ON INDEX pgtoken.grants_session_id IS 'Finds the families of a session; holds no column that a refresh changes';
CREATE INDEX grants_subject_client_id ON pgtoken.grants (subject, client_id);
COMMENT ON INDEX pgtoken.grants_subject_client_id IS 'Finds what a subject has granted, to all clients or to one; holds no column that a refresh changes';
CREATE INDEX grants_status ON pgtoken.grants (status_series, status_position) WHERE status_series IS NOT NULL;
COMMENT ON INDEX pgtoken.grants_status IS 'Finds the families of a status list; holds no column that a refresh changes, and nothing of issuers without such lists';

ALTER TABLE pgtoken.grants
	ALTER subject SET STORAGE MAIN,
	ALTER session_id SET STORAGE MAIN,
	ALTER acr SET STORAGE MAIN, ALTER acr SET STATISTICS 0,
	ALTER amr SET STORAGE MAIN, ALTER amr SET STATISTICS 0,
	ALTER nonce SET STORAGE MAIN, ALTER nonce SET STATISTICS 0,
	ALTER claims SET STORAGE MAIN, ALTER claims SET STATISTICS 0,
	ALTER claims_request SET STORAGE MAIN, ALTER claims_request SET STATISTICS 0,
	ALTER current_hash SET STORAGE MAIN, ALTER current_hash SET STATISTICS 0,
	ALTER previous_hash SET STORAGE MAIN, ALTER previous_hash SET STATISTICS 0,
	ALTER rotation_nonce SET STORAGE MAIN, ALTER rotation_nonce SET STATISTICS 0,
	ALTER lockstep SET STORAGE MAIN, ALTER lockstep SET STATISTICS 0,
	ALTER context SET STORAGE MAIN, ALTER context SET STATISTICS 0,
	ALTER first_context SET STORAGE MAIN, ALTER first_context SET STATISTICS 0,
	ALTER jkt SET STORAGE MAIN, ALTER jkt SET STATISTICS 0,
	ALTER x5t_s256 SET STORAGE MAIN, ALTER x5t_s256 SET STATISTICS 0,
	ALTER act SET STORAGE MAIN, ALTER act SET STATISTICS 0,
	ALTER ancestor_tokens SET STORAGE MAIN, ALTER ancestor_tokens SET STATISTICS 0,
	ALTER revoke_reason SET STORAGE MAIN, ALTER revoke_reason SET STATISTICS 0,
	ALTER authorization_details SET STORAGE MAIN, ALTER authorization_details SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.grants', '');
ALTER TABLE pgtoken.grants ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.grants FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.grants IS 'Lets pgtoken_auditor see every row (though neither hashes nor rotation_nonce: column privileges); without it row security shows none, not even to pg_read_all_data';
GRANT SELECT (grant_id, client_id, subject, scope, resources, session_id, auth_time, acr, amr, mfa_time, first_auth_time,
			  nonce, claims, created_at, expires_at,
			  idle_lifetime, generation, rotated_at, retry_count, blacklisted_generation, context, first_context, grant_type, not_before, jkt, x5t_s256, act,
			  ancestors, ancestor_tokens, revoked_at, revoke_reason, issuer_epoch, client_epoch, subject_epoch, authorization_details, claims_request,
			  changed_at, status_series, status_position)
	ON pgtoken.grants TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR DELETE ON pgtoken.grants FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_grant('grant', 'current_hash, previous_hash, rotation_nonce, lockstep, context, first_context, issuer_epoch, client_epoch, subject_epoch', 'subject, session_id, nonce, claims, claims_request, jkt, x5t_s256, act, authorization_details');
COMMENT ON TRIGGER audit ON pgtoken.grants IS 'Writes grant.issued and grant.deleted to audit_events, without hashes';
-- A rotation is audited by its ledger row; here only what is not a rotation. The
-- column lists cost a rotation nothing: its statement names none of them.
CREATE TRIGGER audit_update AFTER UPDATE OF grant_id, client_id, subject, scope, resources, session_id, auth_time, acr, amr, mfa_time, first_auth_time, nonce,
		claims, created_at, expires_at, idle_lifetime, blacklisted_generation, first_context, grant_type, not_before, jkt, x5t_s256, act, ancestors, ancestor_tokens,
		revoked_at, revoke_reason, issuer_epoch, client_epoch, subject_epoch, claims_request, changed_at, status_series, status_position
	ON pgtoken.grants FOR EACH ROW
	EXECUTE FUNCTION pgtoken.audit_grant('grant', 'current_hash, previous_hash, rotation_nonce, lockstep, context, first_context, issuer_epoch, client_epoch, subject_epoch', 'subject, session_id, nonce, claims, claims_request, jkt, x5t_s256, act, authorization_details');
COMMENT ON TRIGGER audit_update ON pgtoken.grants IS 'Writes grant.revoked and grant.changed to audit_events, without hashes; a rotation is audited by its row in tokens';
CREATE TRIGGER invalidate AFTER UPDATE OF grant_id, client_id, not_before, revoked_at OR DELETE ON pgtoken.grants FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('revocation');
COMMENT ON TRIGGER invalidate ON pgtoken.grants IS 'Makes every backend drop the tokens it has verified when a family is revoked or goes; a rotation does not';
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.grants FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('revocation');
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.grants IS 'As invalidate, for TRUNCATE';

CREATE VIEW pgtoken.grant_status WITH (security_barrier, security_invoker) AS
	SELECT g.grant_id, g.client_id, g.subject,
		   CASE WHEN g.revoked_at IS NOT NULL OR n.ended THEN 'revoked'
				WHEN g.expires_at <= now() THEN 'expired'
				WHEN g.generation IS NOT NULL AND g.rotated_at + g.idle_lifetime <= now() THEN 'idle'
				ELSE 'active' END AS state,
		   g.scope, g.resources, g.session_id, g.auth_time, g.acr, g.amr, g.created_at, g.rotated_at,
		   g.expires_at, g.rotated_at + g.idle_lifetime AS idle_expires_at,
		   g.generation, g.retry_count, g.blacklisted_generation, g.context, g.revoked_at, g.revoke_reason,
		   g.grant_type, g.jkt, g.x5t_s256, g.act, g.ancestors, g.ancestor_tokens, g.first_context, n.not_before,
		   g.status_series, g.status_position
	FROM pgtoken.grants g
	LEFT JOIN pgtoken.clients c ON c.client_id = g.client_id
	LEFT JOIN pgtoken.issuers i ON i.issuer = c.issuer
	LEFT JOIN pgtoken.subject_not_before s ON s.issuer = c.issuer AND s.subject = g.subject AND s.client_id = ''
	LEFT JOIN pgtoken.subject_not_before w ON w.issuer = c.issuer AND w.subject = g.subject AND w.client_id = g.client_id,
		LATERAL (SELECT greatest(i.not_before, c.not_before, s.not_before, g.not_before),
						pgtoken.epoch_ended(g.issuer_epoch, g.created_at, i.epoch, i.epochs_since_end, i.not_before, i.not_before_epoch)
						OR pgtoken.epoch_ended(g.client_epoch, g.created_at, c.epoch, c.epochs_since_end, c.not_before, c.not_before_epoch)
						OR coalesce(coalesce(g.subject_epoch, -1) < greatest(s.ended_epoch, w.ended_epoch), false)
						OR coalesce(coalesce(g.subject_epoch, -1) < s.not_before_epoch AND g.created_at < s.not_before, false)
						OR coalesce(g.created_at < g.not_before, false)) n (not_before, ended);
GRANT SELECT ON pgtoken.grant_status TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.grant_status IS 'Families and whether they live: active, idle (not refreshed for its idle lifetime), expired, revoked (one by one, or by a not_before)';
COMMENT ON COLUMN pgtoken.grant_status.grant_id IS 'The family';
COMMENT ON COLUMN pgtoken.grant_status.client_id IS 'Client that was authorized';
COMMENT ON COLUMN pgtoken.grant_status.subject IS 'sub: who authorized it';
COMMENT ON COLUMN pgtoken.grant_status.state IS 'The first that holds: revoked (or created before not_before); expired (absolute end); idle (has a refresh token and idle_expires_at has passed); active';
COMMENT ON COLUMN pgtoken.grant_status.scope IS 'Scope as granted, space-delimited';
COMMENT ON COLUMN pgtoken.grant_status.resources IS 'APIs as granted, or the issuer itself: aud';
COMMENT ON COLUMN pgtoken.grant_status.session_id IS 'The application''s session: sid of the ID tokens, or what that of a pairwise client is derived from; NULL: the grant_id';
COMMENT ON COLUMN pgtoken.grant_status.auth_time IS 'When the subject authenticated';
COMMENT ON COLUMN pgtoken.grant_status.acr IS 'Authentication context class';
COMMENT ON COLUMN pgtoken.grant_status.amr IS 'Authentication methods (RFC 8176)';
COMMENT ON COLUMN pgtoken.grant_status.created_at IS 'When the first tokens were issued';
COMMENT ON COLUMN pgtoken.grant_status.rotated_at IS 'When the current refresh token was handed out, or last used where rotation is never';
COMMENT ON COLUMN pgtoken.grant_status.expires_at IS 'Absolute end';
COMMENT ON COLUMN pgtoken.grant_status.idle_expires_at IS 'When the refresh token ends if it is not used before, not counting expires_at; NULL: there is none';
COMMENT ON COLUMN pgtoken.grant_status.generation IS 'Generation of the current refresh token; NULL: there is none';
COMMENT ON COLUMN pgtoken.grant_status.retry_count IS 'Answers given to the current generation beyond the first';
COMMENT ON COLUMN pgtoken.grant_status.blacklisted_generation IS 'Refresh tokens up to this generation are refused; -1: none';
COMMENT ON COLUMN pgtoken.grant_status.context IS 'Context of the last rotation, or of the first issue';
COMMENT ON COLUMN pgtoken.grant_status.revoked_at IS 'When the family was revoked; NULL: it was not';
COMMENT ON COLUMN pgtoken.grant_status.revoke_reason IS 'Why it was revoked';
COMMENT ON COLUMN pgtoken.grant_status.grant_type IS 'How it came about';
COMMENT ON COLUMN pgtoken.grant_status.jkt IS 'Key the tokens are bound to (RFC 9449): JWK thumbprint; NULL: none';
COMMENT ON COLUMN pgtoken.grant_status.x5t_s256 IS 'Certificate the tokens are bound to (RFC 8705): SHA-256 thumbprint; NULL: none';
COMMENT ON COLUMN pgtoken.grant_status.act IS 'Who acts for the subject (RFC 8693 section 4.1); NULL: nobody';
COMMENT ON COLUMN pgtoken.grant_status.ancestor_tokens IS 'jti of the token of each ancestor that was exchanged; NULL: none';
COMMENT ON COLUMN pgtoken.grant_status.ancestors IS 'Families that its token was exchanged from, oldest first; NULL: none';
COMMENT ON COLUMN pgtoken.grant_status.first_context IS 'Context of the first issue';
COMMENT ON COLUMN pgtoken.grant_status.status_series IS 'Series of the status list that its access tokens name; NULL: they name none';
COMMENT ON COLUMN pgtoken.grant_status.status_position IS 'Its place in the series: number of the list times 131072, plus the index in it';
COMMENT ON COLUMN pgtoken.grant_status.not_before IS 'The latest not_before of its issuer, its client, its subject and its own; whether it ends the family, state says; NULL: none is set';

CREATE FUNCTION pgtoken.grant_of(token text)
	RETURNS uuid
	AS 'MODULE_PATHNAME', 'pgt_grant_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.grant_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.grant_of TO pgtoken_issuer, pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.grant_of IS
'The grant_id that is in a text which was handed out. token: a refresh token, an access token, a jti, an authorization code, a device code, a transaction_id (of a login or logout page, or of a step-up), a request_uri (with or without its urn), or a grant_id in text. Returns NULL where it is none. Of what leads to a family whose subject is not known yet (transaction_id of a page, request_uri, device code) it is the id of the request. Nothing is verified: it is for routing and for looking things up, not for trusting.';

CREATE FUNCTION pgtoken.shard_of(grant_id uuid, shards integer)
	RETURNS integer
	AS 'MODULE_PATHNAME', 'pgt_shard_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.shard_of(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.shard_of(uuid, integer) TO pgtoken_issuer, pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.shard_of(uuid, integer) IS
'The shard on which a family lies, for a router in front of several databases. grant_id: the family. shards: how many there are, 1 to 16384.
Returns 0 to shards - 1; NULL for NULL: the placement in the id, the first 14 bits of bytes 9 and 10 of a UUIDv7 whose byte 8 is 0xaa, modulo shards. In place of it, any other id has the first four bytes of the SHA-256 of its 16 bytes, as a big-endian number. The same in every release and on every machine, so that rows can be stored by it; shard_of(id, 2 * n) is shard_of(id, n) or that plus n. Raises 22023 for other numbers of shards.';

CREATE FUNCTION pgtoken.shard_of(handle text, shards integer)
	RETURNS integer
	AS 'MODULE_PATHNAME', 'pgt_shard_of_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.shard_of(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.shard_of(text, integer) TO pgtoken_issuer, pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.shard_of(text, integer) IS
'The shard on which lies what a text leads to. handle: whatever grant_of reads, or a user_code, however it is typed. shards: how many there are, 1 to 16384.
Returns 0 to shards - 1; NULL for NULL and for what is none of these: the shard of grant_of(handle), and of a user_code the number of its first letter in BCDFGHJKLMNPQRSTVWXZ, from 0, modulo shards. Nothing is verified. Raises 22023 for other numbers of shards.';

CREATE FUNCTION pgtoken.shard_of_subject(subject text, shards integer)
	RETURNS integer
	AS 'MODULE_PATHNAME', 'pgt_shard_of_subject' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.shard_of_subject FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.shard_of_subject TO pgtoken_issuer, pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.shard_of_subject IS
'The shard on which lies all that a subject has, whatever client or issuer it has it of. subject: the application''s user id; client:<client_id> for what a client has by itself (client_credentials) and asks for before its subject is known (authorization requests, pushed or not; the request of a device lies by its user code, see shard_of). shards: how many there are, 1 to 16384.
Returns 0 to shards - 1; NULL for NULL: the first 14 bits of the SHA-256 of the subject in UTF-8, modulo shards. Raises 22023 for other numbers of shards.';
