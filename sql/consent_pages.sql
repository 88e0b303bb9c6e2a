-- Consents that end, and consent pages: what they show, that it is kept as it was shown, and
-- that nothing else is granted on them.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\set challenge E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM
SELECT pgtoken.create_issuer('https://consent.example');
SELECT length(pgtoken.create_signing_key('ES256', 'https://consent.example')) AS kid_length;
SELECT pgtoken.update_issuer('https://consent.example', login_uri => 'https://consent.example/login', verification_uri => 'https://consent.example/device');
SELECT pgtoken.create_resource('https://consent.example/files', '{read,write}', issuer => 'https://consent.example', resource_name => 'Your files');
SELECT pgtoken.create_resource('https://consent.example/mail', '{read,send}', issuer => 'https://consent.example');
SET pgtoken.http_issuer = 'https://consent.example';
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('lamp', scopes => '{openid,profile,read,write,send}', offline_access => true, client_name => 'The Lamp',
	redirect_uris => '{https://lamp.example/cb}', issuer => 'https://consent.example', metadata => '{"logo_uri": "https://lamp.example/logo.png", "logo_uri#de": "https://lamp.example/logo-de.png",
	"client_name#de": "Die Lampe", "client_name#pt-BR": "O Lampião", "client_uri": "https://lamp.example/", "tos_uri": "https://lamp.example/tos", "policy_uri#de": "https://lamp.example/daten"}');

CREATE FUNCTION test.consent_tx(scope text, VARIADIC more text[] DEFAULT '{}') RETURNS text LANGUAGE sql
	RETURN test.transaction('lamp', 'https://lamp.example/cb', VARIADIC ARRAY['response_type', 'code', 'scope', scope, 'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256']
		|| more || CASE WHEN 'resource' = ANY (more) THEN '{}' ELSE '{resource,https://consent.example/files}'::text[] END);
-- the page, without what differs each time
CREATE FUNCTION test.shown(page jsonb) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN jsonb_pretty((page - 'page_id' - 'expires_at' - 'user_code') #- '{client,client_id}');
CREATE FUNCTION test.page_asks(page jsonb, member text DEFAULT 'scopes') RETURNS text LANGUAGE sql IMMUTABLE
	RETURN (SELECT string_agg(concat_ws(' ', s ->> 'scope', s ->> 'language', 'of ' || (s ->> 'resource'), quote_literal(s ->> 'description')), ', ' ORDER BY n) FROM jsonb_array_elements(page -> member) WITH ORDINALITY u (s, n));
CREATE FUNCTION test.redeem_lamp(redirect_uri text) RETURNS test.answer LANGUAGE sql
	RETURN test.http('token', test.form('grant_type', 'authorization_code', 'code', test.query(redirect_uri, 'code'), 'code_verifier', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
		'redirect_uri', 'https://lamp.example/cb'), test.basic('lamp'));

-- What scopes mean ------------------------------------------------------------------

SELECT pgtoken.describe_scope('read', 'read what is there', issuer => 'https://consent.example') AS made,
	   pgtoken.describe_scope('read', 'read what is there', issuer => 'https://consent.example') AS again,
	   pgtoken.describe_scope('read', 'lesen, was da ist', 'de', issuer => 'https://consent.example') AS german,
	   pgtoken.describe_scope('read', 'lesen, was es gibt', 'DE', issuer => 'https://consent.example') AS same_language,
	   pgtoken.describe_scope('read', 'read your files', resource => 'https://CONSENT.example/files', issuer => 'https://consent.example') AS of_api,
	   pgtoken.describe_scope('read', 'Ihre Dateien lesen', 'de', 'https://consent.example/files', 'https://consent.example') AS of_api_german,
	   pgtoken.describe_scope('offline_access', 'im Hintergrund weiterarbeiten', 'de', issuer => 'https://consent.example') AS standard;
SELECT resource, scope, language, description FROM pgtoken.scope_descriptions WHERE issuer = 'https://consent.example' ORDER BY 1, 2, 3;
-- a scope of the issuer's own endpoints, which no API can have, has a text and can be given others
SELECT pgtoken.describe_scope('pgtoken:sessions', 'sehen, wo Sie angemeldet sind', 'de', issuer => 'https://consent.example') AS german;
SELECT r AS reads, t.language, t.description FROM unnest('{de,fr}'::text[]) r, pgtoken.scope_text('https://consent.example', 'https://consent.example/files', 'pgtoken:sessions', ARRAY[r]) t ORDER BY r;
SELECT pgtoken.describe_scope('write', 'x', issuer => 'https://consent.example') AS made, pgtoken.describe_scope('write', NULL, issuer => 'https://consent.example') AS taken_back,
	   pgtoken.describe_scope('write', NULL, issuer => 'https://consent.example') AS nothing_there;
-- Attack shut out: a text that changes what stands around it (direction, further lines); misuse
SELECT n, split_part(test.outcome(format('SELECT pgtoken.describe_scope(%s, issuer => ''https://consent.example'')', a)), ':', 1) AS outcome
FROM (VALUES (1, $$NULL, 'x'$$), (2, $$'a b', 'x'$$), (3, $$'x', ''$$), (4, $$'x', E'a\nb'$$), (5, $$'x', U&'a\202Eb'$$), (6, $$'x', repeat('x', 501)$$), (7, $$'x', 'x', 'de_DE'$$), (8, $$'x', 'x', NULL$$),
	(9, $$'x', 'x', resource => 'https://nowhere.example'$$), (10, $$'mfa_challenge', 'x'$$)) v (n, a) ORDER BY n;
SELECT test.outcome($$SELECT pgtoken.describe_scope('x', 'x', issuer => 'https://nowhere.example')$$);
SELECT event, detail #>> '{after,description}' AS after, detail #>> '{before,description}' AS before FROM pgtoken.audit_events
WHERE event LIKE 'scope_description.%' AND coalesce(detail #>> '{after,issuer}', detail #>> '{before,issuer}') = 'https://consent.example' ORDER BY event_id LIMIT 4;

-- RFC 4647 section 3.4: the languages as preferred, each with ever fewer subtags; else the one for everybody
SELECT n, pgtoken.language_lookup(string_to_array(ranges, ' '), available) AS found
FROM (VALUES (1, 'de', '{"",de,en}'::text[]), (2, 'de-CH-1996', '{"",de,en}'), (3, 'fr de', '{"",de}'), (4, 'fr', '{"",de,en}'), (5, 'fr', '{de,en}'), (6, 'fr', '{it,de}'), (7, 'PT-br', '{"",pt,pt-BR}'),
	(8, 'zh-Hant-x-a', '{zh-Hant,zh}'), (9, '*', '{"",de}'), (10, '', '{en,de}'), (11, NULL, '{de}'), (12, 'de', '{}'), (13, 'd', '{"",de}')) v (n, ranges, available) ORDER BY n;

-- The page --------------------------------------------------------------------------

-- Attack shut out: a request whose languages have a thousand subtags has each text of the page looked up a thousand times
SELECT pgtoken.language_ranges('de-AT ' || repeat('a-', 500) || 'a en');
SELECT test.consent_tx('openid profile read offline_access', 'ui_locales', 'de-AT en') AS tx \gset
SELECT test.shown(pgtoken.consent_page(:'tx', 'alice') #- '{scopes,2,described_at}' #- '{scopes,3,described_at}');
-- Attack shut out: a client that nobody here has looked at calls itself what it likes, and its URLs begin with
-- what looks like somebody else's host.  Who is behind it is told by where it is, as a browser goes there.
SELECT (pgtoken.create_client('https://Bank.example@evil.example:8443/id', 'public', client_name => 'Your Bank', redirect_uris => '{https://evil.example/cb}', issuer => 'https://consent.example')).client_id IS NOT NULL AS made;
INSERT INTO pgtoken.registrations (client_id, issuer, origin) VALUES ('https://Bank.example@evil.example:8443/id', 'https://consent.example', 'document'), ('lamp', 'https://consent.example', 'registration');
SELECT pgtoken.shown_client('https://Bank.example@evil.example:8443/id', 'https://bank.example@Evil.example:444/cb', false, NULL) AS by_document;
SELECT pgtoken.shown_client('lamp', 'com.example.lamp:/cb', true, '{de}') AS by_registration;
DELETE FROM pgtoken.registrations WHERE issuer = 'https://consent.example';
-- C156: as the application wishes, whatever the request says; what nobody has described has its name alone
SELECT pgtoken.consent_page(:'tx', 'alice', 'pt-BR')  #>> '{client,name}' AS brazilian, pgtoken.consent_page(:'tx', 'alice', 'fr') -> 'client' ->> 'logo_uri' AS logo,
	   pgtoken.consent_page(:'tx', 'alice', 'en') -> 'client' ->> 'name' AS english;
SELECT test.page_asks(pgtoken.consent_page(test.consent_tx('send read', 'resource', 'https://consent.example/mail'), 'alice', 'en')) AS other_api;
SELECT test.page_asks(pgtoken.consent_page(test.consent_tx('read send', 'resource', 'https://consent.example/mail', 'resource', 'https://consent.example/files'), 'alice', 'en')) AS both_apis;
SELECT pgtoken.consent_page('pgttx_x', 'alice') AS unknown, test.outcome(format('SELECT pgtoken.consent_page(%L, NULL)', :'tx')) AS nobody;
SELECT n, test.outcome(format('SELECT pgtoken.consent_page(%L, ''alice'', consent_lifetime => %L)', :'tx', lifetime)) AS outcome FROM (VALUES (1, interval '59 seconds'), (2, '11 years'), (3, '-1 day'), (4, '90 days')) v (n, lifetime) ORDER BY n;
-- who looks again and again has one page
SELECT count(DISTINCT pgtoken.consent_page(:'tx', 'alice', 'de') ->> 'page_id') AS one FROM generate_series(1, 5);
SELECT count(*) AS pages FROM pgtoken.consent_pages WHERE client_id = 'lamp' AND subject = 'alice' AND 'profile' = ANY (asked);

-- Attack shut out: a page that shows less than is granted.  The application says that everything
-- was agreed to; what was not on the page is not granted.
SELECT pgtoken.consent_page(:'tx', 'alice') ->> 'page_id' AS page \gset
SELECT error FROM pgtoken.approve_authorization(:'tx', 'alice') AS without_being_asked;
-- Attack shut out: somebody else's page, or one of another transaction
SELECT n, (pgtoken.approve_authorization(tx, subject, 'openid', page_id => page)).error
FROM (VALUES (1, :'tx', 'bob', :'page'), (2, test.consent_tx('openid profile'), 'alice', :'page'), (3, :'tx', 'alice', 'x')) v (n, tx, subject, page) ORDER BY n;
SELECT redirect_uri AS first FROM pgtoken.approve_authorization(:'tx', 'alice', 'openid read offline_access', page_id => :'page', context => '{"ip": "192.0.2.1"}') \gset
SELECT (test.redeem_lamp(:'first')).body ->> 'scope' AS granted;
SELECT count(*) AS pages_left FROM pgtoken.consent_pages WHERE page_id = :'page';
SELECT scopes, state, expires_at FROM pgtoken.consent_status WHERE client_id = 'lamp' ORDER BY resource;
-- only what is new is asked about, and while the page is open read is withdrawn: it was not on the page
SELECT test.consent_tx('openid read write') AS tx2 \gset
SELECT pgtoken.consent_page(:'tx2', 'alice', 'en') AS page2 \gset
SELECT test.page_asks(:'page2') AS asked, test.page_asks(:'page2', 'agreed_before') AS agreed_before;
SELECT count(*) AS families_ended FROM pgtoken.withdraw_consent('alice', 'lamp', '{read}');
SELECT redirect_uri AS second FROM pgtoken.approve_authorization(:'tx2', 'alice', 'openid read write') \gset
SELECT (test.redeem_lamp(:'second')).body ->> 'scope' AS what_was_shown;

-- What was shown is found again, as it was, although scopes and client are called otherwise now.
SELECT pgtoken.describe_scope('read', 'alles lesen', 'de', 'https://consent.example/files', 'https://consent.example') AS described_anew, pgtoken.update_client('lamp', client_name => 'Another') AS renamed;
SELECT n, event, scopes, refused, resources, expires_at, page #>> '{client,name}' AS name, test.page_asks(page) AS shown, context
FROM pgtoken.consent_history('alice', 'lamp') WITH ORDINALITY h (occurred_at, event, of_client, grant_id, scopes, refused, resources, expires_at, page, authorization_details, context, n) ORDER BY n;
SELECT count(*) AS with_anybody, count(*) FILTER (WHERE grant_id IN (SELECT g.grant_id FROM pgtoken.grants g)) AS of_families, (SELECT count(*) FROM pgtoken.consent_history('bob', 'lamp')) AS of_nobody FROM pgtoken.consent_history('alice', 'lamp');
-- what tells of a person stands where an erasure looks for it, and nowhere else
SELECT bool_and(e.detail::text !~ 'alice') AS not_in_detail FROM pgtoken.audit_events e WHERE e.event LIKE 'consent.%' AND e.subject = 'alice' AND e.client_id = 'lamp';
SELECT test.outcome('SELECT * FROM pgtoken.consent_history(NULL)');

-- A page of the application's own making counts, unless that is forbidden.
SELECT (pgtoken.approve_authorization(test.consent_tx('profile'), 'anna', 'profile')).redirect_uri IS NOT NULL AS own_page;
SELECT page, scopes FROM pgtoken.consent_history('anna', 'lamp');
SET pgtoken.consent_page_required = on;
SELECT test.consent_tx('read') AS tx3 \gset
SELECT error FROM pgtoken.approve_authorization(:'tx3', 'anna', 'read');
SELECT pgtoken.consent_page(:'tx3', 'anna') ? 'page_id' AS shown, (pgtoken.approve_authorization(:'tx3', 'anna', 'read')).redirect_uri IS NOT NULL AS counts;
RESET pgtoken.consent_page_required;
-- a refusal forgets the page
SELECT test.consent_tx('write') AS tx4 \gset
SELECT pgtoken.consent_page(:'tx4', 'anna') ? 'page_id' AS shown, (pgtoken.deny_authorization(:'tx4')).error AS refused;
SELECT count(*) AS left FROM pgtoken.consent_pages WHERE asked = '{write}' AND subject = 'anna';

-- A first-party client asks nothing; prompt=consent asks for everything, each time.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('own', scopes => '{openid,read}', redirect_uris => '{https://own.example/cb}', issuer => 'https://consent.example', metadata => '{"consent_required": false}');
SELECT jsonb_array_length(p -> 'scopes') AS asked, jsonb_array_length(p -> 'agreed_before') AS before
FROM pgtoken.consent_page(test.transaction('own', 'https://own.example/cb', 'response_type', 'code', 'scope', 'openid read', 'resource', 'https://consent.example/files', 'code_challenge', :'challenge', 'code_challenge_method', 'S256'), 'alice') p;
SELECT test.page_asks(pgtoken.consent_page(test.consent_tx('openid write', 'prompt', 'consent'), 'alice')) AS all_of_it;

-- Details beyond scopes, and single claims: shown, kept, and not in detail.
CREATE FUNCTION test.pay(detail jsonb, client_id text, subject text) RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN detail;
SELECT pgtoken.create_authorization_details_type('pay', 'test.pay', 'pay somebody', 'https://consent.example'), pgtoken.update_client('lamp', metadata => '{"authorization_details_types": ["pay"]}');
SELECT test.consent_tx('openid', 'authorization_details', '[{"type": "pay", "to": "MARK", "note": null}]', 'claims', '{"userinfo": {"name": null}, "id_token": {"acr": null, "nickname": null}}') AS tx5 \gset
SELECT p -> 'authorization_details' AS details, p -> 'claims' AS claims FROM pgtoken.consent_page(:'tx5', 'carol') p;
SELECT redirect_uri AS paid FROM pgtoken.approve_authorization(:'tx5', 'carol', 'openid profile', authorization_details => '[{"type": "pay", "to": "MARK", "amount": 5}]') \gset
SELECT page -> 'authorization_details' AS shown, authorization_details AS agreed FROM pgtoken.consent_history('carol', 'lamp');
SELECT detail::text LIKE '%MARK%' AS in_detail, personal::text LIKE '%MARK%' AS in_personal FROM pgtoken.audit_events WHERE event = 'consent.given' AND subject = 'carol' AND client_id = 'lamp';

-- A consent that ends -----------------------------------------------------------------

SELECT pgtoken.update_client('lamp', metadata => '{"consent_lifetime": 86400, "authorization_details_types": null}');
SELECT test.consent_tx('openid read offline_access') AS tx6 \gset
SELECT p -> 'lifetime' AS as_the_client, pgtoken.consent_page(:'tx6', 'dora', consent_lifetime => '1 hour') -> 'lifetime' AS shorter, pgtoken.consent_page(:'tx6', 'dora', consent_lifetime => '90 days') -> 'lifetime' AS not_longer
FROM pgtoken.consent_page(:'tx6', 'dora') p;
SELECT redirect_uri AS day FROM pgtoken.approve_authorization(:'tx6', 'dora', 'openid read offline_access') \gset
SELECT test.redeem_lamp(:'day') AS a \gset
SELECT test.brief(:'a'::test.answer) AS tokens, (:'a'::test.answer).body ->> 'refresh_token' AS rt \gset
\echo :tokens
-- the family ends with it, although its own life would be longer
SELECT c.expires_at - c.updated_at AS holds, bool_and(g.expires_at = c.expires_at) AS family_too FROM pgtoken.consents c JOIN pgtoken.grants g USING (subject, client_id) WHERE c.subject = 'dora' AND c.client_id = 'lamp' GROUP BY 1;
SELECT expires_at = (SELECT c.expires_at FROM pgtoken.consents c WHERE c.subject = 'dora' AND c.client_id = 'lamp') AS in_the_audit FROM pgtoken.consent_history('dora', 'lamp');
-- what is agreed to later beside it never moves its end forward; there is one for each API, and the earlier holds
SELECT (pgtoken.approve_authorization(test.consent_tx('write'), 'dora', 'write', consent_lifetime => '1 hour')).redirect_uri IS NOT NULL AS shorter;
SELECT scopes, expires_at - updated_at AS holds FROM pgtoken.consents WHERE subject = 'dora' AND client_id = 'lamp';
UPDATE pgtoken.consents SET expires_at = updated_at + interval '30 minutes' WHERE subject = 'dora' AND client_id = 'lamp';
SELECT (pgtoken.approve_authorization(test.consent_tx('profile'), 'dora', 'profile')).redirect_uri IS NOT NULL AS longer;
SELECT scopes, expires_at - granted_at < interval '31 minutes' AS not_moved FROM pgtoken.consents WHERE subject = 'dora' AND client_id = 'lamp';
-- agreeing to all of it anew does, for what is issued from then on
SELECT redirect_uri AS anew FROM pgtoken.approve_authorization(test.consent_tx('openid profile read write offline_access', 'prompt', 'consent'), 'dora', 'openid profile read write offline_access') \gset
SELECT test.brief(test.redeem_lamp(:'anew')) AS tokens;
SELECT expires_at - updated_at AS holds FROM pgtoken.consents WHERE subject = 'dora' AND client_id = 'lamp';
SELECT count(DISTINCT g.expires_at) AS ends, count(*) AS families FROM pgtoken.grants g WHERE g.subject = 'dora' AND g.client_id = 'lamp';

-- The earliest end wins: of the lifetime that the application gives, of the consent and of the client.
CREATE FUNCTION test.family_holds(of_subject text, lifetime interval, consent_lifetime interval) RETURNS interval LANGUAGE plpgsql AS $$
DECLARE
	approved pgtoken.authorization_response;
BEGIN
	approved := pgtoken.approve_authorization(test.consent_tx('openid read offline_access'), of_subject, 'openid read offline_access', lifetime => family_holds.lifetime, consent_lifetime => family_holds.consent_lifetime);
	PERFORM test.redeem_lamp(approved.redirect_uri);
	RETURN (SELECT date_trunc('hour', g.expires_at - g.created_at + interval '1 minute') FROM pgtoken.grants g WHERE g.subject = of_subject AND g.client_id = 'lamp');
END $$;
SELECT pgtoken.update_client('lamp', refresh_absolute_lifetime => '5 hours');
SELECT n, test.family_holds('ends-' || n, lifetime, consent) AS holds
FROM (VALUES (1, NULL::interval, NULL::interval), (2, '2 hours', NULL), (3, NULL, '3 hours'), (4, '2 hours', '3 hours'), (5, '4 hours', '3 hours'), (6, '6 hours', '7 hours'), (7, '30 days', '30 days')) v (n, lifetime, consent) ORDER BY n;
-- the consent holds on, whatever becomes of the family
SELECT date_trunc('hour', c.expires_at - c.updated_at) AS holds FROM pgtoken.consents c WHERE c.subject = 'ends-4' AND c.client_id = 'lamp';
SELECT pgtoken.update_client('lamp', reset => '{refresh_absolute_lifetime}');

-- Attack shut out: a consent that is over still opens the door, by prompt=none, by a code made before, by the family.
SELECT redirect_uri AS late FROM pgtoken.approve_authorization(test.consent_tx('openid read'), 'dora') \gset
SELECT pgtoken.consent_missing(test.consent_tx('openid read'), 'dora') AS before;
UPDATE pgtoken.consents SET expires_at = now() - interval '1 second' WHERE subject = 'dora' AND client_id = 'lamp';
UPDATE pgtoken.authorization_codes SET consent_expires_at = now() - interval '1 second' WHERE subject = 'dora' AND client_id = 'lamp' AND redeemed_at IS NULL;
UPDATE pgtoken.grants SET expires_at = now() - interval '1 second' WHERE subject = 'dora' AND client_id = 'lamp';
SELECT pgtoken.consent_missing(test.consent_tx('openid read'), 'dora') AS asked_again, state FROM pgtoken.consent_status WHERE subject = 'dora' AND client_id = 'lamp';
SELECT error FROM pgtoken.approve_authorization(test.consent_tx('openid read', 'prompt', 'none'), 'dora');
SELECT test.brief(test.redeem_lamp(:'late')) AS code_of_before;
SELECT error FROM pgtoken.refresh_grant(:'rt', 'lamp', test.secret('lamp'));
SELECT DISTINCT reason FROM pgtoken.audit_events WHERE subject = 'dora' AND client_id = 'lamp' AND event = 'code.refused' ORDER BY 1;
-- it begins anew with what is agreed to now, and nothing of before
SELECT (pgtoken.approve_authorization(test.consent_tx('openid'), 'dora', 'openid')).redirect_uri IS NOT NULL AS agreed;
SELECT scopes, granted_at = updated_at AS begun_anew, state FROM pgtoken.consent_status WHERE subject = 'dora' AND client_id = 'lamp';
-- by the setting where the client's metadata say nothing; 0 there is without end
SELECT pgtoken.update_client('lamp', metadata => '{"consent_lifetime": null}');
SET pgtoken.consent_lifetime = '10min';
SELECT pgtoken.consent_page(test.consent_tx('openid'), 'eve') -> 'lifetime' AS of_setting;
SELECT pgtoken.update_client('lamp', metadata => '{"consent_lifetime": 0}');
SELECT pgtoken.consent_page(test.consent_tx('openid'), 'eve') ? 'lifetime' AS ends;
RESET pgtoken.consent_lifetime;
SELECT n, test.outcome(format('SELECT pgtoken.update_client(''lamp'', metadata => %L)', m)) LIKE '22023:%' AS refused FROM (VALUES (1, '{"consent_lifetime": 59}'), (2, '{"consent_lifetime": "x"}'), (3, '{"consent_lifetime": -1}'),
	(4, '{"consent_lifetime": 315360001}'), (5, '{"client_name#de": 7}'), (6, '{"client_name#": "x"}'), (7, '{"client_name#de_DE": "x"}'), (8, '{"software_id#de": "x"}')) v (n, m) ORDER BY n;
SELECT test.outcome(format('SELECT pgtoken.approve_authorization(%L, ''eve'', ''openid'', consent_lifetime => ''1 second'')', test.consent_tx('openid')));
-- misuse: the name itself is no member, as its translations are
SELECT test.detail($$SELECT pgtoken.update_client('lamp', metadata => '{"client_name": "The Lamp", "client_name#de": "Die Lampe"}')$$);
-- Attack shut out: scripts, other people's protocols and directions of text in what a page shows of a client
SELECT n, pgtoken.client_metadata_problem('confidential', m) AS problem FROM (VALUES (1, '{"logo_uri#de": "javascript:alert(1)"}'::jsonb), (2, '{"policy_uri#de": "data:text/html,x"}'), (3, '{"client_uri#de": "http://lamp.example/"}'),
	(4, jsonb_build_object('client_name#de', U&'a\202Eb')), (5, '{"tos_uri#de-AT": "https://lamp.example/agb"}')) v (n, m) ORDER BY n;

-- Single scopes are withdrawn -----------------------------------------------------------

SELECT (test.redeem_lamp((pgtoken.approve_authorization(test.consent_tx('openid read', 'resource', 'https://consent.example/files', 'resource', 'https://consent.example/mail'), 'fred', 'openid read')).redirect_uri)).status AS reads,
	   (test.redeem_lamp((pgtoken.approve_authorization(test.consent_tx('openid write'), 'fred', 'openid write')).redirect_uri)).status AS writes,
	   (test.redeem_lamp((pgtoken.approve_authorization(test.consent_tx('openid profile', 'claims', '{"userinfo": {"name": null}}'), 'fred', 'openid profile')).redirect_uri)).status AS profile,
	   (test.redeem_lamp((pgtoken.approve_authorization(test.consent_tx('openid write offline_access'), 'fred', 'openid write offline_access')).redirect_uri)).status AS offline;
SELECT redirect_uri AS on_its_way FROM pgtoken.approve_authorization(test.consent_tx('openid read'), 'fred') \gset
SELECT count(*) AS none FROM pgtoken.withdraw_consent('fred', 'lamp', '{}');
SELECT count(*) AS read FROM pgtoken.withdraw_consent('fred', 'lamp', '{read}');
SELECT test.brief(test.redeem_lamp(:'on_its_way')) AS its_code;
SELECT resource, scopes FROM pgtoken.consents WHERE subject = 'fred' AND client_id = 'lamp' ORDER BY resource;
SELECT scope, state, revoke_reason FROM pgtoken.grant_status WHERE subject = 'fred' AND client_id = 'lamp' ORDER BY grant_id;
SELECT count(*) AS offline FROM pgtoken.withdraw_consent('fred', 'lamp', '{offline_access}');
SELECT count(*) AS profile FROM pgtoken.withdraw_consent('fred', 'lamp', '{profile}');
SELECT count(*) AS all_else FROM pgtoken.withdraw_consent('fred', 'lamp');
-- a scope of the issuer's own endpoints as any
SELECT pgtoken.update_client('lamp', scopes => '{openid,profile,read,write,send,pgtoken:sessions}');
SELECT (test.redeem_lamp((pgtoken.approve_authorization(test.consent_tx('openid pgtoken:sessions', 'resource', 'https://consent.example'), 'fred', 'openid pgtoken:sessions')).redirect_uri)).status AS sees_sessions;
SELECT count(*) AS sessions FROM pgtoken.withdraw_consent('fred', 'lamp', '{pgtoken:sessions}');
SELECT event, scopes FROM pgtoken.consent_history('fred', 'lamp') WHERE event = 'consent.withdrawn';
-- or the families live on without them: from their next access token on, or at once
CREATE FUNCTION test.lamp_tokens(VARIADIC more text[]) RETURNS jsonb LANGUAGE sql
	RETURN (test.redeem_lamp((pgtoken.approve_authorization(test.consent_tx(more[1], VARIADIC more[2:]), 'gus', more[1])).redirect_uri)).body;
SELECT t ->> 'access_token' AS at, t ->> 'refresh_token' AS rt FROM test.lamp_tokens('openid read write offline_access') t \gset
SELECT t ->> 'access_token' AS at_read FROM test.lamp_tokens('read') t \gset
SELECT test.lamp_tokens('openid profile', 'claims', '{"userinfo": {"name": null}}') ? 'access_token' AS single_claims, test.lamp_tokens('openid') ? 'access_token' AS without;
SELECT count(*) AS ended FROM pgtoken.withdraw_consent('gus', 'lamp', '{read}', families => 'narrow');
SELECT scope, state, revoke_reason FROM pgtoken.grant_status WHERE subject = 'gus' ORDER BY created_at, scope;
SELECT pgtoken.verify_access_token(:'at') ->> 'scope' AS out, pgtoken.verify_access_token(:'at_read') IS NULL AS nothing_left;
-- Attack shut out: what a user has taken back is used on for as long as a token lives.
SELECT count(*) AS ended FROM pgtoken.withdraw_consent('gus', 'lamp', '{write,profile}', families => 'narrow_at_once');
SELECT scope, state, revoke_reason FROM pgtoken.grant_status WHERE subject = 'gus' ORDER BY created_at, scope;
SELECT pgtoken.verify_access_token(:'at') IS NULL AS refused, pgtoken.introspect(:'rt') ->> 'scope' AS refresh_token;
SELECT resource, scopes FROM pgtoken.consents WHERE subject = 'gus' AND scopes && '{read,write,profile}';
-- the last of them: what the user is away for
SELECT count(*) AS ended FROM pgtoken.withdraw_consent('gus', 'lamp', '{offline_access}', families => 'narrow');
SELECT scope, state FROM pgtoken.grant_status WHERE subject = 'gus' AND state = 'active' ORDER BY created_at, scope;
SELECT pgtoken.introspect(:'rt') -> 'active' AS refresh_token;
SELECT event, reason, count(*) FROM pgtoken.audit_events WHERE subject = 'gus' AND reason = 'consent_withdrawn' GROUP BY 1, 2 ORDER BY 1;
SELECT n, test.outcome(format('SELECT pgtoken.withdraw_consent(%L, %L, %s)', 'gus', 'lamp', w)) FROM unnest(ARRAY[$$families => 'narrow'$$, $$'{read}', 'keep'$$, $$'{read}', NULL$$]) WITH ORDINALITY u (w, n) ORDER BY n;
DROP FUNCTION test.lamp_tokens;
SELECT test.outcome($$SELECT pgtoken.withdraw_consent('fred', 'lamp', '{"a b"}')$$) AS no_scope, test.outcome($$SELECT pgtoken.withdraw_consent('fred', 'lamp', '{pgtoken:sessions,mfa_challenge}')$$) AS reserved;

-- Devices ---------------------------------------------------------------------------

INSERT INTO test.clients SELECT * FROM pgtoken.create_client('radio-set', 'public', scopes => '{openid,read}', offline_access => true, client_name => 'A Radio', issuer => 'https://consent.example',
	metadata => '{"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"], "client_name#de": "Ein Radio", "consent_lifetime": 3600}');
SELECT (a).body ->> 'user_code' AS uc, (a).body ->> 'device_code' AS dc FROM test.ask('radio-set', 'openid read offline_access', 'resource', 'https://consent.example/files') a \gset
SELECT pgtoken.device_consent_page(lower(:'uc'), 'gina', 'gina', 'de') AS page \gset
SELECT :'page'::jsonb ->> 'user_code' = :'uc' AS same_code, :'page'::jsonb #>> '{client,name}' AS name, :'page'::jsonb -> 'lifetime' AS lifetime, test.page_asks(:'page') AS asked;
SELECT pgtoken.device_consent_page('BBBBBBBBB', 'gina', 'gina') AS unknown, test.outcome(format('SELECT pgtoken.device_consent_page(%L, ''gina'', NULL)', :'uc')) AS nobody;
SELECT pgtoken.approve_device(:'uc', 'gina', 'gina', page_id => 'x') AS other_page, pgtoken.approve_device(:'uc', 'gina', 'gina', 'openid read offline_access', page_id => :'page'::jsonb ->> 'page_id') AS done;
SELECT test.brief(test.poll(:'dc', 'radio-set')) AS tokens;
SELECT c.expires_at - c.updated_at AS holds, g.expires_at = c.expires_at AS family_too FROM pgtoken.consents c JOIN pgtoken.grants g USING (subject, client_id) WHERE c.subject = 'gina' AND c.client_id = 'radio-set';
SELECT scopes, page #>> '{client,name}' AS name FROM pgtoken.consent_history('gina', 'radio-set');
-- here, too, the earliest end wins
SELECT (a).body ->> 'user_code' AS uc4, (a).body ->> 'device_code' AS dc4 FROM test.ask('radio-set', 'openid read offline_access', 'resource', 'https://consent.example/files') a \gset
SELECT (a).body ->> 'user_code' AS uc5, (a).body ->> 'device_code' AS dc5 FROM test.ask('radio-set', 'openid read offline_access', 'resource', 'https://consent.example/files') a \gset
SELECT pgtoken.approve_device(:'uc4', 'hans', 'hans', lifetime => '30 minutes', consent_lifetime => '40 minutes') AS shorter, pgtoken.approve_device(:'uc5', 'ida', 'ida', lifetime => '50 minutes', consent_lifetime => '40 minutes') AS longer;
SELECT (test.poll(:'dc4', 'radio-set')).status AS shorter, (test.poll(:'dc5', 'radio-set')).status AS longer;
SELECT subject, date_trunc('minute', expires_at - created_at + interval '30 seconds') AS holds FROM pgtoken.grants WHERE subject IN ('hans', 'ida') AND client_id = 'radio-set' ORDER BY subject;
-- Attack shut out: a device polls for tokens when what was agreed to is over
SELECT (a).body ->> 'user_code' AS uc2, (a).body ->> 'device_code' AS dc2 FROM test.ask('radio-set', 'openid', 'resource', 'https://consent.example/files') a \gset
SELECT pgtoken.approve_device(:'uc2', 'gina', 'gina', consent_lifetime => '1 minute') AS done;
UPDATE pgtoken.device_codes SET consent_expires_at = now() WHERE grant_id = test.device(:'dc2');
SELECT test.brief(test.poll(:'dc2', 'radio-set')) AS too_late;
SET pgtoken.consent_page_required = on;
SELECT (a).body ->> 'user_code' AS uc3 FROM test.ask('radio-set', 'openid', 'resource', 'https://consent.example/files') a \gset
SELECT pgtoken.approve_device(:'uc3', 'gina', 'gina') AS never_shown;
RESET pgtoken.consent_page_required;

-- Upkeep ----------------------------------------------------------------------------

UPDATE pgtoken.consents SET expires_at = now() - interval '40 days' WHERE subject = 'gina' AND client_id = 'radio-set';
UPDATE pgtoken.consents SET expires_at = now() - interval '20 days' WHERE subject = 'dora' AND client_id = 'lamp';
UPDATE pgtoken.consent_pages SET shown_at = now() - interval '25 hours' WHERE subject = 'eve' AND client_id = 'lamp';
SELECT t, (SELECT p.detail::integer > 0 FROM pgtoken.purge_batch(t, 1000000, anew => true) p) AS some FROM unnest('{consents,consent_pages}'::text[]) t;
SELECT DISTINCT subject FROM pgtoken.consents WHERE (subject, client_id) IN (('gina', 'radio-set'), ('dora', 'lamp')) ORDER BY 1;
SELECT count(*) FROM pgtoken.consent_pages WHERE subject = 'eve' AND client_id = 'lamp';
SET pgtoken.consent_retention = 0;
UPDATE pgtoken.consents SET expires_at = now() - interval '2000 days' WHERE subject = 'dora' AND client_id = 'lamp';
SELECT p.step FROM pgtoken.purge_batch('consents', 1000000, anew => true) p;
RESET pgtoken.consent_retention;
-- texts go with the API that they are for
SELECT pgtoken.create_resource('https://consent.example/mistyped', issuer => 'https://consent.example') IS NOT NULL AS made, pgtoken.describe_scope('read', 'x', resource => 'https://consent.example/mistyped', issuer => 'https://consent.example') AS described,
	   pgtoken.delete_resource('https://consent.example/mistyped', 'https://consent.example') AS deleted;
SELECT count(*) AS texts_left FROM pgtoken.scope_descriptions WHERE resource LIKE '%mistyped';
-- the application sees consents, an auditor what was shown; nobody else
SELECT r, has_table_privilege(r, 'pgtoken.consent_status', 'SELECT') AS status, has_table_privilege(r, 'pgtoken.consent_pages', 'SELECT') AS pages, has_function_privilege(r, 'pgtoken.consent_history(text,text)', 'EXECUTE') AS history
FROM unnest('{pgtoken_admin,pgtoken_auditor,pgtoken_http,pgtoken_issuer}'::text[]) r ORDER BY 1;
RESET pgtoken.http_issuer;
DROP FUNCTION test.consent_tx, test.shown, test.page_asks, test.redeem_lamp, test.pay, test.family_holds;
