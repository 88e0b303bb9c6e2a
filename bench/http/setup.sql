-- Both sides of the HTTP benchmark, in a database of their own: pgtoken with one
-- issuer, one API and one client behind the gateway's role, and oidc-provider's
-- tables in the schema peer with the same client.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE EXTENSION pgtoken;
SELECT count(*) > 0 AS maintained FROM pgtoken.maintain() \gset

-- pgtoken ------------------------------------------------------------------------

CREATE ROLE authenticator LOGIN NOINHERIT;
GRANT USAGE ON SCHEMA pgtoken_http TO authenticator;
GRANT EXECUTE ON FUNCTION pgtoken_http.handle TO authenticator;

SELECT pgtoken.create_issuer(:'issuer') IS NOT NULL AS made \gset
SELECT pgtoken.create_resource('https://api.example', '{read,write}') IS NOT NULL AS made,
	   pgtoken.create_signing_key('ES256') IS NOT NULL AS made_key \gset

-- The secret in clear is for the load alone; this server is thrown away.
CREATE SCHEMA bench;
CREATE TABLE bench.client AS
	SELECT * FROM pgtoken.create_client('web', scopes => '{read,write}', offline_access => true,
										resources => '{https://api.example}',
										metadata => '{"grant_types": ["authorization_code", "client_credentials"]}');

-- The peer -------------------------------------------------------------------------

CREATE ROLE peer LOGIN;
CREATE SCHEMA peer AUTHORIZATION peer;
SET ROLE peer;

-- A table per model. Each has the indexes that something asks for: the id, the
-- grant where grants are revoked by it, the expiry for a job that cleans up.
DO $do$
DECLARE
	model text;
BEGIN
	FOREACH model IN ARRAY '{access_token,authorization_code,backchannel_authentication_request,client,
		client_credentials,device_code,grant,initial_access_token,interaction,pre_authorized_code,
		pushed_authorization_request,refresh_token,registration_access_token,replay_detection,session}'::text[]
	LOOP
		EXECUTE format('CREATE TABLE peer.%I (id text PRIMARY KEY, payload jsonb NOT NULL, grant_id text, uid text,
							user_code text, expires_at timestamptz, consumed_at timestamptz)', model);
		IF model <> 'client' THEN
			EXECUTE format('CREATE INDEX ON peer.%I (expires_at)', model);
		END IF;
		IF model IN ('access_token', 'authorization_code', 'backchannel_authentication_request', 'device_code',
					 'pre_authorized_code', 'refresh_token') THEN
			EXECUTE format('CREATE INDEX ON peer.%I (grant_id)', model);
		END IF;
	END LOOP;
END
$do$;
CREATE UNIQUE INDEX ON peer.session (uid);
CREATE UNIQUE INDEX ON peer.device_code (user_code);

-- what oidc-provider does not keep; for the side that is made to match
CREATE TABLE peer.issued (jti text PRIMARY KEY, grant_id text, client_id text NOT NULL, subject text, scope text,
						  issued_at timestamptz NOT NULL DEFAULT now(), expires_at timestamptz NOT NULL);
CREATE TABLE peer.audit (event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event text NOT NULL,
						 occurred_at timestamptz NOT NULL DEFAULT now(), grant_id text, client_id text, subject text,
						 context jsonb NOT NULL);
RESET ROLE;

-- the same client with the same secret, which oidc-provider has to keep in clear
INSERT INTO peer.client (id, payload)
SELECT c.client_id, jsonb_build_object(
	'client_id', c.client_id, 'client_secret', c.client_secret, 'token_endpoint_auth_method', 'client_secret_basic',
	'redirect_uris', '["https://client.example/callback"]'::jsonb, 'response_types', '["code"]'::jsonb,
	'grant_types', '["authorization_code", "refresh_token", "client_credentials"]'::jsonb,
	'scope', 'offline_access read write', 'id_token_signed_response_alg', 'ES256')
FROM bench.client c;
