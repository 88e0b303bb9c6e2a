/*
 * credentials.c
 *		What an Authorization header holds.
 */
#include "core/base/credentials.h"
#include "core/base/ascii.h"

PgtcSlice
pgtc_credentials_of(PgtcSlice header, const char *scheme)
{
	size_t skip = strlen(scheme);

	if (header.len <= skip || header.data[skip] != ' ' ||
		!pgtc_ascii_is(pgtc_slice(header.data, skip), scheme))
		return pgtc_slice(NULL, 0);
	while (skip < header.len && header.data[skip] == ' ')
		skip++;
	return pgtc_slice(header.data + skip, header.len - skip);
}
