/*
 * kept_samples.c
 *		Measurements that take long, kept for a while.
 */
#include "base/kept_samples.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/counters.h"
#include "base/shared_memory.h"

/* this backend's, where no others have any */
static KeptSamples *alone = NULL;

static KeptSamples *
shared_place(SharedMemory **shared)
{
	Counters *own = counters();

	*shared = own ? shared_memory() : NULL;
	return *shared ? &(*shared)->samples[own - (*shared)->counters] : NULL;
}

bool
kept_samples_get(int seconds, KeptSamples *samples)
{
	SharedMemory *shared;
	KeptSamples *place = shared_place(&shared);

	if (place)
	{
		LWLockAcquire(&shared->samples_lock, LW_SHARED);
		memcpy(samples, place, sizeof(*samples));
		LWLockRelease(&shared->samples_lock);
	}
	else if (alone)
		memcpy(samples, alone, sizeof(*samples));
	else
		return false;
	/* a clock that was put back makes nothing young */
	return samples->at != 0 && samples->at <= GetCurrentTimestamp() &&
		   !TimestampDifferenceExceeds(samples->at, GetCurrentTimestamp(), seconds * 1000);
}

void
kept_samples_put(const KeptSamples *samples)
{
	SharedMemory *shared;
	KeptSamples *place = shared_place(&shared);

	if (place)
	{
		LWLockAcquire(&shared->samples_lock, LW_EXCLUSIVE);
		memcpy(place, samples, sizeof(*samples));
		LWLockRelease(&shared->samples_lock);
		return;
	}
	if (alone == NULL)
		alone = MemoryContextAlloc(TopMemoryContext, sizeof(KeptSamples));
	memcpy(alone, samples, sizeof(*samples));
}
