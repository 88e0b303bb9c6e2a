/*
 * jwk_fuzzer.c
 *		A JWK that is read is public, and written again it names the same key.
 */
#include "fuzz.h"
#include "core/jose/jwk.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const PgtcAlg *alg;
	int i;

	for (i = 0; (alg = pgtc_alg_nth(i)) != NULL; i++)
	{
		char first[PGTC_THUMBPRINT_LEN + 1];
		char second[PGTC_THUMBPRINT_LEN + 1];
		PgtcKey key;
		PgtcKey again;
		PgtcBuf jwk;

		if (pgtc_jwk_read(alg, fuzz_slice(data, size), &key) != PGTC_OK)
		{
			REQUIRE(key.pkey == NULL && key.alg == NULL);
			continue;
		}
		REQUIRE(key.alg == alg && !key.is_private && key.secret == NULL);
		pgtc_buf_init(&jwk, &fuzz_mem);
		REQUIRE(pgtc_key_write_private(&key, &jwk) == PGTC_E_KEY);
		REQUIRE(pgtc_jwk_write(&key, pgtc_slice_str("k"), &jwk) == PGTC_OK);
		REQUIRE(pgtc_jwk_read(alg, pgtc_slice(jwk.data, jwk.len), &again) == PGTC_OK);
		REQUIRE(pgtc_jwk_thumbprint(&key, &fuzz_mem, first) == PGTC_OK);
		REQUIRE(pgtc_jwk_thumbprint(&again, &fuzz_mem, second) == PGTC_OK);
		REQUIRE(strcmp(first, second) == 0);
		pgtc_key_free(&again);
		pgtc_key_free(&key);
		pgtc_buf_free(&jwk);
	}
	return 0;
}
