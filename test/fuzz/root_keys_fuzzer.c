/*
 * root_keys_fuzzer.c
 *		A root key file that parses gives keys that wrap and unwrap.
 */
#include "fuzz.h"
#include "core/jose/wrap.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nonce[PGTC_WRAP_NONCE_LEN] = {0};
	PgtcSlice label = pgtc_slice_str("label");
	PgtcRootKeys keys;
	PgtcBuf blob;
	PgtcBuf plain;

	if (pgtc_root_keys_parse(fuzz_slice(data, size), &keys) != PGTC_OK)
	{
		REQUIRE(keys.n == 0);
		return 0;
	}
	REQUIRE(keys.n >= 1 && keys.n <= PGTC_ROOT_KEYS_MAX);
	REQUIRE(size >= (size_t) keys.n * 2 * PGTC_ROOT_KEY_LEN);
	pgtc_buf_init(&blob, &fuzz_mem);
	pgtc_buf_init(&plain, &fuzz_mem);
	REQUIRE(pgtc_wrap(&keys, label, nonce, "plain", 5, &blob) == PGTC_OK);
	REQUIRE(pgtc_wrap_by_first(&keys, blob.data, blob.len));
	REQUIRE(pgtc_wrap_open(&keys, label, blob.data, blob.len, &plain) == PGTC_OK);
	REQUIRE(plain.len == 5 && memcmp(plain.data, "plain", 5) == 0);
	pgtc_buf_free(&blob);
	pgtc_buf_free(&plain);
	pgtc_root_keys_wipe(&keys);
	return 0;
}
