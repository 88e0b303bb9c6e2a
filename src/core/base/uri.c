/*
 * uri.c
 *		Taking URIs apart (RFC 3986) and judging them for each use.
 *
 * Never allocates; the parts point into the input.  Nothing is normalised: the
 * protocol compares these strings byte by byte.
 */
#include <arpa/inet.h>

#include "core/base/uri.h"
#include "core/base/ascii.h"
#include "core/base/bytes.h"
#include "core/base/text.h"

/*
 *		unreserved / pct-encoded / sub-delims / any of more
 *		unreserved  = ALPHA / DIGIT / "-" / "." / "_" / "~"
 *		pct-encoded = "%" HEXDIG HEXDIG
 *		sub-delims  = "!" / "$" / "&" / "'" / "(" / ")" / "*" / "+" / "," / ";" / "="
 *
 * RFC 3986 section 2.
 */
static bool
chars_valid(PgtcSlice part, const char *more)
{
	size_t i;

	for (i = 0; i < part.len; i++)
	{
		char c = part.data[i];

		if (pgtc_ascii_letter(c) || pgtc_ascii_digit(c))
			continue;
		if (c == '%')
		{
			if (part.len - i < 3 || pgtc_bytes_hex(part.data + i + 1) < 0)
				return false;
			i += 2;
			continue;
		}
		/* strchr finds the terminator too */
		if (c == '\0' || (strchr("-._~!$&'()*+,;=", c) == NULL && strchr(more, c) == NULL))
			return false;
	}
	return true;
}

/* IP-literal = "[" IPv6address "]"; IPvFuture has no user, zone ids name an interface of one host */
static bool
ip_literal_valid(PgtcSlice host)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	size_t len = host.len - 2;

	if (host.len < 4 || len >= sizeof(text) || memchr(host.data, '\0', host.len) != NULL)
		return false;
	memcpy(text, host.data + 1, len);
	text[len] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

/*
 *		authority = [ userinfo "@" ] host [ ":" port ]
 *		userinfo  = *( unreserved / pct-encoded / sub-delims / ":" )
 *		host      = IP-literal / IPv4address / reg-name
 *		port      = *DIGIT
 *
 * RFC 3986 section 3.2.
 */
static PgtcCode
authority_split(PgtcSlice authority, PgtcUri *out)
{
	const char *end = authority.data + authority.len;
	const char *at = authority.data;
	const char *mark = memchr(at, '@', authority.len);

	if (mark != NULL)
	{
		out->userinfo = pgtc_slice(at, (size_t) (mark - at));
		at = mark + 1;
		if (!chars_valid(out->userinfo, ":"))
			return PGTC_E_MALFORMED;
	}

	if (at < end && *at == '[')
	{
		mark = memchr(at, ']', (size_t) (end - at));
		if (mark == NULL)
			return PGTC_E_MALFORMED;
		mark++;
		out->host = pgtc_slice(at, (size_t) (mark - at));
		if (!ip_literal_valid(out->host) || (mark < end && *mark != ':'))
			return PGTC_E_MALFORMED;
	}
	else
	{
		mark = memchr(at, ':', (size_t) (end - at));
		if (mark == NULL)
			mark = end;
		out->host = pgtc_slice(at, (size_t) (mark - at));
		if (!chars_valid(out->host, ""))
			return PGTC_E_MALFORMED;
	}

	if (mark < end)
		out->port = pgtc_slice(mark + 1, (size_t) (end - mark - 1));
	return out->port.len == 0 || pgtc_text_digits(out->port) ? PGTC_OK : PGTC_E_MALFORMED;
}

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ), RFC 3986 section 3.1 */
static bool
scheme_valid(PgtcSlice scheme)
{
	size_t i;

	if (scheme.len == 0 || !pgtc_ascii_letter(scheme.data[0]))
		return false;
	for (i = 1; i < scheme.len; i++)
	{
		char c = scheme.data[i];

		if (!pgtc_ascii_letter(c) && !pgtc_ascii_digit(c) && c != '+' && c != '-' && c != '.')
			return false;
	}
	return true;
}

PgtcCode
pgtc_uri_split(PgtcSlice uri, PgtcUri *out)
{
	const char *end;
	const char *at;
	const char *mark;

	memset(out, 0, sizeof(*out));
	if (uri.len > PGTC_URI_MAX)
		return PGTC_E_TOO_LONG;
	if (uri.len == 0)
		return PGTC_E_MALFORMED;

	end = uri.data + uri.len;
	at = memchr(uri.data, ':', uri.len);
	if (at == NULL)
		return PGTC_E_MALFORMED;
	out->scheme = pgtc_slice(uri.data, (size_t) (at - uri.data));
	at++;
	if (!scheme_valid(out->scheme) || at == end)
		return PGTC_E_MALFORMED;

	mark = memchr(at, '#', (size_t) (end - at));
	if (mark != NULL)
	{
		out->fragment = pgtc_slice(mark + 1, (size_t) (end - mark - 1));
		end = mark;
	}
	mark = memchr(at, '?', (size_t) (end - at));
	if (mark != NULL)
	{
		out->query = pgtc_slice(mark + 1, (size_t) (end - mark - 1));
		end = mark;
	}

	if (end - at >= 2 && at[0] == '/' && at[1] == '/')
	{
		PgtcCode code;

		at += 2;
		mark = memchr(at, '/', (size_t) (end - at));
		if (mark == NULL)
			mark = end;
		code = authority_split(pgtc_slice(at, (size_t) (mark - at)), out);
		if (code != PGTC_OK)
			return code;
		at = mark;
	}
	out->path = pgtc_slice(at, (size_t) (end - at));
	if (out->host.data == NULL && out->path.len == 0)
		return PGTC_E_MALFORMED;

	if (!chars_valid(out->path, ":@/") || !chars_valid(out->query, ":@/?") ||
		!chars_valid(out->fragment, ":@/?"))
		return PGTC_E_MALFORMED;
	return PGTC_OK;
}

PgtcCode
pgtc_uri_check_resource(PgtcSlice uri)
{
	PgtcUri parts;
	PgtcCode code = pgtc_uri_split(uri, &parts);

	if (code != PGTC_OK)
		return code;
	/* RFC 8707 section 2: an absolute URI, which is one without a fragment */
	if (parts.fragment.data != NULL)
		return PGTC_E_MALFORMED;
	/* RFC 9110 section 4.2.1: an http or https URI with an empty host is invalid */
	if ((pgtc_ascii_is(parts.scheme, "https") || pgtc_ascii_is(parts.scheme, "http")) &&
		parts.host.len == 0)
		return PGTC_E_MALFORMED;
	return PGTC_OK;
}

/* an asterisk, which somebody means to stand for other names: here it never does */
static bool
host_is_pattern(PgtcSlice host)
{
	size_t i;

	for (i = 0; i < host.len; i++)
	{
		if (host.data[i] == '*' || (host.data[i] == '%' && host.data[i + 1] == '2' &&
									(host.data[i + 2] == 'a' || host.data[i + 2] == 'A')))
			return true;
	}
	return false;
}

bool
pgtc_uri_is_loopback(PgtcSlice host)
{
	return pgtc_ascii_is(host, "localhost") || pgtc_ascii_is(host, "127.0.0.1") ||
		   pgtc_ascii_is(host, "[::1]");
}

/* an https URL, or an http URL that never leaves the machine (RFC 8252 section 7.3) */
static bool
web_valid(const PgtcUri *parts)
{
	/* RFC 9110 section 4.2.4: userinfo in a link serves to disguise its host */
	if (parts->host.len == 0 || parts->userinfo.data != NULL)
		return false;

	if (parts->port.data != NULL &&
		(parts->port.len > 5 || pgtc_text_number(parts->port, 65535) < 1))
		return false;

	if (pgtc_ascii_is(parts->scheme, "https"))
		return true;
	return pgtc_ascii_is(parts->scheme, "http") && pgtc_uri_is_loopback(parts->host);
}

PgtcCode
pgtc_uri_check_issuer(PgtcSlice uri)
{
	PgtcUri parts;
	PgtcCode code = pgtc_uri_split(uri, &parts);

	if (code != PGTC_OK)
		return code;
	/* RFC 8414 section 2: no query or fragment components */
	if (!web_valid(&parts) || host_is_pattern(parts.host) || parts.query.data != NULL ||
		parts.fragment.data != NULL)
		return PGTC_E_MALFORMED;
	return PGTC_OK;
}

/* what redirects of all clients have in common */
static PgtcCode
split_redirect(PgtcSlice uri, PgtcUri *parts)
{
	PgtcCode code = pgtc_uri_split(uri, parts);

	/* RFC 6749 section 3.1.2: no fragment component */
	if (code == PGTC_OK && (parts->fragment.data != NULL || host_is_pattern(parts->host)))
		code = PGTC_E_MALFORMED;
	return code;
}

PgtcCode
pgtc_uri_check_redirect(PgtcSlice uri)
{
	PgtcUri parts;
	PgtcCode code = split_redirect(uri, &parts);

	if (code != PGTC_OK)
		return code;
	if (web_valid(&parts))
		return PGTC_OK;
	/* RFC 8252 section 7.1: a private-use scheme is a reversed domain name */
	if (memchr(parts.scheme.data, '.', parts.scheme.len) != NULL)
		return PGTC_OK;
	return PGTC_E_MALFORMED;
}

/* what a browser or a system deals with itself is no application's own, and may run what it carries */
static bool
scheme_is_public(PgtcSlice scheme)
{
	static const char *const names[] = {
		"about",	"acap",		   "acct",	 "aim",		   "blob",	   "callto",   "chrome",
		"cid",		"content",	   "data",	 "dav",		   "dns",	   "facetime", "feed",
		"file",		"filesystem",  "ftp",	 "ftps",	   "geo",	   "gopher",   "h323",
		"http",		"https",	   "im",	 "imap",	   "intent",   "jar",	   "javascript",
		"jscript",	"ldap",		   "ldaps",	 "livescript", "mailto",   "maps",	   "market",
		"mhtml",	"mid",		   "mk",	 "mms",		   "mmsto",	   "mocha",	   "news",
		"nfs",		"nntp",		   "pop",	 "pres",	   "resource", "rsync",	   "rtsp",
		"sftp",		"shell",	   "sip",	 "sips",	   "sms",	   "smsto",	   "smb",
		"ssh",		"tel",		   "telnet", "tftp",	   "tv",	   "urn",	   "vbs",
		"vbscript", "view-source", "wais",	 "webcal",	   "ws",	   "wss",	   "wyciwyg",
		"xmpp",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (pgtc_ascii_is(scheme, names[i]))
			return true;
	}
	return false;
}

PgtcCode
pgtc_uri_check_native_redirect(PgtcSlice uri)
{
	PgtcUri parts;
	PgtcCode code = split_redirect(uri, &parts);

	if (code != PGTC_OK)
		return code;
	return web_valid(&parts) || !scheme_is_public(parts.scheme) ? PGTC_OK : PGTC_E_MALFORMED;
}

/* ALPHA / DIGIT / "-" / "." / "_" / "~", RFC 3986 section 2.3 */
bool
pgtc_uri_unreserved(char c)
{
	return pgtc_ascii_letter(c) || pgtc_ascii_digit(c) || c == '-' || c == '.' || c == '_' ||
		   c == '~';
}
