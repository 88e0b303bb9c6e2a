-- Risk policies, factors, step-up challenges, and what is refused from a point in
-- time on.

-- Small and read-mostly -------------------------------------------------------

CREATE TABLE pgtoken.policies (
	issuer text NOT NULL,
	policy text NOT NULL,
	version integer NOT NULL,
	state text NOT NULL DEFAULT 'draft',
	rules jsonb NOT NULL,
	client_ids text[],
	resources text[],
	grant_types text[],
	on_refresh boolean NOT NULL,
	on_issue boolean NOT NULL,
	on_deny text NOT NULL,
	on_error text NOT NULL,
	function_timeout interval NOT NULL,
	factor_types text[],
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	activated_at timestamptz,
	retired_at timestamptz,
	activation integer,
	CONSTRAINT policies_pkey PRIMARY KEY (issuer, policy, version),
	CONSTRAINT policies_policy_check CHECK (policy ~ '^[A-Za-z0-9_.-]{1,63}$'),
	CONSTRAINT policies_state_check CHECK (state IN ('draft', 'active', 'shadow', 'retired')),
	CONSTRAINT policies_rules_check CHECK (pgtoken.policy_rules_problem(rules) IS NULL),
	CONSTRAINT policies_on_deny_check CHECK (on_deny IN ('keep', 'revoke')),
	CONSTRAINT policies_on_error_check CHECK (on_error IN ('allow', 'deny')),
	CONSTRAINT policies_function_timeout_check CHECK (function_timeout BETWEEN '1 millisecond' AND '10 seconds'),
	CONSTRAINT policies_factor_types_check CHECK (factor_types <@ '{email,sms,totp,webauthn,recovery_code,external}'::text[])
);
CREATE UNIQUE INDEX policies_one_active ON pgtoken.policies (issuer, policy) WHERE state = 'active';
CREATE UNIQUE INDEX policies_one_shadow ON pgtoken.policies (issuer, policy) WHERE state = 'shadow';
COMMENT ON TABLE pgtoken.policies IS 'Versions of risk policies: what is looked at when a client refreshes (or gets its first tokens), and what comes of it. A version never changes but in its state';
COMMENT ON COLUMN pgtoken.policies.issuer IS 'Issuer whose clients it judges';
COMMENT ON COLUMN pgtoken.policies.policy IS 'Its name';
COMMENT ON COLUMN pgtoken.policies.version IS '1, 2, 3 ... of each name';
COMMENT ON COLUMN pgtoken.policies.state IS 'draft: not used yet. active: decides. shadow: evaluated and recorded, decides nothing. retired: was active or shadow';
COMMENT ON COLUMN pgtoken.policies.rules IS 'Array of rules, each an object with rule, outcome (allow, require or deny) and the rule''s own members; the riskiest outcome of those that fire wins';
COMMENT ON COLUMN pgtoken.policies.client_ids IS 'Clients it judges; NULL: all of the issuer';
COMMENT ON COLUMN pgtoken.policies.resources IS 'It judges the requests of families that hold one of these APIs, for whichever API they are; NULL: all requests';
COMMENT ON COLUMN pgtoken.policies.grant_types IS 'It judges families that came about by one of these (see grants.grant_type); NULL: all';
COMMENT ON COLUMN pgtoken.policies.on_refresh IS 'Does it judge refreshes?';
COMMENT ON COLUMN pgtoken.policies.on_issue IS 'Does it judge first issues?';
COMMENT ON COLUMN pgtoken.policies.on_deny IS 'keep: a denied refresh leaves its refresh token as it is. revoke: it ends the family';
COMMENT ON COLUMN pgtoken.policies.on_error IS 'What a rule''s function that raises or takes too long counts as: deny (fail closed) or allow (fail open)';
COMMENT ON COLUMN pgtoken.policies.function_timeout IS 'How long a rule''s function may take';
COMMENT ON COLUMN pgtoken.policies.factor_types IS 'Factors that satisfy it when it requires one; NULL: any';
COMMENT ON COLUMN pgtoken.policies.created_at IS 'When the version was made';
COMMENT ON COLUMN pgtoken.policies.activated_at IS 'When it last became active or shadow';
COMMENT ON COLUMN pgtoken.policies.retired_at IS 'When it last ceased to be; NULL: it is, or never was';
COMMENT ON COLUMN pgtoken.policies.activation IS 'Which activation of its policy made it active last: 1, 2, 3 ...; NULL: it never was active';
COMMENT ON INDEX pgtoken.policies_pkey IS 'One row per version';
COMMENT ON INDEX pgtoken.policies_one_active IS 'One version of a policy decides at a time';
COMMENT ON INDEX pgtoken.policies_one_shadow IS 'One version of a policy is in the shadow at a time';

-- Per subject -------------------------------------------------------------------

CREATE TABLE pgtoken.subject_not_before (
	issuer text NOT NULL,
	subject text NOT NULL,
	not_before timestamptz NOT NULL,
	reason text,
	client_id text NOT NULL DEFAULT '',
	ended_epoch bigint NOT NULL DEFAULT 0,
	not_before_epoch bigint NOT NULL DEFAULT 9223372036854775807,
	CONSTRAINT subject_not_before_pkey PRIMARY KEY (issuer, subject, client_id)
);
CREATE INDEX subject_not_before_latest ON pgtoken.subject_not_before (issuer, not_before);
COMMENT ON TABLE pgtoken.subject_not_before IS 'Subjects whose earlier tokens are refused: all of them, or those with a client from which consent was withdrawn';
COMMENT ON COLUMN pgtoken.subject_not_before.issuer IS 'Issuer of the subject';
COMMENT ON COLUMN pgtoken.subject_not_before.subject IS 'The application''s user id';
COMMENT ON COLUMN pgtoken.subject_not_before.not_before IS 'Tokens issued before are refused';
COMMENT ON COLUMN pgtoken.subject_not_before.reason IS 'Why, as the caller said';
COMMENT ON COLUMN pgtoken.subject_not_before.client_id IS 'Client from which consent was withdrawn; '''': all clients';
COMMENT ON COLUMN pgtoken.subject_not_before.ended_epoch IS 'Families of earlier epochs (grants.subject_epoch) are refused, whatever the clock said; 0: everything was never ended as a whole';
COMMENT ON COLUMN pgtoken.subject_not_before.not_before_epoch IS 'not_before is for families of earlier epochs';
COMMENT ON INDEX pgtoken.subject_not_before_pkey IS 'One row per subject, and one more per client from which consent was withdrawn';
COMMENT ON INDEX pgtoken.subject_not_before_latest IS 'Latest of an issuer: whoever was issued later needs no look';

CREATE TABLE pgtoken.subject_epochs (
	issuer text NOT NULL,
	epoch bigint NOT NULL,
	CONSTRAINT subject_epochs_pkey PRIMARY KEY (issuer)
);
COMMENT ON TABLE pgtoken.subject_epochs IS 'Numbers the ends of everything that a subject had, for all subjects of an issuer. Its row is locked from such an end to the commit, so that the ends become visible in the order of their numbers';
COMMENT ON COLUMN pgtoken.subject_epochs.issuer IS 'Issuer of the subjects';
COMMENT ON COLUMN pgtoken.subject_epochs.epoch IS 'Number of the last end; families and codes carry the one in which they were issued';
COMMENT ON CONSTRAINT subject_epochs_pkey ON pgtoken.subject_epochs IS 'One row per issuer';
COMMENT ON INDEX pgtoken.subject_epochs_pkey IS 'One row per issuer';

CREATE TABLE pgtoken.factors (
	issuer text NOT NULL,
	subject text NOT NULL,
	factor_id uuid NOT NULL,
	factor_type text NOT NULL,
	label text,
	state text NOT NULL,
	parameters jsonb NOT NULL DEFAULT '{}',
	secret bytea,
	wrapped boolean NOT NULL DEFAULT false,
	code_hashes bytea[],
	counter bigint NOT NULL DEFAULT -1,
	failed_attempts integer NOT NULL DEFAULT 0,
	locked_until timestamptz,
	codes_sent integer NOT NULL DEFAULT 0,
	codes_since timestamptz,
	code_sent_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	last_used_at timestamptz,
	CONSTRAINT factors_pkey PRIMARY KEY (issuer, subject, factor_id),
	CONSTRAINT factors_factor_type_check CHECK (factor_type IN ('email', 'sms', 'totp', 'webauthn', 'recovery_code', 'external')),
	CONSTRAINT factors_state_check CHECK (state IN ('pending', 'active', 'disabled'))
);
COMMENT ON TABLE pgtoken.factors IS 'Authentication factors that subjects have enrolled for step-up';
COMMENT ON COLUMN pgtoken.factors.issuer IS 'Issuer of the subject';
COMMENT ON COLUMN pgtoken.factors.subject IS 'The application''s user id';
COMMENT ON COLUMN pgtoken.factors.factor_id IS 'UUIDv7';
COMMENT ON COLUMN pgtoken.factors.factor_type IS 'email and sms: a one-time code that the application delivers. totp: RFC 6238. webauthn: FIDO2. recovery_code: a sheet of codes, each good once. external: verified by the application';
COMMENT ON COLUMN pgtoken.factors.label IS 'What the user is shown to tell it from others, e.g. j***@example.com';
COMMENT ON COLUMN pgtoken.factors.state IS 'pending: not proved yet. active: can be used. disabled: cannot';
COMMENT ON COLUMN pgtoken.factors.parameters IS 'What is no secret: of totp algorithm, digits, period; of webauthn credential_id, alg, public_key';
COMMENT ON COLUMN pgtoken.factors.secret IS 'Of totp; wrapped like key material';
COMMENT ON COLUMN pgtoken.factors.wrapped IS 'Is the secret wrapped under a root key?';
COMMENT ON COLUMN pgtoken.factors.code_hashes IS 'Of recovery_code: HMACs of the codes that are left';
COMMENT ON COLUMN pgtoken.factors.counter IS 'Of totp the last time step used, of webauthn the signature counter; -1: none yet';
COMMENT ON COLUMN pgtoken.factors.failed_attempts IS 'Wrong evidence since it last was right';
COMMENT ON COLUMN pgtoken.factors.locked_until IS 'Refused until then, because of wrong evidence';
COMMENT ON COLUMN pgtoken.factors.codes_sent IS 'One-time codes sent since codes_since, for whatever transaction';
COMMENT ON COLUMN pgtoken.factors.codes_since IS 'When counting began; it begins anew after an hour';
COMMENT ON COLUMN pgtoken.factors.code_sent_at IS 'When the last one was: the next one waits half a minute, whatever transaction asks for it';
COMMENT ON COLUMN pgtoken.factors.created_at IS 'When it was enrolled';
COMMENT ON COLUMN pgtoken.factors.last_used_at IS 'When it last was right';
COMMENT ON INDEX pgtoken.factors_pkey IS 'Factors of a subject';

-- Per family ---------------------------------------------------------------------

CREATE TABLE pgtoken.challenges (
	grant_id uuid NOT NULL,
	handle_hash bytea NOT NULL,
	issuer text NOT NULL,
	client_id text NOT NULL,
	subject text NOT NULL,
	generation integer,
	context jsonb NOT NULL,
	factor_ids uuid[] NOT NULL,
	state text NOT NULL,
	factor_id uuid,
	code_hash bytea,
	nonce bytea,
	sent integer NOT NULL DEFAULT 0,
	sent_at timestamptz,
	attempts integer NOT NULL DEFAULT 0,
	factor_type text,
	acr text,
	amr text[],
	completed_at timestamptz,
	scope text NOT NULL,
	resources text[] NOT NULL,
	consumed_at timestamptz,
	consumed_generation integer,
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	issuer_epoch bigint,
	client_epoch bigint,
	subject_epoch bigint,
	CONSTRAINT challenges_pkey PRIMARY KEY (grant_id, handle_hash),
	CONSTRAINT challenges_state_check CHECK (state IN ('open', 'completed', 'consumed', 'failed'))
);
CREATE INDEX challenges_subject ON pgtoken.challenges (issuer, subject);
COMMENT ON TABLE pgtoken.challenges IS 'Step-up transactions: a refresh (or a first issue) that waits for its user to prove a factor';
COMMENT ON COLUMN pgtoken.challenges.grant_id IS 'The family, or for a first issue the one it will have';
COMMENT ON COLUMN pgtoken.challenges.handle_hash IS 'SHA-256 of the secret in the transaction_id';
COMMENT ON COLUMN pgtoken.challenges.issuer IS 'Issuer of client and subject';
COMMENT ON COLUMN pgtoken.challenges.client_id IS 'Client that was challenged and alone can go on';
COMMENT ON COLUMN pgtoken.challenges.subject IS 'Who must prove a factor';
COMMENT ON COLUMN pgtoken.challenges.generation IS 'Generation of the refresh token that was presented; NULL: a first issue';
COMMENT ON COLUMN pgtoken.challenges.context IS 'Request context that was challenged; the request that goes on must come from the same';
COMMENT ON COLUMN pgtoken.challenges.factor_ids IS 'Factors of the subject that satisfy it';
COMMENT ON COLUMN pgtoken.challenges.state IS 'open; completed: a factor was proved; consumed: its refresh has gone on; failed: too many wrong attempts';
COMMENT ON COLUMN pgtoken.challenges.factor_id IS 'Factor that was chosen last';
COMMENT ON COLUMN pgtoken.challenges.code_hash IS 'HMAC of the one-time code that was sent last';
COMMENT ON COLUMN pgtoken.challenges.nonce IS 'Challenge of the WebAuthn assertion';
COMMENT ON COLUMN pgtoken.challenges.sent IS 'Codes sent';
COMMENT ON COLUMN pgtoken.challenges.sent_at IS 'When the last one was';
COMMENT ON COLUMN pgtoken.challenges.attempts IS 'Evidence seen';
COMMENT ON COLUMN pgtoken.challenges.factor_type IS 'Type of the factor that was proved; NULL: none was';
COMMENT ON COLUMN pgtoken.challenges.acr IS 'Authentication context class that was reached';
COMMENT ON COLUMN pgtoken.challenges.amr IS 'Authentication methods of the factor (RFC 8176)';
COMMENT ON COLUMN pgtoken.challenges.completed_at IS 'When the factor was proved: the new auth_time';
COMMENT ON COLUMN pgtoken.challenges.scope IS 'Scope that was asked for; what goes on may ask for less';
COMMENT ON COLUMN pgtoken.challenges.resources IS 'APIs that were asked for; what goes on may ask for fewer';
COMMENT ON COLUMN pgtoken.challenges.consumed_at IS 'When the refresh went on; for the retry window an honest retry of it may name the transaction again';
COMMENT ON COLUMN pgtoken.challenges.consumed_generation IS 'Generation that the refresh came to; a retry of it is let through again';
COMMENT ON COLUMN pgtoken.challenges.created_at IS 'When the request was challenged';
COMMENT ON COLUMN pgtoken.challenges.expires_at IS 'From when on it is refused';
COMMENT ON COLUMN pgtoken.challenges.issuer_epoch IS 'epoch of the issuer then: a first issue that was challenged before an end of everything does not go on after it';
COMMENT ON COLUMN pgtoken.challenges.client_epoch IS 'epoch of the client then';
COMMENT ON COLUMN pgtoken.challenges.subject_epoch IS 'epoch of the issuer''s subjects then';
COMMENT ON INDEX pgtoken.challenges_pkey IS 'Finds a transaction by its transaction_id';
COMMENT ON INDEX pgtoken.challenges_subject IS 'Transactions of a subject';

CREATE TABLE pgtoken.challenge_codes (
	code_id uuid NOT NULL,
	issuer text NOT NULL,
	subject text NOT NULL,
	factor_id uuid NOT NULL,
	client_id text NOT NULL,
	sealed_code bytea NOT NULL,
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	CONSTRAINT challenge_codes_pkey PRIMARY KEY (code_id)
);
COMMENT ON TABLE pgtoken.challenge_codes IS 'Outbox: one-time codes that the application has still to deliver, encrypted; take_challenge_codes() hands them out, each once';
COMMENT ON COLUMN pgtoken.challenge_codes.code_id IS 'UUIDv7';
COMMENT ON COLUMN pgtoken.challenge_codes.issuer IS 'Issuer of the subject';
COMMENT ON COLUMN pgtoken.challenge_codes.subject IS 'To whom: the application''s user id';
COMMENT ON COLUMN pgtoken.challenge_codes.factor_id IS 'By which factor';
COMMENT ON COLUMN pgtoken.challenge_codes.client_id IS 'Client on whose behalf';
COMMENT ON COLUMN pgtoken.challenge_codes.sealed_code IS 'The code, AES-256-GCM under a key of the issuer';
COMMENT ON COLUMN pgtoken.challenge_codes.created_at IS 'When it was made';
COMMENT ON COLUMN pgtoken.challenge_codes.expires_at IS 'When it is worthless';
COMMENT ON INDEX pgtoken.challenge_codes_pkey IS 'Oldest first';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.policies', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.subject_not_before', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.subject_epochs', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.factors', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.challenges', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.challenge_codes', '');
