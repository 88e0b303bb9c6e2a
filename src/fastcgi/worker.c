/*
 * worker.c
 *		A process that answers requests of one database, one at a time.
 *
 * A request is a transaction of its own, whose timeouts end before its commit does
 * anything: what is answered is what a standby that is waited for has as well.
 * SIGTERM lets it come to its end.  SIGUSR1 stays the server's.
 */
#include "fastcgi/worker.h"

#include <signal.h>

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_db_role_setting.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "replication/syncrep.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/sinval.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "core/fastcgi/cgi.h"
#include "fastcgi/call.h"
#include "fastcgi/connection.h"
#include "fastcgi/settings.h"
#include "fastcgi/shared.h"

#define WAIT_TOTAL 5000 /* ms that a request may be waited for which is to be called again */
#define STALLED_COMMIT 1000 /* ms that a commit may still take once the worker is to end */
#define REFUSAL_TIMEOUT 500 /* ms */

static SharedState *shared;
static SharedWorker *place = NULL;
static int service;
static TimeoutId stalled_commit;
static volatile sig_atomic_t in_request = false;
static volatile sig_atomic_t in_commit = false;
static volatile sig_atomic_t commit_cancelled = false; /* its wait, by a signal */
static volatile sig_atomic_t cancelled = false; /* the request, by somebody or by the clock */

/* --- signals ---------------------------------------------------------------------- */

/* the commit is here, and a standby that it waits for may not have it */
static void
cancel_commit(void)
{
	commit_cancelled = true;
	ProcDiePending = true;
	InterruptPending = true;
}

static void
on_terminate(SIGNAL_ARGS)
{
	int saved = errno;

	(void) postgres_signal_arg;
	ShutdownRequestPending = true;
	if (in_commit)
		cancel_commit();
	SetLatch(MyLatch);
	errno = saved;
}

/* pg_cancel_backend(), and the statement's timeout */
static void
on_cancel(SIGNAL_ARGS)
{
	int saved = errno;

	(void) postgres_signal_arg;
	if (in_commit)
		commit_cancelled = true;
	if (in_request)
	{
		cancelled = true;
		QueryCancelPending = true;
		InterruptPending = true;
	}
	SetLatch(MyLatch);
	errno = saved;
}

static void
on_stalled_commit(void)
{
	if (in_commit)
		cancel_commit();
	SetLatch(MyLatch);
}

/* --- one transaction ------------------------------------------------------------------ */

static void
begin(void)
{
	SetCurrentStatementStartTimestamp();
	pgstat_report_activity(STATE_RUNNING, "pgtoken_http.handle");
	debug_query_string = "pgtoken_http.handle";
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (settings_statement_timeout > 0)
		enable_timeout_after(STATEMENT_TIMEOUT, settings_statement_timeout);
}

/* a timeout that has just come is still an error here, and none a moment later */
static void
disarm(void)
{
	disable_timeout(STATEMENT_TIMEOUT, false);
	CHECK_FOR_INTERRUPTS();
}

/* false: it is not certain that a standby has it which it should have waited for */
static bool
commit(void)
{
	bool waits_for_standby = SyncRepStandbyNames != NULL && SyncRepStandbyNames[0] != '\0';

	commit_cancelled = false;
	in_commit = true;
	if (ShutdownRequestPending)
		enable_timeout_after(stalled_commit, STALLED_COMMIT);
	CommitTransactionCommand();
	in_commit = false;
	disable_timeout(stalled_commit, false);
	/* the worker ends by itself, when this is answered */
	ProcDiePending = false;
	QueryCancelPending = false;
	return !(commit_cancelled && waits_for_standby);
}

static void
end(void)
{
	in_request = false;
	debug_query_string = NULL;
	pgstat_report_activity(STATE_IDLE, NULL);
}

/* what was raised goes to the log; the status that stands for it */
static int
take_error(MemoryContext memory)
{
	ErrorData *error;
	int category;
	int status = 500;

	MemoryContextSwitchTo(memory);
	error = CopyErrorData();
	category = ERRCODE_TO_CATEGORY(error->sqlerrcode);
	/* what is over in a moment; this module's own timeouts are 57014 and 55P03 */
	if (error->sqlerrcode == ERRCODE_T_R_SERIALIZATION_FAILURE ||
		error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED ||
		(error->sqlerrcode == ERRCODE_QUERY_CANCELED && cancelled) ||
		error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN ||
		error->sqlerrcode == ERRCODE_CRASH_SHUTDOWN ||
		error->sqlerrcode == ERRCODE_CANNOT_CONNECT_NOW ||
		error->sqlerrcode == ERRCODE_DATABASE_DROPPED || category == ERRCODE_INSUFFICIENT_RESOURCES)
		status = 503;
	EmitErrorReport();
	FlushErrorState();
	return status;
}

static void
abort_transaction(void)
{
	disable_all_timeouts(false);
	QueryCancelPending = false;
	in_commit = false;
	AbortCurrentTransaction();
	LWLockReleaseAll();
}

typedef enum Outcome
{
	OUTCOME_ANSWER, /* what out says, at any rate a refusal */
	OUTCOME_GONE /* nothing has happened, and nobody is to be told */
} Outcome;

/* the path, for the log: the query may hold what is nobody's business */
static void
add_context(void *argument)
{
	const PgtcCgiRequest *request = argument;
	PgtcSlice path = pgtc_cgi_path(request);

	errcontext("FastCGI request %.*s %.*s", (int) request->method.len, request->method.data,
			   (int) Min(path.len, SHARED_PATH_MAX), path.data);
}

/* logged once, until something changes */
static void
report_problem(const char *problem)
{
	static const char *reported = NULL;

	if (problem != reported && problem != NULL)
		ereport(LOG, (errmsg("pgtoken_fastcgi answers 503 for database \"%s\": %s",
							 listener_of[service].database, problem)));
	reported = problem;
}

static Outcome
run(Connection *connection, const PgtcCgiRequest *request, CallAnswer *out)
{
	MemoryContext memory = CurrentMemoryContext;
	volatile Outcome outcome = OUTCOME_ANSWER;
	volatile int refusal = 0;
	const PgtcBuf *body = &connection->fastcgi.body;
	ErrorContextCallback context = {error_context_stack, add_context, (void *) request};

	cancelled = false;
	in_request = true;
	PG_TRY();
	{
		const char *problem;

		error_context_stack = &context;
		begin();
		problem = call_problem();
		report_problem(problem);
		MemoryContextSwitchTo(memory);
		if (problem)
			refusal = 503;
		else
			call_handle(request, pgtc_slice(body->data, body->len), out);
		PopActiveSnapshot();
		disarm();
		if (connection_gone(connection))
		{
			AbortCurrentTransaction();
			outcome = OUTCOME_GONE;
		}
		else if (!commit())
			refusal = 503;
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		refusal = take_error(memory);
		abort_transaction();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	end();
	MemoryContextSwitchTo(memory);
	if (refusal != 0)
		call_refuse(refusal, out);
	return outcome;
}

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

/* as often as the function says, and not for ever */
static Outcome
call(Connection *connection, const PgtcCgiRequest *request, CallAnswer *out)
{
	int waited = 0;

	for (;;)
	{
		Outcome outcome = run(connection, request, out);
		int ms = Max(out->wait, 10);

		if (outcome != OUTCOME_ANSWER || out->status != 0)
			return outcome;
		pgtc_buf_free(&out->output);
		if (waited + ms > WAIT_TOTAL || !wait_to_call_again(connection, ms))
			break;
		waited += ms;
	}
	if (connection_gone(connection))
		return OUTCOME_GONE;
	call_refuse(503, out);
	return OUTCOME_ANSWER;
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

/* where: of the request that has been answered, for the counters */
static void
answer(Connection *connection, TimestampTz from)
{
	PgtcFastcgi *fastcgi = &connection->fastcgi;
	PgtcCgiRequest *request = palloc0(sizeof(PgtcCgiRequest));
	PgtcCode code = pgtc_cgi_read(pgtc_slice(fastcgi->params.data, fastcgi->params.len),
								  &connection_mem, request);
	int refusal = judge(fastcgi, code, request);
	Outcome outcome = OUTCOME_ANSWER;
	PgtcSlice path = pgtc_cgi_path(request);
	CallAnswer out;

	if (refusal != 0)
		call_refuse(refusal, &out);
	else
		outcome = call(connection, request, &out);
	if (outcome == OUTCOME_GONE)
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
		CallAnswer out;

		call_refuse(503, &out);
		send_answer(&connection, &out);
		shared_request(service, "", 503, 0);
	}
	count_end(how);
	connection_end(&connection);
}

/* --- the process ---------------------------------------------------------------------------- */

static void
release_place(int code pg_attribute_unused(), Datum argument pg_attribute_unused())
{
	Latch *launcher;

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

static void
wait_for_connection(WaitEventSet *events, long timeout)
{
	WaitEvent event;

	if (WaitEventSetWait(events, timeout, &event, 1, PG_WAIT_EXTENSION) > 0 &&
		(event.events & WL_LATCH_SET))
		ResetLatch(MyLatch);
}

static void
work(const Listener *listener)
{
	WaitEventSet *events = compat_wait_event_set(3);
	long until_report = -1; /* ms until statistics are due that were not reported at once */

	AddWaitEventToSet(events, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(events, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	AddWaitEventToSet(events, WL_SOCKET_READABLE, listener->fd, NULL, NULL);
	while (!ShutdownRequestPending)
	{
		int fd = connection_accept(listener->fd);

		if (fd >= 0)
		{
			serve(fd);
			until_report = pgstat_report_stat(false);
		}
		else
		{
			if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ECONNABORTED)
			{
				ereport(LOG, (errmsg("pgtoken_fastcgi could not accept a connection: %m")));
				pg_usleep(100000);
			}
			wait_for_connection(events, until_report > 0 ? until_report : -1);
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
	pqsignal(SIGTERM, on_terminate);
	pqsignal(SIGINT, on_cancel);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	shared = shared_state();
	if (!take_place(number))
		proc_exit(0);
	BackgroundWorkerInitializeConnection(listener->database, settings_role, 0);
	stalled_commit = RegisterTimeout(USER_TIMEOUT, on_stalled_commit);
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
