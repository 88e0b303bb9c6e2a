-- Partitions of the ledger and the audit by month, and the evidence of reuse that
-- outlives them. What needs time is done before the lock that everybody waits for.

CREATE TABLE pgtoken.reused_families (
	grant_id uuid NOT NULL,
	noted_at timestamptz NOT NULL,
	CONSTRAINT reused_families_pkey PRIMARY KEY (grant_id)
);
COMMENT ON TABLE pgtoken.reused_families IS 'Families of which a refresh token or an authorization code was used again: their ledger and audit rows outlive the partitions they were written to, see pgtoken.reuse_retention';
COMMENT ON COLUMN pgtoken.reused_families.grant_id IS 'The family';
COMMENT ON COLUMN pgtoken.reused_families.noted_at IS 'When that was seen first';
COMMENT ON CONSTRAINT reused_families_pkey ON pgtoken.reused_families IS 'One row per family';
COMMENT ON INDEX pgtoken.reused_families_pkey IS 'One row per family';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.reused_families', '');
ALTER TABLE pgtoken.reused_families ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.reused_families FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.reused_families IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.reused_families TO pgtoken_auditor;

CREATE FUNCTION pgtoken.make_partition(parent name, partition_name name) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	key_columns CONSTANT text := CASE parent WHEN 'tokens' THEN 'grant_id, generation, retry' ELSE 'grant_id, event_id' END;
	time_column CONSTANT name := CASE parent WHEN 'tokens' THEN 'issued_at' ELSE 'occurred_at' END;
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
			 FROM pg_attribute a WHERE a.attrelid = format('pgtoken.%I', parent)::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attstattarget = 0);
	EXECUTE format('CREATE INDEX %I ON pgtoken.%I (%I)', partition_name || '_' || time_column, partition_name, time_column);
	EXECUTE format('COMMENT ON INDEX pgtoken.%I IS %L', partition_name || '_' || time_column, 'Events by time');
	EXECUTE format('CREATE INDEX %I ON pgtoken.%I (client_id, %I)', partition_name || '_client_id', partition_name, time_column);
	EXECUTE format('COMMENT ON INDEX pgtoken.%I IS %L', partition_name || '_client_id', 'Events of a client by time');
	EXECUTE format('CREATE INDEX %I ON pgtoken.%I (subject, %I) WHERE %s', partition_name || '_subject', partition_name, time_column,
				   CASE parent WHEN 'tokens' THEN 'parent_generation IS NULL' ELSE 'event <> ''grant.revoked''' END);
	EXECUTE format('COMMENT ON INDEX pgtoken.%I IS %L', partition_name || '_subject',
				   CASE parent WHEN 'tokens' THEN 'First issues of a subject by time' ELSE 'Events of a subject by time, without revocations' END);
	EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.%I FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only()', partition_name);
	EXECUTE format('ALTER TABLE pgtoken.%I ENABLE ALWAYS TRIGGER append_only_truncate', partition_name);
	EXECUTE format('COMMENT ON TRIGGER append_only_truncate ON pgtoken.%I IS %L', partition_name, 'Refuses TRUNCATE');
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.make_partition FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.make_partition IS 'Internal, called by maintain(): makes a table like tokens or audit_rows, which is no partition of it yet';

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
REVOKE ALL ON FUNCTION pgtoken.attach_partition FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.attach_partition IS 'Internal, called by maintain() with the tables locked: makes a table the partition of this month, and moves its rows over from the default partition; returns how many';

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
REVOKE ALL ON FUNCTION pgtoken.evidence_rows FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.evidence_rows IS 'Internal, called by maintain(): how many rows the partition of this month has of reused families';

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
REVOKE ALL ON FUNCTION pgtoken.keep_evidence FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.keep_evidence IS 'Internal, called by maintain(): copies what an old partition has of reused families to a table that will take its place, if there is any; returns the number of rows';

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
REVOKE ALL ON FUNCTION pgtoken.rename_partition FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.rename_partition IS 'Internal, called by maintain(): makes what holds the evidence of a month its ordinary partition again, its indexes included';

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
REVOKE ALL ON FUNCTION pgtoken.lock_tables FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.lock_tables IS 'Internal, called by maintain(): locks tables, in this order, without ever being part of a deadlock; each of 50 attempts holds up others for a tenth of a second per table at the most. false when all have failed';

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
REVOKE ALL ON FUNCTION pgtoken.missing_partitions FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.missing_partitions IS 'Internal, called by maintain(): the months for which tokens or audit_rows needs a partition';

CREATE FUNCTION pgtoken.oldest_living_family(before uuid) RETURNS uuid
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off
BEGIN ATOMIC
	-- along the key, which is the order of creation: ends at the first that lives
	SELECT g.grant_id FROM pgtoken.grants g
	WHERE g.grant_id < before AND g.revoked_at IS NULL AND g.expires_at > now()
	ORDER BY g.grant_id LIMIT 1;
END;
REVOKE ALL ON FUNCTION pgtoken.oldest_living_family FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.oldest_living_family IS 'Internal, called by maintain(): the oldest living family among those with an id before this one; NULL: none lives';

CREATE FUNCTION pgtoken.partition_retention(parent name) RETURNS interval
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	-- rows of tokens are audit events as well
	RETURN CASE WHEN parent = 'tokens' AND (pgtoken.retention('tokens') >= pgtoken.retention('audit_rows')) IS NOT TRUE AND pgtoken.retention('tokens') IS NOT NULL
				THEN pgtoken.retention('audit_rows') ELSE pgtoken.retention(parent) END;
REVOKE ALL ON FUNCTION pgtoken.partition_retention FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.partition_retention IS 'Internal: how old the end of a month must be before maintain() drops its partition of tokens or audit_rows; NULL: it never does';

CREATE FUNCTION pgtoken.outdated_partitions(parent name) RETURNS TABLE (partition_name name, month timestamptz, evidence boolean)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	retention CONSTANT interval := pgtoken.partition_retention(parent);	-- NULL: all are kept
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
REVOKE ALL ON FUNCTION pgtoken.outdated_partitions FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.outdated_partitions IS 'Internal, called by maintain(): partitions of tokens or audit_rows that retention lets go, those that hold evidence of reuse among them';

CREATE FUNCTION pgtoken.maintain_partitions(parents name[] DEFAULT '{tokens,audit_rows}', most integer DEFAULT 24) RETURNS TABLE (step text, detail text)
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
	IF parents <@ '{tokens,audit_rows}' IS NOT TRUE THEN
		RAISE EXCEPTION 'only tokens and audit_rows are partitioned' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM pgtoken.check_clock();
	parents := ARRAY(SELECT p FROM unnest('{tokens,audit_rows}'::name[]) p WHERE p = ANY (parents));	-- each once
	detail := pgtoken.take_task('partitions');
	IF detail IS NOT NULL THEN
		step := 'skipped';
		RETURN NEXT;
		RETURN;
	END IF;
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
			PERFORM pgtoken.retire_sealed_month(parent, month);
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
REVOKE ALL ON FUNCTION pgtoken.maintain_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.maintain_partitions TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.maintain_partitions IS
'Internal, a part of run_maintenance(): makes the partitions of tokens and audit_rows (or of the one named) that are missing, and drops those that retention lets go, the oldest first, at most so many (most) in all. Of a dropped one the rows of reused families stay, in a partition of their own, for as long as one of them is in reused_families (pgtoken.reuse_retention). Returns what it did. Holds the tables to the end of the transaction, so nothing should come after it; when open transactions keep it from them, or another family is seen to be reused meanwhile, it says what it has postponed. Raises 22023 for other tables.';

-- What there is of it, and what comes next.
CREATE FUNCTION pgtoken.partitions()
	RETURNS TABLE (parent name, partition_name name, holds text, month timestamptz, row_estimate bigint, bytes bigint, made_from timestamptz, drop_from timestamptz, kept_by text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	outdated name[];
	retention interval;
	p record;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	FOREACH parent IN ARRAY '{tokens,audit_rows}'::name[] LOOP
		outdated := ARRAY(SELECT o.partition_name FROM pgtoken.outdated_partitions(parent) o);
		retention := pgtoken.partition_retention(parent);
		FOR p IN
			SELECT c.oid, c.relname, m.month, CASE WHEN c.relname = parent || '_default' THEN 'default' WHEN c.relname ~ '_reuse_[0-9]{4}_[0-9]{2}$' THEN 'evidence' ELSE 'month' END AS holds,
				   coalesce(nullif(c.reltuples::bigint, -1), pg_stat_get_live_tuples(c.oid)) AS row_estimate
			FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
				LATERAL (SELECT CASE WHEN c.relname ~ '_(p|reuse_)[0-9]{4}_[0-9]{2}$' THEN to_timestamp(right(c.relname, 7), 'YYYY_MM') END) m (month)
			WHERE i.inhparent = format('pgtoken.%I', parent)::regclass
			UNION ALL
			SELECT NULL, format('%s_p%s', parent, to_char(n, 'YYYY_MM')), n, 'nothing', NULL
			FROM (SELECT pgtoken.missing_partitions(parent) UNION SELECT date_trunc('month', now()) + interval '3 months') n (n)
			WHERE to_regclass(format('pgtoken.%I', format('%s_p%s', parent, to_char(n, 'YYYY_MM')))) IS NULL
			ORDER BY month, holds LOOP
			partition_name := p.relname;
			holds := p.holds;
			month := p.month;
			row_estimate := p.row_estimate;
			bytes := pg_total_relation_size(p.oid);
			made_from := CASE WHEN p.oid IS NULL THEN p.month - interval '2 months' END;
			drop_from := CASE WHEN p.oid IS NOT NULL THEN p.month + interval '1 month' + retention END;
			kept_by := CASE WHEN drop_from > now() OR p.relname = ANY (outdated) THEN NULL
							WHEN drop_from IS NOT NULL THEN CASE WHEN p.holds = 'evidence' THEN 'reused families' ELSE 'a living family' END END;
			RETURN NEXT;
		END LOOP;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.partitions TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.partitions IS
'The partitions of tokens and audit_rows, and what maintain() will make and drop next.
Returns parent, partition_name; holds: month (the rows of a month), evidence (what is left of one: rows of reused families), default (what no month takes) or nothing (maintain() will make it); month: its first moment (NULL: the default); row_estimate: how many rows, as the statistics say (NULL: not known); bytes: with indexes and TOAST; made_from: of one that is not there when maintain() makes it, at the earliest; drop_from: when retention lets it go, at the earliest (NULL: never); kept_by: what keeps it beyond that: reused families or a living family (NULL: nothing). A row whose drop_from is over and whose kept_by is NULL goes with the next run.';
