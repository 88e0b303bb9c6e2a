-- What leads to a family: requests, codes, consents, and what is remembered so
-- that it cannot be used twice.  Secrets are stored as hashes only.
--
-- Each row that leads to a family carries the grant_id which the family will
-- have, so that it lies where the family will.

CREATE TABLE pgtoken.authorization_requests (
	grant_id uuid NOT NULL,
	kind text NOT NULL,
	handle_hash bytea NOT NULL,
	issuer text NOT NULL,
	client_id text NOT NULL,
	parameters jsonb NOT NULL,
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	CONSTRAINT authorization_requests_pkey PRIMARY KEY (grant_id),
	CONSTRAINT authorization_requests_kind_check CHECK (kind IN ('pushed', 'authorization', 'logout'))
);
COMMENT ON TABLE pgtoken.authorization_requests IS 'Requests on their way: pushed (RFC 9126), waiting for the application to authenticate its user, or waiting for it to end a session. A row goes when its answer is given, and with it the pushed one that it comes from; maintain() forgets what was never answered';
COMMENT ON COLUMN pgtoken.authorization_requests.grant_id IS 'Family that the request leads to, if it is granted';
COMMENT ON COLUMN pgtoken.authorization_requests.kind IS 'pushed: named by a request_uri. authorization and logout: named by a transaction_id';
COMMENT ON COLUMN pgtoken.authorization_requests.handle_hash IS 'SHA-256 of the secret in the request_uri or transaction_id';
COMMENT ON COLUMN pgtoken.authorization_requests.issuer IS 'Issuer that was asked; the pages of another one cannot answer';
COMMENT ON COLUMN pgtoken.authorization_requests.client_id IS 'Client that asks; '''' where a logout names none';
COMMENT ON COLUMN pgtoken.authorization_requests.parameters IS 'Parameters as validated (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1)';
COMMENT ON COLUMN pgtoken.authorization_requests.created_at IS 'When it was made';
COMMENT ON COLUMN pgtoken.authorization_requests.expires_at IS 'From when on it is refused';
COMMENT ON INDEX pgtoken.authorization_requests_pkey IS 'Finds a request; its handle names the grant_id';

CREATE TABLE pgtoken.authorization_codes (
	grant_id uuid NOT NULL,
	code_hash bytea NOT NULL,
	client_id text NOT NULL,
	redirect_uri text,
	code_challenge text,
	dpop_jkt text,
	subject text NOT NULL,
	scope text NOT NULL,
	resources text[] NOT NULL,
	session_id text,
	auth_time timestamptz,
	acr text,
	amr text[],
	nonce text,
	claims jsonb NOT NULL,
	context jsonb NOT NULL,
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	redeemed_at timestamptz,
	issuer_epoch bigint,
	client_epoch bigint,
	subject_epoch bigint,
	CONSTRAINT authorization_codes_pkey PRIMARY KEY (grant_id)
);
COMMENT ON TABLE pgtoken.authorization_codes IS 'Authorization codes (RFC 6749 section 4.1.2): what was authorized, until the client redeems it. Kept for a day, so that a second use can be told from an unknown code';
COMMENT ON COLUMN pgtoken.authorization_codes.grant_id IS 'Family that the code leads to; it comes into being when the code is redeemed';
COMMENT ON COLUMN pgtoken.authorization_codes.code_hash IS 'SHA-256 of the secret in the code';
COMMENT ON COLUMN pgtoken.authorization_codes.client_id IS 'Client that may redeem it';
COMMENT ON COLUMN pgtoken.authorization_codes.redirect_uri IS 'redirect_uri of the authorization request, which the token request must repeat; NULL: it had none';
COMMENT ON COLUMN pgtoken.authorization_codes.code_challenge IS 'S256 challenge (RFC 7636 section 4.2); NULL: none';
COMMENT ON COLUMN pgtoken.authorization_codes.dpop_jkt IS 'Key that must redeem it (RFC 9449 section 10); NULL: any';
COMMENT ON COLUMN pgtoken.authorization_codes.subject IS 'sub: who authorized it, the application''s user id';
COMMENT ON COLUMN pgtoken.authorization_codes.scope IS 'Scope as authorized, space-delimited';
COMMENT ON COLUMN pgtoken.authorization_codes.resources IS 'APIs as authorized (RFC 8707)';
COMMENT ON COLUMN pgtoken.authorization_codes.session_id IS 'The application''s session: sid of the ID tokens, or what that of a pairwise client is derived from; NULL: the grant_id';
COMMENT ON COLUMN pgtoken.authorization_codes.auth_time IS 'When the subject authenticated';
COMMENT ON COLUMN pgtoken.authorization_codes.acr IS 'Authentication context class';
COMMENT ON COLUMN pgtoken.authorization_codes.amr IS 'Authentication methods (RFC 8176)';
COMMENT ON COLUMN pgtoken.authorization_codes.nonce IS 'nonce of the authorization request';
COMMENT ON COLUMN pgtoken.authorization_codes.claims IS 'Further claims of the access tokens';
COMMENT ON COLUMN pgtoken.authorization_codes.context IS 'Request context as the application gave it';
COMMENT ON COLUMN pgtoken.authorization_codes.created_at IS 'When it was made';
COMMENT ON COLUMN pgtoken.authorization_codes.expires_at IS 'From when on it is refused';
COMMENT ON COLUMN pgtoken.authorization_codes.redeemed_at IS 'When it was redeemed; NULL: it was not. A further use revokes the family';
COMMENT ON COLUMN pgtoken.authorization_codes.issuer_epoch IS 'epoch of the issuer when it was made; the family will have it; NULL: before all';
COMMENT ON COLUMN pgtoken.authorization_codes.client_epoch IS 'epoch of the client then';
COMMENT ON COLUMN pgtoken.authorization_codes.subject_epoch IS 'epoch of the issuer''s subjects then';
COMMENT ON INDEX pgtoken.authorization_codes_pkey IS 'Finds a code, which names its grant_id';

CREATE TABLE pgtoken.device_codes (
	grant_id uuid NOT NULL,
	device_hash bytea NOT NULL,
	user_code_hash bytea NOT NULL,
	client_id text NOT NULL,
	scope text NOT NULL,
	resources text[] NOT NULL,
	jkt text,
	state text NOT NULL,
	poll_interval integer NOT NULL,
	polled_at timestamptz,
	early_polls integer NOT NULL DEFAULT 0,
	subject text,
	session_id text,
	auth_time timestamptz,
	acr text,
	amr text[],
	claims jsonb,
	context jsonb NOT NULL,
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	issuer_epoch bigint,
	client_epoch bigint,
	subject_epoch bigint,
	CONSTRAINT device_codes_pkey PRIMARY KEY (grant_id),
	CONSTRAINT device_codes_state_check CHECK (state IN ('pending', 'approved', 'denied', 'redeemed'))
);
CREATE INDEX device_codes_user_code ON pgtoken.device_codes (user_code_hash);
COMMENT ON TABLE pgtoken.device_codes IS 'Device authorizations (RFC 8628) and what became of them';
COMMENT ON COLUMN pgtoken.device_codes.grant_id IS 'Family that the code leads to; it comes into being when the code is redeemed';
COMMENT ON COLUMN pgtoken.device_codes.device_hash IS 'SHA-256 of the secret in the device_code';
COMMENT ON COLUMN pgtoken.device_codes.user_code_hash IS 'HMAC of the user_code under a key of the issuer: eight letters would not withstand a search of bare hashes';
COMMENT ON COLUMN pgtoken.device_codes.client_id IS 'Client that may redeem it';
COMMENT ON COLUMN pgtoken.device_codes.scope IS 'Scope asked for, later as authorized, space-delimited';
COMMENT ON COLUMN pgtoken.device_codes.resources IS 'APIs asked for (RFC 8707), or the default';
COMMENT ON COLUMN pgtoken.device_codes.jkt IS 'Key that asked (RFC 9449) and must redeem it; NULL: any';
COMMENT ON COLUMN pgtoken.device_codes.state IS 'pending: the user has not answered. approved, denied: he has. redeemed: the device has its tokens';
COMMENT ON COLUMN pgtoken.device_codes.poll_interval IS 'Seconds the device must wait between polls; 5 more for each that comes too early right after another did';
COMMENT ON COLUMN pgtoken.device_codes.polled_at IS 'When the device last asked';
COMMENT ON COLUMN pgtoken.device_codes.early_polls IS 'How many of its last polls in a row came too early, by more than a second';
COMMENT ON COLUMN pgtoken.device_codes.subject IS 'sub: who authorized it; NULL: nobody has';
COMMENT ON COLUMN pgtoken.device_codes.session_id IS 'The application''s session: sid of the ID tokens, or what that of a pairwise client is derived from; NULL: the grant_id';
COMMENT ON COLUMN pgtoken.device_codes.auth_time IS 'When the subject authenticated';
COMMENT ON COLUMN pgtoken.device_codes.acr IS 'Authentication context class';
COMMENT ON COLUMN pgtoken.device_codes.amr IS 'Authentication methods (RFC 8176)';
COMMENT ON COLUMN pgtoken.device_codes.claims IS 'Further claims of the access tokens';
COMMENT ON COLUMN pgtoken.device_codes.context IS 'Request context of the device';
COMMENT ON COLUMN pgtoken.device_codes.created_at IS 'When it was made';
COMMENT ON COLUMN pgtoken.device_codes.expires_at IS 'From when on it is refused';
COMMENT ON COLUMN pgtoken.device_codes.issuer_epoch IS 'epoch of the issuer when the device asked; the family will have it; NULL: before all';
COMMENT ON COLUMN pgtoken.device_codes.client_epoch IS 'epoch of the client then';
COMMENT ON COLUMN pgtoken.device_codes.subject_epoch IS 'epoch of the issuer''s subjects when the user approved';
COMMENT ON INDEX pgtoken.device_codes_pkey IS 'Finds a device authorization; its device_code names the grant_id';
COMMENT ON INDEX pgtoken.device_codes_user_code IS 'Finds a device authorization by what the user types';

CREATE TABLE pgtoken.user_code_attempts (
	attempt_key text NOT NULL,
	attempts integer NOT NULL,
	window_start timestamptz NOT NULL,
	CONSTRAINT user_code_attempts_pkey PRIMARY KEY (attempt_key)
);
COMMENT ON TABLE pgtoken.user_code_attempts IS 'Wrong user codes, counted by who typed them (RFC 8628 section 5.1)';
COMMENT ON COLUMN pgtoken.user_code_attempts.attempt_key IS 'Who typed, as the application named him: a subject or an address';
COMMENT ON COLUMN pgtoken.user_code_attempts.attempts IS 'Wrong codes since window_start';
COMMENT ON COLUMN pgtoken.user_code_attempts.window_start IS 'When counting began; it begins anew after ten minutes';
COMMENT ON INDEX pgtoken.user_code_attempts_pkey IS 'One counter for each';

CREATE TABLE pgtoken.consents (
	subject text NOT NULL,
	client_id text NOT NULL,
	resource text NOT NULL,
	scopes text[] NOT NULL,
	granted_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	CONSTRAINT consents_pkey PRIMARY KEY (subject, client_id, resource)
);
COMMENT ON TABLE pgtoken.consents IS 'What subjects have consented to; withdraw_consent() takes it back and ends the families';
COMMENT ON COLUMN pgtoken.consents.subject IS 'Who consented: the application''s user id';
COMMENT ON COLUMN pgtoken.consents.client_id IS 'To whom';
COMMENT ON COLUMN pgtoken.consents.resource IS 'For which API (RFC 8707)';
COMMENT ON COLUMN pgtoken.consents.scopes IS 'Scopes consented to there, offline_access included';
COMMENT ON COLUMN pgtoken.consents.granted_at IS 'When the subject first consented';
COMMENT ON COLUMN pgtoken.consents.updated_at IS 'When the subject last consented';
COMMENT ON INDEX pgtoken.consents_pkey IS 'One consent of a subject to a client for an API';

CREATE TABLE pgtoken.replay_ids (
	replay_hash bytea NOT NULL,
	expires_at timestamptz NOT NULL,
	CONSTRAINT replay_ids_pkey PRIMARY KEY (replay_hash)
);
COMMENT ON TABLE pgtoken.replay_ids IS 'jti values of client assertions (RFC 7523) and DPoP proofs (RFC 9449) that have been used: the primary key lets each in once';
COMMENT ON COLUMN pgtoken.replay_ids.replay_hash IS 'SHA-256 of purpose, owner and jti';
COMMENT ON COLUMN pgtoken.replay_ids.expires_at IS 'End of what carried it; maintain() forgets the row after it';
COMMENT ON INDEX pgtoken.replay_ids_pkey IS 'Lets each jti in once, also when two come at the same time';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.authorization_requests', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.authorization_codes', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.device_codes', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.user_code_attempts', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.consents', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.replay_ids', '');
