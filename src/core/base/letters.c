/*
 * letters.c
 *		Letters for codes that people read and type.
 */
#include "core/base/letters.h"
#include "core/base/ascii.h"
#include "core/base/bytes.h"

static const char letters[PGTC_LETTERS + 1] = "BCDFGHJKLMNPQRSTVWXZ";

void
pgtc_letters_draw(const uint8_t random[32], int n, char *out)
{
	uint64_t codes = 1;
	uint64_t rest;
	int i;

	for (i = 0; i < n; i++)
		codes *= PGTC_LETTERS;
	rest = pgtc_bytes_remainder(random, codes);
	for (i = 0; i < n; i++, rest /= PGTC_LETTERS)
		out[i] = letters[rest % PGTC_LETTERS];
	out[n] = '\0';
}

char
pgtc_letters_read(char c)
{
	c = pgtc_ascii_upper(c);
	return memchr(letters, c, PGTC_LETTERS) != NULL ? c : '\0';
}

char
pgtc_letters_of(uint32_t number)
{
	return letters[number % PGTC_LETTERS];
}

uint32_t
pgtc_letters_number(char c)
{
	return (uint32_t) (strchr(letters, c) - letters);
}
