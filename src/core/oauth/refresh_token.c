/*
 * refresh_token.c
 *		UUIDv7, refresh tokens, token identifiers and client secrets.
 *
 * Time and random bytes are arguments.  Every buffer that held a secret is
 * wiped before return; a parser that refuses leaves a wiped result.
 */
#include "core/base/b64url.h"
#include "core/oauth/refresh_token.h"
#include "core/base/json_read.h"

#define REFRESH_VERSION 1
#define REFRESH_PREFIX_LEN (sizeof(PGTC_REFRESH_PREFIX) - 1)
#define REFRESH_RAW_LEN (1 + PGTC_UUID_LEN + 4 + PGTC_SECRET_LEN)
#define JTI_RAW_LEN (PGTC_UUID_LEN + 4 + 3 + PGTC_JTI_RANDOM_LEN)
#define CLIENT_SECRET_PREFIX_LEN (sizeof(PGTC_CLIENT_SECRET_PREFIX) - 1)

/*
 *		unix_ts_ms (48) | ver=7 (4) | rand_a (12) | var=2 (2) | rand_b (62)
 *
 * RFC 9562 section 5.7.
 */
void
pgtc_uuid7(uint64_t unix_us, const uint8_t random[8], uint8_t out[PGTC_UUID_LEN])
{
	uint64_t ms = unix_us / 1000;
	/* section 6.2 method 3: the fraction of the millisecond, scaled to 12 bits */
	uint32_t fraction = (uint32_t) (unix_us % 1000 * 4096 / 1000);
	int i;

	for (i = 0; i < 6; i++)
		out[i] = (uint8_t) (ms >> (40 - 8 * i));
	out[6] = (uint8_t) (0x70 | fraction >> 8);
	out[7] = (uint8_t) fraction;
	out[8] = (uint8_t) (0x80 | (random[0] & 0x3f));
	memcpy(out + 9, random + 1, 7);
}

void
pgtc_uuid_text(const uint8_t uuid[PGTC_UUID_LEN], char out[PGTC_UUID_TEXT_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	int i;

	for (i = 0; i < PGTC_UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[uuid[i] >> 4];
		*out++ = hex[uuid[i] & 15];
	}
	*out = '\0';
}

/*
 *		UUID = 4hexOctet "-" 2hexOctet "-" 2hexOctet "-" 2hexOctet "-" 6hexOctet
 *
 * RFC 9562 section 4.
 */
PgtcCode
pgtc_uuid_parse(PgtcSlice in, uint8_t out[PGTC_UUID_LEN])
{
	const char *at = in.data;
	int i;

	if (in.len != PGTC_UUID_TEXT_LEN)
		return PGTC_E_MALFORMED;
	for (i = 0; i < PGTC_UUID_LEN; i++)
	{
		int high;
		int low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *at++ != '-')
			return PGTC_E_MALFORMED;
		high = pgtc_hex_value(*at++);
		low = pgtc_hex_value(*at++);
		if (high < 0 || low < 0)
			return PGTC_E_MALFORMED;
		out[i] = (uint8_t) (high << 4 | low);
	}
	return PGTC_OK;
}

void
pgtc_refresh_token_write(const PgtcRefreshToken *token, char out[PGTC_REFRESH_TOKEN_LEN + 1])
{
	uint8_t raw[REFRESH_RAW_LEN];

	raw[0] = REFRESH_VERSION;
	memcpy(raw + 1, token->grant_id, PGTC_UUID_LEN);
	pgtc_put_uint32(raw + 1 + PGTC_UUID_LEN, token->generation);
	memcpy(raw + 5 + PGTC_UUID_LEN, token->secret, PGTC_SECRET_LEN);

	memcpy(out, PGTC_REFRESH_PREFIX, REFRESH_PREFIX_LEN);
	pgtc_b64url_encode(raw, sizeof(raw), out + REFRESH_PREFIX_LEN);
	out[PGTC_REFRESH_TOKEN_LEN] = '\0';
	pgtc_wipe(raw, sizeof(raw));
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

	pgtc_wipe(out, sizeof(*out));
	if (in.len != PGTC_REFRESH_TOKEN_LEN ||
		memcmp(in.data, PGTC_REFRESH_PREFIX, REFRESH_PREFIX_LEN) != 0)
		return PGTC_E_MALFORMED;

	if (pgtc_b64url_decode(pgtc_slice(in.data + REFRESH_PREFIX_LEN, in.len - REFRESH_PREFIX_LEN),
						   raw, sizeof(raw), &raw_len) == PGTC_OK &&
		raw_len == sizeof(raw) && raw[0] == REFRESH_VERSION &&
		pgtc_get_uint32(raw + 1 + PGTC_UUID_LEN) <= INT32_MAX)
	{
		memcpy(out->grant_id, raw + 1, PGTC_UUID_LEN);
		out->generation = pgtc_get_uint32(raw + 1 + PGTC_UUID_LEN);
		memcpy(out->secret, raw + 5 + PGTC_UUID_LEN, PGTC_SECRET_LEN);
		code = PGTC_OK;
	}
	pgtc_wipe(raw, sizeof(raw));
	return code;
}

PgtcCode
pgtc_refresh_secret_derive(const uint8_t pepper[PGTC_PEPPER_LEN],
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
	pgtc_put_uint32(at, generation);
	at += 4;
	memcpy(at, presented, PGTC_SECRET_LEN);
	at += PGTC_SECRET_LEN;
	memcpy(at, nonce, PGTC_ROTATION_NONCE_LEN);

	code = pgtc_hmac_sha256(pepper, PGTC_PEPPER_LEN, message, sizeof(message), out);
	pgtc_wipe(message, sizeof(message));
	if (code != PGTC_OK)
		pgtc_wipe(out, PGTC_SECRET_LEN);
	return code;
}

void
pgtc_jti_write(const PgtcJti *jti, char out[PGTC_JTI_LEN + 1])
{
	uint32_t retry = jti->retry < PGTC_JTI_RETRY_MAX ? jti->retry : PGTC_JTI_RETRY_MAX;
	uint8_t raw[JTI_RAW_LEN];

	memcpy(raw, jti->grant_id, PGTC_UUID_LEN);
	pgtc_put_uint32(raw + PGTC_UUID_LEN, jti->generation);
	/* four bytes, of which the last is the first of the random ones */
	pgtc_put_uint32(raw + PGTC_UUID_LEN + 4, retry << 8);
	memcpy(raw + PGTC_UUID_LEN + 7, jti->random, PGTC_JTI_RANDOM_LEN);
	pgtc_b64url_encode(raw, sizeof(raw), out);
	out[PGTC_JTI_LEN] = '\0';
}

PgtcCode
pgtc_jti_parse(PgtcSlice in, PgtcJti *out)
{
	uint8_t raw[JTI_RAW_LEN];
	size_t raw_len;

	memset(out, 0, sizeof(*out));
	if (in.len != PGTC_JTI_LEN || pgtc_b64url_decode(in, raw, sizeof(raw), &raw_len) != PGTC_OK ||
		raw_len != sizeof(raw) || pgtc_get_uint32(raw + PGTC_UUID_LEN) > INT32_MAX)
		return PGTC_E_MALFORMED;
	memcpy(out->grant_id, raw, PGTC_UUID_LEN);
	out->generation = pgtc_get_uint32(raw + PGTC_UUID_LEN);
	out->retry = pgtc_get_uint32(raw + PGTC_UUID_LEN + 4) >> 8;
	memcpy(out->random, raw + PGTC_UUID_LEN + 7, PGTC_JTI_RANDOM_LEN);
	return PGTC_OK;
}

PgtcCode
pgtc_shard(const uint8_t grant_id[PGTC_UUID_LEN], uint32_t shards, uint32_t *out)
{
	uint8_t hash[PGTC_SHA256_LEN];
	PgtcCode code = pgtc_sha256(grant_id, PGTC_UUID_LEN, hash);

	*out = code == PGTC_OK ? pgtc_get_uint32(hash) % shards : 0;
	return code;
}

void
pgtc_client_secret_write(const uint8_t random[PGTC_SECRET_LEN],
						 char out[PGTC_CLIENT_SECRET_LEN + 1])
{
	memcpy(out, PGTC_CLIENT_SECRET_PREFIX, CLIENT_SECRET_PREFIX_LEN);
	pgtc_b64url_encode(random, PGTC_SECRET_LEN, out + CLIENT_SECRET_PREFIX_LEN);
	out[PGTC_CLIENT_SECRET_LEN] = '\0';
}

void
pgtc_put_uint32(uint8_t *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t) (value >> (24 - 8 * i));
}

uint32_t
pgtc_get_uint32(const uint8_t *in)
{
	return (uint32_t) in[0] << 24 | (uint32_t) in[1] << 16 | (uint32_t) in[2] << 8 | in[3];
}
