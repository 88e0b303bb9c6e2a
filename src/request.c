/*
 * request.c
 *		What callers hand in besides tokens: context and claims, checked.
 */
#include "request.h"

#include <arpa/inet.h>

#include "utils/timestamp.h"

#include "core/claims.h"
#include "glue.h"

#define AUTH_TIME_LEEWAY 60 /* seconds by which the application's clock may be ahead */

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
	if (VARSIZE(json) > REQUEST_JSON_MAX || printed_len(json) > REQUEST_JSON_MAX)
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

Jsonb *
request_context(Jsonb *context)
{
	char *ip;
	unsigned char address[sizeof(struct in6_addr)];

	if (context == NULL)
		return pgt_empty_jsonb();
	require_object(context, "context");
	context_string(context, "session_id");
	context_string(context, "user_agent");
	ip = context_string(context, "ip");
	if (ip && inet_pton(AF_INET, ip, address) != 1 && inet_pton(AF_INET6, ip, address) != 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("context member \"ip\" must be an IPv4 or IPv6 address"),
						errhint("Give one address without port and without netmask.")));
	return context;
}

/* jsonb holds numbers of any size, readers of JWTs do not, ours included */
static void
require_readable(Jsonb *claims)
{
	PgtcCode code;

	pgt_claims_read(pgtc_slice_str(JsonbToCString(NULL, &claims->root, VARSIZE(claims))), &code);
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
		return pgt_empty_jsonb();
	require_object(claims, "claims");
	it = JsonbIteratorInit(&claims->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY &&
			pgtc_claim_reserved(pgtc_slice(value.val.string.val, value.val.string.len)))
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
	bool printable = true;

	if (request_subject_is_client(subject))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a user's subject must not begin with \"%s\"", CLIENT_SUBJECT_PREFIX),
				 errdetail("Such subjects stand for clients.")));
	for (size_t i = 0; i < len; i++)
		printable = printable && subject[i] >= 0x20 && subject[i] <= 0x7e;
	if (len < 1 || len > SUBJECT_MAX || !printable)
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
	for (const char *c = value; *c; c++)
	{
		if ((unsigned char) *c < 0x20 || *c == 0x7f)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("%s must not contain control characters", argument)));
	}
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
request_auth_time(bool given, TimestampTz auth_time)
{
	if (given && (TIMESTAMP_NOT_FINITE(auth_time) || pgt_unix_seconds(auth_time) < 0 ||
				  auth_time > pgt_plus_seconds(GetCurrentTimestamp(), AUTH_TIME_LEEWAY)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("auth_time must be a time in the past"),
						errhint("Give the time at which the subject authenticated.")));
}
