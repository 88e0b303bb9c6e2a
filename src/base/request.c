/*
 * request.c
 *		What callers hand in besides tokens: context and claims, checked.
 */
#include "base/request.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/moment.h"
#include "base/object.h"
#include "core/base/address.h"
#include "core/base/code.h"
#include "core/base/rfc3339.h"
#include "core/base/slice.h"
#include "core/base/text.h"
#include "core/jose/claims.h"
#include "core/jose/token.h"
#include "core/risk/context_value.h"
#include "core/risk/request_context.h"

#define AUTH_TIME_LEEWAY 60 /* seconds by which the application's clock may be ahead */

/*
 * Are there only strings, booleans and nulls, not nested, and so few bytes that it cannot
 * print as too many?  A byte of a string prints as six at most (\u0001).
 */
static bool
is_small(const Jsonb *json)
{
	const JsonbContainer *root = &json->root;
	uint32 entries = JsonContainerSize(root) * 2; /* names and values */

	if (VARSIZE(json) * 6 + entries * 4 > REQUEST_JSON_MAX)
		return false;
	for (uint32 i = 0; i < entries; i++)
	{
		if (JBE_ISNUMERIC(root->children[i]) || JBE_ISCONTAINER(root->children[i]))
			return false;
	}
	return true;
}

static size_t
printed_len(Jsonb *json)
{
	StringInfoData text;

	initStringInfo(&text);
	JsonbToCString(&text, &json->root, VARSIZE(json));
	return text.len;
}

static void
require_object(Jsonb *json, const char *argument)
{
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be a JSON object", argument)));
	/* both: a few bytes of numeric can print as thousands of digits */
	if (!is_small(json) &&
		(VARSIZE(json) > REQUEST_JSON_MAX || printed_len(json) > REQUEST_JSON_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s is too large", argument),
				 errdetail("At most %d bytes are stored with each token.", REQUEST_JSON_MAX)));
}

/* NULL when absent; ereport when not a string */
static char *
context_string(Jsonb *context, const char *name)
{
	JsonbValue value;

	if (getKeyJsonValueFromContainer(&context->root, name, strlen(name), &value) == NULL)
		return NULL;
	if (value.type != jbvString || value.val.string.len > CONTEXT_STRING_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("context member \"%s\" must be a string of at most %d bytes", name,
							   CONTEXT_STRING_MAX)));
	return pnstrdup(value.val.string.val, value.val.string.len);
}

static bool
context_member(Jsonb *context, const char *name, JsonbValue *value)
{
	return JB_ROOT_IS_OBJECT(context) &&
		   getKeyJsonValueFromContainer(&context->root, name, strlen(name), value) != NULL;
}

/* false: there is none, or it is no number that a double holds */
static bool
number_member(Jsonb *context, const char *name, double *number)
{
	JsonbValue value;

	if (!context_member(context, name, &value) || value.type != jbvNumeric)
		return false;
	*number = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value.val.numeric)));
	return isfinite(*number);
}

/* -1: there is none, or it is no time after 1970 */
static int64
time_member(Jsonb *context, const char *name)
{
	JsonbValue value;
	double seconds;
	int64_t time;

	if (number_member(context, name, &seconds))
		return seconds >= 0 && seconds < 253402300800.0 /* the year 10000 */
				   ? (int64) (seconds * USECS_PER_SEC)
				   : -1;
	if (!context_member(context, name, &value) || value.type != jbvString)
		return -1;
	(void) pgtc_rfc3339_parse(pgtc_slice(value.val.string.val, value.val.string.len), &time);
	return time;
}

static void
require_number(Jsonb *context, const char *name)
{
	JsonbValue value;
	double number;
	double least;
	double greatest;

	if (context_member(context, name, &value) &&
		pgtc_context_value_range(name, &least, &greatest) &&
		(!number_member(context, name, &number) || number < least || number > greatest))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 isinf(least) ? errmsg("context member \"%s\" must be a number", name)
							  : errmsg("context member \"%s\" must be a number from %g to %g", name,
									   least, greatest)));
}

static void
require_known_members(Jsonb *context)
{
	JsonbValue value;

	context_string(context, "session_id");
	context_string(context, "device_id");
	context_string(context, "user_agent");
	require_number(context, "latitude");
	require_number(context, "longitude");
	require_number(context, "risk_score");
	if (context_member(context, "latitude", &value) != context_member(context, "longitude", &value))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("context has only one of \"latitude\" and \"longitude\""),
						errhint("Give both, in degrees, or none.")));
	if (context_member(context, "collected_at", &value) && time_member(context, "collected_at") < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("context member \"collected_at\" must be a time"),
				 errhint("Give seconds since 1970, or a string like 2026-03-01T12:00:00Z.")));
}

Jsonb *
request_context(Jsonb *context)
{
	char *ip;
	PgtcAddress address;

	if (context == NULL)
		return object_empty();
	require_object(context, "context");
	require_known_members(context);
	ip = context_string(context, "ip");
	if (ip && pgtc_address_parse(pgtc_slice_str(ip), &address) != PGTC_OK)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("context member \"ip\" must be an IPv4 or IPv6 address"),
						errhint("Give one address without port and without netmask.")));
	return context;
}

static PgtcSlice
slice_member(Jsonb *context, const char *name)
{
	JsonbValue value;

	if (!context_member(context, name, &value) || value.type != jbvString)
		return pgtc_slice(NULL, 0);
	return pgtc_slice_str(pnstrdup(value.val.string.val, value.val.string.len));
}

void
request_context_facts(Jsonb *context, PgtcRequestContext *out)
{
	memset(out, 0, sizeof(*out));
	if (context == NULL)
		context = object_empty();
	out->session_id = slice_member(context, "session_id");
	out->device_id = slice_member(context, "device_id");
	out->user_agent = slice_member(context, "user_agent");
	out->ip = slice_member(context, "ip");
	out->has_location = number_member(context, "latitude", &out->latitude) &&
						number_member(context, "longitude", &out->longitude);
	out->has_risk_score = number_member(context, "risk_score", &out->risk_score);
	out->collected_at = time_member(context, "collected_at");
}

/* jsonb holds numbers of any size, readers of JWTs do not, ours included */
static void
require_readable(Jsonb *claims)
{
	PgtcCode code;

	glue_claims_read(pgtc_slice_str(object_text(claims)), &code);
	if (code != PGTC_OK)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("claims hold a value that a JWT cannot carry"),
						errhint("Integers must fit 64 bits and other numbers a double; give larger "
								"ones as strings.")));
}

Jsonb *
request_claims(Jsonb *claims)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;

	if (claims == NULL)
		return object_empty();
	require_object(claims, "claims");
	it = JsonbIteratorInit(&claims->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY &&
			pgtc_token_claim_reserved(pgtc_slice(value.val.string.val, value.val.string.len)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("claim \"%s\" cannot be set by the application",
							pnstrdup(value.val.string.val, value.val.string.len)),
					 errdetail("Its meaning is registered, and the token service gives its value."),
					 errhint("Use another name, or the argument of issue_tokens that sets it.")));
	}
	require_readable(claims);
	return claims;
}

void
request_subject(const char *subject)
{
	size_t len = strlen(subject);

	if (request_subject_is_client(subject))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a user's subject must not begin with \"%s\"", CLIENT_SUBJECT_PREFIX),
				 errdetail("Such subjects stand for clients.")));
	if (len < 1 || len > SUBJECT_MAX || !pgtc_text_printable(pgtc_slice_str(subject)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("subject must have 1 to %d printable ASCII characters", SUBJECT_MAX),
				 errhint("Use a stable identifier of the user, not a name (OpenID Connect Core "
						 "section 2).")));
}

bool
request_subject_is_client(const char *subject)
{
	return strncmp(subject, CLIENT_SUBJECT_PREFIX, strlen(CLIENT_SUBJECT_PREFIX)) == 0;
}

void
request_string(const char *value, const char *argument)
{
	if (value == NULL)
		return;
	if (strlen(value) > REQUEST_STRING_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must have at most %d bytes", argument, REQUEST_STRING_MAX)));
	if (!pgtc_text_plain(pgtc_slice_str(value)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must not contain control characters", argument)));
}

void
request_strings(char *const *values, int n, const char *argument)
{
	if (n > PGTC_AMR_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must have at most %d elements", argument, PGTC_AMR_MAX)));
	for (int i = 0; i < n; i++)
		request_string(values[i], argument);
}

void
request_auth_time(TimestampTz auth_time)
{
	if (TIMESTAMP_NOT_FINITE(auth_time) || moment_unix(auth_time) < 0 ||
		auth_time > moment_plus(GetCurrentTimestamp(), AUTH_TIME_LEEWAY))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("auth_time must be a time in the past"),
						errhint("Give the time at which the subject authenticated.")));
}
