-- Ending what has been issued: by not_before, by family, subject and client.
-- (By session: 42_sessions. A single token: 32_blacklist.)
--
-- One order of locks, for every function that ends more than one thing: the row of
-- import_sources; that of subject_blocks; that of subject_epochs; issuers, clients and
-- subject_not_before; consents; authorization codes, device codes, challenges, challenge
-- codes; operators of the console, their factors there, factors; families. Of each table in
-- the order of its primary key. Whoever redeems a code or goes on after a step-up locks what
-- he needs of these in the same order.
--
-- One rule for what is being issued at that moment, by a transaction that we cannot
-- see: it ends, too. Of an issuer, a client, a subject and a consent that is a matter
-- of epochs: what was issued carries those of before the end, and is refused at its
-- first use; nobody waits. The end of a session waits for who is issuing to it
-- (lock_session, before any row), and then sees what came of it.

CREATE TABLE pgtoken.subject_epochs (
	issuer text NOT NULL,
	epoch bigint NOT NULL,
	CONSTRAINT subject_epochs_pkey PRIMARY KEY (issuer)
);
COMMENT ON TABLE pgtoken.subject_epochs IS 'Numbers the ends of everything that a subject had, for all subjects of an issuer. Its row is locked from such an end to the commit, so that the ends become visible in the order of their numbers';
COMMENT ON COLUMN pgtoken.subject_epochs.issuer IS 'Issuer of the subjects';
COMMENT ON COLUMN pgtoken.subject_epochs.epoch IS 'Number of the last end; families and codes carry the one in which they were issued';
COMMENT ON CONSTRAINT subject_epochs_pkey ON pgtoken.subject_epochs IS 'One row per issuer';
COMMENT ON INDEX pgtoken.subject_epochs_pkey IS 'One row per issuer';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.subject_epochs', '');
ALTER TABLE pgtoken.subject_epochs ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.subject_epochs FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.subject_epochs IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.subject_epochs TO pgtoken_auditor;

CREATE TABLE pgtoken.subject_not_before (
	issuer text NOT NULL,
	subject text NOT NULL,
	not_before timestamptz NOT NULL,
	reason text,
	client_id text NOT NULL DEFAULT '',
	ended_epoch bigint NOT NULL DEFAULT 0,
	not_before_epoch bigint NOT NULL DEFAULT 9223372036854775807,
	CONSTRAINT subject_not_before_pkey PRIMARY KEY (issuer, subject, client_id)
);
COMMENT ON TABLE pgtoken.subject_not_before IS 'Subjects whose earlier tokens are refused: all of them, or those with a client from which consent was withdrawn';
COMMENT ON COLUMN pgtoken.subject_not_before.issuer IS 'Issuer of the subject';
COMMENT ON COLUMN pgtoken.subject_not_before.subject IS 'The application''s user id';
COMMENT ON COLUMN pgtoken.subject_not_before.not_before IS 'Tokens issued before are refused';
COMMENT ON COLUMN pgtoken.subject_not_before.reason IS 'Why, as the caller said';
COMMENT ON COLUMN pgtoken.subject_not_before.client_id IS 'Client from which consent was withdrawn; '''': all clients';
COMMENT ON COLUMN pgtoken.subject_not_before.ended_epoch IS 'Families of earlier epochs (grants.subject_epoch) are refused, whatever the clock said; 0: everything was never ended as a whole';
COMMENT ON COLUMN pgtoken.subject_not_before.not_before_epoch IS 'not_before is for families of earlier epochs';
COMMENT ON INDEX pgtoken.subject_not_before_pkey IS 'One row per subject, and one more per client from which consent was withdrawn';

CREATE INDEX subject_not_before_latest ON pgtoken.subject_not_before (issuer, not_before);
COMMENT ON INDEX pgtoken.subject_not_before_latest IS 'Latest of an issuer: whoever was issued later needs no look';

ALTER TABLE pgtoken.subject_not_before
	ALTER subject SET STORAGE MAIN, ALTER subject SET STATISTICS 0,
	ALTER reason SET STORAGE MAIN, ALTER reason SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.subject_not_before', '');
ALTER TABLE pgtoken.subject_not_before ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.subject_not_before FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.subject_not_before IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.subject_not_before TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.subject_not_before FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('subject_not_before', 'ended_epoch, not_before_epoch', 'subject');
COMMENT ON TRIGGER audit ON pgtoken.subject_not_before IS 'Writes the row before and after to audit_events';
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.subject_not_before FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('revocation');
COMMENT ON TRIGGER invalidate ON pgtoken.subject_not_before IS 'Makes every backend forget the tokens it has verified when the transaction commits';
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.subject_not_before FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('revocation');
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.subject_not_before IS 'As invalidate, for TRUNCATE';

CREATE FUNCTION pgtoken.epoch_ended(family bigint, begun_at timestamptz, epoch bigint, epochs_since_end bigint, not_before timestamptz, not_before_epoch bigint) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(coalesce(family, -1) > epoch OR coalesce(family, -1) < epoch - epochs_since_end, false)
		   OR coalesce(coalesce(family, -1) < not_before_epoch AND begun_at < not_before, false);
REVOKE ALL ON FUNCTION pgtoken.epoch_ended FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.epoch_ended TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.epoch_ended IS 'Internal: is a family of this epoch, begun then, among what an issuer or client has ended?';

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
REVOKE ALL ON FUNCTION pgtoken.end_subject FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.end_subject IS 'Internal: refuses what a subject of the issuer was issued (of_client: with this client; empty: with any) before a time, or (NULL) before this moment by the epoch; returns the time that holds then, NULL when nothing has changed';

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
		-- what a clone has of its original would end here alone
		IF effective IS NOT NULL THEN
			PERFORM pgtoken.require_shard(of_family);
		END IF;
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
REVOKE ALL ON FUNCTION pgtoken.raise_not_before FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.raise_not_before IS 'Internal, called by whatever ends all of a level (set_not_before, revoke_subject, revoke_client, update_client, after_restore, adopt_copy): moves the not_before of a family, else of a subject of the issuer, else of a client, else of the issuer, forward to this time (NULL: to this moment, and ends all that was issued before by the epoch), and returns what it is then; NULL when there is none such';

CREATE FUNCTION pgtoken.set_not_before(not_before timestamptz DEFAULT NULL, issuer text DEFAULT NULL, client_id text DEFAULT NULL, subject text DEFAULT NULL,
									   grant_id uuid DEFAULT NULL, reason text DEFAULT NULL) RETURNS timestamptz
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken.require_shard(subject);
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
REVOKE ALL ON FUNCTION pgtoken.set_not_before FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.set_not_before TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.set_not_before IS
'Refuse every token issued before a time, and whatever came of it: families that began before can no longer be refreshed and none of their access tokens holds, from the next statement of any session on. One row is written, however many families there are. Of the levels issuer, client, subject and family the latest time counts.
not_before: NULL is this moment, and then clocks do not count: what was issued before the call is refused whatever time it bears, also when its transaction has yet to commit.
One level is named:
issuer: all its clients, where it is named alone. client_id: all that a client has. subject: the application''s user id, with issuer where that is not the one this session speaks for (pgtoken.http_issuer). grant_id: a family. reason: kept in the audit (event not_before.set).
A time before the one that is set changes nothing: it never moves back. Returns the time that holds at this level; NULL when there is no such issuer, client or family. Raises 22023 for a time in the future and unless one level is named.';

CREATE TYPE pgtoken.revoked_family AS (
	grant_id uuid,
	client_id text,
	subject text,
	generation integer,
	access_tokens integer,
	revoked_at timestamptz,
	reason text
);
REVOKE ALL ON TYPE pgtoken.revoked_family FROM PUBLIC;
GRANT USAGE ON TYPE pgtoken.revoked_family TO pgtoken_issuer;
COMMENT ON TYPE pgtoken.revoked_family IS 'What revoke_family revoked: the family, the generation its refresh token had reached (NULL: it had none) and how many unexpired access tokens it cut off';
COMMENT ON COLUMN pgtoken.revoked_family.grant_id IS 'The family that was revoked';
COMMENT ON COLUMN pgtoken.revoked_family.client_id IS 'Client the family belongs to';
COMMENT ON COLUMN pgtoken.revoked_family.subject IS 'Subject the family belongs to';
COMMENT ON COLUMN pgtoken.revoked_family.generation IS 'Generation of its current refresh token; NULL: it had none';
COMMENT ON COLUMN pgtoken.revoked_family.access_tokens IS 'Access tokens of the family that had not expired';
COMMENT ON COLUMN pgtoken.revoked_family.revoked_at IS 'When it was revoked';
COMMENT ON COLUMN pgtoken.revoked_family.reason IS 'Reason as stored with the family and in the audit';

CREATE FUNCTION pgtoken.revoke_family(grant_id uuid, reason text DEFAULT NULL)
	RETURNS SETOF pgtoken.revoked_family
	AS 'MODULE_PATHNAME', 'pgt_revoke_family' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.revoke_family(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.revoke_family(uuid, text) TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.revoke_family(uuid, text) IS
'Revoke a family: its refresh token, and every access token it has out, are refused from the next statement of any session on.
grant_id: which. reason: kept with the family and in the audit. Returns the family as revoked; no row when it is unknown or was revoked before. Raises 22004 for a NULL grant_id.';

CREATE FUNCTION pgtoken.revoke_family(token text, reason text DEFAULT NULL)
	RETURNS SETOF pgtoken.revoked_family
	AS 'MODULE_PATHNAME', 'pgt_revoke_family_by_token' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.revoke_family(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.revoke_family(text, text) TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.revoke_family(text, text) IS
'Revoke the family of a token (RFC 7009 section 2.1). token: any genuine refresh token of it, consumed ones included, or any access token it signed, expired ones included; a grant_id in text works too. One that is not genuine revokes nothing. reason: as in revoke_family(uuid, text). Returns as revoke_family(uuid, text). Raises 22004 for a NULL token.';

CREATE FUNCTION pgtoken.forget_codes(issuer text, client_id text, subject text, session_id text, offline boolean, except_session text DEFAULT NULL) RETURNS void
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
		  AND (except_session IS NULL OR except_session <> coalesce(a.session_id, a.grant_id::text))
		  AND (offline OR 'offline_access' <> ALL (string_to_array(a.scope, ' ')))
		ORDER BY a.grant_id FOR UPDATE)
	DELETE FROM pgtoken.authorization_codes a USING o WHERE a.grant_id = o.grant_id;
	-- one that no user has answered yet is no subject's and no session's
	WITH o AS MATERIALIZED (
		SELECT d.grant_id FROM pgtoken.device_codes d
		WHERE d.client_id = ANY (clients) AND d.state IN ('pending', 'handed_over', 'approved')
		  AND (forget_codes.subject IS NULL OR d.subject = forget_codes.subject)
		  AND (forget_codes.session_id IS NULL OR forget_codes.session_id IN (d.session_id, d.family_id::text))
		  AND (except_session IS NULL OR except_session <> coalesce(d.session_id, d.family_id::text))
		  AND (offline OR 'offline_access' <> ALL (string_to_array(d.scope, ' ')))
		ORDER BY d.grant_id FOR UPDATE)
	DELETE FROM pgtoken.device_codes d USING o WHERE d.grant_id = o.grant_id;
	-- Those of a session go with its families and codes; and one that waits for a
	-- refresh is worth nothing without its family, whose row would be locked after it.
	IF forget_codes.session_id IS NULL AND except_session IS NULL AND offline THEN
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
REVOKE ALL ON FUNCTION pgtoken.forget_codes FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.forget_codes IS 'Internal: forgets what is on its way to a family: authorization codes, device codes, step-up transactions of first issues and one-time codes to be sent, of an issuer, client, subject or session, NULL for any. offline: those with offline_access, too. except_session: not those of this session. Called before families are ended: who redeems a code meanwhile holds its row, we wait for him, and then his family is among those that are there. Locks what it forgets in the order of primary keys';

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
	-- not what a clone has of its original until it is forgotten
	shard CONSTANT text[] := string_to_array(nullif(current_setting('pgtoken.shard', true), ''), '/');
BEGIN
	RETURN QUERY
		SELECT g.grant_id, g.client_id, coalesce(g.session_id, g.grant_id::text), 'offline_access' = ANY (string_to_array(g.scope, ' '))
		FROM pgtoken.grants g
		WHERE g.client_id = ANY (clients) AND g.revoked_at IS NULL AND g.expires_at > now()
		  AND (living_families.subject IS NULL OR g.subject = living_families.subject)
		  AND (living_families.session_id IS NULL OR g.session_id = living_families.session_id OR g.grant_id = session_grant_id)
		  AND (shard IS NULL OR pgtoken.shard_of(g.grant_id, shard[2]::integer) = shard[1]::integer)
		ORDER BY g.grant_id;	-- everybody in the same order: no deadlock
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.living_families FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.living_families IS 'Internal: families that are neither revoked nor expired, of an issuer, client, subject or session, NULL for any, on this shard, in the order in which they are to be revoked; of_session is a grant_id where no session was named, offline tells whether it has offline_access and so outlives its session';

CREATE FUNCTION pgtoken.revoke_subject(subject text, reason text DEFAULT 'revoked', issuer text DEFAULT NULL) RETURNS SETOF pgtoken.revoked_family
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := CASE WHEN issuer IS NULL THEN pgtoken.http_issuer() ELSE pgtoken.issuer_or_default(issuer) END;
BEGIN
	PERFORM pgtoken.require_shard(subject);
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
REVOKE ALL ON FUNCTION pgtoken.revoke_subject FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.revoke_subject TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.revoke_subject IS
'End all that a subject has: revokes each of its families with any client of the issuer, forgets the codes and step-up transactions on their way, and refuses whatever was issued before this moment (set_not_before), also what it got by acting for others. subject: the application''s user id. reason: kept with the families and in the audit. issuer: whose subject; NULL: of the issuer this session speaks for (pgtoken.http_issuer). Consents stay. Returns the families revoked. Raises 22004, 55000.';

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
REVOKE ALL ON FUNCTION pgtoken.revoke_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.revoke_client TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.revoke_client IS
'End all that a client has, for instance after its secret or its users'' tokens were stolen: refuses whatever it was issued before this moment (set_not_before), and forgets the codes and step-up transactions on their way. Takes the same time however many families there are; they are not revoked one by one, grant_status shows them as revoked. The client itself stays: see update_client(enabled => false) and revoke_client_secret. client_id: which. reason: kept in the audit. Returns that moment; NULL when there is no such client. Raises 22004.';
