/*
 * jti.c
 *		Identifiers of access tokens.
 */
#include "core/oauth/jti.h"
#include "core/base/b64url.h"
#include "core/base/bytes.h"

#define JTI_RAW_LEN (PGTC_UUID_LEN + 4 + 3 + PGTC_JTI_RANDOM_LEN)

void
pgtc_jti_write(const PgtcJti *jti, char out[PGTC_JTI_LEN + 1])
{
	uint32_t retry = jti->retry < PGTC_JTI_RETRY_MAX ? jti->retry : PGTC_JTI_RETRY_MAX;
	uint8_t raw[JTI_RAW_LEN];

	memcpy(raw, jti->grant_id, PGTC_UUID_LEN);
	pgtc_bytes_put(raw + PGTC_UUID_LEN, 4, jti->generation);
	pgtc_bytes_put(raw + PGTC_UUID_LEN + 4, 3, retry);
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
		raw_len != sizeof(raw) || pgtc_bytes_get(raw + PGTC_UUID_LEN, 4) > INT32_MAX)
		return PGTC_E_MALFORMED;
	memcpy(out->grant_id, raw, PGTC_UUID_LEN);
	out->generation = (uint32_t) pgtc_bytes_get(raw + PGTC_UUID_LEN, 4);
	out->retry = (uint32_t) pgtc_bytes_get(raw + PGTC_UUID_LEN + 4, 3);
	memcpy(out->random, raw + PGTC_UUID_LEN + 7, PGTC_JTI_RANDOM_LEN);
	return PGTC_OK;
}
