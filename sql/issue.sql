-- issue_tokens: what is granted, and what the tokens say.
\set SHOW_CONTEXT never

-- The whole answer
SELECT access_token AS at, refresh_token AS rt, id_token AS it, grant_id AS gid, test.brief(r) AS brief,
	   token_type, expires_in, refresh_token_expires_in
FROM pgtoken.issue_tokens('web', 'alice', 'openid offline_access orders.read', acr => 'urn:example:gold', amr => '{pwd,otp}',
	nonce => 'n-0S6_WzA2Mj', session_id => 'session-1', auth_time => '2020-01-02 03:04:05+00',
	claims => '{"tenant": 7, "roles": ["a", {"deep": true}], "note": "ä\u2028\"\\", "big": 9007199254740993, "ratio": 0.10}',
	context => '{"ip": "192.0.2.1", "user_agent": "tests", "free": {"x": 1}}') r \gset
\echo :brief / :token_type / :expires_in / :refresh_token_expires_in

-- C43: the header says what it is, and which key; C44, C46: all claims are there
SELECT test.header(:'at') - 'kid' AS header,
	   test.header(:'at') ->> 'kid' = (SELECT kid FROM pgtoken.signing_keys WHERE issuer = 'https://id.example' AND state = 'active') AS kid_active;
SELECT jsonb_pretty(test.claims(:'at') - '{iat,exp,jti,grant_id}'::text[]) AS access_token;
SELECT (c ->> 'exp')::bigint - (c ->> 'iat')::bigint AS life,
	   abs((c ->> 'iat')::bigint - extract(epoch FROM clock_timestamp())) < 60 AS iat_now,
	   c ->> 'grant_id' = :'gid' AS names_family, pgtoken.grant_of(c ->> 'jti') = :'gid' AS jti_of_family
FROM test.claims(:'at') c;
SELECT pgtoken.verify_access_token(:'at') = test.claims(:'at') AS verifies_with_these_claims;

-- C81, C82, C84: the ID token; custom claims stay in the access token
SELECT test.header(:'it') - 'kid' AS header, test.header(:'it') ->> 'kid' = test.header(:'at') ->> 'kid' AS same_key;
SELECT jsonb_pretty(test.claims(:'it') - '{iat,exp,at_hash}'::text[]) AS id_token;
SELECT test.claims(:'it') ->> 'at_hash' = test.b64url(substr(sha256(convert_to(:'at', 'UTF8')), 1, 16)) AS at_hash,
	   test.claims(:'it') ->> 'iat' = test.claims(:'at') ->> 'iat' AS same_iat;

-- C85: neither given: the subject authenticated now, the session is the family, and no nonce, acr, amr is made up
SELECT id_token AS it, grant_id AS gid FROM pgtoken.issue_tokens('web', 'alice', 'openid') r \gset
SELECT test.claims(:'it') ->> 'auth_time' = test.claims(:'it') ->> 'iat' AS auth_time_now,
	   test.claims(:'it') ->> 'sid' = :'gid' AS sid_is_family, test.claims(:'it') ?| '{nonce,acr,amr}' AS made_up;
-- an empty acr or nonce is none; an empty list of methods is one
SELECT test.claims(access_token) - '{iat,exp,jti,grant_id,auth_time}'::text[] AS claims
FROM pgtoken.issue_tokens('web', 'alice', 'openid', acr => '', amr => '{}', nonce => '');
SELECT test.claims(r.id_token) ?| '{nonce,acr}' AS empty_ones, test.claims(r.id_token) ->> 'sid' = r.grant_id::text AS sid_is_family
FROM pgtoken.issue_tokens('web', 'alice', 'openid', acr => '', nonce => '', session_id => '') r;

-- C44: a jti is never used twice
SELECT count(DISTINCT test.claims((pgtoken.issue_tokens('plain', 'alice', 'openid')).access_token) ->> 'jti')
FROM generate_series(1, 50);

-- C22: refresh tokens are long, VSCHAR only, and different
SELECT bool_and(t ~ '^pgtrt_[A-Za-z0-9_-]{71}$') AS form, count(DISTINCT right(t, 43)) AS different
FROM (SELECT (pgtoken.issue_tokens('web', 'alice', 'openid offline_access')).refresh_token FROM generate_series(1, 20)) r (t);

-- C9: scope is a list without order or repeats, case-sensitive; C2: an empty one is none;
-- C47: aud is the resource asked for, else the client's default, else the API the
-- scopes belong to, else the issuer; scopes of two APIs without a resource are ambiguous;
-- C55, C46: no scope that means nothing to the audience; C69, C71
CREATE TEMP VIEW answers AS
SELECT n, client, asked, api, test.brief(r) AS answer, test.claims(r.access_token) -> 'aud' AS aud
FROM (VALUES
	(1, 'web', 'openid', NULL), (2, 'web', 'email openid  profile', NULL), (3, 'web', 'email openid openid profile', NULL),
	(4, 'web', 'OPENID', NULL), (5, 'web', 'admin', NULL), (6, 'web', 'openid admin', NULL),
	(7, 'web', 'orders.read', NULL), (8, 'web', 'orders.read orders.write', NULL), (9, 'web', 'mail.read', NULL),
	(10, 'web', 'orders.read mail.read', NULL), (11, 'web', 'shared', NULL), (12, 'web', NULL, NULL), (13, 'web', '', NULL),
	(14, 'web', 'shared', '{https://mail.example}'), (15, 'web', 'mail.read', '{https://orders.example}'),
	(16, 'web', 'orders.read mail.read', '{https://orders.example,https://mail.example}'),
	(17, 'web', 'orders.read', '{https://orders.example,https://orders.example}'),
	(18, 'web', NULL, '{https://orders.example}'), (19, 'web', 'orders.read', '{https://id.example}'),
	(20, 'web', 'orders.read', '{https://any.example}'), (21, 'web', 'orders.read', '{}'),
	(22, 'web', 'openid', '{https://unknown.example}'), (23, 'web', 'openid', '{relative}'), (24, 'web', 'openid', '{""}'),
	(25, 'web', 'openid', '{https://orders.example#f}'), (26, 'web', 'openid', '{https://orders.example,https://unknown.example}'),
	(27, 'web', 'openid', '{https://orders.example/}'), (28, 'web', 'openid', '{https://ORDERS.example}'),
	(29, 'plain', NULL, NULL), (30, 'nobody', NULL, NULL)) v (n, client, asked, api),
	pgtoken.issue_tokens(client, 'alice', asked, api::text[]) r;
SELECT * FROM answers ORDER BY n;
DROP VIEW answers;

-- The client's own list of APIs: the first is its default, the others may be asked for, no more.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('listed', scopes => '{openid,orders.read,mail.read}',
	resources => '{https://mail.example,https://orders.example}');
SELECT n, asked, api, test.brief(r) AS answer, test.claims(r.access_token) -> 'aud' AS aud
FROM (VALUES (1, NULL, NULL), (2, 'mail.read', NULL), (3, 'orders.read', NULL), (4, 'orders.read', '{https://orders.example}'),
			 (5, 'openid', '{https://any.example}')) v (n, asked, api),
	pgtoken.issue_tokens('listed', 'alice', asked, api::text[]) r
ORDER BY n;
-- An API that is switched off is not there.
SELECT pgtoken.update_resource('https://mail.example', enabled => false);
SELECT test.brief(pgtoken.issue_tokens('listed', 'alice', 'mail.read', '{https://mail.example}')) AS answer;
SELECT pgtoken.update_resource('https://mail.example', enabled => true);
SELECT test.brief(pgtoken.issue_tokens('listed', 'alice', 'mail.read', '{https://mail.example}')) AS answer;

-- Attack shut out: a client gets lasting access by just asking for it.
-- C87, C95: a refresh token needs the scope and a client that is allowed it; C81: an ID token needs openid.
SELECT n, client, asked, test.brief(r) AS answer, g.generation, g.current_hash IS NULL AS no_hash
FROM (VALUES (1, 'plain', 'openid offline_access'), (2, 'plain', 'offline_access'), (3, 'web', 'openid'),
			 (4, 'web', 'offline_access'), (5, 'web', 'profile offline_access'), (6, 'app', 'offline_access orders.read'),
			 (7, 'web', 'OFFLINE_ACCESS openid')) v (n, client, asked),
	pgtoken.issue_tokens(client, 'alice', asked) r LEFT JOIN LATERAL test.family_of(r.grant_id) g ON true
ORDER BY n;

-- Lifetimes: the client's, cut by the shortest of its APIs; a family ends with its refresh token
-- or, without one, with its only access token.
SELECT pgtoken.create_resource('https://short.example', access_token_lifetime => '1 minute');
SELECT pgtoken.create_resource('https://long.example', access_token_lifetime => '1 hour');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('lives', offline_access => true, access_token_lifetime => '10 minutes',
	refresh_absolute_lifetime => '2 hours', refresh_idle_lifetime => '1 hour');
SELECT n, asked, api, r.expires_in, r.refresh_token_expires_in, g.expires_at - g.created_at AS family, g.idle_lifetime
FROM (VALUES (1, 'openid', NULL), (2, 'openid', '{https://long.example}'), (3, 'openid', '{https://short.example,https://long.example}'),
			 (4, 'offline_access', NULL)) v (n, asked, api),
	pgtoken.issue_tokens('lives', 'alice', asked, api::text[]) r LEFT JOIN LATERAL test.family_of(r.grant_id) g ON true
ORDER BY n;

-- Attack shut out: an application lets its user choose claims, and he chooses sub or scope.
SELECT count(*) AS reserved,
	   count(*) FILTER (WHERE test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L, claims => %L)', 'plain', 'alice',
												  jsonb_build_object(name, 1)))
						= format('22023: claim "%s" cannot be set by the application', name)) AS refused
FROM unnest('{iss,sub,aud,exp,nbf,iat,jti,azp,nonce,auth_time,acr,amr,at_hash,c_hash,sid,events,client_id,scope,act,may_act,
	cnf,active,token_type,grant_id}'::text[]) name;
SELECT pgtoken.issue_tokens('plain', 'alice', claims => '{"tenant": 1, "sub": "admin"}');
-- inside a claim of one's own the names are free
SELECT test.claims(access_token) -> 'user' AS "user"
FROM pgtoken.issue_tokens('plain', 'alice', claims => '{"user": {"sub": "x", "iss": "y"}}');

-- A subject is an opaque string of printable ASCII; it cannot break out of the JSON.
SELECT test.claims(r.access_token) ->> 'sub' = s AS unharmed, pgtoken.verify_access_token(r.access_token) ->> 'sub' = s AS verified
FROM unnest(ARRAY['a"b\c', '","admin":"', repeat('x', 255), ' ', '0', '~!@#$%^&*()']) s, pgtoken.issue_tokens('plain', s, 'openid') r;

-- At most 32 APIs, all of which are there: repeats do not count, the 33rd does
BEGIN;
SELECT count(pgtoken.create_resource('https://many.example/' || i)) AS made FROM generate_series(1, 33) i;
SELECT n, test.brief(r) AS answer, jsonb_array_length(test.claims(r.access_token) -> 'aud') AS audiences, pgtoken.verify_access_token(r.access_token) IS NOT NULL AS holds
FROM generate_series(31, 33) n,
	pgtoken.issue_tokens('web', 'alice', 'openid', (SELECT array_agg('https://many.example/' || i) FROM generate_series(1, n) i, generate_series(1, 2))) r
ORDER BY n;
ROLLBACK;

-- A refusal is an answer; it writes an audit event with the exact reason, and nothing else.
SELECT count(*) AS grants FROM pgtoken.grants \gset
SELECT count(*) AS tokens FROM pgtoken.tokens \gset
SELECT decision, error, error_description, num_nulls(access_token, refresh_token, id_token, grant_id, transaction_id) AS nulls
FROM pgtoken.issue_tokens('web', 'mallory', 'admin');
SELECT decision, error, error_description FROM pgtoken.issue_tokens('web', 'mallory', 'openid', '{https://unknown.example}');
SELECT pgtoken.update_client('listed', enabled => false);
SELECT decision, error, error_description FROM pgtoken.issue_tokens('listed', 'mallory');
SELECT (SELECT count(*) FROM pgtoken.grants) - :grants AS grants, (SELECT count(*) FROM pgtoken.tokens) - :tokens AS tokens;
SELECT event, reason, client_id FROM pgtoken.audit_events WHERE subject = 'mallory' ORDER BY reason;

-- Fault shut out: the application is told that the authentication of a client has failed, when there is none to fail
-- here, or that its scope is invalid when it only has to say for which API.
SELECT decision, error, error_description FROM pgtoken.issue_tokens('no-such-client', 'mallory');
SELECT decision, error, error_description FROM pgtoken.issue_tokens('web', 'mallory', 'orders.read mail.read');
