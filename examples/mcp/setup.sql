-- The notes of examples/setup.sql, after which this is run in the same database and by
-- a superuser, for agents: an API whose functions are the tools of an MCP server.
--
--   psql -X -q -v mcp_url=http://127.0.0.1:3004/mcp -f examples/mcp/setup.sql
--
-- mcp_url: where MCP clients reach the server, which is also what their tokens are for.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;

SELECT pgtoken.create_resource(:'mcp_url', '{mcp:read,mcp:write,mcp:delete}', resource_name => 'Example notes for agents') AS mcp_resource \gset

-- The MCP server logs in as mcp_server, which stands for this API alone, and becomes
-- whom a token names, as the gateway does.
CREATE ROLE mcp_server LOGIN NOINHERIT;
GRANT web_anon, api_user TO mcp_server;
ALTER ROLE mcp_server SET pgtoken.http_resource = :'mcp_resource';
SELECT format('ALTER ROLE mcp_server SET pgtoken.http_resource_url = %L', regexp_replace(:'mcp_url', '^(https?://[^/]*).*$', '\1')) \gexec
SELECT format('ALTER DATABASE %I SET pgtoken.http_authenticator = authenticator, mcp_server', current_database()) \gexec
GRANT USAGE ON SCHEMA pgtoken_http TO mcp_server;
-- admit judges its requests; handle answers for the metadata of the API
GRANT EXECUTE ON FUNCTION pgtoken_http.admit, pgtoken_http.handle TO mcp_server;

-- --- the tools -----------------------------------------------------------------------
-- Each says itself what it takes; whose notes they are is the policy of api.note.

GRANT DELETE ON api.note TO api_user;
CREATE SCHEMA tools;
GRANT USAGE ON SCHEMA tools TO web_anon, api_user;

-- what is no tool: to connect, and to see which tools there are
CREATE FUNCTION tools.connect(json) RETURNS json
	LANGUAGE plpgsql STABLE
AS $function$
BEGIN
	PERFORM pgtoken.require_scope('mcp:read');
	RETURN NULL;
END
$function$;

CREATE FUNCTION tools.list_notes(json) RETURNS json
	LANGUAGE plpgsql STABLE
AS $function$
BEGIN
	PERFORM pgtoken.require_scope('mcp:read');
	RETURN (SELECT coalesce(json_agg(n.text ORDER BY n.written_at), '[]') FROM api.note n);
END
$function$;

CREATE FUNCTION tools.add_note(json) RETURNS json
	LANGUAGE plpgsql VOLATILE
AS $function$
BEGIN
	PERFORM pgtoken.require_scope('mcp:write');
	INSERT INTO api.note (text) VALUES ($1 ->> 'text');
	RETURN json_build_object('added', $1 ->> 'text');
END
$function$;

-- What cannot be undone: by a permission of its own, which a client asks for when it
-- first meets the tool, and by a user who has logged in just now (RFC 9470).
CREATE FUNCTION tools.delete_notes(json) RETURNS json
	LANGUAGE plpgsql VOLATILE
AS $function$
DECLARE
	deleted bigint;
BEGIN
	PERFORM pgtoken.require_scope('mcp:delete'), pgtoken.require_acr(NULL, max_age => '5 minutes');
	DELETE FROM api.note;
	GET DIAGNOSTICS deleted = ROW_COUNT;
	RETURN json_build_object('deleted', deleted);
END
$function$;

-- --- a client ------------------------------------------------------------------------
-- for those that cannot register themselves (registration.sql), and have no document

SELECT client_id AS mcp_client FROM pgtoken.create_client('mcp-client', 'public', client_name => 'Example MCP client',
	scopes => '{mcp:read,mcp:write,mcp:delete}',
	redirect_uris => '{http://127.0.0.1/callback,http://localhost/callback}',
	offline_access => true,
	metadata => '{"application_type": "native"}') \gset

\echo MCP_URL=:mcp_url
\echo MCP_CLIENT_ID=:mcp_client
