/*
 * form.c
 *		application/x-www-form-urlencoded, read and written.
 *
 * The fields of a form point into its one buffer, which is made large enough
 * for all of them before the first is decoded, so that it never moves.
 */
#include "core/base/form.h"
#include "core/base/bytes.h"
#include "core/base/uri.h"
#include "core/base/utf8.h"

/* a parameter whose name begins like this is none that anybody has defined */
bool
pgtc_form_is_other_type(PgtcSlice body)
{
	const char *at = pgtc_slice_trim(body, " \t\r\n").data;
	size_t len = body.len > 0 ? (size_t) (body.data + body.len - at) : 0;

	return len > 0 && (*at == '{' || *at == '[' || (len > 2 && at[0] == '-' && at[1] == '-'));
}

void
pgtc_form_free(PgtcForm *form)
{
	pgtc_buf_free(&form->storage);
	form->n = 0;
}

/*
 *		component   = *( pct-encoded / "+" / any byte but "%" and "+" )
 *		pct-encoded = "%" HEXDIG HEXDIG
 *
 * WHATWG URL section 5.1, where a broken pct-encoded stands for itself; here it
 * is refused, since nobody who encodes at all writes one.
 */
static PgtcCode
decode_bytes(PgtcSlice in, PgtcBuf *out)
{
	char *at = pgtc_buf_extend(out, in.len);
	size_t start = out->len - in.len;
	size_t len = 0;
	size_t i;

	if (at == NULL)
		return PGTC_E_NOMEM;
	for (i = 0; i < in.len; i++)
	{
		char c = in.data[i];

		if (c == '+')
			c = ' ';
		else if (c == '%')
		{
			int byte = in.len - i > 2 ? pgtc_bytes_hex(in.data + i + 1) : -1;

			if (byte < 0)
				return PGTC_E_MALFORMED;
			c = (char) byte;
			i += 2;
		}
		at[len++] = c;
	}
	pgtc_buf_truncate(out, start + len);
	return PGTC_OK;
}

PgtcCode
pgtc_form_decode(PgtcSlice in, PgtcBuf *out)
{
	size_t start = out->len;
	PgtcCode code = decode_bytes(in, out);

	if (code == PGTC_OK && !pgtc_utf8_valid(pgtc_slice(out->data + start, out->len - start)))
		code = PGTC_E_MALFORMED;
	if (code != PGTC_OK)
		pgtc_buf_truncate(out, start);
	return code;
}

static PgtcCode
decode_slice(PgtcSlice in, PgtcBuf *out, PgtcSlice *slice)
{
	size_t start = out->len;
	PgtcCode code = pgtc_form_decode(in, out);

	if (code == PGTC_OK)
		*slice = pgtc_slice(out->data + start, out->len - start);
	return code;
}

static PgtcCode
parse_field(PgtcSlice piece, PgtcForm *out)
{
	PgtcSlice name = pgtc_slice_take(&piece, '=');
	PgtcFormField *field;
	PgtcCode code;

	if (out->n == PGTC_FORM_FIELDS_MAX)
		return PGTC_E_TOO_LONG;
	field = &out->field[out->n];
	code = decode_slice(name, &out->storage, &field->name);
	if (code == PGTC_OK)
		code = decode_slice(piece, &out->storage, &field->value);
	if (code == PGTC_OK)
		out->n++;
	return code;
}

static PgtcCode
parse_fields(PgtcSlice body, PgtcForm *out)
{
	PgtcCode code = PGTC_OK;

	while (code == PGTC_OK && body.len > 0)
	{
		PgtcSlice piece = pgtc_slice_take(&body, '&');

		if (piece.len > 0)
			code = parse_field(piece, out);
	}
	return code;
}

PgtcCode
pgtc_form_parse(PgtcSlice body, const PgtcMem *mem, PgtcForm *out)
{
	PgtcCode code = PGTC_OK;

	out->n = 0;
	pgtc_buf_init(&out->storage, mem);
	if (body.len > PGTC_FORM_MAX)
		return PGTC_E_TOO_LONG;

	/* decoded text is never longer than what it was decoded from */
	if (pgtc_buf_extend(&out->storage, body.len) == NULL)
		code = PGTC_E_NOMEM;
	pgtc_buf_truncate(&out->storage, 0);
	if (code == PGTC_OK)
		code = parse_fields(body, out);
	if (code != PGTC_OK)
		pgtc_form_free(out);
	return code;
}

static bool
is_repeatable(PgtcSlice name, const char *const *repeatable)
{
	for (; *repeatable != NULL; repeatable++)
	{
		if (pgtc_slice_equal(name, pgtc_slice_str(*repeatable)))
			return true;
	}
	return false;
}

PgtcSlice
pgtc_form_repeated(const PgtcForm *form, const char *const *repeatable)
{
	int i;
	int j;

	for (i = 1; i < form->n; i++)
	{
		PgtcSlice name = form->field[i].name;

		if (is_repeatable(name, repeatable))
			continue;
		for (j = 0; j < i; j++)
		{
			if (pgtc_slice_equal(form->field[j].name, name))
				return name;
		}
	}
	return pgtc_slice(NULL, 0);
}

void
pgtc_form_encode(PgtcSlice in, PgtcBuf *out)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t i;

	for (i = 0; i < in.len; i++)
	{
		unsigned char c = (unsigned char) in.data[i];
		char escape[3] = {'%', hex[c >> 4], hex[c & 15]};

		if (pgtc_uri_unreserved((char) c))
			pgtc_buf_append(out, &in.data[i], 1);
		else
			pgtc_buf_append(out, escape, sizeof(escape));
	}
}

void
pgtc_form_append_query(PgtcBuf *url, const char *name, PgtcSlice value)
{
	if (value.data == NULL)
		return;
	if (url->len > 0)
	{
		char last = url->data[url->len - 1];

		if (memchr(url->data, '?', url->len) == NULL)
			pgtc_buf_append(url, "?", 1);
		else if (last != '?' && last != '&')
			pgtc_buf_append(url, "&", 1);
	}
	pgtc_form_encode(pgtc_slice_str(name), url);
	pgtc_buf_append(url, "=", 1);
	pgtc_form_encode(value, url);
}
