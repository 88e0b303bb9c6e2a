/*
 * b64url_fuzzer.c
 *		What decodes encodes back to the very same text; what is encoded decodes.
 */
#include "core/base/b64url.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t text_len = pgtc_b64url_encoded_len(size);
	char *text = malloc(text_len + 1);
	uint8_t *bytes = malloc(size + 1);
	size_t len;

	REQUIRE(text != NULL && bytes != NULL);
	if (pgtc_b64url_decode(fuzz_slice(data, size), bytes, size, &len) == PGTC_OK)
	{
		REQUIRE(pgtc_b64url_encoded_len(len) == size);
		pgtc_b64url_encode(bytes, len, text);
		REQUIRE(memcmp(text, data, size) == 0);
	}
	pgtc_b64url_encode(data, size, text);
	REQUIRE(pgtc_b64url_decode(pgtc_slice(text, text_len), bytes, size, &len) == PGTC_OK);
	REQUIRE(len == size && memcmp(bytes, data, size) == 0);
	free(text);
	free(bytes);
	return 0;
}
