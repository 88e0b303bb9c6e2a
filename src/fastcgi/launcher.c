/*
 * launcher.c
 *		The process that starts the workers.
 *
 * What keeps a database from being served is looked for before a worker is started
 * and said once, when it changes: a database that was dropped or is not there yet, a
 * role that may not, no room for a process.  Until then who comes is answered 503.
 * The first worker of a database is waited for before the others are started, and
 * longer each time that it does not come through.
 */
#include "fastcgi/launcher.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/sinval.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "fastcgi/connection.h"
#include "fastcgi/listener.h"
#include "fastcgi/settings.h"
#include "fastcgi/shared.h"
#include "fastcgi/worker.h"

#define LIBRARY "pgtoken_fastcgi"
#define RESTART_SECONDS 2 /* of the launcher itself */
#define LOOK_AGAIN 1000 /* ms, for what keeps a database from being served */
#define FAILED_WAIT_MAX 60000 /* ms, the longest after a worker has not come through */
#define ENDED_WAIT 500 /* ms after one has ended that was asked to */

typedef struct Service
{
	const char *problem; /* the last one that was said */
	TimestampTz not_before;
	int failures; /* workers that did not come through, one after the other */
	bool is_complete; /* and that was said */
	int n_free; /* places, when they were last counted */
	int n_connected;
} Service;

static SharedState *shared;
static Service *services;
static BackgroundWorkerHandle **handles; /* of each place; NULL: none was started from here */

/* --- why not --------------------------------------------------------------------- */

/*
 * The row of a shared catalogue whose name this is; NULL: there is none.  From first
 * to last: a process without a database may have no index of any.
 */
static HeapTuple
find_row(Oid catalogue, AttrNumber attribute, const char *name)
{
	Relation relation = table_open(catalogue, AccessShareLock);
	HeapTuple found = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&key, attribute, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(name));
	scan = systable_beginscan(relation, InvalidOid, false, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		found = heap_copytuple(tuple);
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return found;
}

static const char *
role_problem(void)
{
	HeapTuple tuple = find_row(AuthIdRelationId, Anum_pg_authid_rolname, settings_role);
	Form_pg_authid role;

	if (tuple == NULL)
		return "the role of pgtoken_fastcgi.role does not exist";
	role = (Form_pg_authid) GETSTRUCT(tuple);
	if (role->rolsuper)
		return "the role of pgtoken_fastcgi.role is a superuser";
	if (!role->rolcanlogin)
		return "the role of pgtoken_fastcgi.role has no LOGIN";
	return NULL;
}

/* whoever drops or alters it holds a lock that a worker would wait for */
static bool
is_locked(Oid database)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, database, 0);
	return LockAcquire(&tag, RowExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL;
}

static const char *
database_problem(const char *name)
{
	HeapTuple tuple = find_row(DatabaseRelationId, Anum_pg_database_datname, name);
	Form_pg_database database;

	if (tuple == NULL)
		return "the database does not exist";
	database = (Form_pg_database) GETSTRUCT(tuple);
	if (is_locked(database->oid))
		return "the database is being changed";
	if (!database->datallowconn || database->datconnlimit == 0)
		return "the database allows no connections";
	return NULL;
}

static const char *
find_problem(int number)
{
	const char *problem;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	problem = role_problem();
	if (problem == NULL)
		problem = database_problem(listener_of[number].database);
	PopActiveSnapshot();
	/* takes the locks with it */
	CommitTransactionCommand();
	return problem;
}

/* once; NULL: there is none any more */
static void
say(int number, const char *problem)
{
	Service *service = &services[number];

	if (problem == service->problem)
		return;
	service->problem = problem;
	if (problem)
		service->is_complete = false;
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	strlcpy(shared->service[number].problem, problem ? problem : "", SHARED_PROBLEM_MAX);
	LWLockRelease(&shared->lock);
	if (problem && service->n_connected > 0)
		ereport(LOG,
				(errmsg("pgtoken_fastcgi has %d of %d workers for database \"%s\" at \"%s\": %s",
						service->n_connected, settings_workers, listener_of[number].database,
						listener_of[number].address, problem)));
	else if (problem)
		ereport(LOG, (errmsg("pgtoken_fastcgi does not serve database \"%s\" at \"%s\": %s",
							 listener_of[number].database, listener_of[number].address, problem)));
}

static void
wait_ms(Service *service, int ms)
{
	service->not_before = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ms);
}

/* --- workers ------------------------------------------------------------------------ */

static const char no_room[] = "no worker can be started: max_worker_processes is used up, raise it";

static bool
start_worker(int number)
{
	BackgroundWorker worker;
	SharedWorker *place = &shared->worker[number];
	uint32 generation;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	generation = ++place->generation;
	place->state = SHARED_STARTING;
	place->has_connected = false;
	LWLockRelease(&shared->lock);

	memset(&worker, 0, sizeof(worker));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "pgtoken_fastcgi worker for %s",
			 listener_of[number / settings_workers].database);
	snprintf(worker.bgw_type, sizeof(worker.bgw_type), "pgtoken_fastcgi worker");
	snprintf(worker.bgw_library_name, sizeof(worker.bgw_library_name), LIBRARY);
	snprintf(worker.bgw_function_name, sizeof(worker.bgw_function_name), "worker_main");
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
#ifdef BGWORKER_INTERRUPTIBLE
	/* ALTER and DROP DATABASE may end it */
	worker.bgw_flags |= BGWORKER_INTERRUPTIBLE;
#endif
	worker.bgw_start_time = BgWorkerStart_ConsistentState;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = Int32GetDatum(number);
	memcpy(worker.bgw_extra, &generation, sizeof(generation));
	worker.bgw_notify_pid = MyProcPid;
	if (RegisterDynamicBackgroundWorker(&worker, &handles[number]))
		return true;
	handles[number] = NULL;
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	place->state = SHARED_FREE;
	LWLockRelease(&shared->lock);
	return false;
}

/* what has become of the one that was started; true: it has ended */
static bool
has_ended(int number)
{
	pid_t pid;

	if (handles[number] == NULL || GetBackgroundWorkerPid(handles[number], &pid) != BGWH_STOPPED)
		return false;
	pfree(handles[number]);
	handles[number] = NULL;
	return true;
}

/* nobody holds it, and the postmaster knows */
static bool
is_free(int number)
{
	return shared->worker[number].state == SHARED_FREE && handles[number] == NULL;
}

/* counts the places of a service, and frees those of processes that never came */
static void
look_at_workers(int number)
{
	Service *service = &services[number];
	int first = number * settings_workers;
	int n_connected = 0;
	bool ended = false;
	bool failed = false;

	service->n_free = 0;
	for (int i = first; i < first + settings_workers; i++)
	{
		bool gone = has_ended(i);

		ended |= gone;
		LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
		if (gone)
			failed |= !shared->worker[i].has_connected;
		if (gone && shared->worker[i].state == SHARED_STARTING)
			shared->worker[i].state = SHARED_FREE;
		if (shared->worker[i].state == SHARED_CONNECTED)
			n_connected++;
		else if (is_free(i))
			service->n_free++;
		LWLockRelease(&shared->lock);
	}
	service->n_connected = n_connected;
	if (n_connected > 0)
		service->failures = 0;
	else if (failed)
	{
		wait_ms(service, Min(1000 << Min(service->failures, 10), FAILED_WAIT_MAX));
		service->failures++;
		say(number, "a worker has ended before it was connected, see what it has said");
		return;
	}
	if (ended)
		wait_ms(service, ENDED_WAIT);
}

static void
start_missing(int number)
{
	Service *service = &services[number];
	int first = number * settings_workers;
	int wanted = service->n_connected > 0 ? settings_workers : 1;
	int running = settings_workers - service->n_free;

	for (int i = first; i < first + settings_workers && running < wanted; i++)
	{
		if (!is_free(i))
			continue;
		if (!start_worker(i))
		{
			say(number, no_room);
			wait_ms(service, LOOK_AGAIN);
			return;
		}
		running++;
	}
}

/* once, after there was something else to say */
static void
say_served(int number)
{
	Service *service = &services[number];

	if (service->is_complete)
		return;
	service->is_complete = true;
	say(number, NULL);
	ereport(LOG,
			(errmsg("pgtoken_fastcgi serves database \"%s\" at \"%s\": %d workers",
					listener_of[number].database, listener_of[number].address, settings_workers)));
}

static void
tend(int number)
{
	Service *service = &services[number];
	const char *problem;

	look_at_workers(number);
	if (service->n_connected == settings_workers)
		say_served(number);
	if (service->n_free == 0 || GetCurrentTimestamp() < service->not_before)
		return;
	problem = find_problem(number);
	if (problem)
	{
		say(number, problem);
		wait_ms(service, LOOK_AGAIN);
		return;
	}
	start_missing(number);
}

/* --- who comes where there are no workers ----------------------------------------------- */

static bool
is_served(int number)
{
	return services[number].n_connected > 0;
}

static WaitEventSet *
events_of_now(void)
{
	WaitEventSet *events = compat_wait_event_set(listener_count + 2);

	AddWaitEventToSet(events, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(events, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	for (int i = 0; i < listener_count; i++)
	{
		if (!is_served(i) && services[i].problem != NULL)
			AddWaitEventToSet(events, WL_SOCKET_READABLE, listener_of[i].fd, NULL, &listener_of[i]);
	}
	return events;
}

/* what was in the way may have gone since it was looked for: then who comes can wait */
static bool
may_be_served(int number)
{
	Service *service = &services[number];

	if (service->failures > 0 || service->problem == no_room || find_problem(number) != NULL)
		return false;
	say(number, NULL);
	service->not_before = 0;
	return true;
}

static void
refuse_next(const Listener *listener)
{
	MemoryContext memory =
		AllocSetContextCreate(TopMemoryContext, "pgtoken_fastcgi refusal", ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(memory);
	int fd = connection_accept(listener->fd, listener->address[0] != '/');

	if (fd >= 0)
		worker_refuse(fd, (int) (listener - listener_of));
	MemoryContextSwitchTo(before);
	MemoryContextDelete(memory);
}

/* ms until something is due */
static long
time_left(void)
{
	long left = LOOK_AGAIN;
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < listener_count; i++)
	{
		if (services[i].n_free > 0)
			left = Min(left, TimestampDifferenceMilliseconds(now, services[i].not_before));
	}
	/* not at once: something may be just about to end */
	return Max(left, 20);
}

static void
wait_and_refuse(void)
{
	WaitEventSet *events = events_of_now();
	WaitEvent event;

	if (WaitEventSetWait(events, time_left(), &event, 1, PG_WAIT_EXTENSION) > 0)
	{
		if (event.events & WL_LATCH_SET)
			ResetLatch(MyLatch);
		else if (event.events & WL_SOCKET_READABLE)
		{
			const Listener *listener = event.user_data;

			if (!may_be_served((int) (listener - listener_of)))
				refuse_next(listener);
		}
	}
	FreeWaitEventSet(events);
}

/* --- the process -------------------------------------------------------------------------- */

/* whoever comes after this one begins with places that are free, or will be */
static void
end_workers(int code pg_attribute_unused(), Datum argument pg_attribute_unused())
{
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	shared->launcher = NULL;
	LWLockRelease(&shared->lock);
	for (int i = 0; i < listener_count * settings_workers; i++)
	{
		if (handles[i])
			TerminateBackgroundWorker(handles[i]);
	}
}

static void
begin_anew(void)
{
	services = MemoryContextAllocZero(TopMemoryContext, sizeof(Service) * listener_count);
	handles = MemoryContextAllocZero(TopMemoryContext, sizeof(BackgroundWorkerHandle *) *
														   listener_count * settings_workers);
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	shared->launcher = MyLatch;
	for (int i = 0; i < listener_count * settings_workers; i++)
	{
		/* asked for by another launcher: should it come, it ends */
		if (shared->worker[i].state == SHARED_STARTING && shared->worker[i].pid == 0)
		{
			shared->worker[i].state = SHARED_FREE;
			shared->worker[i].generation++;
		}
	}
	LWLockRelease(&shared->lock);
	before_shmem_exit(end_workers, (Datum) 0);
}

static void
look_around(void)
{
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
	if (catchupInterruptPending)
		ProcessCatchupInterrupt();
}

void
launcher_main(Datum argument pg_attribute_unused())
{
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	shared = shared_state();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	begin_anew();
	while (!ShutdownRequestPending)
	{
		for (int i = 0; i < listener_count; i++)
			tend(i);
		wait_and_refuse();
		look_around();
	}
	/* 1: it is to come back, unless the server ends */
	proc_exit(1);
}

void
launcher_register(void)
{
	BackgroundWorker worker;
	int wanted = 1 + listener_count * settings_workers;

	if (max_worker_processes < wanted)
		ereport(WARNING,
				(errmsg("pgtoken_fastcgi needs %d worker processes, max_worker_processes is %d",
						wanted, max_worker_processes),
				 errhint("Raise max_worker_processes, or lower pgtoken_fastcgi.workers.")));
	memset(&worker, 0, sizeof(worker));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "pgtoken_fastcgi launcher");
	snprintf(worker.bgw_type, sizeof(worker.bgw_type), "pgtoken_fastcgi launcher");
	snprintf(worker.bgw_library_name, sizeof(worker.bgw_library_name), LIBRARY);
	snprintf(worker.bgw_function_name, sizeof(worker.bgw_function_name), "launcher_main");
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_ConsistentState;
	worker.bgw_restart_time = RESTART_SECONDS;
	RegisterBackgroundWorker(&worker);
}
