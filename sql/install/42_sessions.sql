-- Sessions of the application, and what its logout page calls.

CREATE FUNCTION pgtoken.lock_session(issuer text, subject text, session_id text) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_lock_session' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.lock_session FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.lock_session IS 'Internal, called by end_session and revoke_session: waits for who is issuing to a subject (or, where that is NULL, to a session), and keeps later ones waiting until the transaction ends. Raises 40001 where the transaction''s snapshot does not show what a subject has by then';

CREATE FUNCTION pgtoken.client_session_id(client_id text, session_id text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_client_session_id' LANGUAGE C STABLE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.client_session_id FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.client_session_id IS 'Internal: sid of a session in the tokens of a client: for a pairwise client one of its sector''s; NULL: there is no such client';

CREATE FUNCTION pgtoken.session_of_sid(of_issuer text, of_subject text, sid text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF of_subject IS NULL OR sid !~ '^[A-Za-z0-9_-]{43}$' THEN
		RETURN sid;
	END IF;
	RETURN coalesce((SELECT s.session_id
					 FROM (SELECT g.client_id, coalesce(g.session_id, g.grant_id::text) AS session_id FROM pgtoken.grants g WHERE g.subject = of_subject) s
					 JOIN pgtoken.clients c ON c.client_id = s.client_id
					 WHERE c.issuer = of_issuer AND c.metadata ->> 'subject_type' = 'pairwise'
					   AND pgtoken.client_session_id(s.client_id, s.session_id) = sid LIMIT 1), sid);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.session_of_sid FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.session_of_sid IS 'Internal, called by end_session and revoke_session: the session of the application''s that a pairwise client knows by this sid, or what was given where no client of the subject''s knows one so';

CREATE FUNCTION pgtoken.logout_token(client_id text, subject text, session_id text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_logout_token' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.logout_token FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.logout_token IS 'Internal, called by end_session: a logout token (OpenID Connect Back-Channel Logout section 2.4) that tells the client that the subject''s session has ended';

CREATE FUNCTION pgtoken.queue_logouts(of_issuer text, of_subject text, clients text[], sessions text[]) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
	INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, client_id, url, payload, expires_at)
	SELECT pgtoken.new_uuid(), 'logout', of_issuer, pgtoken.courier_receiver(c.metadata ->> 'backchannel_logout_uri'), c.client_id, c.metadata ->> 'backchannel_logout_uri',
		   jsonb_build_object('subject', of_subject, 'session_id', f.session_id), now() + interval '1 day'
	FROM (SELECT DISTINCT u.client_id, u.session_id FROM unnest(clients, sessions) u (client_id, session_id)) f
	JOIN pgtoken.clients c ON c.client_id = f.client_id
	WHERE c.enabled AND c.metadata ? 'backchannel_logout_uri'
	  AND EXISTS (SELECT FROM pgtoken.issuers i WHERE i.issuer = of_issuer AND i.logout_delivery = 'courier');
$function$;
REVOKE ALL ON FUNCTION pgtoken.queue_logouts FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.queue_logouts IS 'Internal, called by whatever ends sessions: work for the courier, where the issuer has it deliver logouts: a logout token for each client (of the first array) and session (beside it) that has a backchannel_logout_uri';

-- Tokens that were exchanged live and die with what they came of: they are of its session.
CREATE FUNCTION pgtoken.session_of_family(grant_id uuid) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT coalesce(g.session_id, coalesce(g.ancestors[1], g.grant_id)::text) FROM pgtoken.grants g WHERE g.grant_id = session_of_family.grant_id;
END;
REVOKE ALL ON FUNCTION pgtoken.session_of_family FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.session_of_family IS 'Internal: the session that a family belongs to: the application''s, or, where none was named, the family itself or the one that its token was first exchanged from';

-- What the end of sessions is, whoever asks for it: whose families and codes go, and
-- who is to be told.
CREATE FUNCTION pgtoken.revoke_sessions(of_issuer text, of_subject text, of_session text, except_session text, offline boolean, reason text,
										OUT clients text[], OUT sessions text[], OUT families integer)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	family record;
	by_signal CONSTANT boolean := pgtoken.signals_wanted();
BEGIN
	clients := '{}';
	sessions := '{}';
	families := 0;
	PERFORM pgtoken.make_durable();
	PERFORM pgtoken.lock_session(of_issuer, of_subject, NULL);
	PERFORM pgtoken.forget_codes(of_issuer, NULL, of_subject, of_session, offline, except_session);
	FOR family IN SELECT f.* FROM pgtoken.living_families(of_issuer, NULL, of_subject, of_session) f
				  WHERE except_session IS NULL OR except_session <> pgtoken.session_of_family(f.grant_id) LOOP
		IF offline OR NOT family.offline THEN
			PERFORM FROM pgtoken.revoke_family(family.grant_id, reason);
			families := families + FOUND::integer;
		END IF;
		-- a family that stays has no session any more
		IF by_signal THEN
			PERFORM pgtoken.emit_signal('session-revoked', of_issuer, family.of_client, of_subject, family.of_session, '{}', reason);
		END IF;
		clients := clients || family.of_client;
		sessions := sessions || family.of_session;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.revoke_sessions FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.revoke_sessions IS 'Internal, called by what ends sessions of a subject: revokes the families of one (of_session) or all but one (except_session; both NULL: of all), and forgets the codes on their way. offline: those with offline_access, too. Waits for who is issuing to the subject. Returns the clients to be told and of which session, a pair a family, and how many families were revoked';

CREATE FUNCTION pgtoken.tell_clients(of_issuer text, of_subject text, clients text[], sessions text[])
	RETURNS TABLE (client_id text, backchannel_logout_uri text, logout_token text, frontchannel_logout_uri text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	by_courier CONSTANT boolean := (SELECT i.logout_delivery = 'courier' FROM pgtoken.issuers i WHERE i.issuer = of_issuer);
BEGIN
	PERFORM pgtoken.queue_logouts(of_issuer, of_subject, clients, sessions);
	RETURN QUERY
		WITH told AS MATERIALIZED (
			SELECT c.client_id, c.issuer, c.metadata ->> 'backchannel_logout_uri' AS uri, c.metadata ->> 'frontchannel_logout_uri' AS frame, f.session_id
			FROM (SELECT DISTINCT u.client_id, u.session_id FROM unnest(clients, sessions) u (client_id, session_id)) f
			JOIN pgtoken.clients c ON c.client_id = f.client_id
			WHERE c.enabled AND c.metadata ?| ARRAY['backchannel_logout_uri', 'frontchannel_logout_uri'])
		SELECT t.client_id, t.uri,
			   CASE WHEN t.uri IS NOT NULL AND NOT by_courier THEN pgtoken.logout_token(t.client_id, of_subject, t.session_id) END,
			   pgtoken.url_with(t.frame, '{iss,sid}', ARRAY[t.issuer, pgtoken.client_session_id(t.client_id, t.session_id)])
		FROM told t ORDER BY t.client_id, t.session_id;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.tell_clients FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.tell_clients IS 'Internal, called by what ends sessions of a subject: who is to be told and how, as end_session returns it; queues the logout tokens that the courier delivers';

CREATE FUNCTION pgtoken.end_session(subject text, session_id text DEFAULT NULL, offline boolean DEFAULT false, reason text DEFAULT 'logout')
	RETURNS TABLE (client_id text, backchannel_logout_uri text, logout_token text, frontchannel_logout_uri text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.http_issuer();	-- the subjects of another issuer are other people
	ended record;
BEGIN
	PERFORM pgtoken.require_shard(subject);
	IF subject IS NULL OR offline IS NULL THEN
		RAISE EXCEPTION 'subject and offline must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT * INTO ended FROM pgtoken.revoke_sessions(of_issuer, subject, pgtoken.session_of_sid(of_issuer, subject, session_id), NULL, offline, reason);
	RETURN QUERY SELECT t.* FROM pgtoken.tell_clients(of_issuer, end_session.subject, ended.clients, ended.sessions) t;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.end_session FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.end_session TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.end_session IS
'End a session of a subject: revokes its families without offline_access, those whose refresh tokens came by session_refresh included; codes on their way alike (OpenID Connect Back-Channel Logout section 2.7). Only families of the issuer that the session speaks for (pgtoken.http_issuer). subject: the application''s user id. session_id: as given when the user authenticated, or a grant_id in text where none was; NULL: all of the subject''s sessions. offline => true: families with offline_access end, too. reason: kept with the families and in the audit.
Returns a row for each client to be told and session of it, after the transaction has committed: POST logout_token=... to its backchannel_logout_uri (section 2.5); load its frontchannel_logout_uri, which has iss and sid, in a frame of the page that says goodbye (OpenID Connect Front-Channel Logout section 2). Of the two what the client has, NULL otherwise. Where the issuer''s logout_delivery is courier, logout_token is NULL: the courier delivers. Raises 22004.';

CREATE FUNCTION pgtoken.revoke_session(session_id text, reason text DEFAULT 'session_revoked', subject text DEFAULT NULL) RETURNS SETOF pgtoken.revoked_family
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.http_issuer();
BEGIN
	PERFORM pgtoken.require_shard(subject);
	IF session_id IS NULL THEN
		RAISE EXCEPTION 'session_id must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM pgtoken.make_durable();
	session_id := pgtoken.session_of_sid(of_issuer, subject, session_id);
	PERFORM pgtoken.lock_session(of_issuer, NULL, session_id);
	PERFORM pgtoken.forget_codes(of_issuer, NULL, subject, session_id, true);
	RETURN QUERY
		SELECT r.*
		FROM pgtoken.living_families(of_issuer, NULL, revoke_session.subject, revoke_session.session_id) f,
			 LATERAL pgtoken.revoke_family(f.grant_id, revoke_session.reason) r;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.revoke_session FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.revoke_session TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.revoke_session IS
'End a session of the application''s: revokes every family that belongs to it, those with refresh tokens, too, and forgets the codes on their way. Only families of the issuer that the session speaks for (pgtoken.http_issuer). session_id: as given when the user authenticated, or a grant_id in text where none was; with subject also the sid of a pairwise client. subject: whose; NULL: whosoever. reason: kept with the families and in the audit. Tells no client: end_session does. Returns the families revoked. Raises 22004.';

CREATE FUNCTION pgtoken.new_session_id(subject text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_new_session_id' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.new_session_id FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.new_session_id TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.new_session_id IS
'An id for a session that says, like a grant_id, on which shard all lies that its subject has: for applications that have several and are asked for a session by its id alone. subject: the application''s user id. Returns a UUIDv7 in text, which is no secret; any other session_id does as well where the subject is at hand. Raises 22004, 22023.';

CREATE FUNCTION pgtoken.complete_logout(transaction_id text, subject text DEFAULT NULL, session_id text DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_complete_logout' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.complete_logout FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.complete_logout TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.complete_logout IS
'End a logout transaction (OpenID Connect RP-Initiated Logout section 3); the session''s families are ended by end_session(). transaction_id: from the query of logout_uri. subject, session_id: whose session the application has ended, for the audit, which has neither where the subject lies on another shard.
Returns where to send the browser, the post_logout_redirect_uri with its state; NULL when the client named none, or the transaction is unknown or has ended.';
