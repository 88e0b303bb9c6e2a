/*
 * token_cache.h
 *		Access tokens this backend has verified.
 */
#ifndef PGT_TOKEN_CACHE_H
#define PGT_TOKEN_CACHE_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "base/cache.h"
#include "core/base/crypto.h"

typedef struct CachedToken
{
	int64 exp; /* unix seconds */
	Jsonb *claims;
} CachedToken;

/* NULL when it is not known; valid as cache_begin() says, or until the next put */
extern const CachedToken *token_cache_get(const uint8_t hash[PGTC_SHA256_LEN]);

/*
 * Remembers a copy, and forgets those used least recently until all fit into half of
 * pgtoken.cache_memory: the new one, too, when it does not fit alone.
 */
extern void token_cache_put(const uint8_t hash[PGTC_SHA256_LEN], Jsonb *claims, int64 exp);

extern CacheSize token_cache_size(void);

#endif /* PGT_TOKEN_CACHE_H */
