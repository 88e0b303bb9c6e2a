/*
 * explanation.c
 *		Why a request was refused, and what to do: one sentence for each reason.
 *
 * What a client is told may serve several reasons and names none of them; this is
 * what support reads.
 */
#include "base/explanation.h"

static const char
	*const sentences[] =
		{
			[PGT_OK] = "The request was answered.",

			/* who asks */
			[PGT_ERR_CLIENT_MISSING] =
				"The request names no client: it needs client_id, or an Authorization header of scheme Basic.",
			[PGT_ERR_CLIENT_UNKNOWN] =
				"No client of this issuer has this client_id: compare it, letter by letter, with pgtoken.clients.",
			[PGT_ERR_CLIENT_DISABLED] =
				"The client is switched off: update_client(enabled => true) lets it in.",
			[PGT_ERR_ISSUE_CLIENT_UNKNOWN] =
				"No client has the client_id that the application has given: compare it, letter by letter, with pgtoken.clients.",
			[PGT_ERR_ISSUE_CLIENT_DISABLED] =
				"The client is switched off: update_client(enabled => true) lets it in.",
			[PGT_ERR_CLIENT_SECRET_MISSING] =
				"The client is confidential and has sent nothing that proves who it is: it must authenticate by its registered method.",
			[PGT_ERR_CLIENT_SECRET_WRONG] =
				"The secret is none of the client's, has ended, or cannot be read: compare it, or make a new one with create_client_secret().",
			[PGT_ERR_CLIENT_METHOD] =
				"The client has authenticated by another method than is registered for it: change the client's configuration or its token_endpoint_auth_method.",
			[PGT_ERR_CLIENT_ASSERTION] =
				"The client's assertion is malformed, not signed by a registered key, not addressed to this server, or out of its time.",
			[PGT_ERR_CLIENT_ASSERTION_ALG] =
				"The client's assertion is signed by another algorithm than its "
				"token_endpoint_auth_signing_alg, or than those of its profile.",
			[PGT_ERR_CLIENT_ASSERTION_AUDIENCE] =
				"The client's assertion is not for this service: its aud names something else, or, with "
				"require_issuer_audience, is not the issuer alone, as a string.",
			[PGT_ERR_CLIENT_ASSERTION_REPLAYED] =
				"The client has sent the same assertion twice, or a layer has repeated its request after an error: each needs a new one, with its own jti.",
			[PGT_ERR_CLIENT_CERTIFICATE] =
				"The certificate is missing, unreadable, or of another subject than the one that is registered for the client.",
			[PGT_ERR_CLIENT_NOT_OFFLINE] =
				"The client may not use this refresh token: update_client() with "
				"offline_access or session_refresh lets it.",
			[PGT_ERR_CLIENT_GRANT_TYPE] =
				"The grant type is not among the client's grant_types: update_client() can add it.",
			[PGT_ERR_CLIENT_KEYS] =
				"The client's jwks_uri could not be fetched, which pgtoken.documents says more of, or no courier is running, which health() says.",

			/* the refresh token */
			[PGT_ERR_TOKEN_MALFORMED] =
				"What was sent as a refresh token is none of ours: it was cut, changed, or is another kind of token.",
			[PGT_ERR_TOKEN_UNKNOWN] =
				"No family has this refresh token: it belongs to another server or database, or its family was purged.",
			[PGT_ERR_TOKEN_OTHER_CLIENT] =
				"The refresh token was issued to another client: only that one can use it.",
			[PGT_ERR_TOKEN_OTHER_KEY] =
				"The refresh token is bound to another key or certificate than the one that was proved with the request.",
			[PGT_ERR_TOKEN_BLACKLISTED] =
				"The refresh token was blacklisted: the user must log in again.",
			[PGT_ERR_TOKEN_REUSED] =
				"A refresh token that was already exchanged came again, so the family was revoked: it was stolen, or the client keeps old tokens or uses one in several places.",
			[PGT_ERR_FAMILY_REVOKED] =
				"The family was revoked before: its grant.revoked event in audit_events says by whom and why.",
			[PGT_ERR_CONSENT_WITHDRAWN] =
				"The user has withdrawn the consent, which ended the family: he must be asked again.",
			[PGT_ERR_FAMILY_EXPIRED] =
				"The family has reached its absolute end, which a refresh does not move: the user must log in again.",
			[PGT_ERR_FAMILY_IDLE] =
				"The refresh token was not used for longer than the client's idle lifetime: the user must log in again.",
			[PGT_ERR_NOT_BEFORE_ISSUER] =
				"All that the issuer had issued before a moment was ended by set_not_before(): the user must log in again.",
			[PGT_ERR_NOT_BEFORE_CLIENT] =
				"All that the client had got before a moment was ended by revoke_client() or set_not_before(): the user must log in again.",
			[PGT_ERR_NOT_BEFORE_SUBJECT] =
				"All that the subject had before a moment was ended by revoke_subject() or set_not_before(): the user must log in again.",
			[PGT_ERR_NOT_BEFORE_FAMILY] =
				"All that the family had before a moment was ended: the user must log in again.",
			[PGT_ERR_SUBJECT_BLOCKED] =
				"An administrator has blocked the subject: see pgtoken.blocked_subjects.",
			[PGT_ERR_ISSUE_SUBJECT_BLOCKED] =
				"An administrator has blocked the subject: see pgtoken.blocked_subjects.",

			/* policies and factors */
			[PGT_ERR_AUTHENTICATION_POLICY] =
				"The resource asks for a stronger or more recent authentication than the family has, and no factor can be asked for: the user must log in again.",
			[PGT_ERR_POLICY_DENIED] =
				"A policy has denied the request: explain_decision() of its audit event lists the rules that fired.",
			[PGT_ERR_MFA_REQUIRED] =
				"Another factor is needed: the client goes on with the transaction_id once the user has proved one.",
			[PGT_ERR_NO_FACTOR] =
				"Another factor was needed and the subject has none that would do: it is denied until enroll_factor() and activate_factor() give him one.",
			[PGT_ERR_NO_USER] =
				"Another factor was needed and there is no user who could prove one: the client asks for itself or with an exchanged token.",
			[PGT_ERR_CHALLENGE_LIMIT] =
				"Another factor was needed and the subject or the family has too many open challenges: they end by themselves.",
			[PGT_ERR_SESSION_LIMIT] =
				"The subject has as many living sessions as max_sessions of the client or "
				"its issuer allows: one has to end before another begins.",
			[PGT_ERR_CHALLENGE_UNKNOWN] =
				"No open challenge has this transaction_id: it has expired, was replaced by a later request, or belongs to another token.",
			[PGT_ERR_CHALLENGE_OTHER_CLIENT] = "The challenge was made for another client.",
			[PGT_ERR_CHALLENGE_OTHER_CONTEXT] =
				"The challenge was made for a request from another context: the same device must go on from the same network.",
			[PGT_ERR_CHALLENGE_OPEN] =
				"The user has not proved a factor yet: the client asks again later.",
			[PGT_ERR_CHALLENGE_CONSUMED] =
				"The challenge was used already: each is good for one request.",
			[PGT_ERR_CHALLENGE_FAILED] =
				"The challenge has ended by too many wrong attempts: the client starts again.",
			[PGT_ERR_FACTOR_MISSING] =
				"The evidence does not say of which factor it is: name factor_id, or call challenge() first.",
			[PGT_ERR_FACTOR_UNKNOWN] =
				"The factor is not among those that the challenge offers, or is not used in this way.",
			[PGT_ERR_FACTOR_LOCKED] =
				"The factor is locked by wrong attempts: it is free again after its time or by unlock_factor().",
			[PGT_ERR_FACTOR_SENT_TOO_OFTEN] =
				"A code was sent just now, or too many were sent this hour: the client waits before it asks for another.",
			[PGT_ERR_EVIDENCE_WRONG] =
				"The code or the signature is wrong, too old, or was used before.",

			/* what is asked for */
			[PGT_ERR_SCOPE_MALFORMED] =
				"The scope has characters that no scope has: names are separated by single spaces.",
			[PGT_ERR_SCOPE_NOT_ALLOWED] =
				"A scope is not among the client's scopes: ask for less, or add it by update_client().",
			[PGT_ERR_SCOPE_UNKNOWN] =
				"The scope is known to no API of the issuer and not to the client, and the request is not "
				"OpenID Connect's, where it would be ignored.",
			[PGT_ERR_SCOPE_NO_USER] =
				"Only scopes that are about a user were asked for, and a client that asks for itself has "
				"none.",
			[PGT_ERR_SCOPE_NOT_GRANTED] =
				"A scope was not granted when the family began: a refresh or an exchange can ask for less, never for more.",
			[PGT_ERR_SCOPE_NOT_FOR_RESOURCE] =
				"A scope belongs to none of the resources that the token would be for: name its resource, or leave the scope out.",
			[PGT_ERR_SCOPE_AMBIGUOUS] =
				"The scopes belong to several resources and none was named: name the resource, or give the client a default one.",
			[PGT_ERR_CONSOLE_OPERATOR] =
				"The subject has signed in at the console and is none of its operators: create_console_operator() makes one.",
			[PGT_ERR_TARGET_MALFORMED] =
				"A resource is no absolute URI without fragment, or there are too many of them.",
			[PGT_ERR_TARGET_NOT_ALLOWED] =
				"A resource is not registered, or not among the client's resources: compare it with pgtoken.resources and the client's.",
			[PGT_ERR_TARGET_NOT_GRANTED] =
				"A resource was not granted when the family began: a refresh can name fewer, never others.",

			/* the HTTP request */
			[PGT_ERR_NOT_FOUND] =
				"No endpoint of any issuer is at this path: compare host and path with the issuers' URLs.",
			[PGT_ERR_REQUEST_TWO_HOSTS] =
				"The request has two Host headers, so that it is not clear whom it is meant for.",
			[PGT_ERR_REQUEST_NOT_FORM] =
				"The body is JSON, multipart or of another type: endpoints take application/x-www-form-urlencoded.",
			[PGT_ERR_REQUEST_TOO_LARGE] = "The body is larger than 64 kB.",
			[PGT_ERR_REQUEST_MALFORMED] =
				"The body cannot be read as a form: it must be application/x-www-form-urlencoded in UTF-8.",
			[PGT_ERR_REQUEST_ENCODING] =
				"The body is compressed (Content-Encoding), which is not supported: send it as it is.",
			[PGT_ERR_REQUEST_METHOD] =
				"The endpoint takes other HTTP methods: those of the answer's header Allow.",
			[PGT_ERR_REQUEST_REPEATED] =
				"A parameter occurs more than once, which only resource and audience may.",
			[PGT_ERR_REQUEST_PARAMETER] =
				"A required parameter is missing, or one has a value that cannot be.",
			[PGT_ERR_REQUEST_TWO_METHODS] =
				"The client has authenticated in more than one way at once: it must choose one.",
			[PGT_ERR_AUTHORIZE_CLIENT] =
				"The client is not one that can ask here, or its redirect_uri is not registered, letter by letter: compare both values.",
			[PGT_ERR_REDIRECT_URI_MISSING] =
				"The request has no redirect_uri: with the scope openid, of a client of a FAPI profile, and where not exactly one is registered, it must name one.",
			[PGT_ERR_REGISTRATION] =
				"The request describes its client in the parameter registration, which is not supported: register it by create_client().",
			[PGT_ERR_REQUEST_URI_FOREIGN] =
				"The request_uri is none of those that the endpoint par has handed out, nor, to the letter, one of the client's request_uris.",
			[PGT_ERR_REQUEST_URI_MISSING] =
				"The courier cannot fetch the request object now: none runs, or its last attempt has failed a short while ago.",
			[PGT_ERR_REQUEST_NOT_PUSHED] =
				"The client must push its authorization requests: it sends them to the endpoint par first.",
			[PGT_ERR_REQUEST_URI] =
				"The request_uri is unknown, has expired, was used before, or was pushed by another client: push the request again.",
			[PGT_ERR_AUTHORIZATION_DETAILS] =
				"The authorization_details cannot be read, are of a type that issuer or client do not have, were refused by the type's function, or are more than was granted.",
			[PGT_ERR_GRANT_TYPE_UNKNOWN] =
				"There is no such grant type: compare its spelling with the metadata.",
			[PGT_ERR_RESPONSE_TYPE] = "The response_type must be code.",
			[PGT_ERR_RESPONSE_MODE] =
				"The response_mode is unknown or does not fit: form_post is for redirect URIs of http and https, jwt for algorithms other than HS256, and clients of fapi2-message-signing have jwt alone.",
			[PGT_ERR_ANSWER] =
				"The page that posts an answer to a client was asked for again, or too late: it is good once, for a minute.",
			[PGT_ERR_REQUEST_OBJECT] =
				"The request object is not what it must be: a JWT of this client whose members are the parameters, of a typ that requests have, without request and request_uri, and not an assertion.",
			[PGT_ERR_REQUEST_OBJECT_SIGNATURE] =
				"No key of the client verifies the request object's signature, or it has another algorithm than request_object_signing_alg or the profile of the client allow; none is no algorithm here.",
			[PGT_ERR_REQUEST_OBJECT_AUDIENCE] =
				"The request object is for somebody else: its aud must be, or contain, the issuer.",
			[PGT_ERR_REQUEST_OBJECT_TIME] =
				"The request object has expired, is not valid yet, or speaks of more than an hour by its nbf and exp; compare the client's clock.",
			[PGT_ERR_REQUEST_NOT_SIGNED] =
				"The client has require_signed_request_object, and this request came as plain parameters.",
			[PGT_ERR_PKCE_MISSING] =
				"The request has no code_challenge, and the client must use PKCE.",
			[PGT_ERR_PKCE_METHOD] =
				"The code_challenge_method must be S256; a missing one means plain, which is not taken.",
			[PGT_ERR_PKCE_MISMATCH] =
				"The code_verifier does not belong to the code_challenge of the authorization request, or one of both is missing.",
			[PGT_ERR_CODE_UNKNOWN] =
				"There is no such authorization code: it was cut or changed, belongs to another server, or was purged.",
			[PGT_ERR_CODE_EXPIRED] =
				"The authorization code was redeemed too late: it is good for pgtoken.authorization_code_lifetime.",
			[PGT_ERR_CONSENT_EXPIRED] =
				"What the user had agreed to has ended before the code was redeemed: "
				"the client sends him through authorize again.",
			[PGT_ERR_CODE_OTHER_CLIENT] = "The authorization code was issued to another client.",
			[PGT_ERR_CODE_REUSED] =
				"The authorization code was redeemed a second time, so what it had issued was revoked: it was stolen, or the client sends its request twice.",
			[PGT_ERR_CODE_REDIRECT_URI] =
				"The redirect_uri of the token request is not the one of the authorization request.",
			[PGT_ERR_CODE_OTHER_KEY] =
				"The authorization code is bound to another DPoP key than the one that was proved.",
			[PGT_ERR_DPOP_PROOF] =
				"The DPoP proof is malformed, for another method, URL or token, too old, from the future, or signed by an algorithm that the client's profile does not allow: compare htm, htu, ath, iat and alg.",
			[PGT_ERR_DPOP_REPLAYED] = "The client has sent the same DPoP proof twice, or a layer has repeated its request after an error: each needs a new one, with its own jti.",
			[PGT_ERR_DPOP_NONCE] =
				"The issuer asks for a nonce in DPoP proofs: the client sends the request again with the one of the DPoP-Nonce header.",
			[PGT_ERR_DPOP_MISSING] =
				"The client is registered for DPoP and has sent no proof, or of a FAPI profile and whoever issues has named no key.",
			[PGT_ERR_CERTIFICATE_MISSING] =
				"The client's tokens are bound to its certificate and none has arrived: the proxy must ask for it and pass it on.",

			/* the device, the password, the exchange */
			[PGT_ERR_DEVICE_PENDING] =
				"The user has not answered yet: the device asks again later.",
			[PGT_ERR_DEVICE_SLOW_DOWN] =
				"The device asks more often than the interval it was told: it must wait longer.",
			[PGT_ERR_DEVICE_DENIED] = "The user has refused what the device asked for.",
			[PGT_ERR_DEVICE_EXPIRED] =
				"The user did not answer within pgtoken.device_code_lifetime: the device starts again.",
			[PGT_ERR_DEVICE_UNKNOWN] =
				"There is no such device code: it was cut or changed, belongs to another server, or was purged.",
			[PGT_ERR_DEVICE_OTHER_CLIENT] = "The device code was issued to another client.",
			[PGT_ERR_DEVICE_OTHER_KEY] =
				"The device code is bound to another DPoP key than the one that was proved.",
			[PGT_ERR_DEVICE_REDEEMED] = "The device code was redeemed already: each is good once.",
			[PGT_ERR_PASSWORD_OFF] =
				"The password grant is off: the issuer has no password_verifier.",
			[PGT_ERR_PASSWORD_WRONG] =
				"The application's password verifier does not know this user name with this password.",
			[PGT_ERR_EXCHANGE_TOKEN] =
				"The subject_token or actor_token is none of ours, has expired, was revoked, or may not be used by this client.",
			[PGT_ERR_EXCHANGE_NOT_FOR_CLIENT] =
				"The client may exchange only tokens that were issued to it or for it: add it to the token's audience, or let the client that has the token exchange it.",
			[PGT_ERR_EXCHANGE_TOKEN_TYPE] =
				"The token type is not one that can be exchanged or be asked for: access tokens can.",
			[PGT_ERR_EXCHANGE_TOO_DEEP] = "The token is itself the result of too many exchanges.",
			[PGT_ERR_ASSERTION] =
				"The assertion is of another kind, not signed by a key of its issuer, not meant for this issuer, has expired or lives too long; the refused request says which.",
			[PGT_ERR_ASSERTION_ISSUER] =
				"The assertion is of an issuer that is not trusted here, or not any more: create_trusted_issuer makes it so.",
			[PGT_ERR_ASSERTION_KEYS] =
				"The keys of the trusted issuer cannot be had: its jwks_uri has not answered with a JWK Set, or no courier runs that fetches it.",
			[PGT_ERR_ASSERTION_RULE] =
				"The assertion is genuine, and no rule of its issuer is fulfilled by its claims and for this client, or the rule's subject names claims that it has not.",
			[PGT_ERR_ASSERTION_REPLAYED] =
				"The assertion was used before, and is good for one request.",

			[PGT_ERR_SERVER] =
				"Something is amiss in the server, such as a missing signing key: its log has the message, and health() may say what to do.",
			[PGT_ERR_USER_FUNCTION] =
				"A function of the application (claims function, password verifier or policy) has failed: the server's log has its own message.",

			/* tokens at their use */
			[PGT_ERR_TOKEN_TYPE] =
				"The token is of a type that cannot be revoked: an ID token ends by itself.",
			[PGT_ERR_ACCESS_TOKEN_MISSING] =
				"The request has no access token: it needs an Authorization header of scheme Bearer or DPoP.",
			[PGT_ERR_ACCESS_TOKEN_INVALID] =
				"The access token is none of ours, has expired, was revoked, is for another API, or is not shown in the way it is bound.",
			[PGT_ERR_ACCESS_TOKEN_SCOPE] =
				"The access token lacks a scope that the endpoint asks for: the client must ask for it when it gets the token.",
			[PGT_ERR_ACCESS_TOKEN_DPOP] =
				"The DPoP proof that came with the access token is missing, malformed, for another request, out of its time, or was used before.",
			[PGT_ERR_ACCESS_TOKEN_NONCE] =
				"The issuer asks for a nonce in DPoP proofs: the client sends the request again with the one of the DPoP-Nonce header.",
			[PGT_ERR_ACCESS_TOKEN_TWICE] =
				"The access token came in the header and in the form: it must come in one way.",
			[PGT_ERR_SESSION_UNKNOWN] =
				"The session that was to be ended is none of this user's living ones: it has ended, or its id is somebody else's or another client's.",
			[PGT_ERR_CONSOLE_PROOF] =
				"The operator has not proved a factor of the console in this family, or for a change not lately (pgtoken.console_proof_age): the console refreshes with a step-up and calls again.",
			[PGT_ERR_CONSOLE_FUNCTION] =
				"No role that the operator's access stands for may execute the function.",
			[PGT_ERR_REQUEST_NOT_JSON] =
				"The body is a form or of another type: the endpoint takes application/json.",
			[PGT_ERR_REGISTRATION_BODY] =
				"The body is no JSON object (RFC 8259), names a member twice, is nested too deep, or is larger than 64 kB.",
			[PGT_ERR_REGISTRATION_METADATA] =
				"A client with this metadata cannot be, or the registration policy does not allow it: the sentence beside it says which member.",
			[PGT_ERR_REGISTRATION_REDIRECT_URI] =
				"The redirect URIs are none, or not of the hosts and kinds that the registration policy allows.",
			[PGT_ERR_REGISTRATION_STATEMENT] =
				"The software statement is missing, malformed, for somebody else, out of its time, or not signed by a key of its issuer.",
			[PGT_ERR_REGISTRATION_STATEMENT_ISSUER] =
				"The software statement is of an issuer that software_statement_issuers of the registration policy does not name.",
			[PGT_ERR_REGISTRATION_TOKEN_MISSING] =
				"The request has no access token: an initial one to register, the registration access token to read or change a registration.",
			[PGT_ERR_REGISTRATION_TOKEN] =
				"The initial or registration access token is unknown, of another client, has ended, or was replaced by one that has been used since.",
			[PGT_ERR_REGISTRATION_RATE] =
				"So many clients were registered, or the client has changed its registration so often, within the hour: max_per_hour of the registration policy can be raised.",
			[PGT_ERR_REGISTRATION_FULL] =
				"The issuer has max_clients of its registration policy already: raise it, or see pgtoken.registrations.",
			[PGT_ERR_REGISTRATION_DISABLED] =
				"The client is switched off and cannot change its registration: update_client(enabled => true) lets it.",
			[PGT_ERR_SIGNAL_BODY] =
				"The body is no JSON object (RFC 8259), names a member twice, is nested too deep, or is larger than 64 kB.",
			[PGT_ERR_SIGNAL_NOT_CLIENT] =
				"Streams of signals are a client's affair: it comes with a token of the grant client_credentials, not with one of a user's.",
			[PGT_ERR_SIGNAL_STREAM] =
				"The receiver asks for what a stream cannot be, or has sent a member of another type: the sentence beside it says which.",
			[PGT_ERR_SIGNAL_UNKNOWN] =
				"The stream is another client's, a webhook, was deleted, or is pushed and not polled: see pgtoken.signal_streams.",
			[PGT_ERR_SIGNAL_FULL] =
				"The client has ten streams of signals, which is all that it may have: it deletes one, or an administrator does.",
			[PGT_ERR_SIGNAL_RATE] =
				"The receiver asks for verification events faster than min_verification_interval says.",
			[PGT_ERR_SIGNAL_HELD] =
				"An administrator has paused or disabled the stream: update_signal_stream(status => 'enabled') lets the receiver have its way again.",
			[PGT_ERR_STALE_STANDBY] =
				"This server is a standby that lags behind by more than pgtoken.max_replay_lag: it does not say what it cannot know.",
			[PGT_ERR_READ_ONLY] =
				"This server is a standby, or the transaction may not write, and the request must be remembered: it belongs to the primary.",
			[PGT_ERR_WAIT] =
				"The request waits for a document that the courier fetches: the layer asks again by itself, PostgREST's clients have to.",
};

const char *
explanation(PgtErr err)
{
	return (size_t) err < lengthof(sentences) ? sentences[err] : NULL;
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
