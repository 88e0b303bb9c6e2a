/*
 * route.c
 *		Where a text leads to.
 */
#include "core/oauth/route.h"
#include "core/base/crypto.h"
#include "core/base/placement.h"
#include "core/jose/claims.h"
#include "core/oauth/handle.h"
#include "core/oauth/jti.h"
#include "core/oauth/refresh_token.h"
#include "core/oauth/sealed_request.h"
#include "core/oauth/user_code.h"

static PgtcSlice
without_urn(PgtcSlice text)
{
	size_t len = strlen(PGTC_REQUEST_URI_PREFIX);

	if (text.len <= len || memcmp(text.data, PGTC_REQUEST_URI_PREFIX, len) != 0)
		return text;
	return pgtc_slice(text.data + len, text.len - len);
}

static bool
is_handle(const char *prefix, PgtcSlice text, uint8_t grant_id[PGTC_UUID_LEN])
{
	PgtcHandle handle;

	if (pgtc_handle_parse(prefix, text, &handle) != PGTC_OK)
		return false;
	memcpy(grant_id, handle.grant_id, PGTC_UUID_LEN);
	pgtc_crypto_wipe(&handle, sizeof(handle));
	return true;
}

/* one that was handed over */
static PgtcCode
id_of_sealed(PgtcSlice text, const PgtcMem *mem, uint8_t out[PGTC_UUID_LEN])
{
	PgtcBuf sealed;
	PgtcCode code;

	pgtc_buf_init(&sealed, mem);
	code = pgtc_sealed_request_read(text, out, &sealed);
	pgtc_buf_free(&sealed);
	return code;
}

PgtcCode
pgtc_route_grant_id(PgtcSlice text, const PgtcMem *mem, uint8_t out[PGTC_UUID_LEN])
{
	PgtcRefreshToken refresh;
	PgtcJti jti;

	if (pgtc_refresh_token_parse(text, &refresh) == PGTC_OK)
	{
		memcpy(out, refresh.grant_id, PGTC_UUID_LEN);
		pgtc_crypto_wipe(&refresh, sizeof(refresh));
		return PGTC_OK;
	}
	if (is_handle(PGTC_CODE_PREFIX, text, out) || is_handle(PGTC_DEVICE_CODE_PREFIX, text, out) ||
		is_handle(PGTC_TRANSACTION_PREFIX, text, out) ||
		is_handle(PGTC_CHALLENGE_PREFIX, text, out) || is_handle(PGTC_ANSWER_PREFIX, text, out) ||
		is_handle(PGTC_PUSHED_PREFIX, without_urn(text), out))
		return PGTC_OK;
	if (pgtc_sealed_request_is(text))
		return id_of_sealed(text, mem, out);
	if (pgtc_jti_parse(text, &jti) == PGTC_OK)
	{
		memcpy(out, jti.grant_id, PGTC_UUID_LEN);
		return PGTC_OK;
	}
	if (pgtc_uuid_parse(text, out) == PGTC_OK)
		return PGTC_OK;
	return pgtc_claims_grant_id(text, mem, out);
}

PgtcCode
pgtc_route_number(PgtcSlice text, const PgtcMem *mem, uint32_t *out)
{
	char user_code[PGTC_USER_CODE_LEN + 1];
	uint8_t grant_id[PGTC_UUID_LEN];
	PgtcCode code;

	*out = 0;
	if (pgtc_user_code_read(text, user_code) == PGTC_OK)
	{
		*out = pgtc_user_code_placement(user_code);
		pgtc_crypto_wipe(user_code, sizeof(user_code));
		return PGTC_OK;
	}
	code = pgtc_route_grant_id(text, mem, grant_id);
	return code == PGTC_OK ? pgtc_placement_number(grant_id, out) : code;
}

PgtcCode
pgtc_route_shard(PgtcSlice text, const PgtcMem *mem, uint32_t shards, uint32_t *out)
{
	PgtcCode code = pgtc_route_number(text, mem, out);

	*out %= shards;
	return code;
}
