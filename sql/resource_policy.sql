-- What an API asks of its users' authentication, and what an issuer knows of
-- factors, as configuration.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer('https://rp.example');
SELECT length(pgtoken.create_signing_key('ES256', 'https://rp.example')) AS kid_length;

-- An API; each change of its policy is a new version, and only that
CREATE FUNCTION test.policy(changes text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	changed boolean;
BEGIN
	EXECUTE format('SELECT pgtoken.update_resource(''https://rp-api.example'', issuer => ''https://rp.example''%s)', ', ' || NULLIF(changes, '')) INTO changed;
	RETURN (SELECT format('%s: acr %s amr %s age %s else %s, version %s', changed, r.required_acr, r.required_amr, extract(epoch FROM r.max_age)::integer, r.on_insufficient, r.policy_version)
			FROM pgtoken.resources r WHERE r.issuer = 'https://rp.example' AND r.resource = 'https://rp-api.example');
END
$$;
SELECT pgtoken.create_resource('https://rp-api.example', '{pay}', issuer => 'https://rp.example');
SELECT c.changes, test.policy(c.changes) FROM unnest(ARRAY['', 'scopes => ''{pay,see}''', 'enabled => false', 'enabled => true', 'required_acr => ''{mfa,phr}''', 'required_acr => ''{mfa,phr}''',
	'required_amr => ''{pwd,otp}''', 'max_age => ''1 hour''', 'max_age => ''60 minutes''', 'max_age => ''1 second''', 'on_insufficient => ''invalid_grant''', 'on_insufficient => ''invalid_grant''',
	'required_acr => ''{phr}'', max_age => ''2 hours''', 'reset => ''{required_acr}''', 'reset => ''{required_acr}''', 'required_amr => ''{}''', 'reset => ''{max_age,on_insufficient}''',
	'reset => ''{max_age}'', max_age => ''10 years''', 'reset => ''{required_amr,scopes}''']) WITH ORDINALITY c (changes, n) ORDER BY n;
SELECT pgtoken.create_resource('https://rp-strict.example', issuer => 'https://rp.example', required_acr => '{phr}', required_amr => '{hwk,user}', max_age => '5 minutes', on_insufficient => 'invalid_grant');
SELECT pgtoken.create_resource('https://rp-lax.example', issuer => 'https://rp.example', required_acr => '{}', required_amr => '{}', on_insufficient => NULL);
SELECT resource, required_acr, required_amr, extract(epoch FROM max_age)::integer AS max_age, on_insufficient, policy_version FROM pgtoken.resources WHERE issuer = 'https://rp.example' ORDER BY resource;
SELECT event, detail #>> '{before,policy_version}' AS before, detail #>> '{after,policy_version}' AS after FROM pgtoken.audit_events
WHERE event = 'resource.changed' AND detail #>> '{after,resource}' = 'https://rp-api.example' AND detail #> '{before,policy_version}' <> detail #> '{after,policy_version}' ORDER BY event_id LIMIT 3;
SELECT pgtoken.update_resource('https://rp-none.example', issuer => 'https://rp.example', required_acr => '{mfa}') AS no_such_api;

-- Attack shut out: a policy that nothing can satisfy or that says something else
-- than was meant, because a value is misspelt.
SELECT left(a.arguments, 70) AS arguments, test.outcome(format('SELECT pgtoken.update_resource(''https://rp-api.example'', issuer => ''https://rp.example'', %s)', a.arguments)) AS update,
	   test.outcome(format('SELECT pgtoken.create_resource(''https://rp-bad.example'', issuer => ''https://rp.example'', %s)', a.arguments)) AS create
FROM unnest(ARRAY['required_acr => ''{"two words"}''', 'required_acr => ''{""}''', 'required_acr => ''{NULL}''', 'required_acr => ''{mfa,mfa}''', 'required_acr => ''{{mfa}}''', 'required_acr => ARRAY[''quo"te'']',
	'required_acr => ARRAY[''back\slash'']', 'required_acr => ARRAY[chr(233)]', 'required_acr => ARRAY[repeat(''a'', 1025)]', 'required_amr => ''{"a b"}''', 'required_amr => ''{NULL}''', 'max_age => ''0''', 'max_age => ''-1 second''',
	'max_age => ''999 milliseconds''', 'max_age => ''3654 days''', 'on_insufficient => ''deny''', 'on_insufficient => ''''']) WITH ORDINALITY a (arguments, n) ORDER BY n;
SELECT test.outcome('SELECT pgtoken.update_resource(''https://rp-api.example'', issuer => ''https://rp.example'', reset => ''{policy_version}'')') AS version,
	   test.outcome(format('SELECT pgtoken.update_resource(''https://rp-api.example'', issuer => ''https://rp.example'', required_acr => %L)', ARRAY[repeat('a', 1024)])) AS longest;
-- nor by writing the row
SELECT c.change, test.outcome('UPDATE pgtoken.resources SET ' || c.change || ' WHERE issuer = ''https://rp.example''')
FROM unnest(ARRAY['required_acr = ''{"a b"}''', 'required_amr = ''{NULL}''', 'max_age = ''0''', 'on_insufficient = ''allow''', 'scopes = ''{mfa_challenge}''']) WITH ORDINALITY c (change, n) ORDER BY n;

-- C93. Attack shut out: somebody gets a token with the scope that other services
-- let complete a step-up.  Nobody can be given it.
SELECT test.outcome('SELECT pgtoken.create_client(''rp_mfa'', scopes => ''{openid,mfa_challenge}'', issuer => ''https://rp.example'')') AS client,
	   test.outcome('SELECT pgtoken.update_client(''web'', scopes => ''{mfa_challenge}'')') AS update_client,
	   test.outcome('SELECT pgtoken.create_resource(''https://rp-mfa.example'', ''{mfa_challenge}'', issuer => ''https://rp.example'')') AS resource,
	   test.outcome('SELECT pgtoken.update_resource(''https://rp-api.example'', ''{mfa_challenge}'', issuer => ''https://rp.example'')') AS update_resource,
	   test.outcome('UPDATE pgtoken.clients SET scopes = ''{mfa_challenge}'' WHERE client_id = ''web''') AS row;
SELECT pgtoken.create_resource('https://rp-mfa.example', '{mfa_challenge}');
-- an API that lists no scopes takes any that its clients have; this one none has
SELECT test.brief(i) FROM pgtoken.issue_tokens('web', 'alice', 'openid mfa_challenge', '{https://any.example}') i;

-- An issuer
CREATE FUNCTION test.step_up(changes text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT pgtoken.update_issuer(''https://rp.example'', %s)', changes);
	RETURN (SELECT concat_ws(' ', i.acr_levels, i.factor_acr, i.webauthn_rp_id, i.webauthn_origins) FROM pgtoken.issuers i WHERE i.issuer = 'https://rp.example');
END
$$;
SELECT acr_levels, factor_acr, webauthn_rp_id, webauthn_origins FROM pgtoken.issuers WHERE issuer = 'https://rp.example';
SELECT c.changes, test.step_up(c.changes) FROM unnest(ARRAY['acr_levels => ''{urn:example:low,urn:example:high}''', 'factor_acr => ''{"totp": "urn:example:high", "email": "urn:example:low"}''', 'webauthn_rp_id => ''example.com''',
	'webauthn_origins => ''{https://login.example.com,https://example.com:8443,http://localhost:3000,http://127.0.0.1,http://[::1]:8080}''', 'login_uri => ''https://login.example/''', 'reset => ''{webauthn_rp_id}''',
	'webauthn_rp_id => ''localhost'', factor_acr => ''{}'', webauthn_origins => ''{}'', acr_levels => ''{}''']) WITH ORDINALITY c (changes, n) ORDER BY n;
SELECT left(a.arguments, 70) AS arguments, test.outcome(format('SELECT pgtoken.update_issuer(''https://rp.example'', %s)', a.arguments)) AS outcome
FROM unnest(ARRAY['acr_levels => ''{a,a}''', 'acr_levels => ''{"a b"}''', 'acr_levels => ''{NULL}''', 'factor_acr => ''[]''', 'factor_acr => ''"totp"''', 'factor_acr => ''null''', 'factor_acr => ''{"otp": "mfa"}''', 'factor_acr => ''{"totp": null}''',
	'factor_acr => ''{"totp": ["mfa"]}''', 'factor_acr => ''{"totp": ""}''', 'factor_acr => ''{"totp": "a b"}''', 'webauthn_rp_id => ''https://example.com''', 'webauthn_rp_id => ''Example.com''', 'webauthn_rp_id => ''''',
	'webauthn_rp_id => ''example.com:443''', 'webauthn_rp_id => ''exa mple.com''', 'webauthn_rp_id => ''-a.example''', 'webauthn_origins => ''{http://example.com}''', 'webauthn_origins => ''{https://example.com/}''', 'webauthn_origins => ''{https://user@example.com}''',
	'webauthn_origins => ''{https://example.com:0}''', 'webauthn_origins => ''{https://Example.com}''', 'webauthn_origins => ''{null}''', 'webauthn_origins => ''{https://*.example.com}''', 'webauthn_origins => ''{"https://example.com https://evil.example"}''',
	'webauthn_origins => ''{http://localhost.evil.example}''', 'reset => ''{acr_levels}''', 'reset => ''{webauthn_origins}''']) WITH ORDINALITY a (arguments, n) ORDER BY n;
SELECT c.change, test.outcome('UPDATE pgtoken.issuers SET ' || c.change || ' WHERE issuer = ''https://rp.example''')
FROM unnest(ARRAY['acr_levels = ''{"a b"}''', 'factor_acr = ''[]''', 'factor_acr = ''{"pwd": "x"}''', 'webauthn_rp_id = ''a b''', 'webauthn_origins = ''{ftp://x}''']) WITH ORDINALITY c (change, n) ORDER BY n;
