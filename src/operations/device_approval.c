/*
 * device_approval.c
 *		Use case: the user types the code that his device shows, and the
 *		application answers for him.
 */
#include "operations/device_approval.h"

#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/session_lock.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/oauth/scope.h"
#include "core/oauth/user_code.h"
#include "operations/consent.h"
#include "operations/session_limit.h"
#include "tables/account.h"
#include "tables/audit.h"
#include "tables/client.h"
#include "tables/not_before.h"
#include "tables/subject_block.h"
#include "tokens/authorization_details.h"

/* RFC 8628 section 5.1: 34.5 bits, ten guesses in ten minutes */
#define ATTEMPTS_MAX 10
#define ATTEMPTS_WINDOW (10 * 60) /* seconds */

static StoreQuery user_code_attempt_query = STORE_QUERY(
	"user code attempt", STORE_WRITES,
	"INSERT INTO pgtoken.user_code_attempts AS a (attempt_key, attempts, window_start) "
	"VALUES ($1, 1, $2) ON CONFLICT (attempt_key) DO UPDATE SET "
	"attempts = CASE WHEN a.window_start OPERATOR(pg_catalog.>) $3 "
	"THEN LEAST(a.attempts OPERATOR(pg_catalog.+) 1, $4) ELSE 1 END, "
	"window_start = CASE WHEN a.window_start OPERATOR(pg_catalog.>) $3 THEN a.window_start "
	"ELSE $2 END RETURNING a.attempts");

/*
 * Counted before the code is looked at, and the row stays locked until the
 * transaction ends: of many guesses that come at once, each waits for the one
 * before.
 */
static bool
attempt_allowed(const char *attempt_key)
{
	TimestampTz now = GetCurrentTimestamp();
	StoreArgs args = {0};
	Object context;
	int attempts = 0;

	store_arg_text(&args, attempt_key);
	store_arg_time(&args, now);
	store_arg_time(&args, moment_plus(now, -ATTEMPTS_WINDOW));
	store_arg_int(&args, ATTEMPTS_MAX + 2);
	store_run(&user_code_attempt_query, &args, store_read_int, &attempts);
	if (attempts == ATTEMPTS_MAX + 1) /* once in a window */
	{
		object_begin(&context); /* it may be an address */
		object_string(&context, "attempt_key", attempt_key);
		audit_write(&(AuditEvent){.event = "device.refused",
								  .reason = "too_many_attempts",
								  .context = object_end(&context)});
	}
	return attempts <= ATTEMPTS_MAX;
}

static StoreQuery user_code_forgive_query = STORE_QUERY(
	"user code forgive", STORE_WRITES,
	"UPDATE pgtoken.user_code_attempts a SET attempts = a.attempts OPERATOR(pg_catalog.-) 1 "
	"WHERE a.attempt_key" EQ "$1 AND a.attempts OPERATOR(pg_catalog.>) 0");

/* a right code does not count, and does not make up for wrong ones */
static void
forgive_attempt(const char *attempt_key)
{
	StoreArgs args = {0};

	store_arg_text(&args, attempt_key);
	store_run(&user_code_forgive_query, &args, NULL, NULL);
}

/*
 * The pending request that the code names, to be handed over for this subject unless that
 * is NULL; NULL, and *error says why
 */
static DeviceCode *
find_typed(const char *user_code, const char *attempt_key, const char *to, const char **error)
{
	char code[PGTC_USER_CODE_LEN + 1];
	DeviceCode *device = NULL;

	*error = "too_many_attempts";
	if (!attempt_allowed(attempt_key))
		return NULL;
	*error = "invalid_user_code";
	if (pgtc_user_code_read(pgtc_slice_str(user_code), code) == PGTC_OK)
		device = to ? device_code_find_for(issuer_of_session(), code, to)
					: device_code_find(issuer_of_session(), code);
	if (device == NULL)
		return NULL;
	forgive_attempt(attempt_key);
	*error = NULL;
	return device;
}

/* the same, or what was handed over for the subject; NULL: for any. What is sealed is not guessed, and not counted */
static DeviceCode *
find_device(const char *user_code, const char *attempt_key, const char *subject, const char **error)
{
	DeviceCode *device;

	cache_begin();
	if (!handed_over_is(user_code))
		return find_typed(user_code, attempt_key, NULL, error);
	device = device_code_open(issuer_of_session(), user_code, subject);
	*error = device ? NULL : "invalid_user_code";
	return device;
}

/* what was handed over to be looked at alone goes on where it came from */
static DeviceCode *
find_to_answer(const char *user_code, const char *attempt_key, const char *subject,
			   const char **error)
{
	DeviceCode *device = find_device(user_code, attempt_key, subject, error);

	if (device == NULL || device->handed_over == NULL || device->handed_over->spent)
		return device;
	*error = "invalid_user_code";
	return NULL;
}

static Jsonb *
describe(const char *user_code, const char *attempt_key, const char *subject, bool page)
{
	const char *error;
	DeviceCode *device = find_device(user_code, attempt_key, subject, &error);
	char shown[PGTC_USER_CODE_SHOWN_LEN + 1];
	const Client *client;
	Object request;

	object_begin(&request);
	if (device == NULL)
	{
		object_string(&request, "error", error);
		return object_end(&request);
	}
	client = client_find(device->client_id);
	pgtc_user_code_show(device->user_code, shown);
	object_string(&request, "client_id", device->client_id);
	object_string(&request, "client_name", client ? client->client_name : NULL);
	object_string(&request, "scope", device->scope);
	object_strings(&request, "resource", device->resources, device->n_resources);
	if (device->auth.details)
		object_jsonb(&request, "authorization_details", device->auth.details);
	object_time(&request, "expires_at", device->expires_at);
	object_string(&request, "user_code", shown);
	if (page && client)
	{
		object_string(&request, "request_id", strings_of_uuid(&device->grant_id));
		object_string(&request, "issuer", client->issuer);
		object_int(&request, "lifetime", client_consent_lifetime(client));
	}
	return object_end(&request);
}

Jsonb *
device_approval_describe(const char *user_code, const char *attempt_key)
{
	return describe(user_code, attempt_key, NULL, false);
}

Jsonb *
device_approval_asked(const char *user_code, const char *attempt_key, const char *subject)
{
	return describe(user_code, attempt_key, subject, true);
}

/* what the user agreed to must be among what the device asked for */
static bool
scope_within(const char *scope, const char *asked)
{
	PgtcScope inner;
	PgtcScope outer;

	strings_to_scope(asked, &outer);
	return pgtc_scope_parse(pgtc_slice_str(scope), &inner) == PGTC_OK &&
		   pgtc_scope_subset(&inner, &outer);
}

/* to be seen and withdrawn like any other, and to end with it */
static void
remember_consent(const DeviceCode *device, const Consent *consent)
{
	TimestampTz ends = consent_end(consent);

	if (consent->agreed.n > 0)
	{
		TimestampTz stored = consent_store(consent, &consent->agreed);

		ends = Min(ends, stored);
	}
	if (ends != DT_NOEND)
		device_code_limit(device, ends);
	consent_record(consent, &device->grant_id, ends);
}

/* the device goes on waiting, for somebody else */
static const char *
refuse_blocked(const DeviceCode *device, const char *subject)
{
	audit_refusal(PGT_ERR_ISSUE_SUBJECT_BLOCKED, &(AuditEvent){.event = "device.refused",
															   .client_id = device->client_id,
															   .subject = subject,
															   .context = device->context});
	return errors_info(PGT_ERR_ISSUE_SUBJECT_BLOCKED)->error;
}

const char *
device_approval_give(const DeviceApproval *approval, const Authentication *auth)
{
	const char *user_code = approval->user_code;
	const char *attempt_key = approval->attempt_key;
	const char *scope = approval->scope;
	const char *error;
	DeviceCode *device = find_to_answer(user_code, attempt_key, auth->subject, &error);
	Authentication complete = authentication_begin(auth, GetCurrentTimestamp());
	AuditScope audited = {.subject = auth->subject};
	const Client *client;
	Consent consent;
	Begun begun;
	bool approved;

	if (device == NULL)
		return error;
	if (scope == NULL)
		scope = device->scope;
	if (!scope_within(scope, device->scope))
		return "invalid_scope";
	complete.details = authorization_details_agreed(device->auth.details, auth->details);
	client = client_find(device->client_id);
	if (client == NULL)
		return "invalid_user_code";
	if (subject_block_holds(client->issuer, auth->subject))
		return refuse_blocked(device, auth->subject);
	consent = (Consent){.subject = auth->subject,
						.client_id = client->client_id,
						.resources = device->resources,
						.n_resources = device->n_resources,
						.details = complete.details,
						.at = GetCurrentTimestamp()};
	if (client->consent_required && !consent_read(&consent, client, &device->grant_id, scope,
												  approval->page_id, approval->consent_lifetime))
		return "consent_required";
	session_lock_issue(client->issuer, auth->subject, auth->session_id);
	if (auth->session_id &&
		account_session_ended(client->issuer, auth->subject, auth->session_id, complete.auth_time))
		return "login_required";
	if (session_limit_refuses(client, auth->subject, auth->session_id))
		return "session_limit";
	not_before_begin(client, GetCurrentTimestamp(), &begun);
	audited.client_id = device->client_id;
	audited.context = device->context;
	audit_enter(&audited);
	approved =
		device_code_take(issuer_of_session(), device) &&
		device_code_approve(device, &complete, scope, &approval->lifespan, begun.subject_epoch);
	if (approved && client->consent_required)
		remember_consent(device, &consent);
	if (approved)
		consent_page_forget(&device->grant_id);
	audit_leave();
	/* another answer has come in between */
	return approved ? NULL : "invalid_user_code";
}

const char *
device_approval_deny(const char *user_code, const char *attempt_key)
{
	const char *error;
	DeviceCode *device = find_to_answer(user_code, attempt_key, NULL, &error);
	AuditScope scope = {.client_id = NULL};
	bool denied;

	if (device == NULL)
		return error;
	scope.client_id = device->client_id;
	scope.context = device->context;
	audit_enter(&scope);
	denied = device_code_take(issuer_of_session(), device) && device_code_deny(device);
	consent_page_forget(&device->grant_id);
	audit_leave();
	return denied ? NULL : "invalid_user_code";
}

char *
device_approval_hand_over(const char *user_code, const char *attempt_key, const char *subject,
						  bool spend)
{
	AuditScope scope = {.client_id = NULL};
	const char *error;
	DeviceCode *device;
	Issuer *issuer;

	cache_begin();
	issuer = issuer_of_session();
	device = find_typed(user_code, attempt_key, subject, &error);
	/* what has ended is not looked at any more */
	if (device == NULL || (!spend && device->state == DEVICE_HANDED_OVER))
		return NULL;
	if (spend && device->state == DEVICE_PENDING)
	{
		scope.client_id = device->client_id;
		scope.context = device->context;
		audit_enter(&scope);
		(void) device_code_hand_over(issuer, device, subject);
		consent_page_forget(&device->grant_id);
		audit_leave();
	}
	return device_code_seal(issuer, device, subject, spend);
}
