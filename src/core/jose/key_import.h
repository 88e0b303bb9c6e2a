/*
 * key_import.h
 *		Signing keys of another server, in the forms in which they are handed over.
 *
 * As pgtc_key_import: what does not suit alg is refused, by PGTC_E_KEY, what cannot be
 * read by PGTC_E_MALFORMED; out is empty then.
 */
#ifndef PGT_CORE_KEY_IMPORT_H
#define PGT_CORE_KEY_IMPORT_H

#include "core/jose/key.h"

#define PGTC_KID_MAX 255 /* characters of a kid that is kept */

/* a JWK with its private members (RFC 7518 section 6, RFC 8037 section 2); one without is a public key */
extern PgtcCode pgtc_key_import_jwk(const PgtcAlg *alg, PgtcSlice json, PgtcKey *out);

/* the private key of a PKCS #12 file (RFC 7292) in base64; line breaks count for nothing */
extern PgtcCode pgtc_key_import_pkcs12(const PgtcAlg *alg, PgtcSlice base64, const char *password,
									   const PgtcMem *mem, PgtcKey *out);

/* what a JWK says of itself: "" and NULL where it says nothing; *alg NULL also where it is none of ours */
extern PgtcCode pgtc_key_import_names(PgtcSlice json, char kid[PGTC_KID_MAX + 1],
									  const PgtcAlg **alg);

#endif /* PGT_CORE_KEY_IMPORT_H */
