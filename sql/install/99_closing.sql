-- What can be said only when everything is there.
--
-- Nothing for PUBLIC, of tables whose default privileges favour it, too.
REVOKE ALL ON ALL TABLES IN SCHEMA pgtoken, pgtoken_http FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pgtoken, pgtoken_http, pgtoken_console FROM PUBLIC;

-- What 00_preamble set aside.
DO $put_back$
BEGIN
	EXECUTE pg_catalog.current_setting('pgtoken_install.default_privileges');
END
$put_back$;

-- All triggers fire whatever session_replication_role says: who may set it would
-- otherwise do without the audit, and delete what is append-only.
DO $always$
DECLARE
	statement text;
BEGIN
	FOR statement IN
		SELECT pg_catalog.format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.tgrelid::pg_catalog.regclass, t.tgname)
		FROM pg_catalog.pg_trigger t
		JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.tgrelid
		WHERE c.relnamespace OPERATOR(pg_catalog.=) 'pgtoken'::pg_catalog.regnamespace
		  AND NOT t.tgisinternal AND t.tgparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid LOOP
		EXECUTE statement;
	END LOOP;
END
$always$;
