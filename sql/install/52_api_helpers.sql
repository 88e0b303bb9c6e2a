-- For row policies and functions of an API behind PostgREST or the like, which
-- has verified the token and left its claims in request.jwt.claims.
--
-- Not SECURITY DEFINER and without SET, where it can be, so that the planner
-- inlines them; their bodies are parsed here and look up nothing later.

CREATE FUNCTION pgtoken.claim(name text) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN (NULLIF(current_setting('request.jwt.claims', true), '')::jsonb) ->> name;
REVOKE ALL ON FUNCTION pgtoken.claim FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.claim TO pgtoken_http;
COMMENT ON FUNCTION pgtoken.claim IS
'A claim of the access token of this request, as text (arrays and objects as JSON). name: of the claim. Returns NULL when there is none. For row policies: USING (owner = pgtoken.claim(''sub'')).
It reads the setting request.jwt.claims, so it is worth what the layer is worth that sets it: whoever can run SQL of his own can set it, too. Needs membership in pgtoken_http, which brings USAGE on the schema.';

CREATE FUNCTION pgtoken.has_scope(scope text) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN coalesce(scope = ANY (string_to_array((NULLIF(current_setting('request.jwt.claims', true), '')::jsonb) ->> 'scope', ' ')), false);
REVOKE ALL ON FUNCTION pgtoken.has_scope FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.has_scope TO pgtoken_http;
COMMENT ON FUNCTION pgtoken.has_scope IS
'Has the access token of this request the scope? scope: one scope-token (RFC 6749 section 3.3). Returns false without a token. For row policies: USING (pgtoken.has_scope(''orders:read'')).
Needs membership in pgtoken_http, and is worth what claim() is worth.';

CREATE FUNCTION pgtoken.subject() RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT g.subject FROM pgtoken.grants g
	WHERE g.grant_id = pgtoken.grant_of(pgtoken.claim('grant_id'));
END;
REVOKE ALL ON FUNCTION pgtoken.subject FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.subject TO pgtoken_http;
COMMENT ON FUNCTION pgtoken.subject IS
'The application''s user id behind the access token of this request, also where its sub is pairwise (OpenID Connect Core section 8.1); for a client''s own token what its sub says. Returns NULL without a token of ours. One index probe: in a row policy write (SELECT pgtoken.subject()), so that it is made once per statement. Needs membership in pgtoken_http, and is worth what claim() is worth.';

CREATE FUNCTION pgtoken.resource_metadata_url() RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_resource_metadata_url' LANGUAGE C STABLE STRICT PARALLEL SAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.resource_metadata_url FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.resource_metadata_url TO pgtoken_http;
COMMENT ON FUNCTION pgtoken.resource_metadata_url IS 'Internal, called by raise_challenge(): where the metadata of this session''s API is (RFC 9728 section 5.1): pgtoken.http_resource_metadata, or the well-known place of pgtoken.http_resource; NULL where that names no API of the issuer';

CREATE FUNCTION pgtoken.raise_challenge(status integer, error text, description text, attributes text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	claims CONSTANT jsonb := NULLIF(current_setting('request.jwt.claims', true), '');
	algs CONSTANT text := format('algs="%s"', array_to_string(pgtoken.known_values('dpop_signing_alg'), ' '));
	metadata CONSTANT text := 'resource_metadata="' || pgtoken.resource_metadata_url() || '"';
	challenge text;
BEGIN
	IF claims ? 'iss' THEN
		-- RFC 9449 section 7.1: who came with a bound token is told how to come again
		challenge := CASE WHEN claims -> 'cnf' ? 'jkt' THEN 'DPoP ' || algs || ', ' ELSE 'Bearer ' END
					 || concat_ws(', ', format('error="%s", error_description="%s"', error, description), attributes, metadata);
	ELSE
		-- RFC 6750 section 3.1: who came without a token is told no error, but the scope that he will need
		attributes := CASE error WHEN 'insufficient_scope' THEN attributes END;
		challenge := concat_ws(' ', 'Bearer', NULLIF(concat_ws(', ', attributes, metadata), '')) || ', DPoP ' || concat_ws(', ', algs, attributes, metadata);
		status := 401;
		error := 'unauthorized';
		description := 'an access token is needed';
	END IF;
	RAISE EXCEPTION USING
		ERRCODE = 'PGRST',
		MESSAGE = json_build_object('code', error, 'message', description, 'details', NULL, 'hint', NULL)::text,
		DETAIL = json_build_object('status', status, 'headers', json_build_object('WWW-Authenticate', challenge))::text;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.raise_challenge FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.raise_challenge TO pgtoken_http;
COMMENT ON FUNCTION pgtoken.raise_challenge IS 'Internal, called by require_scope and require_acr: raises PGRST, which an HTTP layer answers with this status and a WWW-Authenticate challenge of the scheme of the token; 401 without an error code when there is no token';

CREATE FUNCTION pgtoken.require_scope(scope text) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	-- RFC 6749 section 3.3; nothing else may get into a header
	IF pgtoken.header_word(scope) IS NOT TRUE THEN
		RAISE EXCEPTION 'invalid scope'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'One scope of printable ASCII characters without space, quote and backslash (RFC 6749 section 3.3).';
	END IF;
	IF NOT pgtoken.has_scope(scope) THEN
		PERFORM pgtoken.raise_challenge(403, 'insufficient_scope', 'the access token has not the scope that is needed', format('scope="%s"', scope));
	END IF;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.require_scope FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.require_scope TO pgtoken_http;
COMMENT ON FUNCTION pgtoken.require_scope IS
'Demand that the access token of this request has a scope. scope: one scope-token (RFC 6749 section 3.3).
Returns true; otherwise raises PGRST, which PostgREST answers with 403 insufficient_scope and a WWW-Authenticate challenge (RFC 6750 section 3.1), and with 401 when there is no token. Needs membership in pgtoken_http, and is worth what claim() is worth. Raises 22023 for what is no scope.';

CREATE FUNCTION pgtoken.require_acr(acr_values text[], max_age interval DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	claims CONSTANT jsonb := NULLIF(current_setting('request.jwt.claims', true), '');
	seconds CONSTANT numeric := floor(extract(epoch FROM max_age));
	wanted CONSTANT text[] := NULLIF(acr_values, '{}');
	attributes text;
	good boolean;
BEGIN
	IF wanted IS NULL AND seconds IS NULL THEN
		RAISE EXCEPTION 'acr_values or max_age must be given'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	-- they go into a header, as a list delimited by spaces between quotes
	IF seconds NOT BETWEEN 0 AND 2147483647 OR EXISTS (SELECT FROM unnest(wanted) a WHERE pgtoken.header_word(a) IS NOT TRUE) THEN
		RAISE EXCEPTION 'invalid acr_values or max_age'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'Each of acr_values consists of printable ASCII characters without space, quote and backslash; max_age is not negative.';
	END IF;
	good := CASE WHEN wanted IS NULL THEN true ELSE claims ->> 'acr' = ANY (wanted) END;
	IF good AND seconds IS NOT NULL THEN
		-- iat and auth_time are whole seconds
		good := CASE jsonb_typeof(claims -> 'auth_time')
					WHEN 'number' THEN (claims ->> 'auth_time')::numeric + seconds >= floor(extract(epoch FROM clock_timestamp())) ELSE false END;
	END IF;
	IF good THEN
		RETURN true;
	END IF;
	IF wanted IS NOT NULL THEN
		attributes := format('acr_values="%s"', array_to_string(wanted, ' '));
	END IF;
	IF seconds IS NOT NULL THEN
		attributes := concat_ws(', ', attributes, format('max_age="%s"', seconds));
	END IF;
	PERFORM pgtoken.raise_challenge(401, 'insufficient_user_authentication', 'a stronger or more recent authentication is needed', attributes);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.require_acr FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.require_acr TO pgtoken_http;
COMMENT ON FUNCTION pgtoken.require_acr IS
'Demand that the user behind the access token of this request has authenticated well enough (RFC 9470). acr_values: acr must be one of them; NULL: any. max_age: auth_time must not lie further back; NULL: any time.
Returns true; otherwise raises PGRST, which PostgREST answers with 401 insufficient_user_authentication and a WWW-Authenticate challenge that names acr_values and max_age (section 3), so that the client can send its user through authorize again. Needs membership in pgtoken_http, and is worth what claim() is worth. Raises 22004, 22023.';
