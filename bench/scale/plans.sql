-- The plans of what runs inside, as auto_explain shows them, and of the queries an
-- auditor writes.
SET client_min_messages = warning;
LOAD 'auto_explain';
SET auto_explain.log_analyze = on;
SET auto_explain.log_buffers = on;
SET auto_explain.log_timing = off;
SET auto_explain.log_nested_statements = on;
SET jit = off;
CALL scale.prepare(1, 50);
SELECT t.grant_id, t.client_id, t.subject FROM scale.turn t LIMIT 1 OFFSET 5 \gset
-- the statements of a session that has prepared them
SELECT count(r.error) AS errors FROM scale.turn t, LATERAL pgtoken.refresh_grant(t.refresh_token, t.client_id, t.client_secret, context => '{"ip": "203.0.113.7"}') r WHERE t.n < 11 \gset
CREATE TEMP TABLE issued AS SELECT i.* FROM scale.turn t, LATERAL pgtoken.issue_tokens(t.client_id, t.subject, 'read write offline_access', context => '{"ip": "203.0.113.7"}') i WHERE t.n < 11;
SELECT count(pgtoken.verify_access_token(i.access_token)) AS held FROM (SELECT * FROM issued OFFSET 2) i \gset
SET client_min_messages = log;

\echo '--- refresh_grant()'
SET auto_explain.log_min_duration = 0;
SELECT FROM scale.turn t, LATERAL pgtoken.refresh_grant(t.refresh_token, t.client_id, t.client_secret, context => '{"ip": "203.0.113.7"}') r WHERE t.n = 20;
\echo '--- issue_tokens()'
SELECT FROM scale.turn t, LATERAL pgtoken.issue_tokens(t.client_id, t.subject, 'read write offline_access', context => '{"ip": "203.0.113.7"}') r WHERE t.n = 20;
\echo '--- verify_access_token() of a token not seen before'
SELECT count(pgtoken.verify_access_token(i.access_token)) FROM (SELECT * FROM issued LIMIT 1) i;
\echo '--- revoke_family()'
SELECT FROM scale.turn t, LATERAL pgtoken.revoke_family(t.grant_id) r WHERE t.n = 30;
SET auto_explain.log_min_duration = -1;
SET client_min_messages = warning;
DELETE FROM scale.pool p USING scale.turn t WHERE p.grant_id = t.grant_id;

SET auto_explain.log_nested_statements = off;
\set explain 'EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF)'
\echo '--- lineage(), as it is inside'
:explain SELECT t.* FROM pgtoken.tokens t LEFT JOIN pgtoken.grant_status g ON g.grant_id = t.grant_id WHERE t.grant_id = :'grant_id' ORDER BY t.generation, t.retry, t.issued_at;
\echo '--- families of a subject'
:explain SELECT * FROM pgtoken.grant_status s WHERE s.subject = :'subject' ORDER BY s.created_at DESC LIMIT 50;
\echo '--- audit_by_subject(), as it is inside'
SET client_min_messages = log;
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SELECT count(*) FROM pgtoken.audit_by_subject(:'subject');
SET auto_explain.log_min_duration = -1;
SET client_min_messages = warning;
\echo '--- audit of a client, the last 50'
:explain SELECT * FROM pgtoken.audit_events e WHERE e.client_id = :'client_id' ORDER BY e.occurred_at DESC LIMIT 50;
\echo '--- audit of a client in an hour'
:explain SELECT * FROM pgtoken.audit_events e WHERE e.client_id = :'client_id' AND e.occurred_at >= now() - interval '1 day' AND e.occurred_at < now() - interval '23 hours';
\echo '--- audit of a minute'
:explain SELECT * FROM pgtoken.audit_events e WHERE e.occurred_at >= now() - interval '1 day' AND e.occurred_at < now() - interval '1 day' + interval '1 minute';
\echo '--- end_session(), withdraw_consent(): the families they look for'
:explain SELECT g.grant_id FROM pgtoken.grants g WHERE g.client_id = ANY (ARRAY(SELECT c.client_id FROM pgtoken.clients c)) AND g.revoked_at IS NULL AND g.expires_at > now() AND g.subject = :'subject' ORDER BY g.grant_id;
:explain SELECT g.grant_id FROM pgtoken.grants g WHERE g.client_id = ANY (ARRAY(SELECT c.client_id FROM pgtoken.clients c)) AND g.revoked_at IS NULL AND g.expires_at > now() AND (g.session_id = 'none' OR g.grant_id = :'grant_id') ORDER BY g.grant_id;
