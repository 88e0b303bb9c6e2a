/*
 * challenge_row.c
 *		Step-up transactions: the row and what may happen to it.
 */
#include "tables/challenge_row.h"

#include "base/moment.h"
#include "base/store.h"
#include "core/base/crypto.h"

#define CHALLENGE_COLUMNS                                                                                      \
	"c.grant_id, c.handle_hash, c.issuer, c.client_id, c.subject, c.generation, c.context, "                   \
	"c.factor_ids, c.state, c.factor_id, c.code_hash, c.nonce, c.attempts, c.factor_type, c.acr, c.amr, "      \
	"c.completed_at, c.scope, c.resources, c.consumed_at, c.consumed_generation, c.expires_at, c.created_at, " \
	"c.issuer_epoch, c.client_epoch, c.subject_epoch"
#define CHALLENGE_IS_OPEN                                                       \
	"c.grant_id" EQ "$1 AND c.handle_hash" EQ "$2 AND c.state" EQ "'open' AND " \
	"c.expires_at OPERATOR(pg_catalog.>) $3"

static ChallengeState
state_of_name(const char *name)
{
	static const char *const names[] = {
		[CHALLENGE_OPEN] = "open",
		[CHALLENGE_COMPLETED] = "completed",
		[CHALLENGE_CONSUMED] = "consumed",
		[CHALLENGE_FAILED] = "failed",
	};

	for (size_t i = 0; i < lengthof(names); i++)
	{
		if (strcmp(names[i], name) == 0)
			return (ChallengeState) i;
	}
	elog(ERROR, "unknown state of a challenge");
}

static void
read_challenge(StoreRow *row, void *arg)
{
	Challenge *challenge = arg;

	store_uuid(row, &challenge->grant_id);
	store_bytes(row, challenge->handle_hash, sizeof(challenge->handle_hash));
	challenge->issuer = store_text(row);
	challenge->client_id = store_text(row);
	challenge->subject = store_text(row);
	challenge->generation = store_int(row, -1);
	challenge->context = store_jsonb(row);
	challenge->factor_ids = store_uuids(row, &challenge->n_factor_ids);
	challenge->state = state_of_name(store_text(row));
	challenge->has_factor = store_uuid_optional(row, &challenge->factor_id);
	challenge->has_code = store_bytes(row, challenge->code_hash, sizeof(challenge->code_hash));
	challenge->has_nonce = store_bytes(row, challenge->nonce, sizeof(challenge->nonce));
	challenge->attempts = store_int(row, 0);
	challenge->factor_type = store_text(row);
	challenge->acr = store_text(row);
	challenge->amr = store_texts(row, &challenge->n_amr);
	challenge->completed_at = store_time(row, DT_NOBEGIN);
	challenge->scope = store_text(row);
	challenge->resources = store_texts(row, &challenge->n_resources);
	challenge->consumed_at = store_time(row, DT_NOBEGIN);
	challenge->consumed_generation = store_int(row, -1);
	challenge->expires_at = store_time(row, DT_NOBEGIN);
	challenge->begun.at = store_time(row, DT_NOBEGIN);
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
	"challenge insert", STORE_WRITES,
	"INSERT INTO pgtoken.challenges (grant_id, handle_hash, issuer, client_id, subject, "
	"generation, context, factor_ids, state, created_at, expires_at, scope, resources, "
	"issuer_epoch, client_epoch, subject_epoch) "
	"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, $11, $12, $13, $14, $15)");

void
challenge_row_insert(const Challenge *challenge, TimestampTz now)
{
	StoreArgs args = {0};

	add_key(&args, challenge);
	store_arg_text(&args, challenge->issuer);
	store_arg_text(&args, challenge->client_id);
	store_arg_text(&args, challenge->subject);
	store_arg_generation(&args, challenge->generation);
	store_arg_jsonb(&args, challenge->context);
	store_arg_uuids(&args, challenge->factor_ids, challenge->n_factor_ids);
	store_arg_time(&args, now);
	store_arg_time(&args, challenge->expires_at);
	store_arg_text(&args, challenge->scope);
	store_arg_texts(&args, challenge->resources, challenge->n_resources);
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
	STORE_QUERY("challenge read", STORE_READS,
				"SELECT " CHALLENGE_COLUMNS " FROM pgtoken.challenges c WHERE c.grant_id" EQ
				"$1 AND c.handle_hash" EQ "$2");

Challenge *
challenge_row_read(const pg_uuid_t *grant_id, const uint8_t handle_hash[PGTC_SHA256_LEN])
{
	Challenge *challenge = palloc0(sizeof(Challenge));
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	store_arg_bytes(&args, handle_hash, PGTC_SHA256_LEN);
	return store_run(&challenge_read_query, &args, read_challenge, challenge) == 1 ? challenge
																				   : NULL;
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

static StoreQuery challenge_attempt_query =
	STORE_QUERY("challenge attempt", STORE_WRITES,
				"UPDATE pgtoken.challenges c SET attempts = c.attempts OPERATOR(pg_catalog.+) 1 "
				"WHERE " CHALLENGE_IS_OPEN " AND c.attempts OPERATOR(pg_catalog.<) $4 "
				"RETURNING " CHALLENGE_COLUMNS);

Challenge *
challenge_row_attempt(const Challenge *challenge, TimestampTz now)
{
	Challenge *counted = palloc0(sizeof(Challenge));
	StoreArgs args = {0};

	add_key(&args, challenge);
	store_arg_time(&args, now);
	store_arg_int(&args, CHALLENGE_ATTEMPTS_MAX);
	return store_run(&challenge_attempt_query, &args, read_challenge, counted) == 1 ? counted
																					: NULL;
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
