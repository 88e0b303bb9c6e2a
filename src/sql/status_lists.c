/*
 * status_lists.c
 *		SQL-callable functions of status lists: unpack, call one use case, build the
 *		answer.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/cache.h"
#include "sql/argument.h"
#include "tables/issuer.h"
#include "tokens/status_list_token.h"

PG_FUNCTION_INFO_V1(pgt_status_list_size);
PG_FUNCTION_INFO_V1(pgt_status_list_token);

Datum
pgt_status_list_size(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_INT32(PGTC_STATUS_LIST_SIZE);
}

Datum
pgt_status_list_token(PG_FUNCTION_ARGS)
{
	PgtcStatusList list;
	int max_age;
	char *token;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	list = (PgtcStatusList){PG_GETARG_INT64(0), PG_GETARG_INT32(1)};
	cache_begin();
	token = status_list_token(issuer_get(argument_non_empty_text(fcinfo, 2)), list, &max_age);
	if (token == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(token));
}
