/*
 * url.c
 *		Comparing web URLs: a proof's target, a redirect URI, a sector's host.
 *
 * uri.c has judged the characters before anything is taken apart here, so that a
 * part that is found is a part for every other reader too.
 */
#include "core/jose/dpop.h"
#include "core/base/json_read.h"
#include "core/oauth/handle.h"
#include "core/base/uri.h"

typedef struct WebUrl
{
	bool secure; /* https */
	PgtcSlice host;
	PgtcSlice port; /* data == NULL when there is none */
	PgtcSlice rest; /* what follows the authority */
} WebUrl;

static bool web_split(PgtcSlice url, WebUrl *out);
static PgtcSlice cut(PgtcSlice url, const char *marks);
static bool same_port(const WebUrl *a, const WebUrl *b);
static PgtcSlice default_port(const WebUrl *url);
static bool same_text(PgtcSlice a, PgtcSlice b, bool fold_case);
static int next_char(PgtcSlice *text, bool fold_case);
static int ascii_lower(int c);
static bool has_any_port(PgtcSlice host, bool native);

bool
pgtc_url_same_target(PgtcSlice a, PgtcSlice b)
{
	WebUrl one;
	WebUrl other;
	PgtcSlice slash = pgtc_slice_str("/");

	if (!web_split(cut(a, "?#"), &one) || !web_split(cut(b, "?#"), &other))
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
	WebUrl parts;

	if (!web_split(cut(url, "#"), &parts))
		return pgtc_slice(NULL, 0);
	return parts.host;
}

bool
pgtc_redirect_matches(PgtcSlice registered, PgtcSlice requested, bool native)
{
	WebUrl one;
	WebUrl other;

	if (pgtc_slice_equal(registered, requested))
		return true;
	/* a requested port may be any, but it must be one */
	if (pgtc_uri_check_redirect(requested) != PGTC_OK || !web_split(requested, &other) ||
		!web_split(registered, &one))
		return false;
	return !one.secure && !other.secure && has_any_port(one.host, native) &&
		   pgtc_slice_equal(one.host, other.host) && pgtc_slice_equal(one.rest, other.rest);
}

/* ALPHA / DIGIT / "-" / "." / "_" / "~", RFC 3986 section 2.3 */
bool
pgtc_uri_unreserved(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
		   c == '.' || c == '_' || c == '~';
}

/*
 *		http-URI  = "http" "://" authority path-abempty [ "?" query ]
 *		https-URI = "https" "://" authority path-abempty [ "?" query ]
 *
 * RFC 9110 section 4.2, where the host must not be empty; userinfo is refused
 * (section 4.2.4).
 */
static bool
web_split(PgtcSlice url, WebUrl *out)
{
	PgtcSlice scheme = cut(url, ":");
	PgtcSlice authority;
	size_t skip = scheme.len + 3;

	memset(out, 0, sizeof(*out));
	/* among much else: behind the scheme of a web URL stand "://" and a host */
	if (pgtc_uri_check_resource(url) != PGTC_OK)
		return false;
	out->secure = same_text(scheme, pgtc_slice_str("https"), true);
	if (!out->secure && !same_text(scheme, pgtc_slice_str("http"), true))
		return false;

	authority = cut(pgtc_slice(url.data + skip, url.len - skip), "/?");
	skip += authority.len;
	out->rest = pgtc_slice(url.data + skip, url.len - skip);
	if (memchr(authority.data, '@', authority.len) != NULL)
		return false;

	out->host = cut(authority, authority.data[0] == '[' ? "]" : ":");
	if (authority.data[0] == '[')
		out->host.len++;
	if (out->host.len < authority.len)
		out->port = pgtc_slice(out->host.data + out->host.len + 1, //
							   authority.len - out->host.len - 1);
	return true;
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

/* RFC 3986 section 6.2.3: an empty port, and none, is the scheme's */
static bool
same_port(const WebUrl *a, const WebUrl *b)
{
	return pgtc_slice_equal(a->port.len > 0 ? a->port : default_port(a),
							b->port.len > 0 ? b->port : default_port(b));
}

static PgtcSlice
default_port(const WebUrl *url)
{
	return pgtc_slice_str(url->secure ? "443" : "80");
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
		c = pgtc_hex_value(text->data[1]) << 4 | pgtc_hex_value(text->data[2]);
		if (!pgtc_uri_unreserved(c))
			c += 256;
		used = 3;
	}
	*text = pgtc_slice(text->data + used, text->len - used);
	return fold_case ? ascii_lower(c) : c;
}

static int
ascii_lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* RFC 8252 section 8.3: localhost is a name, and a name may lead elsewhere; many native applications use it all the same */
static bool
has_any_port(PgtcSlice host, bool native)
{
	return pgtc_slice_equal(host, pgtc_slice_str("127.0.0.1")) ||
		   pgtc_slice_equal(host, pgtc_slice_str("[::1]")) ||
		   (native && pgtc_slice_equal(host, pgtc_slice_str("localhost")));
}
