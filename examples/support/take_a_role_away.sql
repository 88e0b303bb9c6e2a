-- A clerk is no manager any more. He stays logged in; what he holds must not say otherwise.
\ir begin.sql

-- the application gave a claim with the tokens
\connect - login_app
SELECT grant_id, access_token, refresh_token FROM pgtoken.issue_tokens('mobile-app', 'user-14',
	'openid offline_access notes:read notes:write', claims => '{"team_role": "manager"}') \gset
\echo -- before
SELECT claims ->> 'team_role' AS team_role, claims ->> 'scope' AS scope FROM pgtoken.verify_access_token(:'access_token') claims;

\echo -- another role and less scope, for all that he has, at once
\connect - operator
SELECT c.client_id, c.scope, c.refreshable, c.access_tokens
FROM pgtoken.grant_status g, pgtoken.change_family(g.grant_id, '{"team_role": "clerk"}', 'openid offline_access notes:read', at_once => true, reason => 'left the team') c
WHERE g.subject = 'user-14' AND g.state = 'active';

\echo -- the token of before is refused; the client refreshes, and nobody has logged in anew
\connect - login_app
SELECT pgtoken.verify_access_token(:'access_token') IS NOT NULL AS holds;
SELECT access_token FROM pgtoken.refresh_grant(:'refresh_token', 'mobile-app') \gset
SELECT claims ->> 'team_role' AS team_role, claims ->> 'scope' AS scope FROM pgtoken.verify_access_token(:'access_token') claims;

\echo -- what the audit keeps of it
\connect - auditor
SELECT event, reason FROM pgtoken.audit_events WHERE grant_id = :'grant_id' AND event IN ('grant.changed', 'blacklist.created') AND occurred_at > :'began' ORDER BY event DESC;

\connect - login_app
SELECT count(*) AS ended FROM pgtoken.revoke_family(:'grant_id', 'end of the example');
