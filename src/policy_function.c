/*
 * policy_function.c
 *		Rules of a policy that are SQL functions of the administrator's.
 *
 * What goes wrong in one must not take the refresh with it: it runs in a
 * subtransaction.  It judges and changes nothing: that subtransaction is
 * read-only, which nothing inside of it can undo.
 */
#include "policy_function.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/elog.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timeout.h"

#include "user_function.h"

static TimeoutId timer = MAX_TIMEOUTS;
static volatile sig_atomic_t timed_out = false;

/* in a signal handler: have the function cancelled at its next CHECK_FOR_INTERRUPTS */
static void
on_timeout(void)
{
	timed_out = true;
	QueryCancelPending = true;
	InterruptPending = true;
	SetLatch(MyLatch);
}

static void
start_timer(int timeout)
{
	if (timer == MAX_TIMEOUTS)
		timer = RegisterTimeout(USER_TIMEOUT, on_timeout);
	timed_out = false;
	enable_timeout_after(timer, timeout);
}

static void
stop_timer(void)
{
	disable_timeout(timer, false);
	/* ours came too late to be noticed */
	if (timed_out)
		QueryCancelPending = false;
}

/* ends the subtransaction that the function ran in */
static void
leave(bool keep, MemoryContext caller, ResourceOwner owner)
{
	if (keep)
		ReleaseCurrentSubTransaction();
	else
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
}

/* a cancelled statement or a shutdown is not the function's failure */
static bool
is_interruption(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION &&
		   !(timed_out && error->sqlerrcode == ERRCODE_QUERY_CANCELED);
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

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	XactReadOnly = true;
	start_timer(timeout);
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
	stop_timer();
	leave(error == NULL && !timed_out, caller, owner);
	if (error && is_interruption(error))
		ReThrowError(error);

	*result = NULL;
	if (timed_out)
		return "timeout";
	if (error)
	{
		ereport(LOG, (errmsg("policy function %s has failed", name),
					  errdetail_internal("%s: %s", unpack_sql_state(error->sqlerrcode),
										 error->message)));
		return psprintf("SQLSTATE %s", unpack_sql_state(error->sqlerrcode));
	}
	*result = answer;
	return NULL;
}
