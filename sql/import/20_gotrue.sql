-- GoTrue (Supabase Auth): its refresh tokens are rows, or signed by a key of their session.

CREATE FUNCTION pgtoken_import.hmac_sha256(key bytea, message bytea) RETURNS bytea
	AS 'MODULE_PATHNAME', 'pgt_import_hmac_sha256' LANGUAGE C IMMUTABLE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken_import.hmac_sha256 FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.hmac_sha256 TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.hmac_sha256 IS 'Internal: HMAC with SHA-256 (RFC 2104)';

CREATE FUNCTION pgtoken_import.open_by(key bytea, ciphertext text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_import_open_by' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken_import.open_by FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.open_by TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.open_by IS 'Internal: as pgtoken_import.open, by a key of 32 bytes that the caller has; NULL: not by this one. Raises 22023 for a key of another length';

CREATE FUNCTION pgtoken_import.gotrue_token(session_id uuid, counter bigint, key bytea) RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	token bytea := '\x00' || uuid_send(session_id);
BEGIN
	IF counter < 0 THEN
		RAISE EXCEPTION 'the counter is negative'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	WHILE counter >= 128 LOOP
		token := token || set_byte('\x00', 0, (counter & 127 | 128)::integer);
		counter := counter >> 7;
	END LOOP;
	token := token || set_byte('\x00', 0, counter::integer);
	token := token || substring(pgtoken_import.hmac_sha256(key, token) FROM 1 FOR 16);
	RETURN pgtoken_import.base64url(token || substring(sha256(token) FROM 1 FOR 4));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.gotrue_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.gotrue_token TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.gotrue_token IS 'Internal: the refresh token that GoTrue made last for a session whose tokens are signed: version 0, session, counter as a varint, half of an HMAC, four bytes of a checksum. session_id, counter, key: of its row in sessions, the key in plain';

CREATE FUNCTION pgtoken_import.gotrue_plain(id text, stored text, encryption_keys jsonb) RETURNS text
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	sealed jsonb;
	key text;
	opened text;
BEGIN
	IF coalesce(stored, '') = '' THEN
		RAISE EXCEPTION 'what is secret of it is not there'
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF stored NOT LIKE '{%' THEN
		RETURN stored;
	END IF;
	sealed := stored::jsonb;
	IF sealed ->> 'alg' IS DISTINCT FROM 'aes-gcm-hkdf' THEN
		RAISE EXCEPTION 'it is encrypted by an algorithm that is not known'
			USING ERRCODE = 'feature_not_supported';
	END IF;
	key := encryption_keys ->> (sealed ->> 'key_id');
	IF key IS NULL THEN
		RAISE EXCEPTION 'it is encrypted by the key %, which encryption_keys does not have', quote_nullable(sealed ->> 'key_id')
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	-- HKDF with SHA-256 (RFC 5869) in one block: no salt, the row's id for info
	opened := pgtoken_import.open_by(
		pgtoken_import.hmac_sha256(pgtoken_import.hmac_sha256(decode(repeat('00', 32), 'hex'), pgtoken_import.base64url_bytes(rtrim(key, '='))), convert_to(id, 'UTF8') || '\x01'),
		pgtoken_import.base64url(decode(sealed ->> 'nonce', 'base64') || decode(sealed ->> 'data', 'base64')));
	IF opened IS NULL THEN
		RAISE EXCEPTION 'it cannot be decrypted'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = format('The key %s of encryption_keys is not the one that it was encrypted with, or the row is not as it was written.', quote_literal(sealed ->> 'key_id'));
	END IF;
	RETURN opened;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.gotrue_plain FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.gotrue_plain TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.gotrue_plain IS 'Internal: a column that GoTrue may have encrypted (GOTRUE_SECURITY_DB_ENCRYPTION_…), in plain. id: of its row, in the text that is part of the key. stored: the column. encryption_keys: as in from_gotrue. Raises 22023, 0A000';

CREATE FUNCTION pgtoken_import.gotrue_amr(methods text[], aal text) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT nullif(array_agg(a ORDER BY a), '{}') FROM (
		SELECT CASE m WHEN 'password' THEN 'pwd' WHEN 'totp' THEN 'otp' WHEN 'magiclink' THEN 'otp' WHEN 'mfa/phone' THEN 'sms'
					  WHEN 'mfa/webauthn' THEN 'pop' WHEN 'passkey' THEN 'pop' ELSE m END
		FROM unnest(methods) m WHERE m <> ALL ('{anonymous,token_refresh,oauth_provider/authorization_code}')
		UNION SELECT 'mfa' WHERE aal IN ('aal2', 'aal3')) u (a);
END;
REVOKE ALL ON FUNCTION pgtoken_import.gotrue_amr FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.gotrue_amr TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.gotrue_amr IS 'Internal: how a user has signed in there (mfa_amr_claims, sessions.aal), in the words of RFC 8176 where it has one';

CREATE FUNCTION pgtoken_import.gotrue_factor(factor jsonb, person jsonb, subject text, issuer text, encryption_keys jsonb) RETURNS pgtoken_import.report
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	id CONSTANT text := factor ->> 'id';
	message text;
	why text;
BEGIN
	IF person IS NULL OR person ->> 'deleted_at' IS NOT NULL THEN
		RETURN ROW ('factor', id, 'skipped', 'Its user is deleted there')::pgtoken_import.report;
	ELSIF factor ->> 'status' IS DISTINCT FROM 'verified' THEN
		RETURN ROW ('factor', id, 'skipped', 'It was never verified there')::pgtoken_import.report;
	ELSIF factor ->> 'factor_type' = 'phone' THEN
		RETURN ROW ('factor', id, 'skipped', 'Where to send a code is the application''s own knowledge: enroll_factor(subject, ''sms'')')::pgtoken_import.report;
	ELSIF factor ->> 'factor_type' IS DISTINCT FROM 'totp' THEN
		RETURN ROW ('factor', id, 'skipped', 'Only authenticator apps are brought; the user registers it once more')::pgtoken_import.report;
	ELSIF EXISTS (SELECT FROM pgtoken.factors f WHERE f.issuer = gotrue_factor.issuer AND f.subject = gotrue_factor.subject AND f.factor_type = 'totp') THEN
		-- secrets cannot be compared, and a second app would be a second try for whoever guesses
		RETURN ROW ('factor', id, 'exists', 'The user has an authenticator app here')::pgtoken_import.report;
	END IF;
	PERFORM pgtoken.enroll_factor(subject, 'totp', jsonb_build_object('secret', pgtoken_import.gotrue_plain(id, factor ->> 'secret', encryption_keys)),
								  nullif(factor ->> 'friendly_name', ''), issuer);
	RETURN ROW ('factor', id, 'imported', NULL)::pgtoken_import.report;
EXCEPTION WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
	RETURN ROW ('factor', id, 'refused', pgtoken_import.why(message, why))::pgtoken_import.report;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.gotrue_factor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.gotrue_factor TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.gotrue_factor IS 'Internal: a row of mfa_factors; person: its row of users; subject: what he is called here. Returns what became of it';

CREATE FUNCTION pgtoken_import.gotrue_session(session jsonb, person jsonb, subject text, methods jsonb, tokens jsonb, app text, app_scope text, audience text[], issuer text,
											  timebox interval, inactivity_timeout interval, encryption_keys jsonb, source text) RETURNS pgtoken_import.report[]
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	id CONSTANT text := session ->> 'id';
	rows pgtoken_import.report[] := '{}';
	began timestamptz;
	ends timestamptz;
	refreshed timestamptz;
	signed_in timestamptz;
	client CONSTANT text := coalesce(session ->> 'oauth_client_id', app);
	scope CONSTANT text := CASE WHEN session ->> 'oauth_client_id' IS NULL THEN app_scope ELSE concat_ws(' ', nullif(session ->> 'scopes', ''), 'offline_access') END;
	amr text[];
	token text;
	issued timestamptz;
	twice boolean;
	reason text;
	message text;
	why text;
BEGIN
	IF session ->> 'refresh_token_counter' IS NOT NULL AND session ->> 'refresh_token_hmac_key' IS NOT NULL THEN
		tokens := coalesce(tokens, '[]') || jsonb_build_array(jsonb_build_object('token', pgtoken_import.gotrue_token(
			id::uuid, (session ->> 'refresh_token_counter')::bigint,
			pgtoken_import.base64url_bytes(pgtoken_import.gotrue_plain(id, session ->> 'refresh_token_hmac_key', encryption_keys)))));
	END IF;
	began := (session ->> 'created_at')::timestamptz;
	refreshed := coalesce((session ->> 'refreshed_at')::timestamp AT TIME ZONE 'UTC', began);
	-- what GoTrue would not refresh any more does not begin to live here
	ends := least((session ->> 'not_after')::timestamptz, began + timebox, refreshed + inactivity_timeout);
	signed_in := (SELECT max((m ->> 'at')::timestamptz) FROM jsonb_array_elements(methods) m WHERE m ->> 'method' <> 'token_refresh');
	amr := pgtoken_import.gotrue_amr(ARRAY(SELECT DISTINCT m ->> 'method' FROM jsonb_array_elements(methods) m), session ->> 'aal');
	reason := CASE
		WHEN person IS NULL OR person ->> 'deleted_at' IS NOT NULL THEN 'Its user is deleted there'
		WHEN (person ->> 'banned_until')::timestamptz > now() THEN 'Its user is banned there; he signs in again when that is over'
		WHEN tokens IS NULL THEN 'It has no refresh token that GoTrue would take'
		WHEN ends <= now() THEN 'It is over there; the user signs in again'
		WHEN client IS NULL THEN 'It is of no client of the OAuth server, and client_id does not say whose it is to be'
	END;
	IF reason IS NOT NULL THEN
		RETURN ARRAY[ROW ('family', id, 'skipped', reason)::pgtoken_import.report];
	ELSIF NOT coalesce(isfinite(began), false) THEN
		RETURN ARRAY[ROW ('family', id, 'refused', 'It began at no time that can be')::pgtoken_import.report];
	END IF;
	FOR token, issued, twice IN
		SELECT t ->> 'token', coalesce((t ->> 'created_at')::timestamptz, refreshed), coalesce((t ->> 'twice')::boolean, false) FROM jsonb_array_elements(tokens) WITH ORDINALITY u (t, n) ORDER BY u.n
	LOOP
		IF twice OR length(coalesce(token, '')) < 12 THEN
			rows := rows || ROW ('family', id, 'refused', CASE WHEN twice THEN 'Its refresh token is there twice: whose it is cannot be told' ELSE 'Its refresh token is none that GoTrue makes' END)::pgtoken_import.report;
			CONTINUE;
		END IF;
		BEGIN
			PERFORM pgtoken.import_family(source, pgtoken_import.digest(token), client, subject, scope, audience => audience,
				auth_time => coalesce(signed_in, began), started_at => began, expires_at => ends,
				acr => CASE WHEN session ->> 'aal' IN ('aal2', 'aal3') THEN 'mfa' WHEN 'pwd' = ANY (amr) THEN 'pwd' END, amr => amr, session_id => id,
				token_issued_at => issued, issuer => issuer);
			rows := rows || ROW ('family', id, 'imported', NULL)::pgtoken_import.report;
		EXCEPTION
			WHEN unique_violation THEN
				rows := rows || ROW ('family', id, 'exists', NULL)::pgtoken_import.report;
			WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
				GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
				rows := rows || ROW ('family', id, 'refused', pgtoken_import.why(message, why))::pgtoken_import.report;
		END;
	END LOOP;
	RETURN rows;
EXCEPTION WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
	RETURN ARRAY[ROW ('family', id, 'refused', pgtoken_import.why(message, why))::pgtoken_import.report];
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.gotrue_session FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.gotrue_session TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.gotrue_session IS 'Internal: a row of sessions with its user, how he signed in and its refresh tokens that are not revoked. Returns what became of each of these; a session without any is one row';

-- The argument of pgtoken_import.run is an array, in this order: see from_gotrue.
CREATE FUNCTION pgtoken_import.take_gotrue(arguments text[]) RETURNS pgtoken_import.report[]
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	source_schema CONSTANT text := arguments[1];
	app CONSTANT text := arguments[2];
	app_scope CONSTANT text := arguments[3];
	audience CONSTANT text[] := arguments[4]::text[];
	subject_expression CONSTANT text := arguments[5];
	of_issuer CONSTANT text := pgtoken_import.issuer(arguments[6]);
	timebox CONSTANT interval := arguments[7]::interval;
	inactivity_timeout CONSTANT interval := arguments[8]::interval;
	encryption_keys CONSTANT jsonb := arguments[9]::jsonb;
	with_factors CONSTANT boolean := coalesce(arguments[10]::boolean, false);
	client_scopes CONSTANT text[] := arguments[11]::text[];
	source CONSTANT text := arguments[12];
	has_clients CONSTANT boolean := to_regclass(format('%I.oauth_clients', source_schema)) IS NOT NULL;
	has_consents CONSTANT boolean := to_regclass(format('%I.oauth_consents', source_schema)) IS NOT NULL;
	rows pgtoken_import.report[] := '{}';
	r jsonb;
	session jsonb;
	person jsonb;
	subject text;
	methods jsonb;
	tokens jsonb;
	one pgtoken_import.report;
	message text;
	why text;
BEGIN
	PERFORM pgtoken_import.require_tables(source_schema, '{users,sessions,refresh_tokens,mfa_amr_claims}');
	PERFORM pgtoken_import.require_owner(source_schema, '{oauth_clients,oauth_consents,mfa_factors}');

	IF has_clients THEN
		FOR r IN SELECT t FROM pgtoken_import.rows_of(source_schema, 'oauth_clients') t LOOP
			BEGIN
				IF r ->> 'deleted_at' IS NOT NULL THEN
					rows := rows || ROW ('client', r ->> 'id', 'skipped', 'It is deleted there')::pgtoken_import.report;
				ELSE
					rows := rows || ARRAY(SELECT b FROM pgtoken_import.bring_client(
						r ->> 'id', r ->> 'client_type', client_scopes, string_to_array(r ->> 'redirect_uris', ','), r ->> 'client_name',
						jsonb_strip_nulls(jsonb_build_object(
							'token_endpoint_auth_method', CASE r ->> 'client_type' WHEN 'public' THEN NULL ELSE r ->> 'token_endpoint_auth_method' END,
							'application_type', CASE WHEN EXISTS (SELECT FROM unnest(string_to_array(r ->> 'redirect_uris', ',')) u WHERE u !~* '^https:') THEN 'native' END,
							'client_uri', nullif(r ->> 'client_uri', ''), 'logo_uri', nullif(r ->> 'logo_uri', ''))),
						of_issuer, digest => pgtoken_import.base64url_bytes(nullif(r ->> 'client_secret_hash', ''))) b);
				END IF;
			EXCEPTION WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
				GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
				rows := rows || ROW ('client', r ->> 'id', 'refused', pgtoken_import.why(message, why))::pgtoken_import.report;
			END;
		END LOOP;
	END IF;

	IF has_consents THEN
		FOR r, person, subject IN EXECUTE format($query$
			SELECT to_jsonb(c), to_jsonb(u), (%s)::text FROM %I.oauth_consents c LEFT JOIN %2$I.users u ON u.id = c.user_id ORDER BY c.id
			$query$, subject_expression, source_schema) LOOP
			IF r ->> 'revoked_at' IS NOT NULL THEN
				rows := rows || ROW ('consent', r ->> 'id', 'skipped', 'It was withdrawn there')::pgtoken_import.report;
			ELSIF person IS NULL OR person ->> 'deleted_at' IS NOT NULL THEN
				rows := rows || ROW ('consent', r ->> 'id', 'skipped', 'Its user is deleted there')::pgtoken_import.report;
			ELSE
				BEGIN
					rows := rows || pgtoken_import.bring_consent(r ->> 'id', of_issuer, subject, r ->> 'client_id', audience[1],
						string_to_array(r ->> 'scopes', ' ') || 'offline_access'::text, (r ->> 'granted_at')::timestamptz);
				EXCEPTION WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
					GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL;
					rows := rows || ROW ('consent', r ->> 'id', 'refused', pgtoken_import.why(message, why))::pgtoken_import.report;
				END;
			END IF;
		END LOOP;
	END IF;

	IF with_factors THEN
		FOR r, person, subject IN EXECUTE format($query$
			SELECT to_jsonb(f), to_jsonb(u), (%s)::text FROM %I.mfa_factors f LEFT JOIN %2$I.users u ON u.id = f.user_id ORDER BY f.id
			$query$, subject_expression, source_schema) LOOP
			rows := array_append(rows, pgtoken_import.gotrue_factor(r, person, subject, of_issuer, encryption_keys));
		END LOOP;
	END IF;

	-- each token that GoTrue would take is a family: the rows that are not revoked, and of a session that signs its tokens the last
	FOR session, person, subject, methods, tokens IN EXECUTE format($query$
		WITH living AS (
			SELECT t.session_id::text AS session_id, jsonb_agg(jsonb_build_object('token', t.token, 'created_at', t.created_at, 'twice', t.n > 1) ORDER BY t.id) AS tokens
			FROM (SELECT r.*, count(*) OVER (PARTITION BY r.token) AS n FROM %1$I.refresh_tokens r WHERE r.revoked IS NOT TRUE) t GROUP BY t.session_id::text
		), signed_in AS (
			SELECT m.session_id::text AS session_id, jsonb_agg(jsonb_build_object('method', m.authentication_method, 'at', m.updated_at)) AS methods
			FROM %1$I.mfa_amr_claims m GROUP BY m.session_id::text
		)
		SELECT to_jsonb(s), to_jsonb(u), (%2$s)::text, m.methods, t.tokens
		FROM %1$I.sessions s LEFT JOIN %1$I.users u ON u.id = s.user_id LEFT JOIN signed_in m ON m.session_id = s.id::text LEFT JOIN living t ON t.session_id = s.id::text
		ORDER BY s.id
		$query$, source_schema, subject_expression)
	LOOP
		-- one by one, which does not copy what is there already
		FOREACH one IN ARRAY pgtoken_import.gotrue_session(session, person, subject, methods, tokens, app, app_scope, audience, of_issuer, timebox, inactivity_timeout, encryption_keys, source) LOOP
			rows := array_append(rows, one);
		END LOOP;
	END LOOP;
	RETURN rows;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.take_gotrue FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.take_gotrue TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.take_gotrue IS 'Internal, called by from_gotrue through run(): does it. arguments: those of from_gotrue but the last, as texts. Returns the report';

CREATE FUNCTION pgtoken_import.from_gotrue(
	source_schema text DEFAULT 'auth',
	client_id text DEFAULT NULL,
	scope text DEFAULT 'openid offline_access',
	audience text[] DEFAULT NULL,
	subject text DEFAULT 'u.id',
	issuer text DEFAULT NULL,
	timebox interval DEFAULT NULL,
	inactivity_timeout interval DEFAULT NULL,
	encryption_keys jsonb DEFAULT NULL,
	factors boolean DEFAULT false,
	client_scopes text[] DEFAULT '{openid,profile,email,phone}',
	source text DEFAULT 'gotrue',
	dry_run boolean DEFAULT true
) RETURNS SETOF pgtoken_import.report
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT r.kind, r.id, r.outcome, r.detail
	FROM pgtoken_import.run(dry_run, 'SELECT pgtoken_import.take_gotrue($1)', VARIADIC ARRAY[source_schema, client_id, scope, audience::text, subject, issuer,
		timebox::text, inactivity_timeout::text, encryption_keys::text, factors::text, client_scopes::text, source]) r;
END;
REVOKE ALL ON FUNCTION pgtoken_import.from_gotrue FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.from_gotrue TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.from_gotrue IS
'Bring what GoTrue (Supabase Auth) has: the clients of its OAuth server with their secrets, consents, authenticator apps, and the living refresh tokens of its sessions, in either of its formats. See docs/coming-from-gotrue.md. To be run while GoTrue takes no requests, and before users refresh here.
source_schema: where its tables lie: users, sessions, refresh_tokens and mfa_amr_claims, and as far as they are there oauth_clients, oauth_consents and mfa_factors. client_id: the client here that your application is, whose sessions those will be that GoTrue has begun for no client of its OAuth server; NULL: they are skipped. scope: theirs, which the client must be allowed. audience: APIs that the tokens are for (RFC 8707); NULL: as in issue_tokens. subject: an SQL expression over a row u of users, run with your rights: what your application calls a user. issuer: of the clients; NULL: the default one. timebox, inactivity_timeout: GOTRUE_SESSIONS_TIMEBOX and GOTRUE_SESSIONS_INACTIVITY_TIMEOUT there, which it does not store; NULL: none. encryption_keys: GOTRUE_SECURITY_DB_ENCRYPTION_DECRYPTION_KEYS as an object, {"key id": "key in base64url"}, where it encrypts; pass it as a parameter, not as a literal that a log may keep. factors: true: authenticator apps as well. client_scopes: scopes of its clients. source: by which name the tokens are known here, as in pgtoken.import_family. dry_run: false does it; true and NULL say what would become of each and leave nothing behind.
Returns a row for each client, secret, consent, factor and token. What cannot be here is refused with the reason, and stops nothing else; run again, what is here already exists. Raises 42P01 for tables that are missing, 42501 for those of somebody who has not your rights, 55000 for an unknown issuer, and what the expression raises.';
