-- The console's functions about families: find one, draw it, end it, and why something
-- was refused.
--
-- Whatever is looked for goes by an index, and what has none is bounded by the rows that
-- are looked at. Addresses have none: it would cost each issue a page at random, and be
-- one more place that holds them; a search for one goes back in time and says how far it
-- has come.
--
-- A page begins after a key of two parts, which an answer gives as next.

CREATE FUNCTION pgtoken_console.family_page(arguments jsonb, OUT rows integer, OUT after text[])
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	rows := pgtoken_console.limit_of(arguments);
	after := string_to_array(arguments ->> 'after', ' ');
	IF cardinality(after) <> 2 THEN
		RAISE EXCEPTION 'after must be the next of an answer' USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.family_page FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.family_page TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.family_page IS 'Internal: how many rows a page has (limit), and the two parts of the key that it begins after (after; NULL: from the start). Raises 22023';

-- A time as JSON has it, to the microsecond and without a space.
CREATE FUNCTION pgtoken_console.family_key(at timestamptz, id text) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN format('%s %s', to_json(at) #>> '{}', id);
REVOKE ALL ON FUNCTION pgtoken_console.family_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.family_key TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.family_key IS 'Internal: the key of a page by time and id';

CREATE FUNCTION pgtoken_console.named_argument(arguments jsonb, name text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF jsonb_typeof(arguments -> name) IS DISTINCT FROM 'string' THEN
		RAISE EXCEPTION '% must be a string', name USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN arguments ->> name;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.named_argument FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.named_argument TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.named_argument IS 'Internal: a member of arguments that must be there and a string. Raises 22023';

-- A family in a list; of one that is forgotten what the ledger has.
CREATE FUNCTION pgtoken_console.family_summary(of_family uuid, of_client text, of_subject text, begun_at timestamptz) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT jsonb_build_object(
		'grant_id', of_family, 'state', coalesce(s.state, 'forgotten'), 'client_id', coalesce(s.client_id, of_client), 'client_name', c.client_name,
		'issuer', c.issuer, 'subject', coalesce(s.subject, of_subject), 'scope', s.scope, 'grant_type', s.grant_type, 'generation', s.generation,
		'created_at', coalesce(s.created_at, begun_at), 'rotated_at', s.rotated_at, 'ends_at', least(s.expires_at, s.idle_expires_at),
		'revoked_at', s.revoked_at, 'revoke_reason', s.revoke_reason,
		'first_address', coalesce(s.first_context #>> '{sign_in,ip}', s.first_context ->> 'ip'), 'last_address', s.context ->> 'ip',
		'device', pgtoken.user_agent_name(coalesce(s.first_context #>> '{sign_in,user_agent}', s.context ->> 'user_agent', s.first_context ->> 'user_agent')))
	FROM (SELECT) one
	LEFT JOIN LATERAL (SELECT g.* FROM pgtoken.grant_status g WHERE g.grant_id = of_family OFFSET 0) s ON true
	LEFT JOIN pgtoken.clients c ON c.client_id = coalesce(s.client_id, of_client);
END;
REVOKE ALL ON FUNCTION pgtoken_console.family_summary FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.family_summary TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.family_summary IS 'Internal: a family as lists of the console show it; of_client, of_subject, begun_at: what the ledger has of it, for one whose row is gone (state forgotten)';

-- Find ------------------------------------------------------------------------------

CREATE FUNCTION pgtoken_console.find(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $function$
DECLARE
	wanted text;
	family uuid;
	moment timestamptz;
	bytes bytea;
	answer jsonb := '{}';
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{text}');
	wanted := btrim(pgtoken_console.named_argument(arguments, 'text'), E' \t\r\n');
	-- what is sent is logged by somebody, sooner or later
	IF wanted ~ '^(urn:ietf:params:oauth:request_uri:)?pgt[a-z]{2}_' OR wanted ~ '^[A-Za-z0-9_-]{8,}([.][A-Za-z0-9_-]+){2}$' AND wanted LIKE 'ey%' THEN
		RAISE EXCEPTION 'a token must not be sent, only the id that is in it'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'The page find takes the id out of what is pasted and sends that.';
	END IF;
	IF length(wanted) NOT BETWEEN 1 AND 512 OR wanted ~ '[\r\n]' THEN
		RAISE EXCEPTION 'text must have 1 to 512 characters and one line' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	family := pgtoken.grant_of(wanted);
	IF length(wanted) = 38 AND family IS NOT NULL THEN
		bytes := decode(translate(wanted, '-_', '+/') || '==', 'base64');
		answer := jsonb_build_object('generation', (get_byte(bytes, 16)::bigint << 24) + (get_byte(bytes, 17) << 16) + (get_byte(bytes, 18) << 8) + get_byte(bytes, 19));
	END IF;
	IF family IS NOT NULL THEN
		moment := pgtoken.uuid_time(family);
		answer := answer || jsonb_build_object(
			'grant_id', family,
			'family', EXISTS (SELECT FROM pgtoken.grants g WHERE g.grant_id = family)
					  OR EXISTS (SELECT FROM pgtoken.tokens t WHERE t.grant_id = family)
					  OR EXISTS (SELECT FROM pgtoken.audit_rows a WHERE a.grant_id = family),
			'event', EXISTS (SELECT FROM pgtoken.audit_events e WHERE e.event_id = family AND e.occurred_at BETWEEN moment - interval '1 second' AND moment + interval '1 second'));
		IF answer @> '{"family": false, "event": false}' THEN
			answer := answer || jsonb_build_object('request', pgtoken.request_time(wanted) IS NOT NULL AND EXISTS (SELECT FROM pgtoken.audit_by_request(wanted)));
		END IF;
	END IF;
	BEGIN
		-- one address, without a netmask
		IF wanted ~ '^[0-9A-Fa-f:.]+$' AND wanted ~ '[:.]' THEN
			answer := answer || jsonb_build_object('address', host(wanted::inet));
		END IF;
	EXCEPTION WHEN data_exception THEN
		NULL;
	END;
	RETURN answer || jsonb_build_object(
		'text', wanted,
		'client', (SELECT jsonb_build_object('client_id', c.client_id, 'client_name', c.client_name, 'issuer', c.issuer, 'enabled', c.enabled) FROM pgtoken.clients c WHERE c.client_id = wanted),
		'subject', EXISTS (SELECT FROM pgtoken.grants g WHERE g.subject = wanted)
				   OR EXISTS (SELECT FROM pgtoken.tokens t WHERE t.subject = wanted AND t.parent_generation IS NULL),
		'session', EXISTS (SELECT FROM pgtoken.grants g WHERE g.session_id = wanted));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.find FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.find TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.find IS
'Console: what a text names. arguments: text (a subject, a client_id, a grant_id or jti, an event_id, the id of a request, the application''s session_id, an address; at most 512 characters).
Returns text, client (client_id, client_name, issuer, enabled; null: no client is called so), subject and session (is there a family of it?), and where the text is an id of ours grant_id, family (is anything known of such a family?), event (is there an audit event of this id?), where it is of neither request (has a request of this id an audit event?), and of a jti generation; where it can be an address, address as it is to be searched for. Raises 22023, also for a token, which is not to be sent.';

CREATE FUNCTION pgtoken_console.families(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $function$
DECLARE
	page CONSTANT record := pgtoken_console.family_page(arguments);
	until CONSTANT timestamptz := coalesce(page.after[1]::timestamptz, 'infinity');
	before CONSTANT uuid := coalesce(page.after[2], 'ffffffff-ffff-ffff-ffff-ffffffffffff')::uuid;
	looked_at CONSTANT integer := 2000;	-- of a client's answers, for a page
	wanted text;
	found jsonb;
	next text;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{subject,client_id,session_id,after,limit}');
	IF (SELECT count(*) FROM jsonb_object_keys(arguments) k WHERE k IN ('subject', 'client_id', 'session_id')) <> 1 THEN
		RAISE EXCEPTION 'one of subject, client_id and session_id must be given' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF arguments ? 'subject' THEN
		wanted := pgtoken_console.named_argument(arguments, 'subject');
		-- the ledger has them in the order of time, also those that are forgotten
		WITH those AS (
			SELECT t.issued_at AS at, t.grant_id, t.client_id, row_number() OVER () AS n
			FROM (SELECT t.issued_at, t.grant_id, t.client_id FROM pgtoken.tokens t
				  WHERE t.subject = wanted AND t.parent_generation IS NULL AND t.issued_at <= until AND (t.issued_at, t.grant_id) < (until, before)
				  ORDER BY t.issued_at DESC, t.grant_id DESC LIMIT page.rows + 1) t
		)
		SELECT jsonb_agg(pgtoken_console.family_summary(o.grant_id, o.client_id, wanted, o.at) ORDER BY o.n) FILTER (WHERE o.n <= page.rows),
			   CASE WHEN max(o.n) > page.rows THEN max(pgtoken_console.family_key(o.at, o.grant_id::text)) FILTER (WHERE o.n = page.rows) END
		INTO found, next FROM those o;
	ELSIF arguments ? 'client_id' THEN
		wanted := pgtoken_console.named_argument(arguments, 'client_id');
		-- a family stands where it was answered last: no later answer of it is there
		WITH looked AS (
			SELECT t.issued_at AS at, t.grant_id, t.generation, t.retry, t.subject, row_number() OVER () AS n
			FROM (SELECT t.issued_at, t.grant_id, t.generation, t.retry, t.subject FROM pgtoken.tokens t
				  WHERE t.client_id = wanted AND t.issued_at <= until AND (t.issued_at, t.grant_id) < (until, before)
				  ORDER BY t.issued_at DESC, t.grant_id DESC LIMIT looked_at) t
		), newest AS (
			SELECT l.*, later.there IS NULL AS last FROM looked l
			LEFT JOIN LATERAL (SELECT true AS there FROM pgtoken.tokens a
							   WHERE a.grant_id = l.grant_id AND a.issued_at >= l.at AND (a.generation, a.retry) > (l.generation, l.retry) LIMIT 1) later ON true
			WHERE later.there IS NULL OR l.n = looked_at	-- the last one says where to go on, whether it is shown or not
			ORDER BY l.n LIMIT page.rows
		)
		SELECT jsonb_agg(pgtoken_console.family_summary(o.grant_id, wanted, o.subject, NULL) ORDER BY o.n) FILTER (WHERE o.last),
			   CASE WHEN max(o.n) = looked_at OR count(*) = page.rows THEN (array_agg(pgtoken_console.family_key(o.at, o.grant_id::text) ORDER BY o.n DESC))[1] END
		INTO found, next FROM newest o;
	ELSE
		wanted := pgtoken_console.named_argument(arguments, 'session_id');
		WITH those AS (
			SELECT g.created_at AS at, g.grant_id, g.client_id, g.subject, row_number() OVER (ORDER BY g.created_at DESC, g.grant_id DESC) AS n
			FROM pgtoken.grants g WHERE g.session_id = wanted AND (g.created_at, g.grant_id) < (until, before)
			ORDER BY g.created_at DESC, g.grant_id DESC LIMIT page.rows + 1
		)
		SELECT jsonb_agg(pgtoken_console.family_summary(o.grant_id, o.client_id, o.subject, o.at) ORDER BY o.n) FILTER (WHERE o.n <= page.rows),
			   CASE WHEN max(o.n) > page.rows THEN max(pgtoken_console.family_key(o.at, o.grant_id::text)) FILTER (WHERE o.n = page.rows) END
		INTO found, next FROM those o;
	END IF;
	RETURN jsonb_build_object('rows', coalesce(found, '[]'), 'next', next);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.families FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.families TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.families IS
'Console: families, in pages. arguments: one of subject (the newest first, those that maintain() has forgotten included while the ledger has them), client_id (the last used first) and session_id (the application''s; the newest first); after, limit.
Returns rows and next. A row: grant_id, state (as in grant_status; forgotten: its row is gone), client_id, client_name, issuer, subject, scope, grant_type, generation, created_at, rotated_at, ends_at (if it is not refreshed before), revoked_at, revoke_reason, first_address, last_address, device. A page of a client''s can have fewer rows than limit, or none, and a next: it looks at 2000 answers. Raises 22023.';

CREATE FUNCTION pgtoken_console.from_address(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $function$
DECLARE
	page CONSTANT record := pgtoken_console.family_page(arguments);
	until CONSTANT timestamptz := coalesce(page.after[1]::timestamptz, 'infinity');
	before CONSTANT uuid := coalesce(page.after[2], 'ffffffff-ffff-ffff-ffff-ffffffffffff')::uuid;
	looked_at CONSTANT integer := 50000;
	wanted text[];
	found jsonb;
	next text;
	back_to timestamptz;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{address,after,limit}');
	wanted := ARRAY[pgtoken_console.named_argument(arguments, 'address')];
	wanted := wanted || host(wanted[1]::inet);
	WITH looked AS (
		SELECT e.*, row_number() OVER () AS n
		FROM (SELECT e.occurred_at AS at, e.grant_id, e.event_id, e.event, e.reason, e.client_id, e.subject, e.context
			  FROM pgtoken.audit_events e
			  WHERE e.occurred_at <= until AND (e.occurred_at, e.grant_id) < (until, before)
			  ORDER BY e.occurred_at DESC, e.grant_id DESC LIMIT looked_at) e
	), those AS (
		SELECT l.*, l.context ->> 'ip' = ANY (wanted) OR l.context #>> '{sign_in,ip}' = ANY (wanted) AS hit
		FROM looked l
		WHERE l.context ->> 'ip' = ANY (wanted) OR l.context #>> '{sign_in,ip}' = ANY (wanted) OR l.n = looked_at
		LIMIT page.rows
	)
	SELECT jsonb_agg(jsonb_build_object('at', o.at, 'event_id', o.event_id, 'event', o.event, 'reason', o.reason, 'grant_id', nullif(o.grant_id, '00000000-0000-0000-0000-000000000000'),
										'client_id', o.client_id, 'subject', o.subject, 'device', pgtoken.user_agent_name(o.context ->> 'user_agent')) ORDER BY o.n) FILTER (WHERE o.hit),
		   CASE WHEN max(o.n) = looked_at OR count(*) = page.rows THEN (array_agg(pgtoken_console.family_key(o.at, o.grant_id::text) ORDER BY o.n DESC))[1] END,
		   min(o.at)
	INTO found, next, back_to FROM those o;
	RETURN jsonb_build_object('rows', coalesce(found, '[]'), 'next', next, 'back_to', CASE WHEN next IS NOT NULL THEN back_to END);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.from_address FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.from_address TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.from_address IS
'Console: what came from an address, the newest first, by the contexts of ledger and audit; not from where pgtoken.address_retention has passed. No index has addresses: a page looks at 50000 events at the most. arguments: address (one, without a netmask); after, limit.
Returns rows (at, event_id, event, reason, grant_id, client_id, subject, device), next, and back_to: until when events have been looked at, null where all were. Raises 22P02 for what is no address, 22023.';

-- A family ---------------------------------------------------------------------------

CREATE FUNCTION pgtoken_console.family(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $function$
DECLARE
	family uuid;
	f pgtoken.grant_status;
	more record;
	c pgtoken.clients;
	answer jsonb;
	first_answer record;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{grant_id}');
	family := pgtoken_console.named_argument(arguments, 'grant_id')::uuid;
	SELECT s.* INTO f FROM pgtoken.grant_status s WHERE s.grant_id = family;
	IF NOT FOUND THEN
		SELECT t.client_id, t.subject, t.issued_at INTO first_answer FROM pgtoken.tokens t WHERE t.grant_id = family ORDER BY t.generation, t.retry LIMIT 1;
		IF NOT FOUND AND NOT EXISTS (SELECT FROM pgtoken.audit_rows a WHERE a.grant_id = family) THEN
			RETURN jsonb_build_object('grant_id', family, 'state', 'unknown');
		END IF;
		RETURN pgtoken_console.family_summary(family, first_answer.client_id, first_answer.subject, first_answer.issued_at);
	END IF;
	SELECT g.mfa_time, g.idle_lifetime, g.claims, g.authorization_details, g.changed_at INTO more FROM pgtoken.grants g WHERE g.grant_id = family;
	SELECT k.* INTO c FROM pgtoken.clients k WHERE k.client_id = f.client_id;
	RETURN pgtoken_console.family_summary(family, NULL, NULL, NULL) || jsonb_build_object(
		'resources', f.resources, 'session_id', f.session_id, 'auth_time', f.auth_time, 'acr', f.acr, 'amr', f.amr, 'mfa_time', more.mfa_time,
		'retry_count', f.retry_count, 'blacklisted_generation', nullif(f.blacklisted_generation, -1), 'jkt', f.jkt, 'x5t_s256', f.x5t_s256, 'act', f.act,
		'ancestors', f.ancestors, 'expires_at', f.expires_at, 'idle_expires_at', f.idle_expires_at, 'idle_lifetime', extract(epoch FROM more.idle_lifetime)::bigint,
		'claims', nullif(more.claims, '{}'), 'authorization_details', more.authorization_details, 'changed_at', more.changed_at, 'not_before', f.not_before,
		'context', f.context, 'first_context', f.first_context,
		'client', jsonb_build_object('client_id', c.client_id, 'client_name', c.client_name, 'issuer', c.issuer, 'client_type', c.client_type, 'enabled', c.enabled, 'profile', c.profile,
									 'rotation', c.rotation, 'retry_window', extract(epoch FROM c.retry_window)::bigint, 'retry_limit', c.retry_limit, 'lockstep_generations', c.lockstep_generations),
		'consent', (SELECT jsonb_agg(to_jsonb(o) - '{subject,client_id}'::text[] ORDER BY o.resource) FROM pgtoken.consent_status o WHERE o.subject = f.subject AND o.client_id = f.client_id),
		'block', (SELECT jsonb_build_object('blocked_at', b.blocked_at, 'blocked_until', CASE WHEN isfinite(b.blocked_until) THEN b.blocked_until END, 'reason', b.reason, 'blocked_by', b.blocked_by)
				  FROM pgtoken.blocked_subjects b WHERE b.issuer = c.issuer AND b.subject = f.subject));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.family FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.family TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.family IS
'Console: the facts of a family. arguments: grant_id.
Returns what a row of families() has, and of one whose row is there resources, session_id, auth_time, acr, amr, mfa_time, retry_count, blacklisted_generation, jkt, x5t_s256, act, ancestors, expires_at, idle_expires_at, idle_lifetime (seconds), claims, authorization_details, changed_at, not_before, context (of the last rotation), first_context, client (its settings; retry_window in seconds), consent (what the subject has consented to with this client) and block (null: the subject is not blocked). state is unknown where there is no trace of such a family. Raises 22023, 22P02.';

-- Answers and events are two lists, each in the order of its key: a page is the newer ends
-- of both, put in the order of time, and next has the key of each. Two requests at once
-- can have their times the other way round than their keys: at_most is never later than
-- that of a row before, so that what is taken is always an end.
CREATE FUNCTION pgtoken_console.lineage(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $function$
DECLARE
	page CONSTANT record := pgtoken_console.family_page(arguments);
	family uuid;
	wanted_generation integer;
	before_generation integer := 2147483647;
	before_retry integer := 2147483647;
	before_event uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
	with_answers boolean;
	found jsonb;
	next text;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{grant_id,generation,events_only,after,limit}');
	family := pgtoken_console.named_argument(arguments, 'grant_id')::uuid;
	with_answers := (arguments ->> 'events_only')::boolean IS NOT TRUE;
	wanted_generation := (arguments ->> 'generation')::integer;
	IF page.after IS NOT NULL THEN
		before_generation := split_part(page.after[1], '.', 1)::integer;
		before_retry := split_part(page.after[1], '.', 2)::integer;
		before_event := page.after[2]::uuid;
	ELSIF wanted_generation < before_generation THEN
		before_generation := wanted_generation + 1;
		before_retry := 0;
		before_event := coalesce((SELECT a.event_id FROM pgtoken.audit_rows a
								  WHERE a.grant_id = family AND a.occurred_at >= (SELECT t.issued_at FROM pgtoken.tokens t WHERE t.grant_id = family AND t.generation = before_generation AND t.retry = 0)
								  ORDER BY a.event_id LIMIT 1), before_event);
	END IF;
	WITH answers AS (
		SELECT t.*, min(t.issued_at) OVER (ORDER BY t.generation DESC, t.retry DESC) AS at_most
		FROM (SELECT t.generation, t.retry, t.parent_generation, t.issued_at, t.jti, t.scope, t.resources, t.access_expires_at, t.refresh_expires_at, t.context, t.reason,
					 t.client_auth_method, t.client_secret_id, t.assessment
			  FROM pgtoken.tokens t
			  WHERE with_answers AND t.grant_id = family AND (t.generation, t.retry) < (before_generation, before_retry)
			  ORDER BY t.generation DESC, t.retry DESC LIMIT page.rows + 1) t
	), events AS (
		SELECT a.*, min(a.occurred_at) OVER (ORDER BY a.event_id DESC) AS at_most
		FROM (SELECT a.event_id, a.occurred_at, a.event, a.reason, coalesce(a.role_name, a.session_user_name) AS role_name, a.context, a.detail
			  FROM pgtoken.audit_rows a
			  -- what has a row in the ledger has no other
			  WHERE a.grant_id = family AND a.event_id < before_event
			  ORDER BY a.event_id DESC LIMIT page.rows + 1) a
	), together AS (
		SELECT t.at_most, t.generation, t.retry, NULL::uuid AS event_id, jsonb_build_object(
				   'kind', CASE WHEN t.parent_generation IS NULL THEN 'issue' WHEN t.retry = 0 OR t.generation = t.parent_generation THEN 'refresh' ELSE 'retry' END,
				   'event_id', pgtoken.answer_event_id(t.issued_at, t.jti), 'at', t.issued_at, 'generation', t.generation, 'retry', t.retry, 'presented', t.parent_generation,
				   'reason', t.reason, 'context', t.context, 'device', pgtoken.user_agent_name(t.context ->> 'user_agent'), 'jti', t.jti, 'scope', t.scope, 'resources', t.resources, 'access_expires_at', t.access_expires_at,
				   'refresh_expires_at', t.refresh_expires_at, 'client_auth_method', t.client_auth_method, 'client_secret_id', t.client_secret_id,
				   'judged', t.assessment IS NOT NULL) AS entry
		FROM answers t
		UNION ALL
		SELECT a.at_most, NULL, NULL, a.event_id, jsonb_build_object(
				   'kind', CASE WHEN a.event ~ '[._](refused|denied|challenged|failed)$' THEN 'refusal' WHEN a.event ~ '[.]reuse$' THEN 'reuse'
								WHEN a.event = 'grant.revoked' THEN 'revoke' ELSE 'event' END,
				   'event_id', a.event_id, 'at', a.occurred_at, 'event', a.event, 'presented', (a.detail ->> 'presented_generation')::integer, 'reason', a.reason,
				   'context', a.context, 'device', pgtoken.user_agent_name(a.context ->> 'user_agent'), 'role_name', a.role_name)
		FROM events a
	), numbered AS (
		SELECT g.*, row_number() OVER (ORDER BY g.at_most DESC, g.event_id DESC NULLS LAST, g.generation DESC, g.retry DESC) AS n FROM together g
	)
	SELECT jsonb_agg(o.entry ORDER BY o.n) FILTER (WHERE o.n <= page.rows),
		   CASE WHEN max(o.n) > page.rows THEN format('%s %s',
				coalesce((array_agg(o.generation || '.' || o.retry ORDER BY o.n DESC) FILTER (WHERE o.n <= page.rows AND o.generation IS NOT NULL))[1], before_generation || '.' || before_retry),
				coalesce((array_agg(o.event_id ORDER BY o.n DESC) FILTER (WHERE o.n <= page.rows AND o.event_id IS NOT NULL))[1], before_event)) END
	INTO found, next FROM numbered o;
	RETURN jsonb_build_object('rows', coalesce(found, '[]'), 'next', next);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.lineage FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.lineage TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.lineage IS
'Console: a window of the lineage of a family, the newest first: each answer and each event. arguments: grant_id; generation (begin with this one, and with what happened before its successor was made; NULL: with the newest); events_only (true: no answers); after, limit.
Returns rows and next. A row: kind (of answers issue, refresh, retry; of events refusal, reuse, revoke, event), event_id, at, presented (generation; NULL: not known or none), reason, context, device (its user agent in short); of an answer generation, retry, jti, scope, resources, access_expires_at, refresh_expires_at, client_auth_method, client_secret_id and judged (did a policy or an API have a say? explain_decision tells); of an event its name and role_name. Raises 22023, 22P02.';

-- what it tells the console's readers could read from the families, one by one
GRANT EXECUTE ON FUNCTION pgtoken.living_sessions TO pgtoken_auditor;

CREATE FUNCTION pgtoken_console.sessions(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	page CONSTANT record := pgtoken_console.family_page(arguments);
	until CONSTANT timestamptz := coalesce(page.after[1]::timestamptz, 'infinity');
	before CONSTANT text := page.after[2];
	found jsonb;
	next text;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{issuer,subject,after,limit}');
	WITH those AS (
		SELECT s.*, row_number() OVER (ORDER BY s.created_at DESC, s.grant_ids[1] DESC) AS n
		FROM pgtoken.living_sessions(pgtoken_console.named_argument(arguments, 'issuer'), pgtoken_console.named_argument(arguments, 'subject')) s
		WHERE before IS NULL OR (s.created_at, s.grant_ids[1]) < (until, before::uuid)
		ORDER BY s.created_at DESC, s.grant_ids[1] DESC LIMIT page.rows + 1
	)
	SELECT jsonb_agg(to_jsonb(o) - 'n' ORDER BY o.n) FILTER (WHERE o.n <= page.rows),
		   CASE WHEN max(o.n) > page.rows THEN max(pgtoken_console.family_key(o.created_at, o.grant_ids[1]::text)) FILTER (WHERE o.n = page.rows) END
	INTO found, next FROM those o;
	RETURN jsonb_build_object('rows', coalesce(found, '[]'), 'next', next);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.sessions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.sessions TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.sessions IS
'Console: the living sessions of a subject, the newest first, as sessions_of shows them to himself, with their grant_ids. arguments: issuer, subject; after, limit.
Returns rows (the columns of sessions_of but is_current, and grant_ids) and next. Raises 22023.';

-- Ending -----------------------------------------------------------------------------

CREATE FUNCTION pgtoken_console.end_family(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	family uuid;
	ended record;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{grant_id,reason}');
	family := pgtoken_console.named_argument(arguments, 'grant_id')::uuid;
	SELECT r.* INTO ended FROM pgtoken.revoke_family(family, arguments ->> 'reason') r;
	RETURN jsonb_build_object('ended', FOUND) || CASE WHEN FOUND THEN jsonb_build_object('revoked_at', ended.revoked_at, 'access_tokens', ended.access_tokens) ELSE '{}' END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.end_family FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.end_family TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_console.end_family IS
'Console: revoke_family. arguments: grant_id; reason (kept with the family and in the audit; NULL: "revoked").
Returns ended (false: it is unknown or was revoked before), revoked_at, access_tokens (how many had not expired). Raises 22023, 22P02.';

CREATE FUNCTION pgtoken_console.end_subject(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{issuer,subject,reason}');
	RETURN jsonb_build_object('families', (
		SELECT count(*) FROM pgtoken.revoke_subject(pgtoken_console.named_argument(arguments, 'subject'), coalesce(arguments ->> 'reason', 'revoked'),
													pgtoken_console.named_argument(arguments, 'issuer'))));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.end_subject FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.end_subject TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_console.end_subject IS
'Console: revoke_subject. arguments: issuer, subject; reason (NULL: "revoked").
Returns families: how many were revoked. Raises 22023, 55000 for an unknown issuer.';

CREATE FUNCTION pgtoken_console.block_subject(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	until timestamptz;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{issuer,subject,reason,until,end_sessions}');
	until := pgtoken.block_subject(pgtoken_console.named_argument(arguments, 'subject'), arguments ->> 'reason', (arguments ->> 'until')::timestamptz,
								   pgtoken_console.named_argument(arguments, 'issuer'), (arguments ->> 'end_sessions')::boolean IS NOT FALSE);
	RETURN jsonb_build_object('blocked_until', CASE WHEN isfinite(until) THEN until END);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.block_subject FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.block_subject TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_console.block_subject IS
'Console: pgtoken.block_subject. arguments: issuer, subject; reason; until (NULL: when unblock_subject ends it); end_sessions (true, also NULL: what the subject has is ended).
Returns blocked_until; null: it has no end of its own. Raises as pgtoken.block_subject, and 22007.';

CREATE FUNCTION pgtoken_console.unblock_subject(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{issuer,subject,reason}');
	RETURN jsonb_build_object('unblocked', pgtoken.unblock_subject(pgtoken_console.named_argument(arguments, 'subject'), arguments ->> 'reason',
																   pgtoken_console.named_argument(arguments, 'issuer')));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.unblock_subject FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.unblock_subject TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_console.unblock_subject IS
'Console: pgtoken.unblock_subject. arguments: issuer, subject; reason.
Returns unblocked: was it blocked? Raises as pgtoken.unblock_subject.';

-- Why --------------------------------------------------------------------------------

CREATE FUNCTION pgtoken_console.reason_told(of_reason text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT r.explanation FROM pgtoken.refusal_reasons() r WHERE r.reason = of_reason LIMIT 1;
END;
REVOKE ALL ON FUNCTION pgtoken_console.reason_told FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.reason_told TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.reason_told IS 'Internal: the sentence of a reason, as refusal_reasons has it; NULL: it is the reason of no refusal';

CREATE FUNCTION pgtoken_console.refusals(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $function$
DECLARE
	page CONSTANT record := pgtoken_console.family_page(arguments);
	until CONSTANT timestamptz := coalesce(page.after[1], arguments ->> 'until', 'infinity')::timestamptz;
	before CONSTANT uuid := coalesce(page.after[2], CASE WHEN arguments ? 'until' THEN '00000000-0000-0000-0000-000000000000' ELSE 'ffffffff-ffff-ffff-ffff-ffffffffffff' END)::uuid;
	since CONSTANT timestamptz := coalesce((arguments ->> 'since')::timestamptz, '-infinity');
	looked_at CONSTANT integer := 20000;
	found jsonb;
	next text;
	back_to timestamptz;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{grant_id,client_id,subject,since,until,after,limit}');
	-- the conditions are those that the indexes have
	EXECUTE format($query$
		WITH looked AS (
			SELECT a.*, row_number() OVER () AS n
			FROM (SELECT a.occurred_at, a.event_id, a.event, a.reason, a.client_id, a.subject, a.grant_id, a.context
				  FROM pgtoken.audit_rows a
				  WHERE a.occurred_at >= $1 AND a.occurred_at <= $2 AND (a.occurred_at, a.event_id) < ($2, $3) %s
				  ORDER BY a.occurred_at DESC, a.event_id DESC LIMIT $4) a
		), those AS (
			SELECT l.*, l.event ~ '[._](refused|denied|challenged|failed|reuse)$' AS hit
			FROM looked l WHERE l.event ~ '[._](refused|denied|challenged|failed|reuse)$' OR l.n = $4 LIMIT $5
		)
		SELECT jsonb_agg(jsonb_build_object('event_id', o.event_id, 'at', o.occurred_at, 'event', o.event, 'reason', o.reason, 'sentence', pgtoken_console.reason_told(o.reason),
											'client_id', o.client_id, 'subject', o.subject, 'grant_id', nullif(o.grant_id, '00000000-0000-0000-0000-000000000000'),
											'address', o.context ->> 'ip', 'device', pgtoken.user_agent_name(o.context ->> 'user_agent')) ORDER BY o.n) FILTER (WHERE o.hit),
			   CASE WHEN max(o.n) = $4 OR count(*) = $5 THEN (array_agg(pgtoken_console.family_key(o.occurred_at, o.event_id::text) ORDER BY o.n DESC))[1] END,
			   min(o.occurred_at)
		FROM those o$query$,
		CASE WHEN arguments ? 'grant_id' THEN 'AND a.grant_id = $6::uuid ' ELSE '' END
		|| CASE WHEN arguments ? 'client_id' THEN 'AND a.client_id = $7 ' ELSE '' END
		|| CASE WHEN arguments ? 'subject' THEN 'AND a.subject = $8 AND a.event <> ''grant.revoked''' ELSE '' END)
	INTO found, next, back_to
	USING since, until, before, looked_at, page.rows, arguments ->> 'grant_id', arguments ->> 'client_id', arguments ->> 'subject';
	RETURN jsonb_build_object('rows', coalesce(found, '[]'), 'next', next, 'back_to', CASE WHEN next IS NOT NULL THEN back_to END);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.refusals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.refusals TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.refusals IS
'Console: refused requests that have an audit event, the newest first. arguments: grant_id, client_id, subject (any of them, each narrows it); since (inclusive), until (exclusive); after, limit.
Returns rows (event_id for why(), at, event, reason, sentence, client_id, subject, grant_id, address, device), next, and back_to: until when events have been looked at, null where all were. A page looks at 20000 events at the most, and can have fewer rows than limit, and a next. Raises 22023, 22P02, 22007.';

CREATE FUNCTION pgtoken_console.refused(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	page CONSTANT record := pgtoken_console.family_page(arguments);
	before CONSTANT timestamptz := coalesce(page.after[1]::timestamptz, 'infinity');
	found jsonb;
	next text;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{client_id,after,limit}');
	WITH those AS (
		SELECT r.*, row_number() OVER () AS n
		FROM (SELECT r.* FROM pgtoken.refused_requests(arguments ->> 'client_id', NULL) r WHERE r.at < before ORDER BY r.at DESC LIMIT page.rows + 1) r
	)
	SELECT jsonb_agg(to_jsonb(o) - 'n' ORDER BY o.n) FILTER (WHERE o.n <= page.rows),
		   CASE WHEN max(o.n) > page.rows THEN max(pgtoken_console.family_key(o.at, '-')) FILTER (WHERE o.n = page.rows) END
	INTO found, next FROM those o;
	RETURN jsonb_build_object('rows', coalesce(found, '[]'), 'next', next, 'kept', true);
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RETURN jsonb_build_object('rows', '[]'::jsonb, 'next', NULL, 'kept', false);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.refused FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.refused TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.refused IS
'Console: refused_requests(), the last requests that were refused, with an audit event or without. arguments: client_id (as it came; NULL: all); after, limit.
Returns rows (the columns of refused_requests), next, and kept: false where this server keeps none. Raises 22023.';

CREATE FUNCTION pgtoken_console.why(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $function$
DECLARE
	wanted uuid;
	moment timestamptz;
	e record;
	family jsonb;
	before_generation integer;
	before_at timestamptz;
	before_context jsonb;
	presented integer;
	issued timestamptz;
	exchanged timestamptz;
	ends timestamptz;
	revocation jsonb;
	seen jsonb;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{event_id}');
	wanted := pgtoken_console.named_argument(arguments, 'event_id')::uuid;
	moment := pgtoken.uuid_time(wanted);
	SELECT a.* INTO e FROM pgtoken.audit_events a
	WHERE a.event_id = wanted AND a.occurred_at BETWEEN moment - interval '1 second' AND moment + interval '1 second';
	IF NOT FOUND THEN
		RETURN jsonb_build_object('event_id', wanted, 'event', NULL);
	END IF;
	presented := (e.detail ->> 'presented_generation')::integer;
	IF e.grant_id <> '00000000-0000-0000-0000-000000000000' THEN
		family := pgtoken_console.family(jsonb_build_object('grant_id', e.grant_id));
		SELECT t.generation, t.issued_at, t.context INTO before_generation, before_at, before_context FROM pgtoken.tokens t
		WHERE t.grant_id = e.grant_id AND t.issued_at < e.occurred_at AND t.retry = 0
		ORDER BY t.generation DESC, t.retry DESC LIMIT 1;
		SELECT t.issued_at, t.refresh_expires_at INTO issued, ends FROM pgtoken.tokens t WHERE t.grant_id = e.grant_id AND t.generation = presented AND t.retry = 0;
		exchanged := (SELECT t.issued_at FROM pgtoken.tokens t WHERE t.grant_id = e.grant_id AND t.generation = presented + 1 AND t.retry = 0 AND t.issued_at <= e.occurred_at);
		SELECT jsonb_build_object('event_id', a.event_id, 'at', a.occurred_at, 'reason', a.reason, 'role_name', coalesce(a.role_name, a.session_user_name), 'context', a.context)
		INTO revocation
		FROM pgtoken.audit_rows a WHERE a.grant_id = e.grant_id AND a.event = 'grant.revoked' ORDER BY a.event_id DESC LIMIT 1;
	END IF;
	-- the last requests may still have what came beside what was expected
	BEGIN
		SELECT jsonb_build_object('endpoint', r.endpoint, 'error', r.error, 'parameter', r.parameter, 'received', r.received, 'registered', r.registered) INTO seen
		FROM pgtoken.refused_requests(e.client_id, NULL) r
		WHERE r.reason = e.reason AND r.request_id IS NOT DISTINCT FROM e.request_id AND r.at BETWEEN e.occurred_at AND e.occurred_at + interval '1 second' ORDER BY r.at LIMIT 1;
	EXCEPTION WHEN object_not_in_prerequisite_state THEN
		NULL;
	END;
	RETURN jsonb_build_object(
		'event_id', wanted, 'event', e.event, 'at', e.occurred_at, 'reason', e.reason, 'sentence', pgtoken_console.reason_told(e.reason),
		'client_id', e.client_id, 'subject', e.subject, 'role_name', e.role_name, 'application_name', e.application_name, 'request_id', e.request_id, 'trace_id', e.trace_id, 'detail', e.detail, 'personal', e.personal,
		'told', (SELECT jsonb_build_object('error', r.error, 'error_description', r.error_description) FROM pgtoken.refusal_reasons() r WHERE r.reason = e.reason LIMIT 1),
		'contexts', jsonb_build_object(
			'request', e.context - 'rotation_context',
			'before', coalesce(e.context -> 'rotation_context', before_context), 'before_generation', before_generation, 'before_at', before_at),
		'reasons', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.n) FROM (SELECT d.*, row_number() OVER () AS n FROM pgtoken.explain_decision(wanted) d) x WHERE x.policy IS NOT NULL OR x.rule IS DISTINCT FROM e.reason),
		'clock', (SELECT jsonb_agg(jsonb_build_object('what', c.what, 'at', c.at) ORDER BY c.at, c.n)
				  FROM (VALUES (1, 'family_begun', (family ->> 'created_at')::timestamptz), (2, 'token_issued', issued), (3, 'token_exchanged', exchanged),
							   (4, 'window_ended', exchanged + make_interval(secs => (e.detail ->> 'retry_window')::float8)), (5, 'token_ends', ends),
							   (6, 'family_revoked', (revocation ->> 'at')::timestamptz), -- one that was set before the family began has nothing to do with it
							   (7, 'not_before', CASE WHEN (family ->> 'not_before')::timestamptz > (family ->> 'created_at')::timestamptz OR e.reason ~ '^not_before' THEN (family ->> 'not_before')::timestamptz END),
							   (8, 'family_ends', (family ->> 'expires_at')::timestamptz), (9, 'presented', e.occurred_at)) c (n, what, at)
				  WHERE c.at IS NOT NULL AND isfinite(c.at)),
		'presented_generation', presented, 'current_generation', (e.detail ->> 'current_generation')::integer, 'retry_window', (e.detail ->> 'retry_window')::integer,
		'revocation', CASE WHEN e.reason ~ 'revoked|reuse|withdrawn' THEN revocation END,
		'received', seen,
		'grant_id', nullif(e.grant_id, '00000000-0000-0000-0000-000000000000'), 'family_state', family -> 'state', 'issuer', family -> 'issuer');
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.why FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.why TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.why IS
'Console: why a request was refused, and the evidence. arguments: event_id of its audit event.
Returns sentence (of refusal_reasons; null: the event is no refusal), event (null: there is no such event), at, reason, told (error and error_description, as the client was told), client_id, subject, role_name, application_name, request_id, trace_id, detail, personal; contexts: of the request and of the answer before it (before, before_generation, before_at); reasons: rows of explain_decision; clock: the moments that matter, in order (what: family_begun, token_issued, token_exchanged, window_ended, token_ends, family_revoked, not_before, family_ends, presented; of a token that of the presented generation); presented_generation, current_generation, retry_window (seconds); revocation: the event that ended the family, where that is why; received: what came beside what is registered, while refused_requests has it; grant_id, family_state, issuer. Raises 22023, 22P02.';
