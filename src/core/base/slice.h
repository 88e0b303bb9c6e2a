/*
 * slice.h
 *		Bytes that somebody else owns; they need not end in NUL.
 */
#ifndef PGT_CORE_SLICE_H
#define PGT_CORE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct PgtcSlice
{
	const char *data;
	size_t len;
} PgtcSlice;

static inline PgtcSlice
pgtc_slice(const char *data, size_t len)
{
	PgtcSlice slice = {data, len};

	return slice;
}

static inline PgtcSlice
pgtc_slice_str(const char *str)
{
	return pgtc_slice(str, str ? strlen(str) : 0);
}

static inline bool
pgtc_slice_equal(PgtcSlice a, PgtcSlice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* without those of the characters at either end */
extern PgtcSlice pgtc_slice_trim(PgtcSlice text, const char *chars);

/* what stands before the separator, or all; takes it and the separator away */
extern PgtcSlice pgtc_slice_take(PgtcSlice *text, char separator);

#endif /* PGT_CORE_SLICE_H */
