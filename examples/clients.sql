-- The clients of the applications to start from (README.md): run after setup.sql, in the
-- same database and by a superuser.
--
--   psql -X -q -f examples/clients.sql
--
-- All of them are for the one API of setup.sql, which therefore none has to name.  Redirect
-- URIs of 127.0.0.1 hold for any port (RFC 8252 section 7.3), so that an application may
-- listen where it likes; where logout leads is compared as it stands.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;

SELECT resource AS api FROM pgtoken.resources WHERE client_id = 'notes-api' \gset

-- a web application with a server behind it: express, fastapi, django, go
SELECT client_secret AS website_secret FROM pgtoken.create_client('website', client_name => 'Example website',
	scopes => '{openid,profile,notes:read,notes:write}',
	redirect_uris => '{http://127.0.0.1/callback}',
	resources => ARRAY[:'api'],
	offline_access => true,
	metadata => '{"post_logout_redirect_uris": ["http://127.0.0.1:4000/"]}') \gset

-- one that is all in the browser, which keeps no secret: postgrest-app
SELECT client_id AS browser_client FROM pgtoken.create_client('browser-app', 'public', client_name => 'Example application in the browser',
	scopes => '{openid,profile,notes:read,notes:write}',
	redirect_uris => '{http://127.0.0.1/}',
	resources => ARRAY[:'api'],
	offline_access => true,
	metadata => '{"post_logout_redirect_uris": ["http://127.0.0.1:4000/"]}') \gset

-- one on a telephone, to which its scheme leads back: appauth
SELECT client_id AS mobile_client FROM pgtoken.create_client('mobile-app', 'public', client_name => 'Example mobile application',
	scopes => '{openid,profile,notes:read}',
	redirect_uris => '{com.example.notes:/oauth2redirect}',
	resources => ARRAY[:'api'],
	offline_access => true,
	metadata => '{"application_type": "native", "post_logout_redirect_uris": ["com.example.notes:/signed-out"]}') \gset

-- an API that asks the database whether a token holds, and may do nothing else there: fastapi
CREATE ROLE notes_api LOGIN;
GRANT USAGE ON SCHEMA pgtoken TO notes_api;
GRANT EXECUTE ON FUNCTION pgtoken.verify_access_token TO notes_api;

\echo WEBSITE_CLIENT_ID=website
\echo WEBSITE_CLIENT_SECRET=:website_secret
\echo BROWSER_CLIENT_ID=:browser_client
\echo MOBILE_CLIENT_ID=:mobile_client
