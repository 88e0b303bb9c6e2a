/*
 * sealed_request.c
 *		Requests that one shard hands over to another, as text.
 */
#include "core/oauth/sealed_request.h"

#define SEALED_REQUEST_VERSION 1
#define PREFIX_LEN (sizeof(PGTC_SEALED_REQUEST_PREFIX) - 1)
#define HEADER_LEN (1 + PGTC_UUID_LEN)

bool
pgtc_sealed_request_is(PgtcSlice text)
{
	return text.len > PREFIX_LEN && memcmp(text.data, PGTC_SEALED_REQUEST_PREFIX, PREFIX_LEN) == 0;
}

PgtcCode
pgtc_sealed_request_write(const uint8_t id[PGTC_UUID_LEN], PgtcSlice sealed, PgtcBuf *out)
{
	const uint8_t version = SEALED_REQUEST_VERSION;
	size_t start = out->len;
	PgtcBuf raw;
	PgtcCode code;

	pgtc_buf_init(&raw, out->mem);
	pgtc_buf_append(&raw, &version, 1);
	pgtc_buf_append(&raw, id, PGTC_UUID_LEN);
	pgtc_buf_append(&raw, sealed.data, sealed.len);
	pgtc_buf_append_str(out, PGTC_SEALED_REQUEST_PREFIX);
	pgtc_buf_append_b64url(out, raw.data, raw.len);
	code = pgtc_buf_code(&raw) == PGTC_OK ? pgtc_buf_code(out) : PGTC_E_NOMEM;
	if (code == PGTC_OK && out->len - start > PGTC_SEALED_REQUEST_MAX)
		code = PGTC_E_TOO_LONG;
	if (code != PGTC_OK)
		pgtc_buf_truncate(out, start);
	pgtc_buf_free(&raw);
	return code;
}

PgtcCode
pgtc_sealed_request_read(PgtcSlice text, uint8_t id[PGTC_UUID_LEN], PgtcBuf *sealed)
{
	PgtcBuf raw;
	PgtcCode code;

	memset(id, 0, PGTC_UUID_LEN);
	if (!pgtc_sealed_request_is(text) || text.len > PGTC_SEALED_REQUEST_MAX)
		return PGTC_E_MALFORMED;
	pgtc_buf_init(&raw, sealed->mem);
	code = pgtc_buf_decode_b64url(&raw, pgtc_slice(text.data + PREFIX_LEN, text.len - PREFIX_LEN));
	if (code == PGTC_OK && (raw.len <= HEADER_LEN || raw.data[0] != SEALED_REQUEST_VERSION))
		code = PGTC_E_MALFORMED;
	if (code == PGTC_OK)
	{
		pgtc_buf_append(sealed, raw.data + HEADER_LEN, raw.len - HEADER_LEN);
		code = pgtc_buf_code(sealed);
	}
	if (code == PGTC_OK)
		memcpy(id, raw.data + 1, PGTC_UUID_LEN);
	pgtc_buf_free(&raw);
	return code;
}
