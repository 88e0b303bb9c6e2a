-- Keeping the service in order: signing keys by their age, what is over, partitions.
-- None of it is on the way of a refresh.

CREATE TABLE pgtoken.maintenance (
	task text NOT NULL,
	position text[],
	updated_at timestamptz,
	CONSTRAINT maintenance_pkey PRIMARY KEY (task)
);
COMMENT ON TABLE pgtoken.maintenance IS 'Where maintain() and run_maintenance() have come to. Whoever works on a task holds its row, and others leave it out. Not dumped: a lost position costs a look at rows that have been seen';
COMMENT ON COLUMN pgtoken.maintenance.task IS 'A table that is purged; "redaction" (of addresses that are old, and of who is erased), "erasures", "audit seals"; "activity", which is counted; "partitions"; "signing keys"; "clock": when the time was last found plausible';
COMMENT ON COLUMN pgtoken.maintenance.position IS 'Primary key of the last row that was looked at; NULL: the next batch begins at the front';
COMMENT ON COLUMN pgtoken.maintenance.updated_at IS 'When it was worked on last; NULL: never';
COMMENT ON CONSTRAINT maintenance_pkey ON pgtoken.maintenance IS 'One row per task';
COMMENT ON INDEX pgtoken.maintenance_pkey IS 'One row per task';
INSERT INTO pgtoken.maintenance (task) VALUES ('clock'), ('signing keys'), ('partitions');	-- and, below, the tables that are purged

ALTER TABLE pgtoken.maintenance ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.maintenance FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.maintenance IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT (task, updated_at) ON pgtoken.maintenance TO pgtoken_auditor;	-- a position can be a hash

CREATE FUNCTION pgtoken.check_clock(accept boolean DEFAULT false) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	silence CONSTANT interval := interval '31 days';
	-- from when on something is known to have been written again and again
	seen timestamptz;
	later timestamptz;
BEGIN
	SELECT m.updated_at INTO seen FROM pgtoken.maintenance m WHERE m.task = 'clock';
	IF seen IS NULL THEN
		-- it never ran: the youngest family; not the audit, which another first run may have locked
		SELECT g.created_at INTO seen FROM pgtoken.grants g WHERE g.grant_id < pgtoken.first_uuid(now()) ORDER BY g.grant_id DESC LIMIT 1;
	END IF;
	WHILE NOT accept AND seen < now() - silence LOOP
		SELECT max(e.occurred_at) INTO later FROM pgtoken.audit_events e WHERE e.occurred_at > seen AND e.occurred_at <= seen + silence;
		IF later IS NULL THEN
			RAISE EXCEPTION 'the clock may be wrong: it says %', to_char(now(), 'YYYY-MM-DD HH24:MI "UTC"')
				USING ERRCODE = 'object_not_in_prerequisite_state',
					  DETAIL = format('Nothing was written in the 31 days from %s on. At a time that lies ahead, maintenance would drop what is still needed.', to_char(seen, 'YYYY-MM-DD HH24:MI "UTC"')),
					  HINT = 'Set the clock right. If it is right, SELECT * FROM pgtoken.maintain(accept_clock => true), or CALL pgtoken.run_maintenance(accept_clock => true), once.';
		END IF;
		seen := later;
	END LOOP;
	PERFORM FROM pgtoken.maintenance m WHERE m.task = 'clock' FOR UPDATE SKIP LOCKED;
	IF FOUND THEN
		UPDATE pgtoken.maintenance m SET updated_at = now()
		WHERE m.task = 'clock' AND (m.updated_at BETWEEN now() - interval '1 hour' AND now()) IS NOT TRUE;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_clock FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.check_clock TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.check_clock IS
'Internal, called by each part of maintenance before it does away with anything: raises 55000 when the clock is further ahead than can be, which is when nothing at all (no audit event) was written for 31 days between the last time it was found plausible and now. accept: it is right, whatever it says';

CREATE FUNCTION pgtoken.first_uuid(at timestamptz) RETURNS uuid
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	-- UUIDv7 (RFC 9562 section 5.7) begin with the milliseconds since 1970
	SELECT CASE WHEN extract(epoch FROM at) < 0 THEN '00000000-0000-0000-0000-000000000000'::uuid
				WHEN extract(epoch FROM at) > 253370764800 THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff'	-- the year 9999
				ELSE (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid END;
END;
REVOKE ALL ON FUNCTION pgtoken.first_uuid FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.first_uuid IS 'Internal: the smallest UUIDv7 of this time: families begun before it have a smaller grant_id, events before it a smaller event_id';

CREATE FUNCTION pgtoken.retention_setting(of_table text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE of_table WHEN 'tokens' THEN 'lineage_retention' WHEN 'audit_rows' THEN 'audit_retention' WHEN 'grants' THEN 'grant_retention'
				WHEN 'reused_families' THEN 'reuse_retention' WHEN 'authorization_codes' THEN 'code_retention' WHEN 'device_codes' THEN 'code_retention'
				WHEN 'challenges' THEN 'challenge_retention' WHEN 'blacklist' THEN 'blacklist_retention' WHEN 'consents' THEN 'consent_retention' WHEN 'signals' THEN 'signal_retention' END;
REVOKE ALL ON FUNCTION pgtoken.retention_setting FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.retention_setting IS 'Internal: the setting that says how long rows of this table are kept; NULL: there is none';

CREATE FUNCTION pgtoken.retention(of_table text) RETURNS interval
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	value CONSTANT interval := current_setting('pgtoken.' || pgtoken.retention_setting(of_table))::interval;
BEGIN
	RETURN CASE WHEN value > '0' THEN value END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.retention FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.retention IS 'Internal: how long rows of this table are kept, as its setting says; NULL: all are';

CREATE FUNCTION pgtoken.in_transaction_block() RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_in_transaction_block' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.in_transaction_block FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.in_transaction_block TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.in_transaction_block IS 'Internal: is this one of several statements of a transaction? Then run_maintenance() cannot commit';

CREATE FUNCTION pgtoken.take_task(task text, called text DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	skipped CONSTANT text := coalesce(called, task) || ': another session is at it';
BEGIN
	PERFORM FROM pgtoken.maintenance m WHERE m.task = take_task.task FOR UPDATE SKIP LOCKED;
	IF FOUND THEN
		UPDATE pgtoken.maintenance m SET updated_at = now() WHERE m.task = take_task.task;
		RETURN NULL;
	END IF;
	RAISE NOTICE 'skipped: %', skipped;
	RETURN skipped;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.take_task FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.take_task IS 'Internal, called by each part of maintenance: a task of maintenance is this transaction''s until it ends. called: what people know it by; NULL: as its row. Returns NULL, or what is to be said where another session has it';

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
	detail := pgtoken.take_task('signing keys');
	IF detail IS NOT NULL THEN
		step := 'skipped';
		RETURN NEXT;
		RETURN;
	END IF;
	IF pgtoken.configuration_role() = 'subscriber' THEN
		step := 'left to the configuration primary';
		detail := 'signing keys';
		RETURN NEXT;
		RETURN;
	END IF;
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
		  AND (a.uri IS NULL OR p.kid IS NOT NULL)	-- no key in the database follows one in hardware; health() asks for it
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
REVOKE ALL ON FUNCTION pgtoken.maintain_keys FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.maintain_keys TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.maintain_keys IS 'Internal, a part of run_maintenance(): gives signing keys their life by pgtoken.signing_key_lifetime, pgtoken.signing_key_overlap and pgtoken.signing_key_retiring_period; a subscriber leaves that to its configuration primary. Returns what it did';

CREATE FUNCTION pgtoken.maintain(accept_clock boolean DEFAULT false) RETURNS TABLE (step text, detail text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	task text;
BEGIN
	PERFORM pgtoken.check_clock(accept_clock IS TRUE);
	RETURN QUERY SELECT k.step, k.detail FROM pgtoken.maintain_keys() k;
	RETURN QUERY SELECT c.step, c.detail FROM pgtoken.maintain_clients() c;
	RETURN QUERY SELECT e.step, e.detail FROM pgtoken.finish_erasures() e;
	FOREACH task IN ARRAY pgtoken.purged_tables() LOOP
		RETURN QUERY SELECT b.step, b.detail FROM pgtoken.purge_batch(task, 1000000, late => true) b WHERE b.step IS NOT NULL;
	END LOOP;
	RETURN QUERY SELECT r.step, r.detail FROM pgtoken.redact_old_addresses(100000) r WHERE r.step IS NOT NULL;
	RETURN QUERY SELECT s.step, s.detail FROM pgtoken.maintain_audit_seals() s;
	PERFORM pgtoken.count_activity();
	-- last: everybody waits from here to the end of the transaction
	RETURN QUERY SELECT p.step, p.detail FROM pgtoken.maintain_partitions() p;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.maintain FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.maintain TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.maintain IS
'Keep the service in order; to be run daily, at any time, also several at once (one leaves to the other what it is at). accept_clock => true: the clock is right, whatever it says.
Gives signing keys their life; deletes clients that have registered themselves and never got a token, a thousand at most (unused_lifetime of their registration policy); finishes the erasures of two days ago and more, a thousand at most (erase_subject); looks at no more than a million rows of each table whose rows are over one day, from where it has ended last time, and deletes those that no setting keeps (families: pgtoken.grant_retention, pgtoken.reuse_retention; codes: pgtoken.code_retention; step-up transactions: pgtoken.challenge_retention; blacklisted tokens: pgtoken.blacklist_retention); takes addresses and contexts out of some hundred thousand rows each of ledger and audit (pgtoken.address_retention); seals the audit where there is an audit key; counts what happened for the overview of the console (count_activity); makes the partitions of this and the next two months, and drops partitions older than pgtoken.lineage_retention and pgtoken.audit_retention (lineage never while a family it belongs to lives), but for the rows of reused families, which pgtoken.reuse_retention keeps; no more than 24 partitions. Returns what it did, and tells it in a NOTICE as soon as it is done. Making or dropping partitions waits for open transactions that have written tokens, in short attempts, some 15 seconds in all; then they are postponed to the next call, which the result says. For a large backlog: CALL pgtoken.run_maintenance(). Raises 55000 when the clock may be wrong: when nothing was written for 31 days between the last run and now.';

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
	PERFORM pgtoken.check_batch(batch);
	IF pause OPERATOR(pg_catalog.<) '0'::pg_catalog.interval THEN
		RAISE EXCEPTION 'the pause must not be negative' USING ERRCODE = 'invalid_parameter_value', HINT = 'NULL: nine times as long as a batch takes.';
	END IF;
	PERFORM pgtoken.check_clock(accept_clock IS TRUE);
	COMMIT;
	PERFORM pgtoken.maintain_keys();
	COMMIT;
	PERFORM pgtoken.maintain_clients();
	COMMIT;
	PERFORM pgtoken.finish_erasures();
	COMMIT;
	FOREACH task IN ARRAY pg_catalog.array_append(pgtoken.purged_tables(), 'addresses') LOOP
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
	PERFORM pgtoken.maintain_audit_seals();
	COMMIT;
	PERFORM pgtoken.count_activity();
	COMMIT;
	FOREACH parent IN ARRAY '{tokens,audit_rows}'::pg_catalog.name[] LOOP
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
REVOKE ALL ON PROCEDURE pgtoken.run_maintenance FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE pgtoken.run_maintenance TO pgtoken_admin;
COMMENT ON PROCEDURE pgtoken.run_maintenance IS
'Do all that maintain() does, however much it is, in transactions of its own: each looks at a batch of rows or drops one partition, and commits; between batches it sleeps. batch: 1 to 1000000 rows. pause: for how long it sleeps; NULL: nine times as long as the batch has taken, so that it works for a tenth of the time. accept_clock: as in maintain.
Can be run at any time, also several at once, and be stopped at any time: what is committed stays, and the next run does the rest. Tells each step in a NOTICE, and shows what it is at as application_name in pg_stat_activity, also while it sleeps. Raises 25001 inside a transaction block, 2D000 when a function calls it, 22023 for a bad batch or a negative pause, 55000 when the clock may be wrong.';
