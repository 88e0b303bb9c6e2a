/*
 * uri_fuzzer.c
 *		What any use accepts is printable ASCII, and every issuer is a resource
 *		and a redirection target too.  The one spelling of a resource is a
 *		resource, is its own spelling, and is equivalent.
 */
#include "fuzz.h"
#include "core/base/uri_normal.h"

static void
check_normal(PgtcSlice uri)
{
	char normal[PGTC_URI_NORMAL_MAX];
	char again[PGTC_URI_NORMAL_MAX];
	size_t len;
	size_t again_len;

	REQUIRE(pgtc_uri_normal_write(uri, normal, &len) == PGTC_OK);
	REQUIRE(len > 0 && len <= sizeof(normal));
	/* the slash of an empty path can make it one too long to be read again */
	if (len > PGTC_URI_MAX)
		return;
	REQUIRE(pgtc_uri_normal_write(pgtc_slice(normal, len), again, &again_len) == PGTC_OK);
	REQUIRE(len == again_len && memcmp(normal, again, len) == 0);
	REQUIRE(pgtc_uri_normal_same(uri, pgtc_slice(normal, len)));
}

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
		check_normal(uri);
		REQUIRE(size <= PGTC_URI_MAX);
		REQUIRE(memchr(data, '#', size) == NULL);
		for (i = 0; i < size; i++)
			REQUIRE(data[i] > 0x20 && data[i] < 0x7f && data[i] != '"' && data[i] != '\\');
	}
	return 0;
}
