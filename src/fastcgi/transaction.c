/*
 * transaction.c
 *		A request as a transaction, and the signals that may meet it.
 *
 * The timeouts end before the commit does anything: what is answered as success is
 * what a standby that is waited for has as well.
 */
#include "fastcgi/transaction.h"

#include <signal.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#include "fastcgi/listener.h"
#include "fastcgi/settings.h"

#define STALLED_COMMIT 1000 /* ms that a commit may still take once the worker is to end */
#define SHOWN_PATH_MAX 96

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

	compat_signal_unused();
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

	compat_signal_unused();
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

void
transaction_take_signals(void)
{
	pqsignal(SIGTERM, on_terminate);
	pqsignal(SIGINT, on_cancel);
}

void
transaction_init(void)
{
	stalled_commit = RegisterTimeout(USER_TIMEOUT, on_stalled_commit);
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
	in_commit = true;
	/* what came since the last look would end the wait before it has begun */
	commit_cancelled = QueryCancelPending;
	if (ShutdownRequestPending)
		enable_timeout_after(stalled_commit, STALLED_COMMIT);
	CommitTransactionCommand();
	in_commit = false;
	disable_timeout(stalled_commit, false);
	/* the worker ends by itself, when this is answered */
	ProcDiePending = false;
	QueryCancelPending = false;
	/* of the server's settings: this process may not have read them yet, and has waited by those */
	return !(commit_cancelled && compat_waits_for_standby());
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

/* the path and the request's id, for the log: the query may hold what is nobody's business */
static void
add_context(void *argument)
{
	const PgtcCgiRequest *request = argument;
	PgtcSlice path = pgtc_cgi_path(request);
	PgtcSlice id = pgtc_cgi_request_id(request);

	errcontext("FastCGI request %.*s %.*s%s%.*s", (int) request->method.len, request->method.data,
			   (int) Min(path.len, SHOWN_PATH_MAX), path.data, id.len > 0 ? ", id " : "",
			   (int) id.len, id.data);
}

/* logged once, until something changes */
static void
report_problem(int service, const char *problem)
{
	static const char *reported = NULL;

	if (problem != reported && problem != NULL)
		ereport(LOG, (errmsg("pgtoken_fastcgi answers 503 for database \"%s\": %s",
							 listener_of[service].database, problem)));
	reported = problem;
}

bool
transaction_run(Connection *connection, const PgtcCgiRequest *request, int service, CallAnswer *out)
{
	MemoryContext memory = CurrentMemoryContext;
	volatile bool gone = false;
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
		report_problem(service, problem);
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
			gone = true;
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
		call_refuse(refusal, request, out);
	return !gone;
}
