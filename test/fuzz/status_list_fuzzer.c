/*
 * status_list_fuzzer.c
 *		A name of a status list that is taken is the one that the list has; what is
 *		made of a list is compressed so that it comes back.
 */
#include <zlib.h>

#include "fuzz.h"
#include "core/base/deflate.h"
#include "core/oauth/status_list.h"

static void
name(PgtcSlice in)
{
	PgtcStatusList list;
	PgtcBuf uri;
	size_t len = strlen(PGTC_STATUS_LIST_PATH "/");

	if (pgtc_status_list_parse(in, &list) != PGTC_OK)
		return;
	REQUIRE(list.series > 0 && list.number >= 0 && list.number < PGTC_STATUS_LIST_NUMBERS);
	pgtc_buf_init(&uri, &fuzz_mem);
	pgtc_status_list_uri(pgtc_slice("", 0), list, &uri);
	REQUIRE(pgtc_slice_equal(pgtc_slice(uri.data + len, uri.len - len), in));
	pgtc_buf_free(&uri);
}

static void
compression(const uint8_t *data, size_t size)
{
	uint8_t read[4096];
	uLongf len = sizeof(read);
	PgtcBuf out;

	if (size > sizeof(read))
		return;
	pgtc_buf_init(&out, &fuzz_mem);
	REQUIRE(pgtc_deflate(data, size, &out) == PGTC_OK);
	REQUIRE(uncompress(read, &len, (const Bytef *) out.data, out.len) == Z_OK);
	REQUIRE(len == size && (size == 0 || memcmp(read, data, size) == 0));
	pgtc_buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	name(fuzz_slice(data, size));
	compression(data, size);
	return 0;
}
