-- Seals of the audit, what they find, and redaction.
\set SHOW_CONTEXT never
CREATE FUNCTION test.sealed(OUT ok boolean, OUT what text) RETURNS SETOF record LANGUAGE sql AS
	$$SELECT v.ok,
			 regexp_replace(regexp_replace(v.finding, '[0-9]+ row', 'n row', 'g'), '(20[0-9]{2}-[0-9]{2}|event [0-9a-f-]{36})', 'X', 'g')
	  FROM pgtoken.verify_audit() v WHERE (v.finding IS NOT NULL OR NOT v.ok) AND v.finding NOT LIKE 'not sealed yet%' AND (v.redacted_by IS NULL OR NOT v.ok)$$;
-- until nothing waits any more: an analysis by the server holds a seal back, too
CREATE PROCEDURE test.seal() LANGUAGE plpgsql AS $$
BEGIN
	LOOP
		PERFORM pgtoken.seal_audit();
		COMMIT;
		EXIT WHEN NOT EXISTS (SELECT FROM pgtoken.verify_audit() v WHERE v.number IS NULL AND v.ok);
		PERFORM pg_sleep(0.05);
	END LOOP;
END
$$;
-- what is found, whatever number the seal has
CREATE FUNCTION test.tampered(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	says text;
BEGIN
	ALTER TABLE pgtoken.tokens DISABLE TRIGGER append_only;
	ALTER TABLE pgtoken.audit_rows DISABLE TRIGGER append_only;
	EXECUTE statement;
	SELECT string_agg(s.what, '; ' ORDER BY s.what COLLATE "C") INTO says FROM test.sealed() s WHERE NOT s.ok;
	RAISE EXCEPTION USING ERRCODE = 'raise_exception', MESSAGE = coalesce(says, 'nothing was found');
EXCEPTION WHEN raise_exception THEN
	RETURN SQLERRM;	-- and nothing of it stays
END
$$;

-- what other tests have written by hand no seal would cover; what they have redacted is no business of this one
ALTER TABLE pgtoken.tokens DISABLE TRIGGER append_only;
ALTER TABLE pgtoken.audit_rows DISABLE TRIGGER append_only;
DELETE FROM pgtoken.tokens WHERE length(proof) <> 20 OR proof IS NULL;
DELETE FROM pgtoken.audit_rows WHERE length(proof) <> 20 OR proof IS NULL OR event = 'audit.redacted';
ALTER TABLE pgtoken.tokens ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE pgtoken.audit_rows ENABLE ALWAYS TRIGGER append_only;

-- Without a key nothing is sealed, and who asks for it is told.
SELECT ok FROM pgtoken.health() WHERE check_name = 'audit sealed';
SELECT test.outcome('SELECT pgtoken.seal_audit()');
SELECT test.outcome($$SELECT pgtoken.create_audit_key('HS256')$$), test.outcome($$SELECT pgtoken.create_audit_key('none')$$), test.outcome('SELECT pgtoken.create_audit_key(NULL)');
SELECT length(pgtoken.create_audit_key()) AS kid;
SET client_min_messages = warning;
SELECT count(*) AS the_same FROM pgtoken.audit_keys WHERE kid = pgtoken.create_audit_key(if_not_exists => true);
RESET client_min_messages;
SELECT state, alg, public_jwk ->> 'kid' = kid AS named, public_jwk ? 'd' AS private FROM pgtoken.audit_keys;
-- no JWK Set has it, and it signs no token
SELECT count(*) FROM pgtoken.issuers i, jsonb_array_elements(pgtoken.jwks(i.issuer) -> 'keys') j, pgtoken.audit_keys k WHERE j ->> 'kid' = k.kid;

SELECT refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('web', 'sealed-1', 'offline_access', context => '{"ip": "192.0.2.1", "user_agent": "x"}') \gset
SELECT refresh_token AS rt, error FROM pgtoken.refresh_grant(:'rt', 'web', test.secret('web'), context => '{"ip": "192.0.2.2"}') \gset
SELECT grant_id AS other FROM pgtoken.issue_tokens('web', 'sealed-2', 'offline_access', context => '{"ip": "192.0.2.3"}') \gset
SELECT count(*) FROM pgtoken.revoke_family(:'gid'::uuid, 'logout');
CALL test.seal();
SELECT pgtoken.seal_audit() AS nothing_new;
SELECT grant_id AS later FROM pgtoken.issue_tokens('web', 'sealed-3', 'offline_access') \gset
SELECT number, ok, rows, finding FROM pgtoken.verify_audit() WHERE number IS NULL;
CALL test.seal();
SELECT * FROM test.sealed();
SELECT bool_and(seal ~ '^[\w-]+\.[\w-]+\.[\w-]+$') AS jws, bool_and(xact_from <= xact_until) AS ranges, sum(rows) =
	(SELECT count(*) FROM pgtoken.audit_events) AS all_rows FROM pgtoken.audit_seals;

-- Attack shut out (C162): who rules the database changes what it says, and no trigger is asked.
SELECT n, what, test.tampered(statement) AS finding
FROM (VALUES
	(1, 'nothing', 'SELECT 1'),
	(2, 'an edit', format('UPDATE pgtoken.tokens SET scope = ''admin'' WHERE grant_id = %L AND generation = 0', :'gid')),
	(3, 'of who did it', format('UPDATE pgtoken.audit_rows SET session_user_name = ''nobody'' WHERE grant_id = %L', :'gid')),
	(4, 'of whom it was about', format('UPDATE pgtoken.tokens SET subject = ''sealed-9'' WHERE grant_id = %L AND generation = 0', :'gid')),
	(5, 'of an address', format('UPDATE pgtoken.tokens SET context = ''{}'' WHERE grant_id = %L AND generation = 0', :'gid')),
	(6, 'a deletion', format('DELETE FROM pgtoken.audit_rows WHERE grant_id = %L', :'gid')),
	(7, 'of the last', format('DELETE FROM pgtoken.tokens WHERE grant_id = %L', :'later')),
	(8, 'a reordering', format('UPDATE pgtoken.tokens SET issued_at = issued_at + CASE generation WHEN 0 THEN interval ''1 microsecond'' ELSE -interval ''1 microsecond'' END WHERE grant_id = %L', :'gid')),
	(9, 'of transactions', format('UPDATE pgtoken.tokens SET xact_id = (SELECT l.xact_id FROM pgtoken.tokens l WHERE l.grant_id = %L) WHERE grant_id = %L AND generation = 0', :'later', :'gid')),
	(10, 'a row that never was', format('INSERT INTO pgtoken.tokens SELECT (jsonb_populate_record(t, ''{"generation": 7}'')).* FROM pgtoken.tokens t WHERE grant_id = %L', :'later')),
	(11, 'without a proof', format('INSERT INTO pgtoken.tokens SELECT (jsonb_populate_record(t, ''{"generation": 7, "proof": null}'')).* FROM pgtoken.tokens t WHERE grant_id = %L', :'later')),
	(12, 'a proof of nothing', format('UPDATE pgtoken.tokens SET proof = ''\x00'' WHERE grant_id = %L', :'later')),
	(13, 'a redaction that nobody wrote down', format('UPDATE pgtoken.tokens t SET subject = NULL, personal = NULL, proof = pgtoken.redacted_proof(t, true, false, ''00000000-0000-7000-8000-000000000000'') WHERE grant_id = %L', :'later')),
	(14, 'a seal', 'ALTER TABLE pgtoken.audit_seals DISABLE TRIGGER append_only; UPDATE pgtoken.audit_seals SET rows = rows + 1 WHERE number = (SELECT min(number) FROM pgtoken.audit_seals)'),
	(15, 'its signature', 'ALTER TABLE pgtoken.audit_seals DISABLE TRIGGER append_only; UPDATE pgtoken.audit_seals SET seal = regexp_replace(seal, ''....$'', ''AAAA'') WHERE number = (SELECT min(number) FROM pgtoken.audit_seals)'),
	(16, 'no seal', 'ALTER TABLE pgtoken.audit_seals DISABLE TRIGGER append_only; DELETE FROM pgtoken.audit_seals WHERE number = (SELECT min(number) FROM pgtoken.audit_seals)'),
	(17, 'a month that was not retired', 'INSERT INTO pgtoken.audit_retired (after_number, of_table, month, rows, root) SELECT min(number), ''tokens'', ''2020-01'', 0, pgtoken.merkle_root(NULL) FILTER (WHERE false) FROM pgtoken.audit_seals')) v (n, what, statement)
ORDER BY n;
-- the row is named
BEGIN;
ALTER TABLE pgtoken.tokens DISABLE TRIGGER append_only;
UPDATE pgtoken.tokens SET scope = 'admin' WHERE grant_id = :'gid' AND generation = 1;
SELECT count(*) AS named FROM pgtoken.verify_audit() v JOIN pgtoken.audit_events e USING (event_id) WHERE NOT v.ok AND e.grant_id = :'gid' AND e.detail -> 'generation' = '1' AND v.finding ~ '^tokens of [0-9-]+: changed';
SELECT count(*) AS not_in_its_seal FROM pgtoken.verify_audit((SELECT max(made_at) FROM pgtoken.audit_seals) + interval '1 hour') v WHERE NOT v.ok;
SELECT count(*) > 0 AS by_time FROM pgtoken.verify_audit(now() - interval '1 hour', now() + interval '1 hour') v WHERE NOT v.ok;
ROLLBACK;
SELECT test.outcome($$UPDATE pgtoken.audit_seals SET rows = 1$$) <> 'ok' AS kept, test.outcome('TRUNCATE pgtoken.audit_seals') <> 'ok' AS kept, test.outcome($$DELETE FROM pgtoken.audit_retired$$) <> 'x' AS may_be_empty,
	   test.outcome($$DELETE FROM pgtoken.audit_chains$$) <> 'ok' AS kept;

-- A key that takes the place of another: the seal in between names it.
SELECT length(pgtoken.create_audit_key('EdDSA')) AS kid;
SELECT test.outcome('SELECT pgtoken.create_audit_key()');
SELECT pgtoken.seal_audit('a key was made') > 0 AS sealed;
SELECT pgtoken.seal_audit('the next one') > 0 AS by_it;
CALL test.seal();
SELECT alg, state, retire_reason, EXISTS (SELECT FROM pgtoken.key_material m WHERE m.material_id = 'audit:' || k.kid) AS signs,
	   (SELECT count(*) > 0 FROM pgtoken.audit_seals s WHERE s.kid = k.kid) AS has_signed,
	   (SELECT count(*) FROM pgtoken.audit_seals s WHERE pgtoken.seal_claims(s.seal) ->> 'next_kid' = k.kid) AS was_named
FROM pgtoken.audit_keys k ORDER BY created_at;
SELECT count(*) AS broken FROM pgtoken.verify_audit() WHERE NOT ok;
SELECT event, count(*) FROM pgtoken.audit_events WHERE event LIKE 'audit%' AND event <> 'audit.redacted' GROUP BY event ORDER BY event COLLATE "C";

-- Redaction: the person goes, the row stays, and so does its leaf.
SELECT array_agg(leaf ORDER BY event_id) AS leaves FROM pgtoken.audit_row_leaves WHERE grant_id = :'gid' \gset
SELECT pgtoken.redact_audit('https://nobody.example', 'sealed-1', 'of another issuer') AS of_another_issuer;
SELECT pgtoken.redact_audit('https://id.example', 'sealed-1', 'asked to be forgotten') AS redacted;
SELECT pgtoken.redact_audit('https://id.example', 'sealed-1', 'asked to be forgotten') AS again, test.outcome($$SELECT pgtoken.redact_audit(NULL, NULL, 'x')$$);
SELECT event, reason, subject, client_addr, context, personal, client_id FROM pgtoken.audit_events WHERE grant_id = :'gid' ORDER BY event_id;
SELECT array_agg(leaf ORDER BY event_id) = :'leaves' AS the_same FROM pgtoken.audit_row_leaves WHERE grant_id = :'gid';
SELECT reason, subject, detail -> 'rows' AS rows, jsonb_array_length(detail -> 'event_ids') AS named, (SELECT count(*) FROM pgtoken.audit_events e WHERE a.detail -> 'event_ids' ? e.event_id::text) AS found
FROM pgtoken.audit_events a WHERE event = 'audit.redacted' AND reason = 'asked to be forgotten';
SELECT count(*) AS of_others FROM pgtoken.audit_events WHERE grant_id = :'other' AND subject = 'sealed-2' AND context = '{"ip": "192.0.2.3"}';
SELECT v.ok, regexp_replace(v.finding, v.redacted_by::text, 'E') AS finding, (SELECT e.reason FROM pgtoken.audit_events e WHERE e.event_id = v.redacted_by) AS reason,
	   (SELECT e.grant_id = :'gid' FROM pgtoken.audit_events e WHERE e.event_id = v.event_id) AS first_of_it
FROM pgtoken.verify_audit() v JOIN pgtoken.audit_events r ON r.event_id = v.redacted_by AND r.reason = 'asked to be forgotten';
SELECT count(*) AS still_named FROM pgtoken.audit_events e WHERE e::text LIKE '%sealed-1%';
-- Attack shut out: the way of redactions is taken for something else
CREATE FUNCTION test.redacting(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pgtoken.redacting(true);
	RETURN regexp_replace(test.outcome(statement), '_(p20[0-9_]+|default)"', '_X"');
END
$$;
SELECT n, test.redacting(statement) AS outcome
FROM (VALUES
	(1, format('UPDATE pgtoken.tokens t SET scope = ''admin'' WHERE grant_id = %L', :'other')),
	(2, format('UPDATE pgtoken.tokens t SET subject = NULL WHERE grant_id = %L', :'other')),
	(3, format('UPDATE pgtoken.tokens t SET subject = ''sealed-9'', personal = NULL, proof = pgtoken.redacted_proof(t, true, false, pgtoken.new_uuid()) WHERE grant_id = %L', :'other')),
	(4, format('UPDATE pgtoken.tokens t SET scope = ''admin'', subject = NULL, personal = NULL, proof = pgtoken.redacted_proof(t, true, false, pgtoken.new_uuid()) WHERE grant_id = %L', :'other')),
	(5, format('UPDATE pgtoken.tokens t SET proof = pgtoken.redacted_proof(t, true, true, pgtoken.new_uuid()) WHERE grant_id = %L', :'other')),
	(6, format('UPDATE pgtoken.tokens t SET subject = ''sealed-1'' WHERE grant_id = %L', :'gid')),
	(7, format('DELETE FROM pgtoken.tokens t WHERE grant_id = %L', :'other')),
	(8, 'TRUNCATE pgtoken.tokens'),
	(9, format('UPDATE pgtoken.tokens t SET subject = NULL, personal = NULL, proof = pgtoken.redacted_proof(t, true, false, pgtoken.new_uuid()) WHERE grant_id = %L', '00000000-0000-0000-0000-000000000000'))) v (n, statement)
ORDER BY n;

-- Attack shut out: who rules the database hides a change behind a redaction that there was, or where no seal looks.
SELECT event_id AS redaction FROM pgtoken.audit_events WHERE event = 'audit.redacted' AND reason = 'asked to be forgotten' \gset
SELECT n, what, test.tampered(statement) AS finding
FROM (VALUES
	(1, 'another person in a row that was redacted', format('UPDATE pgtoken.tokens SET subject = ''sealed-9'' WHERE grant_id = %L', :'gid')),
	(2, 'a row that the redaction did not name', format('UPDATE pgtoken.tokens t SET subject = NULL, personal = NULL, proof = pgtoken.redacted_proof(t, true, false, %L) WHERE grant_id = %L', :'redaction', :'other')),
	(3, 'no names of rows', format('UPDATE pgtoken.audit_rows SET detail = detail - ''event_ids'' WHERE event_id = %L', :'redaction')),
	(4, 'a month retired after no seal', format('INSERT INTO pgtoken.audit_retired (after_number, of_table, month, rows, root)
		SELECT (SELECT max(number) FROM pgtoken.audit_seals) + 1000, r.of_table, r.month, count(*), pgtoken.merkle_root(r.leaf ORDER BY r.xact_id, r.event_id, r.leaf)
		FROM pgtoken.audit_row_leaves r WHERE r.of_table = ''tokens'' AND r.grant_id <> %1$L AND pgtoken.seal_of(r.cluster, r.xact_id) IS NOT NULL GROUP BY r.of_table, r.month;
		DELETE FROM pgtoken.tokens WHERE grant_id = %1$L', :'later')),
	(5, 'a row of no cluster, and a seal of no number', format('INSERT INTO pgtoken.audit_seals SELECT (jsonb_populate_record(s, ''{"number": 0, "cluster": "\\x01020304", "xact_from": "0", "xact_until": "18446744073709551615"}'')).* FROM pgtoken.audit_seals s WHERE number = 1;
		INSERT INTO pgtoken.tokens SELECT (jsonb_populate_record(t, jsonb_build_object(''generation'', 7, ''proof'', ''\x01020304'' || substr(t.proof::text, 11)))).* FROM pgtoken.tokens t WHERE grant_id = %L', :'other')),
	(6, 'a row of a transaction that never was', format('INSERT INTO pgtoken.tokens SELECT (jsonb_populate_record(t, ''{"generation": 7, "xact_id": "9000000000000000000"}'')).* FROM pgtoken.tokens t WHERE grant_id = %L', :'other')),
	(7, 'a seal that is something else', 'ALTER TABLE pgtoken.audit_seals DISABLE TRIGGER append_only; UPDATE pgtoken.audit_seals SET seal = ''x.W10.x'' WHERE number = (SELECT min(number) FROM pgtoken.audit_seals)'),
	(8, 'a month retired that is not over', format('INSERT INTO pgtoken.audit_retired (after_number, of_table, month, rows, root)
		SELECT (SELECT max(number) FROM pgtoken.audit_seals), r.of_table, r.month, count(*), pgtoken.merkle_root(r.leaf ORDER BY r.xact_id, r.event_id, r.leaf)
		FROM pgtoken.audit_row_leaves r WHERE r.of_table = ''tokens'' AND r.grant_id <> %1$L AND pgtoken.seal_of(r.cluster, r.xact_id) IS NOT NULL GROUP BY r.of_table, r.month;
		DELETE FROM pgtoken.tokens WHERE grant_id = %1$L', :'later'))) v (n, what, statement)
ORDER BY n;

-- Addresses go earlier than the rest.
-- Attack shut out: who may look at the audit finds in another column what was taken out of these. An address and
-- a user agent stand nowhere else, of whatever event.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('seen_from', offline_access => true, retry_window => '0');
SELECT refresh_token AS rt, grant_id AS placed FROM pgtoken.issue_tokens('seen_from', 'seen-person', 'offline_access', context => '{"ip": "192.0.2.200", "user_agent": "MARK agent"}') \gset
SELECT count(*) AS rotated FROM pgtoken.refresh_grant(:'rt', 'seen_from', test.secret('seen_from'), context => '{"ip": "192.0.2.201", "user_agent": "MARK agent"}');
UPDATE pgtoken.grants SET claims = '{"a": 1}' WHERE grant_id = :'placed';
SELECT error FROM pgtoken.refresh_grant(:'rt', 'seen_from', test.secret('seen_from'), context => '{"ip": "192.0.2.202"}');
DELETE FROM pgtoken.grants WHERE grant_id = :'placed';
SELECT e.event, c.key AS stands_in FROM pgtoken.audit_events e, jsonb_each(to_jsonb(e)) c WHERE e.grant_id = :'placed' AND c.value::text ~ 'MARK|192\.0\.2\.20' ORDER BY 1, 2;
SET client_min_messages = warning;
SELECT count(*) > 0 AS with_addresses FROM pgtoken.audit_events WHERE context <> '{}' OR client_addr IS NOT NULL \gset
SELECT count(*) AS by_default FROM pgtoken.maintain() WHERE step = 'addresses redacted';
BEGIN;
SET LOCAL pgtoken.address_retention = '1min';
-- nothing is that old yet
ALTER TABLE pgtoken.tokens DISABLE TRIGGER append_only;
SELECT count(*) AS too_young FROM pgtoken.redact_old_addresses(10) WHERE step IS NOT NULL;
ROLLBACK;
INSERT INTO pgtoken.tokens SELECT (jsonb_populate_record(t, jsonb_build_object('generation', 100 + n, 'issued_at', now() - interval '3 hours' - n * interval '1 minute', 'context', '{"ip": "192.0.2.99"}'::jsonb,
	'personal', '{"a": 1}'::jsonb))).* FROM pgtoken.tokens t, generate_series(1, 5) n WHERE t.grant_id = :'later' AND t.generation = 0;
SELECT array_agg(leaf ORDER BY event_id) AS leaves FROM pgtoken.audit_row_leaves WHERE grant_id = :'later' \gset
SET pgtoken.address_retention = '2h';
SELECT step, detail, finished FROM pgtoken.redact_old_addresses(3);
SELECT step, detail, finished FROM pgtoken.redact_old_addresses(3);
SELECT step, detail, finished FROM pgtoken.redact_old_addresses(3);
SELECT test.outcome('SELECT pgtoken.redact_old_addresses(0)');
RESET pgtoken.address_retention;
RESET client_min_messages;
SELECT generation >= 100 AS old, context, client_addr, subject, personal, count(*) FROM pgtoken.tokens WHERE grant_id = :'later' GROUP BY 1, 2, 3, 4, 5 ORDER BY 1;
SELECT array_agg(leaf ORDER BY event_id) = :'leaves' AS the_same FROM pgtoken.audit_row_leaves WHERE grant_id = :'later';
SELECT reason, detail - 'before' AS detail FROM pgtoken.audit_events WHERE event = 'audit.redacted' AND reason = 'address_retention' ORDER BY event_id;
-- and whom it was about goes after it
SELECT pgtoken.redact_audit(NULL, 'sealed-3', 'asked to be forgotten') AS redacted;
SELECT count(subject) + count(personal) + count(context) AS left FROM pgtoken.tokens WHERE grant_id = :'later';
SELECT array_agg(leaf ORDER BY event_id) = :'leaves' AS the_same FROM pgtoken.audit_row_leaves WHERE grant_id = :'later';

-- in passes: each takes a part of a window, the last what is left of it
INSERT INTO pgtoken.tokens SELECT (jsonb_populate_record(t, jsonb_build_object('grant_id', '00000000-0000-7000-8000-0000000000aa', 'generation', n, 'jti', 'pass-' || n, 'xact_id', pg_current_xact_id(),
	'issued_at', now() - interval '150 minutes' + n * interval '1 second', 'context', '{"ip": "192.0.2.99"}'::jsonb))).*
FROM pgtoken.tokens t, generate_series(1, 20) n WHERE t.grant_id = :'other' AND t.generation = 0;
UPDATE pgtoken.maintenance SET position = NULL WHERE task = 'redaction';
SET client_min_messages = warning;
DO $$
DECLARE
	batch record;
	rows integer[] := '{}';
BEGIN
	PERFORM set_config('pgtoken.address_retention', '2h', true);
	LOOP
		SELECT * INTO batch FROM pgtoken.redact_old_addresses(2, 4);
		rows := rows || coalesce(batch.detail::integer, 0);
		EXIT WHEN batch.finished;
	END LOOP;
	RAISE WARNING 'all, in several windows of four passes: %', (SELECT sum(r) >= 20 FROM unnest(rows) r) AND cardinality(rows) >= 12;
END
$$;
RESET client_min_messages;
SELECT count(*), count(context) AS with_address, count(subject) AS with_subject FROM pgtoken.tokens WHERE grant_id = '00000000-0000-7000-8000-0000000000aa';

-- Fault shut out: a redaction that takes its time is not found by its id, which tells when it began
SELECT count(*) > 0 AS redactions, count(*) FILTER (WHERE ('x' || lpad(left(replace(event_id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint <> floor(extract(epoch FROM occurred_at) * 1000)) AS of_another_time
FROM pgtoken.audit_rows WHERE event = 'audit.redacted';

-- Fault shut out: a column that comes later is in no leaf, and can be changed. What a mark says is there (marks.sql).
SELECT a.attrelid::regclass AS of_table, a.attname AS in_no_leaf
FROM pg_attribute a
WHERE a.attrelid IN ('pgtoken.tokens'::regclass, 'pgtoken.audit_rows'::regclass) AND a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT IN ('proof', 'mark')
  AND NOT EXISTS (SELECT FROM (SELECT pgtoken.audit_leaf_json(t, true)::jsonb AS j FROM pgtoken.tokens t WHERE t.grant_id = :'other' AND a.attrelid = 'pgtoken.tokens'::regclass LIMIT 1) x,
				  jsonb_array_elements((x.j -> 'columns') || (x.j #> '{person,columns}') || (x.j #> '{place,columns}')) c WHERE c ->> 0 = a.attname)
  AND NOT EXISTS (SELECT FROM (SELECT pgtoken.audit_leaf_json(r, true)::jsonb AS j FROM pgtoken.audit_rows r WHERE r.event = 'audit.redacted' AND a.attrelid = 'pgtoken.audit_rows'::regclass LIMIT 1) x,
				  jsonb_array_elements((x.j -> 'columns') || (x.j #> '{person,columns}') || (x.j #> '{place,columns}')) c WHERE c ->> 0 = a.attname);

-- What leaves the machine.
SELECT key, count(*) > 1 AS several FROM pgtoken.export_audit_seals() l, json_object_keys(l::json) key GROUP BY key ORDER BY key;
SELECT count(*) AS later_than_the_last FROM pgtoken.export_audit_seals((SELECT max(number) FROM pgtoken.audit_seals)) l WHERE l::json -> 'seal' IS NOT NULL;
SELECT count(*) = max(s.rows) AS all_of_them, bool_or(l::json -> 'person' -> 'salt' IS NOT NULL) AS persons, bool_or(l LIKE '%sealed-2%') AS named
FROM (SELECT * FROM pgtoken.audit_seals ORDER BY number LIMIT 1) s, pgtoken.export_audit_rows(s.number) l;
SELECT count(*) = max(s.rows) AS all_of_them, bool_or(l::json -> 'person' -> 'salt' IS NOT NULL) AS persons, bool_or(l LIKE '%sealed-2%') AS named, bool_or(l LIKE '%sealed-1%') AS redacted
FROM (SELECT * FROM pgtoken.audit_seals ORDER BY number LIMIT 1) s, pgtoken.export_audit_rows(s.number, true) l;
SELECT p -> 'index' IS NOT NULL AS placed, p ->> 'seal' = (SELECT seal FROM pgtoken.audit_seals ORDER BY number LIMIT 1) AS seal, p #> '{row,person,salt}' IS NULL AS hidden
FROM pgtoken.audit_events e, pgtoken.audit_proof(e.event_id) p WHERE e.grant_id = :'other' AND e.event = 'grant.issued';
SELECT pgtoken.audit_proof('00000000-0000-7000-8000-000000000000') AS of_nothing, test.outcome(format('SELECT pgtoken.audit_proof(%L)', event_id)) AS too_early
FROM pgtoken.audit_events WHERE event = 'audit.redacted' ORDER BY event_id DESC LIMIT 1;

-- By the courier.
SET pgtoken.audit_seal_url = 'https://archive.example/seals';
SELECT count(*) AS nobody_does_it FROM pgtoken.health() WHERE check_name = 'courier' AND NOT ok AND detail LIKE '%seals of the audit%';
SELECT pgtoken.seal_audit('to be sent') > 0 AS sealed;
SELECT test.courier('{seal}');
SELECT count(*) AS nobody_does_it FROM pgtoken.health() WHERE check_name = 'courier' AND NOT ok AND detail LIKE '%seals of the audit%';
SELECT work_id, attempt, kind, receiver, request ->> 'url' AS url, request ->> 'content_type' AS content_type,
	   request ->> 'body' = (SELECT seal FROM pgtoken.audit_seals ORDER BY number DESC LIMIT 1) AS the_last FROM pgtoken.courier_take('archive', '{seal}') \gset
SELECT :'kind' AS kind, :'receiver' AS receiver, :'url' AS url, :'content_type' AS content_type, :'the_last' AS the_last;
SELECT pgtoken.courier_done(:'work_id', :attempt, '{"status": 204}');
RESET pgtoken.audit_seal_url;
SELECT test.outcome($$SET pgtoken.audit_seal_url = 'archive'$$);

-- health() says when it is overdue, and only then.
SELECT ok FROM pgtoken.health() WHERE check_name = 'audit sealed';
BEGIN;
ALTER TABLE pgtoken.audit_seals DISABLE TRIGGER append_only;
UPDATE pgtoken.audit_seals SET made_at = made_at - interval '3 days', last_at = last_at - interval '4 days';
SELECT ok FROM pgtoken.health() WHERE check_name = 'audit sealed';
INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, session_user_name) VALUES ('00000000-0000-0000-0000-000000000000', pgtoken.new_uuid(), now() - interval '3 days', 'test', 'x');
SELECT ok, regexp_replace(detail, 'is .* old', 'is X old') AS detail FROM pgtoken.health() WHERE check_name = 'audit sealed';
SET LOCAL pgtoken.audit_seal_interval = '10d';
SELECT ok FROM pgtoken.health() WHERE check_name = 'audit sealed';
ROLLBACK;
SELECT left(test.outcome($$SET pgtoken.audit_seal_interval = -1$$), 5) AS negative;

-- A copy seals nothing by the keys of its original, and is looked after all the same.
SET pgtoken.installation_id = '00000000-0000-4000-8000-000000000000';
SELECT test.outcome('SELECT pgtoken.seal_audit()');
SET client_min_messages = warning;
SELECT step, detail FROM pgtoken.maintain_audit_seals();
RESET client_min_messages;
RESET pgtoken.installation_id;

-- Who may what.
SET ROLE pgtoken_auditor;
SELECT count(*) > 0 AS reads FROM pgtoken.audit_seals;
RESET ROLE;
SELECT t, has_column_privilege('pgtoken_auditor', t, 'jti', 'SELECT') AS jti, has_column_privilege('pgtoken_auditor', t, 'proof', 'SELECT') AS proof FROM unnest('{pgtoken.tokens}'::text[]) t;
SELECT has_column_privilege('pgtoken_auditor', 'pgtoken.audit_rows', 'proof', 'SELECT') AS proof;
DROP FUNCTION test.sealed, test.tampered, test.redacting;
DROP PROCEDURE test.seal;
