-- The database of a proxy by PL/Proxy: one connection string for an application that has
-- several shards. Its SQL is made from the catalogue, so that no function is forgotten;
-- where each runs is said here, by the name of an argument or in one table of exceptions.

CREATE FUNCTION pgtoken.plproxy_rules() RETURNS TABLE (function regprocedure, rule text, argument text, reason text)
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH exception (place, pattern, rule, argument, reason) AS (VALUES
		(1, '^pgtoken\.(grant_of|shard_of|shard_of_subject)\(', 'local', NULL, NULL),
		(2, '^pgtoken\.(jwks|resource_metadata|login_initiation_uri|device_in_words|policy_rule_members|refusal_reasons|metric_families)\(', 'any', NULL, NULL),
		(3, '^pgtoken_http\.shard_of\(', 'any', NULL, NULL),
		(4, '^pgtoken_http\.handle\(', 'request', NULL, NULL),
		(5, '^pgtoken_http\.admit\(', 'bearer', 'headers', NULL),
		-- the request lies with its client, and whoever answers it, and all that comes of that, with the subject
		(10, '^pgtoken\.approve_authorization\(', 'handed over', 'transaction_id', NULL),
		(11, '^pgtoken\.(consent_missing|consent_page)\(', 'shown', 'transaction_id', NULL),
		(12, '^pgtoken\.approve_device\(', 'device handed over', 'user_code', NULL),
		(13, '^pgtoken\.device_consent_page\(', 'device shown', 'user_code', NULL),
		(14, '^pgtoken\.(complete_logout|hand_over_authorization)\(', 'handle', 'transaction_id', NULL),
		(15, '^pgtoken\.hand_over_device\(', 'handle', 'user_code', NULL),
		(16, '^pgtoken\.status_list_token\(', 'series', 'series', NULL),
		(17, '^pgtoken\.set_not_before\(', 'what is ended', 'subject', NULL),
		(20, '^pgtoken\.(activity|revoke_session)\(', 'subject or all', 'subject', NULL),
		(21, '^pgtoken\.(audit_by_request|decisions_by_rule|decisions_by_client|decision_latency|explain_decision|refused_requests|simulate_policy)\(', 'all', NULL, NULL),
		(30, '^pgtoken\.(create|update|delete)_(client|issuer|policy|resource|trusted_issuer|assertion_rule|authorization_details_type|signal_stream)\(', 'configuration', NULL, NULL),
		(31, '^pgtoken\.create_(signing_key|client_secret|registration_token)\(', 'configuration', NULL, NULL),
		(32, '^pgtoken\.((activate|deactivate|rollback)_policy|(import|rotate|retire)_signing_key|(grant|revoke)_administration|(enable|disable)_console)\(', 'configuration', NULL, NULL),
		(33, '^pgtoken\.(describe_scope|set_registration_policy|import_client_secret|import_token_secret|forget_import_source|renew_webhook_secret|verify_signal_stream)\(', 'configuration', NULL, NULL),
		(34, '^pgtoken\.revoke_(client|client_secret|other_client_secrets|registration_token)\(', 'configuration', NULL, NULL),
		-- what is called at each database by itself
		(40, '^pgtoken\.(health|metrics|metrics_text|cache_stats|replay_lag|library_version|partitions|count_activity|compare_policy|imported_family|status_list_aggregation)\(', 'refused', NULL, 'what it returns is of one database'),
		(41, '^pgtoken\.(maintain|run_maintenance|rewrap_keys|seal_audit|create_audit_key|after_restore|adopt_copy|forget_foreign_families)\(', 'refused', NULL, 'it is done to one database'),
		(42, '^pgtoken\.(configur[a-z_]*|max_configuration_lag|export_configuration|import_configuration|plproxy_[a-z]*)\(', 'refused', NULL, 'it is done to one database'),
		(43, '^pgtoken\.(verify_audit|audit_proof|export_audit_rows|export_audit_seals)\(', 'refused', NULL, 'each database seals an audit of its own'),
		(44, '^pgtoken\.courier_', 'refused', NULL, 'each database has an outbox of its own, and a courier'),
		(45, '^pgtoken\.take_challenge_codes\(', 'refused', NULL, 'shards commit by themselves: codes taken from one would be lost where another fails'),
		(46, '^pgtoken\.(mark_request|claim|subject|has_scope|require_scope|require_acr)\(', 'refused', NULL, 'it is about the session in which it is called'),
		(47, '^pgtoken_http\.(pre_config|pre_request)\(', 'refused', NULL, 'it is about the session in which it is called')),
	-- elsewhere the first of these arguments says it
	named (place, argument, rule) AS (VALUES
		(1, 'refresh_token', 'handle'), (2, 'token', 'handle'), (3, 'jti', 'handle'), (4, 'subject', 'subject'),
		(5, 'transaction_id', 'handle'), (6, 'user_code', 'handle'), (7, 'grant_id', 'handle')),
	-- public: a role of ours may call it, and it is not of our own use; the door's two are granted by the administrator
	public_function AS (
		SELECT p.oid, p.proargnames[1:p.pronargs] AS arguments,
			   regexp_replace(n.nspname, '_administration$', '') || '.' || p.proname || '(' AS name
		FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE n.nspname IN ('pgtoken', 'pgtoken_http', 'pgtoken_administration')
		  AND (n.nspname = 'pgtoken_http' OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee <> p.proowner AND a.grantee <> 0 AND a.privilege_type = 'EXECUTE'
													  AND starts_with(a.grantee::regrole::text, 'pgtoken_')))
		  AND coalesce(obj_description(p.oid, 'pg_proc'), '') NOT LIKE 'Internal%')
	SELECT f.oid::regprocedure, coalesce(e.rule, a.rule), CASE WHEN e.rule IS NULL THEN a.argument ELSE e.argument END, e.reason
	FROM public_function f
	LEFT JOIN LATERAL (SELECT x.rule, x.argument, x.reason FROM exception x WHERE f.name ~ x.pattern ORDER BY x.place LIMIT 1) e ON true
	LEFT JOIN LATERAL (SELECT x.rule, x.argument FROM named x WHERE x.argument = ANY (f.arguments) ORDER BY x.place LIMIT 1) a ON true
	ORDER BY f.name, f.oid::regprocedure::text;
END;
REVOKE ALL ON FUNCTION pgtoken.plproxy_rules FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.plproxy_rules TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.plproxy_rules IS
'Where each public function runs when there are several shards, which plproxy_functions() goes by. Returns function; rule, by argument where there is one: handle, subject: the shard that it names, or of the subject; any: no matter which; all: each of them; subject or all: all where the subject is NULL; configuration: the configuration primary; series: of a status list; what is ended: of the family or the subject, else configuration; handed over, shown (also of a device): the subject''s, to which the request is handed over, for good or to look at; request: as the door says; bearer: of the access token; local: in the proxy itself; refused: none, for this reason. rule NULL: it has none yet.';

-- An expression of PL/Proxy''s RUN ON: the number of a shard, or a set of them. Nobody''s
-- handle goes where its bytes lead: always to the same shard, which refuses it.
CREATE FUNCTION pgtoken.plproxy_run_on(function regprocedure, rule text, argument text, shards integer, configuration integer) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	p CONSTANT pg_proc := (SELECT p FROM pg_proc p WHERE p.oid = function);
	n CONSTANT integer := array_position(p.proargnames, argument);
	subject CONSTANT integer := array_position(p.proargnames, 'subject');
BEGIN
	RETURN CASE rule
		WHEN 'any' THEN 'ANY'
		WHEN 'all' THEN format('pg_catalog.generate_series(0, %s)', shards - 1)
		WHEN 'configuration' THEN configuration::text
		WHEN 'subject' THEN format('coalesce(pgtoken_proxy.shard_of_subject($%s, %s), 0)', n, shards)
		WHEN 'subject or all' THEN format('pgtoken_proxy.of_subject_or_all($%s)', n)
		WHEN 'series' THEN format('coalesce(pg_catalog.mod(pg_catalog.mod($%s, 16384), %s), 0)', n, shards)
		WHEN 'what is ended' THEN format('coalesce(pgtoken_proxy.shard_of($%s, %s), pgtoken_proxy.shard_of_subject($%s, %s), %s)', array_position(p.proargnames, 'grant_id'), shards, n, shards, configuration)
		WHEN 'handle' THEN CASE WHEN p.proargtypes[n - 1] = 'uuid'::regtype THEN format('coalesce(pgtoken_proxy.shard_of($%s, %s), 0)', n, shards)
								ELSE format('coalesce(pgtoken_proxy.shard_of($%1$s, %2$s), pgtoken_proxy.shard_of_subject($%1$s, %2$s), 0)', n, shards) END
		ELSE format('coalesce(pgtoken_proxy.shard_of_subject($%s, %s), 0)', subject, shards)
	END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.plproxy_run_on FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.plproxy_run_on IS 'Internal, called by plproxy_function(): on which shards a function runs, as PL/Proxy''s RUN ON has it';

CREATE FUNCTION pgtoken.plproxy_comment(rule text, argument text, reason text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN E'\nThrough the proxy: ' || CASE rule
		WHEN 'handle' THEN format('runs on the shard that %s names, and commits there.', argument)
		WHEN 'subject' THEN 'runs on the shard of the subject, and commits there.'
		WHEN 'any' THEN 'runs on any shard.'
		WHEN 'all' THEN 'runs on every shard, and returns the rows of one after the other''s. Each commits by itself: where one fails the call fails, and what the others did stays.'
		WHEN 'subject or all' THEN 'runs on the shard of the subject; subject NULL: on every shard, and returns the rows of one after the other''s. Each commits by itself: where one fails the call fails, and what the others did stays; calling it again ends what is left.'
		WHEN 'configuration' THEN 'runs on the configuration primary, and commits there; the shards follow.'
		WHEN 'series' THEN 'runs on the shard on which the list lies.'
		WHEN 'what is ended' THEN 'runs on the shard of the family or the subject, otherwise on the configuration primary, and commits there.'
		WHEN 'handed over' THEN 'the request is handed over to the shard of the subject, where it is answered; each of the two commits by itself, and the call may be repeated.'
		WHEN 'device handed over' THEN 'the request is handed over to the shard of the subject, where it is answered; each of the two commits by itself, and the call may be repeated.'
		WHEN 'shown' THEN 'the request is shown to the shard of the subject, where this runs.'
		WHEN 'device shown' THEN 'the request is shown to the shard of the subject, where this runs.'
		WHEN 'request' THEN 'runs on any shard, and again where its door sends the request, three times at most; a shard that cannot be reached is answered for with status 503.'
		WHEN 'bearer' THEN 'runs on the shard of the access token.'
		WHEN 'local' THEN 'reckoned in the proxy itself.'
		ELSE format('refused, SQLSTATE 0A000: %s.', reason) END;
REVOKE ALL ON FUNCTION pgtoken.plproxy_comment FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.plproxy_comment IS 'Internal, called by plproxy_function(): what a function''s comment says of the proxy';

-- PL/Proxy calls by position, what has been named or left away is in its place by then.
CREATE FUNCTION pgtoken.plproxy_body(function regprocedure, rule text, argument text, reason text, shards integer, configuration integer) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	p CONSTANT pg_proc := (SELECT p FROM pg_proc p WHERE p.oid = function);
	name CONSTANT text := (SELECT format('%I.%I', s.nspname, p.proname) FROM pg_namespace s WHERE s.oid = p.pronamespace);
	inner_name CONSTANT text := format('pgtoken_proxy.%I', p.proname);
	arguments CONSTANT text[] := ARRAY(SELECT '$' || n FROM generate_series(1, p.pronargs) n);
	run_on CONSTANT text := CASE WHEN rule NOT IN ('local', 'refused', 'request', 'bearer') THEN pgtoken.plproxy_run_on(function, rule, argument, shards, configuration) END;
	there text;
BEGIN
	CASE
		WHEN rule = 'refused' THEN
			RETURN format(E'LANGUAGE plpgsql AS $proxy$\nBEGIN\n\tRAISE EXCEPTION %L USING ERRCODE = ''feature_not_supported'', DETAIL = %L, HINT = ''Call it in each database by itself.'';\nEND\n$proxy$',
						  replace(name, '%', '%%') || ' is not called through a proxy', upper(left(reason, 1)) || substr(reason, 2) || '.');
		WHEN rule = 'local' THEN
			RETURN format('LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''$libdir/pgtoken'', %L', p.prosrc);
		WHEN rule = 'request' THEN
			RETURN E'LANGUAGE sql VOLATILE AS $proxy$\n\tSELECT r.status, r.headers, r.body FROM pgtoken_proxy.routed($1, $2, $3, $4, $5) r\n$proxy$';
		WHEN rule = 'bearer' THEN
			RETURN E'LANGUAGE sql VOLATILE AS $proxy$\n\tSELECT a.* FROM pgtoken_proxy.admit(pgtoken_proxy.of_bearer($3), $1, $2, $3, $4) a\n$proxy$';
		WHEN rule LIKE '%handed over' OR rule LIKE '%shown' THEN
			there := format('pgtoken_proxy.%s_of($1, %s%s)', CASE WHEN rule LIKE 'device%' THEN 'device' ELSE 'request' END,
							CASE WHEN rule LIKE 'device%' THEN '$2, $3, ' ELSE '$2, ' END, (rule LIKE '%handed over')::text);
			RETURN format(E'LANGUAGE plpgsql VOLATILE AS $proxy$\nBEGIN\n\tRETURN %s(%s);\nEND\n$proxy$', inner_name, array_to_string(there || arguments[2:], ', '));
		ELSE
			RETURN format(E'LANGUAGE plproxy VOLATILE%s AS $proxy$\n\tCLUSTER ''pgtoken'';\n\tRUN ON %s;\n$proxy$', CASE WHEN p.proisstrict THEN ' STRICT' END, run_on);
	END CASE;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.plproxy_body FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.plproxy_body IS 'Internal, called by plproxy_function(): language and body of a function of the proxy';

CREATE FUNCTION pgtoken.plproxy_function(function regprocedure, rule text, argument text, reason text, shards integer, configuration integer) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	p CONSTANT pg_proc := (SELECT p FROM pg_proc p WHERE p.oid = function);
	name CONSTANT text := (SELECT format('%I.%I', s.nspname, p.proname) FROM pg_namespace s WHERE s.oid = p.pronamespace);
	kind CONSTANT text := CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END;
	returned CONSTANT text := coalesce(' RETURNS ' || pg_get_function_result(function), '');
	signature CONSTANT text := format('%s %s(%s)', kind, name, pg_get_function_identity_arguments(function));
	roles CONSTANT text := (SELECT string_agg(DISTINCT quote_ident(a.grantee::regrole::text), ', ') FROM aclexplode(p.proacl) a
							WHERE a.grantee <> p.proowner AND a.grantee <> 0 AND a.privilege_type = 'EXECUTE' AND starts_with(a.grantee::regrole::text, 'pgtoken_'));
	made text := '';
BEGIN
	IF rule LIKE '%handed over' OR rule LIKE '%shown' THEN
		-- on the subject's shard, by a request that was handed over
		made := format(E'CREATE FUNCTION pgtoken_proxy.%I(%s)%s LANGUAGE plproxy VOLATILE AS $proxy$\n\tCLUSTER ''pgtoken'';\n\tRUN ON %s;\n\tTARGET %s;\n$proxy$;\nREVOKE ALL ON FUNCTION pgtoken_proxy.%I FROM PUBLIC;\nGRANT EXECUTE ON FUNCTION pgtoken_proxy.%I TO %s;\n',
					   p.proname, pg_get_function_identity_arguments(function), returned, pgtoken.plproxy_run_on(function, rule, argument, shards, configuration), name, p.proname, p.proname, roles);
	END IF;
	RETURN made || format(E'CREATE %s %s(%s)%s %s;\nREVOKE ALL ON %s FROM PUBLIC;\n%sCOMMENT ON %s IS %L;\n',
						  kind, name, pg_get_function_arguments(function), returned, pgtoken.plproxy_body(function, rule, argument, reason, shards, configuration),
						  signature, CASE WHEN roles IS NULL THEN '' ELSE format(E'GRANT EXECUTE ON %s TO %s;\n', signature, roles) END,
						  signature, obj_description(function, 'pg_proc') || pgtoken.plproxy_comment(rule, argument, reason));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.plproxy_function FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.plproxy_function IS 'Internal, called by plproxy_functions(): the SQL of one function of the proxy, with its privileges and comment';

CREATE FUNCTION pgtoken.plproxy_types() RETURNS SETOF text
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	-- rows of functions; those of a view are a type there
	SELECT format(E'CREATE TYPE %s AS (%s);\nCOMMENT ON TYPE %s IS %L;\n', t.typrelid::regclass,
				  -- a type of ours is one that psql shows shorter: the proxy has text
				  (SELECT string_agg(format('%I %s', a.attname, CASE d.typnamespace WHEN 'pgtoken'::regnamespace THEN 'text' ELSE format_type(a.atttypid, a.atttypmod) END), ', ' ORDER BY a.attnum)
				   FROM pg_attribute a JOIN pg_type d ON d.oid = a.atttypid WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),
				  t.typrelid::regclass, coalesce(obj_description(t.typrelid, 'pg_class'), obj_description(t.oid, 'pg_type')))
	FROM pg_type t
	WHERE t.typtype = 'c' AND t.oid IN (SELECT p.prorettype FROM pgtoken.plproxy_rules() r JOIN pg_proc p ON p.oid = r.function)
	  AND t.typnamespace IN ('pgtoken'::regnamespace, 'pgtoken_http'::regnamespace)
	ORDER BY t.typrelid::regclass::text;
END;
REVOKE ALL ON FUNCTION pgtoken.plproxy_types FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.plproxy_types IS 'Internal, called by plproxy_functions(): the SQL of each type that a function of the proxy returns';

-- What stands before the functions: roles and schemas as here, where the shards are, and
-- what routes of one call into several.
CREATE FUNCTION pgtoken.plproxy_frame(shards text[], connections text[], configuration integer) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	n CONSTANT integer := cardinality(shards);
	roles CONSTANT text := (SELECT string_agg(quote_ident(r.rolname), ', ' ORDER BY r.rolname) FROM pg_roles r
							WHERE EXISTS (SELECT FROM pg_namespace s CROSS JOIN aclexplode(s.nspacl) a
										  WHERE s.nspname IN ('pgtoken', 'pgtoken_http', 'pgtoken_administration') AND a.grantee = r.oid AND a.grantee <> s.nspowner AND starts_with(r.rolname, 'pgtoken_')));
BEGIN
	RETURN format($sql$DO $check$
BEGIN
	IF EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname OPERATOR(pg_catalog.=) 'pgtoken') THEN
		RAISE EXCEPTION 'this database has pgtoken itself' USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'A proxy is made in a database of its own.';
	END IF;
END
$check$;
CREATE EXTENSION IF NOT EXISTS plproxy;
%s%sCREATE SCHEMA pgtoken_proxy;
COMMENT ON SCHEMA pgtoken_proxy IS 'What functions of the proxy call by themselves';
CREATE SCHEMA plproxy;
COMMENT ON SCHEMA plproxy IS 'Where the shards are, for PL/Proxy';
REVOKE ALL ON SCHEMA pgtoken_proxy, plproxy FROM PUBLIC;
GRANT USAGE ON SCHEMA pgtoken_proxy, plproxy TO %s;

-- Functions and not CREATE SERVER: who may use a server may say there, by a user mapping, as whom he
-- connects. So everybody is on the shards who he is here.
CREATE FUNCTION plproxy.get_cluster_version(cluster_name text) RETURNS integer LANGUAGE sql IMMUTABLE RETURN 1;
COMMENT ON FUNCTION plproxy.get_cluster_version IS 'Raise it when get_cluster_partitions() has changed: sessions then connect anew';
CREATE FUNCTION plproxy.get_cluster_partitions(cluster_name text) RETURNS SETOF text LANGUAGE sql STABLE AS $proxy$
	SELECT c FROM pg_catalog.unnest(%L::text[]) WITH ORDINALITY u (c, n) ORDER BY n
$proxy$;
COMMENT ON FUNCTION plproxy.get_cluster_partitions IS 'The shards in the order of their numbers, and then the configuration primary where it is none of them';
CREATE FUNCTION plproxy.get_cluster_config(cluster_name text, OUT key text, OUT val text) RETURNS SETOF record LANGUAGE sql STABLE AS $proxy$
	SELECT 'modular_mapping'::text, '1'::text
$proxy$;
COMMENT ON FUNCTION plproxy.get_cluster_config IS 'The number of a shard is what RUN ON says';
$sql$,
		(SELECT string_agg(format(E'DO $role$ BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) %L) THEN CREATE ROLE %I NOLOGIN; END IF; END $role$;\n', r.rolname, r.rolname), '' ORDER BY r.rolname)
		 FROM pg_roles r WHERE quote_ident(r.rolname) = ANY (string_to_array(roles, ', ')) OR r.rolname = 'pgtoken_admin')
		|| E'GRANT pgtoken_auditor TO pgtoken_admin;\nGRANT pgtoken_issuer TO pgtoken_admin;\n',
		(SELECT string_agg(format(E'CREATE SCHEMA %I;\nCOMMENT ON SCHEMA %I IS %L;\nREVOKE ALL ON SCHEMA %I FROM PUBLIC;\nGRANT USAGE ON SCHEMA %I TO %s;\n', s.nspname, s.nspname, obj_description(s.oid, 'pg_namespace'), s.nspname, s.nspname,
						  (SELECT string_agg(DISTINCT quote_ident(a.grantee::regrole::text), ', ') FROM aclexplode(s.nspacl) a WHERE a.grantee <> s.nspowner AND starts_with(a.grantee::regrole::text, 'pgtoken_'))), '' ORDER BY s.nspname)
		 FROM pg_namespace s WHERE s.nspname IN ('pgtoken', 'pgtoken_http', 'pgtoken_administration')),
		roles, connections);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.plproxy_frame FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.plproxy_frame IS 'Internal, called by plproxy_functions(): roles, schemas and shards of the proxy';

CREATE FUNCTION pgtoken.plproxy_routes(shards integer, configuration integer) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN replace(replace($sql$
-- namesakes of those in pgtoken, for every role that is routed
CREATE FUNCTION pgtoken_proxy.shard_of(uuid, integer) RETURNS integer LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS '$libdir/pgtoken', 'pgt_shard_of';
CREATE FUNCTION pgtoken_proxy.shard_of(text, integer) RETURNS integer LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS '$libdir/pgtoken', 'pgt_shard_of_text';
CREATE FUNCTION pgtoken_proxy.shard_of_subject(text, integer) RETURNS integer LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS '$libdir/pgtoken', 'pgt_shard_of_subject';

CREATE FUNCTION pgtoken_proxy.of_subject_or_all(text) RETURNS SETOF integer LANGUAGE sql IMMUTABLE AS $proxy$
	SELECT pgtoken_proxy.shard_of_subject($1, @shards@) WHERE $1 IS NOT NULL
	UNION ALL SELECT n FROM pg_catalog.generate_series(0, @shards@ - 1) n WHERE $1 IS NULL
$proxy$;
COMMENT ON FUNCTION pgtoken_proxy.of_subject_or_all IS 'The shard of a subject; NULL: all';

-- headers: name, value, name, value; nobody's token goes to the first shard, which refuses it
CREATE FUNCTION pgtoken_proxy.of_bearer(text[]) RETURNS integer LANGUAGE sql IMMUTABLE AS $proxy$
	SELECT coalesce((SELECT pgtoken_proxy.shard_of(pg_catalog.btrim(pg_catalog.regexp_replace($1[i OPERATOR(pg_catalog.+) 1], '^[^ ]+', '')), @shards@)
					 FROM pg_catalog.generate_series(1, pg_catalog.cardinality($1), 2) i WHERE pg_catalog.lower($1[i]) OPERATOR(pg_catalog.=) 'authorization' LIMIT 1), 0)
$proxy$;
COMMENT ON FUNCTION pgtoken_proxy.of_bearer IS 'The shard of the access token that a request shows';

-- where a connection string names a user, or a pooler does, the shards cannot tell who it is
CREATE FUNCTION pgtoken_proxy.permitted(shard integer, function text) RETURNS integer LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $proxy$
BEGIN
	IF NOT has_function_privilege(function, 'EXECUTE') THEN
		RAISE EXCEPTION 'permission denied for function %', function USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN shard;
END
$proxy$;
COMMENT ON FUNCTION pgtoken_proxy.permitted IS 'The shard, for who may call this function of the proxy; others 42501';

CREATE FUNCTION pgtoken_proxy.admit(integer, text, text, text[], jsonb, OUT role text, OUT settings jsonb, OUT status integer, OUT headers text[], OUT body bytea) RETURNS record LANGUAGE plproxy AS $proxy$
	CLUSTER 'pgtoken';
	RUN ON pgtoken_proxy.permitted($1, 'pgtoken_http.admit(text,text,text[],jsonb)');
	SELECT role, settings, status, headers, body FROM pgtoken_http.admit($2::text, $3::text, $4::text[], $5::jsonb);
$proxy$;
COMMENT ON FUNCTION pgtoken_proxy.admit IS 'pgtoken_http.admit() on one shard';

CREATE FUNCTION pgtoken_proxy.handle(integer, text, text, text[], bytea, jsonb, OUT status integer, OUT headers text[], OUT body bytea) RETURNS record LANGUAGE plproxy AS $proxy$
	CLUSTER 'pgtoken';
	RUN ON pgtoken_proxy.permitted($1, 'pgtoken_http.handle(text,text,text[],bytea,jsonb)');
	SELECT status, headers, body FROM pgtoken_http.handle($2::text, $3::text, $4::text[], $5::bytea, $6::jsonb);
$proxy$;
COMMENT ON FUNCTION pgtoken_proxy.handle IS 'pgtoken_http.handle() on one shard';

CREATE FUNCTION pgtoken_proxy.header(text[], text) RETURNS text LANGUAGE sql IMMUTABLE AS $proxy$
	SELECT $1[i OPERATOR(pg_catalog.+) 1] FROM pg_catalog.generate_series(1, pg_catalog.cardinality($1), 2) i WHERE pg_catalog.lower($1[i]) OPERATOR(pg_catalog.=) $2 LIMIT 1
$proxy$;
COMMENT ON FUNCTION pgtoken_proxy.header IS 'The value of a header, by its name in lower case';

-- A door that was asked in vain has done nothing: only what could not be connected to is asked again elsewhere.
CREATE FUNCTION pgtoken_proxy.routed(method text, target text, sent_headers text[], sent_body bytea, peer jsonb, OUT status integer, OUT headers text[], OUT body bytea) RETURNS record LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $proxy$
DECLARE
	first CONSTANT integer := floor(random() * @shards@);
	at integer := first;
	told jsonb := peer;
	sent_on boolean := false;
	hops integer := 0;
	wait integer;	-- milliseconds
	waited integer := 0;
	shard text;
	carried text;
BEGIN
	LOOP
		BEGIN
			SELECT h.status, h.headers, h.body INTO status, headers, body FROM pgtoken_proxy.handle(at, method, target, sent_headers, sent_body, told) h;
		EXCEPTION WHEN internal_error THEN
			IF SQLERRM !~ 'PQconnect(Poll|Start)' THEN
				RAISE;
			END IF;
			status := NULL;
		END;
		IF status IS NULL THEN
			at := (at + 1) % @shards@;
			EXIT WHEN sent_on OR at = first;
		ELSE
			shard := CASE WHEN status = 0 THEN pgtoken_proxy.header(headers, 'shard') END;
			IF shard IS NULL AND (status <> 0 OR NOT sent_on) THEN
				RETURN;
			END IF;
			-- waits for a document: the shards before have used up what they have taken, and would not take it again
			IF shard IS NULL THEN
				wait := greatest(pgtoken_proxy.header(headers, 'wait')::integer, 1);
				waited := waited + wait;
				EXIT WHEN waited > 5000;
				PERFORM pg_sleep(wait / 1000.0);
				CONTINUE;
			END IF;
			hops := hops + 1;
			EXIT WHEN hops > 3;
			sent_on := true;
			at := CASE shard WHEN 'configuration' THEN @configuration@ ELSE shard::integer END;
			carried := pgtoken_proxy.header(headers, 'carry');
			told := coalesce(peer, '{}') || '{"routed": true}' || CASE WHEN carried IS NULL THEN '{}' ELSE jsonb_build_object('carried', carried) END;
		END IF;
	END LOOP;
	status := 503;
	headers := '{Retry-After,1,Content-Type,application/json,Cache-Control,no-store}';
	body := '\x7b226572726f72223a2274656d706f726172696c795f756e617661696c61626c65227d';	-- {"error":"temporarily_unavailable"}
END
$proxy$;
COMMENT ON FUNCTION pgtoken_proxy.routed IS 'pgtoken_http.handle() where the doors of the shards send the request; 503 where that cannot be reached';

-- A request that lies where its subject does is answered as it is.
CREATE FUNCTION pgtoken_proxy.request_of(transaction_id text, subject text, spend boolean) RETURNS text LANGUAGE plpgsql VOLATILE AS $proxy$
BEGIN
	IF pgtoken_proxy.shard_of(transaction_id, @shards@) OPERATOR(pg_catalog.<>) pgtoken_proxy.shard_of_subject(subject, @shards@) THEN
		RETURN coalesce(pgtoken.hand_over_authorization(transaction_id, subject, spend), transaction_id);
	END IF;
	RETURN transaction_id;
END
$proxy$;
COMMENT ON FUNCTION pgtoken_proxy.request_of IS 'What the shard of the subject takes for a transaction_id; one that is over stays what it is, and is refused there';

CREATE FUNCTION pgtoken_proxy.device_of(user_code text, attempt_key text, subject text, spend boolean) RETURNS text LANGUAGE plpgsql VOLATILE AS $proxy$
BEGIN
	IF pgtoken_proxy.shard_of(user_code, @shards@) OPERATOR(pg_catalog.<>) pgtoken_proxy.shard_of_subject(subject, @shards@) THEN
		RETURN coalesce(pgtoken.hand_over_device(user_code, attempt_key, subject, spend), user_code);
	END IF;
	RETURN user_code;
END
$proxy$;
COMMENT ON FUNCTION pgtoken_proxy.device_of IS 'What the shard of the subject takes for a user_code';
$sql$, '@shards@', shards::text), '@configuration@', configuration::text);
REVOKE ALL ON FUNCTION pgtoken.plproxy_routes FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.plproxy_routes IS 'Internal, called by plproxy_functions(): what functions of the proxy call by themselves';

CREATE FUNCTION pgtoken.plproxy_functions(shards text[], configuration text DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	n CONSTANT integer := cardinality(shards);
	primary_at CONSTANT integer := CASE WHEN configuration IS NULL THEN 0 ELSE coalesce((SELECT u.n FROM unnest(shards) WITH ORDINALITY u (c, n) WHERE u.c = configuration ORDER BY u.n LIMIT 1) - 1, n) END;
	connections CONSTANT text[] := CASE WHEN configuration IS NOT NULL AND primary_at = n THEN shards || configuration ELSE shards END;
	without text;
BEGIN
	IF shards IS NULL OR EXISTS (SELECT FROM unnest(connections) c WHERE c IS NULL) THEN
		RAISE EXCEPTION 'shards must not be NULL, nor contain NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF n NOT BETWEEN 1 AND 16384 OR array_ndims(shards) <> 1 THEN
		RAISE EXCEPTION 'shards must be a list of 1 to 16384 connection strings' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF EXISTS (SELECT FROM unnest(connections) c WHERE c ~* 'password|^postgres(ql)?://[^/]*:[^/]*@') THEN
		RAISE EXCEPTION 'a connection string must not have a password' USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'Every user of the proxy can read it there.', HINT = 'Use .pgpass or certificates of the proxy''s server, or a pooler that knows the passwords.';
	END IF;
	IF EXISTS (SELECT FROM unnest(connections) c WHERE c ~ '[$\n]') THEN
		RAISE EXCEPTION 'a connection string must not have a dollar sign or a line break' USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'It stands in the text of a function.';
	END IF;
	SELECT string_agg(r.function::text, ', ') INTO without FROM pgtoken.plproxy_rules() r WHERE r.rule IS NULL;
	IF without IS NOT NULL THEN
		RAISE EXCEPTION 'functions without a rule: %', without USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'pgtoken.plproxy_rules() says where each runs.';
	END IF;
	RETURN format(E'-- The proxy database of pgtoken %s with %s shards: made by pgtoken.plproxy_functions(), not to be edited.\nBEGIN;\nSET LOCAL check_function_bodies = off;\n', pgtoken.library_version(), n)
		|| pgtoken.plproxy_frame(shards, connections, primary_at)
		|| (SELECT string_agg(t, '') FROM pgtoken.plproxy_types() t)
		|| pgtoken.plproxy_routes(n, primary_at)
		|| (SELECT string_agg(pgtoken.plproxy_function(r.function, r.rule, r.argument, r.reason, n, primary_at), E'\n' ORDER BY r.function::text) FROM pgtoken.plproxy_rules() r)
		|| E'COMMIT;\n';
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.plproxy_functions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.plproxy_functions TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.plproxy_functions IS
'The SQL of a proxy database (PL/Proxy 2.10 or later) for applications that want one connection string to several shards: schemas, types, roles, and for each public function one of the same name, arguments and comment that runs where it belongs (plproxy_rules). To be run by a superuser in a database of its own, without the extension, on a server that has the files of pgtoken and of PL/Proxy installed.
shards: connection strings of libpq, in the order of the shards'' numbers, without passwords; as whom a session of the proxy connects is who called, unless a string names a user. configuration: that of the configuration primary; NULL: the first shard.
Returns a script, in one transaction, for psql. The same SQLSTATE comes back from a shard, and DETAIL and HINT behind "Remote detail: ", "Remote hint: ". Each call commits on its shard at once, whatever becomes of the transaction around it. Raises 22004; 22023 for a list that is empty or too long, and for a password; 55000 where a function has no rule.';
