/*
 * b64url.h
 *		base64url without padding (RFC 4648 section 5, RFC 7515 section 2).
 */
#ifndef PGT_CORE_B64URL_H
#define PGT_CORE_B64URL_H

#include "core/base/code.h"
#include "core/base/slice.h"

/* characters that n bytes need, without a NUL */
extern size_t pgtc_b64url_encoded_len(size_t n);

/* writes exactly pgtc_b64url_encoded_len(len) characters, no NUL */
extern void pgtc_b64url_encode(const void *data, size_t len, char *out);

/*
 * Strict decoding: no padding, no white space, no other alphabet, no length of
 * 1 mod 4, and unused trailing bits must be zero, so that one byte string has
 * exactly one spelling.  PGTC_E_MALFORMED, or PGTC_E_TOO_LONG when the result
 * does not fit out_size; out is undefined then.
 */
extern PgtcCode pgtc_b64url_decode(PgtcSlice in, uint8_t *out, size_t out_size, size_t *out_len);

#endif /* PGT_CORE_B64URL_H */
