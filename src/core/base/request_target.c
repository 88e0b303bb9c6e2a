/*
 * request_target.c
 *		What a request asks for, and the octets that layers pass on as characters.
 */
#include "core/base/request_target.h"

/* data == NULL: it is no absolute-form */
static PgtcSlice
authority_of(PgtcSlice target)
{
	size_t start;
	size_t i = 0;

	while (i < target.len && target.data[i] != '/' && target.data[i] != '?' &&
		   target.data[i] != ':')
		i++;
	if (i == 0 || target.len - i < 3 || memcmp(target.data + i, "://", 3) != 0)
		return pgtc_slice(NULL, 0);
	start = i += 3;
	for (; i < target.len && target.data[i] != '/' && target.data[i] != '?'; i++)
		;
	return pgtc_slice(target.data + start, i - start);
}

void
pgtc_request_target_split(PgtcSlice target, PgtcSlice *authority, PgtcSlice *path, PgtcSlice *query)
{
	size_t start;
	PgtcSlice rest;

	*authority = authority_of(target);
	start = authority->data ? (size_t) (authority->data - target.data) + authority->len : 0;
	rest = pgtc_slice(target.data + start, target.len - start);
	*path = pgtc_slice_take(&rest, '?');
	*query = start + path->len < target.len ? rest : pgtc_slice(NULL, 0);
	if (path->len == 0)
		*path = pgtc_slice_str("/");
}

long
pgtc_request_target_octets(PgtcSlice text, char *octets)
{
	long n = 0;
	size_t i;

	for (i = 0; i < text.len; i++)
	{
		unsigned char c = (unsigned char) text.data[i];
		unsigned char next = i + 1 < text.len ? (unsigned char) text.data[i + 1] : 0;

		if (c >= 0x80)
		{
			/* U+0080 to U+00FF */
			if ((c != 0xc2 && c != 0xc3) || (next & 0xc0) != 0x80)
				return -1;
			c = (unsigned char) ((c & 3) << 6 | (next & 0x3f));
			i++;
		}
		octets[n++] = (char) c;
	}
	return n;
}
