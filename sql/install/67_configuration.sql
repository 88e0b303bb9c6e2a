-- What the databases of one service have to have the same: issuers, keys, peppers, clients,
-- APIs, policies. One list says which tables that is; publication, file and refusals go by it.
-- All other tables are of one database alone: what subjects have, what has happened, what is
-- of the moment, and who may do what in it. sql/configuration_tables.sql has those.

CREATE FUNCTION pgtoken.configuration_tables() RETURNS TABLE (table_name text, rows_of text, own_columns text[], ended text)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	VALUES
		('issuers', NULL, '{is_default,not_before,epoch,epochs_since_end,not_before_epoch}'::text[], NULL),
		-- what audit seals are signed with is of the database whose audit it is
		('key_material', 'material_id NOT LIKE ''audit:%''', '{created_at}', NULL),
		('signing_keys', NULL, '{}', 'retired_at'),
		('resources', NULL, '{}', NULL),
		('clients', NULL, '{not_before,epoch,epochs_since_end,not_before_epoch}', NULL),
		('client_secrets', NULL, '{last_used_at}', 'revoked_at'),
		('trusted_issuers', NULL, '{}', NULL),
		('assertion_rules', NULL, '{}', NULL),
		('scope_descriptions', NULL, '{}', NULL),
		('authorization_details_types', NULL, '{}', NULL),
		('import_sources', NULL, '{}', NULL),
		('registration_policies', NULL, '{}', NULL),
		('registration_tokens', NULL, '{uses_left}', 'revoked_at'),
		('registrations', NULL, '{changes,changes_since}', NULL),
		('policies', NULL, '{}', NULL),
		('signal_streams', NULL, '{verified_at}', NULL),
		('consoles', NULL, '{}', NULL);
END;
REVOKE ALL ON FUNCTION pgtoken.configuration_tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.configuration_tables TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.configuration_tables IS
'Internal: the tables of pgtoken whose rows all databases of one service share, in the order in which rows are written: what names a row comes after it. Returns table_name: a table of the schema pgtoken. rows_of: which of its rows, a condition on the columns of its primary key, as a publication takes it; NULL: all. own_columns: what use and ends move on in a row: with a file it goes along with a new row, and is no difference to one that is there. ended: the column that is NULL until a row has come to its end, which no file takes back; NULL: they have none.';
