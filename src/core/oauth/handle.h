/*
 * handle.h
 *		Small codecs of the OAuth protocols: handles, PKCE, user codes, pairwise
 *		subjects, keys by JWK Set.
 */
#ifndef PGT_CORE_OAUTH_H
#define PGT_CORE_OAUTH_H

#include "core/oauth/refresh_token.h"
#include "core/jose/jws.h"

/*
 * Handles: authorization codes, device codes, request_uri references,
 * transaction ids of pages and of step-ups.
 *
 *		prefix base64url( version=1 (1) | grant_id (16) | secret (32) )
 *
 * grant_id is that of the family they lead to, so that a call can be routed.
 */
#define PGTC_CODE_PREFIX "pgtac_"
#define PGTC_DEVICE_CODE_PREFIX "pgtdc_"
#define PGTC_PUSHED_PREFIX "pgtpr_"
#define PGTC_TRANSACTION_PREFIX "pgttx_"
#define PGTC_CHALLENGE_PREFIX "pgtch_"
#define PGTC_HANDLE_LEN 72 /* 6 + 66 */

typedef struct PgtcHandle
{
	uint8_t grant_id[PGTC_UUID_LEN];
	uint8_t secret[PGTC_SECRET_LEN];
} PgtcHandle;

extern void pgtc_handle_write(const char *prefix, const PgtcHandle *handle,
							  char out[PGTC_HANDLE_LEN + 1]);

/* prefix is one of the above; PGTC_E_MALFORMED for anything but one exact spelling of version 1 with that prefix */
extern PgtcCode pgtc_handle_parse(const char *prefix, PgtcSlice in, PgtcHandle *out);

/* RFC 7636 section 4.2: the challenge of S256 is base64url( SHA-256( verifier ) ) */
#define PGTC_CHALLENGE_LEN 43
extern bool pgtc_pkce_challenge_valid(PgtcSlice challenge); /* 43 characters of base64url */
extern bool pgtc_pkce_verifier_valid(PgtcSlice verifier); /* 43 to 128 unreserved characters */
extern bool pgtc_pkce_matches(PgtcSlice challenge, PgtcSlice verifier); /* constant time */

/*
 * RFC 8628 section 6.1: eight letters of BCDFGHJKLMNPQRSTVWXZ (34.5 bits; no
 * vowels, so no words), shown in two halves, like BCDF-GHJK.
 */
#define PGTC_USER_CODE_LEN 8
extern void pgtc_user_code_make(const uint8_t random[32],
								char out[PGTC_USER_CODE_LEN + 1]); /* unbiased */
extern void pgtc_user_code_show(const char code[PGTC_USER_CODE_LEN + 1],
								char out[PGTC_USER_CODE_LEN + 2]);

/* case and everything that is no letter or digit is passed over; PGTC_E_MALFORMED unless the 8 remain */
extern PgtcCode pgtc_user_code_read(PgtcSlice in, char out[PGTC_USER_CODE_LEN + 1]);

/* HMAC-SHA-256( pepper, label ): a key of its own for each purpose */
extern PgtcCode pgtc_subkey(const uint8_t pepper[PGTC_PEPPER_LEN], const char *label,
							uint8_t out[32]);

/* HMAC-SHA-256( key, data ), for lookups of what is too short to be hashed bare */
extern PgtcCode pgtc_keyed_hash(const uint8_t key[32], PgtcSlice data,
								uint8_t out[PGTC_SHA256_LEN]);

/*
 * OpenID Connect Core section 8.1: base64url( HMAC-SHA-256( key, sector | 0 | subject ) ).
 * PGTC_E_MALFORMED when one is empty or the sector contains a NUL, PGTC_E_TOO_LONG over 4 KB.
 */
#define PGTC_PAIRWISE_LEN 43
extern PgtcCode pgtc_pairwise_subject(const uint8_t key[32], PgtcSlice sector, PgtcSlice subject,
									  char out[PGTC_PAIRWISE_LEN + 1]);

/*
 * Does a signature verify under a key of the JWK Set (a JSON text of somebody
 * else's)?  The key's alg, when given, must be the header's; with a kid in the
 * header only keys of that kid count, without one each key of the type; use,
 * when given, must be sig.  Symmetric keys never count.  PGTC_E_KEY when no key
 * fits, PGTC_E_SIGNATURE when none of them verifies.
 */
#define PGTC_JWKS_MAX 65536
#define PGTC_JWKS_KEYS_MAX 32
extern PgtcCode pgtc_jws_verify_by_jwks(const PgtcJws *jws, const PgtcJwsHeader *header,
										PgtcSlice jwks, const PgtcMem *mem);

/*
 * PGTC_OK when it is a JWK Set of 1 to PGTC_JWKS_KEYS_MAX keys, none symmetric or
 * private, and at least one that we can verify with.  Others (of kinds we do not
 * have, or for encryption) are passed over, as RFC 7517 section 5 says.
 * PGTC_E_KEY, PGTC_E_MALFORMED, PGTC_E_TOO_LONG, PGTC_E_DUPLICATE.
 */
extern PgtcCode pgtc_jwks_check(PgtcSlice jwks);

/* an HS256 key of these bytes (client_secret_jwt); PGTC_E_KEY when there are fewer than PGTC_HMAC_KEY_MIN */
extern PgtcCode pgtc_key_of_secret(PgtcSlice secret, PgtcKey *out);

/* the host of an https or http URL (as written, no port), for sector identifiers; data == NULL: none */
extern PgtcSlice pgtc_url_host(PgtcSlice url);

/*
 * RFC 8252 section 7.3: may the request's redirect URI stand for the registered
 * one?  Identical bytes; or both http with the same loopback IP literal
 * (127.0.0.1 or [::1]; for a native application also localhost) and all but the
 * port the same.
 */
extern bool pgtc_redirect_matches(PgtcSlice registered, PgtcSlice requested, bool native);

#endif /* PGT_CORE_OAUTH_H */
