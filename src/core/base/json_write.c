/*
 * json_write.c
 *		JSON into a buffer.
 */
#include "core/base/json_write.h"

static void
write_escape(PgtcBuf *buf, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
	size_t escape_len = 2;

	switch (c)
	{
		case '"':
		case '\\':
			escape[1] = (char) c;
			break;
		case '\b':
			escape[1] = 'b';
			break;
		case '\f':
			escape[1] = 'f';
			break;
		case '\n':
			escape[1] = 'n';
			break;
		case '\r':
			escape[1] = 'r';
			break;
		case '\t':
			escape[1] = 't';
			break;
		default:
			escape_len = 6;
			break;
	}
	pgtc_buf_append(buf, escape, escape_len);
}

/*
 *		string    = quotation-mark *char quotation-mark
 *		unescaped = %x20-21 / %x23-5B / %x5D-10FFFF
 *
 * RFC 8259 section 7: only the quotation mark, the reverse solidus and the
 * control characters must be escaped, so only they are.
 */
void
pgtc_json_write_string(PgtcBuf *buf, PgtcSlice value)
{
	size_t done = 0;
	size_t i;

	pgtc_buf_append(buf, "\"", 1);
	for (i = 0; i < value.len; i++)
	{
		unsigned char c = (unsigned char) value.data[i];

		/* most are: tokens are long, and have none of the others */
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		pgtc_buf_append(buf, value.data + done, i - done);
		write_escape(buf, c);
		done = i + 1;
	}
	if (value.len > done)
		pgtc_buf_append(buf, value.data + done, value.len - done);
	pgtc_buf_append(buf, "\"", 1);
}

static void
json_separate(PgtcBuf *buf, const char *name)
{
	if (buf->len > 0 && buf->data[buf->len - 1] != '{')
		pgtc_buf_append(buf, ",", 1);
	pgtc_json_write_string(buf, pgtc_slice_str(name));
	pgtc_buf_append(buf, ":", 1);
}

void
pgtc_json_write_member(PgtcBuf *buf, const char *name, PgtcSlice value)
{
	if (value.data == NULL)
		return;
	json_separate(buf, name);
	pgtc_json_write_string(buf, value);
}

void
pgtc_json_write_member_json(PgtcBuf *buf, const char *name, PgtcSlice json)
{
	if (json.data == NULL)
		return;
	json_separate(buf, name);
	pgtc_buf_append(buf, json.data, json.len);
}

static void
append_int(PgtcBuf *buf, int64_t value)
{
	char digits[20];
	size_t n = sizeof(digits);
	/* the negation of INT64_MIN is not an int64_t, but unsigned arithmetic has it */
	uint64_t rest = value < 0 ? 0 - (uint64_t) value : (uint64_t) value;

	do
	{
		digits[--n] = (char) ('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		digits[--n] = '-';
	pgtc_buf_append(buf, digits + n, sizeof(digits) - n);
}

void
pgtc_json_write_member_int(PgtcBuf *buf, const char *name, int64_t value)
{
	json_separate(buf, name);
	append_int(buf, value);
}

void
pgtc_json_write_member_strings(PgtcBuf *buf, const char *name, const PgtcSlice *values, int n)
{
	int i;

	if (n < 0)
		return;
	json_separate(buf, name);
	pgtc_buf_append(buf, "[", 1);
	for (i = 0; i < n; i++)
	{
		if (i > 0)
			pgtc_buf_append(buf, ",", 1);
		pgtc_json_write_string(buf, values[i]);
	}
	pgtc_buf_append(buf, "]", 1);
}
