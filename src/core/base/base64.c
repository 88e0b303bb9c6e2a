/*
 * base64.c
 *		The base64 of HTTP headers (RFC 4648 section 4), written, and strictly decoded.
 *
 * JOSE has an alphabet of its own, see b64url.c, on which this leans: the two
 * differ in two characters and the padding.
 */
#include "core/base/base64.h"

/* only the padding that the length asks for; any other "=" is of no alphabet */
static PgtcSlice
without_padding(PgtcSlice in)
{
	int i;

	if (in.len % 4 != 0)
		return in;
	for (i = 0; i < 2 && in.len > 0 && in.data[in.len - 1] == '='; i++)
		in.len--;
	return in;
}

static PgtcCode
to_url_alphabet(PgtcSlice in, PgtcBuf *out)
{
	char *at = pgtc_buf_extend(out, in.len);
	size_t i;

	if (at == NULL)
		return PGTC_E_NOMEM;
	for (i = 0; i < in.len; i++)
	{
		char c = in.data[i];

		if (c == '-' || c == '_')
			return PGTC_E_MALFORMED;
		at[i] = (char) (c == '+' ? '-' : c == '/' ? '_' : c);
	}
	return PGTC_OK;
}

/*
 *		base64 = *4b64char [ 2b64char [ "==" ] / 3b64char [ "=" ] ]
 *
 * The temporary copy is wiped: Basic credentials come this way.
 */
PgtcCode
pgtc_base64_decode(PgtcSlice in, PgtcBuf *out)
{
	PgtcBuf text;
	PgtcCode code;

	in = without_padding(in);
	pgtc_buf_init(&text, out->mem);
	code = to_url_alphabet(in, &text);
	if (code == PGTC_OK)
		code = pgtc_buf_decode_b64url(out, pgtc_slice(text.data, text.len));
	pgtc_buf_free(&text);
	return code;
}

void
pgtc_base64_encode(const void *data, size_t len, PgtcBuf *out)
{
	size_t start = out->len;
	size_t i;

	pgtc_buf_append_b64url(out, data, len);
	for (i = start; i < out->len; i++)
	{
		char c = out->data[i];

		out->data[i] = (char) (c == '-' ? '+' : c == '_' ? '/' : c);
	}
	while ((out->len - start) % 4 != 0 && pgtc_buf_code(out) == PGTC_OK)
		pgtc_buf_append(out, "=", 1);
}
