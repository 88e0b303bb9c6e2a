-- The web application's part of the token service of examples/setup.sql: a role, a client, a factor
-- of its user, and a policy that has all three outcomes.  Run after that one, by a superuser:
--
--   psql -X -q -f examples/web/setup.sql
--
-- -v subject=…: a user of the login application, user-1 (demo) unless told.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
\if :{?subject} \else \set subject user-1 \endif

CREATE ROLE web_shop LOGIN;
GRANT pgtoken_issuer TO web_shop;
GRANT USAGE ON SCHEMA app TO web_shop;
GRANT EXECUTE ON FUNCTION app.check_password(text, text) TO web_shop;

SELECT client_id FROM pgtoken.create_client('web-shop', 'public', client_name => 'Example shop', scopes => '{openid,notes:read}', offline_access => true) \gset
SELECT pgtoken.enroll_factor(:'subject', 'email', label => 'the mailbox of the example') IS NOT NULL AS enrolled \gset

-- A rule of the application's own sees what it collects itself: nobody moves to another time zone within one
-- session.  It is the browser's word, so it may only make things stricter.
CREATE ROLE web_risk;
CREATE SCHEMA web_risk AUTHORIZATION web_risk;
SET ROLE web_risk;
CREATE FUNCTION web_risk.judge(context jsonb, previous jsonb, family jsonb) RETURNS jsonb
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN CASE WHEN context ->> 'time_zone' <> previous -> 'first' ->> 'time_zone'
		THEN '{"decision": "deny", "reasons": ["another time zone"]}'::jsonb END;
REVOKE ALL ON FUNCTION web_risk.judge FROM PUBLIC;
RESET ROLE;

-- recollection: each refresh has signals of its own, not older than ten minutes
SELECT pgtoken.create_policy('web-shop', '[
	{"rule": "unknown_device", "outcome": "require"},
	{"rule": "recollection", "max_age": 600, "outcome": "require"},
	{"rule": "function", "function": "web_risk.judge"}]', client_ids => '{web-shop}') AS version \gset
SELECT pgtoken.activate_policy('web-shop') AS version \gset
\echo SHOP_CLIENT_ID=:client_id
