/*
 * argument.c
 *		Unpacking the arguments of SQL-callable functions.
 */
#include "sql/argument.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/lifetime.h"
#include "base/request.h"
#include "base/shard.h"
#include "base/strings.h"
#include "core/base/placement.h"

char *
argument_text(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

char *
argument_non_empty_text(FunctionCallInfo fcinfo, int arg)
{
	char *value = argument_text(fcinfo, arg);

	return value && value[0] ? value : NULL;
}

char *
argument_required_text(FunctionCallInfo fcinfo, int arg, const char *name)
{
	glue_require(!PG_ARGISNULL(arg), name);
	return text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

char *
argument_subject(FunctionCallInfo fcinfo, int arg)
{
	char *subject = argument_required_text(fcinfo, arg, "subject");

	shard_require_subject(subject);
	return subject;
}

char **
argument_texts(FunctionCallInfo fcinfo, int arg, const char *name, int if_null, int *n)
{
	*n = if_null;
	return PG_ARGISNULL(arg) ? NULL : strings_of_array(PG_GETARG_ARRAYTYPE_P(arg), name, n);
}

int
argument_seconds(FunctionCallInfo fcinfo, int arg, const char *name)
{
	int seconds;

	if (PG_ARGISNULL(arg))
		return -1;
	seconds = lifetime_of_interval(PG_GETARG_INTERVAL_P(arg));
	if (seconds < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must not be negative", name)));
	return seconds;
}

int
argument_consent_lifetime(FunctionCallInfo fcinfo, int arg)
{
	int seconds = argument_seconds(fcinfo, arg, "consent_lifetime");

	if (!PG_ARGISNULL(arg) && (seconds < SECS_PER_MINUTE || seconds > 3653 * SECS_PER_DAY))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("consent_lifetime must be between 1 minute and 10 years")));
	return seconds;
}

/* less than a second is one: it is still to come, and seconds are what is counted */
static int
argument_positive_seconds(FunctionCallInfo fcinfo, int arg, const char *name)
{
	const Interval *interval;
	int seconds;

	if (PG_ARGISNULL(arg))
		return -1;
	interval = PG_GETARG_INTERVAL_P(arg);
	seconds = lifetime_of_interval(interval);
	if (seconds == 0 && interval->time > 0 && interval->time < USECS_PER_SEC)
		seconds = 1;
	if (seconds <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be positive", name),
				 errhint("NULL is as long as the client's settings allow.")));
	return seconds;
}

Lifespan
argument_lifespan(FunctionCallInfo fcinfo, int lifetime)
{
	int seconds = argument_positive_seconds(fcinfo, lifetime, "lifetime");
	int idle_seconds = argument_positive_seconds(fcinfo, lifetime + 1, "idle_lifetime");

	return lifespan_begin(seconds, idle_seconds);
}

uint32
argument_shards(FunctionCallInfo fcinfo, int arg)
{
	int32 shards;

	glue_require(!PG_ARGISNULL(arg), "shards");
	shards = PG_GETARG_INT32(arg);
	if (shards < 1 || shards > PGTC_PLACEMENTS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("shards must be from 1 to %d", PGTC_PLACEMENTS),
						errdetail("It is %d.", shards)));
	return (uint32) shards;
}

Jsonb *
argument_jsonb(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : PG_GETARG_JSONB_P(arg);
}

Authentication
argument_authentication(FunctionCallInfo fcinfo, int subject, int auth_time, int session_id)
{
	Authentication auth = {.subject = argument_subject(fcinfo, subject),
						   .session_id = argument_non_empty_text(fcinfo, session_id),
						   .auth_time = PG_ARGISNULL(auth_time) ? AUTHENTICATED_NOW
																: PG_GETARG_TIMESTAMPTZ(auth_time),
						   .acr = argument_non_empty_text(fcinfo, auth_time + 1),
						   .claims = request_claims(argument_jsonb(fcinfo, session_id + 1))};

	auth.amr = argument_texts(fcinfo, auth_time + 2, "amr", -1, &auth.n_amr);
	if (!PG_ARGISNULL(auth_time))
		request_auth_time(auth.auth_time);
	authentication_check(&auth);
	return auth;
}
