/*
 * base32.h
 *		base32 (RFC 4648 section 6), in which authenticator apps take secrets.
 */
#ifndef PGT_CORE_BASE32_H
#define PGT_CORE_BASE32_H

#include "core/base/buf.h"

/* appended without padding */
extern void pgtc_base32_append(PgtcBuf *out, const void *data, size_t len);

/* either case, spaces and trailing padding passed over; appended; PGTC_E_MALFORMED */
extern PgtcCode pgtc_base32_read(PgtcSlice in, PgtcBuf *out);

#endif /* PGT_CORE_BASE32_H */
