-- What the workers of pgtoken_fastcgi do and have done.  The functions are in that
-- module, which answers nothing where the server has not loaded it.

CREATE FUNCTION pgtoken.fastcgi_services()
	RETURNS TABLE (address text, workers integer, connected integer, busy integer, queued integer, problem text, accepted bigint,
				   answered bigint, abandoned bigint, unsent bigint, stalled bigint, broken bigint)
	AS '$libdir/pgtoken_fastcgi', 'pgt_fastcgi_services' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
REVOKE ALL ON FUNCTION pgtoken.fastcgi_services FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.fastcgi_services TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.fastcgi_services IS
'Internal: the rows of the view of this name, this database''s alone.
Returns a row for each address, and none where the server does not listen.';

CREATE FUNCTION pgtoken.fastcgi_requests()
	RETURNS TABLE (address text, path text, status integer, requests bigint)
	AS '$libdir/pgtoken_fastcgi', 'pgt_fastcgi_requests' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
REVOKE ALL ON FUNCTION pgtoken.fastcgi_requests FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.fastcgi_requests TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.fastcgi_requests IS
'Internal: the rows of the view of this name, this database''s alone.
Returns a row for each path and status that was answered.';

CREATE FUNCTION pgtoken.fastcgi_latencies()
	RETURNS TABLE (address text, up_to_ms double precision, requests bigint)
	AS '$libdir/pgtoken_fastcgi', 'pgt_fastcgi_latencies' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
REVOKE ALL ON FUNCTION pgtoken.fastcgi_latencies FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.fastcgi_latencies TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.fastcgi_latencies IS
'Internal: the rows of the view of this name, this database''s alone.
Returns a row for each span of time.';

CREATE VIEW pgtoken.fastcgi_services WITH (security_barrier, security_invoker) AS SELECT * FROM pgtoken.fastcgi_services();
GRANT SELECT ON pgtoken.fastcgi_services TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.fastcgi_services IS 'The addresses at which the module pgtoken_fastcgi answers for this database. Empty where the server has not loaded the module, or pgtoken_fastcgi.listen does not name the database. Counted since the server was started, or one of its processes crashed';
COMMENT ON COLUMN pgtoken.fastcgi_services.address IS 'Where web servers connect to';
COMMENT ON COLUMN pgtoken.fastcgi_services.workers IS 'Processes that there should be';
COMMENT ON COLUMN pgtoken.fastcgi_services.connected IS 'Processes that there are';
COMMENT ON COLUMN pgtoken.fastcgi_services.busy IS 'Those of them that have a connection of a web server';
COMMENT ON COLUMN pgtoken.fastcgi_services.queued IS 'Connections that wait for a worker; NULL where the kernel does not say';
COMMENT ON COLUMN pgtoken.fastcgi_services.problem IS 'Why there are fewer workers than there should be; NULL: there is no reason, or they are being started';
COMMENT ON COLUMN pgtoken.fastcgi_services.accepted IS 'Connections that came';
COMMENT ON COLUMN pgtoken.fastcgi_services.answered IS 'Requests whose answer the web server has taken';
COMMENT ON COLUMN pgtoken.fastcgi_services.abandoned IS 'Requests that were undone, because the web server had gone before they were committed';
COMMENT ON COLUMN pgtoken.fastcgi_services.unsent IS 'Requests that were committed and whose answer the web server has not taken';
COMMENT ON COLUMN pgtoken.fastcgi_services.stalled IS 'Connections without a whole request when their time was up';
COMMENT ON COLUMN pgtoken.fastcgi_services.broken IS 'Connections that ended before there was a request, or did not speak FastCGI';

CREATE VIEW pgtoken.fastcgi_requests WITH (security_barrier, security_invoker) AS SELECT * FROM pgtoken.fastcgi_requests();
GRANT SELECT ON pgtoken.fastcgi_requests TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.fastcgi_requests IS 'Requests that pgtoken_fastcgi has answered for this database, by path and status; see fastcgi_services';
COMMENT ON COLUMN pgtoken.fastcgi_requests.address IS 'Where they came in';
COMMENT ON COLUMN pgtoken.fastcgi_requests.path IS 'Path, without the query; NULL: all that were not found, or had no path that could be read, and those for which there was no room';
COMMENT ON COLUMN pgtoken.fastcgi_requests.status IS 'Status of the answer; 0: it was another shard''s, and the web server was told so';
COMMENT ON COLUMN pgtoken.fastcgi_requests.requests IS 'How many';

CREATE VIEW pgtoken.fastcgi_latencies WITH (security_barrier, security_invoker) AS SELECT * FROM pgtoken.fastcgi_latencies();
GRANT SELECT ON pgtoken.fastcgi_latencies TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.fastcgi_latencies IS 'How long those requests took, from when a worker took the connection until the answer was sent; see fastcgi_services';
COMMENT ON COLUMN pgtoken.fastcgi_latencies.address IS 'Where they came in';
COMMENT ON COLUMN pgtoken.fastcgi_latencies.up_to_ms IS 'Milliseconds: those that took no longer, and longer than the row before; NULL: all that took longer';
COMMENT ON COLUMN pgtoken.fastcgi_latencies.requests IS 'How many';
