-- Request objects that the courier fetches from where the client is registered to have them
-- (OpenID Connect Core section 6.2; C142), and their keys. The furniture is that of
-- request_object.sql.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT metadata -> 'jwks' AS ours FROM pgtoken.clients WHERE client_id = 'must-sign' \gset
DELETE FROM pgtoken.couriers;
SELECT pgtoken.update_client('jar', metadata => '{"request_uris": ["https://signer.example/request", "https://signer.example/hashed#47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"]}');
CREATE FUNCTION test.ask_by_reference(request_uri text, VARIADIC more text[] DEFAULT '{}') RETURNS test.answer LANGUAGE sql
	RETURN test.http('authorize', test.form(VARIADIC ARRAY['client_id', 'jar', 'request_uri', request_uri, 'redirect_uri', 'https://signer.example/two', 'state', 'beside'] || more), method => 'GET');
-- without a courier it cannot be had, and is not announced
SELECT test.goes(test.ask_by_reference('https://signer.example/request')) AS no_courier, m -> 'request_uri_parameter_supported' AS supported, m -> 'require_request_uri_registration' AS registration FROM (SELECT test.metadata()) t (m);
SELECT w FROM pgtoken.courier_wanting() w WHERE w LIKE '%request_uris%';
SELECT test.courier();
SELECT w FROM pgtoken.courier_wanting() w WHERE w LIKE '%request_uris%';
SELECT m -> 'request_uri_parameter_supported' AS supported, m -> 'require_request_uri_registration' AS registration FROM (SELECT test.metadata()) t (m);
-- Attack shut out: the server fetches what anybody names.
SELECT uri, test.goes(test.ask_by_reference(uri)) FROM unnest(ARRAY['https://signer.example/request?x', 'https://signer.example/REQUEST', 'https://signer.example/hashed', 'http://169.254.169.254/', 'https://signer.example/request#x', 'urn:x']) WITH ORDINALITY u (uri, n) ORDER BY n;
SELECT count(*) AS wishes FROM pgtoken.courier_work;
-- the first request waits, and the same again is answered
SELECT test.brief(test.ask_by_reference('https://signer.example/request'));
SELECT url FROM pgtoken.courier_work;
SELECT test.fetched('https://signer.example/request', test.signed('jar', '{"nonce": "first"}') || E'\n');
SELECT test.told(test.ask_by_reference('https://signer.example/request', 'nonce', 'beside'));
-- Attack shut out: a document that changes between look and use. What the page is told is what was judged, whatever is there later.
CREATE TEMP TABLE open_one AS SELECT test.query((test.ask_by_reference('https://signer.example/request')).headers ->> 'location', 'transaction_id') AS id;
UPDATE pgtoken.documents SET body = test.signed('jar', '{"nonce": "second", "redirect_uri": "https://signer.example/two"}'), fetched_at = fetched_at - interval '2 hours' WHERE url = 'https://signer.example/request';
SELECT pgtoken.authorization_request(id) ->> 'nonce' AS nonce, test.goes(pgtoken.approve_authorization(id, 'alice', consent => 'openid')) FROM open_one;
-- what was kept and is good is used; what is not is fetched again, once in a while
SELECT test.told(test.ask_by_reference('https://signer.example/request')) ->> 'nonce' AS kept;
UPDATE pgtoken.documents SET body = test.signed('jar', '{"exp": 1}') WHERE url = 'https://signer.example/request';
SELECT test.brief(test.ask_by_reference('https://signer.example/request')) AS expired;
SELECT test.fetched('https://signer.example/request', test.signed('other-key', '{"redirect_uri": "https://signer.example/cb"}'));
SELECT test.goes(test.ask_by_reference('https://signer.example/request')) AS of_another_client;
SELECT count(*) AS wishes FROM pgtoken.courier_work;
-- the hash in the fragment says whether what was kept is what is meant
SELECT test.brief(test.ask_by_reference('https://signer.example/hashed#47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU')) AS first;
SELECT test.fetched('https://signer.example/hashed', test.signed('jar', '{"nonce": "old"}'));
SELECT test.told(test.ask_by_reference('https://signer.example/hashed#47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU')) ->> 'nonce' AS just_fetched;
UPDATE pgtoken.documents SET fetched_at = fetched_at - interval '2 hours';
SELECT test.brief(test.ask_by_reference('https://signer.example/hashed#47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU')) AS another_text_is_meant;
SELECT test.answered('https://signer.example/hashed', '{"error": "gone", "permanent": true}');
SELECT test.goes(test.ask_by_reference('https://signer.example/hashed#47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU')) AS gone;
UPDATE pgtoken.clients SET metadata = jsonb_set(metadata, '{request_uris,1}', to_jsonb('https://signer.example/hashed#' || test.b64url(sha256(convert_to(d.body, 'UTF8'))))) FROM pgtoken.documents d WHERE client_id = 'jar' AND d.url = 'https://signer.example/hashed';
SELECT test.told(test.ask_by_reference(metadata #>> '{request_uris,1}')) ->> 'nonce' AS the_text_that_is_meant FROM pgtoken.clients WHERE client_id = 'jar';
-- an assertion is not used up by a request that waits for the keys of its object: nothing was looked at yet
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('jar-keys', scopes => '{openid}', redirect_uris => '{https://keys.example/cb}',
	metadata => '{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://keys.example/jwks"}');
SELECT test.rsa_jws('{"alg": "RS256"}', jsonb_build_object('iss', 'jar-keys', 'sub', 'jar-keys', 'aud', 'https://id.example', 'exp', test.in_seconds(300), 'jti', 'once')) AS assertion,
	   regexp_replace(test.signed('jar-keys'), '[.][^.]*$', '.' || test.b64url('another key')) AS object \gset
CREATE FUNCTION test.push_by_keys(assertion text, object text) RETURNS text LANGUAGE sql
	RETURN test.brief(test.http('par', test.form('request', object, 'client_assertion', assertion, 'client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')));
SELECT test.push_by_keys(:'assertion', test.signed('jar-keys')) AS no_keys_yet;
SELECT test.fetched('https://keys.example/jwks', :'ours');
UPDATE pgtoken.documents SET fetched_at = fetched_at - interval '2 hours';
SELECT test.push_by_keys(:'assertion', :'object') AS newer_ones;
SELECT test.fetched('https://keys.example/jwks', :'ours');
SELECT test.push_by_keys(:'assertion', test.signed('jar-keys')) AS good, test.push_by_keys(:'assertion', test.signed('jar-keys')) AS a_second_time;
