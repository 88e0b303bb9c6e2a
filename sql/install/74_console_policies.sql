-- The console's functions about policies, the audit and its seals, storage and
-- maintenance.
--
-- Each calls what psql calls. Who has pgtoken_admin's rights calls the function of the
-- schema pgtoken, an administrator of one issuer its namesake of pgtoken_administration,
-- which asks whose the thing is.

-- What they have in common ----------------------------------------------------------

CREATE FUNCTION pgtoken.console_confined() RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN NOT pg_has_role(current_user, 'pgtoken_auditor', 'USAGE');
REVOKE ALL ON FUNCTION pgtoken.console_confined FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.console_confined TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken.console_confined IS 'Internal: is the role in effect an administrator of one issuer, who calls the namesakes of pgtoken_administration?';

-- Policies ---------------------------------------------------------------------------

GRANT EXECUTE ON FUNCTION pgtoken.policy_rule_members TO pgtoken_issuer_admin;

CREATE FUNCTION pgtoken_console.policy_rules(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{}');
	RETURN (SELECT jsonb_build_object('rules', jsonb_agg(jsonb_build_object('rule', k.rule, 'fires_when', k.fires_when, 'members', k.members) ORDER BY k.n))
			FROM (SELECT m.rule, m.fires_when, min(m.n) AS n,
						 coalesce(jsonb_agg(jsonb_build_object('member', m.member, 'required', m.required, 'form', m.form, 'fallback', m.fallback, 'words', m.words, 'expected', m.expected) ORDER BY m.n)
								  FILTER (WHERE m.member IS NOT NULL), '[]') AS members
				  FROM pgtoken.policy_rule_members() WITH ORDINALITY m (rule, fires_when, member, required, form, fallback, words, expected, n)
				  GROUP BY m.rule, m.fires_when) k);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.policy_rules FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.policy_rules TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.policy_rules IS 'The rules that a policy can be made of, for a form. arguments: none. Returns rules: an array of {rule, fires_when, members: an array of {member, required, form, fallback, words, expected}}, which policy_rule_members() explains.';

CREATE FUNCTION pgtoken_console.policies(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	after CONSTANT jsonb := (arguments ->> 'after')::jsonb;
	size CONSTANT integer := pgtoken_console.limit_of(arguments);
	list jsonb;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{issuer,after,limit}');
	SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.issuer, p.policy), '[]') INTO list
	FROM (SELECT v.issuer, v.policy, max(v.version) AS newest, count(*) AS versions, count(*) FILTER (WHERE v.state = 'draft') AS drafts,
				 max(v.version) FILTER (WHERE v.state = 'active') AS active, max(v.version) FILTER (WHERE v.state = 'shadow') AS shadow,
				 max(v.activated_at) FILTER (WHERE v.state IN ('active', 'shadow')) AS activated_at, max(v.created_at) AS created_at
		  FROM pgtoken.policies v
		  WHERE (arguments ->> 'issuer' IS NULL OR v.issuer = arguments ->> 'issuer') AND (after IS NULL OR (v.issuer, v.policy) > (after ->> 0, after ->> 1))
		  GROUP BY v.issuer, v.policy ORDER BY v.issuer, v.policy LIMIT size + 1) p;
	RETURN jsonb_build_object('rows', CASE WHEN jsonb_array_length(list) > size THEN list - size ELSE list END,
							  'next', CASE WHEN jsonb_array_length(list) > size THEN jsonb_build_array(list -> (size - 1) -> 'issuer', list -> (size - 1) -> 'policy')::text END);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.policies FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.policies TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.policies IS 'Policies by issuer and name. arguments: issuer (left out: all that the role sees), after, limit. Returns rows, an array of {issuer, policy, newest (version), versions and drafts (how many), active, shadow (version; null: none), activated_at (of one of these), created_at (of the newest)}, and next.';

CREATE FUNCTION pgtoken_console.policy_versions(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	after CONSTANT integer := (arguments ->> 'after')::integer;
	size CONSTANT integer := pgtoken_console.limit_of(arguments);
	list jsonb;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{issuer,policy,after,limit}');
	SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.version DESC), '[]') INTO list
	FROM (SELECT v.* FROM pgtoken.policies v
		  WHERE v.issuer = arguments ->> 'issuer' AND v.policy = arguments ->> 'policy' AND v.version < coalesce(after, 2147483647)
		  ORDER BY v.version DESC LIMIT size + 1) p;
	IF list = '[]' AND after IS NULL THEN
		RAISE EXCEPTION 'there is no such policy' USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'The list of policies has them all.';
	END IF;
	RETURN jsonb_build_object('rows', CASE WHEN jsonb_array_length(list) > size THEN list - size ELSE list END,
							  'next', CASE WHEN jsonb_array_length(list) > size THEN list -> (size - 1) ->> 'version' END);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.policy_versions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.policy_versions TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.policy_versions IS 'The versions of a policy, the newest first. arguments: issuer, policy, after, limit. Returns rows, an array of rows of pgtoken.policies, and next. Raises 55000 when there is no such policy.';

CREATE FUNCTION pgtoken_console.policy_firings(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
DECLARE
	since CONSTANT timestamptz := coalesce((arguments ->> 'since')::timestamptz, now() - interval '1 day');
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{policy,since}');
	IF since < now() - interval '31 days' THEN
		RAISE EXCEPTION 'since must be in the last 31 days' USING ERRCODE = 'invalid_parameter_value', HINT = 'In psql, pgtoken.decisions_by_rule(...) reads as much as you like.';
	END IF;
	RETURN jsonb_build_object('since', since, 'rows', coalesce(
		(SELECT jsonb_agg(to_jsonb(f) ORDER BY f.version DESC, f.mode, f.rule, f.outcome)
		 FROM (SELECT d.version, d.mode, d.rule, d.outcome, sum(d.requests)::bigint AS requests
			   FROM pgtoken.decisions_by_rule(since) d WHERE d.policy = arguments ->> 'policy' GROUP BY d.version, d.mode, d.rule, d.outcome) f), '[]'));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.policy_firings FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.policy_firings TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.policy_firings IS 'How often the rules of a policy have fired, in force and in the shadow, as recorded. arguments: policy, since (a day ago by default, at most 31 days; the audit of that time is read). Returns since and rows: an array of {version, mode (active or shadow), rule (position and kind), outcome, requests}. A policy of this name of another issuer counts, too. Raises 22023.';

-- Judging a recorded request takes some 0.2 milliseconds, and a page waits for some seconds.
CREATE FUNCTION pgtoken.console_simulated_since(of_clients text[], since timestamptz, until timestamptz) RETURNS timestamptz
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_custom_plan
AS $function$
DECLARE
	most CONSTANT integer := 10000;
	cut timestamptz;
BEGIN
	-- along the index of time, or that of clients
	IF of_clients IS NULL THEN
		SELECT e.occurred_at INTO cut FROM pgtoken.audit_events e
		WHERE e.occurred_at >= since AND e.occurred_at < until ORDER BY e.occurred_at DESC OFFSET most LIMIT 1;
	ELSE
		SELECT e.occurred_at INTO cut
		FROM unnest(of_clients) c (client_id),
			LATERAL (SELECT x.occurred_at FROM pgtoken.audit_events x
					 WHERE x.client_id = c.client_id AND x.occurred_at >= since AND x.occurred_at < until ORDER BY x.occurred_at DESC LIMIT most + 1) e
		ORDER BY e.occurred_at DESC OFFSET most LIMIT 1;
	END IF;
	RETURN coalesce(cut + interval '1 microsecond', since);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.console_simulated_since FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.console_simulated_since TO pgtoken_admin, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken.console_simulated_since IS 'Internal, called by simulate_policy: from when on the events of this time, of these clients or (NULL) of all, are no more than 10000';

CREATE FUNCTION pgtoken_console.simulate_policy(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := arguments ->> 'issuer';
	of_policy CONSTANT text := arguments ->> 'policy';
	of_version CONSTANT integer := (arguments ->> 'version')::integer;
	wanted CONSTANT timestamptz := coalesce((arguments ->> 'since')::timestamptz, now() - interval '1 day');
	until CONSTANT timestamptz := coalesce((arguments ->> 'until')::timestamptz, now());
	examples CONSTANT integer := coalesce((arguments ->> 'examples')::integer, 5);
	since timestamptz;
	answer jsonb;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{issuer,policy,version,since,until,examples}');
	since := pgtoken.console_simulated_since(
		(SELECT p.client_ids FROM pgtoken.policies p
		 WHERE p.policy = of_policy AND (of_issuer IS NULL OR p.issuer = of_issuer) AND (of_version IS NULL OR p.version = of_version)
		 ORDER BY p.version DESC LIMIT 1), wanted, until);
	IF pgtoken.console_confined() THEN
		answer := pgtoken_administration.compare_policy(of_policy, of_version, since, until, of_issuer, examples);
	ELSE
		answer := pgtoken.compare_policy(of_policy, of_version, since, until, of_issuer, examples);
	END IF;
	RETURN answer || jsonb_build_object('since', since, 'until', until, 'cut', since > wanted);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.simulate_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.simulate_policy TO pgtoken_admin, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.simulate_policy IS 'What a version of a policy would have decided on what is recorded, and the difference to what was. Reads, so it asks for no step-up of its own. arguments: issuer, policy, version (left out: the newest), since (a day ago by default), until, examples (5 by default). Returns what compare_policy() does, since, until, and cut: of that time there were more than 10000 events, and since is when the newest of these began. Raises as it does.';

CREATE FUNCTION pgtoken_console.create_policy(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_build_object('version', pgtoken_console.call_administration('create_policy', arguments));
REVOKE ALL ON FUNCTION pgtoken_console.create_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.create_policy TO pgtoken_admin, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.create_policy IS 'Make a draft: a new version of a policy. arguments: those of create_policy() but if_not_exists, by the same names and with the same defaults; rules is an array of objects. Returns version. Raises as it does.';

CREATE FUNCTION pgtoken_console.activate_policy(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF jsonb_typeof(arguments) = 'object' AND arguments ->> 'version' IS NULL THEN
		RAISE EXCEPTION 'version must be named' USING ERRCODE = 'null_value_not_allowed', DETAIL = 'The newest may be another one than the one that was looked at.';
	END IF;
	RETURN jsonb_build_object('version', pgtoken_console.call_administration('activate_policy', arguments));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.activate_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.activate_policy TO pgtoken_admin, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.activate_policy IS 'Put a version of a policy in force, or in the shadow. arguments: issuer, policy, version, shadow (false by default). Returns version. Raises as activate_policy() does, and 22004 where no version is named.';

CREATE FUNCTION pgtoken_console.deactivate_policy(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_build_object('deactivated', pgtoken_console.call_administration('deactivate_policy', arguments));
REVOKE ALL ON FUNCTION pgtoken_console.deactivate_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.deactivate_policy TO pgtoken_admin, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.deactivate_policy IS 'Switch a policy off, or end its run in the shadow. arguments: issuer, policy, shadow (false by default). Returns deactivated: false when none was. Raises as deactivate_policy() does.';

CREATE FUNCTION pgtoken_console.rollback_policy(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_build_object('version', pgtoken_console.call_administration('rollback_policy', arguments));
REVOKE ALL ON FUNCTION pgtoken_console.rollback_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.rollback_policy TO pgtoken_admin, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.rollback_policy IS 'Bring back the version of a policy that was active before. arguments: issuer, policy. Returns version: the one that decides now. Raises as rollback_policy() does.';

CREATE FUNCTION pgtoken_console.delete_policy(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_build_object('deleted', pgtoken_console.call_administration('delete_policy', arguments));
REVOKE ALL ON FUNCTION pgtoken_console.delete_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.delete_policy TO pgtoken_admin, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.delete_policy IS 'Delete a policy none of whose versions has been in force. arguments: issuer, policy. Returns deleted: false when there is none. Raises as delete_policy() does.';

-- The audit --------------------------------------------------------------------------

GRANT EXECUTE ON FUNCTION pgtoken.refusal_reasons, pgtoken.uuid_time, pgtoken.request_time TO pgtoken_issuer_admin;

-- What a context has as an address is one where our functions have written it; others
-- write contexts as well.
CREATE FUNCTION pgtoken.address_of(word text) RETURNS inet
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	RETURN word::inet;
EXCEPTION WHEN invalid_text_representation THEN
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.address_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.address_of TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken.address_of IS 'Internal: the address that a text is; NULL for what is none';

CREATE FUNCTION pgtoken.console_audit_source(arguments jsonb, since timestamptz, until timestamptz) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	event_filter CONSTANT text := arguments ->> 'event';
BEGIN
	IF arguments ->> 'grant_id' IS NULL AND arguments ->> 'subject' IS NOT NULL AND NOT pgtoken.console_confined() THEN
		RETURN format('pgtoken.audit_by_subject(%L, %L, %L)', arguments ->> 'subject', since, until);
	END IF;
	-- answers with tokens are the most by far, and rows of another table
	IF event_filter IS NOT NULL AND NOT EXISTS (SELECT FROM unnest('{grant.issued,token.refreshed,token.retried}'::text[]) e
												 WHERE e = event_filter OR right(event_filter, 1) = '*' AND starts_with(e, left(event_filter, -1))) THEN
		RETURN '(SELECT a.grant_id, a.event_id, a.occurred_at, a.event, a.reason, a.client_id, a.subject, a.session_user_name, coalesce(a.role_name, a.session_user_name) AS role_name, '
			|| 'a.application_name, a.client_addr, a.context, a.detail, a.personal, '
			|| 'pgtoken.request_id_of(a.mark) AS request_id, pgtoken.trace_id_of(a.mark) AS trace_id, pgtoken.span_id_of(a.mark) AS span_id FROM pgtoken.audit_rows a)';
	END IF;
	RETURN 'pgtoken.audit_events';
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.console_audit_source FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.console_audit_source TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken.console_audit_source IS 'Internal, called by audit_events: what is read, as SQL: what an index finds of a subject, only what is no answer with tokens where the event says so, or all';

CREATE FUNCTION pgtoken.console_audit_conditions(arguments jsonb) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	event_filter CONSTANT text := arguments ->> 'event';
	network CONSTANT inet := pgtoken.address_of(arguments ->> 'address');
BEGIN
	IF arguments ->> 'address' IS NOT NULL AND network IS NULL THEN
		RAISE EXCEPTION 'address must be an IPv4 or IPv6 address or network' USING ERRCODE = 'invalid_parameter_value', HINT = 'Such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32.';
	END IF;
	RETURN concat_ws(' AND ',
		CASE WHEN right(event_filter, 1) = '*' THEN format('starts_with(e.event, %L)', left(event_filter, -1)) WHEN event_filter IS NOT NULL THEN format('e.event = %L', event_filter) END,
		CASE WHEN arguments ->> 'subject' IS NOT NULL AND (arguments ->> 'grant_id' IS NOT NULL OR pgtoken.console_confined()) THEN format('e.subject = %L', arguments ->> 'subject') END,
		CASE WHEN network IS NOT NULL THEN format('(e.client_addr <<= %1$L OR pgtoken.address_of(e.context ->> ''ip'') <<= %1$L)', network) END,
		CASE WHEN arguments ->> 'operator' IS NOT NULL
			 THEN format('(e.session_user_name = %1$L OR e.role_name = %1$L OR e.event = ''console.called'' AND e.subject = %1$L)', arguments ->> 'operator') END,
		'e.request_id = ' || quote_literal(arguments ->> 'request_id'),
		'e.trace_id = ' || quote_literal(arguments ->> 'trace_id'),
		'true');
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.console_audit_conditions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.console_audit_conditions TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken.console_audit_conditions IS 'Internal, called by audit_events: what has no index, as a condition of SQL. Raises 22023 for an address that is none';

CREATE FUNCTION pgtoken_console.audit_events(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
DECLARE
	-- so many rows are looked at in one call, and the next goes on behind them
	look CONSTANT integer := 20000;
	size CONSTANT integer := pgtoken_console.limit_of(arguments);
	after CONSTANT jsonb := (arguments ->> 'after')::jsonb;
	whole CONSTANT boolean := coalesce((arguments ->> 'whole')::boolean, false);
	since timestamptz := coalesce((arguments ->> 'since')::timestamptz, '-infinity');
	until timestamptz := coalesce((arguments ->> 'until')::timestamptz, 'infinity');
	requested_at CONSTANT timestamptz := pgtoken.request_time(arguments ->> 'request_id');
	window_from timestamptz;
	read text;
	found jsonb[];
	position jsonb;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{since,until,event,subject,client_id,grant_id,address,operator,request_id,trace_id,whole,after,limit}');
	IF after IS NOT NULL THEN
		until := least(until, (after ->> 0)::timestamptz + interval '1 microsecond');
	END IF;
	-- as audit_by_request has it
	IF requested_at IS NOT NULL THEN
		since := greatest(since, requested_at - interval '1 minute');
		until := least(until, requested_at + interval '10 minutes');
	END IF;
	-- Rows that row security hides are not counted, and may be all there are: an administrator
	-- of one issuer looks at three days in a call, back to when his first issuer was made.
	IF pgtoken.console_confined() AND arguments ->> 'client_id' IS NULL AND arguments ->> 'grant_id' IS NULL THEN
		since := greatest(since, (SELECT min(i.created_at) FROM pgtoken.issuers i) - interval '1 day');
		window_from := greatest(since, least(until, now() + interval '1 minute') - interval '3 days');
	END IF;
	-- newest first; what is not asked for is not read of a row
	read := format(
		'SELECT e.*, row_number() OVER () AS n FROM (
			 SELECT s.grant_id, s.event_id, s.occurred_at, s.event, s.reason, s.client_id, s.subject, s.session_user_name, s.role_name, s.application_name, s.client_addr, s.context%s%s
			 FROM %s s WHERE s.occurred_at >= %L AND s.occurred_at < %L%s%s%s
			 ORDER BY s.occurred_at DESC, s.event_id DESC LIMIT %s) e',
		CASE WHEN whole THEN ', s.detail, s.personal, s.span_id' END,
		CASE WHEN whole OR arguments ->> 'request_id' IS NOT NULL OR arguments ->> 'trace_id' IS NOT NULL THEN ', s.request_id, s.trace_id' END,
		pgtoken.console_audit_source(arguments, since, until), coalesce(window_from, since), until,
		CASE WHEN after IS NOT NULL THEN format(' AND (s.occurred_at, s.event_id) < (%L::timestamptz, %L::uuid)', after ->> 0, after ->> 1) END,
		' AND s.client_id = ' || quote_literal(arguments ->> 'client_id'),
		' AND s.grant_id = ' || quote_literal((arguments ->> 'grant_id')::uuid),
		look);
	-- the last of those looked at comes along, to be gone on from
	EXECUTE format('SELECT array_agg(to_jsonb(f)) FROM (SELECT e.*, coalesce(%s, false) AS fits FROM (%s) e WHERE e.n = %s OR (%s) LIMIT %s) f',
				   pgtoken.console_audit_conditions(arguments), read, look, pgtoken.console_audit_conditions(arguments), size + 1) INTO found;
	IF cardinality(found) > size THEN
		position := found[size];
		found := found[1:size];
	ELSIF (found[cardinality(found)] ->> 'n')::integer = look THEN
		position := found[cardinality(found)];
	ELSIF window_from > since THEN
		position := jsonb_build_object('occurred_at', window_from, 'event_id', '00000000-0000-0000-0000-000000000000');
	END IF;
	RETURN jsonb_build_object(
		'rows', coalesce((SELECT jsonb_agg(CASE WHEN whole THEN f ELSE f - 'context' || jsonb_build_object('ip', f -> 'context' -> 'ip') END - '{n,fits}'::text[] ORDER BY n)
						  FROM unnest(found) WITH ORDINALITY u (f, n) WHERE f -> 'fits' = 'true'), '[]'),
		'next', jsonb_build_array(position -> 'occurred_at', position -> 'event_id')::text,
		'searched_to', position -> 'occurred_at')
		|| CASE WHEN position IS NULL THEN '{"next": null, "searched_to": null}'::jsonb ELSE '{}' END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.audit_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.audit_events TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.audit_events IS
'Events of the audit, the newest first. arguments: since (inclusive), until (exclusive), event (its name, or the beginning of names and "*"), subject (and its families), client_id, grant_id, address (an address or a network: of the session, or ip of the context), operator (role that logged in, role in effect, or of a console.called the operator), request_id, trace_id (as audit_events has them), whole (true: with context, detail, personal and span_id), after, limit.
Time, subject, client and family are found by an index, and so is a request whose id is a UUIDv7, from a minute before its time until ten minutes after it; of the others 20000 rows are looked at in a call, and by an administrator of one issuer who names neither client nor family three days: so there can be fewer rows than limit, even none, where next is not null. Returns rows, an array of rows of audit_events (without whole: ip in place of context, no detail, no personal, and of request_id and trace_id only where one is asked for); next; searched_to: how far back it has come (null: to the end). Raises 22023, and 22P02, 22007 for what is no id or time.';

CREATE FUNCTION pgtoken_console.audit_event(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET jit = off SET timezone = 'UTC'
AS $function$
DECLARE
	of_event CONSTANT uuid := arguments ->> 'event_id';
	at CONSTANT timestamptz := pgtoken.uuid_time(of_event);
	event jsonb;
	decision jsonb;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{event_id}');
	IF of_event IS NULL THEN
		RAISE EXCEPTION 'event_id must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	-- a UUIDv7 begins with its time, to the millisecond
	EXECUTE format('SELECT to_jsonb(e) - ''xact_id'' FROM pgtoken.audit_events e WHERE e.occurred_at >= %L AND e.occurred_at <= %L AND e.event_id = %L',
				   at - interval '1 second', at + interval '1 second', of_event) INTO event;
	IF event IS NULL THEN
		RAISE EXCEPTION 'there is no such event' USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'It is not there any more, or it is another issuer''s.';
	END IF;
	IF NOT pgtoken.console_confined() THEN
		decision := coalesce((SELECT jsonb_agg(to_jsonb(x)) FROM pgtoken.explain_decision(of_event) x), '[]');
	END IF;
	RETURN jsonb_build_object('event', event, 'decision', decision,
		'explanation', (SELECT r.explanation FROM pgtoken.refusal_reasons() r WHERE r.reason = event ->> 'reason' LIMIT 1));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.audit_event FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.audit_event TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.audit_event IS 'One event of the audit, whole. arguments: event_id. Returns event: a row of audit_events, with context, detail and personal; explanation: of its reason, in one sentence (null: it is no refusal); decision: the rows of explain_decision() (null for an administrator of one issuer, who has them raw in detail). Raises 22004, 55000 where there is no such event that the role may see.';

-- Seals ------------------------------------------------------------------------------

CREATE FUNCTION pgtoken_console.audit_seals(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	after CONSTANT bigint := (arguments ->> 'after')::bigint;
	size CONSTANT integer := pgtoken_console.limit_of(arguments);
	list jsonb;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{after,limit}');
	SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.number DESC), '[]') INTO list
	FROM (SELECT s.number, s.chain, s.made_at, s.rows, s.first_at, s.last_at, s.kid, encode(s.hash, 'hex') AS hash
		  FROM pgtoken.audit_seals s WHERE s.number < coalesce(after, 9223372036854775807) ORDER BY s.number DESC LIMIT size + 1) p;
	RETURN jsonb_build_object('rows', CASE WHEN jsonb_array_length(list) > size THEN list - size ELSE list END,
							  'next', CASE WHEN jsonb_array_length(list) > size THEN list -> (size - 1) ->> 'number' END);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.audit_seals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.audit_seals TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.audit_seals IS 'The seals of the audit, the newest first. arguments: after, limit. Returns rows, an array of {number, chain, made_at, rows (how many it covers), first_at, last_at (of the events), kid, hash (of the seal, by which one that has left the machine is compared)}, and next.';

CREATE FUNCTION pgtoken_console.audit_sealing(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{}');
	RETURN jsonb_build_object(
		'keys', coalesce((SELECT jsonb_agg(to_jsonb(k) - 'public_jwk' ORDER BY k.created_at DESC, k.kid) FROM pgtoken.audit_keys k), '[]'),
		'seals', (SELECT max(s.number) FROM pgtoken.audit_seals s),
		'last', (SELECT s.made_at FROM pgtoken.audit_seals s ORDER BY s.number DESC LIMIT 1),
		'interval_seconds', extract(epoch FROM current_setting('pgtoken.audit_seal_interval')::interval)::bigint,
		'leaves_by_courier', current_setting('pgtoken.audit_seal_url') <> '',
		'retired', coalesce((SELECT jsonb_agg(jsonb_build_object('table', r.of_table, 'month', r.month, 'retired_at', r.retired_at, 'rows', r.rows) ORDER BY r.month DESC, r.of_table)
							 FROM (SELECT x.* FROM pgtoken.audit_retired x ORDER BY x.month DESC, x.of_table LIMIT 200) r), '[]'));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.audit_sealing FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.audit_sealing TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.audit_sealing IS 'How the audit is sealed. arguments: none. Returns keys: an array of rows of audit_keys without public_jwk; seals: how many (null: none); last: when the last was made; interval_seconds: when health() calls that too long ago (0: never); leaves_by_courier: is there an address that seals are brought to? retired: an array of {table, month, retired_at, rows (those that stay)}, the last 200.';

CREATE FUNCTION pgtoken_console.verify_seal(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	-- some 26000 are hashed in a second
	most CONSTANT bigint := 100000;
	of_seal CONSTANT bigint := coalesce((arguments ->> 'number')::bigint, (SELECT max(s.number) FROM pgtoken.audit_seals s));
	seal record;
	rows_to_read bigint;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{number}');
	SELECT s.number, coalesce(s.first_at, s.made_at) AS since, coalesce(s.last_at, s.made_at) + interval '1 microsecond' AS until INTO seal
	FROM pgtoken.audit_seals s WHERE s.number = of_seal;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such seal' USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT pgtoken.create_audit_key() begins with them.';
	END IF;
	SELECT sum(s.rows) INTO rows_to_read FROM pgtoken.audit_seals s WHERE s.last_at >= seal.since AND s.first_at < seal.until;
	IF rows_to_read > most THEN
		RAISE EXCEPTION 'the seals of that time cover % rows, more than are hashed for a page', rows_to_read
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('In psql: SELECT * FROM pgtoken.verify_audit(%L, %L);', seal.since, seal.until);
	END IF;
	RETURN (SELECT jsonb_build_object('number', of_seal, 'verified_at', clock_timestamp(), 'ok', bool_and(v.ok), 'findings', jsonb_agg(to_jsonb(v)))
			FROM pgtoken.verify_audit(seal.since, seal.until) v);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.verify_seal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.verify_seal TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.verify_seal IS 'Look whether the rows of a seal are what was sealed. arguments: number (left out: the last seal). Returns number, verified_at, ok, findings: the rows of verify_audit() for the time that the seal covers, and so for other seals of that time as well. Raises 55000 where there is no such seal, or these seals cover more than 100000 rows, which takes longer than a page should.';

-- Storage and maintenance ------------------------------------------------------------

CREATE FUNCTION pgtoken.console_refused_ring() RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	RETURN (SELECT jsonb_build_object('kept', count(*), 'newest', max(r.at), 'oldest', min(r.at), 'room', current_setting('pgtoken.refused_requests')::integer)
			FROM pgtoken.refused_requests() r);
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.console_refused_ring FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.console_refused_ring TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.console_refused_ring IS 'Internal, called by storage: the last hundred refused requests that are kept, and for how many there is room on the server; NULL: none are kept';

CREATE FUNCTION pgtoken.console_outboxes() RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT coalesce(jsonb_agg(to_jsonb(o) ORDER BY o.outbox), '[]')
	FROM (SELECT 'courier: ' || w.kind AS outbox, count(*) FILTER (WHERE w.dead_at IS NULL) AS waiting, min(w.created_at) FILTER (WHERE w.dead_at IS NULL) AS oldest, count(w.dead_at) AS given_up
		  FROM (SELECT x.kind, x.created_at, x.dead_at FROM pgtoken.courier_work x LIMIT 100000) w GROUP BY w.kind
		  UNION ALL
		  SELECT 'codes', count(*), min(c.created_at), 0 FROM (SELECT x.created_at FROM pgtoken.challenge_codes x WHERE x.expires_at > now() LIMIT 100000) c HAVING count(*) > 0
		  UNION ALL
		  SELECT 'signals', count(*), min(s.created_at), 0 FROM (SELECT x.created_at FROM pgtoken.signals x WHERE x.due_at <= now() LIMIT 100000) s HAVING count(*) > 0) o;
END;
REVOKE ALL ON FUNCTION pgtoken.console_outboxes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.console_outboxes TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.console_outboxes IS 'Internal, called by storage: what waits to be fetched, sent and told, at most 100000 of each';

CREATE FUNCTION pgtoken_console.storage(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET jit = off
AS $function$
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{}');
	RETURN jsonb_build_object(
		'database_bytes', pg_database_size(current_database()),
		'partitions', (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.parent DESC, p.month DESC NULLS LAST, p.holds) FROM pgtoken.partitions() p),
		'tables', (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.bytes DESC, t.name)
				   FROM (SELECT c.relname AS name, pg_total_relation_size(c.oid) AS bytes, pg_indexes_size(c.oid) AS index_bytes,
								coalesce(nullif(c.reltuples::bigint, -1), pg_stat_get_live_tuples(c.oid)) AS row_estimate, pg_stat_get_dead_tuples(c.oid) AS dead_rows,
								pg_stat_get_last_autovacuum_time(c.oid) AS vacuumed_at, m.updated_at AS purged_at, r.setting AS retention, current_setting(r.setting, true) AS kept_for
						 FROM pg_class c
						 LEFT JOIN pgtoken.maintenance m ON m.task = c.relname,
							 LATERAL (SELECT 'pgtoken.' || pgtoken.retention_setting(c.relname)) r (setting)
						 WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition) t),
		'retention', (SELECT jsonb_object_agg(s.name, current_setting(s.name, true)) FROM unnest('{pgtoken.lineage_retention,pgtoken.audit_retention,pgtoken.reuse_retention,pgtoken.address_retention}'::text[]) s (name)),
		'tasks', (SELECT jsonb_agg(jsonb_build_object('task', m.task, 'updated_at', m.updated_at) ORDER BY m.updated_at DESC NULLS LAST, m.task) FROM pgtoken.maintenance m),
		'maintained_at', (SELECT m.updated_at FROM pgtoken.maintenance m WHERE m.task = 'partitions'),
		'outboxes', pgtoken.console_outboxes(),
		'couriers', coalesce((SELECT jsonb_agg(to_jsonb(c) ORDER BY c.seen_at DESC) FROM pgtoken.couriers c), '[]'),
		'refused', pgtoken.console_refused_ring());
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.storage FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.storage TO pgtoken_auditor;
GRANT EXECUTE ON FUNCTION pgtoken.retention_setting TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.storage IS
'What is stored, and what maintenance has done and will do. arguments: none. Returns database_bytes; partitions: the rows of partitions(); tables: an array of {name, bytes (with indexes and TOAST), index_bytes, row_estimate, dead_rows, vacuumed_at (by autovacuum), purged_at (when maintenance was at it), retention (the setting that says for how long, null: there is none), kept_for (its value)} of the tables that are not partitioned, the biggest first; retention: the settings of what is; tasks: an array of {task, updated_at}; maintained_at: when maintenance last came to its end, the partitions; outboxes: an array of {outbox, waiting, oldest, given_up}; couriers: the rows of couriers; refused: {kept (at most a hundred), newest, oldest, room} of the refused requests, null where none are kept.';
