/*
 * refusals.c
 *		SQL-callable functions about what was refused, and why.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/explanation.h"
#include "base/refused.h"
#include "sql/argument.h"

PG_FUNCTION_INFO_V1(pgt_refusal_reasons);
PG_FUNCTION_INFO_V1(pgt_refused_requests_rows);

static void
put_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL || text[0] == '\0';
	values[column] = nulls[column] ? (Datum) 0 : CStringGetTextDatum(text);
}

static void
put_reason(ReturnSetInfo *result, const PgtErrInfo *info, const char *sentence)
{
	Datum values[5];
	bool nulls[5] = {false};

	put_text(values, nulls, 0, info->reason);
	put_text(values, nulls, 1, info->error);
	put_text(values, nulls, 2, info->description);
	put_text(values, nulls, 3, sentence);
	values[4] = BoolGetDatum(info->audited);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
pgt_refusal_reasons(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	PgtErrInfo of_page = {.audited = true};
	const char *sentence;

	InitMaterializedSRF(fcinfo, 0);
	for (int err = PGT_OK + 1; err < errors_number(); err++)
		put_reason(result, errors_info((PgtErr) err), explanation((PgtErr) err));
	for (int n = 0; explanation_of_page(n, &of_page.reason, &sentence); n++)
	{
		of_page.error = of_page.reason;
		put_reason(result, &of_page, sentence);
	}
	return (Datum) 0;
}

static void
put_request(ReturnSetInfo *result, const RefusedRequest *request)
{
	const PgtErrInfo *info = errors_info(request->err);
	Datum values[10];
	bool nulls[10] = {false};

	values[0] = TimestampTzGetDatum(request->at);
	put_text(values, nulls, 1, request->endpoint);
	put_text(values, nulls, 2, request->client_id);
	put_text(values, nulls, 3, info->error);
	put_text(values, nulls, 4, info->reason);
	put_text(values, nulls, 5, request->parameter);
	put_text(values, nulls, 6, request->received);
	put_text(values, nulls, 7, request->registered);
	put_text(values, nulls, 8, explanation(request->err));
	put_text(values, nulls, 9, request->request_id);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
pgt_refused_requests_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int max = PG_ARGISNULL(1) ? INT_MAX : PG_GETARG_INT32(1);
	RefusedRequest *list;
	int n;

	if (max < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_requests must be at least 1"), errhint("NULL is no limit.")));
	n = refused_list(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)), max, &list);
	if (n < 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("refused requests are not kept on this server"),
				 errdetail("They need shared memory, which this server does not have for pgtoken, "
						   "or pgtoken.refused_requests is 0."),
				 errhint("Add pgtoken to shared_preload_libraries and restart the server (before "
						 "PostgreSQL 17 there is no other way), or set pgtoken.log_refusals to log "
						 "and look for \"pgtoken has refused a request\" in the server's log.")));
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
		put_request(result, &list[i]);
	return (Datum) 0;
}
