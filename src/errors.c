/*
 * errors.c
 *		The one table of protocol answers.
 */
#include "errors.h"

#define BAD_CLIENT "client authentication failed"
#define BAD_GRANT "the refresh token is invalid, expired, revoked or was issued to another client"
#define BAD_CODE "the authorization code is invalid, expired, used or was issued to another client"
#define BAD_SCOPE "the requested scope is invalid, unknown, malformed or exceeds what was granted"
#define BAD_TARGET "the requested resource is invalid, unknown or malformed"

static const PgtErrInfo err_table[] = {
	[PGT_OK] = {NULL, NULL, NULL, 200, false},
	[PGT_ERR_CLIENT_UNKNOWN] = {"invalid_client", BAD_CLIENT, "client_unknown", 401, false},
	[PGT_ERR_CLIENT_DISABLED] = {"invalid_client", BAD_CLIENT, "client_disabled", 401, true},
	[PGT_ERR_CLIENT_SECRET_MISSING] = {"invalid_client", BAD_CLIENT, "client_secret_missing", 401,
									   true},
	[PGT_ERR_CLIENT_SECRET_WRONG] = {"invalid_client", BAD_CLIENT, "client_secret_wrong", 401,
									 true},
	[PGT_ERR_CLIENT_METHOD] = {"invalid_client", BAD_CLIENT, "client_auth_method_not_registered", 401, true},
	[PGT_ERR_CLIENT_ASSERTION] = {"invalid_client", BAD_CLIENT, "client_assertion_invalid", 401, true},
	[PGT_ERR_CLIENT_ASSERTION_REPLAYED] = {"invalid_client", BAD_CLIENT, "client_assertion_replayed", 401, true},
	[PGT_ERR_CLIENT_CERTIFICATE] = {"invalid_client", BAD_CLIENT, "client_certificate_wrong", 401, true},
	[PGT_ERR_CLIENT_GRANT_TYPE] = {"unauthorized_client", "the client may not use this grant type", "grant_type_not_allowed", 400, true},
	[PGT_ERR_CLIENT_NOT_OFFLINE] = {"unauthorized_client", "the client may not use refresh tokens",
									"offline_access_not_allowed", 400, true},
	[PGT_ERR_TOKEN_MALFORMED] = {"invalid_grant", BAD_GRANT, "token_malformed", 400, false},
	[PGT_ERR_TOKEN_UNKNOWN] = {"invalid_grant", BAD_GRANT, "token_unknown", 400, false},
	[PGT_ERR_TOKEN_OTHER_CLIENT] = {"invalid_grant", BAD_GRANT, "token_of_other_client", 400, true},
	[PGT_ERR_TOKEN_OTHER_KEY] = {"invalid_grant", BAD_GRANT, "token_of_other_key", 400, true},
	[PGT_ERR_TOKEN_BLACKLISTED] = {"invalid_grant", BAD_GRANT, "token_blacklisted", 400, true},
	[PGT_ERR_TOKEN_REUSED] = {"invalid_grant", BAD_GRANT, "refresh_token_reuse", 400, true},
	[PGT_ERR_FAMILY_REVOKED] = {"invalid_grant", BAD_GRANT, "family_revoked", 400, true},
	[PGT_ERR_FAMILY_EXPIRED] = {"invalid_grant", BAD_GRANT, "family_expired", 400, true},
	[PGT_ERR_FAMILY_IDLE] = {"invalid_grant", BAD_GRANT, "family_idle", 400, true},
	[PGT_ERR_SCOPE_MALFORMED] = {"invalid_scope", BAD_SCOPE, "scope_malformed", 400, false},
	[PGT_ERR_SCOPE_NOT_ALLOWED] = {"invalid_scope", BAD_SCOPE, "scope_not_allowed", 400, true},
	[PGT_ERR_SCOPE_NOT_GRANTED] = {"invalid_scope", BAD_SCOPE, "scope_not_granted", 400, true},
	[PGT_ERR_SCOPE_NOT_FOR_RESOURCE] = {"invalid_scope", BAD_SCOPE, "scope_not_for_resource", 400,
										true},
	[PGT_ERR_SCOPE_AMBIGUOUS] = {"invalid_scope", BAD_SCOPE, "scope_ambiguous", 400, true},
	[PGT_ERR_TARGET_MALFORMED] = {"invalid_target", BAD_TARGET, "resource_malformed", 400, false},
	[PGT_ERR_TARGET_NOT_ALLOWED] = {"invalid_target", BAD_TARGET, "resource_not_allowed", 400,
									true},
	[PGT_ERR_TARGET_NOT_GRANTED] = {"invalid_target", BAD_TARGET, "resource_not_granted", 400,
									true},
	[PGT_ERR_REQUEST_MALFORMED] = {"invalid_request", "the request body is malformed or too large", "request_malformed", 400, false},
	[PGT_ERR_REQUEST_METHOD] = {"invalid_request", "the endpoint takes another HTTP method", "method_not_allowed", 405, false},
	[PGT_ERR_REQUEST_REPEATED] = {"invalid_request", "a parameter occurs more than once", "parameter_repeated", 400, false},
	[PGT_ERR_REQUEST_PARAMETER] = {"invalid_request", "a required parameter is missing or a parameter is invalid", "parameter_invalid", 400, false},
	[PGT_ERR_REQUEST_TWO_METHODS] = {"invalid_request", "more than one client authentication method is used", "two_auth_methods", 400, false},
	[PGT_ERR_AUTHORIZE_CLIENT] = {"invalid_request", "the client or its redirect_uri is not known here", "client_or_redirect_uri_unknown", 400, false},
	[PGT_ERR_REQUEST_NOT_PUSHED] = {"invalid_request", "the client must push its authorization requests", "request_not_pushed", 400, true},
	[PGT_ERR_REQUEST_URI] = {"invalid_request_uri", "the request_uri is unknown, expired, used or of another client", "request_uri_invalid", 400, true},
	[PGT_ERR_GRANT_TYPE_UNKNOWN] = {"unsupported_grant_type", "the grant type is not supported", "grant_type_unknown", 400, false},
	[PGT_ERR_RESPONSE_TYPE] = {"unsupported_response_type", "the only response type is code", "response_type_unsupported", 400, false},
	[PGT_ERR_RESPONSE_MODE] = {"invalid_request", "the only response mode is query", "response_mode_unsupported", 400, false},
	[PGT_ERR_REQUEST_OBJECT] = {"request_not_supported", "request objects are not supported", "request_object", 400, false},
	[PGT_ERR_REQUEST_OBJECT_URI] = {"request_uri_not_supported", "the only request_uri is that of a pushed request", "request_object_uri", 400, false},
	[PGT_ERR_PKCE_MISSING] = {"invalid_request", "a code_challenge is required", "pkce_missing", 400, false},
	[PGT_ERR_PKCE_METHOD] = {"invalid_request", "the code_challenge must be made by method S256", "pkce_method", 400, false},
	[PGT_ERR_PKCE_MISMATCH] = {"invalid_grant", BAD_CODE, "pkce_mismatch", 400, true},
	[PGT_ERR_CODE_UNKNOWN] = {"invalid_grant", BAD_CODE, "code_unknown", 400, false},
	[PGT_ERR_CODE_EXPIRED] = {"invalid_grant", BAD_CODE, "code_expired", 400, true},
	[PGT_ERR_CODE_OTHER_CLIENT] = {"invalid_grant", BAD_CODE, "code_of_other_client", 400, true},
	[PGT_ERR_CODE_REUSED] = {"invalid_grant", BAD_CODE, "authorization_code_reuse", 400, true},
	[PGT_ERR_CODE_REDIRECT_URI] = {"invalid_grant", BAD_CODE, "redirect_uri_mismatch", 400, true},
	[PGT_ERR_CODE_OTHER_KEY] = {"invalid_grant", BAD_CODE, "code_of_other_key", 400, true},
	[PGT_ERR_DPOP_PROOF] = {"invalid_dpop_proof", "the DPoP proof is invalid", "dpop_proof_invalid", 400, true},
	[PGT_ERR_DPOP_REPLAYED] = {"invalid_dpop_proof", "the DPoP proof is invalid", "dpop_proof_replayed", 400, true},
	[PGT_ERR_DPOP_NONCE] = {"use_dpop_nonce", "the DPoP proof must carry the nonce of the DPoP-Nonce header", "dpop_nonce", 400, false},
	[PGT_ERR_DPOP_MISSING] = {"invalid_dpop_proof", "the client must send a DPoP proof", "dpop_proof_missing", 400, true},
	[PGT_ERR_CERTIFICATE_MISSING] = {"invalid_request", "the client must present its certificate", "certificate_missing", 400, true},
	[PGT_ERR_DEVICE_PENDING] = {"authorization_pending", "the user has not answered yet", "device_pending", 400, false},
	[PGT_ERR_DEVICE_SLOW_DOWN] = {"slow_down", "the device asks too often: the interval has grown by 5 seconds", "device_slow_down", 400, false},
	[PGT_ERR_DEVICE_DENIED] = {"access_denied", "the user has refused", "device_denied", 400, true},
	[PGT_ERR_DEVICE_EXPIRED] = {"expired_token", "the device code has expired", "device_code_expired", 400, false},
	[PGT_ERR_DEVICE_UNKNOWN] = {"invalid_grant", "the device code is invalid or was issued to another client", "device_code_unknown", 400, false},
	[PGT_ERR_DEVICE_OTHER_CLIENT] = {"invalid_grant", "the device code is invalid or was issued to another client", "device_code_of_other_client", 400, true},
	[PGT_ERR_DEVICE_OTHER_KEY] = {"invalid_grant", "the device code is invalid or was issued to another client", "device_code_of_other_key", 400, true},
	[PGT_ERR_DEVICE_REDEEMED] = {"invalid_grant", "the device code is invalid or was issued to another client", "device_code_redeemed", 400, true},
	[PGT_ERR_PASSWORD_OFF] = {"unsupported_grant_type", "the grant type is not supported", "password_grant_off", 400, true},
	[PGT_ERR_PASSWORD_WRONG] = {"invalid_grant", "the resource owner's credentials are invalid", "password_wrong", 400, true},
	[PGT_ERR_EXCHANGE_TOKEN] = {"invalid_request", "the subject or actor token is invalid, expired or revoked", "exchanged_token_invalid", 400, true},
	[PGT_ERR_EXCHANGE_NOT_FOR_CLIENT] = {"invalid_request", "the subject or actor token is invalid, expired or revoked", "exchanged_token_not_for_client", 400, true},
	[PGT_ERR_EXCHANGE_TOKEN_TYPE] = {"invalid_request", "the token type is not supported", "token_type_unsupported", 400, false},
	[PGT_ERR_EXCHANGE_TOO_DEEP] = {"invalid_request", "the subject token has been exchanged too often", "exchanged_too_often", 400, true},
	[PGT_ERR_TOKEN_TYPE] = {"unsupported_token_type", "the token type is not supported", "token_type_unsupported", 400, false},
	[PGT_ERR_ACCESS_TOKEN_MISSING] = {NULL, NULL, "access_token_missing", 401, false},
	[PGT_ERR_ACCESS_TOKEN_INVALID] = {"invalid_token", "the access token is invalid, expired or revoked", "access_token_invalid", 401, false},
	[PGT_ERR_ACCESS_TOKEN_SCOPE] = {"insufficient_scope", "the access token lacks a scope", "scope_insufficient", 403, false},
	[PGT_ERR_ACCESS_TOKEN_DPOP] = {"invalid_dpop_proof", "the DPoP proof is invalid", "dpop_proof_invalid", 401, false},
	[PGT_ERR_ACCESS_TOKEN_NONCE] = {"use_dpop_nonce", "the DPoP proof must carry the nonce of the DPoP-Nonce header", "dpop_nonce", 401, false},
	[PGT_ERR_ACCESS_TOKEN_TWICE] = {"invalid_request", "the access token is sent in more than one way", "access_token_twice", 400, false},
};

const PgtErrInfo *
pgt_err_info(PgtErr err)
{
	return &err_table[err];
}
