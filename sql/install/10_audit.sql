-- The audit: what happened, the triggers that write it, and what keeps it (and the
-- ledger) from being changed.

CREATE FUNCTION pgtoken.append_only() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_append_only' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.append_only FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.append_only IS 'Internal, trigger: refuses UPDATE, DELETE and TRUNCATE';

CREATE TABLE pgtoken.audit_events (
	grant_id uuid NOT NULL,
	event_id uuid NOT NULL,
	occurred_at timestamptz NOT NULL,
	xact_id xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
	event text NOT NULL,
	reason text,
	client_id text,
	subject text,
	session_user_name text NOT NULL,	-- name would take 64 bytes of each row
	role_name text NOT NULL,
	application_name text,
	client_addr inet,
	context jsonb,
	detail jsonb,
	personal jsonb
) PARTITION BY RANGE (occurred_at);
CREATE TABLE pgtoken.audit_events_default PARTITION OF pgtoken.audit_events (
	CONSTRAINT audit_events_default_pkey PRIMARY KEY (grant_id, event_id, occurred_at)
) DEFAULT;
COMMENT ON TABLE pgtoken.audit_events IS 'What happened, by whom, from where: append-only; partitioned by month, retired by dropping partitions. Never holds a token, a secret or a hash. What it has of a person stands in subject, client_addr, context and personal, and nowhere else';
COMMENT ON COLUMN pgtoken.audit_events.grant_id IS 'The family; all zeros for events of no family';
COMMENT ON COLUMN pgtoken.audit_events.event_id IS 'UUIDv7, made in C';
COMMENT ON COLUMN pgtoken.audit_events.occurred_at IS 'When it happened, not when its transaction began; decides the partition';
COMMENT ON COLUMN pgtoken.audit_events.xact_id IS 'Transaction that wrote it (pg_current_xact_id, the top one also inside of subtransactions): its rows became visible together, when it committed. To be compared with numbers of the same cluster only: a dump that is restored elsewhere and logical replication bring those of the cluster they come from';
COMMENT ON COLUMN pgtoken.audit_events.event IS 'What happened, e.g. token.refreshed, refresh.reuse, grant.revoked, client.changed';
COMMENT ON COLUMN pgtoken.audit_events.reason IS 'The exact reason, also where the caller was told a more general one';
COMMENT ON COLUMN pgtoken.audit_events.client_id IS 'Client concerned, or the one a failed authentication named; NULL: none, or not known';
COMMENT ON COLUMN pgtoken.audit_events.subject IS 'Subject concerned; NULL: none, or not known';
COMMENT ON COLUMN pgtoken.audit_events.session_user_name IS 'Role that logged in';
COMMENT ON COLUMN pgtoken.audit_events.role_name IS 'Role in effect (SET ROLE)';
COMMENT ON COLUMN pgtoken.audit_events.application_name IS 'application_name of the session, which the caller chooses';
COMMENT ON COLUMN pgtoken.audit_events.client_addr IS 'Address the session came from; NULL: a Unix-domain socket, or no client';
COMMENT ON COLUMN pgtoken.audit_events.context IS 'Request context as the caller gave it';
COMMENT ON COLUMN pgtoken.audit_events.detail IS 'What belongs to this kind of event and tells of no person: for a changed row its columns before and after, for a reuse the presented and the current generation';
COMMENT ON COLUMN pgtoken.audit_events.personal IS 'What would stand in detail and tells of a person: for a changed row its personal columns before and after, for a reuse the context of the rotation, for a decision the reasons that each rule gave; NULL: nothing';

ALTER TABLE pgtoken.audit_events
	ALTER reason SET STORAGE MAIN, ALTER reason SET STATISTICS 0,
	ALTER subject SET STORAGE MAIN,
	ALTER session_user_name SET STORAGE MAIN, ALTER session_user_name SET STATISTICS 0,
	ALTER role_name SET STORAGE MAIN, ALTER role_name SET STATISTICS 0,
	ALTER application_name SET STORAGE MAIN, ALTER application_name SET STATISTICS 0,
	ALTER client_addr SET STORAGE MAIN, ALTER client_addr SET STATISTICS 0,
	ALTER context SET STORAGE MAIN, ALTER context SET STATISTICS 0,
	ALTER detail SET STORAGE MAIN, ALTER detail SET STATISTICS 0,
	ALTER personal SET STORAGE MAIN, ALTER personal SET STATISTICS 0;
ALTER TABLE pgtoken.audit_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.audit_events FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.audit_events IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.audit_events TO pgtoken_auditor;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pgtoken.audit_events FOR EACH ROW EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only ON pgtoken.audit_events IS 'Refuses UPDATE and DELETE, whatever session_replication_role says';
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.audit_events FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only_truncate ON pgtoken.audit_events IS 'Refuses TRUNCATE, whatever session_replication_role says';

COMMENT ON TABLE pgtoken.audit_events_default IS 'Partition of audit_events that takes what no monthly partition takes';
COMMENT ON INDEX pgtoken.audit_events_default_pkey IS 'Finds the events of a family in order';

-- A refresh writes to the first two where they grow, on pages that are there
-- already. By subject it would touch a page at random, so the third has what is
-- rarer; audit_by_subject finds the refreshes by their families.
CREATE INDEX audit_events_default_occurred_at ON pgtoken.audit_events_default (occurred_at);
COMMENT ON INDEX pgtoken.audit_events_default_occurred_at IS 'Finds the events of a time';
CREATE INDEX audit_events_default_client_id ON pgtoken.audit_events_default (client_id, occurred_at);
COMMENT ON INDEX pgtoken.audit_events_default_client_id IS 'Finds the events of a client by time';
CREATE INDEX audit_events_default_subject ON pgtoken.audit_events_default (subject, occurred_at)
	WHERE event <> 'token.refreshed' AND event <> 'token.retried';
COMMENT ON INDEX pgtoken.audit_events_default_subject IS 'Finds the events of a subject by time; its refreshes are found by their families';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.audit_events_default', '');
ALTER TABLE pgtoken.audit_events_default ENABLE ROW LEVEL SECURITY;

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON pgtoken.audit_events_default FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.append_only();
COMMENT ON TRIGGER append_only_truncate ON pgtoken.audit_events_default IS 'Refuses TRUNCATE of the partition alone, whatever session_replication_role says';

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
COMMENT ON FUNCTION pgtoken.audit_row IS 'Internal, trigger: writes an audit event with the row before and after. Arguments: the event''s prefix, the columns to leave out, and those that tell of a person, which go to personal instead of detail; both as lists with commas';

CREATE FUNCTION pgtoken.audit_grant() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_audit_grant' LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.audit_grant FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_grant IS 'Internal, trigger on grants: grant.issued, grant.revoked, grant.changed, grant.deleted. Arguments as audit_row';

-- Not SECURITY DEFINER: nobody but the owner can insert into tokens, and each
-- refresh would pay for the switch.
CREATE FUNCTION pgtoken.audit_token() RETURNS trigger
	AS 'MODULE_PATHNAME', 'pgt_audit_token' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgtoken.audit_token FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.audit_token IS 'Internal, trigger on tokens: token.refreshed, token.retried; the first issue is audited by the grant';

-- What the index on subject leaves out, by the families, whose events lie together;
-- all else by that index, whether a family has come of it or not. The two
-- conditions on the event are complementary, and the second is the index's own.
-- Planned anew each time, for this span of time.
CREATE FUNCTION pgtoken.audit_by_subject(subject text, since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
	RETURNS SETOF pgtoken.audit_events
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $function$
BEGIN
	IF subject IS NULL THEN
		RAISE EXCEPTION 'subject must not be NULL'
			USING ERRCODE = 'null_value_not_allowed',
				  HINT = 'Events that concern no subject are rows of pgtoken.audit_events whose subject is NULL.';
	END IF;
	since := coalesce(since, '-infinity');
	until := coalesce(until, 'infinity');
	RETURN QUERY
		SELECT e.*
		FROM pgtoken.grants g
		JOIN pgtoken.audit_events e ON e.grant_id = g.grant_id AND e.occurred_at >= since AND e.occurred_at < until
		WHERE g.subject = audit_by_subject.subject
		  AND (e.event IN ('token.refreshed', 'token.retried') OR e.subject IS DISTINCT FROM audit_by_subject.subject)
		UNION ALL
		SELECT e.*
		FROM pgtoken.audit_events e
		WHERE e.subject = audit_by_subject.subject AND e.occurred_at >= since AND e.occurred_at < until
		  AND e.event <> 'token.refreshed' AND e.event <> 'token.retried'
		ORDER BY occurred_at DESC, event_id DESC;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.audit_by_subject FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.audit_by_subject TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.audit_by_subject IS
'What happened to a subject and to its families, newest first: rows of audit_events. subject: the application''s user id. since (inclusive), until (exclusive): when; by default, and with NULL, at any time.
Takes as long as the subject has families and events of its own; how much there is of others does not matter, while audit_events asked by its column subject is read as a whole. Of families that maintain() has forgotten it knows all but the refreshes: ask audit_events by subject and occurred_at for these. Raises 22004 for a NULL subject.';
