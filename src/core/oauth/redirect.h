/*
 * redirect.h
 *		Redirect URIs of clients.
 */
#ifndef PGT_CORE_REDIRECT_H
#define PGT_CORE_REDIRECT_H

#include "core/base/slice.h"

/*
 * RFC 8252 section 7.3: may the request's redirect URI stand for the registered
 * one?  Identical bytes; or both http with the same loopback IP literal
 * (127.0.0.1 or [::1]; for a native application also localhost) and all but the
 * port the same.
 */
extern bool pgtc_redirect_matches(PgtcSlice registered, PgtcSlice requested, bool native);

#endif /* PGT_CORE_REDIRECT_H */
