/*
 * cache.h
 *		What keeps this backend's caches true.
 *
 * Two epochs: configuration (issuers, keys, clients, resources) and revocation
 * (families, blacklist).  A change touches the relcache entry of the epoch's
 * empty proxy table; the invalidation is transactional, reaches every backend
 * at commit and every standby at replay, and marks the epoch stale here.
 *
 * Whoever caches allocates in cache_context(epoch) and remembers
 * cache_number(epoch): another number means that everything is gone.  What
 * was handed out before stays readable as cache_begin() says.
 */
#ifndef PGT_CACHE_H
#define PGT_CACHE_H

#include "base/compat.h"

typedef enum CacheEpoch
{
	CACHE_CONFIG,
	CACHE_REVOCATION
} CacheEpoch;

#define CACHE_EPOCHS 2

typedef struct CacheStats
{
	int64 key_parses;
	int64 token_hits;
	int64 token_misses;
	int64 config_resets;
	int64 revocation_resets;
} CacheStats;

/* what a cache holds, and the memory it takes for that */
typedef struct CacheSize
{
	int64 entries;
	int64 bytes;
} CacheSize;

/* shared counters of this backend, for cache_stats() and tests */
extern CacheStats cache_stats;

extern void cache_init(void);

/*
 * To be called first by every function that reads a cache: takes in what other
 * sessions have committed and drops what is stale.  What the caches then hand out
 * stays readable as long as the caller's current memory context is not reset, also
 * when functions that it calls drop it.
 */
extern void cache_begin(void);

/* the next begin drops everything, as after a change of all configuration */
extern void cache_begin_anew(void);

extern MemoryContext cache_context(CacheEpoch epoch);

/* to be asked before each look into a cache, which may be into newer contents than begin's */
extern uint64 cache_number(CacheEpoch epoch);

/*
 * Half of pgtoken.cache_memory, in bytes: what verified tokens may take, and what
 * clients may take together with the other configuration.  That other, a few small
 * tables, is always kept.
 */
extern Size cache_room(void);

/* memory of that other configuration, limits of age included, in bytes; keys that OpenSSL has parsed are its own */
extern Size cache_configuration_size(void);

/* tell all backends, this one included, once the transaction commits */
extern void cache_invalidate(CacheEpoch epoch);

/* this transaction has written what the epoch caches: a rollback drops the cache */
extern void cache_mark_dirty(CacheEpoch epoch);

#endif /* PGT_CACHE_H */
