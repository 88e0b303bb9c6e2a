/*
 * challenge_row.c
 *		Step-up transactions: the row and what may happen to it.
 */
#include "tables/challenge_row.h"

#include "base/moment.h"
#include "base/store.h"
#include "core/base/crypto.h"

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

void
challenge_row_replace(const Challenge *challenge)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &challenge->grant_id);
	store_arg_text(&args, challenge->client_id);
	if (challenge->generation < 0)
		store_arg_null(&args);
	else
		store_arg_int(&args, challenge->generation);
	store_arg_jsonb(&args, challenge->context);
	store_run(STORE_CHALLENGE_REPLACE, &args, NULL, NULL);
}

void
challenge_row_insert(const Challenge *challenge, TimestampTz now)
{
	StoreArgs args = {0};

	add_key(&args, challenge);
	store_arg_text(&args, challenge->issuer);
	store_arg_text(&args, challenge->client_id);
	store_arg_text(&args, challenge->subject);
	if (challenge->generation < 0)
		store_arg_null(&args);
	else
		store_arg_int(&args, challenge->generation);
	store_arg_jsonb(&args, challenge->context);
	store_arg_uuids(&args, challenge->factor_ids, challenge->n_factor_ids);
	store_arg_time(&args, now);
	store_arg_time(&args, challenge->expires_at);
	store_arg_text(&args, challenge->scope);
	store_arg_texts(&args, challenge->resources, challenge->n_resources);
	store_arg_begun(&args, &challenge->begun);
	store_run(STORE_CHALLENGE_INSERT, &args, NULL, NULL);
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
	store_run(STORE_CHALLENGE_COUNT, &args, read_counts, &counts);
	*of_family = counts.of_family;
	*of_subject = counts.of_subject;
}

Challenge *
challenge_row_read(const pg_uuid_t *grant_id, const uint8_t handle_hash[PGTC_SHA256_LEN])
{
	Challenge *challenge = palloc0(sizeof(Challenge));
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	store_arg_bytes(&args, handle_hash, PGTC_SHA256_LEN);
	return store_run(STORE_CHALLENGE_READ, &args, read_challenge, challenge) == 1 ? challenge
																				  : NULL;
}

bool
challenge_row_choose(const Challenge *challenge, const pg_uuid_t *factor_id, const uint8_t *nonce,
					 TimestampTz now)
{
	StoreArgs args = {0};

	add_key(&args, challenge);
	store_arg_time(&args, now);
	store_arg_uuid(&args, factor_id);
	store_arg_bytes(&args, nonce, CHALLENGE_NONCE_LEN);
	return store_run(STORE_CHALLENGE_CHOOSE, &args, NULL, NULL) == 1;
}

bool
challenge_row_lock_for_code(const Challenge *challenge, int interval, TimestampTz now)
{
	StoreArgs args = {0};

	add_key(&args, challenge);
	store_arg_time(&args, now);
	store_arg_time(&args, moment_plus(now, -interval));
	store_arg_int(&args, CHALLENGE_CODES_MAX);
	return store_run(STORE_CHALLENGE_CODE_LOCK, &args, NULL, NULL) == 1;
}

bool
challenge_row_choose_code(const Challenge *challenge, const pg_uuid_t *factor_id,
						  const uint8_t code_hash[PGTC_SHA256_LEN], TimestampTz now)
{
	StoreArgs args = {0};

	add_key(&args, challenge);
	store_arg_time(&args, now);
	store_arg_uuid(&args, factor_id);
	store_arg_bytes(&args, code_hash, PGTC_SHA256_LEN);
	return store_run(STORE_CHALLENGE_CODE, &args, NULL, NULL) == 1;
}

Challenge *
challenge_row_attempt(const Challenge *challenge, TimestampTz now)
{
	Challenge *counted = palloc0(sizeof(Challenge));
	StoreArgs args = {0};

	add_key(&args, challenge);
	store_arg_time(&args, now);
	store_arg_int(&args, CHALLENGE_ATTEMPTS_MAX);
	return store_run(STORE_CHALLENGE_ATTEMPT, &args, read_challenge, counted) == 1 ? counted : NULL;
}

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
	return store_run(STORE_CHALLENGE_COMPLETE, &args, NULL, NULL) == 1;
}

bool
challenge_row_fail(const Challenge *challenge)
{
	StoreArgs args = {0};

	add_key(&args, challenge);
	return store_run(STORE_CHALLENGE_FAIL, &args, NULL, NULL) == 1;
}
