-- What the service measures of itself, for whom, and /live and /ready.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

-- a counter, or the sum of those with these labels
CREATE FUNCTION test.metric_now(metric text, with_labels jsonb DEFAULT '{}') RETURNS double precision LANGUAGE sql
BEGIN ATOMIC
	SELECT sum(m.value) FROM pgtoken.metrics() m WHERE m.name = metric AND m.labels @> with_labels;
END;
-- what a statement has added to it
CREATE FUNCTION test.metric_added(statement text, metric text, with_labels jsonb DEFAULT '{}') RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
	before CONSTANT double precision := coalesce(test.metric_now(metric, with_labels), 0);
BEGIN
	EXECUTE statement;
	RETURN coalesce(test.metric_now(metric, with_labels), 0) - before;
END
$$;
CREATE FUNCTION test.ask_watched(method text, target text, headers text[] DEFAULT '{}', body bytea DEFAULT NULL, peer jsonb DEFAULT '{}') RETURNS TABLE (status integer, content_type text, text text) LANGUAGE sql
BEGIN ATOMIC
	SELECT h.status, h.headers[array_position(h.headers, 'Content-Type') + 1], convert_from(h.body, 'UTF8') FROM pgtoken_http.handle(method, target, headers, body, peer) h;
END;
CREATE FUNCTION test.watched_status(method text, target text, headers text[] DEFAULT '{}', peer jsonb DEFAULT '{}') RETURNS text LANGUAGE sql
BEGIN ATOMIC
	SELECT h.status || coalesce(' ' || substring(h.headers[array_position(h.headers, 'WWW-Authenticate') + 1] FROM 'error="([a-z_]+)"'), '') || CASE WHEN convert_from(h.body, 'UTF8') ~ 'pgtoken_' THEN ' metrics' ELSE '' END
	FROM pgtoken_http.handle(method, target, headers, NULL, peer) h;
END;

-- Each sample is of a family that is described, each family by the conventions, and nothing comes twice.
SELECT m.name FROM pgtoken.metrics() m LEFT JOIN pgtoken.metric_families() f ON f.name = pgtoken.metric_family(m.name) WHERE f.name IS NULL;
SELECT f.name FROM pgtoken.metric_families() f
WHERE f.name !~ '^pgtoken_[a-z_]+$' OR f.type NOT IN ('counter', 'gauge', 'histogram', 'info') OR (f.type = 'counter') <> (f.name ~ '_total$') OR (f.type = 'info') <> (f.name ~ '_info$')
   OR f.help !~ '^[A-Z][^\n\\]+\.$' OR f.name ~ '_(count|sum|bucket|ms|kb)$';
SELECT m.name, m.labels FROM pgtoken.metrics() m GROUP BY m.name, m.labels HAVING count(*) > 1;
SELECT m.name FROM pgtoken.metrics() m WHERE m.value IS NULL OR m.value < 0;
SELECT test.metric_now('pgtoken_counters_present') AS counters;

-- Counted: what is issued, refreshed, asked for again, used again, refused.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('measured', 'public', scopes => '{openid,read}', offline_access => true);
CREATE TABLE test.measured (rt text, gid uuid);
SELECT test.metric_added($$INSERT INTO test.measured SELECT refresh_token, grant_id FROM pgtoken.issue_tokens('measured', 'mia', 'openid offline_access')$$, 'pgtoken_tokens_issued_total', '{"grant_type": "none"}') AS issued,
	   test.metric_added($$SELECT pgtoken.issue_tokens('measured', 'mia', 'openid')$$, 'pgtoken_sign_ins_total') AS sign_ins,
	   test.metric_added($$SELECT pgtoken.issue_tokens('measured', 'mia', 'openid')$$, 'pgtoken_decisions_total', '{"act": "issue", "decision": "allow"}') AS allowed;
SELECT rt, gid FROM test.measured \gset
SELECT test.metric_added(format($$SELECT pgtoken.refresh_grant(%L, 'measured')$$, :'rt'), 'pgtoken_decisions_total', '{"act": "refresh", "decision": "allow"}') AS refresh,
	   test.metric_added(format($$SELECT pgtoken.refresh_grant(%L, 'measured')$$, :'rt'), 'pgtoken_refresh_retries_total') AS asked_again,
	   test.metric_added(format($$SELECT pgtoken.refresh_grant(%L, 'measured')$$, :'rt'), 'pgtoken_tokens_issued_total', '{"grant_type": "refresh_token"}') AS and_again;
UPDATE pgtoken.grants SET rotated_at = rotated_at - interval '1 hour' WHERE grant_id = :'gid';
SELECT test.metric_added(format($$SELECT pgtoken.refresh_grant(%L, 'measured')$$, :'rt'), 'pgtoken_refresh_reuse_total') AS used_again,
	   test.metric_added(format($$SELECT pgtoken.refresh_grant(%L, 'measured')$$, :'rt'), 'pgtoken_refusals_total', '{"reason": "family_revoked"}') AS refused,
	   test.metric_added(format($$SELECT pgtoken.refresh_grant(%L, 'measured')$$, :'rt'), 'pgtoken_refused_ring_total') AS in_the_ring;
SELECT pgtoken.create_policy('measured', '[{"rule": "risk_score", "outcome": "deny", "at_least": 50}, {"rule": "risk_score", "outcome": "require", "at_least": 10}]', '{measured}', on_issue => true) AS version, pgtoken.activate_policy('measured');
SELECT test.metric_added($$SELECT pgtoken.issue_tokens('measured', 'mia', 'openid', context => '{"risk_score": 90}')$$, 'pgtoken_decisions_total', '{"act": "issue", "decision": "deny"}') AS denied,
	   test.metric_added($$SELECT pgtoken.issue_tokens('measured', 'mia', 'openid', context => '{"risk_score": 20}')$$, 'pgtoken_decisions_total', '{"act": "issue", "decision": "require"}') AS required;
SELECT pgtoken.deactivate_policy('measured');
-- what is rolled back has been asked all the same
BEGIN;
SELECT test.metric_now('pgtoken_tokens_issued_total') AS issued \gset
SELECT count(*) FROM pgtoken.issue_tokens('measured', 'mia', 'openid');
ROLLBACK;
SELECT test.metric_now('pgtoken_tokens_issued_total') - :issued AS issued;
SELECT access_token AS at FROM pgtoken.issue_tokens('measured', 'mia', 'openid') \gset
SELECT test.metric_added(format('SELECT pgtoken.verify_access_token(%L)', :'at'), 'pgtoken_cache_misses_total', '{"cache": "tokens"}') AS misses,
	   test.metric_added(format('SELECT pgtoken.verify_access_token(%L)', :'at'), 'pgtoken_cache_hits_total', '{"cache": "tokens"}') AS hits,
	   test.metric_added($$SELECT pgtoken.refresh_grant('x', 'measured')$$, 'pgtoken_cache_hits_total', '{"cache": "clients"}') > 0 AS of_clients,
	   test.metric_added($$SELECT pgtoken.update_client('measured', client_name => 'M'); SELECT pgtoken.verify_access_token('x')$$, 'pgtoken_cache_resets_total', '{"cache": "configuration"}') >= 0 AS resets;

-- Counted at the door: by endpoint and status, with the error that was told, and how long it took;
-- whatever path is asked for, and whatever is raised.
SELECT test.metric_added($$SELECT test.ask_watched('GET', '/oauth2/jwks')$$, 'pgtoken_http_requests_total', '{"endpoint": "/oauth2/jwks", "status": "200"}') AS answered,
	   test.metric_added($$SELECT test.ask_watched('GET', '/oauth2/jwks')$$, 'pgtoken_http_request_duration_seconds_count', '{"endpoint": "/oauth2/jwks"}') AS timed,
	   test.metric_added($$SELECT test.ask_watched('GET', '/oauth2/jwks')$$, 'pgtoken_http_request_duration_seconds_bucket', '{"endpoint": "/oauth2/jwks", "le": "+Inf"}') AS in_the_last,
	   test.metric_added($$SELECT test.ask_watched('PUT', '/oauth2/token')$$, 'pgtoken_http_errors_total', '{"endpoint": "/oauth2/token", "error": "invalid_request"}') AS told,
	   test.metric_added($$SELECT test.ask_watched('POST', '/oauth2/token', '{Content-Type,application/x-www-form-urlencoded}', 'grant_type=refresh_token&client_id=measured&refresh_token=x')$$, 'pgtoken_refusals_total', '{"reason": "token_malformed"}') AS once,
	   test.metric_added($$SELECT test.ask_watched('GET', p) FROM unnest('{/a,/b,/.git,/c?d}'::text[]) p$$, 'pgtoken_http_requests_total', '{"endpoint": "other", "status": "404"}') AS elsewhere;
SELECT test.metric_added($$DO 'BEGIN PERFORM test.ask_watched(''GET'', ''/oauth2/userinfo'', ''{Host}''); EXCEPTION WHEN OTHERS THEN NULL; END'$$, 'pgtoken_http_requests_total') AS not_asked,
	   test.metric_added($$DO 'BEGIN SET LOCAL pgtoken.http_issuer = ''https://nobody.example''; PERFORM test.ask_watched(''GET'', ''/oauth2/jwks''); EXCEPTION WHEN OTHERS THEN NULL; END'$$, 'pgtoken_http_requests_total', '{"status": "500"}') AS failed;
-- buckets have what those before have, the last one all
SELECT m.name, m.labels FROM (SELECT m.*, lag(m.value) OVER (PARTITION BY m.labels ->> 'endpoint' ORDER BY (m.labels ->> 'le')::float8) AS before FROM pgtoken.metrics() m WHERE m.name ~ '_bucket$') m WHERE m.value < m.before;
SELECT count(*) > 2 AS endpoints, bool_and(b.value = c.value) AS whole FROM pgtoken.metrics() b JOIN pgtoken.metrics() c ON c.name = 'pgtoken_http_request_duration_seconds_count' AND c.labels = b.labels - 'le'
WHERE b.name = 'pgtoken_http_request_duration_seconds_bucket' AND b.labels ->> 'le' = '+Inf' AND b.labels ->> 'endpoint' <> '/metrics';

-- none has a label that a request could choose
SELECT DISTINCT key AS labels FROM pgtoken.metrics() m, jsonb_object_keys(m.labels) key ORDER BY key;

-- Asked at the time
SELECT test.metric_now('pgtoken_families_alive') = (SELECT count(*) FROM pgtoken.grants WHERE revoked_at IS NULL AND expires_at > now()) OR pg_relation_size('pgtoken.grants') >= 200 * 8192 AS families,
	   test.metric_now('pgtoken_signing_keys') = (SELECT count(*) FROM pgtoken.signing_keys WHERE state <> 'retired') AS keys;
SELECT issuer AS keyless FROM (SELECT pgtoken.create_issuer('https://keyless.example')) c (issuer) \gset
SELECT test.metric_now('pgtoken_signing_keys', '{"issuer": "https://keyless.example"}') AS without, pgtoken.create_signing_key('ES256', 'https://keyless.example') IS NOT NULL AS made,
	   test.metric_now('pgtoken_signing_keys', '{"issuer": "https://keyless.example", "state": "active"}') AS keys,
	   test.metric_now('pgtoken_signing_key_expiry_timestamp_seconds', '{"issuer": "https://keyless.example"}') - extract(epoch FROM now() + current_setting('pgtoken.signing_key_lifetime')::interval) BETWEEN -60 AND 60 AS ends;
INSERT INTO pgtoken.challenges (grant_id, handle_hash, issuer, client_id, subject, context, factor_ids, state, scope, resources, created_at, expires_at)
SELECT gen_random_uuid(), sha256(i::text::bytea), 'https://keyless.example', 'measured', 'mia', '{}', '{}', CASE WHEN i > 3 THEN 'failed' ELSE 'open' END, '', '{}', now(), now() + CASE i WHEN 1 THEN interval '1 day' ELSE interval '-1 day' END
FROM generate_series(1, 4) i;
SELECT (SELECT count(*) FROM pgtoken.challenges WHERE state = 'open' AND expires_at > now()) = test.metric_now('pgtoken_challenges_open') AS open,
	   (SELECT count(*) FROM pgtoken.challenges WHERE state = 'open' AND expires_at <= now()) = test.metric_now('pgtoken_challenges_overdue') AS overdue, test.metric_now('pgtoken_challenges_overdue') >= 2 AS some;
DELETE FROM pgtoken.challenges WHERE issuer = 'https://keyless.example';
INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, created_at, expires_at, dead_at)
SELECT gen_random_uuid(), 'logout', 'https://keyless.example', 'r', now() - interval '1 day', now() + interval '1 day', CASE WHEN i > 2 THEN now() END FROM generate_series(1, 3) i;
SELECT (SELECT count(*) FROM pgtoken.courier_work WHERE kind = 'logout' AND dead_at IS NULL) = test.metric_now('pgtoken_outbox_pending', '{"outbox": "logout"}') AS pending,
	   test.metric_now('pgtoken_outbox_oldest_seconds', '{"outbox": "logout"}') >= 86400 AS oldest, test.metric_now('pgtoken_outbox_dead') >= 1 AS dead, test.metric_now('pgtoken_outbox_oldest_seconds', '{"outbox": "seal"}') AS of_none;
DELETE FROM pgtoken.courier_work WHERE issuer = 'https://keyless.example';
-- what takes long is measured every five minutes: what changes in between is not seen
SELECT count(*) > 20 AS checks FROM pgtoken.metrics() m WHERE m.name = 'pgtoken_health_problems';
SELECT test.metric_added('SELECT pgtoken.keep_samples(''{pgtoken_health_problems}'', ''{kept}'', ''{7}'')', 'pgtoken_health_problems', '{"check": "kept"}') AS kept;
SELECT count(*) AS young, (SELECT count(*) FROM pgtoken.kept_samples(-1)) AS too_old FROM pgtoken.kept_samples(60);
SELECT test.outcome($$SELECT pgtoken.keep_samples('{a}', '{}', '{1}')$$);

-- The text, of both kinds; a value is no more than a value.
SELECT line FROM regexp_split_to_table(pgtoken.metrics_text(), '\n') line WHERE line ~ '^(# [A-Z]+ )?pgtoken_(refresh_reuse|sign_ins|info)' AND line !~ '^pgtoken_(refresh|sign)' ORDER BY line COLLATE "C";
SELECT line FROM regexp_split_to_table(pgtoken.metrics_text(true), '\n') line WHERE line ~ '^# [A-Z]+ pgtoken(_refresh_reuse|_http_request_duration_seconds|_table_size_bytes|) ' ORDER BY line COLLATE "C";
SELECT right(pgtoken.metrics_text(true), 7) = E'\n# EOF\n' AS ends, pgtoken.metrics_text() ~ 'EOF|# UNIT' AS prometheus_does_not, right(pgtoken.metrics_text(), 1) = E'\n' AS ends_its_line;
SELECT pgtoken.metric_samples('m', jsonb_build_object('l', E'a"b\\c\nd} 1\n# TYPE x'), 'Infinity') AS escaped, pgtoken.metric_samples('m', '{}', 0.5), pgtoken.metric_samples('m', '{"a": "b", "c": "d"}', 1e15);
SELECT pgtoken.metric_samples('m', '{"a": ", ", "b": ": ", "c": "{", "d": "x: y", "e": "", "f": "o k"}', 1) AS no_separators, pgtoken.metric_samples('m', '{"a": "x: {y", "b": ""}', 1) AS fast;

-- Attack shut out: who has no permission reads how much is refused, or which issuers there are.
CREATE ROLE regress_monitor IN ROLE pgtoken_monitor;
SET ROLE regress_monitor;
SELECT count(*) > 100 AS metrics, (SELECT count(*) FROM pgtoken.metric_families()) > 20 AS families, length(pgtoken.metrics_text()) > 1000 AS text FROM pgtoken.metrics();
SELECT count(*) FROM pgtoken.grants;
SELECT * FROM pgtoken.health();
SELECT pgtoken.readiness(NULL, false);
RESET ROLE;
CREATE ROLE regress_not_monitor IN ROLE pgtoken_issuer, pgtoken_http, pgtoken_courier;
SET ROLE regress_not_monitor;
SELECT * FROM pgtoken.metrics();
SELECT pgtoken.metrics_text();
RESET ROLE;
DROP ROLE regress_monitor, regress_not_monitor;

-- GET /metrics: for a client in its own name that has the scope.
SELECT client_secret AS secret FROM pgtoken.create_client('prometheus', scopes => '{pgtoken:metrics,watch:else}', metadata => '{"grant_types": ["client_credentials"]}') \gset
SELECT text::jsonb ->> 'access_token' AS at, text::jsonb ->> 'scope' AS scope FROM test.ask_watched('POST', '/oauth2/token', '{Content-Type,application/x-www-form-urlencoded}', convert_to('grant_type=client_credentials&scope=pgtoken:metrics&client_id=prometheus&client_secret=' || :'secret', 'UTF8')) \gset
SELECT :'scope' AS scope;
SELECT status, content_type, text ~ '^# HELP pgtoken_info ' AS text FROM test.ask_watched('GET', '/metrics', ARRAY['Authorization', 'Bearer ' || :'at']);
SELECT n, status, content_type, text ~ '# EOF\n$' AS openmetrics
FROM (VALUES (1, 'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'), (2, 'text/plain'), (3, '*/*'),
			 (4, 'application/openmetrics-text; version=1.0.0'), (5, 'application/openmetrics-text;q=0,text/plain'), (6, 'image/png')) v (n, accept), test.ask_watched('GET', '/metrics', ARRAY['Accept', accept, 'Authorization', 'Bearer ' || :'at']) ORDER BY n;
-- of no host in particular, as a probe calls it; and where the transaction may not write
SELECT test.watched_status('HEAD', '/metrics?x=1', ARRAY['Host', '10.0.0.1', 'Authorization', 'Bearer ' || :'at']) AS anywhere, test.watched_status('POST', '/metrics', ARRAY['Authorization', 'Bearer ' || :'at']) AS another_method;
BEGIN READ ONLY;
SELECT test.watched_status('GET', '/metrics', ARRAY['Authorization', 'Bearer ' || :'at']) AS read_only;
ROLLBACK;
-- C167. Attack shut out: tokens of users, of other scopes, for an API, of clients that have registered
-- themselves, revoked ones, and none; each is told no more than that.
SELECT (pgtoken.create_client('app_with_scope', 'public', scopes => '{pgtoken:metrics}')).client_id;
SELECT access_token AS of_user FROM pgtoken.issue_tokens('app_with_scope', 'mia', 'pgtoken:metrics') \gset
SELECT text::jsonb ->> 'access_token' AS other_scope FROM test.ask_watched('POST', '/oauth2/token', '{Content-Type,application/x-www-form-urlencoded}', convert_to('grant_type=client_credentials&scope=watch:else&client_id=prometheus&client_secret=' || :'secret', 'UTF8')) \gset
SELECT n, test.watched_status('GET', '/metrics', CASE WHEN token <> '' THEN ARRAY['Authorization', scheme || ' ' || token] ELSE '{}' END) AS answer
FROM (VALUES (1, 'Bearer', ''), (2, 'Bearer', 'x'), (3, 'Bearer', :'of_user'), (4, 'Bearer', :'other_scope'), (5, 'DPoP', :'at'), (6, 'Basic', 'cHJvbWV0aGV1czp4')) v (n, scheme, token) ORDER BY n;
BEGIN;
INSERT INTO pgtoken.registrations (client_id, issuer, origin) SELECT 'prometheus', c.issuer, (pgtoken.choices('origin'))[1] FROM pgtoken.clients c WHERE c.client_id = 'prometheus';
SELECT test.watched_status('GET', '/metrics', ARRAY['Authorization', 'Bearer ' || :'at']) AS has_registered_itself;
ROLLBACK;
SELECT count(*) > 0 AS revoked FROM pgtoken.revoke_client('prometheus', 'test');
SELECT test.watched_status('GET', '/metrics', ARRAY['Authorization', 'Bearer ' || :'at']) AS revoked;
SELECT reason, parameter FROM pgtoken.refused_requests(max_requests => 1);

-- Attack shut out: an administrator of one issuer reads what concerns all of them.
CREATE ROLE regress_keyless;
SELECT pgtoken.grant_administration('https://keyless.example', 'regress_keyless');
SET ROLE regress_keyless;
SELECT pgtoken_administration.create_client('spy', scopes => '{pgtoken:metrics}');
SELECT (pgtoken_administration.create_client('spy', scopes => '{read}')).client_id;
SELECT pgtoken_administration.update_client('spy', scopes => '{read,pgtoken:metrics}');
SELECT pgtoken_administration.update_client('spy', scopes => '{read,write}');
RESET ROLE;
SELECT pgtoken.update_client('spy', scopes => '{pgtoken:metrics}') AS by_the_administrator;
SET ROLE regress_keyless;
-- nor by a secret of his for one that the administrator lets
SELECT pgtoken_administration.create_client_secret('spy');
RESET ROLE;
SELECT pgtoken.revoke_administration('https://keyless.example', 'regress_keyless');
DROP ROLE regress_keyless;

-- From networks that are configured, by the address that the layer vouches for and nobody else.
SELECT n, test.outcome(format('SET pgtoken.metrics_networks = %L', networks)) FROM (VALUES (1, '10.0.0.0/8'), (2, '10.0.0.1/8'), (3, 'localhost'), (4, '10.0.0.0/8 ::1'), (5, '0.0.0.0/0, ::/0')) v (n, networks) ORDER BY n;
BEGIN;
SET LOCAL pgtoken.metrics_networks = '10.0.0.0/8, 2001:db8::/32';
SELECT n, test.watched_status('GET', '/metrics', headers, peer) AS nobody_is_believed
FROM (VALUES (1, '{}'::text[], '{"address": "10.1.2.3"}'::jsonb), (2, '{X-Forwarded-For,10.1.2.3}', '{}')) v (n, headers, peer) ORDER BY n;
SELECT set_config('pgtoken.http_authenticator', session_user, true) IS NOT NULL AS a_layer;
SELECT n, test.watched_status('GET', '/metrics', headers, peer) AS answer
FROM (VALUES (1, '{}'::text[], '{"address": "10.1.2.3"}'::jsonb), (2, '{}', '{"address": "::ffff:10.1.2.3"}'), (3, '{}', '{"address": "2001:db8::1"}'), (4, '{}', '{"address": "11.1.2.3"}'), (5, '{}', '{}'),
			 (6, '{X-Forwarded-For,10.1.2.3}', '{"address": "192.0.2.1"}'), (7, '{X-Forwarded-For,10.1.2.3}', '{"address": "10.0.0.1", "proxied": true}'),
			 (8, '{X-Forwarded-For,"10.1.2.3, 192.0.2.1"}', '{"address": "10.0.0.1", "proxied": true}'), (9, '{}', '{"address": "10.0.0.1", "proxied": true}')) v (n, headers, peer) ORDER BY n;
ROLLBACK;

-- /live and /ready, for everybody: whatever issuer is asked, and without names.
SELECT * FROM test.ask_watched('GET', '/live');
SELECT status, content_type, text::jsonb - 'late' AS answer FROM test.ask_watched('GET', '/ready', '{Host,keyless.example}');
BEGIN;
UPDATE pgtoken.signing_keys SET state = 'retired' WHERE issuer = 'https://keyless.example';
SELECT status, text::jsonb - 'late' AS answer FROM test.ask_watched('GET', '/ready', '{Host,keyless.example}');
-- its neighbours are none the worse, and hear that somebody is
SELECT status, text::jsonb -> 'missing' AS missing, text::jsonb -> 'late' ? 'signing_keys' AS told FROM test.ask_watched('GET', '/ready', '{Host,id.example}');
SELECT h.headers[array_position(h.headers, 'Retry-After') + 1] AS retry_after, h.headers[array_position(h.headers, 'Pgtoken-Ready') + 1] = convert_from(h.body, 'UTF8') AS for_layers FROM pgtoken_http.handle('GET', '/ready', '{Host,keyless.example}', NULL) h;
ROLLBACK;
SELECT pgtoken.readiness('https://keyless.example', true) -> 'missing' AS stale, pgtoken.readiness('https://nobody.example', false) -> 'missing' AS of_nobody;
BEGIN READ ONLY;
SELECT status, text::jsonb -> 'ready' AS ready FROM test.ask_watched('GET', '/ready');
ROLLBACK;
SELECT test.watched_status('POST', '/ready') AS post, test.watched_status('DELETE', '/live') AS delete, test.watched_status('GET', '/live/') AS elsewhere, test.watched_status('GET', '/oauth2/metrics') AS below, test.watched_status('OPTIONS', '/metrics') AS options;
SELECT pgtoken.months_ahead('tokens') = pgtoken.months_ahead('audit_rows') AS both;
DROP FUNCTION test.metric_now, test.metric_added, test.ask_watched, test.watched_status;
DROP TABLE test.measured;
