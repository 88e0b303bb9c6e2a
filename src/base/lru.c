/*
 * lru.c
 *		What two caches have in common: entries found by a hash, and the one that was
 *		used least recently.
 */
#include "base/lru.h"

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

/* an entry of either cache has some hundred bytes */
#define BYTES_PER_CHAIN 1024
#define CHAINS_MIN 16
#define CHAINS_MAX (64 * 1024)

void
lru_init(Lru *lru, MemoryContext context, Size memory, bool (*equal)(const void *a, const void *b))
{
	Size wanted = Max(Min(memory / BYTES_PER_CHAIN, CHAINS_MAX), CHAINS_MIN);

	lru->n_chains = pg_nextpower2_32((uint32) wanted);
	/* a chain of zeros is an empty one */
	lru->chains = MemoryContextAllocZero(context, sizeof(dlist_head) * lru->n_chains);
	dlist_init(&lru->order);
	lru->entries = 0;
	lru->equal = equal;
}

static dlist_head *
chain_of(Lru *lru, uint32 hash)
{
	return &lru->chains[hash & (lru->n_chains - 1)];
}

LruEntry *
lru_find(Lru *lru, uint32 hash, const void *key)
{
	dlist_iter iter;

	dlist_foreach (iter, chain_of(lru, hash))
	{
		LruEntry *entry = dlist_container(LruEntry, chain, iter.cur);

		if (entry->hash != hash || !lru->equal(entry->key, key))
			continue;
		dlist_move_head(&lru->order, &entry->order);
		return entry;
	}
	return NULL;
}

void
lru_add(Lru *lru, LruEntry *entry)
{
	dlist_push_head(chain_of(lru, entry->hash), &entry->chain);
	dlist_push_head(&lru->order, &entry->order);
	lru->entries++;
}

LruEntry *
lru_remove_oldest(Lru *lru)
{
	LruEntry *entry;

	if (dlist_is_empty(&lru->order))
		return NULL;
	entry = dlist_tail_element(LruEntry, order, &lru->order);
	dlist_delete(&entry->chain);
	dlist_delete(&entry->order);
	lru->entries--;
	return entry;
}
