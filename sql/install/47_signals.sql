-- Shared signals: what happens to sessions and accounts here, told to the applications that
-- it concerns (OpenID Shared Signals Framework, CAEP, RISC), as security event tokens or
-- as webhooks.
--
-- A signal is a row of the outbox, written by the transaction that does what it tells of:
-- both are there, or neither.  One that is pushed is a work of the courier beside it; one
-- that is polled stays until its receiver acknowledges it.  Where no stream is, a trigger
-- asks that and nothing more; a rotation does not come to one.
--
-- Locks: rows of signal_streams come after families, signals and works after these.

CREATE FUNCTION pgtoken.signal_events() RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN '{session-revoked,credential-change,token-claims-change,assurance-level-change,account-disabled,account-enabled}'::text[];
REVOKE ALL ON FUNCTION pgtoken.signal_events FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_events IS 'Internal: what a stream can deliver, by the last segment of the event''s URI';

CREATE FUNCTION pgtoken.signal_event_uri(event text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN 'https://schemas.openid.net/secevent/' || CASE WHEN event IN ('verification', 'stream-updated') THEN 'ssf' WHEN event ~ '^account-' THEN 'risc' ELSE 'caep' END
		   || '/event-type/' || event;
REVOKE ALL ON FUNCTION pgtoken.signal_event_uri FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_event_uri IS 'Internal: the URI of an event (CAEP section 3, RISC section 2, Shared Signals Framework section 8.1)';

CREATE FUNCTION pgtoken.signal_event_uris(events text[]) RETURNS text[]
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN ARRAY(SELECT pgtoken.signal_event_uri(u.event) FROM unnest(events) WITH ORDINALITY u (event, n) ORDER BY u.n);
REVOKE ALL ON FUNCTION pgtoken.signal_event_uris FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_event_uris IS 'Internal: the URIs of several events, in their order';

-- Who is told, and how.

CREATE TABLE pgtoken.signal_streams (
	stream_id uuid NOT NULL,
	issuer text NOT NULL,
	client_id text NOT NULL,
	aud text NOT NULL,
	delivery text NOT NULL,
	format text NOT NULL DEFAULT 'set',
	endpoint_url text,
	has_authorization boolean NOT NULL DEFAULT false,
	events_requested text[],
	events_delivered text[] NOT NULL,
	all_subjects boolean NOT NULL DEFAULT false,
	status text NOT NULL DEFAULT 'enabled',
	status_reason text,
	status_by text NOT NULL DEFAULT 'receiver',
	description text,
	verified_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT signal_streams_pkey PRIMARY KEY (stream_id),
	CONSTRAINT signal_streams_delivery_check CHECK (delivery IN ('push', 'poll')),
	CONSTRAINT signal_streams_format_check CHECK (format = 'set' OR format = 'webhook' AND delivery = 'push'),
	CONSTRAINT signal_streams_endpoint_url_check CHECK ((delivery = 'push') = (endpoint_url IS NOT NULL)
		AND coalesce(pgtoken.valid_redirect_uri(endpoint_url) AND endpoint_url ~* '^https?:' AND octet_length(endpoint_url) <= 1000, true)),
	CONSTRAINT signal_streams_events_delivered_check CHECK (events_delivered <@ pgtoken.signal_events()),
	CONSTRAINT signal_streams_status_check CHECK (status IN ('enabled', 'paused', 'disabled')),
	CONSTRAINT signal_streams_status_by_check CHECK (status_by IN ('receiver', 'administrator', 'delivery'))
);
COMMENT ON TABLE pgtoken.signal_streams IS 'Who is told of what happens to sessions and accounts, and how: a stream of a receiver, which is a client (OpenID Shared Signals Framework section 8.1)';
COMMENT ON COLUMN pgtoken.signal_streams.stream_id IS 'UUIDv7';
COMMENT ON COLUMN pgtoken.signal_streams.issuer IS 'Issuer of the client, whose signals these are';
COMMENT ON COLUMN pgtoken.signal_streams.client_id IS 'The receiver: hears of subjects that have, or had, a family with it';
COMMENT ON COLUMN pgtoken.signal_streams.aud IS 'aud of its security event tokens';
COMMENT ON COLUMN pgtoken.signal_streams.delivery IS 'push: the courier delivers (RFC 8935, or a webhook). poll: the receiver fetches (RFC 8936)';
COMMENT ON COLUMN pgtoken.signal_streams.format IS 'set: security event tokens (RFC 8417). webhook: JSON with a signature by a shared secret (Standard Webhooks)';
COMMENT ON COLUMN pgtoken.signal_streams.endpoint_url IS 'Where they are pushed to; NULL: they are polled';
COMMENT ON COLUMN pgtoken.signal_streams.has_authorization IS 'Is there an Authorization header for that? It is key material: "signal authorization:" and the stream_id';
COMMENT ON COLUMN pgtoken.signal_streams.events_requested IS 'URIs of events that the receiver has asked for; NULL: all';
COMMENT ON COLUMN pgtoken.signal_streams.events_delivered IS 'Those of them that there are, by the last segment of their URI';
COMMENT ON COLUMN pgtoken.signal_streams.all_subjects IS 'Is it told of all subjects of the issuer, whatever clients they have used? An administrator alone says so';
COMMENT ON COLUMN pgtoken.signal_streams.status IS 'enabled: signals go out. paused: they are kept. disabled: there are none (Shared Signals Framework section 8.1.2)';
COMMENT ON COLUMN pgtoken.signal_streams.status_reason IS 'Why; NULL: nobody has said';
COMMENT ON COLUMN pgtoken.signal_streams.status_by IS 'Who has set the status: receiver; administrator, which the receiver cannot change; delivery: it could not be pushed';
COMMENT ON COLUMN pgtoken.signal_streams.description IS 'For people; NULL: none';
COMMENT ON COLUMN pgtoken.signal_streams.verified_at IS 'When a verification event was last asked for over HTTP; NULL: never';
COMMENT ON COLUMN pgtoken.signal_streams.created_at IS 'When the stream was made';
COMMENT ON INDEX pgtoken.signal_streams_pkey IS 'Finds a stream';
COMMENT ON CONSTRAINT signal_streams_delivery_check ON pgtoken.signal_streams IS 'push or poll';
COMMENT ON CONSTRAINT signal_streams_format_check ON pgtoken.signal_streams IS 'set, or webhook, which is pushed';
COMMENT ON CONSTRAINT signal_streams_endpoint_url_check ON pgtoken.signal_streams IS 'https, or http on loopback; there where it is pushed, and only there';
COMMENT ON CONSTRAINT signal_streams_events_delivered_check ON pgtoken.signal_streams IS 'Events that there are';
COMMENT ON CONSTRAINT signal_streams_status_check ON pgtoken.signal_streams IS 'enabled, paused or disabled';
COMMENT ON CONSTRAINT signal_streams_status_by_check ON pgtoken.signal_streams IS 'receiver, administrator or delivery';

CREATE INDEX signal_streams_client_id ON pgtoken.signal_streams (client_id);
COMMENT ON INDEX pgtoken.signal_streams_client_id IS 'Streams of a client';

ALTER TABLE pgtoken.signal_streams
	ALTER status_reason SET STORAGE MAIN, ALTER status_reason SET STATISTICS 0,
	ALTER description SET STORAGE MAIN, ALTER description SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.signal_streams', '');
ALTER TABLE pgtoken.signal_streams ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.signal_streams FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.signal_streams IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.signal_streams TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE OF stream_id, issuer, client_id, aud, delivery, format, endpoint_url, has_authorization, events_requested,
		events_delivered, all_subjects, status, status_reason, status_by, description ON pgtoken.signal_streams
	FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('stream');
COMMENT ON TRIGGER audit ON pgtoken.signal_streams IS 'Writes the row before and after to audit_events; not when a verification was asked for';

-- The outbox.

CREATE TABLE pgtoken.signals (
	stream_id uuid NOT NULL,
	signal_id uuid NOT NULL,
	issuer text NOT NULL,
	txn uuid NOT NULL,
	event text NOT NULL,
	subject text,
	session_id text,
	payload jsonb NOT NULL,
	xact_id xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	due_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	expires_at timestamptz NOT NULL,
	CONSTRAINT signals_pkey PRIMARY KEY (stream_id, signal_id)
);
COMMENT ON TABLE pgtoken.signals IS 'What receivers have still to be told; a row goes when its receiver has it, has refused it, or when it is too old';
COMMENT ON COLUMN pgtoken.signals.stream_id IS 'The stream';
COMMENT ON COLUMN pgtoken.signals.signal_id IS 'UUIDv7, jti of its token and webhook-id, the same however often it is delivered; one that is pushed is the work_id of a work of the courier';
COMMENT ON COLUMN pgtoken.signals.issuer IS 'Issuer of the stream, and of the subject';
COMMENT ON COLUMN pgtoken.signals.txn IS 'The same in all streams that are told of the same (RFC 8417 section 2.2)';
COMMENT ON COLUMN pgtoken.signals.event IS 'What has happened, by the last segment of the event''s URI';
COMMENT ON COLUMN pgtoken.signals.subject IS 'The application''s user id; NULL: it is about the stream';
COMMENT ON COLUMN pgtoken.signals.session_id IS 'The application''s session, or a grant_id where it has named none; NULL: all that the subject has';
COMMENT ON COLUMN pgtoken.signals.payload IS 'The event''s members';
COMMENT ON COLUMN pgtoken.signals.xact_id IS 'Transaction that has written it: of an end that ends several families one signal is enough';
COMMENT ON COLUMN pgtoken.signals.created_at IS 'When it was written';
COMMENT ON COLUMN pgtoken.signals.due_at IS 'From when on it is told: later than created_at where it is known before it happens, as the end of a block';
COMMENT ON COLUMN pgtoken.signals.expires_at IS 'Until when it waits for its receiver (pgtoken.signal_retention)';
COMMENT ON INDEX pgtoken.signals_pkey IS 'What waits for a receiver, in order';

CREATE INDEX signals_subject ON pgtoken.signals (subject, stream_id) WHERE subject IS NOT NULL;
COMMENT ON INDEX pgtoken.signals_subject IS 'What receivers have still to be told of a subject';

ALTER TABLE pgtoken.signals
	ALTER subject SET STORAGE MAIN, ALTER subject SET STATISTICS 0,
	ALTER session_id SET STORAGE MAIN, ALTER session_id SET STATISTICS 0,
	ALTER payload SET STORAGE MAIN, ALTER payload SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.signals', '');
ALTER TABLE pgtoken.signals ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.signals FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.signals IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.signals TO pgtoken_auditor;

CREATE VIEW pgtoken.signal_stream_status WITH (security_barrier, security_invoker) AS
	SELECT s.stream_id, s.issuer, s.client_id, s.delivery, s.format, s.status, s.status_reason, s.status_by, w.waiting, w.oldest
	FROM pgtoken.signal_streams s,
		LATERAL (SELECT count(*), min(o.due_at) FROM pgtoken.signals o WHERE o.stream_id = s.stream_id AND o.due_at <= now()) w (waiting, oldest);
GRANT SELECT ON pgtoken.signal_stream_status TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.signal_stream_status IS 'Streams of signals, and what waits in each';
COMMENT ON COLUMN pgtoken.signal_stream_status.stream_id IS 'The stream';
COMMENT ON COLUMN pgtoken.signal_stream_status.issuer IS 'Whose signals';
COMMENT ON COLUMN pgtoken.signal_stream_status.client_id IS 'The receiver';
COMMENT ON COLUMN pgtoken.signal_stream_status.delivery IS 'push or poll';
COMMENT ON COLUMN pgtoken.signal_stream_status.format IS 'set or webhook';
COMMENT ON COLUMN pgtoken.signal_stream_status.status IS 'enabled, paused or disabled';
COMMENT ON COLUMN pgtoken.signal_stream_status.status_reason IS 'Why; NULL: nobody has said';
COMMENT ON COLUMN pgtoken.signal_stream_status.status_by IS 'Who has set the status';
COMMENT ON COLUMN pgtoken.signal_stream_status.waiting IS 'Signals that the receiver does not have yet';
COMMENT ON COLUMN pgtoken.signal_stream_status.oldest IS 'When the first of these happened; NULL: none waits';

-- What C does.

CREATE FUNCTION pgtoken.signals_wanted() RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_signals_wanted' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.signals_wanted FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signals_wanted IS 'Internal, called by triggers for whoever writes their tables: is there a stream that is not disabled? Not while rows are restored by COPY or come by logical replication, which have been told of where they were written';

CREATE FUNCTION pgtoken.client_subject(client_id text, subject text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_client_subject' LANGUAGE C STABLE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.client_subject FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.client_subject IS 'Internal: sub of a subject in the tokens of a client: for a pairwise client one of its sector''s; NULL: there is no such client';

CREATE FUNCTION pgtoken.security_event_token(client_id text, aud text, jti text, at timestamptz, claims jsonb) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_security_event_token' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.security_event_token FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.security_event_token IS 'Internal: a security event token (RFC 8417 section 2) of the client''s issuer, signed as the client''s tokens are, or where these have HS256, which nobody else can verify, by the issuer''s default algorithm. claims: those beside iss, aud, iat and jti. Raises 55000 where there is no key that others can verify by';

CREATE FUNCTION pgtoken.keep_signal_secret(material_id text, secret text) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_keep_signal_secret' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.keep_signal_secret FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.keep_signal_secret IS 'Internal: keeps an Authorization header or a webhook''s secret as key material, wrapped where there is a root key';

CREATE FUNCTION pgtoken.signal_secret(material_id text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_signal_secret' LANGUAGE C STABLE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.signal_secret FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_secret IS 'Internal: what keep_signal_secret() has kept. Raises 55000 when it cannot be opened';

CREATE FUNCTION pgtoken.new_webhook_secret() RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_new_webhook_secret' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.new_webhook_secret FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.new_webhook_secret IS 'Internal: whsec_ and 32 random bytes in base64 (Standard Webhooks)';

CREATE FUNCTION pgtoken.webhook_signature(material_id text, message text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_webhook_signature' LANGUAGE C STABLE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.webhook_signature FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.webhook_signature IS 'Internal: v1, and the HMAC-SHA-256 of the message in base64 (Standard Webhooks), by a secret that keep_signal_secret() has kept. Raises 55000 when it cannot be opened';

-- Keeping a stream in order.

CREATE FUNCTION pgtoken.signal_stream_problem(stream pgtoken.signal_streams, authorization_header text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN CASE
		WHEN stream.delivery IS NULL OR stream.delivery NOT IN ('push', 'poll') THEN 'the delivery method is neither push nor poll'
		WHEN stream.format NOT IN ('set', 'webhook') THEN 'the format is neither set nor webhook'
		WHEN stream.format = 'webhook' AND stream.delivery = 'poll' THEN 'a webhook is pushed'
		WHEN stream.delivery = 'push' AND stream.endpoint_url IS NULL THEN 'endpoint_url must be there to push to'
		WHEN stream.delivery = 'poll' AND num_nonnulls(stream.endpoint_url, authorization_header) > 0 THEN 'endpoint_url and authorization_header are for what is pushed'
		WHEN NOT (pgtoken.valid_redirect_uri(stream.endpoint_url) AND stream.endpoint_url ~* '^https?:' AND octet_length(stream.endpoint_url) <= 1000)
			THEN 'endpoint_url must be an https URL without fragment of at most 1000 bytes'
		WHEN stream.endpoint_url ~ '^[^/]*//[^/?#]*@' THEN 'endpoint_url must not have a user name or password'
		WHEN authorization_header !~ '^[\x21-\x7e][\x20-\x7e]*$' OR length(authorization_header) > 2000 THEN 'authorization_header must be 1 to 2000 printable ASCII characters'
		WHEN cardinality(stream.events_requested) > 50 OR array_position(stream.events_requested, NULL) IS NOT NULL
			OR octet_length(array_to_string(stream.events_requested, '')) > 10000 THEN 'events_requested must be at most 50 URIs'
		WHEN octet_length(stream.aud) NOT BETWEEN 1 AND 1000 THEN 'aud must have 1 to 1000 bytes'
		WHEN octet_length(stream.description) > 1000 THEN 'description must have at most 1000 bytes'
	END;
REVOKE ALL ON FUNCTION pgtoken.signal_stream_problem FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_stream_problem IS 'Internal: why a stream cannot be like this; NULL: it can';

CREATE FUNCTION pgtoken.check_signal_stream(stream pgtoken.signal_streams, authorization_header text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	problem CONSTANT text := pgtoken.signal_stream_problem(stream, authorization_header);
BEGIN
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'the stream cannot be like this'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = problem || '.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_signal_stream FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_signal_stream IS 'Internal: raises 22023 where there is a signal_stream_problem';

CREATE FUNCTION pgtoken.events_delivered(events_requested text[]) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN ARRAY(SELECT u.event FROM unnest(pgtoken.signal_events()) WITH ORDINALITY u (event, n)
				 WHERE coalesce(pgtoken.signal_event_uri(u.event) = ANY (events_requested), true) ORDER BY u.n);
REVOKE ALL ON FUNCTION pgtoken.events_delivered FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.events_delivered IS 'Internal: of the events that a receiver has asked for (URIs; NULL: all) those that there are';

CREATE FUNCTION pgtoken.events_as_uris(events text[]) RETURNS text[]
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	unknown CONSTANT text := (SELECT u FROM unnest(events) u WHERE (u = ANY (pgtoken.signal_events() || pgtoken.signal_event_uris(pgtoken.signal_events()))) IS NOT TRUE LIMIT 1);
BEGIN
	IF unknown IS NOT NULL OR array_position(events, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'unknown event %', quote_nullable(unknown)
			USING ERRCODE = 'invalid_parameter_value', HINT = format('One of %s.', array_to_string(pgtoken.signal_events(), ', '));
	END IF;
	RETURN ARRAY(SELECT CASE WHEN u.event ~ ':' THEN u.event ELSE pgtoken.signal_event_uri(u.event) END FROM unnest(events) WITH ORDINALITY u (event, n) ORDER BY u.n);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.events_as_uris FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.events_as_uris IS 'Internal: the URIs of events that an administrator has named; raises 22023 for what there is not';

CREATE FUNCTION pgtoken.put_signal_secret(material_id text, secret text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	DELETE FROM pgtoken.key_material m WHERE m.material_id = put_signal_secret.material_id;
	PERFORM pgtoken.keep_signal_secret(material_id, secret);	-- of NULL nothing
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.put_signal_secret FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.put_signal_secret IS 'Internal: keeps a secret of a stream in place of the one before; NULL: none';

CREATE FUNCTION pgtoken.save_signal_stream(stream pgtoken.signal_streams, authorization_header text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	before pgtoken.signal_streams;
BEGIN
	SELECT * INTO before FROM pgtoken.signal_streams s WHERE s.stream_id = stream.stream_id FOR UPDATE;
	-- what one receiver knows of another way in is not sent to a third
	IF stream.delivery = 'poll' OR (before.endpoint_url IS NOT NULL AND before.endpoint_url <> stream.endpoint_url) OR authorization_header IS NOT NULL THEN
		stream.has_authorization := authorization_header IS NOT NULL;
		PERFORM pgtoken.put_signal_secret('signal authorization:' || stream.stream_id, authorization_header);
	END IF;
	stream.events_delivered := pgtoken.events_delivered(stream.events_requested);
	IF before.stream_id IS NULL THEN
		INSERT INTO pgtoken.signal_streams VALUES (stream.*);
		RETURN;
	END IF;
	UPDATE pgtoken.signal_streams s
	SET aud = stream.aud, delivery = stream.delivery, endpoint_url = stream.endpoint_url, has_authorization = stream.has_authorization, all_subjects = stream.all_subjects,
		events_requested = stream.events_requested, events_delivered = stream.events_delivered, description = stream.description
	WHERE s.stream_id = stream.stream_id;
	IF (stream.delivery, stream.endpoint_url) IS DISTINCT FROM (before.delivery, before.endpoint_url) THEN
		PERFORM pgtoken.unqueue_signals(stream.stream_id);
		PERFORM pgtoken.queue_signals(stream.stream_id);
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.save_signal_stream FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.save_signal_stream IS 'Internal: makes or changes a stream; what waits goes where it now has to. authorization_header NULL: that which is there stays, while it is for the same endpoint_url';

CREATE FUNCTION pgtoken.queue_signals(of_stream uuid) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, client_id, url, payload, due_at, expires_at)
	SELECT o.signal_id, 'signal', s.issuer, pgtoken.courier_receiver(s.endpoint_url), s.client_id, s.endpoint_url, jsonb_build_object('stream_id', s.stream_id), o.due_at, o.expires_at
	FROM pgtoken.signal_streams s JOIN pgtoken.signals o ON o.stream_id = s.stream_id
	WHERE s.stream_id = of_stream AND s.delivery = 'push' AND s.status = 'enabled' AND o.expires_at > now()
	ORDER BY o.signal_id
	ON CONFLICT ON CONSTRAINT courier_work_pkey DO NOTHING;
END;
REVOKE ALL ON FUNCTION pgtoken.queue_signals FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.queue_signals IS 'Internal: what waits in a stream that is pushed and enabled becomes work of the courier';

CREATE FUNCTION pgtoken.unqueue_signals(of_stream uuid) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	-- who says at this moment what became of one holds its row, and wants that of the stream
	WITH o AS MATERIALIZED (
		SELECT w.work_id FROM pgtoken.signals g JOIN pgtoken.courier_work w ON w.work_id = g.signal_id WHERE g.stream_id = of_stream FOR UPDATE OF w SKIP LOCKED)
	DELETE FROM pgtoken.courier_work w USING o WHERE w.work_id = o.work_id;
END;
REVOKE ALL ON FUNCTION pgtoken.unqueue_signals FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.unqueue_signals IS 'Internal: what waits in a stream is no work of the courier any more';

CREATE FUNCTION pgtoken.set_signal_status(of_stream uuid, to_status text, of_reason text, by_whom text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	UPDATE pgtoken.signal_streams s SET status = to_status, status_reason = of_reason, status_by = by_whom WHERE s.stream_id = of_stream;
	IF to_status = 'enabled' THEN
		PERFORM pgtoken.queue_signals(of_stream);
	ELSE
		PERFORM pgtoken.unqueue_signals(of_stream);
	END IF;
	IF to_status = 'disabled' THEN
		DELETE FROM pgtoken.signals o WHERE o.stream_id = of_stream;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.set_signal_status FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.set_signal_status IS 'Internal: enabled sends what was kept, paused keeps, disabled drops';

CREATE FUNCTION pgtoken.remove_signal_stream(of_stream uuid) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	DELETE FROM pgtoken.signal_streams s WHERE s.stream_id = of_stream;
	PERFORM pgtoken.unqueue_signals(of_stream);
	DELETE FROM pgtoken.signals o WHERE o.stream_id = of_stream;
	DELETE FROM pgtoken.key_material m WHERE m.material_id IN ('signal authorization:' || of_stream, 'signal webhook:' || of_stream);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.remove_signal_stream FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.remove_signal_stream IS 'Internal: a stream goes, with what waits in it and its secrets';

-- What is told.

CREATE FUNCTION pgtoken.add_signal(stream pgtoken.signal_streams, of_event text, of_txn uuid, of_subject text, of_session text, of_payload jsonb, at timestamptz DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	id CONSTANT uuid := pgtoken.new_uuid();
	due CONSTANT timestamptz := coalesce(at, now());
	until CONSTANT timestamptz := due + current_setting('pgtoken.signal_retention')::interval;
BEGIN
	INSERT INTO pgtoken.signals (stream_id, signal_id, issuer, txn, event, subject, session_id, payload, due_at, expires_at)
	VALUES (stream.stream_id, id, stream.issuer, of_txn, of_event, of_subject, of_session, of_payload, due, until);
	-- that its status has changed is told all the same
	IF stream.delivery = 'push' AND (stream.status = 'enabled' OR of_event = 'stream-updated') THEN
		INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, client_id, url, payload, due_at, expires_at)
		VALUES (id, 'signal', stream.issuer, pgtoken.courier_receiver(stream.endpoint_url), stream.client_id, stream.endpoint_url,
				jsonb_build_object('stream_id', stream.stream_id), due, until);
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.add_signal FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.add_signal IS 'Internal: a signal for a stream, and where it is pushed the work beside it; at: from when on it is told, NULL is now';

CREATE FUNCTION pgtoken.signal_cause(event text, reason text) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	-- RISC has none of these; what somebody has typed as a reason is for the audit, and not for other applications
	RETURN CASE WHEN event ~ '^account-' THEN '{}'::jsonb ELSE jsonb_strip_nulls(jsonb_build_object(
		'event_timestamp', floor(extract(epoch FROM clock_timestamp()))::bigint,
		'initiating_entity', CASE WHEN reason IN ('refresh_token_reuse', 'authorization_code_reuse', 'policy_denied', 'session_limit', 'wrong attempts') THEN 'policy'
								  WHEN reason IN ('logout', 'ended_by_user', 'consent_withdrawn', 'revoked_by_client', 'user') THEN 'user' ELSE 'admin' END,
		'reason_admin', (SELECT jsonb_build_object('en', k.sentence)
			FROM (VALUES ('refresh_token_reuse', 'A refresh token was used twice: it was stolen, or the client keeps old ones.'), ('authorization_code_reuse', 'An authorization code was used twice.'),
						 ('logout', 'The user has logged out.'), ('ended_by_user', 'The user has ended the session from elsewhere.'),
						 ('session_limit', 'The user has signed in elsewhere, and may not have more sessions.'), ('consent_withdrawn', 'The user has withdrawn the consent.'), ('wrong attempts', 'There were too many wrong attempts.')) k (reason, sentence)
			WHERE k.reason = signal_cause.reason))) END;
REVOKE ALL ON FUNCTION pgtoken.signal_cause FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_cause IS 'Internal: the members that CAEP events have in common (CAEP section 2)';

CREATE FUNCTION pgtoken.emit_signal(of_event text, of_issuer text, of_client text, of_subject text, of_session text, members jsonb, of_reason text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS void
	-- planned once a session: its tables are small, or asked by their keys
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
	txn CONSTANT uuid := pgtoken.new_uuid();
	stream pgtoken.signal_streams;
	told jsonb;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	-- what a client has for itself is no person's
	IF of_subject LIKE 'client:%' THEN
		RETURN;
	END IF;
	FOR stream IN
		SELECT s.* FROM pgtoken.signal_streams s JOIN pgtoken.clients c ON c.client_id = s.client_id
		WHERE s.issuer = of_issuer AND s.status <> 'disabled' AND c.enabled AND of_event = ANY (s.events_delivered)
		  AND (s.all_subjects OR CASE WHEN of_client IS NOT NULL THEN s.client_id = of_client
									  ELSE EXISTS (SELECT FROM pgtoken.grants g WHERE g.subject = of_subject AND g.client_id = s.client_id) END)
		  -- all sessions, or this one, by what was done before in this transaction
		  AND (of_event <> 'session-revoked' OR NOT EXISTS (
				SELECT FROM pgtoken.signals o
				WHERE o.subject = of_subject AND o.stream_id = s.stream_id AND o.xact_id = pg_current_xact_id() AND o.event = of_event AND (o.session_id IS NULL OR o.session_id = of_session)))
		-- lest it is enabled meanwhile, and what is written here is seen by nobody
		ORDER BY s.stream_id FOR SHARE OF s LOOP
		told := coalesce(told, members || pgtoken.signal_cause(of_event, of_reason));
		PERFORM pgtoken.add_signal(stream, of_event, txn, of_subject, of_session, told, at);
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.emit_signal FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.emit_signal IS 'Internal: tells the streams that it concerns. of_client: with which it was; NULL: with all that the subject has, or had, a family with. of_session: NULL is all. members: of the event, beside those that all have. at: when it will happen; NULL: now';

-- Where it happens: a trigger a table. The condition asks first whether anybody listens.

CREATE FUNCTION pgtoken.signal_grant() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	i pgtoken.issuers;
	of_session CONSTANT text := coalesce(NEW.session_id, NEW.grant_id::text);
	claims jsonb;
BEGIN
	SELECT s.* INTO i FROM pgtoken.clients c JOIN pgtoken.issuers s ON s.issuer = c.issuer WHERE c.client_id = NEW.client_id;
	IF NEW.revoked_at IS NOT NULL THEN
		IF OLD.revoked_at IS NULL THEN
			PERFORM pgtoken.emit_signal('session-revoked', i.issuer, NEW.client_id, NEW.subject, of_session, '{}', NEW.revoke_reason);
		END IF;
		RETURN NULL;
	END IF;
	IF NEW.not_before IS DISTINCT FROM OLD.not_before AND NEW.created_at < NEW.not_before THEN
		PERFORM pgtoken.emit_signal('session-revoked', i.issuer, NEW.client_id, NEW.subject, of_session, '{}');
		RETURN NULL;
	END IF;
	IF NEW.acr IS DISTINCT FROM OLD.acr AND NEW.acr IS NOT NULL THEN
		PERFORM pgtoken.emit_signal('assurance-level-change', i.issuer, NEW.client_id, NEW.subject, of_session, jsonb_strip_nulls(jsonb_build_object(
			'namespace', i.issuer, 'current_level', NEW.acr, 'previous_level', OLD.acr,
			'change_direction', CASE WHEN array_position(i.acr_levels, NEW.acr) < array_position(i.acr_levels, OLD.acr) THEN 'decrease' ELSE 'increase' END)), 'user');
	END IF;
	SELECT jsonb_object_agg(k.name, NEW.claims -> k.name) INTO claims
	FROM (SELECT jsonb_object_keys(coalesce(OLD.claims, '{}')) UNION SELECT jsonb_object_keys(coalesce(NEW.claims, '{}'))) k (name)
	WHERE NEW.claims -> k.name IS DISTINCT FROM OLD.claims -> k.name;
	claims := coalesce(claims, '{}') || CASE WHEN NEW.scope IS DISTINCT FROM OLD.scope THEN jsonb_build_object('scope', NEW.scope) ELSE '{}' END;
	IF claims <> '{}' THEN
		PERFORM pgtoken.emit_signal('token-claims-change', i.issuer, NEW.client_id, NEW.subject, of_session, jsonb_build_object('claims', claims));
	END IF;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.signal_grant FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_grant IS 'Internal, trigger on grants: session-revoked, assurance-level-change, token-claims-change';
CREATE TRIGGER signal AFTER UPDATE OF revoked_at, not_before, acr, claims, scope ON pgtoken.grants FOR EACH ROW
	WHEN ((NEW.revoked_at IS DISTINCT FROM OLD.revoked_at OR NEW.not_before IS DISTINCT FROM OLD.not_before OR NEW.acr IS DISTINCT FROM OLD.acr OR NEW.claims IS DISTINCT FROM OLD.claims OR NEW.scope IS DISTINCT FROM OLD.scope)
		  AND pgtoken.signals_wanted())
	EXECUTE FUNCTION pgtoken.signal_grant();
COMMENT ON TRIGGER signal ON pgtoken.grants IS 'Tells streams of what was revoked or has changed; a rotation names none of its columns';

CREATE FUNCTION pgtoken.signal_subject_end() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_client CONSTANT text := nullif(NEW.client_id, '');
	is_all CONSTANT boolean := NEW.ended_epoch > CASE TG_OP WHEN 'UPDATE' THEN OLD.ended_epoch ELSE 0 END;
	family record;
BEGIN
	IF is_all THEN
		PERFORM pgtoken.emit_signal('session-revoked', NEW.issuer, of_client, NEW.subject, NULL, '{}', CASE WHEN of_client IS NOT NULL THEN 'consent_withdrawn' ELSE NEW.reason END);
		RETURN NULL;
	END IF;
	-- up to a time: later ones go on
	FOR family IN
		SELECT g.client_id, coalesce(g.session_id, g.grant_id::text) AS session_id FROM pgtoken.grants g JOIN pgtoken.clients c ON c.client_id = g.client_id
		WHERE g.subject = NEW.subject AND c.issuer = NEW.issuer AND coalesce(g.client_id = of_client, true)
		  AND g.created_at < NEW.not_before AND g.revoked_at IS NULL AND g.expires_at > now() ORDER BY g.grant_id LOOP
		PERFORM pgtoken.emit_signal('session-revoked', NEW.issuer, family.client_id, NEW.subject, family.session_id, '{}', NEW.reason);
	END LOOP;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.signal_subject_end FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_subject_end IS 'Internal, trigger on subject_not_before: session-revoked, one for all that a subject had, or one for each session that began before a time';
CREATE TRIGGER signal AFTER INSERT OR UPDATE OF ended_epoch, not_before ON pgtoken.subject_not_before FOR EACH ROW
	WHEN (pgtoken.signals_wanted()) EXECUTE FUNCTION pgtoken.signal_subject_end();
COMMENT ON TRIGGER signal ON pgtoken.subject_not_before IS 'Tells streams that all a subject had has ended';

CREATE FUNCTION pgtoken.signal_factor() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	factor CONSTANT pgtoken.factors := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
	was CONSTANT text := CASE TG_OP WHEN 'INSERT' THEN 'none' ELSE OLD.state END;
	is_now CONSTANT text := CASE TG_OP WHEN 'DELETE' THEN 'none' ELSE NEW.state END;
	change CONSTANT text := CASE WHEN was = is_now THEN NULL WHEN is_now = 'active' AND was = 'disabled' THEN 'update' WHEN is_now = 'active' THEN 'create'
								 WHEN was = 'active' AND is_now = 'none' THEN 'delete' WHEN was = 'active' THEN 'revoke' END;
BEGIN
	IF change IS NOT NULL THEN
		PERFORM pgtoken.emit_signal('credential-change', factor.issuer, NULL, factor.subject, NULL, jsonb_build_object(
			'credential_type', CASE factor.factor_type WHEN 'sms' THEN 'phone-sms' WHEN 'totp' THEN 'app' ELSE factor.factor_type END, 'change_type', change),
			CASE change WHEN 'revoke' THEN 'wrong attempts' ELSE 'user' END);
	END IF;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.signal_factor FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_factor IS 'Internal, trigger on factors: credential-change, when a factor can be used (create; update: again), cannot (revoke) or is gone (delete); one that was never proved is none';
CREATE TRIGGER signal AFTER INSERT OR DELETE OR UPDATE OF state ON pgtoken.factors FOR EACH ROW
	WHEN (pgtoken.signals_wanted()) EXECUTE FUNCTION pgtoken.signal_factor();
COMMENT ON TRIGGER signal ON pgtoken.factors IS 'Tells streams of factors that came, went or were refused';

CREATE FUNCTION pgtoken.signal_block() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	was_blocked CONSTANT boolean := CASE TG_OP WHEN 'INSERT' THEN false ELSE OLD.blocked_until > clock_timestamp() END;
	is_blocked CONSTANT boolean := CASE TG_OP WHEN 'DELETE' THEN false ELSE NEW.blocked_until > clock_timestamp() END;
BEGIN
	IF was_blocked THEN
		-- it has another end than was to be told
		WITH o AS (
			DELETE FROM pgtoken.signals g
			WHERE g.issuer = OLD.issuer AND g.subject = OLD.subject AND g.event = 'account-enabled' AND g.due_at > clock_timestamp()
			RETURNING g.signal_id)
		DELETE FROM pgtoken.courier_work w USING o WHERE w.work_id = o.signal_id;
		IF NOT is_blocked THEN
			PERFORM pgtoken.emit_signal('account-enabled', OLD.issuer, NULL, OLD.subject, NULL, '{}');
		END IF;
	END IF;
	IF is_blocked AND NOT was_blocked THEN
		-- RISC section 2.3 knows two reasons
		PERFORM pgtoken.emit_signal('account-disabled', NEW.issuer, NULL, NEW.subject, NULL,
			CASE WHEN NEW.reason IN ('hijacking', 'bulk-account') THEN jsonb_build_object('reason', NEW.reason) ELSE '{}' END);
	END IF;
	IF is_blocked AND isfinite(NEW.blocked_until) THEN
		PERFORM pgtoken.emit_signal('account-enabled', NEW.issuer, NULL, NEW.subject, NULL, '{}', at => NEW.blocked_until);
	END IF;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.signal_block FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_block IS 'Internal, trigger on subject_blocks: account-disabled, and account-enabled when the block is lifted, or at the end that it has by itself';
CREATE TRIGGER signal AFTER INSERT OR DELETE OR UPDATE OF blocked_until ON pgtoken.subject_blocks FOR EACH ROW
	WHEN (pgtoken.signals_wanted()) EXECUTE FUNCTION pgtoken.signal_block();
COMMENT ON TRIGGER signal ON pgtoken.subject_blocks IS 'Tells streams of accounts that are switched off and on';

CREATE FUNCTION pgtoken.signal_client() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_stream uuid;
BEGIN
	FOR of_stream IN SELECT s.stream_id FROM pgtoken.signal_streams s WHERE s.client_id = OLD.client_id ORDER BY s.stream_id LOOP
		IF pgtoken.applying() THEN
			CONTINUE;	-- what becomes of its streams comes by itself
		ELSIF TG_OP = 'DELETE' THEN
			PERFORM pgtoken.remove_signal_stream(of_stream);
		ELSE
			PERFORM pgtoken.queue_signals(of_stream);
		END IF;
	END LOOP;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.signal_client FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_client IS 'Internal, trigger on clients: the streams of one that is deleted go with it; what waits in those of one that is switched on again goes out';
CREATE TRIGGER signal_deleted AFTER DELETE ON pgtoken.clients FOR EACH ROW EXECUTE FUNCTION pgtoken.signal_client();
COMMENT ON TRIGGER signal_deleted ON pgtoken.clients IS 'Deletes the streams of a client with it';
CREATE TRIGGER signal_enabled AFTER UPDATE OF enabled ON pgtoken.clients FOR EACH ROW WHEN (NEW.enabled AND NOT OLD.enabled AND pgtoken.signals_wanted())
	EXECUTE FUNCTION pgtoken.signal_client();
COMMENT ON TRIGGER signal_enabled ON pgtoken.clients IS 'Sends what has waited in the streams of a client while it was switched off';

-- How it is told.

CREATE FUNCTION pgtoken.signal_subject_id(signal pgtoken.signals, stream pgtoken.signal_streams) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN (SELECT CASE WHEN signal.subject IS NULL THEN jsonb_build_object('format', 'opaque', 'id', stream.stream_id)
						WHEN signal.session_id IS NULL THEN u.person
						ELSE jsonb_build_object('format', 'complex', 'user', u.person,
							'session', jsonb_build_object('format', 'opaque', 'id', pgtoken.client_session_id(stream.client_id, signal.session_id))) END
			FROM (SELECT jsonb_build_object('format', 'iss_sub', 'iss', stream.issuer, 'sub', pgtoken.client_subject(stream.client_id, signal.subject))) u (person));
REVOKE ALL ON FUNCTION pgtoken.signal_subject_id FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_subject_id IS 'Internal: sub_id of a signal (RFC 9493 section 3, Shared Signals Framework section 3): the subject as the client knows it, with the sid that its ID tokens have where it is about one session; of what is about the stream its stream_id';

CREATE FUNCTION pgtoken.signal_token(signal pgtoken.signals, stream pgtoken.signal_streams) RETURNS text
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN pgtoken.security_event_token(stream.client_id, stream.aud, signal.signal_id::text, greatest(signal.created_at, signal.due_at), jsonb_build_object(
		'txn', signal.txn, 'sub_id', pgtoken.signal_subject_id(signal, stream), 'events', jsonb_build_object(pgtoken.signal_event_uri(signal.event), signal.payload)));
REVOKE ALL ON FUNCTION pgtoken.signal_token FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_token IS 'Internal: a signal as security event token (RFC 8417)';

CREATE FUNCTION pgtoken.webhook_type(event text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE event WHEN 'session-revoked' THEN 'session.revoked' WHEN 'credential-change' THEN 'credential.changed' WHEN 'token-claims-change' THEN 'token_claims.changed'
					  WHEN 'assurance-level-change' THEN 'assurance_level.changed' WHEN 'account-disabled' THEN 'account.disabled' WHEN 'account-enabled' THEN 'account.enabled'
					  WHEN 'stream-updated' THEN 'stream.updated' WHEN 'verification' THEN 'stream.verification' END;
REVOKE ALL ON FUNCTION pgtoken.webhook_type FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.webhook_type IS 'Internal: type of a webhook, by the event';

CREATE FUNCTION pgtoken.webhook_body(signal pgtoken.signals, stream pgtoken.signal_streams) RETURNS text
	LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
	RETURN jsonb_build_object('type', pgtoken.webhook_type(signal.event), 'timestamp', to_char(greatest(signal.created_at, signal.due_at), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
		'data', jsonb_strip_nulls(jsonb_build_object('issuer', stream.issuer, 'client_id', stream.client_id, 'stream_id', stream.stream_id,
			'subject', CASE WHEN signal.subject IS NOT NULL THEN pgtoken.client_subject(stream.client_id, signal.subject) END,
			'session_id', CASE WHEN signal.session_id IS NOT NULL THEN pgtoken.client_session_id(stream.client_id, signal.session_id) END)) || signal.payload)::text;
REVOKE ALL ON FUNCTION pgtoken.webhook_body FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.webhook_body IS 'Internal: a signal as webhook: type, timestamp and data';

CREATE FUNCTION pgtoken.signal_request(work pgtoken.courier_work) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	stream pgtoken.signal_streams;
	signal pgtoken.signals;
	body text;
	sent_at CONSTANT text := floor(extract(epoch FROM clock_timestamp()))::bigint::text;
	headers jsonb := '{}';
BEGIN
	SELECT s.* INTO stream FROM pgtoken.signal_streams s JOIN pgtoken.clients c ON c.client_id = s.client_id
	WHERE s.stream_id = (work.payload ->> 'stream_id')::uuid AND c.enabled;
	SELECT * INTO signal FROM pgtoken.signals o WHERE o.stream_id = stream.stream_id AND o.signal_id = work.work_id;
	IF signal.signal_id IS NULL OR stream.endpoint_url IS DISTINCT FROM work.url OR (stream.status <> 'enabled' AND signal.event <> 'stream-updated') THEN
		RETURN NULL;
	END IF;
	IF stream.has_authorization THEN
		headers := jsonb_build_object('Authorization', pgtoken.signal_secret('signal authorization:' || stream.stream_id));
	END IF;
	IF stream.format = 'set' THEN
		RETURN jsonb_build_object('url', work.url, 'content_type', 'application/secevent+jwt', 'body', pgtoken.signal_token(signal, stream),
			'headers', headers || '{"Accept": "application/json"}');
	END IF;
	body := pgtoken.webhook_body(signal, stream);
	RETURN jsonb_build_object('url', work.url, 'content_type', 'application/json', 'body', body, 'headers', headers || jsonb_build_object(
		'webhook-id', signal.signal_id, 'webhook-timestamp', sent_at,
		'webhook-signature', pgtoken.webhook_signature('signal webhook:' || stream.stream_id, concat_ws('.', signal.signal_id, sent_at, body))));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.signal_request FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_request IS 'Internal, called by courier_request(): what is posted for a signal: its token (RFC 8935 section 2.1), or a webhook; NULL: nothing any more, or not now';

CREATE FUNCTION pgtoken.signal_done(work pgtoken.courier_work, result jsonb) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	-- the receiver has understood, and does not want it (RFC 8935 section 2.3)
	refusal CONSTANT text := CASE WHEN result ? 'refused' THEN left(regexp_replace(result ->> 'refused', '[^\x20-\x7e]', '?', 'g'), 100) END;
	of_subject text;
BEGIN
	DELETE FROM pgtoken.signals o WHERE o.stream_id = (work.payload ->> 'stream_id')::uuid AND o.signal_id = work.work_id RETURNING o.subject INTO of_subject;
	DELETE FROM pgtoken.courier_work w WHERE w.work_id = work.work_id;
	PERFORM pgtoken.write_audit_event(CASE WHEN refusal IS NULL THEN 'courier.delivered' ELSE 'signal.refused' END,
		jsonb_build_object('work_id', work.work_id, 'kind', work.kind, 'receiver', work.receiver, 'attempts', work.attempts, 'stream_id', work.payload -> 'stream_id'),
		refusal, work.client_id, of_subject);
	RETURN CASE WHEN refusal IS NULL THEN 'done' ELSE 'dead' END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.signal_done FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_done IS 'Internal, called by courier_done(): the receiver has a signal, or has said that it will not take it';

CREATE FUNCTION pgtoken.signal_given_up(work pgtoken.courier_work, problem text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM FROM pgtoken.signal_streams s WHERE s.stream_id = (work.payload ->> 'stream_id')::uuid AND s.status = 'enabled' FOR UPDATE;
	IF pgtoken.configuration_role() = 'subscriber' THEN
		-- the stream is the configuration primary's to pause: what nobody takes goes, and the next is tried
		DELETE FROM pgtoken.signals o WHERE o.stream_id = (work.payload ->> 'stream_id')::uuid AND o.signal_id = work.work_id;
	ELSIF FOUND THEN
		PERFORM pgtoken.set_signal_status((work.payload ->> 'stream_id')::uuid, 'paused', problem, 'delivery');
	END IF;
	DELETE FROM pgtoken.courier_work w WHERE w.work_id = work.work_id;
	PERFORM pgtoken.write_audit_event('courier.given_up', jsonb_build_object('work_id', work.work_id, 'kind', work.kind, 'receiver', work.receiver,
		'attempts', work.attempts, 'stream_id', work.payload -> 'stream_id'), problem, work.client_id);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.signal_given_up FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signal_given_up IS 'Internal, called by courier_give_up(): a receiver does not take its signals; its stream is paused, and keeps them for when it is enabled; at a subscriber the signal is dropped, since the stream is its configuration primary''s to pause';

CREATE FUNCTION pgtoken.signals_health() RETURNS TABLE (ok boolean, detail text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	names text;
BEGIN
	SELECT string_agg(format('%s of %s (%s)', s.stream_id, s.client_id, CASE WHEN s.status = 'paused' THEN s.status_reason ELSE 'not taken for a day' END), ', ' ORDER BY s.stream_id)
	INTO names
	FROM pgtoken.signal_streams s JOIN pgtoken.clients c ON c.client_id = s.client_id
	WHERE c.enabled AND (s.status = 'paused' AND s.status_by = 'delivery'
	   OR s.status = 'enabled' AND (SELECT o.due_at FROM pgtoken.signals o WHERE o.stream_id = s.stream_id AND o.due_at <= now() ORDER BY o.signal_id LIMIT 1) < now() - interval '1 day');
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'every receiver takes what it is told'
				   ELSE format('streams whose receivers do not: %s: once they do, SELECT pgtoken.update_signal_stream(..., status => ''enabled'') sends what has waited', names) END;
	RETURN NEXT;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.signals_health FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.signals_health IS 'Internal, called by health(): streams that were paused because they could not be pushed, and those whose signals nobody fetches';

-- What an administrator calls.

CREATE FUNCTION pgtoken.create_signal_stream(
	client_id text,
	delivery text DEFAULT 'poll',
	endpoint_url text DEFAULT NULL,
	authorization_header text DEFAULT NULL,
	events text[] DEFAULT NULL,
	format text DEFAULT 'set',
	all_subjects boolean DEFAULT false,
	aud text DEFAULT NULL,
	description text DEFAULT NULL
) RETURNS TABLE (stream_id uuid, webhook_secret text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	stream pgtoken.signal_streams;
BEGIN
	IF client_id IS NULL OR delivery IS NULL OR format IS NULL OR all_subjects IS NULL THEN
		RAISE EXCEPTION 'client_id, delivery, format and all_subjects must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT c.issuer INTO stream.issuer FROM pgtoken.clients c WHERE c.client_id = create_signal_stream.client_id FOR KEY SHARE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such client'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The client "%s" has not been created.', client_id);
	END IF;
	stream.stream_id := pgtoken.new_uuid();
	stream.client_id := client_id;
	stream.aud := coalesce(aud, client_id);
	stream.delivery := delivery;
	stream.format := format;
	stream.endpoint_url := endpoint_url;
	stream.has_authorization := false;
	stream.events_requested := pgtoken.events_as_uris(events);
	stream.all_subjects := all_subjects;
	stream.status := 'enabled';
	stream.status_by := 'receiver';
	stream.description := description;
	stream.created_at := now();
	PERFORM pgtoken.check_signal_stream(stream, authorization_header);
	PERFORM pgtoken.save_signal_stream(stream, authorization_header);
	stream_id := stream.stream_id;
	IF format = 'webhook' THEN
		webhook_secret := pgtoken.renew_webhook_secret(stream_id);
	END IF;
	RETURN NEXT;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_signal_stream FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.create_signal_stream TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.create_signal_stream IS
'Tell a client of what happens to sessions and accounts here: sessions revoked, factors changed, accounts switched off (OpenID Shared Signals Framework 1.0, CAEP, RISC), or the same as webhooks. A client with the scope ssf.manage can make streams by itself, over HTTP.
client_id: the receiver. delivery: push: the courier posts to endpoint_url (RFC 8935); poll: the receiver fetches (RFC 8936). endpoint_url: https, public; http for loopback hosts only; NULL for poll. authorization_header: sent with each push, scheme and all; key material, never shown again; NULL: none. events: of session-revoked, credential-change, token-claims-change, assurance-level-change, account-disabled and account-enabled, or their URIs; NULL: all. format: set: security event tokens (RFC 8417); webhook: JSON signed by a shared secret (Standard Webhooks), pushed only. all_subjects => true: of all subjects of the issuer, and not of those alone that have, or had, a family with the client; what the others'' tokens say goes along. aud: of the tokens; NULL: the client_id. description: for people.
Returns stream_id, and of a webhook webhook_secret (whsec_…), which is not shown again. Raises 22004, 22023.';

CREATE FUNCTION pgtoken.update_signal_stream(
	stream_id uuid,
	delivery text DEFAULT NULL,
	endpoint_url text DEFAULT NULL,
	authorization_header text DEFAULT NULL,
	events text[] DEFAULT NULL,
	all_subjects boolean DEFAULT NULL,
	aud text DEFAULT NULL,
	description text DEFAULT NULL,
	status text DEFAULT NULL,
	reason text DEFAULT NULL
) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	stream pgtoken.signal_streams;
BEGIN
	SELECT s.* INTO stream FROM pgtoken.signal_streams s WHERE s.stream_id = update_signal_stream.stream_id FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	IF status NOT IN ('enabled', 'paused', 'disabled') OR octet_length(reason) > 1000 OR (reason IS NOT NULL AND status IS NULL) THEN
		RAISE EXCEPTION 'invalid status or reason'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'status is enabled, paused or disabled, and reason says why, in at most 1000 bytes.';
	END IF;
	stream.delivery := coalesce(delivery, stream.delivery);
	stream.endpoint_url := CASE WHEN stream.delivery = 'push' THEN coalesce(endpoint_url, stream.endpoint_url) ELSE endpoint_url END;
	stream.events_requested := coalesce(pgtoken.events_as_uris(events), stream.events_requested);
	stream.all_subjects := coalesce(all_subjects, stream.all_subjects);
	stream.aud := coalesce(aud, stream.aud);
	stream.description := coalesce(description, stream.description);
	PERFORM pgtoken.check_signal_stream(stream, authorization_header);
	PERFORM pgtoken.save_signal_stream(stream, authorization_header);
	IF status IS NOT NULL THEN
		PERFORM pgtoken.set_signal_status(stream_id, status, reason, CASE status WHEN 'enabled' THEN 'receiver' ELSE 'administrator' END);
		IF status <> stream.status THEN
			SELECT s.* INTO stream FROM pgtoken.signal_streams s WHERE s.stream_id = update_signal_stream.stream_id;
			-- Shared Signals Framework section 8.1.5
			PERFORM pgtoken.add_signal(stream, 'stream-updated', pgtoken.new_uuid(), NULL, NULL, jsonb_strip_nulls(jsonb_build_object('status', status, 'reason', reason)));
		END IF;
	END IF;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.update_signal_stream FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.update_signal_stream TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.update_signal_stream IS
'Change a stream of signals. stream_id: which. delivery, endpoint_url, authorization_header, events, all_subjects, aud, description: as in create_signal_stream; NULL keeps what is there, but an Authorization header that is not given anew does not go to another endpoint_url. status: enabled: goes on, with what was kept; paused: signals are kept for as long as pgtoken.signal_retention; disabled: dropped. What is set here, enabled excepted, the receiver cannot change, and is told of by a stream-updated event. reason: why, told to the receiver. Returns false when there is no such stream. Raises 22023.';

CREATE FUNCTION pgtoken.delete_signal_stream(stream_id uuid) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM FROM pgtoken.signal_streams s WHERE s.stream_id = delete_signal_stream.stream_id FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.remove_signal_stream(stream_id);
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.delete_signal_stream FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.delete_signal_stream TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.delete_signal_stream IS 'Delete a stream of signals, with what waits in it and its secrets. stream_id: which. Returns false when there is none.';

CREATE FUNCTION pgtoken.verify_signal_stream(stream_id uuid, state text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	stream pgtoken.signal_streams;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	IF octet_length(state) > 1000 THEN
		RAISE EXCEPTION 'state must have at most 1000 bytes' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT s.* INTO stream FROM pgtoken.signal_streams s WHERE s.stream_id = verify_signal_stream.stream_id AND s.status <> 'disabled' FOR SHARE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.add_signal(stream, 'verification', pgtoken.new_uuid(), NULL, NULL, jsonb_strip_nulls(jsonb_build_object('state', state)));
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.verify_signal_stream FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.verify_signal_stream TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.verify_signal_stream IS
'Send a verification event through a stream, to see that signals arrive (Shared Signals Framework section 8.1.4). stream_id: which. state: comes back in the event; NULL: none. Returns false when there is no such stream, or it is disabled. Raises 22023.';

CREATE FUNCTION pgtoken.renew_webhook_secret(stream_id uuid) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	secret CONSTANT text := pgtoken.new_webhook_secret();
BEGIN
	PERFORM FROM pgtoken.signal_streams s WHERE s.stream_id = renew_webhook_secret.stream_id AND s.format = 'webhook' FOR UPDATE;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	PERFORM pgtoken.put_signal_secret('signal webhook:' || stream_id, secret);
	RETURN secret;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.renew_webhook_secret FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.renew_webhook_secret TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.renew_webhook_secret IS
'Give a webhook another secret, at once for all that is sent from then on: pause the stream, give the receiver the new one, enable it again. stream_id: which. Returns whsec_ and the secret in base64, which is not shown again; NULL when there is no such webhook.';
