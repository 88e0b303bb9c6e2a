/*
 * subjects.c
 *		SQL-callable functions about what is held of a subject.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "base/refused.h"
#include "base/shard.h"
#include "sql/argument.h"

PG_FUNCTION_INFO_V1(pgt_forget_refused_requests);
PG_FUNCTION_INFO_V1(pgt_require_shard);
PG_FUNCTION_INFO_V1(pgt_require_shard_of_family);

Datum
pgt_forget_refused_requests(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(refused_forget_value(argument_required_text(fcinfo, 0, "subject")));
}

Datum
pgt_require_shard(PG_FUNCTION_ARGS)
{
	shard_require_subject(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_VOID();
}

Datum
pgt_require_shard_of_family(PG_FUNCTION_ARGS)
{
	shard_require_id(PG_GETARG_UUID_P(0), "the family");
	PG_RETURN_VOID();
}
