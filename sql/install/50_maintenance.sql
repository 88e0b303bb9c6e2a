CREATE FUNCTION pgtoken.create_partition(parent name, month timestamptz) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	time_column CONSTANT name := CASE parent WHEN 'tokens' THEN 'issued_at' ELSE 'occurred_at' END;
	key_columns CONSTANT text := CASE parent WHEN 'tokens' THEN 'grant_id, generation, retry, issued_at' ELSE 'grant_id, event_id, occurred_at' END;
	lower_bound CONSTANT timestamptz := date_trunc('month', month);
	upper_bound CONSTANT timestamptz := lower_bound + interval '1 month';
	partition_name CONSTANT name := format('%s_p%s', parent, to_char(lower_bound, 'YYYY_MM'));
	default_name CONSTANT name := parent || '_default';
	grantee text;
	moved bigint;
BEGIN
	EXECUTE format('CREATE TABLE pgtoken.%I (LIKE pgtoken.%I INCLUDING DEFAULTS, CONSTRAINT %I PRIMARY KEY (%s))',
				   partition_name, parent, partition_name || '_pkey', key_columns);
	FOR grantee IN
		-- whatever the owner's default privileges have given away
		SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
		FROM pg_class c, aclexplode(c.relacl) a
		WHERE c.oid = format('pgtoken.%I', partition_name)::regclass AND a.grantee <> c.relowner LOOP
		EXECUTE format('REVOKE ALL ON pgtoken.%I FROM %s', partition_name, grantee);
	END LOOP;
	EXECUTE format('ALTER TABLE pgtoken.%I ENABLE ROW LEVEL SECURITY', partition_name);
	EXECUTE format('COMMENT ON TABLE pgtoken.%I IS %L', partition_name, format('Partition of pgtoken.%s, made by maintain()', parent));
	IF parent = 'tokens' THEN
		EXECUTE format('ALTER TABLE pgtoken.%I ALTER COLUMN token_hash SET STATISTICS 0', partition_name);	-- LIKE does not copy it
	END IF;
	IF parent = 'audit_events' THEN
		EXECUTE format('CREATE INDEX %I ON pgtoken.%I (occurred_at)', partition_name || '_occurred_at', partition_name);
		EXECUTE format('COMMENT ON INDEX pgtoken.%I IS %L', partition_name || '_occurred_at', 'Events by time');
		EXECUTE format('CREATE INDEX %I ON pgtoken.%I (client_id, occurred_at)', partition_name || '_client_id', partition_name);
		EXECUTE format('COMMENT ON INDEX pgtoken.%I IS %L', partition_name || '_client_id', 'Events of a client by time');
	END IF;
	-- What arrived while no partition was there moves over; maintain() has
	-- locked the default partition, so nothing is added meanwhile.
	EXECUTE format('INSERT INTO pgtoken.%I SELECT * FROM pgtoken.%I d WHERE d.%I >= $1 AND d.%I < $2',
				   partition_name, default_name, time_column, time_column) USING lower_bound, upper_bound;
	GET DIAGNOSTICS moved = ROW_COUNT;
	IF moved > 0 THEN
		EXECUTE format('ALTER TABLE pgtoken.%I DISABLE TRIGGER append_only', default_name);
		EXECUTE format('DELETE FROM pgtoken.%I d WHERE d.%I >= $1 AND d.%I < $2', default_name, time_column, time_column)
			USING lower_bound, upper_bound;
		EXECUTE format('ALTER TABLE pgtoken.%I ENABLE ALWAYS TRIGGER append_only', default_name);
	END IF;
	EXECUTE format('ALTER TABLE pgtoken.%I ATTACH PARTITION pgtoken.%I FOR VALUES FROM (%L) TO (%L)',
				   parent, partition_name, lower_bound, upper_bound);
	EXECUTE format('COMMENT ON INDEX pgtoken.%I IS %L', partition_name || '_pkey', 'Primary key of the partition');
	EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.%I FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only()', partition_name);
	EXECUTE format('ALTER TABLE pgtoken.%I ENABLE ALWAYS TRIGGER append_only_truncate', partition_name);
	EXECUTE format('COMMENT ON TRIGGER append_only_truncate ON pgtoken.%I IS %L', partition_name, 'Refuses TRUNCATE');
	RETURN format('%s (%s rows moved in)', partition_name, moved);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_partition(name, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.create_partition(name, timestamptz) IS 'Internal, called by maintain(): makes the monthly partition of tokens or audit_events that holds this time, and moves its rows over from the default partition';

CREATE FUNCTION pgtoken.lock_partitions() RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = 0
AS $function$
BEGIN
	-- Callers of the service hold these tables in any order, so waiting for the
	-- second while holding the first can close a circle. Giving up well before
	-- anybody's deadlock check keeps 40P01 away from them.
	PERFORM set_config('lock_timeout',
					   (extract(epoch FROM current_setting('deadlock_timeout')::interval) * 500 + 1)::integer::text, true);
	FOR attempt IN 1 .. 20 LOOP
		BEGIN
			-- the parents as well: who has chosen the default partition already would not look again
			LOCK TABLE ONLY pgtoken.tokens, ONLY pgtoken.audit_events, pgtoken.tokens_default, pgtoken.audit_events_default
				IN ACCESS EXCLUSIVE MODE;
			RETURN true;
		EXCEPTION WHEN lock_not_available THEN
			PERFORM pg_sleep(0.2);
		END;
	END LOOP;
	RETURN false;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.lock_partitions() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.lock_partitions() IS 'Internal, called by maintain(): locks the partitioned tables without ever being part of a deadlock; false when several attempts failed';

CREATE FUNCTION pgtoken.missing_partitions(parent name) RETURNS SETOF timestamptz
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
BEGIN
	-- this month, the next two, and any month whose rows lie in the default partition
	RETURN QUERY EXECUTE format(
		'SELECT w.m
		 FROM (SELECT generate_series(date_trunc(''month'', now()), now() + interval ''2 months'', interval ''1 month'')
			   UNION SELECT date_trunc(''month'', d.%I) FROM pgtoken.%I d) w (m)
		 WHERE to_regclass(format(''pgtoken.%%I'', %L || ''_p'' || to_char(w.m, ''YYYY_MM''))) IS NULL
		 ORDER BY w.m',
		CASE parent WHEN 'tokens' THEN 'issued_at' ELSE 'occurred_at' END, parent || '_default', parent);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.missing_partitions(name) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.missing_partitions(name) IS 'Internal, called by maintain(): the months for which tokens or audit_events needs a partition';

CREATE FUNCTION pgtoken.outdated_partitions(parent name) RETURNS SETOF name
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	retention CONSTANT interval := current_setting(CASE parent WHEN 'tokens' THEN 'pgtoken.lineage_retention'
															  ELSE 'pgtoken.audit_retention' END)::interval;
	oldest_needed timestamptz := now() - retention;
BEGIN
	IF retention = '0' THEN
		RETURN;
	END IF;
	IF parent = 'tokens' THEN
		-- The hash of a consumed token is needed for as long as its family
		-- lives: without it a replay would be unknown instead of reuse.
		oldest_needed := least(oldest_needed, (SELECT min(g.created_at) FROM pgtoken.grants g
											   WHERE g.revoked_at IS NULL AND g.expires_at > now()));
	END IF;
	RETURN QUERY
		SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = format('pgtoken.%I', parent)::regclass
		  AND c.relname ~ '_p[0-9]{4}_[0-9]{2}$'
		  AND to_timestamp(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= oldest_needed
		ORDER BY c.relname;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.outdated_partitions(name) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.outdated_partitions(name) IS 'Internal, called by maintain(): partitions of tokens or audit_events that retention lets go';

CREATE FUNCTION pgtoken.maintain() RETURNS TABLE (step text, detail text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	parents CONSTANT name[] := ARRAY['tokens', 'audit_events'];
	parent name;
	month timestamptz;
	key_lifetime interval;
	key_overlap interval;
	key record;
	table_name name;
	of_table text;
	ended text;
	forgotten bigint;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	LOCK TABLE pgtoken.config_epoch IN SHARE ROW EXCLUSIVE MODE;	-- one maintain() at a time
	key_lifetime := current_setting('pgtoken.signing_key_lifetime')::interval;
	key_overlap := current_setting('pgtoken.signing_key_overlap')::interval;

	FOR key IN SELECT k.kid FROM pgtoken.signing_keys k WHERE k.state = 'retiring' AND k.retires_at <= now() ORDER BY k.kid LOOP
		PERFORM pgtoken.retire_signing_key(key.kid, 'end of life');
		step := 'signing key retired';
		detail := key.kid;
		RETURN NEXT;
	END LOOP;
	IF key_lifetime > '0' THEN
		FOR key IN
			SELECT a.issuer, a.alg, a.activated_at, p.kid AS pending_kid, p.created_at AS pending_since
			FROM pgtoken.signing_keys a
			LEFT JOIN pgtoken.signing_keys p ON p.issuer = a.issuer AND p.alg = a.alg AND p.state = 'pending'
			WHERE a.state = 'active' AND a.activated_at + key_lifetime - key_overlap <= now()
			ORDER BY a.issuer, a.alg LOOP
			IF key.pending_kid IS NULL THEN
				step := 'signing key created';
				detail := pgtoken.create_signing_key(key.alg, key.issuer);
				RETURN NEXT;
			ELSIF key.activated_at + key_lifetime <= now() AND key.pending_since + key_overlap <= now() THEN
				step := 'signing key rotated';
				detail := pgtoken.rotate_signing_key(key.alg, key.issuer);
				RETURN NEXT;
			END IF;
		END LOOP;
	END IF;

	DELETE FROM pgtoken.blacklist b WHERE b.expires_at < now() - interval '1 hour';
	GET DIAGNOSTICS forgotten = ROW_COUNT;
	IF forgotten > 0 THEN
		step := 'blacklist rows forgotten';
		detail := forgotten;
		RETURN NEXT;
	END IF;

	-- A code is remembered for a day, so that its second use is known as one. At
	-- most a million of each: what traffic leaves behind must not make one endless
	-- transaction, and what is left over is refused all the same.
	FOR table_name, of_table, ended IN
		VALUES ('authorization_requests'::name, 'authorization requests', 'expires_at < now()'),
			   ('authorization_codes', 'authorization codes', 'expires_at < now() - interval ''1 day'''),
			   ('device_codes', 'device codes', 'expires_at < now() - interval ''1 day'''),
			   ('challenges', 'challenges', 'expires_at < now() - interval ''1 day'''),
			   ('challenge_codes', 'challenge codes', 'expires_at < now()'),
			   ('user_code_attempts', 'user code attempts', 'window_start < now() - interval ''1 day'''),
			   ('replay_ids', 'replay ids', 'expires_at < now() - interval ''1 minute'''),
			   -- no family lives longer
			   ('subject_not_before', 'not_before times of subjects', 'not_before < now() - interval ''10 years''') LOOP
		EXECUTE format('DELETE FROM pgtoken.%I WHERE ctid = ANY (ARRAY(SELECT ctid FROM pgtoken.%I WHERE %s LIMIT 1000000 FOR UPDATE SKIP LOCKED))',
					   table_name, table_name, ended);
		GET DIAGNOSTICS forgotten = ROW_COUNT;
		IF forgotten > 0 THEN
			step := of_table || ' forgotten';
			detail := forgotten;
			RETURN NEXT;
		END IF;
	END LOOP;

	IF NOT EXISTS (SELECT FROM unnest(parents) p, pgtoken.missing_partitions(p))
	   AND NOT EXISTS (SELECT FROM unnest(parents) p, pgtoken.outdated_partitions(p)) THEN
		RETURN;
	END IF;
	IF NOT pgtoken.lock_partitions() THEN
		step := 'partitions postponed';
		detail := 'a transaction that has written tokens or audit events stays open';
		RETURN NEXT;
		RETURN;
	END IF;
	FOREACH parent IN ARRAY parents LOOP
		FOREACH month IN ARRAY ARRAY(SELECT pgtoken.missing_partitions(parent)) LOOP
			step := 'partition created';
			detail := pgtoken.create_partition(parent, month);
			RETURN NEXT;
		END LOOP;
		step := 'partition dropped';
		FOREACH detail IN ARRAY ARRAY(SELECT pgtoken.outdated_partitions(parent)) LOOP
			EXECUTE format('DROP TABLE pgtoken.%I', detail);
			PERFORM pgtoken.write_audit_event('partition.dropped', jsonb_build_object('partition', detail));
			RETURN NEXT;
		END LOOP;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.maintain() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.maintain() IS
'Keep the service in order; to be run daily, at any time, also several at once: makes the partitions of this and the next two months, drops partitions older than pgtoken.lineage_retention and pgtoken.audit_retention (lineage never while a family it belongs to lives), forgets ended blacklist rows, and of requests, codes, challenges, wrong user codes, used jti values and not_before times of subjects that are over at most a million of each, and gives signing keys their life by pgtoken.signing_key_lifetime, pgtoken.signing_key_overlap and pgtoken.signing_key_retiring_period. Returns what it did. Making or dropping partitions waits for open transactions that have written tokens, in short attempts, some 15 seconds in all; then they are postponed to the next call, which the result says.';

CREATE FUNCTION pgtoken.health() RETURNS TABLE (check_name text, ok boolean, detail text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	n bigint;
	names text;
BEGIN
	check_name := 'library version';
	SELECT e.extversion INTO names FROM pg_extension e WHERE e.extname = 'pgtoken';
	ok := names = pgtoken.library_version();
	detail := CASE WHEN ok THEN names
				   ELSE format('library %s, extension %s: ALTER EXTENSION pgtoken UPDATE', pgtoken.library_version(), names) END;
	RETURN NEXT;

	check_name := 'issuer';
	SELECT count(*) INTO n FROM pgtoken.issuers;
	ok := n > 0;
	detail := CASE WHEN ok THEN format('%s issuer(s)', n) ELSE 'none: SELECT pgtoken.create_issuer(...)' END;
	RETURN NEXT;

	check_name := 'active signing keys';
	SELECT string_agg(DISTINCT format('%s for %s', w.alg, w.issuer), ', ') INTO names
	FROM (SELECT i.issuer, i.default_alg AS alg FROM pgtoken.issuers i
		  UNION SELECT c.issuer, c.signing_alg FROM pgtoken.clients c WHERE c.enabled AND c.signing_alg IS NOT NULL) w
	WHERE NOT EXISTS (SELECT FROM pgtoken.signing_keys k WHERE k.issuer = w.issuer AND k.alg = w.alg AND k.state = 'active');
	ok := names IS NULL AND n > 0;
	detail := CASE WHEN ok THEN 'every issuer and client can sign' WHEN n = 0 THEN 'there is no issuer to sign for' ELSE 'missing: ' || names || ': SELECT pgtoken.create_signing_key(...)' END;
	RETURN NEXT;

	check_name := 'root key';
	names := pgtoken.root_key_status();
	ok := names = 'ok';
	detail := CASE names WHEN 'ok' THEN 'pgtoken.root_key_file opens all wrapped key material'
						 WHEN 'unset' THEN 'pgtoken.root_key_file is not set: private keys and peppers lie unwrapped in the database and its backups'
						 ELSE names END;
	RETURN NEXT;

	check_name := 'key material wrapped';
	SELECT (SELECT count(*) FROM pgtoken.key_material m WHERE NOT m.wrapped)
		   + (SELECT count(*) FROM pgtoken.factors f WHERE f.secret IS NOT NULL AND NOT f.wrapped) INTO n;
	ok := n = 0;
	detail := CASE WHEN ok THEN 'all' ELSE format('%s piece(s) unwrapped: set pgtoken.root_key_file, then SELECT pgtoken.rewrap_keys()', n) END;
	RETURN NEXT;

	check_name := 'signing keys by policy';
	SELECT string_agg(k.kid, ', ') INTO names FROM pgtoken.signing_keys k
	WHERE (k.state = 'retiring' AND k.retires_at < now() - interval '2 days')
	   OR (k.state = 'active' AND current_setting('pgtoken.signing_key_lifetime')::interval > '0'
		   AND k.activated_at + current_setting('pgtoken.signing_key_lifetime')::interval + current_setting('pgtoken.signing_key_overlap')::interval < now() - interval '2 days');
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'none overdue' ELSE 'overdue: ' || names || ': SELECT * FROM pgtoken.maintain()' END;
	RETURN NEXT;

	check_name := 'partitions ahead';
	SELECT string_agg(format('%s_p%s', p, to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM')), ', ') INTO names
	FROM unnest(ARRAY['tokens', 'audit_events']) p
	WHERE to_regclass(format('pgtoken.%s_p%s', p, to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM'))) IS NULL;
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'next month is there' ELSE 'missing: ' || names || ': SELECT * FROM pgtoken.maintain()' END;
	RETURN NEXT;

	check_name := 'default partitions empty';
	SELECT string_agg(p, ', ') INTO names
	FROM (SELECT 'tokens_default' WHERE EXISTS (SELECT FROM pgtoken.tokens_default)
		  UNION ALL SELECT 'audit_events_default' WHERE EXISTS (SELECT FROM pgtoken.audit_events_default)) d (p);
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'yes' ELSE 'rows in ' || names || ': SELECT * FROM pgtoken.maintain()' END;
	RETURN NEXT;

	check_name := 'durable rotation';
	ok := current_setting('fsync')::boolean AND (current_setting('pgtoken.durable_rotation')::boolean OR current_setting('synchronous_commit') <> 'off');
	detail := CASE WHEN ok THEN 'an answered rotation survives a crash'
				   ELSE 'fsync or pgtoken.durable_rotation is off: a crash can undo an answered rotation or revocation' END;
	RETURN NEXT;

	IF pg_is_in_recovery() THEN
		check_name := 'replay lag';
		SELECT s.setting::bigint INTO n FROM pg_settings s WHERE s.name = 'pgtoken.max_replay_lag';
		names := coalesce('current ' || pgtoken.replay_lag()::text || ' ago', 'not known to be current');
		ok := n = 0 OR coalesce(pgtoken.replay_lag() <= n * interval '1 millisecond', false);
		detail := CASE WHEN n = 0 THEN names || '; pgtoken.max_replay_lag is 0: a revoked token holds here until the revocation is replayed, however late that is'
					   WHEN ok THEN names
					   ELSE names || ', which pgtoken.max_replay_lag does not allow: tokens are not verified here' END;
		-- an idle primary is heard of when it is asked, after half of that timeout
		IF ok AND n > 0 AND EXISTS (SELECT FROM pg_settings s WHERE s.name = 'wal_receiver_timeout' AND s.setting::bigint NOT BETWEEN 1 AND n) THEN
			ok := false;
			detail := 'wal_receiver_timeout is 0 or longer than pgtoken.max_replay_lag: an idle primary will be taken for one that is gone';
		END IF;
		RETURN NEXT;
	END IF;

	check_name := 'statement logging';
	ok := current_setting('log_statement') NOT IN ('all', 'mod')
		  AND current_setting('log_min_duration_statement') = '-1' AND current_setting('log_min_duration_sample') = '-1'
		  AND current_setting('log_parameter_max_length_on_error') = '0';
	detail := CASE WHEN ok THEN 'statements of calls that succeed are not logged; one that raises an error is, at log_min_error_statement, so pass tokens as bind parameters'
				   ELSE 'log_statement, log_min_duration_statement, log_min_duration_sample or log_parameter_max_length_on_error lets tokens and secrets that callers pass into the server log' END;
	RETURN NEXT;

	check_name := 'http authenticator';
	SELECT CASE WHEN r.rolsuper THEN 'is a superuser'
				WHEN r.rolbypassrls THEN 'bypasses row security'
				WHEN pg_has_role(r.oid, 'pgtoken_admin', 'MEMBER') THEN 'is a member of pgtoken_admin'
				WHEN pg_has_role(r.oid, 'pgtoken_issuer', 'MEMBER') THEN 'is a member of pgtoken_issuer'
				ELSE '' END INTO names
	FROM pg_roles r WHERE r.rolname = current_setting('pgtoken.http_authenticator');
	ok := coalesce(names, '') = '';
	detail := CASE WHEN names IS NULL THEN format('there is no role %I (pgtoken.http_authenticator)', current_setting('pgtoken.http_authenticator'))
				   WHEN ok THEN format('%I can reach no more than the HTTP endpoints', current_setting('pgtoken.http_authenticator'))
				   ELSE format('%I %s, be it through the roles it can change to: whoever breaks into the HTTP layer has that, too', current_setting('pgtoken.http_authenticator'), names) END;
	RETURN NEXT;

	check_name := 'authentication policies';
	SELECT string_agg(w.what, '; ' ORDER BY w.what) INTO names
	FROM (SELECT format('no step-up at %s reaches an acr of those that %s requires (%s)', r.issuer, r.resource, array_to_string(r.required_acr, ', ')) AS what
		  FROM pgtoken.resources r JOIN pgtoken.issuers i ON i.issuer = r.issuer
		  WHERE r.enabled AND r.on_insufficient = 'require' AND cardinality(r.required_acr) > 0
			AND NOT EXISTS (SELECT FROM unnest(r.required_acr) a
							JOIN unnest(array_cat(ARRAY['mfa', 'phr'], ARRAY(SELECT f.value FROM jsonb_each_text(i.factor_acr) f))) reached ON
								 reached = a OR array_position(i.acr_levels, reached) >= array_position(i.acr_levels, a))
		  UNION ALL
		  SELECT format('webauthn factors of %s cannot be used: it has no webauthn_rp_id', i.issuer)
		  FROM pgtoken.issuers i
		  WHERE i.webauthn_rp_id IS NULL AND EXISTS (SELECT FROM pgtoken.factors f WHERE f.issuer = i.issuer AND f.factor_type = 'webauthn')) w;
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'what resources require can be reached' ELSE names || ': see pgtoken.update_issuer and update_resource' END;
	RETURN NEXT;

	check_name := 'user-supplied functions';
	SELECT string_agg(CASE WHEN p.oid IS NULL THEN f.name || ' of ' || f.issuer || ' is missing, or takes or returns something else'
						   ELSE f.name || ' of ' || f.issuer || ' is owned by a superuser and runs as one' END, '; ' ORDER BY f.issuer, f.name) INTO names
	FROM (SELECT i.issuer, i.claims_function, i.claims_function || '(text, text, text[], text)' FROM pgtoken.issuers i WHERE i.claims_function IS NOT NULL
		  UNION ALL
		  SELECT i.issuer, i.password_verifier, i.password_verifier || '(text, text, text)' FROM pgtoken.issuers i WHERE i.password_verifier IS NOT NULL
		  UNION
		  SELECT p.issuer, r ->> 'function', (r ->> 'function') || '(jsonb, jsonb, jsonb)' FROM pgtoken.policies p, jsonb_array_elements(p.rules) r
		  WHERE p.state IN ('active', 'shadow') AND r ? 'function'
		 ) f (issuer, name, signature)
	LEFT JOIN pg_proc p ON p.oid = to_regprocedure(f.signature) AND p.prorettype = 'jsonb'::regtype AND NOT p.proretset AND p.prokind = 'f'
	LEFT JOIN pg_roles o ON o.oid = p.proowner
	WHERE p.oid IS NULL OR o.rolsuper;
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'each is there and owned by no superuser' ELSE names || ': see pgtoken.update_issuer and pgtoken.create_policy' END;
	RETURN NEXT;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.health() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.health() IS 'What an operator should fix: one row per check, ok false where something is to be done, detail saying what';
