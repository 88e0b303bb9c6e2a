/*
 * glob_fuzzer.c
 *		A text matches itself with any run of it replaced by *; a pattern without * matches itself alone.
 */
#include "fuzz.h"
#include "core/base/glob.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char pattern[4096];
	size_t from;
	size_t to;

	if (size < 2 || size > sizeof(pattern))
		return 0;
	from = data[0] % (size - 1);
	to = from + data[1] % (size - 1 - from);
	data += 2;
	size -= 2;
	if (from > size)
		from = size;
	if (to > size)
		to = size;
	/* text: all; pattern: data[0..from) * data[to..size) */
	memcpy(pattern, data, from);
	pattern[from] = '*';
	memcpy(pattern + from + 1, data + to, size - to);
	REQUIRE(pgtc_glob_matches(pgtc_slice(pattern, from + 1 + size - to), fuzz_slice(data, size)));
	REQUIRE(pgtc_glob_matches(fuzz_slice(data, size), fuzz_slice(data, size)));
	REQUIRE(pgtc_glob_matches(pgtc_slice("*", 1), fuzz_slice(data, size)));
	if (size > 0 && memchr(data, '*', size) == NULL)
		REQUIRE(!pgtc_glob_matches(fuzz_slice(data, size), fuzz_slice(data, size - 1)));
	return 0;
}
