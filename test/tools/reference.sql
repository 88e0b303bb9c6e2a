-- The pages of docs/reference, from the catalogue of a database in which nothing is
-- installed yet but what an installation of PostgreSQL has.  test/tools/reference runs it.
--
-- Nothing here may depend on the version of the server, on an OID or on the time.
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE EXTENSION pgtoken;
CREATE EXTENSION pgtoken_import;
SET search_path = pg_catalog, pg_temp;

-- "NAME CONCEPT" and "NAME ANCHOR", a pair a line
CREATE TEMPORARY VIEW concepts AS
	SELECT split_part(l, ' ', 1) AS name, substr(l, strpos(l, ' ') + 1) AS concept
	FROM regexp_split_to_table(:'concepts', E'\n') l;
CREATE TEMPORARY VIEW sections AS
	SELECT split_part(l, ' ', 1) AS name, split_part(l, ' ', 2) AS anchor FROM regexp_split_to_table(:'sections', E'\n') l;

-- --- writing Markdown --------------------------------------------------------

-- text in which nothing is markup
CREATE FUNCTION pg_temp.md(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT regexp_replace(replace(replace($1, '&', '&amp;'), '<', '&lt;'),
						  '([\\*`$~|\[\]]|(?<!\w)_|_(?!\w))', '\\\1', 'g')
$$;

-- the same for a cell of a table
CREATE FUNCTION pg_temp.cell(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT replace(regexp_replace(coalesce(pg_temp.md($1), ''), ' +', ' ', 'g'), E'\n', '<br>')
$$;

CREATE FUNCTION pg_temp.code(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN $1 <> '' THEN '`' || replace($1, '|', '\|') || '`' ELSE '' END
$$;

CREATE FUNCTION pg_temp.anchor(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT '#' || regexp_replace(lower($1), '[^\w -]', '', 'g')
$$;

-- a COMMENT's first clause: what it is about, in a line
CREATE FUNCTION pg_temp.in_short(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT substring($1 FROM '^(?:[^().:;?\n]|\([^)]*\)|[().:;?](?!\s|$))*')
$$;

-- A COMMENT in paragraphs: those that it has, what is returned and raised, and the
-- arguments as a list, "name: ..." or "name, name: ..." at the beginning of a sentence.
CREATE FUNCTION pg_temp.paragraphs(comment text, names text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	name CONSTANT text := '(?:' || array_to_string(names, '|') || ')(?: => \w+| \([^)]*\))?';
BEGIN
	comment := regexp_replace(pg_temp.md(comment), '(?<=[.)]) (?=(?:Returns|Raises|Answers) )', E'\n', 'g');
	IF names <> '{}' THEN
		comment := regexp_replace(comment, '(?:(?<=[.?]) |^|(?<=\n))(' || name || '(?:, ' || name || ')*): ', E'\n- `\\1`: ', 'g');
	END IF;
	-- lines of a list stand together, all others apart
	comment := regexp_replace(comment, '\n+', E'\n\n', 'g');
	RETURN trim(E'\n' FROM regexp_replace(comment, '(\n- [^\n]*)\n(?=\n- )', '\1', 'g'));
END
$$;

-- type names as people write them
CREATE FUNCTION pg_temp.type_name(oid) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT replace(replace(format_type($1, NULL), 'timestamp with time zone', 'timestamptz'), 'character varying', 'varchar')
$$;

CREATE FUNCTION pg_temp.value_text(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT regexp_replace($1, '::(timestamp with time zone|character varying|[a-z]+)(\[\])?$', '')
$$;

CREATE FUNCTION pg_temp.roles(acl aclitem[], privilege text) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT string_agg('`' || a.grantee::regrole || '`', ', ' ORDER BY a.grantee::regrole::text COLLATE "C")
	FROM aclexplode(acl) a WHERE a.privilege_type = privilege AND a.grantee::regrole::text ~ '^pgtoken_'
$$;

-- --- what there is -----------------------------------------------------------

CREATE TEMPORARY VIEW functions AS
	SELECT p.oid, p.proname AS name, CASE n.nspname WHEN 'pgtoken' THEN '' ELSE n.nspname || '.' END || p.proname AS title,
		   n.nspname || '.' || p.proname AS full_name, c.concept, d.description AS comment, d.description ~ '^Internal\M' AS internal,
		   p.prorettype, p.provolatile, p.proisstrict, p.prokind, p.proretset,
		   pg_temp.roles(p.proacl, 'EXECUTE') AS roles,
		   coalesce(p.proargnames, '{}') AS names, coalesce(p.proallargtypes, p.proargtypes::oid[]) AS types,
		   coalesce(p.proargmodes::text[], array_fill('i'::text, ARRAY[cardinality(p.proargtypes::oid[])])) AS modes
	FROM pg_proc p
	JOIN pg_namespace n ON n.oid = p.pronamespace
		LEFT JOIN pg_description d ON d.classoid = 'pg_proc'::regclass AND d.objoid = p.oid
	LEFT JOIN concepts c ON c.name = n.nspname || '.' || p.proname
	WHERE n.nspname IN ('pgtoken', 'pgtoken_http', 'pgtoken_import', 'pgtoken_postgrest');

-- arguments that are given; columns that come back
CREATE FUNCTION pg_temp.arguments(f functions, given text[]) RETURNS text[] LANGUAGE sql STABLE AS $$
	SELECT coalesce(array_agg(concat_ws(' ', CASE a.mode WHEN 'v' THEN 'VARIADIC' WHEN 'b' THEN 'INOUT' END, quote_ident(nullif(a.name, '')),
										pg_temp.type_name(a.type),
										'DEFAULT ' || pg_temp.value_text(pg_get_function_arg_default(f.oid, a.i::integer))) ORDER BY a.i), '{}')
	FROM ROWS FROM (unnest(f.types), unnest(f.modes), unnest(f.names)) WITH ORDINALITY a (type, mode, name, i)
	WHERE a.mode = ANY (given)
$$;

-- between parentheses, in a line where they fit
CREATE FUNCTION pg_temp.parenthesized(items text[], room integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN length(array_to_string(items, ', ')) <= room THEN '(' || array_to_string(items, ', ') || ')'
		   ELSE E'(\n    ' || array_to_string(items, E',\n    ') || E'\n)' END
$$;

CREATE FUNCTION pg_temp.signature(f functions) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT CASE f.prokind WHEN 'p' THEN 'CALL ' ELSE '' END || f.full_name
		|| pg_temp.parenthesized(pg_temp.arguments(f, '{i,b,v}'), 100 - length(f.full_name))
		|| CASE WHEN f.prokind = 'p' THEN ''
		   WHEN f.modes && '{t,o}' THEN E'\nRETURNS ' || CASE WHEN f.proretset THEN 'TABLE ' ELSE 'record ' END || pg_temp.parenthesized(pg_temp.arguments(f, '{t,o}'), 85)
		   ELSE E'\nRETURNS ' || CASE WHEN f.proretset THEN 'SETOF ' ELSE '' END || pg_temp.type_name(f.prorettype) END
$$;

-- tables and views without partitions, composite types
CREATE TEMPORARY VIEW relations AS
	SELECT c.oid, c.relname AS name, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'c' THEN 'type' ELSE 'table' END AS kind,
		   k.concept, d.description AS comment, c.relacl, t.typacl
	FROM pg_class c
	JOIN pg_type t ON t.oid = c.reltype
	LEFT JOIN pg_description d ON d.objsubid = 0
		AND (d.classoid, d.objoid) = CASE c.relkind WHEN 'c' THEN ('pg_type'::regclass::oid, t.oid) ELSE ('pg_class'::regclass::oid, c.oid) END
	LEFT JOIN concepts k ON k.name = 'pgtoken.' || c.relname
	WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'c') AND NOT c.relispartition;

CREATE TEMPORARY VIEW columns AS
	SELECT r.oid, r.kind, r.name || '.' || a.attname AS full_name, a.attnum, a.attname AS name, pg_temp.type_name(a.atttypid) AS type,
		   NOT a.attnotnull AND r.kind = 'table' AS can_be_null, pg_temp.value_text(pg_get_expr(d.adbin, d.adrelid)) AS default_value,
		   r.kind <> 'type' AND coalesce(pg_temp.roles(r.relacl, 'SELECT'), pg_temp.roles(a.attacl, 'SELECT')) IS NULL AS hidden,
		   pg_temp.roles(a.attacl, 'SELECT') AS roles,
		   col_description(r.oid, a.attnum) AS comment
	FROM relations r
	JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
	LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum;

CREATE FUNCTION pg_temp.column_name(c columns) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN c.hidden THEN '*' || pg_temp.md(c.name) || '*' ELSE pg_temp.code(c.name) END
$$;

-- of a partitioned table those that its partitions have
CREATE FUNCTION pg_temp.indexes_of(relation oid) RETURNS TABLE (name name, is_primary boolean, definition text, comment text) LANGUAGE sql STABLE AS $$
	SELECT c.relname, i.indisprimary, CASE WHEN i.indisunique THEN 'unique ' ELSE '' END || regexp_replace(pg_get_indexdef(c.oid), '^.* USING btree ', ''),
		   obj_description(c.oid, 'pg_class')
	FROM pg_index i
	JOIN pg_class c ON c.oid = i.indexrelid
	WHERE i.indrelid = coalesce((SELECT p.partdefid FROM pg_partitioned_table p WHERE p.partrelid = relation), relation)
$$;

CREATE TEMPORARY VIEW settings AS
	SELECT s.name, s.vartype AS type, current_setting(s.name) AS default_value, s.boot_val IS NOT DISTINCT FROM s.setting AS is_default, s.unit,
		   CASE WHEN s.enumvals IS NOT NULL THEN array_to_string(s.enumvals, ', ')
				WHEN s.max_val = '2147483647' THEN s.min_val || ' or more'
				ELSE s.min_val || ' to ' || s.max_val END || coalesce(' ' || s.unit, '') AS range,
		   CASE s.context WHEN 'superuser' THEN 'any time' WHEN 'sighup' THEN 'reload' WHEN 'postmaster' THEN 'restart' ELSE s.context END AS takes_effect,
		   nullif(s.short_desc, '') AS comment, s.extra_desc
	FROM pg_settings s WHERE s.name ~ '^pgtoken(_fastcgi)?\.';

-- --- what must not be so -----------------------------------------------------

CREATE TEMPORARY VIEW problems AS
	SELECT full_name || ' has no COMMENT' AS problem FROM functions WHERE comment IS NULL
	UNION ALL SELECT full_name || ' may be called by no role, and its COMMENT does not say Internal' FROM functions WHERE roles IS NULL AND NOT internal AND comment !~ 'The administrator grants it|Superusers alone may call it'
	-- those of the schema for HTTP have the parameters of their standards
	UNION ALL SELECT format('%s: its COMMENT has no "%s: ..."', full_name, a.name) FROM functions f, unnest(f.names, f.modes) a (name, mode)
		WHERE NOT internal AND full_name ~ '^pgtoken(_import)?\.' AND mode IN ('i', 'b', 'v')
		  AND pg_temp.paragraphs(comment, ARRAY(SELECT n FROM unnest(f.names) n WHERE n <> '')) !~ ('\n?- `[^`]*\m' || a.name || '\M[^`]*`: ')
	UNION ALL SELECT full_name || ' is in no fragment of sql/install or sql/import' FROM functions WHERE concept IS NULL AND NOT internal
	UNION ALL SELECT format('%s %s has no COMMENT', kind, name) FROM relations WHERE comment IS NULL
	UNION ALL SELECT format('%s %s is in no fragment of sql/install', kind, name) FROM relations WHERE concept IS NULL
	UNION ALL SELECT format('column %s has no COMMENT', full_name) FROM columns WHERE comment IS NULL
	UNION ALL SELECT format('index %s has no COMMENT', c.relname) FROM pg_class c
		WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('i', 'I') AND NOT c.relispartition AND obj_description(c.oid, 'pg_class') IS NULL
	UNION ALL SELECT name || ' has no description' FROM settings WHERE comment IS NULL
	UNION ALL SELECT name || ' is not at its default' FROM settings WHERE NOT is_default;

\set page :folder '/problems'
\o :page
SELECT problem FROM problems ORDER BY problem COLLATE "C";

-- --- the pages ---------------------------------------------------------------

\set made 'Made from the catalogue by `make reference`: it is not edited here, but where the object is made.'

\set page :folder '/functions.md'
\o :page
SELECT format($page$# Functions

%s

Each public function with its arguments, results, errors and the least roles that may call it; `pgtoken_admin` may call
all that `pgtoken_issuer` and `pgtoken_auditor` may. Functions without a schema are in `pgtoken`. Longer explanations
with examples are in [functions.md](../functions.md), of `pgtoken_import`, an extension of its own, in
[importing.md](../importing.md); SQLSTATEs in [errors.md](../errors.md#exceptions).

| concept | function | what it is for |
|---|---|---|$page$, :'made');
SELECT format('| %s | [`%s`](%s) | %s |', CASE WHEN lag(f.concept) OVER byname IS DISTINCT FROM f.concept THEN f.concept END, f.title, pg_temp.anchor(f.title), f.in_short)
FROM (SELECT DISTINCT ON (concept, title) concept, title, pg_temp.cell(pg_temp.in_short(comment)) AS in_short
	  FROM functions WHERE NOT internal ORDER BY concept, title, cardinality(types), oid) f
WINDOW byname AS (ORDER BY f.concept COLLATE "C", f.title COLLATE "C")
ORDER BY f.concept COLLATE "C", f.title COLLATE "C";

SELECT E'\n## ' || f.title || string_agg(format(E'\n\n```sql\n%s\n```\n%s\n\n%s', pg_temp.signature(f.f),
		array_to_string(ARRAY['Role: ' || f.roles, CASE f.provolatile WHEN 's' THEN 'writes nothing' WHEN 'i' THEN 'immutable' END,
							  CASE WHEN f.proisstrict AND f.names <> '{}' THEN 'NULL where an argument is NULL' END], '; ') || '.',
		pg_temp.paragraphs(f.comment, ARRAY(SELECT n FROM unnest(f.names, f.modes) a (n, mode) WHERE mode IN ('i', 'v', 'b') AND n <> ''))), ''
		ORDER BY cardinality(f.types), f.oid)
	|| coalesce(E'\n\nMore, with examples: [functions.md](../functions.md#' || max(s.anchor) || ').', '')
FROM (SELECT f AS f, f.* FROM functions f) f
LEFT JOIN sections s ON s.name = split_part(f.title, '.', 1)
WHERE NOT f.internal
GROUP BY f.title
ORDER BY f.title COLLATE "C";

SELECT $page$
## Internal

Called by functions, triggers, views and CHECKs of ours. They are not for others, and change without notice.

| function | what it is for | may be called by |
|---|---|---|$page$;
SELECT format('| %s | %s | %s |', pg_temp.code(f.title || '(' || array_to_string(pg_temp.arguments(f, '{i,b,v}'), ', ') || ')'),
			  pg_temp.cell(regexp_replace(f.comment, '^Internal(: |, )', '')), f.roles)
FROM functions f WHERE f.internal
ORDER BY f.title COLLATE "C", array_to_string(pg_temp.arguments(f, '{i,b,v}'), ', ') COLLATE "C";

\set page :folder '/settings.md'
\o :page
SELECT format($page$# Settings

%s

Only a superuser may set them: `postgresql.conf` or `ALTER SYSTEM`, and a reload; those of the HTTP layer rather for its
login role, `ALTER ROLE … SET`. "Any time" is all of this, and `SET`; "reload" the first two only; "restart" those
two, read when the server starts with the library in `shared_preload_libraries` (`pgtoken_fastcgi` for the settings of that
name, see [fastcgi.md](../fastcgi.md), else `pgtoken`). A number without a unit is in the unit of
the range.

A session knows them once it has loaded the library: for `SHOW` and `ALTER SYSTEM` run `LOAD 'pgtoken'` or
`SELECT pgtoken.library_version()` first. A value that an ordinary role has set before that is thrown away with a
warning.

| setting | type | default | range | takes effect | meaning |
|---|---|---|---|---|---|$page$, :'made');
SELECT format('| `%s` | %s | %s | %s | %s | %s |', name, type, pg_temp.code(default_value), range, takes_effect,
			  pg_temp.cell(concat_ws(' ', comment, extra_desc)))
FROM settings ORDER BY name COLLATE "C";

\set page :folder '/tables.md'
\o :page
SELECT format($page$# Tables, views and types

%s

All are in schema `pgtoken`. Functions alone change them. "Read by" names the least roles: `pgtoken_admin` reads what
`pgtoken_auditor` does. A column in *italics*, a hash or a secret, is for nobody: where there is one `SELECT *` is refused
(42501), so name the columns. Row security keeps `pg_read_all_data` from the rows as well. An empty NULL: NOT NULL.

| concept | name | what | what it holds |
|---|---|---|---|$page$, :'made');
SELECT format('| %s | [`%s`](%s) | %s | %s |', CASE WHEN lag(concept) OVER byname IS DISTINCT FROM concept THEN concept END, name, pg_temp.anchor(name), kind, pg_temp.cell(pg_temp.in_short(comment)))
FROM relations
WINDOW byname AS (ORDER BY concept COLLATE "C", name COLLATE "C")
ORDER BY concept COLLATE "C", name COLLATE "C";

SELECT format(E'\n## %s\n\n%s\n\n%s. %s\n\n%s%s', r.name, pg_temp.paragraphs(r.comment, '{}'),
	CASE r.kind WHEN 'view' THEN 'View' WHEN 'type' THEN 'Type' ELSE 'Table' END,
	CASE WHEN r.kind = 'type' THEN coalesce('Used by ' || pg_temp.roles(r.typacl, 'USAGE') || '.', 'Used by functions of ours.')
		 ELSE coalesce('Read by ' || coalesce(pg_temp.roles(r.relacl, 'SELECT'),
					   (SELECT string_agg(DISTINCT roles, ', ') FROM columns c WHERE c.oid = r.oid)) || '.', 'Read by no role.') END,
	(SELECT CASE r.kind WHEN 'table' THEN E'| column | type | NULL | default | meaning |\n|---|---|---|---|---|\n'
						ELSE E'| column | type | meaning |\n|---|---|---|\n' END
		|| string_agg(CASE r.kind WHEN 'table' THEN format('| %s | %s | %s | %s | %s |', pg_temp.column_name(c), c.type, CASE WHEN c.can_be_null THEN 'yes' END, pg_temp.code(c.default_value), pg_temp.cell(c.comment))
								  ELSE format('| %s | %s | %s |', pg_temp.column_name(c), c.type, pg_temp.cell(c.comment)) END, E'\n' ORDER BY c.attnum)
	 FROM columns c WHERE c.oid = r.oid),
	(SELECT E'\n\n| index | on | what for |\n|---|---|---|\n' || string_agg(format('| `%s` | %s | %s |', i.name, pg_temp.code(i.definition), pg_temp.cell(i.comment)), E'\n'
			ORDER BY NOT i.is_primary, i.name COLLATE "C")
	 FROM pg_temp.indexes_of(r.oid) i))
FROM relations r ORDER BY r.name COLLATE "C";

\set page :folder '/errors.md'
\o :page
SELECT format($page$# Errors that clients get

%s

By the `error` that the client is told: the reason, which `audit_events` and `refused_requests()` bear and the client is not
told; what the client is told; and why that is, and what to do. An asterisk: it leaves an event in the audit where it
names a client of ours; what is without could be sent by anybody in any number and fill the disk. SQLSTATEs, and limits,
are in [errors.md](../errors.md).$page$, :'made');
SELECT format(E'\n## %s\n\n| reason | `error_description` | why, and what to do |\n|---|---|---|\n%s', coalesce(r.error, 'No error'),
	string_agg(format('| `%s`%s | %s | %s |', r.reason, CASE WHEN r.audited THEN ' \*' END, pg_temp.cell(r.error_description), pg_temp.cell(r.explanation)), E'\n'
			   ORDER BY r.reason COLLATE "C", r.error_description COLLATE "C", r.explanation COLLATE "C"))
FROM pgtoken.refusal_reasons() r GROUP BY r.error ORDER BY r.error COLLATE "C" NULLS LAST;
\o
