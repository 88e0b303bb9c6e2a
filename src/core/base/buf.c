/*
 * buf.c
 *		The growing byte buffer and the JSON writer on top of it.
 *
 * Memory comes from PgtcMem only.  A failed allocation marks the buffer and
 * turns every later append into nothing; what was there before stays readable.
 */
#include "core/base/b64url.h"
#include "core/base/buf.h"

/* large enough for a token's payload, so that the usual buffer is allocated once */
#define BUF_FIRST_SIZE 1024

static bool buf_reserve(PgtcBuf *buf, size_t more);
static void json_separate(PgtcBuf *buf, const char *name);

void
pgtc_buf_init(PgtcBuf *buf, const PgtcMem *mem)
{
	memset(buf, 0, sizeof(*buf));
	buf->mem = mem;
}

void
pgtc_buf_free(PgtcBuf *buf)
{
	if (buf->data != NULL)
	{
		pgtc_wipe(buf->data, buf->cap);
		buf->mem->release(buf->data);
	}
	pgtc_buf_init(buf, buf->mem);
}

PgtcCode
pgtc_buf_code(const PgtcBuf *buf)
{
	return buf->failed ? PGTC_E_NOMEM : PGTC_OK;
}

char *
pgtc_buf_extend(PgtcBuf *buf, size_t len)
{
	char *start;

	if (!buf_reserve(buf, len))
		return NULL;
	start = buf->data + buf->len;
	buf->len += len;
	buf->data[buf->len] = '\0';
	return start;
}

void
pgtc_buf_truncate(PgtcBuf *buf, size_t len)
{
	if (len >= buf->len)
		return;
	pgtc_wipe(buf->data + len, buf->len - len);
	buf->len = len;
}

void
pgtc_buf_append(PgtcBuf *buf, const void *data, size_t len)
{
	char *start = pgtc_buf_extend(buf, len);

	if (start != NULL && len > 0)
		memcpy(start, data, len);
}

void
pgtc_buf_append_str(PgtcBuf *buf, const char *str)
{
	pgtc_buf_append(buf, str, strlen(str));
}

void
pgtc_buf_append_int(PgtcBuf *buf, int64_t value)
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
pgtc_buf_append_b64url(PgtcBuf *buf, const void *data, size_t len)
{
	char *start = pgtc_buf_extend(buf, pgtc_b64url_encoded_len(len));

	if (start != NULL)
		pgtc_b64url_encode(data, len, start);
}

/*
 *		string    = quotation-mark *char quotation-mark
 *		unescaped = %x20-21 / %x23-5B / %x5D-10FFFF
 *
 * RFC 8259 section 7: only the quotation mark, the reverse solidus and the
 * control characters must be escaped, so only they are.
 */
void
pgtc_json_string(PgtcBuf *buf, PgtcSlice value)
{
	static const char hex[] = "0123456789abcdef";
	size_t done = 0;
	size_t i;

	pgtc_buf_append(buf, "\"", 1);
	for (i = 0; i < value.len; i++)
	{
		unsigned char c = (unsigned char) value.data[i];
		char escape[6] = {'\\', 'u', '0', '0', 0, 0};
		size_t escape_len = 2;

		if (c >= 0x20 && c != '"' && c != '\\')
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

void
pgtc_json_member_string(PgtcBuf *buf, const char *name, PgtcSlice value)
{
	if (value.data == NULL)
		return;
	json_separate(buf, name);
	pgtc_json_string(buf, value);
}

void
pgtc_json_member_json(PgtcBuf *buf, const char *name, PgtcSlice json)
{
	if (json.data == NULL)
		return;
	json_separate(buf, name);
	pgtc_buf_append(buf, json.data, json.len);
}

void
pgtc_json_member_int(PgtcBuf *buf, const char *name, int64_t value)
{
	json_separate(buf, name);
	pgtc_buf_append_int(buf, value);
}

void
pgtc_json_member_strings(PgtcBuf *buf, const char *name, const PgtcSlice *values, int n)
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
		pgtc_json_string(buf, values[i]);
	}
	pgtc_buf_append(buf, "]", 1);
}

static void
json_separate(PgtcBuf *buf, const char *name)
{
	if (buf->len > 0 && buf->data[buf->len - 1] != '{')
		pgtc_buf_append(buf, ",", 1);
	pgtc_json_string(buf, pgtc_slice_str(name));
	pgtc_buf_append(buf, ":", 1);
}

/* room for more bytes and a NUL */
static bool
buf_reserve(PgtcBuf *buf, size_t more)
{
	size_t cap = buf->cap;
	char *data;

	if (buf->failed)
		return false;
	if (more < cap && buf->len < cap - more)
		return true;
	if (more > SIZE_MAX / 4 - buf->len)
	{
		buf->failed = true;
		return false;
	}

	if (cap == 0)
		cap = BUF_FIRST_SIZE;
	while (cap <= buf->len + more)
		cap *= 2;

	data = buf->mem->alloc(cap);
	if (data == NULL)
	{
		buf->failed = true;
		return false;
	}
	if (buf->len > 0)
		memcpy(data, buf->data, buf->len);
	data[buf->len] = '\0';
	if (buf->data != NULL)
	{
		/* the abandoned copy may hold a token */
		pgtc_wipe(buf->data, buf->cap);
		buf->mem->release(buf->data);
	}
	buf->data = data;
	buf->cap = cap;
	return true;
}
