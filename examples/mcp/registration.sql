-- Agents that nobody has met before, for the API of setup.sql, after which this is run.
--
--   psql -X -q -v mcp_url=http://127.0.0.1:3004/mcp -f examples/mcp/registration.sql
--
-- Whoever knows the URL may register (RFC 7591), or be what the document at the URL of its
-- client_id says, which a courier fetches: for this API, and on the user's own device,
-- where agents listen.  They register with the scopes that their first challenge names,
-- and ask for others later; what is never used goes after a week.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on

SELECT pgtoken.update_issuer(i.issuer, registration => 'open') AS updated FROM pgtoken.issuers i WHERE i.is_default \gset
SELECT pgtoken.set_registration_policy(jsonb_build_object(
	'resources', jsonb_build_array(:'mcp_url'), 'scopes', '["mcp:read", "mcp:write", "mcp:delete"]'::jsonb, 'all_scopes', true,
	'redirect_hosts', '[]'::jsonb, 'unused_lifetime', 604800, 'client_id_metadata_documents', 'open')) AS policy \gset
