/*
 * ascii.h
 *		Characters of ASCII, whatever the locale, which <ctype.h> follows.
 */
#ifndef PGT_CORE_ASCII_H
#define PGT_CORE_ASCII_H

#include "core/base/slice.h"

static inline char
pgtc_ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static inline char
pgtc_ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char) (c - 'a' + 'A') : c;
}

static inline bool
pgtc_ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
pgtc_ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* are they the same, the case of letters aside? */
static inline bool
pgtc_ascii_same(PgtcSlice a, PgtcSlice b)
{
	size_t i;

	for (i = 0; i < a.len && i < b.len; i++)
	{
		if (pgtc_ascii_lower(a.data[i]) != pgtc_ascii_lower(b.data[i]))
			return false;
	}
	return a.len == b.len;
}

static inline bool
pgtc_ascii_is(PgtcSlice text, const char *other)
{
	return pgtc_ascii_same(text, pgtc_slice_str(other));
}

#endif /* PGT_CORE_ASCII_H */
