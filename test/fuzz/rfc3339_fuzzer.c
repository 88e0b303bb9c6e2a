/*
 * rfc3339_fuzzer.c
 *		Times: what is one is what the C library makes of its parts.
 */
#include <stdio.h>
#include <time.h>

#include "core/base/rfc3339.h"
#include "core/base/text.h"
#include "fuzz.h"

#define SECOND INT64_C(1000000)

static void
check_parts(const char *text, int64_t microseconds)
{
	struct tm parts = {0};
	int hours = 0;
	int minutes = 0;
	const char *zone = strpbrk(text + 19, "Z+-");
	int64_t seconds;

	REQUIRE(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
				   &parts.tm_hour, &parts.tm_min, &parts.tm_sec) == 6);
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	REQUIRE(zone != NULL);
	if (*zone != 'Z')
		REQUIRE(sscanf(zone + 1, "%2d:%2d", &hours, &minutes) == 2);
	seconds = timegm(&parts) - (hours * 60 + minutes) * 60 * (*zone == '-' ? -1 : 1);
	REQUIRE(microseconds / SECOND == seconds);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice text = fuzz_slice(data, size);
	char copy[512];
	int64_t microseconds;
	int64_t number = pgtc_text_number(text, INT32_MAX);

	REQUIRE(number >= -1 && number <= INT32_MAX && (number < 0 || pgtc_text_digits(text)));
	if (pgtc_rfc3339_parse(text, &microseconds) != PGTC_OK)
	{
		REQUIRE(microseconds == -1);
		return 0;
	}
	REQUIRE(microseconds >= 0 && size >= strlen("0000-00-00T00:00:00Z"));
	REQUIRE(pgtc_text_printable(text) && pgtc_text_plain(text) && pgtc_text_quotable(text));
	if (size >= sizeof(copy))
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	check_parts(copy, microseconds);
	return 0;
}
