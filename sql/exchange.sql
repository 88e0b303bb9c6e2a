-- Token exchange (RFC 8693): an API calls another one for its user.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\set grant 'urn:ietf:params:oauth:grant-type:token-exchange'
\set type 'urn:ietf:params:oauth:token-type:access_token'
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('till', offline_access => true, scopes => '{openid,profile,orders.read,orders.write,mail.read,shared}',
	metadata => '{"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"]}');
-- orders_api and mail_api serve APIs; batch serves none
INSERT INTO test.clients SELECT c.* FROM unnest('{orders_api,mail_api,batch}'::text[]) n, LATERAL pgtoken.create_client(n, offline_access => true,
	scopes => '{openid,orders.read,mail.read,shared}', metadata => '{"grant_types": ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"]}') c;
SELECT pgtoken.update_resource('https://orders.example', client_id => 'orders_api'), pgtoken.update_resource('https://mail.example', client_id => 'mail_api');

CREATE FUNCTION test.exchange(client text, token text, VARIADIC more text[] DEFAULT '{}') RETURNS test.answer LANGUAGE sql
	RETURN test.http('token', test.form(VARIADIC ARRAY['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange', 'subject_token', token,
		'subject_token_type', 'urn:ietf:params:oauth:token-type:access_token'] || more), test.basic(client));
CREATE FUNCTION test.got(a test.answer) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN concat_ws(' | ', test.brief(a), (a).body ->> 'issued_token_type', (a).body ->> 'scope', test.claims((a).body ->> 'access_token') ->> 'aud');

-- Attack shut out: who serves an API declares none that it calls, and takes the
-- tokens that are sent to it to every API of the issuer (by name, or by a scope).
-- Back to where the token is good already it may take it.
SELECT access_token AS sent FROM pgtoken.issue_tokens('till', 'alice', 'shared', '{https://orders.example}') \gset
SELECT test.got(test.exchange('orders_api', :'sent', 'resource', 'https://mail.example')) AS by_resource,
	   test.got(test.exchange('orders_api', :'sent', 'audience', 'https://any.example')) AS by_audience,
	   test.got(test.exchange('orders_api', :'sent', 'resource', 'https://orders.example', 'resource', 'https://mail.example')) AS among_others,
	   test.got(test.exchange('orders_api', :'sent', 'resource', pgtoken.http_issuer())) AS issuer,
	   test.got(test.exchange('orders_api', :'sent')) AS none_named, test.got(test.exchange('orders_api', :'sent', 'resource', 'https://orders.example')) AS the_same;
SELECT pgtoken.update_client('orders_api', resources => '{https://mail.example,https://orders.example}'),
	   pgtoken.update_client('mail_api', resources => '{https://any.example,https://mail.example,https://orders.example}');
SELECT test.got(test.exchange('orders_api', :'sent', 'audience', 'https://any.example')) AS not_declared, test.got(test.exchange('orders_api', :'sent')) AS the_first;

-- alice has a session with the shop; its token for the orders API reaches that API
SELECT access_token AS at, id_token AS it, grant_id AS gid FROM pgtoken.issue_tokens('till', 'alice', 'openid profile orders.read shared offline_access', '{https://orders.example}',
	auth_time => '2020-01-02 03:04:05+00', acr => 'mfa', amr => '{pwd,otp}', session_id => 'sess-7', claims => '{"role": "customer"}') \gset

-- C72, C55: what the subject token has, for the API that is asked for; no refresh
-- token and no ID token, because nobody has logged in to this client.
SELECT test.got(test.exchange('orders_api', :'at', 'resource', 'https://mail.example')) AS by_resource;
SELECT test.got(test.exchange('orders_api', :'at', 'audience', 'https://mail.example')) AS by_audience;
SELECT test.got(test.exchange('orders_api', :'at', 'resource', 'https://orders.example')) AS the_same_api;
SELECT test.got(test.exchange('orders_api', :'at', 'resource', 'https://mail.example', 'scope', 'shared', 'requested_token_type', :'type')) AS narrowed;
SELECT test.got(test.exchange('till', :'at', 'scope', 'orders.read', 'resource', 'https://orders.example')) AS by_its_own_client;
-- who he is, and how he authenticated, stays; claims were given for one client's tokens
SELECT (test.exchange('orders_api', :'at', 'resource', 'https://mail.example')).body ->> 'access_token' AS derived \gset
SELECT c ->> 'sub' AS sub, c ->> 'client_id' AS client, c ->> 'auth_time' AS auth_time, c ->> 'acr' AS acr, c -> 'amr' AS amr, c ? 'role' AS role, c ? 'act' AS act,
	   (c ->> 'exp')::bigint <= (test.claims(:'at') ->> 'exp')::bigint AS ends_with_it, c ->> 'grant_id' <> :'gid' AS own_family
FROM test.claims(:'derived') c;
SELECT test.claims((test.exchange('till', :'at', 'scope', 'orders.read', 'resource', 'https://orders.example')).body ->> 'access_token') ->> 'role' AS same_client;
SELECT grant_type, subject, session_id, generation, ancestors = ARRAY[:'gid'::uuid] AS ancestors FROM pgtoken.grants WHERE grant_id = pgtoken.grant_of(:'derived');
-- a day-long token of the exchanging client would outlive a token that ends soon
SELECT pgtoken.update_client('till', access_token_lifetime => '30 seconds');
SELECT access_token AS short FROM pgtoken.issue_tokens('till', 'alice', 'shared', '{https://orders.example}') \gset
SELECT ((a).body ->> 'expires_in')::integer <= 30 AS no_longer, g.expires_at <= to_timestamp((test.claims(:'short') ->> 'exp')::bigint) AS nor_its_family
FROM test.exchange('orders_api', :'short', 'resource', 'https://mail.example') a, test.family_of(pgtoken.grant_of((a).body ->> 'access_token')) g;
SELECT pgtoken.update_client('till', reset => '{access_token_lifetime}');

-- Attack shut out: more scope than the subject token has, or another API than the client may call.
SELECT test.brief(test.exchange('orders_api', :'at', 'scope', 'mail.read', 'resource', 'https://mail.example')) AS beyond_the_token,
	   test.brief(test.exchange('orders_api', :'at', 'scope', 'shared orders.read', 'resource', 'https://mail.example')) AS not_of_that_api,
	   test.brief(test.exchange('orders_api', :'at', 'scope', 'a "b')) AS malformed,
	   test.brief(test.exchange('orders_api', :'at', 'resource', 'https://nowhere.example')) AS unknown_api,
	   test.brief(test.exchange('orders_api', :'at', 'audience', 'mail')) AS no_uri;
SELECT (test.exchange('orders_api', :'at', 'resource', 'https://mail.example', 'scope', 'shared openid offline_access')).body ->> 'scope' AS no_user_is_there;

-- Attack shut out: a token that is stolen, or was sent to another API, is exchanged
-- by somebody it was never meant for.
SELECT test.brief(test.exchange('mail_api', :'at', 'resource', 'https://mail.example')) AS other_api,
	   test.brief(test.exchange('batch', :'at')) AS no_api, test.brief(test.exchange('web', :'at')) AS not_registered,
	   test.brief(test.http('token', test.form('grant_type', :'grant', 'subject_token', :'at', 'subject_token_type', :'type', 'client_id', 'orders_api'))) AS not_authenticated,
	   test.brief(test.http('token', test.form('grant_type', :'grant', 'subject_token', :'at', 'subject_token_type', :'type', 'client_id', 'app'))) AS public;
-- and what is no access token, or says that it is something else
SELECT test.brief(test.exchange('till', :'it')) AS id_token, test.brief(test.exchange('till', 'x.y.z')) AS nonsense,
	   test.brief(test.exchange('till', NULL)) AS none,
	   test.brief(test.http('token', test.form('grant_type', :'grant', 'subject_token', :'at', 'subject_token_type', 'urn:ietf:params:oauth:token-type:refresh_token'), test.basic('till'))) AS type,
	   test.brief(test.http('token', test.form('grant_type', :'grant', 'subject_token', :'at'), test.basic('till'))) AS no_type,
	   test.brief(test.exchange('till', :'at', 'requested_token_type', 'urn:ietf:params:oauth:token-type:refresh_token')) AS wants_refresh,
	   test.brief(test.exchange('till', :'at', 'actor_token', :'at')) AS actor_without_type, test.brief(test.exchange('till', :'at', 'actor_token_type', :'type')) AS type_without_actor;
-- Attack shut out: a bound token is moved to a key of the thief's, or to none (C67).
SELECT access_token AS bound FROM pgtoken.issue_tokens('till', 'alice', 'shared', '{https://orders.example}', cnf => jsonb_build_object('jkt', repeat('A', 43))) \gset
SELECT test.brief(test.exchange('orders_api', :'bound', 'resource', 'https://mail.example')) AS bound;
-- an issuer's client has no business with another issuer's token
SELECT pgtoken.create_issuer('https://exchange.example'), length(pgtoken.create_signing_key('ES256', 'https://exchange.example')) AS kid;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('foreign', scopes => '{shared}', issuer => 'https://exchange.example');
SELECT pgtoken.create_resource('https://orders.example', '{shared}', issuer => 'https://exchange.example');
SELECT test.brief(test.exchange('orders_api', access_token, 'resource', 'https://mail.example')) AS other_issuer
FROM pgtoken.issue_tokens('foreign', 'alice', 'shared', '{https://orders.example}');

-- C72: who acts. Without an actor token the act claim stays as it is; with one it nests.
SELECT (test.http('token', 'grant_type=client_credentials&scope=shared&resource=https://orders.example', test.basic('orders_api'))).body ->> 'access_token' AS orders_actor \gset
SELECT (test.http('token', 'grant_type=client_credentials&scope=shared&resource=https://mail.example', test.basic('mail_api'))).body ->> 'access_token' AS mail_actor \gset
SELECT (test.exchange('orders_api', :'at', 'resource', 'https://mail.example', 'actor_token', :'orders_actor', 'actor_token_type', :'type')).body ->> 'access_token' AS first \gset
SELECT (test.exchange('mail_api', :'first', 'resource', 'https://any.example', 'actor_token', :'mail_actor', 'actor_token_type', 'urn:ietf:params:oauth:token-type:jwt')).body ->> 'access_token' AS second \gset
SELECT (test.exchange('mail_api', :'first', 'resource', 'https://any.example')).body ->> 'access_token' AS plain \gset
SELECT test.claims(:'first') -> 'act' AS one, test.claims(:'second') -> 'act' AS two, test.claims(:'plain') -> 'act' AS unchanged, test.claims(:'second') ->> 'sub' AS sub;
SELECT pgtoken.introspect(:'second') -> 'act' ->> 'sub' AS introspected;
-- Attack shut out: to act under the name of somebody whose token one has got hold of
SELECT test.brief(test.exchange('orders_api', :'at', 'resource', 'https://mail.example', 'actor_token', :'mail_actor', 'actor_token_type', :'type')) AS others_actor,
	   test.brief(test.exchange('orders_api', :'at', 'resource', 'https://mail.example', 'actor_token', 'x.y.z', 'actor_token_type', :'type')) AS nonsense;
-- a client's own token can be exchanged like a user's (C48)
SELECT c ->> 'sub' AS sub, c ->> 'client_id' AS client_id FROM test.claims((test.exchange('orders_api', :'orders_actor', 'resource', 'https://mail.example')).body ->> 'access_token') c;

-- Attack shut out: a token is exchanged over and over, until its lineage fills the disk.
CREATE FUNCTION test.exchange_often(token text, n integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	a test.answer;
BEGIN
	FOR i IN 1 .. n LOOP
		a := test.exchange('orders_api', token, 'resource', 'https://orders.example');
		IF a.status <> 200 THEN
			RETURN concat_ws(' ', i, test.brief(a));
		END IF;
		token := a.body ->> 'access_token';
	END LOOP;
	RETURN 'no end';
END
$$;
SELECT test.exchange_often(:'at', 30);

-- C72: the family is revoked, and with it dies, at once and in every generation,
-- what came of it; nor does anything come of it any more.
SELECT pgtoken.verify_access_token(:'derived', 'https://mail.example') IS NOT NULL AS derived, pgtoken.verify_access_token(:'second') IS NOT NULL AS second;
SELECT count(*) FROM pgtoken.revoke_family(:'gid'::uuid, 'over');
SELECT pgtoken.verify_access_token(:'derived') IS NULL AS derived, pgtoken.introspect(:'first') AS first, pgtoken.introspect(:'second') AS second,
	   pgtoken.verify_access_token(:'orders_actor') IS NOT NULL AS actor_lives;
SELECT test.brief(test.exchange('till', :'at')) AS subject, test.brief(test.exchange('mail_api', :'first', 'resource', 'https://any.example')) AS derived;
SELECT reason, client_id, count(*) FROM pgtoken.audit_events WHERE event = 'exchange.refused' GROUP BY reason, client_id ORDER BY reason COLLATE "C", client_id COLLATE "C";

-- C72. Attack shut out: a token that its client has revoked goes on under another
-- name. Only the token was revoked (RFC 7009 section 2.1), its family lives.
SELECT access_token AS at FROM pgtoken.issue_tokens('till', 'alice', 'shared offline_access', '{https://orders.example}') \gset
SELECT (test.exchange('orders_api', :'at', 'resource', 'https://mail.example')).body ->> 'access_token' AS derived \gset
SELECT (test.exchange('mail_api', :'derived', 'resource', 'https://mail.example', 'scope', 'shared')).body ->> 'access_token' AS derived_twice \gset
SELECT pgtoken.verify_access_token(:'derived') IS NOT NULL AS derived, pgtoken.verify_access_token(:'derived_twice') IS NOT NULL AS derived_twice;
SELECT test.brief(test.http('revoke', test.form('token', :'at'), test.basic('till')));
SELECT pgtoken.verify_access_token(:'derived') IS NOT NULL AS derived, pgtoken.verify_access_token(:'derived_twice') IS NOT NULL AS derived_twice;

SELECT pgtoken.update_resource('https://orders.example', reset => '{client_id}'), pgtoken.update_resource('https://mail.example', reset => '{client_id}');
