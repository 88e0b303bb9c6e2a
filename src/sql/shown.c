/*
 * shown.c
 *		SQL-callable functions about what psql shows: others' text, made fit for a
 *		terminal and for the width of a column.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/strings.h"
#include "core/base/printable.h"
#include "core/risk/user_agent.h"

PG_FUNCTION_INFO_V1(pgt_clip);
PG_FUNCTION_INFO_V1(pgt_clipped_out);
PG_FUNCTION_INFO_V1(pgt_user_agent_name);
PG_FUNCTION_INFO_V1(pgt_device_in_words);

/* of subject and client_id in the views for psql, see sql/install/70_psql.sql */
#define CLIPPED_COLUMNS 13

/* no terminal is wider */
#define CLIP_MAX 1000

/* palloc'd */
static char *
clipped(const text *in, int columns)
{
	char *out = palloc(PGTC_PRINTABLE_CLIP_SIZE(columns));

	pgtc_printable_clip(strings_slice(in), columns, out);
	return out;
}

Datum
pgt_clip(PG_FUNCTION_ARGS)
{
	int columns = Max(0, Min(PG_GETARG_INT32(1), CLIP_MAX));

	PG_RETURN_TEXT_P(cstring_to_text(clipped(PG_GETARG_TEXT_PP(0), columns)));
}

/* the output function of type clipped */
Datum
pgt_clipped_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(clipped(PG_GETARG_TEXT_PP(0), CLIPPED_COLUMNS));
}

Datum
pgt_user_agent_name(PG_FUNCTION_ARGS)
{
	PgtcUserAgent agent;
	char shown[PGTC_USER_AGENT_SHOWN];

	pgtc_user_agent_parse(strings_slice(PG_GETARG_TEXT_PP(0)), &agent);
	pgtc_user_agent_show(&agent, shown, sizeof(shown));
	PG_RETURN_TEXT_P(cstring_to_text(shown));
}

/* NULL where it says nothing */
Datum
pgt_device_in_words(PG_FUNCTION_ARGS)
{
	PgtcUserAgent agent;
	char words[PGTC_USER_AGENT_SHOWN];

	pgtc_user_agent_parse(strings_slice(PG_GETARG_TEXT_PP(0)), &agent);
	pgtc_user_agent_words(&agent, words, sizeof(words));
	if (words[0] == '\0')
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(words));
}
