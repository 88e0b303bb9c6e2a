/*
 * configuration_watch.h
 *		The process of a subscriber that finds out how old its configuration is.
 */
#ifndef PGT_CONFIGURATION_WATCH_H
#define PGT_CONFIGURATION_WATCH_H

#include "base/compat.h"

/* started by who wants to know (configuration.c), once a database; ends with the subscription */
extern PGDLLEXPORT void configuration_watch_main(Datum database);

#endif /* PGT_CONFIGURATION_WATCH_H */
