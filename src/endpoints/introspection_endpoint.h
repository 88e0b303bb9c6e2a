/*
 * introspection_endpoint.h
 *		Use case: a client or a resource server asks what a token is (RFC 7662).
 */
#ifndef PGT_INTROSPECTION_ENDPOINT_H
#define PGT_INTROSPECTION_ENDPOINT_H

#include "base/compat.h"

#include "http/http.h"

/* JSON text, or a JWT where the caller wants one (RFC 9701) */
extern char *introspection_endpoint(HttpExchange *x);

#endif /* PGT_INTROSPECTION_ENDPOINT_H */
