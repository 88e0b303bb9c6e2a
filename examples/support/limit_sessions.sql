-- One login is shared by a whole office: two sessions a person with this application.
\ir begin.sql

\connect - operator
SELECT pgtoken.update_client('mobile-app', metadata => '{"max_sessions": 2}') \g /dev/null

\echo -- the third sign-in ends the session that was used longest ago
\connect - login_app
SELECT n, t.decision FROM generate_series(1, 3) n, pgtoken.issue_tokens('mobile-app', 'user-13', 'openid offline_access', session_id => 'telephone-' || n) t;
SELECT session_id, is_current FROM pgtoken.sessions_of('user-13', 'telephone-3') ORDER BY session_id;

\echo -- or is refused, and the person is told to log out somewhere
\connect - operator
SELECT pgtoken.update_client('mobile-app', metadata => '{"at_session_limit": "refuse"}') \g /dev/null
\connect - login_app
SELECT decision, error FROM pgtoken.issue_tokens('mobile-app', 'user-13', 'openid offline_access', session_id => 'telephone-4');

\echo -- the person ends all but the one before him, and there is room again
SELECT count(*) AS to_be_told FROM pgtoken.end_other_sessions('user-13', 'telephone-3');
SELECT decision FROM pgtoken.issue_tokens('mobile-app', 'user-13', 'openid offline_access', session_id => 'telephone-4');

\echo -- was it this? he asks why he could not sign in
\connect - auditor
SELECT event, reason, client_id FROM pgtoken.audit_by_subject('user-13', :'began') WHERE reason = 'session_limit' ORDER BY event DESC, client_id;

\echo -- the office has accounts of its own now
\connect - login_app
SELECT count(*) AS to_be_told FROM pgtoken.end_session('user-13', offline => true);
\connect - operator
SELECT pgtoken.update_client('mobile-app', metadata => '{"max_sessions": null, "at_session_limit": null}') \g /dev/null
