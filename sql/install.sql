-- CREATE EXTENSION, what it leaves in the catalogs, and the furniture that the
-- other tests use: an issuer, its key, three APIs, three clients, and the schema
-- "test" with helpers.  Nothing here or there prints a token, a key or a secret.
\set SHOW_CONTEXT never
CREATE EXTENSION pgtoken;

-- The object list, so that nothing comes or goes unnoticed.  From PostgreSQL 17 on
-- the row types of tables and all array types are among the members, too: they
-- come with their tables and types.
CREATE TEMP VIEW member AS
SELECT classid, objid, pg_describe_object(classid, objid, 0) AS object
FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pgtoken')
  AND (classid <> 'pg_type'::regclass
	   OR EXISTS (SELECT FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
				  WHERE t.oid = objid AND t.typelem = 0 AND coalesce(c.relkind, 'c') = 'c'));
SELECT object FROM member ORDER BY object COLLATE "C";

-- Every object has a comment.
SELECT object AS without_comment FROM member
WHERE coalesce(obj_description(objid, (SELECT relname FROM pg_class WHERE oid = classid)), '') = ''
ORDER BY object COLLATE "C";

-- Where a comment tells a list, it tells all of it.
SELECT l.told_by, c AS not_told
FROM (VALUES ('alg', 'create_signing_key'), ('factor type', 'enroll_factor'), ('factor type', 'complete_challenge')) l (list, told_by)
JOIN pg_proc p ON p.proname = l.told_by AND p.pronamespace = 'pgtoken'::regnamespace, unnest(pgtoken.choices(l.list)) c
WHERE obj_description(p.oid) !~ ('\m' || c || '\M')
ORDER BY 1, 2;

-- A refresh must stay a HOT update: of a family, only what never changes is
-- indexed, in the key or in a predicate.
SELECT DISTINCT a.attname AS indexed
FROM pg_index i
JOIN pg_attribute a ON a.attrelid = i.indrelid
WHERE i.indrelid = 'pgtoken.grants'::regclass
  AND (a.attnum = ANY (i.indkey)
	   OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
				  AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))
ORDER BY 1;

-- Attack shut out: any role of the database calls a function or reads a table
-- of ours, because PostgreSQL grants EXECUTE and USAGE to everybody by default.
-- NULL privileges mean the built-in default, which acldefault spells out.
SELECT m.object AS open_to_public, a.privilege_type
FROM member m
JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid,
	aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
WHERE a.grantee = 0
UNION ALL
SELECT m.object, a.privilege_type
FROM member m
JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid,
	aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
WHERE a.grantee = 0
UNION ALL
SELECT m.object, a.privilege_type
FROM member m
JOIN pg_type t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid,
	aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) a
WHERE a.grantee = 0
UNION ALL
SELECT m.object, a.privilege_type
FROM member m
JOIN pg_namespace n ON m.classid = 'pg_namespace'::regclass AND n.oid = m.objid,
	aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
WHERE a.grantee = 0
UNION ALL
SELECT format('%s.%s', c.relname, t.attname), a.privilege_type
FROM member m
JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
JOIN pg_attribute t ON t.attrelid = c.oid AND t.attacl IS NOT NULL,
	aclexplode(t.attacl) a
WHERE a.grantee = 0
ORDER BY 1, 2;

-- Attack shut out: a caller puts an operator or function of his own into a
-- schema of his search_path and has a SECURITY DEFINER function run it.
SELECT p.oid::regprocedure AS without_search_path
FROM member m
JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
WHERE p.prosecdef AND NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false)
ORDER BY 1;
-- how many were looked at, so that the two lists above are not empty for want of members
SELECT count(*) > 40 AS functions, count(*) FILTER (WHERE p.prosecdef) > 20 AS security_definers
FROM member m
JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid;
DROP VIEW member;

-- Neither is a part of one without a comment: columns of tables, views and types
-- (a partition has those of its parent), indexes, triggers, policies.
CREATE TEMP VIEW part (classid, objid, objsubid) AS
SELECT 'pg_class'::regclass, a.attrelid, a.attnum::integer
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND NOT c.relispartition
UNION ALL
SELECT 'pg_class'::regclass, c.oid, 0
FROM pg_class c
WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('i', 'I')
UNION ALL
SELECT 'pg_trigger'::regclass, t.oid, 0
FROM pg_class c
JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgparentid = 0
WHERE c.relnamespace = 'pgtoken'::regnamespace
UNION ALL
SELECT 'pg_policy'::regclass, p.oid, 0
FROM pg_class c
JOIN pg_policy p ON p.polrelid = c.oid
WHERE c.relnamespace = 'pgtoken'::regnamespace;
SELECT pg_describe_object(p.classid, p.objid, p.objsubid) AS part_without_comment
FROM part p
LEFT JOIN pg_description d ON d.classoid = p.classid AND d.objoid = p.objid AND d.objsubid = p.objsubid
WHERE coalesce(d.description, '') = ''
ORDER BY pg_describe_object(p.classid, p.objid, p.objsubid) COLLATE "C";
-- again, so that the list is not empty for want of parts
SELECT count(*) FILTER (WHERE objsubid > 0) > 100 AS columns,
	   count(*) FILTER (WHERE classid = 'pg_class'::regclass AND objsubid = 0) > 10 AS indexes,
	   count(*) FILTER (WHERE classid = 'pg_trigger'::regclass) > 20 AS triggers,
	   count(*) FILTER (WHERE classid = 'pg_policy'::regclass) > 5 AS policies
FROM part;
DROP VIEW part;

-- The row that the four functions answer with is a contract.
SELECT attname, format_type(atttypid, atttypmod)
FROM pg_attribute
WHERE attrelid = 'pgtoken.token_response'::regclass AND attnum > 0
ORDER BY attnum;

-- The library is the one this script belongs to.
SELECT extversion = pgtoken.library_version() AS same_version FROM pg_extension WHERE extname = 'pgtoken';

-- Roles are made once for the cluster, may not log in, and form the ladder that
-- docs/roles.md describes.
SELECT rolname, rolcanlogin, rolsuper,
	   (SELECT array_agg(m.rolname ORDER BY m.rolname)
		FROM pg_auth_members am JOIN pg_roles m ON m.oid = am.roleid
		WHERE am.member = r.oid) AS member_of
FROM pg_roles r
WHERE rolname LIKE 'pgtoken\_%'
ORDER BY rolname;

-- Before there is an issuer or a key: a clear answer, no crash.
SELECT pgtoken.issue_tokens('nobody', 'alice');
SELECT pgtoken.create_signing_key();
SELECT pgtoken.create_client('early');
SELECT pgtoken.create_resource('https://early.example');
SELECT pgtoken.jwks();
SELECT pgtoken.verify_access_token('x') IS NULL AS refused, pgtoken.introspect('x');

-- The furniture.
SELECT pgtoken.create_issuer('https://id.example');
SELECT (pgtoken.create_client('early')).client_id;
SELECT pgtoken.issue_tokens('early', 'alice');
SELECT length(pgtoken.create_signing_key()) AS kid_length;
SELECT pgtoken.create_resource('https://orders.example', '{orders.read,orders.write,shared}');
SELECT pgtoken.create_resource('https://mail.example', '{mail.read,shared}');
SELECT pgtoken.create_resource('https://any.example');

-- test: what the other files lean on.  Superuser only, like the tests.
CREATE SCHEMA test;

-- The secrets of the clients the tests make; a statement then shows none.
CREATE TABLE test.clients (client_id text PRIMARY KEY, client_secret text);
CREATE FUNCTION test.secret(client text) RETURNS text LANGUAGE sql STABLE
	RETURN (SELECT c.client_secret FROM test.clients c WHERE c.client_id = client);

-- base64url without padding (RFC 7515 section 2), both ways.
CREATE FUNCTION test.b64url(raw bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT
	RETURN translate(encode(raw, 'base64'), E'+/=\n', '-_');
CREATE FUNCTION test.number(bytes bytea) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	n numeric := 0;
BEGIN
	FOR i IN 0 .. length(bytes) - 1 LOOP
		n := n * 256 + get_byte(bytes, i);
	END LOOP;
	RETURN n;
END
$$;
CREATE FUNCTION test.unb64url(encoded text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT
	RETURN decode(translate(encoded, '-_', '+/') || repeat('=', (4 - length(encoded) % 4) % 4), 'base64');

CREATE FUNCTION test.header(token text) RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT
	RETURN convert_from(test.unb64url(split_part(token, '.', 1)), 'UTF8')::jsonb;
CREATE FUNCTION test.claims(token text) RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT
	RETURN convert_from(test.unb64url(split_part(token, '.', 2)), 'UTF8')::jsonb;

-- HMAC-SHA-256 (RFC 2104) of what an attacker, or the holder of an HS256 key, signs.
CREATE FUNCTION test.hmac(key bytea, message bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
	block bytea := CASE WHEN length(key) > 64 THEN sha256(key) ELSE key END;
	inner_pad bytea := decode(repeat('36', 64), 'hex');
	outer_pad bytea := decode(repeat('5c', 64), 'hex');
BEGIN
	FOR i IN 0 .. length(block) - 1 LOOP
		inner_pad := set_byte(inner_pad, i, get_byte(block, i) # 54);
		outer_pad := set_byte(outer_pad, i, get_byte(block, i) # 92);
	END LOOP;
	RETURN sha256(outer_pad || sha256(inner_pad || message));
END
$$;
-- RFC 4231 test case 2
SELECT encode(test.hmac('Jefe', 'what do ya want for nothing?'), 'hex')
	   = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843' AS hmac_works;
CREATE FUNCTION test.jws(header text, claims text, key bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT
BEGIN ATOMIC
	SELECT s.input || '.' || test.b64url(test.hmac(key, convert_to(s.input, 'UTF8')))
	FROM (SELECT test.b64url(convert_to(header, 'UTF8')) || '.' || test.b64url(convert_to(claims, 'UTF8'))) s (input);
END;

-- What an answer holds, without showing it.
CREATE FUNCTION test.brief(r pgtoken.token_response) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN concat_ws(' ', r.decision, r.error,
					 CASE WHEN r.access_token IS NOT NULL THEN 'access' END,
					 CASE WHEN r.refresh_token IS NOT NULL THEN 'refresh' END,
					 CASE WHEN r.id_token IS NOT NULL THEN 'id' END,
					 '[' || r.scope || ']');

-- How a statement ends: "ok", or SQLSTATE and message.
CREATE FUNCTION test.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;

-- Let time pass for a family, without waiting for it; in seconds, because a day
-- may have 25 hours where the tests run.
CREATE FUNCTION test.age(id uuid, by interval) RETURNS void LANGUAGE sql
BEGIN ATOMIC
	UPDATE pgtoken.grants
	SET created_at = created_at - make_interval(secs => extract(epoch FROM by)::float8),
		rotated_at = rotated_at - make_interval(secs => extract(epoch FROM by)::float8),
		expires_at = expires_at - make_interval(secs => extract(epoch FROM by)::float8)
	WHERE grant_id = id;
END;

-- Row counts of everything a call could write; equal before and after: it wrote nothing.
CREATE FUNCTION test.written() RETURNS text LANGUAGE sql VOLATILE
BEGIN ATOMIC
	SELECT concat_ws(' ',
		(SELECT count(*) FROM pgtoken.grants), (SELECT count(*) FROM pgtoken.tokens),
		(SELECT count(*) FROM pgtoken.blacklist), (SELECT count(*) FROM pgtoken.audit_events),
		(SELECT sum(hashtext(g::text)::bigint) FROM pgtoken.grants g));
END;

-- A refresh token of the same family as another, with a generation and a secret
-- of one's choice: what anybody can build who has seen a grant_id.
CREATE FUNCTION test.forge(token text, generation integer, secret bytea DEFAULT sha256('guess')) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN 'pgtrt_' || test.b64url(substr(test.unb64url(substr(token, 7)), 1, 17) || int4send(generation) || secret);

-- A family as it is now, for a statement that has just made it.
CREATE FUNCTION test.family_of(id uuid) RETURNS SETOF pgtoken.grants LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN QUERY SELECT * FROM pgtoken.grants g WHERE g.grant_id = id;
END
$$;

-- The audit trail of a family: each event with its reason and how often.
CREATE FUNCTION test.events(id uuid) RETURNS TABLE (event text, reason text, n bigint) LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT e.event, e.reason, count(*) FROM pgtoken.audit_events e
	WHERE e.grant_id = id GROUP BY e.event, e.reason ORDER BY e.event COLLATE "C", e.reason COLLATE "C";
END;

-- One HTTP request as a layer makes it that stands behind a proxy; of a GET the form is the query.
CREATE TYPE test.answer AS (status integer, body jsonb, headers jsonb);
CREATE FUNCTION test.request(method text, path text, form text DEFAULT '', headers jsonb DEFAULT '{}', peer jsonb DEFAULT '{"proxied": true}') RETURNS test.answer LANGUAGE sql
BEGIN ATOMIC
	SELECT h.status,
		   CASE WHEN convert_from(h.body, 'UTF8') ~ '^\s*[{\[]' THEN convert_from(h.body, 'UTF8')::jsonb WHEN h.body <> '' THEN to_jsonb(convert_from(h.body, 'UTF8')) END,
		   (SELECT jsonb_object_agg(lower(h.headers[i]), h.headers[i + 1]) FROM generate_series(1, cardinality(h.headers), 2) i)
	FROM pgtoken_http.handle(method, CASE WHEN method <> 'POST' AND form <> '' THEN path || '?' || form ELSE path END,
		ARRAY(SELECT v.part FROM jsonb_each_text(request.headers) x, LATERAL (VALUES (x.key), (x.value)) v (part)), CASE method WHEN 'POST' THEN convert_to(form, 'UTF8') END, peer) h;
END;
CREATE FUNCTION test.http(endpoint text, form text DEFAULT '', headers jsonb DEFAULT '{}', method text DEFAULT 'POST') RETURNS test.answer LANGUAGE sql
	RETURN test.request(method, '/oauth2/' || CASE endpoint WHEN 'end_session' THEN 'logout' ELSE endpoint END, form, headers);
-- what the service says of itself
CREATE FUNCTION test.metadata() RETURNS json LANGUAGE sql
	RETURN (SELECT convert_from(h.body, 'UTF8')::json FROM pgtoken_http.handle('GET', '/.well-known/openid-configuration', '{}', NULL) h);

-- The courier, as the program plays it: it is there from now on, however slow the tests
-- are; and it fetches what is wanted from a URL, and leaves the rest.
CREATE FUNCTION test.courier(does text[] DEFAULT '{document,logout,code}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pgtoken.courier_hello('test', does);
	UPDATE pgtoken.couriers SET seen_at = 'infinity' WHERE courier = 'test';
END
$$;
CREATE FUNCTION test.answered(of_url text, result jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	work record;
	outcome text;
BEGIN
	FOR work IN SELECT * FROM pgtoken.courier_take('test', '{document}', 100) LOOP
		IF work.request ->> 'url' = of_url THEN
			outcome := concat_ws(' ', outcome, pgtoken.courier_done(work.work_id, work.attempt, result));
		ELSE
			UPDATE pgtoken.courier_work w SET courier = NULL, attempts = w.attempts - 1, due_at = now() WHERE w.work_id = work.work_id;
		END IF;
	END LOOP;
	-- as if it had come in an hour, so that it is new for however long the test takes
	UPDATE pgtoken.documents d SET fetched_at = d.fetched_at + interval '1 hour', fresh_until = d.fresh_until + interval '1 hour' WHERE d.url = of_url AND d.fetched_at = now();
	RETURN coalesce(outcome, 'nobody wants it');
END
$$;
CREATE FUNCTION test.fetched(of_url text, body text, max_age integer DEFAULT NULL) RETURNS text LANGUAGE sql
	RETURN test.answered(of_url, jsonb_build_object('status', 200, 'content_type', 'application/json', 'body', body, 'max_age', max_age));

-- Status, and error or the names of the members, without a value.
CREATE FUNCTION test.brief(a test.answer) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN concat_ws(' ', a.status, coalesce(a.body ->> 'error',
		CASE WHEN jsonb_typeof(a.body) = 'object'
			 THEN (SELECT string_agg(k, ',' ORDER BY k COLLATE "C") FROM jsonb_object_keys(a.body) k) END));

-- A form or query string of name, value, name, value ...; NULL leaves out.
CREATE FUNCTION test.encode(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
	RETURN (SELECT coalesce(string_agg(CASE WHEN c ~ '[A-Za-z0-9._~-]' AND octet_length(c) = 1 THEN c
			ELSE regexp_replace(upper(encode(convert_to(c, 'UTF8'), 'hex')), '(..)', '%\1', 'g') END, '' ORDER BY i), '')
			FROM regexp_split_to_table(value, '') WITH ORDINALITY x (c, i));
CREATE FUNCTION test.form(VARIADIC pairs text[]) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN (SELECT string_agg(test.encode(pairs[i]) || '=' || test.encode(pairs[i + 1]), '&' ORDER BY i)
			FROM generate_series(1, cardinality(pairs), 2) i WHERE pairs[i + 1] IS NOT NULL);
-- A parameter of the query of a URL, decoded.
CREATE FUNCTION test.query(url text, name text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
	raw text := substring(url FROM '[?&]' || name || '=([^&#]*)');
	out bytea := '';
BEGIN
	WHILE raw <> '' LOOP
		IF left(raw, 1) = '%' THEN
			out := out || decode(substr(raw, 2, 2), 'hex');
			raw := substr(raw, 4);
		ELSE
			out := out || convert_to(left(raw, 1), 'UTF8');
			raw := substr(raw, 2);
		END IF;
	END LOOP;
	RETURN CASE WHEN raw IS NOT NULL THEN convert_from(out, 'UTF8') END;
END
$$;
CREATE FUNCTION test.basic(client text) RETURNS jsonb LANGUAGE sql STABLE
	RETURN jsonb_build_object('authorization', 'Basic ' || translate(encode(convert_to(test.encode(client) || ':' || test.secret(client), 'UTF8'), 'base64'), E'\n', ''));

-- web: confidential; app: public; plain: may not have refresh tokens.
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('web', offline_access => true,
	scopes => '{openid,profile,email,orders.read,orders.write,mail.read,shared}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('app', 'public', offline_access => true,
	scopes => '{openid,profile,orders.read}', redirect_uris => '{com.example.app:/done}');
INSERT INTO test.clients SELECT * FROM pgtoken.create_client('plain', scopes => '{openid,orders.read}');
SELECT client_id, client_secret ~ '^pgtcs_[A-Za-z0-9_-]{43}$' AS has_secret FROM test.clients ORDER BY client_id;
