/*
 * shared_memory.c
 *		The one segment that backends share.
 */
#include "base/shared_memory.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "base/guc.h"
#include "base/random.h"

#define TRANCHE "pgtoken"

static SharedMemory *attached = NULL;

/* --- layout: the head, the refused requests, the identifiers ----------------- */

static int
replay_places(int wanted)
{
	return (wanted + PGTC_REPLAY_WAYS - 1) / PGTC_REPLAY_WAYS * PGTC_REPLAY_WAYS;
}

static Size
refused_size(uint32 n)
{
	return MAXALIGN(mul_size(n, sizeof(RefusedRequest)));
}

static Size
segment_size(int n_refused, int n_replay)
{
	Size size = add_size(MAXALIGN(sizeof(SharedMemory)), refused_size(n_refused));

	return add_size(size, mul_size(replay_places(n_replay), sizeof(PgtcReplayId)));
}

RefusedRequest *
shared_memory_refused(SharedMemory *shared)
{
	return (RefusedRequest *) ((char *) shared + MAXALIGN(sizeof(SharedMemory)));
}

PgtcReplayId *
shared_memory_replay_ids(SharedMemory *shared)
{
	return (PgtcReplayId *) ((char *) shared_memory_refused(shared) +
							 refused_size(shared->n_refused));
}

static void
make_empty(SharedMemory *shared, int n_refused, int n_replay)
{
	int tranche = compat_new_tranche(TRANCHE);

	memset(shared, 0, segment_size(n_refused, n_replay));
	LWLockInitialize(&shared->refused_lock, tranche);
	LWLockInitialize(&shared->replay_lock, tranche);
	LWLockInitialize(&shared->samples_lock, tranche);
	configuration_make_empty(shared->watches);
	counters_make_empty(shared->counters);
	shared->n_refused = n_refused;
	shared->n_replay = replay_places(n_replay);
	random_bytes(shared->replay_key, sizeof(shared->replay_key));
}

/* --- where it comes from ------------------------------------------------------- */

#if PGT_SEGMENT_AT_NEED

/* the settings are the postmaster's own when it has loaded us; otherwise each backend could have read others */
static int
places(int setting, int otherwise)
{
	return guc_preloaded ? setting : otherwise;
}

static void
make_at_need(PGT_SEGMENT_INIT_ARGS)
{
	make_empty(ptr, places(guc_refused_requests, SHARED_REFUSED_REQUESTS),
			   places(guc_shared_replay_ids, SHARED_REPLAY_IDS));
}

static SharedMemory *
find_or_raise(void)
{
	bool there;

	char name[NAMEDATALEN];

	/* sessions with the library of another version share it, unless what lies in there is another */
	snprintf(name, sizeof(name), "pgtoken %d %zu %zu %zu", SHARED_LAYOUT, sizeof(SharedMemory),
			 sizeof(RefusedRequest), sizeof(PgtcReplayId));
	return compat_named_segment(name,
								segment_size(places(guc_refused_requests, SHARED_REFUSED_REQUESTS),
											 places(guc_shared_replay_ids, SHARED_REPLAY_IDS)),
								make_at_need, &there);
}

/* what a cancelled statement is about goes on; that there is no memory is for the log, once a session */
static void
report_failure(ErrorData *error)
{
	if (ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION)
		ReThrowError(error);
	ereport(LOG_SERVER_ONLY,
			(errcode(error->sqlerrcode), errmsg("pgtoken has no shared memory in this session"),
			 errdetail_internal("%s", error->message)));
}

/* in a subtransaction of its own: a server without memory for it answers requests all the same */
static SharedMemory *
find(void)
{
	static bool failed = false;
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	SharedMemory *volatile found = NULL;
	ErrorData *volatile error = NULL;

	if (failed || !IsUnderPostmaster)
		return NULL;
	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		found = find_or_raise();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	if (error)
		report_failure(error);
	failed = error != NULL;
	return found;
}

void
shared_memory_init(void)
{
	/* not before somebody wants it */
}

#else

static shmem_request_hook_type next_request_hook = NULL;
static shmem_startup_hook_type next_startup_hook = NULL;

static void
request_segment(void)
{
	if (next_request_hook)
		next_request_hook();
	RequestAddinShmemSpace(segment_size(guc_refused_requests, guc_shared_replay_ids));
}

static void
start_segment(void)
{
	bool there;

	if (next_startup_hook)
		next_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	attached = ShmemInitStruct("pgtoken", segment_size(guc_refused_requests, guc_shared_replay_ids),
							   &there);
	if (!there)
		make_empty(attached, guc_refused_requests, guc_shared_replay_ids);
	LWLockRelease(AddinShmemInitLock);
	compat_register_tranche(attached->refused_lock.tranche, TRANCHE);
}

static SharedMemory *
find(void)
{
	return NULL;
}

void
shared_memory_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	next_request_hook = shmem_request_hook;
	shmem_request_hook = request_segment;
	next_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_segment;
}

#endif

SharedMemory *
shared_memory(void)
{
	if (attached == NULL)
	{
		attached = find();
		if (attached)
			compat_register_tranche(attached->refused_lock.tranche, TRANCHE);
	}
	return attached;
}
