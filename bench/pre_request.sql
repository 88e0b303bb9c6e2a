-- An API's requests as a PostgREST-style layer makes them: a login role that may
-- become the API's role, and the headers of a browser's request with an access
-- token of the benchmark's client.
SET client_min_messages = warning;
CREATE ROLE bench_layer LOGIN NOINHERIT;
CREATE ROLE bench_api;
GRANT bench_api TO bench_layer;
GRANT pgtoken_http TO bench_api;
GRANT USAGE ON SCHEMA bench TO bench_layer, bench_api;
-- to prepare what it will call as bench_api
GRANT USAGE ON SCHEMA pgtoken_http TO bench_layer;

CREATE FUNCTION bench.headers() RETURNS text LANGUAGE sql SECURITY DEFINER AS
$$
	SELECT jsonb_build_object(
		'authorization', 'Bearer ' || (pgtoken.issue_tokens('web', 'user-1', 'read write')).access_token,
		'host', 'api.example', 'connection', 'keep-alive', 'accept', 'application/json',
		'accept-language', 'en-GB,en;q=0.7', 'accept-encoding', 'gzip, deflate, br, zstd',
		'user-agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36',
		'sec-ch-ua', '"Chromium";v="128", "Not;A=Brand";v="24"', 'sec-fetch-mode', 'cors', 'sec-fetch-site', 'same-site',
		'origin', 'https://www.example', 'referer', 'https://www.example/', 'x-forwarded-for', '203.0.113.7')::text
$$;
-- what PostgREST has found in the token of such headers
CREATE FUNCTION bench.claims(headers text) RETURNS text LANGUAGE sql SECURITY DEFINER AS
$$
	SELECT (pgtoken.verify_access_token(substr(headers::jsonb ->> 'authorization', 8)) || '{"role": "bench_api"}')::text
$$;
REVOKE ALL ON FUNCTION bench.headers(), bench.claims(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bench.headers(), bench.claims(text) TO bench_layer;
