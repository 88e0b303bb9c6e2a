/*
 * uri_normal.c
 *		One spelling for URIs that are the same (RFC 3986 sections 6.2.2 and 6.2.3).
 *
 * uri.c has judged the characters, so what is found here is there for every other
 * reader, too.  Nothing is looked up and nothing is decoded that is not the same
 * when it is: two URIs that differ here may still lead to one place.
 */
#include <arpa/inet.h>

#include "core/base/uri_normal.h"
#include "core/base/ascii.h"
#include "core/base/bytes.h"

typedef struct Output
{
	char *data;
	size_t len;
} Output;

static void
write_chars(Output *out, const char *text)
{
	while (*text != '\0')
		out->data[out->len++] = *text++;
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
		char c = text.data[i];

		/* uri.c has seen to it that two hexadecimal digits follow */
		if (c == '%')
		{
			c = (char) pgtc_bytes_hex(text.data + i + 1);
			i += 2;
			if (!pgtc_uri_unreserved(c))
			{
				out->data[out->len++] = '%';
				out->data[out->len++] = digits[c >> 4 & 15];
				out->data[out->len++] = digits[c & 15];
				continue;
			}
		}
		out->data[out->len++] = fold_case ? pgtc_ascii_lower(c) : c;
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
	write_chars(out, "[");
	write_text(out, pgtc_slice_str(text), true);
	write_chars(out, "]");
}

static bool
is_default_port(PgtcSlice port, PgtcSlice scheme)
{
	return (pgtc_slice_equal(scheme, pgtc_slice_str("https")) &&
			pgtc_slice_equal(port, pgtc_slice_str("443"))) ||
		   (pgtc_slice_equal(scheme, pgtc_slice_str("http")) &&
			pgtc_slice_equal(port, pgtc_slice_str("80")));
}

static void
write_authority(Output *out, const PgtcUri *parts, PgtcSlice scheme)
{
	write_chars(out, "//");
	if (parts->userinfo.data != NULL)
	{
		write_text(out, parts->userinfo, false);
		write_chars(out, "@");
	}
	write_host(out, parts->host);
	if (parts->port.len > 0 && !is_default_port(parts->port, scheme))
	{
		write_chars(out, ":");
		write_text(out, parts->port, false);
	}
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

PgtcCode
pgtc_uri_normal_write(PgtcSlice uri, char normal[PGTC_URI_NORMAL_MAX], size_t *len)
{
	Output out = {normal, 0};
	PgtcUri parts;
	PgtcSlice scheme;
	PgtcCode code = pgtc_uri_check_resource(uri);
	size_t path;

	*len = 0;
	if (code == PGTC_OK)
		code = pgtc_uri_split(uri, &parts);
	if (code != PGTC_OK)
		return code;
	write_text(&out, parts.scheme, true);
	scheme = pgtc_slice(normal, out.len);
	write_chars(&out, ":");
	if (parts.host.data != NULL)
		write_authority(&out, &parts, scheme);
	path = out.len;
	write_text(&out, parts.path, false);
	/* without an authority what is left of a path could be taken for one */
	if (parts.host.data != NULL)
		out.len = path + remove_dot_segments(normal + path, out.len - path);
	if (out.len == path && (pgtc_slice_equal(scheme, pgtc_slice_str("https")) ||
							pgtc_slice_equal(scheme, pgtc_slice_str("http"))))
		write_chars(&out, "/");
	if (parts.query.data != NULL)
		write_chars(&out, "?");
	write_text(&out, parts.query, false);
	*len = out.len;
	return PGTC_OK;
}

bool
pgtc_uri_normal_same(PgtcSlice a, PgtcSlice b)
{
	char one[PGTC_URI_NORMAL_MAX];
	char other[PGTC_URI_NORMAL_MAX];
	size_t one_len;
	size_t other_len;

	if (pgtc_slice_equal(a, b))
		return true;
	return pgtc_uri_normal_write(a, one, &one_len) == PGTC_OK &&
		   pgtc_uri_normal_write(b, other, &other_len) == PGTC_OK && one_len == other_len &&
		   memcmp(one, other, one_len) == 0;
}
