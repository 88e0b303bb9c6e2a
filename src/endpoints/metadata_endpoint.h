/*
 * metadata_endpoint.h
 *		What the service says of itself (RFC 8414, OpenID Connect Discovery) and of the
 *		APIs that it knows (RFC 9728), and its public keys (RFC 7517).
 */
#ifndef PGT_METADATA_ENDPOINT_H
#define PGT_METADATA_ENDPOINT_H

#include "base/compat.h"

#include "http/http.h"

/* JSON text */
extern char *metadata_endpoint(HttpExchange *x);
extern char *metadata_endpoint_keys(HttpExchange *x);

/* of the API at whose place it is asked for, or that the parameter resource names; 404 */
extern char *metadata_endpoint_resource(HttpExchange *x);

#endif /* PGT_METADATA_ENDPOINT_H */
