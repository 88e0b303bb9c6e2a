-- What the console opens with: what is counted, by whom, what each role sees of it, and
-- how it stays quick. Rows are put where they would be after hours that have gone by.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer(i) AS issuer FROM unnest('{https://east-overview.example,https://west-overview.example}'::text[]) i;
SELECT client_id FROM unnest('{east,west}'::text[]) w, pgtoken.create_client(w || '_overview', 'public', '{read}', issuer => format('https://%s-overview.example', w));
CREATE ROLE regress_overview;
SELECT pgtoken.grant_administration('https://east-overview.example', 'regress_overview') AS granted;
GRANT USAGE ON SCHEMA test TO pgtoken_auditor, pgtoken_admin, pgtoken_issuer_admin;
CREATE FUNCTION test.answers(client text, hours integer, rotations integer, retries integer DEFAULT 0, subject text DEFAULT 'user-1') RETURNS void LANGUAGE sql
BEGIN ATOMIC
	WITH family AS (SELECT gen_random_uuid() AS id, date_trunc('hour', now()) - make_interval(hours => hours) + interval '20 minutes' AS at)
	INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, access_expires_at, parent_generation, jti, kid, client_id, subject, scope, decision, resources)
	SELECT f.id, n, 0, f.at, f.at, nullif(n, 0) - 1, gen_random_uuid()::text, 'kid', client, answers.subject, 'read', 'allow', '{}'::text[] FROM family f, generate_series(0, rotations) n
	UNION ALL
	SELECT f.id, rotations, n, f.at, f.at, rotations - 1, gen_random_uuid()::text, 'kid', client, answers.subject, 'read', 'allow', '{}'::text[] FROM family f, generate_series(1, retries) n;
END;
CREATE FUNCTION test.event(client text, hours integer, event text, reason text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, reason, client_id, session_user_name)
	SELECT gen_random_uuid(), gen_random_uuid(), date_trunc('hour', now()) - make_interval(hours => hours) + interval '20 minutes', event, reason, client, 'test';
END;
-- what an administrator of east is told: nothing but what this test has put there
CREATE FUNCTION test.overview(range text) RETURNS text LANGUAGE sql
BEGIN ATOMIC
	SELECT (SELECT string_agg(t.key || ' ' || t.value, ', ' ORDER BY t.key COLLATE "C") FROM jsonb_each_text(o -> 'totals') t WHERE t.value <> '0')
	FROM pgtoken_console.overview(jsonb_build_object('range', range)) o;
END;
DELETE FROM pgtoken.activity_counts;
SELECT test.answers('east_overview', 3, 4, 2), test.answers('east_overview', 3, 1), test.answers('east_overview', 30, 5), test.answers('east_overview', 5, 0, 0, 'client:east_overview'), test.answers('west_overview', 3, 50) \gset
SELECT test.event('east_overview', 3, e, r) FROM (VALUES ('refresh.refused', 'family_idle'), ('refresh.refused', 'family_idle'), ('refresh.denied', 'policy_denied'),
	('refresh.challenged', 'mfa_required'), ('refresh.reuse', 'refresh_token_reuse'), ('grant.revoked', 'test'), ('client.authentication_failed', NULL)) v (e, r);
SELECT test.event('west_overview', 3, 'refresh.refused', 'family_idle') \gset

-- Nothing was counted yet: it is counted now, by what the role may read.
SET ROLE regress_overview;
SELECT kind, sum(events) AS events, sum(events) FILTER (WHERE bucket > now() - interval '1 day') AS of_a_day
FROM pgtoken_console.activity_by(date_trunc('hour', now()) - interval '30 days', '6 hours', patience => '1 day') GROUP BY kind ORDER BY kind COLLATE "C";
-- for as long as a page may take: what was not reached is missing, and no figure
SELECT kind, count(*) > 100 AS steps FROM pgtoken_console.activity_by(date_trunc('hour', now()) - interval '30 days', '6 hours', patience => '0') GROUP BY kind;
RESET ROLE;

-- Counted once, and the same then: as of the hours that are over, all of a month.
SET ROLE pgtoken_admin;
SELECT pgtoken.count_activity() BETWEEN 743 AND 744 AS hours, pgtoken.count_activity() AS again;
RESET ROLE;
SET ROLE regress_overview;
SELECT r ->> 'reason' AS reason, r ->> 'events' AS events, r ->> 'explanation' IS NOT NULL AS explained FROM jsonb_array_elements(pgtoken_console.overview('{}') -> 'reasons') r;
SELECT range, o ->> 'step' AS step, jsonb_array_length(o -> 'times') AS times, (SELECT array_agg(DISTINCT jsonb_array_length(s.value)) FROM jsonb_each(o -> 'series') s) AS counts
FROM unnest('{hour,day,month}'::text[]) WITH ORDINALITY u (range, n), pgtoken_console.overview(jsonb_build_object('range', range)) o ORDER BY n;
RESET ROLE;
SELECT issuer, kind, reason, sum(events) AS events FROM pgtoken.activity_counts WHERE issuer ~ '-overview' GROUP BY issuer, kind, reason ORDER BY issuer COLLATE "C", kind COLLATE "C", reason COLLATE "C";
SET ROLE regress_overview;
SELECT test.overview('day') AS day, test.overview('month') AS month;
SELECT issuer, kind = 'counted' AS counted FROM pgtoken.activity_counts GROUP BY 1, 2 ORDER BY issuer COLLATE "C";
RESET ROLE;
-- what comes after the count is counted when it is asked for; what was counted is not read again
SELECT test.answers('east_overview', 0, 2), test.answers('east_overview', 4, 7) \gset
SET ROLE regress_overview;
SELECT test.overview('day') AS day;
RESET ROLE;
-- an auditor sees both issuers
SET ROLE pgtoken_auditor;
SELECT (o -> 'totals' ->> 'refresh')::integer >= 60 AS refreshes, (o -> 'totals' ->> 'refusal')::integer >= 6 AS refusals FROM pgtoken_console.overview('{"range": "month"}') o;
RESET ROLE;
-- maintenance counts, and forgets what nobody looks at any more
DELETE FROM pgtoken.activity_counts WHERE hour > now() - interval '10 hours';
INSERT INTO pgtoken.activity_counts VALUES (now() - interval '93 days', '', 'counted', '', 0), (now() + interval '2 hours', '', 'counted', '', 0);
SELECT count(*) >= 0 AS done FROM pgtoken.maintain();
SELECT max(hour) >= now() - interval '2 hours 10 minutes' AS recent, min(hour) > now() - interval '92 days' AS bounded, max(hour) < now() AS past FROM pgtoken.activity_counts;
SELECT sum(events) AS refreshes FROM pgtoken.activity_counts WHERE issuer = 'https://east-overview.example' AND kind = 'refresh';

-- What wants doing: each check of health(), what is not in order first, each with its runbook.
SET ROLE pgtoken_auditor;
SELECT jsonb_array_length(h -> 'checks') = (SELECT count(*) FROM pgtoken.health()) AS all_of_them,
	   (SELECT bool_and(c ->> 'runbook' ~ '^docs/[a-z_]+\.md(#[a-z_-]+)?$' AND c ->> 'runbook' <> 'docs/operations.md#monitoring') FROM jsonb_array_elements(h -> 'checks') c) AS runbooks,
	   (SELECT array_agg((c ->> 'ok')::boolean ORDER BY n) = array_agg((c ->> 'ok')::boolean ORDER BY c ->> 'ok', n) FROM jsonb_array_elements(h -> 'checks') WITH ORDINALITY u (c, n)) AS first_what_is_not
FROM pgtoken_console.health('{}') h;
-- an action is a function that is there
SELECT DISTINCT c ->> 'action' AS action, to_regprocedure(format('pgtoken_console.%I(jsonb)', c ->> 'action')) IS NOT NULL AS there
FROM jsonb_array_elements(pgtoken_console.health('{}') -> 'checks') c WHERE c ->> 'action' IS NOT NULL ORDER BY 1;
SET ROLE pgtoken_admin;
SELECT jsonb_typeof(pgtoken_console.maintain('{}') -> 'steps') AS steps;
RESET ROLE;

-- Attack shut out: nobody does or sees at the console what his role does not anyway.
SELECT r AS role, f AS function, test.outcome(format('SET LOCAL ROLE %I; SELECT pgtoken_console.%s(''{}'')', r, f)) AS outcome
FROM unnest('{pgtoken_issuer,pgtoken_http,pgtoken_courier,regress_overview,pgtoken_auditor}'::text[]) WITH ORDINALITY a (r, i), unnest('{overview,health,maintain,seal_audit}'::text[]) WITH ORDINALITY b (f, n) ORDER BY i, n;

-- Misuse.
SELECT what, test.outcome('SELECT ' || what) AS outcome FROM unnest(ARRAY[$$pgtoken_console.overview('{"range": "year"}')$$, $$pgtoken_console.overview('{"rnage": "day"}')$$,
	$$pgtoken_console.overview('{"range": ["day"]}')$$, $$pgtoken_console.overview(NULL)$$, $$pgtoken_console.overview('[]')$$, $$pgtoken_console.health('{"all": true}')$$, $$pgtoken_console.maintain('{"accept_clock": true}')$$,
	$$pgtoken_console.seal_audit('{"reason": "x"}')$$]) what;

SELECT pgtoken.revoke_administration('https://east-overview.example', 'regress_overview') AS revoked;
DROP ROLE regress_overview;
DROP FUNCTION test.answers, test.event, test.overview;
