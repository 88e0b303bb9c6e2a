/*
 * known_values.c
 *		SQL-callable: what the C tables know, for CHECK constraints, messages and
 *		metadata, so that no list stands in SQL a second time.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/strings.h"
#include "core/base/slice.h"
#include "core/jose/alg.h"
#include "endpoints/authorization_parameters.h"
#include "http/http.h"
#include "operations/answer.h"
#include "tables/client.h"
#include "tables/document.h"
#include "tables/factor_type.h"
#include "tables/grant_type.h"
#include "tokens/target.h"

PG_FUNCTION_INFO_V1(pgt_known_values);

/* what keys of ours sign by */
static const char *
signing_alg(int n)
{
	const PgtcAlg *nth = pgtc_alg_nth(n);

	return nth ? nth->name : NULL;
}

static const char *
assertion_alg(int n)
{
	return pgtc_alg_nth_name(n, true);
}

/* what may be used where FAPI 2.0 rules, under each of its names */
static const char *
fapi_alg(int n)
{
	const char *name;

	for (int i = 0; (name = pgtc_alg_nth_name(i, false)) != NULL; i++)
	{
		if (pgtc_alg_by_any_name(pgtc_slice_str(name))->fapi && n-- == 0)
			return name;
	}
	return NULL;
}

static const struct
{
	const char *name;
	StringsNth values;
	const char *only; /* where there is but one */
} lists[] = {
	{"account_scope", .only = TARGET_SESSIONS_SCOPE},
	{"alg", .values = signing_alg},
	{"certificate name", .values = client_san_member},
	{"code_challenge_method", .only = CODE_CHALLENGE_METHOD},
	{"document kind", .values = document_kind_name},
	{"dpop_signing_alg", .values = http_proof_alg},
	{"fapi alg", .values = fapi_alg},
	{"factor type", .values = factor_type_name},
	{"grant_types", .values = grant_type_name},
	{"profile", .values = client_profile_name},
	{"prompt", .values = authorization_parameters_prompt},
	{"protocol_scope", .values = target_protocol_scope},
	{"request_object_signing_alg", .values = http_proof_alg},
	{"response_mode", .values = answer_mode},
	{"response_type", .only = RESPONSE_TYPE},
	{"token_endpoint_auth_method", .values = client_auth_method_name},
	{"token_endpoint_auth_signing_alg", .values = assertion_alg},
};

static const char *
value_of(int list, int n)
{
	if (lists[list].values)
		return lists[list].values(n);
	return n == 0 ? lists[list].only : NULL;
}

static const char *
list_name(int n)
{
	return n < (int) lengthof(lists) ? lists[n].name : NULL;
}

Datum
pgt_known_values(PG_FUNCTION_ARGS)
{
	int n = strings_find(list_name, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	ArrayBuildState *array = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	const char *value;

	if (n < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown list of values"),
						errhint("One of %s.", strings_joined(list_name, ", "))));
	for (int i = 0; (value = value_of(n, i)) != NULL; i++)
		accumArrayResult(array, CStringGetTextDatum(value), false, TEXTOID, CurrentMemoryContext);
	PG_RETURN_DATUM(makeArrayResult(array, CurrentMemoryContext));
}
