/*
 * factor_challenge.c
 *		Use cases: a user chooses a factor for a step-up transaction, and proves it.
 *
 * Who knows the transaction_id may try: it is the client's, which shows the user
 * what to do, or the application's.
 */
#include "step_up/factor_challenge.h"

#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/member.h"
#include "base/object.h"
#include "base/random.h"
#include "base/request.h"
#include "base/secret_handle.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/factor/one_time_code.h"
#include "core/oauth/handle.h"
#include "step_up/challenge_outbox.h"
#include "step_up/factor.h"
#include "step_up/factor_evidence.h"
#include "tables/audit.h"
#include "tables/challenge_row.h"
#include "tables/client.h"
#include "tables/console.h"
#include "tables/grant.h"
#include "tables/issuer.h"
#include "tables/not_before.h"
#include "tables/subject_block.h"

#define CODE_DIGITS 6

/* one call, as far as it has been understood */
typedef struct Call
{
	const char *client_id; /* who asks; NULL: anybody */
	Jsonb *context;
	TimestampTz now;
	Challenge *challenge;
	Issuer *issuer;
	Factor *factor;
} Call;

static PgtErr
state_error(const Challenge *challenge, TimestampTz now)
{
	if (challenge->expires_at <= now)
		return PGT_ERR_CHALLENGE_UNKNOWN;
	if (challenge->state == CHALLENGE_FAILED)
		return PGT_ERR_CHALLENGE_FAILED;
	return challenge->state == CHALLENGE_OPEN ? PGT_OK : PGT_ERR_CHALLENGE_CONSUMED;
}

/* a first issue has no family yet */
static PgtErr
family_error(const Challenge *challenge, TimestampTz now)
{
	const Grant *grant = grant_read(&challenge->grant_id);
	const Client *client;

	if (grant == NULL)
		return challenge->generation < 0 ? PGT_OK : PGT_ERR_CHALLENGE_UNKNOWN;
	if (grant->revoked)
		return PGT_ERR_FAMILY_REVOKED;
	if (now >= grant_refresh_end(grant, grant->rotated_at))
		return PGT_ERR_FAMILY_EXPIRED;
	client = client_find(grant->client_id);
	return client ? not_before_check(client, grant->auth.subject, grant->not_before, &grant->begun)
				  : PGT_ERR_CHALLENGE_UNKNOWN;
}

static PgtErr
find_challenge(Call *call, const char *transaction_id)
{
	uint8_t handle_hash[PGTC_SHA256_LEN];
	pg_uuid_t grant_id;
	PgtErr err;

	if (!secret_handle_read(PGTC_CHALLENGE_PREFIX, transaction_id, &grant_id, handle_hash))
		return PGT_ERR_CHALLENGE_UNKNOWN;
	call->challenge = challenge_row_read(&grant_id, handle_hash);
	if (call->challenge == NULL)
		return PGT_ERR_CHALLENGE_UNKNOWN;
	if (call->client_id && strcmp(call->client_id, call->challenge->client_id) != 0)
		return PGT_ERR_CHALLENGE_OTHER_CLIENT;
	call->issuer = issuer_get(call->challenge->issuer);
	err = state_error(call->challenge, call->now);
	if (err == PGT_OK)
		err = family_error(call->challenge, call->now);
	if (err == PGT_OK && subject_block_holds(call->challenge->issuer, call->challenge->subject))
		err = PGT_ERR_ISSUE_SUBJECT_BLOCKED;
	return err;
}

static bool
is_offered(const Challenge *challenge, const pg_uuid_t *factor_id)
{
	for (int i = 0; i < challenge->n_factor_ids; i++)
	{
		if (memcmp(&challenge->factor_ids[i], factor_id, UUID_LEN) == 0)
			return true;
	}
	return false;
}

/* NULL: none is named */
static PgtErr
find_factor(Call *call, const pg_uuid_t *factor_id)
{
	const Challenge *challenge = call->challenge;

	if (factor_id && is_offered(challenge, factor_id))
		call->factor = factor_read(challenge->issuer, challenge->subject, factor_id);
	if (call->factor == NULL || call->factor->state == FACTOR_PENDING)
		return PGT_ERR_FACTOR_UNKNOWN;
	if (call->factor->state == FACTOR_DISABLED || factor_locked(call->factor, call->now))
		return PGT_ERR_FACTOR_LOCKED;
	return PGT_OK;
}

static Jsonb *
factor_detail(const Factor *factor)
{
	Object detail;

	object_begin(&detail);
	if (factor)
	{
		object_string(&detail, "factor_id", strings_of_uuid(&factor->factor_id));
		object_string(&detail, "factor_type", factor_type_name(factor->type));
	}
	return object_end(&detail);
}

/* err PGT_OK: it is no refusal */
static void
audit(const Call *call, const char *name, PgtErr err)
{
	const Challenge *challenge = call->challenge;
	const AuditEvent event = {.grant_id = &challenge->grant_id,
							  .event = name,
							  .client_id = call->client_id ? call->client_id : challenge->client_id,
							  .subject = challenge->subject,
							  .context = call->context,
							  .detail = factor_detail(call->factor)};

	if (err == PGT_OK)
		audit_write(&event);
	else
		audit_refusal(err, &event);
}

static void
enter_scope(const Call *call)
{
	AuditScope scope = {.client_id = call->challenge->client_id,
						.subject = call->challenge->subject,
						.context = call->context};

	audit_enter(&scope);
}

/* --- choosing a factor ------------------------------------------------------------- */

static PgtErr
send_code(const Call *call, bool outbox, Object *body)
{
	char code[PGTC_CODE_DIGITS_MAX + 1];
	uint8_t random[32];
	uint8_t hash[PGTC_SHA256_LEN];
	bool sent;

	if (!challenge_row_lock_for_code(call->challenge, FACTOR_CODE_INTERVAL, call->now) ||
		!factor_count_code(call->factor, call->now))
		return PGT_ERR_FACTOR_SENT_TOO_OFTEN;
	random_bytes(random, sizeof(random));
	pgtc_one_time_code_numeric(random, CODE_DIGITS, code);
	pgtc_crypto_wipe(random, sizeof(random));
	factor_evidence_hash_sent_code(call->issuer, call->challenge, code, hash);
	sent = challenge_row_choose_code(call->challenge, &call->factor->factor_id, hash, call->now);
	if (sent && outbox)
		challenge_outbox_put(call->issuer, call->challenge, call->factor, code);
	else if (sent)
		object_string(body, "code", pstrdup(code));
	pgtc_crypto_wipe(code, sizeof(code));
	if (!sent)
		return PGT_ERR_CHALLENGE_CONSUMED;
	audit(call, "challenge.sent", PGT_OK);
	return PGT_OK;
}

/* PublicKeyCredentialRequestOptions in JSON (WebAuthn Level 3 section 5.1.10) */
static Jsonb *
request_options(const Call *call, const uint8_t nonce[CHALLENGE_NONCE_LEN], int64 seconds)
{
	Object options;
	Object credentials;
	Object credential;
	PgtcBuf challenge;

	pgtc_buf_init(&challenge, &glue_mem);
	pgtc_buf_append_b64url(&challenge, nonce, CHALLENGE_NONCE_LEN);
	glue_check(pgtc_buf_code(&challenge), "writing a challenge");
	object_begin(&credential);
	object_string(&credential, "type", "public-key");
	object_string(&credential, "id", member_string(call->factor->parameters, "credential_id"));
	object_array_begin(&credentials);
	object_array_add(&credentials, object_end(&credential));
	object_begin(&options);
	object_string(&options, "challenge", challenge.data);
	object_string(&options, "rpId", call->issuer->webauthn_rp_id);
	object_jsonb(&options, "allowCredentials", object_array_end(&credentials));
	object_string(&options, "userVerification", "required");
	object_int(&options, "timeout", seconds * 1000);
	return object_end(&options);
}

static PgtErr
ask_for_assertion(const Call *call, int64 seconds, Object *body)
{
	uint8_t nonce[CHALLENGE_NONCE_LEN];

	if (call->issuer->webauthn_rp_id == NULL)
		return PGT_ERR_FACTOR_UNKNOWN;
	random_bytes(nonce, sizeof(nonce));
	if (!challenge_row_choose(call->challenge, &call->factor->factor_id, nonce, call->now))
		return PGT_ERR_CHALLENGE_CONSUMED;
	object_jsonb(body, "public_key", request_options(call, nonce, seconds));
	return PGT_OK;
}

static PgtErr
choose(const Call *call, bool outbox, Jsonb **result)
{
	int64 seconds = (call->challenge->expires_at - call->now) / USECS_PER_SEC;
	PgtErr err = PGT_OK;
	Object body;

	object_begin(&body);
	object_string(&body, "factor_id", strings_of_uuid(&call->factor->factor_id));
	object_string(&body, "factor_type", factor_type_name(call->factor->type));
	object_int(&body, "expires_in", seconds);
	if (factor_type_is_sent(call->factor->type))
		err = send_code(call, outbox, &body);
	else if (call->factor->type == FACTOR_WEBAUTHN)
		err = ask_for_assertion(call, seconds, &body);
	else if (!challenge_row_choose(call->challenge, &call->factor->factor_id, NULL, call->now))
		err = PGT_ERR_CHALLENGE_CONSUMED;
	*result = object_end(&body);
	return err;
}

void
factor_challenge_begin(const char *transaction_id, const pg_uuid_t *factor_id,
					   const char *client_id, bool outbox, Jsonb *context, ChallengeAnswer *answer)
{
	Call call = {.client_id = client_id, .context = context, .now = GetCurrentTimestamp()};

	cache_begin();
	answer->body = NULL;
	answer->err = find_challenge(&call, transaction_id);
	if (answer->err == PGT_OK)
		answer->err = find_factor(&call, factor_id);
	if (answer->err == PGT_OK)
	{
		enter_scope(&call);
		answer->err = choose(&call, outbox, &answer->body);
		audit_leave();
	}
	if (call.challenge && answer->err != PGT_OK)
		audit(&call, "challenge.refused", answer->err);
}

/* --- proving it ---------------------------------------------------------------------- */

/* the factor that the evidence names, or the one that was chosen */
static PgtErr
find_proved_factor(Call *call, Jsonb *evidence)
{
	char *named = member_string(evidence, "factor_id");
	pg_uuid_t factor_id;

	if (named == NULL && !call->challenge->has_factor)
		return PGT_ERR_FACTOR_MISSING;
	if (named == NULL)
		return find_factor(call, &call->challenge->factor_id);
	if (pgtc_uuid_parse(pgtc_slice_str(named), factor_id.data) != PGTC_OK)
		return PGT_ERR_FACTOR_UNKNOWN;
	return find_factor(call, &factor_id);
}

static PgtErr
complete(const Call *call, Jsonb *evidence, Jsonb **body)
{
	const char *type = factor_type_name(call->factor->type);
	const char *acr = factor_type_acr(call->issuer, call->factor->type);
	int n_amr;
	char **amr = factor_type_amr(call->factor->type, &n_amr);
	Object object;

	if (call->factor->type == FACTOR_EXTERNAL)
	{
		char *own_acr = member_string(evidence, "acr");
		int n_own;
		char **own_amr = member_strings(evidence, "amr", &n_own);

		request_string(own_acr, "acr");
		request_strings(own_amr, n_own, "amr");
		acr = own_acr ? own_acr : acr;
		amr = n_own < 0 ? amr : own_amr;
		n_amr = n_own < 0 ? n_amr : n_own;
	}
	if (!challenge_row_complete(call->challenge, &call->factor->factor_id, type, acr, amr, n_amr,
								call->now))
		return PGT_ERR_CHALLENGE_CONSUMED;
	store_make_durable();
	object_begin(&object);
	object_bool(&object, "completed", true);
	object_string(&object, "factor_id", strings_of_uuid(&call->factor->factor_id));
	object_string(&object, "factor_type", type);
	object_string(&object, "acr", acr);
	*body = object_end(&object);
	return PGT_OK;
}

/*
 * Counted first, for the transaction and for the factor.  Both rows stay locked
 * until this transaction of the database ends: what is compared is what they say
 * then, and of many guesses that come at once each waits for the one before.
 */
static PgtErr
attempt(Call *call, Jsonb *evidence, bool trusted, Jsonb **body)
{
	Challenge *challenge = challenge_row_attempt(call->challenge, call->now);
	Factor *factor;
	PgtErr err;

	if (challenge == NULL)
	{
		challenge = challenge_row_read(&call->challenge->grant_id, call->challenge->handle_hash);
		err = challenge ? state_error(challenge, call->now) : PGT_ERR_CHALLENGE_UNKNOWN;
		return err == PGT_OK ? PGT_ERR_CHALLENGE_FAILED : err;
	}
	call->challenge = challenge;
	factor = factor_attempt(call->factor, FACTOR_ACTIVE, call->now);
	if (factor == NULL)
		return PGT_ERR_FACTOR_LOCKED;
	call->factor = factor;
	if (factor_evidence_accept(call->issuer, factor, challenge, evidence, trusted, call->now))
		return complete(call, evidence, body);
	factor_attempt_failed(factor, call->now);
	if (challenge->attempts < CHALLENGE_ATTEMPTS_MAX)
		return PGT_ERR_EVIDENCE_WRONG;
	challenge_row_fail(challenge);
	return PGT_ERR_CHALLENGE_FAILED;
}

/*
 * The application's transaction is its own: rolled back after each wrong guess it would
 * have no wrong attempt counted.  Over HTTP the layer commits.
 */
static void
refuse_uncounted(const Factor *factor)
{
	if (console_has_factor(factor->issuer, factor->subject, &factor->factor_id))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied: the factor is an operator's of the console"),
						errdetail("The console itself hands over what its operator shows.")));
}

void
factor_challenge_complete(const char *transaction_id, Jsonb *evidence, const char *client_id,
						  bool trusted, Jsonb *context, ChallengeAnswer *answer)
{
	Call call = {.client_id = client_id, .context = context, .now = GetCurrentTimestamp()};

	cache_begin();
	answer->body = NULL;
	answer->err = find_challenge(&call, transaction_id);
	if (answer->err == PGT_OK)
		answer->err = find_proved_factor(&call, evidence);
	if (answer->err == PGT_OK && trusted)
		refuse_uncounted(call.factor);
	/* who has not understood the interface is not guessing */
	if (answer->err == PGT_OK && !factor_evidence_is_whole(call.factor->type, evidence))
		answer->err = PGT_ERR_REQUEST_PARAMETER;
	if (answer->err == PGT_OK)
	{
		enter_scope(&call);
		answer->err = attempt(&call, evidence, trusted, &answer->body);
		audit_leave();
	}
	if (call.challenge && answer->err != PGT_OK)
		audit(&call, "challenge.refused", answer->err);
}
