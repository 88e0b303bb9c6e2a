/*
 * retry.c
 *		A consumed refresh token that is presented again: when is that a retry?
 *
 * The verdict is refresh.c's (judge_generation): of an immediate predecessor whose
 * successor has not been used.  Here are the client's window, and whether two places have
 * gone on so for too long.
 */
#include "operations/retry.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "base/glue.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/request.h"
#include "core/oauth/refresh_token.h"
#include "core/risk/request_context.h"

/* a rotation of this transaction */
typedef struct Rotation
{
	pg_uuid_t grant_id;
	uint8_t nonce[PGTC_ROTATION_NONCE_LEN]; /* of this one: another may follow a rollback of it */
	struct Rotation *next;
} Rotation;

static Rotation *rotations = NULL; /* in memory of that transaction */
static FullTransactionId rotations_of = {0};

void
retry_note_rotation(const pg_uuid_t *grant_id, const uint8_t nonce[PGTC_ROTATION_NONCE_LEN])
{
	FullTransactionId transaction = GetTopFullTransactionId();
	Rotation *rotation = MemoryContextAlloc(TopTransactionContext, sizeof(Rotation));

	if (!FullTransactionIdEquals(rotations_of, transaction))
		rotations = NULL;
	rotations_of = transaction;
	rotation->grant_id = *grant_id;
	memcpy(rotation->nonce, nonce, sizeof(rotation->nonce));
	rotation->next = rotations;
	rotations = rotation;
}

/*
 * Nothing of it has been answered yet outside of this transaction, so it is the same
 * caller who asks again: (f(x)).* in another spelling, a loop, a function called twice.
 */
static bool
is_own_rotation(const Grant *grant)
{
	if (!FullTransactionIdEquals(rotations_of, GetTopFullTransactionIdIfAny()))
		return false;
	for (const Rotation *rotation = rotations; rotation; rotation = rotation->next)
	{
		if (memcmp(&rotation->grant_id, &grant->grant_id, UUID_LEN) == 0 &&
			memcmp(rotation->nonce, grant->rotation_nonce, sizeof(rotation->nonce)) == 0)
			return true;
	}
	return false;
}

/* has it proved a key, without which a copy of its token is of no use? */
static bool
has_proved_key(const RetryCase *retry)
{
	const Confirmation *bound = &retry->grant->cnf;

	return client_always_proves_key(retry->client) ||
		   ((bound->jkt || bound->x5t_s256) && confirmation_holds(bound, retry->cnf));
}

int
retry_window(const RetryCase *retry)
{
	const Client *client = retry->client;

	if (!has_proved_key(retry))
		return Min(client->retry_window, CLIENT_RETRY_WINDOW_MAX);
	return client->retry_window_bound < 0 ? retry->grant->idle_lifetime
										  : client->retry_window_bound;
}

bool
retry_in_window(const RetryCase *retry)
{
	int window = retry_window(retry);

	if (is_own_rotation(retry->grant))
		return true;
	if (window == 0)
		return false;
	return retry->was_current ||
		   moment_is_within(retry->grant->rotated_at, window, retry->entered, retry->now);
}

/* on the way while the rotation was: the threads of one client, or its servers */
static bool
came_at_once(const RetryCase *retry)
{
	return retry->was_current || retry->grant->rotated_at > retry->entered;
}

/*
 * Those that come at once do not count, nor do they end a row.  What two retries make of
 * the family at once is the same, or one of them is forgotten.
 */
bool
retry_lockstep(const RetryCase *retry, PgtcLockstep *out)
{
	const Grant *grant = retry->grant;
	PgtcRequestContext rotation;
	PgtcRequestContext context;

	memset(out, 0, sizeof(*out));
	if (retry->client->lockstep_generations == 0)
		return false;
	if (grant->has_lockstep)
		glue_check(pgtc_lockstep_read(grant->lockstep, out), "reading what two contexts have done");
	if (came_at_once(retry))
	{
		pgtc_lockstep_hold(out, grant->generation);
		return out->clients.generations > 0;
	}
	request_context_facts(grant->context, &rotation);
	request_context_facts(retry->context, &context);
	glue_check(pgtc_lockstep_follow(out, grant->generation, &rotation, &context),
			   "comparing contexts");
	return pgtc_lockstep_any(out);
}

bool
retry_is_lockstep(const RetryCase *retry, const PgtcLockstep *lockstep)
{
	return !came_at_once(retry) && pgtc_lockstep_generations(lockstep, retry->grant->generation) >=
									   (uint32_t) retry->client->lockstep_generations;
}

PgtErr
retry_lost(const Client *client, Grant *grant, int generation, Grant **family)
{
	bool proved = client->confidential && strcmp(grant->client_id, client->client_id) == 0;

	if (proved)
		*family = grant;
	return refused(proved ? PGT_ERR_TOKEN_LOST : PGT_ERR_TOKEN_LOST_UNPROVED, "generation",
				   psprintf("%d", generation), psprintf("%d", grant->generation));
}

Jsonb *
retry_presented(int generation)
{
	Object detail;

	object_begin(&detail);
	object_int(&detail, "presented_generation", generation);
	return object_end(&detail);
}

Jsonb *
retry_detail(const RetryCase *retry, int generation, const RevokedGrant *revoked,
			 const PgtcLockstep *lockstep)
{
	Object detail;

	object_begin(&detail);
	object_int(&detail, "presented_generation", generation);
	object_int(&detail, "current_generation", revoked->generation);
	object_int(&detail, "retry_window", retry_window(retry));
	if (lockstep)
		object_int(&detail, "lockstep_generations",
				   pgtc_lockstep_generations(lockstep, retry->grant->generation));
	return object_end(&detail);
}
