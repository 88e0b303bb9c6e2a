/*
 * transaction.h
 *		A request as a transaction, and the signals that may meet it.
 *
 * SIGTERM lets it come to its end (ShutdownRequestPending), SIGINT cancels it; SIGUSR1
 * stays the server's.
 */
#ifndef PGT_FASTCGI_TRANSACTION_H
#define PGT_FASTCGI_TRANSACTION_H

#include "base/compat.h"

#include "core/fastcgi/cgi.h"
#include "fastcgi/call.h"
#include "fastcgi/connection.h"

/* before signals are unblocked */
extern void transaction_take_signals(void);

/* once connected to the database */
extern void transaction_init(void);

/*
 * Out is the function's answer, once it is committed, or a refusal; its memory is of the
 * current context.  False: the web server has gone, nothing has happened and nobody is
 * to be told.  Raises nothing but what ends the process.
 */
extern bool transaction_run(Connection *connection, const PgtcCgiRequest *request, int service,
							CallAnswer *out);

#endif /* PGT_FASTCGI_TRANSACTION_H */
