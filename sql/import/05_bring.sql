-- What the importers of several servers do alike: a client with its secret, a consent, and small codecs.

CREATE FUNCTION pgtoken_import.base64url(bytes bytea) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN translate(rtrim(encode(bytes, 'base64'), '='), E'+/\n', '-_');
REVOKE ALL ON FUNCTION pgtoken_import.base64url FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.base64url TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.base64url IS 'Internal: base64url without padding (RFC 4648 section 5)';

CREATE FUNCTION pgtoken_import.base64url_bytes(encoded text) RETURNS bytea
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN decode(translate(encoded, '-_', '+/') || repeat('=', -length(encoded) & 3), 'base64');
REVOKE ALL ON FUNCTION pgtoken_import.base64url_bytes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.base64url_bytes TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.base64url_bytes IS 'Internal: the bytes that base64url without padding stands for; raises 22023 for what is none';

CREATE FUNCTION pgtoken_import.digest(token text) RETURNS bytea
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN sha256(convert_to(token, 'UTF8'));
REVOKE ALL ON FUNCTION pgtoken_import.digest FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.digest TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.digest IS 'Internal: SHA-256 of a token or secret that the other server stores as it is';

CREATE FUNCTION pgtoken_import.parsed(payload text) RETURNS jsonb
	LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	read jsonb;
BEGIN
	read := payload::jsonb;
	RETURN CASE WHEN jsonb_typeof(read) = 'object' THEN read END;
EXCEPTION WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.parsed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.parsed TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.parsed IS 'Internal: a payload as an object; NULL for what is none';

CREATE FUNCTION pgtoken_import.columns_of(source_schema text, table_name text) RETURNS text
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT coalesce(string_agg(quote_ident(a.attname) || CASE WHEN a.atttypid = 'json'::regtype THEN '::text AS ' || quote_ident(a.attname) ELSE '' END, ', ' ORDER BY a.attnum), '*')
	FROM pg_attribute a WHERE a.attrelid = to_regclass(format('%I.%I', source_schema, table_name)) AND a.attnum > 0 AND NOT a.attisdropped;
END;
REVOKE ALL ON FUNCTION pgtoken_import.columns_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.columns_of TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.columns_of IS 'Internal: the columns of a table of the other server, to select from it. json is taken for the text that it is: what jsonb does not take, as \u0000, would end the reading of all rows';

CREATE FUNCTION pgtoken_import.rows_of(source_schema text, table_name text, VARIADIC order_by text[] DEFAULT '{id}') RETURNS SETOF jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	-- as JSON: a column that a version of the server lacks is NULL, and a cast that fails is the row's alone
	RETURN QUERY EXECUTE format('SELECT to_jsonb(t) FROM (SELECT %s FROM %I.%I) t ORDER BY %s', pgtoken_import.columns_of(source_schema, table_name), source_schema, table_name,
								(SELECT string_agg(format('to_jsonb(t) -> %L', o), ', ' ORDER BY n) FROM unnest(order_by) WITH ORDINALITY u (o, n)));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.rows_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.rows_of TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.rows_of IS 'Internal: a table of the other server as objects, in order. source_schema, table_name: where it is. order_by: names of columns';

-- create_client makes a secret of its own, which nobody has asked for
CREATE FUNCTION pgtoken_import.put_secret(client_id text, digest bytea, hash text, secret text, expires_at timestamptz) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	method text;
	of_secret uuid;
BEGIN
	DELETE FROM pgtoken.key_material m USING pgtoken.client_secrets s
	WHERE s.client_id = put_secret.client_id AND s.created_at = now() AND m.material_id = format('client:%s:%s', s.client_id, s.secret_id);
	DELETE FROM pgtoken.client_secrets s WHERE s.client_id = put_secret.client_id AND s.created_at = now();
	IF hash IS NOT NULL THEN
		PERFORM pgtoken.import_client_secret(client_id, hash, expires_at, 'imported');
		RETURN;
	END IF;
	method := pgtoken.prepare_client_secret(client_id, expires_at, 'imported');
	IF method = 'client_secret_jwt' AND secret IS NULL THEN
		RAISE EXCEPTION 'a client that authenticates by client_secret_jwt cannot use a hash'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'Its signatures are made with the secret itself.';
	END IF;
	INSERT INTO pgtoken.client_secrets (client_id, secret_id, secret_hash, expires_at, label)
	VALUES (put_secret.client_id, pgtoken.new_uuid(), coalesce(digest, sha256(convert_to(secret, 'UTF8'))), put_secret.expires_at, 'imported')
	RETURNING secret_id INTO of_secret;
	IF method = 'client_secret_jwt' THEN
		PERFORM pgtoken.keep_client_secret(client_id, of_secret, secret);
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.put_secret FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.put_secret TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.put_secret IS
'Internal, called by bring_client: the secret that a client has at the other server, in place of the one that create_client made in this transaction. client_id: whose. Of these one: digest: its SHA-256; hash: in a form that import_client_secret reads; secret: itself. expires_at: NULL is never. Raises as import_client_secret.';

CREATE FUNCTION pgtoken_import.random_secret(secret text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN coalesce(length(secret) >= 32 AND secret ~ '^[A-Za-z0-9+/_=-]+$' AND (SELECT count(DISTINCT c) >= 10 FROM regexp_split_to_table(secret, '') c), false);
REVOKE ALL ON FUNCTION pgtoken_import.random_secret FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.random_secret TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.random_secret IS 'Internal: does a secret look as if a machine had drawn it? SHA-256 alone does not protect any other';

CREATE FUNCTION pgtoken_import.bring_client(client_id text, client_type text, scopes text[], redirect_uris text[], client_name text, metadata jsonb, issuer text,
											signing_alg text DEFAULT NULL, digest bytea DEFAULT NULL, hash text DEFAULT NULL, secret text DEFAULT NULL,
											secret_expires_at timestamptz DEFAULT NULL, note text DEFAULT NULL) RETURNS SETOF pgtoken_import.report
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $function$
DECLARE
	made pgtoken.client_credentials;
	message text;
	why text;
BEGIN
	IF EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = bring_client.client_id AND c.issuer = bring_client.issuer) THEN
		RETURN NEXT ROW ('client', client_id, 'exists', NULL)::pgtoken_import.report;
		RETURN;
	ELSIF EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = bring_client.client_id) THEN
		RETURN NEXT ROW ('client', client_id, 'refused', 'A client of another issuer has this id')::pgtoken_import.report;
		RETURN;
	END IF;
	BEGIN
		IF coalesce(client_id, '') !~ '^[\x20-\x7e]{1,255}$' THEN
			RAISE EXCEPTION 'no client can have this id'
				USING ERRCODE = 'invalid_parameter_value',
					  DETAIL = '1 to 255 printable ASCII characters.';
		ELSIF client_type IS NULL OR redirect_uris IS NULL THEN
			RAISE EXCEPTION 'its type or its redirect URIs are not there'
				USING ERRCODE = 'null_value_not_allowed';
		END IF;
		made := pgtoken.create_client(client_id, client_type, scopes => scopes, redirect_uris => redirect_uris, offline_access => true, client_name => client_name,
									  signing_alg => signing_alg, metadata => metadata, issuer => issuer);
	EXCEPTION WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
		RETURN NEXT ROW ('client', client_id, 'refused', pgtoken_import.why(message, why))::pgtoken_import.report;
		RETURN;
	END;
	RETURN NEXT ROW ('client', client_id, 'imported', note)::pgtoken_import.report;
	IF made.client_secret IS NULL THEN
		RETURN;
	END IF;
	BEGIN
		IF num_nonnulls(digest, hash, secret) = 0 THEN
			RAISE EXCEPTION 'it has none there'
				USING ERRCODE = 'invalid_parameter_value';
		ELSIF secret IS NOT NULL AND NOT pgtoken_import.random_secret(secret) THEN
			RAISE EXCEPTION 'the secret is not a random one'
				USING ERRCODE = 'invalid_parameter_value',
					  DETAIL = 'It could be found from its SHA-256.';
		END IF;
		IF length(digest) <> 32 THEN
			RAISE EXCEPTION 'the hash of the secret is not SHA-256'
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		PERFORM pgtoken_import.put_secret(client_id, digest, hash, secret, secret_expires_at);
		RETURN NEXT ROW ('secret', client_id, 'imported', NULL)::pgtoken_import.report;
	EXCEPTION WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
		-- the client remains, with the secret that was made for it
		RETURN NEXT ROW ('secret', client_id, 'refused', concat_ws('. ', rtrim(pgtoken_import.why(message, why), '.'), 'create_client_secret() gives the client a new one'))::pgtoken_import.report;
	END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.bring_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.bring_client TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.bring_client IS
'Internal: registers a client of the other server, which may have refresh tokens, with the secret that it has there. client_id … signing_alg: as in create_client. digest, hash, secret: as in put_secret; none: it gets none that anybody knows. secret_expires_at: its end; NULL: none. note: detail of the report.
Returns what became of the client and, where it has one, of its secret; raises nothing for what is wrong with either.';

CREATE FUNCTION pgtoken_import.bring_consent(id text, issuer text, subject text, client_id text, resource text, scopes text[], granted_at timestamptz, expires_at timestamptz DEFAULT NULL)
	RETURNS pgtoken_import.report
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	message text;
	why text;
BEGIN
	IF NOT coalesce(granted_at BETWEEN '2000-01-01' AND clock_timestamp() + interval '1 day', false) THEN
		RETURN ROW ('consent', id, 'refused', 'It was granted at no time that can be')::pgtoken_import.report;
	END IF;
	PERFORM pgtoken_import.require_client(client_id, issuer);
	RETURN ROW ('consent', id, CASE WHEN pgtoken.import_consent(client_id, subject, ARRAY(SELECT DISTINCT s FROM unnest(scopes) s ORDER BY s), resource, granted_at, expires_at) THEN 'imported' ELSE 'exists' END, NULL)::pgtoken_import.report;
EXCEPTION WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
	RETURN ROW ('consent', id, 'refused', pgtoken_import.why(message, why))::pgtoken_import.report;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.bring_consent FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.bring_consent TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.bring_consent IS
'Internal: what a subject has consented to at the other server. id: for the report. issuer: of the client. subject, client_id, resource, scopes, granted_at, expires_at: as in pgtoken.import_consent. Returns what became of it; raises nothing for what is wrong with it.';
