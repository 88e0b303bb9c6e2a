/*
 * device_code_grant.c
 *		Use case: a device without a browser asks for authorization, and fetches
 *		its tokens once the user has answered elsewhere.
 */
#include "endpoints/grants/device_code_grant.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/object.h"
#include "base/place.h"
#include "base/refused.h"
#include "base/secret_handle.h"
#include "base/shard.h"
#include "base/strings.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/oauth/handle.h"
#include "http/hop.h"
#include "http/http.h"
#include "operations/issue.h"
#include "tables/audit.h"
#include "tables/device_code.h"
#include "tables/not_before.h"
#include "tokens/response.h"

/* what the shard of the device_code tells that of the subject */
#define HOP_MEMBER "device"

/* a device_code, and the row that it leads to */
typedef struct Polled
{
	pg_uuid_t
		id; /* of the request that it names; or of that on this shard, as the one before has told */
	uint8_t hash[PGTC_SHA256_LEN];
	bool told; /* the shard of the device_code has judged it, and sent it here */
	bool expired; /* has it, as that has found? */
	DeviceCode *device; /* the very one that was handed out; NULL: there is none */
} Polled;

static void
find_row(const pg_uuid_t *id, Polled *polled)
{
	DeviceCode *device = device_code_read(id);

	polled->id = *id;
	polled->device =
		device && pgtc_crypto_equal(polled->hash, device->device_hash, sizeof(polled->hash))
			? device
			: NULL;
}

static void
find_device(const HttpExchange *x, const char *device_code, Polled *polled)
{
	Jsonb *carried = hop_carried(x);
	Jsonb *told = carried ? member_json(carried, HOP_MEMBER) : NULL;
	pg_uuid_t id;

	memset(polled, 0, sizeof(*polled));
	if (!secret_handle_read(PGTC_DEVICE_CODE_PREFIX, device_code, &id, polled->hash))
		return;
	if (told)
	{
		glue_check(pgtc_uuid_parse(pgtc_slice_str(member_string(told, "id")), id.data),
				   "reading an id");
		polled->told = true;
		polled->expired = member_bool(told, "expired", false);
	}
	find_row(&id, polled);
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
judge_asker(const TokenRequest *request, const DeviceCode *device)
{
	if (device == NULL)
		return PGT_ERR_DEVICE_UNKNOWN;
	if (strcmp(device->client_id, request->client->client_id) != 0)
		return refused(PGT_ERR_DEVICE_OTHER_CLIENT, "client_id", request->client->client_id,
					   device->client_id);
	if (device->jkt && (request->cnf.jkt == NULL || strcmp(device->jkt, request->cnf.jkt) != 0))
		return PGT_ERR_DEVICE_OTHER_KEY;
	return PGT_OK;
}

static PgtErr
judge_state(const TokenRequest *request, const DeviceCode *device, TimestampTz now)
{
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
		case DEVICE_HANDED_OVER: /* from here it goes on elsewhere, and never comes back */
			return PGT_ERR_DEVICE_UNKNOWN;
	}
	if (now >= device->consent_ends)
		return PGT_ERR_CONSENT_EXPIRED;
	/* it was asked for before everything of the subject or the client was revoked */
	return not_before_check(request->client, device->auth.subject, DT_NOBEGIN, &device->begun);
}

/* on the subject's shard, which has no row of it before it was answered, nor after all was revoked */
static PgtErr
judge_here(const TokenRequest *request, const Polled *polled, TimestampTz now)
{
	PgtErr err;

	if (polled->device == NULL && !handed_over_is_answered(&polled->id))
		return polled->expired ? PGT_ERR_DEVICE_EXPIRED : PGT_ERR_DEVICE_PENDING;
	err = judge_asker(request, polled->device);
	return err == PGT_OK ? judge_state(request, polled->device, now) : err;
}

/* the shard of the device_code judges who asks and how often, that of the subject the rest */
static PgtErr
follow(const TokenRequest *request, Polled *polled, TimestampTz now)
{
	pg_uuid_t there = polled->device->handed_over_to;
	Object told;
	Object carried;

	if (poll(polled->device, now) == PGT_ERR_DEVICE_SLOW_DOWN)
		return PGT_ERR_DEVICE_SLOW_DOWN;
	polled->expired = now >= polled->device->expires_at;
	if (shard_is_here(place_of_uuid(&there)))
	{
		find_row(&there, polled);
		return judge_here(request, polled, now);
	}
	object_begin(&told);
	object_string(&told, "id", strings_of_uuid(&there));
	object_bool(&told, "expired", polled->expired);
	object_begin(&carried);
	object_jsonb(&carried, HOP_MEMBER, object_end(&told));
	hop_to(request->x, place_of_uuid(&there), object_end(&carried));
	return PGT_ERR_ELSEWHERE;
}

static PgtErr
judge_poll(const TokenRequest *request, Polled *polled)
{
	TimestampTz now = GetCurrentTimestamp();
	PgtErr err;

	if (polled->told)
		return judge_here(request, polled, now);
	err = judge_asker(request, polled->device);
	if (err != PGT_OK)
		return err;
	return polled->device->state == DEVICE_HANDED_OVER ? follow(request, polled, now)
													   : judge_state(request, polled->device, now);
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
	issue->lifespan.not_after = lifespan_end(&device->lifespan, device->consent_ends);
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
	DeviceCode *device = NULL;
	PgtErr err;
	Polled polled;

	if (device_code == NULL)
		err = refused(PGT_ERR_REQUEST_PARAMETER, "device_code", NULL, NULL);
	else
	{
		find_device(request->x, device_code, &polled);
		err = judge_poll(request, &polled);
		device = polled.device;
	}
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
