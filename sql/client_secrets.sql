-- Which secrets of a client are in use, and what was issued for whom by them: an
-- operator who has to take one back must know whom it stops and what it has brought
-- forth.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('vault', scopes => '{openid,shared}', offline_access => true, resources => '{https://any.example}',
	metadata => '{"grant_types": ["client_credentials"]}');
CREATE VIEW test.vault_secrets AS
	SELECT s.secret_id, s.last_used_at, s.xmin::text AS written_by, s.ctid::text AS place FROM pgtoken.client_secrets s WHERE s.client_id = 'vault';
SELECT last_used_at IS NULL AS never_used FROM test.vault_secrets;

-- at an endpoint, by Basic and in the form, and in SQL; what is issued names the secret
SELECT test.brief(test.http('token', 'grant_type=client_credentials&scope=shared', test.basic('vault'))) AS basic;
SELECT last_used_at BETWEEN now() - interval '12 hours' AND now() + interval '12 hours' AS used FROM test.vault_secrets;
SELECT access_token AS at, refresh_token AS rt, grant_id AS gid FROM pgtoken.issue_tokens('vault', 'alice', 'shared offline_access') \gset
SELECT decision, refresh_token AS rt FROM pgtoken.refresh_grant(:'rt', 'vault', (SELECT client_secret FROM test.clients WHERE client_id = 'vault')) \gset
SELECT l.generation, l.client_secret_id = s.secret_id AS by_secret FROM pgtoken.lineage(:'gid'::uuid) l, test.vault_secrets s ORDER BY l.generation;
SELECT count(*) AS issued_by_it FROM pgtoken.tokens t JOIN test.vault_secrets s ON s.secret_id = t.client_secret_id;
-- Attack shut out: a wrong secret is told as one in use.
UPDATE pgtoken.client_secrets SET last_used_at = last_used_at - interval '1 day' WHERE client_id = 'vault';
SELECT error FROM pgtoken.refresh_grant(:'rt', 'vault', 'wrong');
SELECT test.brief(test.http('token', 'grant_type=client_credentials&scope=shared&client_id=vault&client_secret=wrong')) AS wrong;
SELECT last_used_at < now() - interval '23 hours' AS of_yesterday FROM test.vault_secrets;

-- The next hour is noted by a session that has not noted this one. It costs no event,
-- empties no cache, and within the hour no write.
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT count(*) AS changes FROM pgtoken.audit_events WHERE event LIKE 'client_secret%' AND client_id = 'vault' \gset
SELECT test.brief(test.http('introspect', test.form('token', :'at'), test.basic('vault'))) AS introspected;
SELECT last_used_at > now() - interval '12 hours' AS used, written_by, place FROM test.vault_secrets \gset
SELECT :'used' AS used;
SELECT test.brief(test.http('introspect', test.form('token', :'at'), test.basic('vault'))) AS introspected;
SELECT written_by = :'written_by' AND place = :'place' AS not_again FROM test.vault_secrets;
SELECT count(*) = :changes AS unaudited FROM pgtoken.audit_events WHERE event LIKE 'client_secret%' AND client_id = 'vault';
-- where nothing can be written, the secret is as good
UPDATE pgtoken.client_secrets SET last_used_at = NULL WHERE client_id = 'vault';
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
BEGIN READ ONLY;
SELECT test.brief(test.http('introspect', test.form('token', :'at'), test.basic('vault'))) AS read_only;
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT test.brief(test.http('introspect', test.form('token', :'at'), test.basic('vault'))) AS with_a_snapshot;
COMMIT;
SELECT last_used_at IS NULL AS not_noted FROM test.vault_secrets;
DROP VIEW test.vault_secrets;

-- Secrets of another server, by the hashes that it has stored: bcrypt (made by Python's
-- bcrypt), PBKDF2 (hashlib, in Hydra's form; passlib; Django), Argon2 (argon2-cffi).
-- random is one that a machine has drawn, words are a person's.
\set random Zk3q9TtLw0cXr7HvB2nY5sDe8JmUa1Gp
\set words 'correct horse battery staple'
\set bcrypt_random '$2b$04$39tnvVVQVMJrFGr59.c0j.xJdpSK/mPPbki0tT8uiQTU3fGP8pV.i'
\set bcrypt_words '$2a$04$THhQVMj4aHZA5JZKljBK.OXqeWGkfq2fWS1fNL5PrFqTZNKAVWGAK'
\set hydra_random '$pbkdf2-sha256$i=25000,l=32$AAECAwQFBgcICQoLDA0ODw$ZI9i6nGi0qLERz1H4dAiLS4HoTRhFyspmQQSfeqbqd8'
\set passlib_words '$pbkdf2-sha512$1000$ZyylFOK8NwYA4BwDgHBuzQ$SqzpNPv.loXMzfTkMNIICzunHrKK3G6k2IIyYut/j5GvLH0ZnmktQUzDLHkxlmG.Ast3wmbIvFAx4./8sES1kw'
\set django_words 'pbkdf2_sha256$1000$Xw3tqPzL0aJk7RbN5cVyDe$5928dhEPtj1Fb3M9RlyuFwfjoAimx63L7Yb20/KwRyk='
\set argon2_random '$argon2id$v=19$m=64,t=1,p=1$SacEVOPW5K8ZQH+qa1EghQ$R5tQMFy6ocFGNONCcHaD9PxpebO2LtmIwr5pMqk9bow'
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('moved', scopes => '{openid,shared}', offline_access => true, resources => '{https://any.example}',
	metadata => '{"grant_types": ["client_credentials"]}');
CREATE VIEW test.moved_secrets AS
	SELECT s.label, s.hash_scheme, octet_length(s.secret_hash) = 32 AS short, s.last_used_at IS NOT NULL AS used, s.revoked_at IS NOT NULL AS revoked
	FROM pgtoken.client_secrets s WHERE s.client_id = 'moved' AND s.label IS NOT NULL ORDER BY s.label;
CREATE FUNCTION test.proves(secret text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	rt CONSTANT text := (SELECT i.refresh_token FROM pgtoken.issue_tokens('moved', 'alice', 'shared offline_access') i);
BEGIN
	RETURN (SELECT coalesce(r.error, r.decision) FROM pgtoken.refresh_grant(rt, 'moved', secret) r);
END
$$;
CREATE FUNCTION test.no_hash(hash text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text;
	hint text;
BEGIN
	PERFORM pgtoken.import_client_secret('moved', hash);
	RETURN 'imported';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ' ' || SQLERRM || CASE WHEN hint = '' THEN '' ELSE ' (hint)' END;
END
$$;

-- One that looks random is rehashed at its first use; who else has cached the client sees it.
SELECT test.proves(:'random') AS not_yet;
SELECT pgtoken.import_client_secret('moved', :'bcrypt_random', label => '1 bcrypt') AS secret_id \gset
SELECT * FROM test.moved_secrets;
-- Attack shut out: the hash itself, a part of the secret, or more than it.
SELECT test.proves(:'bcrypt_random') AS the_hash, test.proves(left(:'random', 31)) AS part, test.proves(:'random' || 'x') AS more,
	   test.proves(repeat('x', 100000)) AS long;
SELECT * FROM test.moved_secrets;
SELECT test.proves(:'random') AS right;
SELECT * FROM test.moved_secrets;
SELECT test.proves(:'random') AS again, test.proves(:'bcrypt_random') AS the_hash;
SELECT test.brief(test.http('token', format('grant_type=client_credentials&scope=shared&client_id=moved&client_secret=%s', :'random'))) AS at_the_endpoint;
SELECT event, detail #>> '{before,hash_scheme}' AS before, detail #>> '{after,hash_scheme}' AS after, detail::text LIKE '%"secret_hash"%' AS hash
FROM pgtoken.audit_events WHERE event LIKE 'client_secret%' AND client_id = 'moved' AND detail::text LIKE '%1 bcrypt%' ORDER BY event_id;
-- what is issued names it, and it can be taken back like any other
SELECT count(*) > 0 AS named FROM pgtoken.tokens t WHERE t.client_secret_id = :'secret_id';
SELECT pgtoken.revoke_client_secret('moved', :'secret_id');
SELECT test.proves(:'random') AS revoked, test.proves((SELECT client_secret FROM test.clients WHERE client_id = 'moved')) AS own_one;

-- Attack shut out: a copy of the table has the SHA-256 of what a person has thought up.
SELECT pgtoken.import_client_secret('moved', :'bcrypt_words', label => '2 words') AS secret_id \gset
SELECT test.proves(:'words') AS right, test.proves(:'words') AS again, test.proves('Correct horse battery staple') AS wrong;
SELECT * FROM test.moved_secrets;
SELECT pgtoken.revoke_client_secret('moved', :'secret_id');
SELECT test.proves(:'words') AS revoked;

-- where nothing can be written the secret is as good, and is rehashed the next time
SELECT pgtoken.import_client_secret('moved', :'hydra_random', label => '3 hydra') IS NOT NULL AS imported;
BEGIN READ ONLY;
SELECT test.brief(test.http('introspect', test.form('token', :'at', 'client_id', 'moved', 'client_secret', :'random'))) AS read_only;
COMMIT;
SELECT hash_scheme FROM test.moved_secrets WHERE label = '3 hydra';
BEGIN;
SELECT test.proves(:'random') AS rolled_back;
ROLLBACK;
SELECT hash_scheme FROM test.moved_secrets WHERE label = '3 hydra';
SELECT test.proves(:'random') AS committed;
SELECT hash_scheme FROM test.moved_secrets WHERE label = '3 hydra';

-- the other forms; an end that has passed
SELECT pgtoken.import_client_secret('moved', :'passlib_words', label => '4 passlib') AS secret_id \gset
SELECT test.proves(:'words') AS passlib, pgtoken.revoke_client_secret('moved', :'secret_id');
SELECT pgtoken.import_client_secret('moved', :'django_words', now() + interval '1 hour', '5 django') AS secret_id \gset
SELECT test.proves(:'words') AS django;
UPDATE pgtoken.client_secrets SET expires_at = now() - interval '1 second' WHERE secret_id = :'secret_id';
SELECT test.proves(:'words') AS expired;
-- Argon2 where OpenSSL has it (3.2), and otherwise an answer that says so
SELECT test.no_hash(:'argon2_random') AS argon2 \gset
UPDATE pgtoken.client_secrets SET revoked_at = now() WHERE client_id = 'moved' AND label = '3 hydra';
SELECT CASE :'argon2' WHEN 'imported' THEN test.proves(:'random') = 'allow' AND test.proves('wrong') = 'invalid_client'
	ELSE :'argon2' = '0A000 argon2id cannot be verified on this server (hint)' END AS argon2;

-- what cannot be imported
SELECT test.no_hash(NULL) AS missing, test.no_hash('') AS empty;
SELECT test.no_hash(:'words') AS plain;
SELECT test.no_hash(encode(sha256('x'), 'hex')) AS sha256;
SELECT test.no_hash('$scrypt$ln=16,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$ZI9i6nGi0qLERz1H4dAiLS4HoTRhFyspmQQSfeqbqd8') AS scrypt;
SELECT test.no_hash('$2x' || substr(:'bcrypt_random', 4)) AS bcrypt_with_the_bug;
SELECT test.no_hash(left(:'bcrypt_random', 59)) AS cut;
SELECT test.no_hash(:'django_words' || '=') AS padded;
-- Attack shut out: who has no secret at all has the server compute for seconds.
SELECT test.no_hash(replace(:'bcrypt_random', '$04$', '$14$')) AS cost;
SELECT test.no_hash(replace(:'hydra_random', '=25000', '=1500001')) AS iterations;
SELECT test.no_hash('$argon2id$v=19$m=1048576,t=1,p=1$SacEVOPW5K8ZQH+qa1EghQ$R5tQMFy6ocFGNONCcHaD9PxpebO2LtmIwr5pMqk9bow') AS memory;
SELECT pgtoken.import_client_secret('moved', replace(:'bcrypt_random', '$04$', '$31$'));
SELECT pgtoken.import_client_secret('moved', '$5$salt$hash');
UPDATE pgtoken.client_secrets SET revoked_at = now() WHERE client_id = 'moved' AND hash_scheme <> 'sha256' AND revoked_at IS NULL;
SELECT test.no_hash(:'bcrypt_words') AS first, test.no_hash(:'passlib_words') AS second, test.no_hash(:'django_words') AS third;
SELECT test.outcome(format($$SELECT pgtoken.import_client_secret('moved', %L, now() - interval '1 day')$$, :'bcrypt_words')) AS past;
SELECT test.outcome(format($$SELECT pgtoken.import_client_secret('moved', %L, label => repeat('x', 256))$$, :'bcrypt_words')) AS long_label;
SELECT test.outcome(format($$SELECT pgtoken.import_client_secret('nobody', %L)$$, :'bcrypt_words')) AS nobody;

-- client_secret_jwt needs the secret itself, which a hash is not
SELECT pgtoken.update_client('moved', metadata => '{"token_endpoint_auth_method": "client_secret_jwt"}');
UPDATE pgtoken.client_secrets SET revoked_at = now() WHERE client_id = 'moved';
SELECT pgtoken.import_client_secret('moved', :'bcrypt_words');
DROP VIEW test.moved_secrets;
DROP FUNCTION test.proves(text), test.no_hash(text);
