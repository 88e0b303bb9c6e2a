/*
 * device_code.c
 *		Device authorizations: the row and what may happen to it.
 */
#include "tables/device_code.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/object.h"
#include "base/place.h"
#include "base/shard.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/b64url.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/oauth/user_code.h"
#include "tables/client.h"
#include "tables/not_before.h"

/* $2: now, $3: seconds by which a poll may come before its time */
#define DEVICE_IS_EARLY                                               \
	"d.polled_at IS NOT NULL AND d.polled_at OPERATOR(pg_catalog.+) " \
	"pg_catalog.make_interval(secs => d.poll_interval OPERATOR(pg_catalog.-) $3) OPERATOR(pg_catalog.>) $2"

static const char *
state_name(int state)
{
	static const char *const names[] = {
		[DEVICE_PENDING] = "pending",		  [DEVICE_APPROVED] = "approved",
		[DEVICE_DENIED] = "denied",			  [DEVICE_REDEEMED] = "redeemed",
		[DEVICE_HANDED_OVER] = "handed_over",
	};

	return state < (int) lengthof(names) ? names[state] : NULL;
}

/* the user code is still one's own: nobody else gets it */
#define HOLDS_USER_CODE                                                   \
	"d.user_code_hash" EQ "$1 AND d.state IN ('pending', 'handed_over') " \
	"AND d.expires_at OPERATOR(pg_catalog.>) $2"

/* under a key: nine letters would not withstand a search of bare hashes */
static void
hash_user_code(Issuer *issuer, const char *user_code, uint8_t hash[PGTC_SHA256_LEN])
{
	uint8_t key[PGTC_SHA256_LEN];

	issuer_subkey(issuer, "user codes", key);
	glue_check(pgtc_crypto_hmac_sha256(key, 32, user_code, strlen(user_code), hash),
			   "hashing a user code");
	pgtc_crypto_wipe(key, sizeof(key));
}

static void
device_args(StoreArgs *args, Issuer *issuer, const DeviceCode *device, const char *user_code)
{
	uint8_t user_code_hash[PGTC_SHA256_LEN];

	hash_user_code(issuer, user_code, user_code_hash);
	store_arg_bytes(store_named(args, "user_code_hash"), user_code_hash, sizeof(user_code_hash));
	store_arg_time(store_named(args, "created_at"), device->begun.at);
	store_arg_uuid(store_named(args, "grant_id"), &device->grant_id);
	store_arg_bytes(store_named(args, "device_hash"), device->device_hash,
					sizeof(device->device_hash));
	store_arg_text(store_named(args, "client_id"), device->client_id);
	store_arg_text(store_named(args, "scope"), device->scope);
	store_arg_texts(store_named(args, "resources"), device->resources, device->n_resources);
	store_arg_text(store_named(args, "jkt"), device->jkt);
	store_arg_text(store_named(args, "state"), state_name(DEVICE_PENDING));
	store_arg_int(store_named(args, "poll_interval"), DEVICE_POLL_INTERVAL);
	store_arg_jsonb(store_named(args, "context"), device->context);
	store_arg_time(store_named(args, "expires_at"), device->expires_at);
	store_arg_begun(args, &device->begun);
	store_arg_jsonb(store_named(args, "authorization_details"), device->auth.details);
}

static StoreQuery device_insert_query =
	STORE_QUERY("device insert", STORE_WRITES,
				"INSERT INTO pgtoken.device_codes ({names}) SELECT {values} WHERE NOT EXISTS ("
				"SELECT FROM pgtoken.device_codes d WHERE " HOLDS_USER_CODE ")");

bool
device_code_insert(Issuer *issuer, const DeviceCode *device,
				   const char user_code[PGTC_USER_CODE_LEN + 1])
{
	StoreArgs args = {0};

	device_args(&args, issuer, device, user_code);
	return store_run(&device_insert_query, &args, NULL, NULL) == 1;
}

static void
read_device(StoreRow *row, void *arg)
{
	DeviceCode *device = arg;

	store_uuid(store_column(row, "grant_id"), &device->grant_id);
	store_bytes(store_column(row, "device_hash"), device->device_hash, sizeof(device->device_hash));
	device->client_id = store_text(store_column(row, "client_id"));
	device->scope = store_text(store_column(row, "scope"));
	device->resources = store_texts(store_column(row, "resources"), &device->n_resources);
	device->jkt = store_text(store_column(row, "jkt"));
	device->state = (DeviceState) store_name(store_column(row, "state"), state_name);
	device->auth.subject = store_text(store_column(row, "subject"));
	authentication_read(row, &device->auth);
	device->auth.claims = store_jsonb(store_column(row, "claims"));
	device->context = store_jsonb(store_column(row, "context"));
	device->begun.at = store_time(store_column(row, "created_at"), DT_NOBEGIN);
	device->expires_at = store_time(store_column(row, "expires_at"), DT_NOBEGIN);
	store_begun(row, &device->begun);
	device->auth.details = store_jsonb(store_column(row, "authorization_details"));
	(void) store_uuid_optional(store_column(row, "family_id"), &device->family_id);
	lifespan_read(row, &device->lifespan);
	device->consent_ends = store_time(store_column(row, "consent_expires_at"), DT_NOEND);
	(void) store_uuid_optional(store_column(row, "handed_over_to"), &device->handed_over_to);
	(void) store_bytes(store_column(row, "handed_over_hash"), device->handed_over_hash,
					   sizeof(device->handed_over_hash));
}

static StoreQuery device_read_query =
	STORE_ROW_QUERY("device read", STORE_READS, read_device, DeviceCode,
					"SELECT {columns} FROM pgtoken.device_codes d WHERE d.grant_id" EQ "$1");

/* a clone has those of its original until they are forgotten: two families would come of one */
static DeviceCode *
find_here(StoreQuery *query, StoreArgs *args)
{
	DeviceCode *device = store_find(query, args);

	if (device)
		shard_require_id(&device->grant_id, "the device");
	return device;
}

DeviceCode *
device_code_read(const pg_uuid_t *grant_id)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	return find_here(&device_read_query, &args);
}

static StoreQuery device_find_query =
	STORE_ROW_QUERY("device find", STORE_READS, read_device, DeviceCode,
					"SELECT {columns} FROM pgtoken.device_codes d "
					"WHERE d.user_code_hash" EQ "$1 AND d.state" EQ "'pending' "
					"AND d.expires_at OPERATOR(pg_catalog.>) $2");

static DeviceCode *
find_by_user_code(StoreQuery *query, Issuer *issuer, const char *user_code)
{
	StoreArgs args = {0};
	uint8_t user_code_hash[PGTC_SHA256_LEN];
	DeviceCode *device;

	hash_user_code(issuer, user_code, user_code_hash);
	store_arg_bytes(&args, user_code_hash, sizeof(user_code_hash));
	store_arg_time(&args, GetCurrentTimestamp());
	/* two that were made at the same moment could share one: then it names neither */
	device = find_here(query, &args);
	if (device)
		strlcpy(device->user_code, user_code, sizeof(device->user_code));
	return device;
}

DeviceCode *
device_code_find(Issuer *issuer, const char user_code[PGTC_USER_CODE_LEN + 1])
{
	return find_by_user_code(&device_find_query, issuer, user_code);
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
	"WHERE d.grant_id" EQ "$1 AND d.state IN ('pending', 'handed_over') "
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

static StoreQuery device_approve_query =
	STORE_QUERY("device approve", STORE_WRITES,
				"UPDATE pgtoken.device_codes d SET state = 'approved', ({names}) = ROW ({values}) "
				"WHERE d.grant_id" EQ "$1 AND d.state" EQ "'pending' "
				"AND d.expires_at OPERATOR(pg_catalog.>) $2");

bool
device_code_approve(const DeviceCode *device, const Authentication *auth, const char *scope,
					const Lifespan *lifespan, int64 subject_epoch)
{
	StoreArgs args = {0};
	pg_uuid_t family_id;

	place_uuid(place_of_subject(auth->subject), &family_id);
	store_arg_uuid(&args, &device->grant_id);
	store_arg_time(&args, GetCurrentTimestamp());
	authentication_args(&args, auth);
	store_arg_text(store_named(&args, "scope"), scope);
	store_arg_long(store_named(&args, "subject_epoch"), subject_epoch);
	store_arg_uuid(store_named(&args, "family_id"), &family_id);
	/* no longer than what would come of it */
	store_arg_time(store_named(&args, "expires_at"), lifespan_end(lifespan, device->expires_at));
	lifespan_args(&args, lifespan);
	return store_run(&device_approve_query, &args, NULL, NULL) == 1;
}

static StoreQuery device_limit_query =
	STORE_QUERY("device limit", STORE_WRITES,
				"UPDATE pgtoken.device_codes d SET consent_expires_at = $2 "
				"WHERE d.grant_id" EQ "$1 AND d.state" EQ "'approved'");

void
device_code_limit(const DeviceCode *device, TimestampTz consent_ends)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &device->grant_id);
	store_arg_time(&args, consent_ends);
	store_run(&device_limit_query, &args, NULL, NULL);
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

/* --- to another shard ----------------------------------------------------------- */

static StoreQuery device_lock_query = STORE_ROW_QUERY(
	"device lock", STORE_READS, read_device, DeviceCode,
	"SELECT {columns} FROM pgtoken.device_codes d WHERE " HOLDS_USER_CODE " FOR UPDATE");

/* under a key: whoever can guess a subject must not find him here */
static void
hash_subject(Issuer *issuer, const DeviceCode *device, const char *subject,
			 uint8_t hash[PGTC_SHA256_LEN])
{
	char *text = psprintf("%s %s", strings_of_uuid(&device->grant_id), subject);
	uint8_t key[PGTC_SHA256_LEN];

	issuer_subkey(issuer, "devices handed over", key);
	glue_check(pgtc_crypto_hmac_sha256(key, sizeof(key), text, strlen(text), hash),
			   "hashing a subject");
	pgtc_crypto_wipe(key, sizeof(key));
}

DeviceCode *
device_code_find_for(Issuer *issuer, const char user_code[PGTC_USER_CODE_LEN + 1],
					 const char *subject)
{
	DeviceCode *device = find_by_user_code(&device_lock_query, issuer, user_code);
	uint8_t hash[PGTC_SHA256_LEN];

	if (device == NULL || device->state == DEVICE_PENDING)
		return device;
	hash_subject(issuer, device, subject, hash);
	return pgtc_crypto_equal(hash, device->handed_over_hash, sizeof(hash)) ? device : NULL;
}

char *
device_code_seal(Issuer *issuer, const DeviceCode *device, const char *subject, bool spent)
{
	HandedOver handed = {.subject = pstrdup(subject),
						 .spent = spent,
						 .client_id = device->client_id,
						 .created_at = device->begun.at,
						 .expires_at = device->expires_at};
	char device_hash[PGTC_SHA256_LEN * 2];
	Object content;

	device_hash[pgtc_b64url_encoded_len(PGTC_SHA256_LEN)] = '\0';
	pgtc_b64url_encode(device->device_hash, PGTC_SHA256_LEN, device_hash);
	object_begin(&content);
	object_string(&content, "device_hash", device_hash);
	object_string(&content, "user_code", device->user_code);
	object_string(&content, "scope", device->scope);
	object_strings(&content, "resources", device->resources, device->n_resources);
	object_string(&content, "jkt", device->jkt);
	object_jsonb(&content, "context", device->context);
	if (device->auth.details)
		object_jsonb(&content, "authorization_details", device->auth.details);
	handed.content = object_end(&content);
	return handed_over_seal(issuer, HANDED_OVER_DEVICE, &device->grant_id, &handed);
}

DeviceCode *
device_code_open(Issuer *issuer, const char *text, const char *subject)
{
	HandedOver *handed = handed_over_open(issuer, HANDED_OVER_DEVICE, text, subject);
	const Client *client = handed ? client_find(handed->client_id) : NULL;
	DeviceCode *device;
	size_t len;

	if (client == NULL || not_before_ended(client, handed->created_at))
		return NULL;
	device = palloc0(sizeof(DeviceCode));
	device->grant_id = handed->id;
	device->client_id = handed->client_id;
	device->expires_at = handed->expires_at;
	device->state = DEVICE_PENDING;
	glue_check(pgtc_b64url_decode(pgtc_slice_str(member_string(handed->content, "device_hash")),
								  device->device_hash, sizeof(device->device_hash), &len),
			   "reading a hash");
	strlcpy(device->user_code, member_string(handed->content, "user_code"),
			sizeof(device->user_code));
	device->scope = member_string(handed->content, "scope");
	device->resources = member_strings(handed->content, "resources", &device->n_resources);
	device->jkt = member_string(handed->content, "jkt");
	device->context = member_json(handed->content, "context");
	device->auth.details = member_json(handed->content, "authorization_details");
	/* it began in no epoch of ours: what has ended since by the clock does not come here */
	not_before_begin(client, handed->created_at, &device->begun);
	device->handed_over = handed;
	return device;
}

static StoreQuery device_hand_over_query =
	STORE_QUERY("device hand over", STORE_WRITES,
				"UPDATE pgtoken.device_codes d SET state = 'handed_over', handed_over_to = $2, "
				"handed_over_hash = $3 WHERE d.grant_id" EQ "$1 AND d.state" EQ "'pending'");

bool
device_code_hand_over(Issuer *issuer, const DeviceCode *device, const char *subject)
{
	StoreArgs args = {0};
	uint8_t hash[PGTC_SHA256_LEN];
	pg_uuid_t there;

	place_moved(&device->grant_id, subject, &there);
	hash_subject(issuer, device, subject, hash);
	store_arg_uuid(&args, &device->grant_id);
	store_arg_uuid(&args, &there);
	store_arg_bytes(&args, hash, sizeof(hash));
	return store_run(&device_hand_over_query, &args, NULL, NULL) == 1;
}

static StoreQuery device_take_query = STORE_QUERY(
	"device take", STORE_WRITES, "INSERT INTO pgtoken.device_codes ({names}) VALUES ({values})");

bool
device_code_take(Issuer *issuer, const DeviceCode *device)
{
	StoreArgs args = {0};

	if (device->handed_over == NULL)
		return true;
	if (!handed_over_answer(issuer->issuer, device->handed_over))
		return false;
	device_args(&args, issuer, device, device->user_code);
	return store_run(&device_take_query, &args, NULL, NULL) == 1;
}
