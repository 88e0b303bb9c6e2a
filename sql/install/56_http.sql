-- The HTTP side: one function that answers any request of the token service, one that
-- judges any request of an API, and what PostgREST needs of the two.
--
-- handle() and admit() are for the roles that layers log in as, and for nobody else:
-- no role of ours has them, the administrator grants them.

CREATE FUNCTION pgtoken_http.handle(
	method text, target text, headers text[], body bytea, peer jsonb DEFAULT '{}',
	OUT status integer, OUT headers text[], OUT body bytea
) RETURNS record
	AS 'MODULE_PATHNAME', 'pgt_http_handle' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.handle FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.handle(text, text, text[], bytea, jsonb) IS
'Answer one HTTP request of the token service: metadata (RFC 8414, OpenID Connect Discovery), keys, and every endpoint of the issuer that host and path name. The administrator grants it to the login roles of layers.
method: as it came. target: path and query as they came, or an absolute URL. headers: name, value, name, value, in order, repeats kept, each character one octet (ISO-8859-1). body: as it came. peer: what the layer vouches for, an object with address, certificate (percent-encoded PEM or RFC 9440), scheme, context (an object of members of the context), proxied (true: a proxy before the layer sets the headers that settings name), routed and carried (of several shards, as the answer before has told); it counts only in sessions of the login roles of pgtoken.http_authenticator.
Returns status, headers (again name, value) and body of the answer; of a HEAD request what GET answers. Status 0 means: commit, wait as many milliseconds as the header Wait says, and call again with the same arguments, five seconds in all; or, where pgtoken.shard is set, that it belongs to the shard that the header Shard names (a number, or configuration): call this function there with the same arguments, with "routed": true in peer, and with "carried" as the header Carry says, if there is one; at most three times. Answers of the protocol, refusals among them, commit: call it in a transaction of its own, and answer after the commit. What is raised is a 500 of the layer''s, and a 503 with Retry-After for 40001, 40P01, 53xxx and 57P0x. A server that only reads answers metadata, keys, userinfo, introspection and the list of sessions, and 503 with Retry-After for the rest. Raises 22004, 22023 for what no layer sends, 55000 where there is no issuer.';

CREATE FUNCTION pgtoken_http.shard_of(method text, target text, headers text[], body bytea, shards integer) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_http_shard_of' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.shard_of FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.shard_of IS
'To which of several databases an HTTP request of the token service goes, for a router in front of them: by what it names, of which nothing is verified or looked up. The administrator grants it to the login roles of layers.
method, target, headers, body: as handle() takes them. shards: how many there are, 1 to 16384.
Returns the number of a shard, 0 to shards - 1; any: each one answers the same; all: each one answers for itself, and the whole is what all of them say; configuration: the database that owns issuers and clients. any as well for what names nothing that can be read, and for what is refused for its form. Raises 22004, 22023 for what no layer sends and for other numbers of shards, 55000 where there is no issuer.';

CREATE FUNCTION pgtoken_http.admit(
	method text, target text, headers text[], peer jsonb DEFAULT '{}',
	OUT role text, OUT settings jsonb, OUT status integer, OUT headers text[], OUT body bytea
) RETURNS record
	AS 'MODULE_PATHNAME', 'pgt_http_admit' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_http.admit FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.admit(text, text, text[], jsonb) IS
'Judge one HTTP request of an API, before the API sees it: the access token (RFC 6750), the key or certificate that it is bound to (RFC 9449, RFC 8705), that it is meant for pgtoken.http_resource and was not revoked. The administrator grants it to the login roles of layers.
method, target, headers, peer: as handle() takes them.
Returns either role, which the request is to run as (the claim role, or pgtoken.http_anonymous_role without a token or claim), settings (names and values for set_config in its transaction: request.jwt.claims, request.method, request.path, request.headers) and headers that the API''s answer gets as well; or, with role NULL, the finished answer: status, headers, body of a refusal or of a CORS preflight. Call it in the transaction that the API''s function runs in. Raises 22004, 22023 for what no layer sends, 55000 where there is no issuer.';

-- PostgREST hands a body on as it is to a function with one unnamed parameter of type
-- bytea, and opens a read-only transaction for one that is STABLE, which a standby needs.
-- This schema is the one to expose, and holds nothing else.  What they are told in
-- headers they believe, so that the roles of an API, which may be in a session of the
-- same login role, do not have them: the administrator grants them to the one role that
-- the PostgREST of the token service runs as.
CREATE SCHEMA pgtoken_postgrest;
COMMENT ON SCHEMA pgtoken_postgrest IS 'The door for PostgREST behind nginx (http/nginx.conf): the only schema of pgtoken to expose';
REVOKE ALL ON SCHEMA pgtoken_postgrest FROM PUBLIC;

-- A function of this type may answer any media type; it names it in response.headers.
CREATE DOMAIN pgtoken_postgrest."*/*" AS bytea;
REVOKE ALL ON TYPE pgtoken_postgrest."*/*" FROM PUBLIC;
COMMENT ON DOMAIN pgtoken_postgrest."*/*" IS 'Result of handle and read: a body of any media type';

CREATE FUNCTION pgtoken_postgrest.handle(bytea) RETURNS pgtoken_postgrest."*/*"
	AS 'MODULE_PATHNAME', 'pgt_postgrest_handle' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_postgrest.handle FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_postgrest.handle IS
'pgtoken_http.handle() for PostgREST. The administrator grants it to the anonymous role of the PostgREST before which nginx stands, and to no role of an API. It takes the body, and from request.headers what the proxy before it says in headers Pgtoken-Method, -Target, -Host, -Accept, -Accept-Encoding, -Authorization, -Content-Type, -Content-Encoding, -Origin, -Access-Control-Request-Method, -Access-Control-Request-Headers, -Address, -Certificate, -Scheme and -Context-*, which it must let nobody else set. Returns the body; status and headers are in response.status and response.headers.';

CREATE FUNCTION pgtoken_postgrest.read(bytea) RETURNS pgtoken_postgrest."*/*"
	AS 'MODULE_PATHNAME', 'pgt_postgrest_handle' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_postgrest.read FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_postgrest.read IS
'The same as pgtoken_postgrest.handle() for a standby, granted as that is. The administrator grants it: PostgREST opens a read-only transaction for it. What would have to write is answered with 503 and Retry-After.';

CREATE FUNCTION pgtoken.check_request() RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_check_request' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.check_request FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.check_request TO pgtoken_http;
COMMENT ON FUNCTION pgtoken.check_request IS
'Internal, called by pgtoken_http.pre_request(): the claims of the access token of this HTTP request, NULL when it has none; raises SQLSTATE PGRST for one that does not hold, and, with status 503, on a standby that lags behind by more than pgtoken.max_replay_lag.';

-- With the caller's rights, because what is SECURITY DEFINER cannot set the role;
-- and without a search_path of its own, which would be half of what a call costs:
-- it looks nothing up by name but pgtoken.check_request().
CREATE FUNCTION pgtoken_http.pre_request() RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_http_pre_request' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken_http.pre_request FROM PUBLIC;
COMMENT ON FUNCTION pgtoken_http.pre_request IS
'Checks each request, as PostgREST''s db-pre-request: refuses one whose access token does not hold now (revoked, blacklisted, expired, not an access token, for another API than pgtoken.http_resource, bound to a key that is not proved), with 401 and WWW-Authenticate (RFC 6750 section 3, RFC 9449 section 7.1). On a standby that lags behind by more than pgtoken.max_replay_lag it answers 503 with Retry-After, and says nothing of the token. A request without a token passes. For a DPoP-bound token it sets request.jwt.claims and the role of the claim role.';

GRANT EXECUTE ON FUNCTION pgtoken_http.pre_request, pgtoken_http.pre_config TO pgtoken_http;
