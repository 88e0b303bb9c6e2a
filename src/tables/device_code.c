/*
 * device_code.c
 *		Device authorizations: the row and what may happen to it.
 */
#include "tables/device_code.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/store.h"
#include "core/base/crypto.h"
#include "core/oauth/user_code.h"

/* under a key: eight letters would not withstand a search of bare hashes */
static void
hash_user_code(Issuer *issuer, const char *user_code, uint8_t hash[PGTC_SHA256_LEN])
{
	uint8_t key[PGTC_SHA256_LEN];

	issuer_subkey(issuer, "user codes", key);
	glue_check(pgtc_crypto_hmac_sha256(key, 32, user_code, strlen(user_code), hash),
			   "hashing a user code");
	pgtc_crypto_wipe(key, sizeof(key));
}

bool
device_code_insert(Issuer *issuer, const DeviceCode *device,
				   const char user_code[PGTC_USER_CODE_LEN + 1])
{
	StoreArgs args = {0};
	uint8_t user_code_hash[PGTC_SHA256_LEN];

	hash_user_code(issuer, user_code, user_code_hash);
	store_arg_uuid(&args, &device->grant_id);
	store_arg_bytes(&args, device->device_hash, sizeof(device->device_hash));
	store_arg_bytes(&args, user_code_hash, sizeof(user_code_hash));
	store_arg_text(&args, device->client_id);
	store_arg_text(&args, device->scope);
	store_arg_texts(&args, device->resources, device->n_resources);
	store_arg_text(&args, device->jkt);
	store_arg_int(&args, DEVICE_POLL_INTERVAL);
	store_arg_jsonb(&args, device->context);
	store_arg_time(&args, device->begun.at);
	store_arg_time(&args, device->expires_at);
	store_arg_begun(&args, &device->begun);
	return store_run(STORE_DEVICE_INSERT, &args, NULL, NULL) == 1;
}

static DeviceState
state_of_name(const char *name)
{
	static const char *const names[] = {
		[DEVICE_PENDING] = "pending",
		[DEVICE_APPROVED] = "approved",
		[DEVICE_DENIED] = "denied",
		[DEVICE_REDEEMED] = "redeemed",
	};

	for (size_t i = 0; i < lengthof(names); i++)
	{
		if (strcmp(names[i], name) == 0)
			return (DeviceState) i;
	}
	elog(ERROR, "unknown state of a device code");
}

static void
read_device(StoreRow *row, void *arg)
{
	DeviceCode *device = arg;

	store_uuid(row, &device->grant_id);
	store_bytes(row, device->device_hash, sizeof(device->device_hash));
	device->client_id = store_text(row);
	device->scope = store_text(row);
	device->resources = store_texts(row, &device->n_resources);
	device->jkt = store_text(row);
	device->state = state_of_name(store_text(row));
	device->approval.scope = device->scope;
	device->approval.subject = store_text(row);
	device->approval.session_id = store_text(row);
	device->approval.auth_time = store_time(row, DT_NOBEGIN);
	device->approval.acr = store_text(row);
	device->approval.amr = store_texts(row, &device->approval.n_amr);
	device->approval.claims = store_jsonb(row);
	device->context = store_jsonb(row);
	device->begun.at = store_time(row, DT_NOBEGIN);
	device->expires_at = store_time(row, DT_NOBEGIN);
	store_begun(row, &device->begun);
}

DeviceCode *
device_code_read(const pg_uuid_t *grant_id)
{
	DeviceCode *device = palloc0(sizeof(DeviceCode));
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	return store_run(STORE_DEVICE_READ, &args, read_device, device) == 1 ? device : NULL;
}

DeviceCode *
device_code_find(Issuer *issuer, const char user_code[PGTC_USER_CODE_LEN + 1])
{
	DeviceCode *device = palloc0(sizeof(DeviceCode));
	StoreArgs args = {0};
	uint8_t user_code_hash[PGTC_SHA256_LEN];

	hash_user_code(issuer, user_code, user_code_hash);
	store_arg_bytes(&args, user_code_hash, sizeof(user_code_hash));
	store_arg_time(&args, GetCurrentTimestamp());
	/* two that were made at the same moment could share one: then it names neither */
	return store_run(STORE_DEVICE_FIND, &args, read_device, device) == 1 ? device : NULL;
}

static void
read_too_early(StoreRow *row, void *arg)
{
	*(bool *) arg = store_bool(row);
}

/*
 * Whether a poll comes too early is for the row to say, in one statement: of two
 * that come at the same time, one does.
 */
bool
device_code_poll(const DeviceCode *device, TimestampTz now, bool *too_early)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &device->grant_id);
	store_arg_time(&args, now);
	store_arg_int(&args, DEVICE_POLL_TOLERANCE);
	store_arg_int(&args, DEVICE_POLL_INTERVAL);
	return store_run(STORE_DEVICE_POLL, &args, read_too_early, too_early) == 1;
}

bool
device_code_approve(const DeviceCode *device, const DeviceApproval *approval, int64 subject_epoch)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &device->grant_id);
	store_arg_time(&args, GetCurrentTimestamp());
	store_arg_text(&args, approval->subject);
	store_arg_text(&args, approval->scope);
	store_arg_text(&args, approval->session_id);
	store_arg_time(&args, approval->auth_time);
	store_arg_text(&args, approval->acr);
	store_arg_texts(&args, approval->amr, approval->n_amr);
	store_arg_jsonb(&args, approval->claims);
	store_arg_long(&args, subject_epoch);
	return store_run(STORE_DEVICE_APPROVE, &args, NULL, NULL) == 1;
}

bool
device_code_deny(const DeviceCode *device)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &device->grant_id);
	store_arg_time(&args, GetCurrentTimestamp());
	return store_run(STORE_DEVICE_DENY, &args, NULL, NULL) == 1;
}

bool
device_code_redeem(const DeviceCode *device)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &device->grant_id);
	return store_run(STORE_DEVICE_REDEEM, &args, NULL, NULL) == 1;
}
