-- The courier: what it fetches for requests, what it delivers, and what becomes of it.
\set SHOW_CONTEXT never
-- a new one each time: marks.sql looks at it
SET pgtoken.http_answer_request_id = off;
-- however slow this is
SET pgtoken.courier_lease = '1h';
SELECT test.courier();

-- A relying party with keys of its own: another issuer of this database, whose access
-- tokens for an API with the name of our issuer are what RFC 7523 section 3 asks of an
-- assertion, so that they are signed without a program.
SELECT pgtoken.create_issuer('https://keyed.example');
SELECT length(pgtoken.create_signing_key('ES256', 'https://keyed.example')) AS kid;
SELECT pgtoken.create_resource('https://id.example', '{}', issuer => 'https://keyed.example', access_token_typ => 'JWT');
SELECT client_id FROM pgtoken.create_client('signer', 'public', issuer => 'https://keyed.example', access_token_lifetime => '5 minutes');
CREATE FUNCTION test.assertion() RETURNS text LANGUAGE sql
	RETURN (SELECT r.access_token FROM pgtoken.issue_tokens('signer', 'https://keyed.example', resource => '{https://id.example}') r);
CREATE FUNCTION test.keys() RETURNS text LANGUAGE sql
	RETURN (SELECT pgtoken.jwks('https://keyed.example')::text);
CREATE FUNCTION test.by_key(assertion text) RETURNS text LANGUAGE sql
	RETURN test.brief(test.http('token', test.form('grant_type', 'client_credentials', 'client_assertion', assertion,
		'client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')));

-- jwks_uri (RFC 7591 section 2)
SELECT n, pgtoken.client_metadata_problem('confidential', '{"token_endpoint_auth_method": "private_key_jwt"}' || metadata::jsonb) AS problem
FROM (VALUES (1, '{}'), (2, '{"jwks_uri": "https://keyed.example/keys"}'), (3, '{"jwks_uri": "http://localhost:8080/keys"}'), (4, '{"jwks_uri": "http://keyed.example/keys"}'),
	(5, '{"jwks_uri": "com.example:/keys"}'), (6, '{"jwks_uri": "https://keyed.example/keys#1"}'), (7, '{"jwks_uri": 1}'),
	(8, jsonb_build_object('jwks_uri', 'https://keyed.example/keys', 'jwks', test.keys()::jsonb)::text), (9, format('{"jwks_uri": "https://keyed.example/%s"}', repeat('a', 1000)))) v (n, metadata)
ORDER BY n;
SELECT client_id FROM pgtoken.create_client('https://keyed.example', metadata =>
	'{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://keyed.example/keys", "grant_types": ["client_credentials"]}');

-- Where no courier is, the request is not kept waiting.
SELECT test.courier('{logout}');
SELECT test.by_key(test.assertion());
SELECT count(*) AS wishes FROM pgtoken.courier_work;
SELECT test.courier();

-- The first request waits for the document, and the same again is answered: nothing of it was used up.
SELECT test.assertion() AS assertion \gset
SELECT test.by_key(:'assertion');
UPDATE pgtoken.documents SET wanted_at = wanted_at + interval '1 hour';	-- it waits for no more than 10 seconds
SELECT test.by_key(:'assertion');
SELECT kind, receiver, url, payload, attempts FROM pgtoken.courier_work;
SELECT test.fetched('https://keyed.example/keys', test.keys());
SELECT test.by_key(:'assertion');
SELECT test.by_key(:'assertion') AS a_second_time;
SELECT test.by_key(test.assertion()) AS another_one;
SELECT count(*) AS refused FROM pgtoken.refused_requests('https://keyed.example') WHERE reason = 'document_awaited';

-- PostgREST cannot wait: the client is told when to come again, and what it said counts then.
UPDATE pgtoken.documents SET fresh_until = now();
BEGIN;
SELECT set_config('request.headers', jsonb_build_object('pgtoken-method', 'POST', 'pgtoken-target', '/oauth2/token', 'pgtoken-host', 'id.example',
	'pgtoken-content-type', 'application/x-www-form-urlencoded')::text, true) <> '' AS asked;
SELECT test.assertion() AS assertion \gset
SELECT convert_from(pgtoken_postgrest.handle(convert_to(test.form('grant_type', 'client_credentials', 'client_assertion', :'assertion',
	'client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'), 'UTF8'))::bytea, 'UTF8') AS body;
SELECT current_setting('response.status') AS status, h FROM jsonb_array_elements(current_setting('response.headers')::jsonb) h;
COMMIT;
SELECT test.fetched('https://keyed.example/keys', test.keys());
SELECT test.by_key(:'assertion');

-- A key that has just been rotated: the answer is right at the first try.
UPDATE pgtoken.documents SET fetched_at = now() - interval '1 minute';
SELECT length(pgtoken.rotate_signing_key('ES256', 'https://keyed.example', force => true)) AS kid;
SELECT test.assertion() AS assertion \gset
SELECT test.by_key(:'assertion');
SELECT test.fetched('https://keyed.example/keys', test.keys());
SELECT test.by_key(:'assertion');
SELECT event, client_id, detail - '{fetched_before_at,bytes_before,bytes}'::text[] AS detail FROM pgtoken.audit_events WHERE event LIKE 'document.%';

-- Attack shut out: whoever knows a client_id has its keys fetched without end, by assertions that
-- nobody has signed: no more than once in 10 seconds.
SELECT test.assertion() AS assertion \gset
SELECT test.by_key(regexp_replace(:'assertion', '[^.]*$', repeat('A', 86))) AS forged;
CREATE FUNCTION test.forged_a_second_later(assertion text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	began CONSTANT timestamptz := clock_timestamp();
BEGIN
	UPDATE pgtoken.documents SET fetched_at = began - interval '1 second';
	-- on a machine that takes longer it says nothing
	RETURN test.by_key(regexp_replace(assertion, '[^.]*$', repeat('A', 86))) = '401 invalid_client' OR clock_timestamp() > began + interval '8 seconds';
END
$$;
SELECT test.forged_a_second_later(:'assertion') AS refused_at_once;
SELECT count(*) AS wishes FROM pgtoken.courier_work;
UPDATE pgtoken.documents SET fetched_at = now() - interval '11 seconds';
SELECT test.by_key(regexp_replace(:'assertion', '[^.]*$', repeat('A', 86))) AS forged, test.by_key(regexp_replace(:'assertion', '[^.]*$', repeat('B', 86))) AS again;
SELECT count(*) AS wishes FROM pgtoken.courier_work;
SELECT test.by_key(:'assertion') AS the_client_is_not_disturbed;
SELECT etag, last_modified FROM pgtoken.documents;
-- not changed: no event, and fresh again
SELECT test.answered('https://keyed.example/keys', '{"status": 304, "max_age": 5}');
SELECT round(extract(epoch FROM fresh_until - fetched_at)) AS fresh_for FROM pgtoken.documents;
SELECT test.by_key(regexp_replace(:'assertion', '[^.]*$', repeat('A', 86))) AS forged;

-- How long it is fresh: as the sender says, from a minute to a day
CREATE FUNCTION test.want_again() RETURNS void LANGUAGE sql AS $$
	UPDATE pgtoken.documents SET fresh_until = '-infinity', fetched_at = now() - interval '1 minute' WHERE url = 'https://keyed.example/keys';
	SELECT test.by_key(test.assertion());
$$;
CREATE FUNCTION test.fresh_for(max_age text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcome text;
BEGIN
	PERFORM test.want_again();
	outcome := test.answered('https://keyed.example/keys', format('{"status": 200, "body": %s, "max_age": %s, "etag": "\"1\"", "last_modified": "yesterday"}', to_json(test.keys()), max_age)::jsonb);
	RETURN (SELECT concat_ws(' ', outcome, round(extract(epoch FROM d.fresh_until - d.fetched_at))) FROM pgtoken.documents d WHERE d.url = 'https://keyed.example/keys');
END
$$;
SELECT a AS max_age, test.fresh_for(a) FROM unnest(ARRAY['null', '-1', '0', '59', '61', '3600', '86401', '1e300', '"1"']) a;

-- What cannot be such a document is not taken, and the one that is there stays; and nothing is asked
-- again for a while. Attack shut out: somebody grows his document until the database is full of it.
CREATE FUNCTION test.refused_as(result jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcome text;
BEGIN
	PERFORM test.want_again();
	outcome := test.answered('https://keyed.example/keys', result);
	outcome := (SELECT concat_ws(', ', outcome, d.last_error, 'again in ' || round(extract(epoch FROM d.retry_at - d.failed_at)) || ' s', CASE WHEN d.body = test.keys() THEN 'the old one is there' END)
				FROM pgtoken.documents d WHERE d.url = 'https://keyed.example/keys');
	UPDATE pgtoken.documents SET retry_at = now() WHERE url = 'https://keyed.example/keys';
	RETURN outcome;
END
$$;
SELECT n, test.refused_as(result) AS outcome
FROM (VALUES (1, jsonb_build_object('status', 200, 'body', repeat('x', 65537))), (2, '{"status": 200, "body": "no JSON"}'), (3, '{"status": 200, "body": "{\"keys\": []}"}'),
	(4, '{"status": 200, "body": "{\"keys\": [{\"kty\": \"oct\", \"k\": \"c2VjcmV0\"}]}"}'), (5, '{"status": 200}'), (6, '{"error": "the answer was 404", "permanent": true}'),
	(7, '{"error": "", "permanent": true}'), (8, jsonb_build_object('error', E'a\nb \u00e4' || repeat('x', 30), 'permanent', true))) v (n, result) ORDER BY n;
-- it is used for a day longer, while its sender is in trouble, and no longer
UPDATE pgtoken.documents SET retry_at = now() + interval '1 hour', fresh_until = now() - interval '1 minute';
SELECT test.by_key(test.assertion()) AS in_trouble, (SELECT count(*) FROM pgtoken.courier_work) AS wishes;
UPDATE pgtoken.documents SET fresh_until = now() - interval '23 hours';
SELECT test.by_key(test.assertion()) AS for_a_day;
UPDATE pgtoken.documents SET fresh_until = now() - interval '25 hours';
SELECT test.by_key(test.assertion()) AS no_longer;
SELECT reason FROM pgtoken.refused_requests('https://keyed.example', 1);
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'documents of clients';
UPDATE pgtoken.documents SET retry_at = now();
-- a failure that passes is tried again while the request waits, three times
SELECT test.by_key(test.assertion());
SELECT test.answered('https://keyed.example/keys', '{"error": "no answer", "permanent": false}') AS first;
SELECT courier, attempts, last_error, due_at < now() + interval '5 seconds' AS soon FROM pgtoken.courier_work;
UPDATE pgtoken.courier_work SET due_at = now();
SELECT test.answered('https://keyed.example/keys', '{"error": "no answer"}') AS second;
UPDATE pgtoken.courier_work SET due_at = now();
SELECT test.answered('https://keyed.example/keys', '{"error": "no answer"}') AS third;
SELECT count(*) AS works FROM pgtoken.courier_work;
UPDATE pgtoken.documents SET retry_at = now();
SELECT test.by_key(test.assertion());
SELECT test.fetched('https://keyed.example/keys', test.keys()), test.by_key(test.assertion());
SELECT failures, last_error, failed_at FROM pgtoken.documents;

-- A wish that nobody grants: the requests of after that are not kept waiting, and one day there is another one
SELECT test.want_again();
UPDATE pgtoken.documents SET wanted_at = now() - interval '11 seconds', fresh_until = now() - interval '2 days';
SELECT test.by_key(test.assertion());
UPDATE pgtoken.courier_work SET expires_at = now();
SELECT test.fetched('https://keyed.example/keys', test.keys());
SELECT last_error, wanted_at FROM pgtoken.documents;
UPDATE pgtoken.documents SET retry_at = now();
SELECT test.by_key(test.assertion());
DELETE FROM pgtoken.courier_work;
UPDATE pgtoken.documents SET wanted_at = now() - interval '3 minutes';
SELECT test.by_key(test.assertion());
SELECT test.fetched('https://keyed.example/keys', test.keys());

-- Attack shut out: names of documents that anybody may choose make this server ask one host, or all the
-- world, as often as somebody likes.
INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, url, payload, expires_at)
SELECT pgtoken.new_uuid(), 'document', 'https://id.example', 'keyed.example', 'https://keyed.example/' || i, '{"kind": "jwks"}', now() + interval '1 hour' FROM generate_series(1, 10) i;
SELECT test.want_again();
SELECT wanted_at FROM pgtoken.documents WHERE url = 'https://keyed.example/keys';
-- Attack shut out: who makes up names of clients at a host keeps the clients of that host from their keys.
UPDATE pgtoken.courier_work SET payload = '{"kind": "client_metadata"}';
SELECT test.want_again();
SELECT wanted_at IS NOT NULL AS wanted FROM pgtoken.documents WHERE url = 'https://keyed.example/keys';
UPDATE pgtoken.documents SET wanted_at = NULL WHERE url = 'https://keyed.example/keys';
DELETE FROM pgtoken.courier_work WHERE url = 'https://keyed.example/keys';
UPDATE pgtoken.courier_work SET receiver = 'other.example';
INSERT INTO pgtoken.documents (issuer, kind, url, wanted_at, used_at) SELECT 'https://id.example', 'jwks', 'https://other.example/' || i, now(), now() FROM generate_series(1, 100) i;
SELECT test.want_again();
SELECT wanted_at FROM pgtoken.documents WHERE url = 'https://keyed.example/keys';
-- of another kind: who makes up names of clients does not keep the others from their keys
UPDATE pgtoken.documents SET kind = 'client_metadata' WHERE url LIKE 'https://other.example/%';
SELECT test.want_again();
SELECT wanted_at IS NOT NULL AS wanted FROM pgtoken.documents WHERE url = 'https://keyed.example/keys';
UPDATE pgtoken.documents SET wanted_at = NULL WHERE url = 'https://keyed.example/keys';
DELETE FROM pgtoken.courier_work WHERE url = 'https://keyed.example/keys';
DELETE FROM pgtoken.documents WHERE url LIKE 'https://other.example/%' AND url <> 'https://other.example/1';
SELECT test.want_again();
SELECT wanted_at IS NOT NULL AS wanted FROM pgtoken.documents WHERE url = 'https://keyed.example/keys';
-- Attack shut out: a client whose host is called code takes the place that one-time codes have.
SELECT pgtoken.courier_receiver(u) AS receiver FROM unnest('{https://CODE/logout,https://code.example/code,https://code:8443}'::text[]) u;
-- what names a document that is not there any more is no work
SELECT count(*) AS works FROM pgtoken.courier_take('test', '{document}');
SELECT count(*) FROM pgtoken.courier_work;

-- Attack shut out: documents that whoever likes names, at hosts that do not answer, take all that a courier does at a
-- time, and clients whose keys are at a URL cannot authenticate.
INSERT INTO pgtoken.documents (issuer, kind, url, wanted_at, used_at) SELECT 'https://id.example', k, 'https://slow-' || k || i || '.example/', now(), now() FROM unnest('{sector,client_metadata}'::text[]) k, generate_series(1, 50) i;
INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, url, payload, due_at, expires_at)
SELECT pgtoken.new_uuid(), 'document', d.issuer, pgtoken.courier_receiver(d.url), d.url, jsonb_build_object('kind', d.kind), now() - interval '1 second', now() + interval '1 hour' FROM pgtoken.documents d WHERE d.url LIKE 'https://slow-%';
INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, url, payload, due_at, expires_at)
SELECT pgtoken.new_uuid(), 'document', d.issuer, pgtoken.courier_receiver(d.url), d.url, jsonb_build_object('kind', d.kind), now(), now() + interval '1 hour' FROM pgtoken.documents d WHERE d.url = 'https://keyed.example/keys';
SELECT request ->> 'url' ~ 'slow' AS of_nobody, count(*) FROM pgtoken.courier_take('flooded', '{document}', 64) GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM pgtoken.courier_take('flooded', '{document}', 64);
SELECT count(*) FROM pgtoken.courier_take('another', '{document}', 64);
DELETE FROM pgtoken.documents WHERE url LIKE 'https://slow-%';

-- Whose work it is.
DELETE FROM pgtoken.courier_work;
INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, client_id, url, payload, created_at, due_at, expires_at)
SELECT format('00000000-0000-7000-8000-%s', lpad(i::text, 12, '0'))::uuid, 'logout', 'https://id.example', 'slow.example', 'web', 'https://slow.example/logout', '{"subject": "kim", "session_id": "s"}',
	   now(), now() - interval '2 minutes', now() + interval '1 day' FROM generate_series(1, 20) i;
INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, client_id, url, payload, created_at, due_at, expires_at)
SELECT '00000000-0000-7000-8000-000000000099', 'logout', 'https://id.example', 'quick.example', 'web', 'https://quick.example/logout', '{"subject": "kim", "session_id": "s"}', now(), now() - interval '1 minute', now() + interval '1 day';
-- Fault shut out: a receiver that does not answer has all couriers wait for it, and the others do not hear of a logout.
CREATE TABLE test.works AS SELECT * FROM pgtoken.courier_take('a', '{logout}', 100);
SELECT receiver, count(*), min(attempt) AS attempt FROM test.works GROUP BY receiver ORDER BY receiver;
SELECT count(*) AS nothing_more FROM pgtoken.courier_take('b', '{logout}', 100);
SELECT courier, state, count(*) FROM pgtoken.courier_queue GROUP BY courier, state ORDER BY 2, 1;
SELECT DISTINCT ON (receiver) receiver, request ->> 'url' AS url, request ->> 'content_type' AS content_type, split_part(request ->> 'body', '=', 1) AS parameter,
	   test.header(split_part(request ->> 'body', '=', 2)) ->> 'typ' AS typ, test.claims(split_part(request ->> 'body', '=', 2)) ->> 'sub' AS sub,
	   test.claims(split_part(request ->> 'body', '=', 2)) ->> 'aud' AS aud
FROM test.works ORDER BY receiver;
-- one that says itself that it is busy with a receiver is given others
UPDATE pgtoken.courier_work SET due_at = now(), courier = NULL, attempts = 0;
SELECT receiver FROM pgtoken.courier_take('a', '{logout}', 100, '{slow.example}');
SELECT count(*) AS of_other_kinds FROM pgtoken.courier_take('a', '{code,document}', 100);
SELECT count(*) AS three FROM pgtoken.courier_take('a', '{logout}', 3);
SELECT count(*) AS five FROM pgtoken.courier_take('b', '{logout}', 100);

-- Attack shut out: a courier that has lost its lease, or one that never had it, says what became of a work,
-- and it counts as delivered.
UPDATE pgtoken.courier_work SET due_at = now(), courier = NULL, attempts = 0;
SELECT work_id AS w, attempt AS n FROM pgtoken.courier_take('a', '{logout}', 1, '{slow.example}') \gset
UPDATE pgtoken.courier_work SET due_at = now() WHERE work_id = :'w';
SELECT work_id = :'w' AS taken_again, attempt FROM pgtoken.courier_take('b', '{logout}', 1, '{slow.example}');
SELECT pgtoken.courier_done(:'w', :n, '{"status": 204}') IS NULL AS lost, pgtoken.courier_done(:'w', 7, '{"status": 204}') IS NULL AS never_had,
	   pgtoken.courier_done('00000000-0000-7000-8000-000000000001', 0, '{"status": 204}') IS NULL AS not_taken, pgtoken.courier_done(gen_random_uuid(), 1, '{"status": 204}') IS NULL AS not_there;
SELECT pgtoken.courier_done(:'w', 2, '{"status": 204}') AS its_own, pgtoken.courier_done(:'w', 2, '{"status": 204}') IS NULL AS again;
SELECT n, test.outcome(format('SELECT pgtoken.courier_done(%L, 2, %L)', :'w', result)) FROM (VALUES (1, '{}'), (2, '[]'), (3, '{"status": 204, "error": "x"}'), (4, 'null')) v (n, result) ORDER BY n;
SELECT test.outcome($$SELECT pgtoken.courier_take('', '{logout}')$$), test.outcome($$SELECT pgtoken.courier_take('a', NULL)$$), test.outcome($$SELECT pgtoken.courier_take('a', '{logout}', 101)$$),
	   test.outcome($$SELECT pgtoken.courier_hello(NULL, '{}')$$), test.outcome($$SELECT pgtoken.courier_hello('a', '{NULL}')$$), test.outcome(format('SELECT pgtoken.courier_hello(%L, %L)', 'a', array_fill('x'::text, '{21}')));
SELECT event, reason, client_id, subject, detail - 'work_id' AS detail FROM pgtoken.audit_events WHERE event LIKE 'courier.%' ORDER BY occurred_at;

-- When is the next due?
DELETE FROM pgtoken.courier_work WHERE work_id <> '00000000-0000-7000-8000-000000000001';
UPDATE pgtoken.courier_work SET due_at = now() - interval '1 hour';
SELECT pgtoken.courier_next() AS now;
UPDATE pgtoken.courier_work SET due_at = now() + interval '1 hour';
SELECT pgtoken.courier_next() BETWEEN '59 minutes' AND '1 hour' AS in_an_hour;

-- Later each time, with an end.
CREATE FUNCTION test.waits(attempt integer) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
	UPDATE pgtoken.courier_work SET attempts = attempt, courier = 'a', due_at = now(), dead_at = NULL;
	IF pgtoken.courier_done('00000000-0000-7000-8000-000000000001', attempt, '{"error": "the answer was 503"}') <> 'again' THEN
		RETURN NULL;
	END IF;
	RETURN (SELECT extract(epoch FROM w.due_at - now()) FROM pgtoken.courier_work w);
END
$$;
SELECT attempts, min(waits) >= least(5 * 3 ^ (attempts - 1), 3600) / 2 AS not_sooner, max(waits) <= least(5 * 3 ^ (attempts - 1), 3600) * 1.5 AS not_later, count(DISTINCT waits) > 10 AS jitter
FROM (SELECT a AS attempts, test.waits(a) AS waits FROM generate_series(1, 9) a, generate_series(1, 20)) x GROUP BY attempts ORDER BY attempts;
-- as the receiver has asked, but for no longer than a day, when it is dead by then
UPDATE pgtoken.courier_work SET attempts = 1, courier = 'a', expires_at = now() + interval '2 days';
SELECT pgtoken.courier_done('00000000-0000-7000-8000-000000000001', 1, '{"error": "the answer was 429", "retry_after": 7200}') AS outcome;
SELECT round(extract(epoch FROM due_at - now()) / 60) AS minutes, state FROM pgtoken.courier_queue;
UPDATE pgtoken.courier_work SET attempts = 10, courier = 'a';
SELECT pgtoken.courier_done('00000000-0000-7000-8000-000000000001', 10, '{"error": "the answer was 503"}') AS outcome;
SELECT kind, issuer, client_id, receiver, attempts, last_error FROM pgtoken.courier_dead_letters;
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'courier deliveries';
SELECT count(*) AS taken FROM pgtoken.courier_take('a', '{logout}');
SELECT pgtoken.courier_next() IS NULL AS nothing_due, pgtoken.courier_retry(gen_random_uuid()) AS another, pgtoken.courier_retry('00000000-0000-7000-8000-000000000001') AS retried;
SELECT state, attempts FROM pgtoken.courier_queue;
-- one that cannot come right, one that nobody has finished as often as it is tried, one that is too late
SELECT pgtoken.courier_done(work_id, attempt, '{"error": "the answer was 400", "permanent": true}') AS permanent FROM pgtoken.courier_take('a', '{logout}');
SELECT pgtoken.courier_retry('00000000-0000-7000-8000-000000000001') AS retried;
UPDATE pgtoken.courier_work SET attempts = 10, courier = 'a', last_error = NULL;
SELECT count(*) AS taken FROM pgtoken.courier_take('a', '{logout}');
SELECT last_error FROM pgtoken.courier_dead_letters;
SELECT pgtoken.courier_retry('00000000-0000-7000-8000-000000000001') AS retried;
UPDATE pgtoken.courier_work SET expires_at = now();
SELECT count(*) AS taken FROM pgtoken.courier_take('a', '{logout}');
SELECT last_error FROM pgtoken.courier_dead_letters;
-- one that cannot be made does not keep the others
SELECT pgtoken.courier_retry('00000000-0000-7000-8000-000000000001') AS retried;
UPDATE pgtoken.courier_work SET client_id = 'nobody', last_error = NULL;
INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, client_id, url, payload, due_at, expires_at)
SELECT '00000000-0000-7000-8000-000000000099', 'logout', 'https://id.example', 'quick.example', 'web', 'https://quick.example/logout', '{"subject": "kim", "session_id": "s"}', now() + interval '1 second', now() + interval '1 day';
UPDATE pgtoken.courier_work SET due_at = now();
SELECT receiver FROM pgtoken.courier_take('a', '{logout}');
SELECT receiver, courier, last_error FROM pgtoken.courier_queue ORDER BY receiver;
SELECT event, reason, count(*) FROM pgtoken.audit_events WHERE event LIKE 'courier.%' GROUP BY event, reason ORDER BY event, reason COLLATE "C";
UPDATE pgtoken.courier_work SET dead_at = now();
SELECT pgtoken.courier_forget('00000000-0000-7000-8000-000000000099') AS one, pgtoken.courier_forget() AS all_others, pgtoken.courier_forget() AS none;

-- Logout (OpenID Connect Back-Channel Logout): the tokens go out by the courier.
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://id.example', logout_delivery => 'post')$$);
SELECT pgtoken.update_issuer('https://id.example', logout_delivery => 'courier', code_delivery => 'courier');
SELECT client_id FROM pgtoken.create_client('told', redirect_uris => '{https://told.example/cb}', metadata => '{"backchannel_logout_uri": "https://Told.example:8443/logout?x=1"}');
SELECT decision FROM pgtoken.issue_tokens('told', 'tina', 'openid', session_id => 'on-the-sofa');
SELECT decision FROM pgtoken.issue_tokens('told', 'tina', 'openid', session_id => 'on-the-road');
SELECT * FROM pgtoken.end_session('tina');
SELECT kind, receiver, client_id, url, payload FROM pgtoken.courier_work ORDER BY payload ->> 'session_id' COLLATE "C";
CREATE TABLE test.logouts AS SELECT t.*, split_part(request ->> 'body', 'logout_token=', 2) AS token FROM pgtoken.courier_take('test', '{logout}') t;
SELECT test.claims(token) - '{iat,exp,jti}'::text[] AS claims, (test.claims(token) ->> 'exp')::bigint - (test.claims(token) ->> 'iat')::bigint AS lives FROM test.logouts ORDER BY test.claims(token) ->> 'sid' COLLATE "C";
-- at the next attempt it is another token, and as fresh
SELECT pgtoken.courier_done(work_id, attempt, '{"error": "no answer"}') FROM test.logouts LIMIT 1;
UPDATE pgtoken.courier_work SET due_at = now() - interval '1 second' WHERE courier IS NULL;
SELECT count(*) AS taken, bool_and(split_part(t.request ->> 'body', 'logout_token=', 2) <> l.token) AS another FROM pgtoken.courier_take('test', '{logout}') t JOIN test.logouts l USING (work_id);
SELECT pgtoken.courier_done(w.work_id, w.attempts, '{"status": 200}') FROM pgtoken.courier_work w;
SELECT event, client_id, subject, detail - 'work_id' AS detail FROM pgtoken.audit_events WHERE event LIKE 'courier.%' AND subject = 'tina' ORDER BY detail ->> 'attempts';

-- One-time codes
CREATE FUNCTION test.step_up_code(of_subject text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	factor uuid;
	transaction text;
	rt text;
BEGIN
	factor := coalesce((SELECT f.factor_id FROM pgtoken.factors f WHERE f.subject = of_subject), (pgtoken.enroll_factor(of_subject, 'email', label => of_subject || '@mail.example') ->> 'factor_id')::uuid);
	SELECT r.refresh_token INTO rt FROM pgtoken.issue_tokens('app', of_subject, 'openid offline_access', acr => 'pwd') r;
	SELECT r.transaction_id INTO transaction FROM pgtoken.refresh_grant(rt, 'app', acr_values => '{mfa}') r;
	RETURN (SELECT coalesce(c ->> 'error', 'sent' || CASE WHEN c ? 'code' THEN ' and shown' ELSE '' END) FROM pgtoken.challenge(transaction, factor, 'outbox') c);
END
$$;
CREATE FUNCTION test.code_brief(request jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
	RETURN request - '{code,expires_at}'::text[] || jsonb_build_object('digits', length(request ->> 'code'), 'alive', (request ->> 'expires_at')::timestamptz > now());
SELECT test.step_up_code('cora');
SELECT count(*) AS for_the_application FROM pgtoken.take_challenge_codes();
SELECT kind, receiver, client_id, payload, expires_at > now() AS alive FROM pgtoken.courier_work;
-- Attack shut out: who reads the queue, or its backup, has the code.
SELECT count(*) AS codes_to_be_read FROM pgtoken.courier_work w, pgtoken.courier_take('test', '{code}') t
WHERE w.work_id = t.work_id AND strpos(w::text || (SELECT c::text FROM pgtoken.challenge_codes c WHERE c.code_id = w.work_id), t.request ->> 'code') > 0;
UPDATE pgtoken.courier_work SET due_at = now() - interval '1 second', courier = NULL;
CREATE TABLE test.codes AS SELECT * FROM pgtoken.courier_take('test', '{code}');
SELECT attempt, receiver, test.code_brief(request) AS request FROM test.codes;
SELECT pgtoken.courier_done(work_id, attempt, '{"status": 250}') FROM test.codes;
SELECT (SELECT count(*) FROM pgtoken.challenge_codes) AS codes, (SELECT count(*) FROM pgtoken.courier_work) AS works;
SELECT event, subject, client_id, detail - 'work_id' AS detail FROM pgtoken.audit_events WHERE event LIKE 'courier.%' AND subject = 'cora';
-- one that has expired is never sent, and not tried again
SELECT test.step_up_code('cleo');
UPDATE pgtoken.courier_work SET expires_at = now();
SELECT count(*) AS sent FROM pgtoken.courier_take('test', '{code}');
SELECT kind, receiver, last_error, pgtoken.courier_retry(work_id) AS retried FROM pgtoken.courier_dead_letters;
SELECT pgtoken.courier_forget();
-- nor is one whose user has been logged out everywhere, or whose factor is gone
SELECT test.step_up_code('carl'), test.step_up_code('cato');
SELECT count(*) FROM pgtoken.end_session('carl', offline => true);
SELECT pgtoken.remove_factor('cato', f.factor_id) FROM pgtoken.factors f WHERE f.subject = 'cato';
SELECT count(*) AS sent FROM pgtoken.courier_take('test', '{code}');
SELECT count(*) AS works FROM pgtoken.courier_work;
-- Attack shut out: who can write into the table has the code sent to himself.
SELECT test.step_up_code('cass'), pgtoken.enroll_factor('mallory2', 'email', label => 'mallory@mail.example') ->> 'state' AS of_mallory;
UPDATE pgtoken.challenge_codes SET subject = 'mallory2', factor_id = (SELECT f.factor_id FROM pgtoken.factors f WHERE f.subject = 'mallory2') WHERE subject = 'cass';
SET client_min_messages = error;
SELECT count(*) AS sent FROM pgtoken.courier_take('test', '{code}');
RESET client_min_messages;
SELECT last_error FROM pgtoken.courier_queue;
DELETE FROM pgtoken.courier_work;

-- What does not work where nobody is there
SELECT check_name, ok, detail FROM pgtoken.health() WHERE check_name LIKE 'courier%';
UPDATE pgtoken.couriers SET seen_at = now() - interval '61 seconds';
SELECT check_name, ok, detail FROM pgtoken.health() WHERE check_name LIKE 'courier%';
SELECT test.courier();
INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, client_id, url, payload, due_at, expires_at)
SELECT pgtoken.new_uuid(), 'logout', 'https://id.example', 'slow.example', 'web', 'https://slow.example/logout', '{"subject": "kim", "session_id": "s"}', now() - interval '6 minutes', now() + interval '1 day';
SELECT check_name, ok, detail FROM pgtoken.health() WHERE check_name LIKE 'courier%';

-- Attack shut out: a copy of the database, restored for a test, tells the clients of the original that their users have logged out.
SET pgtoken.installation_id = '5ba4e6a1-0f0c-4b6e-9c1d-2f6a3c1d7e90';
SELECT count(*) AS by_a_copy FROM pgtoken.courier_take('test', '{logout,document,code}');
RESET pgtoken.installation_id;
SELECT count(*) AS by_the_original FROM pgtoken.courier_take('test', '{logout,document,code}');

-- Keys that stand in the metadata need no courier, and nothing is fetched for them.
DELETE FROM pgtoken.documents;
DELETE FROM pgtoken.courier_work;
SELECT pgtoken.update_client('https://keyed.example', metadata => jsonb_build_object('jwks', test.keys()::jsonb, 'jwks_uri', NULL));
SELECT test.assertion() AS assertion \gset
SELECT test.by_key(regexp_replace(:'assertion', '[^.]*$', repeat('A', 86))) AS forged, test.by_key(:'assertion') AS its_own;
SELECT (SELECT count(*) FROM pgtoken.documents) AS documents, (SELECT count(*) FROM pgtoken.courier_work) AS works;

-- What nobody needs any more is forgotten.
DELETE FROM pgtoken.courier_work;
DELETE FROM pgtoken.documents;
INSERT INTO pgtoken.documents (issuer, kind, url, body, fetched_at, fresh_until, used_at, wanted_at)
SELECT 'https://id.example', k, 'https://x.example/' || i, b, now(), now(), now() - u, w
FROM (VALUES (1, 'jwks', NULL, interval '2 days', NULL), (2, 'jwks', '{}', interval '2 days', NULL), (3, 'jwks', '{}', interval '31 days', NULL), (4, 'jwks', NULL, interval '2 days', now()),
	(5, 'client_metadata', '{}', interval '2 days', NULL), (6, 'sector', '[]', interval '2 days', NULL), (7, 'client_metadata', '{}', interval '1 hour', NULL)) v (i, k, b, u, w);
INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, created_at, expires_at, dead_at)
SELECT pgtoken.new_uuid(), 'logout', 'https://id.example', 'x.example', now() - a, now() - a, d FROM (VALUES (interval '31 days', now() - interval '31 days'), (interval '29 days', now() - interval '29 days'), (interval '31 days', NULL)) v (a, d);
SELECT step, detail FROM pgtoken.purge_batch('documents', 1000, true);
SELECT step, detail FROM pgtoken.purge_batch('courier_work', 1000, true);
SELECT url FROM pgtoken.documents ORDER BY url;
SELECT count(*), count(dead_at) FROM pgtoken.courier_work;

-- as it was, for the other tests
DELETE FROM pgtoken.courier_work;
DELETE FROM pgtoken.documents;
DELETE FROM pgtoken.couriers;
DELETE FROM pgtoken.challenge_codes;
SELECT pgtoken.update_issuer('https://id.example', logout_delivery => 'application', code_delivery => 'application');
SELECT pgtoken.update_client('https://keyed.example', enabled => false);
RESET pgtoken.courier_lease;
