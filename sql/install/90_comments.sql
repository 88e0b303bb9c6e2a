-- What psql's \d+ shows beside the parts of tables, views and types. Comments
-- that explain a design stay with the definitions; here is the rest, so that no
-- column, index, trigger or policy is without one.

-- token_response

COMMENT ON COLUMN pgtoken.token_response.access_token IS 'JWT access token (RFC 9068); NULL unless decision is allow';
COMMENT ON COLUMN pgtoken.token_response.token_type IS 'Bearer (RFC 6750), or DPoP for a token bound to a key (RFC 9449); NULL unless decision is allow';
COMMENT ON COLUMN pgtoken.token_response.refresh_token IS 'Refresh token to be used next; NULL when the family has none';
COMMENT ON COLUMN pgtoken.token_response.id_token IS 'ID token (OpenID Connect Core section 2); NULL without the scope openid';
COMMENT ON COLUMN pgtoken.token_response.error IS 'Error code when decision is deny (RFC 6749 section 5.2, RFC 8707 section 2), e.g. invalid_grant';
COMMENT ON COLUMN pgtoken.token_response.error_description IS 'What may be told to the client; several reasons share one text, and audit_events tells apart those that are audited';
COMMENT ON COLUMN pgtoken.token_response.transaction_id IS 'The challenge to be answered when decision is require; otherwise NULL';
COMMENT ON COLUMN pgtoken.token_response.factors IS 'Factors that can answer the challenge when decision is require; otherwise NULL';

-- revoked_family

COMMENT ON COLUMN pgtoken.revoked_family.grant_id IS 'The family that was revoked';
COMMENT ON COLUMN pgtoken.revoked_family.client_id IS 'Client the family belongs to';
COMMENT ON COLUMN pgtoken.revoked_family.subject IS 'Subject the family belongs to';
COMMENT ON COLUMN pgtoken.revoked_family.generation IS 'Generation of its current refresh token; NULL: it had none';
COMMENT ON COLUMN pgtoken.revoked_family.access_tokens IS 'Access tokens of the family that had not expired';
COMMENT ON COLUMN pgtoken.revoked_family.revoked_at IS 'When it was revoked';
COMMENT ON COLUMN pgtoken.revoked_family.reason IS 'Reason as stored with the family and in the audit';

-- blacklisted_token

COMMENT ON COLUMN pgtoken.blacklisted_token.grant_id IS 'The family of the token, which lives on';
COMMENT ON COLUMN pgtoken.blacklisted_token.token_type IS 'access_token or refresh_token (RFC 7009 section 2.1)';
COMMENT ON COLUMN pgtoken.blacklisted_token.token_id IS 'jti of an access token, or "generation N" of a refresh token';
COMMENT ON COLUMN pgtoken.blacklisted_token.expires_at IS 'Until when the row is needed: exp of an access token (at most a day ahead where only the jti was given), the family''s absolute end for a refresh token';

-- client_credentials

COMMENT ON COLUMN pgtoken.client_credentials.client_id IS 'The client, as registered';
COMMENT ON COLUMN pgtoken.client_credentials.client_secret IS 'Prefix pgtcs_ and 256 random bits in base64url; stored as a hash only, but for client_secret_jwt, which needs it itself (wrapped like the keys); NULL for a client that has none: public ones, private_key_jwt, tls_client_auth';

-- issuers

COMMENT ON COLUMN pgtoken.issuers.issuer IS 'Issuer identifier (RFC 8414 section 2): iss of its tokens, character by character';
COMMENT ON COLUMN pgtoken.issuers.login_uri IS 'Page of the application that authenticates users and asks for their consent; authorize sends them there with a transaction_id; NULL: no authorization endpoint';
COMMENT ON COLUMN pgtoken.issuers.logout_uri IS 'Page of the application that ends sessions; end_session sends users there with a transaction_id; NULL: no end_session endpoint';
COMMENT ON COLUMN pgtoken.issuers.verification_uri IS 'Page of the application where users type the code that a device shows (RFC 8628 section 3.2); NULL: no device authorization';
COMMENT ON COLUMN pgtoken.issuers.claims_supported IS 'Claims that the claims function gives, for the metadata';
COMMENT ON COLUMN pgtoken.issuers.claims_function IS 'The application''s function that gives the claims of a subject, with its schema; runs as its owner; NULL: none';
COMMENT ON COLUMN pgtoken.issuers.password_verifier IS 'The application''s function that checks a password, with its schema; runs as its owner; NULL: the password grant is off';
COMMENT ON COLUMN pgtoken.issuers.dpop_nonce_required IS 'Must DPoP proofs carry a nonce of ours (RFC 9449 section 8)?';
COMMENT ON COLUMN pgtoken.issuers.created_at IS 'When the issuer was created';
COMMENT ON INDEX pgtoken.issuers_pkey IS 'One row per issuer';
COMMENT ON INDEX pgtoken.issuers_base IS 'No two issuers with the same endpoints';
COMMENT ON INDEX pgtoken.issuers_one_default IS 'At most one default issuer';
COMMENT ON CONSTRAINT issuers_issuer_check ON pgtoken.issuers IS 'https without query and fragment; http for loopback hosts only (RFC 8414 section 2)';
COMMENT ON CONSTRAINT issuers_login_uri_check ON pgtoken.issuers IS 'https, http on loopback, or a private-use scheme with a dot (RFC 8252); no fragment';
COMMENT ON CONSTRAINT issuers_logout_uri_check ON pgtoken.issuers IS 'https, http on loopback, or a private-use scheme with a dot (RFC 8252); no fragment';
COMMENT ON CONSTRAINT issuers_verification_uri_check ON pgtoken.issuers IS 'https, http on loopback, or a private-use scheme with a dot (RFC 8252); no fragment';
COMMENT ON CONSTRAINT issuers_default_alg_check ON pgtoken.issuers IS 'What the library can sign with; never none (RFC 8725 section 3.2)';
COMMENT ON TRIGGER audit ON pgtoken.issuers IS 'Writes the row before and after to audit_events';
COMMENT ON TRIGGER invalidate ON pgtoken.issuers IS 'Makes every backend drop its cached configuration when the transaction commits';
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.issuers IS 'As invalidate, for TRUNCATE';
COMMENT ON POLICY auditor_reads ON pgtoken.issuers IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';

-- signing_keys

COMMENT ON COLUMN pgtoken.signing_keys.issuer IS 'Issuer whose tokens the key signs';
COMMENT ON COLUMN pgtoken.signing_keys.alg IS 'The one algorithm the key is used with (RFC 7518 section 3.1, RFC 8037 section 3.1)';
COMMENT ON COLUMN pgtoken.signing_keys.state IS 'pending, active, retiring or retired; only an active key signs, active and retiring ones verify (retired ones that came to their end only ID tokens as hints), and jwks() publishes all but retired ones';
COMMENT ON COLUMN pgtoken.signing_keys.created_at IS 'When the key was created or brought in';
COMMENT ON COLUMN pgtoken.signing_keys.activated_at IS 'When it began to sign; NULL: not yet, or never';
COMMENT ON COLUMN pgtoken.signing_keys.retiring_at IS 'When another key took its place; NULL: it has not been replaced';
COMMENT ON COLUMN pgtoken.signing_keys.retired_at IS 'When it was retired; since then its private part is gone and tokens it signed are refused, but ID tokens as id_token_hint where retire_reason is "end of life"';
COMMENT ON COLUMN pgtoken.signing_keys.retire_reason IS 'Why it was retired: "end of life" by maintain(), or what retire_signing_key was told';
COMMENT ON INDEX pgtoken.signing_keys_pkey IS 'Key ids are unique over all issuers';
COMMENT ON INDEX pgtoken.signing_keys_one_active IS 'One key at a time signs for an issuer and algorithm';
COMMENT ON INDEX pgtoken.signing_keys_one_pending IS 'At most one key waits to sign for an issuer and algorithm';
COMMENT ON CONSTRAINT signing_keys_alg_check ON pgtoken.signing_keys IS 'What the library can sign with; never none (RFC 8725 section 3.2)';
COMMENT ON CONSTRAINT signing_keys_public_check ON pgtoken.signing_keys IS 'An HMAC key has no public part, every other key has one';
COMMENT ON TRIGGER audit ON pgtoken.signing_keys IS 'Writes the row before and after to audit_events';
COMMENT ON TRIGGER invalidate ON pgtoken.signing_keys IS 'Makes every backend drop its cached configuration, parsed keys included, when the transaction commits';
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.signing_keys IS 'As invalidate, for TRUNCATE';
COMMENT ON TRIGGER notify ON pgtoken.signing_keys IS 'Has PostgREST read the keys again when the transaction commits';
COMMENT ON POLICY auditor_reads ON pgtoken.signing_keys IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';

-- key_material

COMMENT ON COLUMN pgtoken.key_material.material IS 'Private key (PKCS #8 DER, RFC 5958; for HS256 the raw secret), pepper or client secret; wrapped or as it is';
COMMENT ON COLUMN pgtoken.key_material.wrapped IS 'Is material encrypted under a root key of pgtoken.root_key_file? rewrap_keys() makes it so';
COMMENT ON COLUMN pgtoken.key_material.created_at IS 'When the material was stored; wrapping it anew does not change this';
COMMENT ON INDEX pgtoken.key_material_pkey IS 'One piece per signing key, per issuer''s pepper and per secret kept for client_secret_jwt';
COMMENT ON TRIGGER audit ON pgtoken.key_material IS 'Writes the row before and after to audit_events, without the material';
COMMENT ON TRIGGER invalidate ON pgtoken.key_material IS 'Makes every backend drop its cached configuration, parsed keys and peppers included, when the transaction commits';
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.key_material IS 'As invalidate, for TRUNCATE';

-- resources

COMMENT ON COLUMN pgtoken.resources.issuer IS 'Issuer that makes tokens for this API';
COMMENT ON COLUMN pgtoken.resources.resource IS 'Absolute URI of the API (RFC 8707 section 2): aud of its access tokens';
COMMENT ON COLUMN pgtoken.resources.client_id IS 'Client as which the API itself authenticates when it introspects tokens (RFC 7662) or exchanges them (RFC 8693); NULL: it cannot';
COMMENT ON COLUMN pgtoken.resources.enabled IS 'false: no new token names the API; a refresh leaves it out';
COMMENT ON COLUMN pgtoken.resources.created_at IS 'When the API was registered';
COMMENT ON INDEX pgtoken.resources_pkey IS 'Each issuer registers an API once';
COMMENT ON INDEX pgtoken.resources_one_spelling IS 'Of the spellings that mean the same (RFC 3986 section 6.2) one is registered';
COMMENT ON CONSTRAINT resources_resource_check ON pgtoken.resources IS 'An absolute URI without fragment (RFC 8707 section 2)';
COMMENT ON CONSTRAINT resources_scopes_check ON pgtoken.resources IS 'Each a scope-token (RFC 6749 section 3.3), none NULL, none twice';
COMMENT ON CONSTRAINT resources_access_token_lifetime_check ON pgtoken.resources IS 'No access token outlives a day: retiring keys and the blacklist rely on it';
COMMENT ON TRIGGER audit ON pgtoken.resources IS 'Writes the row before and after to audit_events';
COMMENT ON TRIGGER invalidate ON pgtoken.resources IS 'Makes every backend drop its cached configuration when the transaction commits';
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.resources IS 'As invalidate, for TRUNCATE';
COMMENT ON POLICY auditor_reads ON pgtoken.resources IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';

-- clients

COMMENT ON COLUMN pgtoken.clients.client_id IS 'client_id (RFC 6749 section 2.2), unique over all issuers';
COMMENT ON COLUMN pgtoken.clients.issuer IS 'Issuer the client is registered with; its tokens carry this iss';
COMMENT ON COLUMN pgtoken.clients.client_name IS 'Name for people (RFC 7591 section 2)';
COMMENT ON COLUMN pgtoken.clients.enabled IS 'false: it cannot authenticate and its access tokens are refused from the next statement on';
COMMENT ON COLUMN pgtoken.clients.redirect_uris IS 'Where the client may have its user sent back (RFC 6749 section 3.1.2)';
COMMENT ON COLUMN pgtoken.clients.access_token_lifetime IS 'Life of its access and ID tokens, unless a resource asks for a shorter one or the family ends before; NULL: pgtoken.access_token_lifetime';
COMMENT ON COLUMN pgtoken.clients.metadata IS 'Further properties by the names of RFC 7591 and its companions, as create_client lists them; a member that is not there has its default';
COMMENT ON COLUMN pgtoken.clients.created_at IS 'When the client was registered';
COMMENT ON INDEX pgtoken.clients_pkey IS 'Finds a client; client_id is unique over all issuers';
COMMENT ON CONSTRAINT clients_client_id_check ON pgtoken.clients IS '1 to 255 printable ASCII characters (RFC 6749 appendix A.1)';
COMMENT ON CONSTRAINT clients_scopes_check ON pgtoken.clients IS 'Each a scope-token (RFC 6749 section 3.3), none NULL, none twice; offline_access has its own column';
COMMENT ON CONSTRAINT clients_redirect_uris_check ON pgtoken.clients IS 'https, http on loopback, or a private-use scheme with a dot (RFC 8252); no fragment';
COMMENT ON CONSTRAINT clients_signing_alg_check ON pgtoken.clients IS 'What the library can sign with; never none (RFC 8725 section 3.2)';
COMMENT ON CONSTRAINT clients_access_token_lifetime_check ON pgtoken.clients IS 'No access token outlives a day: retiring keys and the blacklist rely on it';
COMMENT ON CONSTRAINT clients_client_type_check ON pgtoken.clients IS 'RFC 6749 section 2.1';
COMMENT ON CONSTRAINT clients_retry_window_check ON pgtoken.clients IS 'A retry is for an answer that got lost: an hour is plenty, but where nobody can use the token without the client''s key';
COMMENT ON CONSTRAINT clients_metadata_check ON pgtoken.clients IS 'Known members only, of the right type, and fitting each other and client_type';
COMMENT ON CONSTRAINT clients_rotation_check ON pgtoken.clients IS 'The refresh tokens of a public client must rotate (RFC 9700 section 2.2.2)';
COMMENT ON TRIGGER audit ON pgtoken.clients IS 'Writes the row before and after to audit_events';
COMMENT ON TRIGGER invalidate ON pgtoken.clients IS 'Makes every backend drop its cached configuration, and with it the tokens it has verified, when the transaction commits';
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.clients IS 'As invalidate, for TRUNCATE';
COMMENT ON POLICY auditor_reads ON pgtoken.clients IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';

-- client_secrets

COMMENT ON COLUMN pgtoken.client_secrets.client_id IS 'Client the secret authenticates';
COMMENT ON COLUMN pgtoken.client_secrets.secret_id IS 'UUIDv7 that names the secret, for revoke_client_secret; no part of the secret';
COMMENT ON COLUMN pgtoken.client_secrets.secret_hash IS 'SHA-256 of the secret with its prefix; of one that was imported and is not rehashed the text of its hash';
COMMENT ON COLUMN pgtoken.client_secrets.created_at IS 'When the secret was made';
COMMENT ON COLUMN pgtoken.client_secrets.expires_at IS 'From when on it is refused; NULL: no end';
COMMENT ON COLUMN pgtoken.client_secrets.revoked_at IS 'When it was revoked; NULL: it was not';
COMMENT ON COLUMN pgtoken.client_secrets.last_used_at IS 'When a client last proved itself by it, to the hour: written once an hour at the most; NULL: never';
COMMENT ON INDEX pgtoken.client_secrets_pkey IS 'Finds the secrets of a client';
COMMENT ON CONSTRAINT client_secrets_secret_hash_check ON pgtoken.client_secrets IS 'SHA-256: 32 bytes; a text that was imported: more';
COMMENT ON CONSTRAINT client_secrets_hash_scheme_check ON pgtoken.client_secrets IS 'The schemes that can be verified';
COMMENT ON TRIGGER audit ON pgtoken.client_secrets IS 'Writes the row before and after to audit_events, without the hash';
COMMENT ON TRIGGER invalidate ON pgtoken.client_secrets IS 'Makes every backend drop its cached configuration, secrets of clients included, when the transaction commits';
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.client_secrets IS 'As invalidate, for TRUNCATE';
COMMENT ON POLICY auditor_reads ON pgtoken.client_secrets IS 'Lets pgtoken_auditor see every row (though not secret_hash: column privileges); without it row security shows none, not even to pg_read_all_data';

-- grants

COMMENT ON COLUMN pgtoken.grants.client_id IS 'Client that was authorized; only it can refresh';
COMMENT ON COLUMN pgtoken.grants.subject IS 'sub: who authorized it, the application''s user id';
COMMENT ON COLUMN pgtoken.grants.resources IS 'APIs as granted (RFC 8707), or the issuer itself: aud; a refresh may narrow its access token, never this';
COMMENT ON COLUMN pgtoken.grants.session_id IS 'The application''s session: sid of the ID tokens, or what that of a pairwise client is derived from; NULL: the grant_id';
COMMENT ON COLUMN pgtoken.grants.auth_time IS 'When the subject authenticated (OpenID Connect Core section 2); a refresh keeps it';
COMMENT ON COLUMN pgtoken.grants.acr IS 'Authentication context class the application gave (OpenID Connect Core section 2); a refresh keeps it';
COMMENT ON COLUMN pgtoken.grants.amr IS 'Authentication methods the application gave (RFC 8176); a refresh keeps them';
COMMENT ON COLUMN pgtoken.grants.nonce IS 'nonce of the authentication request (OpenID Connect Core section 3.1.2.1), for the first ID token only';
COMMENT ON COLUMN pgtoken.grants.claims IS 'Further claims of every access token of the family';
COMMENT ON COLUMN pgtoken.grants.created_at IS 'When the first tokens were issued';
COMMENT ON COLUMN pgtoken.grants.revoked_at IS 'When the family was revoked; NULL: it was not';
COMMENT ON COLUMN pgtoken.grants.revoke_reason IS 'Why it was revoked: refresh_token_reuse, consent_withdrawn, or what revoke_family or end_session was told ("revoked" when nothing)';
COMMENT ON INDEX pgtoken.grants_pkey IS 'Finds a family; every token names its grant_id';
COMMENT ON INDEX pgtoken.grants_session_id IS 'Finds the families of a session; holds no column that a refresh changes';
COMMENT ON INDEX pgtoken.grants_subject_client_id IS 'Finds what a subject has granted, to all clients or to one; holds no column that a refresh changes';
COMMENT ON TRIGGER audit ON pgtoken.grants IS 'Writes grant.issued and grant.deleted to audit_events, without hashes';
COMMENT ON TRIGGER audit_update ON pgtoken.grants IS 'Writes grant.revoked and grant.changed to audit_events, without hashes; a rotation is audited by its row in tokens';
COMMENT ON TRIGGER invalidate ON pgtoken.grants IS 'Makes every backend drop the tokens it has verified when a family is revoked or goes; a rotation does not';
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.grants IS 'As invalidate, for TRUNCATE';
COMMENT ON POLICY auditor_reads ON pgtoken.grants IS 'Lets pgtoken_auditor see every row (though neither hashes nor rotation_nonce: column privileges); without it row security shows none, not even to pg_read_all_data';

-- tokens

COMMENT ON COLUMN pgtoken.tokens.grant_id IS 'The family';
COMMENT ON COLUMN pgtoken.tokens.generation IS 'Generation of the refresh token of this response; 0 for the first issue, also without a refresh token';
COMMENT ON COLUMN pgtoken.tokens.issued_at IS 'When the response was made: iat of its tokens, to the microsecond; decides the partition';
COMMENT ON COLUMN pgtoken.tokens.access_expires_at IS 'exp of the access token, to the microsecond';
COMMENT ON COLUMN pgtoken.tokens.refresh_expires_at IS 'When the refresh token ends if it is not used before; NULL when there is none';
COMMENT ON COLUMN pgtoken.tokens.scope IS 'Scope of the access token, space-delimited; a refresh may have narrowed it';
COMMENT ON COLUMN pgtoken.tokens.resources IS 'aud of the access token; a refresh may have narrowed it';
COMMENT ON COLUMN pgtoken.tokens.decision IS 'Decision of this response: allow';
COMMENT ON COLUMN pgtoken.tokens.context IS 'Request context as the caller gave it';
COMMENT ON INDEX pgtoken.tokens_default_pkey IS 'Finds the lineage of a family in order';
COMMENT ON TRIGGER audit ON pgtoken.tokens IS 'Writes token.refreshed and token.retried to audit_events';
COMMENT ON TRIGGER append_only ON pgtoken.tokens IS 'Refuses UPDATE and DELETE, whatever session_replication_role says';
COMMENT ON TRIGGER append_only_truncate ON pgtoken.tokens IS 'Refuses TRUNCATE, whatever session_replication_role says';
COMMENT ON TRIGGER append_only_truncate ON pgtoken.tokens_default IS 'Refuses TRUNCATE of the partition alone, whatever session_replication_role says';
COMMENT ON POLICY auditor_reads ON pgtoken.tokens IS 'Lets pgtoken_auditor see every row (though not token_hash: column privileges); without it row security shows none, not even to pg_read_all_data';

-- blacklist

COMMENT ON COLUMN pgtoken.blacklist.grant_id IS 'The family of the token, which lives on';
COMMENT ON COLUMN pgtoken.blacklist.token_type IS 'access_token or refresh_token (RFC 7009 section 2.1); refresh tokens are refused by grants.blacklisted_generation, their rows are the record of it';
COMMENT ON COLUMN pgtoken.blacklist.reason IS 'What blacklist_token was told; NULL: nothing';
COMMENT ON COLUMN pgtoken.blacklist.created_at IS 'When the token was blacklisted';
COMMENT ON INDEX pgtoken.blacklist_pkey IS 'Finds a token of a family; each is blacklisted once';
COMMENT ON TRIGGER audit ON pgtoken.blacklist IS 'Writes a new or changed row to audit_events';
COMMENT ON TRIGGER audit_delete ON pgtoken.blacklist IS 'Writes to audit_events that a row went whose token has not ended and is let in again';
COMMENT ON TRIGGER invalidate ON pgtoken.blacklist IS 'Makes every backend drop the tokens it has verified when the transaction commits';
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.blacklist IS 'As invalidate, for TRUNCATE';
COMMENT ON POLICY auditor_reads ON pgtoken.blacklist IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';

-- audit_events

COMMENT ON COLUMN pgtoken.audit_events.event_id IS 'UUIDv7, made in C';
COMMENT ON COLUMN pgtoken.audit_events.occurred_at IS 'When it happened, not when its transaction began; decides the partition';
COMMENT ON COLUMN pgtoken.audit_events.client_id IS 'Client concerned, or the one a failed authentication named; NULL: none, or not known';
COMMENT ON COLUMN pgtoken.audit_events.subject IS 'Subject concerned; NULL: none, or not known';
COMMENT ON COLUMN pgtoken.audit_events.application_name IS 'application_name of the session, which the caller chooses';
COMMENT ON COLUMN pgtoken.audit_events.client_addr IS 'Address the session came from; NULL: a Unix-domain socket, or no client';
COMMENT ON COLUMN pgtoken.audit_events.detail IS 'What belongs to this kind of event: for a changed row its columns before and after, for a reuse the presented and the current generation and the context of the rotation';
COMMENT ON INDEX pgtoken.audit_events_default_pkey IS 'Finds the events of a family in order';
COMMENT ON INDEX pgtoken.audit_events_default_client_id IS 'Finds the events of a client by time';
COMMENT ON INDEX pgtoken.audit_events_default_occurred_at IS 'Finds the events of a time';
COMMENT ON INDEX pgtoken.audit_events_default_subject IS 'Finds the events of a subject by time; its refreshes are found by their families';
COMMENT ON TRIGGER append_only ON pgtoken.audit_events IS 'Refuses UPDATE and DELETE, whatever session_replication_role says';
COMMENT ON TRIGGER append_only_truncate ON pgtoken.audit_events IS 'Refuses TRUNCATE, whatever session_replication_role says';
COMMENT ON TRIGGER append_only_truncate ON pgtoken.audit_events_default IS 'Refuses TRUNCATE of the partition alone, whatever session_replication_role says';
COMMENT ON POLICY auditor_reads ON pgtoken.audit_events IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';

-- authorization_requests, authorization_codes, device_codes, user_code_attempts, replay_ids

COMMENT ON CONSTRAINT authorization_requests_kind_check ON pgtoken.authorization_requests IS 'The kinds there are';
COMMENT ON POLICY auditor_reads ON pgtoken.authorization_requests IS 'Lets pgtoken_auditor see every row (though neither handle_hash nor parameters: column privileges); without it row security shows none, not even to pg_read_all_data';
COMMENT ON TRIGGER audit ON pgtoken.authorization_codes IS 'Writes a code when it is made and when it is redeemed to audit_events, without hash and challenge';
COMMENT ON POLICY auditor_reads ON pgtoken.authorization_codes IS 'Lets pgtoken_auditor see every row (though neither code_hash nor code_challenge: column privileges); without it row security shows none, not even to pg_read_all_data';
COMMENT ON CONSTRAINT device_codes_state_check ON pgtoken.device_codes IS 'The states there are';
COMMENT ON TRIGGER audit ON pgtoken.device_codes IS 'Writes a device authorization and each change of its state to audit_events, without hashes';
COMMENT ON POLICY auditor_reads ON pgtoken.device_codes IS 'Lets pgtoken_auditor see every row (though no hash: column privileges); without it row security shows none, not even to pg_read_all_data';
COMMENT ON POLICY auditor_reads ON pgtoken.user_code_attempts IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
COMMENT ON POLICY auditor_reads ON pgtoken.replay_ids IS 'Lets pgtoken_auditor see every row (though not replay_hash: column privileges); without it row security shows none, not even to pg_read_all_data';

-- consents

COMMENT ON TRIGGER audit ON pgtoken.consents IS 'Writes the row before and after to audit_events';
COMMENT ON POLICY auditor_reads ON pgtoken.consents IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
COMMENT ON POLICY issuer_reads ON pgtoken.consents IS 'Lets pgtoken_issuer see every row: the application shows its users what they have consented to';

-- grant_status

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
COMMENT ON COLUMN pgtoken.grant_status.not_before IS 'The latest not_before of its issuer, its client, its subject and its own; whether it ends the family, state says; NULL: none is set';

-- policies, factors, challenges

COMMENT ON CONSTRAINT policies_policy_check ON pgtoken.policies IS 'A short name';
COMMENT ON CONSTRAINT policies_state_check ON pgtoken.policies IS 'The states of a version';
COMMENT ON CONSTRAINT policies_rules_check ON pgtoken.policies IS 'What the library can judge by';
COMMENT ON CONSTRAINT policies_on_deny_check ON pgtoken.policies IS 'keep or revoke';
COMMENT ON CONSTRAINT policies_on_error_check ON pgtoken.policies IS 'Fail open or fail closed';
COMMENT ON CONSTRAINT policies_function_timeout_check ON pgtoken.policies IS '1 millisecond to 10 seconds';
COMMENT ON CONSTRAINT policies_factor_types_check ON pgtoken.policies IS 'Types of factors';
COMMENT ON TRIGGER audit ON pgtoken.policies IS 'Writes the row before and after to audit_events';
COMMENT ON TRIGGER invalidate ON pgtoken.policies IS 'Makes every backend drop its cached configuration when the transaction commits';
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.policies IS 'As invalidate, for TRUNCATE';
COMMENT ON POLICY auditor_reads ON pgtoken.policies IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
COMMENT ON CONSTRAINT factors_factor_type_check ON pgtoken.factors IS 'Types of factors';
COMMENT ON CONSTRAINT factors_state_check ON pgtoken.factors IS 'The states of a factor';
COMMENT ON TRIGGER audit ON pgtoken.factors IS 'Writes the row before and after to audit_events, without its secrets';
COMMENT ON POLICY auditor_reads ON pgtoken.factors IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
COMMENT ON CONSTRAINT challenges_state_check ON pgtoken.challenges IS 'The states of a transaction';
COMMENT ON TRIGGER audit ON pgtoken.challenges IS 'Writes what becomes of a transaction to audit_events, without its hashes';
COMMENT ON POLICY auditor_reads ON pgtoken.challenges IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
COMMENT ON TRIGGER audit ON pgtoken.subject_not_before IS 'Writes the row before and after to audit_events';
COMMENT ON TRIGGER invalidate ON pgtoken.subject_not_before IS 'Makes every backend forget the tokens it has verified when the transaction commits';
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.subject_not_before IS 'As invalidate, for TRUNCATE';
COMMENT ON POLICY auditor_reads ON pgtoken.subject_epochs IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
COMMENT ON POLICY auditor_reads ON pgtoken.subject_not_before IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
COMMENT ON POLICY auditor_reads ON pgtoken.challenge_codes IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
COMMENT ON CONSTRAINT resources_max_age_check ON pgtoken.resources IS '1 second to 10 years';
COMMENT ON CONSTRAINT resources_on_insufficient_check ON pgtoken.resources IS 'require or invalid_grant';
COMMENT ON COLUMN pgtoken.resources.required_acr IS 'acr of which the subject must have one, or a stronger one; NULL: any';
COMMENT ON COLUMN pgtoken.resources.required_amr IS 'Authentication methods that the subject must all have used (RFC 8176); NULL: none';
COMMENT ON COLUMN pgtoken.resources.max_age IS 'Longest time since the subject authenticated; NULL: any';
COMMENT ON COLUMN pgtoken.resources.on_insufficient IS 'What becomes of a request whose subject has not authenticated like that: require (step-up), or invalid_grant';
COMMENT ON COLUMN pgtoken.resources.policy_version IS 'Grows with each change of what is required';

-- maintenance

COMMENT ON POLICY auditor_reads ON pgtoken.maintenance IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
COMMENT ON TRIGGER invalidate ON pgtoken.installation IS 'Makes every backend drop its cached configuration when the transaction commits';
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.installation IS 'As invalidate, for TRUNCATE';
COMMENT ON POLICY auditor_reads ON pgtoken.installation IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
COMMENT ON POLICY auditor_reads ON pgtoken.reused_families IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
