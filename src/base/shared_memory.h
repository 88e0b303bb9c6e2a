/*
 * shared_memory.h
 *		What several backends must share without a row: one segment.
 *
 * PostgreSQL 15 and 16 make it when the library is in shared_preload_libraries,
 * 17 and newer at need.  Where there is none, who wants it says so and nothing
 * else fails.  It begins empty with each start of the server, crashes included, and
 * holds no pointers.
 *
 * What comes to be shared goes in here: a lock and its members into the head, or an
 * array of a size of its own behind the others, with its place in segment_size(),
 * make_empty() and a function that finds it.  A second segment would need a second
 * hook, a second name and a second answer to there being none.
 */
#ifndef PGT_SHARED_MEMORY_H
#define PGT_SHARED_MEMORY_H

#include "base/compat.h"

#include "storage/lwlock.h"

#include "base/configuration.h"
#include "base/counters.h"
#include "base/kept_samples.h"
#include "base/refused.h"
#include "core/base/crypto.h"
#include "core/base/replay_set.h"

#define SHARED_REFUSED_REQUESTS 500 /* where no setting says otherwise */
#define SHARED_REPLAY_IDS 65536

/*
 * To be raised where something here comes to mean something else and is as long as before,
 * such as a counter that is not added behind the others: a used proof that a session with
 * the library before has remembered must be known to those that have begun since.
 */
#define SHARED_LAYOUT 1

typedef struct SharedMemory
{
	LWLock refused_lock; /* the next two, and the requests */
	uint32 n_refused; /* places */
	uint64
		refused_so_far; /* since the server was started: the next one goes to this, modulo places */

	LWLock replay_lock; /* the identifiers */
	uint32 n_replay; /* places, a multiple of PGTC_REPLAY_WAYS */
	uint8 replay_key[PGTC_SHA256_LEN]; /* nobody can choose who has to */

	LWLock samples_lock; /* what is kept of measurements that take long, by database */
	KeptSamples samples[COUNTER_DATABASES];

	ConfigurationWatch watches[CONFIGURATION_WATCHES]; /* without a lock, as the next */

	Counters counters[COUNTER_DATABASES];
} SharedMemory;

extern void shared_memory_init(void);

/* NULL: there is none.  Raises only what ends the statement */
extern SharedMemory *shared_memory(void);

extern RefusedRequest *shared_memory_refused(SharedMemory *shared);
extern PgtcReplayId *shared_memory_replay_ids(SharedMemory *shared);

#endif /* PGT_SHARED_MEMORY_H */
