/*
 * scope_fuzzer.c
 *		A parsed list is written without repeats and parses to itself.
 */
#include "fuzz.h"
#include "core/oauth/scope.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static PgtcScope first;
	static PgtcScope second;
	static PgtcScope one;
	PgtcBuf text;
	int i;

	if (pgtc_scope_parse(fuzz_slice(data, size), &first) != PGTC_OK)
		return 0;
	pgtc_buf_init(&text, &fuzz_mem);
	pgtc_scope_write(&first, &text);
	REQUIRE(text.len <= size);
	REQUIRE(pgtc_scope_parse(pgtc_slice(text.data, text.len), &second) == PGTC_OK);
	REQUIRE(first.n == second.n);
	for (i = 0; i < first.n; i++)
	{
		REQUIRE(pgtc_scope_parse(first.token[i], &one) == PGTC_OK && one.n == 1);
		REQUIRE(pgtc_slice_equal(first.token[i], second.token[i]));
	}
	REQUIRE(pgtc_scope_subset(&first, &second) && pgtc_scope_subset(&second, &first));
	if (first.n > 0)
	{
		pgtc_scope_remove(&second, first.token[0]);
		REQUIRE(!pgtc_scope_subset(&first, &second));
		REQUIRE(pgtc_scope_subset(&second, &first));
	}
	pgtc_buf_free(&text);
	return 0;
}
