-- Doorkeeper: a row is an access token and the refresh token beside it, in plain or as SHA-256.

CREATE FUNCTION pgtoken_import.doorkeeper_digest(stored text, hashed boolean) RETURNS bytea
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF stored ~ '^[0-9a-f]{64}$' AND hashed IS NOT FALSE THEN
		IF hashed THEN
			RETURN decode(stored, 'hex');
		END IF;
		RAISE EXCEPTION 'whether it is hashed cannot be told from it'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = '64 hexadecimal digits can be either: hashed_tokens and hashed_secrets say what the initializer has.';
	END IF;
	RETURN pgtoken_import.digest(stored);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.doorkeeper_digest FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.doorkeeper_digest TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.doorkeeper_digest IS 'Internal: SHA-256 of a token or secret that may be stored as that already. hashed: as in from_doorkeeper. Raises 22023 where it cannot be told';

CREATE FUNCTION pgtoken_import.doorkeeper_client(app jsonb, scopes text[], require_pkce boolean, hashed boolean, issuer text) RETURNS SETOF pgtoken_import.report
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	id CONSTANT text := app ->> 'uid';
	confidential CONSTANT boolean := app ->> 'confidential' IS DISTINCT FROM 'false';
	secret CONSTANT text := CASE WHEN confidential THEN app ->> 'secret' END;
	uris CONSTANT text[] := ARRAY(SELECT u FROM regexp_split_to_table(coalesce(app ->> 'redirect_uri', ''), '\s+') u WHERE u <> '');
	is_digest CONSTANT boolean := secret ~ '^[0-9a-f]{64}$' AND hashed IS NOT FALSE;
	message text;
	why text;
BEGIN
	RETURN QUERY SELECT b.kind, b.id, b.outcome, b.detail FROM pgtoken_import.bring_client(id, CASE WHEN confidential THEN 'confidential' ELSE 'public' END,
		coalesce(nullif(string_to_array(nullif(app ->> 'scopes', ''), ' '), '{}'), scopes), uris, nullif(app ->> 'name', ''),
		jsonb_strip_nulls(jsonb_build_object(
			'grant_types', CASE WHEN confidential THEN '["authorization_code", "client_credentials"]'::jsonb END,
			'application_type', CASE WHEN EXISTS (SELECT FROM unnest(uris) u WHERE u !~* '^https:') THEN 'native' END,
			'require_pkce', CASE WHEN confidential AND NOT require_pkce THEN false END)),
		issuer, digest => CASE WHEN is_digest THEN pgtoken_import.doorkeeper_digest(secret, hashed) END, hash => CASE WHEN secret ~ '^\$' THEN secret END,
		secret => CASE WHEN NOT is_digest AND secret !~ '^\$' THEN secret END,
		note => CASE WHEN confidential AND NOT require_pkce THEN 'PKCE is not required of it, as there' END) b;
EXCEPTION WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
	RETURN NEXT ROW ('client', id, 'refused', pgtoken_import.why(message, why))::pgtoken_import.report;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.doorkeeper_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.doorkeeper_client TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.doorkeeper_client IS 'Internal: a row of oauth_applications; the rest as in from_doorkeeper. Returns what became of it and of its secret';

CREATE FUNCTION pgtoken_import.doorkeeper_token(token jsonb, app jsonb, subject text, has_successor boolean, twice boolean, hashed boolean, apis text[], issuer text, source text) RETURNS pgtoken_import.report
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	id CONSTANT text := token ->> 'id';
	scope CONSTANT text := coalesce(token ->> 'scopes', '');
	began timestamptz;
	reason text;
	message text;
	why text;
BEGIN
	reason := CASE
		WHEN subject IS NULL THEN 'It has no resource owner'
		WHEN app IS NULL THEN 'Its application is deleted there'
		WHEN has_successor THEN 'It was used there, and its successor is brought; a client that the answer did not reach signs in again'
	END;
	IF reason IS NOT NULL THEN
		RETURN ROW ('family', id, 'skipped', reason)::pgtoken_import.report;
	ELSIF twice THEN
		RETURN ROW ('family', id, 'refused', 'It is there twice: whose it is cannot be told')::pgtoken_import.report;
	END IF;
	began := (token ->> 'created_at')::timestamp AT TIME ZONE 'UTC';
	IF NOT coalesce(isfinite(began), false) THEN
		RETURN ROW ('family', id, 'refused', 'It began at no time that can be')::pgtoken_import.report;
	ELSIF coalesce(token ->> 'refresh_token', '') = '' THEN
		RETURN ROW ('family', id, 'refused', 'Its refresh token is empty')::pgtoken_import.report;
	END IF;
	PERFORM pgtoken.import_family(source, pgtoken_import.doorkeeper_digest(token ->> 'refresh_token', hashed), app ->> 'uid', subject,
		concat_ws(' ', nullif(scope, ''), CASE WHEN 'offline_access' <> ALL (string_to_array(scope, ' ')) THEN 'offline_access' END),
		audience => apis, started_at => began, token_issued_at => began, issuer => issuer);
	RETURN ROW ('family', id, 'imported', NULL)::pgtoken_import.report;
EXCEPTION
	WHEN unique_violation THEN
		RETURN ROW ('family', id, 'exists', NULL)::pgtoken_import.report;
	WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
		RETURN ROW ('family', id, 'refused', pgtoken_import.why(message, why))::pgtoken_import.report;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.doorkeeper_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.doorkeeper_token TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.doorkeeper_token IS 'Internal: a row of oauth_access_tokens with its application. has_successor: another, which lives, names it as previous. Returns what became of it, by the id of its row';

-- The argument of pgtoken_import.run is an array, in this order: see from_doorkeeper.
CREATE FUNCTION pgtoken_import.take_doorkeeper(arguments text[]) RETURNS pgtoken_import.report[]
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	source_schema CONSTANT text := arguments[1];
	scopes CONSTANT text[] := arguments[2]::text[];
	hashed_tokens CONSTANT boolean := arguments[3]::boolean;
	hashed_secrets CONSTANT boolean := arguments[4]::boolean;
	require_pkce CONSTANT boolean := coalesce(arguments[5]::boolean, false);
	subject_expression CONSTANT text := arguments[6];
	of_issuer CONSTANT text := pgtoken_import.issuer(arguments[7]);
	source CONSTANT text := arguments[8];
	apis CONSTANT text[] := arguments[9]::text[];
	rows pgtoken_import.report[] := '{}';
	r jsonb;
	app jsonb;
	subject text;
	has_successor boolean;
	twice boolean;
	ended bigint;
BEGIN
	PERFORM pgtoken_import.require_tables(source_schema, '{oauth_applications,oauth_access_tokens}');
	FOR r IN SELECT t FROM pgtoken_import.rows_of(source_schema, 'oauth_applications') t LOOP
		rows := rows || ARRAY(SELECT c FROM pgtoken_import.doorkeeper_client(r, scopes, require_pkce, hashed_secrets, of_issuer) c);
	END LOOP;
	FOR r, app, subject, has_successor, twice IN EXECUTE format($query$
		WITH living AS (SELECT to_jsonb(t) AS r FROM %2$I.oauth_access_tokens t WHERE t.revoked_at IS NULL AND t.refresh_token IS NOT NULL)
		SELECT l.r, to_jsonb(a), (%1$s)::text,
			   l.r ->> 'refresh_token' IN (SELECT n.r ->> 'previous_refresh_token' FROM living n WHERE n.r ->> 'previous_refresh_token' NOT IN ('', n.r ->> 'refresh_token')),
			   count(*) OVER (PARTITION BY l.r ->> 'refresh_token') > 1
		FROM (SELECT o.r, o.r ->> 'resource_owner_id' AS owner FROM living o) l LEFT JOIN %2$I.oauth_applications a ON a.id::text = l.r ->> 'application_id'
		ORDER BY l.r -> 'id'
		$query$, subject_expression, source_schema)
	LOOP
		rows := array_append(rows, pgtoken_import.doorkeeper_token(r, app, subject, has_successor, twice, hashed_tokens, apis, of_issuer, source));
	END LOOP;
	EXECUTE format('SELECT count(*) FROM %I.oauth_access_tokens t WHERE t.revoked_at IS NOT NULL AND t.refresh_token IS NOT NULL', source_schema) INTO ended;
	IF ended > 0 THEN
		rows := rows || ROW ('family', ended || ' refresh tokens', 'skipped', 'They were used or revoked there')::pgtoken_import.report;
	END IF;
	RETURN rows;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.take_doorkeeper FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.take_doorkeeper TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.take_doorkeeper IS 'Internal, called by from_doorkeeper through run(): does it. arguments: those of from_doorkeeper but the last, as texts. Returns the report';

CREATE FUNCTION pgtoken_import.from_doorkeeper(
	source_schema text,
	scopes text[],
	hashed_tokens boolean DEFAULT NULL,
	hashed_secrets boolean DEFAULT NULL,
	require_pkce boolean DEFAULT false,
	subject text DEFAULT 'owner',
	audience text[] DEFAULT NULL,
	issuer text DEFAULT NULL,
	source text DEFAULT 'doorkeeper',
	dry_run boolean DEFAULT true
) RETURNS SETOF pgtoken_import.report
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT r.kind, r.id, r.outcome, r.detail
	FROM pgtoken_import.run(dry_run, 'SELECT pgtoken_import.take_doorkeeper($1)', VARIADIC ARRAY[source_schema, scopes::text, hashed_tokens::text,
		hashed_secrets::text, require_pkce::text, subject, issuer, source, audience::text]) r;
END;
REVOKE ALL ON FUNCTION pgtoken_import.from_doorkeeper FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.from_doorkeeper TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.from_doorkeeper IS
'Bring what Doorkeeper has: applications with their secrets, and living refresh tokens, stored in plain or hashed. See docs/coming-from-doorkeeper.md. To be run while the application hands out no tokens, and before users refresh here.
source_schema: where oauth_applications and oauth_access_tokens lie. scopes: of applications that have none of their own: default_scopes and optional_scopes of the initializer. hashed_tokens, hashed_secrets: does the initializer have hash_token_secrets, hash_application_secrets? true: 64 hexadecimal digits are SHA-256, anything else is plain, as by fallback: :plain; false: all is plain, and saying so of hashes would make the hash itself good for the token; NULL: what 64 hexadecimal digits are is not known, and refused. Secrets hashed by bcrypt are known by their form. require_pkce: true: of confidential clients, too, as by force_pkce. subject: an SQL expression over owner, the resource_owner_id, run with your rights: what your application calls a user. audience: APIs that the tokens are for (RFC 8707); NULL: as in issue_tokens. issuer: of the clients; NULL: the default one. source: by which name the tokens are known here, as in pgtoken.import_family. dry_run: false does it; true and NULL say what would become of each and leave nothing behind.
Returns a row for each application, secret and living refresh token, the latter by the ids of their rows, and one for all that were used or revoked. What cannot be here is refused with the reason, and stops nothing else; run again, what is here already exists. Raises 42P01 for tables that are missing, 42501 for those of somebody who has not your rights, 55000 for an unknown issuer, and what the expression raises.';
