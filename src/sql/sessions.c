/*
 * sessions.c
 *		SQL-callable functions of the application's device and logout pages, of what
 *		one shard hands over to another, and of requests to APIs.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/place.h"
#include "base/request.h"
#include "base/session_lock.h"
#include "base/shard.h"
#include "base/strings.h"
#include "endpoints/access_request.h"
#include "http/http.h"
#include "operations/device_approval.h"
#include "operations/hand_over.h"
#include "operations/logout.h"
#include "sql/argument.h"
#include "tables/client.h"
#include "tables/subject_sessions.h"

PG_FUNCTION_INFO_V1(pgt_approve_device);
PG_FUNCTION_INFO_V1(pgt_check_request);
PG_FUNCTION_INFO_V1(pgt_complete_logout);
PG_FUNCTION_INFO_V1(pgt_deny_device);
PG_FUNCTION_INFO_V1(pgt_device_consent_asked);
PG_FUNCTION_INFO_V1(pgt_device_request);
PG_FUNCTION_INFO_V1(pgt_hand_over_authorization);
PG_FUNCTION_INFO_V1(pgt_hand_over_device);
PG_FUNCTION_INFO_V1(pgt_lock_session);
PG_FUNCTION_INFO_V1(pgt_client_session_id);
PG_FUNCTION_INFO_V1(pgt_logout_token);
PG_FUNCTION_INFO_V1(pgt_new_session_id);

/* what of a key is told apart: at most REQUEST_STRING_MAX bytes */
static char *
attempt_key(FunctionCallInfo fcinfo, int arg)
{
	char *key = argument_required_text(fcinfo, arg, "attempt_key");

	request_string(key, "attempt_key");
	return key;
}

static Datum
text_or_null(FunctionCallInfo fcinfo, const char *string)
{
	if (string == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(string));
}

Datum
pgt_approve_device(PG_FUNCTION_ARGS)
{
	DeviceApproval approval = {.user_code = argument_required_text(fcinfo, 0, "user_code"),
							   .attempt_key = attempt_key(fcinfo, 1),
							   /* an empty one is none of them, not all */
							   .scope = argument_text(fcinfo, 3),
							   .lifespan = argument_lifespan(fcinfo, 10),
							   .consent_lifetime = argument_consent_lifetime(fcinfo, 12),
							   .page_id = argument_non_empty_text(fcinfo, 13)};
	Authentication auth = argument_authentication(fcinfo, 2, 4, 7);

	auth.details = argument_jsonb(fcinfo, 9);
	return text_or_null(fcinfo, device_approval_give(&approval, &auth));
}

Datum
pgt_check_request(PG_FUNCTION_ARGS)
{
	Jsonb *claims = access_request_require();
	Jsonb *copy;

	if (claims == NULL)
		PG_RETURN_NULL();
	copy = palloc(VARSIZE(claims)); /* the original is the cache's */
	memcpy(copy, claims, VARSIZE(claims));
	PG_RETURN_JSONB_P(copy);
}

Datum
pgt_complete_logout(PG_FUNCTION_ARGS)
{
	char *transaction_id = argument_text(fcinfo, 0);
	char *subject = argument_text(fcinfo, 1);
	char *session_id = argument_text(fcinfo, 2);

	request_string(subject, "subject");
	request_string(session_id, "session_id");
	/* the request lies with its client: whose session it was is for the subject's shard to know */
	if (subject && !shard_is_here(place_of_subject(subject)))
		subject = session_id = NULL;
	return text_or_null(
		fcinfo, transaction_id ? logout_complete(transaction_id, subject, session_id) : NULL);
}

Datum
pgt_deny_device(PG_FUNCTION_ARGS)
{
	return text_or_null(fcinfo, device_approval_deny(argument_required_text(fcinfo, 0, "user_code"),
													 attempt_key(fcinfo, 1)));
}

Datum
pgt_device_consent_asked(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(device_approval_asked(argument_required_text(fcinfo, 0, "user_code"),
											attempt_key(fcinfo, 1), argument_subject(fcinfo, 2)));
}

Datum
pgt_device_request(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(device_approval_describe(argument_required_text(fcinfo, 0, "user_code"),
											   attempt_key(fcinfo, 1)));
}

/* whether it is spent comes after the subject */
static bool
spends(FunctionCallInfo fcinfo, int subject)
{
	glue_require(!PG_ARGISNULL(subject + 1), "spend");
	return PG_GETARG_BOOL(subject + 1);
}

static char *
subject_argument(FunctionCallInfo fcinfo, int arg)
{
	char *subject = argument_required_text(fcinfo, arg, "subject");

	request_subject(subject);
	return subject;
}

Datum
pgt_hand_over_authorization(PG_FUNCTION_ARGS)
{
	return text_or_null(fcinfo,
						hand_over_authorization(argument_required_text(fcinfo, 0, "transaction_id"),
												subject_argument(fcinfo, 1), spends(fcinfo, 1)));
}

Datum
pgt_hand_over_device(PG_FUNCTION_ARGS)
{
	return text_or_null(fcinfo,
						device_approval_hand_over(argument_required_text(fcinfo, 0, "user_code"),
												  attempt_key(fcinfo, 1),
												  subject_argument(fcinfo, 2), spends(fcinfo, 2)));
}

Datum
pgt_client_session_id(PG_FUNCTION_ARGS)
{
	const Client *client;
	char *session_id = argument_required_text(fcinfo, 1, "session_id");

	cache_begin();
	client = client_find(argument_required_text(fcinfo, 0, "client_id"));
	return text_or_null(fcinfo, client ? client_session_id(client, session_id) : NULL);
}

Datum
pgt_logout_token(PG_FUNCTION_ARGS)
{
	return text_or_null(fcinfo, logout_token(argument_required_text(fcinfo, 0, "client_id"),
											 argument_required_text(fcinfo, 1, "subject"),
											 argument_non_empty_text(fcinfo, 2)));
}

Datum
pgt_lock_session(PG_FUNCTION_ARGS)
{
	char *issuer = argument_required_text(fcinfo, 0, "issuer");
	char *subject = argument_text(fcinfo, 1);

	session_lock_end(issuer, subject, argument_text(fcinfo, 2));
	/* who has been waited for would be missed, and go on */
	if (subject)
		subject_sessions_check_snapshot(subject);
	PG_RETURN_VOID();
}

Datum
pgt_new_session_id(PG_FUNCTION_ARGS)
{
	char *subject = argument_required_text(fcinfo, 0, "subject");
	pg_uuid_t session_id;

	request_subject(subject);
	place_uuid(place_of_subject(subject), &session_id);
	PG_RETURN_TEXT_P(cstring_to_text(strings_of_uuid(&session_id)));
}
