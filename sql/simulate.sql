-- simulate_policy: what a policy would have decided on what has happened, and that
-- it is what it decides when it is in force.
\set SHOW_CONTEXT never

INSERT INTO pgtoken.factors (issuer, subject, factor_id, factor_type, state)
VALUES ('https://id.example', 'simon', pgtoken.new_uuid(), 'external', 'active');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('desk', scopes => '{openid,orders.read,mail.read}', offline_access => true);
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('pocket', 'public', scopes => '{openid,orders.read,mail.read}', offline_access => true);

-- A function among the rules: even numbers it lets through.
CREATE SCHEMA risk;
CREATE SCHEMA trial;
CREATE FUNCTION risk.odd(context jsonb, previous jsonb, family jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE WHEN (context ->> 'number')::integer / (CASE WHEN context ->> 'number' = '0' THEN 0 ELSE 1 END) % 2 = 1
				THEN jsonb_build_object('decision', 'require', 'reasons', jsonb_build_array(previous #>> '{last,number}', family ->> 'client_id')) END;
END
$$;

-- Cases: what a family has seen (first issue, rotations), how long ago, and the
-- request that matters, a refresh or a retry, with its outcome by the policy below.
CREATE TABLE trial.cases (n integer PRIMARY KEY, client_id text, before jsonb[], age interval, request jsonb, retry boolean, mfa boolean, outcome text);
INSERT INTO trial.cases VALUES
	(1, 'desk', '{"{\"ip\": \"192.0.2.1\"}"}', NULL, '{"ip": "192.0.2.2"}', false, true, 'allow'),
	(2, 'desk', '{"{\"ip\": \"192.0.2.1\"}"}', NULL, '{"ip": "198.51.100.2"}', false, true, 'require'),
	(3, 'desk', '{"{\"ip\": \"192.0.2.1\"}"}', NULL, '{}', false, true, 'require'),
	(4, 'desk', '{"{\"ip\": \"192.0.2.1\"}","{\"ip\": \"192.0.3.1\"}"}', NULL, '{"ip": "192.0.3.2"}', false, true, 'allow'),
	(5, 'desk', '{"{\"ip\": \"192.0.2.1\"}","{\"ip\": \"192.0.3.1\"}"}', NULL, '{"ip": "192.0.2.2"}', false, true, 'require'),
	(6, 'pocket', '{"{\"ip\": \"2001:db8:1::1\"}"}', NULL, '{"ip": "2001:db8:1:2::1"}', false, true, 'allow'),
	(7, 'pocket', '{"{\"ip\": \"2001:db8:1::1\"}"}', NULL, '{"ip": "2001:db8:2::1"}', false, true, 'require'),
	(8, 'desk', '{"{}"}', NULL, '{"ip": "203.0.113.9"}', false, true, 'deny'),
	(9, 'desk', '{"{\"ip\": \"192.0.2.1\"}"}', NULL, '{"ip": "203.0.113.9"}', false, true, 'deny'),
	(10, 'pocket', '{"{\"user_agent\": \"pocket/1.0\"}"}', NULL, '{"user_agent": "pocket/2.0"}', false, true, 'allow'),
	(11, 'pocket', '{"{\"user_agent\": \"pocket/1.0\"}"}', NULL, '{"user_agent": "curl/8.0"}', false, true, 'require'),
	(12, 'pocket', '{"{\"user_agent\": \"pocket/1.0\"}","{\"user_agent\": \"curl/8.0\"}"}', NULL, '{"user_agent": "pocket/1.0"}', false, true, 'allow'),
	(13, 'pocket', '{"{\"device_id\": \"d1\"}"}', NULL, '{"device_id": "d1"}', false, true, 'allow'),
	(14, 'desk', '{"{\"session_id\": \"s1\"}","{\"session_id\": \"s2\"}"}', NULL, '{"session_id": "s3"}', false, true, 'allow'),
	(15, 'desk', '{"{\"session_id\": \"s1\"}","{\"session_id\": \"s2\"}"}', NULL, '{"session_id": "s1"}', false, true, 'require'),
	(16, 'desk', '{"{\"session_id\": \"s1\"}","{\"session_id\": \"s2\"}"}', NULL, '{"session_id": "s2"}', false, true, 'require'),
	(17, 'desk', '{"{}"}', '30 minutes', '{}', false, true, 'allow'),
	(18, 'desk', '{"{}"}', '3 hours', '{}', false, true, 'deny'),
	(19, 'desk', '{"{}","{}"}', NULL, '{}', false, true, 'allow'),
	(20, 'desk', '{"{}","{}","{}"}', NULL, '{}', false, true, 'allow'),
	(21, 'desk', '{"{}","{}","{}","{}"}', NULL, '{}', false, true, 'deny'),
	(22, 'desk', '{"{\"device_id\": \"d1\"}","{\"device_id\": \"d1\"}"}', NULL, '{"device_id": "d1"}', true, true, 'allow'),
	(23, 'desk', '{"{\"device_id\": \"d1\"}","{\"device_id\": \"d1\"}"}', NULL, '{"device_id": "d2"}', true, true, 'deny'),
	(24, 'desk', '{"{\"session_id\": \"s1\"}","{\"session_id\": \"s2\"}"}', NULL, '{"session_id": "s2"}', true, true, 'allow'),
	(25, 'desk', '{"{\"latitude\": 52.5, \"longitude\": 13.4}"}', '1 hour', '{"latitude": 52.6, "longitude": 13.1}', false, true, 'allow'),
	(26, 'desk', '{"{\"latitude\": 52.5, \"longitude\": 13.4}"}', '1 hour', '{"latitude": 40.7, "longitude": -74.0}', false, true, 'require'),
	(27, 'desk', '{"{}"}', NULL, '{}', false, false, 'require'),
	(28, 'desk', '{"{}"}', NULL, '{"risk_score": 49}', false, true, 'allow'),
	(29, 'desk', '{"{}"}', NULL, '{"risk_score": 50}', false, true, 'deny'),
	(30, 'desk', '{"{}"}', NULL, '{"number": 2}', false, true, 'allow'),
	(31, 'desk', '{"{\"number\": 4}"}', NULL, '{"number": 3}', false, true, 'require'),
	(32, 'desk', '{"{}"}', NULL, '{"number": 0}', false, true, 'deny'),
	(33, 'desk', '{"{}"}', NULL, '{"number": 5, "risk_score": 80}', false, true, 'deny'),
	(34, 'desk', '{"{\"ip\": \"192.0.2.1\"}"}', '3 hours', '{"ip": "192.0.3.1", "risk_score": 10}', false, false, 'deny');

CREATE FUNCTION trial.rules() RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN '[
	{"rule": "network_changed", "outcome": "require"},
	{"rule": "address_in", "outcome": "deny", "networks": ["203.0.113.0/24"]},
	{"rule": "user_agent_changed", "outcome": "require", "since": "first"},
	{"rule": "idle", "outcome": "deny", "longer_than": 7200},
	{"rule": "velocity", "outcome": "deny", "refreshes": 3, "within": 600},
	{"rule": "concurrent_context", "outcome": "deny"},
	{"rule": "impossible_travel", "outcome": "require"},
	{"rule": "mfa_age", "outcome": "require", "longer_than": 864000},
	{"rule": "risk_score", "outcome": "deny", "at_least": 50},
	{"rule": "function", "function": "risk.odd"}]'::jsonb;
-- recollection asks for a session_id of everybody, so it is a policy of its own
CREATE FUNCTION trial.recollection() RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN '[{"rule": "recollection", "outcome": "require"}]'::jsonb;

-- Plays each case with new families: everything before its request goes through, so
-- that a policy can judge the same request in the same situation again and again.
CREATE TABLE trial.played (round text, n integer, grant_id uuid, outcome text, event_id uuid, PRIMARY KEY (round, n));
CREATE FUNCTION trial.play(round text, policies text[] DEFAULT '{}', shadow boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c trial.cases;
	r pgtoken.token_response;
	presented text;
	consumed text;
	id uuid;
	p text;
BEGIN
	DELETE FROM pgtoken.challenges WHERE subject = 'simon';	-- so many are open at a time
	FOR c IN SELECT * FROM trial.cases x ORDER BY x.n LOOP
		FOREACH p IN ARRAY policies LOOP
			IF NOT shadow THEN PERFORM pgtoken.deactivate_policy(p); END IF;
		END LOOP;
		r := pgtoken.issue_tokens(c.client_id, 'simon', 'openid offline_access orders.read', context => c.before[1], amr => CASE WHEN c.mfa THEN '{pwd,mfa}'::text[] END);
		id := r.grant_id;
		FOR i IN 2 .. cardinality(c.before) LOOP
			consumed := r.refresh_token;
			r := pgtoken.refresh_grant(r.refresh_token, c.client_id, test.secret(c.client_id), context => c.before[i]);
		END LOOP;
		IF c.age IS NOT NULL THEN
			PERFORM test.age(id, c.age);
		END IF;
		FOREACH p IN ARRAY policies LOOP
			PERFORM pgtoken.activate_policy(p, shadow => shadow);
		END LOOP;
		r := pgtoken.refresh_grant(CASE WHEN c.retry THEN consumed ELSE r.refresh_token END, c.client_id, test.secret(c.client_id), context => c.request);
		INSERT INTO trial.played
		SELECT round, c.n, id, r.decision, e.event_id FROM pgtoken.audit_events e
		WHERE e.grant_id = id AND e.event ~ '^(token|refresh)' ORDER BY e.occurred_at DESC, e.event_id DESC LIMIT 1;
	END LOOP;
	FOREACH p IN ARRAY policies LOOP
		PERFORM pgtoken.deactivate_policy(p, shadow => shadow);
	END LOOP;
END
$$;
-- What the simulation says of each case's request: its own row of the replay.
CREATE FUNCTION trial.simulated(policy text, of_round text) RETURNS TABLE (n integer, outcome text) LANGUAGE plpgsql AS $$
DECLARE
	c record;
	at timestamptz;
BEGIN
	FOR c IN SELECT p.n, p.grant_id, p.event_id FROM trial.played p WHERE p.round = of_round ORDER BY p.n LOOP
		n := c.n;
		SELECT e.occurred_at INTO at FROM pgtoken.audit_events e WHERE e.grant_id = c.grant_id AND e.event_id = c.event_id;
		SELECT CASE WHEN s.denied > 0 THEN 'deny' WHEN s.challenged > 0 THEN 'require' WHEN s.allowed > 0 THEN 'allow' END INTO outcome
		FROM pgtoken.simulate_policy(policy, since => at, until => at + interval '1 microsecond') s WHERE s.by = 'total' AND s.requests = 1;
		RETURN NEXT;
	END LOOP;
END
$$;

SELECT pgtoken.create_policy('trial', trial.rules(), client_ids => '{desk,pocket}', function_timeout => '10 seconds') AS version;
SELECT pgtoken.create_policy('collected', trial.recollection(), client_ids => '{desk,pocket}') AS version;

-- Round one: no policy is there, nothing but the events and the ledger is known.  The
-- families' ages are not: they were made up by an UPDATE.  (since lies after the
-- family's last rotation, so what was before is looked up in the ledger.)
SELECT trial.play('bare');
SELECT p.outcome, count(*) FROM trial.played p WHERE p.round = 'bare' GROUP BY 1;
SELECT count(*) AS compared FROM trial.played p JOIN trial.cases c USING (n) WHERE p.round = 'bare' AND c.age IS NULL;
SELECT n, s.outcome AS simulated, c.outcome AS wanted FROM trial.simulated('trial', 'bare') s JOIN trial.cases c USING (n)
WHERE c.age IS NULL AND s.outcome IS DISTINCT FROM CASE WHEN n IN (15, 16) THEN 'allow' ELSE c.outcome END ORDER BY n;
-- Round two: in the shadow; what is recorded of each request tells the rest.
SELECT trial.play('shadow', '{trial,collected}', shadow => true);
SELECT p.outcome, count(*) FROM trial.played p WHERE p.round = 'shadow' GROUP BY 1;
-- what the family has become since is no fact of the request
UPDATE pgtoken.grants g SET amr = '{pwd,mfa}', auth_time = g.auth_time - interval '1 day'
FROM trial.played p JOIN trial.cases c USING (n) WHERE p.round = 'shadow' AND p.grant_id = g.grant_id AND NOT c.mfa;
SELECT n, s.outcome AS simulated, c.outcome AS wanted FROM trial.simulated('trial', 'shadow') s JOIN trial.cases c USING (n)
WHERE s.outcome IS DISTINCT FROM CASE WHEN n IN (15, 16) THEN 'allow' ELSE c.outcome END ORDER BY n;
CREATE TABLE trial.predicted AS SELECT * FROM trial.simulated('trial', 'shadow');
-- Round three: in force, the same contexts.
SELECT trial.play('enforced', '{trial}');
SELECT count(*) AS compared, count(*) FILTER (WHERE p.outcome IS DISTINCT FROM s.outcome) AS different, count(DISTINCT p.outcome) AS outcomes
FROM trial.played p JOIN trial.predicted s USING (n) WHERE p.round = 'enforced';
SELECT n, p.outcome AS enforced, s.outcome AS simulated_before FROM trial.played p JOIN trial.predicted s USING (n)
WHERE p.round = 'enforced' AND p.outcome IS DISTINCT FROM s.outcome ORDER BY n;
SELECT n, p.outcome AS enforced, s.outcome AS simulated_afterwards FROM trial.played p JOIN trial.simulated('trial', 'enforced') s USING (n)
WHERE p.round = 'enforced' AND p.outcome IS DISTINCT FROM s.outcome ORDER BY n;
-- what ran in the shadow came to the same
SELECT count(*) FILTER (WHERE j ->> 'decision' = p.outcome) AS equal, count(*) AS all
FROM trial.played s JOIN pgtoken.audit_events e USING (event_id) JOIN trial.played p USING (n), jsonb_array_elements(e.detail #> '{decision,policies}') j
WHERE s.round = 'shadow' AND p.round = 'enforced' AND j ->> 'policy' = 'trial' AND j ->> 'mode' = 'shadow';
-- the other policy, where a session_id was given
CREATE TABLE trial.predicted_collections AS SELECT s.* FROM trial.simulated('collected', 'shadow') s JOIN trial.cases c USING (n) WHERE c.request ? 'session_id';
SELECT trial.play('collected', '{collected}');
SELECT n, s.outcome AS simulated, p.outcome AS enforced FROM trial.predicted_collections s JOIN trial.played p USING (n) WHERE p.round = 'collected' ORDER BY n;

-- The whole: by total, client and rule; the sums hold
SELECT min(occurred_at) AS since FROM pgtoken.audit_events e JOIN trial.played p USING (grant_id) WHERE p.round = 'enforced' \gset
SELECT max(occurred_at) + interval '1 microsecond' AS until FROM pgtoken.audit_events e JOIN trial.played p USING (grant_id) WHERE p.round = 'enforced' \gset
SELECT * FROM pgtoken.simulate_policy('trial', since => :'since', until => :'until');
-- changed: of the requests in round one (all allowed) those that would not have been, save those whose age is not known
SELECT min(occurred_at) AS since FROM pgtoken.audit_events e JOIN trial.played p USING (grant_id) WHERE p.round = 'bare' \gset
SELECT max(occurred_at) + interval '1 microsecond' AS until FROM pgtoken.audit_events e JOIN trial.played p USING (grant_id) WHERE p.round = 'bare' \gset
SELECT s.*, changed = challenged + denied AS adds_up FROM pgtoken.simulate_policy('trial', since => :'since', until => :'until') s WHERE by <> 'rule';

-- Its scope of use, as in force: client, resource, grant type, first issues
CREATE FUNCTION trial.try(arguments text, since timestamptz, until timestamptz) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT pgtoken.create_policy(%L, %L, %s)', 'scoped', '[{"rule": "address_not_in", "outcome": "deny", "networks": ["192.0.2.0/24"]}]', arguments);
	RETURN QUERY SELECT concat_ws(' ', s.by, s.name, s.requests, s.allowed, s.challenged, s.denied, s.changed) FROM pgtoken.simulate_policy('scoped', since => since, until => until) s;
END
$$;
SELECT * FROM trial.try($$client_ids => '{desk,pocket}'$$, :'since', :'until');
SELECT * FROM trial.try($$client_ids => '{pocket}'$$, :'since', :'until');
SELECT * FROM trial.try($$client_ids => '{pocket}', on_refresh => false, on_issue => true$$, :'since', :'until');
SELECT * FROM trial.try($$client_ids => '{pocket}', on_issue => true$$, :'since', :'until');
SELECT * FROM trial.try($$client_ids => '{pocket}', resources => '{https://orders.example}'$$, :'since', :'until');
SELECT * FROM trial.try($$client_ids => '{pocket}', resources => '{https://mail.example}'$$, :'since', :'until');
SELECT * FROM trial.try($$client_ids => '{pocket}', grant_types => '{issue_tokens}'$$, :'since', :'until');
SELECT * FROM trial.try($$client_ids => '{pocket}', grant_types => '{password}'$$, :'since', :'until');
SELECT * FROM trial.try($$issuer => 'https://other.example/tenant'$$, :'since', :'until') LIMIT 1;
SELECT * FROM pgtoken.simulate_policy('scoped', since => :'until', until => :'since') AS no_time;
SELECT requests > 150 AS everything, allowed + challenged + denied = requests AS adds_up FROM pgtoken.simulate_policy('scoped', 1, NULL, NULL) WHERE by = 'total';
SELECT count(*) AS clients, bool_and(c.requests > 0) AS each_has_some,
	   sum(c.requests) = (SELECT t.requests FROM pgtoken.simulate_policy('scoped', 1, NULL, NULL) t WHERE t.by = 'total') AS adds_up
FROM pgtoken.simulate_policy('scoped', 1, NULL, NULL) c WHERE c.by = 'client';
SELECT n, test.outcome(statement)
FROM (VALUES (1, $$SELECT * FROM pgtoken.simulate_policy('nobody')$$), (2, $$SELECT * FROM pgtoken.simulate_policy('scoped', 99)$$),
			 (3, $$SELECT * FROM pgtoken.simulate_policy(NULL)$$), (4, $$SELECT * FROM pgtoken.simulate_policy('scoped', issuer => 'https://unknown.example')$$)) v (n, statement)
ORDER BY n;

-- First issues that were denied have no family and are judged all the same; a
-- request that went on after a step-up is not counted beside the challenged one
SELECT pgtoken.create_policy('first', '[{"rule": "risk_score", "outcome": "deny", "at_least": 50}]', client_ids => '{desk}', on_issue => true) AS version, pgtoken.activate_policy('first');
SELECT clock_timestamp() AS since \gset
SELECT score, r.decision FROM (VALUES (70), (30)) v (score), pgtoken.issue_tokens('desk', 'simon', 'openid offline_access', context => jsonb_build_object('risk_score', score)) r;
SELECT * FROM pgtoken.simulate_policy('first', since => :'since', until => NULL);
SELECT pgtoken.create_policy('first', '[{"rule": "risk_score", "outcome": "require", "at_least": 20}]', client_ids => '{desk}', on_issue => true) AS version;
SELECT * FROM pgtoken.simulate_policy('first', since => :'since', until => NULL);
DELETE FROM pgtoken.challenges WHERE subject = 'simon';
SELECT pgtoken.activate_policy('first');
SELECT clock_timestamp() AS since \gset
SELECT refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('desk', 'simon', 'openid offline_access') \gset
SELECT decision, transaction_id AS tid FROM pgtoken.refresh_grant(:'rt', 'desk', test.secret('desk'), context => '{"risk_score": 40}') \gset
SELECT pgtoken.complete_challenge(:'tid', jsonb_build_object('factor_id', f.factor_id, 'verified', true)) ->> 'completed' AS completed FROM pgtoken.factors f WHERE f.subject = 'simon';
SELECT decision FROM pgtoken.refresh_grant(:'rt', 'desk', test.secret('desk'), context => '{"risk_score": 40}', transaction_id => :'tid');
SELECT event, decision, step_up FROM pgtoken.decisions WHERE grant_id = :'gid' ORDER BY occurred_at, event_id;
SELECT * FROM pgtoken.simulate_policy('first', since => :'since', until => NULL);
SELECT pgtoken.deactivate_policy('first');

-- Attack shut out: a trial changes what it tries: rows, or by its functions.
CREATE FUNCTION trial.contents() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	t record;
	n text;
	found text := '';
BEGIN
	FOR t IN SELECT c.oid::regclass AS name FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind = 'r' ORDER BY c.relname LOOP
		EXECUTE format('SELECT concat_ws('':'', %L, count(*), sum(hashtext(x::text)::bigint)) FROM %s x', t.name, t.name) INTO n;
		found := found || n || E'\n';
	END LOOP;
	RETURN found;
END
$$;
CREATE TABLE risk.notes (note text);
CREATE FUNCTION risk.writes(context jsonb, previous jsonb, family jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO risk.notes VALUES ('written');
	RETURN NULL;
END
$$;
SELECT pgtoken.create_policy('writer', '[{"rule": "function", "function": "risk.writes"}, {"rule": "function", "function": "risk.odd"}, {"rule": "recollection", "outcome": "deny"},
	{"rule": "velocity", "outcome": "deny", "refreshes": 1, "within": 60}]', client_ids => '{desk}', function_timeout => '10 seconds') AS version;
SELECT trial.contents() AS contents \gset
SELECT by, name, requests > 100 AS many, requests = denied AS all_denied FROM pgtoken.simulate_policy('writer') WHERE by = 'total' OR name = '1 function';
SELECT trial.contents() = :'contents' AS unchanged, (SELECT count(*) FROM risk.notes) AS notes;
BEGIN TRANSACTION READ ONLY;
SELECT count(*) AS rows FROM pgtoken.simulate_policy('writer');
SELECT pg_current_xact_id_if_assigned() IS NULL AS nothing_written;
COMMIT;

SET client_min_messages = warning;
DROP SCHEMA risk, trial CASCADE;
RESET client_min_messages;
DELETE FROM pgtoken.factors WHERE subject = 'simon';
