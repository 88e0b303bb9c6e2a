/*
 * call.h
 *		The one function that answers requests, pgtoken_http.handle, called as SQL
 *		would call it.
 */
#ifndef PGT_FASTCGI_CALL_H
#define PGT_FASTCGI_CALL_H

#include "base/compat.h"

#include "core/fastcgi/cgi.h"

typedef struct CallAnswer
{
	int status; /* 0: committed is what there is, and it is to be called again */
	int wait; /* then after so many milliseconds */
	const char *shard; /* or, not NULL, at this other shard */
	const char *carry; /* what that is to be told, or NULL */
	PgtcBuf output; /* otherwise head and body, as CGI has them */
} CallAnswer;

/* once in each process */
extern void call_init(void);

/*
 * NULL, or why the function cannot be called by this role, in English.  Within a
 * transaction; looks again only after something has changed.
 */
extern const char *call_problem(void);

/*
 * Within a transaction and with a snapshot, after call_problem() has found none.
 * Takes memory from the current context, which must outlive the transaction; raises
 * what the function raises.
 */
extern void call_handle(const PgtcCgiRequest *request, PgtcSlice body, CallAnswer *out);

/*
 * The answer to one that is another shard's: the web server asks that one, by the
 * location of pgtoken_fastcgi.shard_location.  503 where there is no such setting, or
 * the request has been sent on often enough.
 */
extern void call_send_on(const PgtcCgiRequest *request, CallAnswer *out);

/* without a database: a status, and a body that says no more, but to who asks what is missing */
extern void call_refuse(int status, const PgtcCgiRequest *request, CallAnswer *out);

#endif /* PGT_FASTCGI_CALL_H */
