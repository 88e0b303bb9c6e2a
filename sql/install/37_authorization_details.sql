-- Rich authorization requests (RFC 9396): which types of authorization details there are,
-- and who judges them.

CREATE TABLE pgtoken.authorization_details_types (
	issuer text NOT NULL,
	type text NOT NULL,
	validator text NOT NULL,
	description text,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT authorization_details_types_pkey PRIMARY KEY (issuer, type),
	CONSTRAINT authorization_details_types_type_check CHECK (type ~ '^[\x21-\x7e]{1,255}$')
);
COMMENT ON TABLE pgtoken.authorization_details_types IS 'Types of authorization details (RFC 9396 section 2), each with the application''s function that judges them';
COMMENT ON COLUMN pgtoken.authorization_details_types.issuer IS 'Issuer that has the type';
COMMENT ON COLUMN pgtoken.authorization_details_types.type IS 'Its name: a word, or a URI of who has defined it';
COMMENT ON COLUMN pgtoken.authorization_details_types.validator IS 'The application''s function, with its schema; runs as its owner';
COMMENT ON COLUMN pgtoken.authorization_details_types.description IS 'For people: what it allows; NULL: not said';
COMMENT ON COLUMN pgtoken.authorization_details_types.created_at IS 'When it was created';
COMMENT ON INDEX pgtoken.authorization_details_types_pkey IS 'Finds the function of a type';
COMMENT ON CONSTRAINT authorization_details_types_type_check ON pgtoken.authorization_details_types IS '1 to 255 printable ASCII characters, no space';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.authorization_details_types', '');
ALTER TABLE pgtoken.authorization_details_types ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.authorization_details_types FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.authorization_details_types IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.authorization_details_types TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.authorization_details_types FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('authorization_details_type');
COMMENT ON TRIGGER audit ON pgtoken.authorization_details_types IS 'Writes the row before and after to audit_events';

CREATE FUNCTION pgtoken.create_authorization_details_type(type text, validator text, description text DEFAULT NULL, issuer text DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	found_validator CONSTANT text := pgtoken.user_function(validator, 'jsonb, text, text');
BEGIN
	IF type IS NULL OR validator IS NULL THEN
		RAISE EXCEPTION 'type and validator must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF EXISTS (SELECT FROM pgtoken.authorization_details_types t WHERE t.issuer = of_issuer AND t.type = create_authorization_details_type.type) THEN
		RAISE EXCEPTION 'the issuer has the type % already', quote_literal(type)
			USING ERRCODE = 'unique_violation',
				  HINT = 'delete_authorization_details_type() first.';
	END IF;
	INSERT INTO pgtoken.authorization_details_types (issuer, type, validator, description)
	VALUES (of_issuer, create_authorization_details_type.type, found_validator, create_authorization_details_type.description);
	RETURN type;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_authorization_details_type FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.create_authorization_details_type TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.create_authorization_details_type IS
'Take authorization details of a type (RFC 9396 section 2) from the clients that have it in their metadata (authorization_details_types). type: its name. validator: the application''s function of (detail jsonb, client_id text, subject text), with its schema, which runs as its owner whenever such details are asked for: it returns the detail as it is to be granted, of the same type, or NULL to refuse it; subject is an empty text where it is not known yet. description: for people. issuer: NULL is the default one. Returns type. Raises 22004, 22023, 23505, 23514, 42501, 55000.';

CREATE FUNCTION pgtoken.delete_authorization_details_type(type text, issuer text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
BEGIN
	DELETE FROM pgtoken.authorization_details_types t WHERE t.issuer = of_issuer AND t.type = delete_authorization_details_type.type;
	RETURN FOUND;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.delete_authorization_details_type FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.delete_authorization_details_type TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.delete_authorization_details_type IS
'Take no more authorization details of a type: requests for it are refused from the next one on; what was granted stays. type: its name. issuer: NULL is the default one. Returns false when there is none. Raises 55000.';
