/*
 * http_form.c
 *		The two doors of an endpoint: a form as raw text, or as named arguments.
 *
 * A function with one unnamed parameter gets the raw body; any other gets the
 * parameters that PostgREST has taken out of the form, each under its name.
 */
#include "http/http_form.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "base/glue.h"
#include "base/proc_memory.h"
#include "base/refused.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/form.h"
#include "core/base/slice.h"

/* RFC 8707 section 2 and RFC 8693 section 2.1 let them occur several times */
static const char *const repeatable[] = {"resource", "audience", NULL};

static void
add_field(HttpExchange *x, char *name, char *value)
{
	x->fields[x->n_fields].name = name;
	x->fields[x->n_fields].value = value;
	x->n_fields++;
}

/* a name that a parameter could have: anything else may be a secret whose name was left out */
static const char *
shown_name(PgtcSlice name)
{
	for (size_t i = 0; i < name.len; i++)
	{
		if (name.data[i] != '_' && (name.data[i] < 'a' || name.data[i] > 'z'))
			return "";
	}
	return pnstrdup(name.data, name.len);
}

static PgtErr
read_raw(HttpExchange *x, PgtcSlice body)
{
	PgtcForm *form = palloc(sizeof(PgtcForm));
	PgtcSlice repeated;

	if (pgtc_form_is_other_type(body))
		return PGT_ERR_REQUEST_NOT_FORM;
	if (pgtc_form_parse(body, &glue_mem, form) != PGTC_OK)
		return PGT_ERR_REQUEST_MALFORMED;
	x->fields = palloc(sizeof(HttpField) * Max(form->n, 1));
	for (int i = 0; i < form->n; i++)
		add_field(x, pnstrdup(form->field[i].name.data, form->field[i].name.len),
				  pnstrdup(form->field[i].value.data, form->field[i].value.len));
	repeated = pgtc_form_repeated(form, repeatable);
	if (repeated.data)
		return refused(PGT_ERR_REQUEST_REPEATED, shown_name(repeated), NULL, NULL);
	pgtc_form_free(form);
	return PGT_OK;
}

static PgtErr
read_named(HttpExchange *x, FunctionCallInfo fcinfo, char **names)
{
	size_t len = 0;

	x->fields = palloc(sizeof(HttpField) * PG_NARGS());
	for (int i = 0; i < PG_NARGS(); i++)
	{
		if (PG_ARGISNULL(i))
			continue;
		add_field(x, pstrdup(names[i]), text_to_cstring(PG_GETARG_TEXT_PP(i)));
		len += strlen(x->fields[x->n_fields - 1].value);
	}
	return len <= PGTC_FORM_MAX ? PGT_OK : PGT_ERR_REQUEST_MALFORMED;
}

/* a function of ours and the names of its parameters */
typedef struct Function
{
	Oid oid;
	char **names; /* NULL: they have none */
	struct Function *next;
} Function;

static Function *functions = NULL;
static uint64 functions_number = 0;

/* pg_proc is asked once in a session, and again when it has changed */
static const Function *
find_function(Oid oid)
{
	uint64 number;
	MemoryContext memory = proc_memory(&number);
	MemoryContext caller;
	Function *function;
	HeapTuple tuple;
	Oid *types;
	char *modes;

	if (functions_number != number)
		functions = NULL;
	functions_number = number;
	for (function = functions; function; function = function->next)
	{
		if (function->oid == oid)
			return function;
	}
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", oid);
	caller = MemoryContextSwitchTo(memory);
	function = palloc(sizeof(Function));
	function->oid = oid;
	(void) get_func_arg_info(tuple, &types, &function->names, &modes);
	function->next = functions;
	functions = function;
	MemoryContextSwitchTo(caller);
	ReleaseSysCache(tuple);
	return function;
}

void
http_form_read(FunctionCallInfo fcinfo, HttpExchange *x)
{
	const Function *function;

	if (PG_NARGS() == 0)
		return;
	function = find_function(fcinfo->flinfo->fn_oid);
	if (function->names)
		x->form_err = read_named(x, fcinfo, function->names);
	else
		x->form_err = PG_ARGISNULL(0) ? PGT_OK : read_raw(x, strings_slice(PG_GETARG_TEXT_PP(0)));
}
