-- C159: at most so many sessions of a subject, with a client and in all.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer('https://limited.example');
SELECT length(pgtoken.create_signing_key(alg, 'https://limited.example')) AS kid_length FROM unnest('{ES256,RS256}'::text[]) alg;
SELECT pgtoken.update_issuer('https://limited.example', login_uri => 'https://limited.example/login', verification_uri => 'https://limited.example/device', logout_delivery => 'courier');
SET pgtoken.http_issuer = 'https://limited.example';
INSERT INTO test.clients SELECT c.* FROM (VALUES ('lm_one'), ('lm_two')) n (name), pgtoken.create_client(n.name, offline_access => true, scopes => '{openid,lm.read}', issuer => 'https://limited.example',
	redirect_uris => ARRAY[format('https://%s.example/cb', n.name)], profile => 'oauth2', metadata => jsonb_build_object('consent_required', false, 'require_pkce', false, 'backchannel_logout_uri', format('https://%s.example/out', n.name),
		'grant_types', ARRAY['authorization_code', 'client_credentials', 'urn:ietf:params:oauth:grant-type:device_code', 'urn:ietf:params:oauth:grant-type:token-exchange'])) c;
CREATE TABLE test.limited (n serial, name text, grant_id uuid, access_token text, refresh_token text);
CREATE FUNCTION test.sign_in(name text, client text, session_id text, subject text DEFAULT 'hana', scope text DEFAULT 'openid offline_access') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r pgtoken.token_response := pgtoken.issue_tokens(client, subject, scope, session_id => session_id);
BEGIN
	INSERT INTO test.limited (name, grant_id, access_token, refresh_token) SELECT name, r.grant_id, r.access_token, r.refresh_token WHERE r.decision = 'allow';
	RETURN coalesce(r.error, 'in');
END
$$;
-- what lives, in order; of what does not, why
CREATE FUNCTION test.inside() RETURNS text LANGUAGE sql STABLE
	RETURN (SELECT string_agg(CASE s.state WHEN 'active' THEN l.name ELSE format('(%s: %s)', l.name, coalesce(s.revoke_reason, s.state)) END, ' ' ORDER BY l.n)
			FROM test.limited l JOIN pgtoken.grant_status s USING (grant_id));
CREATE FUNCTION test.begin_anew() RETURNS void LANGUAGE sql
BEGIN ATOMIC
	SELECT pgtoken.revoke_family(l.grant_id) FROM test.limited l;
	DELETE FROM test.limited;
	DELETE FROM pgtoken.courier_work WHERE issuer = 'https://limited.example';
END;

-- Without a limit nobody counts.
SELECT test.sign_in(s, 'lm_one', s) FROM unnest('{a,b,c}'::text[]) s;
SELECT test.inside();
-- A limit ends nothing by itself; the next sign-in makes room, those used longest ago first.
SELECT pgtoken.update_issuer('https://limited.example', max_sessions => 2);
SELECT test.inside();
SELECT count(*) AS refreshed FROM test.limited l, pgtoken.refresh_grant(l.refresh_token, 'lm_one', test.secret('lm_one')) r WHERE l.name = 'a' AND r.decision = 'allow';
SELECT test.sign_in('d', 'lm_one', 'd');
SELECT test.inside();
-- Attack shut out: who has been put out goes on with what he has.
SELECT l.name, pgtoken.verify_access_token(l.access_token) IS NOT NULL AS access, pgtoken.introspect(l.refresh_token) -> 'active' AS refresh FROM test.limited l WHERE l.name IN ('b', 'd') ORDER BY 1;
SELECT e.event, e.reason, e.client_id, e.subject FROM pgtoken.audit_events e JOIN test.limited l USING (grant_id) WHERE l.name = 'b' AND e.event = 'grant.revoked';
-- the clients are told
SELECT kind, client_id, url, payload FROM pgtoken.courier_work WHERE issuer = 'https://limited.example' ORDER BY payload ->> 'session_id';
-- a session that is there already is no further one, with whatever client
SELECT test.sign_in('d too', 'lm_two', 'd'), test.sign_in('d again', 'lm_one', 'd');
SELECT test.inside();
-- it is the last use that counts, by any of its clients; and with a session goes all of it
SELECT test.age(grant_id, '2 minutes') FROM test.limited WHERE name IN ('a', 'd', 'd again');
SELECT test.sign_in('e', 'lm_one', 'e');
SELECT test.inside();
SELECT test.age(grant_id, '5 minutes') FROM test.limited WHERE name LIKE 'd%';
SELECT test.sign_in('f', 'lm_two', 'f');
SELECT test.inside();
SELECT client_id, payload ->> 'session_id' AS session FROM pgtoken.courier_work WHERE issuer = 'https://limited.example' ORDER BY 2, 1;
-- subjects are counted apart, and those of other issuers are other people
SELECT test.sign_in('of others', 'lm_one', 'x', 'ivan'), test.sign_in('of others', 'lm_one', 'y', 'ivan');
RESET pgtoken.http_issuer;
SELECT decision FROM pgtoken.issue_tokens('web', 'hana', 'openid', session_id => 'e');
SET pgtoken.http_issuer = 'https://limited.example';
SELECT test.inside();

-- A family without a session of the application's is a session by itself.
SELECT test.begin_anew();
SELECT test.sign_in(s, 'lm_one', NULL) FROM unnest('{a,b,c}'::text[]) s;
SELECT test.inside();
-- What has no refresh token counts as long as it lives; what is over does not.
SELECT test.begin_anew();
SELECT test.sign_in('a', 'lm_one', 'a', scope => 'openid'), test.sign_in('b', 'lm_one', 'b');
SELECT test.age(grant_id, '15 days') FROM test.limited WHERE name = 'b';
SELECT test.sign_in('c', 'lm_one', 'c');
SELECT test.inside();
SELECT test.age(grant_id, '1 hour') FROM test.limited WHERE name = 'a';
SELECT test.sign_in('d', 'lm_one', 'd');
SELECT test.inside();
SELECT count(*) AS ended FROM pgtoken.set_not_before(issuer => 'https://limited.example');
SELECT test.sign_in('e', 'lm_one', 'e', scope => 'openid offline_access lm.read'), test.sign_in('f', 'lm_one', 'f');
SELECT test.inside();
-- What nobody signs in by does not count, and is not counted: a client's own, an exchange.
SELECT test.brief(test.http('token', 'grant_type=client_credentials&scope=lm.read', test.basic('lm_one'))) AS own FROM generate_series(1, 3);
SELECT access_token AS at FROM test.limited WHERE name = 'e' \gset
SELECT test.brief(test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange', 'subject_token', :'at', 'subject_token_type', 'urn:ietf:params:oauth:token-type:access_token'), test.basic('lm_one'))) AS exchanged FROM generate_series(1, 3);
SELECT test.inside();

-- One more is refused.
SELECT pgtoken.update_issuer('https://limited.example', at_session_limit => 'refuse');
SELECT test.sign_in('g', 'lm_one', 'g'), test.sign_in('e too', 'lm_two', 'e');
SELECT test.inside();
SELECT error, error_description FROM pgtoken.issue_tokens('lm_one', 'hana', 'openid', session_id => 'g');
SELECT e.event, e.reason, e.subject FROM pgtoken.audit_events e WHERE e.client_id = 'lm_one' ORDER BY e.event_id DESC LIMIT 1;
SELECT x.explanation FROM pgtoken.audit_events e, pgtoken.explain_decision(e.event_id) x WHERE e.client_id = 'lm_one' AND e.reason = 'session_limit' LIMIT 1;
-- where there is a page, it is told before a code is made; under prompt=none the client is
CREATE FUNCTION test.limited_transaction(VARIADIC more text[] DEFAULT '{}') RETURNS text LANGUAGE sql
	RETURN test.query((test.request('GET', '/oauth2/authorize', test.form(VARIADIC ARRAY['response_type', 'code', 'client_id', 'lm_one', 'redirect_uri', 'https://lm_one.example/cb', 'scope', 'openid'] || more))).headers ->> 'location', 'transaction_id');
SELECT test.limited_transaction() AS tx \gset
SELECT redirect_uri IS NULL AS goes_on, error FROM pgtoken.approve_authorization(:'tx', 'hana', session_id => 'g');
SELECT test.query(redirect_uri, 'error') AS told, error FROM pgtoken.approve_authorization(test.limited_transaction('prompt', 'none'), 'hana', session_id => 'g');
-- when one has ended, it goes on where it was
SELECT count(*) FROM pgtoken.end_session('hana', 'f', offline => true);
SELECT test.query(redirect_uri, 'code') AS code FROM pgtoken.approve_authorization(:'tx', 'hana', session_id => 'g') \gset
-- Attack shut out: codes that were made while there was room are redeemed together.
SELECT test.query(redirect_uri, 'code') AS code2 FROM pgtoken.approve_authorization(test.limited_transaction(), 'hana', session_id => 'h') \gset
CREATE FUNCTION test.redeem_limited(code text) RETURNS text LANGUAGE sql
	RETURN test.brief(test.http('token', test.form('grant_type', 'authorization_code', 'code', code, 'redirect_uri', 'https://lm_one.example/cb'), test.basic('lm_one')));
SELECT test.redeem_limited(:'code') AS first, test.redeem_limited(:'code2') AS second;
-- and that one is not used up: it is good when there is room
SELECT count(*) FROM pgtoken.end_session('hana', 'g');
SELECT test.redeem_limited(:'code2') AS then;
SELECT count(*) AS left FROM pgtoken.sessions_at('https://limited.example', 'hana', 'lm_one');
-- a device
SELECT a.body ->> 'device_code' AS dc, a.body ->> 'user_code' AS uc FROM test.http('device_authorization', 'scope=openid', test.basic('lm_one')) a \gset
SELECT pgtoken.approve_device(:'uc', 'hana', 'hana', session_id => 'tv') AS refused;
SELECT count(*) FROM pgtoken.end_session('hana', offline => true);
SELECT pgtoken.approve_device(:'uc', 'hana', 'hana', session_id => 'tv') IS NULL AS done;
SELECT test.brief(test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:device_code', 'device_code', :'dc'), test.basic('lm_one')));

-- Of one client: its sessions alone count, and of the oldest it loses its own part.
SELECT pgtoken.update_issuer('https://limited.example', reset => '{max_sessions}');
SELECT pgtoken.update_client('lm_one', metadata => '{"max_sessions": 1}');
SELECT count(*) FROM pgtoken.end_session('hana', offline => true);
SELECT test.begin_anew();
SELECT test.sign_in('one at a', 'lm_one', 'a'), test.sign_in('two at a', 'lm_two', 'a'), test.sign_in('two at b', 'lm_two', 'b'), test.sign_in('one at b', 'lm_one', 'b');
SELECT test.inside();
SELECT client_id, payload ->> 'session_id' AS session FROM pgtoken.courier_work WHERE issuer = 'https://limited.example' ORDER BY 2, 1;
SELECT pgtoken.update_client('lm_one', metadata => '{"at_session_limit": "refuse"}');
SELECT test.sign_in('one at a', 'lm_one', 'a'), test.sign_in('one at b again', 'lm_one', 'b');
SELECT test.inside();
-- both: what ends with the client makes room in all
SELECT pgtoken.update_issuer('https://limited.example', max_sessions => 2), pgtoken.update_client('lm_one', metadata => '{"at_session_limit": "end_oldest"}');
SELECT test.begin_anew();
SELECT test.sign_in('one at a', 'lm_one', 'a'), test.sign_in('two at b', 'lm_two', 'b'), test.sign_in('one at c', 'lm_one', 'c');
SELECT test.inside();
SELECT test.sign_in('one at b', 'lm_one', 'b');
SELECT test.inside();
-- several in one transaction see each other
SELECT test.begin_anew();
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT test.sign_in('one at ' || s, 'lm_one', s) FROM unnest('{a,b,c}'::text[]) s;
COMMIT;
SELECT test.inside();

-- Misuse
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://limited.example', max_sessions => 0)$$), test.outcome($$SELECT pgtoken.update_issuer('https://limited.example', at_session_limit => 'ask')$$);
SELECT m, test.outcome(format('SELECT pgtoken.update_client(''lm_one'', metadata => %L)', m)), pgtoken.client_metadata_problem('confidential', m::jsonb)
FROM unnest(ARRAY['{"max_sessions": 0}', '{"max_sessions": 1.5}', '{"max_sessions": "2"}', '{"at_session_limit": "ask"}']) m;
SELECT test.outcome($$UPDATE pgtoken.issuers SET max_sessions = 0 WHERE issuer = 'https://limited.example'$$), test.outcome($$UPDATE pgtoken.issuers SET at_session_limit = '' WHERE issuer = 'https://limited.example'$$);
RESET pgtoken.http_issuer;
SELECT test.begin_anew();
SELECT pgtoken.update_issuer('https://limited.example', reset => '{max_sessions}', logout_delivery => 'application');
DROP FUNCTION test.sign_in, test.inside, test.begin_anew, test.limited_transaction, test.redeem_limited;
DROP TABLE test.limited;
