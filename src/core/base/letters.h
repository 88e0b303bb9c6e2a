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

#define PGTC_LETTERS 20

/* the letter that c is, in either case; 0: it is none */
extern char pgtc_letters_read(char c);

/* letters as numbers, 0 to PGTC_LETTERS - 1 in the order above; c is one of them */
extern char pgtc_letters_of(uint32_t number);
extern uint32_t pgtc_letters_number(char c);

#endif /* PGT_CORE_LETTERS_H */
