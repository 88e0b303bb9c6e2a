/*
 * console_call.c
 *		Use case: an operator of the console calls one of its functions.
 *
 * It runs as a role of ours that nobody logs in as, and PostgreSQL judges what that role
 * may: the functions it may execute, the rows it sees.  So a function of the console is
 * no more than a way to say in JSON what the role could say in SQL.
 */
#include "operations/console_call.h"

#include "access/xact.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"

#include "base/object.h"
#include "base/user_function.h"
#include "tables/audit.h"

#define ANSWER_MAX (4 * 1024 * 1024) /* bytes of jsonb: a page asks for a page */

static const ConsoleCall *under_way = NULL;

const ConsoleCall *
console_call_under_way(void)
{
	return under_way;
}

bool
console_call_allow(ConsoleCall *call)
{
	for (int i = 0; i < CONSOLE_ACCESSES; i++)
	{
		call->access = (ConsoleAccess) i;
		if (call->accesses[i] && call->function->allowed[i])
			return true;
	}
	return false;
}

static void
check_size(const Jsonb *answer)
{
	if (VARSIZE(answer) > ANSWER_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("the answer is too large"),
						errdetail("It has more than %d MB.", ANSWER_MAX / (1024 * 1024)),
						errhint("Ask for fewer rows at a time: \"limit\".")));
}

/* as the role, whose change of user and of settings end with the subtransaction at the latest */
static Jsonb *
run_as(const ConsoleCall *call, Jsonb *arguments, MemoryContext caller)
{
	LOCAL_FCINFO(fcinfo, 1);
	FmgrInfo flinfo;
	Oid user;
	int context;
	int nest_level;
	Datum result;
	Jsonb *answer = NULL;

	fmgr_info(call->function->function, &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = JsonbPGetDatum(arguments);
	fcinfo->args[0].isnull = false;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(get_role_oid(console_role(call->access), false),
						   context | SECURITY_LOCAL_USERID_CHANGE);
	nest_level = NewGUCNestLevel();
	/* what says that it reads does, whatever it calls; put back at the subtransaction's end */
	if (!call->function->changes)
		XactReadOnly = true;
	result = FunctionCallInvoke(fcinfo);
	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(user, context);
	if (!fcinfo->isnull)
	{
		MemoryContext inner = MemoryContextSwitchTo(caller);

		answer = DatumGetJsonbPCopy(result);
		MemoryContextSwitchTo(inner);
		check_size(answer);
	}
	return answer;
}

/* what is wrong with what was asked for; all else is the server's trouble, or passes */
static bool
is_callers_fault(const ErrorData *error)
{
	static const int categories[] = {ERRCODE_DATA_EXCEPTION,
									 ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION,
									 ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION,
									 ERRCODE_PROGRAM_LIMIT_EXCEEDED,
									 ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
									 ERRCODE_PLPGSQL_ERROR};

	for (size_t i = 0; i < lengthof(categories); i++)
	{
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_TO_CATEGORY(categories[i]))
			return true;
	}
	return false;
}

static void
audit(const ConsoleCall *call, const ErrorData *error)
{
	Object detail;

	if (!call->function->changes)
		return;
	object_begin(&detail);
	object_string(&detail, "issuer", call->issuer);
	object_string(&detail, "function", call->name);
	object_string(&detail, "role", console_role(call->access));
	if (error)
		object_string(&detail, "sqlstate", unpack_sql_state(error->sqlerrcode));
	audit_write(&(AuditEvent){.grant_id = &call->grant_id,
							  .event = error ? "console.refused" : "console.called",
							  .client_id = call->console->client_id,
							  .subject = call->subject,
							  .context = call->context,
							  .detail = object_end(&detail)});
}

static Jsonb *
null_answer(void)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("null")));
}

Jsonb *
console_call_run(const ConsoleCall *call, Jsonb *arguments, ErrorData **error)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	Jsonb *volatile answer = NULL;
	ErrorData *volatile raised = NULL;

	BeginInternalSubTransaction(NULL);
	under_way = call;
	PG_TRY();
	{
		answer = run_as(call, arguments, caller);
		under_way = NULL;
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		under_way = NULL;
		MemoryContextSwitchTo(caller);
		raised = CopyErrorData();
		FlushErrorState();
		user_function_undo(caller, owner);
	}
	PG_END_TRY();
	if (raised && !is_callers_fault(raised))
		ReThrowError(raised);
	*error = raised;
	audit(call, raised);
	if (raised)
		return NULL;
	return answer ? answer : null_answer();
}
