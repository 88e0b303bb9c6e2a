/*
 * b64url.c
 *		base64url without padding, encoded and strictly decoded.
 *
 * Never allocates, never writes a NUL; one byte string has one spelling.
 */
#include "b64url.h"

static const char alphabet[64] = {'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M',
								  'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
								  'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
								  'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
								  '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '-', '_'};

static int decode_char(unsigned char c);

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
	uint32_t bits = 0;
	size_t i;

	*out_len = 0;
	if (rest == 1)
		return PGTC_E_MALFORMED;
	if (len > out_size)
		return PGTC_E_TOO_LONG;

	for (i = 0; i < in.len; i++)
	{
		int value = decode_char((unsigned char) in.data[i]);

		if (value < 0)
			return PGTC_E_MALFORMED;
		bits = bits << 6 | (uint32_t) value;
		if (i % 4 == 3)
		{
			*out++ = (uint8_t) (bits >> 16);
			*out++ = (uint8_t) (bits >> 8);
			*out++ = (uint8_t) bits;
			bits = 0;
		}
	}

	/* RFC 4648 section 3.5: pad bits other than zero would give a second spelling */
	if (rest == 2)
	{
		if ((bits & 0x0f) != 0)
			return PGTC_E_MALFORMED;
		*out = (uint8_t) (bits >> 4);
	}
	else if (rest == 3)
	{
		if ((bits & 0x03) != 0)
			return PGTC_E_MALFORMED;
		*out++ = (uint8_t) (bits >> 10);
		*out = (uint8_t) (bits >> 2);
	}
	*out_len = len;
	return PGTC_OK;
}

/*
 * By comparison rather than by a table: what is decoded may be a secret, and a
 * table lookup would show in the cache which part of the table it touched.
 */
static int
decode_char(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	if (c == '_')
		return 63;
	return -1;
}
