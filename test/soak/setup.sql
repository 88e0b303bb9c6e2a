-- The service that make soak wears down: one issuer, one API, a public and a
-- confidential client, whose secret it prints.  Honest clients try again for as long as
-- it takes, so their window is an hour: nothing here fails by the clock.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;

CREATE EXTENSION pgtoken;
CREATE EXTENSION amcheck;
SELECT count(*) AS steps FROM pgtoken.maintain() \gset

CREATE ROLE authenticator LOGIN NOINHERIT;
GRANT USAGE ON SCHEMA pgtoken_http TO authenticator;
GRANT EXECUTE ON FUNCTION pgtoken_http.handle TO authenticator;
CREATE ROLE app LOGIN;
GRANT pgtoken_issuer TO app;
CREATE ROLE operator LOGIN;
GRANT pgtoken_admin TO operator;

SELECT pgtoken.create_issuer(:'issuer') AS issuer \gset
SELECT pgtoken.create_signing_key('ES256') AS kid \gset
SELECT pgtoken.create_audit_key() AS audit_kid \gset
SELECT pgtoken.create_resource('https://api.example', '{read,write}') AS resource \gset
SELECT client_id AS app FROM pgtoken.create_client('app', 'public', '{openid,read,write}',
	offline_access => true, retry_window => '1 hour') \gset
SELECT client_secret FROM pgtoken.create_client('backend', 'confidential', '{openid,read,write}',
	offline_access => true, retry_window => '1 hour');
