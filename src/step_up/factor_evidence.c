/*
 * factor_evidence.c
 *		Is what a user shows the evidence of a factor?
 */
#include "step_up/factor_evidence.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/moment.h"
#include "core/base/b64url.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/factor/one_time_code.h"
#include "core/factor/totp.h"
#include "core/factor/webauthn.h"
#include "core/jose/alg.h"
#include "core/jose/key.h"

#define TOTP_WINDOW 1 /* steps that clocks may be apart (RFC 6238 section 5.2) */

/* HMAC( key, id | code ), so that a hash is worth nothing in another row */
static void
hash_code(Issuer *issuer, const char *purpose, const void *id, size_t id_len, const char *code,
		  uint8_t hash[PGTC_SHA256_LEN])
{
	uint8_t key[PGTC_SHA256_LEN];
	PgtcBuf buf;
	PgtcCode result;

	issuer_subkey(issuer, purpose, key);
	pgtc_buf_init(&buf, &glue_mem);
	pgtc_buf_append(&buf, id, id_len);
	pgtc_buf_append_str(&buf, code);
	result = pgtc_buf_code(&buf);
	if (result == PGTC_OK)
		result = pgtc_crypto_hmac_sha256(key, 32, buf.data, buf.len, hash);
	pgtc_crypto_wipe(key, sizeof(key));
	pgtc_buf_free(&buf);
	glue_check(result, "hashing a code");
}

void
factor_evidence_hash_sent_code(Issuer *issuer, const Challenge *challenge, const char *code,
							   uint8_t hash[PGTC_SHA256_LEN])
{
	hash_code(issuer, "challenge codes", challenge->handle_hash, sizeof(challenge->handle_hash),
			  code, hash);
}

void
factor_evidence_hash_recovery_code(Issuer *issuer, const pg_uuid_t *factor_id,
								   const char code[PGTC_RECOVERY_CODE_LEN + 1],
								   uint8_t hash[PGTC_SHA256_LEN])
{
	hash_code(issuer, "recovery codes", factor_id->data, sizeof(factor_id->data), code, hash);
}

bool
factor_evidence_totp_step(const Factor *factor, const char *code, TimestampTz now, int64 *step)
{
	char *algorithm = member_string(factor->parameters, "algorithm");
	PgtcTotp totp = {.digest = algorithm ? algorithm : "SHA1",
					 .digits = member_int(factor->parameters, "digits", 6),
					 .period = member_int(factor->parameters, "period", 30)};
	PgtcBuf secret;
	PgtcCode result;

	pgtc_buf_init(&secret, &glue_mem);
	factor_secret(factor, &secret);
	totp.secret = (const uint8_t *) secret.data;
	totp.secret_len = secret.len;
	result = pgtc_totp_check(&totp, pgtc_slice_str(code), moment_unix(now), TOTP_WINDOW,
							 factor->counter, step);
	pgtc_buf_free(&secret);
	if (result != PGTC_OK && result != PGTC_E_SIGNATURE && result != PGTC_E_MALFORMED)
		glue_check(result, "checking a TOTP code");
	return result == PGTC_OK;
}

static bool
accept_sent_code(Issuer *issuer, const Factor *factor, const Challenge *challenge, const char *code,
				 TimestampTz now)
{
	uint8_t hash[PGTC_SHA256_LEN];

	/* of the factor that was chosen: a code that was sent elsewhere proves nothing of this one */
	if (code == NULL || !challenge->has_code ||
		memcmp(&challenge->factor_id, &factor->factor_id, UUID_LEN) != 0)
		return false;
	factor_evidence_hash_sent_code(issuer, challenge, code, hash);
	return pgtc_crypto_equal(hash, challenge->code_hash, sizeof(hash)) && factor_use(factor, now);
}

static bool
accept_totp(const Factor *factor, const char *code, TimestampTz now)
{
	int64 step;

	return code && factor_evidence_totp_step(factor, code, now, &step) &&
		   factor_use_counter(factor, step, now);
}

static bool
accept_recovery_code(Issuer *issuer, const Factor *factor, const char *typed, TimestampTz now)
{
	char code[PGTC_RECOVERY_CODE_LEN + 1];
	uint8_t hash[PGTC_SHA256_LEN];

	if (typed == NULL || pgtc_one_time_code_read_recovery(pgtc_slice_str(typed), code) != PGTC_OK)
		return false;
	factor_evidence_hash_recovery_code(issuer, &factor->factor_id, code, hash);
	pgtc_crypto_wipe(code, sizeof(code));
	return factor_use_code(factor, hash, now);
}

/* the bytes of a base64url member; data == NULL: it is none */
static PgtcSlice
bytes_member(Jsonb *evidence, const char *name)
{
	char *text = member_string(evidence, name);
	size_t text_len = text ? strlen(text) : 0;
	uint8_t *bytes;
	size_t len;

	if (text == NULL || text_len > 2 * PGTC_WEBAUTHN_MAX)
		return pgtc_slice(NULL, 0);
	bytes = palloc(text_len + 1);
	if (pgtc_b64url_decode(pgtc_slice(text, text_len), bytes, text_len + 1, &len) != PGTC_OK)
		return pgtc_slice(NULL, 0);
	return pgtc_slice((char *) bytes, len);
}

/* without a list of them the relying party's own */
static PgtcSlice *
origins_of(const Issuer *issuer, int *n)
{
	PgtcSlice *origins = palloc(sizeof(PgtcSlice) * Max(issuer->n_webauthn_origins, 1));

	for (int i = 0; i < issuer->n_webauthn_origins; i++)
		origins[i] = pgtc_slice_str(issuer->webauthn_origins[i]);
	*n = issuer->n_webauthn_origins;
	if (*n < 1)
	{
		origins[0] = pgtc_slice_str(psprintf("https://%s", issuer->webauthn_rp_id));
		*n = 1;
	}
	return origins;
}

static bool
read_credential_key(const Factor *factor, PgtcKey *key)
{
	char *alg_name = member_string(factor->parameters, "alg");
	char *text = member_string(factor->parameters, "public_key");
	const PgtcAlg *alg = pgtc_webauthn_alg(pgtc_slice_str(alg_name ? alg_name : "ES256"));

	if (text == NULL)
		text = member_text(factor->parameters, "public_key");
	return alg && text && pgtc_webauthn_key_read(alg, pgtc_slice_str(text), key) == PGTC_OK;
}

static bool
accept_assertion(const Issuer *issuer, const Factor *factor, const Challenge *challenge,
				 Jsonb *evidence, TimestampTz now)
{
	PgtcAssertion assertion = {bytes_member(evidence, "client_data_json"),
							   bytes_member(evidence, "authenticator_data"),
							   bytes_member(evidence, "signature")};
	PgtcAssertionExpected expected = {
		.challenge = pgtc_slice((const char *) challenge->nonce, sizeof(challenge->nonce)),
		.rp_id = pgtc_slice_str(issuer->webauthn_rp_id),
		.user_verification = true,
		.counter = factor->counter,
	};
	PgtcAssertionResult result;
	char *id = member_string(evidence, "id");
	char *credential_id = member_string(factor->parameters, "credential_id");
	PgtcKey key;
	PgtcCode code;

	if (!challenge->has_nonce || issuer->webauthn_rp_id == NULL ||
		memcmp(&challenge->factor_id, &factor->factor_id, UUID_LEN) != 0 ||
		(id && (credential_id == NULL || strcmp(id, credential_id) != 0)) ||
		assertion.client_data.data == NULL || assertion.authenticator_data.data == NULL ||
		assertion.signature.data == NULL)
		return false;
	expected.origins = origins_of(issuer, &expected.n_origins);
	if (!read_credential_key(factor, &key))
		elog(ERROR, "the public key of a factor cannot be read");
	code = pgtc_webauthn_check(&assertion, &key, &expected, &glue_mem, &result);
	pgtc_key_free(&key);
	if (code == PGTC_E_NOMEM)
		glue_check(code, "checking an assertion");
	return code == PGTC_OK && factor_use_counter(factor, result.counter, now);
}

bool
factor_evidence_accept(Issuer *issuer, const Factor *factor, const Challenge *challenge,
					   Jsonb *evidence, bool trusted, TimestampTz now)
{
	char *code = member_string(evidence, "code");

	switch (factor->type)
	{
		case FACTOR_EMAIL:
		case FACTOR_SMS:
			return accept_sent_code(issuer, factor, challenge, code, now);
		case FACTOR_TOTP:
			return accept_totp(factor, code, now);
		case FACTOR_WEBAUTHN:
			return accept_assertion(issuer, factor, challenge, evidence, now);
		case FACTOR_RECOVERY_CODE:
			return accept_recovery_code(issuer, factor, code, now);
		case FACTOR_EXTERNAL:
			return trusted && member_bool(evidence, "verified", false) && factor_use(factor, now);
	}
	return false;
}

bool
factor_evidence_is_whole(FactorType type, Jsonb *evidence)
{
	if (type == FACTOR_EXTERNAL)
		return member_json(evidence, "verified") != NULL;
	if (type != FACTOR_WEBAUTHN)
		return member_string(evidence, "code") != NULL;
	return member_string(evidence, "client_data_json") &&
		   member_string(evidence, "authenticator_data") && member_string(evidence, "signature");
}
