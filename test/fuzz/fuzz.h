/*
 * fuzz.h
 *		What the fuzz targets share: memory, and a property that must hold.
 */
#ifndef PGT_FUZZ_H
#define PGT_FUZZ_H

#include <stdlib.h>

#include "core/base/buf.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* not assert: NDEBUG must not turn it off */
#define REQUIRE(condition) \
	do                     \
	{                      \
		if (!(condition))  \
			abort();       \
	} while (0)

static const PgtcMem fuzz_mem = {malloc, free};

static inline PgtcSlice
fuzz_slice(const uint8_t *data, size_t size)
{
	return pgtc_slice((const char *) data, size);
}

#endif /* PGT_FUZZ_H */
