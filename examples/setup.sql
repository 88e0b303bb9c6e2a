-- A token service to try things with: issuer, keys, clients, users, an API.
-- Run by a superuser in a fresh UTF8 database, once, where the roles below do not
-- exist yet:
--
--   psql -X -q -v base_url=http://127.0.0.1:3000 -v login_url=http://localhost:3002 \
--        -v client_url=http://localhost:3003 -f examples/setup.sql
--
-- base_url: the gateway, which is also the issuer; login_url, client_url: the two
-- example applications, by the same name, since security keys go by names.  Prints what those need to know as KEY=VALUE, client
-- secrets among it.  The passwords are in this file: not for anything that others
-- can reach.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;

CREATE EXTENSION pgtoken;
SELECT count(*) AS partitions FROM pgtoken.maintain() \gset

-- --- roles -----------------------------------------------------------------------

-- the gateway logs in as authenticator and becomes one of the other two
CREATE ROLE authenticator LOGIN NOINHERIT;
CREATE ROLE web_anon;
CREATE ROLE api_user;
GRANT web_anon, api_user TO authenticator;
GRANT pgtoken_http TO web_anon;

-- the login application
CREATE ROLE login_app LOGIN;
GRANT pgtoken_issuer TO login_app;

-- the courier: fetches what URLs name, delivers what clients are told
CREATE ROLE courier LOGIN;
GRANT pgtoken_courier TO courier;

-- Owns the application's tables, and the functions that pgtoken calls: these run
-- as their owner, who therefore is nobody that may do more.
CREATE ROLE app_owner;

-- --- the application's own tables ----------------------------------------------------

CREATE SCHEMA app AUTHORIZATION app_owner;
CREATE EXTENSION pgcrypto SCHEMA app;
SET ROLE app_owner;
GRANT USAGE ON SCHEMA app TO login_app;

CREATE TABLE app.users (
	subject text PRIMARY KEY,
	login text NOT NULL UNIQUE,
	password_hash text NOT NULL,
	name text NOT NULL,
	email text NOT NULL
);

-- what the login application sees of it
CREATE VIEW app.user_names AS SELECT subject, name FROM app.users;
GRANT SELECT ON app.user_names TO login_app;

-- cookie_hash: SHA-256 of the browser's cookie; session_id: the sid that clients are told
CREATE TABLE app.sessions (
	cookie_hash bytea PRIMARY KEY,
	subject text NOT NULL REFERENCES app.users,
	session_id text NOT NULL,
	auth_time timestamptz NOT NULL DEFAULT now(),
	acr text NOT NULL DEFAULT 'pwd',
	amr text[] NOT NULL DEFAULT '{pwd}',
	expires_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE, UPDATE (auth_time, acr, amr) ON app.sessions TO login_app;

-- The subject, or NULL.  For an unknown name a hash is computed as well, so that
-- the time it takes tells nothing; the stand-in is equal to no hash.
CREATE FUNCTION app.check_password(login text, password text) RETURNS text
	LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN (
		SELECT u.subject
		FROM (VALUES ($1)) given (login)
		LEFT JOIN app.users u ON u.login = given.login
		WHERE app.crypt($2, coalesce(u.password_hash, '$2a$08$......................'))
			= coalesce(u.password_hash, '')
	);
REVOKE ALL ON FUNCTION app.check_password(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.check_password(text, text) TO login_app;

-- The subject of a new account, or NULL where the name is taken.
CREATE FUNCTION app.sign_up(login text, password text, name text, email text) RETURNS text
	LANGUAGE sql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO app.users (subject, login, password_hash, name, email)
	VALUES ('user-' || gen_random_uuid(), $1, app.crypt($2, app.gen_salt('bf', 8)), $3, $4)
	ON CONFLICT (login) DO NOTHING
	RETURNING subject;
END;
REVOKE ALL ON FUNCTION app.sign_up(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.sign_up(text, text, text, text) TO login_app;

INSERT INTO app.users (subject, login, password_hash, name, email) VALUES
	('user-1', 'demo', app.crypt('demo-password', app.gen_salt('bf', 8)), 'Demo User', 'demo@example.com'),
	('user-2', 'other', app.crypt('other-password', app.gen_salt('bf', 8)), 'Other User', 'other@example.com');

-- --- what pgtoken asks the application -----------------------------------------------

-- Claims of a subject.  The role is for PostgREST and gateways like it: in access
-- tokens only, and of users only, so that a client's own token is the anonymous role.
CREATE FUNCTION app.claims(subject text, client_id text, scopes text[], target text) RETURNS jsonb
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN CASE
		-- OpenID Connect Core section 5.4: where there is an access token, scopes stand for claims of userinfo
		WHEN $4 = 'id_token' THEN NULL
		WHEN $4 = 'access_token' THEN (SELECT jsonb_build_object('role', 'api_user') FROM app.users u WHERE u.subject = $1)
		ELSE (
			SELECT CASE WHEN 'profile' = ANY ($3) THEN jsonb_build_object('name', u.name, 'preferred_username', u.login) ELSE '{}' END
				|| CASE WHEN 'email' = ANY ($3) THEN jsonb_build_object('email', u.email, 'email_verified', true) ELSE '{}' END
			FROM app.users u WHERE u.subject = $1
		)
	END;
REVOKE ALL ON FUNCTION app.claims(text, text, text[], text) FROM PUBLIC;

-- for the password grant, which only clients of old still use
CREATE FUNCTION app.verify_password(username text, password text, client_id text) RETURNS jsonb
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN (
		SELECT jsonb_build_object('subject', s.subject, 'amr', '["pwd"]'::jsonb)
		FROM app.check_password($1, $2) s (subject)
		WHERE s.subject IS NOT NULL
	);
REVOKE ALL ON FUNCTION app.verify_password(text, text, text) FROM PUBLIC;
RESET ROLE;

-- --- issuer, keys, API ---------------------------------------------------------------

SELECT pgtoken.create_issuer(:'base_url') AS issuer \gset
SELECT pgtoken.update_issuer(:'base_url',
	login_uri => :'login_url' || '/login',
	logout_uri => :'login_url' || '/logout',
	verification_uri => :'login_url' || '/device',
	claims_function => 'app.claims',
	claims_supported => '{name,preferred_username,email,email_verified}',
	password_verifier => 'app.verify_password',
	webauthn_rp_id => substring(:'login_url' FROM '^https?://([^:/]+)'),
	webauthn_origins => ARRAY[:'login_url', :'client_url']) AS updated \gset
SELECT pgtoken.create_signing_key('ES256') AS es256, pgtoken.create_signing_key('RS256') AS rs256 \gset

-- --- clients -------------------------------------------------------------------------

-- the example client
SELECT client_secret AS web_secret FROM pgtoken.create_client('web-app', client_name => 'Example client',
	scopes => '{openid,profile,email,notes:read,notes:write}',
	redirect_uris => ARRAY[:'client_url' || '/callback'],
	offline_access => true,
	metadata => jsonb_build_object(
		'logo_uri', :'login_url' || '/logos/web-app.svg',
		'client_uri', :'client_url',
		'post_logout_redirect_uris', jsonb_build_array(:'client_url' || '/logged-out'),
		'backchannel_logout_uri', :'client_url' || '/backchannel-logout',
		'frontchannel_logout_uri', :'client_url' || '/frontchannel-logout',
		'frontchannel_logout_session_required', true,
		'initiate_login_uri', :'client_url' || '/login/initiate')) \gset

-- it is told at once when a session is revoked, for instance because a refresh token was stolen
SELECT stream_id AS web_stream FROM pgtoken.create_signal_stream('web-app', 'push', :'client_url' || '/signals') \gset

-- a television: no browser, no secret
SELECT client_id AS device_client FROM pgtoken.create_client('tv-app', 'public', client_name => 'Example television',
	scopes => '{openid,profile,notes:read}',
	offline_access => true,
	metadata => jsonb_build_object('logo_uri', :'login_url' || '/logos/tv-app.svg',
		'grant_types', '["urn:ietf:params:oauth:grant-type:device_code"]'::jsonb)) \gset

-- a program of its own account
SELECT client_secret AS worker_secret FROM pgtoken.create_client('worker',
	scopes => '{notes:read}',
	metadata => '{"grant_types": ["client_credentials"]}') \gset

-- the API itself, which may introspect
SELECT client_secret AS api_secret FROM pgtoken.create_client('notes-api', scopes => '{}') \gset
SELECT pgtoken.create_resource(:'base_url' || '/api', '{notes:read,notes:write}', client_id => 'notes-api') AS resource \gset

-- --- what scopes mean, for the consent page; those of OpenID Connect and pgtoken's own speak English by themselves

SELECT count(pgtoken.describe_scope(scope, description, language)) AS described FROM (VALUES
	('notes:read', 'read your notes', ''), ('notes:read', 'Ihre Notizen lesen', 'de'),
	('notes:write', 'write notes in your name', ''), ('notes:write', 'Notizen in Ihrem Namen schreiben', 'de'),
	('openid', 'erfahren, dass Sie es sind, der sich anmeldet', 'de'), ('profile', 'Ihr Profil sehen, etwa Ihren Namen', 'de'),
	('email', 'Ihre E-Mail-Adresse sehen', 'de'), ('offline_access', 'auch ohne Sie darauf zugreifen', 'de'),
	('pgtoken:sessions', 'sehen, wo Sie angemeldet sind, bei welchen Anwendungen, mit welchen Geräten und von welchen Adressen, und Sie dort abmelden', 'de')) v (scope, description, language) \gset

-- --- the API -------------------------------------------------------------------------

CREATE SCHEMA api;
GRANT USAGE ON SCHEMA api TO web_anon, api_user;

CREATE TABLE api.note (
	subject text NOT NULL DEFAULT pgtoken.subject(),
	written_at timestamptz NOT NULL DEFAULT now(),
	text text NOT NULL
);
ALTER TABLE api.note ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON api.note USING (subject = (SELECT pgtoken.subject()));
GRANT SELECT, INSERT ON api.note TO api_user;
-- a client's own token names no role and comes as web_anon; the policy stands all the same
GRANT SELECT ON api.note TO web_anon;
INSERT INTO api.note (subject, text)
SELECT s, 'the first note of ' || s FROM unnest('{user-1,user-2,client:worker}'::text[]) s;

CREATE FUNCTION api.notes() RETURNS json
	LANGUAGE plpgsql STABLE
AS $function$
BEGIN
	PERFORM pgtoken.require_scope('notes:read');
	RETURN (SELECT coalesce(json_agg(n.text ORDER BY n.written_at), '[]') FROM api.note n);
END
$function$;

CREATE FUNCTION api.notes(json) RETURNS json
	LANGUAGE plpgsql VOLATILE
AS $function$
BEGIN
	PERFORM pgtoken.require_scope('notes:write');
	INSERT INTO api.note (text) VALUES ($1 ->> 'text');
	PERFORM set_config('response.status', '201', true);
	RETURN NULL;
END
$function$;

-- What comes before each call of the API, under the role of the request: a revoked
-- token, or one for another API, ends here.
GRANT pgtoken_http TO api_user;
ALTER ROLE authenticator SET pgtoken.http_resource = :'resource';
ALTER ROLE authenticator SET pgtoken.http_resource_url = :'base_url';

-- the layer itself, before it is anybody's role: the door, and the keys for PostgREST
GRANT USAGE ON SCHEMA pgtoken_http TO authenticator;
GRANT EXECUTE ON FUNCTION pgtoken_http.handle, pgtoken_http.admit, pgtoken_http.pre_config TO authenticator;

-- where PostgREST behind nginx is the layer, it runs the door as a role that does nothing else
CREATE ROLE web_door;
GRANT web_door TO authenticator;
GRANT USAGE ON SCHEMA pgtoken_postgrest TO web_door;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgtoken_postgrest TO web_door;

-- --- what the applications need to know ---------------------------------------------

\echo ISSUER=:base_url
\echo RESOURCE=:resource
\echo WEB_CLIENT_ID=web-app
\echo WEB_CLIENT_SECRET=:web_secret
\echo DEVICE_CLIENT_ID=:device_client
\echo WORKER_CLIENT_ID=worker
\echo WORKER_CLIENT_SECRET=:worker_secret
\echo API_CLIENT_ID=notes-api
\echo API_CLIENT_SECRET=:api_secret
\echo DEMO_LOGIN=demo
\echo DEMO_PASSWORD=demo-password
\echo DEMO_SUBJECT=user-1
