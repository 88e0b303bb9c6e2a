/*
 * explanation.c
 *		Why a request was refused, and what to do: one sentence for each reason.
 *
 * What a client is told may serve several reasons and names none of them; this is
 * what support reads.
 */
#include "base/explanation.h"

const char *
explanation(PgtErr err)
{
	switch (err)
	{
		case PGT_OK:
			return "The request was answered.";

		/* who asks */
		case PGT_ERR_CLIENT_MISSING:
			return "The request names no client: it needs client_id, or an Authorization header of scheme Basic.";
		case PGT_ERR_CLIENT_UNKNOWN:
			return "No client of this issuer has this client_id: compare it, letter by letter, with pgtoken.clients.";
		case PGT_ERR_CLIENT_DISABLED:
			return "The client is switched off: update_client(enabled => true) lets it in.";
		case PGT_ERR_ISSUE_CLIENT_UNKNOWN:
			return "No client has the client_id that the application has given: compare it, letter by letter, with pgtoken.clients.";
		case PGT_ERR_ISSUE_CLIENT_DISABLED:
			return "The client is switched off: update_client(enabled => true) lets it in.";
		case PGT_ERR_CLIENT_SECRET_MISSING:
			return "The client is confidential and has sent nothing that proves who it is: it must authenticate by its registered method.";
		case PGT_ERR_CLIENT_SECRET_WRONG:
			return "The secret is none of the client's, has ended, or cannot be read: compare it, or make a new one with create_client_secret().";
		case PGT_ERR_CLIENT_METHOD:
			return "The client has authenticated by another method than is registered for it: change the client's configuration or its token_endpoint_auth_method.";
		case PGT_ERR_CLIENT_ASSERTION:
			return "The client's assertion is malformed, not signed by a registered key, not addressed to this server, or out of its time.";
		case PGT_ERR_CLIENT_ASSERTION_ALG:
			return "The client's assertion is signed by another algorithm than its "
				   "token_endpoint_auth_signing_alg, or than those of its profile.";
		case PGT_ERR_CLIENT_ASSERTION_AUDIENCE:
			return "The client's assertion is not for this service: its aud names something else, or, with "
				   "require_issuer_audience, is not the issuer alone, as a string.";
		case PGT_ERR_CLIENT_ASSERTION_REPLAYED:
			return "The client has sent the same assertion twice, or a layer has repeated its request after an error: each needs a new one, with its own jti.";
		case PGT_ERR_CLIENT_CERTIFICATE:
			return "The certificate is missing, unreadable, or of another subject than the one that is registered for the client.";
		case PGT_ERR_CLIENT_NOT_OFFLINE:
			return "The client may not use this refresh token: update_client() with "
				   "offline_access or session_refresh lets it.";
		case PGT_ERR_CLIENT_GRANT_TYPE:
			return "The grant type is not among the client's grant_types: update_client() can add it.";
		case PGT_ERR_CLIENT_KEYS:
			return "The client's jwks_uri could not be fetched, which pgtoken.documents says more of, or no courier is running, which health() says.";

		/* the refresh token */
		case PGT_ERR_TOKEN_MALFORMED:
			return "What was sent as a refresh token is none of ours: it was cut, changed, or is another kind of token.";
		case PGT_ERR_TOKEN_UNKNOWN:
			return "No family has this refresh token: it belongs to another server or database, or its family was purged.";
		case PGT_ERR_TOKEN_OTHER_CLIENT:
			return "The refresh token was issued to another client: only that one can use it.";
		case PGT_ERR_TOKEN_OTHER_KEY:
			return "The refresh token is bound to another key or certificate than the one that was proved with the request.";
		case PGT_ERR_TOKEN_BLACKLISTED:
			return "The refresh token was blacklisted: the user must log in again.";
		case PGT_ERR_TOKEN_REUSED:
			return "A refresh token that was already exchanged came again, so the family was revoked: it was stolen, or the client keeps old tokens or uses one in several places.";
		case PGT_ERR_FAMILY_REVOKED:
			return "The family was revoked before: its grant.revoked event in audit_events says by whom and why.";
		case PGT_ERR_CONSENT_WITHDRAWN:
			return "The user has withdrawn the consent, which ended the family: he must be asked again.";
		case PGT_ERR_FAMILY_EXPIRED:
			return "The family has reached its absolute end, which a refresh does not move: the user must log in again.";
		case PGT_ERR_FAMILY_IDLE:
			return "The refresh token was not used for longer than the client's idle lifetime: the user must log in again.";
		case PGT_ERR_NOT_BEFORE_ISSUER:
			return "All that the issuer had issued before a moment was ended by set_not_before(): the user must log in again.";
		case PGT_ERR_NOT_BEFORE_CLIENT:
			return "All that the client had got before a moment was ended by revoke_client() or set_not_before(): the user must log in again.";
		case PGT_ERR_NOT_BEFORE_SUBJECT:
			return "All that the subject had before a moment was ended by revoke_subject() or set_not_before(): the user must log in again.";
		case PGT_ERR_NOT_BEFORE_FAMILY:
			return "All that the family had before a moment was ended: the user must log in again.";
		case PGT_ERR_SUBJECT_BLOCKED:
			return "An administrator has blocked the subject: see pgtoken.blocked_subjects.";
		case PGT_ERR_ISSUE_SUBJECT_BLOCKED:
			return "An administrator has blocked the subject: see pgtoken.blocked_subjects.";

		/* policies and factors */
		case PGT_ERR_AUTHENTICATION_POLICY:
			return "The resource asks for a stronger or more recent authentication than the family has, and no factor can be asked for: the user must log in again.";
		case PGT_ERR_POLICY_DENIED:
			return "A policy has denied the request: explain_decision() of its audit event lists the rules that fired.";
		case PGT_ERR_MFA_REQUIRED:
			return "Another factor is needed: the client goes on with the transaction_id once the user has proved one.";
		case PGT_ERR_NO_FACTOR:
			return "Another factor was needed and the subject has none that would do: it is denied until enroll_factor() and activate_factor() give him one.";
		case PGT_ERR_NO_USER:
			return "Another factor was needed and there is no user who could prove one: the client asks for itself or with an exchanged token.";
		case PGT_ERR_CHALLENGE_LIMIT:
			return "Another factor was needed and the subject or the family has too many open challenges: they end by themselves.";
		case PGT_ERR_SESSION_LIMIT:
			return "The subject has as many living sessions as max_sessions of the client or "
				   "its issuer allows: one has to end before another begins.";
		case PGT_ERR_CHALLENGE_UNKNOWN:
			return "No open challenge has this transaction_id: it has expired, was replaced by a later request, or belongs to another token.";
		case PGT_ERR_CHALLENGE_OTHER_CLIENT:
			return "The challenge was made for another client.";
		case PGT_ERR_CHALLENGE_OTHER_CONTEXT:
			return "The challenge was made for a request from another context: the same device must go on from the same network.";
		case PGT_ERR_CHALLENGE_OPEN:
			return "The user has not proved a factor yet: the client asks again later.";
		case PGT_ERR_CHALLENGE_CONSUMED:
			return "The challenge was used already: each is good for one request.";
		case PGT_ERR_CHALLENGE_FAILED:
			return "The challenge has ended by too many wrong attempts: the client starts again.";
		case PGT_ERR_FACTOR_MISSING:
			return "The evidence does not say of which factor it is: name factor_id, or call challenge() first.";
		case PGT_ERR_FACTOR_UNKNOWN:
			return "The factor is not among those that the challenge offers, or is not used in this way.";
		case PGT_ERR_FACTOR_LOCKED:
			return "The factor is locked by wrong attempts: it is free again after its time or by unlock_factor().";
		case PGT_ERR_FACTOR_SENT_TOO_OFTEN:
			return "A code was sent just now, or too many were sent this hour: the client waits before it asks for another.";
		case PGT_ERR_EVIDENCE_WRONG:
			return "The code or the signature is wrong, too old, or was used before.";

		/* what is asked for */
		case PGT_ERR_SCOPE_MALFORMED:
			return "The scope has characters that no scope has: names are separated by single spaces.";
		case PGT_ERR_SCOPE_NOT_ALLOWED:
			return "A scope is not among the client's scopes: ask for less, or add it by update_client().";
		case PGT_ERR_SCOPE_UNKNOWN:
			return "The scope is known to no API of the issuer and not to the client, and the request is not "
				   "OpenID Connect's, where it would be ignored.";
		case PGT_ERR_SCOPE_NO_USER:
			return "Only scopes that are about a user were asked for, and a client that asks for itself has "
				   "none.";
		case PGT_ERR_SCOPE_NOT_GRANTED:
			return "A scope was not granted when the family began: a refresh or an exchange can ask for less, never for more.";
		case PGT_ERR_SCOPE_NOT_FOR_RESOURCE:
			return "A scope belongs to none of the resources that the token would be for: name its resource, or leave the scope out.";
		case PGT_ERR_SCOPE_AMBIGUOUS:
			return "The scopes belong to several resources and none was named: name the resource, or give the client a default one.";
		case PGT_ERR_CONSOLE_OPERATOR:
			return "The subject has signed in at the console and is none of its operators: create_console_operator() makes one.";
		case PGT_ERR_TARGET_MALFORMED:
			return "A resource is no absolute URI without fragment, or there are too many of them.";
		case PGT_ERR_TARGET_NOT_ALLOWED:
			return "A resource is not registered, or not among the client's resources: compare it with pgtoken.resources and the client's.";
		case PGT_ERR_TARGET_NOT_GRANTED:
			return "A resource was not granted when the family began: a refresh can name fewer, never others.";

		/* the HTTP request */
		case PGT_ERR_NOT_FOUND:
			return "No endpoint of any issuer is at this path: compare host and path with the issuers' URLs.";
		case PGT_ERR_REQUEST_TWO_HOSTS:
			return "The request has two Host headers, so that it is not clear whom it is meant for.";
		case PGT_ERR_REQUEST_NOT_FORM:
			return "The body is JSON, multipart or of another type: endpoints take application/x-www-form-urlencoded.";
		case PGT_ERR_REQUEST_TOO_LARGE:
			return "The body is larger than 64 kB.";
		case PGT_ERR_REQUEST_MALFORMED:
			return "The body cannot be read as a form: it must be application/x-www-form-urlencoded in UTF-8.";
		case PGT_ERR_REQUEST_ENCODING:
			return "The body is compressed (Content-Encoding), which is not supported: send it as it is.";
		case PGT_ERR_REQUEST_METHOD:
			return "The endpoint takes other HTTP methods: those of the answer's header Allow.";
		case PGT_ERR_REQUEST_REPEATED:
			return "A parameter occurs more than once, which only resource and audience may.";
		case PGT_ERR_REQUEST_PARAMETER:
			return "A required parameter is missing, or one has a value that cannot be.";
		case PGT_ERR_REQUEST_TWO_METHODS:
			return "The client has authenticated in more than one way at once: it must choose one.";
		case PGT_ERR_AUTHORIZE_CLIENT:
			return "The client is not one that can ask here, or its redirect_uri is not registered, letter by letter: compare both values.";
		case PGT_ERR_REDIRECT_URI_MISSING:
			return "The request has no redirect_uri: with the scope openid, of a client of a FAPI profile, and where not exactly one is registered, it must name one.";
		case PGT_ERR_REGISTRATION:
			return "The request describes its client in the parameter registration, which is not supported: register it by create_client().";
		case PGT_ERR_REQUEST_URI_FOREIGN:
			return "The request_uri is none of those that the endpoint par has handed out, nor, to the letter, one of the client's request_uris.";
		case PGT_ERR_REQUEST_URI_MISSING:
			return "The courier cannot fetch the request object now: none runs, or its last attempt has failed a short while ago.";
		case PGT_ERR_REQUEST_NOT_PUSHED:
			return "The client must push its authorization requests: it sends them to the endpoint par first.";
		case PGT_ERR_REQUEST_URI:
			return "The request_uri is unknown, has expired, was used before, or was pushed by another client: push the request again.";
		case PGT_ERR_AUTHORIZATION_DETAILS:
			return "The authorization_details cannot be read, are of a type that issuer or client do not have, were refused by the type's function, or are more than was granted.";
		case PGT_ERR_GRANT_TYPE_UNKNOWN:
			return "There is no such grant type: compare its spelling with the metadata.";
		case PGT_ERR_RESPONSE_TYPE:
			return "The response_type must be code.";
		case PGT_ERR_RESPONSE_MODE:
			return "The response_mode is unknown or does not fit: form_post is for redirect URIs of http and https, jwt for algorithms other than HS256, and clients of fapi2-message-signing have jwt alone.";
		case PGT_ERR_ANSWER:
			return "The page that posts an answer to a client was asked for again, or too late: it is good once, for a minute.";
		case PGT_ERR_REQUEST_OBJECT:
			return "The request object is not what it must be: a JWT of this client whose members are the parameters, of a typ that requests have, without request and request_uri, and not an assertion.";
		case PGT_ERR_REQUEST_OBJECT_SIGNATURE:
			return "No key of the client verifies the request object's signature, or it has another algorithm than request_object_signing_alg or the profile of the client allow; none is no algorithm here.";
		case PGT_ERR_REQUEST_OBJECT_AUDIENCE:
			return "The request object is for somebody else: its aud must be, or contain, the issuer.";
		case PGT_ERR_REQUEST_OBJECT_TIME:
			return "The request object has expired, is not valid yet, or speaks of more than an hour by its nbf and exp; compare the client's clock.";
		case PGT_ERR_REQUEST_NOT_SIGNED:
			return "The client has require_signed_request_object, and this request came as plain parameters.";
		case PGT_ERR_PKCE_MISSING:
			return "The request has no code_challenge, and the client must use PKCE.";
		case PGT_ERR_PKCE_METHOD:
			return "The code_challenge_method must be S256; a missing one means plain, which is not taken.";
		case PGT_ERR_PKCE_MISMATCH:
			return "The code_verifier does not belong to the code_challenge of the authorization request, or one of both is missing.";
		case PGT_ERR_CODE_UNKNOWN:
			return "There is no such authorization code: it was cut or changed, belongs to another server, or was purged.";
		case PGT_ERR_CODE_EXPIRED:
			return "The authorization code was redeemed too late: it is good for pgtoken.authorization_code_lifetime.";
		case PGT_ERR_CONSENT_EXPIRED:
			return "What the user had agreed to has ended before the code was redeemed: "
				   "the client sends him through authorize again.";
		case PGT_ERR_CODE_OTHER_CLIENT:
			return "The authorization code was issued to another client.";
		case PGT_ERR_CODE_REUSED:
			return "The authorization code was redeemed a second time, so what it had issued was revoked: it was stolen, or the client sends its request twice.";
		case PGT_ERR_CODE_REDIRECT_URI:
			return "The redirect_uri of the token request is not the one of the authorization request.";
		case PGT_ERR_CODE_OTHER_KEY:
			return "The authorization code is bound to another DPoP key than the one that was proved.";
		case PGT_ERR_DPOP_PROOF:
			return "The DPoP proof is malformed, for another method, URL or token, too old, from the future, or signed by an algorithm that the client's profile does not allow: compare htm, htu, ath, iat and alg.";
		case PGT_ERR_DPOP_REPLAYED:
			return "The client has sent the same DPoP proof twice, or a layer has repeated its request after an error: each needs a new one, with its own jti.";
		case PGT_ERR_DPOP_NONCE:
			return "The issuer asks for a nonce in DPoP proofs: the client sends the request again with the one of the DPoP-Nonce header.";
		case PGT_ERR_DPOP_MISSING:
			return "The client is registered for DPoP and has sent no proof, or of a FAPI profile and whoever issues has named no key.";
		case PGT_ERR_CERTIFICATE_MISSING:
			return "The client's tokens are bound to its certificate and none has arrived: the proxy must ask for it and pass it on.";

		/* the device, the password, the exchange */
		case PGT_ERR_DEVICE_PENDING:
			return "The user has not answered yet: the device asks again later.";
		case PGT_ERR_DEVICE_SLOW_DOWN:
			return "The device asks more often than the interval it was told: it must wait longer.";
		case PGT_ERR_DEVICE_DENIED:
			return "The user has refused what the device asked for.";
		case PGT_ERR_DEVICE_EXPIRED:
			return "The user did not answer within pgtoken.device_code_lifetime: the device starts again.";
		case PGT_ERR_DEVICE_UNKNOWN:
			return "There is no such device code: it was cut or changed, belongs to another server, or was purged.";
		case PGT_ERR_DEVICE_OTHER_CLIENT:
			return "The device code was issued to another client.";
		case PGT_ERR_DEVICE_OTHER_KEY:
			return "The device code is bound to another DPoP key than the one that was proved.";
		case PGT_ERR_DEVICE_REDEEMED:
			return "The device code was redeemed already: each is good once.";
		case PGT_ERR_PASSWORD_OFF:
			return "The password grant is off: the issuer has no password_verifier.";
		case PGT_ERR_PASSWORD_WRONG:
			return "The application's password verifier does not know this user name with this password.";
		case PGT_ERR_EXCHANGE_TOKEN:
			return "The subject_token or actor_token is none of ours, has expired, was revoked, or may not be used by this client.";
		case PGT_ERR_EXCHANGE_NOT_FOR_CLIENT:
			return "The client may exchange only tokens that were issued to it or for it: add it to the token's audience, or let the client that has the token exchange it.";
		case PGT_ERR_EXCHANGE_TOKEN_TYPE:
			return "The token type is not one that can be exchanged or be asked for: access tokens can.";
		case PGT_ERR_EXCHANGE_TOO_DEEP:
			return "The token is itself the result of too many exchanges.";
		case PGT_ERR_ASSERTION:
			return "The assertion is of another kind, not signed by a key of its issuer, not meant for this issuer, has expired or lives too long; the refused request says which.";
		case PGT_ERR_ASSERTION_ISSUER:
			return "The assertion is of an issuer that is not trusted here, or not any more: create_trusted_issuer makes it so.";
		case PGT_ERR_ASSERTION_KEYS:
			return "The keys of the trusted issuer cannot be had: its jwks_uri has not answered with a JWK Set, or no courier runs that fetches it.";
		case PGT_ERR_ASSERTION_RULE:
			return "The assertion is genuine, and no rule of its issuer is fulfilled by its claims and for this client, or the rule's subject names claims that it has not.";
		case PGT_ERR_ASSERTION_REPLAYED:
			return "The assertion was used before, and is good for one request.";

		case PGT_ERR_SERVER:
			return "Something is amiss in the server, such as a missing signing key: its log has the message, and health() may say what to do.";
		case PGT_ERR_USER_FUNCTION:
			return "A function of the application (claims function, password verifier or policy) has failed: the server's log has its own message.";

		/* tokens at their use */
		case PGT_ERR_TOKEN_TYPE:
			return "The token is of a type that cannot be revoked: an ID token ends by itself.";
		case PGT_ERR_ACCESS_TOKEN_MISSING:
			return "The request has no access token: it needs an Authorization header of scheme Bearer or DPoP.";
		case PGT_ERR_ACCESS_TOKEN_INVALID:
			return "The access token is none of ours, has expired, was revoked, is for another API, or is not shown in the way it is bound.";
		case PGT_ERR_ACCESS_TOKEN_SCOPE:
			return "The access token lacks a scope that the endpoint asks for: the client must ask for it when it gets the token.";
		case PGT_ERR_ACCESS_TOKEN_DPOP:
			return "The DPoP proof that came with the access token is missing, malformed, for another request, out of its time, or was used before.";
		case PGT_ERR_ACCESS_TOKEN_NONCE:
			return "The issuer asks for a nonce in DPoP proofs: the client sends the request again with the one of the DPoP-Nonce header.";
		case PGT_ERR_ACCESS_TOKEN_TWICE:
			return "The access token came in the header and in the form: it must come in one way.";
		case PGT_ERR_SESSION_UNKNOWN:
			return "The session that was to be ended is none of this user's living ones: it has ended, or its id is somebody else's or another client's.";
		case PGT_ERR_CONSOLE_PROOF:
			return "The operator has not proved a factor of the console in this family, or for a change not lately (pgtoken.console_proof_age): the console refreshes with a step-up and calls again.";
		case PGT_ERR_CONSOLE_FUNCTION:
			return "No role that the operator's access stands for may execute the function.";
		case PGT_ERR_REQUEST_NOT_JSON:
			return "The body is a form or of another type: the endpoint takes application/json.";
		case PGT_ERR_REGISTRATION_BODY:
			return "The body is no JSON object (RFC 8259), names a member twice, is nested too deep, or is larger than 64 kB.";
		case PGT_ERR_REGISTRATION_METADATA:
			return "A client with this metadata cannot be, or the registration policy does not allow it: the sentence beside it says which member.";
		case PGT_ERR_REGISTRATION_REDIRECT_URI:
			return "The redirect URIs are none, or not of the hosts and kinds that the registration policy allows.";
		case PGT_ERR_REGISTRATION_STATEMENT:
			return "The software statement is missing, malformed, for somebody else, out of its time, or not signed by a key of its issuer.";
		case PGT_ERR_REGISTRATION_STATEMENT_ISSUER:
			return "The software statement is of an issuer that software_statement_issuers of the registration policy does not name.";
		case PGT_ERR_REGISTRATION_TOKEN_MISSING:
			return "The request has no access token: an initial one to register, the registration access token to read or change a registration.";
		case PGT_ERR_REGISTRATION_TOKEN:
			return "The initial or registration access token is unknown, of another client, has ended, or was replaced by one that has been used since.";
		case PGT_ERR_REGISTRATION_RATE:
			return "So many clients were registered, or the client has changed its registration so often, within the hour: max_per_hour of the registration policy can be raised.";
		case PGT_ERR_REGISTRATION_FULL:
			return "The issuer has max_clients of its registration policy already: raise it, or see pgtoken.registrations.";
		case PGT_ERR_REGISTRATION_DISABLED:
			return "The client is switched off and cannot change its registration: update_client(enabled => true) lets it.";
		case PGT_ERR_SIGNAL_BODY:
			return "The body is no JSON object (RFC 8259), names a member twice, is nested too deep, or is larger than 64 kB.";
		case PGT_ERR_SIGNAL_NOT_CLIENT:
			return "Streams of signals are a client's affair: it comes with a token of the grant client_credentials, not with one of a user's.";
		case PGT_ERR_SIGNAL_STREAM:
			return "The receiver asks for what a stream cannot be, or has sent a member of another type: the sentence beside it says which.";
		case PGT_ERR_SIGNAL_UNKNOWN:
			return "The stream is another client's, a webhook, was deleted, or is pushed and not polled: see pgtoken.signal_streams.";
		case PGT_ERR_SIGNAL_FULL:
			return "The client has ten streams of signals, which is all that it may have: it deletes one, or an administrator does.";
		case PGT_ERR_SIGNAL_RATE:
			return "The receiver asks for verification events faster than min_verification_interval says.";
		case PGT_ERR_SIGNAL_HELD:
			return "An administrator has paused or disabled the stream: update_signal_stream(status => 'enabled') lets the receiver have its way again.";
		case PGT_ERR_STALE_STANDBY:
			return "This server is a standby that lags behind by more than pgtoken.max_replay_lag: it does not say what it cannot know.";
		case PGT_ERR_STALE_CONFIGURATION:
			return "This database has its configuration from another one, and that may be older than pgtoken.max_configuration_lag: see the check configuration of health().";
		case PGT_ERR_CONFIGURATION_ELSEWHERE:
			return "The request makes or changes a client or a stream: it belongs to the configuration primary, from which this database has them.";
		case PGT_ERR_READ_ONLY:
			return "This server is a standby, or the transaction may not write, and the request must be remembered: it belongs to the primary.";
		case PGT_ERR_WAIT:
			return "The request waits for a document that the courier fetches: the layer asks again by itself, PostgREST's clients have to.";
		case PGT_ERR_ELSEWHERE:
			return "The request goes on at another shard: the layer asks there by itself, one that knows of no shards answers 503.";
	}
	return NULL;
}

/* answers of the login, consent and device pages (approval.c, device_approval.c) */
static const struct
{
	const char *reason;
	const char *sentence;
} of_pages[] = {
	{"access_denied",
	 "The user has refused the authorization request, or the application has for him."},
	{"login_required",
	 "The user must log in: the request allowed no page (prompt=none), or asked for another or a more recent login than there was."},
	{"consent_required",
	 "The user has not agreed to the scopes yet, and the request allowed no page that asks him (prompt=none)."},
	{"interaction_required",
	 "The user must do something, and the request allowed no page (prompt=none)."},
	{"account_selection_required",
	 "The user must choose an account, and the request allowed no page (prompt=none)."},
	{"unmet_authentication_requirements",
	 "The user cannot authenticate in the way that the request asks for (acr_values)."},
	{"temporarily_unavailable",
	 "The application could not answer the authorization request at the moment: its own log says why."},
	{"server_error",
	 "The application has failed in answering the authorization request: its own log says why."},
	{"too_many_attempts",
	 "Too many wrong user codes came under one attempt_key: it is refused for ten minutes."},
};

bool
explanation_of_page(int n, const char **reason, const char **sentence)
{
	if (n >= (int) lengthof(of_pages))
		return false;
	*reason = of_pages[n].reason;
	*sentence = of_pages[n].sentence;
	return true;
}
