-- What the databases of one service have in common, and what is of one alone.  A table
-- that is new is in neither list here until somebody has decided which it belongs to:
-- what is published and exported without a decision would carry people's data to other
-- databases, and what is not would be missing there.
SELECT c.* FROM pgtoken.configuration_tables() WITH ORDINALITY c;

-- Of one database alone: what subjects have, what has happened, what is of the moment,
-- what is fetched again, the audit and its keys, which installation this is, and who may
-- do what in it.
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pgtoken.configuration_tables() t WHERE t.table_name = c.relname)
ORDER BY c.relname COLLATE "C";

-- Nothing of a subject is ever in it, whatever table comes.
SELECT t.table_name FROM pgtoken.configuration_tables() t WHERE t.table_name IN (SELECT s.table_name FROM pgtoken.subject_tables() s);
SELECT t.table_name, a.attname FROM pgtoken.configuration_tables() t JOIN pg_attribute a ON a.attrelid = format('pgtoken.%I', t.table_name)::regclass
WHERE a.attnum > 0 AND a.attname IN ('subject', 'grant_id', 'session_id', 'client_addr');

-- What the list says is there: columns and conditions.
SELECT t.table_name, c AS column_name FROM pgtoken.configuration_tables() t CROSS JOIN LATERAL unnest(t.own_columns || t.ended) c
WHERE c IS NOT NULL AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = format('pgtoken.%I', t.table_name)::regclass AND a.attname = c);
SELECT count(*) FROM pgtoken.configuration_tables() t CROSS JOIN LATERAL (SELECT pgtoken.configuration_key(t.table_name)) k (key) WHERE k.key IS NULL OR k.key && t.own_columns;
