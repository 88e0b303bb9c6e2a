/*
 * claims_request.c
 *		Single claims that a client has asked for.
 */
#include "tokens/claims_request.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/strings.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/oauth/claims_parameter.h"

static const char *const targets[] = {"id_token", "userinfo"};

PgtErr
claims_request_read(const char *text, Jsonb **request)
{
	PgtcBuf buf;

	*request = NULL;
	if (text == NULL)
		return PGT_OK;
	pgtc_buf_init(&buf, &glue_mem);
	if (pgtc_claims_parameter_read(pgtc_slice_str(text), &buf) != PGTC_OK)
		return refused(PGT_ERR_REQUEST_PARAMETER, "claims", NULL,
					   "an object of objects (OpenID Connect Core section 5.5)");
	*request = object_of_buf(&buf);
	return PGT_OK;
}

char **
claims_request_names(Jsonb *request, const char *target, int *n)
{
	Jsonb *wishes = request ? member_json(request, target) : NULL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;
	char **names;

	*n = 0;
	if (wishes == NULL)
		return NULL;
	names = palloc(sizeof(char *) * Max(JB_ROOT_COUNT(wishes), 1));
	it = JsonbIteratorInit(&wishes->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			names[(*n)++] = pnstrdup(value.val.string.val, value.val.string.len);
	}
	return names;
}

void
claims_request_scopes(Jsonb *request, PgtcScope *scopes)
{
	for (size_t t = 0; t < lengthof(targets); t++)
	{
		int n;
		char **names = claims_request_names(request, targets[t], &n);

		for (int i = 0; i < n; i++)
		{
			const char *scope = pgtc_claims_parameter_scope(pgtc_slice_str(names[i]));

			/* a list that is full has none to stand for it */
			if (scope)
				(void) pgtc_scope_add(scopes, pgtc_slice_str(scope));
		}
	}
}

Jsonb *
claims_request_within(Jsonb *request, const PgtcScope *scopes)
{
	Object within;

	if (request == NULL)
		return NULL;
	object_begin(&within);
	for (size_t t = 0; t < lengthof(targets); t++)
	{
		Jsonb *wishes = member_json(request, targets[t]);
		Object kept;
		int n;
		char **names = claims_request_names(request, targets[t], &n);

		object_begin(&kept);
		for (int i = 0; i < n; i++)
		{
			const char *scope = pgtc_claims_parameter_scope(pgtc_slice_str(names[i]));

			if (scope == NULL || pgtc_scope_has_str(scopes, scope))
				object_jsonb(&kept, names[i], member_json(wishes, names[i]));
		}
		if (n > 0)
			object_jsonb(&within, targets[t], object_end(&kept));
	}
	return object_end(&within);
}

static Jsonb *
wish_for(Jsonb *request, const char *target, const char *claim)
{
	Jsonb *wishes = request ? member_json(request, target) : NULL;

	return wishes ? member_json(wishes, claim) : NULL;
}

bool
claims_request_has(Jsonb *request, const char *target, const char *claim)
{
	return wish_for(request, target, claim) != NULL;
}

/* those named by value and values; n = 0: none that is a string */
static char **
wanted_values(Jsonb *wish, int *n)
{
	char *value = wish ? member_string(wish, "value") : NULL;
	int n_values;
	char **values = wish ? member_strings(wish, "values", &n_values) : NULL;
	char **all = palloc(sizeof(char *) * ((values ? n_values : 0) + 1));

	*n = 0;
	for (int i = 0; values && i < n_values; i++)
		all[(*n)++] = values[i];
	if (value)
		all[(*n)++] = value;
	return all;
}

bool
claims_request_takes(Jsonb *request, const char *target, const char *claim, const char *value)
{
	int n;
	char **values = wanted_values(wish_for(request, target, claim), &n);

	return n == 0 || strings_have(values, n, value);
}

char **
claims_request_acr(Jsonb *request, int *n)
{
	Jsonb *wish = wish_for(request, "id_token", "acr");

	*n = 0;
	return wish && member_bool(wish, "essential", false) ? wanted_values(wish, n) : NULL;
}
