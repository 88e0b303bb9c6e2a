/*
 * token_cache.c
 *		Access tokens this backend has verified: SHA-256 of the token -> claims,
 *		the least recently used leaving first.
 *
 * Lives in the context of the revocation epoch: whenever a family is revoked or
 * a token blacklisted anywhere, everything goes and is verified anew.
 */
#include "token_cache.h"

#include "lib/ilist.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "cache.h"
#include "guc.h"

typedef struct Entry
{
	uint8_t hash[PGTC_SHA256_LEN]; /* hash key */
	dlist_node lru;
	CachedToken token;
} Entry;

static HTAB *tokens = NULL;
static dlist_head lru;
static uint64 tokens_number = 0;

static void
attach(void)
{
	if (tokens_number == pgt_cache_number(CACHE_REVOCATION))
		return;
	tokens = hash_create("pgtoken verified tokens", 256,
						 &(HASHCTL){.keysize = PGTC_SHA256_LEN,
									.entrysize = sizeof(Entry),
									.hcxt = pgt_cache_context(CACHE_REVOCATION)},
						 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	dlist_init(&lru);
	pgt_cache_stats.tokens = 0;
	tokens_number = pgt_cache_number(CACHE_REVOCATION);
}

static void
drop(Entry *entry)
{
	dlist_delete(&entry->lru);
	pfree(entry->token.claims);
	hash_search(tokens, entry->hash, HASH_REMOVE, NULL);
	pgt_cache_stats.tokens--;
}

const CachedToken *
token_cache_get(const uint8_t hash[PGTC_SHA256_LEN])
{
	Entry *entry;

	attach();
	entry = hash_search(tokens, hash, HASH_FIND, NULL);
	if (entry == NULL)
		return NULL;
	pgt_cache_stats.token_hits++;
	dlist_move_head(&lru, &entry->lru);
	return &entry->token;
}

void
token_cache_put(const uint8_t hash[PGTC_SHA256_LEN], Jsonb *claims, int64 exp)
{
	Entry *entry;
	Jsonb *copy;
	bool found;

	attach();
	while (pgt_cache_stats.tokens > 0 && pgt_cache_stats.tokens >= pgt_token_cache_size)
		drop(dlist_tail_element(Entry, lru, &lru));
	if (pgt_token_cache_size == 0)
		return;

	copy = MemoryContextAlloc(pgt_cache_context(CACHE_REVOCATION), VARSIZE(claims));
	memcpy(copy, claims, VARSIZE(claims));
	entry = hash_search(tokens, hash, HASH_ENTER, &found);
	if (found)
		pfree(entry->token.claims);
	else
	{
		dlist_push_head(&lru, &entry->lru);
		pgt_cache_stats.tokens++;
	}
	entry->token.claims = copy;
	entry->token.exp = exp;
}
