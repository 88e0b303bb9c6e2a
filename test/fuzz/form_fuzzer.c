/*
 * form_fuzzer.c
 *		What was decoded is text, and encoded again it decodes to the same.
 */
#include "core/base/form.h"
#include "core/base/utf8.h"
#include "fuzz.h"

static void
check_again(const PgtcForm *form)
{
	PgtcForm again;
	PgtcBuf url;
	int i;

	pgtc_buf_init(&url, &fuzz_mem);
	pgtc_buf_append_str(&url, "?");
	for (i = 0; i < form->n; i++)
	{
		/* names of ours are C strings, so each is written as a value here */
		pgtc_form_append_query(&url, "n", form->field[i].name);
		pgtc_form_append_query(&url, "v", form->field[i].value);
	}
	if (form->n <= PGTC_FORM_FIELDS_MAX / 2 && url.len <= PGTC_FORM_MAX)
	{
		REQUIRE(pgtc_form_parse(pgtc_slice(url.data + 1, url.len - 1), &fuzz_mem, &again) ==
				PGTC_OK);
		REQUIRE(again.n == 2 * form->n);
		for (i = 0; i < form->n; i++)
		{
			REQUIRE(pgtc_slice_equal(again.field[2 * i].value, form->field[i].name));
			REQUIRE(pgtc_slice_equal(again.field[2 * i + 1].value, form->field[i].value));
		}
		pgtc_form_free(&again);
	}
	pgtc_buf_free(&url);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const repeatable[] = {"resource", NULL};
	PgtcForm form;
	int i;

	/* what is judged to be of another type is no form of a single harmless name */
	REQUIRE(size == 0 || !pgtc_form_is_other_type(fuzz_slice(data, size)) || data[0] <= ' ' ||
			memchr("{[-", data[0], 3) != NULL);
	if (pgtc_form_parse(fuzz_slice(data, size), &fuzz_mem, &form) != PGTC_OK)
	{
		REQUIRE(form.n == 0 && form.storage.data == NULL);
		return 0;
	}
	REQUIRE(size <= PGTC_FORM_MAX && form.n <= PGTC_FORM_FIELDS_MAX);
	for (i = 0; i < form.n; i++)
	{
		REQUIRE(form.field[i].name.data != NULL && form.field[i].value.data != NULL);
		REQUIRE(pgtc_utf8_valid(form.field[i].name) && pgtc_utf8_valid(form.field[i].value));
	}
	REQUIRE(!pgtc_slice_equal(pgtc_form_repeated(&form, repeatable), pgtc_slice_str("resource")));
	check_again(&form);
	pgtc_form_free(&form);
	return 0;
}
