/*
 * code.h
 *		What a function of the core answers.  None prints, exits or jumps.
 */
#ifndef PGT_CORE_CODE_H
#define PGT_CORE_CODE_H

typedef enum PgtcCode
{
	PGTC_OK = 0,
	PGTC_E_NOMEM = -1, /* the allocator answered NULL */
	PGTC_E_MALFORMED = -2, /* not of the grammar the function documents */
	PGTC_E_TOO_LONG = -3, /* longer than the documented limit */
	PGTC_E_DUPLICATE = -4, /* a JSON object names a member twice */
	PGTC_E_ALG = -5, /* unknown algorithm, or not the one the key is pinned to */
	PGTC_E_KEY = -6, /* key of the wrong type, curve or size */
	PGTC_E_SIGNATURE = -7, /* signature, MAC or AEAD tag does not match */
	PGTC_E_CRIT = -8, /* a critical header extension we do not understand */
	PGTC_E_EXPIRED = -9, /* exp has passed */
	PGTC_E_NOT_YET = -10, /* nbf or iat lies in the future */
	PGTC_E_ISSUER = -11, /* iss is not the expected one */
	PGTC_E_AUDIENCE = -12, /* aud does not name the expected audience */
	PGTC_E_CLAIM = -13, /* a claim is missing or has the wrong type */
	PGTC_E_CRYPTO = -14, /* OpenSSL failed for a reason that is not the input's */
	PGTC_E_ROOT_KEY = -15 /* no root key with the id the wrapped blob names */
} PgtcCode;

/* a constant English phrase, for details and logs; never NULL */
extern const char *pgtc_code_text(PgtcCode code);

#endif /* PGT_CORE_CODE_H */
