-- The device flow (RFC 8628): device authorizations, and what the application's device
-- page calls.

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
	family_id uuid,
	authorization_details jsonb,
	family_expires_at timestamptz,
	family_idle_lifetime interval,
	consent_expires_at timestamptz,
	handed_over_to uuid,
	handed_over_hash bytea,
	CONSTRAINT device_codes_pkey PRIMARY KEY (grant_id),
	CONSTRAINT device_codes_state_check CHECK (state IN ('pending', 'approved', 'denied', 'redeemed', 'handed_over'))
);
COMMENT ON TABLE pgtoken.device_codes IS 'Device authorizations (RFC 8628) and what became of them';
COMMENT ON COLUMN pgtoken.device_codes.grant_id IS 'Id of the request, which lies where the first letter of its user_code says; of one that another shard has handed over an id made of that, with its subject''s placement';
COMMENT ON COLUMN pgtoken.device_codes.device_hash IS 'SHA-256 of the secret in the device_code';
COMMENT ON COLUMN pgtoken.device_codes.user_code_hash IS 'HMAC of the user_code under a key of the issuer: nine letters would not withstand a search of bare hashes';
COMMENT ON COLUMN pgtoken.device_codes.client_id IS 'Client that may redeem it';
COMMENT ON COLUMN pgtoken.device_codes.scope IS 'Scope asked for, later as authorized, space-delimited';
COMMENT ON COLUMN pgtoken.device_codes.resources IS 'APIs asked for (RFC 8707), or the default';
COMMENT ON COLUMN pgtoken.device_codes.jkt IS 'Key that asked (RFC 9449) and must redeem it; NULL: any';
COMMENT ON COLUMN pgtoken.device_codes.state IS 'pending: the user has not answered. approved, denied: he has. redeemed: the device has its tokens. handed_over: it is answered on another shard, and has a row of its own there once it is';
COMMENT ON COLUMN pgtoken.device_codes.poll_interval IS 'Seconds the device must wait between polls; 5 more for each that comes too early right after another did';
COMMENT ON COLUMN pgtoken.device_codes.polled_at IS 'When the device last asked';
COMMENT ON COLUMN pgtoken.device_codes.early_polls IS 'How many of its last polls in a row came too early, by more than a second';
COMMENT ON COLUMN pgtoken.device_codes.subject IS 'sub: who authorized it; NULL: nobody has';
COMMENT ON COLUMN pgtoken.device_codes.session_id IS 'The application''s session: sid of the ID tokens, or what that of a pairwise client is derived from; NULL: the family_id';
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
COMMENT ON COLUMN pgtoken.device_codes.family_id IS 'Family that the code leads to, where all lies that its subject has; it comes into being when the code is redeemed; NULL: nobody has approved';
COMMENT ON COLUMN pgtoken.device_codes.authorization_details IS 'What is asked for beyond scopes (RFC 9396), an array, later as authorized; NULL: nothing';
COMMENT ON COLUMN pgtoken.device_codes.family_expires_at IS 'When the family is to end, by what the application said; NULL: as the client''s settings say';
COMMENT ON COLUMN pgtoken.device_codes.family_idle_lifetime IS 'Time without a refresh after which it is to end, likewise';
COMMENT ON COLUMN pgtoken.device_codes.consent_expires_at IS 'As authorization_codes.consent_expires_at';
COMMENT ON COLUMN pgtoken.device_codes.handed_over_to IS 'grant_id that it has on the shard of its subject; NULL: it was not handed over';
COMMENT ON COLUMN pgtoken.device_codes.handed_over_hash IS 'HMAC of that subject under a key of the issuer: the row does not tell who it is';
COMMENT ON INDEX pgtoken.device_codes_pkey IS 'Finds a device authorization; its device_code names the grant_id';
COMMENT ON CONSTRAINT device_codes_state_check ON pgtoken.device_codes IS 'The states there are';

CREATE INDEX device_codes_user_code ON pgtoken.device_codes (user_code_hash);
COMMENT ON INDEX pgtoken.device_codes_user_code IS 'Finds a device authorization by what the user types';

ALTER TABLE pgtoken.device_codes
	ALTER device_hash SET STORAGE MAIN, ALTER device_hash SET STATISTICS 0,
	ALTER user_code_hash SET STORAGE MAIN, ALTER user_code_hash SET STATISTICS 0,
	ALTER jkt SET STORAGE MAIN, ALTER jkt SET STATISTICS 0,
	ALTER subject SET STORAGE MAIN, ALTER subject SET STATISTICS 0,
	ALTER session_id SET STORAGE MAIN, ALTER session_id SET STATISTICS 0,
	ALTER acr SET STORAGE MAIN, ALTER acr SET STATISTICS 0,
	ALTER amr SET STORAGE MAIN, ALTER amr SET STATISTICS 0,
	ALTER claims SET STORAGE MAIN, ALTER claims SET STATISTICS 0,
	ALTER context SET STORAGE MAIN, ALTER context SET STATISTICS 0,
	ALTER authorization_details SET STORAGE MAIN, ALTER authorization_details SET STATISTICS 0,
	ALTER handed_over_hash SET STORAGE MAIN, ALTER handed_over_hash SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.device_codes', '');
ALTER TABLE pgtoken.device_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.device_codes FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.device_codes IS 'Lets pgtoken_auditor see every row (though no hash: column privileges); without it row security shows none, not even to pg_read_all_data';
GRANT SELECT (grant_id, client_id, scope, resources, jkt, state, poll_interval, polled_at, early_polls, subject, session_id, auth_time, acr, amr,
			  claims, context, created_at, expires_at, issuer_epoch, client_epoch, subject_epoch, family_id, authorization_details,
			  family_expires_at, family_idle_lifetime, consent_expires_at, handed_over_to)
	ON pgtoken.device_codes TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OF state ON pgtoken.device_codes FOR EACH ROW
	EXECUTE FUNCTION pgtoken.audit_row('device_code', 'device_hash, user_code_hash, handed_over_hash, context, issuer_epoch, client_epoch, subject_epoch', 'subject, session_id, claims, jkt, authorization_details');
COMMENT ON TRIGGER audit ON pgtoken.device_codes IS 'Writes a device authorization and each change of its state to audit_events, without hashes';

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

ALTER TABLE pgtoken.user_code_attempts
	ALTER attempt_key SET STORAGE MAIN, ALTER attempt_key SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.user_code_attempts', '');
ALTER TABLE pgtoken.user_code_attempts ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.user_code_attempts FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.user_code_attempts IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.user_code_attempts TO pgtoken_auditor;

CREATE FUNCTION pgtoken.device_request(user_code text, attempt_key text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_device_request' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.device_request FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.device_request TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.device_request IS
'What the device page needs to know of the code that was typed (RFC 8628 section 3.3).
user_code: as typed; case and punctuation do not matter; or what hand_over_device has returned, on the shard of its subject, here and in the functions below: that is not counted. attempt_key: who is typing (the logged-in subject, or an address): ten wrong codes in ten minutes close the door for the rest of them, to right codes as well (section 5.1).
Returns client_id, client_name, scope, resource, authorization_details, user_code, expires_at; or error: invalid_user_code, too_many_attempts. Commit after an error too. Raises 22004, 22023.';

CREATE FUNCTION pgtoken.approve_device(
	user_code text,
	attempt_key text,
	subject text,
	scope text DEFAULT NULL,
	auth_time timestamptz DEFAULT NULL,
	acr text DEFAULT NULL,
	amr text[] DEFAULT NULL,
	session_id text DEFAULT NULL,
	claims jsonb DEFAULT '{}',
	authorization_details jsonb DEFAULT NULL,
	lifetime interval DEFAULT NULL,
	idle_lifetime interval DEFAULT NULL,
	consent_lifetime interval DEFAULT NULL,
	page_id text DEFAULT NULL
) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_approve_device' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.approve_device FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.approve_device TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.approve_device IS
'Let the device with this user_code have tokens for the subject (RFC 8628 section 3.3).
user_code, attempt_key: as in device_request. subject: the application''s user id. scope: what the subject has agreed to, within what the device asked for; NULL: all of it. auth_time, acr, amr, session_id, claims: as in issue_tokens. authorization_details, lifetime, idle_lifetime, consent_lifetime, page_id: as in approve_authorization (the page is that of device_consent_page).
Returns NULL when it is done, otherwise invalid_user_code, too_many_attempts, invalid_scope, consent_required (there is no such page), session_limit (one session must end first), login_required where the subject has ended the session since auth_time, or access_denied for a subject that is blocked. What was handed over for another subject, or to be looked at alone, is invalid_user_code. Raises 22004, and 22023, also for a subject of another shard.';

CREATE FUNCTION pgtoken.deny_device(user_code text, attempt_key text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_deny_device' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.deny_device FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.deny_device TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.deny_device IS
'Refuse the device with this user_code: it is told access_denied (RFC 8628 section 3.5). user_code, attempt_key: as in device_request. Returns as approve_device. Raises 22004, 22023.';

CREATE FUNCTION pgtoken.hand_over_device(user_code text, attempt_key text, subject text, spend boolean DEFAULT true) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_hand_over_device' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.hand_over_device FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.hand_over_device TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.hand_over_device IS
'Hand the request of a device (RFC 8628) over to the shard of its subject, where there are several databases. user_code: as typed; this is called where it lies (shard_of). attempt_key: as in device_request, and counted as there; it stays on this shard, so that an address, or a hash of the user id, is better than the user id itself. subject: the application''s user id, who has logged in. spend: true, so that it can be approved and denied there, and no more here; the device is told of it there. The same call gives the same request again until it expires, for another subject NULL. false: to be looked at there alone.
Returns the request, sealed for this subject and this issuer: device_request, device_consent_page, approve_device and deny_device take it in place of user_code, on the subject''s shard; there it is answered once. NULL when no device waits with this code, too many wrong ones were typed (device_request says which of the two), or it was handed over for another subject. Commit after NULL too. Raises 22004, 22023.';
