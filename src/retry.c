/*
 * retry.c
 *		A consumed refresh token that is presented again: when is that a retry?
 *
 * Of an immediate predecessor whose successor has not been used: within the client's
 * window, and unless two places have gone on so for too long.
 */
#include "retry.h"

#include "glue.h"
#include "request.h"

/* has it proved a key, without which a copy of its token is of no use? */
static bool
has_proved_key(const RetryCase *retry)
{
	const Confirmation *bound = &retry->grant->cnf;
	const ClientAuthMethod method = retry->client->auth_method;

	return method == AUTH_PRIVATE_KEY_JWT || method == AUTH_TLS ||
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

	if (window == 0)
		return false;
	return retry->was_current ||
		   pgt_happened_within(retry->grant->rotated_at, window, retry->entered, retry->now);
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
		pgt_check(pgtc_lockstep_read(grant->lockstep, out), "reading what two contexts have done");
	if (came_at_once(retry))
	{
		pgtc_lockstep_hold(out, grant->generation);
		return out->clients.generations > 0;
	}
	request_context_facts(grant->context, &rotation);
	request_context_facts(retry->context, &context);
	pgt_check(pgtc_lockstep_follow(out, grant->generation, &rotation, &context),
			  "comparing contexts");
	return pgtc_lockstep_any(out);
}

bool
retry_is_lockstep(const RetryCase *retry, const PgtcLockstep *lockstep)
{
	return !came_at_once(retry) && pgtc_lockstep_generations(lockstep, retry->grant->generation) >=
									   (uint32_t) retry->client->lockstep_generations;
}
