-- Step-up: a refresh is answered with a transaction, its user proves a factor,
-- and the same refresh goes on.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

-- Families, and the transactions that their refreshes were answered with.
CREATE TABLE test.families (family text PRIMARY KEY, client_id text, subject text, refresh_token text, grant_id uuid);
CREATE TABLE test.step_ups (step_up text PRIMARY KEY, family text, context jsonb, transaction_id text, refresh_token text, answer pgtoken.token_response);
CREATE FUNCTION test.family(name text, of_subject text, client text DEFAULT 'web') RETURNS text LANGUAGE sql AS $$
	INSERT INTO test.families
	SELECT name, client, of_subject, r.refresh_token, r.grant_id
	FROM pgtoken.issue_tokens(client, of_subject, 'openid offline_access', acr => 'pwd', amr => '{pwd}') r
	RETURNING family;
$$;
CREATE FUNCTION test.challenged(name text, of_family text, context jsonb DEFAULT '{"ip": "192.0.2.1", "user_agent": "Lynx"}', acr_values text[] DEFAULT '{mfa}') RETURNS text LANGUAGE sql AS $$
	-- a request of its own: the same one once more would replace its transaction
	INSERT INTO test.step_ups
	SELECT name, f.family, x.context, r.transaction_id, f.refresh_token, r::pgtoken.token_response
	FROM test.families f, LATERAL (SELECT challenged.context || jsonb_build_object('request', name)) x (context),
		pgtoken.refresh_grant(f.refresh_token, f.client_id, test.secret(f.client_id), context => x.context, acr_values => challenged.acr_values) r
	WHERE f.family = of_family
	RETURNING test.brief(answer);
$$;
-- what the factors of the answer are
CREATE FUNCTION test.offered(name text) RETURNS text LANGUAGE sql STABLE
	RETURN (SELECT string_agg(f ->> 'factor_type', ',' ORDER BY i) FROM test.step_ups, jsonb_array_elements((answer).factors) WITH ORDINALITY x (f, i) WHERE step_up = name);
CREATE FUNCTION test.transaction(name text) RETURNS text LANGUAGE sql STABLE
	RETURN (SELECT transaction_id FROM test.step_ups WHERE step_up = name);
CREATE FUNCTION test.choose(name text, of_type text, deliver text DEFAULT 'return') RETURNS jsonb LANGUAGE sql AS $$
	SELECT pgtoken.challenge(s.transaction_id, test.factor(f.subject, of_type), deliver) FROM test.step_ups s JOIN test.families f USING (family) WHERE s.step_up = name;
$$;
CREATE FUNCTION test.prove(name text, of_type text, evidence jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT test.brief(pgtoken.complete_challenge(s.transaction_id, jsonb_build_object('factor_id', test.factor(f.subject, of_type)) || evidence))
	FROM test.step_ups s JOIN test.families f USING (family) WHERE s.step_up = name;
$$;
-- the refresh goes on, as it was unless told otherwise
CREATE FUNCTION test.go_on(name text, of_family text DEFAULT NULL, client text DEFAULT NULL, other_context jsonb DEFAULT NULL, token text DEFAULT NULL) RETURNS pgtoken.token_response LANGUAGE sql AS $$
	SELECT r FROM test.step_ups s JOIN test.families f ON f.family = coalesce(of_family, s.family),
		pgtoken.refresh_grant(coalesce(token, CASE WHEN of_family IS NULL THEN s.refresh_token ELSE f.refresh_token END), coalesce(client, f.client_id), test.secret(coalesce(client, f.client_id)),
			context => coalesce(other_context, s.context), acr_values => '{mfa}', transaction_id => s.transaction_id) r
	WHERE s.step_up = name;
$$;
CREATE FUNCTION test.state(name text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN (SELECT c.state FROM pgtoken.challenges c WHERE sha256(substr(test.unb64url(substr(test.transaction(name), 7)), 18)) = c.handle_hash);
END
$$;
-- of a transaction, for what only its row says
CREATE VIEW test.rows AS
SELECT s.step_up, c.* FROM test.step_ups s JOIN pgtoken.challenges c ON c.handle_hash = sha256(substr(test.unb64url(substr(s.transaction_id, 7)), 18));

-- What a context may say ---------------------------------------------------------

SELECT test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L, context => %L)', 'plain', 'carl', c)) AS outcome, c
FROM (VALUES (1, '{"device_id": "d-1", "latitude": 52.5, "longitude": 13.4, "risk_score": 0.5, "collected_at": 1767225600}'),
			 (2, '{"collected_at": "2026-01-01T00:00:00.5+01:00"}'), (3, '{"collected_at": "2026-01-01T00:00:00Z"}'),
			 (4, '{"device_id": 1}'), (5, '{"latitude": 52.5}'), (6, '{"longitude": 13.4}'), (7, '{"latitude": 91, "longitude": 0}'),
			 (8, '{"latitude": 0, "longitude": -180.5}'), (9, '{"latitude": "52", "longitude": "13"}'), (10, '{"risk_score": "high"}'),
			 (11, '{"risk_score": 1e400}'), (12, '{"collected_at": "yesterday"}'), (13, '{"collected_at": -1}'), (14, '{"collected_at": 1e30}'),
			 (15, '{"collected_at": "2026-02-30T00:00:00Z"}'), (16, '{"collected_at": "2026-01-01T00:00:00"}'), (17, '{"collected_at": "2026-01-01T00:00:00+1:00"}'),
			 (18, '{"collected_at": "infinity"}'), (19, '{"collected_at": null}'), (20, '{"collected_at": "2026-01-01 00:00:00Z"}')) v (i, c) ORDER BY i;

-- The way it goes ----------------------------------------------------------------

SELECT pgtoken.enroll_factor('tom', 'totp', jsonb_build_object('secret', test.totp_secret(), 'algorithm', 'SHA256'), 'phone') ->> 'state' AS totp,
	   pgtoken.enroll_factor('tom', 'email', label => 't***@example.com') ->> 'state' AS email,
	   pgtoken.enroll_factor('tom', 'external') ->> 'state' AS external,
	   pgtoken.enroll_factor('tom', 'totp') ->> 'state' AS pending;
SELECT pgtoken.remove_factor('tom', test.factor('tom', 'totp')) AS pending_removed;
SELECT test.family('tom', 'tom');
SELECT test.challenged('tom', 'tom');
SELECT (answer).decision, (answer).error, (answer).transaction_id ~ '^pgtch_[A-Za-z0-9_-]{66}$' AS transaction, (answer).expires_in, test.offered('tom') AS factors,
	   (answer).factors -> 0 ->> 'label' AS label, (answer).access_token IS NULL AS no_token
FROM test.step_ups WHERE step_up = 'tom';
-- nothing was consumed: the family stands where it stood
SELECT generation, retry_count, acr, amr FROM pgtoken.grants JOIN test.families USING (grant_id) WHERE family = 'tom';
-- not before it is proved
SELECT test.brief(test.go_on('tom')) AS too_early;
SELECT test.brief(a) AS members, a ->> 'factor_type' AS factor_type, (a ->> 'expires_in')::integer BETWEEN 290 AND 300 AS expires_in FROM test.choose('tom', 'totp') a;
-- which challenge() has chosen, so the evidence need not name it
SELECT test.brief(a) AS members, a ->> 'completed' AS completed, a ->> 'acr' AS acr
FROM pgtoken.complete_challenge(test.transaction('tom'), jsonb_build_object('code', test.totp(test.step()))) a;
SELECT state, acr, amr, attempts, factor_id = test.factor('tom', 'totp') AS factor, completed_at IS NOT NULL AS completed FROM test.rows WHERE step_up = 'tom';
CREATE TABLE test.tom AS SELECT test.go_on('tom') AS a;
SELECT test.brief(a) FROM test.tom;
SELECT c ->> 'acr' AS acr, c -> 'amr' AS amr, abs((c ->> 'auth_time')::bigint - extract(epoch FROM now())) < 60 AS auth_time FROM test.tom, test.claims((a).access_token) c;
SELECT state, consumed_generation FROM test.rows WHERE step_up = 'tom';
-- the family has it from now on
SELECT test.brief(r) FROM test.tom t, pgtoken.refresh_grant((t.a).refresh_token, 'web', test.secret('web'), acr_values => '{mfa}') r;
SELECT acr, amr, generation FROM pgtoken.grants JOIN test.families USING (grant_id) WHERE family = 'tom';

-- Evidence -----------------------------------------------------------------------

-- Attack shut out: a code that was seen over a shoulder is used again, for the
-- same transaction or for another, within the same half minute.
SELECT pgtoken.enroll_factor('uma', 'totp', jsonb_build_object('secret', test.totp_secret(), 'algorithm', 'SHA256')) ->> 'state' AS totp;
SELECT test.family('uma', 'uma');
SELECT test.challenged('uma1', 'uma'), test.challenged('uma2', 'uma');
CREATE TABLE test.code AS SELECT test.totp(test.step()) AS code;
SELECT test.prove('uma1', 'totp', jsonb_build_object('code', code)) AS first, test.prove('uma1', 'totp', jsonb_build_object('code', code)) AS again,
	   test.prove('uma2', 'totp', jsonb_build_object('code', code)) AS elsewhere FROM test.code;
-- nor the one before it, which the window would still let in
SELECT test.prove('uma2', 'totp', jsonb_build_object('code', test.totp(counter - 1))) AS older FROM pgtoken.factors WHERE subject = 'uma';
-- half a minute later there is a new one
UPDATE pgtoken.factors SET counter = test.step() - 1 WHERE subject = 'uma';
SELECT test.prove('uma2', 'totp', jsonb_build_object('code', test.totp(test.step()))) AS new_one;

-- Attack shut out: guessing. Five attempts, right ones or not, then it is over.
SELECT test.family('vera', 'vera'), pgtoken.enroll_factor('vera', 'totp', jsonb_build_object('secret', test.totp_secret(), 'algorithm', 'SHA256')) ->> 'state' AS totp;
SELECT test.challenged('vera', 'vera');
-- what is no evidence at all costs no attempt
SELECT test.prove('vera', 'totp', e) FROM unnest(ARRAY['{}', '{"code": null}', '{"code": 5}', '{"cod": "123456"}']::jsonb[]) e;
SELECT attempts FROM test.rows WHERE step_up = 'vera';
SELECT test.prove('vera', 'totp', e) FROM unnest(ARRAY['{"code": "x"}', '{"code": "12345"}', '{"code": "1234567"}', '{"code": ""}', '{"code": "123"}']::jsonb[]) e;
SELECT state, attempts FROM test.rows WHERE step_up = 'vera';
SELECT test.prove('vera', 'totp', jsonb_build_object('code', test.totp(test.step()))) AS right_one, test.brief(test.choose('vera', 'totp')) AS challenge, test.brief(test.go_on('vera')) AS refresh;
SELECT attempts FROM test.rows WHERE step_up = 'vera';
-- Attack shut out: one transaction after the other. Ten wrong ones in a row lock
-- the factor; what is right then does not count.
SELECT test.challenged('vera2', 'vera');
SELECT count(*) FILTER (WHERE test.prove('vera2', 'totp', jsonb_build_object('code', test.wrong_code())) LIKE '%completed%') AS completed FROM generate_series(1, 5);
SELECT failed_attempts, locked_until > now() AS locked FROM pgtoken.factors WHERE subject = 'vera';
SELECT test.challenged('vera3', 'vera') AS nothing_left;
UPDATE pgtoken.factors SET locked_until = now() WHERE subject = 'vera';
SELECT test.challenged('vera4', 'vera');
UPDATE pgtoken.factors SET locked_until = now() + interval '1 minute' WHERE subject = 'vera';
SELECT test.brief(test.choose('vera4', 'totp')) AS challenge, test.prove('vera4', 'totp', jsonb_build_object('code', test.totp(test.step()))) AS complete;
SELECT attempts FROM test.rows WHERE step_up = 'vera4';
SELECT pgtoken.unlock_factor('vera', test.factor('vera', 'totp')) AS unlocked;
SELECT test.prove('vera4', 'totp', jsonb_build_object('code', test.totp(test.step()))) AS complete;
-- a right one starts the count anew; the hundredth wrong one in a row is the last
SELECT failed_attempts FROM pgtoken.factors WHERE subject = 'vera';
UPDATE pgtoken.factors SET failed_attempts = 99 WHERE subject = 'vera';
SELECT test.challenged('vera5', 'vera');
SELECT test.prove('vera5', 'totp', jsonb_build_object('code', test.wrong_code())) AS wrong, test.prove('vera5', 'totp', jsonb_build_object('code', test.wrong_code())) AS disabled;
SELECT state FROM pgtoken.factors WHERE subject = 'vera';

-- Attack shut out: a sheet of recovery codes from which one is used twice.
CREATE TABLE test.recovery AS
SELECT row_number() OVER () AS i, c AS code FROM pgtoken.enroll_factor('walt', 'recovery_code') a, jsonb_array_elements_text(a -> 'codes') c;
SELECT test.family('walt', 'walt');
SELECT test.challenged('walt1', 'walt'), test.challenged('walt2', 'walt');
SELECT test.prove('walt1', 'recovery_code', jsonb_build_object('code', ' ' || lower(replace(code, '-', ' ')))) AS as_typed,
	   test.prove('walt2', 'recovery_code', jsonb_build_object('code', code)) AS again FROM test.recovery WHERE i = 1;
SELECT test.prove('walt2', 'recovery_code', '{"code": "BBBBB-BBBBB"}') AS wrong;
SELECT cardinality(code_hashes) FROM pgtoken.factors WHERE subject = 'walt';
-- nor of the sheet before
SELECT test.brief(pgtoken.enroll_factor('walt', 'recovery_code')) AS new_sheet;
SELECT test.challenged('walt3', 'walt');
SELECT test.prove('walt3', 'recovery_code', jsonb_build_object('code', code)) AS old_sheet FROM test.recovery WHERE i = 2;
-- the transaction that was opened with the old sheet offers no new one
SELECT test.prove('walt2', 'recovery_code', '{}') AS other_factor;
UPDATE pgtoken.factors SET code_hashes = '{}' WHERE subject = 'walt';
SELECT test.challenged('walt4', 'walt') AS used_up;

-- Codes that are sent --------------------------------------------------------------

CREATE PROCEDURE test.half_a_minute_later() LANGUAGE sql AS $$
	UPDATE pgtoken.challenges SET sent_at = sent_at - interval '30 seconds' WHERE sent_at IS NOT NULL;
	UPDATE pgtoken.factors SET code_sent_at = code_sent_at - interval '30 seconds' WHERE code_sent_at IS NOT NULL;
$$;

SELECT test.family('xena', 'xena'), pgtoken.enroll_factor('xena', 'email', label => 'x***@example.com') ->> 'state' AS email, pgtoken.enroll_factor('xena', 'sms') ->> 'state' AS sms;
SELECT test.challenged('xena1', 'xena'), test.challenged('xena2', 'xena');
CREATE TABLE test.sent AS SELECT 1 AS i, test.choose('xena1', 'email') AS answer;
SELECT test.brief(answer) AS members, answer ->> 'code' ~ '^[0-9]{6}$' AS code FROM test.sent;
-- Attack shut out: who can read the table reads the code, or tries a million.
SELECT count(*) AS bare_or_plain FROM test.rows, test.sent
WHERE step_up = 'xena1' AND (code_hash = sha256(convert_to(answer ->> 'code', 'UTF8')) OR code_hash = sha256(handle_hash || convert_to(answer ->> 'code', 'UTF8')) OR position(convert_to(answer ->> 'code', 'UTF8') IN code_hash) > 0);
-- Attack shut out: the user's telephone does not stop ringing.
SELECT test.brief(test.choose('xena1', 'email')) AS at_once, test.brief(test.choose('xena1', 'sms')) AS by_another_way;
CALL test.half_a_minute_later();
INSERT INTO test.sent SELECT 2, test.choose('xena1', 'email');
-- nor does it when the refresh token is presented again and again, each time with
-- a transaction in place of the one before, or with one beside it
SELECT test.challenged('xena4', 'xena'), test.brief(test.choose('xena4', 'email')) AS new_transaction, test.brief(test.choose('xena2', 'email')) AS one_beside_it;
CALL test.half_a_minute_later();
SELECT answer ? 'code' AS half_a_minute_later FROM test.sent WHERE i = 2;
-- Attack shut out: a code of another transaction, or an old one, or one that was
-- sent to another factor.
INSERT INTO test.sent SELECT 3, test.choose('xena2', 'email');
SELECT test.prove('xena1', 'email', jsonb_build_object('code', answer -> 'code')) AS of_another FROM test.sent WHERE i = 3;
SELECT test.prove('xena1', 'email', jsonb_build_object('code', answer -> 'code')) AS replaced FROM test.sent WHERE i = 1;
SELECT test.prove('xena1', 'sms', jsonb_build_object('code', answer -> 'code')) AS other_factor FROM test.sent WHERE i = 2;
SELECT test.prove('xena1', 'email', jsonb_build_object('code', answer -> 'code')) AS right_one FROM test.sent WHERE i = 2;
SELECT test.prove('xena1', 'email', jsonb_build_object('code', answer -> 'code')) AS again FROM test.sent WHERE i = 2;
SELECT code_hash IS NULL AS forgotten, sent, amr FROM test.rows WHERE step_up = 'xena1';
-- three in all
CALL test.half_a_minute_later();
SELECT test.brief(test.choose('xena2', 'sms')) AS second;
CALL test.half_a_minute_later();
SELECT test.brief(test.choose('xena2', 'sms')) AS third;
CALL test.half_a_minute_later();
SELECT test.brief(test.choose('xena2', 'sms')) AS fourth;
-- without a code there is none to guess
SELECT test.challenged('xena3', 'xena');
SELECT test.prove('xena3', 'email', '{"code": "000000"}') AS none_sent, test.prove('xena3', 'email', '{}') AS no_code;
-- Attack shut out: who can write into the table moves the hash of a code that was
-- sent to him to the transaction of another.
CALL test.half_a_minute_later();
INSERT INTO test.sent SELECT 4, test.choose('xena3', 'email');
UPDATE pgtoken.challenges c SET code_hash = o.code_hash, factor_id = o.factor_id FROM test.rows r, test.rows o WHERE r.step_up = 'xena2' AND c.handle_hash = r.handle_hash AND o.step_up = 'xena3';
SELECT test.prove('xena2', 'email', jsonb_build_object('code', answer -> 'code')) AS moved, test.prove('xena3', 'email', jsonb_build_object('code', answer -> 'code')) AS its_own FROM test.sent WHERE i = 4;

-- The outbox: the codes wait, encrypted, for whoever delivers them.
SELECT test.family('yann', 'yann'), pgtoken.enroll_factor('yann', 'sms', label => '+49 *** 12') ->> 'state' AS sms;
SELECT test.challenged('yann1', 'yann'), test.challenged('yann2', 'yann'), test.challenged('yann3', 'yann');
SELECT test.brief(test.choose('yann1', 'sms', 'outbox')) AS no_code_here;
CALL test.half_a_minute_later();
SELECT test.brief(test.choose('yann2', 'sms', 'outbox')) AS nor_here;
SELECT count(*) AS waiting, bool_and(expires_at > now()) AS alive FROM pgtoken.challenge_codes;
CREATE TABLE test.taken AS SELECT * FROM pgtoken.take_challenge_codes(1);
SELECT issuer, subject, factor_id = test.factor('yann', 'sms') AS factor, factor_type, label, client_id, code ~ '^[0-9]{6}$' AS code, expires_at > now() AS alive FROM test.taken;
-- oldest first, each once
SELECT test.prove('yann1', 'sms', jsonb_build_object('code', code)) AS right_one FROM test.taken;
INSERT INTO test.taken SELECT * FROM pgtoken.take_challenge_codes();
SELECT count(*) AS taken, count(DISTINCT code_id) AS different FROM test.taken;
SELECT count(*) AS left FROM pgtoken.take_challenge_codes();
-- Fault: of (f()).* each column took its own codes, and all but the first were lost.
SELECT test.family('yuri', 'yuri'), pgtoken.enroll_factor('yuri', 'sms') ->> 'state' AS sms;
SELECT test.challenged('yuri1', 'yuri'), test.brief(test.choose('yuri1', 'sms', 'outbox')) AS no_code_here;
CREATE TABLE test.taken_once AS SELECT (pgtoken.take_challenge_codes()).*;
SELECT subject, factor_type, code ~ '^[0-9]{6}$' AS code, expires_at > now() AS alive FROM test.taken_once;
-- Attack shut out: who can write into the table has the code sent to himself.
CALL test.half_a_minute_later();
SELECT test.brief(test.choose('yann2', 'sms', 'outbox')) AS sent;
CALL test.half_a_minute_later();
SELECT test.brief(test.choose('yann3', 'sms', 'outbox')) AS sent;
SELECT pgtoken.enroll_factor('mallory', 'sms') ->> 'state' AS of_mallory;
UPDATE pgtoken.challenge_codes SET subject = 'mallory', factor_id = test.factor('mallory', 'sms') WHERE code_id = (SELECT min(code_id::text)::uuid FROM pgtoken.challenge_codes);
SET client_min_messages = error;
-- it is lost, and the other one goes out all the same
SELECT subject FROM pgtoken.take_challenge_codes();
SET client_min_messages = warning;
-- what is too late to be delivered, or cannot be, is dropped
CALL test.half_a_minute_later();
SELECT test.brief(test.choose('yann3', 'sms', 'outbox')) AS sent;
UPDATE pgtoken.challenge_codes SET expires_at = now();
SELECT count(*) AS expired FROM pgtoken.take_challenge_codes();
CALL test.half_a_minute_later();
SELECT test.brief(test.choose('yann2', 'sms', 'outbox')) AS sent;
SELECT pgtoken.remove_factor('yann', test.factor('yann', 'sms')) AS removed;
SELECT count(*) AS of_removed FROM pgtoken.take_challenge_codes();
SELECT count(*) AS left FROM pgtoken.challenge_codes;
SELECT test.outcome($$SELECT pgtoken.take_challenge_codes(0)$$), test.outcome($$SELECT pgtoken.take_challenge_codes(1001)$$), test.outcome($$SELECT pgtoken.take_challenge_codes(NULL)$$);
-- who listens is told, and of no more than that there is something
SELECT current_setting('pgtoken.challenge_notify_channel');

-- WebAuthn ---------------------------------------------------------------------------

SELECT pgtoken.update_issuer('https://id.example', webauthn_rp_id => 'id.example');
SELECT pgtoken.enroll_factor('zoe', 'webauthn', jsonb_build_object('credential_id', 'AAECAwQFBgcICQoLDA0ODw', 'alg', 'RS256', 'public_key', test.rsa_jwk(), 'counter', 7)) ->> 'state' AS key;
SELECT test.family('zoe', 'zoe');
-- an authenticator of ours; flags: 1 present, 4 verified
CREATE FUNCTION test.assertion(options jsonb, counter integer, origin text DEFAULT 'https://id.example', rp_id text DEFAULT 'id.example', flags integer DEFAULT 5, type text DEFAULT 'webauthn.get') RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	client_data bytea := convert_to(jsonb_build_object('type', type, 'challenge', options ->> 'challenge', 'origin', origin)::text, 'UTF8');
	data bytea := sha256(convert_to(rp_id, 'UTF8')) || set_byte('\x00', 0, flags) || int4send(counter);
BEGIN
	RETURN jsonb_build_object('id', options -> 'allowCredentials' -> 0 ->> 'id', 'client_data_json', test.b64url(client_data), 'authenticator_data', test.b64url(data),
							  'signature', test.b64url(test.rsa_sign(data || sha256(client_data))));
END
$$;
CREATE TABLE test.options (step_up text PRIMARY KEY, options jsonb);
SELECT test.challenged('zoe1', 'zoe');
INSERT INTO test.options SELECT 'zoe1', a -> 'public_key' FROM test.choose('zoe1', 'webauthn') a;
SELECT options - 'challenge' - 'timeout' AS options, options ->> 'challenge' ~ '^[A-Za-z0-9_-]{43}$' AS challenge, (options ->> 'timeout')::integer BETWEEN 290000 AND 300000 AS timeout FROM test.options;
-- Attack shut out: phishing, another site, nobody who was verified, a clone, a
-- registration passed off as a login, somebody else's signature.
SELECT test.prove('zoe1', 'webauthn', test.assertion(options, 8, origin => 'https://id.example.evil.example')) AS other_origin,
	   test.prove('zoe1', 'webauthn', test.assertion(options, 8, rp_id => 'evil.example')) AS other_site,
	   test.prove('zoe1', 'webauthn', test.assertion(options, 8, flags => 1)) AS not_verified,
	   test.prove('zoe1', 'webauthn', test.assertion(options, 7)) AS cloned FROM test.options;
SELECT test.prove('zoe1', 'webauthn', test.assertion(options, 8)) AS right_one FROM test.options;
SELECT state, acr, amr, nonce IS NULL AS forgotten FROM test.rows WHERE step_up = 'zoe1';
SELECT counter, failed_attempts FROM pgtoken.factors WHERE subject = 'zoe';
SELECT c ->> 'acr' AS acr, c -> 'amr' AS amr FROM test.go_on('zoe1') r, test.claims(r.access_token) c;
-- Attack shut out: an assertion is used for another transaction, or after the
-- challenge it answers has been replaced by a newer one.
SELECT test.family('zoe2', 'zoe');
SELECT test.challenged('zoe2', 'zoe2'), test.challenged('zoe3', 'zoe2');
INSERT INTO test.options SELECT s, test.choose(s, 'webauthn') -> 'public_key' FROM unnest(ARRAY['zoe2', 'zoe3']) s;
SELECT test.prove('zoe3', 'webauthn', test.assertion(options, 20)) AS of_another FROM test.options WHERE step_up = 'zoe2';
SELECT test.brief(test.choose('zoe2', 'webauthn')) AS newer;
SELECT test.prove('zoe2', 'webauthn', test.assertion(options, 20)) AS replaced FROM test.options WHERE step_up = 'zoe2';
SELECT test.prove('zoe3', 'webauthn', test.assertion(options, 20, type => 'webauthn.create')) AS registration,
	   test.prove('zoe3', 'webauthn', test.assertion(options, 20) || '{"id": "AAAA"}') AS other_id,
	   test.prove('zoe3', 'webauthn', test.assertion(options, 20) || jsonb_build_object('signature', test.b64url(decode(repeat('00', 256), 'hex')))) AS no_signature FROM test.options WHERE step_up = 'zoe3';
SELECT counter, failed_attempts FROM pgtoken.factors WHERE subject = 'zoe';
-- broken in every way, and nothing breaks
SELECT test.challenged('zoe4', 'zoe2');
SELECT test.prove('zoe4', 'webauthn', '{}') AS no_challenge;
INSERT INTO test.options SELECT 'zoe4', test.choose('zoe4', 'webauthn') -> 'public_key';
SELECT test.prove('zoe4', 'webauthn', test.assertion(options, 20) - 'signature') AS no_signature,
	   test.prove('zoe4', 'webauthn', test.assertion(options, 20) || '{"authenticator_data": "AAAA"}') AS short_data,
	   test.prove('zoe4', 'webauthn', test.assertion(options, 20) || '{"client_data_json": "not base64url!"}') AS no_json FROM test.options WHERE step_up = 'zoe4';
-- the origins that the issuer names, if it names any
SELECT pgtoken.update_issuer('https://id.example', webauthn_origins => '{https://login.id.example}');
SELECT test.prove('zoe4', 'webauthn', test.assertion(options, 20, origin => 'https://login.id.example')) AS named FROM test.options WHERE step_up = 'zoe4';
-- an authenticator without a counter
SELECT pgtoken.unlock_factor('zoe', test.factor('zoe', 'webauthn')) AS unlocked;
UPDATE pgtoken.factors SET counter = -1 WHERE subject = 'zoe';
SELECT test.challenged('zoe5', 'zoe2'), test.challenged('zoe6', 'zoe2');
INSERT INTO test.options SELECT s, test.choose(s, 'webauthn') -> 'public_key' FROM unnest(ARRAY['zoe5', 'zoe6']) s;
SELECT step_up, test.prove(step_up, 'webauthn', test.assertion(options, 0, origin => 'https://login.id.example')) FROM test.options WHERE step_up IN ('zoe5', 'zoe6') ORDER BY step_up;
-- without a relying party it is no factor
SELECT pgtoken.update_issuer('https://id.example', reset => '{webauthn_rp_id}', webauthn_origins => '{}');
SELECT usable FROM pgtoken.factors_of('zoe');
SELECT test.family('zoe3', 'zoe');
SELECT test.challenged('zoe7', 'zoe3') AS no_rp_id;

-- Whose transaction it is --------------------------------------------------------------

SELECT pgtoken.enroll_factor('abe', 'external') ->> 'state' AS external;
SELECT test.family('abe', 'abe'), test.family('abe2', 'abe');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('web2', offline_access => true, scopes => '{openid}');
SELECT test.challenged('abe', 'abe');
SELECT test.prove('abe', 'external', '{"verified": true}') AS external;
-- Attack shut out: a stolen refresh token rides on the step-up that its rightful
-- holder has passed, or one family on that of another.
SELECT test.brief(test.go_on('abe', other_context => '{"ip": "203.0.113.66", "user_agent": "Lynx"}')) AS other_address,
	   test.brief(test.go_on('abe', other_context => '{"ip": "192.0.2.1", "user_agent": "Netcat"}')) AS other_program,
	   test.brief(test.go_on('abe', other_context => '{"ip": "192.0.2.1", "user_agent": "Lynx", "device_id": "d"}')) AS other_device,
	   test.brief(test.go_on('abe', other_context => '{}')) AS none;
SELECT test.brief(test.go_on('abe', of_family => 'abe2')) AS other_family, test.brief(test.go_on('abe', client => 'web2')) AS other_client;
-- what the context says besides may change
SELECT test.brief(test.go_on('abe', other_context => '{"ip": "192.0.2.1", "user_agent": "Lynx", "free": "member"}')) AS same;
-- Attack shut out: one proof, many refreshes.
CREATE TABLE test.abe AS SELECT r::pgtoken.token_response AS a FROM test.families f, pgtoken.refresh_grant(f.refresh_token, 'web', test.secret('web'), context => '{"ip": "192.0.2.1", "user_agent": "Lynx"}') r WHERE family = 'abe';
SELECT test.brief(a) AS retry FROM test.abe;
SELECT test.brief(test.go_on('abe', token => (a).refresh_token)) AS next_generation FROM test.abe;
-- gone in the meantime
SELECT test.family('bea', 'bea'), pgtoken.enroll_factor('bea', 'external') ->> 'state' AS external;
SELECT test.challenged('bea1', 'bea'), test.challenged('bea2', 'bea'), test.challenged('bea3', 'bea'), test.challenged('bea4', 'bea');
UPDATE pgtoken.challenges c SET expires_at = now() FROM test.rows r WHERE r.step_up = 'bea1' AND c.handle_hash = r.handle_hash;
SELECT test.brief(test.choose('bea1', 'external')) AS expired, test.prove('bea1', 'external', '{"verified": true}') AS expired;
SELECT test.prove('bea2', 'external', '{"verified": true}') AS in_time;
UPDATE pgtoken.challenges c SET expires_at = now() FROM test.rows r WHERE r.step_up = 'bea2' AND c.handle_hash = r.handle_hash;
SELECT test.brief(test.go_on('bea2')) AS proved_but_expired;
-- Attack shut out: a family that was revoked comes back to life.
SELECT test.prove('bea4', 'external', '{"verified": true}') AS before;
SELECT count(*) AS revoked FROM test.families f, pgtoken.revoke_family(f.grant_id, 'test') WHERE family = 'bea';
SELECT test.brief(test.choose('bea3', 'external')) AS challenge, test.prove('bea3', 'external', '{"verified": true}') AS complete, test.brief(test.go_on('bea4')) AS refresh;
SELECT state, attempts FROM test.rows WHERE step_up = 'bea3';
-- none of ours
SELECT t, test.brief(pgtoken.challenge(t, gen_random_uuid())) AS challenge, test.brief(pgtoken.complete_challenge(t, '{}')) AS complete
FROM unnest(ARRAY['', 'x', 'pgtch_x', 'pgtch_' || repeat('A', 66)]) t;
SELECT test.brief(pgtoken.challenge(regexp_replace(test.transaction('abe'), '.....$', 'AAAAA'), gen_random_uuid())) AS other_secret,
	   test.brief(pgtoken.challenge(replace(test.transaction('abe'), 'pgtch_', 'pgttx_'), gen_random_uuid())) AS other_kind;
SELECT test.outcome($$SELECT pgtoken.challenge(NULL, gen_random_uuid())$$), test.outcome($$SELECT pgtoken.challenge('x', NULL)$$), test.outcome($$SELECT pgtoken.challenge('x', gen_random_uuid(), 'pigeon')$$),
	   test.outcome($$SELECT pgtoken.complete_challenge(NULL, '{}')$$), test.outcome($$SELECT pgtoken.complete_challenge('x', NULL)$$);
-- Attack shut out: the factor of somebody else, or one that was enrolled after the
-- request was challenged.
SELECT test.family('cora', 'cora'), pgtoken.enroll_factor('cora', 'email') ->> 'state' AS email;
SELECT test.challenged('cora', 'cora');
SELECT pgtoken.enroll_factor('cora', 'external') ->> 'state' AS later;
SELECT test.prove('cora', 'external', '{"verified": true}') AS later,
	   test.brief(pgtoken.complete_challenge(test.transaction('cora'), jsonb_build_object('factor_id', test.factor('abe', 'external'), 'verified', true))) AS of_another,
	   test.brief(pgtoken.complete_challenge(test.transaction('cora'), '{"code": "000000"}')) AS none_chosen,
	   test.brief(pgtoken.complete_challenge(test.transaction('cora'), '{"factor_id": "x"}')) AS malformed,
	   test.outcome(format('SELECT pgtoken.complete_challenge(%L, %L)', test.transaction('cora'), '[]')) AS no_object;
SELECT attempts FROM test.rows WHERE step_up = 'cora';
SELECT pgtoken.remove_factor('cora', test.factor('cora', 'email')) AS removed;
SELECT test.prove('cora', 'email', '{"code": "000000"}') AS removed;

-- Verified by the application -----------------------------------------------------------

SELECT test.family('dirk', 'dirk'), pgtoken.enroll_factor('dirk', 'external') ->> 'state' AS external;
SELECT test.challenged('dirk1', 'dirk'), test.challenged('dirk2', 'dirk');
SELECT test.prove('dirk1', 'external', e::jsonb) FROM unnest(ARRAY['{}', '{"verified": false}', '{"verified": "true"}']) e;
SELECT test.prove('dirk1', 'external', '{"verified": true, "acr": "phr", "amr": ["hwk", "face"]}') AS its_own;
SELECT acr, amr FROM test.rows WHERE step_up = 'dirk1';
SELECT c ->> 'acr' AS acr, c -> 'amr' AS amr FROM test.go_on('dirk1') r, test.claims(r.access_token) c;
SELECT test.outcome(format('SELECT test.prove(%L, %L, %L)', 'dirk2', 'external', '{"verified": true, "acr": "a\nb"}'));

-- Over HTTP ----------------------------------------------------------------------------------

-- Attack shut out: a client says itself that the application has verified its
-- user, has the code told to it, or proves what another client was asked for.
SELECT pgtoken.enroll_factor('gina', 'external') ->> 'state' AS external, pgtoken.enroll_factor('gina', 'email') ->> 'state' AS email,
	   pgtoken.enroll_factor('gina', 'totp', jsonb_build_object('secret', test.totp_secret(), 'algorithm', 'SHA256')) ->> 'state' AS totp;
SELECT test.family('gina', 'gina');
SELECT test.challenged('gina', 'gina');
SELECT test.brief(test.http('complete_challenge', test.form('transaction_id', test.transaction('gina'), 'factor_id', test.factor('gina', 'external')::text, 'verified', 'true', 'code', 'true'), test.basic('web'))) AS verified,
	   test.brief(test.http('challenge', test.form('transaction_id', test.transaction('gina'), 'factor_id', test.factor('gina', 'email')::text), test.basic('web'))) AS no_code,
	   test.brief(test.http('challenge', test.form('transaction_id', test.transaction('gina'), 'factor_id', test.factor('gina', 'email')::text), test.basic('web2'))) AS other_client;
SELECT count(*) AS in_the_outbox FROM pgtoken.take_challenge_codes() WHERE subject = 'gina';
SELECT test.brief(test.http('complete_challenge', test.form('transaction_id', test.transaction('gina'), 'factor_id', test.factor('gina', 'totp')::text, 'code', test.totp(test.step())), test.basic('web2'))) AS other_client,
	   test.brief(test.http('complete_challenge', test.form('transaction_id', test.transaction('gina'), 'factor_id', test.factor('gina', 'totp')::text, 'code', test.totp(test.step())), test.basic('web'))) AS right_one;
SELECT reason, client_id, count(*) FROM pgtoken.audit_events WHERE subject = 'gina' AND event = 'challenge.refused' GROUP BY reason, client_id ORDER BY reason;

-- A first issue --------------------------------------------------------------------------------

SELECT pgtoken.create_policy('step_up_test', '[{"rule": "risk_score", "at_least": 50, "outcome": "require"}]', on_issue => true, client_ids => '{plain}') AS version;
SELECT pgtoken.activate_policy('step_up_test', 1);
SELECT pgtoken.enroll_factor('hal', 'external') ->> 'state' AS external;
CREATE TABLE test.first AS SELECT r::pgtoken.token_response AS a FROM pgtoken.issue_tokens('plain', 'hal', 'openid', context => '{"risk_score": 80}') r;
SELECT test.brief(a), (a).grant_id IS NULL AS no_family FROM test.first;
SELECT generation FROM pgtoken.challenges WHERE subject = 'hal';
-- Attack shut out: the proof of one user lets another in.
SELECT test.brief(pgtoken.complete_challenge((a).transaction_id, jsonb_build_object('factor_id', test.factor('hal', 'external'), 'verified', true))) AS proved FROM test.first;
SELECT test.brief(r) AS other_subject FROM test.first, pgtoken.issue_tokens('plain', 'ivy', 'openid', context => '{"risk_score": 80}', transaction_id => (a).transaction_id) r;
SELECT test.brief(r) AS other_client FROM test.first, pgtoken.issue_tokens('web', 'hal', 'openid', context => '{"risk_score": 80}', transaction_id => (a).transaction_id) r;
CREATE TABLE test.second AS SELECT r::pgtoken.token_response AS a FROM test.first f, pgtoken.issue_tokens('plain', 'hal', 'openid', context => '{"risk_score": 80}', transaction_id => (f.a).transaction_id) r;
SELECT test.brief(a), c ->> 'acr' AS acr, (SELECT grant_id FROM pgtoken.challenges WHERE subject = 'hal') = (a).grant_id AS its_family FROM test.second, test.claims((a).access_token) c;
SELECT test.brief(r) AS again FROM test.first, pgtoken.issue_tokens('plain', 'hal', 'openid', context => '{"risk_score": 80}', transaction_id => (a).transaction_id) r;
SELECT pgtoken.deactivate_policy('step_up_test');

-- Limits ----------------------------------------------------------------------------------

-- Attack shut out: who has a stolen refresh token, or the application's password,
-- opens transactions until one code is guessed or the user gives in.
SELECT pgtoken.enroll_factor('emil', 'sms') ->> 'state' AS sms;
SELECT count(test.family('emil' || i, 'emil')) AS families FROM generate_series(1, 5) i;
SELECT test.challenged('emil1-' || i, 'emil1') FROM generate_series(1, 6) i;
SELECT f, count(*) FILTER (WHERE r = 'require mfa_required') AS required, count(*) FILTER (WHERE r = 'deny access_denied') AS denied
FROM generate_series(2, 5) f, generate_series(1, 5) i, test.challenged('emil' || f || '-' || i, 'emil' || f) r GROUP BY f ORDER BY f;
SELECT count(*) AS open FROM pgtoken.challenges WHERE subject = 'emil' AND state = 'open';
-- those that are over make room
UPDATE pgtoken.challenges SET expires_at = now() WHERE subject = 'emil';
SELECT test.challenged('emil1-again', 'emil1');
SELECT reason, count(*) FROM pgtoken.audit_events WHERE subject = 'emil' AND event LIKE 'refresh.%' GROUP BY reason ORDER BY reason;

-- The client that has not heard the answer asks again: the new transaction stands for the old one.
CREATE FUNCTION test.refreshed(of_family text, context jsonb DEFAULT '{}', acr_values text[] DEFAULT NULL, max_age interval DEFAULT NULL, scope text DEFAULT NULL, transaction_id text DEFAULT NULL) RETURNS pgtoken.token_response LANGUAGE sql AS $$
	SELECT r FROM test.families f, pgtoken.refresh_grant(f.refresh_token, f.client_id, test.secret(f.client_id), refreshed.scope, context => refreshed.context, acr_values => refreshed.acr_values,
		max_age => refreshed.max_age, transaction_id => refreshed.transaction_id) r WHERE f.family = of_family;
$$;
CREATE TABLE test.asked_again AS SELECT (test.refreshed('emil2', '{"ip": "192.0.2.9"}', '{mfa}')).transaction_id AS id FROM generate_series(1, 7);
SELECT count(id) AS answered, count(DISTINCT id) AS different, (SELECT count(*) FROM pgtoken.challenges c WHERE c.context = '{"ip": "192.0.2.9"}') AS open FROM test.asked_again;

-- Attack shut out: a mailed code makes a proof of days ago, by a security key,
-- one of today.
SELECT pgtoken.enroll_factor('kim', 'external') ->> 'state' AS external;
CREATE FUNCTION test.proved(answer pgtoken.token_response, subject text) RETURNS text LANGUAGE sql
	RETURN test.brief(pgtoken.complete_challenge(answer.transaction_id, jsonb_build_object('factor_id', test.factor(subject, 'external'), 'verified', true)));
SELECT test.family('kim1', 'kim'), test.family('kim2', 'kim'), test.family('kim3', 'kim');
UPDATE pgtoken.grants g SET acr = 'phr', amr = '{hwk,user}', auth_time = now() - interval '3 days' FROM test.families f WHERE f.family LIKE 'kim_' AND g.grant_id = f.grant_id;
SELECT test.brief(test.refreshed('kim1', acr_values => '{phr}', max_age => '5 minutes')) AS nothing_would_do;
-- what the weaker factor does prove it proves, also to who asks for it at this moment; and it says no more of itself
CREATE TABLE test.kim AS SELECT test.refreshed('kim1', acr_values => '{mfa}', max_age => '0 seconds') AS a;
SELECT test.brief(a), test.proved(a, 'kim') AS proved FROM test.kim;
CREATE TABLE test.kim_on AS SELECT test.refreshed('kim1', acr_values => '{mfa}', max_age => '0 seconds', transaction_id => (a).transaction_id) AS a FROM test.kim;
SELECT test.brief(a), c ->> 'acr' AS acr, c -> 'amr' AS amr, (c ->> 'auth_time')::bigint > extract(epoch FROM now() - interval '1 hour') AS today FROM test.kim_on, test.claims((a).access_token) c;
-- where the older proof is still what is asked for it stays as it was, and the new one is told beside it
SELECT pgtoken.create_policy('kim', '[{"rule": "mfa_age", "longer_than": 3600, "outcome": "require"}]') AS version, pgtoken.activate_policy('kim') AS active;
CREATE TABLE test.kim2 AS SELECT test.refreshed('kim2', acr_values => '{phr}') AS a;
SELECT test.brief(a), test.proved(a, 'kim') AS proved FROM test.kim2;
SELECT test.brief(test.refreshed('kim2', acr_values => '{phr}', transaction_id => (a).transaction_id)) FROM test.kim2;
SELECT g.acr, g.amr, g.auth_time < now() - interval '2 days' AS as_it_was, g.mfa_time > now() - interval '1 hour' AS proved_today FROM pgtoken.grants g JOIN test.families f USING (grant_id) WHERE f.family = 'kim2';
SELECT pgtoken.deactivate_policy('kim');
-- Attack shut out: what was proved for a little is used for more, or under more suspicion.
CREATE TABLE test.kim3 AS SELECT test.refreshed('kim3', '{"risk_score": 40}', '{mfa}', '0 seconds', scope => 'openid') AS a;
SELECT test.brief(a), test.proved(a, 'kim') AS proved FROM test.kim3;
SELECT test.brief(test.refreshed('kim3', '{"risk_score": 40}', '{mfa}', '0 seconds', transaction_id => (a).transaction_id)) AS wider_scope,
	   test.brief(test.refreshed('kim3', '{"risk_score": 41}', '{mfa}', '0 seconds', scope => 'openid', transaction_id => (a).transaction_id)) AS riskier,
	   test.brief(test.refreshed('kim3', '{"risk_score": 39}', '{mfa}', '0 seconds', scope => 'openid', transaction_id => (a).transaction_id)) AS the_same FROM test.kim3;

-- Attack shut out: with refresh tokens that do not rotate, one proof lets every
-- later refresh through.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('still', offline_access => true, scopes => '{openid}', rotation => 'never', retry_window => '1 minute');
SELECT pgtoken.create_policy('lou', '[{"rule": "risk_score", "at_least": 50, "outcome": "require"}]', client_ids => '{still}') AS version, pgtoken.activate_policy('lou') AS active,
	   pgtoken.enroll_factor('lou', 'external') ->> 'state' AS external;
INSERT INTO test.families (family, subject, client_id, grant_id, refresh_token)
SELECT 'lou', 'lou', 'still', r.grant_id, r.refresh_token FROM pgtoken.issue_tokens('still', 'lou', 'openid offline_access') r;
CREATE TABLE test.lou AS SELECT test.refreshed('lou', '{"risk_score": 80}') AS a;
SELECT test.brief(a), test.proved(a, 'lou') AS proved FROM test.lou;
SELECT test.brief(test.refreshed('lou', '{"risk_score": 80}', transaction_id => (a).transaction_id)) AS once,
	   test.brief(test.refreshed('lou', '{"risk_score": 80}', transaction_id => (a).transaction_id)) AS an_honest_retry FROM test.lou;
UPDATE pgtoken.challenges SET consumed_at = consumed_at - interval '1 minute' WHERE subject = 'lou';
SELECT test.brief(test.refreshed('lou', '{"risk_score": 80}', transaction_id => (a).transaction_id)) AS a_minute_later FROM test.lou;
SELECT pgtoken.deactivate_policy('lou');

-- Fault: the ID token of a refresh had the auth_time of the step-up, where OpenID
-- Connect Core 12.2 holds that of the original authentication fixed. Client libraries
-- compare, throw the answer away, and then present the consumed refresh token again.
SELECT pgtoken.enroll_factor('mia', 'external') ->> 'state' AS external;
CREATE TABLE test.original AS
SELECT r.*, t.authenticated
FROM (SELECT now() - interval '1 hour' AS authenticated) t,
	pgtoken.issue_tokens('web', 'mia', 'openid offline_access', acr => 'pwd', amr => '{pwd}', nonce => 'n-1', session_id => 's-1', auth_time => t.authenticated) r;
INSERT INTO test.families SELECT 'mia', 'web', 'mia', refresh_token, grant_id FROM test.original;
CREATE FUNCTION test.fixed(answer pgtoken.token_response, OUT fixed boolean, OUT id_acr text, OUT nonce text, OUT access_auth_time_is_later boolean, OUT access_acr text) LANGUAGE sql
BEGIN ATOMIC
	SELECT (first -> 'iss', first -> 'sub', first -> 'aud', first -> 'azp', first -> 'sid', first -> 'auth_time')
			   = (next -> 'iss', next -> 'sub', next -> 'aud', next -> 'azp', next -> 'sid', next -> 'auth_time')
			   AND (next ->> 'auth_time')::numeric = floor(extract(epoch FROM o.authenticated)),
		   next ->> 'acr', next ->> 'nonce', (access ->> 'auth_time')::numeric > (first ->> 'auth_time')::numeric, access ->> 'acr'
	FROM test.original o, test.claims(o.id_token) first, test.claims((answer).id_token) next, test.claims((answer).access_token) access;
END;
CREATE TABLE test.mia AS SELECT test.refreshed('mia', acr_values => '{mfa}') AS asked;
SELECT test.brief(asked), test.proved(asked, 'mia') AS proved FROM test.mia;
CREATE TABLE test.mia_on AS SELECT test.refreshed('mia', acr_values => '{mfa}', transaction_id => (asked).transaction_id) AS a FROM test.mia;
SELECT f.* FROM test.mia_on, test.fixed(a) f;
-- its retry
SELECT f.* FROM test.mia, test.refreshed('mia', acr_values => '{mfa}', transaction_id => (asked).transaction_id) r, test.fixed(r) f;
-- the refresh that follows, and another proof after it
UPDATE test.families SET refresh_token = (a).refresh_token FROM test.mia_on WHERE family = 'mia';
CREATE TABLE test.mia_next AS SELECT test.refreshed('mia') AS a;
SELECT f.* FROM test.mia_next, test.fixed(a) f;
UPDATE test.families SET refresh_token = (a).refresh_token FROM test.mia_next WHERE family = 'mia';
CREATE TABLE test.mia_again AS SELECT test.refreshed('mia', max_age => '0 seconds') AS asked;
SELECT test.brief(asked), test.proved(asked, 'mia') AS proved FROM test.mia_again;
SELECT f.* FROM test.mia_again, test.refreshed('mia', max_age => '0 seconds', transaction_id => (asked).transaction_id) r, test.fixed(r) f;
SELECT g.first_auth_time = o.authenticated AS kept, g.auth_time > o.authenticated AS stepped_up FROM pgtoken.grants g JOIN test.original o USING (grant_id);

-- Attack shut out: who authenticated by a clock that was ahead is not asked for a
-- proof by an API that wants one made at this moment.
SELECT test.family('ahead', 'kim');
UPDATE pgtoken.grants g SET auth_time = clock_timestamp() + interval '5 seconds', acr = 'pwd' FROM test.families f WHERE f.family = 'ahead' AND g.grant_id = f.grant_id;
SELECT test.brief(test.refreshed('ahead', max_age => '0 seconds')) AS of_this_moment, test.brief(test.refreshed('ahead', max_age => '1 hour')) AS of_this_hour;
UPDATE pgtoken.grants g SET auth_time = clock_timestamp() + interval '2 hours' FROM test.families f WHERE f.family = 'ahead' AND g.grant_id = f.grant_id;
SELECT test.brief(test.refreshed('ahead', max_age => '1 hour')) AS of_no_clock_that_is_right;

-- The trail -------------------------------------------------------------------------------

SELECT event, reason, count(*) FROM pgtoken.audit_events e JOIN test.families f USING (grant_id)
WHERE event LIKE 'challenge.%' AND family IN ('tom', 'xena', 'bea') GROUP BY event, reason ORDER BY event, reason;
SELECT DISTINCT e.client_id, e.detail ->> 'factor_type' AS factor_type FROM pgtoken.audit_events e JOIN test.families f USING (grant_id) WHERE event = 'challenge.sent' AND family = 'xena' ORDER BY 2;
-- Attack shut out: codes, hashes and transaction ids in the audit log.
SELECT count(*) AS with_code FROM pgtoken.audit_events e, test.sent s WHERE e.event LIKE 'challenge.%' AND e.detail::text LIKE '%"' || (s.answer ->> 'code') || '"%';
SELECT count(*) AS with_hash FROM pgtoken.audit_events e WHERE e.detail::text ~ 'code_hash|handle_hash|nonce"' AND event LIKE 'challenge.%';
SELECT count(*) AS with_transaction FROM pgtoken.audit_events e WHERE e.detail::text LIKE '%pgtch\_%';

-- Forgotten a day after they are over.
UPDATE pgtoken.challenges SET expires_at = now() - interval '25 hours' WHERE subject IN ('tom', 'emil');
SELECT step FROM pgtoken.maintain() WHERE step LIKE '%challenge%';
SELECT count(*) AS left FROM pgtoken.challenges WHERE subject IN ('tom', 'emil');
SELECT count(*) > 0 AS others FROM pgtoken.challenges;

-- The tests that follow have no factors.
DELETE FROM pgtoken.factors;
DELETE FROM pgtoken.challenges;
