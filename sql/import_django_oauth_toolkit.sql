-- The move from django-oauth-toolkit: what its own release has written goes on here
-- (test/import/django_oauth_toolkit).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\getenv directory PG_ABS_SRCDIR
\set dump :directory '/test/import/django_oauth_toolkit/dump.sql'
\set ECHO none
\i :dump
\set ECHO all
CREATE EXTENSION IF NOT EXISTS pgtoken_import;
ALTER SCHEMA django_oauth_toolkit RENAME TO django;
-- as if it had been made just now
UPDATE django.oauth2_provider_refreshtoken r SET created = created + (now() - m.at), revoked = revoked + (now() - m.at) FROM django.made m;
UPDATE django.oauth2_provider_accesstoken a SET expires = expires + (now() - m.at) FROM django.made m;
CREATE FUNCTION django.value(name text) RETURNS text LANGUAGE sql STABLE RETURN (SELECT h.value FROM django.handed_out h WHERE h.name = value.name);
CREATE FUNCTION django.refresh(token text, client text) RETURNS pgtoken.token_response
	LANGUAGE sql VOLATILE RETURN pgtoken.refresh_grant(django.value(token), django.value(client || '_id'), django.value(client || '_secret'));
-- ids that the fixture has drawn are told by what they stand for
CREATE FUNCTION django.bring(dry_run boolean) RETURNS TABLE (kind text, what text, outcome text, detail text) LANGUAGE sql VOLATILE AS $$
	SELECT f.kind, coalesce(a.name, f.id), f.outcome, f.detail
	FROM pgtoken_import.from_django_oauth_toolkit('django', '{read,write}', '30 days', subject => 'u.username', source => 'django', dry_run => dry_run) f LEFT JOIN django.oauth2_provider_application a ON a.client_id = f.id
$$;
SELECT count(*) AS before FROM pgtoken.audit_events \gset
SELECT * FROM django.bring(true) ORDER BY kind, what COLLATE "C", outcome;
SELECT count(*) = :before AS nothing_written FROM pgtoken.audit_events;
SELECT kind, outcome, count(*) FROM django.bring(false) GROUP BY kind, outcome ORDER BY kind, outcome;
SELECT kind, outcome, count(*) FROM django.bring(false) GROUP BY kind, outcome ORDER BY kind, outcome;

-- Tokens go on, stored in plain or as a checksum, with secrets in plain or hashed; used, revoked
-- and orphaned ones, and those of a user who is switched off, do not.
SELECT error FROM django.refresh('ada_first', 'web');	-- after which the slow hash of its secret is another
SELECT token, client, d.decision, d.error, d.scope
FROM (VALUES ('ada_parent', 'web'), ('ada_native', 'native'), ('ben', 'web'), ('ben_plain', 'plain'), ('eve_reused', 'web'), ('eve_revoked', 'web'), ('eve_orphan', 'web'), ('off', 'web')) v (token, client)
CROSS JOIN django.refresh(token, client) d ORDER BY token;
SELECT subject, client_name, scope, generation, g.auth_time = g.created_at AS as_it_began FROM pgtoken.grants g JOIN pgtoken.clients USING (client_id) WHERE client_id IN (SELECT value FROM django.handed_out) ORDER BY subject, client_name;
SELECT client_name, hash_scheme FROM pgtoken.client_secrets JOIN pgtoken.clients USING (client_id) WHERE client_id IN (SELECT value FROM django.handed_out) AND revoked_at IS NULL ORDER BY client_name;

-- an answer that was lost, and reuse
SELECT refresh_token AS first FROM django.refresh('ada', 'web') \gset
SELECT decision, refresh_token = :'first' AS same FROM django.refresh('ada', 'web');
SELECT decision, refresh_token AS second FROM pgtoken.refresh_grant(:'first', django.value('web_id'), django.value('web_secret')) \gset
-- Attack shut out: a copy of the token that was handed out there, after its successor was used; its checksum, taken from there.
SELECT error FROM django.refresh('ada', 'web');
SELECT error FROM pgtoken.refresh_grant(:'second', django.value('web_id'), django.value('web_secret'));
SELECT error FROM pgtoken.refresh_grant((SELECT r.token_checksum FROM django.oauth2_provider_refreshtoken r WHERE r.token = django.value('ada_native')), django.value('native_id'));

-- its end, which the settings say; a release without checksums
SELECT detail, count(*) FROM pgtoken_import.from_django_oauth_toolkit('django', '{read,write}', interval '-20 hours', source => 'django_again') WHERE kind = 'family' GROUP BY detail ORDER BY detail;
ALTER TABLE django.oauth2_provider_refreshtoken DROP token_checksum, DROP token_family, DROP resource;
SELECT id, outcome, detail FROM pgtoken_import.from_django_oauth_toolkit('django', '{read,write}', source => 'django') WHERE kind = 'family';
SELECT test.outcome($$SELECT pgtoken_import.from_django_oauth_toolkit('django', '{read}', prefix => 'other_')$$);

-- Rows that somebody has forged, or a disk has spoilt: each is refused for itself, and all the others come.
TRUNCATE django.oauth2_provider_refreshtoken, django.oauth2_provider_accesstoken, django.oauth2_provider_application;
ALTER TABLE django.oauth2_provider_refreshtoken ADD token_checksum text, ADD resource text;
ALTER TABLE django.oauth2_provider_application ALTER client_secret TYPE text;
INSERT INTO django.oauth2_provider_application (id, client_id, client_type, authorization_grant_type, redirect_uris, client_secret, algorithm, allowed_origins) VALUES
	(1, 'd1', 'public', 'authorization-code', 'https://a.example/cb', '', 'HS256', 'https://a.example'), (2, 'd2', 'public', 'authorization-code', 'ftp://a.example/cb', '', '', ''),
	(3, 'd3', 'confidential', 'authorization-code', 'https://a.example/cb', 'argon2$x', '', ''), (4, 'd4', 'confidential', 'authorization-code', 'https://a.example/cb', 'short', '', ''),
	(5, 'd5', 'confidential', 'openid-hybrid', 'https://a.example/cb', '', '', ''), (6, 'd6', 'secret', 'authorization-code', NULL, NULL, NULL, NULL), (7, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(8, 'd8', 'confidential', 'authorization-code', E'https://a.example/\x01', 'pbkdf2_sha256$99999999999$x$y', '', '');
INSERT INTO django.oauth2_provider_accesstoken (id, scope, expires) VALUES (1, 'read', now() + interval '1 hour'), (2, 'sudo', now()), (3, NULL, NULL), (4, E'read\x01', 'infinity');
INSERT INTO django.oauth2_provider_refreshtoken (id, token, access_token_id, application_id, user_id, created, token_checksum, resource) VALUES
	(1, 'forged one', 1, 1, 1, now(), NULL, '[]'), (2, '', 1, 1, 1, now(), NULL, '[]'), (3, NULL, 1, 1, 1, now(), 'no checksum', NULL), (4, 'twice', 1, 1, 1, now(), NULL, NULL), (5, 'twice', 1, 1, 2, now(), NULL, NULL),
	(6, 'forged 6', 2, 1, 1, now(), NULL, NULL), (7, 'forged 7', 3, 1, 1, now(), NULL, NULL), (8, 'forged 8', 4, 1, 1, now(), NULL, NULL), (9, 'forged 9', 1, 2, 1, now(), NULL, NULL), (10, 'forged 10', 1, 1, 99, now(), NULL, NULL),
	(11, 'forged 11', 1, 1, 1, '3000-01-01', NULL, NULL), (12, 'forged 12', 1, 1, 1, now(), NULL, 'no JSON'), (13, 'forged 13', 1, 1, 1, now(), NULL, '{}'), (14, 'forged 14', 1, 1, 1, now(), NULL, '["https://nowhere.example"]'),
	(15, 'forged 15', 1, NULL, 1, NULL, NULL, NULL), (16, 'forged 16', 1, 1, 1, '-infinity', NULL, NULL);
SELECT kind, id, outcome, to_json(detail) AS detail FROM pgtoken_import.from_django_oauth_toolkit('django', '{read,write}', subject => 'u.username', source => 'django');
SET client_min_messages = error;
DROP SCHEMA django CASCADE;
DROP EXTENSION pgtoken_import;
