-- What must hold before anything is made, and what must not; also the beginning of each
-- upgrade script, as 99_closing is its end.
--
-- Nothing in this script depends on the caller's search_path: every object of
-- ours is written with its schema.
SET LOCAL search_path TO pg_catalog, pg_temp;

DO $preamble$
BEGIN
	-- JSON, JWT and scopes are UTF-8 by their RFCs; one encoding everywhere
	-- leaves no place for a byte to change its meaning.
	IF pg_catalog.current_setting('server_encoding') OPERATOR(pg_catalog.<>) 'UTF8' THEN
		RAISE EXCEPTION 'pgtoken needs a database in UTF8'
			USING ERRCODE = 'feature_not_supported',
				  DETAIL = pg_catalog.format('This database is in %s.', pg_catalog.current_setting('server_encoding')),
				  HINT = 'CREATE DATABASE ... ENCODING ''UTF8'' TEMPLATE template0.';
	END IF;
END
$preamble$;

-- An upgrade by a session whose library is older than the objects that it makes, since the
-- server has not been restarted.
DO $library$
DECLARE
	state text;
BEGIN
	-- of ours: before the extension is there, anybody who may make a schema may have made one of this name
	IF EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
			   WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass AND e.extname OPERATOR(pg_catalog.=) 'pgtoken' AND d.deptype OPERATOR(pg_catalog.=) 'e'
				 AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid OPERATOR(pg_catalog.=) pg_catalog.to_regprocedure('pgtoken.library_state()')) THEN
		EXECUTE 'SELECT pgtoken.library_state()' INTO state;
		IF state OPERATOR(pg_catalog.=) ANY ('{library_behind,library_too_old}') THEN
			RAISE EXCEPTION 'the library that this session has loaded is older than this version of pgtoken'
				USING ERRCODE = 'object_not_in_prerequisite_state',
					  HINT = 'Install the library of this version, then connect anew; where pgtoken is in shared_preload_libraries, restart the server.';
		END IF;
	END IF;
END
$library$;

-- Whom the default privileges of the installing role favour gets nothing of what is
-- made here: each object says itself who may what.  They are set aside, and put back
-- by the last fragment.
DO $set_aside$
DECLARE
	favour record;
	put_back text := '';
BEGIN
	FOR favour IN
		SELECT k.kind, a.privilege_type, pg_catalog.quote_ident(r.rolname) AS grantee, a.is_grantable
		FROM pg_catalog.pg_default_acl d
		JOIN (VALUES ('n', 'SCHEMAS'), ('r', 'TABLES'), ('f', 'ROUTINES'), ('T', 'TYPES')) k (object_type, kind)
			ON k.object_type OPERATOR(pg_catalog.=) d.defaclobjtype::text
		CROSS JOIN pg_catalog.aclexplode(d.defaclacl) a
		JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) a.grantee
		WHERE d.defaclnamespace OPERATOR(pg_catalog.=) 0::pg_catalog.oid
		  AND d.defaclrole OPERATOR(pg_catalog.=) pg_catalog.quote_ident(CURRENT_USER)::pg_catalog.regrole AND a.grantee OPERATOR(pg_catalog.<>) d.defaclrole
	LOOP
		EXECUTE pg_catalog.format('ALTER DEFAULT PRIVILEGES REVOKE %s ON %s FROM %s', favour.privilege_type, favour.kind, favour.grantee);
		put_back := put_back OPERATOR(pg_catalog.||)
			pg_catalog.format('ALTER DEFAULT PRIVILEGES GRANT %s ON %s TO %s%s; ', favour.privilege_type, favour.kind, favour.grantee,
							  CASE WHEN favour.is_grantable THEN ' WITH GRANT OPTION' END);
	END LOOP;
	PERFORM pg_catalog.set_config('pgtoken_install.default_privileges', put_back, true);
END
$set_aside$;
