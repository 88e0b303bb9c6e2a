/*
 * client_url.c
 *		client_ids that are URLs of metadata.
 */
#include "core/oauth/client_url.h"

#include "core/base/text.h"
#include "core/base/uri.h"

static bool
is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static bool
is_label(PgtcSlice label)
{
	size_t i;

	for (i = 0; i < label.len; i++)
	{
		if (!is_label_char(label.data[i]))
			return false;
	}
	return label.len > 0 && label.len <= 63 && label.data[0] != '-' &&
		   label.data[label.len - 1] != '-';
}

/* what programs take for a part of an IPv4 address: decimal, octal, hexadecimal */
static bool
is_number(PgtcSlice label)
{
	return pgtc_text_digits(label) ||
		   (label.len >= 2 && label.data[0] == '0' && label.data[1] == 'x');
}

/* a name with a dot at least, whose last label is no number and not localhost */
static bool
is_name(PgtcSlice host)
{
	PgtcSlice rest = host;
	PgtcSlice last = pgtc_slice(NULL, 0);
	int labels = 0;

	if (host.len == 0 || host.data[host.len - 1] == '.')
		return false;
	while (rest.len > 0)
	{
		last = pgtc_slice_take(&rest, '.');
		if (!is_label(last))
			return false;
		labels++;
	}
	return labels > 1 && !is_number(last) && !pgtc_slice_equal(last, pgtc_slice_str("localhost"));
}

static bool
is_port(PgtcSlice port)
{
	return port.data == NULL ||
		   (port.len > 0 && port.data[0] != '0' && pgtc_text_number(port, 65535) > 0 &&
			!pgtc_slice_equal(port, pgtc_slice_str("443")));
}

/* "." and ".." (RFC 3986 section 3.3), of dots as they are or encoded */
static bool
is_dots(PgtcSlice segment)
{
	size_t dots = 0;
	size_t i;

	for (i = 0; i < segment.len; dots++)
	{
		if (segment.data[i] == '.')
			i++;
		else if (segment.len - i >= 3 && segment.data[i] == '%' && segment.data[i + 1] == '2' &&
				 (segment.data[i + 2] == 'e' || segment.data[i + 2] == 'E'))
			i += 3;
		else
			return false;
	}
	return dots == 1 || dots == 2;
}

static bool
has_dot_segment(PgtcSlice path)
{
	while (path.len > 0)
	{
		if (is_dots(pgtc_slice_take(&path, '/')))
			return true;
	}
	return false;
}

PgtcCode
pgtc_client_url_read(PgtcSlice client_id, PgtcClientUrl *out)
{
	const size_t prefix = sizeof(PGTC_CLIENT_URL_PREFIX) - 1;
	PgtcUri uri;
	PgtcCode code;

	if (client_id.len > PGTC_CLIENT_URL_MAX)
		return PGTC_E_TOO_LONG;
	if (client_id.len <= prefix || memcmp(client_id.data, PGTC_CLIENT_URL_PREFIX, prefix) != 0)
		return PGTC_E_MALFORMED;
	code = pgtc_uri_split(client_id, &uri);
	if (code != PGTC_OK)
		return code;
	if (uri.userinfo.data != NULL || uri.query.data != NULL || uri.fragment.data != NULL ||
		uri.path.len == 0 || !is_name(uri.host) || !is_port(uri.port) || has_dot_segment(uri.path))
		return PGTC_E_MALFORMED;
	out->host = uri.host;
	out->authority =
		pgtc_slice(client_id.data + prefix, (size_t) (uri.path.data - client_id.data) - prefix);
	return PGTC_OK;
}
