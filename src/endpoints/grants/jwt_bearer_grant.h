/*
 * jwt_bearer_grant.h
 *		Use case: a client gets an access token for the assertion of an issuer that is
 *		trusted (RFC 7523 section 2.1).
 */
#ifndef PGT_JWT_BEARER_GRANT_H
#define PGT_JWT_BEARER_GRANT_H

#include "base/compat.h"

#include "endpoints/grants/token_request.h"

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

/*
 * The placement of the shard to which an assertion comes, whoever shows it, and as which
 * client, so that one which is good once is good once in all; it is not verified.  A
 * person's is made for one client, and goes there; the issuer and the id of others say to
 * which, and of what has no id, which may be shown again, the subject.  false: it says
 * nothing of the kind.
 */
extern bool jwt_bearer_grant_place(const char *assertion, uint32 *placement);

/* PGT_ERR_ELSEWHERE on the way there */
extern PgtErr jwt_bearer_grant_way(HttpExchange *x);

extern void jwt_bearer_grant(const TokenRequest *request, TokenResponse *response);

#endif /* PGT_JWT_BEARER_GRANT_H */
