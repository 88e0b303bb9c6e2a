/*
 * test_context.c
 *		What a request says of itself by headers: which, and what they may be.
 */
#include <math.h>

#include "core/risk/context_headers.h"
#include "core/risk/context_value.h"
#include "unit.h"

static void
mappings(void)
{
	static const char *const wrong[] = {"a",		"a=",			"=b",		 "a=b,",	",",
										"a=b,,c=d", ",a=b",			"a=b c=d",	 "a=b;c=d", "A=b",
										"a=B",		"a1=b",			"a-b=c",	 "a=b=c",	"a==b",
										"ip=x-ip",	"user_agent=x", "a=x,a=y",	 "a=x\ty",	"a\t=x",
										"a=b\n",	"a=\xc3\xa4",	"a =b, a= c"};
	PgtcContextHeaders got;
	char text[1024];
	size_t len = 0;
	size_t i;

	CHECK(pgtc_context_headers_read(LITERAL(""), &got) == NULL && got.n == 0);
	CHECK(pgtc_context_headers_read(LITERAL("  "), &got) == NULL && got.n == 0);
	CHECK(pgtc_context_headers_read(LITERAL("latitude=x-geo-1, longitude = x_geo_2 ,a=b"), &got) ==
		  NULL);
	CHECK(got.n == 3 && strcmp(got.mapping[1].member, "longitude") == 0);
	CHECK(strcmp(pgtc_context_headers_find(&got, "latitude"), "x-geo-1") == 0);
	CHECK(strcmp(pgtc_context_headers_find(&got, "longitude"), "x_geo_2") == 0);
	CHECK(strcmp(pgtc_context_headers_find(&got, "a"), "b") == 0);
	CHECK(pgtc_context_headers_find(&got, "x-geo-1") == NULL);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		unit_check(pgtc_context_headers_read(pgtc_slice_str(wrong[i]), &got) != NULL,
				   "test_context.c, mapping", (int) i);
		CHECK(got.n == 0);
	}
	CHECK(pgtc_context_headers_read(LITERAL("a\0=b"), &got) != NULL);
	CHECK(pgtc_context_headers_read(LITERAL("a=b\0"), &got) != NULL);

	/* names of 63 characters, and not one more */
	memset(text, 'a', sizeof(text));
	text[63] = '=';
	CHECK(pgtc_context_headers_read(pgtc_slice(text, 127), &got) == NULL);
	CHECK(strlen(got.mapping[0].member) == 63 && strlen(got.mapping[0].header) == 63);
	CHECK(pgtc_context_headers_read(pgtc_slice(text, 128), &got) != NULL);
	text[63] = 'a';
	text[64] = '=';
	CHECK(pgtc_context_headers_read(pgtc_slice(text, 70), &got) != NULL);

	for (i = 0; i < PGTC_CONTEXT_HEADERS_MAX; i++, len += 4)
	{
		memcpy(text + len, "_=b,", 4);
		text[len] = (char) ('a' + i);
	}
	CHECK(pgtc_context_headers_read(pgtc_slice(text, len - 1), &got) == NULL);
	CHECK(got.n == PGTC_CONTEXT_HEADERS_MAX);
	memcpy(text + len, "z=b", 3);
	CHECK(pgtc_context_headers_read(pgtc_slice(text, len + 3), &got) != NULL && got.n == 0);
}

static void
numbers(void)
{
	static const char *const right[] = {
		"0", "-0", "90", "-90", "89.999999999999999", "0.5", "-0.5", "000000000000001"};
	static const char *const wrong[] = {"",
										" 1",
										"1 ",
										"+1",
										"-",
										".5",
										"1.",
										"1.5.5",
										"--1",
										"1e1",
										"0x1",
										"nan",
										"NaN",
										"inf",
										"-Infinity",
										"90.000000000001",
										"-91",
										"1,5",
										"0000000000000001",
										"0.0000000000000001",
										"999999999999999999999999999999"};
	double least;
	double greatest;
	size_t i;

	for (i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		unit_check(pgtc_context_value_valid("latitude", pgtc_slice_str(right[i])), right[i],
				   (int) i);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		unit_check(!pgtc_context_value_valid("latitude", pgtc_slice_str(wrong[i])), wrong[i],
				   (int) i);
	CHECK(!pgtc_context_value_valid("latitude", LITERAL("1\0")));
	CHECK(!pgtc_context_value_valid("latitude", pgtc_slice(NULL, 0)));
	CHECK(pgtc_context_value_valid("longitude", LITERAL("-180")));
	CHECK(!pgtc_context_value_valid("longitude", LITERAL("180.1")));
	CHECK(pgtc_context_value_valid("collected_at", LITERAL("253402300799")));
	CHECK(!pgtc_context_value_valid("collected_at", LITERAL("253402300800")));
	CHECK(!pgtc_context_value_valid("collected_at", LITERAL("-1")));
	CHECK(pgtc_context_value_valid("risk_score", LITERAL("-999999999999999.999999999999999")));
	CHECK(pgtc_context_value_range("risk_score", &least, &greatest) && isinf(least) &&
		  isinf(greatest));
	CHECK(pgtc_context_value_range("longitude", &least, &greatest) && least == -180 &&
		  greatest == 180);
	CHECK(!pgtc_context_value_range("country", &least, &greatest));
}

static void
texts(void)
{
	char text[PGTC_CONTEXT_VALUE_MAX + 1];

	memset(text, 'a', sizeof(text));
	CHECK(pgtc_context_value_valid("country", LITERAL("DE")));
	CHECK(pgtc_context_value_valid("country", LITERAL("\xc3\x96sterreich")));
	CHECK(pgtc_context_value_valid("country", pgtc_slice(text, PGTC_CONTEXT_VALUE_MAX)));
	CHECK(!pgtc_context_value_valid("country", pgtc_slice(text, PGTC_CONTEXT_VALUE_MAX + 1)));
	CHECK(!pgtc_context_value_valid("country", LITERAL("")));
	/* Attack: a line of its own in whoever's log shows it. */
	CHECK(!pgtc_context_value_valid("country", LITERAL("DE\nLOG: all is well")));
	CHECK(!pgtc_context_value_valid("country", LITERAL("D\x7f")));
}

void
test_context(void)
{
	mappings();
	numbers();
	texts();
}
