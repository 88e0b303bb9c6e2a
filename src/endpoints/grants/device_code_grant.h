/*
 * device_code_grant.h
 *		Device codes at the token endpoint (RFC 8628 section 3.4).
 */
#ifndef PGT_DEVICE_CODE_GRANT_H
#define PGT_DEVICE_CODE_GRANT_H

#include "base/compat.h"

#include "endpoints/grants/token_request.h"
#include "tokens/response.h"

extern void device_code_grant(const TokenRequest *request, TokenResponse *response);

#endif /* PGT_DEVICE_CODE_GRANT_H */
