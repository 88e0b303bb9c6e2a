-- Accident: a database is restored to an earlier time, and what was ended or used
-- since then holds again. test/t/180_restore.pl does restore one; here is what
-- after_restore() ends, keeps, lists and refuses.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer('https://other.example') IS NOT NULL AS other_issuer;
SELECT length(pgtoken.create_signing_key('ES256', 'https://other.example')) AS kid_length;
SELECT (pgtoken.create_client('elsewhere', 'public', offline_access => true, issuer => 'https://other.example')).client_id;

CREATE TABLE test.held (name text PRIMARY KEY, access_token text, refresh_token text);
CREATE FUNCTION test.hold(of_name text, client text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO test.held SELECT of_name, i.access_token, i.refresh_token FROM pgtoken.issue_tokens(client, 'rita', 'openid offline_access') i;
$$;
CREATE FUNCTION test.holding() RETURNS text LANGUAGE sql VOLATILE
	RETURN (SELECT string_agg(h.name, ', ' ORDER BY h.name) FROM test.held h
			WHERE pgtoken.verify_access_token(h.access_token) IS NOT NULL OR (pgtoken.introspect(h.refresh_token) ->> 'active')::boolean);
CREATE FUNCTION test.consent(of_resource text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO pgtoken.consents VALUES ('rita', 'web', of_resource, '{shared}', clock_timestamp(), clock_timestamp());
$$;
SELECT test.hold('before', 'app'), test.hold('before, elsewhere', 'elsewhere'), test.consent('https://mail.example');
SELECT pgtoken.enroll_factor('rita', 'recovery_code') ? 'codes' AS sheet, pgtoken.enroll_factor('rita', 'totp', '{"secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"}') ? 'factor_id' AS app,
	   pgtoken.enroll_factor('rita', 'totp', '{"secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA", "period": 60}') ? 'factor_id' AS slow_app,
	   pgtoken.enroll_factor('rita', 'email') ? 'factor_id' AS mail;
-- what is on its way: a code, a device, a request, a step-up of a first issue, a one-time code in the outbox
INSERT INTO pgtoken.authorization_codes (grant_id, code_hash, client_id, subject, scope, resources, claims, context, created_at, expires_at)
VALUES (pgtoken.new_uuid(), '\x01', 'web', 'rita', 'openid', '{}', '{}', '{}', now(), now() + interval '1 minute');
INSERT INTO pgtoken.device_codes (grant_id, device_hash, user_code_hash, client_id, scope, resources, state, poll_interval, context, created_at, expires_at)
VALUES (pgtoken.new_uuid(), '\x01', '\x01', 'web', 'openid', '{}', 'pending', 5, '{}', now(), now() + interval '1 minute');
INSERT INTO pgtoken.authorization_requests VALUES (pgtoken.new_uuid(), 'authorization', '\x01', 'https://id.example', 'web', '{}', now(), now() + interval '1 minute');
INSERT INTO pgtoken.challenges (grant_id, handle_hash, issuer, client_id, subject, context, factor_ids, state, scope, resources, created_at, expires_at)
VALUES (pgtoken.new_uuid(), '\x01', 'https://id.example', 'web', 'rita', '{}', '{}', 'open', 'openid', '{}', now(), now() + interval '1 minute');
INSERT INTO pgtoken.challenge_codes VALUES (pgtoken.new_uuid(), 'https://id.example', 'rita', pgtoken.new_uuid(), 'web', '\x01', now(), now() + interval '1 minute');
CREATE FUNCTION test.on_the_way() RETURNS text LANGUAGE sql VOLATILE
	RETURN (SELECT string_agg(t.name, ', ' ORDER BY t.name) FROM (
		SELECT 'code' FROM pgtoken.authorization_codes WHERE subject = 'rita' UNION ALL SELECT 'device' FROM pgtoken.device_codes WHERE device_hash = '\x01'
		UNION ALL SELECT 'request' FROM pgtoken.authorization_requests WHERE handle_hash = '\x01' UNION ALL SELECT 'step-up' FROM pgtoken.challenges WHERE handle_hash = '\x01'
		UNION ALL SELECT 'one-time code' FROM pgtoken.challenge_codes WHERE sealed_code = '\x01') t (name));
CREATE FUNCTION test.factors(recovered_to timestamptz) RETURNS text LANGUAGE sql VOLATILE
	RETURN (SELECT string_agg(f.factor_type || ' ' || CASE WHEN f.factor_type = 'recovery_code' THEN cardinality(f.code_hashes) || ' codes'
															WHEN f.counter < 0 THEN 'unused'
															WHEN f.counter > extract(epoch FROM factors.recovered_to) / coalesce((f.parameters ->> 'period')::integer, 30) THEN 'used up to now' ELSE 'USED' END, ', ' ORDER BY f.factor_id)
			FROM pgtoken.factors f WHERE f.subject = 'rita' AND f.factor_type IN ('recovery_code', 'totp'));
-- without numbers, times and names, of which other tests have some
CREATE FUNCTION test.told(step text, detail text) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN regexp_replace(regexp_replace(CASE WHEN step ~ '(keys|secrets|clients|resources|policies)$' THEN regexp_replace(detail, ': .*?[.] ', ': (names). ') ELSE detail END,
										 '[0-9]{4}-[0-9-]+ [0-9:]+ UTC', '(time)'), '[0-9]+', 'N', 'g');
SELECT pgtoken.create_policy('restored', '[{"rule": "address_in", "outcome": "deny", "networks": ["203.0.113.0/24"]}]'), pgtoken.activate_policy('restored');
SELECT clock_timestamp() AS recovered_to \gset

-- after the restore, by who was let in too early
SELECT test.hold('since', 'app'), test.consent('https://orders.example');
SELECT test.holding(), test.on_the_way(), test.factors(:'recovered_to'), (SELECT count(*) FROM pgtoken.consents WHERE subject = 'rita') AS consents;

-- what cannot be meant
SELECT n, test.outcome(x.statement)
FROM (VALUES (1, $$SELECT pgtoken.after_restore(NULL)$$), (2, $$SELECT pgtoken.after_restore(now() + interval '1 hour')$$), (3, $$SELECT pgtoken.after_restore('infinity')$$),
			 (4, $$SELECT pgtoken.after_restore('-infinity')$$), (5, $$SELECT pgtoken.after_restore('2001-01-01')$$), (6, $$SELECT pgtoken.after_restore(now(), keep_consents => NULL)$$),
			 (7, $$SELECT pgtoken.after_restore(now(), keep_recovery_codes => NULL)$$)) x (n, statement) ORDER BY n;
SET ROLE pgtoken_issuer;
SELECT pgtoken.after_restore(now());
RESET ROLE;
SELECT test.holding();

-- The operator knows better of consents and recovery codes: the rest ends.
SET ROLE pgtoken_admin;
CREATE TEMP TABLE told AS SELECT * FROM pgtoken.after_restore(:'recovered_to', 'disk lost', keep_consents => true, keep_recovery_codes => true);
RESET ROLE;
SELECT t.step, test.told(t.step, t.detail) AS detail FROM told t;
SELECT test.holding(), test.on_the_way(), test.factors(:'recovered_to'), (SELECT count(*) FROM pgtoken.consents WHERE subject = 'rita') AS consents;

-- A second call ends what the first one kept, and nobody who has come since.
SELECT test.hold('after', 'app'), test.hold('after, elsewhere', 'elsewhere');
SELECT r.step, test.told(r.step, r.detail) AS detail FROM pgtoken.after_restore(:'recovered_to') r;
SELECT test.holding(), test.factors(:'recovered_to'), (SELECT string_agg(resource, ' ') FROM pgtoken.consents WHERE subject = 'rita') AS consents;
-- nor does a third one do anything; what it lists has an end
SELECT count(*) > 0 AS listed, count(*) < 20 AND max(length(r.detail)) < 2000 AS bounded, bool_or(r.detail ~ 'rita') AS names_subjects FROM pgtoken.after_restore(:'recovered_to') r;
SELECT test.holding(), test.factors(:'recovered_to');
-- another restore is another matter
SELECT clock_timestamp() AS recovered_to \gset
SELECT count(*) FROM pgtoken.after_restore(:'recovered_to') r WHERE r.step = 'tokens ended';
SELECT test.holding() IS NULL AS nothing_holds;

-- The audit says what was done, and of what time.
SELECT event, reason, detail - 'recovered_to' - 'issuers' - 'consents' - 'recovery_codes' - 'totp' AS detail, detail ? 'recovered_to' AS has_time, (detail ->> 'issuers')::integer > 1 AS all_issuers
FROM pgtoken.audit_events WHERE event = 'database.restored' ORDER BY event_id;
SELECT count(DISTINCT detail -> 'issuer') = (SELECT count(*) FROM pgtoken.issuers) AS not_before_of_each_issuer FROM pgtoken.audit_events WHERE event = 'not_before.set' AND reason = 'disk lost';
