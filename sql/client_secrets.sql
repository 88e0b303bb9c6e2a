-- Which secrets of a client are in use, and what was issued for whom by them: an
-- operator who has to take one back must know whom it stops and what it has brought
-- forth.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('vault', scopes => '{openid,shared}', offline_access => true, resources => '{https://any.example}',
	metadata => '{"grant_types": ["client_credentials"]}');
CREATE VIEW test.vault_secrets AS
	SELECT s.secret_id, s.last_used_at, s.xmin::text AS written_by, s.ctid::text AS place FROM pgtoken.client_secrets s WHERE s.client_id = 'vault';
SELECT last_used_at IS NULL AS never_used FROM test.vault_secrets;

-- at an endpoint, by Basic and in the form, and in SQL; what is issued names the secret
SELECT test.brief(test.http('token', 'grant_type=client_credentials&scope=shared', test.basic('vault'))) AS basic;
SELECT last_used_at BETWEEN now() - interval '1 minute' AND now() + interval '1 minute' AS used FROM test.vault_secrets;
SELECT access_token AS at, refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('vault', 'alice', 'shared offline_access') \gset
SELECT decision, refresh_token AS rt FROM pgtoken.refresh_grant(:'rt', 'vault', (SELECT client_secret FROM test.clients WHERE client_id = 'vault')) \gset
SELECT l.generation, l.client_secret_id = s.secret_id AS by_secret FROM pgtoken.lineage(:'gid'::uuid) l, test.vault_secrets s ORDER BY l.generation;
SELECT count(*) AS issued_by_it FROM pgtoken.tokens t JOIN test.vault_secrets s ON s.secret_id = t.client_secret_id;
-- Attack shut out: a wrong secret is told as one in use.
UPDATE pgtoken.client_secrets SET last_used_at = last_used_at - interval '1 day' WHERE client_id = 'vault';
SELECT error FROM pgtoken.refresh_grant(:'rt', 'vault', 'wrong');
SELECT test.brief(test.http('token', 'grant_type=client_credentials&scope=shared&client_id=vault&client_secret=wrong')) AS wrong;
SELECT last_used_at < now() - interval '23 hours' AS of_yesterday FROM test.vault_secrets;

-- The next hour is noted by a session that has not noted this one. It costs no event,
-- empties no cache, and within the hour no write.
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT count(*) AS changes FROM pgtoken.audit_events WHERE event LIKE 'client_secret%' AND client_id = 'vault' \gset
SELECT test.brief(test.http('introspect', test.form('token', :'at'), test.basic('vault'))) AS introspected;
SELECT last_used_at > now() - interval '1 minute' AS used, written_by, place FROM test.vault_secrets \gset
SELECT :'used' AS used;
SELECT test.brief(test.http('introspect', test.form('token', :'at'), test.basic('vault'))) AS introspected;
SELECT written_by = :'written_by' AND place = :'place' AS not_again FROM test.vault_secrets;
SELECT count(*) = :changes AS unaudited FROM pgtoken.audit_events WHERE event LIKE 'client_secret%' AND client_id = 'vault';
-- where nothing can be written, the secret is as good
UPDATE pgtoken.client_secrets SET last_used_at = NULL WHERE client_id = 'vault';
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
BEGIN READ ONLY;
SELECT test.brief(test.http('introspect', test.form('token', :'at'), test.basic('vault'))) AS read_only;
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT test.brief(test.http('introspect', test.form('token', :'at'), test.basic('vault'))) AS with_a_snapshot;
COMMIT;
SELECT last_used_at IS NULL AS not_noted FROM test.vault_secrets;
DROP VIEW test.vault_secrets;
