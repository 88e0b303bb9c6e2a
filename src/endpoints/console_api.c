/*
 * console_api.c
 *		Use case: the console calls one of its functions.
 *
 * Is the token one of the console's own, by the code flow, bound to a key that is proved?
 * -> is its subject an operator, now? -> has he proved a factor of his list in this
 * family, and for a change lately? -> may one of his roles execute the function?
 *
 * Who runs the login page can sign in as anybody, and exchange the code himself: so all
 * that the token says is worth nothing here without the proof of a factor that he cannot
 * touch.
 */
#include "endpoints/console_api.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/guc.h"
#include "base/member.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/oauth/scope.h"
#include "endpoints/access_request.h"
#include "http/http_body.h"
#include "http/http_context.h"
#include "operations/console_call.h"
#include "tables/factor_type.h"
#include "tables/grant.h"
#include "tables/grant_type.h"

/* for this console and nothing else, and nobody acts for the operator */
static PgtErr
check_claims(const HttpExchange *x, const Console *console, Jsonb *claims)
{
	char *issuer = member_string(claims, "iss");
	char *audience = member_string(claims, "aud");
	char *client_id = member_string(claims, "client_id");

	if (strcmp(issuer, x->issuer->issuer) != 0)
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "iss", issuer, x->issuer->issuer);
	if (audience == NULL || strcmp(audience, console->resource) != 0)
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "aud",
					   audience ? audience : "several audiences", console->resource);
	if (client_id == NULL || strcmp(client_id, console->client_id) != 0)
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "client_id", client_id, console->client_id);
	if (member_json(claims, "act"))
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "act", "somebody acts for the subject", NULL);
	return PGT_OK;
}

/* a proof of its key: who finds or copies a token has none */
static PgtErr
check_token(HttpExchange *x, const AccessRequest *access, const Console *console, Jsonb **claims)
{
	PgtErr err;

	if (access->token == NULL)
		return PGT_ERR_ACCESS_TOKEN_MISSING;
	if (strcmp(access->scheme, "DPoP") != 0)
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "Authorization", access->scheme, "DPoP");
	err = access_request_check(x, access, x->request->method, psprintf("%s%s", x->url, x->name),
							   console->resource, claims);
	return err == PGT_OK ? check_claims(x, console, *claims) : err;
}

/* what the family says, which its tokens only repeat */
static PgtErr
find_family(Jsonb *claims, ConsoleCall *call)
{
	const Grant *grant;

	glue_check(
		pgtc_uuid_parse(pgtc_slice_str(member_string(claims, "grant_id")), call->grant_id.data),
		"reading a grant_id");
	grant = grant_read_latest(&call->grant_id);
	if (grant == NULL || grant->revoked || grant->act ||
		strcmp(grant->client_id, call->console->client_id) != 0 ||
		strcmp(grant->grant_type, grant_type_name(GRANT_TYPE_AUTHORIZATION_CODE)) != 0)
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "grant_id", NULL,
					   "a family of the console's client, by the code flow");
	call->subject = grant->auth.subject;
	return PGT_OK;
}

/* what the token has, and the operator's row still stands for */
static PgtErr
find_accesses(Jsonb *claims, ConsoleCall *call)
{
	char *scope = member_string(claims, "scope");
	bool any = false;
	PgtcScope list;

	call->by = console_operator(call->issuer, call->console, call->subject, &call->grant_id);
	if (call->by && scope && pgtc_scope_parse(pgtc_slice_str(scope), &list) == PGTC_OK)
	{
		for (int i = 0; i < CONSOLE_ACCESSES; i++)
		{
			call->accesses[i] = pgtc_scope_has_str(&list, console_scope(i)) &&
								console_access_includes(call->by->access, (ConsoleAccess) i);
			any = any || call->accesses[i];
		}
	}
	if (any)
		return PGT_OK;
	return refused(PGT_ERR_ACCESS_TOKEN_SCOPE, "scope", scope,
				   call->by ? console_scope(call->by->access) : "an operator of the console");
}

static bool
is_proved(const ConsoleCall *call)
{
	TimestampTz proved_at = call->by->proved_at;

	if (TIMESTAMP_IS_NOBEGIN(proved_at))
		return false;
	return call->function == NULL || !call->function->changes ||
		   GetCurrentTimestamp() < moment_plus(proved_at, guc_console_proof_age);
}

static PgtErr
judge(HttpExchange *x, const AccessRequest *access, ConsoleCall *call)
{
	Jsonb *claims;
	PgtErr err = check_token(x, access, call->console, &claims);

	if (err == PGT_OK)
		err = find_family(claims, call);
	if (err == PGT_OK)
		err = find_accesses(claims, call);
	if (err != PGT_OK)
		return err;
	call->function = console_function(call->name);
	/* which functions there are is told to nobody before */
	if (!is_proved(call))
		return PGT_ERR_CONSOLE_PROOF;
	if (call->function == NULL)
		return PGT_ERR_NOT_FOUND;
	return console_call_allow(call) ? PGT_OK : PGT_ERR_CONSOLE_FUNCTION;
}

/* the classes of the factors that count, each once */
static char *
acr_values(const HttpExchange *x, const ConsoleOperator *by)
{
	StringInfoData text;
	char **seen = palloc(sizeof(char *) * Max(by->n_factor_types, 1));
	int n = 0;

	initStringInfo(&text);
	for (int i = 0; i < by->n_factor_types; i++)
	{
		const char *acr = factor_type_acr(
			x->issuer, (FactorType) strings_find(factor_type_name, by->factor_types[i]));

		if (strings_have(seen, n, acr))
			continue;
		seen[n++] = unconstify(char *, acr);
		appendStringInfo(&text, "%s%s", n > 1 ? " " : "", acr);
	}
	return text.data;
}

/* RFC 9470 section 3 */
static Jsonb *
ask_for_proof(HttpExchange *x, const ConsoleOperator *by)
{
	char *acr = acr_values(x, by);
	HttpField *challenge;
	Object body;

	http_challenge(x, "DPoP", PGT_ERR_CONSOLE_PROOF, NULL);
	challenge = &x->answer[x->n_answer - 1];
	/* who has no factor of the console can do nothing about it, but for pgtoken_admin */
	if (acr[0])
		challenge->value = psprintf("%s, acr_values=\"%s\", max_age=\"0\"", challenge->value, acr);
	object_begin(&body);
	object_string(&body, "error", errors_info(PGT_ERR_CONSOLE_PROOF)->error);
	object_string(&body, "error_description", errors_info(PGT_ERR_CONSOLE_PROOF)->description);
	object_strings(&body, "factor_ids", by->factor_ids, by->n_factor_ids);
	return object_end(&body);
}

static Jsonb *
refuse(HttpExchange *x, const AccessRequest *access, const ConsoleCall *call, PgtErr err)
{
	int status = errors_info(err)->http_status;
	Object body;

	if (err == PGT_ERR_CONSOLE_PROOF)
		return ask_for_proof(x, call->by);
	if (status != 401 && status != 403)
		return http_error(x, err);
	http_challenge(x, access->scheme, err, NULL);
	object_begin(&body);
	object_string(&body, "error", errors_info(err)->error);
	object_string(&body, "error_description", refused_description(err));
	return object_end(&body);
}

/* in the function's own words */
static Jsonb *
tell_error(HttpExchange *x, const ErrorData *error)
{
	bool forbidden = error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE;
	Object body;

	x->status = forbidden ? 403 : 400;
	object_begin(&body);
	object_string(&body, "error", forbidden ? "insufficient_scope" : "invalid_request");
	object_string(&body, "error_description", error->message);
	object_string(&body, "detail", error->detail);
	object_string(&body, "hint", error->hint);
	object_string(&body, "sqlstate", unpack_sql_state(error->sqlerrcode));
	return object_end(&body);
}

Jsonb *
console_api(HttpExchange *x)
{
	AccessRequest access = access_request_read(x);
	ConsoleCall call = {
		.issuer = x->issuer->issuer, .console = console_find(x->issuer->issuer), .name = x->name};
	ErrorData *error;
	Jsonb *arguments = NULL;
	Jsonb *answer;
	PgtErr err = call.console ? judge(x, &access, &call) : PGT_ERR_NOT_FOUND;

	x->client_id = call.console ? call.console->client_id : NULL;
	if (err == PGT_OK)
		err = http_body_json(x, &arguments);
	if (err == PGT_ERR_REGISTRATION_BODY)
		err = PGT_ERR_REQUEST_MALFORMED;
	if (err != PGT_OK)
		return refuse(x, &access, &call, err);
	call.context = http_context(x);
	answer = console_call_run(&call, arguments, &error);
	return error ? tell_error(x, error) : answer;
}
