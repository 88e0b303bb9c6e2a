-- One database's configuration for several: a publication at the configuration primary, a
-- subscription at each other one. Which tables it is says configuration_tables(); what is
-- written of them where they only come to is refused by a trigger, since one such row would
-- let replication fail for ever. How old what a subscriber has may be: src/base/configuration.h.

CREATE FUNCTION pgtoken.columns_of_use(of_table text) RETURNS text[]
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE of_table WHEN 'client_secrets' THEN '{last_used_at}'::text[] WHEN 'signal_streams' THEN '{verified_at}' ELSE '{}' END;
REVOKE ALL ON FUNCTION pgtoken.columns_of_use FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.columns_of_use IS 'Internal: columns of a table of the configuration that each database writes for itself, as it is used there: they are not published';

CREATE FUNCTION pgtoken.columns_of_configuration(of_table text) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
	WHERE a.attrelid = format('pgtoken.%I', of_table)::regclass AND a.attnum > 0 AND NOT a.attisdropped
	  AND a.attname::text <> ALL (pgtoken.columns_of_use(of_table));
END;
REVOKE ALL ON FUNCTION pgtoken.columns_of_configuration FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.columns_of_configuration IS 'Internal: the other columns of a table of the configuration, as a list in SQL';

CREATE FUNCTION pgtoken.guard_configuration() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_guard_configuration' LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.guard_configuration FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.guard_configuration IS 'Internal, trigger of the tables of the configuration: lets a subscriber write what replication brings, and nothing else. Raises 25006';

DO $guards$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT c.table_name, c.rows_of, pgtoken.columns_of_configuration(c.table_name) AS columns FROM pgtoken.configuration_tables() c LOOP
		-- conditions on a row that is there only before, or only after, take a trigger each
		EXECUTE format('CREATE TRIGGER configuration BEFORE INSERT OR UPDATE OF %s ON pgtoken.%I FOR EACH ROW %s EXECUTE FUNCTION pgtoken.guard_configuration()',
					   t.columns, t.table_name, CASE WHEN t.rows_of IS NOT NULL THEN format('WHEN (NEW.%s)', t.rows_of) END);
		EXECUTE format('COMMENT ON TRIGGER configuration ON pgtoken.%I IS ''Where the configuration comes from another database, nothing else writes it''', t.table_name);
		EXECUTE format('CREATE TRIGGER configuration_delete BEFORE DELETE ON pgtoken.%I FOR EACH ROW %s EXECUTE FUNCTION pgtoken.guard_configuration()',
					   t.table_name, CASE WHEN t.rows_of IS NOT NULL THEN format('WHEN (OLD.%s)', t.rows_of) END);
		EXECUTE format('COMMENT ON TRIGGER configuration_delete ON pgtoken.%I IS ''As configuration, for DELETE''', t.table_name);
		EXECUTE format('CREATE TRIGGER configuration_truncate BEFORE TRUNCATE ON pgtoken.%I FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.guard_configuration()', t.table_name);
		EXECUTE format('COMMENT ON TRIGGER configuration_truncate ON pgtoken.%I IS ''As configuration, for TRUNCATE''', t.table_name);
		-- the first copy reads as the role that connects: a policy, so that it need not pass over all of them
		EXECUTE format('CREATE POLICY replicator_reads ON pgtoken.%I FOR SELECT TO pgtoken_replicator USING (%s)', t.table_name, coalesce(t.rows_of, 'true'));
		EXECUTE format('COMMENT ON POLICY replicator_reads ON pgtoken.%I IS ''Lets pgtoken_replicator copy the configuration; without it the first copy would have no rows''', t.table_name);
		EXECUTE format('GRANT SELECT ON pgtoken.%I TO pgtoken_replicator', t.table_name);
	END LOOP;
END
$guards$;

-- What follows from a change that replication brings, beside caches: at the primary the
-- functions do it.
CREATE FUNCTION pgtoken.follow_signal_stream() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF NOT pgtoken.applying() THEN
		RETURN NULL;
	END IF;
	PERFORM pgtoken.unqueue_signals(OLD.stream_id);
	IF TG_OP = 'DELETE' OR NEW.status = 'disabled' THEN
		DELETE FROM pgtoken.signals o WHERE o.stream_id = OLD.stream_id;
	ELSIF NEW.status = 'enabled' THEN
		PERFORM pgtoken.queue_signals(OLD.stream_id);
	END IF;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.follow_signal_stream FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.follow_signal_stream IS 'Internal, trigger of signal_streams: what waits here in a stream that was changed at the configuration primary goes out, waits or is dropped, as it says there';
CREATE TRIGGER follow AFTER DELETE OR UPDATE OF status, endpoint_url, delivery ON pgtoken.signal_streams FOR EACH ROW EXECUTE FUNCTION pgtoken.follow_signal_stream();
COMMENT ON TRIGGER follow ON pgtoken.signal_streams IS 'At a subscriber: what waits follows the stream';

CREATE FUNCTION pgtoken.follow_client() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF pgtoken.applying() THEN
		PERFORM pgtoken.queue_signals(s.stream_id) FROM pgtoken.signal_streams s WHERE s.client_id = NEW.client_id ORDER BY s.stream_id;
	END IF;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.follow_client FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.follow_client IS 'Internal, trigger of clients: what waits here in the streams of one that was switched on again at the configuration primary goes out';
CREATE TRIGGER follow_enabled AFTER UPDATE OF enabled ON pgtoken.clients FOR EACH ROW WHEN (NEW.enabled AND NOT OLD.enabled) EXECUTE FUNCTION pgtoken.follow_client();
COMMENT ON TRIGGER follow_enabled ON pgtoken.clients IS 'At a subscriber: sends what has waited in the streams of a client while it was switched off';

-- What a subscriber asks before it becomes one.

CREATE FUNCTION pgtoken.upstream_place(connection text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_upstream_place' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.upstream_place FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.upstream_place IS 'Internal, called by configure_as_subscriber: connects and says where to, by host and port; raises 08001 where that fails, 22023 where the connection is neither a Unix-domain socket nor TLS that knows the server';

CREATE FUNCTION pgtoken.ask_upstream(connection text, question text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_ask_upstream' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.ask_upstream FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.ask_upstream IS 'Internal, called by configure_as_subscriber and configure_as_alone: the only value of a query at another database; raises 08001 where there is no connection, and what the query has raised';

CREATE FUNCTION pgtoken.configuration_can_watch() RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_configuration_can_watch' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.configuration_can_watch FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.configuration_can_watch IS 'Internal, called by configure_as_subscriber: is there shared memory, in which it is known how old the configuration is?';

CREATE FUNCTION pgtoken.configuration_count() RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN (SELECT 'SELECT ' || string_agg(format('(SELECT count(*) FROM pgtoken.%I%s)', t.table_name, ' WHERE ' || t.rows_of), ' + ') FROM pgtoken.configuration_tables() t);
REVOKE ALL ON FUNCTION pgtoken.configuration_count FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.configuration_count IS 'Internal: a query that counts the rows of the configuration that whoever runs it sees';

CREATE FUNCTION pgtoken.configuration_here() RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN (SELECT format('%s %s %s', c.system_identifier, d.oid, extract(epoch FROM pg_postmaster_start_time())) FROM pg_control_system() c, pg_database d WHERE d.datname = current_database());
REVOKE ALL ON FUNCTION pgtoken.configuration_here FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.configuration_here IS 'Internal: which database this is, of this server as it runs: a physical copy is another one';

CREATE FUNCTION pgtoken.configuration_facts() RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	rows_there bigint;
BEGIN
	EXECUTE pgtoken.configuration_count() INTO rows_there;
	RETURN jsonb_build_object('version', (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'pgtoken'), 'role', pgtoken.configuration_role(),
							  'root_keys', pgtoken.root_key_ids(), 'rows', rows_there, 'here', pgtoken.configuration_here(), 'dbname', current_database());
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.configuration_facts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.configuration_facts TO pgtoken_replicator;
COMMENT ON FUNCTION pgtoken.configuration_facts IS 'Internal, called by configure_as_subscriber at the other database: its version and role, the names of its root keys, how many rows its configuration has, and which database it is';

CREATE FUNCTION pgtoken.require_upstream(connection text) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	place CONSTANT text := pgtoken.upstream_place(connection);
	here CONSTANT jsonb := pgtoken.configuration_facts();
	there jsonb;
BEGIN
	BEGIN
		there := pgtoken.ask_upstream(connection, format('SELECT (pgtoken.configuration_facts() || pg_catalog.jsonb_build_object(''visible'', (%s)))::text', pgtoken.configuration_count()));
	EXCEPTION WHEN invalid_schema_name OR undefined_function OR undefined_table OR undefined_column THEN
		RAISE EXCEPTION 'the other database has no pgtoken of this version'
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('%s answers: %s', place, SQLERRM), HINT = 'Its name is in the connection string, as dbname.';
	WHEN insufficient_privilege THEN
		RAISE EXCEPTION 'the role that connects must not read the configuration there'
			USING ERRCODE = 'insufficient_privilege', HINT = 'There: GRANT pgtoken_replicator TO ...;';
	END;
	IF there -> 'here' = here -> 'here' THEN
		RAISE EXCEPTION 'a database cannot have its configuration from itself' USING ERRCODE = 'invalid_parameter_value';
	ELSIF there -> 'version' <> here -> 'version' THEN
		RAISE EXCEPTION 'the configuration primary has pgtoken %, this database %', there ->> 'version', here ->> 'version'
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'ALTER EXTENSION pgtoken UPDATE, so that both have the same tables.';
	ELSIF there ->> 'role' <> 'primary' THEN
		RAISE EXCEPTION 'the other database is no configuration primary'
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Its role is %s.', there ->> 'role'), HINT = 'There: SELECT pgtoken.configure_as_primary();';
	ELSIF NOT there -> 'root_keys' <@ (here -> 'root_keys') THEN
		RAISE EXCEPTION 'this server has not the root key of the configuration primary'
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'Keys and peppers come wrapped under it, and could not be opened here.',
				  HINT = 'pgtoken.root_key_file here needs each key of the file there, in any order.';
	ELSIF there -> 'visible' <> there -> 'rows' THEN
		RAISE EXCEPTION 'the role that connects does not see all rows of the configuration there'
			USING ERRCODE = 'insufficient_privilege', DETAIL = format('It sees %s of %s, and the first copy would bring no others.', there -> 'visible', there -> 'rows'),
				  HINT = 'There: GRANT pgtoken_replicator TO ...; or a role with BYPASSRLS.';
	END IF;
	RETURN format('%s dbname=%s', place, there ->> 'dbname');
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.require_upstream FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.require_upstream IS 'Internal, called by configure_as_subscriber: where the configuration primary is, for people; raises 08001, 22023, 42501 or 55000, each by name, where this database cannot have its configuration from there';

-- The roles.

CREATE FUNCTION pgtoken.published_tables() RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN (SELECT string_agg(format('pgtoken.%I%s%s', t.table_name,
									 CASE WHEN pgtoken.columns_of_use(t.table_name) <> '{}' THEN format(' (%s)', pgtoken.columns_of_configuration(t.table_name)) END,
									 CASE WHEN t.rows_of IS NOT NULL THEN format(' WHERE (%s)', t.rows_of) END), ', ') FROM pgtoken.configuration_tables() t);
REVOKE ALL ON FUNCTION pgtoken.published_tables FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.published_tables IS 'Internal: the tables of the configuration as CREATE PUBLICATION takes them, with rows and columns';

CREATE FUNCTION pgtoken.refuse_configuring() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF pg_is_in_recovery() THEN
		RAISE EXCEPTION 'a standby has the role of its primary' USING ERRCODE = 'read_only_sql_transaction';
	ELSIF pgtoken.in_transaction_block() THEN
		RAISE EXCEPTION 'a database cannot change where it has its configuration from inside a transaction block'
			USING ERRCODE = 'active_sql_transaction', DETAIL = 'A replication slot of another server does not follow a rollback.', HINT = 'Call it by itself.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.refuse_configuring FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.refuse_configuring IS 'Internal, called by the functions configure_as: raises 25006 on a standby, 25001 inside a transaction block';

CREATE FUNCTION pgtoken.configure_as_primary() RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	before CONSTANT text := pgtoken.configuration_role();
BEGIN
	PERFORM pgtoken.refuse_configuring();
	IF before = 'subscriber' THEN
		RAISE EXCEPTION 'this database has its configuration from another one'
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT pgtoken.configure_as_alone(); first, if it is to have its own from now on.';
	ELSIF current_setting('wal_level') <> 'logical' THEN
		RAISE EXCEPTION 'wal_level is %, and must be logical', current_setting('wal_level')
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'ALTER SYSTEM SET wal_level = logical, and restart the server.';
	END IF;
	-- what a later version of the extension has more is in it after another call
	EXECUTE CASE before WHEN 'primary' THEN 'ALTER PUBLICATION pgtoken_configuration SET TABLE ' ELSE 'CREATE PUBLICATION pgtoken_configuration FOR TABLE ' END || pgtoken.published_tables();
	-- whoever may create in the database may have made one of this name first, and could take clients out of it
	ALTER PUBLICATION pgtoken_configuration OWNER TO CURRENT_USER;
	EXECUTE 'ALTER PUBLICATION pgtoken_configuration SET (publish = ''insert, update, delete, truncate'', publish_via_partition_root = false)';
	IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolcanlogin AND r.rolreplication AND NOT r.rolsuper AND pg_has_role(r.oid, 'pgtoken_replicator', 'USAGE')) THEN
		RAISE NOTICE 'there is no role yet by which a subscriber can connect'
			USING HINT = 'CREATE ROLE ... LOGIN REPLICATION PASSWORD ... IN ROLE pgtoken_replicator; with a line of pg_hba.conf: hostssl <database> ...';
	END IF;
	IF before = 'primary' THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.write_audit_event('configuration.role_changed', jsonb_build_object('from', before, 'to', 'primary'));
	RAISE NOTICE 'this database gives its configuration to others from now on'
		USING HINT = 'At each of them: SELECT pgtoken.configure_as_subscriber(''host=... dbname=... user=... sslmode=verify-full'');';
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.configure_as_primary FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.configure_as_primary IS
'Let other databases have their configuration from this one: issuers, keys, peppers, clients and their secrets, APIs, policies and what else configuration_tables() names, by the publication pgtoken_configuration. Superusers alone may call it; by itself, not in a transaction. A NOTICE says what is left to do. Once more it brings the publication up to date, after an upgrade.
Returns whether it was none before. Raises 25001 in a transaction block, 25006 on a standby, 55000 where it is a subscriber, or wal_level is not logical.';

CREATE FUNCTION pgtoken.drop_upstream_slot(connection text, slot text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	problem text;
BEGIN
	-- the other end of a connection that has ended takes a moment to see that
	FOR attempt IN 1 .. 50 LOOP
		BEGIN
			PERFORM pgtoken.ask_upstream(connection, format(
				'SELECT coalesce((SELECT ''dropped'' FROM (SELECT s.slot_name FROM pg_catalog.pg_replication_slots s WHERE s.slot_name OPERATOR(pg_catalog.=) %L OFFSET 0) s, LATERAL pg_catalog.pg_drop_replication_slot(s.slot_name) d), ''none'')', slot));
			RETURN true;
		EXCEPTION WHEN object_in_use THEN
			problem := SQLERRM;
			PERFORM pg_sleep(0.1);
		WHEN OTHERS THEN
			problem := SQLERRM;
			EXIT;
		END;
	END LOOP;
	RAISE NOTICE 'the replication slot % is left at the configuration primary', slot
		USING DETAIL = problem, HINT = format('It keeps WAL there. There: SELECT pg_drop_replication_slot(%L);', slot);
	RETURN false;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.drop_upstream_slot FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.drop_upstream_slot IS 'Internal: the replication slot goes, or a NOTICE says that it is still there; returns which';

CREATE FUNCTION pgtoken.clear_configuration(replace boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	t record;
	filled text[] := '{}';
	is_filled boolean;
BEGIN
	FOR t IN SELECT c.table_name, coalesce(c.rows_of, 'true') AS rows_of FROM ROWS FROM (pgtoken.configuration_tables()) WITH ORDINALITY c (table_name, rows_of, own_columns, ended, n) ORDER BY c.n DESC LOOP
		IF replace THEN
			EXECUTE format('DELETE FROM pgtoken.%I WHERE %s', t.table_name, t.rows_of);
		ELSE
			EXECUTE format('SELECT EXISTS (SELECT FROM pgtoken.%I WHERE %s)', t.table_name, t.rows_of) INTO is_filled;
			filled := CASE WHEN is_filled THEN t.table_name || filled ELSE filled END;
		END IF;
	END LOOP;
	IF cardinality(filled) > 0 THEN
		RAISE EXCEPTION 'this database has a configuration of its own'
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('There are rows in %s.', array_to_string(filled, ', ')),
				  HINT = 'replace => true deletes it, and takes that of the primary. What was issued by keys and peppers that the primary has not ends so.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.clear_configuration FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.clear_configuration IS 'Internal, called by configure_as_subscriber: deletes the configuration (replace), or raises 55000 where there is one';

CREATE FUNCTION pgtoken.unsubscribed_tables(of_subscription oid) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN (SELECT string_agg(t.table_name, ', ' ORDER BY t.table_name) FROM pgtoken.configuration_tables() t
			WHERE NOT EXISTS (SELECT FROM pg_subscription_rel r WHERE r.srsubid = of_subscription AND r.srrelid = format('pgtoken.%I', t.table_name)::regclass));
REVOKE ALL ON FUNCTION pgtoken.unsubscribed_tables FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.unsubscribed_tables IS 'Internal: the tables of the configuration that a subscription does not bring; NULL: it brings all';

CREATE FUNCTION pgtoken.keep_subscribing(connection text, name text, place text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF EXISTS (SELECT FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database() AND s.subname = keep_subscribing.name AND s.subslotname IS NULL)
	   OR pgtoken.ask_upstream(connection, format('SELECT (SELECT count(*) FROM pg_catalog.pg_replication_slots s WHERE s.slot_name OPERATOR(pg_catalog.=) %L)::text', name)) = '0' THEN
		RAISE EXCEPTION 'the replication slot of this database is not there'
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('%s has no slot %s: what was changed since it was lost does not come.', place, name),
				  HINT = 'SELECT pgtoken.configure_as_alone(); and SELECT pgtoken.configure_as_subscriber(..., replace => true);';
	END IF;
	EXECUTE format('ALTER SUBSCRIPTION %I CONNECTION %L', name, connection);
	EXECUTE format('ALTER SUBSCRIPTION %I ENABLE', name);
	EXECUTE format('COMMENT ON SUBSCRIPTION %I IS %L', name, place);
	RAISE NOTICE 'this database has its configuration from there already';
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.keep_subscribing FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.keep_subscribing IS 'Internal, called by configure_as_subscriber where it is one: the connection is this one from now on; raises 55000 where the primary has no slot for it';

CREATE FUNCTION pgtoken.configure_as_subscriber(connection text, replace boolean DEFAULT false) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	before CONSTANT text := pgtoken.configuration_role();
	-- of this subscription alone: what is a copy of this database must never read the slot of the original
	name CONSTANT text := 'pgtoken_configuration_' || translate(gen_random_uuid()::text, '-', '');
	place text;
	missing text;
BEGIN
	IF connection IS NULL OR replace IS NULL THEN
		RAISE EXCEPTION 'connection and replace must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM pgtoken.refuse_configuring();
	IF before = 'primary' THEN
		RAISE EXCEPTION 'this database is the configuration primary of others'
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT pgtoken.configure_as_alone(); first.';
	ELSIF NOT pgtoken.configuration_can_watch() THEN
		RAISE EXCEPTION 'there is no shared memory, in which it is known how old the configuration is'
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Before PostgreSQL 17 pgtoken must be in shared_preload_libraries.';
	END IF;
	place := pgtoken.require_upstream(connection);
	IF before = 'subscriber' THEN
		PERFORM pgtoken.keep_subscribing(connection, (SELECT s.subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
													  WHERE d.datname = current_database() AND starts_with(s.subname::text, 'pgtoken_configuration_')), place);
		RETURN false;
	END IF;
	IF NOT replace THEN
		PERFORM pgtoken.clear_configuration(false);
	END IF;
	-- Before anything is written: on the same server it waits for every transaction that has written.
	BEGIN
		PERFORM pgtoken.ask_upstream(connection, format('SELECT ''made'' FROM pg_catalog.pg_create_logical_replication_slot(%L, ''pgoutput'')', name));
		PERFORM pgtoken.clear_configuration(replace);
		EXECUTE format('CREATE SUBSCRIPTION %I CONNECTION %L PUBLICATION pgtoken_configuration WITH (create_slot = false, slot_name = %I, copy_data = true, streaming = off)', name, connection, name);
		missing := pgtoken.unsubscribed_tables((SELECT s.oid FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database() AND s.subname = name));
		IF missing IS NOT NULL THEN
			RAISE EXCEPTION 'the configuration primary does not publish all of its configuration'
				USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('%s would not come.', missing), HINT = 'There: SELECT pgtoken.configure_as_primary();';
		END IF;
		EXECUTE format('COMMENT ON SUBSCRIPTION %I IS %L', name, place);
		INSERT INTO pgtoken.installation DEFAULT VALUES ON CONFLICT ON CONSTRAINT installation_pkey DO NOTHING;
		PERFORM pgtoken.write_audit_event('configuration.role_changed', jsonb_build_object('from', before, 'to', 'subscriber', 'primary', place, 'replaced', replace));
	EXCEPTION WHEN query_canceled OR OTHERS THEN
		-- who makes it waits for transactions there, and does not see that nobody waits for him
		BEGIN
			PERFORM pgtoken.ask_upstream(connection, format('SELECT count(pg_catalog.pg_terminate_backend(s.active_pid))::text FROM pg_catalog.pg_replication_slots s WHERE s.slot_name OPERATOR(pg_catalog.=) %L', name));
		EXCEPTION WHEN OTHERS THEN
			NULL;
		END;
		PERFORM pgtoken.drop_upstream_slot(connection, name);
		RAISE;
	END;
	RAISE NOTICE 'this database has its configuration from % from now on', place
		USING DETAIL = 'It is being copied; until it is here no tokens are issued.', HINT = 'SELECT * FROM pgtoken.health() WHERE check_name = ''configuration'';';
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.configure_as_subscriber FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.configure_as_subscriber IS
'Have the configuration of this database from another one, by logical replication: slot, subscription and first copy. Superusers alone may call it; by itself, not in a transaction. From then on what changes the configuration is refused here (25006), maintain() leaves keys and clients to the primary, and nothing is issued when the configuration may be older than pgtoken.max_configuration_lag.
connection: a connection string of libpq, by a Unix-domain socket or with sslmode=verify-full (verify-ca; require with channel_binding=require); a password is better in a passfile than here, where a log may keep it. Its role has LOGIN, REPLICATION and pgtoken_replicator. replace => true: the configuration that is here is deleted; without it there must be none. A subscriber takes another connection so.
Returns whether it was none before. Raises 22004, 25001 in a transaction block, 25006 on a standby, 08001 where there is no connection, 22023 where it is not protected, 42501 where its role does not see all rows, 55000 where the other database has another version, is no configuration primary or has a root key that this one lacks, and where this one is a primary or has a configuration.';

CREATE FUNCTION pgtoken.end_subscription(of_subscription oid) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	name CONSTANT text := (SELECT s.subname FROM pg_subscription s WHERE s.oid = of_subscription AND s.subslotname IS NOT NULL);
BEGIN
	IF name IS NOT NULL THEN
		EXECUTE format('ALTER SUBSCRIPTION %I DISABLE', name);
		EXECUTE format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', name);
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.end_subscription FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.end_subscription IS 'Internal, called where the configuration primary is at an earlier time than what was applied here: switches the subscription off for good, since changes would be left out';

CREATE FUNCTION pgtoken.leave_upstream(keep_slot boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	s record;
BEGIN
	FOR s IN SELECT u.subname, u.subconninfo FROM pg_subscription u JOIN pg_database d ON d.oid = u.subdbid
			 WHERE d.datname = current_database() AND starts_with(u.subname::text, 'pgtoken_configuration_') LOOP
		EXECUTE format('ALTER SUBSCRIPTION %I DISABLE', s.subname);
		EXECUTE format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', s.subname);
		EXECUTE format('DROP SUBSCRIPTION %I', s.subname);
		IF NOT keep_slot THEN
			PERFORM pgtoken.drop_upstream_slot(s.subconninfo, s.subname::text);
		END IF;
	END LOOP;
	-- it would see by itself, later
	PERFORM pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.backend_type = 'pgtoken configuration' AND a.datname = current_database();
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.leave_upstream FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.leave_upstream IS 'Internal, called by configure_as_alone: drops the subscription, and its slot unless that is to be kept';

CREATE FUNCTION pgtoken.configure_as_alone(keep_slot boolean DEFAULT false) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	before CONSTANT text := pgtoken.configuration_role();
	slots CONSTANT text := (SELECT string_agg(r.slot_name, ', ' ORDER BY r.slot_name) FROM pg_replication_slots r
							WHERE r.database = current_database() AND starts_with(r.slot_name::text, 'pgtoken_configuration_'));
BEGIN
	IF keep_slot IS NULL THEN
		RAISE EXCEPTION 'keep_slot must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM pgtoken.refuse_configuring();
	IF before = 'subscriber' THEN
		PERFORM pgtoken.leave_upstream(keep_slot);
	ELSIF before = 'primary' THEN
		IF slots IS NOT NULL THEN
			RAISE EXCEPTION 'other databases have their configuration from this one'
				USING ERRCODE = 'object_in_use', DETAIL = format('Their replication slots are %s.', slots),
					  HINT = 'At each of them: SELECT pgtoken.configure_as_alone(); where one is gone for good: SELECT pg_drop_replication_slot(...);';
		END IF;
		DROP PUBLICATION pgtoken_configuration;
	ELSE
		RETURN false;
	END IF;
	PERFORM pgtoken.write_audit_event('configuration.role_changed', jsonb_build_object('from', before, 'to', 'alone'));
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.configure_as_alone FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.configure_as_alone IS
'The way back: a subscriber keeps the configuration that it has, as its own from now on; a primary gives it to nobody any more. Superusers alone may call it; by itself, not in a transaction. keep_slot => true: the replication slot at the primary stays: on a copy of a subscriber, whose original uses it.
Returns whether it was a primary or a subscriber. Raises 22004, 25001 in a transaction block, 25006 on a standby, 55006 where it is a primary with subscribers.';

-- How things stand.

CREATE FUNCTION pgtoken.primary_problems() RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT string_agg(w.what, '; ' ORDER BY w.n, w.what)
	FROM (SELECT 1, 'wal_level is not logical: nothing reaches a subscriber' WHERE current_setting('wal_level') <> 'logical'
		  UNION ALL
		  SELECT 2, 'the publication has not the tables of this version: SELECT pgtoken.configure_as_primary(), and at each subscriber ALTER SUBSCRIPTION ... REFRESH PUBLICATION'
		  WHERE EXISTS (SELECT FROM pgtoken.configuration_tables() t
						FULL JOIN (SELECT p.tablename::text, p.attnames FROM pg_publication_tables p WHERE p.pubname = 'pgtoken_configuration') p ON p.tablename = t.table_name
						WHERE t.table_name IS NULL OR p.tablename IS NULL
						   OR cardinality(p.attnames) <> (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = format('pgtoken.%I', t.table_name)::regclass AND a.attnum > 0 AND NOT a.attisdropped) - cardinality(pgtoken.columns_of_use(t.table_name)))
		  UNION ALL
		  SELECT 2, 'the publication is not as it was made, some changes do not reach a subscriber: SELECT pgtoken.configure_as_primary()'
		  FROM pg_publication p JOIN pg_roles o ON o.oid = p.pubowner
		  WHERE p.pubname = 'pgtoken_configuration' AND NOT (p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate AND o.rolsuper)
		  UNION ALL
		  SELECT 3, format('%s is not connected, and keeps %s of WAL here', r.slot_name, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), r.restart_lsn)))
		  FROM pg_replication_slots r WHERE r.database = current_database() AND starts_with(r.slot_name::text, 'pgtoken_configuration_') AND NOT r.active AND r.restart_lsn IS NOT NULL
		  UNION ALL
		  SELECT 4, format('%s was away for longer than max_slot_wal_keep_size allows: it begins anew', r.slot_name)
		  FROM pg_replication_slots r WHERE r.database = current_database() AND starts_with(r.slot_name::text, 'pgtoken_configuration_') AND r.restart_lsn IS NULL) w (n, what);
END;
REVOKE ALL ON FUNCTION pgtoken.primary_problems FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.primary_problems IS 'Internal, called by configuration_health(): what stands between this configuration primary and its subscribers; NULL: nothing';

CREATE FUNCTION pgtoken.subscriber_problems() RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	lag CONSTANT interval := pgtoken.configuration_lag();
	most CONSTANT interval := current_setting('pgtoken.max_configuration_lag')::interval;
	s record;
BEGIN
	SELECT u.oid, u.subname, u.subenabled, u.subslotname, w.pid, (SELECT sum(e.apply_error_count + e.sync_error_count) FROM pg_stat_subscription_stats e WHERE e.subid = u.oid) AS errors,
		   (SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_subscription_rel r JOIN pg_class c ON c.oid = r.srrelid WHERE r.srsubid = u.oid AND r.srsubstate <> 'r') AS copying,
		   pgtoken.unsubscribed_tables(u.oid) AS missing
	INTO s
	FROM pg_subscription u JOIN pg_database d ON d.oid = u.subdbid LEFT JOIN pg_stat_subscription w ON w.subid = u.oid AND w.relid IS NULL AND w.pid IS NOT NULL
	WHERE d.datname = current_database() AND starts_with(u.subname::text, 'pgtoken_configuration_') LIMIT 1;
	IF s.subenabled AND s.pid IS NOT NULL AND s.copying IS NULL AND s.missing IS NULL AND lag IS NOT NULL AND (lag <= most OR most = '0') THEN
		RETURN NULL;
	END IF;
	RETURN concat_ws('; ',
		CASE WHEN s.subslotname IS NULL THEN 'it has no slot any more, since the primary was put back to an earlier time: SELECT pgtoken.configure_as_alone(), then configure_as_subscriber(..., replace => true)'
			 WHEN NOT s.subenabled THEN format('the subscription is switched off: ALTER SUBSCRIPTION %I ENABLE', s.subname)
			 WHEN s.pid IS NULL THEN format('its worker does not run%s: see the server''s log', CASE WHEN s.errors > 0 THEN format(', and has failed %s times', s.errors) END) END,
		'still to be copied: ' || s.copying,
		CASE WHEN s.missing IS NOT NULL THEN format('changes of %s do not come: SELECT pgtoken.configure_as_primary() at the primary, then here ALTER SUBSCRIPTION %I REFRESH PUBLICATION', s.missing, s.subname) END,
		CASE WHEN lag IS NULL THEN 'it is not known how old the configuration is: has the primary been reached since the start of the server?'
			 WHEN lag > most AND most > '0' THEN format('current %s ago, which pgtoken.max_configuration_lag does not allow', lag) END,
		CASE WHEN pgtoken.configuration_stale() THEN 'no tokens are issued' END);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.subscriber_problems FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.subscriber_problems IS 'Internal, called by configuration_health(): what keeps the configuration of the primary from this subscriber; NULL: nothing';

CREATE FUNCTION pgtoken.configuration_health() RETURNS TABLE (ok boolean, detail text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	role CONSTANT text := pgtoken.configuration_role();
BEGIN
	detail := CASE role WHEN 'primary' THEN pgtoken.primary_problems() WHEN 'subscriber' THEN pgtoken.subscriber_problems() END;
	ok := detail IS NULL;
	detail := CASE role
		WHEN 'alone' THEN 'this database has its own, and gives it to nobody'
		WHEN 'primary' THEN coalesce(detail, format('%s subscriber(s) have it from here',
			(SELECT count(*) FROM pg_replication_slots r WHERE r.database = current_database() AND starts_with(r.slot_name::text, 'pgtoken_configuration_'))))
		ELSE coalesce(detail, format('from another database, current %s ago', pgtoken.configuration_lag())) END;
	RETURN NEXT;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.configuration_health FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.configuration_health IS 'Internal, called by health(): the check of where the configuration comes from, and of who has it from here';
