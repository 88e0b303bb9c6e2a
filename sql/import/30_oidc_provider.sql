-- node-oidc-provider: one table of payloads, whatever its adapter calls it and its columns.

CREATE FUNCTION pgtoken_import.moment(seconds jsonb) RETURNS timestamptz
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF coalesce(jsonb_typeof(seconds), 'null') = 'null' THEN
		RETURN NULL;
	ELSIF jsonb_typeof(seconds) <> 'number' OR seconds::numeric NOT BETWEEN 0 AND 253402300799 THEN
		RAISE EXCEPTION 'a time of it is none'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN to_timestamp(seconds::numeric::double precision);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.moment FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.moment TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.moment IS 'Internal: a time in seconds since 1970; NULL: there is none. Raises 22023 for what is no time';

CREATE FUNCTION pgtoken_import.oidc_provider_client(client jsonb, scopes text[], require_pkce boolean, issuer text) RETURNS SETOF pgtoken_import.report
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	-- what means the same here, under the same name
	same CONSTANT text[] := '{application_type,token_endpoint_auth_signing_alg,jwks,jwks_uri,tls_client_auth_subject_dn,tls_client_auth_san_dns,tls_client_auth_san_uri,tls_client_auth_san_ip,tls_client_auth_san_email,require_pushed_authorization_requests,dpop_bound_access_tokens,tls_client_certificate_bound_access_tokens,post_logout_redirect_uris,backchannel_logout_uri,backchannel_logout_session_required,initiate_login_uri,default_max_age,default_acr_values,authorization_signed_response_alg,userinfo_signed_response_alg,introspection_signed_response_alg,client_uri,logo_uri,tos_uri,policy_uri,contacts,software_id,software_version,request_uris,request_object_signing_alg,require_signed_request_object}';
	-- what is an argument, or is always so here
	read CONSTANT text[] := '{client_id,client_id_issued_at,client_name,client_secret,client_secret_expires_at,redirect_uris,scope,grant_types,response_types,token_endpoint_auth_method,id_token_signed_response_alg,subject_type,require_auth_time}';
	known CONSTANT text[] := '{authorization_code,refresh_token,client_credentials,urn:ietf:params:oauth:grant-type:device_code,urn:ietf:params:oauth:grant-type:token-exchange}';
	id CONSTANT text := client ->> 'client_id';
	method CONSTANT text := coalesce(client ->> 'token_endpoint_auth_method', 'client_secret_basic');
	client_type CONSTANT text := CASE method WHEN 'none' THEN 'public' ELSE 'confidential' END;
	grants text[];
	of_alg text;
	metadata jsonb;
	left_out text[];
	note text;
	message text;
	why text;
BEGIN
	grants := ARRAY(SELECT jsonb_array_elements_text(coalesce(client -> 'grant_types', '["authorization_code"]')));
	left_out := ARRAY(SELECT g FROM unnest(grants) g WHERE g <> ALL (known));
	grants := ARRAY(SELECT g FROM unnest(grants) g WHERE g = ANY (known));
	-- a response type of several words answers in the browser's address
	IF grants <@ '{refresh_token}' OR 'authorization_code' = ANY (grants) AND NOT coalesce(client -> 'response_types', '["code"]') ? 'code' THEN
		RAISE EXCEPTION 'nothing of what it asks for is here'
			USING ERRCODE = 'feature_not_supported',
				  DETAIL = format('Its grant types are %s, its response types %s; there is no implicit and no hybrid flow.', coalesce(client ->> 'grant_types', 'not said'), coalesce(client ->> 'response_types', 'not said'));
	END IF;
	IF client ->> 'subject_type' = 'pairwise' THEN
		RAISE EXCEPTION 'its users would be others to it'
			USING ERRCODE = 'feature_not_supported',
				  DETAIL = 'Its subject_type is pairwise, and the sub that the provider made for it cannot be made here.';
	END IF;
	SELECT m INTO note FROM jsonb_object_keys(client) m WHERE m ~ '_encrypt(ed_response|ion)_(alg|enc)$' LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'encrypted tokens are not there'
			USING ERRCODE = 'feature_not_supported',
				  DETAIL = format('It has %s.', note);
	END IF;
	of_alg := client ->> 'id_token_signed_response_alg';
	metadata := jsonb_strip_nulls(jsonb_build_object('token_endpoint_auth_method', nullif(method, 'none'), 'grant_types', to_jsonb(grants),
													 'require_pkce', CASE WHEN client_type = 'confidential' AND NOT require_pkce THEN false END))
		|| coalesce((SELECT jsonb_object_agg(m.key, m.value) FROM jsonb_each(client) m WHERE m.key = ANY (same) AND m.value NOT IN ('null', 'false', '[]', '""', '"web"')), '{}');
	left_out := left_out || ARRAY(SELECT m.key FROM jsonb_each(client) m WHERE m.key <> ALL (same || read) AND m.value NOT IN ('null', 'false', '[]', '""') ORDER BY m.key COLLATE "C");
	IF of_alg IS NOT NULL AND NOT EXISTS (SELECT FROM pgtoken.signing_keys k WHERE k.issuer = oidc_provider_client.issuer AND k.alg = of_alg AND k.state = 'active') THEN
		left_out := left_out || format('id_token_signed_response_alg %s, of which the issuer has no key', of_alg);
		of_alg := NULL;
	END IF;
	note := nullif(concat_ws('. ', CASE WHEN metadata -> 'require_pkce' = 'false' THEN 'PKCE is not required of it, as there' END,
							 CASE WHEN cardinality(left_out) > 0 THEN 'Left out: ' || array_to_string(left_out, ', ') END), '');
	RETURN QUERY SELECT b.kind, b.id, b.outcome, b.detail FROM pgtoken_import.bring_client(id, client_type,
		CASE WHEN client ? 'scope' THEN array_remove(string_to_array(client ->> 'scope', ' '), 'offline_access') ELSE scopes END,
		ARRAY(SELECT jsonb_array_elements_text(coalesce(client -> 'redirect_uris', '[]'))), client ->> 'client_name', metadata, issuer, signing_alg => of_alg,
		secret => client ->> 'client_secret', secret_expires_at => pgtoken_import.moment(nullif(client -> 'client_secret_expires_at', '0')), note => note) b;
EXCEPTION WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
	RETURN NEXT ROW ('client', id, 'refused', pgtoken_import.why(message, why))::pgtoken_import.report;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.oidc_provider_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.oidc_provider_client TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.oidc_provider_client IS 'Internal: the payload of a Client; the rest as in from_oidc_provider. Returns what became of it and of its secret';

CREATE FUNCTION pgtoken_import.oidc_provider_token(id text, token jsonb, consumed boolean, granted jsonb, session jsonb, subject text, twice boolean, issuer text, source text) RETURNS pgtoken_import.report
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	-- never the token, which is its own id
	name CONSTANT text := coalesce(token ->> 'grantId', 'a token without grant');
	client CONSTANT text := token ->> 'clientId';
	with_session CONSTANT boolean := coalesce(token -> 'expiresWithSession' = 'true', false);
	ends timestamptz;
	reason text;
	message text;
	why text;
BEGIN
	IF token IS NULL THEN
		RETURN ROW ('family', 'a token without payload', 'refused', 'Its payload is no JSON object')::pgtoken_import.report;
	END IF;
	ends := least(pgtoken_import.moment(granted -> 'exp'), CASE WHEN with_session THEN pgtoken_import.moment(session -> 'exp') END);
	reason := CASE
		WHEN consumed OR token ? 'consumed' THEN 'It was used there, and has a successor'
		WHEN pgtoken_import.moment(token -> 'exp') <= now() THEN 'It is over there; the user signs in again'
		WHEN granted IS NULL OR granted ->> 'accountId' IS DISTINCT FROM token ->> 'accountId' OR granted ->> 'clientId' IS DISTINCT FROM client
			THEN 'Its grant is gone there, and the provider would refuse it; the user signs in again'
		WHEN with_session AND (session IS NULL OR session ->> 'accountId' IS DISTINCT FROM token ->> 'accountId'
							   OR session -> 'authorizations' -> client ->> 'grantId' IS DISTINCT FROM token ->> 'grantId')
			THEN 'It was to end with its session, which is over there; the user signs in again'
		WHEN ends <= now() THEN 'Its grant or session is over there; the user signs in again'
		WHEN token ? 'attestationJkt' THEN 'It is bound to an attested instance of its client, which cannot be proved here; the user signs in again'
		WHEN token ? 'rar' THEN 'It has authorization_details, which are not brought; the user signs in again'
	END;
	IF reason IS NOT NULL THEN
		RETURN ROW ('family', name, 'skipped', reason)::pgtoken_import.report;
	ELSIF twice THEN
		RETURN ROW ('family', name, 'refused', 'It is there twice: whose it is cannot be told')::pgtoken_import.report;
	ELSIF token ->> 'jti' IS DISTINCT FROM id THEN
		RETURN ROW ('family', name, 'refused', 'Its id is not that of its payload')::pgtoken_import.report;
	END IF;
	PERFORM pgtoken.import_family(source, pgtoken_import.digest(id), client, subject,
		-- as the provider filters it by the grant; whether it asks for offline_access is its configuration
		(SELECT string_agg(s, ' ' ORDER BY n) || CASE WHEN bool_or(s = 'offline_access') THEN '' ELSE ' offline_access' END FROM regexp_split_to_table(token ->> 'scope', ' +') WITH ORDINALITY u (s, n)
		 WHERE s = ANY (string_to_array(granted -> 'openid' ->> 'scope', ' ')) OR EXISTS (SELECT FROM jsonb_each_text(granted -> 'resources') g WHERE s = ANY (string_to_array(g.value, ' ')))),
		audience => CASE jsonb_typeof(token -> 'resource') WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(token -> 'resource')) WHEN 'string' THEN ARRAY[token ->> 'resource'] END,
		auth_time => pgtoken_import.moment(token -> 'authTime'), started_at => pgtoken_import.moment(coalesce(token -> 'iiat', token -> 'iat')), expires_at => ends,
		acr => token ->> 'acr', amr => CASE jsonb_typeof(token -> 'amr') WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(token -> 'amr')) END,
		session_id => coalesce(token ->> 'sid', token ->> 'sessionUid'), token_issued_at => pgtoken_import.moment(token -> 'iat'), token_expires_at => pgtoken_import.moment(token -> 'exp'),
		cnf => CASE WHEN token ? 'jkt' THEN jsonb_build_object('jkt', token -> 'jkt') WHEN token ? 'x5t#S256' THEN jsonb_build_object('x5t#S256', token -> 'x5t#S256') END, issuer => issuer);
	RETURN ROW ('family', name, 'imported', NULL)::pgtoken_import.report;
EXCEPTION
	WHEN unique_violation THEN
		RETURN ROW ('family', name, 'exists', NULL)::pgtoken_import.report;
	WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
		RETURN ROW ('family', name, 'refused', pgtoken_import.why(message, why))::pgtoken_import.report;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.oidc_provider_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.oidc_provider_token TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.oidc_provider_token IS 'Internal: a RefreshToken with its Grant and Session. id: the token itself. Returns what became of it, by the name of its grant';

-- The argument of pgtoken_import.run is an array, in this order: see from_oidc_provider.
CREATE FUNCTION pgtoken_import.take_oidc_provider(arguments text[]) RETURNS pgtoken_import.report[]
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	source_schema CONSTANT text := arguments[1];
	table_name CONSTANT text := arguments[2];
	columns CONSTANT jsonb := jsonb_build_object('id', 'id', 'type', 'type', 'payload', 'payload', 'consumed_at', 'consumedAt') || arguments[3]::jsonb;
	types CONSTANT text[] := arguments[4]::text[];
	scopes CONSTANT text[] := arguments[5]::text[];
	require_pkce CONSTANT boolean := coalesce(arguments[6]::boolean, false);
	subject_expression CONSTANT text := arguments[7];
	of_issuer CONSTANT text := pgtoken_import.issuer(arguments[8]);
	source CONSTANT text := arguments[9];
	-- a number is a place in types, as the Knex adapter has it
	every CONSTANT text := format($query$
		SELECT p.id, pgtoken_import.parsed(p.payload) AS payload, p.consumed, count(*) OVER (PARTITION BY p.id) > 1 AS twice FROM (
			SELECT o.r ->> %1$L AS id, CASE WHEN o.r ->> %2$L ~ '^[0-9]{1,4}$' THEN ($1)[(o.r ->> %2$L)::integer] ELSE o.r ->> %2$L END AS type,
				   CASE jsonb_typeof(o.r -> %3$L) WHEN 'string' THEN o.r ->> %3$L ELSE (o.r -> %3$L)::text END AS payload, o.r ->> %4$L IS NOT NULL AS consumed
			FROM (SELECT to_jsonb(t) AS r FROM (SELECT %7$s FROM %5$I.%6$I) t) o) p
		$query$, columns ->> 'id', columns ->> 'type', columns ->> 'payload', columns ->> 'consumed_at', source_schema, table_name, pgtoken_import.columns_of(source_schema, table_name));
	-- appended: what a column is called is nothing to look for a parameter in
	payloads CONSTANT text := every || ' WHERE p.type = $2';
	rows pgtoken_import.report[] := '{}';
	id text;
	payload jsonb;
	consumed boolean;
	twice boolean;
	granted jsonb;
	session jsonb;
	subject text;
	api text;
	agreed text[];
	message text;
	why text;
BEGIN
	PERFORM pgtoken_import.require_tables(source_schema, ARRAY[table_name]);

	FOR id, payload IN EXECUTE format('SELECT p.id, p.payload FROM (%s) p ORDER BY p.id', payloads) USING types, 'Client' LOOP
		IF payload IS NULL OR payload ->> 'client_id' IS DISTINCT FROM id THEN
			rows := rows || ROW ('client', id, 'refused', 'Its payload is not that of a client of this id')::pgtoken_import.report;
		ELSE
			rows := rows || ARRAY(SELECT c FROM pgtoken_import.oidc_provider_client(payload, scopes, require_pkce, of_issuer) c);
		END IF;
	END LOOP;

	-- of several grants of a user to a client the last counts
	FOR id, payload, subject, api, agreed IN EXECUTE format($query$
		SELECT g.id, g.payload, (%s)::text, a.api, string_to_array(a.scope, ' ')
		FROM (SELECT p.*, p.payload ->> 'accountId' AS account FROM (%s) p) g
		CROSS JOIN LATERAL (SELECT NULL, g.payload -> 'openid' ->> 'scope' UNION ALL
							SELECT r.key, r.value FROM jsonb_each_text(CASE jsonb_typeof(g.payload -> 'resources') WHEN 'object' THEN g.payload -> 'resources' END) r) a (api, scope)
		WHERE a.scope <> ''
		ORDER BY g.payload -> 'iat' DESC NULLS LAST, g.id, a.api NULLS FIRST
		$query$, subject_expression, payloads) USING types, 'Grant'
	LOOP
		BEGIN
			IF pgtoken_import.moment(payload -> 'exp') <= now() THEN
				rows := rows || ROW ('consent', id, 'skipped', 'It is over there')::pgtoken_import.report;
			ELSE
				rows := array_append(rows, pgtoken_import.bring_consent(id, of_issuer, subject, payload ->> 'clientId', api, agreed, pgtoken_import.moment(payload -> 'iat'), pgtoken_import.moment(payload -> 'exp')));
			END IF;
		EXCEPTION WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
			rows := rows || ROW ('consent', id, 'refused', pgtoken_import.why(message, why))::pgtoken_import.report;
		END;
	END LOOP;

	FOR id, payload, consumed, twice, granted, session, subject IN EXECUTE format($query$
		SELECT t.id, t.payload, t.consumed, t.twice, g.payload, s.payload, (%1$s)::text
		FROM (SELECT p.*, p.payload ->> 'accountId' AS account FROM (%2$s) p) t
		LEFT JOIN (%3$s) g ON g.id = t.payload ->> 'grantId' AND NOT g.twice
		LEFT JOIN (SELECT DISTINCT ON (p.payload ->> 'uid') p.payload FROM (%4$s) p ORDER BY p.payload ->> 'uid', p.payload -> 'exp' DESC) s ON s.payload ->> 'uid' = t.payload ->> 'sessionUid'
		ORDER BY t.payload ->> 'grantId', t.payload -> 'iat', t.id
		$query$, subject_expression, payloads, every || ' WHERE p.type = $3', every || ' WHERE p.type = $4') USING types, 'RefreshToken', 'Grant', 'Session'
	LOOP
		rows := array_append(rows, pgtoken_import.oidc_provider_token(id, payload, consumed, granted, session, subject, twice, of_issuer, source));
	END LOOP;
	RETURN rows;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.take_oidc_provider FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.take_oidc_provider TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.take_oidc_provider IS 'Internal, called by from_oidc_provider through run(): does it. arguments: those of from_oidc_provider but the last, as texts. Returns the report';

CREATE FUNCTION pgtoken_import.from_oidc_provider(
	source_schema text,
	table_name text DEFAULT 'oidc_payloads',
	columns jsonb DEFAULT '{}',
	types text[] DEFAULT '{Session,AccessToken,AuthorizationCode,RefreshToken,DeviceCode,ClientCredentials,Client,InitialAccessToken,RegistrationAccessToken,Interaction,ReplayDetection,PushedAuthorizationRequest,Grant}',
	scopes text[] DEFAULT '{openid,profile,email}',
	require_pkce boolean DEFAULT false,
	subject text DEFAULT 'account',
	issuer text DEFAULT NULL,
	source text DEFAULT 'oidc_provider',
	dry_run boolean DEFAULT true
) RETURNS SETOF pgtoken_import.report
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT r.kind, r.id, r.outcome, r.detail
	FROM pgtoken_import.run(dry_run, 'SELECT pgtoken_import.take_oidc_provider($1)', VARIADIC ARRAY[source_schema, table_name, columns::text, types::text, scopes::text,
		require_pkce::text, subject, issuer, source]) r;
END;
REVOKE ALL ON FUNCTION pgtoken_import.from_oidc_provider FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.from_oidc_provider TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.from_oidc_provider IS
'Bring what node-oidc-provider has: registered clients with their secrets, grants as consents, and living refresh tokens of the opaque format with what they are bound to. See docs/coming-from-oidc-provider.md. To be run while the provider takes no requests, and before users refresh here.
source_schema, table_name: where the adapter''s table lies; an adapter with a table for each model needs a view over them. columns: how its columns are called where not as in the Knex adapter, {"id": "id", "type": "type", "payload": "payload", "consumed_at": "consumedAt"}; payload may be json, jsonb or text. types: where the type is a number, which model each number is, from 1 on. scopes: of clients whose payload has no scope. require_pkce: true: of confidential clients, too; false: as the provider has it by default. subject: an SQL expression over account, the provider''s accountId, run with your rights: what your application calls a user. issuer: of the clients; NULL: the default one. source: by which name the tokens are known here, as in pgtoken.import_family. dry_run: false does it; true and NULL say what would become of each and leave nothing behind.
Returns a row for each client, secret, consent and refresh token; these have the name of their grant. What cannot be here is refused with the reason, and stops nothing else; run again, what is here already exists. Raises 42P01 for a table that is missing, 42501 for one of somebody who has not your rights, 55000 for an unknown issuer, and what the expression raises.';
