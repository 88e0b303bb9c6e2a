/*
 * webauthn.h
 *		WebAuthn: public keys of credentials, and assertions (W3C Web Authentication Level 2,
 *		section 7.2).
 */
#ifndef PGT_CORE_WEBAUTHN_H
#define PGT_CORE_WEBAUTHN_H

#include "core/jose/key.h"

#define PGTC_WEBAUTHN_MAX 8192 /* bytes of each part of an assertion */

/* an algorithm that credentials may have; NULL for others */
extern const PgtcAlg *pgtc_webauthn_alg(PgtcSlice name);

/* the public key of a credential: a JWK, or SubjectPublicKeyInfo in base64url (what getPublicKey() gives); PGTC_E_KEY, PGTC_E_MALFORMED */
extern PgtcCode pgtc_webauthn_key_read(const PgtcAlg *alg, PgtcSlice text, PgtcKey *out);

typedef struct PgtcAssertion
{
	PgtcSlice client_data; /* clientDataJSON, bytes */
	PgtcSlice authenticator_data; /* bytes */
	PgtcSlice signature; /* bytes */
} PgtcAssertion;

typedef struct PgtcAssertionExpected
{
	PgtcSlice challenge; /* bytes */
	PgtcSlice rp_id;
	const PgtcSlice *origins;
	int n_origins;
	bool user_verification; /* must the authenticator have verified its user? */
	int64_t counter; /* last one seen; -1: none */
} PgtcAssertionExpected;

typedef struct PgtcAssertionResult
{
	int64_t counter; /* of the authenticator; 0: it has none */
	bool user_verified;
	bool backed_up; /* a synced passkey (flag BS) */
} PgtcAssertionResult;

/*
 * type webauthn.get, challenge, origin, crossOrigin not true, rpIdHash, user
 * present, user verified where asked, counter greater than the last one (or both
 * 0), signature.  PGTC_E_MALFORMED, PGTC_E_CLAIM for a wrong value,
 * PGTC_E_EXPIRED for the counter (a clone), PGTC_E_SIGNATURE.
 */
extern PgtcCode pgtc_webauthn_check(const PgtcAssertion *assertion, const PgtcKey *key,
									const PgtcAssertionExpected *expected, const PgtcMem *mem,
									PgtcAssertionResult *result);

#endif /* PGT_CORE_WEBAUTHN_H */
