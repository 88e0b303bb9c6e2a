/*
 * acting.c
 *		Who acts for the subject of a family.
 *
 * An act has the sub of the actor's token.  Of a pairwise client's that is no user id of
 * the application's, and does not lead back to one: so that he can be blocked it stands
 * beside it, in the family alone.
 */
#include "tokens/acting.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/member.h"
#include "base/object.h"
#include "tables/not_before.h"
#include "tables/subject_block.h"

#define SUBJECT ACTING_OURS "subject"

Jsonb *
acting_begin(const char *sub, const char *subject)
{
	Object act;

	object_begin(&act);
	object_string(&act, "sub", sub);
	if (strcmp(sub, subject) != 0)
		object_string(&act, SUBJECT, subject);
	return object_end(&act);
}

Jsonb *
acting_claim(Jsonb *act)
{
	Jsonb *before;
	Object inner;

	if (act == NULL)
		return NULL;
	if (member_string(act, SUBJECT))
		act = DatumGetJsonbP(
			DirectFunctionCall2(jsonb_delete, JsonbPGetDatum(act), CStringGetTextDatum(SUBJECT)));
	before = member_json(act, "act");
	if (before == NULL)
		return act;
	object_begin(&inner);
	object_jsonb(&inner, "act", acting_claim(before));
	return object_concat(act, object_end(&inner));
}

bool
acting_stands(const Client *client, const Begun *begun, Jsonb *act)
{
	/* in each act is who acted before */
	for (; act; act = member_json(act, "act"))
	{
		char *subject = member_string(act, SUBJECT);

		if (subject == NULL)
			subject = member_string(act, "sub");
		if (subject && (subject_block_holds(client->issuer, subject) ||
						not_before_check(client, subject, DT_NOBEGIN, begun) != PGT_OK))
			return false;
	}
	return true;
}
