-- Issuers (tenants): the iss of tokens, the pages of the application, and settings.

CREATE FUNCTION pgtoken.valid_issuer(issuer text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_issuer' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_issuer FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_issuer IS 'Internal: can this be an issuer identifier (RFC 8414 section 2)? https, no query, no fragment; http for loopback hosts only';

CREATE FUNCTION pgtoken.issuer_base(issuer text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN (SELECT regexp_replace(lower(u.origin), CASE WHEN lower(u.origin) LIKE 'https:%' THEN ':443$' ELSE ':80$' END, '') || regexp_replace(substr(issuer_base.issuer, length(u.origin) + 1), '/$', '')
			FROM (SELECT substring(issuer_base.issuer FROM '^[^:]+://[^/]*')) u (origin));
REVOKE ALL ON FUNCTION pgtoken.issuer_base FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.issuer_base IS 'Internal: what the URLs of an issuer''s endpoints begin with, so that two ways to write it are one (RFC 3986 section 6.2)';

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
	registration text NOT NULL DEFAULT 'off',
	mtls_base_uri text,
	logout_delivery text NOT NULL DEFAULT 'application',
	code_delivery text NOT NULL DEFAULT 'application',
	max_sessions integer,
	at_session_limit text NOT NULL DEFAULT 'end_oldest',
	status_lists boolean NOT NULL DEFAULT false,
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
	CONSTRAINT issuers_webauthn_rp_id_check CHECK (pgtoken.valid_host_name(webauthn_rp_id)),
	CONSTRAINT issuers_webauthn_origins_check CHECK (pgtoken.valid_webauthn_origins(webauthn_origins)),
	CONSTRAINT issuers_mtls_base_uri_check CHECK (pgtoken.valid_issuer(mtls_base_uri)),
	CONSTRAINT issuers_registration_check CHECK (registration = ANY (pgtoken.choices('registration'))),
	CONSTRAINT issuers_logout_delivery_check CHECK (logout_delivery = ANY (pgtoken.choices('delivery'))),
	CONSTRAINT issuers_code_delivery_check CHECK (code_delivery = ANY (pgtoken.choices('delivery'))),
	CONSTRAINT issuers_max_sessions_check CHECK (max_sessions > 0),
	CONSTRAINT issuers_at_session_limit_check CHECK (at_session_limit = ANY (pgtoken.choices('at_session_limit'))),
	CONSTRAINT issuers_status_lists_check CHECK (NOT status_lists OR default_alg NOT LIKE 'HS%'),
	CONSTRAINT issuers_default_alg_check CHECK (default_alg = ANY (pgtoken.choices('alg')))
);
COMMENT ON TABLE pgtoken.issuers IS 'One row per issuer (tenant): the iss of its tokens';
COMMENT ON COLUMN pgtoken.issuers.issuer IS 'Issuer identifier (RFC 8414 section 2): iss of its tokens, character by character';
COMMENT ON COLUMN pgtoken.issuers.is_default IS 'The issuer that functions use when none is named';
COMMENT ON COLUMN pgtoken.issuers.default_alg IS 'Signing algorithm of clients that name none';
COMMENT ON COLUMN pgtoken.issuers.login_uri IS 'Page of the application that authenticates users and asks for their consent; authorize sends them there with a transaction_id; NULL: no authorization endpoint';
COMMENT ON COLUMN pgtoken.issuers.logout_uri IS 'Page of the application that ends sessions; end_session sends users there with a transaction_id; NULL: no end_session endpoint';
COMMENT ON COLUMN pgtoken.issuers.verification_uri IS 'Page of the application where users type the code that a device shows (RFC 8628 section 3.2); NULL: no device authorization';
COMMENT ON COLUMN pgtoken.issuers.claims_function IS 'The application''s function that gives the claims of a subject, with its schema; runs as its owner; NULL: none';
COMMENT ON COLUMN pgtoken.issuers.password_verifier IS 'The application''s function that checks a password, with its schema; runs as its owner; NULL: the password grant is off';
COMMENT ON COLUMN pgtoken.issuers.dpop_nonce_required IS 'Must DPoP proofs carry a nonce of ours (RFC 9449 section 8)?';
COMMENT ON COLUMN pgtoken.issuers.acr_levels IS 'acr values from weakest to strongest: a stronger one satisfies who asks for a weaker one. Others satisfy only themselves';
COMMENT ON COLUMN pgtoken.issuers.factor_acr IS 'acr that a step-up by a factor of each type reaches, where it is not the default: phr for webauthn, mfa for the others';
COMMENT ON COLUMN pgtoken.issuers.mtls_base_uri IS 'Below which its endpoints are once more, for clients with certificates (RFC 8705 section 5); NULL: nowhere';
COMMENT ON COLUMN pgtoken.issuers.webauthn_rp_id IS 'Relying party of WebAuthn assertions: a domain';
COMMENT ON COLUMN pgtoken.issuers.webauthn_origins IS 'Origins that WebAuthn assertions may come from; empty: https:// and the relying party';
COMMENT ON COLUMN pgtoken.issuers.claims_supported IS 'Claims that the claims function gives, for the metadata';
COMMENT ON COLUMN pgtoken.issuers.registration IS 'Who may register a client by himself (RFC 7591): nobody (off), who has an initial access token (token) or a software statement (statement), or anybody (open)';
COMMENT ON COLUMN pgtoken.issuers.logout_delivery IS 'Who tells clients of logouts (OpenID Connect Back-Channel Logout): the application, to which end_session() hands the tokens, or the courier';
COMMENT ON COLUMN pgtoken.issuers.code_delivery IS 'Who sends the one-time codes of the outbox: the application, by take_challenge_codes(), or the courier';
COMMENT ON COLUMN pgtoken.issuers.max_sessions IS 'How many living sessions a subject may have with all its clients; NULL: any number. Clients may have a limit of their own';
COMMENT ON COLUMN pgtoken.issuers.at_session_limit IS 'What becomes of one more: end_oldest (it begins, and the least recently used one ends) or refuse';
COMMENT ON COLUMN pgtoken.issuers.status_lists IS 'Have new families a place in a status list, for APIs that do not ask here?';
COMMENT ON COLUMN pgtoken.issuers.not_before IS 'Its tokens issued before are refused; see set_not_before';
COMMENT ON COLUMN pgtoken.issuers.created_at IS 'When the issuer was created';
COMMENT ON COLUMN pgtoken.issuers.epoch IS 'Moves on by one with each set_not_before; families and codes carry the one in which they were issued. Begins anywhere, so that an issuer that was deleted and is made again has none of its families';
COMMENT ON COLUMN pgtoken.issuers.epochs_since_end IS 'How many epochs there have been since everything issued before was last ended: families of earlier ones are refused, whatever the clock said';
COMMENT ON COLUMN pgtoken.issuers.not_before_epoch IS 'not_before is for families of earlier epochs: who was issued after it was set is not refused by a clock that stepped back';
COMMENT ON INDEX pgtoken.issuers_pkey IS 'One row per issuer';
COMMENT ON CONSTRAINT issuers_issuer_check ON pgtoken.issuers IS 'https without query and fragment; http for loopback hosts only (RFC 8414 section 2)';
COMMENT ON CONSTRAINT issuers_login_uri_check ON pgtoken.issuers IS 'https, http on loopback, or a private-use scheme with a dot (RFC 8252); no fragment';
COMMENT ON CONSTRAINT issuers_logout_uri_check ON pgtoken.issuers IS 'https, http on loopback, or a private-use scheme with a dot (RFC 8252); no fragment';
COMMENT ON CONSTRAINT issuers_verification_uri_check ON pgtoken.issuers IS 'https, http on loopback, or a private-use scheme with a dot (RFC 8252); no fragment';
COMMENT ON CONSTRAINT issuers_mtls_base_uri_check ON pgtoken.issuers IS 'As an issuer: https without query and fragment; http for loopback hosts only';
COMMENT ON CONSTRAINT issuers_registration_check ON pgtoken.issuers IS 'off, token, statement or open';
COMMENT ON CONSTRAINT issuers_max_sessions_check ON pgtoken.issuers IS 'Whoever may have none cannot sign in';
COMMENT ON CONSTRAINT issuers_at_session_limit_check ON pgtoken.issuers IS 'end_oldest or refuse';
COMMENT ON CONSTRAINT issuers_status_lists_check ON pgtoken.issuers IS 'Status lists are signed by what anybody can verify';
COMMENT ON CONSTRAINT issuers_default_alg_check ON pgtoken.issuers IS 'What the library can sign with; never none (RFC 8725 section 3.2)';

CREATE UNIQUE INDEX issuers_base ON pgtoken.issuers (pgtoken.issuer_base(issuer));
COMMENT ON INDEX pgtoken.issuers_base IS 'No two issuers with the same endpoints';
CREATE UNIQUE INDEX issuers_one_default ON pgtoken.issuers (is_default) WHERE is_default;
COMMENT ON INDEX pgtoken.issuers_one_default IS 'At most one default issuer';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.issuers', '');
ALTER TABLE pgtoken.issuers ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.issuers FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.issuers IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.issuers TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.issuers FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('issuer', 'epoch, epochs_since_end, not_before_epoch');
COMMENT ON TRIGGER audit ON pgtoken.issuers IS 'Writes the row before and after to audit_events';
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.issuers FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate ON pgtoken.issuers IS 'Makes every backend drop its cached configuration when the transaction commits';
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.issuers FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.issuers IS 'As invalidate, for TRUNCATE';

CREATE FUNCTION pgtoken.issuer_or_default(issuer text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	found_issuer text;
BEGIN
	SELECT i.issuer INTO found_issuer
	FROM pgtoken.issuers i
	WHERE CASE WHEN issuer_or_default.issuer IS NULL THEN i.is_default ELSE i.issuer = issuer_or_default.issuer END;
	IF found_issuer IS NULL THEN
		RAISE EXCEPTION 'there is no such issuer'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = CASE WHEN issuer_or_default.issuer IS NULL THEN 'No issuer has been created yet.'
								ELSE format('The issuer "%s" has not been created.', issuer_or_default.issuer) END,
				  HINT = 'SELECT pgtoken.create_issuer(''https://...'');';
	END IF;
	RETURN found_issuer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.issuer_or_default FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.issuer_or_default IS 'Internal: the named issuer, or the default one for NULL; raises 55000 when it is not there';

CREATE FUNCTION pgtoken.http_issuer() RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	RETURN pgtoken.issuer_or_default(NULLIF(current_setting('pgtoken.http_issuer'), ''));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.http_issuer FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.http_issuer IS 'Internal: the issuer that the HTTP endpoints of this database (or role) stand for: pgtoken.http_issuer, or the default one; raises 55000 when it is not there';

CREATE FUNCTION pgtoken.create_issuer(issuer text, default_alg text DEFAULT 'ES256', if_not_exists boolean DEFAULT false) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	existing pgtoken.issuers;
BEGIN
	IF issuer IS NULL OR NOT pgtoken.valid_issuer(issuer) THEN
		RAISE EXCEPTION 'invalid issuer identifier'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'An issuer is an https URL without query and fragment (RFC 8414 section 2); http only for loopback hosts.';
	END IF;
	IF default_alg IS NULL THEN
		RAISE EXCEPTION 'default_alg must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM pgtoken.check_alg(default_alg);
	IF EXISTS (SELECT FROM pgtoken.trusted_issuers t WHERE t.iss = create_issuer.issuer) THEN
		RAISE EXCEPTION '% is an issuer of others that is trusted here', quote_literal(issuer)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'SELECT pgtoken.delete_trusted_issuer(...) first.';
	END IF;
	SELECT * INTO existing FROM pgtoken.issuers i WHERE i.issuer = create_issuer.issuer;
	IF FOUND THEN
		PERFORM pgtoken.tell_existing('issuer', issuer, to_jsonb(existing), jsonb_build_object('default_alg', default_alg), if_not_exists);
		RETURN issuer;
	END IF;
	IF EXISTS (SELECT FROM pgtoken.issuers i WHERE i.issuer <> create_issuer.issuer AND (pgtoken.issuer_base(i.issuer) = pgtoken.issuer_base(create_issuer.issuer) OR pgtoken.issuer_base(i.mtls_base_uri) = pgtoken.issuer_base(create_issuer.issuer))) THEN
		RAISE EXCEPTION 'the issuer "%" would have the endpoints of another one', issuer
			USING ERRCODE = 'unique_violation',
				  DETAIL = format('"%s" is one already, and the two differ in nothing that a URL goes by.',
								  (SELECT min(CASE WHEN pgtoken.issuer_base(i.issuer) = pgtoken.issuer_base(create_issuer.issuer) THEN i.issuer ELSE i.mtls_base_uri END) FROM pgtoken.issuers i
								   WHERE pgtoken.issuer_base(create_issuer.issuer) IN (pgtoken.issuer_base(i.issuer), pgtoken.issuer_base(i.mtls_base_uri))));
	END IF;
	INSERT INTO pgtoken.issuers (issuer, default_alg, is_default)
	VALUES (create_issuer.issuer, create_issuer.default_alg, NOT EXISTS (SELECT FROM pgtoken.issuers i WHERE i.is_default));
	INSERT INTO pgtoken.installation DEFAULT VALUES ON CONFLICT ON CONSTRAINT installation_pkey DO NOTHING;
	PERFORM pgtoken.create_pepper(issuer);
	RETURN issuer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_issuer FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.create_issuer TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.create_issuer IS
'Create an issuer (tenant). issuer: the iss URL, https without query and fragment (RFC 8414 section 2). default_alg: signing algorithm of clients that name none. The first issuer is the default everywhere. if_not_exists: one that exists is left as it is, and a NOTICE says what differs. Returns the issuer. Raises 22023 for a bad URL or algorithm, or the name of a trusted issuer, 23505 when it exists, or one that differs in a slash at the end, the case of the host or the usual port: they would have the same endpoints.';

CREATE FUNCTION pgtoken.check_page_uri(parameter text, uri text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF NOT pgtoken.valid_redirect_uri(uri) THEN
		RAISE EXCEPTION 'invalid %', parameter
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'It is an absolute URI without fragment: https, http for loopback hosts, or a private-use scheme with a dot (RFC 8252).';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_page_uri FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_page_uri IS 'Internal, called by update_issuer: raises 22023 unless a browser can be sent to the URI; NULL passes';

CREATE FUNCTION pgtoken.update_issuer(
	issuer text,
	default_alg text DEFAULT NULL,
	is_default boolean DEFAULT NULL,
	login_uri text DEFAULT NULL,
	logout_uri text DEFAULT NULL,
	verification_uri text DEFAULT NULL,
	claims_function text DEFAULT NULL,
	password_verifier text DEFAULT NULL,
	dpop_nonce_required boolean DEFAULT NULL,
	reset text[] DEFAULT '{}',
	acr_levels text[] DEFAULT NULL,
	factor_acr jsonb DEFAULT NULL,
	webauthn_rp_id text DEFAULT NULL,
	webauthn_origins text[] DEFAULT NULL,
	claims_supported text[] DEFAULT NULL,
	registration text DEFAULT NULL,
	logout_delivery text DEFAULT NULL,
	code_delivery text DEFAULT NULL,
	mtls_base_uri text DEFAULT NULL,
	max_sessions integer DEFAULT NULL,
	at_session_limit text DEFAULT NULL,
	status_lists boolean DEFAULT NULL
) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	found_claims_function CONSTANT text := pgtoken.user_function(claims_function, 'text, text, text[], text');
	found_password_verifier CONSTANT text := pgtoken.user_function(password_verifier, 'text, text, text');
BEGIN
	PERFORM pgtoken.check_reset(reset, ARRAY['login_uri', 'logout_uri', 'verification_uri', 'claims_function', 'password_verifier', 'webauthn_rp_id', 'mtls_base_uri', 'max_sessions']);
	PERFORM pgtoken.check_alg(default_alg);
	PERFORM pgtoken.check_page_uri('login_uri', login_uri), pgtoken.check_page_uri('logout_uri', logout_uri),
			pgtoken.check_page_uri('verification_uri', verification_uri);
	PERFORM pgtoken.check_acr_values('acr_levels', acr_levels);
	PERFORM pgtoken.check_step_up(factor_acr, webauthn_rp_id, webauthn_origins);
	IF NOT pgtoken.valid_acr_values(claims_supported) THEN
		RAISE EXCEPTION 'invalid claims_supported'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'At most 100 names of claims, each of 1 to 1024 printable ASCII characters without space, quote and backslash, none NULL or named twice.';
	END IF;
	IF registration IS NOT NULL THEN
		PERFORM pgtoken.check_choice('registration', registration);
	END IF;
	PERFORM pgtoken.check_choice('delivery', coalesce(logout_delivery, 'application')), pgtoken.check_choice('delivery', coalesce(code_delivery, 'application'));
	PERFORM pgtoken.check_choice('at_session_limit', coalesce(at_session_limit, 'refuse'));
	IF max_sessions < 1 THEN
		RAISE EXCEPTION 'max_sessions must be positive'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'reset => ''{max_sessions}'' is any number.';
	END IF;
	IF NOT pgtoken.valid_issuer(mtls_base_uri)
	   OR EXISTS (SELECT FROM pgtoken.issuers i WHERE pgtoken.issuer_base(i.issuer) = pgtoken.issuer_base(update_issuer.mtls_base_uri)
						OR (i.issuer <> update_issuer.issuer AND pgtoken.issuer_base(i.mtls_base_uri) = pgtoken.issuer_base(update_issuer.mtls_base_uri))) THEN
		RAISE EXCEPTION 'invalid mtls_base_uri'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'It is an https URL without query and fragment (http only for loopback hosts), and neither an issuer nor the mtls_base_uri of another one.';
	END IF;
	IF NOT is_default THEN
		RAISE EXCEPTION 'there is always a default issuer'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'Make another one the default with is_default => true.';
	END IF;
	IF NOT EXISTS (SELECT FROM pgtoken.issuers i WHERE i.issuer = update_issuer.issuer FOR UPDATE) THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.check_alg_change(issuer, NULL, default_alg);
	IF EXISTS (SELECT FROM pgtoken.issuers i WHERE i.issuer = update_issuer.issuer AND coalesce(update_issuer.status_lists, i.status_lists) AND coalesce(update_issuer.default_alg, i.default_alg) LIKE 'HS%') THEN
		RAISE EXCEPTION 'status_lists take a default_alg that others can verify'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'A status list is signed by default_alg, and an HS256 key is not published.';
	END IF;
	IF is_default THEN
		UPDATE pgtoken.issuers i SET is_default = false WHERE i.is_default AND i.issuer <> update_issuer.issuer;
	END IF;
	UPDATE pgtoken.issuers i
	SET default_alg = coalesce(update_issuer.default_alg, i.default_alg),
		is_default = coalesce(update_issuer.is_default, i.is_default),
		dpop_nonce_required = coalesce(update_issuer.dpop_nonce_required, i.dpop_nonce_required),
		login_uri = coalesce(update_issuer.login_uri, CASE WHEN 'login_uri' <> ALL (reset) THEN i.login_uri END),
		logout_uri = coalesce(update_issuer.logout_uri, CASE WHEN 'logout_uri' <> ALL (reset) THEN i.logout_uri END),
		verification_uri = coalesce(update_issuer.verification_uri, CASE WHEN 'verification_uri' <> ALL (reset) THEN i.verification_uri END),
		claims_function = coalesce(found_claims_function, CASE WHEN 'claims_function' <> ALL (reset) THEN i.claims_function END),
		password_verifier = coalesce(found_password_verifier, CASE WHEN 'password_verifier' <> ALL (reset) THEN i.password_verifier END),
		acr_levels = coalesce(update_issuer.acr_levels, i.acr_levels),
		factor_acr = coalesce(update_issuer.factor_acr, i.factor_acr),
		webauthn_rp_id = coalesce(update_issuer.webauthn_rp_id, CASE WHEN 'webauthn_rp_id' <> ALL (reset) THEN i.webauthn_rp_id END),
		webauthn_origins = coalesce(update_issuer.webauthn_origins, i.webauthn_origins),
		claims_supported = coalesce(update_issuer.claims_supported, i.claims_supported),
		registration = coalesce(update_issuer.registration, i.registration),
		logout_delivery = coalesce(update_issuer.logout_delivery, i.logout_delivery),
		code_delivery = coalesce(update_issuer.code_delivery, i.code_delivery),
		max_sessions = coalesce(update_issuer.max_sessions, CASE WHEN 'max_sessions' <> ALL (reset) THEN i.max_sessions END),
		at_session_limit = coalesce(update_issuer.at_session_limit, i.at_session_limit),
		status_lists = coalesce(update_issuer.status_lists, i.status_lists),
		mtls_base_uri = coalesce(update_issuer.mtls_base_uri, CASE WHEN 'mtls_base_uri' <> ALL (reset) THEN i.mtls_base_uri END)
	WHERE i.issuer = update_issuer.issuer;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.update_issuer FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.update_issuer TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.update_issuer IS
'Change an issuer; NULL keeps a value. issuer: which. reset: names of those of login_uri, logout_uri, verification_uri, claims_function, password_verifier, webauthn_rp_id, mtls_base_uri and max_sessions to go back to NULL. default_alg: signing algorithm of clients that name none; an active key of it must be there. is_default => true: functions use this issuer when none is named.
login_uri, logout_uri, verification_uri: pages of the application; authorize and end_session send the browser there with a transaction_id, verification_uri is where a user types the code of a device. Without login_uri there is no authorization endpoint, without logout_uri no end_session endpoint, without verification_uri no device authorization.
claims_function: schema.name of the application''s f(subject text, client_id text, scopes text[], target text) RETURNS jsonb; target is id_token, userinfo or access_token, the answer''s members become claims; the subject of a client''s own access token is "client:" and its client_id. password_verifier: schema.name of f(username text, password text, client_id text) RETURNS jsonb, {"subject": ..., "acr"?, "amr"?} or NULL for refused; without it the password grant is off (RFC 9700 section 2.4). Both run with the rights of their owner, which should be no superuser. claims_supported: the names of the claims that the claims function gives, for the metadata.
dpop_nonce_required: DPoP proofs must carry a nonce of ours (RFC 9449 section 8).
acr_levels: acr values from weakest to strongest; a stronger one satisfies whoever asks for a weaker one. factor_acr: the acr that a step-up reaches by a factor type, e.g. {"totp": "mfa"}, where it is not the default (webauthn: phr, the others: mfa); it replaces what is set. webauthn_rp_id: the relying party that WebAuthn factors are enrolled for, a domain; without it there are none. webauthn_origins: from where their assertions may come; empty: https:// and the relying party.
registration: who may register a client by himself (RFC 7591): off (nobody), token (who has an initial access token of create_registration_token), statement (who has a software statement of an issuer that the registration policy names), open (anybody); set_registration_policy says what such clients may have.
logout_delivery: who tells clients of logouts, application (end_session returns the tokens) or courier. code_delivery: who sends one-time codes of the outbox, application (take_challenge_codes hands them out) or courier.
mtls_base_uri: below which the endpoints are once more, by a host whose layer or proxy asks for certificates, so that browsers are not asked for theirs; the metadata name them as mtls_endpoint_aliases (RFC 8705 section 5).
max_sessions: how many living sessions a subject may have with all clients, those that share a session_id being one; it counts at the next sign-in. at_session_limit: what becomes of one more: end_oldest (the least recently used one ends) or refuse (access_denied). A client may have less, by the members of these names in its metadata.
status_lists: access tokens of families that begin from now on name a place in a status list (Token Status List), where APIs that do not ask here read whether they are refused; families that have one keep it when this is switched off. It takes a default_alg that others can verify. Returns false when there is no such issuer. Raises 22023.';

CREATE FUNCTION pgtoken.delete_issuer(issuer text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	was_default boolean;
BEGIN
	PERFORM pgtoken.make_durable();
	SELECT i.is_default INTO was_default FROM pgtoken.issuers i WHERE i.issuer = delete_issuer.issuer FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.refuse_in_use('issuer', issuer, ARRAY[
		CASE WHEN EXISTS (SELECT FROM pgtoken.clients c WHERE c.issuer = delete_issuer.issuer) THEN 'clients' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.factors f WHERE f.issuer = delete_issuer.issuer) THEN 'factors' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.policies p WHERE p.issuer = delete_issuer.issuer AND p.activated_at IS NOT NULL) THEN 'policies that have been in force' END], 'Its clients and factors go first, if they may; one that was in use stays.');
	IF was_default AND EXISTS (SELECT FROM pgtoken.issuers i WHERE i.issuer <> delete_issuer.issuer) THEN
		RAISE EXCEPTION 'the issuer "%" is the default one', issuer
			USING ERRCODE = 'object_in_use',
				  HINT = 'SELECT pgtoken.update_issuer(''https://...'', is_default => true) for another one first.';
	END IF;
	DELETE FROM pgtoken.key_material m
	WHERE m.material_id = 'pepper:' || delete_issuer.issuer
	   OR m.material_id IN (SELECT 'key:' || k.kid FROM pgtoken.signing_keys k WHERE k.issuer = delete_issuer.issuer);
	DELETE FROM pgtoken.signing_keys k WHERE k.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.registration_policies p WHERE p.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.registration_tokens t WHERE t.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.registration_windows w WHERE w.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.resources r WHERE r.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.policies p WHERE p.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.authorization_details_types t WHERE t.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.assertion_rules r WHERE r.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.trusted_issuers t WHERE t.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.administrations a WHERE a.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.console_factors f WHERE f.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.console_operators o WHERE o.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.consoles c WHERE c.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.subject_blocks b WHERE b.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.subject_not_before s WHERE s.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.courier_work w WHERE w.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.documents d WHERE d.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.status_list_documents d USING pgtoken.status_lists l WHERE l.issuer = delete_issuer.issuer AND d.series = l.series AND d.number = l.number;
	DELETE FROM pgtoken.status_list_ends e USING pgtoken.status_lists l WHERE l.issuer = delete_issuer.issuer AND e.series = l.series;
	DELETE FROM pgtoken.status_lists l WHERE l.issuer = delete_issuer.issuer;
	DELETE FROM pgtoken.issuers i WHERE i.issuer = delete_issuer.issuer;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.delete_issuer FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.delete_issuer TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.delete_issuer IS
'Delete an issuer that was mistyped and never used, with its keys, its pepper, its APIs and its drafts of policies. issuer: which. Returns false when there is no such issuer. Raises 55006 while it has clients (delete_client), factors or policies that have been in force, and for the default issuer while there are others.';
