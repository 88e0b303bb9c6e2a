-- What the libraries of test/tools/interop are clients of, beside examples/setup.sql:
-- each as create_client makes it when no more is said than must be.
\set ON_ERROR_STOP on
SELECT pgtoken.create_resource('https://spring.example', '{beans}', access_token_typ => 'JWT') AS spring_resource \gset
SELECT client_secret AS secret FROM pgtoken.create_client('library', scopes => '{openid,notes:read}', redirect_uris => '{http://127.0.0.1/cb}',
	offline_access => true, metadata => '{"grant_types": ["authorization_code", "client_credentials"]}') \gset
SELECT client_secret AS spring_secret FROM pgtoken.create_client('spring', scopes => '{openid,beans,notes:read}', redirect_uris => '{http://127.0.0.1/cb}',
	offline_access => true, signing_alg => 'RS256', metadata => '{"grant_types": ["authorization_code", "client_credentials"]}') \gset
SELECT client_id AS public FROM pgtoken.create_client('native-library', 'public', scopes => '{openid,notes:read}', redirect_uris => '{http://localhost/cb}',
	offline_access => true, metadata => '{"application_type": "native", "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]}') \gset
\echo LIBRARY_SECRET=:secret
\echo SPRING_SECRET=:spring_secret
