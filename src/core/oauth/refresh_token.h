/*
 * refresh_token.h
 *		Identifiers and opaque credentials: UUIDv7, refresh tokens, jti, client
 *		secrets.
 *
 * Every credential names its family, so that a call can be routed by grant_id
 * without a lookup.
 */
#ifndef PGT_CORE_IDS_H
#define PGT_CORE_IDS_H

#include "core/base/code.h"

#define PGTC_UUID_LEN 16
#define PGTC_UUID_TEXT_LEN 36

/*
 * RFC 9562 section 5.7; rand_a carries the sub-millisecond fraction (section
 * 6.2 method 3), rand_b comes from the eight bytes of random.
 */
extern void pgtc_uuid7(uint64_t unix_us, const uint8_t random[8], uint8_t out[PGTC_UUID_LEN]);

/* lower-case 8-4-4-4-12 with a NUL */
extern void pgtc_uuid_text(const uint8_t uuid[PGTC_UUID_LEN], char out[PGTC_UUID_TEXT_LEN + 1]);

/* exactly the 36-character form, either case; PGTC_E_MALFORMED */
extern PgtcCode pgtc_uuid_parse(PgtcSlice in, uint8_t out[PGTC_UUID_LEN]);

/*
 * Refresh token:
 *
 *		"pgtrt_" base64url( version=1 (1) | grant_id (16) | generation (4, big-endian) | secret (32) )
 *
 * The prefix is there for secret scanners.
 */
#define PGTC_REFRESH_PREFIX "pgtrt_"
#define PGTC_SECRET_LEN 32
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
extern PgtcCode pgtc_refresh_secret_derive(const uint8_t pepper[PGTC_PEPPER_LEN],
										   const uint8_t grant_id[PGTC_UUID_LEN],
										   uint32_t generation,
										   const uint8_t presented[PGTC_SECRET_LEN],
										   const uint8_t nonce[PGTC_ROTATION_NONCE_LEN],
										   uint8_t out[PGTC_SECRET_LEN]);

/*
 * jti:
 *
 *		base64url( grant_id (16) | generation (4) | retry (3) | random (5) ), big-endian
 *
 * It says where the ledger has the token, so that nobody searches a long family for
 * it.  retry is the least that the row can have: it is written before the row is, and
 * somebody else may get in between.
 */
#define PGTC_JTI_RANDOM_LEN 5
#define PGTC_JTI_RETRY_MAX 0xffffff
#define PGTC_JTI_LEN 38

typedef struct PgtcJti
{
	uint8_t grant_id[PGTC_UUID_LEN];
	uint32_t generation; /* at most INT32_MAX */
	uint32_t retry; /* more than PGTC_JTI_RETRY_MAX is written as that */
	uint8_t random[PGTC_JTI_RANDOM_LEN];
} PgtcJti;

extern void pgtc_jti_write(const PgtcJti *jti, char out[PGTC_JTI_LEN + 1]);

/* PGTC_E_MALFORMED for anything but the one spelling */
extern PgtcCode pgtc_jti_parse(PgtcSlice in, PgtcJti *out);

/*
 * The shard of a family, 0 to shards - 1: the first four bytes of SHA-256(grant_id),
 * big-endian, modulo shards.  Stored data depends on it: it never changes.
 */
extern PgtcCode pgtc_shard(const uint8_t grant_id[PGTC_UUID_LEN], uint32_t shards, uint32_t *out);

/* client secret: "pgtcs_" base64url( random (32) ) */
#define PGTC_CLIENT_SECRET_PREFIX "pgtcs_"
#define PGTC_CLIENT_SECRET_LEN 49 /* 6 + 43 */

extern void pgtc_client_secret_write(const uint8_t random[PGTC_SECRET_LEN],
									 char out[PGTC_CLIENT_SECRET_LEN + 1]);

#endif /* PGT_CORE_IDS_H */
