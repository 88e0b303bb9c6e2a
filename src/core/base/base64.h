/*
 * base64.h
 *		The base64 of HTTP headers (RFC 4648 section 4).
 */
#ifndef PGT_CORE_BASE64_H
#define PGT_CORE_BASE64_H

#include "core/base/buf.h"

/* with or without its padding; appended to out; PGTC_E_MALFORMED */
extern PgtcCode pgtc_base64_decode(PgtcSlice in, PgtcBuf *out);

/* with its padding */
extern void pgtc_base64_encode(const void *data, size_t len, PgtcBuf *out);

#endif /* PGT_CORE_BASE64_H */
