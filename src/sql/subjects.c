/*
 * subjects.c
 *		SQL-callable functions about what is held of a subject.
 */
#include "base/compat.h"

#include "fmgr.h"

#include "base/refused.h"
#include "sql/argument.h"

PG_FUNCTION_INFO_V1(pgt_forget_refused_requests);

Datum
pgt_forget_refused_requests(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(refused_forget_value(argument_required_text(fcinfo, 0, "subject")));
}
