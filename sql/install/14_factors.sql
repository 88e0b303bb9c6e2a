-- Authentication factors of subjects, for step-up (their types: choices in 05_common), and
-- what issuers say of them, which is checked by the table of issuers.

CREATE FUNCTION pgtoken.valid_factor_acr(factor_acr jsonb) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_typeof(factor_acr) = 'object'
		   AND (SELECT coalesce(bool_and(m.key = ANY (pgtoken.choices('factor type'))
										 AND jsonb_typeof(m.value) = 'string' AND pgtoken.valid_acr_values(ARRAY[m.value #>> '{}'])), true)
				FROM jsonb_each(CASE jsonb_typeof(factor_acr) WHEN 'object' THEN factor_acr END) m);
REVOKE ALL ON FUNCTION pgtoken.valid_factor_acr FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_factor_acr IS 'Internal: is this an object of factor types, each with an acr?';

CREATE FUNCTION pgtoken.valid_webauthn_origins(origins text[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN cardinality(origins) <= 100 AND coalesce(array_ndims(origins), 1) = 1
		   AND (SELECT coalesce(bool_and(u IS NOT NULL AND length(u) <= 255
										 AND (u ~ '^http://(localhost|127[.]0[.]0[.]1|\[::1\])(:[1-9][0-9]{0,4})?$'
											  OR pgtoken.valid_host_name(substring(u FROM '^https://([^:]+)(?::[1-9][0-9]{0,4})?$')) IS TRUE)), true)
				FROM unnest(origins) u);
REVOKE ALL ON FUNCTION pgtoken.valid_webauthn_origins FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_webauthn_origins IS 'Internal: is every element an origin (RFC 6454 section 6.2) that a browser gives a WebAuthn assertion: https and a host in lower case, with a port where it is not the usual one; http for loopback hosts only?';

CREATE FUNCTION pgtoken.check_step_up(factor_acr jsonb, webauthn_rp_id text, webauthn_origins text[]) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF NOT pgtoken.valid_factor_acr(factor_acr) THEN
		RAISE EXCEPTION 'invalid factor_acr'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = format('It is an object whose members are among %s, each with an acr as its value.',
								  regexp_replace(array_to_string(pgtoken.choices('factor type'), ', '), ', ([^,]*)$', ' and \1'));
	END IF;
	IF NOT pgtoken.valid_host_name(webauthn_rp_id) THEN
		RAISE EXCEPTION 'invalid webauthn_rp_id'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'It is the name of a host or domain, in lower case, without scheme and port.';
	END IF;
	IF NOT pgtoken.valid_webauthn_origins(webauthn_origins) THEN
		RAISE EXCEPTION 'invalid webauthn_origins'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'An origin is https:// and a host in lower case, with a port where it is not the usual one, and without a path; http only for loopback hosts.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_step_up FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_step_up IS 'Internal, called by update_issuer: raises 22023 for what cannot be; NULL passes';

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
	CONSTRAINT factors_factor_type_check CHECK (factor_type = ANY (pgtoken.choices('factor type'))),
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
COMMENT ON CONSTRAINT factors_factor_type_check ON pgtoken.factors IS 'Types of factors';
COMMENT ON CONSTRAINT factors_state_check ON pgtoken.factors IS 'The states of a factor';

ALTER TABLE pgtoken.factors
	ALTER subject SET STORAGE MAIN, ALTER subject SET STATISTICS 0,
	ALTER label SET STORAGE MAIN, ALTER label SET STATISTICS 0,
	ALTER parameters SET STORAGE MAIN, ALTER parameters SET STATISTICS 0,
	ALTER secret SET STORAGE PLAIN, ALTER secret SET STATISTICS 0,
	ALTER code_hashes SET STORAGE PLAIN, ALTER code_hashes SET STATISTICS 0;
-- for health(), which must not look at each; nothing that a use of a factor changes is in them
CREATE INDEX factors_unwrapped ON pgtoken.factors (issuer) WHERE secret IS NOT NULL AND NOT wrapped;
COMMENT ON INDEX pgtoken.factors_unwrapped IS 'Counts the secrets that no root key wraps';
CREATE INDEX factors_webauthn ON pgtoken.factors (issuer) WHERE factor_type = 'webauthn';
COMMENT ON INDEX pgtoken.factors_webauthn IS 'Says of an issuer whether it has passkeys';
SELECT pg_catalog.pg_extension_config_dump('pgtoken.factors', '');
ALTER TABLE pgtoken.factors ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.factors FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.factors IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT (issuer, subject, factor_id, factor_type, label, state, parameters, wrapped, counter, failed_attempts, locked_until,
			  codes_sent, codes_since, code_sent_at, created_at, last_used_at)
	ON pgtoken.factors TO pgtoken_auditor;

-- Not what a factor's use changes: a counter, and how often it was wrong.
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE OF issuer, subject, factor_id, factor_type, label, state, parameters, secret ON pgtoken.factors
	FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('factor', 'secret, code_hashes', 'subject, label, parameters');
COMMENT ON TRIGGER audit ON pgtoken.factors IS 'Writes the row before and after to audit_events, without its secrets';

CREATE FUNCTION pgtoken.enroll_factor(
	subject text,
	factor_type text,
	parameters jsonb DEFAULT '{}',
	label text DEFAULT NULL,
	issuer text DEFAULT NULL
) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_enroll_factor' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.enroll_factor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.enroll_factor TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.enroll_factor IS
'Give a subject an authentication factor for step-up. The application says that it is the subject who asks, and has proved it as strongly as the factor is to count.
subject: the application''s user id. factor_type, parameters: see below. label: what the user is shown to tell it from others, e.g. j***@example.com. issuer: NULL is the default one.
Returns an object with factor_id, factor_type, state, and by factor_type:
email, sms: a one-time code of 6 digits that the application delivers; to where is its own knowledge. Active at once, no parameters.
totp (RFC 6238): parameters algorithm (SHA1, SHA256, SHA512; SHA1), digits (6 to 8; 6), period (15 to 120 seconds; 30), account (name in the authenticator app; the subject). Answers secret (base32) and otpauth_uri, both secret and never shown again; pending until activate_factor(). With the parameter secret (base32, 16 to 64 bytes) it is brought from elsewhere and active.
webauthn (FIDO2): parameters credential_id (base64url), public_key (JWK, or SubjectPublicKeyInfo in base64url), alg (ES256, RS256, EdDSA; ES256), counter: what the registration that the application has verified came to. Needs webauthn_rp_id of the issuer to be used.
recovery_code: answers codes, ten of them, never shown again and each good once; a new sheet replaces the old one. No parameters.
external: verified by the application, see complete_challenge(). No parameters.
Raises 22004, 22023 for a parameter that is unknown or not acceptable, 23505 for a credential_id that the subject has already, 54000 for more than 50 factors, 55000 without issuer.';

CREATE FUNCTION pgtoken.activate_factor(subject text, factor_id uuid, code text, issuer text DEFAULT NULL) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_activate_factor' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.activate_factor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.activate_factor TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.activate_factor IS
'Make a pending totp factor active: the user has typed a code that his authenticator app shows.
subject, factor_id: whose, and which: see factors_of. code: its digits. issuer: NULL is the default one.
Returns false when the code is wrong, or there were too many (see complete_challenge; after 100 the factor is given up), or there is no such pending factor. Commit after that, too: wrong codes are counted. Raises 22004, 55000.';

CREATE FUNCTION pgtoken.remove_factor(subject text, factor_id uuid, issuer text DEFAULT NULL) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_remove_factor' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.remove_factor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.remove_factor TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.remove_factor IS
'Take a factor from a subject, also from transactions that wait for it. What it has proved already stays. subject, factor_id: whose, and which: see factors_of. issuer: NULL is the default one. Returns false when there is none. Raises 22004, 55000.';

CREATE FUNCTION pgtoken.unlock_factor(subject text, factor_id uuid, issuer text DEFAULT NULL) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_unlock_factor' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.unlock_factor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.unlock_factor TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.unlock_factor IS
'Forget the wrong attempts at a factor: it is locked no longer, and one that was disabled because of them is active again. To be called when the application knows that the user himself asks. subject, factor_id: whose, and which: see factors_of. issuer: NULL is the default one. Returns false when there is none. Raises 22004, 55000.';

CREATE FUNCTION pgtoken.factors_of(subject text, issuer text DEFAULT NULL)
	RETURNS TABLE (factor_id uuid, factor_type text, label text, state text, usable boolean, created_at timestamptz, last_used_at timestamptz)
	LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
	SELECT pgtoken.require_shard(factors_of.subject);
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
REVOKE ALL ON FUNCTION pgtoken.factors_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.factors_of TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.factors_of IS
'Factors of a subject, oldest first, for its account page. subject: the application''s user id. issuer: NULL is the default one.
Returns, beside what was enrolled, state: pending, active, disabled (after too many wrong attempts, see unlock_factor). usable: can it be proved now? Not while it is locked, nor a sheet of recovery codes that is used up, nor webauthn where the issuer has no webauthn_rp_id.';
