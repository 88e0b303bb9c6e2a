-- revoke_family: by id and by any token of the family.
\set SHOW_CONTEXT never

-- By grant_id; C25: its access tokens are refused from the next statement on
SELECT access_token AS at0, refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('web', 'carol', 'openid offline_access') \gset
SELECT access_token AS at1, refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) \gset
SELECT pgtoken.verify_access_token(:'at0') IS NOT NULL AS at0, pgtoken.verify_access_token(:'at1') IS NOT NULL AS at1;
SELECT grant_id = :'gid' AS this_one, client_id, subject, generation, access_tokens, reason,
	   abs(extract(epoch FROM clock_timestamp() - revoked_at)) < 60 AS now
FROM pgtoken.revoke_family(:'gid'::uuid, 'lost phone');
SELECT pgtoken.verify_access_token(:'at0') IS NULL AS at0, pgtoken.verify_access_token(:'at1') IS NULL AS at1;
SELECT pgtoken.introspect(:'at1') AS access_token, pgtoken.introspect(:'rt1') AS refresh_token;
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web')) r;
-- a consumed one is refused without another "reuse": the family has ended already
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) r;
SELECT state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';
SELECT * FROM test.events(:'gid');
SELECT generation, state FROM pgtoken.lineage(:'gid'::uuid);
-- C26: the second time there is nothing to revoke; the first reason stays
SELECT count(*) AS by_id FROM pgtoken.revoke_family(:'gid'::uuid, 'again');
SELECT count(*) AS by_token FROM pgtoken.revoke_family(:'rt1', 'again');
SELECT count(*) AS unknown FROM pgtoken.revoke_family('00000000-0000-7000-8000-000000000000'::uuid);
SELECT revoke_reason FROM pgtoken.grants WHERE grant_id = :'gid';

-- By each kind of token; C23: what it is has to be found out from itself
CREATE FUNCTION test.family(OUT gid uuid, OUT at0 text, OUT at1 text, OUT at2 text, OUT rt0 text, OUT rt1 text, OUT rt2 text)
LANGUAGE plpgsql AS $$
DECLARE
	r pgtoken.token_response;
BEGIN
	r := pgtoken.issue_tokens('app', 'carol', 'openid offline_access');
	gid := r.grant_id; at0 := r.access_token; rt0 := r.refresh_token;
	r := pgtoken.refresh_grant(rt0); at1 := r.access_token; rt1 := r.refresh_token;
	r := pgtoken.refresh_grant(rt1); at2 := r.access_token; rt2 := r.refresh_token;
END
$$;
CREATE FUNCTION test.revoked_by(presented text) RETURNS TABLE (kind text, rows bigint, generation integer, access_tokens integer, state text, holds boolean)
LANGUAGE plpgsql AS $$
DECLARE
	f record;
BEGIN
	f := test.family();
	kind := presented;
	SELECT count(*), min(r.generation), min(r.access_tokens) INTO rows, generation, access_tokens
	FROM pgtoken.revoke_family(to_jsonb(f) ->> presented) r;
	SELECT s.state INTO state FROM pgtoken.grant_status s WHERE s.grant_id = f.gid;
	holds := pgtoken.verify_access_token(f.at2) IS NOT NULL;
	RETURN NEXT;
END
$$;
SELECT r.* FROM unnest('{gid,at0,at1,at2,rt0,rt1,rt2}'::text[]) WITH ORDINALITY k (presented, n), test.revoked_by(k.presented) r ORDER BY n;

-- An access token that has expired still names its family: made here with a
-- key whose secret the test knows, because time cannot be waited for.
SELECT length(pgtoken.create_signing_key('HS256', private_key => test.b64url(sha256('revoke')))) AS kid_length;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('mac', signing_alg => 'HS256', offline_access => true);
SELECT access_token AS at, refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('mac', 'carol', 'openid offline_access') \gset
SELECT test.jws(test.header(:'at')::text, (test.claims(:'at') || '{"iat": 1577934245, "exp": 1577934545}')::text, sha256('revoke')) AS expired \gset
SELECT pgtoken.verify_access_token(:'expired') IS NULL AS expired;

-- Attack shut out: tokens that only look like ones of the family end other
-- people's sessions (C24 is the same with a genuine token of somebody else:
-- the HTTP layer asks who the caller is, an administrator may).
SELECT test.written() AS before \gset
SELECT n, what, (SELECT count(*) FROM pgtoken.revoke_family(token)) AS revoked
FROM (VALUES
	(1, 'refresh, wrong secret', test.forge(:'rt', 0)),
	(2, 'refresh, future generation', test.forge(:'rt', 1, substr(test.unb64url(substr(:'rt', 7)), 22))),
	(3, 'refresh, negative generation', test.forge(:'rt', -1, substr(test.unb64url(substr(:'rt', 7)), 22))),
	(4, 'refresh, truncated', left(:'rt', -1)),
	(5, 'access, signature of another key', test.jws(test.header(:'at')::text, test.claims(:'at')::text, sha256('guess'))),
	(6, 'access, alg none', test.b64url('{"alg":"none","typ":"at+jwt"}') || '.' || split_part(:'at', '.', 2) || '.'),
	(7, 'access, unsigned', split_part(:'at', '.', 1) || '.' || split_part(:'at', '.', 2) || '.'),
	(8, 'access, truncated', left(:'at', -1)),
	(9, 'access, of a family it does not belong to', test.jws(test.header(:'at')::text,
		(test.claims(:'at') || jsonb_build_object('grant_id', '00000000-0000-7000-8000-000000000000'))::text, sha256('revoke'))),
	(10, 'ID token', test.jws((test.header(:'at') || '{"typ": "JWT"}')::text, test.claims(:'at')::text, sha256('revoke'))),
	(11, 'jti', test.claims(:'at') ->> 'jti'), (12, 'half an id', left(:'gid', 18)), (13, 'nothing', ''),
	(14, 'id with a blank', :'gid' || ' ')) v (n, what, token)
ORDER BY n;
SELECT test.written() = :'before' AS nothing_written, state FROM pgtoken.grant_status WHERE grant_id = :'gid';
-- now for real
SELECT generation, access_tokens, reason FROM pgtoken.revoke_family(:'expired', 'by an expired token');
SELECT pgtoken.verify_access_token(:'at') IS NULL AS dead;

-- A family without a refresh token; one whose access tokens have expired
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('plain', 'carol', 'openid') \gset
SELECT generation, access_tokens FROM pgtoken.revoke_family(:'gid'::uuid);
SELECT pgtoken.verify_access_token(:'at') IS NULL AS dead;

-- C61, one after the other in either order: nothing of the family works afterwards
SELECT f.gid, f.rt2, f.at2 FROM test.family() f \gset
SELECT refresh_token AS rt3, access_token AS at3 FROM pgtoken.refresh_grant(:'rt2') \gset
SELECT count(*) FROM pgtoken.revoke_family(:'rt2');
SELECT (pgtoken.refresh_grant(:'rt3')).error, pgtoken.verify_access_token(:'at3') IS NULL AS dead;
SELECT f.gid, f.rt2, f.at2 FROM test.family() f \gset
SELECT count(*) FROM pgtoken.revoke_family(:'rt2');
SELECT (pgtoken.refresh_grant(:'rt2')).error, pgtoken.verify_access_token(:'at2') IS NULL AS dead;

-- All families of a subject, as an administrator does it
SELECT count(*) > 5 AS some_were_left FROM pgtoken.grant_status WHERE subject = 'alice' AND state = 'active';
SELECT count(*) = count(r.grant_id) AS each_once FROM pgtoken.grant_status s, pgtoken.revoke_family(s.grant_id, 'moved out') r
WHERE s.subject = 'alice' AND s.state = 'active';
SELECT count(*) AS left FROM pgtoken.grant_status WHERE subject = 'alice' AND state = 'active';

-- C98: a revocation that is rolled back has not happened; one inside a savepoint neither
SELECT f.gid, f.rt2, f.at2 FROM test.family() f \gset
SELECT pgtoken.verify_access_token(:'at2') IS NOT NULL AS holds;
BEGIN;
SELECT count(*) FROM pgtoken.revoke_family(:'gid'::uuid);
SELECT pgtoken.verify_access_token(:'at2') IS NOT NULL AS holds_inside;
ROLLBACK;
SELECT pgtoken.verify_access_token(:'at2') IS NOT NULL AS holds;
BEGIN;
SAVEPOINT s;
SELECT count(*) FROM pgtoken.revoke_family(:'gid'::uuid);
SELECT pgtoken.verify_access_token(:'at2') IS NOT NULL AS holds_inside;
ROLLBACK TO s;
SELECT pgtoken.verify_access_token(:'at2') IS NOT NULL AS holds;
COMMIT;
SELECT test.brief(pgtoken.refresh_grant(:'rt2'));

-- Misuse
SELECT pgtoken.revoke_family(NULL::uuid);
SELECT pgtoken.revoke_family(NULL::text);
SELECT pgtoken.revoke_family(:'gid'::uuid, repeat('x', 1025));
SELECT pgtoken.revoke_family(:'gid'::uuid, E'a\nb');
SELECT state FROM pgtoken.grant_status WHERE grant_id = :'gid';
