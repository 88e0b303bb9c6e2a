-- Status lists (Token Status List): which place a family gets, what a list says of it,
-- and who is handed which list. That its bits are where they should be is read by
-- programs of others: test/http/status_lists.test.mjs, test/t/240_status_lists.pl.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\set iss 'https://lists.example/tenant'
SELECT pgtoken.create_issuer(:'iss'), length(pgtoken.create_signing_key(issuer => :'iss')) AS kid,
	   pgtoken.create_resource('https://a.lists.example', '{read}', issuer => :'iss'), pgtoken.create_resource('https://b.lists.example', '{read}', issuer => :'iss');
INSERT INTO test.clients SELECT c.* FROM unnest('{lists,lists-2,lists-api}'::text[]) n, LATERAL pgtoken.create_client(n, offline_access => true, scopes => '{openid,read}', issuer => :'iss',
	metadata => '{"grant_types": ["client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"]}') c;
SELECT pgtoken.update_resource('https://a.lists.example', client_id => 'lists-api', issuer => :'iss');
SELECT pgtoken.update_client('lists-api', resources => '{https://b.lists.example}');
CREATE TABLE test.listed (subject text, grant_id uuid, access_token text, refresh_token text);
CREATE FUNCTION test.list_for(of_subject text, of_client text DEFAULT 'lists', session text DEFAULT NULL) RETURNS boolean LANGUAGE sql AS $$
	INSERT INTO test.listed SELECT of_subject, i.grant_id, i.access_token, i.refresh_token
	FROM pgtoken.issue_tokens(of_client, of_subject, 'openid read offline_access', session_id => session, resource => '{https://a.lists.example}') i
	RETURNING grant_id IS NOT NULL $$;
-- what a list says of each that is held, beside what verify_access_token says
CREATE FUNCTION test.refused_in_list(of_grant uuid) RETURNS boolean LANGUAGE sql AS $$
	SELECT EXISTS (SELECT FROM test.listed t, LATERAL (SELECT test.claims(t.access_token) #> '{status,status_list}') c (place),
						  LATERAL (SELECT regexp_match(place ->> 'uri', '([0-9]+)/([0-9]+)$')) u (name), pgtoken.status_list_invalid(name[1]::bigint, name[2]::integer) i (status_index)
				   WHERE t.grant_id = of_grant AND i.status_index = (place ->> 'idx')::integer) $$;
CREATE FUNCTION test.path_of(token text) RETURNS text LANGUAGE sql AS $$ SELECT substring(test.claims(token) #>> '{status,status_list,uri}' FROM '/tenant(/.*)') $$;
CREATE FUNCTION test.list_request(path text, method text DEFAULT 'GET') RETURNS test.answer LANGUAGE sql
	RETURN test.request(method, '/tenant' || path, headers => '{"host": "lists.example"}');

-- Off, as usual: nothing is said, nothing is kept, nothing is there
SELECT test.list_for('before');
SELECT test.claims(access_token) ? 'status' AS in_token FROM test.listed;
SELECT status_series, status_position FROM pgtoken.grants WHERE subject = 'before';
SELECT (test.request('GET', '/tenant/.well-known/openid-configuration', headers => '{"host": "lists.example"}')).body -> 'status_list_aggregation_endpoint' IS NULL AS not_announced,
	   test.brief(test.list_request('/oauth2/status_lists')) AS aggregation, pgtoken.status_list_aggregation(:'iss') IS NULL AS none;

-- On
SELECT pgtoken.update_issuer(:'iss', status_lists => true);
SELECT test.list_for('alice');
SELECT s -> 'status_list' ->> 'uri' = format('%s/oauth2/status_lists/%s/0', :'iss', g.status_series) AS uri, (s -> 'status_list' ->> 'idx')::integer = g.status_position AS idx,
	   (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(s -> 'status_list') k) AS members, l.issuer = :'iss' AS of_issuer, l.number, l.is_full
FROM test.listed t JOIN pgtoken.grants g USING (grant_id) JOIN pgtoken.status_lists l ON l.series = g.status_series AND l.number = 0, LATERAL (SELECT test.claims(t.access_token) -> 'status') c (s)
WHERE t.subject = 'alice';
SELECT (test.request('GET', '/tenant/.well-known/openid-configuration', headers => '{"host": "lists.example"}')).body ->> 'status_list_aggregation_endpoint' AS announced,
	   pgtoken.status_list_aggregation(:'iss')::jsonb = (test.list_request('/oauth2/status_lists')).body AS same, test.metadata() -> 'status_list_aggregation_endpoint' AS of_another_issuer;
-- all access tokens of a family have one place: a refresh, a retry and an exchange by itself look nothing up
SELECT refresh_token AS r0, access_token AS a0 FROM test.listed WHERE subject = 'alice' \gset
SELECT refresh_token AS r1, test.claims(access_token) -> 'status' = test.claims(:'a0') -> 'status' AS refreshed FROM pgtoken.refresh_grant(:'r0', 'lists', test.secret('lists')) \gset
SELECT :'refreshed' AS refreshed, test.claims(access_token) -> 'status' = test.claims(:'a0') -> 'status' AS retried FROM pgtoken.refresh_grant(:'r0', 'lists', test.secret('lists'));
SELECT test.claims(id_token) ? 'status' AS in_id_token FROM pgtoken.refresh_grant(:'r1', 'lists', test.secret('lists'));
SELECT pgtoken.introspect(:'a0') ? 'status' AS in_introspection, pgtoken.verify_access_token(:'a0') ? 'status' AS in_claims;
-- who has one before keeps none, who has got one keeps it
SELECT test.claims(r.access_token) ? 'status' AS of_before FROM test.listed t, pgtoken.refresh_grant(t.refresh_token, 'lists', test.secret('lists')) r WHERE t.subject = 'before';
-- the family of a client alone has one, too
SELECT test.claims((test.request('POST', '/tenant/oauth2/token', 'grant_type=client_credentials&resource=https%3A%2F%2Fb.lists.example', test.basic('lists') || '{"host": "lists.example"}')).body ->> 'access_token') ? 'status' AS of_client;

-- Attack shut out: a list that nobody but us could verify; and an application, or
-- who has got into its claims, names a list of his own in our token.
SELECT test.outcome($$UPDATE pgtoken.issuers SET default_alg = 'HS256' WHERE issuer = 'https://lists.example/tenant'$$);
BEGIN;
SELECT length(pgtoken.create_signing_key('HS256', :'iss')) > 0 AS key;
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://lists.example/tenant', 'HS256')$$);
SELECT pgtoken.update_issuer(:'iss', 'HS256', status_lists => false) AS off;
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://lists.example/tenant', status_lists => true)$$);
ROLLBACK;
SELECT test.outcome($$SELECT pgtoken.issue_tokens('lists', 'mallory', claims => '{"status": {"status_list": {"idx": 1, "uri": "https://evil.example"}}}')$$) AS by_claims;

-- C154: whatever ends a family is in the list, and what does not is not
SELECT bool_and(test.list_for(s)) FROM unnest('{revoked,by-token,reused,not-before,blacklisted,expired,idle,living,bystander,withdrawn,everywhere,blocked,erased}'::text[]) s;
SELECT test.list_for('in-session', session => 's-1'), test.list_for('in-session-too', session => 's-2');
SELECT bool_and(test.list_for(s, 'lists-2')) FROM unnest('{of-client,of-client-too}'::text[]) s;
CREATE FUNCTION test.exchanged(of_subject text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO test.listed SELECT of_subject || ' (exchanged)', pgtoken.grant_of(a.body ->> 'access_token'), a.body ->> 'access_token'
	FROM test.listed t, test.request('POST', '/tenant/oauth2/token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange', 'subject_token', t.access_token,
		'subject_token_type', 'urn:ietf:params:oauth:token-type:access_token', 'resource', 'https://b.lists.example'), test.basic('lists-api') || '{"host": "lists.example"}') a
	WHERE t.subject = of_subject $$;
SELECT count(test.exchanged(s)) FROM unnest('{revoked,blacklisted,living}'::text[]) s;
SELECT count(*) AS held, count(*) FILTER (WHERE pgtoken.verify_access_token(access_token) IS NOT NULL) AS hold, count(*) FILTER (WHERE test.refused_in_list(grant_id)) AS refused FROM test.listed;
SELECT count(*) FROM test.listed t, pgtoken.revoke_family(t.grant_id) WHERE t.subject = 'revoked';
SELECT count(*) FROM test.listed t, pgtoken.revoke_family(t.refresh_token) WHERE t.subject = 'by-token';
SELECT refresh_token AS r FROM test.listed WHERE subject = 'reused' \gset
SELECT error FROM pgtoken.refresh_grant(:'r', 'lists', test.secret('lists')) \gset one_
SELECT pgtoken.update_client('lists', retry_window => '0');
SELECT error FROM pgtoken.refresh_grant(:'r', 'lists', test.secret('lists'));
SELECT pgtoken.update_client('lists', reset => '{retry_window}');
SELECT pgtoken.set_not_before(grant_id => grant_id) IS NOT NULL AS set FROM test.listed WHERE subject = 'not-before';
SELECT count(*) FROM test.listed t, pgtoken.blacklist_token(t.access_token) WHERE t.subject = 'blacklisted';
BEGIN;
SET LOCAL pgtoken.http_issuer = :'iss';
SELECT count(*) >= 0 AS session_ended FROM pgtoken.end_session('in-session', 's-1', offline => true);
COMMIT;
SELECT count(*) FROM pgtoken.revoke_subject('everywhere', issuer => :'iss');
SELECT count(*) >= 0 AS blocked FROM pgtoken.block_subject('blocked', issuer => :'iss', end_sessions => false);
SELECT pgtoken.erase_subject('erased', issuer => :'iss') IS NOT NULL AS erased;
SELECT count(*) >= 0 AS withdrawn FROM pgtoken.withdraw_consent('withdrawn', 'lists');
SELECT pgtoken.revoke_client('lists-2') IS NOT NULL AS client;
UPDATE pgtoken.grants SET expires_at = now() - interval '1 minute' WHERE subject = 'expired';
UPDATE pgtoken.grants SET rotated_at = now() - idle_lifetime - interval '1 minute' WHERE subject = 'idle';
-- A single token that is blacklisted is in no list, but what it was exchanged for is.
SELECT subject COLLATE "C" AS subject, pgtoken.verify_access_token(access_token) IS NOT NULL AS holds, test.refused_in_list(grant_id) AS refused
FROM test.listed WHERE subject <> 'before' ORDER BY 1;
-- Attack shut out: who has lost a role at once shows the token of before to an API that reads lists; what the family gets next has another place
SELECT test.list_for('changed');
SELECT c.access_tokens, c.refreshable FROM test.listed t, pgtoken.change_family(t.grant_id, '{"role": "clerk"}', at_once => true) c WHERE t.subject = 'changed';
INSERT INTO test.listed SELECT 'changed (next)', r.grant_id, r.access_token FROM test.listed t, pgtoken.refresh_grant(t.refresh_token, 'lists', test.secret('lists')) r WHERE t.subject = 'changed';
SELECT t.subject, pgtoken.verify_access_token(t.access_token) IS NOT NULL AS holds, i.status_index IS NOT NULL AS refused
FROM test.listed t CROSS JOIN LATERAL (SELECT test.claims(t.access_token) #> '{status,status_list}') c (place) CROSS JOIN LATERAL (SELECT regexp_match(place ->> 'uri', '([0-9]+)/([0-9]+)$')) u (name)
LEFT JOIN LATERAL pgtoken.status_list_invalid(name[1]::bigint, name[2]::integer) i (status_index) ON i.status_index = (place ->> 'idx')::integer
WHERE t.subject LIKE 'changed%' ORDER BY 1;
DELETE FROM test.listed WHERE subject LIKE 'changed%';
-- a subject that is blocked, until it is let in again
SELECT pgtoken.unblock_subject('blocked', issuer => :'iss') AS let_in;
SELECT pgtoken.verify_access_token(access_token) IS NOT NULL AS holds, test.refused_in_list(grant_id) AS refused FROM test.listed WHERE subject = 'blocked';
-- a client that is switched off, until it is on again
SELECT pgtoken.update_client('lists', enabled => false);
SELECT test.refused_in_list(grant_id) AS refused FROM test.listed WHERE subject = 'living';
SELECT pgtoken.update_client('lists', enabled => true);
SELECT test.refused_in_list(grant_id) AS refused FROM test.listed WHERE subject = 'living';
-- everything that an issuer has issued, by one row
BEGIN;
SELECT pgtoken.set_not_before(issuer => :'iss') IS NOT NULL AS set;
SELECT count(*) = count(*) FILTER (WHERE test.refused_in_list(grant_id)) AS all_of_them FROM test.listed WHERE subject <> 'before';
SELECT test.list_for('after') AS issued, test.refused_in_list(grant_id) AS refused FROM test.listed WHERE subject = 'bystander';
SELECT test.refused_in_list(grant_id) AS refused FROM test.listed WHERE subject = 'after';
ROLLBACK;

-- Attack shut out: two families in one place, so that the end of one is that of the
-- other, or the life of one hides the other's end: after a transaction, or a part of
-- one, that reserved places and came to nothing, and however it did.
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\set iss 'https://lists.example/tenant'
CREATE VIEW test.misplaced AS
	SELECT g.subject, 'not reserved' AS fault FROM pgtoken.grants g LEFT JOIN pgtoken.status_lists l ON l.series = g.status_series AND l.number = g.status_position / 131072
	WHERE g.status_series IS NOT NULL AND (g.status_position % 131072 < l.next_index) IS NOT TRUE
	UNION ALL
	SELECT min(g.subject), 'shared' FROM pgtoken.grants g WHERE g.status_series IS NOT NULL GROUP BY g.status_series, g.status_position HAVING count(*) > 1;
CREATE FUNCTION test.reserved() RETURNS bigint LANGUAGE sql AS $$ SELECT sum(l.next_index + l.number * 131072::bigint)::bigint FROM pgtoken.status_lists l $$;
SELECT test.reserved() AS r0 \gset
-- a rollback gives back what was reserved, and the session has none of it left
BEGIN;
SELECT test.list_for('rolled-back');
SELECT test.reserved() - :r0 AS reserved;
ROLLBACK;
SELECT test.reserved() - :r0 AS reserved;
SELECT test.list_for('after-rollback');
SELECT test.reserved() - :r0 AS reserved;
-- a block goes on through transactions, and what is taken from it stays taken
BEGIN;
SELECT count(test.list_for('taken')) FROM generate_series(1, 5);
ROLLBACK;
SELECT count(test.list_for('block-' || n)) FROM generate_series(1, 10) n;
SELECT test.reserved() - :r0 AS reserved;
-- savepoints: one that is rolled back, whatever was released into it, and one that is kept
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT test.reserved() AS r0 \gset
BEGIN;
SAVEPOINT a;
SAVEPOINT b;
SELECT test.list_for('in-savepoint');
SELECT test.reserved() - :r0 AS reserved;
RELEASE b;
ROLLBACK TO a;
SELECT test.reserved() - :r0 AS reserved;
SELECT test.list_for('after-savepoint');
SELECT test.reserved() - :r0 AS reserved;
RELEASE a;
SAVEPOINT c;
SELECT test.list_for('lost');
ROLLBACK TO c;
SELECT test.list_for('kept');
SELECT test.reserved() - :r0 AS reserved;
ROLLBACK;
SELECT test.reserved() - :r0 AS reserved;
SELECT test.list_for('after-all');
SELECT test.reserved() - :r0 AS reserved;
-- an error in the middle, caught
DO $$
BEGIN
	PERFORM test.list_for('caught-' || n) FROM generate_series(1, 300) n;
	RAISE EXCEPTION 'no';
EXCEPTION WHEN raise_exception THEN
	NULL;
END
$$;
SELECT test.list_for('after-error');
SELECT * FROM test.misplaced;
-- and of the order in a block nobody can tell the order of time
SELECT count(test.list_for('order-' || n)) FROM generate_series(1, 300) n;
SELECT count(*) FILTER (WHERE following < status_position) BETWEEN 50 AND 250 AS mixed
FROM (SELECT g.status_position, lead(g.status_position) OVER (ORDER BY g.grant_id) AS following FROM pgtoken.grants g WHERE g.subject LIKE 'order-%') p;
SELECT * FROM test.misplaced;

-- A full list: the next number of its series, and never the same again
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\set iss 'https://lists.example/tenant'
SELECT series AS s FROM pgtoken.status_lists WHERE issuer = :'iss' \gset
UPDATE pgtoken.status_lists SET next_index = 131072 - 20 WHERE series = :s;
SELECT count(test.list_for('filling-' || n)) FROM generate_series(1, 30) n;
SELECT number, next_index, is_full FROM pgtoken.status_lists WHERE series = :s ORDER BY number;
SELECT status_position / 131072 AS number, count(*), min(status_position % 131072) >= CASE status_position / 131072 WHEN 0 THEN 131072 - 20 ELSE 0 END AS in_range
FROM pgtoken.grants WHERE subject LIKE 'filling-%' GROUP BY 1 ORDER BY 1;
SELECT DISTINCT substring(test.path_of(access_token) FROM '[0-9]+$') AS number FROM test.listed WHERE subject LIKE 'filling-%' ORDER BY 1;
SELECT * FROM test.misplaced;
-- the last number that there is
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\set iss 'https://lists.example/tenant'
INSERT INTO pgtoken.status_lists VALUES (16384, 16383, :'iss', 131072 - 16, false, false, now(), now());
UPDATE pgtoken.status_lists SET is_full = true WHERE series <> 16384;
SELECT count(test.list_for('last-' || n)) FROM generate_series(1, 17) n;
SELECT max(status_position) FROM pgtoken.grants WHERE status_series = 16384;
SELECT number, is_full, count(*) FROM pgtoken.status_lists WHERE issuer = :'iss' AND (series = 16384 OR NOT is_full) GROUP BY 1, 2 ORDER BY 1, 2;
UPDATE pgtoken.status_lists SET is_full = false WHERE next_index < 131072;

-- What is handed out; as long as this test takes it is new
SHOW pgtoken.status_list_ttl;
SET pgtoken.status_list_ttl = '2h';
SELECT access_token AS at, test.path_of(access_token) AS path FROM test.listed WHERE subject = 'alice' \gset
SELECT (test.list_request(:'path')).body #>> '{}' AS list \gset
SELECT test.header(:'list') - 'kid' AS header, (SELECT array_agg(k ORDER BY k COLLATE "C") FROM jsonb_object_keys(c) k) AS claims, c ->> 'iss' AS iss, c ->> 'sub' = test.claims(:'at') #>> '{status,status_list,uri}' AS sub,
	   (c -> 'ttl')::integer AS ttl, (c -> 'exp')::bigint - (c -> 'iat')::bigint AS life, c #> '{status_list,bits}' AS bits, c #>> '{status_list,aggregation_uri}' AS aggregation_uri,
	   test.header(:'list') ->> 'kid' = k.kid AS kid
FROM test.claims(:'list') c, pgtoken.signing_keys k WHERE k.issuer = :'iss' AND k.state = 'active';
SELECT status, headers ->> 'content-type' AS type, headers ->> 'cache-control' ~ '^public, max-age=7[12][0-9][0-9]$' AS kept FROM test.list_request(:'path');
SELECT method, status, headers ->> 'allow' AS allow FROM unnest('{HEAD,OPTIONS,POST,PUT,DELETE}'::text[]) method, LATERAL test.list_request(:'path', method);
SELECT test.brief(test.list_request('/oauth2/status_lists', 'POST')) AS aggregation;
-- Attack shut out: a list is taken for a token, or an answer of ours for a list
SELECT pgtoken.verify_access_token(:'list') IS NULL AS no_token, pgtoken.introspect(:'list') AS introspected, test.header(:'at') ->> 'typ' AS type_of_a_token;

-- Attack shut out: a name that leads elsewhere, to another list, or to one list by
-- two names, each of which a cache would keep.
SELECT split_part(:'path', '/', 4) AS s, split_part(:'path', '/', 5) AS n \gset
SELECT v, test.brief(test.list_request('/oauth2/status_lists' || replace(replace(p, 'S', :'s'), 'N', :'n'))) AS answer
FROM (VALUES (1, '/'), (2, '/S'), (3, '/S/'), (4, '//N'), (5, '/S/N/'), (6, '/S/N/0'), (7, '/S/0N'), (8, '/0S/N'), (9, '/+S/N'), (10, '/-S/N'), (11, '/S/-N'), (12, '/S/N%00'), (13, '/%53/N'),
	(14, '/S/N.'), (15, '/../status_lists/S/N'), (16, '/S/99'), (17, '/S/16384'), (18, '/S/4294967296'), (19, '/18446744073709551616/0'), (20, '/9007199254740992/0'), (21, '/0/0'), (22, '/1/0'),
	(23, E'/S/\u00b9'), (24, '/S/N;x'), (25, '/S /N'), (26, '/1e3/0'), (27, '/0x10/0')) t (v, p) ORDER BY v;
SELECT status, body = (test.list_request(:'path')).body AS same FROM test.request('GET', '/tenant' || :'path', 'x=1', '{"host": "lists.example"}');
-- nor is it another issuer's, under whose name it would be believed
SELECT test.brief(test.request('GET', :'path', headers => '{"host": "id.example"}')) AS of_another, pgtoken.status_list_token(:s, :n) IS NULL AS nor_in_sql,
	   pgtoken.status_list_token(:s, :n, :'iss') = :'list' AS its_own, pgtoken.status_list_token(NULL, 0, :'iss') IS NULL AS null_series, pgtoken.status_list_token(:s, NULL, :'iss') IS NULL AS null_number;
SELECT test.outcome(format('SELECT pgtoken.status_list_token(%s, 0, %L)', :'s', 'https://nobody.example')), test.outcome($$SELECT pgtoken.status_list_aggregation('https://nobody.example')$$);

-- Attack shut out: whoever asks often enough has the database reckon all day. A list
-- is made once in half its ttl, and the others are given what is there.
SELECT count(DISTINCT (test.list_request(:'path')).body #>> '{}') AS of_ten FROM generate_series(1, 10);
SELECT count(*) FROM test.listed t, pgtoken.revoke_family(t.grant_id) WHERE t.subject = 'bystander';
SELECT (test.list_request(:'path')).body #>> '{}' = :'list' AS still_the_same;
UPDATE pgtoken.status_list_documents SET built_at = built_at - interval '61 minutes' WHERE series = :s;
SELECT (test.list_request(:'path')).body #>> '{}' AS list2 \gset
SELECT :'list2' <> :'list' AS made_anew, test.claims(:'list2') #>> '{status_list,lst}' <> test.claims(:'list') #>> '{status_list,lst}' AS says_more;
-- a clock that was put back, and a shorter ttl
UPDATE pgtoken.status_list_documents SET built_at = built_at + interval '1 day' WHERE series = :s;
SELECT (test.list_request(:'path')).body #>> '{}' <> :'list2' AS of_the_future;
BEGIN;
SET LOCAL pgtoken.status_list_ttl = 2;
UPDATE pgtoken.status_list_documents SET built_at = built_at - interval '1 day 2 seconds' WHERE series = :s;
SELECT c -> 'ttl' AS ttl, (c -> 'exp')::bigint - (c -> 'iat')::bigint AS life FROM test.list_request(:'path') r, test.claims(r.body #>> '{}') c;
SELECT headers ->> 'cache-control' ~ '^public, max-age=[12]$' AS kept FROM test.list_request(:'path');
ROLLBACK;
SELECT left(test.outcome('SET pgtoken.status_list_ttl = 1'), 5) AS too_short;
-- Attack shut out: who has had a signing key that is retired since goes on saying what is revoked
SELECT (test.list_request(:'path')).body #>> '{}' AS list3, length(pgtoken.create_signing_key(issuer => :'iss')) AS kid \gset
SELECT length(pgtoken.rotate_signing_key(issuer => :'iss', force => true)) AS kid;
SELECT test.header((test.list_request(:'path')).body #>> '{}') ->> 'kid' = k.kid AS by_the_new_key FROM pgtoken.signing_keys k WHERE k.issuer = :'iss' AND k.state = 'active';
-- who may not write makes his own, and keeps it
SELECT count(*) AS documents FROM pgtoken.status_list_documents \gset
DELETE FROM pgtoken.status_list_documents;
BEGIN READ ONLY;
SELECT pgtoken.status_list_token(:s, :n, :'iss') AS own \gset
SELECT pgtoken.status_list_token(:s, :n, :'iss') = :'own' AS kept, count(*) AS written FROM pgtoken.status_list_documents;
COMMIT;
SELECT test.claims(:'own') #>> '{status_list,lst}' = test.claims((test.list_request(:'path')).body #>> '{}') #>> '{status_list,lst}' AS says_the_same;

-- Switched off: who has a place keeps it, and lists are handed out until nobody needs them
SELECT pgtoken.update_issuer(:'iss', status_lists => false);
SELECT test.list_for('after-off');
SELECT test.claims(access_token) ? 'status' AS in_token FROM test.listed WHERE subject = 'after-off';
SELECT refresh_token AS r FROM test.listed WHERE subject = 'living' \gset
SELECT test.claims(access_token) ? 'status' AS of_before FROM pgtoken.refresh_grant(:'r', 'lists', test.secret('lists'));
SELECT status FROM test.list_request(:'path');
SELECT json_array_length(pgtoken.status_list_aggregation(:'iss') -> 'status_lists') > 0 AS announced;

-- A list is forgotten when nobody can have a token that names it, and not before
SELECT pgtoken.update_issuer(:'iss', status_lists => true);
SELECT pgtoken.update_resource('https://a.lists.example', access_token_lifetime => '1 day', issuer => :'iss');
DELETE FROM pgtoken.status_lists WHERE issuer = :'iss' AND series <> :s;
DELETE FROM pgtoken.grants WHERE status_series <> :s;
SELECT number, is_full FROM pgtoken.status_lists WHERE issuer = :'iss' ORDER BY number;
SELECT count(step) >= 0 AS looked FROM pgtoken.maintain();
SELECT number FROM pgtoken.status_lists WHERE issuer = :'iss' ORDER BY number;
UPDATE pgtoken.status_lists SET reserved_at = now() - interval '49 hours' WHERE issuer = :'iss';
SELECT count(step) >= 0 AS looked FROM pgtoken.maintain();
SELECT number FROM pgtoken.status_lists WHERE issuer = :'iss' ORDER BY number;
UPDATE pgtoken.grants SET expires_at = now() - interval '47 hours' WHERE status_series = :s;
SELECT count(step) >= 0 AS looked FROM pgtoken.maintain();
SELECT number FROM pgtoken.status_lists WHERE issuer = :'iss' ORDER BY number;
UPDATE pgtoken.grants SET expires_at = now() - interval '49 hours' WHERE status_series = :s;
UPDATE pgtoken.status_list_documents SET built_at = now() - interval '25 hours' WHERE series = :s;
UPDATE pgtoken.status_list_ends SET ended_at = now() - interval '49 hours' WHERE series <> :s;
SELECT step, detail FROM pgtoken.maintain() WHERE step LIKE 'status%' ORDER BY step;
SELECT number, is_full FROM pgtoken.status_lists WHERE issuer = :'iss' ORDER BY number;
SELECT test.brief(test.list_request(:'path')) AS gone, count(*) AS documents FROM pgtoken.status_list_documents WHERE series = :s;
-- the one that is open goes when nobody wants lists any more
SELECT pgtoken.update_issuer(:'iss', status_lists => false);
SELECT step, detail FROM pgtoken.maintain() WHERE step LIKE 'status%' ORDER BY step;
SELECT pgtoken.status_list_aggregation(:'iss') IS NULL AS none;
SELECT event, count(*) > 0 AS audited FROM pgtoken.audit_events WHERE event LIKE 'status_list.%' GROUP BY event ORDER BY event;

-- health: an API that reads lists learns of nothing before the token ends
SELECT pgtoken.update_issuer(:'iss', status_lists => true);
RESET pgtoken.status_list_ttl;
SELECT ok FROM pgtoken.health() WHERE check_name = 'status lists';
BEGIN;
SET LOCAL pgtoken.status_list_ttl = '10min';
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'status lists';
ROLLBACK;

-- After a restore: all that was there says refused, of tokens that nobody knows any more as well, and nothing is reserved in it
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\set iss 'https://lists.example/tenant'
SELECT test.list_for('before-restore');
SELECT grant_id AS g, access_token AS at, test.path_of(access_token) AS path FROM test.listed WHERE subject = 'before-restore' \gset
BEGIN;
SELECT count(*) > 0 AS handled FROM pgtoken.after_restore(now() - interval '1 second');
SELECT is_full, all_ended FROM pgtoken.status_lists WHERE issuer = :'iss';
SELECT length(test.claims((test.list_request(:'path')).body #>> '{}') #>> '{status_list,lst}') < 100 AS all_the_same, test.refused_in_list(:'g') AS refused;
SELECT test.list_for('since-restore');
SELECT b.status_series <> s.status_series AS elsewhere, test.refused_in_list(s.grant_id) AS refused FROM pgtoken.grants b, pgtoken.grants s WHERE b.subject = 'before-restore' AND s.subject = 'since-restore';
ROLLBACK;
