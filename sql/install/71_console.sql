-- The console: an application for administrators, which is a client of the issuer like any
-- other, and whose API is the functions of a schema of their own.
--
-- The application runs the login page, and pgtoken_issuer may say of anybody that he has
-- signed in. So that it cannot make an administrator, three things are asked of a call,
-- each of which pgtoken_admin alone can give: a scope that only the code flow of the
-- console's own client has, and only for the subjects listed here; a row of theirs, looked
-- at by each call; and the proof of a factor of a list that the application can neither
-- add to nor take from, nor unlock.

CREATE TABLE pgtoken.consoles (
	issuer text NOT NULL,
	client_id text NOT NULL,
	resource text NOT NULL,
	enabled boolean NOT NULL DEFAULT true,
	enabled_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT consoles_pkey PRIMARY KEY (issuer)
);
COMMENT ON TABLE pgtoken.consoles IS 'Issuers that have a console, also those that have switched it off again';
COMMENT ON COLUMN pgtoken.consoles.issuer IS 'Whose console';
COMMENT ON COLUMN pgtoken.consoles.client_id IS 'The client that the console is';
COMMENT ON COLUMN pgtoken.consoles.resource IS 'The API that its access tokens are for';
COMMENT ON COLUMN pgtoken.consoles.enabled IS 'Is it on? Off, its pages and its API are not there';
COMMENT ON COLUMN pgtoken.consoles.enabled_at IS 'When it was switched on last';
COMMENT ON INDEX pgtoken.consoles_pkey IS 'One console per issuer';
SELECT pg_catalog.pg_extension_config_dump('pgtoken.consoles', '');
ALTER TABLE pgtoken.consoles ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.consoles FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.consoles IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.consoles TO pgtoken_auditor;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.consoles FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('console');
COMMENT ON TRIGGER audit ON pgtoken.consoles IS 'Writes the row before and after to audit_events';

CREATE TABLE pgtoken.console_operators (
	issuer text NOT NULL,
	subject text NOT NULL,
	access text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by text NOT NULL DEFAULT session_user,
	CONSTRAINT console_operators_pkey PRIMARY KEY (issuer, subject),
	CONSTRAINT console_operators_access_check CHECK (access IN ('auditor', 'issuer_admin', 'admin'))
);
COMMENT ON TABLE pgtoken.console_operators IS 'Who may use the console of an issuer';
COMMENT ON COLUMN pgtoken.console_operators.issuer IS 'Issuer of the subject, whose console it is';
COMMENT ON COLUMN pgtoken.console_operators.subject IS 'The application''s user id';
COMMENT ON COLUMN pgtoken.console_operators.access IS 'As which roles his calls run. auditor: pgtoken_auditor. issuer_admin: pgtoken_issuer_admin, for this issuer. admin: pgtoken_auditor and pgtoken_admin';
COMMENT ON COLUMN pgtoken.console_operators.created_at IS 'When he was let in';
COMMENT ON COLUMN pgtoken.console_operators.created_by IS 'Role that logged in and let him in';
COMMENT ON INDEX pgtoken.console_operators_pkey IS 'Each subject once per issuer';
COMMENT ON CONSTRAINT console_operators_access_check ON pgtoken.console_operators IS 'What an operator can be';
ALTER TABLE pgtoken.console_operators ALTER subject SET STORAGE MAIN, ALTER subject SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.console_operators', '');
ALTER TABLE pgtoken.console_operators ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.console_operators FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.console_operators IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.console_operators TO pgtoken_auditor;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.console_operators FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('console_operator', '', 'subject');
COMMENT ON TRIGGER audit ON pgtoken.console_operators IS 'Writes the row before and after to audit_events';

CREATE TABLE pgtoken.console_factors (
	issuer text NOT NULL,
	subject text NOT NULL,
	factor_id uuid NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by text NOT NULL DEFAULT session_user,
	CONSTRAINT console_factors_pkey PRIMARY KEY (issuer, subject, factor_id)
);
COMMENT ON TABLE pgtoken.console_factors IS 'The factors by which operators prove that it is they: of those in factors the ones that were made for the console, which the application cannot touch';
COMMENT ON COLUMN pgtoken.console_factors.issuer IS 'Issuer of the operator';
COMMENT ON COLUMN pgtoken.console_factors.subject IS 'The application''s user id';
COMMENT ON COLUMN pgtoken.console_factors.factor_id IS 'Of the factor';
COMMENT ON COLUMN pgtoken.console_factors.created_at IS 'When it was made';
COMMENT ON COLUMN pgtoken.console_factors.created_by IS 'Role that logged in and made it';
COMMENT ON INDEX pgtoken.console_factors_pkey IS 'Console factors of an operator';
ALTER TABLE pgtoken.console_factors ALTER subject SET STORAGE MAIN, ALTER subject SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.console_factors', '');
ALTER TABLE pgtoken.console_factors ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.console_factors FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.console_factors IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.console_factors TO pgtoken_auditor;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.console_factors FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('console_factor', '', 'subject');
COMMENT ON TRIGGER audit ON pgtoken.console_factors IS 'Writes the row before and after to audit_events';

-- Switching it on and off ---------------------------------------------------------------

CREATE FUNCTION pgtoken.console_pages_missing() RETURNS boolean
	LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT (pg_stat_file(c.setting || '/pgtoken/console/index.html', true)).size IS NULL FROM pg_config c WHERE c.name = 'SHAREDIR';
END;
REVOKE ALL ON FUNCTION pgtoken.console_pages_missing FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.console_pages_missing IS 'Internal, called by enable_console() and health(): are the pages that make console builds not installed on this server?';

CREATE FUNCTION pgtoken.enable_console(issuer text DEFAULT NULL, client_id text DEFAULT 'pgtoken-console') RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	page CONSTANT text := pgtoken.issuer_base(of_issuer) || '/oauth2/console/';
	api CONSTANT text := page || 'api';
	scopes CONSTANT text[] := '{pgtoken:auditor,pgtoken:issuer_admin,pgtoken:admin}';
	known pgtoken.consoles;
BEGIN
	IF client_id IS NULL THEN
		RAISE EXCEPTION 'client_id must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT * INTO known FROM pgtoken.consoles c WHERE c.issuer = of_issuer FOR UPDATE;
	IF known.client_id <> enable_console.client_id THEN
		RAISE EXCEPTION 'the console of this issuer is the client "%"', known.client_id
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Name that one, or none where it has the usual name.';
	END IF;
	-- one that somebody else has made could be anything
	IF known.client_id IS NULL AND EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = enable_console.client_id) THEN
		RAISE EXCEPTION 'there is a client "%" already', client_id
			USING ERRCODE = 'unique_violation', DETAIL = 'Names of clients are unique among all issuers.',
				  HINT = 'Give the console of this issuer another name: enable_console(client_id => ...).';
	END IF;
	PERFORM pgtoken.create_resource(api, scopes, issuer => of_issuer, resource_name => 'pgtoken console', if_not_exists => true);
	PERFORM pgtoken.update_resource(api, scopes, enabled => true, issuer => of_issuer);
	IF NOT EXISTS (SELECT FROM pgtoken.clients c WHERE c.client_id = enable_console.client_id) THEN
		-- its key does not leave the browser: an answer that was lost on the way to one that then slept is given again to nobody else
		PERFORM pgtoken.create_client(enable_console.client_id, 'public', '{openid}' || scopes, ARRAY[page], true, ARRAY[api], 'pgtoken console',
			refresh_absolute_lifetime => '12 hours', refresh_idle_lifetime => '1 hour', retry_window => '1 hour', issuer => of_issuer,
			metadata => '{"dpop_bound_access_tokens": true, "consent_required": false}');
	ELSE
		PERFORM pgtoken.update_client(enable_console.client_id, '{openid}' || scopes, ARRAY[page], true, ARRAY[api], enabled => true);
	END IF;
	INSERT INTO pgtoken.consoles AS c (issuer, client_id, resource) VALUES (of_issuer, enable_console.client_id, api)
	ON CONFLICT ON CONSTRAINT consoles_pkey DO UPDATE SET resource = excluded.resource, enabled = true, enabled_at = excluded.enabled_at WHERE NOT c.enabled;
	IF pgtoken.console_pages_missing() THEN
		RAISE NOTICE 'the pages of the console are not installed, so that % answers 404', page USING HINT = 'make console, then make install (docs/console.md).';
	END IF;
	RETURN page;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.enable_console FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.enable_console TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.enable_console IS
'Switch the console of an issuer on: it makes the client that the console is and the API that its tokens are for, and its pages and API answer at {issuer}/oauth2/console/. Nobody can use it before create_console_operator has let him in.
issuer: NULL is the default one. client_id: name of the client; the usual one can be one issuer''s only. Called again it puts back redirect URI and scopes of the two, and leaves the rest as it is. Returns the address of the console; a NOTICE says where its pages are not installed. Raises 22004, 23505 when another client has the name, 55000 when the console of the issuer has another client, and for an unknown issuer.';

CREATE FUNCTION pgtoken.disable_console(issuer text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	its_client text;
BEGIN
	PERFORM pgtoken.make_durable();
	UPDATE pgtoken.consoles c SET enabled = false WHERE c.issuer = of_issuer AND c.enabled RETURNING c.client_id INTO its_client;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.revoke_client(its_client, 'console_disabled');
	PERFORM pgtoken.update_client(its_client, enabled => false);
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.disable_console FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.disable_console TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.disable_console IS
'Switch the console of an issuer off: from the commit on its pages and its API are not there, and all that was signed in has ended. Operators and their factors stay. issuer: NULL is the default one. Returns false when it was off. Raises 55000 for an unknown issuer.';

-- Operators and their factors -------------------------------------------------------------

CREATE FUNCTION pgtoken.check_console_factor(factor_type text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF factor_type IS NULL OR factor_type NOT IN ('totp', 'webauthn', 'recovery_code') THEN
		RAISE EXCEPTION 'a factor of this type cannot be one of the console'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'The application delivers the codes of the others, or says itself that they were proved.', HINT = 'One of totp, webauthn, recovery_code.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_console_factor FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_console_factor IS 'Internal: raises 22023 for a type of factor whose proof the application could make up';

CREATE FUNCTION pgtoken.add_console_factor(subject text, factor_type text DEFAULT 'totp', parameters jsonb DEFAULT '{}', label text DEFAULT NULL, issuer text DEFAULT NULL) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	made jsonb;
	old_sheets uuid[];
BEGIN
	PERFORM pgtoken.require_shard(subject);
	PERFORM pgtoken.check_console_factor(factor_type);
	PERFORM FROM pgtoken.console_operators o WHERE o.issuer = of_issuer AND o.subject = add_console_factor.subject FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'the subject is no operator of the console'
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT pgtoken.create_console_operator(...) makes one.';
	END IF;
	-- a new sheet of codes takes the place of the old one
	IF factor_type = 'recovery_code' THEN
		WITH old AS (DELETE FROM pgtoken.console_factors c
					 USING pgtoken.factors f
					 WHERE c.issuer = of_issuer AND c.subject = add_console_factor.subject AND f.issuer = c.issuer AND f.subject = c.subject
					   AND f.factor_id = c.factor_id AND f.factor_type = 'recovery_code'
					 RETURNING c.factor_id)
		SELECT array_agg(o.factor_id) INTO old_sheets FROM old o;
		DELETE FROM pgtoken.factors f WHERE f.issuer = of_issuer AND f.subject = add_console_factor.subject AND f.factor_id = ANY (old_sheets);
	END IF;
	made := pgtoken.enroll_factor(subject, factor_type, parameters, coalesce(label, 'console'), of_issuer);
	INSERT INTO pgtoken.console_factors (issuer, subject, factor_id) VALUES (of_issuer, add_console_factor.subject, (made ->> 'factor_id')::uuid);
	-- whoever has made it hands it to the operator, who proves it when he first uses it
	UPDATE pgtoken.factors f SET state = 'active'
	WHERE f.issuer = of_issuer AND f.subject = add_console_factor.subject AND f.factor_id = (made ->> 'factor_id')::uuid AND f.state = 'pending';
	RETURN made || '{"state": "active"}';
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.add_console_factor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.add_console_factor TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.add_console_factor IS
'Give an operator of the console a factor by which he proves that it is he, beside those that he has. It is a factor of the subject like others, except that it is offered in step-ups of the console alone, and that activate_factor, remove_factor, unlock_factor, enroll_factor and complete_challenge, which are the application''s, cannot touch it.
subject: the application''s user id. factor_type: totp, webauthn or recovery_code (a new sheet takes the place of the old one). parameters, label: as in enroll_factor; label NULL: console. issuer: NULL is the default one. Returns what enroll_factor does, and what is secret of it (secret and otpauth_uri, or codes) this once: it is active at once. Raises 22004, 22023 for another type or a parameter that is not acceptable, 23505, 54000, 55000, also when the subject is no operator.';

CREATE FUNCTION pgtoken.remove_console_factor(subject text, factor_id uuid, issuer text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
BEGIN
	PERFORM pgtoken.require_shard(subject);
	PERFORM pgtoken.make_durable();
	DELETE FROM pgtoken.console_factors c WHERE c.issuer = of_issuer AND c.subject = remove_console_factor.subject AND c.factor_id = remove_console_factor.factor_id;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	DELETE FROM pgtoken.factors f WHERE f.issuer = of_issuer AND f.subject = remove_console_factor.subject AND f.factor_id = remove_console_factor.factor_id;
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.remove_console_factor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.remove_console_factor TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.remove_console_factor IS
'Take a factor of the console from an operator, such as one that was lost: from the commit on what it has proved counts no longer. subject, factor_id: whose, and which: see console_factors. issuer: NULL is the default one. Returns false when there is none. Raises 55000.';

CREATE FUNCTION pgtoken.unlock_console_factor(subject text, factor_id uuid, issuer text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
BEGIN
	PERFORM pgtoken.require_shard(subject);
	UPDATE pgtoken.factors f SET failed_attempts = 0, locked_until = NULL, state = CASE f.state WHEN 'disabled' THEN 'active' ELSE f.state END
	FROM pgtoken.console_factors c
	WHERE f.issuer = of_issuer AND f.subject = unlock_console_factor.subject AND f.factor_id = unlock_console_factor.factor_id
	  AND c.issuer = f.issuer AND c.subject = f.subject AND c.factor_id = f.factor_id;
	RETURN FOUND;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.unlock_console_factor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.unlock_console_factor TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.unlock_console_factor IS
'Forget the wrong attempts at a factor of the console, as unlock_factor does of others. Somebody may have guessed: challenge.refused in the audit says from where. subject, factor_id: whose, and which. issuer: NULL is the default one. Returns false when there is none. Raises 55000.';

CREATE FUNCTION pgtoken.create_console_operator(subject text, access text DEFAULT 'auditor', factor_type text DEFAULT 'totp', parameters jsonb DEFAULT '{}', label text DEFAULT NULL,
												issuer text DEFAULT NULL) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
BEGIN
	PERFORM pgtoken.require_shard(subject);
	IF subject IS NULL OR access IS NULL THEN
		RAISE EXCEPTION 'subject and access must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM pgtoken.check_console_access(access);
	INSERT INTO pgtoken.console_operators (issuer, subject, access) VALUES (of_issuer, create_console_operator.subject, create_console_operator.access)
	ON CONFLICT ON CONSTRAINT console_operators_pkey DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'the subject is an operator of the console already'
			USING ERRCODE = 'unique_violation', HINT = 'SELECT pgtoken.update_console_operator(...) changes his access, pgtoken.add_console_factor(...) gives him another factor.';
	END IF;
	RETURN pgtoken.add_console_factor(subject, factor_type, parameters, label, of_issuer);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_console_operator FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.create_console_operator TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.create_console_operator IS
'Let a subject use the console of its issuer, and give it the factor by which it proves that it is itself. Nobody else can: neither the application, nor an operator of the console.
subject: the application''s user id. access: auditor (looks at all, changes nothing), issuer_admin (what pgtoken_issuer_admin may, of this issuer) or admin (looks at all, and may what pgtoken_admin may). factor_type, parameters, label: as in add_console_factor. issuer: NULL is the default one. Returns what add_console_factor does: hand what is secret of it to the operator and to nobody else. Raises 22004, 22023, 23505 when it is an operator already, 55000.';

CREATE FUNCTION pgtoken.check_console_access(access text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF access NOT IN ('auditor', 'issuer_admin', 'admin') THEN
		RAISE EXCEPTION 'unknown access' USING ERRCODE = 'invalid_parameter_value', HINT = 'One of auditor, issuer_admin, admin.';
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.check_console_access FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_console_access IS 'Internal: raises 22023 for what an operator of the console cannot be';

CREATE FUNCTION pgtoken.end_console_families(of_issuer text, of_subject text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	its_client CONSTANT text := (SELECT c.client_id FROM pgtoken.consoles c WHERE c.issuer = of_issuer);
BEGIN
	IF its_client IS NOT NULL THEN
		PERFORM pgtoken.revoke_family(l.grant_id, 'console_operator')
		FROM pgtoken.living_families(of_issuer, its_client, of_subject, NULL) l;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.end_console_families FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.end_console_families IS 'Internal: ends what an operator has signed in to the console';

CREATE FUNCTION pgtoken.update_console_operator(subject text, access text, issuer text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
BEGIN
	PERFORM pgtoken.require_shard(subject);
	IF subject IS NULL OR access IS NULL THEN
		RAISE EXCEPTION 'subject and access must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM pgtoken.check_console_access(access), pgtoken.make_durable();
	UPDATE pgtoken.console_operators o SET access = update_console_operator.access
	WHERE o.issuer = of_issuer AND o.subject = update_console_operator.subject;
	RETURN FOUND;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.update_console_operator FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.update_console_operator TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.update_console_operator IS
'Change what an operator of the console may. Less holds from the commit on; for more he signs in anew. subject: the application''s user id. access: as in create_console_operator. issuer: NULL is the default one. Returns false when the subject is no operator. Raises 22004, 22023, 55000.';

CREATE FUNCTION pgtoken.delete_console_operator(subject text, issuer text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
BEGIN
	PERFORM pgtoken.require_shard(subject);
	PERFORM pgtoken.make_durable();
	DELETE FROM pgtoken.console_operators o WHERE o.issuer = of_issuer AND o.subject = delete_console_operator.subject;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM pgtoken.remove_console_factor(c.subject, c.factor_id, of_issuer)
	FROM pgtoken.console_factors c WHERE c.issuer = of_issuer AND c.subject = delete_console_operator.subject;
	PERFORM pgtoken.end_console_families(of_issuer, delete_console_operator.subject);
	RETURN true;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.delete_console_operator FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.delete_console_operator TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.delete_console_operator IS
'Let a subject use the console no longer: from the commit on each call of his is refused; his factors of the console are gone, and what he has signed in there has ended. subject: the application''s user id. issuer: NULL is the default one. Returns false when the subject is no operator. Raises 55000.';

-- What the console calls --------------------------------------------------------------------

-- A function of this schema is pgtoken_console.NAME(arguments jsonb) RETURNS jsonb, runs
-- with the rights of the role that its caller's access stands for, STABLE where it reads
-- and VOLATILE where it changes something, and decides nothing that those it calls do not.
-- Who may execute it is who may call it.
CREATE SCHEMA pgtoken_console;
COMMENT ON SCHEMA pgtoken_console IS 'Functions that the console of pgtoken calls, each with one JSON object of arguments; not to be exposed otherwise';
REVOKE ALL ON SCHEMA pgtoken_console FROM PUBLIC;
GRANT USAGE ON SCHEMA pgtoken_console TO pgtoken_auditor, pgtoken_issuer_admin;

CREATE FUNCTION pgtoken.console_call() RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_console_call' LANGUAGE C STABLE PARALLEL RESTRICTED;
REVOKE ALL ON FUNCTION pgtoken.console_call FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.console_call TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken.console_call IS 'Internal, for functions of pgtoken_console: who calls at this moment: issuer, client_id, subject, access, accesses (what his token has of it), role, grant_id, factor_ids, proved_at; NULL: it was called in SQL';

CREATE FUNCTION pgtoken_console.check_arguments(arguments jsonb, known text[]) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	unknown text;
BEGIN
	IF arguments IS NULL OR jsonb_typeof(arguments) <> 'object' THEN
		RAISE EXCEPTION 'arguments must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT k.key INTO unknown FROM jsonb_object_keys(arguments) k (key) WHERE k.key <> ALL (known) ORDER BY k.key LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'unknown argument %', to_json(left(unknown, 60))
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = CASE WHEN known = '{}' THEN 'There are none.' ELSE format('There are %s.', array_to_string(known, ', ')) END;
	END IF;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.check_arguments FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.check_arguments TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.check_arguments IS 'Internal: raises 22023 unless arguments is an object whose members are all among the known ones';

CREATE FUNCTION pgtoken_console.limit_of(arguments jsonb) RETURNS integer
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF jsonb_typeof(arguments -> 'limit') NOT IN ('null', 'number') OR (arguments ->> 'limit') !~ '^([1-9][0-9]?|1[0-9][0-9]|200)$' THEN
		RAISE EXCEPTION 'limit must be a number, 1 to 200'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN coalesce((arguments ->> 'limit')::integer, 50);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.limit_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.limit_of TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.limit_of IS 'Internal: how many rows a list shows at a time, by its member limit: 1 to 200, and 50 where it is not there';

CREATE FUNCTION pgtoken_console.whoami(arguments jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	call CONSTANT jsonb := pgtoken.console_call();
	roles CONSTANT text[] := CASE WHEN call IS NULL THEN ARRAY[current_user::text]
								  ELSE ARRAY(SELECT 'pgtoken_' || a FROM jsonb_array_elements_text(call -> 'accesses') a) END;
BEGIN
	PERFORM pgtoken_console.check_arguments(arguments, '{}');
	RETURN jsonb_build_object(
		'issuer', call ->> 'issuer', 'subject', call ->> 'subject', 'access', call ->> 'access', 'accesses', coalesce(call -> 'accesses', '[]'),
		'factor_ids', coalesce(call -> 'factor_ids', '[]'), 'proved_at', call ->> 'proved_at',
		'proof_age', extract(epoch FROM current_setting('pgtoken.console_proof_age', true)::interval)::integer,
		'functions', (SELECT coalesce(jsonb_agg(p.proname ORDER BY p.proname COLLATE "C"), '[]')
					  FROM pg_proc p
					  WHERE p.pronamespace = 'pgtoken_console'::regnamespace AND p.proargtypes = '3802'::oidvector AND p.prorettype = 'jsonb'::regtype
						AND EXISTS (SELECT FROM unnest(roles) r WHERE has_function_privilege(r, p.oid, 'EXECUTE'))));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken_console.whoami FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken_console.whoami TO pgtoken_auditor, pgtoken_issuer_admin;
COMMENT ON FUNCTION pgtoken_console.whoami IS
'Who the operator of the console is, and what he may. arguments: none, {}. Returns an object: issuer; subject; access (auditor, issuer_admin or admin) as his row says; accesses, those that his token has of it; functions: names of those that he may call; factor_ids of his console factors; proved_at: when he proved one of them last in this sign-in; proof_age: for how many seconds that is enough for a change. Called in SQL, by a role that may: what is about a call is NULL or empty. Raises 22023.';
