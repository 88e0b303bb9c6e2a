/*
 * console.c
 *		SQL-callable: what a function of the console asks of the call under way.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/object.h"
#include "base/strings.h"
#include "operations/console_call.h"

PG_FUNCTION_INFO_V1(pgt_console_call);
PG_FUNCTION_INFO_V1(pgt_console_issuer);

Datum
pgt_console_issuer(PG_FUNCTION_ARGS)
{
	const ConsoleCall *call = console_call_under_way();

	(void) fcinfo;
	if (call == NULL || call->access != CONSOLE_ISSUER_ADMIN)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(call->issuer));
}

/* the names of what he may be */
static void
write_accesses(const ConsoleCall *call, Object *object)
{
	char *names[CONSOLE_ACCESSES];
	int n = 0;

	for (int i = 0; i < CONSOLE_ACCESSES; i++)
	{
		if (call->accesses[i])
			names[n++] = unconstify(char *, console_access_name(i));
	}
	object_strings(object, "accesses", names, n);
}

Datum
pgt_console_call(PG_FUNCTION_ARGS)
{
	const ConsoleCall *call = console_call_under_way();
	Object object;

	(void) fcinfo;
	if (call == NULL)
		PG_RETURN_NULL();
	object_begin(&object);
	object_string(&object, "issuer", call->issuer);
	object_string(&object, "client_id", call->console->client_id);
	object_string(&object, "subject", call->subject);
	object_string(&object, "access", console_access_name(call->by->access));
	write_accesses(call, &object);
	object_string(&object, "role", console_role(call->access));
	object_string(&object, "grant_id", strings_of_uuid(&call->grant_id));
	object_strings(&object, "factor_ids", call->by->factor_ids, call->by->n_factor_ids);
	if (!TIMESTAMP_IS_NOBEGIN(call->by->proved_at))
		object_time(&object, "proved_at", call->by->proved_at);
	PG_RETURN_JSONB_P(object_end(&object));
}
