-- blacklist_token: one token is refused before its end, its family lives on.
\set SHOW_CONTEXT never

-- C94: an access token, found by itself
SELECT access_token AS at0, refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('web', 'dave', 'openid offline_access') \gset
SELECT access_token AS at1, refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) \gset
SELECT pgtoken.verify_access_token(:'at0') IS NOT NULL AS at0, pgtoken.verify_access_token(:'at1') IS NOT NULL AS at1;
SELECT b.grant_id = :'gid' AS of_family, token_type, token_id = test.claims(:'at0') ->> 'jti' AS by_jti,
	   b.expires_at = to_timestamp((test.claims(:'at0') ->> 'exp')::bigint) AS until_exp
FROM pgtoken.blacklist_token(:'at0', 'leaked') b;
SELECT pgtoken.verify_access_token(:'at0') IS NOT NULL AS at0, pgtoken.introspect(:'at0'), pgtoken.verify_access_token(:'at1') IS NOT NULL AS at1;
SELECT count(*) AS again FROM pgtoken.blacklist_token(:'at0');
-- the reason stays in the table and in the audit
SELECT token_type, reason FROM pgtoken.blacklist WHERE grant_id = :'gid';
SELECT event, reason, detail -> 'after' ->> 'token_type' AS token_type FROM pgtoken.audit_events
WHERE grant_id = :'gid' AND event LIKE 'blacklist.%';
-- a revocation counts the access tokens that have not expired, blacklisted or not
SELECT access_tokens FROM pgtoken.revoke_family(:'gid'::uuid);

-- C94: the current refresh token is refused at once; the access tokens hold,
-- the family is neither revoked nor is this a reuse
SELECT access_token AS at0, refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('web', 'dave', 'openid offline_access') \gset
SELECT access_token AS at1, refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) \gset
SELECT pgtoken.introspect(:'rt1') -> 'active' AS before;
SELECT b.grant_id = :'gid' AS of_family, token_type, token_id,
	   b.expires_at = (SELECT g.expires_at FROM pgtoken.grants g WHERE g.grant_id = :'gid') AS until_end_of_family
FROM pgtoken.blacklist_token(:'rt1') b;
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web')) r;
SELECT pgtoken.introspect(:'rt1') AS after;
-- Attack shut out: the predecessor, still inside the retry window, would hand the successor out again.
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) r;
SELECT state, blacklisted_generation, generation FROM pgtoken.grant_status WHERE grant_id = :'gid';
SELECT pgtoken.verify_access_token(:'at0') IS NOT NULL AS at0, pgtoken.verify_access_token(:'at1') IS NOT NULL AS at1;
SELECT generation, state FROM pgtoken.lineage(:'gid'::uuid);
SELECT event, reason, n FROM test.events(:'gid') WHERE event LIKE 'refresh.%';
SELECT count(*) AS again FROM pgtoken.blacklist_token(:'rt1');
SELECT count(*) AS predecessor FROM pgtoken.blacklist_token(:'rt0');

-- A consumed one: what came after it lives on, and rotates
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('web', 'dave', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) \gset
SELECT token_type, token_id FROM pgtoken.blacklist_token(:'rt0');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) r;
SELECT test.brief(r) AS successor, refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web')) r \gset
\echo :successor
SELECT token_type, token_id FROM pgtoken.blacklist_token(:'rt2');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt2', 'web', test.secret('web')) r;
-- reuse of what the blacklist does not cover would still be reuse: nothing is left uncovered here
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web')) r;
SELECT state FROM pgtoken.grant_status WHERE grant_id = :'gid';

-- A refresh token that does not rotate
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('static', offline_access => true, rotation => 'never');
SELECT refresh_token AS rt FROM pgtoken.issue_tokens('static', 'dave', 'openid offline_access') \gset
SELECT test.brief(pgtoken.refresh_grant(:'rt', 'static', test.secret('static')));
SELECT token_id FROM pgtoken.blacklist_token(:'rt');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt', 'static', test.secret('static')) r;

-- C94: by jti alone
SELECT clock_timestamp() + interval '1 hour' AS until \gset
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('web', 'dave', 'openid') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
SELECT b.grant_id = :'gid' AS of_family, token_type, token_id = test.claims(:'at') ->> 'jti' AS by_jti
FROM pgtoken.blacklist_token(test.claims(:'at') ->> 'jti', :'until', 'seen in a log') b;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds, pgtoken.introspect(:'at');
SELECT count(*) AS again FROM pgtoken.blacklist_token(test.claims(:'at') ->> 'jti', :'until'::timestamptz);
-- Attack shut out: somebody makes the row end before the token does, and the
-- token holds again. Only a later end counts.
SELECT count(*) AS earlier FROM pgtoken.blacklist_token(test.claims(:'at') ->> 'jti', clock_timestamp() + interval '1 minute');
SELECT count(*) AS by_token FROM pgtoken.blacklist_token(:'at');
SELECT expires_at = :'until' AS as_before, reason FROM pgtoken.blacklist WHERE grant_id = :'gid';
SELECT b.expires_at = :'until'::timestamptz + interval '1 hour' AS later FROM pgtoken.blacklist_token(test.claims(:'at') ->> 'jti', :'until'::timestamptz + interval '1 hour', 'still there') b;
SELECT expires_at = :'until'::timestamptz + interval '1 hour' AS extended, reason FROM pgtoken.blacklist WHERE grant_id = :'gid';
SELECT event, reason, n FROM test.events(:'gid') WHERE event LIKE 'blacklist.%';
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
-- nothing but the jti is known: the ledger knows its end
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('web', 'dave', 'openid') \gset
SELECT b.grant_id = :'gid' AS of_family, token_type, token_id = test.claims(:'at') ->> 'jti' AS by_jti,
	   floor(extract(epoch FROM b.expires_at)) = (test.claims(:'at') ->> 'exp')::bigint AS to_its_end
FROM pgtoken.blacklist_token(test.claims(:'at') ->> 'jti', 'seen in a log') b;
SELECT count(*) AS again FROM pgtoken.blacklist_token(test.claims(:'at') ->> 'jti', 'seen in a log');
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds, pgtoken.introspect(:'at');
SELECT token_type, reason FROM pgtoken.blacklist WHERE grant_id = :'gid';
SELECT count(*) AS by_token FROM pgtoken.blacklist_token(:'at');
-- no row is kept longer than an access token can live, none is made for the past
SELECT access_token AS at FROM pgtoken.issue_tokens('web', 'dave', 'openid') \gset
SELECT count(*) AS past FROM pgtoken.blacklist_token(test.claims(:'at') ->> 'jti', clock_timestamp() - interval '1 second');
SELECT count(*) AS past FROM pgtoken.blacklist_token(test.claims(:'at') ->> 'jti', '-infinity'::timestamptz);
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
SELECT expires_at BETWEEN clock_timestamp() + interval '23 hours' AND clock_timestamp() + interval '25 hours' AS a_day
FROM pgtoken.blacklist_token(test.claims(:'at') ->> 'jti', 'infinity'::timestamptz);
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
-- a jti of somebody else's makes no sense here
SELECT pgtoken.blacklist_token('6a1f5e1e-3c3f-4f7e-9f57-2a62ee1c4d1b', now() + interval '1 hour');
SELECT pgtoken.blacklist_token('', now() + interval '1 hour');
SELECT pgtoken.blacklist_token(left(test.claims(:'at') ->> 'jti', -1), now() + interval '1 hour');

-- Attack shut out: whoever has seen the number of a family, or an old or
-- tampered token, locks its owner out. Only genuine, unexpired tokens count.
SELECT access_token AS at, refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('mac', 'dave', 'openid offline_access') \gset
SELECT test.written() AS before \gset
SELECT n, what, (SELECT count(*) FROM pgtoken.blacklist_token(token)) AS blacklisted
FROM (VALUES
	(1, 'refresh, wrong secret', test.forge(:'rt', 0)),
	(2, 'refresh, future generation', test.forge(:'rt', 1, substr(test.unb64url(substr(:'rt', 7)), 22))),
	(3, 'refresh, generation 2^31-1', test.forge(:'rt', 2147483647, substr(test.unb64url(substr(:'rt', 7)), 22))),
	(4, 'access, signature of another key', test.jws(test.header(:'at')::text, test.claims(:'at')::text, sha256('guess'))),
	(5, 'access, unsigned', split_part(:'at', '.', 1) || '.' || split_part(:'at', '.', 2) || '.'),
	(6, 'access, expired', test.jws(test.header(:'at')::text, (test.claims(:'at') || '{"exp": 1577934545}')::text, sha256('revoke'))),
	(7, 'ID token', test.jws((test.header(:'at') || '{"typ": "JWT"}')::text, test.claims(:'at')::text, sha256('revoke'))),
	(8, 'grant_id', :'gid'), (9, 'jti, cut off', left(test.claims(:'at') ->> 'jti', -1)),
	(10, 'jti, one character more', test.claims(:'at') ->> 'jti' || 'A'), (11, 'nothing', '')) v (n, what, token)
ORDER BY n;
SELECT test.written() = :'before' AS nothing_written;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS access, pgtoken.introspect(:'rt') -> 'active' AS refresh;

-- In a revoked family there is nothing to blacklist
SELECT count(*) AS revoked FROM pgtoken.revoke_family(:'gid'::uuid);
SELECT count(*) AS refresh FROM pgtoken.blacklist_token(:'rt');

-- C98: rolled back, it has not happened
SELECT access_token AS at FROM pgtoken.issue_tokens('web', 'dave', 'openid') \gset
BEGIN;
SELECT count(*) FROM pgtoken.blacklist_token(:'at');
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS inside;
ROLLBACK;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;

-- Misuse
SELECT pgtoken.blacklist_token(NULL);
SELECT pgtoken.blacklist_token(NULL, now());
SELECT pgtoken.blacklist_token(test.claims(:'at') ->> 'jti', NULL::timestamptz);
SELECT pgtoken.blacklist_token(:'at', repeat('x', 1025));
