/*
 * credentials.c
 *		What an Authorization header holds.
 */
#include "core/base/credentials.h"
#include "core/base/ascii.h"

/*
 * RFC 9110 has spaces alone.  Others take whatever is blank (PostgREST, by wai), and must
 * not see a token where there is none for us.
 */
static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

PgtcSlice
pgtc_credentials_of(PgtcSlice header, const char *scheme)
{
	size_t skip = strlen(scheme);

	if (header.len <= skip || !is_blank(header.data[skip]) ||
		!pgtc_ascii_is(pgtc_slice(header.data, skip), scheme))
		return pgtc_slice(NULL, 0);
	while (skip < header.len && is_blank(header.data[skip]))
		skip++;
	return pgtc_slice(header.data + skip, header.len - skip);
}
