-- A card company reports chargebacks: hold the account until somebody has looked, then
-- let the person in again, or out for good.
\ir begin.sql

-- the application has signed the person in, and holds these two tokens
\connect - login_app
SELECT access_token, refresh_token FROM pgtoken.issue_tokens('mobile-app', 'user-11', 'openid offline_access notes:read',
	session_id => 'session-11', context => '{"ip": "192.0.2.11"}') \gset

\echo -- on hold for three days, nothing is ended
\connect - operator
SELECT pgtoken.block_subject('user-11', 'chargebacks, ticket 4711', now() + interval '3 days', end_sessions => false) > now() AS on_hold;

\echo -- the application: from its next statement on nothing holds, and nothing is issued
\connect - login_app
SELECT pgtoken.verify_access_token(:'access_token') IS NOT NULL AS holds;
SELECT decision, error FROM pgtoken.issue_tokens('mobile-app', 'user-11', 'openid', context => '{"ip": "203.0.113.66"}');

\echo -- who is on hold, and what was tried meanwhile
\connect - operator
SELECT subject, reason, blocked_by FROM pgtoken.blocked_subjects;
SELECT event, client_id, context ->> 'ip' AS ip FROM pgtoken.audit_events
WHERE subject = 'user-11' AND reason = 'subject_blocked' AND occurred_at > :'began' ORDER BY occurred_at;

\echo -- the bank was wrong: what the person had works again
SELECT pgtoken.unblock_subject('user-11', 'ticket 4711: the bank was wrong') AS let_in;
\connect - login_app
SELECT pgtoken.verify_access_token(:'access_token') IS NOT NULL AS holds;

\echo -- the account was taken over: what it has ends for good, and stays so after the block
\connect - operator
SELECT pgtoken.block_subject('user-11', 'ticket 4712: taken over') AS until;
SELECT pgtoken.unblock_subject('user-11', 'ticket 4712: it is his again') AS let_in;
\connect - login_app
SELECT decision, error FROM pgtoken.refresh_grant(:'refresh_token', 'mobile-app');
