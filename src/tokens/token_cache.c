/*
 * token_cache.c
 *		Access tokens this backend has verified: SHA-256 of the token -> claims,
 *		the least recently used leaving first.
 *
 * Lives in the context of the revocation epoch: whenever a family is revoked or
 * a token blacklisted anywhere, everything goes and is verified anew.
 */
#include "tokens/token_cache.h"

#include "utils/memutils.h"

#include "base/cache.h"
#include "base/counters.h"
#include "base/lru.h"
#include "core/base/crypto.h"

/* so small that every entry is a block of its own, which leaves when the entry does */
#define BLOCK_SIZE 1024

typedef struct Entry
{
	LruEntry lru; /* first */
	uint8_t hash[PGTC_SHA256_LEN];
	CachedToken token; /* its claims follow */
} Entry;

static MemoryContext context = NULL;
static Lru tokens;
static uint64 tokens_number = 0;

static bool
same_hash(const void *a, const void *b)
{
	return memcmp(a, b, PGTC_SHA256_LEN) == 0;
}

/* a hash of a hash: any bytes of it will do */
static uint32
short_hash(const uint8_t hash[PGTC_SHA256_LEN])
{
	uint32 result;

	memcpy(&result, hash, sizeof(result));
	return result;
}

/* false: there is nothing of this epoch yet */
static bool
is_current(void)
{
	return tokens_number == cache_number(CACHE_REVOCATION);
}

static void
attach(void)
{
	if (is_current())
		return;
	/*
	 * A least size, so that PostgreSQL makes it one: a small one that it has kept for
	 * reuse would still put several entries in a block, and give none of them back.
	 */
	context = AllocSetContextCreate(cache_context(CACHE_REVOCATION), "pgtoken verified tokens",
									BLOCK_SIZE, BLOCK_SIZE, BLOCK_SIZE);
	lru_init(&tokens, context, cache_room(), same_hash);
	tokens_number = cache_number(CACHE_REVOCATION);
}

const CachedToken *
token_cache_get(const uint8_t hash[PGTC_SHA256_LEN])
{
	Entry *entry = NULL;

	if (is_current())
		entry = (Entry *) lru_find(&tokens, short_hash(hash), hash);
	if (entry == NULL)
		return NULL;
	cache_stats.token_hits++;
	counters_add(COUNT_TOKEN_HITS);
	return &entry->token;
}

void
token_cache_put(const uint8_t hash[PGTC_SHA256_LEN], Jsonb *claims, int64 exp)
{
	Size size = MAXALIGN(sizeof(Entry));
	LruEntry *oldest;
	Entry *entry;

	attach();
	if (lru_find(&tokens, short_hash(hash), hash))
		return;
	entry = MemoryContextAlloc(context, size + VARSIZE(claims));
	memcpy(entry->hash, hash, PGTC_SHA256_LEN);
	entry->token.exp = exp;
	entry->token.claims = (Jsonb *) ((char *) entry + size);
	memcpy(entry->token.claims, claims, VARSIZE(claims));
	entry->lru.hash = short_hash(hash);
	entry->lru.key = entry->hash;
	lru_add(&tokens, &entry->lru);

	while (MemoryContextMemAllocated(context, false) > cache_room() &&
		   (oldest = lru_remove_oldest(&tokens)) != NULL)
		pfree(oldest);
}

CacheSize
token_cache_size(void)
{
	CacheSize size = {0, 0};

	if (is_current())
	{
		size.entries = tokens.entries;
		size.bytes = MemoryContextMemAllocated(context, false);
	}
	return size;
}
