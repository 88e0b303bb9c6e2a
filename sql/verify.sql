-- verify_access_token: the claims of a token that holds now, or NULL.
\set SHOW_CONTEXT never

SELECT access_token AS at, id_token AS it, refresh_token AS rt, grant_id AS gid
FROM pgtoken.issue_tokens('web', 'erin', 'openid offline_access orders.read mail.read', '{https://orders.example,https://mail.example}') \gset
SELECT pgtoken.verify_access_token(:'at') = test.claims(:'at') AS claims;

-- Attack shut out: a token for one API is presented to another (C30)
SELECT audience, pgtoken.verify_access_token(:'at', audience) IS NOT NULL AS holds
FROM (VALUES (1, NULL), (2, 'https://orders.example'), (3, 'https://mail.example'), (4, 'https://any.example'), (5, ''),
			 (6, 'https://orders.exampl'), (7, 'https://orders.example/'), (8, 'HTTPS://ORDERS.EXAMPLE'), (9, 'web'), (10, 'aud')) v (n, audience)
ORDER BY n;
SELECT access_token AS one FROM pgtoken.issue_tokens('web', 'erin', 'orders.read') \gset
SELECT audience, pgtoken.verify_access_token(:'one', audience) IS NOT NULL AS holds
FROM (VALUES (1, NULL), (2, 'https://orders.example'), (3, 'https://mail.example'), (4, ''), (5, 'https://orders.exampl')) v (n, audience)
ORDER BY n;

-- C49: what is no access token
SELECT pgtoken.verify_access_token(:'it') IS NULL AS id_token, pgtoken.verify_access_token(:'rt') IS NULL AS refresh_token,
	   pgtoken.verify_access_token(:'gid') IS NULL AS grant_id, pgtoken.verify_access_token(test.claims(:'at') ->> 'jti') IS NULL AS jti,
	   pgtoken.verify_access_token('') IS NULL AS nothing, pgtoken.verify_access_token(NULL) IS NULL AS null_token;

-- Attack shut out: a single character changed, cut off or added goes unnoticed.
SELECT count(*) = length(:'at') AS every_prefix, count(pgtoken.verify_access_token(left(:'at', n))) AS hold FROM generate_series(0, length(:'at') - 1) n;
SELECT count(*) = length(:'at') AS every_character,
	   count(pgtoken.verify_access_token(overlay(:'at' PLACING CASE substr(:'at', n, 1) WHEN 'A' THEN 'B' ELSE 'A' END FROM n FOR 1))) AS hold
FROM generate_series(1, length(:'at')) n;
SELECT count(pgtoken.verify_access_token(t)) AS hold
FROM unnest(ARRAY[:'at' || ' ', ' ' || :'at', :'at' || E'\n', :'at' || '=', :'at' || '.', :'at' || 'A', '.' || :'at', :'at' || '.x',
	'Bearer ' || :'at', replace(:'at', '.', '..'), replace(:'at', '.', ':'), upper(:'at'), :'at' || :'at',
	split_part(:'at', '.', 1) || '.' || split_part(:'at', '.', 2), split_part(:'at', '.', 1) || '.' || split_part(:'at', '.', 2) || '.',
	split_part(:'at', '.', 1) || '..' || split_part(:'at', '.', 3),
	split_part(:'at', '.', 1) || '.' || split_part(:'it', '.', 2) || '.' || split_part(:'it', '.', 3),
	split_part(:'it', '.', 1) || '.' || split_part(:'at', '.', 2) || '.' || split_part(:'at', '.', 3)]) t;

-- From here on the test signs by itself, with an HS256 key whose secret it has
-- given; so each row below differs from a good token in exactly one thing.
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('mac', 'erin', 'openid') \gset
SELECT grant_id AS gid2 FROM pgtoken.issue_tokens('mac', 'erin', 'openid') \gset
SELECT kid AS es_kid, public_jwk AS es_jwk FROM pgtoken.signing_keys WHERE issuer = 'https://id.example' AND alg = 'ES256' AND state = 'active' \gset
CREATE FUNCTION test.made(token text, header_change jsonb, claims_change jsonb, key bytea DEFAULT sha256('revoke')) RETURNS text LANGUAGE sql
	RETURN test.jws(jsonb_strip_nulls(test.header(token) || header_change)::text, jsonb_strip_nulls(test.claims(token) || claims_change)::text, key);

-- An API whose verifiers take no typ but JWT, as Spring Security's do.  Attack shut out: an
-- ID token, which has that typ too, is presented as an access token of such an API, or one
-- of its tokens to an API that tells the two apart by typ.
SELECT pgtoken.create_resource('https://spring.example', '{beans}', access_token_typ => 'JWT') \gset
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('bean', signing_alg => 'HS256', scopes => '{openid,beans,orders.read}', resources => '{https://spring.example,https://orders.example}');
CREATE FUNCTION test.typ(resource text[]) RETURNS text LANGUAGE sql
	RETURN test.header((pgtoken.issue_tokens('bean', 'erin', 'openid', resource)).access_token) ->> 'typ';
SELECT test.typ('{https://spring.example}') AS its, test.typ('{https://orders.example}') AS anothers, test.typ('{https://spring.example,https://orders.example}') AS of_both,
	   test.typ('{https://id.example}') AS the_issuers;
SELECT access_token AS st, id_token AS sit FROM pgtoken.issue_tokens('bean', 'erin', 'openid', '{https://spring.example}') \gset
SELECT access_token AS both FROM pgtoken.issue_tokens('bean', 'erin', 'openid', '{https://spring.example,https://orders.example}') \gset
SELECT n, what, pgtoken.verify_access_token(token, 'https://spring.example') IS NOT NULL AS holds, pgtoken.introspect(token) ->> 'active' AS active
FROM (VALUES
	(1, 'as issued', :'st'), (2, 'its own, with typ at+jwt', test.made(:'st', '{"typ": "at+jwt"}', '{}')), (3, 'typ in other letters', test.made(:'st', '{"typ": "application/jwt"}', '{}')),
	(4, 'of both APIs', :'both'),
	(10, 'ID token', :'sit'), (11, 'ID token that names the API', test.made(:'sit', '{}', '{"aud": "https://spring.example"}')),
	(12, 'and the client', test.made(:'sit', '{}', '{"aud": "https://spring.example", "client_id": "bean"}')),
	(13, 'and the family', test.made(:'sit', '{}', jsonb_build_object('aud', 'https://spring.example', 'client_id', 'bean', 'grant_id', test.claims(:'st') ->> 'grant_id'))),
	(14, 'and a jti that is not in the ledger', test.made(:'sit', '{}', jsonb_build_object('aud', 'https://spring.example', 'client_id', 'bean', 'grant_id', test.claims(:'st') ->> 'grant_id',
		'jti', overlay(test.claims(:'st') ->> 'jti' PLACING 'AAAA' FROM 35)))),
	(20, 'typ JWT, of both APIs', test.made(:'both', '{"typ": "JWT"}', '{}')), (21, 'typ JWT, no API', test.made(:'st', '{"typ": "JWT"}', '{"aud": []}')),
	(22, 'no typ', test.made(:'st', '{"typ": null}', '{}')), (23, 'typ logout+jwt', test.made(:'st', '{"typ": "logout+jwt"}', '{}')),
	(24, 'typ JWT, the other API', test.made(:'both', '{"typ": "JWT"}', '{"aud": "https://orders.example"}'))) v (n, what, token)
ORDER BY n;
-- what was out is refused when the API wants at+jwt again, also where it was seen before
SELECT pgtoken.update_resource('https://spring.example', access_token_typ => 'at+jwt'), pgtoken.update_resource('https://spring.example') AS unchanged;
SELECT pgtoken.verify_access_token(:'st') IS NOT NULL AS made_before, test.typ('{https://spring.example}');
SELECT pgtoken.update_resource('https://spring.example', access_token_typ => 'JWT'), pgtoken.verify_access_token(:'st') IS NOT NULL AS holds_again;
SELECT pgtoken.update_resource('https://spring.example', enabled => false), pgtoken.verify_access_token(:'st') IS NOT NULL AS lives_until_its_end;
SELECT pgtoken.update_resource('https://spring.example', enabled => true);
SELECT test.outcome($$SELECT pgtoken.create_resource('https://x.example', access_token_typ => 'jwt')$$) AS unknown_typ,
	   test.outcome($$SELECT pgtoken.update_resource('https://spring.example', access_token_typ => '')$$) AS empty_typ;
-- Attack shut out: such a token is taken for an ID token by a client that has the API's name.
SELECT test.outcome($$SELECT (pgtoken.create_client('https://spring.example')).client_id$$) AS client_of_that_name,
	   test.outcome($$SELECT (pgtoken.create_client('https://x.example')).client_id$$) AS client_of_another,
	   test.outcome($$SELECT pgtoken.create_resource('https://x.example', access_token_typ => 'JWT')$$) AS resource_of_that_name,
	   test.outcome($$SELECT pgtoken.create_resource('https://x.example')$$) AS with_at_jwt,
	   test.outcome($$SELECT pgtoken.update_resource('https://x.example', access_token_typ => 'JWT')$$) AS later;
SELECT pgtoken.update_client('https://x.example', enabled => false), pgtoken.update_resource('https://x.example', enabled => false);

-- C49: typ, algorithm, key. "none" and keys in the token are the classics; a
-- public key used as an HMAC secret is the other one.
SELECT n, what, pgtoken.verify_access_token(token) IS NOT NULL AS holds
FROM (VALUES
	(1, 'as issued', :'at'),
	(2, 'made by the test', test.made(:'at', '{}', '{}')),
	(3, 'typ in capitals', test.made(:'at', '{"typ": "AT+JWT"}', '{}')),
	(4, 'typ as media type', test.made(:'at', '{"typ": "application/at+jwt"}', '{}')),
	(10, 'typ JWT', test.made(:'at', '{"typ": "JWT"}', '{}')),
	(11, 'typ missing', test.made(:'at', '{"typ": null}', '{}')),
	(12, 'typ logout+jwt', test.made(:'at', '{"typ": "logout+jwt"}', '{}')),
	(13, 'typ at+jwt with a blank', test.made(:'at', '{"typ": "at+jwt "}', '{}')),
	(14, 'typ an array', test.made(:'at', '{"typ": ["at+jwt"]}', '{}')),
	(20, 'alg none', test.made(:'at', '{"alg": "none"}', '{}')),
	(21, 'alg none, no signature', regexp_replace(test.made(:'at', '{"alg": "none"}', '{}'), '[^.]*$', '')),
	(22, 'alg None', test.made(:'at', '{"alg": "None"}', '{}')),
	(23, 'alg missing', test.made(:'at', '{"alg": null}', '{}')),
	(24, 'alg hs256', test.made(:'at', '{"alg": "hs256"}', '{}')),
	(25, 'alg switched to ES256', test.made(:'at', '{"alg": "ES256"}', '{}')),
	(26, 'alg switched to HS512', test.made(:'at', '{"alg": "HS512"}', '{}')),
	(30, 'kid missing', test.made(:'at', '{"kid": null}', '{}')),
	(31, 'kid unknown', test.made(:'at', '{"kid": "x"}', '{}')),
	(32, 'kid a number', test.made(:'at', '{"kid": 1}', '{}')),
	(33, 'kid of the ES256 key', test.made(:'at', jsonb_build_object('kid', :'es_kid'), '{}')),
	(34, 'kid of the ES256 key, alg ES256', test.made(:'at', jsonb_build_object('kid', :'es_kid', 'alg', 'ES256'), '{}')),
	(35, 'kid as an SQL injection', test.made(:'at', '{"kid": "'' OR true --"}', '{}')),
	(36, 'kid as a path', test.made(:'at', '{"kid": "../../dev/null"}', '{}', '')),
	(40, 'another secret', test.made(:'at', '{}', '{}', sha256('guess'))),
	(41, 'empty secret', test.made(:'at', '{}', '{}', '')),
	(42, 'kid as secret', test.made(:'at', '{}', '{}', convert_to(test.header(:'at') ->> 'kid', 'UTF8'))),
	(43, 'truncated MAC', left(test.made(:'at', '{}', '{}'), -22)),
	(44, 'public key as secret: JWK', test.made(:'at', jsonb_build_object('kid', :'es_kid'), '{}', convert_to(:'es_jwk', 'UTF8'))),
	(45, 'public key as secret: point', test.made(:'at', jsonb_build_object('kid', :'es_kid'), '{}',
		'\x04' || test.unb64url(:'es_jwk'::jsonb ->> 'x') || test.unb64url(:'es_jwk'::jsonb ->> 'y'))),
	(46, 'public key as secret: PEM', test.made(:'at', jsonb_build_object('kid', :'es_kid'), '{}', convert_to(
		format(E'-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n', encode('\x3059301306072a8648ce3d020106082a8648ce3d03010703420004'
		|| test.unb64url(:'es_jwk'::jsonb ->> 'x') || test.unb64url(:'es_jwk'::jsonb ->> 'y'), 'base64')), 'UTF8'))),
	(47, 'kid of the ES256 key, empty secret', test.made(:'at', jsonb_build_object('kid', :'es_kid'), '{}', '')),
	(50, 'key in the header', test.made(:'at', jsonb_build_object('jwk', jsonb_build_object('kty', 'oct', 'k', test.b64url(sha256('guess')))), '{}', sha256('guess'))),
	(51, 'key behind a URL', test.made(:'at', '{"jku": "https://evil.example/jwks", "kid": "evil"}', '{}', sha256('guess'))),
	(52, 'crit', test.made(:'at', '{"crit": ["exp"]}', '{}')),
	(53, 'crit empty', test.made(:'at', '{"crit": []}', '{}')),
	(54, 'b64 false', test.made(:'at', '{"b64": false, "crit": ["b64"]}', '{}')),
	(55, 'alg twice in the header', test.jws(overlay(test.header(:'at')::text PLACING '{"alg": "none", ' FROM 1 FOR 1), test.claims(:'at')::text, sha256('revoke'))),
	(56, 'header an array', test.jws('[]', test.claims(:'at')::text, sha256('revoke'))),
	(57, 'header no JSON', test.jws('{', test.claims(:'at')::text, sha256('revoke')))) v (n, what, token)
ORDER BY n;

-- C30, C44, C49: claims
SELECT n, what, pgtoken.verify_access_token(token) IS NOT NULL AS holds
FROM (VALUES
	(1, 'a claim more', test.made(:'at', '{}', '{"x": 1}')),
	(3, 'nbf now', test.made(:'at', '{}', jsonb_build_object('nbf', test.claims(:'at') -> 'iat'))),
	(10, 'iss of nobody', test.made(:'at', '{}', '{"iss": "https://evil.example"}')),
	(11, 'iss of another issuer of ours', test.made(:'at', '{}', '{"iss": "https://other.example/tenant"}')),
	(12, 'iss with a slash', test.made(:'at', '{}', '{"iss": "https://id.example/"}')),
	(13, 'iss missing', test.made(:'at', '{}', '{"iss": null}')),
	(14, 'iss an array', test.made(:'at', '{}', '{"iss": ["https://id.example"]}')),
	(20, 'expired', test.made(:'at', '{}', '{"iat": 1577934245, "exp": 1577934545}')),
	(21, 'expired this second', test.made(:'at', '{}', jsonb_build_object('exp', extract(epoch FROM clock_timestamp())::bigint - 1))),
	(22, 'exp missing', test.made(:'at', '{}', '{"exp": null}')),
	(23, 'exp a string', test.made(:'at', '{}', '{"exp": "9999999999"}')),
	(24, 'exp negative', test.made(:'at', '{}', '{"exp": -1}')),
	(25, 'exp beyond 2^63', test.made(:'at', '{}', '{"exp": 99999999999999999999}')),
	(26, 'exp beyond all dates', test.made(:'at', '{}', '{"exp": 1e300}')),
	(27, 'not yet valid: nbf', test.made(:'at', '{}', '{"nbf": 9999999999}')),
	(28, 'issued in the future', test.made(:'at', '{}', '{"iat": 9999999998, "exp": 9999999999}')),
	(29, 'iat missing', test.made(:'at', '{}', '{"iat": null}')),
	(30, 'sub missing', test.made(:'at', '{}', '{"sub": null}')),
	(31, 'sub a number', test.made(:'at', '{}', '{"sub": 1}')),
	(40, 'aud missing', test.made(:'at', '{}', '{"aud": null}')),
	(41, 'aud empty', test.made(:'at', '{}', '{"aud": []}')),
	(42, 'aud a number', test.made(:'at', '{}', '{"aud": [1]}')),
	(43, 'aud an object', test.made(:'at', '{}', '{"aud": {"https://orders.example": 1}}')),
	(50, 'client_id of another client', test.made(:'at', '{}', '{"client_id": "web"}')),
	(51, 'client_id missing', test.made(:'at', '{}', '{"client_id": null}')),
	(60, 'jti missing', test.made(:'at', '{}', '{"jti": null}')),
	(61, 'jti of nobody', test.made(:'at', '{}', '{"jti": "x"}')),
	(62, 'grant_id missing', test.made(:'at', '{}', '{"grant_id": null}')),
	(63, 'grant_id of another family, jti of this', test.made(:'at', '{}', jsonb_build_object('grant_id', :'gid2'))),
	(64, 'grant_id of no family', test.made(:'at', '{}', jsonb_build_object('grant_id', '00000000-0000-7000-8000-000000000000',
		'jti', test.b64url(uuid_send('00000000-0000-7000-8000-000000000000') || substr(sha256(''), 1, 12))))),
	(70, 'sub twice', test.jws(test.header(:'at')::text, overlay(test.claims(:'at')::text PLACING '{"sub": "admin", ' FROM 1 FOR 1), sha256('revoke'))),
	(71, 'payload an array', test.jws(test.header(:'at')::text, '[]', sha256('revoke'))),
	(72, 'payload no JSON', test.jws(test.header(:'at')::text, 'x', sha256('revoke'))),
	(73, 'payload twice', test.jws(test.header(:'at')::text, repeat(test.claims(:'at')::text, 2), sha256('revoke'))),
	(74, 'over-long', test.made(:'at', '{}', jsonb_build_object('x', repeat('x', 20000))))) v (n, what, token)
ORDER BY n;

-- C30: who asks for one of these learns nothing but that it is not active
SELECT n, what, pgtoken.introspect(token) -> 'active' AS active, pgtoken.introspect(token) = '{"active": false}' AS and_nothing_else
FROM (VALUES
	(1, 'as issued', test.made(:'at', '{}', '{}')), (2, 'expired', test.made(:'at', '{}', '{"iat": 1577934245, "exp": 1577934545}')),
	(3, 'not yet valid', test.made(:'at', '{}', '{"nbf": 9999999999}')), (4, 'iss of nobody', test.made(:'at', '{}', '{"iss": "https://evil.example"}')),
	(5, 'iss of another issuer of ours', test.made(:'at', '{}', '{"iss": "https://other.example/tenant"}')), (6, 'typ JWT', test.made(:'at', '{"typ": "JWT"}', '{}')),
	(7, 'another secret', test.made(:'at', '{}', '{}', sha256('guess')))) v (n, what, token)
ORDER BY n;

-- Attack shut out: somebody has stolen a signing key and makes tokens of a family
-- that lives. The ledger knows every token that was committed, and not these.
SELECT n, what, pgtoken.verify_access_token(token) IS NOT NULL AS holds, pgtoken.introspect(token) -> 'active' AS active,
	   (SELECT count(*) FROM pgtoken.lineage(:'gid'::uuid) l WHERE l.jti = test.claims(token) ->> 'jti') AS in_ledger
FROM (VALUES
	(1, 'jti of the ledger', test.made(:'at', '{}', '{}')),
	(2, 'jti of the family, not of the ledger', test.made(:'at', '{}', jsonb_build_object('jti',
		test.b64url(substr(test.unb64url(test.claims(:'at') ->> 'jti'), 1, 16) || substr(sha256('stolen'), 1, 12))))),
	(3, 'jti of the ledger, issued at another time', test.made(:'at', '{}', jsonb_build_object('iat', (test.claims(:'at') ->> 'iat')::bigint - 1)))) v (n, what, token)
ORDER BY n;

-- Attack shut out: the administrator of one issuer, who may import a key whose
-- secret he knows, speaks for the clients and families of another.
SELECT pgtoken.create_issuer('https://b.example', 'HS256');
SELECT length(pgtoken.create_signing_key('HS256', 'https://b.example', test.b64url(sha256('b')))) AS kid_length;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('at-b', issuer => 'https://b.example');
SELECT access_token AS bt, test.header(access_token) ->> 'kid' AS b_kid FROM pgtoken.issue_tokens('at-b', 'erin', 'openid') \gset
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('mac', 'erin', 'openid') \gset
CREATE TEMP TABLE crossed AS
SELECT n, what, token FROM (VALUES
	(1, 'his own', test.made(:'bt', '{}', '{}', sha256('b'))),
	(2, 'his iss, client and family of the other', test.made(:'at', jsonb_build_object('kid', :'b_kid'), '{"iss": "https://b.example"}', sha256('b'))),
	(3, 'iss, client and family of the other', test.made(:'at', jsonb_build_object('kid', :'b_kid'), '{}', sha256('b'))),
	(4, 'his iss and client, family of the other', test.made(:'at', jsonb_build_object('kid', :'b_kid'), '{"iss": "https://b.example", "client_id": "at-b"}', sha256('b'))),
	(5, 'his client, iss and family of the other', test.made(:'at', jsonb_build_object('kid', :'b_kid'), '{"client_id": "at-b"}', sha256('b'))),
	(6, 'kid of the other', test.made(:'at', '{}', '{}', sha256('b')))) v (n, what, token);
SELECT n, what, pgtoken.verify_access_token(token) IS NOT NULL AS holds, pgtoken.introspect(token) -> 'active' AS active FROM crossed ORDER BY n;
SELECT test.written() AS before \gset
SELECT n, (SELECT count(*) FROM pgtoken.blacklist_token(token)) AS blacklisted, (SELECT count(*) FROM pgtoken.revoke_family(token)) AS revoked FROM crossed WHERE n > 1 ORDER BY n;
SELECT test.written() = :'before' AS nothing_written, pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
SELECT (SELECT count(*) FROM pgtoken.blacklist_token(token)) AS blacklisted, (SELECT count(*) FROM pgtoken.revoke_family(token)) AS revoked FROM crossed WHERE n = 1;
DROP TABLE crossed;
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('mac', 'erin', 'openid') \gset

-- A cached token is as dead as any other: each change counts at the next statement.
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds, pgtoken.verify_access_token(:'at') IS NOT NULL AS from_cache;
SELECT pgtoken.update_client('mac', enabled => false);
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS client_off;
SELECT pgtoken.update_client('mac', enabled => true);
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS client_on;
UPDATE pgtoken.grants SET revoked_at = now() WHERE grant_id = :'gid';
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS revoked_by_hand;
UPDATE pgtoken.grants SET revoked_at = NULL WHERE grant_id = :'gid';
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS taken_back;
DELETE FROM pgtoken.grants WHERE grant_id = :'gid';
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS family_deleted;
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('mac', 'erin', 'openid') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
SELECT count(*) FROM pgtoken.blacklist_token(:'at');
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS blacklisted;
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('mac', 'erin', 'openid') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
SELECT count(*) FROM pgtoken.revoke_family(:'gid'::uuid);
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS revoked;
SELECT access_token AS at FROM pgtoken.issue_tokens('mac', 'erin', 'openid') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
SELECT pgtoken.retire_signing_key(test.header(:'at') ->> 'kid', 'known to the tests');
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS key_retired;

-- A jti says where the ledger has its row, or the row is behind that place: after
-- rotations, retries and renewals nobody searches the family.
SELECT refresh_token AS first, grant_id AS chain FROM pgtoken.issue_tokens('web', 'erin', 'openid offline_access') \gset
SELECT refresh_token AS second FROM pgtoken.refresh_grant(:'first', 'web', test.secret('web')) \gset
SELECT count(*) FROM generate_series(1, 2) n, LATERAL pgtoken.refresh_grant(:'first', 'web', test.secret('web'), context => jsonb_build_object('n', n));
SELECT pgtoken.update_client('web', rotation => 'never');
SELECT count(*) FROM generate_series(1, 2) n, LATERAL pgtoken.refresh_grant(:'second', 'web', test.secret('web'), context => jsonb_build_object('n', n));
SELECT pgtoken.update_client('web', rotation => 'always');
SELECT t.generation, t.retry,
	   ('x' || encode(substr(j.raw, 17, 4), 'hex'))::bit(32)::integer = t.generation AS says_generation,
	   ('x00' || encode(substr(j.raw, 21, 3), 'hex'))::bit(32)::integer = t.retry AS says_retry
FROM pgtoken.tokens t, LATERAL (SELECT test.unb64url(t.jti)) j (raw) WHERE t.grant_id = :'chain' ORDER BY 1, 2;

-- Attack shut out: a long transaction goes on trusting what has been revoked since.
-- (Revocations of other sessions are in the isolation tests.)
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('web', 'erin', 'openid') \gset
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
SELECT count(*) FROM pgtoken.revoke_family(:'gid'::uuid);
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
COMMIT;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
-- it reads only
BEGIN READ ONLY;
SELECT pgtoken.verify_access_token(:'one') IS NOT NULL AS holds, pgtoken.introspect(:'one') -> 'active' AS active, pgtoken.introspect(:'rt') -> 'active' AS refresh;
COMMIT;

-- C98: a token whose issue is rolled back has never been; also when this session has cached it
BEGIN;
SELECT access_token AS at FROM pgtoken.issue_tokens('web', 'erin', 'openid') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS inside, pgtoken.verify_access_token(:'at') IS NOT NULL AS cached;
ROLLBACK;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS after_rollback;
BEGIN;
SAVEPOINT s;
SELECT access_token AS at FROM pgtoken.issue_tokens('web', 'erin', 'openid') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS inside;
ROLLBACK TO s;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS after_rollback_to;
COMMIT;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS after_commit;
-- Attack shut out: a client keeps the answer of a refresh whose transaction was
-- rolled back; the family lives, the signature is genuine, the token has never been
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('web', 'erin', 'openid offline_access') \gset
BEGIN;
SAVEPOINT s;
SELECT access_token AS lost, refresh_token AS lost_rt FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) \gset
SELECT pgtoken.verify_access_token(:'lost') IS NOT NULL AS inside, pgtoken.verify_access_token(:'lost') IS NOT NULL AS cached;
ROLLBACK TO SAVEPOINT s;
SELECT pgtoken.verify_access_token(:'lost') IS NOT NULL AS after_rollback_to;
COMMIT;
SELECT pgtoken.verify_access_token(:'lost') IS NOT NULL AS after_commit, pgtoken.introspect(:'lost') -> 'active' AS active,
	   pgtoken.introspect(:'rt0') -> 'active' AS family_lives, (pgtoken.refresh_grant(:'lost_rt', 'web', test.secret('web'))).error AS lost_refresh_token;
-- nor when the family has come to the same generation again
SELECT access_token AS at1, refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) \gset
SELECT access_token AS at2 FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web')) \gset
SELECT pgtoken.verify_access_token(:'at1') IS NOT NULL AS at1, pgtoken.verify_access_token(:'at2') IS NOT NULL AS at2, pgtoken.verify_access_token(:'lost') IS NOT NULL AS lost;
-- every token that is accepted is in the ledger
SELECT t.what, count(l.jti) AS in_ledger FROM (VALUES ('at1', :'at1'), ('at2', :'at2'), ('lost', :'lost')) t (what, token)
LEFT JOIN pgtoken.lineage(:'gid'::uuid) l ON l.jti = test.claims(t.token) ->> 'jti' GROUP BY t.what ORDER BY t.what;
-- a key made in a transaction that is rolled back is gone with what it signed
BEGIN;
SELECT length(pgtoken.create_signing_key('ES384')) AS kid_length;
SELECT pgtoken.update_client('web', signing_alg => 'ES384');
SELECT access_token AS at FROM pgtoken.issue_tokens('web', 'erin', 'openid') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS inside;
ROLLBACK;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS after_rollback;
SELECT test.header(access_token) ->> 'alg' AS alg FROM pgtoken.issue_tokens('web', 'erin', 'openid');
