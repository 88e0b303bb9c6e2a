-- introspect: RFC 7662 view of access and refresh tokens.
\set SHOW_CONTEXT never

-- C31: the same values as the JWT itself has
SELECT access_token AS at, id_token AS it, refresh_token AS rt, grant_id AS gid
FROM pgtoken.issue_tokens('web', 'frank', 'openid offline_access orders.read mail.read', '{https://orders.example,https://mail.example}',
	acr => 'gold', amr => '{pwd}', auth_time => '2020-01-02 03:04:05+00', claims => '{"tenant": 7}') \gset
SELECT jsonb_pretty(pgtoken.introspect(:'at') - '{iat,exp,jti,grant_id}'::text[]) AS access_token;
SELECT m.key, m.value = test.claims(:'at') -> m.key AS same
FROM jsonb_each(pgtoken.introspect(:'at') - '{active,token_type}'::text[]) m
ORDER BY m.key COLLATE "C";

-- C32: a refresh token: nothing of it is a secret or could be used instead of it
SELECT jsonb_pretty(pgtoken.introspect(:'rt') - '{iat,exp,grant_id}'::text[]) AS refresh_token;
SELECT (i ->> 'exp')::bigint - (i ->> 'iat')::bigint AS life, i ->> 'grant_id' = :'gid' AS names_family FROM pgtoken.introspect(:'rt') i;

-- C30: whatever is not usable now is exactly this, and nothing tells why
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt', 'web', test.secret('web')) \gset
SELECT access_token AS at2, refresh_token AS rt2, grant_id AS gid2 FROM pgtoken.issue_tokens('web', 'frank', 'openid offline_access') \gset
SELECT count(*) FROM pgtoken.revoke_family(:'gid2'::uuid);
SELECT refresh_token AS idle, grant_id AS gid3 FROM pgtoken.issue_tokens('web', 'frank', 'openid offline_access') \gset
SELECT test.age(:'gid3', '15 days');
SELECT refresh_token AS over, grant_id AS gid4 FROM pgtoken.issue_tokens('web', 'frank', 'openid offline_access') \gset
UPDATE pgtoken.grants SET expires_at = now() WHERE grant_id = :'gid4';
SELECT access_token AS at5, refresh_token AS rt5 FROM pgtoken.issue_tokens('web', 'frank', 'openid offline_access') \gset
SELECT count(*) FROM pgtoken.blacklist_token(:'at5');
SELECT count(*) FROM pgtoken.blacklist_token(:'rt5');
SELECT n, what, pgtoken.introspect(token)
FROM (VALUES
	(1, 'consumed', :'rt'), (2, 'revoked access', :'at2'), (3, 'revoked refresh', :'rt2'), (4, 'idle', :'idle'), (5, 'expired', :'over'),
	(6, 'blacklisted access', :'at5'), (7, 'blacklisted refresh', :'rt5'), (8, 'ID token', :'it'), (9, 'NULL', NULL), (10, 'empty', ''),
	(11, 'noise', 'foo'), (12, 'forged refresh', test.forge(:'rt1', 1)), (13, 'future refresh', test.forge(:'rt1', 2)),
	(14, 'tampered access', :'at' || 'x'), (15, 'grant_id', :'gid'), (16, 'jti', test.claims(:'at') ->> 'jti'),
	(17, 'client secret', test.secret('web'))) v (n, what, token)
ORDER BY n;
-- the control: the current ones of the first family are active
SELECT pgtoken.introspect(:'rt1') -> 'active' AS refresh_token, pgtoken.introspect(:'at') -> 'active' AS access_token;

-- A client that is switched off has no active tokens.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('passing', offline_access => true);
SELECT access_token AS at, refresh_token AS rt FROM pgtoken.issue_tokens('passing', 'frank', 'openid offline_access') \gset
SELECT pgtoken.introspect(:'at') -> 'active' AS access, pgtoken.introspect(:'rt') -> 'active' AS refresh;
SELECT pgtoken.update_client('passing', enabled => false);
SELECT pgtoken.introspect(:'at') AS access, pgtoken.introspect(:'rt') AS refresh;

-- Nothing is written, not even for a token that was replayed.
SELECT test.written() AS before \gset
SELECT count(pgtoken.introspect(t)) FROM unnest(ARRAY[:'at', :'rt', :'rt1', 'foo']) t;
SELECT test.written() = :'before' AS nothing_written;

-- grant_of and lineage look up, they do not judge.
SELECT pgtoken.grant_of(:'at2') = :'gid2' AS access, pgtoken.grant_of(:'rt2') = :'gid2' AS refresh,
	   pgtoken.grant_of(test.claims(:'at2') ->> 'jti') = :'gid2' AS jti, pgtoken.grant_of(:'gid2') = :'gid2' AS id,
	   pgtoken.grant_of('foo') IS NULL AS noise, pgtoken.grant_of('') IS NULL AS empty, pgtoken.grant_of(NULL) IS NULL AS null_token,
	   pgtoken.grant_of(test.secret('web')) IS NULL AS secret;
-- shard_of, of ids that carry no placement: rows are stored by it, so it must never give another answer
SELECT id, pgtoken.shard_of(id, 1) AS of_1, pgtoken.shard_of(id, 8) AS of_8, pgtoken.shard_of(id, 1000) AS of_1000, pgtoken.shard_of(id, 16384) AS of_most
FROM unnest('{00000000-0000-0000-0000-000000000000,017f22e2-79b0-7cc3-98c4-dc0c0c07398f,ffffffff-ffff-ffff-ffff-ffffffffffff}'::uuid[]) id;
SELECT count(*) AS families, bool_and(of_6 = ('x' || left(encode(sha256(uuid_send(id)), 'hex'), 8))::bit(32)::bigint % 6) AS as_documented,
	   bool_and(of_12 IN (of_6, of_6 + 6)) AS doubling, min(n) > 400 AND max(n) < 600 AS evenly
FROM (SELECT id, pgtoken.shard_of(id, 6) AS of_6, pgtoken.shard_of(id, 12) AS of_12, count(*) OVER (PARTITION BY pgtoken.shard_of(id, 6)) AS n
	  FROM (SELECT md5(i::text)::uuid FROM generate_series(1, 3000) i) s (id)) s;
SELECT pgtoken.shard_of(NULL, 8) IS NULL AS no_family, pgtoken.shard_of(:'gid2', NULL) IS NULL AS no_number,
	   test.outcome($$SELECT pgtoken.shard_of('00000000-0000-0000-0000-000000000000', 0)$$) AS zero,
	   test.outcome($$SELECT pgtoken.shard_of('00000000-0000-0000-0000-000000000000', -2147483648)$$) AS negative;
SELECT provolatile, proisstrict, proparallel FROM pg_proc WHERE oid = 'pgtoken.shard_of(uuid, integer)'::regprocedure;
SELECT generation, state FROM pgtoken.lineage(:'at2');
SELECT count(*) FROM pgtoken.lineage('foo');
SELECT count(*) FROM pgtoken.lineage(NULL::uuid);
SELECT generation, state FROM pgtoken.lineage(:'rt5');
