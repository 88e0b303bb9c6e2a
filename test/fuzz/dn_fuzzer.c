/*
 * dn_fuzzer.c
 *		Distinguished names.  What is written of one is a name itself, whose text it
 *		is again, once its values are written as strings.
 */
#include "core/jose/dn.h"
#include "fuzz.h"

/* types as they are, each value as escaped bytes; what is no string stays in hexadecimal */
static void
write_again(const PgtcBuf *normal, PgtcBuf *out)
{
	bool in_value = false;
	bool is_string = false;
	size_t i;

	for (i = 0; i < normal->len; i++)
	{
		char c = normal->data[i];

		if (c == ',' || c == '+' || c == '=')
		{
			in_value = c == '=';
			is_string = in_value && !(i + 1 < normal->len && normal->data[i + 1] == '#');
			pgtc_buf_append(out, &c, 1);
			continue;
		}
		if (in_value && is_string)
		{
			REQUIRE(i + 1 < normal->len);
			pgtc_buf_append_str(out, "\\");
			pgtc_buf_append(out, normal->data + i, 2);
			i++;
		}
		else
			pgtc_buf_append(out, &c, 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcBuf normal;
	PgtcBuf text;
	PgtcBuf again;

	pgtc_buf_init(&normal, &fuzz_mem);
	if (pgtc_dn_normalise(fuzz_slice(data, size), &fuzz_mem, &normal) != PGTC_OK)
	{
		REQUIRE(normal.len == 0);
		pgtc_buf_free(&normal);
		return 0;
	}
	REQUIRE(normal.len > 0);
	pgtc_buf_init(&text, &fuzz_mem);
	pgtc_buf_init(&again, &fuzz_mem);
	write_again(&normal, &text);
	if (text.len <= PGTC_DN_MAX)
	{
		REQUIRE(pgtc_dn_normalise(pgtc_slice(text.data, text.len), &fuzz_mem, &again) == PGTC_OK);
		REQUIRE(pgtc_slice_equal(pgtc_slice(normal.data, normal.len),
								 pgtc_slice(again.data, again.len)));
	}
	pgtc_buf_free(&again);
	pgtc_buf_free(&text);
	pgtc_buf_free(&normal);
	return 0;
}
