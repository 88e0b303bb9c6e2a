/*
 * unwrap_fuzzer.c
 *		A blob opens only if wrapping its content again gives the same blob.
 */
#include "fuzz.h"
#include "core/jose/wrap.h"

/* a key of no system */
static const char file[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice label = pgtc_slice_str("label");
	PgtcRootKeys keys;
	PgtcBuf plain;
	PgtcBuf blob;
	PgtcCode code;

	REQUIRE(pgtc_root_keys_parse(pgtc_slice_str(file), &keys) == PGTC_OK);
	pgtc_buf_init(&plain, &fuzz_mem);
	pgtc_buf_init(&blob, &fuzz_mem);
	code = pgtc_wrap_open(&keys, label, data, size, &plain);
	if (code == PGTC_OK)
	{
		REQUIRE(pgtc_wrap_by_first(&keys, data, size));
		REQUIRE(pgtc_wrap(&keys, label, data + 9, plain.data, plain.len, &blob) == PGTC_OK);
		REQUIRE(blob.len == size && memcmp(blob.data, data, size) == 0);
		/* under another label it stays closed */
		REQUIRE(pgtc_wrap_open(&keys, pgtc_slice_str("other"), data, size, &blob) ==
				PGTC_E_SIGNATURE);
	}
	else
		REQUIRE(plain.len == 0);
	pgtc_buf_free(&plain);
	pgtc_buf_free(&blob);
	pgtc_root_keys_wipe(&keys);
	return 0;
}
