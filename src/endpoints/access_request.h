/*
 * access_request.h
 *		A request with an access token (RFC 6750, RFC 9449 section 7).
 */
#ifndef PGT_ACCESS_REQUEST_H
#define PGT_ACCESS_REQUEST_H

#include "base/compat.h"

#include "http/http.h"

typedef struct AccessRequest
{
	const char *scheme; /* "Bearer" or "DPoP" */
	const char *token; /* NULL: none was sent */
} AccessRequest;

/* what the Authorization header has; scheme is Bearer where there is no token */
extern AccessRequest access_request_read(const HttpExchange *x);

/*
 * Does the token hold for this audience (NULL: any), and has the request proved
 * what it is bound to?  method and url are those of the request.  *claims are
 * valid until the next verification.
 */
extern PgtErr access_request_check(HttpExchange *x, const AccessRequest *access, const char *method,
								   const char *url, const char *audience, Jsonb **claims);

/* claims: of an access token */
extern bool access_request_has_scope(Jsonb *claims, const char *scope);

/*
 * A request of an API: its claims, NULL where it has no access token.  An error has
 * its challenge among the answer's headers; not that of a standby that is too far
 * behind.
 */
extern PgtErr access_request_admit(HttpExchange *x, Jsonb **claims);

/*
 * The same for a request that PostgREST's settings describe: ereports SQLSTATE PGRST,
 * which it makes a 401 of when the token does not hold, or a 503 on a standby that
 * is too far behind.
 */
extern Jsonb *access_request_require(void);

/*
 * All of db-pre-request: refuses what access_request_require() refuses; of a
 * DPoP-bound token it sets request.jwt.claims and the role.  Runs with the
 * caller's rights, because a SECURITY DEFINER function cannot set the role: a
 * token that was not seen yet is looked at by pgtoken.check_request(), which is one.
 */
extern void access_request_precede(void);

#endif /* PGT_ACCESS_REQUEST_H */
