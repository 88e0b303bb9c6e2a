/*
 * signals_endpoint.h
 *		A receiver keeps its streams of signals and fetches what it is told (OpenID Shared
 *		Signals Framework sections 7 and 8, RFC 8936).
 */
#ifndef PGT_SIGNALS_ENDPOINT_H
#define PGT_SIGNALS_ENDPOINT_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "http/http.h"

extern char *signals_endpoint_metadata(HttpExchange *x);
extern Jsonb *signals_endpoint_streams(HttpExchange *x);
extern Jsonb *signals_endpoint_status(HttpExchange *x);
extern Jsonb *signals_endpoint_verify(HttpExchange *x);
extern Jsonb *signals_endpoint_poll(HttpExchange *x);

#endif /* PGT_SIGNALS_ENDPOINT_H */
