-- What reaches clients by way of the browser: the end of a session in a frame, and a
-- login that somebody else begins.  Uses what install has made.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE FUNCTION test.problem_of(metadata jsonb, redirect_uris text[] DEFAULT '{https://Frame.example/cb,http://127.0.0.1:8080/cb}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM pgtoken.create_client('a problem', redirect_uris => redirect_uris, metadata => metadata);
	DELETE FROM pgtoken.clients WHERE client_id = 'a problem';
	RETURN 'none';
EXCEPTION WHEN invalid_parameter_value THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN detail;
END
$$;

-- Attack shut out: a frame of the logout page, and who has logged out, for a page that
-- is not the client's (Front-Channel Logout section 2: of the origin of a redirect URI).
SELECT uri, test.problem_of(jsonb_build_object('frontchannel_logout_uri', uri))
FROM unnest(ARRAY['https://frame.example/out', 'https://FRAME.example:443/out?a=1', 'http://127.0.0.1:8080/out', 'https://evil.example/out', 'https://frame.example.evil.example/', 'https://frame.example@evil.example/', 'https://frame.example:444/out',
	'http://frame.example/out', 'http://127.0.0.1/out', 'https://frame.example/out#f', 'javascript:alert(1)', 'com.example:/out']) WITH ORDINALITY u (uri, i) ORDER BY i;
SELECT test.problem_of('{"frontchannel_logout_uri": "https://frame.example/out"}', '{}') AS no_redirect_uri, test.problem_of('{"frontchannel_logout_uri": ["https://frame.example/out"]}') AS a_list;
SELECT test.problem_of('{"frontchannel_logout_session_required": true, "backchannel_logout_session_required": false}') AS flags, test.problem_of('{"frontchannel_logout_session_required": "yes"}') AS no_flag;
SELECT uri, test.problem_of(jsonb_build_object('initiate_login_uri', uri)) FROM unnest(ARRAY['https://other.example/login?x=1', 'http://localhost:1/login', 'http://frame.example/login', 'https://frame.example/login#f', 'data:text/html,x', '']) WITH ORDINALITY u (uri, i) ORDER BY i;
SELECT test.metadata() ->> 'frontchannel_logout_supported' AS frames, test.metadata() ->> 'frontchannel_logout_session_supported' AS with_sid;

INSERT INTO test.clients SELECT * FROM pgtoken.create_client('framed', scopes => '{openid}', offline_access => true, redirect_uris => '{https://framed.example/cb}',
	metadata => '{"frontchannel_logout_uri": "https://framed.example/out?tenant=1", "frontchannel_logout_session_required": true, "initiate_login_uri": "https://framed.example/login?tenant=1"}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('framed_too', scopes => '{openid}', redirect_uris => '{https://too.example/cb}',
	metadata => '{"frontchannel_logout_uri": "https://too.example/out", "backchannel_logout_uri": "https://too.example/back", "subject_type": "pairwise"}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('called', scopes => '{openid}', redirect_uris => '{https://called.example/cb}', metadata => '{"backchannel_logout_uri": "https://called.example/back"}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('deaf', scopes => '{openid}', redirect_uris => '{https://deaf.example/cb}', metadata => '{"initiate_login_uri": "https://deaf.example/login"}');
SELECT count((pgtoken.issue_tokens(c, 'fred', 'openid', session_id => 's &=1')).grant_id) AS families FROM unnest(ARRAY['framed', 'framed_too', 'called', 'deaf']) c;
SELECT test.claims(id_token) ->> 'sid' AS own FROM pgtoken.issue_tokens('framed_too', 'fred', 'openid', session_id => 's &=1') \gset

-- Each client is told by what it has: in the frame by iss and sid, as its ID tokens have them.
SELECT client_id, replace(frontchannel_logout_uri, :'own', '(its own sid)') AS frontchannel_logout_uri, backchannel_logout_uri, logout_token IS NOT NULL AS token,
	   test.query(frontchannel_logout_uri, 'sid') = CASE client_id WHEN 'framed' THEN 's &=1' ELSE :'own' END AS sid, test.query(frontchannel_logout_uri, 'iss') AS iss
FROM pgtoken.end_session('fred', 's &=1');
SELECT count(*) AS again FROM pgtoken.end_session('fred', 's &=1');

-- A login that somebody else begins (OpenID Connect Core section 4).
SELECT pgtoken.login_initiation_uri('framed') AS plain, pgtoken.login_initiation_uri('framed', 'a b&c', 'https://framed.example/x?y=1') AS told;
SELECT pgtoken.login_initiation_uri('called') AS has_none, pgtoken.login_initiation_uri('nobody') AS unknown, test.outcome('SELECT pgtoken.login_initiation_uri(NULL)');
SELECT pgtoken.update_client('deaf', enabled => false);
SELECT pgtoken.login_initiation_uri('deaf') AS switched_off;
