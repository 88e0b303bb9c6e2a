-- Why requests were refused: the table of reasons, and the trace of the last ones.

CREATE FUNCTION pgtoken.refusal_reasons()
	RETURNS TABLE (reason text, error text, error_description text, explanation text, audited boolean)
	AS 'MODULE_PATHNAME', 'pgt_refusal_reasons' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.refusal_reasons FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.refusal_reasons TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.refusal_reasons IS
'Every reason for which a request is refused.
Returns reason as in audit_events and refused_requests(), error and error_description as the client is told (NULL: it is told none), explanation for whoever has to help: one sentence that says why, and what to do. audited: it leaves an audit event where it names a client of ours. An API answers three of them by other codes, which have a row of their own.';

CREATE FUNCTION pgtoken.refused_requests(client_id text DEFAULT NULL, max_requests integer DEFAULT 100)
	RETURNS TABLE (at timestamptz, endpoint text, client_id text, error text, reason text, parameter text, received text, registered text,
				   explanation text, request_id text)
	AS 'MODULE_PATHNAME', 'pgt_refused_requests_rows' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED;
REVOKE ALL ON FUNCTION pgtoken.refused_requests FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.refused_requests TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.refused_requests IS
'The last requests of this database that were refused, whether audited or not, the newest first: what came beside what is registered or expected. client_id: requests that name this client; NULL is all. max_requests: NULL is no limit.
Returns client_id and received as they came, cut where they are long, and with \x escapes for what cannot be shown; NULL where not sent, or nothing that may be shown (tokens, secrets, codes and the like never are); request_id as audit_events has it, NULL for what came by SQL alone. What belongs to a flow that goes well is left out: a device that waits, a nonce that is handed out, a factor that is asked for, a document that is fetched.
Kept in shared memory, for pgtoken.refused_requests of them on the whole server, until it is restarted; whoever sends many can push others out. Raises 22023, 55000 where there is no shared memory (before PostgreSQL 17 the library must be in shared_preload_libraries); pgtoken.log_refusals writes the same to the log.';
