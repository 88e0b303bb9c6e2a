-- Profiles of clients: what each demands, a line each that is red without it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer('https://bank.example', 'ES256');
SELECT length(pgtoken.create_signing_key('ES256', 'https://bank.example')) AS kid_length;
SELECT pgtoken.create_issuer('https://old.example', 'RS256');

-- A statement and how it ends: with message, detail and hint.
CREATE FUNCTION test.told(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE || ': ' || SQLERRM, NULLIF(detail, ''), NULLIF(hint, ''));
END
$$;
CREATE FUNCTION test.profile(client text) RETURNS text LANGUAGE sql STABLE
	RETURN (SELECT concat_ws(' ', c.profile, c.rotation, c.signing_alg, c.metadata - 'jwks') FROM pgtoken.clients c WHERE c.client_id = client);
CREATE FUNCTION test.with_keys(metadata text) RETURNS jsonb LANGUAGE sql
	RETURN jsonb_build_object('jwks', pgtoken.jwks('https://bank.example')) || metadata::jsonb;

-- OAuth 2.1 is the default of clients made in SQL, and whoever asks for what it forbids goes on working, and is told.
SELECT client_id FROM pgtoken.create_client('plain-client', issuer => 'https://bank.example');
SET client_min_messages = notice;
SELECT client_id FROM pgtoken.create_client('older', issuer => 'https://bank.example', metadata => '{"require_pkce": false, "grant_types": ["password"]}');
SELECT client_id FROM pgtoken.create_client('meant', issuer => 'https://bank.example', metadata => '{"require_pkce": false}', profile => 'oauth2');
SELECT client_id FROM pgtoken.create_client('older', issuer => 'https://bank.example', metadata => '{"require_pkce": false, "grant_types": ["password"]}', if_not_exists => true);
SELECT client_id FROM pgtoken.create_client('older', issuer => 'https://bank.example', if_not_exists => true);
SET client_min_messages = warning;
SELECT c, test.profile(c) FROM unnest('{plain-client,older,meant}'::text[]) c;
SELECT n, test.told(format('SELECT pgtoken.create_client(%L, issuer => %L, metadata => %L, profile => %L)', 'x', 'https://bank.example', metadata, profile))
FROM (VALUES (1, '{"require_pkce": false, "grant_types": ["password", "client_credentials"]}', 'oauth21'), (2, '{"require_pkce": false}', 'oauth21'),
	(3, '{"grant_types": ["password"]}', 'oauth21'), (4, '{}', 'oauth3'), (5, '{}', 'FAPI2')) v (n, metadata, profile) ORDER BY n;
-- Attack shut out: a client whose codes nobody else can use becomes, by one word among its metadata, one whose codes anybody can.
SELECT test.told($$SELECT pgtoken.update_client('plain-client', metadata => '{"require_pkce": false}')$$) AS changed,
	   test.outcome($$UPDATE pgtoken.clients SET metadata = '{"require_pkce": false}' WHERE client_id = 'plain-client'$$) AS whoever_writes;
SELECT pgtoken.update_client('older', metadata => '{"require_pkce": null, "grant_types": null}', profile => 'oauth21') AS changed;
SELECT test.profile('older');
SELECT pgtoken.update_client('plain-client', metadata => '{"require_pkce": false}', profile => 'oauth2') AS changed;
SELECT test.profile('plain-client');
SELECT pgtoken.update_client('plain-client', client_name => 'Plain') AS changed;
SELECT test.profile('plain-client') AS profile_stays;

-- FAPI 2.0: what it demands is filled in where it is not said otherwise.
SELECT client_id, client_secret FROM pgtoken.create_client('fapi-key', redirect_uris => '{https://rp.example/cb}', offline_access => true, issuer => 'https://bank.example',
	metadata => test.with_keys('{}'), profile => 'fapi2');
SELECT client_id, client_secret FROM pgtoken.create_client('fapi-certificate', signing_alg => 'EdDSA', rotation => 'always', issuer => 'https://bank.example',
	metadata => '{"tls_client_auth_subject_dn": "CN=rp", "tls_client_certificate_bound_access_tokens": true}', profile => 'fapi2-message-signing');
SELECT c, test.profile(c) FROM unnest('{fapi-key,fapi-certificate}'::text[]) c;
-- and said otherwise it is refused, each by its sentence
SELECT n, test.told(format('SELECT pgtoken.create_client(%L, %L, issuer => %L, metadata => test.with_keys(%L), redirect_uris => %L, signing_alg => %L, rotation => %L, profile => %L)',
	'x', client_type, issuer, metadata, redirect_uris, signing_alg, rotation, 'fapi2'))
FROM (VALUES (1, 'public', '{"token_endpoint_auth_method": "none"}', '{}', NULL, NULL, 'https://bank.example'),
	(2, 'confidential', '{"token_endpoint_auth_method": "client_secret_basic"}', '{}', NULL, NULL, 'https://bank.example'),
	(3, 'confidential', '{"token_endpoint_auth_method": "client_secret_jwt"}', '{}', NULL, NULL, 'https://bank.example'),
	(4, 'confidential', '{"token_endpoint_auth_signing_alg": "RS256"}', '{}', NULL, NULL, 'https://bank.example'),
	(5, 'confidential', '{"token_endpoint_auth_signing_alg": "ES512"}', '{}', NULL, NULL, 'https://bank.example'),
	(6, 'confidential', '{"require_issuer_audience": false}', '{}', NULL, NULL, 'https://bank.example'),
	(7, 'confidential', '{"require_pushed_authorization_requests": false}', '{}', NULL, NULL, 'https://bank.example'),
	(8, 'confidential', '{"dpop_bound_access_tokens": false}', '{}', NULL, NULL, 'https://bank.example'),
	(9, 'confidential', '{"require_pkce": false}', '{}', NULL, NULL, 'https://bank.example'),
	(10, 'confidential', '{"grant_types": ["authorization_code", "password"]}', '{}', NULL, NULL, 'https://bank.example'),
	(11, 'confidential', '{}', '{https://rp.example/cb,http://127.0.0.1/cb}', NULL, NULL, 'https://bank.example'),
	(12, 'confidential', '{}', '{}', 'RS256', NULL, 'https://bank.example'), (13, 'confidential', '{}', '{}', 'HS256', NULL, 'https://bank.example'),
	(14, 'confidential', '{}', '{}', NULL, NULL, 'https://old.example'), (15, 'confidential', '{"jwks": null}', '{}', NULL, NULL, 'https://bank.example')
	) v (n, client_type, metadata, redirect_uris, signing_alg, rotation, issuer) ORDER BY n;
-- what it may be: each of the algorithms, under either name, and an application that is installed
SELECT n, test.outcome(format('SELECT pgtoken.create_client(%L, issuer => %L, metadata => test.with_keys(%L), redirect_uris => %L, profile => %L)', 'may-' || n, 'https://bank.example', metadata, redirect_uris, 'fapi2'))
FROM (VALUES (1, '{"token_endpoint_auth_signing_alg": "PS256"}', '{}'), (2, '{"token_endpoint_auth_signing_alg": "EdDSA"}', '{}'),
	(3, '{"token_endpoint_auth_signing_alg": "Ed25519"}', '{}'), (4, '{"application_type": "native"}', '{http://127.0.0.1/cb}'),
	(5, '{"grant_types": ["client_credentials"], "dpop_bound_access_tokens": false, "tls_client_certificate_bound_access_tokens": true}', '{}')) v (n, metadata, redirect_uris) ORDER BY n;

-- A living client is told all that it would have to change first, and nothing is changed before.
SELECT client_id FROM pgtoken.create_client('living', redirect_uris => '{http://localhost/cb}', issuer => 'https://old.example', metadata => '{"require_pkce": false, "grant_types": ["authorization_code", "password"]}');
SELECT replace(test.told($$SELECT pgtoken.update_client('living', profile => 'fapi2')$$), '. ', E'.\n') AS told;
SELECT test.profile('living') AS as_it_was;
SELECT pgtoken.update_client('living', redirect_uris => '{https://rp.example/cb}', signing_alg => 'ES256', metadata => test.with_keys('{"require_pkce": null, "grant_types": null,
	"token_endpoint_auth_method": "private_key_jwt", "require_issuer_audience": true, "require_pushed_authorization_requests": true, "dpop_bound_access_tokens": true}'), profile => 'fapi2') AS changed;
SELECT test.profile('living') AS as_demanded;
-- and keeps it
SELECT test.told($$SELECT pgtoken.update_client('living', metadata => '{"require_pushed_authorization_requests": null}')$$) AS no_way_back_but_by_profile;
-- the issuer's default, whatever it becomes, is none of its algorithms
SELECT test.told($$SELECT pgtoken.update_client('living', reset => '{signing_alg}')$$) AS default_is_rs256;
-- the table itself refuses it as well, whoever writes
SELECT test.outcome($$UPDATE pgtoken.clients SET profile = 'fapi2' WHERE client_id = 'older'$$) AS by_hand, test.outcome($$UPDATE pgtoken.clients SET profile = 'fapi' WHERE client_id = 'older'$$) AS unknown;
