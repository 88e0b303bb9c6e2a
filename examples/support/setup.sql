-- Who works with people and records beside the applications: a login role for each, with
-- what it needs and no more. Run by a superuser, once, where examples/setup.sql has run
-- and the roles below do not exist yet:
--
--   psql -X -q -f examples/support/setup.sql demo
--
-- Prints nothing. Before others can reach the database: \password for each role.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

-- suspends, erases, changes what lives, makes streams and seals
CREATE ROLE operator LOGIN IN ROLE pgtoken_admin;

-- looks, and verifies seals
CREATE ROLE auditor LOGIN IN ROLE pgtoken_auditor;

-- The console that support works with: issues as the application does, and for a person
-- who is not there. No other role may, operator neither.
CREATE ROLE support_console LOGIN IN ROLE pgtoken_issuer, pgtoken_impersonator;
ALTER ROLE support_console SET pgtoken.impersonation_lifetime = '10 min';

-- a tenant's own administrator: may nothing yet, tenant.sql gives him an issuer
CREATE ROLE north_admin LOGIN;

-- an application without a secret, so that the scripts can refresh, and print none
SELECT client_id FROM pgtoken.create_client('mobile-app', 'public', client_name => 'Example for telephones',
	scopes => '{openid,notes:read,notes:write}', redirect_uris => '{com.example.app:/callback}', offline_access => true) \g /dev/null
