/*
 * test_plain_object.c
 *		Members of plain JSON objects of strings.
 */
#include "core/base/plain_object.h"
#include "unit.h"

static const struct
{
	const char *json;
	const char *a; /* NULL: none */
} cases[] = {
	{"{\"a\":\"1\"}", "1"},
	{"{\"a\":\"\"}", ""},
	{"{ \"b\" : \"2\" , \"a\" : \"1\" }", "1"},
	{"{\"a\":\"1\",\"b\":\"\\\"\\u0041\"}", "1"},
	/* the last one of a name, as jsonb has it */
	{"{\"a\":\"1\",\"a\":\"2\"}", "2"},
	{"{\"a\":\"1\",\"a\":\"\\u0032\"}", NULL},
	{"{\"a\":\"\\u0031\",\"a\":\"2\"}", "2"},
	{"{\"a\":\"\xc3\xa4\"}", "\xc3\xa4"},
	/* Attack: a member that only looks like one, inside the value of another. */
	{"{\"b\":\"\\\",\\\"a\\\":\\\"1\"}", NULL},
	{"{\"b\":\"x\\\\\",\"a\":\"1\"}", "1"},
	{"{\"b\":\"{\",\"c\":\"a:1}\"}", NULL},
	/* Attack: a name with escapes, which could be this one. */
	{"{\"a\":\"1\",\"\\u0061\":\"2\"}", NULL},
	/* Attack: something before or behind, for whoever reads more than we do. */
	{"{\"a\":\"1\"}x", NULL},
	{"{\"a\":\"1\"} ", NULL},
	{" {\"a\":\"1\"}", NULL},
	{"{\"a\":\"1\",}", NULL},
	{"{\"a\":\"1\"", NULL},
	{"{\"a\":\"1", NULL},
	{"{\"a\":\"1\\", NULL},
	{"{\"a\":\"1\\\"", NULL},
	{"{\"a\":1}", NULL},
	{"{\"a\":\"1\",\"b\":null}", NULL},
	{"{\"a\":\"1\",\"b\":{}}", NULL},
	{"{\"a\"\"1\"}", NULL},
	{"{\"a\":\"1\" \"b\":\"2\"}", NULL},
	{"{\"a\":\n\"1\"}", NULL},
	{"[\"a\",\"1\"]", NULL},
	{"{\"A\":\"1\"}", NULL},
	{"{\"aa\":\"1\"}", NULL},
	{"{}", NULL},
	{"{", NULL},
	{"", NULL},
};

/* a member of the object itself, whatever else it has */
static const struct
{
	const char *json;
	const char *a; /* NULL: none */
} mixed[] = {
	{"{\"a\":\"1\"}", "1"},
	{"{\"exp\":1,\"aud\":[\"x\",{\"a\":\"2\"}],\"a\":\"1\",\"t\":true}", "1"},
	{"{\"b\": {\"c\": [1, 2]}, \"a\": \"1\"}", "1"},
	{"{\"a\":\"1\",\"a\":\"2\"}", "2"},
	{"{\"a\":\"1\",\"a\":2}", NULL},
	{"{\"a\":1}", NULL},
	/* Attack: one that is not the object's own. */
	{"{\"b\":{\"a\":\"1\"}}", NULL},
	{"{\"b\":[{\"a\":\"1\"}]}", NULL},
	{"{\"b\":\"}\",\"c\":{\"d\":\"]\",\"a\":\"1\"}}", NULL},
	{"{\"b\":\"\\\",\\\"a\\\":\\\"1\"}", NULL},
	{"{\"\\u0061\":\"1\"}", NULL},
	{"{\"b\":{\"a\":\"1\"}", NULL},
	{"{\"a\":\"1\"}x", NULL},
	{"{\"a\":\"1\",\"b\":", NULL},
	{"[{\"a\":\"1\"}]", NULL},
	{"{}", NULL},
	{"", NULL},
};

void
test_plain_object(void)
{
	size_t i;
	size_t len;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		PgtcSlice got = pgtc_plain_object_get(pgtc_slice_str(cases[i].json), "a");

		unit_check((got.data != NULL) == (cases[i].a != NULL) &&
					   (got.data == NULL || pgtc_slice_equal(got, pgtc_slice_str(cases[i].a))),
				   "test_plain_object.c, case", (int) i);
	}
	for (i = 0; i < sizeof(mixed) / sizeof(mixed[0]); i++)
	{
		PgtcSlice got = pgtc_plain_object_string(pgtc_slice_str(mixed[i].json), "a");

		unit_check((got.data != NULL) == (mixed[i].a != NULL) &&
					   (got.data == NULL || pgtc_slice_equal(got, pgtc_slice_str(mixed[i].a))),
				   "test_plain_object.c, mixed", (int) i);
	}
	/* a beginning of it is none of it, wherever it is cut */
	for (len = 0; len < strlen(cases[2].json); len++)
		CHECK(pgtc_plain_object_get(pgtc_slice(cases[2].json, len), "a").data == NULL);
	CHECK(pgtc_plain_object_get(pgtc_slice(NULL, 0), "a").data == NULL);
	CHECK(pgtc_plain_object_get(LITERAL("{\"a\":\"1\"}\0"), "a").data == NULL);
}
