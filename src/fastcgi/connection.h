/*
 * connection.h
 *		One connection of a web server: a request comes, an answer goes.
 *
 * Outside of transactions.  Nobody is waited for longer than the setting says.
 */
#ifndef PGT_FASTCGI_CONNECTION_H
#define PGT_FASTCGI_CONNECTION_H

#include "base/compat.h"

#include "core/fastcgi/fastcgi.h"

typedef enum ConnectionEnd
{
	CONNECTION_REQUEST, /* a whole one has come */
	CONNECTION_STALLED, /* its time is up */
	CONNECTION_BROKEN /* not FastCGI, or gone, or refused by its protocol */
} ConnectionEnd;

typedef struct Connection
{
	int fd;
	PgtcFastcgi fastcgi;
} Connection;

/* memory as palloc has it, which answers NULL */
extern const PgtcMem connection_mem;

/* the next one that waits; -1: none, with errno */
extern int connection_accept(int listen_fd, bool tcp);

/* takes the descriptor; what is read lies in the current memory context */
extern void connection_begin(Connection *connection, int fd);
extern ConnectionEnd connection_read(Connection *connection, int timeout);

/* true: nobody is there any more to take an answer, or it was aborted; does not wait */
extern bool connection_gone(Connection *connection);

/* false: it was not taken, or not in time */
extern bool connection_write(Connection *connection, const PgtcBuf *bytes, int timeout);

/* closes it; what the other side still sends is read first, for a moment, lest it lose the answer */
extern void connection_end(Connection *connection);

#endif /* PGT_FASTCGI_CONNECTION_H */
