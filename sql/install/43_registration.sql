-- Clients that register themselves (RFC 7591, RFC 7592): what an issuer allows them, the
-- tokens that let them, and what is known of those that did. What they ask for goes
-- through create_client and update_client like everything else.

CREATE FUNCTION pgtoken.registration_defaults() RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN '{"grant_types": ["authorization_code", "refresh_token"], "loopback_redirects": true, "private_use_redirects": true,
			 "unused_lifetime": 2592000, "max_clients": 10000, "max_per_hour": 100, "client_id_metadata_documents": "off", "max_documents": 1000}'::jsonb;
REVOKE ALL ON FUNCTION pgtoken.registration_defaults FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.registration_defaults IS 'Internal: members of a registration policy that are not given';

-- A CHECK constraint calls it while a dump is restored: no table is read.
CREATE FUNCTION pgtoken.registration_policy_problem(policy jsonb) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	name text;
	value jsonb;
	kind text;
	problem text;
BEGIN
	IF policy IS NULL OR jsonb_typeof(policy) <> 'object' THEN
		RETURN 'policy must be a JSON object';
	END IF;
	FOR name, value IN SELECT m.key, m.value FROM jsonb_each(policy) m ORDER BY m.key COLLATE "C" LOOP
		kind := jsonb_typeof(value);
		problem := CASE
			WHEN name IN ('loopback_redirects', 'private_use_redirects', 'all_scopes') THEN
				CASE WHEN kind <> 'boolean' THEN 'must be true or false' END
			WHEN name IN ('max_clients', 'max_documents', 'max_per_hour') THEN
				CASE WHEN kind <> 'number' OR value #>> '{}' !~ '^[0-9]{1,9}$' THEN 'must be a number, 0 or greater' END
			WHEN name IN ('unused_lifetime', 'client_secret_lifetime') THEN
				CASE WHEN kind <> 'number' OR value #>> '{}' !~ '^[0-9]{1,9}$' OR (value #>> '{}')::integer BETWEEN 1 AND 3599 THEN 'must be a number of seconds, an hour at the least; 0: for ever' END
			WHEN name = 'access_token_lifetime' THEN
				CASE WHEN kind <> 'number' OR value #>> '{}' !~ '^[0-9]{1,9}$' OR NOT pgtoken.valid_token_lifetime(make_interval(secs => (value #>> '{}')::float8))
					 THEN 'must be a number of seconds, 10 to 86400' END
			WHEN name IN ('refresh_absolute_lifetime', 'refresh_idle_lifetime') THEN
				CASE WHEN kind <> 'number' OR value #>> '{}' !~ '^[0-9]{1,9}$' OR NOT pgtoken.valid_lifetime(make_interval(secs => (value #>> '{}')::float8), '1 minute')
					 THEN 'must be a number of seconds, a minute to ten years' END
			WHEN name = 'redirect_hosts' THEN
				CASE WHEN kind <> 'array' OR jsonb_array_length(value) > 1000
						  OR EXISTS (SELECT FROM jsonb_array_elements(value) e WHERE jsonb_typeof(e) <> 'string' OR NOT pgtoken.valid_host_name(regexp_replace(e #>> '{}', '^[*][.]', '')))
					 THEN 'must be an array of names of hosts in lower case, with *. before one for all below it' END
			WHEN name = 'profile' THEN
				CASE WHEN kind <> 'string' OR value #>> '{}' <> ALL (pgtoken.choices(name)) THEN 'must be one of ' || array_to_string(pgtoken.choices(name), ', ') END
			WHEN name = 'client_id_metadata_documents' THEN
				CASE WHEN value NOT IN ('"off"', '"list"', '"open"') THEN 'must be off, list or open' END
			WHEN name = 'document_hosts' THEN
				CASE WHEN kind <> 'array' OR jsonb_array_length(value) > 1000
						  OR EXISTS (SELECT FROM jsonb_array_elements(value) e WHERE jsonb_typeof(e) <> 'string' OR NOT pgtoken.valid_host_name(regexp_replace(e #>> '{}', '^[*][.]|:[1-9][0-9]{0,4}$', '')))
					 THEN 'must be an array of names of hosts in lower case, with *. before one for all below it, or a port behind it' END
			WHEN name IN ('grant_types', 'token_endpoint_auth_methods') THEN
				CASE WHEN kind <> 'array' OR NOT value <@ to_jsonb(pgtoken.choices(CASE name WHEN 'grant_types' THEN name ELSE 'token_endpoint_auth_method' END)) OR value = '[]'
					 THEN 'must be an array, not empty, of ' || array_to_string(pgtoken.choices(CASE name WHEN 'grant_types' THEN name ELSE 'token_endpoint_auth_method' END), ', ') END
			WHEN name IN ('scopes', 'default_scopes') THEN
				CASE WHEN kind <> 'array' OR pgtoken.scopes_problem(ARRAY(SELECT jsonb_array_elements_text(CASE kind WHEN 'array' THEN value ELSE '[]' END)), of_client => true) IS NOT NULL
					 THEN 'must be an array of scopes, none twice, without offline_access, which goes with the grant type refresh_token' END
			WHEN name = 'resources' THEN
				CASE WHEN kind <> 'array' OR EXISTS (SELECT FROM jsonb_array_elements(CASE kind WHEN 'array' THEN value ELSE '[]' END) e WHERE jsonb_typeof(e) <> 'string') THEN 'must be an array of resources' END
			WHEN name = 'metadata' THEN
				CASE WHEN kind <> 'object' OR value ?| ARRAY['token_endpoint_auth_method', 'grant_types', 'application_type'] THEN 'must be an object without token_endpoint_auth_method, grant_types and application_type'
					 ELSE pgtoken.client_metadata_problem('confidential', value || '{"token_endpoint_auth_method": "client_secret_basic"}') END
			WHEN name = 'software_statement_issuers' THEN
				CASE WHEN kind <> 'object' OR EXISTS (SELECT FROM jsonb_each(CASE kind WHEN 'object' THEN value ELSE '{}' END) e
													  WHERE jsonb_typeof(e.value) <> 'object' OR NOT coalesce(pgtoken.valid_jwks(e.value ->> 'jwks'), false) OR e.value - 'jwks' <> '{}')
					 THEN 'must be an object: of each issuer an object with jwks, a JWK Set of public keys' END
			ELSE 'is not known'
		END;
		IF problem IS NOT NULL THEN
			RETURN format('%s %s', CASE WHEN name ~ '^[a-z_]{1,63}$' THEN name ELSE to_json(name)::text END, problem);
		END IF;
	END LOOP;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.registration_policy_problem FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.registration_policy_problem IS 'Internal: what is wrong with a registration policy: an English phrase that names the member, or NULL';

CREATE TABLE pgtoken.registration_policies (
	issuer text NOT NULL,
	policy jsonb NOT NULL,
	CONSTRAINT registration_policies_pkey PRIMARY KEY (issuer),
	CONSTRAINT registration_policies_policy_check CHECK (pgtoken.registration_policy_problem(policy) IS NULL)
);
COMMENT ON TABLE pgtoken.registration_policies IS 'What clients that register themselves may have, where an issuer does not go by the defaults; set_registration_policy lists the members';
COMMENT ON COLUMN pgtoken.registration_policies.issuer IS 'Whose policy';
COMMENT ON COLUMN pgtoken.registration_policies.policy IS 'The members that are not at their defaults';
COMMENT ON INDEX pgtoken.registration_policies_pkey IS 'One policy an issuer';
COMMENT ON CONSTRAINT registration_policies_policy_check ON pgtoken.registration_policies IS 'Known members only, of the right type';
SELECT pg_catalog.pg_extension_config_dump('pgtoken.registration_policies', '');
ALTER TABLE pgtoken.registration_policies ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.registration_policies FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.registration_policies IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.registration_policies TO pgtoken_auditor;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.registration_policies FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('registration_policy');
COMMENT ON TRIGGER audit ON pgtoken.registration_policies IS 'Writes the row before and after to audit_events';

CREATE TABLE pgtoken.registration_tokens (
	token_id uuid NOT NULL,
	issuer text NOT NULL,
	token_hash bytea NOT NULL,
	label text,
	policy jsonb NOT NULL,
	uses_left integer NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	expires_at timestamptz,
	revoked_at timestamptz,
	CONSTRAINT registration_tokens_pkey PRIMARY KEY (token_id),
	CONSTRAINT registration_tokens_token_hash_check CHECK (pg_catalog.octet_length(token_hash) = 32),
	CONSTRAINT registration_tokens_policy_check CHECK (pgtoken.registration_policy_problem(policy) IS NULL)
);
COMMENT ON TABLE pgtoken.registration_tokens IS 'Initial access tokens (RFC 7591 section 1.2): who has one may register so many clients';
COMMENT ON COLUMN pgtoken.registration_tokens.token_id IS 'UUIDv7 that names the token, for revoke_registration_token; no part of it';
COMMENT ON COLUMN pgtoken.registration_tokens.issuer IS 'Where clients may be registered with it';
COMMENT ON COLUMN pgtoken.registration_tokens.token_hash IS 'SHA-256 of the token';
COMMENT ON COLUMN pgtoken.registration_tokens.label IS 'What to tell it by';
COMMENT ON COLUMN pgtoken.registration_tokens.policy IS 'Members that count instead of those of the issuer''s registration policy';
COMMENT ON COLUMN pgtoken.registration_tokens.uses_left IS 'How many clients may still be registered with it';
COMMENT ON COLUMN pgtoken.registration_tokens.created_at IS 'When it was made';
COMMENT ON COLUMN pgtoken.registration_tokens.expires_at IS 'From when on it is refused; NULL: no end';
COMMENT ON COLUMN pgtoken.registration_tokens.revoked_at IS 'When it was revoked; NULL: it was not';
COMMENT ON INDEX pgtoken.registration_tokens_pkey IS 'Finds a token by its name';
COMMENT ON CONSTRAINT registration_tokens_token_hash_check ON pgtoken.registration_tokens IS 'SHA-256';
COMMENT ON CONSTRAINT registration_tokens_policy_check ON pgtoken.registration_tokens IS 'Known members only, of the right type';
CREATE UNIQUE INDEX registration_tokens_token_hash ON pgtoken.registration_tokens (token_hash);
COMMENT ON INDEX pgtoken.registration_tokens_token_hash IS 'Finds a token by what is presented';
ALTER TABLE pgtoken.registration_tokens
	ALTER token_hash SET STORAGE MAIN, ALTER token_hash SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.registration_tokens', '');
ALTER TABLE pgtoken.registration_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.registration_tokens FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.registration_tokens IS 'Lets pgtoken_auditor see every row (though not token_hash: column privileges); without it row security shows none, not even to pg_read_all_data';
GRANT SELECT (token_id, issuer, label, policy, uses_left, created_at, expires_at, revoked_at) ON pgtoken.registration_tokens TO pgtoken_auditor;
-- not for uses_left: each use is on record as client.registered
CREATE TRIGGER audit AFTER INSERT OR UPDATE OF token_id, issuer, token_hash, label, policy, created_at, expires_at, revoked_at OR DELETE ON pgtoken.registration_tokens FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('registration_token', 'token_hash');
COMMENT ON TRIGGER audit ON pgtoken.registration_tokens IS 'Writes the row before and after to audit_events, without the hash';

CREATE TABLE pgtoken.registrations (
	client_id text NOT NULL,
	issuer text NOT NULL,
	origin text NOT NULL,
	token_id uuid,
	software_statement text,
	statement_claims jsonb,
	access_token_hash bytea,
	previous_token_hash bytea,
	registered_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	changes integer NOT NULL DEFAULT 0,
	changes_since timestamptz NOT NULL DEFAULT pg_catalog.now(),
	document_at timestamptz,
	CONSTRAINT registrations_pkey PRIMARY KEY (client_id),
	CONSTRAINT registrations_origin_check CHECK (origin = ANY (pgtoken.choices('origin'))),
	CONSTRAINT registrations_access_token_hash_check CHECK (pg_catalog.octet_length(access_token_hash) = 32),
	CONSTRAINT registrations_previous_token_hash_check CHECK (pg_catalog.octet_length(previous_token_hash) = 32)
);
COMMENT ON TABLE pgtoken.registrations IS 'Clients that have registered themselves, or whose client_id names a document that did; what they are is in clients';
COMMENT ON COLUMN pgtoken.registrations.client_id IS 'The client';
COMMENT ON COLUMN pgtoken.registrations.issuer IS 'Its issuer';
COMMENT ON COLUMN pgtoken.registrations.origin IS 'registration: it was registered by RFC 7591. document: its client_id is the URL of its metadata';
COMMENT ON COLUMN pgtoken.registrations.token_id IS 'Initial access token that it was registered with; NULL: with none';
COMMENT ON COLUMN pgtoken.registrations.software_statement IS 'The software statement (RFC 7591 section 2.3) that came with its metadata, as it came; NULL: none did';
COMMENT ON COLUMN pgtoken.registrations.statement_claims IS 'Metadata that the software statement says, which its client cannot change; NULL: it has none';
COMMENT ON COLUMN pgtoken.registrations.access_token_hash IS 'SHA-256 of the registration access token that it was given last; NULL: it cannot change its registration any more';
COMMENT ON COLUMN pgtoken.registrations.previous_token_hash IS 'SHA-256 of the one before, which holds until the last one is used; NULL: it was, or there is none';
COMMENT ON COLUMN pgtoken.registrations.registered_at IS 'When it was registered';
COMMENT ON COLUMN pgtoken.registrations.changes IS 'How often its client has changed it within the hour: 60 times at the most';
COMMENT ON COLUMN pgtoken.registrations.changes_since IS 'When that hour began';
COMMENT ON COLUMN pgtoken.registrations.document_at IS 'When the document was fetched that the client is as now; NULL: it is not of one';
COMMENT ON INDEX pgtoken.registrations_pkey IS 'Finds the registration of a client';
COMMENT ON CONSTRAINT registrations_origin_check ON pgtoken.registrations IS 'How a client can have come about by itself';
COMMENT ON CONSTRAINT registrations_access_token_hash_check ON pgtoken.registrations IS 'SHA-256';
COMMENT ON CONSTRAINT registrations_previous_token_hash_check ON pgtoken.registrations IS 'SHA-256';
CREATE INDEX registrations_issuer ON pgtoken.registrations (issuer, origin, registered_at);
COMMENT ON INDEX pgtoken.registrations_issuer IS 'Counts them, and finds those that were never used';
ALTER TABLE pgtoken.registrations
	ALTER access_token_hash SET STORAGE MAIN, ALTER access_token_hash SET STATISTICS 0,
	ALTER previous_token_hash SET STORAGE MAIN, ALTER previous_token_hash SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.registrations', '');
ALTER TABLE pgtoken.registrations ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.registrations FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.registrations IS 'Lets pgtoken_auditor see every row (though not the hashes: column privileges); without it row security shows none, not even to pg_read_all_data';
GRANT SELECT (client_id, issuer, origin, token_id, software_statement, statement_claims, registered_at, changes, changes_since, document_at) ON pgtoken.registrations TO pgtoken_auditor;

-- Apart from registrations, whose row is locked before codes and families: who begins a
-- family holds those already.
CREATE TABLE pgtoken.registration_uses (
	client_id text NOT NULL,
	used_at timestamptz NOT NULL,
	CONSTRAINT registration_uses_pkey PRIMARY KEY (client_id)
);
COMMENT ON TABLE pgtoken.registration_uses IS 'Clients that have registered themselves and begun a family since: maintain() leaves them';
COMMENT ON COLUMN pgtoken.registration_uses.client_id IS 'The client';
COMMENT ON COLUMN pgtoken.registration_uses.used_at IS 'When it last began a family, to the day: written once a day at the most';
COMMENT ON INDEX pgtoken.registration_uses_pkey IS 'One row a client';
SELECT pg_catalog.pg_extension_config_dump('pgtoken.registration_uses', '');
ALTER TABLE pgtoken.registration_uses ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.registration_uses FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.registration_uses IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.registration_uses TO pgtoken_auditor;

CREATE TABLE pgtoken.registration_windows (
	issuer text NOT NULL,
	way text NOT NULL,
	began_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	registered integer NOT NULL DEFAULT 0,
	CONSTRAINT registration_windows_pkey PRIMARY KEY (issuer, way),
	CONSTRAINT registration_windows_way_check CHECK (way = ANY (pgtoken.choices('registration way')))
);
COMMENT ON TABLE pgtoken.registration_windows IS 'How many clients have registered themselves within the hour. Who registers one holds the rows of its issuer: the limits hold also for those that come at the same time. Not dumped: it is of the moment';
COMMENT ON COLUMN pgtoken.registration_windows.issuer IS 'Whose clients';
COMMENT ON COLUMN pgtoken.registration_windows.way IS 'With nothing to show (open), with an initial access token (token), by a document: who floods one does not close the others';
COMMENT ON COLUMN pgtoken.registration_windows.began_at IS 'When the hour began';
COMMENT ON COLUMN pgtoken.registration_windows.registered IS 'How many so far';
COMMENT ON INDEX pgtoken.registration_windows_pkey IS 'One row an issuer and way';
COMMENT ON CONSTRAINT registration_windows_way_check ON pgtoken.registration_windows IS 'How a client can come about by itself';
ALTER TABLE pgtoken.registration_windows ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.registration_windows FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.registration_windows IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.registration_windows TO pgtoken_auditor;

CREATE FUNCTION pgtoken.check_registration_policy(issuer text, policy jsonb) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	problem CONSTANT text := pgtoken.registration_policy_problem(policy);
	unknown_resource text;
BEGIN
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'invalid registration policy'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = problem || '.',
				  HINT = 'SELECT obj_description(''pgtoken.set_registration_policy''::regproc) says what the members are.';
	END IF;
	SELECT u INTO unknown_resource FROM jsonb_array_elements_text(coalesce(policy -> 'resources', '[]')) u
	WHERE NOT EXISTS (SELECT FROM pgtoken.resources r WHERE r.issuer = check_registration_policy.issuer AND r.resource = u) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'resource % is not registered', quote_literal(unknown_resource)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'SELECT pgtoken.create_resource(...) first.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_registration_policy FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_registration_policy IS 'Internal, called by set_registration_policy and create_registration_token: raises 22023 for what no registration policy can be';

CREATE FUNCTION pgtoken.registration_policy(of_issuer text, of_token uuid) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN pgtoken.registration_defaults()
		   || coalesce((SELECT p.policy FROM pgtoken.registration_policies p WHERE p.issuer = of_issuer), '{}')
		   || coalesce((SELECT t.policy FROM pgtoken.registration_tokens t WHERE t.token_id = of_token), '{}');
REVOKE ALL ON FUNCTION pgtoken.registration_policy FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.registration_policy IS 'Internal: the registration policy of an issuer, defaults included; with the members that an initial access token has instead, of_token NULL: none';

CREATE FUNCTION pgtoken.set_registration_policy(policy jsonb, issuer text DEFAULT NULL) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	changed jsonb;
BEGIN
	IF policy IS NULL THEN
		RAISE EXCEPTION 'policy must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM FROM pgtoken.issuers i WHERE i.issuer = of_issuer FOR NO KEY UPDATE;
	changed := pgtoken.merged_metadata(coalesce((SELECT p.policy FROM pgtoken.registration_policies p WHERE p.issuer = of_issuer), '{}'), policy);
	PERFORM pgtoken.check_registration_policy(of_issuer, changed);
	INSERT INTO pgtoken.registration_policies AS p (issuer, policy) VALUES (of_issuer, changed)
	ON CONFLICT ON CONSTRAINT registration_policies_pkey DO UPDATE SET policy = changed WHERE p.policy <> changed;
	RETURN pgtoken.registration_policy(of_issuer, NULL);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.set_registration_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.set_registration_policy TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.set_registration_policy IS
'Say what clients that register themselves (RFC 7591) may have; whether they may is for update_issuer(registration => ...). issuer: NULL is the default one. policy: members to change; the others stay, and one given as null goes back to its default:
profile (as in create_client; of it each has to be), redirect_hosts (hosts that redirect_uris and post_logout_redirect_uris may be of, *.example.com for all below example.com; any), loopback_redirects (true: this device, on http or https), private_use_redirects (true: schemes of installed applications); grant_types (["authorization_code", "refresh_token"]), token_endpoint_auth_methods (all); scopes (those that the most may have; of OpenID Connect and of the resources), default_scopes (for who names none: all that are allowed), all_scopes (false; true: all that are allowed for each, whatever it names), resources (APIs that tokens may be for: any of the issuer); access_token_lifetime, refresh_absolute_lifetime, refresh_idle_lifetime (seconds; the settings), client_secret_lifetime (seconds; 0: secrets do not end); metadata (members of a client''s metadata that each gets, whatever it asks for, {}); software_statement_issuers (of each issuer of software statements that are believed {"jwks": a JWK Set}; none); max_clients (10000: in all), max_per_hour (100; of those with an initial access token, of those without and of documents each), unused_lifetime (2592000 seconds, after which maintain() deletes a client that never got a token; 0: never); client_id_metadata_documents (off; list: those of document_hosts; open: of any host: client_ids that are URLs of their metadata), document_hosts (as redirect_hosts, or host:port), max_documents (1000: clients of that kind).
Those that are registered keep what they have until they change it themselves. Returns the policy with its defaults. Raises 22004, 22023, 55000 where there is no such issuer.';

CREATE FUNCTION pgtoken.new_registration_secret(initial boolean) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_new_registration_secret' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.new_registration_secret FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.new_registration_secret IS 'Internal: a fresh initial access token, or registration access token: prefix and 256 random bits. Stores nothing';

CREATE TYPE pgtoken.created_registration_token AS (
	registration_token text,
	token_id uuid
);
REVOKE ALL ON TYPE pgtoken.created_registration_token FROM PUBLIC;
GRANT USAGE ON TYPE pgtoken.created_registration_token TO pgtoken_admin;
COMMENT ON TYPE pgtoken.created_registration_token IS 'Answer of create_registration_token';
COMMENT ON COLUMN pgtoken.created_registration_token.registration_token IS 'Prefix pgtia_ and 256 random bits in base64url; shown this once';
COMMENT ON COLUMN pgtoken.created_registration_token.token_id IS 'Names it in registration_tokens, for revoke_registration_token';

CREATE FUNCTION pgtoken.create_registration_token(label text DEFAULT NULL, uses integer DEFAULT 1, expires_at timestamptz DEFAULT pg_catalog.now() + interval '1 day',
												  policy jsonb DEFAULT '{}', issuer text DEFAULT NULL) RETURNS pgtoken.created_registration_token
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	created CONSTANT pgtoken.created_registration_token := ROW (pgtoken.new_registration_secret(true), pgtoken.new_uuid());
BEGIN
	IF uses IS NULL OR policy IS NULL THEN
		RAISE EXCEPTION 'uses and policy must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF uses NOT BETWEEN 1 AND 1000000 THEN
		RAISE EXCEPTION 'uses must be between 1 and 1000000'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF expires_at <= clock_timestamp() THEN
		RAISE EXCEPTION 'expires_at must be in the future'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'The token could never be used.';
	END IF;
	IF length(label) > 255 THEN
		RAISE EXCEPTION 'label must not be longer than 255 characters'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM pgtoken.check_registration_policy(of_issuer, policy);
	INSERT INTO pgtoken.registration_tokens (token_id, issuer, token_hash, label, policy, uses_left, expires_at)
	VALUES (created.token_id, of_issuer, sha256(convert_to(created.registration_token, 'UTF8')), create_registration_token.label, create_registration_token.policy,
			uses, create_registration_token.expires_at);
	RETURN created;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_registration_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.create_registration_token TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.create_registration_token IS
'Make an initial access token (RFC 7591 section 1.2), which is shown this once: who has it may register clients by itself where update_issuer(registration => ...) is token, statement or open.
label: what to tell it by in pgtoken.registration_tokens, at most 255 characters. uses: how many clients, 1 to 1000000. expires_at: in a day unless it says otherwise; NULL is never. policy: members that count for its clients instead of those of the issuer''s policy, as set_registration_policy lists them. issuer: NULL is the default one. Returns the token, and the token_id by which revoke_registration_token knows it. Raises 22004, 22023, 55000 where there is no such issuer.';

CREATE FUNCTION pgtoken.revoke_registration_token(token_id uuid) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken.make_durable();
	UPDATE pgtoken.registration_tokens t SET revoked_at = now() WHERE t.token_id = revoke_registration_token.token_id AND t.revoked_at IS NULL;
	RETURN FOUND;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.revoke_registration_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.revoke_registration_token TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.revoke_registration_token IS
'Refuse an initial access token from the next statement on; clients that were registered with it stay (pgtoken.registrations names it beside them). token_id: see pgtoken.registration_tokens. Returns false when there is none such or it was revoked before.';

CREATE FUNCTION pgtoken.find_registration_token(of_issuer text, token_hash bytea) RETURNS uuid
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN (SELECT t.token_id FROM pgtoken.registration_tokens t
			WHERE t.token_hash = find_registration_token.token_hash AND t.issuer = of_issuer AND t.revoked_at IS NULL
			  AND t.uses_left > 0 AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp()));
REVOKE ALL ON FUNCTION pgtoken.find_registration_token FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.find_registration_token IS 'Internal: the initial access token of this hash, if it holds; NULL';

CREATE FUNCTION pgtoken.host_listed(host text, hosts jsonb) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN EXISTS (SELECT FROM jsonb_array_elements_text(coalesce(hosts, '[]')) p
				   WHERE host = p OR (starts_with(p, '*.') AND length(host) >= length(p) AND right(host, length(p) - 1) = substr(p, 2)));
REVOKE ALL ON FUNCTION pgtoken.host_listed FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.host_listed IS 'Internal: is the host one of these, or below one that *. stands before?';

CREATE FUNCTION pgtoken.redirect_problem(uris text[], policy jsonb) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	uri text;
	host text;
BEGIN
	FOREACH uri IN ARRAY uris LOOP
		host := lower(substring(uri FROM '(?i)^https?://(\[[^]]*\]|[^/?:]*)'));
		IF host IS NULL THEN
			IF policy -> 'private_use_redirects' <> 'true' THEN
				RETURN 'may have no schemes of installed applications here';
			END IF;
		ELSIF host IN ('localhost', '127.0.0.1', '[::1]') THEN
			IF policy -> 'loopback_redirects' <> 'true' THEN
				RETURN 'may not lead to the device itself here';
			END IF;
		ELSIF policy ? 'redirect_hosts' AND NOT pgtoken.host_listed(host, policy -> 'redirect_hosts') THEN
			RETURN 'may not lead to that host here';
		END IF;
	END LOOP;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.redirect_problem FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.redirect_problem IS 'Internal: what a registration policy has against one of these redirect URIs, all of which are valid ones: an English phrase, or NULL';

CREATE FUNCTION pgtoken.registrable_scopes(of_issuer text, policy jsonb) RETURNS text[]
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN CASE WHEN policy ? 'scopes' THEN ARRAY(SELECT jsonb_array_elements_text(policy -> 'scopes'))
				ELSE ARRAY(SELECT s FROM (SELECT p, 0 FROM unnest(pgtoken.choices('protocol_scope')) p
										  UNION SELECT s, 1 FROM pgtoken.resources r, unnest(r.scopes) s
										  WHERE r.issuer = of_issuer AND r.enabled AND (NOT policy ? 'resources' OR policy -> 'resources' ? r.resource)) u (s, place)
						   WHERE s <> 'offline_access' GROUP BY s ORDER BY min(place), s LIMIT 100) END;
REVOKE ALL ON FUNCTION pgtoken.registrable_scopes FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.registrable_scopes IS 'Internal: the scopes that a client that registers itself may have at the most: those of its policy, or of OpenID Connect and of the resources that it may ask for';

CREATE FUNCTION pgtoken.texts_of(value jsonb) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN CASE WHEN jsonb_typeof(value) = 'array' AND NOT EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE '[]' END) e WHERE jsonb_typeof(e) <> 'string')
				THEN ARRAY(SELECT jsonb_array_elements_text(CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE '[]' END)) END;
REVOKE ALL ON FUNCTION pgtoken.texts_of FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.texts_of IS 'Internal: the strings of a JSON array of strings; NULL: it is none';

-- The one translation from the words of RFC 7591 to the arguments of create_client and
-- update_client. What those check is not checked here.
CREATE FUNCTION pgtoken.requested_client(
	of_issuer text, request jsonb, policy jsonb,
	OUT refused text, OUT sentence text,
	OUT client_type text, OUT client_name text, OUT scopes text[], OUT redirect_uris text[], OUT resources text[], OUT offline_access boolean, OUT signing_alg text, OUT metadata jsonb, OUT profile text
) RETURNS record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	-- what an administrator alone decides; and those that are columns of a client, or the server's own
	kept CONSTANT text[] := pgtoken.choices('kept member');
	elsewhere CONSTANT text[] := ARRAY['redirect_uris', 'client_name', 'scope', 'response_types', 'grant_types', 'id_token_signed_response_alg', 'application_type'];
	allowed_grants CONSTANT text[] := pgtoken.texts_of(policy -> 'grant_types');
	allowed_methods CONSTANT text[] := coalesce(pgtoken.texts_of(policy -> 'token_endpoint_auth_methods'), pgtoken.choices('token_endpoint_auth_method'));
	allowed_scopes CONSTANT text[] := pgtoken.registrable_scopes(of_issuer, policy);
	asked CONSTANT jsonb := pgtoken.merged_metadata('{}', request);
	grant_types text[] := pgtoken.texts_of(coalesce(asked -> 'grant_types', '["authorization_code"]'));
	response_types CONSTANT text[] := pgtoken.texts_of(coalesce(asked -> 'response_types', CASE WHEN 'authorization_code' = ANY (grant_types) THEN '["code"]' ELSE '[]' END::jsonb));
	method text := asked ->> 'token_endpoint_auth_method';
	asked_scopes text[];
	native boolean;
	unfit text;
BEGIN
	refused := 'metadata';
	IF grant_types IS NULL OR cardinality(grant_types) NOT BETWEEN 1 AND 20 THEN
		sentence := 'grant_types must be an array of strings, and not empty';
	ELSIF response_types IS NULL OR NOT response_types <@ pgtoken.choices('response_type') OR (cardinality(response_types) > 0) <> ('authorization_code' = ANY (grant_types)) THEN
		sentence := 'response_types may have nothing but code, which goes with the grant type authorization_code';
	ELSIF coalesce(jsonb_typeof(asked -> 'scope'), 'string') <> 'string' THEN
		sentence := 'scope must be a string';
	ELSIF coalesce(jsonb_typeof(asked -> 'client_name'), 'string') <> 'string' OR NOT pgtoken.valid_shown_name(asked ->> 'client_name') THEN
		sentence := 'client_name must be a string of at most 200 characters, none of them a control character';
	ELSIF coalesce(asked -> 'application_type', '"web"') NOT IN ('"web"', '"native"') THEN
		sentence := 'application_type must be web or native';
	ELSIF coalesce(jsonb_typeof(asked -> 'token_endpoint_auth_method'), 'string') <> 'string' THEN
		sentence := 'token_endpoint_auth_method must be a string';
	ELSIF method <> ALL (allowed_methods) THEN
		sentence := 'token_endpoint_auth_method must be one of ' || array_to_string(allowed_methods, ', ');
	ELSIF asked ? 'id_token_signed_response_alg'
		  AND NOT EXISTS (SELECT FROM pgtoken.signing_keys k
						  WHERE k.issuer = of_issuer AND to_jsonb(k.alg) = asked -> 'id_token_signed_response_alg' AND k.state = 'active' AND k.public_jwk IS NOT NULL) THEN
		sentence := 'id_token_signed_response_alg must be one of id_token_signing_alg_values_supported';
	END IF;
	IF sentence IS NOT NULL THEN
		RETURN;
	END IF;

	client_name := asked ->> 'client_name';
	signing_alg := asked ->> 'id_token_signed_response_alg';
	method := coalesce(method, CASE WHEN 'client_secret_basic' <> ALL (allowed_methods) THEN allowed_methods[1] END);
	client_type := CASE method WHEN 'none' THEN 'public' ELSE 'confidential' END;
	redirect_uris := pgtoken.texts_of(coalesce(asked -> 'redirect_uris', '[]'));
	-- who says nothing is installed on a device if nothing else could have its redirect URIs
	native := CASE WHEN asked ? 'application_type' THEN asked ->> 'application_type' = 'native'
				   ELSE client_type = 'public' AND cardinality(redirect_uris) > 0
						AND NOT EXISTS (SELECT FROM unnest(redirect_uris) u WHERE u ~* '^https?:' AND u !~* '^https?://(localhost|127[.]0[.]0[.]1|\[::1\])([:/?]|$)') END;
	refused := 'redirect_uri';
	IF redirect_uris IS NULL OR cardinality(redirect_uris) > 50 THEN
		sentence := 'redirect_uris must be an array of at most 50 strings';
	ELSIF cardinality(redirect_uris) = 0 AND 'authorization_code' = ANY (grant_types) THEN
		sentence := 'redirect_uris must be there for the grant type authorization_code';
	ELSIF NOT pgtoken.valid_redirect_uris(redirect_uris, native) THEN
		sentence := 'redirect_uris must be absolute URIs without fragment: https, http for loopback hosts, or a private-use scheme with a dot; without one when application_type is native';
	ELSE
		sentence := 'redirect_uris ' || pgtoken.redirect_problem(redirect_uris, policy);
	END IF;
	IF sentence IS NOT NULL THEN
		RETURN;
	END IF;

	refused := 'metadata';
	offline_access := 'refresh_token' = ANY (allowed_grants) AND ('refresh_token' = ANY (grant_types) OR 'offline_access' = ANY (string_to_array(coalesce(asked ->> 'scope', ''), ' ')));
	grant_types := array_remove(grant_types, 'refresh_token');
	SELECT string_agg(g, ', ') INTO unfit FROM unnest(grant_types) g WHERE g <> ALL (allowed_grants);
	IF unfit IS NOT NULL THEN
		sentence := 'grant_types may have here nothing but ' || array_to_string(allowed_grants, ', ');
		RETURN;
	END IF;
	resources := ARRAY(SELECT r.resource FROM pgtoken.resources r WHERE r.issuer = of_issuer AND policy -> 'resources' ? r.resource);
	resources := CASE WHEN policy ? 'resources' THEN resources END;
	asked_scopes := array_remove(string_to_array(asked ->> 'scope', ' '), 'offline_access');
	scopes := ARRAY(SELECT s FROM unnest(allowed_scopes) WITH ORDINALITY u (s, n)
					WHERE s = ANY (coalesce(CASE policy -> 'all_scopes' WHEN 'true' THEN allowed_scopes END, asked_scopes, pgtoken.texts_of(policy -> 'default_scopes'), allowed_scopes)) ORDER BY n);
	IF scopes = '{}' AND cardinality(array_remove(asked_scopes, '')) > 0 THEN
		sentence := 'scope has none that a client may have here';
		RETURN;
	END IF;
	-- the default of OpenID Connect Registration section 2, where there is a key for it
	IF signing_alg IS NULL AND 'openid' = ANY (scopes) AND coalesce(policy ->> 'profile', '') NOT LIKE 'fapi2%'
	   AND EXISTS (SELECT FROM pgtoken.signing_keys k WHERE k.issuer = of_issuer AND k.alg = 'RS256' AND k.state = 'active') THEN
		signing_alg := 'RS256';
	END IF;

	-- a member that is not understood is ignored (RFC 7591 section 2); one for another language is kept (section 2.2)
	metadata := (SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}') FROM jsonb_each(asked) m
				 WHERE m.key <> ALL (kept || elsewhere)
				   AND pgtoken.client_metadata_problem('confidential', jsonb_build_object(m.key, 'null'::jsonb)) IS DISTINCT FROM m.key || ' is not known'
				   AND m.key ~ ('^[a-z_]{1,63}(#' || pgtoken.language_tag_pattern() || ')?$'))
				|| CASE WHEN asked ? 'grant_types' THEN jsonb_build_object('grant_types', to_jsonb(grant_types) || CASE WHEN offline_access THEN '["refresh_token"]' ELSE '[]' END::jsonb) ELSE '{}' END
				|| CASE WHEN native OR asked ? 'application_type' THEN jsonb_build_object('application_type', CASE WHEN native THEN 'native' ELSE 'web' END) ELSE '{}' END
				|| CASE WHEN method IS NOT NULL THEN jsonb_build_object('token_endpoint_auth_method', method) ELSE '{}' END
				|| coalesce(policy -> 'metadata', '{}');
	IF client_type = 'public' AND metadata -> 'require_pkce' = 'false' THEN
		metadata := metadata - 'require_pkce';
	END IF;
	sentence := CASE WHEN octet_length(metadata::text) > 16384 THEN 'the metadata is longer than 16 kB' ELSE pgtoken.client_metadata_problem(client_type, metadata) END;
	IF sentence IS NULL AND metadata ? 'post_logout_redirect_uris' THEN
		sentence := 'post_logout_redirect_uris ' || pgtoken.redirect_problem(pgtoken.texts_of(metadata -> 'post_logout_redirect_uris'), policy);
	END IF;
	-- what the policy makes of its clients beyond OAuth 2.1 it makes knowingly
	profile := coalesce(policy ->> 'profile', CASE WHEN pgtoken.profile_problems('oauth21', client_type, redirect_uris, signing_alg, metadata) <> '{}' THEN 'oauth2' END);
	IF sentence IS NULL THEN
		refused := NULL;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.requested_client FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.requested_client IS 'Internal: what a client is that has asked for this metadata (RFC 7591 section 2) under a registration policy; or why it cannot be: refused (redirect_uri, metadata) and a sentence';

CREATE FUNCTION pgtoken.registration_answer(of_client text) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN (
		SELECT (c.metadata - ARRAY['grant_types', 'consent_required', 'consent_lifetime', 'sector_identifier'])
			   || jsonb_strip_nulls(jsonb_build_object(
					'client_id', c.client_id,
					'client_id_issued_at', floor(extract(epoch FROM r.registered_at))::bigint,
					'client_name', c.client_name,
					'redirect_uris', c.redirect_uris,
					'grant_types', coalesce(c.metadata -> 'grant_types', '["authorization_code"]') - 'refresh_token' || CASE WHEN c.offline_access OR c.metadata -> 'session_refresh' = 'true' THEN '["refresh_token"]' ELSE '[]' END::jsonb,
					'response_types', CASE WHEN coalesce(c.metadata -> 'grant_types', '["authorization_code"]') ? 'authorization_code' THEN pgtoken.choices('response_type') ELSE '{}' END,
					'scope', array_to_string(c.scopes || CASE WHEN c.offline_access THEN '{offline_access}' ELSE '{}' END::text[], ' '),
					'token_endpoint_auth_method', pgtoken.client_auth_method(c.client_type, c.metadata),
					'application_type', coalesce(c.metadata ->> 'application_type', 'web'),
					'subject_type', coalesce(c.metadata ->> 'subject_type', 'public'),
					'id_token_signed_response_alg', coalesce(c.signing_alg, i.default_alg),
					'software_statement', r.software_statement,
					'registration_client_uri', rtrim(c.issuer, '/') || '/oauth2/register/' || c.client_id,
					'client_secret_expires_at', (SELECT max(CASE WHEN s.expires_at IS NULL THEN 0 ELSE floor(extract(epoch FROM s.expires_at))::bigint END)
												 FROM pgtoken.client_secrets s WHERE s.client_id = c.client_id AND s.revoked_at IS NULL
													AND starts_with(pgtoken.client_auth_method(c.client_type, c.metadata), 'client_secret_'))))
		FROM pgtoken.clients c JOIN pgtoken.issuers i ON i.issuer = c.issuer JOIN pgtoken.registrations r ON r.client_id = c.client_id
		WHERE c.client_id = of_client);
REVOKE ALL ON FUNCTION pgtoken.registration_answer FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.registration_answer IS 'Internal: what a client is registered with, in the words of RFC 7591 section 3.2.1, defaults included; without any secret';

CREATE FUNCTION pgtoken.registration_limit(of_issuer text, policy jsonb, of_way text, OUT refused text, OUT wait integer) RETURNS record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_origin CONSTANT text := CASE of_way WHEN 'document' THEN of_way ELSE 'registration' END;
	most CONSTANT integer := policy ->> CASE of_origin WHEN 'document' THEN 'max_documents' ELSE 'max_clients' END;
BEGIN
	SELECT 'rate', ceil(extract(epoch FROM w.began_at + interval '1 hour' - now())) INTO refused, wait
	FROM pgtoken.registration_windows w
	WHERE w.issuer = of_issuer AND w.way = of_way AND w.began_at > now() - interval '1 hour' AND w.registered >= (policy ->> 'max_per_hour')::integer;
	IF NOT FOUND AND (SELECT count(*) FROM (SELECT FROM pgtoken.registrations r WHERE r.issuer = of_issuer AND r.origin = of_origin LIMIT most) o) >= most THEN
		refused := 'full';
	END IF;
	IF policy ->> 'max_per_hour' = '0' THEN
		refused := 'full';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.registration_limit FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.registration_limit IS 'Internal, called by register_client and adopt_client_document: has the issuer no room for a further client: within this hour (rate, and for how many seconds), or at all (full)? NULL: it has';

CREATE FUNCTION pgtoken.hold_registrations(of_issuer text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	INSERT INTO pgtoken.registration_windows (issuer, way) SELECT of_issuer, y FROM unnest(pgtoken.choices('registration way')) y
	ON CONFLICT ON CONSTRAINT registration_windows_pkey DO NOTHING;
	-- those of every way: max_clients is one
	PERFORM FROM pgtoken.registration_windows w WHERE w.issuer = of_issuer ORDER BY w.way FOR UPDATE;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.hold_registrations FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.hold_registrations IS 'Internal: nobody else registers a client of this issuer until the transaction ends';

CREATE FUNCTION pgtoken.count_registration(of_issuer text, of_way text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	UPDATE pgtoken.registration_windows w
	SET registered = CASE WHEN w.began_at > now() - interval '1 hour' THEN w.registered + 1 ELSE 1 END,
		began_at = CASE WHEN w.began_at > now() - interval '1 hour' THEN w.began_at ELSE now() END
	WHERE w.issuer = of_issuer AND w.way = of_way;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.count_registration FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.count_registration IS 'Internal: one more client was registered within this hour';

-- before anything is locked, written or fetched: who floods costs a look
CREATE FUNCTION pgtoken.judge_registration(of_issuer text, request jsonb, of_token uuid, statement_claims jsonb, OUT refused text, OUT sentence text, OUT wait integer, OUT answer jsonb) RETURNS record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	policy CONSTANT jsonb := pgtoken.registration_policy(of_issuer, of_token);
BEGIN
	SELECT l.refused, l.wait INTO refused, wait FROM pgtoken.registration_limit(of_issuer, policy, CASE WHEN of_token IS NULL THEN 'open' ELSE 'token' END) l;
	IF refused IS NULL THEN
		SELECT q.refused, q.sentence INTO refused, sentence FROM pgtoken.requested_client(of_issuer, request || coalesce(statement_claims, '{}'), policy) q;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.judge_registration FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.judge_registration IS 'Internal, called by the registration endpoint before it has a document fetched, and by register_client: why the client cannot be registered, as far as that can be known by now; as register_client, without an answer';

CREATE FUNCTION pgtoken.register_client(
	of_issuer text, request jsonb, of_token uuid, software_statement text, statement_claims jsonb,
	OUT refused text, OUT sentence text, OUT wait integer, OUT answer jsonb
) RETURNS record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	policy CONSTANT jsonb := pgtoken.registration_policy(of_issuer, of_token);
	new_id CONSTANT text := pgtoken.new_uuid();
	access_token CONSTANT text := pgtoken.new_registration_secret(false);
	secret_lifetime CONSTANT integer := NULLIF((policy ->> 'client_secret_lifetime')::integer, 0);
	asked record;
	credentials pgtoken.client_credentials;
BEGIN
	SELECT j.refused, j.sentence, j.wait INTO refused, sentence, wait FROM pgtoken.judge_registration(of_issuer, request, of_token, statement_claims) j;
	IF refused IS NOT NULL THEN
		RETURN;
	END IF;
	SELECT * INTO asked FROM pgtoken.requested_client(of_issuer, request || coalesce(statement_claims, '{}'), policy);
	PERFORM pgtoken.hold_registrations(of_issuer);
	SELECT l.refused, l.wait INTO refused, wait FROM pgtoken.registration_limit(of_issuer, policy, CASE WHEN of_token IS NULL THEN 'open' ELSE 'token' END) l;
	IF refused IS NOT NULL THEN
		RETURN;
	END IF;
	BEGIN
		-- taken back with what follows it
		UPDATE pgtoken.registration_tokens t SET uses_left = t.uses_left - 1 WHERE t.token_id = of_token AND t.uses_left > 0 AND t.revoked_at IS NULL;
		IF NOT FOUND AND of_token IS NOT NULL THEN
			refused := 'token';
			RETURN;
		END IF;
		credentials := pgtoken.create_client(new_id, asked.client_type, asked.scopes, asked.redirect_uris, asked.offline_access, asked.resources, asked.client_name,
			asked.signing_alg, issuer => of_issuer, metadata => asked.metadata, profile => asked.profile,
			access_token_lifetime => make_interval(secs => (policy ->> 'access_token_lifetime')::float8),
			refresh_absolute_lifetime => make_interval(secs => (policy ->> 'refresh_absolute_lifetime')::float8),
			refresh_idle_lifetime => make_interval(secs => (policy ->> 'refresh_idle_lifetime')::float8));
	EXCEPTION WHEN check_violation THEN
		-- its detail has the row
		refused := 'metadata';
		RETURN;
	WHEN invalid_parameter_value THEN
		GET STACKED DIAGNOSTICS sentence = PG_EXCEPTION_DETAIL;
		refused := 'metadata';
		sentence := coalesce(NULLIF(rtrim(sentence, '.'), ''), SQLERRM);
		RETURN;
	END;
	UPDATE pgtoken.client_secrets s SET expires_at = now() + make_interval(secs => secret_lifetime) WHERE s.client_id = new_id AND secret_lifetime IS NOT NULL;
	INSERT INTO pgtoken.registrations (client_id, issuer, origin, token_id, software_statement, statement_claims, access_token_hash)
	VALUES (new_id, of_issuer, 'registration', of_token, register_client.software_statement, register_client.statement_claims, sha256(convert_to(access_token, 'UTF8')));
	PERFORM pgtoken.count_registration(of_issuer, CASE WHEN of_token IS NULL THEN 'open' ELSE 'token' END);
	answer := pgtoken.registration_answer(new_id) || jsonb_build_object('registration_access_token', access_token)
			  || CASE WHEN credentials.client_secret IS NULL THEN '{}' ELSE jsonb_build_object('client_secret', credentials.client_secret) END;
	PERFORM pgtoken.write_audit_event('client.registered',
		jsonb_strip_nulls(jsonb_build_object('issuer', of_issuer, 'token_id', of_token, 'software_id', asked.metadata -> 'software_id', 'by_statement', statement_claims IS NOT NULL)),
		client_id => new_id);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.register_client FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.register_client IS
'Internal, called by the registration endpoint: registers a client that has asked for it, with an initial access token that holds (of_token, NULL: with none) and what a software statement says, which counts before what it asks for. Returns the answer of RFC 7591 section 3.2.1; or why there is none: refused (redirect_uri, metadata, rate, full), a sentence, and how many seconds to wait.';

CREATE FUNCTION pgtoken.remembered_members(of_client text, asked jsonb) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	-- all that is not asked for goes back to its default, but for what only an administrator decides
	RETURN (SELECT coalesce(jsonb_object_agg(m.key, 'null'::jsonb) FILTER (WHERE m.key <> ALL (pgtoken.choices('kept member'))), '{}') || asked
			FROM pgtoken.clients c, jsonb_each(c.metadata) m WHERE c.client_id = of_client);
REVOKE ALL ON FUNCTION pgtoken.remembered_members FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.remembered_members IS 'Internal, called by replace_registration: the changes that make a client''s metadata what is asked for';

CREATE FUNCTION pgtoken.replace_registration(
	of_client text, request jsonb, presented_hash bytea, new_statement text, new_claims jsonb,
	OUT refused text, OUT sentence text, OUT wait integer, OUT answer jsonb
) RETURNS record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	access_token CONSTANT text := pgtoken.new_registration_secret(false);
	registration pgtoken.registrations;
	client pgtoken.clients;
	policy jsonb;
	secret_lifetime integer;
	asked record;
	secret text;
BEGIN
	SELECT * INTO registration FROM pgtoken.registrations r WHERE r.client_id = of_client FOR UPDATE;
	SELECT * INTO client FROM pgtoken.clients c WHERE c.client_id = of_client;
	policy := pgtoken.registration_policy(registration.issuer, registration.token_id);
	secret_lifetime := NULLIF((policy ->> 'client_secret_lifetime')::integer, 0);
	registration.statement_claims := coalesce(new_claims, registration.statement_claims);
	registration.software_statement := coalesce(new_statement, registration.software_statement);
	-- RFC 7592 section 2.2
	refused := 'metadata';
	SELECT format('%s must not be there when a registration is changed', m) INTO sentence
	FROM unnest(ARRAY['registration_access_token', 'registration_client_uri', 'client_secret_expires_at', 'client_id_issued_at']) m WHERE request ? m LIMIT 1;
	IF request -> 'client_id' IS DISTINCT FROM to_jsonb(of_client) THEN
		sentence := 'client_id must be there, and that of the client';
	ELSIF request ? 'client_secret'
		  AND NOT EXISTS (SELECT FROM pgtoken.client_secrets s
						  WHERE s.client_id = of_client AND s.revoked_at IS NULL AND s.secret_hash = sha256(convert_to(request ->> 'client_secret', 'UTF8'))) THEN
		sentence := 'client_secret must be the one that the client has, or be left out';
	END IF;
	IF sentence IS NOT NULL THEN
		RETURN;
	END IF;
	IF registration.changes_since < now() - interval '1 hour' THEN
		registration.changes_since := now();
		registration.changes := 0;
	ELSIF registration.changes >= 60 THEN
		refused := 'rate';
		wait := ceil(extract(epoch FROM registration.changes_since + interval '1 hour' - now()));
		RETURN;
	END IF;
	SELECT * INTO asked FROM pgtoken.requested_client(registration.issuer, request || coalesce(registration.statement_claims, '{}'), policy);
	refused := asked.refused;
	sentence := asked.sentence;
	IF refused IS NULL AND asked.client_type <> client.client_type THEN
		refused := 'metadata';
		sentence := 'token_endpoint_auth_method cannot become none, or be none no longer: such a client registers anew';
	END IF;
	IF refused IS NOT NULL THEN
		RETURN;
	END IF;
	BEGIN
		PERFORM pgtoken.update_client(of_client, asked.scopes, asked.redirect_uris, asked.offline_access, asked.resources, asked.client_name, asked.signing_alg,
			reset => ARRAY['client_name', 'signing_alg'] || CASE WHEN asked.resources IS NULL THEN ARRAY['resources'] ELSE '{}' END,
			metadata => pgtoken.remembered_members(of_client, asked.metadata));
	EXCEPTION WHEN check_violation THEN
		refused := 'metadata';
		RETURN;
	WHEN invalid_parameter_value OR object_not_in_prerequisite_state THEN
		GET STACKED DIAGNOSTICS sentence = PG_EXCEPTION_DETAIL;
		refused := 'metadata';
		sentence := coalesce(NULLIF(rtrim(sentence, '.'), ''), SQLERRM);
		RETURN;
	END;
	-- one that it needs and has not, or that ends soon: the one before holds until then
	IF starts_with(pgtoken.client_auth_method(client.client_type, asked.metadata), 'client_secret_')
	   AND NOT EXISTS (SELECT FROM pgtoken.client_secrets s WHERE s.client_id = of_client AND s.revoked_at IS NULL
						AND (s.expires_at IS NULL OR s.expires_at > now() + coalesce(make_interval(secs => secret_lifetime) / 2, '0'))) THEN
		secret := (pgtoken.create_client_secret(of_client, now() + make_interval(secs => secret_lifetime))).client_secret;
	END IF;
	UPDATE pgtoken.registrations r
	SET access_token_hash = sha256(convert_to(access_token, 'UTF8')), previous_token_hash = presented_hash,
		software_statement = registration.software_statement, statement_claims = registration.statement_claims,
		changes = registration.changes + 1, changes_since = registration.changes_since
	WHERE r.client_id = of_client;
	answer := pgtoken.registration_answer(of_client) || jsonb_build_object('registration_access_token', access_token)
			  || CASE WHEN secret IS NULL THEN '{}' ELSE jsonb_build_object('client_secret', secret) END;
	PERFORM pgtoken.write_audit_event('client.registration_changed', jsonb_build_object('issuer', registration.issuer), client_id => of_client);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.replace_registration FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.replace_registration IS
'Internal, called by the registration endpoint: replaces the metadata of a client that has shown its registration access token (RFC 7592 section 2.2), gives it a new one, and lets the one that was shown hold until that is used. Returns as register_client';

CREATE FUNCTION pgtoken.remove_registration(of_client text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer text;
BEGIN
	PERFORM pgtoken.revoke_client(of_client, 'unregistered');
	PERFORM pgtoken.revoke_client_secret(s.client_id, s.secret_id) FROM pgtoken.client_secrets s WHERE s.client_id = of_client AND s.revoked_at IS NULL;
	PERFORM pgtoken.update_client(of_client, enabled => false);
	UPDATE pgtoken.registrations r SET access_token_hash = NULL, previous_token_hash = NULL WHERE r.client_id = of_client RETURNING r.issuer INTO of_issuer;
	PERFORM pgtoken.write_audit_event('client.unregistered', jsonb_build_object('issuer', of_issuer), client_id => of_client);
	-- audit and families keep the name of one that was used, and what an administrator has made of it stays
	IF NOT EXISTS (SELECT FROM pgtoken.registration_uses u WHERE u.client_id = of_client)
	   AND NOT EXISTS (SELECT FROM pgtoken.resources o WHERE o.client_id = of_client)
	   AND NOT EXISTS (SELECT FROM pgtoken.assertion_rules o WHERE o.client_id = of_client)
	   AND NOT EXISTS (SELECT FROM pgtoken.policies o WHERE of_client = ANY (o.client_ids)) THEN
		PERFORM pgtoken.forget_clients(ARRAY[of_client]);
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.remove_registration FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.remove_registration IS 'Internal, called by the registration endpoint: ends all that a client has and switches it off (RFC 7592 section 2.3); one that never began a family is deleted';

-- Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document).

CREATE FUNCTION pgtoken.document_welcome(of_issuer text, host text) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN (SELECT CASE p.policy ->> 'client_id_metadata_documents'
						WHEN 'open' THEN strpos(host, ':') = 0 OR pgtoken.host_listed(host, p.policy -> 'document_hosts')
						WHEN 'list' THEN pgtoken.host_listed(host, p.policy -> 'document_hosts')
						ELSE false END
			FROM pgtoken.registration_policy(of_issuer, NULL) p (policy));
REVOKE ALL ON FUNCTION pgtoken.document_welcome FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.document_welcome IS 'Internal: does the issuer take client_ids that are URLs of documents at this host (name, or name:port)?';

CREATE FUNCTION pgtoken.takes_client_documents(of_issuer text) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN pgtoken.registration_policy(of_issuer, NULL) ->> 'client_id_metadata_documents' <> 'off';
REVOKE ALL ON FUNCTION pgtoken.takes_client_documents FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.takes_client_documents IS 'Internal: does the issuer take client_ids that are URLs of documents?';

CREATE FUNCTION pgtoken.adopt_client_document(of_issuer text, of_client text, document jsonb, fetched_at timestamptz, OUT refused text, OUT sentence text, OUT wait integer, OUT answer jsonb) RETURNS record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	policy jsonb := pgtoken.registration_policy(of_issuer, NULL);
	before pgtoken.clients;
	after pgtoken.clients;
	asked record;
BEGIN
	-- no secret can be in what anybody may read
	policy := policy || jsonb_build_object('token_endpoint_auth_methods',
		ARRAY(SELECT m FROM unnest(ARRAY['none', 'private_key_jwt']) m WHERE NOT policy ? 'token_endpoint_auth_methods' OR policy -> 'token_endpoint_auth_methods' ? m));
	refused := 'metadata';
	IF document -> 'client_id' IS DISTINCT FROM to_jsonb(of_client) THEN
		sentence := 'client_id of the document is not its URL';
	ELSIF document ?| ARRAY['client_secret', 'client_secret_expires_at'] THEN
		sentence := 'the document has a client_secret';
	END IF;
	IF sentence IS NOT NULL THEN
		RETURN;
	END IF;
	SELECT * INTO asked FROM pgtoken.requested_client(of_issuer, document, policy);
	refused := asked.refused;
	sentence := asked.sentence;
	IF refused IS NOT NULL THEN
		RETURN;
	END IF;
	PERFORM pgtoken.hold_registrations(of_issuer);
	SELECT * INTO before FROM pgtoken.clients c WHERE c.client_id = of_client;
	BEGIN
		IF before.client_id IS NULL THEN
			SELECT l.refused, l.wait INTO refused, wait FROM pgtoken.registration_limit(of_issuer, policy, 'document') l;
			-- a document can be had again: one that nobody uses makes room; who uses it at subscribers is not known
			IF refused = 'full' AND pgtoken.configuration_role() = 'alone' THEN
				PERFORM pgtoken.forget_clients(ARRAY(
					SELECT r.client_id FROM pgtoken.registrations r JOIN pgtoken.clients c USING (client_id)
					WHERE r.issuer = of_issuer AND r.origin = 'document' AND r.registered_at < now() - interval '1 hour' AND c.enabled
					  AND NOT EXISTS (SELECT FROM pgtoken.registration_uses u WHERE u.client_id = r.client_id)
					  AND NOT EXISTS (SELECT FROM pgtoken.grants g WHERE g.client_id = r.client_id)
					  AND NOT EXISTS (SELECT FROM pgtoken.resources o WHERE o.client_id = r.client_id)
					  AND NOT EXISTS (SELECT FROM pgtoken.assertion_rules o WHERE o.client_id = r.client_id)
					  AND NOT EXISTS (SELECT FROM pgtoken.policies o WHERE r.client_id = ANY (o.client_ids))
					ORDER BY r.registered_at LIMIT 10 FOR UPDATE OF r SKIP LOCKED));
				SELECT l.refused, l.wait INTO refused, wait FROM pgtoken.registration_limit(of_issuer, policy, 'document') l;
			END IF;
			IF refused IS NOT NULL THEN
				RETURN;
			END IF;
			PERFORM pgtoken.create_client(of_client, asked.client_type, asked.scopes, asked.redirect_uris, asked.offline_access, asked.resources, asked.client_name,
				asked.signing_alg, issuer => of_issuer, metadata => asked.metadata, profile => asked.profile,
				access_token_lifetime => make_interval(secs => (policy ->> 'access_token_lifetime')::float8),
				refresh_absolute_lifetime => make_interval(secs => (policy ->> 'refresh_absolute_lifetime')::float8),
				refresh_idle_lifetime => make_interval(secs => (policy ->> 'refresh_idle_lifetime')::float8));
			INSERT INTO pgtoken.registrations (client_id, issuer, origin, document_at) VALUES (of_client, of_issuer, 'document', fetched_at);
			PERFORM pgtoken.count_registration(of_issuer, 'document');
			PERFORM pgtoken.write_audit_event('client.registered', jsonb_build_object('issuer', of_issuer, 'by_document', true), client_id => of_client);
			RETURN;
		END IF;
		-- who has come before us with a newer one, or has the name by other means, is left
		UPDATE pgtoken.registrations r SET document_at = adopt_client_document.fetched_at
		WHERE r.client_id = of_client AND r.issuer = of_issuer AND r.origin = 'document' AND r.document_at <= adopt_client_document.fetched_at;
		IF NOT FOUND THEN
			IF before.issuer <> of_issuer OR NOT EXISTS (SELECT FROM pgtoken.registrations r WHERE r.client_id = of_client AND r.origin = 'document') THEN
				refused := 'metadata';
				sentence := 'somebody else has the client_id in this database';
			END IF;
			RETURN;
		END IF;
		-- update_client cannot: it would be another kind of client
		IF asked.client_type <> before.client_type THEN
			UPDATE pgtoken.clients c SET client_type = asked.client_type, metadata = asked.metadata WHERE c.client_id = of_client;
		END IF;
		IF (asked.scopes, asked.redirect_uris, asked.offline_access, asked.resources, asked.client_name, asked.signing_alg)
		   IS DISTINCT FROM (before.scopes, before.redirect_uris, before.offline_access, before.resources, before.client_name, before.signing_alg)
		   OR pgtoken.merged_metadata(before.metadata, pgtoken.remembered_members(of_client, asked.metadata)) <> before.metadata THEN
			PERFORM pgtoken.update_client(of_client, asked.scopes, asked.redirect_uris, asked.offline_access, asked.resources, asked.client_name, asked.signing_alg,
				reset => ARRAY['client_name', 'signing_alg'] || CASE WHEN asked.resources IS NULL THEN ARRAY['resources'] ELSE '{}' END,
				metadata => pgtoken.remembered_members(of_client, asked.metadata));
			SELECT * INTO after FROM pgtoken.clients c WHERE c.client_id = of_client;
			PERFORM pgtoken.write_audit_event('client.document_changed',
				jsonb_build_object('issuer', of_issuer, 'changed', ARRAY(SELECT b.key FROM jsonb_each(to_jsonb(before) || before.metadata) b FULL JOIN jsonb_each(to_jsonb(after) || after.metadata) a USING (key)
																		WHERE a.value IS DISTINCT FROM b.value AND key NOT IN ('metadata', 'epoch', 'epochs_since_end') ORDER BY key COLLATE "C")),
				client_id => of_client);
		END IF;
	EXCEPTION WHEN check_violation THEN
		refused := 'metadata';
		sentence := SQLERRM;
	WHEN invalid_parameter_value OR object_not_in_prerequisite_state THEN
		GET STACKED DIAGNOSTICS sentence = PG_EXCEPTION_DETAIL;
		refused := 'metadata';
		sentence := coalesce(NULLIF(rtrim(sentence, '.'), ''), SQLERRM);
	END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.adopt_client_document FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.adopt_client_document IS
'Internal, called where a client names itself by the URL of its metadata: makes it a client, or what its document says now. Whether it is enabled, and what an administrator alone decides, stays. Returns as register_client, without an answer';

CREATE FUNCTION pgtoken.maintain_clients(at_most integer DEFAULT 1000) RETURNS TABLE (step text, detail text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	role CONSTANT text := pgtoken.configuration_role();
	unused text[];
	stale text[];
	in_use text[];
BEGIN
	PERFORM pgtoken.check_clock();
	IF role = 'subscriber' THEN
		step := 'left to the configuration primary';
		detail := 'clients';
		RETURN NEXT;
		RETURN;
	END IF;
	DELETE FROM pgtoken.registration_tokens t WHERE least(t.revoked_at, t.expires_at) < now() - interval '1 year' OR (t.uses_left = 0 AND t.created_at < now() - interval '1 year');
	-- which clients have got tokens at its subscribers is not known here
	IF role = 'primary' THEN
		RETURN;
	END IF;
	unused := ARRAY(
		SELECT r.client_id FROM pgtoken.registrations r
		CROSS JOIN LATERAL (SELECT NULLIF((pgtoken.registration_policy(r.issuer, r.token_id) ->> 'unused_lifetime')::integer, 0)) p (seconds)
		WHERE r.origin = 'registration' AND r.registered_at < now() - make_interval(secs => p.seconds)
		  AND NOT EXISTS (SELECT FROM pgtoken.registration_uses u WHERE u.client_id = r.client_id)
		  -- an administrator has made something of it
		  AND NOT EXISTS (SELECT FROM pgtoken.resources o WHERE o.client_id = r.client_id)
		  AND NOT EXISTS (SELECT FROM pgtoken.policies o WHERE r.client_id = ANY (o.client_ids))
		  AND NOT EXISTS (SELECT FROM pgtoken.assertion_rules o WHERE o.client_id = r.client_id)
		ORDER BY r.client_id LIMIT at_most FOR UPDATE OF r SKIP LOCKED);
	-- of documents those that nobody has come with for so long, and that have no family: all are looked at, once
	stale := ARRAY(
		SELECT r.client_id FROM pgtoken.registrations r
		LEFT JOIN pgtoken.registration_uses u ON u.client_id = r.client_id
		CROSS JOIN LATERAL (SELECT NULLIF((pgtoken.registration_policy(r.issuer, NULL) ->> 'unused_lifetime')::integer, 0)) p (seconds)
		WHERE r.origin = 'document' AND coalesce(u.used_at, r.registered_at) < now() - make_interval(secs => p.seconds)
		  AND NOT EXISTS (SELECT FROM pgtoken.resources o WHERE o.client_id = r.client_id)
		  AND NOT EXISTS (SELECT FROM pgtoken.policies o WHERE r.client_id = ANY (o.client_ids))
		  AND NOT EXISTS (SELECT FROM pgtoken.assertion_rules o WHERE o.client_id = r.client_id)
		  -- one that was switched off would come back switched on
		  AND EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = r.client_id AND c.enabled)
		ORDER BY r.client_id LIMIT at_most FOR UPDATE OF r SKIP LOCKED);
	IF stale <> '{}' THEN
		in_use := ARRAY(SELECT DISTINCT g.client_id FROM pgtoken.grants g WHERE g.client_id = ANY (stale));
		INSERT INTO pgtoken.registration_uses AS u (client_id, used_at) SELECT c, now() FROM unnest(in_use) c
		ON CONFLICT ON CONSTRAINT registration_uses_pkey DO UPDATE SET used_at = excluded.used_at;
		unused := unused || ARRAY(SELECT c FROM unnest(stale) c WHERE c <> ALL (in_use));
	END IF;
	IF unused <> '{}' THEN
		PERFORM pgtoken.forget_clients(unused);
		PERFORM pgtoken.write_audit_event('maintenance.clients_forgotten', jsonb_build_object('client_ids', unused));
		step := 'unused clients forgotten';
		detail := cardinality(unused);
		RAISE NOTICE '%: %', step, detail;
		RETURN NEXT;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.maintain_clients FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.maintain_clients TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.maintain_clients IS
'Internal, a part of run_maintenance(): deletes clients that have registered themselves and never got a token within the unused_lifetime of their registration policy, or whose document nobody has come with for so long (at_most: so many of either), and initial access tokens that ended a year ago. A subscriber leaves all that to its configuration primary, and a primary keeps its clients: whether they have got tokens elsewhere is not known to it. Returns what it did';
