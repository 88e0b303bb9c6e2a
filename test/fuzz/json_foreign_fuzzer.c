/*
 * json_foreign_fuzzer.c
 *		What is written anew is JSON, means the same, and comes out as it is the next time.
 */
#include <jansson.h>

#include "core/base/json_foreign.h"
#include "fuzz.h"

static void
check(PgtcSlice text, PgtcJsonForm form)
{
	PgtcBuf once;
	PgtcBuf twice;

	pgtc_buf_init(&once, &fuzz_mem);
	pgtc_buf_init(&twice, &fuzz_mem);
	if (pgtc_json_foreign(text, form, &once) == PGTC_OK)
	{
		json_t *before = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
		json_t *after = json_loadb(once.data, once.len, JSON_REJECT_DUPLICATES, NULL);

		REQUIRE(json_equal(before, after));
		REQUIRE(memchr(once.data, '\0', once.len) == NULL);
		REQUIRE(once.data[0] == (form == PGTC_JSON_ARRAY ? '[' : '{'));
		REQUIRE(pgtc_json_foreign(pgtc_slice(once.data, once.len), form, &twice) == PGTC_OK);
		REQUIRE(
			pgtc_slice_equal(pgtc_slice(once.data, once.len), pgtc_slice(twice.data, twice.len)));
		json_decref(before);
		json_decref(after);
	}
	pgtc_buf_free(&once);
	pgtc_buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(fuzz_slice(data, size), PGTC_JSON_OBJECT);
	check(fuzz_slice(data, size), PGTC_JSON_ARRAY);
	return 0;
}
