-- A session that began at another server goes on here: its refresh token stands for
-- generation 0 of a family. What importers of every kind rest on.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- what other tests have ended of the issuer is nothing to what is imported here
UPDATE pgtoken.issuers SET not_before = NULL WHERE issuer = 'https://id.example';
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('settled', scopes => '{openid,shared}', offline_access => true, resources => '{https://any.example}');
SELECT pgtoken.create_client('moved-app', 'public', scopes => '{openid,shared}', offline_access => true, resources => '{https://any.example}', redirect_uris => '{https://moved.example/cb}');
SELECT pgtoken.create_client('moved-off', 'public', scopes => '{openid}', redirect_uris => '{https://moved.example/cb}');
CREATE FUNCTION test.imported(token text, client text DEFAULT 'moved-app', subject text DEFAULT 'frida', scope text DEFAULT 'openid shared offline_access', more text DEFAULT 'source => ''other''')
	RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	id uuid;
BEGIN
	EXECUTE format('SELECT pgtoken.import_family(token_digest => sha256(%L), client_id => %L, subject => %L, scope => %L, %s)', convert_to(token, 'UTF8'), client, subject, scope, more) INTO id;
	RETURN id;
END
$$;
CREATE FUNCTION test.import_refused(more text DEFAULT 'source => ''other''', token text DEFAULT 'never', client text DEFAULT 'moved-app', subject text DEFAULT 'frida', scope text DEFAULT 'openid shared offline_access')
	RETURNS text LANGUAGE sql AS $$ SELECT test.outcome(format('SELECT test.imported(%L, %L, %L, %L, %L)', token, client, subject, scope, more)) $$;
-- a token of ours for generation 0 of a family
CREATE FUNCTION test.of_family(id uuid, secret bytea) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN 'pgtrt_' || test.b64url('\x01'::bytea || uuid_send(id) || '\x00000000'::bytea || secret);

-- where nothing was imported, it is no token
SELECT test.brief(pgtoken.refresh_grant('a token of the other server', 'moved-app')) AS before;

-- rotation, a retry with the same successor, and what is shown of it
SELECT test.imported('first', more => $$source => 'other', started_at => now() - interval '2 days', auth_time => now() - interval '3 days', acr => 'gold', amr => '{pwd}', session_id => 'sid-of-old',
	claims => '{"plan": "gold"}'$$) AS gid \gset
SELECT decision, scope, refresh_token AS rt1, access_token AS at1, grant_id = :'gid' AS its_family FROM pgtoken.refresh_grant('first', 'moved-app') \gset
SELECT :'decision' AS decision, :'scope' AS scope, :'its_family' AS its_family, left(:'rt1', 6) AS ours;
SELECT decision, refresh_token = :'rt1' AS same_successor FROM pgtoken.refresh_grant('first', 'moved-app');
SELECT c ->> 'sub' AS sub, c ->> 'plan' AS plan, c ->> 'sid' IS NOT NULL OR c ->> 'acr' = 'gold' AS as_there, c -> 'aud' AS aud FROM test.claims(:'at1') c;
SELECT pgtoken.verify_access_token(:'at1') IS NOT NULL AS holds;
SELECT generation, retry, parent_generation, state FROM pgtoken.lineage(:'gid'::uuid);
SELECT grant_type, session_id, acr, amr, created_at < now() - interval '1 day' AS began_there FROM test.family_of(:'gid');
SELECT regexp_replace(l, '[0-9a-f]{8}-[0-9a-f-]+|[0-9-]+ [0-9:]+(\+00)?|jti ..\S+', '...', 'g') AS tree FROM pgtoken.lineage_tree(:'gid'::uuid) l WHERE l NOT LIKE 'from %';
SELECT event, detail - '{jti,decision}'::text[] AS detail FROM pgtoken.audit_events WHERE grant_id = :'gid' ORDER BY event_id;
SELECT client_id, subject FROM pgtoken.sessions WHERE grant_id = :'gid';
SELECT count(*) AS with_its_token FROM pgtoken.audit_events e WHERE e.grant_id = :'gid' AND to_jsonb(e)::text LIKE '%first%';

-- Attack shut out: who has a copy of the other server's token uses it after its owner.
SELECT refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1', 'moved-app') \gset
SELECT refresh_token AS rt3 FROM pgtoken.refresh_grant(:'rt2', 'moved-app') \gset
SELECT test.brief(pgtoken.refresh_grant('first', 'moved-app')) AS copied;
SELECT test.brief(pgtoken.refresh_grant(:'rt3', 'moved-app')) AS owner;
SELECT revoke_reason FROM test.family_of(:'gid');
SELECT n FROM test.events(:'gid') WHERE event = 'refresh.reuse';

-- Attack shut out: another client presents it, or who is not the client at all; that
-- does not end the family either.
SELECT test.imported('second', 'settled') AS gid \gset
SELECT test.brief(pgtoken.refresh_grant('second', 'moved-app')) AS other_client, test.brief(pgtoken.refresh_grant('second', 'settled', 'wrong')) AS wrong_secret,
	   test.brief(pgtoken.refresh_grant('second', 'settled')) AS no_secret;
SELECT test.brief(pgtoken.refresh_grant('second', 'settled', test.secret('settled'))) AS owner;
-- a key that it was bound to there has to be proved here
SELECT test.imported('bound', more => $$source => 'other', cnf => '{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}'$$) AS gid \gset
SELECT test.brief(pgtoken.refresh_grant('bound', 'moved-app')) AS unproved;
SELECT decision, token_type FROM pgtoken.refresh_grant('bound', 'moved-app', cnf => '{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}');

-- Attack shut out: who has read this database, or the other server's storage with the
-- digests of its tokens, writes a token of ours for generation 0.
SELECT test.imported('third') AS gid \gset
SELECT what, test.brief(pgtoken.refresh_grant(test.forge(:'rt3', 0, secret), 'moved-app')) AS of_another_family, test.brief(pgtoken.refresh_grant(test.of_family(:'gid', secret), 'moved-app')) AS of_the_family
FROM (SELECT 'digest' AS what, sha256('third') AS secret UNION ALL SELECT 'hash', token_hash FROM pgtoken.imported_tokens WHERE grant_id = :'gid'
	  UNION ALL SELECT 'hash of it', sha256(token_hash) FROM pgtoken.imported_tokens WHERE grant_id = :'gid') s;
SELECT t.token_hash = g.current_hash AS known_by_one_hash, t.token_hash <> sha256('third') AND t.token_hash <> sha256(sha256('third')) AS by_no_digest_alone
FROM pgtoken.imported_tokens t JOIN pgtoken.grants g USING (grant_id) WHERE t.grant_id = :'gid';
SELECT test.brief(pgtoken.refresh_grant(v, 'moved-app')) AS as_text FROM unnest(ARRAY['third ', 'Third', 'thir', '', encode(sha256('third'), 'hex'), encode(sha256('third'), 'base64'), repeat('x', 5000)]) v;

-- introspection and revocation go by it, too; and by it alone while it is the current one
SELECT pgtoken.introspect('third') - '{iat,exp,grant_id}'::text[] AS introspected;
SELECT a.body ->> 'active' AS active_by_http FROM test.http('introspect', test.form('token', 'third'), test.basic('settled')) a;
SELECT a.body ->> 'active' AS active_elsewhere FROM test.http('introspect', test.form('token', 'no such thing'), test.basic('settled')) a;
SELECT count(*) AS blacklisted FROM pgtoken.blacklist_token('third', 'test');
SELECT test.brief(pgtoken.refresh_grant('third', 'moved-app')) AS blacklisted;
SELECT test.imported('fourth', 'settled') AS gid \gset
SELECT test.brief(test.http('revoke', test.form('token', 'fourth'), test.basic('settled'))) AS revoked;
SELECT revoke_reason FROM test.family_of(:'gid');
SELECT test.imported('fifth') AS gid \gset
SELECT generation FROM pgtoken.revoke_family('fifth', 'by an operator');
SELECT test.brief(pgtoken.refresh_grant('fifth', 'moved-app')) AS revoked, pgtoken.introspect('fifth') AS introspected;
-- not rotated, where the client's tokens never are
SELECT pgtoken.create_client('moved-still', rotation => 'never', scopes => '{openid}', offline_access => true) IS NOT NULL AS made;
SELECT test.imported('sixth', 'moved-still', scope => 'openid offline_access') AS gid \gset
INSERT INTO test.clients SELECT 'moved-still', (pgtoken.create_client_secret('moved-still')).client_secret;
SELECT decision, generation FROM (SELECT r.decision, r.grant_id FROM pgtoken.refresh_grant('sixth', 'moved-still', test.secret('moved-still')) r) r JOIN LATERAL test.family_of(r.grant_id) f ON true;

-- Repeated, it is told from what is new; also once its family was ended, or is gone.
SELECT pgtoken.imported_family('other', sha256('fifth')) IS NOT NULL AS known, pgtoken.imported_family('other', sha256('sixty')) IS NULL AS unknown,
	   pgtoken.imported_family('another', sha256('fifth')) IS NULL AS of_no_source, pgtoken.imported_family('other', sha256('fifth'), 'http://localhost:3000') IS NULL AS of_no_issuer;
SELECT regexp_replace(test.import_refused(token => 'fifth'), '[0-9a-f]{8}-[0-9a-f-]+', '...') AS again;
-- Attack shut out: a session that was ended here is brought back by the importer.
DELETE FROM pgtoken.grants WHERE grant_id = pgtoken.imported_family('other', sha256('fifth'));
SELECT regexp_replace(test.import_refused(token => 'fifth'), '[0-9a-f]{8}-[0-9a-f-]+', '...') AS again;
SELECT count(*) AS still_known FROM pgtoken.purge_batch('imported_tokens', 1000, anew => true) p, pgtoken.imported_tokens t
WHERE p.finished AND t.grant_id = pgtoken.imported_family('other', sha256('fifth'));
UPDATE pgtoken.imported_tokens SET expires_at = now() - interval '2 days';
SELECT finished FROM pgtoken.purge_batch('imported_tokens', 1000, anew => true);
SELECT pgtoken.imported_family('other', sha256('fifth')) IS NULL AS forgotten, pgtoken.imported_family('other', sha256('second')) IS NOT NULL AS kept_with_its_family;

-- What stands against it, by name
SELECT pgtoken.update_client('moved-off', enabled => false);
SELECT pgtoken.block_subject('hanna', 'test');
SELECT test.import_refused(client => 'nobody') AS unknown_client, test.import_refused(client => 'moved-off', scope => 'openid offline_access') AS switched_off;
SELECT pgtoken.update_client('moved-off', enabled => true);
SELECT test.import_refused(client => 'moved-off', scope => 'openid offline_access') AS not_offline;
SELECT test.import_refused(scope => 'openid shared notes offline_access') AS scope, test.import_refused(scope => 'openid  shared') AS malformed, test.import_refused(scope => 'openid shared') AS no_offline_access;
SELECT test.import_refused($$source => 'other', audience => '{https://none.example}'$$) AS audience;
SELECT test.import_refused(subject => 'hanna') AS blocked, test.import_refused(subject => 'ünïcode') AS subject;
SELECT test.import_refused($$source => 'other', expires_at => now()$$) AS over, test.import_refused($$source => 'other', token_expires_at => now()$$) AS token_over,
	   test.import_refused($$source => 'other', token_issued_at => now() - interval '10 years'$$) AS idle, test.import_refused($$source => 'other', started_at => now() - interval '10 years'$$) AS old,
	   test.import_refused($$source => 'other', started_at => now() + interval '1 day'$$) AS future;
SELECT pgtoken.set_not_before(now() - interval '1 day', 'https://id.example', subject => 'greta') IS NOT NULL AS set;
SELECT test.import_refused($$source => 'other', started_at => now() - interval '2 days'$$, subject => 'greta') AS not_before;
SELECT test.imported('seventh', subject => 'greta', more => $$source => 'other', started_at => now() - interval '1 hour'$$) IS NOT NULL AS began_after;
SELECT test.import_refused($$source => 'Other!'$$) AS source, test.import_refused($$source => NULL$$) AS no_source, test.import_refused($$source => 'other', claims => '{"sub": "root"}'$$) AS claims;
SELECT test.outcome($$SELECT pgtoken.import_family('other', 'short', 'moved-app', 'frida', 'openid')$$) AS digest;
-- its ends are the earlier ones of the client's and the source's
SELECT test.imported('eighth', more => $$source => 'other', expires_at => now() + interval '1 hour', token_expires_at => now() + interval '10 minutes'$$) AS gid \gset
SELECT expires_at <= now() + interval '1 hour' AS ends, rotated_at + idle_lifetime BETWEEN now() + interval '9 minutes' AND now() + interval '10 minutes' AS unless_used FROM test.family_of(:'gid');
SELECT decision, refresh_token_expires_in BETWEEN 3500 AND 3600 AS used FROM pgtoken.refresh_grant('eighth', 'moved-app');
-- Attack shut out: what ended at the beginning of time over there is taken for what has no end, and begins anew.
SELECT a AS argument, test.import_refused(format($$source => 'other', %s => '-infinity'$$, a)) AS refused FROM unnest('{auth_time,started_at,expires_at,token_issued_at,token_expires_at}'::text[]) a;
SELECT test.outcome($$SELECT pgtoken.import_signing_key('{}', 'jwk', verify_until => '-infinity')$$) AS key;

-- Keys keep their name: what the other server has signed verifies by jwks(). A private key
-- that only verifies is not kept.
\set rsa '{"kty":"RSA","use":"sig","alg":"RS256","kid":"other-rsa","n":"{n}","e":"AQAB"}'
SELECT replace(:'rsa', '{n}', test.b64url('\xc1'::bytea || substring(sha512('a') || sha512('b') || sha512('c') || sha512('d') FROM 1 FOR 254) || '\x01'::bytea)) AS rsa \gset
\set ec '{"kty":"EC","crv":"P-256","kid":"other-ec","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}'
\set okp '{"kty":"OKP","crv":"Ed25519","kid":"other-okp","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
SELECT pgtoken.create_issuer('https://moved.example') AS issuer \gset
SELECT pgtoken.import_signing_key(:'rsa', 'jwk', issuer => :'issuer', verify_until => now() + interval '1 day') AS public_only, pgtoken.import_signing_key(:'ec', 'jwk', issuer => :'issuer') AS ec,
	   pgtoken.import_signing_key(:'okp', 'jwk', issuer => :'issuer', verify_until => now() + interval '1 day') AS okp;
SELECT k.kid, k.alg, k.state, k.retires_at > now() AS until, m.material_id IS NOT NULL AS private_part FROM pgtoken.signing_keys k LEFT JOIN pgtoken.key_material m ON m.material_id = 'key:' || k.kid
WHERE k.issuer = :'issuer' ORDER BY k.kid;
SELECT j ->> 'kid' AS kid, j ->> 'x' = (:'ec'::jsonb) ->> 'x' AS same, j ? 'd' AS private FROM jsonb_array_elements(pgtoken.jwks(:'issuer') -> 'keys') j ORDER BY 1;
RESET client_min_messages;
SELECT pgtoken.import_signing_key(:'ec', 'jwk', issuer => :'issuer') AS again;
SET client_min_messages = warning;
SELECT pgtoken.create_client('moved-es', 'public', scopes => '{openid}', issuer => :'issuer', redirect_uris => '{https://moved.example/cb}') IS NOT NULL AS made;
SELECT access_token AS at FROM pgtoken.issue_tokens('moved-es', 'frida', 'openid') \gset
SELECT test.header(:'at') ->> 'kid' AS signed_by, pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
-- Attack shut out: whoever has a key of the other server, which verifies here and signs nothing,
-- writes with it what we would write, of a session that lives.
BEGIN;
UPDATE pgtoken.signing_keys SET state = 'retiring', activated_at = NULL, retiring_at = now(), retires_at = now() + interval '1 day' WHERE kid = 'other-ec';
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds, pgtoken.introspect(:'at') AS introspected, jsonb_path_exists(pgtoken.jwks(:'issuer'), '$.keys[*] ? (@.kid == "other-ec")') AS published;
ROLLBACK;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
-- Attack shut out: a public half of another key, which gives the private one away or signs
-- for nobody; a secret for a signature; a key of too few bits; one that takes another's name.
SELECT what, test.outcome(format('SELECT pgtoken.import_signing_key(%L, %L, %L, issuer => %L, kid => %L)', key, format, alg, :'issuer', kid)) AS refused
FROM (VALUES ('another half', jsonb_set(:'okp'::jsonb, '{x}', '"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"')::text, 'jwk', NULL, 'x'),
			 ('another point', jsonb_set(:'ec'::jsonb, '{d}', '"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"')::text, 'jwk', NULL, 'x'),
			 ('secret', '{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8"}', 'jwk', NULL, 'x'),
			 ('HS256', '{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8"}', 'jwk', 'HS256', 'x'),
			 ('short', '{"kty":"RSA","n":"AQAB","e":"AQAB"}', 'jwk', NULL, 'x'),
			 ('public', :'rsa', 'jwk', NULL, 'x'), ('encryption', jsonb_set(:'ec'::jsonb, '{use}', '"enc"')::text, 'jwk', NULL, 'x'),
			 ('name', :'okp', 'jwk', NULL, 'other-ec'), ('name of many', :'okp', 'jwk', NULL, repeat('x', 129)), ('name of two words', :'okp', 'jwk', NULL, 'a b'),
			 ('form', :'okp', 'pem', NULL, 'x'), ('no PEM', :'okp', 'pkcs8', NULL, 'x'), ('no file', 'AAAA', 'pkcs12', NULL, 'x'), ('algorithm', :'okp', 'jwk', 'none', 'x'),
			 ('other algorithm', :'okp', 'jwk', 'ES256', 'x'), ('nothing', NULL, 'jwk', NULL, 'x')) v (what, key, format, alg, kid);
SELECT test.outcome(format('SELECT pgtoken.import_signing_key(%L, ''jwk'', password => ''x'')', :'okp')) AS password, test.outcome(format('SELECT pgtoken.import_signing_key(%L, ''jwk'', verify_until => now())', :'okp')) AS over;
SELECT count(*) AS kept FROM pgtoken.signing_keys WHERE issuer = :'issuer';

-- Consents, and the one secret of a client
SELECT pgtoken.import_consent('moved-app', 'frida', '{openid,shared}', granted_at => '2020-01-01') AS imported, pgtoken.import_consent('moved-app', 'frida', '{openid}') AS again;
SELECT resource, scopes, granted_at = '2020-01-01' AS as_there, expires_at FROM pgtoken.consents WHERE client_id = 'moved-app';
SELECT test.outcome($$SELECT pgtoken.import_consent('nobody', 'frida', '{openid}')$$) AS client, test.outcome($$SELECT pgtoken.import_consent('moved-app', 'frida', '{notes}')$$) AS scope,
	   test.outcome($$SELECT pgtoken.import_consent('moved-app', 'frida', '{openid}', 'https://none.example')$$) AS resource, test.outcome($$SELECT pgtoken.import_consent('moved-app', 'frida', '{openid}', expires_at => now())$$) AS over,
	   test.outcome($$SELECT pgtoken.import_consent('moved-app', '', '{openid}')$$) AS subject, test.outcome($$SELECT pgtoken.import_consent('moved-app', 'frida', NULL)$$) AS nothing;
SELECT pgtoken.revoke_other_client_secrets('settled', pgtoken.import_client_secret('settled', '$2b$04$39tnvVVQVMJrFGr59.c0j.xJdpSK/mPPbki0tT8uiQTU3fGP8pV.i')) AS others;
SELECT test.brief(test.http('introspect', test.form('token', 'x'), test.basic('settled'))) AS made_here;

-- What authenticates a source's tokens is brought before them, and is there once.
SELECT pgtoken.import_token_secret('signed', 'sixteen characters') AS new, pgtoken.import_token_secret('signed', 'sixteen characters') AS again;
SELECT test.outcome($$SELECT pgtoken.import_token_secret('other', 'sixteen characters')$$) AS too_late, test.outcome($$SELECT pgtoken.import_token_secret('signed', 'short')$$) AS short,
	   test.outcome($$SELECT pgtoken.import_token_secret('signed', 'sixteen characters', token_format => 'whole')$$) AS format;
SELECT count(*) FROM generate_series(2, 8) n WHERE pgtoken.import_token_secret('signed', 'another of sixteen ' || n);
SELECT test.outcome($$SELECT pgtoken.import_token_secret('signed', 'one too many of sixteen')$$) AS ninth;
-- Attack shut out: what is stored of a signed token, half of it, is presented as a whole one.
SELECT test.import_refused($$source => 'signed'$$) AS as_a_whole, test.import_refused($$source => 'other', token_format => 'hydra'$$) AS without_secret,
	   test.import_refused($$source => 'other', issuer => 'https://moved.example'$$) AS other_issuer, test.import_refused($$source => 'other', token_format => 'half'$$) AS format;
SELECT source, token_format, cardinality(secret_ids) AS secrets FROM pgtoken.import_sources ORDER BY source;
SELECT count(*) AS kept, bool_and(length(material) >= 32) AND bool_and(position(convert_to('sixteen', 'UTF8') IN material) = 0) AS as_a_hash FROM pgtoken.key_material WHERE material_id LIKE 'import:%';

-- The end of the move: what was refreshed lives on.
SELECT test.imported('ninth') AS gid \gset
SELECT refresh_token AS rt FROM pgtoken.refresh_grant('ninth', 'moved-app') \gset
SELECT test.imported('tenth') AS gid \gset
SELECT regexp_replace(test.outcome($$SELECT pgtoken.forget_import_source('other')$$), '\d+ sessions', 'n sessions') AS some_unused;
SELECT pgtoken.forget_import_source('other', force => true) > 0 AS ended, pgtoken.forget_import_source('other') AS again, pgtoken.forget_import_source('signed') AS unused;
SELECT test.brief(pgtoken.refresh_grant('tenth', 'moved-app')) AS unused, test.brief(pgtoken.refresh_grant('ninth', 'moved-app')) AS used, (pgtoken.refresh_grant(:'rt', 'moved-app')).decision AS goes_on;
SELECT revoke_reason FROM test.family_of(:'gid');
SELECT count(*) AS left_behind FROM (SELECT FROM pgtoken.imported_tokens UNION ALL SELECT FROM pgtoken.import_sources UNION ALL SELECT FROM pgtoken.key_material WHERE material_id LIKE 'import:%') l;

-- who may
SELECT p.proname, array_agg(DISTINCT a.grantee::regrole::text) FILTER (WHERE a.grantee <> p.proowner) AS granted FROM pg_proc p, aclexplode(p.proacl) a
WHERE p.pronamespace = 'pgtoken'::regnamespace AND p.proname ~ '^(import_(fam|cons|sig|tok)|imported_|forget_import|revoke_other|take_signing)' GROUP BY 1 ORDER BY 1;
DROP FUNCTION test.imported, test.import_refused, test.of_family;
