/*
 * probe_endpoint.h
 *		What who runs the service asks it: is it alive, can it answer?
 */
#ifndef PGT_PROBE_ENDPOINT_H
#define PGT_PROBE_ENDPOINT_H

#include "base/compat.h"

#include "http/http.h"

#define PROBE_LIVE_PATH "/live"
#define PROBE_READY_PATH "/ready"

extern char *probe_endpoint_live(HttpExchange *x);

/* 503 and what is missing, as a list, when requests cannot be answered */
extern char *probe_endpoint_ready(HttpExchange *x);

#endif /* PGT_PROBE_ENDPOINT_H */
