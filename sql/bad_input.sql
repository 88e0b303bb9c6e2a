-- Whatever a caller may send: a clear answer, no crash, nothing written.
\set SHOW_CONTEXT never
SELECT access_token AS at, id_token AS it, refresh_token AS rt, grant_id AS gid
FROM pgtoken.issue_tokens('app', 'kim', 'openid offline_access') \gset

-- Attack shut out: a parser is fed what it was not made for. Tokens of every
-- kind, cut, stretched, mixed and garbled, to every function that takes one.
CREATE TEMP TABLE noise AS
SELECT row_number() OVER () AS n, t AS token FROM unnest(
	ARRAY['', ' ', '.', '..', '...', 'null', '0', '{}', '[]', '''', '"', '\', E'\n', E'\x01', E'\x7f', 'ä', '🔑', '%s%n', '../../etc/passwd',
		  ''' OR 1=1 --', 'pgtrt_', 'pgtrt', 'pgtcs_', 'PGTRT_' || substr(:'rt', 7), 'pgtrt-' || substr(:'rt', 7), upper(:'rt'), reverse(:'rt'),
		  :'rt' || '=', :'rt' || 'A', :'rt' || E'\n', ' ' || :'rt', left(:'rt', -1), left(:'rt', -1) || 'é', left(:'rt', -1) || '=', left(:'rt', -1) || '/',
		  'pgtrt_' || repeat('A', 71), 'pgtrt_' || repeat('_', 71), 'pgtrt_' || repeat('ä', 71), 'pgtrt_' || repeat('=', 71), :'rt' || :'rt', repeat('A', 77),
		  test.forge(:'rt', 0), test.forge(:'rt', 1), test.forge(:'rt', -1), test.forge(:'rt', 2147483647), test.forge(:'rt', -2147483648),
		  'pgtrt_' || test.b64url(set_byte(test.unb64url(substr(:'rt', 7)), 0, 2)), 'pgtrt_' || test.b64url(set_byte(test.unb64url(substr(:'rt', 7)), 0, 0)),
		  'pgtrt_' || test.b64url(set_byte(test.unb64url(substr(:'rt', 7)), 5, 255)),
		  :'at' || 'A', :'at' || '.', left(:'at', -1), left(:'at', 50), ' ' || :'at', upper(:'at'), reverse(:'at'), :'at' || :'at', replace(:'at', '.', ' '),
		  'eyJhbGciOiJub25lIn0.e30.', 'eyJhbGciOiJub25lIn0.e30.AA', 'e30.e30.e30', 'W10.W10.W10', 'AA.AA.AA', repeat('A', 100) || '.' || repeat('A', 100) || '.' || repeat('A', 100),
		  repeat('.', 1000), repeat('A', 16384), repeat('A', 16385), repeat('A', 1000000), repeat('.', 1000000), repeat('ä', 1000000),
		  test.b64url(convert_to(repeat('[', 10000), 'UTF8')) || '.e30.AA', test.b64url(convert_to(repeat('{"a":', 3000), 'UTF8')) || '.e30.AA',
		  test.b64url('\xff') || '.e30.AA', test.b64url(convert_to('{"alg":"ES256\u0000"}', 'UTF8')) || '.e30.AA', test.b64url(convert_to('{"alg":"ES256","alg":"none"}', 'UTF8')) || '.e30.AA',
		  :'it', test.claims(:'at') ->> 'jti', upper(:'gid'), '{' || :'gid' || '}', replace(:'gid', '-', ''), :'gid' || '0', left(:'gid', -1),
		  '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', test.secret('web')]) t;
INSERT INTO noise SELECT 1000 + i, left(:'rt', i) FROM generate_series(0, length(:'rt') - 1) i;
INSERT INTO noise SELECT 2000 + i, overlay(:'rt' PLACING CASE substr(:'rt', i, 1) WHEN 'A' THEN 'B' ELSE 'A' END FROM i FOR 1) FROM generate_series(1, length(:'rt')) i;
SELECT test.written() AS before \gset
SELECT count(*) > 200 AS many, count(r.access_token) AS tokens, count(DISTINCT r.error) AS errors, min(r.error) AS error
FROM noise, pgtoken.refresh_grant(token) r;
SELECT count(r.access_token) AS tokens, count(DISTINCT r.error) AS errors, min(r.error) AS error
FROM noise, pgtoken.refresh_grant(token, 'web', test.secret('web')) r;
SELECT count(r.access_token) AS tokens, count(DISTINCT r.error) AS errors, min(r.error) AS error
FROM noise, pgtoken.refresh_grant(:'rt', token) r WHERE token <> '';	-- as client_id: empty is the same as none
SELECT count(pgtoken.verify_access_token(token)) AS verified, count(pgtoken.verify_access_token(:'at', token)) AS of_that_audience FROM noise;
SELECT DISTINCT pgtoken.introspect(token) FROM noise;
-- a bare jti is no noise here: it blacklists, see the tests of blacklist_token
SELECT count(b.token_id) AS blacklisted FROM noise, pgtoken.blacklist_token(token) b WHERE token <> test.claims(:'at') ->> 'jti';
-- the grant_id in capitals is one: the only thing here that names a family
SELECT count(r.grant_id) AS revoked FROM noise, pgtoken.revoke_family(token) r WHERE lower(token) <> :'gid';
SELECT count(*) FILTER (WHERE o = 'ok') AS taken, count(*) FILTER (WHERE o LIKE '22023:%') > 200 AS refused, count(*) FILTER (WHERE o !~ '^(ok|22023:)') AS otherwise
FROM (SELECT test.outcome(format('SELECT pgtoken.blacklist_token(%L, now() + interval ''1 hour'')', token)) FROM noise WHERE length(token) <> 38) t (o);	-- 38 characters can have the form of a jti
SELECT count(l.generation) FILTER (WHERE pgtoken.grant_of(token) IS DISTINCT FROM :'gid') AS of_other_families FROM noise, pgtoken.lineage(token) l;
-- none of it has left a trace
SELECT test.written() = :'before' AS nothing_written;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS access, pgtoken.introspect(:'rt') -> 'active' AS refresh;
-- nor did it leave anything in the caches that would answer for it
SELECT count(pgtoken.verify_access_token(token)) AS verified FROM noise;

-- NULL where something is needed is a mistake of the caller, told as such
SELECT call, test.outcome('SELECT pgtoken.' || call)
FROM (VALUES (1, 'issue_tokens(NULL, ''kim'')'), (2, 'issue_tokens(''app'', NULL)'), (3, 'refresh_grant(NULL)'), (4, 'revoke_family(NULL::uuid)'),
			 (5, 'revoke_family(NULL::text)'), (6, 'blacklist_token(NULL::text)'), (7, 'blacklist_token(NULL::text, now())'),
			 (8, 'blacklist_token(''x'', NULL::timestamptz)'), (9, 'issue_tokens(''app'', ''kim'', resource => ''{NULL}'')'),
			 (10, 'issue_tokens(''app'', ''kim'', amr => ''{NULL}'')'), (11, 'refresh_grant(''x'', resource => ''{NULL}'')'),
			 (12, 'issue_tokens(''app'', ''kim'', resource => ''{{a},{b}}'')'), (13, 'issue_tokens(''app'', ''kim'', amr => ''{{a},{b}}'')')) v (n, call)
ORDER BY n;
-- NULL where nothing is needed is nothing
SELECT test.brief(pgtoken.issue_tokens('app', 'kim', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) AS issue;
SELECT test.brief(r) AS refresh, refresh_token AS rt FROM pgtoken.refresh_grant(:'rt', NULL, NULL, NULL, NULL, NULL) r \gset
\echo :refresh
SELECT pgtoken.introspect(NULL), pgtoken.verify_access_token(NULL) IS NULL AS verify, pgtoken.grant_of(NULL) IS NULL AS grant_of;

-- Scopes: RFC 6749 appendix A.4, nothing else; told as an answer. What is well-formed and
-- not allowed is on record, the rest is not: rows 14 and 17, of both calls
CREATE TEMP TABLE scopes AS
SELECT n, s AS scope FROM unnest(ARRAY[' ', '  ', ' openid', 'openid ', 'openid  profile', E'openid\tprofile', E'openid\n', E'openid\x01', E'openid\x7f', 'open"id', 'open\id',
	'opénid', '🔑', repeat('x', 255), repeat('x', 256), repeat('x', 100000), '''; DROP TABLE pgtoken.grants; --',
	(SELECT string_agg('s' || i, ' ') FROM generate_series(1, 200) i), trim(repeat('openid ', 30000))]) WITH ORDINALITY u (s, n);
SELECT s.n, left(regexp_replace(s.scope, '[^!-~ ]', '?', 'g'), 20) AS asked, length(s.scope) AS length, r.decision, r.error, e.decision AS refresh, e.error
FROM scopes s, pgtoken.issue_tokens('app', 'kim', s.scope) r, pgtoken.refresh_grant(:'rt', 'app', NULL, s.scope) e
ORDER BY s.n;
SELECT count(*) AS recorded, count(DISTINCT reason) AS reasons FROM pgtoken.audit_events
WHERE client_id = 'app' AND subject = 'kim' AND event IN ('issue.refused', 'refresh.refused');
-- a client with as many scopes as there may be gets them all
SELECT array_agg('s' || i ORDER BY i) AS hundred FROM generate_series(1, 100) i \gset
SELECT array_agg('s' || i ORDER BY i) AS more FROM generate_series(1, 101) i \gset
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('hundred', scopes => :'hundred');
SELECT array_length(string_to_array(r.scope, ' '), 1) AS scopes, pgtoken.verify_access_token(r.access_token) IS NOT NULL AS holds
FROM pgtoken.issue_tokens('hundred', 'kim') r;
SELECT test.outcome(format('SELECT pgtoken.create_client(%L, scopes => %L)', 'more', :'more'));

-- Attack shut out: an over-long secret overruns a buffer, or costs a digest of megabytes;
-- the right one with something behind it is as wrong as any other.
SELECT refresh_token AS wrt FROM pgtoken.issue_tokens('web', 'kim', 'openid offline_access') \gset
SELECT n, length(s) AS length, r.decision, r.error
FROM unnest(ARRAY[repeat('x', 500), rpad(test.secret('web'), 500, 'x'), test.secret('web') || ' ', repeat('x', 1000000)]) WITH ORDINALITY u (s, n),
	pgtoken.refresh_grant(:'wrt', 'web', s) r
ORDER BY n;
SELECT pgtoken.introspect(:'wrt') -> 'active' AS unharmed;

-- Resources: at most 32, each an absolute URI
SELECT n, r.decision, r.error FROM (VALUES
	(1, ARRAY[repeat('x', 100000)]), (2, ARRAY[E'https://any.example\n']), (3, ARRAY['https://any.example', '']), (4, array_fill('https://any.example'::text, ARRAY[1000])),
	(5, (SELECT array_agg('https://any.example/' || i) FROM generate_series(1, 33) i))) v (n, api), pgtoken.issue_tokens('app', 'kim', 'openid', api) r
ORDER BY n;

-- Subjects: 1 to 255 printable ASCII characters (C84)
SELECT n, length(s) AS length, test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L)', 'app', s))
FROM unnest(ARRAY['', repeat('x', 256), repeat('x', 1000000), 'käthe', '🔑', E'a\nb', E'a\x01', E'a\x7f', E'\t']) WITH ORDINALITY u (s, n)
ORDER BY n;

-- Text arguments: bounded, without control characters
SELECT argument, test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L, %s => %L)', 'app', 'kim', argument, repeat('x', 1025))) AS too_long,
	   test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L, %s => %L)', 'app', 'kim', argument, E'a\nb')) AS control
FROM unnest('{acr,nonce,session_id}'::text[]) argument;
SELECT test.outcome($$SELECT pgtoken.issue_tokens('app', 'kim', amr => array_fill('x'::text, ARRAY[17]))$$) AS too_many,
	   test.outcome($$SELECT pgtoken.issue_tokens('app', 'kim', amr => ARRAY[repeat('x', 1025)])$$) AS too_long,
	   test.outcome($$SELECT pgtoken.issue_tokens('app', 'kim', amr => ARRAY[E'\x01'])$$) AS control;
SELECT n, test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L, auth_time => %L)', 'app', 'kim', t)) AS auth_time
FROM unnest(ARRAY['infinity', '-infinity', '1969-12-31 00:00+00', '9999-12-31', '0044-03-15 BC']) WITH ORDINALITY u (t, n)
ORDER BY n;

-- Claims and context: objects of at most 8 kB; the context's known members are strings
SELECT n, test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L, claims => %L)', 'app', 'kim', j)) AS claims,
	   test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L, context => %L)', 'app', 'kim', j)) AS context
FROM unnest(ARRAY['[]', '1', '"x"', 'null', 'true', jsonb_build_object('x', repeat('x', 9000))::text, '[{"a": 1}]',
				  jsonb_build_object('x', array_fill(1, ARRAY[2000]))::text, repeat('{"a":', 5000) || '1' || repeat('}', 5000)]) WITH ORDINALITY u (j, n)
ORDER BY n;
-- Attack shut out: a few bytes of number fill the disk, because they print as
-- hundreds of thousands of digits in each row that keeps the context.
SELECT j, test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L, context => %L)', 'app', 'kim', j)) AS context,
	   test.outcome(format('SELECT pgtoken.refresh_grant(%L, context => %L)', :'rt', j)) AS refresh,
	   test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L, claims => %L)', 'app', 'kim', j)) AS claims
FROM unnest(ARRAY['{"a": 1e131071}', '{"a": -1e131071}', '{"a": 1e-16383}', '{"a": [{"b": 1e9000}]}', '{"a": [1e3000, 1e3000, 1e3000]}']) WITH ORDINALITY u (j, n)
ORDER BY n;
SELECT n, j AS context, test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L, context => %L)', 'app', 'kim', j)) AS issue
FROM unnest(ARRAY['{"ip": "localhost"}', '{"ip": "192.0.2.1/24"}', '{"ip": "192.0.2.1:80"}', '{"ip": "2001:db8::1"}', '{"ip": "2001:db8::1%eth0"}', '{"ip": 1}',
				  '{"ip": null}', '{"ip": ""}', '{"session_id": 1}', '{"user_agent": ["x"]}', '{"user_agent": ""}', '{"anything": {"else": [1, null]}}']) WITH ORDINALITY u (j, n)
ORDER BY n;
SELECT test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L, context => %L)', 'app', 'kim', jsonb_build_object('user_agent', repeat('x', 1025)))) AS user_agent;
-- refresh_grant looks at its context before it looks at the token
SELECT test.outcome(format('SELECT pgtoken.refresh_grant(%L, context => %L)', :'rt', '[]')) AS refresh;
SELECT pgtoken.introspect(:'rt') -> 'active' AS unharmed;

-- Whatever is accepted must hold afterwards: what makes a token that no verifier
-- can read is refused when it is issued, not when it is used.
CREATE FUNCTION test.issued_and_holds(arguments text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r pgtoken.token_response;
BEGIN
	EXECUTE 'SELECT * FROM pgtoken.issue_tokens(''app'', ''kim'', ''openid'', ' || arguments || ')' INTO r;
	RETURN CASE WHEN pgtoken.verify_access_token(r.access_token) IS NOT NULL THEN 'holds' ELSE 'issued, but does not hold' END;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN 'refused';
END
$$;
SELECT n, what, test.issued_and_holds(arguments) AS outcome
FROM (VALUES
	(1, 'plain', $$claims => '{"a": 1}'$$), (2, 'deep', $$claims => (repeat('{"a":', 100) || '1' || repeat('}', 100))::jsonb$$),
	(3, 'largest integer', $$claims => '{"a": 9223372036854775807}'$$), (4, 'integer beyond 64 bits', $$claims => '{"a": 9223372036854775808}'$$),
	(5, 'integer of 30 digits', $$claims => '{"a": 123456789012345678901234567890}'$$), (6, 'number beyond a double', $$claims => '{"a": 1e400}'$$),
	(7, 'large number', $$claims => '{"a": 1e300}'$$), (8, 'small number', $$claims => '{"a": 1e-400}'$$),
	(9, 'quotes, which double', $$claims => jsonb_build_object('a', repeat('"', 8000))$$),
	(10, 'control characters, which grow sixfold', $$claims => jsonb_build_object('a', repeat(E'\x01', 8000))$$),
	(11, 'Unicode', $$claims => '{"ä": "\uffff \ud83d\ude00 \u007f"}'$$), (12, 'empty name', $$claims => '{"": 1}'$$),
	(13, 'largest claims', $$claims => jsonb_build_object('a', repeat('x', 8150))$$),
	(14, 'longest texts, a token of more than 16384 bytes', $$acr => repeat('x', 1024), nonce => repeat('x', 1024), session_id => repeat('x', 1024), amr => array_fill(repeat('x', 1024), ARRAY[16])$$),
	(15, 'empty texts', $$acr => '', nonce => '', amr => '{}'$$),
	(16, 'smallest integer', $$claims => '{"a": -9223372036854775808}'$$), (17, 'integer below 64 bits', $$claims => '{"a": [{"b": -9223372036854775809}]}'$$),
	(18, 'texts that just fit', $$amr => array_fill(repeat('x', 1024), ARRAY[11])$$)) v (n, what, arguments)
ORDER BY n;
-- times of more than the calendar has
SELECT l, test.outcome(format($$SELECT pgtoken.refresh_grant('x', max_age => %L)$$, l)) AS outcome
FROM unnest('{300000 years,170000000 years,-1 month,-300000 years}'::text[]) WITH ORDINALITY u (l, n) ORDER BY n;

-- Attack shut out: a CHECK by a list that nobody knows would let everything pass, were
-- such a list NULL.
SELECT test.outcome($$SELECT pgtoken.choices('colour')$$) AS choices;
