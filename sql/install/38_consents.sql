-- What subjects have consented to.

CREATE TABLE pgtoken.consents (
	subject text NOT NULL,
	client_id text NOT NULL,
	resource text NOT NULL,
	scopes text[] NOT NULL,
	granted_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	CONSTRAINT consents_pkey PRIMARY KEY (subject, client_id, resource)
);
COMMENT ON TABLE pgtoken.consents IS 'What subjects have consented to; withdraw_consent() takes it back and ends the families';
COMMENT ON COLUMN pgtoken.consents.subject IS 'Who consented: the application''s user id';
COMMENT ON COLUMN pgtoken.consents.client_id IS 'To whom';
COMMENT ON COLUMN pgtoken.consents.resource IS 'For which API (RFC 8707)';
COMMENT ON COLUMN pgtoken.consents.scopes IS 'Scopes consented to there, offline_access included';
COMMENT ON COLUMN pgtoken.consents.granted_at IS 'When the subject first consented';
COMMENT ON COLUMN pgtoken.consents.updated_at IS 'When the subject last consented';
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

CREATE FUNCTION pgtoken.consent_missing(transaction_id text, subject text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_consent_missing' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.consent_missing FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.consent_missing TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.consent_missing IS
'The scopes that the subject must still be asked about: what the client wants and the subject has not consented to before; all of them under prompt=consent; none for a client without consent_required. transaction_id: as in authorization_request. subject: the application''s user id.
Returns them space-delimited; NULL when the transaction is unknown or has ended. Raises 22004.';

CREATE FUNCTION pgtoken.withdraw_consent(subject text, client_id text) RETURNS SETOF pgtoken.revoked_family
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := (SELECT c.issuer FROM pgtoken.clients c WHERE c.client_id = withdraw_consent.client_id);
BEGIN
	-- below NULL would mean everybody's
	IF subject IS NULL OR client_id IS NULL THEN
		RETURN;
	END IF;
	PERFORM pgtoken.make_durable();
	-- for what is being issued at this moment, which we cannot see
	PERFORM pgtoken.end_subject(of_issuer, subject, client_id, NULL, 'consent_withdrawn');
	DELETE FROM pgtoken.consents c WHERE c.subject = withdraw_consent.subject AND c.client_id = withdraw_consent.client_id;
	PERFORM pgtoken.forget_codes(NULL, client_id, subject, NULL, true);
	RETURN QUERY
		SELECT r.*
		FROM pgtoken.living_families(NULL, withdraw_consent.client_id, withdraw_consent.subject, NULL) f,
			 LATERAL pgtoken.revoke_family(f.grant_id, 'consent_withdrawn') r;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.withdraw_consent FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.withdraw_consent TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.withdraw_consent IS
'Take back what a subject has consented to: forgets the consent, the codes on their way to the client, and revokes every family of the two with the reason consent_withdrawn, also where no consent was stored (a first-party client). subject: the application''s user id. client_id: from which client. Returns the families revoked.';
