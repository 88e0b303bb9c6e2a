-- The courier: what it fetches for requests, what it delivers, and what becomes of it.
\set SHOW_CONTEXT never
SELECT test.courier();

-- A relying party with keys of its own: another issuer of this database, whose access
-- tokens for an API with the name of our issuer are what RFC 7523 section 3 asks of an
-- assertion, so that they are signed without a program.
SELECT pgtoken.create_issuer('https://rp.example');
SELECT length(pgtoken.create_signing_key('ES256', 'https://rp.example')) AS kid;
SELECT pgtoken.create_resource('https://id.example', '{}', issuer => 'https://rp.example', access_token_typ => 'JWT');
SELECT client_id FROM pgtoken.create_client('signer', 'public', issuer => 'https://rp.example', access_token_lifetime => '5 minutes');
CREATE FUNCTION test.assertion() RETURNS text LANGUAGE sql
	RETURN (SELECT r.access_token FROM pgtoken.issue_tokens('signer', 'https://rp.example', resource => '{https://id.example}') r);
CREATE FUNCTION test.keys() RETURNS text LANGUAGE sql
	RETURN (SELECT pgtoken.jwks('https://rp.example')::text);
CREATE FUNCTION test.by_key(assertion text) RETURNS text LANGUAGE sql
	RETURN test.brief(test.http('token', test.form('grant_type', 'client_credentials', 'client_assertion', assertion,
		'client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')));

-- jwks_uri (RFC 7591 section 2)
SELECT n, pgtoken.client_metadata_problem('confidential', '{"token_endpoint_auth_method": "private_key_jwt"}' || metadata::jsonb) AS problem
FROM (VALUES (1, '{}'), (2, '{"jwks_uri": "https://rp.example/keys"}'), (3, '{"jwks_uri": "http://localhost:8080/keys"}'), (4, '{"jwks_uri": "http://rp.example/keys"}'),
	(5, '{"jwks_uri": "com.example:/keys"}'), (6, '{"jwks_uri": "https://rp.example/keys#1"}'), (7, '{"jwks_uri": 1}'),
	(8, jsonb_build_object('jwks_uri', 'https://rp.example/keys', 'jwks', test.keys()::jsonb)::text), (9, format('{"jwks_uri": "https://rp.example/%s"}', repeat('a', 1000)))) v (n, metadata)
ORDER BY n;
SELECT client_id FROM pgtoken.create_client('https://rp.example', metadata =>
	'{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://rp.example/keys", "grant_types": ["client_credentials"]}');

-- Where no courier is, the request is not kept waiting.
SELECT test.courier('{logout}');
SELECT test.by_key(test.assertion());
SELECT count(*) AS wishes FROM pgtoken.courier_work;
SELECT test.courier();

-- The first request waits for the document, and the same again is answered: nothing of it was used up.
SELECT test.assertion() AS assertion \gset
SELECT test.by_key(:'assertion');
SELECT test.by_key(:'assertion');
SELECT kind, receiver, url, payload, attempts FROM pgtoken.courier_work;
SELECT test.fetched('https://rp.example/keys', test.keys());
SELECT test.by_key(:'assertion');
SELECT test.by_key(:'assertion') AS a_second_time;
SELECT test.by_key(test.assertion()) AS another_one;
SELECT count(*) AS refused FROM pgtoken.refused_requests('https://rp.example') WHERE reason = 'document_awaited';

-- A key that has just been rotated: the answer is right at the first try.
UPDATE pgtoken.documents SET fetched_at = fetched_at - interval '1 minute';
SELECT length(pgtoken.rotate_signing_key('ES256', 'https://rp.example', force => true)) AS kid;
SELECT test.assertion() AS assertion \gset
SELECT test.by_key(:'assertion');
SELECT test.fetched('https://rp.example/keys', test.keys());
SELECT test.by_key(:'assertion');
SELECT event, client_id, detail - '{fetched_before_at,bytes_before,bytes}'::text[] AS detail FROM pgtoken.audit_events WHERE event LIKE 'document.%';
