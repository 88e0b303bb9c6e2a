-- Administrators of one issuer: roles that see and change its clients, APIs, policies
-- and audit, and nothing else.
--
-- What they see is a matter of row security, by the tables' own rows. What they change
-- goes through functions of a schema of their own, each of which asks whose the thing
-- is and then calls its namesake in pgtoken: that one stays the administrator's alone,
-- so that there is no second way to it. Asked is the role of the session, not the owner
-- of a function in between: who may administer cannot lend that to others.

-- The role belongs to the cluster, as in 02_schemas_roles.sql.
DO $role$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) 'pgtoken_issuer_admin') THEN
		CREATE ROLE pgtoken_issuer_admin NOLOGIN;
		COMMENT ON ROLE pgtoken_issuer_admin IS 'Administers issuers of pgtoken: those of pgtoken.grant_administration()';
	END IF;
END
$role$;

CREATE SCHEMA pgtoken_administration;
COMMENT ON SCHEMA pgtoken_administration IS 'Functions of pgtoken for administrators of one issuer: each is its namesake there, for what is that issuer''s';
REVOKE ALL ON SCHEMA pgtoken_administration FROM PUBLIC;
GRANT USAGE ON SCHEMA pgtoken, pgtoken_administration TO pgtoken_issuer_admin;

CREATE TABLE pgtoken.administrations (
	issuer text NOT NULL,
	role_name text NOT NULL,
	granted_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	granted_by text NOT NULL DEFAULT session_user,
	CONSTRAINT administrations_pkey PRIMARY KEY (issuer, role_name)
);
COMMENT ON TABLE pgtoken.administrations IS 'Which role administers which issuer. By name: a role that is dropped and made again has what it had, until revoke_administration';
COMMENT ON COLUMN pgtoken.administrations.issuer IS 'Issuer that is administered';
COMMENT ON COLUMN pgtoken.administrations.role_name IS 'Role of the database, whose members administer it, too';
COMMENT ON COLUMN pgtoken.administrations.granted_at IS 'When it was granted';
COMMENT ON COLUMN pgtoken.administrations.granted_by IS 'Role that logged in and granted it';
COMMENT ON INDEX pgtoken.administrations_pkey IS 'Each role once per issuer';
SELECT pg_catalog.pg_extension_config_dump('pgtoken.administrations', '');

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.administrations FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('administration');
COMMENT ON TRIGGER audit ON pgtoken.administrations IS 'Writes the row before and after to audit_events';

ALTER TABLE pgtoken.administrations ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.administrations FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.administrations IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.administrations TO pgtoken_auditor, pgtoken_issuer_admin;

CREATE FUNCTION pgtoken.has_role(role_name text, of_role name) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role_name AND pg_has_role(of_role, r.oid, 'USAGE'));
REVOKE ALL ON FUNCTION pgtoken.has_role FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.has_role TO pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken.has_role IS 'Internal: is there a role of this name, and does of_role have its rights?';

CREATE POLICY administrator_reads ON pgtoken.administrations FOR SELECT TO pgtoken_issuer_admin USING (pgtoken.has_role(role_name, current_user));
COMMENT ON POLICY administrator_reads ON pgtoken.administrations IS 'Shows a role what it administers';

-- The console lets an operator be the administrator of the issuer that he calls, and of no
-- other, for as long as the call takes: without a role of his own (71_console.sql).
CREATE FUNCTION pgtoken.console_issuer() RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_console_issuer' LANGUAGE C STABLE PARALLEL RESTRICTED;
REVOKE ALL ON FUNCTION pgtoken.console_issuer FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.console_issuer TO pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken.console_issuer IS 'Internal: the issuer whose administrator calls a function of the console at this moment; NULL: nobody does, or as another role';

-- Not SECURITY DEFINER: they run with the rights, and as the role, of who reads a table.
CREATE FUNCTION pgtoken.administered_issuers() RETURNS text[]
	LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
	RETURN CASE WHEN pgtoken.console_issuer() IS NOT NULL THEN ARRAY[pgtoken.console_issuer()]
				ELSE ARRAY(SELECT a.issuer FROM pgtoken.administrations a WHERE pgtoken.has_role(a.role_name, current_user)) END;
REVOKE ALL ON FUNCTION pgtoken.administered_issuers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.administered_issuers TO pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken.administered_issuers IS 'Internal, for row security: the issuers that the role in effect administers';

CREATE POLICY administrator_reads ON pgtoken.clients FOR SELECT TO pgtoken_issuer_admin USING (issuer = ANY ((SELECT pgtoken.administered_issuers())::text[]));
COMMENT ON POLICY administrator_reads ON pgtoken.clients IS 'Shows administrators of an issuer its clients';
GRANT SELECT ON pgtoken.clients TO pgtoken_issuer_admin;

CREATE FUNCTION pgtoken.administered_clients() RETURNS text[]
	LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
	-- asked once, not of each client
	RETURN ARRAY(SELECT c.client_id FROM pgtoken.clients c WHERE c.issuer = ANY ((SELECT pgtoken.administered_issuers())::text[]));
REVOKE ALL ON FUNCTION pgtoken.administered_clients FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.administered_clients TO pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken.administered_clients IS 'Internal, for row security: the clients of the issuers that the role in effect administers';

CREATE POLICY administrator_reads ON pgtoken.issuers FOR SELECT TO pgtoken_issuer_admin USING (issuer = ANY ((SELECT pgtoken.administered_issuers())::text[]));
COMMENT ON POLICY administrator_reads ON pgtoken.issuers IS 'Shows administrators of an issuer its row';
CREATE POLICY administrator_reads ON pgtoken.resources FOR SELECT TO pgtoken_issuer_admin USING (issuer = ANY ((SELECT pgtoken.administered_issuers())::text[]));
COMMENT ON POLICY administrator_reads ON pgtoken.resources IS 'Shows administrators of an issuer its APIs';
CREATE POLICY administrator_reads ON pgtoken.policies FOR SELECT TO pgtoken_issuer_admin USING (issuer = ANY ((SELECT pgtoken.administered_issuers())::text[]));
COMMENT ON POLICY administrator_reads ON pgtoken.policies IS 'Shows administrators of an issuer its policies';
CREATE POLICY administrator_reads ON pgtoken.client_secrets FOR SELECT TO pgtoken_issuer_admin USING (client_id = ANY ((SELECT pgtoken.administered_clients())::text[]));
COMMENT ON POLICY administrator_reads ON pgtoken.client_secrets IS 'Shows administrators of an issuer the secrets of its clients, without their hashes';
CREATE POLICY administrator_reads ON pgtoken.tokens FOR SELECT TO pgtoken_issuer_admin USING (client_id = ANY ((SELECT pgtoken.administered_clients())::text[]));
COMMENT ON POLICY administrator_reads ON pgtoken.tokens IS 'Shows administrators of an issuer, in the audit, what its clients were issued';
-- what is of no client names its issuer: a policy, an API, an end, a block; and of a client
-- that had the name before, and is deleted, the issuer stands in its row
CREATE POLICY administrator_reads ON pgtoken.audit_rows FOR SELECT TO pgtoken_issuer_admin
	USING (client_id = ANY ((SELECT pgtoken.administered_clients())::text[])
		   AND (coalesce(detail #>> '{after,issuer}', detail #>> '{before,issuer}') = ANY ((SELECT pgtoken.administered_issuers())::text[])) IS NOT FALSE
		   OR client_id IS NULL AND coalesce(detail ->> 'issuer', detail #>> '{after,issuer}', detail #>> '{before,issuer}') = ANY ((SELECT pgtoken.administered_issuers())::text[]));
COMMENT ON POLICY administrator_reads ON pgtoken.audit_rows IS 'Shows administrators of an issuer the events of its clients, and those of no client that name the issuer';

-- The same columns as the auditor's, and the views that they read the audit by.
DO $columns$
DECLARE
	readable record;
BEGIN
	GRANT SELECT ON pgtoken.issuers, pgtoken.resources, pgtoken.policies, pgtoken.audit_rows, pgtoken.audit_events, pgtoken.decisions TO pgtoken_issuer_admin;
	FOR readable IN
		SELECT c.relname, pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
		WHERE c.oid OPERATOR(pg_catalog.=) ANY ('{pgtoken.client_secrets,pgtoken.tokens}'::pg_catalog.regclass[]) AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
		  AND pg_catalog.has_column_privilege('pgtoken_auditor', c.oid, a.attnum, 'SELECT')
		GROUP BY c.relname LOOP
		EXECUTE pg_catalog.format('GRANT SELECT (%s) ON pgtoken.%I TO pgtoken_issuer_admin', readable.columns, readable.relname);
	END LOOP;
END
$columns$;
GRANT EXECUTE ON FUNCTION pgtoken.answer_event_id, pgtoken.request_id_of, pgtoken.trace_id_of, pgtoken.span_id_of TO pgtoken_issuer_admin;

-- Granting -----------------------------------------------------------------------

CREATE FUNCTION pgtoken.grant_administration(issuer text, role_name name) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF issuer IS NULL OR role_name IS NULL THEN
		RAISE EXCEPTION 'issuer and role_name must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role_name) THEN
		RAISE EXCEPTION 'role "%" does not exist', role_name USING ERRCODE = 'undefined_object';
	END IF;
	INSERT INTO pgtoken.administrations (issuer, role_name) VALUES (pgtoken.issuer_or_default(grant_administration.issuer), grant_administration.role_name)
	ON CONFLICT ON CONSTRAINT administrations_pkey DO NOTHING;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	EXECUTE format('GRANT pgtoken_issuer_admin TO %I', role_name);
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.grant_administration FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.grant_administration TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.grant_administration IS
'Let a role administer one issuer: by the functions of the schema pgtoken_administration it changes the issuer''s clients, their secrets, APIs and policies, and it reads these and the issuer''s part of the audit; nothing of another issuer, no key, no setting, and it issues and verifies nothing.
issuer: which. role_name: a role of the database; it becomes a member of pgtoken_issuer_admin. Returns false when it had that already. Raises 22004, 42704 for an unknown role, 55000 for an unknown issuer.';

CREATE FUNCTION pgtoken.revoke_administration(issuer text, role_name name) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	DELETE FROM pgtoken.administrations a WHERE a.issuer = revoke_administration.issuer AND a.role_name = revoke_administration.role_name;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	IF NOT EXISTS (SELECT FROM pgtoken.administrations a WHERE a.role_name = revoke_administration.role_name)
	   AND EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role_name) THEN
		EXECUTE format('REVOKE pgtoken_issuer_admin FROM %I', role_name);
	END IF;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.revoke_administration FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.revoke_administration TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.revoke_administration IS
'Take from a role what grant_administration gave it, from its next statement on; with the last issuer it is no member of pgtoken_issuer_admin any more. issuer: which. role_name: a role, also one that is gone. Returns false when it did not administer the issuer.';

-- Asking whose it is -----------------------------------------------------------------

CREATE FUNCTION pgtoken.session_administers() RETURNS text[]
	LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN CASE WHEN pgtoken.console_issuer() IS NOT NULL THEN ARRAY[pgtoken.console_issuer()]
				-- the role in effect outside of our SECURITY DEFINER functions
				ELSE ARRAY(SELECT a.issuer FROM pgtoken.administrations a
						   WHERE pgtoken.has_role(a.role_name, CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role')::name END)
						   ORDER BY a.issuer) END;
REVOKE ALL ON FUNCTION pgtoken.session_administers FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.session_administers IS 'Internal, called by the functions of pgtoken_administration: the issuers that the role of the session administers';

CREATE FUNCTION pgtoken.administered_issuer(issuer text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	its CONSTANT text[] := pgtoken.session_administers();
BEGIN
	IF issuer IS NULL AND cardinality(its) = 1 THEN
		RETURN its[1];
	END IF;
	IF issuer IS NULL AND cardinality(its) > 1 THEN
		RAISE EXCEPTION 'issuer must be named' USING ERRCODE = 'null_value_not_allowed', DETAIL = 'The role administers several.';
	END IF;
	IF issuer IS NULL OR issuer <> ALL (its) THEN
		RAISE EXCEPTION 'permission denied: the role does not administer this issuer'
			USING ERRCODE = 'insufficient_privilege', HINT = 'SELECT pgtoken.grant_administration(...) as pgtoken_admin lets it.';
	END IF;
	RETURN issuer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.administered_issuer FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.administered_issuer IS 'Internal, called by the functions of pgtoken_administration: the issuer, where the role of the session administers it; for NULL the only one that it does. Raises 42501, and 22004 where it must be named';

CREATE FUNCTION pgtoken.administered_client(client_id text, may_be_new boolean) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	its_issuer CONSTANT text := (SELECT c.issuer FROM pgtoken.clients c WHERE c.client_id = administered_client.client_id);
	its CONSTANT text[] := pgtoken.session_administers();
BEGIN
	-- a name that was another issuer's, and is deleted: with it goes what the audit has of it
	IF its_issuer = ANY (its)
	   -- the console's own: where its codes are sent is not for those to say who are let in by it
	   AND NOT EXISTS (SELECT FROM pgtoken.consoles c WHERE c.client_id = administered_client.client_id)
	   -- and one that the administrator lets read what is measured of all issuers: a secret of it would be his, too
	   AND NOT EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = administered_client.client_id AND 'pgtoken:metrics' = ANY (c.scopes))
	   OR may_be_new AND its_issuer IS NULL
		  AND NOT EXISTS (SELECT FROM pgtoken.audit_rows e
						  WHERE e.client_id = administered_client.client_id AND coalesce(e.detail #>> '{after,issuer}', e.detail #>> '{before,issuer}') <> ALL (its)) THEN
		RETURN client_id;
	END IF;
	-- one message, whether there is none or it is another issuer's
	RAISE EXCEPTION 'permission denied: no client of this name can be administered by the role'
		USING ERRCODE = 'insufficient_privilege',
			  HINT = 'pgtoken.clients shows those that can. Names are unique among all issuers, deleted clients included: choose another one.';
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.administered_client FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.administered_client IS 'Internal, called by the functions of pgtoken_administration: the client, where the role of the session administers its issuer; may_be_new: or where there is none, and in the audit none of another issuer. Raises 42501';

CREATE FUNCTION pgtoken.administered_resource(resource text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	-- switched off or without its scopes, the console would let nobody in
	IF EXISTS (SELECT FROM pgtoken.consoles c WHERE c.resource = (pgtoken.registered_resources(c.issuer, ARRAY[administered_resource.resource]))[1]) THEN
		RAISE EXCEPTION 'permission denied: the API is the console''s'
			USING ERRCODE = 'insufficient_privilege', HINT = 'pgtoken_admin changes it, by enable_console and disable_console.';
	END IF;
	RETURN resource;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.administered_resource FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.administered_resource IS 'Internal, called by the functions of pgtoken_administration: the API, where it is not a console''s. Raises 42501';

CREATE FUNCTION pgtoken.administered_functions() RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN '{create_client,update_client,delete_client,create_client_secret,import_client_secret,revoke_client_secret,revoke_client,create_resource,update_resource,delete_resource,create_policy,activate_policy,deactivate_policy,rollback_policy,delete_policy,simulate_policy,compare_policy}'::text[];
REVOKE ALL ON FUNCTION pgtoken.administered_functions FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.administered_functions IS 'Internal, for the install script: functions that have a namesake in pgtoken_administration; each says by an argument issuer or client_id whose the thing is';

-- The namesakes: the same arguments and answers. An issuer is checked and filled in, a
-- client that is named is its own; a policy's list of clients only narrows it.
DO $namesakes$
DECLARE
	f record;
	body text;
BEGIN
	PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true);
	FOR f IN
		SELECT p.oid, p.proname, p.proretset, p.pronargs, p.proargnames[1:p.pronargs] AS names,
			   pg_catalog.pg_get_function_arguments(p.oid) AS arguments, pg_catalog.pg_get_function_result(p.oid) AS result
		FROM pg_catalog.pg_proc p
		WHERE p.pronamespace OPERATOR(pg_catalog.=) 'pgtoken'::pg_catalog.regnamespace AND p.proname OPERATOR(pg_catalog.=) ANY (pgtoken.administered_functions())
		ORDER BY p.proname LOOP
		IF NOT f.names OPERATOR(pg_catalog.&&) '{issuer,client_id}'::text[] THEN
			RAISE EXCEPTION 'pgtoken.% does not say whose it is', f.proname;
		END IF;
		SELECT pg_catalog.string_agg(CASE n.name WHEN 'issuer' THEN 'pgtoken.administered_issuer($' || n.i || ')'
										 WHEN 'resource' THEN 'pgtoken.administered_resource($' || n.i || ')'
										 WHEN 'client_id' THEN
											 pg_catalog.format(CASE WHEN 'issuer' OPERATOR(pg_catalog.=) ANY (f.names) THEN 'CASE WHEN $%1$s IS NOT NULL THEN pgtoken.administered_client($%1$s, true) END'
																	ELSE 'pgtoken.administered_client($%1$s, false)' END, n.i)
										 ELSE '$' || n.i END, ', ' ORDER BY n.i)
		INTO body FROM pg_catalog.unnest(f.names) WITH ORDINALITY n (name, i);
		EXECUTE pg_catalog.format($make$CREATE FUNCTION pgtoken_administration.%1$I(%2$s) RETURNS %3$s
			LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
			AS $body$
			BEGIN
				%4$s pgtoken.%1$I(%5$s);
			END
			$body$$make$, f.proname, f.arguments, f.result,
			CASE WHEN f.proretset THEN 'RETURN QUERY SELECT * FROM' WHEN f.result OPERATOR(pg_catalog.=) 'void' THEN 'PERFORM' ELSE 'RETURN' END, body);
		EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION pgtoken_administration.%I FROM PUBLIC', f.proname);
		EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION pgtoken_administration.%I TO pgtoken_issuer_admin', f.proname);
		EXECUTE pg_catalog.format('COMMENT ON FUNCTION pgtoken_administration.%I IS %L', f.proname,
			pg_catalog.format('pgtoken.%s for an administrator of one issuer (pgtoken.grant_administration): the same arguments and answer, for what is that issuer''s. issuer, where there is one: NULL is the only one that the role of the session administers. Raises besides 42501 for what is another''s.', f.proname));
	END LOOP;
END
$namesakes$;
