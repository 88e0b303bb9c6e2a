-- What subjects have consented to.

CREATE TABLE pgtoken.consents (
	subject text NOT NULL,
	client_id text NOT NULL,
	resource text NOT NULL,
	scopes text[] NOT NULL,
	granted_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	expires_at timestamptz,
	CONSTRAINT consents_pkey PRIMARY KEY (subject, client_id, resource)
);
COMMENT ON TABLE pgtoken.consents IS 'What subjects have consented to; withdraw_consent() takes it back and ends the families';
COMMENT ON COLUMN pgtoken.consents.subject IS 'Who consented: the application''s user id';
COMMENT ON COLUMN pgtoken.consents.client_id IS 'To whom';
COMMENT ON COLUMN pgtoken.consents.resource IS 'For which API (RFC 8707)';
COMMENT ON COLUMN pgtoken.consents.scopes IS 'Scopes consented to there, offline_access included';
COMMENT ON COLUMN pgtoken.consents.granted_at IS 'When the subject first consented';
COMMENT ON COLUMN pgtoken.consents.updated_at IS 'When the subject last consented';
COMMENT ON COLUMN pgtoken.consents.expires_at IS 'When it ends: from then on the subject is asked again, and no family that rests on it lives longer; there is one end for each API, so what is agreed to later beside it can move it back and never forward, agreeing to all of it anew can. NULL: when it is withdrawn';
COMMENT ON INDEX pgtoken.consents_pkey IS 'One consent of a subject to a client for an API';

ALTER TABLE pgtoken.consents
	ALTER subject SET STORAGE MAIN, ALTER subject SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.consents', '');
ALTER TABLE pgtoken.consents ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.consents FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.consents IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
CREATE POLICY issuer_reads ON pgtoken.consents FOR SELECT TO pgtoken_issuer USING (true);
COMMENT ON POLICY issuer_reads ON pgtoken.consents IS 'Lets pgtoken_issuer see every row: the application shows its users what they have consented to';
GRANT SELECT ON pgtoken.consents TO pgtoken_issuer;
GRANT SELECT ON pgtoken.consents TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.consents FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('consent', '', 'subject');
COMMENT ON TRIGGER audit ON pgtoken.consents IS 'Writes the row before and after to audit_events';

CREATE VIEW pgtoken.consent_status WITH (security_barrier, security_invoker) AS
	SELECT c.subject, c.client_id, c.resource, c.scopes, CASE WHEN c.expires_at <= now() THEN 'expired' ELSE 'active' END AS state,
		   c.granted_at, c.updated_at, c.expires_at
	FROM pgtoken.consents c;
GRANT SELECT ON pgtoken.consent_status TO pgtoken_issuer;
GRANT SELECT ON pgtoken.consent_status TO pgtoken_auditor;
COMMENT ON VIEW pgtoken.consent_status IS 'What subjects have consented to, and whether that still counts';
COMMENT ON COLUMN pgtoken.consent_status.subject IS 'Who consented: the application''s user id';
COMMENT ON COLUMN pgtoken.consent_status.client_id IS 'To whom';
COMMENT ON COLUMN pgtoken.consent_status.resource IS 'For which API (RFC 8707)';
COMMENT ON COLUMN pgtoken.consent_status.scopes IS 'Scopes consented to there, offline_access included';
COMMENT ON COLUMN pgtoken.consent_status.state IS 'active: it counts. expired: it does not, and maintain() forgets it after pgtoken.consent_retention';
COMMENT ON COLUMN pgtoken.consent_status.granted_at IS 'When the subject first consented';
COMMENT ON COLUMN pgtoken.consent_status.updated_at IS 'When the subject last consented';
COMMENT ON COLUMN pgtoken.consent_status.expires_at IS 'When it ends; NULL: when it is withdrawn';

CREATE FUNCTION pgtoken.consent_missing(transaction_id text, subject text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_consent_missing' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.consent_missing FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.consent_missing TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.consent_missing IS
'The scopes that the subject must still be asked about: what the client wants and the subject has not consented to before, or for a time that is over; all of them under prompt=consent; none for a client without consent_required. transaction_id: as in authorization_request. subject: the application''s user id.
Returns them space-delimited; NULL when the transaction is unknown or has ended. Raises 22004.';

CREATE FUNCTION pgtoken.rests_on_scopes(scope text, offline boolean, claims_request jsonb, scopes text[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	RETURN string_to_array(scope, ' ') && scopes OR (offline AND 'offline_access' = ANY (scopes))
		   -- single claims are consented to by the scopes that stand for them
		   OR (claims_request IS NOT NULL AND scopes && '{profile,email,address,phone}');
REVOKE ALL ON FUNCTION pgtoken.rests_on_scopes FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.rests_on_scopes IS 'Internal, called by withdraw_consent: does a family or a code of this scope, with or without a refresh token and with these single claims, have any of the scopes?';

CREATE FUNCTION pgtoken.forget_codes_of_scopes(client_id text, subject text, scopes text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	-- locked in order first, as in forget_codes
	WITH o AS MATERIALIZED (
		SELECT a.grant_id FROM pgtoken.authorization_codes a
		WHERE a.client_id = forget_codes_of_scopes.client_id AND a.subject = forget_codes_of_scopes.subject AND a.redeemed_at IS NULL
		  AND pgtoken.rests_on_scopes(a.scope, false, a.claims_request, forget_codes_of_scopes.scopes)
		ORDER BY a.grant_id FOR UPDATE)
	DELETE FROM pgtoken.authorization_codes a USING o WHERE a.grant_id = o.grant_id;
	WITH o AS MATERIALIZED (
		SELECT d.grant_id FROM pgtoken.device_codes d
		WHERE d.client_id = forget_codes_of_scopes.client_id AND d.subject = forget_codes_of_scopes.subject AND d.state = 'approved'
		  AND pgtoken.rests_on_scopes(d.scope, false, NULL, forget_codes_of_scopes.scopes)
		ORDER BY d.grant_id FOR UPDATE)
	DELETE FROM pgtoken.device_codes d USING o WHERE d.grant_id = o.grant_id;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.forget_codes_of_scopes FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.forget_codes_of_scopes IS 'Internal, called by withdraw_consent: forgets the codes on their way from a subject to a client that have any of the scopes; a step-up transaction is worth nothing without its code';

CREATE FUNCTION pgtoken.narrow_families(of_client text, of_subject text, scopes text[], at_once boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	family record;
BEGIN
	FOR family IN
		SELECT g.grant_id, array_to_string(ARRAY(SELECT w FROM string_to_table(g.scope, ' ') WITH ORDINALITY u (w, place) WHERE w <> ALL (scopes) ORDER BY place), ' ') AS rest
		FROM pgtoken.living_families(NULL, of_client, of_subject, NULL) f JOIN pgtoken.grants g ON g.grant_id = f.grant_id
		WHERE string_to_array(g.scope, ' ') && scopes
		  -- single claims are no scope that could be taken out
		  AND NOT pgtoken.rests_on_scopes('', false, g.claims_request, scopes)
		ORDER BY g.grant_id LOOP
		CONTINUE WHEN family.rest = '';
		PERFORM FROM pgtoken.change_family(family.grant_id, scope => family.rest, at_once => at_once, reason => 'consent_withdrawn');
	END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.narrow_families FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.narrow_families IS 'Internal, called by withdraw_consent: takes scopes out of the living families of a subject with a client, but for those that would have none left, or single claims that one of them stands for';

CREATE FUNCTION pgtoken.withdraw_consent(subject text, client_id text, scopes text[] DEFAULT NULL, families text DEFAULT 'end') RETURNS SETOF pgtoken.revoked_family
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := (SELECT c.issuer FROM pgtoken.clients c WHERE c.client_id = withdraw_consent.client_id);
BEGIN
	PERFORM pgtoken.require_shard(subject);
	IF families IS NULL OR families NOT IN ('end', 'narrow', 'narrow_at_once') OR (families <> 'end' AND scopes IS NULL) THEN
		RAISE EXCEPTION 'families must be end, or with scopes narrow or narrow_at_once'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	-- below NULL would mean everybody's
	IF subject IS NULL OR client_id IS NULL OR scopes = '{}' THEN
		RETURN;
	END IF;
	-- those of the issuer's own endpoints are no API's, and agreed to as any
	IF pgtoken.scopes_problem(scopes, of_client => false) <> 'account' THEN
		PERFORM pgtoken.check_scopes(scopes, of_client => false);
	END IF;
	PERFORM pgtoken.make_durable();
	IF scopes IS NULL THEN
		-- for what is being issued at this moment, which we cannot see
		PERFORM pgtoken.end_subject(of_issuer, subject, client_id, NULL, 'consent_withdrawn');
		DELETE FROM pgtoken.consents c WHERE c.subject = withdraw_consent.subject AND c.client_id = withdraw_consent.client_id;
		PERFORM pgtoken.forget_codes(NULL, client_id, subject, NULL, true);
	ELSE
		-- A choice among the families is no matter of epochs: we wait for who is issuing,
		-- as the end of a session does, and then see what came of it.
		PERFORM pgtoken.lock_session(of_issuer, subject, NULL);
		PERFORM FROM pgtoken.consents c WHERE c.subject = withdraw_consent.subject AND c.client_id = withdraw_consent.client_id ORDER BY c.resource FOR UPDATE;
		DELETE FROM pgtoken.consents c
		WHERE c.subject = withdraw_consent.subject AND c.client_id = withdraw_consent.client_id AND c.scopes <@ withdraw_consent.scopes;
		UPDATE pgtoken.consents c
		SET scopes = ARRAY(SELECT u FROM unnest(c.scopes) u WHERE u <> ALL (withdraw_consent.scopes) ORDER BY u)
		WHERE c.subject = withdraw_consent.subject AND c.client_id = withdraw_consent.client_id AND c.scopes && withdraw_consent.scopes;
		PERFORM pgtoken.forget_codes_of_scopes(client_id, subject, scopes);
	END IF;
	IF families <> 'end' THEN
		PERFORM pgtoken.narrow_families(client_id, subject, scopes, families = 'narrow_at_once');
	END IF;
	-- what has been narrowed has none of them any more
	PERFORM pgtoken.write_audit_event('consent.withdrawn', CASE WHEN scopes IS NULL THEN '{}' ELSE jsonb_build_object('scopes', scopes) END, NULL, client_id, subject);
	RETURN QUERY
		SELECT r.*
		FROM pgtoken.living_families(NULL, withdraw_consent.client_id, withdraw_consent.subject, NULL) f
		JOIN pgtoken.grants g ON g.grant_id = f.grant_id,
			 LATERAL pgtoken.revoke_family(f.grant_id, 'consent_withdrawn') r
		WHERE withdraw_consent.scopes IS NULL OR pgtoken.rests_on_scopes(g.scope, f.offline, g.claims_request, withdraw_consent.scopes);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.withdraw_consent FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.withdraw_consent TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.withdraw_consent IS
'Take back what a subject has consented to: forgets the consent, the codes on their way to the client, and revokes every family of the two with the reason consent_withdrawn, also where no consent was stored (a first-party client). subject: the application''s user id. client_id: from which client. scopes: these alone, for every API, offline_access included; codes and families that have one of them (or single claims that profile, email, address or phone stand for) end, all others stay; NULL: everything. families: what becomes of these with scopes: end; narrow: they live on with the rest of their scope, from their next access token on (change_family), and only those end that have no other, or such single claims; narrow_at_once: likewise, and the access tokens that they have out are refused as well. Returns the families revoked. Raises 22023 for what is no scope, and for a way that there is not.';
