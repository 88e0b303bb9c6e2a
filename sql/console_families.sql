-- The console's functions about families: what a text names, the lineage in windows, why
-- something was refused, and its end.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- of an issuer of their own: what other tests have ended or activated is not theirs
SELECT pgtoken.create_issuer('https://con.example'), length(pgtoken.create_signing_key(issuer => 'https://con.example')) AS kid_length;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('con', issuer => 'https://con.example', scopes => '{openid,email}', offline_access => true, client_name => '<b>Con</b>', retry_window => '40 seconds');
SELECT (pgtoken.create_client('con-app', 'public', issuer => 'https://con.example', scopes => '{openid}', offline_access => true)).client_id;
-- a call as a role, as the API makes it: what a member of an answer is, or how it was refused
CREATE FUNCTION test.console_as(role_name text, name text, arguments jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	PERFORM set_config('role', role_name, true);
	EXECUTE format('SELECT pgtoken_console.%I($1)', name) INTO answer USING arguments;
	PERFORM set_config('role', 'none', true);
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN jsonb_build_object('refused', SQLSTATE, 'message', SQLERRM);
END
$$;
CREATE FUNCTION test.look(name text, VARIADIC arguments text[]) RETURNS jsonb LANGUAGE sql
	RETURN test.console_as('pgtoken_auditor', name, jsonb_object(arguments));
-- all pages of a list, each of so many rows
CREATE FUNCTION test.pages(name text, arguments jsonb, length integer) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	LOOP
		answer := test.console_as('pgtoken_auditor', name, arguments || jsonb_build_object('limit', length));
		IF answer ? 'refused' OR jsonb_array_length(answer -> 'rows') > length THEN
			RAISE EXCEPTION '%', answer;
		END IF;
		RETURN QUERY SELECT jsonb_array_elements(answer -> 'rows');
		EXIT WHEN answer ->> 'next' IS NULL;
		arguments := arguments || jsonb_build_object('after', answer -> 'next');
	END LOOP;
END
$$;

-- A family with a past: a retry from elsewhere, a refusal, a reuse, and what came after
SELECT access_token AS at, refresh_token AS rt0, grant_id AS gid
FROM pgtoken.issue_tokens('con', 'connie', 'openid email offline_access', session_id => 'con-session', acr => 'phr', amr => '{pwd,otp}',
	context => '{"ip": "198.51.100.1", "user_agent": "<img src=x onerror=alert(1)>"}') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'con', test.secret('con'), context => '{"ip": "198.51.100.1"}') \gset
SELECT count(refresh_token) AS retried FROM pgtoken.refresh_grant(:'rt0', 'con', test.secret('con'), context => '{"ip": "198.51.100.2"}');
SELECT error FROM pgtoken.refresh_grant(:'rt1', 'con', test.secret('con'), 'profile', context => '{"ip": "198.51.100.1"}');
SELECT refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1', 'con', test.secret('con'), 'email', context => '{"ip": "198.51.100.1"}') \gset
SELECT error FROM pgtoken.refresh_grant(:'rt0', 'con', test.secret('con'), context => '{"ip": "203.0.113.66", "user_agent": "curl/8.5.0"}');
SELECT error FROM pgtoken.refresh_grant(:'rt2', 'con', test.secret('con'), context => '{"ip": "198.51.100.1"}');
SELECT grant_id AS lives, refresh_token AS lt FROM pgtoken.issue_tokens('con-app', 'connie', 'openid offline_access', session_id => 'con-session', context => '{"ip": "2001:db8::1"}') \gset

-- Find: what a text names
SELECT text, a ->> 'subject' AS subject, a ->> 'session' AS session, a #>> '{client,client_name}' AS client, a ->> 'address' AS address, a ->> 'family' AS family, a ->> 'event' AS event
FROM unnest(ARRAY['connie', 'con', 'con-session', ' connie ', '198.51.100.1', '2001:DB8:0::1', '198.51.100.0/24', '1.2.3.4.5', ':', 'nobody', 'con-']) WITH ORDINALITY u (text, n), LATERAL test.look('find', 'text', text) a ORDER BY n;
SELECT a ->> 'grant_id' = :'gid' AS this, a -> 'family' AS family, a -> 'event' AS event FROM test.look('find', 'text', :'gid') a;
SELECT l.generation, l.retry, a ->> 'grant_id' = :'gid' AS this, a -> 'generation' AS generation FROM pgtoken.lineage(:'gid'::uuid) l, LATERAL test.look('find', 'text', l.jti) a ORDER BY l.generation, l.retry;
SELECT a -> 'family' AS family, a -> 'event' AS event FROM pgtoken.audit_events e, LATERAL test.look('find', 'text', e.event_id::text) a WHERE e.grant_id = :'gid' AND e.event = 'refresh.reuse';
SELECT a -> 'family' AS family, a -> 'event' AS event FROM test.look('find', 'text', '01980000-0000-7000-8000-000000000000') a;
-- the id of a request, as its answer had it
BEGIN;
SELECT pgtoken.mark_request() AS request \gset
SELECT a -> 'request' AS request FROM test.look('find', 'text', :'request') a;
SELECT error FROM pgtoken.refresh_grant(:'lt', 'con-app', scope => 'email');
SELECT a -> 'family' AS family, a -> 'event' AS event, a -> 'request' AS request FROM test.look('find', 'text', :'request') a;
SELECT w ->> 'request_id' = :'request' AS request, w #>> '{received,parameter}' AS parameter
FROM pgtoken.audit_by_request(:'request') e, LATERAL test.look('why', 'event_id', e.event_id::text) w;
ROLLBACK;
-- Attack shut out: a token in the logs of whatever is in between: who sends one is refused, and told nothing of it
SELECT a FROM unnest(ARRAY[:'at', :'rt2', ' ' || :'rt2', 'urn:ietf:params:oauth:request_uri:pgtpr_AA', 'pgtac_AA', 'eyJhbGciOiJub25lIn0.e30.c2ln']) WITH ORDINALITY u (text, n), LATERAL test.look('find', 'text', text) a ORDER BY n;
SELECT a FROM unnest(ARRAY['', ' ', repeat('x', 513), E'a\nb']) WITH ORDINALITY u (text, n), LATERAL test.look('find', 'text', text) a ORDER BY n;
SELECT test.console_as('pgtoken_auditor', 'find', a) FROM unnest(ARRAY['{}', '{"text": null}', '{"text": 1}', '{"text": "x", "more": 1}']::jsonb[]) WITH ORDINALITY u (a, n) ORDER BY n;

-- Families of a subject, a client, a session
SELECT o ->> 'grant_id' = :'gid' AS first, o ->> 'state' AS state, o ->> 'client_name' AS name, o ->> 'generation' AS generation, o ->> 'revoke_reason' AS reason, o ->> 'first_address' AS first_address,
	   o ->> 'last_address' AS last_address, o ->> 'device' AS device
FROM test.pages('families', '{"subject": "connie"}', 1) WITH ORDINALITY u (o, n) ORDER BY n;
SELECT o ->> 'grant_id' = :'gid' AS first FROM test.pages('families', '{"session_id": "con-session"}', 1) WITH ORDINALITY u (o, n) ORDER BY n;
SELECT o ->> 'grant_id' = :'gid' AS first, o ->> 'subject' AS subject FROM test.pages('families', '{"client_id": "con"}', 1) WITH ORDINALITY u (o, n) ORDER BY n;
SELECT count(*) FROM test.pages('families', '{"subject": "nobody"}', 1);
-- many, in pages of one and of several: each once, in the same order
DO $$
BEGIN
	FOR i IN 1 .. 7 LOOP
		PERFORM pgtoken.refresh_grant(t.refresh_token, 'con-app') FROM pgtoken.issue_tokens('con-app', 'many', 'openid offline_access', session_id => 'con-many') t WHERE i % 2 = 0 OR t.grant_id IS NULL;
	END LOOP;
END
$$;
SELECT a, (SELECT count(DISTINCT o ->> 'grant_id') FROM test.pages('families', a, 200) o) AS families,
	   (SELECT array_agg(o ->> 'grant_id' ORDER BY n) FROM test.pages('families', a, 1) WITH ORDINALITY u (o, n)) = (SELECT array_agg(o ->> 'grant_id' ORDER BY n) FROM test.pages('families', a, 200) WITH ORDINALITY u (o, n)) AS by_one,
	   (SELECT array_agg(o ->> 'grant_id' ORDER BY n) FROM test.pages('families', a, 3) WITH ORDINALITY u (o, n)) = (SELECT array_agg(o ->> 'grant_id' ORDER BY n) FROM test.pages('families', a, 200) WITH ORDINALITY u (o, n)) AS by_three
FROM unnest(ARRAY['{"subject": "many"}', '{"session_id": "con-many"}', '{"client_id": "con-app"}']::jsonb[]) WITH ORDINALITY u (a, n) ORDER BY n;
SELECT test.console_as('pgtoken_auditor', 'families', a)
FROM unnest(ARRAY['{}', '{"subject": "a", "client_id": "b"}', '{"subject": 1}', '{"subject": "a", "limit": 0}', '{"subject": "a", "limit": 201}', '{"subject": "a", "limit": "x"}',
				  '{"subject": "a", "after": "x"}', '{"subject": "a", "after": "x y"}', '{"subject": "a", "x": 1}']::jsonb[]) WITH ORDINALITY u (a, n) ORDER BY n;

-- From an address: also of refusals, in any spelling
SELECT o ->> 'event' AS event, o ->> 'reason' AS reason, o ->> 'grant_id' = :'gid' AS of_it FROM test.pages('from_address', '{"address": "203.0.113.66"}', 1) WITH ORDINALITY u (o, n)
WHERE o ->> 'subject' = 'connie' ORDER BY n;
SELECT count(*) FROM test.pages('from_address', '{"address": "2001:DB8::0:1"}', 10) o WHERE o ->> 'grant_id' = :'lives';
SELECT test.look('from_address', 'address', '198.51.100.x') ->> 'refused' AS no_address;

-- The facts
SELECT a -> 'acr' AS acr, a -> 'amr' AS amr, a -> 'session_id' AS session, a #>> '{client,retry_window}' AS retry_window, a -> 'context' AS last_context, a #>> '{first_context,user_agent}' AS first_agent, a -> 'block' AS block
FROM test.look('family', 'grant_id', :'gid') a;
SELECT test.look('family', 'grant_id', '01980000-0000-7000-8000-000000000000') AS unknown, test.look('family', 'grant_id', 'x') ->> 'refused' AS no_id;
-- Attack shut out: a secret, or the hash of one, in an answer
SELECT count(*) FILTER (WHERE a ?| ARRAY['current_hash', 'previous_hash', 'rotation_nonce', 'token_hash', 'lockstep', 'proof']) AS members,
	   count(*) FILTER (WHERE a::text LIKE '%' || encode(g.current_hash, 'hex') || '%' OR a::text LIKE '%' || test.b64url(g.current_hash) || '%') AS hashes
FROM (SELECT test.look('family', 'grant_id', :'gid') UNION ALL SELECT o FROM test.pages('lineage', jsonb_build_object('grant_id', :'gid'), 200) o) a (a), pgtoken.grants g WHERE g.grant_id = :'gid';

-- The lineage, the newest first
SELECT o ->> 'kind' AS kind, o ->> 'event' AS event, o ->> 'presented' AS presented, o ->> 'generation' AS generation, o ->> 'retry' AS retry, o ->> 'reason' AS reason, o ->> 'scope' AS scope, o #>> '{context,ip}' AS ip
FROM test.pages('lineage', jsonb_build_object('grant_id', :'gid'), 200) WITH ORDINALITY u (o, n) ORDER BY n;
-- in windows of any length the same
SELECT length, (SELECT array_agg(o ->> 'event_id' ORDER BY n) FROM test.pages('lineage', jsonb_build_object('grant_id', :'gid'), length) WITH ORDINALITY u (o, n))
			   = (SELECT array_agg(o ->> 'event_id' ORDER BY n) FROM test.pages('lineage', jsonb_build_object('grant_id', :'gid'), 200) WITH ORDINALITY u (o, n)) AS same
FROM generate_series(1, 9) length ORDER BY length;
-- those of the view of the audit, each once
SELECT count(*) AS events, count(DISTINCT o ->> 'event_id') AS ids, bool_and(EXISTS (SELECT FROM pgtoken.audit_events e WHERE e.grant_id = :'gid' AND e.event_id = (o ->> 'event_id')::uuid)) AS in_audit,
	   (SELECT count(*) FROM pgtoken.audit_events e WHERE e.grant_id = :'gid' AND e.event <> 'challenge.changed') AS all
FROM test.pages('lineage', jsonb_build_object('grant_id', :'gid'), 2) o;
-- from a generation on; events alone
SELECT generation, (SELECT string_agg(concat_ws(' ', o ->> 'kind', o ->> 'generation'), ', ' ORDER BY n) FROM test.pages('lineage', jsonb_build_object('grant_id', :'gid', 'generation', generation), 2) WITH ORDINALITY u (o, n)) AS from_there
FROM unnest(ARRAY[-1, 0, 1, 2, 3, 2147483647]) generation ORDER BY generation;
SELECT string_agg(o ->> 'kind', ', ' ORDER BY n) AS events FROM test.pages('lineage', jsonb_build_object('grant_id', :'gid', 'events_only', true), 1) WITH ORDINALITY u (o, n);
-- a retry and a rotation at once, whose times are the other way round than their numbers: none is lost
CREATE TEMP TABLE long (token text, grant_id uuid);
INSERT INTO long SELECT refresh_token, grant_id FROM pgtoken.issue_tokens('con-app', 'long', 'openid offline_access');
DO $$
BEGIN
	FOR i IN 1 .. 30 LOOP
		UPDATE long SET token = r.refresh_token FROM pgtoken.refresh_grant((SELECT token FROM long), 'con-app') r;
	END LOOP;
END
$$;
ALTER TABLE pgtoken.tokens DISABLE TRIGGER append_only;
UPDATE pgtoken.tokens t SET issued_at = t.issued_at - interval '1 second' FROM long l WHERE t.grant_id = l.grant_id AND t.generation IN (4, 15, 16);
ALTER TABLE pgtoken.tokens ENABLE ALWAYS TRIGGER append_only;
SELECT length, count(*) AS rows, count(DISTINCT o ->> 'generation') AS generations FROM unnest(ARRAY[1, 4, 7, 200]) length, long l, LATERAL test.pages('lineage', jsonb_build_object('grant_id', l.grant_id), length) o GROUP BY length ORDER BY length;
SELECT test.console_as('pgtoken_auditor', 'lineage', jsonb_build_object('grant_id', :'gid') || a) ->> 'refused' AS refused FROM unnest(ARRAY['{"after": "x y"}', '{"after": "1.2 3"}', '{"generation": "x"}', '{"events_only": "x"}', '{"x": 1}']::jsonb[]) WITH ORDINALITY u (a, n) ORDER BY n;
SELECT test.look('lineage', 'grant_id', '01980000-0000-7000-8000-000000000000') AS unknown;

-- The sessions of its subject
SELECT o ->> 'session_id' AS session, o ->> 'kind' AS kind, o -> 'client_ids' AS clients, o -> 'grant_ids' = jsonb_build_array(:'lives') AS grants, o ->> 'first_address' AS first_address
FROM test.pages('sessions', '{"issuer": "https://con.example", "subject": "connie"}', 1) o;
SELECT test.look('sessions', 'issuer', 'https://other.example/tenant', 'subject', 'connie') AS of_another_issuer;

-- Why
SELECT o ->> 'event' AS event, o ->> 'reason' AS reason, left(o ->> 'sentence', 40) AS sentence, o ->> 'address' AS address FROM test.pages('refusals', jsonb_build_object('grant_id', :'gid'), 1) WITH ORDINALITY u (o, n) ORDER BY n;
SELECT a, (SELECT count(*) FROM test.pages('refusals', a, 2)) AS refusals
FROM unnest(ARRAY['{"subject": "connie"}', '{"subject": "connie", "client_id": "con"}', '{"subject": "connie", "client_id": "con-app"}', '{"subject": "connie", "until": "2000-01-01"}', '{"subject": "connie", "since": "2000-01-01", "until": "infinity"}']::jsonb[]) WITH ORDINALITY u (a, n) ORDER BY n;
SELECT test.console_as('pgtoken_auditor', 'refusals', a) ->> 'refused' AS refused FROM unnest(ARRAY['{"grant_id": "x"}', '{"since": "x"}', '{"reason": "x"}']::jsonb[]) WITH ORDINALITY u (a, n) ORDER BY n;
SELECT event_id AS reuse FROM pgtoken.audit_events WHERE grant_id = :'gid' AND event = 'refresh.reuse' \gset
SELECT w ->> 'sentence' = r.explanation AS sentence, w -> 'told' AS told, w #> '{contexts,request}' AS request, w #> '{contexts,before}' AS before, w #> '{contexts,before_generation}' AS before_generation, w -> 'presented_generation' AS presented,
	   w -> 'current_generation' AS current, w -> 'retry_window' AS retry_window, w #>> '{revocation,reason}' AS revoked, w ->> 'family_state' AS family, w #>> '{received,endpoint}' AS endpoint
FROM test.look('why', 'event_id', :'reuse') w, pgtoken.refusal_reasons() r WHERE r.reason = w ->> 'reason';
-- the clock, in order
SELECT c ->> 'what' AS what FROM test.look('why', 'event_id', :'reuse') w, jsonb_array_elements(w -> 'clock') WITH ORDINALITY u (c, n) ORDER BY n;
SELECT bool_and((c ->> 'at')::timestamptz = x.at) AS times
FROM test.look('why', 'event_id', :'reuse') w, jsonb_array_elements(w -> 'clock') c,
	 LATERAL (SELECT t.issued_at FROM pgtoken.tokens t WHERE t.grant_id = :'gid' AND t.generation = 1 AND t.retry = 0) e (exchanged),
	 LATERAL (SELECT CASE c ->> 'what' WHEN 'token_exchanged' THEN e.exchanged WHEN 'window_ended' THEN e.exchanged + interval '40 seconds' ELSE (c ->> 'at')::timestamptz END) x (at);
-- what came beside what was granted; who had ended it
SELECT w -> 'received' AS received, w -> 'detail' AS detail, w -> 'presented_generation' AS presented FROM pgtoken.audit_events e, LATERAL test.look('why', 'event_id', e.event_id::text) w WHERE e.grant_id = :'gid' AND e.reason = 'scope_not_granted';
SELECT w #>> '{revocation,reason}' AS ended_for, w #>> '{revocation,context,ip}' AS ended_from, w -> 'presented_generation' AS presented FROM pgtoken.audit_events e, LATERAL test.look('why', 'event_id', e.event_id::text) w WHERE e.grant_id = :'gid' AND e.reason = 'family_revoked';
-- a policy: its reasons
SELECT pgtoken.create_policy('con', '[{"rule": "network_changed", "outcome": "deny"}, {"rule": "risk_score", "at_least": 50, "outcome": "deny"}]', client_ids => '{con-app}', issuer => 'https://con.example');
SELECT pgtoken.activate_policy('con', issuer => 'https://con.example');
SELECT error FROM pgtoken.refresh_grant(:'lt', 'con-app', context => '{"ip": "203.0.113.7", "risk_score": 99}');
SELECT pgtoken.deactivate_policy('con', issuer => 'https://con.example');
SELECT w ->> 'reason' AS reason, r ->> 'policy' AS policy, r ->> 'rule' AS rule, r ->> 'outcome' AS outcome, r ->> 'explanation' AS explanation, w #>> '{contexts,before,ip}' AS before
FROM pgtoken.audit_events e, LATERAL test.look('why', 'event_id', e.event_id::text) w, jsonb_array_elements(w -> 'reasons') WITH ORDINALITY u (r, n) WHERE e.grant_id = :'lives' AND e.event = 'refresh.denied' ORDER BY n;
-- of no family; no refusal; no event
SELECT error FROM pgtoken.issue_tokens('con', 'connie', 'orders.read');
SELECT w ->> 'reason' AS reason, w -> 'grant_id' AS family, w -> 'clock' -> 0 ->> 'what' AS clock, jsonb_array_length(w -> 'clock') AS moments, w #> '{contexts,request}' AS request, w -> 'received' AS received FROM pgtoken.audit_events e, LATERAL test.look('why', 'event_id', e.event_id::text) w
WHERE e.client_id = 'con' AND e.event = 'issue.refused';
SELECT w ->> 'event' AS event, w -> 'sentence' AS sentence FROM pgtoken.audit_events e, LATERAL test.look('why', 'event_id', e.event_id::text) w WHERE e.grant_id = :'lives' AND e.event = 'grant.issued';
SELECT test.look('why', 'event_id', '01980000-0000-7000-8000-000000000000') AS none;
-- what leaves no event
SELECT error FROM pgtoken.refresh_grant('nonsense', 'con', test.secret('con'));
SELECT o ->> 'reason' AS reason, o ->> 'error' AS error FROM test.pages('refused', '{"client_id": "con"}', 2) WITH ORDINALITY u (o, n) ORDER BY n;

-- Ending: by an administrator
SELECT test.console_as('pgtoken_admin', 'end_family', jsonb_build_object('grant_id', :'lives', 'reason', '<script>alert(1)</script>')) - 'revoked_at' AS ended,
	   test.console_as('pgtoken_admin', 'end_family', jsonb_build_object('grant_id', :'lives')) AS again;
SELECT a ->> 'state' AS state, a ->> 'revoke_reason' AS reason FROM test.look('family', 'grant_id', :'lives') a;
SELECT test.console_as('pgtoken_admin', 'end_subject', '{"issuer": "https://con.example", "subject": "many", "reason": "gone"}') AS ended;
SELECT count(*) AS living FROM pgtoken.sessions WHERE subject = 'many';
SELECT test.console_as('pgtoken_admin', 'block_subject', '{"issuer": "https://con.example", "subject": "many", "reason": "stolen"}') AS blocked, test.look('family', 'grant_id', o ->> 'grant_id') #>> '{block,reason}' AS reason
FROM test.look('families', 'subject', 'many') a, jsonb_array_elements(a -> 'rows') o LIMIT 1;
SELECT test.console_as('pgtoken_admin', 'block_subject', '{"issuer": "https://con.example", "subject": "many", "until": "3000-01-01T00:00:00Z", "end_sessions": false}') AS until;
SELECT test.console_as('pgtoken_admin', 'unblock_subject', '{"issuer": "https://con.example", "subject": "many"}') AS unblocked, test.console_as('pgtoken_admin', 'unblock_subject', '{"issuer": "https://con.example", "subject": "many"}') AS again;
SELECT test.console_as('pgtoken_admin', name, a) ->> 'refused' AS refused, name, a
FROM (VALUES (1, 'end_family', '{}'), (2, 'end_family', '{"grant_id": "x"}'), (3, 'end_family', '{"grant_id": null}'), (4, 'end_subject', '{"subject": "many"}'), (5, 'end_subject', '{"issuer": "https://none.example", "subject": "many"}'),
			 (6, 'block_subject', '{"issuer": "https://con.example", "subject": "many", "until": "2000-01-01"}'), (7, 'block_subject', '{"issuer": "https://con.example", "subject": "many", "x": 1}')) v (n, name, a0), LATERAL (SELECT a0::jsonb) l (a) ORDER BY n;

-- Attack shut out: who may look ends something; an application, an API or an administrator of
-- one issuer looks at families by the console's functions
SELECT p.proname AS name, p.provolatile AS volatile, r AS may
FROM pg_proc p CROSS JOIN unnest('{pgtoken_auditor,pgtoken_issuer,pgtoken_http,pgtoken_courier,pgtoken_issuer_admin,pgtoken_admin}'::text[]) r
WHERE p.pronamespace = 'pgtoken_console'::regnamespace AND has_function_privilege(r, p.oid, 'EXECUTE')
  AND p.proname = ANY ('{find,families,from_address,family,lineage,sessions,refusals,refused,why,end_family,end_subject,block_subject,unblock_subject}') ORDER BY p.proname COLLATE "C", r;
SELECT r, f, test.console_as(r, f, jsonb_build_object('grant_id', :'gid')) ->> 'refused' AS refused FROM unnest('{pgtoken_auditor,pgtoken_issuer,pgtoken_issuer_admin,pgtoken_http}'::text[]) r, unnest('{end_family,family}'::text[]) f ORDER BY r, f;
