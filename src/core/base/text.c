/*
 * text.c
 *		Which characters a text has.
 */
#include "core/base/text.h"
#include "core/base/ascii.h"

bool
pgtc_text_plain(PgtcSlice text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
	{
		if ((unsigned char) text.data[i] < 0x20 || text.data[i] == 0x7f)
			return false;
	}
	return true;
}

bool
pgtc_text_printable(PgtcSlice text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
	{
		if (text.data[i] < 0x20 || text.data[i] > 0x7e)
			return false;
	}
	return true;
}

bool
pgtc_text_quotable(PgtcSlice text)
{
	return pgtc_text_printable(text) &&
		   (text.len == 0 || (memchr(text.data, '"', text.len) == NULL &&
							  memchr(text.data, '\\', text.len) == NULL));
}

bool
pgtc_text_digits(PgtcSlice text)
{
	size_t i;

	for (i = 0; i < text.len && pgtc_ascii_digit(text.data[i]); i++)
		;
	return i > 0 && i == text.len;
}

int64_t
pgtc_text_number(PgtcSlice text, int64_t most)
{
	int64_t number = 0;
	size_t i;

	if (!pgtc_text_digits(text))
		return -1;
	for (i = 0; i < text.len; i++)
	{
		int digit = text.data[i] - '0';

		if (digit > most || number > (most - digit) / 10)
			return -1;
		number = number * 10 + digit;
	}
	return number;
}
