-- An auditor who does not trust whoever rules the server keeps seals elsewhere. Writes
-- seals.jsonl and rows.jsonl, in the folder of psql.
\ir begin.sql

\echo -- the key, once. Note the kid, somewhere else
\connect - operator
SET client_min_messages = warning;
SELECT length(pgtoken.create_audit_key(if_not_exists => true)) AS characters_of_kid;
\echo -- a seal over all that was written; maintain() makes one each time, pg_cron can every minute
SELECT coalesce(pgtoken.seal_audit('an example'), max(number)) AS sealed FROM pgtoken.audit_seals \gset

\echo -- the auditor takes them away: seals, and the rows without persons and addresses
\connect - auditor
\pset format unaligned
\pset tuples_only on
\o seals.jsonl
SELECT pgtoken.export_audit_seals();
\o rows.jsonl
SELECT pgtoken.export_audit_rows(:sealed);
\o
\pset tuples_only off
\pset format aligned

\echo -- inside the database: finds accidents, and whoever does not rule it
SELECT bool_and(ok) AS in_order, count(*) FILTER (WHERE NOT ok) AS findings FROM pgtoken.verify_audit();

\echo -- one event, proved to somebody who sees nothing else
SELECT string_agg(p.key, ' ' ORDER BY p.key) AS members
FROM (SELECT event_id FROM pgtoken.audit_events WHERE event = 'issuer.created' ORDER BY occurred_at LIMIT 1) e, jsonb_each(pgtoken.audit_proof(e.event_id)) p;

\echo -- outside, with nothing but the files and the kid:
\echo --   node http/audit/pgtoken-audit.mjs seals seals.jsonl --kid KID
\echo --   node http/audit/pgtoken-audit.mjs rows rows.jsonl --seals seals.jsonl --kid KID
