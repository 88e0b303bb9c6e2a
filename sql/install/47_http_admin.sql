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
BEGIN
	PERFORM pgtoken.make_durable();
	-- What leads to families goes before them: who redeems a code meanwhile holds
	-- its row, we wait for him, and then his family is among those below.
	DELETE FROM pgtoken.consents c WHERE c.subject = withdraw_consent.subject AND c.client_id = withdraw_consent.client_id;
	DELETE FROM pgtoken.authorization_codes a
	WHERE a.subject = withdraw_consent.subject AND a.client_id = withdraw_consent.client_id AND a.redeemed_at IS NULL;
	DELETE FROM pgtoken.device_codes d
	WHERE d.subject = withdraw_consent.subject AND d.client_id = withdraw_consent.client_id AND d.state = 'approved';
	RETURN QUERY
		SELECT r.*
		FROM (SELECT g.grant_id FROM pgtoken.grants g
			  WHERE g.subject = withdraw_consent.subject AND g.client_id = withdraw_consent.client_id
				AND g.revoked_at IS NULL AND g.expires_at > now()
			  ORDER BY g.grant_id) g,	-- everybody in the same order: no deadlock
			 LATERAL pgtoken.revoke_family(g.grant_id, 'consent_withdrawn') r;
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
	-- Nor may a code that was given out in the session begin a family after it;
	-- first, for the reason that withdraw_consent gives.
	DELETE FROM pgtoken.authorization_codes a
	WHERE a.client_id IN (SELECT c.client_id FROM pgtoken.clients c WHERE c.issuer = of_issuer)
	  AND a.subject = end_session.subject AND a.redeemed_at IS NULL
	  AND (end_session.session_id IS NULL OR end_session.session_id IN (a.session_id, a.grant_id::text))
	  AND (offline OR 'offline_access' <> ALL (string_to_array(a.scope, ' ')));
	DELETE FROM pgtoken.device_codes d
	WHERE d.client_id IN (SELECT c.client_id FROM pgtoken.clients c WHERE c.issuer = of_issuer)
	  AND d.subject = end_session.subject AND d.state = 'approved'
	  AND (end_session.session_id IS NULL OR end_session.session_id IN (d.session_id, d.grant_id::text))
	  AND (offline OR 'offline_access' <> ALL (string_to_array(d.scope, ' ')));
	FOR family IN
		SELECT g.grant_id, g.client_id, coalesce(g.session_id, g.grant_id::text) AS session_id, g.generation
		FROM pgtoken.grants g
		WHERE g.client_id IN (SELECT c.client_id FROM pgtoken.clients c WHERE c.issuer = of_issuer)
		  AND g.subject = end_session.subject AND g.revoked_at IS NULL AND g.expires_at > now()
		  AND (end_session.session_id IS NULL OR end_session.session_id IN (g.session_id, g.grant_id::text))
		ORDER BY g.grant_id LOOP
		IF offline OR family.generation IS NULL THEN
			PERFORM pgtoken.revoke_family(family.grant_id, reason);
		END IF;
		clients := clients || family.client_id;
		sessions := sessions || family.session_id;
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
