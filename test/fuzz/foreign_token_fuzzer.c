/*
 * foreign_token_fuzzer.c
 *		Tokens and ciphertexts of another server.  The first byte chooses which; what is taken
 *		for genuine has one spelling.
 */
#include "fuzz.h"
#include "core/oauth/foreign_token.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t key[PGTC_FOREIGN_KEY_LEN];
	uint8_t digest[PGTC_SHA256_LEN];
	uint8_t longer[PGTC_SHA256_LEN];
	PgtcSlice text;
	PgtcBuf plain;

	if (size == 0)
		return 0;
	text = fuzz_slice(data + 1, size - 1);
	REQUIRE(pgtc_foreign_token_key(pgtc_slice_str("a secret of no server"), key) == PGTC_OK);
	if (data[0] % 2 == 0)
	{
		if (pgtc_foreign_token_digest(PGTC_FOREIGN_HYDRA, key, text, digest) == PGTC_OK)
			/* one character less is another token */
			REQUIRE(pgtc_foreign_token_digest(PGTC_FOREIGN_HYDRA, key,
											  pgtc_slice(text.data, text.len - 1),
											  longer) != PGTC_OK);
		return 0;
	}
	pgtc_buf_init(&plain, &fuzz_mem);
	if (pgtc_foreign_token_open(key, text, &plain) != PGTC_OK)
		REQUIRE(plain.len == 0);
	pgtc_buf_free(&plain);
	return 0;
}
