-- Signing keys: algorithms, the life of a key, what is published of it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;	-- maintain() tells what it does
SELECT pgtoken.create_issuer('https://keys.example');

-- Every algorithm signs and verifies; C43: RS256 among them; C82: at_hash is the
-- left half of the hash of the algorithm (EdDSA with Ed25519: SHA-512)
CREATE TEMP VIEW tried AS
SELECT alg, test.header(r.access_token) ->> 'alg' AS header, length(test.unb64url(split_part(r.access_token, '.', 3))) AS signature_bytes,
	   pgtoken.verify_access_token(r.access_token) IS NOT NULL AS verifies,
	   test.header(r.access_token) ->> 'kid' = (SELECT k.kid FROM pgtoken.signing_keys k WHERE k.issuer = 'https://keys.example' AND k.alg = v.alg AND k.state = 'active') AS kid,
	   test.unb64url(test.claims(r.id_token) ->> 'at_hash') = substr(CASE bits WHEN 256 THEN sha256(convert_to(r.access_token, 'UTF8'))
		   WHEN 384 THEN sha384(convert_to(r.access_token, 'UTF8')) ELSE sha512(convert_to(r.access_token, 'UTF8')) END, 1, bits / 16) AS at_hash
FROM (VALUES ('ES256', 256), ('ES384', 384), ('ES512', 512), ('RS256', 256), ('PS256', 256), ('EdDSA', 512), ('HS256', 256)) v (alg, bits),
	pgtoken.issue_tokens('signs-' || alg, 'grace', 'openid') r;
SELECT a.alg, length(pgtoken.create_signing_key(a.alg, 'https://keys.example')) AS kid_length,
	   (pgtoken.create_client('signs-' || a.alg, signing_alg => a.alg, issuer => 'https://keys.example')).client_id
FROM unnest('{ES256,ES384,ES512,RS256,PS256,EdDSA,HS256}'::text[]) WITH ORDINALITY a (alg, n)
ORDER BY n;
SELECT * FROM tried ORDER BY alg COLLATE "C";

-- Attack shut out: the world is given the means to sign. C80: public parts only,
-- and an HMAC key, which is nothing but a secret, not at all
SELECT k ->> 'alg' AS alg, array(SELECT m FROM jsonb_object_keys(k) m ORDER BY m COLLATE "C") AS members, k ->> 'use' AS use, k ->> 'kty' AS kty
FROM jsonb_array_elements(pgtoken.jwks('https://keys.example') -> 'keys') k
ORDER BY k ->> 'alg' COLLATE "C";
SELECT count(*) AS private FROM jsonb_array_elements(pgtoken.jwks('https://keys.example') -> 'keys') k
WHERE k ?| '{d,p,q,dp,dq,qi,oth,k}' OR k ->> 'kty' = 'oct';

-- C80: kid is the RFC 7638 thumbprint and unique. The key is that of RFC 7515 appendix A.3.
SELECT pgtoken.rotate_signing_key('ES256', 'https://keys.example', force => true) <> '' AS rotated;
\set pem '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\nH1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n-----END PRIVATE KEY-----\n'
SELECT pgtoken.create_signing_key('ES256', 'https://keys.example', replace(:'pem', '\n', E'\n')) AS kid;
SELECT public_jwk FROM pgtoken.signing_keys WHERE kid = 'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U';
SELECT test.outcome($$SELECT pgtoken.create_signing_key('ES256', 'https://other.example/tenant', $$ || quote_literal(replace(:'pem', '\n', E'\n')) || ')') AS same_key_again;
SELECT count(*) = count(DISTINCT kid) AS unique_kid,
	   bool_and(alg <> 'ES256' OR kid = test.b64url(sha256(convert_to(format('{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}', public_jwk ->> 'x', public_jwk ->> 'y'), 'UTF8')))) AS thumbprint
FROM pgtoken.signing_keys;

-- What is no key, or not one for the algorithm
SELECT n, test.outcome(format('SELECT pgtoken.create_signing_key(%L, %L, %L)', alg, issuer, pem))
FROM (VALUES
	(1, NULL, NULL, NULL), (2, 'none', NULL, NULL), (3, 'ES257', NULL, NULL), (4, '', NULL, NULL), (5, 'es256', NULL, NULL),
	(6, 'ES384', 'https://unknown.example', NULL), (7, 'ES384', NULL, ''), (8, 'ES384', NULL, 'x'),
	(9, 'ES384', NULL, replace(:'pem', '\n', E'\n')), (10, 'RS256', NULL, replace(:'pem', '\n', E'\n')), (11, 'EdDSA', NULL, replace(:'pem', '\n', E'\n')),
	(12, 'ES384', NULL, replace(replace(:'pem', '\n', E'\n'), 'MIGH', 'AAAA')),
	(13, 'HS256', 'https://other.example/tenant', test.b64url(substr(sha256(''), 1, 31))), (14, 'HS256', 'https://other.example/tenant', 'not base64url!'),
	(15, 'ES256', 'https://keys.example', NULL)) v (n, alg, issuer, pem)
ORDER BY n;
-- a refusal does not repeat what it was given
SELECT test.outcome(format('SELECT pgtoken.create_signing_key(%L, NULL, %L)', 'ES384', 'looks-like-a-secret')) LIKE '%secret%' AS repeated;

-- The life of a key. C80, C90: pending is published and does not sign; retiring
-- is published and verifies; retired is gone
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('lasting', issuer => 'https://keys.example');
CREATE FUNCTION test.states() RETURNS TABLE (state text, published boolean, signs boolean, material boolean) LANGUAGE sql
BEGIN ATOMIC
	SELECT k.state, pgtoken.jwks('https://keys.example') -> 'keys' @> jsonb_build_array(jsonb_build_object('kid', k.kid)),
		   test.header((pgtoken.issue_tokens('lasting', 'grace')).access_token) ->> 'kid' = k.kid,
		   EXISTS (SELECT FROM pgtoken.key_material m WHERE m.material_id = 'key:' || k.kid)
	FROM pgtoken.signing_keys k WHERE k.issuer = 'https://keys.example' AND k.alg = 'ES256' ORDER BY k.created_at;
END;
SELECT * FROM test.states();
SELECT access_token AS at1, test.header(access_token) ->> 'kid' AS kid1 FROM pgtoken.issue_tokens('lasting', 'grace') \gset
-- a pending key that somebody already has signs nothing that we accept
SELECT state FROM pgtoken.signing_keys WHERE kid = 'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U';
-- Fault shut out: a key signs that no JWK Set has shown, and verifiers that keep theirs
-- for a while refuse every token.  What is pending must have been published for the lead
-- time; where nothing is pending, the next key is made, and not used.
CREATE FUNCTION test.next_key(alg text, force boolean DEFAULT false) RETURNS text LANGUAGE plpgsql SET client_min_messages = warning AS $$
DECLARE kid text := pgtoken.rotate_signing_key(alg, 'https://keys.example', force);
BEGIN
	RETURN CASE WHEN kid IS NULL THEN 'later' WHEN kid = (SELECT k.kid FROM pgtoken.signing_keys k WHERE k.issuer = 'https://keys.example' AND k.alg = next_key.alg AND k.state = 'active') THEN 'signs' END;
END $$;
CREATE FUNCTION test.key_states(alg text) RETURNS text LANGUAGE sql
	RETURN (SELECT string_agg(k.state, ' ' ORDER BY k.created_at) FROM pgtoken.signing_keys k WHERE k.issuer = 'https://keys.example' AND k.alg = key_states.alg);
CREATE FUNCTION test.publish(alg text, by interval) RETURNS void LANGUAGE sql
BEGIN ATOMIC
	UPDATE pgtoken.signing_keys k SET created_at = k.created_at - by WHERE k.issuer = 'https://keys.example' AND k.alg = publish.alg;
END;
SELECT test.next_key('RS256') AS none_pending, test.key_states('RS256');
SELECT test.next_key('RS256') AS at_once, test.key_states('RS256');
SELECT test.publish('RS256', '9 min'), test.next_key('RS256') AS too_early;
SELECT test.publish('RS256', '2 min'), test.next_key('RS256') AS in_time, test.key_states('RS256');
SELECT test.next_key('RS256', NULL) AS force_null, test.next_key('RS256', force => true) AS forced, test.key_states('RS256');
SET pgtoken.signing_key_lead_time = '1 h';
SELECT test.next_key('PS256') AS none_pending, test.publish('PS256', '59 min'), test.next_key('PS256') AS too_early, test.publish('PS256', '1 min'), test.next_key('PS256') AS in_time, test.key_states('PS256');
SET pgtoken.signing_key_lead_time = 0;
SELECT test.next_key('PS256') AS no_lead_time, test.key_states('PS256');
RESET pgtoken.signing_key_lead_time;
-- the first one of an algorithm waits for nobody
SELECT pgtoken.rotate_signing_key('ES512', 'https://other.example/tenant') <> '' AS first_of_all;
SELECT test.publish('ES256', '10 min'), pgtoken.rotate_signing_key('ES256', 'https://keys.example') AS pending_one;
SELECT * FROM test.states();
SELECT retiring_at IS NOT NULL AS retiring, retires_at - retiring_at BETWEEN interval '47 hours' AND interval '49 hours' AS for_two_days, retired_at IS NULL AS not_retired
FROM pgtoken.signing_keys WHERE kid = :'kid1';
SELECT access_token AS at2 FROM pgtoken.issue_tokens('lasting', 'grace') \gset
SELECT pgtoken.verify_access_token(:'at1') IS NOT NULL AS signed_before, pgtoken.verify_access_token(:'at2') IS NOT NULL AS signed_after;
-- retired at once: tokens of the key are refused at once, its private part is gone, the others are not harmed
SELECT pgtoken.retire_signing_key(:'kid1', 'leaked');
SELECT * FROM test.states();
SELECT pgtoken.verify_access_token(:'at1') IS NOT NULL AS signed_before, pgtoken.verify_access_token(:'at2') IS NOT NULL AS signed_after;
SELECT retire_reason FROM pgtoken.signing_keys WHERE kid = :'kid1';
SELECT pgtoken.retire_signing_key(:'kid1') AS again, pgtoken.retire_signing_key('unknown') AS unknown, pgtoken.retire_signing_key(NULL) AS no_kid;
-- retiring the active one rotates first, so that there is always one that signs
SELECT pgtoken.retire_signing_key('oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U', 'known to the tests');
SELECT * FROM test.states();
SELECT test.brief(pgtoken.issue_tokens('lasting', 'grace', 'openid'));
SELECT pgtoken.verify_access_token(:'at2') IS NOT NULL AS signed_by_retired;
-- a retired key does not come back
SELECT test.outcome(format('SELECT pgtoken.create_signing_key(%L, %L, %L)', 'ES256', 'https://keys.example', replace(:'pem', '\n', E'\n'))) AS again;

-- An algorithm that has no key, an issuer that is not there: a clear error, not another algorithm
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('keyless', signing_alg => 'PS256');
SELECT pgtoken.issue_tokens('keyless', 'grace');
SELECT pgtoken.update_client('keyless', enabled => false);
SELECT pgtoken.jwks('https://unknown.example');

-- maintain() gives keys their life by policy; time is moved in the rows
CREATE FUNCTION test.key_steps() RETURNS TABLE (step text, names_key boolean) LANGUAGE sql
BEGIN ATOMIC
	SELECT m.step, m.detail ~ '^[A-Za-z0-9_-]{43}$'
	FROM pgtoken.maintain() m WHERE m.step LIKE 'signing key%' ORDER BY m.step;
END;
SELECT * FROM test.key_steps();
UPDATE pgtoken.signing_keys SET activated_at = activated_at - interval '2112 hours' WHERE issuer = 'https://keys.example' AND alg = 'EdDSA';
SELECT * FROM test.key_steps();
UPDATE pgtoken.signing_keys SET activated_at = activated_at - interval '27 hours' WHERE issuer = 'https://keys.example' AND alg = 'EdDSA';
SELECT * FROM test.key_steps();
SELECT state FROM pgtoken.signing_keys WHERE issuer = 'https://keys.example' AND alg = 'EdDSA' ORDER BY created_at;
SELECT count(*) AS again FROM test.key_steps();
-- old enough, but its successor has not been published for long enough
UPDATE pgtoken.signing_keys SET activated_at = activated_at - interval '50 hours' WHERE issuer = 'https://keys.example' AND alg = 'EdDSA' AND state = 'active';
SELECT count(*) AS too_early FROM test.key_steps();
UPDATE pgtoken.signing_keys SET created_at = created_at - interval '27 hours' WHERE issuer = 'https://keys.example' AND alg = 'EdDSA' AND state = 'pending';
SELECT access_token AS at FROM pgtoken.issue_tokens('signs-EdDSA', 'grace') \gset
SELECT * FROM test.key_steps();
SELECT state FROM pgtoken.signing_keys WHERE issuer = 'https://keys.example' AND alg = 'EdDSA' ORDER BY activated_at;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS signed_before;
UPDATE pgtoken.signing_keys SET retires_at = retires_at - interval '50 hours' WHERE issuer = 'https://keys.example' AND alg = 'EdDSA' AND state = 'retiring';
SELECT * FROM test.key_steps();
SELECT state, retire_reason FROM pgtoken.signing_keys WHERE issuer = 'https://keys.example' AND alg = 'EdDSA' ORDER BY activated_at;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS signed_before, pgtoken.introspect(:'at');
-- without overlap the lead time holds, also for maintain()
SET pgtoken.signing_key_overlap = 0;
UPDATE pgtoken.signing_keys SET activated_at = activated_at - interval '100 days' WHERE issuer = 'https://keys.example' AND alg = 'EdDSA' AND state = 'active';
SELECT * FROM test.key_steps();
SELECT count(*) AS too_early FROM test.key_steps();
SELECT test.publish('EdDSA', '10 min');
SELECT * FROM test.key_steps();
RESET pgtoken.signing_key_overlap;
-- 0: never
SET pgtoken.signing_key_lifetime = 0;
UPDATE pgtoken.signing_keys SET activated_at = activated_at - interval '900 days' WHERE issuer = 'https://keys.example' AND alg = 'EdDSA' AND state = 'active';
SELECT count(*) AS never FROM test.key_steps();
RESET pgtoken.signing_key_lifetime;
SELECT ok FROM pgtoken.health() WHERE check_name = 'signing keys by policy';
UPDATE pgtoken.signing_keys SET activated_at = now() WHERE issuer = 'https://keys.example' AND state = 'active';
SELECT ok FROM pgtoken.health() WHERE check_name = 'signing keys by policy';

-- There is one active and one pending key of an issuer and algorithm at most.
SELECT test.outcome($$UPDATE pgtoken.signing_keys SET state = 'active' WHERE issuer = 'https://keys.example' AND alg = 'ES256'$$) AS two_active;
DROP VIEW tried;

-- Attack shut out: keys are rotated again and again, and every verifier fetches a JWK
-- Set of a hundred kilobytes. Ten at a time are retiring.
SELECT pgtoken.create_issuer('https://many-keys.example');
SELECT length(pgtoken.create_signing_key('ES256', 'https://many-keys.example')) AS kid_length;
SELECT i, test.outcome($$SELECT pgtoken.rotate_signing_key('ES256', 'https://many-keys.example', force => true)$$) AS outcome FROM generate_series(9, 12) i,
	LATERAL (SELECT count(pgtoken.rotate_signing_key('ES256', 'https://many-keys.example', force => true)) FROM generate_series(1, CASE i WHEN 9 THEN 8 ELSE 0 END)) l ORDER BY i;
SELECT state, count(*) FROM pgtoken.signing_keys WHERE issuer = 'https://many-keys.example' GROUP BY state ORDER BY state;
SELECT jsonb_array_length(pgtoken.jwks('https://many-keys.example') -> 'keys') AS published;
-- what is known to somebody is retired all the same, and another signs
SELECT pgtoken.retire_signing_key(kid, 'stolen') AS retired FROM pgtoken.signing_keys WHERE issuer = 'https://many-keys.example' AND state = 'active';
SELECT state, count(*) FROM pgtoken.signing_keys WHERE issuer = 'https://many-keys.example' GROUP BY state ORDER BY state;
-- another algorithm has its own ten, and one that has gone makes room
SELECT length(pgtoken.create_signing_key('EdDSA', 'https://many-keys.example')) AS other_alg, length(pgtoken.rotate_signing_key('EdDSA', 'https://many-keys.example', force => true)) AS rotated;
SELECT count(pgtoken.retire_signing_key(k.kid)) AS retired FROM (SELECT kid FROM pgtoken.signing_keys WHERE issuer = 'https://many-keys.example' AND alg = 'ES256' AND state = 'retiring' LIMIT 1) k;
SELECT length(pgtoken.rotate_signing_key('ES256', 'https://many-keys.example', force => true)) AS rotated;
DELETE FROM pgtoken.signing_keys WHERE issuer = 'https://many-keys.example';
DELETE FROM pgtoken.key_material WHERE material_id LIKE '%many-keys.example' OR (material_id LIKE 'key:%' AND substr(material_id, 5) NOT IN (SELECT kid FROM pgtoken.signing_keys));
DELETE FROM pgtoken.issuers WHERE issuer = 'https://many-keys.example';
