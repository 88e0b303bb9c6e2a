/*
 * token_endpoint.h
 *		Use case: the token endpoint (RFC 6749 section 3.2).
 */
#ifndef PGT_TOKEN_ENDPOINT_H
#define PGT_TOKEN_ENDPOINT_H

#include "base/compat.h"

#include "http/http.h"

/* JSON text */
extern char *token_endpoint(HttpExchange *x);

#endif /* PGT_TOKEN_ENDPOINT_H */
