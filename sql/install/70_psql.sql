-- What an administrator asks in psql every day: no line wider than 100 columns, and
-- nothing in it that others have sent and that a terminal obeys.  Programs read the
-- wide siblings: grant_status, audit_events, lineage.
--
-- Clients choose user agents, and who registers users their subjects.  What comes from
-- them goes through clip(), or is of type clipped, which does so when it is shown.

CREATE FUNCTION pgtoken.clip(value text, columns integer) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_clip' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.clip FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.clip TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.clip IS 'Internal: a text as it is shown in a terminal, at most so many columns wide (wide characters count twice); what is cut ends in "...", and what a terminal might obey is written \xNN';

CREATE FUNCTION pgtoken.user_agent_name(user_agent text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_user_agent_name' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.user_agent_name FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.user_agent_name TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.user_agent_name IS 'Internal: a user agent (RFC 9110 section 10.1.5) in short, such as "chrome 120 on windows"';

-- A text that is whole to whoever compares it, so that WHERE subject = ... of a view
-- finds by the index of grants and is not told "none" because of what was cut off.
CREATE TYPE pgtoken.clipped;
CREATE FUNCTION pgtoken.clipped_in(cstring) RETURNS pgtoken.clipped AS 'textin' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION pgtoken.clipped_out(pgtoken.clipped) RETURNS cstring
	AS 'MODULE_PATHNAME', 'pgt_clipped_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION pgtoken.clipped_receive(internal) RETURNS pgtoken.clipped AS 'textrecv' LANGUAGE internal STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION pgtoken.clipped_send(pgtoken.clipped) RETURNS bytea AS 'textsend' LANGUAGE internal STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.clipped_in, pgtoken.clipped_out, pgtoken.clipped_receive, pgtoken.clipped_send FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.clipped_in IS 'Internal: input of type clipped';
COMMENT ON FUNCTION pgtoken.clipped_out IS 'Internal: output of type clipped, for a terminal';
COMMENT ON FUNCTION pgtoken.clipped_receive IS 'Internal: binary input of type clipped';
COMMENT ON FUNCTION pgtoken.clipped_send IS 'Internal: binary output of type clipped, whole';
CREATE TYPE pgtoken.clipped (INPUT = pgtoken.clipped_in, OUTPUT = pgtoken.clipped_out, RECEIVE = pgtoken.clipped_receive,
	SEND = pgtoken.clipped_send, LIKE = pg_catalog.text, CATEGORY = 'S', COLLATABLE = true);
REVOKE ALL ON TYPE pgtoken.clipped FROM PUBLIC;
GRANT USAGE ON TYPE pgtoken.clipped TO pgtoken_auditor;
COMMENT ON TYPE pgtoken.clipped IS 'A text that is shown in 13 columns of a terminal, without what a terminal might obey, and compared whole; subject::text is all of it';
CREATE CAST (pg_catalog.text AS pgtoken.clipped) WITHOUT FUNCTION;
COMMENT ON CAST (pg_catalog.text AS pgtoken.clipped) IS 'The same text, shown clipped';
CREATE CAST (pgtoken.clipped AS pg_catalog.text) WITHOUT FUNCTION AS IMPLICIT;
COMMENT ON CAST (pgtoken.clipped AS pg_catalog.text) IS 'All of the text';

-- Through extract(), since an infinite time cannot be subtracted before PostgreSQL 17.
CREATE FUNCTION pgtoken.short_span(earlier timestamptz, later timestamptz) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN s < 100 THEN trunc(greatest(s, 0)) || 's'
				WHEN s < 6000 THEN trunc(s / 60) || 'm'
				WHEN s < 172800 THEN trunc(s / 3600) || 'h'
				WHEN s < 864000000 THEN trunc(s / 86400) || 'd'
				WHEN s < 315576000000 THEN trunc(s / 31557600) || 'y'
				ELSE 'ever' END
	FROM (SELECT extract(epoch FROM later) - extract(epoch FROM earlier)) v (s);
END;
REVOKE ALL ON FUNCTION pgtoken.short_span FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.short_span TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.short_span IS 'Internal: a time between two in at most five columns: seconds, minutes, hours, days or years, such as 12m';

CREATE FUNCTION pgtoken.short_number(n bigint) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE WHEN n < 100000 THEN n::text WHEN n < 10000000 THEN n / 1000 || 'k' WHEN n < 10000000000 THEN n / 1000000 || 'M' ELSE n / 1000000000 || 'G' END;
REVOKE ALL ON FUNCTION pgtoken.short_number FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.short_number TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.short_number IS 'Internal: a number of rows in short, such as 12345k';

CREATE FUNCTION pgtoken.uuid_time(id uuid) RETURNS timestamptz
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN to_timestamp(('x' || translate(left(id::text, 13), '-', ''))::bit(48)::bigint / 1000.0);
REVOKE ALL ON FUNCTION pgtoken.uuid_time FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.uuid_time TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.uuid_time IS 'Internal: when this UUIDv7 was made; see first_uuid';

-- Who holds what.  The newest first, along the key, and each family looked at by itself
-- (OFFSET 0), so that LIMIT reads no more than it shows.

CREATE VIEW pgtoken.sessions WITH (security_barrier, security_invoker) AS
	SELECT g.grant_id, g.subject::pgtoken.clipped AS subject, g.client_id::pgtoken.clipped AS client_id,
		   pgtoken.short_span(g.created_at, now()) AS signed_in, pgtoken.short_span(g.rotated_at, now()) AS used,
		   pgtoken.short_span(now(), least(g.expires_at, s.idle_expires_at)) AS ends
	FROM pgtoken.grants g, LATERAL (SELECT s.* FROM pgtoken.grant_status s WHERE s.grant_id = g.grant_id OFFSET 0) s
	WHERE s.state = 'active' AND g.revoked_at IS NULL AND g.expires_at > now()	-- most that have ended need no closer look
	ORDER BY g.grant_id DESC;
GRANT SELECT ON pgtoken.sessions TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.sessions IS 'Living families, the newest first, for psql: at most 100 columns wide. Ask WHERE subject = ... or with a LIMIT: these are fast however many families there are; count in grant_status. Ended ones are in ended_sessions, all that is known in grant_status';
COMMENT ON COLUMN pgtoken.sessions.grant_id IS 'The family, for revoke_family() and lineage_tree()';
COMMENT ON COLUMN pgtoken.sessions.subject IS 'sub: who authorized it; shown clipped, compared whole';
COMMENT ON COLUMN pgtoken.sessions.client_id IS 'Client that was authorized; shown clipped, compared whole';
COMMENT ON COLUMN pgtoken.sessions.signed_in IS 'How long ago the first tokens were issued: seconds, minutes (m), hours, days or years';
COMMENT ON COLUMN pgtoken.sessions.used IS 'How long ago the current refresh token was handed out, or last used where rotation is never';
COMMENT ON COLUMN pgtoken.sessions.ends IS 'In how long it ends if it is not refreshed before';

CREATE VIEW pgtoken.ended_sessions WITH (security_barrier, security_invoker) AS
	SELECT g.grant_id, g.subject::pgtoken.clipped AS subject, g.client_id::pgtoken.clipped AS client_id,
		   pgtoken.short_span(coalesce(g.revoked_at, CASE s.state WHEN 'revoked' THEN s.not_before ELSE least(g.expires_at, s.idle_expires_at) END), now()) AS ended,
		   pgtoken.clip(CASE WHEN s.state <> 'revoked' THEN s.state WHEN g.revoked_at IS NULL THEN 'not_before' ELSE g.revoke_reason END, 19) AS why
	FROM pgtoken.grants g, LATERAL (SELECT s.* FROM pgtoken.grant_status s WHERE s.grant_id = g.grant_id OFFSET 0) s
	WHERE s.state <> 'active' ORDER BY g.grant_id DESC;
GRANT SELECT ON pgtoken.ended_sessions TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.ended_sessions IS 'Families that have ended, those that were begun last first, for psql: at most 100 columns wide. See sessions';
COMMENT ON COLUMN pgtoken.ended_sessions.grant_id IS 'The family, for lineage_tree()';
COMMENT ON COLUMN pgtoken.ended_sessions.subject IS 'sub: who authorized it; shown clipped, compared whole';
COMMENT ON COLUMN pgtoken.ended_sessions.client_id IS 'Client that was authorized; shown clipped, compared whole';
COMMENT ON COLUMN pgtoken.ended_sessions.ended IS 'How long ago it ended';
COMMENT ON COLUMN pgtoken.ended_sessions.why IS 'expired, idle, not_before, or the reason for which it was revoked';

-- What happened.

CREATE FUNCTION pgtoken.moment_of(since text) RETURNS timestamptz
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	-- some dates, such as 20260211, are intervals, too
	RETURN since::timestamptz;
EXCEPTION WHEN data_exception THEN
	BEGIN
		RETURN now() - since::interval;
	EXCEPTION WHEN data_exception THEN
		RAISE EXCEPTION 'neither a time nor how long ago it is: %', quote_literal(since)
			USING ERRCODE = 'invalid_datetime_format', HINT = 'For instance 1 hour, 7 days, yesterday, 2026-02-11 14:00.';
	END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.moment_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.moment_of TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.moment_of IS 'Internal: a time, or how long ago it is, in text; raises 22007 for what is neither';

CREATE TYPE pgtoken.activity_line AS (
	at text,
	what text,
	subject pgtoken.clipped,
	client_id pgtoken.clipped,
	source text
);
REVOKE ALL ON TYPE pgtoken.activity_line FROM PUBLIC;
GRANT USAGE ON TYPE pgtoken.activity_line TO pgtoken_auditor;
COMMENT ON TYPE pgtoken.activity_line IS 'Row of activity()';
COMMENT ON COLUMN pgtoken.activity_line.at IS 'When, in the time zone of the session: the time of day within the last 20 hours, else with month and day, or, where that is long ago, the date';
COMMENT ON COLUMN pgtoken.activity_line.what IS 'Event and reason of audit_events; of a refusal the reason alone where there is no room for both';
COMMENT ON COLUMN pgtoken.activity_line.subject IS 'Subject concerned; shown clipped, compared whole';
COMMENT ON COLUMN pgtoken.activity_line.client_id IS 'Client concerned; shown clipped, compared whole';
COMMENT ON COLUMN pgtoken.activity_line.source IS 'From where: the address that the request came from, as its context says, else the role that had logged in to the database';

CREATE FUNCTION pgtoken.activity(since timestamptz, subject text DEFAULT NULL, client_id text DEFAULT NULL, max_events integer DEFAULT 100)
	RETURNS SETOF pgtoken.activity_line
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $function$
DECLARE
	line pgtoken.activity_line;
	event record;
	n bigint := 0;
BEGIN
	IF max_events < 1 THEN
		RAISE EXCEPTION 'max_events must be at least 1' USING ERRCODE = 'invalid_parameter_value', HINT = 'NULL is no limit.';
	END IF;
	since := coalesce(since, '-infinity');
	FOR event IN EXECUTE format(
		'SELECT e.occurred_at, e.event, e.reason, e.subject, e.client_id, e.context ->> ''ip'' AS ip, e.session_user_name FROM %s e
		 WHERE e.occurred_at >= $1 %s ORDER BY e.occurred_at DESC, e.event_id DESC LIMIT $4 + 1',
		CASE WHEN subject IS NULL THEN 'pgtoken.audit_events' ELSE 'pgtoken.audit_by_subject($2, $1)' END,
		CASE WHEN client_id IS NOT NULL THEN 'AND e.client_id = $3' END)
		USING since, subject, client_id, max_events::bigint LOOP
		n := n + 1;
		IF n > max_events THEN
			line := ROW (NULL, format('... and older ones than these %s', max_events), NULL, NULL, NULL);
			RETURN NEXT line;
			RETURN;
		END IF;
		line.at := to_char(event.occurred_at, CASE WHEN event.occurred_at > now() - interval '20 hours' THEN 'HH24:MI:SS'
												   WHEN event.occurred_at > now() - interval '300 days' THEN 'MM-DD HH24:MI' ELSE 'YYYY-MM-DD' END);
		line.what := pgtoken.clip(CASE WHEN event.event ~ '[._](refused|failed|denied|challenged)$' AND length(event.event || event.reason) > 32 THEN event.reason
									   ELSE concat_ws(': ', event.event, event.reason) END, 34);
		line.subject := event.subject;
		line.client_id := event.client_id;
		line.source := pgtoken.clip(coalesce(event.ip, event.session_user_name), 15);
		RETURN NEXT line;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.activity(timestamptz, text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.activity(timestamptz, text, text, integer) TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.activity(timestamptz, text, text, integer) IS
'What happened since then, the newest first, for psql: at most 100 columns wide. All that is known of an event is in audit_events.
since: NULL is ever. subject: what happened to it and its families, as audit_by_subject has it; NULL is all. client_id: what happened with this client; NULL is all. max_events: how many at the most, and a last line then says that there are older ones; NULL is no limit. Raises 22023 for max_events below 1.';

CREATE FUNCTION pgtoken.activity(since text DEFAULT '1 day', subject text DEFAULT NULL, client_id text DEFAULT NULL, max_events integer DEFAULT 100)
	RETURNS SETOF pgtoken.activity_line
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT * FROM pgtoken.activity(pgtoken.moment_of(since), subject, client_id, max_events);
END;
REVOKE ALL ON FUNCTION pgtoken.activity(text, text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.activity(text, text, text, integer) TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.activity(text, text, text, integer) IS
'The same by a text. since: how long ago (1 hour, 7 days) or a time (yesterday, 2026-02-11 14:00). subject: its events only; NULL is all. client_id: those of this client; NULL is all. max_events: how many at the most; NULL is no limit. Raises 22007 for what is neither, 22023 for max_events below 1.';

-- Where a family came from, drawn.

CREATE FUNCTION pgtoken.family_story(grant_id uuid)
	RETURNS TABLE (at timestamptz, presented integer, became text, what text, detail text, context jsonb, kind text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $function$
BEGIN
	RETURN QUERY
		WITH entries AS (
			SELECT l.issued_at AS at, NULL::uuid AS event_id, l.parent_generation AS presented, l.generation::text AS became,
				   CASE WHEN l.retry > 0 THEN 'retried' WHEN l.parent_generation IS NOT NULL THEN 'refreshed'
						WHEN EXISTS (SELECT FROM pgtoken.imported_tokens i WHERE i.grant_id = family_story.grant_id) THEN 'imported' ELSE 'issued' END AS what,
				   'jti ..' || right(l.jti, 8) AS detail, l.context, CASE WHEN l.retry > 0 THEN 'retry' ELSE 'generation' END AS kind, l.ordinality
			FROM pgtoken.lineage(family_story.grant_id) WITH ORDINALITY l
			UNION ALL
			SELECT e.occurred_at, e.event_id, (e.detail ->> 'presented_generation')::integer, CASE WHEN k.kind = 'refusal' THEN 'x' WHEN k.kind = 'reuse' OR e.event = 'grant.revoked' THEN 'X' ELSE '*' END,
				   CASE k.kind WHEN 'reuse' THEN 'REUSE' ELSE split_part(e.event, '.', 2) END,
				   concat_ws(', ', CASE k.kind WHEN 'reuse' THEN (e.detail ->> 'current_generation') || ' was current' ELSE e.reason END,
							 CASE k.kind WHEN 'change' THEN 'by ' || e.role_name END),
				   e.context, k.kind, 0
			FROM pgtoken.audit_events e,
				LATERAL (SELECT CASE WHEN e.event ~ '[.](refused|denied|challenged)$' THEN 'refusal' WHEN e.event ~ '[.]reuse$' THEN 'reuse' ELSE 'change' END) k (kind)
			WHERE e.grant_id = family_story.grant_id AND e.event NOT IN ('grant.issued', 'family.imported', 'token.refreshed', 'token.retried')
		), in_order AS (
			SELECT e.*, row_number() OVER (ORDER BY e.at, e.event_id NULLS FIRST, e.ordinality) AS place FROM entries e
		)
		SELECT o.at, o.presented, o.became, o.what, o.detail, o.context, o.kind
		FROM (SELECT i.*, lag(i.what) OVER (ORDER BY i.place) AS before_it FROM in_order i) o
		-- a reuse comes before the revocation that it has brought about
		ORDER BY CASE WHEN o.kind = 'reuse' AND o.before_it = 'revoked' THEN o.place - 1.5 ELSE o.place END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.family_story FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.family_story TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.family_story IS 'Internal: what lineage_tree() draws, the oldest first: each answer (kind generation, retry) and event (refusal, reuse, change), with what was presented and what became of it';

CREATE FUNCTION pgtoken.lineage_tree(grant_id uuid) RETURNS SETOF text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	width CONSTANT integer := 98;	-- with what psql puts around it 100
	-- of the answers, and of the refusals, between two other events so many are drawn; the rest is counted
	first CONSTANT integer := 5;
	last CONSTANT integer := 10;
	family record;
	line record;
	drawn text;
	folded text[] := '{}';
	kinds text[] := '{}';	-- of what is folded
BEGIN
	SELECT g.* INTO family FROM pgtoken.grant_status g WHERE g.grant_id = lineage_tree.grant_id;
	IF FOUND THEN
		RETURN NEXT concat(format('family %s: %s', grant_id, family.state),
						   CASE WHEN family.state = 'active' THEN ', generation ' || family.generation || ' is current' END);
		RETURN NEXT format('%s at %s by %s', pgtoken.clip(family.subject, 40), pgtoken.clip(family.client_id, 28), pgtoken.clip(regexp_replace(family.grant_type, '^.*:', ''), 20));
		RETURN NEXT format('from %s to %s', date_trunc('second', family.created_at), date_trunc('second', least(family.expires_at, family.idle_expires_at)));
		IF family.grant_type = 'import' THEN
			RETURN NEXT format('imported from %s', coalesce((SELECT i.source FROM pgtoken.imported_tokens i WHERE i.grant_id = lineage_tree.grant_id), 'another server'));
		END IF;
		IF family.ancestors IS NOT NULL THEN
			RETURN NEXT format('exchanged from %s', family.ancestors[cardinality(family.ancestors)]);
		END IF;
	ELSIF EXISTS (SELECT FROM pgtoken.family_story(lineage_tree.grant_id)) THEN
		RETURN NEXT format('family %s: its row is gone', grant_id);
	END IF;
	FOR line IN
		WITH story AS (
			SELECT s.*, CASE WHEN s.kind IN ('generation', 'retry') THEN 'answer' ELSE s.kind END AS class,
				   count(*) FILTER (WHERE s.kind IN ('reuse', 'change')) OVER (ORDER BY s.ordinality) AS run
			FROM pgtoken.family_story(lineage_tree.grant_id) WITH ORDINALITY s
		), placed AS (
			SELECT s.*, row_number() OVER (PARTITION BY s.run, s.class ORDER BY s.ordinality) AS place, count(*) OVER (PARTITION BY s.run, s.class) AS length
			FROM story s
		)
		SELECT p.*, p.length > first + last + 1 AND p.place > first AND p.place <= p.length - last AS folds FROM placed p ORDER BY p.ordinality
	LOOP
		drawn := format('%4s %2s %-4s  %s  %-10s  ', line.presented, CASE WHEN line.presented IS NOT NULL THEN '->' END, line.became,
						to_char(line.at, 'MM-DD HH24:MI:SS'), pgtoken.clip(line.what, 10));
		drawn := rtrim(drawn || pgtoken.clip(concat_ws(', ', nullif(line.detail, ''), line.context ->> 'ip', pgtoken.user_agent_name(line.context ->> 'user_agent')), width - length(drawn)));
		IF line.folds THEN
			folded := array_append(folded, drawn);
			kinds := array_append(kinds, line.kind);
			CONTINUE;
		END IF;
		IF cardinality(folded) > 2 THEN
			RETURN NEXT (SELECT format('     ... %s ...', string_agg(concat(k.n, ' ', CASE WHEN k.n = 1 THEN k.kind WHEN k.kind = 'retry' THEN 'retries' ELSE k.kind || 's' END), ', ' ORDER BY k.kind))
						 FROM (SELECT u, count(*) FROM unnest(kinds) u GROUP BY u) k (kind, n));
		ELSE
			RETURN QUERY SELECT unnest(folded);
		END IF;
		folded := '{}';
		kinds := '{}';
		RETURN NEXT drawn;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.lineage_tree(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.lineage_tree(uuid) TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.lineage_tree(uuid) IS
'The chain of a family as text, for psql: at most 100 columns wide. After what the family is, a line for each answer and each event, the oldest first: "0 -> 1" is generation 1 in exchange for generation 0, "0 -> X" the reuse of generation 0, x a refusal; when, in the time zone of the session; what happened; the end of the jti of the access token, or the reason, and by which role a family was revoked; from which address and program, as the context says. The middle of what is long is folded: "... 812 generations ...". All that is known is in lineage() and audit_events. grant_id: the family; no line for an unknown one. Raises nothing.';

CREATE FUNCTION pgtoken.lineage_tree(token text) RETURNS SETOF text
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT l.line FROM pgtoken.lineage_tree(pgtoken.grant_of(token)) l (line);
END;
REVOKE ALL ON FUNCTION pgtoken.lineage_tree(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.lineage_tree(text) TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.lineage_tree(text) IS
'The chain of a family as text, see lineage_tree(uuid). token: a token of the family, a jti or a grant_id in text; it is not verified. Raises nothing.';

-- What there is on disk.

CREATE FUNCTION pgtoken.measure_storage()
	RETURNS TABLE (relation name, rows bigint, bytes bigint, dead real, oldest timestamptz, newest timestamptz, retention text, last_run timestamptz)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	kept_as text;
	kept interval;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	FOR relation, rows, bytes, dead IN
		SELECT c.relname, greatest(c.reltuples::bigint, s.n_live_tup, 0), pg_total_relation_size(c.oid),
			   100 * s.n_dead_tup::real / nullif(s.n_live_tup + s.n_dead_tup, 0)
		FROM pg_class c LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
		WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind = 'r'
	LOOP
		oldest := NULL;
		newest := NULL;
		kept_as := CASE WHEN relation ~ '_reuse_[0-9]{4}_[0-9]{2}$' THEN 'reused_families' ELSE coalesce(substring(relation FROM '^(tokens|audit_rows)_'), relation) END;
		kept := pgtoken.retention(kept_as);
		retention := split_part(pgtoken.retention_setting(kept_as), '_', 1) || ' ' || CASE WHEN kept IS NULL THEN 'all' ELSE pgtoken.short_span(now() - kept, now()) END;
		last_run := (SELECT m.updated_at FROM pgtoken.maintenance m WHERE m.task = CASE WHEN relation ~ '^(tokens|audit_rows)_' THEN 'partitions' ELSE relation END);
		IF relation ~ '[p_][0-9]{4}_[0-9]{2}$' THEN
			oldest := nullif(least(to_timestamp(right(relation, 7), 'YYYY_MM'), now()), now());
			newest := least(oldest + interval '1 month', now());
		ELSIF relation IN ('authorization_requests', 'authorization_codes', 'device_codes', 'grants') THEN
			-- both ends of the key, which is in the order of time
			EXECUTE format('SELECT pgtoken.uuid_time((SELECT t.grant_id FROM pgtoken.%1$I t ORDER BY t.grant_id LIMIT 1)),
								   pgtoken.uuid_time((SELECT t.grant_id FROM pgtoken.%1$I t ORDER BY t.grant_id DESC LIMIT 1))', relation) INTO oldest, newest;
		END IF;
		RETURN NEXT;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.measure_storage FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.measure_storage TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.measure_storage IS 'Internal: what the view storage shows, before it is made fit for 100 columns';

CREATE VIEW pgtoken.storage WITH (security_barrier, security_invoker) AS
	SELECT pgtoken.clip(s.relation, 26) AS relation, pgtoken.short_number(s.rows) AS rows, pgtoken.clip(replace(pg_size_pretty(s.bytes), 'bytes', 'B'), 8) AS size,
		   round(s.dead::numeric) || '%' AS dead, pgtoken.short_span(s.oldest, now()) AS oldest, pgtoken.short_span(s.newest, now()) AS newest,
		   pgtoken.clip(s.retention, 13) AS retention, pgtoken.short_span(s.last_run, now()) AS last_run
	FROM pgtoken.measure_storage() s ORDER BY s.bytes DESC, s.relation;
GRANT SELECT ON pgtoken.storage TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.storage IS 'Tables and partitions, the largest first, for psql: at most 100 columns wide';
COMMENT ON COLUMN pgtoken.storage.relation IS 'Table or partition';
COMMENT ON COLUMN pgtoken.storage.rows IS 'How many rows, as the statistics have it; k, M, G: thousands, millions, billions';
COMMENT ON COLUMN pgtoken.storage.size IS 'On disk, with indexes and TOAST';
COMMENT ON COLUMN pgtoken.storage.dead IS 'How much of it are rows that have been deleted or replaced and that no VACUUM has taken away; NULL: there are none at all';
COMMENT ON COLUMN pgtoken.storage.oldest IS 'How long ago the first of its rows was written: the beginning of the month of a partition, or by the key; NULL: not known, or there are none';
COMMENT ON COLUMN pgtoken.storage.newest IS 'The same of the last one';
COMMENT ON COLUMN pgtoken.storage.retention IS 'How long rows are kept, and which setting says so: "lineage 400d" is pgtoken.lineage_retention; NULL: no setting does';
COMMENT ON COLUMN pgtoken.storage.last_run IS 'How long ago maintenance was at it last; NULL: never, or nothing of it goes';
