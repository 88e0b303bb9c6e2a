/*
 * crypto.h
 *		The primitives that every other file leans on.
 */
#ifndef PGT_CORE_CRYPTO_H
#define PGT_CORE_CRYPTO_H

#include "core/base/code.h"
#include "core/base/slice.h"

#define PGTC_SHA256_LEN 32

/* constant-time comparison of two byte strings of one length */
extern bool pgtc_crypto_equal(const void *a, const void *b, size_t len);

/* so that no compiler leaves it out */
extern void pgtc_crypto_wipe(void *ptr, size_t len);

/* both PGTC_E_CRYPTO when OpenSSL refuses */
extern PgtcCode pgtc_crypto_sha256(const void *data, size_t len, uint8_t out[PGTC_SHA256_LEN]);
extern PgtcCode pgtc_crypto_hmac_sha256(const uint8_t *key, size_t key_len, const void *data,
										size_t len, uint8_t out[PGTC_SHA256_LEN]);

/* SHA-256 in base64url, as JOSE names tokens, keys and certificates; "" on failure */
#define PGTC_DIGEST_TEXT_LEN 43
extern PgtcCode pgtc_crypto_digest_text(const void *data, size_t len,
										char out[PGTC_DIGEST_TEXT_LEN + 1]);

#endif /* PGT_CORE_CRYPTO_H */
