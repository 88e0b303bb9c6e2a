/*
 * buf.c
 *		The growing byte buffer.
 *
 * Memory comes from PgtcMem only.  A failed allocation marks the buffer and
 * turns every later append into nothing; what was there before stays readable.
 */
#include "core/base/buf.h"
#include "core/base/b64url.h"
#include "core/base/crypto.h"

/* large enough for a token's payload, so that the usual buffer is allocated once */
#define BUF_FIRST_SIZE 1024

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
		pgtc_crypto_wipe(buf->data, buf->cap);
		buf->mem->release(buf->data);
	}
	pgtc_buf_init(buf, buf->mem);
}

PgtcCode
pgtc_buf_code(const PgtcBuf *buf)
{
	return buf->failed ? PGTC_E_NOMEM : PGTC_OK;
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
		pgtc_crypto_wipe(buf->data, buf->cap);
		buf->mem->release(buf->data);
	}
	buf->data = data;
	buf->cap = cap;
	return true;
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
	pgtc_crypto_wipe(buf->data + len, buf->len - len);
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
pgtc_buf_append_b64url(PgtcBuf *buf, const void *data, size_t len)
{
	char *start = pgtc_buf_extend(buf, pgtc_b64url_encoded_len(len));

	if (start != NULL)
		pgtc_b64url_encode(data, len, start);
}

PgtcCode
pgtc_buf_decode_b64url(PgtcBuf *buf, PgtcSlice text)
{
	size_t start = buf->len;
	size_t size = text.len / 4 * 3 + 2;
	size_t len = 0;
	char *at = pgtc_buf_extend(buf, size);
	PgtcCode code;

	if (at == NULL)
		return PGTC_E_NOMEM;
	code = pgtc_b64url_decode(text, (uint8_t *) at, size, &len);
	pgtc_buf_truncate(buf, code == PGTC_OK ? start + len : start);
	return code;
}
