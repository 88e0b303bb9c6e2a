/*
 * uri.h
 *		The URIs the protocol carries, held against RFC 3986 as far as each use
 *		needs it.  Characters outside RFC 3986's set (so every control
 *		character, space, quote and non-ASCII byte) and broken percent-encodings
 *		are refused everywhere; so is anything over PGTC_URI_MAX bytes.
 */
#ifndef PGT_CORE_URI_H
#define PGT_CORE_URI_H

#include "core/base/code.h"
#include "core/base/slice.h"

#define PGTC_URI_MAX 2048

/* a part that is not there has data == NULL */
typedef struct PgtcUri
{
	PgtcSlice scheme;
	PgtcSlice userinfo;
	PgtcSlice host; /* NULL when there is no authority */
	PgtcSlice port;
	PgtcSlice path; /* never NULL */
	PgtcSlice query;
	PgtcSlice fragment;
} PgtcUri;

/*
 *		URI       = scheme ":" hier-part [ "?" query ] [ "#" fragment ]
 *		hier-part = "//" authority path-abempty
 *				  / path-absolute / path-rootless / path-empty
 *		pchar     = unreserved / pct-encoded / sub-delims / ":" / "@"
 *		query     = *( pchar / "/" / "?" )
 *		fragment  = *( pchar / "/" / "?" )
 *
 * RFC 3986 appendix A; path-empty without an authority is refused.
 */
extern PgtcCode pgtc_uri_split(PgtcSlice uri, PgtcUri *out);

/* RFC 8707 section 2: an absolute URI (any scheme) with something after the colon, and no fragment */
extern PgtcCode pgtc_uri_check_resource(PgtcSlice uri);

/* RFC 8414 section 2: https, a host, no query, no fragment; http for localhost, 127.0.0.1 and [::1] only; no userinfo */
extern PgtcCode pgtc_uri_check_issuer(PgtcSlice uri);

/*
 * RFC 6749 section 3.1.2, RFC 8252: absolute, no fragment; https anywhere, http
 * for loopback hosts only, or a private-use scheme that contains a dot.
 * javascript:, data: and the like have no dot and are refused, userinfo in front of
 * a web host too (RFC 9110 section 4.2.4).
 */
extern PgtcCode pgtc_uri_check_redirect(PgtcSlice uri);

/*
 * The same for an application that is installed on its user's device: a private-use
 * scheme needs no dot (RFC 8252 section 7.1 only recommends one), but is none that
 * browsers and systems know themselves: javascript, data, file and the like.
 */
extern PgtcCode pgtc_uri_check_native_redirect(PgtcSlice uri);

/* localhost, 127.0.0.1 or [::1], in any case */
extern bool pgtc_uri_is_loopback(PgtcSlice host);

/* of RFC 3986 section 2.3 */
extern bool pgtc_uri_unreserved(char c);

#endif /* PGT_CORE_URI_H */
