/*
 * test_slice.c
 *		Parts of slices, characters of ASCII, numbers and digits as bytes, letters.
 */
#include "core/base/ascii.h"
#include "core/base/letters.h"
#include "unit.h"

static void
taken(void)
{
	PgtcSlice text = LITERAL("a,,bc");
	PgtcSlice part;

	part = pgtc_slice_take(&text, ',');
	CHECK(pgtc_slice_equal(part, LITERAL("a")) && pgtc_slice_equal(text, LITERAL(",bc")));
	part = pgtc_slice_take(&text, ',');
	CHECK(part.len == 0 && part.data != NULL && pgtc_slice_equal(text, LITERAL("bc")));
	part = pgtc_slice_take(&text, ',');
	CHECK(pgtc_slice_equal(part, LITERAL("bc")) && text.len == 0 && text.data != NULL);
	part = pgtc_slice_take(&text, ',');
	CHECK(part.len == 0 && text.len == 0);
	text = pgtc_slice(NULL, 0);
	part = pgtc_slice_take(&text, ',');
	CHECK(part.data == NULL && part.len == 0 && text.data == NULL);
	text = LITERAL("a\0b");
	part = pgtc_slice_take(&text, '\0');
	CHECK(pgtc_slice_equal(part, LITERAL("a")) && pgtc_slice_equal(text, LITERAL("b")));
}

static void
trimmed(void)
{
	CHECK(pgtc_slice_equal(pgtc_slice_trim(LITERAL(" \ta b\t "), " \t"), LITERAL("a b")));
	CHECK(pgtc_slice_trim(LITERAL(" \t "), " \t").len == 0);
	CHECK(pgtc_slice_trim(pgtc_slice(NULL, 0), " \t").len == 0);
	/* not the NUL that ends the list */
	CHECK(pgtc_slice_trim(LITERAL("\0a\0"), " \t").len == 3);
}

static void
ascii(void)
{
	int letters = 0;
	int digits = 0;
	int lowered = 0;
	int raised = 0;
	int c;

	for (c = -128; c < 128; c++)
	{
		letters += pgtc_ascii_letter((char) c);
		digits += pgtc_ascii_digit((char) c);
		lowered += pgtc_ascii_lower((char) c) != (char) c;
		raised += pgtc_ascii_upper((char) c) != (char) c;
	}
	CHECK(letters == 52 && digits == 10 && lowered == 26 && raised == 26);
	CHECK(pgtc_ascii_is(LITERAL("HtTp"), "http") && pgtc_ascii_is(LITERAL("@[`{"), "@[`{"));
	CHECK(!pgtc_ascii_is(LITERAL("http"), "https") && !pgtc_ascii_is(LITERAL("https"), "http"));
	CHECK(!pgtc_ascii_is(LITERAL("@"), "`") && !pgtc_ascii_is(LITERAL("a\0"), "a"));
	CHECK(pgtc_ascii_is(LITERAL(""), "") && pgtc_ascii_is(pgtc_slice(NULL, 0), ""));
}

static void
bytes(void)
{
	static const char all[] = "0123456789abcdefABCDEF";
	uint8_t out[8];
	char two[2];
	int pairs = 0;
	int a;
	int b;

	pgtc_bytes_put(out, 8, UINT64_C(0x0123456789abcdef));
	CHECK(out[0] == 0x01 && out[7] == 0xef);
	CHECK(pgtc_bytes_get(out, 8) == UINT64_C(0x0123456789abcdef));
	CHECK(pgtc_bytes_get(out + 1, 3) == 0x234567 && pgtc_bytes_get(out, 0) == 0);
	pgtc_bytes_put(out, 3, UINT64_C(0xff0a0b0c));
	CHECK(out[0] == 0x0a && out[1] == 0x0b && out[2] == 0x0c && out[3] == 0x67);
	CHECK(pgtc_bytes_hex("00") == 0 && pgtc_bytes_hex("fF") == 255 && pgtc_bytes_hex("a9") == 169);
	for (a = 0; a < 256; a++)
	{
		for (b = 0; b < 256; b++)
		{
			two[0] = (char) a;
			two[1] = (char) b;
			pairs += pgtc_bytes_hex(two) >= 0;
		}
	}
	CHECK(pairs == (int) ((sizeof(all) - 1) * (sizeof(all) - 1)));
}

static void
letters(void)
{
	int c;
	int n = 0;

	for (c = -128; c < 128; c++)
		n += pgtc_letters_read((char) c) != '\0';
	CHECK(n == 40);
	CHECK(pgtc_letters_read('b') == 'B' && pgtc_letters_read('Z') == 'Z');
	CHECK(pgtc_letters_read('A') == '\0' && pgtc_letters_read('\0') == '\0');
}

void
test_slice(void)
{
	taken();
	trimmed();
	ascii();
	bytes();
	letters();
}
