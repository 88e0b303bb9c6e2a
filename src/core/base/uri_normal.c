/*
 * uri_normal.c
 *		One spelling for URIs that are the same (RFC 3986 sections 6.2.2 and 6.2.3).
 *
 * uri.c has judged the characters, so what is found here is there for every other
 * reader, too.  Nothing is looked up and nothing is decoded that is not the same
 * when it is: two URIs that differ here may still lead to one place.
 */
#include <arpa/inet.h>

#include "core/base/json_read.h"
#include "core/oauth/handle.h"
#include "core/base/uri.h"

typedef struct Output
{
	char *data;
	size_t len;
} Output;

static PgtcSlice take_until(PgtcSlice *text, const char *marks);
static bool take_char(PgtcSlice *text, char c);
static void write_text(Output *out, PgtcSlice text, bool fold_case);
static void write_authority(Output *out, PgtcSlice authority, PgtcSlice scheme);
static void write_host(Output *out, PgtcSlice host);
static bool is_default_port(PgtcSlice port, PgtcSlice scheme);
static size_t remove_dot_segments(char *path, size_t len);

PgtcCode
pgtc_uri_normalise(PgtcSlice uri, char normal[PGTC_URI_NORMAL_MAX], size_t *len)
{
	Output out = {normal, 0};
	PgtcSlice scheme;
	PgtcCode code = pgtc_uri_check_resource(uri);
	bool has_authority;
	size_t path;

	*len = 0;
	if (code != PGTC_OK)
		return code;
	write_text(&out, take_until(&uri, ":"), true);
	scheme = pgtc_slice(normal, out.len);
	(void) take_char(&uri, ':');
	normal[out.len++] = ':';

	has_authority = uri.len >= 2 && uri.data[0] == '/' && uri.data[1] == '/';
	if (has_authority)
	{
		uri = pgtc_slice(uri.data + 2, uri.len - 2);
		normal[out.len++] = '/';
		normal[out.len++] = '/';
		write_authority(&out, take_until(&uri, "/?"), scheme);
	}
	path = out.len;
	write_text(&out, take_until(&uri, "?"), false);
	/* without an authority what is left of a path could be taken for one */
	if (has_authority)
		out.len = path + remove_dot_segments(normal + path, out.len - path);
	if (out.len == path && (pgtc_slice_equal(scheme, pgtc_slice_str("https")) ||
							pgtc_slice_equal(scheme, pgtc_slice_str("http"))))
		normal[out.len++] = '/';
	write_text(&out, uri, false); /* the query, with its mark */
	*len = out.len;
	return PGTC_OK;
}

bool
pgtc_uri_equivalent(PgtcSlice a, PgtcSlice b)
{
	char one[PGTC_URI_NORMAL_MAX];
	char other[PGTC_URI_NORMAL_MAX];
	size_t one_len;
	size_t other_len;

	if (pgtc_slice_equal(a, b))
		return true;
	return pgtc_uri_normalise(a, one, &one_len) == PGTC_OK &&
		   pgtc_uri_normalise(b, other, &other_len) == PGTC_OK && one_len == other_len &&
		   memcmp(one, other, one_len) == 0;
}

/* what stands before the first of the marks, or all of it */
static PgtcSlice
take_until(PgtcSlice *text, const char *marks)
{
	PgtcSlice taken = *text;
	size_t i;

	for (i = 0; i < text->len; i++)
	{
		if (memchr(marks, text->data[i], strlen(marks)) != NULL)
			break;
	}
	taken.len = i;
	*text = pgtc_slice(text->data + i, text->len - i);
	return taken;
}

static bool
take_char(PgtcSlice *text, char c)
{
	if (text->len == 0 || text->data[0] != c)
		return false;
	*text = pgtc_slice(text->data + 1, text->len - 1);
	return true;
}

/*
 * RFC 3986 sections 6.2.2.1 and 6.2.2.2: unreserved characters as themselves, the
 * hexadecimal digits of all others as capitals.
 */
static void
write_text(Output *out, PgtcSlice text, bool fold_case)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t i;

	for (i = 0; i < text.len; i++)
	{
		int c = (unsigned char) text.data[i];

		/* uri.c has seen to it that two hexadecimal digits follow */
		if (c == '%')
		{
			c = pgtc_hex_value(text.data[i + 1]) << 4 | pgtc_hex_value(text.data[i + 2]);
			i += 2;
			if (!pgtc_uri_unreserved(c))
			{
				out->data[out->len++] = '%';
				out->data[out->len++] = digits[c >> 4];
				out->data[out->len++] = digits[c & 15];
				continue;
			}
		}
		if (fold_case && c >= 'A' && c <= 'Z')
			c = c - 'A' + 'a';
		out->data[out->len++] = (char) c;
	}
}

/* authority = [ userinfo "@" ] host [ ":" port ] */
static void
write_authority(Output *out, PgtcSlice authority, PgtcSlice scheme)
{
	PgtcSlice host;

	if (memchr(authority.data, '@', authority.len) != NULL)
	{
		write_text(out, take_until(&authority, "@"), false);
		(void) take_char(&authority, '@');
		out->data[out->len++] = '@';
	}
	host = take_until(&authority, authority.len > 0 && authority.data[0] == '[' ? "]" : ":");
	if (take_char(&authority, ']'))
		host.len++;
	write_host(out, host);
	(void) take_char(&authority, ':');
	if (authority.len > 0 && !is_default_port(authority, scheme))
	{
		out->data[out->len++] = ':';
		write_text(out, authority, false);
	}
}

/* an IPv6 address has a canonical form (RFC 5952), a name is the same in either case */
static void
write_host(Output *out, PgtcSlice host)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (host.len == 0 || host.data[0] != '[')
	{
		write_text(out, host, true);
		return;
	}
	/* uri.c has read it before */
	memset(text, 0, sizeof(text));
	memcpy(text, host.data + 1, host.len - 2);
	(void) inet_pton(AF_INET6, text, &address);
	(void) inet_ntop(AF_INET6, &address, text, sizeof(text));
	out->data[out->len++] = '[';
	write_text(out, pgtc_slice_str(text), true);
	out->data[out->len++] = ']';
}

static bool
is_default_port(PgtcSlice port, PgtcSlice scheme)
{
	return (pgtc_slice_equal(scheme, pgtc_slice_str("https")) &&
			pgtc_slice_equal(port, pgtc_slice_str("443"))) ||
		   (pgtc_slice_equal(scheme, pgtc_slice_str("http")) &&
			pgtc_slice_equal(port, pgtc_slice_str("80")));
}

/* RFC 3986 section 5.2.4, in place; a path behind an authority is empty or begins with a slash */
static size_t
remove_dot_segments(char *path, size_t len)
{
	size_t in = 0;
	size_t out = 0;

	while (in < len)
	{
		const char *slash = memchr(path + in + 1, '/', len - in - 1);
		size_t end = slash != NULL ? (size_t) (slash - path) : len;
		size_t segment = end - in - 1;
		bool up = segment == 2 && memcmp(path + in + 1, "..", 2) == 0;
		bool here = segment == 1 && path[in + 1] == '.';

		/* back to the slash of the segment that is left */
		while (up && out > 0)
		{
			if (path[--out] == '/')
				break;
		}
		if (!up && !here)
		{
			memmove(path + out, path + in, segment + 1);
			out += segment + 1;
		}
		else if (end == len)
			path[out++] = '/';
		in = end;
	}
	return out;
}
