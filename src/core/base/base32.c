/*
 * base32.c
 *		base32 (RFC 4648 section 6), in which authenticator apps take secrets.
 */
#include "core/base/base32.h"

/* by arithmetic rather than by a table, which would show in the cache what was looked up */
static char
encode_value(unsigned value)
{
	return (char) (value < 26 ? 'A' + value : '2' + (value - 26));
}

void
pgtc_base32_append(PgtcBuf *out, const void *data, size_t len)
{
	const uint8_t *in = data;
	char *at = pgtc_buf_extend(out, len / 5 * 8 + (len % 5 * 8 + 4) / 5);
	unsigned bits = 0;
	unsigned n_bits = 0;
	size_t i;

	if (at == NULL)
		return;
	for (i = 0; i < len; i++)
	{
		bits = (bits << 8 | in[i]) & 0xfff;
		for (n_bits += 8; n_bits >= 5; n_bits -= 5)
			*at++ = encode_value(bits >> (n_bits - 5) & 31);
	}
	if (n_bits > 0)
		*at = encode_value(bits << (5 - n_bits) & 31);
}

static PgtcSlice
without_padding(PgtcSlice in)
{
	while (in.len > 0 && (in.data[in.len - 1] == '=' || in.data[in.len - 1] == ' '))
		in.len--;
	return in;
}

static int
decode_char(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= '2' && c <= '7')
		return c - '2' + 26;
	return -1;
}

/* out has room for every five characters of eight bits, and the rest */
static bool
decode(PgtcSlice in, uint8_t *out, size_t *out_len)
{
	unsigned bits = 0;
	unsigned n_bits = 0;
	size_t n = 0;
	size_t i;

	*out_len = 0;
	for (i = 0; i < in.len; i++)
	{
		int value;

		if (in.data[i] == ' ')
			continue;
		value = decode_char(in.data[i]);
		if (value < 0)
			return false;
		bits = (bits << 5 | (unsigned) value) & 0xfff;
		n_bits += 5;
		n++;
		if (n_bits >= 8)
		{
			n_bits -= 8;
			out[(*out_len)++] = (uint8_t) (bits >> n_bits);
		}
	}
	/* RFC 4648 section 3.5: pad bits other than zero would give a second spelling */
	return n % 8 != 1 && n % 8 != 3 && n % 8 != 6 && (bits & ((1U << n_bits) - 1)) == 0;
}

/*
 *		base32 = *8b32char [ 2b32char / 4b32char / 5b32char / 7b32char ] *"="
 *
 * with spaces anywhere: apps show secrets in groups.
 */
PgtcCode
pgtc_base32_read(PgtcSlice in, PgtcBuf *out)
{
	size_t start = out->len;
	size_t len = 0;
	char *at;
	bool done;

	in = without_padding(in);
	at = pgtc_buf_extend(out, in.len / 8 * 5 + 5);
	if (at == NULL)
		return PGTC_E_NOMEM;
	done = decode(in, (uint8_t *) at, &len);
	pgtc_buf_truncate(out, done ? start + len : start);
	return done ? PGTC_OK : PGTC_E_MALFORMED;
}
