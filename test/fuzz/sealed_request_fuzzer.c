/*
 * sealed_request_fuzzer.c
 *		Requests that were handed over: what is read has one spelling, and leads where its
 *		id says.
 */
#include "fuzz.h"
#include "core/oauth/route.h"
#include "core/oauth/sealed_request.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice in = fuzz_slice(data, size);
	uint8_t id[PGTC_UUID_LEN];
	uint8_t routed[PGTC_UUID_LEN];
	PgtcBuf sealed;
	PgtcBuf again;

	pgtc_buf_init(&sealed, &fuzz_mem);
	pgtc_buf_init(&again, &fuzz_mem);
	if (pgtc_sealed_request_read(in, id, &sealed) == PGTC_OK)
	{
		REQUIRE(sealed.len > 0 && pgtc_sealed_request_is(in));
		REQUIRE(pgtc_sealed_request_write(id, pgtc_slice(sealed.data, sealed.len), &again) ==
				PGTC_OK);
		REQUIRE(pgtc_slice_equal(in, pgtc_slice(again.data, again.len)));
		REQUIRE(pgtc_route_grant_id(in, &fuzz_mem, routed) == PGTC_OK);
		REQUIRE(memcmp(id, routed, sizeof(id)) == 0);
	}
	else
		REQUIRE(sealed.len == 0);
	pgtc_buf_free(&sealed);
	pgtc_buf_free(&again);
	return 0;
}
