-- What other servers have handed out and goes on here: living refresh tokens, signing
-- keys with their names, and what tokens of theirs are authenticated by. Importers
-- (sql/import) bring them; what they brought stays when the importers are gone.

CREATE TABLE pgtoken.import_sources (
	issuer text NOT NULL,
	source text NOT NULL,
	token_format text NOT NULL,
	secret_ids uuid[] NOT NULL DEFAULT '{}',
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT import_sources_pkey PRIMARY KEY (issuer, source),
	CONSTRAINT import_sources_token_format_check CHECK (token_format IN ('whole', 'hydra'))
);
COMMENT ON TABLE pgtoken.import_sources IS 'Other servers whose refresh tokens an issuer takes; where there are none, a text that is no token of ours is looked up nowhere';
COMMENT ON COLUMN pgtoken.import_sources.issuer IS 'Issuer that takes them';
COMMENT ON COLUMN pgtoken.import_sources.source IS 'Name of the other server: hydra, gotrue, ...';
COMMENT ON COLUMN pgtoken.import_sources.token_format IS 'whole: a token is looked up by all of it. hydra: it is key.signature, authenticated by one of the secrets, and looked up by its signature';
COMMENT ON COLUMN pgtoken.import_sources.secret_ids IS 'Secrets that its tokens are authenticated by: each is "import:" and this id in key_material';
COMMENT ON COLUMN pgtoken.import_sources.created_at IS 'When the first of its tokens, or secrets, was brought in';
COMMENT ON INDEX pgtoken.import_sources_pkey IS 'Finds a source by its name';
COMMENT ON CONSTRAINT import_sources_token_format_check ON pgtoken.import_sources IS 'The formats that can be read';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.import_sources', '');
ALTER TABLE pgtoken.import_sources ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.import_sources FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.import_sources IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.import_sources TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.import_sources FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('import_source');
COMMENT ON TRIGGER audit ON pgtoken.import_sources IS 'Writes the row before and after to audit_events';
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.import_sources FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate ON pgtoken.import_sources IS 'Makes every backend drop its cached configuration, sources included, when the transaction commits';
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.import_sources FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.import_sources IS 'As invalidate, for TRUNCATE';

-- A row outlives its family until the source's token would be over by itself: an importer
-- that is run again must not bring back what was ended here.
CREATE TABLE pgtoken.imported_tokens (
	grant_id uuid NOT NULL,
	issuer text NOT NULL,
	source text NOT NULL,
	token_hash bytea NOT NULL,
	imported_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	CONSTRAINT imported_tokens_pkey PRIMARY KEY (grant_id),
	CONSTRAINT imported_tokens_token_hash_check CHECK (pg_catalog.octet_length(token_hash) = 32)
);
COMMENT ON TABLE pgtoken.imported_tokens IS 'Refresh tokens of other servers: each stands for generation 0 of its family';
COMMENT ON COLUMN pgtoken.imported_tokens.grant_id IS 'The family, UUIDv7 of the import';
COMMENT ON COLUMN pgtoken.imported_tokens.issuer IS 'Issuer of its client';
COMMENT ON COLUMN pgtoken.imported_tokens.source IS 'Server that handed the token out';
COMMENT ON COLUMN pgtoken.imported_tokens.token_hash IS 'SHA-256 of the secret of generation 0, as grants.current_hash at first; that is HMAC-SHA-256 of the digest of the foreign token under a key derived from the issuer''s pepper: neither this column nor the other server''s storage is enough to make either';
COMMENT ON COLUMN pgtoken.imported_tokens.imported_at IS 'When it was brought in';
COMMENT ON COLUMN pgtoken.imported_tokens.expires_at IS 'Absolute end of the family as it was imported; maintain() forgets the row after it, and not before its family';
COMMENT ON INDEX pgtoken.imported_tokens_pkey IS 'Says of a family that it was imported';
COMMENT ON CONSTRAINT imported_tokens_token_hash_check ON pgtoken.imported_tokens IS 'SHA-256: 32 bytes';

CREATE INDEX imported_tokens_token_hash ON pgtoken.imported_tokens (token_hash);
COMMENT ON INDEX pgtoken.imported_tokens_token_hash IS 'Finds the family of a foreign token; import_family makes one family of a token';
ALTER TABLE pgtoken.imported_tokens ALTER token_hash SET STORAGE MAIN, ALTER token_hash SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.imported_tokens', '');
ALTER TABLE pgtoken.imported_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.imported_tokens FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.imported_tokens IS 'Lets pgtoken_auditor see every row (though not token_hash: column privileges); without it row security shows none, not even to pg_read_all_data';
GRANT SELECT (grant_id, issuer, source, imported_at, expires_at) ON pgtoken.imported_tokens TO pgtoken_auditor;

-- What brings a row in writes family.imported itself, since it knows of whom.
CREATE TRIGGER audit AFTER UPDATE OR DELETE ON pgtoken.imported_tokens FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('imported_token', 'token_hash');
COMMENT ON TRIGGER audit ON pgtoken.imported_tokens IS 'Writes the row before and after to audit_events, without the hash';

CREATE FUNCTION pgtoken.import_family(
	source text,
	token_digest bytea,
	client_id text,
	subject text,
	scope text,
	audience text[] DEFAULT NULL,
	auth_time timestamptz DEFAULT NULL,
	started_at timestamptz DEFAULT NULL,
	expires_at timestamptz DEFAULT NULL,
	acr text DEFAULT NULL,
	amr text[] DEFAULT NULL,
	session_id text DEFAULT NULL,
	claims jsonb DEFAULT '{}',
	token_issued_at timestamptz DEFAULT NULL,
	token_expires_at timestamptz DEFAULT NULL,
	cnf jsonb DEFAULT NULL,
	token_format text DEFAULT 'whole',
	issuer text DEFAULT NULL
) RETURNS uuid
	AS 'MODULE_PATHNAME', 'pgt_import_family' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.import_family FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.import_family TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.import_family IS
'Let a session that began at another server go on here: makes a family whose generation 0 is the refresh token that the other server has handed out, so that the token works at this token endpoint, rotates, is retried and found reused as one of ours. Nothing is handed out, no policy is asked and no limit of sessions applies.
source: name of the other server, 1 to 63 of a-z, 0-9, _ and -. token_digest: SHA-256 of what its tokens are looked up by, which token_format says. client_id: registered client, which may have refresh tokens. subject: the application''s user id. scope: space-delimited, offline_access with it unless the client has session_refresh; each must be one of the client''s. audience: APIs (RFC 8707); NULL: as in issue_tokens. auth_time: when the subject signed in; NULL: started_at. started_at: when the session began, from which the client''s refresh_absolute_lifetime counts; NULL: now. expires_at: end of the family at the latest; NULL: by the client''s settings. acr, amr, session_id, claims: as in issue_tokens. token_issued_at: when the other server handed the token out, from which the client''s refresh_idle_lifetime counts; NULL: now. token_expires_at: until when it can be used for the first time here, where that is earlier; NULL: by the client''s settings. cnf: key or certificate that the session is bound to there: {"jkt": ...} (RFC 9449) or {"x5t#S256": ...} (RFC 8705); a refresh of a public client must prove it. token_format: whole: the whole token; hydra: the signature of [ory_rt_]key.signature, which one of the secrets of import_token_secret has made; a source has one format. issuer: that the client must be of; NULL: any.
Returns the grant_id. Audited as grant.issued and family.imported (detail: source). Raises 22023 where the session cannot go on: the client is unknown, of another issuer, switched off or gets no refresh tokens, a scope or API is not one of its, the subject is blocked, the session began before a not_before, or is over; 23505 where the token was imported before, also when its family has been ended or forgotten since; 22004, and 55000 when the source has another format, or no active signing key is there.';

CREATE FUNCTION pgtoken.imported_family(source text, token_digest bytea, issuer text DEFAULT NULL) RETURNS uuid
	AS 'MODULE_PATHNAME', 'pgt_imported_family' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.imported_family FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.imported_family TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.imported_family IS
'The family that a refresh token of another server was imported as. source, token_digest: as in import_family. issuer: of its client; NULL: the default one.
Returns the grant_id, also of a family that was ended or forgotten since; NULL when the token was not imported. Raises 22004, 22023, and 55000 when there is no such issuer.';

CREATE FUNCTION pgtoken.import_token_secret(source text, secret text, issuer text DEFAULT NULL, token_format text DEFAULT 'hydra') RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_import_token_secret' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.import_token_secret FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.import_token_secret TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.import_token_secret IS
'Bring the secret that another server''s refresh tokens are authenticated by, where what it stores of them is not enough. To be called before the first import_family of the source, once for each secret that tokens of may still live, up to 8; pass it as a parameter, not as a literal that a log may keep. It is kept among the key material, wrapped like it, and only as the hash that it is used as.
source: as in import_family. secret: an entry of Hydra''s secrets.system, 16 characters or more. issuer: whose clients have the tokens; NULL: the default one. token_format: hydra ([ory_rt_]key.signature).
Returns false when it is there already. Raises 22004, 22023, 54000 for a ninth, 55000 when families of the source were imported without a secret or there is no such issuer.';

CREATE FUNCTION pgtoken.take_signing_key(key text, format text, alg text, kid text, issuer text, password text, verify_until timestamptz) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_import_signing_key' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.take_signing_key FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.take_signing_key IS 'Internal, called by import_signing_key: reads the key and stores it';

CREATE FUNCTION pgtoken.import_signing_key(key text, format text DEFAULT 'pkcs8', alg text DEFAULT NULL, kid text DEFAULT NULL, issuer text DEFAULT NULL, password text DEFAULT NULL, verify_until timestamptz DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	taken text;
BEGIN
	PERFORM pgtoken.check_alg(alg);
	taken := pgtoken.take_signing_key(key, format, alg, kid, issuer, password, verify_until);
	-- each is published, and verifiers fetch all of them
	IF (SELECT count(*) > 10 FROM pgtoken.signing_keys k JOIN pgtoken.signing_keys t ON t.issuer = k.issuer AND t.alg = k.alg
		WHERE t.kid = taken AND t.state = 'retiring' AND k.state = 'retiring') THEN
		RAISE EXCEPTION 'ten keys of the issuer and algorithm are retiring already'
			USING ERRCODE = 'program_limit_exceeded',
				  DETAIL = 'Each is published until its end.',
				  HINT = 'Bring those only that tokens of may still live, or end one with retire_signing_key.';
	END IF;
	RETURN taken;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.import_signing_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.import_signing_key TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.import_signing_key IS
'Bring a signing key of another server, under the kid that it has there, so that what it has signed verifies at every API that reads jwks(), as before.
key: the key itself; pass it as a parameter, not as a literal that a log may keep. format: pkcs8 (unencrypted PEM, PKCS #8 or the traditional form), pkcs12 (a file of RFC 7292, in base64), jwk (RFC 7517). alg: as in create_signing_key, not HS256; NULL: what a JWK says, else by the key''s type and curve, RS256 for RSA. kid: at most 128 printable ASCII characters; NULL: what a JWK says, else the thumbprint (RFC 7638). issuer: whose key it will be; NULL: the default one. password: of a PKCS #12 file. verify_until: it signs nothing here and is published until then, as a key whose successor signs already; its private part is not kept, and a public JWK will do. NULL: it signs: at once where the issuer has no active key of the algorithm, else it is pending as one of create_signing_key.
Returns the kid; a NOTICE says so where the key is there already. The access tokens it has signed elsewhere are none of ours, whatever their signature: verify_access_token and introspect do not take them. Raises 22023 for a key that cannot be read or used, 55000 when another key has the kid or a pending one is there, 54000 for an eleventh that is retiring, 22004.';

CREATE FUNCTION pgtoken.forget_import_source(source text, issuer text DEFAULT NULL, force boolean DEFAULT false) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	unused uuid[];
	secrets uuid[];
BEGIN
	SELECT s.secret_ids INTO secrets FROM pgtoken.import_sources s
	WHERE s.issuer = of_issuer AND s.source = forget_import_source.source FOR UPDATE;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	-- locked: one that is being used at this moment is used then
	unused := ARRAY(SELECT g.grant_id FROM pgtoken.imported_tokens t JOIN pgtoken.grants g ON g.grant_id = t.grant_id
					WHERE t.issuer = of_issuer AND t.source = forget_import_source.source AND g.generation = 0 AND g.revoked_at IS NULL
					  AND least(g.expires_at, g.rotated_at + g.idle_lifetime) > now()
					ORDER BY g.grant_id FOR NO KEY UPDATE OF g);
	IF cardinality(unused) > 0 AND force IS NOT TRUE THEN
		RAISE EXCEPTION '% sessions of the source have not been used here yet', cardinality(unused)
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'Their refresh tokens would be worth nothing.',
				  HINT = 'Wait until they are used or over; force => true ends them.';
	END IF;
	PERFORM pgtoken.revoke_family(u, 'source_forgotten') FROM unnest(unused) u;
	DELETE FROM pgtoken.imported_tokens t WHERE t.issuer = of_issuer AND t.source = forget_import_source.source;
	DELETE FROM pgtoken.key_material m WHERE m.material_id = ANY (ARRAY(SELECT 'import:' || s FROM unnest(secrets) s));
	DELETE FROM pgtoken.import_sources s WHERE s.issuer = of_issuer AND s.source = forget_import_source.source;
	RETURN cardinality(unused);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.forget_import_source FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.forget_import_source TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.forget_import_source IS
'End the move from another server: forgets its secrets and which of its refresh tokens stood for which family; what has been refreshed since lives on. source, issuer: as in import_family; NULL is the default issuer. force => true: also where sessions have not been used here yet; their families are revoked (source_forgotten).
A refresh token of the source that somebody has copied ends its family as one that is reused until then; afterwards it is no token at all. The importer, run again, would bring the source''s living tokens again.
Returns how many families were revoked; NULL when there is no such source. Raises 55000 when there are some and force is not true, or there is no such issuer.';

CREATE FUNCTION pgtoken.import_consent(
	client_id text,
	subject text,
	scopes text[],
	resource text DEFAULT NULL,
	granted_at timestamptz DEFAULT NULL,
	expires_at timestamptz DEFAULT NULL
) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	client record;
	of_resource text;
	foreign_scope text;
BEGIN
	PERFORM pgtoken.require_shard(subject);
	IF client_id IS NULL OR subject IS NULL OR scopes IS NULL THEN
		RAISE EXCEPTION 'client_id, subject and scopes must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT c.issuer, c.scopes, c.resources INTO client FROM pgtoken.clients c WHERE c.client_id = import_consent.client_id FOR KEY SHARE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'the consent is not imported: there is no such client'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The client is "%s".', client_id);
	END IF;
	SELECT s INTO foreign_scope FROM unnest(scopes) s WHERE s <> ALL (client.scopes || '{offline_access}') LIMIT 1;
	IF FOUND OR scopes = '{}' THEN
		RAISE EXCEPTION 'the consent is not imported: the client may not have one of its scopes'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The scope is "%s".', foreign_scope);
	END IF;
	of_resource := coalesce((pgtoken.registered_resources(client.issuer, ARRAY[resource]))[1], client.resources[1], client.issuer);
	IF of_resource <> client.issuer AND NOT EXISTS (SELECT FROM pgtoken.resources r WHERE r.issuer = client.issuer AND r.resource = of_resource) THEN
		RAISE EXCEPTION 'the consent is not imported: there is no such API'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The resource is "%s".', of_resource);
	END IF;
	IF octet_length(subject) NOT BETWEEN 1 AND 255 OR subject ~ '[^ -~]' THEN
		RAISE EXCEPTION 'the consent is not imported: its subject cannot be one here'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'A subject is 1 to 255 printable ASCII characters.';
	END IF;
	IF expires_at <= clock_timestamp() THEN
		RAISE EXCEPTION 'the consent is not imported: it is over' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO pgtoken.consents (subject, client_id, resource, scopes, granted_at, updated_at, expires_at)
	VALUES (import_consent.subject, import_consent.client_id, of_resource, import_consent.scopes,
			coalesce(import_consent.granted_at, now()), coalesce(import_consent.granted_at, now()), import_consent.expires_at)
	ON CONFLICT ON CONSTRAINT consents_pkey DO NOTHING;
	RETURN FOUND;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.import_consent FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.import_consent TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.import_consent IS
'Let what a subject has agreed to at another server count here. client_id: to whom. subject: who, the application''s user id. scopes: each one of the client''s. resource: for which API (RFC 8707); NULL: the client''s default, else the issuer. granted_at: when; NULL: now. expires_at: until when; NULL: until it is withdrawn.
Returns false where the subject has a consent to the client for the API already, which stays as it is. Raises 22004, 22023 for an unknown client, API or scope and for what is over.';

CREATE FUNCTION pgtoken.revoke_other_client_secrets(client_id text, secret_id uuid) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	others uuid[];
BEGIN
	PERFORM FROM pgtoken.clients c WHERE c.client_id = revoke_other_client_secrets.client_id FOR NO KEY UPDATE;	-- nobody gives it one meanwhile
	others := ARRAY(SELECT s.secret_id FROM pgtoken.client_secrets s
					WHERE s.client_id = revoke_other_client_secrets.client_id AND s.secret_id <> revoke_other_client_secrets.secret_id AND s.revoked_at IS NULL
					ORDER BY s.secret_id);
	PERFORM pgtoken.revoke_client_secret(revoke_other_client_secrets.client_id, o) FROM unnest(others) o;
	RETURN cardinality(others);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.revoke_other_client_secrets FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.revoke_other_client_secrets TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.revoke_other_client_secrets IS
'Refuse every secret of a client but one from the next statement on: of a client that has just been registered with the secret that it had elsewhere (import_client_secret), the one that was made for it. client_id: whose. secret_id: the one that stays, see pgtoken.client_secrets.
Returns how many were revoked.';
