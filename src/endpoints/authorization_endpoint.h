/*
 * authorization_endpoint.h
 *		Use cases: the authorization endpoint (RFC 6749 section 3.1, OpenID Connect
 *		Core section 3.1.2) and pushed authorization requests (RFC 9126).
 */
#ifndef PGT_AUTHORIZATION_ENDPOINT_H
#define PGT_AUTHORIZATION_ENDPOINT_H

#include "base/compat.h"

#include "http/http.h"

extern char *authorization_endpoint(HttpExchange *x);
extern Jsonb *authorization_endpoint_push(HttpExchange *x);

#endif /* PGT_AUTHORIZATION_ENDPOINT_H */
