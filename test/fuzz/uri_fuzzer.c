/*
 * uri_fuzzer.c
 *		What any use accepts is printable ASCII, and every issuer is a resource
 *		and a redirection target too.
 */
#include "fuzz.h"
#include "uri.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice uri = fuzz_slice(data, size);
	bool resource = pgtc_uri_check_resource(uri) == PGTC_OK;
	bool issuer = pgtc_uri_check_issuer(uri) == PGTC_OK;
	bool redirect = pgtc_uri_check_redirect(uri) == PGTC_OK;
	bool native = pgtc_uri_check_native_redirect(uri) == PGTC_OK;
	size_t i;

	REQUIRE(!issuer || (resource && redirect));
	REQUIRE(!redirect || native);
	REQUIRE(!native || resource);
	if (resource)
	{
		REQUIRE(size <= PGTC_URI_MAX);
		REQUIRE(memchr(data, '#', size) == NULL);
		for (i = 0; i < size; i++)
			REQUIRE(data[i] > 0x20 && data[i] < 0x7f && data[i] != '"' && data[i] != '\\');
	}
	return 0;
}
