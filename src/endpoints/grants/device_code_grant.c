/*
 * device_code_grant.c
 *		Use case: a device without a browser asks for authorization, and fetches
 *		its tokens once the user has answered elsewhere.
 */
#include "endpoints/grants/device_code_grant.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/guc.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/random.h"
#include "base/refused.h"
#include "base/secret_handle.h"
#include "core/base/form.h"
#include "endpoints/grants/grant_refusal.h"
#include "endpoints/token_endpoint.h"
#include "http/client_auth.h"
#include "http/dpop_proof.h"
#include "http/http_context.h"
#include "tables/audit.h"
#include "tables/device_code.h"
#include "tables/not_before.h"
#include "tokens/target.h"

#define USER_CODES_MAX 10 /* tries to find one that nobody else has */

/* may the client ask for this at all?  So that the user is not bothered in vain. */
static PgtErr
judge_request(HttpExchange *x, const Client *client, DeviceCode *device)
{
	Target target = {0};
	char **resources;
	int n_resources;
	PgtErr err;

	if ((client->grant_types & GRANT_TYPE_DEVICE_CODE) == 0)
		return refused(PGT_ERR_CLIENT_GRANT_TYPE, "grant_type", DEVICE_CODE_URN,
					   client_grant_type_names(client));
	if (x->issuer->verification_uri == NULL)
		/* no parameter of the client's is at fault */
		return refused(PGT_ERR_REQUEST_PARAMETER, "", NULL,
					   "the issuer has no page for user codes (verification_uri)");
	err = dpop_proof(x, "POST", x->url, NULL, &device->jkt);
	if (err != PGT_OK)
		return err;
	device->client_id = client->client_id;
	resources = http_resources(x, &n_resources);
	err = target_for_issue(client, http_param(x, "scope"), resources, n_resources, TARGET_OFFLINE,
						   &target);
	device->scope = target.scope;
	device->resources = target.resources;
	device->n_resources = target.n_resources;
	return err;
}

static void
store_request(HttpExchange *x, const Client *client, DeviceCode *device,
			  char user_code[PGTC_USER_CODE_LEN + 1])
{
	TimestampTz now = GetCurrentTimestamp();
	uint8_t random[32];
	int tries = 0;

	not_before_begin(client, now, &device->begun);
	device->context = http_context(x);
	device->expires_at = moment_plus(now, guc_device_code_lifetime);
	do
	{
		if (tries++ == USER_CODES_MAX)
			elog(ERROR, "no user code is free");
		random_bytes(random, sizeof(random));
		pgtc_user_code_make(random, user_code);
	} while (!device_code_insert(x->issuer, device, user_code));
	pgtc_wipe(random, sizeof(random));
}

/* RFC 8628 section 3.2 */
static Jsonb *
describe_request(const HttpExchange *x, const char *device_code,
				 const char user_code[PGTC_USER_CODE_LEN + 1])
{
	char shown[PGTC_USER_CODE_LEN + 2];
	PgtcBuf complete;
	Object body;

	pgtc_user_code_show(user_code, shown);
	pgtc_buf_init(&complete, &glue_mem);
	pgtc_buf_append_str(&complete, x->issuer->verification_uri);
	pgtc_query_append(&complete, "user_code", pgtc_slice_str(shown));
	glue_check(pgtc_buf_code(&complete), "writing a URL");

	object_begin(&body);
	object_string(&body, "device_code", device_code);
	object_string(&body, "user_code", shown);
	object_string(&body, "verification_uri", x->issuer->verification_uri);
	object_string(&body, "verification_uri_complete", complete.data);
	object_int(&body, "expires_in", guc_device_code_lifetime);
	object_int(&body, "interval", DEVICE_POLL_INTERVAL);
	return object_end(&body);
}

static void
audit_refusal(const HttpExchange *x, const Client *client, PgtErr err)
{
	const PgtErrInfo *info = errors_info(err);

	/* what goes wrong before the client is known, its authentication audits */
	if (client && info->audited)
		audit_write(&(AuditEvent){.event = "device.refused",
								  .reason = info->reason,
								  .client_id = client->client_id,
								  .context = http_context(x),
								  .detail = refused_detail(err, NULL)});
}

Jsonb *
device_authorization_endpoint(HttpExchange *x)
{
	const Client *client = NULL;
	DeviceCode device = {0};
	char user_code[PGTC_USER_CODE_LEN + 1];
	char *device_code;
	PgtErr err = http_check_post(x);

	if (err == PGT_OK)
		err = client_auth(x, &client);
	if (err == PGT_OK)
		err = judge_request(x, client, &device);
	if (err != PGT_OK)
	{
		audit_refusal(x, client, err);
		return http_error(x, err);
	}

	random_uuid(&device.grant_id);
	device_code =
		secret_handle_create(PGTC_DEVICE_CODE_PREFIX, &device.grant_id, device.device_hash);
	store_request(x, client, &device, user_code);
	return describe_request(x, device_code, user_code);
}

/* the row that a device_code names, when it is the very one that was handed out; NULL */
static DeviceCode *
find_device(const char *device_code)
{
	uint8_t hash[PGTC_SHA256_LEN];
	pg_uuid_t grant_id;
	DeviceCode *device;

	if (!secret_handle_read(PGTC_DEVICE_CODE_PREFIX, device_code, &grant_id, hash))
		return NULL;
	device = device_code_read(&grant_id);
	return device && pgtc_equal_secret(hash, device->device_hash, sizeof(hash)) ? device : NULL;
}

static PgtErr
poll(const DeviceCode *device, TimestampTz now)
{
	bool too_early;

	/* the user has answered just now: the next poll will hear of it */
	if (!device_code_poll(device, now, &too_early))
		return PGT_ERR_DEVICE_PENDING;
	return too_early ? PGT_ERR_DEVICE_SLOW_DOWN : PGT_ERR_DEVICE_PENDING;
}

/* client binding and key before anything is told of the state (RFC 8628 section 3.5) */
static PgtErr
judge_poll(const TokenRequest *request, const DeviceCode *device)
{
	TimestampTz now = GetCurrentTimestamp();

	if (device == NULL)
		return PGT_ERR_DEVICE_UNKNOWN;
	if (strcmp(device->client_id, request->client->client_id) != 0)
		return refused(PGT_ERR_DEVICE_OTHER_CLIENT, "client_id", request->client->client_id,
					   device->client_id);
	if (device->jkt && (request->cnf.jkt == NULL || strcmp(device->jkt, request->cnf.jkt) != 0))
		return PGT_ERR_DEVICE_OTHER_KEY;
	if (now >= device->expires_at)
	{
		PgtErr err =
			device->state == DEVICE_APPROVED
				? token_request_judge_expired(request, &device->grant_id, device->approval.subject,
											  PGT_ERR_DEVICE_EXPIRED)
				: PGT_ERR_DEVICE_EXPIRED;

		if (err != PGT_OK)
			return err;
	}
	switch (device->state)
	{
		case DEVICE_PENDING:
			return poll(device, now);
		case DEVICE_DENIED:
			return PGT_ERR_DEVICE_DENIED;
		case DEVICE_REDEEMED:
			return PGT_ERR_DEVICE_REDEEMED;
		case DEVICE_APPROVED:
			break;
	}
	/* it was asked for before everything of the subject or the client was revoked */
	return not_before_check(request->client, device->approval.subject, DT_NOBEGIN, &device->begun);
}

/* exactly once; what becomes of the row is audited with the request that did it */
static bool
redeem(const TokenRequest *request, const DeviceCode *device)
{
	const AuditScope scope = {.client_id = device->client_id,
							  .subject = device->approval.subject,
							  .context = request->context};
	bool redeemed;

	audit_enter(&scope);
	redeemed = device_code_redeem(device);
	audit_leave();
	return redeemed;
}

static void
describe_family(DeviceCode *device, IssueRequest *issue)
{
	issue->grant_id = &device->grant_id;
	/* of the epoch of its subjects in which it was approved, of the others' in which it was asked for */
	device->begun.at = GetCurrentTimestamp();
	issue->begun = &device->begun;
	issue->offline = true;
	issue->subject = device->approval.subject;
	issue->scope = device->approval.scope;
	issue->session_id = device->approval.session_id;
	issue->has_auth_time = true;
	issue->auth_time = device->approval.auth_time;
	issue->acr = device->approval.acr;
	issue->amr = device->approval.amr;
	issue->n_amr = device->approval.n_amr;
	issue->claims = device->approval.claims;
}

void
device_code_grant(const TokenRequest *request, TokenResponse *response)
{
	IssueRequest issue = token_request_issue(request, DEVICE_CODE_URN);
	char *device_code = http_param(request->x, "device_code");
	DeviceCode *device = device_code ? find_device(device_code) : NULL;
	PgtErr err = device_code ? judge_poll(request, device)
							 : refused(PGT_ERR_REQUEST_PARAMETER, "device_code", NULL, NULL);

	if (err == PGT_OK)
		err = token_request_narrow(request, device->resources, device->n_resources, &issue);
	if (err == PGT_OK)
	{
		describe_family(device, &issue);
		/* a code that must wait for its user is not redeemed */
		if (!issue_assess(&issue, response))
			return;
		if (!redeem(request, device))
			err = PGT_ERR_DEVICE_REDEEMED;
	}
	if (err == PGT_OK)
		issue_tokens(&issue, response);
	else
		grant_refusal_set(request, "device.refused", err, device ? &device->grant_id : NULL,
						  device ? device->approval.subject : NULL, response);
}
