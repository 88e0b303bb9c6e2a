-- C97: "everything that was issued before now" is a matter of epochs, not of clocks.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer('https://epoch.example');
SELECT length(pgtoken.create_signing_key('ES256', 'https://epoch.example')) AS kid_length;
SELECT (pgtoken.create_client('ep_app', 'public', offline_access => true, issuer => 'https://epoch.example')).client_secret;
SET pgtoken.http_issuer = 'https://epoch.example';

-- Fault: after a failover to a machine whose clock is behind, families bear a time
-- that lies ahead, and whoever ends everything misses them.
CREATE FUNCTION test.ended(ending text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	tokens CONSTANT pgtoken.token_response := pgtoken.issue_tokens('ep_app', 'eve', 'openid offline_access', session_id => 'ep-1');
	later pgtoken.token_response;
BEGIN
	UPDATE pgtoken.grants SET created_at = created_at + interval '1 hour' WHERE grant_id = tokens.grant_id;
	EXECUTE ending USING tokens.grant_id;
	later := pgtoken.issue_tokens('ep_app', 'eve', 'openid offline_access', session_id => 'ep-1');
	RETURN concat_ws(', ', (SELECT s.state FROM pgtoken.grant_status s WHERE s.grant_id = tokens.grant_id),
					 CASE WHEN pgtoken.verify_access_token(tokens.access_token) IS NULL THEN 'refused' ELSE 'HOLDS' END,
					 test.brief(pgtoken.refresh_grant(tokens.refresh_token)),
					 CASE WHEN pgtoken.verify_access_token(later.access_token) IS NOT NULL THEN 'the next one holds' ELSE 'THE NEXT ONE IS REFUSED' END,
					 test.brief(pgtoken.refresh_grant(later.refresh_token)));
END
$$;
SELECT e.ending, test.ended(e.ending)
FROM unnest(ARRAY[$$SELECT pgtoken.set_not_before(issuer => 'https://epoch.example')$$, $$SELECT pgtoken.set_not_before(client_id => 'ep_app')$$,
				  $$SELECT pgtoken.set_not_before(subject => 'eve')$$, $$SELECT pgtoken.set_not_before(grant_id => $1)$$, $$SELECT pgtoken.revoke_client('ep_app')$$,
				  $$SELECT pgtoken.revoke_subject('eve')$$, $$SELECT pgtoken.withdraw_consent('eve', 'ep_app')$$, $$SELECT pgtoken.revoke_session('ep-1')$$,
				  $$SELECT pgtoken.end_session('eve', offline => true)$$]) WITH ORDINALITY e (ending, n)
ORDER BY e.n;

-- Fault: the clock steps back after an end, or a time was named just before it did,
-- and whoever logs in is told "allow" and holds a dead family.
CREATE FUNCTION test.stepped_back(ending text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	tokens pgtoken.token_response;
BEGIN
	EXECUTE ending;
	-- as if it had been an hour later then
	UPDATE pgtoken.issuers SET not_before = not_before + interval '1 hour' WHERE issuer = 'https://epoch.example';
	UPDATE pgtoken.clients SET not_before = not_before + interval '1 hour' WHERE client_id = 'ep_app';
	UPDATE pgtoken.subject_not_before SET not_before = not_before + interval '1 hour' WHERE issuer = 'https://epoch.example';
	tokens := pgtoken.issue_tokens('ep_app', 'eve', 'openid offline_access');
	RETURN concat_ws(', ', tokens.decision, (SELECT s.state FROM pgtoken.grant_status s WHERE s.grant_id = tokens.grant_id),
					 CASE WHEN pgtoken.verify_access_token(tokens.access_token) IS NOT NULL THEN 'holds' ELSE 'DEAD' END, test.brief(pgtoken.refresh_grant(tokens.refresh_token)));
END
$$;
BEGIN;
SELECT e.ending, test.stepped_back(e.ending)
FROM unnest(ARRAY[$$SELECT pgtoken.set_not_before(issuer => 'https://epoch.example')$$, $$SELECT pgtoken.set_not_before(client_id => 'ep_app')$$,
				  $$SELECT pgtoken.set_not_before(subject => 'eve')$$, $$SELECT pgtoken.set_not_before(clock_timestamp(), client_id => 'ep_app')$$,
				  $$SELECT pgtoken.set_not_before(clock_timestamp(), issuer => 'https://epoch.example')$$, $$SELECT pgtoken.set_not_before(clock_timestamp(), subject => 'eve')$$,
				  $$SELECT pgtoken.revoke_client('ep_app')$$, $$SELECT pgtoken.revoke_subject('eve')$$]) WITH ORDINALITY e (ending, n)
ORDER BY e.n;
ROLLBACK;

-- A time that is named is one of clocks: who began later goes on, whatever his epoch.
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('ep_app', 'eve', 'openid offline_access') \gset
SELECT access_token AS at_old, grant_id AS gid_old FROM pgtoken.issue_tokens('ep_app', 'eve', 'openid offline_access') \gset
UPDATE pgtoken.grants SET created_at = created_at - interval '1 hour' WHERE grant_id = :'gid_old';
BEGIN;
UPDATE pgtoken.clients SET not_before = NULL WHERE client_id = 'ep_app';
UPDATE pgtoken.issuers SET not_before = NULL WHERE issuer = 'https://epoch.example';
SELECT pgtoken.set_not_before(clock_timestamp() - interval '10 minutes', client_id => 'ep_app') IS NOT NULL AS client,
	   pgtoken.set_not_before(clock_timestamp() - interval '10 minutes', issuer => 'https://epoch.example') IS NOT NULL AS issuer;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS younger_holds, pgtoken.verify_access_token(:'at_old') IS NULL AS older_is_refused;
SELECT pgtoken.revoke_client('ep_app') IS NOT NULL AS all_of_it;
SELECT pgtoken.verify_access_token(:'at') IS NULL AS younger_is_refused;
ROLLBACK;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS taken_back;

-- An end that is taken back is forgotten, and who was issued then is not spared by the next.
BEGIN;
SAVEPOINT s;
SELECT pgtoken.revoke_client('ep_app') IS NOT NULL AS ended, count(*) AS of_subject FROM pgtoken.revoke_subject('eve');
ROLLBACK TO s;
SELECT access_token AS at2, grant_id AS gid2 FROM pgtoken.issue_tokens('ep_app', 'eve', 'openid offline_access') \gset
COMMIT;
SELECT pgtoken.verify_access_token(:'at2') IS NOT NULL AS holds, pgtoken.revoke_client('ep_app') IS NOT NULL AS ended, pgtoken.verify_access_token(:'at2') IS NULL AS refused;

-- Attack shut out: a client is deleted by hand and made again under its name, by
-- whoever takes it over, and the tokens of the old one open doors again. Twenty
-- times: its epochs begin anywhere.
SELECT bool_and(pgtoken.verify_access_token(i.access_token) IS NOT NULL) AS held FROM pgtoken.issue_tokens('ep_app', 'eve', 'openid offline_access') i;
CREATE FUNCTION test.made_again() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	tokens CONSTANT pgtoken.token_response := pgtoken.issue_tokens('ep_app', 'eve', 'openid offline_access');
BEGIN
	DELETE FROM pgtoken.clients WHERE client_id = 'ep_app';
	PERFORM pgtoken.create_client('ep_app', 'public', offline_access => true, issuer => 'https://epoch.example');
	RETURN pgtoken.verify_access_token(tokens.access_token) IS NULL AND pgtoken.introspect(tokens.refresh_token) ->> 'active' = 'false'
		   AND (SELECT s.state = 'revoked' FROM pgtoken.grant_status s WHERE s.grant_id = tokens.grant_id)
		   AND (SELECT r.decision = 'deny' FROM pgtoken.refresh_grant(tokens.refresh_token) r);
END
$$;
SELECT test.made_again() AS none_came_back, count(*) FROM generate_series(1, 20) GROUP BY 1;
SELECT test.brief(pgtoken.issue_tokens('ep_app', 'eve', 'openid offline_access')) AS the_new_one_works;
-- Attack shut out: any role takes the locks that issues and ends of sessions wait for, by
-- the functions for advisory locks, whose kinds are 1 and 2, and nobody can log in or out.
BEGIN;
SELECT test.brief(pgtoken.issue_tokens('ep_app', 'eve', 'openid', session_id => 'a session'));
SELECT count(*) AS locks, array_agg(DISTINCT objsubid) AS kinds FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
ROLLBACK;
RESET pgtoken.http_issuer;
DELETE FROM pgtoken.subject_not_before WHERE issuer = 'https://epoch.example';
