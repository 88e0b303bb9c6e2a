/*
 * printable_fuzzer.c
 *		Whatever comes in, one line of well-formed text comes out, which shows
 *		different input differently as long as it is not cut.
 */
#include "core/base/printable.h"
#include "core/base/utf8.h"
#include "fuzz.h"

#define WHOLE_MAX 64 /* bytes of input that fit in any case: each becomes four at most */

static int
hex(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* the input again */
static size_t
undo(const char *shown, char *out)
{
	size_t len = 0;

	while (*shown)
	{
		if (*shown != '\\')
			out[len++] = *shown++;
		else if (shown[1] == '\\')
		{
			out[len++] = '\\';
			shown += 2;
		}
		else
		{
			REQUIRE(shown[1] == 'x');
			out[len++] = (char) (hex(shown[2]) * 16 + hex(shown[3]));
			shown += 4;
		}
	}
	return len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice in = fuzz_slice(data, size);
	char out[4 * WHOLE_MAX + 1];
	char again[sizeof(out)];
	size_t i;

	pgtc_printable(in, out, sizeof(out));
	REQUIRE(memchr(out, '\0', sizeof(out)) != NULL);
	REQUIRE(pgtc_utf8_valid(pgtc_slice_str(out)));
	for (i = 0; out[i] != '\0'; i++)
		REQUIRE((unsigned char) out[i] >= ' ' && out[i] != 0x7f);
	if (in.len <= WHOLE_MAX)
	{
		size_t len = undo(out, again);

		REQUIRE(pgtc_slice_equal(pgtc_slice(again, len), in));
	}
	return 0;
}
