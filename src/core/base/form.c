/*
 * form.c
 *		application/x-www-form-urlencoded, read and written, and the Basic
 *		credentials that are encoded the same way.
 *
 * The fields of a form point into its one buffer, which is made large enough
 * for all of them before the first is decoded, so that it never moves.
 */
#include "core/base/form.h"
#include "core/base/json_read.h"

static PgtcCode parse_fields(PgtcSlice body, PgtcForm *out);
static PgtcCode parse_field(PgtcSlice piece, PgtcForm *out);
static PgtcCode decode_slice(PgtcSlice in, PgtcBuf *out, PgtcSlice *slice);
static PgtcCode decode_bytes(PgtcSlice in, PgtcBuf *out);
static PgtcCode split_credentials(PgtcSlice text, PgtcBuf *id, PgtcBuf *secret);
static bool is_repeatable(PgtcSlice name, const char *const *repeatable);

/* a parameter whose name begins like this is none that anybody has defined */
bool
pgtc_form_is_other_type(PgtcSlice body)
{
	size_t i = 0;

	while (i < body.len && (body.data[i] == ' ' || body.data[i] == '\t' || body.data[i] == '\r' ||
							body.data[i] == '\n'))
		i++;
	if (i == body.len)
		return false;
	return body.data[i] == '{' || body.data[i] == '[' ||
		   (body.len - i > 2 && body.data[i] == '-' && body.data[i + 1] == '-');
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

void
pgtc_form_free(PgtcForm *form)
{
	pgtc_buf_free(&form->storage);
	form->n = 0;
}

PgtcSlice
pgtc_form_get(const PgtcForm *form, const char *name)
{
	PgtcSlice wanted = pgtc_slice_str(name);
	int i;

	for (i = 0; i < form->n; i++)
	{
		if (!pgtc_slice_equal(form->field[i].name, wanted))
			continue;
		/* RFC 6749 section 3.2: without a value it is as if it were omitted */
		if (form->field[i].value.len == 0)
			break;
		return form->field[i].value;
	}
	return pgtc_slice(NULL, 0);
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

void
pgtc_form_encode(PgtcSlice in, PgtcBuf *out)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t i;

	for (i = 0; i < in.len; i++)
	{
		unsigned char c = (unsigned char) in.data[i];
		char escape[3] = {'%', hex[c >> 4], hex[c & 15]};

		if (pgtc_uri_unreserved(c))
			pgtc_buf_append(out, &in.data[i], 1);
		else
			pgtc_buf_append(out, escape, sizeof(escape));
	}
}

void
pgtc_query_append(PgtcBuf *url, const char *name, PgtcSlice value)
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

PgtcCode
pgtc_basic_read(PgtcSlice credentials, PgtcBuf *id, PgtcBuf *secret)
{
	PgtcBuf text;
	PgtcCode code;

	if (credentials.len > PGTC_BASIC_MAX)
		return PGTC_E_TOO_LONG;
	pgtc_buf_init(&text, id->mem);
	code = pgtc_base64_decode(credentials, &text);
	if (code == PGTC_OK)
		code = split_credentials(pgtc_slice(text.data, text.len), id, secret);
	pgtc_buf_free(&text);
	return code;
}

bool
pgtc_utf8_valid(PgtcSlice in)
{
	const uint8_t *at = (const uint8_t *) in.data;
	size_t rest = in.len;

	while (rest > 0)
	{
		size_t len = pgtc_utf8_char_len(at, rest);

		if (len == 0)
			return false;
		at += len;
		rest -= len;
	}
	return true;
}

static PgtcCode
parse_fields(PgtcSlice body, PgtcForm *out)
{
	size_t start = 0;
	size_t i;

	for (i = 0; i <= body.len; i++)
	{
		PgtcCode code;

		if (i < body.len && body.data[i] != '&')
			continue;
		if (i > start)
		{
			code = parse_field(pgtc_slice(body.data + start, i - start), out);
			if (code != PGTC_OK)
				return code;
		}
		start = i + 1;
	}
	return PGTC_OK;
}

static PgtcCode
parse_field(PgtcSlice piece, PgtcForm *out)
{
	const char *equals = memchr(piece.data, '=', piece.len);
	PgtcSlice name = piece;
	PgtcSlice value = pgtc_slice(piece.data, 0);
	PgtcFormField *field;
	PgtcCode code;

	if (out->n == PGTC_FORM_FIELDS_MAX)
		return PGTC_E_TOO_LONG;
	if (equals != NULL)
	{
		name.len = (size_t) (equals - piece.data);
		value = pgtc_slice(equals + 1, piece.len - name.len - 1);
	}

	field = &out->field[out->n];
	code = decode_slice(name, &out->storage, &field->name);
	if (code == PGTC_OK)
		code = decode_slice(value, &out->storage, &field->value);
	if (code == PGTC_OK)
		out->n++;
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
			int high = in.len - i > 2 ? pgtc_hex_value(in.data[i + 1]) : -1;
			int low = in.len - i > 2 ? pgtc_hex_value(in.data[i + 2]) : -1;

			if (high < 0 || low < 0)
				return PGTC_E_MALFORMED;
			c = (char) (high << 4 | low);
			i += 2;
		}
		at[len++] = c;
	}
	pgtc_buf_truncate(out, start + len);
	return PGTC_OK;
}

/* RFC 7617 section 2: the first colon; RFC 6749 section 2.3.1: one inside the id is encoded */
static PgtcCode
split_credentials(PgtcSlice text, PgtcBuf *id, PgtcBuf *secret)
{
	const char *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
	size_t id_start = id->len;
	size_t id_len;
	PgtcCode code;

	if (colon == NULL)
		return PGTC_E_MALFORMED;
	id_len = (size_t) (colon - text.data);
	code = pgtc_form_decode(pgtc_slice(text.data, id_len), id);
	if (code == PGTC_OK)
		code = pgtc_form_decode(pgtc_slice(colon + 1, text.len - id_len - 1), secret);
	if (code != PGTC_OK)
		pgtc_buf_truncate(id, id_start);
	return code;
}

/*
 *		UTF8-1 = %x01-7F
 *		UTF8-2 = %xC2-DF UTF8-tail
 *		UTF8-3 = %xE0 %xA0-BF UTF8-tail / %xE1-EC 2( UTF8-tail ) /
 *				 %xED %x80-9F UTF8-tail / %xEE-EF 2( UTF8-tail )
 *		UTF8-4 = %xF0 %x90-BF 2( UTF8-tail ) / %xF1-F3 3( UTF8-tail ) /
 *				 %xF4 %x80-8F 2( UTF8-tail )
 *
 * RFC 3629 section 4, without NUL.  0 when no character begins here.
 */
size_t
pgtc_utf8_char_len(const uint8_t *at, size_t rest)
{
	uint8_t first = at[0];
	uint8_t least = 0x80;
	uint8_t most = 0xbf;
	size_t len;
	size_t i;

	if (first < 0x80)
		return first != 0 ? 1 : 0;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (rest < len)
		return 0;

	/* the second byte shuts out second spellings, surrogates and what lies beyond U+10FFFF */
	if (first == 0xe0)
		least = 0xa0;
	else if (first == 0xed)
		most = 0x9f;
	else if (first == 0xf0)
		least = 0x90;
	else if (first == 0xf4)
		most = 0x8f;
	if (at[1] < least || at[1] > most)
		return 0;
	for (i = 2; i < len; i++)
	{
		if (at[i] < 0x80 || at[i] > 0xbf)
			return 0;
	}
	return len;
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
