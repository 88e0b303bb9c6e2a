/*
 * base64.c
 *		The base64 of HTTP headers (RFC 4648 section 4), strictly decoded.
 *
 * JOSE has an alphabet of its own, see b64url.c, on which this leans: the two
 * differ in two characters and the padding.
 */
#include "core/base/base64.h"
#include "core/base/b64url.h"

static PgtcSlice without_padding(PgtcSlice in);
static PgtcCode to_url_alphabet(PgtcSlice in, PgtcBuf *out);

/*
 *		base64 = *4b64char [ 2b64char [ "==" ] / 3b64char [ "=" ] ]
 *
 * The temporary copy is wiped: Basic credentials come this way.
 */
PgtcCode
pgtc_base64_decode(PgtcSlice in, PgtcBuf *out)
{
	size_t start = out->len;
	size_t size;
	size_t len = 0;
	PgtcBuf text;
	PgtcCode code;
	char *at;

	in = without_padding(in);
	pgtc_buf_init(&text, out->mem);
	code = to_url_alphabet(in, &text);
	if (code == PGTC_OK)
	{
		size = in.len / 4 * 3 + 2;
		at = pgtc_buf_extend(out, size);
		if (at == NULL)
			code = PGTC_E_NOMEM;
		else
		{
			code = pgtc_b64url_decode(pgtc_slice(text.data, text.len), (uint8_t *) at, size, &len);
			pgtc_buf_truncate(out, code == PGTC_OK ? start + len : start);
		}
	}
	pgtc_buf_free(&text);
	return code;
}

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
