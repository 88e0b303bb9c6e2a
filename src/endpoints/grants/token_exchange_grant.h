/*
 * token_exchange_grant.h
 *		Token exchange at the token endpoint (RFC 8693).
 */
#ifndef PGT_TOKEN_EXCHANGE_GRANT_H
#define PGT_TOKEN_EXCHANGE_GRANT_H

#include "base/compat.h"

#include "endpoints/grants/token_request.h"
#include "tokens/response.h"

/*
 * Where the actor's token lies on another shard it is verified there, for the one of the
 * subject's: PGT_ERR_ELSEWHERE on the way there and back.
 */
extern PgtErr token_exchange_grant_way(HttpExchange *x);

extern void token_exchange_grant(const TokenRequest *request, TokenResponse *response);

#endif /* PGT_TOKEN_EXCHANGE_GRANT_H */
