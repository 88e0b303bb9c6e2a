/*
 * configuration_lines_fuzzer.c
 *		A configuration as text: what is read is written as the same line again.
 */
#include "fuzz.h"
#include "core/base/base64.h"
#include "core/base/configuration_lines.h"

static void
written_again(PgtcSlice before, PgtcSlice rest, const PgtcConfigurationLine *line)
{
	PgtcSlice was = pgtc_slice_take(&before, '\n');
	PgtcBuf material;
	PgtcBuf text;

	REQUIRE(pgtc_slice_equal(before, rest));
	pgtc_buf_init(&material, &fuzz_mem);
	pgtc_buf_init(&text, &fuzz_mem);
	pgtc_buf_append_str(&material, "");
	/* bytes that base64 stands for in another form than ours are written otherwise */
	if (line->material.data == NULL || pgtc_base64_decode(line->material, &material) == PGTC_OK)
	{
		pgtc_configuration_lines_add(&text, line->table, line->row,
									 line->material.data == NULL
										 ? pgtc_slice(NULL, 0)
										 : pgtc_slice(material.data, material.len));
		REQUIRE(pgtc_buf_code(&text) == PGTC_OK);
		if (line->material.data == NULL || line->material.len % 4 == 0)
			REQUIRE(text.len == was.len + 1 && memcmp(text.data, was.data, was.len) == 0);
	}
	pgtc_buf_free(&material);
	pgtc_buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice rest = fuzz_slice(data, size);
	PgtcSlice all = rest;
	PgtcConfigurationLine line;
	PgtcSlice about;

	if (pgtc_configuration_lines_about(&rest, &about) == PGTC_OK)
		REQUIRE(about.len >= 2 && about.data[0] == '{' && about.data[about.len - 1] == '}');
	rest = all;
	while (rest.len > 0)
	{
		PgtcSlice before = rest;

		if (pgtc_configuration_lines_next(&rest, &line) != PGTC_OK)
			break;
		written_again(before, rest, &line);
	}
	return 0;
}
