/*
 * uri_normal.h
 *		One spelling for URIs that are the same (RFC 3986 sections 6.2.2 and 6.2.3).
 */
#ifndef PGT_CORE_URI_NORMAL_H
#define PGT_CORE_URI_NORMAL_H

#include "core/base/uri.h"

/* an IPv6 address may be longer as it is usually written, an empty path gets its slash */
#define PGTC_URI_NORMAL_MAX (PGTC_URI_MAX + 64)

/*
 * The one spelling of all that mean the same by RFC 3986 sections 6.2.2 and 6.2.3:
 * case of scheme and host, needless percent-encodings, "." and "..", the scheme's
 * own port and an empty one, the empty path of http and https.  For what
 * pgtc_uri_check_resource takes; any other is refused with its code.
 */
extern PgtcCode pgtc_uri_normal_write(PgtcSlice uri, char normal[PGTC_URI_NORMAL_MAX], size_t *len);

/* are they equal, or spellings of the same? */
extern bool pgtc_uri_normal_same(PgtcSlice a, PgtcSlice b);

#endif /* PGT_CORE_URI_NORMAL_H */
