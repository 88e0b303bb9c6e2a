-- What all importers have: the row of a report, the dry run, the names of what is refused.
-- They run with the rights of their caller, a member of pgtoken_admin who can read the
-- schema that the other server's tables lie in.

CREATE SCHEMA pgtoken_import;
COMMENT ON SCHEMA pgtoken_import IS 'Importers of pgtoken: what they brought stays when they are dropped';
REVOKE ALL ON SCHEMA pgtoken_import FROM PUBLIC;
GRANT USAGE ON SCHEMA pgtoken_import TO pgtoken_admin;

CREATE TYPE pgtoken_import.report AS (
	kind text,
	id text,
	outcome text,
	detail text
);
REVOKE ALL ON TYPE pgtoken_import.report FROM PUBLIC;
GRANT USAGE ON TYPE pgtoken_import.report TO pgtoken_admin;
COMMENT ON TYPE pgtoken_import.report IS 'One thing of the other server, and what became of it here';
COMMENT ON COLUMN pgtoken_import.report.kind IS 'client, secret, resource, consent, key, family, ...';
COMMENT ON COLUMN pgtoken_import.report.id IS 'What it is known by there; of a session its subject and client';
COMMENT ON COLUMN pgtoken_import.report.outcome IS 'imported; would import (in a dry run); exists: it was brought before; skipped: it is not wanted here; refused: it cannot be here';
COMMENT ON COLUMN pgtoken_import.report.detail IS 'Why it was skipped or refused, and what that means for the person; what was left out of what was imported; NULL: nothing';

CREATE FUNCTION pgtoken_import.why(message text, detail text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN concat_ws('. ', upper(left(message, 1)) || substr(message, 2),
					 CASE WHEN detail NOT LIKE 'Failing row contains%' THEN nullif(detail, '') END);	-- which may have the hash of a secret
REVOKE ALL ON FUNCTION pgtoken_import.why FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.why TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.why IS 'Internal: an error of pgtoken as the detail of a report';

-- A view, a policy or a cast runs with the rights of whoever reads, and is its owner's.
CREATE FUNCTION pgtoken_import.require_owner(source_schema text, tables text[]) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	stranger text;
BEGIN
	SELECT format('%s belongs to %s', o.what, quote_ident(pg_get_userbyid(o.owner))) INTO stranger
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	CROSS JOIN LATERAL (VALUES ('The table ' || quote_ident(c.relname), c.relowner), ('The schema', CASE WHEN n.nspowner = 'pg_database_owner'::regrole THEN
		(SELECT d.datdba FROM pg_database d WHERE d.datname = current_database()) ELSE n.nspowner END)) o (what, owner)
	WHERE n.nspname = source_schema AND c.relname = ANY (tables) AND NOT pg_has_role(o.owner, CURRENT_USER, 'MEMBER')
	ORDER BY 1 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'what is in the schema "%" belongs to somebody who has not your rights', source_schema
			USING ERRCODE = 'insufficient_privilege',
				  DETAIL = stranger || ', and what that has run when it is read would have them.',
				  HINT = 'Bring the tables into a schema of your own, by pg_dump --no-owner and psql, or by postgres_fdw.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.require_owner FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.require_owner TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.require_owner IS 'Internal: raises 42501 unless those of these tables that are there, and their schema, belong to the caller, or to a role that can act as the caller';

CREATE FUNCTION pgtoken_import.require_tables(source_schema text, tables text[]) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	missing CONSTANT text[] := ARRAY(SELECT t FROM unnest(tables) t WHERE to_regclass(format('%I.%I', source_schema, t)) IS NULL);
BEGIN
	IF cardinality(missing) > 0 THEN
		RAISE EXCEPTION 'the schema "%" lacks tables of the other server', source_schema
			USING ERRCODE = 'undefined_table',
				  DETAIL = format('Not there: %s.', array_to_string(missing, ', ')),
				  HINT = 'Bring them by IMPORT FOREIGN SCHEMA (postgres_fdw), or by pg_dump and psql.';
	END IF;
	PERFORM pgtoken_import.require_owner(source_schema, tables);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.require_tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.require_tables TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.require_tables IS 'Internal: raises 42P01 unless the schema has these tables, and 42501 as require_owner';

-- The importer is a function that does all and answers report[]; what it wrote goes
-- again with the subtransaction, and what it found stays.
CREATE FUNCTION pgtoken_import.run(dry_run boolean, statement text, VARIADIC arguments text[]) RETURNS SETOF pgtoken_import.report
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	found pgtoken_import.report[];
BEGIN
	BEGIN
		EXECUTE statement INTO found USING arguments;
		IF dry_run IS NOT FALSE THEN
			RAISE EXCEPTION 'dry run' USING ERRCODE = 'PTDRY';
		END IF;
	EXCEPTION WHEN SQLSTATE 'PTDRY' THEN
		found := ARRAY(SELECT ROW (f.kind, f.id, CASE f.outcome WHEN 'imported' THEN 'would import' ELSE f.outcome END, f.detail)::pgtoken_import.report
					   FROM unnest(found) WITH ORDINALITY f (kind, id, outcome, detail, n) ORDER BY f.n);
	END;
	RETURN QUERY SELECT f.kind, f.id, f.outcome, f.detail FROM unnest(found) f;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.run FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.run TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.run IS 'Internal, called by each importer: runs a statement that answers report[], by the arguments as $1, a text[]; a dry run, which NULL is, leaves nothing behind';

CREATE FUNCTION pgtoken_import.summary(report pgtoken_import.report[])
	RETURNS TABLE (kind text, imported bigint, would_import bigint, existed bigint, skipped bigint, refused bigint)
	LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT r.kind, count(*) FILTER (WHERE r.outcome = 'imported'), count(*) FILTER (WHERE r.outcome = 'would import'),
		   count(*) FILTER (WHERE r.outcome = 'exists'), count(*) FILTER (WHERE r.outcome = 'skipped'), count(*) FILTER (WHERE r.outcome = 'refused')
	FROM unnest(report) WITH ORDINALITY r (kind, id, outcome, detail, n)
	GROUP BY r.kind ORDER BY min(r.n);
END;
REVOKE ALL ON FUNCTION pgtoken_import.summary FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.summary TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.summary IS
'What became of how many. report: the rows of an importer, as in SELECT * FROM pgtoken_import.summary(ARRAY(SELECT r FROM pgtoken_import.from_hydra(...) r)).
Returns a row for each kind, in the order in which they were brought.';

-- Each thing in a subtransaction of its own: what cannot be here is refused by name, and
-- the others come all the same. What is no fault of the thing ends the whole.
CREATE FUNCTION pgtoken_import.attempt(kind text, id text, statement text, argument jsonb, detail text DEFAULT NULL) RETURNS pgtoken_import.report
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $function$
DECLARE
	message text;
	more text;
BEGIN
	EXECUTE statement USING argument;
	RETURN ROW (kind, id, 'imported', detail)::pgtoken_import.report;
EXCEPTION
	WHEN unique_violation THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL;
		RETURN ROW (kind, id, 'exists', pgtoken_import.why(message, more))::pgtoken_import.report;
	WHEN data_exception OR object_not_in_prerequisite_state OR feature_not_supported OR program_limit_exceeded OR check_violation OR not_null_violation THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL;
		RETURN ROW (kind, id, 'refused', pgtoken_import.why(message, more))::pgtoken_import.report;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.attempt FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.attempt TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.attempt IS 'Internal: brings one thing by a statement whose $1 is argument, and reports it. imported, with detail; exists where it is there already (23505); refused where pgtoken says why it cannot be (22..., 55000, 0A000, 54000, 23502, 23514)';

CREATE FUNCTION pgtoken_import.must(was_new boolean) RETURNS void
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF was_new IS NOT TRUE THEN
		RAISE EXCEPTION 'it is there already' USING ERRCODE = 'unique_violation';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.must FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.must TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.must IS 'Internal, in statements of attempt(): raises 23505 where a function of pgtoken answers by false that the thing was there';

CREATE FUNCTION pgtoken_import.issuer(issuer text) RETURNS text
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	RETURN pgtoken.issuer_or_default(issuer);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.issuer FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.issuer TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.issuer IS 'Internal: the issuer that is named, or the default one; raises 55000 when there is none';

CREATE FUNCTION pgtoken_import.require_client(client_id text, issuer text) RETURNS void
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF NOT EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = require_client.client_id AND c.issuer = require_client.issuer) THEN
		RAISE EXCEPTION 'there is no such client of the issuer'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The client is "%s".', client_id);
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.require_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.require_client TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.require_client IS 'Internal, in statements of attempt(): raises 22023 unless the issuer has this client; that of another issuer may have its name';

-- An importer that has run before the old server was switched off has brought tokens that
-- were rotated there since: whoever kept a copy must not get in by it.
CREATE FUNCTION pgtoken_import.end_superseded(source text, issuer text, living uuid[]) RETURNS SETOF pgtoken_import.report
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	family record;
BEGIN
	-- locked: one that is being used at this moment is used then
	FOR family IN
		SELECT g.grant_id, g.subject, g.client_id FROM pgtoken.imported_tokens t JOIN pgtoken.grants g ON g.grant_id = t.grant_id
		WHERE t.issuer = end_superseded.issuer AND t.source = end_superseded.source AND g.generation = 0 AND g.revoked_at IS NULL
		  AND NOT EXISTS (SELECT FROM unnest(living) l WHERE l = t.grant_id)
		ORDER BY g.grant_id FOR NO KEY UPDATE OF g LOOP
		PERFORM pgtoken.revoke_family(family.grant_id, 'ended_at_source');
		RETURN NEXT ROW ('family', format('%s at %s', family.subject, family.client_id), 'skipped',
						 'It was brought before, and used or ended there since: its family is ended here, too')::pgtoken_import.report;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_import.end_superseded FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.end_superseded TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.end_superseded IS
'Internal: ends the families of an earlier run (ended_at_source) whose refresh token the other server would not take any more and nobody has used here. source, issuer: of them. living: families of all tokens that it would take. Returns a row for each.';

CREATE FUNCTION pgtoken_import.key_exists(kid text) RETURNS boolean
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT EXISTS (SELECT FROM pgtoken.signing_keys k WHERE k.kid = key_exists.kid);
END;
REVOKE ALL ON FUNCTION pgtoken_import.key_exists FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.key_exists TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.key_exists IS 'Internal: is a signing key of this kid there, or was there one?';

CREATE FUNCTION pgtoken_import.open(source text, issuer text, ciphertext text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_import_open' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken_import.open FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_import.open TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken_import.open IS 'Internal: what Hydra has encrypted at rest (base64url of nonce, AES-256-GCM ciphertext and tag), by any secret that import_token_secret was given for the source; NULL: by none of them. source, issuer: as there. ciphertext: the text';
