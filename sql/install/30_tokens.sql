-- The ledger of what was issued, and the functions by which an application or a
-- resource server has tokens issued, refreshed, verified and looked at.

-- The ledger: one row per token response. No index on the parent: each
-- partition has its own primary key, because a dumped partition cannot be
-- attached to a parent of an extension that would make the key a second time.
-- Whoever writes a row says in it who he is, so that it is its own audit event; what
-- can be known has a default. The widest alignment comes first, so that nothing is
-- padded.
CREATE TABLE pgtoken.tokens (
	grant_id uuid NOT NULL,
	generation integer NOT NULL,
	retry integer NOT NULL,
	issued_at timestamptz NOT NULL,
	access_expires_at timestamptz NOT NULL,
	xact_id xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
	refresh_expires_at timestamptz,
	parent_generation integer,
	client_secret_id uuid,
	context jsonb,
	token_hash bytea,
	jti text NOT NULL,
	kid text NOT NULL,
	client_id text,
	subject text,
	scope text NOT NULL,
	decision text NOT NULL,
	session_user_name text NOT NULL DEFAULT SESSION_USER,	-- name would take 64 bytes of each row
	role_name text DEFAULT nullif(CURRENT_USER, SESSION_USER),
	application_name text DEFAULT pg_catalog.current_setting('application_name'),
	client_addr inet DEFAULT pg_catalog.inet_client_addr(),
	reason text,
	client_auth_method text,
	resources text[] NOT NULL,
	assessment jsonb,
	personal jsonb,
	proof bytea,
	mark bytea
) PARTITION BY RANGE (issued_at);
CREATE TABLE pgtoken.tokens_default PARTITION OF pgtoken.tokens (
	CONSTRAINT tokens_default_pkey PRIMARY KEY (grant_id, generation, retry)
) DEFAULT;
COMMENT ON TABLE pgtoken.tokens IS 'Lineage: one row per token response, insert-only, which is the audit event of that response as well (audit_events); partitioned by month, retired by dropping partitions. What it has of a person stands in subject, client_addr, context and personal, and nowhere else';
COMMENT ON COLUMN pgtoken.tokens.grant_id IS 'The family';
COMMENT ON COLUMN pgtoken.tokens.generation IS 'Generation of the refresh token of this response; 0 for the first issue, also without a refresh token';
COMMENT ON COLUMN pgtoken.tokens.retry IS '0: the rotation (or first issue) itself; n: n-th further answer of that generation';
COMMENT ON COLUMN pgtoken.tokens.issued_at IS 'When the response was made: iat of its tokens, to the microsecond; decides the partition';
COMMENT ON COLUMN pgtoken.tokens.parent_generation IS 'Generation that was presented; NULL for the first issue';
COMMENT ON COLUMN pgtoken.tokens.token_hash IS 'SHA-256 of the refresh secret; NULL when the family has no refresh token';
COMMENT ON COLUMN pgtoken.tokens.jti IS 'jti of the access token of this response';
COMMENT ON COLUMN pgtoken.tokens.kid IS 'Key that signed it; of generation 0 of an imported family, whose jti is that of no token, the one that would have';
COMMENT ON COLUMN pgtoken.tokens.access_expires_at IS 'exp of the access token, to the microsecond';
COMMENT ON COLUMN pgtoken.tokens.refresh_expires_at IS 'When the refresh token ends if it is not used before; NULL when there is none';
COMMENT ON COLUMN pgtoken.tokens.scope IS 'Scope of the access token, space-delimited; a refresh may have narrowed it';
COMMENT ON COLUMN pgtoken.tokens.resources IS 'aud of the access token; a refresh may have narrowed it';
COMMENT ON COLUMN pgtoken.tokens.decision IS 'Decision of this response: allow';
COMMENT ON COLUMN pgtoken.tokens.context IS 'Request context as the caller gave it; NULL: redacted';
COMMENT ON COLUMN pgtoken.tokens.client_secret_id IS 'Secret by which its client has proved itself (see client_secrets); NULL: by none, or by what is no secret';
COMMENT ON COLUMN pgtoken.tokens.xact_id IS 'Transaction that wrote it, as in audit_events';
COMMENT ON COLUMN pgtoken.tokens.client_id IS 'Client of the family; as the next it is known for as long as the row is, whatever becomes of the family';
COMMENT ON COLUMN pgtoken.tokens.subject IS 'Subject of the family; NULL: redacted';
COMMENT ON COLUMN pgtoken.tokens.session_user_name IS 'Role that logged in';
COMMENT ON COLUMN pgtoken.tokens.role_name IS 'Role in effect (SET ROLE); NULL: the one that logged in';
COMMENT ON COLUMN pgtoken.tokens.application_name IS 'application_name of the session, which the caller chooses';
COMMENT ON COLUMN pgtoken.tokens.client_addr IS 'Address the session came from; NULL: a Unix-domain socket, or no client';
COMMENT ON COLUMN pgtoken.tokens.reason IS 'context_changed: a further answer whose context is not the one of the rotation; otherwise NULL';
COMMENT ON COLUMN pgtoken.tokens.client_auth_method IS 'How the client has proved itself at an endpoint; NULL: it was not asked';
COMMENT ON COLUMN pgtoken.tokens.assessment IS 'How the request was assessed, which audit_events shows as decision in its detail; NULL: it was not';
COMMENT ON COLUMN pgtoken.tokens.personal IS 'What of that tells of a person: the reasons that each rule gave; NULL: nothing';
COMMENT ON COLUMN pgtoken.tokens.proof IS 'Random bytes under which the row''s leaf hides what tells of a person, and the cluster that wrote it; of a redacted row what its leaf needs in place of what is gone, and the event_id of the redaction; NULL: written by none of the functions, so that no seal covers it';

COMMENT ON COLUMN pgtoken.tokens.mark IS 'The request that it answers: its id and its trace, packed, as audit_events shows them; NULL: no request over HTTP, and the application has named none by mark_request()';

ALTER TABLE pgtoken.tokens
	ALTER token_hash SET STORAGE MAIN, ALTER token_hash SET STATISTICS 0,
	ALTER jti SET STORAGE MAIN, ALTER jti SET STATISTICS 0,
	ALTER subject SET STORAGE MAIN,
	ALTER session_user_name SET STORAGE MAIN, ALTER session_user_name SET STATISTICS 0,
	ALTER role_name SET STORAGE MAIN, ALTER role_name SET STATISTICS 0,
	ALTER application_name SET STORAGE MAIN, ALTER application_name SET STATISTICS 0,
	ALTER client_addr SET STORAGE MAIN, ALTER client_addr SET STATISTICS 0,
	ALTER reason SET STORAGE MAIN, ALTER reason SET STATISTICS 0,
	ALTER client_auth_method SET STORAGE MAIN, ALTER client_auth_method SET STATISTICS 0,
	ALTER context SET STORAGE MAIN, ALTER context SET STATISTICS 0,
	ALTER assessment SET STORAGE MAIN, ALTER assessment SET STATISTICS 0,
	ALTER personal SET STORAGE MAIN, ALTER personal SET STATISTICS 0,
	ALTER proof SET STORAGE MAIN, ALTER proof SET STATISTICS 0,
	ALTER mark SET STORAGE MAIN, ALTER mark SET STATISTICS 0;
ALTER TABLE pgtoken.tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.tokens FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.tokens IS 'Lets pgtoken_auditor see every row (though not token_hash and proof: column privileges); without it row security shows none, not even to pg_read_all_data';
GRANT SELECT (grant_id, generation, retry, issued_at, parent_generation, jti, kid, access_expires_at, refresh_expires_at, scope,
			  resources, decision, context, client_secret_id, xact_id, client_id, subject, session_user_name, role_name,
			  application_name, client_addr, reason, client_auth_method, assessment, personal, mark)
	ON pgtoken.tokens TO pgtoken_auditor;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pgtoken.tokens FOR EACH ROW EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only ON pgtoken.tokens IS 'Refuses UPDATE, but for a redaction, and DELETE, whatever session_replication_role says';
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.tokens FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only_truncate ON pgtoken.tokens IS 'Refuses TRUNCATE, whatever session_replication_role says';

COMMENT ON TABLE pgtoken.tokens_default IS 'Partition of tokens that takes what no monthly partition takes, so that a missed maintenance never fails an insert';
COMMENT ON INDEX pgtoken.tokens_default_pkey IS 'Finds the lineage of a family in order';

-- A refresh writes to the first two where they grow, on pages that are there already.
-- By subject it would touch a page at random, so the third has first issues only;
-- audit_by_subject finds the refreshes by the families.
CREATE INDEX tokens_default_issued_at ON pgtoken.tokens_default (issued_at);
COMMENT ON INDEX pgtoken.tokens_default_issued_at IS 'Finds the answers of a time';
CREATE INDEX tokens_default_client_id ON pgtoken.tokens_default (client_id, issued_at);
COMMENT ON INDEX pgtoken.tokens_default_client_id IS 'Finds the answers that a client got by time';
CREATE INDEX tokens_default_subject ON pgtoken.tokens_default (subject, issued_at) WHERE parent_generation IS NULL;
COMMENT ON INDEX pgtoken.tokens_default_subject IS 'Finds the families of a subject by time, also those that are purged';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.tokens_default', '');
ALTER TABLE pgtoken.tokens_default ENABLE ROW LEVEL SECURITY;

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.tokens_default FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only_truncate ON pgtoken.tokens_default IS 'Refuses TRUNCATE of the partition alone, whatever session_replication_role says';

CREATE FUNCTION pgtoken.lineage(grant_id uuid)
	RETURNS TABLE (generation integer, retry integer, parent_generation integer, issued_at timestamptz, state text,
				   jti text, access_expires_at timestamptz, refresh_expires_at timestamptz, scope text, resources text[],
				   decision text, context jsonb, client_secret_id uuid)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT t.generation, t.retry, t.parent_generation, t.issued_at,
		   CASE WHEN t.token_hash IS NULL THEN 'access_only'
				WHEN g.state = 'revoked' THEN 'revoked'
				WHEN t.generation < g.generation THEN 'consumed'
				WHEN t.generation <= g.blacklisted_generation THEN 'blacklisted'
				WHEN least(g.expires_at, g.idle_expires_at) <= now() THEN 'expired'
				WHEN t.generation = g.generation THEN 'current'
				ELSE 'purged' END,
		   t.jti, t.access_expires_at, t.refresh_expires_at, t.scope, t.resources, t.decision, t.context, t.client_secret_id
	FROM pgtoken.tokens t
	LEFT JOIN pgtoken.grant_status g ON g.grant_id = t.grant_id
	WHERE t.grant_id = lineage.grant_id
	ORDER BY t.generation, t.retry, t.issued_at;
END;
REVOKE ALL ON FUNCTION pgtoken.lineage(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.lineage(uuid) TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.lineage(uuid) IS
'The chain of a family, oldest first. grant_id: the family.
Returns each token response with its generation, the generation presented for it, when, from where (context), what became of its refresh token (state: current, consumed, revoked, blacklisted, expired; access_only: it had none; purged: the family itself is gone), which access token it minted, and by which of its secrets the client had proved itself (client_secret_id; NULL: by none).';

CREATE FUNCTION pgtoken.lineage(token text)
	RETURNS TABLE (generation integer, retry integer, parent_generation integer, issued_at timestamptz, state text,
				   jti text, access_expires_at timestamptz, refresh_expires_at timestamptz, scope text, resources text[],
				   decision text, context jsonb, client_secret_id uuid)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT l.* FROM pgtoken.lineage(pgtoken.grant_of(token)) l;
END;
REVOKE ALL ON FUNCTION pgtoken.lineage(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.lineage(text) TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.lineage(text) IS
'The chain of the family that a token names; see lineage(uuid). token: a token, a jti or a grant_id in text; it is not verified. Returns no row where it names none.';

CREATE TYPE pgtoken.token_response AS (
	decision text,
	access_token text,
	token_type text,
	expires_in integer,
	refresh_token text,
	refresh_token_expires_in integer,
	id_token text,
	scope text,
	grant_id uuid,
	error text,
	error_description text,
	transaction_id text,
	factors jsonb
);
REVOKE ALL ON TYPE pgtoken.token_response FROM PUBLIC;
GRANT USAGE ON TYPE pgtoken.token_response TO pgtoken_issuer;
COMMENT ON TYPE pgtoken.token_response IS 'Answer of issue_tokens and refresh_grant. A protocol error is a row too (decision deny; error and error_description as RFC 6749 section 5.2), so that what it recorded commits';
COMMENT ON COLUMN pgtoken.token_response.decision IS 'allow: tokens follow. deny: error says why. require: a step-up named by transaction_id and factors must be completed first';
COMMENT ON COLUMN pgtoken.token_response.access_token IS 'JWT access token (RFC 9068); NULL unless decision is allow';
COMMENT ON COLUMN pgtoken.token_response.token_type IS 'Bearer (RFC 6750), or DPoP for a token bound to a key (RFC 9449); NULL unless decision is allow';
COMMENT ON COLUMN pgtoken.token_response.expires_in IS 'Seconds the access token lives';
COMMENT ON COLUMN pgtoken.token_response.refresh_token IS 'Refresh token to be used next; NULL when the family has none';
COMMENT ON COLUMN pgtoken.token_response.refresh_token_expires_in IS 'Seconds until the refresh token ends if it is not used before';
COMMENT ON COLUMN pgtoken.token_response.id_token IS 'ID token (OpenID Connect Core section 2); NULL without the scope openid';
COMMENT ON COLUMN pgtoken.token_response.scope IS 'Scope of the access token, space-delimited (RFC 6749 section 3.3)';
COMMENT ON COLUMN pgtoken.token_response.grant_id IS 'The family the tokens belong to';
COMMENT ON COLUMN pgtoken.token_response.error IS 'Error code when decision is deny (RFC 6749 section 5.2, RFC 8707 section 2), e.g. invalid_grant';
COMMENT ON COLUMN pgtoken.token_response.error_description IS 'What may be told to the client; several reasons share one text, and audit_events tells apart those that are audited';
COMMENT ON COLUMN pgtoken.token_response.transaction_id IS 'The challenge to be answered when decision is require; otherwise NULL';
COMMENT ON COLUMN pgtoken.token_response.factors IS 'Factors that can answer the challenge when decision is require; otherwise NULL';

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
	transaction_id text DEFAULT NULL,
	authorization_details jsonb DEFAULT NULL,
	lifetime interval DEFAULT NULL,
	idle_lifetime interval DEFAULT NULL,
	actor jsonb DEFAULT NULL
) RETURNS pgtoken.token_response
	AS 'MODULE_PATHNAME', 'pgt_issue_tokens' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.issue_tokens FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.issue_tokens TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.issue_tokens IS
'Issue tokens for a subject the application has authenticated: starts a family. The client is not authenticated here; the caller answers for it.
client_id: registered client. subject: the application''s user id, 1 to 255 printable ASCII characters. scope: space-delimited (RFC 6749 section 3.3); NULL: all scopes of the client; a refresh token comes only with offline_access and only for a client allowed it, or, as one that ends with its session (end_session), for a client with session_refresh; an ID token only with openid. resource: APIs (RFC 8707); NULL: the client''s default, else the one API the scopes belong to, else the issuer. auth_time: when the subject authenticated; NULL: now. acr, amr, nonce: OpenID Connect Core section 2. session_id: sid of the ID token, or what that of a pairwise client is derived from; NULL: the grant_id. claims: further claims of the access token; registered names are refused. context: what is known of the request (session_id, device_id, user_agent, ip, latitude, longitude, risk_score, collected_at and free members; 8 kB). cnf: key or certificate that the tokens are to be bound to, proved to the caller: {"jkt": ...} (RFC 9449) or {"x5t#S256": ...} (RFC 8705); with jkt token_type is DPoP. transaction_id: of the challenge that this same call was answered with before and that has been completed since. authorization_details: what is granted beyond scopes (RFC 9396), an array of objects, each with a type; not judged by the functions of the types; NULL: nothing. lifetime: after which the family ends however often it is refreshed ("remember me", or the time that the application''s session still has). idle_lifetime: after which it ends without a refresh. Of the two, more than the client''s refresh_absolute_lifetime and refresh_idle_lifetime is these; less than a second is one; NULL: these. actor: who acts for the subject, such as support: {"sub": his own user id} and further strings, together at most 1 kB, which the access token and introspection show as act (RFC 8693 section 4.1); auth_time, acr and amr are then how he has authenticated. There is no refresh token and no ID token whatever the scope, the tokens end after pgtoken.impersonation_lifetime, no step-up is asked for, and the audit has impersonation.begun. The role of the session must be a member of pgtoken_impersonator. NULL: nobody.
Returns one row; a protocol error (invalid_client, invalid_scope, invalid_target; access_denied where a policy refuses, or where the subject has as many sessions as max_sessions of the client or its issuer allows and at_session_limit is refuse, or the subject or the actor is blocked) is a row with decision deny. decision require (error mfa_required): policies or a resource ask for another factor, see challenge(); transaction_id, factors and expires_in (seconds) of the row tell how, and nothing has been issued. Raises 22004, 22023 for misuse, 42501 for an actor without that role and 55000 when no active signing key is there.';

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
	max_age interval DEFAULT NULL,
	authorization_details jsonb DEFAULT NULL
) RETURNS pgtoken.token_response
	AS 'MODULE_PATHNAME', 'pgt_refresh_grant' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.refresh_grant FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.refresh_grant TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.refresh_grant IS
'Exchange a refresh token for a new access token and its successor (RFC 6749 section 6, RFC 9700 section 4.14).
refresh_token: the current one; its immediate predecessor gets the same successor again inside the client''s retry window, unless lockstep_generations running have been answered from two contexts; any other consumed token revokes the family. client_id: may be left out. client_secret: required for a confidential client, refused for a public one. scope, resource: narrow the access token of this answer only. Empty is the same as NULL. context: as in issue_tokens. cnf: what the request has proved; for a public client it must be what its family is bound to. transaction_id: of the challenge that this same refresh was answered with before and that has been completed since; client, refresh token and context must be the same, scope and resource no more; the tokens and the family then say how the subject has authenticated by now. expired_token: the transaction is unknown or over. acr_values, max_age: what a resource server has asked for (RFC 9470 section 4): one of these acr (or a stronger one), and how long ago the subject may have authenticated. authorization_details: no more than was granted beyond scopes (RFC 9396), for this access token; NULL: all of it.
Returns one row; invalid_client, invalid_grant, invalid_scope, invalid_target, invalid_authorization_details, and access_denied where a policy refuses, are rows with decision deny. decision require (error mfa_required): another factor must be proved first, see challenge(); transaction_id, factors and expires_in (seconds) tell how, and the refresh token is still unused. Commit after all of these as well, or the revocation and the audit event that belong to them are lost. A web framework that rolls back when the view answers an error does just that: call it in a transaction of its own. Raises 22004, 22023 for misuse and 55000 when no active signing key is there.';

CREATE FUNCTION pgtoken.verify_access_token(token text, audience text DEFAULT NULL, cnf jsonb DEFAULT NULL)
	RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_verify_access_token' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.verify_access_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.verify_access_token TO pgtoken_issuer, pgtoken_http;
COMMENT ON FUNCTION pgtoken.verify_access_token IS
'The claims of an access token (RFC 9068 section 4) that holds now, or NULL when it does not, for whatever reason: signature, algorithm, typ, issuer, times, audience, revoked family, blacklisted, client switched off, key retired, not in the ledger (its transaction rolled back).
token: as it came. audience: must be among its aud; NULL: any. cnf: the key or certificate that the request has proved to the caller, as in issue_tokens; a token that is bound to another one does not hold, and with NULL no bound token does.
Sees revocations committed by other sessions before the call, whatever the isolation level; writes nothing and runs on a standby; raises PT503 on one that lags behind by more than pgtoken.max_replay_lag: the token may well hold.';

CREATE FUNCTION pgtoken.introspect(token text)
	RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_introspect' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.introspect FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.introspect TO pgtoken_issuer, pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.introspect IS
'Token introspection (RFC 7662 section 2.2) of access and refresh tokens: what its claims are, and whether it holds. token: either.
Returns {"active": false} and nothing else unless the token could be used now. Only the current refresh token of a family is active. Writes nothing; raises PT503 on a standby that lags behind by more than pgtoken.max_replay_lag.';
