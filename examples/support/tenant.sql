-- A tenant is an issuer, and looks after its own applications: it sees and changes what is
-- its own, and nothing of ours.
\ir begin.sql

\echo -- an issuer for the tenant, and a role that administers it
\connect - operator
SELECT pgtoken.create_issuer('https://north.example') AS issuer;
SELECT pgtoken.grant_administration('https://north.example', 'north_admin') AS granted;

\echo -- the tenant makes its own client and API; issuer is filled in, since it has but one
\connect - north_admin
SELECT client_id FROM pgtoken_administration.create_client('north-app', 'public', scopes => '{openid,orders:read}');
SELECT pgtoken_administration.create_resource('https://api.north.example', '{orders:read}') AS resource;

\echo -- it sees its own
SELECT client_id FROM pgtoken.clients;
SELECT event, client_id, session_user_name FROM pgtoken.audit_events WHERE event = 'client.created' AND occurred_at > :'began';

\echo -- ours it can neither change nor take; nor has it a key, a user or a token
\set ON_ERROR_STOP off
SELECT pgtoken_administration.update_client('web-app', enabled => false);
SELECT client_id FROM pgtoken_administration.create_client('web-app', 'public');
SELECT pgtoken.create_client('another', issuer => 'https://north.example');
SELECT subject FROM pgtoken.grants;
\set ON_ERROR_STOP on

\echo -- the tenant has left; who has lost the administration has lost it at once
\connect - operator
SELECT issuer, role_name, granted_by FROM pgtoken.administrations;
SELECT pgtoken.revoke_administration('https://north.example', 'north_admin') AS revoked;
\connect - north_admin
\set ON_ERROR_STOP off
SELECT client_id FROM pgtoken.clients;
\set ON_ERROR_STOP on

\connect - operator
SELECT pgtoken.delete_client('north-app') AND pgtoken.delete_resource('https://api.north.example', 'https://north.example')
	AND pgtoken.delete_issuer('https://north.example') AS gone;
