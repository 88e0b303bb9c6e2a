-- Support that acts for a subject: tokens that say so, for minutes, and for who may.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT clock_timestamp() AS since \gset
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('shop_window', offline_access => true, scopes => '{openid,profile,orders.read,shared}',
	metadata => '{"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"]}');
CREATE ROLE regress_app IN ROLE pgtoken_issuer;
CREATE ROLE regress_support IN ROLE pgtoken_issuer, pgtoken_impersonator;
GRANT USAGE ON SCHEMA test TO regress_app, regress_support;
SET pgtoken.impersonation_lifetime = '10 min';

-- C157: what it gives: an access token with act, and nothing that lasts, whatever is asked for.
SET ROLE regress_support;
SELECT access_token AS at, grant_id AS gid, decision, refresh_token IS NULL AS no_refresh_token, id_token IS NULL AS no_id_token, scope, expires_in
FROM pgtoken.issue_tokens('shop_window', 'nina', 'openid orders.read offline_access', '{https://orders.example}', acr => 'mfa', amr => '{pwd,otp}', context => '{"ip": "192.0.2.7"}',
	actor => '{"sub": "support-7", "ticket": "4711"}') \gset
\echo :decision :no_refresh_token :no_id_token :scope
RESET ROLE;
-- no client has it for longer: its tokens may live for 5 minutes, its families for a month
SELECT :expires_in <= 300 AS token, g.expires_at - g.created_at <= interval '10 minutes' AS family, g.generation IS NULL AS no_generation FROM pgtoken.grants g WHERE g.grant_id = :'gid';
SELECT pgtoken.update_client('shop_window', access_token_lifetime => '2 hours');
SELECT expires_in BETWEEN 301 AND 600 AS token FROM pgtoken.issue_tokens('shop_window', 'nina', 'orders.read', actor => '{"sub": "support-7"}');
SELECT pgtoken.update_client('shop_window', reset => '{access_token_lifetime}');
SELECT c ->> 'sub' AS sub, c -> 'act' AS act, c ->> 'acr' AS acr FROM test.claims(:'at') c;
SELECT i -> 'active' AS active, i ->> 'sub' AS sub, i -> 'act' AS act FROM pgtoken.introspect(:'at') i;
SELECT subject, act, state FROM pgtoken.grant_status WHERE grant_id = :'gid';
-- the audit: who, for whom, until when; what tells of people stands where it belongs
SELECT event, subject, client_id, detail ? 'expires_at' AS "end", detail::text ~ 'support-7|4711' AS told, personal, role_name, context
FROM pgtoken.audit_events WHERE grant_id = :'gid' AND event LIKE 'impersonation.%';
-- nor is it hidden from the person, where he sees who is in his account
SELECT kind, is_current, client_ids, offline, act, first_address FROM pgtoken.sessions_of('nina', :'gid') WHERE session_id = :'gid';
-- the lineage has the family, its end ends it
SELECT count(*) AS ended FROM pgtoken.revoke_subject('nina');
SELECT pgtoken.verify_access_token(:'at') IS NULL AS refused;

-- Attack shut out: the application's role, which may issue for anybody, says that
-- somebody acts whom nobody has allowed to; or uses a function of who may.
CREATE FUNCTION test.lend(who text) RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
	$$ SELECT decision FROM pgtoken.issue_tokens('shop_window', who, 'orders.read', actor => '{"sub": "support-7"}') $$;
ALTER FUNCTION test.lend(text) OWNER TO regress_support;
CREATE ROLE regress_alone IN ROLE pgtoken_impersonator, pgtoken_http;
CREATE ROLE regress_admin_of IN ROLE pgtoken_admin;
GRANT USAGE ON SCHEMA test TO regress_alone;
SET ROLE regress_app;
SELECT decision AS without FROM pgtoken.issue_tokens('shop_window', 'nina', 'orders.read');
SELECT pgtoken.issue_tokens('shop_window', 'nina', 'orders.read', actor => '{"sub": "support-7"}');
SELECT test.lend('nina');
-- the permission alone issues nothing, nor has the administrator it by being that
SET ROLE regress_alone;
SELECT pgtoken.issue_tokens('shop_window', 'nina', 'orders.read', actor => '{"sub": "support-7"}');
SET ROLE regress_admin_of;
SELECT pgtoken.issue_tokens('shop_window', 'nina', 'orders.read', actor => '{"sub": "support-7"}');
SET ROLE regress_support;
SELECT test.lend('nina');
RESET ROLE;

-- Attack shut out: who acts for minutes makes more of it. By an exchange it keeps who
-- acts, its end and its scope; there is nothing to refresh.
CREATE FUNCTION test.window(token text, VARIADIC more text[] DEFAULT '{}') RETURNS test.answer LANGUAGE sql
	RETURN test.http('token', test.form(VARIADIC ARRAY['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange', 'subject_token', token,
		'subject_token_type', 'urn:ietf:params:oauth:token-type:access_token'] || more), test.basic('shop_window'));
CREATE FUNCTION test.window_acting(token text, actor text) RETURNS test.answer LANGUAGE sql
	RETURN test.window(token, 'actor_token', actor, 'actor_token_type', 'urn:ietf:params:oauth:token-type:access_token');
SELECT access_token AS at FROM pgtoken.issue_tokens('shop_window', 'nina', 'orders.read', actor => '{"sub": "support-7", "ticket": "4711"}') \gset
SELECT access_token AS clerk FROM pgtoken.issue_tokens('shop_window', 'carla', 'orders.read') \gset
SELECT access_token AS as_clerk FROM pgtoken.issue_tokens('shop_window', 'carla', 'orders.read', actor => '{"sub": "support-8"}') \gset
SELECT access_token AS own FROM pgtoken.issue_tokens('shop_window', 'nina', 'orders.read') \gset
SELECT test.claims((test.window(:'at')).body ->> 'access_token') -> 'act' AS kept, test.brief(test.window(:'at', 'scope', 'shared')) AS more_scope,
	   (test.window(:'at', 'scope', 'orders.read offline_access')).body ->> 'refresh_token' IS NULL AS no_refresh_token;
SELECT test.claims((test.window_acting(:'at', :'clerk')).body ->> 'access_token') -> 'act' AS and_a_clerk;
-- nor does it hide behind somebody else's token, which it has by acting for him
SELECT test.claims((test.window_acting(:'own', :'as_clerk')).body ->> 'access_token') -> 'act' AS as_clerk,
	   test.claims((test.window_acting(:'at', :'as_clerk')).body ->> 'access_token') -> 'act' AS both;
UPDATE pgtoken.grants SET expires_at = now() + interval '1 hour' WHERE grant_id = pgtoken.grant_of(:'own');
SELECT (test.claims((test.window_acting(:'own', :'as_clerk')).body ->> 'access_token') ->> 'exp')::bigint <= (test.claims(:'as_clerk') ->> 'exp')::bigint AS ends_with_it;
SELECT test.brief(pgtoken.refresh_grant(:'at', 'shop_window', test.secret('shop_window'))) AS refreshed;

-- Attack shut out: he has left, and acts on. With the actor blocked nothing is issued
-- to him, and what he has is refused, also what was made of it.
SELECT (test.window_acting(:'own', :'as_clerk')).body ->> 'access_token' AS made_of_it \gset
SELECT pgtoken.verify_access_token(:'as_clerk') IS NOT NULL AS holds, pgtoken.verify_access_token(:'made_of_it') IS NOT NULL AS made_of_it;
SELECT pgtoken.block_subject('support-8') AS blocked;
SELECT pgtoken.verify_access_token(:'as_clerk') IS NULL AS refused, pgtoken.verify_access_token(:'made_of_it') IS NULL AS made_of_it, pgtoken.verify_access_token(:'clerk') IS NOT NULL AS clerk;
SELECT test.brief(i) AS issue FROM pgtoken.issue_tokens('shop_window', 'carla', 'orders.read', actor => '{"sub": "support-8"}') i;
SELECT pgtoken.unblock_subject('support-8') AS unblocked;
-- for good: what he had by acting is among what was ended
SELECT pgtoken.verify_access_token(:'as_clerk') IS NULL AS refused, pgtoken.verify_access_token(:'made_of_it') IS NULL AS made_of_it, pgtoken.verify_access_token(:'clerk') IS NOT NULL AS clerk;
SELECT pgtoken.block_subject('carla', end_sessions => false) AS blocked;
SELECT test.brief(i) AS of_a_blocked_subject FROM pgtoken.issue_tokens('shop_window', 'carla', 'orders.read', actor => '{"sub": "support-8"}') i;
SELECT pgtoken.unblock_subject('carla') AS unblocked;

-- Attack shut out: by the tokens of a pairwise client nobody sees who it is that acts;
-- so he acts on when he is blocked, and others after him. No token tells who he is.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('shop_apart', scopes => '{orders.read}', redirect_uris => '{https://apart.example/cb}',
	metadata => '{"subject_type": "pairwise", "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"]}');
CREATE FUNCTION test.apart(token text, VARIADIC more text[] DEFAULT '{}') RETURNS text LANGUAGE sql
	RETURN (test.http('token', test.form(VARIADIC ARRAY['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange', 'subject_token', token,
		'subject_token_type', 'urn:ietf:params:oauth:token-type:access_token'] || more), test.basic('shop_apart'))).body ->> 'access_token';
SELECT access_token AS own FROM pgtoken.issue_tokens('shop_apart', 'nina', 'orders.read') \gset
SELECT access_token AS clerk FROM pgtoken.issue_tokens('shop_apart', 'carla', 'orders.read') \gset
SELECT test.apart(:'own', 'actor_token', :'clerk', 'actor_token_type', 'urn:ietf:params:oauth:token-type:access_token') AS made_of_it \gset
SELECT test.apart(:'made_of_it') AS once_more \gset
SELECT test.claims(t) #>> '{act,sub}' = test.claims(:'clerk') ->> 'sub' AS pairwise, test.claims(t)::text ~ 'carla|pgtoken' OR pgtoken.introspect(t)::text ~ 'carla|pgtoken:' AS told
FROM unnest(ARRAY[:'made_of_it', :'once_more']) t;
SELECT pgtoken.block_subject('carla', end_sessions => false) AS blocked;
SELECT pgtoken.verify_access_token(:'made_of_it') IS NULL AS made_of_it, pgtoken.verify_access_token(:'once_more') IS NULL AS once_more, test.apart(:'made_of_it') IS NULL AS no_more,
	   pgtoken.verify_access_token(:'own') IS NOT NULL AS own;
SELECT pgtoken.unblock_subject('carla') AS unblocked;
DROP FUNCTION test.apart;
-- Policies know it: by a rule, and in the functions of an administrator.
CREATE FUNCTION test.see_actor(context jsonb, previous jsonb, family jsonb) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	RETURN CASE WHEN family #>> '{actor,sub}' = 'support-9' THEN '{"decision": "deny", "reasons": ["support-9 is in training"]}'::jsonb END;
ALTER FUNCTION test.see_actor(jsonb, jsonb, jsonb) OWNER TO regress_app;
SELECT pgtoken.create_policy('acting', '[{"rule": "on_behalf", "outcome": "deny"}]', on_issue => true, resources => '{https://mail.example}') AS version,
	   pgtoken.create_policy('training', '[{"rule": "function", "function": "test.see_actor"}]', on_issue => true) AS version;
SELECT pgtoken.activate_policy('acting'), pgtoken.activate_policy('training');
SELECT test.brief(a) AS nobody, test.brief(b) AS mail, test.brief(c) AS orders, test.brief(d) AS in_training
FROM pgtoken.issue_tokens('shop_window', 'nina', 'shared', '{https://mail.example}') a, pgtoken.issue_tokens('shop_window', 'nina', 'shared', '{https://mail.example}', actor => '{"sub": "support-7"}') b,
	 pgtoken.issue_tokens('shop_window', 'nina', 'shared', '{https://orders.example}', actor => '{"sub": "support-7"}') c, pgtoken.issue_tokens('shop_window', 'nina', 'shared', '{https://orders.example}', actor => '{"sub": "support-9"}') d;
SELECT d.rule, d.explanation FROM pgtoken.audit_events e, pgtoken.explain_decision(e.event_id) d
WHERE e.subject = 'nina' AND e.event = 'issue.denied' ORDER BY e.event_id, d.policy;
SELECT pgtoken.deactivate_policy('acting'), pgtoken.deactivate_policy('training');
-- a simulation judges what was recorded as the policy would have: by the family, or by the record of a refusal
SELECT pgtoken.create_policy('anywhere', '[{"rule": "on_behalf", "outcome": "deny"}]', client_ids => '{shop_window}', on_issue => true) AS version;
SELECT s.requests > s.denied AS others, s.denied = (SELECT count(*) FROM pgtoken.grants g WHERE g.client_id = 'shop_window' AND g.act IS NOT NULL) + 2 AS who_acts
FROM pgtoken.simulate_policy('anywhere', since => :'since', until => clock_timestamp()) s WHERE s.by = 'total';

-- An API that asks for more than the actor has shown: his own login counts, and no
-- factor of the subject's is asked for or taken.
SELECT pgtoken.enroll_factor('nina', 'external') ->> 'state' AS factor;
SELECT pgtoken.update_resource('https://orders.example', required_acr => '{mfa}');
SELECT test.brief(a) AS weak, test.brief(b) AS strong
FROM pgtoken.issue_tokens('shop_window', 'nina', 'orders.read', '{https://orders.example}', acr => 'pwd', actor => '{"sub": "support-7"}') a,
	 pgtoken.issue_tokens('shop_window', 'nina', 'orders.read', '{https://orders.example}', acr => 'mfa', actor => '{"sub": "support-7"}') b;
SELECT error, transaction_id AS tx FROM pgtoken.issue_tokens('shop_window', 'nina', 'orders.read', '{https://orders.example}', acr => 'pwd') \gset
SELECT pgtoken.issue_tokens('shop_window', 'nina', 'orders.read', '{https://orders.example}', transaction_id => :'tx', actor => '{"sub": "support-7"}');
SELECT pgtoken.update_resource('https://orders.example', reset => '{required_acr}');
SELECT reason FROM pgtoken.audit_events WHERE subject = 'nina' AND event = 'issue.denied' ORDER BY event_id DESC LIMIT 1;

-- Misuse
SELECT actor, test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L, %L, actor => %L)', 'shop_window', 'nina', 'orders.read', actor)) AS outcome
FROM unnest(ARRAY['{}', '[]', '"support-7"', '{"sub": 7}', '{"sub": ""}', '{"sub": "client:web"}', '{"sub": "nina"}', '{"sub": "support-7", "act": "x"}', '{"sub": "support-7", "act": {"sub": "x"}}',
				  '{"sub": "support-7", "roles": ["x"]}', '{"sub": "support-7", "pgtoken:subject": "x"}']) WITH ORDINALITY a (actor, n) ORDER BY n;
SELECT test.outcome(format('SELECT pgtoken.issue_tokens(%L, %L, actor => %L)', 'shop_window', 'nina', jsonb_build_object('sub', 'x', 'note', repeat('x', 1024)))) AS too_large;
SELECT left(test.outcome($$SET pgtoken.impersonation_lifetime = '2h'$$), 5) AS too_long;

SELECT pgtoken.remove_factor('nina', factor_id) FROM pgtoken.factors WHERE subject = 'nina';
RESET pgtoken.impersonation_lifetime;
DELETE FROM pgtoken.subject_not_before WHERE subject IN ('nina', 'support-8');
DROP FUNCTION test.see_actor, test.lend;
REVOKE USAGE ON SCHEMA test FROM regress_app, regress_support, regress_alone;
DROP ROLE regress_app, regress_support, regress_alone, regress_admin_of;
