/*
 * monitoring.h
 *		What the service says of itself (76_metrics.sql).
 */
#ifndef PGT_MONITORING_H
#define PGT_MONITORING_H

#include "base/compat.h"

#include "utils/jsonb.h"

/* pgtoken.readiness(); issuer NULL: the default one */
extern Jsonb *monitoring_readiness(const char *issuer, bool stale);

/* pgtoken.metrics_text() */
extern char *monitoring_metrics(bool openmetrics);

/* has the client registered itself? */
extern bool monitoring_is_registered(const char *client_id);

#endif /* PGT_MONITORING_H */
