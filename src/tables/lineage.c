/*
 * lineage.c
 *		The ledger: one row per token response, insert-only.
 */
#include "tables/lineage.h"

#include "base/moment.h"
#include "base/store.h"
#include "core/base/crypto.h"
#include "core/base/uuid.h"
#include "core/oauth/jti.h"

void
lineage_insert(const LineageRow *row)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, row->grant_id);
	store_arg_int(&args, row->generation);
	store_arg_int(&args, row->retry);
	store_arg_time(&args, row->issued_at);
	if (row->parent_generation >= 0)
		store_arg_int(&args, row->parent_generation);
	else
		store_arg_null(&args);
	store_arg_bytes(&args, row->token_hash, PGTC_SHA256_LEN);
	store_arg_text(&args, row->jti);
	store_arg_text(&args, row->kid);
	store_arg_time(&args, row->access_expires_at);
	if (row->token_hash)
		store_arg_time(&args, row->refresh_expires_at);
	else
		store_arg_null(&args);
	store_arg_text(&args, row->scope);
	store_arg_texts(&args, row->resources, row->n_resources);
	store_arg_text(&args, row->decision);
	store_arg_jsonb(&args, row->context);
	if (row->client_secret_id)
		store_arg_uuid(&args, row->client_secret_id);
	else
		store_arg_null(&args);
	store_run(STORE_LINEAGE_INSERT, &args, NULL, NULL);
}

typedef struct HashResult
{
	uint8_t *out;
	bool found;
} HashResult;

static void
read_hash(StoreRow *row, void *arg)
{
	HashResult *result = arg;

	result->found = store_bytes(row, result->out, PGTC_SHA256_LEN);
}

bool
lineage_hash(const pg_uuid_t *grant_id, int generation, uint8_t out[PGTC_SHA256_LEN])
{
	StoreArgs args = {0};
	HashResult result = {out, false};

	store_arg_uuid(&args, grant_id);
	store_arg_int(&args, generation);
	store_run(STORE_LINEAGE_HASH, &args, read_hash, &result);
	return result.found;
}

static void
read_expiry(StoreRow *row, void *arg)
{
	*(TimestampTz *) arg = store_time(row, DT_NOBEGIN);
}

bool
lineage_expiry(const char *jti, const PgtcJti *place, TimestampTz *expires_at)
{
	StoreArgs args = {0};
	pg_uuid_t grant_id;

	memcpy(grant_id.data, place->grant_id, PGTC_UUID_LEN);
	store_arg_uuid(&args, &grant_id);
	store_arg_text(&args, jti);
	store_arg_int(&args, place->generation);
	store_arg_int(&args, place->retry);
	return store_run(STORE_LINEAGE_EXPIRY, &args, read_expiry, expires_at) > 0;
}

static void
read_count(StoreRow *row, void *arg)
{
	*(int *) arg = store_int(row, 0);
}

int
lineage_count_live(const pg_uuid_t *grant_id, TimestampTz now)
{
	StoreArgs args = {0};
	int count = 0;

	store_arg_uuid(&args, grant_id);
	store_arg_time(&args, now);
	/* older rows need not be looked at */
	store_arg_time(&args, moment_plus(now, -ACCESS_TOKEN_LIFE_MAX));
	store_run(STORE_LINEAGE_COUNT_LIVE, &args, read_count, &count);
	return count;
}
