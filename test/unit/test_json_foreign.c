/*
 * test_json_foreign.c
 *		JSON of others, written anew.
 */
#include <stdio.h>

#include "core/base/json_foreign.h"
#include "unit.h"

static const struct
{
	const char *text;
	PgtcJsonForm form;
	PgtcCode code;
	const char *anew;
} cases[] = {
	{"{}", PGTC_JSON_OBJECT, PGTC_OK, "{}"},
	{" {\"a\" : [1, -2, true, null, \"\\u00e4\"]} \n", PGTC_JSON_OBJECT, PGTC_OK,
	 "{\"a\":[1,-2,true,null,\"\xc3\xa4\"]}"},
	{"[\"a\"]", PGTC_JSON_ARRAY, PGTC_OK, "[\"a\"]"},
	{"[]", PGTC_JSON_OBJECT, PGTC_E_MALFORMED, NULL},
	{"{}", PGTC_JSON_ARRAY, PGTC_E_MALFORMED, NULL},
	{"\"a\"", PGTC_JSON_ARRAY, PGTC_E_MALFORMED, NULL},
	{"", PGTC_JSON_OBJECT, PGTC_E_MALFORMED, NULL},
	{"{\"a\":1}x", PGTC_JSON_OBJECT, PGTC_E_MALFORMED, NULL},
	{"{\"a\":\"\xff\"}", PGTC_JSON_OBJECT, PGTC_E_MALFORMED, NULL},
	/* Attack: one member for who checks, another for who stores. */
	{"{\"a\":1,\"a\":2}", PGTC_JSON_OBJECT, PGTC_E_DUPLICATE, NULL},
	{"{\"b\":{\"a\":1,\"\\u0061\":2}}", PGTC_JSON_OBJECT, PGTC_E_DUPLICATE, NULL},
	{"[{\"a\":1,\"a\":2}]", PGTC_JSON_ARRAY, PGTC_E_MALFORMED, NULL},
	/* Attack: what jsonb would raise an error for. */
	{"{\"a\":\"\\u0000\"}", PGTC_JSON_OBJECT, PGTC_E_MALFORMED, NULL},
	{"{\"a\":\"\\ud800\"}", PGTC_JSON_OBJECT, PGTC_E_MALFORMED, NULL},
	{"{\"a\":1e999999}", PGTC_JSON_OBJECT, PGTC_E_MALFORMED, NULL},
	{"{\"a\":1e-999999}", PGTC_JSON_OBJECT, PGTC_OK, "{\"a\":0.0}"},
	{"{\"a\":99999999999999999999}", PGTC_JSON_OBJECT, PGTC_E_MALFORMED, NULL},
};

/* objects and arrays in each other, as many as said */
static PgtcCode
nested(int levels)
{
	char text[256];
	PgtcBuf buf;
	PgtcCode code;
	int len = 0;
	int i;

	for (i = 0; i < levels; i++)
		len += sprintf(text + len, "%s", i == 0 ? "{\"a\":" : "[");
	len += sprintf(text + len, "1");
	for (i = levels; i > 0; i--)
		text[len++] = i == 1 ? '}' : ']';
	pgtc_buf_init(&buf, &unit_mem);
	code = pgtc_json_foreign(pgtc_slice(text, (size_t) len), PGTC_JSON_OBJECT, &buf);
	pgtc_buf_free(&buf);
	return code;
}

void
test_json_foreign(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		PgtcBuf buf;
		PgtcCode code;

		pgtc_buf_init(&buf, &unit_mem);
		code = pgtc_json_foreign(pgtc_slice_str(cases[i].text), cases[i].form, &buf);
		unit_check(code == cases[i].code &&
					   (code != PGTC_OK || strcmp(buf.data, cases[i].anew) == 0),
				   "test_json_foreign.c, case", (int) i);
		pgtc_buf_free(&buf);
	}
	CHECK(nested(PGTC_JSON_FOREIGN_DEPTH) == PGTC_OK);
	CHECK(nested(PGTC_JSON_FOREIGN_DEPTH + 1) == PGTC_E_TOO_LONG);
}
