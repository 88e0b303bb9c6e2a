-- Rich authorization requests (RFC 9396): what is asked for beyond scopes.
\set SHOW_CONTEXT never
\set VERBOSITY default
-- The application's say: a payment has an amount and a currency, at most 100; accounts is
-- taken as it comes; broken raises.
CREATE FUNCTION test.payment(detail jsonb, client_id text, subject text) RETURNS jsonb LANGUAGE sql IMMUTABLE
	RETURN CASE WHEN (detail ->> 'amount')::numeric <= 100 AND detail ? 'currency' THEN detail || '{"judged": true}' END;
CREATE FUNCTION test.accounts(detail jsonb, client_id text, subject text) RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN detail;
CREATE FUNCTION test.broken(detail jsonb, client_id text, subject text) RETURNS jsonb LANGUAGE plpgsql AS $$BEGIN RAISE 'broken'; END$$;
CREATE FUNCTION test.renames(detail jsonb, client_id text, subject text) RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN '{"type": "payment", "amount": 1000000}'::jsonb;
SELECT pgtoken.create_authorization_details_type('payment', 'test.payment', 'Pay somebody'), pgtoken.create_authorization_details_type('accounts', 'test.accounts');
SELECT pgtoken.create_authorization_details_type('payment', 'test.payment');
SELECT pgtoken.create_authorization_details_type('x', 'test.nowhere');
SELECT pgtoken.create_authorization_details_type('x', NULL);
SELECT test.outcome($$SELECT pgtoken.create_authorization_details_type('a b', 'test.payment')$$) LIKE '23514:%' AS no_name;
SELECT pgtoken.create_authorization_details_type(v, 'test.' || v) FROM unnest('{broken,renames}'::text[]) v;
SELECT test.metadata() -> 'authorization_details_types_supported' AS announced;
SELECT pgtoken.update_issuer('https://id.example', login_uri => 'https://login.example/sign-in?tenant=1', verification_uri => 'https://login.example/device');

INSERT INTO test.clients SELECT * FROM pgtoken.create_client('payer', offline_access => true, profile => 'oauth2', scopes => '{openid,orders.read}', redirect_uris => '{https://payer.example/cb}', metadata => '{
	"grant_types": ["authorization_code", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange"],
	"require_pkce": false, "authorization_details_types": ["payment", "accounts", "broken", "renames", "gone"]}');
SELECT pgtoken.client_metadata_problem('confidential', '{"authorization_details_types": ["a b"]}') AS no_name,
	   pgtoken.client_metadata_problem('confidential', '{"authorization_details_types": ["a", "a"]}') AS twice;

CREATE FUNCTION test.push_details(details text) RETURNS test.answer LANGUAGE sql
	RETURN test.http('par', test.form('response_type', 'code', 'redirect_uri', 'https://payer.example/cb', 'scope', 'openid orders.read offline_access', 'authorization_details', details), test.basic('payer'));
CREATE FUNCTION test.asked_details(details text) RETURNS text LANGUAGE sql
	RETURN test.query((test.request('GET', '/oauth2/authorize', test.form('client_id', 'payer', 'request_uri', (test.push_details(details)).body ->> 'request_uri'))).headers ->> 'location', 'transaction_id');

-- Attack shut out: a detail that nobody judges reaches the user and the API.
SELECT test.brief(test.push_details('[{"type": "payment", "amount": 7, "currency": "EUR"}]')) AS taken;
SELECT n, test.brief(test.push_details(d)) AS answer
FROM (VALUES (1, '[{"type": "payment", "amount": 700, "currency": "EUR"}]'), (2, '[{"type": "accounts"}, {"type": "payment"}]'), (3, '[{"type": "unknown"}]'), (4, '[{"type": "gone"}]'),
	(5, '{"type": "accounts"}'), (6, '[]'), (7, '[{}]'), (8, '[{"type": 7}]'), (9, '["accounts"]'), (10, 'x'), (11, '[{"type": "accounts", "type": "payment"}]'),
	(12, '[{"type": "accounts", "a": 1e999999}]'), (13, format('[{"type": "accounts", "a": "%s"}]', repeat('a', 9000))), (14, format('[%s]', rtrim(repeat('{"type": "accounts"},', 17), ','))),
	(15, '[{"type": "accounts", "a": "\u0000"}]'), (16, '[{"type": "accounts", "a": ' || repeat('[', 40) || repeat(']', 40) || '}]'), (17, '[{"type": "broken"}]'), (19, '[{"type": "accounts", "locations": "https://orders.example"}]'), (20, '[{"type": "accounts", "actions": ["list", 7]}]'), (18, '[{"type": "renames"}]')) v (n, d) ORDER BY n;
SELECT test.brief(test.http('par', test.form('response_type', 'code', 'redirect_uri', 'https://payer.example/cb', 'authorization_details', '[{"type": "accounts"}]'), test.basic('web'))) AS another_client;

-- The page is told, and asks each time: nothing of it is stored as a consent.
SELECT test.asked_details('[{"type": "payment", "amount": 7, "currency": "EUR"}, {"type": "accounts", "actions": ["list", "read"], "locations": ["https://orders.example"]}]') AS t \gset
SELECT pgtoken.authorization_request(:'t') -> 'authorization_details' AS shown;
SELECT error FROM pgtoken.approve_authorization(:'t', 'alice');
SELECT pgtoken.approve_authorization(:'t', 'alice', 'openid orders.read offline_access', authorization_details => '[{"type": "other"}]');
SELECT pgtoken.approve_authorization(:'t', 'alice', 'openid orders.read offline_access', authorization_details => '{}');
SELECT test.query(redirect_uri, 'code') AS code FROM pgtoken.approve_authorization(:'t', 'alice', 'openid orders.read offline_access') \gset
SELECT test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code', 'redirect_uri', 'https://payer.example/cb', 'resource', 'https://orders.example'), test.basic('payer')) AS answer \gset
SELECT (:'answer'::test.answer).body ->> 'access_token' AS at, (:'answer'::test.answer).body ->> 'refresh_token' AS rt, (:'answer'::test.answer).body ->> 'id_token' AS it \gset
SELECT (:'answer'::test.answer).body -> 'authorization_details' AS answered;
SELECT test.claims(:'at') -> 'authorization_details' = (:'answer'::test.answer).body -> 'authorization_details' AS in_token, test.claims(:'it') ? 'authorization_details' AS in_id_token,
	   pgtoken.introspect(:'at') -> 'authorization_details' = test.claims(:'at') -> 'authorization_details' AS introspected;
-- asked again although the scopes were consented to
SELECT test.asked_details('[{"type": "payment", "amount": 8, "currency": "EUR"}]') AS t2 \gset
SELECT error FROM pgtoken.approve_authorization(:'t2', 'alice');
-- what was agreed to counts, and nothing where nothing was
SELECT test.query(redirect_uri, 'code') AS code2 FROM pgtoken.approve_authorization(:'t2', 'alice', '', authorization_details => '[{"type": "payment", "amount": 5, "currency": "EUR", "from": "savings"}]') \gset
SELECT (test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code2', 'redirect_uri', 'https://payer.example/cb'), test.basic('payer'))).body -> 'authorization_details' AS as_agreed;
SELECT test.asked_details('[{"type": "payment", "amount": 8, "currency": "EUR"}]') AS t3 \gset
SELECT test.query(redirect_uri, 'code') AS code3 FROM pgtoken.approve_authorization(:'t3', 'alice', '', authorization_details => '[]') \gset
SELECT (test.http('token', test.form('grant_type', 'authorization_code', 'code', :'code3', 'redirect_uri', 'https://payer.example/cb'), test.basic('payer'))).body ? 'authorization_details' AS nothing;

-- A refresh may narrow, and the next one has all again.
CREATE FUNCTION test.refresh_with(token text, details text) RETURNS test.answer LANGUAGE sql
	RETURN test.http('token', test.form('grant_type', 'refresh_token', 'refresh_token', token, 'authorization_details', details), test.basic('payer'));
SELECT n, test.brief(test.refresh_with(:'rt', d)) AS answer
FROM (VALUES (1, '[{"type": "payment", "amount": 6, "currency": "EUR", "judged": true}]'), (2, '[{"type": "payment", "amount": 7, "currency": "EUR"}]'), (3, '[{"type": "accounts"}]'),
	(4, '[{"type": "accounts", "actions": ["list", "delete"], "locations": ["https://orders.example"]}]'), (5, '[{"type": "accounts", "actions": ["list"]}]'),
	(6, '[{"type": "accounts", "actions": ["list"], "locations": ["https://mail.example"]}]'), (7, '[{"type": "accounts", "actions": "list", "locations": ["https://orders.example"]}]'),
	(8, '[{"type": "accounts", "actions": ["list"], "locations": ["https://orders.example"], "more": 1}]'), (9, 'x'), (10, '[]')) v (n, d) ORDER BY n;
-- Attack shut out: what is no text hides among the elements of a list that was granted; a list that was not granted is added; one grant becomes several.
SELECT n, test.brief(test.refresh_with(:'rt', d)) AS answer
FROM (VALUES (1, '[{"type": "accounts", "actions": ["list", ["delete"]], "locations": ["https://orders.example"]}]'),
	(2, '[{"type": "accounts", "actions": ["list", {"delete": true}], "locations": ["https://orders.example"]}]'),
	(3, '[{"type": "accounts", "actions": ["list"], "privileges": ["owner"], "locations": ["https://orders.example"]}]'),
	(4, '[{"type": "payment", "amount": 7, "currency": "EUR", "judged": true, "actions": ["refund"]}]'),
	(5, '[{"type": "payment", "amount": 7, "currency": "EUR", "judged": true}, {"type": "payment", "amount": 7, "currency": "EUR", "judged": true}]')) v (n, d) ORDER BY n;
SELECT test.refresh_with(:'rt', '[{"type": "accounts", "actions": ["list"], "locations": ["https://orders.example"]}]') AS narrowed \gset
SELECT (:'narrowed'::test.answer).body -> 'authorization_details' AS narrowed;
SELECT (test.refresh_with((:'narrowed'::test.answer).body ->> 'refresh_token', NULL)).body -> 'authorization_details' AS all_again;

-- An API is told what is about it, and what says nothing of places (RFC 9396 section 9.1).
SELECT access_token AS elsewhere FROM pgtoken.issue_tokens('payer', 'alice', 'openid', '{https://orders.example,https://mail.example}',
	authorization_details => '[{"type": "accounts", "locations": ["https://mail.example"]}, {"type": "accounts", "locations": ["https://any.example"]}, {"type": "payment", "amount": 1}]') \gset
SELECT test.claims(:'elsewhere') -> 'authorization_details' AS of_two;
SELECT pgtoken.issue_tokens('payer', 'alice', 'openid', authorization_details => '[7]');
SELECT error FROM pgtoken.refresh_grant((:'narrowed'::test.answer).body ->> 'refresh_token', 'payer', test.secret('payer'), authorization_details => '[{"type": "other"}]');

-- With nobody to consent the function alone judges; an exchanged token has no more than the one it comes from.
SELECT (a).body -> 'authorization_details' AS own, test.claims((a).body ->> 'access_token') -> 'authorization_details' AS in_token
FROM test.http('token', test.form('grant_type', 'client_credentials', 'scope', 'orders.read', 'authorization_details', '[{"type": "payment", "amount": 7, "currency": "EUR"}]'), test.basic('payer')) a;
SELECT test.brief(test.http('token', test.form('grant_type', 'client_credentials', 'scope', 'orders.read', 'authorization_details', d), test.basic('payer'))) AS refused
FROM unnest(ARRAY['[{"type": "payment", "amount": 700}]', '[{"type": "unknown"}]', '[{"type": "broken"}]']) d;
SELECT test.brief(test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange', 'subject_token', :'at', 'subject_token_type', 'urn:ietf:params:oauth:token-type:access_token',
		'scope', 'orders.read', 'authorization_details', d), test.basic('payer'))) AS exchanged
FROM unnest(ARRAY[NULL, '[{"type": "accounts", "actions": ["read"], "locations": ["https://orders.example"]}]', '[{"type": "accounts"}]']) d;

-- A device asks, its user agrees.
SELECT test.http('device_authorization', test.form('scope', 'orders.read', 'authorization_details', '[{"type": "payment", "amount": 7, "currency": "EUR"}]'), test.basic('payer')) AS device \gset
SELECT test.brief(test.http('device_authorization', test.form('scope', 'orders.read', 'authorization_details', '[{"type": "payment"}]'), test.basic('payer'))) AS refused;
SELECT pgtoken.device_request((:'device'::test.answer).body ->> 'user_code', 'alice') -> 'authorization_details' AS shown;
SELECT pgtoken.approve_device((:'device'::test.answer).body ->> 'user_code', 'alice', 'alice') IS NULL AS approved;
SELECT (test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:device_code', 'device_code', (:'device'::test.answer).body ->> 'device_code'), test.basic('payer'))).body -> 'authorization_details' AS of_device;

-- The audit has what was granted, and the reason of a refusal.
SELECT coalesce(personal -> 'after', personal) -> 'authorization_details' AS code_for FROM pgtoken.audit_events WHERE client_id = 'payer' AND event = 'authorization_code.created' ORDER BY event_id LIMIT 1;
SELECT event, reason, count(*) FROM pgtoken.audit_events WHERE client_id = 'payer' AND reason LIKE 'authorization_details%' GROUP BY event, reason ORDER BY event COLLATE "C";

-- Attack shut out: a function that judges requests runs as a superuser: health() looks at it.
SELECT ok, detail LIKE '%test.payment of https://id.example is owned by a superuser%' AS told FROM pgtoken.health() WHERE check_name = 'user-supplied functions';

-- A type that is taken away is refused from then on; what was granted stays.
SELECT pgtoken.delete_authorization_details_type('payment') AS deleted, pgtoken.delete_authorization_details_type('payment') AS again;
SELECT test.brief(test.push_details('[{"type": "payment", "amount": 7, "currency": "EUR"}]')) AS taken_away;
SELECT pgtoken.delete_authorization_details_type(v) FROM unnest('{accounts,broken,renames}'::text[]) v;
SELECT test.metadata() -> 'authorization_details_types_supported' AS announced;
DROP FUNCTION test.payment, test.accounts, test.broken, test.renames, test.push_details, test.asked_details, test.refresh_with;
SELECT pgtoken.update_issuer('https://id.example', reset => '{verification_uri}');
