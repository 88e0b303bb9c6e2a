-- The move from node-oidc-provider: what its own release has written by the Knex adapter
-- goes on here (test/import/oidc_provider).
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\getenv directory PG_ABS_SRCDIR
\set dump :directory '/test/import/oidc_provider/dump.sql'
\set ECHO none
\i :dump
\set ECHO all
CREATE EXTENSION IF NOT EXISTS pgtoken_import;
-- an issuer of its own, that nothing is refused by what other tests have done to theirs
SELECT i.issuer AS default FROM pgtoken.issuers i WHERE is_default \gset
SELECT pgtoken.create_issuer('https://oidc-provider.example');
SELECT pgtoken.update_issuer('https://oidc-provider.example', is_default => true);
SELECT pgtoken.create_signing_key('ES256') IS NOT NULL AS key;
-- as if it had been made just now
UPDATE oidc_provider.oidc_payloads p SET "expiresAt" = "expiresAt" + (now() - m.at), "consumedAt" = "consumedAt" + (now() - m.at),
	payload = (p.payload::jsonb || coalesce((SELECT jsonb_object_agg(e.key, e.value::bigint + floor(extract(epoch FROM now() - m.at))::bigint)
											 FROM jsonb_each(p.payload::jsonb) e WHERE e.key IN ('iat', 'exp', 'iiat', 'authTime', 'loginTs')), '{}'))::text
FROM oidc_provider.made m;
CREATE FUNCTION oidc_provider.value(name text) RETURNS text LANGUAGE sql STABLE RETURN (SELECT h.value FROM oidc_provider.handed_out h WHERE h.name = value.name);
CREATE FUNCTION oidc_provider.refresh(token text, client text, cnf jsonb DEFAULT NULL) RETURNS pgtoken.token_response
	LANGUAGE sql VOLATILE RETURN pgtoken.refresh_grant(oidc_provider.value(token), oidc_provider.value(client || '_id'), oidc_provider.value(client || '_secret'), cnf => cnf);
-- ids that the fixture has drawn are told by what they stand for
CREATE FUNCTION oidc_provider.what(kind text, id text) RETURNS text LANGUAGE sql STABLE
	RETURN coalesce((SELECT p.payload::jsonb ->> 'client_name' FROM oidc_provider.oidc_payloads p WHERE p.type = 7 AND p.id = what.id),
					(SELECT concat_ws(' ', p.payload::jsonb ->> 'accountId', (SELECT c.payload::jsonb ->> 'client_name' FROM oidc_provider.oidc_payloads c WHERE c.type = 7 AND c.id = p.payload::jsonb ->> 'clientId'))
					 FROM oidc_provider.oidc_payloads p WHERE p.type = 13 AND p.id = what.id), what.id);
CREATE FUNCTION oidc_provider.bring(dry_run boolean) RETURNS TABLE (kind text, what text, outcome text, detail text) LANGUAGE sql VOLATILE AS $$
	SELECT f.kind, oidc_provider.what(f.kind, f.id), f.outcome, f.detail
	FROM pgtoken_import.from_oidc_provider('oidc_provider', scopes => '{openid,profile,email,read,write}', dry_run => dry_run) f
$$;

-- an API that is not here yet: what needs it is refused, all else is not
SELECT what, detail FROM oidc_provider.bring(true) WHERE outcome = 'refused' ORDER BY kind, what COLLATE "C";
SELECT pgtoken.create_resource('https://api.example.org/', '{read,write}');
SELECT count(*) AS before FROM pgtoken.audit_events \gset
CREATE TABLE oidc_provider.dry AS SELECT * FROM oidc_provider.bring(true);
SELECT kind, what, outcome, detail, count(*) FROM oidc_provider.dry GROUP BY kind, what, outcome, detail ORDER BY kind, what COLLATE "C", outcome, detail;
SELECT count(*) = :before AS nothing_written FROM pgtoken.audit_events;
CREATE TABLE oidc_provider.wet AS SELECT * FROM oidc_provider.bring(false);
SELECT * FROM (SELECT kind, what, replace(outcome, 'would import', 'imported') AS outcome, detail FROM oidc_provider.dry EXCEPT SELECT * FROM oidc_provider.wet) d;
SELECT kind, outcome, count(*) FROM oidc_provider.bring(false) GROUP BY kind, outcome ORDER BY kind, outcome;

-- Tokens go on, with the secrets that their clients have; used and revoked ones, and those whose
-- session is over, do not.
SELECT token, client, d.decision, d.error, d.scope, d.token_type
FROM (VALUES ('ada_first', 'web'), ('ada_parent', 'web'), ('ada_native', 'native'), ('ada_elsewhere', 'native'), ('ben', 'web'), ('ben_used', 'web'),
			 ('dan_reused', 'web'), ('dan_revoked', 'web'), ('eve_session', 'web'), ('cyd_bound', 'bound'), ('cyd_certified', 'certified')) v (token, client)
CROSS JOIN oidc_provider.refresh(token, client) d ORDER BY token COLLATE "C";
-- Attack shut out: a token that is bound to a key, without the key, with another, or in somebody else's hands.
SELECT error FROM oidc_provider.refresh('cyd_bound', 'bound', '{"jkt": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}');
SELECT error FROM oidc_provider.refresh('cyd_certified', 'certified', '{"x5t#S256": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}');
SELECT error FROM oidc_provider.refresh('ada', 'native');
-- with it
SELECT payload::jsonb ->> 'jkt' AS jkt FROM oidc_provider.oidc_payloads WHERE type = 4 AND payload LIKE '%"jkt"%' \gset
SELECT payload::jsonb ->> 'x5t#S256' AS x5t FROM oidc_provider.oidc_payloads WHERE type = 4 AND payload LIKE '%"x5t#S256"%' \gset
SELECT decision, token_type FROM oidc_provider.refresh('cyd_bound', 'bound', jsonb_build_object('jkt', :'jkt'));
SELECT decision, token_type FROM oidc_provider.refresh('cyd_certified', 'certified', jsonb_build_object('x5t#S256', :'x5t'));
-- a client that signs by its secret has the secret itself
SELECT s.hash_scheme, m.material_id IS NOT NULL AS kept FROM pgtoken.client_secrets s
LEFT JOIN pgtoken.key_material m ON m.material_id = format('client:%s:%s', s.client_id, s.secret_id) WHERE s.client_id = oidc_provider.value('signer_id');
SELECT client_name, client_type, metadata - 'jwks' AS metadata, redirect_uris FROM pgtoken.clients WHERE client_name IN ('Web', 'Native', 'Keyed', 'Machine', 'Bound') AND client_id IN (SELECT value FROM oidc_provider.handed_out) ORDER BY client_name;

-- what is known of a session is known here
SELECT g.subject, c.client_name, g.scope, g.resources, g.acr, g.amr, g.auth_time <= now() AS signed_in FROM pgtoken.grants g JOIN pgtoken.clients c USING (client_id)
WHERE c.client_id IN (SELECT value FROM oidc_provider.handed_out) AND g.generation > 0 ORDER BY g.subject, c.client_name, g.scope COLLATE "C";
-- two clients of one sign-in, and another
SELECT count(DISTINCT session_id) AS sign_ins, count(*) AS families FROM pgtoken.grants WHERE subject = 'ada' AND client_id IN (SELECT value FROM oidc_provider.handed_out);
SELECT subject, client_name, c.resource, c.scopes, c.expires_at > now() + interval '364 days' AS as_the_grant FROM pgtoken.consents c JOIN pgtoken.clients USING (client_id)
WHERE client_id IN (SELECT value FROM oidc_provider.handed_out) ORDER BY subject, client_name, resource COLLATE "C";

-- an answer that was lost, and reuse
SELECT refresh_token AS first FROM oidc_provider.refresh('ada', 'web') \gset
SELECT decision, refresh_token = :'first' AS same FROM oidc_provider.refresh('ada', 'web');
SELECT decision, refresh_token AS second FROM pgtoken.refresh_grant(:'first', oidc_provider.value('web_id'), oidc_provider.value('web_secret')) \gset
-- Attack shut out: a copy of the token that the provider handed out, after its successor was used.
SELECT error FROM oidc_provider.refresh('ada', 'web');
SELECT error FROM pgtoken.refresh_grant(:'second', oidc_provider.value('web_id'), oidc_provider.value('web_secret'));
SELECT outcome FROM oidc_provider.bring(false) WHERE kind = 'family' AND what = 'ada Web' AND outcome <> 'skipped';

-- another layout: the type by name, jsonb, other columns
CREATE VIEW oidc_provider.models AS SELECT id AS key, (ARRAY['Session', 'AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode', 'ClientCredentials', 'Client', 'InitialAccessToken', 'RegistrationAccessToken', 'Interaction', 'ReplayDetection', 'PushedAuthorizationRequest', 'Grant'])[type] AS model_name,
	payload::jsonb AS data, "consumedAt" AS consumed_at FROM oidc_provider.oidc_payloads;
SELECT kind, outcome, count(*) FROM pgtoken_import.from_oidc_provider('oidc_provider', 'models', '{"id": "key", "type": "model_name", "payload": "data", "consumed_at": "consumed_at"}') GROUP BY kind, outcome ORDER BY kind, outcome;
SELECT test.outcome($$SELECT pgtoken_import.from_oidc_provider('oidc_provider', 'nothing')$$);
SELECT test.outcome($$SELECT pgtoken_import.from_oidc_provider('oidc_provider', issuer => 'https://nobody.example')$$);

-- Rows that somebody has forged, or a disk has spoilt: each is refused for itself, and all the others come.
CREATE TABLE oidc_provider.hostile (id text, type text, payload text, "consumedAt" text);
INSERT INTO oidc_provider.hostile
SELECT m ->> 'client_id', 'Client', m::text, NULL FROM jsonb_array_elements($j$[
	{"client_id": "h01", "client_name": "Fine", "token_endpoint_auth_method": "none", "redirect_uris": ["https://a.example/cb"]},
	{"client_id": "h02", "redirect_uris": ["https://a.example/cb#f"], "client_secret": "d4kD8s7qLw0cXr7HvB2nY5sDe8JmUa1Gp"},
	{"client_id": "h03", "redirect_uris": "https://a.example/cb"},
	{"client_id": "h04", "redirect_uris": ["https://a.example/cb"], "client_secret": "secret"},
	{"client_id": "h05", "redirect_uris": ["https://a.example/cb"]},
	{"client_id": "h06", "redirect_uris": ["https://a.example/cb"], "grant_types": {}, "client_secret": "d4kD8s7qLw0cXr7HvB2nY5sDe8JmUa1Gp"},
	{"client_id": "h07", "redirect_uris": ["https://a.example/cb"], "subject_type": "pairwise"},
	{"client_id": "h08", "redirect_uris": ["https://a.example/cb"], "id_token_encrypted_response_alg": "RSA-OAEP"},
	{"client_id": "h09", "redirect_uris": ["https://a.example/cb"], "jwks": {"keys": [{"kty": "oct"}]}, "token_endpoint_auth_method": "private_key_jwt"},
	{"client_id": "h10", "redirect_uris": ["https://a.example/cb"], "client_secret": "d4kD8s7qLw0cXr7HvB2nY5sDe8JmUa1Gp", "client_secret_expires_at": 1},
	{"client_id": "h11", "redirect_uris": ["https://a.example/cb"], "client_secret": "d4kD8s7qLw0cXr7HvB2nY5sDe8JmUa1Gp", "client_secret_expires_at": 1e300},
	{"client_id": "h12", "redirect_uris": ["https://a.example/cb"], "client_secret": "d4kD8s7qLw0cXr7HvB2nY5sDe8JmUa1Gp", "require_magic": true, "client_name": "a\u0001"},
	{"client_id": "h13", "redirect_uris": ["https://a.example/cb"], "client_secret": "d4kD8s7qLw0cXr7HvB2nY5sDe8JmUa1Gp", "require_magic": true, "id_token_signed_response_alg": "RS512"},
	{"client_id": "h14", "redirect_uris": ["https://a.example/cb"], "grant_types": ["authorization_code", "implicit"], "response_types": ["code", "code id_token"], "client_secret": "d4kD8s7qLw0cXr7HvB2nY5sDe8JmUa1Gp"},
	{"client_id": "h15\u0001", "redirect_uris": []}]$j$) m;
INSERT INTO oidc_provider.hostile VALUES ('h16', 'Client', '{"client_id": "another"}', NULL), ('h17', 'Client', '{"client_id": ', NULL), ('h18', 'Client', '[]', NULL), ('h19', 'Client', NULL, NULL), (NULL, 'Client', '{}', NULL),
	('h20', '9999', '{}', NULL), ('h21', '-1', '{}', NULL), ('h22', NULL, '{}', NULL);
INSERT INTO oidc_provider.hostile SELECT 'g' || m.n, 'Grant', (jsonb_build_object('accountId', 'bob', 'clientId', 'h01', 'iat', floor(extract(epoch FROM now()))::bigint, 'exp', floor(extract(epoch FROM now()))::bigint + 9999,
	'openid', jsonb_build_object('scope', 'openid profile offline_access')) || m.g)::text, NULL
FROM (VALUES ('01', jsonb '{}'), ('02', '{"accountId": "b\u0001"}'), ('03', '{"clientId": "nobody"}'), ('04', '{"iat": "soon"}'), ('05', '{"exp": 1}'), ('06', '{"openid": []}'), ('07', '{"openid": null, "resources": {"https://nowhere.example": "read"}}'),
			 ('08', '{"resources": 7}'), ('09', '{"exp": [1]}'), ('10', '{"accountId": null}'), ('11', '{"openid": {"scope": "sudo"}}'), ('12', '{"iat": -1e99}')) m (n, g);
INSERT INTO oidc_provider.hostile VALUES ('g13', 'Grant', '{', NULL);
INSERT INTO oidc_provider.hostile SELECT 'token' || m.n, 'RefreshToken', (jsonb_build_object('jti', 'token' || m.n, 'accountId', 'bob', 'clientId', 'h01', 'grantId', 'g01', 'iat', floor(extract(epoch FROM now()))::bigint,
	'exp', floor(extract(epoch FROM now()))::bigint + 9999, 'scope', 'openid profile offline_access') || m.t)::text, NULL
FROM (VALUES ('01', jsonb '{}'), ('02', '{"jti": "another"}'), ('03', '{"accountId": "eve"}'), ('04', '{"clientId": "h05"}'), ('05', '{"grantId": "g99"}'), ('06', '{"exp": "x"}'), ('07', '{"exp": 1}'), ('08', '{"iat": 99999999999}'),
			 ('09', '{"iiat": -5}'), ('10', '{"scope": null}'), ('11', '{"scope": "sudo"}'), ('12', '{"resource": "https://nowhere.example"}'), ('13', '{"resource": [1, null]}'), ('14', '{"amr": "pwd"}'),
			 ('15', '{"amr": ["\u0001"]}'), ('16', '{"acr": "a\u0001"}'), ('17', '{"jkt": "short"}'), ('18', '{"x5t#S256": 5}'), ('19', '{"attestationJkt": "x"}'), ('20', '{"rar": []}'), ('21', '{"expiresWithSession": true}'),
			 ('22', '{"expiresWithSession": true, "sessionUid": "s"}'), ('23', '{"sid": "a\u0001"}'), ('24', '{"consumed": 1}'), ('25', '{"grantId": "g09"}'), ('26', '{"iat": null, "exp": null}'), ('27', '{"scope": "openid"}')) m (n, t);
INSERT INTO oidc_provider.hostile VALUES ('token28', 'RefreshToken', 'no JSON', NULL), ('token30', 'RefreshToken', NULL, NULL), ('token01', 'Other', '{}', NULL),
	('token29', 'RefreshToken', '{"jti": "token29", "grantId": "twice"}', NULL), ('token29', 'RefreshToken', '{"jti": "token29", "grantId": "twice"}', NULL), ('s', 'Session', '{"uid": "s", "authorizations": [], "exp": {}}', NULL), ('s2', 'Session', '"', NULL);
SELECT kind, to_json(id) AS id, outcome, to_json(detail) AS detail FROM pgtoken_import.from_oidc_provider('oidc_provider', 'hostile', source => 'hostile');
-- Attack shut out: somebody logs in there with a nonce of %00, and in a column of json his row
-- ends the reading of all.
CREATE TABLE oidc_provider.of_json (id text, type text, payload json, "consumedAt" timestamptz);
INSERT INTO oidc_provider.of_json VALUES ('i', 'Interaction', '{"params": {"nonce": "\u0000"}}', NULL), ('t', 'RefreshToken', '{"jti": "t", "nonce": "\u0000"}', NULL), ('u', 'Grant', '{"accountId": "\ud800"}', NULL),
	('h30', 'Client', '{"client_id": "h30", "redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": "none"}', NULL);
SELECT kind, id, outcome, detail FROM pgtoken_import.from_oidc_provider('oidc_provider', 'of_json', source => 'hostile');

-- Attack shut out: names of schema, table and column say what is to be run.
CREATE SCHEMA "o""; DROP TABLE pgtoken.clients; --";
CREATE TABLE "o""; DROP TABLE pgtoken.clients; --"."t'); --%s $1" (id text, type text, "p'"";%I $2 $3 $4" json, "c\" timestamptz);
INSERT INTO "o""; DROP TABLE pgtoken.clients; --"."t'); --%s $1" SELECT * FROM oidc_provider.of_json;
SELECT kind, id, outcome FROM pgtoken_import.from_oidc_provider('o"; DROP TABLE pgtoken.clients; --', 't''); --%s $1', '{"payload": "p''\";%I $2 $3 $4", "consumed_at": "c\\"}', source => 'hostile');
DROP SCHEMA "o""; DROP TABLE pgtoken.clients; --" CASCADE;

-- as an administrator, who is no superuser
GRANT USAGE ON SCHEMA oidc_provider TO pgtoken_admin;
GRANT SELECT ON oidc_provider.hostile TO pgtoken_admin;
SET ROLE pgtoken_admin;
SELECT kind, imported, would_import FROM pgtoken_import.summary(ARRAY(SELECT r::pgtoken_import.report FROM pgtoken_import.from_oidc_provider('oidc_provider', 'hostile', source => 'hostile', dry_run => false) r));
SELECT count(*) FROM pgtoken_import.from_oidc_provider('oidc_provider');
RESET ROLE;
-- Attack shut out: what belongs to somebody else runs what he likes when it is read, with the
-- rights of the administrator who reads it.
CREATE ROLE regress_pgtoken_restorer;
CREATE SCHEMA restored AUTHORIZATION regress_pgtoken_restorer;
SET ROLE regress_pgtoken_restorer;
CREATE FUNCTION restored.run() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'run as %', CURRENT_USER; END $$;
CREATE VIEW restored.oidc_payloads AS SELECT restored.run() AS id, 'Client'::text AS type, '{}'::text AS payload, NULL::timestamptz AS "consumedAt";
GRANT USAGE ON SCHEMA restored TO pgtoken_admin;
GRANT SELECT ON restored.oidc_payloads TO pgtoken_admin;
RESET ROLE;
SELECT test.outcome($$SELECT count(*) FROM pgtoken_import.from_oidc_provider('restored')$$) AS superuser;
SET ROLE pgtoken_admin;
SELECT count(*) FROM pgtoken_import.from_oidc_provider('restored');
RESET ROLE;
DROP VIEW restored.oidc_payloads;
CREATE TABLE restored.oidc_payloads AS SELECT * FROM oidc_provider.of_json;
SELECT test.outcome($$SELECT count(*) FROM pgtoken_import.from_oidc_provider('restored')$$) AS schema;
ALTER SCHEMA restored OWNER TO CURRENT_USER;
SELECT test.outcome($$SELECT count(*) FROM pgtoken_import.from_oidc_provider('restored')$$) AS own;
SET client_min_messages = error;
DROP SCHEMA restored CASCADE;
SET client_min_messages = warning;
DROP ROLE regress_pgtoken_restorer;

-- no report has a token in it
SELECT count(*) AS tokens FROM oidc_provider.wet w JOIN oidc_provider.handed_out h ON strpos(w.detail, h.value) > 0 OR w.what = h.value;
SET client_min_messages = error;
DROP SCHEMA oidc_provider CASCADE;
DROP EXTENSION pgtoken_import;
SELECT pgtoken.update_issuer(:'default', is_default => true);
