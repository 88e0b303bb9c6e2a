/*
 * factor_challenge.h
 *		Use cases: a user chooses a factor for a step-up transaction, and proves it.
 */
#ifndef PGT_FACTOR_CHALLENGE_H
#define PGT_FACTOR_CHALLENGE_H

#include "base/compat.h"

#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "base/errors.h"

typedef struct ChallengeAnswer
{
	PgtErr err;
	Jsonb *body; /* of PGT_OK: what the SQL functions answer */
} ChallengeAnswer;

/*
 * Chooses the factor; makes and sends a code, or makes a WebAuthn challenge.
 * client_id: who asks, another one's transaction is refused; NULL: any.  outbox:
 * the code goes there instead of into the answer.  context: of this request,
 * for the audit; NULL: none.
 */
extern void factor_challenge_begin(const char *transaction_id, const pg_uuid_t *factor_id,
								   const char *client_id, bool outbox, Jsonb *context,
								   ChallengeAnswer *answer);

/*
 * trusted: comes from the application itself, whose word counts for external factors;
 * ereport(42501) for those of the console, which are shown to it over HTTP alone.
 */
extern void factor_challenge_complete(const char *transaction_id, Jsonb *evidence,
									  const char *client_id, bool trusted, Jsonb *context,
									  ChallengeAnswer *answer);

#endif /* PGT_FACTOR_CHALLENGE_H */
