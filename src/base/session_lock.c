/*
 * session_lock.c
 *		Issues and the ends of sessions keep out of each other's way.
 *
 * Advisory locks of the transaction, so few that one which issues to thousands does
 * not fill the lock table: now and then an end waits for somebody else's issue.
 */
#include "base/session_lock.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lock.h"

#define LOCK_CLASS 0x7067746b /* "pgtk" */
#define LOCK_BUCKETS 512

/*
 * SQL's own advisory locks are of kinds 1 and 2: nobody can take these by a function.
 * Buckets of their own for each, or two could wait for each other: of who is alone with
 * his subject the session's may be that of the other's subject.
 */
typedef enum Kind
{
	OF_SUBJECT = 3, /* taken first */
	OF_SESSION = 5
} Kind;

static void
acquire(const char *issuer, Kind kind, const char *name, LOCKMODE mode)
{
	char *key = psprintf("%s %s", issuer, name);
	uint32 bucket = hash_bytes((const unsigned char *) key, strlen(key)) % LOCK_BUCKETS;
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, LOCK_CLASS, bucket, kind);
	(void) LockAcquire(&tag, mode, false, false);
	pfree(key);
}

void
session_lock_issue(const char *issuer, const char *subject, const char *session_id)
{
	acquire(issuer, OF_SUBJECT, subject, ShareLock);
	if (session_id)
		acquire(issuer, OF_SESSION, session_id, ShareLock);
}

void
session_lock_issue_alone(const char *issuer, const char *subject, const char *session_id)
{
	acquire(issuer, OF_SUBJECT, subject, ExclusiveLock);
	if (session_id)
		acquire(issuer, OF_SESSION, session_id, ShareLock);
}

void
session_lock_end(const char *issuer, const char *subject, const char *session_id)
{
	if (subject)
		acquire(issuer, OF_SUBJECT, subject, ExclusiveLock);
	else
		acquire(issuer, OF_SESSION, session_id, ExclusiveLock);
}
