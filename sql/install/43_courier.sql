-- What goes out and what is fetched: the database does neither, it writes down what is to
-- be done, and the courier, a program beside it, takes that, does it, and says how it went.
--
-- Each work is handed to one courier at a time, for as long as a lease; who has not
-- answered by then has lost it, and another takes it.  So a delivery happens at least
-- once, and a result counts only for the attempt that it is about.

-- Who is there.

CREATE TABLE pgtoken.couriers (
	courier text NOT NULL,
	does text[] NOT NULL,
	seen_at timestamptz NOT NULL,
	CONSTRAINT couriers_pkey PRIMARY KEY (courier)
);
COMMENT ON TABLE pgtoken.couriers IS 'Couriers that have said that they are there, by courier_hello(). Not dumped: the next hello makes it anew';
COMMENT ON COLUMN pgtoken.couriers.courier IS 'The name that it gives itself';
COMMENT ON COLUMN pgtoken.couriers.does IS 'Kinds of work that it takes';
COMMENT ON COLUMN pgtoken.couriers.seen_at IS 'When it was heard of last; one that is silent for a minute counts as gone';
COMMENT ON INDEX pgtoken.couriers_pkey IS 'One row per courier';

ALTER TABLE pgtoken.couriers ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.couriers FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.couriers IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.couriers TO pgtoken_auditor;

-- Documents of others, by the URL that names them.

CREATE TABLE pgtoken.documents (
	issuer text NOT NULL,
	kind text NOT NULL,
	url text NOT NULL,
	body text,
	content_type text,
	etag text,
	last_modified text,
	fetched_at timestamptz,
	changed_at timestamptz,
	fresh_until timestamptz,
	wanted_at timestamptz,
	last_error text,
	failed_at timestamptz,
	failures integer NOT NULL DEFAULT 0,
	retry_at timestamptz,
	used_at timestamptz NOT NULL,
	CONSTRAINT documents_pkey PRIMARY KEY (issuer, kind, url),
	CONSTRAINT documents_kind_check CHECK (kind = ANY (pgtoken.known_values('document kind'))),
	CONSTRAINT documents_url_check CHECK (octet_length(url) <= 1000),
	CONSTRAINT documents_body_check CHECK (octet_length(body) <= 65536)
);
COMMENT ON TABLE pgtoken.documents IS 'What URLs name that clients have registered, or are: fetched by the courier when a request wants it, kept for as long as its sender says, within bounds';
COMMENT ON COLUMN pgtoken.documents.issuer IS 'For whom it is fetched';
COMMENT ON COLUMN pgtoken.documents.kind IS 'What it has to be: jwks (a JWK Set, RFC 7517 section 5), client_metadata (RFC 7591 section 2), sector (redirect URIs, OpenID Connect Core section 8.1), request_object (RFC 9101)';
COMMENT ON COLUMN pgtoken.documents.url IS 'Where it is fetched from, as it was registered';
COMMENT ON COLUMN pgtoken.documents.body IS 'The document; NULL: it has never been there';
COMMENT ON COLUMN pgtoken.documents.content_type IS 'Media type that it came with';
COMMENT ON COLUMN pgtoken.documents.etag IS 'Its ETag (RFC 9110 section 8.8.3), for the next time';
COMMENT ON COLUMN pgtoken.documents.last_modified IS 'Its Last-Modified (RFC 9110 section 8.8.2), for the next time';
COMMENT ON COLUMN pgtoken.documents.fetched_at IS 'When the sender last said that this is it';
COMMENT ON COLUMN pgtoken.documents.changed_at IS 'When it last became another one';
COMMENT ON COLUMN pgtoken.documents.fresh_until IS 'Until when it is used without asking again: a minute to a day, as Cache-Control says, an hour where it does not';
COMMENT ON COLUMN pgtoken.documents.wanted_at IS 'When a request has asked for it, or for a newer one; NULL: none waits for it';
COMMENT ON COLUMN pgtoken.documents.last_error IS 'Why it could not be had the last time; NULL: it could';
COMMENT ON COLUMN pgtoken.documents.failed_at IS 'When that was';
COMMENT ON COLUMN pgtoken.documents.failures IS 'How often running it could not be had';
COMMENT ON COLUMN pgtoken.documents.retry_at IS 'Before that nobody asks for it again';
COMMENT ON COLUMN pgtoken.documents.used_at IS 'When a request needed it last, within an hour; maintain() forgets what nobody needs';
COMMENT ON INDEX pgtoken.documents_pkey IS 'Finds a document';
COMMENT ON CONSTRAINT documents_kind_check ON pgtoken.documents IS 'What the library asks for';
COMMENT ON CONSTRAINT documents_url_check ON pgtoken.documents IS 'Fits the index';
COMMENT ON CONSTRAINT documents_body_check ON pgtoken.documents IS 'What somebody else sends is bounded';

CREATE INDEX documents_wanted ON pgtoken.documents (issuer, kind) WHERE wanted_at IS NOT NULL;
COMMENT ON INDEX pgtoken.documents_wanted IS 'Counts what requests of an issuer wait for, by kind';

ALTER TABLE pgtoken.documents ALTER body SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.documents', '');
ALTER TABLE pgtoken.documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.documents FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.documents IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.documents TO pgtoken_auditor;

-- The queue.

CREATE TABLE pgtoken.courier_work (
	work_id uuid NOT NULL,
	kind text NOT NULL,
	issuer text NOT NULL,
	receiver text NOT NULL,
	client_id text,
	url text,
	payload jsonb NOT NULL DEFAULT '{}',
	attempts integer NOT NULL DEFAULT 0,
	courier text,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	due_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	expires_at timestamptz NOT NULL,
	last_error text,
	dead_at timestamptz,
	mark bytea DEFAULT pgtoken.current_mark(),
	CONSTRAINT courier_work_pkey PRIMARY KEY (work_id)
);
COMMENT ON TABLE pgtoken.courier_work IS 'What the courier has to fetch and to deliver; a row goes when it is done, and stays as a dead letter when it is given up';
COMMENT ON COLUMN pgtoken.courier_work.work_id IS 'UUIDv7';
COMMENT ON COLUMN pgtoken.courier_work.kind IS 'document: fetch it. logout: deliver a logout token. code: send a one-time code. signal: deliver a signal. seal: deliver a seal of the audit';
COMMENT ON COLUMN pgtoken.courier_work.issuer IS 'For whom; empty: for none of them, as a seal of the audit';
COMMENT ON COLUMN pgtoken.courier_work.receiver IS 'Who is asked: host and port of url, or the kind of what has none; a slow one delays no other';
COMMENT ON COLUMN pgtoken.courier_work.client_id IS 'Client concerned; NULL: none';
COMMENT ON COLUMN pgtoken.courier_work.url IS 'What is fetched, or where it is delivered; NULL: it is not known here';
COMMENT ON COLUMN pgtoken.courier_work.payload IS 'What it is made of when it is taken: of a document its kind, of a logout subject and session_id, of a signal its stream_id, of a seal its number. A token is made then, a code stays sealed where it is';
COMMENT ON COLUMN pgtoken.courier_work.attempts IS 'How often it was taken';
COMMENT ON COLUMN pgtoken.courier_work.courier IS 'Who has it; NULL: nobody';
COMMENT ON COLUMN pgtoken.courier_work.created_at IS 'When it was to be done first';
COMMENT ON COLUMN pgtoken.courier_work.due_at IS 'From when on it may be taken: of what somebody has, the end of his lease';
COMMENT ON COLUMN pgtoken.courier_work.expires_at IS 'When it is of no use any more';
COMMENT ON COLUMN pgtoken.courier_work.last_error IS 'What went wrong the last time; NULL: nothing has';
COMMENT ON COLUMN pgtoken.courier_work.dead_at IS 'When it was given up; NULL: it was not';
COMMENT ON COLUMN pgtoken.courier_work.mark IS 'The request that has caused it: its id and its trace, packed, as audit_events shows them; NULL: it comes of none';
COMMENT ON INDEX pgtoken.courier_work_pkey IS 'Finds a work';

CREATE INDEX courier_work_receiver ON pgtoken.courier_work (receiver, due_at) WHERE dead_at IS NULL;
COMMENT ON INDEX pgtoken.courier_work_receiver IS 'What is due, by receiver';
CREATE INDEX courier_work_due_at ON pgtoken.courier_work (due_at) WHERE dead_at IS NULL;
COMMENT ON INDEX pgtoken.courier_work_due_at IS 'When the next is due';

ALTER TABLE pgtoken.courier_work ALTER payload SET STORAGE MAIN, ALTER payload SET STATISTICS 0, ALTER mark SET STORAGE MAIN, ALTER mark SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.courier_work', '');
ALTER TABLE pgtoken.courier_work ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.courier_work FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.courier_work IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.courier_work TO pgtoken_auditor;

CREATE FUNCTION pgtoken.tell_couriers() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pg_notify('pgtoken_courier', '');
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.tell_couriers FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.tell_couriers IS 'Internal, trigger: tells the channel pgtoken_courier, at the commit and once, that there is work; a statement that adds none tells nothing, and its transaction can be prepared';
CREATE TRIGGER tell AFTER INSERT ON pgtoken.courier_work FOR EACH ROW EXECUTE FUNCTION pgtoken.tell_couriers();
COMMENT ON TRIGGER tell ON pgtoken.courier_work IS 'Wakes couriers';

CREATE FUNCTION pgtoken.courier_receiver(url text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	-- a host of that name is not our own way to send codes
	RETURN regexp_replace(lower(substring(url FROM '^[A-Za-z]+://([^/?#]*)')), '^code$', 'code.');
REVOKE ALL ON FUNCTION pgtoken.courier_receiver FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.courier_receiver IS 'Internal: host and port of a URL, in lower case';

CREATE FUNCTION pgtoken.courier_does(kind text) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN EXISTS (SELECT FROM pgtoken.couriers c WHERE c.seen_at > now() - interval '1 minute' AND courier_does.kind = ANY (c.does));
REVOKE ALL ON FUNCTION pgtoken.courier_does FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.courier_does IS 'Internal: is there a courier that takes work of this kind?';

-- What the courier calls.

CREATE FUNCTION pgtoken.courier_hello(courier text, does text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF (courier ~ '^[\x20-\x7e]{1,200}$' AND cardinality(does) <= 20 AND array_position(does, NULL) IS NULL
		AND octet_length(array_to_string(does, ',')) <= 1000) IS NOT TRUE THEN
		RAISE EXCEPTION 'a courier has a name and a list of what it does'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'The name is 1 to 200 printable ASCII characters, the list at most 20 words.';
	END IF;
	INSERT INTO pgtoken.couriers AS c (courier, does, seen_at) VALUES (courier_hello.courier, courier_hello.does, now())
	ON CONFLICT ON CONSTRAINT couriers_pkey DO UPDATE SET does = excluded.does, seen_at = greatest(c.seen_at, excluded.seen_at);
	DELETE FROM pgtoken.couriers c
	WHERE c.courier IN (SELECT o.courier FROM pgtoken.couriers o WHERE o.seen_at < now() - interval '1 day' FOR UPDATE SKIP LOCKED);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.courier_hello FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.courier_hello TO pgtoken_courier;
COMMENT ON FUNCTION pgtoken.courier_hello IS
'A courier says that it is there, when it begins and every 20 seconds: requests that need one count on it for a minute. courier: a name, another one for each process. does: the kinds of work that it takes (document, logout, code, signal, seal); none when it goes, so that nobody waits for it. Raises 22023.';

CREATE FUNCTION pgtoken.courier_request(work pgtoken.courier_work) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	document pgtoken.documents;
	code text;
BEGIN
	IF work.kind = 'logout' THEN
		-- made now, so that it lives when it comes; the characters of a JWT are those of a form
		RETURN jsonb_build_object('url', work.url, 'content_type', 'application/x-www-form-urlencoded',
			'body', 'logout_token=' || pgtoken.logout_token(work.client_id, work.payload ->> 'subject', work.payload ->> 'session_id'));
	ELSIF work.kind = 'seal' THEN
		RETURN (SELECT jsonb_build_object('url', work.url, 'content_type', 'application/jose', 'body', s.seal) FROM pgtoken.audit_seals s WHERE s.number = (work.payload ->> 'number')::bigint);
	ELSIF work.kind = 'signal' THEN
		RETURN pgtoken.signal_request(work);
	ELSIF work.kind = 'code' THEN
		IF NOT EXISTS (SELECT FROM pgtoken.challenge_codes c JOIN pgtoken.factors f USING (issuer, subject, factor_id) WHERE c.code_id = work.work_id) THEN
			RETURN NULL;
		END IF;
		code := pgtoken.open_challenge_code(work.work_id);
		IF code IS NULL THEN
			RAISE EXCEPTION 'the code cannot be opened' USING ERRCODE = 'data_corrupted';
		END IF;
		RETURN (SELECT jsonb_build_object('issuer', c.issuer, 'subject', c.subject, 'factor_type', f.factor_type, 'address', f.label, 'code', code,
										  'client_id', c.client_id, 'client_name', l.client_name, 'expires_at', c.expires_at)
				FROM pgtoken.challenge_codes c JOIN pgtoken.factors f USING (issuer, subject, factor_id) LEFT JOIN pgtoken.clients l ON l.client_id = c.client_id
				WHERE c.code_id = work.work_id);
	ELSIF work.kind = 'document' THEN
		SELECT * INTO document FROM pgtoken.documents d WHERE d.issuer = work.issuer AND d.kind = work.payload ->> 'kind' AND d.url = work.url;
		IF NOT FOUND THEN
			RETURN NULL;
		END IF;
		RETURN jsonb_strip_nulls(jsonb_build_object('url', work.url, 'max_bytes', 65536,
			'accept', CASE document.kind WHEN 'request_object' THEN 'application/oauth-authz-req+jwt' ELSE 'application/json' END,
			'etag', CASE WHEN document.body IS NOT NULL THEN document.etag END,
			'last_modified', CASE WHEN document.body IS NOT NULL THEN document.last_modified END));
	END IF;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.courier_request FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.courier_request IS 'Internal, called by courier_take(): what the courier is told to do; NULL: there is nothing to be done any more';

CREATE FUNCTION pgtoken.courier_problem(error text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(nullif(left(regexp_replace(error, '[^\x20-\x7e]', '?', 'g'), 200), ''), 'no reason was given');
REVOKE ALL ON FUNCTION pgtoken.courier_problem FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.courier_problem IS 'Internal: what went wrong, as somebody else says it, made fit to be kept and shown';

-- The hold-off that keeps requests from having what fails fetched without end.
CREATE FUNCTION pgtoken.document_failed(work pgtoken.courier_work, problem text) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	UPDATE pgtoken.documents d
	SET wanted_at = NULL, last_error = problem, failed_at = now(), failures = d.failures + 1,
		retry_at = now() + least(interval '10 seconds' * 2 ^ least(d.failures, 20), '1 hour')
	WHERE d.issuer = work.issuer AND d.kind = work.payload ->> 'kind' AND d.url = work.url;
END;
REVOKE ALL ON FUNCTION pgtoken.document_failed FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.document_failed IS 'Internal: a document could not be had, and is not asked for again for 10 seconds, twice as long each time running, up to an hour';

-- Given up: a document its requests no longer wait for, of a delivery the row stays.
CREATE FUNCTION pgtoken.courier_give_up(work pgtoken.courier_work, problem text) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF work.kind = 'document' THEN
		PERFORM pgtoken.document_failed(work, problem);
		DELETE FROM pgtoken.courier_work w WHERE w.work_id = work.work_id;
	ELSIF work.kind = 'signal' THEN
		PERFORM pgtoken.signal_given_up(work, problem);
	ELSE
		UPDATE pgtoken.courier_work w SET dead_at = now(), courier = NULL, last_error = problem WHERE w.work_id = work.work_id;
		PERFORM pgtoken.write_audit_event('courier.given_up', jsonb_strip_nulls(jsonb_build_object('work_id', work.work_id, 'kind', work.kind,
			'receiver', work.receiver, 'attempts', work.attempts)), problem, work.client_id, work.payload ->> 'subject');
	END IF;
	RETURN 'dead';
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.courier_give_up FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.courier_give_up IS 'Internal: this work is not tried again; a document is not waited for any more, a signal is kept, of any other the row stays';

-- Shorter for what a request waits for; jitter, so that what has failed together does not come back together.
CREATE FUNCTION pgtoken.courier_failed(work pgtoken.courier_work, problem text, permanent boolean, retry_after numeric DEFAULT 0) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	again_at CONSTANT timestamptz := now()
		+ greatest((0.5 + random()) * CASE work.kind WHEN 'document' THEN interval '1 second'
													 ELSE least(interval '5 seconds' * 3 ^ least(work.attempts - 1, 10), '1 hour') END,
				   make_interval(secs => least(retry_after, 86400)::float8));
BEGIN
	IF permanent OR again_at >= work.expires_at
	   OR work.attempts >= (CASE work.kind WHEN 'document' THEN 3 ELSE current_setting('pgtoken.courier_attempts')::integer END) THEN
		RETURN pgtoken.courier_give_up(work, problem);
	END IF;
	UPDATE pgtoken.courier_work w SET courier = NULL, last_error = problem, due_at = again_at WHERE w.work_id = work.work_id;
	RETURN 'again';
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.courier_failed FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.courier_failed IS 'Internal: an attempt has failed: again later, not sooner than in retry_after seconds, or given up where that is of no use, or there were enough';

CREATE FUNCTION pgtoken.courier_take(courier text, kinds text[], at_most integer DEFAULT 10, busy text[] DEFAULT '{}')
	RETURNS TABLE (work_id uuid, attempt integer, kind text, receiver text, request jsonb)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	-- documents that anybody can name: half of what a courier does at a time is left to those of registered clients
	strangers CONSTANT text[] := '{client_metadata,sector}';
	strangers_left integer;
	room integer;
	due record;
	work pgtoken.courier_work;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	IF (courier ~ '^[\x20-\x7e]{1,200}$' AND kinds IS NOT NULL AND busy IS NOT NULL AND at_most BETWEEN 1 AND 100) IS NOT TRUE THEN
		RAISE EXCEPTION 'a courier has a name, and takes 1 to 100 works of kinds that it names' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	-- a copy of another installation must speak to nobody in its name
	IF EXISTS (SELECT FROM pgtoken.installation i WHERE lower(nullif(current_setting('pgtoken.installation_id'), '')) <> i.installation_id::text) THEN
		RETURN;
	END IF;
	SELECT 32 - count(*) INTO strangers_left FROM pgtoken.courier_work w
	WHERE w.dead_at IS NULL AND w.courier = courier_take.courier AND w.due_at > now() AND w.payload ->> 'kind' = ANY (strangers);
	FOR due IN
		-- from receiver to receiver along the index, however much waits for one of them
		WITH RECURSIVE r (receiver) AS (
			(SELECT w.receiver FROM pgtoken.courier_work w WHERE w.dead_at IS NULL ORDER BY w.receiver LIMIT 1)
			UNION ALL
			SELECT (SELECT w.receiver FROM pgtoken.courier_work w WHERE w.dead_at IS NULL AND w.receiver > r.receiver ORDER BY w.receiver LIMIT 1)
			FROM r WHERE r.receiver IS NOT NULL)
		SELECT r.receiver, (SELECT min(w.due_at) FROM pgtoken.courier_work w WHERE w.dead_at IS NULL AND w.receiver = r.receiver) AS due_at
		FROM r WHERE r.receiver <> ALL (courier_take.busy)
		ORDER BY 2, 1 LOOP
		EXIT WHEN due.due_at > now() OR at_most <= 0;
		-- so that a slow one has not all of what couriers can do at a time; our own way to send codes is another matter
		SELECT CASE due.receiver WHEN 'code' THEN 50 ELSE 8 END - count(*) INTO room FROM pgtoken.courier_work w
		WHERE w.dead_at IS NULL AND w.receiver = due.receiver AND w.courier IS NOT NULL AND w.due_at > now();
		FOR work IN
			UPDATE pgtoken.courier_work w
			SET attempts = w.attempts + 1, courier = courier_take.courier,
				due_at = now() + make_interval(secs => extract(epoch FROM current_setting('pgtoken.courier_lease')::interval)::float8)
			WHERE w.work_id = ANY (ARRAY(
				SELECT o.work_id FROM pgtoken.courier_work o
				WHERE o.dead_at IS NULL AND o.receiver = due.receiver AND o.due_at <= now() AND o.kind = ANY (courier_take.kinds)
				  AND (strangers_left > 0 OR (o.payload ->> 'kind' = ANY (strangers)) IS NOT TRUE)
				ORDER BY o.due_at, o.work_id LIMIT greatest(least(room, at_most), 0) FOR UPDATE SKIP LOCKED))
			RETURNING w.* LOOP
			IF work.expires_at <= now() THEN
				PERFORM pgtoken.courier_give_up(work, coalesce(work.last_error, 'it was too late'));
				CONTINUE;
			ELSIF work.attempts > current_setting('pgtoken.courier_attempts')::integer THEN
				PERFORM pgtoken.courier_give_up(work, coalesce(work.last_error, 'no courier has said what became of it'));
				CONTINUE;
			END IF;
			BEGIN
				request := pgtoken.courier_request(work);
			EXCEPTION WHEN OTHERS THEN
				-- the others go out nevertheless
				PERFORM pgtoken.courier_failed(work, pgtoken.courier_problem(SQLERRM), false);
				CONTINUE;
			END;
			IF request IS NULL THEN
				DELETE FROM pgtoken.courier_work w WHERE w.work_id = work.work_id;
			ELSE
				work_id := work.work_id;
				attempt := work.attempts;
				kind := work.kind;
				receiver := work.receiver;
				request := request || jsonb_strip_nulls(jsonb_build_object('request_id', pgtoken.request_id_of(work.mark), 'traceparent', pgtoken.traceparent_of(work.mark)));
				at_most := at_most - 1;
				strangers_left := strangers_left - coalesce((work.payload ->> 'kind' = ANY (strangers))::integer, 0);
				RETURN NEXT;
			END IF;
		END LOOP;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.courier_take FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.courier_take TO pgtoken_courier;
COMMENT ON FUNCTION pgtoken.courier_take IS
'Take work that is due, the oldest first, no more than eight at a time for one host, and about 32 documents of nobody''s clients for one courier; each is this courier''s for pgtoken.courier_lease, then another one''s. To be committed before it is done. courier: its name. kinds: what it does (document, logout, code, signal, seal). at_most: 1 to 100. busy: receivers to leave out.
Returns a row for each: work_id and attempt, which courier_done() wants back, kind, receiver (a host, or code), and request, by kind. document: url, accept, max_bytes, and etag and last_modified of the one that is there. logout, seal: url, content_type, body. signal: the same, and headers, an object. code: issuer, subject, factor_type, address, code, client_id, client_name, expires_at. All: request_id and traceparent (W3C Trace Context) of the request that has caused it, where they are known. Raises 22023.';

CREATE FUNCTION pgtoken.document_problem(kind text, body text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	wanted CONSTANT text := CASE kind WHEN 'client_metadata' THEN 'object' WHEN 'sector' THEN 'array' END;
BEGIN
	IF body IS NULL THEN
		RETURN 'the answer has no body';
	ELSIF octet_length(body) > 65536 THEN
		RETURN 'the document is larger than 65536 bytes';
	ELSIF kind = 'jwks' AND NOT pgtoken.valid_jwks(body) THEN
		RETURN 'the document is no JWK Set of public keys';
	ELSIF wanted IS NOT NULL AND jsonb_typeof(body::jsonb) <> wanted THEN
		RETURN 'the document is no JSON ' || wanted;
	END IF;
	RETURN NULL;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
	RETURN 'the document is no JSON';
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.document_problem FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.document_problem IS 'Internal, called by courier_done(): why this cannot be a document of that kind; NULL: it can. What it says is judged by who uses it';

-- What is there stays until there is a better one: a receiver in trouble must not lock its clients out.
CREATE FUNCTION pgtoken.document_answered(work pgtoken.courier_work, result jsonb) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	max_age CONSTANT numeric := CASE jsonb_typeof(result -> 'max_age') WHEN 'number' THEN (result ->> 'max_age')::numeric END;
	keep_until CONSTANT timestamptz := now() + make_interval(secs => least(greatest(coalesce(max_age, 3600), 60), 86400)::float8);
	is_same CONSTANT boolean := result -> 'status' = '304';
	document pgtoken.documents;
	problem text;
	clients text[];
BEGIN
	SELECT * INTO document FROM pgtoken.documents d
	WHERE d.issuer = work.issuer AND d.kind = work.payload ->> 'kind' AND d.url = work.url FOR UPDATE;
	IF NOT FOUND THEN
		DELETE FROM pgtoken.courier_work w WHERE w.work_id = work.work_id;
		RETURN 'done';
	END IF;
	problem := CASE WHEN is_same AND document.body IS NULL THEN 'nothing that has not changed is there'
					WHEN NOT is_same THEN pgtoken.document_problem(document.kind, result ->> 'body') END;
	IF problem IS NOT NULL THEN
		RETURN pgtoken.courier_give_up(work, problem);
	END IF;
	IF NOT is_same THEN
		IF document.body <> result ->> 'body' THEN
			clients := ARRAY(SELECT c.client_id FROM pgtoken.clients c
							 WHERE c.issuer = document.issuer AND (c.metadata ->> 'jwks_uri' = document.url OR c.client_id = document.url) ORDER BY 1 LIMIT 10);
			PERFORM pgtoken.write_audit_event('document.changed', jsonb_build_object('issuer', document.issuer, 'kind', document.kind, 'url', document.url,
				'clients', clients, 'fetched_before_at', document.fetched_at, 'bytes_before', octet_length(document.body), 'bytes', octet_length(result ->> 'body')),
				NULL, clients[1]);
		END IF;
		UPDATE pgtoken.documents d
		SET body = result ->> 'body', content_type = left(result ->> 'content_type', 200),
			etag = CASE WHEN result ->> 'etag' ~ '^[\x20-\x7e]{1,255}$' THEN result ->> 'etag' END,
			last_modified = CASE WHEN result ->> 'last_modified' ~ '^[\x20-\x7e]{1,255}$' THEN result ->> 'last_modified' END,
			changed_at = CASE WHEN document.body = result ->> 'body' THEN d.changed_at ELSE now() END
		WHERE d.issuer = document.issuer AND d.kind = document.kind AND d.url = document.url;
	END IF;
	UPDATE pgtoken.documents d
	SET fetched_at = now(), fresh_until = keep_until, wanted_at = NULL, last_error = NULL, failed_at = NULL, failures = 0, retry_at = NULL
	WHERE d.issuer = document.issuer AND d.kind = document.kind AND d.url = document.url;
	DELETE FROM pgtoken.courier_work w WHERE w.work_id = work.work_id;
	RETURN 'done';
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.document_answered FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.document_answered IS 'Internal, called by courier_done(): what the sender has said is kept, unless it cannot be that document';

CREATE FUNCTION pgtoken.courier_done(work_id uuid, attempt integer, result jsonb) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	work pgtoken.courier_work;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	IF (jsonb_typeof(result) = 'object' AND (result ? 'error') <> (result ? 'status')) IS NOT TRUE THEN
		RAISE EXCEPTION 'the result of a work has a status or an error' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT * INTO work FROM pgtoken.courier_work w
	WHERE w.work_id = courier_done.work_id AND w.attempts = attempt AND w.courier IS NOT NULL AND w.dead_at IS NULL FOR UPDATE;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	PERFORM pgtoken.take_mark(work.mark);
	IF work.kind = 'signal' AND (result ? 'status' OR result ? 'refused') THEN
		RETURN pgtoken.signal_done(work, result);
	ELSIF result ? 'error' THEN
		RETURN pgtoken.courier_failed(work, pgtoken.courier_problem(result ->> 'error'), coalesce(result -> 'permanent' = 'true', false),
									  CASE jsonb_typeof(result -> 'retry_after') WHEN 'number' THEN (result ->> 'retry_after')::numeric ELSE 0 END);
	ELSIF work.kind = 'document' THEN
		RETURN pgtoken.document_answered(work, result);
	END IF;
	DELETE FROM pgtoken.challenge_codes c WHERE c.code_id = work.work_id;
	DELETE FROM pgtoken.courier_work w WHERE w.work_id = work.work_id;
	PERFORM pgtoken.write_audit_event('courier.delivered', jsonb_build_object('work_id', work.work_id, 'kind', work.kind, 'receiver', work.receiver, 'attempts', work.attempts),
									  NULL, work.client_id, work.payload ->> 'subject');
	RETURN 'done';
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.courier_done FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.courier_done TO pgtoken_courier;
COMMENT ON FUNCTION pgtoken.courier_done IS
'Say what became of a work. work_id, attempt: as courier_take() has given them. result: an object; for a failure error (a short phrase), permanent (true: no further attempt is of use), of a signal refused (what the receiver says is wrong with it), and retry_after (seconds, where the receiver has asked for that); else status, and of a document with status 200 body, content_type, max_age (seconds, as Cache-Control says; null: it does not), etag and last_modified where there are any, with status 304 max_age.
Returns done; again: it is tried again, later each time; dead: it is given up; NULL: it was not this courier''s any more, and the result counts for nothing. Raises 22023.';

CREATE FUNCTION pgtoken.courier_next() RETURNS interval
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN (SELECT CASE WHEN min(w.due_at) > now() THEN min(w.due_at) - now() WHEN min(w.due_at) <= now() THEN '0' END FROM pgtoken.courier_work w WHERE w.dead_at IS NULL);
REVOKE ALL ON FUNCTION pgtoken.courier_next FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.courier_next TO pgtoken_courier;
COMMENT ON FUNCTION pgtoken.courier_next IS
'How long until courier_take() may have something again: for a courier that has heard nothing by LISTEN pgtoken_courier. What somebody has counts with the end of his lease. Returns NULL where there is no work.';

-- What people look at, and decide.

CREATE VIEW pgtoken.courier_queue WITH (security_barrier, security_invoker) AS
	SELECT w.work_id, w.kind, CASE WHEN w.due_at <= now() THEN 'due' WHEN w.courier IS NOT NULL THEN 'taken' ELSE 'waits' END AS state,
		   w.issuer, w.client_id, w.receiver, w.attempts, w.created_at, w.due_at, w.expires_at, w.courier, w.last_error
	FROM pgtoken.courier_work w WHERE w.dead_at IS NULL;
GRANT SELECT ON pgtoken.courier_queue TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.courier_queue IS 'What the courier has still to do';
COMMENT ON COLUMN pgtoken.courier_queue.work_id IS 'Id of the work';
COMMENT ON COLUMN pgtoken.courier_queue.kind IS 'document: fetch it. logout: deliver a logout token. code: send a one-time code. signal: deliver a signal. seal: deliver a seal of the audit';
COMMENT ON COLUMN pgtoken.courier_queue.state IS 'due: it can be taken. taken: a courier has it. waits: for its next attempt';
COMMENT ON COLUMN pgtoken.courier_queue.issuer IS 'For whom';
COMMENT ON COLUMN pgtoken.courier_queue.client_id IS 'Client concerned; NULL: none';
COMMENT ON COLUMN pgtoken.courier_queue.receiver IS 'Who is asked: host and port, or code';
COMMENT ON COLUMN pgtoken.courier_queue.attempts IS 'How often it was taken';
COMMENT ON COLUMN pgtoken.courier_queue.created_at IS 'When it was to be done first';
COMMENT ON COLUMN pgtoken.courier_queue.due_at IS 'From when on it may be taken, again where it is taken';
COMMENT ON COLUMN pgtoken.courier_queue.expires_at IS 'When it is of no use any more';
COMMENT ON COLUMN pgtoken.courier_queue.courier IS 'Who has it, or had it when his lease ended; NULL: nobody';
COMMENT ON COLUMN pgtoken.courier_queue.last_error IS 'What went wrong the last time; NULL: nothing has';

CREATE VIEW pgtoken.courier_dead_letters WITH (security_barrier, security_invoker) AS
	SELECT w.work_id, w.kind, w.issuer, w.client_id, w.receiver, w.attempts, w.created_at, w.dead_at, w.last_error
	FROM pgtoken.courier_work w WHERE w.dead_at IS NOT NULL;
GRANT SELECT ON pgtoken.courier_dead_letters TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.courier_dead_letters IS 'What could not be delivered, and was given up: courier_retry() tries again, courier_forget() takes note of it. Forgotten by maintain() after 30 days';
COMMENT ON COLUMN pgtoken.courier_dead_letters.work_id IS 'Id of the work';
COMMENT ON COLUMN pgtoken.courier_dead_letters.kind IS 'logout: a logout token. code: a one-time code. seal: a seal of the audit';
COMMENT ON COLUMN pgtoken.courier_dead_letters.issuer IS 'For whom';
COMMENT ON COLUMN pgtoken.courier_dead_letters.client_id IS 'Client concerned; NULL: none';
COMMENT ON COLUMN pgtoken.courier_dead_letters.receiver IS 'Who did not take it: host and port, or code';
COMMENT ON COLUMN pgtoken.courier_dead_letters.attempts IS 'How often it was tried';
COMMENT ON COLUMN pgtoken.courier_dead_letters.created_at IS 'When it was to be done first';
COMMENT ON COLUMN pgtoken.courier_dead_letters.dead_at IS 'When it was given up';
COMMENT ON COLUMN pgtoken.courier_dead_letters.last_error IS 'What went wrong the last time';

CREATE FUNCTION pgtoken.courier_retry(work_id uuid) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	work pgtoken.courier_work;
BEGIN
	-- a code is worth nothing after its time, whoever wants it sent
	UPDATE pgtoken.courier_work w
	SET dead_at = NULL, courier = NULL, attempts = 0, due_at = now(),
		expires_at = CASE w.kind WHEN 'code' THEN w.expires_at ELSE greatest(w.expires_at, now() + interval '1 day') END
	WHERE w.work_id = courier_retry.work_id AND w.kind <> 'document' AND (w.kind <> 'code' OR w.expires_at > now())
	RETURNING w.* INTO work;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM pg_notify('pgtoken_courier', '');
	PERFORM pgtoken.write_audit_event('courier.retried', jsonb_build_object('work_id', work.work_id, 'kind', work.kind, 'receiver', work.receiver),
									  NULL, work.client_id, work.payload ->> 'subject');
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.courier_retry FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.courier_retry TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.courier_retry IS
'Have a delivery tried again at once, as if it were new: a dead letter, or one that waits for its next attempt. work_id: of courier_dead_letters or courier_queue. Returns false when there is no such delivery, and for a one-time code that has expired.';

CREATE FUNCTION pgtoken.courier_forget(work_id uuid DEFAULT NULL) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	forgotten integer;
BEGIN
	DELETE FROM pgtoken.courier_work w WHERE w.dead_at IS NOT NULL AND (courier_forget.work_id IS NULL OR w.work_id = courier_forget.work_id);
	GET DIAGNOSTICS forgotten = ROW_COUNT;
	IF forgotten > 0 THEN
		PERFORM pgtoken.write_audit_event('courier.forgotten', jsonb_strip_nulls(jsonb_build_object('work_id', work_id, 'dead_letters', forgotten)));
	END IF;
	RETURN forgotten;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.courier_forget FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.courier_forget TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.courier_forget IS
'Take note of dead letters: they are gone, and health() counts them no more. work_id: which; NULL: all of them. Returns how many.';
