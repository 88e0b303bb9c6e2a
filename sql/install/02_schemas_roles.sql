-- Schemas and roles, and what holds for every table.
--
-- Roles belong to the cluster, not to the extension: made when missing, kept
-- when the extension goes.
DO $roles$
DECLARE
	wanted text;
BEGIN
	FOREACH wanted IN ARRAY ARRAY['pgtoken_admin', 'pgtoken_issuer', 'pgtoken_auditor', 'pgtoken_http', 'pgtoken_courier', 'pgtoken_impersonator', 'pgtoken_monitor', 'pgtoken_replicator'] LOOP
		IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) wanted) THEN
			EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', wanted);
			EXECUTE pg_catalog.format('COMMENT ON ROLE %I IS %L', wanted,
				CASE WHEN wanted OPERATOR(pg_catalog.=) 'pgtoken_admin' THEN 'Configures pgtoken; may all that issuer and auditor may'
							WHEN wanted OPERATOR(pg_catalog.=) 'pgtoken_issuer' THEN 'The application: issues, refreshes and ends tokens of pgtoken'
							WHEN wanted OPERATOR(pg_catalog.=) 'pgtoken_courier' THEN 'The courier of pgtoken: fetches documents and delivers, by what the database tells it'
							WHEN wanted OPERATOR(pg_catalog.=) 'pgtoken_impersonator' THEN 'May say in pgtoken.issue_tokens who acts for the subject; by itself nothing'
							WHEN wanted OPERATOR(pg_catalog.=) 'pgtoken_replicator' THEN 'Reads the configuration of pgtoken, keys included, for a database that has it from this one'
							WHEN wanted OPERATOR(pg_catalog.=) 'pgtoken_monitor' THEN 'Reads what pgtoken measures of itself, and nothing else'
							WHEN wanted OPERATOR(pg_catalog.=) 'pgtoken_auditor' THEN 'Looks at pgtoken, changes nothing, sees no secret'
							ELSE 'A resource server or HTTP layer: verifies tokens of pgtoken' END);
		END IF;
	END LOOP;
END
$roles$;

GRANT pgtoken_auditor TO pgtoken_admin;
GRANT pgtoken_issuer TO pgtoken_admin;

-- pgtoken_issuer is the application: it issues, refreshes, answers what browsers and
-- devices ask, ends sessions, shows its users their consents.  pgtoken_http is the HTTP
-- layer's requests: what an API behind it needs.  pgtoken_courier is the program that
-- fetches and delivers.  pgtoken_auditor looks, changes nothing, sees no hash.  pgtoken_admin
-- has all of these but the HTTP layer's and the courier's, by membership, and configures.
-- pgtoken_impersonator is a permission alone, which nobody has by another: an issuer
-- that has it, too, may issue tokens to somebody who acts for the subject.
-- pgtoken_monitor is for what watches: numbers, and nothing of anybody.
-- pgtoken_replicator is for who brings the configuration to other databases (77_subscription.sql).
CREATE SCHEMA pgtoken;
COMMENT ON SCHEMA pgtoken IS 'OAuth 2 / OpenID Connect token service: functions, tables and views of pgtoken';
REVOKE ALL ON SCHEMA pgtoken FROM PUBLIC;
GRANT USAGE ON SCHEMA pgtoken TO pgtoken_issuer, pgtoken_auditor, pgtoken_http, pgtoken_courier, pgtoken_monitor, pgtoken_replicator;

CREATE SCHEMA pgtoken_http;
COMMENT ON SCHEMA pgtoken_http IS 'What HTTP layers call: the token service as one function, the check of an API''s requests, and what PostgREST calls before its own; not to be exposed';
REVOKE ALL ON SCHEMA pgtoken_http FROM PUBLIC;
GRANT USAGE ON SCHEMA pgtoken_http TO pgtoken_http;

-- What holds for every table, and is not said again where it is made:
--
-- Tables are migrated by hand in sql/upgrade, never replayed.
--
-- Per-family tables carry grant_id first in their primary key, reference no
-- other per-family table and have no unique constraint across families, so
-- that the same schema can be distributed by grant_id.
--
-- No foreign keys: pg_restore -j loads the tables of an extension in any
-- order. The functions, which alone write here, see to it that what is named is
-- there.
--
-- Data of an extension's tables is dumped only where it is asked for: by
-- pg_extension_config_dump, which all have but those that hold nothing worth it.
--
-- Row security: pg_read_all_data and pg_write_all_data pass over table privileges,
-- not over this, so they neither read a hash nor write a row.  The owner's
-- functions, its views and superusers do.
--
-- Storage and statistics: what is nobody's business must not come to light beside its
-- table.  Row security and privileges keep members of pg_read_all_data from the rows, but
-- pg_statistic and TOAST tables have neither: ANALYZE would copy samples of a column into
-- the one, and values of more than some 2 kB lie in the other.  So of such columns nothing
-- is sampled, and values stay in their row: secrets always (PLAIN), hashes and what tells
-- of people for as long as that fits on a page (MAIN).  Sampled they are where plans need
-- to know how they are spread.  make_partition() does the same with new partitions.
--
-- Views have the rights of whoever asks (security_invoker): row security of the tables
-- then lets nobody see more by a view than by them, a function that tells what it is
-- called with sees no other rows (security_barrier), and nothing can be written through
-- one.
