-- Subjects that are refused for a while, or until somebody lets them in again.
--
-- What refuses is the row, judged at each use by the clock: nothing has to run for a
-- block to end. The row of subject_blocks is locked first, before all that blocking
-- ends (26_revocation.sql); nothing else is locked before it.

CREATE TABLE pgtoken.subject_blocks (
	issuer text NOT NULL,
	subject text NOT NULL,
	blocked_at timestamptz NOT NULL,
	blocked_until timestamptz NOT NULL DEFAULT 'infinity',
	reason text,
	blocked_by text NOT NULL,
	CONSTRAINT subject_blocks_pkey PRIMARY KEY (issuer, subject)
);
COMMENT ON TABLE pgtoken.subject_blocks IS 'Subjects that are blocked, and those whose block has ended by itself, until maintenance forgets it; who was let in again has no row';
COMMENT ON COLUMN pgtoken.subject_blocks.issuer IS 'Issuer of the subject';
COMMENT ON COLUMN pgtoken.subject_blocks.subject IS 'The application''s user id';
COMMENT ON COLUMN pgtoken.subject_blocks.blocked_at IS 'Since when, without interruption';
COMMENT ON COLUMN pgtoken.subject_blocks.blocked_until IS 'When it is over by itself; infinity: when somebody ends it';
COMMENT ON COLUMN pgtoken.subject_blocks.reason IS 'Why, as the caller said; NULL: he did not';
COMMENT ON COLUMN pgtoken.subject_blocks.blocked_by IS 'Role that logged in and blocked it last';
COMMENT ON INDEX pgtoken.subject_blocks_pkey IS 'One row per subject';

CREATE INDEX subject_blocks_latest ON pgtoken.subject_blocks (issuer, blocked_until);
COMMENT ON INDEX pgtoken.subject_blocks_latest IS 'Last end of an issuer''s blocks: once it is over, nobody needs a look';

ALTER TABLE pgtoken.subject_blocks
	ALTER subject SET STORAGE MAIN, ALTER subject SET STATISTICS 0,
	ALTER reason SET STORAGE MAIN, ALTER reason SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.subject_blocks', '');
ALTER TABLE pgtoken.subject_blocks ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.subject_blocks FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.subject_blocks IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.subject_blocks TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.subject_blocks FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('subject_block', '', 'subject, reason');
COMMENT ON TRIGGER audit ON pgtoken.subject_blocks IS 'Writes the row before and after to audit_events';
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.subject_blocks FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('revocation');
COMMENT ON TRIGGER invalidate ON pgtoken.subject_blocks IS 'Makes every backend forget the tokens it has verified when the transaction commits';
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.subject_blocks FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('revocation');
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.subject_blocks IS 'As invalidate, for TRUNCATE';

CREATE VIEW pgtoken.blocked_subjects WITH (security_barrier, security_invoker) AS
	SELECT b.issuer, b.subject, b.blocked_at, b.blocked_until, b.reason, b.blocked_by
	FROM pgtoken.subject_blocks b
	WHERE b.blocked_until > clock_timestamp();
GRANT SELECT ON pgtoken.blocked_subjects TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.blocked_subjects IS 'Subjects that are blocked at this moment';
COMMENT ON COLUMN pgtoken.blocked_subjects.issuer IS 'Issuer of the subject';
COMMENT ON COLUMN pgtoken.blocked_subjects.subject IS 'The application''s user id';
COMMENT ON COLUMN pgtoken.blocked_subjects.blocked_at IS 'Since when, without interruption';
COMMENT ON COLUMN pgtoken.blocked_subjects.blocked_until IS 'When it is over by itself; infinity: when unblock_subject ends it';
COMMENT ON COLUMN pgtoken.blocked_subjects.reason IS 'Why, as the caller said; NULL: he did not';
COMMENT ON COLUMN pgtoken.blocked_subjects.blocked_by IS 'Role that logged in and blocked it last';

CREATE FUNCTION pgtoken.check_block(subject text, until timestamptz) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF subject IS NULL THEN
		RAISE EXCEPTION 'subject must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF subject !~ '^[\x20-\x7e]{1,255}$' THEN
		RAISE EXCEPTION 'subject must have 1 to 255 printable ASCII characters'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'Nobody has tokens under another name: the block would refuse nothing.';
	END IF;
	IF starts_with(subject, 'client:') THEN
		RAISE EXCEPTION 'a client is not blocked as a subject'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'SELECT pgtoken.update_client(''...'', enabled => false) switches it off, and what it got for itself with it.';
	END IF;
	IF until <= clock_timestamp() THEN
		RAISE EXCEPTION 'until must be in the future'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'A block that is over refuses nothing.',
				  HINT = 'Leave until out for a block that lasts until unblock_subject.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_block FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_block IS 'Internal, called by block_subject and unblock_subject: raises 22004 without a subject, 22023 for one that nobody can be, a client''s and an end that has passed';

CREATE FUNCTION pgtoken.block_subject(subject text, reason text DEFAULT NULL, until timestamptz DEFAULT NULL, issuer text DEFAULT NULL,
									  end_sessions boolean DEFAULT true) RETURNS timestamptz
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	of_issuer CONSTANT text := CASE WHEN issuer IS NULL THEN pgtoken.http_issuer() ELSE pgtoken.issuer_or_default(issuer) END;
	blocked_until CONSTANT timestamptz := coalesce(until, 'infinity');
BEGIN
	PERFORM pgtoken.require_shard(subject);
	PERFORM pgtoken.check_block(subject, until);
	PERFORM pgtoken.make_durable();
	INSERT INTO pgtoken.subject_blocks AS b (issuer, subject, blocked_at, blocked_until, reason, blocked_by)
	VALUES (of_issuer, subject, clock_timestamp(), blocked_until, reason, session_user)
	ON CONFLICT ON CONSTRAINT subject_blocks_pkey DO UPDATE
		SET blocked_at = CASE WHEN b.blocked_until > EXCLUDED.blocked_at THEN b.blocked_at ELSE EXCLUDED.blocked_at END,
			blocked_until = EXCLUDED.blocked_until, reason = EXCLUDED.reason, blocked_by = EXCLUDED.blocked_by;
	PERFORM pgtoken.write_audit_event('subject.blocked', jsonb_build_object('issuer', of_issuer, 'until', blocked_until, 'end_sessions', end_sessions IS NOT FALSE),
									  reason, NULL, subject);
	IF end_sessions IS NOT FALSE THEN
		PERFORM pgtoken.revoke_subject(subject, 'subject_blocked', of_issuer);
	END IF;
	RETURN blocked_until;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.block_subject FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.block_subject TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.block_subject IS
'Block a subject: from the next statement of any session on it is issued nothing, by no grant type, none of its tokens holds or can be refreshed, and no token that somebody else got by acting for others does.
subject: the application''s user id. reason: kept with the block and in the audit (event subject.blocked); the client is not told. until: when the block is over by itself, by the clock of the server that is asked; NULL: when unblock_subject ends it. issuer: whose subject; NULL: of the issuer this session speaks for (pgtoken.http_issuer). end_sessions: true (also NULL): what the subject has is ended for good as by revoke_subject, so that nothing of before works again after the block; false: it is suspended, and what has not expired meanwhile works again.
A subject that is blocked already gets the new end and reason. Tokens that a client got for itself (client_credentials) end with update_client(enabled => false). Returns the end of the block, infinity where it has none. Raises 22004, 22023 for an end that has passed, the subject of a client and one that nobody can be, 55000 for an unknown issuer.';

CREATE FUNCTION pgtoken.unblock_subject(subject text, reason text DEFAULT NULL, issuer text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := CASE WHEN issuer IS NULL THEN pgtoken.http_issuer() ELSE pgtoken.issuer_or_default(issuer) END;
	was_until timestamptz;
BEGIN
	PERFORM pgtoken.require_shard(subject);
	PERFORM pgtoken.check_block(subject, NULL);
	DELETE FROM pgtoken.subject_blocks b WHERE b.issuer = of_issuer AND b.subject = unblock_subject.subject
	RETURNING b.blocked_until INTO was_until;
	-- one that was over has ended by itself
	IF was_until IS NULL OR was_until <= clock_timestamp() THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.write_audit_event('subject.unblocked', jsonb_build_object('issuer', of_issuer), reason, NULL, subject);
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.unblock_subject FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.unblock_subject TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.unblock_subject IS
'Let a blocked subject in again, before its block is over by itself. What was revoked stays so: the subject signs in anew, unless it was blocked with end_sessions => false.
subject: the application''s user id. reason: kept in the audit (event subject.unblocked). issuer: as in block_subject. Returns whether it was blocked. Raises 22004, 55000 for an unknown issuer.';
