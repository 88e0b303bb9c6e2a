-- What the courier fetches for clients that nobody has registered: documents that a
-- client_id names, and those of a sector_identifier_uri.
\set SHOW_CONTEXT never
SELECT test.courier();
SELECT pgtoken.create_issuer('https://doc.example');
SELECT length(pgtoken.create_signing_key('ES256', 'https://doc.example')) AS kid_length;
SELECT pgtoken.create_resource('https://doc-api.example', '{doc.read}', issuer => 'https://doc.example');
SELECT pgtoken.update_issuer('https://doc.example', login_uri => 'https://doc.example/login');
CREATE FUNCTION test.doc_request(method text, path text, body text DEFAULT NULL, VARIADIC headers text[] DEFAULT '{}') RETURNS test.answer LANGUAGE sql
BEGIN ATOMIC
	SELECT h.status, CASE WHEN h.body <> '' THEN convert_from(h.body, 'UTF8')::jsonb END,
		   (SELECT jsonb_object_agg(lower(h.headers[i]), h.headers[i + 1]) FROM generate_series(1, cardinality(h.headers), 2) i)
	FROM pgtoken_http.handle(method, path, ARRAY['host', 'doc.example'] || headers, convert_to(body, 'UTF8'), '{}') h;
END;
-- where the browser goes, without what differs each time
CREATE FUNCTION test.doc_asked(client text, redirect_uri text DEFAULT 'http://localhost:4711/cb') RETURNS text LANGUAGE sql
	RETURN (SELECT concat_ws(' ', a.status, a.body ->> 'error', regexp_replace(a.headers ->> 'location', '(transaction_id=).*', '\1'))
			FROM test.doc_request('GET', '/oauth2/authorize?' || test.form('client_id', client, 'redirect_uri', redirect_uri, 'response_type', 'code', 'scope', 'openid', 'state', 's',
				'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256')) a);
CREATE FUNCTION test.doc_why(client text) RETURNS SETOF text LANGUAGE sql
	RETURN (SELECT r.registered FROM pgtoken.refused_requests(client) r LIMIT 1);
CREATE FUNCTION test.doc_body(client text, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql
	RETURN ('{"client_name": "Agent", "redirect_uris": ["http://localhost/cb", "https://agent.example/cb"], "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], "token_endpoint_auth_method": "none", "application_type": "native", "logo_uri": "https://agent.example/logo.png", "client_uri": "https://agent.example"}'::jsonb || jsonb_build_object('client_id', client) || more)::text;

-- Off unless it is said: no wish, no client, nobody is told
SELECT test.doc_asked('https://agent.example/client.json') AS off, test.doc_why('https://agent.example/client.json');
SELECT n, test.detail(format('SELECT pgtoken.set_registration_policy(%L, %L)', policy, 'https://doc.example')) AS outcome
FROM (VALUES (1, '{"client_id_metadata_documents": "on"}'), (2, '{"client_id_metadata_documents": true}'), (3, '{"document_hosts": ["https://a.example"]}'), (4, '{"document_hosts": ["a.example:0"]}'), (5, '{"document_hosts": "a.example"}'), (6, '{"max_documents": "1"}')) v (n, policy) ORDER BY n;
SELECT pgtoken.server_metadata('https://doc.example', false) ->> 'client_id_metadata_document_supported' AS announced;
SELECT pgtoken.set_registration_policy('{"client_id_metadata_documents": "open"}', 'https://doc.example') ->> 'client_id_metadata_documents' AS set;
SELECT pgtoken.server_metadata('https://doc.example', false) ->> 'client_id_metadata_document_supported' AS announced;
-- nor is anybody told while there is no courier, and health() says what does not work
UPDATE pgtoken.couriers SET seen_at = now() - interval '61 seconds';
SELECT pgtoken.update_issuer('https://doc.example', registration => 'token'), pgtoken.create_trusted_issuer('https://far.example', jwks_uri => 'https://far.example/keys', issuer => 'https://doc.example');
SELECT pgtoken.server_metadata('https://doc.example', false) ->> 'client_id_metadata_document_supported' AS announced;
SELECT w FROM pgtoken.courier_wanting() w WHERE w ~ '(doc|far).example';
SELECT pgtoken.update_issuer('https://doc.example', registration => 'off'), pgtoken.delete_trusted_issuer('https://far.example', 'https://doc.example');
SELECT test.courier();

-- Attack shut out: a client_id has the service fetch from itself or its neighbours, or one
-- document is a client under many names. None of these becomes a wish.
SELECT u AS client_id, test.doc_asked(u) AS answer
FROM unnest('{http://agent.example/c,https://agent.example,https://agent.example/c?x=1,https://agent.example/c#f,https://user@agent.example/c,https://agent.example@evil.example/c,https://agent.example/a/../c,https://agent.example/%2e%2e/c,https://AGENT.example/c,HTTPS://agent.example/c,https://agent.example:443/c,https://agent.example:8443/c,https://localhost/c,https://a.localhost/c,https://127.0.0.1/c,https://127.1/c,https://2130706433/c,https://0x7f.1/c,https://[::1]/c,https://169.254.169.254/latest,https://intranet/c,https://agent.example./c,https://agent.example/c d}'::text[]) WITH ORDINALITY x (u, n) ORDER BY n;
SELECT count(*) AS wishes FROM pgtoken.courier_work WHERE kind = 'document';

-- The first request waits; the document makes the client, and the same request goes on
SELECT test.doc_asked('https://agent.example/client.json') AS first, test.doc_asked('https://agent.example/client.json') AS again;
SELECT count(*) AS clients FROM pgtoken.clients WHERE issuer = 'https://doc.example';
SELECT test.fetched('https://agent.example/client.json', test.doc_body('https://agent.example/client.json'));
SELECT test.doc_asked('https://agent.example/client.json') AS then_login, test.doc_asked('https://agent.example/client.json', 'http://localhost:9/cb') AS any_port;
SELECT client_type, enabled, client_name, redirect_uris, offline_access, scopes, metadata, r.origin FROM pgtoken.clients c JOIN pgtoken.registrations r USING (client_id) WHERE c.client_id = 'https://agent.example/client.json';
-- Attack shut out: a code goes where another's document says, or where none does.
SELECT test.doc_asked('https://agent.example/client.json', 'https://evil.example/cb') AS elsewhere, test.doc_asked('https://agent.example/client.json', 'http://localhost.evil.example/cb') AS looks_like;
-- it has no registration that anybody could change
SELECT test.brief(test.doc_request('GET', '/oauth2/register/https%3A%2F%2Fagent.example%2Fclient.json', NULL, 'authorization', 'Bearer x')) AS registration;

-- C149: What a document must not say
CREATE TABLE test.doc_bad AS SELECT n, 'https://bad-' || n || '.example/c' AS u, test.doc_body(CASE n WHEN 1 THEN 'https://agent.example/client.json' WHEN 2 THEN 'https://bad-2.example/c/' ELSE 'https://bad-' || n || '.example/c' END, more) AS body
FROM (VALUES (1, '{}'::jsonb), (2, '{}'), (3, '{"client_id": null}'), (4, '{"client_secret": "x"}'), (5, '{"token_endpoint_auth_method": "client_secret_basic"}'), (6, '{"token_endpoint_auth_method": "client_secret_jwt"}'),
	(7, '{"redirect_uris": []}'), (8, '{"redirect_uris": ["http://agent.example/cb"]}'), (9, '{"token_endpoint_auth_method": "private_key_jwt"}'), (10, '{"client_secret_expires_at": 0}'), (11, '{"redirect_uris": ["javascript:alert(1)"]}')) v (n, more);
INSERT INTO test.doc_bad VALUES (12, 'https://bad-12.example/c', '{"client_id": "https://bad-12.example/c", "client_id": "x", "redirect_uris": ["https://bad-12.example/cb"]}');
SELECT test.doc_asked(u) AS waits, count(*) FROM test.doc_bad GROUP BY 1;
SELECT test.fetched(u, body) AS fetched, count(*) FROM test.doc_bad GROUP BY 1;
SELECT n, test.doc_asked(u) AS answer, test.doc_why(u) FROM test.doc_bad ORDER BY n;
SELECT count(*) AS clients FROM pgtoken.clients WHERE issuer = 'https://doc.example';

-- What the page is told of such a client
SELECT pgtoken.set_registration_policy('{"client_id_metadata_documents": "open"}', 'https://doc.example') IS NOT NULL AS still_open;
SET pgtoken.http_issuer = 'https://doc.example';
CREATE FUNCTION test.doc_tx(client text) RETURNS text LANGUAGE sql
	RETURN (SELECT test.query(a.headers ->> 'location', 'transaction_id')
			FROM test.doc_request('GET', '/oauth2/authorize?' || test.form('client_id', client, 'redirect_uri', 'http://localhost:4711/cb', 'response_type', 'code', 'scope', 'openid offline_access', 'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256')) a);
SELECT test.doc_tx('https://agent.example/client.json') AS tx \gset
SELECT t - ARRAY['created_at', 'expires_at', 'code_challenge', 'code_challenge_method'] AS told FROM pgtoken.authorization_request(:'tx') t;
-- and its user gets tokens for it, at any port of the device
SELECT test.query(redirect_uri, 'code') AS code, error FROM pgtoken.approve_authorization(:'tx', 'alice', consent => 'openid offline_access', auth_time => now()) \gset
SELECT test.brief(test.doc_request('POST', '/oauth2/token', test.form('grant_type', 'authorization_code', 'code', :'code', 'client_id', 'https://agent.example/client.json', 'redirect_uri', 'http://localhost:4711/cb', 'code_verifier', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'))) AS tokens;
SELECT count(*) AS uses FROM pgtoken.registration_uses WHERE client_id = 'https://agent.example/client.json';
-- Attack shut out: another program of the device comes by the client's name, which everybody knows, and has a code
-- without a word for what the user has agreed to once.
SELECT test.doc_tx('https://agent.example/client.json') AS tx \gset
SELECT pgtoken.consent_missing(:'tx', 'alice') AS missing;
SELECT error, redirect_uri IS NOT NULL AS sent FROM pgtoken.approve_authorization(:'tx', 'alice', auth_time => now());
SELECT error, redirect_uri IS NOT NULL AS sent FROM pgtoken.approve_authorization(:'tx', 'alice', consent => 'openid offline_access', auth_time => now());

-- A document that changes: the request goes by what it says now, and the audit has it.
-- Attack shut out: a code is sent where a document said so when the user came, and no longer
-- does when he answers.
SELECT test.doc_tx('https://agent.example/client.json') AS tx \gset
UPDATE pgtoken.documents SET fetched_at = fetched_at - interval '2 days', fresh_until = now() - interval '1 second' WHERE url = 'https://agent.example/client.json';
SELECT test.doc_asked('https://agent.example/client.json') AS waits;
SELECT test.fetched('https://agent.example/client.json', test.doc_body('https://agent.example/client.json', '{"client_name": "Agent 2", "redirect_uris": ["https://agent.example/cb"]}'));
SELECT test.doc_asked('https://agent.example/client.json') AS gone, test.doc_asked('https://agent.example/client.json', 'https://agent.example/cb') AS there;
SELECT error, redirect_uri IS NOT NULL AS sent FROM pgtoken.approve_authorization(:'tx', 'alice', consent => 'openid', auth_time => now());
SELECT client_name, redirect_uris FROM pgtoken.clients WHERE client_id = 'https://agent.example/client.json';
SELECT event, detail FROM pgtoken.audit_events WHERE client_id = 'https://agent.example/client.json' AND event IN ('client.registered', 'client.document_changed') ORDER BY occurred_at;
-- the same document once more changes nothing
UPDATE pgtoken.documents SET fresh_until = now() - interval '1 second' WHERE url = 'https://agent.example/client.json';
SELECT test.doc_asked('https://agent.example/client.json', 'https://agent.example/cb') AS waits;
SELECT test.fetched('https://agent.example/client.json', test.doc_body('https://agent.example/client.json', '{"client_name": "Agent 2", "redirect_uris": ["https://agent.example/cb"]}'));
SELECT test.doc_asked('https://agent.example/client.json', 'https://agent.example/cb') AS there;
SELECT count(*) AS changes FROM pgtoken.audit_events WHERE client_id = 'https://agent.example/client.json' AND event = 'client.document_changed';
-- one that has become invalid is none any more; one that cannot be had is what it was, for a week
UPDATE pgtoken.documents SET fresh_until = now() - interval '1 second' WHERE url = 'https://agent.example/client.json';
SELECT test.doc_asked('https://agent.example/client.json', 'https://agent.example/cb') AS waits;
SELECT test.fetched('https://agent.example/client.json', test.doc_body('https://other.example/')) AS fetched;
SELECT test.doc_asked('https://agent.example/client.json', 'https://agent.example/cb') AS invalid;
UPDATE pgtoken.documents SET fetched_at = now() - interval '2 days', fresh_until = now() - interval '2 days' WHERE url = 'https://agent.example/client.json';
SELECT test.doc_asked('https://agent.example/client.json', 'https://agent.example/cb') AS waits;
SELECT test.answered('https://agent.example/client.json', '{"error": "connection refused", "permanent": true}') AS failed;
SELECT test.doc_asked('https://agent.example/client.json', 'https://agent.example/cb') AS as_it_was;
UPDATE pgtoken.registrations SET document_at = document_at - interval '8 days' WHERE client_id = 'https://agent.example/client.json';
SELECT pgtoken.update_client('https://agent.example/client.json', client_name => 'Agent 2') AS seen_anew;
SELECT test.doc_asked('https://agent.example/client.json', 'https://agent.example/cb') AS no_longer, test.doc_why('https://agent.example/client.json');

-- One that an administrator has switched off stays so, whatever its document says
UPDATE pgtoken.documents SET failed_at = NULL, retry_at = NULL, last_error = NULL WHERE url = 'https://agent.example/client.json';
SELECT pgtoken.update_client('https://agent.example/client.json', enabled => false);
SELECT test.doc_asked('https://agent.example/client.json', 'https://agent.example/cb') AS disabled, test.doc_why('https://agent.example/client.json');
SELECT count(*) AS wishes FROM pgtoken.courier_work WHERE url = 'https://agent.example/client.json';
SELECT pgtoken.update_client('https://agent.example/client.json', enabled => true);

-- Attack shut out: a document takes the name of a client that somebody has registered.
SELECT client_id FROM pgtoken.create_client('https://first.example/client', 'public', '{openid}', '{https://first.example/cb}', issuer => 'https://doc.example');
SELECT test.doc_asked('https://first.example/client', 'https://first.example/cb') AS by_the_row, test.doc_asked('https://first.example/client') AS by_no_document;
SELECT count(*) AS wishes FROM pgtoken.courier_work WHERE url = 'https://first.example/client';
SELECT (pgtoken.adopt_client_document('https://doc.example', 'https://first.example/client', test.doc_body('https://first.example/client')::jsonb, now())).refused;
SELECT redirect_uris FROM pgtoken.clients WHERE client_id = 'https://first.example/client';
-- nor one of another issuer of this database, whose name it is already
SELECT (pgtoken.adopt_client_document('https://id.example', 'https://agent.example/client.json', test.doc_body('https://agent.example/client.json')::jsonb, now())).refused;
SELECT issuer FROM pgtoken.clients WHERE client_id = 'https://agent.example/client.json';

-- An allow list; a port only where it is on it
SELECT pgtoken.set_registration_policy('{"client_id_metadata_documents": "list", "document_hosts": ["agent.example", "*.apps.example", "dev.example:8443"]}', 'https://doc.example') ->> 'document_hosts' AS hosts;
SELECT u AS client_id, test.doc_asked(u) AS answer FROM unnest('{https://agent.example/x,https://a.apps.example/x,https://apps.example/x,https://evilapps.example/x,https://dev.example:8443/x,https://dev.example/x,https://agent.example:8443/x,https://other.example/x}'::text[]) WITH ORDINALITY x (u, n) ORDER BY n;
-- what was taken off the list is no client any more
SELECT pgtoken.set_registration_policy('{"document_hosts": ["*.apps.example"]}', 'https://doc.example') IS NOT NULL AS changed;
SELECT test.doc_asked('https://agent.example/client.json', 'https://agent.example/cb') AS answer, test.doc_why('https://agent.example/client.json');

-- So many, and no more
SELECT pgtoken.set_registration_policy(jsonb_build_object('client_id_metadata_documents', 'open', 'document_hosts', NULL, 'max_documents', (SELECT count(*) + 1 FROM pgtoken.registrations WHERE issuer = 'https://doc.example')), 'https://doc.example') IS NOT NULL AS set;
CREATE TABLE test.doc_many AS SELECT n, 'https://many-' || n || '.example/c' AS u FROM generate_series(1, 2) n;
SELECT n, test.doc_asked(u) AS waits FROM test.doc_many ORDER BY n;
SELECT n, test.fetched(u, test.doc_body(u)) FROM test.doc_many ORDER BY n;
SELECT n, test.doc_asked(u) AS answer, test.doc_why(u) FROM test.doc_many ORDER BY n;
-- Attack shut out: whoever has names of clients for nothing fills what there may be, and no other agent is let in for a month.
UPDATE pgtoken.registrations SET registered_at = registered_at - interval '2 hours' WHERE client_id = 'https://many-1.example/c';
SELECT test.doc_asked('https://many-2.example/c') AS room_again;
SELECT client_id FROM pgtoken.registrations WHERE client_id ~ 'many' OR client_id = 'https://agent.example/client.json' ORDER BY 1;

-- private_key_jwt is a method that a document can have; at par, too, which waits before it uses an assertion up
SELECT pgtoken.set_registration_policy('{"max_documents": null}', 'https://doc.example') IS NOT NULL AS set;
SELECT test.brief(test.doc_request('POST', '/oauth2/par', test.form('client_id', 'https://par.example/c', 'redirect_uri', 'https://agent.example/cb', 'response_type', 'code', 'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256'))) AS waits;
SELECT test.fetched('https://par.example/c', test.doc_body('https://par.example/c', jsonb_build_object('token_endpoint_auth_method', 'private_key_jwt', 'jwks', pgtoken.jwks('https://id.example'))));
SELECT test.brief(test.doc_request('POST', '/oauth2/par', test.form('client_id', 'https://par.example/c', 'redirect_uri', 'https://agent.example/cb', 'response_type', 'code', 'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256'))) AS without_assertion;
SELECT client_type FROM pgtoken.clients WHERE client_id = 'https://par.example/c';
-- it becomes another kind of client with its document
UPDATE pgtoken.documents SET fresh_until = now() - interval '1 second' WHERE url = 'https://par.example/c';
SELECT test.doc_asked('https://par.example/c') AS waits;
SELECT test.fetched('https://par.example/c', test.doc_body('https://par.example/c')) AS fetched;
SELECT test.doc_asked('https://par.example/c') AS answer;
SELECT client_type, metadata ->> 'token_endpoint_auth_method' AS method FROM pgtoken.clients WHERE client_id = 'https://par.example/c';
SELECT detail -> 'changed' AS changed FROM pgtoken.audit_events WHERE client_id = 'https://par.example/c' AND event = 'client.document_changed';

-- What nobody comes with for a month goes; what has a family stays, and so does what was switched off
SELECT pgtoken.update_client('https://par.example/c', enabled => false);
UPDATE pgtoken.registrations SET registered_at = registered_at - interval '31 days' WHERE issuer = 'https://doc.example';
UPDATE pgtoken.registration_uses u SET used_at = u.used_at - interval '31 days' FROM pgtoken.registrations r WHERE r.client_id = u.client_id AND r.issuer = 'https://doc.example';
SELECT count(*) AS steps FROM pgtoken.maintain_clients();
SELECT r.client_id, u.used_at > now() - interval '1 day' AS seen_in_use FROM pgtoken.registrations r LEFT JOIN pgtoken.registration_uses u USING (client_id) WHERE r.issuer = 'https://doc.example' ORDER BY 1;

-- C148: sector_identifier_uri (OpenID Connect Core section 8.1): its document lists the redirect URIs
SELECT pgtoken.update_issuer('https://doc.example', registration => 'open');
CREATE FUNCTION test.doc_sector(uri text, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql
	RETURN (SELECT concat_ws(' ', a.status, a.body ->> 'error', a.body ->> 'error_description') FROM test.doc_request('POST', '/oauth2/register',
		('{"redirect_uris": ["https://a.example/cb", "https://b.example/cb"], "subject_type": "pairwise"}'::jsonb || jsonb_build_object('sector_identifier_uri', uri) || more)::text, 'content-type', 'application/json') a);
SELECT test.doc_sector('https://sector.example/uris.json') AS waits;
SELECT test.fetched('https://sector.example/uris.json', '["https://a.example/cb", "https://b.example/cb", "https://c.example/cb"]') AS fetched;
SELECT test.doc_sector('https://sector.example/uris.json') AS registered;
SELECT pgtoken.client_sector(metadata, redirect_uris) AS sector FROM pgtoken.clients WHERE issuer = 'https://doc.example' AND metadata ? 'sector_identifier_uri';
-- Attack shut out: a client joins the sector of another, whose users it would know again.
SELECT test.doc_sector('https://bank.example/uris.json') AS waits;
SELECT test.fetched('https://bank.example/uris.json', '["https://bank.example/cb"]') AS fetched;
SELECT test.doc_sector('https://bank.example/uris.json') AS refused;
-- the document of one registration is not that of the next, which may have changed; who comes again late still finds it
SELECT test.doc_sector('https://sector.example/uris.json', '{"redirect_uris": ["https://a.example/cb", "https://d.example/cb"]}') AS waits;
SELECT test.fetched('https://sector.example/uris.json', '["https://a.example/cb", "https://b.example/cb"]') AS fetched;
UPDATE pgtoken.documents SET fetched_at = fetched_at - interval '50 seconds' WHERE url = 'https://sector.example/uris.json';
SELECT test.doc_sector('https://sector.example/uris.json', '{"redirect_uris": ["https://a.example/cb", "https://d.example/cb"]}') AS one_more;
SELECT test.doc_sector('https://none.example/uris.json') AS waits;
SELECT test.answered('https://none.example/uris.json', '{"error": "no such host", "permanent": true}') AS failed;
SELECT test.doc_sector('https://none.example/uris.json') AS refused;
SELECT test.doc_sector('https://odd.example/uris.json') AS waits;
SELECT test.fetched('https://odd.example/uris.json', '{"a": ["https://a.example/cb"]}') AS fetched;
SELECT test.doc_sector('https://odd.example/uris.json') AS refused;
-- Attack shut out: a client of a document joins the sector of another.
SELECT test.doc_asked('https://joins.example/c', 'https://joins.example/cb') AS waits;
SELECT test.fetched('https://joins.example/c', test.doc_body('https://joins.example/c', '{"redirect_uris": ["https://joins.example/cb"], "subject_type": "pairwise", "sector_identifier_uri": "https://bank.example/uris.json"}')) AS fetched;
SELECT test.doc_asked('https://joins.example/c', 'https://joins.example/cb') AS waits_for_the_sector;
SELECT test.fetched('https://bank.example/uris.json', '["https://bank.example/cb"]') AS fetched;
SELECT test.doc_asked('https://joins.example/c', 'https://joins.example/cb') AS refused, test.doc_why('https://joins.example/c');
-- one that is of its sector waits for that, too
SELECT test.doc_asked('https://joins2.example/c', 'https://joins.example/cb') AS waits;
SELECT test.fetched('https://joins2.example/c', test.doc_body('https://joins2.example/c', '{"redirect_uris": ["https://joins.example/cb"], "subject_type": "pairwise", "sector_identifier_uri": "https://joins.example/uris.json"}')) AS fetched;
SELECT test.doc_asked('https://joins2.example/c', 'https://joins.example/cb') AS waits;
SELECT test.fetched('https://joins.example/uris.json', '["https://joins.example/cb"]') AS fetched;
SELECT test.doc_asked('https://joins2.example/c', 'https://joins.example/cb') AS there;
DELETE FROM pgtoken.documents WHERE url ~ 'joins';
SELECT pgtoken.update_client('https://joins2.example/c', metadata => '{"sector_identifier_uri": null}') AS out_of_the_way;
-- nothing is fetched for what would be refused all the same
SELECT n, test.doc_sector(uri, more) AS answer FROM (VALUES (1, 'http://sector2.example/', '{}'::jsonb), (2, 'https://sector2.example/#f', '{}'), (3, 'https://sector2.example/', '{"redirect_uris": ["http://a.example/cb"]}'),
	(4, 'https://sector2.example/', '{"logo_uri": "x"}')) v (n, uri, more) ORDER BY n;
SELECT count(*) AS wishes FROM pgtoken.courier_work WHERE url LIKE '%sector2%';
-- in SQL its host is taken at the administrator's word
SELECT client_id FROM pgtoken.create_client('sql-sector', redirect_uris => '{https://a.example/cb,https://b.example/cb}', metadata => '{"subject_type": "pairwise", "sector_identifier_uri": "https://Sector.example/uris.json"}', issuer => 'https://doc.example');
SELECT pgtoken.client_sector(metadata, redirect_uris) AS sector FROM pgtoken.clients WHERE client_id = 'sql-sector';
-- of one sector, they know a user by one name
SELECT count(DISTINCT test.claims(t.id_token) ->> 'sub') AS names FROM pgtoken.clients c, pgtoken.issue_tokens(c.client_id, 'alice', 'openid') t WHERE c.metadata ? 'sector_identifier_uri' AND c.issuer = 'https://doc.example';
SELECT n, pgtoken.client_metadata_problem('confidential', metadata::jsonb) AS problem
FROM (VALUES (1, '{"sector_identifier_uri": "https://s.example/u", "sector_identifier": "s.example"}'), (2, '{"sector_identifier_uri": "http://localhost/u"}'), (3, '{"sector_identifier_uri": 1}'), (4, '{"sector_identifier_uri": "https://s.example/u"}')) v (n, metadata) ORDER BY n;
-- Attack shut out: whoever likes names documents, and fills them, until the disk is full. What is over makes room, what is a client's stays.
INSERT INTO pgtoken.documents (issuer, kind, url, body, fetched_at, used_at) SELECT 'https://doc.example', 'sector', 'https://fill.example/' || n, '[]', now(), now() FROM generate_series(1, 5000) n;
SELECT test.doc_sector('https://full.example/uris.json') AS refused;
UPDATE pgtoken.documents SET used_at = now() - interval '2 minutes' WHERE url ~ 'fill.example/[0-9]$';
SELECT test.doc_sector('https://full.example/uris.json') AS waits;
SELECT 5000 - count(*) AS forgotten FROM pgtoken.documents WHERE url LIKE 'https://fill.example/%';
DELETE FROM pgtoken.courier_work WHERE url = 'https://full.example/uris.json';
DELETE FROM pgtoken.documents WHERE url ~ 'full|fill';
-- Attack shut out: a client says itself which rights beyond scopes it may ask for; an administrator does.
SELECT a.status, a.body ? 'authorization_details_types' AS has_types FROM test.doc_request('POST', '/oauth2/register', '{"redirect_uris": ["https://a.example/cb"], "authorization_details_types": ["payment"]}', 'content-type', 'application/json') a;
RESET pgtoken.http_issuer;
DROP TABLE test.doc_bad, test.doc_many;
