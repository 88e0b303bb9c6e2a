/*
 * cgi.c
 *		The parameters of a request, and the head of its answer.
 */
#include "core/fastcgi/cgi.h"

#include <stdio.h>

#include "core/base/ascii.h"
#include "core/base/bytes.h"
#include "core/base/mark.h"
#include "core/base/text.h"

#define HEADER_PREFIX "HTTP_"
#define CONTEXT_PREFIX "PGTOKEN_CONTEXT_"
#define CONTENT_TYPE "CONTENT_TYPE"
#define CONTENT_LENGTH "CONTENT_LENGTH"

/* --- name-value pairs ------------------------------------------------------------ */

/* 1 byte below 128, or 4 with the first bit set */
static PgtcCode
take_length(PgtcSlice *rest, size_t *length)
{
	const uint8_t *bytes = (const uint8_t *) rest->data;
	size_t size;

	if (rest->len == 0)
		return PGTC_E_MALFORMED;
	size = bytes[0] < 128 ? 1 : 4;
	if (rest->len < size)
		return PGTC_E_MALFORMED;
	*length = (size_t) pgtc_bytes_get(bytes, (int) size) & 0x7FFFFFFF;
	*rest = pgtc_slice(rest->data + size, rest->len - size);
	return PGTC_OK;
}

static PgtcCode
take_bytes(PgtcSlice *rest, size_t len, PgtcSlice *out)
{
	if (len > rest->len)
		return PGTC_E_MALFORMED;
	*out = pgtc_slice(rest->data, len);
	*rest = pgtc_slice(rest->data + len, rest->len - len);
	return PGTC_OK;
}

PgtcCode
pgtc_cgi_next(PgtcSlice *rest, PgtcSlice *name, PgtcSlice *value)
{
	size_t name_len, value_len;

	if (take_length(rest, &name_len) != PGTC_OK || take_length(rest, &value_len) != PGTC_OK ||
		take_bytes(rest, name_len, name) != PGTC_OK ||
		take_bytes(rest, value_len, value) != PGTC_OK)
		return PGTC_E_MALFORMED;
	return PGTC_OK;
}

/* --- a request ---------------------------------------------------------------------- */

/* RFC 9110 section 5.6.2 */
static bool
is_token(PgtcSlice text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
	{
		char c = text.data[i];

		if (!pgtc_ascii_letter(c) && !pgtc_ascii_digit(c) &&
			(c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
			return false;
	}
	return text.len > 0;
}

/* no character that ends a line or a string */
static bool
is_one_line(PgtcSlice text)
{
	return text.len == 0 ||
		   (memchr(text.data, '\0', text.len) == NULL &&
			memchr(text.data, '\r', text.len) == NULL && memchr(text.data, '\n', text.len) == NULL);
}

static bool
is_target(PgtcSlice text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
	{
		if ((uint8_t) text.data[i] <= ' ' || text.data[i] == 0x7F)
			return false;
	}
	return text.len > 0 && (text.data[0] == '/' || pgtc_slice_equal(text, pgtc_slice_str("*")));
}

/* the name behind its prefix, in lower case, into memory that was taken before */
static PgtcSlice
lower_name(PgtcBuf *storage, PgtcSlice name, char underscore)
{
	char *out = pgtc_buf_extend(storage, name.len);
	size_t i;

	for (i = 0; i < name.len; i++)
		out[i] = name.data[i] == '_' ? underscore : pgtc_ascii_lower(name.data[i]);
	return pgtc_slice(out, name.len);
}

static PgtcCode
add_header(PgtcCgiRequest *out, PgtcSlice name, PgtcSlice value)
{
	PgtcCgiPair *header = &out->header[out->n_headers];

	if (!is_token(name) || !is_one_line(value))
		return PGTC_E_MALFORMED;
	if (out->n_headers == PGTC_CGI_HEADERS_MAX)
		return PGTC_E_TOO_LONG;
	header->name = lower_name(&out->storage, name, '-');
	header->value = value;
	out->n_headers++;
	return PGTC_OK;
}

static PgtcCode
add_context(PgtcCgiRequest *out, PgtcSlice name, PgtcSlice value)
{
	PgtcCgiPair *member = &out->context[out->n_context];

	if (!is_token(name) || memchr(value.data, '\0', value.len) != NULL)
		return PGTC_E_MALFORMED;
	if (out->n_context == PGTC_CGI_CONTEXT_MAX || name.len > PGTC_CGI_CONTEXT_NAME_MAX)
		return PGTC_E_TOO_LONG;
	member->name = lower_name(&out->storage, name, '_');
	member->value = value;
	out->n_context++;
	return PGTC_OK;
}

static bool
begins(PgtcSlice text, const char *prefix, PgtcSlice *rest)
{
	size_t len = strlen(prefix);

	if (text.len < len || memcmp(text.data, prefix, len) != 0)
		return false;
	*rest = pgtc_slice(text.data + len, text.len - len);
	return true;
}

/* one of those that are the web server's own word */
static PgtcCode
take_own(PgtcCgiRequest *out, PgtcSlice name, PgtcSlice value)
{
	const struct
	{
		const char *name;
		PgtcSlice *value;
	} known[] = {
		{"REQUEST_METHOD", &out->method},
		{"REQUEST_URI", &out->target},
		{"REMOTE_ADDR", &out->address},
		{"REQUEST_SCHEME", &out->scheme},
		{"PGTOKEN_CERTIFICATE", &out->certificate},
		{"PGTOKEN_PROXIED", &out->proxied},
		{"PGTOKEN_REQUEST_ID", &out->request_id},
		{"PGTOKEN_ROUTED", &out->routed},
		{"PGTOKEN_CARRIED", &out->carried},
		{CONTENT_TYPE, &out->content_type},
		{CONTENT_LENGTH, &out->content_length},
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (!pgtc_slice_equal(name, pgtc_slice_str(known[i].name)))
			continue;
		if (memchr(value.data, '\0', value.len) != NULL)
			return PGTC_E_MALFORMED;
		*known[i].value = value;
	}
	return PGTC_OK;
}

static bool
is_content(PgtcSlice name)
{
	return pgtc_slice_equal(name, pgtc_slice_str(CONTENT_TYPE)) ||
		   pgtc_slice_equal(name, pgtc_slice_str(CONTENT_LENGTH));
}

static PgtcCode
take_parameter(PgtcCgiRequest *out, PgtcSlice name, PgtcSlice value)
{
	PgtcSlice rest;

	if (begins(name, HEADER_PREFIX, &rest))
		/* web servers send these two a second time */
		return is_content(rest) ? PGTC_OK : add_header(out, rest, value);
	if (begins(name, CONTEXT_PREFIX, &rest))
		return value.len > 0 ? add_context(out, rest, value) : PGTC_OK;
	return take_own(out, name, value);
}

/* the two headers that are no HTTP_*, as RFC 3875 has it; nothing where the client sent none */
static PgtcCode
add_content_headers(PgtcCgiRequest *out)
{
	PgtcCode code = PGTC_OK;

	if (out->content_type.len > 0)
		code = add_header(out, pgtc_slice_str(CONTENT_TYPE), out->content_type);
	if (code == PGTC_OK && out->content_length.len > 0)
		code = pgtc_text_digits(out->content_length)
				   ? add_header(out, pgtc_slice_str(CONTENT_LENGTH), out->content_length)
				   : PGTC_E_MALFORMED;
	return code;
}

PgtcCode
pgtc_cgi_read(PgtcSlice params, const PgtcMem *mem, PgtcCgiRequest *out)
{
	PgtcCode code = PGTC_OK;
	PgtcSlice name, value;

	memset(out, 0, sizeof(*out));
	pgtc_buf_init(&out->storage, mem);
	/* names are no longer than what they are made of: slices into it stay where they are */
	if (pgtc_buf_extend(&out->storage, params.len + strlen(CONTENT_TYPE CONTENT_LENGTH)) == NULL)
		return PGTC_E_NOMEM;
	pgtc_buf_truncate(&out->storage, 0);

	while (params.len > 0 && code == PGTC_OK)
	{
		code = pgtc_cgi_next(&params, &name, &value);
		if (code == PGTC_OK)
			code = take_parameter(out, name, value);
	}
	if (code == PGTC_OK)
		code = add_content_headers(out);
	if (code == PGTC_OK && (out->method.len > PGTC_CGI_METHOD_MAX || !is_token(out->method) ||
							!is_target(out->target)))
		code = PGTC_E_MALFORMED;
	if (code != PGTC_OK)
		pgtc_cgi_free(out);
	return code;
}

void
pgtc_cgi_free(PgtcCgiRequest *request)
{
	PgtcBuf storage = request->storage;

	pgtc_buf_free(&storage);
	memset(request, 0, sizeof(*request));
	request->storage = storage;
}

PgtcSlice
pgtc_cgi_path(const PgtcCgiRequest *request)
{
	PgtcSlice rest = request->target;

	return pgtc_slice_take(&rest, '?');
}

PgtcSlice
pgtc_cgi_request_id(const PgtcCgiRequest *request)
{
	return pgtc_mark_id_valid(request->request_id) ? request->request_id : pgtc_slice("", 0);
}

int64_t
pgtc_cgi_content_length(const PgtcCgiRequest *request)
{
	return request->content_length.len > 0 ? pgtc_text_number(request->content_length, INT64_MAX)
										   : -1;
}

/* --- the head of an answer ------------------------------------------------------------ */

/* RFC 9110 section 15; some web servers send on what stands here, and no reason of their own */
static const char *
reason(int status)
{
	static const struct
	{
		int status;
		const char *reason;
	} reasons[] = {
		{200, "OK"},
		{201, "Created"},
		{204, "No Content"},
		{302, "Found"},
		{303, "See Other"},
		{304, "Not Modified"},
		{307, "Temporary Redirect"},
		{308, "Permanent Redirect"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{406, "Not Acceptable"},
		{409, "Conflict"},
		{410, "Gone"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
	};
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
	{
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Other";
}

void
pgtc_cgi_write_status(PgtcBuf *out, int status)
{
	char line[64];

	snprintf(line, sizeof(line), "Status: %03d %s\r\n", status, reason(status));
	pgtc_buf_append_str(out, line);
}

PgtcCode
pgtc_cgi_write_header(PgtcBuf *out, PgtcSlice name, PgtcSlice value)
{
	if (!is_token(name) || !is_one_line(value))
		return PGTC_E_MALFORMED;
	pgtc_buf_append(out, name.data, name.len);
	pgtc_buf_append(out, ": ", 2);
	pgtc_buf_append(out, value.data, value.len);
	pgtc_buf_append(out, "\r\n", 2);
	return PGTC_OK;
}
