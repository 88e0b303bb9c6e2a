-- What the service measures of itself: counters from shared memory, the rest asked of
-- the catalogue and of small tables when somebody wants to know. For Prometheus and what
-- speaks its language; nothing of a person or of a client, and of labels only what is
-- bounded.
--
-- Each part below must stay cheap with tens of millions of families: an index and a
-- limit, or a figure that the statistics have already. What is not cheap (health(), the
-- sizes of files) is measured every five minutes and kept in between.

-- A client that reads the metrics of the whole server is the administrator's to make, and
-- not one issuer's administrator's.
CREATE FUNCTION pgtoken.check_metrics_scope() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF TG_OP = 'UPDATE' AND 'pgtoken:metrics' = ANY (OLD.scopes) THEN
		RETURN NULL;	-- it was given before
	END IF;
	-- at the console the role of the session is the layer's
	IF pgtoken.console_issuer() IS NOT NULL
	   OR cardinality(pgtoken.session_administers()) > 0 AND NOT pg_has_role(CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role')::name END, 'pgtoken_admin', 'USAGE') THEN
		RAISE EXCEPTION 'permission denied: the scope pgtoken:metrics is not given by an administrator of one issuer'
			USING ERRCODE = 'insufficient_privilege', DETAIL = 'What it lets read is about all issuers.', HINT = 'pgtoken_admin can give it.';
	END IF;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_metrics_scope FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_metrics_scope IS 'Internal, trigger of clients: the scope pgtoken:metrics is given by pgtoken_admin alone. Raises 42501';
CREATE TRIGGER metrics_scope AFTER INSERT OR UPDATE ON pgtoken.clients FOR EACH ROW
	WHEN ('pgtoken:metrics' OPERATOR(pg_catalog.=) ANY (NEW.scopes)) EXECUTE FUNCTION pgtoken.check_metrics_scope();
COMMENT ON TRIGGER metrics_scope ON pgtoken.clients IS 'Keeps the scope pgtoken:metrics from clients of administrators of one issuer';

CREATE INDEX challenges_open ON pgtoken.challenges (expires_at) WHERE state = 'open';
COMMENT ON INDEX pgtoken.challenges_open IS 'Those that are not answered, by their end: counted by metrics()';

CREATE INDEX courier_work_dead_at ON pgtoken.courier_work (dead_at) WHERE dead_at IS NOT NULL;
COMMENT ON INDEX pgtoken.courier_work_dead_at IS 'Deliveries that were given up: counted by metrics()';

-- In the order in which they are shown.
CREATE FUNCTION pgtoken.metric_families() RETURNS TABLE (name text, type text, help text)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	VALUES
		('pgtoken_info', 'info', 'Version of the extension.'),
		('pgtoken_counters_present', 'gauge', 'Are the counters there? 0: the library is not preloaded, or the server has too many databases.'),
		('pgtoken_http_requests_total', 'counter', 'Requests that were answered, by endpoint and status of the answer.'),
		('pgtoken_http_errors_total', 'counter', 'Requests that were answered by an error, by endpoint and the error that was told.'),
		('pgtoken_http_request_duration_seconds', 'histogram', 'Time in the database from a request to its answer, its commit left out.'),
		('pgtoken_decisions_total', 'counter', 'Requests that policies have judged, by what was asked for and what came of it.'),
		('pgtoken_refusals_total', 'counter', 'Requests that were refused, by the reason that the audit has.'),
		('pgtoken_tokens_issued_total', 'counter', 'Access tokens issued, by grant type; none is issue_tokens() in SQL.'),
		('pgtoken_sign_ins_total', 'counter', 'Families that began with a user who has signed in.'),
		('pgtoken_refresh_retries_total', 'counter', 'Refreshes that were asked for again and answered again.'),
		('pgtoken_refresh_reuse_total', 'counter', 'Refresh tokens that were used again, and families ended by that.'),
		('pgtoken_cache_hits_total', 'counter', 'Looks into a cache of a backend that have found what they wanted.'),
		('pgtoken_cache_misses_total', 'counter', 'Looks into a cache of a backend that have not.'),
		('pgtoken_cache_resets_total', 'counter', 'Times that a backend has dropped a cache: configuration because that was changed, tokens because of a revocation, too.'),
		('pgtoken_refused_ring_total', 'counter', 'Refused requests that were put into the ring that refused_requests() reads.'),
		('pgtoken_challenges_open', 'gauge', 'Step-up transactions that wait for their user; 1000 is that or more.'),
		('pgtoken_challenges_overdue', 'gauge', 'Step-up transactions that nobody has answered in time, as long as they are kept; 1000 is that or more.'),
		('pgtoken_families_alive', 'gauge', 'Families that have neither ended nor expired: from some thousand on as the statistics of the last ANALYZE let expect.'),
		('pgtoken_signing_keys', 'gauge', 'Signing keys.'),
		('pgtoken_signing_key_age_seconds', 'gauge', 'How long the oldest signing key of a state is in it.'),
		('pgtoken_signing_key_expiry_timestamp_seconds', 'gauge', 'When the active signing key is to be followed by another.'),
		('pgtoken_signing_key_retires_timestamp_seconds', 'gauge', 'When the next retiring signing key stops to verify.'),
		('pgtoken_partitions_ahead', 'gauge', 'Months after this one for which there are partitions.'),
		('pgtoken_outbox_pending', 'gauge', 'What waits to be delivered or fetched; 1000 is that or more.'),
		('pgtoken_outbox_oldest_seconds', 'gauge', 'How long the oldest of that waits.'),
		('pgtoken_outbox_dead', 'gauge', 'Deliveries that were given up; 1000 is that or more.'),
		('pgtoken_replay_lag_seconds', 'gauge', 'Age of what this standby has replayed; +Inf: not known. Not of a primary.'),
		('pgtoken_configuration_role', 'gauge', 'Where the configuration comes from: 1 for the role that this database has.'),
		('pgtoken_configuration_lag_seconds', 'gauge', 'Age of the configuration of a subscriber; +Inf: not known. Not of others.'),
		('pgtoken_maintenance_last_success_timestamp_seconds', 'gauge', 'When maintain() or run_maintenance() has last come to its end.'),
		('pgtoken_audit_seal_age_seconds', 'gauge', 'Age of the last seal of the audit, where it is sealed.'),
		('pgtoken_audit_unsealed_transactions', 'gauge', 'Transactions since the last seal, of whatever kind.'),
		('pgtoken_table_size_bytes', 'gauge', 'Size on disk of a table with its indexes, partitions and all, five minutes ago at most.'),
		('pgtoken_health_problems', 'gauge', 'Is something for an operator to do, by check of health()? Five minutes ago at most.');
END;
REVOKE ALL ON FUNCTION pgtoken.metric_families FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.metric_families TO pgtoken_monitor, pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.metric_families IS
'What metrics() measures. Returns name and type (counter, gauge, histogram, info) as Prometheus has them, and help, which says what it is.';

CREATE FUNCTION pgtoken.counted() RETURNS TABLE (name text, labels jsonb, value double precision)
	AS 'MODULE_PATHNAME', 'pgt_counted' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED;
REVOKE ALL ON FUNCTION pgtoken.counted FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.counted IS 'Internal, called by metrics(): the counters of this database since the server was started; no row where there is no shared memory';

CREATE FUNCTION pgtoken.kept_samples(seconds integer) RETURNS TABLE (name text, label text, value double precision, taken_at timestamptz)
	AS 'MODULE_PATHNAME', 'pgt_kept_samples' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
REVOKE ALL ON FUNCTION pgtoken.kept_samples FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.kept_samples IS 'Internal, called by metrics(): what keep_samples() was given, unless that is older; no row: nothing is';

CREATE FUNCTION pgtoken.keep_samples(names text[], labels text[], sample_values double precision[]) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_keep_samples' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
REVOKE ALL ON FUNCTION pgtoken.keep_samples FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.keep_samples IS 'Internal, called by metrics(): keeps measurements for all backends of this database, for this one alone where there is no shared memory. At most 128; names and labels of 63 bytes';

CREATE FUNCTION pgtoken.measure_slowly() RETURNS TABLE (name text, label text, value double precision)
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'pgtoken_table_size_bytes', t.table_name, sum(t.bytes)::double precision
	FROM (SELECT CASE WHEN c.relispartition THEN (SELECT p.relname FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent WHERE i.inhrelid = c.oid)
					  ELSE c.relname END::text AS table_name, pg_total_relation_size(c.oid) AS bytes
		  FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind = 'r') t
	WHERE t.bytes IS NOT NULL GROUP BY t.table_name	-- what is dropped meanwhile has none
	UNION ALL
	SELECT 'pgtoken_health_problems', h.check_name, CASE WHEN h.ok THEN 0 ELSE 1 END::double precision FROM pgtoken.health() h;
END;
REVOKE ALL ON FUNCTION pgtoken.measure_slowly FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.measure_slowly IS 'Internal, called by metrics() every five minutes: what takes longer than the rest';

CREATE FUNCTION pgtoken.families_expected() RETURNS double precision
	LANGUAGE plpgsql VOLATILE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	plan json;
BEGIN
	-- so small that to count is as fast
	IF pg_relation_size('pgtoken.grants') < 200 * 8192 THEN
		RETURN (SELECT count(*) FROM pgtoken.grants g WHERE g.revoked_at IS NULL AND g.expires_at > now());
	END IF;
	-- what the planner expects: rows per page as VACUUM has seen them, pages as they are, the
	-- parts that have ended and expired as ANALYZE has sampled them
	EXECUTE 'EXPLAIN (FORMAT JSON) SELECT FROM pgtoken.grants g WHERE g.revoked_at IS NULL AND g.expires_at > pg_catalog.now()' INTO plan;
	RETURN (plan #>> '{0,Plan,Plan Rows}')::double precision;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.families_expected FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.families_expected IS 'Internal, called by metrics(): how many families live: counted while they fill 1.6 MB at the most, and then by the planner''s estimate, a millisecond whatever there are, and as true as the statistics';

CREATE FUNCTION pgtoken.measure_keys() RETURNS TABLE (name text, labels jsonb, value double precision)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	key_lifetime CONSTANT interval := current_setting('pgtoken.signing_key_lifetime')::interval;
BEGIN
	RETURN QUERY
	WITH keys AS MATERIALIZED (
		SELECT jsonb_build_object('issuer', k.issuer, 'alg', k.alg, 'state', k.state) AS labels, jsonb_build_object('issuer', k.issuer, 'alg', k.alg) AS whose,
			   k.state, count(*) AS n, min(CASE k.state WHEN 'pending' THEN k.created_at WHEN 'active' THEN k.activated_at ELSE k.retiring_at END) AS since,
			   min(k.retires_at) AS retires_at
		FROM pgtoken.signing_keys k WHERE k.state <> 'retired' GROUP BY k.issuer, k.alg, k.state)
	SELECT m.name, m.labels, m.value
	FROM keys k, LATERAL (VALUES
		('pgtoken_signing_keys', k.labels, k.n::double precision),
		('pgtoken_signing_key_age_seconds', k.labels, greatest(extract(epoch FROM now() - k.since), 0)::double precision),
		('pgtoken_signing_key_expiry_timestamp_seconds', k.whose,
		 CASE WHEN k.state = 'active' AND key_lifetime > '0' THEN extract(epoch FROM k.since + key_lifetime)::double precision END),
		('pgtoken_signing_key_retires_timestamp_seconds', k.whose, CASE WHEN k.state = 'retiring' THEN extract(epoch FROM k.retires_at)::double precision END)
	) m (name, labels, value) WHERE m.value IS NOT NULL;
	-- an issuer without the key that it signs by has a series, too, and it is 0
	RETURN QUERY
	SELECT 'pgtoken_signing_keys', jsonb_build_object('issuer', i.issuer, 'alg', i.default_alg, 'state', 'active'), 0::double precision
	FROM pgtoken.issuers i
	WHERE NOT EXISTS (SELECT FROM pgtoken.signing_keys k WHERE k.issuer = i.issuer AND k.alg = i.default_alg AND k.state = 'active');
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.measure_keys FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.measure_keys IS 'Internal, called by metrics(): the signing keys, by issuer, algorithm and state';

CREATE FUNCTION pgtoken.months_ahead(parent text) RETURNS integer
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	n integer := 0;
BEGIN
	WHILE n < 120 AND to_regclass(format('pgtoken.%s_p%s', parent, to_char(now() AT TIME ZONE 'UTC' + make_interval(months => n + 1), 'YYYY_MM'))) IS NOT NULL LOOP
		n := n + 1;
	END LOOP;
	RETURN n;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.months_ahead FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.months_ahead IS 'Internal, called by metrics(): for how many months that follow this one, without a gap, tokens or audit_rows has partitions';

CREATE FUNCTION pgtoken.measure_outboxes() RETURNS TABLE (name text, labels jsonb, value double precision)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	most CONSTANT integer := 1000;
BEGIN
	RETURN QUERY
	WITH waiting AS MATERIALIZED (
		-- those that are due first, so that what is stuck is among them
		(SELECT w.kind AS outbox, w.created_at FROM pgtoken.courier_work w WHERE w.dead_at IS NULL ORDER BY w.due_at LIMIT most)
		-- the newest: those that have expired stay until maintenance comes
		UNION ALL SELECT 'application_code', c.created_at FROM (SELECT k.created_at, k.expires_at FROM pgtoken.challenge_codes k ORDER BY k.code_id DESC LIMIT most) c WHERE c.expires_at > now()),
	boxes AS MATERIALIZED (
		SELECT jsonb_build_object('outbox', b.outbox) AS labels, count(w.created_at) AS n, min(w.created_at) AS oldest
		FROM unnest('{application_code,code,document,logout,seal,signal}'::text[]) b (outbox) LEFT JOIN waiting w USING (outbox) GROUP BY b.outbox)
	SELECT m.name, b.labels, m.value
	FROM boxes b, LATERAL (VALUES
		('pgtoken_outbox_pending', b.n::double precision),
		('pgtoken_outbox_oldest_seconds', coalesce(greatest(extract(epoch FROM now() - b.oldest), 0), 0)::double precision)) m (name, value);
	RETURN QUERY
	SELECT 'pgtoken_outbox_dead', '{}'::jsonb, count(*)::double precision
	FROM (SELECT FROM pgtoken.courier_work w WHERE w.dead_at IS NOT NULL LIMIT most) d;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.measure_outboxes FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.measure_outboxes IS 'Internal, called by metrics(): what waits for the courier, by its kind, and one-time codes that wait for the application';

CREATE FUNCTION pgtoken.measure_rest() RETURNS TABLE (name text, labels jsonb, value double precision)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	most CONSTANT integer := 1000;
	seal pgtoken.audit_seals;
BEGIN
	RETURN QUERY SELECT 'pgtoken_info', jsonb_build_object('version', e.extversion), 1::double precision FROM pg_extension e WHERE e.extname = 'pgtoken';
	RETURN QUERY SELECT 'pgtoken_challenges_open', '{}'::jsonb, count(*)::double precision
				 FROM (SELECT FROM pgtoken.challenges c WHERE c.state = 'open' AND c.expires_at > now() LIMIT most) c;
	RETURN QUERY SELECT 'pgtoken_challenges_overdue', '{}'::jsonb, count(*)::double precision
				 FROM (SELECT FROM pgtoken.challenges c WHERE c.state = 'open' AND c.expires_at <= now() LIMIT most) c;
	RETURN QUERY SELECT 'pgtoken_families_alive', '{}'::jsonb, pgtoken.families_expected();
	RETURN QUERY SELECT 'pgtoken_partitions_ahead', jsonb_build_object('table', p), pgtoken.months_ahead(p)::double precision FROM unnest('{audit_rows,tokens}'::text[]) p;
	IF pg_is_in_recovery() THEN
		RETURN QUERY SELECT 'pgtoken_replay_lag_seconds', '{}'::jsonb, coalesce(extract(epoch FROM pgtoken.replay_lag()), 'Infinity')::double precision;
	END IF;
	RETURN QUERY SELECT 'pgtoken_configuration_role', jsonb_build_object('role', r), CASE WHEN r = pgtoken.configuration_role() THEN 1 ELSE 0 END::double precision
				 FROM unnest('{alone,primary,subscriber}'::text[]) r;
	IF pgtoken.configuration_role() = 'subscriber' AND NOT pg_is_in_recovery() THEN
		RETURN QUERY SELECT 'pgtoken_configuration_lag_seconds', '{}'::jsonb, coalesce(extract(epoch FROM pgtoken.configuration_lag()), 'Infinity')::double precision;
	END IF;
	-- the last of its steps; its row is written in the transaction that does it
	RETURN QUERY SELECT 'pgtoken_maintenance_last_success_timestamp_seconds', '{}'::jsonb, extract(epoch FROM m.updated_at)::double precision
				 FROM pgtoken.maintenance m WHERE m.task = 'partitions' AND m.updated_at IS NOT NULL;
	IF EXISTS (SELECT FROM pgtoken.audit_keys k WHERE k.state = 'active') THEN
		SELECT * INTO seal FROM pgtoken.audit_seals s ORDER BY s.number DESC LIMIT 1;
		IF FOUND THEN
			RETURN QUERY SELECT 'pgtoken_audit_seal_age_seconds', '{}'::jsonb, greatest(extract(epoch FROM now() - seal.made_at), 0)::double precision;
			RETURN QUERY SELECT 'pgtoken_audit_unsealed_transactions', '{}'::jsonb,
								greatest(pg_snapshot_xmax(pg_current_snapshot())::text::numeric - seal.xact_until::text::numeric, 0)::double precision;
		END IF;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.measure_rest FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.measure_rest IS 'Internal, called by metrics(): what is asked of the tables and the catalogue at the time';

CREATE FUNCTION pgtoken.measurements() RETURNS TABLE (name text, labels jsonb, value double precision)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	SET jit = off	-- of many small statements
AS $function$
DECLARE
	names text[];
	labels_ text[];
	values_ double precision[];
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	RETURN QUERY SELECT c.name, c.labels, c.value FROM pgtoken.counted() c;
	RETURN QUERY SELECT 'pgtoken_counters_present', '{}'::jsonb, CASE WHEN FOUND THEN 1 ELSE 0 END::double precision;
	RETURN QUERY SELECT k.name, k.labels, k.value FROM pgtoken.measure_keys() k;
	RETURN QUERY SELECT o.name, o.labels, o.value FROM pgtoken.measure_outboxes() o;
	RETURN QUERY SELECT r.name, r.labels, r.value FROM pgtoken.measure_rest() r;
	SELECT array_agg(k.name), array_agg(k.label), array_agg(k.value) INTO names, labels_, values_ FROM pgtoken.kept_samples(300) k;
	IF names IS NULL THEN
		SELECT array_agg(s.name), array_agg(s.label), array_agg(s.value) INTO names, labels_, values_ FROM pgtoken.measure_slowly() s;
		PERFORM pgtoken.keep_samples(names, labels_, values_);
	END IF;
	RETURN QUERY SELECT s.name, jsonb_build_object(CASE s.name WHEN 'pgtoken_health_problems' THEN 'check' ELSE 'table' END, s.label), s.value
				 FROM unnest(names, labels_, values_) s (name, label, value);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.measurements FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.measurements IS 'Internal, called by metrics() and metrics_text(): names, labels and values';

-- The next five without SET, so that they are taken into the statement that calls them: their
-- bodies were read when they were made.
CREATE FUNCTION pgtoken.metric_family(name text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	-- the only one that has several names
	RETURN CASE WHEN starts_with(name, 'pgtoken_http_request_duration_seconds') THEN 'pgtoken_http_request_duration_seconds' ELSE name END;
REVOKE ALL ON FUNCTION pgtoken.metric_family FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.metric_family IS 'Internal: the metric that a sample of this name belongs to';

CREATE FUNCTION pgtoken.metrics() RETURNS TABLE (name text, type text, help text, labels jsonb, value double precision)
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT m.name, f.type, f.help, m.labels, m.value
	FROM (SELECT s.name, s.labels, s.value, row_number() OVER () AS n FROM pgtoken.measurements() s) m
	JOIN ROWS FROM (pgtoken.metric_families()) WITH ORDINALITY f (name, type, help, n) ON f.name = pgtoken.metric_family(m.name)
	ORDER BY f.n, m.n;
END;
REVOKE ALL ON FUNCTION pgtoken.metrics FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.metrics TO pgtoken_monitor, pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.metrics IS
'What the service measures of itself, for what watches it: counters of this database since the server was started, and how things stand now. docs/metrics.md says of each what it means and costs. A few milliseconds, whatever the tables hold; every five minutes some more, for the checks of health() and the sizes of tables.
Returns a row each: name, type and help as Prometheus has them (a histogram has rows whose names end in _bucket, _sum and _count), labels as an object of texts, and value. Without shared memory (before PostgreSQL 17 the library must be in shared_preload_libraries) there are no counters.';

CREATE FUNCTION pgtoken.metric_label(value text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN replace(replace(replace(value, E'\\', E'\\\\'), '"', E'\\"'), E'\n', E'\\n');
REVOKE ALL ON FUNCTION pgtoken.metric_label FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.metric_label IS 'Internal, called by metrics_text(): the value of a label, as it stands between quotes';

-- apart: what has a query in it is not taken into the statement that calls it
CREATE FUNCTION pgtoken.metric_labels(labels jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (SELECT string_agg(l.key || '="' || pgtoken.metric_label(l.value) || '"', ',') FROM jsonb_each_text(labels) l) || '}';
REVOKE ALL ON FUNCTION pgtoken.metric_labels FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.metric_labels IS 'Internal, called by metric_samples(): labels with any values, as they stand in the text, and the brace that closes them';

CREATE FUNCTION pgtoken.metric_samples(name text, labels jsonb, value double precision) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN name || CASE WHEN labels = '{}' THEN ''
						-- what jsonb shows, but for what stands between names and values, where nothing in a value could be taken for that
						WHEN labels::text ~ '^\{(?:"[a-z_]+": "(?:[^"\\:,][^"\\,]*)?"(?:, )?)+\}$'
							THEN '{' || substr(replace(replace(labels::text, '": "', '="'), '", "', '",'), 3)
						ELSE '{' || pgtoken.metric_labels(labels) END
		   || ' ' || CASE value WHEN 'Infinity' THEN '+Inf' ELSE value::text END;
REVOKE ALL ON FUNCTION pgtoken.metric_samples FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.metric_samples IS 'Internal, called by metrics_text(): the line of a sample';

CREATE FUNCTION pgtoken.metric_head(name text, type text, help text, openmetrics boolean) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	-- OpenMetrics names counters and infos without the end that their samples have, and units apart
	RETURN (SELECT concat_ws(E'\n', format('# HELP %s %s', n.shown, help), format('# TYPE %s %s', n.shown, CASE WHEN type = 'info' AND NOT openmetrics THEN 'gauge' ELSE type END),
					  CASE WHEN openmetrics AND n.shown ~ '_(seconds|bytes)$' THEN format('# UNIT %s %s', n.shown, substring(n.shown FROM '[a-z]+$')) END)
			FROM (VALUES (CASE WHEN openmetrics THEN regexp_replace(name, '_(total|info)$', '') ELSE name END)) n (shown));
REVOKE ALL ON FUNCTION pgtoken.metric_head FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.metric_head IS 'Internal, called by metrics_text(): the lines that stand before the samples of a metric';

CREATE FUNCTION pgtoken.metrics_text(openmetrics boolean DEFAULT false) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET extra_float_digits = 1
AS $function$
BEGIN
	RETURN (SELECT string_agg(CASE WHEN m.n = 1 THEN pgtoken.metric_head(f.name, f.type, f.help, openmetrics IS TRUE) || E'\n' ELSE '' END
							  || pgtoken.metric_samples(m.name, m.labels, m.value) || E'\n', '' ORDER BY f.n, m.n)
			FROM (SELECT s.name, s.labels, s.value, pgtoken.metric_family(s.name) AS family, row_number() OVER (PARTITION BY pgtoken.metric_family(s.name) ORDER BY s.n) AS n
				  FROM ROWS FROM (pgtoken.measurements()) WITH ORDINALITY s (name, labels, value, n)) m
			JOIN ROWS FROM (pgtoken.metric_families()) WITH ORDINALITY f (name, type, help, n) ON f.name = m.family)
		   || CASE WHEN openmetrics THEN E'# EOF\n' ELSE '' END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.metrics_text FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.metrics_text TO pgtoken_monitor, pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.metrics_text IS
'The same as metrics() as text, which GET /metrics answers: in the format of Prometheus (text/plain, version 0.0.4), or with openmetrics in that of OpenMetrics (application/openmetrics-text, version 1.0.0). For what reads it from a file, such as the textfile collector of node_exporter. openmetrics: NULL is false. Returns text that ends with a newline.';

CREATE FUNCTION pgtoken.readiness(of_issuer text, stale boolean) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	asked CONSTANT pgtoken.issuers := (SELECT i FROM pgtoken.issuers i WHERE i.issuer = of_issuer OR of_issuer IS NULL AND i.is_default);
	missing CONSTANT text[] := array_remove(ARRAY[
		CASE WHEN pgtoken.library_state() IN ('extension_too_old', 'library_too_old') THEN 'version' END,
		CASE WHEN asked.issuer IS NULL THEN 'issuer'
			 WHEN NOT EXISTS (SELECT FROM pgtoken.signing_keys k WHERE k.issuer = asked.issuer AND k.alg = asked.default_alg AND k.state = 'active') THEN 'signing_key' END,
		CASE WHEN stale THEN 'replay' END,
		CASE WHEN pgtoken.configuration_stale() THEN 'configuration' END], NULL);
	late CONSTANT text[] := array_remove(ARRAY[
		CASE WHEN pgtoken.library_state() IN ('extension_behind', 'library_behind') THEN 'version' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.issuers i
						  WHERE i.issuer <> asked.issuer
							AND NOT EXISTS (SELECT FROM pgtoken.signing_keys k WHERE k.issuer = i.issuer AND k.alg = i.default_alg AND k.state = 'active')) THEN 'signing_keys' END,
		CASE WHEN least(pgtoken.months_ahead('tokens'), pgtoken.months_ahead('audit_rows')) = 0 THEN 'partitions' END], NULL);
BEGIN
	RETURN jsonb_build_object('ready', cardinality(missing) = 0, 'missing', missing, 'late', late);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.readiness FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.readiness IS
'Internal, called for GET /ready: can requests to this issuer (NULL: the default one) be answered? stale: the standby is further behind than pgtoken.max_replay_lag allows. Returns ready; missing, for want of which it is not (version: library and extension do not work together; issuer; signing_key; replay; configuration: it may be older than pgtoken.max_configuration_lag); and late, which an operator should see to and requests do not feel yet (version: one of the two is still to be replaced; signing_keys of other issuers; partitions of the next month)';
