-- C96: the ways a refresh token dies, each with a reason of its own in the audit,
-- while the client hears of invalid_grant only.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer('https://die.example');
SELECT length(pgtoken.create_signing_key('ES256', 'https://die.example')) AS kid_length;
SELECT pgtoken.create_resource('https://die-api.example', '{bank}', issuer => 'https://die.example');
SELECT (pgtoken.create_client('die_app', 'public', offline_access => true, scopes => '{openid,bank}', issuer => 'https://die.example')).client_secret;

-- A family, what is done to it, and what becomes of its refresh token and access token.
CREATE FUNCTION test.dies(deed text) RETURNS TABLE (refresh text, access text, state text, refused text, revoked text) LANGUAGE plpgsql AS $$
DECLARE
	tokens pgtoken.token_response;
BEGIN
	tokens := pgtoken.issue_tokens('die_app', 'dora', 'bank offline_access', auth_time => now() - interval '1 hour', acr => 'pwd', amr => '{pwd}');
	EXECUTE deed USING tokens.grant_id;
	refresh := test.brief(pgtoken.refresh_grant(tokens.refresh_token));
	access := CASE WHEN pgtoken.verify_access_token(tokens.access_token) IS NULL THEN 'refused' ELSE 'holds' END;
	SELECT s.state INTO state FROM pgtoken.grant_status s WHERE s.grant_id = tokens.grant_id;
	SELECT e.reason INTO refused FROM pgtoken.audit_events e WHERE e.grant_id = tokens.grant_id AND e.event IN ('refresh.refused', 'refresh.denied');
	SELECT e.reason INTO revoked FROM pgtoken.audit_events e WHERE e.grant_id = tokens.grant_id AND e.event = 'grant.revoked';
	RETURN NEXT;
END
$$;
CREATE TEMP TABLE way (n serial, way text, deed text);
INSERT INTO way (way, deed) VALUES
	('none', 'SELECT $1'),
	('1 revoked by the server', 'SELECT pgtoken.revoke_family($1, ''stolen'')'),
	('1 its subject revoked', 'SELECT count(*) FROM pgtoken.revoke_subject(''dora'', issuer => ''https://die.example'')'),
	('1 its client revoked', 'SELECT pgtoken.revoke_client(''die_app'')'),
	('1 its issuer''s tokens', 'SELECT pgtoken.set_not_before(issuer => ''https://die.example'')'),
	('1 its own tokens', 'SELECT pgtoken.set_not_before(grant_id => $1)'),
	('1 its subject''s tokens', 'SELECT pgtoken.set_not_before(issuer => ''https://die.example'', subject => ''dora'')'),
	('1 logged out', 'SELECT count(*) FROM pgtoken.end_session(''dora'', offline => true)'),
	('1 its session revoked', 'SELECT count(*) FROM pgtoken.revoke_session($1::text)'),
	('2 consent withdrawn', 'SELECT count(*) FROM pgtoken.withdraw_consent(''dora'', ''die_app'')'),
	('3 expired', 'UPDATE pgtoken.grants SET expires_at = now() WHERE grant_id = $1'),
	('3 idle', 'UPDATE pgtoken.grants SET rotated_at = rotated_at - idle_lifetime - interval ''2 hours'' WHERE grant_id = $1'),
	('4 an acr is required', 'SELECT $1, pgtoken.update_resource(''https://die-api.example'', issuer => ''https://die.example'', required_acr => ''{mfa}'', on_insufficient => ''invalid_grant'')'),
	('4 a method is required', 'SELECT $1, pgtoken.update_resource(''https://die-api.example'', issuer => ''https://die.example'', required_amr => ''{otp}'', on_insufficient => ''invalid_grant'')'),
	('4 a recent login is required', 'SELECT $1, pgtoken.update_resource(''https://die-api.example'', issuer => ''https://die.example'', max_age => ''30 minutes'', on_insufficient => ''invalid_grant'')'),
	('4 what it has is required', 'SELECT $1, pgtoken.update_resource(''https://die-api.example'', issuer => ''https://die.example'', required_acr => ''{pwd}'', required_amr => ''{pwd}'', max_age => ''2 hours'', on_insufficient => ''invalid_grant'')'),
	('4 a step-up, but there is no factor', 'SELECT $1, pgtoken.update_resource(''https://die-api.example'', issuer => ''https://die.example'', required_acr => ''{mfa}'', on_insufficient => ''require'')');
SET pgtoken.http_issuer = 'https://die.example';
-- each by itself: what it has changed is taken back
CREATE TEMP TABLE died (n integer, refresh text, access text, state text, refused text, revoked text);
DO $$
DECLARE
	w record;
	d record;
BEGIN
	FOR w IN SELECT * FROM way ORDER BY n LOOP
		BEGIN
			SELECT * INTO d FROM test.dies(w.deed);
			RAISE EXCEPTION 'take it back' USING ERRCODE = 'ZZ000';
		EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
			INSERT INTO died VALUES (w.n, d.refresh, d.access, d.state, d.refused, d.revoked);
		END;
	END LOOP;
END
$$;
RESET pgtoken.http_issuer;
SELECT w.way, d.refresh, d.access, d.state, d.refused, d.revoked FROM way w JOIN died d USING (n) ORDER BY n;
-- four ways, and no reason is that of two
SELECT r.reason, array_agg(DISTINCT left(w.way, 1)) AS ways FROM way w JOIN died d USING (n), LATERAL (SELECT coalesce(d.revoked, d.refused)) r (reason)
WHERE r.reason IS NOT NULL GROUP BY r.reason HAVING count(DISTINCT left(w.way, 1)) > 1;
SELECT left(w.way, 1) AS way, array_agg(DISTINCT coalesce(d.revoked, d.refused) ORDER BY coalesce(d.revoked, d.refused)) AS reasons
FROM way w JOIN died d USING (n) WHERE w.way <> 'none' AND d.refresh LIKE 'deny invalid_grant%' GROUP BY 1 ORDER BY 1;

-- A refresh token that an authentication policy refuses is not used up: what is
-- eased again lets it pass, as a retry of it would be.
SELECT refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('die_app', 'dora', 'bank offline_access', acr => 'pwd', amr => '{pwd}') \gset
SELECT pgtoken.update_resource('https://die-api.example', issuer => 'https://die.example', required_acr => '{mfa}', on_insufficient => 'invalid_grant');
SELECT test.brief(pgtoken.refresh_grant(:'rt')) AS stricter;
SELECT pgtoken.update_resource('https://die-api.example', issuer => 'https://die.example', reset => '{required_acr}');
SELECT test.brief(pgtoken.refresh_grant(:'rt')) AS eased;
SELECT generation FROM pgtoken.grants WHERE grant_id = :'gid';
