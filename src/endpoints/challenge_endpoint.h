/*
 * challenge_endpoint.h
 *		Use cases: the client of a step-up transaction has its user choose a factor,
 *		and prove it.
 */
#ifndef PGT_CHALLENGE_ENDPOINT_H
#define PGT_CHALLENGE_ENDPOINT_H

#include "base/compat.h"

#include "http/http.h"

extern Jsonb *challenge_endpoint(HttpExchange *x);
extern Jsonb *challenge_endpoint_complete(HttpExchange *x);

#endif /* PGT_CHALLENGE_ENDPOINT_H */
