-- After a restore to an earlier time: what happened since then has not happened.
-- What was ended holds again, what was used is good again, and no row says which.
-- So what cannot be known ends, and what only people can know is listed.

CREATE FUNCTION pgtoken.check_recovered_to(recovered_to timestamptz) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	first_issuer CONSTANT timestamptz := (SELECT min(i.created_at) FROM pgtoken.issuers i);
BEGIN
	IF recovered_to IS NULL THEN
		RAISE EXCEPTION 'recovered_to must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF NOT isfinite(recovered_to) OR recovered_to > clock_timestamp() THEN
		RAISE EXCEPTION 'recovered_to must not be in the future'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'It is the time whose data this database was restored to.';
	END IF;
	IF recovered_to < first_issuer THEN
		RAISE EXCEPTION 'recovered_to is before everything that is there'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = format('The oldest issuer was created at %s: data of an earlier time would not have it.', to_char(first_issuer, 'YYYY-MM-DD HH24:MI:SS "UTC"'));
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_recovered_to FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_recovered_to IS 'Internal, called by after_restore: raises 22004, and 22023 for a time in the future or before the oldest issuer was created';

CREATE FUNCTION pgtoken.restore_handled_at(recovered_to timestamptz) RETURNS timestamptz
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
BEGIN ATOMIC
	-- one of before would be another restore's: it was not lost with what came after recovered_to
	SELECT min(e.occurred_at) FROM pgtoken.audit_events e
	WHERE e.grant_id = '00000000-0000-0000-0000-000000000000' AND e.occurred_at > restore_handled_at.recovered_to
	  AND e.event = 'database.restored' AND e.detail -> 'recovered_to' = to_jsonb(restore_handled_at.recovered_to);
END;
REVOKE ALL ON FUNCTION pgtoken.restore_handled_at FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.restore_handled_at IS 'Internal, called by after_restore: when it was called first for this restore, from the audit; NULL: never';

CREATE FUNCTION pgtoken.end_before_restore(of_reason text) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer text;
	ended integer := 0;
BEGIN
	FOR of_issuer IN SELECT i.issuer FROM pgtoken.issuers i ORDER BY i.issuer LOOP
		PERFORM pgtoken.raise_not_before(of_issuer, NULL, NULL, NULL, NULL, of_reason);
		ended := ended + 1;
	END LOOP;
	-- of before, and of what was issued since the time that is restored and is not known any more; new families get new lists
	UPDATE pgtoken.status_lists l SET is_full = true, all_ended = true WHERE NOT l.all_ended;
	DELETE FROM pgtoken.status_list_documents d;
	RETURN ended;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.end_before_restore FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.end_before_restore IS 'Internal, called by after_restore and adopt_copy: ends by the epochs of all issuers what was issued before this moment, and their status lists with it; returns the number of issuers';

CREATE FUNCTION pgtoken.forget_all_on_their_way() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken.forget_codes(NULL, NULL, NULL, NULL, true);
	-- who answers one at this moment gets a code of before, which is refused
	DELETE FROM pgtoken.authorization_requests r
	USING (SELECT q.grant_id FROM pgtoken.authorization_requests q WHERE q.kind <> 'answered' ORDER BY q.grant_id FOR UPDATE SKIP LOCKED) o
	WHERE r.grant_id = o.grant_id;
	DELETE FROM pgtoken.consent_pages p
	USING (SELECT q.grant_id, q.page_id FROM pgtoken.consent_pages q ORDER BY q.grant_id, q.page_id FOR UPDATE SKIP LOCKED) o
	WHERE p.grant_id = o.grant_id AND p.page_id = o.page_id;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.forget_all_on_their_way FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.forget_all_on_their_way IS 'Internal, called by after_restore and adopt_copy once issuers and consents are locked: forgets codes, requests and step-up transactions on their way to a family';

CREATE FUNCTION pgtoken.forget_consents_before(recovered_to timestamptz) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	forgotten bigint;
BEGIN
	-- locked in order first, as everywhere (26_revocation.sql)
	WITH o AS MATERIALIZED (
		SELECT c.subject, c.client_id, c.resource FROM pgtoken.consents c WHERE c.granted_at <= forget_consents_before.recovered_to
		ORDER BY c.subject, c.client_id, c.resource FOR UPDATE)
	DELETE FROM pgtoken.consents c USING o WHERE c.subject = o.subject AND c.client_id = o.client_id AND c.resource = o.resource;
	GET DIAGNOSTICS forgotten = ROW_COUNT;
	RETURN forgotten;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.forget_consents_before FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.forget_consents_before IS 'Internal, called by after_restore: forgets the consents that were granted before; returns how many';

CREATE FUNCTION pgtoken.use_up_factors_before(recovered_to timestamptz, of_type text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	used bigint;
BEGIN
	-- Not disabled: unlock_factor() would bring the codes back. Of time steps up to the
	-- latest that was acceptable by now, which is one ahead (RFC 6238 section 5.2).
	WITH o AS MATERIALIZED (
		SELECT f.issuer, f.subject, f.factor_id FROM pgtoken.factors f
		WHERE f.factor_type = of_type AND f.created_at <= use_up_factors_before.recovered_to AND (of_type <> 'recovery_code' OR cardinality(f.code_hashes) > 0)
		ORDER BY f.issuer, f.subject, f.factor_id FOR UPDATE)
	UPDATE pgtoken.factors f
	SET code_hashes = CASE of_type WHEN 'recovery_code' THEN '{}'::bytea[] ELSE f.code_hashes END,
		counter = CASE of_type WHEN 'totp' THEN greatest(f.counter, floor(extract(epoch FROM clock_timestamp()) / coalesce((f.parameters ->> 'period')::integer, 30))::bigint + 1)
				  ELSE f.counter END
	FROM o WHERE f.issuer = o.issuer AND f.subject = o.subject AND f.factor_id = o.factor_id;
	GET DIAGNOSTICS used = ROW_COUNT;
	RETURN used;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.use_up_factors_before FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.use_up_factors_before IS 'Internal, called by after_restore and adopt_copy: takes all codes of the sheets of recovery codes (recovery_code), or all time steps up to now of authenticator apps (totp), for used, of factors that were enrolled before; returns how many';

CREATE FUNCTION pgtoken.unknown_since_restore(recovered_to timestamptz, with_consents boolean, with_recovery_codes boolean) RETURNS TABLE (step text, detail text)
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
	-- the first ten by name, all of them by the views and tables that are named
	SELECT 'look at ' || w.kind, format('%s %s%s', n.all_of_them, w.what, CASE WHEN n.names <> '' THEN ': ' || n.names || CASE WHEN n.all_of_them > 10 THEN ', ...' ELSE '' END ELSE '' END) || '. ' || w.advice
	FROM (VALUES
		(1, 'signing keys', 'sign or are published', 'One that was retired since does so again: retire_signing_key(). Tokens of one made since are refused; rotate_signing_key() makes the next'),
		(2, 'client secrets', 'hold', 'One that was revoked since does so again: revoke_client_secret(). One made since is unknown: create_client_secret()'),
		(3, 'clients', 'are switched on', 'Switched off or changed since (redirect URIs, scopes, keys): update_client(). Made since: create_client()'),
		(4, 'resources', 'are switched on', 'Switched off or changed since: update_resource()'),
		(5, 'policies', 'are active', 'Activated, replaced or switched off since: activate_policy(), deactivate_policy()'),
		(6, 'factors', 'of subjects are active', 'Removed or locked since, they are good again: remove_factor(). Enrolled since, they are gone. The counters of WebAuthn are those of then: a copy of an authenticator that was seen since will not be'),
		(7, 'consents', 'were kept', 'Withdrawn since, they count again: withdraw_consent()'),
		(8, 'recovery codes', 'sheets were kept', 'Used since, a code is good again'),
		(9, 'subjects', 'are blocked', 'Blocked since, they may log in again: block_subject(). Let in since, they are refused: unblock_subject()'),
		(10, 'signal streams', 'are not disabled', 'Changed or deleted since, they tell what they told then: update_signal_stream(), delete_signal_stream()')) w (n, kind, what, advice)
	CROSS JOIN LATERAL (
		SELECT count(*), string_agg(x.name, ', ' ORDER BY x.name) FILTER (WHERE x.place <= 10)
		FROM (SELECT y.name, row_number() OVER (ORDER BY y.name) FROM (
				SELECT k.kid AS name FROM pgtoken.signing_keys k WHERE w.n = 1 AND k.state <> 'retired' AND k.created_at <= unknown_since_restore.recovered_to
				UNION ALL SELECT format('%s %s', s.client_id, s.secret_id) FROM pgtoken.client_secrets s
						  WHERE w.n = 2 AND s.revoked_at IS NULL AND (s.expires_at <= now()) IS NOT TRUE AND s.created_at <= unknown_since_restore.recovered_to
				UNION ALL SELECT c.client_id FROM pgtoken.clients c WHERE w.n = 3 AND c.enabled AND c.created_at <= unknown_since_restore.recovered_to
				UNION ALL SELECT r.resource FROM pgtoken.resources r WHERE w.n = 4 AND r.enabled AND r.created_at <= unknown_since_restore.recovered_to
				UNION ALL SELECT format('%s version %s', p.policy, p.version) FROM pgtoken.policies p WHERE w.n = 5 AND p.state = 'active' AND p.activated_at <= unknown_since_restore.recovered_to
				-- subjects are nobody's business who only restores
				UNION ALL SELECT NULL FROM pgtoken.factors f
						  WHERE w.n = 6 AND f.state = 'active' AND f.factor_type <> 'recovery_code' AND f.created_at <= unknown_since_restore.recovered_to
				UNION ALL SELECT NULL FROM pgtoken.consents c WHERE w.n = 7 AND with_consents AND c.granted_at <= unknown_since_restore.recovered_to
				UNION ALL SELECT NULL FROM pgtoken.factors f
						  WHERE w.n = 8 AND with_recovery_codes AND f.factor_type = 'recovery_code' AND cardinality(f.code_hashes) > 0
							AND f.created_at <= unknown_since_restore.recovered_to
				UNION ALL SELECT NULL FROM pgtoken.blocked_subjects b WHERE w.n = 9 AND b.blocked_at <= unknown_since_restore.recovered_to
				UNION ALL SELECT t.client_id FROM pgtoken.signal_streams t WHERE w.n = 10 AND t.status <> 'disabled' AND t.created_at <= unknown_since_restore.recovered_to) y) x (name, place)) n (all_of_them, names)
	-- whom nobody had blocked yet may be the one who has to be
	WHERE n.all_of_them > 0 OR w.n = 9
	UNION ALL
	SELECT 'wait', format('Client assertions that were used since may be used again until they end, an hour after they were made at the most, and DPoP proofs for %s.', current_setting('pgtoken.dpop_proof_lifetime'))
	UNION ALL
	SELECT 'wait', format('Verifiers that only look at the signature accept access tokens of before until they end, after %s seconds at the most.',
						  (SELECT extract(epoch FROM max(l))::bigint FROM (SELECT current_setting('pgtoken.access_token_lifetime')::interval UNION ALL SELECT c.access_token_lifetime FROM pgtoken.clients c
											   UNION ALL SELECT r.access_token_lifetime FROM pgtoken.resources r) v (l)))
	UNION ALL
	SELECT 'look at root key', s || '. Keys that were wrapped under another root key since need the older one: pgtoken.root_key_file can hold both.'
	FROM pgtoken.root_key_status() s WHERE s NOT IN ('ok', 'unset')
$function$;
REVOKE ALL ON FUNCTION pgtoken.unknown_since_restore FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.unknown_since_restore IS 'Internal, called by after_restore: what only people can know, with what to do about it: is it still as it was then?';

CREATE FUNCTION pgtoken.after_restore(recovered_to timestamptz, reason text DEFAULT 'restored', keep_consents boolean DEFAULT false, keep_recovery_codes boolean DEFAULT false)
	RETURNS TABLE (step text, detail text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	handled timestamptz;
	later timestamptz;
	issuers integer := 0;
	consents bigint := 0;
	sheets bigint := 0;
	apps bigint := 0;
BEGIN
	IF keep_consents IS NULL OR keep_recovery_codes IS NULL THEN
		RAISE EXCEPTION 'keep_consents and keep_recovery_codes must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM pgtoken.check_recovered_to(recovered_to);
	PERFORM pgtoken.make_durable();
	handled := pgtoken.restore_handled_at(recovered_to);
	SELECT min(e.occurred_at) INTO later FROM pgtoken.audit_events e WHERE e.occurred_at > after_restore.recovered_to;
	-- A second call is for what the first one kept; who has logged in since stays.
	-- Issuers, consents, codes: the order of locks (26_revocation.sql).
	IF handled IS NULL THEN
		issuers := pgtoken.end_before_restore(reason);
	END IF;
	IF NOT keep_consents THEN
		consents := pgtoken.forget_consents_before(recovered_to);
	END IF;
	IF handled IS NULL THEN
		PERFORM pgtoken.forget_all_on_their_way();
		step := 'tokens ended';
		detail := format('of %s issuer(s): whatever was issued before this moment, with codes, requests and step-up transactions on their way', issuers);
		RETURN NEXT;
	ELSE
		step := 'tokens left';
		detail := format('what was issued before was ended by the call of %s', to_char(handled, 'YYYY-MM-DD HH24:MI:SS "UTC"'));
		RETURN NEXT;
	END IF;
	IF NOT keep_consents THEN
		step := 'consents forgotten';
		detail := format('%s: which of them were withdrawn since is not known; users are asked again', consents);
		RETURN NEXT;
	END IF;
	IF NOT keep_recovery_codes THEN
		sheets := pgtoken.use_up_factors_before(recovered_to, 'recovery_code');
		step := 'recovery codes used up';
		detail := format('%s sheet(s): which codes were used since is not known; users need new sheets', sheets);
		RETURN NEXT;
	END IF;
	IF handled IS NULL THEN
		apps := pgtoken.use_up_factors_before(recovered_to, 'totp');
		step := 'codes of authenticator apps used up';
		detail := format('of %s factor(s): all up to now, and the next one', apps);
		RETURN NEXT;
		IF later IS NOT NULL THEN
			step := 'look at recovered_to';
			detail := format('The audit goes on after it, at %s. If nobody has been let in since the restore, it is too early: consents and recovery codes of between the two were left. Call again with the right time.',
							 to_char(later, 'YYYY-MM-DD HH24:MI:SS "UTC"'));
			RETURN NEXT;
		END IF;
	END IF;
	IF handled IS NULL OR consents + sheets > 0 THEN
		IF handled IS NULL AND EXISTS (SELECT FROM pgtoken.audit_seals) THEN
			-- seals made since recovered_to are not here any more, and are no cut
			step := 'audit chain opened';
			detail := format('%s: the next seal begins it', pgtoken.open_audit_chain(format('restored to %s', to_char(recovered_to, 'YYYY-MM-DD HH24:MI:SS "UTC"'))));
			RETURN NEXT;
		END IF;
		PERFORM pgtoken.write_audit_event('database.restored', jsonb_build_object('recovered_to', recovered_to, 'issuers', issuers, 'consents', consents, 'recovery_codes', sheets, 'totp', apps), reason);
	END IF;
	RETURN QUERY SELECT u.step, u.detail FROM pgtoken.unknown_since_restore(after_restore.recovered_to, keep_consents, keep_recovery_codes) u;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.after_restore FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.after_restore TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.after_restore IS
'Call it right after this database was restored to an earlier time, before anybody is let in. What was ended or used since then holds again, and nobody can know what it was. So it ends whatever was issued before this moment, of all issuers; forgets codes, requests and step-up transactions on their way, and consents that were granted before; takes all recovery codes, and the codes of authenticator apps up to now, for used.
recovered_to: the time whose data is there; what was granted or enrolled later was so after the restore, and stays. reason: kept in the audit (database.restored, not_before.set). The next seal of the audit begins another chain. keep_consents, keep_recovery_codes: when you know that none was withdrawn or used. Returns what it did, and what only people can know and have to look at: keys, secrets, clients, resources, policies and factors are as they were then. A second call for the same time ends no token, only consents and recovery codes that the first one kept. Raises 22004, and 22023 for a time in the future or before the oldest issuer was created.';
