-- One database of several: which it is, whom it refuses, and where it sends what belongs
-- to another. What a whole set of them does together is in test/t.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer('https://shard.example');
SELECT pgtoken.update_issuer('https://shard.example', login_uri => 'https://shard.example/login', logout_uri => 'https://shard.example/logout', verification_uri => 'https://shard.example/device');
SELECT count(pgtoken.create_signing_key('ES256', 'https://shard.example')) AS keys;
INSERT INTO test.clients SELECT c.* FROM pgtoken.create_client('sharded', offline_access => true, scopes => '{openid,notes}', redirect_uris => '{https://shard.example/cb}', issuer => 'https://shard.example',
	metadata => '{"consent_required": false, "post_logout_redirect_uris": ["https://shard.example/bye"],
		"grant_types": ["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange"]}') c;
SET pgtoken.http_issuer = 'https://shard.example';

-- The setting: a number of as many.
SELECT n, value, test.outcome(format('SET pgtoken.shard = %L', value))
FROM (VALUES (1, '4/4'), (2, '-1/4'), (3, '4'), (4, '/4'), (5, '1/'), (6, '0/0'), (7, ' 1/4'), (8, '1/4/4'), (9, '0/16385'), (10, '1/99999999999999999999'), (11, 'one/4'), (12, '0/1'), (13, '16383/16384'), (14, '3/4'), (15, '')) v (n, value) ORDER BY n;
SHOW pgtoken.shard;
-- Attack shut out: a session says that it is another shard, and begins there what the ends of the subject do not reach.
SET ROLE pgtoken_issuer;
SET pgtoken.shard = '0/1';
RESET ROLE;

-- the first subject of each of four shards, and the client's own
CREATE FUNCTION test.subject_at(shard integer, nth integer DEFAULT 0) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN (SELECT s FROM generate_series(1, 100) i, LATERAL (SELECT 'person-' || i) p (s) WHERE pgtoken.shard_of_subject(s, 4) = shard ORDER BY i OFFSET nth LIMIT 1);
SELECT pgtoken.shard_of_subject('client:sharded', 4) AS home, (pgtoken.shard_of_subject('client:sharded', 4) + 1) % 4 AS other \gset
SELECT test.subject_at(:home) AS mine, test.subject_at(:other) AS theirs, :home || '/4' AS here, :other || '/4' AS there \gset
-- a family of each, from when there was one database
SELECT access_token AS at, refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('sharded', :'mine', 'openid notes offline_access', session_id => 'of-mine') \gset
SELECT access_token AS their_at, refresh_token AS their_rt, grant_id AS their_gid FROM pgtoken.issue_tokens('sharded', :'theirs', 'openid notes offline_access', session_id => 'of-theirs') \gset
SET pgtoken.shard = :'here';

-- Attack shut out: who is blocked, has to prove a second factor or has used up his sessions goes to a database that knows nothing of it.
-- Whatever takes a subject by his name refuses those of other shards before anything else; all such functions are here, but for those that only look.
-- What hands a request over to another shard is for those.
CREATE FUNCTION test.calls_with(of_subject text) RETURNS TABLE (function text, call text) LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT p.proname,
		   format('SELECT pgtoken.%I(%s)', p.proname,
				  string_agg(format('%I => %L::%s', a.name, CASE WHEN a.name = 'subject' THEN of_subject
					ELSE CASE a.type WHEN 'uuid'::regtype THEN '00000000-0000-7000-aa00-000000000000' WHEN 'timestamptz'::regtype THEN '2020-01-01' WHEN 'text[]'::regtype THEN '{x}'
									 WHEN 'jsonb'::regtype THEN '{}' WHEN 'bytea'::regtype THEN '\x00' ELSE 'x' END END, a.type), ', ' ORDER BY a.n))
	FROM pg_proc p, LATERAL (SELECT n, p.proargnames[n], t::regtype FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY t (t, n)) a (n, name, type)
	WHERE p.pronamespace = 'pgtoken'::regnamespace AND 'subject' = ANY (p.proargnames[:p.pronargs]) AND obj_description(p.oid, 'pg_proc') !~ '^Internal'
	  -- what has to be given, and the subject
	  AND (a.n <= p.pronargs - p.pronargdefaults OR a.name = 'subject')
	GROUP BY p.oid, p.proname;
END;
SELECT function, test.outcome(call) AS theirs FROM test.calls_with(:'theirs') ORDER BY function COLLATE "C", 2;
-- and of its own they say something else
SELECT count(*) AS functions, count(*) FILTER (WHERE test.outcome(call) ~ 'another shard') AS refused FROM test.calls_with(test.subject_at(:home, 1));
-- A logout lies with its client: it ends there whosever the session was, and no row says whose, for who erases him would not find it.
SELECT test.query((test.http('end_session', test.form('client_id', 'sharded'), method => 'GET')).headers ->> 'location', 'transaction_id') AS tx \gset
SELECT pgtoken.complete_logout(:'tx', :'theirs', 'of-theirs') IS NULL AS nowhere, pgtoken.authorization_request(:'tx') IS NULL AS gone;
SELECT subject, context ->> 'session_id' AS session FROM pgtoken.audit_events WHERE event = 'logout.completed' ORDER BY event_id DESC LIMIT 1;
SELECT test.query((test.http('end_session', test.form('client_id', 'sharded'), method => 'GET')).headers ->> 'location', 'transaction_id') AS tx \gset
SELECT pgtoken.complete_logout(:'tx', :'mine', 'of-mine') IS NULL AS nowhere;
SELECT subject = :'mine' AS mine, context ->> 'session_id' AS session FROM pgtoken.audit_events WHERE event = 'logout.completed' ORDER BY event_id DESC LIMIT 1;
DO $$
BEGIN
	PERFORM pgtoken.enroll_factor(test.subject_at((split_part(current_setting('pgtoken.shard'), '/', 1)::integer + 1) % 4), 'totp');
EXCEPTION WHEN OTHERS THEN
	DECLARE
		told text;
		hinted text;
	BEGIN
		GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL, hinted = PG_EXCEPTION_HINT;
		RAISE WARNING '% | % | %', SQLSTATE, told = format('It is that of shard %s of 4; this is shard %s.', (split_part(current_setting('pgtoken.shard'), '/', 1)::integer + 1) % 4, split_part(current_setting('pgtoken.shard'), '/', 1)),
			hinted = format('Connect to shard %s.', (split_part(current_setting('pgtoken.shard'), '/', 1)::integer + 1) % 4);
	END;
END $$;
-- nothing was begun: all that is here of other shards is what was before
SELECT count(*) FROM pgtoken.grants WHERE subject = :'theirs';
SELECT count(*) FROM pgtoken.factors WHERE subject = :'theirs';
SELECT err.error FROM pgtoken.issue_tokens('sharded', :'mine', 'notes') err;
-- nor is a family begun here by a layer that says routed where it was not: the request goes on to its subject
SELECT set_config('pgtoken.http_authenticator', quote_ident(session_user), false) <> '' AS layer;
SET pgtoken.shard = :'there';
SELECT a.status, a.headers ->> 'shard' = :'home' AS sent_home FROM test.request('POST', '/oauth2/token', 'grant_type=client_credentials', test.basic('sharded'), '{"routed": true}') a;
SET pgtoken.shard = :'here';

-- Where a request goes, by each endpoint of the door. What is handed out has the placement 2806.
CREATE FUNCTION test.shard_asked(method text, path text, form text DEFAULT '', headers jsonb DEFAULT '{}', shards integer DEFAULT 16384) RETURNS text LANGUAGE sql
	RETURN pgtoken_http.shard_of(method, CASE WHEN method <> 'POST' AND form <> '' THEN path || '?' || form ELSE path END,
		ARRAY(SELECT v.part FROM jsonb_each_text(headers) x, LATERAL (VALUES (x.key), (x.value)) v (part)), CASE method WHEN 'POST' THEN convert_to(form, 'UTF8') END, shards);
CREATE FUNCTION test.handle(prefix text, id uuid DEFAULT '017f22e2-79b0-7000-aa2b-d80000000000') RETURNS text LANGUAGE sql IMMUTABLE
	RETURN prefix || test.b64url('\x01' || decode(replace(id::text, '-', ''), 'hex') || decode(repeat('00', 32), 'hex'));
-- as long as nobody asks whether it is genuine
CREATE FUNCTION test.jwt(claims jsonb, typ text DEFAULT 'JWT') RETURNS text LANGUAGE sql IMMUTABLE
	RETURN test.b64url(convert_to(format('{"alg":"ES256","typ":"%s"}', typ), 'UTF8')) || '.' || test.b64url(convert_to(claims::text, 'UTF8')) || '.' || repeat('A', 86);
CREATE FUNCTION test.placed_token() RETURNS text LANGUAGE sql IMMUTABLE
	RETURN test.jwt('{"grant_id": "017f22e2-79b0-7000-aa2b-d80000000000"}', 'at+jwt');
CREATE FUNCTION test.shown_token(scheme text DEFAULT 'Bearer') RETURNS jsonb LANGUAGE sql IMMUTABLE
	RETURN jsonb_build_object('authorization', scheme || ' ' || test.placed_token());
CREATE FUNCTION test.asserted(VARIADIC pairs text[] DEFAULT '{}') RETURNS text LANGUAGE sql IMMUTABLE
	RETURN test.form(VARIADIC pairs || ARRAY['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', 'client_assertion', test.jwt('{"iss": "sharded", "sub": "sharded"}')]);
CREATE FUNCTION test.follows(shard text) RETURNS text LANGUAGE sql STABLE
	RETURN CASE shard WHEN '2806' THEN 'what was handed out' WHEN pgtoken.shard_of_subject('client:sharded', 16384)::text THEN 'the client'
					  WHEN (pgtoken.shard_of_subject('client:sharded', 16384) % 20)::text THEN 'the letter of its user codes'
					  WHEN pgtoken.shard_of_subject('https://idp.example once', 16384)::text THEN 'issuer and id of the assertion'
					  WHEN pgtoken.shard_of_subject('https://idp.example work', 16384)::text THEN 'issuer and subject of the assertion' ELSE shard END;
\set basic 'test.basic(''sharded'')'
\set bearer_grant '''grant_type'', ''urn:ietf:params:oauth:grant-type:jwt-bearer'', ''assertion'''
SELECT n, what, test.follows(test.shard_asked(method, path, form, headers)) AS goes_by
FROM (VALUES
	(1, 'refresh', 'POST', '/oauth2/token', test.form('grant_type', 'refresh_token', 'refresh_token', test.placed_token()), '{}'),
	(2, 'code', 'POST', '/oauth2/token', test.form('grant_type', 'authorization_code', 'code', test.handle('pgtac_'), 'client_id', 'sharded'), '{}'),
	(3, 'code of a client with an assertion', 'POST', '/oauth2/token', test.asserted('grant_type', 'authorization_code', 'code', test.handle('pgtac_')), '{}'),
	(4, 'device', 'POST', '/oauth2/token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:device_code', 'device_code', test.handle('pgtdc_')), :basic),
	(5, 'exchange', 'POST', '/oauth2/token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange', 'subject_token', test.placed_token(), 'actor_token', test.jwt('{"grant_id": "017f22e2-79b0-7000-aa00-000000000000"}', 'at+jwt')), :basic),
	(6, 'client_credentials, Basic', 'POST', '/oauth2/token', 'grant_type=client_credentials', :basic),
	(7, 'client_credentials, form', 'POST', '/oauth2/token', 'grant_type=client_credentials&client_id=sharded&client_secret=x', '{}'),
	(8, 'client_credentials, assertion', 'POST', '/oauth2/token', test.asserted('grant_type', 'client_credentials'), '{}'),
	(9, 'password', 'POST', '/oauth2/token', 'grant_type=password&username=x&password=x', :basic),
	(10, 'assertion of an issuer', 'POST', '/oauth2/token', test.form(:bearer_grant, test.jwt('{"iss": "https://idp.example", "sub": "work", "jti": "once"}')), '{}'),
	-- Attack shut out: who has seen an assertion that is good once shows it to another shard, by naming another client.
	(11, 'the same, of a client', 'POST', '/oauth2/token', test.form(:bearer_grant, test.jwt('{"iss": "https://idp.example", "sub": "work", "jti": "once"}')), :basic),
	(12, 'one without an id', 'POST', '/oauth2/token', test.form(:bearer_grant, test.jwt('{"iss": "https://idp.example", "sub": "work"}')), '{}'),
	(13, 'one of a person', 'POST', '/oauth2/token', test.form(:bearer_grant, test.jwt('{"iss": "https://idp.example", "sub": "p", "jti": "once", "client_id": "sharded"}', 'oauth-id-jag+jwt')), test.basic('web')),
	(20, 'introspect', 'POST', '/oauth2/introspect', test.form('token', test.placed_token()), :basic),
	(21, 'revoke', 'POST', '/oauth2/revoke', test.form('token', test.placed_token()), :basic),
	(22, 'userinfo', 'GET', '/oauth2/userinfo', '', test.shown_token()),
	(23, 'userinfo, DPoP', 'GET', '/oauth2/userinfo', '', test.shown_token('DPoP')),
	(24, 'userinfo, in the form', 'POST', '/oauth2/userinfo', test.form('access_token', test.placed_token()), '{}'),
	(25, 'sessions', 'GET', '/oauth2/sessions', 'limit=2', test.shown_token()),
	(26, 'end a session', 'DELETE', '/oauth2/sessions/x', '', test.shown_token()),
	(27, 'end others', 'POST', '/oauth2/sessions/end_others', '', test.shown_token()),
	(30, 'authorize', 'GET', '/oauth2/authorize', 'client_id=sharded&response_type=code', '{}'),
	(31, 'authorize, pushed', 'GET', '/oauth2/authorize', test.form('client_id', 'web', 'request_uri', 'urn:ietf:params:oauth:request_uri:' || test.handle('pgtpr_')), '{}'),
	(32, 'authorize, by reference', 'GET', '/oauth2/authorize', test.form('client_id', 'sharded', 'request_uri', 'https://sharded.example/request'), '{}'),
	(33, 'par', 'POST', '/oauth2/par', 'response_type=code', :basic),
	(34, 'par, assertion', 'POST', '/oauth2/par', test.asserted(), '{}'),
	(35, 'answer', 'GET', '/oauth2/answer', test.form('answer', test.handle('pgtan_')), '{}'),
	(36, 'device_authorization', 'POST', '/oauth2/device_authorization', '', :basic),
	(37, 'challenge', 'POST', '/oauth2/challenge', test.form('transaction_id', test.handle('pgtch_')), :basic),
	(38, 'complete_challenge', 'POST', '/oauth2/complete_challenge', test.form('transaction_id', test.handle('pgtch_')), :basic),
	(39, 'logout', 'GET', '/oauth2/logout', 'client_id=sharded', '{}'),
	(40, 'logout, by a hint', 'POST', '/oauth2/logout', test.form('id_token_hint', test.jwt('{"aud": "sharded"}')), '{}'),
	(41, 'logout, of nobody', 'GET', '/oauth2/logout', 'state=x', '{}'),
	(50, 'status list', 'GET', '/oauth2/status_lists/' || (5::bigint * 16384 + 2806) || '/0', '', '{}'),
	(51, 'all status lists', 'GET', '/oauth2/status_lists', '', '{}'),
	(52, 'keys', 'GET', '/oauth2/jwks', '', '{}'),
	(53, 'metadata', 'GET', '/.well-known/openid-configuration', '', '{}'),
	(54, 'metadata', 'GET', '/.well-known/oauth-authorization-server', '', '{}'),
	(55, 'metadata of an API', 'GET', '/oauth2/resource_metadata', '', '{}'),
	(56, 'metadata of an API', 'GET', '/.well-known/oauth-protected-resource/x', '', '{}'),
	(57, 'metadata of signals', 'GET', '/.well-known/ssf-configuration', '', '{}'),
	(60, 'register', 'POST', '/oauth2/register', '{}', '{}'),
	(61, 'registration', 'PUT', '/oauth2/register/sharded', '', '{}'),
	(62, 'streams', 'GET', '/oauth2/signals/streams', '', test.shown_token()),
	(63, 'status of a stream', 'POST', '/oauth2/signals/status', '{}', test.shown_token()),
	(64, 'verification', 'POST', '/oauth2/signals/verification', '{}', test.shown_token()),
	(65, 'poll', 'POST', '/oauth2/signals/poll/x', '{}', test.shown_token()),
	(70, 'console', 'GET', '/oauth2/console', '', '{}'), (71, 'console', 'GET', '/oauth2/console/', '', '{}'), (72, 'console', 'GET', '/oauth2/console/console.js', '', '{}'),
	(73, 'console', 'GET', '/oauth2/console/configuration', '', '{}'),
	(74, 'a function of the console', 'POST', '/oauth2/console/api/x', '{}', test.shown_token('DPoP')),
	(80, 'live', 'GET', '/live', '', '{}'), (81, 'ready', 'GET', '/ready', '', '{}'), (82, 'metrics', 'GET', '/metrics', '', '{}'), (83, 'metrics, with a token', 'GET', '/metrics', '', test.shown_token()),
	-- what is refused for its form, or names nothing
	(90, 'another method', 'GET', '/oauth2/token', '', '{}'), (91, 'another path', 'GET', '/nothing', '', '{}'), (92, 'a preflight', 'OPTIONS', '/oauth2/token', '', '{}'),
	(93, 'no grant type', 'POST', '/oauth2/token', 'refresh_token=x', '{}'), (94, 'no such grant type', 'POST', '/oauth2/token', 'grant_type=x', '{}'),
	(95, 'no token of ours', 'POST', '/oauth2/token', 'grant_type=refresh_token&refresh_token=x', :basic), (96, 'twice', 'POST', '/oauth2/par', 'client_id=sharded&client_id=sharded', '{}'),
	(97, 'no form', 'POST', '/oauth2/par', '%zz', '{}'), (98, 'two methods', 'POST', '/oauth2/par', 'client_secret=x', :basic), (99, 'no list', 'GET', '/oauth2/status_lists/0/0', '', '{}'),
	(100, 'no client', 'GET', '/oauth2/authorize', '', '{}'), (101, 'no token', 'GET', '/oauth2/userinfo', '', '{}')) v (n, what, method, path, form, headers) ORDER BY n;
-- modulo as many as there are, and as the other functions say it
SELECT shards, test.shard_asked('GET', '/oauth2/authorize', 'client_id=sharded', shards => shards) = pgtoken.shard_of_subject('client:sharded', shards)::text AS of_a_client,
	   test.shard_asked('GET', '/oauth2/userinfo', '', test.shown_token(), shards) = pgtoken.shard_of('017f22e2-79b0-7000-aa2b-d80000000000'::uuid, shards)::text AS of_a_token
FROM unnest('{1,3,20,16384}'::integer[]) shards;
-- an id without a placement has a shard all the same
SELECT test.shard_asked('POST', '/oauth2/introspect', test.form('token', test.handle('pgtac_', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f')), shards => 1000) = pgtoken.shard_of('017f22e2-79b0-7cc3-98c4-dc0c0c07398f'::uuid, 1000)::text AS of_a_hash;
SELECT n, test.outcome(format('SELECT pgtoken_http.shard_of(%L, %L, %L, NULL, %s)', method, target, headers, shards))
FROM (VALUES (1, NULL, '/', '{}', '4'), (2, 'GET', NULL, '{}', '4'), (3, 'GET', '/', NULL, '4'), (4, 'GET', '/', '{a}', '4'), (5, 'GET', '/', '{}', '0'), (6, 'GET', '/', '{}', '16385'), (7, 'GET', '/', '{}', 'NULL')) v (n, method, target, headers, shards) ORDER BY n;

-- What the door answers where a request belongs to another shard: that, and it has not looked.
CREATE FUNCTION test.door_at(path text, form text, headers jsonb, peer jsonb DEFAULT '{}') RETURNS text LANGUAGE sql
	RETURN (SELECT concat_ws(' ', a.status, 'Shard ' || (a.headers ->> 'shard'), a.body ->> 'error') FROM test.request('POST', path, form, headers, peer) a);
SELECT count(*) AS before_events FROM pgtoken.audit_events \gset
SELECT test.door_at('/oauth2/token', test.form('grant_type', 'refresh_token', 'refresh_token', :'their_rt'), test.basic('sharded')) = '0 Shard ' || :other AS refresh,
	   test.door_at('/oauth2/token', test.form('grant_type', 'refresh_token', 'refresh_token', :'their_rt', 'client_id', 'sharded', 'client_secret', 'guessed'), '{}') = '0 Shard ' || :other AS guessed,
	   test.door_at('/oauth2/introspect', test.form('token', :'their_at'), test.basic('sharded')) = '0 Shard ' || :other AS introspect,
	   test.door_at('/oauth2/revoke', test.form('token', :'their_rt'), test.basic('sharded')) = '0 Shard ' || :other AS revoke,
	   test.door_at('/oauth2/register', '{}', '{"content-type": "application/json"}') AS register;
SELECT count(*) = :before_events AS no_event FROM pgtoken.audit_events;
SELECT generation, revoked_at IS NULL AS not_revoked FROM pgtoken.grants WHERE grant_id = :'their_gid';
SELECT h.status, h.body, h.headers @> '{Cache-Control,no-store}' AS not_kept FROM pgtoken_http.handle('POST', '/oauth2/token', '{}', convert_to(test.form('grant_type', 'refresh_token', 'refresh_token', :'their_rt'), 'UTF8')) h;
-- a registration stays where the configuration is
BEGIN;
SET LOCAL client_min_messages = error;
CREATE PUBLICATION pgtoken_configuration;
SELECT test.door_at('/oauth2/register', '{}', '{"content-type": "application/json"}') AS register_at_the_primary;
ROLLBACK;
-- what is this shard's, and what is everybody's, is answered
SELECT test.brief(test.http('introspect', test.form('token', :'at'), test.basic('sharded'))) AS introspect, test.brief(test.http('token', 'grant_type=client_credentials', test.basic('sharded'))) AS client_credentials,
	   (test.request('GET', '/oauth2/jwks')).status AS jwks, test.brief(test.http('token', test.form('grant_type', 'refresh_token', 'refresh_token', 'x'), test.basic('sharded'))) AS nobodys,
	   (test.request('OPTIONS', '/oauth2/token')).status AS options;
-- sent on, it stays; of a family that lies elsewhere, and was not forgotten here, nothing is said; and so says a layer alone
SELECT test.door_at('/oauth2/introspect', test.form('token', :'their_at'), test.basic('sharded'), '{"routed": true}') AS routed;
SET pgtoken.http_authenticator = nobody;
-- Attack shut out: a caller who is no layer says routed, so that a shard acts for a subject of another.
SELECT test.door_at('/oauth2/introspect', test.form('token', :'their_at'), test.basic('sharded'), '{"routed": true}') = '0 Shard ' || :other AS no_layer;
RESET pgtoken.http_authenticator;
-- a server that only reads says as well where it belongs
BEGIN READ ONLY;
SELECT test.door_at('/oauth2/token', test.form('grant_type', 'refresh_token', 'refresh_token', :'their_rt'), test.basic('sharded')) = '0 Shard ' || :other AS theirs, test.door_at('/oauth2/token', 'grant_type=client_credentials', test.basic('sharded')) AS mine;
ROLLBACK;
-- PostgREST knows of no shards: 503
BEGIN;
SELECT set_config('request.headers', '{"pgtoken-method": "POST", "pgtoken-target": "/oauth2/introspect", "pgtoken-content-type": "application/x-www-form-urlencoded"}', true) IS NOT NULL AS said;
SELECT convert_from(pgtoken_postgrest.handle(convert_to(test.form('token', :'their_at'), 'UTF8')), 'UTF8')::jsonb ->> 'error' AS error;
SELECT current_setting('response.status') AS status, current_setting('response.headers') ~ 'Retry-After' AS retry, current_setting('response.headers') ~ 'Shard' AS shard;
ROLLBACK;

-- A client of a document: who does not know it sends the request to where the configuration is. There the document is fetched,
-- and the request goes back, and nothing else is done with it; what makes no client is refused there.
SELECT test.courier();
SELECT pgtoken.set_registration_policy('{"client_id_metadata_documents": "open"}', 'https://shard.example') ->> 'client_id_metadata_documents' AS set;
CREATE FUNCTION test.document_asks(client text, peer jsonb DEFAULT '{}') RETURNS text LANGUAGE sql
	RETURN (SELECT concat_ws(' ', a.status, 'Shard ' || CASE a.headers ->> 'shard' WHEN pgtoken.shard_of_subject('client:' || client, 4)::text THEN 'of the client' ELSE a.headers ->> 'shard' END, 'Wait ' || (a.headers ->> 'wait'),
							 regexp_replace(a.headers ->> 'location', '(transaction_id=).*', '\1'))
			FROM test.request('GET', '/oauth2/authorize', test.form('client_id', client, 'redirect_uri', 'https://agent.example/cb', 'response_type', 'code', 'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256'), peer => peer) a);
SELECT set_config('pgtoken.http_authenticator', quote_ident(session_user), false) <> '' AS layer;
BEGIN;
SET LOCAL client_min_messages = error;
-- as seen from the client's shard, a subscriber
CREATE SUBSCRIPTION pgtoken_configuration_test CONNECTION 'dbname=nowhere' PUBLICATION pgtoken_configuration WITH (connect = false);
SELECT set_config('pgtoken.shard', pgtoken.shard_of_subject('client:https://agent.example/shard', 4) || '/4', true) <> '' AS at_the_clients;
SELECT test.document_asks('https://agent.example/shard') AS unknown, test.document_asks('https://agent.example/shard', '{"routed": true}') AS routed, test.document_asks('https://agent.example') AS no_document, test.document_asks('sharded', '{"routed": true}') AS not_of_a_document;
ROLLBACK;
BEGIN;
SET LOCAL client_min_messages = error;
-- and from the primary, which is another shard
CREATE PUBLICATION pgtoken_configuration;
SELECT set_config('pgtoken.shard', (pgtoken.shard_of_subject('client:https://agent.example/shard', 4) + 1) % 4 || '/4', true) <> '' AS at_the_primary;
SELECT test.document_asks('https://agent.example/shard') AS first, test.document_asks('https://agent.example/shard', '{"routed": true}') AS sent_there;
SELECT test.fetched('https://agent.example/shard', '{"client_id": "https://agent.example/shard", "client_name": "Agent", "redirect_uris": ["https://agent.example/cb"], "token_endpoint_auth_method": "none"}');
SELECT test.document_asks('https://agent.example/shard', '{"routed": true}') AS fetched, (SELECT count(*) FROM pgtoken.authorization_requests WHERE client_id = 'https://agent.example/shard') AS requests;
SELECT test.document_asks('https://agent.example', '{"routed": true}') AS no_document;
ROLLBACK;
RESET pgtoken.http_authenticator;

-- What is written away from its client's shard is found where it was written: an answer that waits for its page.
\set request '''client_id'', ''sharded'', ''response_type'', ''code'', ''redirect_uri'', ''https://shard.example/cb'', ''scope'', ''openid'', ''response_mode'', ''form_post'', ''code_challenge'', ''E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'', ''code_challenge_method'', ''S256'''
SELECT test.query((test.http('authorize', test.form(:request), method => 'GET')).headers ->> 'location', 'transaction_id') AS tx \gset
SELECT pgtoken.shard_of(:'tx', 4) = :home AS request_with_the_client;
SELECT pgtoken.hand_over_authorization(:'tx', :'theirs') AS handed \gset
SET pgtoken.shard = :'there';
SELECT test.query(redirect_uri, 'answer') AS answer FROM pgtoken.approve_authorization(:'handed', :'theirs') \gset
SELECT pgtoken.shard_of(:'answer', 4) = :other AS answer_where_it_lies;
SELECT status, headers ->> 'shard' AS shard, length(body #>> '{}') > 0 AS page FROM test.request('GET', '/oauth2/answer', test.form('answer', :'answer'));

-- What a clone has of its original, until it is forgotten, is answered and ended where it lies.
SET pgtoken.shard = :'here';
SELECT test.query((test.http('authorize', test.form(:request), method => 'GET')).headers ->> 'location', 'transaction_id') AS tx \gset
RESET pgtoken.shard;
SELECT a.body ->> 'user_code' AS user_code FROM test.request('POST', '/oauth2/device_authorization', 'scope=openid', test.basic('sharded')) a \gset
SELECT n || '/4' AS elsewhere, test.subject_at(n) AS of_elsewhere FROM (SELECT (pgtoken.shard_of(:'user_code', 4) + 1) % 4) d (n) \gset
-- Attack shut out: one request is answered in both, and two codes come of it, or two families of one user_code.
SET pgtoken.shard = :'there';
SELECT test.outcome(format(call, :'tx', :'theirs')) AS cloned
FROM (VALUES (1, 'SELECT pgtoken.authorization_request(%L)'), (2, 'SELECT pgtoken.approve_authorization(%L, %L)'), (3, 'SELECT pgtoken.deny_authorization(%L)'), (4, 'SELECT pgtoken.hand_over_authorization(%L, %L)')) v (n, call) ORDER BY n;
SET pgtoken.shard = :'elsewhere';
SELECT test.outcome(format(call, :'user_code', :'of_elsewhere')) AS cloned
FROM (VALUES (1, 'SELECT pgtoken.device_request(%L, ''here'')'), (2, 'SELECT pgtoken.approve_device(%L, ''here'', %L)'), (3, 'SELECT pgtoken.deny_device(%L, ''here'')'), (4, 'SELECT pgtoken.hand_over_device(%L, ''here'', %L)')) v (n, call) ORDER BY n;
-- Attack shut out: an end is said to hold, and the family goes on where it lies.
SET pgtoken.shard = :'here';
SELECT test.outcome(format('SELECT pgtoken.set_not_before(grant_id => %L)', :'their_gid')) AS ended, (SELECT not_before FROM pgtoken.grants WHERE grant_id = :'their_gid') AS not_before;
-- a session that is named to all of them ends on the one that has it, and stands in nobody's way
SET pgtoken.shard = :'there';
SELECT count(*) AS ended FROM pgtoken.revoke_session('of-mine');
SET pgtoken.shard = :'here';
SELECT count(*) AS ended FROM pgtoken.revoke_session('of-mine');
SELECT pgtoken.shard_of(:'tx', 4) = :home AS still_there, pgtoken.authorization_request(:'tx') ->> 'client_id' AS client_id;

-- What is there of other shards: nothing, or what a split has left behind.
SELECT ok, regexp_replace(detail, '\d+', 'N', 'g') AS detail FROM pgtoken.health() WHERE check_name = 'shard';
SET pgtoken.shard = '0/1';
SELECT ok, regexp_replace(detail, '\d+', 'N', 'g') AS detail FROM pgtoken.health() WHERE check_name = 'shard';
RESET pgtoken.shard;
SELECT count(*) AS not_sharded FROM pgtoken.health() WHERE check_name = 'shard';
SELECT test.brief(test.http('introspect', test.form('token', :'their_at'), test.basic('sharded'))) AS all_is_here;
