/*
 * wrap.h
 *		Key material at rest: AES-256-GCM under a key derived by HKDF-SHA-256
 *		from the root key.
 *
 *		blob = version=1 (1) | root key id (8) | nonce (12) | ciphertext | tag (16)
 *
 * The label (what the material is for) is authenticated with it, so a blob
 * moved to another row does not open.
 */
#ifndef PGT_CORE_WRAP_H
#define PGT_CORE_WRAP_H

#include "core/base/buf.h"
#include "core/jose/root_keys.h"

#define PGTC_WRAP_NONCE_LEN 12

/* appends the blob to out */
extern PgtcCode pgtc_wrap(const PgtcRootKeys *keys, PgtcSlice label,
						  const uint8_t nonce[PGTC_WRAP_NONCE_LEN], const void *plain, size_t len,
						  PgtcBuf *out);

/* appends the plain bytes to out; PGTC_E_ROOT_KEY, PGTC_E_MALFORMED, PGTC_E_SIGNATURE */
extern PgtcCode pgtc_wrap_open(const PgtcRootKeys *keys, PgtcSlice label, const void *blob,
							   size_t len, PgtcBuf *out);

/* is the blob wrapped under the first of these keys? */
extern bool pgtc_wrap_by_first(const PgtcRootKeys *keys, const void *blob, size_t len);

#endif /* PGT_CORE_WRAP_H */
