-- Tables that PostgREST serves, and who may see which rows: run after setup.sql and
-- clients.sql of the folder above, in the same database and by a superuser.
--
--   psql -X -q -f examples/postgrest-app/setup.sql
--
-- PostgREST verifies a token's signature, pgtoken_http.pre_request that it holds now and is
-- for this API; what is left to the policies is whose rows these are, and what the token was
-- given for.
\set ON_ERROR_STOP on
\set QUIET on

CREATE SCHEMA board;
GRANT USAGE ON SCHEMA board TO web_anon, api_user;

CREATE TABLE board.tasks (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	subject text NOT NULL DEFAULT pgtoken.subject(),
	title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
	done boolean NOT NULL DEFAULT false
);
CREATE INDEX ON board.tasks (subject);
ALTER TABLE board.tasks ENABLE ROW LEVEL SECURITY;

-- each in a subquery, which is run once for a statement and not once for a row
CREATE POLICY read ON board.tasks FOR SELECT TO api_user
	USING (subject = (SELECT pgtoken.subject()) AND (SELECT pgtoken.has_scope('notes:read')));
CREATE POLICY add ON board.tasks FOR INSERT TO api_user
	WITH CHECK (subject = (SELECT pgtoken.subject()) AND (SELECT pgtoken.has_scope('notes:write')));
CREATE POLICY change ON board.tasks FOR UPDATE TO api_user
	USING (subject = (SELECT pgtoken.subject()) AND (SELECT pgtoken.has_scope('notes:write')));

-- whose task it is cannot be said from outside
GRANT SELECT, INSERT (title), UPDATE (title, done) ON board.tasks TO api_user;

INSERT INTO board.tasks (subject, title) VALUES ('user-1', 'water the plants'), ('user-2', 'a task of somebody else''s');
