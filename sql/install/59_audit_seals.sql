-- Seals: what shows tampering with the audit and the ledger, to who holds a seal that has
-- left the machine (docs/audit.md). Each row is a leaf, a hash over its columns; a seal is
-- the root of trees over all rows whose transactions were over, with the hash of the seal
-- before in it, signed by a key that signs nothing else. Rows are found by the number of
-- their transaction, so that one that committed late is in the seal after its commit,
-- whenever it was written. Nothing of it is on the way of a refresh but the random bytes of
-- its row (proof).

-- The keys.

CREATE TABLE pgtoken.audit_keys (
	kid text NOT NULL,
	alg text NOT NULL,
	state text NOT NULL DEFAULT 'pending',
	public_jwk jsonb NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	activated_at timestamptz,
	retired_at timestamptz,
	retire_reason text,
	CONSTRAINT audit_keys_pkey PRIMARY KEY (kid),
	CONSTRAINT audit_keys_alg_check CHECK (alg = ANY (pgtoken.choices('alg')) AND alg <> 'HS256'),
	CONSTRAINT audit_keys_state_check CHECK (state IN ('pending', 'active', 'retired'))
);
COMMENT ON TABLE pgtoken.audit_keys IS 'Keys that sign seals of the audit, and nothing else: pending (the next seal names it) -> active (signs) -> retired (its private part is gone, its seals hold)';
COMMENT ON COLUMN pgtoken.audit_keys.kid IS 'RFC 7638 thumbprint';
COMMENT ON COLUMN pgtoken.audit_keys.alg IS 'The one algorithm the key is used with (RFC 7518 section 3.1, RFC 8037 section 3.1)';
COMMENT ON COLUMN pgtoken.audit_keys.state IS 'pending, active or retired';
COMMENT ON COLUMN pgtoken.audit_keys.public_jwk IS 'Public key, as export_audit_seals() gives it; no JWK Set of an issuer has it';
COMMENT ON COLUMN pgtoken.audit_keys.created_at IS 'When the key was created';
COMMENT ON COLUMN pgtoken.audit_keys.activated_at IS 'When it began to sign; NULL: not yet';
COMMENT ON COLUMN pgtoken.audit_keys.retired_at IS 'When another took its place; since then its private part is gone';
COMMENT ON COLUMN pgtoken.audit_keys.retire_reason IS 'Why';
COMMENT ON INDEX pgtoken.audit_keys_pkey IS 'One row per key';
COMMENT ON CONSTRAINT audit_keys_alg_check ON pgtoken.audit_keys IS 'What has a public key: who verifies a seal must not be able to make one';
CREATE UNIQUE INDEX audit_keys_one_a_state ON pgtoken.audit_keys (state) WHERE state <> 'retired';
COMMENT ON INDEX pgtoken.audit_keys_one_a_state IS 'One key at a time signs, and one at the most waits to';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.audit_keys', '');
ALTER TABLE pgtoken.audit_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.audit_keys FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.audit_keys IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.audit_keys TO pgtoken_auditor;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.audit_keys FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('audit_key');
COMMENT ON TRIGGER audit ON pgtoken.audit_keys IS 'Writes the row before and after to audit_events';

-- The chains.

CREATE TABLE pgtoken.audit_chains (
	chain uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
	after_number bigint NOT NULL,
	cluster bytea NOT NULL,
	opened_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	reason text NOT NULL,
	CONSTRAINT audit_chains_pkey PRIMARY KEY (chain)
);
COMMENT ON TABLE pgtoken.audit_chains IS 'Chains of seals: another one begins where data was restored, so that what is lost by it is not taken for a cut. Append-only';
COMMENT ON COLUMN pgtoken.audit_chains.chain IS 'Random UUID';
COMMENT ON COLUMN pgtoken.audit_chains.after_number IS 'The last seal that was there; 0: none';
COMMENT ON COLUMN pgtoken.audit_chains.cluster IS 'Of which database cluster it is, as proof of the rows says';
COMMENT ON COLUMN pgtoken.audit_chains.opened_at IS 'When it was opened; the last that was is gone on with';
COMMENT ON COLUMN pgtoken.audit_chains.reason IS 'Why';
COMMENT ON INDEX pgtoken.audit_chains_pkey IS 'One row per chain';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.audit_chains', '');
ALTER TABLE pgtoken.audit_chains ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.audit_chains FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.audit_chains IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.audit_chains TO pgtoken_auditor;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pgtoken.audit_chains FOR EACH ROW EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only ON pgtoken.audit_chains IS 'Refuses UPDATE and DELETE, whatever session_replication_role says';
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.audit_chains FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only_truncate ON pgtoken.audit_chains IS 'Refuses TRUNCATE, whatever session_replication_role says';

-- The seals.

CREATE TABLE pgtoken.audit_seals (
	number bigint NOT NULL,
	chain uuid NOT NULL,
	made_at timestamptz NOT NULL,
	cluster bytea NOT NULL,
	xact_from xid8 NOT NULL,
	xact_until xid8 NOT NULL,
	xact_seen xid8 NOT NULL,
	adopted jsonb NOT NULL,
	rows bigint NOT NULL,
	root bytea NOT NULL,
	first_at timestamptz,
	last_at timestamptz,
	kid text NOT NULL,
	hash bytea NOT NULL,
	seal text NOT NULL,
	CONSTRAINT audit_seals_pkey PRIMARY KEY (number)
);
COMMENT ON TABLE pgtoken.audit_seals IS 'Seals of the audit and the ledger, each a JWS (RFC 7515) with the hash of the one before in it. Append-only, and kept for good: what a dropped partition had stays sealed';
COMMENT ON COLUMN pgtoken.audit_seals.number IS 'From 1 on, without a gap, also from one chain to the next';
COMMENT ON COLUMN pgtoken.audit_seals.chain IS 'Of which chain, see audit_chains';
COMMENT ON COLUMN pgtoken.audit_seals.made_at IS 'When it was made';
COMMENT ON COLUMN pgtoken.audit_seals.cluster IS 'The rows of which database cluster it covers, as their proof says';
COMMENT ON COLUMN pgtoken.audit_seals.xact_from IS 'It covers the rows of transactions from this number on,';
COMMENT ON COLUMN pgtoken.audit_seals.xact_until IS 'and of no later one than before this: all of them were over (pg_snapshot_xmin)';
COMMENT ON COLUMN pgtoken.audit_seals.xact_seen IS 'The next number that a transaction could have got then (pg_snapshot_xmax): what has it or a later one was written later';
COMMENT ON COLUMN pgtoken.audit_seals.adopted IS 'What it covers beside: rows that another cluster wrote and did not seal before they were restored here, an array of {cluster, from, until}';
COMMENT ON COLUMN pgtoken.audit_seals.rows IS 'How many rows it covers';
COMMENT ON COLUMN pgtoken.audit_seals.root IS 'The root over the trees of its parts, which are by table and month';
COMMENT ON COLUMN pgtoken.audit_seals.first_at IS 'When the earliest of these events happened; NULL: it covers none';
COMMENT ON COLUMN pgtoken.audit_seals.last_at IS 'When the latest happened';
COMMENT ON COLUMN pgtoken.audit_seals.kid IS 'Key that signed it, see audit_keys';
COMMENT ON COLUMN pgtoken.audit_seals.hash IS 'SHA-256 of seal, which the next one has in it';
COMMENT ON COLUMN pgtoken.audit_seals.seal IS 'The seal itself: what counts, and what leaves the machine. The columns are read from it';
COMMENT ON INDEX pgtoken.audit_seals_pkey IS 'In order';
CREATE INDEX audit_seals_xact ON pgtoken.audit_seals (cluster, xact_from, xact_until);
COMMENT ON INDEX pgtoken.audit_seals_xact IS 'Finds the seal of a transaction';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.audit_seals', '');
ALTER TABLE pgtoken.audit_seals ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.audit_seals FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.audit_seals IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.audit_seals TO pgtoken_auditor;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pgtoken.audit_seals FOR EACH ROW EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only ON pgtoken.audit_seals IS 'Refuses UPDATE and DELETE, whatever session_replication_role says';
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.audit_seals FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only_truncate ON pgtoken.audit_seals IS 'Refuses TRUNCATE, whatever session_replication_role says';

-- What names the row that is broken. A root says that something is.
CREATE TABLE pgtoken.audit_leaves (
	number bigint NOT NULL,
	cluster bytea NOT NULL,
	of_table text NOT NULL,
	month text NOT NULL,
	chunk integer NOT NULL,
	rows integer NOT NULL,
	root bytea NOT NULL,
	leaves bytea NOT NULL,
	first_at timestamptz NOT NULL,
	last_at timestamptz NOT NULL,
	CONSTRAINT audit_leaves_pkey PRIMARY KEY (number, cluster, of_table, month, chunk)
);
COMMENT ON TABLE pgtoken.audit_leaves IS 'The first four bytes of each leaf of a seal, by which verify_audit() finds the row that was changed. No proof of anything: that is the seal. Gone with the partition of the rows';
COMMENT ON COLUMN pgtoken.audit_leaves.number IS 'The seal';
COMMENT ON COLUMN pgtoken.audit_leaves.cluster IS 'Of which cluster the rows are';
COMMENT ON COLUMN pgtoken.audit_leaves.of_table IS 'tokens or audit_rows';
COMMENT ON COLUMN pgtoken.audit_leaves.month IS 'Of which month, in UTC, as 2026-11';
COMMENT ON COLUMN pgtoken.audit_leaves.chunk IS 'From 0 on: 16384 rows each, in the order of transaction and event';
COMMENT ON COLUMN pgtoken.audit_leaves.rows IS 'How many rows this is about';
COMMENT ON COLUMN pgtoken.audit_leaves.root IS 'The root of their tree, a node of that of the part';
COMMENT ON COLUMN pgtoken.audit_leaves.leaves IS 'Four bytes a row';
COMMENT ON COLUMN pgtoken.audit_leaves.first_at IS 'When the earliest of these events happened';
COMMENT ON COLUMN pgtoken.audit_leaves.last_at IS 'When the latest happened';
COMMENT ON INDEX pgtoken.audit_leaves_pkey IS 'Those of a seal in order';

ALTER TABLE pgtoken.audit_leaves ALTER leaves SET STORAGE EXTERNAL, ALTER leaves SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.audit_leaves', '');
ALTER TABLE pgtoken.audit_leaves ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.audit_leaves FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.audit_leaves IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.audit_leaves TO pgtoken_auditor;

CREATE TABLE pgtoken.audit_retired (
	after_number bigint NOT NULL,
	of_table text NOT NULL,
	month text NOT NULL,
	retired_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	rows bigint NOT NULL,
	root bytea NOT NULL,
	CONSTRAINT audit_retired_pkey PRIMARY KEY (of_table, month, after_number)
);
COMMENT ON TABLE pgtoken.audit_retired IS 'Months whose rows are gone with their partition, and what of them stays (rows of reused families): the next seal says so. Append-only';
COMMENT ON COLUMN pgtoken.audit_retired.after_number IS 'The last seal then: this and the earlier ones cover rows that are gone';
COMMENT ON COLUMN pgtoken.audit_retired.of_table IS 'tokens or audit_rows';
COMMENT ON COLUMN pgtoken.audit_retired.month IS 'Which month, in UTC, as 2026-11';
COMMENT ON COLUMN pgtoken.audit_retired.retired_at IS 'When';
COMMENT ON COLUMN pgtoken.audit_retired.rows IS 'How many sealed rows stay';
COMMENT ON COLUMN pgtoken.audit_retired.root IS 'The root of their tree';
COMMENT ON INDEX pgtoken.audit_retired_pkey IS 'Finds a month';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.audit_retired', '');
ALTER TABLE pgtoken.audit_retired ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.audit_retired FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.audit_retired IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.audit_retired TO pgtoken_auditor;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pgtoken.audit_retired FOR EACH ROW EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only ON pgtoken.audit_retired IS 'Refuses UPDATE and DELETE, whatever session_replication_role says';
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.audit_retired FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only_truncate ON pgtoken.audit_retired IS 'Refuses TRUNCATE, whatever session_replication_role says';

-- Hashes.

CREATE FUNCTION pgtoken.audit_leaf(of_row record) RETURNS bytea
	AS 'MODULE_PATHNAME', 'pgt_audit_leaf' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
REVOKE ALL ON FUNCTION pgtoken.audit_leaf FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_leaf IS 'Internal: the leaf of a row of tokens or audit_rows, a SHA-256 (docs/audit.md says of what)';

CREATE FUNCTION pgtoken.audit_leaf_json(of_row record, with_personal boolean) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_audit_leaf_json' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
REVOKE ALL ON FUNCTION pgtoken.audit_leaf_json FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_leaf_json IS 'Internal: what the leaf of a row is made of; with_personal: what it hides of a person as well, with the salts';

CREATE FUNCTION pgtoken.audit_cluster() RETURNS bytea
	AS 'MODULE_PATHNAME', 'pgt_audit_cluster' LANGUAGE C STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.audit_cluster FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_cluster IS 'Internal: four bytes of the system identifier of this database cluster, as proof of the rows has them';

CREATE FUNCTION pgtoken.proof_cluster(proof bytea) RETURNS bytea
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN octet_length(proof) = 20 THEN substr(proof, 1, 4) WHEN proof IS NULL THEN '\x00000000' ELSE substr(proof, 2, 4) END;
REVOKE ALL ON FUNCTION pgtoken.proof_cluster FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.proof_cluster IS 'Internal: which cluster wrote the row of this proof';

CREATE FUNCTION pgtoken.proof_redaction(proof bytea) RETURNS uuid
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN octet_length(proof) >= 36 THEN encode(substr(proof, octet_length(proof) - 15), 'hex')::uuid END;
REVOKE ALL ON FUNCTION pgtoken.proof_redaction FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.proof_redaction IS 'Internal: the event by which the row of this proof was redacted; NULL: it was not';

CREATE FUNCTION pgtoken.merkle_add(tree internal, leaf bytea) RETURNS internal
	AS 'MODULE_PATHNAME', 'pgt_merkle_add' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.merkle_add FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.merkle_add IS 'Internal: transition of merkle_root';
CREATE FUNCTION pgtoken.merkle_hash(tree internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'pgt_merkle_hash' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.merkle_hash FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.merkle_hash IS 'Internal: end of merkle_root';
CREATE AGGREGATE pgtoken.merkle_root(leaf bytea) (SFUNC = pgtoken.merkle_add, STYPE = internal, SSPACE = 2100, FINALFUNC = pgtoken.merkle_hash, PARALLEL = SAFE);
REVOKE ALL ON FUNCTION pgtoken.merkle_root FROM PUBLIC;
COMMENT ON AGGREGATE pgtoken.merkle_root(bytea) IS 'Internal: the root of the Merkle tree (RFC 9162 section 2.1) over leaves that are hashes already, in their order; of roots of 2^n leaves each the root of all';
CREATE FUNCTION pgtoken.merkle_path(leaves bytea[], index integer) RETURNS bytea[]
	AS 'MODULE_PATHNAME', 'pgt_merkle_path' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.merkle_path FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.merkle_path IS 'Internal: what proves that the leaf at an index, from 0 on, is among these (RFC 9162 section 2.1.3.1), from the bottom. Raises 22023';

CREATE FUNCTION pgtoken.part_leaf(cluster bytea, of_table text, month text, rows bigint, root bytea) RETURNS bytea
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN sha256('\x00'::bytea || convert_to(format('%s %s %s %s %s', encode(cluster, 'hex'), of_table, month, rows, encode(root, 'hex')), 'UTF8'));
REVOKE ALL ON FUNCTION pgtoken.part_leaf FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.part_leaf IS 'Internal: a part of a seal as a leaf of the tree that the seal is the root of';

CREATE VIEW pgtoken.audit_row_leaves WITH (security_invoker) AS
	SELECT 'tokens'::text AS of_table, to_char(t.issued_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, pgtoken.proof_cluster(t.proof) AS cluster, t.xact_id,
		   pgtoken.answer_event_id(t.issued_at, t.jti) AS event_id, t.issued_at AS at, pgtoken.audit_leaf(t) AS leaf, pgtoken.proof_redaction(t.proof) AS redaction, t.grant_id,
		   octet_length(t.proof) >= 36 AND get_byte(t.proof, 0) % 2 = 1 AS person_gone
	FROM pgtoken.tokens t
	UNION ALL
	SELECT 'audit_rows', to_char(a.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM'), pgtoken.proof_cluster(a.proof), a.xact_id,
		   a.event_id, a.occurred_at, pgtoken.audit_leaf(a), pgtoken.proof_redaction(a.proof), a.grant_id, octet_length(a.proof) >= 36 AND get_byte(a.proof, 0) % 2 = 1
	FROM pgtoken.audit_rows a;
COMMENT ON VIEW pgtoken.audit_row_leaves IS 'Internal: rows of the ledger and the audit as leaves of seals';
COMMENT ON COLUMN pgtoken.audit_row_leaves.of_table IS 'tokens or audit_rows';
COMMENT ON COLUMN pgtoken.audit_row_leaves.month IS 'Month of the event in UTC, as 2026-11';
COMMENT ON COLUMN pgtoken.audit_row_leaves.cluster IS 'Which cluster wrote it; zeros: it has no proof';
COMMENT ON COLUMN pgtoken.audit_row_leaves.xact_id IS 'Transaction that wrote it';
COMMENT ON COLUMN pgtoken.audit_row_leaves.event_id IS 'Its event_id in audit_events';
COMMENT ON COLUMN pgtoken.audit_row_leaves.at IS 'When the event happened';
COMMENT ON COLUMN pgtoken.audit_row_leaves.leaf IS 'Hash of the row';
COMMENT ON COLUMN pgtoken.audit_row_leaves.redaction IS 'Event by which it was redacted; NULL: it was not';
COMMENT ON COLUMN pgtoken.audit_row_leaves.person_gone IS 'Has it lost whom it was about, and not the place alone?';
COMMENT ON COLUMN pgtoken.audit_row_leaves.grant_id IS 'The family; all zeros for events of no family';

-- Keys: made, and replaced at the next seal, which names the next one.

CREATE FUNCTION pgtoken.new_audit_key(alg text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_new_audit_key' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.new_audit_key FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.new_audit_key IS 'Internal, called by create_audit_key: makes the key, pending';
CREATE FUNCTION pgtoken.sign_audit_seal(kid text, alg text, payload text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_sign_audit_seal' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.sign_audit_seal FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.sign_audit_seal IS 'Internal, called by seal_audit: the seal of this payload, a JWS. Raises 55000 when the private key is missing or cannot be opened';
CREATE FUNCTION pgtoken.verify_audit_seal(alg text, public_jwk text, seal text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_verify_audit_seal' LANGUAGE C STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.verify_audit_seal FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.verify_audit_seal IS 'Internal, called by verify_audit: is the seal signed by this key?';

CREATE FUNCTION pgtoken.lock_audit_seals() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM FROM pgtoken.maintenance m WHERE m.task = 'audit seals' FOR UPDATE;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.lock_audit_seals FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.lock_audit_seals IS 'Internal: one at a time makes seals, or changes the keys that do';
INSERT INTO pgtoken.maintenance (task) VALUES ('audit seals');

CREATE FUNCTION pgtoken.create_audit_key(alg text DEFAULT 'ES256', if_not_exists boolean DEFAULT false) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	new_kid text;
BEGIN
	IF alg IS NULL THEN
		RAISE EXCEPTION 'alg must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM pgtoken.check_alg(alg);
	PERFORM pgtoken.lock_audit_seals();
	SELECT k.kid INTO new_kid FROM pgtoken.audit_keys k WHERE k.state = 'active';
	IF FOUND AND coalesce(if_not_exists, false) THEN
		RAISE NOTICE 'the audit key "%" exists already', new_kid;
		RETURN new_kid;
	END IF;
	IF EXISTS (SELECT FROM pgtoken.audit_keys k WHERE k.state = 'pending') THEN
		RAISE EXCEPTION 'a pending audit key is there already'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  HINT = 'It signs after the next seal: SELECT pgtoken.seal_audit().';
	END IF;
	PERFORM pgtoken.new_audit_key(alg);
	SELECT k.kid INTO new_kid FROM pgtoken.audit_keys k WHERE k.state = 'pending';
	IF NOT EXISTS (SELECT FROM pgtoken.audit_keys k WHERE k.state = 'active') THEN
		UPDATE pgtoken.audit_keys k SET state = 'active', activated_at = now() WHERE k.kid = new_kid;
	END IF;
	RETURN new_kid;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_audit_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.create_audit_key TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.create_audit_key IS
'Create a key that signs seals of the audit, and nothing else, and return its kid, its thumbprint (RFC 7638). From the first one on maintain() seals. alg: ES256, ES384, ES512, RS256, PS256 or EdDSA (Ed25519). if_not_exists: where one signs already, none is made: a NOTICE says so, and its kid is returned.
The first key is active at once. A further one is pending: the next seal, signed by the active one still, names it, so that who trusts the one trusts the other; then it signs, and the private part of the one before is deleted. Raises 22004, 22023 for a bad algorithm, 55000 when a pending key is there already.';

CREATE FUNCTION pgtoken.seal_of(of_cluster bytea, xact_id xid8) RETURNS bigint
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	-- ranges of one cluster follow each other; one that is empty comes before the one that begins there
	SELECT coalesce((SELECT l.number FROM (SELECT s.number, s.xact_until FROM pgtoken.audit_seals s WHERE s.cluster = of_cluster AND s.xact_from <= seal_of.xact_id
										   ORDER BY s.xact_from DESC, s.xact_until DESC LIMIT 1) l WHERE seal_of.xact_id < l.xact_until),
					(SELECT s.number FROM pgtoken.audit_seals s, jsonb_array_elements(s.adopted) a
					 WHERE a ->> 'cluster' = encode(of_cluster, 'hex') AND (a ->> 'from')::xid8 <= seal_of.xact_id AND seal_of.xact_id < (a ->> 'until')::xid8 LIMIT 1));
END;
REVOKE ALL ON FUNCTION pgtoken.seal_of FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.seal_of IS 'Internal: which seal covers the rows of a transaction of a cluster; NULL: none';

-- Making a seal.

CREATE FUNCTION pgtoken.open_audit_chain(reason text) RETURNS uuid
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	opened pgtoken.audit_chains;
BEGIN
	INSERT INTO pgtoken.audit_chains AS c (after_number, cluster, reason)
	VALUES ((SELECT coalesce(max(s.number), 0) FROM pgtoken.audit_seals s), pgtoken.audit_cluster(), open_audit_chain.reason) RETURNING * INTO opened;
	PERFORM pgtoken.write_audit_event('audit.chain_opened', jsonb_build_object('chain', opened.chain, 'after_number', opened.after_number), open_audit_chain.reason);
	RETURN opened.chain;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.open_audit_chain FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.open_audit_chain IS 'Internal, called by seal_audit, after_restore and adopt_copy: the next seal begins a chain of its own, for this reason';

CREATE FUNCTION pgtoken.audit_chain() RETURNS uuid
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	latest pgtoken.audit_chains;
BEGIN
	SELECT * INTO latest FROM pgtoken.audit_chains c ORDER BY c.after_number DESC, c.opened_at DESC LIMIT 1;
	RETURN CASE WHEN latest.chain IS NULL THEN pgtoken.open_audit_chain('first')
				WHEN latest.cluster <> pgtoken.audit_cluster() THEN pgtoken.open_audit_chain('another database cluster: restored from a dump, or upgraded')
				ELSE latest.chain END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.audit_chain FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_chain IS 'Internal: the chain that seals of this cluster go on with; opened where there is none';

-- Rows that another cluster wrote and whose seals, if any, did not come along: after a
-- dump they are as old as what was dumped last.
CREATE FUNCTION pgtoken.audit_to_adopt() RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
	SELECT coalesce(jsonb_agg(jsonb_build_object('cluster', encode(f.cluster, 'hex'), 'from', f.sealed::text, 'until', f.until) ORDER BY f.cluster), '[]')
	FROM (SELECT r.cluster, k.sealed, (max(r.xact_id)::text::numeric + 1)::text AS until
		  FROM pgtoken.audit_row_leaves r
		  CROSS JOIN LATERAL (SELECT coalesce((SELECT s.xact_until FROM pgtoken.audit_seals s WHERE s.cluster = r.cluster ORDER BY s.xact_until DESC LIMIT 1), '0'::xid8) AS sealed) k
		  WHERE r.cluster <> pgtoken.audit_cluster() AND r.cluster <> '\x00000000' AND r.xact_id >= k.sealed
		  GROUP BY r.cluster, k.sealed) f
	-- what was adopted once is sealed
	WHERE NOT EXISTS (SELECT FROM pgtoken.audit_seals s, jsonb_array_elements(s.adopted) a WHERE a ->> 'cluster' = encode(f.cluster, 'hex'));
END;
REVOKE ALL ON FUNCTION pgtoken.audit_to_adopt FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_to_adopt IS 'Internal: which rows of other clusters the first seal of a chain covers beside, as audit_seals.adopted; those without a proof never';

-- Where the earliest of these rows can be: what has a number that was not given away yet at
-- an earlier seal was written after that. A day less: no clock is that wrong, and no call
-- waits for so long between the time of its event and the number of its transaction.
CREATE FUNCTION pgtoken.audit_floor(xact_from xid8) RETURNS timestamptz
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE WHEN (SELECT max(s.made_at) FROM pgtoken.audit_seals s) > now() THEN '-infinity'	-- the clock was put back
		ELSE coalesce((SELECT s.made_at - interval '1 day' FROM pgtoken.audit_seals s
					   WHERE s.cluster = pgtoken.audit_cluster() AND s.xact_seen <= audit_floor.xact_from ORDER BY s.number DESC LIMIT 1), '-infinity') END;
END;
REVOKE ALL ON FUNCTION pgtoken.audit_floor FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_floor IS 'Internal: before that no transaction from this number on has written';

CREATE FUNCTION pgtoken.hash_audit_rows(of_seal bigint, xact_from xid8, xact_until xid8, adopted jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET plan_cache_mode = force_custom_plan SET jit = off
AS $function$
DECLARE
	own CONSTANT bytea := pgtoken.audit_cluster();
	since CONSTANT timestamptz := CASE adopted WHEN '[]' THEN pgtoken.audit_floor(xact_from) ELSE '-infinity' END;
BEGIN
	INSERT INTO pgtoken.audit_leaves (number, cluster, of_table, month, chunk, rows, root, leaves, first_at, last_at)
	SELECT of_seal, o.cluster, o.of_table, o.month, o.n / 16384, count(*), pgtoken.merkle_root(o.leaf ORDER BY o.n), string_agg(substr(o.leaf, 1, 4), '' ORDER BY o.n), min(o.at), max(o.at)
	FROM (SELECT r.cluster, r.of_table, r.month, r.leaf, r.at,
				 row_number() OVER (PARTITION BY r.cluster, r.of_table, r.month ORDER BY r.xact_id, r.event_id, r.leaf) - 1 AS n
		  FROM pgtoken.audit_row_leaves r
		  WHERE r.at >= since AND (r.cluster = own AND r.xact_id >= hash_audit_rows.xact_from AND r.xact_id < hash_audit_rows.xact_until
								   OR r.cluster <> own AND EXISTS (SELECT FROM jsonb_array_elements(hash_audit_rows.adopted) a
																   WHERE a ->> 'cluster' = encode(r.cluster, 'hex') AND r.xact_id >= (a ->> 'from')::xid8 AND r.xact_id < (a ->> 'until')::xid8))) o
	GROUP BY o.cluster, o.of_table, o.month, o.n / 16384;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.hash_audit_rows FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.hash_audit_rows IS 'Internal, called by seal_audit: puts the leaves of the rows that a seal is to cover into audit_leaves';

CREATE FUNCTION pgtoken.require_original() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM pgtoken.library_version();	-- loads the library, and with it the settings
	IF EXISTS (SELECT FROM pgtoken.installation i WHERE lower(nullif(current_setting('pgtoken.installation_id'), '')) <> i.installation_id::text) THEN
		RAISE EXCEPTION 'this database is a copy of another installation'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'It makes no seals by the keys of its original.',
				  HINT = 'SELECT pgtoken.adopt_copy(...) makes it an installation of its own.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.require_original FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.require_original IS 'Internal, called by seal_audit: raises 55000 where pgtoken.installation_id says that this database is a copy';

CREATE FUNCTION pgtoken.use_next_audit_key() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	old_kid text;
BEGIN
	IF EXISTS (SELECT FROM pgtoken.audit_keys k WHERE k.state = 'pending') THEN
		UPDATE pgtoken.audit_keys k SET state = 'retired', retired_at = now(), retire_reason = 'another took its place' WHERE k.state = 'active' RETURNING k.kid INTO old_kid;
		DELETE FROM pgtoken.key_material m WHERE m.material_id = 'audit:' || old_kid;
		UPDATE pgtoken.audit_keys k SET state = 'active', activated_at = now() WHERE k.state = 'pending';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.use_next_audit_key FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.use_next_audit_key IS 'Internal, called by seal_audit once a seal has named the pending key: it signs from now on';

CREATE FUNCTION pgtoken.send_audit_seal(of_seal bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	to_url CONSTANT text := current_setting('pgtoken.audit_seal_url');
BEGIN
	IF to_url <> '' THEN
		INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, url, payload, expires_at)
		VALUES (pgtoken.new_uuid(), 'seal', '', pgtoken.courier_receiver(to_url), to_url, jsonb_build_object('number', of_seal), now() + interval '30 days');
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.send_audit_seal FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.send_audit_seal IS 'Internal, called by seal_audit: has the courier bring the seal to pgtoken.audit_seal_url';

CREATE FUNCTION pgtoken.seal_payload(before pgtoken.audit_seals, seal pgtoken.audit_seals, reason text) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
BEGIN ATOMIC
	SELECT jsonb_strip_nulls(jsonb_build_object('format', 'pgtoken-seal-1', 'number', seal.number, 'chain', seal.chain, 'previous', encode(before.hash, 'hex'),
		'opened', (SELECT c.reason FROM pgtoken.audit_chains c WHERE c.chain = seal.chain AND before.chain IS DISTINCT FROM seal.chain),
		'made_at', seal.made_at, 'timeline', (SELECT p.timeline_id FROM pg_control_checkpoint() p), 'cluster', encode(seal.cluster, 'hex'), 'xact_from', seal.xact_from::text, 'xact_until', seal.xact_until::text,
		'xact_seen', seal.xact_seen::text, 'first_at', seal.first_at, 'last_at', seal.last_at, 'rows', seal.rows, 'root', encode(seal.root, 'hex'),
		'next_kid', (SELECT k.kid FROM pgtoken.audit_keys k WHERE k.state = 'pending'), 'reason', seal_payload.reason))
		|| jsonb_build_object('adopted', seal.adopted,
		'parts', (SELECT coalesce(jsonb_agg(jsonb_build_object('cluster', encode(p.cluster, 'hex'), 'table', p.of_table, 'month', p.month, 'rows', p.rows, 'root', encode(p.root, 'hex'))
								   ORDER BY p.cluster, p.of_table COLLATE "C", p.month COLLATE "C"), '[]')
				  FROM (SELECT l.cluster, l.of_table, l.month, sum(l.rows) AS rows, pgtoken.merkle_root(l.root ORDER BY l.chunk) AS root
						FROM pgtoken.audit_leaves l WHERE l.number = seal.number GROUP BY l.cluster, l.of_table, l.month) p),
		'retired', (SELECT coalesce(jsonb_agg(jsonb_build_object('table', r.of_table, 'month', r.month, 'at', r.retired_at, 'rows', r.rows, 'root', encode(r.root, 'hex'))
									 ORDER BY r.of_table COLLATE "C", r.month COLLATE "C"), '[]')
					FROM pgtoken.audit_retired r WHERE r.after_number = before.number));
END;
REVOKE ALL ON FUNCTION pgtoken.seal_payload FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.seal_payload IS 'Internal, called by seal_audit: what is signed';

CREATE FUNCTION pgtoken.seal_audit(reason text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	key pgtoken.audit_keys;
	before pgtoken.audit_seals;
	seal pgtoken.audit_seals;
	seen CONSTANT pg_snapshot := pg_current_snapshot();
BEGIN
	PERFORM pgtoken.require_original();
	PERFORM pgtoken.lock_audit_seals();
	SELECT * INTO key FROM pgtoken.audit_keys k WHERE k.state = 'active';
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no audit key'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  HINT = 'SELECT pgtoken.create_audit_key();';
	END IF;
	PERFORM pgtoken.make_durable();
	SELECT * INTO before FROM pgtoken.audit_seals s ORDER BY s.number DESC LIMIT 1;
	seal.chain := pgtoken.audit_chain();
	seal.number := coalesce(before.number, 0) + 1;
	seal.made_at := clock_timestamp();
	seal.cluster := pgtoken.audit_cluster();
	seal.xact_from := coalesce((SELECT s.xact_until FROM pgtoken.audit_seals s WHERE s.cluster = seal.cluster ORDER BY s.number DESC LIMIT 1), '0');
	-- of the snapshot of before the lock: whatever a later one sees below is the same
	seal.xact_until := greatest(pg_snapshot_xmin(seen), seal.xact_from);
	seal.xact_seen := pg_snapshot_xmax(seen);
	seal.adopted := CASE WHEN before.chain IS DISTINCT FROM seal.chain THEN pgtoken.audit_to_adopt() ELSE '[]' END;
	PERFORM pgtoken.hash_audit_rows(seal.number, seal.xact_from, seal.xact_until, seal.adopted);
	SELECT coalesce(sum(l.rows), 0), min(l.first_at), max(l.last_at) INTO seal.rows, seal.first_at, seal.last_at FROM pgtoken.audit_leaves l WHERE l.number = seal.number;
	IF seal.rows = 0 AND before.chain IS NOT DISTINCT FROM seal.chain AND reason IS NULL AND NOT EXISTS (SELECT FROM pgtoken.audit_keys k WHERE k.state = 'pending')
	   AND NOT EXISTS (SELECT FROM pgtoken.audit_retired r WHERE r.after_number = before.number) THEN
		RETURN NULL;
	END IF;
	SELECT pgtoken.merkle_root(pgtoken.part_leaf(p.cluster, p.of_table, p.month, p.rows, p.root) ORDER BY p.cluster, p.of_table COLLATE "C", p.month COLLATE "C") INTO seal.root
	FROM (SELECT l.cluster, l.of_table, l.month, sum(l.rows)::bigint AS rows, pgtoken.merkle_root(l.root ORDER BY l.chunk) AS root
		  FROM pgtoken.audit_leaves l WHERE l.number = seal.number GROUP BY l.cluster, l.of_table, l.month) p;
	seal.kid := key.kid;
	seal.seal := pgtoken.sign_audit_seal(key.kid, key.alg, pgtoken.seal_payload(before, seal, reason)::text);
	seal.hash := sha256(convert_to(seal.seal, 'UTF8'));
	INSERT INTO pgtoken.audit_seals SELECT seal.*;
	PERFORM pgtoken.use_next_audit_key();
	PERFORM pgtoken.send_audit_seal(seal.number);
	RETURN seal.number;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.seal_audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.seal_audit TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.seal_audit IS
'Seal what the ledger and the audit have gained since the last seal: all rows of transactions that were over when this statement began, however late they committed. Rows of one that is open still, or prepared, come with a later seal, and so do all that began after it. reason: goes into the seal; a seal is made then even where there is nothing new.
Off the way of everything else: it reads what is new, and a day before it, and locks no row of it. maintain() calls it each time it runs; call it as often as tampering is to be noticed, by pg_cron for instance. Where pgtoken.audit_seal_url is set the courier brings the seal there; export_audit_seals() gives them to a file. Only a seal that has left this machine proves anything against who rules it.
Returns the number of the seal; NULL: there was nothing new. Writes no audit event, which would be new each time: audit_seals is append-only itself. Raises 55000 where there is no audit key, its private part cannot be opened, or the database is a copy.';

CREATE FUNCTION pgtoken.maintain_audit_seals() RETURNS TABLE (step text, detail text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	made bigint;
BEGIN
	detail := pgtoken.take_task('audit seals');
	IF detail IS NOT NULL THEN
		step := 'skipped';
		RETURN NEXT;
		RETURN;
	END IF;
	IF NOT EXISTS (SELECT FROM pgtoken.audit_keys k WHERE k.state = 'active') THEN
		RETURN;
	END IF;
	BEGIN
		made := pgtoken.seal_audit();
	EXCEPTION WHEN object_not_in_prerequisite_state THEN
		-- a copy, or no root key: nothing else waits for that
		step := 'audit not sealed';
		detail := SQLERRM;
		RAISE NOTICE '%: %', step, detail;
		RETURN NEXT;
		RETURN;
	END;
	IF made IS NOT NULL THEN
		step := 'audit sealed';
		detail := format('seal %s', made);
		RAISE NOTICE '%: %', step, detail;
		RETURN NEXT;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.maintain_audit_seals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.maintain_audit_seals TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.maintain_audit_seals IS 'Internal, a part of run_maintenance(): seals the audit where there is an audit key; what keeps it from that is a step of what it returns, and no error. Returns what it did';

-- Partitions go, seals stay.
CREATE FUNCTION pgtoken.retire_sealed_month(of_table text, of_month timestamptz) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET jit = off
AS $function$
DECLARE
	last_seal CONSTANT bigint := (SELECT max(s.number) FROM pgtoken.audit_seals s);
	of_that CONSTANT text := to_char(of_month, 'YYYY-MM');
BEGIN
	IF last_seal IS NULL THEN
		RETURN;
	END IF;
	INSERT INTO pgtoken.audit_retired (after_number, of_table, month, rows, root)
	SELECT last_seal, retire_sealed_month.of_table, of_that, count(*), pgtoken.merkle_root(r.leaf ORDER BY r.xact_id, r.event_id, r.leaf)
	FROM pgtoken.audit_row_leaves r
	WHERE r.of_table = retire_sealed_month.of_table AND r.at >= of_month AND r.at < of_month + interval '1 month' AND pgtoken.seal_of(r.cluster, r.xact_id) <= last_seal
	-- dropped, made again by a clock that was ahead, and dropped again
	ON CONFLICT ON CONSTRAINT audit_retired_pkey DO NOTHING;
	DELETE FROM pgtoken.audit_leaves l WHERE l.of_table = retire_sealed_month.of_table AND l.month = of_that AND l.number <= last_seal;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.retire_sealed_month FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.retire_sealed_month IS 'Internal, called by maintain() once a partition is dropped: notes what is left of its month, which the next seal says';
