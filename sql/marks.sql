-- Marks: a request id and a trace, from where they are believed, to the audit, the log of
-- refusals, the courier and the answer; and back from them to the events.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('marked', offline_access => true, scopes => '{openid}', metadata => '{"grant_types": ["client_credentials", "refresh_token"]}');
SELECT pgtoken.create_resource('https://marked.example', '{marked.read}');
SELECT pgtoken.update_client('marked', scopes => '{openid,marked.read}');
\set trace 4bf92f3577b34da6a3ce929d0e0e4736
\set span 00f067aa0ba902b7
\set uuid7 '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
-- A token, what the answer says of its request, and what the ledger keeps: in so many bytes.
CREATE FUNCTION test.marked(sent text[] DEFAULT '{}', peer jsonb DEFAULT '{}', OUT status integer, OUT answered text, OUT kept text, OUT trace_id text, OUT span_id text, OUT bytes integer) LANGUAGE plpgsql AS $$
DECLARE
	answer record;
BEGIN
	SELECT h.* INTO answer FROM pgtoken_http.handle('POST', '/oauth2/token', ARRAY['Host', 'id.example', 'Content-Type', 'application/x-www-form-urlencoded',
		'Authorization', test.basic('marked') ->> 'authorization'] || sent, 'grant_type=client_credentials', peer) h;
	status := answer.status;
	SELECT answer.headers[i + 1] INTO answered FROM generate_series(1, cardinality(answer.headers), 2) i WHERE answer.headers[i] = 'X-Request-Id';
	SELECT pgtoken.request_id_of(t.mark), pgtoken.trace_id_of(t.mark), pgtoken.span_id_of(t.mark), length(t.mark) INTO kept, trace_id, span_id, bytes
	FROM pgtoken.tokens t WHERE t.client_id = 'marked' ORDER BY t.issued_at DESC LIMIT 1;
END
$$;

-- Made where nobody says one, and the same in the answer and the ledger.
SELECT m.status, m.answered ~ :'uuid7' AS made, m.answered = m.kept AS same, m.trace_id, m.bytes FROM test.marked() m;
SELECT m.kept ~ :'uuid7' AS made, m.trace_id, m.span_id, m.bytes FROM test.marked('{traceparent,00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01}') m;
-- C166. Attack shut out: a client that names its own request as another's is named, where nobody vouches for it.
SET pgtoken.http_request_id_header = 'X-Request-ID';
SELECT m.kept ~ :'uuid7' AS made FROM test.marked('{X-Request-ID,stolen-1}') m;
SELECT m.kept ~ :'uuid7' AS made FROM test.marked('{X-Request-ID,stolen-1}', '{"proxied": true, "request_id": "stolen-2"}') m;
SELECT set_config('pgtoken.http_authenticator', quote_ident(session_user), false) <> '' AS layer;
SELECT m.kept ~ :'uuid7' AS made FROM test.marked('{X-Request-ID,stolen-1}') m;
-- Vouched for: by the layer, or by a proxy that it vouches for; the layer's word comes first.
SELECT m.answered, m.kept, m.bytes FROM test.marked('{X-Request-ID,edge-7/42}', '{"proxied": true}') m;
SELECT m.answered, m.kept, m.bytes FROM test.marked('{X-Request-ID,edge-7/42}', '{"proxied": true, "request_id": "0123456789abcdef0123456789abcdef"}') m;
SELECT m.answered, m.kept, m.trace_id, m.bytes FROM test.marked(ARRAY['TraceParent', format('00-%s-%s-00', :'trace', :'span')], '{"request_id": "01a223f2-2e35-79d2-aa6d-88bad1ca4616"}') m;
-- Attack shut out: what would break a line of a log, or flood it, is no id, nor are two of them.
SELECT m.kept ~ :'uuid7' AS made FROM unnest(ARRAY[E'a\r\nSet-Cookie: a=b', 'a b', 'a"b', '', repeat('a', 101)]) i, test.marked('{}', jsonb_build_object('request_id', i)) m;
SELECT m.kept ~ :'uuid7' AS made FROM test.marked('{X-Request-ID,a,x-request-id,b}', '{"proxied": true}') m;
SELECT length(m.kept) FROM test.marked('{}', jsonb_build_object('request_id', repeat('a', 100))) m;
-- C165. Attack shut out: a traceparent that others would read otherwise is none: two, capitals, zeros, of version ff, of 00 with more behind it.
SELECT t, m.trace_id FROM unnest(ARRAY[format('00-%s-%s-01, 00-%s-%s-01', :'trace', :'span', :'trace', :'span'), format('00-%s-%s-01', upper(:'trace'), :'span'), format('00-%s-%s-01', repeat('0', 32), :'span'),
	format('ff-%s-%s-01', :'trace', :'span'), format('00-%s-%s-01-', :'trace', :'span'), format('01-%s-%s-01-more', :'trace', :'span')]) WITH ORDINALITY u (t, n), test.marked(ARRAY['traceparent', t]) m ORDER BY n;
SET pgtoken.http_trace_context = off;
SELECT m.trace_id FROM test.marked(ARRAY['traceparent', format('00-%s-%s-01', :'trace', :'span')]) m;
RESET pgtoken.http_trace_context;
-- Not answered where it is turned off, nor where others may keep the answer; what is kept stays the same.
SET pgtoken.http_answer_request_id = off;
SELECT m.answered, m.kept FROM test.marked('{}', '{"request_id": "silent"}') m;
RESET pgtoken.http_answer_request_id;
SELECT h.status, 'X-Request-Id' = ANY (h.headers) AS answered FROM unnest('{/oauth2/jwks,/nothing,/oauth2/userinfo}'::text[]) p, pgtoken_http.handle('GET', p, '{Host,id.example}', NULL) h;
-- an API's answer has it as well
SELECT a.status, a.headers @> '{X-Request-Id,of-an-api}' AS answered FROM pgtoken_http.admit('GET', '/orders', '{}', '{"request_id": "of-an-api"}') a;
-- as nginx says it to PostgREST; what a client sends under that name is its header, and no word of the proxy's
BEGIN;
SELECT set_config('request.headers', jsonb_build_object('pgtoken-method', 'POST', 'pgtoken-target', '/oauth2/token', 'pgtoken-host', 'id.example', 'pgtoken-request-id', 'of-nginx',
	'pgtoken-content-type', 'application/x-www-form-urlencoded')::text, true) <> '' AS asked;
SELECT convert_from(pgtoken_postgrest.handle('grant_type=client_credentials'), 'UTF8')::jsonb ->> 'error' AS error;
SELECT h FROM jsonb_array_elements(current_setting('response.headers')::jsonb) h WHERE h ? 'X-Request-Id';
COMMIT;

-- To the events of a request and a trace, and no others; a refusal says which request it was.
SELECT test.courier();
SELECT m.status FROM test.marked(ARRAY['traceparent', format('00-%s-00000000000000aa-01', repeat('ab', 16))], '{"request_id": "find-me-1"}') m;
SELECT h.status FROM pgtoken_http.handle('POST', '/oauth2/token', ARRAY['Host', 'id.example', 'Content-Type', 'application/x-www-form-urlencoded', 'Authorization', 'Basic bWFya2VkOndyb25n',
	'traceparent', format('00-%s-00000000000000bb-01', repeat('ab', 16))], 'grant_type=client_credentials', '{"request_id": "find-me-2"}') h;
SELECT e.event, e.request_id, e.span_id FROM pgtoken.audit_by_request(trace_id => repeat('ab', 16)) e;
SELECT e.event, e.client_id, e.trace_id = repeat('ab', 16) AS of_the_trace FROM pgtoken.audit_by_request('find-me-2') e;
SELECT count(*) AS of_another_trace FROM pgtoken.audit_by_request('find-me-2', :'trace');
SELECT count(*) AS of_another_time FROM pgtoken.audit_by_request('find-me-2', since => now() - interval '2 hours', until => now() - interval '1 hour');
SELECT r.endpoint, r.reason, r.request_id FROM pgtoken.refused_requests('marked', 1) r;
SELECT e.request_id FROM pgtoken.audit_by_subject('client:marked') e WHERE e.request_id LIKE 'find-me%' ORDER BY 1;
-- an id that tells its time is looked for there, and nowhere else
SELECT m.kept AS made FROM test.marked() m \gset
SELECT count(*) AS found FROM pgtoken.audit_by_request(:'made');
SELECT count(*) AS then_it_was_not FROM pgtoken.audit_by_request('00000000-0001-7000-8000-000000000000');
SELECT test.outcome($$SELECT * FROM pgtoken.audit_by_request()$$);
SELECT test.outcome($$SELECT * FROM pgtoken.audit_by_request(trace_id => 'ABC')$$);

-- What is raised says in the server's log which request it was.
CREATE FUNCTION test.context_of_error(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	context text;
BEGIN
	EXECUTE statement;
	RETURN 'nothing was raised';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	RETURN concat_ws(' ', SQLSTATE, substring(context FROM 'pgtoken, .*?(?=\n|$)'));
END
$$;
SET pgtoken.http_issuer = 'https://nowhere.example';
SELECT test.context_of_error($$SELECT pgtoken_http.handle('GET', '/oauth2/jwks', '{traceparent,00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01}', NULL, '{"request_id": "raises-1"}')$$);
RESET pgtoken.http_issuer;

-- An application marks its own calls, until its transaction ends.
BEGIN;
SELECT pgtoken.mark_request('app-1', format('00-%s-%s-01', repeat('cd', 16), :'span'));
SELECT decision, grant_id, refresh_token FROM pgtoken.issue_tokens('marked', 'mark-ann', 'openid offline_access') \gset
SELECT pgtoken.mark_request('app-2');
SELECT decision FROM pgtoken.refresh_grant(:'refresh_token', 'marked', (SELECT client_secret FROM test.clients WHERE client_id = 'marked'));
SELECT pgtoken.mark_request() ~ :'uuid7' AS made;
SELECT (pgtoken.revoke_family(:'grant_id', 'marked')).client_id;
COMMIT;
SELECT count(*) FROM pgtoken.issue_tokens('marked', 'mark-bob', 'openid');
SELECT e.event, e.subject, regexp_replace(e.request_id, :'uuid7', 'made') AS request_id, e.trace_id FROM pgtoken.audit_events e WHERE e.subject IN ('mark-ann', 'mark-bob') OR e.grant_id = :'grant_id' ORDER BY e.occurred_at, e.event_id;
-- one that was rolled back leaves nothing behind
BEGIN;
SELECT pgtoken.mark_request('gone');
ROLLBACK;
SELECT pgtoken.current_mark() IS NULL AS forgotten;
SELECT test.outcome($$SELECT pgtoken.mark_request('a b')$$);
SELECT test.outcome($$SELECT pgtoken.mark_request(traceparent => '00-1-2-01')$$);
SET ROLE pgtoken_auditor;
SELECT pgtoken.mark_request('x');
SELECT count(*) > 0 AS seen FROM pgtoken.audit_events e WHERE e.request_id = 'app-1' AND e.trace_id IS NOT NULL AND e.span_id IS NOT NULL;
RESET ROLE;

-- The courier is told of what has caused its work, and what becomes of it is of that request.
SELECT pgtoken.update_client('marked', metadata => '{"backchannel_logout_uri": "https://marked.example/logout"}');
SELECT pgtoken.update_issuer('https://id.example', logout_delivery => 'courier');
SELECT count(*) FROM pgtoken.issue_tokens('marked', 'mark-eve', 'openid', session_id => 'eve-1');
BEGIN;
SELECT pgtoken.mark_request('logs-out', format('00-%s-%s-01', :'trace', :'span'));
SELECT count(*) FROM pgtoken.end_session('mark-eve', 'eve-1');
COMMIT;
SELECT w.work_id, w.attempt, w.kind, w.request -> 'request_id' AS request_id, w.request -> 'traceparent' AS traceparent FROM pgtoken.courier_take('marks', '{logout}', 100) w WHERE w.request ->> 'request_id' = 'logs-out' \gset
SELECT :'kind' AS kind, :'request_id' AS request_id, :'traceparent' AS traceparent;
SELECT pgtoken.courier_done(:'work_id', :attempt, '{"status": 200}');
SELECT e.event, e.trace_id = :'trace' AS of_the_trace FROM pgtoken.audit_by_request('logs-out') e ORDER BY e.event COLLATE "C";

-- Attack shut out: a mark is put into, taken from or changed in a row of the audit: its leaf shows that.
SELECT l ->> 'table' AS of_table, l -> 'columns' -> -3 AS id, l -> 'columns' -> -2 AS trace, l -> 'columns' -> -1 AS span
FROM (SELECT pgtoken.audit_leaf_json(a, false)::jsonb AS l, a.occurred_at FROM pgtoken.audit_rows a WHERE pgtoken.request_id_of(a.mark) IN ('find-me-2')) v ORDER BY occurred_at;
SELECT l ->> 'table' AS of_table, l -> 'columns' -> -3 AS id, l -> 'columns' -> -2 AS trace
FROM (SELECT pgtoken.audit_leaf_json(t, false)::jsonb AS l FROM pgtoken.tokens t WHERE pgtoken.request_id_of(t.mark) = 'app-2') v;
SELECT count(DISTINCT v.l ->> 'leaf') AS leaves FROM pgtoken.audit_rows a,
	LATERAL (SELECT pgtoken.audit_leaf_json(jsonb_populate_record(a, jsonb_build_object('mark', m)), false)::jsonb AS l FROM unnest(ARRAY[a.mark::text, NULL, '\x0661', '\x0662', '\xff']) m) v
WHERE pgtoken.request_id_of(a.mark) = 'find-me-2';
SELECT regexp_replace(test.outcome(format($$UPDATE pgtoken.audit_rows SET mark = NULL WHERE grant_id = %L$$, :'grant_id')), '"[a-z0-9_]+"', 'of the audit') AS outcome;
-- what is none says nothing
SELECT pgtoken.request_id_of(m) AS id, pgtoken.trace_id_of(m) AS trace, pgtoken.span_id_of(m) AS span, pgtoken.traceparent_of(m) AS traceparent FROM unnest('{"\\x","\\xff","\\x0661"}'::bytea[]) m;
SELECT pgtoken.update_issuer('https://id.example', logout_delivery => 'application');
RESET pgtoken.http_request_id_header;
RESET pgtoken.http_authenticator;
DROP FUNCTION test.marked, test.context_of_error;
