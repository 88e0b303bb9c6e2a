-- Shared signals over HTTP: a receiver makes and keeps its streams by itself, and fetches
-- what it is told (OpenID Shared Signals Framework sections 7 and 8, RFC 8936).  Who asks
-- is found out in C (signals_endpoint.c); what he gets is decided here.

CREATE INDEX clients_signals ON pgtoken.clients (issuer) WHERE enabled AND scopes && '{ssf.manage,ssf.read}';
COMMENT ON INDEX pgtoken.clients_signals IS 'Is there a client of the issuer that may have streams?';

CREATE FUNCTION pgtoken.has_signals(of_issuer text) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN EXISTS (SELECT FROM pgtoken.clients c WHERE c.issuer = of_issuer AND c.enabled AND c.scopes && '{ssf.manage,ssf.read}');
REVOKE ALL ON FUNCTION pgtoken.has_signals FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.has_signals IS 'Internal: does the issuer answer at the endpoints of signals? Where a client may have the scope ssf.manage or ssf.read';

CREATE FUNCTION pgtoken.signals_metadata(of_issuer text) RETURNS json
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN (SELECT json_build_object(
		'spec_version', '1_0',
		'issuer', of_issuer,
		'jwks_uri', u.base || '/oauth2/jwks',
		'delivery_methods_supported', ARRAY['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936'],
		'configuration_endpoint', u.base || '/oauth2/signals/streams',
		'status_endpoint', u.base || '/oauth2/signals/status',
		'verification_endpoint', u.base || '/oauth2/signals/verification',
		'authorization_schemes', json_build_array(json_build_object('spec_urn', 'urn:ietf:rfc:6749'), json_build_object('spec_urn', 'urn:ietf:rfc:9449')),
		'default_subjects', 'ALL')
		FROM (SELECT rtrim(of_issuer, '/')) u (base) WHERE pgtoken.has_signals(of_issuer));
REVOKE ALL ON FUNCTION pgtoken.signals_metadata FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signals_metadata IS 'Internal, called by pgtoken_http.handle(): the transmitter''s configuration (Shared Signals Framework section 7.1); NULL: the issuer has no signals';

CREATE FUNCTION pgtoken.min_verification_interval() RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN 60;
REVOKE ALL ON FUNCTION pgtoken.min_verification_interval FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.min_verification_interval IS 'Internal: seconds between verification events that a receiver asks for';

CREATE FUNCTION pgtoken.signal_stream_json(stream pgtoken.signal_streams) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN jsonb_strip_nulls(jsonb_build_object(
		'stream_id', stream.stream_id, 'iss', stream.issuer, 'aud', stream.aud,
		'events_supported', pgtoken.signal_event_uris(pgtoken.signal_events()),
		'events_requested', stream.events_requested,
		'events_delivered', pgtoken.signal_event_uris(stream.events_delivered),
		-- the Authorization header is not said again
		'delivery', CASE stream.delivery WHEN 'push' THEN jsonb_build_object('method', 'urn:ietf:rfc:8935', 'endpoint_url', stream.endpoint_url)
			ELSE jsonb_build_object('method', 'urn:ietf:rfc:8936', 'endpoint_url', rtrim(stream.issuer, '/') || '/oauth2/signals/poll/' || stream.stream_id) END,
		'min_verification_interval', pgtoken.min_verification_interval(),
		'description', stream.description));
REVOKE ALL ON FUNCTION pgtoken.signal_stream_json FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_stream_json IS 'Internal: a stream''s configuration (Shared Signals Framework section 8.1.1)';

CREATE FUNCTION pgtoken.json_texts(list jsonb) RETURNS text[]
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN CASE WHEN jsonb_typeof(list) = 'array' AND NOT EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(list) WHEN 'array' THEN list END) e WHERE jsonb_typeof(e) <> 'string')
				THEN ARRAY(SELECT t.element FROM jsonb_array_elements_text(CASE jsonb_typeof(list) WHEN 'array' THEN list END) WITH ORDINALITY t (element, n) ORDER BY t.n) END;
REVOKE ALL ON FUNCTION pgtoken.json_texts FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.json_texts IS 'Internal: an array of strings; NULL: it is something else';

CREATE FUNCTION pgtoken.signal_body_problem(body jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN (SELECT min(m.name || ' must be ' || m.kind) FROM (VALUES ('stream_id', 'string'), ('status', 'string'), ('reason', 'string'), ('description', 'string'), ('state', 'string'),
				('delivery', 'object'), ('events_requested', 'array'), ('maxEvents', 'number'), ('returnImmediately', 'boolean'), ('ack', 'array'), ('setErrs', 'object')) m (name, kind)
			WHERE jsonb_typeof(body -> m.name) <> m.kind
			   OR m.name IN ('events_requested', 'ack') AND body ? m.name AND pgtoken.json_texts(body -> m.name) IS NULL
			   OR m.name = 'delivery' AND EXISTS (SELECT FROM jsonb_each(CASE jsonb_typeof(body -> 'delivery') WHEN 'object' THEN body -> 'delivery' END) d
												  WHERE d.key IN ('method', 'endpoint_url', 'authorization_header') AND jsonb_typeof(d.value) <> 'string'));
REVOKE ALL ON FUNCTION pgtoken.signal_body_problem FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_body_problem IS 'Internal: a member that is not of the type that it has to be, as a sentence; NULL: none';

CREATE FUNCTION pgtoken.signal_stream_asked(stream pgtoken.signal_streams, body jsonb, whole boolean, OUT asked pgtoken.signal_streams, OUT authorization_header text, OUT problem text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	delivery CONSTANT jsonb := CASE WHEN body ? 'delivery' THEN body -> 'delivery' WHEN whole THEN '{}' END;
	as_it_is CONSTANT jsonb := pgtoken.signal_stream_json(stream);
BEGIN
	asked := stream;
	-- what is ours to say may be said, as it is (section 8.1.1.3)
	SELECT format('%s is not the receiver''s to choose', m) INTO problem
	FROM unnest('{iss,aud,events_supported,min_verification_interval}'::text[]) m WHERE body -> m <> as_it_is -> m LIMIT 1;
	IF problem IS NOT NULL THEN
		RETURN;
	END IF;
	IF delivery IS NOT NULL THEN
		-- section 8.1.1.1: polled, where nothing is said
		asked.delivery := CASE coalesce(delivery ->> 'method', 'urn:ietf:rfc:8936') WHEN 'urn:ietf:rfc:8935' THEN 'push' WHEN 'urn:ietf:rfc:8936' THEN 'poll' END;
		-- where it is polled is ours to say
		asked.endpoint_url := CASE WHEN asked.delivery = 'push' THEN delivery ->> 'endpoint_url' END;
		authorization_header := delivery ->> 'authorization_header';
		IF whole AND authorization_header IS NULL THEN
			asked.has_authorization := false;
		END IF;
	END IF;
	IF whole OR body ? 'events_requested' THEN
		asked.events_requested := pgtoken.json_texts(body -> 'events_requested');
	END IF;
	IF whole OR body ? 'description' THEN
		asked.description := body ->> 'description';
	END IF;
	problem := pgtoken.signal_stream_problem(asked, authorization_header);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.signal_stream_asked FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_stream_asked IS 'Internal: a stream as a receiver wants to have it. whole: what is not said is taken away (PUT), or stays (PATCH)';

CREATE TYPE pgtoken.signal_answer AS (
	status integer,
	refused text,
	sentence text,
	answer jsonb
);
REVOKE ALL ON TYPE pgtoken.signal_answer FROM PUBLIC;
COMMENT ON TYPE pgtoken.signal_answer IS 'What a receiver is answered';
COMMENT ON COLUMN pgtoken.signal_answer.status IS 'HTTP status; NULL: it is refused';
COMMENT ON COLUMN pgtoken.signal_answer.refused IS 'Why: body, stream, unknown, full, rate, held; NULL: it is not';
COMMENT ON COLUMN pgtoken.signal_answer.sentence IS 'What is wrong, for the receiver; NULL: there is no more to say';
COMMENT ON COLUMN pgtoken.signal_answer.answer IS 'Body; NULL: none';

CREATE FUNCTION pgtoken.make_stream(of_client text, body jsonb) RETURNS pgtoken.signal_answer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	stream pgtoken.signal_streams;
	wanted record;
BEGIN
	-- one at a time, so that they are counted
	SELECT c.issuer INTO stream.issuer FROM pgtoken.clients c WHERE c.client_id = of_client FOR NO KEY UPDATE;
	IF (SELECT count(*) FROM pgtoken.signal_streams s WHERE s.client_id = of_client) >= 10 THEN
		RETURN ROW(NULL, 'full', NULL, NULL)::pgtoken.signal_answer;
	END IF;
	-- another stream would be the way around
	IF EXISTS (SELECT FROM pgtoken.signal_streams s WHERE s.client_id = of_client AND s.status_by = 'administrator') THEN
		RETURN ROW(NULL, 'held', NULL, NULL)::pgtoken.signal_answer;
	END IF;
	stream.stream_id := pgtoken.new_uuid();
	stream.client_id := of_client;
	stream.aud := of_client;
	stream.format := 'set';
	stream.has_authorization := false;
	stream.all_subjects := false;
	stream.status := 'enabled';
	stream.status_by := 'receiver';
	stream.created_at := now();
	wanted := pgtoken.signal_stream_asked(stream, body, true);
	IF wanted.problem IS NOT NULL THEN
		RETURN ROW(NULL, 'stream', wanted.problem, NULL)::pgtoken.signal_answer;
	END IF;
	PERFORM pgtoken.save_signal_stream(wanted.asked, wanted.authorization_header);
	RETURN ROW(201, NULL, NULL, (SELECT pgtoken.signal_stream_json(s) FROM pgtoken.signal_streams s WHERE s.stream_id = stream.stream_id))::pgtoken.signal_answer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.make_stream FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.make_stream IS 'Internal: a receiver makes a stream (Shared Signals Framework section 8.1.1.1); ten at most';

CREATE FUNCTION pgtoken.change_stream(stream pgtoken.signal_streams, body jsonb, whole boolean) RETURNS pgtoken.signal_answer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	wanted record;
BEGIN
	wanted := pgtoken.signal_stream_asked(stream, body, whole);
	IF wanted.problem IS NOT NULL THEN
		RETURN ROW(NULL, 'stream', wanted.problem, NULL)::pgtoken.signal_answer;
	END IF;
	IF stream.has_authorization AND NOT (wanted.asked).has_authorization THEN
		PERFORM pgtoken.put_signal_secret('signal authorization:' || stream.stream_id, NULL);
	END IF;
	PERFORM pgtoken.save_signal_stream(wanted.asked, wanted.authorization_header);
	RETURN ROW(200, NULL, NULL, (SELECT pgtoken.signal_stream_json(s) FROM pgtoken.signal_streams s WHERE s.stream_id = stream.stream_id))::pgtoken.signal_answer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.change_stream FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.change_stream IS 'Internal: a receiver changes a stream (Shared Signals Framework sections 8.1.1.3 and 8.1.1.4)';

CREATE FUNCTION pgtoken.change_stream_status(stream pgtoken.signal_streams, body jsonb) RETURNS pgtoken.signal_answer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF (body ->> 'status' IN ('enabled', 'paused', 'disabled') AND coalesce(octet_length(body ->> 'reason') <= 1000, true)) IS NOT TRUE THEN
		RETURN ROW(NULL, 'stream', 'status must be enabled, paused or disabled, and reason at most 1000 bytes', NULL)::pgtoken.signal_answer;
	ELSIF stream.status_by = 'administrator' THEN
		RETURN ROW(NULL, 'held', NULL, NULL)::pgtoken.signal_answer;
	END IF;
	PERFORM pgtoken.set_signal_status(stream.stream_id, body ->> 'status', body ->> 'reason', 'receiver');
	RETURN ROW(200, NULL, NULL, jsonb_strip_nulls(jsonb_build_object('stream_id', stream.stream_id, 'status', body -> 'status', 'reason', body -> 'reason')))::pgtoken.signal_answer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.change_stream_status FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.change_stream_status IS 'Internal: a receiver sets the status of a stream (Shared Signals Framework section 8.1.2.2), unless an administrator has';

CREATE FUNCTION pgtoken.verify_stream(stream pgtoken.signal_streams, body jsonb) RETURNS pgtoken.signal_answer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF octet_length(body ->> 'state') > 1000 THEN
		RETURN ROW(NULL, 'stream', 'state must have at most 1000 bytes', NULL)::pgtoken.signal_answer;
	ELSIF stream.verified_at > now() - make_interval(secs => pgtoken.min_verification_interval()) THEN
		RETURN ROW(NULL, 'rate', NULL, NULL)::pgtoken.signal_answer;
	END IF;
	UPDATE pgtoken.signal_streams s SET verified_at = now() WHERE s.stream_id = stream.stream_id;
	PERFORM pgtoken.verify_signal_stream(stream.stream_id, body ->> 'state');
	RETURN ROW(204, NULL, NULL, NULL)::pgtoken.signal_answer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.verify_stream FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.verify_stream IS 'Internal: a receiver asks for a verification event (Shared Signals Framework section 8.1.4.2)';

CREATE FUNCTION pgtoken.acknowledge_signals(stream pgtoken.signal_streams, body jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	uuids CONSTANT text := '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
	signal record;
	taken text[] := '{}';
BEGIN
	FOR signal IN
		-- locked in order first: two answers to the same poll may come at once
		WITH o AS MATERIALIZED (
			SELECT g.signal_id, a.error FROM pgtoken.signals g
			JOIN (SELECT u.jti::uuid AS signal_id, max(u.error) AS error
				  FROM (SELECT t.jti, NULL FROM jsonb_array_elements_text(coalesce(body -> 'ack', '[]')) t (jti)
						UNION ALL SELECT e.key, coalesce(nullif(left(regexp_replace(e.value ->> 'err', '[^\x20-\x7e]', '?', 'g'), 100), ''), 'no reason was given')
						FROM jsonb_each(coalesce(body -> 'setErrs', '{}')) e) u (jti, error)
				  WHERE u.jti ~ uuids GROUP BY 1) a ON a.signal_id = g.signal_id
			WHERE g.stream_id = stream.stream_id ORDER BY g.signal_id FOR UPDATE OF g)
		DELETE FROM pgtoken.signals g USING o WHERE g.stream_id = stream.stream_id AND g.signal_id = o.signal_id
		RETURNING g.signal_id, g.subject, o.error LOOP
		IF signal.error IS NULL THEN
			taken := taken || signal.signal_id::text;
		ELSE
			PERFORM pgtoken.write_audit_event('signal.refused', jsonb_build_object('stream_id', stream.stream_id, 'jti', signal.signal_id), signal.error, stream.client_id, signal.subject);
		END IF;
	END LOOP;
	IF cardinality(taken) > 0 THEN
		PERFORM pgtoken.write_audit_event('signals.acknowledged', jsonb_build_object('stream_id', stream.stream_id, 'jtis', taken), NULL, stream.client_id);
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.acknowledge_signals FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.acknowledge_signals IS 'Internal, called by poll_signals(): what the receiver has, or will not take, waits no longer (RFC 8936 section 2.4)';

CREATE FUNCTION pgtoken.poll_signals(stream pgtoken.signal_streams, body jsonb) RETURNS pgtoken.signal_answer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	most CONSTANT numeric := least(coalesce((body ->> 'maxEvents')::numeric, 50), 100);
	sets jsonb;
	waiting bigint;
BEGIN
	IF most < 0 OR most <> trunc(most) THEN
		RETURN ROW(NULL, 'stream', 'maxEvents must be a whole number, 0 or more', NULL)::pgtoken.signal_answer;
	END IF;
	PERFORM pgtoken.acknowledge_signals(stream, body);
	SELECT jsonb_object_agg(w.signal_id, w.token) FILTER (WHERE w.n <= most), count(*) INTO sets, waiting
	FROM (SELECT o.signal_id, o.n, CASE WHEN o.n <= most THEN pgtoken.signal_token(o.signal, stream) END AS token
		  FROM (SELECT g.signal_id, g AS signal, row_number() OVER (ORDER BY g.signal_id) AS n FROM pgtoken.signals g
				WHERE g.stream_id = stream.stream_id AND g.due_at <= now() AND g.expires_at > now() AND (stream.status = 'enabled' OR g.event = 'stream-updated')
				ORDER BY g.signal_id LIMIT most::integer + 1) o) w;
	RETURN ROW(200, NULL, NULL, jsonb_build_object('sets', coalesce(sets, '{}'), 'moreAvailable', waiting > most))::pgtoken.signal_answer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.poll_signals FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.poll_signals IS 'Internal: what waits for a receiver, the oldest first (RFC 8936 section 2), at most 100; answered at once, whatever returnImmediately says';

CREATE FUNCTION pgtoken.stream_of_receiver(of_client text, stream_id text, to_change boolean) RETURNS pgtoken.signal_streams
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	stream pgtoken.signal_streams;
BEGIN
	IF stream_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
		IF to_change THEN
			PERFORM FROM pgtoken.signal_streams s WHERE s.stream_id = stream_of_receiver.stream_id::uuid AND s.client_id = of_client FOR UPDATE;
		END IF;
		-- a lock that nobody who tells it something waits for
		SELECT s.* INTO stream FROM pgtoken.signal_streams s
		WHERE s.stream_id = stream_of_receiver.stream_id::uuid AND s.client_id = of_client AND s.format = 'set' FOR KEY SHARE;
	END IF;
	RETURN stream;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.stream_of_receiver FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.stream_of_receiver IS 'Internal: the client''s own stream of this id, locked so that it stays, or, to_change, against whoever tells it something; NULLs: it has none. Webhooks are an administrator''s affair';

CREATE FUNCTION pgtoken.answer_receiver(of_client text, place text, method text, stream_id text, body jsonb) RETURNS pgtoken.signal_answer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	stream pgtoken.signal_streams;
	problem CONSTANT text := pgtoken.signal_body_problem(body);
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	IF problem IS NOT NULL THEN
		RETURN ROW(NULL, 'stream', problem, NULL)::pgtoken.signal_answer;
	ELSIF place = 'streams' AND method = 'POST' THEN
		RETURN pgtoken.make_stream(of_client, body);
	ELSIF place = 'streams' AND method = 'GET' AND stream_id IS NULL THEN
		RETURN ROW(200, NULL, NULL, (SELECT coalesce(jsonb_agg(pgtoken.signal_stream_json(s) ORDER BY s.stream_id), '[]')
									 FROM pgtoken.signal_streams s WHERE s.client_id = of_client AND s.format = 'set'))::pgtoken.signal_answer;
	END IF;
	IF coalesce(stream_id, body ->> 'stream_id') IS NULL THEN
		RETURN ROW(NULL, 'stream', 'stream_id must be there', NULL)::pgtoken.signal_answer;
	END IF;
	stream := pgtoken.stream_of_receiver(of_client, coalesce(stream_id, body ->> 'stream_id'), place <> 'poll' AND method <> 'GET');
	IF stream.stream_id IS NULL OR (place = 'poll' AND stream.delivery <> 'poll') THEN
		RETURN ROW(NULL, 'unknown', NULL, NULL)::pgtoken.signal_answer;
	END IF;
	CASE
		WHEN place = 'poll' THEN
			RETURN pgtoken.poll_signals(stream, body);
		WHEN place = 'verification' THEN
			RETURN pgtoken.verify_stream(stream, body);
		WHEN place = 'status' AND method = 'POST' THEN
			RETURN pgtoken.change_stream_status(stream, body);
		WHEN place = 'status' THEN
			RETURN ROW(200, NULL, NULL, jsonb_strip_nulls(jsonb_build_object('stream_id', stream.stream_id, 'status', stream.status, 'reason', stream.status_reason)))::pgtoken.signal_answer;
		WHEN method = 'DELETE' AND stream.status_by = 'administrator' THEN
			RETURN ROW(NULL, 'held', NULL, NULL)::pgtoken.signal_answer;
		WHEN method = 'DELETE' THEN
			PERFORM pgtoken.remove_signal_stream(stream.stream_id);
			RETURN ROW(204, NULL, NULL, NULL)::pgtoken.signal_answer;
		WHEN method IN ('PUT', 'PATCH') THEN
			RETURN pgtoken.change_stream(stream, body, method = 'PUT');
		ELSE
			RETURN ROW(200, NULL, NULL, pgtoken.signal_stream_json(stream))::pgtoken.signal_answer;
	END CASE;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.answer_receiver FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.answer_receiver IS 'Internal, called by the endpoints of signals: what a receiver asks for. place: streams, status, verification or poll. method: GET, POST, PUT, PATCH or DELETE. stream_id: in the URL; NULL: in the body, or nowhere. body: NULL: there is none';
