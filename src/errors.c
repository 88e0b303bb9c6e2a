/*
 * errors.c
 *		The one table of protocol answers.
 */
#include "errors.h"

#define BAD_CLIENT "client authentication failed"
#define BAD_GRANT "the refresh token is invalid, expired, revoked or was issued to another client"
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
	[PGT_ERR_CLIENT_NOT_OFFLINE] = {"unauthorized_client", "the client may not use refresh tokens",
									"offline_access_not_allowed", 400, true},
	[PGT_ERR_TOKEN_MALFORMED] = {"invalid_grant", BAD_GRANT, "token_malformed", 400, false},
	[PGT_ERR_TOKEN_UNKNOWN] = {"invalid_grant", BAD_GRANT, "token_unknown", 400, false},
	[PGT_ERR_TOKEN_OTHER_CLIENT] = {"invalid_grant", BAD_GRANT, "token_of_other_client", 400, true},
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
};

const PgtErrInfo *
pgt_err_info(PgtErr err)
{
	return &err_table[err];
}
