-- What test/upgrade/majors takes from version to version, and how it is judged there.
SELECT pgtoken.create_issuer('https://id.example');
SELECT pgtoken.create_signing_key(alg) FROM unnest('{ES256,RS256}'::text[]) alg;
SELECT pgtoken.create_resource('https://api.example', '{read}');
SELECT pgtoken.create_client('app', 'public', '{openid,read}', offline_access => true, retry_window => '1 hour');
SELECT pgtoken.create_client('rs', 'public', '{read}', offline_access => true, signing_alg => 'RS256');
SELECT pgtoken.create_audit_key();
SELECT pgtoken.enroll_factor('alice', 'totp');

-- a month of long ago, in partitions of its own
SELECT pgtoken.make_partition(t, (t || '_p2020_01')::name) FROM unnest('{tokens,audit_rows}'::text[]) t;
SELECT pgtoken.attach_partition(t, (t || '_p2020_01')::name, '2020-01-01 00:00+00') FROM unnest('{tokens,audit_rows}'::text[]) t;
SELECT pgtoken.maintain();

-- tokens as their holders keep them: the family of each is taken further in every version
CREATE TABLE test.held (n integer PRIMARY KEY, grant_id uuid NOT NULL, client_id text NOT NULL, access_token text NOT NULL, before text NOT NULL, refresh_token text NOT NULL);
CREATE FUNCTION test.use() RETURNS bigint LANGUAGE sql AS
$$
	WITH answer AS MATERIALIZED (
		SELECT h.n, r.* FROM test.held h, LATERAL pgtoken.refresh_grant(h.refresh_token, h.client_id) r
	), taken AS (
		UPDATE test.held h SET access_token = a.access_token, before = h.refresh_token, refresh_token = a.refresh_token
		FROM answer a WHERE a.n = h.n AND a.decision = 'allow' RETURNING 1
	)
	SELECT count(*) FROM taken
$$;
INSERT INTO test.held
	SELECT n, t.grant_id, c, t.access_token, t.refresh_token, t.refresh_token
	FROM generate_series(1, 20) n, LATERAL (SELECT CASE WHEN n % 2 = 0 THEN 'rs' ELSE 'app' END) k (c),
		 LATERAL pgtoken.issue_tokens(k.c, 'user-' || n, 'read offline_access', context => '{"ip": "192.0.2.1"}') t;
SELECT test.use();

CREATE TABLE test.thrown_away AS SELECT t.access_token, t.grant_id FROM pgtoken.issue_tokens('app', 'mallory', 'read offline_access') t;
SELECT pgtoken.revoke_family(t.grant_id, 'a test') FROM test.thrown_away t;
SELECT pgtoken.seal_audit();

-- what holders of tokens of before get
CREATE FUNCTION test.judge() RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	verified bigint;
	retried bigint;
	refreshed bigint;
	victim pgtoken.token_response;
	stolen text;
	seen boolean;
BEGIN
	SELECT count(pgtoken.verify_access_token(h.access_token, 'https://api.example')) INTO verified FROM test.held h;
	-- an answer that was lost in the version before: the same successor
	SELECT count(*) INTO retried FROM test.held h, LATERAL pgtoken.refresh_grant(h.before, h.client_id) r WHERE h.client_id = 'app' AND r.refresh_token = h.refresh_token;
	SELECT count(*) INTO refreshed FROM test.held h, LATERAL pgtoken.refresh_grant(h.refresh_token, h.client_id) r WHERE h.client_id = 'rs' AND r.decision = 'allow'
		-- the family goes on with it
		AND test.hold(h.n, r.access_token, r.refresh_token);
	SELECT (pgtoken.issue_tokens('app', 'victim', 'read offline_access')).* INTO victim;
	stolen := victim.refresh_token;
	FOR i IN 1 .. 2 LOOP
		SELECT (pgtoken.refresh_grant(victim.refresh_token, 'app')).* INTO victim;
	END LOOP;
	seen := (pgtoken.refresh_grant(stolen, 'app')).error = 'invalid_grant' AND pgtoken.verify_access_token(victim.access_token) IS NULL;
	RETURN format('verified %s of 20, retried %s of 10, refreshed %s of 10, reuse seen %s, revoked stays so %s', verified, retried, refreshed, seen,
				  (SELECT pgtoken.verify_access_token(t.access_token) IS NULL FROM test.thrown_away t));
END
$$;
CREATE FUNCTION test.hold(of_n integer, new_access_token text, new_refresh_token text) RETURNS boolean LANGUAGE sql AS
$$
	UPDATE test.held h SET access_token = new_access_token, before = h.refresh_token, refresh_token = new_refresh_token WHERE h.n = of_n RETURNING true
$$;
