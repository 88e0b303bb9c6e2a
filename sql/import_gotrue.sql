-- The move from GoTrue: sessions that its own release has made go on here, by the refresh
-- tokens that it handed out (test/import/gotrue).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\getenv directory PG_ABS_SRCDIR
\set dump :directory '/test/import/gotrue/dump.sql'
\set ECHO none
\i :dump
\set ECHO all
CREATE EXTENSION IF NOT EXISTS pgtoken_import;
-- an issuer of its own, that nothing is refused by what other tests have done to theirs
SELECT i.issuer AS default FROM pgtoken.issuers i WHERE is_default \gset
SELECT pgtoken.create_issuer('https://gotrue.example');
SELECT pgtoken.update_issuer('https://gotrue.example', is_default => true);
SELECT pgtoken.create_signing_key('ES256') IS NOT NULL AS key;
-- as if it had been made just now
DO $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT c.table_name, c.column_name FROM information_schema.columns c WHERE c.table_schema = 'gotrue' AND c.data_type LIKE 'timestamp%' AND c.table_name <> 'made' LOOP
		EXECUTE format('UPDATE gotrue.%I SET %I = %2$I + (now() - (SELECT at FROM gotrue.made))', r.table_name, r.column_name);
	END LOOP;
END
$$;
CREATE FUNCTION gotrue.value(name text) RETURNS text LANGUAGE sql STABLE RETURN (SELECT h.value FROM gotrue.handed_out h WHERE h.name = value.name);
CREATE FUNCTION gotrue.refresh(name text, client text DEFAULT 'gotrue_app', secret text DEFAULT NULL) RETURNS pgtoken.token_response
	LANGUAGE sql VOLATILE RETURN pgtoken.refresh_grant(gotrue.value(name), client, secret);
-- ids that the fixture has drawn are told by whose they are
CREATE FUNCTION gotrue.whose(kind text, id text) RETURNS text LANGUAGE sql STABLE
	RETURN coalesce((SELECT coalesce(split_part(u.email, '@', 1), 'anonymous') || CASE WHEN s.user_agent !~ '^fixture' THEN ', ' || split_part(s.user_agent, '/', 1) ELSE '' END
					 || coalesce(' at ' || c.client_name, '') FROM gotrue.sessions s LEFT JOIN gotrue.users u ON u.id = s.user_id LEFT JOIN gotrue.oauth_clients c ON c.id = s.oauth_client_id WHERE s.id::text = whose.id),
					(SELECT split_part(u.email, '@', 1) FROM gotrue.mfa_factors f JOIN gotrue.users u ON u.id = f.user_id WHERE f.id::text = whose.id),
					(SELECT split_part(u.email, '@', 1) || ' to ' || c.client_name FROM gotrue.oauth_consents o JOIN gotrue.users u ON u.id = o.user_id JOIN gotrue.oauth_clients c ON c.id = o.client_id WHERE o.id::text = whose.id),
					(SELECT c.client_name FROM gotrue.oauth_clients c WHERE c.id::text = whose.id), whose.id);
CREATE FUNCTION gotrue.bring(dry_run boolean) RETURNS TABLE (kind text, whose text, outcome text, detail text) LANGUAGE sql VOLATILE AS $$
	SELECT f.kind, gotrue.whose(f.kind, f.id), f.outcome, f.detail
	FROM pgtoken_import.from_gotrue('gotrue', 'gotrue_app', 'openid email offline_access', encryption_keys => jsonb_build_object('fixture', gotrue.value('encryption_key')), factors => true, dry_run => dry_run) f
$$;

SELECT client_id FROM pgtoken.create_client('gotrue_app', 'public', '{openid,email}', '{https://app.example/callback}', offline_access => true);
SELECT count(*) AS before FROM pgtoken.audit_events \gset

-- a dry run finds what a run would, and leaves nothing
CREATE TABLE gotrue.dry AS SELECT * FROM gotrue.bring(true);
SELECT kind, whose, outcome, detail FROM gotrue.dry ORDER BY kind, whose COLLATE "C";
SELECT count(*) = :before AS nothing_written FROM pgtoken.audit_events;
SELECT count(*) AS brought FROM pgtoken.imported_tokens WHERE source = 'gotrue';
CREATE TABLE gotrue.wet AS SELECT * FROM gotrue.bring(false);
SELECT count(*) AS differences FROM (SELECT kind, whose, replace(outcome, 'would import', 'imported') AS outcome, detail FROM gotrue.dry) d
FULL JOIN gotrue.wet w USING (kind, whose, outcome) WHERE d.kind IS NULL OR w.kind IS NULL OR w.detail IS DISTINCT FROM d.detail;
SELECT kind, outcome, count(*) FROM gotrue.bring(false) GROUP BY kind, outcome ORDER BY kind, outcome;

-- Tokens of both formats go on, encrypted keys or not; those that GoTrue would refuse, and
-- those before the last, are none.
SELECT h.name, d.decision, d.error, d.scope FROM gotrue.handed_out h CROSS JOIN gotrue.refresh(h.name) d
WHERE h.name !~ '^(service|native)_|_key$|^ida_|^(ada|jon)$' ORDER BY h.name COLLATE "C";
-- so do those of clients, which prove themselves by the secret that they have
SELECT decision, scope FROM gotrue.refresh('ida_service', gotrue.value('service_id'), gotrue.value('service_secret'));
SELECT decision, scope FROM gotrue.refresh('ida_native', gotrue.value('native_id'));
SELECT count(*) AS secrets, min(hash_scheme) AS scheme FROM pgtoken.client_secrets WHERE client_id = gotrue.value('service_id');
-- Attack shut out: somebody else's client, or no secret.
SELECT error FROM gotrue.refresh('ida_service', 'gotrue_app');
SELECT error FROM gotrue.refresh('ida_service', gotrue.value('service_id'), 'wrong');

-- what is known of a session is known here
SELECT whose, g.subject = u.id::text AS his, g.acr, g.amr, g.session_id = s.id::text AS same_session, g.auth_time BETWEEN s.created_at AND s.updated_at + interval '1 second' AS signed_in
FROM pgtoken.grants g JOIN gotrue.sessions s ON s.id::text = g.session_id JOIN gotrue.users u ON u.id = s.user_id, gotrue.whose('family', s.id::text)
WHERE whose IN ('ada', 'anonymous', 'fay', 'kim') ORDER BY whose;
SELECT count(*) AS devices FROM pgtoken.grants g JOIN gotrue.users u ON u.id::text = g.subject WHERE u.email LIKE 'ben@%' AND g.revoked_at IS NULL;
-- authenticator apps
SELECT split_part(u.email, '@', 1) AS whose, f.factor_type, f.label, f.state FROM gotrue.users u CROSS JOIN pgtoken.factors_of(u.id::text) f ORDER BY 1;

-- its signing key, under its name; a secret that every API knows is none
BEGIN;
SELECT pgtoken.import_signing_key(gotrue.value('signing_key'), 'jwk', verify_until => now() + interval '1 hour') = gotrue.value('signing_key')::jsonb ->> 'kid' AS kept;
SELECT k ->> 'kid' = gotrue.value('signing_key')::jsonb ->> 'kid' AS published, k - 'kid' - 'x' - 'y' AS key FROM jsonb_array_elements(pgtoken.jwks('https://gotrue.example') -> 'keys') k WHERE k ->> 'x' = gotrue.value('signing_key')::jsonb ->> 'x';
SELECT test.outcome($$SELECT pgtoken.import_signing_key('{"kty": "oct", "alg": "HS256", "k": "c2VjcmV0", "kid": "shared"}', 'jwk')$$);
ROLLBACK;

-- an answer that was lost: once more the same; both formats alike
SELECT refresh_token AS first FROM gotrue.refresh('ada') \gset
SELECT decision, refresh_token = :'first' AS same FROM gotrue.refresh('ada');
SELECT refresh_token AS jon FROM gotrue.refresh('jon') \gset
SELECT decision, refresh_token = :'jon' AS same FROM gotrue.refresh('jon');
-- Attack shut out: a copy of the token that GoTrue handed out, after its successor was used.
SELECT decision, refresh_token AS second FROM pgtoken.refresh_grant(:'first', 'gotrue_app') \gset
SELECT error FROM gotrue.refresh('ada');
SELECT error FROM pgtoken.refresh_grant(:'second', 'gotrue_app');
SELECT revoke_reason FROM pgtoken.grants g JOIN gotrue.users u ON u.id::text = g.subject WHERE u.email LIKE 'ada@%';
-- the parent of a token, held by a client that its successor did not reach: not known, and it
-- ends nothing
SELECT error FROM gotrue.refresh('jon_parent');
SELECT decision FROM pgtoken.refresh_grant(:'jon', 'gotrue_app');
-- Fault shut out: the importer, run again, brings back what was ended here.
SELECT outcome FROM gotrue.bring(false) WHERE whose = 'ada';
SELECT error FROM gotrue.refresh('ada');

-- Attack shut out: sessions that one issuer takes in, at a client of another which has the same name.
BEGIN;
SELECT pgtoken.create_issuer('https://elsewhere.example');
SELECT kind, outcome, regexp_replace(detail, '"[0-9a-f-]{36}"', '"..."') AS detail, count(*) FROM pgtoken_import.from_gotrue('gotrue', 'gotrue_app', issuer => 'https://elsewhere.example', source => 'gotrue_again', encryption_keys => jsonb_build_object('fixture', gotrue.value('encryption_key')))
WHERE outcome <> 'skipped' GROUP BY 1, 2, 3 ORDER BY 1, 3;
ROLLBACK;

-- what is over there by settings that GoTrue does not store
UPDATE gotrue.sessions SET created_at = created_at - interval '9 days', refreshed_at = refreshed_at - interval '9 days';
SELECT outcome, detail, count(*) FROM pgtoken_import.from_gotrue('gotrue', 'gotrue_app', source => 'gotrue_again', inactivity_timeout => '7 days') WHERE kind = 'family' AND outcome = 'skipped' GROUP BY outcome, detail ORDER BY detail;
SELECT outcome, detail, count(*) FROM pgtoken_import.from_gotrue('gotrue', source => 'gotrue_again', timebox => '30 days') WHERE kind = 'family' AND outcome = 'skipped' GROUP BY outcome, detail ORDER BY detail;
-- an older GoTrue, which has no OAuth server, no such keys and no refreshed_at
DROP FUNCTION gotrue.whose CASCADE;
ALTER TABLE gotrue.sessions DROP oauth_client_id, DROP scopes, DROP refresh_token_hmac_key, DROP refresh_token_counter, DROP refreshed_at, DROP user_agent, DROP ip, DROP tag;
DROP TABLE gotrue.oauth_consents, gotrue.oauth_clients, gotrue.mfa_factors;
SELECT kind, outcome, detail, count(*) FROM pgtoken_import.from_gotrue('gotrue', 'gotrue_app', source => 'gotrue_old') GROUP BY kind, outcome, detail ORDER BY 1, 2, 3;
DROP TABLE gotrue.mfa_amr_claims;
SELECT test.outcome($$SELECT pgtoken_import.from_gotrue('gotrue')$$);
SELECT test.outcome($$SELECT pgtoken_import.from_gotrue('gotrue', issuer => 'https://nobody.example')$$);

-- Rows that somebody has forged, or a disk has spoilt: each is refused for itself, and all the others come.
CREATE SCHEMA hostile;
CREATE TABLE hostile.users (id text, banned_until text, deleted_at text);
CREATE TABLE hostile.sessions (id text, user_id text, created_at text, aal text, not_after text, oauth_client_id text, scopes text, refresh_token_hmac_key text, refresh_token_counter text);
CREATE TABLE hostile.refresh_tokens (id text, session_id text, token text, revoked boolean, created_at text);
CREATE TABLE hostile.mfa_amr_claims (session_id text, authentication_method text, updated_at text);
CREATE TABLE hostile.mfa_factors (id text, user_id text, friendly_name text, factor_type text, status text, secret text);
CREATE TABLE hostile.oauth_clients (id text, client_secret_hash text, redirect_uris text, client_name text, client_type text, token_endpoint_auth_method text, deleted_at text);
CREATE TABLE hostile.oauth_consents (id text, user_id text, client_id text, scopes text, granted_at text, revoked_at text);
INSERT INTO hostile.users VALUES ('u1', NULL, NULL), (E'u\x01', NULL, NULL), ('u2', 'never', NULL), (repeat('x', 300), NULL, NULL);
INSERT INTO hostile.sessions (id, user_id, created_at, refresh_token_hmac_key, refresh_token_counter) VALUES
	('s01 fine', 'u1', now()::text, NULL, NULL), ('s02 control character', E'u\x01', now()::text, NULL, NULL), ('s03 ban is no time', 'u2', now()::text, NULL, NULL),
	('s04 subject too long', repeat('x', 300), now()::text, NULL, NULL), ('s05 no user', NULL, now()::text, NULL, NULL), ('s06 no time', 'u1', 'yesterdayish', NULL, NULL),
	('s07 begins in a thousand years', 'u1', '3026-01-01', NULL, NULL), ('s08 began before all', 'u1', '-infinity', NULL, NULL), ('s09 began at no time', 'u1', NULL, NULL, NULL),
	('s10 same token', 'u1', now()::text, NULL, NULL), ('s11 same token', 'u1', now()::text, NULL, NULL), ('s12 no token', 'u1', now()::text, NULL, NULL),
	('s13 short token', 'u1', now()::text, NULL, NULL), ('s14 id is no uuid', 'u1', now()::text, 'AAAA', '1'),
	('00000000-0000-0000-0000-000000000015', 'u1', now()::text, '{"alg": "none"', '1'), ('00000000-0000-0000-0000-000000000016', 'u1', now()::text, '{"alg": "none"}', '1'),
	('00000000-0000-0000-0000-000000000017', 'u1', now()::text, '{"alg": "aes-gcm-hkdf", "key_id": "k", "nonce": "AAAA", "data": "AAAA"}', '1'),
	('00000000-0000-0000-0000-000000000018', 'u1', now()::text, '{"alg": "aes-gcm-hkdf", "key_id": "k", "nonce": "AAAAAAAAAAAAAAAA", "data": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}', '1'),
	('00000000-0000-0000-0000-000000000019', 'u1', now()::text, '!', '1'), ('00000000-0000-0000-0000-000000000020', 'u1', now()::text, 'AAAA', '-1'),
	('00000000-0000-0000-0000-000000000021', 'u1', now()::text, 'AAAA', '99999999999999999999');
INSERT INTO hostile.sessions (id, user_id, created_at, oauth_client_id, scopes, not_after) VALUES
	('s22 unknown client', 'u1', now()::text, 'c9', 'openid', NULL), ('s23 scope of nobody', 'u1', now()::text, 'c1', 'openid sudo', NULL),
	('s24 scope is none', 'u1', now()::text, 'c1', E'openid\x01', NULL), ('s25 over', 'u1', now()::text, NULL, NULL, '2001-01-01');
INSERT INTO hostile.refresh_tokens SELECT left(s.id, 3), s.id, CASE WHEN s.id LIKE '%same%' THEN 'thesametoken' WHEN s.id LIKE '%short%' THEN 'short' ELSE 'hostile_token ' || s.id END, false, now()::text
FROM hostile.sessions s WHERE s.id LIKE 's%' AND s.id NOT LIKE 's12%';
INSERT INTO hostile.mfa_amr_claims VALUES ('s01 fine', 'password', now()::text), ('s01 fine', NULL, NULL), (NULL, NULL, NULL), ('s24 scope is none', 'totp', 'soon');
INSERT INTO hostile.mfa_factors VALUES ('f1 no secret', 'u1', NULL, 'totp', 'verified', NULL), ('f2 not base32', 'u1', NULL, 'totp', 'verified', '01 8'),
	('f3 phone', 'u1', NULL, 'phone', 'verified', NULL), ('f4 passkey', 'u1', NULL, 'webauthn', 'verified', NULL), ('f5 unverified', 'u1', NULL, 'totp', 'unverified', NULL), ('f6 of nobody', 'u9', NULL, 'totp', 'verified', NULL),
	('f7 name', 'u1', E'a\x01', 'totp', 'verified', 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
INSERT INTO hostile.oauth_clients VALUES ('c1', NULL, 'https://a.example/cb', 'One', 'public', 'none', NULL), ('c2', NULL, 'https://a.example/cb#f', NULL, 'public', 'none', NULL),
	('c3', NULL, 'javascript:alert(1)', NULL, 'public', 'none', NULL), ('c4', '!', 'https://a.example/cb', NULL, 'confidential', 'client_secret_basic', NULL),
	('c5', 'AAAA', 'https://a.example/cb', NULL, 'confidential', 'client_secret_basic', NULL), ('c6', NULL, NULL, NULL, NULL, NULL, NULL), (E'c\x01', NULL, '', NULL, 'public', 'none', NULL),
	('c7', NULL, '', NULL, 'public', 'none', 'yesterday'), (NULL, NULL, '', NULL, 'public', 'none', NULL);
INSERT INTO hostile.oauth_consents VALUES ('o1', 'u1', 'c1', 'openid', now()::text, NULL), ('o2', 'u1', 'c1', 'openid sudo', now()::text, NULL), ('o3', 'u1', 'c9', 'openid', now()::text, NULL),
	('o4', 'u1', 'c1', 'openid', 'infinity', NULL), ('o5', 'u1', 'c1', NULL, NULL, NULL), ('o6', 'u1', 'c1', 'openid', now()::text, 'x'), ('o7', 'u9', 'c1', 'openid', now()::text, NULL),
	('o8', E'u\x01', 'c1', 'openid', now()::text, NULL);
SELECT kind, to_json(id) AS id, outcome, to_json(detail) AS detail
FROM pgtoken_import.from_gotrue('hostile', 'gotrue_app', source => 'hostile', factors => true, encryption_keys => '{"k": "AAAA"}');
SELECT kind, imported, would_import, existed FROM pgtoken_import.summary(ARRAY(SELECT r::pgtoken_import.report FROM pgtoken_import.from_gotrue('hostile', 'gotrue_app', source => 'hostile', factors => true) r));

-- as an administrator, who is no superuser
GRANT USAGE ON SCHEMA gotrue, hostile TO pgtoken_admin;
GRANT SELECT ON ALL TABLES IN SCHEMA hostile TO pgtoken_admin;
SET ROLE pgtoken_admin;
SELECT kind, imported, would_import FROM pgtoken_import.summary(ARRAY(SELECT r::pgtoken_import.report FROM pgtoken_import.from_gotrue('hostile', 'gotrue_app', source => 'hostile', dry_run => false) r));
SELECT count(*) FROM gotrue.users;
RESET ROLE;
-- RFC 4231 section 4.2; keys of any other length open nothing
SELECT pgtoken_import.hmac_sha256(decode(repeat('0b', 20), 'hex'), 'Hi There') = '\xb0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7' AS hmac;
SELECT pgtoken_import.open_by(sha256('a'), repeat('A', 40)) IS NULL AS another_key, pgtoken_import.open_by(sha256('a'), '!') IS NULL AS no_base64;
SELECT pgtoken_import.open_by('\x00', repeat('A', 40));
SET client_min_messages = error;
DROP SCHEMA gotrue, hostile CASCADE;
DROP EXTENSION pgtoken_import;
SELECT pgtoken.update_issuer(:'default', is_default => true);
-- what it brought stays
SELECT count(*) > 10 AS stays FROM pgtoken.imported_tokens WHERE source = 'gotrue';
