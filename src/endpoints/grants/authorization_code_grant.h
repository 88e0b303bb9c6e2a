/*
 * authorization_code_grant.h
 *		Authorization codes at the token endpoint (RFC 6749 section 4.1.3).
 */
#ifndef PGT_AUTHORIZATION_CODE_GRANT_H
#define PGT_AUTHORIZATION_CODE_GRANT_H

#include "base/compat.h"

#include "endpoints/grants/token_request.h"
#include "tokens/response.h"

extern void authorization_code_grant(const TokenRequest *request, TokenResponse *response);

#endif /* PGT_AUTHORIZATION_CODE_GRANT_H */
