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
#include "tables/audit.h"

static StoreQuery lineage_insert_query =
	STORE_HOT_WRITE("lineage insert", ROW_INSERT, "tokens", "issued_at",
					"INSERT INTO pgtoken.tokens ({names}) VALUES ({values})");

void
lineage_insert(const LineageRow *row)
{
	const AuditScope *scope = audit_scope();
	StoreArgs args = {0};

	store_arg_uuid(store_named(&args, "grant_id"), row->grant_id);
	store_arg_int(store_named(&args, "generation"), row->generation);
	store_arg_int(store_named(&args, "retry"), row->retry);
	store_arg_time(store_named(&args, "issued_at"), row->issued_at);
	store_arg_generation(store_named(&args, "parent_generation"), row->parent_generation);
	store_arg_bytes(store_named(&args, "token_hash"), row->token_hash, PGTC_SHA256_LEN);
	store_arg_text(store_named(&args, "jti"), row->jti);
	store_arg_text(store_named(&args, "kid"), row->kid);
	store_arg_time(store_named(&args, "access_expires_at"), row->access_expires_at);
	store_arg_time(store_named(&args, "refresh_expires_at"),
				   row->token_hash ? row->refresh_expires_at : DT_NOBEGIN);
	store_arg_text(store_named(&args, "scope"), row->scope);
	store_arg_texts(store_named(&args, "resources"), row->resources, row->n_resources);
	store_arg_text(store_named(&args, "decision"), row->decision);
	store_arg_jsonb(store_named(&args, "context"), row->context);
	store_arg_uuid(store_named(&args, "client_secret_id"), row->client_secret_id);
	audit_args(&args);
	store_arg_text(store_named(&args, "client_id"), row->client_id);
	store_arg_text(store_named(&args, "subject"), row->subject);
	store_arg_text(store_named(&args, "reason"), scope->context_changed ? "context_changed" : NULL);
	store_arg_text(store_named(&args, "client_auth_method"), scope->client_auth_method);
	store_arg_jsonb(store_named(&args, "assessment"), scope->decision);
	store_arg_jsonb(store_named(&args, "personal"), scope->personal);
	store_run(&lineage_insert_query, &args, NULL, NULL);
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

static StoreQuery lineage_hash_query =
	STORE_QUERY("lineage hash", STORE_READS_LATEST,
				"SELECT t.token_hash FROM pgtoken.tokens t WHERE t.grant_id" EQ "$1 "
				"AND t.generation" EQ "$2 AND t.retry" EQ "0 LIMIT 1");

bool
lineage_hash(const pg_uuid_t *grant_id, int generation, uint8_t out[PGTC_SHA256_LEN])
{
	StoreArgs args = {0};
	HashResult result = {out, false};

	store_arg_uuid(&args, grant_id);
	store_arg_int(&args, generation);
	store_run(&lineage_hash_query, &args, read_hash, &result);
	return result.found;
}

static StoreQuery lineage_expiry_query =
	STORE_QUERY("lineage expiry", STORE_READS,
				"SELECT t.access_expires_at FROM pgtoken.tokens t WHERE " LINEAGE_PLACE
				"AND t.jti" EQ "$2 LIMIT 1");

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
	return store_run(&lineage_expiry_query, &args, store_read_time, expires_at) > 0;
}

static StoreQuery lineage_count_live_query =
	STORE_QUERY("lineage count", STORE_READS,
				"SELECT pg_catalog.count(*)::pg_catalog.int4 FROM pgtoken.tokens t "
				"WHERE t.grant_id" EQ "$1 AND t.access_expires_at OPERATOR(pg_catalog.>) $2 "
				"AND t.issued_at OPERATOR(pg_catalog.>) $3");

int
lineage_count_live(const pg_uuid_t *grant_id, TimestampTz now)
{
	StoreArgs args = {0};
	int count = 0;

	store_arg_uuid(&args, grant_id);
	store_arg_time(&args, now);
	/* older rows need not be looked at */
	store_arg_time(&args, moment_plus(now, -ACCESS_TOKEN_LIFE_MAX));
	store_run(&lineage_count_live_query, &args, store_read_int, &count);
	return count;
}
