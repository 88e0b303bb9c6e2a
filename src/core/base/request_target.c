/*
 * request_target.c
 *		What a request asks for, and the octets that layers pass on as characters.
 */
#include "core/base/request_target.h"

/* where the path of an absolute-form begins; 0: it is none */
static size_t
end_of_authority(PgtcSlice target)
{
	size_t i = 0;

	while (i < target.len && target.data[i] != '/' && target.data[i] != '?' &&
		   target.data[i] != ':')
		i++;
	if (i == 0 || target.len - i < 3 || memcmp(target.data + i, "://", 3) != 0)
		return 0;
	for (i += 3; i < target.len && target.data[i] != '/' && target.data[i] != '?'; i++)
		;
	return i;
}

void
pgtc_request_target_split(PgtcSlice target, PgtcSlice *path, PgtcSlice *query)
{
	size_t start = end_of_authority(target);
	PgtcSlice rest = pgtc_slice(target.data + start, target.len - start);

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
