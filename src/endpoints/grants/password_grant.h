/*
 * password_grant.h
 *		The password grant at the token endpoint (RFC 6749 section 4.3); off by default.
 */
#ifndef PGT_PASSWORD_GRANT_H
#define PGT_PASSWORD_GRANT_H

#include "base/compat.h"

#include "endpoints/grants/token_request.h"
#include "tokens/response.h"

extern void password_grant(const TokenRequest *request, TokenResponse *response);

#endif /* PGT_PASSWORD_GRANT_H */
