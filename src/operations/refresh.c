/*
 * refresh.c
 *		Use case: refresh, with rotation, honest retries and reuse detection.
 *
 * Client binding and hash come before reuse is judged: who lacks the client's credentials
 * must not be able to kill a family.  The risk is assessed before anything is consumed.  The
 * family's row settles every race: each change is one UPDATE that names the generation it
 * expects, and whoever finds it changed reads and judges again.  A token only ever grows
 * older, so that ends.
 */
#include "operations/refresh.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/configuration.h"
#include "base/glue.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/random.h"
#include "base/refused.h"
#include "base/store.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/oauth/refresh_token.h"
#include "core/risk/lockstep.h"
#include "operations/permit.h"
#include "operations/retry.h"
#include "operations/status_place.h"
#include "step_up/challenge.h"
#include "tables/audit.h"
#include "tables/client.h"
#include "tables/grant.h"
#include "tables/issuer.h"
#include "tables/lineage.h"
#include "tables/not_before.h"
#include "tables/policy.h"
#include "tables/subject_block.h"
#include "tokens/authorization_details.h"
#include "tokens/genuine.h"
#include "tokens/mint.h"
#include "tokens/target.h"

#define READINGS_MAX 10

typedef enum Verdict
{
	VERDICT_ROTATE,
	VERDICT_RENEW, /* a client whose refresh tokens do not rotate */
	VERDICT_RETRY,
	VERDICT_REUSE
} Verdict;

/* one refresh, as far as it has come */
typedef struct Refresh
{
	const RefreshRequest *request;
	TimestampTz entered; /* what windows count to: time that was spent waiting is nobody's delay */
	TimestampTz now; /* for revocation and expiry: read again after each wait */
	const Client *client; /* NULL until it is authenticated */
	PgtcRefreshToken token; /* as presented */
	int readings; /* of the family */
	Grant *grant; /* as last read; NULL until the token is known to be its own */
	bool locked; /* and nobody else's to change */
	Verdict verdict; /* on the token, by that reading */
	bool was_current; /* it has read its token as current: whoever rotated that was faster */
	bool was_proved; /* and its step-up as not yet consumed */
	bool consumed; /* it has consumed its step-up itself, whatever came between */
	PgtcLockstep lockstep; /* what a retry makes of the family's */
	bool has_lockstep;
	bool in_lockstep;
	Target target;
	Permission permission;
	Minted minted;
	PgtcRefreshToken successor;
	uint8_t successor_hash[PGTC_SHA256_LEN];
	int retry; /* number of the answer in its generation */
	TimestampTz refresh_end;
} Refresh;

static PgtErr authenticate(Refresh *refresh);
static PgtErr parse_token(Refresh *refresh);
static PgtErr load_family(Refresh *refresh);
static PgtErr judge(Refresh *refresh);
static PgtErr permit_refresh(Refresh *refresh, TokenResponse *response);
static PgtErr sign(Refresh *refresh);
static bool store(Refresh *refresh);
static void answer(const Refresh *refresh, TokenResponse *response);
static void refuse(const Refresh *refresh, PgtErr err, TokenResponse *response);

void
refresh_grant(const RefreshRequest *request, TokenResponse *response)
{
	Refresh refresh = {.request = request, .entered = GetCurrentTimestamp()};
	PgtErr err;

	cache_begin();
	err = configuration_check_fresh();
	if (err == PGT_OK)
		err = authenticate(&refresh);
	if (err == PGT_OK)
		err = parse_token(&refresh);
	do
	{
		if (err == PGT_OK)
			err = load_family(&refresh);
		if (err == PGT_OK)
			err = judge(&refresh);
		if (err == PGT_OK)
			err = permit_refresh(&refresh, response);
		if (err == PGT_OK)
			err = sign(&refresh);
	} while (err == PGT_OK && !store(&refresh)); /* somebody was faster */
	if (err == PGT_OK)
		answer(&refresh, response);
	else
		refuse(&refresh, err, response);
	pgtc_crypto_wipe(&refresh.token, sizeof(refresh.token));
	pgtc_crypto_wipe(&refresh.successor, sizeof(refresh.successor));
}

/* --- who is asking ------------------------------------------------------------------ */

static PgtErr
authenticate_as(Refresh *refresh, const char *client_id)
{
	Client *client = client_find(client_id);
	PgtErr err;

	if (client == NULL)
		return refused(PGT_ERR_CLIENT_UNKNOWN, "client_id", client_id, NULL);
	err = client_authenticate(client, refresh->request->client_secret);
	if (err == PGT_OK)
		refresh->client = client;
	return err;
}

/* who does not say which client he is will be the family's */
static PgtErr
authenticate(Refresh *refresh)
{
	const RefreshRequest *request = refresh->request;

	refresh->client = request->client;
	return request->client || request->client_id == NULL
			   ? PGT_OK
			   : authenticate_as(refresh, request->client_id);
}

/* --- for which family --------------------------------------------------------------- */

static PgtErr
parse_token(Refresh *refresh)
{
	return genuine_parse_refresh_token(refresh->request->refresh_token, &refresh->token)
			   ? PGT_OK
			   : PGT_ERR_TOKEN_MALFORMED;
}

/* is the token the family's, and who presents it entitled to? */
static PgtErr
recognize(Refresh *refresh, Grant *grant)
{
	const Client *client;
	PgtErr err = PGT_OK;

	if (refresh->client == NULL)
		err = authenticate_as(refresh, grant->client_id);
	if (err != PGT_OK)
		return err;
	client = refresh->client;
	if (!genuine_refresh_token(grant, &refresh->token))
		return retry_lost(client, grant, refresh->token.generation, &refresh->grant);
	/* another client's caller is refused; the hash says that it is worth recording with the family */
	refresh->grant = grant;
	if (strcmp(grant->client_id, client->client_id) != 0)
		return refused(PGT_ERR_TOKEN_OTHER_CLIENT, "client_id", client->client_id,
					   grant->client_id);
	/* a confidential client proves itself, and may change its key (RFC 9449 section 5) */
	if (!client->confidential && !confirmation_holds(&grant->cnf, &refresh->request->cnf))
		return PGT_ERR_TOKEN_OTHER_KEY;
	if (!client_may_refresh(client, grant->scope))
		return PGT_ERR_CLIENT_NOT_OFFLINE;
	store_make_durable();
	return PGT_OK;
}

/* as it is now, and at first whether it is the right one */
static PgtErr
load_family(Refresh *refresh)
{
	PgtErr err = PGT_OK;
	pg_uuid_t grant_id;
	Grant *grant;

	CHECK_FOR_INTERRUPTS();
	/* current, predecessor, older, revoked: a token has no more states to pass through */
	if (++refresh->readings > READINGS_MAX)
		elog(ERROR, "a refresh token was judged too often");
	memcpy(grant_id.data, refresh->token.grant_id, PGTC_UUID_LEN);
	grant = grant_read(&grant_id);
	if (grant && refresh->readings == 1)
		err = recognize(refresh, grant);
	else
		refresh->grant = grant;
	refresh->now = GetCurrentTimestamp();
	return grant ? err : PGT_ERR_TOKEN_UNKNOWN;
}

/* --- what the token is by now ------------------------------------------------------- */

static RetryCase
retry_case(const Refresh *refresh)
{
	return (RetryCase){.client = refresh->client,
					   .grant = refresh->grant,
					   .cnf = &refresh->request->cnf,
					   .context = refresh->request->context,
					   .entered = refresh->entered,
					   .now = refresh->now,
					   .was_current = refresh->was_current};
}

/* whatever the token: is there anything to refresh? */
static PgtErr
judge_family(const Refresh *refresh)
{
	const Grant *grant = refresh->grant;
	int generation = refresh->token.generation;
	PgtErr err =
		not_before_check(refresh->client, grant->auth.subject, grant->not_before, &grant->begun);

	if (grant->revoked)
		return grant->revoke_reason && strcmp(grant->revoke_reason, "consent_withdrawn") == 0
				   ? PGT_ERR_CONSENT_WITHDRAWN
				   : PGT_ERR_FAMILY_REVOKED;
	if (err != PGT_OK)
		return err;
	if (refresh->now >= grant->expires_at)
		return PGT_ERR_FAMILY_EXPIRED;
	if (refresh->now >= moment_plus(grant->rotated_at, grant->idle_lifetime))
		return PGT_ERR_FAMILY_IDLE;
	/* an older one is reuse, blacklisted or not */
	if (generation >= grant->generation - 1 && generation <= grant->blacklisted_generation)
		return PGT_ERR_TOKEN_BLACKLISTED;
	return PGT_OK;
}

/* the rules of rotation */
static Verdict
judge_generation(Refresh *refresh)
{
	const Client *client = refresh->client;
	const Grant *grant = refresh->grant;
	const RetryCase retry = retry_case(refresh);
	int generation = refresh->token.generation;

	if (generation == grant->generation)
		return client->rotates ? VERDICT_ROTATE : VERDICT_RENEW;
	/* has_previous: a renewal has used the successor */
	if (generation != grant->generation - 1 || !grant->has_previous || !retry_in_window(&retry) ||
		(client->retry_limit >= 0 && grant->retry_count >= client->retry_limit))
		return VERDICT_REUSE;
	/* has this predecessor come from a second place for too many generations running? */
	refresh->has_lockstep = retry_lockstep(&retry, &refresh->lockstep);
	refresh->in_lockstep = refresh->has_lockstep && retry_is_lockstep(&retry, &refresh->lockstep);
	return refresh->in_lockstep ? VERDICT_REUSE : VERDICT_RETRY;
}

/* false: somebody else has changed it */
static bool
end_family(const Refresh *refresh, PgtErr err, RevokedGrant *revoked)
{
	const Grant *grant = refresh->grant;
	const AuditScope scope = {.client_id = grant->client_id,
							  .subject = grant->auth.subject,
							  .context = refresh->request->context};
	bool ended;

	audit_enter(&scope);
	ended = grant_revoke(&grant->grant_id, refresh->now, errors_info(err)->reason, revoked);
	audit_leave();
	return ended;
}

static bool
end_reused_family(const Refresh *refresh)
{
	const Grant *grant = refresh->grant;
	const RetryCase retry = retry_case(refresh);
	RevokedGrant revoked;
	Object context;
	Jsonb *both;

	if (!end_family(refresh, PGT_ERR_TOKEN_REUSED, &revoked))
		return false;
	object_begin(&context); /* not in personal: addresses may go before the event */
	object_jsonb(&context, "rotation_context", grant->context);
	both = object_concat(refresh->request->context, object_end(&context));
	audit_write(
		&(AuditEvent){.grant_id = &grant->grant_id,
					  .event = "refresh.reuse",
					  .reason = errors_info(PGT_ERR_TOKEN_REUSED)->reason,
					  .client_id = grant->client_id,
					  .subject = grant->auth.subject,
					  .context = both,
					  .detail = retry_detail(&retry, refresh->token.generation, &revoked,
											 refresh->in_lockstep ? &refresh->lockstep : NULL)});
	return true;
}

/* somebody was faster, or has been waited for */
static PgtErr
judge_again(Refresh *refresh)
{
	PgtErr err = load_family(refresh);

	return err == PGT_OK ? judge(refresh) : err;
}

/*
 * A rotation's generation says whether what was judged is still so; a renewal changes none,
 * so those of one family that a policy may judge come one after the other.  Those that go on
 * after a step-up do so by its row, which is locked before the family's.
 */
static bool
must_lock(const Refresh *refresh)
{
	return refresh->verdict == VERDICT_RENEW && !refresh->locked &&
		   !refresh->request->transaction_id && policy_list();
}

static PgtErr
judge(Refresh *refresh)
{
	PgtErr err = judge_family(refresh);

	refresh->in_lockstep = false;
	if (err != PGT_OK)
		return err;
	refresh->verdict = judge_generation(refresh);
	refresh->was_current |= refresh->verdict == VERDICT_ROTATE;
	if (refresh->verdict == VERDICT_REUSE)
		return end_reused_family(refresh) ? PGT_ERR_TOKEN_REUSED : judge_again(refresh);
	/* later than reuse, which ends a family also while its subject is blocked */
	if (subject_block_holds(refresh->client->issuer, refresh->grant->auth.subject))
		return PGT_ERR_SUBJECT_BLOCKED;
	if (must_lock(refresh))
	{
		grant_lock(&refresh->grant->grant_id);
		refresh->locked = true;
		return judge_again(refresh);
	}
	return PGT_OK;
}

/* --- may it go on ------------------------------------------------------------------- */

/* RFC 9470 section 4: what a resource server has asked the client for */
static bool
asked_requirement(const RefreshRequest *request, Requirement *asked)
{
	*asked = (Requirement){.can_step_up = true,
						   .acr_values = request->acr_values,
						   .n_acr_values = request->n_acr_values,
						   .max_age = request->max_age};
	return request->n_acr_values > 0 || request->max_age >= 0;
}

/* a new assessment of the risk; nothing has been consumed so far */
static PgtErr
permit_refresh(Refresh *refresh, TokenResponse *response)
{
	const RefreshRequest *request = refresh->request;
	const RetryCase retry = retry_case(refresh);
	Target *target = &refresh->target;
	Requirement asked;
	PermitRequest permit_request = {
		.assessed =
			{
				.client = refresh->client,
				.retry = refresh->verdict == VERDICT_RETRY,
				.asked = asked_requirement(request, &asked) ? &asked : NULL,
				.context = request->context,
				.now = refresh->now,
			},
		.generation = refresh->token.generation,
		.transaction_id = request->transaction_id,
		.entered = refresh->entered,
		.retry_window = retry_window(&retry),
		.proved_before = refresh->was_proved,
		.consumed_before = refresh->consumed,
		.user_present = true,
	};
	PgtErr err = target_for_refresh(refresh->client, refresh->grant, request->scope,
									request->resources, request->n_resources, target);

	if (err == PGT_OK)
		err = authorization_details_narrow(refresh->grant->auth.details, request->details,
										   &target->details);
	if (err != PGT_OK)
		return err;
	permit_request.assessed.scope = target->scope;
	permit_request.assessed.resources = target->resources;
	permit_request.assessed.n_resources = target->n_resources;
	err = permit(&permit_request, refresh->grant, &refresh->permission, response);
	refresh->was_proved |= refresh->permission.stepped_up;
	return err;
}

/* before anything is stored or consumed: the application's claims may make it impossible */
static PgtErr
sign(Refresh *refresh)
{
	Grant *grant = refresh->grant;
	bool rotates = refresh->verdict == VERDICT_ROTATE;

	/* the access token is bound to what this request has proved, the family to what its first has */
	grant->cnf = refresh->request->cnf;
	status_place_follow(refresh->client, grant, refresh->now);
	return mint_tokens(
		&(MintRequest){
			.client = refresh->client,
			.grant = grant,
			.target = &refresh->target,
			.generation = rotates ? grant->generation + 1 : grant->generation,
			/* whoever gets in between adds to the retries of the generation, or we are refused */
			.retry = rotates ? 0 : grant->retry_count + 1,
			.now = refresh->now,
			.at_endpoint = refresh->request->client != NULL},
		&refresh->minted);
}

/* --- storing it --------------------------------------------------------------------- */

/* the successor's secret and its hash; a retry finds the stored nonce, a rotation makes one */
static void
derive_successor(Refresh *refresh, uint32_t generation, const uint8_t *nonce)
{
	const uint8_t *pepper = issuer_pepper(issuer_get(refresh->client->issuer));
	uint8_t *secret = refresh->successor.secret;

	refresh->successor = refresh->token;
	refresh->successor.generation = generation;
	glue_check(pgtc_refresh_token_derive(pepper, refresh->token.grant_id, generation,
										 refresh->token.secret, nonce, secret),
			   "deriving a secret");
	glue_check(pgtc_crypto_sha256(secret, PGTC_SECRET_LEN, refresh->successor_hash),
			   "hashing a secret");
}

static bool
rotate_family(Refresh *refresh)
{
	const Grant *grant = refresh->grant;
	uint8_t nonce[PGTC_ROTATION_NONCE_LEN];

	random_public(nonce, sizeof(nonce));
	derive_successor(refresh, grant->generation + 1, nonce);
	if (!grant_rotate(grant, refresh->successor_hash, nonce, refresh->now,
					  refresh->request->context))
		return false;
	retry_note_rotation(&grant->grant_id, nonce);
	return true;
}

static bool
retry_family(Refresh *refresh)
{
	const Grant *grant = refresh->grant;
	uint8_t lockstep[PGTC_LOCKSTEP_LEN];

	derive_successor(refresh, grant->generation, grant->rotation_nonce);
	if (!pgtc_crypto_equal(refresh->successor_hash, grant->current_hash, PGTC_SHA256_LEN))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the successor of a refresh token cannot be derived again"),
						errdetail("The issuer's pepper is not the one it was made with."),
						errhint("Restore pgtoken.key_material together with pgtoken.grants.")));
	if (refresh->has_lockstep)
		pgtc_lockstep_write(&refresh->lockstep, lockstep);
	return grant_retry(grant, refresh->client->retry_limit, refresh->has_lockstep ? lockstep : NULL,
					   &refresh->retry);
}

static bool
renew_family(Refresh *refresh)
{
	const Grant *grant = refresh->grant;

	refresh->successor = refresh->token;
	memcpy(refresh->successor_hash, grant->current_hash, PGTC_SHA256_LEN);
	return grant_renew(grant, refresh->now, refresh->request->context, &refresh->retry);
}

/* before the family's row, in the order in which everybody locks the two */
static bool
consume_step_up(Refresh *refresh)
{
	const Grant *grant = refresh->grant;
	bool rotates = refresh->verdict == VERDICT_ROTATE;

	if (refresh->permission.stepped_up && !refresh->consumed)
		refresh->consumed = challenge_consume(&grant->grant_id, &refresh->permission.step_up,
											  rotates ? grant->generation + 1 : grant->generation);
	return refresh->consumed || !refresh->permission.stepped_up;
}

/* exactly one child, or its very likeness; false: somebody else was faster */
static bool
advance_family(Refresh *refresh)
{
	refresh->retry = 0;
	if (!consume_step_up(refresh))
		return false;
	switch (refresh->verdict)
	{
		case VERDICT_ROTATE:
			return rotate_family(refresh);
		case VERDICT_RETRY:
			return retry_family(refresh);
		default:
			return renew_family(refresh);
	}
}

static bool
store(Refresh *refresh)
{
	const Grant *grant = refresh->grant;
	bool retries = refresh->verdict == VERDICT_RETRY;
	Jsonb *context = refresh->request->context;
	const AuditScope scope = {
		.client_id = grant->client_id,
		.client_auth_method = refresh->client->authenticated_by,
		.subject = grant->auth.subject,
		.context = context,
		.context_changed =
			retries && compareJsonbContainers(&context->root, &grant->context->root) != 0,
		.decision = refresh->permission.record,
		.personal = refresh->permission.personal};
	bool advanced;

	audit_enter(&scope);
	advanced = advance_family(refresh);
	if (advanced && refresh->permission.stepped_up)
		grant_step_up(grant);
	refresh->refresh_end = grant_refresh_end(grant, retries ? grant->rotated_at : refresh->now);
	if (advanced)
		mint_record(&refresh->minted,
					&(LineageRow){.generation = refresh->successor.generation,
								  .retry = refresh->retry,
								  .parent_generation = refresh->token.generation,
								  .token_hash = refresh->successor_hash,
								  .refresh_expires_at = refresh->refresh_end,
								  .context = context,
								  .client_secret_id = refresh->client->proved_secret});
	audit_leave();
	return advanced;
}

/* --- the answer --------------------------------------------------------------------- */

static void
answer(const Refresh *refresh, TokenResponse *response)
{
	char *written = palloc(PGTC_REFRESH_TOKEN_LEN + 1);

	pgtc_refresh_token_write(&refresh->successor, written);
	mint_answer(&refresh->minted, written, refresh->refresh_end, response);
}

static void
refuse(const Refresh *refresh, PgtErr err, TokenResponse *response)
{
	const Client *client = refresh->client;
	const Grant *grant = refresh->grant;
	RevokedGrant revoked;

	response->err = err;
	/* a reuse has written its own event, with the revocation */
	if (err == PGT_ERR_TOKEN_REUSED)
		return;
	/* a policy's verdict on who presents the token, not on the token */
	if (err == PGT_ERR_POLICY_DENIED && refresh->permission.revoke)
		(void) end_family(refresh, err, &revoked);
	permit_audit_refusal(
		"refresh", err, &refresh->permission,
		(AuditEvent){.grant_id = grant ? &grant->grant_id : NULL,
					 .event = client ? NULL : "client.authentication_failed",
					 .client_id = client ? client->client_id : refresh->request->client_id,
					 .subject = grant ? grant->auth.subject : NULL,
					 .context = refresh->request->context,
					 /* only of a token that is genuine */
					 .detail = grant ? retry_presented(refresh->token.generation) : NULL});
}
