-- C161: what is held of a person: shown, and taken away.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

-- All that the person brings along has a mark. At another issuer somebody else has the same id.
\set seen '{"ip": "198.51.100.78", "user_agent": "SPOT agent", "session_id": "SPOT collection", "device_id": "SPOT device"}'
SELECT pgtoken.create_issuer('https://held.example'), pgtoken.create_issuer('https://other.held.example');
SELECT length(pgtoken.create_signing_key('ES256', i)) AS kid_length FROM unnest('{https://held.example,https://other.held.example}'::text[]) i;
SELECT pgtoken.update_issuer('https://held.example', login_uri => 'https://held.example/login', logout_uri => 'https://held.example/logout', verification_uri => 'https://held.example/device', webauthn_rp_id => 'held.example');
SELECT pgtoken.create_resource('https://api.held.example', '{notes}', issuer => 'https://held.example');
SELECT pgtoken.create_resource('https://strict.held.example', '{keys}', issuer => 'https://held.example', required_acr => '{mfa}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('held', offline_access => true, client_name => 'Held', scopes => '{openid,notes}', redirect_uris => '{https://held.example/cb}', issuer => 'https://held.example',
	metadata => '{"backchannel_logout_uri": "https://held.example/logged-out", "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('held-pairwise', offline_access => true, issuer => 'https://held.example', redirect_uris => '{https://pairwise.held.example/cb}', metadata => '{"subject_type": "pairwise"}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('held-strict', 'public', offline_access => true, issuer => 'https://held.example', resources => '{https://strict.held.example}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('held-elsewhere', offline_access => true, issuer => 'https://other.held.example');
SET pgtoken.http_issuer = 'https://held.example';

-- Everything that can be held of him: families that live, are reused, over; a token
-- blacklisted; consents, factors, step-ups and codes in each state
CREATE FUNCTION test.held_transaction(VARIADIC more text[] DEFAULT '{}') RETURNS text LANGUAGE sql
	RETURN test.query((test.http('authorize', test.form(VARIADIC ARRAY['client_id', 'held', 'redirect_uri', 'https://held.example/cb', 'response_type', 'code', 'scope', 'openid notes', 'nonce', 'SPOT nonce',
		'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256'] || more), '{"user-agent": "SPOT agent"}', 'GET')).headers ->> 'location', 'transaction_id');
CREATE FUNCTION test.held_code(code text) RETURNS test.answer LANGUAGE sql
	RETURN test.http('token', test.form('grant_type', 'authorization_code', 'code', code, 'redirect_uri', 'https://held.example/cb', 'code_verifier', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'),
					 test.basic('held') || '{"user-agent": "SPOT agent"}');
CREATE FUNCTION test.held_device() RETURNS test.answer LANGUAGE sql
	RETURN test.http('device_authorization', test.form('scope', 'notes'), test.basic('held') || '{"user-agent": "SPOT agent"}');
CREATE TABLE test.held_tokens (n serial, what text, client_id text, access_token text, refresh_token text, code text);
CREATE PROCEDURE test.hold(seen jsonb) LANGUAGE plpgsql AS $$
DECLARE
	r pgtoken.token_response;
	first pgtoken.token_response;
	a test.answer;
	code text;
	factor uuid;
BEGIN
	-- three rotations, one of them from a token used again: the family is revoked
	first := pgtoken.issue_tokens('held', 'SPOT subject', 'openid notes offline_access', session_id => 'SPOT session', claims => '{"name": "SPOT name"}', nonce => 'SPOT nonce', context => seen);
	r := pgtoken.refresh_grant(first.refresh_token, 'held', test.secret('held'), context => seen);
	r := pgtoken.refresh_grant(r.refresh_token, 'held', test.secret('held'), context => seen);
	PERFORM pgtoken.refresh_grant(first.refresh_token, 'held', test.secret('held'), context => seen);
	INSERT INTO test.held_tokens (what, client_id, access_token, refresh_token) VALUES ('reused', 'held', r.access_token, r.refresh_token);
	-- one that lives, of which an earlier access token is blacklisted
	r := pgtoken.issue_tokens('held', 'SPOT subject', 'openid notes offline_access', session_id => 'SPOT session', claims => '{"name": "SPOT name"}', context => seen);
	PERFORM pgtoken.blacklist_token(r.access_token, 'lost');
	r := pgtoken.refresh_grant(r.refresh_token, 'held', test.secret('held'), context => seen);
	INSERT INTO test.held_tokens (what, client_id, access_token, refresh_token) VALUES ('living', 'held', r.access_token, r.refresh_token);
	r := pgtoken.issue_tokens('held-pairwise', 'SPOT subject', 'openid offline_access', context => seen);
	INSERT INTO test.held_tokens (what, client_id, access_token, refresh_token) VALUES ('pairwise', 'held-pairwise', r.access_token, r.refresh_token);
	-- with consent: a code redeemed, one on its way, a request not answered that names him
	SELECT test.query(p.redirect_uri, 'code') INTO code FROM pgtoken.approve_authorization(test.held_transaction(), 'SPOT subject', consent => 'openid notes', session_id => 'SPOT session', claims => '{"name": "SPOT name"}', context => seen) p;
	a := test.held_code(code);
	INSERT INTO test.held_tokens (what, client_id, access_token, refresh_token) VALUES ('by code', 'held', a.body ->> 'access_token', a.body ->> 'refresh_token');
	SELECT test.query(p.redirect_uri, 'code') INTO code FROM pgtoken.approve_authorization(test.held_transaction(), 'SPOT subject', consent => 'openid notes', context => seen) p;
	INSERT INTO test.held_tokens (what, client_id, code) VALUES ('code', 'held', code);
	PERFORM test.held_transaction('login_hint', 'SPOT subject');
	-- a consent page that waits for his answer
	PERFORM pgtoken.consent_page(test.held_transaction('prompt', 'consent'), 'SPOT subject');
	-- devices: approved and waiting, and codes that he has mistyped
	a := test.held_device();
	PERFORM pgtoken.approve_device(a.body ->> 'user_code', 'SPOT subject', 'SPOT subject', session_id => 'SPOT session', claims => '{"name": "SPOT name"}');
	PERFORM pgtoken.device_request('not a code', 'SPOT subject');
	-- factors, a first issue that waits for one, a code to be sent
	factor := pgtoken.enroll_factor('SPOT subject', 'email', label => 'SPOT label', issuer => 'https://held.example') ->> 'factor_id';
	PERFORM pgtoken.enroll_factor('SPOT subject', 'totp', '{"account": "SPOT account"}', 'SPOT label', 'https://held.example');
	r := pgtoken.issue_tokens('held-strict', 'SPOT subject', 'openid', context => seen);
	PERFORM pgtoken.challenge(r.transaction_id, factor, 'outbox');
	-- a logout that could not be delivered
	INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, client_id, url, payload, expires_at, dead_at)
	VALUES (pgtoken.new_uuid(), 'logout', 'https://held.example', 'held.example', 'held', 'https://held.example/logged-out', '{"subject": "SPOT subject", "session_id": "SPOT session"}', now(), now());
END
$$;
CALL test.hold(:'seen');
SELECT access_token AS at, refresh_token AS rt FROM pgtoken.issue_tokens('held-elsewhere', 'SPOT subject', 'openid offline_access', context => '{"user_agent": "elsewhere"}') \gset
SELECT pgtoken.enroll_factor('SPOT subject', 'email', label => 'elsewhere', issuer => 'https://other.held.example') ->> 'state' AS elsewhere;
SELECT access_token AS bystander FROM pgtoken.issue_tokens('held', 'bystander', 'openid notes') \gset

-- One list says where something is held. Who adds a table sees it here: place 50 is one
-- that nobody has listed in subject_tables(), and what comes of its rows is a guess.
SELECT place, table_name, erasure FROM pgtoken.subject_tables();
-- Attack shut out: a table is added that holds something of people, and nobody thinks
-- of it when a person asks. Each column that names one is in a table of the list.
SELECT c.relname AS forgotten, a.attname AS "column"
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = 'audit'
WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relname NOT IN (SELECT s.table_name FROM pgtoken.subject_tables() s)
  AND (c.relname, a.attname) <> ('assertion_rules', 'sub')	-- a pattern, which an administrator has written
  AND (a.attname ~ '(^|_)(subject|sub|grant_id|session_id|user|person|personal|client_addr|device)(_|$)' AND a.attname !~ '_epoch$|^session_user_name$'
	   -- or it is said to be a person's where it is audited
	   OR a.attname = ANY (string_to_array(replace(split_part(encode(t.tgargs, 'escape'), '\000', 3), ' ', ''), ',')))
ORDER BY 1, 2;
-- and the rows of this one are indeed in each of them
CREATE FUNCTION test.held(mark text) RETURNS TABLE (table_name name, holds_the_mark bigint) LANGUAGE plpgsql AS $$
BEGIN
	FOR table_name IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname COLLATE "C" LOOP
		EXECUTE format('SELECT count(*) FROM pgtoken.%I t WHERE t::text LIKE $1', table_name) INTO holds_the_mark USING '%' || mark || '%';
		IF holds_the_mark > 0 THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END
$$;
SELECT table_name, s.erasure FROM test.held('SPOT') h LEFT JOIN pgtoken.subject_tables() s USING (table_name);

-- The export: whose, for each client the sub it knows, and the rows of each table
CREATE TABLE test.exports (n serial, export jsonb);
INSERT INTO test.exports (export) SELECT pgtoken.export_subject('SPOT subject');
SELECT jsonb_object_agg(key, value) FILTER (WHERE key NOT IN ('clients', 'held', 'exported_at')) AS about FROM test.exports, jsonb_each(export) WHERE n = 1;
SELECT c ->> 'client_id' AS client_id, c ->> 'client_name' AS client_name, CASE WHEN c ->> 'sub' = 'SPOT subject' THEN 'the id' WHEN c ->> 'sub' = test.claims(t.access_token) ->> 'sub' THEN 'as in its tokens' END AS sub
FROM test.exports, jsonb_array_elements(export -> 'clients') c LEFT JOIN test.held_tokens t ON t.what = 'pairwise' WHERE exports.n = 1;
SELECT h.key AS table_name, jsonb_array_length(h.value) AS rows FROM test.exports, jsonb_each(export -> 'held') h WHERE n = 1 AND h.key NOT IN ('tokens', 'audit_rows') ORDER BY h.key COLLATE "C";
SELECT count(*) AS lineage, count(*) FILTER (WHERE r ->> 'subject' = 'SPOT subject') AS his FROM test.exports, jsonb_array_elements(export -> 'held' -> 'tokens') r WHERE n = 1;
-- everything that the audit shows of him, what the device has asked for, which names nobody, and nothing of the other issuer's
SELECT count(*) = (SELECT count(*) FROM pgtoken.audit_by_subject('SPOT subject') e
				   WHERE e.event NOT IN ('grant.issued', 'token.refreshed', 'token.retried', 'subject.exported') AND e.detail::text NOT LIKE '%other.held.example%') AS all_events
FROM test.exports, jsonb_array_elements(export -> 'held' -> 'audit_rows') r WHERE n = 1 AND r ->> 'event' <> 'device_code.created';
SELECT count(*) AS elsewhere FROM test.exports WHERE export::text LIKE '%elsewhere%';
-- Attack shut out: who gets hold of an export goes on with it. Neither token nor
-- secret, nor the hash of one, is in it: no column of bytes, and none that auditors may not read.
SELECT DISTINCT h.key AS table_name, c.key AS hidden
FROM test.exports, jsonb_each(export -> 'held') h, jsonb_array_elements(h.value) r, jsonb_object_keys(r) c (key), pg_attribute a
WHERE n = 1 AND a.attrelid = format('pgtoken.%I', h.key)::regclass AND a.attname = c.key
  AND (a.atttypid IN ('bytea'::regtype, 'bytea[]'::regtype) OR NOT has_column_privilege('pgtoken_auditor', a.attrelid, a.attnum, 'SELECT'));
SELECT count(*) AS with_a_token FROM test.exports, test.held_tokens t WHERE strpos(export::text, coalesce(t.access_token, t.code)) > 0 OR strpos(export::text, t.refresh_token) > 0;
-- in parts
SELECT (e -> 'held') ? 'tokens' AS tokens, (e -> 'held') ? 'audit_rows' AS audit_rows, (e -> 'held') ? 'grants' AS grants FROM pgtoken.export_subject('SPOT subject', audit => false) e;
SELECT (e ->> 'since')::timestamptz = '2001-01-01 00:00+00' AS since, (e ->> 'until')::timestamptz = '2001-02-01 00:00+00' AS until, e -> 'held' -> 'tokens' AS tokens, e -> 'held' -> 'audit_rows' AS audit_rows
FROM pgtoken.export_subject('SPOT subject', since => '2001-01-01 00:00+00', until => '2001-02-01 00:00+00') e;
-- who has asked is on record
SELECT event, reason, subject, detail FROM pgtoken.audit_events WHERE event = 'subject.exported' ORDER BY event_id;
-- nobody
SELECT e -> 'clients' AS clients, (SELECT sum(jsonb_array_length(h.value)) FROM jsonb_each(e -> 'held') h) AS rows FROM pgtoken.export_subject('nobody at all') e;
SELECT pgtoken.export_subject(NULL);
SELECT pgtoken.export_subject('SPOT subject', 'https://nowhere.example');

-- The erasure. What it says and what it leaves on record has nothing of the person.
-- what was received in somebody's name has it, too
SELECT error FROM pgtoken.issue_tokens('held', 'SPOTfive', 'SPOTfive');
SELECT count(*) AS refused_of_him FROM pgtoken.refused_requests('held', 100) r WHERE r.received = 'SPOTfive';
SELECT pgtoken.erase_subject('SPOTfive') -> 'rows' -> 'grants' AS grants;
SELECT count(*) AS refused_of_him FROM pgtoken.refused_requests('held', 100) r WHERE r.received = 'SPOTfive';
SELECT reason, received FROM pgtoken.refused_requests('held', 1);
SELECT pgtoken.erase_subject('SPOT subject', 'request 17') AS erased \gset
SELECT key AS table_name, value AS rows FROM jsonb_each(:'erased'::jsonb -> 'rows') WHERE key <> 'redacted' ORDER BY key COLLATE "C";
SELECT (:'erased'::jsonb -> 'rows' ->> 'redacted')::integer > 40 AS redacted, strpos(:'erased', 'SPOT') AS mark;
-- clients are told, each session
SELECT l ->> 'client_id' AS client_id, l ->> 'backchannel_logout_uri' AS uri, test.claims(l ->> 'logout_token') ->> 'sub' = 'SPOT subject' AS of_him, l ->> 'logout_token' IS NOT NULL AS token
FROM jsonb_array_elements(:'erased'::jsonb -> 'logout') l ORDER BY 1, 2;
SELECT event, reason, client_id, subject, context, personal, detail -> 'rows' = :'erased'::jsonb -> 'rows' AS counted, detail - 'rows' - 'erasure_id' AS detail FROM pgtoken.audit_events
WHERE event = 'subject.erased' AND detail ->> 'erasure_id' = :'erased'::jsonb ->> 'erasure_id';
-- a mark is nowhere but in the two rows that keep late comers out, and where the other issuer's subject is
SELECT h.table_name, h.holds_the_mark FROM test.held('SPOT') h;
SELECT 'factors' AS elsewhere, issuer FROM pgtoken.factors WHERE subject = 'SPOT subject'
UNION ALL SELECT 'grants', client_id FROM pgtoken.grants WHERE subject = 'SPOT subject'
UNION ALL SELECT event, coalesce(client_id, detail -> 'after' ->> 'issuer') FROM pgtoken.audit_by_subject('SPOT subject') ORDER BY 1, 2;
SELECT not_before_epoch = ended_epoch AS ended, client_id, reason FROM pgtoken.subject_not_before WHERE subject = 'SPOT subject';
-- Attack shut out: the token that a thief has kept holds for longer than what said that
-- it does not. The families stay until none can live, with nothing in them of the person.
SELECT what, pgtoken.verify_access_token(access_token) AS access_token, pgtoken.introspect(access_token) AS introspected, pgtoken.introspect(refresh_token) AS refresh_token,
	   (SELECT r.error FROM pgtoken.refresh_grant(t.refresh_token, t.client_id, test.secret(t.client_id)) r) AS refreshed
FROM test.held_tokens t WHERE refresh_token IS NOT NULL ORDER BY n;
SELECT pgtoken.verify_access_token(access_token) IS NULL AS by_code FROM test.held_tokens WHERE what = 'by code';
SELECT test.brief(test.held_code(code)) AS code FROM test.held_tokens WHERE what = 'code';
-- nobody else is concerned: the same id at another issuer, another subject
SELECT pgtoken.verify_access_token(:'at') ->> 'sub' AS elsewhere, (SELECT r.decision FROM pgtoken.refresh_grant(:'rt', 'held-elsewhere', test.secret('held-elsewhere')) r) AS refreshed,
	   (SELECT count(*) FROM pgtoken.factors_of('SPOT subject', 'https://other.held.example')) AS factors, pgtoken.verify_access_token(:'bystander') IS NOT NULL AS bystander;
SELECT count(*) > 0 AS events FROM pgtoken.audit_by_subject('SPOT subject') WHERE client_id = 'held-elsewhere';
SELECT current_setting('pgtoken.http_issuer') AS this_sessions_issuer;
-- the rows stay: what happened can be followed, and not by whom
SELECT event, count(*) FROM pgtoken.audit_events e WHERE e.grant_id = pgtoken.grant_of((SELECT refresh_token FROM test.held_tokens WHERE what = 'reused')) AND e.event ~ '^(grant|token)' GROUP BY event ORDER BY event;
SELECT DISTINCT e.subject, e.personal, nullif(e.context, '{}') AS context FROM pgtoken.audit_events e WHERE e.grant_id = pgtoken.grant_of((SELECT refresh_token FROM test.held_tokens WHERE what = 'living')) AND e.event ~ '^(grant|token)';

-- Once more, and of somebody unknown: nothing to be found, and on record
SELECT (SELECT sum(v.value::bigint) FROM jsonb_each_text(e -> 'rows') v) AS rows, e -> 'logout' AS logout FROM pgtoken.erase_subject('SPOT subject', 'request 17 again') e;
SELECT (SELECT sum(v.value::bigint) FROM jsonb_each_text(e -> 'rows') v) AS rows, e -> 'logout' AS logout FROM pgtoken.erase_subject('nobody at all', 'request 18', 'https://other.held.example') e;
SELECT reason, detail ->> 'issuer' AS issuer FROM pgtoken.audit_events WHERE event = 'subject.erased' ORDER BY event_id;
SELECT pgtoken.erase_subject(NULL);
SELECT pgtoken.erase_subject('SPOT subject', issuer => 'https://nowhere.example');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pgtoken.erase_subject('SPOT subject');
ROLLBACK;
-- rolled back, it has not happened
SELECT access_token AS at2, refresh_token AS rt2 FROM pgtoken.issue_tokens('held', 'SPOT two', 'openid offline_access', context => :'seen') \gset
BEGIN;
SELECT (pgtoken.erase_subject('SPOT two') -> 'rows' ->> 'grants')::integer AS grants;
SELECT pgtoken.verify_access_token(:'at2') IS NULL AS refused;
ROLLBACK;
SELECT pgtoken.verify_access_token(:'at2') IS NOT NULL AS holds, (SELECT r.decision FROM pgtoken.refresh_grant(:'rt2', 'held', test.secret('held')) r) AS refreshed;
-- where the courier delivers, it is told of the logout, and nothing else of him waits
SELECT pgtoken.update_issuer('https://held.example', logout_delivery => 'courier');
SELECT jsonb_array_length(e -> 'logout') AS told, e -> 'logout' -> 0 ? 'logout_token' AS token FROM pgtoken.erase_subject('SPOT two') e;
SELECT kind, payload ->> 'subject' AS subject, dead_at FROM pgtoken.courier_work WHERE issuer = 'https://held.example';

-- Attack shut out: an erasure at one issuer reaches the subject of the same id at another, whose client is gone since
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('held-gone', offline_access => true, issuer => 'https://other.held.example');
SELECT grant_id AS gone FROM pgtoken.issue_tokens('held-gone', 'SPOT gone', 'openid', context => :'seen') \gset
SELECT count(*) AS revoked FROM pgtoken.revoke_family(:'gone'::uuid, 'logout');
DELETE FROM pgtoken.grants WHERE grant_id = :'gone';
SELECT pgtoken.delete_client('held-gone') AS deleted;
DELETE FROM test.clients WHERE client_id = 'held-gone';
SELECT pgtoken.erase_subject('SPOT gone') -> 'rows' -> 'redacted' AS redacted;
SELECT count(*) AS kept FROM pgtoken.audit_events WHERE subject = 'SPOT gone' AND grant_id = :'gone';
SELECT (pgtoken.erase_subject('SPOT gone', issuer => 'https://other.held.example') -> 'rows' ->> 'redacted')::integer > 0 AS redacted;

-- A receiver that fetches nothing keeps the id no longer than two days, and it comes into no event after that.
SELECT stream_id AS stream FROM pgtoken.create_signal_stream('held') \gset
SELECT count(grant_id) AS issued FROM pgtoken.issue_tokens('held', 'SPOT waiting', 'openid', context => :'seen');
SELECT (pgtoken.erase_subject('SPOT waiting') -> 'rows' ->> 'grants')::integer AS grants;
SELECT event, subject FROM pgtoken.signals WHERE stream_id = :'stream';
UPDATE pgtoken.subject_erasures SET erased_at = now() - interval '49 hours' WHERE subject = 'SPOT waiting';
SELECT step, detail FROM pgtoken.finish_erasures();
SELECT event, subject FROM pgtoken.signals WHERE stream_id = :'stream';
SELECT h.table_name FROM test.held('SPOT waiting') h;
SELECT pgtoken.delete_signal_stream(:'stream') AS deleted;

-- Two days later maintain() looks once more: what has come late goes, and the id with it
SELECT pgtoken.enroll_factor('SPOT subject', 'email', label => 'SPOT late', issuer => 'https://held.example') ->> 'state' AS late;
UPDATE pgtoken.factors SET created_at = now() - interval '3 days' WHERE label = 'SPOT late';
SELECT count(*) AS too_early FROM pgtoken.maintain() WHERE step = 'erasures finished';
UPDATE pgtoken.subject_erasures SET erased_at = now() - interval '49 hours' WHERE subject = 'SPOT subject';
-- a transaction that is older than the erasure may commit yet
CREATE FUNCTION test.with_oldest(at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	ALTER FUNCTION pgtoken.oldest_transaction RENAME TO real_oldest_transaction;
	EXECUTE format('CREATE FUNCTION pgtoken.oldest_transaction() RETURNS timestamptz LANGUAGE sql RETURN %L::timestamptz', at);
	RETURN coalesce((SELECT f.step || ' ' || f.detail FROM pgtoken.finish_erasures() f), 'nothing');
END
$$;
BEGIN;
SELECT test.with_oldest(now() - interval '50 hours');
ROLLBACK;
SELECT step, detail FROM pgtoken.maintain() WHERE step = 'erasures finished';
SELECT reason, detail -> 'rows' -> 'factors' AS factors, detail -> 'erasure_id' IS NOT NULL AS by_its_id FROM pgtoken.audit_events WHERE event = 'subject.erased' ORDER BY event_id DESC LIMIT 1;
SELECT * FROM test.held('SPOT subject') WHERE table_name NOT IN (SELECT e.table_name FROM test.held('elsewhere') e) AND table_name <> 'courier_work';
SELECT (SELECT count(*) FROM pgtoken.subject_not_before WHERE issuer = 'https://held.example' AND subject = 'SPOT subject') AS not_before, (SELECT count(*) FROM pgtoken.subject_erasures WHERE subject = 'SPOT subject') AS erasures;
-- families were emptied, and go when no token of theirs can live; what is evidence of a reuse stays as long as that of others
SELECT count(*) AS emptied, count(*) FILTER (WHERE revoked_at IS NULL OR session_id <> '' OR claims <> '{}' OR context <> '{}' OR first_context <> '{}') AS not_quite FROM pgtoken.grants WHERE subject = '' AND client_id LIKE 'held%';
-- whatever the audit calls a person's
SELECT DISTINCT c.key AS not_emptied
FROM pgtoken.grants g, jsonb_each(jsonb_strip_nulls(to_jsonb(g))) c, pg_trigger t
WHERE g.subject = '' AND g.client_id LIKE 'held%' AND t.tgrelid = 'pgtoken.grants'::regclass AND t.tgname = 'audit'
  AND c.key = ANY (string_to_array(replace(split_part(encode(t.tgargs, 'escape'), '\000', 3), ' ', ''), ',')) AND c.value NOT IN ('""', '{}');
UPDATE pgtoken.grants SET revoked_at = revoked_at - interval '49 hours' WHERE subject = '' AND client_id LIKE 'held%';
SELECT step, detail FROM pgtoken.finish_erasures();
SELECT count(*) AS emptied, bool_and(grant_id IN (SELECT grant_id FROM pgtoken.reused_families)) AS reused FROM pgtoken.grants WHERE subject = '' AND client_id LIKE 'held%';
SELECT what, pgtoken.verify_access_token(access_token) AS access_token, (SELECT r.error FROM pgtoken.refresh_grant(t.refresh_token, t.client_id, test.secret(t.client_id)) r) AS refreshed
FROM test.held_tokens t WHERE refresh_token IS NOT NULL ORDER BY n;
-- Attack shut out: once the id is forgotten, so is the end of what was issued before.
-- A family that was committed late has been revoked before it.
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('held', 'SPOT three', 'openid offline_access') \gset
SELECT (pgtoken.erase_subject('SPOT three') -> 'rows' ->> 'grants')::integer AS grants;
-- he has come back meanwhile: what is new stays, what is of before does not
SELECT access_token AS new, grant_id AS new_gid FROM pgtoken.issue_tokens('held', 'SPOT three', 'openid offline_access') \gset
SELECT access_token AS late, grant_id AS late_gid FROM pgtoken.issue_tokens('held', 'SPOT three', 'openid offline_access') \gset
UPDATE pgtoken.grants SET subject_epoch = subject_epoch - 1 WHERE grant_id = :'late_gid';
SELECT pgtoken.verify_access_token(:'new') IS NOT NULL AS new, pgtoken.verify_access_token(:'late') IS NOT NULL AS late;
UPDATE pgtoken.subject_erasures SET erased_at = now() - interval '49 hours' WHERE subject = 'SPOT three';
SELECT step, detail FROM pgtoken.maintain() WHERE step = 'erasures finished';
SELECT pgtoken.verify_access_token(:'new') IS NOT NULL AS new, pgtoken.verify_access_token(:'late') IS NOT NULL AS late, (SELECT count(*) FROM pgtoken.grants WHERE grant_id IN (:'new_gid', :'late_gid')) AS families;
SELECT count(*) AS not_before FROM pgtoken.subject_not_before WHERE subject = 'SPOT three';
-- an end since then is none of the erasure's, and stays
SELECT (pgtoken.erase_subject('SPOT three') -> 'rows' ->> 'grants')::integer AS grants;
SELECT pgtoken.set_not_before(subject => 'SPOT three') IS NOT NULL AS ended;
UPDATE pgtoken.subject_erasures SET erased_at = now() - interval '49 hours' WHERE subject = 'SPOT three';
SELECT step, detail FROM pgtoken.maintain() WHERE step = 'erasures finished';
SELECT count(*) AS not_before FROM pgtoken.subject_not_before WHERE subject = 'SPOT three';

-- Attack shut out: who is blocked asks to be erased, and is let in again. His block stays
-- for as long as it is in force; one that is over goes.
SELECT pgtoken.block_subject('SPOT six', 'fraud') IS NOT NULL AS blocked;
SELECT jsonb_array_length(pgtoken.export_subject('SPOT six') -> 'held' -> 'subject_blocks') AS held;
SELECT pgtoken.erase_subject('SPOT six') -> 'rows' -> 'subject_blocks' AS erased;
SELECT error FROM pgtoken.issue_tokens('held', 'SPOT six', 'openid');
UPDATE pgtoken.subject_blocks SET blocked_at = now() - interval '2 hours', blocked_until = now() - interval '1 hour' WHERE subject = 'SPOT six';
SELECT pgtoken.erase_subject('SPOT six') -> 'rows' -> 'subject_blocks' AS erased;

-- A table that nobody has thought of is found by its columns
CREATE TABLE pgtoken.thought_of_by_nobody (issuer text, subject text, what text, secret bytea, PRIMARY KEY (issuer, subject, what));
GRANT SELECT ON pgtoken.thought_of_by_nobody TO pgtoken_auditor;
INSERT INTO pgtoken.thought_of_by_nobody VALUES ('https://held.example', 'SPOT four', 'a', 'x'), ('https://other.held.example', 'SPOT four', 'b', 'x');
SELECT place, rows_of, erasure FROM pgtoken.subject_tables() WHERE table_name = 'thought_of_by_nobody';
SELECT pgtoken.export_subject('SPOT four') -> 'held' -> 'thought_of_by_nobody' AS held;
SELECT pgtoken.erase_subject('SPOT four') -> 'rows' -> 'thought_of_by_nobody' AS erased;
SELECT issuer, what FROM pgtoken.thought_of_by_nobody;
DROP TABLE pgtoken.thought_of_by_nobody;

-- Who may: neither the application nor who only reads
CREATE ROLE regress_pgtoken_held_issuer IN ROLE pgtoken_issuer, pgtoken_http, pgtoken_courier, pgtoken_auditor;
CREATE ROLE regress_pgtoken_held_admin IN ROLE pgtoken_admin;
SET ROLE regress_pgtoken_held_issuer;
SELECT pgtoken.export_subject('SPOT four');
SELECT pgtoken.erase_subject('SPOT four');
SET ROLE regress_pgtoken_held_admin;
SELECT pgtoken.export_subject('SPOT four') ->> 'subject' AS subject;
SELECT pgtoken.erase_subject('SPOT four') ->> 'issuer' AS issuer;
RESET ROLE;
DROP ROLE regress_pgtoken_held_issuer, regress_pgtoken_held_admin;
RESET pgtoken.http_issuer;

-- what other tests look at
DELETE FROM pgtoken.courier_work WHERE issuer = 'https://held.example';
SELECT pgtoken.update_issuer('https://held.example', logout_delivery => 'application');
DELETE FROM pgtoken.subject_not_before WHERE issuer LIKE '%held.example';
DELETE FROM pgtoken.subject_erasures;
DELETE FROM pgtoken.grants WHERE subject = '';
