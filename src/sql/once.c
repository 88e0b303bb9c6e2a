/*
 * once.c
 *		One call for one expression.
 *
 * PostgreSQL writes (f(x)).* as one call of f for each column.  Of a function that
 * rotates, issues or takes, the caller wants one: he would get columns of different
 * answers, a dozen retries, or with a strict client a reuse.
 *
 * Calls of one statement have one snapshot, and the first one of them, if it writes
 * anything, ends the command that the next statement's snapshot would begin with.  An
 * expression is evaluated once a row: a call from where the answer has gone to already
 * is of the next row, or of a loop, and gets one of its own.  In FROM a function is
 * called once as it is.
 */
#include "sql/once.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "core/base/crypto.h"

#define ANSWERS_MAX 4 /* expressions of a row whose calls are mixed */
#define CALLERS_MAX 64 /* columns */

typedef struct Answer
{
	MemoryContext context; /* NULL: nothing is kept here */
	PGFunction function;
	CommandId command; /* of the statement's snapshot */
	StringInfoData arguments;
	const FmgrInfo *callers[CALLERS_MAX]; /* who has it */
	int n_callers;
	bool is_null;
	Datum row; /* of a function that returns one */
	HeapTuple *rows; /* of one that returns a set */
	int n_rows;
} Answer;

static Answer answers[ANSWERS_MAX];
static int next_answer = 0;
static bool registered = false;

/* they hold tokens and secrets */
static void
forget(Answer *answer)
{
	if (answer->context == NULL)
		return;
	pgtc_crypto_wipe(answer->arguments.data, answer->arguments.maxlen);
	if (answer->row)
		pgtc_crypto_wipe(DatumGetPointer(answer->row), VARSIZE_ANY(DatumGetPointer(answer->row)));
	for (int i = 0; i < answer->n_rows; i++)
		pgtc_crypto_wipe(answer->rows[i]->t_data, answer->rows[i]->t_len);
	MemoryContextDelete(answer->context);
	memset(answer, 0, sizeof(*answer));
}

static void
forget_all(void)
{
	for (int i = 0; i < ANSWERS_MAX; i++)
		forget(&answers[i]);
}

static void
at_transaction_end(XactEvent event pg_attribute_unused(), void *arg pg_attribute_unused())
{
	forget_all();
}

/* what was written is gone, and with it what the answer says */
static void
at_subtransaction_end(SubXactEvent event, SubTransactionId id pg_attribute_unused(),
					  SubTransactionId parent pg_attribute_unused(),
					  void *arg pg_attribute_unused())
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		forget_all();
}

static void
append_argument(FunctionCallInfo fcinfo, int i, StringInfo out)
{
	Datum value = fcinfo->args[i].value;
	int16 len;
	bool by_value;

	appendStringInfoChar(out, fcinfo->args[i].isnull);
	if (fcinfo->args[i].isnull)
		return;
	get_typlenbyval(get_fn_expr_argtype(fcinfo->flinfo, i), &len, &by_value);
	if (by_value)
		appendBinaryStringInfo(out, (char *) &value, sizeof(value));
	else
	{
		if (len == -1)
			value = PointerGetDatum(PG_DETOAST_DATUM(value));
		appendBinaryStringInfo(out, DatumGetPointer(value), datumGetSize(value, false, len));
	}
}

static bool
has_answer(const Answer *answer, const FmgrInfo *caller)
{
	for (int i = 0; i < answer->n_callers; i++)
	{
		if (answer->callers[i] == caller)
			return true;
	}
	return answer->n_callers == CALLERS_MAX;
}

static Answer *
find(FunctionCallInfo fcinfo, PGFunction function, CommandId command,
	 const StringInfoData *arguments)
{
	for (int i = 0; i < ANSWERS_MAX; i++)
	{
		Answer *answer = &answers[i];

		if (answer->context && answer->function == function && answer->command == command &&
			answer->arguments.len == arguments->len &&
			memcmp(answer->arguments.data, arguments->data, arguments->len) == 0 &&
			!has_answer(answer, fcinfo->flinfo))
			return answer;
	}
	return NULL;
}

static void
keep_rows(const ReturnSetInfo *set, Answer *answer)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(set->setDesc, &TTSOpsMinimalTuple);

	answer->rows = palloc(sizeof(HeapTuple) * (tuplestore_tuple_count(set->setResult) + 1));
	while (tuplestore_gettupleslot(set->setResult, true, true, slot))
		answer->rows[answer->n_rows++] = ExecCopySlotHeapTuple(slot);
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_rescan(set->setResult);
}

static void
keep(FunctionCallInfo fcinfo, PGFunction function, CommandId command,
	 const StringInfoData *arguments, Datum row)
{
	Answer *answer = &answers[next_answer];
	MemoryContext caller = CurrentMemoryContext;

	next_answer = (next_answer + 1) % ANSWERS_MAX;
	forget(answer);
	answer->context =
		AllocSetContextCreate(TopMemoryContext, "pgtoken answer", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(answer->context);
	initStringInfo(&answer->arguments);
	appendBinaryStringInfo(&answer->arguments, arguments->data, arguments->len);
	answer->function = function;
	answer->command = command;
	answer->callers[answer->n_callers++] = fcinfo->flinfo;
	answer->is_null = fcinfo->isnull;
	if (fcinfo->resultinfo)
		keep_rows((ReturnSetInfo *) fcinfo->resultinfo, answer);
	else if (!fcinfo->isnull)
		answer->row = datumCopy(row, false, -1);
	MemoryContextSwitchTo(caller);
}

static Datum
give(FunctionCallInfo fcinfo, Answer *answer)
{
	answer->callers[answer->n_callers++] = fcinfo->flinfo;
	fcinfo->isnull = answer->is_null;
	if (fcinfo->resultinfo == NULL)
		return answer->is_null ? (Datum) 0 : datumCopy(answer->row, false, -1);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < answer->n_rows; i++)
		tuplestore_puttuple(((ReturnSetInfo *) fcinfo->resultinfo)->setResult, answer->rows[i]);
	return (Datum) 0;
}

/* in a list of columns, where .* is possible */
static bool
is_expression(FunctionCallInfo fcinfo)
{
	const ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;

	if (fcinfo->flinfo->fn_expr == NULL || !ActiveSnapshotSet())
		return false;
	return set == NULL ||
		   (fcinfo->flinfo->fn_retset && (set->allowedModes & SFRM_Materialize_Preferred) == 0);
}

Datum
once_run(FunctionCallInfo fcinfo, PGFunction function)
{
	CommandId command;
	CommandId before;
	StringInfoData arguments;
	Answer *answer;
	Datum row;

	if (!is_expression(fcinfo))
		return function(fcinfo);
	if (!registered)
	{
		RegisterXactCallback(at_transaction_end, NULL);
		RegisterSubXactCallback(at_subtransaction_end, NULL);
		registered = true;
	}
	command = GetActiveSnapshot()->curcid;
	initStringInfo(&arguments);
	for (int i = 0; i < fcinfo->nargs; i++)
		append_argument(fcinfo, i, &arguments);
	answer = find(fcinfo, function, command, &arguments);
	if (answer)
		row = give(fcinfo, answer);
	else
	{
		before = GetCurrentCommandId(false);
		row = function(fcinfo);
		/* what has written nothing can be asked again, and the next statement would look the same */
		if (GetCurrentCommandId(false) != before)
			keep(fcinfo, function, command, &arguments, row);
	}
	pgtc_crypto_wipe(arguments.data, arguments.maxlen);
	pfree(arguments.data);
	return row;
}
