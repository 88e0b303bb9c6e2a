-- Resources: the APIs that access tokens are made for (RFC 8707).

CREATE FUNCTION pgtoken.valid_resource(resource text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_resource' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_resource FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_resource IS 'Internal: can this be a resource indicator (RFC 8707 section 2)? An absolute URI without a fragment';

CREATE TABLE pgtoken.resources (
	issuer text NOT NULL,
	resource text NOT NULL,
	scopes text[],
	access_token_lifetime interval,
	client_id text,
	required_acr text[],
	required_amr text[],
	max_age interval,
	on_insufficient text NOT NULL DEFAULT 'require',
	policy_version integer NOT NULL DEFAULT 1,
	access_token_typ text NOT NULL DEFAULT 'at+jwt',
	enabled boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	resource_name text,
	CONSTRAINT resources_pkey PRIMARY KEY (issuer, resource),
	CONSTRAINT resources_resource_check CHECK (pgtoken.valid_resource(resource)),
	CONSTRAINT resources_scopes_check CHECK (pgtoken.scopes_problem(scopes, of_client => false) IS NULL),
	CONSTRAINT resources_required_acr_check CHECK (pgtoken.valid_acr_values(required_acr)),
	CONSTRAINT resources_required_amr_check CHECK (pgtoken.valid_acr_values(required_amr)),
	CONSTRAINT resources_max_age_check CHECK (pgtoken.valid_lifetime(max_age, '1 second')),
	CONSTRAINT resources_on_insufficient_check CHECK (on_insufficient = ANY (pgtoken.choices('on_insufficient'))),
	CONSTRAINT resources_access_token_typ_check CHECK (access_token_typ = ANY (pgtoken.choices('access_token_typ'))),
	CONSTRAINT resources_access_token_lifetime_check CHECK (pgtoken.valid_token_lifetime(access_token_lifetime))
);
COMMENT ON TABLE pgtoken.resources IS 'APIs that access tokens can be made for (RFC 8707): the values of aud';
COMMENT ON COLUMN pgtoken.resources.issuer IS 'Issuer that makes tokens for this API';
COMMENT ON COLUMN pgtoken.resources.resource IS 'Absolute URI of the API (RFC 8707 section 2): aud of its access tokens';
COMMENT ON COLUMN pgtoken.resources.scopes IS 'Scopes that mean something to this API; NULL: any';
COMMENT ON COLUMN pgtoken.resources.access_token_lifetime IS 'Longest life of an access token for this API; NULL: the client''s or pgtoken.access_token_lifetime';
COMMENT ON COLUMN pgtoken.resources.client_id IS 'Client as which the API itself authenticates when it introspects tokens (RFC 7662) or exchanges them (RFC 8693); NULL: it cannot';
COMMENT ON COLUMN pgtoken.resources.required_acr IS 'acr of which the subject must have one, or a stronger one; NULL: any';
COMMENT ON COLUMN pgtoken.resources.required_amr IS 'Authentication methods that the subject must all have used (RFC 8176); NULL: none';
COMMENT ON COLUMN pgtoken.resources.max_age IS 'Longest time since the subject authenticated; NULL: any';
COMMENT ON COLUMN pgtoken.resources.on_insufficient IS 'What becomes of a request whose subject has not authenticated like that: require (step-up), or invalid_grant';
COMMENT ON COLUMN pgtoken.resources.policy_version IS 'Grows with each change of what is required';
COMMENT ON COLUMN pgtoken.resources.access_token_typ IS 'typ of access tokens that are for this API alone: at+jwt (RFC 9068), or JWT for verifiers that take nothing else';
COMMENT ON COLUMN pgtoken.resources.enabled IS 'false: no new token names the API; a refresh leaves it out';
COMMENT ON COLUMN pgtoken.resources.created_at IS 'When the API was registered';
COMMENT ON COLUMN pgtoken.resources.resource_name IS 'Name for people (RFC 9728 section 2); NULL: none';
COMMENT ON INDEX pgtoken.resources_pkey IS 'Each issuer registers an API once';
COMMENT ON CONSTRAINT resources_resource_check ON pgtoken.resources IS 'An absolute URI without fragment (RFC 8707 section 2)';
COMMENT ON CONSTRAINT resources_scopes_check ON pgtoken.resources IS 'Each a scope-token (RFC 6749 section 3.3), none NULL, none twice';
COMMENT ON CONSTRAINT resources_max_age_check ON pgtoken.resources IS '1 second to 10 years';
COMMENT ON CONSTRAINT resources_on_insufficient_check ON pgtoken.resources IS 'require or invalid_grant';
COMMENT ON CONSTRAINT resources_access_token_lifetime_check ON pgtoken.resources IS '10 seconds to a day, which no access token outlives: retiring keys and the blacklist rely on it';

CREATE UNIQUE INDEX resources_one_spelling ON pgtoken.resources (issuer, (pgtoken.normal_uri(resource)));
COMMENT ON INDEX pgtoken.resources_one_spelling IS 'Of the spellings that mean the same (RFC 3986 section 6.2) one is registered';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.resources', '');
ALTER TABLE pgtoken.resources ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.resources FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.resources IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.resources TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.resources FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('resource');
COMMENT ON TRIGGER audit ON pgtoken.resources IS 'Writes the row before and after to audit_events';
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.resources FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate ON pgtoken.resources IS 'Makes every backend drop its cached configuration when the transaction commits';
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.resources FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.resources IS 'As invalidate, for TRUNCATE';

CREATE FUNCTION pgtoken.check_resource_client(issuer text, client_id text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF client_id IS NOT NULL AND NOT EXISTS (
		SELECT FROM pgtoken.clients c
		WHERE c.client_id = check_resource_client.client_id AND c.issuer = check_resource_client.issuer AND c.client_type = 'confidential') THEN
		RAISE EXCEPTION 'the issuer has no such confidential client %', quote_literal(client_id)
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'client_id is the client as which the API itself authenticates.',
				  HINT = 'SELECT pgtoken.create_client(...) first.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_resource_client FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_resource_client IS 'Internal, called by create_resource and update_resource: raises 22023 unless it is a confidential client of the issuer; NULL passes';

CREATE FUNCTION pgtoken.check_access_token_typ(issuer text, resource text, access_token_typ text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF access_token_typ IS NOT NULL THEN
		PERFORM pgtoken.check_choice('access_token_typ', access_token_typ);
	END IF;
	IF access_token_typ = 'JWT' AND EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = check_access_token_typ.resource AND c.issuer = check_access_token_typ.issuer) THEN
		RAISE EXCEPTION 'a client has the name of the API %', quote_literal(resource)
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'Access tokens of typ JWT for the API could be taken for ID tokens of the client.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_access_token_typ FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_access_token_typ IS 'Internal, called by create_resource and update_resource: raises 22023 unless the typ is one that access tokens for the API may have; NULL passes';

CREATE FUNCTION pgtoken.registered_resources(issuer text, resources text[]) RETURNS text[]
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE WHEN array_ndims(registered_resources.resources) > 1 THEN registered_resources.resources
				WHEN registered_resources.resources IS NOT NULL THEN
					ARRAY(SELECT coalesce((SELECT r.resource FROM pgtoken.resources r
										   WHERE r.issuer = registered_resources.issuer AND pgtoken.normal_uri(r.resource) = pgtoken.normal_uri(u.spelling)),
										  CASE WHEN pgtoken.normal_uri(registered_resources.issuer) = pgtoken.normal_uri(u.spelling)
											   THEN registered_resources.issuer ELSE u.spelling END)
						  FROM unnest(registered_resources.resources) WITH ORDINALITY u (spelling, i) ORDER BY u.i) END;
END;
REVOKE ALL ON FUNCTION pgtoken.registered_resources FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.registered_resources IS 'Internal, called by what takes resources: each as it is registered, however it is spelt (normal_uri); what is not registered stays as it is';

CREATE FUNCTION pgtoken.create_resource(
	resource text,
	scopes text[] DEFAULT NULL,
	access_token_lifetime interval DEFAULT NULL,
	issuer text DEFAULT NULL,
	client_id text DEFAULT NULL,
	required_acr text[] DEFAULT NULL,
	required_amr text[] DEFAULT NULL,
	max_age interval DEFAULT NULL,
	on_insufficient text DEFAULT 'require',
	access_token_typ text DEFAULT 'at+jwt',
	if_not_exists boolean DEFAULT false,
	resource_name text DEFAULT NULL
) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	registered text;
	existing pgtoken.resources;
BEGIN
	IF resource IS NULL OR NOT pgtoken.valid_resource(resource) THEN
		RAISE EXCEPTION 'invalid resource indicator'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'A resource is an absolute URI without fragment (RFC 8707 section 2).';
	END IF;
	registered := (pgtoken.registered_resources(of_issuer, ARRAY[resource]))[1];
	IF registered <> resource THEN
		RAISE EXCEPTION 'resource % is there already, as %', quote_literal(resource), quote_literal(registered)
			USING ERRCODE = 'unique_violation',
				  DETAIL = 'The two mean the same (RFC 3986 section 6.2), and requests may name either.';
	END IF;
	PERFORM pgtoken.check_scopes(scopes, of_client => false);
	PERFORM pgtoken.check_resource_client(of_issuer, client_id);
	PERFORM pgtoken.check_acr_values('required_acr', required_acr), pgtoken.check_acr_values('required_amr', required_amr);
	IF on_insufficient IS NOT NULL THEN
		PERFORM pgtoken.check_choice('on_insufficient', on_insufficient);
	END IF;
	PERFORM pgtoken.check_access_token_typ(of_issuer, resource, access_token_typ);
	required_acr := NULLIF(required_acr, '{}');
	required_amr := NULLIF(required_amr, '{}');
	on_insufficient := coalesce(on_insufficient, 'require');
	access_token_typ := coalesce(access_token_typ, 'at+jwt');
	SELECT * INTO existing FROM pgtoken.resources r WHERE r.issuer = of_issuer AND r.resource = create_resource.resource;
	IF FOUND THEN
		PERFORM pgtoken.tell_existing('resource', resource, to_jsonb(existing),
			jsonb_build_object('scopes', scopes, 'access_token_lifetime', access_token_lifetime, 'client_id', client_id, 'required_acr', required_acr,
							   'required_amr', required_amr, 'max_age', max_age, 'on_insufficient', on_insufficient, 'access_token_typ', access_token_typ,
							   'resource_name', resource_name), if_not_exists);
		RETURN resource;
	END IF;
	INSERT INTO pgtoken.resources (issuer, resource, scopes, access_token_lifetime, client_id, required_acr, required_amr, max_age, on_insufficient, access_token_typ,
								   resource_name)
	VALUES (of_issuer, create_resource.resource, create_resource.scopes, create_resource.access_token_lifetime, create_resource.client_id,
			create_resource.required_acr, create_resource.required_amr, create_resource.max_age, create_resource.on_insufficient, create_resource.access_token_typ,
			create_resource.resource_name);
	RETURN resource;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_resource FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.create_resource TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.create_resource IS
'Register an API. resource: its absolute URI, the aud of its tokens (RFC 8707); requests may spell it otherwise (RFC 3986 section 6.2), so it is registered in one spelling only. issuer: whose API; NULL is the default one. scopes: what means something to it; NULL: any scope. access_token_lifetime: 10 seconds to 1 day; the shortest among the APIs of a token counts. client_id: the confidential client as which the API itself authenticates when it introspects tokens or exchanges them. access_token_typ: typ of access tokens that are for this API alone: at+jwt (RFC 9068), by which everybody tells them from ID tokens; JWT for verifiers that take nothing else. resource_name: what people call it, for its metadata (RFC 9728).
How its users must have authenticated, NULL being anyhow:
required_acr: one of these, or a stronger one (see acr_levels of update_issuer). required_amr: by all of these methods (RFC 8176). max_age: no longer ago than this, 1 second to 10 years. on_insufficient: what a request of a family that falls short is answered: require, a step-up; invalid_grant, for clients whose users must log in anew. if_not_exists: one that exists is left as it is, and a NOTICE says what differs. Returns the resource. Raises 22023, 23505, 23514.';

CREATE FUNCTION pgtoken.update_resource(
	resource text,
	scopes text[] DEFAULT NULL,
	access_token_lifetime interval DEFAULT NULL,
	enabled boolean DEFAULT NULL,
	issuer text DEFAULT NULL,
	reset text[] DEFAULT '{}',
	client_id text DEFAULT NULL,
	required_acr text[] DEFAULT NULL,
	required_amr text[] DEFAULT NULL,
	max_age interval DEFAULT NULL,
	on_insufficient text DEFAULT NULL,
	access_token_typ text DEFAULT NULL,
	resource_name text DEFAULT NULL
) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	before pgtoken.resources;
	changed pgtoken.resources;
BEGIN
	PERFORM pgtoken.check_reset(reset, ARRAY['scopes', 'access_token_lifetime', 'client_id', 'required_acr', 'required_amr', 'max_age', 'on_insufficient',
										'resource_name']);
	PERFORM pgtoken.check_scopes(scopes, of_client => false);
	PERFORM pgtoken.check_resource_client(of_issuer, client_id);
	PERFORM pgtoken.check_acr_values('required_acr', required_acr), pgtoken.check_acr_values('required_amr', required_amr);
	IF on_insufficient IS NOT NULL THEN
		PERFORM pgtoken.check_choice('on_insufficient', on_insufficient);
	END IF;
	resource := (pgtoken.registered_resources(of_issuer, ARRAY[resource]))[1];
	PERFORM pgtoken.check_access_token_typ(of_issuer, resource, access_token_typ);
	SELECT * INTO before FROM pgtoken.resources r WHERE r.issuer = of_issuer AND r.resource = update_resource.resource FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	changed := before;
	changed.scopes := coalesce(scopes, CASE WHEN 'scopes' <> ALL (reset) THEN before.scopes END);
	changed.access_token_lifetime := coalesce(access_token_lifetime, CASE WHEN 'access_token_lifetime' <> ALL (reset) THEN before.access_token_lifetime END);
	changed.client_id := coalesce(client_id, CASE WHEN 'client_id' <> ALL (reset) THEN before.client_id END);
	changed.enabled := coalesce(enabled, before.enabled);
	changed.required_acr := NULLIF(coalesce(required_acr, CASE WHEN 'required_acr' <> ALL (reset) THEN before.required_acr END), '{}');
	changed.required_amr := NULLIF(coalesce(required_amr, CASE WHEN 'required_amr' <> ALL (reset) THEN before.required_amr END), '{}');
	changed.max_age := coalesce(max_age, CASE WHEN 'max_age' <> ALL (reset) THEN before.max_age END);
	changed.on_insufficient := coalesce(on_insufficient, CASE WHEN 'on_insufficient' <> ALL (reset) THEN before.on_insufficient END, 'require');
	changed.access_token_typ := coalesce(access_token_typ, before.access_token_typ);
	changed.resource_name := coalesce(resource_name, CASE WHEN 'resource_name' <> ALL (reset) THEN before.resource_name END);
	IF (changed.required_acr, changed.required_amr, changed.max_age, changed.on_insufficient)
	   IS DISTINCT FROM (before.required_acr, before.required_amr, before.max_age, before.on_insufficient) THEN
		changed.policy_version := before.policy_version + 1;
	END IF;
	UPDATE pgtoken.resources r
	SET (scopes, access_token_lifetime, client_id, enabled, required_acr, required_amr, max_age, on_insufficient, policy_version, access_token_typ,
		 resource_name)
		= ROW (changed.scopes, changed.access_token_lifetime, changed.client_id, changed.enabled, changed.required_acr, changed.required_amr,
			   changed.max_age, changed.on_insufficient, changed.policy_version, changed.access_token_typ,
			   changed.resource_name)
	WHERE r.issuer = of_issuer AND r.resource = update_resource.resource;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.update_resource FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.update_resource TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.update_resource IS
'Change an API. resource: which, however it is spelt. issuer: whose; NULL is the default one. scopes, access_token_lifetime, client_id, required_acr, required_amr, max_age, on_insufficient, resource_name: as in create_resource; NULL keeps the value. A change of required_acr, required_amr, max_age or on_insufficient makes a new policy_version, and holds from the next refresh on for families that are there, too. reset: names of those to go back to NULL (on_insufficient: to require). enabled => false: no new token names it or carries its scopes; a refresh of a family that holds it leaves it out, and answers invalid_target when nothing else is left. access_token_typ: of tokens that are made from now on; back from JWT to at+jwt, those made before are refused at once. Returns false when it is not registered. Raises 22023, 23514, 55000.';

CREATE FUNCTION pgtoken.delete_resource(resource text, issuer text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	-- somebody else's API may have the same name at another issuer
	clients CONSTANT text[] := ARRAY(SELECT c.client_id FROM pgtoken.clients c WHERE c.issuer = of_issuer);
BEGIN
	PERFORM pgtoken.make_durable();
	resource := (pgtoken.registered_resources(of_issuer, ARRAY[resource]))[1];
	PERFORM FROM pgtoken.resources r WHERE r.issuer = of_issuer AND r.resource = delete_resource.resource FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.refuse_in_use('resource', resource, ARRAY[
		CASE WHEN EXISTS (SELECT FROM pgtoken.grants g WHERE g.client_id = ANY (clients) AND delete_resource.resource = ANY (g.resources)) THEN 'families' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.authorization_codes a WHERE a.client_id = ANY (clients) AND delete_resource.resource = ANY (a.resources)) THEN 'authorization codes' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.device_codes d WHERE d.client_id = ANY (clients) AND delete_resource.resource = ANY (d.resources)) THEN 'device codes' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.consents s WHERE s.client_id = ANY (clients) AND s.resource = delete_resource.resource) THEN 'consents' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.clients c WHERE c.issuer = of_issuer AND delete_resource.resource = ANY (c.resources)) THEN 'clients' END,
		CASE WHEN EXISTS (SELECT FROM pgtoken.policies p WHERE p.issuer = of_issuer AND delete_resource.resource = ANY (p.resources)) THEN 'policies' END], 'Switch it off instead: update_resource(enabled => false).');
	DELETE FROM pgtoken.scope_descriptions d WHERE d.issuer = of_issuer AND d.resource = delete_resource.resource;
	DELETE FROM pgtoken.resources r WHERE r.issuer = of_issuer AND r.resource = delete_resource.resource;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.delete_resource FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.delete_resource TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.delete_resource IS
'Delete an API that was mistyped and never used. Reads all families to be sure of that. resource: which, however it is spelt. issuer: NULL is the default one. Returns false when there is no such API. Raises 55000 when there is no such issuer, 55006 where a family, a code, a consent, a client or a policy names it: switch it off by update_resource(enabled => false).';
