-- The native application's part of the token service of examples/setup.sql: a client, a factor of its user, and a
-- policy that has all three outcomes.  Run after that one, by a superuser:
--
--   psql -X -q -f examples/native/setup.sql
--
-- -v subject=…: a user of the login application, user-1 (demo) unless told.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
\if :{?subject} \else \set subject user-1 \endif

-- a program on the user's machine: no secret, and any port of the loopback interface (RFC 8252 section 7.3)
SELECT client_id FROM pgtoken.create_client('notes-cli', 'public', client_name => 'Example program',
	scopes => '{openid,pgtoken:sessions}', redirect_uris => '{http://127.0.0.1/callback}', offline_access => true) \gset
SELECT pgtoken.enroll_factor(:'subject', 'email', label => 'the mailbox of the login application') IS NOT NULL AS enrolled \gset

SELECT pgtoken.create_policy('notes-cli', '[
	{"rule": "unknown_device", "outcome": "require"},
	{"rule": "user_agent_changed", "granularity": "exact", "outcome": "deny"}]', client_ids => '{notes-cli}') AS version \gset
SELECT pgtoken.activate_policy('notes-cli') AS version \gset
\echo NATIVE_CLIENT_ID=:client_id
