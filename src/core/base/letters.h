/*
 * letters.h
 *		Letters for codes that people read and type: BCDFGHJKLMNPQRSTVWXZ (RFC 8628
 *		section 6.1), no vowels to make words of, nothing to take for a digit.
 */
#ifndef PGT_CORE_LETTERS_H
#define PGT_CORE_LETTERS_H

#include "core/base/slice.h"

/* n of them, at most 12, and a NUL; each has 4.3 bits, unbiased */
extern void pgtc_letters_draw(const uint8_t random[32], int n, char *out);

/* the letter that c is, in either case; 0: it is none */
extern char pgtc_letters_read(char c);

#endif /* PGT_CORE_LETTERS_H */
