/*
 * claims_parameter_fuzzer.c
 *		What is read of a claims parameter is read the same once more, and is no longer than
 *		escapes make it.
 */
#include "core/oauth/claims_parameter.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice text = fuzz_slice(data, size);
	PgtcBuf once;
	PgtcBuf twice;
	const char *scope = pgtc_claims_parameter_scope(text);

	REQUIRE(scope == NULL || size > 0);
	pgtc_buf_init(&once, &fuzz_mem);
	if (pgtc_claims_parameter_read(text, &once) != PGTC_OK)
	{
		REQUIRE(once.len == 0);
		pgtc_buf_free(&once);
		return 0;
	}
	REQUIRE(size <= PGTC_CLAIMS_PARAMETER_MAX);
	/* null becomes {}, two bytes for four; nothing grows but a DEL */
	REQUIRE(once.len <= 6 * size + 64);
	pgtc_buf_init(&twice, &fuzz_mem);
	if (once.len <= PGTC_CLAIMS_PARAMETER_MAX)
	{
		REQUIRE(pgtc_claims_parameter_read(pgtc_slice(once.data, once.len), &twice) == PGTC_OK);
		REQUIRE(twice.len == once.len && memcmp(once.data, twice.data, once.len) == 0);
	}
	pgtc_buf_free(&once);
	pgtc_buf_free(&twice);
	return 0;
}
