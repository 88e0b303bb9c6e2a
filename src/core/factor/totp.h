/*
 * totp.h
 *		One-time codes by time (RFC 6238).
 */
#ifndef PGT_CORE_TOTP_H
#define PGT_CORE_TOTP_H

#include "core/base/code.h"
#include "core/base/slice.h"

#define PGTC_TOTP_SECRET_MIN 16 /* RFC 4226 section 4, R6 */
#define PGTC_TOTP_SECRET_MAX 64

typedef struct PgtcTotp
{
	const char *digest; /* OpenSSL name: SHA1, SHA256, SHA512 */
	int digits; /* 6 to 8 */
	int period; /* seconds, 15 to 120 */
	const uint8_t *secret;
	size_t secret_len;
} PgtcTotp;

/*
 * Is it the code of now's step, or of one up to window steps before or after it,
 * and of none up to last_step?  *step says which.  Takes as long whatever the
 * answer.  PGTC_E_SIGNATURE when it is not, PGTC_E_MALFORMED when it is no code of
 * that many digits.
 */
extern PgtcCode pgtc_totp_check(const PgtcTotp *totp, PgtcSlice code, int64_t now, int window,
								int64_t last_step, int64_t *step);

#endif /* PGT_CORE_TOTP_H */
