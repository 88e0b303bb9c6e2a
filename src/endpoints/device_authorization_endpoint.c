/*
 * device_authorization_endpoint.c
 *		Use case: a device without a browser asks for authorization (RFC 8628 section 3.1).
 */
#include "endpoints/device_authorization_endpoint.h"

#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/place.h"
#include "base/random.h"
#include "base/refused.h"
#include "base/secret_handle.h"
#include "core/base/crypto.h"
#include "core/oauth/handle.h"
#include "core/oauth/user_code.h"
#include "http/client_auth.h"
#include "http/dpop_proof.h"
#include "http/http_context.h"
#include "operations/answer_url.h"
#include "tables/audit.h"
#include "tables/client.h"
#include "tables/device_code.h"
#include "tables/not_before.h"
#include "tokens/authorization_details.h"
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

	if (!client_may_use(client, GRANT_TYPE_DEVICE_CODE))
		return refused(PGT_ERR_CLIENT_GRANT_TYPE, "grant_type",
					   grant_type_name(GRANT_TYPE_DEVICE_CODE), client_grant_type_names(client));
	if (x->issuer->verification_uri == NULL)
		/* no parameter of the client's is at fault */
		return refused(PGT_ERR_REQUEST_PARAMETER, "", NULL,
					   "the issuer has no page for user codes (verification_uri)");
	err = dpop_proof(x, client, "POST", x->url, NULL, &device->jkt);
	if (err != PGT_OK)
		return err;
	device->client_id = client->client_id;
	resources = http_resources(x, &n_resources);
	err = target_for_issue(client, http_param(x, "scope"), resources, n_resources, TARGET_OFFLINE,
						   &target);
	device->scope = target.scope;
	device->resources = target.resources;
	device->n_resources = target.n_resources;
	return err == PGT_OK
			   ? authorization_details_read(client, NULL, http_param(x, "authorization_details"),
											&device->auth.details)
			   : err;
}

static void
store_request(HttpExchange *x, const Client *client, DeviceCode *device, uint32 placement,
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
		pgtc_user_code_make(placement, random, user_code);
	} while (!device_code_insert(x->issuer, device, user_code));
	pgtc_crypto_wipe(random, sizeof(random));
}

/* RFC 8628 section 3.2 */
static Jsonb *
describe_request(const HttpExchange *x, const char *device_code,
				 const char user_code[PGTC_USER_CODE_LEN + 1])
{
	char shown[PGTC_USER_CODE_SHOWN_LEN + 1];
	Object body;

	pgtc_user_code_show(user_code, shown);
	object_begin(&body);
	object_string(&body, "device_code", device_code);
	object_string(&body, "user_code", shown);
	object_string(&body, "verification_uri", x->issuer->verification_uri);
	object_string(&body, "verification_uri_complete",
				  answer_url_with(x->issuer->verification_uri, "user_code", shown));
	object_int(&body, "expires_in", guc_device_code_lifetime);
	object_int(&body, "interval", DEVICE_POLL_INTERVAL);
	return object_end(&body);
}

Jsonb *
device_authorization_endpoint(HttpExchange *x)
{
	const Client *client = NULL;
	DeviceCode device = {0};
	char user_code[PGTC_USER_CODE_LEN + 1];
	char *device_code;
	uint32 placement;
	PgtErr err = x->form_err;

	if (err == PGT_OK)
		err = client_auth(x, &client);
	if (err == PGT_OK)
		err = judge_request(x, client, &device);
	/* what goes wrong before the client is known, its authentication audits */
	if (err != PGT_OK && client)
		audit_refusal(err, &(AuditEvent){.event = "device.refused",
										 .client_id = client->client_id,
										 .context = http_context(x)});
	if (err != PGT_OK)
		return http_error(x, err);

	placement = place_of_client(client->client_id) % PGTC_USER_CODE_PLACEMENTS;
	place_uuid(placement, &device.grant_id);
	device_code =
		secret_handle_create(PGTC_DEVICE_CODE_PREFIX, &device.grant_id, device.device_hash);
	store_request(x, client, &device, placement, user_code);
	return describe_request(x, device_code, user_code);
}
