-- Ends all that the client with a tenth of all families has, and looks what that
-- wrote; taken back, so that a kept cluster can be measured again.  Prints lines
-- of name and value; refused_afterwards is 1 when its families are.

SELECT count(*) AS families FROM pgtoken.grants g WHERE g.client_id = 'client-000' \gset
SELECT p.refresh_token, c.client_secret FROM scale.pool p JOIN scale.clients c USING (client_id) WHERE p.client_id = 'client-000' LIMIT 1 \gset
SELECT 'families', :families;

CREATE FUNCTION pg_temp.measure(name text, statement text) RETURNS TABLE (what text, value numeric) LANGUAGE plpgsql AS
$$
DECLARE
	before CONSTANT bigint := scale.rows_written();
	start_at CONSTANT timestamptz := clock_timestamp();
BEGIN
	EXECUTE statement;
	RETURN QUERY VALUES (name || ':_milliseconds', round((extract(epoch FROM clock_timestamp() - start_at) * 1000)::numeric, 1)),
						(name || ':_rows_written', (scale.rows_written() - before)::numeric);
END
$$;

BEGIN;
SELECT * FROM pg_temp.measure('revoke_client()', $$SELECT pgtoken.revoke_client('client-000')$$);
SELECT 'refused_afterwards', (r.error = 'invalid_grant')::integer FROM pgtoken.refresh_grant(:'refresh_token', 'client-000', :'client_secret') r;
ROLLBACK;
BEGIN;
SELECT * FROM pg_temp.measure('set_not_before()_of_the_issuer', $$SELECT pgtoken.set_not_before(issuer => 'https://bench.example')$$);
SELECT 'refused_afterwards', (r.error = 'invalid_grant')::integer FROM pgtoken.refresh_grant(:'refresh_token', 'client-000', :'client_secret') r;
ROLLBACK;
