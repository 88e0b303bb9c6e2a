/*
 * challenge_row.c
 *		Step-up transactions: the row and what may happen to it.
 */
#include "tables/challenge_row.h"

#include "base/moment.h"
#include "base/store.h"
#include "core/base/crypto.h"

#define CHALLENGE_IS_OPEN                                                       \
	"c.grant_id" EQ "$1 AND c.handle_hash" EQ "$2 AND c.state" EQ "'open' AND " \
	"c.expires_at OPERATOR(pg_catalog.>) $3"

static const char *
state_name(int state)
{
	static const char *const names[] = {
		[CHALLENGE_OPEN] = "open",
		[CHALLENGE_COMPLETED] = "completed",
		[CHALLENGE_CONSUMED] = "consumed",
		[CHALLENGE_FAILED] = "failed",
	};

	return state < (int) lengthof(names) ? names[state] : NULL;
}

static void
read_challenge(StoreRow *row, void *arg)
{
	Challenge *challenge = arg;

	store_uuid(store_column(row, "grant_id"), &challenge->grant_id);
	store_bytes(store_column(row, "handle_hash"), challenge->handle_hash,
				sizeof(challenge->handle_hash));
	challenge->issuer = store_text(store_column(row, "issuer"));
	challenge->client_id = store_text(store_column(row, "client_id"));
	challenge->subject = store_text(store_column(row, "subject"));
	challenge->generation = store_int(store_column(row, "generation"), -1);
	challenge->context = store_jsonb(store_column(row, "context"));
	challenge->factor_ids = store_uuids(store_column(row, "factor_ids"), &challenge->n_factor_ids);
	challenge->state = (ChallengeState) store_name(store_column(row, "state"), state_name);
	challenge->has_factor =
		store_uuid_optional(store_column(row, "factor_id"), &challenge->factor_id);
	challenge->has_code = store_bytes(store_column(row, "code_hash"), challenge->code_hash,
									  sizeof(challenge->code_hash));
	challenge->has_nonce =
		store_bytes(store_column(row, "nonce"), challenge->nonce, sizeof(challenge->nonce));
	challenge->attempts = store_int(store_column(row, "attempts"), 0);
	challenge->factor_type = store_text(store_column(row, "factor_type"));
	challenge->acr = store_text(store_column(row, "acr"));
	challenge->amr = store_texts(store_column(row, "amr"), &challenge->n_amr);
	challenge->completed_at = store_time(store_column(row, "completed_at"), DT_NOBEGIN);
	challenge->scope = store_text(store_column(row, "scope"));
	challenge->resources = store_texts(store_column(row, "resources"), &challenge->n_resources);
	challenge->consumed_at = store_time(store_column(row, "consumed_at"), DT_NOBEGIN);
	challenge->consumed_generation = store_int(store_column(row, "consumed_generation"), -1);
	challenge->expires_at = store_time(store_column(row, "expires_at"), DT_NOBEGIN);
	challenge->begun.at = store_time(store_column(row, "created_at"), DT_NOBEGIN);
	store_begun(row, &challenge->begun);
}

static void
add_key(StoreArgs *args, const Challenge *challenge)
{
	store_arg_uuid(args, &challenge->grant_id);
	store_arg_bytes(args, challenge->handle_hash, sizeof(challenge->handle_hash));
}

/* without waiting: who holds one is about to answer it */
static StoreQuery challenge_replace_query = STORE_QUERY(
	"challenge replace", STORE_WRITES,
	"DELETE FROM pgtoken.challenges c WHERE c.grant_id" EQ "$1 AND c.handle_hash" EQ
	"ANY (ARRAY(SELECT o.handle_hash FROM pgtoken.challenges o WHERE o.grant_id" EQ
	"$1 AND o.client_id" EQ "$2 AND o.generation IS NOT DISTINCT FROM $3 AND o.context" EQ
	"$4 AND o.state" EQ "'open' FOR UPDATE SKIP LOCKED))");

void
challenge_row_replace(const Challenge *challenge)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &challenge->grant_id);
	store_arg_text(&args, challenge->client_id);
	store_arg_generation(&args, challenge->generation);
	store_arg_jsonb(&args, challenge->context);
	store_run(&challenge_replace_query, &args, NULL, NULL);
}

static StoreQuery challenge_insert_query = STORE_QUERY(
	"challenge insert", STORE_WRITES, "INSERT INTO pgtoken.challenges ({names}) VALUES ({values})");

void
challenge_row_insert(const Challenge *challenge, TimestampTz now)
{
	StoreArgs args = {0};

	store_arg_uuid(store_named(&args, "grant_id"), &challenge->grant_id);
	store_arg_bytes(store_named(&args, "handle_hash"), challenge->handle_hash,
					sizeof(challenge->handle_hash));
	store_arg_text(store_named(&args, "issuer"), challenge->issuer);
	store_arg_text(store_named(&args, "client_id"), challenge->client_id);
	store_arg_text(store_named(&args, "subject"), challenge->subject);
	store_arg_generation(store_named(&args, "generation"), challenge->generation);
	store_arg_jsonb(store_named(&args, "context"), challenge->context);
	store_arg_uuids(store_named(&args, "factor_ids"), challenge->factor_ids,
					challenge->n_factor_ids);
	store_arg_text(store_named(&args, "state"), state_name(CHALLENGE_OPEN));
	store_arg_time(store_named(&args, "created_at"), now);
	store_arg_time(store_named(&args, "expires_at"), challenge->expires_at);
	store_arg_text(store_named(&args, "scope"), challenge->scope);
	store_arg_texts(store_named(&args, "resources"), challenge->resources, challenge->n_resources);
	store_arg_begun(&args, &challenge->begun);
	store_run(&challenge_insert_query, &args, NULL, NULL);
}

typedef struct Counts
{
	int of_family;
	int of_subject;
} Counts;

static void
read_counts(StoreRow *row, void *arg)
{
	Counts *counts = arg;

	counts->of_family = store_int(row, 0);
	counts->of_subject = store_int(row, 0);
}

static StoreQuery challenge_count_query =
	STORE_QUERY("challenge count", STORE_READS,
				"SELECT pg_catalog.count(*) FILTER (WHERE c.grant_id" EQ "$1)::pg_catalog.int4, "
				"pg_catalog.count(*)::pg_catalog.int4 FROM pgtoken.challenges c WHERE c.issuer" EQ
				"$2 AND c.subject" EQ "$3 AND c.client_id" EQ "$4 AND c.state" EQ "'open' "
				"AND c.expires_at OPERATOR(pg_catalog.>) $5");

void
challenge_row_count(const Challenge *challenge, TimestampTz now, int *of_family, int *of_subject)
{
	StoreArgs args = {0};
	Counts counts = {0};

	store_arg_uuid(&args, &challenge->grant_id);
	store_arg_text(&args, challenge->issuer);
	store_arg_text(&args, challenge->subject);
	store_arg_text(&args, challenge->client_id);
	store_arg_time(&args, now);
	store_run(&challenge_count_query, &args, read_counts, &counts);
	*of_family = counts.of_family;
	*of_subject = counts.of_subject;
}

static StoreQuery challenge_read_query =
	STORE_ROW_QUERY("challenge read", STORE_READS, read_challenge, Challenge,
					"SELECT {columns} FROM pgtoken.challenges c WHERE c.grant_id" EQ
					"$1 AND c.handle_hash" EQ "$2");

Challenge *
challenge_row_read(const pg_uuid_t *grant_id, const uint8_t handle_hash[PGTC_SHA256_LEN])
{
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	store_arg_bytes(&args, handle_hash, PGTC_SHA256_LEN);
	return store_find(&challenge_read_query, &args);
}

static StoreQuery challenge_choose_query =
	STORE_QUERY("challenge choose", STORE_WRITES,
				"UPDATE pgtoken.challenges c SET factor_id = $4, code_hash = NULL, nonce = $5 "
				"WHERE " CHALLENGE_IS_OPEN);

bool
challenge_row_choose(const Challenge *challenge, const pg_uuid_t *factor_id, const uint8_t *nonce,
					 TimestampTz now)
{
	StoreArgs args = {0};

	add_key(&args, challenge);
	store_arg_time(&args, now);
	store_arg_uuid(&args, factor_id);
	store_arg_bytes(&args, nonce, CHALLENGE_NONCE_LEN);
	return store_run(&challenge_choose_query, &args, NULL, NULL) == 1;
}

static StoreQuery challenge_code_lock_query = STORE_QUERY(
	"challenge code lock", STORE_READS,
	"SELECT FROM pgtoken.challenges c WHERE " CHALLENGE_IS_OPEN
	" AND c.sent OPERATOR(pg_catalog.<) $5 "
	"AND (c.sent_at IS NULL OR c.sent_at OPERATOR(pg_catalog.<=) $4) FOR NO KEY UPDATE");

bool
challenge_row_lock_for_code(const Challenge *challenge, int interval, TimestampTz now)
{
	StoreArgs args = {0};

	add_key(&args, challenge);
	store_arg_time(&args, now);
	store_arg_time(&args, moment_plus(now, -interval));
	store_arg_int(&args, CHALLENGE_CODES_MAX);
	return store_run(&challenge_code_lock_query, &args, NULL, NULL) == 1;
}

static StoreQuery challenge_code_query =
	STORE_QUERY("challenge code", STORE_WRITES,
				"UPDATE pgtoken.challenges c SET factor_id = $4, code_hash = $5, nonce = NULL, "
				"sent = c.sent OPERATOR(pg_catalog.+) 1, sent_at = $3 "
				"WHERE " CHALLENGE_IS_OPEN);

bool
challenge_row_choose_code(const Challenge *challenge, const pg_uuid_t *factor_id,
						  const uint8_t code_hash[PGTC_SHA256_LEN], TimestampTz now)
{
	StoreArgs args = {0};

	add_key(&args, challenge);
	store_arg_time(&args, now);
	store_arg_uuid(&args, factor_id);
	store_arg_bytes(&args, code_hash, PGTC_SHA256_LEN);
	return store_run(&challenge_code_query, &args, NULL, NULL) == 1;
}

static StoreQuery challenge_attempt_query = STORE_ROW_QUERY(
	"challenge attempt", STORE_WRITES, read_challenge, Challenge,
	"UPDATE pgtoken.challenges c SET attempts = c.attempts OPERATOR(pg_catalog.+) 1 "
	"WHERE " CHALLENGE_IS_OPEN " AND c.attempts OPERATOR(pg_catalog.<) $4 "
	"RETURNING {columns}");

Challenge *
challenge_row_attempt(const Challenge *challenge, TimestampTz now)
{
	StoreArgs args = {0};

	add_key(&args, challenge);
	store_arg_time(&args, now);
	store_arg_int(&args, CHALLENGE_ATTEMPTS_MAX);
	return store_find(&challenge_attempt_query, &args);
}

static StoreQuery challenge_complete_query = STORE_QUERY(
	"challenge complete", STORE_WRITES,
	"UPDATE pgtoken.challenges c SET state = 'completed', factor_id = $4, factor_type = $5, acr = $6, amr = $7, "
	"completed_at = $3, code_hash = NULL, nonce = NULL WHERE " CHALLENGE_IS_OPEN);

bool
challenge_row_complete(const Challenge *challenge, const pg_uuid_t *factor_id,
					   const char *factor_type, const char *acr, char *const *amr, int n_amr,
					   TimestampTz now)
{
	StoreArgs args = {0};

	add_key(&args, challenge);
	store_arg_time(&args, now);
	store_arg_uuid(&args, factor_id);
	store_arg_text(&args, factor_type);
	store_arg_text(&args, acr);
	store_arg_texts(&args, amr, n_amr);
	return store_run(&challenge_complete_query, &args, NULL, NULL) == 1;
}

static StoreQuery challenge_fail_query = STORE_QUERY(
	"challenge fail", STORE_WRITES,
	"UPDATE pgtoken.challenges c SET state = 'failed', code_hash = NULL, "
	"nonce = NULL WHERE c.grant_id" EQ "$1 AND c.handle_hash" EQ "$2 AND c.state" EQ "'open'");

bool
challenge_row_fail(const Challenge *challenge)
{
	StoreArgs args = {0};

	add_key(&args, challenge);
	return store_run(&challenge_fail_query, &args, NULL, NULL) == 1;
}
