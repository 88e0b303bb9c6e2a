/*
 * html_fuzzer.c
 *		What is written holds no character that would mean something, and read
 *		again it is the text that came.
 */
#include "core/base/html.h"
#include "fuzz.h"

static const struct
{
	const char *reference;
	char character;
} references[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};

/* the reference at the beginning of the text, which must be there */
static size_t
read_reference(PgtcSlice text, char *character)
{
	size_t i;

	for (i = 0; i < sizeof(references) / sizeof(references[0]); i++)
	{
		size_t len = strlen(references[i].reference);

		if (text.len >= len && memcmp(text.data, references[i].reference, len) == 0)
		{
			*character = references[i].character;
			return len;
		}
	}
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcBuf out;
	size_t at = 0;
	size_t i;

	pgtc_buf_init(&out, &fuzz_mem);
	pgtc_html_escape(fuzz_slice(data, size), &out);
	REQUIRE(pgtc_buf_code(&out) == PGTC_OK);
	for (i = 0; i < size; i++)
	{
		char character;

		REQUIRE(at < out.len);
		REQUIRE(memchr("<>\"'", out.data[at], 4) == NULL);
		character = out.data[at];
		at += character == '&' ? read_reference(pgtc_slice(out.data + at, out.len - at), &character)
							   : 1;
		REQUIRE(character == (char) data[i]);
	}
	REQUIRE(at == out.len);
	pgtc_buf_free(&out);
	return 0;
}
