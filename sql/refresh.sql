-- refresh_grant: rotation, narrowing, client authentication, ends.
\set SHOW_CONTEXT never

-- One rotation: a new refresh token, the same family; C53: the chain can be looked at
SELECT access_token AS at0, refresh_token AS rt0, id_token AS it0, grant_id AS gid
FROM pgtoken.issue_tokens('web', 'alice', 'openid offline_access orders.read', acr => 'gold', amr => '{pwd,otp}',
	auth_time => '2020-01-02 03:04:05+00', nonce => 'once', session_id => 's1', claims => '{"tenant": 7}') \gset
SELECT pg_sleep(1.01);	-- the only one: iat counts whole seconds, and the next one must be later
SELECT test.brief(r) AS brief, r.grant_id = :'gid' AS same_family, r.refresh_token <> :'rt0' AS new_token,
	   r.token_type, r.expires_in, r.refresh_token_expires_in, access_token AS at1, refresh_token AS rt1, id_token AS it1
FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) r \gset
\echo :brief / :same_family / :new_token / :token_type / :expires_in / :refresh_token_expires_in
SELECT generation, retry, parent_generation, state, scope, resources, decision FROM pgtoken.lineage(:'gid'::uuid);
SELECT count(*) AS by_token FROM pgtoken.lineage(:'rt1');
SELECT count(*) AS by_access_token FROM pgtoken.lineage(:'at0');
SELECT count(*) AS by_id FROM pgtoken.lineage(:'gid');

-- C45: acr, amr and auth_time stay those of the authentication; C86: iss, sub, aud,
-- azp and sid of the ID token stay, iat is new, the nonce is not repeated
SELECT test.claims(:'at0') - '{iat,exp,jti}'::text[] = test.claims(:'at1') - '{iat,exp,jti}'::text[] AS same_access_claims,
	   test.claims(:'at0') ->> 'jti' <> test.claims(:'at1') ->> 'jti' AS new_jti,
	   test.claims(:'it0') - '{iat,exp,at_hash,nonce}'::text[] = test.claims(:'it1') - '{iat,exp,at_hash}'::text[] AS same_id_claims,
	   (test.claims(:'it1') ->> 'iat')::bigint > (test.claims(:'it0') ->> 'iat')::bigint AS new_iat,
	   test.claims(:'it0') ? 'nonce' AS nonce_first, test.claims(:'it1') ? 'nonce' AS nonce_again,
	   test.claims(:'at1') ->> 'auth_time' AS auth_time, test.claims(:'at1') -> 'amr' AS amr;
SELECT test.claims(:'it1') ->> 'at_hash' = test.b64url(substr(sha256(convert_to(:'at1', 'UTF8')), 1, 16)) AS at_hash;
-- the older access token lives until its own end
SELECT pgtoken.verify_access_token(:'at0') IS NOT NULL AS old, pgtoken.verify_access_token(:'at1') IS NOT NULL AS new;

-- C18: more scope than was granted is refused, in any disguise, and the token is not consumed
SELECT asked, r.decision, r.error
FROM (VALUES (1, 'openid orders.write'), (2, 'orders.write'), (3, 'ORDERS.READ'), (4, 'openid  orders.read'), (5, ' openid'),
			 (6, 'openid email'), (7, E'openid\torders.read')) v (n, asked),
	pgtoken.refresh_grant(:'rt1', 'web', test.secret('web'), asked) r
ORDER BY n;
SELECT generation, retry_count, revoked_at IS NULL AS lives FROM pgtoken.grants WHERE grant_id = :'gid';
SELECT pgtoken.introspect(:'rt1') -> 'active' AS still_current;

-- C19: a narrowed refresh narrows the access token only; C2: an empty scope is none
SELECT test.brief(r) AS narrow, test.claims(access_token) ->> 'scope' AS narrow_scope, refresh_token AS rt2, access_token AS at2
FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web'), 'orders.read') r \gset
\echo :narrow / :narrow_scope
SELECT test.brief(r) AS wide, refresh_token AS rt3 FROM pgtoken.refresh_grant(:'rt2', 'web', test.secret('web'), '') r \gset
\echo :wide
SELECT scope FROM pgtoken.grants WHERE grant_id = :'gid';

-- C70, C71: resources can be narrowed, not changed; the family keeps all of them
SELECT refresh_token AS rt, grant_id AS gid2 FROM pgtoken.issue_tokens('web', 'alice', 'offline_access orders.read mail.read',
	'{https://orders.example,https://mail.example}') \gset
SELECT resource, r.decision, r.error
FROM (VALUES (1, '{https://any.example}'), (2, '{https://orders.example,https://any.example}'), (3, '{relative}'),
			 (4, '{https://orders.example#x}'), (5, '{https://id.example}'), (6, '{""}')) v (n, resource),
	pgtoken.refresh_grant(:'rt', 'web', test.secret('web'), resource => resource::text[]) r
ORDER BY n;
SELECT generation, retry_count FROM pgtoken.grants WHERE grant_id = :'gid2';
SELECT test.brief(r) AS brief, test.claims(access_token) -> 'aud' AS aud, refresh_token AS rt
FROM pgtoken.refresh_grant(:'rt', 'web', test.secret('web'), resource => '{https://mail.example}') r \gset
\echo :brief / :aud
SELECT test.brief(r) AS brief, test.claims(access_token) -> 'aud' AS aud, refresh_token AS rt
FROM pgtoken.refresh_grant(:'rt', 'web', test.secret('web'), resource => '{https://mail.example,https://mail.example,https://orders.example}') r \gset
\echo :brief / :aud
SELECT test.brief(r) AS brief, test.claims(access_token) -> 'aud' AS aud, refresh_token AS rt
FROM pgtoken.refresh_grant(:'rt', 'web', test.secret('web'), resource => '{}') r \gset
\echo :brief / :aud
-- what an administrator takes away since is left out, and comes back with his mind
SELECT pgtoken.update_resource('https://mail.example', enabled => false);
SELECT test.brief(r) AS brief, test.claims(access_token) -> 'aud' AS aud, refresh_token AS rt
FROM pgtoken.refresh_grant(:'rt', 'web', test.secret('web')) r \gset
\echo :brief / :aud
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt', 'web', test.secret('web'), resource => '{https://mail.example}') r;
SELECT pgtoken.update_resource('https://mail.example', enabled => true);
SELECT test.brief(r) AS brief, test.claims(access_token) -> 'aud' AS aud
FROM pgtoken.refresh_grant(:'rt', 'web', test.secret('web')) r \gset
\echo :brief / :aud

-- Attack shut out: a stolen refresh token is used without being its client.
-- C8: a confidential client must authenticate; C20: a token works for its own client only.
SELECT access_token AS at, refresh_token AS rt, grant_id AS gid3 FROM pgtoken.issue_tokens('web', 'alice', 'openid offline_access') \gset
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('rival', offline_access => true);
SELECT n, r.decision, r.error, r.error_description
FROM (VALUES (1, NULL, NULL), (2, 'web', NULL), (3, 'web', ''), (4, 'web', test.secret('web') || ' '), (5, 'web', upper(test.secret('web'))),
			 (6, 'web', left(test.secret('web'), -1)), (7, 'web', test.secret('rival')), (8, 'WEB', test.secret('web')),
			 (9, 'nobody', test.secret('web')), (10, ' ', test.secret('web')), (11, NULL, 'wrong'),
			 (12, 'rival', test.secret('rival')), (13, 'app', NULL), (14, repeat('w', 300), test.secret('web'))) v (n, client, secret),
	pgtoken.refresh_grant(:'rt', client, secret) r
ORDER BY n;
SELECT generation, retry_count, revoked_at IS NULL AS lives FROM pgtoken.grants WHERE grant_id = :'gid3';
SELECT * FROM test.events(:'gid3');
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS access_token_holds;
-- the secret is enough, the client_id is in the token's family
SELECT test.brief(r) AS with_secret_only, refresh_token AS rt FROM pgtoken.refresh_grant(:'rt', NULL, test.secret('web')) r \gset
\echo :with_secret_only
-- C2: an empty client_id is none, an empty secret as well
SELECT test.brief(r) AS empty_client_id, refresh_token AS rt FROM pgtoken.refresh_grant(:'rt', '', test.secret('web')) r \gset
\echo :empty_client_id
SELECT test.brief(pgtoken.refresh_grant(:'rt', 'web', test.secret('web'))) AS with_both;

-- A public client has no secret: its client_id may be left out, a secret sent along is a mistake.
SELECT refresh_token AS rt FROM pgtoken.issue_tokens('app', 'alice', 'openid offline_access') \gset
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt', 'app', 'secret') r;
SELECT test.brief(r) AS without_client_id, refresh_token AS rt FROM pgtoken.refresh_grant(:'rt') r \gset
\echo :without_client_id
SELECT test.brief(pgtoken.refresh_grant(:'rt', 'app', '')) AS with_client_id;

-- C52: a family not refreshed for its idle lifetime is over, and that is no reuse
SELECT refresh_token AS rt, grant_id AS gid4 FROM pgtoken.issue_tokens('web', 'alice', 'openid offline_access') \gset
SELECT test.age(:'gid4', '13 days 23 hours');
SELECT test.brief(r) AS just_in_time, refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt', 'web', test.secret('web')) r \gset
\echo :just_in_time
SELECT test.age(:'gid4', '13 days 23 hours');
SELECT test.brief(r) AS used_again_in_time, refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web')) r \gset
\echo :used_again_in_time
-- C52: rotation has not moved the absolute end
SELECT expires_at - created_at AS absolute FROM pgtoken.grants WHERE grant_id = :'gid4';
SELECT test.age(:'gid4', '2 days');
SELECT expires_in BETWEEN 240 AND 300 AS access, refresh_token_expires_in BETWEEN 100 * 60 AND 7200 AS until_absolute_end,
	   refresh_token AS rt3
FROM pgtoken.refresh_grant(:'rt2', 'web', test.secret('web')) \gset
\echo :access / :until_absolute_end
SELECT test.age(:'gid4', '1 hour 58 minutes');
SELECT expires_in BETWEEN 1 AND 120 AS access_cut_at_the_end, refresh_token AS rt4 FROM pgtoken.refresh_grant(:'rt3', 'web', test.secret('web')) \gset
\echo :access_cut_at_the_end
SELECT test.age(:'gid4', '3 minutes');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt4', 'web', test.secret('web')) r;
-- an old generation of an expired family is expired too: no reuse, no revocation
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web')) r;
SELECT revoked_at IS NULL AS not_revoked FROM pgtoken.grants WHERE grant_id = :'gid4';
SELECT state FROM pgtoken.grant_status WHERE grant_id = :'gid4';
SELECT generation, state FROM pgtoken.lineage(:'gid4'::uuid);
-- C96: the audit knows which of the ends it was
SELECT event, reason, n FROM test.events(:'gid4') WHERE event LIKE 'refresh.%';
SELECT refresh_token AS rt, grant_id AS gid5 FROM pgtoken.issue_tokens('web', 'alice', 'openid offline_access') \gset
SELECT test.age(:'gid5', '14 days 1 second');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt', 'web', test.secret('web')) r;
SELECT state FROM pgtoken.grant_status WHERE grant_id = :'gid5';
SELECT event, reason, n FROM test.events(:'gid5') WHERE event LIKE 'refresh.%';

-- Rotation "never", for confidential clients that ask for it: the token stays, the ledger grows
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('fixed', offline_access => true, rotation => 'never', refresh_idle_lifetime => '1 hour');
SELECT refresh_token AS rt, grant_id AS gid6 FROM pgtoken.issue_tokens('fixed', 'alice', 'openid offline_access') \gset
SELECT r.refresh_token = :'rt' AS same, r.access_token AS first FROM pgtoken.refresh_grant(:'rt', 'fixed', test.secret('fixed')) r \gset
\echo :same
SELECT test.age(:'gid6', '59 minutes');
SELECT r.refresh_token = :'rt' AS same, r.access_token <> :'first' AS new_access_token
FROM pgtoken.refresh_grant(:'rt', 'fixed', test.secret('fixed')) r;
SELECT test.age(:'gid6', '59 minutes');
SELECT r.refresh_token = :'rt' AS use_keeps_it_alive FROM pgtoken.refresh_grant(:'rt', 'fixed', test.secret('fixed')) r;
SELECT generation, retry, parent_generation, state FROM pgtoken.lineage(:'gid6'::uuid);
SELECT * FROM test.events(:'gid6') WHERE event LIKE 'token.%';
SELECT test.age(:'gid6', '61 minutes');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt', 'fixed', test.secret('fixed')) r;

-- A permission that was withdrawn counts at once: C87, C95
SELECT refresh_token AS rt, grant_id AS gid7 FROM pgtoken.issue_tokens('rival', 'alice', 'openid email offline_access') \gset
SELECT pgtoken.update_client('rival', offline_access => false);
SELECT r.decision, r.error, r.error_description FROM pgtoken.refresh_grant(:'rt', 'rival', test.secret('rival')) r;
SELECT pgtoken.introspect(:'rt');
SELECT pgtoken.update_client('rival', offline_access => true, scopes => '{openid}');
SELECT test.brief(r) AS without_email FROM pgtoken.refresh_grant(:'rt', 'rival', test.secret('rival')) r;
SELECT event, reason, n FROM test.events(:'gid7');

-- A family without a refresh token cannot be refreshed by a made-up one of generation 0.
SELECT grant_id AS gid8 FROM pgtoken.issue_tokens('web', 'alice', 'openid') \gset
SELECT r.decision, r.error
FROM pgtoken.refresh_grant('pgtrt_' || test.b64url('\x01'::bytea || uuid_send(:'gid8') || int4send(0) || sha256('')), 'web', test.secret('web')) r;
SELECT r.decision, r.error
FROM pgtoken.refresh_grant('pgtrt_' || test.b64url('\x01'::bytea || uuid_send(:'gid8') || int4send(0) || decode(repeat('00', 32), 'hex')), 'web', test.secret('web')) r;
