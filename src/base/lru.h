/*
 * lru.h
 *		What two caches have in common: entries found by a hash, and the one that was
 *		used least recently.
 *
 * An entry is embedded in what is cached; its memory and its key are the cache's.
 */
#ifndef PGT_LRU_H
#define PGT_LRU_H

#include "base/compat.h"

#include "lib/ilist.h"

typedef struct LruEntry
{
	dlist_node chain;
	dlist_node order;
	uint32 hash;
	const void *key;
} LruEntry;

typedef struct Lru
{
	dlist_head *chains;
	uint32 n_chains; /* a power of two */
	dlist_head order; /* used last comes first */
	int64 entries;
	bool (*equal)(const void *a, const void *b); /* keys of one hash */
} Lru;

/* empty; the chains are allocated in the context, one for that many bytes of memory */
extern void lru_init(Lru *lru, MemoryContext context, Size memory,
					 bool (*equal)(const void *a, const void *b));

/* NULL; counts as a use */
extern LruEntry *lru_find(Lru *lru, uint32 hash, const void *key);

/* hash and key are set and not there yet */
extern void lru_add(Lru *lru, LruEntry *entry);

/* takes out the entry that was used least recently; NULL: there is none */
extern LruEntry *lru_remove_oldest(Lru *lru);

#endif /* PGT_LRU_H */
