/*
 * response.c
 *		The answer of issue_tokens and refresh_grant: pgtoken.token_response.
 */
#include "tokens/response.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/refused.h"

#define COLUMNS 13

static void
put_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	if (text)
		values[column] = CStringGetTextDatum(text);
}

Datum
response_tuple(FunctionCallInfo fcinfo, int columns, Datum *values, bool *nulls)
{
	/* the call's expression knows, without a look into pg_proc for each request */
	Oid type = get_fn_expr_rettype(fcinfo->flinfo);
	TupleDesc desc;
	HeapTuple tuple;

	if (!OidIsValid(type))
		type = get_func_rettype(fcinfo->flinfo->fn_oid);
	desc = lookup_rowtype_tupdesc(type, -1);
	if (desc->natts != columns)
		elog(ERROR, "%s is not what the library expects", format_type_be(type));
	tuple = heap_form_tuple(desc, values, nulls);
	ReleaseTupleDesc(desc);
	return HeapTupleGetDatum(tuple);
}

Datum
response_row(FunctionCallInfo fcinfo, const TokenResponse *response)
{
	Datum values[COLUMNS] = {0};
	bool nulls[COLUMNS];

	memset(nulls, true, sizeof(nulls));

	if (response->err != PGT_OK)
	{
		const PgtErrInfo *info = errors_info(response->err);

		put_text(values, nulls, 0, response->transaction_id ? "require" : "deny");
		put_text(values, nulls, 9, info->error);
		put_text(values, nulls, 10, refused_description(response->err));
		if (response->transaction_id)
		{
			values[3] = Int32GetDatum(response->expires_in);
			nulls[3] = false;
			put_text(values, nulls, 11, response->transaction_id);
			values[12] = JsonbPGetDatum(response->factors);
			nulls[12] = false;
		}
	}
	else
	{
		put_text(values, nulls, 0, "allow");
		put_text(values, nulls, 1, response->access_token);
		put_text(values, nulls, 2, response->dpop_bound ? "DPoP" : "Bearer");
		values[3] = Int32GetDatum(response->expires_in);
		nulls[3] = false;
		put_text(values, nulls, 4, response->refresh_token);
		values[5] = Int32GetDatum(response->refresh_token_expires_in);
		nulls[5] = response->refresh_token == NULL;
		put_text(values, nulls, 6, response->id_token);
		put_text(values, nulls, 7, response->scope);
		values[8] = UUIDPGetDatum(&response->grant_id);
		nulls[8] = false;
	}
	return response_tuple(fcinfo, COLUMNS, values, nulls);
}
