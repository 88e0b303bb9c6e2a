/*
 * http.c
 *		SQL-callable functions of the HTTP side: the door for layers that pass on
 *		requests whole, the same for PostgREST, and what PostgREST calls before the
 *		requests of an API.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/object.h"
#include "endpoints/access_request.h"
#include "endpoints/admission.h"
#include "endpoints/door.h"
#include "http/http.h"
#include "http/resource_metadata.h"
#include "sql/argument.h"
#include "sql/once.h"

PG_FUNCTION_INFO_V1(pgt_http_admit);
PG_FUNCTION_INFO_V1(pgt_http_handle);
PG_FUNCTION_INFO_V1(pgt_http_pre_request);
PG_FUNCTION_INFO_V1(pgt_http_shard_of);
PG_FUNCTION_INFO_V1(pgt_postgrest_handle);
PG_FUNCTION_INFO_V1(pgt_resource_metadata_url);

/* method, target, headers, then those that come from the number on: body, peer; -1: there is none */
static void
read_request(FunctionCallInfo fcinfo, int body, int peer, HttpRequest *request)
{
	http_request_read(PG_ARGISNULL(0) ? NULL : PG_GETARG_TEXT_PP(0),
					  PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1),
					  PG_ARGISNULL(2) ? NULL : PG_GETARG_ARRAYTYPE_P(2),
					  body < 0 || PG_ARGISNULL(body) ? NULL : PG_GETARG_BYTEA_PP(body),
					  peer < 0 ? NULL : argument_jsonb(fcinfo, peer), request);
}

static Datum
headers_of(const HttpExchange *x)
{
	Datum parts[2 * HTTP_ANSWER_HEADERS_MAX];

	for (int i = 0; i < x->n_answer; i++)
	{
		parts[2 * i] = CStringGetTextDatum(x->answer[i].name);
		parts[2 * i + 1] = CStringGetTextDatum(x->answer[i].value);
	}
	return PointerGetDatum(
		construct_array(parts, 2 * x->n_answer, TEXTOID, -1, false, TYPALIGN_INT));
}

/* text and bytea are the same bytes */
static Datum
body_of(const HttpExchange *x, const char *body)
{
	if (body == NULL)
		body = "";
	return PointerGetDatum(
		cstring_to_text_with_len(body, x->body_len > 0 ? (int) x->body_len : (int) strlen(body)));
}

/* status, headers and body of an answer, into three columns of a row */
static void
set_answer(const HttpExchange *x, const char *body, Datum *values)
{
	values[0] = Int32GetDatum(x->status);
	values[1] = headers_of(x);
	values[2] = body_of(x, body);
}

/* the row type that the function's OUT parameters make: it is another function that has others */
typedef struct RowType
{
	Oid function;
	TupleDesc type;
} RowType;

static TupleDesc
row_type(FunctionCallInfo fcinfo, RowType *kept)
{
	MemoryContext caller;
	TupleDesc type;

	if (kept->function == fcinfo->flinfo->fn_oid)
		return kept->type;
	if (get_call_result_type(fcinfo, NULL, &type) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "the function returns a row");
	caller = MemoryContextSwitchTo(TopMemoryContext);
	kept->type = CreateTupleDescCopy(BlessTupleDesc(type));
	kept->function = fcinfo->flinfo->fn_oid;
	MemoryContextSwitchTo(caller);
	return kept->type;
}

static Datum
row_of(FunctionCallInfo fcinfo, RowType *kept, Datum *values, bool *nulls)
{
	return HeapTupleGetDatum(heap_form_tuple(row_type(fcinfo, kept), values, nulls));
}

static Datum
handle_once(PG_FUNCTION_ARGS)
{
	static RowType kept;
	HttpRequest request;
	HttpExchange x;
	char *body;
	Datum values[3];
	bool nulls[3] = {false, false, false};

	read_request(fcinfo, 3, 4, &request);
	body = door_handle(&request, &x);
	set_answer(&x, body, values);
	return row_of(fcinfo, &kept, values, nulls);
}

Datum
pgt_http_handle(PG_FUNCTION_ARGS)
{
	return once_run(fcinfo, handle_once);
}

Datum
pgt_http_shard_of(PG_FUNCTION_ARGS)
{
	uint32 shards = argument_shards(fcinfo, 4);
	HttpRequest request;

	read_request(fcinfo, 3, -1, &request);
	PG_RETURN_TEXT_P(cstring_to_text(door_shard_of(&request, shards)));
}

static Datum
admit_once(PG_FUNCTION_ARGS)
{
	static RowType kept;
	HttpRequest request;
	HttpExchange x;
	Admission admitted;
	char *body;
	Datum values[5] = {0};
	bool nulls[5] = {false, false, false, false, false};

	read_request(fcinfo, -1, 3, &request);
	body = admission(&request, &x, &admitted);
	set_answer(&x, body, values + 2);
	nulls[0] = nulls[1] = admitted.role == NULL;
	nulls[2] = nulls[4] = admitted.role != NULL;
	if (admitted.role)
	{
		values[0] = CStringGetTextDatum(admitted.role);
		values[1] = JsonbPGetDatum(admitted.settings);
	}
	return row_of(fcinfo, &kept, values, nulls);
}

Datum
pgt_http_admit(PG_FUNCTION_ARGS)
{
	return once_run(fcinfo, admit_once);
}

Datum
pgt_http_pre_request(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	access_request_precede();
	PG_RETURN_VOID();
}

static Datum
handle_for_postgrest(FunctionCallInfo fcinfo)
{
	HttpRequest request;
	HttpExchange x;
	char *body;

	http_request_of_proxy(PG_ARGISNULL(0) ? NULL : PG_GETARG_BYTEA_PP(0), &request);
	body = door_handle(&request, &x);
	/* PostgREST answers at once: it is for the client to come again */
	if (x.status == 0)
		body = object_text(http_come_again(&x));
	http_answer_settings(&x);
	return body_of(&x, body);
}

/*
 * What is raised is the service's failure.  PostgREST would tell the client that it is
 * his: 22023 is 400 to it, 23505 is 409, 42501 is 401.  These it has right:
 */
static bool
is_failure_to_postgrest(int sqlstate)
{
	int category = ERRCODE_TO_CATEGORY(sqlstate);

	return category == ERRCODE_TRANSACTION_ROLLBACK || category == ERRCODE_INSUFFICIENT_RESOURCES ||
		   category == ERRCODE_OPERATOR_INTERVENTION;
}

Datum
pgt_postgrest_handle(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	Datum body = (Datum) 0;

	PG_TRY();
	{
		body = handle_for_postgrest(fcinfo);
	}
	PG_CATCH();
	{
		ErrorData *error;

		if (is_failure_to_postgrest(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		error->sqlerrcode = ERRCODE_INTERNAL_ERROR;
		ReThrowError(error);
	}
	PG_END_TRY();
	return body;
}

Datum
pgt_resource_metadata_url(PG_FUNCTION_ARGS)
{
	const char *url = resource_metadata_url();

	if (url == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(url));
}
