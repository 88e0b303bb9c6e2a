/*
 * bytes.h
 *		Numbers and hexadecimal digits as bytes.
 */
#ifndef PGT_CORE_BYTES_H
#define PGT_CORE_BYTES_H

#include "core/base/slice.h"

/* the last n bytes of the value, big-endian */
static inline void
pgtc_bytes_put(uint8_t *out, int n, uint64_t value)
{
	for (; n > 0; value >>= 8)
		out[--n] = (uint8_t) value;
}

static inline uint64_t
pgtc_bytes_get(const uint8_t *in, int n)
{
	uint64_t value = 0;

	while (n-- > 0)
		value = value << 8 | *in++;
	return value;
}

/*
 * What is left of random bytes, taken for one number, by a divisor below 2^56: that it
 * does not go in evenly shows in one of 2^200 results.
 */
static inline uint64_t
pgtc_bytes_remainder(const uint8_t random[32], uint64_t divisor)
{
	uint64_t rest = 0;
	int i;

	for (i = 0; i < 32; i++)
		rest = (rest << 8 | random[i]) % divisor;
	return rest;
}

/* 0 to 15; -1: no hexadecimal digit */
static inline int
pgtc_bytes_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* the byte that two hexadecimal digits stand for; -1: they are none */
static inline int
pgtc_bytes_hex(const char *two)
{
	int high = pgtc_bytes_digit(two[0]);
	int low = high < 0 ? -1 : pgtc_bytes_digit(two[1]);

	return low < 0 ? -1 : high << 4 | low;
}

#endif /* PGT_CORE_BYTES_H */
