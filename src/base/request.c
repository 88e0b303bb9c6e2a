/*
 * request.c
 *		What callers hand in besides tokens: context and claims, checked.
 */
#include "base/request.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>

#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/moment.h"
#include "base/object.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/jose/claims.h"
#include "core/jose/token.h"
#include "core/risk/request_context.h"

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

/* does the text begin like the pattern, in which 0 stands for a digit? */
static bool
begins_like(const char *text, const char *pattern)
{
	for (; *pattern; text++, pattern++)
	{
		if (*pattern == '0' ? !isdigit((unsigned char) *text) : *text != *pattern)
			return false;
	}
	return true;
}

/* of the zone at the end of a time, east of Greenwich; false: it is none */
static bool
zone_minutes(const char *zone, int *minutes)
{
	int hour = 0;
	int minute = 0;

	*minutes = 0;
	if (strcmp(zone, "Z") == 0)
		return true;
	if ((*zone != '+' && *zone != '-') || !begins_like(zone + 1, "00:00") ||
		strlen(zone) != strlen("+00:00"))
		return false;
	(void) sscanf(zone + 1, "%2d:%2d", &hour, &minute);
	*minutes = (hour * 60 + minute) * (*zone == '-' ? -1 : 1);
	return hour < 24 && minute < 60;
}

/*
 * RFC 3339 section 5.6, to microseconds since 1970; -1 for anything else.  Not
 * PostgreSQL's own reader: that one raises, and reads what DateStyle says.
 */
static int64
microseconds_of_text(const char *text)
{
	static const char pattern[] = "0000-00-00T00:00:00";
	const char *rest;
	int year = 0;
	int month = 0;
	int day = 0;
	int hour = 0;
	int minute = 0;
	int second = 0;
	int zone;
	int64 fraction = 0;
	int64 minutes;

	if (!begins_like(text, pattern))
		return -1;
	rest = text + strlen(pattern);
	(void) sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &year, &month, &day, &hour, &minute, &second);
	if (*rest == '.' && isdigit((unsigned char) rest[1]))
	{
		int64 unit = USECS_PER_SEC;

		for (rest++; isdigit((unsigned char) *rest); rest++)
		{
			unit /= 10;
			fraction += (*rest - '0') * unit;
		}
	}
	if (!zone_minutes(rest, &zone) || year < 1970 || month < 1 || month > 12 || day < 1 ||
		day > day_tab[isleap(year)][month - 1] || hour > 23 || minute > 59 || second > 60)
		return -1;
	minutes = ((int64) (date2j(year, month, day) - UNIX_EPOCH_JDATE) * 24 + hour) * 60 + minute;
	return (minutes - zone) * USECS_PER_MINUTE + second * USECS_PER_SEC + fraction;
}

/* -1: there is none, or it is no time after 1970 */
static int64
time_member(Jsonb *context, const char *name)
{
	JsonbValue value;
	double seconds;

	if (number_member(context, name, &seconds))
		return seconds >= 0 && seconds < 253402300800.0 /* the year 10000 */
				   ? (int64) (seconds * USECS_PER_SEC)
				   : -1;
	if (!context_member(context, name, &value) || value.type != jbvString)
		return -1;
	return microseconds_of_text(pnstrdup(value.val.string.val, value.val.string.len));
}

static void
require_number(Jsonb *context, const char *name, double least, double greatest)
{
	JsonbValue value;
	double number;

	if (context_member(context, name, &value) &&
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
	require_number(context, "latitude", -90, 90);
	require_number(context, "longitude", -180, 180);
	require_number(context, "risk_score", -INFINITY, INFINITY);
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
	unsigned char address[sizeof(struct in6_addr)];

	if (context == NULL)
		return object_empty();
	require_object(context, "context");
	require_known_members(context);
	ip = context_string(context, "ip");
	if (ip && inet_pton(AF_INET, ip, address) != 1 && inet_pton(AF_INET6, ip, address) != 1)
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
	if (given && (TIMESTAMP_NOT_FINITE(auth_time) || moment_unix(auth_time) < 0 ||
				  auth_time > moment_plus(GetCurrentTimestamp(), AUTH_TIME_LEEWAY)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("auth_time must be a time in the past"),
						errhint("Give the time at which the subject authenticated.")));
}
