/*
 * authorization.c
 *		SQL-callable functions of the application's login page, and of clients'
 *		keys.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/request.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/jose/jwks.h"
#include "http/client_assertion.h"
#include "operations/answer_url.h"
#include "operations/approval.h"
#include "sql/argument.h"
#include "sql/once.h"
#include "tokens/response.h"

PG_FUNCTION_INFO_V1(pgt_approve_authorization);
PG_FUNCTION_INFO_V1(pgt_authorization_request);
PG_FUNCTION_INFO_V1(pgt_consent_asked);
PG_FUNCTION_INFO_V1(pgt_consent_missing);
PG_FUNCTION_INFO_V1(pgt_deny_authorization);
PG_FUNCTION_INFO_V1(pgt_keep_client_secret);
PG_FUNCTION_INFO_V1(pgt_url_with);
PG_FUNCTION_INFO_V1(pgt_valid_jwks);

static Datum
response_row_of(FunctionCallInfo fcinfo, const AuthorizationResponse *response)
{
	const char *texts[3] = {response->redirect_uri, response->error, response->error_description};
	Datum values[3] = {0};
	bool nulls[3];

	for (int i = 0; i < 3; i++)
	{
		nulls[i] = texts[i] == NULL;
		if (texts[i])
			values[i] = CStringGetTextDatum(texts[i]);
	}
	return response_tuple(fcinfo, 3, values, nulls);
}

static Datum
approve_authorization_once(PG_FUNCTION_ARGS)
{
	Approval approval = {0};
	AuthorizationResponse response = {0};

	approval.transaction_id = argument_required_text(fcinfo, 0, "transaction_id");
	approval.auth = argument_authentication(fcinfo, 1, 3, 6);
	approval.consent = argument_text(fcinfo, 2);
	approval.context = request_context(argument_jsonb(fcinfo, 8));
	approval.details = argument_jsonb(fcinfo, 9);
	approval.lifespan = argument_lifespan(fcinfo, 10);
	approval.consent_lifetime = argument_consent_lifetime(fcinfo, 12);
	approval.page_id = argument_non_empty_text(fcinfo, 13);

	approval_give(&approval, &response);
	return response_row_of(fcinfo, &response);
}

Datum
pgt_approve_authorization(PG_FUNCTION_ARGS)
{
	return once_run(fcinfo, approve_authorization_once);
}

Datum
pgt_authorization_request(PG_FUNCTION_ARGS)
{
	Jsonb *description = PG_ARGISNULL(0) ? NULL : approval_describe(argument_text(fcinfo, 0));

	if (description == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(description);
}

Datum
pgt_consent_asked(PG_FUNCTION_ARGS)
{
	Jsonb *asked = approval_asked(argument_required_text(fcinfo, 0, "transaction_id"),
								  argument_subject(fcinfo, 1));

	if (asked == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(asked);
}

Datum
pgt_consent_missing(PG_FUNCTION_ARGS)
{
	char *missing = approval_missing_consent(argument_required_text(fcinfo, 0, "transaction_id"),
											 argument_subject(fcinfo, 1));

	if (missing == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(missing));
}

static Datum
deny_authorization_once(PG_FUNCTION_ARGS)
{
	AuthorizationResponse response = {0};

	approval_deny(argument_required_text(fcinfo, 0, "transaction_id"),
				  argument_required_text(fcinfo, 1, "error"), argument_non_empty_text(fcinfo, 2),
				  &response);
	return response_row_of(fcinfo, &response);
}

Datum
pgt_deny_authorization(PG_FUNCTION_ARGS)
{
	return once_run(fcinfo, deny_authorization_once);
}

Datum
pgt_keep_client_secret(PG_FUNCTION_ARGS)
{
	client_assertion_keep_secret(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_UUID_P(1),
								 text_to_cstring(PG_GETARG_TEXT_PP(2)));
	PG_RETURN_VOID();
}

Datum
pgt_url_with(PG_FUNCTION_ARGS)
{
	char *url = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int n_names;
	int n_given;
	char **names = argument_texts(fcinfo, 1, "names", 0, &n_names);
	char **given = argument_texts(fcinfo, 2, "given", 0, &n_given);

	for (int i = 0; i < Min(n_names, n_given); i++)
	{
		if (given[i][0])
			url = answer_url_with(url, names[i], given[i]);
	}
	PG_RETURN_TEXT_P(cstring_to_text(url));
}

Datum
pgt_valid_jwks(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(pgtc_jwks_check(strings_slice(PG_GETARG_TEXT_PP(0))) == PGTC_OK);
}
