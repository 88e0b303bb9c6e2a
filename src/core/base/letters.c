/*
 * letters.c
 *		Letters for codes that people read and type.
 */
#include "core/base/letters.h"
#include "core/base/ascii.h"
#include "core/base/bytes.h"

static const char letters[] = "BCDFGHJKLMNPQRSTVWXZ";

#define N_LETTERS (sizeof(letters) - 1)

void
pgtc_letters_draw(const uint8_t random[32], int n, char *out)
{
	uint64_t codes = 1;
	uint64_t rest;
	int i;

	for (i = 0; i < n; i++)
		codes *= N_LETTERS;
	rest = pgtc_bytes_remainder(random, codes);
	for (i = 0; i < n; i++, rest /= N_LETTERS)
		out[i] = letters[rest % N_LETTERS];
	out[n] = '\0';
}

char
pgtc_letters_read(char c)
{
	c = pgtc_ascii_upper(c);
	return memchr(letters, c, N_LETTERS) != NULL ? c : '\0';
}
