-- Roles belong to the cluster, not to the extension: made when missing, kept
-- when the extension goes.
DO $roles$
DECLARE
	wanted text;
BEGIN
	FOREACH wanted IN ARRAY ARRAY['pgtoken_admin', 'pgtoken_issuer', 'pgtoken_auditor', 'pgtoken_http'] LOOP
		IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) wanted) THEN
			EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', wanted);
			EXECUTE pg_catalog.format('COMMENT ON ROLE %I IS %L', wanted,
				CASE WHEN wanted OPERATOR(pg_catalog.=) 'pgtoken_admin' THEN 'Configures pgtoken; may all that issuer and auditor may'
							WHEN wanted OPERATOR(pg_catalog.=) 'pgtoken_issuer' THEN 'The application: issues, refreshes and ends tokens of pgtoken'
							WHEN wanted OPERATOR(pg_catalog.=) 'pgtoken_auditor' THEN 'Looks at pgtoken, changes nothing, sees no secret'
							ELSE 'A resource server or HTTP layer: verifies tokens of pgtoken' END);
		END IF;
	END LOOP;
END
$roles$;

GRANT pgtoken_auditor TO pgtoken_admin;
GRANT pgtoken_issuer TO pgtoken_admin;

CREATE SCHEMA pgtoken;
COMMENT ON SCHEMA pgtoken IS 'OAuth 2 / OpenID Connect token service: functions, tables and views of pgtoken';
REVOKE ALL ON SCHEMA pgtoken FROM PUBLIC;

CREATE SCHEMA pgtoken_http;
COMMENT ON SCHEMA pgtoken_http IS 'The endpoints of OAuth 2 and OpenID Connect as functions for an HTTP layer such as PostgREST; expose this schema, not pgtoken';
REVOKE ALL ON SCHEMA pgtoken_http FROM PUBLIC;
