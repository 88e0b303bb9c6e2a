/*
 * url.h
 *		Web URLs: what they name, and what they have in common.
 */
#ifndef PGT_CORE_URL_H
#define PGT_CORE_URL_H

#include "core/base/slice.h"

typedef struct PgtcUrl
{
	bool secure; /* https */
	PgtcSlice host;
	PgtcSlice port; /* data == NULL when there is none */
	PgtcSlice rest; /* what follows the authority */
} PgtcUrl;

/*
 *		http-URI  = "http" "://" authority path-abempty [ "?" query ]
 *		https-URI = "https" "://" authority path-abempty [ "?" query ]
 *
 * RFC 9110 section 4.2, where the host must not be empty; false for any other, and
 * for one with userinfo (section 4.2.4) or a fragment.
 */
extern bool pgtc_url_split(PgtcSlice url, PgtcUrl *out);

/*
 * RFC 9449 section 4.3 check 9: do the two URLs name one target, query and
 * fragment aside?  Compared after RFC 3986 section 6.2.2 and 6.2.3: scheme and
 * host without regard to case, default port, empty path as "/", unreserved
 * characters decoded.
 */
extern bool pgtc_url_same_target(PgtcSlice a, PgtcSlice b);

/* the host of an https or http URL (as written, no port), for sector identifiers; data == NULL: none */
extern PgtcSlice pgtc_url_host(PgtcSlice url);

#endif /* PGT_CORE_URL_H */
