-- The configuration in a file: for databases that no replication connects, and for moving.
-- It is sealed to a certificate, since it has the private keys; and whoever takes it over
-- knows by a digest who made it, since everybody can seal to a certificate.

CREATE FUNCTION pgtoken.configuration_key(of_table text) RETURNS text[]
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN (SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::smallint[], a.attnum))
			FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
			WHERE i.indrelid = format('pgtoken.%I', of_table)::regclass AND i.indisprimary);
REVOKE ALL ON FUNCTION pgtoken.configuration_key FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.configuration_key IS 'Internal: the columns of a table''s primary key, in its order';

-- TimeZone and the others are how values become text, and have to be the same on both sides.
CREATE FUNCTION pgtoken.configuration_rows() RETURNS TABLE (table_name text, content text, material_id text, material bytea, wrapped boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET intervalstyle = 'postgres' SET bytea_output = 'hex'
AS $function$
BEGIN
	-- one statement, so that all tables are of one moment
	RETURN QUERY EXECUTE (
		SELECT 'SELECT r.table_name, (r.content - ''{material,wrapped}''::text[])::text, r.material_id, r.material, r.wrapped FROM ('
			|| string_agg(format('SELECT %s AS place, %L AS table_name, to_jsonb(t) AS content, %s, ROW(%s)::text AS name FROM pgtoken.%I t%s',
								 t.ordinality, t.table_name,
								 CASE WHEN t.table_name = 'key_material' THEN 't.material_id, t.material, t.wrapped'
									  ELSE 'NULL AS material_id, NULL::bytea AS material, NULL::boolean AS wrapped' END,
								 (SELECT string_agg(format('t.%I', c), ', ') FROM unnest(pgtoken.configuration_key(t.table_name)) c),
								 t.table_name, ' WHERE ' || t.rows_of), ' UNION ALL ' ORDER BY t.ordinality)
			-- who makes room comes before who takes it: one key signs, one version of a policy decides
			|| $$) r ORDER BY r.place, array_position('{retired,retiring,draft,active}', r.content ->> 'state') NULLS LAST, r.name COLLATE "C"$$
		FROM pgtoken.configuration_tables() WITH ORDINALITY t);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.configuration_rows FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.configuration_rows IS 'Internal, called by export_configuration: the rows of configuration_tables(), in the order in which they are written. content: as JSON, without the material of key_material, which stands beside it as it is stored';

CREATE FUNCTION pgtoken.export_configuration(recipient text) RETURNS TABLE (sealed text, digest text)
	AS 'MODULE_PATHNAME', 'pgt_export_configuration' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE ROWS 1
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.export_configuration FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.export_configuration IS
'Write the configuration into a file for another database: issuers, signing keys and peppers, clients and their secrets, resources, policies and whatever else configuration_tables() lists; nothing of a subject, no family, no audit. Whoever chooses the recipient has the private keys. Superusers alone may call it, unless one of them grants it.
recipient: a certificate in PEM, or up to 16 after each other, of RSA keys of 2048 bits or more or elliptic curves; who signed it and until when it holds is not looked at. Of a key in hardware its URI goes along, and nothing else.
Returns sealed: CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM, in PEM; import_configuration opens it, and openssl cms -decrypt. digest: what import_configuration has to be given; bring it there by another way than the file. The event configuration.exported has it, and the SHA-256 fingerprints of the certificates.
Raises 22004, 22023 for what is no certificate or cannot be sealed to, 54000 for more than 16 of them or 128 MB, 55000 when key material cannot be opened.';

CREATE TYPE pgtoken.configuration_row AS (
	table_name text,
	content jsonb,
	material bytea,
	wrapped boolean,
	is_same boolean
);
REVOKE ALL ON TYPE pgtoken.configuration_row FROM PUBLIC;
COMMENT ON TYPE pgtoken.configuration_row IS 'Internal: a row of an exported configuration, as import_configuration reads it';
COMMENT ON COLUMN pgtoken.configuration_row.table_name IS 'Its table; NULL: content is what the file says of itself';
COMMENT ON COLUMN pgtoken.configuration_row.content IS 'The row, without the material of key_material';
COMMENT ON COLUMN pgtoken.configuration_row.material IS 'Of key_material: as it is to be stored here';
COMMENT ON COLUMN pgtoken.configuration_row.wrapped IS 'Of key_material: is it under a root key of here?';
COMMENT ON COLUMN pgtoken.configuration_row.is_same IS 'Of key_material: is the piece of this name here the same one? NULL: there is none';

CREATE FUNCTION pgtoken.open_configuration(sealed text, digest text) RETURNS SETOF pgtoken.configuration_row
	AS 'MODULE_PATHNAME', 'pgt_open_configuration' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.open_configuration FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.open_configuration IS 'Internal, called by import_configuration: what the file says of itself, and its rows, with key material wrapped under the root key of this server; changes nothing. Raises as import_configuration';

CREATE FUNCTION pgtoken.check_configuration_known(rows pgtoken.configuration_row[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	unknown text;
BEGIN
	SELECT string_agg(DISTINCT f.table_name || coalesce('.' || m.name, ''), ', ') INTO unknown
	FROM unnest(rows) f
	LEFT JOIN pgtoken.configuration_tables() t ON t.table_name = f.table_name
	LEFT JOIN LATERAL jsonb_object_keys(f.content) m (name) ON t.table_name IS NOT NULL
	WHERE f.table_name IS NOT NULL
	  AND (t.table_name IS NULL OR NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = format('pgtoken.%I', t.table_name)::regclass
																			 AND a.attname = m.name AND a.attnum > 0 AND NOT a.attisdropped));
	IF unknown IS NOT NULL THEN
		RAISE EXCEPTION 'the configuration has what this version does not know'
			USING ERRCODE = 'feature_not_supported',
				  DETAIL = format('%s.', unknown),
				  HINT = 'Bring pgtoken to the version of the exporting side first.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_configuration_known FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_configuration_known IS 'Internal, called by import_configuration: raises 0A000 for a table or column that a later version has exported';

-- What an import would do, table by table; rows that it would leave as they are do not appear.
CREATE FUNCTION pgtoken.plan_configuration_table(of_table text, rows pgtoken.configuration_row[]) RETURNS TABLE (place bigint, name text, action text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET intervalstyle = 'postgres' SET bytea_output = 'hex'
AS $function$
DECLARE
	key CONSTANT text[] := pgtoken.configuration_key(of_table);
	own text[];
	ended text;
BEGIN
	SELECT t.own_columns, t.ended INTO own, ended FROM pgtoken.configuration_tables() t WHERE t.table_name = of_table;
	RETURN QUERY EXECUTE format($query$
		WITH compared AS (
			SELECT f.place, concat_ws(' ', %1$s) AS name, t.%2$I IS NOT NULL AS is_there, f.is_same, %3$s AS has_ended, %4$s AS ends_more,
				   to_jsonb(t) || (f.content - $2) <> to_jsonb(t) AS differs
			FROM unnest($1) WITH ORDINALITY f (table_name, content, material, wrapped, is_same, place)
			CROSS JOIN LATERAL jsonb_populate_record(NULL::pgtoken.%5$I, f.content) n
			LEFT JOIN pgtoken.%5$I t ON %6$s
			WHERE f.table_name = %5$L)
		SELECT c.place, c.name,
			   CASE WHEN NOT c.is_there THEN CASE WHEN %7$s THEN 'kept' ELSE 'added' END
					WHEN c.has_ended THEN 'kept'
					WHEN %8$s THEN 'refused'
					ELSE 'replaced' END
		FROM compared c
		WHERE NOT c.is_there OR c.differs OR c.ends_more OR NOT c.is_same
		ORDER BY c.place $query$,
		(SELECT string_agg(format('n.%I', k), ', ') FROM unnest(key) k), key[1],
		CASE WHEN ended IS NULL THEN 'false' ELSE format('t.%I IS NOT NULL', ended) END,
		CASE WHEN 'not_before' = ANY (own) THEN 'coalesce(n.not_before > t.not_before, n.not_before IS NOT NULL)' ELSE 'false' END,
		of_table, (SELECT string_agg(format('t.%1$I = n.%1$I', k), ' AND ') FROM unnest(key) k),
		-- what belonged to a key or secret that was ended here went with it
		CASE of_table WHEN 'key_material' THEN $$c.name IN (SELECT 'key:' || k.kid FROM pgtoken.signing_keys k WHERE k.retired_at IS NOT NULL
			UNION ALL SELECT format('client:%s:%s', s.client_id, s.secret_id) FROM pgtoken.client_secrets s WHERE s.revoked_at IS NOT NULL)$$ ELSE 'false' END,
		-- no family of the issuer could be refreshed again, and nobody would have said that they end
		CASE of_table WHEN 'key_material' THEN $$c.name IN (SELECT 'pepper:' || l.issuer FROM pgtoken.clients l JOIN pgtoken.grants g ON g.client_id = l.client_id)$$ ELSE 'false' END)
	USING rows, own;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.plan_configuration_table FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.plan_configuration_table IS 'Internal, called by import_configuration: what becomes of the rows of one table. place: which of rows. name: its primary key. action: added, replaced (it is there and differs), kept (it has come to its end here) or refused (a pepper that families of here hang on)';

CREATE FUNCTION pgtoken.plan_superseded(rows pgtoken.configuration_row[]) RETURNS TABLE (what text, name text)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'signing_keys', k.kid FROM pgtoken.signing_keys k
	WHERE k.state IN ('active', 'pending')
	  AND EXISTS (SELECT FROM unnest(rows) f WHERE f.table_name = 'signing_keys' AND f.content ->> 'issuer' = k.issuer AND f.content ->> 'alg' = k.alg
				  AND f.content ->> 'state' = k.state AND f.content ->> 'kid' <> k.kid
				  AND NOT EXISTS (SELECT FROM pgtoken.signing_keys e WHERE e.kid = f.content ->> 'kid' AND e.retired_at IS NOT NULL))
	  AND NOT EXISTS (SELECT FROM unnest(rows) f WHERE f.table_name = 'signing_keys' AND f.content ->> 'kid' = k.kid)
	UNION ALL
	SELECT 'policies', concat_ws(' ', p.issuer, p.policy, p.version) FROM pgtoken.policies p
	WHERE p.state IN ('active', 'shadow')
	  AND EXISTS (SELECT FROM unnest(rows) f WHERE f.table_name = 'policies' AND f.content ->> 'issuer' = p.issuer AND f.content ->> 'policy' = p.policy
				  AND f.content ->> 'state' = p.state AND (f.content ->> 'version')::integer <> p.version)
	  AND NOT EXISTS (SELECT FROM unnest(rows) f WHERE f.table_name = 'policies' AND f.content ->> 'issuer' = p.issuer AND f.content ->> 'policy' = p.policy
					  AND (f.content ->> 'version')::integer = p.version)
	ORDER BY 1, 2;
END;
REVOKE ALL ON FUNCTION pgtoken.plan_superseded FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.plan_superseded IS 'Internal, called by import_configuration: what is here alone and in the place of something of the file: the key that signs or is to, the version of a policy that decides or is in the shadow';

CREATE FUNCTION pgtoken.supersede_configuration(what text, name text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF what = 'policies' THEN
		UPDATE pgtoken.policies p SET state = 'retired', retired_at = now()
		WHERE concat_ws(' ', p.issuer, p.policy, p.version) = supersede_configuration.name;
		RETURN;
	END IF;
	UPDATE pgtoken.signing_keys k
	SET state = 'retiring', retiring_at = now(), retires_at = now() + current_setting('pgtoken.signing_key_retiring_period')::interval
	WHERE k.kid = supersede_configuration.name AND k.state = 'active';
	IF NOT FOUND THEN
		UPDATE pgtoken.signing_keys k SET state = 'retired', retired_at = now(), retire_reason = 'another one was imported'
		WHERE k.kid = supersede_configuration.name;
		DELETE FROM pgtoken.key_material m WHERE m.material_id = 'key:' || supersede_configuration.name;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.supersede_configuration FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.supersede_configuration IS 'Internal, called by import_configuration: makes room for what the file has: an active key retires as it does when it is rotated, a pending one at once, and so does a version of a policy';

CREATE FUNCTION pgtoken.put_configuration_row(of_table text, content jsonb, is_new boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET intervalstyle = 'postgres' SET bytea_output = 'hex'
AS $function$
DECLARE
	key CONSTANT text[] := pgtoken.configuration_key(of_table);
	own CONSTANT text[] := (SELECT t.own_columns FROM pgtoken.configuration_tables() t WHERE t.table_name = of_table);
	columns CONSTANT text[] := ARRAY(SELECT k FROM jsonb_object_keys(content) k ORDER BY k);
BEGIN
	IF is_new THEN
		EXECUTE (SELECT format('INSERT INTO pgtoken.%1$I (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::pgtoken.%1$I, $1)', of_table, string_agg(quote_ident(c), ', '))
				 FROM unnest(columns) c) USING content;
	ELSE
		EXECUTE (SELECT format('UPDATE pgtoken.%1$I t SET %2$s FROM jsonb_populate_record(NULL::pgtoken.%1$I, $1) n WHERE %3$s', of_table,
							   string_agg(format('%1$I = n.%1$I', c), ', '), (SELECT string_agg(format('t.%1$I = n.%1$I', k), ' AND ') FROM unnest(key) k))
				 FROM unnest(columns) c WHERE c <> ALL (key || own)) USING content;
	END IF;
	IF of_table = 'issuers' AND is_new THEN
		INSERT INTO pgtoken.installation DEFAULT VALUES ON CONFLICT ON CONSTRAINT installation_pkey DO NOTHING;
	ELSIF of_table = 'registrations' AND is_new THEN
		-- used or not, that is known where it comes from: it counts as used, or maintenance would soon forget it
		INSERT INTO pgtoken.registration_uses (client_id, used_at) VALUES (content ->> 'client_id', now())
		ON CONFLICT ON CONSTRAINT registration_uses_pkey DO NOTHING;
	ELSIF 'not_before' = ANY (own) AND NOT is_new AND content ->> 'not_before' IS NOT NULL THEN
		-- what was ended there ends here; an end of here stays
		PERFORM pgtoken.raise_not_before(CASE of_table WHEN 'issuers' THEN content ->> 'issuer' END, content ->> 'client_id', NULL, NULL,
										 (content ->> 'not_before')::timestamptz, 'configuration imported');
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.put_configuration_row FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.put_configuration_row IS 'Internal, called by import_configuration: inserts a row, or updates the one of its primary key but for own_columns, where an end (not_before) is taken over when it is a later one';

CREATE FUNCTION pgtoken.check_imported_issuers() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	clash text;
BEGIN
	SELECT min(i.issuer) INTO clash FROM pgtoken.issuers i
	WHERE EXISTS (SELECT FROM pgtoken.trusted_issuers t WHERE t.iss = i.issuer)
	   OR EXISTS (SELECT FROM pgtoken.issuers o WHERE pgtoken.issuer_base(o.mtls_base_uri) = pgtoken.issuer_base(i.issuer)
					 OR (o.issuer <> i.issuer AND pgtoken.issuer_base(o.mtls_base_uri) = pgtoken.issuer_base(i.mtls_base_uri)));
	IF clash IS NOT NULL THEN
		RAISE EXCEPTION 'the issuer "%" would be another one as well', clash
			USING ERRCODE = 'unique_violation',
				  DETAIL = 'It is an issuer of others that is trusted here, or shares its endpoints with another one (mtls_base_uri).';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_imported_issuers FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_imported_issuers IS 'Internal, called by import_configuration: raises 23505 when an issuer is a trusted one, too, or has the endpoints of another one, which create_issuer and update_issuer would have refused';

CREATE FUNCTION pgtoken.refuse_configuration(changes jsonb, of_action text, message text, hint text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	names CONSTANT text[] := ARRAY(SELECT format('%s "%s"', c ->> 'what', c ->> 'name') FROM jsonb_array_elements(changes) c WHERE c ->> 'action' = of_action);
BEGIN
	IF names <> '{}' THEN
		RAISE EXCEPTION '%', message
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = array_to_string(names[1:10], ', ') || CASE WHEN cardinality(names) > 10 THEN format(' and %s more.', cardinality(names) - 10) ELSE '.' END,
				  HINT = hint;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.refuse_configuration FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.refuse_configuration IS 'Internal, called by import_configuration: raises 55000 with the names of the changes of one action, where there are any';

CREATE FUNCTION pgtoken.plan_configuration(rows pgtoken.configuration_row[], replace boolean) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	-- what makes room comes first
	SELECT coalesce(jsonb_agg(jsonb_build_object('place', p.place, 'what', p.what, 'name', p.name, 'action',
							  CASE WHEN p.action IN ('replaced', 'superseded') AND NOT replace THEN 'differs' ELSE p.action END) ORDER BY p.place), '[]')
	FROM (SELECT 0::bigint, s.what, s.name, 'superseded' FROM pgtoken.plan_superseded(rows) s
		  UNION ALL
		  SELECT c.place, t.table_name, c.name, c.action
		  FROM pgtoken.configuration_tables() t CROSS JOIN LATERAL pgtoken.plan_configuration_table(t.table_name, rows) c) p (place, what, name, action);
END;
REVOKE ALL ON FUNCTION pgtoken.plan_configuration FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.plan_configuration IS 'Internal, called by import_configuration: what it would do, an array of objects with place (in rows; 0: of nothing in them), what (the table), name and action, which is differs where it would replace or supersede and may not';

CREATE FUNCTION pgtoken.carry_out_configuration(rows pgtoken.configuration_row[], changes jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET bytea_output = 'hex'
AS $function$
DECLARE
	change record;
	of_constraint text;
	of_column text;
BEGIN
	FOR change IN
		SELECT c.what, c.name, c.action, f.content, f.material, f.wrapped
		FROM jsonb_to_recordset(changes) c (place bigint, what text, name text, action text)
		LEFT JOIN unnest(rows) WITH ORDINALITY f (table_name, content, material, wrapped, is_same, place) ON f.place = c.place
		ORDER BY c.place, c.what, c.name COLLATE "C" LOOP
		IF change.action = 'superseded' THEN
			PERFORM pgtoken.supersede_configuration(change.what, change.name);
		ELSIF change.action IN ('added', 'replaced') THEN
			PERFORM pgtoken.put_configuration_row(change.what, change.content || CASE
				WHEN change.what = 'key_material' THEN jsonb_build_object('material', change.material, 'wrapped', change.wrapped)
				WHEN change.what = 'issuers' AND EXISTS (SELECT FROM pgtoken.issuers i WHERE i.is_default) THEN '{"is_default": false}'
				ELSE '{}' END, change.action = 'added');
		END IF;
	END LOOP;
-- the server's own words would show the row, and with it hashes and keys
EXCEPTION WHEN integrity_constraint_violation THEN
	GET STACKED DIAGNOSTICS of_constraint = CONSTRAINT_NAME, of_column = COLUMN_NAME;
	RAISE EXCEPTION '% "%" of the file cannot be here', change.what, change.name
		USING ERRCODE = SQLSTATE,
			  DETAIL = format('It breaks the constraint %s of its table.', coalesce(NULLIF(of_constraint, ''), 'NOT NULL of ' || of_column)),
			  HINT = CASE SQLSTATE WHEN '23505' THEN 'Something else of this database is in its place.'
						  ELSE 'The exporting side has another version of pgtoken, which has other rules.' END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.carry_out_configuration FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.carry_out_configuration IS 'Internal, called by import_configuration: makes the changes of plan_configuration; raises 23505 and the like by the name of the row, without what is in it';

CREATE FUNCTION pgtoken.import_configuration(sealed text, digest text, replace boolean DEFAULT false, dry_run boolean DEFAULT false)
	RETURNS TABLE (what text, name text, action text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	rows pgtoken.configuration_row[];
	changes jsonb;
BEGIN
	IF replace IS NULL OR dry_run IS NULL THEN
		RAISE EXCEPTION '% must not be NULL', CASE WHEN replace IS NULL THEN 'replace' ELSE 'dry_run' END
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	rows := ARRAY(SELECT f FROM pgtoken.open_configuration(sealed, digest) f);
	PERFORM pgtoken.check_configuration_known(rows);
	changes := pgtoken.plan_configuration(rows, replace);
	IF NOT dry_run THEN
		PERFORM pgtoken.refuse_configuration(changes, 'differs', 'what is here differs from what is in the file',
											 'dry_run => true lists all of it; replace => true takes over what the file has.');
		PERFORM pgtoken.refuse_configuration(changes, 'refused', 'families of this database hang on another pepper',
											 'None could be refreshed again. Import into a database that has no families of the issuer.');
		PERFORM pgtoken.make_durable();
		PERFORM pgtoken.carry_out_configuration(rows, changes);
		PERFORM pgtoken.check_imported_issuers();
		PERFORM pgtoken.write_audit_event('configuration.imported', jsonb_build_object(
			'digest', digest, 'about', rows[1].content, 'rows', cardinality(rows) - 1,
			'changes', (SELECT coalesce(jsonb_object_agg(c.action, c.number), '{}') FROM (
				SELECT e ->> 'action', count(*) FROM jsonb_array_elements(changes) e GROUP BY 1) c (action, number))));
	END IF;
	RETURN QUERY SELECT c.what, c.name, c.action FROM jsonb_to_recordset(changes) c (place bigint, what text, name text, action text)
				 ORDER BY c.place, c.what, c.name COLLATE "C";
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.import_configuration FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.import_configuration IS
'Take over the configuration that export_configuration of another database has written; what that is, is said there. In one transaction; a second time it changes nothing. Superusers alone may call it, unless one of them grants it: it brings keys that sign.
sealed: the file. It is opened by the private key in the file that pgtoken.configuration_key_file names, PEM without a passphrase, which belongs to the server''s user with mode 0600: as an argument it would come into logs. digest: what the exporting side has shown; anybody can seal a file to a certificate, so that a file with another digest is not even looked into. Key material is wrapped anew under the root key of here.
replace: true takes over what is here and differs: a key that signs here and is not in the file retires as if it had been rotated, a pending one at once, a version of a policy ceases to decide. What is here alone stays. What has come to its end here stays ended (secrets, keys, initial access tokens), and not_before never moves back; a pepper is not replaced while the issuer has families. An issuer becomes the default one where there is none.
dry_run: true changes nothing and returns the same.
Returns what is not the same, in the order in which it is written: what: the table. name: the primary key. action: added; replaced; superseded (is here alone, and the file has another one in its place); kept (has come to its end here); differs and refused: what makes the call fail.
Families and sessions of the other place are not in the file: access tokens of there are good by their signature, for jwks() publishes the same keys; verify_access_token and introspect ask for the family, and refuse them, and nothing of there is refreshed here. Functions of the application that the configuration names are not in it either; health() says which are missing.
Raises 22004, 22023 when the file is none, is not the one of the digest or is not sealed to this key, 54000 when it is too large, 0A000 when it comes from a later version, 55000 when the private key cannot be used, what is here differs, or families hang on another pepper, 23505 (and others of class 23) when a row cannot be here beside what is.';
