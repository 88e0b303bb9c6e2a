/*
 * factor.h
 *		Factors of subjects: the row and what may happen to it.
 */
#ifndef PGT_FACTOR_H
#define PGT_FACTOR_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "core/base/buf.h"
#include "core/base/crypto.h"
#include "tables/factor_type.h"
#include "tables/issuer.h"

typedef enum FactorState
{
	FACTOR_PENDING,
	FACTOR_ACTIVE,
	FACTOR_DISABLED
} FactorState;

typedef struct Factor
{
	char *issuer;
	char *subject;
	pg_uuid_t factor_id;
	FactorType type;
	char *label; /* NULL: none */
	FactorState state;
	Jsonb *parameters;
	bytea *secret; /* of totp, as it is stored */
	bool wrapped;
	int codes_left; /* of recovery_code */
	int64 counter; /* -1: none yet */
	int failed_attempts;
	TimestampTz locked_until; /* DT_NOBEGIN: never was */
	struct Factor *next;
} Factor;

#define RECOVERY_CODES 10
#define FACTOR_CODE_INTERVAL 30 /* seconds between two codes that are sent */

/* what a new factor is made of besides */
typedef struct FactorSecrets
{
	const uint8_t *secret; /* NULL: none */
	size_t secret_len;
	const uint8_t (*code_hashes)[PGTC_SHA256_LEN];
	int n_code_hashes; /* -1: none */
} FactorSecrets;

extern const char *factor_state_name(int state);

/*
 * One more is sent, whatever transaction asks for it; false: that would be too
 * often.  Its row, which stays locked, decides, however many ask at once.
 */
extern bool factor_count_code(const Factor *factor, TimestampTz now);

/* can it be proved now? */
extern bool factor_locked(const Factor *factor, TimestampTz now);
extern bool factor_usable(const Factor *factor, const Issuer *issuer, TimestampTz now);

/* NULL when there is none */
extern Factor *factor_read(const char *issuer, const char *subject, const pg_uuid_t *factor_id);

/* oldest first; locked: nobody else changes them, or opens a challenge, until this transaction ends */
extern Factor *factor_list(const char *issuer, const char *subject, bool locked);

extern void factor_insert(const Factor *factor, const FactorSecrets *secrets);
extern bool factor_delete(const char *issuer, const char *subject, const pg_uuid_t *factor_id);
/* but for those that are an operator's of the console */
extern void factor_delete_type(const char *issuer, const char *subject, FactorType type);

/* the plain secret of totp, appended */
extern void factor_secret(const Factor *factor, PgtcBuf *out);

/*
 * Counts an attempt, before anything is compared: of many that come at once,
 * each waits for the one before.  The factor as it is now; NULL when it is not in
 * this state, locked or gone.
 */
extern Factor *factor_attempt(const Factor *factor, FactorState state, TimestampTz now);

/*
 * The attempt was wrong: the factor is locked for a while after some in a row, and
 * disabled after many (NIST SP 800-63B section 5.2.2); a pending one is deleted then.
 */
extern void factor_attempt_failed(const Factor *factor, TimestampTz now);

/* it was right; false: this evidence has been used before */
extern bool factor_use(const Factor *factor, TimestampTz now);
extern bool factor_use_counter(const Factor *factor, int64 counter, TimestampTz now);
extern bool factor_use_code(const Factor *factor, const uint8_t hash[PGTC_SHA256_LEN],
							TimestampTz now);

/* pending to active, by a code of this time step */
extern bool factor_activate(const Factor *factor, int64 step, TimestampTz now);

/* forgets wrong attempts; disabled to active */
extern bool factor_unlock(const char *issuer, const char *subject, const pg_uuid_t *factor_id);

#endif /* PGT_FACTOR_H */
