-- The account page of a person: the sessions that are open in his name, and their end.
-- In SQL for the application (sessions_of, end_session_of, end_other_sessions), over
-- HTTP for clients that he has let do so (src/endpoints/account_endpoint.c).
--
-- A session here is a sign-in: the families that share the application's session_id,
-- within one issuer; a family for which none was named is one by itself. Of what is
-- being issued to the subject at that moment holds what holds of end_session: an end
-- waits for it (lock_session), and only then looks which session is meant.

CREATE FUNCTION pgtoken.device_in_words(user_agent text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_device_in_words' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.device_in_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.device_in_words TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.device_in_words IS
'What a user agent is for people, e.g. Firefox on Windows. user_agent: the header as it came (RFC 9110 section 10.1.5), which whoever sends it chooses. Returns at most 63 printable ASCII characters, to be escaped in a page; NULL where it says nothing.';

CREATE FUNCTION pgtoken.shown_client_name(of_client text, ranges text[]) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	RETURN pgtoken.shown_client(of_client, NULL, NULL, ranges) ->> 'name';
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.shown_client_name FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.shown_client_name IS 'Internal, called by living_sessions: a client''s name as its consent page shows it to whoever reads these languages, or its client_id where it has none';

-- The families that live come first, by the index on subject, and are looked at once;
-- planned anew each time, lest a plan for a subject with few of them outlives it.
CREATE FUNCTION pgtoken.living_sessions(of_issuer text, of_subject text, ranges text[] DEFAULT NULL)
	RETURNS TABLE (session_id text, kind text, grant_ids uuid[], client_ids text[], client_names text[], scopes text[], device text, first_address text, last_address text,
				   created_at timestamptz, auth_time timestamptz, acr text, amr text[], last_used_at timestamptz, expires_at timestamptz, offline boolean, act jsonb)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $function$
BEGIN
	RETURN QUERY
		WITH living AS MATERIALIZED (
			SELECT s.grant_id, s.client_id, s.scope, s.auth_time, s.acr, s.amr, s.created_at, s.rotated_at, s.act, s.ancestors,
				   coalesce(s.session_id, coalesce(s.ancestors[1], s.grant_id)::text) AS name, s.session_id IS NULL AS alone,
				   least(s.expires_at, s.idle_expires_at) AS ends_at, s.generation IS NOT NULL AS refreshable,
				   coalesce(s.first_context -> 'sign_in', s.first_context) AS came_from,
				   -- where the person's sign-in is known apart, and its client is a server, the requests since are that one's
				   CASE WHEN NOT (s.first_context ? 'sign_in' AND c.client_type = 'confidential') THEN s.context END AS seen_at
			FROM pgtoken.grant_status s JOIN pgtoken.clients c ON c.client_id = s.client_id
			WHERE s.subject = of_subject AND c.issuer = of_issuer AND s.state = 'active'),
		standing AS (
			SELECT l.* FROM living l
			-- what was exchanged has ended with what it came of, which is the subject's own
			WHERE l.ancestors IS NULL OR NOT EXISTS (SELECT FROM unnest(l.ancestors) a WHERE a NOT IN (SELECT o.grant_id FROM living o))),
		named AS MATERIALIZED (
			SELECT c.client_id, pgtoken.shown_client_name(c.client_id, ranges) AS client_name FROM (SELECT DISTINCT f.client_id FROM standing f) c),
		summed AS (
			SELECT f.name, bool_and(f.alone) AS alone, array_agg(f.grant_id ORDER BY f.created_at, f.grant_id) AS grants, array_agg(DISTINCT f.client_id ORDER BY f.client_id) AS clients, string_agg(f.scope, ' ') AS scope,
				   array_agg(f.came_from ORDER BY f.created_at, f.grant_id) AS came_from,
				   array_agg(f.seen_at ORDER BY f.rotated_at DESC, f.grant_id DESC) FILTER (WHERE f.seen_at IS NOT NULL) AS seen_at,
				   min(f.created_at) AS begun, max(f.auth_time) AS authenticated,
				   (array_agg(f.acr ORDER BY f.auth_time DESC NULLS LAST, f.created_at DESC, f.grant_id DESC))[1] AS how,
				   (array_agg(to_jsonb(f.amr) ORDER BY f.auth_time DESC NULLS LAST, f.created_at DESC, f.grant_id DESC))[1] AS methods,
				   max(f.rotated_at) AS used, max(f.ends_at) AS ends, bool_or(f.refreshable) AS refreshable,
				   (array_agg(f.act ORDER BY f.created_at DESC, f.grant_id DESC) FILTER (WHERE f.act IS NOT NULL))[1] AS actor
			FROM standing f GROUP BY f.name)
		SELECT s.name, CASE WHEN s.alone THEN 'family' ELSE 'session' END, s.grants, s.clients,
			   ARRAY(SELECT n.client_name FROM unnest(s.clients) WITH ORDINALITY u (id, place) JOIN named n ON n.client_id = u.id ORDER BY u.place),
			   ARRAY(SELECT DISTINCT w FROM unnest(string_to_array(s.scope, ' ')) w WHERE w <> '' ORDER BY w),
			   pgtoken.device_in_words(coalesce(s.seen_at[1] ->> 'user_agent', s.came_from[1] ->> 'user_agent')),
			   s.came_from[1] ->> 'ip', s.seen_at[1] ->> 'ip', s.begun, s.authenticated, s.how,
			   CASE jsonb_typeof(s.methods) WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(s.methods)) END,
			   s.used, s.ends, s.refreshable, s.actor
		FROM summed s;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.living_sessions FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.living_sessions IS 'Internal: the sessions of a subject of an issuer that have a living family; columns as sessions_of has them, and the families; ranges: languages in which clients are named, the first preferred';

CREATE FUNCTION pgtoken.living_session_named(of_issuer text, of_subject text, name text) RETURNS text
	LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT s.session_id FROM pgtoken.living_sessions(of_issuer, of_subject) s
	WHERE s.session_id = living_session_named.name OR living_session_named.name = ANY (s.grant_ids::text[])
	   OR (living_session_named.name ~ '^[A-Za-z0-9_-]{43}$'
		   AND EXISTS (SELECT FROM unnest(s.client_ids) c (client_id) WHERE pgtoken.client_session_id(c.client_id, s.session_id) = living_session_named.name))
	ORDER BY s.session_id = living_session_named.name DESC LIMIT 1;
END;
REVOKE ALL ON FUNCTION pgtoken.living_session_named FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.living_session_named IS 'Internal: the living session of a subject that is called this: by its own id, the grant_id of one of its families, or the sid that a pairwise client knows it by; NULL: there is none';

CREATE FUNCTION pgtoken.sessions_of(subject text, current text DEFAULT NULL, ui_locales text DEFAULT NULL)
	RETURNS TABLE (session_id text, kind text, is_current boolean, client_ids text[], client_names text[], scopes text[], device text, first_address text, last_address text,
				   created_at timestamptz, auth_time timestamptz, acr text, amr text[], last_used_at timestamptz, expires_at timestamptz, offline boolean, act jsonb)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.http_issuer();	-- the subjects of another issuer are other people
	this CONSTANT text := CASE WHEN current IS NOT NULL THEN pgtoken.living_session_named(of_issuer, subject, current) END;
BEGIN
	PERFORM pgtoken.require_shard(subject);
	IF subject IS NULL THEN
		RAISE EXCEPTION 'subject must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	RETURN QUERY
		SELECT s.session_id, s.kind, (s.session_id = this) IS TRUE, s.client_ids, s.client_names, s.scopes, s.device, s.first_address, s.last_address,
			   s.created_at, s.auth_time, s.acr, s.amr, s.last_used_at, s.expires_at, s.offline, s.act
		FROM pgtoken.living_sessions(of_issuer, sessions_of.subject, pgtoken.language_ranges(ui_locales)) s
		ORDER BY s.created_at DESC, s.session_id DESC;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.sessions_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.sessions_of TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.sessions_of IS
'The living sessions of a subject, newest first, for the page of his account: a row a sign-in. Only those of the issuer that the session speaks for (pgtoken.http_issuer). subject: the application''s user id. current: which one is this one: a session_id, the grant_id of a family in text, or the sid of an ID token; NULL: none. ui_locales: language tags separated by spaces, the first preferred, in which clients are named (client_name#de, RFC 7591 section 2.2); NULL: the name that is for everybody.
Returns session_id (for end_session_of: as given when the user authenticated, or a grant_id in text where none was), kind (session, or family where none was), is_current, client_ids and client_names of the clients that have tokens (the name, or the client_id where there is none; in the same order), scopes (of all of them), device (the last user agent in words, which whoever sends it chooses; NULL: not known), first_address and last_address (of the sign-in and of the last request for tokens, as the context says; the last is NULL where it would be that of a client''s server), created_at (first tokens), auth_time, acr, amr (the last time that the user authenticated), last_used_at (last tokens), expires_at (when it ends if nothing is refreshed), offline (has it refresh tokens?), act (who acts for the subject, RFC 8693 section 4.1; NULL: nobody). Raises 22004.';

CREATE FUNCTION pgtoken.end_sessions_of(of_issuer text, of_subject text, of_session text, except_session text, of_reason text, by_client text, by_family uuid,
										OUT clients text[], OUT sessions text[], OUT families integer)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	SELECT r.* INTO clients, sessions, families FROM pgtoken.revoke_sessions(of_issuer, of_subject, of_session, except_session, true, of_reason) r;
	IF families > 0 THEN
		PERFORM pgtoken.write_audit_event('session.ended', jsonb_build_object('families', families, 'others', except_session IS NOT NULL), of_reason, by_client, of_subject, by_family);
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.end_sessions_of FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.end_sessions_of IS 'Internal, called by end_session_of, end_other_sessions and account_end_sessions: revoke_sessions with refresh tokens, and its audit event session.ended; by_client, by_family: by whose access token the person asked for it, NULL: the application did';

CREATE FUNCTION pgtoken.end_session_of(subject text, session text, reason text DEFAULT 'ended_by_user')
	RETURNS TABLE (client_id text, backchannel_logout_uri text, logout_token text, frontchannel_logout_uri text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.http_issuer();
	ended record;
BEGIN
	PERFORM pgtoken.require_shard(subject);
	-- a NULL would mean all of them to end_session
	IF subject IS NULL OR session IS NULL THEN
		RAISE EXCEPTION 'subject and session must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM pgtoken.lock_session(of_issuer, subject, NULL);
	-- of one that has no family yet a code may be on its way
	SELECT * INTO ended FROM pgtoken.end_sessions_of(of_issuer, subject, coalesce(pgtoken.living_session_named(of_issuer, subject, session), session), NULL, reason, NULL, NULL);
	RETURN QUERY SELECT t.* FROM pgtoken.tell_clients(of_issuer, end_session_of.subject, ended.clients, ended.sessions) t;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.end_session_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.end_session_of TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.end_session_of IS
'End one session of a subject, for the page of his account: revokes all of its families, those with refresh tokens, too, and forgets the codes on their way. One that is not this subject''s with the issuer that the session speaks for (pgtoken.http_issuer) is not touched, whoever knows its id. subject: the application''s user id. session: as sessions_of shows it; the grant_id of one of its families, or the sid of an ID token does as well. reason: kept with the families and in the audit (grant.revoked for each, session.ended once).
Returns the clients to be told, as end_session does; no row as well where there was nothing to end. Raises 22004.';

CREATE FUNCTION pgtoken.end_other_sessions(subject text, keep text, reason text DEFAULT 'ended_by_user')
	RETURNS TABLE (client_id text, backchannel_logout_uri text, logout_token text, frontchannel_logout_uri text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.http_issuer();
	kept text;
	ended record;
BEGIN
	PERFORM pgtoken.require_shard(subject);
	IF subject IS NULL OR keep IS NULL THEN
		RAISE EXCEPTION 'subject and keep must not be NULL'
			USING ERRCODE = 'null_value_not_allowed',
				  HINT = 'SELECT * FROM pgtoken.end_session(subject, offline => true) ends all sessions of a subject.';
	END IF;
	-- first: where two end each other, the one that comes second keeps nothing and ends nothing
	PERFORM pgtoken.lock_session(of_issuer, subject, NULL);
	kept := pgtoken.living_session_named(of_issuer, subject, keep);
	IF kept IS NULL THEN
		RAISE EXCEPTION 'keep is no living session of the subject'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'Nothing was ended: all that the subject has would have been.',
				  HINT = 'keep is a session_id as sessions_of shows it. SELECT * FROM pgtoken.end_session(subject, offline => true) ends all sessions of a subject.';
	END IF;
	SELECT * INTO ended FROM pgtoken.end_sessions_of(of_issuer, subject, NULL, kept, reason, NULL, NULL);
	RETURN QUERY SELECT t.* FROM pgtoken.tell_clients(of_issuer, end_other_sessions.subject, ended.clients, ended.sessions) t;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.end_other_sessions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.end_other_sessions TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.end_other_sessions IS
'End all sessions of a subject but one, for the page of his account: sign out everywhere else. As end_session_of for each of the others, with any client of the issuer that the session speaks for (pgtoken.http_issuer), and for the codes of others that are on their way. subject: the application''s user id. keep: the session that stays, as sessions_of shows it; the grant_id of one of its families, or the sid of an ID token does as well. reason: kept with the families and in the audit (grant.revoked for each, session.ended once).
Returns the clients to be told, as end_session does. Raises 22004, and 22023 where keep is no living session of the subject: then nothing is ended.';

-- What clients are told of a session is told under a name that is theirs alone: the
-- hash of the sid that they know, or would know, it by. The application's own ids stay
-- here: they may open something there, and pairwise clients could compare them.
CREATE FUNCTION pgtoken.session_name_for(client_id text, session_id text) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN translate(encode(sha256(convert_to(pgtoken.client_session_id(client_id, session_id), 'UTF8')), 'base64'), '+/=', '-_');
REVOKE ALL ON FUNCTION pgtoken.session_name_for FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.session_name_for IS 'Internal, called by account_sessions and account_end_sessions: the name by which a client sees a session, the base64url SHA-256 of its sid for that client';

CREATE FUNCTION pgtoken.account_of(of_family uuid, OUT issuer text, OUT client_id text, OUT subject text)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.issuer, g.client_id, g.subject FROM pgtoken.grants g JOIN pgtoken.clients c ON c.client_id = g.client_id WHERE g.grant_id = of_family;
END;
REVOKE ALL ON FUNCTION pgtoken.account_of FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.account_of IS 'Internal, called by account_sessions and account_end_sessions: whose account a family is of, and by which client it is seen';

CREATE FUNCTION pgtoken.account_sessions(of_family uuid, after text, page integer, ui_locales text, OUT lives boolean, OUT known boolean, OUT answer jsonb)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	account CONSTANT record := pgtoken.account_of(of_family);
	-- of the last one that was shown: when it began, in microseconds, and its name
	place CONSTANT text[] := regexp_match(after, '^([0-9]{1,18})[.]([A-Za-z0-9_-]{43})$');
BEGIN
	known := after IS NULL OR place IS NOT NULL;
	WITH named AS MATERIALIZED (
		SELECT s.*, (extract(epoch FROM s.created_at) * 1000000)::bigint AS begun, pgtoken.session_name_for(account.client_id, s.session_id) AS name
		FROM pgtoken.living_sessions(account.issuer, account.subject, pgtoken.language_ranges(ui_locales)) s),
	shown AS MATERIALIZED (
		SELECT n.*, row_number() OVER (ORDER BY n.begun DESC, n.name DESC) AS line FROM named n
		WHERE after IS NULL OR (n.begun, n.name) < (place[1]::bigint, place[2])
		ORDER BY n.begun DESC, n.name DESC LIMIT page + 1)
	SELECT EXISTS (SELECT FROM named n WHERE of_family = ANY (n.grant_ids)),
		   jsonb_build_object('sessions', coalesce((
			   SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
						  'id', s.name,
						  'current', of_family = ANY (s.grant_ids),
						  'clients', (SELECT jsonb_agg(jsonb_build_object('client_id', c.id, 'client_name', c.name) ORDER BY c.n)
									  FROM ROWS FROM (unnest(s.client_ids), unnest(s.client_names)) WITH ORDINALITY c (id, name, n)),
						  'scope', array_to_string(s.scopes, ' '),
						  'device', s.device, 'first_address', s.first_address, 'last_address', s.last_address,
						  'created_at', floor(extract(epoch FROM s.created_at))::bigint, 'auth_time', floor(extract(epoch FROM s.auth_time))::bigint,
						  'acr', s.acr, 'amr', s.amr,
						  'last_used_at', floor(extract(epoch FROM s.last_used_at))::bigint, 'expires_at', floor(extract(epoch FROM s.expires_at))::bigint,
						  'offline', s.offline, 'acted_for', s.act IS NOT NULL)) ORDER BY s.line)
			   FROM shown s WHERE s.line <= page), '[]'))
		   || coalesce((SELECT jsonb_build_object('next', s.begun || '.' || s.name) FROM shown s WHERE s.line = page AND EXISTS (SELECT FROM shown m WHERE m.line > page)), '{}')
	INTO lives, answer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.account_sessions FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.account_sessions IS 'Internal, called by the sessions endpoint: one page of the sessions of the family''s subject, as docs/http.md describes it. after: next of the page before, NULL: the first page. page: how many. ui_locales: as in sessions_of. lives: does the family itself? known: is after such a place?';

CREATE FUNCTION pgtoken.account_end_sessions(of_family uuid, name text, OUT lives boolean, OUT known boolean, OUT answer jsonb)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	account CONSTANT record := pgtoken.account_of(of_family);
	this text;
	named text;
	ended record;
	many bigint;
BEGIN
	PERFORM pgtoken.lock_session(account.issuer, account.subject, NULL);
	this := pgtoken.living_session_named(account.issuer, account.subject, of_family::text);
	lives := this IS NOT NULL;
	known := name IS NULL;
	IF lives AND name IS NOT NULL THEN
		SELECT s.session_id INTO named FROM pgtoken.living_sessions(account.issuer, account.subject) s
		WHERE pgtoken.session_name_for(account.client_id, s.session_id) = account_end_sessions.name;
		known := FOUND;
	END IF;
	IF NOT (lives AND known) THEN
		RETURN;
	END IF;
	SELECT count(*) INTO many FROM pgtoken.living_sessions(account.issuer, account.subject) s
	WHERE CASE WHEN name IS NULL THEN s.session_id <> this ELSE s.session_id = named END;
	SELECT * INTO ended FROM pgtoken.end_sessions_of(account.issuer, account.subject, named, CASE WHEN name IS NULL THEN this END, 'ended_by_user', account.client_id, of_family);
	-- nobody is here to whom logout tokens could be given: the courier delivers them, or nobody does
	IF EXISTS (SELECT FROM pgtoken.issuers i WHERE i.issuer = account.issuer AND i.logout_delivery = 'courier') THEN
		PERFORM pgtoken.tell_clients(account.issuer, account.subject, ended.clients, ended.sessions);
	END IF;
	answer := jsonb_build_object('ended', many);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.account_end_sessions FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.account_end_sessions IS 'Internal, called by the sessions endpoint: ends the session of the family''s subject that the family''s client knows by this name, NULL: all but the family''s own. lives: does the family still? known: is there such a session? Of either false nothing has happened. answer: how many sessions have ended';
