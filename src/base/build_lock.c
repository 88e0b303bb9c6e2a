/*
 * build_lock.c
 *		One backend at a time makes what many ask for and take from where it is kept.
 */
#include "base/build_lock.h"

#include "miscadmin.h"
#include "storage/lock.h"

#include "common/hashfn.h"

/* SQL's own advisory locks are of kinds 1 and 2, those of session_lock.c of 3 and 5 */
#define LOCK_KIND 4

bool
build_lock(int64 series, int32 number, bool wait)
{
	LOCKTAG tag;

	/* two lists of one hash wait for each other now and then, and no more */
	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, hash_bytes_uint32((uint32) series), (uint32) number,
						 LOCK_KIND);
	return LockAcquire(&tag, ExclusiveLock, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}
