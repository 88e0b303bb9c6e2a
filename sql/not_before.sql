-- C97: from a point in time on, what was issued before is refused: by issuer,
-- client, subject and family; and the functions that end all of a subject, a
-- client, a session.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT pgtoken.create_issuer('https://nb.example');
SELECT length(pgtoken.create_signing_key('ES256', 'https://nb.example')) AS kid_length;
SELECT (pgtoken.create_client('nb_app', 'public', offline_access => true, scopes => '{openid,shared}', issuer => 'https://nb.example')).client_secret;
SELECT (pgtoken.create_client('nb_other', 'public', offline_access => true, issuer => 'https://nb.example')).client_secret;

-- All pairs of levels -------------------------------------------------------------

-- The four levels at so many microseconds after a moment, and a family that began
-- so many after it: do its tokens hold, and which level is it that refuses them?
CREATE FUNCTION test.judged(of_issuer integer, of_client integer, of_subject integer, of_family integer, begun integer) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	moment CONSTANT timestamptz := date_trunc('hour', now()) - interval '1 hour';
	us CONSTANT interval := '1 microsecond';
	tokens pgtoken.token_response;
	status record;
	seen text;
BEGIN
	tokens := pgtoken.issue_tokens('nb_app', 'nora', 'openid offline_access');
	UPDATE pgtoken.grants SET created_at = moment + begun * us, not_before = moment + of_family * us WHERE grant_id = tokens.grant_id;
	UPDATE pgtoken.issuers SET not_before = moment + of_issuer * us WHERE issuer = 'https://nb.example';
	UPDATE pgtoken.clients SET not_before = moment + of_client * us WHERE client_id = 'nb_app';
	DELETE FROM pgtoken.subject_not_before WHERE issuer = 'https://nb.example';
	IF of_subject IS NOT NULL THEN
		INSERT INTO pgtoken.subject_not_before VALUES ('https://nb.example', 'nora', moment + of_subject * us);
	END IF;
	SELECT s.state, s.not_before - moment = greatest(of_issuer, of_client, of_subject, of_family) * us AS latest INTO status
	FROM pgtoken.grant_status s WHERE s.grant_id = tokens.grant_id;
	seen := concat_ws(' ', status.state, CASE WHEN NOT status.latest THEN 'NOT THE LATEST' END,
					  CASE WHEN pgtoken.verify_access_token(tokens.access_token) IS NOT NULL THEN 'verified' END,
					  CASE WHEN (pgtoken.introspect(tokens.access_token) -> 'active')::boolean THEN 'access' END,
					  CASE WHEN (pgtoken.introspect(tokens.refresh_token) -> 'active')::boolean THEN 'refresh' END,
					  (SELECT string_agg(l.state, ',') FROM pgtoken.lineage(tokens.grant_id) l),
					  test.brief(pgtoken.refresh_grant(tokens.refresh_token)));
	RETURN concat_ws(' ', seen, (SELECT e.reason FROM pgtoken.audit_events e WHERE e.grant_id = tokens.grant_id AND e.event = 'refresh.refused'));
END
$$;
SELECT test.judged(NULL, NULL, NULL, NULL, 0) AS none_is_set;
-- one level, a microsecond on either side
SELECT l.level, b.begun, test.judged(CASE l.level WHEN 'issuer' THEN 10 END, CASE l.level WHEN 'client' THEN 10 END,
									 CASE l.level WHEN 'subject' THEN 10 END, CASE l.level WHEN 'family' THEN 10 END, b.begun)
FROM unnest('{issuer,client,subject,family}'::text[]) WITH ORDINALITY l (level, n), unnest('{9,10,11}'::integer[]) b (begun)
ORDER BY l.n, b.begun;
-- two levels: the earlier one refuses nothing that the later one lets pass, and the later one says why
SELECT e.level AS at_10, l.level AS at_20, b.begun,
	   test.judged(CASE 'issuer' WHEN e.level THEN 10 WHEN l.level THEN 20 END, CASE 'client' WHEN e.level THEN 10 WHEN l.level THEN 20 END,
				   CASE 'subject' WHEN e.level THEN 10 WHEN l.level THEN 20 END, CASE 'family' WHEN e.level THEN 10 WHEN l.level THEN 20 END, b.begun)
FROM unnest('{issuer,client,subject,family}'::text[]) WITH ORDINALITY e (level, n), unnest('{issuer,client,subject,family}'::text[]) WITH ORDINALITY l (level, n),
	 unnest('{9,19,20}'::integer[]) b (begun)
WHERE e.level <> l.level
ORDER BY e.n, l.n, b.begun;
SELECT test.judged(1, 2, 3, 4, 0) AS all_four, test.judged(4, 3, 2, 1, 3) AS and_the_first;
-- of another subject, of another client, and of the same subject elsewhere it is no matter
UPDATE pgtoken.issuers SET not_before = NULL WHERE issuer = 'https://nb.example';
UPDATE pgtoken.clients SET not_before = NULL WHERE client_id = 'nb_app';
DELETE FROM pgtoken.subject_not_before;
SELECT access_token AS at, refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('nb_app', 'nora', 'openid offline_access') \gset
SELECT pgtoken.set_not_before(client_id => 'nb_other') IS NOT NULL AS other_client, pgtoken.set_not_before(issuer => 'https://nb.example', subject => 'nobody') IS NOT NULL AS other_subject,
	   pgtoken.set_not_before(subject => 'nora') IS NOT NULL AS default_issuer, pgtoken.set_not_before(issuer => 'https://id.example', subject => 'nora') IS NOT NULL AS named;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds, pgtoken.introspect(:'rt') -> 'active' AS refresh, state, not_before
FROM pgtoken.grant_status WHERE grant_id = :'gid';
SELECT issuer, subject FROM pgtoken.subject_not_before ORDER BY 1, 2;

-- Attack shut out: the thief of a refresh token has used it before anybody noticed,
-- so that his tokens are later than the moment that is named.
SELECT clock_timestamp() AS noticed \gset
SELECT access_token AS at2, refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt') \gset
SELECT (SELECT max(issued_at) FROM pgtoken.tokens WHERE grant_id = :'gid') > :'noticed' AS later;
SELECT pgtoken.set_not_before(:'noticed', subject => 'nora', issuer => 'https://nb.example') = :'noticed' AS set;
SELECT pgtoken.verify_access_token(:'at2') IS NULL AS refused, pgtoken.introspect(:'rt2') -> 'active' AS active, test.brief(pgtoken.refresh_grant(:'rt2')) AS refresh;
-- while whoever logs in anew goes on, in the same second as well
SELECT access_token AS at, refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('nb_app', 'nora', 'openid offline_access') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds, test.brief(pgtoken.refresh_grant(:'rt')) AS refresh;

-- set_not_before --------------------------------------------------------------------

-- never back, at any level
SELECT pgtoken.set_not_before(:'noticed', issuer => 'https://nb.example') = :'noticed' AS issuer, pgtoken.set_not_before(:'noticed', client_id => 'nb_app') = :'noticed' AS client,
	   pgtoken.set_not_before(:'noticed', grant_id => :'gid') = :'noticed' AS family;
SELECT test.written() AS before \gset
SELECT pgtoken.set_not_before(:'noticed'::timestamptz - interval '1 microsecond', issuer => 'https://nb.example') = :'noticed' AS issuer,
	   pgtoken.set_not_before('2020-01-01', client_id => 'nb_app') = :'noticed' AS client,
	   pgtoken.set_not_before('2020-01-01', subject => 'nora', issuer => 'https://nb.example') = :'noticed' AS subject,
	   pgtoken.set_not_before(:'noticed', grant_id => :'gid') = :'noticed' AS family;
SELECT test.written() = :'before' AS nothing_written;
-- forward, by a microsecond
SELECT pgtoken.set_not_before(:'noticed'::timestamptz + interval '1 microsecond', client_id => 'nb_app') > :'noticed' AS client,
	   pgtoken.set_not_before(:'noticed'::timestamptz + interval '1 microsecond', subject => 'nora', issuer => 'https://nb.example') > :'noticed' AS subject;
-- why, and what it was; kept for each level
SELECT pgtoken.set_not_before(issuer => 'https://nb.example', reason => 'the dump of Monday') IS NOT NULL AS issuer, pgtoken.set_not_before(client_id => 'nb_app', reason => 'its host') IS NOT NULL AS client,
	   pgtoken.set_not_before(subject => 'nora', issuer => 'https://nb.example', reason => 'lost laptop') IS NOT NULL AS subject, pgtoken.set_not_before(grant_id => :'gid', reason => 'odd') IS NOT NULL AS family;
SELECT event, reason, client_id, subject, grant_id = :'gid' AS this_family, detail ->> 'issuer' AS issuer, (detail ->> 'not_before')::timestamptz <= now() AS past,
	   detail ->> 'not_before' LIKE '____-__-__T%+00:00' AS iso
FROM pgtoken.audit_events WHERE event = 'not_before.set' AND reason IS NOT NULL ORDER BY event_id;
SELECT reason FROM pgtoken.subject_not_before WHERE issuer = 'https://nb.example' AND subject = 'nora';
-- nobody there
SELECT pgtoken.set_not_before(issuer => 'https://nowhere.example') IS NULL AS issuer, pgtoken.set_not_before(client_id => 'nobody') IS NULL AS client,
	   pgtoken.set_not_before(grant_id => '00000000-0000-7000-8000-000000000000') IS NULL AS family, pgtoken.set_not_before(issuer => 'https://nowhere.example', subject => 'nora') IS NULL AS issuer_of_subject;
-- Attack shut out: a slip ends the tokens of a whole tenant, or of every day to come.
SELECT arguments, test.outcome(format('SELECT pgtoken.set_not_before(%s)', arguments)) AS outcome
FROM unnest(ARRAY['', 'NULL', 'client_id => NULL', 'now() + interval ''1 second'', client_id => ''nb_app''', '''infinity'', client_id => ''nb_app''', '''-infinity'', client_id => ''nb_app''',
				  'client_id => ''nb_app'', subject => ''nora''', 'client_id => ''nb_app'', issuer => ''https://nb.example''',
				  'grant_id => ''00000000-0000-7000-8000-000000000000'', subject => ''nora''', 'grant_id => ''00000000-0000-7000-8000-000000000000'', issuer => ''https://nb.example''']) WITH ORDINALITY a (arguments, n)
ORDER BY n;
-- a transaction that has been open for long means what was issued since, too
BEGIN;
SELECT access_token AS at, grant_id AS gid FROM pgtoken.issue_tokens('nb_app', 'nora', 'openid offline_access') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
SELECT pgtoken.set_not_before(client_id => 'nb_app') > now() AS after_its_begin, pgtoken.verify_access_token(:'at') IS NULL AS refused;
ROLLBACK;
-- taken back: nothing of it is remembered
SELECT access_token AS at, refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('nb_app', 'nora', 'openid offline_access') \gset
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds;
BEGIN;
SELECT pgtoken.set_not_before(issuer => 'https://nb.example', subject => 'nora') IS NOT NULL AS set;
SELECT pgtoken.verify_access_token(:'at') IS NULL AS refused, pgtoken.introspect(:'rt') -> 'active' AS active;
SAVEPOINT s;
SELECT pgtoken.set_not_before(issuer => 'https://nb.example') IS NOT NULL AS set;
ROLLBACK TO s;
SELECT pgtoken.verify_access_token(:'at') IS NULL AS still_refused;
ROLLBACK;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds, pgtoken.introspect(:'rt') -> 'active' AS active;

-- Subject, client, session --------------------------------------------------------

-- C96. All of nora's, and nobody else's; a session_id of hers, too
SELECT access_token AS at1, grant_id AS gid1 FROM pgtoken.issue_tokens('nb_app', 'nora', 'openid offline_access', session_id => 'nb-1') \gset
SELECT access_token AS at2, refresh_token AS rt2, grant_id AS gid2 FROM pgtoken.issue_tokens('nb_other', 'nora', 'openid offline_access', session_id => 'nb-1') \gset
SELECT access_token AS at3 FROM pgtoken.issue_tokens('nb_app', 'olga', 'openid offline_access', session_id => 'nb-1') \gset
SELECT access_token AS at4 FROM pgtoken.issue_tokens('web', 'nora', 'openid offline_access', session_id => 'nb-1') \gset
INSERT INTO pgtoken.authorization_codes (grant_id, code_hash, client_id, subject, scope, resources, session_id, claims, context, created_at, expires_at)
SELECT pgtoken.new_uuid(), sha256(u::text::bytea), c, s, 'openid offline_access', '{}', 'nb-1', '{}', '{}', now(), now() + interval '1 minute'
FROM (VALUES ('nb_app', 'nora'), ('nb_other', 'nora'), ('nb_app', 'olga'), ('web', 'nora')) v (c, s), gen_random_uuid() u;
INSERT INTO pgtoken.device_codes (grant_id, device_hash, user_code_hash, client_id, scope, resources, state, poll_interval, subject, context, created_at, expires_at)
SELECT pgtoken.new_uuid(), sha256(u::text::bytea), sha256(u::text::bytea), c, 'openid', '{}', t, 5, s, '{}', now(), now() + interval '1 minute'
FROM (VALUES ('nb_app', 'approved', 'nora'), ('nb_app', 'approved', 'olga'), ('nb_app', 'pending', NULL), ('nb_other', 'pending', NULL), ('web', 'approved', 'nora'), ('nb_app', 'redeemed', 'nora')) v (c, t, s), gen_random_uuid() u;
CREATE FUNCTION test.on_their_way() RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC
	SELECT concat_ws('; ', (SELECT string_agg(concat_ws(' ', client_id, subject), ', ' ORDER BY client_id, subject) FROM pgtoken.authorization_codes WHERE session_id = 'nb-1'),
					 (SELECT string_agg(concat_ws(' ', client_id, state, subject), ', ' ORDER BY client_id, state, subject) FROM pgtoken.device_codes WHERE resources = '{}' AND client_id IN ('nb_app', 'nb_other', 'web')));
END;
SELECT test.on_their_way();
SELECT array_agg(grant_id ORDER BY grant_id) = ARRAY[:'gid1', :'gid2']::uuid[] AS hers_in_order, array_agg(DISTINCT subject) AS subjects, array_agg(DISTINCT reason) AS reasons
FROM pgtoken.revoke_subject('nora', 'left the company', 'https://nb.example') r WHERE r.client_id = 'nb_other' OR r.grant_id = :'gid1';
SELECT pgtoken.verify_access_token(:'at1') IS NULL AS at1, pgtoken.verify_access_token(:'at2') IS NULL AS at2, pgtoken.verify_access_token(:'at3') IS NOT NULL AS olga, pgtoken.verify_access_token(:'at4') IS NOT NULL AS other_issuer;
SELECT test.on_their_way();
SELECT test.brief(pgtoken.refresh_grant(:'rt2')) AS refresh, state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid2';
SELECT not_before <= clock_timestamp() AS set, reason FROM pgtoken.subject_not_before WHERE issuer = 'https://nb.example' AND subject = 'nora';
SELECT count(*) AS once_more FROM pgtoken.revoke_subject('nora', issuer => 'https://nb.example');
SELECT count(*) AS nobody FROM pgtoken.revoke_subject('no such', issuer => 'https://nb.example');
SELECT test.outcome('SELECT pgtoken.revoke_subject(NULL)') AS no_subject, test.outcome('SELECT pgtoken.revoke_subject(''nora'', issuer => ''https://nowhere.example'')') AS no_issuer;

-- one row, however many families; codes go, a request that has nobody's answer yet as well
SELECT count(pgtoken.issue_tokens('nb_app', 'olga', 'openid offline_access')) FROM generate_series(1, 20);
SELECT refresh_token AS rt5, grant_id AS gid5 FROM pgtoken.issue_tokens('nb_app', 'olga', 'openid offline_access') \gset
SELECT sum(hashtext(g::text)::bigint) AS before FROM pgtoken.grants g \gset
SELECT pgtoken.revoke_client('nb_app', 'its secret is on the net') <= clock_timestamp() AS moment;
SELECT sum(hashtext(g::text)::bigint) = :before AS no_family_written FROM pgtoken.grants g;
SELECT state, count(*) FROM pgtoken.grant_status WHERE client_id = 'nb_app' GROUP BY state;
SELECT pgtoken.verify_access_token(:'at3') IS NULL AS olga, test.brief(pgtoken.refresh_grant(:'rt5')) AS refresh;
SELECT event, reason FROM pgtoken.audit_events WHERE grant_id = :'gid5' AND event = 'refresh.refused';
SELECT state FROM pgtoken.lineage(:'gid5'::uuid);
SELECT test.on_their_way();
SELECT event, reason, client_id FROM pgtoken.audit_events WHERE event = 'not_before.set' ORDER BY event_id DESC LIMIT 1;
SELECT pgtoken.revoke_client('nobody') IS NULL AS nobody, test.outcome('SELECT pgtoken.revoke_client(NULL)') AS no_client;
-- the client itself goes on
SELECT access_token AS at1, refresh_token AS rt1, grant_id AS gid1 FROM pgtoken.issue_tokens('nb_app', 'nora', 'openid offline_access', session_id => 'nb-2') \gset
SELECT pgtoken.verify_access_token(:'at1') IS NOT NULL AS holds;

-- a session, with its refresh tokens; of the issuer that this session speaks for
SELECT access_token AS at2, grant_id AS gid2 FROM pgtoken.issue_tokens('nb_other', 'olga', 'openid offline_access', session_id => 'nb-2') \gset
SELECT access_token AS at3, grant_id AS gid3 FROM pgtoken.issue_tokens('nb_other', 'olga', 'openid offline_access', session_id => 'nb-3') \gset
SELECT access_token AS at4, grant_id AS gid4 FROM pgtoken.issue_tokens('nb_other', 'olga', 'openid offline_access') \gset
DELETE FROM pgtoken.authorization_codes WHERE session_id = 'nb-1';
INSERT INTO pgtoken.authorization_codes (grant_id, code_hash, client_id, subject, scope, resources, session_id, claims, context, created_at, expires_at)
SELECT pgtoken.new_uuid(), sha256(u::text::bytea), c, s, 'openid offline_access', '{}', i, '{}', '{}', now(), now() + interval '1 minute'
FROM (VALUES ('nb_app', 'nora', 'nb-2'), ('nb_other', 'olga', 'nb-2'), ('nb_other', 'olga', 'nb-3'), ('nb_other', 'olga', NULL)) v (c, s, i), gen_random_uuid() u;
SELECT count(*) AS another_issuers FROM pgtoken.revoke_session('nb-2');
SET pgtoken.http_issuer = 'https://nb.example';
SELECT count(*) AS another_subjects FROM pgtoken.revoke_session('nb-2', subject => 'nobody');
SELECT client_id, subject, session_id FROM pgtoken.authorization_codes WHERE client_id IN ('nb_app', 'nb_other') ORDER BY 1, 2, 3;
SELECT client_id, subject, reason, grant_id IN (:'gid1', :'gid2') AS of_session FROM pgtoken.revoke_session('nb-2') ORDER BY client_id;
SELECT pgtoken.verify_access_token(:'at1') IS NULL AS at1, pgtoken.verify_access_token(:'at2') IS NULL AS at2, pgtoken.verify_access_token(:'at3') IS NOT NULL AS at3, pgtoken.introspect(:'rt1') -> 'active' AS refresh;
SELECT client_id, subject, session_id FROM pgtoken.authorization_codes WHERE client_id IN ('nb_app', 'nb_other') ORDER BY 1, 2, 3;
SELECT count(*) AS by_grant_id FROM pgtoken.revoke_session(:'gid4', reason => 'by hand');
SELECT pgtoken.verify_access_token(:'at4') IS NULL AS at4, revoke_reason FROM pgtoken.grants WHERE grant_id = :'gid4';
SELECT count(*) AS unknown FROM pgtoken.revoke_session('no such');
SELECT test.outcome('SELECT pgtoken.revoke_session(NULL)') AS no_session;
-- Attack shut out: a NULL that should have been a name ends what is everybody's.
SELECT sum(hashtext(g::text)::bigint) AS before FROM pgtoken.grants g \gset
SELECT (SELECT count(*) FROM pgtoken.withdraw_consent(NULL, 'nb_other')) AS subject, (SELECT count(*) FROM pgtoken.withdraw_consent('olga', NULL)) AS client;
SELECT test.outcome('SELECT pgtoken.end_session(NULL, NULL, true)') AS session;
SELECT sum(hashtext(g::text)::bigint) = :before AS nothing_revoked FROM pgtoken.grants g;
RESET pgtoken.http_issuer;

-- Attack shut out: whoever may revoke one user's tokens ends a whole client's, or a tenant's.
SET ROLE pgtoken_issuer;
SELECT pgtoken.set_not_before(subject => 'nora');
SELECT pgtoken.set_not_before(client_id => 'nb_app');
SELECT pgtoken.revoke_client('nb_app');
SELECT count(*) AS subject FROM pgtoken.revoke_subject('nobody', issuer => 'https://nb.example');
SELECT count(*) AS session FROM pgtoken.revoke_session('nobody');
RESET ROLE;
SET ROLE pgtoken_auditor;
SELECT pgtoken.revoke_subject('nora');
SELECT count(*) > 0 AS looks FROM pgtoken.subject_not_before;
RESET ROLE;

-- Exchanged tokens (RFC 8693) -------------------------------------------------------

-- Attack shut out: a token that has to die lives on in another one that it was exchanged for.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('nb_api', scopes => '{shared}', issuer => 'https://nb.example',
	metadata => '{"grant_types": ["urn:ietf:params:oauth:grant-type:token-exchange"]}');
SELECT pgtoken.create_resource('https://nb-api.example', '{shared}', issuer => 'https://nb.example', client_id => 'nb_api');
CREATE FUNCTION test.derived(of_level text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	parent pgtoken.token_response;
	tokens text[];
	holding text := '';
	moment timestamptz;
BEGIN
	parent := pgtoken.issue_tokens('nb_app', 'rosa', 'shared offline_access', '{https://nb-api.example}');
	tokens := ARRAY[parent.access_token];
	FOR i IN 1 .. 2 LOOP	-- the second from the first, not from the parent
		tokens := tokens || ((test.http('token', test.form('grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange', 'subject_token', tokens[i],
			'subject_token_type', 'urn:ietf:params:oauth:token-type:access_token', 'resource', 'https://nb-api.example'), test.basic('nb_api'))).body ->> 'access_token');
	END LOOP;
	-- later than the parent, earlier than what was derived: only the ancestor is too old
	UPDATE pgtoken.grants SET created_at = created_at - interval '1 minute' WHERE grant_id = parent.grant_id;
	moment := now() - interval '30 seconds';
	SELECT string_agg(CASE WHEN pgtoken.verify_access_token(t) IS NULL THEN 'refused' ELSE 'holds' END, ' ' ORDER BY n) INTO holding FROM unnest(tokens) WITH ORDINALITY u (t, n);
	PERFORM CASE of_level WHEN 'issuer' THEN pgtoken.set_not_before(moment, issuer => 'https://nb.example')
						  WHEN 'client' THEN pgtoken.set_not_before(moment, client_id => 'nb_app')
						  WHEN 'exchanging client' THEN pgtoken.set_not_before(client_id => 'nb_api')
						  WHEN 'subject' THEN pgtoken.set_not_before(moment, issuer => 'https://nb.example', subject => 'rosa')
						  WHEN 'family' THEN pgtoken.set_not_before(moment, grant_id => parent.grant_id) END;
	RETURN holding || ', then ' || (SELECT string_agg(CASE WHEN pgtoken.verify_access_token(t) IS NULL THEN 'refused' ELSE 'holds' END, ' ' ORDER BY n) FROM unnest(tokens) WITH ORDINALITY u (t, n));
END
$$;
UPDATE pgtoken.issuers SET not_before = NULL WHERE issuer = 'https://nb.example';
UPDATE pgtoken.clients SET not_before = NULL WHERE issuer = 'https://nb.example';
DELETE FROM pgtoken.subject_not_before;
SET pgtoken.http_issuer = 'https://nb.example';
BEGIN; SELECT test.derived('none'); ROLLBACK;
BEGIN; SELECT test.derived('issuer'); ROLLBACK;
BEGIN; SELECT test.derived('client'); ROLLBACK;
BEGIN; SELECT test.derived('exchanging client'); ROLLBACK;
BEGIN; SELECT test.derived('subject'); ROLLBACK;
BEGIN; SELECT test.derived('family'); ROLLBACK;
RESET pgtoken.http_issuer;

-- Ending a million families writes no more than ending one: so many rows each level
-- takes, however many families there are.
CREATE FUNCTION test.rows_written(families integer, statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	rows bigint[];
BEGIN
	PERFORM pgtoken.issue_tokens('nb_other', 'olga', 'openid offline_access') FROM generate_series(1, families);
	FOR i IN 1 .. 2 LOOP
		rows[i] := (SELECT sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del) FROM pg_stat_xact_all_tables s WHERE s.schemaname = 'pgtoken');
		IF i = 1 THEN
			EXECUTE statement;
		END IF;
	END LOOP;
	RETURN rows[2] - rows[1];
END
$$;
SELECT pgtoken.revoke_client('nb_other') <= clock_timestamp() AS its_codes_are_gone;
SELECT s.level, test.rows_written(0, s.statement) AS of_none, test.rows_written(1, s.statement) AS of_one, test.rows_written(50, s.statement) AS of_fifty
FROM (VALUES (1, 'issuer', $$SELECT pgtoken.set_not_before(issuer => 'https://nb.example')$$), (2, 'client', $$SELECT pgtoken.set_not_before(client_id => 'nb_other')$$),
			 (3, 'subject', $$SELECT pgtoken.set_not_before(subject => 'olga', issuer => 'https://nb.example')$$),
			 (4, 'revoke_client', $$SELECT pgtoken.revoke_client('nb_other')$$)) s (n, level, statement)
ORDER BY s.n;
SELECT DISTINCT s.state FROM pgtoken.grant_status s WHERE s.client_id = 'nb_other' AND s.subject = 'olga';
-- a subject's few families are revoked one by one, too
SELECT test.rows_written(2, $$SELECT pgtoken.revoke_subject('olga', issuer => 'https://nb.example')$$) > 4 AS one_by_one;
DELETE FROM pgtoken.subject_not_before;

-- maintain() forgets what no family can be older than
INSERT INTO pgtoken.subject_not_before VALUES ('https://nb.example', 'ten years', now() - interval '3653 days'), ('https://nb.example', 'nine years', now() - interval '9 years');
SELECT * FROM pgtoken.maintain() WHERE step ~ 'not_before';
SELECT subject FROM pgtoken.subject_not_before;
DELETE FROM pgtoken.subject_not_before;
