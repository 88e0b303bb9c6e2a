/*
 * device_code_grant.c
 *		Use case: a device without a browser asks for authorization, and fetches
 *		its tokens once the user has answered elsewhere.
 */
#include "endpoints/grants/device_code_grant.h"

#include "utils/timestamp.h"

#include "base/refused.h"
#include "base/secret_handle.h"
#include "core/base/crypto.h"
#include "core/oauth/handle.h"
#include "http/http.h"
#include "operations/issue.h"
#include "tables/audit.h"
#include "tables/device_code.h"
#include "tables/not_before.h"
#include "tokens/response.h"

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
	return device && pgtc_crypto_equal(hash, device->device_hash, sizeof(hash)) ? device : NULL;
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
		PgtErr err = device->state == DEVICE_APPROVED
						 ? token_request_judge_expired(request, &device->family_id,
													   device->auth.subject, PGT_ERR_DEVICE_EXPIRED)
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
	return not_before_check(request->client, device->auth.subject, DT_NOBEGIN, &device->begun);
}

/* exactly once; what becomes of the row is audited with the request that did it */
static bool
redeem(const TokenRequest *request, const DeviceCode *device)
{
	const AuditScope scope = {.client_id = device->client_id,
							  .subject = device->auth.subject,
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
	issue->grant_id = &device->family_id;
	/* of the epoch of its subjects in which it was approved, of the others' in which it was asked for */
	device->begun.at = GetCurrentTimestamp();
	issue->begun = &device->begun;
	issue->offline = true;
	issue->auth = device->auth;
	issue->scope = device->scope;
	issue->lifespan = device->lifespan;
}

/* what has to do with a family is found by it, a second use above all */
static const pg_uuid_t *
lineage_of(const DeviceCode *device)
{
	return device->state == DEVICE_APPROVED || device->state == DEVICE_REDEEMED ? &device->family_id
																				: &device->grant_id;
}

void
device_code_grant(const TokenRequest *request, TokenResponse *response)
{
	IssueRequest issue = token_request_issue(request, GRANT_TYPE_DEVICE_CODE);
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
		token_request_refuse(request, "device.refused", err, device ? lineage_of(device) : NULL,
							 device ? device->auth.subject : NULL, response);
}
