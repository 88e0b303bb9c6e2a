/*
 * json_write.c
 *		JSON into a buffer.
 */
#include "core/base/json_write.h"

#define BYTES(byte) ((uint64_t) -1 / 255 * (byte))

/* not 0 where a byte of word is below one that is at most 0x80 */
#define HAS_LESS(word, byte) (((word) -BYTES(byte)) & ~(word) &BYTES(0x80))

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

/* so many bytes from the beginning on need no escape; looked at eight at a time */
static size_t
plain_len(PgtcSlice value)
{
	size_t n = 0;

	for (; value.len - n >= sizeof(uint64_t); n += sizeof(uint64_t))
	{
		uint64_t word;

		memcpy(&word, value.data + n, sizeof(word));
		if (HAS_LESS(word, 0x20) | HAS_LESS(word ^ BYTES('"'), 1) | HAS_LESS(word ^ BYTES('\\'), 1))
			break;
	}
	while (n < value.len && is_plain((unsigned char) value.data[n]))
		n++;
	return n;
}

/* at once, what needs no escape: quoted, between two that are one character at most */
static void
write_plain(PgtcBuf *buf, const char *before, PgtcSlice value, const char *after)
{
	size_t at = before[0] != '\0';
	char *start = pgtc_buf_extend(buf, value.len + 2 + at + (after[0] != '\0'));

	if (start == NULL)
		return;
	if (at > 0)
		start[0] = before[0];
	start[at] = '"';
	if (value.len > 0)
		memcpy(start + at + 1, value.data, value.len);
	start[at + value.len + 1] = '"';
	if (after[0] != '\0')
		start[at + value.len + 2] = after[0];
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
	static const char hex[] = "0123456789abcdef";
	size_t plain = plain_len(value);
	size_t done = 0;
	size_t i;

	if (plain == value.len)
	{
		write_plain(buf, "", value, "");
		return;
	}
	pgtc_buf_append(buf, "\"", 1);
	for (i = plain; i < value.len; i++)
	{
		unsigned char c = (unsigned char) value.data[i];
		char escape[6] = {'\\', 'u', '0', '0', 0, 0};
		size_t escape_len = 2;

		if (is_plain(c))
			continue;

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
				escape[4] = hex[c >> 4];
				escape[5] = hex[c & 15];
				escape_len = 6;
				break;
		}
		pgtc_buf_append(buf, value.data + done, i - done);
		pgtc_buf_append(buf, escape, escape_len);
		done = i + 1;
	}
	if (value.len > done)
		pgtc_buf_append(buf, value.data + done, value.len - done);
	pgtc_buf_append(buf, "\"", 1);
}

static void
json_separate(PgtcBuf *buf, const char *name)
{
	PgtcSlice slice = pgtc_slice_str(name);
	const char *comma = buf->len > 0 && buf->data[buf->len - 1] != '{' ? "," : "";

	if (plain_len(slice) == slice.len)
	{
		write_plain(buf, comma, slice, ":");
		return;
	}
	pgtc_buf_append_str(buf, comma);
	pgtc_json_write_string(buf, slice);
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
