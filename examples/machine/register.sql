-- The machine as a client, in the database of examples/setup.sql:
--
--   psql -v jwks="$(node key.js)" -f register.sql
--
-- It has no secret: it signs what it says of itself (RFC 7523, private_key_jwt).  Run again
-- with another key beside the first, the machine may use either of them.
\set ON_ERROR_STOP on
\set QUIET on
SELECT resource AS api FROM pgtoken.resources WHERE client_id = 'notes-api' \gset
SELECT jsonb_build_object('token_endpoint_auth_method', 'private_key_jwt', 'token_endpoint_auth_signing_alg', 'ES256',
	'grant_types', '["client_credentials"]'::jsonb, 'jwks', :'jwks'::jsonb) AS metadata,
	EXISTS (SELECT FROM pgtoken.clients WHERE client_id = 'machine') AS known \gset
\if :known
SELECT pgtoken.update_client('machine', metadata => :'metadata') AS updated \gset
\else
SELECT client_id FROM pgtoken.create_client('machine', client_name => 'Example machine', scopes => '{notes:read}',
	resources => ARRAY[:'api'], metadata => :'metadata') \gset
\endif
