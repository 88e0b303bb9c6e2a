-- Risk policies: versions, what they judge, each rule on real refreshes, which
-- outcome wins and what it does, functions that misbehave, why it was decided so.
\set SHOW_CONTEXT never

-- polly has a factor, so that a step-up can be required of her; the flow itself is
-- tested elsewhere.
INSERT INTO pgtoken.factors (issuer, subject, factor_id, factor_type, state)
VALUES ('https://id.example', 'polly', pgtoken.new_uuid(), 'external', 'active');
CREATE SCHEMA risk;
CREATE SCHEMA trial;

-- Families by name; their tokens stay in the table.
CREATE TABLE trial.families (name text PRIMARY KEY, grant_id uuid, client_id text, refresh_token text, consumed_token text);
CREATE FUNCTION trial.start(name text, context jsonb DEFAULT '{}', client text DEFAULT 'web', amr text[] DEFAULT NULL, resource text[] DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r pgtoken.token_response;
BEGIN
	r := pgtoken.issue_tokens(client, 'polly', 'openid offline_access orders.read', resource, context => context, amr => amr);
	INSERT INTO trial.families VALUES (name, r.grant_id, client, r.refresh_token)
	ON CONFLICT ON CONSTRAINT families_pkey
	DO UPDATE SET grant_id = excluded.grant_id, client_id = excluded.client_id, refresh_token = excluded.refresh_token, consumed_token = NULL;
	RETURN concat_ws(' ', r.decision, r.error);
END
$$;
CREATE FUNCTION trial.refresh(name text, context jsonb DEFAULT '{}', resource text[] DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	f trial.families;
	r pgtoken.token_response;
BEGIN
	SELECT * INTO f FROM trial.families x WHERE x.name = refresh.name;
	r := pgtoken.refresh_grant(f.refresh_token, f.client_id, test.secret(f.client_id), resource => resource, context => context);
	IF r.refresh_token IS NOT NULL THEN
		UPDATE trial.families x SET refresh_token = r.refresh_token, consumed_token = f.refresh_token WHERE x.name = f.name;
	END IF;
	RETURN concat_ws(' ', r.decision, r.error);
END
$$;
CREATE FUNCTION trial.retry(name text, context jsonb DEFAULT '{}') RETURNS text LANGUAGE sql
	RETURN (SELECT concat_ws(' ', r.decision, r.error) FROM trial.families f,
			pgtoken.refresh_grant(f.consumed_token, f.client_id, test.secret(f.client_id), context => context) r WHERE f.name = retry.name);
-- the family's last decision
CREATE FUNCTION trial.decision(name text) RETURNS pgtoken.decisions LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT d FROM pgtoken.decisions d JOIN trial.families f USING (grant_id) WHERE f.name = decision.name
			ORDER BY d.occurred_at DESC, d.event_id DESC LIMIT 1);
END
$$;
-- and why it came about, without the numbers that depend on the clock
CREATE FUNCTION trial.why(name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT string_agg(concat_ws(' ', x.position, x.rule, x.outcome, '(' || regexp_replace(x.explanation, '\d+ (?=seconds)|\d\d:\d\d|day \d', 'N ', 'g') || ')'), '; ')
			FROM (SELECT (trial.decision(name)).event_id) d, pgtoken.explain_decision(d.event_id) x);
END
$$;

-- Versions -----------------------------------------------------------------------

SELECT pgtoken.create_policy('night', '[{"rule": "idle", "outcome": "require", "longer_than": 3600}]') AS version;
SELECT pgtoken.create_policy('night', '[{"rule": "idle", "outcome": "deny", "longer_than": 7200},
	{"rule": "outside_hours", "outcome": "require", "from": "08:00", "to": "18:00", "timezone": "Europe/Berlin"}]',
	client_ids => '{web}', resources => '{https://orders.example}', grant_types => '{issue_tokens,password}', on_issue => true,
	on_deny => 'revoke', on_error => 'allow', function_timeout => '1 second', factor_types => '{totp,webauthn}') AS version;
SELECT jsonb_strip_nulls(to_jsonb(p) - '{created_at}'::text[]) AS stored FROM pgtoken.policies p WHERE policy = 'night' ORDER BY version;
-- C92: nothing is on because it was made
SELECT trial.start('plain'), trial.refresh('plain'), (trial.decision('plain')).event_id IS NULL AS not_evaluated;

SELECT n, arguments, test.outcome(format('SELECT pgtoken.create_policy(%s)', arguments))
FROM (VALUES
	(1, $$NULL, '[]'$$), (2, $$'p', NULL$$), (3, $$'', '[{"rule": "concurrent_context", "outcome": "deny"}]'$$),
	(4, $$'a b', '[{"rule": "concurrent_context", "outcome": "deny"}]'$$), (5, $$'p', '[]'$$), (6, $$'p', '{}'$$), (7, $$'p', '"x"'$$),
	(8, $$'p', '[{"rule": "unheard_of", "outcome": "deny"}]'$$), (9, $$'p', '[{"rule": "idle", "outcome": "deny"}]'$$),
	(10, $$'p', '[{"rule": "idle", "outcome": "perhaps", "longer_than": 5}]'$$),
	(11, $$'p', '[{"rule": "idle", "outcome": "deny", "longer_than": 5, "shorter_than": 3}]'$$),
	(12, $$'p', '[{"rule": "address_in", "outcome": "deny", "networks": ["192.0.2.1/24"]}]'$$),
	(13, $$'p', '[{"rule": "outside_hours", "outcome": "deny", "from": "08:00", "to": "18:00", "timezone": "Europe/Nowhere"}]'$$),
	(14, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', on_refresh => false$$),
	(15, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', on_refresh => NULL$$),
	(16, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', on_deny => 'forget'$$),
	(17, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', on_error => 'require'$$),
	(18, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', function_timeout => '0'$$),
	(19, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', function_timeout => '11 seconds'$$),
	(20, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', client_ids => '{nobody}'$$),
	(21, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', client_ids => '{tenant}'$$),
	(22, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', client_ids => '{}'$$),
	(23, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', client_ids => '{web,NULL}'$$),
	(24, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', resources => '{https://unknown.example}'$$),
	(25, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', resources => '{{https://orders.example}}'$$),
	(26, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', grant_types => '{refresh_token}'$$),
	(27, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', factor_types => '{fingerprint}'$$),
	(28, $$'p', '[{"rule": "concurrent_context", "outcome": "deny"}]', issuer => 'https://unknown.example'$$),
	(29, $$'p', '[{"rule": "function", "function": "risk.unheard_of"}]'$$), (30, $$'p', '[{"rule": "function", "function": "now"}]'$$),
	(31, $$'p', '[{"rule": "function", "function": "risk.judge", "outcome": "deny"}]'$$)) v (n, arguments)
ORDER BY n;
SELECT test.outcome($$SELECT pgtoken.create_policy('p', (SELECT jsonb_agg('{"rule": "concurrent_context", "outcome": "deny"}'::jsonb) FROM generate_series(1, 33)))$$) AS rules_33;
SELECT test.outcome($$SELECT pgtoken.create_policy('full', (SELECT jsonb_agg('{"rule": "concurrent_context", "outcome": "deny"}'::jsonb) FROM generate_series(1, 32)))$$) AS rules_32;
-- every phrase of what is wrong is told
SELECT pgtoken.create_policy('p', '[{"rule": "concurrent_context", "outcome": "deny"}, {"rule": "idle", "outcome": "deny"}]');

-- draft -> active -> retired; one is active at a time, one in the shadow
CREATE VIEW trial.versions AS
	SELECT version, state, activation, activated_at IS NOT NULL AS was_in_force, retired_at IS NOT NULL AS over
	FROM pgtoken.policies WHERE policy = 'night' ORDER BY version;
SELECT pgtoken.create_policy('night', '[{"rule": "risk_score", "outcome": "deny", "at_least": 50}]') AS version;
SELECT test.outcome($$SELECT pgtoken.rollback_policy('night')$$) AS nothing_to_go_back_to;
SELECT pgtoken.activate_policy('night', 1);
SELECT test.outcome($$SELECT pgtoken.rollback_policy('night')$$) AS nothing_to_go_back_to;
SELECT pgtoken.activate_policy('night') AS latest;
SELECT pgtoken.activate_policy('night', 3) AS again;
SELECT pgtoken.activate_policy('night', 2, shadow => true);
SELECT * FROM trial.versions;
SELECT test.outcome($$SELECT pgtoken.activate_policy('night', 3, shadow => true)$$) AS shadow_of_the_active_one;
SELECT trial.start('rolled'), trial.refresh('rolled', '{"risk_score": 60}') AS with_3;
-- back to 1, which was active before; that 2 ran in the shadow does not count
SELECT pgtoken.rollback_policy('night');
SELECT trial.refresh('rolled', '{"risk_score": 60}') AS with_1;
SELECT * FROM trial.versions;
SELECT pgtoken.rollback_policy('night') AS there_and_back;
SELECT pgtoken.activate_policy('night', 2) AS shadow_becomes_active;
SELECT * FROM trial.versions;
SELECT pgtoken.rollback_policy('night');
SELECT pgtoken.deactivate_policy('night'), pgtoken.deactivate_policy('night') AS again, pgtoken.deactivate_policy('night', shadow => true) AS shadow;
SELECT trial.refresh('rolled', '{"risk_score": 60}') AS with_none;
SELECT pgtoken.rollback_policy('night') AS switched_on_again;
SELECT * FROM trial.versions;
SELECT pgtoken.deactivate_policy('night');
SELECT n, test.outcome(statement)
FROM (VALUES (1, $$SELECT pgtoken.activate_policy('nobody')$$), (2, $$SELECT pgtoken.activate_policy('night', 9)$$),
			 (3, $$SELECT pgtoken.activate_policy(NULL)$$), (4, $$SELECT pgtoken.activate_policy('night', 1, NULL)$$),
			 (5, $$SELECT pgtoken.deactivate_policy('nobody')$$), (6, $$SELECT pgtoken.rollback_policy('nobody')$$),
			 (7, $$SELECT pgtoken.activate_policy('night', issuer => 'https://other.example/tenant')$$),
			 (8, $$SELECT pgtoken.activate_policy('night', issuer => 'https://unknown.example')$$)) v (n, statement)
ORDER BY n;
-- what was done to a policy is in the audit log, with the version before and after
SELECT e.event, e.detail #>> '{after,version}' AS version, e.detail #>> '{before,state}' AS before, e.detail #>> '{after,state}' AS after
FROM pgtoken.audit_events e WHERE e.detail #>> '{after,policy}' = 'night' ORDER BY e.occurred_at, e.event_id;

-- Each rule, once calm and once firing ---------------------------------------------

CREATE FUNCTION trial.in_force(policy text, rules jsonb, client_ids text[] DEFAULT '{web}', on_deny text DEFAULT 'keep', on_error text DEFAULT 'deny',
		timeout interval DEFAULT '10 seconds') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pgtoken.create_policy(policy, rules, client_ids, on_deny => on_deny, on_error => on_error, function_timeout => timeout);
	PERFORM pgtoken.activate_policy(policy);
END
$$;

SELECT trial.in_force('each', '[{"rule": "network_changed", "outcome": "deny"}]');
SELECT trial.start('r', '{"ip": "192.0.2.1"}'), trial.refresh('r', '{"ip": "192.0.2.99"}'), trial.why('r');
SELECT trial.refresh('r', '{"ip": "198.51.100.1"}'), trial.why('r');
SELECT trial.refresh('r', '{}'), trial.why('r') AS hidden;
SELECT trial.in_force('each', '[{"rule": "network_changed", "outcome": "deny", "since": "first", "ipv4_prefix": 16}]');
SELECT trial.start('r', '{"ip": "192.0.2.1"}'), trial.refresh('r', '{"ip": "192.0.77.1"}'), trial.refresh('r', '{"ip": "192.1.0.1"}'), trial.why('r');
SELECT trial.in_force('each', '[{"rule": "address_in", "outcome": "deny", "networks": ["203.0.113.0/24", "2001:db8::/32"]}]');
SELECT trial.start('r'), trial.refresh('r', '{"ip": "192.0.2.1"}'), trial.refresh('r', '{"ip": "2001:db8::7"}'), trial.why('r');
SELECT trial.in_force('each', '[{"rule": "address_not_in", "outcome": "deny", "networks": ["192.0.2.0/24"]}]');
SELECT trial.start('r'), trial.refresh('r', '{"ip": "::ffff:192.0.2.1"}'), trial.refresh('r', '{"ip": "203.0.113.5"}'), trial.why('r');
SELECT trial.in_force('each', '[{"rule": "user_agent_changed", "outcome": "deny"}]');
SELECT trial.start('r', '{"user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"}'),
	   trial.refresh('r', '{"user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0"}');
SELECT trial.refresh('r', '{"user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0"}'), trial.why('r');
SELECT trial.in_force('each', '[{"rule": "unknown_device", "outcome": "deny"}]');
SELECT trial.start('r', '{"device_id": "d1"}'), trial.refresh('r', '{"device_id": "d1"}'), trial.refresh('r', '{"device_id": "d2"}'), trial.why('r');
SELECT trial.in_force('each', '[{"rule": "recollection", "outcome": "deny"}]');
SELECT trial.start('r', '{"session_id": "s1"}'), trial.refresh('r', '{"session_id": "s2"}'), trial.refresh('r', '{"session_id": "s1"}'), trial.why('r');
-- a retry repeats its own; what another rotation has shown is no excuse
SELECT trial.retry('r', '{"session_id": "s2"}') AS retry, trial.retry('r', '{"session_id": "s1"}') AS retry_with_another;
SELECT trial.in_force('each', '[{"rule": "recollection", "outcome": "deny", "max_age": 60}]');
SELECT trial.start('r'), trial.refresh('r', jsonb_build_object('session_id', 's3', 'collected_at', now())),
	   trial.refresh('r', jsonb_build_object('session_id', 's4', 'collected_at', now() - interval '2 minutes')), trial.why('r');
SELECT trial.in_force('each', '[{"rule": "idle", "outcome": "deny", "longer_than": 3600}]');
SELECT trial.start('r'), trial.refresh('r');
SELECT test.age(grant_id, '2 hours') FROM trial.families WHERE name = 'r';
SELECT trial.refresh('r'), trial.why('r');
SELECT trial.in_force('each', '[{"rule": "velocity", "outcome": "deny", "refreshes": 2, "within": 600}]');
SELECT trial.start('r'), trial.refresh('r'), trial.refresh('r'), trial.refresh('r'), trial.why('r');
SELECT trial.in_force('each', '[{"rule": "concurrent_context", "outcome": "deny"}]');
SELECT trial.start('r', '{"ip": "192.0.2.1"}'), trial.refresh('r', '{"ip": "192.0.2.2"}'), trial.retry('r', '{"ip": "192.0.2.2"}'),
	   trial.retry('r', '{"ip": "192.0.2.3"}'), trial.why('r');
SELECT trial.in_force('each', '[{"rule": "impossible_travel", "outcome": "deny"}]');
SELECT trial.start('r', '{"latitude": 52.52, "longitude": 13.40}'), trial.refresh('r', '{"latitude": 52.40, "longitude": 13.06}'),
	   trial.refresh('r', '{"latitude": 40.71, "longitude": -74.01}'), trial.why('r');
SELECT test.age(grant_id, '24 hours') FROM trial.families WHERE name = 'r';
SELECT trial.refresh('r', '{"latitude": 40.71, "longitude": -74.01}') AS a_day_later;
SELECT trial.in_force('each', '[{"rule": "mfa_age", "outcome": "deny", "longer_than": 3600}]');
SELECT trial.start('r', amr => '{pwd,mfa}'), trial.refresh('r');
UPDATE pgtoken.grants SET mfa_time = mfa_time - interval '2 hours' WHERE grant_id = (SELECT grant_id FROM trial.families WHERE name = 'r');
SELECT trial.refresh('r'), trial.why('r');
SELECT trial.start('r', amr => '{pwd}'), trial.refresh('r'), trial.why('r');
SELECT trial.in_force('each', format('[{"rule": "outside_hours", "outcome": "deny", "from": "%s", "to": "%s", "timezone": "Asia/Kathmandu"}]',
	to_char(now() AT TIME ZONE 'Asia/Kathmandu' - interval '1 hour', 'HH24:MI'), to_char(now() AT TIME ZONE 'Asia/Kathmandu' + interval '1 hour', 'HH24:MI'))::jsonb);
SELECT trial.start('r'), trial.refresh('r');
SELECT trial.in_force('each', format('[{"rule": "outside_hours", "outcome": "deny", "from": "%s", "to": "%s", "timezone": "Asia/Kathmandu"}]',
	to_char(now() AT TIME ZONE 'Asia/Kathmandu' + interval '1 hour', 'HH24:MI'), to_char(now() AT TIME ZONE 'Asia/Kathmandu' - interval '1 hour', 'HH24:MI'))::jsonb);
SELECT trial.refresh('r'), trial.why('r');
SELECT trial.in_force('each', '[{"rule": "risk_score", "outcome": "deny", "at_least": 70}]');
SELECT trial.start('r'), trial.refresh('r', '{"risk_score": 69.9}'), trial.refresh('r', '{"risk_score": 70}'), trial.why('r');
CREATE FUNCTION risk.judge(context jsonb, previous jsonb, family jsonb) RETURNS jsonb LANGUAGE sql
	RETURN context -> 'judgement';
SELECT trial.in_force('each', '[{"rule": "function", "function": "Risk.judge"}]');
SELECT trial.start('r'), trial.refresh('r'), trial.refresh('r', '{"judgement": {"decision": "deny", "reasons": ["too late", "too loud"]}}'), trial.why('r');
SELECT trial.refresh('r', '{"judgement": {"decision": "require"}}'), trial.refresh('r', '{"judgement": {"decision": "allow", "reasons": ["as ever"]}}'), trial.why('r');
-- what a function is told
CREATE FUNCTION risk.tell(context jsonb, previous jsonb, family jsonb) RETURNS jsonb LANGUAGE sql
	RETURN jsonb_build_object('decision', 'deny', 'reasons', jsonb_build_array(context::text, previous::text,
		(SELECT jsonb_object_agg(key, CASE WHEN key IN ('at', 'last_at', 'mfa_at') THEN to_jsonb(now() - value::text::timestamptz < interval '1 hour')
										   WHEN key = 'grant_id' THEN to_jsonb(EXISTS (SELECT FROM trial.families f WHERE f.grant_id = (value #>> '{}')::uuid))
										   ELSE value END) FROM jsonb_each(family))::text));
SELECT trial.start('r', '{"n": 1}', amr => '{mfa}'), trial.refresh('r', '{"n": 2}');
SELECT trial.in_force('each', '[{"rule": "function", "function": "risk.tell"}]');
SELECT trial.refresh('r', '{"n": 3}'), trial.why('r');
SELECT pgtoken.deactivate_policy('each');

-- The riskiest outcome wins ----------------------------------------------------------

CREATE TABLE trial.riskiest (one text, other text, of_rules text, of_policies text, of_functions text);
DO $$
DECLARE
	outcomes CONSTANT text[] := '{allow,require,deny}';
	one text;
	other text;
	rule CONSTANT jsonb := '{"rule": "risk_score", "at_least": 1}';
	result trial.riskiest;
BEGIN
	FOREACH one IN ARRAY outcomes LOOP
		FOREACH other IN ARRAY outcomes LOOP
			result := ROW (one, other, NULL, NULL, NULL);
			PERFORM trial.start('m');
			PERFORM trial.in_force('one', jsonb_build_array(rule || jsonb_build_object('outcome', one), rule || jsonb_build_object('outcome', other)));
			result.of_rules := trial.refresh('m', '{"risk_score": 5}');
			PERFORM trial.in_force('one', jsonb_build_array(rule || jsonb_build_object('outcome', one)));
			PERFORM trial.in_force('other', jsonb_build_array(rule || jsonb_build_object('outcome', other)));
			result.of_policies := trial.refresh('m', '{"risk_score": 5}');
			PERFORM pgtoken.deactivate_policy('other');
			PERFORM trial.in_force('one', jsonb_build_array('{"rule": "function", "function": "risk.judge"}'::jsonb, rule || jsonb_build_object('outcome', other)));
			result.of_functions := trial.refresh('m', jsonb_build_object('risk_score', 5, 'judgement', jsonb_build_object('decision', one)));
			INSERT INTO trial.riskiest SELECT result.*;
		END LOOP;
	END LOOP;
	PERFORM pgtoken.deactivate_policy('one');
END
$$;
SELECT * FROM trial.riskiest;
SELECT count(*) AS wrong FROM trial.riskiest,
	LATERAL (SELECT CASE WHEN 'deny' IN (one, other) THEN 'deny access_denied' WHEN 'require' IN (one, other) THEN 'require mfa_required' ELSE 'allow' END) w (wanted)
WHERE wanted <> of_rules OR wanted <> of_policies OR wanted <> of_functions;
-- with nobody to ask for a factor, or none that would do, what is required is refused
SELECT trial.in_force('one', '[{"rule": "risk_score", "outcome": "require", "at_least": 1}]');
SELECT trial.start('m'), trial.refresh('m', '{"risk_score": 5}'), (trial.decision('m')).event;
SELECT pgtoken.create_policy('one', '[{"rule": "risk_score", "outcome": "require", "at_least": 1}]', factor_types => '{webauthn}') > 0 AS narrow,
	   pgtoken.activate_policy('one') > 0 AS active;
SELECT trial.refresh('m', '{"risk_score": 5}'), (trial.decision('m')).event, (trial.decision('m')).reason, (trial.decision('m')).decision;
SELECT pgtoken.deactivate_policy('one');

-- What a denial does (C92) ---------------------------------------------------------------

-- keep: no token, and the refresh token is as it was
SELECT trial.in_force('keep', '[{"rule": "risk_score", "outcome": "deny", "at_least": 50}]');
SELECT trial.start('k'), trial.refresh('k', '{"risk_score": 99}');
SELECT (test.family_of(grant_id)).generation, (test.family_of(grant_id)).retry_count FROM trial.families WHERE name = 'k';
SELECT trial.refresh('k', '{"risk_score": 1}') AS later;
SELECT event, reason, context FROM pgtoken.audit_events WHERE grant_id = (SELECT grant_id FROM trial.families WHERE name = 'k') ORDER BY occurred_at, event_id;
-- nothing of the reasons is told to the client
SELECT to_jsonb(r) - '{access_token,refresh_token,id_token}'::text[] AS told
FROM trial.families f, pgtoken.refresh_grant(f.refresh_token, f.client_id, test.secret(f.client_id), context => '{"risk_score": 99}') r WHERE f.name = 'k';
-- revoke: the family ends; one policy that says so is enough, if it is that one that denies
SELECT trial.in_force('ends', '[{"rule": "risk_score", "outcome": "deny", "at_least": 90}]', on_deny => 'revoke');
SELECT trial.refresh('k', '{"risk_score": 60}') AS denied_by_keep, trial.refresh('k', '{"risk_score": 1}') AS later;
SELECT trial.refresh('k', '{"risk_score": 95}') AS denied_by_both, trial.refresh('k', '{"risk_score": 1}') AS later;
SELECT event, reason, count(*) FROM pgtoken.audit_events WHERE grant_id = (SELECT grant_id FROM trial.families WHERE name = 'k')
GROUP BY 1, 2 ORDER BY 1, 2;
SELECT pgtoken.deactivate_policy('keep'), pgtoken.deactivate_policy('ends');

-- C98: the caller's ROLLBACK takes decision and audit with it, his COMMIT keeps both
SELECT trial.in_force('keep', '[{"rule": "risk_score", "outcome": "deny", "at_least": 50}]');
SELECT trial.start('c');
BEGIN;
SELECT trial.refresh('c', '{"risk_score": 99}');
ROLLBACK;
SELECT count(*) AS rolled_back FROM pgtoken.decisions JOIN trial.families f USING (grant_id) WHERE f.name = 'c';
BEGIN;
SELECT trial.refresh('c', '{"risk_score": 99}');
COMMIT;
SELECT count(*) AS committed FROM pgtoken.decisions JOIN trial.families f USING (grant_id) WHERE f.name = 'c';

-- A retry is a new assessment: its request may come from elsewhere
SELECT trial.refresh('c', '{"risk_score": 1}'), trial.retry('c', '{"risk_score": 1}'), trial.retry('c', '{"risk_score": 99}');
SELECT event, decision, reason FROM pgtoken.decisions JOIN trial.families f USING (grant_id) WHERE f.name = 'c' ORDER BY occurred_at, event_id;
-- Attack shut out: with a consumed refresh token a stranger learns of the policy, or
-- has reuse go undetected behind it. Reuse is judged first.
SELECT trial.start('u');
INSERT INTO trial.families SELECT 'u first', grant_id, client_id, refresh_token FROM trial.families WHERE name = 'u';
SELECT trial.refresh('u', '{"risk_score": 1}'), trial.refresh('u', '{"risk_score": 1}'), trial.refresh('u first', '{"risk_score": 99}') AS first_one,
	   trial.refresh('u', '{"risk_score": 1}') AS current_one;
SELECT * FROM test.events((SELECT grant_id FROM trial.families WHERE name = 'u'));
SELECT pgtoken.deactivate_policy('keep');

-- What a policy judges (C92: what is not its own is never evaluated) -------------------------

CREATE FUNCTION trial.judged(name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT coalesce(string_agg(p ->> 'policy' || ' ' || (p ->> 'decision'), ', ' ORDER BY p ->> 'policy'), 'not evaluated')
			FROM (SELECT e.detail FROM pgtoken.audit_events e JOIN trial.families f USING (grant_id)
				  WHERE f.name = judged.name AND e.event ~ '^(token|refresh)\.' ORDER BY e.occurred_at DESC, e.event_id DESC LIMIT 1) e,
				jsonb_array_elements(e.detail #> '{decision,policies}') p);
END
$$;
CREATE FUNCTION trial.deny_all(policy text, rest text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT pgtoken.create_policy(%L, %L, %s)', policy,
				   '[{"rule": "address_not_in", "outcome": "deny", "networks": ["192.0.2.0/24"]}]', rest);
	PERFORM pgtoken.activate_policy(policy, issuer => (SELECT max(p.issuer) FROM pgtoken.policies p WHERE p.policy = deny_all.policy));
END
$$;
SELECT trial.start('web_orders'), trial.start('app', client => 'app'),
	   trial.start('web_mail', resource => '{https://orders.example,https://mail.example}') AS both;
SELECT trial.deny_all('scope', $$client_ids => '{app}'$$);
SELECT trial.refresh('web_orders'), trial.judged('web_orders'), trial.refresh('app'), trial.judged('app');
SELECT trial.deny_all('scope', $$resources => '{https://mail.example}'$$);
SELECT trial.refresh('web_orders'), trial.judged('web_orders'), trial.refresh('web_mail'), trial.judged('web_mail');
SELECT trial.deny_all('scope', $$grant_types => '{authorization_code}'$$);
SELECT trial.refresh('web_orders'), trial.judged('web_orders');
SELECT trial.deny_all('scope', $$grant_types => '{authorization_code,issue_tokens}'$$);
SELECT trial.refresh('web_orders'), trial.judged('web_orders');
SELECT trial.deny_all('scope', $$client_ids => '{web,app}', resources => '{https://orders.example}', grant_types => '{issue_tokens}'$$);
SELECT trial.refresh('web_orders'), trial.judged('web_orders');
-- off for refreshes
SELECT trial.deny_all('scope', $$on_refresh => false, on_issue => true$$);
SELECT trial.refresh('web_orders'), trial.judged('web_orders');
SELECT trial.start('none') AS issue;
SELECT event, reason, decision, client_id, subject, rules FROM pgtoken.decisions WHERE event = 'issue.denied' AND subject = 'polly' ORDER BY occurred_at DESC LIMIT 1;
SELECT trial.start('some', '{"ip": "192.0.2.1"}') AS issue;
SELECT event, decision, rules FROM pgtoken.decisions JOIN trial.families f USING (grant_id) WHERE f.name = 'some';
SELECT pgtoken.deactivate_policy('scope');
-- another issuer's
SELECT trial.deny_all('theirs', $$issuer => 'https://other.example/tenant'$$);
SELECT trial.refresh('web_orders'), trial.judged('web_orders'), trial.start('tenant', client => 'tenant'), trial.refresh('tenant'), trial.judged('tenant');
SELECT pgtoken.deactivate_policy('theirs', issuer => 'https://other.example/tenant');
SELECT trial.refresh('web_orders'), trial.judged('web_orders'), trial.refresh('tenant'), trial.judged('tenant');

-- In the shadow: evaluated and recorded, decides nothing -------------------------------------

SELECT pgtoken.create_policy('dark', '[{"rule": "risk_score", "outcome": "deny", "at_least": 50}]', on_deny => 'revoke') AS version;
SELECT pgtoken.activate_policy('dark', shadow => true);
SELECT trial.start('s'), trial.refresh('s', '{"risk_score": 99}'), trial.refresh('s', '{"risk_score": 1}'), trial.judged('s');
SELECT trial.in_force('bright', '[{"rule": "risk_score", "outcome": "deny", "at_least": 80}]');
SELECT trial.refresh('s', '{"risk_score": 99}'), trial.judged('s');
SELECT event, decision, policies, rules, shadow_decision, latency_us >= 0 AS latency, step_up
FROM pgtoken.decisions JOIN trial.families f USING (grant_id) WHERE f.name = 's' ORDER BY occurred_at, event_id;
SELECT x.* FROM pgtoken.explain_decision((trial.decision('s')).event_id) x ORDER BY policy;
SELECT trial.refresh('s', '{"risk_score": 1}');
SELECT x.* FROM pgtoken.explain_decision((trial.decision('s')).event_id) x ORDER BY policy;
SELECT count(*) AS of_another_event FROM pgtoken.audit_events e, pgtoken.explain_decision(e.event_id) WHERE e.event = 'client.created';
SELECT count(*) AS of_no_event FROM pgtoken.explain_decision('00000000-0000-4000-8000-000000000000');

-- The views agree with each other
SELECT policy, mode, rule, outcome, sum(requests) AS requests FROM pgtoken.decisions_by_rule WHERE policy IN ('dark', 'bright', 'scope')
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
SELECT (SELECT count(*) FROM pgtoken.decisions) > 50 AS many,
	   (SELECT sum(allowed + challenged + denied) FROM pgtoken.decisions_by_client) = (SELECT count(*) FROM pgtoken.decisions) AS by_client,
	   (SELECT sum(requests) FROM pgtoken.decision_latency) = (SELECT count(*) FROM pgtoken.decisions) AS by_hour,
	   (SELECT bool_and(p95_us <= max_us AND avg_us <= max_us AND avg_us >= 0) FROM pgtoken.decision_latency) AS latency;
SELECT count(*) > 2 AS clients, bool_and(c.allowed = d.allowed AND c.challenged = d.challenged AND c.denied = d.denied) AS equal,
	   sum(c.allowed) > 0 AS allowed, sum(c.challenged) > 0 AS challenged, sum(c.denied) > 0 AS denied
FROM pgtoken.decisions_by_client c
FULL JOIN (SELECT (d.occurred_at AT TIME ZONE 'UTC')::date AS day, d.client_id, count(*) FILTER (WHERE d.decision = 'allow') AS allowed,
				  count(*) FILTER (WHERE d.decision = 'require') AS challenged, count(*) FILTER (WHERE d.decision = 'deny') AS denied
		   FROM pgtoken.decisions d GROUP BY 1, 2) d USING (day, client_id);
-- a span of time has its beginning, not its end, and is all that is read
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY d.occurred_at) AS some_time FROM pgtoken.decisions d WHERE d.rules <> '{}' \gset
SELECT (SELECT sum(allowed + challenged + denied) FROM pgtoken.decisions_by_client(:'some_time'))
	   = (SELECT count(*) FROM pgtoken.decisions WHERE occurred_at >= :'some_time') AS client_since,
	   (SELECT sum(allowed + challenged + denied) FROM pgtoken.decisions_by_client('-infinity', :'some_time'))
	   = (SELECT count(*) FROM pgtoken.decisions WHERE occurred_at < :'some_time') AS client_until,
	   (SELECT sum(requests) FROM pgtoken.decision_latency(:'some_time')) = (SELECT count(*) FROM pgtoken.decisions WHERE occurred_at >= :'some_time') AS latency_since,
	   (SELECT sum(requests) FROM pgtoken.decision_latency('-infinity', :'some_time')) = (SELECT count(*) FROM pgtoken.decisions WHERE occurred_at < :'some_time') AS latency_until,
	   (SELECT sum(requests) FROM pgtoken.decisions_by_rule('-infinity', :'some_time')) + (SELECT sum(requests) FROM pgtoken.decisions_by_rule(:'some_time'))
	   = (SELECT sum(requests) FROM pgtoken.decisions_by_rule) AS rules,
	   (SELECT count(*) FROM pgtoken.decisions_by_rule(now() + interval '1 hour')) = 0 AS nothing_yet;

-- By subject: also what no family has come of (a step-up nobody went through, a code
-- that was not redeemed, a device that has not fetched its tokens), and of a
-- family that is forgotten all but its refreshes.
BEGIN;
SELECT pgtoken.create_policy('abandoned', '[{"rule": "risk_score", "at_least": 50, "outcome": "require"}]', on_issue => true, client_ids => '{plain}') AS version, pgtoken.activate_policy('abandoned') AS active;
SELECT pgtoken.enroll_factor('quinn', 'external') ->> 'state' AS external;
SELECT test.brief(r) AS stopped FROM pgtoken.issue_tokens('plain', 'quinn', 'openid', context => '{"risk_score": 80}') r;
SELECT test.goes(pgtoken.approve_authorization(test.transaction('first', 'https://first.example/cb', 'response_type', 'code'), 'quinn')) AS not_redeemed;
SELECT pgtoken.update_issuer('https://id.example', verification_uri => 'https://login.example/device');
SELECT pgtoken.approve_device((a).body ->> 'user_code', 'quinn', 'quinn') IS NULL AS not_fetched FROM test.ask('tv', 'openid') a;
SELECT count(*) AS families FROM pgtoken.grants WHERE subject = 'quinn';
SELECT event, client_id, grant_id = '00000000-0000-0000-0000-000000000000' AS of_no_family FROM pgtoken.audit_by_subject('quinn') ORDER BY event COLLATE "C", of_no_family;
SELECT refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('web', 'quinn', 'openid offline_access') \gset
SELECT test.brief(pgtoken.refresh_grant(:'rt', 'web', test.secret('web')));
SELECT event FROM pgtoken.audit_by_subject('quinn') WHERE grant_id = :'gid' ORDER BY event COLLATE "C";
DELETE FROM pgtoken.grants WHERE grant_id = :'gid';
SELECT event FROM pgtoken.audit_by_subject('quinn') WHERE grant_id = :'gid' ORDER BY event COLLATE "C";
ROLLBACK;
-- of everybody whom these tests have brought about
CREATE TEMP TABLE found AS
	SELECT s.subject, a.event_id, a.grant_id FROM (SELECT DISTINCT subject FROM pgtoken.audit_events WHERE subject IS NOT NULL) s, pgtoken.audit_by_subject(s.subject) a;
SELECT (SELECT count(DISTINCT f.subject) > 50 FROM found f) AS subjects, (SELECT count(*) > 500 FROM found f) AS events,
	   (SELECT count(*) FROM pgtoken.audit_events e
		WHERE e.subject IS NOT NULL AND (e.event NOT IN ('token.refreshed', 'token.retried') OR EXISTS (SELECT FROM pgtoken.grants g WHERE g.grant_id = e.grant_id))
		  AND NOT EXISTS (SELECT FROM found f WHERE f.subject = e.subject AND f.event_id = e.event_id)) AS missed,
	   (SELECT count(*) FROM pgtoken.audit_events e JOIN pgtoken.grants g USING (grant_id)
		WHERE NOT EXISTS (SELECT FROM found f WHERE f.subject = g.subject AND f.event_id = e.event_id)) AS missed_of_families,
	   (SELECT count(*) - count(DISTINCT (f.subject, f.event_id)) FROM found f) AS twice;
DROP TABLE found;
SELECT pgtoken.deactivate_policy('dark', shadow => true), pgtoken.deactivate_policy('bright');
-- A resource's authentication policy is explained in the same way
UPDATE pgtoken.resources SET required_amr = '{hwk}', policy_version = 2 WHERE resource = 'https://orders.example' AND issuer = 'https://id.example';
SELECT trial.start('a', amr => '{hwk}') AS with, trial.start('b', amr => '{pwd}') AS without, trial.refresh('web_orders');
SELECT x.policy, x.version, x.mode, x.decision, x."position", x.rule, x.outcome, regexp_replace(x.explanation, 'auth_time 2[^ ]*', 'auth_time T') AS explanation
FROM pgtoken.explain_decision((trial.decision('web_orders')).event_id) x;
UPDATE pgtoken.resources SET required_amr = NULL WHERE resource = 'https://orders.example' AND issuer = 'https://id.example';

-- Functions that misbehave -------------------------------------------------------------------

CREATE ROLE regress_pgtoken_risk;
GRANT USAGE ON SCHEMA risk TO regress_pgtoken_risk;
CREATE TABLE risk.notes (note text);
CREATE TABLE risk.parents (id integer PRIMARY KEY);
CREATE TABLE risk.children (id integer REFERENCES risk.parents DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE risk.notes OWNER TO regress_pgtoken_risk;
ALTER TABLE risk.parents OWNER TO regress_pgtoken_risk;
ALTER TABLE risk.children OWNER TO regress_pgtoken_risk;
SET statement_timeout = '1h';	-- should nothing else end it
CREATE FUNCTION trial.misbehaviour(name text, body text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE FUNCTION risk.%I(context jsonb, previous jsonb, family jsonb) RETURNS jsonb LANGUAGE plpgsql AS %L', name,
				   'BEGIN ' || body || E';\n	RETURN ''{"decision": "require", "reasons": ["got away with it"]}''; END');
	EXECUTE format('ALTER FUNCTION risk.%I(jsonb, jsonb, jsonb) OWNER TO regress_pgtoken_risk', name);
END
$$;
-- How a refresh ends when the rule's function misbehaves, if the policy fails open and
-- if it fails closed: in a transaction that has done something before and does
-- something after.
CREATE TABLE trial.misbehaved (name text, on_error text, answer text, why text);
CREATE FUNCTION trial.misbehave(name text, timeout interval DEFAULT '10 seconds') RETURNS TABLE (fails_open text, fails_closed text, why text) LANGUAGE plpgsql AS $$
DECLARE
	role_before CONSTANT text := current_setting('role') || session_user || current_user || current_setting('application_name') || current_setting('transaction_read_only');
BEGIN
	PERFORM trial.start('f');
	PERFORM trial.in_force('bad', format('[{"rule": "function", "function": "risk.%s"}]', name)::jsonb, on_error => 'allow', timeout => timeout);
	fails_open := trial.refresh('f');
	PERFORM trial.in_force('bad', format('[{"rule": "function", "function": "risk.%s"}]', name)::jsonb, on_error => 'deny', timeout => timeout);
	fails_closed := trial.refresh('f');
	INSERT INTO trial.misbehaved VALUES (name, 'deny', fails_closed, trial.why('f'));
	IF role_before <> current_setting('role') || session_user || current_user || current_setting('application_name') || current_setting('transaction_read_only') THEN
		RAISE EXCEPTION '% has left something behind', name;
	END IF;
	why := trial.why('f');
	RETURN NEXT;
END
$$;

-- Attack shut out: who may write a rule's function takes the refresh with him: it
-- fails, never ends, or ends the transaction that audits it.
SELECT trial.misbehaviour('raises', $$RAISE EXCEPTION 'the application''s data'$$),
	   trial.misbehaviour('divides', $$PERFORM 1 / (family ->> 'nothing' IS NULL AND false)::integer$$),
	   trial.misbehaviour('loops', $$LOOP END LOOP$$),
	   trial.misbehaviour('sleeps', $$PERFORM pg_sleep(15)$$),
	   trial.misbehaviour('catches', $$BEGIN PERFORM pg_sleep(15); EXCEPTION WHEN query_canceled THEN NULL; END$$),
	   trial.misbehaviour('cancels', $$RAISE query_canceled$$),
	   trial.misbehaviour('commits', $$COMMIT$$),
	   trial.misbehaviour('rolls_back', $$ROLLBACK$$);
SELECT * FROM trial.misbehave('raises');
SELECT * FROM trial.misbehave('divides');
SELECT * FROM trial.misbehave('loops', '30 milliseconds');
SELECT * FROM trial.misbehave('sleeps', '30 milliseconds');
SELECT * FROM trial.misbehave('catches', '30 milliseconds');
SELECT * FROM trial.misbehave('cancels');
SELECT * FROM trial.misbehave('commits');
SELECT * FROM trial.misbehave('rolls_back');

-- Attack shut out: it uses the refresh to write where its owner could, so that
-- judging changes what is judged.
SELECT trial.misbehaviour('writes', $$INSERT INTO risk.notes VALUES ('written')$$),
	   trial.misbehaviour('writes_on', $$PERFORM set_config('transaction_read_only', 'off', true); INSERT INTO risk.notes VALUES ('written')$$),
	   trial.misbehaviour('sets_writable', $$SET TRANSACTION READ WRITE; INSERT INTO risk.notes VALUES ('written')$$),
	   trial.misbehaviour('defers', $$INSERT INTO risk.children VALUES (1)$$),
	   trial.misbehaviour('creates', $$CREATE TABLE risk.more ()$$),
	   trial.misbehaviour('creates_temp', $$CREATE TEMP TABLE more ()$$),
	   trial.misbehaviour('keeps_cursor', $$EXECUTE 'DECLARE held CURSOR WITH HOLD FOR SELECT 1'$$),
	   trial.misbehaviour('sets', $$PERFORM set_config('application_name', 'forged', false)$$);
SELECT * FROM trial.misbehave('writes');
SELECT * FROM trial.misbehave('writes_on');
SELECT * FROM trial.misbehave('sets_writable');
SELECT * FROM trial.misbehave('defers');
SELECT * FROM trial.misbehave('creates');
SELECT * FROM trial.misbehave('creates_temp');
SELECT * FROM trial.misbehave('keeps_cursor');
-- a setting is its own while it runs
SELECT * FROM trial.misbehave('sets');
SELECT (SELECT count(*) FROM risk.notes) AS notes, (SELECT count(*) FROM risk.children) AS children, to_regclass('risk.more') AS more, current_setting('application_name') <> 'forged' AS own_name;

-- Attack shut out: it becomes the caller, the owner of the extension or a superuser,
-- or reads what only they may.
SELECT trial.misbehaviour('sets_role', $$SET ROLE pgtoken_admin$$),
	   trial.misbehaviour('sets_config_role', $$PERFORM set_config('role', session_user, true)$$),
	   trial.misbehaviour('resets_role', $$RESET ROLE$$),
	   trial.misbehaviour('sets_session', $$EXECUTE format('SET SESSION AUTHORIZATION %I', session_user)$$),
	   trial.misbehaviour('reads_keys', $$PERFORM FROM pgtoken.key_material$$),
	   trial.misbehaviour('reads_grants', $$PERFORM g.current_hash FROM pgtoken.grants g$$),
	   trial.misbehaviour('evaluates', $$PERFORM pgtoken.judge_recorded('i', 'p', 1, '{}')$$);
SELECT * FROM trial.misbehave('sets_role');
SELECT * FROM trial.misbehave('sets_config_role');
SELECT * FROM trial.misbehave('resets_role');
SELECT * FROM trial.misbehave('sets_session');
SELECT * FROM trial.misbehave('reads_keys');
SELECT * FROM trial.misbehave('reads_grants');
SELECT * FROM trial.misbehave('evaluates');
-- SECURITY INVOKER or not, it is its owner
CREATE FUNCTION risk.who(context jsonb, previous jsonb, family jsonb) RETURNS jsonb LANGUAGE sql
	RETURN jsonb_build_object('decision', 'deny', 'reasons', jsonb_build_array(current_user, current_setting('transaction_read_only')));
ALTER FUNCTION risk.who(jsonb, jsonb, jsonb) OWNER TO regress_pgtoken_risk;
SELECT * FROM trial.misbehave('who');

-- Attack shut out: an answer that is none counts as allow although the policy fails closed.
CREATE FUNCTION risk.answers(context jsonb, previous jsonb, family jsonb) RETURNS jsonb LANGUAGE sql RETURN context -> 'answer';
ALTER FUNCTION risk.answers(jsonb, jsonb, jsonb) OWNER TO regress_pgtoken_risk;
SELECT trial.start('g'), trial.in_force('bad', '[{"rule": "function", "function": "risk.answers"}]', on_error => 'deny');
SELECT n, answer, trial.refresh('g', jsonb_build_object('answer', answer::jsonb)), trial.why('g')
FROM (VALUES (1, '"deny"'), (2, '[]'), (3, '{}'), (4, '{"decision": "perhaps"}'), (5, '{"decision": 7}'), (6, '{"decision": null}'), (7, '{"Decision": "allow"}'),
			 (8, 'null'), (9, '{"decision": "DENY"}'), (10, '{"decision": "allow", "reasons": "none"}'), (11, '{"decision": "deny", "reasons": [1, "x", null]}')) v (n, answer)
ORDER BY n;
SELECT trial.in_force('bad', '[{"rule": "function", "function": "risk.answers"}]', on_error => 'allow');
SELECT n, answer, trial.refresh('g', jsonb_build_object('answer', answer::jsonb)), trial.why('g')
FROM (VALUES (1, '"deny"'), (2, '[]'), (3, '{}'), (4, '{"decision": "perhaps"}')) v (n, answer)
ORDER BY n;
-- SQL NULL is the one that allows in few words
SELECT trial.refresh('g', '{}'), trial.why('g');
-- more than the audit log would want
SELECT trial.refresh('g', jsonb_build_object('answer', jsonb_build_object('decision', 'deny', 'reasons', (SELECT jsonb_agg(repeat('ä', 150)) FROM generate_series(1, 15))))),
	   length(trial.why('g')) < 6000 AS cut;

-- Attack shut out: it asks for tokens itself, which its own policy judges, and so
-- winds up the clock that it runs against.
SELECT trial.misbehaviour('nests', $$BEGIN PERFORM pgtoken.issue_tokens('web', 'nested', 'openid'); EXCEPTION WHEN OTHERS THEN NULL; END; PERFORM pg_sleep(15)$$);
GRANT pgtoken_issuer TO regress_pgtoken_risk;
SELECT pgtoken.create_policy('nests', '[{"rule": "function", "function": "risk.nests"}]', on_issue => true, function_timeout => '30 milliseconds') AS nests_version,
	   pgtoken.activate_policy('nests') AS active_version;
SELECT trial.refresh('g'), trial.why('g');
SELECT pgtoken.deactivate_policy('nests');
REVOKE pgtoken_issuer FROM regress_pgtoken_risk;

-- A function that has failed knows nothing of who presents the token: the family stays.
SELECT trial.start('h'), trial.in_force('bad', '[{"rule": "function", "function": "risk.raises"}]', on_deny => 'revoke', on_error => 'deny');
SELECT trial.refresh('h') AS failed, pgtoken.deactivate_policy('bad') AS off;
SELECT trial.refresh('h') AS lives;
SELECT trial.in_force('bad', '[{"rule": "function", "function": "risk.raises"}, {"rule": "risk_score", "at_least": 1, "outcome": "deny"}]', on_deny => 'revoke', on_error => 'deny');
SELECT trial.refresh('h', '{"risk_score": 1}') AS said, pgtoken.deactivate_policy('bad') AS off;
SELECT trial.refresh('h') AS ended;

-- The one that is gone: as one that raises. health() says it beforehand.
SELECT trial.in_force('bad', '[{"rule": "function", "function": "risk.answers"}]', on_error => 'deny');
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'user-supplied functions';
ALTER FUNCTION risk.answers(jsonb, jsonb, jsonb) OWNER TO CURRENT_USER;
SELECT ok, replace(detail, current_user, 'X') AS detail FROM pgtoken.health() WHERE check_name = 'user-supplied functions';
DROP FUNCTION risk.answers(jsonb, jsonb, jsonb);
SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'user-supplied functions';
SELECT trial.refresh('g'), trial.why('g');
SELECT test.outcome($$SELECT pgtoken.deactivate_policy('bad')$$) AS off, test.outcome($$SELECT pgtoken.activate_policy('bad')$$) AS on_again;

-- Each was audited, the transactions went on, and no message of a function got into the audit log
SELECT count(*) AS rows, count(DISTINCT name) AS functions FROM trial.misbehaved;
SELECT count(*) AS told FROM pgtoken.audit_events WHERE detail::text LIKE '%application''s data%';
SELECT trial.refresh('f') AS f, trial.refresh('g') AS g;

-- Attack shut out: reading that leaves something behind.
SELECT count(*) AS before FROM pg_largeobject_metadata;
SELECT trial.misbehaviour('keeps', $$PERFORM lo_from_bytea(0, 'kept')$$);
SELECT count(*) AS judged FROM trial.misbehave('keeps');	-- from PostgreSQL 16 on it fails
SELECT count(*) AS after FROM pg_largeobject_metadata;

RESET statement_timeout;

-- Attack shut out: a refresh for an API that the policy is not about makes the
-- thief's network the last one, with which the next is compared.
SELECT pgtoken.create_resource('https://trial-one.example', '{one}'), pgtoken.create_resource('https://trial-two.example', '{two}');
SELECT client_id FROM pgtoken.create_client('both', 'public', '{one,two}', offline_access => true);
SELECT pgtoken.create_policy('one', '[{"rule": "network_changed", "outcome": "deny"}]', resources => '{https://trial-one.example}') AS one_version, pgtoken.activate_policy('one') AS one_active;
CREATE TABLE trial.both AS SELECT r.refresh_token AS token FROM pgtoken.issue_tokens('both', 'b', 'one two offline_access', '{https://trial-one.example,https://trial-two.example}', context => '{"ip": "192.0.2.1"}') r;
SELECT (pgtoken.refresh_grant(token, resource => '{https://trial-two.example}', context => '{"ip": "203.0.113.9"}')).error AS two_from_afar,
	   (pgtoken.refresh_grant(token, context => '{"ip": "203.0.113.9"}')).error AS both_from_afar,
	   (pgtoken.refresh_grant(token, resource => '{https://trial-two.example}', context => '{"ip": "192.0.2.7"}')).decision AS two_from_home FROM trial.both;
-- and a simulation compares with what was granted, not with what was refused
SELECT * FROM pgtoken.simulate_policy('one', since => '-infinity', until => 'infinity') WHERE by IN ('total', 'client') AND name IN ('', 'both');
SELECT pgtoken.deactivate_policy('one');

-- Who may -------------------------------------------------------------------------------------

-- Attack shut out: the application, or an auditor, switches the policy off; an
-- administrator has a function run that he may not call himself, or as a superuser.
CREATE ROLE regress_pgtoken_admin IN ROLE pgtoken_admin;
CREATE ROLE regress_pgtoken_auditor IN ROLE pgtoken_auditor;
CREATE ROLE regress_pgtoken_issuer IN ROLE pgtoken_issuer;
REVOKE ALL ON FUNCTION risk.who(jsonb, jsonb, jsonb) FROM PUBLIC;
CREATE TABLE trial.attempts (n integer, statement text);
INSERT INTO trial.attempts VALUES
	(1, $$SELECT pgtoken.create_policy('mine', '[{"rule": "concurrent_context", "outcome": "deny"}]')$$),
	(2, $$SELECT pgtoken.create_policy('mine', '[{"rule": "function", "function": "risk.who"}]')$$),
	(3, $$SELECT pgtoken.create_policy('mine', '[{"rule": "function", "function": "risk.judge"}]')$$),
	(4, $$SELECT pgtoken.activate_policy('mine', 1)$$), (5, $$SELECT pgtoken.activate_policy('mine', 1)$$), (6, $$SELECT pgtoken.rollback_policy('mine')$$),
	(7, $$SELECT pgtoken.deactivate_policy('mine')$$), (8, $$SELECT * FROM pgtoken.simulate_policy('mine')$$),
	(9, $$SELECT * FROM pgtoken.explain_decision('00000000-0000-4000-8000-000000000000')$$), (10, $$SELECT count(*) FROM pgtoken.decisions$$),
	(11, $$SELECT count(*) FROM pgtoken.decisions_by_rule$$), (12, $$SELECT count(*) FROM pgtoken.decisions_by_client$$), (13, $$SELECT count(*) FROM pgtoken.decision_latency$$),
	(14, $$SELECT count(*) FROM pgtoken.policies$$), (15, $$UPDATE pgtoken.policies SET state = 'retired'$$),
	(16, $$SELECT pgtoken.judge_recorded('i', 'p', 1, '{}')$$), (17, $$SELECT * FROM pgtoken.replay_policy(NULL, NULL, NULL)$$),
	(18, $$SELECT pgtoken.put_policy_in_force('https://id.example', 'night', 1, 'active')$$), (19, $$SELECT pgtoken.lock_policy(NULL, 'night')$$);
GRANT USAGE ON SCHEMA test, trial, risk TO regress_pgtoken_admin, regress_pgtoken_auditor, regress_pgtoken_issuer;
GRANT SELECT ON trial.attempts TO regress_pgtoken_admin, regress_pgtoken_auditor, regress_pgtoken_issuer;
SET ROLE regress_pgtoken_issuer;
SELECT n, test.outcome(statement) FROM trial.attempts ORDER BY n;
RESET ROLE;
SET ROLE regress_pgtoken_auditor;
SELECT n, test.outcome(statement) FROM trial.attempts ORDER BY n;
RESET ROLE;
SET ROLE regress_pgtoken_admin;
SELECT n, test.outcome(statement) FROM trial.attempts ORDER BY n;
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA risk, trial CASCADE;
RESET client_min_messages;
DELETE FROM pgtoken.factors WHERE subject = 'polly';
REVOKE USAGE ON SCHEMA test FROM regress_pgtoken_admin, regress_pgtoken_auditor, regress_pgtoken_issuer;
DROP ROLE regress_pgtoken_risk, regress_pgtoken_admin, regress_pgtoken_auditor, regress_pgtoken_issuer;
