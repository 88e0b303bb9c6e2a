/*
 * client_url_fuzzer.c
 *		What is taken for the URL of a client's metadata is one for every reader of URLs,
 *		and leads to no address.
 */
#include "core/base/uri.h"
#include "core/base/url.h"
#include "core/oauth/client_url.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice text = fuzz_slice(data, size);
	PgtcClientUrl read;
	PgtcUrl url;
	size_t i;

	if (pgtc_client_url_read(text, &read) != PGTC_OK)
		return 0;
	REQUIRE(pgtc_url_split(text, &url) && url.secure && url.rest.len > 0 &&
			url.rest.data[0] == '/');
	REQUIRE(pgtc_slice_equal(url.host, read.host));
	REQUIRE(pgtc_uri_check_redirect(text) == PGTC_OK && pgtc_uri_check_resource(text) == PGTC_OK);
	REQUIRE(read.authority.data == read.host.data && read.authority.len >= read.host.len);
	REQUIRE(memchr(read.host.data, '.', read.host.len) != NULL);
	REQUIRE(memchr(text.data, '@', (size_t) (url.rest.data - text.data)) == NULL);
	REQUIRE(memchr(text.data, '?', text.len) == NULL && memchr(text.data, '#', text.len) == NULL);
	for (i = 0; i < read.host.len; i++)
		REQUIRE(read.host.data[i] < 'A' || read.host.data[i] > 'Z');
	return 0;
}
