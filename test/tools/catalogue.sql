-- What an extension is made of, as the catalogue has it: a row for each object and aspect
-- of it, in the order of neither. Two databases with the same rows have the same extension,
-- privileges and comments included. $1 is the name of the extension.
--
-- Objects are its members, what hangs on these (columns, constraints, indexes, triggers,
-- policies), and what lies in its schemas without being one, such as partitions that
-- maintain() has made; its roles, by their names.
WITH RECURSIVE member (classid, objid) AS (
	SELECT d.classid, d.objid
	FROM pg_catalog.pg_depend d
	WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
	  AND d.refobjid = (SELECT e.oid FROM pg_catalog.pg_extension e WHERE e.extname = $1)
), schema AS (
	SELECT n.oid FROM pg_catalog.pg_namespace n JOIN member m ON m.classid = 'pg_catalog.pg_namespace'::regclass AND m.objid = n.oid
), relation AS (
	SELECT c.* FROM pg_catalog.pg_class c
	WHERE (c.relnamespace IN (SELECT s.oid FROM schema s) OR c.oid IN (SELECT m.objid FROM member m WHERE m.classid = 'pg_catalog.pg_class'::regclass))
	  AND c.relkind <> 't'
), routine AS (
	SELECT p.* FROM pg_catalog.pg_proc p
	WHERE p.pronamespace IN (SELECT s.oid FROM schema s) OR p.oid IN (SELECT m.objid FROM member m WHERE m.classid = 'pg_catalog.pg_proc'::regclass)
), type AS (
	-- not those of relations and arrays
	SELECT t.* FROM pg_catalog.pg_type t
	WHERE (t.typnamespace IN (SELECT s.oid FROM schema s) OR t.oid IN (SELECT m.objid FROM member m WHERE m.classid = 'pg_catalog.pg_type'::regclass))
	  AND t.typelem = 0 AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
), object (classid, objid, objsubid) AS (
	SELECT m.classid, m.objid, 0 FROM member m
	UNION SELECT 'pg_catalog.pg_class'::regclass, r.oid, 0 FROM relation r
	UNION SELECT 'pg_catalog.pg_proc'::regclass, r.oid, 0 FROM routine r
	UNION SELECT 'pg_catalog.pg_type'::regclass, t.oid, 0 FROM type t
	UNION SELECT 'pg_catalog.pg_class'::regclass, a.attrelid, a.attnum
		FROM pg_catalog.pg_attribute a JOIN relation r ON r.oid = a.attrelid AND r.relkind NOT IN ('i', 'I') WHERE a.attnum > 0 AND NOT a.attisdropped
	UNION SELECT 'pg_catalog.pg_constraint'::regclass, k.oid, 0 FROM pg_catalog.pg_constraint k
		-- from PostgreSQL 18 on NOT NULL is one, and a column says it as well
		WHERE k.contype <> 'n' AND (k.conrelid IN (SELECT r.oid FROM relation r) OR k.contypid IN (SELECT t.oid FROM type t))
	UNION SELECT 'pg_catalog.pg_trigger'::regclass, t.oid, 0 FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgrelid IN (SELECT r.oid FROM relation r)
	UNION SELECT 'pg_catalog.pg_policy'::regclass, p.oid, 0 FROM pg_catalog.pg_policy p WHERE p.polrelid IN (SELECT r.oid FROM relation r)
	UNION SELECT 'pg_catalog.pg_rewrite'::regclass, w.oid, 0 FROM pg_catalog.pg_rewrite w WHERE w.ev_class IN (SELECT r.oid FROM relation r)
	UNION SELECT 'pg_catalog.pg_statistic_ext'::regclass, x.oid, 0 FROM pg_catalog.pg_statistic_ext x WHERE x.stxrelid IN (SELECT r.oid FROM relation r)
), aspect (classid, objid, objsubid, aspect, value) AS (
	-- of any object: that it is there, whether it is the extension's, its comment
	SELECT o.classid, o.objid, o.objsubid, 'member',
		   (EXISTS (SELECT FROM member m WHERE m.classid = o.classid AND m.objid = o.objid) AND o.objsubid = 0)::text
	FROM object o
	UNION ALL
	SELECT o.classid, o.objid, o.objsubid, 'comment', d.description
	FROM object o JOIN pg_catalog.pg_description d ON d.classoid = o.classid AND d.objoid = o.objid AND d.objsubid = o.objsubid
	UNION ALL
	-- privileges that a dump takes for granted, since the extension gives them
	SELECT i.classoid, i.objoid, i.objsubid, 'initial privilege',
		   format('%s %s%s', coalesce(r.rolname, 'public'), a.privilege_type, CASE WHEN a.is_grantable THEN ' with grant option' END)
	FROM object o JOIN pg_catalog.pg_init_privs i ON i.classoid = o.classid AND i.objoid = o.objid AND i.objsubid = o.objsubid
	CROSS JOIN pg_catalog.aclexplode(i.initprivs) a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
	UNION ALL
	SELECT x.classid, x.objid, x.objsubid, 'privilege',
		   format('%s %s%s', coalesce(r.rolname, 'public'), a.privilege_type, CASE WHEN a.is_grantable THEN ' with grant option' END)
	FROM (SELECT 'pg_catalog.pg_class'::regclass, c.oid, 0, coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))
		  FROM relation c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
		  UNION ALL SELECT 'pg_catalog.pg_class'::regclass, t.attrelid, t.attnum, t.attacl
		  FROM pg_catalog.pg_attribute t JOIN relation r ON r.oid = t.attrelid WHERE t.attacl IS NOT NULL AND NOT t.attisdropped
		  UNION ALL SELECT 'pg_catalog.pg_proc'::regclass, p.oid, 0, coalesce(p.proacl, acldefault('f', p.proowner)) FROM routine p
		  UNION ALL SELECT 'pg_catalog.pg_type'::regclass, t.oid, 0, coalesce(t.typacl, acldefault('T', t.typowner)) FROM type t
		  UNION ALL SELECT 'pg_catalog.pg_namespace'::regclass, n.oid, 0, coalesce(n.nspacl, acldefault('n', n.nspowner))
		  FROM pg_catalog.pg_namespace n WHERE n.oid IN (SELECT s.oid FROM schema s)) x (classid, objid, objsubid, acl)
	CROSS JOIN pg_catalog.aclexplode(x.acl) a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
	UNION ALL
	SELECT 'pg_catalog.pg_namespace'::regclass, n.oid, 0, 'owner', n.nspowner::regrole::text
	FROM pg_catalog.pg_namespace n WHERE n.oid IN (SELECT s.oid FROM schema s)
	UNION ALL
	SELECT 'pg_catalog.pg_class'::regclass, c.oid, 0, v.aspect, v.value
	FROM relation c CROSS JOIN LATERAL (VALUES
		('kind', c.relkind::text), ('owner', c.relowner::regrole::text), ('persistence', c.relpersistence::text),
		('options', array_to_string(ARRAY(SELECT o FROM unnest(c.reloptions) o ORDER BY o), ' ')),
		('access method', (SELECT m.amname FROM pg_catalog.pg_am m WHERE m.oid = c.relam)),
		('row security', CASE WHEN c.relkind IN ('r', 'p') THEN format('%s forced %s', c.relrowsecurity, c.relforcerowsecurity) END),
		('replica identity', CASE WHEN c.relkind IN ('r', 'p') THEN c.relreplident::text END),
		('of type', CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END),
		('partitioned by', CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END),
		('partition', pg_catalog.pg_get_expr(c.relpartbound, c.oid)),
		('parents', (SELECT string_agg(i.inhparent::regclass::text, ' ' ORDER BY i.inhseqno) FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)),
		('definition', CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) WHEN c.relkind IN ('i', 'I') THEN pg_catalog.pg_get_indexdef(c.oid) END),
		('index', (SELECT format('valid %s ready %s live %s clustered %s identity %s', i.indisvalid, i.indisready, i.indislive, i.indisclustered, i.indisreplident)
				   FROM pg_catalog.pg_index i WHERE i.indexrelid = c.oid)),
		('sequence', (SELECT format('%s start %s by %s from %s to %s cache %s cycle %s', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
					  FROM pg_catalog.pg_sequence s WHERE s.seqrelid = c.oid)),
		('dumped', (SELECT coalesce(nullif(e.extcondition[array_position(e.extconfig, c.oid)], ''), 'whole')
					FROM pg_catalog.pg_extension e WHERE e.extname = $1 AND c.oid = ANY (e.extconfig)))) v (aspect, value)
	UNION ALL
	-- a column's place counts: rows are given and taken in this order
	SELECT 'pg_catalog.pg_class'::regclass, a.attrelid, a.attnum, v.aspect, v.value
	FROM (SELECT t.*, row_number() OVER (PARTITION BY t.attrelid ORDER BY t.attnum) AS place, r.relkind
		  FROM pg_catalog.pg_attribute t JOIN relation r ON r.oid = t.attrelid AND r.relkind NOT IN ('i', 'I') WHERE t.attnum > 0 AND NOT t.attisdropped) a
	LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	CROSS JOIN LATERAL (VALUES
		('place', a.place::text), ('type', format_type(a.atttypid, a.atttypmod)), ('not null', a.attnotnull::text),
		('default', pg_catalog.pg_get_expr(d.adbin, d.adrelid)), ('generated', nullif(a.attgenerated::text || a.attidentity::text, '')),
		('storage', CASE WHEN a.relkind <> 'v' THEN a.attstorage::text END), ('compression', nullif(a.attcompression::text, '')),
		-- from PostgreSQL 17 on the default is NULL
		('statistics', coalesce(nullif(a.attstattarget, -1)::text, 'default')),
		-- those of its own (pg_...) the server sets as it likes
		('options', (SELECT string_agg(o, ' ' ORDER BY o) FROM unnest(a.attoptions) o WHERE o !~ '^pg_')),
		('collation', (SELECT l.collname::text FROM pg_catalog.pg_collation l WHERE l.oid = a.attcollation))) v (aspect, value)
	UNION ALL
	SELECT 'pg_catalog.pg_constraint'::regclass, k.oid, 0, 'definition', format('%s validated %s local %s inherited %s', pg_catalog.pg_get_constraintdef(k.oid), k.convalidated, k.conislocal, k.coninhcount)
	FROM pg_catalog.pg_constraint k WHERE k.oid IN (SELECT o.objid FROM object o WHERE o.classid = 'pg_catalog.pg_constraint'::regclass)
	UNION ALL
	SELECT 'pg_catalog.pg_trigger'::regclass, t.oid, 0, 'definition', format('%s enabled %s', pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled)
	FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgrelid IN (SELECT r.oid FROM relation r)
	UNION ALL
	SELECT 'pg_catalog.pg_policy'::regclass, p.oid, 0, 'definition',
		   format('%s permissive %s to %s using %s check %s', p.polcmd, p.polpermissive,
				  (SELECT string_agg(coalesce(r.rolname, 'public'), ' ' ORDER BY r.rolname) FROM unnest(p.polroles) u (id) LEFT JOIN pg_catalog.pg_roles r ON r.oid = u.id),
				  pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
	FROM pg_catalog.pg_policy p WHERE p.polrelid IN (SELECT r.oid FROM relation r)
	UNION ALL
	SELECT 'pg_catalog.pg_rewrite'::regclass, w.oid, 0, 'enabled', w.ev_enabled::text FROM pg_catalog.pg_rewrite w WHERE w.ev_class IN (SELECT r.oid FROM relation r)
	UNION ALL
	SELECT 'pg_catalog.pg_statistic_ext'::regclass, x.oid, 0, 'definition', pg_catalog.pg_get_statisticsobjdef(x.oid)
	FROM pg_catalog.pg_statistic_ext x WHERE x.stxrelid IN (SELECT r.oid FROM relation r)
	UNION ALL
	-- language, volatility, parallel, security, settings, costs and body are in it
	SELECT 'pg_catalog.pg_proc'::regclass, p.oid, 0, v.aspect, v.value
	FROM routine p CROSS JOIN LATERAL (VALUES
		('owner', p.proowner::regrole::text),
		('definition', CASE WHEN p.prokind IN ('f', 'p', 'w') THEN pg_catalog.pg_get_functiondef(p.oid) ELSE 'aggregate' END),
		('support', nullif(p.prosupport::text, '-'))) v (aspect, value)
	UNION ALL
	SELECT 'pg_catalog.pg_type'::regclass, t.oid, 0, v.aspect, v.value
	FROM type t CROSS JOIN LATERAL (VALUES
		('kind', t.typtype::text), ('owner', t.typowner::regrole::text),
		('labels', (SELECT string_agg(l.enumlabel, ' ' ORDER BY l.enumsortorder) FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid)),
		('base', CASE WHEN t.typbasetype <> 0 THEN format('%s not null %s default %s', format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault) END)) v (aspect, value)
	UNION ALL
	SELECT 'pg_catalog.pg_event_trigger'::regclass, t.oid, 0, 'definition', format('%s %s %s %s', t.evtevent, t.evtfoid::regproc, t.evtenabled, t.evttags)
	FROM pg_catalog.pg_event_trigger t WHERE t.oid IN (SELECT m.objid FROM member m WHERE m.classid = 'pg_catalog.pg_event_trigger'::regclass)
), named (object, aspect, value) AS (
	SELECT i.type || ' ' || i.identity, a.aspect, a.value
	FROM aspect a CROSS JOIN LATERAL pg_catalog.pg_identify_object(a.classid, a.objid, a.objsubid) i
	WHERE coalesce(a.value, '') <> ''
	UNION ALL
	SELECT 'extension ' || e.extname, v.aspect, v.value
	FROM pg_catalog.pg_extension e CROSS JOIN LATERAL (VALUES
		('version', e.extversion), ('schema', e.extnamespace::regnamespace::text), ('relocatable', e.extrelocatable::text), ('owner', e.extowner::regrole::text),
		('comment', obj_description(e.oid, 'pg_extension'))) v (aspect, value)
	WHERE e.extname = $1
	UNION ALL
	SELECT 'role ' || r.rolname, v.aspect, v.value
	FROM pg_catalog.pg_roles r CROSS JOIN LATERAL (VALUES
		('attributes', format('super %s inherit %s createrole %s createdb %s login %s replication %s bypassrls %s limit %s', r.rolsuper, r.rolinherit,
							  r.rolcreaterole, r.rolcreatedb, r.rolcanlogin, r.rolreplication, r.rolbypassrls, r.rolconnlimit)),
		('comment', shobj_description(r.oid, 'pg_authid')),
		('member of', (SELECT string_agg(g.rolname || CASE WHEN m.admin_option THEN ' with admin option' ELSE '' END, ', ' ORDER BY g.rolname)
					   FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid))) v (aspect, value)
	WHERE r.rolname LIKE $1 || '\_%'
	UNION ALL
	SELECT 'default privileges', d.defaclobjtype::text, format('%s in %s: %s', d.defaclrole::regrole, d.defaclnamespace::regnamespace, d.defaclacl)
	FROM pg_catalog.pg_default_acl d
)
SELECT n.object, n.aspect, n.value FROM named n WHERE coalesce(n.value, '') <> ''
