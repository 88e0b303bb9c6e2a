/*
 * url.c
 *		Web URLs: what they name, and what they have in common.
 *
 * uri.c has judged the characters before anything is taken apart here, so that a
 * part that is found is a part for every other reader too.
 */
#include "core/base/url.h"
#include "core/base/ascii.h"
#include "core/base/bytes.h"
#include "core/base/uri.h"

bool
pgtc_url_split(PgtcSlice url, PgtcUrl *out)
{
	PgtcUri uri;

	memset(out, 0, sizeof(*out));
	if (pgtc_uri_split(url, &uri) != PGTC_OK || uri.fragment.data != NULL || uri.host.len == 0 ||
		uri.userinfo.data != NULL)
		return false;
	out->secure = pgtc_ascii_is(uri.scheme, "https");
	out->host = uri.host;
	out->port = uri.port;
	out->rest = pgtc_slice(uri.path.data, (size_t) (url.data + url.len - uri.path.data));
	return out->secure || pgtc_ascii_is(uri.scheme, "http");
}

/* what stands before the first of the marks, or all of it */
static PgtcSlice
cut(PgtcSlice url, const char *marks)
{
	size_t n_marks = strlen(marks);
	size_t i;

	for (i = 0; i < url.len; i++)
	{
		if (memchr(marks, url.data[i], n_marks) != NULL)
			break;
	}
	return pgtc_slice(url.data, i);
}

static PgtcSlice
default_port(const PgtcUrl *url)
{
	return pgtc_slice_str(url->secure ? "443" : "80");
}

/* RFC 3986 section 6.2.3: an empty port, and none, is the scheme's */
static bool
same_port(const PgtcUrl *a, const PgtcUrl *b)
{
	return pgtc_slice_equal(a->port.len > 0 ? a->port : default_port(a),
							b->port.len > 0 ? b->port : default_port(b));
}

/*
 * RFC 3986 sections 6.2.2.1 and 6.2.2.2: an unreserved character is the same
 * percent-encoded, any other byte is not (so 256 is added to it), and the case
 * of the hexadecimal digits tells nothing.  -1 at the end.
 */
static int
next_char(PgtcSlice *text, bool fold_case)
{
	size_t used = 1;
	int c;

	if (text->len == 0)
		return -1;
	c = (unsigned char) text->data[0];
	/* uri.c has seen to it that two hexadecimal digits follow */
	if (c == '%')
	{
		c = pgtc_bytes_hex(text->data + 1);
		if (!pgtc_uri_unreserved((char) c))
			c += 256;
		used = 3;
	}
	*text = pgtc_slice(text->data + used, text->len - used);
	return fold_case && c < 256 ? (unsigned char) pgtc_ascii_lower((char) c) : c;
}

static bool
same_text(PgtcSlice a, PgtcSlice b, bool fold_case)
{
	int c;

	do
	{
		c = next_char(&a, fold_case);
		if (c != next_char(&b, fold_case))
			return false;
	} while (c >= 0);
	return true;
}

bool
pgtc_url_same_target(PgtcSlice a, PgtcSlice b)
{
	PgtcUrl one;
	PgtcUrl other;
	PgtcSlice slash = pgtc_slice_str("/");

	if (!pgtc_url_split(cut(a, "?#"), &one) || !pgtc_url_split(cut(b, "?#"), &other))
		return false;
	/* RFC 3986 section 6.2.3: an empty path is the path "/" */
	return one.secure == other.secure && same_port(&one, &other) &&
		   same_text(one.host, other.host, true) &&
		   same_text(one.rest.len > 0 ? one.rest : slash, other.rest.len > 0 ? other.rest : slash,
					 false);
}

PgtcSlice
pgtc_url_host(PgtcSlice url)
{
	PgtcUrl parts;

	if (!pgtc_url_split(cut(url, "#"), &parts))
		return pgtc_slice(NULL, 0);
	return parts.host;
}
