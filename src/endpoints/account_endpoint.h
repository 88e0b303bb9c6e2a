/*
 * account_endpoint.h
 *		Use cases: a person sees the sessions that are open in his name, ends one of
 *		them, or all but this one.
 */
#ifndef PGT_ACCOUNT_ENDPOINT_H
#define PGT_ACCOUNT_ENDPOINT_H

#include "http/http.h"

extern Jsonb *account_endpoint_sessions(HttpExchange *x);
extern Jsonb *account_endpoint_end(HttpExchange *x);
extern Jsonb *account_endpoint_end_others(HttpExchange *x);

#endif /* PGT_ACCOUNT_ENDPOINT_H */
