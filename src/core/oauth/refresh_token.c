/*
 * refresh_token.c
 *		Refresh tokens.
 *
 * Every buffer that held a secret is wiped before return; a parser that refuses
 * leaves a wiped result.
 */
#include "core/oauth/refresh_token.h"
#include "core/base/b64url.h"
#include "core/base/bytes.h"
#include "core/base/crypto.h"

#define REFRESH_VERSION 1
#define REFRESH_PREFIX_LEN (sizeof(PGTC_REFRESH_PREFIX) - 1)
#define REFRESH_RAW_LEN (1 + PGTC_UUID_LEN + 4 + PGTC_SECRET_LEN)

void
pgtc_refresh_token_write(const PgtcRefreshToken *token, char out[PGTC_REFRESH_TOKEN_LEN + 1])
{
	uint8_t raw[REFRESH_RAW_LEN];

	raw[0] = REFRESH_VERSION;
	memcpy(raw + 1, token->grant_id, PGTC_UUID_LEN);
	pgtc_bytes_put(raw + 1 + PGTC_UUID_LEN, 4, token->generation);
	memcpy(raw + 5 + PGTC_UUID_LEN, token->secret, PGTC_SECRET_LEN);

	memcpy(out, PGTC_REFRESH_PREFIX, REFRESH_PREFIX_LEN);
	pgtc_b64url_encode(raw, sizeof(raw), out + REFRESH_PREFIX_LEN);
	out[PGTC_REFRESH_TOKEN_LEN] = '\0';
	pgtc_crypto_wipe(raw, sizeof(raw));
}

/*
 *		token = "pgtrt_" 71b64char
 *		raw   = version (1) grant_id (16) generation (4) secret (32)
 */
PgtcCode
pgtc_refresh_token_parse(PgtcSlice in, PgtcRefreshToken *out)
{
	uint8_t raw[REFRESH_RAW_LEN];
	size_t raw_len;
	PgtcCode code = PGTC_E_MALFORMED;

	pgtc_crypto_wipe(out, sizeof(*out));
	if (in.len != PGTC_REFRESH_TOKEN_LEN ||
		memcmp(in.data, PGTC_REFRESH_PREFIX, REFRESH_PREFIX_LEN) != 0)
		return PGTC_E_MALFORMED;

	if (pgtc_b64url_decode(pgtc_slice(in.data + REFRESH_PREFIX_LEN, in.len - REFRESH_PREFIX_LEN),
						   raw, sizeof(raw), &raw_len) == PGTC_OK &&
		raw_len == sizeof(raw) && raw[0] == REFRESH_VERSION &&
		pgtc_bytes_get(raw + 1 + PGTC_UUID_LEN, 4) <= INT32_MAX)
	{
		memcpy(out->grant_id, raw + 1, PGTC_UUID_LEN);
		out->generation = (uint32_t) pgtc_bytes_get(raw + 1 + PGTC_UUID_LEN, 4);
		memcpy(out->secret, raw + 5 + PGTC_UUID_LEN, PGTC_SECRET_LEN);
		code = PGTC_OK;
	}
	pgtc_crypto_wipe(raw, sizeof(raw));
	return code;
}

PgtcCode
pgtc_refresh_token_derive(const uint8_t pepper[PGTC_PEPPER_LEN],
						  const uint8_t grant_id[PGTC_UUID_LEN], uint32_t generation,
						  const uint8_t presented[PGTC_SECRET_LEN],
						  const uint8_t nonce[PGTC_ROTATION_NONCE_LEN],
						  uint8_t out[PGTC_SECRET_LEN])
{
	/* every part has one fixed length, so the concatenation is unambiguous */
	uint8_t message[PGTC_UUID_LEN + 4 + PGTC_SECRET_LEN + PGTC_ROTATION_NONCE_LEN];
	uint8_t *at = message;
	PgtcCode code;

	memcpy(at, grant_id, PGTC_UUID_LEN);
	at += PGTC_UUID_LEN;
	pgtc_bytes_put(at, 4, generation);
	at += 4;
	memcpy(at, presented, PGTC_SECRET_LEN);
	at += PGTC_SECRET_LEN;
	memcpy(at, nonce, PGTC_ROTATION_NONCE_LEN);

	code = pgtc_crypto_hmac_sha256(pepper, PGTC_PEPPER_LEN, message, sizeof(message), out);
	pgtc_crypto_wipe(message, sizeof(message));
	if (code != PGTC_OK)
		pgtc_crypto_wipe(out, PGTC_SECRET_LEN);
	return code;
}
