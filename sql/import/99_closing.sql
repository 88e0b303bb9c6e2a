-- What 00_preamble of pgtoken, which this script begins with, has set aside.
DO $put_back$
BEGIN
	EXECUTE pg_catalog.current_setting('pgtoken_install.default_privileges');
END
$put_back$;
