/*
 * plain_object_fuzzer.c
 *		A member that is found is the one that a reader of JSON finds, and what is
 *		taken for credentials ends where it does.
 */
#include <jansson.h>

#include "core/base/credentials.h"
#include "core/base/plain_object.h"
#include "fuzz.h"

static void
check_member(PgtcSlice json, const char *name, PgtcSlice found)
{
	json_t *object = json.len > 0 ? json_loadb(json.data, json.len, 0, NULL) : NULL;
	const json_t *member = json_object_get(object, name);

	if (found.data != NULL)
	{
		REQUIRE(found.data > json.data && found.data + found.len < json.data + json.len);
		REQUIRE(found.data[found.len] == '"');
	}
	/* what is no JSON (control characters, bytes that are no UTF-8) is read all the same */
	if (found.data != NULL && object != NULL)
		REQUIRE(json_is_string(member) &&
				pgtc_slice_equal(
					found, pgtc_slice(json_string_value(member), json_string_length(member))));
	json_decref(object);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice text = fuzz_slice(data, size);
	PgtcSlice credentials = pgtc_credentials_of(text, "Bearer");

	check_member(text, "authorization", pgtc_plain_object_get(text, "authorization"));
	check_member(text, "a", pgtc_plain_object_get(text, "a"));
	check_member(text, "a", pgtc_plain_object_string(text, "a"));
	if (credentials.data != NULL)
	{
		REQUIRE(size > 6 && credentials.data + credentials.len == text.data + text.len);
		REQUIRE(memchr(" \t\n\v\f\r", credentials.data[-1], 6) != NULL);
		REQUIRE(credentials.len == 0 || memchr(" \t\n\v\f\r", credentials.data[0], 6) == NULL);
	}
	return 0;
}
