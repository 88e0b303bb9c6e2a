-- C51: a consumed refresh token that comes back ends its family, for good.
\set SHOW_CONTEXT never

-- Attack shut out: a thief and the rightful client both hold a token of the
-- family; whoever comes second gives the theft away. The answer is a row and
-- not an error, so that the revocation stays: everything below is read back in
-- statements, and so transactions, of their own.
SELECT access_token AS at0, refresh_token AS rt0, grant_id AS gid
FROM pgtoken.issue_tokens('web', 'alice', 'openid offline_access', context => '{"ip": "192.0.2.1", "user_agent": "browser"}') \gset
SELECT access_token AS at1, refresh_token AS rt1
FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web'), context => '{"ip": "192.0.2.1", "user_agent": "browser"}') \gset
SELECT access_token AS at2, refresh_token AS rt2
FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web'), context => '{"ip": "192.0.2.2", "user_agent": "browser"}') \gset
SELECT bool_and(pgtoken.verify_access_token(t) IS NOT NULL) AS all_hold FROM unnest(ARRAY[:'at0', :'at1', :'at2']) t;
SELECT decision, error, error_description, num_nulls(access_token, refresh_token, id_token, grant_id) AS nulls
FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web'), context => '{"ip": "203.0.113.66", "user_agent": "curl"}');
SELECT state, revoke_reason, generation FROM pgtoken.grant_status WHERE grant_id = :'gid';
SELECT bool_or(pgtoken.verify_access_token(t) IS NOT NULL) AS any_holds FROM unnest(ARRAY[:'at0', :'at1', :'at2']) t;
SELECT DISTINCT pgtoken.introspect(t) FROM unnest(ARRAY[:'at0', :'at1', :'at2', :'rt0', :'rt1', :'rt2']) t;
SELECT r.decision, r.error FROM unnest(ARRAY[:'rt0', :'rt1', :'rt2']) t, pgtoken.refresh_grant(t, 'web', test.secret('web')) r;
-- the evidence: both contexts, both generations, and the chain is still there
SELECT event, reason, client_id, subject, context, detail, personal FROM pgtoken.audit_events
WHERE grant_id = :'gid' AND event IN ('refresh.reuse', 'grant.revoked') ORDER BY event;
SELECT * FROM test.events(:'gid');
SELECT generation, parent_generation, state FROM pgtoken.lineage(:'gid'::uuid);
SELECT count(*) AS again FROM pgtoken.revoke_family(:'gid'::uuid);

-- Older generations count as well, and the successor's use closes the window: C59
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('app', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0') \gset
SELECT refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1') \gset
SELECT r.refresh_token = :'rt2' AS predecessor_may_retry FROM pgtoken.refresh_grant(:'rt1') r;
SELECT refresh_token AS rt3, access_token AS at3 FROM pgtoken.refresh_grant(:'rt2') \gset
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt1') r;
SELECT state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';
SELECT pgtoken.verify_access_token(:'at3') IS NULL AS dead, (pgtoken.refresh_grant(:'rt3')).error;

-- A replay years of rotations later, whose hash only the ledger still has
SELECT refresh_token AS rt0, refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('app', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt FROM pgtoken.refresh_grant(:'rt') \gset
SELECT refresh_token AS rt FROM pgtoken.refresh_grant(:'rt') \gset
SELECT refresh_token AS rt FROM pgtoken.refresh_grant(:'rt') \gset
SELECT refresh_token AS rt FROM pgtoken.refresh_grant(:'rt') \gset
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', 'app') r;
SELECT detail FROM pgtoken.audit_events WHERE grant_id = :'gid' AND event = 'refresh.reuse';
SELECT (pgtoken.refresh_grant(:'rt')).error AS current_token;

-- Attack shut out: somebody who saw an old token, or only a grant_id, ends
-- other people's sessions with it. Without the client's credentials, without the
-- genuine secret, nothing happens to the family.
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('web', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) \gset
SELECT access_token AS at2, refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web')) \gset
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('thief', offline_access => true);
SELECT n, what, r.decision, r.error
FROM (VALUES
	(1, 'no client', :'rt0', NULL, NULL), (2, 'no secret', :'rt0', 'web', NULL), (3, 'wrong secret', :'rt0', 'web', 'pgtcs_x'),
	(4, 'other client', :'rt0', 'thief', test.secret('thief')), (5, 'public client', :'rt0', 'app', NULL),
	(6, 'unknown client', :'rt0', 'nobody', NULL),
	(7, 'forged, consumed generation', test.forge(:'rt2', 0), 'web', test.secret('web')),
	(8, 'forged, predecessor', test.forge(:'rt2', 1), 'web', test.secret('web')),
	(9, 'forged, current generation', test.forge(:'rt2', 2), 'web', test.secret('web')),
	(10, 'forged, future generation', test.forge(:'rt2', 3), 'web', test.secret('web')),
	(11, 'genuine secret of another generation', test.forge(:'rt2', 2, substr(test.unb64url(substr(:'rt0', 7)), 22)), 'web', test.secret('web')),
	(12, 'genuine current secret, older generation', test.forge(:'rt2', 0, substr(test.unb64url(substr(:'rt2', 7)), 22)), 'web', test.secret('web')),
	(13, 'stored hash instead of the secret',
		test.forge(:'rt2', 2, (SELECT current_hash FROM pgtoken.grants WHERE grant_id = :'gid')), 'web', test.secret('web'))
	) v (n, what, token, client, secret), pgtoken.refresh_grant(token, client, secret) r
ORDER BY n;
SELECT state, generation, retry_count FROM pgtoken.grant_status WHERE grant_id = :'gid';
SELECT pgtoken.verify_access_token(:'at2') IS NOT NULL AS access_token_holds;
SELECT * FROM test.events(:'gid');
-- the client itself is caught
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) r;
SELECT state FROM pgtoken.grant_status WHERE grant_id = :'gid';

-- Attack shut out: a thief has his token blacklisted, or waits until it is, and
-- its predecessors with it: whoever replays one stays undetected. Only the
-- current one and the one before it may come from somebody who has just not
-- heard of the blacklisting; what is older is reuse.
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('app', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0') \gset
SELECT access_token AS at2, refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1') \gset
SELECT token_type, token_id FROM pgtoken.blacklist_token(:'rt2');
SELECT n, r.decision, r.error FROM (VALUES (2, :'rt2'), (1, :'rt1')) v (n, token), pgtoken.refresh_grant(token) r ORDER BY n;
SELECT state, pgtoken.verify_access_token(:'at2') IS NOT NULL AS access_token_holds FROM pgtoken.grant_status WHERE grant_id = :'gid';
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt0') r;
SELECT state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';
SELECT pgtoken.verify_access_token(:'at2') IS NOT NULL AS access_token_holds;
SELECT event, reason, n FROM test.events(:'gid') WHERE event IN ('refresh.refused', 'refresh.reuse', 'grant.revoked');
-- the same when the blacklisted one was consumed before, and the family goes on
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('app', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0') \gset
SELECT refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1') \gset
SELECT token_type, token_id FROM pgtoken.blacklist_token(:'rt1');
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt1') r;
SELECT state FROM pgtoken.grant_status WHERE grant_id = :'gid';
SELECT test.brief(r) AS brief, refresh_token AS rt3 FROM pgtoken.refresh_grant(:'rt2') r \gset
\echo :brief
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt1') r;
SELECT state, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt3') r;

-- Reuse ends one family, not the others of the same subject and client.
SELECT access_token AS at, refresh_token AS rt FROM pgtoken.issue_tokens('app', 'bob', 'openid offline_access') \gset
SELECT refresh_token AS other0 FROM pgtoken.issue_tokens('app', 'bob', 'openid offline_access') \gset
SELECT refresh_token AS other1 FROM pgtoken.refresh_grant(:'other0') \gset
SELECT refresh_token AS other2 FROM pgtoken.refresh_grant(:'other1') \gset
SELECT (pgtoken.refresh_grant(:'other0')).error;
SELECT pgtoken.verify_access_token(:'at') IS NOT NULL AS holds, test.brief(pgtoken.refresh_grant(:'rt')) AS refresh;

-- Inside a transaction of the caller the answer is the same, and it commits with it.
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('app', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0') \gset
SELECT refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1') \gset
BEGIN;
SELECT (pgtoken.refresh_grant(:'rt0')).error;
COMMIT;
SELECT state FROM pgtoken.grant_status WHERE grant_id = :'gid';

-- Accident: the primary has answered, and is gone with commits that no standby had.
-- A rollback after the answer is the same. The successor is refused, nothing ends, and
-- the audit tells it from theft: the family lies in no way open to whoever presents it.
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('web', 'alice', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web')) \gset
BEGIN;
SELECT refresh_token AS lost2 FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web')) \gset
SELECT refresh_token AS lost3 FROM pgtoken.refresh_grant(:'lost2', 'web', test.secret('web')) \gset
ROLLBACK;
SELECT n, r.decision, r.error, r.error_description FROM (VALUES (2, :'lost2'), (3, :'lost3')) v (n, token), pgtoken.refresh_grant(token, 'web', test.secret('web')) r ORDER BY n;
SELECT state, generation, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';
-- the generation is given anew, to another caller who has the predecessor still, and once more
SELECT refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web')) \gset
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'lost2', 'web', test.secret('web')) r;
SELECT refresh_token AS rt3 FROM pgtoken.refresh_grant(:'rt2', 'web', test.secret('web')) \gset
SELECT n, r.decision, r.error FROM (VALUES (2, :'lost2'), (3, :'lost3')) v (n, token), pgtoken.refresh_grant(token, 'web', test.secret('web')) r ORDER BY n;
SELECT refresh_token AS rt4 FROM pgtoken.refresh_grant(:'rt3', 'web', test.secret('web')) \gset
SELECT n, r.decision, r.error FROM (VALUES (2, :'lost2'), (3, :'lost3')) v (n, token), pgtoken.refresh_grant(token, 'web', test.secret('web')) r ORDER BY n;
SELECT state, generation, revoke_reason FROM pgtoken.grant_status WHERE grant_id = :'gid';
SELECT event, reason, detail, count(*) FROM pgtoken.audit_events WHERE grant_id = :'gid' AND event = 'refresh.refused' GROUP BY event, reason, detail ORDER BY detail;
SELECT rule, decision, explanation FROM pgtoken.explain_decision((SELECT event_id FROM pgtoken.audit_events WHERE grant_id = :'gid' AND event = 'refresh.refused' LIMIT 1));
-- Attack shut out: who has seen a grant_id fills the audit of somebody's family with
-- tokens of his own making: of a client without a secret, or as another client.
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('app', 'alice', 'openid offline_access') \gset
SELECT (pgtoken.refresh_grant(test.forge(:'rt0', 7), 'app')).error AS public, (pgtoken.refresh_grant(test.forge(:'rt0', 7))).error AS unnamed,
	(pgtoken.refresh_grant(test.forge(:'rt0', 7), 'thief', test.secret('thief'))).error AS other;
SELECT * FROM test.events(:'gid');
SELECT parameter, received, registered, reason FROM pgtoken.refused_requests('app', 1);
