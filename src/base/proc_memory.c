/*
 * proc_memory.c
 *		Memory for what the catalogue says of functions that requests call.
 */
#include "base/proc_memory.h"

#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

static MemoryContext memory = NULL;
static uint64 memory_number = 1;
static bool stale = false;

static void
on_invalidation(Datum arg pg_attribute_unused(), int cache pg_attribute_unused(),
				uint32 hash pg_attribute_unused())
{
	stale = true;
}

static void
begin(void)
{
	/* which function it is, and whether its schema may be looked into */
	static const int caches[] = {PROCOID, NAMESPACEOID, AUTHOID, AUTHMEMMEMROLE};

	memory = AllocSetContextCreate(CacheMemoryContext, "pgtoken functions", ALLOCSET_SMALL_SIZES);
	for (size_t i = 0; i < lengthof(caches); i++)
		CacheRegisterSyscacheCallback(caches[i], on_invalidation, (Datum) 0);
}

MemoryContext
proc_memory(uint64 *number)
{
	if (memory == NULL)
		begin();
	if (stale)
	{
		MemoryContextReset(memory);
		memory_number++;
		stale = false;
	}
	*number = memory_number;
	return memory;
}
