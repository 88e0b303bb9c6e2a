/*
 * accept_fuzzer.c
 *		Accept headers: a quality is one, and what is named without a weight is
 *		wanted; nothing is no coding.
 */
#include "core/base/accept.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool named;
	int quality = pgtc_accept_quality(fuzz_slice(data, size), "application/json", &named);

	REQUIRE(quality >= 0 && quality <= PGTC_QUALITY_MAX);
	REQUIRE(size > 0 || (quality == 0 && !named));
	REQUIRE(size >= 4 || !pgtc_accept_coding(fuzz_slice(data, size), "gzip"));
	return 0;
}
