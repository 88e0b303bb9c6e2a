/*
 * subject_sessions.h
 *		Sessions of a subject: the living families that it has signed in to, those that
 *		share a session_id of the application's being one.
 *
 * What was exchanged, asserted, or is a client's own is nobody's signing in.
 */
#ifndef PGT_SUBJECT_SESSIONS_H
#define PGT_SUBJECT_SESSIONS_H

#include "base/compat.h"

typedef struct SubjectSession
{
	char *session_id; /* the application's, or the grant_id in text */
	bool here; /* has families of the client that is looked at */
	bool elsewhere; /* has families of others */
} SubjectSession;

typedef struct SubjectSessions
{
	SubjectSession *sessions; /* least recently used first */
	int n;
	int size;
} SubjectSessions;

/* as they are by now, whatever the isolation level */
extern void subject_sessions_read(const char *issuer, const char *subject, const char *client_id,
								  SubjectSessions *out);

/* what has to end for a new session to begin */
typedef struct SessionsOver
{
	char **here; /* with the client alone */
	int n_here;
	char **everywhere;
	int n_everywhere;
} SessionsOver;

/*
 * Ends these as end_session(offline => true) does; ereport(40001) where the transaction's
 * snapshot is older than what has to end.
 */
extern void subject_sessions_end(const char *issuer, const char *subject, const char *client_id,
								 const SessionsOver *over, const char *reason);

/*
 * For who ends sessions of a subject: ereport(40001) where something was issued to it, or is
 * on its way, that the transaction's snapshot does not show, so that it would go on.
 */
extern void subject_sessions_check_snapshot(const char *subject);

#endif /* PGT_SUBJECT_SESSIONS_H */
