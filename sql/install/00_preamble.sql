-- Nothing in this script depends on the caller's search_path: every object of
-- ours is written with its schema.
SET LOCAL search_path TO pg_catalog, pg_temp;

DO $preamble$
BEGIN
	-- JSON, JWT and scopes are UTF-8 by their RFCs; one encoding everywhere
	-- leaves no place for a byte to change its meaning.
	IF pg_catalog.current_setting('server_encoding') OPERATOR(pg_catalog.<>) 'UTF8' THEN
		RAISE EXCEPTION 'pgtoken needs a database in UTF8'
			USING ERRCODE = 'feature_not_supported',
				  DETAIL = pg_catalog.format('This database is in %s.', pg_catalog.current_setting('server_encoding')),
				  HINT = 'CREATE DATABASE ... ENCODING ''UTF8'' TEMPLATE template0.';
	END IF;
END
$preamble$;
