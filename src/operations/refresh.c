/*
 * refresh.c
 *		Use case: refresh, with rotation, honest retries and reuse detection.
 *
 * Authenticate the client -> parse -> find the family -> client binding -> hash
 * -> only then judge reuse: who lacks the client's credentials must not be able
 * to kill a family -> assess the risk, before anything is consumed -> sign ->
 * store.  The family's row settles every race: each change is one UPDATE that
 * names the generation it expects, and whoever finds it changed reads and judges
 * again.  A token only ever grows older, so that ends.
 */
#include "operations/refresh.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "base/cache.h"
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
#include "step_up/challenge.h"
#include "tables/audit.h"
#include "tables/client.h"
#include "tables/grant.h"
#include "tables/issuer.h"
#include "tables/lineage.h"
#include "tables/not_before.h"
#include "tables/policy.h"
#include "tokens/genuine.h"
#include "tokens/mint.h"
#include "tokens/target.h"

#define READINGS_MAX 10

/* one refresh, as far as it has come */
typedef struct Refresh
{
	const RefreshRequest *request;
	TimestampTz entered; /* what windows count to: time that was spent waiting is nobody's delay */
	TimestampTz now; /* for revocation and expiry: read again after each wait */
	const Client *client; /* NULL until it is authenticated */
	PgtcRefreshToken token; /* as presented */
	Grant *grant; /* NULL until the token is known to be its own */
	Target target;
	Permission permission;
	Minted minted;
	bool was_current; /* it has read its token as current: whoever rotated that was faster */
	bool was_proved; /* and its step-up as not yet consumed */
	bool consumed; /* it has consumed its step-up itself, whatever came between */
	PgtcLockstep lockstep; /* what a retry makes of the family's */
	bool has_lockstep;
	bool in_lockstep;
} Refresh;

typedef enum Verdict
{
	VERDICT_REFUSE,
	VERDICT_ROTATE,
	VERDICT_RENEW, /* a client whose refresh tokens do not rotate */
	VERDICT_RETRY,
	VERDICT_REUSE
} Verdict;

static PgtErr identify(Refresh *refresh);
static Verdict judge(const Refresh *refresh, PgtErr *err);
static bool follows_in_lockstep(Refresh *refresh);
static PgtErr permit_refresh(Refresh *refresh, Verdict verdict, TokenResponse *response);
static bool end_reused_family(const Refresh *refresh);
static PgtErr lock_family(Refresh *refresh);
static PgtErr sign(Refresh *refresh, Verdict verdict);
static bool store_answer(Refresh *refresh, Verdict verdict, TokenResponse *response);
static void refuse(const Refresh *refresh, PgtErr err, TokenResponse *response);

void
refresh_grant(const RefreshRequest *request, TokenResponse *response)
{
	Refresh refresh = {.request = request, .entered = GetCurrentTimestamp()};
	bool settled = false;
	bool locked = false;
	int readings = 1;
	PgtErr err;

	cache_begin();
	err = identify(&refresh);
	refresh.now = GetCurrentTimestamp();
	if (err == PGT_OK)
		store_make_durable();
	while (err == PGT_OK && !settled)
	{
		Verdict verdict = judge(&refresh, &err);

		refresh.was_current |= verdict == VERDICT_ROTATE;
		refresh.in_lockstep = verdict == VERDICT_RETRY && follows_in_lockstep(&refresh);
		if (refresh.in_lockstep)
			verdict = VERDICT_REUSE;
		if (verdict == VERDICT_RENEW && !locked && !request->transaction_id && policy_list())
		{
			err = lock_family(&refresh);
			locked = true;
			continue;
		}
		if (verdict == VERDICT_REUSE)
		{
			if (end_reused_family(&refresh))
				err = PGT_ERR_TOKEN_REUSED;
		}
		else if (verdict != VERDICT_REFUSE)
		{
			err = target_for_refresh(refresh.client, refresh.grant, request->scope,
									 request->resources, request->n_resources, &refresh.target);
			if (err == PGT_OK)
				err = permit_refresh(&refresh, verdict, response);
			if (err == PGT_OK)
				err = sign(&refresh, verdict);
			if (err == PGT_OK)
				settled = store_answer(&refresh, verdict, response);
		}
		if (err == PGT_OK && !settled)
		{
			CHECK_FOR_INTERRUPTS();
			/* current, predecessor, older, revoked: a token has no more states to pass through */
			if (++readings > READINGS_MAX)
				elog(ERROR, "a refresh token was judged too often");
			refresh.grant = grant_read(&refresh.grant->grant_id);
			refresh.now = GetCurrentTimestamp(); /* time has passed while we waited */
			if (refresh.grant == NULL)
				err = PGT_ERR_TOKEN_UNKNOWN;
		}
	}
	if (err != PGT_OK)
		refuse(&refresh, err, response);
	pgtc_crypto_wipe(&refresh.token, sizeof(refresh.token));
}

/*
 * A rotation's generation says whether what was judged is still so; a renewal
 * changes none, so those of one family that a policy may judge come one after the
 * other.  Those that go on after a step-up do so by its row, which is locked before
 * the family's.
 */
static PgtErr
lock_family(Refresh *refresh)
{
	const pg_uuid_t grant_id = refresh->grant->grant_id;

	grant_lock(&grant_id);
	refresh->grant = grant_read(&grant_id);
	refresh->now = GetCurrentTimestamp();
	return refresh->grant ? PGT_OK : PGT_ERR_TOKEN_UNKNOWN;
}

static PgtErr
authenticate(Refresh *refresh, const char *client_id)
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

/* who is asking, and for which family? */
static PgtErr
identify(Refresh *refresh)
{
	const RefreshRequest *request = refresh->request;
	pg_uuid_t grant_id;
	Grant *grant;
	bool bound;
	PgtErr err = PGT_OK;

	if (request->client)
		refresh->client = request->client;
	else if (request->client_id)
		err = authenticate(refresh, request->client_id);
	if (err != PGT_OK)
		return err;
	if (pgtc_refresh_token_parse(pgtc_slice_str(request->refresh_token), &refresh->token) !=
		PGTC_OK)
		return PGT_ERR_TOKEN_MALFORMED;
	memcpy(grant_id.data, refresh->token.grant_id, PGTC_UUID_LEN);
	grant = grant_read(&grant_id);
	if (grant == NULL)
		return PGT_ERR_TOKEN_UNKNOWN;
	if (refresh->client == NULL)
		err = authenticate(refresh, grant->client_id);
	if (err != PGT_OK)
		return err;
	/*
	 * Another client's caller is refused whatever he holds; the hash only says
	 * whether it was a token, and so worth recording with the family.
	 */
	bound = strcmp(grant->client_id, refresh->client->client_id) == 0;
	if (!genuine_refresh_token(grant, &refresh->token))
		return PGT_ERR_TOKEN_UNKNOWN;
	refresh->grant = grant;
	if (!bound)
		return refused(PGT_ERR_TOKEN_OTHER_CLIENT, "client_id", refresh->client->client_id,
					   grant->client_id);
	/* a confidential client proves itself, and may change its key (RFC 9449 section 5) */
	if (!refresh->client->confidential && !confirmation_holds(&grant->cnf, &request->cnf))
		return PGT_ERR_TOKEN_OTHER_KEY;
	return refresh->client->offline_access ? PGT_OK : PGT_ERR_CLIENT_NOT_OFFLINE;
}

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

/* has this predecessor come from a second place for too many generations running? */
static bool
follows_in_lockstep(Refresh *refresh)
{
	const RetryCase retry = retry_case(refresh);

	refresh->has_lockstep = retry_lockstep(&retry, &refresh->lockstep);
	return refresh->has_lockstep && retry_is_lockstep(&retry, &refresh->lockstep);
}

/* the rules of rotation, on the family as it was last read */
static Verdict
judge(const Refresh *refresh, PgtErr *err)
{
	const Client *client = refresh->client;
	const Grant *grant = refresh->grant;
	const RetryCase retry = retry_case(refresh);
	int generation = refresh->token.generation;

	*err = not_before_check(client, grant->subject, grant->not_before, &grant->begun);
	if (grant->revoked)
		*err = grant->revoke_reason && strcmp(grant->revoke_reason, "consent_withdrawn") == 0
				   ? PGT_ERR_CONSENT_WITHDRAWN
				   : PGT_ERR_FAMILY_REVOKED;
	else if (*err != PGT_OK)
		return VERDICT_REFUSE;
	else if (refresh->now >= grant->expires_at)
		*err = PGT_ERR_FAMILY_EXPIRED;
	else if (refresh->now >= moment_plus(grant->rotated_at, grant->idle_lifetime))
		*err = PGT_ERR_FAMILY_IDLE;
	/* an older one is reuse, blacklisted or not */
	else if (generation >= grant->generation - 1 && generation <= grant->blacklisted_generation)
		*err = PGT_ERR_TOKEN_BLACKLISTED;
	if (*err != PGT_OK)
		return VERDICT_REFUSE;

	if (generation == grant->generation)
		return client->rotates ? VERDICT_ROTATE : VERDICT_RENEW;
	/* has_previous: a renewal has used the successor */
	if (generation == grant->generation - 1 && grant->has_previous && retry_in_window(&retry) &&
		(client->retry_limit < 0 || grant->retry_count < client->retry_limit))
		return VERDICT_RETRY;
	return VERDICT_REUSE;
}

/* RFC 9470 section 4: what a resource server has asked the client for */
static bool
asked_requirement(const RefreshRequest *request, Requirement *asked)
{
	memset(asked, 0, sizeof(*asked));
	asked->can_step_up = true;
	asked->acr_values = request->acr_values;
	asked->n_acr_values = request->n_acr_values;
	asked->max_age = request->max_age;
	return request->n_acr_values > 0 || request->max_age >= 0;
}

/* a new assessment of the risk; nothing has been consumed so far */
static PgtErr
permit_refresh(Refresh *refresh, Verdict verdict, TokenResponse *response)
{
	const RefreshRequest *request = refresh->request;
	const RetryCase retry = retry_case(refresh);
	Requirement asked;
	PermitRequest permit_request = {
		.assessed =
			{
				.client = refresh->client,
				.retry = verdict == VERDICT_RETRY,
				.scope = refresh->target.scope,
				.resources = refresh->target.resources,
				.n_resources = refresh->target.n_resources,
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
	PgtErr err = permit(&permit_request, refresh->grant, &refresh->permission, response);

	refresh->was_proved |= refresh->permission.stepped_up;
	return err;
}

/* false: somebody else has changed the family */
static bool
end_reused_family(const Refresh *refresh)
{
	const Grant *grant = refresh->grant;
	RevokedGrant revoked;
	Object detail;
	const AuditScope scope = {.client_id = grant->client_id,
							  .subject = grant->subject,
							  .context = refresh->request->context};
	bool ended;

	audit_enter(&scope);
	ended = grant_revoke(&grant->grant_id, refresh->now, errors_info(PGT_ERR_TOKEN_REUSED)->reason,
						 &revoked);

	if (ended)
	{
		object_begin(&detail);
		object_int(&detail, "presented_generation", refresh->token.generation);
		object_int(&detail, "current_generation", revoked.generation);
		object_jsonb(&detail, "rotation_context", grant->context);
		if (refresh->in_lockstep)
			object_int(&detail, "lockstep_generations",
					   pgtc_lockstep_generations(&refresh->lockstep, grant->generation));
		audit_write(&(AuditEvent){.grant_id = &grant->grant_id,
								  .event = "refresh.reuse",
								  .reason = errors_info(PGT_ERR_TOKEN_REUSED)->reason,
								  .client_id = grant->client_id,
								  .subject = grant->subject,
								  .context = refresh->request->context,
								  .detail = object_end(&detail)});
	}
	audit_leave();
	return ended;
}

/* the successor's secret and its hash; a retry finds the stored nonce, a rotation makes one */
static void
derive_successor(const Refresh *refresh, uint32_t generation, const uint8_t *nonce,
				 PgtcRefreshToken *successor, uint8_t hash[PGTC_SHA256_LEN])
{
	const uint8_t *pepper = issuer_pepper(issuer_get(refresh->client->issuer));

	*successor = refresh->token;
	successor->generation = generation;
	glue_check(pgtc_refresh_token_derive(pepper, refresh->token.grant_id, generation,
										 refresh->token.secret, nonce, successor->secret),
			   "deriving a secret");
	glue_check(pgtc_crypto_sha256(successor->secret, sizeof(successor->secret), hash),
			   "hashing a secret");
}

static bool
retry_family(const Refresh *refresh, int *retry)
{
	uint8_t lockstep[PGTC_LOCKSTEP_LEN];

	if (refresh->has_lockstep)
		pgtc_lockstep_write(&refresh->lockstep, lockstep);
	return grant_retry(refresh->grant, refresh->client->retry_limit,
					   refresh->has_lockstep ? lockstep : NULL, retry);
}

/* exactly one child, or its very likeness; false: somebody else was faster */
static bool
advance_family(Refresh *refresh, Verdict verdict, PgtcRefreshToken *successor,
			   uint8_t hash[PGTC_SHA256_LEN], int *retry)
{
	const Grant *grant = refresh->grant;
	uint8_t nonce[PGTC_ROTATION_NONCE_LEN];

	*retry = 0;
	/* before the family's row, in the order in which everybody locks the two */
	if (refresh->permission.stepped_up && !refresh->consumed)
	{
		if (!challenge_consume(&grant->grant_id, &refresh->permission.step_up,
							   verdict == VERDICT_ROTATE ? grant->generation + 1
														 : grant->generation))
			return false;
		refresh->consumed = true;
	}
	switch (verdict)
	{
		case VERDICT_ROTATE:
			random_public(nonce, sizeof(nonce));
			derive_successor(refresh, grant->generation + 1, nonce, successor, hash);
			if (!grant_rotate(grant, hash, nonce, refresh->now, refresh->request->context))
				return false;
			retry_note_rotation(&grant->grant_id, nonce);
			return true;

		case VERDICT_RETRY:
			derive_successor(refresh, grant->generation, grant->rotation_nonce, successor, hash);
			if (!pgtc_crypto_equal(hash, grant->current_hash, PGTC_SHA256_LEN))
				ereport(ERROR,
						(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						 errmsg("the successor of a refresh token cannot be derived again"),
						 errdetail("The issuer's pepper is not the one it was made with."),
						 errhint("Restore pgtoken.key_material together with pgtoken.grants.")));
			return retry_family(refresh, retry);

		default:
			*successor = refresh->token;
			memcpy(hash, grant->current_hash, PGTC_SHA256_LEN);
			return grant_renew(grant, refresh->now, refresh->request->context, retry);
	}
}

/* before anything is stored or consumed: the application's claims may make it impossible */
static PgtErr
sign(Refresh *refresh, Verdict verdict)
{
	const Grant *grant = refresh->grant;
	bool rotates = verdict == VERDICT_ROTATE;

	/* the access token is bound to what this request has proved, the family to what its first has */
	refresh->grant->cnf = refresh->request->cnf;
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

static bool
store_answer(Refresh *refresh, Verdict verdict, TokenResponse *response)
{
	const Grant *grant = refresh->grant;
	const Target *target = &refresh->target;
	Jsonb *context = refresh->request->context;
	AuditScope scope = {.client_id = grant->client_id,
						.client_auth_method = refresh->client->authenticated_by,
						.subject = grant->subject,
						.context = context,
						.decision = refresh->permission.record};
	PgtcRefreshToken successor;
	uint8_t hash[PGTC_SHA256_LEN];
	const Minted *minted = &refresh->minted;
	TimestampTz refresh_end;
	char *written;
	int retry;

	scope.context_changed = verdict == VERDICT_RETRY &&
							compareJsonbContainers(&context->root, &grant->context->root) != 0;
	audit_enter(&scope);
	if (!advance_family(refresh, verdict, &successor, hash, &retry))
	{
		pgtc_crypto_wipe(&successor, sizeof(successor));
		audit_leave();
		return false;
	}
	if (refresh->permission.stepped_up)
		grant_step_up(grant);
	refresh_end =
		grant_refresh_end(grant, verdict == VERDICT_RETRY ? grant->rotated_at : refresh->now);
	lineage_insert(&(LineageRow){
		.grant_id = &grant->grant_id,
		.generation = successor.generation,
		.retry = retry,
		.issued_at = refresh->now,
		.parent_generation = refresh->token.generation,
		.token_hash = hash,
		.jti = minted->jti,
		.kid = minted->kid,
		.access_expires_at = minted->expires_at,
		.refresh_expires_at = refresh_end,
		.scope = target->scope,
		.resources = target->resources,
		.n_resources = target->n_resources,
		.decision = "allow",
		.context = context,
		.client_secret_id = refresh->client->proved_secret,
	});
	audit_leave();

	written = palloc(PGTC_REFRESH_TOKEN_LEN + 1);
	pgtc_refresh_token_write(&successor, written);
	pgtc_crypto_wipe(&successor, sizeof(successor));
	response->access_token = minted->access_token;
	response->dpop_bound = grant->cnf.jkt != NULL;
	response->expires_in = minted->expires_in;
	response->refresh_token = written;
	response->refresh_token_expires_in = moment_unix(refresh_end) - moment_unix(refresh->now);
	response->id_token = minted->id_token;
	response->scope = target->scope;
	response->grant_id = grant->grant_id;
	return true;
}

/* a policy's verdict on who presents the token, not on the token */
static void
end_denied_family(const Refresh *refresh)
{
	const Grant *grant = refresh->grant;
	RevokedGrant revoked;
	const AuditScope scope = {.client_id = grant->client_id,
							  .subject = grant->subject,
							  .context = refresh->request->context};

	audit_enter(&scope);
	(void) grant_revoke(&grant->grant_id, refresh->now, errors_info(PGT_ERR_POLICY_DENIED)->reason,
						&revoked);
	audit_leave();
}

static void
refuse(const Refresh *refresh, PgtErr err, TokenResponse *response)
{
	const Client *client = refresh->client;
	const Grant *grant = refresh->grant;

	response->err = err;
	/* a reuse has written its own event, with the revocation */
	if (err == PGT_ERR_TOKEN_REUSED)
		return;
	if (err == PGT_ERR_POLICY_DENIED && refresh->permission.revoke)
		end_denied_family(refresh);
	permit_audit_refusal(
		"refresh", err, &refresh->permission,
		(AuditEvent){.grant_id = grant ? &grant->grant_id : NULL,
					 .event = client ? NULL : "client.authentication_failed",
					 .client_id = client ? client->client_id : refresh->request->client_id,
					 .subject = grant ? grant->subject : NULL,
					 .context = refresh->request->context});
}
