-- Marks: by what a request is found elsewhere. A row of the audit or the ledger, and what
-- the courier is to do, keep the mark of the request that they come of: its id, as proxies
-- and logs have it, and its place in a trace (W3C Trace Context). Packed, so that it costs
-- a row 17 bytes with a UUID and 42 with a trace as well, and nothing without a mark.

CREATE FUNCTION pgtoken.current_mark() RETURNS bytea
	AS 'MODULE_PATHNAME', 'pgt_current_mark' LANGUAGE C STABLE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.current_mark FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.current_mark IS 'Internal: the mark of the request that this transaction works for, as rows keep it; NULL: none';

CREATE FUNCTION pgtoken.take_mark(mark bytea) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_take_mark' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.take_mark FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.take_mark IS 'Internal: this transaction goes on with what the request of this mark has begun';

CREATE FUNCTION pgtoken.request_id_of(mark bytea) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_request_id_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION pgtoken.trace_id_of(mark bytea) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_trace_id_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION pgtoken.span_id_of(mark bytea) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_span_id_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION pgtoken.traceparent_of(mark bytea) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_traceparent_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.request_id_of, pgtoken.trace_id_of, pgtoken.span_id_of, pgtoken.traceparent_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.request_id_of, pgtoken.trace_id_of, pgtoken.span_id_of TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.request_id_of IS 'Internal: the id of the request that a mark is of; NULL: it has none';
COMMENT ON FUNCTION pgtoken.trace_id_of IS 'Internal: the trace that a mark names, 32 hexadecimal digits; NULL: none';
COMMENT ON FUNCTION pgtoken.span_id_of IS 'Internal: the caller''s span that a mark names, 16 hexadecimal digits; NULL: none';
COMMENT ON FUNCTION pgtoken.traceparent_of IS 'Internal: the trace that a mark names, as a header traceparent has it; NULL: none';

CREATE FUNCTION pgtoken.mark_request(request_id text DEFAULT NULL, traceparent text DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_mark_request' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.mark_request FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.mark_request TO pgtoken_issuer, pgtoken_admin, pgtoken_http;
COMMENT ON FUNCTION pgtoken.mark_request IS
'Say which request of the application''s this transaction works for: until it ends, its audit events and what the courier gets to do carry that, as requests over HTTP do by themselves (W3C Trace Context).
request_id: as the application''s own logs have it, 1 to 100 of A-Z a-z 0-9 . _ ~ : / + = @ ; and hyphen; NULL: a new UUIDv7. traceparent: of the request, as it came; NULL: it is of no trace.
Returns the id. A second call in the same transaction takes the place of the first. Raises 22023 for an id or a traceparent that is none.';
