/*
 * slice.c
 *		Bytes that somebody else owns.
 */
#include "core/base/slice.h"

PgtcSlice
pgtc_slice_trim(PgtcSlice text, const char *chars)
{
	size_t n = strlen(chars);

	while (text.len > 0 && memchr(chars, text.data[0], n) != NULL)
		text = pgtc_slice(text.data + 1, text.len - 1);
	while (text.len > 0 && memchr(chars, text.data[text.len - 1], n) != NULL)
		text.len--;
	return text;
}

PgtcSlice
pgtc_slice_take(PgtcSlice *text, char separator)
{
	const char *at = text->len > 0 ? memchr(text->data, separator, text->len) : NULL;
	PgtcSlice part = *text;
	size_t used = text->len;

	if (at != NULL)
	{
		part.len = (size_t) (at - text->data);
		used = part.len + 1;
	}
	*text = pgtc_slice(text->data + used, text->len - used);
	return part;
}
