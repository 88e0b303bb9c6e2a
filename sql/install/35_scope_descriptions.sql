-- What scopes mean, for people, in the languages that there are: what a consent page says.

CREATE TABLE pgtoken.scope_descriptions (
	issuer text NOT NULL,
	resource text NOT NULL,
	scope text NOT NULL,
	language text NOT NULL,
	description text NOT NULL,
	described_at timestamptz NOT NULL,
	CONSTRAINT scope_descriptions_pkey PRIMARY KEY (issuer, resource, scope, language),
	CONSTRAINT scope_descriptions_scope_check CHECK (coalesce(pgtoken.scopes_problem(ARRAY[scope], of_client => false), 'account') = 'account'),
	CONSTRAINT scope_descriptions_language_check CHECK (language = '' OR language ~ ('^' || pgtoken.language_tag_pattern() || '$')),
	CONSTRAINT scope_descriptions_description_check CHECK (length(description) BETWEEN 1 AND 500
		AND description !~ U&'[\0001-\001F\007F-\009F\200B-\200F\2028-\202E\2060-\206F\FEFF]')
);
COMMENT ON TABLE pgtoken.scope_descriptions IS 'What scopes mean, in words that a consent page shows; described by describe_scope(). Those of OpenID Connect and pgtoken''s own have a text in English without a row here';
COMMENT ON COLUMN pgtoken.scope_descriptions.issuer IS 'Issuer that has the scope';
COMMENT ON COLUMN pgtoken.scope_descriptions.resource IS 'API for which it means this; '''': whichever';
COMMENT ON COLUMN pgtoken.scope_descriptions.scope IS 'The scope';
COMMENT ON COLUMN pgtoken.scope_descriptions.language IS 'Language tag of the text (RFC 5646); '''': for whoever reads none of the others';
COMMENT ON COLUMN pgtoken.scope_descriptions.description IS 'What who agrees to it allows, without markup';
COMMENT ON COLUMN pgtoken.scope_descriptions.described_at IS 'Since when the text is this one';
COMMENT ON INDEX pgtoken.scope_descriptions_pkey IS 'One text of a scope in a language';
COMMENT ON CONSTRAINT scope_descriptions_scope_check ON pgtoken.scope_descriptions IS 'A scope-token (RFC 6749 section 3.3), which may be one of the issuer''s own endpoints';
COMMENT ON CONSTRAINT scope_descriptions_language_check ON pgtoken.scope_descriptions IS 'A language tag of four subtags at most, or none';
COMMENT ON CONSTRAINT scope_descriptions_description_check ON pgtoken.scope_descriptions IS '1 to 500 characters, none of them a control character or one that turns the direction of text';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.scope_descriptions', '');
ALTER TABLE pgtoken.scope_descriptions ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.scope_descriptions FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.scope_descriptions IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.scope_descriptions TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.scope_descriptions FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('scope_description');
COMMENT ON TRIGGER audit ON pgtoken.scope_descriptions IS 'Writes the row before and after to audit_events';

CREATE FUNCTION pgtoken.describe_scope(scope text, description text, language text DEFAULT '', resource text DEFAULT NULL, issuer text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	of_resource text := '';
	-- as it is spelt already: tags differ by more than case (RFC 5646 section 2.1.1)
	tag text;
BEGIN
	IF scope IS NULL OR language IS NULL THEN
		RAISE EXCEPTION 'scope and language must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF resource IS NOT NULL THEN
		SELECT r.resource INTO of_resource FROM pgtoken.resources r
		WHERE r.issuer = of_issuer AND r.resource = (pgtoken.registered_resources(of_issuer, ARRAY[describe_scope.resource]))[1];
		IF NOT FOUND THEN
			RAISE EXCEPTION 'resource % is not registered', quote_literal(resource)
				USING ERRCODE = 'invalid_parameter_value',
					  HINT = 'SELECT pgtoken.create_resource(...) first.';
		END IF;
	END IF;
	IF description IS NULL THEN
		DELETE FROM pgtoken.scope_descriptions d
		WHERE d.issuer = of_issuer AND d.resource = of_resource AND d.scope = describe_scope.scope AND lower(d.language) = lower(describe_scope.language);
		RETURN FOUND;
	END IF;
	SELECT d.language INTO tag FROM pgtoken.scope_descriptions d
	WHERE d.issuer = of_issuer AND d.resource = of_resource AND d.scope = describe_scope.scope AND lower(d.language) = lower(describe_scope.language);
	INSERT INTO pgtoken.scope_descriptions AS d (issuer, resource, scope, language, description, described_at)
	VALUES (of_issuer, of_resource, describe_scope.scope, coalesce(tag, describe_scope.language), describe_scope.description, now())
	ON CONFLICT ON CONSTRAINT scope_descriptions_pkey DO UPDATE
		SET description = EXCLUDED.description, described_at = EXCLUDED.described_at
		WHERE d.description <> EXCLUDED.description;
	RETURN FOUND;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.describe_scope FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.describe_scope TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.describe_scope IS
'Say what a scope means, in words that a consent page shows (consent_page). scope: which; offline_access, pgtoken:sessions and those of OpenID Connect too, in place of the English text that they have by themselves. description: what who agrees to it allows, 1 to 500 characters, without markup; NULL: take the text back. language: its tag, such as de or pt-BR (RFC 5646); '''': for whoever reads none of the others. resource: the API for which it means this, however it is spelt; NULL: whichever has no text of its own. issuer: NULL is the default one. What was shown before is kept as it was. Returns false when nothing has changed. Raises 22004, 22023 for an API that is not registered, 23514, 55000.';

CREATE FUNCTION pgtoken.standard_scope_description(scope text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE scope
		WHEN 'openid' THEN 'know that it is you who has signed in'
		WHEN 'profile' THEN 'see your profile, such as your name'
		WHEN 'email' THEN 'see your email address'
		WHEN 'address' THEN 'see your postal address'
		WHEN 'phone' THEN 'see your phone number'
		WHEN 'offline_access' THEN 'keep its access while you are away'
		WHEN 'pgtoken:sessions' THEN 'see where you are signed in, with which applications, from which devices and addresses, and sign you out there'
	END;
REVOKE ALL ON FUNCTION pgtoken.standard_scope_description FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.standard_scope_description IS 'Internal: what the scopes of OpenID Connect Core sections 5.4 and 11 and those of the issuer''s own endpoints mean, in English; NULL: it is none of them';

CREATE FUNCTION pgtoken.language_lookup(ranges text[], available text[]) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	wanted text;
	found_tag text;
BEGIN
	FOREACH wanted IN ARRAY coalesce(ranges, '{}') LOOP
		WHILE wanted <> '' AND wanted <> '*' LOOP
			SELECT a INTO found_tag FROM unnest(available) a WHERE lower(a) = lower(wanted) ORDER BY a COLLATE "C" LIMIT 1;
			IF FOUND THEN
				RETURN found_tag;
			END IF;
			-- a subtag less from the right, and no single letter at the end
			wanted := regexp_replace(regexp_replace(wanted, '-?[^-]*$', ''), '-[^-]$', '');
		END LOOP;
	END LOOP;
	RETURN (SELECT a FROM unnest(available) a ORDER BY a <> '', lower(a) <> 'en', a COLLATE "C" LIMIT 1);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.language_lookup FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.language_lookup IS 'Internal: of the languages that a text is available in the one for whoever reads these (RFC 4647 section 3.4), the first preferred; else the one without a tag, en, or the first; NULL: it is available in none';

CREATE FUNCTION pgtoken.scope_text(of_issuer text, of_resource text, of_scope text, ranges text[], OUT description text, OUT language text, OUT described_at timestamptz, OUT resource text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	-- the API's own text, in whatever language, before that of the scope by itself
	FOREACH resource IN ARRAY array_remove(ARRAY[NULLIF(of_resource, ''), ''], NULL) LOOP
		language := pgtoken.language_lookup(ranges, ARRAY(
			SELECT d.language FROM pgtoken.scope_descriptions d WHERE d.issuer = of_issuer AND d.resource = scope_text.resource AND d.scope = of_scope
			UNION ALL SELECT 'en' WHERE scope_text.resource = '' AND pgtoken.standard_scope_description(of_scope) IS NOT NULL));
		IF language IS NOT NULL THEN
			SELECT d.description, d.described_at INTO description, described_at FROM pgtoken.scope_descriptions d
			WHERE d.issuer = of_issuer AND d.resource = scope_text.resource AND d.scope = of_scope AND d.language = scope_text.language;
			description := coalesce(description, pgtoken.standard_scope_description(of_scope));
			RETURN;
		END IF;
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.scope_text FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.scope_text IS 'Internal, called by consent_page: what a scope means for an API, or by itself (resource ''''), in the language for whoever reads these, the first preferred; NULL: nobody has said';
