-- From a request or a trace to its audit events. No index is on the mark: a trace id is
-- random, so that each refresh would touch a page of such an index at random. A request id
-- that was made here tells its time, and who looks for a trace knows it.

-- A UUIDv7 begins with its time; one of another program's clock may be off by some.
CREATE FUNCTION pgtoken.request_time(request_id text) RETURNS timestamptz
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN CASE WHEN request_id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
				THEN to_timestamp(('x' || translate(left(request_id, 13), '-', ''))::bit(48)::bigint / 1000.0) END;
REVOKE ALL ON FUNCTION pgtoken.request_time FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.request_time TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.request_time IS 'Internal: when a request was made whose id is a UUIDv7, as those made here are; NULL: the id does not tell';

CREATE FUNCTION pgtoken.audit_by_request(request_id text DEFAULT NULL, trace_id text DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
	RETURNS SETOF pgtoken.audit_events
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $function$
DECLARE
	made_at CONSTANT timestamptz := pgtoken.request_time(request_id);
BEGIN
	IF num_nonnulls(request_id, trace_id) = 0 THEN
		RAISE EXCEPTION 'neither a request_id nor a trace_id is given' USING ERRCODE = 'null_value_not_allowed';
	ELSIF trace_id !~ '^[0-9a-f]{32}$' THEN
		RAISE EXCEPTION 'a trace_id has 32 hexadecimal digits in lower case' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'It is the second part of a traceparent.';
	END IF;
	since := coalesce(since, made_at - interval '1 minute', now() - interval '1 hour');
	until := coalesce(until, made_at + interval '10 minutes', 'infinity');
	RETURN QUERY
		SELECT e.* FROM pgtoken.audit_events e
		WHERE e.occurred_at >= since AND e.occurred_at < until
		  AND (audit_by_request.request_id IS NULL OR e.request_id = audit_by_request.request_id)
		  AND (audit_by_request.trace_id IS NULL OR e.trace_id = audit_by_request.trace_id)
		ORDER BY e.occurred_at, e.event_id;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.audit_by_request FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.audit_by_request TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.audit_by_request IS
'What a request has done, or all requests of a trace (W3C Trace Context), in order: rows of audit_events. request_id: as answered in X-Request-Id, and as logs have it; NULL: of any request. trace_id: 32 hexadecimal digits; NULL: of any trace. since (inclusive), until (exclusive): when; NULL: where request_id is a UUIDv7, as those made here are, from a minute before its time until ten minutes after it, otherwise the last hour.
Reads all events of that time by the index on it, three million a second where they are in memory: a request_id that tells its time is found at once, a trace as fast as its time is known. Later consequences, such as a delivery by the courier, are beyond ten minutes only if until says so. Raises 22004 where both are NULL, 22023 for a trace_id that is none.';
