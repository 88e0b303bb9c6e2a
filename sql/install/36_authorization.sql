-- The authorization endpoint: requests on their way and codes, and the application's
-- side of it, which its login and consent pages call.  Secrets are stored as hashes only.
--
-- A code carries the grant_id which its family will have, so that it lies where the
-- family will. A request lies where the client's do: its subject is not known yet.

CREATE TABLE pgtoken.authorization_requests (
	grant_id uuid NOT NULL,
	kind text NOT NULL,
	handle_hash bytea NOT NULL,
	issuer text NOT NULL,
	client_id text NOT NULL,
	parameters jsonb NOT NULL,
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	CONSTRAINT authorization_requests_pkey PRIMARY KEY (grant_id),
	CONSTRAINT authorization_requests_kind_check CHECK (kind IN ('pushed', 'authorization', 'logout', 'answer', 'handed_over', 'answered'))
);
COMMENT ON TABLE pgtoken.authorization_requests IS 'Requests on their way: pushed (RFC 9126), waiting for the application to authenticate its user, or waiting for it to end a session; and answers that a page is to post (Form Post Response Mode). A row goes when its answer is given, and with it the pushed one that it comes from; what was handed over to another shard stays until it expires, and so does that it was answered there. maintain() forgets what has expired';
COMMENT ON COLUMN pgtoken.authorization_requests.grant_id IS 'Id of the request, which says where the client''s requests lie; the code that answers it has one of its subject''s. What was answered after it had been handed over has an id made of that, with its subject''s placement';
COMMENT ON COLUMN pgtoken.authorization_requests.kind IS 'pushed: named by a request_uri. authorization and logout: named by a transaction_id. answer: named in the address of the page that posts it. handed_over: was an authorization, and has been given to the shard of its subject. answered: was given to this shard, and is not answered once more';
COMMENT ON COLUMN pgtoken.authorization_requests.handle_hash IS 'SHA-256 of the secret in what names it; of what is answered SHA-256 of the id, since nothing names it';
COMMENT ON COLUMN pgtoken.authorization_requests.issuer IS 'Issuer that was asked; the pages of another one cannot answer';
COMMENT ON COLUMN pgtoken.authorization_requests.client_id IS 'Client that asks; '''' where a logout names none';
COMMENT ON COLUMN pgtoken.authorization_requests.parameters IS 'Parameters as validated (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1); of an answer what it says, sealed by the secret in the address, and of what was handed over for whom, sealed by the transaction_id';
COMMENT ON COLUMN pgtoken.authorization_requests.created_at IS 'When it was made';
COMMENT ON COLUMN pgtoken.authorization_requests.expires_at IS 'From when on it is refused';
COMMENT ON INDEX pgtoken.authorization_requests_pkey IS 'Finds a request; its handle names the grant_id';
COMMENT ON CONSTRAINT authorization_requests_kind_check ON pgtoken.authorization_requests IS 'The kinds there are';

ALTER TABLE pgtoken.authorization_requests
	ALTER handle_hash SET STORAGE MAIN, ALTER handle_hash SET STATISTICS 0,
	ALTER parameters SET STORAGE MAIN, ALTER parameters SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.authorization_requests', '');
ALTER TABLE pgtoken.authorization_requests ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.authorization_requests FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.authorization_requests IS 'Lets pgtoken_auditor see every row (though neither handle_hash nor parameters: column privileges); without it row security shows none, not even to pg_read_all_data';
GRANT SELECT (grant_id, kind, issuer, client_id, created_at, expires_at) ON pgtoken.authorization_requests TO pgtoken_auditor;

CREATE TABLE pgtoken.authorization_codes (
	grant_id uuid NOT NULL,
	code_hash bytea NOT NULL,
	client_id text NOT NULL,
	redirect_uri text,
	code_challenge text,
	dpop_jkt text,
	subject text NOT NULL,
	scope text NOT NULL,
	resources text[] NOT NULL,
	session_id text,
	auth_time timestamptz,
	acr text,
	amr text[],
	nonce text,
	claims jsonb NOT NULL,
	context jsonb NOT NULL,
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	redeemed_at timestamptz,
	issuer_epoch bigint,
	client_epoch bigint,
	subject_epoch bigint,
	request_id uuid,
	authorization_details jsonb,
	claims_request jsonb,
	family_expires_at timestamptz,
	family_idle_lifetime interval,
	consent_expires_at timestamptz,
	CONSTRAINT authorization_codes_pkey PRIMARY KEY (grant_id)
);
COMMENT ON TABLE pgtoken.authorization_codes IS 'Authorization codes (RFC 6749 section 4.1.2): what was authorized, until the client redeems it. Kept for a day, so that a second use can be told from an unknown code';
COMMENT ON COLUMN pgtoken.authorization_codes.grant_id IS 'Family that the code leads to; it comes into being when the code is redeemed';
COMMENT ON COLUMN pgtoken.authorization_codes.code_hash IS 'SHA-256 of the secret in the code';
COMMENT ON COLUMN pgtoken.authorization_codes.client_id IS 'Client that may redeem it';
COMMENT ON COLUMN pgtoken.authorization_codes.redirect_uri IS 'redirect_uri of the authorization request, which the token request must repeat; NULL: it had none';
COMMENT ON COLUMN pgtoken.authorization_codes.code_challenge IS 'S256 challenge (RFC 7636 section 4.2); NULL: none';
COMMENT ON COLUMN pgtoken.authorization_codes.dpop_jkt IS 'Key that must redeem it (RFC 9449 section 10); NULL: any';
COMMENT ON COLUMN pgtoken.authorization_codes.subject IS 'sub: who authorized it, the application''s user id';
COMMENT ON COLUMN pgtoken.authorization_codes.scope IS 'Scope as authorized, space-delimited';
COMMENT ON COLUMN pgtoken.authorization_codes.resources IS 'APIs as authorized (RFC 8707)';
COMMENT ON COLUMN pgtoken.authorization_codes.session_id IS 'The application''s session: sid of the ID tokens, or what that of a pairwise client is derived from; NULL: the grant_id';
COMMENT ON COLUMN pgtoken.authorization_codes.auth_time IS 'When the subject authenticated';
COMMENT ON COLUMN pgtoken.authorization_codes.acr IS 'Authentication context class';
COMMENT ON COLUMN pgtoken.authorization_codes.amr IS 'Authentication methods (RFC 8176)';
COMMENT ON COLUMN pgtoken.authorization_codes.nonce IS 'nonce of the authorization request';
COMMENT ON COLUMN pgtoken.authorization_codes.claims IS 'Further claims of the access tokens';
COMMENT ON COLUMN pgtoken.authorization_codes.context IS 'Request context as the application gave it';
COMMENT ON COLUMN pgtoken.authorization_codes.created_at IS 'When it was made';
COMMENT ON COLUMN pgtoken.authorization_codes.expires_at IS 'From when on it is refused';
COMMENT ON COLUMN pgtoken.authorization_codes.redeemed_at IS 'When it was redeemed; NULL: it was not. A further use revokes the family';
COMMENT ON COLUMN pgtoken.authorization_codes.issuer_epoch IS 'epoch of the issuer when it was made; the family will have it; NULL: before all';
COMMENT ON COLUMN pgtoken.authorization_codes.client_epoch IS 'epoch of the client then';
COMMENT ON COLUMN pgtoken.authorization_codes.subject_epoch IS 'epoch of the issuer''s subjects then';
COMMENT ON COLUMN pgtoken.authorization_codes.request_id IS 'grant_id of the authorization request that it answers, so that the audit can be followed from one to the other; NULL: not known';
COMMENT ON COLUMN pgtoken.authorization_codes.authorization_details IS 'What was authorized beyond scopes (RFC 9396), an array; NULL: nothing';
COMMENT ON COLUMN pgtoken.authorization_codes.claims_request IS 'Single claims that were asked for (OpenID Connect Core section 5.5), as consented to; NULL: none';
COMMENT ON COLUMN pgtoken.authorization_codes.family_expires_at IS 'When the family is to end, by what the application said; NULL: as the client''s settings say';
COMMENT ON COLUMN pgtoken.authorization_codes.family_idle_lifetime IS 'Time without a refresh after which it is to end, likewise';
COMMENT ON COLUMN pgtoken.authorization_codes.consent_expires_at IS 'When the consent ends that it rests on: from then on it is refused, and its family ends then at the latest; NULL: never, or it rests on none';
COMMENT ON INDEX pgtoken.authorization_codes_pkey IS 'Finds a code, which names its grant_id';

ALTER TABLE pgtoken.authorization_codes
	ALTER code_hash SET STORAGE MAIN, ALTER code_hash SET STATISTICS 0,
	ALTER code_challenge SET STORAGE MAIN, ALTER code_challenge SET STATISTICS 0,
	ALTER dpop_jkt SET STORAGE MAIN, ALTER dpop_jkt SET STATISTICS 0,
	ALTER subject SET STORAGE MAIN, ALTER subject SET STATISTICS 0,
	ALTER session_id SET STORAGE MAIN, ALTER session_id SET STATISTICS 0,
	ALTER acr SET STORAGE MAIN, ALTER acr SET STATISTICS 0,
	ALTER amr SET STORAGE MAIN, ALTER amr SET STATISTICS 0,
	ALTER nonce SET STORAGE MAIN, ALTER nonce SET STATISTICS 0,
	ALTER claims SET STORAGE MAIN, ALTER claims SET STATISTICS 0,
	ALTER claims_request SET STORAGE MAIN, ALTER claims_request SET STATISTICS 0,
	ALTER context SET STORAGE MAIN, ALTER context SET STATISTICS 0,
	ALTER authorization_details SET STORAGE MAIN, ALTER authorization_details SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('pgtoken.authorization_codes', '');
ALTER TABLE pgtoken.authorization_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.authorization_codes FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.authorization_codes IS 'Lets pgtoken_auditor see every row (though neither code_hash nor code_challenge: column privileges); without it row security shows none, not even to pg_read_all_data';
GRANT SELECT (grant_id, client_id, redirect_uri, dpop_jkt, subject, scope, resources, session_id, auth_time, acr, amr, nonce, claims,
			  context, created_at, expires_at, redeemed_at, issuer_epoch, client_epoch, subject_epoch, request_id, authorization_details, claims_request,
			  family_expires_at, family_idle_lifetime, consent_expires_at)
	ON pgtoken.authorization_codes TO pgtoken_auditor;

-- What comes of a request is audited, not the request; a code from its making on,
-- but not that maintain() forgets it.
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON pgtoken.authorization_codes FOR EACH ROW
	EXECUTE FUNCTION pgtoken.audit_row('authorization_code', 'code_hash, code_challenge, context, issuer_epoch, client_epoch, subject_epoch', 'subject, session_id, nonce, claims, claims_request, dpop_jkt, authorization_details');
COMMENT ON TRIGGER audit ON pgtoken.authorization_codes IS 'Writes a code when it is made and when it is redeemed to audit_events, without hash and challenge';

CREATE TYPE pgtoken.authorization_response AS (
	redirect_uri text,
	error text,
	error_description text
);
REVOKE ALL ON TYPE pgtoken.authorization_response FROM PUBLIC;
GRANT USAGE ON TYPE pgtoken.authorization_response TO pgtoken_issuer;
COMMENT ON TYPE pgtoken.authorization_response IS 'Answer of approve_authorization and deny_authorization: where to send the browser; without redirect_uri the application has to do something about error';
COMMENT ON COLUMN pgtoken.authorization_response.redirect_uri IS 'Send the browser here: with a code, or with an error for the client, or to a page of the issuer''s that posts them to it. NULL: the transaction goes on, or (invalid_transaction) never was';
COMMENT ON COLUMN pgtoken.authorization_response.error IS 'login_required, unmet_authentication_requirements, consent_required, session_limit, invalid_transaction, or what redirect_uri tells the client';
COMMENT ON COLUMN pgtoken.authorization_response.error_description IS 'The same for people';

CREATE FUNCTION pgtoken.authorization_request(transaction_id text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_authorization_request' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.authorization_request FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.authorization_request TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.authorization_request IS
'What a login or logout page needs to know of the transaction it was called with. transaction_id: from the query of login_uri or logout_uri; or what hand_over_authorization has returned, on the shard of its subject, here and in the functions below.
Returns an object: kind (authorization or logout), client_id, client_name, redirect_uri, redirect_uri_given, response_mode, answer_uri (where the browser will be sent in place of redirect_uri, by a mode that posts), state, nonce, code_challenge, dpop_jkt, scope, resource, claims (single claims of id_token and userinfo, OpenID Connect Core section 5.5), prompt, max_age (seconds), acr_values, login_hint, ui_locales, display, id_token_hint_subject, authorization_details, consent_required, created_at, expires_at; of a logout post_logout_redirect_uri, state, ui_locales, id_token_hint_subject, id_token_hint_sid. What the client did not send is not there. NULL when it is unknown, has ended, or is another issuer''s than this session''s (pgtoken.http_issuer). All values have been validated; those that the client chose must still be escaped in a page.';

CREATE FUNCTION pgtoken.approve_authorization(
	transaction_id text,
	subject text,
	consent text DEFAULT NULL,
	auth_time timestamptz DEFAULT NULL,
	acr text DEFAULT NULL,
	amr text[] DEFAULT NULL,
	session_id text DEFAULT NULL,
	claims jsonb DEFAULT '{}',
	context jsonb DEFAULT '{}',
	authorization_details jsonb DEFAULT NULL,
	lifetime interval DEFAULT NULL,
	idle_lifetime interval DEFAULT NULL,
	consent_lifetime interval DEFAULT NULL,
	page_id text DEFAULT NULL
) RETURNS pgtoken.authorization_response
	AS 'MODULE_PATHNAME', 'pgt_approve_authorization' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.approve_authorization FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.approve_authorization TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.approve_authorization IS
'Give a client its authorization code (RFC 6749 section 4.1.2): this subject has authenticated, then and like this, and has agreed. transaction_id: from the query of login_uri. subject: the application''s user id. consent: scopes, space-delimited, that the subject has agreed to just now; they are stored, and those left out are not granted; NULL: rely on what is stored. auth_time: when the subject authenticated; NULL: now. acr, amr, session_id, claims, context: as in issue_tokens. authorization_details: what was agreed to of what the client asks for beyond scopes (RFC 9396), as it is granted; an empty array: nothing of it; NULL: all, as it was asked for. Such a request is asked about each time: without consent the answer is consent_required. lifetime, idle_lifetime: as in issue_tokens, counted from this call on, not from the redemption of the code, which ends with them. consent_lifetime: how long what is agreed to just now holds, 1 minute to 10 years, and never longer than the client''s metadata, pgtoken.consent_lifetime and the page say; NULL: as long as these. page_id: of the page that was answered (consent_page); NULL: the last one that was made for this subject. Where there is one, what it did not ask about is not granted, whatever consent says; where there is none, the application has shown one of its own, which pgtoken.consent_page_required forbids.
A family ends with the consent that it rests on. redirect_uri of the answer is where to send the browser. Without it, error says what to do first: login_required (max_age, prompt=login or prompt=create, an id_token_hint or a sub among the claims ask for another login; or the subject has ended the session since, by end_session_of, end_other_sessions or over HTTP), unmet_authentication_requirements (the claims ask for an essential acr that this one is not, nor stronger: authenticate by more, or pass it to deny_authorization), consent_required (also for a page_id that was not made for this subject and transaction), session_limit (the subject has as many sessions as it may have, and one more is refused: end one, or pass access_denied to deny_authorization); or that the transaction has ended, or is for another subject, or was handed over to be looked at alone: invalid_transaction. Under prompt=none the client is told such errors at once, and always that a subject is blocked (access_denied). Raises 22004, and 22023, also for a subject of another shard.';

CREATE FUNCTION pgtoken.deny_authorization(transaction_id text, error text DEFAULT 'access_denied', error_description text DEFAULT NULL)
	RETURNS pgtoken.authorization_response
	AS 'MODULE_PATHNAME', 'pgt_deny_authorization' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.deny_authorization FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.deny_authorization TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.deny_authorization IS
'End a transaction without a code; redirect_uri of the answer takes the error to the client. transaction_id: as in authorization_request. error: access_denied, login_required, consent_required, interaction_required, account_selection_required, unmet_authentication_requirements, temporarily_unavailable or server_error. error_description: ASCII without quote and backslash (RFC 6749 section 4.1.2.1). Raises 22004, and 22023 for another error.';

CREATE FUNCTION pgtoken.hand_over_authorization(transaction_id text, subject text, spend boolean DEFAULT true) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_hand_over_authorization' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.hand_over_authorization FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.hand_over_authorization TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.hand_over_authorization IS
'Hand an authorization request (RFC 6749 section 4.1.1) over to the shard of its subject, where there are several databases. transaction_id: from the query of login_uri; this is called where it lies (shard_of). subject: the application''s user id, who has logged in. spend: true, so that it can be approved and denied there; it has then ended here, and a pushed request that it comes from with it (RFC 9126). The same call gives the same text again until the request expires, for another subject NULL. false: to be looked at there alone.
Returns the request, sealed for this subject and this issuer: authorization_request, missing_consent, consent_page, approve_authorization and deny_authorization take it in place of transaction_id, on the subject''s shard (shard_of_subject, and shard_of of the text); there it is answered once. It is some kilobytes long, and secret as a transaction_id is. NULL when the transaction is unknown, has ended, is another issuer''s than this session''s (pgtoken.http_issuer), or was handed over for another subject. Raises 22004, 22023.';

CREATE FUNCTION pgtoken.url_with(url text, names text[], given text[]) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_url_with' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.url_with FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.url_with IS 'Internal, called by end_session and login_initiation_uri: the URL with these parameters in its query, encoded (RFC 6749 appendix B); one whose value is the empty string is left out';

CREATE FUNCTION pgtoken.login_initiation_uri(client_id text, login_hint text DEFAULT NULL, target_link_uri text DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.http_issuer();
BEGIN
	IF client_id IS NULL THEN
		RAISE EXCEPTION 'client_id must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	RETURN (SELECT pgtoken.url_with(c.metadata ->> 'initiate_login_uri', '{iss,login_hint,target_link_uri}', ARRAY[of_issuer, coalesce(login_hint, ''), coalesce(target_link_uri, '')])
			FROM pgtoken.clients c WHERE c.client_id = login_initiation_uri.client_id AND c.issuer = of_issuer AND c.enabled);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.login_initiation_uri FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.login_initiation_uri TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.login_initiation_uri IS
'Where to send a browser so that a client begins a login there (OpenID Connect Core section 4): a link on a page that lists the applications of a user. client_id: of a client of the issuer that the session speaks for (pgtoken.http_issuer). login_hint: whom the client may name to the login page; NULL: nobody. target_link_uri: where the client is to go after the login, a URL of its own; NULL: wherever it likes.
Returns the client''s initiate_login_uri with iss and what was given; NULL where the client has none, is switched off, or is not there. Raises 22004.';
