/*
 * challenge_row.h
 *		Step-up transactions: the row and what may happen to it.
 *
 * Every change is one UPDATE that names the state it expects; false (or NULL)
 * means that the transaction is no longer in it.
 */
#ifndef PGT_CHALLENGE_ROW_H
#define PGT_CHALLENGE_ROW_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "base/begun.h"
#include "core/base/crypto.h"

#define CHALLENGE_NONCE_LEN 32
#define CHALLENGE_ATTEMPTS_MAX 5
#define CHALLENGE_CODES_MAX 3

typedef enum ChallengeState
{
	CHALLENGE_OPEN,
	CHALLENGE_COMPLETED,
	CHALLENGE_CONSUMED,
	CHALLENGE_FAILED
} ChallengeState;

typedef struct Challenge
{
	pg_uuid_t grant_id;
	uint8_t handle_hash[PGTC_SHA256_LEN];
	char *issuer;
	char *client_id;
	char *subject;
	int generation; /* -1: a first issue */
	Jsonb *context;
	pg_uuid_t *factor_ids;
	int n_factor_ids;
	ChallengeState state;
	bool has_factor; /* one was chosen */
	pg_uuid_t factor_id;
	bool has_code;
	uint8_t code_hash[PGTC_SHA256_LEN];
	bool has_nonce;
	uint8_t nonce[CHALLENGE_NONCE_LEN];
	int attempts;
	char *factor_type; /* that was proved; NULL: none yet */
	char *acr;
	char **amr;
	int n_amr;
	TimestampTz completed_at;
	char *scope; /* of the access token that was asked for, as the next */
	char **resources;
	int n_resources;
	TimestampTz consumed_at;
	int consumed_generation;
	TimestampTz expires_at;
	Begun begun; /* of a first issue: the epochs that its family may not be older than */
} Challenge;

/* an open one of the same request is worth nothing once there is a new one */
extern void challenge_row_replace(const Challenge *challenge);

extern void challenge_row_insert(const Challenge *challenge, TimestampTz now);

/* open and not expired, of the family and of the subject */
extern void challenge_row_count(const Challenge *challenge, TimestampTz now, int *of_family,
								int *of_subject);

/* NULL: there is none */
extern Challenge *challenge_row_read(const pg_uuid_t *grant_id,
									 const uint8_t handle_hash[PGTC_SHA256_LEN]);

/* a factor that needs no code; nonce NULL: nor a WebAuthn challenge */
extern bool challenge_row_choose(const Challenge *challenge, const pg_uuid_t *factor_id,
								 const uint8_t *nonce, TimestampTz now);

/*
 * May one more code be sent, so many seconds after the last?  Nobody else changes the transaction until the
 * database's ends: before its factor, in the order in which everybody locks them.
 */
extern bool challenge_row_lock_for_code(const Challenge *challenge, int interval, TimestampTz now);

/* a factor to which a code is sent */
extern bool challenge_row_choose_code(const Challenge *challenge, const pg_uuid_t *factor_id,
									  const uint8_t code_hash[PGTC_SHA256_LEN], TimestampTz now);

/*
 * Counts an attempt, before anything is compared: of many that come at once,
 * each waits for the one before.  The transaction as it is now; NULL when it is
 * not open or there were too many.
 */
extern Challenge *challenge_row_attempt(const Challenge *challenge, TimestampTz now);

extern bool challenge_row_complete(const Challenge *challenge, const pg_uuid_t *factor_id,
								   const char *factor_type, const char *acr, char *const *amr,
								   int n_amr, TimestampTz now);
extern bool challenge_row_fail(const Challenge *challenge);

#endif /* PGT_CHALLENGE_ROW_H */
