-- Tables are migrated by hand in sql/upgrade, never replayed.
--
-- Per-family tables carry grant_id first in their primary key, reference no
-- other per-family table and have no unique constraint across families, so
-- that the same schema can be distributed by grant_id.

-- Small and read-mostly -------------------------------------------------------
--
-- Without foreign keys: pg_restore -j loads the tables of an extension in any
-- order. The functions, which alone write here, see to it that what is named is
-- there.

CREATE TABLE pgtoken.issuers (
	issuer text NOT NULL,
	is_default boolean NOT NULL DEFAULT false,
	default_alg text NOT NULL DEFAULT 'ES256',
	login_uri text,
	logout_uri text,
	verification_uri text,
	claims_function text,
	password_verifier text,
	dpop_nonce_required boolean NOT NULL DEFAULT false,
	acr_levels text[] NOT NULL DEFAULT '{pwd,mfa,phr}',
	factor_acr jsonb NOT NULL DEFAULT '{}',
	webauthn_rp_id text,
	webauthn_origins text[] NOT NULL DEFAULT '{}',
	claims_supported text[] NOT NULL DEFAULT '{}',
	not_before timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	epoch bigint NOT NULL DEFAULT (pg_catalog.hashtextextended(pg_catalog.gen_random_uuid()::text, 0) OPERATOR(pg_catalog.&) 4503599627370495),
	epochs_since_end bigint NOT NULL DEFAULT 0,
	not_before_epoch bigint NOT NULL DEFAULT 9223372036854775807,
	CONSTRAINT issuers_pkey PRIMARY KEY (issuer),
	CONSTRAINT issuers_issuer_check CHECK (pgtoken.valid_issuer(issuer)),
	CONSTRAINT issuers_login_uri_check CHECK (pgtoken.valid_redirect_uri(login_uri)),
	CONSTRAINT issuers_logout_uri_check CHECK (pgtoken.valid_redirect_uri(logout_uri)),
	CONSTRAINT issuers_verification_uri_check CHECK (pgtoken.valid_redirect_uri(verification_uri)),
	CONSTRAINT issuers_acr_levels_check CHECK (pgtoken.valid_acr_values(acr_levels)),
	CONSTRAINT issuers_factor_acr_check CHECK (pgtoken.valid_factor_acr(factor_acr)),
	CONSTRAINT issuers_webauthn_rp_id_check CHECK (pgtoken.valid_webauthn_rp_id(webauthn_rp_id)),
	CONSTRAINT issuers_webauthn_origins_check CHECK (pgtoken.valid_webauthn_origins(webauthn_origins)),
	CONSTRAINT issuers_default_alg_check CHECK (pgtoken.valid_alg(default_alg))
);
CREATE UNIQUE INDEX issuers_base ON pgtoken.issuers (pgtoken.issuer_base(issuer));
CREATE UNIQUE INDEX issuers_one_default ON pgtoken.issuers (is_default) WHERE is_default;
COMMENT ON TABLE pgtoken.issuers IS 'One row per issuer (tenant): the iss of its tokens';
COMMENT ON COLUMN pgtoken.issuers.is_default IS 'The issuer that functions use when none is named';
COMMENT ON COLUMN pgtoken.issuers.default_alg IS 'Signing algorithm of clients that name none';
COMMENT ON COLUMN pgtoken.issuers.acr_levels IS 'acr values from weakest to strongest: a stronger one satisfies who asks for a weaker one. Others satisfy only themselves';
COMMENT ON COLUMN pgtoken.issuers.factor_acr IS 'acr that a step-up by a factor of each type reaches, where it is not the default: phr for webauthn, mfa for the others';
COMMENT ON COLUMN pgtoken.issuers.webauthn_rp_id IS 'Relying party of WebAuthn assertions: a domain';
COMMENT ON COLUMN pgtoken.issuers.webauthn_origins IS 'Origins that WebAuthn assertions may come from; empty: https:// and the relying party';
COMMENT ON COLUMN pgtoken.issuers.not_before IS 'Its tokens issued before are refused; see set_not_before';
COMMENT ON COLUMN pgtoken.issuers.epoch IS 'Moves on by one with each set_not_before; families and codes carry the one in which they were issued. Begins anywhere, so that an issuer that was deleted and is made again has none of its families';
COMMENT ON COLUMN pgtoken.issuers.epochs_since_end IS 'How many epochs there have been since everything issued before was last ended: families of earlier ones are refused, whatever the clock said';
COMMENT ON COLUMN pgtoken.issuers.not_before_epoch IS 'not_before is for families of earlier epochs: who was issued after it was set is not refused by a clock that stepped back';

CREATE TABLE pgtoken.signing_keys (
	kid text NOT NULL,
	issuer text NOT NULL,
	alg text NOT NULL,
	state text NOT NULL,
	public_jwk jsonb,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	activated_at timestamptz,
	retiring_at timestamptz,
	retires_at timestamptz,
	retired_at timestamptz,
	retire_reason text,
	CONSTRAINT signing_keys_pkey PRIMARY KEY (kid),
	CONSTRAINT signing_keys_alg_check CHECK (pgtoken.valid_alg(alg)),
	CONSTRAINT signing_keys_state_check CHECK (state IN ('pending', 'active', 'retiring', 'retired')),
	CONSTRAINT signing_keys_public_check CHECK ((alg = 'HS256') = (public_jwk IS NULL))
);
CREATE UNIQUE INDEX signing_keys_one_active ON pgtoken.signing_keys (issuer, alg) WHERE state = 'active';
CREATE UNIQUE INDEX signing_keys_one_pending ON pgtoken.signing_keys (issuer, alg) WHERE state = 'pending';
COMMENT ON TABLE pgtoken.signing_keys IS 'Signing keys and where they are in their life: pending (published) -> active (signs) -> retiring (verifies until retires_at) -> retired';
COMMENT ON COLUMN pgtoken.signing_keys.kid IS 'RFC 7638 thumbprint; for HS256 a random name, since a digest of a secret must not be published';
COMMENT ON COLUMN pgtoken.signing_keys.public_jwk IS 'Public key as published by jwks(); NULL for HS256';
COMMENT ON COLUMN pgtoken.signing_keys.retires_at IS 'When maintain() retires a retiring key: no token it signed can be alive then';

-- No role has a privilege on it, and row security has no policy for it: not even
-- a member of pg_read_all_data sees a row. That role reads pg_statistic and TOAST
-- tables, though, so the material must get into neither.
CREATE TABLE pgtoken.key_material (
	material_id text NOT NULL,
	material bytea NOT NULL,
	wrapped boolean NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT key_material_pkey PRIMARY KEY (material_id)
);
ALTER TABLE pgtoken.key_material ALTER COLUMN material SET STATISTICS 0;
ALTER TABLE pgtoken.key_material ALTER COLUMN material SET STORAGE PLAIN, ALTER COLUMN material_id SET STORAGE PLAIN;
COMMENT ON TABLE pgtoken.key_material IS 'Private signing keys, peppers, and client secrets that client_secret_jwt needs; readable by superusers only (and who is given both BYPASSRLS and pg_read_all_data); wrapped with AES-256-GCM when pgtoken.root_key_file is set';
COMMENT ON COLUMN pgtoken.key_material.material_id IS '"key:" and a kid, "pepper:" and an issuer, or "client:", a client_id and a secret_id';

CREATE TABLE pgtoken.resources (
	issuer text NOT NULL,
	resource text NOT NULL,
	scopes text[],
	access_token_lifetime interval,
	client_id text,
	required_acr text[],
	required_amr text[],
	max_age interval,
	on_insufficient text NOT NULL DEFAULT 'require',
	policy_version integer NOT NULL DEFAULT 1,
	access_token_typ text NOT NULL DEFAULT 'at+jwt',
	enabled boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT resources_pkey PRIMARY KEY (issuer, resource),
	CONSTRAINT resources_resource_check CHECK (pgtoken.valid_resource(resource)),
	CONSTRAINT resources_scopes_check CHECK (pgtoken.valid_scopes(scopes) AND NOT 'mfa_challenge' = ANY (scopes)),
	CONSTRAINT resources_required_acr_check CHECK (pgtoken.valid_acr_values(required_acr)),
	CONSTRAINT resources_required_amr_check CHECK (pgtoken.valid_acr_values(required_amr)),
	CONSTRAINT resources_max_age_check CHECK (pgtoken.valid_lifetime(max_age, '1 second')),
	CONSTRAINT resources_on_insufficient_check CHECK (on_insufficient IN ('require', 'invalid_grant')),
	CONSTRAINT resources_access_token_typ_check CHECK (access_token_typ IN ('at+jwt', 'JWT')),
	CONSTRAINT resources_access_token_lifetime_check CHECK (access_token_lifetime BETWEEN '10 seconds' AND '1 day')
);
CREATE UNIQUE INDEX resources_one_spelling ON pgtoken.resources (issuer, (pgtoken.normal_uri(resource)));
COMMENT ON TABLE pgtoken.resources IS 'APIs that access tokens can be made for (RFC 8707): the values of aud';
COMMENT ON COLUMN pgtoken.resources.access_token_typ IS 'typ of access tokens that are for this API alone: at+jwt (RFC 9068), or JWT for verifiers that take nothing else';
COMMENT ON COLUMN pgtoken.resources.scopes IS 'Scopes that mean something to this API; NULL: any';
COMMENT ON COLUMN pgtoken.resources.access_token_lifetime IS 'Longest life of an access token for this API; NULL: the client''s or pgtoken.access_token_lifetime';

CREATE TABLE pgtoken.clients (
	client_id text NOT NULL,
	issuer text NOT NULL,
	client_name text,
	client_type text NOT NULL,
	enabled boolean NOT NULL DEFAULT true,
	scopes text[] NOT NULL,
	redirect_uris text[] NOT NULL,
	resources text[],
	offline_access boolean NOT NULL,
	signing_alg text,
	access_token_lifetime interval,
	refresh_absolute_lifetime interval,
	refresh_idle_lifetime interval,
	retry_window interval,
	retry_limit integer,
	lockstep_generations integer,
	rotation text NOT NULL,
	metadata jsonb NOT NULL DEFAULT '{}',
	not_before timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	epoch bigint NOT NULL DEFAULT (pg_catalog.hashtextextended(pg_catalog.gen_random_uuid()::text, 0) OPERATOR(pg_catalog.&) 4503599627370495),
	epochs_since_end bigint NOT NULL DEFAULT 0,
	not_before_epoch bigint NOT NULL DEFAULT 9223372036854775807,
	CONSTRAINT clients_pkey PRIMARY KEY (client_id),
	CONSTRAINT clients_client_id_check CHECK (client_id ~ '^[\x20-\x7e]{1,255}$'),
	CONSTRAINT clients_client_type_check CHECK (client_type IN ('confidential', 'public')),
	CONSTRAINT clients_scopes_check CHECK (pgtoken.valid_scopes(scopes) AND NOT scopes && '{offline_access,mfa_challenge}'),
	CONSTRAINT clients_redirect_uris_check CHECK (pgtoken.valid_redirect_uris(redirect_uris, pgtoken.native_application(metadata))),
	CONSTRAINT clients_signing_alg_check CHECK (pgtoken.valid_alg(signing_alg)),
	CONSTRAINT clients_access_token_lifetime_check CHECK (access_token_lifetime BETWEEN '10 seconds' AND '1 day'),
	CONSTRAINT clients_refresh_absolute_lifetime_check CHECK (pgtoken.valid_lifetime(refresh_absolute_lifetime, '1 minute')),
	CONSTRAINT clients_refresh_idle_lifetime_check CHECK (pgtoken.valid_lifetime(refresh_idle_lifetime, '1 minute')),
	CONSTRAINT clients_retry_window_check CHECK (pgtoken.valid_lifetime(retry_window, '0',
		CASE WHEN metadata ->> 'token_endpoint_auth_method' IN ('private_key_jwt', 'tls_client_auth')
				  OR metadata -> 'dpop_bound_access_tokens' = 'true' OR metadata -> 'tls_client_certificate_bound_access_tokens' = 'true'
			 THEN interval '10 years' ELSE interval '1 hour' END)),
	CONSTRAINT clients_retry_limit_check CHECK (retry_limit >= 0),
	CONSTRAINT clients_lockstep_generations_check CHECK (lockstep_generations >= 0),
	CONSTRAINT clients_metadata_check CHECK (pgtoken.client_metadata_problem(client_type, metadata) IS NULL),
	CONSTRAINT clients_rotation_check CHECK (rotation = 'always' OR (rotation = 'never' AND client_type = 'confidential'))
);
COMMENT ON TABLE pgtoken.clients IS 'OAuth clients (RFC 6749 section 2); one that was used is switched off by update_client(enabled => false), not deleted: audit and families keep their name';
COMMENT ON COLUMN pgtoken.clients.client_type IS 'confidential: authenticates, with a secret, a key or a certificate. public: native and single-page applications';
COMMENT ON COLUMN pgtoken.clients.scopes IS 'Scopes the client may ask for; offline_access is governed by its own column';
COMMENT ON COLUMN pgtoken.clients.resources IS 'APIs the client may ask tokens for, the first being its default; NULL: every enabled resource of its issuer';
COMMENT ON COLUMN pgtoken.clients.offline_access IS 'May the client get refresh tokens?';
COMMENT ON COLUMN pgtoken.clients.signing_alg IS 'Algorithm of its access and ID tokens; NULL: the issuer''s default_alg';
COMMENT ON COLUMN pgtoken.clients.refresh_absolute_lifetime IS 'Life of a family, which rotation does not extend; NULL: pgtoken.refresh_absolute_lifetime';
COMMENT ON COLUMN pgtoken.clients.refresh_idle_lifetime IS 'Time without a refresh after which a family ends; NULL: pgtoken.refresh_idle_lifetime';
COMMENT ON COLUMN pgtoken.clients.retry_window IS 'How long the predecessor of an unused refresh token still gets the same successor; 0: strict; NULL: pgtoken.retry_window_bound where the request proves a key, else _confidential or _public; more than an hour only where a key is always proved';
COMMENT ON COLUMN pgtoken.clients.retry_limit IS 'How many such retries per rotation; NULL: any number';
COMMENT ON COLUMN pgtoken.clients.lockstep_generations IS 'How many generations running may be answered from two contexts until that is reuse; 0: never; NULL: pgtoken.lockstep_generations';
COMMENT ON COLUMN pgtoken.clients.not_before IS 'Its tokens issued before are refused; see set_not_before';
COMMENT ON COLUMN pgtoken.clients.epoch IS 'As issuers.epoch: moves on with revoke_client and set_not_before; a client_id that was deleted and is made again has none of its families';
COMMENT ON COLUMN pgtoken.clients.epochs_since_end IS 'As issuers.epochs_since_end';
COMMENT ON COLUMN pgtoken.clients.not_before_epoch IS 'As issuers.not_before_epoch';
COMMENT ON COLUMN pgtoken.clients.rotation IS 'always: each refresh gives a new refresh token. never: the same one stays (confidential clients only)';

CREATE TABLE pgtoken.client_secrets (
	client_id text NOT NULL,
	secret_id uuid NOT NULL,
	secret_hash bytea NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	expires_at timestamptz,
	revoked_at timestamptz,
	last_used_at timestamptz,
	label text,
	hash_scheme text NOT NULL DEFAULT 'sha256',
	CONSTRAINT client_secrets_pkey PRIMARY KEY (client_id, secret_id),
	CONSTRAINT client_secrets_secret_hash_check CHECK (CASE hash_scheme WHEN 'sha256' THEN pg_catalog.octet_length(secret_hash) = 32
		ELSE pg_catalog.octet_length(secret_hash) BETWEEN 33 AND 255 END),
	CONSTRAINT client_secrets_hash_scheme_check CHECK (hash_scheme IN ('sha256', 'argon2d', 'argon2i', 'argon2id', 'bcrypt', 'pbkdf2-sha256', 'pbkdf2-sha512'))
);
COMMENT ON COLUMN pgtoken.client_secrets.label IS 'What to tell it by';
COMMENT ON COLUMN pgtoken.client_secrets.hash_scheme IS 'What secret_hash is: sha256, or of a secret that import_client_secret brought in the scheme of the other server, until it is rehashed at its first use';
COMMENT ON TABLE pgtoken.client_secrets IS 'Secrets of confidential clients, as SHA-256 of 256 random bits, or as the hash that import_client_secret was given; several may be valid while they are exchanged';

-- Per family -------------------------------------------------------------------

-- A refresh updates no indexed column and finds room on its page: HOT.
CREATE TABLE pgtoken.grants (
	grant_id uuid NOT NULL,
	client_id text NOT NULL,
	subject text NOT NULL,
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
	CONSTRAINT grants_pkey PRIMARY KEY (grant_id)
) WITH (fillfactor = 70);
CREATE INDEX grants_session_id ON pgtoken.grants (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX grants_subject_client_id ON pgtoken.grants (subject, client_id);
COMMENT ON TABLE pgtoken.grants IS 'Families: one authorization of one client by one subject, and the state of its rotation';
COMMENT ON COLUMN pgtoken.grants.grant_id IS 'UUIDv7, made in C; every token of the family names it';
COMMENT ON COLUMN pgtoken.grants.scope IS 'Scope as granted, space-delimited; a refresh may narrow its access token, never this';
COMMENT ON COLUMN pgtoken.grants.mfa_time IS 'When a further factor was last proved: auth_time of a first issue whose amr has mfa, later the time of a step-up; NULL: never';
COMMENT ON COLUMN pgtoken.grants.first_auth_time IS 'auth_time of the first issue, where a step-up has changed it since: ID tokens keep it (OpenID Connect Core section 12.2); NULL: auth_time is still that';
COMMENT ON COLUMN pgtoken.grants.expires_at IS 'Absolute end; immutable';
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
COMMENT ON COLUMN pgtoken.grants.first_context IS 'Context of the first issue; immutable';
COMMENT ON COLUMN pgtoken.grants.not_before IS 'Its tokens issued before are refused; see set_not_before';
COMMENT ON COLUMN pgtoken.grants.issuer_epoch IS 'epoch of its issuer when it was issued, or the code that it came by; NULL: before all';
COMMENT ON COLUMN pgtoken.grants.client_epoch IS 'epoch of its client then';
COMMENT ON COLUMN pgtoken.grants.subject_epoch IS 'epoch of its issuer''s subjects then (subject_epochs)';
COMMENT ON COLUMN pgtoken.grants.grant_type IS 'How it came about: issue_tokens (called in SQL), authorization_code, client_credentials, password, or the URN of the device and token exchange grants';
COMMENT ON COLUMN pgtoken.grants.jkt IS 'Key the tokens are bound to (RFC 9449): JWK thumbprint; a refresh of a public client must prove it';
COMMENT ON COLUMN pgtoken.grants.x5t_s256 IS 'Certificate the tokens are bound to (RFC 8705): SHA-256 thumbprint; a refresh of a public client must present it';
COMMENT ON COLUMN pgtoken.grants.act IS 'Who acts for the subject (RFC 8693 section 4.1)';
COMMENT ON COLUMN pgtoken.grants.ancestors IS 'Families that its token was exchanged from (RFC 8693), oldest first: when one of them is revoked, its tokens are refused';
COMMENT ON COLUMN pgtoken.grants.ancestor_tokens IS 'jti of the token of each ancestor that was exchanged: when one of them is blacklisted, its tokens are refused, too';

-- The ledger: one row per token response. No index on the parent: each
-- partition has its own primary key, because a dumped partition cannot be
-- attached to a parent of an extension that would make the key a second time.
CREATE TABLE pgtoken.tokens (
	grant_id uuid NOT NULL,
	generation integer NOT NULL,
	retry integer NOT NULL,
	issued_at timestamptz NOT NULL,
	parent_generation integer,
	token_hash bytea,
	jti text NOT NULL,
	kid text NOT NULL,
	access_expires_at timestamptz NOT NULL,
	refresh_expires_at timestamptz,
	scope text NOT NULL,
	resources text[] NOT NULL,
	decision text NOT NULL,
	context jsonb NOT NULL,
	client_secret_id uuid
) PARTITION BY RANGE (issued_at);
CREATE TABLE pgtoken.tokens_default PARTITION OF pgtoken.tokens (
	CONSTRAINT tokens_default_pkey PRIMARY KEY (grant_id, generation, retry, issued_at)
) DEFAULT;
COMMENT ON TABLE pgtoken.tokens IS 'Lineage: one row per token response, insert-only; partitioned by month, retired by dropping partitions';
COMMENT ON TABLE pgtoken.tokens_default IS 'Partition of tokens that takes what no monthly partition takes, so that a missed maintenance never fails an insert';
COMMENT ON COLUMN pgtoken.tokens.retry IS '0: the rotation (or first issue) itself; n: n-th further answer of that generation';
COMMENT ON COLUMN pgtoken.tokens.parent_generation IS 'Generation that was presented; NULL for the first issue';
COMMENT ON COLUMN pgtoken.tokens.token_hash IS 'SHA-256 of the refresh secret; NULL when the family has no refresh token';
COMMENT ON COLUMN pgtoken.tokens.jti IS 'jti of the access token of this response';
COMMENT ON COLUMN pgtoken.tokens.kid IS 'Key that signed it';
COMMENT ON COLUMN pgtoken.tokens.client_secret_id IS 'Secret by which its client has proved itself (see client_secrets); NULL: by none, or by what is no secret';

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
COMMENT ON COLUMN pgtoken.blacklist.token_id IS 'jti of an access token, or "generation N" of a refresh token';
COMMENT ON COLUMN pgtoken.blacklist.expires_at IS 'End of the token; maintain() forgets the row after it';

CREATE TABLE pgtoken.audit_events (
	grant_id uuid NOT NULL,
	event_id uuid NOT NULL,
	occurred_at timestamptz NOT NULL,
	event text NOT NULL,
	reason text,
	client_id text,
	subject text,
	session_user_name text NOT NULL,	-- name would take 64 bytes of each row
	role_name text NOT NULL,
	application_name text,
	client_addr inet,
	context jsonb,
	detail jsonb
) PARTITION BY RANGE (occurred_at);
CREATE TABLE pgtoken.audit_events_default PARTITION OF pgtoken.audit_events (
	CONSTRAINT audit_events_default_pkey PRIMARY KEY (grant_id, event_id, occurred_at)
) DEFAULT;
-- A refresh writes to the first two where they grow, on pages that are there
-- already. By subject it would touch a page at random, so the third has what is
-- rarer; audit_by_subject finds the refreshes by their families.
CREATE INDEX audit_events_default_occurred_at ON pgtoken.audit_events_default (occurred_at);
CREATE INDEX audit_events_default_client_id ON pgtoken.audit_events_default (client_id, occurred_at);
CREATE INDEX audit_events_default_subject ON pgtoken.audit_events_default (subject, occurred_at)
	WHERE event <> 'token.refreshed' AND event <> 'token.retried';
COMMENT ON TABLE pgtoken.audit_events IS 'What happened, by whom, from where: append-only; partitioned by month, retired by dropping partitions. Never holds a token, a secret or a hash';
COMMENT ON TABLE pgtoken.audit_events_default IS 'Partition of audit_events that takes what no monthly partition takes';
COMMENT ON COLUMN pgtoken.audit_events.grant_id IS 'The family; all zeros for events of no family';
COMMENT ON COLUMN pgtoken.audit_events.event IS 'What happened, e.g. token.refreshed, refresh.reuse, grant.revoked, client.changed';
COMMENT ON COLUMN pgtoken.audit_events.reason IS 'The exact reason, also where the caller was told a more general one';
COMMENT ON COLUMN pgtoken.audit_events.session_user_name IS 'Role that logged in';
COMMENT ON COLUMN pgtoken.audit_events.role_name IS 'Role in effect (SET ROLE)';
COMMENT ON COLUMN pgtoken.audit_events.context IS 'Request context as the caller gave it';

-- Proxies whose relcache entry carries cache invalidation: transactional, at
-- commit to every backend, at replay to every standby. They hold no rows.
CREATE TABLE pgtoken.config_epoch ();
COMMENT ON TABLE pgtoken.config_epoch IS 'Empty; its relcache invalidation tells backends that issuers, keys, clients or resources changed';
CREATE TABLE pgtoken.revocation_epoch ();
COMMENT ON TABLE pgtoken.revocation_epoch IS 'Empty; its relcache invalidation tells backends that a family was revoked or a token blacklisted';

-- Data of an extension's tables is dumped only where it is asked for.
SELECT pg_catalog.pg_extension_config_dump('pgtoken.issuers', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.signing_keys', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.key_material', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.resources', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.clients', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.client_secrets', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.grants', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.tokens_default', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.blacklist', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.audit_events_default', '');
