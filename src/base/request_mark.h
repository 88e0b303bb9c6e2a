/*
 * request_mark.h
 *		The mark of the request that this transaction works for (core/base/mark.h).
 *
 * Set by the door, or by an application for its own call; whatever is audited until the
 * transaction ends carries it.  Without one nothing is kept, and nothing is looked at.
 */
#ifndef PGT_REQUEST_MARK_H
#define PGT_REQUEST_MARK_H

#include "base/compat.h"

#include "core/base/mark.h"

/* until the transaction ends, in place of what was set; request_id is valid or empty */
extern void request_mark_set(PgtcSlice request_id, const PgtcTraceparent *trace);
extern void request_mark_forget(void);

/* as a row keeps it, NULL: there is none; another one's once request_mark_set is called again */
extern const bytea *request_mark_bytes(void);

/* empty: there is none */
extern const char *request_mark_id(void);

/* in words, for logs: "request ..., trace ..., span ..."; palloc'd.  NULL: there is none */
extern char *request_mark_text(void);

/* for error_context_stack: says in the server's log which request it was */
extern void request_mark_add_context(void *argument);

#endif /* PGT_REQUEST_MARK_H */
