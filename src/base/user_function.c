/*
 * user_function.c
 *		Calling a function that the application supplies.
 *
 * It must never run as the owner of the extension, whatever it is declared as:
 * who may define it could otherwise read the keys.  Nor may it leave anything
 * behind that runs later as somebody else: the operation is security-restricted,
 * so that deferred triggers, temporary tables and cursors are refused.
 */
#include "base/user_function.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "utils/elog.h"
#include "utils/guc.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

static Oid
find_function(const char *name, int nargs, const Oid *types, Oid *owner)
{
	Oid function = LookupFuncName(compat_qualified_name_list(name), nargs, types, true);
	HeapTuple tuple = NULL;
	bool usable = false;

	if (OidIsValid(function))
		tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);

		usable =
			form->prorettype == JSONBOID && !form->proretset && form->prokind == PROKIND_FUNCTION;
		*owner = form->proowner;
		ReleaseSysCache(tuple);
	}
	if (!usable)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("function %s is missing or has other arguments than it must have", name),
				 errhint("See pgtoken.update_issuer and pgtoken.create_policy.")));
	return function;
}

/* as its owner, who is nobody special while it runs */
Jsonb *
user_function_run(const char *name, int nargs, const Oid *types, Datum *args)
{
	LOCAL_FCINFO(fcinfo, FUNC_MAX_ARGS);
	FmgrInfo flinfo;
	Oid owner;
	Oid user;
	int context;
	int nest_level;
	Datum result;

	fmgr_info(find_function(name, nargs, types, &owner), &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, nargs, InvalidOid, NULL, NULL);
	for (int i = 0; i < nargs; i++)
	{
		fcinfo->args[i].value = args[i];
		fcinfo->args[i].isnull = false;
	}

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(owner,
						   context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	nest_level = NewGUCNestLevel();
	result = FunctionCallInvoke(fcinfo);
	/* an error would have undone both with its (sub)transaction */
	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(user, context);
	return fcinfo->isnull ? NULL : DatumGetJsonbPCopy(result);
}

/*
 * Its message may tell of the application's data, and would be sent to whoever has
 * asked for a token: it goes to the log.  The transaction ends all the same.
 */
static void
raise_failure(const char *name, MemoryContext caller)
{
	ErrorData *error;

	MemoryContextSwitchTo(caller);
	error = CopyErrorData();
	/* a cancelled statement, a timeout, a shutdown: not its own failure, whatever it says of itself */
	if (user_function_interrupted(error))
		PG_RE_THROW();
	FlushErrorState();
	ereport(ERROR,
			(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION), errmsg("function %s has failed", name),
			 errdetail_log("%s: %s", unpack_sql_state(error->sqlerrcode), error->message)));
}

Jsonb *
user_function_call(const char *name, int nargs, const Oid *types, Datum *args)
{
	MemoryContext caller = CurrentMemoryContext;
	Jsonb *volatile result = NULL;
	Oid owner;

	(void) find_function(name, nargs, types, &owner); /* that it is not there may be told */
	PG_TRY();
	{
		result = user_function_run(name, nargs, types, args);
	}
	PG_CATCH();
	{
		raise_failure(name, caller);
	}
	PG_END_TRY();
	return result;
}

void
user_function_undo(MemoryContext caller, ResourceOwner owner)
{
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
}

/*
 * A cancelled statement is not the function's failure.  The function can raise
 * the same SQLSTATE itself, so what counts is who raised it.
 */
bool
user_function_interrupted(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION &&
		   error->funcname && strcmp(error->funcname, "ProcessInterrupts") == 0;
}

/* nobody's fault: the client tries again, with what it must make anew each time */
static bool
is_passing(const ErrorData *error)
{
	int category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return category == ERRCODE_TRANSACTION_ROLLBACK || category == ERRCODE_INSUFFICIENT_RESOURCES;
}

bool
user_function_guard(void (*step)(void *arg), void *arg)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		step(arg);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		user_function_undo(caller, owner);
	}
	PG_END_TRY();
	if (error == NULL)
		return true;
	if (user_function_interrupted(error) || is_passing(error))
		ReThrowError(error);
	/* for the server's log alone, and without the statement, which may have a password in it */
	ereport(LOG_SERVER_ONLY,
			(errcode(error->sqlerrcode), errmsg("%s", error->message),
			 error->detail_log || error->detail
				 ? errdetail_internal("%s", error->detail_log ? error->detail_log : error->detail)
				 : 0,
			 errhidestmt(true), errhidecontext(true)));
	return false;
}
