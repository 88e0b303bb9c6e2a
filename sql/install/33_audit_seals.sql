CREATE FUNCTION pgtoken.audit_leaf(of_row record) RETURNS bytea
	AS 'MODULE_PATHNAME', 'pgt_audit_leaf' LANGUAGE C STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.audit_leaf FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_leaf IS 'Internal: the leaf of a row of tokens or audit_rows, a SHA-256 (docs/audit.md says of what)';
