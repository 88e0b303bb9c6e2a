/*
 * marks.c
 *		SQL-callable functions about marks: by what a request is found in logs and traces.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "base/request_mark.h"
#include "base/random.h"
#include "base/strings.h"
#include "core/base/uuid.h"

PG_FUNCTION_INFO_V1(pgt_current_mark);
PG_FUNCTION_INFO_V1(pgt_mark_request);
PG_FUNCTION_INFO_V1(pgt_take_mark);
PG_FUNCTION_INFO_V1(pgt_request_id_of);
PG_FUNCTION_INFO_V1(pgt_trace_id_of);
PG_FUNCTION_INFO_V1(pgt_span_id_of);
PG_FUNCTION_INFO_V1(pgt_traceparent_of);

Datum
pgt_current_mark(PG_FUNCTION_ARGS)
{
	const bytea *mark = request_mark_bytes();

	(void) fcinfo;
	if (mark == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(
		PointerGetDatum(cstring_to_text_with_len(VARDATA(mark), VARSIZE(mark) - VARHDRSZ)));
}

static PgtcSlice
new_id(void)
{
	char *text = palloc(PGTC_UUID_TEXT_LEN + 1);
	pg_uuid_t id;

	random_uuid(&id);
	pgtc_uuid_text(id.data, text);
	return pgtc_slice_str(text);
}

Datum
pgt_mark_request(PG_FUNCTION_ARGS)
{
	PgtcSlice id = PG_ARGISNULL(0) ? new_id() : strings_slice(PG_GETARG_TEXT_PP(0));
	PgtcTraceparent trace;

	if (!pgtc_mark_id_valid(id))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the request id is none that can be kept"),
				 errhint("It has 1 to %d of the characters A-Z a-z 0-9 . _ ~ : / + = @ ; and -.",
						 PGTC_REQUEST_ID_MAX)));
	if (!PG_ARGISNULL(1) &&
		pgtc_mark_traceparent_read(strings_slice(PG_GETARG_TEXT_PP(1)), &trace) != PGTC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the traceparent is none"),
				 errhint("It is like 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01, in "
						 "lower case (W3C Trace Context section 3.2).")));
	request_mark_set(id, PG_ARGISNULL(1) ? NULL : &trace);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(id.data, (int) id.len));
}

static bool
read_mark(FunctionCallInfo fcinfo, PgtcMark *mark)
{
	bytea *bytes = PG_GETARG_BYTEA_PP(0);

	return pgtc_mark_unpack(pgtc_slice(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)), mark) ==
		   PGTC_OK;
}

Datum
pgt_take_mark(PG_FUNCTION_ARGS)
{
	PgtcMark mark;

	if (read_mark(fcinfo, &mark))
		request_mark_set(pgtc_slice_str(mark.request_id), mark.has_trace ? &mark.trace : NULL);
	PG_RETURN_VOID();
}

Datum
pgt_request_id_of(PG_FUNCTION_ARGS)
{
	PgtcMark mark;

	if (!read_mark(fcinfo, &mark) || mark.request_id[0] == '\0')
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(mark.request_id));
}

Datum
pgt_trace_id_of(PG_FUNCTION_ARGS)
{
	PgtcMark mark;
	char text[2 * PGTC_TRACE_ID_LEN + 1];

	if (!read_mark(fcinfo, &mark) || !mark.has_trace)
		PG_RETURN_NULL();
	pgtc_mark_hex(mark.trace.trace_id, PGTC_TRACE_ID_LEN, text);
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

Datum
pgt_span_id_of(PG_FUNCTION_ARGS)
{
	PgtcMark mark;
	char text[2 * PGTC_SPAN_ID_LEN + 1];

	if (!read_mark(fcinfo, &mark) || !mark.has_trace)
		PG_RETURN_NULL();
	pgtc_mark_hex(mark.trace.span_id, PGTC_SPAN_ID_LEN, text);
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

Datum
pgt_traceparent_of(PG_FUNCTION_ARGS)
{
	PgtcMark mark;
	char text[PGTC_TRACEPARENT_LEN + 1];

	if (!read_mark(fcinfo, &mark) || !mark.has_trace)
		PG_RETURN_NULL();
	pgtc_mark_traceparent_write(&mark.trace, text);
	PG_RETURN_TEXT_P(cstring_to_text(text));
}
