/*
 * basic.h
 *		Basic credentials, encoded as forms are (RFC 6749 section 2.3.1).
 */
#ifndef PGT_CORE_BASIC_H
#define PGT_CORE_BASIC_H

#include "core/base/buf.h"

#define PGTC_BASIC_MAX 8192 /* bytes */

/*
 * The credentials of an Authorization header of scheme Basic: base64 (RFC 4648
 * section 4, padding required or absent) of id ":" secret, each of them
 * form-encoded.  Appended to id and secret.  PGTC_E_MALFORMED, PGTC_E_TOO_LONG.
 */
extern PgtcCode pgtc_basic_read(PgtcSlice credentials, PgtcBuf *id, PgtcBuf *secret);

#endif /* PGT_CORE_BASIC_H */
