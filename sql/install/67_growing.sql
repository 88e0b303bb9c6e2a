-- Growing: a shard is cloned, and each of the two forgets what is the other's now. By the
-- same list that a person is erased by, so that no table is forgotten; what is of no
-- person, and has ended within a day, is left to maintenance.
--
-- The audit and the ledger stay on both, row by row, since what is sealed cannot be taken
-- out. What they have of people is taken out of the rows of other shards, as an erasure
-- does: the shard that has the family has it all.

CREATE FUNCTION pgtoken.foreign_tables(shard integer, shards integer) RETURNS TABLE (place integer, table_name name, foreign_rows text)
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH rule (of_subject, of_family, of_series) AS (VALUES (
		format('pgtoken.shard_of_subject(%%s, %s) <> %s', shards, shard),
		format('pgtoken.shard_of(%%s, %s) <> %s', shards, shard),
		format('(t.series & 16383) %% %s <> %s', shards, shard))),
	listed (place, table_name, foreign_rows) AS (
		-- first what somebody would deliver a second time
		SELECT 1, 'courier_work'::name, format('CASE t.kind WHEN ''logout'' THEN %s WHEN ''code'' THEN EXISTS (SELECT FROM pgtoken.challenge_codes c WHERE c.code_id = t.work_id AND %s) '
			'WHEN ''signal'' THEN EXISTS (SELECT FROM pgtoken.signals s WHERE s.signal_id = t.work_id AND coalesce(%s, %s)) ELSE false END',
			format(of_subject, 't.payload ->> ''subject'''), format(of_subject, 'c.subject'), format(of_subject, 's.subject'), format(of_family, 's.signal_id')) FROM rule
		UNION ALL SELECT 2, 'signals', format('coalesce(%s, %s)', format(of_subject, 't.subject'), format(of_family, 't.signal_id')) FROM rule
		UNION ALL SELECT 3, 'challenge_codes', format(of_subject, 't.subject') FROM rule
		UNION ALL SELECT 4, v.name, of_series FROM rule, (VALUES ('status_lists'), ('status_list_documents')) v (name)
		-- it lies with its user code, and what was answered with who answered
		UNION ALL SELECT 31, 'device_codes', format('%s AND (%s) IS NOT FALSE', format(of_family, 't.grant_id'), format(of_subject, 't.subject')) FROM rule
		-- by the one who was shown it, whose request it may not be
		UNION ALL SELECT 33, 'consent_pages', format(of_subject, 't.subject') FROM rule
		-- later than families, which leave some
		UNION ALL SELECT 64, 'status_list_ends', of_series FROM rule
		-- keys of the application's, which count for a day
		UNION ALL SELECT 34, 'user_code_attempts', NULL FROM rule),
	derived AS (
		SELECT s.place, s.table_name,
			   CASE WHEN s.erasure = 'redacted' THEN NULL
					WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = format('pgtoken.%I', s.table_name)::regclass AND a.attname = 'grant_id' AND NOT a.attisdropped)
					THEN format(r.of_family, 't.grant_id') ELSE format(r.of_subject, 't.subject') END AS foreign_rows
		FROM pgtoken.subject_tables() s, rule r WHERE s.table_name NOT IN (SELECT l.table_name FROM listed l))
	SELECT l.place, l.table_name, l.foreign_rows FROM listed l
	UNION ALL SELECT d.place, d.table_name, d.foreign_rows FROM derived d
	ORDER BY 1, 2;
END;
REVOKE ALL ON FUNCTION pgtoken.foreign_tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.foreign_tables TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.foreign_tables IS 'Internal: which rows t of a table are of other shards, as a condition, in the order in which they are forgotten; NULL: they stay, those of ledger and audit without what tells of a person. shard: 0 to shards - 1';

CREATE FUNCTION pgtoken.check_shard(shard integer, shards integer) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	here text;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the setting
	here := current_setting('pgtoken.shard');
	IF shard IS NULL OR shards IS NULL THEN
		RAISE EXCEPTION 'shard and shards must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF here <> shard || '/' || shards THEN
		RAISE EXCEPTION 'this database is not shard % of %', shard, shards
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = format('pgtoken.shard is ''%s''.', here),
				  HINT = 'What the shards are is said by pgtoken.shard first, on each of them; a session that was there before has what it began with.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_shard FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.check_shard TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.check_shard IS 'Internal, called by forget_foreign_families() and its parts: raises 55000 unless pgtoken.shard says the same';

CREATE FUNCTION pgtoken.begin_forgetting(shard integer, shards integer) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	own CONSTANT text := format('shard %s of %s', shard, shards);
	enough CONSTANT integer := 20 * shards;	-- of as many, one in shards is expected to be its own: that there is none is no accident
	looked_at integer;
	lie_here integer;
BEGIN
	PERFORM pgtoken.check_shard(shard, shards);
	-- the oldest: what has been begun under a wrong number is newer
	SELECT count(*), count(*) FILTER (WHERE pgtoken.shard_of(f.grant_id, shards) = shard) INTO looked_at, lie_here
	FROM (SELECT g.grant_id FROM pgtoken.grants g ORDER BY g.grant_id LIMIT enough) f;
	IF looked_at = enough AND lie_here = 0 THEN
		RAISE EXCEPTION 'this database has nothing of shard % of %', shard, shards
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Of its %s oldest families none lies there.', enough),
				  HINT = 'Nothing would be left of it. Is pgtoken.shard that of another database?';
	END IF;
	INSERT INTO pgtoken.maintenance (task) SELECT 'foreign ' || f.table_name FROM pgtoken.foreign_tables(shard, shards) f WHERE f.foreign_rows IS NOT NULL
	UNION ALL SELECT 'foreign audit' ON CONFLICT DO NOTHING;
	-- a clone would go on with the chain of what it was cloned from, which does so, too
	PERFORM pgtoken.lock_audit_seals();
	IF (SELECT c.reason <> own FROM (SELECT l.reason FROM pgtoken.audit_chains l ORDER BY l.after_number DESC, l.opened_at DESC LIMIT 1) c (reason)) THEN
		PERFORM pgtoken.open_audit_chain(own);
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.begin_forgetting FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.begin_forgetting TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.begin_forgetting IS 'Internal, called by forget_foreign_families(): where the audit is sealed, the next seal begins a chain of this shard';

CREATE FUNCTION pgtoken.note_forgotten(of_table text, rows bigint, shard integer, shards integer) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF rows > 0 THEN
		PERFORM pgtoken.write_audit_event('shard.forgotten', jsonb_build_object('table', of_table, 'rows', rows, 'shard', shard, 'shards', shards));
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.note_forgotten FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.note_forgotten IS 'Internal, called where a batch of rows was forgotten: the event shard.forgotten, if there were any';

CREATE FUNCTION pgtoken.forget_foreign_batch(shard integer, shards integer, of_table name, look integer, anew boolean, OUT forgotten bigint, OUT finished boolean)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	condition CONSTANT text := (SELECT f.foreign_rows FROM pgtoken.foreign_tables(shard, shards) f WHERE f.table_name = of_table);
	of_task CONSTANT text := 'foreign ' || of_table;
	begin_after text[];
BEGIN
	PERFORM pgtoken.check_shard(shard, shards);
	PERFORM pgtoken.check_batch(look);
	forgotten := 0;
	finished := true;
	IF condition IS NULL OR pgtoken.take_task(of_task) IS NOT NULL THEN
		RETURN;
	END IF;
	SELECT CASE WHEN NOT anew THEN m.position END INTO begin_after FROM pgtoken.maintenance m WHERE m.task = of_task;
	SELECT b.deleted, b.end_at IS NULL INTO forgotten, finished FROM pgtoken.delete_batch(of_task, of_table, condition, 'true', true, look, begin_after) b;
	PERFORM pgtoken.note_forgotten(of_table, forgotten, shard, shards);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.forget_foreign_batch FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.forget_foreign_batch TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.forget_foreign_batch IS 'Internal, a part of forget_foreign_families(): looks at the next so many rows (look) of a table in the order of its primary key and deletes those of other shards. anew: from the front. Returns how many, and whether it has come to the end. A table that another session is at is left to it';

-- Windows of time, as redact_old_addresses() goes; until: nothing of another shard was written since.
CREATE FUNCTION pgtoken.redact_foreign_batch(shard integer, shards integer, until timestamptz, look integer, anew boolean, OUT forgotten bigint, OUT finished boolean)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'
	-- along the index on the time
	SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_custom_plan SET jit = off
AS $function$
DECLARE
	at_a_time CONSTANT integer := least(look, 500);	-- the event names them
	reached text[];
	tokens_from timestamptz;
	tokens_until timestamptz;
	events_from timestamptz;
	events_until timestamptz;
	tokens record;
	events record;
BEGIN
	PERFORM pgtoken.check_shard(shard, shards);
	PERFORM pgtoken.check_batch(look);
	forgotten := 0;
	finished := true;
	-- one at a time: a row is redacted once
	IF pgtoken.take_task('redaction', 'redaction of the audit') IS NOT NULL THEN
		finished := false;
		RETURN;
	END IF;
	SELECT CASE WHEN NOT anew THEN m.position END INTO reached FROM pgtoken.maintenance m WHERE m.task = 'foreign audit' FOR UPDATE;
	tokens_from := coalesce(reached[1]::timestamptz, '-infinity');
	events_from := coalesce(reached[2]::timestamptz, '-infinity');
	SELECT t.issued_at + interval '1 microsecond' INTO tokens_until FROM pgtoken.tokens t WHERE t.issued_at >= tokens_from AND t.issued_at < until ORDER BY t.issued_at OFFSET at_a_time - 1 LIMIT 1;
	SELECT a.occurred_at + interval '1 microsecond' INTO events_until FROM pgtoken.audit_rows a WHERE a.occurred_at >= events_from AND a.occurred_at < until ORDER BY a.occurred_at OFFSET at_a_time - 1 LIMIT 1;
	finished := tokens_until IS NULL AND events_until IS NULL;
	tokens_until := coalesce(tokens_until, until);
	events_until := coalesce(events_until, until);
	SELECT coalesce(array_agg(t.grant_id), '{}') AS grants, array_agg(t.generation) AS generations, array_agg(t.retry) AS retries, array_agg(t.issued_at) AS times INTO tokens
	FROM pgtoken.tokens t
	WHERE t.issued_at >= tokens_from AND t.issued_at < tokens_until
	  AND num_nonnulls(t.subject, t.personal, t.client_addr, t.context) > 0 AND pgtoken.shard_of(t.grant_id, shards) <> shard;
	SELECT coalesce(array_agg(a.event_id), '{}') AS events, array_agg(a.grant_id) AS grants, array_agg(a.occurred_at) AS times INTO events
	FROM pgtoken.audit_rows a
	WHERE a.occurred_at >= events_from AND a.occurred_at < events_until
	  AND num_nonnulls(a.subject, a.personal, a.client_addr, a.context) > 0
	  AND CASE WHEN a.subject IS NOT NULL THEN pgtoken.shard_of_subject(a.subject, shards) <> shard
			   ELSE a.grant_id <> '00000000-0000-0000-0000-000000000000' AND pgtoken.shard_of(a.grant_id, shards) <> shard END;
	forgotten := pgtoken.redact_rows(tokens.grants, tokens.generations, tokens.retries, tokens.times, events.events, events.grants, events.times,
									 true, true, jsonb_build_object('of', 'other shards', 'shard', shard, 'shards', shards), 'forget_foreign_families');
	UPDATE pgtoken.maintenance m SET position = ARRAY[tokens_until::text, events_until::text] WHERE m.task = 'foreign audit';
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.redact_foreign_batch FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.redact_foreign_batch TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.redact_foreign_batch IS 'Internal, a part of forget_foreign_families(): takes subject, personal, client_addr and context out of the rows of other shards among the next so many rows (look, 500 at most) each of the ledger and the audit, of before until; each keeps its leaf, so that seals go on to hold. Returns how many, and whether it has come to the end';

-- Not SECURITY DEFINER and without SET, so that it can commit, as run_maintenance().
CREATE PROCEDURE pgtoken.forget_foreign_families(shard integer, shards integer, max_rows integer DEFAULT 1000, pause interval DEFAULT NULL)
	LANGUAGE plpgsql
AS $procedure$
DECLARE
	tables CONSTANT pg_catalog.name[] := ARRAY(SELECT f.table_name FROM pgtoken.foreign_tables(shard, shards) f WHERE f.foreign_rows IS NOT NULL);
	until CONSTANT pg_catalog.timestamptz := pg_catalog.clock_timestamp();
	of_table pg_catalog.name;
	anew pg_catalog.bool;
	began pg_catalog.timestamptz;
	forgotten pg_catalog.int8;
	forgotten_in_all pg_catalog.int8;
	finished pg_catalog.bool;
BEGIN
	IF pgtoken.in_transaction_block() THEN
		RAISE EXCEPTION 'forget_foreign_families cannot run inside a transaction block'
			USING ERRCODE = 'active_sql_transaction', DETAIL = 'It commits after each batch.', HINT = 'Call it by itself.';
	END IF;
	PERFORM pgtoken.check_batch(max_rows);
	IF pause OPERATOR(pg_catalog.<) '0'::pg_catalog.interval THEN
		RAISE EXCEPTION 'the pause must not be negative' USING ERRCODE = 'invalid_parameter_value', HINT = 'NULL: nine times as long as a batch takes.';
	END IF;
	PERFORM pgtoken.begin_forgetting(shard, shards);
	COMMIT;
	-- the last is no table: the ledger and the audit
	FOREACH of_table IN ARRAY pg_catalog.array_append(tables, NULL) LOOP
		anew := true;
		forgotten_in_all := 0;
		LOOP
			began := pg_catalog.clock_timestamp();
			IF of_table IS NULL THEN
				SELECT b.forgotten, b.finished INTO forgotten, finished FROM pgtoken.redact_foreign_batch(shard, shards, until, max_rows, anew) b;
			ELSE
				SELECT b.forgotten, b.finished INTO forgotten, finished FROM pgtoken.forget_foreign_batch(shard, shards, of_table, max_rows, anew) b;
			END IF;
			COMMIT;
			anew := false;
			forgotten_in_all := forgotten_in_all OPERATOR(pg_catalog.+) forgotten;
			EXIT WHEN finished;
			IF pause IS NULL THEN
				-- a busy server, on which a batch takes long, is left alone for longer
				PERFORM pg_catalog.pg_sleep(9::pg_catalog.float8 OPERATOR(pg_catalog.*)
											pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) began));
			ELSE
				PERFORM pg_catalog.pg_sleep_for(pause);
			END IF;
			COMMIT;
		END LOOP;
		RAISE NOTICE '%: % rows of other shards', coalesce(of_table, 'ledger and audit'), forgotten_in_all;
	END LOOP;
END
$procedure$;
REVOKE ALL ON PROCEDURE pgtoken.forget_foreign_families FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE pgtoken.forget_foreign_families TO pgtoken_admin;
COMMENT ON PROCEDURE pgtoken.forget_foreign_families IS
'Forget what is of other shards, once a database has been cloned and each of the two is a shard of its own (pgtoken.shard): deletes families, blacklist, codes, requests, step-ups, factors, consents, blocks, signals, work of the courier and status lists that lie elsewhere (an id that carries no placement by its hash, see shard_of), and takes what tells of a person out of the ledger and the audit of others, whose rows stay, so that seals hold; the next seal begins a chain of this shard. Replay ids and counters of attempts stay for the day that they count. A place in a status list of this shard whose family is gone is refused by the list; the family takes another at its next refresh where it is.
shard, shards: as pgtoken.shard says. max_rows: 1 to 1000000, at how many rows a batch looks, of ledger and audit 500 each at most. pause: for how long it sleeps between batches; NULL: nine times as long as a batch has taken, so that it works for a tenth of the time.
Each batch is a transaction of its own, waits for nobody''s row, and is audited by the number of its rows (shard.forgotten). Can be stopped at any time, and called again, which begins at the front; tells of each table in a NOTICE when it is through, the outboxes of courier and signals first. Raises 55000 where pgtoken.shard does not say the same, or where it says so and yet none of the oldest families (20 times shards) is of this shard, 25001 inside a transaction block, 2D000 when a function calls it, 22004, 22023.';
