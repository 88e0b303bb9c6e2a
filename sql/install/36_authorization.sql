-- The application's side of the authorization endpoint and of the device flow:
-- its login, consent, device and logout pages call these.

CREATE TYPE pgtoken.authorization_response AS (
	redirect_uri text,
	error text,
	error_description text
);
REVOKE ALL ON TYPE pgtoken.authorization_response FROM PUBLIC;
COMMENT ON TYPE pgtoken.authorization_response IS 'Answer of approve_authorization and deny_authorization: where to send the browser; without redirect_uri the application has to do something about error';
COMMENT ON COLUMN pgtoken.authorization_response.redirect_uri IS 'Send the browser here: with a code, or with an error for the client. NULL: the transaction goes on, or (invalid_transaction) never was';
COMMENT ON COLUMN pgtoken.authorization_response.error IS 'login_required, consent_required, invalid_transaction, or what redirect_uri tells the client';
COMMENT ON COLUMN pgtoken.authorization_response.error_description IS 'The same for people';

CREATE FUNCTION pgtoken.authorization_request(transaction_id text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_authorization_request' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.authorization_request(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.authorization_request(text) IS
'What a login or logout page needs to know of the transaction it was called with: kind (authorization or logout), client_id, client_name, redirect_uri, redirect_uri_given, state, nonce, code_challenge, dpop_jkt, scope, resource, prompt, max_age, acr_values, login_hint, ui_locales, display, id_token_hint_subject, consent_required, created_at, expires_at; of a logout post_logout_redirect_uri, state, ui_locales, id_token_hint_subject, id_token_hint_sid. What the client did not send is not there. NULL when it is unknown or has ended. All values have been validated; those that the client chose must still be escaped in a page.';

CREATE FUNCTION pgtoken.consent_missing(transaction_id text, subject text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_consent_missing' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.consent_missing(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.consent_missing(text, text) IS
'The scopes, space-delimited, that the subject must still be asked about: what the client wants and the subject has not consented to before; all of them under prompt=consent; none for a client without consent_required. NULL when the transaction is unknown or has ended.';

CREATE FUNCTION pgtoken.approve_authorization(
	transaction_id text,
	subject text,
	consent text DEFAULT NULL,
	auth_time timestamptz DEFAULT NULL,
	acr text DEFAULT NULL,
	amr text[] DEFAULT NULL,
	session_id text DEFAULT NULL,
	claims jsonb DEFAULT '{}',
	context jsonb DEFAULT '{}'
) RETURNS pgtoken.authorization_response
	AS 'MODULE_PATHNAME', 'pgt_approve_authorization' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.approve_authorization(text, text, text, timestamptz, text, text[], text, jsonb, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.approve_authorization(text, text, text, timestamptz, text, text[], text, jsonb, jsonb) IS
'Give a client its authorization code (RFC 6749 section 4.1.2): this subject has authenticated, then and like this, and has agreed. transaction_id: from the query of login_uri. consent: scopes, space-delimited, that the subject has agreed to just now; they are stored, and those left out are not granted; NULL: rely on what is stored. auth_time: when the subject authenticated; NULL: now. acr, amr, session_id, claims, context: as in issue_tokens.
redirect_uri of the answer is where to send the browser. Without it, error says what to do first: login_required (max_age, prompt=login or an id_token_hint ask for another login), consent_required; or that the transaction has ended: invalid_transaction. Under prompt=none the client is told such errors at once. Raises 22004, 22023.';

CREATE FUNCTION pgtoken.deny_authorization(transaction_id text, error text DEFAULT 'access_denied', error_description text DEFAULT NULL)
	RETURNS pgtoken.authorization_response
	AS 'MODULE_PATHNAME', 'pgt_deny_authorization' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.deny_authorization(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.deny_authorization(text, text, text) IS
'End a transaction without a code; redirect_uri of the answer takes the error to the client. error: access_denied, login_required, consent_required, interaction_required, account_selection_required, unmet_authentication_requirements, temporarily_unavailable or server_error. error_description: ASCII without quote and backslash (RFC 6749 section 4.1.2.1). Raises 22023 for another error.';

CREATE FUNCTION pgtoken.device_request(user_code text, attempt_key text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_device_request' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.device_request(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.device_request(text, text) IS
'What the device page needs to know of the user_code that was typed (RFC 8628 section 3.3): client_id, client_name, scope, resource, user_code, expires_at; or error: invalid_user_code, too_many_attempts. attempt_key: who is typing (the logged-in subject, or an address): ten wrong codes in ten minutes close the door for the rest of them, to right codes as well. Commit after an error too. Case and punctuation of the code do not matter.';

CREATE FUNCTION pgtoken.approve_device(
	user_code text,
	attempt_key text,
	subject text,
	scope text DEFAULT NULL,
	auth_time timestamptz DEFAULT NULL,
	acr text DEFAULT NULL,
	amr text[] DEFAULT NULL,
	session_id text DEFAULT NULL,
	claims jsonb DEFAULT '{}'
) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_approve_device' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.approve_device(text, text, text, text, timestamptz, text, text[], text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.approve_device(text, text, text, text, timestamptz, text, text[], text, jsonb) IS
'Let the device with this user_code have tokens for the subject (RFC 8628 section 3.3). scope: what the subject has agreed to, within what the device asked for; NULL: all of it. The rest as in approve_authorization and device_request. Returns NULL when it is done, otherwise invalid_user_code, too_many_attempts or invalid_scope. Raises 22004, 22023.';

CREATE FUNCTION pgtoken.deny_device(user_code text, attempt_key text) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_deny_device' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.deny_device(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.deny_device(text, text) IS
'Refuse the device with this user_code: it is told access_denied. Returns as approve_device.';

CREATE FUNCTION pgtoken.complete_logout(transaction_id text, subject text DEFAULT NULL, session_id text DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_complete_logout' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.complete_logout(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.complete_logout(text, text, text) IS
'End a logout transaction (OpenID Connect RP-Initiated Logout) and return where to send the browser: the post_logout_redirect_uri with its state; NULL: the client named none, or the transaction is unknown or has ended. subject, session_id: whose session the application has ended, for the audit. The session''s families are ended by end_session().';

CREATE FUNCTION pgtoken.check_request() RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pgt_check_request' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.check_request() FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.check_request() IS
'Internal, called by pgtoken_http.pre_request(): the claims of the access token of this HTTP request, NULL when it has none; raises SQLSTATE PGRST for one that does not hold, and, with status 503, on a standby that lags behind by more than pgtoken.max_replay_lag.';
