/*
 * handle.c
 *		Handles.
 *
 * Whatever held a secret is wiped before return; a parser that refuses leaves a
 * wiped result.
 */
#include "core/oauth/handle.h"
#include "core/base/b64url.h"
#include "core/base/crypto.h"

#define HANDLE_VERSION 1
#define HANDLE_RAW_LEN (1 + PGTC_UUID_LEN + PGTC_SECRET_LEN)
#define HANDLE_TEXT_LEN 66
#define HANDLE_PREFIX_LEN (PGTC_HANDLE_LEN - HANDLE_TEXT_LEN)

void
pgtc_handle_write(const char *prefix, const PgtcHandle *handle, char out[PGTC_HANDLE_LEN + 1])
{
	uint8_t raw[HANDLE_RAW_LEN];

	raw[0] = HANDLE_VERSION;
	memcpy(raw + 1, handle->grant_id, PGTC_UUID_LEN);
	memcpy(raw + 1 + PGTC_UUID_LEN, handle->secret, PGTC_SECRET_LEN);

	memcpy(out, prefix, HANDLE_PREFIX_LEN);
	pgtc_b64url_encode(raw, sizeof(raw), out + HANDLE_PREFIX_LEN);
	out[PGTC_HANDLE_LEN] = '\0';
	pgtc_crypto_wipe(raw, sizeof(raw));
}

/*
 *		handle = prefix 66b64char
 *		raw    = version (1) grant_id (16) secret (32)
 */
PgtcCode
pgtc_handle_parse(const char *prefix, PgtcSlice in, PgtcHandle *out)
{
	uint8_t raw[HANDLE_RAW_LEN];
	size_t raw_len;
	PgtcCode code = PGTC_E_MALFORMED;

	pgtc_crypto_wipe(out, sizeof(*out));
	if (in.len != PGTC_HANDLE_LEN || memcmp(in.data, prefix, HANDLE_PREFIX_LEN) != 0)
		return PGTC_E_MALFORMED;

	if (pgtc_b64url_decode(pgtc_slice(in.data + HANDLE_PREFIX_LEN, HANDLE_TEXT_LEN), raw,
						   sizeof(raw), &raw_len) == PGTC_OK &&
		raw_len == sizeof(raw) && raw[0] == HANDLE_VERSION)
	{
		memcpy(out->grant_id, raw + 1, PGTC_UUID_LEN);
		memcpy(out->secret, raw + 1 + PGTC_UUID_LEN, PGTC_SECRET_LEN);
		code = PGTC_OK;
	}
	pgtc_crypto_wipe(raw, sizeof(raw));
	return code;
}
