-- A person asks what is held of him, and then to be forgotten. Writes what is held to
-- user-15.json, in the folder of psql: for him, and for nobody else.
\ir begin.sql

\connect - login_app
SELECT access_token FROM pgtoken.issue_tokens('mobile-app', 'user-15', 'openid offline_access notes:read',
	session_id => 'session-15', claims => '{"name": "Ada"}', context => '{"ip": "192.0.2.15"}') \gset

\echo -- all of it, one JSON; docs/subject_export.schema.json says what it looks like
\connect - operator
SELECT jsonb_pretty(pgtoken.export_subject('user-15')) \g (format=unaligned tuples_only=on) user-15.json
SELECT h.key AS table_name, jsonb_array_length(h.value) AS rows
FROM jsonb_each(pgtoken.export_subject('user-15') -> 'held') h WHERE h.value <> '[]' ORDER BY h.key;

\echo -- the application locks the account first, so that he does not come back by himself; then
SELECT pgtoken.erase_subject('user-15', 'request 17') AS erased \gset
SELECT :'erased'::jsonb ->> 'erasure_id' AS erasure_id \gset
SELECT :'erased'::jsonb #> '{rows,grants}' AS families, (:'erased'::jsonb #>> '{rows,redacted}')::integer > 0 AS redacted,
	jsonb_array_length(:'erased'::jsonb -> 'logout') AS clients_to_tell;

\echo -- nothing that he had holds
\connect - login_app
SELECT pgtoken.verify_access_token(:'access_token') IS NOT NULL AS holds;

\echo -- for two days two rows are left, which refuse what was on its way; maintain() takes them
\connect - operator
SELECT h.key AS table_name, jsonb_array_length(h.value) AS rows
FROM jsonb_each(pgtoken.export_subject('user-15', audit => false) -> 'held') h WHERE h.value <> '[]' ORDER BY h.key;

\echo -- the audit knows that somebody was erased, when, by whom and why, and not who; the last look is of after
\connect - auditor
SELECT event, reason, subject, session_user_name FROM pgtoken.audit_events
WHERE event = 'subject.erased' AND detail ->> 'erasure_id' = :'erasure_id' AND occurred_at > :'began';
SELECT event FROM pgtoken.audit_by_subject('user-15');
