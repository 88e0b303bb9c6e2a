/*
 * worker.c
 *		A process that answers requests of one database, one at a time.
 *
 * It reads, has the request done in a transaction (transaction.h), answers, closes; and
 * does what the server wants of each process that is connected.
 */
#include "fastcgi/worker.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_db_role_setting.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/sinval.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/fastcgi/cgi.h"
#include "fastcgi/call.h"
#include "fastcgi/connection.h"
#include "fastcgi/settings.h"
#include "fastcgi/shared.h"
#include "fastcgi/transaction.h"

#define WAIT_TOTAL 5000 /* ms that a request may be waited for which is to be called again */
#define REFUSAL_TIMEOUT 500 /* ms */

static SharedState *shared;
static SharedWorker *place = NULL;
static int service;

/* --- one request ------------------------------------------------------------------------ */

/* false: its time, or the worker's, is up */
static bool
wait_to_call_again(Connection *connection, int ms)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ms);

	while (!ShutdownRequestPending && !connection_gone(connection))
	{
		long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);

		if (left <= 0)
			return true;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, left,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

/* as often as the function says, and not for ever; false: nobody is to be told */
static bool
call(Connection *connection, const PgtcCgiRequest *request, CallAnswer *out)
{
	int waited = 0;

	for (;;)
	{
		int ms;

		if (!transaction_run(connection, request, service, out))
			return false;
		if (out->status != 0)
			return true;
		if (out->shard)
		{
			call_send_on(request, out);
			return true;
		}
		ms = Max(out->wait, 10);
		pgtc_buf_free(&out->output);
		if (waited + ms > WAIT_TOTAL || !wait_to_call_again(connection, ms))
			break;
		waited += ms;
	}
	if (connection_gone(connection))
		return false;
	call_refuse(503, request, out);
	return true;
}

/* a status that needs no database; 0: there is none */
static int
judge(const PgtcFastcgi *fastcgi, PgtcCode code, const PgtcCgiRequest *request)
{
	int64_t length = code == PGTC_OK ? pgtc_cgi_content_length(request) : -1;

	if (fastcgi->params_too_large || code == PGTC_E_TOO_LONG)
		return 431;
	if (code == PGTC_E_NOMEM)
		return 503;
	if (code != PGTC_OK)
		return 400;
	/* cut short, or with something behind it */
	if (length >= 0 && (size_t) length != fastcgi->body.len && !fastcgi->body_too_large)
		return 400;
	return 0;
}

static void
send_answer(Connection *connection, CallAnswer *answer)
{
	PgtcBuf records;
	PgtcFastcgi *fastcgi = &connection->fastcgi;

	pgtc_buf_init(&records, &connection_mem);
	pgtc_fastcgi_answer(&records, fastcgi->id, pgtc_slice(answer->output.data, answer->output.len));
	if (pgtc_buf_code(&records) == PGTC_OK &&
		connection_write(connection, &records, settings_connection_timeout))
		shared_count(service, SHARED_ANSWERED);
	else
		shared_count(service, SHARED_UNSENT);
	pgtc_buf_free(&records);
	pgtc_buf_free(&answer->output);
}

static void
answer(Connection *connection, TimestampTz from)
{
	PgtcFastcgi *fastcgi = &connection->fastcgi;
	PgtcCgiRequest *request = palloc0(sizeof(PgtcCgiRequest));
	PgtcCode code = pgtc_cgi_read(pgtc_slice(fastcgi->params.data, fastcgi->params.len),
								  &connection_mem, request);
	int refusal = judge(fastcgi, code, request);
	bool is_there = true;
	PgtcSlice path = pgtc_cgi_path(request);
	CallAnswer out;

	if (refusal != 0)
		call_refuse(refusal, request, &out);
	else
		is_there = call(connection, request, &out);
	if (!is_there)
		shared_count(service, SHARED_ABANDONED);
	else
	{
		send_answer(connection, &out);
		shared_request(service, refusal ? "" : pnstrdup(path.data, path.len), out.status,
					   (uint64) Max(GetCurrentTimestamp() - from, 0));
	}
	pgtc_cgi_free(request);
}

static void
count_end(ConnectionEnd end)
{
	if (end == CONNECTION_STALLED)
		shared_count(service, SHARED_STALLED);
	else if (end == CONNECTION_BROKEN)
		shared_count(service, SHARED_BROKEN);
}

static void
serve(int fd)
{
	static MemoryContext memory = NULL;
	TimestampTz from = GetCurrentTimestamp();
	Connection connection;
	ConnectionEnd how;

	if (memory == NULL)
		memory = AllocSetContextCreate(TopMemoryContext, "pgtoken_fastcgi request",
									   ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(memory);
	place->busy = true;
	shared_count(service, SHARED_ACCEPTED);
	connection_begin(&connection, fd);
	how = connection_read(&connection, settings_connection_timeout);
	if (how == CONNECTION_REQUEST)
		answer(&connection, from);
	count_end(how);
	connection_end(&connection);
	place->busy = false;
	MemoryContextSwitchTo(TopMemoryContext);
	MemoryContextReset(memory);
}

void
worker_refuse(int fd, int of_service)
{
	Connection connection;
	ConnectionEnd how;

	service = of_service;
	shared_count(service, SHARED_ACCEPTED);
	connection_begin(&connection, fd);
	how = connection_read(&connection, REFUSAL_TIMEOUT);
	if (how == CONNECTION_REQUEST)
	{
		PgtcCgiRequest *request = palloc0(sizeof(PgtcCgiRequest));
		PgtcFastcgi *fastcgi = &connection.fastcgi;
		CallAnswer out;

		(void) pgtc_cgi_read(pgtc_slice(fastcgi->params.data, fastcgi->params.len), &connection_mem,
							 request);
		call_refuse(503, request, &out);
		pgtc_cgi_free(request);
		pfree(request);
		send_answer(&connection, &out);
		shared_request(service, "", 503, 0);
	}
	count_end(how);
	connection_end(&connection);
}

/* --- who watches the socket ---------------------------------------------------- */

/*
 * Were all idle workers to watch it, each connection would wake all of them.  So one
 * does, and the others rest.  Whoever turns to something else looks whether somebody
 * watches, and wakes one that rests if not; whoever comes to rest watches if nobody does.
 */
static bool watches = false;

static bool
begin_to_watch(void)
{
	uint32 nobody = 0;

	if (!watches)
		watches = pg_atomic_compare_exchange_u32(&shared->service[service].watched, &nobody, 1);
	return watches;
}

static void
leave_watch(void)
{
	pg_atomic_uint32 *watched = &shared->service[service].watched;
	SharedWorker *workers = &shared->worker[service * settings_workers];

	if (watches)
		pg_atomic_write_u32(watched, 0);
	watches = false;
	pg_memory_barrier();
	if (pg_atomic_read_u32(watched) != 0)
		return;
	for (int i = 0; i < settings_workers; i++)
	{
		uint32 waits = 1;

		/* should it not come to watch, it does as we do here */
		if (pg_atomic_compare_exchange_u32(&workers[i].waits, &waits, 0))
		{
			SetLatch(workers[i].latch);
			return;
		}
	}
}

static void
wait_in(WaitEventSet *events, long timeout)
{
	WaitEvent event;

	if (WaitEventSetWait(events, timeout, &event, 1, PG_WAIT_EXTENSION) > 0 &&
		(event.events & WL_LATCH_SET))
		ResetLatch(MyLatch);
}

static WaitEventSet *
make_events(pgsocket socket)
{
	WaitEventSet *events = compat_wait_event_set(3);

	AddWaitEventToSet(events, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(events, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	if (socket != PGINVALID_SOCKET)
		AddWaitEventToSet(events, WL_SOCKET_READABLE, socket, NULL, NULL);
	return events;
}

/* ms: until statistics are due that were not reported at once; -1: none are */
static void
rest(WaitEventSet *watching, WaitEventSet *resting, long ms)
{
	/* said first, so that whoever stops watching after this one has looked wakes it */
	pg_atomic_write_u32(&place->waits, 1);
	pg_memory_barrier();
	wait_in(begin_to_watch() ? watching : resting, ms);
	pg_atomic_write_u32(&place->waits, 0);
}

/* --- the process ---------------------------------------------------------------------------- */

static void
release_place(int code pg_attribute_unused(), Datum argument pg_attribute_unused())
{
	Latch *launcher;

	pg_atomic_write_u32(&place->waits, 0);
	leave_watch();
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	place->state = SHARED_FREE;
	place->pid = 0;
	place->busy = false;
	launcher = shared->launcher;
	LWLockRelease(&shared->lock);
	if (launcher)
		SetLatch(launcher);
}

/* false: the place is not meant for this process any more */
static bool
take_place(int number)
{
	uint32 generation;
	bool taken;

	memcpy(&generation, MyBgworkerEntry->bgw_extra, sizeof(generation));
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	place = &shared->worker[number];
	taken = place->state == SHARED_STARTING && place->generation == generation;
	if (taken)
		place->pid = MyProcPid;
	LWLockRelease(&shared->lock);
	if (taken)
		before_shmem_exit(release_place, (Datum) 0);
	return taken;
}

static void
tell_connected(void)
{
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	place->state = SHARED_CONNECTED;
	place->has_connected = true;
	place->latch = MyLatch;
	if (shared->launcher)
		SetLatch(shared->launcher);
	LWLockRelease(&shared->lock);
}

static void
set_timeouts(void)
{
	char value[16];

	/* armed by the server, at each lock that is waited for */
	snprintf(value, sizeof(value), "%d", settings_lock_timeout);
	SetConfigOption("lock_timeout", value, PGC_SUSET, PGC_S_OVERRIDE);
}

/* ALTER ROLE and ALTER DATABASE, which others read when they connect; what was reset stays until then */
static void
apply_role_settings(void)
{
	Relation relation;
	Snapshot snapshot;

	StartTransactionCommand();
	relation = table_open(DbRoleSettingRelationId, AccessShareLock);
	snapshot = RegisterSnapshot(GetCatalogSnapshot(DbRoleSettingRelationId));
	ApplySetting(snapshot, MyDatabaseId, GetUserId(), relation, PGC_S_DATABASE_USER);
	ApplySetting(snapshot, InvalidOid, GetUserId(), relation, PGC_S_USER);
	ApplySetting(snapshot, MyDatabaseId, InvalidOid, relation, PGC_S_DATABASE);
	ApplySetting(snapshot, InvalidOid, InvalidOid, relation, PGC_S_GLOBAL);
	UnregisterSnapshot(snapshot);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();
}

static void
reload(void)
{
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	apply_role_settings();
	set_timeouts();
}

/* what other processes want of each that is connected */
static void
look_around(void)
{
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
		reload();
	if (catchupInterruptPending)
		ProcessCatchupInterrupt();
}

/* a role that could do all must not be reached from outside, whatever the function allows */
static bool
is_superuser(void)
{
	bool is;

	StartTransactionCommand();
	is = superuser();
	CommitTransactionCommand();
	return is;
}

/* --- the work of a process -------------------------------------------------------- */

static void
report_failed_accept(void)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED)
		return;
	ereport(LOG, (errmsg("pgtoken_fastcgi could not accept a connection: %m")));
	pg_usleep(100000);
}

static void
work(const Listener *listener)
{
	WaitEventSet *watching = make_events(listener->fd);
	WaitEventSet *resting = make_events(PGINVALID_SOCKET);
	long until_report = -1;

	while (!ShutdownRequestPending)
	{
		int fd = connection_accept(listener->fd, listener->address[0] != '/');

		if (fd >= 0)
		{
			leave_watch();
			serve(fd);
			until_report = pgstat_report_stat(false);
		}
		else
		{
			report_failed_accept();
			rest(watching, resting, until_report > 0 ? until_report : -1);
			if (until_report > 0)
				until_report = pgstat_report_stat(true);
		}
		look_around();
	}
}

void
worker_main(Datum argument)
{
	int number = DatumGetInt32(argument);
	const Listener *listener = &listener_of[number / settings_workers];

	service = number / settings_workers;
	transaction_take_signals();
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	shared = shared_state();
	if (!take_place(number))
		proc_exit(0);
	BackgroundWorkerInitializeConnection(listener->database, settings_role, 0);
	transaction_init();
	if (is_superuser())
		ereport(FATAL,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("pgtoken_fastcgi does not work as the superuser \"%s\"", settings_role)));
	call_init();
	set_timeouts();
	tell_connected();
	pgstat_report_activity(STATE_IDLE, NULL);
	work(listener);
	proc_exit(0);
}
