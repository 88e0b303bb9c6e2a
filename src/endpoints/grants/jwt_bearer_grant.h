/*
 * jwt_bearer_grant.h
 *		Use case: a client gets an access token for the assertion of an issuer that is
 *		trusted (RFC 7523 section 2.1).
 */
#ifndef PGT_JWT_BEARER_GRANT_H
#define PGT_JWT_BEARER_GRANT_H

#include "base/compat.h"

#include "endpoints/grants/token_request.h"

/* typ of an assertion about a person, for one client (Identity Assertion Authorization Grant) */
#define JWT_BEARER_OF_PERSON "oauth-id-jag+jwt"

/*
 * The client of a request that names none: that of the rule which the assertion fulfils
 * and which asks for no authentication beside it (RFC 7521 section 4.1).
 */
extern PgtErr jwt_bearer_grant_client(HttpExchange *x, const Client **client);

/*
 * PGT_ERR_WAIT where the keys of the assertion's issuer are being fetched, so that it is
 * told before the request has used anything else; otherwise PGT_OK, whatever it is.
 */
extern PgtErr jwt_bearer_grant_wait(const HttpExchange *x);

extern void jwt_bearer_grant(const TokenRequest *request, TokenResponse *response);

#endif /* PGT_JWT_BEARER_GRANT_H */
