/*
 * webauthn.h
 *		Evidence of authentication factors: one-time codes by time (RFC 6238) and
 *		WebAuthn assertions (W3C Web Authentication Level 2, section 7.2).
 */
#ifndef PGT_CORE_FACTOR_H
#define PGT_CORE_FACTOR_H

#include "core/base/buf.h"
#include "core/jose/key.h"

/* --- base32 (RFC 4648 section 6), for authenticator apps ------------------------ */

/* appended without padding */
extern void pgtc_base32_append(PgtcBuf *out, const void *data, size_t len);

/* either case, spaces and trailing padding passed over; appended; PGTC_E_MALFORMED */
extern PgtcCode pgtc_base32_read(PgtcSlice in, PgtcBuf *out);

/* --- TOTP -------------------------------------------------------------------------- */

#define PGTC_TOTP_SECRET_MIN 16 /* RFC 4226 section 4, R6 */
#define PGTC_TOTP_SECRET_MAX 64
#define PGTC_TOTP_DIGITS_MAX 8

typedef struct PgtcTotp
{
	const char *digest; /* OpenSSL name: SHA1, SHA256, SHA512 */
	int digits; /* 6 to 8 */
	int period; /* seconds, 15 to 120 */
	const uint8_t *secret;
	size_t secret_len;
} PgtcTotp;

/* the code of one time step, NUL-terminated */
extern PgtcCode pgtc_totp_code(const PgtcTotp *totp, int64_t step,
							   char out[PGTC_TOTP_DIGITS_MAX + 1]);

/*
 * Is it the code of now's step, or of one up to window steps before or after it,
 * and of none up to last_step?  *step says which.  Takes as long whatever the
 * answer.  PGTC_E_SIGNATURE when it is not, PGTC_E_MALFORMED when it is no code of
 * that many digits.
 */
extern PgtcCode pgtc_totp_check(const PgtcTotp *totp, PgtcSlice code, int64_t now, int window,
								int64_t last_step, int64_t *step);

/* --- one-time codes that are sent ---------------------------------------------------- */

/* digits decimal digits, unbiased, NUL-terminated; digits 6 to 8 */
extern void pgtc_numeric_code(const uint8_t random[32], int digits,
							  char out[PGTC_TOTP_DIGITS_MAX + 1]);

/*
 * Recovery code: five letters, a dash, five letters; of the 20 letters of user
 * codes (43 bits), unbiased, NUL-terminated.
 */
#define PGTC_RECOVERY_CODE_LEN 11
extern void pgtc_recovery_code(const uint8_t random[32], char out[PGTC_RECOVERY_CODE_LEN + 1]);

/* the same code as typed: case, spaces and dashes passed over; PGTC_E_MALFORMED */
extern PgtcCode pgtc_recovery_code_read(PgtcSlice in, char out[PGTC_RECOVERY_CODE_LEN + 1]);

/* --- WebAuthn -------------------------------------------------------------------------- */

#define PGTC_WEBAUTHN_MAX 8192 /* bytes of each part of an assertion */

/* algorithms of credentials: ES256, RS256, EdDSA; NULL for others */
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
extern PgtcCode pgtc_assertion_check(const PgtcAssertion *assertion, const PgtcKey *key,
									 const PgtcAssertionExpected *expected, const PgtcMem *mem,
									 PgtcAssertionResult *result);

#endif /* PGT_CORE_FACTOR_H */
