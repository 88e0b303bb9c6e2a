-- Where everything lies when there are several shards: each handle says so itself, and
-- all that a subject has lies together, whatever client or issuer it has it of.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer('https://here.example'), pgtoken.create_issuer('https://there.example');
SELECT count(pgtoken.create_signing_key('ES256', i)) AS keys FROM unnest('{https://here.example,https://there.example}'::text[]) i;
SELECT pgtoken.update_issuer('https://here.example', login_uri => 'https://here.example/login', logout_uri => 'https://here.example/logout', verification_uri => 'https://here.example/device');
SELECT pgtoken.create_resource('https://vault.here.example', '{vault}', issuer => 'https://here.example', max_age => '1 hour');
SELECT pgtoken.create_resource('https://api.here.example', '{notes}', issuer => 'https://here.example');
INSERT INTO test.clients SELECT c.* FROM unnest('{placed,placed-too}'::text[]) n, LATERAL pgtoken.create_client(n, offline_access => true, scopes => '{openid,notes,vault}', redirect_uris => '{https://here.example/cb}', issuer => 'https://here.example',
	metadata => '{"consent_required": false, "grant_types": ["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange"]}') c;
INSERT INTO test.clients SELECT c.* FROM pgtoken.create_client('placed-there', offline_access => true, scopes => '{openid}', issuer => 'https://there.example') c;
SET pgtoken.http_issuer = 'https://here.example';

-- The formulas, for who has no pgtoken at hand: they never change.
SELECT subject, pgtoken.shard_of_subject(subject, 16384) AS placement, pgtoken.shard_of_subject(subject, 8) AS of_8, pgtoken.shard_of_subject(subject, 1) AS of_1
FROM unnest('{"",alice,user-42,client:robot,café}'::text[]) subject;
SELECT count(*) AS subjects, bool_and(of_6 = (('x' || left(encode(sha256(convert_to(subject, 'UTF8')), 'hex'), 4))::bit(16)::integer >> 2) % 6) AS as_documented,
	   bool_and(of_12 IN (of_6, of_6 + 6)) AS doubling, min(n) > 400 AND max(n) < 600 AS evenly
FROM (SELECT subject, pgtoken.shard_of_subject(subject, 6) AS of_6, pgtoken.shard_of_subject(subject, 12) AS of_12, count(*) OVER (PARTITION BY pgtoken.shard_of_subject(subject, 6)) AS n
	  FROM (SELECT 'user-' || i FROM generate_series(1, 3000) i) s (subject)) s;
SELECT id, pgtoken.shard_of(id, 16384) AS placement, pgtoken.shard_of(id, 8) AS of_8,
	   (('x' || substr(replace(id::text, '-', ''), 19, 4))::bit(16)::integer >> 2) % 8 AS as_documented
FROM unnest('{017f22e2-79b0-7000-aa00-000000000000,017f22e2-79b0-7000-aa2b-d80000000000,017f22e2-79b0-7000-aa2b-dbffffffffff,017f22e2-79b0-7000-aaff-ffffffffffff}'::uuid[]) id;

-- All that a subject has: of two clients, of two issuers, with and without a refresh token.
CREATE FUNCTION test.lies_with(handle text, of_subject text) RETURNS boolean LANGUAGE sql IMMUTABLE
	RETURN pgtoken.shard_of(handle, 16384) = pgtoken.shard_of_subject(of_subject, 16384);
SELECT s AS subject, c AS client, test.lies_with(r.grant_id::text, s) AS family, test.lies_with(r.access_token, s) AS access_token, test.lies_with(r.refresh_token, s) AS refresh_token,
	   test.lies_with(test.claims(r.access_token) ->> 'jti', s) AS jti, test.lies_with(test.claims(r.id_token) ->> 'sid', s) AS session
FROM unnest('{mara,nils}'::text[]) s, unnest('{placed,placed-too,placed-there}'::text[]) c, LATERAL pgtoken.issue_tokens(c, s, CASE WHEN c = 'placed' THEN 'openid' ELSE 'openid offline_access' END) r ORDER BY s, c;
SELECT test.lies_with('017f22e2-79b0-7000-aa2b-d80000000000', 'mara') AS of_another;
-- the ids are UUIDv7 of the moment still
SELECT bool_and(substr(grant_id::text, 15, 1) = '7' AND substr(grant_id::text, 20, 2) = 'aa') AS form, count(DISTINCT grant_id) AS different,
	   bool_and(abs(extract(epoch FROM created_at) - ('x' || left(replace(grant_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) < 60) AS time
FROM pgtoken.grants WHERE subject IN ('mara', 'nils');
SELECT refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('placed', 'mara', 'openid notes offline_access') \gset
SELECT pgtoken.grant_of(refresh_token) = :'gid' AS successor, pgtoken.grant_of(access_token) = :'gid' AS its_access_token FROM pgtoken.refresh_grant(:'rt', 'placed', test.secret('placed'));

-- The code flow: until the subject is known its parts lie with the client, from then on with him.
\set verifier dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
\set request '''response_type'', ''code'', ''redirect_uri'', ''https://here.example/cb'', ''scope'', ''openid notes offline_access'', ''code_challenge'', ''E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'', ''code_challenge_method'', ''S256'''
CREATE FUNCTION test.redeemed(code text, verifier text) RETURNS test.answer LANGUAGE sql
	RETURN test.http('token', test.form('grant_type', 'authorization_code', 'code', code, 'redirect_uri', 'https://here.example/cb', 'code_verifier', verifier), test.basic('placed'));
SELECT test.query((test.http('authorize', test.form('client_id', 'placed', :request), method => 'GET')).headers ->> 'location', 'transaction_id') AS tx \gset
SELECT test.query(redirect_uri, 'code') AS code FROM pgtoken.approve_authorization(:'tx', 'nils') \gset
SELECT (a).body ->> 'access_token' AS at, (a).body ->> 'refresh_token' AS rt FROM test.redeemed(:'code', :'verifier') a \gset
SELECT test.lies_with(:'tx', 'client:placed') AS transaction_id, test.lies_with(:'code', 'nils') AS code, test.lies_with(:'at', 'nils') AS access_token,
	   pgtoken.grant_of(:'code') = pgtoken.grant_of(:'rt') AS one_family, pgtoken.grant_of(:'tx') = pgtoken.grant_of(:'code') AS of_the_request;
-- and the audit can be followed from the request to the family, and back
SELECT event, grant_id = pgtoken.grant_of(:'rt') AS of_the_family FROM pgtoken.audit_events
WHERE detail #>> '{after,request_id}' = pgtoken.grant_of(:'tx')::text ORDER BY event_id;
-- RFC 6749 section 4.1.2: the second use of a code ends what came of the first
SELECT test.brief(test.redeemed(:'code', :'verifier')) AS again, (SELECT revoke_reason FROM test.family_of(pgtoken.grant_of(:'rt'))) AS family;
-- pushed
SELECT (test.http('par', test.form(:request), test.basic('placed'))).body ->> 'request_uri' AS uri \gset
SELECT test.query((test.http('authorize', test.form('client_id', 'placed', 'request_uri', :'uri'), method => 'GET')).headers ->> 'location', 'transaction_id') AS tx \gset
SELECT test.query(redirect_uri, 'code') AS code FROM pgtoken.approve_authorization(:'tx', 'mara') \gset
SELECT test.lies_with(:'uri', 'client:placed') AS request_uri, pgtoken.grant_of(substr(:'uri', 35)) = pgtoken.grant_of(:'uri') AS without_urn, test.lies_with(:'tx', 'client:placed') AS transaction_id, test.lies_with(:'code', 'mara') AS code;
-- logout
SELECT test.lies_with(test.query((test.http('end_session', 'client_id=placed', method => 'GET')).headers ->> 'location', 'transaction_id'), 'client:placed') AS logout;

-- A device: its two codes name one shard, which follows from the client; the family lies with the subject.
CREATE FUNCTION test.polled(device_code text) RETURNS test.answer LANGUAGE sql
	RETURN test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:device_code', 'device_code', device_code), test.basic('placed'));
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.http('device_authorization', 'scope=notes+offline_access', test.basic('placed')) a \gset
SELECT left(:'uc', 1) = substr('BCDFGHJKLMNPQRSTVWXZ', 1 + pgtoken.shard_of_subject('client:placed', 16384) % 20, 1) AS letter,
	   pgtoken.shard_of(:'dc', 16384) = pgtoken.shard_of(:'uc', 16384) AS same, pgtoken.shard_of(lower(replace(:'uc', '-', ' ')), 16384) = pgtoken.shard_of(:'uc', 16384) AS as_typed,
	   pgtoken.shard_of(:'uc', 16384) < 20 AS of_twenty, pgtoken.grant_of(:'uc') IS NULL AS user_code_has_no_id;
SELECT pgtoken.approve_device(:'uc', 'nils', 'nils') IS NULL AS approved;
SELECT (a).body ->> 'refresh_token' AS rt, (a).body ->> 'access_token' AS at FROM test.polled(:'dc') a \gset
SELECT test.lies_with(:'rt', 'nils') AS refresh_token, test.lies_with(:'at', 'nils') AS access_token, pgtoken.grant_of(:'dc') = pgtoken.grant_of(:'rt') AS of_the_request;
SELECT event, detail #>> '{after,state}' AS state FROM pgtoken.audit_events
WHERE grant_id = pgtoken.grant_of(:'dc') AND detail #>> '{after,family_id}' = pgtoken.grant_of(:'rt')::text ORDER BY event_id;
-- Attack shut out: whoever overheard the device_code fetches the tokens once more, or ends the family.
SELECT test.brief(test.polled(:'dc')) AS again, (SELECT revoked_at IS NULL FROM test.family_of(pgtoken.grant_of(:'rt'))) AS lives;

-- A client for itself, and an exchange, which stays with the user.
SELECT (a).body ->> 'access_token' AS own FROM test.http('token', 'grant_type=client_credentials&scope=notes', test.basic('placed')) a \gset
SELECT access_token AS at FROM pgtoken.issue_tokens('placed', 'mara', 'notes') \gset
SELECT (a).body ->> 'access_token' AS exchanged FROM test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange', 'subject_token', :'at',
	'subject_token_type', 'urn:ietf:params:oauth:token-type:access_token'), test.basic('placed')) a \gset
SELECT test.lies_with(:'own', 'client:placed') AS own, test.lies_with(:'exchanged', 'mara') AS exchanged;

-- Step-ups: of a first issue, which becomes a family there, of a device, and of a refresh.
SELECT pgtoken.enroll_factor(s, 'external', issuer => 'https://here.example') ->> 'state' AS factor FROM unnest('{mara,nils}'::text[]) s;
CREATE FUNCTION test.stepped_up(tx text, of_subject text) RETURNS text LANGUAGE sql
	RETURN pgtoken.complete_challenge(tx, jsonb_build_object('verified', true, 'factor_id', (SELECT f.factor_id FROM pgtoken.factors f WHERE f.subject = of_subject AND f.issuer = 'https://here.example'))) ->> 'completed';
SELECT error, transaction_id AS tx FROM pgtoken.issue_tokens('placed', 'mara', 'vault offline_access', '{https://vault.here.example}', auth_time => now() - interval '1 day') \gset
SELECT :'error' AS error, test.lies_with(:'tx', 'mara') AS first_issue, test.stepped_up(:'tx', 'mara') AS completed;
SELECT refresh_token AS rt, grant_id = pgtoken.grant_of(:'tx') AS same_family FROM pgtoken.issue_tokens('placed', 'mara', 'vault offline_access', '{https://vault.here.example}', auth_time => now() - interval '1 day', transaction_id => :'tx') \gset
\echo :same_family
UPDATE pgtoken.grants SET auth_time = auth_time - interval '1 day', mfa_time = mfa_time - interval '1 day' WHERE grant_id = pgtoken.grant_of(:'rt');
SELECT error, test.lies_with(transaction_id, 'mara') AS refresh, pgtoken.grant_of(transaction_id) = pgtoken.grant_of(:'rt') AS same_family FROM pgtoken.refresh_grant(:'rt', 'placed', test.secret('placed'));
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.http('device_authorization', 'scope=vault+offline_access&resource=https%3A%2F%2Fvault.here.example', test.basic('placed')) a \gset
SELECT pgtoken.approve_device(:'uc', 'nils', 'nils', auth_time => now() - interval '1 day') IS NULL AS approved;
SELECT (a).body ->> 'error' AS error, (a).body ->> 'transaction_id' AS tx FROM test.polled(:'dc') a \gset
SELECT :'error' AS error, test.lies_with(:'tx', 'nils') AS device, test.stepped_up(:'tx', 'nils') AS completed;
-- the device's code has ended while its user proved the factor (RFC 8628 section 3.5 has no word on it): the step-up counts
UPDATE pgtoken.device_codes SET expires_at = now() WHERE grant_id = pgtoken.grant_of(:'dc');
SELECT test.brief(a) AS went_on, pgtoken.grant_of((a).body ->> 'refresh_token') = pgtoken.grant_of(:'tx') AS same_family
FROM test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:device_code', 'device_code', :'dc', 'transaction_id', :'tx'), test.basic('placed')) a;

-- Ids for sessions that are to be found by themselves; the sid of a session that was given none is its family's id.
SELECT pgtoken.new_session_id('mara') AS sid \gset
SELECT test.lies_with(:'sid', 'mara') AS session, pgtoken.grant_of(:'sid')::text = :'sid' AS id, pgtoken.new_session_id('mara') <> :'sid' AS another;
SELECT test.claims(id_token) ->> 'sid' = :'sid' AS in_the_token FROM pgtoken.issue_tokens('placed', 'mara', 'openid', session_id => :'sid');
SELECT count(*) AS ended FROM pgtoken.revoke_session(:'sid', subject => 'mara');
SELECT test.outcome('SELECT pgtoken.new_session_id(NULL)') AS null_subject, test.outcome($$SELECT pgtoken.new_session_id('client:placed')$$) AS a_client, test.outcome($$SELECT pgtoken.new_session_id('')$$) AS empty;

-- Misuse; texts that lead nowhere
SELECT n, shards, test.outcome(format('SELECT pgtoken.shard_of(%L::uuid, %s)', '00000000-0000-0000-0000-000000000000', shards)) AS of_id, test.outcome(format('SELECT pgtoken.shard_of(''x''::text, %s)', shards)) AS of_text,
	   test.outcome(format('SELECT pgtoken.shard_of_subject(''x'', %s)', shards)) AS of_subject
FROM (VALUES (1, 0), (2, -2147483648), (3, 16385), (4, 2147483647), (5, 1), (6, 16384)) v (n, shards) ORDER BY n;
SELECT text, pgtoken.shard_of(text, 8) IS NULL AS nowhere, pgtoken.grant_of(text) IS NULL AS no_id
FROM unnest(ARRAY['', 'x', 'urn:ietf:params:oauth:request_uri:', 'ABC-DEF-GHI', 'BCD-FGH-JK', 'BCDF-GHJK', 'mara', test.secret('placed')]) WITH ORDINALITY t (text, n) WHERE text NOT LIKE 'pgtcs\_%' ORDER BY n;
SELECT pgtoken.shard_of(NULL::text, 8) IS NULL AS null_text, pgtoken.shard_of('x', NULL) IS NULL AS no_number, pgtoken.shard_of_subject(NULL, 8) IS NULL AS null_subject,
	   pgtoken.shard_of(test.secret('placed'), 8) IS NULL AS secret;
-- routers and partitions go by them, so they are IMMUTABLE indeed, read no table and may run in workers
CREATE TABLE test.placed (id uuid, handle text, subject text);
CREATE INDEX ON test.placed (pgtoken.shard_of(id, 8), pgtoken.shard_of(handle, 8), pgtoken.shard_of_subject(subject, 8), pgtoken.grant_of(handle));
INSERT INTO test.placed VALUES (pgtoken.grant_of(:'sid'), :'rt', 'mara');
SELECT pgtoken.shard_of(id, 8) = pgtoken.shard_of_subject(subject, 8) AS indexed FROM test.placed;
DROP TABLE test.placed;
SELECT proname, provolatile, proisstrict, proparallel FROM pg_proc WHERE pronamespace = 'pgtoken'::regnamespace AND proname ~ '^(shard_of|grant_of)' ORDER BY proname, pronargs, oid::regprocedure::text;
RESET pgtoken.http_issuer;
