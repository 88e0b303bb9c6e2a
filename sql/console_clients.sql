-- The console's clients, APIs and keys: what each role sees and changes by it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer('https://east.example') AS east, pgtoken.create_issuer('https://west.example') AS west,
	   pgtoken.update_issuer('https://east.example', login_uri => 'https://east.example/login') AS login_page;
CREATE ROLE regress_looks IN ROLE pgtoken_auditor;
CREATE ROLE regress_administers IN ROLE pgtoken_admin;
CREATE ROLE regress_east;
SELECT pgtoken.grant_administration('https://east.example', 'regress_east') AS granted;
GRANT USAGE ON SCHEMA test TO regress_looks, regress_administers, regress_east;
CREATE FUNCTION test.console(name text, arguments jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	EXECUTE format('SELECT pgtoken_console.%I($1)', name) INTO answer USING arguments;
	RETURN answer;
END $$;
-- as a page gets it where it is refused
CREATE FUNCTION test.console_error(name text, arguments jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
	said text;
	more text;
	advice text;
BEGIN
	EXECUTE format('SELECT pgtoken_console.%I($1)', name) INTO answer USING arguments;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL, advice = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, said, nullif(more, ''), nullif(advice, ''));
END $$;
GRANT EXECUTE ON FUNCTION test.console, test.console_error TO regress_looks, regress_administers, regress_east;

-- A key: the first one signs at once.
SET ROLE regress_administers;
SELECT (test.console('create_signing_key', '{"issuer": "https://east.example", "alg": "ES256"}') ->> 'kid') IS NOT NULL AS first;

-- Clients: made, with a secret that is shown once; null is the default, and goes back to it.
SELECT a ->> 'client_id' AS client_id, a ->> 'client_secret' ~ '^pgtcs_' AS secret FROM test.console('create_client', '{"client_id": "east_app", "issuer": "https://east.example", "scopes": ["openid", "read"], "redirect_uris": ["https://east.example/cb"], "offline_access": true, "client_name": "East <b>app</b>", "access_token_lifetime": "5 minutes", "retry_limit": null, "metadata": {"consent_required": false}}') a;
SELECT test.console('create_client', '{"client_id": "east_spa", "issuer": "https://east.example", "client_type": "public"}');
SELECT a ->> 'client_id' AS client_id FROM test.console('create_client', '{"client_id": "west_app", "issuer": "https://west.example", "metadata": {"contacts": ["hidden@west.example"]}}') a;
SELECT test.console('update_client', '{"client_id": "east_app", "access_token_lifetime": null, "client_name": "East", "lockstep_generations": 4, "metadata": {"consent_required": null, "max_sessions": 3}}'),
	   test.console('update_client', '{"client_id": "nobody", "client_name": "x"}') AS unknown;
SELECT c ->> 'client_name' AS name, c -> 'access_token_lifetime' AS lifetime, c -> 'lockstep_generations' AS lockstep, c -> 'metadata' AS metadata, c ?| '{epoch,epochs_since_end,not_before_epoch}' AS epochs
FROM (SELECT test.console('client', '{"client_id": "east_app"}') -> 'client') a (c);
RESET ROLE;

-- The list: by key, in pages, by what a name begins with.
SET ROLE regress_looks;
SELECT r ->> 'client_id' AS client_id, r -> 'auth_methods' AS auth_methods, r -> 'redirect_uris' AS redirect_uris FROM jsonb_array_elements(test.console('clients', '{"issuer": "https://east.example"}') -> 'rows') r;
SELECT (SELECT string_agg(r ->> 'client_id', ' ') FROM jsonb_array_elements(p -> 'rows') r) AS page, p ->> 'next' AS next, test.console('clients', jsonb_build_object('issuer', 'https://east.example', 'limit', 1, 'after', p -> 'next')) #>> '{rows,0,client_id}' AS second,
	   test.console('clients', '{"issuer": "https://east.example", "limit": 2}') -> 'next' AS no_more
FROM test.console('clients', '{"issuer": "https://east.example", "limit": 1}') p;
SELECT s, (SELECT string_agg(r ->> 'client_id', ' ') FROM jsonb_array_elements(test.console('clients', jsonb_build_object('search', s)) -> 'rows') r) AS found FROM unnest('{east_s,eAST,West_,west_,"%",%_app}'::text[]) WITH ORDINALITY u (s, n) ORDER BY n;
SELECT test.console('client', '{"client_id": "nobody"}') AS nobody;
SELECT a -> 'choices' ->> 'client_type' AS client_types, a #>> '{settings,access_token_lifetime}' AS lifetime, a -> 'issuer' AS issuer, a -> 'resources' AS resources FROM test.console('client_form', '{"issuer": "https://east.example"}') a;
RESET ROLE;

-- Secrets: a second one, its label, taken back.
SET ROLE regress_administers;
SELECT a ->> 'secret_id' AS secret, a ->> 'client_secret' ~ '^pgtcs_' AS shown FROM test.console('create_client_secret', '{"client_id": "east_app", "label": "ci", "expires_at": "2999-01-01T00:00:00Z"}') a \gset
SELECT :'shown' AS shown, test.console('revoke_client_secret', jsonb_build_object('client_id', 'east_app', 'secret_id', :'secret')) AS revoked, test.console('revoke_client_secret', jsonb_build_object('client_id', 'east_app', 'secret_id', :'secret')) AS again;
SELECT s ->> 'label' AS label, s ->> 'state' AS state, s -> 'last_used_at' AS last_used_at, (SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(s) k) AS members FROM jsonb_array_elements(test.console('client', '{"client_id": "east_app"}') -> 'secrets') s;
-- Attack shut out: who reads finds a secret or its hash in what the console answers.
SELECT test.console('client', '{"client_id": "east_app"}')::text ~ 'pgtcs_|secret_hash' AS told;

-- Living families, counted in bounded time.
RESET ROLE;
SELECT count(i) AS issued FROM generate_series(1, 3) n, LATERAL pgtoken.issue_tokens('east_app', 'alice' || n, 'read offline_access') i;
SELECT count(*) AS ended FROM pgtoken.grants g, LATERAL pgtoken.revoke_family(g.grant_id) WHERE g.client_id = 'east_app' AND g.subject = 'alice1';
SET ROLE regress_looks;
SELECT a -> 'living' AS living, a -> 'at_least' AS at_least, a -> 'last_answer_at' <> 'null' AS answered FROM test.console('client_families', '{"client_id": "east_app"}') a;
SELECT test.console('client_families', '{"client_id": "west_app"}');
RESET ROLE;

-- Refused redirect URIs, and one of them added: those that are there stay.
SELECT string_agg(test.brief(test.http('authorize', 'response_type=code&client_id=east_app&redirect_uri=' || u, '{"host": "east.example", "x-forwarded-proto": "https"}', 'GET')), ', ') AS refused
FROM unnest('{https%3A%2F%2Feast.example%2Fcb2,https%3A%2F%2Feast.example%2Fcb2,https%3A%2F%2Fevil.example%2F%E2%80%AE}'::text[]) u;
SET ROLE regress_administers;
SELECT r ->> 'redirect_uri' AS redirect_uri, r -> 'requests' AS requests, r -> 'whole' AS whole FROM jsonb_array_elements(test.console('refused_redirect_uris', '{"client_id": "east_app"}') -> 'rows') r ORDER BY 1;
SELECT test.console('add_redirect_uri', '{"client_id": "east_app", "redirect_uri": "https://east.example/cb2"}') AS added, test.console('add_redirect_uri', '{"client_id": "east_app", "redirect_uri": "https://east.example/cb2"}') AS again,
	   test.console('client', '{"client_id": "east_app"}') #> '{client,redirect_uris}' AS redirect_uris;
SELECT count(*) AS left FROM jsonb_array_elements(test.console('refused_redirect_uris', '{"client_id": "east_app"}') -> 'rows');
-- Attack shut out: two administrators have the form open, and the second brings back the
-- redirect URI that the first has taken out.
SELECT test.console('update_client', '{"client_id": "east_app", "redirect_uris": ["https://east.example/cb"], "seen": {"redirect_uris": ["https://east.example/cb", "https://east.example/cb2"]}}') AS first,
	   test.console_error('update_client', '{"client_id": "east_app", "redirect_uris": ["https://east.example/cb", "https://east.example/cb2", "https://east.example/cb3"], "seen": {"redirect_uris": ["https://east.example/cb", "https://east.example/cb2"]}}') AS second;

-- Mistakes say which field they are about.
SELECT a, test.console_error('create_client', '{"client_id": "slip", "issuer": "https://east.example"}'::jsonb || a) AS error FROM unnest(ARRAY['{"access_token_lifetime": "soon"}', '{"access_token_lifetime": "2 days"}', '{"refresh_idle_lifetime": "1 second"}', '{"retry_limit": 1.5}', '{"retry_limit": "3"}', '{"scopes": "openid"}',
	'{"scopes": ["a b"]}', '{"redirect_uris": [1]}', '{"redirect_uris": ["javascript:alert(1)"]}', '{"metadata": {"logo_uri": "javascript:alert(1)"}}', '{"metadata": []}', '{"client_id": "\u00e4"}', '{"client_type": "robot"}', '{"offline_access": "yes"}', '{"resources": ["https://nowhere.example"]}', '{"signing_alg": "none"}',
	'{"colour": "red"}', '{"if_not_exists": true}', '{"client_id": "east_app"}']::jsonb[]) WITH ORDINALITY u (a, n) ORDER BY n;
SELECT f, test.console_error(f, a::jsonb) AS error FROM (VALUES ('clients', '{"limit": 201}'), ('clients', '{"limit": "1"}'), ('clients', '{"offset": 3}'), ('clients', '[]'), ('client', '{}'), ('update_client', '{"client_id": "east_app", "scopes": null}'), ('update_client', '{"client_id": "east_app", "reset": ["client_name"]}'),
	('create_client_secret', '{"client_id": "east_spa"}'), ('create_client_secret', '{"client_id": "east_app", "expires_at": "soon"}'), ('revoke_client_secret', '{"client_id": "east_app", "secret_id": "x"}'), ('add_redirect_uri', '{"client_id": "east_app"}'), ('delete_client', '{"client_id": "east_app"}'), ('refused_redirect_uris', '{}')) u (f, a);
-- Attack shut out: an argument's name or value becomes SQL.
SELECT test.console_error('create_client', '{"client_id": "east_evil", "client_type\" => ''public''); SELECT pg_sleep(9); --": "x"}') AS name, test.console_error('create_client', '{"client_id": "east_evil", "client_type": "public'', issuer => ''https://west.example"}') AS value;
RESET ROLE;

-- APIs
SET ROLE regress_administers;
SELECT test.console('create_resource', '{"resource": "https://api.east.example", "issuer": "https://east.example", "scopes": ["read"], "required_acr": ["phr"], "max_age": "1 hour", "resource_name": "East API"}'),
	   test.console('create_resource', '{"resource": "https://api2.east.example", "issuer": "https://east.example"}') AS second, test.console('create_resource', '{"resource": "https://api.west.example", "issuer": "https://west.example"}') AS west;
SELECT test.console('update_resource', '{"resource": "https://api.east.example", "issuer": "https://east.example", "max_age": null, "access_token_lifetime": "2 minutes"}') AS updated, test.console('update_resource', '{"resource": "https://none.example", "issuer": "https://east.example"}') AS unknown;
SELECT r ->> 'resource' AS resource, r -> 'required_acr' AS required_acr, r -> 'max_age' AS max_age, r ->> 'access_token_lifetime' AS lifetime FROM jsonb_array_elements(test.console('resources', '{"issuer": "https://east.example", "search": "https://api"}') -> 'rows') r;
SELECT p ->> 'next' AS next, test.console('resources', jsonb_build_object('issuer', 'https://east.example', 'limit', 1, 'after', p -> 'next')) #>> '{rows,0,resource}' AS second FROM test.console('resources', '{"issuer": "https://east.example", "limit": 1}') p;
SELECT a, test.console_error('create_resource', '{"resource": "https://slip.example", "issuer": "https://east.example"}'::jsonb || a) AS error FROM unnest(ARRAY['{"resource": "slip"}', '{"max_age": "0"}', '{"required_acr": [""]}', '{"client_id": "east_spa"}', '{"access_token_lifetime": "1 second"}', '{"on_insufficient": "shrug"}', '{"resource": "https://API.east.example/"}']::jsonb[]) WITH ORDINALITY u (a, n) ORDER BY n;
SELECT test.console('delete_resource', '{"resource": "https://api2.east.example", "issuer": "https://east.example"}') AS deleted, test.console('delete_resource', '{"resource": "https://api2.east.example", "issuer": "https://east.example"}') AS again;

-- Keys: published, rotated, retired; what verifies, and what is next.
SELECT a -> 'kid' AS kid, a ->> 'may_sign_from' IS NOT NULL AS later FROM test.console('rotate_signing_key', '{"issuer": "https://east.example", "alg": "ES256"}') a;
SELECT r ->> 'state' AS state, r -> 'published' AS published, r ->> 'verifies' AS verifies, (SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(r) k) = 'activated_at alg created_at issuer kid published retire_reason retired_at retires_at retiring_at state uri verifies' AS members
FROM jsonb_array_elements(test.console('keys', '{"issuer": "https://east.example"}') -> 'rows') r ORDER BY 1;
SELECT l ->> 'alg' AS alg, l -> 'is_default' AS is_default, l -> 'clients' AS clients, l -> 'retiring' AS retiring, (l ->> 'may_sign_from')::timestamptz > (a ->> 'now')::timestamptz AS waits, (l ->> 'successor_at')::timestamptz < (l ->> 'due_at')::timestamptz AS in_order
FROM test.console('key_life', '{"issuer": "https://east.example"}') a, jsonb_array_elements(a -> 'algs') l;
SELECT l ->> 'pending' AS pending, l ->> 'active' AS old FROM jsonb_array_elements(test.console('key_life', '{"issuer": "https://east.example"}') -> 'algs') l \gset
SELECT a ->> 'kid' = :'pending' AS the_next_one, a -> 'may_sign_from' AS may_sign_from FROM test.console('rotate_signing_key', '{"issuer": "https://east.example", "alg": "ES256", "force": true}') a;
SELECT test.console('retire_signing_key', jsonb_build_object('kid', :'old', 'reason', 'lost')) AS retired, test.console('retire_signing_key', jsonb_build_object('kid', :'old', 'reason', 'lost')) AS again;
SELECT r ->> 'state' AS state, r -> 'published' AS published, r ->> 'verifies' AS verifies, r ->> 'retire_reason' AS reason FROM jsonb_array_elements(test.console('keys', '{"issuer": "https://east.example"}') -> 'rows') r ORDER BY 1;
SELECT p ->> 'next' = p #>> '{rows,0,kid}' AS next, jsonb_array_length(test.console('keys', jsonb_build_object('issuer', 'https://east.example', 'limit', 1, 'after', p -> 'next')) -> 'rows') AS behind, test.console('keys', '{"after": "none"}') -> 'rows' AS after_none
FROM test.console('keys', '{"issuer": "https://east.example", "limit": 1}') p;
-- Attack shut out: a private key is brought in over the network, where a log may keep it; or one is read.
SELECT test.console_error('create_signing_key', '{"issuer": "https://east.example", "alg": "HS256", "private_key": "c2VjcmV0"}') AS brought, test.console('keys', '{}')::text ~ 'private|"d":' AS told;
SELECT f, test.console_error(f, a::jsonb) AS error FROM (VALUES ('create_signing_key', '{"issuer": "https://east.example", "alg": "none"}'), ('create_signing_key', '{"issuer": "https://east.example", "alg": "ES256", "uri": "file:x"}'), ('rotate_signing_key', '{"issuer": "https://nowhere.example", "alg": "ES256"}'), ('create_audit_key', '{"alg": "HS256"}')) u (f, a);
RESET ROLE;

-- Attack shut out: who looks changes something.
SET ROLE regress_looks;
SELECT f, test.console_error(f, '{"client_id": "east_app", "client_name": "mine"}') AS error FROM unnest('{create_client,update_client,delete_client,revoke_client,create_client_secret,revoke_client_secret,add_redirect_uri,create_resource,update_resource,delete_resource,rotate_signing_key,create_signing_key,retire_signing_key,create_audit_key,call_administration}'::text[]) WITH ORDINALITY u (f, n) ORDER BY n;
RESET ROLE;

-- An administrator of one issuer has its clients and APIs, and no keys.
SET ROLE regress_east;
SELECT string_agg(r ->> 'client_id', ' ') AS clients, (SELECT string_agg(r ->> 'resource', ' ') FROM jsonb_array_elements(test.console('resources', '{}') -> 'rows') r) AS resources FROM jsonb_array_elements(test.console('clients', '{}') -> 'rows') r;
SELECT test.console('create_client', '{"client_id": "east_two", "client_type": "public"}') AS created, test.console('update_client', '{"client_id": "east_two", "enabled": false}') AS updated, test.console('add_redirect_uri', '{"client_id": "east_two", "redirect_uri": "https://east.example/two"}') AS added,
	   test.console('delete_client', '{"client_id": "east_two"}') AS deleted, test.console('update_resource', '{"resource": "https://api.east.example", "enabled": false}') AS resource,
	   jsonb_array_length(test.console('refused_redirect_uris', '{"client_id": "east_app"}') -> 'rows') AS refused, jsonb_array_length(test.console('client', '{"client_id": "east_app"}') -> 'secrets') AS secrets;
-- Attack shut out: what is another issuer's, and keys.
SELECT f, a, test.console_error(f, a::jsonb) AS error FROM (VALUES ('create_client', '{"client_id": "mine", "issuer": "https://west.example"}'), ('update_client', '{"client_id": "west_app", "redirect_uris": ["https://evil.example"]}'), ('add_redirect_uri', '{"client_id": "west_app", "redirect_uri": "https://evil.example"}'), ('delete_client', '{"client_id": "west_app"}'),
	('revoke_client', '{"client_id": "west_app"}'), ('create_client_secret', '{"client_id": "west_app"}'), ('refused_redirect_uris', '{"client_id": "west_app"}'), ('update_resource', '{"resource": "https://api.west.example", "issuer": "https://west.example", "enabled": false}'), ('client_families', '{"client_id": "east_app"}'), ('keys', '{}'), ('key_life', '{"issuer": "https://east.example"}'),
	('rotate_signing_key', '{"issuer": "https://east.example"}'), ('create_signing_key', '{"issuer": "https://east.example"}'), ('retire_signing_key', '{"kid": "x"}')) u (f, a);
SELECT test.console('client', '{"client_id": "west_app"}') AS west, test.console('client_form', '{"issuer": "https://west.example"}') -> 'issuer' AS issuer, test.console('resources', '{"issuer": "https://west.example"}') -> 'rows' AS resources;
RESET ROLE;

-- What pgtoken_issuer, pgtoken_http and PUBLIC may: nothing.
SELECT r, count(*) FROM unnest('{pgtoken_issuer,pgtoken_http,pgtoken_courier,public}'::text[]) r JOIN pg_proc p ON p.pronamespace = 'pgtoken_console'::regnamespace AND has_function_privilege(r, p.oid, 'EXECUTE') GROUP BY r;

SELECT pgtoken.revoke_administration('https://east.example', 'regress_east') AS revoked;
REVOKE USAGE ON SCHEMA test FROM regress_looks, regress_administers, regress_east;
DROP FUNCTION test.console, test.console_error;
DROP ROLE regress_looks, regress_administers, regress_east;
