-- The move from Doorkeeper: what its own release has written, in each of the ways in which it
-- can store tokens and secrets, goes on here (test/import/doorkeeper).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\getenv directory PG_ABS_SRCDIR
\set dump :directory '/test/import/doorkeeper/dump.sql'
\set ECHO none
\i :dump
\set ECHO all
CREATE EXTENSION IF NOT EXISTS pgtoken_import;
-- as if it had been made just now
UPDATE doorkeeper.oauth_access_tokens t SET created_at = created_at + (now() - m.at), revoked_at = revoked_at + (now() - m.at) FROM doorkeeper.made m;
CREATE FUNCTION doorkeeper.value(name text) RETURNS text LANGUAGE sql STABLE RETURN (SELECT h.value FROM doorkeeper.handed_out h WHERE h.name = value.name);
CREATE FUNCTION doorkeeper.refresh(token text, client text) RETURNS pgtoken.token_response
	LANGUAGE sql VOLATILE RETURN pgtoken.refresh_grant(doorkeeper.value(token), doorkeeper.value(client || '_id'), doorkeeper.value(client || '_secret'));
-- ids that the fixture has drawn are told by what they stand for
CREATE FUNCTION doorkeeper.bring(dry_run boolean) RETURNS TABLE (kind text, what text, outcome text, detail text) LANGUAGE sql VOLATILE AS $$
	SELECT f.kind, coalesce(h.name, f.id), f.outcome, f.detail
	FROM pgtoken_import.from_doorkeeper('doorkeeper', '{read,write}', true, true, subject => '(SELECT u.name FROM doorkeeper.users u WHERE u.id::text = owner)', dry_run => dry_run) f LEFT JOIN doorkeeper.handed_out h ON h.value = f.id
$$;
-- what 64 hexadecimal digits are has to be said
SELECT kind, outcome, detail, count(*) FROM pgtoken_import.from_doorkeeper('doorkeeper', '{read,write}') WHERE outcome = 'refused' GROUP BY kind, outcome, detail ORDER BY kind, detail;
SELECT count(*) AS before FROM pgtoken.audit_events \gset
SELECT * FROM doorkeeper.bring(true) ORDER BY kind, what COLLATE "C";
SELECT count(*) = :before AS nothing_written FROM pgtoken.audit_events;
SELECT kind, outcome, count(*) FROM doorkeeper.bring(false) GROUP BY kind, outcome ORDER BY kind, outcome;
SELECT kind, outcome, count(*) FROM doorkeeper.bring(false) GROUP BY kind, outcome ORDER BY kind, outcome;

-- Tokens go on, in plain or hashed; used and revoked ones do not.
SELECT error FROM doorkeeper.refresh('bcrypt_ada_first', 'bcrypt_web');	-- after which the slow hash of its secret is another
SELECT way || token AS token, d.decision, d.error, d.scope
FROM (VALUES (1, ''), (2, 'sha256_'), (3, 'bcrypt_')) w (n, way), (VALUES ('ada_first', 'web'), ('ada_parent', 'web'), ('ada_native', 'native'), ('ben', 'web'), ('ben_before', 'web'), ('eve_revoked', 'web')) v (token, client)
CROSS JOIN doorkeeper.refresh(way || token, way || client) d ORDER BY n, v.token;
SELECT h.name, s.hash_scheme FROM pgtoken.client_secrets s JOIN doorkeeper.handed_out h ON h.value = s.client_id WHERE s.revoked_at IS NULL ORDER BY h.name;

-- an answer that was lost, and reuse
SELECT refresh_token AS first FROM doorkeeper.refresh('sha256_ada', 'sha256_web') \gset
SELECT decision, refresh_token = :'first' AS same FROM doorkeeper.refresh('sha256_ada', 'sha256_web');
SELECT decision, refresh_token AS second FROM pgtoken.refresh_grant(:'first', doorkeeper.value('sha256_web_id'), doorkeeper.value('sha256_web_secret')) \gset
-- Attack shut out: a copy of the token that was handed out there, after its successor was used; its hash, taken from there.
SELECT error FROM doorkeeper.refresh('sha256_ada', 'sha256_web');
SELECT error FROM pgtoken.refresh_grant(:'second', doorkeeper.value('sha256_web_id'), doorkeeper.value('sha256_web_secret'));
SELECT error FROM pgtoken.refresh_grant(encode(sha256(convert_to(doorkeeper.value('sha256_ada_native'), 'UTF8')), 'hex'), doorkeeper.value('sha256_native_id'));

-- Rows that somebody has forged, or a disk has spoilt: each is refused for itself, and all the others come.
TRUNCATE doorkeeper.oauth_applications, doorkeeper.oauth_access_tokens;
INSERT INTO doorkeeper.oauth_applications (id, uid, name, secret, redirect_uri, scopes, confidential) VALUES
	(1, 'k1', 'One', 'x', 'https://a.example/cb', '', false), (2, 'k2', NULL, 'short', 'https://a.example/cb', 'read', true), (3, 'k3', NULL, '$2a$99$x', 'https://a.example/cb', NULL, true),
	(4, 'k4', NULL, NULL, 'https://a.example/cb', E'a\x01', true), (5, NULL, NULL, NULL, NULL, NULL, NULL), (6, 'k6', E'a\x01', NULL, 'javascript:alert(1)', '', false), (7, 'k7', NULL, '', NULL, '', true);
INSERT INTO doorkeeper.oauth_access_tokens (id, application_id, resource_owner_id, refresh_token, scopes, created_at, previous_refresh_token) VALUES
	(1, 1, 1, 'forged 1', 'read', now(), ''), (2, 1, 1, '', 'read', now(), ''), (3, 1, 1, 'twice', 'read', now(), ''), (4, 1, 2, 'twice', 'read', now(), ''), (5, 1, NULL, 'forged 5', 'read', now(), ''),
	(6, 99, 1, 'forged 6', 'read', now(), ''), (7, 1, 1, 'forged 7', 'sudo', now(), ''), (8, 1, 1, 'forged 8', E'\x01', now(), ''), (9, 1, 1, 'forged 9', NULL, NULL, NULL), (10, 1, 1, 'forged 10', 'read', '3000-01-01', ''),
	(11, 1, 1, 'forged 11', 'read', '-infinity', ''), (12, 1, 1, 'forged 12', 'read', now(), 'forged 12'), (13, 6, 1, 'forged 13', 'read', now(), NULL), (14, NULL, 1, 'forged 14', 'read', now(), NULL);
SELECT kind, id, outcome, to_json(detail) AS detail FROM pgtoken_import.from_doorkeeper('doorkeeper', '{read,write}', true, true);
SELECT test.outcome($$SELECT pgtoken_import.from_doorkeeper('nowhere', '{read}')$$);
SET client_min_messages = error;
DROP SCHEMA doorkeeper CASCADE;
DROP EXTENSION pgtoken_import;
