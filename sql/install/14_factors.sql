-- Factors, and step-up challenges ---------------------------------------------

CREATE FUNCTION pgtoken.enroll_factor(
	subject text,
	factor_type text,
	parameters jsonb DEFAULT '{}',
	label text DEFAULT NULL,
	issuer text DEFAULT NULL
) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_enroll_factor' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.enroll_factor(text, text, jsonb, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.enroll_factor(text, text, jsonb, text, text) IS
'Give a subject an authentication factor for step-up. The application says that it is the subject who asks, and has proved it as strongly as the factor is to count. label: what the user is shown to tell it from others, e.g. j***@example.com. issuer: NULL is the default one. The answer has factor_id, factor_type, state, and by factor_type:
email, sms: a one-time code of 6 digits that the application delivers; to where is its own knowledge. Active at once, no parameters.
totp (RFC 6238): parameters algorithm (SHA1, SHA256, SHA512; SHA1), digits (6 to 8; 6), period (15 to 120 seconds; 30), account (name in the authenticator app; the subject). Answers secret (base32) and otpauth_uri, both secret and never shown again; pending until activate_factor(). With the parameter secret (base32, 16 to 64 bytes) it is brought from elsewhere and active.
webauthn (FIDO2): parameters credential_id (base64url), public_key (JWK, or SubjectPublicKeyInfo in base64url), alg (ES256, RS256, EdDSA; ES256), counter: what the registration that the application has verified came to. Needs webauthn_rp_id of the issuer to be used.
recovery_code: answers codes, ten of them, never shown again and each good once; a new sheet replaces the old one. No parameters.
external: verified by the application, see complete_challenge(). No parameters.
Raises 22004, 22023 for a parameter that is unknown or not acceptable, 23505 for a credential_id that the subject has already, 54000 for more than 50 factors, 55000 without issuer.';

CREATE FUNCTION pgtoken.activate_factor(subject text, factor_id uuid, code text, issuer text DEFAULT NULL) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_activate_factor' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.activate_factor(text, uuid, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.activate_factor(text, uuid, text, text) IS
'Make a pending totp factor active: the user has typed a code that his authenticator app shows. False: the code is wrong, or there were too many (see complete_challenge; after 100 the factor is given up), or there is no such pending factor. Commit after that, too: wrong codes are counted. Raises 22004, 55000.';

CREATE FUNCTION pgtoken.remove_factor(subject text, factor_id uuid, issuer text DEFAULT NULL) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_remove_factor' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.remove_factor(text, uuid, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.remove_factor(text, uuid, text) IS
'Take a factor from a subject, also from transactions that wait for it. False: there is none. What it has proved already stays. Raises 22004, 55000.';

CREATE FUNCTION pgtoken.unlock_factor(subject text, factor_id uuid, issuer text DEFAULT NULL) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_unlock_factor' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.unlock_factor(text, uuid, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.unlock_factor(text, uuid, text) IS
'Forget the wrong attempts at a factor: it is locked no longer, and one that was disabled because of them is active again. False: there is none. To be called when the application knows that the user himself asks. Raises 22004, 55000.';

CREATE FUNCTION pgtoken.factors_of(subject text, issuer text DEFAULT NULL)
	RETURNS TABLE (factor_id uuid, factor_type text, label text, state text, usable boolean, created_at timestamptz, last_used_at timestamptz)
	LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
	SELECT f.factor_id, f.factor_type, f.label, f.state,
		   f.state = 'active' AND coalesce(f.locked_until <= now(), true)
		   AND (f.factor_type <> 'webauthn' OR i.webauthn_rp_id IS NOT NULL)
		   AND (f.factor_type <> 'recovery_code' OR cardinality(f.code_hashes) > 0),
		   f.created_at, f.last_used_at
	FROM pgtoken.issuers i JOIN pgtoken.factors f ON f.issuer = i.issuer
	WHERE CASE WHEN factors_of.issuer IS NULL THEN i.is_default ELSE i.issuer = factors_of.issuer END
	  AND f.subject = factors_of.subject
	ORDER BY f.factor_id
$function$;
REVOKE ALL ON FUNCTION pgtoken.factors_of(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.factors_of(text, text) IS
'Factors of a subject, oldest first, for its account page. state: pending, active, disabled (after too many wrong attempts, see unlock_factor). usable: can it be proved now? Not while it is locked, nor a sheet of recovery codes that is used up, nor webauthn where the issuer has no webauthn_rp_id. issuer: NULL is the default one.';

CREATE FUNCTION pgtoken.challenge(transaction_id text, factor_id uuid, deliver text DEFAULT 'return') RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_challenge' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.challenge(text, uuid, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.challenge(text, uuid, text) IS
'The user has chosen one of the factors of a step-up transaction. The answer has factor_id, factor_type, expires_in (seconds left), and by factor_type:
email, sms: a one-time code is made, which replaces the one before. deliver => return: code is in the answer, for the application to send to the user and to nobody else. outbox: the code waits, encrypted, for take_challenge_codes(), and the channel pgtoken.challenge_notify_channel is told (a transaction that has notified cannot be prepared). At most 3 codes per transaction and 20 an hour per factor, 30 seconds after the last one of either.
webauthn: public_key, PublicKeyCredentialRequestOptions as JSON, for navigator.credentials.get().
totp, recovery_code, external: nothing; calling this is optional if complete_challenge() is told the factor_id.
Otherwise error and error_description: expired_token (the transaction is unknown or over), invalid_grant (its family is), invalid_request (not one of its factors), access_denied (too many wrong attempts), slow_down (too many codes, or too soon). Raises 22004, 22023.';

CREATE FUNCTION pgtoken.complete_challenge(transaction_id text, evidence jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_complete_challenge' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.complete_challenge(text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.complete_challenge(text, jsonb) IS
'The user proves a factor of a step-up transaction; the client then repeats its request with the transaction_id. evidence: factor_id (unless challenge() has chosen it), and by factor_type:
email, sms, totp, recovery_code: code.
webauthn: client_data_json, authenticator_data, signature (base64url), optionally id. The authenticator must have verified its user.
external: verified (boolean), optionally acr and amr that it comes to. Believed because the caller is the application: pass on nothing that a client has sent.
Answers completed (true), factor_id, factor_type, acr; or error and error_description: invalid_grant (the evidence is wrong, too old or was used before; its family is over), expired_token (the transaction is unknown or over), invalid_request (no factor was chosen or it is not one of its factors; the evidence lacks what the factor type needs, which costs no attempt), access_denied (too many wrong attempts). Commit after an error, too: attempts are counted, right or wrong. After 5 a transaction has failed. After 10 wrong ones in a row a factor is locked for 15 minutes, after 100 disabled until unlock_factor(). Each TOTP code, recovery code and assertion counts once. Raises 22004, 22023.';

CREATE FUNCTION pgtoken.take_challenge_codes(max_codes integer DEFAULT 100)
	RETURNS TABLE (code_id uuid, issuer text, subject text, factor_id uuid, factor_type text, label text, client_id text, code text, expires_at timestamptz)
	AS 'MODULE_PATHNAME', 'pgt_take_challenge_codes' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.take_challenge_codes(integer) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.take_challenge_codes(integer) IS
'Take one-time codes out of the outbox, oldest first, to deliver them: each is handed to one caller, and gone when that caller commits; those of a caller that rolls back are there again. What has expired, or whose factor has been removed, is dropped. LISTEN on the channel pgtoken.challenge_notify_channel to know when there are some. max_codes: 1 to 1000. Raises 22023.';
