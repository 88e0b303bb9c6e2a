-- From Ory Hydra to here: its tables, as its own release has written them, and what it has
-- handed out (test/import/hydra). Nobody who is signed in there notices.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION pgtoken_import;
\i test/import/hydra/dump.sql
SET client_min_messages = warning;
-- the fixture was made once, and sessions of that day are over one day
UPDATE hydra.hydra_oauth2_refresh SET requested_at = now() - interval '1 hour', expires_at = now() + interval '29 days';
UPDATE hydra.hydra_oauth2_flow SET requested_at = now() - interval '1 hour', consent_handled_at = now() - interval '1 hour';
CREATE FUNCTION test.handed_out(what text) RETURNS text LANGUAGE sql RETURN (SELECT h.value FROM hydra.handed_out h WHERE h.what = handed_out.what);
CREATE FUNCTION test.from_hydra(dry_run boolean DEFAULT NULL, secrets text[] DEFAULT ARRAY[test.handed_out('secret'), test.handed_out('older secret')], source_schema text DEFAULT 'hydra')
	RETURNS SETOF pgtoken_import.report LANGUAGE sql
	AS $$ SELECT kind, CASE kind WHEN 'key' THEN '...' ELSE id END, outcome, detail
		  FROM pgtoken_import.from_hydra(source_schema, secrets, 'https://hydra.example', absolute_lifetime => '3650 days', dry_run => dry_run) $$;
CREATE FUNCTION test.all_rows() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	t text;
	n bigint;
	all_of bigint := 0;
BEGIN
	FOR t IN SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind = 'r' ORDER BY 1 LOOP
		EXECUTE 'SELECT count(*) FROM ' || t INTO n;
		all_of := all_of + n;
	END LOOP;
	RETURN all_of;
END
$$;

SELECT test.outcome('SELECT count(*) FROM test.from_hydra()') AS no_issuer;
SELECT pgtoken.create_issuer('https://hydra.example') AS issuer \gset
SELECT pgtoken.create_signing_key('ES256', :'issuer') IS NOT NULL AS signs;
SELECT test.outcome($$SELECT count(*) FROM test.from_hydra(source_schema => 'public')$$) AS no_tables, test.outcome($$SELECT count(*) FROM test.from_hydra(secrets => '{}')$$) AS no_secrets;

-- An administrator does it, with rights on the schema and no more. Without a word it is a
-- dry run, which finds all and writes nothing.
GRANT USAGE ON SCHEMA hydra, test TO pgtoken_admin;
GRANT SELECT ON ALL TABLES IN SCHEMA hydra TO pgtoken_admin;
SELECT test.all_rows() AS rows \gset
SET ROLE pgtoken_admin;
SELECT * FROM test.from_hydra();
RESET ROLE;
SELECT test.all_rows() = :'rows' AS nothing_written;
SELECT test.outcome($$SET ROLE pgtoken_issuer; SELECT count(*) FROM test.from_hydra(false)$$) AS issuer;
RESET ROLE;
-- one of the secrets is missing: what it had encrypted is refused by name
SELECT * FROM pgtoken_import.summary(ARRAY(SELECT r FROM test.from_hydra(secrets => ARRAY[test.handed_out('older secret')]) r));
SELECT DISTINCT detail FROM test.from_hydra(secrets => '{a-secret-of-some-other-hydra}') WHERE kind IN ('key', 'family') AND outcome = 'refused' ORDER BY 1;

SET ROLE pgtoken_admin;
SELECT * FROM pgtoken_import.summary(ARRAY(SELECT r FROM test.from_hydra(false) r));
-- repeated, all is there
SELECT * FROM pgtoken_import.summary(ARRAY(SELECT r FROM test.from_hydra(false) r));
RESET ROLE;

-- Clients are what they were, and prove themselves by the secret that they have; its hash
-- is replaced at its first use, where a machine has drawn it.
SELECT client_id, client_type, scopes, offline_access, redirect_uris, resources, profile, metadata - 'token_endpoint_auth_method' AS metadata FROM pgtoken.clients WHERE issuer = :'issuer' ORDER BY client_id COLLATE "C";
SELECT refresh_idle_lifetime, refresh_absolute_lifetime, access_token_lifetime FROM pgtoken.clients WHERE client_id = 'shop';
SELECT client_id, hash_scheme, revoked_at IS NULL AS holds FROM pgtoken.client_secrets WHERE client_id IN ('shop', 'shop-batch') ORDER BY 1, 2, 3;
SELECT h.status, (convert_from(h.body, 'UTF8')::jsonb) ->> 'scope' AS scope
FROM pgtoken_http.handle('POST', '/oauth2/token', '{content-type,application/x-www-form-urlencoded,host,hydra.example}',
	convert_to(test.form('grant_type', 'client_credentials', 'client_id', 'shop-batch', 'client_secret', test.handed_out('batch secret')), 'UTF8'), '{"proxied": true}') h;
SELECT test.brief(pgtoken.refresh_grant(test.handed_out('living refresh'), 'shop', 'wrong')) AS wrong_secret;

-- Living sessions go on: by the current system secret and by one of before, rotated or not.
SELECT decision, scope, refresh_token AS rt1, access_token AS at1, grant_id AS gid FROM pgtoken.refresh_grant(test.handed_out('living refresh'), 'shop', test.handed_out('web secret')) \gset
SELECT :'decision' AS decision, :'scope' AS scope, left(:'rt1', 6) AS ours, test.header(:'at1') ->> 'alg' AS alg;
SELECT c ->> 'sub' AS sub, c ->> 'aud' AS aud, c ->> 'tier' AS tier, c ->> 'acr' AS acr, c -> 'amr' AS amr FROM test.claims(:'at1') c;
SELECT decision, refresh_token = :'rt1' AS same_successor FROM pgtoken.refresh_grant(test.handed_out('living refresh'), 'shop', test.handed_out('web secret'));
SELECT client_id, hash_scheme FROM pgtoken.client_secrets WHERE client_id IN ('shop', 'shop-batch') AND revoked_at IS NULL ORDER BY client_id;
SELECT test.brief(pgtoken.refresh_grant(test.handed_out('refresh of the older secret'), 'shop-app')) AS of_the_older_secret, test.brief(pgtoken.refresh_grant(test.handed_out('rotated refresh'), 'shop-app')) AS rotated,
	   test.brief(pgtoken.refresh_grant(test.handed_out('used refresh'), 'shop-app')) AS used_there, test.brief(pgtoken.refresh_grant(test.handed_out('revoked refresh'), 'shop-app')) AS revoked_there;
SELECT l FROM pgtoken.lineage_tree(:'gid'::uuid) l WHERE l LIKE 'imported%';
SELECT subject, client_id, resource, scopes FROM pgtoken.consents WHERE client_id IN ('shop', 'shop-app') ORDER BY 1, 2;
-- Attack shut out: a copy of the token is used once its owner is far ahead.
SELECT refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1', 'shop', test.handed_out('web secret')) \gset
SELECT test.brief(pgtoken.refresh_grant(test.handed_out('living refresh'), 'shop', test.handed_out('web secret'))) AS copied, test.brief(pgtoken.refresh_grant(:'rt2', 'shop', test.handed_out('web secret'))) AS owner;

-- Attack shut out: who has only Hydra's database, or a backup of it, presents what stands
-- there, with a first half of his own or without one.
SELECT grant_id AS gid FROM pgtoken.grants WHERE client_id = 'shop-app' AND subject = 'bob' \gset
SELECT form, test.brief(pgtoken.refresh_grant(replace(form, 'S', signature), 'shop-app')) AS answer, pgtoken.introspect(replace(form, 'S', signature)) AS introspected
FROM hydra.hydra_oauth2_refresh, unnest(ARRAY['S', '.S', 'ory_rt_S', 'ory_rt_.S', 'ory_rt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.S', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.S', 'ory_at_x.S', 'x.y.S']) form
WHERE subject = 'bob' AND active ORDER BY form COLLATE "C";
SELECT revoked_at IS NULL AS lives FROM test.family_of(:'gid');
-- nor does another spelling of the whole token count as another one
SELECT count(*) FILTER (WHERE (pgtoken.refresh_grant(t, 'shop-app')).decision = 'allow') AS allowed
FROM unnest(ARRAY[test.handed_out('rotated refresh') || '=', test.handed_out('rotated refresh') || ' ', upper(test.handed_out('rotated refresh')), reverse(test.handed_out('rotated refresh'))]) t;

-- Attack shut out: clients of another issuer have the names of Hydra's, and with them would
-- get its people; and tokens whose secret that issuer lacks would be known by half.
SELECT DISTINCT r.kind, r.outcome, r.detail FROM pgtoken_import.from_hydra('hydra', ARRAY[test.handed_out('secret'), test.handed_out('older secret')], 'https://id.example', keys_for => NULL) r
WHERE r.kind IN ('client', 'consent', 'family') AND r.outcome <> 'skipped' ORDER BY 1, 2, 3;

-- Attack shut out: what a client has registered itself with, or a person is called, is JSON to
-- Hydra and none to PostgreSQL, and ends the move of all.
INSERT INTO hydra.hydra_client SELECT (jsonb_populate_record(c, m.changes)).*
FROM hydra.hydra_client c, (VALUES (jsonb '{"id": "shop-nul", "jwks": "{\"keys\":[{\"kid\": \"\\u0000\"}]}", "token_endpoint_auth_method": "private_key_jwt"}'),
	('{"id": "shop-half", "jwks": "{\"keys\":[{"}'), ('{"id": "shop-none", "scope": "", "grant_types": 7}')) m (changes) WHERE c.id = 'shop';
INSERT INTO hydra.hydra_oauth2_refresh SELECT (jsonb_populate_record(t, jsonb_build_object('signature', md5(m.session), 'session_data', m.session, 'active', true))).*
FROM hydra.hydra_oauth2_refresh t, (VALUES ('{"extra": {"name": "\u0000"}}'), ('{'), ('{"extra": "\ud800"}'), ('AAAA')) m (session)
WHERE t.subject = 'bob' AND t.active;
SELECT f.kind, CASE f.kind WHEN 'key' THEN '...' ELSE f.id END AS id, f.outcome, f.detail, count(*) FROM test.from_hydra() f WHERE f.outcome NOT IN ('exists', 'skipped') OR f.id LIKE 'shop-n%' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;

-- What Hydra has signed verifies at an API by jwks(): RSASSA-PKCS1-v1_5, with numbers.
CREATE FUNCTION test.rs256_holds(token text, jwk jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	modulus CONSTANT bytea := test.unb64url(jwk ->> 'n');
	n CONSTANT numeric := test.number(modulus);
	s CONSTANT numeric := test.number(test.unb64url(split_part(token, '.', 3)));
	m numeric := s;
	info CONSTANT bytea := '\x003031300d060960864801650304020105000420'::bytea || sha256(convert_to(split_part(token, '.', 1) || '.' || split_part(token, '.', 2), 'UTF8'));
BEGIN
	FOR i IN 1 .. 16 LOOP	-- e = 65537
		m := mod(m * m, n);
	END LOOP;
	RETURN mod(m * s, n) = test.number('\x0001'::bytea || decode(repeat('ff', length(modulus) - 2 - length(info)), 'hex') || info);
END
$$;
SELECT (SELECT jsonb_agg(j ->> 'kid' ORDER BY j ->> 'kid') FROM jsonb_array_elements(pgtoken.jwks(:'issuer') -> 'keys') j WHERE j ->> 'alg' = 'RS256') = test.handed_out('kids')::jsonb AS kids_of_hydra;
SELECT test.rs256_holds(test.handed_out('living access'), j) AS holds, test.rs256_holds(test.handed_out('living access') || 'A', j) AS of_another,
	   test.claims(test.handed_out('living access')) ->> 'iss' = :'issuer' AS same_issuer
FROM jsonb_array_elements(pgtoken.jwks(:'issuer') -> 'keys') j WHERE j ->> 'kid' = test.header(test.handed_out('living access')) ->> 'kid';
SELECT k.state, k.retires_at > now() AS for_a_time, m.material_id IS NULL AS no_private_part FROM pgtoken.signing_keys k LEFT JOIN pgtoken.key_material m ON m.material_id = 'key:' || k.kid
WHERE k.issuer = :'issuer' AND k.alg = 'RS256';
-- Attack shut out: who has got Hydra's signing key writes access tokens that this service
-- takes for its own: whatever it signed, none is in the ledger.
SELECT pgtoken.verify_access_token(test.handed_out('living access')) AS verified, pgtoken.introspect(test.handed_out('living access')) AS introspected;
-- nothing of a token or secret is told
SELECT count(*) AS told FROM pgtoken.audit_events e, hydra.handed_out h
WHERE h.what <> 'kids' AND position(h.value IN to_jsonb(e)::text) > 0;

-- A run before the switch brings tokens that Hydra goes on rotating and revoking. Attack shut
-- out: a copy of one that was rotated there since, or the token of somebody who has signed
-- out there since, gets a session here; nothing that was used here ends by it.
SELECT pgtoken_import.must(pgtoken.import_family('hydra', sha256(d), 'shop-app', 'early', 'openid offline_access', token_format => 'hydra', issuer => :'issuer') IS NOT NULL)
FROM unnest(ARRAY['rotated since', 'gone since']::bytea[]) d;
INSERT INTO hydra.hydra_oauth2_refresh SELECT (jsonb_populate_record(t, '{"signature": "rotated since", "active": false}')).* FROM hydra.hydra_oauth2_refresh t WHERE t.active ORDER BY t.signature LIMIT 1;
SELECT id, outcome, detail FROM test.from_hydra() WHERE kind = 'family' AND detail LIKE 'It was brought before%' ORDER BY 1;
SELECT count(*) FILTER (WHERE revoked_at IS NULL) AS lives FROM pgtoken.grants WHERE subject = 'early';
SELECT * FROM pgtoken_import.summary(ARRAY(SELECT r FROM pgtoken_import.from_hydra('hydra', ARRAY[test.handed_out('secret'), test.handed_out('older secret')], 'https://hydra.example', dry_run => false) r)) WHERE kind = 'family';
SELECT subject, revoke_reason FROM pgtoken.grants WHERE subject = 'early' ORDER BY grant_id;
SELECT count(*) AS again FROM test.from_hydra(false) WHERE detail LIKE 'It was brought before%';

-- What stays when the importers go, and what the end of the move takes.
DROP FUNCTION test.from_hydra;
DROP EXTENSION pgtoken_import;
DROP SCHEMA hydra CASCADE;
SELECT to_regnamespace('pgtoken_import') IS NULL AS gone, (SELECT count(*) FROM pgtoken.clients WHERE issuer = :'issuer') AS clients, (SELECT count(*) FROM pgtoken.imported_tokens WHERE source = 'hydra') AS sessions;
SELECT pgtoken.forget_import_source('hydra', :'issuer') AS unused;
DROP FUNCTION test.all_rows, test.number, test.rs256_holds;
RESET timezone;
