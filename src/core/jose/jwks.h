/*
 * jwks.h
 *		JWK Sets of others (RFC 7517 section 5): clients, and foreign issuers.
 */
#ifndef PGT_CORE_JWKS_H
#define PGT_CORE_JWKS_H

#include "core/jose/jws.h"

/*
 * Does a signature verify under a key of the JWK Set (a JSON text of somebody
 * else's)?  The key's alg, when given, must be the header's; with a kid in the
 * header only keys of that kid count, without one each key of the type; use,
 * when given, must be sig.  Symmetric keys never count.  PGTC_E_KEY when no key
 * fits, PGTC_E_SIGNATURE when none of them verifies.
 */
#define PGTC_JWKS_MAX 65536
#define PGTC_JWKS_KEYS_MAX 32
extern PgtcCode pgtc_jwks_verify(const PgtcJws *jws, const PgtcJwsHeader *header, PgtcSlice jwks,
								 const PgtcMem *mem);

/*
 * PGTC_OK when it is a JWK Set of 1 to PGTC_JWKS_KEYS_MAX keys, none symmetric or
 * private, and at least one that we can verify with.  Others (of kinds we do not
 * have, or for encryption) are passed over, as RFC 7517 section 5 says.
 * PGTC_E_KEY, PGTC_E_MALFORMED, PGTC_E_TOO_LONG, PGTC_E_DUPLICATE.
 */
extern PgtcCode pgtc_jwks_check(PgtcSlice jwks);

/*
 * Is this certificate, by the SHA-256 of its DER in base64url, that of one of the keys:
 * the first of its x5c, or where there is none its x5t#S256 (RFC 7517 sections
 * 4.7 and 4.9)?  false also for what is no set.
 */
extern bool pgtc_jwks_has_certificate(PgtcSlice jwks, const char *thumbprint, const PgtcMem *mem);

#endif /* PGT_CORE_JWKS_H */
