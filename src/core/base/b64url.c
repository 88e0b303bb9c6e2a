/*
 * b64url.c
 *		base64url without padding, encoded and strictly decoded.
 *
 * Never allocates, never writes a NUL; one byte string has one spelling.
 */
#include "core/base/b64url.h"
#include "core/base/crypto.h"

/* characters decoded at a time */
#define BLOCK 16

typedef uint8_t Block __attribute__((vector_size(BLOCK))); /* of GCC and clang */

static const char alphabet[64] = {'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M',
								  'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
								  'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
								  'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
								  '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '-', '_'};

size_t
pgtc_b64url_encoded_len(size_t n)
{
	return n / 3 * 4 + (n % 3 * 8 + 5) / 6;
}

void
pgtc_b64url_encode(const void *data, size_t len, char *out)
{
	const uint8_t *in = data;

	for (; len >= 3; len -= 3, in += 3)
	{
		uint32_t bits = (uint32_t) in[0] << 16 | (uint32_t) in[1] << 8 | in[2];

		*out++ = alphabet[bits >> 18];
		*out++ = alphabet[bits >> 12 & 63];
		*out++ = alphabet[bits >> 6 & 63];
		*out++ = alphabet[bits & 63];
	}
	if (len == 2)
	{
		*out++ = alphabet[in[0] >> 2];
		*out++ = alphabet[(in[0] << 4 | in[1] >> 4) & 63];
		*out++ = alphabet[in[1] << 2 & 63];
	}
	else if (len == 1)
	{
		*out++ = alphabet[in[0] >> 2];
		*out++ = alphabet[in[0] << 4 & 63];
	}
}

/*
 * The values of BLOCK characters; not 0 when one is none of the alphabet.  By
 * comparison rather than by a table: what is decoded may be a secret, and a table
 * lookup would show in the cache which part of the table it touched.  A comparison
 * of vectors gives all ones where it holds, so there is no branch either.
 */
static uint64_t
decode_block(const char *in, uint8_t value[BLOCK])
{
	Block c;
	Block upper;
	Block lower;
	Block digit;
	Block minus;
	Block under;
	Block result;
	Block bad;
	uint64_t half[2];

	memcpy(&c, in, sizeof(c));
	upper = (Block) (c - 'A' < 26);
	lower = (Block) (c - 'a' < 26);
	digit = (Block) (c - '0' < 10);
	minus = (Block) (c == '-');
	under = (Block) (c == '_');
	result = (upper & (c - 'A')) | (lower & (c - 'a' + 26)) | (digit & (c - '0' + 52)) |
			 (minus & 62) | (under & 63);
	bad = ~(upper | lower | digit | minus | under);
	memcpy(value, &result, sizeof(result));
	memcpy(half, &bad, sizeof(half));
	return half[0] | half[1];
}

/* three bytes of four values each, n times; returns where it stopped */
static uint8_t *
pack(const uint8_t *value, size_t n, uint8_t *out)
{
	for (; n > 0; n--, value += 4)
	{
		*out++ = (uint8_t) (value[0] << 2 | value[1] >> 4);
		*out++ = (uint8_t) (value[1] << 4 | value[2] >> 2);
		*out++ = (uint8_t) (value[2] << 6 | value[3]);
	}
	return out;
}

/*
 *		base64url = *4b64char [ 2b64char / 3b64char ]
 *		b64char   = ALPHA / DIGIT / "-" / "_"
 *
 * RFC 4648 section 5; RFC 7515 section 2 takes the padding away.
 */
PgtcCode
pgtc_b64url_decode(PgtcSlice in, uint8_t *out, size_t out_size, size_t *out_len)
{
	size_t rest = in.len % 4;
	size_t len = in.len / 4 * 3 + rest * 6 / 8;
	uint8_t value[BLOCK];
	uint64_t bad = 0;
	size_t done;

	*out_len = 0;
	if (rest == 1)
		return PGTC_E_MALFORMED;
	if (len > out_size)
		return PGTC_E_TOO_LONG;

	for (done = 0; in.len - done >= BLOCK; done += BLOCK)
	{
		bad |= decode_block(in.data + done, value);
		out = pack(value, BLOCK / 4, out);
	}
	if (in.len > done)
	{
		char last[BLOCK];
		const uint8_t *at = value + (in.len - done - rest);

		memset(last, 'A', sizeof(last));
		memcpy(last, in.data + done, in.len - done);
		bad |= decode_block(last, value);
		pgtc_crypto_wipe(last, sizeof(last));
		out = pack(value, (in.len - done) / 4, out);

		/* RFC 4648 section 3.5: pad bits other than zero would give a second spelling */
		if (rest >= 2)
		{
			bad |= rest == 2 ? at[1] & 0x0f : at[2] & 0x03;
			*out++ = (uint8_t) (at[0] << 2 | at[1] >> 4);
		}
		if (rest == 3)
			*out++ = (uint8_t) (at[1] << 4 | at[2] >> 2);
	}
	pgtc_crypto_wipe(value, sizeof(value));
	if (bad != 0)
		return PGTC_E_MALFORMED;
	*out_len = len;
	return PGTC_OK;
}
