-- Attack shut out: a thief follows his victim inside the retry window. Each gets the
-- same successor, generation after generation, and no time tells them apart. That
-- generations running are answered from two places does.
\set SHOW_CONTEXT never

-- One generation an argument, an array of contexts: the first one rotates, the
-- others retry. What came of it, until something is refused.
CREATE FUNCTION test.used(client text, VARIADIC generations jsonb[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	token text;
	successor text;
	generation jsonb;
	said text;
	result text := '';
	r pgtoken.token_response;
BEGIN
	SELECT * INTO r FROM pgtoken.issue_tokens(client, 'ida', 'openid offline_access');
	PERFORM set_config('test.family', r.grant_id::text, false);
	token := r.refresh_token;
	FOREACH generation IN ARRAY generations LOOP
		said := '';
		FOR i IN 0 .. jsonb_array_length(generation) - 1 LOOP
			SELECT * INTO r FROM pgtoken.refresh_grant(token, client, test.secret(client), context => generation -> i);
			said := said || left(r.decision, 1);
			IF i = 0 THEN
				successor := r.refresh_token;
			ELSIF r.decision = 'allow' AND r.refresh_token <> successor THEN
				said := said || ' another successor';
			END IF;
		END LOOP;
		result := concat_ws(' ', nullif(result, ''), said);
		EXIT WHEN r.decision <> 'allow';
		token := successor;
	END LOOP;
	RETURN concat_ws(', ', result, (SELECT g.revoke_reason FROM pgtoken.grants g WHERE g.grant_id = current_setting('test.family')::uuid));
END
$$;
\set home '{"ip": "192.0.2.1", "user_agent": "Lynx"}'
\set thief '{"ip": "203.0.113.66", "user_agent": "Lynx"}'
\set pair '[{"ip": "192.0.2.1", "user_agent": "Lynx"}, {"ip": "203.0.113.66", "user_agent": "Lynx"}]'
\set back '[{"ip": "203.0.113.66", "user_agent": "Lynx"}, {"ip": "192.0.2.1", "user_agent": "Lynx"}]'
\set single '[{"ip": "192.0.2.1", "user_agent": "Lynx"}]'

-- the thief says that he is the same program: his address stays his
SELECT test.used('app', :'pair', :'pair', :'pair', :'pair');
SELECT event, reason, context, detail, personal FROM pgtoken.audit_events WHERE grant_id = current_setting('test.family')::uuid AND event = 'refresh.reuse';
-- so with a client that has a secret, or proves a key: who follows has it, too
SELECT test.used('web', :'pair', :'pair', :'pair', :'pair');
-- the thief is now and then the first
SELECT test.used('app', :'pair', :'back', :'pair', :'pair', :'pair');
-- another program, wherever it is and whoever comes first
SELECT test.used('app', '[{"user_agent": "Lynx"}, {"user_agent": "Netcat"}]', '[{"user_agent": "Netcat"}, {"user_agent": "Lynx"}]', '[{"user_agent": "Lynx"}, {"user_agent": "Netcat"}]');
SELECT test.used('app', '[{"ip": "192.0.2.1", "device_id": "d-1"}, {"ip": "203.0.113.1", "device_id": "d-2"}]',
				 '[{"ip": "192.0.2.2", "device_id": "d-1"}, {"ip": "203.0.113.2", "device_id": "d-2"}]',
				 '[{"ip": "192.0.2.3", "device_id": "d-1"}, {"ip": "203.0.113.3", "device_id": "d-2"}]');
-- a thief who tells nothing has a context, too
SELECT test.used('app', '[{"ip": "192.0.2.1"}, {}]', '[{"ip": "192.0.2.1"}, {}]', '[{"ip": "192.0.2.1"}, {}]');

-- Attack shut out: he says that he is another program each time
SELECT test.used('app', '[{"user_agent": "Lynx"}, {"user_agent": "Netcat"}]', '[{"user_agent": "Lynx"}, {"user_agent": "Socat"}]', '[{"user_agent": "Lynx"}, {"user_agent": "Wget"}]',
				 '[{"user_agent": "Lynx"}, {"user_agent": "Telnet"}]');
SELECT event, reason, context, detail, personal FROM pgtoken.audit_events WHERE grant_id = current_setting('test.family')::uuid AND event = 'refresh.reuse';
-- every time first, and from anywhere; another device each time
SELECT test.used('app', '[{"ip": "203.0.113.1", "user_agent": "Netcat"}, {"user_agent": "Lynx"}]', '[{"ip": "203.0.113.2", "user_agent": "Socat"}, {"user_agent": "Lynx"}]',
				 '[{"ip": "203.0.113.3", "user_agent": "Wget"}, {"user_agent": "Lynx"}]', '[{"user_agent": "Telnet"}, {"user_agent": "Lynx"}]');
SELECT test.used('app', '[{"device_id": "d-1"}, {"device_id": "d-2"}]', '[{"device_id": "d-1"}, {"device_id": "d-3"}]', '[{"device_id": "d-1"}, {}]', '[{"device_id": "d-1"}, {"device_id": "d-4"}]');
-- every other time the same one, while he moves: a third time ends it
\set other '[{"ip": "192.0.2.1", "user_agent": "Lynx"}, {"ip": "203.0.113.66", "user_agent": "Netcat"}]'
SELECT test.used('app', :'other', '[{"ip": "192.0.2.1", "user_agent": "Lynx"}, {"ip": "203.0.113.2", "user_agent": "Lynx"}]', :'other',
				 '[{"ip": "192.0.2.1", "user_agent": "Lynx"}, {"ip": "203.0.113.4", "user_agent": "Lynx"}]', :'other', :'single');
-- every other time the same one, from an address that stays his: that is enough
SELECT test.used('app', :'pair', :'other', :'pair', :'other');

-- An honest client that was updated between a request and its retry lives, also when answers get lost after that
SELECT test.used('app', '[{"user_agent": "Lynx/1"}, {"user_agent": "Lynx/2"}]', '[{"user_agent": "Lynx/2"}, {"user_agent": "Lynx/2"}]', '[{"user_agent": "Lynx/2"}, {"user_agent": "Lynx/2"}]', '[{"user_agent": "Lynx/2"}, {"user_agent": "Lynx/2"}]');
-- an answer that was not lost ends the row
SELECT test.used('app', :'other', :'other', :'single', :'other', :'other', :'single', :'other');
-- one that is retried all the time lives through updates that lie apart
SELECT test.used('app', VARIADIC ARRAY(SELECT CASE WHEN n % 12 = 0 THEN '[{"user_agent": "Lynx/1"}, {"user_agent": "Lynx/2"}]' ELSE '[{"user_agent": "Lynx/2"}, {"user_agent": "Lynx/2"}]' END::jsonb FROM generate_series(0, 36) n));

-- An honest client on a bad network lives: its address changes at each retry
SELECT test.used('app', '[{"ip": "192.0.2.1"}, {"ip": "192.0.2.2"}]', '[{"ip": "192.0.2.2"}, {"ip": "192.0.2.3"}]', '[{"ip": "192.0.2.3"}, {"ip": "192.0.2.4"}]',
				 '[{"ip": "192.0.2.4"}, {"ip": "192.0.2.5"}, {"ip": "192.0.2.6"}]', '[{"ip": "192.0.2.6"}, {"ip": "192.0.2.7"}]');
-- always first from home
SELECT test.used('app', '[{"ip": "192.0.2.1"}, {"ip": "198.51.100.2"}]', '[{"ip": "192.0.2.1"}, {"ip": "198.51.100.3"}]', '[{"ip": "192.0.2.1"}, {"ip": "198.51.100.4"}]',
				 '[{"ip": "192.0.2.1"}, {"ip": "198.51.100.5"}]', '[{"ip": "192.0.2.1"}, {"ip": "198.51.100.6"}]');
-- between two networks, and on from where it got its answer
SELECT test.used('app', :'pair', :'back', :'pair', :'back', :'pair', :'back');
-- from one network all the time; IPv6 addresses of one host change of themselves
SELECT test.used('app', '[{"ip": "192.0.2.1"}, {"ip": "192.0.2.1"}]', '[{"ip": "192.0.2.1"}, {"ip": "::ffff:192.0.2.1"}]', '[{"ip": "192.0.2.1"}, {"ip": "192.0.2.1"}]', '[{"ip": "192.0.2.1"}, {"ip": "192.0.2.1"}]');
SELECT test.used('app', '[{"ip": "2001:db8::1"}, {"ip": "2001:db8::2"}]', '[{"ip": "2001:db8::1"}, {"ip": "2001:db8::2"}]', '[{"ip": "2001:db8::1"}, {"ip": "2001:db8::2"}]');
-- an application that knows nothing of its requests; data that is collected anew for each
SELECT test.used('app', '[{}, {}]', '[{}, {}]', '[{}, {}]', '[{}, {}]');
SELECT test.used('app', '[{"session_id": "1"}, {"session_id": "2"}]', '[{"session_id": "1"}, {"session_id": "2"}]', '[{"session_id": "1"}, {"session_id": "2"}]');
-- often in one generation is one generation, and one answer that was not lost ends the row
SELECT test.used('app', '[{"ip": "192.0.2.1"}, {"ip": "192.0.2.2"}, {"ip": "192.0.2.1"}, {"ip": "192.0.2.2"}, {"ip": "192.0.2.2"}]', '[{"ip": "192.0.2.1"}, {"ip": "192.0.2.2"}, {"ip": "192.0.2.2"}]');
SELECT test.used('app', :'pair', :'pair', :'single', :'pair', :'pair');

-- Attack shut out: who lacks the client's secret ends its family by following
SELECT refresh_token AS rt0, grant_id AS gid FROM pgtoken.issue_tokens('web', 'ida', 'openid offline_access') \gset
SELECT refresh_token AS rt1 FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web'), context => :'home') \gset
SELECT r.decision FROM pgtoken.refresh_grant(:'rt0', 'web', test.secret('web'), context => :'thief') r;
SELECT refresh_token AS rt2 FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web'), context => :'home') \gset
SELECT r.decision FROM pgtoken.refresh_grant(:'rt1', 'web', test.secret('web'), context => :'thief') r;
SELECT r.decision FROM pgtoken.refresh_grant(:'rt2', 'web', test.secret('web'), context => :'home') r;
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt2', 'web', 'wrong', context => :'thief') r;
SELECT state FROM pgtoken.grant_status WHERE grant_id = :'gid';
SELECT r.decision, r.error FROM pgtoken.refresh_grant(:'rt2', 'web', test.secret('web'), context => :'thief') r;
SELECT state FROM pgtoken.grant_status WHERE grant_id = :'gid';

-- By client and by setting
SELECT pgtoken.update_client('app', lockstep_generations => 2);
SELECT test.used('app', :'pair', :'pair', :'pair');
SELECT pgtoken.update_client('app', lockstep_generations => 1);
SELECT test.used('app', :'pair', :'pair', :'pair');
SELECT pgtoken.update_client('app', lockstep_generations => 0);
SELECT test.used('app', :'pair', :'pair', :'pair', :'pair');
SELECT lockstep IS NULL AS nothing_kept FROM pgtoken.grants WHERE grant_id = current_setting('test.family')::uuid;
SELECT pgtoken.update_client('app', reset => '{lockstep_generations}');
SET pgtoken.lockstep_generations = 4;
SELECT test.used('app', :'pair', :'pair', :'pair', :'pair', :'pair');
SET pgtoken.lockstep_generations = 0;
SELECT test.used('app', :'pair', :'pair', :'pair', :'pair', :'pair');
RESET pgtoken.lockstep_generations;
SELECT test.outcome($$SELECT pgtoken.update_client('app', lockstep_generations => -1)$$);
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('cluster', offline_access => true, lockstep_generations => 0);
SELECT test.used('cluster', :'pair', :'pair', :'pair', :'pair');

-- Nothing of a generation that was answered once: the row is as it was before
SELECT test.used('app', :'single', :'single');
SELECT lockstep IS NULL AS nothing_kept FROM pgtoken.grants WHERE grant_id = current_setting('test.family')::uuid;
