/*
 * token_cache.h
 *		Access tokens this backend has verified.
 */
#ifndef PGT_TOKEN_CACHE_H
#define PGT_TOKEN_CACHE_H

#include "compat.h"

#include "core/core.h"
#include "utils/jsonb.h"

typedef struct CachedToken
{
	Jsonb *claims;
	int64 exp; /* unix seconds */
} CachedToken;

/* NULL when it is not known; valid until the transaction ends or the next put */
extern const CachedToken *token_cache_get(const uint8_t hash[PGTC_SHA256_LEN]);

extern void token_cache_put(const uint8_t hash[PGTC_SHA256_LEN], Jsonb *claims, int64 exp);

#endif /* PGT_TOKEN_CACHE_H */
