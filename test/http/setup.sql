-- What the tests need beyond examples/setup.sql, after which it is run, in the
-- same database and by a superuser:
--
--   psql -X -q -v certificate_header=client-cert -f test/http/setup.sql
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;

-- the proxy's header with the client's certificate; believed of authenticator only
ALTER ROLE authenticator SET pgtoken.http_client_certificate_header = :'certificate_header';
-- what the proxy says of the request's place and risk, and of the browser behind a client
ALTER ROLE authenticator SET pgtoken.http_context_headers =
	'latitude=x-geo-latitude, longitude=x-geo-longitude, risk_score=x-risk-score, collected_at=x-collected-at, session_id=x-session-id, country=x-geo-country';

-- a key of every algorithm that a verifier elsewhere can check
SELECT count(pgtoken.create_signing_key(alg)) AS keys FROM unnest('{ES384,ES512,PS256,EdDSA}'::text[]) alg \gset

-- another API, whose tokens are worth nothing to the first
SELECT pgtoken.create_resource('https://orders.example/api', '{orders:read}') AS other \gset

-- behind api.notes' scope, and asking for more than a password (RFC 9470)
CREATE FUNCTION api.sensitive() RETURNS json
	LANGUAGE plpgsql STABLE
AS $function$
BEGIN
	PERFORM pgtoken.require_acr('{urn:example:strong}', '10 minutes');
	RETURN '{"ok": true}';
END
$function$;

-- who the API takes the caller for
CREATE FUNCTION api.whoami() RETURNS json
	LANGUAGE sql STABLE
	RETURN json_build_object('role', current_user, 'subject', pgtoken.subject(), 'client_id', pgtoken.claim('client_id'));

-- the console, whose operators the tests make
SELECT pgtoken.enable_console() AS console \gset
