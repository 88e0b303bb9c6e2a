/*
 * proc_memory.h
 *		Memory for what the catalogue says of functions that requests call.
 */
#ifndef PGT_PROC_MEMORY_H
#define PGT_PROC_MEMORY_H

#include "base/compat.h"

/*
 * Kept until a function, a schema or a role changes; another number than the one that
 * the caller has kept means that all of it is gone, here and in this call at the
 * latest.
 */
extern MemoryContext proc_memory(uint64 *number);

#endif /* PGT_PROC_MEMORY_H */
