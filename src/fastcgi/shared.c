/*
 * shared.c
 *		What launcher, workers and views share.
 */
#include "fastcgi/shared.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#include "fastcgi/settings.h"

#define TRANCHE "pgtoken_fastcgi"
#define NAMED_PATHS (SHARED_PATHS * 3 / 4) /* the rest is for all others, a status each */

static SharedState *attached = NULL;

static Size
segment_size(void)
{
	return add_size(offsetof(SharedState, worker),
					mul_size(sizeof(SharedWorker), (Size) listener_count * settings_workers));
}

static void
make_empty(SharedState *shared)
{
	memset(shared, 0, segment_size());
	LWLockInitialize(&shared->lock, compat_new_tranche(TRANCHE));
	for (int i = 0; i < listener_count * settings_workers; i++)
		pg_atomic_init_u32(&shared->worker[i].waits, 0);
	for (int i = 0; i < LISTENER_MAX; i++)
	{
		pg_atomic_init_u32(&shared->service[i].watched, 0);
		for (int j = 0; j < SHARED_COUNTERS; j++)
			pg_atomic_init_u64(&shared->service[i].counter[j], 0);
		for (int j = 0; j < SHARED_BUCKETS; j++)
			pg_atomic_init_u64(&shared->service[i].bucket[j], 0);
	}
	for (int i = 0; i < SHARED_PATHS; i++)
	{
		pg_atomic_init_u32(&shared->path[i].used, 0);
		pg_atomic_init_u64(&shared->path[i].requests, 0);
	}
}

#if PGT_SEGMENT_AT_NEED

static void
make_at_need(PGT_SEGMENT_INIT_ARGS)
{
	make_empty(ptr);
}

static SharedState *
find(void)
{
	bool there;

	return compat_named_segment("pgtoken_fastcgi " PGTOKEN_VERSION, segment_size(), make_at_need,
								&there);
}

void
shared_init(void)
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
	RequestAddinShmemSpace(segment_size());
}

static void
start_segment(void)
{
	bool there;

	if (next_startup_hook)
		next_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	attached = ShmemInitStruct("pgtoken_fastcgi", segment_size(), &there);
	if (!there)
		make_empty(attached);
	LWLockRelease(AddinShmemInitLock);
	compat_register_tranche(attached->lock.tranche, TRANCHE);
}

static SharedState *
find(void)
{
	return NULL;
}

void
shared_init(void)
{
	next_request_hook = shmem_request_hook;
	shmem_request_hook = request_segment;
	next_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_segment;
}

#endif

SharedState *
shared_state(void)
{
	if (attached == NULL && listener_count > 0)
	{
		attached = find();
		if (attached)
			compat_register_tranche(attached->lock.tranche, TRANCHE);
	}
	return attached;
}

/* --- counters ------------------------------------------------------------------- */

void
shared_count(int service, SharedCounter counter)
{
	pg_atomic_fetch_add_u64(&attached->service[service].counter[counter], 1);
}

uint64
shared_bucket_end(int bucket)
{
	return bucket < SHARED_BUCKETS - 1 ? UINT64CONST(500) << bucket : PG_UINT64_MAX;
}

static bool
is_entry(SharedPath *entry, int service, const char *path, int status)
{
	return entry->service == service && entry->status == status && strcmp(entry->path, path) == 0;
}

/* NULL: it is not there; then *room is where it may go, -1 if nowhere */
static SharedPath *
find_path(int service, const char *path, int status, int *room)
{
	uint32 hash = hash_combine(hash_bytes((const unsigned char *) path, (int) strlen(path)),
							   (uint32) (status * LISTENER_MAX + service));

	*room = -1;
	for (int i = 0; i < SHARED_PATHS; i++)
	{
		SharedPath *entry = &attached->path[(hash + i) % SHARED_PATHS];

		if (pg_atomic_read_u32(&entry->used) == 0)
		{
			*room = (int) ((hash + i) % SHARED_PATHS);
			return NULL;
		}
		pg_read_barrier();
		if (is_entry(entry, service, path, status))
			return entry;
	}
	return NULL;
}

static SharedPath *
add_path(int service, const char *path, int status)
{
	SharedPath *entry;
	int room;

	LWLockAcquire(&attached->lock, LW_EXCLUSIVE);
	entry = find_path(service, path, status, &room);
	if (entry == NULL && path[0] != '\0')
	{
		int named = 0;

		for (int i = 0; i < SHARED_PATHS; i++)
			named += (int) pg_atomic_read_u32(&attached->path[i].used);
		if (named >= NAMED_PATHS)
			room = -1;
	}
	if (entry == NULL && room >= 0)
	{
		entry = &attached->path[room];
		entry->service = (int16) service;
		entry->status = (int16) status;
		strlcpy(entry->path, path, sizeof(entry->path));
		pg_write_barrier();
		pg_atomic_write_u32(&entry->used, 1);
	}
	LWLockRelease(&attached->lock);
	return entry;
}

static SharedPath *
path_of(int service, const char *path, int status)
{
	int room;
	SharedPath *entry = find_path(service, path, status, &room);

	return entry ? entry : add_path(service, path, status);
}

void
shared_request(int service, const char *path, int status, uint64 microseconds)
{
	SharedPath *entry = NULL;
	int bucket = 0;

	/* whoever invents paths, or has long ones, gets no place of his own */
	if (status != 404 && strlen(path) < SHARED_PATH_MAX)
		entry = path_of(service, path, status);
	if (entry == NULL)
		entry = path_of(service, "", status);
	if (entry)
		pg_atomic_fetch_add_u64(&entry->requests, 1);
	while (microseconds > shared_bucket_end(bucket))
		bucket++;
	pg_atomic_fetch_add_u64(&attached->service[service].bucket[bucket], 1);
}
