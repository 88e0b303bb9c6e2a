-- Requests that come as a JWT which the client has signed (RFC 9101, OpenID Connect Core
-- section 6; C141). The key is that of factors.sql.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\set challenge E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM

CREATE FUNCTION test.rsa_jws(header jsonb, claims jsonb) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT s.input || '.' || test.b64url(test.rsa_sign(convert_to(s.input, 'UTF8')))
	FROM (SELECT test.b64url(convert_to(header::text, 'UTF8')) || '.' || test.b64url(convert_to(claims::text, 'UTF8'))) s (input);
END;
SELECT jsonb_build_object('jwks', jsonb_build_object('keys', jsonb_build_array(test.rsa_jwk()))) AS ours \gset
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('jar', scopes => '{openid,profile,orders.read}',
	redirect_uris => '{https://signer.example/cb,https://signer.example/two}', metadata => :'ours');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('must-sign', scopes => '{openid,orders.read}',
	redirect_uris => '{https://must.example/cb}', metadata => :'ours' || '{"require_signed_request_object": true, "request_object_signing_alg": "RS256"}'::jsonb);
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('other-key', scopes => '{openid}', redirect_uris => '{https://other.example/cb}',
	metadata => jsonb_build_object('jwks', pgtoken.jwks('https://id.example')));
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('jar-keyless', scopes => '{openid}', redirect_uris => '{https://keyless.example/cb}');

-- what each of them asks for, and for how long it may
CREATE FUNCTION test.asks(client text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql STABLE
	RETURN jsonb_strip_nulls(jsonb_build_object('client_id', client, 'iss', client, 'aud', 'https://id.example',
			'nbf', floor(extract(epoch FROM now())), 'exp', floor(extract(epoch FROM now())) + 300,
			'response_type', 'code', 'redirect_uri', (SELECT c.redirect_uris[1] FROM pgtoken.clients c WHERE c.client_id = client),
			'scope', 'openid', 'state', 'within', 'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256') || more);
CREATE FUNCTION test.in_seconds(seconds integer) RETURNS bigint LANGUAGE sql STABLE RETURN floor(extract(epoch FROM now()))::bigint + seconds;
CREATE FUNCTION test.signed(client text, more jsonb DEFAULT '{}', header jsonb DEFAULT '{}') RETURNS text LANGUAGE sql STABLE
	RETURN test.rsa_jws(jsonb_strip_nulls('{"alg": "RS256", "typ": "oauth-authz-req+jwt"}' || header), test.asks(client, more));
CREATE FUNCTION test.ask_signed(client text, object text, VARIADIC more text[] DEFAULT '{}') RETURNS test.answer LANGUAGE sql
	RETURN test.http('authorize', test.form(VARIADIC ARRAY['client_id', client, 'request', object] || more), method => 'GET');
CREATE FUNCTION test.told(a test.answer) RETURNS jsonb LANGUAGE sql
	RETURN pgtoken.authorization_request(test.query(a.headers ->> 'location', 'transaction_id')) - '{created_at,expires_at,client_id,client_name,consent_required,kind}'::text[];

-- Its members are the parameters: strings, numbers, objects, lists.
SELECT test.told(test.ask_signed('jar', test.signed('jar', '{"max_age": 300, "scope": "openid orders.read", "resource": ["https://orders.example"], "prompt": "login", "nonce": "n", "acr_values": "mfa", "jti": "j"}')));
-- alone, what is beside it does not count (RFC 9101 section 6.3)
SELECT test.told(test.ask_signed('jar', test.signed('jar'), 'response_type', 'code', 'scope', 'openid profile', 'state', 'beside', 'nonce', 'beside', 'redirect_uri', 'https://signer.example/two'));
-- in a request of OpenID Connect, which it is by what stands beside the object, it fills in (OpenID Connect Core section 6.1)
SELECT test.told(test.ask_signed('jar', test.signed('jar', '{"state": null, "resource": "https://orders.example"}', '{"typ": "JWT"}'),
	'response_type', 'code', 'scope', 'openid profile', 'state', 'beside', 'nonce', 'beside', 'redirect_uri', 'https://signer.example/two', 'audience', 'https://mail.example'));
SELECT test.told(test.ask_signed('jar', test.signed('jar', '{"state": null}', '{"typ": null}'), 'response_type', 'code', 'scope', 'profile', 'state', 'beside', 'nonce', 'beside')) AS not_openid_beside,
	   test.told(test.ask_signed('must-sign', test.signed('must-sign', '{"state": null}', '{"typ": "JWT"}'), 'response_type', 'code', 'scope', 'openid', 'state', 'beside')) AS must_sign;
-- A redirect URI that is left out is the only one registered, never the one beside.
SELECT test.goes(test.ask_signed('must-sign', test.signed('must-sign', '{"redirect_uri": null, "scope": "orders.read"}'), 'redirect_uri', 'https://evil.example')) AS the_only_one,
	   test.goes(test.ask_signed('jar', test.signed('jar', '{"redirect_uri": null}'), 'redirect_uri', 'https://signer.example/cb')) AS none;

-- Attack shut out: a request that another client has signed, or nobody, or that was changed on its way;
-- and one kind of JWT taken for another. The answer goes to a registered place (RFC 9101 section 7).
SELECT n, test.goes(test.ask_signed(client, object)) FROM (VALUES
	(1, 'other-key', test.signed('other-key')),
	(2, 'jar-keyless', test.signed('jar-keyless')),
	(3, 'jar', regexp_replace(test.signed('jar'), '[.][^.]*$', '.' || test.b64url('none of ours'))),
	(4, 'jar', split_part(test.signed('jar'), '.', 1) || '.' || test.b64url(convert_to(test.asks('jar', '{"scope": "openid orders.read"}')::text, 'UTF8')) || '.' || split_part(test.signed('jar'), '.', 3)),
	(5, 'jar', test.b64url('{"alg":"none"}') || '.' || test.b64url(convert_to(test.asks('jar')::text, 'UTF8')) || '.'),
	(6, 'jar', test.b64url('{"alg":"none"}') || '.' || test.b64url(convert_to(test.asks('jar')::text, 'UTF8')) || '.AAAA'),
	(7, 'jar', test.jws('{"alg":"HS256"}', test.asks('jar')::text, convert_to(test.rsa_jwk() ->> 'n', 'UTF8'))),
	(8, 'jar', test.signed('jar', header => '{"alg": "PS256"}')),
	(9, 'jar', test.signed('jar', header => '{"typ": "at+jwt"}')),
	(10, 'jar', test.signed('jar', header => '{"typ": "dpop+jwt"}')),
	(11, 'jar', test.signed('jar', header => '{"typ": "client-authentication+jwt"}')),
	(12, 'jar', test.signed('jar', header => '{"crit": ["exp"]}')),
	(13, 'jar', test.signed('jar', '{"sub": "jar"}')),
	(14, 'jar', test.signed('jar', '{"sub": "alice"}')),
	(15, 'jar', test.signed('jar', '{"client_id": "must-sign"}')),
	(16, 'jar', test.signed('jar', '{"iss": "must-sign"}')),
	(17, 'jar', test.signed('jar', '{"aud": "https://other.example"}')),
	(18, 'jar', test.signed('jar', '{"aud": ["https://other.example", "https://id.example"]}')),
	(19, 'jar', test.signed('jar', '{"request_uri": "https://evil.example"}')),
	(20, 'jar', test.signed('jar', '{"request": "e30.e30.AA"}')),
	(21, 'jar', test.signed('jar', '{"redirect_uri": "https://evil.example"}')),
	(22, 'jar', test.signed('jar', '{"scope": "mail.read"}')),
	(23, 'jar', test.signed('jar', '{"response_type": "token"}')),
	(24, 'jar', test.signed('jar', '{"registration": {}}')),
	(25, 'jar', test.signed('jar', '{"max_age": 1.5}'))) v (n, client, object) ORDER BY n;
-- what is beside the object, and what cannot be read
SELECT test.goes(test.ask_signed('jar', test.signed('jar'), 'response_type', 'token')) AS other_response_type,
	   test.goes(test.ask_signed('jar', test.signed('jar'), 'request_uri', 'https://signer.example/request')) AS both,
	   test.goes(test.ask_signed('jar', 'nonsense', 'redirect_uri', 'https://signer.example/two', 'state', 'beside')) AS unreadable,
	   test.goes(test.ask_signed('jar', 'nonsense')) AS nowhere;

-- Times: what is said holds, and an hour is the most that it says. Who must sign has to say it.
SELECT n, test.goes(test.ask_signed('jar', test.signed('jar', jsonb_build_object('nbf', test.in_seconds(nbf), 'exp', test.in_seconds(exp))))) AS jar,
	   test.goes(test.ask_signed('must-sign', test.signed('must-sign', jsonb_build_object('nbf', test.in_seconds(nbf), 'exp', test.in_seconds(exp))))) AS must_sign
FROM (VALUES (1, 0, 60), (2, NULL, 60), (3, 0, NULL), (4, NULL, NULL), (5, -10, -1), (6, 8, 300), (7, 60, 300), (8, -3500, 60), (9, -3500, 3000), (10, -3700, 60), (11, 0, 4200)) v (n, nbf, exp) ORDER BY n;
SELECT test.goes(test.ask_signed('must-sign', test.signed('must-sign', '{"iss": null}'))) AS no_iss, test.goes(test.ask_signed('must-sign', test.signed('must-sign', '{"aud": null}'))) AS no_aud,
	   test.goes(test.ask_signed('jar', test.signed('jar', '{"iss": null, "aud": null, "client_id": null}'))) AS may;

-- Who must sign cannot be spoken for without a signature, be it at authorize or at par.
SELECT test.goes(test.authorize('must-sign', 'https://must.example/cb', 'response_type', 'code', 'code_challenge', :'challenge', 'code_challenge_method', 'S256', 'state', 's')) AS authorize,
	   test.brief(test.http('par', test.form('response_type', 'code', 'redirect_uri', 'https://must.example/cb', 'code_challenge', :'challenge', 'code_challenge_method', 'S256'), test.basic('must-sign'))) AS par;

-- At par the object is alone, whatever its typ (RFC 9126 section 3), and what authorize is given beside its request_uri does not count.
CREATE TEMP TABLE pushed_object AS SELECT a.* FROM test.http('par', test.form('request', test.signed('jar', '{"state": null}', '{"typ": "JWT"}'), 'response_type', 'code', 'scope', 'openid profile', 'state', 'beside'), test.basic('jar')) a;
SELECT status, test.told(test.http('authorize', test.form('client_id', 'jar', 'request_uri', body ->> 'request_uri', 'state', 'beside', 'nonce', 'beside'), method => 'GET')) FROM pushed_object;
SELECT n, test.brief(test.http('par', test.form('request', object), test.basic('must-sign'))) FROM (VALUES
	(1, test.signed('must-sign')), (2, test.signed('jar')), (3, test.signed('must-sign', '{"exp": 1}')), (4, test.signed('must-sign', '{"aud": "https://other.example"}')),
	(5, test.signed('must-sign', '{"request_uri": "x"}')), (6, test.signed('must-sign', header => '{"alg": "ES256"}')), (7, 'x.y.z'),
	(8, test.signed('must-sign', '{"redirect_uri": "https://evil.example"}'))) v (n, object) ORDER BY n;
SELECT reason, count(*) FROM pgtoken.audit_events WHERE event = 'authorization.refused' AND client_id = 'must-sign' GROUP BY reason ORDER BY reason;

-- Metadata of clients, and what the service says of itself.
SELECT n, pgtoken.client_metadata_problem('confidential', metadata::jsonb) FROM (VALUES
	(1, '{"request_object_signing_alg": "none"}'), (2, '{"request_object_signing_alg": "HS256"}'), (3, '{"request_object_signing_alg": "PS256"}'),
	(4, '{"require_signed_request_object": "true"}'), (5, '{"require_signed_request_object": true}'), (6, '{"require_signed_request_object": false}'),
	(7, '{"default_acr_values": ["mfa", "pwd"]}'), (8, '{"default_acr_values": ["a b"]}'), (9, '{"default_acr_values": "mfa"}'), (10, '{"default_acr_values": ["a", "a"]}'), (11, '{"default_acr_values": [1]}'),
	(12, '{"request_uris": ["https://rp.example/r", "https://rp.example/r#hash", "http://127.0.0.1/r"]}'), (13, '{"request_uris": ["http://rp.example/r"]}'), (14, '{"request_uris": ["https://rp.example/r#a#b"]}'),
	(15, '{"request_uris": "https://rp.example/r"}'), (16, '{"request_uris": [1]}'), (17, '{"request_uris": ["com.example:/r"]}'), (18, format('{"request_uris": ["https://rp.example/%s"]}', repeat('a', 500)))) v (n, metadata) ORDER BY n;
SELECT m -> 'request_parameter_supported' AS request, m -> 'request_object_signing_alg_values_supported' AS algs, m -> 'require_signed_request_object' AS required FROM (SELECT test.metadata()) t (m);

-- acr_values of the client where the request has none
SELECT pgtoken.update_client('jar', metadata => '{"default_acr_values": ["mfa", "pwd"]}');
SELECT test.told(test.ask_signed('jar', test.signed('jar'))) -> 'acr_values' AS of_the_client, test.told(test.ask_signed('jar', test.signed('jar', '{"acr_values": "other"}'))) -> 'acr_values' AS of_the_request,
	   test.told(test.ask_signed('jar', test.signed('jar', '{"claims": {"id_token": {"acr": {"essential": false}}}}'))) -> 'acr_values' AS of_its_claims;
