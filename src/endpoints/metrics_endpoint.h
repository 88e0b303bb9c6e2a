/*
 * metrics_endpoint.h
 *		Use case: Prometheus, or what speaks its language, reads what is measured.
 */
#ifndef PGT_METRICS_ENDPOINT_H
#define PGT_METRICS_ENDPOINT_H

#include "base/compat.h"

#include "http/http.h"

#define METRICS_PATH "/metrics"

/* its text, in the form that the request asks for; NULL: refused */
extern char *metrics_endpoint(HttpExchange *x);

#endif /* PGT_METRICS_ENDPOINT_H */
