-- Partitions: what needs time is done before the lock that everybody waits for.

CREATE FUNCTION pgtoken.make_partition(parent name, partition_name name) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	key_columns CONSTANT text := CASE parent WHEN 'tokens' THEN 'grant_id, generation, retry, issued_at' ELSE 'grant_id, event_id, occurred_at' END;
	grantee text;
BEGIN
	EXECUTE format('CREATE TABLE pgtoken.%I (LIKE pgtoken.%I INCLUDING DEFAULTS INCLUDING STORAGE, CONSTRAINT %I PRIMARY KEY (%s))',
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
	EXECUTE format('COMMENT ON INDEX pgtoken.%I IS %L', partition_name || '_pkey', 'Primary key of the partition');
	-- LIKE does not copy what is not to be sampled
	EXECUTE (SELECT format('ALTER TABLE pgtoken.%I %s', partition_name, string_agg(format('ALTER COLUMN %I SET STATISTICS 0', a.attname), ', '))
			 FROM pg_attribute a WHERE a.attrelid = format('pgtoken.%I', parent)::regclass AND a.attnum > 0 AND a.attstattarget = 0);
	IF parent = 'audit_events' THEN
		EXECUTE format('CREATE INDEX %I ON pgtoken.%I (occurred_at)', partition_name || '_occurred_at', partition_name);
		EXECUTE format('COMMENT ON INDEX pgtoken.%I IS %L', partition_name || '_occurred_at', 'Events by time');
		EXECUTE format('CREATE INDEX %I ON pgtoken.%I (client_id, occurred_at)', partition_name || '_client_id', partition_name);
		EXECUTE format('COMMENT ON INDEX pgtoken.%I IS %L', partition_name || '_client_id', 'Events of a client by time');
		EXECUTE format($$CREATE INDEX %I ON pgtoken.%I (subject, occurred_at) WHERE event <> 'token.refreshed' AND event <> 'token.retried'$$,
					   partition_name || '_subject', partition_name);
		EXECUTE format('COMMENT ON INDEX pgtoken.%I IS %L', partition_name || '_subject', 'Events of a subject by time, without its refreshes');
	END IF;
	EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.%I FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only()', partition_name);
	EXECUTE format('ALTER TABLE pgtoken.%I ENABLE ALWAYS TRIGGER append_only_truncate', partition_name);
	EXECUTE format('COMMENT ON TRIGGER append_only_truncate ON pgtoken.%I IS %L', partition_name, 'Refuses TRUNCATE');
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.make_partition(name, name) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.make_partition(name, name) IS 'Internal, called by maintain(): makes a table like tokens or audit_events, which is no partition of it yet';

CREATE FUNCTION pgtoken.attach_partition(parent name, partition_name name, month timestamptz) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	time_column CONSTANT name := CASE parent WHEN 'tokens' THEN 'issued_at' ELSE 'occurred_at' END;
	upper_bound CONSTANT timestamptz := month + interval '1 month';
	default_name CONSTANT name := parent || '_default';
	moved bigint;
BEGIN
	-- What arrived while no partition was there moves over; maintain() has
	-- locked the default partition, so nothing is added meanwhile.
	EXECUTE format('INSERT INTO pgtoken.%I SELECT * FROM pgtoken.%I d WHERE d.%I >= $1 AND d.%I < $2',
				   partition_name, default_name, time_column, time_column) USING month, upper_bound;
	GET DIAGNOSTICS moved = ROW_COUNT;
	IF moved > 0 THEN
		EXECUTE format('ALTER TABLE pgtoken.%I DISABLE TRIGGER append_only', default_name);
		EXECUTE format('DELETE FROM pgtoken.%I d WHERE d.%I >= $1 AND d.%I < $2', default_name, time_column, time_column)
			USING month, upper_bound;
		EXECUTE format('ALTER TABLE pgtoken.%I ENABLE ALWAYS TRIGGER append_only', default_name);
	END IF;
	EXECUTE format('ALTER TABLE pgtoken.%I ATTACH PARTITION pgtoken.%I FOR VALUES FROM (%L) TO (%L)',
				   parent, partition_name, month, upper_bound);
	RETURN moved;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.attach_partition(name, name, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.attach_partition(name, name, timestamptz) IS 'Internal, called by maintain() with the tables locked: makes a table the partition of this month, and moves its rows over from the default partition; returns how many';

CREATE FUNCTION pgtoken.evidence_rows(partition_name name, month timestamptz) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
	-- a look for each family, not a scan of the partition
	SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $function$
DECLARE
	n bigint;
BEGIN
	-- families that began later have no row in it; the id of one that came by a code is older than the family
	EXECUTE format('SELECT count(*) FROM pgtoken.reused_families r JOIN pgtoken.%I t ON t.grant_id = r.grant_id WHERE r.grant_id < %L',
				   partition_name, pgtoken.first_uuid(month + interval '1 month 1 day')) INTO n;
	RETURN n;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.evidence_rows(name, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.evidence_rows(name, timestamptz) IS 'Internal, called by maintain(): how many rows the partition of this month has of reused families';

CREATE FUNCTION pgtoken.keep_evidence(parent name, of_partition name, partition_name name, month timestamptz) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
	-- a look for each family, not a scan of the partition
	SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $function$
DECLARE
	time_column CONSTANT name := CASE parent WHEN 'tokens' THEN 'issued_at' ELSE 'occurred_at' END;
	families CONSTANT text := format('FROM pgtoken.reused_families r JOIN pgtoken.%I t ON t.grant_id = r.grant_id WHERE r.grant_id < %L',
									 of_partition, pgtoken.first_uuid(month + interval '1 month 1 day'));
	kept bigint := 0;
BEGIN
	IF pgtoken.evidence_rows(of_partition, month) > 0 THEN
		PERFORM pgtoken.make_partition(parent, partition_name);
		EXECUTE format('INSERT INTO pgtoken.%I SELECT t.* %s', partition_name, families);
		GET DIAGNOSTICS kept = ROW_COUNT;
		-- so that nothing has to be read when it is attached
		EXECUTE format('ALTER TABLE pgtoken.%I ADD CONSTRAINT month CHECK (%I >= %L AND %I < %L)',
					   partition_name, time_column, month, time_column, month + interval '1 month');
		EXECUTE format('COMMENT ON TABLE pgtoken.%I IS %L', partition_name,
					   format('Partition of pgtoken.%s: what is left of a month whose rows are gone, those of reused families', parent));
	END IF;
	RETURN kept;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.keep_evidence(name, name, name, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.keep_evidence(name, name, name, timestamptz) IS 'Internal, called by maintain(): copies what an old partition has of reused families to a table that will take its place, if there is any; returns the number of rows';

CREATE FUNCTION pgtoken.rename_partition(parent name, partition_name name, to_name name) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	index_name name;
BEGIN
	EXECUTE format('ALTER TABLE pgtoken.%I RENAME TO %I', partition_name, to_name);
	FOR index_name IN SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
					  WHERE i.indrelid = format('pgtoken.%I', to_name)::regclass AND starts_with(c.relname, partition_name) LOOP
		EXECUTE format('ALTER INDEX pgtoken.%I RENAME TO %I', index_name, to_name || substr(index_name, length(partition_name) + 1));
	END LOOP;
	EXECUTE format('COMMENT ON TABLE pgtoken.%I IS %L', to_name, format('Partition of pgtoken.%s, made by maintain()', parent));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.rename_partition(name, name, name) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.rename_partition(name, name, name) IS 'Internal, called by maintain(): makes what holds the evidence of a month its ordinary partition again, its indexes included';

CREATE FUNCTION pgtoken.lock_tables(tables text[]) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = 0
AS $function$
DECLARE
	deadlock_timeout CONSTANT text := current_setting('deadlock_timeout');
	patience CONSTANT integer := least(100, extract(epoch FROM deadlock_timeout::interval) * 500 + 1);
BEGIN
	-- Whoever comes while we wait waits behind us: so not for long, with time for
	-- them in between. Callers of the service hold these tables in any order, so
	-- waiting for the second while holding the first can close a circle. Looking
	-- for it first, and giving up well before anybody else looks, keeps 40P01 away
	-- from them; it also sends an autovacuum away that holds an old partition.
	FOR attempt IN 1 .. 50 LOOP
		BEGIN
			PERFORM set_config('lock_timeout', patience::text, true), set_config('deadlock_timeout', (patience / 2 + 1)::text, true);
			EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', array_to_string(tables, ', '));
			PERFORM set_config('deadlock_timeout', deadlock_timeout, true);
			RETURN true;
		EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
			PERFORM pg_sleep(0.2);
		END;
	END LOOP;
	RETURN false;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.lock_tables(text[]) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.lock_tables(text[]) IS 'Internal, called by maintain(): locks tables, in this order, without ever being part of a deadlock; each of 50 attempts holds up others for a tenth of a second per table at the most. false when all have failed';

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

CREATE FUNCTION pgtoken.oldest_living_family(before uuid) RETURNS uuid
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off
BEGIN ATOMIC
	-- along the key, which is the order of creation: ends at the first that lives
	SELECT g.grant_id FROM pgtoken.grants g
	WHERE g.grant_id < before AND g.revoked_at IS NULL AND g.expires_at > now()
	ORDER BY g.grant_id LIMIT 1;
END;
REVOKE ALL ON FUNCTION pgtoken.oldest_living_family(uuid) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.oldest_living_family(uuid) IS 'Internal, called by maintain(): the oldest living family among those with an id before this one; NULL: none lives';

CREATE FUNCTION pgtoken.outdated_partitions(parent name) RETURNS TABLE (partition_name name, month timestamptz, evidence boolean)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	retention CONSTANT interval := pgtoken.retention(CASE parent WHEN 'tokens' THEN 'lineage_retention' ELSE 'audit_retention' END);
	newest timestamptz;
	oldest_living uuid;
	p record;
BEGIN
	IF retention IS NULL THEN
		RETURN;
	END IF;
	FOR p IN
		SELECT c.relname, to_timestamp(right(c.relname, 7), 'YYYY_MM') AS month, c.relname ~ '_reuse_[0-9]{4}_[0-9]{2}$' AS evidence
		FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = format('pgtoken.%I', parent)::regclass AND c.relname ~ '_(p|reuse_)[0-9]{4}_[0-9]{2}$'
		ORDER BY 2 DESC LOOP
		CONTINUE WHEN p.month + interval '1 month' > now() - retention;
		-- for as long as one of its families is known as reused, however old the rows are
		CONTINUE WHEN p.evidence AND pgtoken.evidence_rows(p.relname, p.month) > 0;
		IF parent = 'tokens' AND newest IS NULL THEN
			-- The hash of a consumed token is needed for as long as its family
			-- lives: without it a replay would be unknown instead of reuse. A day
			-- more: no clock is that wrong.
			newest := p.month;
			oldest_living := pgtoken.oldest_living_family(pgtoken.first_uuid(newest + interval '1 month 1 day'));
		END IF;
		CONTINUE WHEN oldest_living < pgtoken.first_uuid(p.month + interval '1 month 1 day');
		partition_name := p.relname;
		month := p.month;
		evidence := p.evidence;
		RETURN NEXT;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.outdated_partitions(name) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.outdated_partitions(name) IS 'Internal, called by maintain(): partitions of tokens or audit_events that retention lets go, those that hold evidence of reuse among them';

CREATE FUNCTION pgtoken.maintain_partitions(parents name[] DEFAULT '{tokens,audit_events}', most integer DEFAULT 24) RETURNS TABLE (step text, detail text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	caller CONSTANT text := current_setting('application_name');
	plan jsonb[] := '{}';	-- what is to be done, in order
	tables text[] := '{}';	-- what has to be locked for it
	parent name;
	month timestamptz;
	old record;
	item jsonb;
	made name;
	evidence name;
	kept bigint;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	IF parents <@ '{tokens,audit_events}' IS NOT TRUE THEN
		RAISE EXCEPTION 'only tokens and audit_events are partitioned' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM pgtoken.check_clock();
	parents := ARRAY(SELECT p FROM unnest('{tokens,audit_events}'::name[]) p WHERE p = ANY (parents));	-- each once
	PERFORM FROM pgtoken.maintenance m WHERE m.task = 'partitions' FOR UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		step := 'skipped';
		detail := 'partitions: another session is at it';
		RAISE NOTICE '%: %', step, detail;
		RETURN NEXT;
		RETURN;
	END IF;
	UPDATE pgtoken.maintenance m SET updated_at = now() WHERE m.task = 'partitions';
	PERFORM set_config('application_name', 'pgtoken maintenance: partitions', true);
	FOREACH parent IN ARRAY parents LOOP
		FOR month IN SELECT pgtoken.missing_partitions(parent) LOOP
			made := format('%s_p%s', parent, to_char(month, 'YYYY_MM'));
			evidence := format('%s_reuse_%s', parent, to_char(month, 'YYYY_MM'));
			IF to_regclass(format('pgtoken.%I', evidence)) IS NOT NULL THEN
				-- dropped too early, by a clock that was ahead: what is left of it takes the month's rows again
				plan := array_append(plan, jsonb_build_object('parent', parent, 'month', month, 'evidence', evidence, 'renamed', made));
				tables := tables || format('pgtoken.%I', evidence);
			ELSE
				PERFORM pgtoken.make_partition(parent, made);
				plan := array_append(plan, jsonb_build_object('parent', parent, 'month', month, 'made', made));
			END IF;
		END LOOP;
		FOR old IN SELECT o.* FROM pgtoken.outdated_partitions(parent) o ORDER BY o.month LIMIT greatest(most - cardinality(plan), 0) LOOP
			made := format('%s_reuse_%s', parent, to_char(old.month, 'YYYY_MM'));
			kept := 0;
			IF NOT old.evidence THEN
				kept := pgtoken.keep_evidence(parent, old.partition_name, made, old.month);
			END IF;
			plan := array_append(plan, jsonb_build_object('parent', parent, 'month', old.month, 'old', old.partition_name, 'kept', kept,
														  'made', CASE WHEN kept > 0 THEN made END));
			tables := tables || format('pgtoken.%I', old.partition_name);
		END LOOP;
	END LOOP;
	IF cardinality(plan) = 0 THEN
		PERFORM set_config('application_name', caller, true);
		RETURN;
	END IF;
	FOREACH parent IN ARRAY parents LOOP
		IF EXISTS (SELECT FROM unnest(plan) i WHERE i ->> 'parent' = parent) THEN
			-- the parent as well: who has chosen the default partition already would not look again
			tables := tables || format('ONLY pgtoken.%I', parent) || format('pgtoken.%I', parent || '_default');
		END IF;
	END LOOP;

	IF NOT pgtoken.lock_tables(tables) THEN
		FOREACH item IN ARRAY plan LOOP
			IF item ->> 'made' IS NOT NULL THEN
				EXECUTE format('DROP TABLE pgtoken.%I', item ->> 'made');
			END IF;
		END LOOP;
		PERFORM set_config('application_name', caller, true);
		step := 'partitions postponed';
		detail := 'a transaction that has written tokens or audit events stays open';
		RAISE NOTICE '%: %', step, detail;
		RETURN NEXT;
		RETURN;
	END IF;
	PERFORM set_config('application_name', caller, true);
	FOREACH item IN ARRAY plan LOOP
		parent := item ->> 'parent';
		month := item ->> 'month';
		IF item ? 'old' AND pgtoken.evidence_rows((item ->> 'old')::name, month) <> (item ->> 'kept')::bigint THEN
			-- one that was seen while we waited for the lock: its rows are not copied
			IF item ->> 'made' IS NOT NULL THEN
				EXECUTE format('DROP TABLE pgtoken.%I', item ->> 'made');
			END IF;
			step := 'partition postponed';
			detail := format('%s: a family of it has been reused meanwhile', item ->> 'old');
		ELSIF item ? 'old' THEN
			EXECUTE format('DROP TABLE pgtoken.%I', item ->> 'old');
			step := 'partition dropped';
			detail := item ->> 'old';
			IF item ->> 'made' IS NOT NULL THEN
				PERFORM pgtoken.attach_partition(parent, (item ->> 'made')::name, month);
				EXECUTE format('ALTER TABLE pgtoken.%I DROP CONSTRAINT month', item ->> 'made');
				detail := format('%s (%s rows of reused families kept)', item ->> 'old', item ->> 'kept');
			END IF;
			PERFORM pgtoken.write_audit_event('partition.dropped', jsonb_build_object('partition', item ->> 'old', 'kept', item -> 'kept'));
		ELSIF item ? 'evidence' THEN
			PERFORM pgtoken.rename_partition(parent, (item ->> 'evidence')::name, (item ->> 'renamed')::name);
			step := 'partition created';
			detail := format('%s (was %s)', item ->> 'renamed', item ->> 'evidence');
		ELSE
			step := 'partition created';
			detail := format('%s (%s rows moved in)', item ->> 'made', pgtoken.attach_partition(parent, (item ->> 'made')::name, month));
		END IF;
		RAISE NOTICE '%: %', step, detail;
		RETURN NEXT;
	END LOOP;
	IF EXISTS (SELECT FROM unnest(plan) i WHERE NOT i ? 'old' AND (i ->> 'month')::timestamptz < date_trunc('month', now())) THEN
		-- late: what has lain in the default partition may be outdated by now
		RETURN QUERY SELECT p.step, p.detail FROM pgtoken.maintain_partitions(parents, most) p;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.maintain_partitions(name[], integer) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.maintain_partitions(name[], integer) IS
'A part of maintenance, for run_maintenance(): makes the partitions of tokens and audit_events (or of the one named) that are missing, and drops those that retention lets go, the oldest first, at most so many (most) in all. Of a dropped one the rows of reused families stay, in a partition of their own, for as long as one of them is in reused_families (pgtoken.reuse_retention). Returns what it did. Holds the tables to the end of the transaction, so nothing should come after it; when open transactions keep it from them, or another family is seen to be reused meanwhile, it says what it has postponed. Raises 22023 for other tables.';

CREATE FUNCTION pgtoken.maintain_keys() RETURNS TABLE (step text, detail text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	key_lifetime interval;
	key_overlap interval;
	key record;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	PERFORM pgtoken.check_clock();
	PERFORM FROM pgtoken.maintenance m WHERE m.task = 'signing keys' FOR UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		step := 'skipped';
		detail := 'signing keys: another session is at it';
		RAISE NOTICE '%: %', step, detail;
		RETURN NEXT;
		RETURN;
	END IF;
	UPDATE pgtoken.maintenance m SET updated_at = now() WHERE m.task = 'signing keys';
	key_lifetime := current_setting('pgtoken.signing_key_lifetime')::interval;
	key_overlap := greatest(current_setting('pgtoken.signing_key_overlap')::interval, current_setting('pgtoken.signing_key_lead_time')::interval);
	FOR key IN SELECT k.kid FROM pgtoken.signing_keys k WHERE k.state = 'retiring' AND k.retires_at <= now() ORDER BY k.kid LOOP
		PERFORM pgtoken.retire_signing_key(key.kid, 'end of life');
		step := 'signing key retired';
		detail := key.kid;
		RAISE NOTICE '%: %', step, detail;
		RETURN NEXT;
	END LOOP;
	IF key_lifetime = '0' THEN
		RETURN;
	END IF;
	FOR key IN
		SELECT a.issuer, a.alg, a.activated_at, p.kid AS pending_kid, p.created_at AS pending_since
		FROM pgtoken.signing_keys a
		LEFT JOIN pgtoken.signing_keys p ON p.issuer = a.issuer AND p.alg = a.alg AND p.state = 'pending'
		WHERE a.state = 'active' AND a.activated_at + key_lifetime - key_overlap <= now()
		ORDER BY a.issuer, a.alg LOOP
		IF key.pending_kid IS NULL THEN
			step := 'signing key created';
			detail := pgtoken.create_signing_key(key.alg, key.issuer);
			RAISE NOTICE '%: %', step, detail;
			RETURN NEXT;
		ELSIF key.activated_at + key_lifetime <= now() AND key.pending_since + key_overlap <= now()
			  AND NOT pgtoken.retiring_keys_full(key.issuer, key.alg) THEN
			step := 'signing key rotated';
			detail := pgtoken.rotate_signing_key(key.alg, key.issuer);
			RAISE NOTICE '%: %', step, detail;
			RETURN NEXT;
		END IF;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.maintain_keys() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.maintain_keys() IS 'A part of maintenance, for run_maintenance(): gives signing keys their life by pgtoken.signing_key_lifetime, pgtoken.signing_key_overlap and pgtoken.signing_key_retiring_period. Returns what it did';

CREATE FUNCTION pgtoken.maintain(accept_clock boolean DEFAULT false) RETURNS TABLE (step text, detail text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	task text;
BEGIN
	PERFORM pgtoken.check_clock(accept_clock IS TRUE);
	RETURN QUERY SELECT k.step, k.detail FROM pgtoken.maintain_keys() k;
	FOREACH task IN ARRAY pgtoken.purged_tables() LOOP
		RETURN QUERY SELECT b.step, b.detail FROM pgtoken.purge_batch(task, 1000000, late => true) b WHERE b.step IS NOT NULL;
	END LOOP;
	-- last: everybody waits from here to the end of the transaction
	RETURN QUERY SELECT p.step, p.detail FROM pgtoken.maintain_partitions() p;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.maintain(boolean) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.maintain(boolean) IS
'Keep the service in order; to be run daily, at any time, also several at once (one leaves to the other what it is at). Gives signing keys their life; looks at no more than a million rows of each table whose rows are over one day, from where it has ended last time, and deletes those that no setting keeps (families: pgtoken.grant_retention, pgtoken.reuse_retention; codes: pgtoken.code_retention; step-up transactions: pgtoken.challenge_retention; blacklisted tokens: pgtoken.blacklist_retention); makes the partitions of this and the next two months, and drops partitions older than pgtoken.lineage_retention and pgtoken.audit_retention (lineage never while a family it belongs to lives), but for the rows of reused families, which pgtoken.reuse_retention keeps; no more than 24 partitions. Returns what it did, and tells it in a NOTICE as soon as it is done. Making or dropping partitions waits for open transactions that have written tokens, in short attempts, some 15 seconds in all; then they are postponed to the next call, which the result says. For a large backlog: CALL pgtoken.run_maintenance(). Raises 55000 when the clock may be wrong: when nothing was written for 31 days between the last run and now; accept_clock => true: it is right.';

-- Not SECURITY DEFINER and without SET, so that it can commit: each name below
-- has its schema.
CREATE PROCEDURE pgtoken.run_maintenance(batch integer DEFAULT 1000, pause interval DEFAULT NULL, accept_clock boolean DEFAULT false)
	LANGUAGE plpgsql
AS $procedure$
DECLARE
	task pg_catalog.text;
	parent pg_catalog.name;
	anew pg_catalog.bool;
	began pg_catalog.timestamptz;
	finished pg_catalog.bool;
BEGIN
	IF pgtoken.in_transaction_block() THEN
		RAISE EXCEPTION 'run_maintenance cannot run inside a transaction block'
			USING ERRCODE = 'active_sql_transaction', DETAIL = 'It commits after each step.',
				  HINT = 'Call it by itself; inside a transaction, SELECT * FROM pgtoken.maintain() does a bounded part.';
	END IF;
	IF (batch OPERATOR(pg_catalog.>=) 1 AND batch OPERATOR(pg_catalog.<=) 1000000) IS NOT TRUE THEN
		RAISE EXCEPTION 'a batch must be between 1 and 1000000 rows' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF pause OPERATOR(pg_catalog.<) '0'::pg_catalog.interval THEN
		RAISE EXCEPTION 'the pause must not be negative' USING ERRCODE = 'invalid_parameter_value', HINT = 'NULL: nine times as long as a batch takes.';
	END IF;
	PERFORM pgtoken.check_clock(accept_clock IS TRUE);
	COMMIT;
	PERFORM pgtoken.maintain_keys();
	COMMIT;
	FOREACH task IN ARRAY pgtoken.purged_tables() LOOP
		anew := true;
		LOOP
			began := pg_catalog.clock_timestamp();
			-- what a crash takes back is deleted by the next run
			PERFORM pg_catalog.set_config('synchronous_commit', 'off', true);
			SELECT b.finished INTO finished FROM pgtoken.purge_batch(task, batch, anew) b;
			COMMIT;
			anew := false;
			EXIT WHEN finished;
			PERFORM pg_catalog.set_config('application_name', pg_catalog.format('pgtoken maintenance: %s (pause)', task), true);
			IF pause IS NULL THEN
				-- a busy server, on which a batch takes long, is left alone for longer
				PERFORM pg_catalog.pg_sleep(9::pg_catalog.float8 OPERATOR(pg_catalog.*)
											pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) began));
			ELSE
				PERFORM pg_catalog.pg_sleep_for(pause);
			END IF;
			COMMIT;	-- gives the application its name back; and the next batch has a time of its own
		END LOOP;
	END LOOP;
	FOREACH parent IN ARRAY '{tokens,audit_events}'::pg_catalog.name[] LOOP
		LOOP
			-- one at a time: the tables are locked until the commit
			SELECT pg_catalog.bool_and(p.step OPERATOR(pg_catalog.~) '^partition (created|dropped)$') IS NOT TRUE INTO finished
			FROM pgtoken.maintain_partitions(ARRAY[parent], 1) p;
			COMMIT;
			EXIT WHEN finished;
		END LOOP;
	END LOOP;
END
$procedure$;
REVOKE ALL ON PROCEDURE pgtoken.run_maintenance(integer, interval, boolean) FROM PUBLIC;
COMMENT ON PROCEDURE pgtoken.run_maintenance(integer, interval, boolean) IS
'Do all that maintain() does, however much it is, in transactions of its own: each looks at so many rows (batch, 1 to 1000000) or drops one partition, and commits; between batches it sleeps (pause; NULL: nine times as long as the batch has taken, so that it works for a tenth of the time). Can be run at any time, also several at once, and be stopped at any time: what is committed stays, and the next run does the rest. Tells each step in a NOTICE, and shows what it is at as application_name in pg_stat_activity, also while it sleeps. Raises 25001 inside a transaction block, 2D000 when a function calls it, 22023 for a bad batch or a negative pause, 55000 when the clock may be wrong (accept_clock: as in maintain).';

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

	-- OpenID Connect Discovery section 3, and libraries that take nothing else until they are told
	check_name := 'RS256 for OpenID Connect';
	SELECT string_agg(DISTINCT c.issuer, ', ') INTO names FROM pgtoken.clients c
	WHERE c.enabled AND 'openid' = ANY (c.scopes)
	  AND NOT EXISTS (SELECT FROM pgtoken.signing_keys k WHERE k.issuer = c.issuer AND k.alg = 'RS256' AND k.state = 'active');
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'OpenID Connect clients can be given RS256, by signing_alg'
				   ELSE format('no key for %s: SELECT pgtoken.create_signing_key(''RS256'', ...); it costs nothing until a client has it as signing_alg', names) END;
	RETURN NEXT;

	check_name := 'authorization endpoint';
	SELECT string_agg(DISTINCT c.issuer, ', ') INTO names
	FROM pgtoken.clients c JOIN pgtoken.issuers i ON i.issuer = c.issuer
	WHERE c.enabled AND cardinality(c.redirect_uris) > 0 AND i.login_uri IS NULL;
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'every issuer whose clients have redirect URIs has a login page'
				   ELSE format('%s: clients have redirect_uris, and without login_uri there is no authorization_endpoint in the metadata, which some libraries refuse: SELECT pgtoken.update_issuer(..., login_uri => ...)', names) END;
	RETURN NEXT;

	check_name := 'root key';
	names := pgtoken.root_key_status();
	ok := names = 'ok';
	detail := CASE names WHEN 'ok' THEN 'pgtoken.root_key_file opens all wrapped key material'
						 WHEN 'unset' THEN 'pgtoken.root_key_file is not set: private keys and peppers lie unwrapped in the database and its backups, and a role with REPLICATION sees them by logical decoding'
						 ELSE names END;
	RETURN NEXT;

	check_name := 'installation';
	SELECT i.installation_id::text INTO names FROM pgtoken.installation i;
	ok := current_setting('pgtoken.installation_id') = '' OR names IS NULL OR lower(current_setting('pgtoken.installation_id')) = names;
	detail := CASE WHEN names IS NULL THEN 'it has no id before there is an issuer'
				   WHEN current_setting('pgtoken.installation_id') = '' THEN format('pgtoken.installation_id is not set, a copy of this database would sign as this one: set it to %s here, and to an id of its own wherever copies are restored', names)
				   WHEN ok THEN 'its id is the one that pgtoken.installation_id names'
				   ELSE format('this database is a copy of the installation %s, and pgtoken.installation_id is %s: it signs no tokens. SELECT pgtoken.adopt_copy(...)', names, current_setting('pgtoken.installation_id')) END;
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

	-- A rotation is dated before its commit waits; an answer that gets lost after
	-- the wait is asked for again when so much of the window is over already.
	check_name := 'retry windows';
	SELECT min(w.seconds) INTO n
	FROM (SELECT s.setting::bigint FROM pg_settings s WHERE s.name IN ('pgtoken.retry_window_bound', 'pgtoken.retry_window_confidential', 'pgtoken.retry_window_public')
		  UNION ALL SELECT extract(epoch FROM c.retry_window)::bigint FROM pgtoken.clients c WHERE c.enabled AND c.offline_access) w (seconds)
	WHERE w.seconds > 0;
	SELECT s.setting INTO names FROM pg_settings s WHERE s.name = 'wal_sender_timeout';
	ok := current_setting('synchronous_standby_names') = '' OR coalesce(names::bigint BETWEEN 1 AND n * 1000 - 1, true);
	detail := CASE WHEN current_setting('synchronous_standby_names') = '' THEN 'no commit waits for a standby'
				   WHEN ok THEN 'longer than a standby that is away can hold up a commit before it is given up'
				   ELSE format('synchronous_standby_names is set: a commit waits for a standby that is away, for %s at the least, and the shortest retry window is %s s: an answer that is lost then is retried too late, which is reuse. Raise the windows, or lower wal_sender_timeout',
							   CASE names WHEN '0' THEN 'ever (wal_sender_timeout is 0)' ELSE names || ' ms (wal_sender_timeout)' END, n) END;
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
	-- here, and in the sessions of roles that have settings of their own. auto_explain
	-- and pgaudit log what our statements bind as well, and those of whoever calls us
	SELECT string_agg(DISTINCT format('%s = %L%s', s.name, s.value, s.whose), ', ') INTO names
	FROM (VALUES ('log_statement', '^(none|ddl)$'), ('log_min_duration_statement', '^-1'), ('log_min_duration_sample', '^-1'),
				 ('log_transaction_sample_rate', '^[0.]+$'), ('log_parameter_max_length_on_error', '^0'),
				 ('debug_print_raw_parse', '^(off?|f|false|no?|0)$'), ('debug_print_parse', '^(off?|f|false|no?|0)$'),
				 ('debug_print_rewritten', '^(off?|f|false|no?|0)$'), ('debug_print_plan', '^(off?|f|false|no?|0)$'),
				 ('auto_explain.log_min_duration', '^-1'), ('pgaudit.role', '^$'),
				 -- classes without statements that call functions
				 ('pgaudit.log', '^ *((none|ddl|role|-[a-z_]+) *(, *|$))*$')) harmless (name, value)
	JOIN (SELECT p.name, p.setting, '' FROM pg_settings p
		  UNION ALL
		  SELECT split_part(c, '=', 1), substr(c, strpos(c, '=') + 1), coalesce(' of ' || r.setrole::regrole, '')
		  FROM (SELECT nullif(d.setrole, 0) AS setrole, d.setconfig FROM pg_db_role_setting d
				WHERE d.setdatabase IN (0, (SELECT b.oid FROM pg_database b WHERE b.datname = current_database()))) r, unnest(r.setconfig) c)
		 s (name, value, whose) ON s.name = lower(harmless.name) AND s.value !~* harmless.value;
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'statements of calls that succeed are not logged; one that raises an error is, at log_min_error_statement, so pass tokens as bind parameters'
				   ELSE 'lets tokens and secrets that callers pass, or keys, tokens and secrets that pgtoken''s own statements bind, into the server log: ' || names END;
	RETURN NEXT;

	check_name := 'triggers';
	SELECT string_agg(format('%s of %s', t.tgname, t.tgrelid::regclass), ', ' ORDER BY t.tgrelid::regclass::text, t.tgname) INTO names
	FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
	WHERE c.relnamespace = 'pgtoken'::regnamespace AND NOT t.tgisinternal AND t.tgenabled <> 'A';
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'audit, append-only and invalidation are on, whatever session_replication_role says'
				   ELSE 'off, or off for who sets session_replication_role: ' || names || ': ALTER TABLE ... ENABLE ALWAYS TRIGGER' END;
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
	SELECT string_agg(f.name || ' of ' || f.issuer ||
					  CASE WHEN p.oid IS NULL THEN ' is missing, or takes or returns something else'
						   WHEN o.rolsuper THEN ' is owned by a superuser and runs as one'
						   ELSE ' has no SET search_path that ends in pg_temp: whoever asks for tokens in SQL can put temporary objects, or a schema of his own, before those that it means' END,
					  '; ' ORDER BY f.issuer, f.name) INTO names
	FROM (SELECT i.issuer, i.claims_function, i.claims_function || '(text, text, text[], text)' FROM pgtoken.issuers i WHERE i.claims_function IS NOT NULL
		  UNION ALL
		  SELECT i.issuer, i.password_verifier, i.password_verifier || '(text, text, text)' FROM pgtoken.issuers i WHERE i.password_verifier IS NOT NULL
		  UNION
		  SELECT p.issuer, r ->> 'function', (r ->> 'function') || '(jsonb, jsonb, jsonb)' FROM pgtoken.policies p, jsonb_array_elements(p.rules) r
		  WHERE p.state IN ('active', 'shadow') AND r ? 'function'
		 ) f (issuer, name, signature)
	LEFT JOIN pg_proc p ON p.oid = to_regprocedure(f.signature) AND p.prorettype = 'jsonb'::regtype AND NOT p.proretset AND p.prokind = 'f'
	LEFT JOIN pg_roles o ON o.oid = p.proowner
	-- a body that is parsed already (BEGIN ATOMIC, RETURN) looks nothing up when it runs, nor does one in C
	WHERE p.oid IS NULL OR o.rolsuper
	   OR (p.prosqlbody IS NULL AND p.prolang NOT IN (SELECT l.oid FROM pg_language l WHERE l.lanname IN ('c', 'internal'))
		   AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c ~ '^search_path=(.*, )?("pg_temp"|pg_temp)$'));
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'each is there, owned by no superuser, and says where it looks for names' ELSE names || ': see pgtoken.update_issuer and pgtoken.create_policy' END;
	RETURN NEXT;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.health() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.health() IS 'What an operator should fix: one row per check, ok false where something is to be done, detail saying what';
