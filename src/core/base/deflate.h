/*
 * deflate.h
 *		Compressed bytes: DEFLATE (RFC 1951) in the ZLIB format (RFC 1950).
 */
#ifndef PGT_CORE_DEFLATE_H
#define PGT_CORE_DEFLATE_H

#include "core/base/buf.h"

/* as small as zlib makes it, appended to out; nothing unless PGTC_OK */
extern PgtcCode pgtc_deflate(const uint8_t *data, size_t len, PgtcBuf *out);

#endif /* PGT_CORE_DEFLATE_H */
