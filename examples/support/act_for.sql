-- A person calls: his notes are gone. Support looks at them as he would see them, for
-- some minutes, by a token that says who looks; and an actor who must not is stopped.
\ir begin.sql

\echo -- the role of the application may not: whoever takes it over acts for nobody
\connect - login_app
\set ON_ERROR_STOP off
SELECT decision FROM pgtoken.issue_tokens('web-app', 'user-12', 'notes:read', actor => '{"sub": "support-7"}');
\set ON_ERROR_STOP on

\echo -- the console may, after support-7 has authenticated with it: no refresh token, and ten minutes at most
\connect - support_console
SELECT grant_id, access_token, decision, refresh_token IS NULL AS no_refresh_token
FROM pgtoken.issue_tokens('web-app', 'user-12', 'openid offline_access notes:read',
	actor => '{"sub": "support-7", "ticket": "4711"}', amr => '{pwd,otp}') \gset
\echo :decision :no_refresh_token

\echo -- what an API sees: the person, and who acts
SELECT claims ->> 'sub' AS sub, claims -> 'act' AS act FROM pgtoken.verify_access_token(:'access_token') claims;

\echo -- what the person sees on the page of his account
\connect - login_app
SELECT client_names, offline, act ->> 'sub' AS acted_for_by FROM pgtoken.sessions_of('user-12');

\echo -- what an auditor finds
\connect - auditor
SELECT subject, client_id, act ->> 'sub' AS actor, expires_at - created_at AS lives FROM pgtoken.grant_status WHERE act IS NOT NULL AND state = 'active';
SELECT event, subject, personal #>> '{actor,sub}' AS actor, personal #>> '{actor,ticket}' AS ticket, session_user_name
FROM pgtoken.audit_events WHERE event = 'impersonation.begun' AND grant_id = :'grant_id' AND occurred_at > :'began';

\echo -- support-7 has left: blocked under his own id, nothing that he got holds
\connect - operator
SELECT pgtoken.block_subject('support-7', 'left the company') AS until;
\connect - support_console
SELECT pgtoken.verify_access_token(:'access_token') IS NOT NULL AS holds;
SELECT decision, error FROM pgtoken.issue_tokens('web-app', 'user-12', 'notes:read', actor => '{"sub": "support-7"}');
\connect - operator
SELECT pgtoken.unblock_subject('support-7', 'end of the example') AS let_in;

\echo -- one that has done its work is ended before its time
\connect - support_console
SELECT access_tokens FROM pgtoken.revoke_family(:'grant_id', 'ticket 4711 is closed');
