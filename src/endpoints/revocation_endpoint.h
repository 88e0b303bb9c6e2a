/*
 * revocation_endpoint.h
 *		Use case: a client revokes a token of its own (RFC 7009).
 */
#ifndef PGT_REVOCATION_ENDPOINT_H
#define PGT_REVOCATION_ENDPOINT_H

#include "base/compat.h"

#include "http/http.h"

/* NULL: done, or nothing to be done, which the caller need not tell apart */
extern Jsonb *revocation_endpoint(HttpExchange *x);

#endif /* PGT_REVOCATION_ENDPOINT_H */
