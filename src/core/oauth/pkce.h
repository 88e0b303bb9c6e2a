/*
 * pkce.h
 *		Proof keys for code exchange (RFC 7636).
 */
#ifndef PGT_CORE_PKCE_H
#define PGT_CORE_PKCE_H

#include "core/base/crypto.h"

/* RFC 7636 section 4.2: the challenge of S256 is base64url( SHA-256( verifier ) ) */
#define PGTC_CHALLENGE_LEN PGTC_DIGEST_TEXT_LEN
extern bool pgtc_pkce_challenge_valid(PgtcSlice challenge); /* 43 characters of base64url */
extern bool pgtc_pkce_verifier_valid(PgtcSlice verifier); /* 43 to 128 unreserved characters */
extern bool pgtc_pkce_matches(PgtcSlice challenge, PgtcSlice verifier); /* constant time */

#endif /* PGT_CORE_PKCE_H */
