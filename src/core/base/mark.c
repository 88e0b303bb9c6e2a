/*
 * mark.c
 *		By what an HTTP request is found elsewhere: its id, and its place in a trace.
 *
 * Packed: a byte that says what follows, then trace id, span id and flags where there
 * is a trace, then the id.  One that is a UUID, or 32 digits as nginx makes them, is
 * its 16 bytes.
 */
#include "core/base/mark.h"
#include "core/base/ascii.h"
#include "core/base/bytes.h"
#include "core/base/uuid.h"

#define HAS_TRACE 1
#define ID_SHIFT 1
#define TRACE_LEN (PGTC_TRACE_ID_LEN + PGTC_SPAN_ID_LEN + 1)
#define ID_LEN 16
#define SAMPLED 1
#define VERSION_NONE 0xff

typedef enum IdForm
{
	ID_NONE,
	ID_UUID,
	ID_DIGITS,
	ID_TEXT
} IdForm;

/* lower-case digits only */
static bool
read_hex(const char *text, uint8_t *out, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
	{
		int byte = pgtc_bytes_hex(text + 2 * i);

		if (byte < 0 || pgtc_ascii_lower(text[2 * i]) != text[2 * i] ||
			pgtc_ascii_lower(text[2 * i + 1]) != text[2 * i + 1])
			return false;
		out[i] = (uint8_t) byte;
	}
	return true;
}

static bool
is_zero(const uint8_t *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
	{
		if (bytes[i] != 0)
			return false;
	}
	return true;
}

static bool
read_parts(const char *text, uint8_t *version, PgtcTraceparent *out)
{
	return text[2] == '-' && text[35] == '-' && text[52] == '-' && read_hex(text, version, 1) &&
		   read_hex(text + 3, out->trace_id, PGTC_TRACE_ID_LEN) &&
		   read_hex(text + 36, out->span_id, PGTC_SPAN_ID_LEN) &&
		   read_hex(text + 53, &out->flags, 1);
}

PgtcCode
pgtc_mark_traceparent_read(PgtcSlice header, PgtcTraceparent *out)
{
	uint8_t version = VERSION_NONE;
	bool goes_on = header.len > PGTC_TRACEPARENT_LEN;

	if (header.len < PGTC_TRACEPARENT_LEN || !read_parts(header.data, &version, out) ||
		version == VERSION_NONE ||
		(goes_on && (version == 0 || header.data[PGTC_TRACEPARENT_LEN] != '-')) ||
		is_zero(out->trace_id, PGTC_TRACE_ID_LEN) || is_zero(out->span_id, PGTC_SPAN_ID_LEN))
	{
		memset(out, 0, sizeof(*out));
		return PGTC_E_MALFORMED;
	}
	out->flags &= SAMPLED;
	return PGTC_OK;
}

void
pgtc_mark_hex(const uint8_t *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++)
	{
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

void
pgtc_mark_traceparent_write(const PgtcTraceparent *trace, char out[PGTC_TRACEPARENT_LEN + 1])
{
	memcpy(out, "00-", 3);
	pgtc_mark_hex(trace->trace_id, PGTC_TRACE_ID_LEN, out + 3);
	out[35] = '-';
	pgtc_mark_hex(trace->span_id, PGTC_SPAN_ID_LEN, out + 36);
	out[52] = '-';
	pgtc_mark_hex(&trace->flags, 1, out + 53);
}

bool
pgtc_mark_id_valid(PgtcSlice id)
{
	size_t i;

	if (id.len < 1 || id.len > PGTC_REQUEST_ID_MAX)
		return false;
	for (i = 0; i < id.len; i++)
	{
		char c = id.data[i];

		/* a NUL is found by strchr */
		if (!pgtc_ascii_digit(c) && !pgtc_ascii_letter(c) &&
			(c == '\0' || strchr("._~:/+=@;-", c) == NULL))
			return false;
	}
	return true;
}

/* the form that gives the very same text again */
static IdForm
form_of(PgtcSlice id, uint8_t bytes[ID_LEN])
{
	size_t i;

	if (id.len == 0)
		return ID_NONE;
	if (id.len == 2 * ID_LEN && read_hex(id.data, bytes, ID_LEN))
		return ID_DIGITS;
	if (id.len != PGTC_UUID_TEXT_LEN || pgtc_uuid_parse(id, bytes) != PGTC_OK)
		return ID_TEXT;
	/* digits in capitals would come back as small ones */
	for (i = 0; i < id.len; i++)
	{
		if (pgtc_ascii_lower(id.data[i]) != id.data[i])
			return ID_TEXT;
	}
	return ID_UUID;
}

size_t
pgtc_mark_pack(PgtcSlice request_id, const PgtcTraceparent *trace, uint8_t out[PGTC_MARK_MAX])
{
	uint8_t id[ID_LEN];
	IdForm form = form_of(request_id, id);
	size_t len = 1;

	out[0] = (uint8_t) (form << ID_SHIFT | (trace ? HAS_TRACE : 0));
	if (trace)
	{
		memcpy(out + len, trace->trace_id, PGTC_TRACE_ID_LEN);
		memcpy(out + len + PGTC_TRACE_ID_LEN, trace->span_id, PGTC_SPAN_ID_LEN);
		out[len + TRACE_LEN - 1] = trace->flags & SAMPLED;
		len += TRACE_LEN;
	}
	if (form == ID_NONE)
		return len;
	if (form != ID_TEXT)
	{
		memcpy(out + len, id, ID_LEN);
		return len + ID_LEN;
	}
	memcpy(out + len, request_id.data, request_id.len);
	return len + request_id.len;
}

static void
unpack_trace(const uint8_t *bytes, PgtcTraceparent *out)
{
	memcpy(out->trace_id, bytes, PGTC_TRACE_ID_LEN);
	memcpy(out->span_id, bytes + PGTC_TRACE_ID_LEN, PGTC_SPAN_ID_LEN);
	out->flags = bytes[TRACE_LEN - 1];
}

static bool
unpack_id(IdForm form, const uint8_t *bytes, size_t len, char *out)
{
	PgtcSlice text = pgtc_slice((const char *) bytes, len);

	if (form == ID_NONE)
		return len == 0;
	if (form == ID_TEXT)
	{
		if (!pgtc_mark_id_valid(text))
			return false;
		memcpy(out, text.data, len);
		return true;
	}
	if (len != ID_LEN)
		return false;
	if (form == ID_UUID)
		pgtc_uuid_text(bytes, out);
	else
		pgtc_mark_hex(bytes, ID_LEN, out);
	return true;
}

PgtcCode
pgtc_mark_unpack(PgtcSlice in, PgtcMark *out)
{
	const uint8_t *bytes = (const uint8_t *) in.data;
	size_t at = 1;

	memset(out, 0, sizeof(*out));
	if (in.len < 1 || bytes[0] > (ID_TEXT << ID_SHIFT | HAS_TRACE) ||
		((bytes[0] & HAS_TRACE) && in.len < at + TRACE_LEN))
		return PGTC_E_MALFORMED;
	if (bytes[0] & HAS_TRACE)
	{
		out->has_trace = true;
		unpack_trace(bytes + at, &out->trace);
		at += TRACE_LEN;
	}
	if (!unpack_id((IdForm) (bytes[0] >> ID_SHIFT), bytes + at, in.len - at, out->request_id))
	{
		memset(out, 0, sizeof(*out));
		return PGTC_E_MALFORMED;
	}
	return PGTC_OK;
}
