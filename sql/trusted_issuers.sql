-- Issuers of others that are trusted, and the rules of what their assertions mean. What
-- comes of an assertion is in test/http/assertions.test.mjs.
\set SHOW_CONTEXT never
\set VERBOSITY default
SELECT public_jwk::text AS jwk FROM pgtoken.signing_keys WHERE issuer = 'https://id.example' AND alg = 'ES256' ORDER BY created_at LIMIT 1 \gset
SELECT jsonb_build_object('keys', jsonb_build_array(:'jwk'::jsonb))::text AS jwks \gset
SELECT pgtoken.create_trusted_issuer('https://cluster.example', :'jwks');

-- Misuse has a clear answer.
SELECT pgtoken.create_issuer('https://cluster.example');
SELECT pgtoken.create_trusted_issuer('https://cluster.example', :'jwks');
SELECT pgtoken.create_trusted_issuer('https://id.example', :'jwks');
SELECT pgtoken.create_trusted_issuer('https://other.example');
SELECT pgtoken.create_trusted_issuer('https://other.example', :'jwks', 'https://other.example/keys');
SELECT pgtoken.create_trusted_issuer('https://other.example', '{"keys": []}');
-- Attack shut out: keys fetched in clear, from where anybody on the way can put his own.
SELECT test.outcome($$SELECT pgtoken.create_trusted_issuer('https://other.example', jwks_uri => 'http://other.example/keys')$$) LIKE '23514:%' AS in_clear,
	   test.outcome($$SELECT pgtoken.create_trusted_issuer('https://other.example', jwks_uri => 'com.example:/keys')$$) LIKE '23514:%' AS no_url,
	   test.outcome(format('SELECT pgtoken.create_trusted_issuer(%L, %L, assertion_lifetime => %L)', 'https://other.example', :'jwks', '2 days')) LIKE '23514:%' AS too_long;
SELECT pgtoken.create_trusted_issuer(NULL, :'jwks');
SELECT pgtoken.create_trusted_issuer('https://other.example', :'jwks', issuer => 'https://nobody.example');

INSERT INTO test.clients SELECT * FROM pgtoken.create_client('reports', scopes => '{orders.read}', metadata => '{"grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"]}');
SELECT pgtoken.create_assertion_rule('https://cluster.example', 'prod', '{"sub": "system:serviceaccount:prod:*"}', '{orders.read}', client_id => 'reports',
	client_authentication => false, resources => '{HTTPS://orders.example:443/}');
SELECT rule, conditions, sub, scopes, resources, client_id, client_authentication FROM pgtoken.assertion_rules;
-- Attack shut out: a rule that is for more than was meant.
SELECT pgtoken.create_assertion_rule('https://cluster.example', 'everybody', '{}', '{orders.read}');
SELECT pgtoken.create_assertion_rule('https://cluster.example', 'no client', '{"sub": "x"}', '{orders.read}', client_authentication => false);
SELECT pgtoken.create_assertion_rule('https://cluster.example', 'person', '{"sub": "x"}', '{orders.read}', client_id => 'reports', client_authentication => false, persons => true);
SELECT pgtoken.create_assertion_rule('https://cluster.example', 'as_client', '{"sub": "x"}', '{orders.read}', 'client:web');
SELECT pgtoken.create_assertion_rule('https://cluster.example', 'braces', '{"sub": "x"}', '{orders.read}', '{sub');
SELECT pgtoken.create_assertion_rule('https://cluster.example', 'lasting', '{"sub": "x"}', '{offline_access}');
SELECT pgtoken.create_assertion_rule('https://nobody.example', 'x', '{"sub": "x"}', '{orders.read}');
SELECT pgtoken.create_assertion_rule('https://cluster.example', 'x', '{"sub": "x"}', '{orders.read}', client_id => 'nobody');
SELECT pgtoken.create_assertion_rule('https://cluster.example', 'x', '[]', '{orders.read}');
SELECT pgtoken.create_assertion_rule('https://cluster.example', 'x', NULL, '{orders.read}');
SELECT test.outcome($$SELECT pgtoken.create_assertion_rule('https://cluster.example', 'prod', '{"sub": "x"}', '{orders.read}')$$) LIKE '23505:%' AS twice,
	   test.outcome($$SELECT pgtoken.create_assertion_rule('https://cluster.example', 'a b', '{"sub": "x"}', '{orders.read}')$$) LIKE '23514:%' AS no_name;

SELECT pgtoken.update_trusted_issuer('https://cluster.example', jwks_uri => 'https://cluster.example/keys', audiences => '{pgtoken}', single_use => true) AS updated,
	   pgtoken.update_trusted_issuer('https://nobody.example', enabled => false) AS unknown;
SELECT jwks IS NULL AS no_jwks, jwks_uri, audiences, assertion_lifetime, single_use, enabled FROM pgtoken.trusted_issuers;
SELECT pgtoken.update_trusted_issuer('https://cluster.example', :'jwks', 'https://cluster.example/keys');
SELECT pgtoken.update_trusted_issuer('https://cluster.example', :'jwks', enabled => false) AS updated;
SELECT jwks IS NOT NULL AS jwks, jwks_uri, enabled FROM pgtoken.trusted_issuers;
-- announced only where somebody is trusted
SELECT test.metadata() ->> 'authorization_grant_profiles_supported' AS off;
SELECT pgtoken.update_trusted_issuer('https://cluster.example', enabled => true);
SELECT test.metadata() ->> 'authorization_grant_profiles_supported' AS on;

-- who trusted whom is in the audit
SELECT event, count(*) FROM pgtoken.audit_events WHERE event LIKE 'trusted_issuer.%' OR event LIKE 'assertion_rule.%' GROUP BY event ORDER BY event COLLATE "C";
SELECT pgtoken.delete_client('reports');
SELECT pgtoken.delete_assertion_rule('https://cluster.example', 'nothing') AS unknown, pgtoken.delete_trusted_issuer('https://cluster.example') AS deleted,
	   pgtoken.delete_trusted_issuer('https://cluster.example') AS again;
SELECT count(*) AS rules FROM pgtoken.assertion_rules;
SELECT pgtoken.delete_client('reports');
DELETE FROM test.clients WHERE client_id = 'reports';
