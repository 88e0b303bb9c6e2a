/*
 * cache.c
 *		What keeps this backend's caches true.
 *
 * Loads must use the latest snapshot (store.c does so for queries marked
 * latest): a revoker becomes visible before its invalidation is sent, so
 * whatever was loaded from an older state is followed by a message that drops
 * it.  Looking up a proxy may raise; the epoch then counts as stale.
 *
 * What is cached between two resets of an epoch is a generation, with a memory
 * context of its own, which goes as soon as no call uses it: a transaction that
 * revokes and verifies in turns makes as many as it has steps.
 */
#include "base/cache.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/catalogue.h"
#include "base/counters.h"
#include "base/guc.h"
#include "base/held.h"

typedef struct Epoch
{
	const char *proxy;
	Oid proxy_oid; /* InvalidOid: to be looked up */
	bool stale;
	bool dirty; /* this transaction has written what it caches */
	uint64 number;
	Held *generation; /* NULL: none yet */
} Epoch;

CacheStats cache_stats;

static Epoch epochs[CACHE_EPOCHS] = {
	[CACHE_CONFIG] = {.proxy = "config_epoch", .number = 1},
	[CACHE_REVOCATION] = {.proxy = "revocation_epoch", .number = 1},
};

static void mark_dirty_stale(void);
static void on_relcache_invalidation(Datum arg, Oid relid);
static void on_xact_event(XactEvent event, void *arg);
static void on_subxact_event(SubXactEvent event, SubTransactionId subid, SubTransactionId parent,
							 void *arg);

void
cache_init(void)
{
	CacheRegisterRelcacheCallback(on_relcache_invalidation, (Datum) 0);
	RegisterXactCallback(on_xact_event, NULL);
	RegisterSubXactCallback(on_subxact_event, NULL);
}

/*
 * A rollback takes back rows that may have been cached as valid; after PREPARE
 * TRANSACTION another session decides about them.
 */
static void
mark_dirty_stale(void)
{
	for (int i = 0; i < CACHE_EPOCHS; i++)
		epochs[i].stale = epochs[i].stale || epochs[i].dirty;
}

static void
on_relcache_invalidation(Datum arg, Oid relid)
{
	(void) arg;
	for (int i = 0; i < CACHE_EPOCHS; i++)
	{
		if (!OidIsValid(relid) || !OidIsValid(epochs[i].proxy_oid) || relid == epochs[i].proxy_oid)
			epochs[i].stale = true;
	}
}

static void
on_xact_event(XactEvent event, void *arg)
{
	(void) arg;
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		mark_dirty_stale();
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE || event == XACT_EVENT_COMMIT)
	{
		for (int i = 0; i < CACHE_EPOCHS; i++)
			epochs[i].dirty = false;
	}
}

static void
on_subxact_event(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	(void) subid;
	(void) parent;
	(void) arg;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		mark_dirty_stale();
}

void
cache_mark_dirty(CacheEpoch epoch)
{
	epochs[epoch].dirty = true;
}

/* verified tokens come and go with the configuration, so who holds them holds that too */
static Held *
generation_of(CacheEpoch epoch)
{
	MemoryContext context;
	Held *generation;

	if (epochs[epoch].generation)
		return epochs[epoch].generation;
	context = AllocSetContextCreate(CacheMemoryContext, "pgtoken cache", ALLOCSET_DEFAULT_SIZES);
	generation = MemoryContextAlloc(context, sizeof(Held));
	held_init(generation, context);
	if (epoch == CACHE_REVOCATION)
		held_hold(generation_of(CACHE_CONFIG), context);
	epochs[epoch].generation = generation;
	return generation;
}

static void
drop(Epoch *epoch)
{
	epoch->number++;
	if (epoch->generation)
		held_give_up(epoch->generation);
	epoch->generation = NULL;
	epoch->stale = false;
	epoch->proxy_oid = InvalidOid;
}

/* until the current memory context is reset */
static void
hold(void)
{
	held_hold(generation_of(CACHE_REVOCATION), CurrentMemoryContext);
}

void
cache_begin(void)
{
	AcceptInvalidationMessages();

	for (int i = 0; i < CACHE_EPOCHS; i++)
	{
		if (!epochs[i].stale && OidIsValid(epochs[i].proxy_oid))
			continue;
		if (i == CACHE_CONFIG)
		{
			/* a client switched off or a key retired ends tokens too */
			epochs[CACHE_REVOCATION].stale = true;
			cache_stats.config_resets++;
			counters_add(COUNT_CONFIG_RESETS);
		}
		else
		{
			cache_stats.revocation_resets++;
			counters_add(COUNT_REVOCATION_RESETS);
		}
		drop(&epochs[i]);
	}
	/* last, because it may raise: without the oid the next begin drops again */
	for (int i = 0; i < CACHE_EPOCHS; i++)
	{
		if (OidIsValid(epochs[i].proxy_oid))
			continue;
		if (i == CACHE_CONFIG)
			catalogue_check();
		epochs[i].proxy_oid =
			get_relname_relid(epochs[i].proxy, get_namespace_oid("pgtoken", true));
	}
	hold();
}

void
cache_begin_anew(void)
{
	epochs[CACHE_CONFIG].stale = true; /* takes the other one along */
}

MemoryContext
cache_context(CacheEpoch epoch)
{
	return generation_of(epoch)->context;
}

Size
cache_room(void)
{
	return (Size) guc_cache_memory * 1024 / 2;
}

Size
cache_configuration_size(void)
{
	Size size = 0;

	for (int i = 0; i < CACHE_EPOCHS; i++)
	{
		if (epochs[i].generation)
			size += MemoryContextMemAllocated(epochs[i].generation->context, false);
	}
	return size;
}

uint64
cache_number(CacheEpoch epoch)
{
	/* a call that went on while a function of it began a generation does not hold that yet */
	hold();
	return epochs[epoch].number;
}

void
cache_invalidate(CacheEpoch epoch)
{
	Oid proxy = get_relname_relid(epochs[epoch].proxy, get_namespace_oid("pgtoken", false));

	if (!OidIsValid(proxy))
		elog(ERROR, "pgtoken.%s is missing", epochs[epoch].proxy);
	CacheInvalidateRelcacheByRelid(proxy);
	cache_mark_dirty(epoch);
}
