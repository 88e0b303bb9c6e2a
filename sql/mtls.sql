-- Clients known by a certificate (RFC 8705): by a name in it or by itself, and the
-- host where they are asked for one; several ways of a client while it changes.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- CN=rp, and a second one: CN=rp; RP.example, *.wild.example, spiffe://example/rp, 192.0.2.1, 2001:db8::1, rp@Mail.Example
\set plain ':MIIBMDCB46ADAgECAhRSNV2W+E4LmvGbqMJueM5CGinf0TAFBgMrZXAwDTELMAkGA1UEAwwCcnAwIBcNMjYxMTI5MDExMzE5WhgPMjEyNjExMDUwMTEzMTlaMA0xCzAJBgNVBAMMAnJwMCowBQYDK2VwAyEAW8vGAAk99uFCrovmWYOufHSrDEeJKc+V4ktIPnxRkmyjUzBRMB0GA1UdDgQWBBTacGFX0//w62iJ6SI8MfCsr4oT/zAfBgNVHSMEGDAWgBTacGFX0//w62iJ6SI8MfCsr4oT/zAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAAy5v41mEUojAi2HVswJ0DxqwqnO+r++ega3n7j0dn8DGqP991T6/Kkgj0ZF1bQja+kvuFPusVg8HSlzmFG88gc=:'
\set named ':MIIBlTCCAUegAwIBAgIUXymYeIQUmZvp62IoY3jXHDWwsAUwBQYDK2VwMA0xCzAJBgNVBAMMAnJwMCAXDTI2MTEyOTAxNDU0M1oYDzIxMjYxMTA1MDE0NTQzWjANMQswCQYDVQQDDAJycDAqMAUGAytlcAMhADtBH7nu8udLx5xrzd1c33jkdk15Sy1XAoBWGxmytNfno4G2MIGzMB0GA1UdDgQWBBRA7x5UOON1nCgEtI3DBowczuIe+DAfBgNVHSMEGDAWgBRA7x5UOON1nCgEtI3DBowczuIe+DBjBgNVHREEXDBaggpSUC5leGFtcGxlgg4qLndpbGQuZXhhbXBsZYYTc3BpZmZlOi8vZXhhbXBsZS9ycIcEwAACAYcQIAENuAAAAAAAAAAAAAAAAYEPcnBATWFpbC5FeGFtcGxlMAwGA1UdEwEB/wQCMAAwBQYDK2VwA0EAeq6xjmyVXL+4pZc+irH0HSE+soGnLmnyV9dQ/NmZUKJ8UZ0yLRJTALZ4MFGnax4dUwPibXcsu5/wVU1akmUgDw==:'
\set thumbprint di8MQ3dRciEnCtIMawR9tvUTfChbI7Tli3deA2MxWec
SELECT pgtoken.create_issuer('https://mtls.example');
SELECT length(pgtoken.create_signing_key('ES256', 'https://mtls.example')) AS kid_length;
SELECT pgtoken.create_resource('https://api.mtls.example', '{read}', issuer => 'https://mtls.example');
SELECT set_config('pgtoken.http_authenticator', quote_ident(session_user), false) <> '' AS layer;
CREATE FUNCTION test.mtls_client(client text, metadata text) RETURNS text LANGUAGE sql
	RETURN test.outcome(format('SELECT pgtoken.create_client(%L, scopes => ''{read}'', issuer => ''https://mtls.example'', metadata => %L)', client,
		'{"grant_types": ["client_credentials"], "token_endpoint_auth_method": "tls_client_auth"}'::jsonb || metadata::jsonb));
CREATE FUNCTION test.comes_with(client text, certificate text, host text DEFAULT 'mtls.example', path text DEFAULT '/oauth2/token', more text[] DEFAULT '{}') RETURNS text LANGUAGE sql
	RETURN (SELECT concat_ws(' ', r.status, r.body ->> 'error', CASE WHEN r.body ? 'access_token' THEN 'token' END)
			FROM test.request('POST', path, test.form(VARIADIC ARRAY['grant_type', 'client_credentials', 'client_id', client, 'scope', 'read'] || more), jsonb_build_object('host', host), jsonb_build_object('certificate', certificate)) r);

-- Exactly one name, each of its kind and in full (C137).
SELECT n, test.mtls_client('name-' || n, metadata) FROM (VALUES (1, '{"tls_client_auth_san_dns": "rp.example"}'), (2, '{"tls_client_auth_san_uri": "spiffe://example/rp"}'),
	(3, '{"tls_client_auth_san_ip": "2001:DB8:0::1"}'), (4, '{"tls_client_auth_san_email": "rp@mail.example"}'), (5, '{"tls_client_auth_subject_dn": "CN=rp"}'),
	(6, '{"tls_client_auth_san_dns": "a.wild.example"}'), (7, '{"tls_client_auth_san_ip": "192.0.2.2"}'), (8, '{"tls_client_auth_san_uri": "https://rp.example"}')) v (n, metadata) ORDER BY n;
SELECT n, pgtoken.client_metadata_problem('confidential', '{"token_endpoint_auth_method": "tls_client_auth"}'::jsonb || metadata::jsonb)
FROM (VALUES (1, '{}'), (2, '{"tls_client_auth_san_dns": "rp.example", "tls_client_auth_subject_dn": "CN=rp"}'), (3, '{"tls_client_auth_san_dns": "rp.example", "tls_client_auth_san_uri": "spiffe://x/y"}'),
	(4, '{"tls_client_auth_san_dns": "*.example"}'), (5, '{"tls_client_auth_san_dns": ["rp.example"]}'), (6, '{"tls_client_auth_san_ip": "192.0.2.0/24"}'), (7, '{"tls_client_auth_san_uri": "rp"}'),
	(8, '{"tls_client_auth_san_email": "rp"}'), (9, '{"tls_client_auth_san_other": "rp"}')) v (n, metadata) ORDER BY n;
SELECT n, test.comes_with('name-' || n, :'named') AS named, test.comes_with('name-' || n, :'plain') AS plain, test.comes_with('name-' || n, NULL) AS without FROM generate_series(1, 8) n;

-- Attack shut out: where nobody has looked at who signed it, anybody makes himself a certificate with the client's name.
SET pgtoken.http_client_certificates_verified = off;
SELECT n, test.comes_with('name-' || n, :'named') AS unverified FROM generate_series(1, 5) n;
RESET pgtoken.http_client_certificates_verified;

-- A certificate that is registered itself: by x5c or x5t#S256 of one of the client's keys, whoever has signed it (C138).
SELECT n, pgtoken.client_metadata_problem('confidential', '{"token_endpoint_auth_method": "self_signed_tls_client_auth"}'::jsonb || metadata::jsonb)
FROM (VALUES (1, '{}'), (2, '{"jwks_uri": "https://rp.example/jwks"}'), (3, jsonb_build_object('jwks', pgtoken.jwks('https://mtls.example'))::text)) v (n, metadata) ORDER BY n;
CREATE FUNCTION test.with_certificate(member jsonb) RETURNS text LANGUAGE sql
	RETURN jsonb_build_object('token_endpoint_auth_method', 'self_signed_tls_client_auth', 'jwks', jsonb_set(pgtoken.jwks('https://mtls.example'), '{keys,0}', pgtoken.jwks('https://mtls.example') #> '{keys,0}' || member));
SELECT test.mtls_client('by-x5c', test.with_certificate(jsonb_build_object('x5c', ARRAY[trim(both ':' from :'plain'), trim(both ':' from :'named')]))) AS x5c,
	   test.mtls_client('by-x5t', test.with_certificate(jsonb_build_object('x5t#S256', :'thumbprint'))) AS x5t;
SET pgtoken.http_client_certificates_verified = off;
-- Attack shut out: another certificate with the same name; that of whoever has signed the client's.
SELECT c, test.comes_with(c, :'plain') AS its_own, test.comes_with(c, :'named') AS another, test.comes_with(c, NULL) AS without FROM unnest('{by-x5c,by-x5t}'::text[]) c;
RESET pgtoken.http_client_certificates_verified;
SELECT test.comes_with('by-x5c', :'plain') AS verified_as_well;
SELECT detail ->> 'client_auth_method' AS method, count(*) FROM pgtoken.audit_events WHERE client_id IN ('by-x5c', 'name-1') AND event = 'grant.issued' GROUP BY 1 ORDER BY 1;

-- Several ways, while a client changes from one to the other; the audit says which came (C139).
SELECT n, pgtoken.client_metadata_problem(client_type, metadata::jsonb)
FROM (VALUES (1, 'confidential', '{"additional_auth_methods": ["private_key_jwt"]}'), (2, 'confidential', '{"additional_auth_methods": ["tls_client_auth"], "tls_client_auth_subject_dn": "CN=rp"}'),
	(3, 'confidential', '{"additional_auth_methods": ["client_secret_basic"]}'), (4, 'confidential', '{"additional_auth_methods": ["none"]}'), (5, 'confidential', '{"additional_auth_methods": "private_key_jwt"}'),
	(6, 'public', '{"additional_auth_methods": ["client_secret_basic"]}'), (7, 'confidential', '{"additional_auth_methods": ["client_secret_jwt", "client_secret_jwt"]}'),
	(8, 'confidential', '{"token_endpoint_auth_method": "client_secret_basic", "additional_auth_methods": ["client_secret_post"]}')) v (n, client_type, metadata) ORDER BY n;
SELECT client_secret AS secret FROM pgtoken.create_client('changing', scopes => '{read}', issuer => 'https://mtls.example', metadata => '{"grant_types": ["client_credentials"]}') \gset
SELECT test.comes_with('changing', :'plain') AS not_yet;
SELECT pgtoken.update_client('changing', metadata => '{"additional_auth_methods": ["tls_client_auth"], "tls_client_auth_subject_dn": "CN=rp"}') AS changed;
SELECT test.comes_with('changing', :'plain') AS by_certificate, test.comes_with('changing', NULL, more => ARRAY['client_secret', :'secret']) AS by_secret,
	   test.comes_with('changing', :'plain', more => '{client_secret,wrong}') AS wrong_secret_beside_it, test.comes_with('changing', NULL) AS neither;
SELECT pgtoken.update_client('changing', metadata => '{"additional_auth_methods": null, "token_endpoint_auth_method": "tls_client_auth"}') AS changed;
SELECT test.comes_with('changing', :'plain') AS by_certificate, test.comes_with('changing', NULL, more => ARRAY['client_secret', :'secret']) AS by_secret;
SELECT event, detail ->> 'client_auth_method' AS method, count(*) FROM pgtoken.audit_events WHERE client_id = 'changing' AND event IN ('grant.issued', 'client.authentication_failed') GROUP BY 1, 2 ORDER BY 1, 2;
-- Attack shut out: a copied token is good for retries for years, since one of several ways proves a key.
SELECT test.outcome($$SELECT pgtoken.update_client('changing', retry_window => '2 years')$$) AS always_a_key,
	   test.outcome($$SELECT pgtoken.update_client('changing', retry_window => '2 years', metadata => '{"additional_auth_methods": ["client_secret_basic"]}')$$) AS or_a_secret;
-- the secret itself is kept where one of the ways needs it
SELECT client_id FROM pgtoken.create_client('signing', issuer => 'https://mtls.example', metadata => '{"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=rp", "additional_auth_methods": ["client_secret_jwt"]}');
SELECT count(*) AS kept FROM pgtoken.key_material WHERE material_id LIKE 'client:signing:%';
SELECT pgtoken.update_client('signing', metadata => '{"additional_auth_methods": null}') AS changed;
SELECT count(*) AS kept FROM pgtoken.key_material WHERE material_id LIKE 'client:signing:%';

-- The endpoints below mtls_base_uri are the issuer's own, and nothing else is there (C140).
SELECT n, test.outcome(format('SELECT pgtoken.update_issuer(%L, mtls_base_uri => %L)', 'https://mtls.example', uri))
FROM (VALUES (1, 'http://certs.example'), (2, 'https://certs.example?x'), (3, 'https://mtls.example/'), (4, 'https://id.example'), (5, 'https://certs.example/x')) v (n, uri) ORDER BY n;
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://id.example', mtls_base_uri => 'https://CERTS.example:443/x/')$$) AS of_another,
	   test.outcome($$SELECT pgtoken.create_issuer('https://certs.example/x')$$) AS as_an_issuer;
SELECT test.comes_with('name-1', :'named', 'certs.example', '/x/oauth2/token') AS there, test.comes_with('name-1', :'named', 'certs.example', '/oauth2/token') AS elsewhere,
	   test.comes_with('name-1', :'named', 'mtls.example', '/x/oauth2/token') AS at_the_issuer;
SELECT path, (test.request(method, '/x' || path, '', '{"host": "certs.example"}', '{}')).status
FROM (VALUES ('/oauth2/authorize', 'GET'), ('/oauth2/jwks', 'GET'), ('/oauth2/logout', 'GET'), ('/.well-known/openid-configuration', 'GET'), ('/oauth2/register', 'POST'),
	('/oauth2/introspect', 'POST'), ('/oauth2/revoke', 'POST'), ('/oauth2/par', 'POST'), ('/oauth2/userinfo', 'GET'), ('/oauth2/device_authorization', 'POST')) v (path, method);
SELECT (test.request('GET', '/.well-known/openid-configuration/x', '', '{"host": "certs.example"}', '{}')).status AS well_known;
SELECT jsonb_pretty(r.body -> 'mtls_endpoint_aliases') AS aliases, r.body ->> 'issuer' AS issuer, r.body -> 'token_endpoint_auth_methods_supported' ?& '{tls_client_auth,self_signed_tls_client_auth}' AS methods,
	   r.body ->> 'tls_client_certificate_bound_access_tokens' AS bound
FROM test.request('GET', '/.well-known/oauth-authorization-server', '', '{"host": "mtls.example"}', '{}') r;
-- who tokens are by is the issuer, wherever they were asked for
SELECT test.claims(r.body ->> 'access_token') ->> 'iss' AS iss FROM test.request('POST', '/x/oauth2/token', test.form('grant_type', 'client_credentials', 'client_id', 'name-1'), '{"host": "certs.example"}', jsonb_build_object('certificate', :'named')) r;
BEGIN;
SET LOCAL pgtoken.http_client_certificates_verified = off;
SELECT r.body -> 'token_endpoint_auth_methods_supported' ? 'tls_client_auth' AS by_name, r.body -> 'token_endpoint_auth_methods_supported' ? 'self_signed_tls_client_auth' AS by_itself
FROM test.request('GET', '/.well-known/oauth-authorization-server', '', '{"host": "mtls.example"}', '{}') r;
SET LOCAL pgtoken.http_issuer = 'https://mtls.example';
SELECT test.comes_with('by-x5t', :'plain', 'certs.example', '/x/oauth2/token') AS the_only_issuer, test.comes_with('by-x5t', :'plain') AS by_its_own_name;
ROLLBACK;
SELECT pgtoken.update_issuer('https://mtls.example', reset => '{mtls_base_uri}') AS changed;
SELECT test.comes_with('name-1', :'named', 'certs.example', '/x/oauth2/token') AS no_more, r.body ? 'mtls_endpoint_aliases' AS aliases
FROM test.request('GET', '/.well-known/oauth-authorization-server', '', '{"host": "mtls.example"}', '{}') r;
RESET pgtoken.http_authenticator;
