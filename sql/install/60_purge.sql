-- Deleting what is over: batches of bounded size along the primary key, from
-- where the last one has ended. No row that somebody else holds is waited for.

CREATE FUNCTION pgtoken.purging(purging boolean, forgetting boolean DEFAULT false) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_purging' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.purging FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.purging IS 'Internal, called where rows are deleted in batches: from true to false (or the end of the transaction) deletions of what is of a family are not audited row by row, no backend is told to forget the tokens it has verified, and no receiver of signals is told. forgetting: the rows live on another shard, and no deletion is audited by itself';

CREATE FUNCTION pgtoken.purged_tables() RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN '{blacklist,consents,consent_pages,authorization_requests,authorization_codes,device_codes,challenges,challenge_codes,courier_work,signals,documents,user_code_attempts,replay_ids,subject_not_before,subject_blocks,reused_families,grants,imported_tokens,status_lists,status_list_ends,status_list_documents}'::text[];
REVOKE ALL ON FUNCTION pgtoken.purged_tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.purged_tables TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.purged_tables IS 'Internal: tables whose rows are deleted one day, in the order in which maintenance does it';

INSERT INTO pgtoken.maintenance (task) SELECT pg_catalog.unnest(pgtoken.purged_tables());

CREATE FUNCTION pgtoken.check_batch(rows_of_batch integer) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF rows_of_batch IS NULL OR rows_of_batch NOT BETWEEN 1 AND 1000000 THEN
		RAISE EXCEPTION 'a batch must be between 1 and 1000000 rows' USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_batch FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.check_batch TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.check_batch IS 'Internal, called by purge_batch() and run_maintenance(): raises 22023 unless a batch may have so many rows';

CREATE FUNCTION pgtoken.purge_condition(task text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'
AS $function$
DECLARE
	-- While a family's tokens live, its row must be there: access tokens end a day
	-- after its end at the latest, and with them what was exchanged for them.
	families interval := pgtoken.retention('grants');
	evidence CONSTANT interval := pgtoken.retention('reused_families');
BEGIN
	families := CASE WHEN families < '2 days' THEN '2 days' ELSE families END;
	RETURN CASE task
		-- a pushed one as long as a login page may have it open that was opened at its very end: who answers first takes it away
		-- that one was answered a minute longer than it could be, as used ids: after a failover to a clock that is behind it would be answered again
		WHEN 'authorization_requests' THEN 't.expires_at < now() AND t.expires_at < now() - CASE t.kind WHEN ''pushed'' THEN interval '
			|| quote_literal(current_setting('pgtoken.authorization_request_lifetime')::interval) || ' WHEN ''answered'' THEN interval ''1 minute'' ELSE interval ''0'' END'
		WHEN 'consents' THEN 't.expires_at < ' || quote_literal(now() - pgtoken.retention(task))
		-- no request that it can be answered for lives longer
		WHEN 'consent_pages' THEN 't.shown_at < now() - interval ''1 day'''
		WHEN 'authorization_codes' THEN 't.expires_at < ' || quote_literal(now() - pgtoken.retention(task))
		WHEN 'device_codes' THEN 't.expires_at < ' || quote_literal(now() - pgtoken.retention(task))
		WHEN 'challenges' THEN 't.expires_at < ' || quote_literal(now() - pgtoken.retention(task))
		WHEN 'challenge_codes' THEN 't.expires_at < now()'
		WHEN 'courier_work' THEN 't.dead_at < now() - interval ''30 days'''
		WHEN 'signals' THEN 't.expires_at < now()'
		-- one that has never been there, or is of no client, soon, since its URL may be anybody's
		WHEN 'documents' THEN 't.wanted_at IS NULL AND t.used_at < now() - CASE WHEN t.body IS NULL OR t.kind = ''sector'' '
			|| 'OR t.kind = ''client_metadata'' AND NOT EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = t.url) THEN interval ''1 day'' ELSE interval ''30 days'' END'
		WHEN 'user_code_attempts' THEN 't.window_start < now() - interval ''1 day'''
		WHEN 'replay_ids' THEN 't.expires_at < now() - interval ''1 minute'''
		WHEN 'subject_not_before' THEN 't.not_before < now() - interval ''10 years'''	-- no family lives longer
		WHEN 'subject_blocks' THEN 't.blocked_until < now() - interval ''30 days'''
		WHEN 'blacklist' THEN 't.expires_at < ' || quote_literal(now() - pgtoken.retention(task))
		WHEN 'reused_families' THEN 't.noted_at < ' || quote_literal(now() - evidence)
		WHEN 'grants' THEN	-- that of a reused one stays for as long as the family is known as such
			'least(t.revoked_at, t.expires_at, t.rotated_at + t.idle_lifetime) < ' || quote_literal(now() - families)
			|| ' AND NOT EXISTS (SELECT FROM pgtoken.reused_families r WHERE r.grant_id = t.grant_id)'
		-- as long as the source's token might be brought in again
		WHEN 'imported_tokens' THEN 't.expires_at < now() - interval ''1 day'' AND NOT EXISTS (SELECT FROM pgtoken.grants g WHERE g.grant_id = t.grant_id)'
		-- Once nobody can have a token that names it: a block is used up or forgotten within
		-- hours, and access tokens end a day after their family at the latest.
		WHEN 'status_lists' THEN 't.reserved_at < now() - interval ''2 days'' AND (t.is_full OR NOT EXISTS (SELECT FROM pgtoken.issuers i WHERE i.issuer = t.issuer AND i.status_lists)) '
			|| 'AND NOT EXISTS (SELECT FROM pgtoken.grants g WHERE g.status_series = t.series '
			|| 'AND g.status_position BETWEEN t.number::bigint * pgtoken.status_list_size() AND t.number::bigint * pgtoken.status_list_size() + pgtoken.status_list_size() - 1 '
			|| 'AND least(g.revoked_at, g.expires_at, g.rotated_at + g.idle_lifetime) >= now() - interval ''2 days'')'
		WHEN 'status_list_ends' THEN 't.ended_at < now() - interval ''2 days'''
		WHEN 'status_list_documents' THEN 't.built_at < now() - interval ''1 day'''
	END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.purge_condition FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.purge_condition IS 'Internal: which rows t of a table are over and kept for no longer, as an SQL condition by the settings of retention, in which NULL stands for: none are';

CREATE FUNCTION pgtoken.delete_batch(of_task text, of_table name, condition text, further text, forgetting boolean, look integer, begin_after text[], OUT deleted bigint, OUT end_at text[])
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET bytea_output = 'hex'
	-- along the key, whatever the statistics say
	SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_sort = off SET jit = off
AS $function$
DECLARE
	key_columns text;
	key_texts text;
	key_after text;
	key_until text;
	same_key text;
	in_range text;
BEGIN
	SELECT string_agg(format('t.%I', a.attname), ', ' ORDER BY k.n),
		   string_agg(format('t.%I::text', a.attname), ', ' ORDER BY k.n),
		   string_agg(format('$1[%s]::%s', k.n, format_type(a.atttypid, NULL)), ', ' ORDER BY k.n),
		   string_agg(format('$2[%s]::%s', k.n, format_type(a.atttypid, NULL)), ', ' ORDER BY k.n),
		   string_agg(format('t.%1$I = o.%1$I', a.attname), ' AND ' ORDER BY k.n)
	INTO key_columns, key_texts, key_after, key_until, same_key
	FROM pg_index i
	CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, n)
	JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
	WHERE i.indrelid = format('pgtoken.%I', of_table)::regclass AND i.indisprimary;

	in_range := further || CASE WHEN begin_after IS NULL THEN '' ELSE format(' AND (%s) > (%s)', key_columns, key_after) END;
	EXECUTE format('SELECT ARRAY[%s] FROM pgtoken.%I t WHERE %s ORDER BY %s OFFSET $3 - 1 LIMIT 1', key_texts, of_table, in_range, key_columns)
		INTO end_at USING begin_after, end_at, look;
	IF end_at IS NOT NULL THEN
		in_range := in_range || format(' AND (%s) <= (%s)', key_columns, key_until);
	END IF;

	-- deadlocks are impossible: it waits for nobody
	PERFORM pgtoken.purging(true, forgetting);
	EXECUTE format('WITH o AS MATERIALIZED (SELECT %s FROM pgtoken.%I t WHERE %s AND %s FOR UPDATE SKIP LOCKED)
					DELETE FROM pgtoken.%I t USING o WHERE %s', key_columns, of_table, in_range, condition, of_table, same_key)
		USING begin_after, end_at;
	GET DIAGNOSTICS deleted = ROW_COUNT;
	PERFORM pgtoken.purging(false);
	UPDATE pgtoken.maintenance m SET position = end_at WHERE m.task = of_task;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.delete_batch FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.delete_batch IS 'Internal, called where rows are deleted in batches: of the next so many rows (look) of a table in the order of its primary key behind begin_after (NULL: from the front) that are in what is looked through (further) those for which condition holds; both are conditions on rows t. forgetting: as in purging. Audited is what the caller says. of_task: whose position it keeps. Returns how many it deleted, and where it has ended; NULL: at the end';

CREATE FUNCTION pgtoken.purge_batch(task text, look integer, anew boolean DEFAULT false, late boolean DEFAULT false, OUT step text, OUT detail text, OUT finished boolean)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	caller CONSTANT text := current_setting('application_name');
	condition text;
	begin_after text[];
	purged bigint;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	IF task = 'addresses' THEN
		SELECT r.step, r.detail, r.finished INTO step, detail, finished FROM pgtoken.redact_old_addresses(look, 8) r;
		RETURN;
	END IF;
	IF array_position(pgtoken.purged_tables(), task) IS NULL THEN
		RAISE EXCEPTION 'table "%" is not purged', task USING ERRCODE = 'invalid_parameter_value', HINT = 'SELECT pgtoken.purged_tables() shows which are.';
	END IF;
	PERFORM pgtoken.check_batch(look);
	PERFORM pgtoken.check_clock();
	finished := true;
	condition := pgtoken.purge_condition(task);
	IF condition IS NULL THEN
		RETURN;
	END IF;
	detail := pgtoken.take_task(task);
	IF detail IS NOT NULL THEN
		step := 'skipped';
		RETURN;
	END IF;
	SELECT CASE WHEN NOT anew THEN m.position END INTO begin_after FROM pgtoken.maintenance m WHERE m.task = purge_batch.task;
	PERFORM set_config('application_name', format('pgtoken maintenance: %s', task), true);

	SELECT b.deleted, b.end_at IS NULL INTO purged, finished
	FROM pgtoken.delete_batch(task, task, condition,
		-- who began later has not ended long enough ago
		CASE WHEN task = 'grants' AND NOT late THEN format('t.grant_id < %L', pgtoken.first_uuid(now() - greatest(pgtoken.retention('grants'), '2 days'))) ELSE 'true' END,
		false, look, begin_after) b;
	PERFORM set_config('application_name', caller, true);
	IF purged > 0 THEN
		PERFORM pgtoken.write_audit_event('maintenance.purged', jsonb_build_object('table', task, 'rows', purged));
		step := CASE task WHEN 'grants' THEN 'families' WHEN 'blacklist' THEN 'blacklist rows' WHEN 'subject_not_before' THEN 'not_before times of subjects'
						  ELSE replace(task, '_', ' ') END || ' forgotten';
		detail := purged;
		RAISE NOTICE '%: %', step, detail;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.purge_batch FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.purge_batch TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.purge_batch IS
'Internal, a part of run_maintenance(): looks at the next so many rows (look, 1 to 1000000) of a table in the order of its primary key and deletes those that are over and that no setting keeps; writes one audit event, maintenance.purged. anew: it begins at the front instead of where the last one has ended. task: a table, or addresses, whose rows stay, without what is kept for less long (61_redaction.sql). late: families that began too lately to have ended long enough ago are looked at, too. Returns what it did (step NULL: nothing) and whether it has come to the end, so that the next call begins at the front. A table that another session is purging is left to it. Raises 22023 for a bad look and a table that is not purged.';
