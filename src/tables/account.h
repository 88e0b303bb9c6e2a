/*
 * account.h
 *		What a person sees and ends of the sessions that are open in his name.
 */
#ifndef PGT_ACCOUNT_H
#define PGT_ACCOUNT_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

/* what came of a request of a living family's person */
typedef struct AccountOutcome
{
	bool lives; /* does the family still? otherwise nothing was looked at */
	bool known; /* what was named, a page or a session */
	Jsonb *answer; /* of a list the page, of an end how much has ended */
} AccountOutcome;

/*
 * One page of the sessions of the family's subject.  after: where the page before has
 * ended, NULL: the first; ui_locales: languages in which clients are named, NULL: none.
 */
extern void account_sessions(const pg_uuid_t *grant_id, const char *after, int limit,
							 const char *ui_locales, AccountOutcome *outcome);

/* ends the session that this family's client knows by the name; NULL: all but the family's own */
extern void account_end_sessions(const pg_uuid_t *grant_id, const char *name,
								 AccountOutcome *outcome);

/*
 * Has the person himself ended the application's session since?  By what has become of
 * its families: whoever has signed out a device elsewhere would find it signed in again
 * by the cookie that it has of the application, which may not know of it.
 */
extern bool account_session_ended(const char *issuer, const char *subject, const char *session_id,
								  TimestampTz since);

#endif /* PGT_ACCOUNT_H */
