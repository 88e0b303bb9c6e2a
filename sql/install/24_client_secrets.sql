-- Secrets of confidential clients: made here, or brought as a hash from another server.

CREATE TABLE pgtoken.client_secrets (
	client_id text NOT NULL,
	secret_id uuid NOT NULL,
	secret_hash bytea NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	expires_at timestamptz,
	revoked_at timestamptz,
	last_used_at timestamptz,
	label text,
	hash_scheme text NOT NULL DEFAULT 'sha256',
	CONSTRAINT client_secrets_pkey PRIMARY KEY (client_id, secret_id),
	CONSTRAINT client_secrets_secret_hash_check CHECK (CASE hash_scheme WHEN 'sha256' THEN pg_catalog.octet_length(secret_hash) = 32
		ELSE pg_catalog.octet_length(secret_hash) BETWEEN 33 AND 255 END),
	CONSTRAINT client_secrets_hash_scheme_check CHECK (hash_scheme IN ('sha256', 'argon2d', 'argon2i', 'argon2id', 'bcrypt', 'pbkdf2-sha256', 'pbkdf2-sha512'))
);
COMMENT ON TABLE pgtoken.client_secrets IS 'Secrets of confidential clients, as SHA-256 of 256 random bits, or as the hash that import_client_secret was given; several may be valid while they are exchanged';
COMMENT ON COLUMN pgtoken.client_secrets.client_id IS 'Client the secret authenticates';
COMMENT ON COLUMN pgtoken.client_secrets.secret_id IS 'UUIDv7 that names the secret, for revoke_client_secret; no part of the secret';
COMMENT ON COLUMN pgtoken.client_secrets.secret_hash IS 'SHA-256 of the secret with its prefix; of one that was imported and is not rehashed the text of its hash';
COMMENT ON COLUMN pgtoken.client_secrets.created_at IS 'When the secret was made';
COMMENT ON COLUMN pgtoken.client_secrets.expires_at IS 'From when on it is refused; NULL: no end';
COMMENT ON COLUMN pgtoken.client_secrets.revoked_at IS 'When it was revoked; NULL: it was not';
COMMENT ON COLUMN pgtoken.client_secrets.last_used_at IS 'When a client last proved itself by it, to the hour: written once an hour at the most; NULL: never';
COMMENT ON COLUMN pgtoken.client_secrets.label IS 'What to tell it by';
COMMENT ON COLUMN pgtoken.client_secrets.hash_scheme IS 'What secret_hash is: sha256, or of a secret that import_client_secret brought in the scheme of the other server, until it is rehashed at its first use';
COMMENT ON INDEX pgtoken.client_secrets_pkey IS 'Finds the secrets of a client';
COMMENT ON CONSTRAINT client_secrets_secret_hash_check ON pgtoken.client_secrets IS 'SHA-256: 32 bytes; a text that was imported: more';
COMMENT ON CONSTRAINT client_secrets_hash_scheme_check ON pgtoken.client_secrets IS 'The schemes that can be verified';

ALTER TABLE pgtoken.client_secrets
	ALTER secret_hash SET STORAGE MAIN, ALTER secret_hash SET STATISTICS 0,
	ALTER label SET STORAGE MAIN, ALTER label SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.client_secrets', '');
ALTER TABLE pgtoken.client_secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.client_secrets FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.client_secrets IS 'Lets pgtoken_auditor see every row (though not secret_hash: column privileges); without it row security shows none, not even to pg_read_all_data';
GRANT SELECT (client_id, secret_id, label, created_at, expires_at, revoked_at, last_used_at, hash_scheme) ON pgtoken.client_secrets TO pgtoken_auditor;

-- not for last_used_at, which says nothing of whether the secret holds
CREATE TRIGGER audit AFTER INSERT OR UPDATE OF client_id, secret_id, secret_hash, created_at, expires_at, revoked_at, label, hash_scheme OR DELETE ON pgtoken.client_secrets FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('client_secret', 'secret_hash');
COMMENT ON TRIGGER audit ON pgtoken.client_secrets IS 'Writes the row before and after to audit_events, without the hash';
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OF client_id, secret_id, secret_hash, created_at, expires_at, revoked_at, hash_scheme OR DELETE ON pgtoken.client_secrets FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate ON pgtoken.client_secrets IS 'Makes every backend drop its cached configuration, secrets of clients included, when the transaction commits';
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.client_secrets FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.client_secrets IS 'As invalidate, for TRUNCATE';

CREATE TYPE pgtoken.created_client_secret AS (
	client_secret text,
	secret_id uuid
);
REVOKE ALL ON TYPE pgtoken.created_client_secret FROM PUBLIC;
GRANT USAGE ON TYPE pgtoken.created_client_secret TO pgtoken_admin;
COMMENT ON TYPE pgtoken.created_client_secret IS 'Answer of create_client_secret';
COMMENT ON COLUMN pgtoken.created_client_secret.client_secret IS 'Shown this once';
COMMENT ON COLUMN pgtoken.created_client_secret.secret_id IS 'Names it in client_secrets, for revoke_client_secret';

CREATE FUNCTION pgtoken.new_client_secret() RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_new_client_secret' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.new_client_secret FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.new_client_secret IS 'Internal: a fresh client secret: prefix and 256 random bits. Stores nothing';

CREATE FUNCTION pgtoken.keep_client_secret(client_id text, secret_id uuid, client_secret text) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_keep_client_secret' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.keep_client_secret FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.keep_client_secret IS 'Internal, called by create_client_secret for client_secret_jwt, whose signatures a hash cannot verify: stores the secret itself among the key material, wrapped like it';

CREATE FUNCTION pgtoken.prepare_client_secret(client_id text, expires_at timestamptz, label text) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	method text;
BEGIN
	IF expires_at <= clock_timestamp() THEN
		RAISE EXCEPTION 'expires_at must be in the future'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'The secret could never be used.';
	END IF;
	IF length(label) > 255 THEN
		RAISE EXCEPTION 'label must not be longer than 255 characters'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT (SELECT m FROM unnest(pgtoken.client_auth_methods(c.client_type, c.metadata)) WITH ORDINALITY u (m, n)
			ORDER BY m <> 'client_secret_jwt', NOT starts_with(m, 'client_secret_'), n LIMIT 1) INTO method
	FROM pgtoken.clients c WHERE c.client_id = prepare_client_secret.client_id AND c.client_type = 'confidential' FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such confidential client'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  HINT = 'Public clients have no secrets; see pgtoken.clients.';
	END IF;
	IF NOT starts_with(method, 'client_secret_') THEN
		RAISE EXCEPTION 'the client does not authenticate by a secret'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = format('Its token_endpoint_auth_method is %s.', method);
	END IF;
	RETURN method;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.prepare_client_secret FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.prepare_client_secret IS 'Internal: may the client have a further secret with this end and label? Returns by which method it authenticates with one, client_secret_jwt where that is among them, and keeps others from changing that, or giving it another secret, at the same time';

CREATE FUNCTION pgtoken.create_client_secret(client_id text, expires_at timestamptz DEFAULT NULL, label text DEFAULT NULL) RETURNS pgtoken.created_client_secret
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	created CONSTANT pgtoken.created_client_secret := ROW (pgtoken.new_client_secret(), pgtoken.new_uuid());
	method CONSTANT text := pgtoken.prepare_client_secret(client_id, expires_at, label);
BEGIN
	INSERT INTO pgtoken.client_secrets (client_id, secret_id, secret_hash, expires_at, label)
	VALUES (create_client_secret.client_id, created.secret_id, sha256(convert_to(created.client_secret, 'UTF8')), create_client_secret.expires_at,
			create_client_secret.label);
	IF method = 'client_secret_jwt' THEN
		PERFORM pgtoken.keep_client_secret(client_id, created.secret_id, created.client_secret);
	END IF;
	RETURN created;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_client_secret FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.create_client_secret TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.create_client_secret IS
'Give a confidential client a further secret and return it, which is shown this once, with the secret_id by which revoke_client_secret knows it. The old ones stay valid until revoke_client_secret. client_id: whose. expires_at: NULL is never. label: what to tell it by in pgtoken.client_secrets, at most 255 characters. Raises 22023 for an end that has passed, 55000 when there is no such confidential client, or when it authenticates by a key or certificate.';

CREATE FUNCTION pgtoken.secret_hash_scheme(secret_hash text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_secret_hash_scheme' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.secret_hash_scheme FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.secret_hash_scheme IS 'Internal, called by import_client_secret: the scheme of a hash that this server can verify in bounded time; raises for any other';

CREATE FUNCTION pgtoken.import_client_secret(client_id text, secret_hash text, expires_at timestamptz DEFAULT NULL, label text DEFAULT NULL) RETURNS uuid
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	scheme CONSTANT text := pgtoken.secret_hash_scheme(secret_hash);
	secret_id CONSTANT uuid := pgtoken.new_uuid();
BEGIN
	IF pgtoken.prepare_client_secret(client_id, expires_at, label) = 'client_secret_jwt' THEN
		RAISE EXCEPTION 'a client that authenticates by client_secret_jwt cannot use a hash'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'Its signatures are made with the secret itself, and verified with it.',
				  HINT = 'Give it a new secret with create_client_secret().';
	END IF;
	-- a wrong secret costs the computation of each
	IF (SELECT count(*) FROM pgtoken.client_secrets s WHERE s.client_id = import_client_secret.client_id AND s.hash_scheme <> 'sha256'
		AND s.revoked_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp())) >= 2 THEN
		RAISE EXCEPTION 'the client has two imported secrets already'
			USING ERRCODE = 'program_limit_exceeded',
				  DETAIL = 'Those that are not rehashed yet count, since a wrong secret is held against each of them.',
				  HINT = 'Take one back with revoke_client_secret(); see pgtoken.client_secrets.';
	END IF;
	INSERT INTO pgtoken.client_secrets (client_id, secret_id, secret_hash, hash_scheme, expires_at, label)
	VALUES (import_client_secret.client_id, secret_id, convert_to(import_client_secret.secret_hash, 'UTF8'), scheme, import_client_secret.expires_at,
			import_client_secret.label);
	RETURN secret_id;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.import_client_secret FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.import_client_secret TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.import_client_secret IS
'Give a confidential client of another server the secret that it has already, by the hash that is stored there, and return its secret_id.
client_id: whose. secret_hash: bcrypt ($2a$, $2b$, $2y$), PBKDF2 with SHA-256 or SHA-512 (as Hydra, passlib or Django write it) or Argon2 ($argon2id$v=19$). expires_at, label: as in create_client_secret.
The first use of a secret that looks random (32 characters or more of base64 or hexadecimal) replaces the hash by its SHA-256; of any other the hash stays. A client has two that are not replaced, at most. Raises 22023 for a hash that is not of its scheme''s form or would take too long to verify, 0A000 for one of another scheme, or that the libraries of this server do not have, 22004, 54000 for a third; 55000 for client_secret_jwt, and as create_client_secret.';

CREATE FUNCTION pgtoken.revoke_client_secret(client_id text, secret_id uuid) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken.make_durable();
	UPDATE pgtoken.client_secrets s SET revoked_at = now()
	WHERE s.client_id = revoke_client_secret.client_id AND s.secret_id = revoke_client_secret.secret_id AND s.revoked_at IS NULL;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	DELETE FROM pgtoken.key_material m
	WHERE m.material_id = format('client:%s:%s', revoke_client_secret.client_id, revoke_client_secret.secret_id);
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.revoke_client_secret FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.revoke_client_secret TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.revoke_client_secret IS
'Refuse a client secret from the next statement on; where the secret itself was kept (client_secret_jwt), it is deleted. client_id, secret_id: see pgtoken.client_secrets. Returns false when there is none such or it was revoked before.';
