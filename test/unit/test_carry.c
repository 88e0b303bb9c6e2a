/*
 * test_carry.c
 *		What one shard seals for the next.
 */
#include "core/oauth/carry.h"
#include "unit.h"

/* Attack: what was sealed for one request opens with another, in which the same bytes stand elsewhere. */
static void
labels(void)
{
	static const PgtcSlice requests[][3] = {
		{{"POST", 4}, {"/token", 6}, {"a=b", 3}},	{{"POST", 4}, {"/token", 6}, {"a=c", 3}},
		{{"POST", 4}, {"/tokena", 7}, {"=b", 2}},	{{"POST/", 5}, {"token", 5}, {"a=b", 3}},
		{{"POST", 4}, {"/token", 6}, {"a=b\0", 4}}, {{"POST", 4}, {"/token", 6}, {NULL, 0}},
		{{"POST", 4}, {NULL, 0}, {"/token", 6}},	{{NULL, 0}, {NULL, 0}, {NULL, 0}},
	};
	const int n = sizeof(requests) / sizeof(requests[0]);
	char label[sizeof(requests) / sizeof(requests[0])][PGTC_DIGEST_TEXT_LEN + 1];
	char fewer[PGTC_DIGEST_TEXT_LEN + 1];
	int i;
	int j;

	for (i = 0; i < n; i++)
	{
		CHECK_CODE(pgtc_carry_label(requests[i], 3, &unit_mem, label[i]), PGTC_OK);
		CHECK(strlen(label[i]) == PGTC_DIGEST_TEXT_LEN);
		for (j = 0; j < i; j++)
			CHECK(strcmp(label[i], label[j]) != 0);
	}
	CHECK_CODE(pgtc_carry_label(requests[5], 2, &unit_mem, fewer), PGTC_OK);
	CHECK(strcmp(fewer, label[5]) != 0);
	CHECK_CODE(pgtc_carry_label(requests[0], 3, &unit_mem, fewer), PGTC_OK);
	CHECK(strcmp(fewer, label[0]) == 0);
}

/* Attack: what was sealed once is kept, and shown when nobody remembers it. */
static void
times(void)
{
	CHECK(pgtc_carry_is_fresh(1000, 1000));
	CHECK(pgtc_carry_is_fresh(1000, 1000 + PGTC_CARRY_LIFETIME - 1));
	CHECK(!pgtc_carry_is_fresh(1000, 1000 + PGTC_CARRY_LIFETIME));
	CHECK(pgtc_carry_is_fresh(1000 + PGTC_CARRY_LEEWAY, 1000));
	CHECK(!pgtc_carry_is_fresh(1001 + PGTC_CARRY_LEEWAY, 1000));
	CHECK(!pgtc_carry_is_fresh(0, 1000));
	CHECK(!pgtc_carry_is_fresh(INT64_MAX, 1000));
	CHECK(!pgtc_carry_is_fresh(INT64_MIN, 1000));
}

void
test_carry(void)
{
	labels();
	times();
}
