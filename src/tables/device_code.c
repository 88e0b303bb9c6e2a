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

#define DEVICE_COLUMNS                                                                           \
	"d.grant_id, d.device_hash, d.client_id, d.scope, d.resources, d.jkt, d.state, d.subject, "  \
	"d.session_id, d.auth_time, d.acr, d.amr, d.claims, d.context, d.created_at, d.expires_at, " \
	"d.issuer_epoch, d.client_epoch, d.subject_epoch"
/* $2: now, $3: seconds by which a poll may come before its time */
#define DEVICE_IS_EARLY                                               \
	"d.polled_at IS NOT NULL AND d.polled_at OPERATOR(pg_catalog.+) " \
	"pg_catalog.make_interval(secs => d.poll_interval OPERATOR(pg_catalog.-) $3) OPERATOR(pg_catalog.>) $2"

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

static StoreQuery device_insert_query = STORE_QUERY(
	"device insert", STORE_WRITES,
	"INSERT INTO pgtoken.device_codes (grant_id, device_hash, user_code_hash, client_id, scope, "
	"resources, jkt, state, poll_interval, context, created_at, expires_at, issuer_epoch, "
	"client_epoch, subject_epoch) SELECT $1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10, $11, "
	"$12, $13, $14 WHERE NOT EXISTS (SELECT "
	"FROM pgtoken.device_codes d WHERE d.user_code_hash" EQ "$3 AND d.state" EQ "'pending' "
	"AND d.expires_at OPERATOR(pg_catalog.>) $10)");

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
	return store_run(&device_insert_query, &args, NULL, NULL) == 1;
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

static StoreQuery device_read_query =
	STORE_QUERY("device read", STORE_READS,
				"SELECT " DEVICE_COLUMNS " FROM pgtoken.device_codes d WHERE d.grant_id" EQ "$1");

DeviceCode *
device_code_read(const pg_uuid_t *grant_id)
{
	DeviceCode *device = palloc0(sizeof(DeviceCode));
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	return store_run(&device_read_query, &args, read_device, device) == 1 ? device : NULL;
}

static StoreQuery device_find_query =
	STORE_QUERY("device find", STORE_READS,
				"SELECT " DEVICE_COLUMNS " FROM pgtoken.device_codes d "
				"WHERE d.user_code_hash" EQ "$1 AND d.state" EQ "'pending' "
				"AND d.expires_at OPERATOR(pg_catalog.>) $2");

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
	return store_run(&device_find_query, &args, read_device, device) == 1 ? device : NULL;
}

static void
read_too_early(StoreRow *row, void *arg)
{
	*(bool *) arg = store_bool(row);
}

static StoreQuery device_poll_query = STORE_QUERY(
	"device poll", STORE_WRITES,
	"UPDATE pgtoken.device_codes d SET polled_at = GREATEST(d.polled_at, $2), "
	"early_polls = CASE WHEN " DEVICE_IS_EARLY
	" THEN d.early_polls OPERATOR(pg_catalog.+) 1 ELSE 0 END, "
	"poll_interval = CASE WHEN " DEVICE_IS_EARLY " AND d.early_polls OPERATOR(pg_catalog.>) 0 "
	"THEN d.poll_interval OPERATOR(pg_catalog.+) $4 ELSE d.poll_interval END "
	"WHERE d.grant_id" EQ "$1 AND d.state" EQ "'pending' "
	"RETURNING d.early_polls OPERATOR(pg_catalog.>) 0");

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
	return store_run(&device_poll_query, &args, read_too_early, too_early) == 1;
}

static StoreQuery device_approve_query = STORE_QUERY(
	"device approve", STORE_WRITES,
	"UPDATE pgtoken.device_codes d SET state = 'approved', subject = $3, scope = $4, "
	"session_id = $5, auth_time = $6, acr = $7, amr = $8, claims = $9, subject_epoch = $10 "
	"WHERE d.grant_id" EQ "$1 AND d.state" EQ "'pending' "
	"AND d.expires_at OPERATOR(pg_catalog.>) $2");

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
	return store_run(&device_approve_query, &args, NULL, NULL) == 1;
}

static StoreQuery device_deny_query =
	STORE_QUERY("device deny", STORE_WRITES,
				"UPDATE pgtoken.device_codes d SET state = 'denied' "
				"WHERE d.grant_id" EQ "$1 AND d.state" EQ "'pending' "
				"AND d.expires_at OPERATOR(pg_catalog.>) $2");

bool
device_code_deny(const DeviceCode *device)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &device->grant_id);
	store_arg_time(&args, GetCurrentTimestamp());
	return store_run(&device_deny_query, &args, NULL, NULL) == 1;
}

static StoreQuery device_redeem_query =
	STORE_QUERY("device redeem", STORE_WRITES,
				"UPDATE pgtoken.device_codes d SET state = 'redeemed' "
				"WHERE d.grant_id" EQ "$1 AND d.state" EQ "'approved'");

bool
device_code_redeem(const DeviceCode *device)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &device->grant_id);
	return store_run(&device_redeem_query, &args, NULL, NULL) == 1;
}
