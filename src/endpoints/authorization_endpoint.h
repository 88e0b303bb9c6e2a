/*
 * authorization_endpoint.h
 *		Use cases: the authorization endpoint (RFC 6749 section 3.1, OpenID Connect
 *		Core section 3.1.2) and pushed authorization requests (RFC 9126).
 */
#ifndef PGT_AUTHORIZATION_ENDPOINT_H
#define PGT_AUTHORIZATION_ENDPOINT_H

#include "base/compat.h"

#include "http/http.h"

extern Jsonb *authorization_endpoint(HttpExchange *x);
extern Jsonb *authorization_endpoint_push(HttpExchange *x);

/* an error for the client, by way of the browser (RFC 6749 section 4.1.2.1, RFC 9207) */
extern char *authorization_redirect_error(const Issuer *issuer, Jsonb *parameters,
										  const char *error, const char *description);

/* a code for the client, likewise */
extern char *authorization_redirect_code(const Issuer *issuer, Jsonb *parameters, const char *code);

#endif /* PGT_AUTHORIZATION_ENDPOINT_H */
