/*
 * session_lock.h
 *		Issues and the ends of sessions keep out of each other's way.
 *
 * A session ends often, and what ends with it is a choice among families, so that it
 * is no matter of epochs (begun.h).  Instead the end waits for who is issuing to the
 * session at that moment, and then sees what he has issued; who comes later waits
 * for the end, and is not concerned.
 */
#ifndef PGT_SESSION_LOCK_H
#define PGT_SESSION_LOCK_H

#include "base/compat.h"

/* before anything of the subject's is locked; session_id NULL: none was named */
extern void session_lock_issue(const char *issuer, const char *subject, const char *session_id);

/* as before, of who must see what others issue to the subject, too: one after the other */
extern void session_lock_issue_alone(const char *issuer, const char *subject,
									 const char *session_id);

/* one of subject and session_id is NULL */
extern void session_lock_end(const char *issuer, const char *subject, const char *session_id);

#endif /* PGT_SESSION_LOCK_H */
