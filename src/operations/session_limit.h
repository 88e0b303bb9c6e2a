/*
 * session_limit.h
 *		Use case: a subject has at most so many sessions, with a client and in all.
 *
 * A limit is held by whoever issues, alone among the issues of his subject from the
 * count to the commit (base/session_lock.h); without a limit nobody counts, and nobody
 * waits.
 */
#ifndef PGT_SESSION_LIMIT_H
#define PGT_SESSION_LIMIT_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "base/errors.h"
#include "tables/client.h"
#include "tables/subject_sessions.h"

extern bool session_limit_is_set(const Client *client);

/*
 * Is there room for this session (NULL: one that has no name yet) with the client?  One
 * that is there already needs none.
 */
extern PgtErr session_limit_judge(const Client *client, const char *subject, const char *session_id,
								  SessionsOver *over);

/* the same, looked at before anything is to be issued: is it refused? */
extern bool session_limit_refuses(const Client *client, const char *subject,
								  const char *session_id);

extern void session_limit_end(const Client *client, const char *subject, const SessionsOver *over,
							  Jsonb *context);

#endif /* PGT_SESSION_LIMIT_H */
