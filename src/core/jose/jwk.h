/*
 * jwk.h
 *		Public keys as JWK (RFC 7517, 7518, 7638, 8037).
 */
#ifndef PGT_CORE_JWK_H
#define PGT_CORE_JWK_H

#include "core/base/crypto.h"
#include "core/jose/key.h"

struct json_t; /* of jansson */

#define PGTC_JWK_MAX 8192 /* bytes of a JWK we read */
#define PGTC_THUMBPRINT_LEN PGTC_DIGEST_TEXT_LEN

/* the public key as a JWK object with kid, alg and use=sig; PGTC_E_KEY for oct */
extern PgtcCode pgtc_jwk_write(const PgtcKey *key, PgtcSlice kid, PgtcBuf *out);

/*
 * A public key from a JWK.  Refused: duplicate members, a private part, an alg,
 * kty or crv other than alg's, a point off the curve, oct, anything over
 * PGTC_JWK_MAX.
 */
extern PgtcCode pgtc_jwk_read(const PgtcAlg *alg, PgtcSlice json, PgtcKey *out);

/* RFC 7638 with SHA-256, base64url, NUL-terminated; PGTC_E_KEY for oct (a digest of a secret is no name) */
extern PgtcCode pgtc_jwk_thumbprint(const PgtcKey *key, const PgtcMem *mem,
									char out[PGTC_THUMBPRINT_LEN + 1]);

/* as pgtc_jwk_read, of a JWK that was parsed already */
extern PgtcCode pgtc_jwk_read_json(const PgtcAlg *alg, const struct json_t *jwk, PgtcKey *out);

/* no private member, and of no symmetric type */
extern bool pgtc_jwk_is_public(const struct json_t *jwk);

#endif /* PGT_CORE_JWK_H */
