-- Issuers, resources, clients and their secrets: what is accepted, what is not.
\set SHOW_CONTEXT never

-- Issuers (RFC 8414 section 2)
SELECT pgtoken.create_issuer('https://other.example/tenant', 'EdDSA');
SELECT issuer, is_default, default_alg FROM pgtoken.issuers ORDER BY issuer;
SELECT url, test.outcome(format('SELECT pgtoken.create_issuer(%L)', url))
FROM (VALUES (1, NULL), (2, ''), (3, 'id.example'), (4, 'http://id2.example'), (5, 'https://'),
			 (6, 'https://id2.example?x=1'), (7, 'https://id2.example#f'), (8, 'https://id2.example/ '),
			 (9, E'https://id2.example/\n'), (10, 'javascript:alert(1)'), (11, 'https://user@id2.example'),
			 (12, 'https://other.example/tenant')) v (n, url)
ORDER BY n;
SELECT test.outcome($$SELECT pgtoken.create_issuer('https://id3.example', 'none')$$);
SELECT test.outcome($$SELECT pgtoken.create_issuer('https://id3.example', NULL)$$);
SELECT test.outcome($$SELECT pgtoken.create_issuer('http://localhost:3000')$$) AS loopback;
-- Fault shut out: two issuers of which only one can be reached, since a slash at the end, the case
-- of the host or the usual port tells no URLs apart.
SELECT n, test.outcome(format('SELECT pgtoken.create_issuer(%L)', url))
FROM (VALUES (1, 'https://id.example/'), (2, 'https://ID.example'), (3, 'https://id.example:443'), (4, 'HTTPS://id.example:443/'), (5, 'https://other.example/tenant/'),
			 (6, 'http://LOCALHOST:3000/')) v (n, url) ORDER BY n;
SELECT test.outcome($$INSERT INTO pgtoken.issuers (issuer) VALUES ('https://id.example/')$$) AS whoever_writes_it;
SELECT i, pgtoken.issuer_base(i) FROM unnest(ARRAY['https://a.example', 'https://A.example:443/', 'https://a.example:80/x/', 'http://[::1]:80', 'https://a.example/X']) i;
-- an attempt that failed has left neither a row nor a pepper
SELECT issuer FROM pgtoken.issuers ORDER BY issuer;
SELECT count(*) FROM pgtoken.key_material WHERE material_id LIKE 'pepper:%';
-- another default, another algorithm
SELECT pgtoken.update_issuer('https://other.example/tenant', is_default => true);
SELECT pgtoken.update_issuer('http://localhost:3000', 'ES384');
SELECT issuer, is_default, default_alg FROM pgtoken.issuers ORDER BY issuer;
SELECT pgtoken.update_issuer('https://id.example', is_default => true);
SELECT pgtoken.update_issuer('http://localhost:3000', 'ES256');
SELECT pgtoken.update_issuer('https://nobody.example', 'ES384');
SELECT pgtoken.update_issuer('https://id.example') AS nothing_to_change;
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://id.example', is_default => false)$$);
SELECT test.outcome($$SELECT pgtoken.update_issuer('https://id.example', 'none')$$);
SELECT issuer, is_default, default_alg FROM pgtoken.issuers ORDER BY issuer;
-- only one issuer can be the default
SELECT test.outcome($$UPDATE pgtoken.issuers SET is_default = true$$);

-- Resources (RFC 8707 section 2)
SELECT uri, test.outcome(format('SELECT pgtoken.create_resource(%L)', uri))
FROM (VALUES (1, NULL), (2, ''), (3, '/relative'), (4, 'orders'), (5, 'https://r.example/#f'), (6, 'https://r.example/ x'),
			 (7, 'urn:example:api'), (8, 'https://orders.example')) v (n, uri)
ORDER BY n;
SELECT scopes, test.outcome(format('SELECT pgtoken.create_resource(%L, %L)', 'https://s.example', scopes))
FROM (VALUES (1, '{"a b"}'), (2, '{"a\"b"}'), (3, '{"a\\b"}'), (4, '{NULL}'), (5, '{a,a}'), (6, '{""}'), (7, '{ä}'),
			 (8, '{{a},{b}}')) v (n, scopes)
ORDER BY n;
SELECT lifetime, test.outcome(format('SELECT pgtoken.create_resource(%L, NULL, %L)', 'https://s.example', lifetime))
FROM (VALUES (1, '0'), (2, '9 seconds'), (3, '1 day 1 second'), (4, '-1 hour')) v (n, lifetime)
ORDER BY n;
SELECT pgtoken.update_resource('urn:example:api', '{x}', '10 seconds');
SELECT pgtoken.update_resource('urn:example:none');
SELECT test.outcome($$SELECT pgtoken.update_resource('urn:example:api', '{"a b"}')$$);
SELECT test.outcome($$SELECT pgtoken.update_resource('urn:example:api', access_token_lifetime => '2 days')$$);
SELECT resource, scopes, access_token_lifetime, enabled FROM pgtoken.resources ORDER BY resource COLLATE "C";
-- back to NULL
SELECT pgtoken.update_resource('urn:example:api', reset => '{access_token_lifetime}');
SELECT scopes, access_token_lifetime FROM pgtoken.resources WHERE resource = 'urn:example:api';
SELECT pgtoken.update_resource('urn:example:api', access_token_lifetime => '1 minute', reset => '{scopes}');
SELECT scopes, access_token_lifetime FROM pgtoken.resources WHERE resource = 'urn:example:api';
SELECT reset, test.outcome(format('SELECT pgtoken.update_resource(%L, reset => %L)', 'urn:example:api', reset))
FROM unnest(ARRAY['{enabled}', '{resource}', '{scopes,x}', '{NULL}', NULL, '{}']) reset;
SELECT pgtoken.update_resource('urn:example:api', '{x}');

-- Clients (RFC 6749 section 2): everything at its limits
SELECT pgtoken.create_client('full', 'public', scopes => '{a,b}', redirect_uris => '{https://rp.example/cb,http://127.0.0.1/cb}',
	offline_access => true, resources => '{https://orders.example}', client_name => 'Everything', signing_alg => 'ES256',
	access_token_lifetime => '1 day', refresh_absolute_lifetime => '10 years', refresh_idle_lifetime => '1 minute',
	retry_window => '1 hour', retry_limit => 0);
SELECT to_jsonb(c) - '{created_at,epoch,epochs_since_end,not_before_epoch}'::text[] AS stored FROM pgtoken.clients c WHERE client_id = 'full';
SELECT n, arguments, test.outcome(format('SELECT pgtoken.create_client(%s)', arguments))
FROM (VALUES
	(1, $$NULL$$), (2, $$''$$), (3, $$'web'$$), (4, $$E'c\n'$$), (5, $$'cä'$$), (6, $$repeat('c', 256)$$),
	(7, $$'c', 'secret'$$), (8, $$'c', NULL$$), (9, $$'c', scopes => NULL$$), (10, $$'c', scopes => '{a,a}'$$),
	(11, $$'c', scopes => '{"a b"}'$$), (12, $$'c', scopes => '{offline_access}'$$), (13, $$'c', scopes => '{NULL}'$$),
	(14, $$'c', redirect_uris => '{http://rp.example/cb}'$$), (15, $$'c', redirect_uris => '{https://rp.example/#f}'$$),
	(16, $$'c', redirect_uris => '{javascript:alert(1)}'$$), (17, $$'c', redirect_uris => '{NULL}'$$),
	(18, $$'c', redirect_uris => '{app:/x}'$$), (19, $$'c', resources => '{https://unknown.example}'$$),
	(20, $$'c', resources => '{NULL}'$$), (21, $$'c', signing_alg => 'none'$$), (22, $$'c', signing_alg => 'RS1'$$),
	(23, $$'c', access_token_lifetime => '9 seconds'$$), (24, $$'c', access_token_lifetime => '25 hours'$$),
	(25, $$'c', refresh_absolute_lifetime => '59 seconds'$$), (26, $$'c', refresh_absolute_lifetime => '11 years'$$),
	(27, $$'c', refresh_idle_lifetime => '0'$$), (28, $$'c', retry_window => '-1 second'$$),
	(29, $$'c', retry_window => '61 minutes'$$), (30, $$'c', retry_limit => -1$$), (31, $$'c', rotation => 'sometimes'$$),
	-- C50: nobody can switch rotation off for a public client, at its birth or later
	(32, $$'c', 'public', rotation => 'never'$$), (33, $$'c', offline_access => NULL$$),
	(34, $$'c', issuer => 'https://unknown.example'$$),
	(35, $$'c', resources => '{{https://orders.example},{https://mail.example}}'$$)) v (n, arguments)
ORDER BY n;
SELECT count(*) AS made FROM pgtoken.clients WHERE client_id NOT IN ('early', 'web', 'app', 'plain', 'full');
SELECT test.outcome($$SELECT pgtoken.update_client('app', rotation => 'never')$$) AS c50;

SELECT pgtoken.update_client('nobody', enabled => false);
SELECT n, arguments, test.outcome(format('SELECT pgtoken.update_client(%s)', arguments))
FROM (VALUES
	(1, $$'full', scopes => '{a,a}'$$), (2, $$'full', scopes => '{offline_access}'$$),
	(3, $$'full', redirect_uris => '{http://rp.example/cb}'$$), (4, $$'full', signing_alg => 'none'$$),
	(5, $$'full', access_token_lifetime => '1 second'$$), (6, $$'full', retry_limit => -1$$),
	(7, $$'full', retry_window => '2 hours'$$), (8, $$'full', rotation => 'x'$$)) v (n, arguments)
ORDER BY n;
-- An element that is NULL, not registered, or an array of arrays: refused as at
-- creation, instead of a client that answers every request with an error.
SELECT n, test.outcome(format('SELECT pgtoken.update_client(%L, resources => %L)', 'full', resources)) AS outcome,
	   test.outcome($$SELECT pgtoken.issue_tokens('full', 'alice')$$) AS still_works
FROM (VALUES (1, '{NULL}'), (2, '{https://unknown.example}'), (3, '{{https://orders.example},{https://mail.example}}')) v (n, resources)
ORDER BY n;
SELECT pgtoken.update_client('full', resources => '{https://orders.example}', client_name => 'Changed', retry_limit => 7);
SELECT client_name, retry_limit, scopes, rotation FROM pgtoken.clients WHERE client_id = 'full';

-- a new value goes before a reset of the same
SELECT pgtoken.update_client('full', client_name => 'Kept', reset => '{client_name,retry_limit}');
SELECT client_name, retry_limit, access_token_lifetime FROM pgtoken.clients WHERE client_id = 'full';
-- back to the settings
SELECT pgtoken.update_client('full', reset => '{resources,client_name,signing_alg,access_token_lifetime,refresh_absolute_lifetime,refresh_idle_lifetime,retry_window,retry_limit}');
SELECT jsonb_strip_nulls(to_jsonb(c) - '{created_at,epoch,epochs_since_end,not_before_epoch}'::text[]) AS stored FROM pgtoken.clients c WHERE client_id = 'full';
SELECT reset, test.outcome(format('SELECT pgtoken.update_client(%L, reset => %L)', 'full', reset))
FROM unnest(ARRAY['{enabled}', '{scopes}', '{rotation}', '{client_type}', '{retry_limit,x}', '{NULL}', NULL, '{}']) reset;

-- Secrets: two are valid while they are exchanged; a revoked or expired one is refused.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('exchange', scopes => '{openid}', offline_access => true);
SELECT (pgtoken.create_client_secret('exchange')).client_secret AS second \gset
SELECT test.secret('exchange') <> :'second' AS different;
-- what is stored is a hash, not the secret
SELECT count(*) AS stored, bool_and(length(secret_hash) = 32) AS hashed,
	   bool_or(secret_hash = sha256(convert_to(:'second', 'UTF8'))) AS of_this_secret,
	   bool_or(s::text LIKE '%' || :'second' || '%') AS in_clear
FROM pgtoken.client_secrets s WHERE client_id = 'exchange';
SELECT refresh_token AS rt FROM pgtoken.issue_tokens('exchange', 'alice', 'openid offline_access') \gset
SELECT test.brief(r) AS with_first, refresh_token AS rt
FROM pgtoken.refresh_grant(:'rt', 'exchange', test.secret('exchange')) r \gset
\echo :with_first
SELECT test.brief(r) AS with_second, refresh_token AS rt
FROM pgtoken.refresh_grant(:'rt', 'exchange', :'second') r \gset
\echo :with_second
SELECT secret_id AS first_id FROM pgtoken.client_secrets
WHERE client_id = 'exchange' AND secret_hash = sha256(convert_to(test.secret('exchange'), 'UTF8')) \gset
SELECT pgtoken.revoke_client_secret('exchange', :'first_id');
SELECT pgtoken.revoke_client_secret('exchange', :'first_id') AS again;
SELECT pgtoken.revoke_client_secret('web', :'first_id') AS of_another_client;
SELECT test.brief(pgtoken.refresh_grant(:'rt', 'exchange', test.secret('exchange'))) AS with_revoked;
SELECT test.brief(r) AS with_second, refresh_token AS rt
FROM pgtoken.refresh_grant(:'rt', 'exchange', :'second') r \gset
\echo :with_second
SELECT (pgtoken.create_client_secret('exchange', clock_timestamp() + '1 hour')).client_secret AS third \gset
SELECT test.brief(r) AS with_third, refresh_token AS rt
FROM pgtoken.refresh_grant(:'rt', 'exchange', :'third') r \gset
\echo :with_third
UPDATE pgtoken.client_secrets SET expires_at = clock_timestamp() - interval '1 second'
WHERE client_id = 'exchange' AND expires_at IS NOT NULL;
SELECT test.brief(pgtoken.refresh_grant(:'rt', 'exchange', :'third')) AS with_expired;
-- a hash is no secret: who reads the table cannot authenticate with what he read
SELECT test.brief(pgtoken.refresh_grant(:'rt', 'exchange', encode(s.secret_hash, f))) AS with_hash
FROM pgtoken.client_secrets s, unnest(ARRAY['hex', 'base64']) f
WHERE s.client_id = 'exchange' AND s.revoked_at IS NULL AND s.expires_at IS NULL;
SELECT test.outcome($$SELECT pgtoken.create_client_secret('app')$$) AS public_client;
SELECT test.outcome($$SELECT pgtoken.create_client_secret('nobody')$$) AS unknown_client;
SELECT test.outcome($$SELECT pgtoken.create_client_secret(NULL)$$) AS no_client;

-- A client that is switched off authenticates no more, and comes back unharmed.
SELECT pgtoken.update_client('exchange', enabled => false);
SELECT test.brief(pgtoken.refresh_grant(:'rt', 'exchange', :'second'));
SELECT test.brief(pgtoken.issue_tokens('exchange', 'alice'));
SELECT pgtoken.update_client('exchange', enabled => true);
SELECT test.brief(pgtoken.refresh_grant(:'rt', 'exchange', :'second'));

-- The second issuer: keys, APIs and clients of its own; nothing leaks across.
SELECT length(pgtoken.create_signing_key('EdDSA', 'https://other.example/tenant')) AS kid_length;
SELECT pgtoken.create_resource('https://orders.example', '{orders.read}', issuer => 'https://other.example/tenant');
SELECT pgtoken.create_resource('https://only-there.example', issuer => 'https://other.example/tenant');
SELECT test.outcome($$SELECT pgtoken.create_client('c', resources => '{https://only-there.example}')$$);
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('tenant', scopes => '{openid,orders.read}',
	offline_access => true, issuer => 'https://other.example/tenant');
SELECT access_token AS at, refresh_token AS rt, test.brief(r) AS brief
FROM pgtoken.issue_tokens('tenant', 'alice', 'openid offline_access') r \gset
\echo :brief
SELECT test.header(:'at') - 'kid' AS header, test.claims(:'at') ->> 'iss' AS iss, test.claims(:'at') ->> 'aud' AS aud;
SELECT pgtoken.verify_access_token(:'at') ->> 'iss' AS verified;
SELECT test.brief(pgtoken.refresh_grant(:'rt', 'tenant', test.secret('tenant')));
SELECT test.brief(pgtoken.issue_tokens('web', 'alice', 'openid', '{https://only-there.example}')) AS web,
	   test.brief(pgtoken.issue_tokens('tenant', 'alice', 'openid', '{https://only-there.example}')) AS tenant;
SELECT jsonb_array_length(pgtoken.jwks() -> 'keys') AS ours,
	   jsonb_array_length(pgtoken.jwks('https://other.example/tenant') -> 'keys') AS theirs,
	   pgtoken.jwks('https://unknown.example') AS unknown;

-- Lifetimes (functions.md): years and months go by the calendar, and no setting allows
-- what a client may not have.
-- Fault: a year was 360 days, and 3650 days were more than ten years.
SELECT l, test.outcome(format($$SELECT pgtoken.update_client('full', refresh_absolute_lifetime => %L, refresh_idle_lifetime => %L)$$, l, l)) AS outcome
FROM unnest('{1 year,3650 days,10 years,3653 days,3654 days,121 months,10 years 1 second,59 seconds,-1 year,1 month -29 days,2 months -1 day}'::text[]) WITH ORDINALITY u (l, n) ORDER BY n;
CREATE FUNCTION test.lives(lifetime interval) RETURNS text LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
	family pgtoken.grants;
	made uuid;
BEGIN
	PERFORM pgtoken.update_client('full', offline_access => true, refresh_absolute_lifetime => lifetime, refresh_idle_lifetime => lifetime);
	SELECT t.grant_id INTO made FROM pgtoken.issue_tokens('full', 'alice', 'offline_access a') t;
	SELECT g.* INTO family FROM pgtoken.grants g WHERE g.grant_id = made;
	RETURN concat_ws(' ', family.expires_at BETWEEN family.created_at + lifetime - interval '1 second' AND family.created_at + lifetime + interval '1 second',
					 family.created_at + family.idle_lifetime BETWEEN family.created_at + lifetime - interval '1 second' AND family.created_at + lifetime + interval '1 second');
END
$$;
SELECT l, test.lives(l) AS absolute_and_idle FROM unnest('{1 minute,1 month,3 months,1 year,1 year 2 months 3 days,3650 days,10 years}'::interval[]) WITH ORDINALITY u (l, n) ORDER BY n;
SELECT pgtoken.update_client('full', reset => '{refresh_absolute_lifetime,refresh_idle_lifetime}');
SELECT l, test.outcome(format($$SELECT pgtoken.update_resource('urn:example:api', max_age => %L)$$, l)) AS outcome FROM unnest('{1 year,3650 days,121 months}'::text[]) WITH ORDINALITY u (l, n) ORDER BY n;
SELECT pgtoken.update_resource('urn:example:api', reset => '{max_age}');

-- Fault: a secret whose end has passed is made and shown, and opens nothing.
SELECT e, test.outcome(format($$SELECT pgtoken.create_client_secret('exchange', %L)$$, e)) AS outcome
FROM unnest('{yesterday,-infinity,2000-01-01,tomorrow,infinity}'::text[]) WITH ORDINALITY u (e, n) ORDER BY n;
SELECT test.outcome($$SELECT pgtoken.create_client_secret('exchange', label => repeat('x', 256))$$) AS long_label;
-- what is returned names it
SELECT client_secret AS labelled, secret_id AS labelled_id FROM pgtoken.create_client_secret('exchange', label => 'the new host') \gset
SELECT label, secret_hash = sha256(convert_to(:'labelled', 'UTF8')) AS of_this_secret FROM pgtoken.client_secrets WHERE client_id = 'exchange' AND secret_id = :'labelled_id';
SELECT pgtoken.revoke_client_secret('exchange', :'labelled_id') AS revoked;

-- Fault: an algorithm for which there is no key is named, and each refresh fails from then on.
SELECT test.outcome($$SELECT pgtoken.update_client('app', signing_alg => 'EdDSA')$$) AS client, test.outcome($$SELECT pgtoken.update_issuer('https://id.example', 'EdDSA')$$) AS issuer;
SELECT signing_alg FROM pgtoken.clients WHERE client_id = 'app';
BEGIN;
SELECT length(pgtoken.create_signing_key('EdDSA')) AS kid_length;
SELECT pgtoken.update_client('app', signing_alg => 'EdDSA') AS client, pgtoken.update_issuer('https://id.example', 'EdDSA') AS issuer;
ROLLBACK;

-- Fault: the sub that a client knows its users by is changed under living families.
BEGIN;
SELECT test.outcome($$SELECT pgtoken.create_client('sectors', 'public', redirect_uris => '{https://one.example/cb}', offline_access => true)$$) AS made;
SELECT pgtoken.update_client('sectors', metadata => '{"subject_type": "pairwise"}') AS while_it_has_none;
SELECT refresh_token AS rt FROM pgtoken.issue_tokens('sectors', 'alice', 'openid offline_access') \gset
SELECT c, test.outcome(format($$SELECT pgtoken.update_client('sectors', %s)$$, c)) AS outcome
FROM unnest(ARRAY['metadata => ''{"subject_type": "public"}''', 'metadata => ''{"subject_type": null}''', 'metadata => ''{"sector_identifier": "other.example"}''',
				  'redirect_uris => ''{https://two.example/cb}''', 'redirect_uris => ''{https://one.example/cb2}''', 'client_name => ''Sectors''']) WITH ORDINALITY u (c, n) ORDER BY n;
SELECT test.brief(pgtoken.refresh_grant(:'rt')) AS goes_on;
SELECT pgtoken.revoke_client('sectors') IS NOT NULL AS ended, pgtoken.update_client('sectors', metadata => '{"subject_type": "public"}') AS then;
ROLLBACK;
