-- Refusals that explain themselves.  Fault: support sees an error that serves many
-- reasons, and explain_decision said nothing of a refresh that was refused, and
-- "require" of one that was denied because the user had no factor.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

-- Every reason has its sentence: a new one without fails here.
SELECT reason, explanation FROM pgtoken.refusal_reasons()
WHERE explanation IS NULL OR explanation !~ '^[A-Z][^\n]*[[:alnum:])]\.$' OR explanation ~ '\. [A-Z]' OR length(explanation) > 200;
SELECT count(*) > 90 AS many, count(*) FILTER (WHERE reason IS NULL) AS unnamed, count(DISTINCT error) > 20 AS many_errors FROM pgtoken.refusal_reasons();
SELECT reason, count(DISTINCT explanation) FROM pgtoken.refusal_reasons() WHERE audited GROUP BY reason HAVING count(DISTINCT explanation) > 1 ORDER BY reason;

-- Whatever the tests before had refused, support is told why.
SELECT e.event, e.reason, count(*) FROM pgtoken.audit_events e
WHERE e.event ~ '\.(refused|denied|challenged|reuse|authentication_failed)$'
  AND NOT EXISTS (SELECT FROM pgtoken.explain_decision(e.event_id) x WHERE x.explanation <> '')
GROUP BY e.event, e.reason ORDER BY e.event, e.reason;
SELECT count(DISTINCT e.reason) > 5 AS of_many_kinds FROM pgtoken.audit_events e WHERE e.event ~ '\.(refused|denied|reuse|authentication_failed)$';

-- of the last event of a client
CREATE FUNCTION test.why(client text) RETURNS TABLE (event text, policy text, decision text, rule text, outcome text, explanation text) LANGUAGE sql
BEGIN ATOMIC
	SELECT e.event, x.policy, x.decision, x.rule, x.outcome, x.explanation
	FROM (SELECT a.event, a.event_id FROM pgtoken.audit_events a WHERE a.client_id = client ORDER BY a.occurred_at DESC, a.event_id DESC LIMIT 1) e
	CROSS JOIN pgtoken.explain_decision(e.event_id) WITH ORDINALITY x ORDER BY x.ordinality;
END;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('helped', scopes => '{openid}', offline_access => true);
SELECT refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('helped', 'nora', 'openid offline_access') \gset
SELECT error FROM pgtoken.refresh_grant(:'rt', 'helped', 'wrong');
SELECT rule, decision, explanation FROM test.why('helped');
SELECT error FROM pgtoken.refresh_grant(:'rt', 'helped', test.secret('helped'), 'openid email');
SELECT rule, decision, explanation FROM test.why('helped');
SELECT count(*) AS revoked FROM pgtoken.revoke_family(:'gid'::uuid);
SELECT error FROM pgtoken.refresh_grant(:'rt', 'helped', test.secret('helped'));
SELECT event, rule, decision, explanation FROM test.why('helped');
SELECT count(*) AS of_what_was_answered FROM pgtoken.audit_events e, pgtoken.explain_decision(e.event_id)
WHERE e.client_id = 'helped' AND e.event IN ('grant.issued', 'grant.revoked', 'client.created');

-- A factor is required and there is none: that is denied, and says so.
SELECT clock_timestamp() AS since \gset
SELECT pgtoken.create_policy('careful', '[{"rule": "risk_score", "outcome": "require", "at_least": 10}]', client_ids => '{helped}', on_issue => true) AS version, pgtoken.activate_policy('careful');
SELECT error FROM pgtoken.issue_tokens('helped', 'nora', 'openid', context => '{"risk_score": 50}');
SELECT event, policy, decision, rule, outcome, explanation FROM test.why('helped');
SELECT * FROM pgtoken.simulate_policy('careful', since => :'since', until => NULL) WHERE by = 'total';
-- the same of requests that were allowed: by the factors that there are now
SELECT pgtoken.deactivate_policy('careful');
SELECT clock_timestamp() AS since \gset
SELECT error FROM pgtoken.issue_tokens('helped', 'nora', 'openid', context => '{"risk_score": 50}');
SELECT error FROM pgtoken.issue_tokens('helped', 'olga', 'openid', context => '{"risk_score": 50}');
SELECT error FROM pgtoken.issue_tokens('helped', 'olga', 'openid', context => '{"risk_score": 5}');
INSERT INTO pgtoken.factors (issuer, subject, factor_id, factor_type, state)
SELECT c.issuer, s.subject, pgtoken.new_uuid(), s.factor_type, s.state FROM pgtoken.clients c,
	(VALUES ('olga', 'external', 'active'), ('nora', 'email', 'pending'), ('nora', 'external', 'disabled')) s (subject, factor_type, state)
WHERE c.client_id = 'helped';
SELECT * FROM pgtoken.simulate_policy('careful', since => :'since', until => NULL) WHERE by = 'total';
-- a policy that takes no such factor
SELECT pgtoken.create_policy('careful', '[{"rule": "risk_score", "outcome": "require", "at_least": 10}]', client_ids => '{helped}', on_issue => true, factor_types => '{totp,webauthn}') AS version;
SELECT * FROM pgtoken.simulate_policy('careful', since => :'since', until => NULL) WHERE by = 'total';
DELETE FROM pgtoken.factors WHERE subject IN ('nora', 'olga');

-- What was refused last: from shared memory, or the server says that it has none and how to get it.
CREATE FUNCTION test.trace() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	PERFORM FROM pgtoken.refused_requests('helped', 1);
	RETURN 'told';
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN CASE WHEN hint ~ 'shared_preload_libraries' AND hint ~ 'pgtoken.log_refusals' THEN 'told' ELSE hint END;
END
$$;
SELECT test.trace();
-- Attack shut out: a parameter's name, which its sender makes, writes a line of the log,
-- spoils the trace, or is a secret whose name was left out, and is told to all.
SELECT n, (test.http('token', form)).body ->> 'error_description' AS told FROM (VALUES
	(1, 'scope=a&scope=b'), (2, 'a%0Aforged=1&a%0Aforged=2'), (3, 'pgtrt_AbC9=&pgtrt_AbC9='), (4, repeat('x', 38) || '%C3%A4y=1&' || repeat('x', 38) || '%C3%A4y=2'),
	(5, '%1B[31m=1&%1B[31m=2'), (6, repeat('x', 5000) || '=1&' || repeat('x', 5000) || '=2')) f (n, form) ORDER BY n;
SELECT test.outcome('SELECT * FROM pgtoken.refused_requests(NULL, 0)') AS no_number;
SET pgtoken.log_refusals = 'perhaps';
DROP FUNCTION test.why, test.trace;
