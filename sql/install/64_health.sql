-- What an operator should fix.

-- What does not work without a courier, each a phrase of its own.
CREATE FUNCTION pgtoken.courier_wanting() RETURNS SETOF text
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT w.what
	FROM (SELECT 1, 'document', format('clients whose keys a jwks_uri names cannot authenticate once these are not fresh: %s', string_agg(c.client_id, ', ' ORDER BY c.client_id)), count(*)
		  FROM (SELECT d.client_id FROM pgtoken.clients d WHERE d.enabled AND d.metadata ? 'jwks_uri' ORDER BY d.client_id LIMIT 10) c
		  UNION ALL
		  SELECT 2, 'logout', format('clients are not told of logouts: %s', string_agg(DISTINCT i.issuer, ', ')), count(*)
		  FROM pgtoken.issuers i JOIN pgtoken.clients c ON c.issuer = i.issuer
		  WHERE i.logout_delivery = 'courier' AND c.enabled AND c.metadata ? 'backchannel_logout_uri'
		  UNION ALL
		  SELECT 3, 'code', format('one-time codes are not sent, which takes COURIER_SMTP_URL or COURIER_CODE_WEBHOOK: %s', string_agg(i.issuer, ', ' ORDER BY i.issuer)), count(*)
		  FROM pgtoken.issuers i WHERE i.code_delivery = 'courier'
		  UNION ALL
		  SELECT 4, 'document', format('request objects are not fetched from the request_uris of clients: %s', string_agg(c.client_id, ', ' ORDER BY c.client_id)), count(*)
		  FROM (SELECT u.client_id FROM pgtoken.clients u WHERE u.enabled AND jsonb_array_length(u.metadata -> 'request_uris') > 0 ORDER BY u.client_id LIMIT 10) c
		  UNION ALL
		  SELECT 5, 'document', format('clients whose client_id is a URL are not known once its document is not fresh: %s', string_agg(i.issuer, ', ' ORDER BY i.issuer)), count(*)
		  FROM pgtoken.issuers i WHERE pgtoken.takes_client_documents(i.issuer)
		  UNION ALL
		  SELECT 6, 'document', format('clients cannot register with a sector_identifier_uri: %s', string_agg(i.issuer, ', ' ORDER BY i.issuer)), count(*)
		  FROM pgtoken.issuers i WHERE i.registration <> 'off'
		  UNION ALL
		  SELECT 7, 'document', format('assertions of issuers whose keys a jwks_uri names are refused once these are not fresh: %s', string_agg(DISTINCT t.iss, ', ')), count(*)
		  FROM pgtoken.trusted_issuers t WHERE t.enabled AND t.jwks_uri IS NOT NULL
		  UNION ALL
		  SELECT 8, 'seal', 'seals of the audit do not leave this machine for pgtoken.audit_seal_url',
				 (SELECT count(*) FROM pgtoken.audit_keys k WHERE k.state = 'active' AND current_setting('pgtoken.audit_seal_url', true) <> '')
		  UNION ALL
		  SELECT 9, 'signal', format('receivers are not told of signals: %s', string_agg(DISTINCT s.client_id, ', ')), count(*)
		  FROM pgtoken.signal_streams s WHERE s.delivery = 'push' AND s.status = 'enabled') w (n, kind, what, uses)
	WHERE w.uses > 0 AND NOT pgtoken.courier_does(w.kind) ORDER BY w.n;
END;
REVOKE ALL ON FUNCTION pgtoken.courier_wanting FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.courier_wanting IS 'Internal, called by health(): what is configured and needs a courier, where no courier does it';

CREATE FUNCTION pgtoken.health() RETURNS TABLE (check_name text, ok boolean, detail text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	n bigint;
	names text;
	layers text[];
BEGIN
	check_name := 'library version';
	SELECT e.extversion INTO names FROM pg_extension e WHERE e.extname = 'pgtoken';
	ok := pgtoken.library_state() = 'current';
	detail := CASE pgtoken.library_state()
				   WHEN 'current' THEN names
				   WHEN 'extension_behind' THEN format('library %s, extension %s, which work together: ALTER EXTENSION pgtoken UPDATE (on a standby its primary''s)', pgtoken.library_version(), names)
				   WHEN 'library_behind' THEN format('this session''s library is %s, the extension %s, which work together: connect anew; where pgtoken is in shared_preload_libraries, restart the server; on a standby install the library first', pgtoken.library_version(), names)
				   WHEN 'extension_too_old' THEN format('library %s, extension %s, which is too old for it: ALTER EXTENSION pgtoken UPDATE (on a standby its primary''s)', pgtoken.library_version(), names)
				   ELSE format('this session''s library is %s, too old for the extension %s: connect anew; where pgtoken is in shared_preload_libraries, restart the server; on a standby install the library first', pgtoken.library_version(), names) END;
	RETURN NEXT;
	-- what follows asks functions that would raise
	IF pgtoken.library_state() IN ('extension_too_old', 'library_too_old') THEN
		RETURN;
	END IF;

	check_name := 'issuer';
	SELECT count(*) INTO n FROM pgtoken.issuers;
	ok := n > 0;
	detail := CASE WHEN ok THEN format('%s issuer(s)', n) ELSE 'none: SELECT pgtoken.create_issuer(...)' END;
	RETURN NEXT;

	check_name := 'active signing keys';
	SELECT string_agg(DISTINCT format('%s for %s', w.alg, w.issuer), ', ') INTO names
	FROM (SELECT i.issuer, i.default_alg AS alg FROM pgtoken.issuers i
		  UNION SELECT c.issuer, c.signing_alg FROM pgtoken.clients c WHERE c.enabled AND c.signing_alg IS NOT NULL) w
	WHERE NOT EXISTS (SELECT FROM pgtoken.signing_keys k WHERE k.issuer = w.issuer AND k.alg = w.alg AND k.state = 'active');
	ok := names IS NULL AND n > 0;
	detail := CASE WHEN ok THEN 'every issuer and client can sign' WHEN n = 0 THEN 'there is no issuer to sign for' ELSE 'missing: ' || names || ': SELECT pgtoken.create_signing_key(...)' END;
	RETURN NEXT;

	-- OpenID Connect Discovery section 3, and libraries that take nothing else until they are told
	check_name := 'RS256 for OpenID Connect';
	SELECT string_agg(DISTINCT c.issuer, ', ') INTO names FROM pgtoken.clients c
	WHERE c.enabled AND 'openid' = ANY (c.scopes)
	  AND NOT EXISTS (SELECT FROM pgtoken.signing_keys k WHERE k.issuer = c.issuer AND k.alg = 'RS256' AND k.state = 'active');
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'OpenID Connect clients can be given RS256, by signing_alg'
				   ELSE format('no key for %s: SELECT pgtoken.create_signing_key(''RS256'', ...); it costs nothing until a client has it as signing_alg, and then ten times the CPU of ES256 for each token', names) END;
	RETURN NEXT;

	check_name := 'authorization endpoint';
	SELECT string_agg(DISTINCT c.issuer, ', ') INTO names
	FROM pgtoken.clients c JOIN pgtoken.issuers i ON i.issuer = c.issuer
	WHERE c.enabled AND cardinality(c.redirect_uris) > 0 AND i.login_uri IS NULL;
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'every issuer whose clients have redirect URIs has a login page'
				   ELSE format('%s: clients have redirect_uris, and without login_uri there is no authorization_endpoint in the metadata, which some libraries refuse: SELECT pgtoken.update_issuer(..., login_uri => ...)', names) END;
	RETURN NEXT;

	-- a list that is as old as a token gets says nothing that its end would not
	check_name := 'status lists';
	SELECT string_agg(i.issuer, ', ' ORDER BY i.issuer) INTO names FROM pgtoken.issuers i WHERE i.status_lists;
	n := 2 * extract(epoch FROM current_setting('pgtoken.status_list_ttl')::interval)::bigint;
	ok := names IS NULL OR current_setting('pgtoken.status_list_ttl')::interval * 2 < current_setting('pgtoken.access_token_lifetime')::interval;
	detail := CASE WHEN names IS NULL THEN 'no issuer has any'
				   WHEN ok THEN format('of %s: a revocation is known to who reads them after %s s at the latest', names, n)
				   ELSE format('of %s: a revocation is known to who reads them after %s s, when most access tokens (pgtoken.access_token_lifetime) have ended by themselves: lower pgtoken.status_list_ttl', names, n) END;
	RETURN NEXT;

	check_name := 'root key';
	names := pgtoken.root_key_status();
	ok := names = 'ok';
	detail := CASE names WHEN 'ok' THEN 'pgtoken.root_key_file opens all wrapped key material'
						 WHEN 'unset' THEN 'pgtoken.root_key_file is not set: private keys and peppers lie unwrapped in the database and its backups, and a role with REPLICATION sees them by logical decoding'
						 ELSE names END;
	RETURN NEXT;

	check_name := 'installation';
	SELECT i.installation_id::text INTO names FROM pgtoken.installation i;
	ok := current_setting('pgtoken.installation_id') = '' OR names IS NULL OR lower(current_setting('pgtoken.installation_id')) = names;
	detail := CASE WHEN names IS NULL THEN 'it has no id before there is an issuer'
				   WHEN current_setting('pgtoken.installation_id') = '' THEN format('pgtoken.installation_id is not set, a copy of this database would sign as this one: set it to %s here, and to an id of its own wherever copies are restored', names)
				   WHEN ok THEN 'its id is the one that pgtoken.installation_id names'
				   ELSE format('this database is a copy of the installation %s, and pgtoken.installation_id is %s: it signs no tokens. SELECT pgtoken.adopt_copy(...)', names, current_setting('pgtoken.installation_id')) END;
	RETURN NEXT;

	-- of each table a thousand rows, whatever there is: after a split every other one would be foreign
	IF current_setting('pgtoken.shard', true) <> '' THEN
		check_name := 'shard';
		SELECT m.misplaced, format('shard %s of %s; ', p.part[1], p.part[2])
			   || CASE WHEN m.misplaced = 0 THEN format('all of %s rows looked at are of its subjects', m.looked_at)
					   ELSE format('%s of %s rows looked at (%s) are of subjects of other shards, and nobody finds them here', m.misplaced, m.looked_at, m.first_table) END
		INTO n, detail
		FROM (SELECT string_to_array(current_setting('pgtoken.shard'), '/')::integer[]) p (part), LATERAL pgtoken.misplaced_rows(p.part[1], p.part[2], 1000) m;
		ok := n = 0;
		RETURN NEXT;
	END IF;

	check_name := 'key material wrapped';
	SELECT (SELECT count(*) FROM pgtoken.key_material m WHERE NOT m.wrapped)
		   + (SELECT count(*) FROM (SELECT FROM pgtoken.factors f WHERE f.secret IS NOT NULL AND NOT f.wrapped LIMIT 10000) f) INTO n;
	ok := n = 0;
	detail := CASE WHEN ok THEN 'all' ELSE format('%s piece(s) unwrapped: set pgtoken.root_key_file, then SELECT pgtoken.rewrap_keys()', CASE WHEN n < 10000 THEN n::text ELSE '10000 or more' END) END;
	RETURN NEXT;

	check_name := 'signing keys by policy';
	SELECT string_agg(k.kid, ', ') INTO names FROM pgtoken.signing_keys k
	WHERE (k.state = 'retiring' AND k.retires_at < now() - interval '2 days')
	   OR (k.state = 'active' AND k.uri IS NULL AND current_setting('pgtoken.signing_key_lifetime')::interval > '0'
		   AND k.activated_at + current_setting('pgtoken.signing_key_lifetime')::interval + current_setting('pgtoken.signing_key_overlap')::interval < now() - interval '2 days');
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'none overdue' ELSE 'overdue: ' || names || ': SELECT * FROM pgtoken.maintain()' END;
	RETURN NEXT;

	check_name := 'signing keys in hardware';
	SELECT string_agg(w.what, '; ' ORDER BY w.what) INTO names
	FROM (SELECT format('%s: %s', k.kid, s.status) AS what
		  FROM pgtoken.signing_keys k, LATERAL pgtoken.hardware_key_status(k.kid) s (status)
		  WHERE k.uri IS NOT NULL AND k.state IN ('pending', 'active') AND s.status <> 'ok'
		  UNION ALL
		  SELECT format('%s is to be followed by another: SELECT pgtoken.create_signing_key(%L, %L, uri => ...)', k.kid, k.alg, k.issuer)
		  FROM pgtoken.signing_keys k
		  WHERE k.uri IS NOT NULL AND k.state = 'active' AND current_setting('pgtoken.signing_key_lifetime')::interval > '0'
			AND k.activated_at + current_setting('pgtoken.signing_key_lifetime')::interval
				- greatest(current_setting('pgtoken.signing_key_overlap')::interval, current_setting('pgtoken.signing_key_lead_time')::interval) < now()
			AND NOT EXISTS (SELECT FROM pgtoken.signing_keys p WHERE p.issuer = k.issuer AND p.alg = k.alg AND p.state = 'pending')) w;
	ok := names IS NULL;
	detail := CASE WHEN NOT ok THEN names
				   WHEN EXISTS (SELECT FROM pgtoken.signing_keys k WHERE k.uri IS NOT NULL AND k.state <> 'retired') THEN 'each has signed just now'
				   ELSE 'there are none' END;
	RETURN NEXT;

	check_name := 'audit sealed';
	SELECT k.kid INTO names FROM pgtoken.audit_keys k WHERE k.state = 'active';
	SELECT extract(epoch FROM now() - coalesce((SELECT s.made_at FROM pgtoken.audit_seals s ORDER BY s.number DESC LIMIT 1),
											   (SELECT k.activated_at FROM pgtoken.audit_keys k WHERE k.state = 'active')))::bigint INTO n;
	ok := names IS NULL OR current_setting('pgtoken.audit_seal_interval')::interval = '0' OR n <= extract(epoch FROM current_setting('pgtoken.audit_seal_interval')::interval)
		  -- nothing has happened since: the next event would be later than what the last seal covers
		  OR NOT EXISTS (SELECT FROM pgtoken.audit_rows a
						 WHERE a.occurred_at < now() - current_setting('pgtoken.audit_seal_interval')::interval
						   AND a.occurred_at > (SELECT coalesce(max(s.last_at), '-infinity') FROM pgtoken.audit_seals s));
	detail := CASE WHEN names IS NULL THEN 'it is not: a change of the audit by who rules this machine would not show. SELECT pgtoken.create_audit_key() begins with it (docs/audit.md)'
				   WHEN ok THEN format('by the key %s', names)
				   ELSE format('the last seal is %s old: SELECT pgtoken.seal_audit(), and have maintain() or pg_cron call it', make_interval(secs => n)) END;
	RETURN NEXT;

	check_name := 'partitions ahead';
	SELECT string_agg(format('%s_p%s', p, to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM')), ', ') INTO names
	FROM unnest(ARRAY['tokens', 'audit_rows']) p
	WHERE to_regclass(format('pgtoken.%s_p%s', p, to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM'))) IS NULL;
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'next month is there' ELSE 'missing: ' || names || ': SELECT * FROM pgtoken.maintain()' END;
	RETURN NEXT;

	check_name := 'default partitions empty';
	SELECT string_agg(p, ', ') INTO names
	FROM (SELECT 'tokens_default' WHERE EXISTS (SELECT FROM pgtoken.tokens_default)
		  UNION ALL SELECT 'audit_rows_default' WHERE EXISTS (SELECT FROM pgtoken.audit_rows_default)) d (p);
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'yes' ELSE 'rows in ' || names || ': SELECT * FROM pgtoken.maintain()' END;
	RETURN NEXT;

	check_name := 'durable rotation';
	ok := current_setting('fsync')::boolean AND (current_setting('pgtoken.durable_rotation')::boolean OR current_setting('synchronous_commit') <> 'off');
	detail := CASE WHEN ok THEN 'an answered rotation survives a crash'
				   ELSE 'fsync or pgtoken.durable_rotation is off: a crash can undo an answered rotation or revocation' END;
	RETURN NEXT;

	-- A rotation is dated before its commit waits; an answer that gets lost after
	-- the wait is asked for again when so much of the window is over already.
	check_name := 'retry windows';
	SELECT min(w.seconds) INTO n
	FROM (SELECT s.setting::bigint FROM pg_settings s WHERE s.name IN ('pgtoken.retry_window_bound', 'pgtoken.retry_window_confidential', 'pgtoken.retry_window_public')
		  UNION ALL SELECT extract(epoch FROM c.retry_window)::bigint FROM pgtoken.clients c WHERE c.enabled AND (c.offline_access OR c.metadata -> 'session_refresh' = 'true')) w (seconds)
	WHERE w.seconds > 0;
	SELECT s.setting INTO names FROM pg_settings s WHERE s.name = 'wal_sender_timeout';
	ok := current_setting('synchronous_standby_names') = '' OR coalesce(names::bigint BETWEEN 1 AND n * 1000 - 1, true);
	detail := CASE WHEN current_setting('synchronous_standby_names') = '' THEN 'no commit waits for a standby'
				   WHEN ok THEN 'longer than a standby that is away can hold up a commit before it is given up'
				   ELSE format('synchronous_standby_names is set: a commit waits for a standby that is away, for %s at the least, and the shortest retry window is %s s: an answer that is lost then is retried too late, which is reuse. Raise the windows, or lower wal_sender_timeout',
							   CASE names WHEN '0' THEN 'ever (wal_sender_timeout is 0)' ELSE names || ' ms (wal_sender_timeout)' END, n) END;
	RETURN NEXT;

	IF pg_is_in_recovery() THEN
		check_name := 'replay lag';
		SELECT s.setting::bigint INTO n FROM pg_settings s WHERE s.name = 'pgtoken.max_replay_lag';
		names := coalesce('current ' || pgtoken.replay_lag()::text || ' ago', 'not known to be current');
		ok := n = 0 OR coalesce(pgtoken.replay_lag() <= n * interval '1 millisecond', false);
		detail := CASE WHEN n = 0 THEN names || '; pgtoken.max_replay_lag is 0: a revoked token holds here until the revocation is replayed, however late that is'
					   WHEN ok THEN names
					   ELSE names || ', which pgtoken.max_replay_lag does not allow: tokens are not verified here' END;
		-- an idle primary is heard of when it is asked, after half of that timeout
		IF ok AND n > 0 AND EXISTS (SELECT FROM pg_settings s WHERE s.name = 'wal_receiver_timeout' AND s.setting::bigint NOT BETWEEN 1 AND n) THEN
			ok := false;
			detail := 'wal_receiver_timeout is 0 or longer than pgtoken.max_replay_lag: an idle primary will be taken for one that is gone';
		END IF;
		RETURN NEXT;
	END IF;

	check_name := 'statement logging';
	-- here, and in the sessions of roles that have settings of their own. auto_explain
	-- and pgaudit log what our statements bind as well, and those of whoever calls us
	SELECT string_agg(DISTINCT format('%s = %L%s', s.name, s.value, s.whose), ', ') INTO names
	FROM (VALUES ('log_statement', '^(none|ddl)$'), ('log_min_duration_statement', '^-1'), ('log_min_duration_sample', '^-1'),
				 ('log_transaction_sample_rate', '^[0.]+$'), ('log_parameter_max_length_on_error', '^0'),
				 ('debug_print_raw_parse', '^(off?|f|false|no?|0)$'), ('debug_print_parse', '^(off?|f|false|no?|0)$'),
				 ('debug_print_rewritten', '^(off?|f|false|no?|0)$'), ('debug_print_plan', '^(off?|f|false|no?|0)$'),
				 ('auto_explain.log_min_duration', '^-1'), ('pgaudit.role', '^$'),
				 -- classes without statements that call functions
				 ('pgaudit.log', '^ *((none|ddl|role|-[a-z_]+) *(, *|$))*$')) harmless (name, value)
	JOIN (SELECT p.name, p.setting, '' FROM pg_settings p
		  UNION ALL
		  SELECT split_part(c, '=', 1), substr(c, strpos(c, '=') + 1), coalesce(' of ' || r.setrole::regrole, '')
		  FROM (SELECT nullif(d.setrole, 0) AS setrole, d.setconfig FROM pg_db_role_setting d
				WHERE d.setdatabase IN (0, (SELECT b.oid FROM pg_database b WHERE b.datname = current_database()))) r, unnest(r.setconfig) c)
		 s (name, value, whose) ON s.name = lower(harmless.name) AND s.value !~* harmless.value;
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'statements of calls that succeed are not logged; one that raises an error is, at log_min_error_statement, so pass tokens as bind parameters'
				   ELSE 'lets tokens and secrets that callers pass, or keys, tokens and secrets that pgtoken''s own statements bind, into the server log: ' || names END;
	RETURN NEXT;

	check_name := 'configuration';
	SELECT c.ok, c.detail INTO ok, detail FROM pgtoken.configuration_health() c;
	RETURN NEXT;

	check_name := 'triggers';
	SELECT string_agg(format('%s of %s', t.tgname, t.tgrelid::regclass), ', ' ORDER BY t.tgrelid::regclass::text, t.tgname) INTO names
	FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
	WHERE c.relnamespace = 'pgtoken'::regnamespace AND NOT t.tgisinternal AND t.tgenabled <> 'A';
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'audit, append-only and invalidation are on, whatever session_replication_role says'
				   ELSE 'off, or off for who sets session_replication_role: ' || names || ': ALTER TABLE ... ENABLE ALWAYS TRIGGER' END;
	RETURN NEXT;

	check_name := 'http authenticator';
	layers := ARRAY(SELECT CASE WHEN l.name LIKE '"%"' THEN replace(btrim(l.name, '"'), '""', '"') ELSE lower(l.name) END
					FROM regexp_split_to_table(btrim(current_setting('pgtoken.http_authenticator')), '\s*,\s*') l (name));
	SELECT string_agg(w.what, '; ' ORDER BY w.what) INTO names
	FROM (SELECT quote_ident(r.rolname) || ' ' ||
						CASE WHEN r.rolsuper THEN 'is a superuser'
							 WHEN r.rolbypassrls THEN 'bypasses row security'
							 WHEN pg_has_role(r.oid, 'pgtoken_admin', 'MEMBER') THEN 'is a member of pgtoken_admin'
							 WHEN pg_has_role(r.oid, 'pgtoken_issuer', 'MEMBER') THEN 'is a member of pgtoken_issuer' END
						|| ', be it through the roles it can change to: whoever breaks into the HTTP layer has that, too' AS what
		  FROM pg_roles r WHERE r.rolname = ANY (layers)
		  UNION ALL
		  SELECT format('%s may call %s and is no login role of a layer', coalesce(quote_ident(r.rolname), 'everybody'), p.oid::regprocedure)
		  FROM pg_proc p, aclexplode(p.proacl) x LEFT JOIN pg_roles r ON r.oid = x.grantee
		  WHERE p.oid IN ('pgtoken_http.handle(text,text,text[],bytea,jsonb)'::regprocedure, 'pgtoken_http.admit(text,text,text[],jsonb)'::regprocedure)
			AND x.grantee <> p.proowner AND r.rolname <> ALL (layers) IS NOT FALSE) w
	WHERE w.what IS NOT NULL;
	ok := names IS NULL;
	detail := CASE WHEN NOT ok THEN names
				   WHEN NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = ANY (layers)) THEN format('there is no role %s (pgtoken.http_authenticator)', array_to_string(layers, ', '))
				   ELSE format('%s can reach no more than the door and what the roles of an API may', array_to_string(layers, ', ')) END;
	RETURN NEXT;

	check_name := 'authentication policies';
	SELECT string_agg(w.what, '; ' ORDER BY w.what) INTO names
	FROM (SELECT format('no step-up at %s reaches an acr of those that %s requires (%s)', r.issuer, r.resource, array_to_string(r.required_acr, ', ')) AS what
		  FROM pgtoken.resources r JOIN pgtoken.issuers i ON i.issuer = r.issuer
		  WHERE r.enabled AND r.on_insufficient = 'require' AND cardinality(r.required_acr) > 0
			AND NOT EXISTS (SELECT FROM unnest(r.required_acr) a
							JOIN unnest(array_cat(ARRAY['mfa', 'phr'], ARRAY(SELECT f.value FROM jsonb_each_text(i.factor_acr) f))) reached ON
								 reached = a OR array_position(i.acr_levels, reached) >= array_position(i.acr_levels, a))
		  UNION ALL
		  SELECT format('webauthn factors of %s cannot be used: it has no webauthn_rp_id', i.issuer)
		  FROM pgtoken.issuers i
		  WHERE i.webauthn_rp_id IS NULL AND EXISTS (SELECT FROM pgtoken.factors f WHERE f.issuer = i.issuer AND f.factor_type = 'webauthn')) w;
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'what resources require can be reached' ELSE names || ': see pgtoken.update_issuer and update_resource' END;
	RETURN NEXT;

	check_name := 'courier';
	SELECT string_agg(w, '; ') INTO names FROM pgtoken.courier_wanting() w;
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'whatever needs one has one' ELSE format('no courier has been heard of for a minute that does this: %s. Start pgtoken-courier (docs/operations.md)', names) END;
	RETURN NEXT;

	check_name := 'courier deliveries';
	SELECT concat_ws('; ',
			   'given up: ' || nullif(count(*) FILTER (WHERE w.dead_at IS NOT NULL), 0) || ', the last for ' || (array_agg(w.receiver ORDER BY w.dead_at DESC) FILTER (WHERE w.dead_at IS NOT NULL))[1]
				   || ': see pgtoken.courier_dead_letters, then courier_retry() or courier_forget()',
			   'overdue: ' || nullif(count(*) FILTER (WHERE w.dead_at IS NULL AND w.due_at < now() - interval '5 minutes'), 0) || ': see pgtoken.courier_queue')
	INTO names FROM pgtoken.courier_work w;
	ok := names = '';
	detail := CASE WHEN ok THEN 'none was given up, none is overdue' ELSE names END;
	RETURN NEXT;

	check_name := 'signals';
	SELECT s.ok, s.detail INTO ok, detail FROM pgtoken.signals_health() s;
	RETURN NEXT;

	check_name := 'documents of clients';
	SELECT string_agg(format('%s of %s (%s)', d.url, u.name, d.last_error), ', ' ORDER BY u.name) INTO names
	FROM (SELECT c.issuer, 'jwks', c.metadata ->> 'jwks_uri', c.client_id FROM pgtoken.clients c WHERE c.enabled AND c.metadata ? 'jwks_uri'
		  UNION ALL SELECT r.issuer, 'client_metadata', c.client_id, c.client_id FROM pgtoken.registrations r JOIN pgtoken.clients c USING (client_id) WHERE c.enabled AND r.origin = 'document'
		  UNION ALL SELECT t.issuer, 'jwks', t.jwks_uri, t.iss FROM pgtoken.trusted_issuers t WHERE t.enabled AND t.jwks_uri IS NOT NULL) u (issuer, kind, url, name)
	JOIN pgtoken.documents d ON d.issuer = u.issuer AND d.kind = u.kind AND d.url = u.url
	WHERE d.failures > 2;
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'what clients name can be fetched' ELSE 'cannot be fetched, so that the client cannot authenticate, or soon not any more: ' || names END;
	RETURN NEXT;

	check_name := 'console';
	SELECT string_agg(w.what, '; ' ORDER BY w.what) INTO names
	FROM (SELECT format('the factor %s at %s is disabled, since wrong evidence came a hundred times: pgtoken.unlock_console_factor', f.factor_id, f.issuer) AS what
		  FROM pgtoken.console_factors l JOIN pgtoken.factors f USING (issuer, subject, factor_id) WHERE f.state = 'disabled'
		  UNION ALL
		  SELECT format('nobody can use that of %s: pgtoken.create_console_operator', c.issuer)
		  FROM pgtoken.consoles c
		  WHERE c.enabled AND NOT EXISTS (SELECT FROM pgtoken.console_factors l JOIN pgtoken.factors f USING (issuer, subject, factor_id) WHERE l.issuer = c.issuer AND f.state = 'active')
		  UNION ALL
		  SELECT 'its pages are not installed here: make console, make install'
		  WHERE EXISTS (SELECT FROM pgtoken.consoles c WHERE c.enabled) AND pgtoken.console_pages_missing()) w;
	ok := names IS NULL;
	detail := CASE WHEN NOT ok THEN names || ' (docs/console.md)'
				   WHEN EXISTS (SELECT FROM pgtoken.consoles c WHERE c.enabled) THEN 'its operators can prove that they are it'
				   ELSE 'off' END;
	RETURN NEXT;

	check_name := 'user-supplied functions';
	SELECT string_agg(f.name || ' of ' || f.issuer ||
					  CASE WHEN p.oid IS NULL THEN ' is missing, or takes or returns something else'
						   WHEN o.rolsuper THEN ' is owned by a superuser and runs as one'
						   ELSE ' has no SET search_path that ends in pg_temp: whoever asks for tokens in SQL can put temporary objects, or a schema of his own, before those that it means' END,
					  '; ' ORDER BY f.issuer, f.name) INTO names
	FROM (SELECT i.issuer, i.claims_function, 'text, text, text[], text' FROM pgtoken.issuers i WHERE i.claims_function IS NOT NULL
		  UNION ALL
		  SELECT i.issuer, i.password_verifier, 'text, text, text' FROM pgtoken.issuers i WHERE i.password_verifier IS NOT NULL
		  UNION
		  SELECT p.issuer, r ->> 'function', 'jsonb, jsonb, jsonb' FROM pgtoken.policies p, jsonb_array_elements(p.rules) r
		  WHERE p.state IN ('active', 'shadow') AND r ? 'function'
		  UNION
		  SELECT t.issuer, t.validator, 'jsonb, text, text' FROM pgtoken.authorization_details_types t
		 ) f (issuer, name, argument_types)
	LEFT JOIN pg_proc p ON p.oid = pgtoken.function_oid(f.name, f.argument_types)
	LEFT JOIN pg_roles o ON o.oid = p.proowner
	-- a body that is parsed already (BEGIN ATOMIC, RETURN) looks nothing up when it runs, nor does one in C
	WHERE p.oid IS NULL OR o.rolsuper
	   OR (p.prosqlbody IS NULL AND p.prolang NOT IN (SELECT l.oid FROM pg_language l WHERE l.lanname IN ('c', 'internal'))
		   AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c ~ '^search_path=(.*, )?("pg_temp"|pg_temp)$'));
	ok := names IS NULL;
	detail := CASE WHEN ok THEN 'each is there, owned by no superuser, and says where it looks for names' ELSE names || ': see pgtoken.update_issuer and pgtoken.create_policy' END;
	RETURN NEXT;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.health FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.health TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.health IS 'What an operator should fix: one row per check. Returns its name, ok (false where something is to be done), and detail: what.';
