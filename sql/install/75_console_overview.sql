-- What the console opens with: how much happened lately, and what wants doing.
--
-- A month of a busy service is too much to be counted whenever somebody looks. So hours
-- that are over are counted once, by maintenance, and what came after is counted when it
-- is asked for, by the indexes on time, for as long as a page may take.

CREATE TABLE pgtoken.activity_counts (
	hour timestamptz NOT NULL,
	issuer text NOT NULL,
	kind text NOT NULL,
	reason text NOT NULL,
	events bigint NOT NULL,
	CONSTRAINT activity_counts_pkey PRIMARY KEY (hour, issuer, kind, reason),
	CONSTRAINT activity_counts_kind_check CHECK (kind IN ('counted', 'sign_in', 'client_token', 'refresh', 'retry', 'refusal', 'challenge'))
);
COMMENT ON TABLE pgtoken.activity_counts IS 'How much happened in each hour that is over, for the overview of the console; made by count_activity() from the ledger and the audit, kept for 92 days. Tells of no person';
COMMENT ON COLUMN pgtoken.activity_counts.hour IS 'When the hour began';
COMMENT ON COLUMN pgtoken.activity_counts.issuer IS 'Issuer whose client it was; empty: of no client that is there, and for kind counted';
COMMENT ON COLUMN pgtoken.activity_counts.kind IS 'counted: the hour was counted, whatever happened in it. sign_in: first tokens of a family of a subject; client_token: of a client''s own account; refresh, retry; refusal: a refused request that left an event; challenge: one that was answered mfa_required';
COMMENT ON COLUMN pgtoken.activity_counts.reason IS 'Of a refusal, as in audit_events; otherwise empty';
COMMENT ON COLUMN pgtoken.activity_counts.events IS 'How many; 0 for kind counted';
COMMENT ON CONSTRAINT activity_counts_kind_check ON pgtoken.activity_counts IS 'Those that there are';
COMMENT ON INDEX pgtoken.activity_counts_pkey IS 'Finds the counts of a time';
SELECT pg_catalog.pg_extension_config_dump('pgtoken.activity_counts', '');

ALTER TABLE pgtoken.activity_counts ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.activity_counts FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.activity_counts IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
CREATE POLICY administrator_reads ON pgtoken.activity_counts FOR SELECT TO pgtoken_issuer_admin
	USING (kind = 'counted' OR issuer = ANY ((SELECT pgtoken.administered_issuers())::text[]));
COMMENT ON POLICY administrator_reads ON pgtoken.activity_counts IS 'Shows administrators of an issuer its counts, and which hours were counted';
GRANT SELECT ON pgtoken.activity_counts TO pgtoken_auditor, pgtoken_issuer_admin;
INSERT INTO pgtoken.maintenance (task) VALUES ('activity');

-- With the rights of who asks: row security says whose events it counts. Two index scans
-- by time; each span is planned for itself.
CREATE FUNCTION pgtoken.measure_activity(since timestamptz, until timestamptz, step interval)
	RETURNS TABLE (bucket timestamptz, issuer text, kind text, reason text, events bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $function$
BEGIN
	RETURN QUERY
		SELECT m.bucket, coalesce(c.issuer, ''), m.kind, m.reason, sum(m.events)::bigint
		FROM (SELECT date_bin(step, t.issued_at, 'epoch') AS bucket, t.client_id,
					 CASE WHEN t.parent_generation IS NULL THEN CASE WHEN starts_with(t.subject, 'client:') THEN 'client_token' ELSE 'sign_in' END
						  WHEN t.retry = 0 OR t.generation = t.parent_generation THEN 'refresh'
						  ELSE 'retry' END AS kind,
					 '' AS reason, count(*) AS events
			  FROM pgtoken.tokens t
			  WHERE t.issued_at >= since AND t.issued_at < until
			  GROUP BY 1, 2, 3
			  UNION ALL
			  SELECT date_bin(step, a.occurred_at, 'epoch'), a.client_id,
					 CASE WHEN a.event LIKE '%.challenged' THEN 'challenge' ELSE 'refusal' END,
					 CASE WHEN a.event LIKE '%.challenged' THEN '' ELSE coalesce(a.reason, '') END, count(*)
			  FROM pgtoken.audit_rows a
			  WHERE a.occurred_at >= since AND a.occurred_at < until
				AND a.event ~ '\.(refused|denied|challenged|reuse|authentication_failed)$'
			  GROUP BY 1, 2, 3, 4) m
		LEFT JOIN pgtoken.clients c ON c.client_id = m.client_id
		GROUP BY 1, 2, 3, 4;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.measure_activity FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.measure_activity TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken.measure_activity IS 'Internal: what happened from since (inclusive) until (exclusive), counted from ledger and audit by steps that begin at 1970-01-01 UTC; rows as of activity_counts';

CREATE FUNCTION pgtoken.count_activity() RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	kept CONSTANT interval := interval '92 days';
	shown CONSTANT interval := interval '31 days';
	-- a transaction that has written may yet commit
	until CONSTANT timestamptz := date_trunc('hour', now() - interval '10 minutes');
	since timestamptz;
BEGIN
	IF pgtoken.take_task('activity') IS NOT NULL THEN
		RETURN 0;
	END IF;
	since := greatest((SELECT max(c.hour) + interval '1 hour' FROM pgtoken.activity_counts c WHERE c.hour < until), until - shown);
	INSERT INTO pgtoken.activity_counts (hour, issuer, kind, reason, events)
	SELECT m.bucket, m.issuer, m.kind, m.reason, m.events FROM pgtoken.measure_activity(since, until, interval '1 hour') m
	UNION ALL
	SELECT h, '', 'counted', '', 0 FROM generate_series(since, until - interval '1 hour', interval '1 hour') h
	-- of a clock that was set back: what is newer has the later word
	ON CONFLICT ON CONSTRAINT activity_counts_pkey DO UPDATE SET events = excluded.events;
	DELETE FROM pgtoken.activity_counts c WHERE c.hour < now() - kept OR c.hour > now() + interval '1 hour';
	RETURN greatest(extract(epoch FROM until - since) / 3600, 0);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.count_activity FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.count_activity TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.count_activity IS
'Count what happened in the hours that are over and not counted yet, of the last 31 days at most, for the overview of the console (activity_counts); forgets counts that are older than 92 days. maintain() and run_maintenance() do it; a service with millions of answers a day has it done each hour, so that nobody who looks has to wait.
Reads each event of these hours once, by the indexes on time. What is committed ten minutes after its hour is over, and later, is not counted. Returns how many hours it has counted, 0 when another session is at it.';

-- What takes too long to count is left out, and what was before it: a page that comes
-- late helps nobody.
CREATE FUNCTION pgtoken_console.activity_by(since timestamptz, step interval, patience interval DEFAULT '500 milliseconds')
	RETURNS TABLE (bucket timestamptz, kind text, reason text, events bigint)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	began CONSTANT timestamptz := clock_timestamp();
	counted timestamptz[];
	-- from here back nothing was looked at
	until timestamptz := date_trunc('hour', now()) + interval '1 hour';
	size interval := interval '1 hour';
	span_since timestamptz;
	span_began timestamptz;
BEGIN
	IF step < interval '1 hour' THEN
		RETURN QUERY SELECT m.bucket, m.kind, m.reason, sum(m.events)::bigint FROM pgtoken.measure_activity(since, 'infinity', step) m GROUP BY 1, 2, 3;
		RETURN;
	END IF;
	RETURN QUERY
		SELECT date_bin(step, c.hour, 'epoch'), c.kind, c.reason, sum(c.events)::bigint
		FROM pgtoken.activity_counts c WHERE c.hour >= since AND c.kind <> 'counted'
		GROUP BY 1, 2, 3;
	counted := ARRAY(SELECT c.hour FROM pgtoken.activity_counts c WHERE c.kind = 'counted' AND c.hour >= since ORDER BY c.hour);
	LOOP
		WHILE until - interval '1 hour' = ANY (counted) LOOP
			until := until - interval '1 hour';
		END LOOP;
		EXIT WHEN until <= since;
		span_since := greatest(since, until - size, (SELECT max(c) + interval '1 hour' FROM unnest(counted) c WHERE c < until));
		span_began := clock_timestamp();
		IF span_began - began >= patience THEN
			RETURN QUERY SELECT DISTINCT date_bin(step, h, 'epoch'), 'missing', '', 1::bigint FROM generate_series(since, until - interval '1 hour', interval '1 hour') h WHERE h <> ALL (counted);
			RETURN;
		END IF;
		RETURN QUERY SELECT date_bin(step, m.bucket, 'epoch'), m.kind, m.reason, sum(m.events)::bigint
			FROM pgtoken.measure_activity(span_since, until, interval '1 hour') m GROUP BY 1, 2, 3;
		-- where little happened much is counted at once
		IF clock_timestamp() - span_began < patience / 20 THEN
			size := least(size * 2, interval '7 days');
		END IF;
		until := span_since;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.activity_by FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.activity_by TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.activity_by IS 'Internal, called by overview: what happened since then, by steps. Steps below an hour are counted now; otherwise hours that were counted come from activity_counts and the others are counted now, the newest first, for as long as patience says. kind as in activity_counts; missing: an hour of this step was not counted';

CREATE FUNCTION pgtoken_console.overview(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	range text;
	step interval;
	since timestamptz;
	answer jsonb;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{range}');
	range := coalesce(arguments ->> 'range', 'day');
	step := CASE range WHEN 'hour' THEN interval '5 minutes' WHEN 'day' THEN interval '1 hour' WHEN 'month' THEN interval '6 hours' END;
	IF step IS NULL THEN
		RAISE EXCEPTION 'invalid range' USING ERRCODE = 'invalid_parameter_value', DETAIL = 'It is hour, day or month.';
	END IF;
	since := date_bin(step, now(), 'epoch') - CASE range WHEN 'hour' THEN interval '55 minutes' WHEN 'day' THEN interval '23 hours' ELSE interval '30 days' END;
	WITH happened AS MATERIALIZED (
		SELECT a.bucket, a.kind, a.reason, sum(a.events) AS events FROM pgtoken_console.activity_by(since, step) a GROUP BY 1, 2, 3
	), kinds (kind) AS (
		VALUES ('sign_in'), ('client_token'), ('refresh'), ('retry'), ('refusal'), ('challenge')
	), buckets AS (
		SELECT b.bucket, EXISTS (SELECT FROM happened h WHERE h.bucket = b.bucket AND h.kind = 'missing') AS missing
		FROM generate_series(since, now(), step) b (bucket)
	), series AS (
		SELECT k.kind, sum(v.events) AS total, jsonb_agg(v.events ORDER BY b.bucket) AS counts
		FROM kinds k CROSS JOIN buckets b
		CROSS JOIN LATERAL (SELECT CASE WHEN NOT b.missing THEN
								   (SELECT coalesce(sum(h.events), 0) FROM happened h WHERE h.bucket = b.bucket AND h.kind = k.kind) END AS events) v
		GROUP BY k.kind
	)
	SELECT jsonb_build_object(
		'range', range,
		'step', extract(epoch FROM step)::integer,
		'times', (SELECT jsonb_agg(extract(epoch FROM b.bucket)::bigint ORDER BY b.bucket) FROM buckets b),
		'missing', (SELECT count(*) FROM buckets b WHERE b.missing),
		'series', (SELECT jsonb_object_agg(s.kind, s.counts) FROM series s),
		'totals', (SELECT jsonb_object_agg(s.kind, coalesce(s.total, 0)) FROM series s),
		'reasons', (SELECT coalesce(jsonb_agg(jsonb_build_object('reason', r.reason, 'events', r.events, 'explanation', r.explanation)
											  ORDER BY r.events DESC, r.reason), '[]')
					FROM (SELECT h.reason, sum(h.events) AS events,
								 (SELECT x.explanation FROM pgtoken.refusal_reasons() x WHERE x.reason = h.reason LIMIT 1) AS explanation
						  FROM happened h WHERE h.kind = 'refusal' GROUP BY h.reason ORDER BY 2 DESC, 1 LIMIT 20) r))
	INTO answer;
	RETURN answer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.overview FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.overview TO pgtoken_auditor, pgtoken_issuer_admin;
GRANT EXECUTE ON FUNCTION pgtoken.refusal_reasons TO pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.overview IS
'Console: how much happened lately. arguments: range: hour (by five minutes), day (by hours) or month (by six hours); absent: day.
Returns range; step, in seconds; times, when each step began, in seconds since 1970; series, an object of lists as long as times: sign_in, client_token, refresh, retry, refusal, challenge (as in activity_counts), null where it was not counted; totals, of the same; missing, how many steps were not counted, which count_activity() does; reasons, of the refusals, the twenty most frequent: reason, events, explanation (null: not known). An administrator of one issuer gets what concerns its clients. Raises 22023.';

CREATE FUNCTION pgtoken_console.health(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{}');
	RETURN (
		SELECT jsonb_build_object('checks', jsonb_agg(jsonb_build_object(
			'name', h.check_name, 'ok', h.ok, 'detail', h.detail, 'runbook', 'docs/' || coalesce(r.page, 'operations.md#monitoring'), 'action', r.action)
			ORDER BY h.ok, h.n))
		FROM pgtoken.health() WITH ORDINALITY h (check_name, ok, detail, n)
		LEFT JOIN (VALUES
			('library version', 'operations.md#upgrade', NULL),
			('issuer', 'functions.md#create_issuer', NULL),
			('active signing keys', 'operations.md#signing-keys', NULL),
			('RS256 for OpenID Connect', 'clients.md', NULL),
			('authorization endpoint', 'http.md#login-and-consent', NULL),
			('status lists', 'status_lists.md', NULL),
			('installation', 'operations.md#a-copy-for-staging', NULL),
			('root key', 'security.md#root-key', NULL),
			('key material wrapped', 'security.md#root-key', NULL),
			('signing keys by policy', 'operations.md#signing-keys', 'maintain'),
			('signing keys in hardware', 'operations.md#signing-keys-in-hardware', NULL),
			('audit sealed', 'audit.md#sealing', 'seal_audit'),
			('partitions ahead', 'operations.md#partitions-and-retention', 'maintain'),
			('default partitions empty', 'operations.md#partitions-and-retention', 'maintain'),
			('replay lag', 'operations.md#replicas', NULL),
			('configuration', 'operations.md#one-configuration-for-several-databases', NULL),
			('retry windows', 'operations.md#replicas', NULL),
			('durable rotation', 'security.md#what-a-stolen-refresh-token-is-worth', NULL),
			('shard', 'scale.md#which-shard-a-database-is', NULL),
			('http authenticator', 'operations.md#http', NULL),
			('authentication policies', 'policies.md#what-a-resource-asks-for', NULL),
			('console', 'console.md#when-a-factor-is-lost', NULL),
			('courier', 'operations.md#the-courier', NULL),
			('courier deliveries', 'operations.md#the-courier', NULL),
			('signals', 'signals.md#when-it-does-not-arrive', NULL),
			('documents of clients', 'operations.md#the-courier', NULL),
			('user-supplied functions', 'http.md#claims-function', NULL),
			('triggers', 'security.md#who-sees-what', NULL),
			('statement logging', 'security.md#logging', NULL)) r (check_name, page, action) USING (check_name));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.health FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.health TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.health IS
'Console: what an operator should fix (pgtoken.health()), what is not in order first. arguments: none. Returns checks: name; ok; detail; runbook, the document and its section that say what to do; action, the console function that does it (maintain, seal_audit), or null.';

CREATE FUNCTION pgtoken_console.maintain(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{}');
	RETURN (SELECT jsonb_build_object('steps', coalesce(jsonb_agg(jsonb_build_object('step', m.step, 'detail', m.detail)), '[]'))
			FROM pgtoken.maintain() m);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.maintain FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.maintain TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_console.maintain IS
'Console: runs pgtoken.maintain() once. arguments: none. Returns steps, what it did: step, detail. Raises 55000 when the clock may be wrong.';

CREATE FUNCTION pgtoken_console.seal_audit(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{}');
	RETURN jsonb_build_object('seal', pgtoken.seal_audit('by hand, at the console'));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.seal_audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.seal_audit TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_console.seal_audit IS
'Console: seals the audit now (pgtoken.seal_audit). arguments: none. Returns seal, its number, or null where there was nothing to seal. Raises what seal_audit raises.';
