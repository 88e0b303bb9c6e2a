-- The CRM has no login of its own, but wants to know when an account is shut or a session
-- ends: a webhook. (A client that speaks Shared Signals makes its stream itself, and
-- examples/client/signals.js takes what is pushed.)
\ir begin.sql

\echo -- the secret goes to the receiver, is shown this once, and not here
\connect - operator
SELECT stream_id, webhook_secret FROM pgtoken.create_signal_stream('mobile-app', 'push', 'https://crm.example/signals',
	format => 'webhook', events => '{session-revoked,account-disabled,account-enabled}', description => 'the CRM') \gset
-- nobody is there in this example: what happens is kept until the stream is enabled
SELECT pgtoken.update_signal_stream(:'stream_id', status => 'paused', reason => 'the receiver is not built yet') AS paused;

\connect - login_app
SELECT grant_id FROM pgtoken.issue_tokens('mobile-app', 'user-16', 'openid offline_access', session_id => 'session-16') \gset
SELECT pgtoken.revoke_family(:'grant_id', 'the telephone was lost') \g /dev/null
\connect - operator
SELECT pgtoken.block_subject('user-16', 'ticket 4713') \g /dev/null
SELECT pgtoken.unblock_subject('user-16', 'ticket 4713: found') \g /dev/null

\echo -- what waits. What somebody typed as a reason stays in the audit: it is not for other applications
SELECT event, subject, session_id, payload - 'event_timestamp' AS payload FROM pgtoken.signals WHERE stream_id = :'stream_id' ORDER BY signal_id;

\echo -- how it stands with it: for the health of the service, health() has the check signals
SELECT client_id, status, status_reason, waiting FROM pgtoken.signal_stream_status WHERE stream_id = :'stream_id';

\echo -- the secret has got into a log: another one, at once. Then, with the receiver there, it is enabled
SELECT pgtoken.renew_webhook_secret(:'stream_id') <> :'webhook_secret' AS renewed;

\echo -- the CRM is switched off
SELECT pgtoken.delete_signal_stream(:'stream_id') AS deleted;
