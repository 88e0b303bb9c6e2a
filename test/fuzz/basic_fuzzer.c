/*
 * basic_fuzzer.c
 *		Basic credentials, as they come and, so that mutations reach further, with
 *		the input as what is encoded: the halves around the first colon.
 */
#include "core/base/basic.h"
#include "core/base/form.h"
#include "core/base/utf8.h"
#include "fuzz.h"

static PgtcCode
check(PgtcSlice credentials, PgtcBuf *id, PgtcBuf *secret)
{
	PgtcCode code;

	pgtc_buf_init(id, &fuzz_mem);
	pgtc_buf_init(secret, &fuzz_mem);
	code = pgtc_basic_read(credentials, id, secret);
	if (code != PGTC_OK)
		REQUIRE(id->len == 0 && secret->len == 0);
	else
	{
		REQUIRE(pgtc_utf8_valid(pgtc_slice(id->data, id->len)));
		REQUIRE(pgtc_utf8_valid(pgtc_slice(secret->data, secret->len)));
	}
	return code;
}

static void
check_plain(const uint8_t *data, size_t size)
{
	const uint8_t *colon = size > 0 ? memchr(data, ':', size) : NULL;
	PgtcBuf text;
	PgtcBuf id;
	PgtcBuf secret;
	PgtcBuf half;
	PgtcCode code;
	size_t i;

	pgtc_buf_init(&text, &fuzz_mem);
	pgtc_buf_init(&half, &fuzz_mem);
	pgtc_buf_append_b64url(&text, data, size);
	for (i = 0; i < text.len; i++)
	{
		if (text.data[i] == '-')
			text.data[i] = '+';
		else if (text.data[i] == '_')
			text.data[i] = '/';
	}
	while (size % 2 == 1 && text.len % 4 != 0)
		pgtc_buf_append_str(&text, "=");

	code = check(pgtc_slice(text.data, text.len), &id, &secret);
	REQUIRE(code != PGTC_E_TOO_LONG || text.len > PGTC_BASIC_MAX);
	if (code == PGTC_OK)
	{
		REQUIRE(colon != NULL);
		REQUIRE(pgtc_form_decode(fuzz_slice(data, (size_t) (colon - data)), &half) == PGTC_OK);
		REQUIRE(pgtc_slice_equal(pgtc_slice(half.data, half.len), pgtc_slice(id.data, id.len)));
	}
	pgtc_buf_free(&text);
	pgtc_buf_free(&half);
	pgtc_buf_free(&id);
	pgtc_buf_free(&secret);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcBuf id;
	PgtcBuf secret;

	(void) check(fuzz_slice(data, size), &id, &secret);
	pgtc_buf_free(&id);
	pgtc_buf_free(&secret);
	check_plain(data, size);
	return 0;
}
