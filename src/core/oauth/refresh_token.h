/*
 * refresh_token.h
 *		Refresh tokens.  Each names its family, so that a call can be routed by grant_id
 *		without a lookup.
 */
#ifndef PGT_CORE_REFRESH_TOKEN_H
#define PGT_CORE_REFRESH_TOKEN_H

#include "core/base/uuid.h"
#include "core/oauth/secret.h"

/*
 *		"pgtrt_" base64url( version=1 (1) | grant_id (16) | generation (4, big-endian) | secret (32) )
 *
 * The prefix is there for secret scanners.
 */
#define PGTC_REFRESH_PREFIX "pgtrt_"
#define PGTC_PEPPER_LEN 32
#define PGTC_ROTATION_NONCE_LEN 16
#define PGTC_REFRESH_TOKEN_LEN 77 /* 6 + 71 */

typedef struct PgtcRefreshToken
{
	uint8_t grant_id[PGTC_UUID_LEN];
	uint32_t generation; /* at most INT32_MAX */
	uint8_t secret[PGTC_SECRET_LEN];
} PgtcRefreshToken;

extern void pgtc_refresh_token_write(const PgtcRefreshToken *token,
									 char out[PGTC_REFRESH_TOKEN_LEN + 1]);

/* PGTC_E_MALFORMED for anything but one exact spelling of version 1 */
extern PgtcCode pgtc_refresh_token_parse(PgtcSlice in, PgtcRefreshToken *out);

/*
 * HMAC-SHA-256(pepper, grant_id | generation (4, big-endian) | presented secret | nonce):
 * the secret of the given generation, which only somebody who presents its
 * predecessor can have made again.
 */
extern PgtcCode pgtc_refresh_token_derive(const uint8_t pepper[PGTC_PEPPER_LEN],
										  const uint8_t grant_id[PGTC_UUID_LEN],
										  uint32_t generation,
										  const uint8_t presented[PGTC_SECRET_LEN],
										  const uint8_t nonce[PGTC_ROTATION_NONCE_LEN],
										  uint8_t out[PGTC_SECRET_LEN]);

#endif /* PGT_CORE_REFRESH_TOKEN_H */
