-- Sessions and consents: what the application calls to end them.

CREATE FUNCTION pgtoken.http_issuer() RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	RETURN pgtoken.issuer_or_default(NULLIF(current_setting('pgtoken.http_issuer'), ''));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.http_issuer() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.http_issuer() IS 'Internal: the issuer that the HTTP endpoints of this database (or role) stand for: pgtoken.http_issuer, or the default one; raises 55000 when it is not there';

CREATE FUNCTION pgtoken.logout_token(client_id text, subject text, session_id text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_logout_token' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.logout_token(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.logout_token(text, text, text) IS 'Internal, called by end_session: a logout token (OpenID Connect Back-Channel Logout section 2.4) that tells the client that the subject''s session has ended';

CREATE FUNCTION pgtoken.withdraw_consent(subject text, client_id text) RETURNS SETOF pgtoken.revoked_family
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := (SELECT c.issuer FROM pgtoken.clients c WHERE c.client_id = withdraw_consent.client_id);
BEGIN
	-- below NULL would mean everybody's
	IF subject IS NULL OR client_id IS NULL THEN
		RETURN;
	END IF;
	PERFORM pgtoken.make_durable();
	-- for what is being issued at this moment, which we cannot see
	PERFORM pgtoken.end_subject(of_issuer, subject, client_id, NULL, 'consent_withdrawn');
	DELETE FROM pgtoken.consents c WHERE c.subject = withdraw_consent.subject AND c.client_id = withdraw_consent.client_id;
	PERFORM pgtoken.forget_codes(NULL, client_id, subject, NULL, true);
	RETURN QUERY
		SELECT r.*
		FROM pgtoken.living_families(NULL, withdraw_consent.client_id, withdraw_consent.subject, NULL) f,
			 LATERAL pgtoken.revoke_family(f.grant_id, 'consent_withdrawn') r;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.withdraw_consent(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.withdraw_consent(text, text) IS
'Take back what a subject has consented to: forgets the consent, the codes on their way to the client, and revokes every family of the two with the reason consent_withdrawn, also where no consent was stored (a first-party client). subject: the application''s user id. Returns the families revoked.';

CREATE FUNCTION pgtoken.end_session(subject text, session_id text DEFAULT NULL, offline boolean DEFAULT false, reason text DEFAULT 'logout')
	RETURNS TABLE (client_id text, backchannel_logout_uri text, logout_token text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	family record;
	of_issuer CONSTANT text := pgtoken.http_issuer();	-- the subjects of another issuer are other people
	clients text[] := '{}';
	sessions text[] := '{}';
BEGIN
	IF subject IS NULL OR offline IS NULL THEN
		RAISE EXCEPTION 'subject and offline must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM pgtoken.make_durable();
	session_id := pgtoken.session_of_sid(of_issuer, subject, session_id);
	PERFORM pgtoken.lock_session(of_issuer, subject, NULL);
	PERFORM pgtoken.forget_codes(of_issuer, NULL, subject, session_id, offline);
	FOR family IN SELECT f.* FROM pgtoken.living_families(of_issuer, NULL, end_session.subject, end_session.session_id) f LOOP
		IF end_session.offline OR NOT family.offline THEN
			PERFORM pgtoken.revoke_family(family.grant_id, reason);
		END IF;
		clients := clients || family.of_client;
		sessions := sessions || family.of_session;
	END LOOP;
	RETURN QUERY
		SELECT c.client_id, c.metadata ->> 'backchannel_logout_uri',
			   pgtoken.logout_token(c.client_id, end_session.subject, f.session_id)
		FROM (SELECT DISTINCT u.client_id, u.session_id FROM unnest(clients, sessions) u (client_id, session_id)) f
		JOIN pgtoken.clients c ON c.client_id = f.client_id
		WHERE c.enabled AND c.metadata ? 'backchannel_logout_uri'
		ORDER BY c.client_id, f.session_id;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.end_session(text, text, boolean, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.end_session(text, text, boolean, text) IS
'End a session of a subject: revokes its families that have no refresh token, and with offline => true those that have one, too (OpenID Connect Back-Channel Logout section 2.7); codes on their way alike. Only families of the issuer that the session speaks for (pgtoken.http_issuer). subject: the application''s user id. session_id: as given when the user authenticated, or a grant_id in text where none was; NULL: all of the subject''s sessions. reason: kept with the families and in the audit.
Returns a row for each client to be told and session of it: POST logout_token=... to its backchannel_logout_uri (section 2.5), after the transaction has committed. Raises 22004.';
