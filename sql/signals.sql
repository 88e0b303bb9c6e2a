-- Shared signals: what is told of sessions and accounts, to whom, pushed, polled and as
-- webhooks, and what receivers may do about it.
\set SHOW_CONTEXT never
-- however slow this is
SET pgtoken.courier_lease = '1h';
SELECT test.courier('{document,logout,code,signal}');
\set issuer 'https://signals.example/t1'
SELECT pgtoken.create_issuer('https://signals.example/t1');
SELECT length(pgtoken.create_signing_key('ES256', 'https://signals.example/t1')) AS kid_length;
SELECT pgtoken.update_issuer('https://signals.example/t1', webauthn_rp_id => 'signals.example');
SET pgtoken.http_issuer = 'https://signals.example/t1';
CREATE FUNCTION test.receiver(of_client text, scopes text[] DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	INSERT INTO test.clients SELECT * FROM pgtoken.create_client(of_client, offline_access => true, scopes => scopes || '{openid,notes}'::text[], redirect_uris => '{https://rp.example/cb}', issuer => 'https://signals.example/t1',
		metadata => '{"grant_types": ["authorization_code", "refresh_token", "client_credentials"], "backchannel_logout_uri": "https://rp.example/logout"}') RETURNING client_id
$$;

-- One request of a receiver, over HTTP.
CREATE FUNCTION test.receive(method text, path text, body text DEFAULT NULL, token text DEFAULT NULL, type text DEFAULT 'application/json') RETURNS test.answer LANGUAGE sql
BEGIN ATOMIC
	SELECT h.status, CASE WHEN h.body <> '' THEN convert_from(h.body, 'UTF8')::jsonb END,
		   (SELECT jsonb_object_agg(lower(h.headers[i]), h.headers[i + 1]) FROM generate_series(1, cardinality(h.headers), 2) i)
	FROM pgtoken_http.handle(method, '/t1/oauth2/signals/' || path, ARRAY['host', 'signals.example', 'content-type', type] || CASE WHEN token IS NULL THEN '{}' ELSE ARRAY['authorization', 'Bearer ' || token] END,
							 convert_to(body, 'UTF8'), '{}') h;
END;
CREATE FUNCTION test.own_token(of_client text, scope text) RETURNS text LANGUAGE sql
	RETURN (SELECT r.body ->> 'access_token' FROM pgtoken_http.handle('POST', '/t1/oauth2/token', ARRAY['host', 'signals.example', 'content-type', 'application/x-www-form-urlencoded', 'authorization', test.basic(of_client) ->> 'authorization'],
			convert_to(test.form('grant_type', 'client_credentials', 'scope', scope), 'UTF8'), '{}') h, LATERAL (SELECT convert_from(h.body, 'UTF8')::jsonb) r (body));
CREATE TABLE test.receivers (name text PRIMARY KEY, token text);
-- what is answered, without what differs each time
CREATE FUNCTION test.signal_answer(a test.answer) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN concat_ws(' ', a.status, CASE WHEN a.body ? 'error' THEN concat_ws(': ', a.body ->> 'error', a.body ->> 'error_description') ELSE
		regexp_replace(regexp_replace((a.body - '{events_supported}'::text[])::text, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'ID', 'g'), 'https://schemas.openid.net/secevent/[a-z]+/event-type/', '', 'g') END, a.headers ->> 'www-authenticate');
CREATE FUNCTION test.as(name text, method text, path text, body text DEFAULT NULL) RETURNS test.answer LANGUAGE sql
	RETURN test.receive(method, path, body, (SELECT r.token FROM test.receivers r WHERE r.name = "as".name));

-- Nothing is announced and nothing answers where no client may have streams.
SELECT status, body FROM test.request('GET', '/.well-known/ssf-configuration/t1', '', '{"host": "signals.example"}');
SELECT test.signal_answer(test.receive('GET', 'streams')) AS streams, test.signal_answer(test.receive('POST', 'poll/x', '{}')) AS poll;
SELECT test.receiver('sig-rp', '{ssf.manage}') || ' ' || test.receiver('sig-reader', '{ssf.read}') || ' ' || test.receiver('sig-other', '{ssf.manage}') || ' ' || test.receiver('sig-app') AS clients;
SELECT jsonb_pretty(body) AS configuration, headers ->> 'cache-control' AS cached FROM test.request('GET', '/.well-known/ssf-configuration/t1', '', '{"host": "signals.example"}');
SELECT status FROM test.request('GET', '/t1/.well-known/ssf-configuration', '', '{"host": "signals.example"}');

-- Attack shut out: streams that anybody makes: without a token, with one of a user's, for another API, without the scope, or that only reads.
INSERT INTO test.receivers VALUES ('sig-rp', test.own_token('sig-rp', 'ssf.manage')), ('sig-reader', test.own_token('sig-reader', 'ssf.read')), ('sig-other', test.own_token('sig-other', 'ssf.manage')), ('no scope', test.own_token('sig-rp', 'notes')),
	('user', (SELECT r.access_token FROM pgtoken.issue_tokens('sig-rp', 'mallory', 'ssf.manage') r));
INSERT INTO test.receivers SELECT 'forged', regexp_replace(token, '[^.]*$', repeat('A', 86)) FROM test.receivers WHERE name = 'sig-rp';
INSERT INTO test.receivers VALUES ('none');
SELECT name, test.signal_answer(test.as(name, 'POST', 'streams', '{}')) AS makes, test.signal_answer(test.as(name, 'GET', 'streams')) AS reads FROM unnest('{none,forged,user,no scope,sig-reader}'::text[]) name;

-- A stream: polled unless it is said; what is not a receiver's to say is refused, and what a stream cannot be
SELECT n, test.signal_answer(test.as('sig-rp', 'POST', 'streams', body)) AS refused
FROM (VALUES (1, '['), (2, '{"a": 1, "a": 2}'), (3, '{"delivery": 1}'), (4, '{"delivery": {"method": 1}}'), (5, '{"delivery": {"method": "urn:example"}}'), (6, '{"delivery": {"method": "urn:ietf:rfc:8935"}}'),
	(7, '{"delivery": {"method": "urn:ietf:rfc:8935", "endpoint_url": "http://rp.example/"}}'), (8, '{"delivery": {"method": "urn:ietf:rfc:8935", "endpoint_url": "https://a:b@rp.example/"}}'),
	(9, '{"delivery": {"method": "urn:ietf:rfc:8935", "endpoint_url": "https://rp.example/", "authorization_header": "Bearer a\r\nHost: b"}}'), (10, '{"delivery": {"method": "urn:ietf:rfc:8936", "authorization_header": "Bearer a"}}'),
	(11, '{"events_requested": "all"}'), (12, '{"events_requested": [1]}'), (13, jsonb_build_object('events_requested', ARRAY(SELECT 'urn:' || i FROM generate_series(1, 51) i))::text), (14, '{"iss": "https://evil.example"}'),
	(15, '{"aud": "sig-other"}'), (16, jsonb_build_object('description', repeat('x', 1001))::text), (17, 'null'), (18, '[]'), (19, '{"description": null}'), (20, '{"min_verification_interval": 0}')) v (n, body) ORDER BY n;
SELECT test.signal_answer(test.receive('POST', 'streams', '{}', token, 'text/plain')) AS not_json FROM test.receivers WHERE name = 'sig-rp';
SELECT count(*) AS streams FROM pgtoken.signal_streams;
SELECT test.as('sig-rp', 'POST', 'streams', '{"description": "polled", "events_requested": ["https://schemas.openid.net/secevent/caep/event-type/session-revoked", "https://schemas.openid.net/secevent/caep/event-type/credential-change",
	"https://schemas.openid.net/secevent/caep/event-type/assurance-level-change", "https://schemas.openid.net/secevent/caep/event-type/token-claims-change", "urn:example:unknown"]}') AS made \gset
SELECT test.signal_answer(:'made'::test.answer) AS made;
SELECT stream_id AS stream FROM pgtoken.signal_streams \gset
SELECT test.signal_answer(test.as('sig-rp', 'GET', 'streams?stream_id=' || :'stream')) = replace(test.signal_answer(:'made'::test.answer), '201', '200') AS read_as_made,
	jsonb_array_length((test.as('sig-rp', 'GET', 'streams')).body) AS listed, jsonb_array_length((test.as('sig-other', 'GET', 'streams')).body) AS by_another_client,
	jsonb_array_length((test.as('sig-other', 'GET', 'streams?client_id=sig-rp')).body) AS who_says_he_were_this_one;
SELECT event, client_id, detail ->> 'delivery' AS delivery FROM pgtoken.audit_events WHERE event LIKE 'stream.%' AND client_id LIKE 'sig-%' ORDER BY event_id;

-- Attack shut out (C150): the stream of another client is not there, for whatever it is asked
SELECT path, method, test.signal_answer(test.as('sig-other', method, replace(path, 'ID', :'stream'), replace(body, 'ID', :'stream'))) AS answer
FROM (VALUES ('GET', 'streams?stream_id=ID', NULL), ('PATCH', 'streams', '{"stream_id": "ID", "description": "mine"}'), ('PUT', 'streams', '{"stream_id": "ID"}'), ('DELETE', 'streams?stream_id=ID', NULL), ('GET', 'status?stream_id=ID', NULL),
	('POST', 'status', '{"stream_id": "ID", "status": "disabled"}'), ('POST', 'verification', '{"stream_id": "ID"}'), ('POST', 'poll/ID', '{}')) v (method, path, body);
SELECT test.signal_answer(test.as('sig-rp', 'GET', 'streams?stream_id=x')) AS no_id, test.signal_answer(test.as('sig-rp', 'PATCH', 'streams', '{}')) AS none_named, test.signal_answer(test.as('sig-rp', 'DELETE', 'streams')) AS nor_here,
	test.signal_answer(test.as('sig-reader', 'DELETE', 'streams?stream_id=' || :'stream')) AS by_a_reader;

-- C151: what happens is told. A reuse:
CREATE TABLE test.signal_families (name text PRIMARY KEY, grant_id uuid, refresh_token text);
CREATE FUNCTION test.signs_in(of_name text, of_client text, of_subject text, of_session text DEFAULT NULL, of_claims jsonb DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO test.signal_families SELECT of_name, r.grant_id, r.refresh_token FROM pgtoken.issue_tokens(of_client, of_subject, 'openid notes offline_access', session_id => of_session, auth_time => now(), acr => 'pwd', claims => of_claims) r
$$;
CREATE FUNCTION test.events_of(a test.answer) RETURNS SETOF jsonb LANGUAGE sql AS $$
	SELECT p.claims FROM jsonb_each_text(a.body -> 'sets') s, LATERAL (SELECT convert_from(test.unb64url(split_part(s.value, '.', 2)), 'UTF8')::jsonb) p (claims) ORDER BY s.key
$$;
-- what has come, and is taken: who it is about, and what
CREATE FUNCTION test.taken(name text, stream text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	answer CONSTANT test.answer := test.as(name, 'POST', 'poll/' || stream, '{}');
BEGIN
	PERFORM test.as(name, 'POST', 'poll/' || stream, jsonb_build_object('maxEvents', 0, 'ack', (SELECT coalesce(jsonb_agg(k), '[]') FROM jsonb_object_keys(answer.body -> 'sets') k))::text);
	RETURN QUERY SELECT concat_ws(' ', regexp_replace(e.key, '.*/', ''), coalesce(c -> 'sub_id' -> 'user', c -> 'sub_id') ->> 'sub', regexp_replace(c -> 'sub_id' -> 'session' ->> 'id', '^[0-9a-f]{8}-.*', 'UUID'), e.value - 'event_timestamp')
		FROM test.events_of(answer) c, jsonb_each(c -> 'events') e;
END
$$;
SELECT test.signs_in('alice', 'sig-rp', 'alice', 'session-1'), test.signs_in('sig-app', 'sig-app', 'alice', 'session-1'), test.signs_in('bob', 'sig-rp', 'bob'), test.signs_in('carol', 'sig-app', 'carol');
SELECT r2.decision FROM test.signal_families f, LATERAL pgtoken.refresh_grant(f.refresh_token, 'sig-rp', test.secret('sig-rp')) r1,
	LATERAL pgtoken.refresh_grant(r1.refresh_token, 'sig-rp', test.secret('sig-rp')) r2 WHERE f.name = 'alice';
SELECT count(*) AS told_of_rotations FROM pgtoken.signals;
SELECT error FROM pgtoken.refresh_grant((SELECT refresh_token FROM test.signal_families WHERE name = 'alice'), 'sig-rp', test.secret('sig-rp'), context => '{"ip": "203.0.113.9"}');
SELECT c - '{jti,iat,txn,events}'::text[] AS claims, c ? 'jti' AND c ? 'iat' AND c ? 'txn' AS complete, c ?| '{sub,exp,nonce}' AS forbidden, jsonb_pretty(jsonb_set(c -> 'events', '{https://schemas.openid.net/secevent/caep/event-type/session-revoked,event_timestamp}', '0')) AS events
FROM test.events_of(test.as('sig-rp', 'POST', 'poll/' || :'stream', '{}')) c;
SELECT convert_from(test.unb64url(split_part(value, '.', 1)), 'UTF8')::jsonb - 'kid' AS header FROM jsonb_each_text((test.as('sig-rp', 'POST', 'poll/' || :'stream', '{}')).body -> 'sets');
-- it waits until it is acknowledged, under the same jti
SELECT (test.as('sig-rp', 'POST', 'poll/' || :'stream', '{"returnImmediately": true}')).body -> 'sets' ?& ARRAY(SELECT signal_id::text FROM pgtoken.signals) AS again;
SELECT test.taken('sig-rp', :'stream');
SELECT test.signal_answer(test.as('sig-rp', 'POST', 'poll/' || :'stream', '{}')) AS no_more;
SELECT event, reason, client_id, jsonb_array_length(detail -> 'jtis') AS jtis FROM pgtoken.audit_events WHERE event LIKE 'signal%' ORDER BY event_id;

-- Of whom: subjects that have, or had, a family with the client. Ends of a session, by the application: one that is told of once, whatever ends.
SELECT test.signs_in('alice2', 'sig-rp', 'alice', 'session-2'), test.signs_in('alice3', 'sig-rp', 'alice', 'session-2'), test.signs_in('alice4', 'sig-rp', 'alice', 'session-4');
SELECT client_id FROM pgtoken.end_session('alice', 'session-2') ORDER BY 1;
SELECT test.taken('sig-rp', :'stream') AS without_ending_a_family;
SELECT count(*) FROM pgtoken.end_session('alice', 'session-2', offline => true);
SELECT test.taken('sig-rp', :'stream') AS once;
SELECT count(*) FROM pgtoken.revoke_family((SELECT grant_id FROM test.signal_families WHERE name = 'bob'), 'he stole the spoons');
SELECT test.taken('sig-rp', :'stream') AS a_reason_that_somebody_typed_is_kept_here;
SELECT count(*) FROM pgtoken.revoke_subject('carol');
SELECT count(*) FROM pgtoken.revoke_subject('alice');
SELECT test.taken('sig-rp', :'stream') AS all_sessions_in_one;
SELECT test.signs_in('alice5', 'sig-rp', 'alice', 'session-5a'), test.signs_in('dave', 'sig-rp', 'dave', 'session-5'), test.signs_in('dave2', 'sig-app', 'dave', 'session-5');
SELECT count(*) FROM pgtoken.withdraw_consent('dave', 'sig-app');
SELECT test.taken('sig-rp', :'stream') AS of_another_client;
SELECT pgtoken.set_not_before(grant_id => grant_id) IS NOT NULL AS a_family FROM test.signal_families WHERE name = 'alice5';
SELECT test.taken('sig-rp', :'stream') AS by_not_before;
SELECT pgtoken.set_not_before(now() - interval '1 hour', subject => 'dave') < now() AS earlier;
SELECT test.taken('sig-rp', :'stream') AS nothing_that_lives;
SELECT test.age((SELECT grant_id FROM test.signal_families WHERE name = 'dave'), '10 minutes');
SELECT pgtoken.set_not_before(now() - interval '5 minutes', subject => 'dave') < now() AS since;
SELECT test.taken('sig-rp', :'stream') AS began_before;
SELECT count(*) FROM pgtoken.withdraw_consent('dave', 'sig-rp');
SELECT test.taken('sig-rp', :'stream') AS withdrawn;
-- by the user himself, on the page of his account; by a limit
SELECT test.signs_in('dave3', 'sig-rp', 'dave', 'session-7');
SELECT count(*) FROM pgtoken.end_session_of('dave', 'session-7');
SELECT test.taken('sig-rp', :'stream') AS ended_by_the_user;
SELECT test.signs_in('dave4', 'sig-rp', 'dave', 'session-8'), pgtoken.update_client('sig-rp', metadata => '{"max_sessions": 1}');
SELECT test.signs_in('dave5', 'sig-rp', 'dave', 'session-9'), pgtoken.update_client('sig-rp', metadata => '{"max_sessions": null}');
SELECT test.taken('sig-rp', :'stream') AS at_the_limit;
-- Attack shut out: one end of many writes as many rows: of a client's and an issuer's end no session is told
SELECT test.signs_in('eve', 'sig-rp', 'eve', 'session-6');
SELECT pgtoken.revoke_client('sig-rp') IS NOT NULL AS revoked;
SELECT count(*) AS waiting FROM pgtoken.signals;
UPDATE test.receivers SET token = test.own_token('sig-rp', 'ssf.manage') WHERE name = 'sig-rp';

-- Factors, claims and assurance
SELECT test.signs_in('frank', 'sig-rp', 'frank', 'session-7', '{"role": "chief", "team": "a", "tier": 1}');
SELECT pgtoken.enroll_factor('frank', 'email', issuer => :'issuer') ->> 'factor_id' AS email, pgtoken.enroll_factor('frank', 'totp', '{"secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}', issuer => :'issuer') ->> 'factor_id' AS totp, pgtoken.enroll_factor('frank', 'totp', issuer => :'issuer') ->> 'factor_id' AS pending,
	pgtoken.enroll_factor('carol', 'sms', issuer => :'issuer') ->> 'factor_id' AS carols, length(pgtoken.enroll_factor('frank', 'recovery_code', issuer => :'issuer') ->> 'factor_id') AS sheet \gset
SELECT pgtoken.remove_factor('frank', :'totp', :'issuer'), pgtoken.remove_factor('frank', :'pending', :'issuer');
UPDATE pgtoken.factors SET state = 'disabled' WHERE factor_id = :'email';
SELECT pgtoken.unlock_factor('frank', :'email', :'issuer');
SELECT test.taken('sig-rp', :'stream');
UPDATE pgtoken.grants SET claims = '{"role": "clerk", "tier": 1}', scope = 'openid offline_access' WHERE grant_id = (SELECT grant_id FROM test.signal_families WHERE name = 'frank');
UPDATE pgtoken.grants SET acr = 'phr' WHERE grant_id = (SELECT grant_id FROM test.signal_families WHERE name = 'frank');
UPDATE pgtoken.grants SET acr = 'pwd' WHERE grant_id = (SELECT grant_id FROM test.signal_families WHERE name = 'frank');
UPDATE pgtoken.grants SET acr = 'pwd', claims = claims WHERE grant_id = (SELECT grant_id FROM test.signal_families WHERE name = 'frank');
SELECT test.taken('sig-rp', :'stream');

-- accounts that are switched off and on, by whatever table says so
CREATE TABLE test.blocks (issuer text, subject text, reason text, blocked_until timestamptz);
CREATE TRIGGER signal AFTER INSERT OR DELETE OR UPDATE ON test.blocks FOR EACH ROW WHEN (pgtoken.signals_wanted()) EXECUTE FUNCTION pgtoken.signal_block();
UPDATE pgtoken.signal_streams SET events_delivered = events_delivered || '{account-disabled,account-enabled}';
INSERT INTO test.blocks VALUES (:'issuer', 'frank', 'hijacking', 'infinity'), (:'issuer', 'carol', 'hijacking', 'infinity');
SELECT test.taken('sig-rp', :'stream') AS blocked;
UPDATE test.blocks SET blocked_until = now() + interval '1 day';
UPDATE test.blocks SET blocked_until = now() + interval '2 days';
SELECT test.taken('sig-rp', :'stream') AS longer;
SELECT event, date_trunc('minute', due_at - now()) BETWEEN '1 day 23:00' AND '2 days' AS at_its_end, waiting FROM pgtoken.signals JOIN pgtoken.signal_stream_status USING (stream_id) WHERE subject = 'frank';
-- the end comes by itself
UPDATE pgtoken.signals SET due_at = now();
SELECT test.taken('sig-rp', :'stream') AS ended;
UPDATE test.blocks SET blocked_until = 'infinity';
UPDATE test.blocks SET blocked_until = now();
UPDATE test.blocks SET reason = 'he stole the spoons', blocked_until = now() + interval '1 day';
DELETE FROM test.blocks;
SELECT test.taken('sig-rp', :'stream') AS let_in;
SELECT count(*) AS left FROM pgtoken.signals;

-- C152: polls: in order, so many at a time, acknowledged and refused in one; what is not theirs is left alone
SELECT pgtoken.verify_signal_stream(:'stream', 'first'), pgtoken.verify_signal_stream(:'stream', 'second'), pgtoken.verify_signal_stream(:'stream'), pgtoken.verify_signal_stream(gen_random_uuid()) AS unknown;
CREATE FUNCTION test.states(a test.answer) RETURNS text LANGUAGE sql
	RETURN (SELECT concat_ws(' ', a.status, a.body -> 'moreAvailable', string_agg(coalesce(c #>> '{events,https://schemas.openid.net/secevent/ssf/event-type/verification,state}', '-'), ',')) FROM test.events_of(a) c);
SELECT test.states(test.as('sig-rp', 'POST', 'poll/' || :'stream', '{"maxEvents": 1}')) AS one, test.states(test.as('sig-rp', 'POST', 'poll/' || :'stream', '{"maxEvents": 0}')) AS none, test.states(test.as('sig-rp', 'POST', 'poll/' || :'stream', '{"maxEvents": 1000000}')) AS all;
SELECT c -> 'sub_id' ->> 'format' AS format, c -> 'sub_id' ->> 'id' = :'stream' AS about_the_stream FROM test.events_of(test.as('sig-rp', 'POST', 'poll/' || :'stream', '{"maxEvents": 1}')) c;
SELECT (array_agg(signal_id ORDER BY signal_id))[1] AS first, (array_agg(signal_id ORDER BY signal_id))[2] AS second FROM pgtoken.signals \gset
SELECT body, test.signal_answer(test.as('sig-rp', 'POST', 'poll/' || :'stream', body)) AS malformed
FROM unnest(ARRAY['{"maxEvents": -1}', '{"maxEvents": 1.5}', '{"maxEvents": "1"}', '{"returnImmediately": 1}', '{"ack": {}}', '{"ack": [1]}', '{"setErrs": []}', '']) body;
SELECT test.states(test.as('sig-rp', 'POST', 'poll/' || :'stream', jsonb_build_object('ack', ARRAY[:'first', :'first', 'x', gen_random_uuid()::text], 'setErrs', jsonb_build_object(:'second', jsonb_build_object('err', E'invalid_key\n', 'description', 'x'), 'y', 1))::text)) AS what_is_left;
SELECT event, reason, detail ->> 'jti' = :'second' AS of_it FROM pgtoken.audit_events WHERE event = 'signal.refused';
SELECT test.taken('sig-rp', :'stream');

-- Over HTTP, verification is asked for once a minute
SELECT test.signal_answer(test.as('sig-rp', 'POST', 'verification', jsonb_build_object('stream_id', :'stream', 'state', 'abc')::text)) AS asked, test.signal_answer(test.as('sig-rp', 'POST', 'verification', jsonb_build_object('stream_id', :'stream')::text)) AS too_soon;
UPDATE pgtoken.signal_streams SET verified_at = verified_at - interval '61 seconds';
SELECT test.signal_answer(test.as('sig-rp', 'POST', 'verification', jsonb_build_object('stream_id', :'stream')::text)) AS again;
SELECT test.taken('sig-rp', :'stream');

-- paused: kept; disabled: dropped; what an administrator has set stays
CREATE FUNCTION test.status(name text, stream text, VARIADIC status text[]) RETURNS text LANGUAGE sql
	RETURN test.signal_answer(test.as(name, 'POST', 'status', jsonb_strip_nulls(jsonb_build_object('stream_id', stream, 'status', status[1], 'reason', status[2]))::text));
SELECT test.status('sig-rp', :'stream', 'asleep') AS unknown, test.status('sig-rp', :'stream', 'paused', 'moving house') AS paused, test.signal_answer(test.as('sig-rp', 'GET', 'status?stream_id=' || :'stream')) AS read;
SELECT pgtoken.verify_signal_stream(:'stream', 'meanwhile');
SELECT test.states(test.as('sig-rp', 'POST', 'poll/' || :'stream', '{}')) AS while_paused, test.status('sig-rp', :'stream', 'enabled') AS enabled, test.states(test.as('sig-rp', 'POST', 'poll/' || :'stream', '{}')) AS afterwards;
SELECT test.status('sig-rp', :'stream', 'disabled') AS disabled;
SELECT (SELECT count(*) FROM pgtoken.signals) AS waiting, pgtoken.verify_signal_stream(:'stream') AS verified, test.status('sig-rp', :'stream', 'enabled') AS enabled;
SELECT pgtoken.update_signal_stream(:'stream', status => 'paused', reason => 'unpaid');
SELECT test.taken('sig-rp', :'stream') AS is_told;
-- Attack shut out: a receiver who was switched off switches itself on
SELECT test.status('sig-rp', :'stream', 'enabled') AS refused, status, status_by FROM pgtoken.signal_streams;
-- nor does it make another one, or take that one away and begin anew
SELECT test.signal_answer(test.as('sig-rp', 'POST', 'streams', '{}')) AS another, test.signal_answer(test.as('sig-rp', 'DELETE', 'streams?stream_id=' || :'stream')) AS deleted,
	test.signal_answer(test.as('sig-rp', 'POST', 'streams', '{}')) AS anew;
SELECT pgtoken.update_signal_stream(:'stream', status => 'enabled'), test.taken('sig-rp', :'stream');
SELECT test.status('sig-rp', :'stream', 'paused') AS its_own_again, test.status('sig-rp', :'stream', 'enabled') AS enabled;

-- PATCH changes what it says, PUT all
SELECT test.signal_answer(test.as('sig-rp', 'PATCH', 'streams', jsonb_build_object('stream_id', :'stream', 'events_requested', ARRAY['https://schemas.openid.net/secevent/risc/event-type/account-disabled'])::text)) AS patched;
SELECT test.signal_answer(test.as('sig-rp', 'PUT', 'streams', jsonb_build_object('stream_id', :'stream', 'aud', 'sig-rp', 'delivery', jsonb_build_object('method', 'urn:ietf:rfc:8935', 'endpoint_url', 'https://rp.example/signals', 'authorization_header', 'Bearer secret-of-rp'))::text)) AS put;
-- Attack shut out: the header that one endpoint has is sent to another; and whoever reads tables, backups or the audit has it
SELECT has_authorization, pgtoken.signal_secret('signal authorization:' || stream_id) AS kept FROM pgtoken.signal_streams;
SELECT count(*) AS places FROM pgtoken.audit_events e WHERE e::text LIKE '%secret-of-rp%';
SELECT test.signal_answer(test.as('sig-rp', 'PATCH', 'streams', jsonb_build_object('stream_id', :'stream', 'delivery', jsonb_build_object('method', 'urn:ietf:rfc:8935', 'endpoint_url', 'https://rp.example/signals'))::text)) AS same_endpoint, (SELECT has_authorization FROM pgtoken.signal_streams) AS before;
SELECT has_authorization FROM pgtoken.signal_streams;
SELECT (test.as('sig-rp', 'PATCH', 'streams', jsonb_build_object('stream_id', :'stream', 'delivery', jsonb_build_object('method', 'urn:ietf:rfc:8935', 'endpoint_url', 'https://elsewhere.example/signals'))::text)).status;
SELECT has_authorization, (SELECT count(*) FROM pgtoken.key_material m WHERE m.material_id LIKE 'signal %') AS secrets FROM pgtoken.signal_streams;
SELECT test.signal_answer(test.as('sig-rp', 'POST', 'poll/' || :'stream', '{}')) AS it_is_pushed;
SELECT (test.as('sig-rp', 'PUT', 'streams', jsonb_build_object('stream_id', :'stream', 'delivery', jsonb_build_object('method', 'urn:ietf:rfc:8935', 'endpoint_url', 'https://rp.example/signals', 'authorization_header', 'Bearer secret-of-rp'))::text)).status;

-- Pushed, as the courier is told to
CREATE FUNCTION test.push_signals(VARIADIC results jsonb[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	work record;
	i integer := 0;
BEGIN
	FOR work IN SELECT * FROM pgtoken.courier_take('test', '{signal}') ORDER BY work_id LOOP
		i := i + 1;
		RETURN NEXT concat_ws(' ', work.receiver, work.request ->> 'url', work.request ->> 'content_type',
			(work.request -> 'headers') - '{webhook-id,webhook-timestamp,webhook-signature}'::text[], 'became', pgtoken.courier_done(work.work_id, work.attempt, results[i]));
	END LOOP;
END
$$;
SELECT pgtoken.verify_signal_stream(:'stream', 'pushed'), pgtoken.verify_signal_stream(:'stream', 'pushed again'), pgtoken.verify_signal_stream(:'stream', 'refused');
SELECT test.push_signals('{"status": 202}', '{"error": "the answer was 503"}', '{"error": "the answer was 400", "permanent": true, "refused": "jwtAud"}');
SELECT event, reason, detail - '{work_id,stream_id}'::text[] AS detail FROM pgtoken.audit_events WHERE event IN ('signal.refused', 'courier.delivered') AND detail ->> 'kind' = 'signal' ORDER BY event_id;
SELECT w.last_error, s.payload FROM pgtoken.courier_work w JOIN pgtoken.signals s ON s.signal_id = w.work_id;
-- the same jti each time, and the same that it is about
UPDATE pgtoken.courier_work SET due_at = now();
SELECT convert_from(test.unb64url(split_part(request ->> 'body', '.', 2)), 'UTF8')::jsonb ->> 'jti' = work_id::text AS its_jti, attempt, pgtoken.courier_done(work_id, attempt, '{"error": "the answer was 503", "retry_after": 10}') AS became FROM pgtoken.courier_take('test', '{signal}');
-- a receiver who is not to be had: the stream is paused, what was to come waits
UPDATE pgtoken.courier_work SET due_at = now(), attempts = 9;
SELECT pgtoken.verify_signal_stream(:'stream', 'behind it');
SELECT test.push_signals('{"error": "the answer was 503"}', '{"error": "the answer was 503"}');
SELECT status, status_reason, status_by, waiting, (SELECT count(*) FROM pgtoken.courier_work WHERE kind = 'signal') AS works FROM pgtoken.signal_stream_status;
SELECT ok, regexp_replace(detail, '[0-9a-f]{8}-[0-9a-f-]*', 'ID') AS detail FROM pgtoken.health() WHERE check_name = 'signals';
SELECT pgtoken.verify_signal_stream(:'stream', 'while paused');
SELECT test.push_signals('{"status": 202}') AS nothing;
SELECT test.status('sig-rp', :'stream', 'enabled') AS by_the_receiver;
SELECT test.push_signals('{"status": 202}', '{"status": 200}', '{"status": 204}') AS what_has_waited;
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'signals';
-- so is one whose endpoint refuses all, or leads where no courier goes
-- while the client is switched off nothing goes out, and then what had waited
SELECT pgtoken.verify_signal_stream(:'stream', 'asleep'), pgtoken.update_client('sig-rp', enabled => false);
SELECT test.push_signals('{"status": 202}') AS nothing;
SELECT pgtoken.update_client('sig-rp', enabled => true);
SELECT test.push_signals('{"status": 202}') AS awake;
UPDATE test.receivers SET token = test.own_token('sig-rp', 'ssf.manage') WHERE name = 'sig-rp';
SELECT pgtoken.verify_signal_stream(:'stream', 'nowhere');
SELECT test.push_signals('{"error": "the host has an address that is not public", "permanent": true}');
SELECT status, status_reason FROM pgtoken.signal_streams;
SELECT pgtoken.update_signal_stream(:'stream', status => 'enabled', endpoint_url => 'https://new.example/signals');
SELECT test.push_signals('{"status": 202}', '{"status": 202}') AS moved_and_without_the_header;
-- one that somebody has taken when it was paused goes out, and is then not there any more
SELECT pgtoken.verify_signal_stream(:'stream', 'in hand');
SELECT work_id, attempt FROM pgtoken.courier_take('test', '{signal}') \gset
SELECT pgtoken.update_signal_stream(:'stream', status => 'disabled', reason => 'gone');
SELECT pgtoken.courier_done(:'work_id', :attempt, '{"status": 202}') AS became;
SELECT test.push_signals('{"status": 202}') AS stream_updated;
SELECT count(*) AS waiting FROM pgtoken.signals;
SELECT pgtoken.delete_signal_stream(:'stream'), pgtoken.delete_signal_stream(:'stream') AS again, pgtoken.update_signal_stream(:'stream') AS nothing_to_update;
SELECT count(*) AS secrets FROM pgtoken.key_material WHERE material_id LIKE 'signal %';

-- Webhooks: the same, in another shape
SELECT stream_id AS hook, webhook_secret AS secret FROM pgtoken.create_signal_stream('sig-app', 'push', 'https://app.example/hook', format => 'webhook', events => '{session-revoked,credential-change}') \gset
SELECT :'secret' ~ '^whsec_[A-Za-z0-9+/]{43}=$' AS a_secret;
SELECT test.signs_in('gina', 'sig-app', 'gina', 'session-8');
SELECT count(*) FROM pgtoken.revoke_session('session-8', subject => 'gina');
CREATE TABLE test.hooks AS SELECT * FROM pgtoken.courier_take('test', '{signal}');
SELECT receiver, request ->> 'content_type' AS content_type, ((request ->> 'body')::jsonb #- '{data,event_timestamp}' #- '{data,stream_id}') - 'timestamp'::text AS body, request -> 'headers' ->> 'webhook-id' = work_id::text AS its_id FROM test.hooks;
SELECT request -> 'headers' ->> 'webhook-signature' = 'v1,' || encode(test.hmac(decode(substr(:'secret', 7), 'base64'),
	convert_to(concat_ws('.', request -> 'headers' ->> 'webhook-id', request -> 'headers' ->> 'webhook-timestamp', request ->> 'body'), 'UTF8')), 'base64') AS signed FROM test.hooks;
SELECT pgtoken.courier_done(work_id, attempt, '{"status": 200}') FROM test.hooks;
SELECT pgtoken.renew_webhook_secret(:'hook') <> :'secret' AS renewed, pgtoken.renew_webhook_secret(gen_random_uuid()) AS unknown;
SELECT count(*) AS places FROM pgtoken.audit_events e WHERE position(substr(:'secret', 7) IN e::text) > 0;

-- all subjects of the issuer, whatever client they have used; pairwise clients know their own
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('sig-pair', scopes => '{openid,ssf.manage}', offline_access => true, redirect_uris => '{https://pair.example/cb}', issuer => 'https://signals.example/t1',
	metadata => '{"subject_type": "pairwise", "grant_types": ["authorization_code", "client_credentials"]}');
SELECT stream_id AS watch FROM pgtoken.create_signal_stream('sig-other', all_subjects => true, aud => 'https://siem.example') \gset
SELECT stream_id AS pair FROM pgtoken.create_signal_stream('sig-pair') \gset
INSERT INTO test.receivers VALUES ('sig-pair', test.own_token('sig-pair', 'ssf.manage'));
SELECT test.signs_in('hugo', 'sig-rp', 'hugo', 'session-9');
SELECT id_token AS id FROM pgtoken.issue_tokens('sig-pair', 'hugo', 'openid', session_id => 'session-9', auth_time => now()) \gset
SELECT count(*) FROM pgtoken.revoke_session('session-9', subject => 'hugo');
SELECT c ->> 'aud' AS aud, c #>> '{sub_id,user,sub}' AS sub, c #>> '{sub_id,session,id}' AS sid FROM test.events_of(test.as('sig-other', 'POST', 'poll/' || :'watch', '{}')) c;
SELECT c #>> '{sub_id,user,sub}' = i.claims ->> 'sub' AS its_sub, c #>> '{sub_id,session,id}' = i.claims ->> 'sid' AS its_sid, i.claims ->> 'sub' <> 'hugo' AS pairwise
FROM test.events_of(test.as('sig-pair', 'POST', 'poll/' || :'pair', '{}')) c, (SELECT convert_from(test.unb64url(split_part(:'id', '.', 2)), 'UTF8')::jsonb) i (claims);
SELECT count(DISTINCT txn) AS of_each_family_its_own FROM pgtoken.signals;

-- So many streams and no more; those of a client that is switched off hear nothing, of one that is deleted go
SELECT string_agg(DISTINCT (test.as('sig-pair', 'POST', 'streams', '{}')).status::text, ' ') AS nine FROM generate_series(1, 9);
SELECT test.signal_answer(test.as('sig-pair', 'POST', 'streams', '{}')) AS eleventh;
SELECT pgtoken.update_client('sig-other', enabled => false);
SELECT count(*) AS before FROM pgtoken.signals WHERE stream_id = :'watch' \gset
SELECT length(pgtoken.enroll_factor('hugo', 'email', issuer => :'issuer') ->> 'factor_id') AS enrolled;
SELECT count(*) - :before AS told FROM pgtoken.signals WHERE stream_id = :'watch';
SELECT client_id FROM pgtoken.create_client('mistyped', 'public', issuer => 'https://signals.example/t1');
SELECT length(stream_id::text) AS stream FROM pgtoken.create_signal_stream('mistyped', 'push', 'https://mistyped.example/', 'Bearer x');
SELECT pgtoken.delete_client('mistyped');
SELECT (SELECT count(*) FROM pgtoken.signal_streams WHERE client_id = 'mistyped') AS streams, (SELECT count(*) FROM pgtoken.key_material WHERE material_id LIKE 'signal auth%') AS secrets;

-- who is erased: what waits to be told goes, but for the end of the sessions
SELECT (pgtoken.create_signal_stream('sig-rp')).stream_id IS NOT NULL AS stream, test.signs_in('jack', 'sig-rp', 'jack', 'session-11'), pgtoken.enroll_factor('jack', 'email', issuer => :'issuer') IS NOT NULL AS enrolled;
SELECT count(*) AS told FROM pgtoken.signals WHERE subject = 'jack';
SELECT count(*) AS rows FROM pgtoken.erase_subject('jack', issuer => :'issuer');
SELECT DISTINCT event, session_id FROM pgtoken.signals WHERE subject = 'jack';

-- Attack shut out: a body in which any member is anything: each is answered, none is an error of the server's
BEGIN;
SELECT pgtoken.verify_signal_stream(:'pair', 'x');
SELECT count(*) AS answered, count(*) FILTER (WHERE status NOT IN (200, 201, 204, 400, 403, 404, 409, 429)) AS otherwise
FROM (VALUES ('POST', 'streams'), ('PATCH', 'streams'), ('PUT', 'streams'), ('POST', 'status'), ('POST', 'verification'), ('POST', 'poll/' || :'pair')) p (method, path),
	 unnest('{stream_id,status,reason,description,state,delivery,events_requested,maxEvents,returnImmediately,ack,setErrs,iss,aud,method,endpoint_url,authorization_header,one event,one ack,one error,"an err"}'::text[]) member,
	 unnest('{null,true,-1,1e400,0.5,"\"\"","\"\\u00e4\\u0007\"",[],[[]],"{}","{\"a\": {}}"}'::text[]) value,
	 LATERAL (SELECT test.as('sig-pair', method, path, (jsonb_build_object('stream_id', :'pair') || CASE
		WHEN member IN ('method', 'endpoint_url', 'authorization_header') THEN jsonb_build_object('delivery', '{"method": "urn:ietf:rfc:8935", "endpoint_url": "https://pair.example/"}' || jsonb_build_object(member, value::jsonb))
		WHEN member = 'one event' THEN jsonb_build_object('events_requested', jsonb_build_array(value::jsonb))
		WHEN member = 'one ack' THEN jsonb_build_object('ack', jsonb_build_array(value::jsonb))
		WHEN member = 'one error' THEN jsonb_build_object('setErrs', jsonb_build_object((SELECT signal_id FROM pgtoken.signals LIMIT 1)::text, value::jsonb))
		WHEN member = 'an err' THEN jsonb_build_object('setErrs', jsonb_build_object((SELECT signal_id FROM pgtoken.signals LIMIT 1)::text, jsonb_build_object('err', value::jsonb)))
		ELSE jsonb_build_object(member, value::jsonb) END)::text)) a (answer), LATERAL (SELECT (answer).status) r;
ROLLBACK;

-- What cannot be
SELECT test.outcome(statement) FROM (VALUES (1, $$SELECT pgtoken.create_signal_stream(NULL)$$), (2, $$SELECT pgtoken.create_signal_stream('nobody')$$), (3, $$SELECT pgtoken.create_signal_stream('sig-rp', 'mail')$$),
	(4, $$SELECT pgtoken.create_signal_stream('sig-rp', 'push', 'http://rp.example/')$$), (5, $$SELECT pgtoken.create_signal_stream('sig-rp', format => 'webhook')$$), (6, $$SELECT pgtoken.create_signal_stream('sig-rp', events => '{dinner}')$$),
	(7, $$SELECT pgtoken.create_signal_stream('sig-rp', events => '{NULL}')$$), (8, format($$SELECT pgtoken.update_signal_stream(%L, status => 'asleep')$$, :'watch')), (9, format($$SELECT pgtoken.update_signal_stream(%L, reason => 'x')$$, :'watch')),
	(10, format($$SELECT pgtoken.verify_signal_stream(%L, repeat('x', 1001))$$, :'watch')), (11, $$SELECT pgtoken.create_signal_stream('sig-rp', 'push', 'https://rp.example/', E'a\nb')$$)) v (n, statement) ORDER BY n;

-- What nobody takes is not kept for ever
UPDATE pgtoken.signals SET expires_at = now() - interval '1 second';
SELECT test.states(test.as('sig-pair', 'POST', 'poll/' || :'pair', '{}')) AS too_late;
SELECT finished FROM pgtoken.purge_batch('signals', 1000);
SELECT count(*) AS left FROM pgtoken.signals;

-- no stream: nothing is written
SELECT count(pgtoken.delete_signal_stream(stream_id)) > 0 AS deleted FROM pgtoken.signal_streams;
SELECT test.signs_in('ida', 'sig-rp', 'ida', 'session-10');
SELECT count(*) FROM pgtoken.revoke_subject('ida');
SELECT count(*) AS signals FROM pgtoken.signals;
RESET pgtoken.http_issuer;
SELECT pgtoken.update_client(c, enabled => false) FROM unnest('{sig-rp,sig-reader,sig-app,sig-pair}'::text[]) c;
SELECT test.courier();
