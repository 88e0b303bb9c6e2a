-- The console for the token service of examples/setup.sql, and somebody who operates it.
-- Run after that one, by a superuser:
--
--   psql -X -q -f examples/console/setup.sql
--
-- Prints KEY=VALUE. The password is in this file and the secret of the authenticator app
-- is printed: not for anything that others can reach.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;

SELECT pgtoken.enable_console() AS console_url \gset

INSERT INTO app.users (subject, login, password_hash, name, email)
VALUES ('operator-1', 'operator', app.crypt('operator-password', app.gen_salt('bf', 8)), 'Operator', 'operator@example.com');

SELECT o ->> 'secret' AS operator_secret FROM pgtoken.create_console_operator('operator-1', 'admin') o \gset

\echo CONSOLE_URL=:console_url
\echo OPERATOR_LOGIN=operator
\echo OPERATOR_PASSWORD=operator-password
\echo OPERATOR_SUBJECT=operator-1
\echo OPERATOR_SECRET=:operator_secret
