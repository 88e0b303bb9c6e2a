-- Authentication factors: enrolled, activated, locked, removed.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

-- RFC 6238 with SHA-256, on the secret of its appendix B.
CREATE FUNCTION test.totp(step bigint, digits integer DEFAULT 6, secret bytea DEFAULT '12345678901234567890123456789012') RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	mac bytea := test.hmac(secret, int8send(step));
	at integer := get_byte(mac, 31) & 15;
	number bigint := ((get_byte(mac, at) & 127)::bigint << 24) + (get_byte(mac, at + 1) << 16) + (get_byte(mac, at + 2) << 8) + get_byte(mac, at + 3);
BEGIN
	RETURN lpad((number % (10 ^ digits)::bigint)::text, digits, '0');
END
$$;
SELECT test.totp(1, 8) = '46119246' AND test.totp(37037036, 8) = '68084774' AS totp_works;
CREATE FUNCTION test.step() RETURNS bigint LANGUAGE sql VOLATILE
	RETURN floor(extract(epoch FROM clock_timestamp()) / 30)::bigint;
-- a code that no clock near ours shows
CREATE FUNCTION test.wrong_code() RETURNS text LANGUAGE sql VOLATILE
	RETURN (SELECT min(c) FROM (SELECT lpad(n::text, 6, '0') FROM generate_series(0, 9) n) x (c)
			WHERE c <> ALL (ARRAY(SELECT test.totp(test.step() + d) FROM generate_series(-3, 3) d)));
-- that secret in base32
CREATE FUNCTION test.totp_secret() RETURNS text LANGUAGE sql IMMUTABLE
	RETURN 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA';
-- a subject's factor of a type: the newest
CREATE FUNCTION test.factor(of_subject text, of_type text) RETURNS uuid LANGUAGE sql STABLE
	RETURN (SELECT f.factor_id FROM pgtoken.factors f WHERE f.subject = of_subject AND f.factor_type = of_type ORDER BY f.factor_id DESC LIMIT 1);
-- an RSA key that signs nothing but what is here, and PKCS #1 v1.5 with SHA-256
CREATE FUNCTION test.bytes(n numeric, len integer) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	bytes bytea := decode(repeat('00', len), 'hex');
BEGIN
	FOR i IN REVERSE len - 1 .. 0 LOOP
		bytes := set_byte(bytes, i, mod(n, 256)::integer);
		n := div(n, 256);
	END LOOP;
	RETURN bytes;
END
$$;
CREATE TABLE test.rsa (prime numeric, exponent bit(128), inverse numeric);	-- of the product of the primes before it
INSERT INTO test.rsa VALUES
	(test.number('\xf63d1d79d3736ccc29c9fe94d86a6d45'), x'b7da77f8af65fe750e3ab0e8281286d5', test.number('\x00000000000000000000000000000001')),
	(test.number('\xf6938bddb22a0d5acf7bc65c94d46a81'), x'2228a88caadce682b911a59637cc0181', test.number('\xcd0e9c40ed6906e369d92339765895c8')),
	(test.number('\xf6cd410d94211257d80187eaa70787bf'), x'd3aa9fa354aab47fb05b47c561315d23', test.number('\x90a7bd5c893ce26b5f21ee7bc1d20b96')),
	(test.number('\xf8b715dc940e9c5b2c8e8da1178426eb'), x'8a5fe26bdc7bdc85e55e5271e3d1848d', test.number('\x74a28218ee4e5be9367a7ca0632139c4')),
	(test.number('\xf993f389d736090a948977e241a14da5'), x'239e3ace7c3948f70a95c7d731789cc5', test.number('\xf44eb67626a0eda058efcb93709e3f26')),
	(test.number('\xf9e73d2459d7dcb7960c189065af6841'), x'4bed7e1e354de8b9bed51e018163b201', test.number('\x60b9f06d4d1cbdc35cbb88c578ade2d3')),
	(test.number('\xfa718e0a54ff3f62bfc0356988196f21'), x'7a103a90a298bd861dbb4acd22be72c1', test.number('\xb334f6956abf67ab4a6df211df56e922')),
	(test.number('\xfa820d797b7666d7a9a16767e1682f03'), x'329ac90c0c63cbbcaf38bac1e268006f', test.number('\x37822337e424a876580c828a01f7388e')),
	(test.number('\xfad578f019a559fe4f4f7d84edcb9b23'), x'3fedae500b49404177773bf7681fcf5f', test.number('\xa5c21b1959dd7a30656e0664e66427c1')),
	(test.number('\xfb0cb9e4be4da11ab2ae2de5ccd90f0f'), x'c09dec06e8481182b573547dcb6502db', test.number('\x5cb1dbd96fe6a31b7fd1e1f7ad4fafb4')),
	(test.number('\xfb6fc100814759408cc52151f894b5e7'), x'7f3a5b44f025b449ef71489cfbd5f3fd', test.number('\x7b7c24a0fffc45d724494718146e34b1')),
	(test.number('\xfb8b16eb2b8c184d772155be9c54dddf'), x'59c86b85c5255c074a5e3b9cad701d41', test.number('\x763c60c2a6e9900ec74421d040cb0494')),
	(test.number('\xfc73c0b892991e0f4168ed048554340b'), x'4722cae47792a3d0c2aab156fbc6ed5f', test.number('\x4c904aa709bead15f3a5a5aa5610bf33')),
	(test.number('\xfea936f95cd7387828befe4373e15927'), x'3050c67f551ff834c3f648a35f8ef7ad', test.number('\xc329123ece570a434ad5a41b7691f48f')),
	(test.number('\xfefa61f9afca960630c9d6324525affb'), x'6aca02eec82958dc0ee2f9cae41afcb1', test.number('\x751b874ae9ee294a1b08b29b8a1534f2')),
	(test.number('\xff6e963bbe745d4a8ba5558dad1125e5'), x'cea28ea46c31449b1e9734bbb50b0f45', test.number('\x81bb24077ecfaab570444037e29e61a6'));
-- by the Chinese remainder theorem: sixteen small powers take much less time than a large one
CREATE FUNCTION test.rsa_sign(message bytea) RETURNS bytea LANGUAGE plpgsql STABLE AS $$
DECLARE
	base CONSTANT numeric := test.number('\x0001'::bytea || decode(repeat('ff', 202), 'hex') || '\x00'::bytea
										 || '\x3031300d060960864801650304020105000420'::bytea || sha256(message));
	signature numeric := 0;
	modulus numeric := 1;
	remainder numeric;
	power numeric;
	r record;
BEGIN
	FOR r IN SELECT * FROM test.rsa ORDER BY prime LOOP
		remainder := mod(base, r.prime);
		power := 1;
		FOR i IN 0 .. 127 LOOP
			power := mod(power * power, r.prime);
			IF get_bit(r.exponent, i) = 1 THEN
				power := mod(power * remainder, r.prime);
			END IF;
		END LOOP;
		signature := signature + modulus * mod((power - mod(signature, r.prime) + r.prime) * r.inverse, r.prime);
		modulus := modulus * r.prime;
	END LOOP;
	RETURN test.bytes(signature, 256);
END
$$;
CREATE FUNCTION test.rsa_jwk() RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
	modulus numeric := 1;
	p numeric;
BEGIN
	FOR p IN SELECT prime FROM test.rsa LOOP
		modulus := modulus * p;
	END LOOP;
	RETURN jsonb_build_object('kty', 'RSA', 'n', test.b64url(test.bytes(modulus, 256)), 'e', 'AQAB');
END
$$;
-- an answer's members, without their values; an error by its name
CREATE FUNCTION test.brief(answer jsonb) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN coalesce(answer ->> 'error', (SELECT string_agg(k, ',' ORDER BY k COLLATE "C") FROM jsonb_object_keys(answer) k));

-- Enrollment ------------------------------------------------------------------

SELECT t, test.brief(a) AS members, a ->> 'state' AS state
FROM unnest(ARRAY['email', 'sms', 'totp', 'recovery_code', 'external']) WITH ORDINALITY x (t, i), pgtoken.enroll_factor('fiona', t, label => 'my ' || t) a ORDER BY i;
SELECT test.brief(a) AS members, a ->> 'state' AS state FROM pgtoken.enroll_factor('fiona', 'totp', jsonb_build_object('secret', test.totp_secret(), 'algorithm', 'SHA256')) a;
SELECT test.brief(a) AS members, a ->> 'state' AS state
FROM pgtoken.enroll_factor('fiona', 'webauthn', jsonb_build_object('credential_id', 'AAECAwQFBgcICQoLDA0ODw', 'alg', 'RS256', 'public_key', test.rsa_jwk())) a;
SELECT factor_type, label, state, usable, last_used_at IS NULL AS unused FROM pgtoken.factors_of('fiona');
SELECT count(*) AS of_nobody FROM pgtoken.factors_of('nobody');
SELECT count(*) AS of_unknown_issuer FROM pgtoken.factors_of('fiona', 'https://nowhere.example');

-- What an authenticator app is told, and twenty bytes that are another's each time.
SELECT a ->> 'otpauth_uri' ~ ('^otpauth://totp/id\.example:fi%20ona\?secret=' || (a ->> 'secret') || '&issuer=id\.example&algorithm=SHA512&digits=8&period=60$') AS uri,
	   a ->> 'secret' ~ '^[A-Z2-7]{32}$' AS secret
FROM pgtoken.enroll_factor('fiona', 'totp', '{"algorithm": "SHA512", "digits": 8, "period": 60, "account": "fi ona"}') a;
SELECT count(DISTINCT pgtoken.enroll_factor('dora', 'totp') ->> 'secret') AS secrets FROM generate_series(1, 3);

-- Ten recovery codes that nobody mixes up, and no two alike.
SELECT count(DISTINCT c) AS codes, bool_and(c ~ '^[BCDFGHJKLMNPQRSTVWXZ]{5}-[BCDFGHJKLMNPQRSTVWXZ]{5}$') AS form
FROM pgtoken.enroll_factor('dora', 'recovery_code') a, jsonb_array_elements_text(a -> 'codes') c;
-- Attack shut out: an old sheet, lost somewhere, goes on working beside the new one.
SELECT test.brief(pgtoken.enroll_factor('dora', 'recovery_code')) AS again;
SELECT count(*) AS sheets, min(cardinality(code_hashes)) AS codes FROM pgtoken.factors WHERE subject = 'dora' AND factor_type = 'recovery_code';
-- Attack shut out: who reads the table (or a backup) has the codes; 43 bits are
-- soon searched, so the hashes are under a key, and differ from row to row.
SELECT pgtoken.remove_factor('dora', test.factor('dora', 'recovery_code'));
CREATE TABLE test.sheet AS
SELECT c AS code FROM pgtoken.enroll_factor('dora', 'recovery_code') a, jsonb_array_elements_text(a -> 'codes') c;
SELECT count(*) FILTER (WHERE sha256(convert_to(code, 'UTF8')) = ANY (f.code_hashes)) AS bare_hashes,
	   count(*) FILTER (WHERE position(convert_to(code, 'UTF8') IN h) > 0) AS plain
FROM test.sheet, pgtoken.factors f, unnest(f.code_hashes) h WHERE f.subject = 'dora' AND f.factor_type = 'recovery_code';

-- Misuse is told from the answers of a user.
SELECT test.outcome(format('SELECT pgtoken.enroll_factor(%L, %L, %L)', s, t, p)) AS outcome
FROM (VALUES (1, 'gus', 'fax', '{}'), (2, '', 'email', '{}'), (3, 'client:web', 'email', '{}'),
			 (4, 'gus', 'email', '{"address": "gus@example.com"}'), (5, 'gus', 'recovery_code', '{"n": 3}'), (6, 'gus', 'email', '[]'),
			 (7, 'gus', 'totp', '{"digits": 5}'), (8, 'gus', 'totp', '{"digits": "6"}'), (9, 'gus', 'totp', '{"digits": 6.5}'),
			 (10, 'gus', 'totp', '{"digits": 99999999999999999999}'), (11, 'gus', 'totp', '{"period": 5}'), (12, 'gus', 'totp', '{"algorithm": "MD5"}'),
			 (13, 'gus', 'totp', '{"secret": "GEZDGNBV"}'), (14, 'gus', 'totp', '{"secret": "not base32!"}'), (15, 'gus', 'totp', '{"secret": 1}'),
			 (16, 'gus', 'totp', '{"secret": null}'),
			 (17, 'gus', 'webauthn', '{}'), (18, 'gus', 'webauthn', '{"credential_id": "a b"}'), (19, 'gus', 'webauthn', '{"credential_id": "AAAA"}'),
			 (20, 'gus', 'webauthn', '{"credential_id": "AAAA", "public_key": "AAAA"}'), (21, 'gus', 'webauthn', '{"credential_id": "AAAA", "public_key": [1]}'),
			 (22, 'gus', 'webauthn', '{"credential_id": "AAAA", "alg": "HS256"}')) v (i, s, t, p) ORDER BY i;
SELECT test.outcome($$SELECT pgtoken.enroll_factor(NULL, 'email')$$), test.outcome($$SELECT pgtoken.enroll_factor('gus', NULL)$$),
	   test.outcome($$SELECT pgtoken.enroll_factor('gus', 'email', issuer => 'https://nowhere.example')$$);
SELECT test.outcome($$SELECT pgtoken.enroll_factor('gus', 'email', label => E'a\nb')$$);
-- the key of another algorithm; a counter that is none
SELECT test.outcome(format('SELECT pgtoken.enroll_factor(%L, %L, %L)', 'gus', 'webauthn', jsonb_build_object('credential_id', 'AAAA', 'public_key', test.rsa_jwk()))) AS es256,
	   test.outcome(format('SELECT pgtoken.enroll_factor(%L, %L, %L)', 'gus', 'webauthn', jsonb_build_object('credential_id', 'AAAA', 'alg', 'RS256', 'public_key', test.rsa_jwk(), 'counter', -1))) AS counter;
-- Attack shut out: a private key comes to lie where everybody expects a public one.
SELECT test.outcome(format('SELECT pgtoken.enroll_factor(%L, %L, %L)', 'gus', 'webauthn',
	jsonb_build_object('credential_id', 'AAAA', 'alg', 'RS256', 'public_key', test.rsa_jwk() || '{"d": "AQAB"}'))) AS private;
SELECT count(*) AS nothing_came_of_it FROM pgtoken.factors WHERE subject = 'gus';
-- Attack shut out: a credential whose counter is kept twice can be cloned unseen.
SELECT regexp_replace(test.outcome(format('SELECT pgtoken.enroll_factor(%L, %L, %L)', 'fiona', 'webauthn',
	jsonb_build_object('credential_id', 'AAECAwQFBgcICQoLDA0ODw', 'alg', 'RS256', 'public_key', test.rsa_jwk()))), '[0-9a-f-]{36}', '...') AS twice;
-- another subject may have the same device
SELECT pgtoken.enroll_factor('gus', 'webauthn', jsonb_build_object('credential_id', 'AAECAwQFBgcICQoLDA0ODw', 'alg', 'RS256', 'public_key', test.rsa_jwk())) ->> 'state' AS another;
-- Attack shut out: factors without end, each looked at by every challenge.
SELECT count(pgtoken.enroll_factor('many', 'email')) FROM generate_series(1, 50);
SELECT test.outcome($$SELECT pgtoken.enroll_factor('many', 'email')$$);

-- Activation ------------------------------------------------------------------

-- a pending factor whose secret we know
SELECT test.brief(pgtoken.enroll_factor('hugo', 'totp', '{"algorithm": "SHA256"}')) AS members;
UPDATE pgtoken.factors SET secret = '12345678901234567890123456789012', wrapped = false WHERE subject = 'hugo';
SELECT pgtoken.activate_factor('hugo', test.factor('hugo', 'totp'), test.wrong_code()) AS wrong,
	   pgtoken.activate_factor('hugo', test.factor('hugo', 'totp'), 'nonsense') AS nonsense,
	   pgtoken.activate_factor('fiona', test.factor('hugo', 'totp'), test.totp(test.step())) AS of_another,
	   pgtoken.activate_factor('hugo', test.factor('hugo', 'totp'), test.totp(test.step() - 3)) AS too_old,
	   pgtoken.activate_factor('hugo', test.factor('hugo', 'totp'), test.totp(test.step() + 3)) AS too_new;
SELECT state, failed_attempts FROM pgtoken.factors WHERE subject = 'hugo';
SELECT pgtoken.activate_factor('hugo', test.factor('hugo', 'totp'), test.totp(test.step())) AS right;
SELECT state, failed_attempts, counter > 0 AS step_used, last_used_at IS NOT NULL AS used FROM pgtoken.factors WHERE subject = 'hugo';
-- once; and what is active or of another kind is not activated
SELECT pgtoken.activate_factor('hugo', test.factor('hugo', 'totp'), test.totp(test.step())) AS again,
	   pgtoken.activate_factor('fiona', test.factor('fiona', 'email'), '000000') AS of_another_kind;
SELECT failed_attempts FROM pgtoken.factors WHERE subject = 'hugo';

-- Attack shut out: a thief of a session enrolls an authenticator app of his own
-- for the user and guesses its code, which is as good as having it.
SELECT test.brief(pgtoken.enroll_factor('ines', 'totp', '{"algorithm": "SHA256"}')) AS members;
UPDATE pgtoken.factors SET secret = '12345678901234567890123456789012', wrapped = false WHERE subject = 'ines';
SELECT count(*) FILTER (WHERE pgtoken.activate_factor('ines', test.factor('ines', 'totp'), test.wrong_code())) AS activated FROM generate_series(1, 10);
SELECT state, failed_attempts, locked_until BETWEEN now() + interval '14 minutes' AND now() + interval '15 minutes' AS locked FROM pgtoken.factors WHERE subject = 'ines';
SELECT pgtoken.activate_factor('ines', test.factor('ines', 'totp'), test.totp(test.step())) AS right_but_locked;
SELECT failed_attempts FROM pgtoken.factors WHERE subject = 'ines';
-- a quarter of an hour later
UPDATE pgtoken.factors SET locked_until = now() WHERE subject = 'ines';
SELECT pgtoken.activate_factor('ines', test.factor('ines', 'totp'), test.wrong_code()) AS wrong;
SELECT failed_attempts, locked_until > now() AS locked FROM pgtoken.factors WHERE subject = 'ines';
-- Attack shut out: the hundredth wrong code disables what was never proved, and
-- unlocking it makes it active.
UPDATE pgtoken.factors SET failed_attempts = 99 WHERE subject = 'ines';
SELECT pgtoken.activate_factor('ines', test.factor('ines', 'totp'), test.wrong_code()) AS wrong;
SELECT count(*) AS given_up FROM pgtoken.factors WHERE subject = 'ines';

-- Unlocked and removed --------------------------------------------------------

UPDATE pgtoken.factors SET state = 'disabled', failed_attempts = 100, locked_until = now() + interval '1 minute' WHERE factor_id = test.factor('hugo', 'totp');
SELECT state, usable FROM pgtoken.factors_of('hugo');
SELECT pgtoken.unlock_factor('hugo', test.factor('hugo', 'totp')) AS unlocked, pgtoken.unlock_factor('ines', test.factor('hugo', 'totp')) AS of_another;
SELECT state, failed_attempts, locked_until FROM pgtoken.factors WHERE subject = 'hugo';
-- one that is pending is not proved by that
SELECT test.brief(pgtoken.enroll_factor('ines', 'totp')) AS members;
UPDATE pgtoken.factors SET failed_attempts = 10, locked_until = now() + interval '1 minute' WHERE subject = 'ines';
SELECT pgtoken.unlock_factor('ines', test.factor('ines', 'totp')) AS unlocked;
SELECT state, failed_attempts, locked_until FROM pgtoken.factors WHERE subject = 'ines';
SELECT pgtoken.remove_factor('gus', test.factor('ines', 'totp')) AS of_another, pgtoken.remove_factor('ines', test.factor('ines', 'totp')) AS removed;
SELECT pgtoken.remove_factor('ines', gen_random_uuid()) AS unknown, count(*) AS left FROM pgtoken.factors WHERE subject = 'ines';
SELECT test.outcome($$SELECT pgtoken.remove_factor('ines', NULL)$$), test.outcome($$SELECT pgtoken.unlock_factor(NULL, gen_random_uuid())$$),
	   test.outcome($$SELECT pgtoken.activate_factor('ines', gen_random_uuid(), NULL)$$);
-- the sheet that is used up can be proved no longer
UPDATE pgtoken.factors SET code_hashes = '{}' WHERE subject = 'dora';
SELECT factor_type, usable FROM pgtoken.factors_of('dora') WHERE factor_type = 'recovery_code';

-- Who may ---------------------------------------------------------------------

-- Attack shut out: the auditor, or whoever reads all data, takes the secrets; a
-- role that only verifies tokens gives itself a factor.
GRANT USAGE ON SCHEMA test TO pgtoken_auditor;
SET ROLE pgtoken_auditor;
SELECT test.outcome(format('SELECT %I FROM pgtoken.factors', c)) FROM unnest(ARRAY['factor_id', 'secret', 'code_hashes']) c;
SELECT test.outcome($$SELECT sealed_code FROM pgtoken.challenge_codes$$), test.outcome($$SELECT code_hash FROM pgtoken.challenges$$);
RESET ROLE;
REVOKE USAGE ON SCHEMA test FROM pgtoken_auditor;
CREATE ROLE factor_test_resource IN ROLE pgtoken_http;
GRANT USAGE ON SCHEMA test TO factor_test_resource;
SET ROLE factor_test_resource;
SELECT test.outcome(s) FROM (VALUES ($$SELECT pgtoken.enroll_factor('fiona', 'email')$$), ($$SELECT pgtoken.factors_of('fiona')$$),
	($$SELECT pgtoken.challenge('x', gen_random_uuid())$$), ($$SELECT pgtoken.complete_challenge('x', '{}')$$), ($$SELECT * FROM pgtoken.take_challenge_codes()$$)) v (s);
RESET ROLE;
DROP OWNED BY factor_test_resource;
DROP ROLE factor_test_resource;
-- Attack shut out: what is hidden in the table is in the audit log.
SELECT event, count(*) FROM pgtoken.audit_events WHERE event LIKE 'factor.%' AND subject IN ('dora', 'fiona', 'gus', 'hugo', 'ines') GROUP BY event ORDER BY event;
SELECT count(*) AS with_secrets FROM pgtoken.audit_events
WHERE event LIKE 'factor.%' AND (detail::text LIKE '%"secret"%' OR detail::text LIKE '%code_hashes%' OR detail::text LIKE '%' || encode('12345678901234567890123456789012'::bytea, 'hex') || '%');
-- without a root key the secrets of factors lie unwrapped, which health() counts
SELECT h.ok, substring(h.detail FROM '^[0-9]+')::integer
		 = (SELECT count(*) FROM pgtoken.key_material WHERE NOT wrapped) + (SELECT count(*) FROM pgtoken.factors WHERE secret IS NOT NULL AND NOT wrapped) AS counted,
	   (SELECT count(*) FROM pgtoken.factors WHERE secret IS NOT NULL AND NOT wrapped) > 0 AS some
FROM pgtoken.health() h WHERE h.check_name = 'key material wrapped';
-- which is no reason to look at all factors there are
DISCARD PLANS;
BEGIN;
SET LOCAL enable_seqscan = off;
SELECT seq_scan AS scans FROM pg_stat_xact_all_tables WHERE relid = 'pgtoken.factors'::regclass \gset
SELECT count(*) > 20 AS checks FROM pgtoken.health();
SELECT seq_scan - :scans AS scans FROM pg_stat_xact_all_tables WHERE relid = 'pgtoken.factors'::regclass;
ROLLBACK;
