-- The console's functions about clients, APIs and keys.
--
-- Each calls what psql calls.  Who has pgtoken_admin's rights calls the function of the
-- schema pgtoken, an administrator of one issuer its namesake of pgtoken_administration,
-- which asks whose the thing is.  Arguments go by the names that these functions have, so
-- that a new one is known here, too.

-- What they have in common ----------------------------------------------------------

CREATE FUNCTION pgtoken_console.schema_of(function_name text) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN CASE WHEN (SELECT bool_and(has_function_privilege(current_user, p.oid, 'EXECUTE')) FROM pg_proc p
					  WHERE p.pronamespace = 'pgtoken'::regnamespace AND p.proname = function_name) THEN 'pgtoken' ELSE 'pgtoken_administration' END;
REVOKE ALL ON FUNCTION pgtoken_console.schema_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.schema_of TO pgtoken_admin, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.schema_of IS 'Internal: where the role in effect finds a function: in pgtoken, or its namesake in pgtoken_administration';

CREATE FUNCTION pgtoken_console.argument_literal(name text, value jsonb, type regtype) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	wanted CONSTANT text := CASE type WHEN 'text[]'::regtype THEN 'array' WHEN 'boolean'::regtype THEN 'boolean' WHEN 'integer'::regtype THEN 'number'
							WHEN 'jsonb'::regtype THEN 'object' ELSE 'string' END;
	given text := value #>> '{}';
BEGIN
	IF jsonb_typeof(value) <> wanted AND (wanted <> 'object' OR jsonb_typeof(value) <> 'array') OR wanted = 'array' AND jsonb_path_exists(value, '$[*] ? (@.type() != "string")') THEN
		RAISE EXCEPTION '% must be of type %', name, CASE wanted WHEN 'array' THEN 'array of strings' ELSE wanted END
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF wanted = 'array' THEN
		given := ARRAY(SELECT jsonb_array_elements_text(value))::text;
	END IF;
	given := format('%L::%s', given, type);
	BEGIN
		EXECUTE 'SELECT ' || given;
	EXCEPTION WHEN data_exception THEN
		RAISE EXCEPTION '% is not of type %', name, type
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = CASE type WHEN 'interval'::regtype THEN 'Such as 10 minutes, 12 hours or 30 days.' ELSE '' END;
	END;
	RETURN given;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.argument_literal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.argument_literal TO pgtoken_admin, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.argument_literal IS 'Internal, called by argument_list: a member of arguments as a constant of SQL; raises 22023, naming the member, for what its type cannot be';

CREATE FUNCTION pgtoken_console.argument_list(function_name text, arguments jsonb, unknown text[] DEFAULT '{}') RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	names text[];
	types oid[];
	required integer;
	given text[];
BEGIN
	SELECT p.proargnames[1:p.pronargs], p.proargtypes::oid[], p.pronargs - p.pronargdefaults INTO STRICT names, types, required
	FROM pg_proc p WHERE p.pronamespace = 'pgtoken'::regnamespace AND p.proname = function_name;
	PERFORM pgtoken_console.check_arguments(arguments, ARRAY(SELECT n FROM unnest(names) n WHERE n <> ALL ('{reset,if_not_exists}'::text[] || unknown)));
	given := ARRAY(SELECT format('%I => %s', a.name, pgtoken_console.argument_literal(a.name, arguments -> a.name, a.type))
				   FROM unnest(names, types) a (name, type)
				   WHERE a.name <> ALL ('{reset,if_not_exists}') AND arguments -> a.name <> 'null')
		-- what must be there and is not is told by the function itself
		|| ARRAY(SELECT format('%I => NULL', name) FROM unnest(names[1:required]) name WHERE arguments ->> name IS NULL);
	IF 'reset' = ANY (names) THEN
		given := given || format('reset => %L', ARRAY(SELECT m.key FROM jsonb_each(arguments) m WHERE m.value = 'null'));
	END IF;
	RETURN array_to_string(given, ', ');
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.argument_list FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.argument_list TO pgtoken_admin, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.argument_list IS 'Internal: the arguments of a call of the function of this name, from a JSON object that has them by their names; unknown: those that the console does not give. A member that is null: the default, and where the function has reset, back to NULL. Raises 22023';

CREATE FUNCTION pgtoken_console.refuse_value(table_name text, constraint_name text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	RAISE EXCEPTION '% cannot have this value', regexp_replace(substr(constraint_name, length(table_name) + 2), '_check$', '')
		USING ERRCODE = 'check_violation',
			  DETAIL = coalesce((SELECT obj_description(c.oid, 'pg_constraint') || '.' FROM pg_constraint c
								 WHERE c.conrelid = to_regclass(format('pgtoken.%I', table_name)) AND c.conname = constraint_name), 'It is out of range.');
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.refuse_value FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.refuse_value TO pgtoken_admin, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.refuse_value IS 'Internal: a CHECK constraint has refused a value: raises 23514, names the column and says what the comment of the constraint says, in place of the row';

CREATE FUNCTION pgtoken_console.call_administration(function_name text, arguments jsonb, unknown text[] DEFAULT '{}') RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	answer jsonb;
	refused_table text;
	refused_constraint text;
BEGIN
	EXECUTE format('SELECT to_jsonb(f) FROM %I.%I(%s) f', pgtoken_console.schema_of(function_name), function_name,
				   pgtoken_console.argument_list(function_name, arguments, unknown)) INTO answer;
	RETURN answer;
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS refused_table = TABLE_NAME, refused_constraint = CONSTRAINT_NAME;
	IF refused_constraint = '' THEN
		RAISE;
	END IF;
	PERFORM pgtoken_console.refuse_value(refused_table, refused_constraint);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.call_administration FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.call_administration TO pgtoken_admin, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.call_administration IS 'Internal: calls a function with these arguments as the role in effect may, and returns its answer. Raises what it raises, and 22023 for arguments that it does not have, or that unknown lists';

-- what the forms offer, and what lists show beside the rows
GRANT EXECUTE ON FUNCTION pgtoken.choices, pgtoken.known_values, pgtoken.client_auth_method, pgtoken.client_auth_methods TO pgtoken_auditor, pgtoken_issuer_admin;

CREATE FUNCTION pgtoken_console.page_of(rows jsonb, size integer, next text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN CASE WHEN jsonb_array_length(rows) > size THEN jsonb_build_object('rows', rows - size, 'next', next)
				ELSE jsonb_build_object('rows', rows, 'next', NULL) END;
REVOKE ALL ON FUNCTION pgtoken_console.page_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.page_of TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.page_of IS 'Internal: a page of a list, of which one row more than size was read; next: what after is for the page behind it';

-- Clients -----------------------------------------------------------------------------

CREATE FUNCTION pgtoken_console.clients(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = 'iso_8601'
AS $function$
DECLARE
	of_issuer CONSTANT text := arguments ->> 'issuer';
	search CONSTANT text := nullif(arguments ->> 'search', '');
	after CONSTANT text := coalesce(arguments ->> 'after', '');
	size CONSTANT integer := pgtoken_console.limit_of(arguments);
	rows jsonb;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{issuer,search,after,limit}');
	SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.client_id), '[]') INTO rows
	FROM (SELECT c.client_id, c.issuer, c.client_name, c.client_type, c.enabled, c.profile, c.offline_access, c.created_at,
				 pgtoken.client_auth_methods(c.client_type, c.metadata) AS auth_methods, cardinality(c.redirect_uris) AS redirect_uris
		  FROM pgtoken.clients c
		  WHERE c.client_id > after AND (of_issuer IS NULL OR c.issuer = of_issuer)
			AND (search IS NULL OR starts_with(c.client_id, search) OR starts_with(lower(c.client_name), lower(search)))
		  ORDER BY c.client_id LIMIT size + 1) l;
	RETURN pgtoken_console.page_of(rows, size, rows -> (size - 1) ->> 'client_id');
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.clients FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.clients TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.clients IS
'Of the console: the clients, by client_id. arguments: issuer: whose; not there: of all that the role sees. search: what client_id or client_name begin with. after, limit: the page.
Returns rows (client_id, issuer, client_name, client_type, enabled, profile, offline_access, created_at, auth_methods, and redirect_uris: how many) and next. Raises 22023.';

CREATE FUNCTION pgtoken_console.client(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = 'iso_8601'
AS $function$
DECLARE
	answer jsonb;
	origin text;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{client_id}');
	SELECT jsonb_build_object('client', to_jsonb(c) - '{epoch,epochs_since_end,not_before_epoch}'::text[],
							  'auth_methods', pgtoken.client_auth_methods(c.client_type, c.metadata)) INTO answer
	FROM pgtoken.clients c WHERE c.client_id = arguments ->> 'client_id';
	IF answer IS NULL THEN
		RETURN jsonb_build_object('client', NULL);
	END IF;
	IF has_column_privilege('pgtoken.registrations', 'origin', 'SELECT') THEN
		origin := (SELECT r.origin FROM pgtoken.registrations r WHERE r.client_id = arguments ->> 'client_id');
	END IF;
	RETURN answer || jsonb_build_object('origin', origin, 'secrets', (
		SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.secret_id DESC), '[]')
		FROM (SELECT s.secret_id, s.label, s.created_at, s.expires_at, s.revoked_at, s.last_used_at, s.hash_scheme,
					 CASE WHEN s.revoked_at IS NOT NULL THEN 'revoked' WHEN s.expires_at <= now() THEN 'expired' ELSE 'valid' END AS state
			  FROM pgtoken.client_secrets s WHERE s.client_id = arguments ->> 'client_id' ORDER BY s.secret_id DESC LIMIT 100) l));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.client TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.client IS
'Of the console: one client. arguments: client_id: which.
Returns client (its row in pgtoken.clients; null: there is none, or none that the role sees), auth_methods (how it may authenticate), origin (registration or document where it registered itself, to who may see that) and secrets, the newest 100: secret_id, label, created_at, expires_at, revoked_at, last_used_at, hash_scheme and state (valid, expired, revoked), none of them with what it is made of. Raises 22023.';

CREATE FUNCTION pgtoken_console.client_form(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = 'iso_8601'
AS $function$
DECLARE
	of_issuer CONSTANT text := arguments ->> 'issuer';
	choices jsonb;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{issuer}');
	SELECT jsonb_object_agg(translate(w, ' ', '_'), pgtoken.choices(w)) INTO choices	-- it loads the library, and with it the settings
	FROM unnest('{client type,rotation,profile,alg,grant_types,application_type,subject_type,at_session_limit,on_insufficient,access_token_typ,token_endpoint_auth_method}'::text[]) w;
	RETURN jsonb_build_object('choices', choices,
		'settings', (SELECT jsonb_object_agg(n, current_setting('pgtoken.' || n, true))
					 FROM unnest('{access_token_lifetime,refresh_absolute_lifetime,refresh_idle_lifetime,retry_window_bound,retry_window_confidential,retry_window_public,lockstep_generations,consent_lifetime}'::text[]) n),
		'issuer', (SELECT jsonb_build_object('issuer', i.issuer, 'default_alg', i.default_alg) FROM pgtoken.issuers i WHERE i.issuer = of_issuer),
		'resources', (SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.resource), '[]')
					  FROM (SELECT r.resource, r.resource_name, r.scopes, r.enabled FROM pgtoken.resources r WHERE r.issuer = of_issuer ORDER BY r.resource LIMIT 200) l));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.client_form FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.client_form TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.client_form IS
'Of the console: what forms for clients and APIs offer. arguments: issuer: whose.
Returns choices (of each word that is one of a list, which), settings (what holds where a client says nothing), issuer (default_alg) and resources, the first 200 (resource, resource_name, scopes, enabled). Raises 22023.';

CREATE FUNCTION pgtoken_console.client_families(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	looked_at CONSTANT integer := 2000;
	answer jsonb;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{client_id}');
	-- by the ledger, which has an index by client and time, as families have not; whoever lives by
	-- refreshing is among its last answers
	WITH answers AS MATERIALIZED (
		SELECT t.grant_id, t.issued_at FROM pgtoken.tokens t WHERE t.client_id = arguments ->> 'client_id' ORDER BY t.issued_at DESC LIMIT looked_at
	), families AS MATERIALIZED (
		-- asked one by one: no join goes into a view that is a barrier
		SELECT (SELECT s.state FROM pgtoken.grant_status s WHERE s.grant_id = a.grant_id) AS state FROM answers a GROUP BY a.grant_id
	)
	SELECT jsonb_build_object('living', (SELECT count(*) FROM families f WHERE f.state = 'active'), 'at_least', count(*) >= looked_at, 'last_answer_at', max(a.issued_at))
	INTO answer FROM answers a;
	RETURN answer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.client_families FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.client_families TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.client_families IS
'Of the console: how many families of a client live, in bounded time. arguments: client_id: which.
Returns living (those among its last 2000 answers), at_least (true: there may be more, since it had more answers than that) and last_answer_at (null: it has had none that the ledger still has). Raises 22023.';

CREATE FUNCTION pgtoken.refusals_of_client(client_id text) RETURNS TABLE (at timestamptz, parameter text, received text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken.administered_client(refusals_of_client.client_id, false);
	RETURN QUERY SELECT q.at, q.parameter, q.received FROM pgtoken.refused_requests(refusals_of_client.client_id, NULL) q;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.refusals_of_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.refusals_of_client TO pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken.refusals_of_client IS 'Internal, for administrators of one issuer: the last requests of one of its clients that were refused. Raises 42501 for another''s, and as refused_requests';

CREATE FUNCTION pgtoken_console.refused_redirect_uris(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_client CONSTANT text := arguments ->> 'client_id';
	rows jsonb;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{client_id}');
	IF of_client IS NULL THEN
		RAISE EXCEPTION 'client_id must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	EXECUTE format($query$
		SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.last_at DESC, l.redirect_uri), '[]')
		FROM (SELECT q.received AS redirect_uri, count(*) AS requests, min(q.at) AS first_at, max(q.at) AS last_at,
					 strpos(q.received, '\') = 0 AND q.received !~ '\.\.\. \(of [0-9]+ bytes\)$' AS whole
			  FROM %s q
			  WHERE q.parameter = 'redirect_uri' AND q.received IS NOT NULL
				AND NOT EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = $1 AND q.received = ANY (c.redirect_uris))
			  GROUP BY q.received ORDER BY max(q.at) DESC LIMIT 50) l$query$,
		CASE WHEN has_function_privilege('pgtoken.refused_requests(text, integer)', 'EXECUTE') THEN 'pgtoken.refused_requests($1, NULL)'
			 ELSE 'pgtoken.refusals_of_client($1)' END) INTO rows USING of_client;
	RETURN jsonb_build_object('rows', rows, 'kept', true);
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RETURN '{"rows": [], "kept": false}';
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.refused_redirect_uris FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.refused_redirect_uris TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.refused_redirect_uris IS
'Of the console: redirect URIs that requests of a client named, and that are not registered: the last 50 of refused_requests(), which anybody can fill. arguments: client_id: which.
Returns rows (redirect_uri, requests: how many, first_at, last_at, and whole: whether it is there as it came, not cut and with nothing that cannot be shown) and kept (false: this server keeps no refused requests). Raises 22004, 22023, 42501 for a client of another issuer''s.';

CREATE FUNCTION pgtoken_console.take_client(client_id text, seen jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = 'iso_8601'
AS $function$
DECLARE
	other text;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('pgtoken_console.take_client ' || client_id, 0));
	SELECT string_agg(m.key, ', ' ORDER BY m.key) INTO other
	FROM pgtoken.clients c, jsonb_each(seen) m WHERE c.client_id = take_client.client_id AND to_jsonb(c) -> m.key IS DISTINCT FROM m.value;
	IF other IS NOT NULL THEN
		RAISE EXCEPTION 'the client has been changed in the meantime'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = format('Not as it was shown: %s.', other),
				  HINT = 'Look at it again, and change what is still to be changed.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.take_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.take_client TO pgtoken_admin, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.take_client IS 'Internal: one call of the console at a time changes a client; raises 55000 unless its columns are as in seen, so that nobody undoes what he has not seen';

CREATE FUNCTION pgtoken_console.create_client(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN pgtoken_console.call_administration('create_client', arguments);
COMMENT ON FUNCTION pgtoken_console.create_client IS
'Of the console: registers a client. arguments: those of pgtoken.create_client by their names, but if_not_exists; lists as arrays of strings.
Returns client_id and client_secret, which is shown this once (null: it has none). Raises as pgtoken.create_client.';

CREATE FUNCTION pgtoken_console.update_client(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken_console.take_client(arguments ->> 'client_id', coalesce(arguments -> 'seen', '{}'));
	RETURN jsonb_build_object('updated', pgtoken_console.call_administration('update_client', arguments - 'seen'));
END
$function$;
COMMENT ON FUNCTION pgtoken_console.update_client IS
'Of the console: changes a client, and switches it off and on. arguments: those of pgtoken.update_client by their names, but reset: a member that is null goes back to NULL, one that is not there stays. seen: columns of the client as they were shown.
Returns updated (false: there is no such client). Raises as pgtoken.update_client, and 55000 where the client is not as it was seen.';

CREATE FUNCTION pgtoken_console.add_redirect_uri(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	uris text[];
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{client_id,redirect_uri}');
	IF arguments ->> 'redirect_uri' IS NULL THEN
		RAISE EXCEPTION 'redirect_uri must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM pgtoken_console.take_client(arguments ->> 'client_id', '{}');
	uris := (SELECT c.redirect_uris FROM pgtoken.clients c WHERE c.client_id = arguments ->> 'client_id');
	IF arguments ->> 'redirect_uri' = ANY (uris) THEN
		RETURN '{"updated": true}';
	END IF;
	RETURN jsonb_build_object('updated', pgtoken_console.call_administration('update_client',
		jsonb_build_object('client_id', arguments -> 'client_id', 'redirect_uris', to_jsonb(uris || (arguments ->> 'redirect_uri')))));
END
$function$;
COMMENT ON FUNCTION pgtoken_console.add_redirect_uri IS
'Of the console: registers one redirect URI more, and leaves those that are there. arguments: client_id: whose. redirect_uri: as a request named it.
Returns updated (false: there is no such client). Raises 22004 and as pgtoken.update_client.';

CREATE FUNCTION pgtoken_console.delete_client(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_build_object('deleted', pgtoken_console.call_administration('delete_client', arguments));
COMMENT ON FUNCTION pgtoken_console.delete_client IS
'Of the console: deletes a client that was never used. arguments: client_id: which. Returns deleted (false: there is none). Raises as pgtoken.delete_client.';

CREATE FUNCTION pgtoken_console.revoke_client(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_build_object('ended', pgtoken_console.call_administration('revoke_client', arguments));
COMMENT ON FUNCTION pgtoken_console.revoke_client IS
'Of the console: ends all families of a client. arguments: client_id: which. reason: kept in the audit. Returns ended: what pgtoken.revoke_client does. Raises as that.';

CREATE FUNCTION pgtoken_console.create_client_secret(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN pgtoken_console.call_administration('create_client_secret', arguments);
COMMENT ON FUNCTION pgtoken_console.create_client_secret IS
'Of the console: gives a client a further secret. arguments: client_id: whose. label: what to tell it by. expires_at: when it ends; not there: never.
Returns client_secret, which is shown this once, and secret_id. Raises as pgtoken.create_client_secret.';

CREATE FUNCTION pgtoken_console.revoke_client_secret(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_build_object('revoked', pgtoken_console.call_administration('revoke_client_secret', arguments));
COMMENT ON FUNCTION pgtoken_console.revoke_client_secret IS
'Of the console: refuses a secret from now on. arguments: client_id and secret_id: which. Returns revoked (false: there is none such, or it was revoked before). Raises as pgtoken.revoke_client_secret.';

-- APIs ----------------------------------------------------------------------------------

CREATE FUNCTION pgtoken_console.resources(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = 'iso_8601'
AS $function$
DECLARE
	of_issuer CONSTANT text := arguments ->> 'issuer';
	search CONSTANT text := nullif(arguments ->> 'search', '');
	after_issuer text := '';
	after_resource text := '';
	size CONSTANT integer := pgtoken_console.limit_of(arguments);
	rows jsonb;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{issuer,search,after,limit}');
	IF arguments ->> 'after' IS NOT NULL THEN
		-- neither of the two has a blank in it
		after_issuer := split_part(arguments ->> 'after', ' ', 1);
		after_resource := split_part(arguments ->> 'after', ' ', 2);
	END IF;
	SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.issuer, l.resource), '[]') INTO rows
	FROM (SELECT r.* FROM pgtoken.resources r
		  WHERE (r.issuer, r.resource) > (after_issuer, after_resource) AND (of_issuer IS NULL OR r.issuer = of_issuer)
			AND (search IS NULL OR starts_with(r.resource, search) OR starts_with(lower(r.resource_name), lower(search)))
		  ORDER BY r.issuer, r.resource LIMIT size + 1) l;
	RETURN pgtoken_console.page_of(rows, size, concat_ws(' ', rows -> (size - 1) ->> 'issuer', rows -> (size - 1) ->> 'resource'));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.resources FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.resources TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.resources IS
'Of the console: the APIs, by their URI. arguments: issuer: whose; not there: of all that the role sees. search: what resource or resource_name begin with. after, limit: the page.
Returns rows (those of pgtoken.resources) and next. Raises 22023.';

CREATE FUNCTION pgtoken_console.create_resource(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_build_object('resource', pgtoken_console.call_administration('create_resource', arguments));
COMMENT ON FUNCTION pgtoken_console.create_resource IS
'Of the console: registers an API. arguments: those of pgtoken.create_resource by their names, but if_not_exists; lists as arrays of strings. Returns resource. Raises as pgtoken.create_resource.';

CREATE FUNCTION pgtoken_console.update_resource(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_build_object('updated', pgtoken_console.call_administration('update_resource', arguments));
COMMENT ON FUNCTION pgtoken_console.update_resource IS
'Of the console: changes an API. arguments: those of pgtoken.update_resource by their names, but reset: a member that is null goes back to NULL, one that is not there stays. Returns updated (false: there is no such API). Raises as pgtoken.update_resource.';

CREATE FUNCTION pgtoken_console.delete_resource(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_build_object('deleted', pgtoken_console.call_administration('delete_resource', arguments));
COMMENT ON FUNCTION pgtoken_console.delete_resource IS
'Of the console: deletes an API that was never used. arguments: resource: which. issuer: whose. Returns deleted (false: there is none). Raises as pgtoken.delete_resource.';

DO $privileges$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['create_client', 'update_client', 'add_redirect_uri', 'delete_client', 'revoke_client', 'create_client_secret', 'revoke_client_secret',
								'create_resource', 'update_resource', 'delete_resource'] LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION pgtoken_console.%I FROM PUBLIC', name);
		EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION pgtoken_console.%I TO pgtoken_admin, pgtoken_issuer_admin', name);
	END LOOP;
END
$privileges$;

-- Keys: the auditor's and the administrator's, of all issuers.  No key travels: who brings
-- one does so in psql.

CREATE FUNCTION pgtoken_console.keys(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := arguments ->> 'issuer';
	after_time timestamptz := 'infinity';
	after_kid text := '';
	size CONSTANT integer := pgtoken_console.limit_of(arguments);
	rows jsonb;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{issuer,after,limit}');
	IF arguments ->> 'after' IS NOT NULL THEN
		SELECT k.created_at, k.kid INTO after_time, after_kid FROM pgtoken.signing_keys k WHERE k.kid = arguments ->> 'after';
	END IF;
	SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.created_at DESC, l.kid DESC), '[]') INTO rows
	FROM (SELECT k.kid, k.issuer, k.alg, k.state, k.uri, k.created_at, k.activated_at, k.retiring_at, k.retires_at, k.retired_at, k.retire_reason,
				 k.public_jwk IS NOT NULL AND k.state <> 'retired' AS published,
				 CASE WHEN k.state IN ('active', 'retiring') THEN 'tokens' WHEN k.state = 'pending' THEN 'nothing yet'
					  WHEN k.retire_reason = 'end of life' AND k.retired_at >= k.retires_at THEN 'id_token_hint' ELSE 'nothing' END AS verifies
		  FROM pgtoken.signing_keys k
		  WHERE (k.created_at, k.kid) < (after_time, after_kid) AND (of_issuer IS NULL OR k.issuer = of_issuer)
		  ORDER BY k.created_at DESC, k.kid DESC LIMIT size + 1) l;
	RETURN pgtoken_console.page_of(rows, size, rows -> (size - 1) ->> 'kid');
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.keys FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.keys TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.keys IS
'Of the console: the signing keys, the newest first, retired ones among them. arguments: issuer: whose; not there: of all. after, limit: the page.
Returns rows (kid, issuer, alg, state, uri, created_at, activated_at, retiring_at, retires_at, retired_at, retire_reason, published: whether jwks() has it, and verifies: tokens; nothing yet; id_token_hint, of one that came to its end; nothing) and next. Raises 22023.';

CREATE FUNCTION pgtoken_console.key_life(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = 'iso_8601'
AS $function$
DECLARE
	of_issuer CONSTANT text := arguments ->> 'issuer';
	algs CONSTANT text[] := pgtoken.choices('alg');	-- it loads the library, and with it the settings
	lifetime CONSTANT interval := current_setting('pgtoken.signing_key_lifetime')::interval;
	lead_time CONSTANT interval := current_setting('pgtoken.signing_key_lead_time')::interval;
	overlap CONSTANT interval := greatest(current_setting('pgtoken.signing_key_overlap')::interval, lead_time);
	retiring CONSTANT interval := current_setting('pgtoken.signing_key_retiring_period')::interval;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{issuer}');
	RETURN jsonb_build_object(
		'now', now(),
		'settings', jsonb_build_object('signing_key_lifetime', lifetime, 'signing_key_lead_time', lead_time, 'signing_key_overlap', overlap, 'signing_key_retiring_period', retiring),
		'algs', (
			SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.is_default DESC, l.alg), '[]')
			FROM (SELECT a.alg, a.alg = i.default_alg AS is_default, s.kid AS active, s.uri IS NOT NULL AS in_hardware, p.kid AS pending,
						 p.created_at + lead_time AS may_sign_from,
						 CASE WHEN lifetime > '0' THEN s.activated_at + lifetime - overlap END AS successor_at,
						 CASE WHEN lifetime > '0' THEN s.activated_at + lifetime END AS due_at,
						 (SELECT count(*) FROM pgtoken.signing_keys r WHERE r.issuer = i.issuer AND r.alg = a.alg AND r.state = 'retiring') AS retiring,
						 (SELECT count(*) FROM (SELECT FROM pgtoken.clients c WHERE c.issuer = i.issuer AND coalesce(c.signing_alg, i.default_alg) = a.alg LIMIT 1000) c) AS clients
				  FROM pgtoken.issuers i CROSS JOIN unnest(algs) a (alg)
				  LEFT JOIN pgtoken.signing_keys s ON s.issuer = i.issuer AND s.alg = a.alg AND s.state = 'active'
				  LEFT JOIN pgtoken.signing_keys p ON p.issuer = i.issuer AND p.alg = a.alg AND p.state = 'pending'
				  WHERE i.issuer = of_issuer) l
			WHERE l.active IS NOT NULL OR l.pending IS NOT NULL OR l.retiring > 0 OR l.is_default),
		'audit_keys', (
			SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.created_at DESC, l.kid), '[]')
			FROM (SELECT k.kid, k.alg, k.state, k.created_at, k.activated_at, k.retired_at, k.retire_reason FROM pgtoken.audit_keys k
				  ORDER BY k.created_at DESC, k.kid LIMIT 50) l));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.key_life FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.key_life TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken_console.key_life IS
'Of the console: what is next for the signing keys of an issuer. arguments: issuer: which.
Returns now, settings (by which keys live), algs: of each algorithm with a key, and of the issuer''s own, alg, is_default, active and pending (kids), in_hardware, may_sign_from (of the pending one), successor_at and due_at (when maintain() makes the next one and lets it sign; null: never), retiring (how many; ten at most) and clients (whose tokens it signs, counted up to 1000); and audit_keys, the newest 50. Raises 22023.';

CREATE FUNCTION pgtoken_console.rotate_signing_key(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	kid CONSTANT jsonb := pgtoken_console.call_administration('rotate_signing_key', arguments);
BEGIN
	RETURN jsonb_build_object('kid', kid, 'may_sign_from', CASE WHEN kid = 'null' OR kid IS NULL THEN
		(SELECT k.created_at + current_setting('pgtoken.signing_key_lead_time')::interval FROM pgtoken.signing_keys k
		 WHERE k.issuer = arguments ->> 'issuer' AND k.alg = arguments ->> 'alg' AND k.state = 'pending') END);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.rotate_signing_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.rotate_signing_key TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_console.rotate_signing_key IS
'Of the console: lets the next key sign, or publishes it first. arguments: issuer and alg: whose. force: true: it signs at once.
Returns kid (of the key that signs from now on; null: not yet) and may_sign_from (when to call again; null: it signs). Raises as pgtoken.rotate_signing_key.';

CREATE FUNCTION pgtoken_console.create_signing_key(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_build_object('kid', pgtoken_console.call_administration('create_signing_key', arguments, '{private_key}'));
REVOKE ALL ON FUNCTION pgtoken_console.create_signing_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.create_signing_key TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_console.create_signing_key IS
'Of the console: makes a signing key, the first of an algorithm or the next. arguments: issuer and alg: whose. uri: where it is in hardware. No key can be brought in by it. Returns kid. Raises as pgtoken.create_signing_key.';

CREATE FUNCTION pgtoken_console.retire_signing_key(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_build_object('retired', pgtoken_console.call_administration('retire_signing_key', arguments));
REVOKE ALL ON FUNCTION pgtoken_console.retire_signing_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.retire_signing_key TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_console.retire_signing_key IS
'Of the console: ends a key at once, and every token that it signed. arguments: kid: which. reason: kept in the audit. Returns retired (false: there is no such key, or it was before). Raises as pgtoken.retire_signing_key.';

CREATE FUNCTION pgtoken_console.create_audit_key(arguments jsonb) RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	RETURN jsonb_build_object('kid', pgtoken_console.call_administration('create_audit_key', arguments));
REVOKE ALL ON FUNCTION pgtoken_console.create_audit_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.create_audit_key TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_console.create_audit_key IS
'Of the console: makes a key that signs seals of the audit, the first or the next. arguments: alg. Returns kid. Raises as pgtoken.create_audit_key.';
