-- Consent pages: what the application shows, kept as it was shown.

CREATE TABLE pgtoken.consent_pages (
	grant_id uuid NOT NULL,
	page_id text NOT NULL,
	subject text NOT NULL,
	client_id text NOT NULL,
	asked text[] NOT NULL,
	shown jsonb NOT NULL,
	shown_at timestamptz NOT NULL,
	CONSTRAINT consent_pages_pkey PRIMARY KEY (grant_id, page_id)
);
COMMENT ON TABLE pgtoken.consent_pages IS 'What consent pages have shown, until the request is answered: then the audit has it (consent.given). maintain() forgets what was never answered';
COMMENT ON COLUMN pgtoken.consent_pages.grant_id IS 'grant_id of the authorization request or device code that the page is for';
COMMENT ON COLUMN pgtoken.consent_pages.page_id IS 'Names the page: a SHA-256 of what it shows to whom';
COMMENT ON COLUMN pgtoken.consent_pages.subject IS 'Who was shown it: the application''s user id';
COMMENT ON COLUMN pgtoken.consent_pages.client_id IS 'Client that asks';
COMMENT ON COLUMN pgtoken.consent_pages.asked IS 'The scopes that it asks about; no other is granted on it';
COMMENT ON COLUMN pgtoken.consent_pages.shown IS 'As consent_page() has returned it';
COMMENT ON COLUMN pgtoken.consent_pages.shown_at IS 'When it was last shown';
COMMENT ON INDEX pgtoken.consent_pages_pkey IS 'Finds the pages of a request';

ALTER TABLE pgtoken.consent_pages
	ALTER page_id SET STORAGE MAIN, ALTER page_id SET STATISTICS 0,
	ALTER subject SET STORAGE MAIN, ALTER subject SET STATISTICS 0,
	ALTER shown SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.consent_pages', '');
ALTER TABLE pgtoken.consent_pages ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.consent_pages FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.consent_pages IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.consent_pages TO pgtoken_auditor;
-- What comes of a page is audited, with all that it showed: no trigger here.

CREATE FUNCTION pgtoken.consent_asked(transaction_id text, subject text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_consent_asked' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.consent_asked FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.consent_asked IS 'Internal, called by consent_page: request_id, issuer, wanted and missing scopes, and the seconds that a consent holds (lifetime, 0: without end); NULL: there is no such transaction. Raises 22004';

CREATE FUNCTION pgtoken.device_consent_asked(user_code text, attempt_key text, subject text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_device_consent_asked' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.device_consent_asked FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.device_consent_asked IS 'Internal, called by device_consent_page: as device_request, with request_id, issuer and lifetime as in consent_asked. Raises 22004, 22023';

CREATE FUNCTION pgtoken.language_ranges(ui_locales text) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	-- none that is longer than a tag is (RFC 5646 section 4.4.1): a request must not have us try a thousand subtags for each text
	RETURN ARRAY(SELECT u.range FROM unnest((string_to_array(ui_locales, ' '))[1:20]) WITH ORDINALITY u (range, place) WHERE length(u.range) <= 35 ORDER BY u.place);
REVOKE ALL ON FUNCTION pgtoken.language_ranges FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.language_ranges IS 'Internal: the languages of ui_locales (OpenID Connect Core section 3.1.2.1), twenty at most, the first preferred; NULL: none';

CREATE FUNCTION pgtoken.localized_member(metadata jsonb, member text, ranges text[]) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN (SELECT metadata ->> (member || CASE WHEN l.tag <> '' THEN '#' || l.tag ELSE '' END)
			FROM (SELECT pgtoken.language_lookup(ranges, ARRAY(
					SELECT substr(k, length(member) + 2) FROM jsonb_object_keys(metadata) k WHERE k = member OR starts_with(k, member || '#')))) l (tag));
REVOKE ALL ON FUNCTION pgtoken.localized_member FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.localized_member IS 'Internal, called by consent_page: a member of a client''s metadata for whoever reads these languages (RFC 7591 section 2.2); NULL: it has none';

CREATE FUNCTION pgtoken.shown_client(of_client text, redirect_uri text, to_device boolean, ranges text[]) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT jsonb_strip_nulls(jsonb_build_object(
		'client_id', c.client_id,
		'name', coalesce(pgtoken.localized_member(m.metadata, 'client_name', ranges), c.client_id),
		'logo_uri', pgtoken.localized_member(m.metadata, 'logo_uri', ranges),
		'client_uri', pgtoken.localized_member(m.metadata, 'client_uri', ranges),
		'policy_uri', pgtoken.localized_member(m.metadata, 'policy_uri', ranges),
		'tos_uri', pgtoken.localized_member(m.metadata, 'tos_uri', ranges),
		'origin', r.origin,
		'host', CASE r.origin WHEN 'document' THEN lower(substring(c.client_id FROM '^[^:]+://(?:[^/?#\\]*@)?(\[[^]]*\]|[^/?#\\:]+)')) END,
		'redirects_to_device', CASE WHEN r.origin IS NOT NULL THEN to_device END,
		'redirect_host', CASE WHEN r.origin IS NOT NULL THEN lower(substring(shown_client.redirect_uri FROM '(?i)^https?://(?:[^/?#\\]*@)?([^/?#\\]+)')) END))
	FROM pgtoken.clients c
	LEFT JOIN pgtoken.registrations r ON r.client_id = c.client_id,
		LATERAL (SELECT c.metadata || jsonb_strip_nulls(jsonb_build_object('client_name', c.client_name))) m (metadata)
	WHERE c.client_id = of_client;
END;
REVOKE ALL ON FUNCTION pgtoken.shown_client FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.shown_client IS 'Internal, called by consent_page: a client as it is shown to whoever reads these languages; of one that nobody here has looked at also how it came about, whose document it is, and where its code goes';

CREATE FUNCTION pgtoken.shown_scopes(of_issuer text, scopes text[], resources text[], ranges text[]) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('scope', t.scope, 'resource', NULLIF(t.resource, ''), 'description', t.description,
																	'language', NULLIF(t.language, ''), 'described_at', t.described_at))
							  ORDER BY t.place, t.resource COLLATE "C"), '[]')
	FROM (SELECT DISTINCT s.place, s.scope, x.resource, x.description, x.language, x.described_at
		  FROM unnest(shown_scopes.scopes) WITH ORDINALITY s (scope, place)
		  -- the APIs to which it means something
		  LEFT JOIN LATERAL (SELECT r.resource FROM pgtoken.resources r
							 WHERE r.issuer = of_issuer AND r.resource = ANY (shown_scopes.resources) AND (r.scopes IS NULL OR s.scope = ANY (r.scopes))) a ON true,
			   LATERAL pgtoken.scope_text(of_issuer, a.resource, s.scope, ranges) x) t;
END;
REVOKE ALL ON FUNCTION pgtoken.shown_scopes FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.shown_scopes IS 'Internal, called by consent_page: scopes with what they mean, for whoever reads these languages: a scope once, and once more for each of the APIs that gives it a meaning of its own';

CREATE FUNCTION pgtoken.shown_details(of_issuer text, details jsonb) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('type', d.detail ->> 'type', 'description', t.description)) || jsonb_build_object('detail', d.detail) ORDER BY d.place)
	FROM jsonb_array_elements(details) WITH ORDINALITY d (detail, place)
	LEFT JOIN pgtoken.authorization_details_types t ON t.issuer = of_issuer AND t.type = d.detail ->> 'type';
END;
REVOKE ALL ON FUNCTION pgtoken.shown_details FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.shown_details IS 'Internal, called by consent_page: what is asked for beyond scopes (RFC 9396), with the description of its types; NULL: nothing';

CREATE FUNCTION pgtoken.shown_claims(claims jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	-- what is of the login itself is nothing that it would learn
	RETURN (SELECT jsonb_agg(n.name ORDER BY n.name COLLATE "C")
			FROM (SELECT DISTINCT k AS name FROM jsonb_each(claims) t, jsonb_object_keys(CASE jsonb_typeof(t.value) WHEN 'object' THEN t.value ELSE '{}' END) k
				  WHERE t.key IN ('id_token', 'userinfo') AND k NOT IN ('sub', 'acr', 'amr', 'auth_time')) n);
REVOKE ALL ON FUNCTION pgtoken.shown_claims FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.shown_claims IS 'Internal, called by consent_page: names of the single claims that were asked for (OpenID Connect Core section 5.5); NULL: none';

CREATE FUNCTION pgtoken.shown_page(asked jsonb, request jsonb, missing text[], before text[], ui_locales text, consent_lifetime interval) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
	of_issuer CONSTANT text := asked ->> 'issuer';
	ranges CONSTANT text[] := pgtoken.language_ranges(coalesce(NULLIF(ui_locales, ''), request ->> 'ui_locales'));
	resources CONSTANT text[] := coalesce(pgtoken.texts_of(request -> 'resource'), '{}');
	-- as in approve_authorization: the shortest, and 0 is without end
	lifetime CONSTANT bigint := least(NULLIF((asked ->> 'lifetime')::bigint, 0), extract(epoch FROM consent_lifetime)::bigint);
BEGIN
	IF consent_lifetime NOT BETWEEN '1 minute' AND '3653 days' THEN
		RAISE EXCEPTION 'consent_lifetime must be between 1 minute and 10 years'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN jsonb_strip_nulls(jsonb_build_object(
			'client', pgtoken.shown_client(request ->> 'client_id', request ->> 'redirect_uri', (request ->> 'redirects_to_device')::boolean, ranges),
			'resources', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('resource', u.resource, 'name', r.resource_name)) ORDER BY u.place)
						  FROM unnest(resources) WITH ORDINALITY u (resource, place)
						  LEFT JOIN pgtoken.resources r ON r.issuer = of_issuer AND r.resource = u.resource),
			'scopes', pgtoken.shown_scopes(of_issuer, missing, resources, ranges),
			'agreed_before', pgtoken.shown_scopes(of_issuer, before, resources, ranges),
			'claims', pgtoken.shown_claims(request -> 'claims'),
			'lifetime', lifetime))
		|| CASE WHEN request ? 'authorization_details'
				THEN jsonb_build_object('authorization_details', pgtoken.shown_details(of_issuer, request -> 'authorization_details')) ELSE '{}' END;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.shown_page FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.shown_page IS 'Internal, called by consent_page and device_consent_page: what the page shows, for a request that asks for missing and was agreed to before as far as before. Raises 22023 for a consent_lifetime that cannot be';

CREATE FUNCTION pgtoken.keep_consent_page(request_id uuid, subject text, client_id text, asked text[], shown jsonb) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	-- one page has one name: who looks at it again and again fills no table
	digest CONSTANT text := encode(sha256(convert_to(jsonb_build_array(subject, asked, shown)::text, 'UTF8')), 'hex');
BEGIN
	INSERT INTO pgtoken.consent_pages (grant_id, page_id, subject, client_id, asked, shown, shown_at)
	VALUES (request_id, digest, keep_consent_page.subject, keep_consent_page.client_id, keep_consent_page.asked, keep_consent_page.shown, clock_timestamp())
	ON CONFLICT ON CONSTRAINT consent_pages_pkey DO UPDATE SET shown_at = EXCLUDED.shown_at;
	RETURN jsonb_build_object('page_id', digest) || shown;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.keep_consent_page FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.keep_consent_page IS 'Internal, called by consent_page and device_consent_page: keeps what is shown until the request is answered, and returns it with its name';

CREATE FUNCTION pgtoken.consent_page(transaction_id text, subject text, ui_locales text DEFAULT NULL, consent_lifetime interval DEFAULT NULL) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	asked CONSTANT jsonb := pgtoken.consent_asked(transaction_id, subject);
	request CONSTANT jsonb := pgtoken.authorization_request(transaction_id);
	missing CONSTANT text[] := pgtoken.texts_of(asked -> 'missing');
	-- who is not asked has not agreed either
	before CONSTANT text[] := CASE WHEN request -> 'consent_required' = 'true' THEN ARRAY(
		SELECT w FROM jsonb_array_elements_text(asked -> 'wanted') WITH ORDINALITY u (w, place) WHERE w <> ALL (missing) ORDER BY place) ELSE '{}' END;
BEGIN
	PERFORM pgtoken.require_shard(subject);
	IF asked IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN pgtoken.keep_consent_page((asked ->> 'request_id')::uuid, subject, request ->> 'client_id', missing,
									 pgtoken.shown_page(asked, request, missing, before, ui_locales, consent_lifetime));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.consent_page FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.consent_page TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.consent_page IS
'What the application''s consent page shows, kept as it is shown: with the agreement it goes to the audit (consent.given, consent_history). What the page does not ask about approve_authorization does not grant. transaction_id: as in authorization_request. subject: the application''s user id, who is asked. ui_locales: language tags separated by spaces, the first preferred; NULL: those of the request. Each text is looked up by itself (RFC 4647 section 3.4). consent_lifetime: how long the consent will hold at most, 1 minute to 10 years; NULL: as the client''s metadata or pgtoken.consent_lifetime say.
Returns an object: page_id (to be given to approve_authorization with the answer); client (client_id, name, logo_uri, client_uri, policy_uri, tos_uri; of one that nobody here has looked at also origin: registration or document, host of the document, redirects_to_device, redirect_host); resources (resource and name of each API); scopes, which are asked about, and agreed_before, which are granted without (scope, description, its language, described_at, and resource where the API gives it a meaning of its own); claims (names of single claims); authorization_details (type, its description, detail); lifetime (seconds; without it until it is withdrawn). What is not there is left out. All of it must be escaped in a page. NULL when the transaction is unknown or has ended. Raises 22004, 22023.';

CREATE FUNCTION pgtoken.device_consent_page(user_code text, attempt_key text, subject text, ui_locales text DEFAULT NULL, consent_lifetime interval DEFAULT NULL) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	asked CONSTANT jsonb := pgtoken.device_consent_asked(user_code, attempt_key, subject);
	wanted CONSTANT text[] := array_remove(string_to_array(asked ->> 'scope', ' '), '');
BEGIN
	IF asked ? 'error' OR NOT asked ? 'request_id' THEN
		RETURN jsonb_build_object('error', coalesce(asked ->> 'error', 'invalid_user_code'));
	END IF;
	RETURN jsonb_build_object('user_code', asked -> 'user_code', 'expires_at', asked -> 'expires_at')
		|| pgtoken.keep_consent_page((asked ->> 'request_id')::uuid, subject, asked ->> 'client_id', wanted,
									 pgtoken.shown_page(asked, asked, wanted, '{}', ui_locales, consent_lifetime));
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.device_consent_page FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.device_consent_page TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.device_consent_page IS
'What the device page shows once a code was typed (RFC 8628 section 3.3), kept as it is shown. user_code, attempt_key: as in device_request, and counted as there. subject, ui_locales, consent_lifetime: as in consent_page; without ui_locales the texts that are for everybody, since a device says nothing of languages.
Returns as consent_page, for approve_device, with user_code and expires_at; a device is asked about all of its scopes. Or error: invalid_user_code, too_many_attempts. Commit after an error too. Raises 22004, 22023.';

CREATE FUNCTION pgtoken.consent_history(subject text, client_id text DEFAULT NULL)
	RETURNS TABLE (occurred_at timestamptz, event text, of_client text, grant_id uuid, scopes text[], refused text[], resources text[], expires_at timestamptz, page jsonb, authorization_details jsonb, context jsonb)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT e.occurred_at, e.event, e.client_id, e.grant_id, pgtoken.texts_of(e.detail -> 'scopes'), pgtoken.texts_of(e.detail -> 'refused'), pgtoken.texts_of(e.detail -> 'resources'),
		   (e.detail ->> 'expires_at')::timestamptz,
		   (e.detail -> 'page') || CASE WHEN e.personal ? 'shown_authorization_details' THEN jsonb_build_object('authorization_details', e.personal -> 'shown_authorization_details') ELSE '{}' END,
		   e.personal -> 'authorization_details', e.context
	FROM pgtoken.audit_by_subject(consent_history.subject) e
	WHERE e.event IN ('consent.given', 'consent.withdrawn') AND (consent_history.client_id IS NULL OR e.client_id = consent_history.client_id)
	ORDER BY e.occurred_at, e.event_id;
END;
REVOKE ALL ON FUNCTION pgtoken.consent_history FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.consent_history TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.consent_history IS
'What a subject has agreed to and taken back, oldest first, with the page that was shown: texts, languages, names and addresses as they were then, for as long as the audit is kept. subject: the application''s user id. client_id: with which client; NULL: with any.
Returns event (consent.given, consent.withdrawn), of_client, grant_id (the family that came of it; of a device its request), scopes (agreed to then; of a withdrawal NULL is everything), refused (asked about and not agreed to), resources, expires_at (NULL: without end), page (as consent_page returned it; NULL: the application showed one of its own), authorization_details (as agreed to), context (of the request). Raises 22004.';
