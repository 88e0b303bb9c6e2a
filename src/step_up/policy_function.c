/*
 * policy_function.c
 *		Rules of a policy that are SQL functions of the administrator's.
 *
 * What goes wrong in one must not take the refresh with it: it runs in a
 * subtransaction.  It judges and changes nothing: that subtransaction is read-only,
 * which nothing inside of it can undo, and is rolled back even when all went well,
 * for some things count as reading that leave something behind (large objects,
 * notifications).  What it locks for the session stays locked.
 */
#include "step_up/policy_function.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/elog.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "base/user_function.h"

/* cancellations that a function may catch and go on before its session ends */
#define CANCELLATIONS_MAX 10

static TimeoutId timer = MAX_TIMEOUTS;
static volatile sig_atomic_t cancellations = 0;
static bool running = false;

/*
 * In a signal handler: have the function cancelled at its next
 * CHECK_FOR_INTERRUPTS.  It may catch that (EXCEPTION WHEN query_canceled), and
 * only the end of the session is beyond its reach.
 */
static void
on_timeout(void)
{
	if (++cancellations > CANCELLATIONS_MAX)
		ProcDiePending = true;
	else
		QueryCancelPending = true;
	InterruptPending = true;
	SetLatch(MyLatch);
}

static void
start_timer(int timeout)
{
	if (timer == MAX_TIMEOUTS)
		timer = RegisterTimeout(USER_TIMEOUT, on_timeout);
	cancellations = 0;
	enable_timeout_every(timer, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout),
						 timeout);
}

/* was it cancelled by us? */
static bool
stop_timer(void)
{
	disable_timeout(timer, false);
	if (cancellations == 0)
		return false;
	/* ours came too late to be noticed; a user's that came in the same moment goes with it */
	QueryCancelPending = false;
	return true;
}

const char *
policy_function_call(const char *name, Jsonb *context, Jsonb *previous, Jsonb *family, int timeout,
					 Jsonb **result)
{
	const Oid types[] = {JSONBOID, JSONBOID, JSONBOID};
	Datum args[] = {JsonbPGetDatum(context), JsonbPGetDatum(previous), JsonbPGetDatum(family)};
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;
	Jsonb *volatile answer = NULL;
	bool timed_out;

	*result = NULL;
	/* it asks for tokens itself: there is one timer, and it must not be judged by itself */
	if (running)
		return "called by itself";
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	XactReadOnly = true;
	start_timer(timeout);
	running = true;
	PG_TRY();
	{
		answer = user_function_run(name, lengthof(types), types, args);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	timed_out = stop_timer();
	running = false;
	user_function_undo(caller, owner);
	if (error && !timed_out && user_function_interrupted(error))
		ReThrowError(error);

	if (timed_out)
		return "timeout";
	if (error)
	{
		ereport(LOG_SERVER_ONLY,
				(errmsg("policy function %s has failed", name),
				 errdetail_internal("%s: %s", unpack_sql_state(error->sqlerrcode), error->message),
				 errhidestmt(true), errhidecontext(true)));
		return psprintf("SQLSTATE %s", unpack_sql_state(error->sqlerrcode));
	}
	*result = answer;
	return NULL;
}
