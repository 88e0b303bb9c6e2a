-- What can be said only when everything is there; of an upgrade the end, too, so that
-- nothing is touched, and no table locked, that is as it should be.
--
-- Nothing for PUBLIC, of tables whose default privileges favour it, too.
DO $nobody$
DECLARE
	statement text;
BEGIN
	FOR statement IN
		SELECT pg_catalog.format('REVOKE ALL ON TABLE %s FROM PUBLIC', c.oid::pg_catalog.regclass)
		FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
		WHERE c.relnamespace::pg_catalog.regnamespace::text OPERATOR(pg_catalog.=) ANY ('{pgtoken,pgtoken_http,pgtoken_console}')
		  AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,S}') AND a.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid
		UNION
		SELECT pg_catalog.format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', p.oid::pg_catalog.regprocedure)
		FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) a
		WHERE p.pronamespace::pg_catalog.regnamespace::text OPERATOR(pg_catalog.=) ANY ('{pgtoken,pgtoken_http,pgtoken_console}')
		  AND a.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid LOOP
		EXECUTE statement;
	END LOOP;
END
$nobody$;

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
		  AND NOT t.tgisinternal AND t.tgparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid
		  AND t.tgenabled OPERATOR(pg_catalog.<>) 'A' LOOP
		EXECUTE statement;
	END LOOP;
END
$always$;

-- Sessions ask anew which version this is (src/base/catalogue.c).
ALTER TABLE pgtoken.config_epoch ENABLE ROW LEVEL SECURITY;
