/*
 * signature.h
 *		Signing and verifying bytes by OpenSSL, as JOSE has signatures (RFC 7518 section 3).
 */
#ifndef PGT_CORE_SIGNATURE_H
#define PGT_CORE_SIGNATURE_H

#include "core/jose/key.h"

/* bytes of the largest signature: RSA of 8192 bits */
#define PGTC_SIGNATURE_MAX (PGTC_RSA_BITS_MAX / 8)

/* fill in what the key is used by; pgtc_key_free ends it.  PGTC_E_CRYPTO */
extern PgtcCode pgtc_signature_make_ready(PgtcKey *key);

/* of an asymmetric private key; out has PGTC_SIGNATURE_MAX bytes; PGTC_E_CRYPTO */
extern PgtcCode pgtc_signature_make(const PgtcKey *key, PgtcSlice text, uint8_t *out, size_t *len);

/* does the signature belong to the text?  PGTC_E_SIGNATURE */
extern PgtcCode pgtc_signature_verify(const PgtcKey *key, PgtcSlice text, const uint8_t *signature,
									  size_t len);

/* the same, of a signature as OpenSSL and WebAuthn have it (ECDSA: DER) */
extern PgtcCode pgtc_signature_verify_der(const PgtcKey *key, PgtcSlice text,
										  const uint8_t *signature, size_t len);

#endif /* PGT_CORE_SIGNATURE_H */
