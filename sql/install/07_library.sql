-- Library and objects are replaced one after the other (docs/upgrading.md): how they stand
-- to each other now.
CREATE FUNCTION pgtoken.library_state() RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_library_state' LANGUAGE C STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.library_state FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.library_state IS 'Internal, called by health() and readiness(): does the library that this session has loaded go with the extension in this database? current; extension_behind, until ALTER EXTENSION pgtoken UPDATE; library_behind, in a session that began before the library was replaced: both work. extension_too_old or library_too_old: functions that need more than this one raise 55000';
