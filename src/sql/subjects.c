/*
 * subjects.c
 *		SQL-callable functions about what is held of a subject.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/cache.h"
#include "base/refused.h"
#include "sql/argument.h"
#include "tables/client.h"

PG_FUNCTION_INFO_V1(pgt_client_subject);
PG_FUNCTION_INFO_V1(pgt_forget_refused_requests);

Datum
pgt_client_subject(PG_FUNCTION_ARGS)
{
	const Client *client;
	char *subject = argument_required_text(fcinfo, 1, "subject");

	cache_begin();
	client = client_find(argument_required_text(fcinfo, 0, "client_id"));
	if (client == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(client_subject(client, subject)));
}

Datum
pgt_forget_refused_requests(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(refused_forget_value(argument_required_text(fcinfo, 0, "subject")));
}
