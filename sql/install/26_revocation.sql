-- Ending what has been issued: by not_before, by subject, client and session.
--
-- One order of locks, for every function that ends more than one thing: the row of
-- subject_epochs; issuers, clients and subject_not_before; consents; authorization
-- codes, device codes, challenges, challenge codes; families. Of each table in the
-- order of its primary key. Whoever redeems a code or goes on after a step-up locks
-- what he needs of these in the same order.
--
-- One rule for what is being issued at that moment, by a transaction that we cannot
-- see: it ends, too. Of an issuer, a client, a subject and a consent that is a matter
-- of epochs: what was issued carries those of before the end, and is refused at its
-- first use; nobody waits. The end of a session waits for who is issuing to it
-- (lock_session, before any row), and then sees what came of it.

CREATE FUNCTION pgtoken.write_audit_event(event text, detail jsonb, reason text DEFAULT NULL, client_id text DEFAULT NULL, subject text DEFAULT NULL,
										  grant_id uuid DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_write_audit_event' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.write_audit_event(text, jsonb, text, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.write_audit_event(text, jsonb, text, text, text, uuid) IS 'Internal: an audit event for what leaves no row behind, or whose row does not say why; detail, reason, client_id, subject and grant_id may be NULL';

CREATE FUNCTION pgtoken.lock_session(issuer text, subject text, session_id text) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_lock_session' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.lock_session(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.lock_session(text, text, text) IS 'Internal, called by end_session and revoke_session: waits for who is issuing to a subject (or, where that is NULL, to a session), and keeps later ones waiting until the transaction ends';

CREATE FUNCTION pgtoken.forget_codes(issuer text, client_id text, subject text, session_id text, offline boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	clients CONSTANT text[] := ARRAY(SELECT c.client_id FROM pgtoken.clients c
									 WHERE (forget_codes.issuer IS NULL OR c.issuer = forget_codes.issuer)
									   AND (forget_codes.client_id IS NULL OR c.client_id = forget_codes.client_id));
BEGIN
	-- locked in order first: a DELETE takes rows as it finds them
	WITH o AS MATERIALIZED (
		SELECT a.grant_id FROM pgtoken.authorization_codes a
		WHERE a.client_id = ANY (clients) AND a.redeemed_at IS NULL
		  AND (forget_codes.subject IS NULL OR a.subject = forget_codes.subject)
		  AND (forget_codes.session_id IS NULL OR forget_codes.session_id IN (a.session_id, a.grant_id::text))
		  AND (offline OR 'offline_access' <> ALL (string_to_array(a.scope, ' ')))
		ORDER BY a.grant_id FOR UPDATE)
	DELETE FROM pgtoken.authorization_codes a USING o WHERE a.grant_id = o.grant_id;
	-- one that no user has answered yet is no subject's and no session's
	WITH o AS MATERIALIZED (
		SELECT d.grant_id FROM pgtoken.device_codes d
		WHERE d.client_id = ANY (clients) AND d.state IN ('pending', 'approved')
		  AND (forget_codes.subject IS NULL OR d.subject = forget_codes.subject)
		  AND (forget_codes.session_id IS NULL OR forget_codes.session_id IN (d.session_id, d.grant_id::text))
		  AND (offline OR 'offline_access' <> ALL (string_to_array(d.scope, ' ')))
		ORDER BY d.grant_id FOR UPDATE)
	DELETE FROM pgtoken.device_codes d USING o WHERE d.grant_id = o.grant_id;
	-- Those of a session go with its families and codes; and one that waits for a
	-- refresh is worth nothing without its family, whose row would be locked after it.
	IF forget_codes.session_id IS NULL AND offline THEN
		WITH o AS MATERIALIZED (
			SELECT h.grant_id, h.handle_hash FROM pgtoken.challenges h
			WHERE h.client_id = ANY (clients) AND h.generation IS NULL AND h.state IN ('open', 'completed')
			  AND (forget_codes.subject IS NULL OR h.subject = forget_codes.subject)
			ORDER BY h.grant_id, h.handle_hash FOR UPDATE)
		DELETE FROM pgtoken.challenges h USING o WHERE h.grant_id = o.grant_id AND h.handle_hash = o.handle_hash;
		WITH o AS MATERIALIZED (
			SELECT c.code_id FROM pgtoken.challenge_codes c
			WHERE c.client_id = ANY (clients) AND (forget_codes.subject IS NULL OR c.subject = forget_codes.subject)
			ORDER BY c.code_id FOR UPDATE)
		DELETE FROM pgtoken.challenge_codes c USING o WHERE c.code_id = o.code_id;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.forget_codes(text, text, text, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.forget_codes(text, text, text, text, boolean) IS 'Internal: forgets what is on its way to a family: authorization codes, device codes, step-up transactions of first issues and one-time codes to be sent, of an issuer, client, subject or session, NULL for any. offline: those with offline_access, too. Called before families are ended: who redeems a code meanwhile holds its row, we wait for him, and then his family is among those that are there. Locks what it forgets in the order of primary keys';

CREATE FUNCTION pgtoken.client_session_id(client_id text, session_id text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_client_session_id' LANGUAGE C STABLE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.client_session_id(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.client_session_id(text, text) IS 'Internal: sid of a session in the tokens of a client: for a pairwise client one of its sector''s; NULL: there is no such client';

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
REVOKE ALL ON FUNCTION pgtoken.session_of_sid(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.session_of_sid(text, text, text) IS 'Internal, called by end_session and revoke_session: the session of the application''s that a pairwise client knows by this sid, or what was given where no client of the subject''s knows one so';

-- Which index finds the families depends on what is given: planned anew each time,
-- lest a plan that a session made for a small table outlives it.
CREATE FUNCTION pgtoken.living_families(issuer text, client_id text, subject text, session_id text)
	RETURNS TABLE (grant_id uuid, of_client text, of_session text, offline boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $function$
DECLARE
	clients CONSTANT text[] := ARRAY(SELECT c.client_id FROM pgtoken.clients c
									 WHERE (living_families.issuer IS NULL OR c.issuer = living_families.issuer)
									   AND (living_families.client_id IS NULL OR c.client_id = living_families.client_id));
	-- a family without a session of the application's is one by itself
	session_grant_id CONSTANT uuid := CASE WHEN session_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN session_id::uuid END;
BEGIN
	RETURN QUERY
		SELECT g.grant_id, g.client_id, coalesce(g.session_id, g.grant_id::text), g.generation IS NOT NULL
		FROM pgtoken.grants g
		WHERE g.client_id = ANY (clients) AND g.revoked_at IS NULL AND g.expires_at > now()
		  AND (living_families.subject IS NULL OR g.subject = living_families.subject)
		  AND (living_families.session_id IS NULL OR g.session_id = living_families.session_id OR g.grant_id = session_grant_id)
		ORDER BY g.grant_id;	-- everybody in the same order: no deadlock
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.living_families(text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.living_families(text, text, text, text) IS 'Internal: families that are neither revoked nor expired, of an issuer, client, subject or session, NULL for any, in the order in which they are to be revoked; of_session is a grant_id where no session was named, offline tells whether there is a refresh token';

CREATE FUNCTION pgtoken.end_subject(of_issuer text, of_subject text, of_client text, to_time timestamptz, of_reason text) RETURNS timestamptz
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	at CONSTANT timestamptz := coalesce(to_time, clock_timestamp());
	number bigint;
	effective timestamptz;
BEGIN
	INSERT INTO pgtoken.subject_epochs AS e (issuer, epoch)
	SELECT i.issuer, 1 FROM pgtoken.issuers i WHERE i.issuer = of_issuer
	ON CONFLICT ON CONSTRAINT subject_epochs_pkey DO UPDATE SET epoch = e.epoch + 1
	RETURNING e.epoch INTO number;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	INSERT INTO pgtoken.subject_not_before AS s (issuer, subject, client_id, not_before, reason, ended_epoch, not_before_epoch)
	VALUES (of_issuer, of_subject, of_client, at, of_reason, CASE WHEN to_time IS NULL THEN number ELSE 0 END, number)
	ON CONFLICT ON CONSTRAINT subject_not_before_pkey DO UPDATE
		SET not_before = greatest(s.not_before, EXCLUDED.not_before), reason = EXCLUDED.reason,
			ended_epoch = greatest(s.ended_epoch, EXCLUDED.ended_epoch),
			not_before_epoch = CASE WHEN s.not_before < EXCLUDED.not_before THEN EXCLUDED.not_before_epoch ELSE s.not_before_epoch END
		WHERE to_time IS NULL OR s.not_before < EXCLUDED.not_before
	RETURNING s.not_before INTO effective;
	RETURN effective;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.end_subject(text, text, text, timestamptz, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.end_subject(text, text, text, timestamptz, text) IS 'Internal: refuses what a subject of the issuer was issued (of_client: with this client; empty: with any) before a time, or (NULL) before this moment by the epoch; returns the time that holds then, NULL when nothing has changed';

CREATE FUNCTION pgtoken.raise_not_before(of_issuer text, of_client text, of_subject text, of_family uuid, to_time timestamptz, of_reason text) RETURNS timestamptz
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	-- not now(): what was issued since this transaction began is meant, too
	at CONSTANT timestamptz := coalesce(to_time, clock_timestamp());
	effective timestamptz;
	family_client text;
	family_subject text;
	is_new boolean;
BEGIN
	PERFORM pgtoken.make_durable();
	IF of_family IS NOT NULL THEN
		-- it began before now, whatever its clock said
		UPDATE pgtoken.grants g
		SET not_before = CASE WHEN to_time IS NULL THEN greatest(at, g.not_before, g.created_at + interval '1 microsecond') ELSE at END
		WHERE g.grant_id = of_family AND (to_time IS NULL OR g.not_before IS NULL OR g.not_before < at);
		is_new := FOUND;
		SELECT g.not_before, g.client_id, g.subject INTO effective, family_client, family_subject FROM pgtoken.grants g WHERE g.grant_id = of_family;
	ELSIF of_subject IS NOT NULL THEN
		SELECT s.not_before INTO effective FROM pgtoken.subject_not_before s
		WHERE s.issuer = of_issuer AND s.subject = of_subject AND s.client_id = '';
		is_new := false;
		IF (effective >= to_time) IS NOT TRUE THEN
			effective := coalesce(pgtoken.end_subject(of_issuer, of_subject, '', to_time, of_reason), effective);
			is_new := effective IS NOT NULL;
		END IF;
	ELSIF of_client IS NOT NULL THEN
		UPDATE pgtoken.clients c
		SET epoch = c.epoch + 1, epochs_since_end = CASE WHEN to_time IS NULL THEN 0 ELSE c.epochs_since_end + 1 END,
			not_before = greatest(c.not_before, at), not_before_epoch = CASE WHEN c.not_before >= at THEN c.not_before_epoch ELSE c.epoch + 1 END
		WHERE c.client_id = of_client AND (to_time IS NULL OR c.not_before IS NULL OR c.not_before < at);
		is_new := FOUND;
		SELECT c.not_before INTO effective FROM pgtoken.clients c WHERE c.client_id = of_client;
	ELSE
		UPDATE pgtoken.issuers i
		SET epoch = i.epoch + 1, epochs_since_end = CASE WHEN to_time IS NULL THEN 0 ELSE i.epochs_since_end + 1 END,
			not_before = greatest(i.not_before, at), not_before_epoch = CASE WHEN i.not_before >= at THEN i.not_before_epoch ELSE i.epoch + 1 END
		WHERE i.issuer = of_issuer AND (to_time IS NULL OR i.not_before IS NULL OR i.not_before < at);
		is_new := FOUND;
		SELECT i.not_before INTO effective FROM pgtoken.issuers i WHERE i.issuer = of_issuer;
	END IF;
	IF is_new THEN
		PERFORM pgtoken.write_audit_event('not_before.set', jsonb_strip_nulls(jsonb_build_object('issuer', of_issuer, 'not_before', at)), of_reason,
										  coalesce(of_client, family_client), coalesce(of_subject, family_subject), of_family);
	END IF;
	RETURN effective;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.raise_not_before(text, text, text, uuid, timestamptz, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.raise_not_before(text, text, text, uuid, timestamptz, text) IS 'Internal, called by whatever ends all of a level (set_not_before, revoke_subject, revoke_client, update_client, after_restore, adopt_copy): moves the not_before of a family, else of a subject of the issuer, else of a client, else of the issuer, forward to this time (NULL: to this moment, and ends all that was issued before by the epoch), and returns what it is then; NULL when there is none such';

CREATE FUNCTION pgtoken.set_not_before(not_before timestamptz DEFAULT NULL, issuer text DEFAULT NULL, client_id text DEFAULT NULL, subject text DEFAULT NULL,
									   grant_id uuid DEFAULT NULL, reason text DEFAULT NULL) RETURNS timestamptz
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF num_nonnulls(client_id, subject, grant_id) > 1 OR (issuer IS NULL AND num_nonnulls(client_id, subject, grant_id) = 0)
	   OR (issuer IS NOT NULL AND num_nonnulls(client_id, grant_id) > 0) THEN
		RAISE EXCEPTION 'not_before is set for one of an issuer, a client, a subject and a family'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'Give issuer, client_id, subject (with the issuer, where it is not the one this session speaks for) or grant_id.';
	END IF;
	IF NOT isfinite(not_before) OR not_before > clock_timestamp() THEN
		RAISE EXCEPTION 'not_before must not be in the future'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'Tokens that will be issued until then would be refused as well.';
	END IF;
	RETURN pgtoken.raise_not_before(CASE WHEN subject IS NOT NULL THEN coalesce(issuer, pgtoken.http_issuer()) ELSE issuer END,
									client_id, subject, grant_id, not_before, reason);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.set_not_before(timestamptz, text, text, text, uuid, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.set_not_before(timestamptz, text, text, text, uuid, text) IS
'Refuse every token issued before a time, and whatever came of it: families that began before can no longer be refreshed and none of their access tokens holds, from the next statement of any session on. One row is written, however many families there are. Of the levels issuer, client, subject and family the latest time counts.
not_before: NULL is this moment, and then clocks do not count: what was issued before the call is refused whatever time it bears, also when its transaction has yet to commit. Name one: issuer (alone: all its clients); client_id; subject (the application''s user id), with issuer where that is not the one this session speaks for (pgtoken.http_issuer); grant_id. reason: kept in the audit (event not_before.set).
A time before the one that is set changes nothing: it never moves back. Returns the time that holds at this level; NULL when there is no such issuer, client or family. Raises 22023 for a time in the future and unless one level is named.';

CREATE FUNCTION pgtoken.revoke_subject(subject text, reason text DEFAULT 'revoked', issuer text DEFAULT NULL) RETURNS SETOF pgtoken.revoked_family
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := CASE WHEN issuer IS NULL THEN pgtoken.http_issuer() ELSE pgtoken.issuer_or_default(issuer) END;
BEGIN
	IF subject IS NULL THEN
		RAISE EXCEPTION 'subject must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	-- for what is being issued at this moment, which we cannot see
	PERFORM pgtoken.raise_not_before(of_issuer, NULL, subject, NULL, NULL, reason);
	PERFORM pgtoken.forget_codes(of_issuer, NULL, subject, NULL, true);
	RETURN QUERY
		SELECT r.* FROM pgtoken.living_families(of_issuer, NULL, revoke_subject.subject, NULL) f, LATERAL pgtoken.revoke_family(f.grant_id, revoke_subject.reason) r;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.revoke_subject(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.revoke_subject(text, text, text) IS
'End all that a subject has: revokes each of its families with any client of the issuer, forgets the codes and step-up transactions on their way, and refuses whatever was issued before this moment (set_not_before). subject: the application''s user id. reason: kept with the families and in the audit. issuer: whose subject; NULL: of the issuer this session speaks for (pgtoken.http_issuer). Consents stay. Returns the families revoked. Raises 22004, 55000.';

CREATE FUNCTION pgtoken.revoke_client(client_id text, reason text DEFAULT 'revoked') RETURNS timestamptz
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	moment timestamptz;
BEGIN
	IF client_id IS NULL THEN
		RAISE EXCEPTION 'client_id must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	moment := pgtoken.raise_not_before(NULL, client_id, NULL, NULL, NULL, reason);
	PERFORM pgtoken.forget_codes(NULL, client_id, NULL, NULL, true);
	RETURN moment;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.revoke_client(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.revoke_client(text, text) IS
'End all that a client has, for instance after its secret or its users'' tokens were stolen: refuses whatever it was issued before this moment (set_not_before), and forgets the codes and step-up transactions on their way. Takes the same time however many families there are; they are not revoked one by one, grant_status shows them as revoked. The client itself stays: see update_client(enabled => false) and revoke_client_secret. reason: kept in the audit. Returns that moment; NULL when there is no such client. Raises 22004.';

CREATE FUNCTION pgtoken.revoke_session(session_id text, reason text DEFAULT 'session_revoked', subject text DEFAULT NULL) RETURNS SETOF pgtoken.revoked_family
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.http_issuer();
BEGIN
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
REVOKE ALL ON FUNCTION pgtoken.revoke_session(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.revoke_session(text, text, text) IS
'End a session of the application''s: revokes every family that belongs to it, those with refresh tokens, too, and forgets the codes on their way. Only families of the issuer that the session speaks for (pgtoken.http_issuer). session_id: as given when the user authenticated, or a grant_id in text where none was; with subject also the sid of a pairwise client. subject: whose; NULL: whosoever. reason: kept with the families and in the audit. Tells no client: end_session does. Returns the families revoked. Raises 22004.';
