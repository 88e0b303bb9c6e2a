/*
 * request_target_fuzzer.c
 *		Targets: the parts lie in the target, in their order.  Octets: there are no more
 *		of them than there were bytes, and what was ASCII stays.
 */
#include "core/base/request_target.h"
#include "core/base/utf8.h"
#include "fuzz.h"

#include <stdlib.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice target = fuzz_slice(data, size);
	char *octets = malloc(size + 1);
	PgtcSlice authority;
	PgtcSlice path;
	PgtcSlice query;
	long n;

	pgtc_request_target_split(target, &authority, &path, &query);
	REQUIRE(authority.data == NULL ||
			(authority.data >= target.data + 4 && authority.data[-1] == '/' &&
			 memchr(authority.data, '/', authority.len) == NULL));
	REQUIRE(path.len > 0 && memchr(path.data, '?', path.len) == NULL);
	if (query.data)
	{
		REQUIRE(query.data > target.data && query.data + query.len == target.data + target.len);
		REQUIRE(query.data[-1] == '?');
	}
	else
		REQUIRE(size == 0 || memchr(target.data, '?', size) == NULL);

	n = pgtc_request_target_octets(target, octets);
	REQUIRE(n <= (long) size);
	if (n == (long) size)
		REQUIRE(size == 0 || memcmp(octets, data, size) == 0);
	if (n >= 0 && memchr(data, 0, size) == NULL)
		REQUIRE(pgtc_utf8_valid(target));
	free(octets);
	return 0;
}
