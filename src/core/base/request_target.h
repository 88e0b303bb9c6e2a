/*
 * request_target.h
 *		What a request asks for, and the octets that layers pass on as characters.
 */
#ifndef PGT_CORE_REQUEST_TARGET_H
#define PGT_CORE_REQUEST_TARGET_H

#include "core/base/code.h"
#include "core/base/slice.h"

/*
 *		request-target = origin-form / absolute-form / "*"
 *		origin-form    = absolute-path [ "?" query ]
 *		absolute-form  = scheme "://" authority path-abempty [ "?" query ]
 *
 * RFC 9112 section 3.2, nothing decoded.  An empty path is "/"; what is none of them
 * is its own path, which is nothing's.  query.data == NULL: there is no "?".
 * authority.data == NULL: no absolute-form; where it is one, it counts, and not the
 * Host header (section 3.2.2).
 */
extern void pgtc_request_target_split(PgtcSlice target, PgtcSlice *authority, PgtcSlice *path,
									  PgtcSlice *query);

/*
 * Text in UTF-8 whose characters are octets (ISO-8859-1) into those octets, of which
 * there are at most text.len: how many, or -1 for a character beyond U+00FF or what
 * is not UTF-8.
 */
extern long pgtc_request_target_octets(PgtcSlice text, char *octets);

#endif /* PGT_CORE_REQUEST_TARGET_H */
