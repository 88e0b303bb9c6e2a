-- Attack and accident: a function, or a table, that somebody adds and nobody thinks of where
-- there are several shards: called on the wrong one it finds nothing to end; copied with a
-- clone it leaves on one shard what a person has on another.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

-- Each public function has a rule, and each rule an argument to go by where it needs one.
SELECT function FROM pgtoken.plproxy_rules() WHERE rule IS NULL;
SELECT rule, count(*) > 0 AS used, bool_and(argument IS NOT NULL) AS by_argument, bool_and(reason IS NOT NULL) AS with_reason FROM pgtoken.plproxy_rules() GROUP BY rule ORDER BY rule COLLATE "C";
SELECT function::text, argument FROM pgtoken.plproxy_rules() r JOIN pg_proc p ON p.oid = r.function
WHERE argument IS NOT NULL AND argument <> ALL (p.proargnames[1:p.pronargs]);
-- what writes, and is not asked of one shard by its family or subject
SELECT regexp_replace(function::text, '\(.*', '') AS function, rule FROM pgtoken.plproxy_rules() r JOIN pg_proc p ON p.oid = r.function
WHERE rule IN ('any', 'all', 'subject or all') AND p.provolatile = 'v' ORDER BY function::text COLLATE "C";
CREATE FUNCTION pgtoken.nobody_thought_of(something text) RETURNS text LANGUAGE sql RETURN something;
SELECT function FROM pgtoken.plproxy_rules() WHERE rule IS NULL;
GRANT EXECUTE ON FUNCTION pgtoken.nobody_thought_of TO pgtoken_issuer;
SELECT function FROM pgtoken.plproxy_rules() WHERE rule IS NULL;
SELECT test.outcome($$SELECT pgtoken.plproxy_functions('{a,b}')$$) AS refused;
DROP FUNCTION pgtoken.nobody_thought_of;

-- Where the configuration primary is: the first shard, another, or none of them.
CREATE FUNCTION test.runs_on(script text, function text) RETURNS text LANGUAGE sql RETURN substring(script FROM 'CREATE FUNCTION pgtoken\.' || function || '\(.*?RUN ON ([^;]+);');
SELECT c, test.runs_on(s, 'create_client') AS create_client, test.runs_on(s, 'audit_by_request') AS audit_by_request, test.runs_on(s, 'revoke_session') AS revoke_session, test.runs_on(s, 'jwks') AS jwks,
	   substring(s FROM '-- The proxy database[^:]*shards') ~ 'with 2 shards' AS of_2, s LIKE '%''{dbname=a,dbname=b,dbname=c}''%' AS third
FROM unnest(ARRAY[NULL, 'dbname=a', 'dbname=b', 'dbname=c']) c, LATERAL pgtoken.plproxy_functions('{dbname=a,dbname=b}', c) s;
SELECT test.runs_on(s, 'refresh_grant') AS refresh_grant, test.runs_on(s, 'issue_tokens') AS issue_tokens, test.runs_on(s, 'revoke_family') AS revoke_family, test.runs_on(s, 'status_list_token') AS status_list_token
FROM pgtoken.plproxy_functions('{a,b,c}') s;
SELECT test.runs_on(s, 'set_not_before') AS set_not_before FROM pgtoken.plproxy_functions('{a,b,c}') s;

-- Misuse: everybody can read a connection string in the proxy
SELECT shards, test.outcome(format('SELECT pgtoken.plproxy_functions(%L)', shards)) AS outcome
FROM unnest(ARRAY[NULL, '{}', '{a,NULL}', '{{a,b},{c,d}}', '{host=x password=y}', '{host=$proxy$}', '{postgresql://me:secret@x/db}', '{postgresql://me@x/db?sslmode=verify-full}']) WITH ORDINALITY s (shards, n) WHERE n < 8 ORDER BY n;
SELECT test.outcome($$SELECT pgtoken.plproxy_functions('{a}', 'password=x')$$) AS configuration;

-- A clone forgets what a person has, wherever that is: each table that an erasure knows is told of.
SELECT s.table_name FROM pgtoken.subject_tables() s WHERE s.table_name NOT IN (SELECT f.table_name FROM pgtoken.foreign_tables(0, 2) f);
SELECT table_name FROM pgtoken.foreign_tables(0, 2) WHERE foreign_rows IS NULL;
CREATE TABLE pgtoken.nobody_thought_of (issuer text, subject text, PRIMARY KEY (issuer, subject));
CREATE TABLE pgtoken.of_a_family (grant_id uuid PRIMARY KEY);
SELECT table_name, foreign_rows FROM pgtoken.foreign_tables(3, 4) WHERE table_name IN ('nobody_thought_of', 'of_a_family');
DROP TABLE pgtoken.nobody_thought_of, pgtoken.of_a_family;
-- each condition is one, and of two shards every row is foreign to one and only one
SELECT f.table_name, (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM pgtoken.%I t WHERE ((%s) IS TRUE) = ((%s) IS TRUE)', f.table_name, f.foreign_rows, o.foreign_rows), false, true, '')))[1]::text AS both_or_none
FROM pgtoken.foreign_tables(0, 2) f JOIN pgtoken.foreign_tables(1, 2) o USING (table_name)
WHERE f.foreign_rows IS NOT NULL AND f.table_name NOT IN ('device_codes', 'courier_work')
  AND (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM pgtoken.%I t WHERE ((%s) IS TRUE) = ((%s) IS TRUE)', f.table_name, f.foreign_rows, o.foreign_rows), false, true, '')))[1]::text <> '0';

-- This database is no shard: nothing is forgotten.
CALL pgtoken.forget_foreign_families(0, 2);
CALL pgtoken.forget_foreign_families(NULL, 2);
CALL pgtoken.forget_foreign_families(0, 2, 0);
CALL pgtoken.forget_foreign_families(0, 2, pause => '-1 second');
SELECT test.outcome('SELECT pgtoken.forget_foreign_batch(0, 2, ''grants'', 10, true)') AS of_a_part, test.outcome('SELECT pgtoken.redact_foreign_batch(0, 2, now(), 10, true)') AS of_the_audit;
