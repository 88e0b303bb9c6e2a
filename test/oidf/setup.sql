-- What the plans want beyond examples/setup.sql, after which it is run, by a superuser:
-- a user with all the claims of OpenID Connect Core section 5.1, keys of two more
-- algorithms, and clients that may register themselves without PKCE, which most modules
-- do not send.  For the proxy that asks for certificates, its header.
--
--   psql -X -q -v certificate_header=client-cert -f test/oidf/setup.sql
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;

ALTER ROLE authenticator SET pgtoken.http_client_certificate_header = :'certificate_header';
SELECT count(pgtoken.create_signing_key(alg)) AS keys FROM unnest('{PS256,EdDSA}'::text[]) alg \gset
SELECT issuer FROM pgtoken.issuers WHERE is_default \gset
SELECT pgtoken.update_issuer(:'issuer', registration => 'open', claims_supported => '{name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website,email,email_verified,gender,birthdate,zoneinfo,locale,phone_number,phone_number_verified,address,updated_at}') AS updated \gset
SELECT pgtoken.set_registration_policy('{"redirect_hosts": null, "scopes": null, "resources": null, "all_scopes": null, "metadata": {"require_pkce": false}, "max_per_hour": 100000}') AS policy \gset

ALTER TABLE app.users ADD claims jsonb;
UPDATE app.users SET claims = jsonb_build_object('profile', '{"given_name": "Demo", "family_name": "User", "middle_name": "D", "nickname": "demo", "profile": "https://example.com/demo",
	"picture": "https://example.com/demo.png", "website": "https://example.com/", "gender": "female", "birthdate": "2000-02-03", "zoneinfo": "Europe/Berlin", "locale": "en-US", "updated_at": 1700000000}'::jsonb,
	'address', '{"address": {"formatted": "1 Main St", "street_address": "1 Main St", "locality": "Town", "region": "R", "postal_code": "12345", "country": "DE"}}'::jsonb,
	'phone', '{"phone_number": "+49 30 123456", "phone_number_verified": true}'::jsonb);
ALTER FUNCTION app.claims(text, text, text[], text) RENAME TO claims_of_setup;
CREATE FUNCTION app.claims(subject text, client_id text, scopes text[], target text) RETURNS jsonb
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN (
		SELECT app.claims_of_setup($1, $2, $3, $4) || CASE WHEN $4 = 'userinfo' THEN (
				SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}')
				FROM unnest($3) s, LATERAL jsonb_each(u.claims -> s) m) ELSE '{}' END
		FROM app.users u WHERE u.subject = $1
	);
ALTER FUNCTION app.claims(text, text, text[], text) OWNER TO app_owner;
REVOKE ALL ON FUNCTION app.claims(text, text, text[], text) FROM PUBLIC;
