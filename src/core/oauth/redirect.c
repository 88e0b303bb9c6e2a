/*
 * redirect.c
 *		Redirect URIs of clients.
 */
#include "core/oauth/redirect.h"
#include "core/base/uri.h"
#include "core/base/url.h"

/* RFC 8252 section 8.3: localhost is a name, and a name may lead elsewhere; many native applications use it all the same */
static bool
has_any_port(PgtcSlice host, bool native)
{
	return pgtc_slice_equal(host, pgtc_slice_str("127.0.0.1")) ||
		   pgtc_slice_equal(host, pgtc_slice_str("[::1]")) ||
		   (native && pgtc_slice_equal(host, pgtc_slice_str("localhost")));
}

bool
pgtc_redirect_matches(PgtcSlice registered, PgtcSlice requested, bool native)
{
	PgtcUrl one;
	PgtcUrl other;

	if (pgtc_slice_equal(registered, requested))
		return true;
	/* a requested port may be any, but it must be one */
	if (pgtc_uri_check_redirect(requested) != PGTC_OK || !pgtc_url_split(requested, &other) ||
		!pgtc_url_split(registered, &one))
		return false;
	return !one.secure && !other.secure && has_any_port(one.host, native) &&
		   pgtc_slice_equal(one.host, other.host) && pgtc_slice_equal(one.rest, other.rest);
}
