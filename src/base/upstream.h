/*
 * upstream.h
 *		Questions to another database: that which a connection string names.
 *
 * By the library that logical replication connects with, so that what is asked here comes
 * to the same server, as the same role, by the same settings as what replication brings.
 */
#ifndef PGT_UPSTREAM_H
#define PGT_UPSTREAM_H

#include "base/compat.h"

typedef struct Upstream Upstream;

/*
 * In the current memory context; NULL with what is wrong where there is no connection.  One
 * that is lost without a word is noticed within half a minute.
 */
extern Upstream *upstream_connect(const char *conninfo, char **problem);
extern void upstream_close(Upstream *upstream);

/* for people: host and port, and nothing that is secret */
extern char *upstream_place(Upstream *upstream);

/*
 * Can nobody on the way read along, or answer in its place?  By a socket of this machine, or
 * by TLS that knows the server.
 */
extern bool upstream_is_safe(Upstream *upstream);

/*
 * The only column of the only row, as text, in the current memory context; NULL with
 * *problem and *sqlstate where there is none.  Within a transaction.
 */
extern char *upstream_ask(Upstream *upstream, const char *question, char **problem, int *sqlstate);

#endif /* PGT_UPSTREAM_H */
