/*
 * dpop.h
 *		DPoP proofs (RFC 9449): reading, and the nonces the server hands out.
 */
#ifndef PGT_CORE_DPOP_H
#define PGT_CORE_DPOP_H

#include "core/jose/jwk.h"

#define PGTC_DPOP_JTI_MAX 256
#define PGTC_DPOP_URL_MAX 2048
#define PGTC_DPOP_NONCE_LEN 32 /* base64url( unix time (8) | truncated MAC (16) ) */

typedef struct PgtcDpopProof
{
	char jkt[PGTC_THUMBPRINT_LEN + 1]; /* RFC 7638 thumbprint of the proof's key */
	char jti[PGTC_DPOP_JTI_MAX + 1];
	char htm[32 + 1];
	char htu[PGTC_DPOP_URL_MAX + 1];
	char ath[PGTC_THUMBPRINT_LEN + 1]; /* "" when absent */
	char nonce[PGTC_DPOP_NONCE_LEN + 1]; /* "" when absent or too long to be ours */
	int64_t iat;
	const PgtcAlg *alg;
} PgtcDpopProof;

/*
 * RFC 9449 section 4.3, the checks that need nothing but the proof: one compact
 * JWS, typ dpop+jwt, an asymmetric algorithm of ours, a public jwk in the header
 * (with no private part) that fits it, the signature under that key, jti, htm,
 * htu and iat there and of their types.
 */
extern PgtcCode pgtc_dpop_read(PgtcSlice proof, const PgtcMem *mem, PgtcDpopProof *out);

/* RFC 9449 section 8: a nonce that needs no storage: the time, and its MAC under key */
extern PgtcCode pgtc_dpop_nonce_write(const uint8_t key[32], int64_t now,
									  char out[PGTC_DPOP_NONCE_LEN + 1]);

/* PGTC_OK, PGTC_E_MALFORMED (not ours), PGTC_E_EXPIRED (older than lifetime, or from the future) */
extern PgtcCode pgtc_dpop_nonce_check(const uint8_t key[32], PgtcSlice nonce, int64_t now,
									  int64_t lifetime);

#endif /* PGT_CORE_DPOP_H */
