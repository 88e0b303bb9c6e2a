/*
 * response.c
 *		The answer of issue_tokens and refresh_grant: pgtoken.token_response.
 */
#include "tokens/response.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"

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
response_row(FunctionCallInfo fcinfo, const TokenResponse *response)
{
	TupleDesc desc;
	Datum values[COLUMNS] = {0};
	bool nulls[COLUMNS];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != COLUMNS)
		elog(ERROR, "pgtoken.token_response is not what the library expects");
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
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
