-- Where memory.pgbench writes down what its backend has.
CREATE SCHEMA test;
CREATE TABLE test.samples (calls bigint, rss integer, anonymous integer, contexts bigint, context_number integer);
COMMENT ON TABLE test.samples IS 'VmRSS and RssAnon of the backend in kB, bytes of its memory contexts and how many they are, after so many calls';
CREATE FUNCTION test.sample(calls bigint) RETURNS void LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO test.samples
	SELECT calls, substring(s.text FROM 'VmRSS:\s*(\d+)')::integer, substring(s.text FROM 'RssAnon:\s*(\d+)')::integer, c.bytes, c.number
	FROM pg_read_file('/proc/self/status') s (text), (SELECT sum(total_bytes), count(*) FROM pg_backend_memory_contexts) c (bytes, number);
END;
