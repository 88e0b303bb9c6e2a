-- django-oauth-toolkit: refresh tokens are rows, in plain or as a checksum.

CREATE FUNCTION pgtoken_import.django_client(app jsonb, scopes text[], require_pkce boolean, issuer text) RETURNS SETOF pgtoken_import.report
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	id CONSTANT text := app ->> 'client_id';
	client_type CONSTANT text := app ->> 'client_type';
	grant_type CONSTANT text := CASE app ->> 'authorization_grant_type' WHEN 'authorization-code' THEN 'authorization_code' WHEN 'client-credentials' THEN 'client_credentials'
									 WHEN 'password' THEN 'password' WHEN 'urn:ietf:params:oauth:grant-type:device_code' THEN 'urn:ietf:params:oauth:grant-type:device_code' END;
	secret CONSTANT text := app ->> 'client_secret';
	uris CONSTANT text[] := ARRAY(SELECT u FROM regexp_split_to_table(coalesce(app ->> 'redirect_uris', ''), '\s+') u WHERE u <> '');
	logout_uris CONSTANT text[] := ARRAY(SELECT u FROM regexp_split_to_table(coalesce(app ->> 'post_logout_redirect_uris', ''), '\s+') u WHERE u <> '');
	message text;
	why text;
BEGIN
	IF grant_type IS NULL THEN
		RAISE EXCEPTION 'its grant type is not here'
			USING ERRCODE = 'feature_not_supported',
				  DETAIL = format('It is %s; there is no implicit and no hybrid flow.', quote_nullable(app ->> 'authorization_grant_type'));
	END IF;
	RETURN QUERY SELECT b.kind, b.id, b.outcome, b.detail FROM pgtoken_import.bring_client(id, client_type, scopes, uris, nullif(app ->> 'name', ''),
		jsonb_strip_nulls(jsonb_build_object(
			'grant_types', jsonb_build_array(grant_type),
			'application_type', CASE WHEN EXISTS (SELECT FROM unnest(uris) u WHERE u !~* '^https:') THEN 'native' END,
			'require_pkce', CASE WHEN client_type = 'confidential' AND NOT require_pkce THEN false END,
			'post_logout_redirect_uris', CASE WHEN cardinality(logout_uris) > 0 THEN to_jsonb(logout_uris) END)),
		issuer, hash => CASE WHEN secret ~ '^[a-z0-9_]+\$' THEN secret END, secret => CASE WHEN secret !~ '^[a-z0-9_]+\$' THEN nullif(secret, '') END,
		note => nullif(concat_ws('. ', CASE WHEN client_type = 'confidential' AND NOT require_pkce THEN 'PKCE is not required of it, as there' END,
								 CASE WHEN app ->> 'algorithm' = 'HS256' THEN 'Its ID tokens were signed by its secret, and are by the issuer''s key here' END,
								 CASE WHEN app ->> 'allowed_origins' <> '' THEN 'Left out: allowed_origins' END), '')) b;
EXCEPTION WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
	RETURN NEXT ROW ('client', id, 'refused', pgtoken_import.why(message, why))::pgtoken_import.report;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.django_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.django_client TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.django_client IS 'Internal: a row of the applications; the rest as in from_django_oauth_toolkit. Returns what became of it and of its secret';

CREATE FUNCTION pgtoken_import.django_token(token jsonb, access jsonb, app jsonb, person jsonb, subject text, began timestamptz, twice boolean, expires_after interval, apis text[], issuer text, source text)
	RETURNS pgtoken_import.report
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	id CONSTANT text := token ->> 'id';
	checksum CONSTANT text := token ->> 'token_checksum';
	usable_until timestamptz;
	reason text;
	message text;
	why text;
BEGIN
	usable_until := (access ->> 'expires')::timestamptz + expires_after;
	reason := CASE
		WHEN person IS NULL THEN 'Its user is deleted there'
		WHEN person -> 'is_active' = 'false' THEN 'Its user is switched off there'
		WHEN app IS NULL THEN 'Its application is deleted there'
		WHEN access IS NULL THEN 'It has no access token any more, and would be refused there; the user signs in again'
		WHEN usable_until <= now() THEN 'It is over there; the user signs in again'
	END;
	IF reason IS NOT NULL THEN
		RETURN ROW ('family', id, 'skipped', reason)::pgtoken_import.report;
	ELSIF twice THEN
		RETURN ROW ('family', id, 'refused', 'It is there twice: whose it is cannot be told')::pgtoken_import.report;
	ELSIF NOT coalesce(isfinite(began), false) THEN
		RETURN ROW ('family', id, 'refused', 'It began at no time that can be')::pgtoken_import.report;
	ELSIF coalesce(checksum !~ '^[0-9a-f]{64}$', coalesce(token ->> 'token', '') = '') THEN
		RETURN ROW ('family', id, 'refused', 'It has neither a token nor the checksum of one')::pgtoken_import.report;
	END IF;
	PERFORM pgtoken.import_family(source, coalesce(decode(checksum, 'hex'), pgtoken_import.digest(token ->> 'token')), app ->> 'client_id', subject,
		concat_ws(' ', nullif(access ->> 'scope', ''), CASE WHEN 'offline_access' <> ALL (string_to_array(coalesce(access ->> 'scope', ''), ' ')) THEN 'offline_access' END),
		audience => coalesce((SELECT array_agg(a) FROM jsonb_array_elements_text(CASE jsonb_typeof(token -> 'resource') WHEN 'array' THEN token -> 'resource'
																						   ELSE (nullif(token ->> 'resource', ''))::jsonb END) a), apis),
		started_at => began, token_issued_at => (token ->> 'created')::timestamptz, token_expires_at => usable_until, issuer => issuer);
	RETURN ROW ('family', id, 'imported', NULL)::pgtoken_import.report;
EXCEPTION
	WHEN unique_violation THEN
		RETURN ROW ('family', id, 'exists', NULL)::pgtoken_import.report;
	WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
		RETURN ROW ('family', id, 'refused', pgtoken_import.why(message, why))::pgtoken_import.report;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.django_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.django_token TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.django_token IS 'Internal: a row of the refresh tokens with its access token, application and user. began: when the first of its family was made. apis: where the token names none. Returns what became of it, by the id of its row';

-- The argument of pgtoken_import.run is an array, in this order: see from_django_oauth_toolkit.
CREATE FUNCTION pgtoken_import.take_django_oauth_toolkit(arguments text[]) RETURNS pgtoken_import.report[]
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	source_schema CONSTANT text := arguments[1];
	prefix CONSTANT text := arguments[2];
	users CONSTANT text := arguments[3];
	scopes CONSTANT text[] := arguments[4]::text[];
	expires_after CONSTANT interval := arguments[5]::interval;
	require_pkce CONSTANT boolean := coalesce(arguments[6]::boolean, true);
	subject_expression CONSTANT text := arguments[7];
	of_issuer CONSTANT text := pgtoken_import.issuer(arguments[8]);
	source CONSTANT text := arguments[9];
	apis CONSTANT text[] := arguments[10]::text[];
	rows pgtoken_import.report[] := '{}';
	r jsonb;
	access jsonb;
	app jsonb;
	person jsonb;
	subject text;
	began timestamptz;
	twice boolean;
	ended bigint;
BEGIN
	PERFORM pgtoken_import.require_tables(source_schema, ARRAY[prefix || 'application', prefix || 'accesstoken', prefix || 'refreshtoken', users]);
	FOR r IN SELECT t FROM pgtoken_import.rows_of(source_schema, prefix || 'application') t LOOP
		rows := rows || ARRAY(SELECT c FROM pgtoken_import.django_client(r, scopes, require_pkce, of_issuer) c);
	END LOOP;
	FOR r, access, app, person, subject, began, twice IN EXECUTE format($query$
		SELECT t.r, to_jsonb(a), to_jsonb(p), to_jsonb(u), (%1$s)::text, coalesce(t.began, t.created),
			   count(*) OVER (PARTITION BY coalesce(t.r ->> 'token_checksum', t.r ->> 'token')) > 1
		FROM (SELECT x.id, x.created, x.revoked, x.user_id, x.application_id, x.access_token_id, to_jsonb(x) AS r,
					 min(x.created) OVER (PARTITION BY coalesce(to_jsonb(x) ->> 'token_family', 'of ' || x.id)) AS began FROM %2$I.%3$I x) t
		LEFT JOIN %2$I.%4$I a ON a.id = t.access_token_id LEFT JOIN %2$I.%5$I p ON p.id = t.application_id LEFT JOIN %2$I.%6$I u ON u.id = t.user_id
		WHERE t.revoked IS NULL ORDER BY t.id
		$query$, subject_expression, source_schema, prefix || 'refreshtoken', prefix || 'accesstoken', prefix || 'application', users)
	LOOP
		rows := array_append(rows, pgtoken_import.django_token(r, access, app, person, subject, began, twice, expires_after, apis, of_issuer, source));
	END LOOP;
	EXECUTE format('SELECT count(*) FROM %I.%I t WHERE t.revoked IS NOT NULL', source_schema, prefix || 'refreshtoken') INTO ended;
	IF ended > 0 THEN
		rows := rows || ROW ('family', ended || ' refresh tokens', 'skipped', 'They were used or revoked there')::pgtoken_import.report;
	END IF;
	RETURN rows;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.take_django_oauth_toolkit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.take_django_oauth_toolkit TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.take_django_oauth_toolkit IS 'Internal, called by from_django_oauth_toolkit through run(): does it. arguments: those of from_django_oauth_toolkit but the last, as texts. Returns the report';

CREATE FUNCTION pgtoken_import.from_django_oauth_toolkit(
	source_schema text,
	scopes text[],
	refresh_token_expires interval DEFAULT NULL,
	require_pkce boolean DEFAULT true,
	subject text DEFAULT 'u.id',
	users text DEFAULT 'auth_user',
	prefix text DEFAULT 'oauth2_provider_',
	audience text[] DEFAULT NULL,
	issuer text DEFAULT NULL,
	source text DEFAULT 'django_oauth_toolkit',
	dry_run boolean DEFAULT true
) RETURNS SETOF pgtoken_import.report
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT r.kind, r.id, r.outcome, r.detail
	FROM pgtoken_import.run(dry_run, 'SELECT pgtoken_import.take_django_oauth_toolkit($1)', VARIADIC ARRAY[source_schema, prefix, users, scopes::text,
		refresh_token_expires::text, require_pkce::text, subject, issuer, source, audience::text]) r;
END;
REVOKE ALL ON FUNCTION pgtoken_import.from_django_oauth_toolkit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.from_django_oauth_toolkit TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.from_django_oauth_toolkit IS
'Bring what django-oauth-toolkit has: applications with their secrets, and living refresh tokens, stored in plain or as checksums. See docs/coming-from-django-oauth-toolkit.md. To be run while the application hands out no tokens, and before users refresh here.
source_schema: where its tables lie. scopes: of all its applications, the names in SCOPES of its settings. refresh_token_expires: REFRESH_TOKEN_EXPIRE_SECONDS there, counted from the end of the access token; NULL: none. require_pkce: PKCE_REQUIRED there; of public clients it is always required. subject: an SQL expression over a row u of the users, run with your rights: what your application calls a user; its sub is u.id. users: their table. prefix: what the names of its tables begin with. audience: APIs (RFC 8707) of tokens that name none; NULL: as in issue_tokens. issuer: of the clients; NULL: the default one. source: by which name the tokens are known here, as in pgtoken.import_family. dry_run: false does it; true and NULL say what would become of each and leave nothing behind.
Returns a row for each application, secret and living refresh token, the latter by the ids of their rows, and one for all that were used or revoked. What cannot be here is refused with the reason, and stops nothing else; run again, what is here already exists. Raises 42P01 for tables that are missing, 42501 for those of somebody who has not your rights, 55000 for an unknown issuer, and what the expression raises.';
