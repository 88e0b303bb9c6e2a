-- A refresh whose answer was lost: the predecessor gets the very same successor
-- again, inside the client's window, as long as the successor has not been used.
\set SHOW_CONTEXT never

-- C59: confidential client, 60 seconds (a certification run retries after 30)
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('web', 'alice', 'openid offline_access orders.read') \gset
SELECT refresh_token AS rt1, access_token AS at1
FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web'), context => '{"ip": "192.0.2.1"}') \gset
SELECT test.age(:'gid', '31 seconds');
SELECT test.brief(r) AS brief, r.refresh_token = :'rt1' AS same_successor, r.access_token <> :'at1' AS fresh_access_token,
	   pgtoken.verify_access_token(r.access_token) IS NOT NULL AS holds
FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web'), context => '{"ip": "192.0.2.1"}') r;
-- from elsewhere: the same answer, with a mark in the audit; narrowing works here too
SELECT test.brief(r) AS brief, r.refresh_token = :'rt1' AS same_successor
FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web'), 'orders.read', context => '{"ip": "198.51.100.7"}') r;
SELECT generation, retry, parent_generation, state, scope, context FROM pgtoken.lineage(:'gid'::uuid);
SELECT event, reason, context, detail - 'jti' AS detail FROM pgtoken.audit_events
WHERE grant_id = :'gid' AND event LIKE 'token.%' ORDER BY detail ->> 'scope', event, reason NULLS FIRST;
-- a mistake in a retry costs nothing
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web'), 'email') r;
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', 'web', 'wrong') r;
SELECT generation, retry_count, revoked_at IS NULL AS lives FROM pgtoken.grants WHERE grant_id = :'gid';
-- the pair is usable
SELECT test.brief(r) AS brief, refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web')) r \gset
\echo :brief

-- Attack shut out: a thief keeps a window open by retrying. Retries do not move it.
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('web', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) \gset
SELECT test.age(:'gid', '45 seconds');
SELECT r.refresh_token = :'rt1' AS inside FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) r;
SELECT test.age(:'gid', '15 seconds');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) r;
SELECT state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';

-- Public client: 30 seconds
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('app', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0') \gset
SELECT test.age(:'gid', '20 seconds');
SELECT r.refresh_token = :'rt1' AS inside FROM pgtoken.refresh_grant(:'rt0') r;
SELECT test.age(:'gid', '10 seconds');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0') r;
SELECT state FROM pgtoken.grant_status WHERE grant_id = :'gid';

-- A window of the client's own, and one that changes under it
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('patient', 'public', offline_access => true, retry_window => '10 minutes');
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('patient', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0') \gset
SELECT test.age(:'gid', '9 minutes');
SELECT r.refresh_token = :'rt1' AS inside FROM pgtoken.refresh_grant(:'rt0') r;
SELECT pgtoken.update_client('patient', retry_window => '8 minutes');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0') r;
SELECT state FROM pgtoken.grant_status WHERE grant_id = :'gid';

-- 0: strict
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('strict', offline_access => true, retry_window => '0');
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('strict', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'strict', test.secret('strict')) \gset
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', 'strict', test.secret('strict')) r;
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt1', 'strict', test.secret('strict')) r;
SELECT state FROM pgtoken.grant_status WHERE grant_id = :'gid';

-- The setting, where the client says nothing
SET pgtoken.retry_window_public = 0;
SELECT refresh_token AS rt0 FROM pgtoken.issue_tokens('app', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0') \gset
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0') r;
RESET pgtoken.retry_window_public;

-- A limit of retries: per rotation, and more is reuse
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('twice', offline_access => true, retry_limit => 2);
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('twice', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'twice', test.secret('twice')) \gset
SELECT r.refresh_token = :'rt1' AS first FROM pgtoken.refresh_grant(:'rt0', 'twice', test.secret('twice')) r;
SELECT r.refresh_token = :'rt1' AS second FROM pgtoken.refresh_grant(:'rt0', 'twice', test.secret('twice')) r;
SELECT refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1', 'twice', test.secret('twice')) \gset
SELECT r.refresh_token = :'rt2' AS counted_anew FROM pgtoken.refresh_grant(:'rt1', 'twice', test.secret('twice')) r;
SELECT r.refresh_token = :'rt2' AS second FROM pgtoken.refresh_grant(:'rt1', 'twice', test.secret('twice')) r;
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt1', 'twice', test.secret('twice')) r;
SELECT state FROM pgtoken.grant_status WHERE grant_id = :'gid';
SELECT pgtoken.update_client('twice', retry_limit => 0);
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('twice', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'twice', test.secret('twice')) \gset
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', 'twice', test.secret('twice')) r;
SELECT state FROM pgtoken.grant_status WHERE grant_id = :'gid';

-- Attack shut out: a client is switched to refresh tokens that do not rotate, and
-- a thief's predecessor gets the lasting token out of its retry window, which
-- each renewal opens again.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('switched', offline_access => true);
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('switched', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'switched', test.secret('switched')) \gset
SELECT refresh_token AS other0, grant_id AS other FROM pgtoken.issue_tokens('switched', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS other1 FROM pgtoken.refresh_grant(:'other0', 'switched', test.secret('switched')) \gset
SELECT pgtoken.update_client('switched', rotation => 'never');
-- an honest retry of the last rotation is still one
SELECT r.refresh_token = :'rt1' AS same_successor FROM pgtoken.refresh_grant(:'rt0', 'switched', test.secret('switched')) r;
-- the renewal is the successor's use
SELECT r.refresh_token = :'rt1' AS renewed FROM pgtoken.refresh_grant(:'rt1', 'switched', test.secret('switched')) r;
SELECT r.refresh_token = :'other1' AS renewed FROM pgtoken.refresh_grant(:'other1', 'switched', test.secret('switched')) r;
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', 'switched', test.secret('switched')) r;
SELECT state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';
-- rotation is back, inside the window: the predecessor stays used up
SELECT pgtoken.update_client('switched', rotation => 'always');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'other0', 'switched', test.secret('switched')) r;
SELECT state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'other';
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'other1', 'switched', test.secret('switched')) r;
-- without a predecessor's return the renewed token rotates, and may be retried
SELECT pgtoken.update_client('switched', rotation => 'never');
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('switched', 'alice', 'openid offline_access') \gset
SELECT r.refresh_token = :'rt0' AS renewed FROM pgtoken.refresh_grant(:'rt0', 'switched', test.secret('switched')) r;
SELECT pgtoken.update_client('switched', rotation => 'always');
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'switched', test.secret('switched')) \gset
SELECT r.refresh_token = :'rt1' AS same_successor FROM pgtoken.refresh_grant(:'rt0', 'switched', test.secret('switched')) r;
SELECT state, generation FROM pgtoken.grant_status WHERE grant_id = :'gid';

-- C60, one caller after another: however often the first token comes, there is one child
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('web', 'alice', 'openid offline_access') \gset
SELECT count(*) AS answers, count(DISTINCT r.refresh_token) AS successors, count(DISTINCT r.access_token) AS access_tokens
FROM generate_series(1, 10), pgtoken.refresh_grant(:'rt0' || left(generate_series::text, 0), 'web', test.secret('web')) r;
SELECT count(*) FILTER (WHERE retry = 0) AS children, count(*) AS answers FROM pgtoken.lineage(:'gid'::uuid) WHERE generation = 1;

-- No successor lies in the database in a form that could be handed out (design: derived, not stored)
SELECT refresh_token AS rt FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) \gset
SELECT bool_or(g::text LIKE '%' || encode(substr(test.unb64url(substr(:'rt', 7)), 22), 'hex') || '%' OR g::text LIKE '%' || right(:'rt', 43) || '%') AS stored
FROM pgtoken.grants g WHERE grant_id = :'gid';
SELECT current_hash = sha256(substr(test.unb64url(substr(:'rt', 7)), 22)) AS only_its_hash FROM pgtoken.grants WHERE grant_id = :'gid';

-- Attack shut out: the clock is put back by an hour, and for an hour a thief's
-- predecessor is a retry. A rotation that lies a little ahead of the clock is one.
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('app', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0') \gset
SELECT test.age(:'gid', '-15 seconds');
SELECT r.refresh_token = :'rt1' AS a_little_ahead FROM pgtoken.refresh_grant(:'rt0') r;
SELECT test.age(:'gid', '-1 hour');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0') r;
SELECT state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';

-- Who proves a key may retry until the idle end: whoever has copied the token alone
-- gets nothing by it, at whatever time.
\set jkt '''{"jkt": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"}'''
\set other '''{"jkt": "zzzzzzzzzzabcdefghijklmnopqrstuvwxyzABCDEFG"}'''
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('app', 'alice', 'openid offline_access', cnf => :jkt) \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', cnf => :jkt) \gset
SELECT test.age(:'gid', '13 days');
SELECT r.refresh_token = :'rt1' AS thirteen_days_later FROM pgtoken.refresh_grant(:'rt0', cnf => :jkt) r;
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', cnf => :other) r;
SELECT test.age(:'gid', '1 day');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', cnf => :jkt) r;
SELECT state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';
-- the predecessor of a successor that was used is reuse, at once
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('app', 'alice', 'openid offline_access', cnf => :jkt) \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', cnf => :jkt) \gset
SELECT r.decision FROM pgtoken.refresh_grant(:'rt1', cnf => :jkt) r;
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', cnf => :jkt) r;
SELECT state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';
-- Attack shut out: a client with a secret need not prove its family's key, and a
-- thief with token and secret has the long window.
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('web', 'alice', 'openid offline_access', cnf => :jkt) \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web'), cnf => :jkt) \gset
SELECT test.age(:'gid', '61 seconds');
SELECT r.refresh_token = :'rt1' AS with_the_key FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web'), cnf => :jkt) r;
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) r;
SELECT state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';
-- by setting
SET pgtoken.retry_window_bound = 7200;
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('app', 'alice', 'openid offline_access', cnf => :jkt) \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', cnf => :jkt) \gset
SELECT test.age(:'gid', '110 minutes');
SELECT r.refresh_token = :'rt1' AS inside FROM pgtoken.refresh_grant(:'rt0', cnf => :jkt) r;
SELECT test.age(:'gid', '10 minutes');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', cnf => :jkt) r;
RESET pgtoken.retry_window_bound;
-- by client: longer than an hour only where the key is always proved, and not for a token without
SELECT test.outcome($$SELECT pgtoken.create_client('keyed', 'public', offline_access => true, retry_window => '2 days')$$);
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('keyed', 'public', offline_access => true, retry_window => '2 days', metadata => '{"dpop_bound_access_tokens": true}');
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('keyed', 'alice', 'openid offline_access', cnf => :jkt) \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', cnf => :jkt) \gset
SELECT test.age(:'gid', '47 hours');
SELECT r.refresh_token = :'rt1' AS inside FROM pgtoken.refresh_grant(:'rt0', cnf => :jkt) r;
SELECT test.age(:'gid', '1 hour');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', cnf => :jkt) r;
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('keyed', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0') \gset
SELECT test.age(:'gid', '50 minutes');
SELECT r.refresh_token = :'rt1' AS within_an_hour FROM pgtoken.refresh_grant(:'rt0') r;
SELECT test.age(:'gid', '10 minutes');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0') r;
SELECT pgtoken.update_client('keyed', retry_window => '0');
SELECT refresh_token AS rt0 FROM pgtoken.issue_tokens('keyed', 'alice', 'openid offline_access', cnf => :jkt) \gset
SELECT r.decision FROM pgtoken.refresh_grant(:'rt0', cnf => :jkt) r;
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', cnf => :jkt) r;
