-- Signing keys from pending to retired, and the key material with its root key.

CREATE FUNCTION pgtoken.notify_keys() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	channel text;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	channel := current_setting('pgtoken.http_notify_channel');
	IF channel <> '' THEN
		PERFORM pg_notify(channel, 'reload config');
	END IF;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.notify_keys FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.notify_keys IS 'Internal, trigger: has PostgREST read the keys again, by pgtoken_http.pre_config(); tells the channel pgtoken.http_notify_channel';

CREATE TABLE pgtoken.signing_keys (
	kid text NOT NULL,
	issuer text NOT NULL,
	alg text NOT NULL,
	state text NOT NULL,
	public_jwk jsonb,
	uri text,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	activated_at timestamptz,
	retiring_at timestamptz,
	retires_at timestamptz,
	retired_at timestamptz,
	retire_reason text,
	CONSTRAINT signing_keys_pkey PRIMARY KEY (kid),
	CONSTRAINT signing_keys_alg_check CHECK (alg = ANY (pgtoken.choices('alg'))),
	CONSTRAINT signing_keys_state_check CHECK (state IN ('pending', 'active', 'retiring', 'retired')),
	CONSTRAINT signing_keys_public_check CHECK ((alg = 'HS256') = (public_jwk IS NULL)),
	CONSTRAINT signing_keys_uri_check CHECK (uri IS NULL OR public_jwk IS NOT NULL)
);
COMMENT ON TABLE pgtoken.signing_keys IS 'Signing keys and where they are in their life: pending (published) -> active (signs) -> retiring (verifies until retires_at) -> retired';
COMMENT ON COLUMN pgtoken.signing_keys.kid IS 'RFC 7638 thumbprint; for HS256 a random name, since a digest of a secret must not be published';
COMMENT ON COLUMN pgtoken.signing_keys.issuer IS 'Issuer whose tokens the key signs';
COMMENT ON COLUMN pgtoken.signing_keys.alg IS 'The one algorithm the key is used with (RFC 7518 section 3.1, RFC 8037 section 3.1)';
COMMENT ON COLUMN pgtoken.signing_keys.state IS 'pending, active, retiring or retired; only an active key signs, active and retiring ones verify (retired ones that came to their end only ID tokens as hints), and jwks() publishes all but retired ones';
COMMENT ON COLUMN pgtoken.signing_keys.public_jwk IS 'Public key as published by jwks(); NULL for HS256';
COMMENT ON COLUMN pgtoken.signing_keys.uri IS 'Where the private key is, in hardware (RFC 7512): without a PIN, and nothing of the key is in key_material; NULL: there';
COMMENT ON COLUMN pgtoken.signing_keys.created_at IS 'When the key was created or brought in';
COMMENT ON COLUMN pgtoken.signing_keys.activated_at IS 'When it began to sign; NULL: not yet, or never';
COMMENT ON COLUMN pgtoken.signing_keys.retiring_at IS 'When another key took its place; NULL: it has not been replaced';
COMMENT ON COLUMN pgtoken.signing_keys.retires_at IS 'When maintain() retires a retiring key: no token it signed can be alive then';
COMMENT ON COLUMN pgtoken.signing_keys.retired_at IS 'When it was retired; since then its private part is gone and tokens it signed are refused, but ID tokens as id_token_hint where retire_reason is "end of life"';
COMMENT ON COLUMN pgtoken.signing_keys.retire_reason IS 'Why it was retired: "end of life" by maintain(), or what retire_signing_key was told';
COMMENT ON INDEX pgtoken.signing_keys_pkey IS 'Key ids are unique over all issuers';
COMMENT ON CONSTRAINT signing_keys_alg_check ON pgtoken.signing_keys IS 'What the library can sign with; never none (RFC 8725 section 3.2)';
COMMENT ON CONSTRAINT signing_keys_public_check ON pgtoken.signing_keys IS 'An HMAC key has no public part, every other key has one';
COMMENT ON CONSTRAINT signing_keys_uri_check ON pgtoken.signing_keys IS 'An HMAC key is not in hardware';

CREATE UNIQUE INDEX signing_keys_one_active ON pgtoken.signing_keys (issuer, alg) WHERE state = 'active';
COMMENT ON INDEX pgtoken.signing_keys_one_active IS 'One key at a time signs for an issuer and algorithm';
CREATE UNIQUE INDEX signing_keys_one_pending ON pgtoken.signing_keys (issuer, alg) WHERE state = 'pending';
COMMENT ON INDEX pgtoken.signing_keys_one_pending IS 'At most one key waits to sign for an issuer and algorithm';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.signing_keys', '');
ALTER TABLE pgtoken.signing_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.signing_keys FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.signing_keys IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.signing_keys TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.signing_keys FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('signing_key');
COMMENT ON TRIGGER audit ON pgtoken.signing_keys IS 'Writes the row before and after to audit_events';
-- PostgREST listens on primaries only, and NOTIFY does not replicate.  For each row, since logical
-- replication fires no other triggers; a transaction tells a channel the same thing once.
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE ON pgtoken.signing_keys FOR EACH ROW EXECUTE FUNCTION pgtoken.notify_keys();
COMMENT ON TRIGGER notify ON pgtoken.signing_keys IS 'Has PostgREST read the keys again when the transaction commits';
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.signing_keys FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate ON pgtoken.signing_keys IS 'Makes every backend drop its cached configuration, parsed keys included, when the transaction commits';
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.signing_keys FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.signing_keys IS 'As invalidate, for TRUNCATE';

-- No role has a privilege on it, and row security has no policy for it: not even
-- a member of pg_read_all_data sees a row. That role reads pg_statistic and TOAST
-- tables, though, so the material must get into neither.
CREATE TABLE pgtoken.key_material (
	material_id text NOT NULL,
	material bytea NOT NULL,
	wrapped boolean NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT key_material_pkey PRIMARY KEY (material_id)
);
COMMENT ON TABLE pgtoken.key_material IS 'Private signing keys, peppers, client secrets that client_secret_jwt needs, secrets of streams of signals, and what tokens of other servers are authenticated by; readable by superusers only (and who is given both BYPASSRLS and pg_read_all_data); wrapped with AES-256-GCM when pgtoken.root_key_file is set';
COMMENT ON COLUMN pgtoken.key_material.material_id IS '"key:" or "audit:" and a kid, "pepper:" and an issuer, "client:", a client_id and a secret_id, "import:" and an id of import_sources, or "signal authorization:" or "signal webhook:" and a stream_id';
COMMENT ON COLUMN pgtoken.key_material.material IS 'Private key (PKCS #8 DER, RFC 5958; for HS256 the raw secret), pepper, client secret, secret of a stream, or the key of another server''s tokens; wrapped or as it is';
COMMENT ON COLUMN pgtoken.key_material.wrapped IS 'Is material encrypted under a root key of pgtoken.root_key_file? rewrap_keys() makes it so';
COMMENT ON COLUMN pgtoken.key_material.created_at IS 'When the material was stored; wrapping it anew does not change this';
COMMENT ON INDEX pgtoken.key_material_pkey IS 'One piece per signing key, per issuer''s pepper, per secret kept for client_secret_jwt and per secret of a stream';

ALTER TABLE pgtoken.key_material ALTER COLUMN material SET STATISTICS 0;
ALTER TABLE pgtoken.key_material ALTER COLUMN material SET STORAGE PLAIN, ALTER COLUMN material_id SET STORAGE PLAIN;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.key_material', '');
ALTER TABLE pgtoken.key_material ENABLE ROW LEVEL SECURITY;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.key_material FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('key_material', 'material');
COMMENT ON TRIGGER audit ON pgtoken.key_material IS 'Writes the row before and after to audit_events, without the material';
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON pgtoken.key_material FOR EACH ROW EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate ON pgtoken.key_material IS 'Makes every backend drop its cached configuration, parsed keys and peppers included, when the transaction commits';
CREATE TRIGGER invalidate_truncate AFTER TRUNCATE ON pgtoken.key_material FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.invalidate('config');
COMMENT ON TRIGGER invalidate_truncate ON pgtoken.key_material IS 'As invalidate, for TRUNCATE';

CREATE FUNCTION pgtoken.create_pepper(issuer text) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_create_pepper' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.create_pepper FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.create_pepper IS 'Internal, called by create_issuer: makes and stores the pepper of an issuer''s refresh tokens';

CREATE FUNCTION pgtoken.root_key_status() RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_root_key_status' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.root_key_status FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.root_key_status IS 'Internal, called by health(): "ok", "unset", or what is wrong: with the file pgtoken.root_key_file names, or with opening the key material by it';

CREATE FUNCTION pgtoken.root_key_ids() RETURNS text[]
	AS 'MODULE_PATHNAME', 'pgt_root_key_ids' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.root_key_ids FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.root_key_ids IS 'Internal, called by configuration_facts() and configure_as_subscriber(): names of the root keys of pgtoken.root_key_file, derived by HKDF, which tell nothing of a key; empty: none is set; raises 55000 when the file cannot be used';

CREATE FUNCTION pgtoken.rewrap_keys() RETURNS integer
	AS 'MODULE_PATHNAME', 'pgt_rewrap_keys' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.rewrap_keys FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.rewrap_keys TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.rewrap_keys IS
'Wrap all key material and the secrets of factors under the first root key of pgtoken.root_key_file: what is stored unwrapped, and what an older root key of the file wraps. Returns how many pieces were written. Raises 55000 when no root key is set or a piece cannot be opened.';

CREATE FUNCTION pgtoken.public_keys(issuer text) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT jsonb_build_object('keys', coalesce(jsonb_agg(k.public_jwk ORDER BY k.created_at, k.kid) FILTER (WHERE k.kid IS NOT NULL), '[]'))
	FROM (SELECT pgtoken.issuer_or_default(public_keys.issuer) AS issuer OFFSET 0) i	-- OFFSET: evaluated even where there are no keys
	LEFT JOIN pgtoken.signing_keys k
		ON k.issuer = i.issuer AND k.state IN ('pending', 'active', 'retiring') AND k.public_jwk IS NOT NULL;
END;
REVOKE ALL ON FUNCTION pgtoken.public_keys FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.public_keys IS 'Internal: what jwks() answers, also on a standby that lags behind';

CREATE FUNCTION pgtoken.jwks(issuer text DEFAULT NULL) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE WHEN pgtoken.standby_answers() THEN pgtoken.public_keys(jwks.issuer) END;
END;
REVOKE ALL ON FUNCTION pgtoken.jwks FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.jwks TO pgtoken_issuer, pgtoken_http, pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.jwks IS
'Public keys of an issuer as a JWK Set (RFC 7517 section 5): pending, active and retiring ones, so that verifiers know a key before it signs and after. issuer: NULL is the default one. HS256 keys are secrets and never appear. Raises 55000 when there is no such issuer, PT503 on a standby that lags behind by more than pgtoken.max_replay_lag.';

CREATE FUNCTION pgtoken.hardware_key_status(kid text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_hardware_key_status' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.hardware_key_status FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.hardware_key_status IS 'Internal, called by health(): reaches a pending or active signing key in hardware anew and lets it sign once; "ok", or what stands in the way';

CREATE FUNCTION pgtoken.new_signing_key(alg text, issuer text, private_key text, uri text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_new_signing_key' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.new_signing_key FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.new_signing_key IS 'Internal, called by create_signing_key: makes or takes the key, or what is known of the one in hardware';

CREATE FUNCTION pgtoken.create_signing_key(alg text DEFAULT 'ES256', issuer text DEFAULT NULL, private_key text DEFAULT NULL, if_not_exists boolean DEFAULT false, uri text DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	existing_kid text;
	existing_state text;
BEGIN
	IF coalesce(if_not_exists, false) THEN
		SELECT k.kid, k.state INTO existing_kid, existing_state FROM pgtoken.signing_keys k
		WHERE k.issuer = pgtoken.issuer_or_default(create_signing_key.issuer) AND k.alg = create_signing_key.alg AND k.state IN ('active', 'pending')
		ORDER BY k.state LIMIT 1;	-- the active one first
		IF FOUND THEN
			RAISE NOTICE 'the signing key "%" exists already', existing_kid
				USING DETAIL = format('It is the %s %s key of the issuer%s.', existing_state, alg,
									  CASE WHEN coalesce(private_key, uri) IS NOT NULL THEN '; whether it is the one that was given was not looked at' ELSE '' END);
			RETURN existing_kid;
		END IF;
	END IF;
	PERFORM pgtoken.check_alg(alg);
	IF uri IS NOT NULL AND (private_key IS NOT NULL OR alg = 'HS256') THEN
		RAISE EXCEPTION 'uri goes with neither private_key nor HS256'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'A key in hardware has a public part here, and its private part nowhere else.';
	END IF;
	RETURN pgtoken.new_signing_key(alg, issuer, private_key, uri);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_signing_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.create_signing_key TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.create_signing_key IS
'Create a signing key (RFC 7518 section 3.1, RFC 8037) and return its kid, its thumbprint (RFC 7638). alg: ES256, ES384, ES512, RS256, PS256, EdDSA (Ed25519) or HS256. issuer: NULL is the default one. private_key: bring an existing key (PEM; for HS256 the base64url secret of at least 32 bytes) instead of making one; pass it as a parameter, not as a literal that a log may keep.
uri: the key is in hardware and stays there: the RFC 7512 name of a private key that suits alg, with token or serial and object or id, as in pkcs11:token=signing;object=key-1, and no query: the library and the PIN are those of pgtoken.pkcs11_module and pgtoken.pkcs11_pin_file. It signs once for a trial. Its successor is made by create_signing_key with another uri, never by maintain() or rotate_signing_key.
if_not_exists: where the issuer has an active or pending key of the algorithm, none is made: a NOTICE says so, and its kid is returned.
The first key of an issuer and algorithm is active at once; a further one is pending: published by jwks() until rotate_signing_key or maintain() lets it sign, after pgtoken.signing_key_lead_time at the earliest. Raises 22023 for a bad algorithm, key or uri, 55000 when a pending key is there already, 58000 when the hardware does not answer.';

CREATE FUNCTION pgtoken.retiring_keys_full(issuer text, alg text) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN (SELECT count(*) >= 10 FROM pgtoken.signing_keys k
			WHERE k.issuer = retiring_keys_full.issuer AND k.alg = retiring_keys_full.alg AND k.state = 'retiring');
REVOKE ALL ON FUNCTION pgtoken.retiring_keys_full FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.retiring_keys_full IS 'Internal: are as many keys of an issuer and algorithm retiring, and so published, as may be at a time?';

-- A key that was put into hardware is not to be followed by one that lies in the database, unless somebody says so.
CREATE FUNCTION pgtoken.require_successor(alg text, issuer text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF EXISTS (SELECT FROM pgtoken.signing_keys k WHERE k.issuer = require_successor.issuer AND k.alg = require_successor.alg
				 AND k.state = 'active' AND k.uri IS NOT NULL)
	   AND NOT EXISTS (SELECT FROM pgtoken.signing_keys k WHERE k.issuer = require_successor.issuer AND k.alg = require_successor.alg
						 AND k.state = 'pending') THEN
		RAISE EXCEPTION 'the % key in hardware has no successor', alg
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'None is made in the database for a key that is not.',
				  HINT = format('SELECT pgtoken.create_signing_key(%L, %L, uri => ...) first; without uri, where it may lie in the database from now on.', alg, issuer);
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.require_successor FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.require_successor IS 'Internal, called by rotate_signing_key: raises 55000 when the active key of an issuer and algorithm is in hardware and none is pending';

CREATE FUNCTION pgtoken.rotate_signing_key(alg text DEFAULT 'ES256', issuer text DEFAULT NULL, force boolean DEFAULT false) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	new_kid text;
	published_at timestamptz;
	signs_at timestamptz;
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	PERFORM FROM pgtoken.issuers i WHERE i.issuer = of_issuer FOR NO KEY UPDATE;	-- one rotation at a time
	-- The first one of an algorithm signs at once, as there is none that could until then.
	-- Of an issuer's very first key nobody has a JWK Set that lacks it; of a further algorithm's somebody may.
	IF force IS NOT TRUE AND EXISTS (SELECT FROM pgtoken.signing_keys k
									 WHERE k.issuer = of_issuer AND k.alg = rotate_signing_key.alg AND k.state = 'active') THEN
		SELECT k.created_at INTO published_at
		FROM pgtoken.signing_keys k WHERE k.issuer = of_issuer AND k.alg = rotate_signing_key.alg AND k.state = 'pending';
		IF NOT FOUND THEN
			PERFORM pgtoken.require_successor(rotate_signing_key.alg, of_issuer);
			PERFORM pgtoken.create_signing_key(rotate_signing_key.alg, of_issuer);
			published_at := now();
		END IF;
		signs_at := published_at + current_setting('pgtoken.signing_key_lead_time')::interval;
		IF signs_at > now() THEN
			RAISE NOTICE 'the next % key may sign from % on', rotate_signing_key.alg, to_char(signs_at, 'YYYY-MM-DD HH24:MI:SS "UTC"')
				USING DETAIL = 'Verifiers that keep the JWK Set do not know it yet.',
					  HINT = 'Call rotate_signing_key again then. force => true lets it sign at once.';
			RETURN NULL;
		END IF;
	END IF;
	IF pgtoken.retiring_keys_full(of_issuer, rotate_signing_key.alg) AND EXISTS (
		SELECT FROM pgtoken.signing_keys k WHERE k.issuer = of_issuer AND k.alg = rotate_signing_key.alg AND k.state = 'active') THEN
		RAISE EXCEPTION 'ten % keys of the issuer are retiring already', rotate_signing_key.alg
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'Each is published until no token that it signed can be alive; verifiers fetch all of them.',
				  HINT = 'Wait until maintain() has retired one, or end one, and the tokens it signed, with retire_signing_key.';
	END IF;
	PERFORM pgtoken.require_successor(rotate_signing_key.alg, of_issuer);
	UPDATE pgtoken.signing_keys k
	SET state = 'retiring', retiring_at = now(),
		retires_at = now() + current_setting('pgtoken.signing_key_retiring_period')::interval
	WHERE k.issuer = of_issuer AND k.alg = rotate_signing_key.alg AND k.state = 'active';
	UPDATE pgtoken.signing_keys k
	SET state = 'active', activated_at = now()
	WHERE k.issuer = of_issuer AND k.alg = rotate_signing_key.alg AND k.state = 'pending'
	RETURNING k.kid INTO new_kid;
	RETURN coalesce(new_kid, pgtoken.create_signing_key(rotate_signing_key.alg, of_issuer));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.rotate_signing_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.rotate_signing_key TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.rotate_signing_key IS
'Let the pending key of an issuer and algorithm sign from now on and return its kid. alg, issuer: as in create_signing_key.
The key that signed so far is retiring: published and accepted until no token it signed can be alive. The next key must have been published for pgtoken.signing_key_lead_time, so that verifiers that keep the JWK Set know it: when it has not, or none is pending and one is made now, a NOTICE says when to call again, and the answer is NULL. The first key of an algorithm signs at once: make that of a further algorithm some minutes before the first client asks for it.
force => true: it signs at once, and verifiers elsewhere may refuse its tokens for as long as they keep the JWK Set.
At most ten keys of an issuer and algorithm are retiring at a time. Raises 22004, 55000 when there are, and when the key is in hardware and none is pending.';

CREATE FUNCTION pgtoken.retire_signing_key(kid text, reason text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	key record;
BEGIN
	PERFORM FROM pgtoken.issuers i
	WHERE i.issuer = (SELECT k.issuer FROM pgtoken.signing_keys k WHERE k.kid = retire_signing_key.kid) FOR NO KEY UPDATE;	-- one change at a time
	SELECT k.issuer, k.alg, k.state INTO key FROM pgtoken.signing_keys k
	WHERE k.kid = retire_signing_key.kid
	  -- one that maintain() has retired in its time is still good for hints, until somebody says otherwise
	  AND (k.state <> 'retired' OR (k.retire_reason = 'end of life' AND k.retired_at >= k.retires_at AND reason IS DISTINCT FROM 'end of life'));
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.make_durable();
	IF key.state = 'active' THEN
		PERFORM pgtoken.require_successor(key.alg, key.issuer);
	END IF;
	UPDATE pgtoken.signing_keys k SET state = 'retired', retired_at = now(), retire_reason = reason
	WHERE k.kid = retire_signing_key.kid;
	-- after it, so that it is never among those that retire slowly
	IF key.state = 'active' THEN
		PERFORM pgtoken.rotate_signing_key(key.alg, key.issuer, force => true);
	END IF;
	DELETE FROM pgtoken.key_material m WHERE m.material_id = 'key:' || retire_signing_key.kid;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.retire_signing_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.retire_signing_key TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.retire_signing_key IS
'Retire a key at once, for instance because it may be known to somebody: it leaves jwks(), every token it signed is refused from the next statement on, its private part is deleted, but for one in hardware, which you delete there; an active key is rotated first, also when the next one has not been published for long. A key that maintain() has retired in its time can be retired so, too: until then the ID tokens it signed are good as id_token_hint. kid: which. reason: kept in the audit. Returns false when there is no such key or it was retired like this before. Raises 55000 when an active key is in hardware and none is pending.';

CREATE FUNCTION pgtoken.check_alg_change(issuer text, before text, after text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	default_alg CONSTANT text := (SELECT i.default_alg FROM pgtoken.issuers i WHERE i.issuer = check_alg_change.issuer);
	signing CONSTANT text[] := ARRAY(SELECT k.alg FROM pgtoken.signing_keys k WHERE k.issuer = check_alg_change.issuer AND k.state = 'active');
BEGIN
	IF coalesce(before, default_alg) = ANY (signing) AND coalesce(after, default_alg) <> ALL (signing) THEN
		RAISE EXCEPTION 'the issuer has no active % key', coalesce(after, default_alg)
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'Every request for a token would fail from now on.',
				  HINT = format('SELECT pgtoken.create_signing_key(%L) first.', coalesce(after, default_alg));
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_alg_change FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_alg_change IS 'Internal, called by update_client and update_issuer: raises 55000 when there is a key for the algorithm that signs now, and none for the one that is to; NULL is the issuer''s default';
