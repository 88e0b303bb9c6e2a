/*
 * client_credentials_grant.h
 *		Client credentials at the token endpoint (RFC 6749 section 4.4).
 */
#ifndef PGT_CLIENT_CREDENTIALS_GRANT_H
#define PGT_CLIENT_CREDENTIALS_GRANT_H

#include "base/compat.h"

#include "endpoints/grants/token_request.h"
#include "tokens/response.h"

extern void client_credentials_grant(const TokenRequest *request, TokenResponse *response);

#endif /* PGT_CLIENT_CREDENTIALS_GRANT_H */
