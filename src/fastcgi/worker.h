/*
 * worker.h
 *		A process that answers requests of one database, one at a time.
 */
#ifndef PGT_FASTCGI_WORKER_H
#define PGT_FASTCGI_WORKER_H

#include "base/compat.h"

/* argument: the place among the workers; bgw_extra: its generation, a uint32 */
extern PGDLLEXPORT void worker_main(Datum argument);

/* answers a connection with 503, without a database */
extern void worker_refuse(int fd, int service);

#endif /* PGT_FASTCGI_WORKER_H */
