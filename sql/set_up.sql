-- A set-up that is run twice, and what was mistyped in it.
\set SHOW_CONTEXT never
\set VERBOSITY default
CREATE FUNCTION test.set_up(lifetime interval DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	version integer;
	secret text;
BEGIN
	PERFORM pgtoken.create_issuer('https://twice.example', if_not_exists => true);
	PERFORM pgtoken.create_signing_key('ES256', 'https://twice.example', if_not_exists => true);
	PERFORM pgtoken.create_resource('https://twice-api.example', '{read}', lifetime, issuer => 'https://twice.example', if_not_exists => true);
	secret := (pgtoken.create_client('twice', scopes => '{openid,read}', access_token_lifetime => lifetime, issuer => 'https://twice.example', if_not_exists => true)).client_secret;
	version := pgtoken.create_policy('twice', '[{"rule": "network_changed", "outcome": "require"}]', issuer => 'https://twice.example', if_not_exists => true);
	RETURN format('version %s, %s secret', version, CASE WHEN secret IS NULL THEN 'no' ELSE 'a' END);
END
$$;
SELECT test.set_up();
-- the kid is another one each time
CREATE FUNCTION test.set_up_again(lifetime interval DEFAULT NULL) RETURNS text LANGUAGE plpgsql SET client_min_messages = warning AS $$BEGIN RETURN test.set_up(lifetime); END$$;
SELECT test.set_up_again();
SELECT (SELECT count(*) FROM pgtoken.signing_keys WHERE issuer = 'https://twice.example') AS keys, (SELECT count(*) FROM pgtoken.client_secrets WHERE client_id = 'twice') AS secrets,
	   (SELECT count(*) FROM pgtoken.policies WHERE policy = 'twice') AS versions;
-- what differs is said, and left as it is
SELECT pgtoken.create_issuer('https://twice.example', 'RS256', if_not_exists => true);
SELECT pgtoken.create_resource('https://twice-api.example', '{read,write}', '1 minute', issuer => 'https://twice.example', if_not_exists => true);
SELECT pgtoken.create_resource('https://twice-api.example', '{read}', issuer => 'https://twice.example', if_not_exists => true);
SELECT (pgtoken.create_client('twice', 'public', '{openid}', issuer => 'https://twice.example', metadata => '{"require_pkce": true}', if_not_exists => true)).client_id;
SELECT pgtoken.create_policy('twice', '[{"rule": "network_changed", "outcome": "deny"}]', issuer => 'https://twice.example', if_not_exists => true);
SELECT scopes, client_type FROM pgtoken.clients WHERE client_id = 'twice';
-- without if_not_exists it is an error that says the same, and nothing of the statement behind it
SELECT pgtoken.create_client('twice', 'public', '{openid}', issuer => 'https://twice.example');
SELECT pgtoken.create_issuer('https://twice.example');

-- Deleted is what was never used, and nothing else.
SELECT pgtoken.delete_issuer('https://twice.example');
SELECT test.outcome($$SELECT pgtoken.delete_client(NULL)$$), pgtoken.delete_client('nobody') AS unknown;
SELECT grant_id AS gid FROM pgtoken.issue_tokens('twice', 'alice', 'read') \gset
SELECT pgtoken.delete_client('twice');
SELECT pgtoken.delete_resource('HTTPS://twice-api.example:443/', 'https://twice.example');
DELETE FROM pgtoken.grants WHERE grant_id = :'gid';
SELECT pgtoken.update_client('twice', resources => '{https://twice-api.example}');
SELECT pgtoken.delete_resource('https://twice-api.example', 'https://twice.example');
SELECT pgtoken.delete_client('twice') AS client, pgtoken.delete_resource('HTTPS://twice-api.example:443/', 'https://twice.example') AS resource,
	   pgtoken.delete_policy('twice', 'https://twice.example') AS policy;
SELECT pgtoken.create_policy('tried', '[{"rule": "network_changed", "outcome": "deny"}]', issuer => 'https://twice.example');
SELECT pgtoken.activate_policy('tried', issuer => 'https://twice.example', shadow => true) IS NOT NULL AS tried;
SELECT pgtoken.delete_policy('tried', 'https://twice.example');
SELECT pgtoken.delete_issuer('https://twice.example');
UPDATE pgtoken.policies SET activated_at = NULL WHERE policy = 'tried';
-- the default one stays while there are others
SELECT issuer AS default_issuer FROM pgtoken.issuers WHERE is_default \gset
SELECT test.outcome(format('SELECT pgtoken.delete_issuer(%L)', :'default_issuer')) LIKE '55006:%' AS default_stays;
SELECT pgtoken.delete_issuer('https://twice.example') AS deleted, pgtoken.delete_issuer('https://twice.example') AS again;
SELECT (SELECT count(*) FROM pgtoken.signing_keys WHERE issuer = 'https://twice.example') AS keys, (SELECT count(*) FROM pgtoken.key_material WHERE material_id LIKE '%twice%') AS material,
	   (SELECT count(*) FROM pgtoken.policies WHERE issuer = 'https://twice.example') AS policies, (SELECT count(*) FROM pgtoken.client_secrets WHERE client_id = 'twice') AS secrets,
	   (SELECT count(*) FROM pgtoken.health() WHERE detail LIKE '%twice.example%') AS named_by_health;
-- and the audit has who deleted it
SELECT detail ? 'before' AND NOT detail ? 'after' AS deleted, event, count(*) FROM pgtoken.audit_events
WHERE detail #>> '{before,issuer}' = 'https://twice.example' AND NOT detail ? 'after' GROUP BY 1, 2 ORDER BY event COLLATE "C";
DROP FUNCTION test.set_up, test.set_up_again;
