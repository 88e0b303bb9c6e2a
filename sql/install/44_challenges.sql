-- Step-up: transactions that wait for a factor, and the outbox of one-time codes.

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
COMMENT ON CONSTRAINT challenges_state_check ON pgtoken.challenges IS 'The states of a transaction';

CREATE INDEX challenges_subject ON pgtoken.challenges (issuer, subject);
COMMENT ON INDEX pgtoken.challenges_subject IS 'Transactions of a subject';

ALTER TABLE pgtoken.challenges
	ALTER handle_hash SET STORAGE MAIN, ALTER handle_hash SET STATISTICS 0,
	ALTER subject SET STORAGE MAIN, ALTER subject SET STATISTICS 0,
	ALTER context SET STORAGE MAIN, ALTER context SET STATISTICS 0,
	ALTER code_hash SET STORAGE MAIN, ALTER code_hash SET STATISTICS 0,
	ALTER nonce SET STORAGE MAIN, ALTER nonce SET STATISTICS 0,
	ALTER acr SET STORAGE MAIN, ALTER acr SET STATISTICS 0,
	ALTER amr SET STORAGE MAIN, ALTER amr SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.challenges', '');
ALTER TABLE pgtoken.challenges ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.challenges FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.challenges IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT (grant_id, issuer, client_id, subject, generation, context, factor_ids, state, factor_id, sent, sent_at, attempts, factor_type, acr, amr,
			  completed_at, scope, resources, consumed_at, consumed_generation, created_at, expires_at, issuer_epoch, client_epoch, subject_epoch)
	ON pgtoken.challenges TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OF state ON pgtoken.challenges FOR EACH ROW
	EXECUTE FUNCTION pgtoken.audit_row('challenge', 'handle_hash, code_hash, nonce, context, issuer_epoch, client_epoch, subject_epoch', 'subject');
COMMENT ON TRIGGER audit ON pgtoken.challenges IS 'Writes what becomes of a transaction to audit_events, without its hashes';

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

ALTER TABLE pgtoken.challenge_codes
	ALTER subject SET STORAGE MAIN, ALTER subject SET STATISTICS 0,
	ALTER sealed_code SET STORAGE PLAIN, ALTER sealed_code SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.challenge_codes', '');
ALTER TABLE pgtoken.challenge_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.challenge_codes FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.challenge_codes IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT (code_id, issuer, subject, factor_id, client_id, created_at, expires_at) ON pgtoken.challenge_codes TO pgtoken_auditor;

CREATE FUNCTION pgtoken.challenge(transaction_id text, factor_id uuid, deliver text DEFAULT 'return') RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_challenge' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.challenge FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.challenge TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.challenge IS
'The user has chosen one of the factors of a step-up transaction.
transaction_id, factor_id: of the answer mfa_required, and of one of its factors. deliver: what becomes of a one-time code, return or outbox.
Returns an object that has factor_id, factor_type, expires_in (seconds left), and by factor_type:
email, sms: a one-time code is made, which replaces the one before. With return it is in the answer, code, for the application to send to the user and to nobody else. With outbox it waits, encrypted, for take_challenge_codes(), and the channel pgtoken.challenge_notify_channel is told, or for the courier where the issuer''s code_delivery says so (a transaction that has notified cannot be prepared). At most 3 codes per transaction and 20 an hour per factor, 30 seconds after the last one of either.
webauthn: public_key, PublicKeyCredentialRequestOptions as JSON, for navigator.credentials.get().
totp, recovery_code, external: nothing; calling this is optional if complete_challenge() is told the factor_id.
Otherwise error and error_description: expired_token (the transaction is unknown or over), invalid_grant (its family is), invalid_request (not one of its factors), access_denied (too many wrong attempts), slow_down (too many codes, or too soon). Raises 22004, 22023.';

CREATE FUNCTION pgtoken.complete_challenge(transaction_id text, evidence jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_complete_challenge' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.complete_challenge FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.complete_challenge TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.complete_challenge IS
'The user proves a factor of a step-up transaction; the client then repeats its request with the transaction_id.
transaction_id: as in challenge. evidence: an object with factor_id (unless challenge() has chosen it), and by factor_type:
email, sms, totp, recovery_code: code.
webauthn: client_data_json, authenticator_data, signature (base64url), optionally id. The authenticator must have verified its user.
external: verified (boolean), optionally acr and amr that it comes to. Believed because the caller is the application: pass on nothing that a client has sent.
Answers completed (true), factor_id, factor_type, acr; or error and error_description: invalid_grant (the evidence is wrong, too old or was used before; its family is over), expired_token (the transaction is unknown or over), invalid_request (no factor was chosen or it is not one of its factors; the evidence lacks what the factor type needs, which costs no attempt), access_denied (too many wrong attempts). Commit after an error, too: attempts are counted, right or wrong. After 5 a transaction has failed. After 10 wrong ones in a row a factor is locked for 15 minutes, after 100 disabled until unlock_factor(). Each TOTP code, recovery code and assertion counts once. Raises 22004, 22023, and 42501 for a factor of the console, which is proved over HTTP alone.';

CREATE FUNCTION pgtoken.take_challenge_codes(max_codes integer DEFAULT 100)
	RETURNS TABLE (code_id uuid, issuer text, subject text, factor_id uuid, factor_type text, label text, client_id text, code text, expires_at timestamptz)
	AS 'MODULE_PATHNAME', 'pgt_take_challenge_codes' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.take_challenge_codes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.take_challenge_codes TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.take_challenge_codes IS
'Take one-time codes out of the outbox, oldest first, to deliver them, but for those that are the courier''s: each is handed to one caller, and gone when that caller commits; those of a caller that rolls back are there again. What has expired, or whose factor has been removed, is dropped. LISTEN on the channel pgtoken.challenge_notify_channel to know when there are some. max_codes: 1 to 1000. Returns a row for each code. Raises 22023.';

CREATE FUNCTION pgtoken.open_challenge_code(code_id uuid) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_open_challenge_code' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.open_challenge_code FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.open_challenge_code IS 'Internal, called by courier_take(): a one-time code of the outbox, which stays there; NULL: there is none, or it cannot be opened, which a warning says';
