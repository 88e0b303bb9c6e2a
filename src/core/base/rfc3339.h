/*
 * rfc3339.h
 *		Times as text (RFC 3339 section 5.6).
 */
#ifndef PGT_CORE_RFC3339_H
#define PGT_CORE_RFC3339_H

#include "core/base/code.h"
#include "core/base/slice.h"

/*
 * Microseconds since 1970, what is finer cut off.  PGTC_E_MALFORMED for any other
 * text, "t" and "z" among them, and for a time before 1970.
 */
extern PgtcCode pgtc_rfc3339_parse(PgtcSlice text, int64_t *microseconds);

#endif /* PGT_CORE_RFC3339_H */
