-- What a living family's tokens say is changed: other claims, less scope.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('altered', offline_access => true, scopes => '{openid,profile,orders.read,orders.write}', retry_window => '1 minute',
	metadata => '{"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"]}');
CREATE FUNCTION test.refresh_changing(rt text, scope text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r pgtoken.token_response := pgtoken.refresh_grant(rt, 'altered', test.secret('altered'), scope);
BEGIN
	PERFORM set_config('test.rt', coalesce(r.refresh_token, rt), false), set_config('test.at', coalesce(r.access_token, ''), false);
	RETURN concat_ws(' ', r.decision, r.error, '[' || r.scope || ']', test.claims(r.access_token) -> 'roles', test.claims(r.access_token) ->> 'scope');
END
$$;
CREATE FUNCTION test.said(c pgtoken.changed_family) RETURNS text LANGUAGE sql RETURN concat_ws(' ', c.client_id, c.subject, '[' || c.scope || ']', CASE WHEN c.refreshable THEN 'refreshable' END, c.access_tokens);
SELECT refresh_token AS rt, access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('altered', 'jane', 'openid offline_access orders.read orders.write', claims => '{"roles": ["buyer", "admin"]}') \gset

-- C163: a role is taken away: the next access token has it, the one that is out holds to its end.
SELECT test.said(c), c.grant_id = :'gid' AS of_it, c.changed_at IS NOT NULL AS changed FROM pgtoken.change_family(:'gid', '{"roles": ["buyer"]}', reason => 'left the team') c;
SELECT pgtoken.verify_access_token(:'at') -> 'roles' AS out;
SELECT test.refresh_changing(:'rt');
-- also for a retry of the same refresh
SELECT test.said(c) FROM pgtoken.change_family(:'gid', '{"roles": []}') c;
SELECT test.refresh_changing(:'rt') AS retry;
-- At once: what was issued is refused from the next statement on; the refresh token lives.
SELECT current_setting('test.at') AS at2, current_setting('test.rt') AS rt2 \gset
SELECT test.said(c) FROM pgtoken.change_family(:'gid', scope => 'openid offline_access orders.read', at_once => true, reason => 'withdrawn') c;
SELECT pgtoken.verify_access_token(:'at') IS NULL AS first_is_refused, pgtoken.verify_access_token(:'at2') IS NULL AS retried_is_refused, pgtoken.introspect(:'rt2') -> 'active' AS refresh_token;
SELECT test.refresh_changing(:'rt2');
SELECT pgtoken.verify_access_token(current_setting('test.at')) ->> 'scope' AS holds;
-- Attack shut out: a client asks for the scope that was taken away. It gets what is
-- left: libraries repeat the scope of before at each refresh.
SELECT test.refresh_changing(current_setting('test.rt'), 'openid offline_access orders.read orders.write') AS all_of_before;
SELECT test.refresh_changing(current_setting('test.rt'), 'orders.write') AS that_alone;
SELECT test.refresh_changing(current_setting('test.rt'), 'orders.read profile') AS never_granted;
SELECT test.refresh_changing(current_setting('test.rt'), 'a "b') AS malformed;
-- alone it has the client come for new ones
SELECT test.said(c) FROM pgtoken.change_family(:'gid', at_once => true) c;
SELECT pgtoken.verify_access_token(current_setting('test.at')) IS NULL AS refused;
SELECT test.refresh_changing(current_setting('test.rt'));
-- what was exchanged from them goes, too (RFC 8693)
SELECT (test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange', 'subject_token', current_setting('test.at'), 'subject_token_type', 'urn:ietf:params:oauth:token-type:access_token', 'scope', 'orders.read'), test.basic('altered'))).body ->> 'access_token' AS exchanged \gset
SELECT pgtoken.verify_access_token(:'exchanged') IS NOT NULL AS before;
SELECT test.said(c) FROM pgtoken.change_family(:'gid', claims => '{}', at_once => true) c;
SELECT pgtoken.verify_access_token(:'exchanged') IS NOT NULL AS after;
SELECT claims, scope, changed_at > created_at AS later, not_before FROM pgtoken.grants WHERE grant_id = :'gid';
-- the audit has it, and no claim outside of what tells of a person
SELECT event, reason, client_id, subject, detail #>> '{before,scope}' AS before, detail #>> '{after,scope}' AS after, detail #> '{after,claims}' AS claims, personal -> 'after' -> 'claims' AS personal FROM pgtoken.audit_events WHERE grant_id = :'gid' AND event = 'grant.changed' ORDER BY event_id;
SELECT event, reason, count(*) FROM pgtoken.audit_events WHERE grant_id = :'gid' AND event LIKE 'blacklist%' GROUP BY 1, 2 ORDER BY 1, 2;

-- Attack shut out: consent to act while the user is away was taken back, and the client
-- goes on by its refresh token.
SELECT test.said(c) FROM pgtoken.change_family(:'gid', scope => 'openid orders.read') c;
SELECT test.refresh_changing(current_setting('test.rt')) AS refused, pgtoken.introspect(current_setting('test.rt')) AS nothing;
SELECT reason FROM pgtoken.audit_events WHERE grant_id = :'gid' ORDER BY event_id DESC LIMIT 1;
-- unless it gets one for the session alone, with which this one ends from then on
SELECT pgtoken.update_client('altered', metadata => '{"session_refresh": true}');
SELECT refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('altered', 'jane', 'openid offline_access orders.read', session_id => 'desk') \gset
SELECT test.said(c) FROM pgtoken.change_family(:'gid', scope => 'openid') c;
SELECT test.refresh_changing(:'rt');
SELECT count(*) FROM pgtoken.end_session('jane', 'desk');
SELECT test.refresh_changing(current_setting('test.rt')) AS session_has_ended;

-- A client whose refresh tokens stay the same, and a family without one.
SELECT pgtoken.update_client('altered', rotation => 'never');
SELECT refresh_token AS rt, access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('altered', 'jane', 'openid offline_access orders.read') \gset
SELECT test.refresh_changing(:'rt');
SELECT test.said(c) FROM pgtoken.change_family(:'gid', '{"roles": 1}', 'openid offline_access', true) c;
SELECT test.refresh_changing(:'rt'), pgtoken.verify_access_token(:'at') IS NULL AS refused;
SELECT pgtoken.update_client('altered', metadata => '{"session_refresh": null}');
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('altered', 'jane', 'openid orders.read') \gset
SELECT test.said(c) FROM pgtoken.change_family(:'gid', scope => 'openid', at_once => true) c;
SELECT pgtoken.verify_access_token(:'at') IS NULL AS refused;

-- Misuse
SELECT what, test.outcome(format('SELECT pgtoken.change_family(%L, %s)', :'gid', what)) FROM unnest(ARRAY['NULL', 'NULL, NULL, NULL', 'scope => ''''', 'scope => ''openid orders.read''',
	'scope => ''a  b''', 'claims => ''[]''', 'claims => ''{"sub": "x"}''', 'at_once => true, reason => repeat(''x'', 2000)']) what;
SELECT test.outcome($$SELECT pgtoken.change_family(NULL, '{}')$$);
-- of what is over there is nothing to change
SELECT count(*) AS unknown FROM pgtoken.change_family('00000000-0000-7000-8000-000000000000', '{}');
SELECT grant_id AS gid2 FROM pgtoken.issue_tokens('altered', 'jane', 'openid offline_access') \gset
UPDATE pgtoken.grants SET expires_at = now() WHERE grant_id = :'gid2';
SELECT count(*) AS expired FROM pgtoken.change_family(:'gid2', '{}');
SELECT count(*) AS revoked FROM pgtoken.revoke_family(:'gid'::uuid);
SELECT count(*) AS of_a_revoked_one FROM pgtoken.change_family(:'gid', '{}');
SELECT grant_id AS gid FROM pgtoken.issue_tokens('altered', 'jane', 'openid offline_access') \gset
SELECT pgtoken.set_not_before(grant_id => :'gid') IS NOT NULL AS ended;
SELECT count(*) AS of_one_that_began_before FROM pgtoken.change_family(:'gid', '{}');
DROP FUNCTION test.refresh_changing, test.said;
