/*
 * carry.c
 *		What one shard seals for the next.
 */
#include "core/oauth/carry.h"

#include "core/base/bytes.h"

#define LEN_LEN 8

PgtcCode
pgtc_carry_label(const PgtcSlice *parts, int n, const PgtcMem *mem,
				 char out[PGTC_DIGEST_TEXT_LEN + 1])
{
	uint8_t len[LEN_LEN];
	PgtcCode code;
	PgtcBuf buf;
	int i;

	pgtc_buf_init(&buf, mem);
	for (i = 0; i < n; i++)
	{
		/* each with its length, so that no two requests make one text */
		pgtc_bytes_put(len, LEN_LEN, parts[i].len);
		pgtc_buf_append(&buf, len, LEN_LEN);
		pgtc_buf_append(&buf, parts[i].data, parts[i].len);
	}
	code = pgtc_buf_code(&buf);
	if (code == PGTC_OK)
		code = pgtc_crypto_digest_text(buf.data, buf.len, out);
	pgtc_buf_free(&buf);
	return code;
}

bool
pgtc_carry_is_fresh(int64_t sealed_at, int64_t now)
{
	return sealed_at > now - PGTC_CARRY_LIFETIME && sealed_at <= now + PGTC_CARRY_LEEWAY;
}
