/*
 * context_fuzzer.c
 *		Which headers become which members, and what those may be.
 */
#include "core/base/address.h"
#include "core/base/text.h"
#include "core/risk/context_headers.h"
#include "core/risk/context_value.h"
#include "fuzz.h"

/* what was read, written again, is the same */
static void
check_again(const PgtcContextHeaders *headers)
{
	char text[PGTC_CONTEXT_HEADERS_MAX * (2 * PGTC_CONTEXT_NAME_MAX + 2)];
	PgtcContextHeaders again;
	size_t len = 0;
	int i;

	for (i = 0; i < headers->n; i++)
	{
		const PgtcContextHeader *mapping = &headers->mapping[i];

		REQUIRE(pgtc_context_headers_find(headers, mapping->member) == mapping->header);
		if (i > 0)
			text[len++] = ',';
		memcpy(text + len, mapping->member, strlen(mapping->member));
		len += strlen(mapping->member);
		text[len++] = '=';
		memcpy(text + len, mapping->header, strlen(mapping->header));
		len += strlen(mapping->header);
	}
	REQUIRE(pgtc_context_headers_read(pgtc_slice(text, len), &again) == NULL);
	REQUIRE(memcmp(&again, headers, sizeof(again)) == 0);
}

static void
check_value(const char *member, PgtcSlice text)
{
	double least;
	double greatest;
	char number[64];

	if (!pgtc_context_value_valid(member, text))
		return;
	REQUIRE(text.len > 0 && pgtc_text_plain(text));
	if (!pgtc_context_value_range(member, &least, &greatest))
		return;
	REQUIRE(text.len <= 32 && pgtc_text_printable(text));
	memcpy(number, text.data, text.len);
	number[text.len] = '\0';
	REQUIRE(strspn(number, "-0123456789.") == text.len);
	REQUIRE(strtod(number, NULL) >= least && strtod(number, NULL) <= greatest);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static PgtcContextHeaders headers;
	PgtcSlice text = fuzz_slice(data, size);
	PgtcSlice last = pgtc_address_last(text);
	PgtcAddress address;

	if (pgtc_context_headers_read(text, &headers) == NULL)
		check_again(&headers);
	else
		REQUIRE(headers.n == 0);
	check_value("latitude", text);
	check_value("collected_at", text);
	check_value("risk_score", text);
	check_value("country", text);
	if (last.data != NULL)
		REQUIRE(pgtc_address_parse(last, &address) == PGTC_OK &&
				last.data + last.len == text.data + text.len);
	return 0;
}
