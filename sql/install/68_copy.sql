-- Which installation this is. A copy of a database, such as production's in staging, has
-- everything that makes tokens of the original: keys, peppers, the issuer's name. By an
-- id that is kept outside it is known to be one, signs nothing (issuer_require_own in
-- src/tables/issuer.c), and becomes an installation of its own here.

CREATE TABLE pgtoken.installation (
	one_row boolean NOT NULL DEFAULT true,
	installation_id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	adopted_from uuid,
	adopted_at timestamptz,
	CONSTRAINT installation_pkey PRIMARY KEY (one_row),
	CONSTRAINT installation_one_row_check CHECK (one_row)
);
COMMENT ON TABLE pgtoken.installation IS 'Which installation this is: one row, made with the first issuer, so that it goes along with every copy of the data. Held against pgtoken.installation_id, which is kept outside';
COMMENT ON COLUMN pgtoken.installation.one_row IS 'true';
COMMENT ON COLUMN pgtoken.installation.installation_id IS 'Random UUID';
COMMENT ON COLUMN pgtoken.installation.created_at IS 'When the first issuer was created';
COMMENT ON COLUMN pgtoken.installation.adopted_from IS 'Id of the installation that this is a copy of, see adopt_copy(); NULL: of none';
COMMENT ON COLUMN pgtoken.installation.adopted_at IS 'When it was adopted';
COMMENT ON CONSTRAINT installation_pkey ON pgtoken.installation IS 'One row';
COMMENT ON INDEX pgtoken.installation_pkey IS 'One row';
COMMENT ON CONSTRAINT installation_one_row_check ON pgtoken.installation IS 'One row';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.installation', '');
ALTER TABLE pgtoken.installation ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.installation FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.installation IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.installation TO pgtoken_auditor;

CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.installation FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate ON pgtoken.installation IS 'Makes every backend drop its cached configuration when the transaction commits';
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.installation FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.installation IS 'As invalidate, for TRUNCATE';

CREATE FUNCTION pgtoken.copy_issuers(new_issuer text, further_issuers jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_default CONSTANT text := (SELECT i.issuer FROM pgtoken.issuers i WHERE i.is_default);
	names jsonb;
	wrong text;
BEGIN
	IF of_default IS NULL OR new_issuer IS NULL OR further_issuers IS NULL OR jsonb_typeof(further_issuers) <> 'object' OR further_issuers ? of_default THEN
		RAISE EXCEPTION 'further_issuers must be an object of the other issuers, each with its new one'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'new_issuer is the new name of the default issuer.';
	END IF;
	names := further_issuers || jsonb_build_object(of_default, new_issuer);
	SELECT string_agg(coalesce(i.issuer, n.key), ', ' ORDER BY coalesce(i.issuer, n.key)) INTO wrong
	FROM pgtoken.issuers i FULL JOIN jsonb_each_text(names) n ON n.key = i.issuer WHERE i.issuer IS NULL OR n.key IS NULL;
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION 'each issuer of the copy needs a new one'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = format('Not named, or not there: %s.', wrong),
				  HINT = 'further_issuers => ''{"https://old": "https://new"}''';
	END IF;
	SELECT string_agg(n.value, ', ' ORDER BY n.value) INTO wrong FROM jsonb_each_text(names) n
	WHERE n.value IS NULL OR NOT pgtoken.valid_issuer(n.value)
	   OR EXISTS (SELECT FROM pgtoken.issuers i WHERE pgtoken.issuer_base(i.issuer) = pgtoken.issuer_base(n.value))
	   OR EXISTS (SELECT FROM jsonb_each_text(names) o WHERE o.key <> n.key AND pgtoken.issuer_base(o.value) = pgtoken.issuer_base(n.value));
	IF wrong IS NOT NULL OR EXISTS (SELECT FROM jsonb_each(names) n WHERE jsonb_typeof(n.value) <> 'string') THEN
		RAISE EXCEPTION 'a new issuer is none, or there is one already'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = format('%s. An issuer is an https URL without query and fragment (RFC 8414 section 2); a copy has none in common with its original.', coalesce(wrong, 'NULL'));
	END IF;
	RETURN names;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.copy_issuers FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.copy_issuers IS 'Internal, called by adopt_copy: each issuer that is there with its new name; raises 22023 unless each has one that is an issuer, and none that is there already';

CREATE FUNCTION pgtoken.rename_issuer(old_issuer text, new_issuer text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_table text;
BEGIN
	-- all that name one, so that a table that comes later is not forgotten
	FOR of_table IN
		SELECT format('pgtoken.%I', c.relname) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind = 'r' AND a.attname = 'issuer' AND NOT a.attisdropped ORDER BY c.relname LOOP
		EXECUTE 'UPDATE ' || of_table || ' SET issuer = $2 WHERE issuer = $1' USING old_issuer, new_issuer;
	END LOOP;
	-- an issuer is its own resource where there is no API; partitions tell what was issued, and stay
	FOR of_table IN
		SELECT format('pgtoken.%I', c.relname) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
		  AND a.attname = 'resources' AND a.atttypid = 'text[]'::regtype AND NOT a.attisdropped ORDER BY c.relname LOOP
		EXECUTE 'UPDATE ' || of_table || ' SET resources = array_replace(resources, $1, $2) WHERE $1 = ANY (resources)' USING old_issuer, new_issuer;
	END LOOP;
	UPDATE pgtoken.consents c SET resource = new_issuer WHERE c.resource = old_issuer;
	-- a host of the original's: its clients would be sent there
	UPDATE pgtoken.issuers i SET mtls_base_uri = NULL WHERE i.issuer = new_issuer;
	-- its client is sent to the original's, too: enable_console() says anew where to
	UPDATE pgtoken.consoles c SET enabled = false WHERE c.issuer = new_issuer;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.rename_issuer FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.rename_issuer IS 'Internal, called by adopt_copy: gives an issuer another name, in all tables, and where it is the resource of families, clients, policies and consents; its console is off';

CREATE FUNCTION pgtoken.lock_what_is_renamed() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	-- in the one order (26_revocation.sql): renaming goes by the tables' names
	PERFORM FROM pgtoken.subject_blocks b ORDER BY b.issuer, b.subject FOR UPDATE;
	PERFORM FROM pgtoken.subject_epochs e ORDER BY e.issuer FOR UPDATE;
	PERFORM FROM pgtoken.issuers i ORDER BY i.issuer FOR UPDATE;
	PERFORM FROM pgtoken.clients c ORDER BY c.client_id FOR UPDATE;
	PERFORM FROM pgtoken.subject_not_before s ORDER BY s.issuer, s.subject, s.client_id FOR UPDATE;
	PERFORM FROM pgtoken.consents c ORDER BY c.subject, c.client_id, c.resource FOR UPDATE;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.lock_what_is_renamed FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.lock_what_is_renamed IS 'Internal, called by adopt_copy: locks what names an issuer and is locked before codes and families, in the order in which everybody does';

CREATE FUNCTION pgtoken.replace_keys(old_issuer text, new_issuer text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	algs CONSTANT text[] := ARRAY(SELECT DISTINCT k.alg FROM pgtoken.signing_keys k WHERE k.issuer = new_issuer AND k.state = 'active' ORDER BY k.alg);
	of_alg text;
BEGIN
	-- those that had come to their end, too: they verify hints
	UPDATE pgtoken.signing_keys k SET state = 'retired', retired_at = now(), retire_reason = 'of the original'
	WHERE k.issuer = new_issuer AND (k.state <> 'retired' OR k.retire_reason = 'end of life');
	DELETE FROM pgtoken.key_material m
	WHERE m.material_id = 'pepper:' || old_issuer
	   OR m.material_id IN (SELECT 'key:' || k.kid FROM pgtoken.signing_keys k WHERE k.issuer = new_issuer AND k.state = 'retired');
	PERFORM pgtoken.create_pepper(new_issuer);
	FOREACH of_alg IN ARRAY algs LOOP
		PERFORM pgtoken.create_signing_key(of_alg, new_issuer);
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.replace_keys FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.replace_keys IS 'Internal, called by adopt_copy once an issuer has its new name: retires its signing keys, deletes them and its pepper, and makes new ones';

CREATE FUNCTION pgtoken.replace_audit_key() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_alg text;
BEGIN
	PERFORM pgtoken.lock_audit_seals();
	SELECT k.alg INTO of_alg FROM pgtoken.audit_keys k WHERE k.state = 'active';
	IF NOT FOUND THEN
		RETURN;
	END IF;
	UPDATE pgtoken.audit_keys k SET state = 'retired', retired_at = now(), retire_reason = 'of the original' WHERE k.state <> 'retired';
	DELETE FROM pgtoken.key_material m WHERE m.material_id IN (SELECT 'audit:' || k.kid FROM pgtoken.audit_keys k WHERE k.state = 'retired');
	PERFORM pgtoken.create_audit_key(of_alg);
	PERFORM pgtoken.open_audit_chain('copy adopted');
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.replace_audit_key FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.replace_audit_key IS 'Internal, called by adopt_copy: deletes the keys by which the original seals its audit, makes one where there was one, and opens a chain for it';

CREATE FUNCTION pgtoken.own_installation_id() RETURNS uuid
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	inside uuid;
	outside uuid;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the setting
	outside := NULLIF(current_setting('pgtoken.installation_id'), '')::uuid;
	SELECT i.installation_id INTO inside FROM pgtoken.installation i FOR UPDATE;	-- one at a time
	IF inside IS NULL OR outside IS NULL OR inside = outside THEN
		RAISE EXCEPTION 'this database is not known to be a copy'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = format('Its id is %s, pgtoken.installation_id is %s.', coalesce(inside::text, 'not there'), coalesce(outside::text, 'not set')),
				  HINT = 'Where copies are restored, pgtoken.installation_id is set once to an id of its own: SELECT gen_random_uuid().';
	END IF;
	RETURN outside;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.own_installation_id FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.own_installation_id IS 'Internal, called by adopt_copy: the id that this server has for the installation; raises 55000 unless the database has another one';

CREATE FUNCTION pgtoken.adopt_copy(new_issuer text, families text DEFAULT 'end', further_issuers jsonb DEFAULT '{}', reason text DEFAULT 'copy adopted') RETURNS uuid
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	original uuid;
	own uuid;
	names jsonb;
	renamed record;
BEGIN
	IF families IS NULL OR families NOT IN ('end', 'keep') THEN
		RAISE EXCEPTION 'families must be end or keep'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	own := pgtoken.own_installation_id();
	SELECT i.installation_id INTO original FROM pgtoken.installation i;
	names := pgtoken.copy_issuers(new_issuer, further_issuers);
	PERFORM pgtoken.make_durable();
	-- all that hangs on the peppers goes: codes on their way, step-ups, recovery codes
	PERFORM pgtoken.lock_what_is_renamed();
	IF families = 'end' THEN
		PERFORM pgtoken.end_before_restore(reason);
	END IF;
	PERFORM pgtoken.forget_all_on_their_way();
	DELETE FROM pgtoken.challenges;
	DELETE FROM pgtoken.challenge_codes;
	-- the original delivers what is its own, and what is fetched is fetched again
	DELETE FROM pgtoken.courier_work;
	DELETE FROM pgtoken.documents;
	DELETE FROM pgtoken.couriers;
	-- receivers are the original's, and would take this one's signals for those of the original
	PERFORM pgtoken.remove_signal_stream(s.stream_id) FROM pgtoken.signal_streams s ORDER BY s.stream_id;
	-- tokens of other servers are the original's to take: what they are authenticated by stays there
	DELETE FROM pgtoken.key_material m WHERE starts_with(m.material_id, 'import:');
	DELETE FROM pgtoken.import_sources;
	PERFORM pgtoken.use_up_factors_before('infinity', 'recovery_code');
	FOR renamed IN SELECT n.key AS old_issuer, n.value AS new_issuer FROM jsonb_each_text(names) n ORDER BY n.key LOOP
		PERFORM pgtoken.rename_issuer(renamed.old_issuer, renamed.new_issuer);
		PERFORM pgtoken.replace_keys(renamed.old_issuer, renamed.new_issuer);
	END LOOP;
	PERFORM pgtoken.replace_audit_key();
	-- a successor that was derived by the original's pepper cannot be derived again
	UPDATE pgtoken.grants g SET previous_hash = NULL, lockstep = NULL WHERE g.previous_hash IS NOT NULL AND g.revoked_at IS NULL;
	UPDATE pgtoken.installation i SET installation_id = own, adopted_from = original, adopted_at = now();
	PERFORM pgtoken.write_audit_event('installation.adopted', jsonb_build_object('installation_id', own, 'adopted_from', original, 'issuers', names, 'families', families), reason);
	RETURN own;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.adopt_copy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.adopt_copy TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.adopt_copy IS
'Make this database, a copy of another installation, one of its own, so that neither takes the other''s tokens: it takes the id of pgtoken.installation_id; its issuers get new names, peppers and signing keys, its audit a key and a chain of seals, and the original''s keys are deleted; codes, requests and step-up transactions on their way and recovery codes, which hang on the pepper, are gone, streams of signals, whose receivers are the original''s, and what the tokens of other servers are authenticated by (import_sources). Until then it signs nothing.
new_issuer: of the default issuer. further_issuers: an object of all others, each with its new one. families: end ends all that was issued before; keep lets refresh tokens be used once more here, but for the predecessor of each, which cannot be retried; access tokens of before are refused either way. sub and sid of pairwise clients change with the pepper. reason: kept in the audit (installation.adopted). Returns the id.
Secrets of clients, factors and redirect URIs are the original''s still. Raises 55000 unless pgtoken.installation_id is set and differs from the id inside, 22023.';
