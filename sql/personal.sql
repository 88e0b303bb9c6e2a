-- Attack shut out: a person asks to be forgotten, and what the audit knows of him
-- lies about in all of its columns, so that it can only be deleted as a whole, and
-- with it the proof of what happened. What is a person's stands in the columns
-- subject, client_addr, context and personal, and nowhere else.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

-- All that a person brings along has a mark.
\set seen '{"ip": "198.51.100.77", "user_agent": "MARK agent", "session_id": "MARK collection", "device_id": "MARK device", "location": {"latitude": 12.34567, "longitude": 76.54321}}'
\set elsewhere '{"ip": "203.0.113.99", "user_agent": "MARK other agent", "session_id": "MARK other collection", "device_id": "MARK other device"}'
SELECT pgtoken.create_issuer('https://people.example');
SELECT length(pgtoken.create_signing_key('ES256', 'https://people.example')) AS kid_length;
SELECT pgtoken.update_issuer('https://people.example', login_uri => 'https://people.example/login', logout_uri => 'https://people.example/logout', verification_uri => 'https://people.example/device', webauthn_rp_id => 'people.example');
SELECT pgtoken.create_resource('https://api.people.example', '{notes}', issuer => 'https://people.example');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('people', offline_access => true, scopes => '{openid,notes}', redirect_uris => '{https://people.example/cb}', issuer => 'https://people.example',
	metadata => '{"grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange"]}');
SELECT pgtoken.update_client('people', retry_window => '1 minute', lockstep_generations => 0);
SET pgtoken.http_issuer = 'https://people.example';
SELECT max(event_id::text)::uuid AS before FROM pgtoken.audit_events \gset

-- a family: issued, refreshed, retried from elsewhere, blacklisted, reused, deleted
SELECT access_token AS at, refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('people', 'MARK subject', 'openid notes offline_access', auth_time => now(), acr => 'mfa', amr => '{pwd,otp}',
	nonce => 'MARK nonce', session_id => 'MARK session', claims => '{"name": "MARK name"}', context => :'seen', cnf => jsonb_build_object('jkt', 'MARKkey' || repeat('A', 36))) \gset
SELECT decision FROM pgtoken.issue_tokens('people', 'MARK subject', 'mail', context => :'seen');
SELECT refresh_token AS rt1 FROM pgtoken.issue_tokens('people', 'MARK subject', 'openid notes offline_access', nonce => 'MARK nonce', session_id => 'MARK session', claims => '{"name": "MARK name"}', context => :'seen') \gset
SELECT refresh_token AS rt2, grant_id AS gid2 FROM pgtoken.refresh_grant(:'rt1', 'people', test.secret('people'), context => :'seen') \gset
SELECT decision FROM pgtoken.refresh_grant(:'rt1', 'people', test.secret('people'), context => :'elsewhere');
SELECT access_token AS at3, refresh_token AS rt3 FROM pgtoken.refresh_grant(:'rt2', 'people', test.secret('people'), context => :'seen') \gset
SELECT error FROM pgtoken.refresh_grant(:'rt3', 'people', 'wrong', context => :'seen');
SELECT error FROM pgtoken.refresh_grant(:'rt3', 'people', test.secret('people'), 'mail', context => :'seen');
SELECT count(*) AS blacklisted FROM pgtoken.blacklist_token(:'at3', 'lost');
SELECT error FROM pgtoken.refresh_grant(:'rt1', 'people', test.secret('people'), context => :'elsewhere');
UPDATE pgtoken.grants SET claims = '{"name": "MARK new name"}' WHERE grant_id = :'gid';
DELETE FROM pgtoken.grants WHERE grant_id = :'gid2';

-- what came of a policy, with the reasons of rules and of a function
CREATE FUNCTION test.people_risk(context jsonb, previous jsonb, family jsonb) RETURNS jsonb LANGUAGE sql STABLE
	RETURN jsonb_build_object('decision', CASE WHEN context ->> 'device_id' = 'MARK other device' THEN 'deny' ELSE 'allow' END, 'reasons', jsonb_build_array('MARK reason of ' || (family ->> 'subject')));
SELECT pgtoken.create_policy('people', '[{"rule": "network_changed", "outcome": "allow"}, {"rule": "user_agent_changed", "outcome": "allow", "granularity": "exact"}, {"rule": "function", "function": "test.people_risk"}]',
	issuer => 'https://people.example', on_issue => true) AS version;
SELECT pgtoken.activate_policy('people', 1, issuer => 'https://people.example');
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('people', 'MARK subject', 'openid notes offline_access', context => :'seen') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'people', test.secret('people'), context => :'seen') \gset
SELECT error FROM pgtoken.refresh_grant(:'rt1', 'people', test.secret('people'), context => :'elsewhere');
SELECT error FROM pgtoken.issue_tokens('people', 'MARK subject', 'openid notes offline_access', context => :'elsewhere');
-- they are told all the same
SELECT x.rule, x.outcome, x.explanation FROM pgtoken.audit_events e, pgtoken.explain_decision(e.event_id) x WHERE e.grant_id = :'gid' AND e.event = 'refresh.denied';
SELECT pgtoken.deactivate_policy('people', issuer => 'https://people.example');

-- the code flow: consented, approved, redeemed, used again; denied
\set verifier dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
CREATE FUNCTION test.people_transaction(VARIADIC more text[] DEFAULT '{}') RETURNS text LANGUAGE sql
	RETURN test.query((test.http('authorize', test.form(VARIADIC ARRAY['client_id', 'people', 'redirect_uri', 'https://people.example/cb', 'response_type', 'code', 'scope', 'openid notes', 'nonce', 'MARK nonce', 'login_hint', 'MARK hint',
		'code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'code_challenge_method', 'S256'] || more), '{"user-agent": "MARK agent"}', 'GET')).headers ->> 'location', 'transaction_id');
CREATE FUNCTION test.people_code(code text, verifier text) RETURNS test.answer LANGUAGE sql
	RETURN test.http('token', test.form('grant_type', 'authorization_code', 'code', code, 'redirect_uri', 'https://people.example/cb', 'code_verifier', verifier), test.basic('people') || '{"user-agent": "MARK agent"}');
SELECT test.query(redirect_uri, 'code') AS code FROM pgtoken.approve_authorization(test.people_transaction('dpop_jkt', 'MARKkey' || repeat('A', 36)), 'MARK subject', consent => 'openid notes', acr => 'mfa', amr => '{pwd,otp}',
	session_id => 'MARK session', claims => '{"name": "MARK name"}', context => :'seen') \gset
SELECT test.brief(test.people_code(:'code', :'verifier')) AS without_the_key;
SELECT test.query(redirect_uri, 'code') AS code FROM pgtoken.approve_authorization(test.people_transaction(), 'MARK subject', session_id => 'MARK session', claims => '{"name": "MARK name"}', context => :'seen') \gset
SELECT test.brief(test.people_code(:'code', :'verifier' || 'x')) AS wrong_verifier;
SELECT test.brief(test.people_code(:'code', :'verifier')) AS redeemed, test.brief(test.people_code(:'code', :'verifier')) AS again;
SELECT error FROM pgtoken.deny_authorization(test.people_transaction(), 'access_denied', 'MARK says no');
SELECT test.brief(test.http('par', test.form('response_type', 'code', 'redirect_uri', 'https://nowhere.example'), test.basic('people') || '{"user-agent": "MARK agent"}')) AS pushed;
SELECT test.brief(test.http('token', 'grant_type=password', test.basic('people') || '{"user-agent": "MARK agent"}')) AS password;

-- a device: asked for, approved, redeemed; somebody guesses
CREATE FUNCTION test.people_device() RETURNS test.answer LANGUAGE sql
	RETURN test.http('device_authorization', test.form('scope', 'notes'), test.basic('people') || '{"user-agent": "MARK agent"}');
CREATE FUNCTION test.people_poll(device_code text) RETURNS test.answer LANGUAGE sql
	RETURN test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:device_code', 'device_code', device_code), test.basic('people') || '{"user-agent": "MARK agent"}');
SELECT (a).body ->> 'device_code' AS dc, (a).body ->> 'user_code' AS uc FROM test.people_device() a \gset
SELECT pgtoken.approve_device(:'uc', 'MARK typist', 'MARK subject', session_id => 'MARK session', claims => '{"name": "MARK name"}', acr => 'mfa', amr => '{pwd,otp}') AS problem;
SELECT test.brief(test.people_poll(:'dc')) AS redeemed, test.brief(test.people_poll(:'dc')) AS again;
SELECT (a).body ->> 'user_code' AS uc FROM test.people_device() a \gset
SELECT pgtoken.deny_device(:'uc', 'MARK typist') AS problem;
SELECT count(pgtoken.device_request('not a code', 'MARK typist')) AS guesses FROM generate_series(1, 11);
SELECT test.brief(test.http('device_authorization', test.form('scope', 'mail'), test.basic('people') || '{"user-agent": "MARK agent"}')) AS refused;

-- an exchange, by somebody who acts for him
SELECT access_token AS at FROM pgtoken.issue_tokens('people', 'MARK subject', 'notes', context => :'seen') \gset
SELECT access_token AS actor FROM pgtoken.issue_tokens('people', 'MARK actor', 'notes', context => :'seen') \gset
CREATE FUNCTION test.people_exchange(subject_token text, actor_token text) RETURNS test.answer LANGUAGE sql
	RETURN test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange', 'subject_token', subject_token, 'subject_token_type', 'urn:ietf:params:oauth:token-type:access_token',
		'actor_token', actor_token, 'actor_token_type', 'urn:ietf:params:oauth:token-type:access_token'), test.basic('people') || '{"user-agent": "MARK agent"}');
SELECT (test.people_exchange(:'at', :'actor')).body ->> 'access_token' AS exchanged \gset
UPDATE pgtoken.grants SET claims = '{"name": "MARK new name"}' WHERE grant_id = pgtoken.grant_of(:'exchanged');
SELECT test.brief(test.people_exchange(:'at', 'x')) AS refused;

-- factors and a step-up: asked for, sent, refused, completed
SELECT pgtoken.enroll_factor('MARK subject', 'email', label => 'MARK label', issuer => 'https://people.example') ->> 'factor_id' AS factor \gset
SELECT pgtoken.enroll_factor('MARK subject', 'totp', '{"account": "MARK account"}', 'MARK label', 'https://people.example') ->> 'state' AS totp;
SELECT pgtoken.enroll_factor('MARK subject', 'webauthn', jsonb_build_object('credential_id', test.b64url('MARK credential'), 'alg', 'RS256', 'public_key', test.rsa_jwk()), 'MARK label', 'https://people.example') ->> 'state' AS key;
SELECT pgtoken.update_resource('https://api.people.example', issuer => 'https://people.example', max_age => '1 hour');
SELECT error, transaction_id AS tx FROM pgtoken.issue_tokens('people', 'MARK subject', 'openid notes', '{https://api.people.example}', auth_time => now() - interval '1 day', context => :'seen') \gset tx_
SELECT pgtoken.challenge(:'tx_tx', :'factor') ->> 'code' AS code \gset
SELECT pgtoken.complete_challenge(:'tx_tx', '{"code": "x"}') ->> 'error' AS wrong, pgtoken.complete_challenge(:'tx_tx', jsonb_build_object('code', :'code')) ->> 'completed' AS completed;
SELECT decision FROM pgtoken.issue_tokens('people', 'MARK subject', 'openid notes', '{https://api.people.example}', auth_time => now() - interval '1 day', context => :'seen', transaction_id => :'tx_tx');
SELECT refresh_token AS rt FROM pgtoken.issue_tokens('people', 'MARK subject', 'openid notes offline_access', '{https://api.people.example}', auth_time => now(), context => :'seen') \gset
UPDATE pgtoken.grants SET auth_time = auth_time - interval '2 hours' WHERE subject = 'MARK subject' AND generation = 0;
SELECT error FROM pgtoken.refresh_grant(:'rt', 'people', test.secret('people'), context => :'seen');

-- the end of it all
UPDATE pgtoken.factors SET label = 'MARK new label' WHERE subject = 'MARK subject' AND factor_type = 'totp';
SELECT pgtoken.remove_factor('MARK subject', :'factor', 'https://people.example');
SELECT decision FROM pgtoken.issue_tokens('people', 'MARK subject', 'openid notes offline_access', session_id => 'MARK session');
SELECT count(*) AS logged_out FROM pgtoken.end_session('MARK subject', 'MARK session', true);
SELECT decision FROM pgtoken.issue_tokens('people', 'MARK subject', 'openid notes offline_access', session_id => 'MARK other session', context => :'seen');
SELECT count(*) AS ended_by_himself FROM pgtoken.end_session_of('MARK subject', 'MARK other session');
SELECT pgtoken.complete_logout(test.query((test.http('end_session', test.form('client_id', 'people'), '{"user-agent": "MARK agent"}', 'GET')).headers ->> 'location', 'transaction_id'), 'MARK subject', 'MARK session') IS NULL AS logged_out;
SELECT count(*) > 0 AS withdrawn FROM pgtoken.withdraw_consent('MARK subject', 'people');
SELECT access_token AS at FROM pgtoken.issue_tokens('people', 'MARK subject', 'openid notes offline_access') \gset
SELECT count(*) AS blacklisted FROM pgtoken.blacklist_token(:'at', 'lost');
SELECT count(*) AS for_longer FROM pgtoken.blacklist_token(test.claims(:'at') ->> 'jti', now() + interval '1 day', 'lost');
SELECT count(*) AS revoked FROM pgtoken.revoke_subject('MARK subject', issuer => 'https://people.example');
UPDATE pgtoken.subject_not_before SET reason = 'moved' WHERE subject = 'MARK subject';
DELETE FROM pgtoken.subject_not_before WHERE subject = 'MARK subject';

-- support acts for him
SELECT decision FROM pgtoken.issue_tokens('people', 'MARK subject', 'notes', context => :'seen', actor => '{"sub": "MARK actor", "note": "MARK note"}');

-- blocked, and let in again
SELECT pgtoken.block_subject('MARK subject', 'seen in two places', issuer => 'https://people.example') AS blocked, pgtoken.block_subject('MARK subject', 'and in a third', issuer => 'https://people.example') AS still;
SELECT error FROM pgtoken.approve_authorization(test.people_transaction(), 'MARK subject', consent => 'openid', context => :'seen');
SELECT pgtoken.unblock_subject('MARK subject', 'it was him', 'https://people.example') AS unblocked;

-- Where a mark is, and in how many kinds of events
CREATE TEMP VIEW marks AS
SELECT e.event, c.key AS "column", m.mark
FROM pgtoken.audit_events e, jsonb_each(jsonb_strip_nulls(to_jsonb(e))) c,
	 regexp_matches(c.value::text, 'MARK ?\w+|TUFSSy\w+|198\.51\.100\.77|203\.0\.113\.99|12\.34567|76\.54321', 'g') f (found), unnest(f.found) m (mark)
WHERE e.event_id > :'before';
SELECT DISTINCT event, "column", mark AS stands_elsewhere FROM marks WHERE "column" NOT IN ('subject', 'client_addr', 'context', 'personal');
SELECT mark, string_agg(DISTINCT "column", ' ' ORDER BY "column") AS stands_in FROM marks GROUP BY mark ORDER BY mark COLLATE "C";
SELECT event, string_agg(DISTINCT "column", ' ' ORDER BY "column") AS marked FROM marks GROUP BY event ORDER BY event COLLATE "C";
-- no kind of event that is about a person was left out
SELECT e.event AS not_tried FROM pgtoken.audit_events e
WHERE (e.subject NOT LIKE 'client:%' OR e.personal IS NOT NULL) AND e.event NOT LIKE 'test.%' AND e.event NOT IN (SELECT m.event FROM marks m) GROUP BY e.event ORDER BY e.event COLLATE "C";
DROP VIEW marks;

-- Who gives an audited table a new column sees it here, if it could hold something
-- of a person: it goes to detail unless the table's trigger calls it personal.
SELECT t.tgrelid::regclass AS table, string_agg(a.attname, ' ' ORDER BY a.attnum) AS in_detail
FROM pg_trigger t
JOIN pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum > 0 AND a.atttypid = ANY ('{text,text[],jsonb,inet}'::regtype[]),
	string_to_array(replace(encode(t.tgargs, 'escape'), '\000', ', '), ', ') g (arguments)
WHERE t.tgname = 'audit' AND t.tgrelid IN (SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND NOT c.relispartition)
  AND t.tgtype::integer & 4 > 0 AND t.tgrelid <> 'pgtoken.tokens'::regclass AND a.attname <> ALL (g.arguments[2:])
GROUP BY t.tgrelid ORDER BY t.tgrelid::regclass::text COLLATE "C";
RESET pgtoken.http_issuer;
