/*
 * challenge.c
 *		Step-up transactions, as the request sees them that is challenged and then
 *		goes on.
 */
#include "step_up/challenge.h"

#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/request.h"
#include "base/secret_handle.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/crypto.h"
#include "core/oauth/handle.h"
#include "core/oauth/scope.h"
#include "core/risk/request_context.h"
#include "step_up/factor.h"
#include "tables/challenge_row.h"
#include "tables/client.h"
#include "tables/console.h"
#include "tables/issuer.h"
#include "tables/not_before.h"

#define OPEN_PER_FAMILY 5
#define OPEN_PER_SUBJECT 20 /* by one client: others must not suffer from it */

/* would everything that is required hold once this factor is proved? */
static bool
would_satisfy(const Issuer *issuer, const Authentication *authentication, const Factor *factor,
			  const Requirement *requirements, int n_requirements, TimestampTz now)
{
	const char *acr = factor_type_acr(issuer, factor->type);
	int n_amr;
	char **amr = factor_type_amr(factor->type, &n_amr);
	Authentication proved = authentication_proved(issuer, authentication, requirements,
												  n_requirements, acr, amr, n_amr, now);

	return authentication_satisfies_all(issuer, &proved, requirements, n_requirements, now);
}

/*
 * What an operator is known by at the console is asked for by the console alone: who
 * types it elsewhere has told it to an application that could use it there.
 */
static bool
is_for(const Factor *factor, const Client *client)
{
	return !console_has_factor(factor->issuer, factor->subject, &factor->factor_id) ||
		   console_is(client->issuer, client->client_id);
}

/* the list without what cannot be used */
static Factor *
suitable(Factor *list, const Client *client, const Authentication *authentication,
		 const Requirement *requirements, int n_requirements, char *const *types, int n_types,
		 TimestampTz now)
{
	const Issuer *issuer = issuer_get(client->issuer);
	Factor **link = &list;

	while (*link)
	{
		if (factor_usable(*link, issuer, now) &&
			(n_types < 0 || strings_have(types, n_types, factor_type_name((*link)->type))) &&
			would_satisfy(issuer, authentication, *link, requirements, n_requirements, now) &&
			is_for(*link, client))
			link = &(*link)->next;
		else
			*link = (*link)->next;
	}
	return list;
}

bool
challenge_possible(const Client *client, const char *subject, char *const *factor_types,
				   int n_factor_types)
{
	const Authentication nothing = {.n_amr = -1};

	/* at the end of time no lock is left */
	return suitable(factor_list(client->issuer, subject, false), client, &nothing, NULL, 0,
					factor_types, n_factor_types, DT_NOEND) != NULL;
}

static void
set_factors(Challenge *challenge, const Factor *list)
{
	int n = 0;

	for (const Factor *factor = list; factor; factor = factor->next)
		n++;
	challenge->factor_ids = palloc(sizeof(pg_uuid_t) * n);
	for (const Factor *factor = list; factor; factor = factor->next)
		challenge->factor_ids[challenge->n_factor_ids++] = factor->factor_id;
}

static Jsonb *
describe(const Factor *list)
{
	Object array;

	object_array_begin(&array);
	for (const Factor *factor = list; factor; factor = factor->next)
	{
		Object object;

		object_begin(&object);
		object_string(&object, "factor_id", strings_of_uuid(&factor->factor_id));
		object_string(&object, "factor_type", factor_type_name(factor->type));
		object_string(&object, "label", factor->label);
		object_array_add(&array, object_end(&object));
	}
	return object_array_end(&array);
}

PgtErr
challenge_open(const ChallengedRequest *request, const Authentication *authentication,
			   const Requirement *requirements, int n_requirements, char *const *factor_types,
			   int n_factor_types, TokenResponse *response)
{
	const Issuer *issuer = issuer_get(request->client->issuer);
	TimestampTz now = GetCurrentTimestamp();
	Challenge challenge = {.grant_id = *request->grant_id,
						   .issuer = issuer->issuer,
						   .client_id = request->client->client_id,
						   .subject = unconstify(char *, request->subject),
						   .generation = request->generation,
						   .context = request->context ? request->context : object_empty(),
						   .scope = unconstify(char *, request->scope),
						   .resources = request->resources,
						   .n_resources = request->n_resources};
	Factor *factors;
	int of_family;
	int of_subject;

	/* a client that has not heard the answer asks again; before the factors, as in factor_challenge.c */
	challenge_row_replace(&challenge);
	/* locked, so that two which are opened at once are counted one after the other */
	factors =
		suitable(factor_list(challenge.issuer, challenge.subject, true), request->client,
				 authentication, requirements, n_requirements, factor_types, n_factor_types, now);

	if (factors == NULL)
		return PGT_ERR_NO_FACTOR;
	challenge_row_count(&challenge, now, &of_family, &of_subject);
	if (of_family >= OPEN_PER_FAMILY || of_subject >= OPEN_PER_SUBJECT)
		return PGT_ERR_CHALLENGE_LIMIT;
	set_factors(&challenge, factors);
	challenge.expires_at = moment_plus(now, guc_challenge_lifetime);
	response->transaction_id =
		secret_handle_create(PGTC_CHALLENGE_PREFIX, request->grant_id, challenge.handle_hash);
	not_before_begin(request->client, now, &challenge.begun);
	challenge_row_insert(&challenge, now);
	response->expires_in = guc_challenge_lifetime;
	response->factors = describe(factors);
	return PGT_ERR_MFA_REQUIRED;
}

/* the same device at the same place, and not under more suspicion than it was */
static bool
same_context(Jsonb *challenged, Jsonb *now)
{
	PgtcRequestContext before;
	PgtcRequestContext after;

	request_context_facts(challenged, &before);
	request_context_facts(now, &after);
	if (after.has_risk_score && (!before.has_risk_score || after.risk_score > before.risk_score))
		return false;
	return pgtc_request_context_same(&before, &after);
}

/* does it ask for no more than what was challenged? */
static bool
within_target(const Challenge *challenge, const ChallengedRequest *request)
{
	PgtcScope challenged;
	PgtcScope wanted;

	strings_to_scope(challenge->scope, &challenged);
	strings_to_scope(request->scope, &wanted);
	for (int i = 0; i < request->n_resources; i++)
	{
		if (!strings_have(challenge->resources, challenge->n_resources, request->resources[i]))
			return false;
	}
	return pgtc_scope_subset(&wanted, &challenged);
}

static void
fill_step_up(const Challenge *challenge, StepUp *out)
{
	memcpy(out->handle_hash, challenge->handle_hash, sizeof(out->handle_hash));
	out->factor_type = challenge->factor_type;
	out->acr = challenge->acr;
	out->amr = challenge->amr;
	out->n_amr = Max(challenge->n_amr, 0);
	out->at = challenge->completed_at;
	out->consumed = challenge->state == CHALLENGE_CONSUMED;
	out->consumed_at = challenge->consumed_at;
	out->consumed_generation = challenge->consumed_generation;
}

PgtErr
challenge_find(const char *transaction_id, const ChallengedRequest *request, StepUp *out)
{
	uint8_t handle_hash[PGTC_SHA256_LEN];
	pg_uuid_t grant_id;
	Challenge *challenge = NULL;

	if (secret_handle_read(PGTC_CHALLENGE_PREFIX, transaction_id, &grant_id, handle_hash) &&
		memcmp(&grant_id, request->grant_id, UUID_LEN) == 0)
		challenge = challenge_row_read(&grant_id, handle_hash);
	if (challenge == NULL || strcmp(challenge->issuer, request->client->issuer) != 0 ||
		strcmp(challenge->subject, request->subject) != 0 ||
		challenge->generation != request->generation)
		return PGT_ERR_CHALLENGE_UNKNOWN;
	if (strcmp(challenge->client_id, request->client->client_id) != 0)
		return PGT_ERR_CHALLENGE_OTHER_CLIENT;
	/* what a first issue waited for ends with what it would have become; a family says so itself */
	if (challenge->generation < 0 && not_before_check(request->client, challenge->subject,
													  DT_NOBEGIN, &challenge->begun) != PGT_OK)
		return PGT_ERR_CHALLENGE_UNKNOWN;
	/* of a consumed one the answer may be asked for again; for how long is the caller's to say */
	if (challenge->state != CHALLENGE_CONSUMED && challenge->expires_at <= GetCurrentTimestamp())
		return PGT_ERR_CHALLENGE_UNKNOWN;
	if (!same_context(challenge->context, request->context) || !within_target(challenge, request))
		return PGT_ERR_CHALLENGE_OTHER_CONTEXT;
	if (challenge->state == CHALLENGE_OPEN)
		return PGT_ERR_CHALLENGE_OPEN;
	if (challenge->state == CHALLENGE_FAILED)
		return PGT_ERR_CHALLENGE_FAILED;
	fill_step_up(challenge, out);
	return PGT_OK;
}

static StoreQuery challenge_consume_query = STORE_QUERY(
	"challenge consume", STORE_WRITES,
	"UPDATE pgtoken.challenges c SET state = 'consumed', consumed_generation = $3, consumed_at = $4 "
	"WHERE c.grant_id" EQ "$1 AND c.handle_hash" EQ "$2 AND c.state" EQ "'completed'");

bool
challenge_consume(const pg_uuid_t *grant_id, const StepUp *step_up, int generation)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	store_arg_bytes(&args, step_up->handle_hash, sizeof(step_up->handle_hash));
	store_arg_int(&args, generation);
	store_arg_time(&args, GetCurrentTimestamp());
	return store_run(&challenge_consume_query, &args, NULL, NULL) == 1;
}

bool
challenge_grant_id(const char *transaction_id, pg_uuid_t *out)
{
	uint8_t handle_hash[PGTC_SHA256_LEN];

	return secret_handle_read(PGTC_CHALLENGE_PREFIX, transaction_id, out, handle_hash);
}
