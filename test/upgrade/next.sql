-- What test/upgrade/next adds to the extension, as a fragment of its own would.

CREATE TABLE pgtoken.next_things (
	thing text NOT NULL,
	secret bytea,
	made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	CONSTRAINT next_things_pkey PRIMARY KEY (thing)
);
COMMENT ON TABLE pgtoken.next_things IS 'Of a test';
COMMENT ON COLUMN pgtoken.next_things.thing IS 'Its name';
COMMENT ON COLUMN pgtoken.next_things.secret IS 'What the auditor does not see; NULL: nothing';
COMMENT ON COLUMN pgtoken.next_things.made_at IS 'When it was made';
COMMENT ON INDEX pgtoken.next_things_pkey IS 'Finds one';
CREATE INDEX next_things_made_at ON pgtoken.next_things (made_at);
COMMENT ON INDEX pgtoken.next_things_made_at IS 'Finds the newest';

ALTER TABLE pgtoken.next_things
	ALTER secret SET STORAGE PLAIN, ALTER secret SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.next_things', '');
ALTER TABLE pgtoken.next_things ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.next_things FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.next_things IS 'Lets pgtoken_auditor see every row';
GRANT SELECT (thing, made_at) ON pgtoken.next_things TO pgtoken_auditor;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.next_things FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('next_thing', 'secret');
COMMENT ON TRIGGER audit ON pgtoken.next_things IS 'Writes the row before and after to audit_events';

CREATE FUNCTION pgtoken.next_function(grant_id uuid) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_next_function' LANGUAGE C STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.next_function FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.next_function TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.next_function IS 'Of a test: what next_column says of a family';

