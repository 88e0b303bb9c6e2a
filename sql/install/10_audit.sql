-- The audit: what happened, the triggers that write it, and what keeps it (and the
-- ledger) from being changed. An answer with tokens is on record in the ledger alone,
-- whose row has what an event has; audit_events (31_audit_events.sql) shows both.

CREATE FUNCTION pgtoken.append_only() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_append_only' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.append_only FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.append_only IS 'Internal, trigger: refuses UPDATE, DELETE and TRUNCATE, but for the redaction of a row (61_redaction.sql) that leaves its leaf as it was';

CREATE TABLE pgtoken.audit_rows (
	grant_id uuid NOT NULL,
	event_id uuid NOT NULL,
	occurred_at timestamptz NOT NULL,
	xact_id xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
	event text NOT NULL,
	reason text,
	client_id text,
	subject text,
	session_user_name text NOT NULL,	-- name would take 64 bytes of each row
	role_name text,
	application_name text,
	client_addr inet,
	context jsonb,
	detail jsonb,
	personal jsonb,
	proof bytea,
	mark bytea
) PARTITION BY RANGE (occurred_at);
CREATE TABLE pgtoken.audit_rows_default PARTITION OF pgtoken.audit_rows (
	CONSTRAINT audit_rows_default_pkey PRIMARY KEY (grant_id, event_id)
) DEFAULT;
COMMENT ON TABLE pgtoken.audit_rows IS 'Events that are no answer with tokens, for which see tokens; audit_events is both. Append-only; partitioned by month, retired by dropping partitions. Never holds a token, a secret or a hash. What it has of a person stands in subject, client_addr, context and personal, and nowhere else';
COMMENT ON COLUMN pgtoken.audit_rows.grant_id IS 'The family; all zeros for events of no family';
COMMENT ON COLUMN pgtoken.audit_rows.event_id IS 'UUIDv7 of occurred_at, made in C';
COMMENT ON COLUMN pgtoken.audit_rows.occurred_at IS 'When it happened, not when its transaction began; decides the partition';
COMMENT ON COLUMN pgtoken.audit_rows.xact_id IS 'Transaction that wrote it (pg_current_xact_id, the top one also inside of subtransactions): its rows became visible together, when it committed. To be compared with numbers of the same cluster only: a dump that is restored elsewhere and logical replication bring those of the cluster they come from';
COMMENT ON COLUMN pgtoken.audit_rows.event IS 'What happened, e.g. refresh.reuse, grant.revoked, client.changed';
COMMENT ON COLUMN pgtoken.audit_rows.reason IS 'The exact reason, also where the caller was told a more general one';
COMMENT ON COLUMN pgtoken.audit_rows.client_id IS 'Client concerned, or the one a failed authentication named; NULL: none, or not known';
COMMENT ON COLUMN pgtoken.audit_rows.subject IS 'Subject concerned; NULL: none, not known, or redacted';
COMMENT ON COLUMN pgtoken.audit_rows.session_user_name IS 'Role that logged in';
COMMENT ON COLUMN pgtoken.audit_rows.role_name IS 'Role in effect (SET ROLE); NULL: the one that logged in';
COMMENT ON COLUMN pgtoken.audit_rows.application_name IS 'application_name of the session, which the caller chooses';
COMMENT ON COLUMN pgtoken.audit_rows.client_addr IS 'Address the session came from; NULL: a Unix-domain socket, or no client';
COMMENT ON COLUMN pgtoken.audit_rows.context IS 'Request context as the caller gave it; for a reuse also that of the rotation (rotation_context), for too many wrong user codes who typed them (attempt_key)';
COMMENT ON COLUMN pgtoken.audit_rows.detail IS 'What belongs to this kind of event and tells of no person: for a changed row its columns before and after, for a reuse the presented and the current generation';
COMMENT ON COLUMN pgtoken.audit_rows.personal IS 'What would stand in detail and tells of a person: for a changed row its personal columns before and after, for a decision the reasons that each rule gave; NULL: nothing';
COMMENT ON COLUMN pgtoken.audit_rows.proof IS 'Random bytes under which the row''s leaf hides what tells of a person, and the cluster that wrote it; of a redacted row what its leaf needs in place of what is gone, and the event_id of the redaction; NULL: written by none of the functions, so that no seal covers it';

COMMENT ON COLUMN pgtoken.audit_rows.mark IS 'The request that it comes of: its id and its trace, packed, as audit_events shows them; NULL: no request over HTTP, and the application has named none by mark_request()';

ALTER TABLE pgtoken.audit_rows
	ALTER reason SET STORAGE MAIN, ALTER reason SET STATISTICS 0,
	ALTER subject SET STORAGE MAIN,
	ALTER session_user_name SET STORAGE MAIN, ALTER session_user_name SET STATISTICS 0,
	ALTER role_name SET STORAGE MAIN, ALTER role_name SET STATISTICS 0,
	ALTER application_name SET STORAGE MAIN, ALTER application_name SET STATISTICS 0,
	ALTER client_addr SET STORAGE MAIN, ALTER client_addr SET STATISTICS 0,
	ALTER context SET STORAGE MAIN, ALTER context SET STATISTICS 0,
	ALTER detail SET STORAGE MAIN, ALTER detail SET STATISTICS 0,
	ALTER personal SET STORAGE MAIN, ALTER personal SET STATISTICS 0,
	ALTER proof SET STORAGE MAIN, ALTER proof SET STATISTICS 0,
	ALTER mark SET STORAGE MAIN, ALTER mark SET STATISTICS 0;
ALTER TABLE pgtoken.audit_rows ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.audit_rows FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.audit_rows IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT (grant_id, event_id, occurred_at, xact_id, event, reason, client_id, subject, session_user_name, role_name,
			  application_name, client_addr, context, detail, personal, mark)
	ON pgtoken.audit_rows TO pgtoken_auditor;	-- not proof: its salts are for those who have what they hide

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pgtoken.audit_rows FOR EACH ROW EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only ON pgtoken.audit_rows IS 'Refuses UPDATE, but for a redaction, and DELETE, whatever session_replication_role says';
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.audit_rows FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only_truncate ON pgtoken.audit_rows IS 'Refuses TRUNCATE, whatever session_replication_role says';

COMMENT ON TABLE pgtoken.audit_rows_default IS 'Partition of audit_rows that takes what no monthly partition takes';
COMMENT ON INDEX pgtoken.audit_rows_default_pkey IS 'Finds the events of a family in order';

-- The last has no revocation of a family: that would touch a page of it at random, and
-- audit_by_subject finds these by the families.
CREATE INDEX audit_rows_default_occurred_at ON pgtoken.audit_rows_default (occurred_at);
COMMENT ON INDEX pgtoken.audit_rows_default_occurred_at IS 'Finds the events of a time';
CREATE INDEX audit_rows_default_client_id ON pgtoken.audit_rows_default (client_id, occurred_at);
COMMENT ON INDEX pgtoken.audit_rows_default_client_id IS 'Finds the events of a client by time';
CREATE INDEX audit_rows_default_subject ON pgtoken.audit_rows_default (subject, occurred_at)
	WHERE event <> 'grant.revoked';
COMMENT ON INDEX pgtoken.audit_rows_default_subject IS 'Finds the events of a subject by time; revocations are found by their families';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.audit_rows_default', '');
ALTER TABLE pgtoken.audit_rows_default ENABLE ROW LEVEL SECURITY;

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.audit_rows_default FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only_truncate ON pgtoken.audit_rows_default IS 'Refuses TRUNCATE of the partition alone, whatever session_replication_role says';

CREATE FUNCTION pgtoken.write_audit_event(event text, detail jsonb, reason text DEFAULT NULL, client_id text DEFAULT NULL, subject text DEFAULT NULL,
										  grant_id uuid DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'pgt_write_audit_event' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.write_audit_event FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.write_audit_event IS 'Internal: an audit event for what leaves no row behind, or whose row does not say why; detail, reason, client_id, subject and grant_id may be NULL';

CREATE FUNCTION pgtoken.audit_row() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_audit_row' LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.audit_row FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_row IS 'Internal, trigger: writes an audit event with the row before and after. Arguments: the event''s prefix, the columns to leave out, and those that tell of a person, which go to personal instead of detail; both as lists with commas. The context of a row that is made is the event''s own where the request gave none: it is among the columns left out, since addresses may go earlier (pgtoken.address_retention)';

-- Not SECURITY DEFINER: nobody but the owner can write into grants, and each issue
-- would pay for the switch.
CREATE FUNCTION pgtoken.audit_grant() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_audit_grant' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.audit_grant FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_grant IS 'Internal, trigger on grants: grant.revoked, grant.changed, grant.deleted, and grant.issued where no answer with tokens says it. Arguments as audit_row';
