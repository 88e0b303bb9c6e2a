/*
 * challenge.h
 *		Step-up transactions: a request that waits for its user to prove a factor.
 *
 * A transaction belongs to one client, one family, one presented generation and
 * one context; it is answered in factor_challenge.c, opened and consumed by the
 * use case that waits for it.
 */
#ifndef PGT_CHALLENGE_H
#define PGT_CHALLENGE_H

#include "base/compat.h"

#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "core/base/crypto.h"
#include "tables/authentication.h"
#include "tables/client.h"
#include "tokens/response.h"

/* the request that is challenged, or that goes on */
typedef struct ChallengedRequest
{
	const pg_uuid_t *grant_id;
	const Client *client;
	const char *subject;
	int generation; /* presented; -1: a first issue */
	Jsonb *context;
	const char *scope; /* of the access token asked for, as the next */
	char **resources;
	int n_resources;
} ChallengedRequest;

/* a factor that was proved for a transaction */
typedef struct StepUp
{
	uint8_t handle_hash[PGTC_SHA256_LEN];
	char *factor_type;
	char *acr;
	char **amr;
	int n_amr;
	TimestampTz at;
	bool consumed;
	TimestampTz consumed_at;
	int consumed_generation;
} StepUp;

/*
 * Opens a transaction and puts transaction_id, expires_in and the subject's
 * usable factors into the response: those of factor_types (n < 0: any) after
 * which every requirement is satisfied.  PGT_ERR_MFA_REQUIRED, or when no factor
 * would do PGT_ERR_NO_FACTOR, or when too many are open PGT_ERR_CHALLENGE_LIMIT.
 */
extern PgtErr challenge_open(const ChallengedRequest *request, const Authentication *authentication,
							 const Requirement *requirements, int n_requirements,
							 char *const *factor_types, int n_factor_types,
							 TokenResponse *response);

/*
 * Has the subject a factor of these types (n < 0: any) that this client may ask for,
 * though it may be locked for the moment?
 */
extern bool challenge_possible(const Client *client, const char *subject, char *const *factor_types,
							   int n_factor_types);

/*
 * The factor that was proved for this request.  PGT_OK, PGT_ERR_CHALLENGE_UNKNOWN
 * (also expired or another request's), PGT_ERR_CHALLENGE_OTHER_CLIENT,
 * PGT_ERR_CHALLENGE_OTHER_CONTEXT, PGT_ERR_CHALLENGE_OPEN (not answered yet).  One
 * that was consumed is found, too: whether it may count again is for the caller.
 */
extern PgtErr challenge_find(const char *transaction_id, const ChallengedRequest *request,
							 StepUp *out);

/* exactly once; generation: what the request has come to */
extern bool challenge_consume(const pg_uuid_t *grant_id, const StepUp *step_up, int generation);

/* the family a transaction_id is about, for a first issue that goes on; false: not its form */
extern bool challenge_grant_id(const char *transaction_id, pg_uuid_t *out);

#endif /* PGT_CHALLENGE_H */
