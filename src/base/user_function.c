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

#include "base/proc_memory.h"

#define ARGS_MAX 4

/* a function as it was found by its name */
typedef struct Found
{
	char *name;
	int nargs;
	Oid types[ARGS_MAX];
	Oid function;
	Oid owner;
	struct Found *next;
} Found;

static Found *all_found = NULL;
static uint64 all_found_number = 0;

static Found
look_up(const char *name, int nargs, const Oid *types)
{
	Found found = {.nargs = nargs};
	HeapTuple tuple = NULL;
	bool usable = false;

	memcpy(found.types, types, sizeof(Oid) * nargs);
	found.function = LookupFuncName(compat_qualified_name_list(name), nargs, types, true);
	if (OidIsValid(found.function))
		tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(found.function));
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);

		usable =
			form->prorettype == JSONBOID && !form->proretset && form->prokind == PROKIND_FUNCTION;
		found.owner = form->proowner;
		ReleaseSysCache(tuple);
	}
	if (!usable)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("function %s is missing or has other arguments than it must have", name),
				 errhint("See pgtoken.update_issuer and pgtoken.create_policy.")));
	return found;
}

/* until the next one is looked for */
static const Found *
find_function(const char *name, int nargs, const Oid *types)
{
	uint64 number;
	MemoryContext memory = proc_memory(&number);
	Found looked_up;
	Found *found;

	Assert(nargs <= ARGS_MAX);
	if (all_found_number != number)
		all_found = NULL;
	all_found_number = number;
	for (found = all_found; found; found = found->next)
	{
		if (found->nargs == nargs && memcmp(found->types, types, sizeof(Oid) * nargs) == 0 &&
			strcmp(found->name, name) == 0)
			return found;
	}
	looked_up = look_up(name, nargs, types);
	found = MemoryContextAlloc(memory, sizeof(Found));
	*found = looked_up;
	found->name = MemoryContextStrdup(memory, name);
	found->next = all_found;
	all_found = found;
	return found;
}

/* as its owner, who is nobody special while it runs */
static Jsonb *
run(const Found *found, Datum *args)
{
	LOCAL_FCINFO(fcinfo, FUNC_MAX_ARGS);
	FmgrInfo flinfo;
	Oid user;
	int context;
	int nest_level;
	Datum result;

	fmgr_info(found->function, &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, found->nargs, InvalidOid, NULL, NULL);
	for (int i = 0; i < found->nargs; i++)
	{
		fcinfo->args[i].value = args[i];
		fcinfo->args[i].isnull = false;
	}

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(found->owner,
						   context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	nest_level = NewGUCNestLevel();
	result = FunctionCallInvoke(fcinfo);
	/* an error would have undone both with its (sub)transaction */
	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(user, context);
	return fcinfo->isnull ? NULL : DatumGetJsonbPCopy(result);
}

Jsonb *
user_function_run(const char *name, int nargs, const Oid *types, Datum *args)
{
	return run(find_function(name, nargs, types), args);
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
	const Found *found = find_function(name, nargs, types); /* that it is not there may be told */

	PG_TRY();
	{
		result = run(found, args);
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
