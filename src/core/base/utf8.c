/*
 * utf8.c
 *		UTF-8 without NUL.
 */
#include "core/base/utf8.h"

bool
pgtc_utf8_valid(PgtcSlice in)
{
	const uint8_t *at = (const uint8_t *) in.data;
	size_t rest = in.len;

	while (rest > 0)
	{
		size_t len = pgtc_utf8_char_len(at, rest);

		if (len == 0)
			return false;
		at += len;
		rest -= len;
	}
	return true;
}

/*
 *		UTF8-1 = %x01-7F
 *		UTF8-2 = %xC2-DF UTF8-tail
 *		UTF8-3 = %xE0 %xA0-BF UTF8-tail / %xE1-EC 2( UTF8-tail ) /
 *				 %xED %x80-9F UTF8-tail / %xEE-EF 2( UTF8-tail )
 *		UTF8-4 = %xF0 %x90-BF 2( UTF8-tail ) / %xF1-F3 3( UTF8-tail ) /
 *				 %xF4 %x80-8F 2( UTF8-tail )
 *
 * RFC 3629 section 4, without NUL.  0 when no character begins here.
 */
size_t
pgtc_utf8_char_len(const uint8_t *at, size_t rest)
{
	uint8_t first = at[0];
	uint8_t least = 0x80;
	uint8_t most = 0xbf;
	size_t len;
	size_t i;

	if (first < 0x80)
		return first != 0 ? 1 : 0;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (rest < len)
		return 0;

	/* the second byte shuts out second spellings, surrogates and what lies beyond U+10FFFF */
	if (first == 0xe0)
		least = 0xa0;
	else if (first == 0xed)
		most = 0x9f;
	else if (first == 0xf0)
		least = 0x90;
	else if (first == 0xf4)
		most = 0x8f;
	if (at[1] < least || at[1] > most)
		return 0;
	for (i = 2; i < len; i++)
	{
		if (at[i] < 0x80 || at[i] > 0xbf)
			return 0;
	}
	return len;
}
