/*
 * test_printable.c
 *		What is shown of others' input.  Attacks shut out: a line break that forges
 *		a second log entry, an escape sequence that moves the cursor, two texts that
 *		look alike, a value that floods, half a character at the cut.
 */
#include <stdio.h>

#include "core/base/printable.h"
#include "unit.h"

static void
check(PgtcSlice in, const char *expected)
{
	char out[200];

	pgtc_printable(in, out, sizeof(out));
	CHECK(strcmp(out, expected) == 0);
}

static void
check_harmless(void)
{
	check(LITERAL(""), "");
	check(pgtc_slice(NULL, 0), "");
	check(LITERAL("https://app.example/cb?x=1&y=%20"), "https://app.example/cb?x=1&y=%20");
	check(LITERAL("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91"),
		  "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91");
}

static void
check_harmful(void)
{
	check(LITERAL("a\nLOG:  all is well"), "a\\x0aLOG:  all is well");
	check(LITERAL("\x1b[2J\x7f\r\t"), "\\x1b[2J\\x7f\\x0d\\x09");
	check(LITERAL("a\0b"), "a\\x00b");
	check(LITERAL("\xc2\x9b"
				  "31m"),
		  "\\xc2\\x9b31m"); /* CSI as one character */
	check(LITERAL("a\xe2\x80\xaeoc.live"), "a\\xe2\\x80\\xaeoc.live"); /* right-to-left override */
	check(LITERAL("a\xe2\x80\x8b"
				  "b"),
		  "a\\xe2\\x80\\x8b"
		  "b"); /* no width */
	check(LITERAL("\xe2\x80\xa8\xef\xbb\xbf"), "\\xe2\\x80\\xa8\\xef\\xbb\\xbf");
	check(LITERAL("\xf3\xa0\x81\xa1"), "\\xf3\\xa0\\x81\\xa1"); /* a tag character */
	/* fillers, a variation selector, a blank of Braille: a name that looks like another */
	check(LITERAL("web\xe3\x85\xa4"), "web\\xe3\\x85\\xa4");
	check(LITERAL("w\xef\xb8\x8f"
				  "eb"),
		  "w\\xef\\xb8\\x8f"
		  "eb");
	check(LITERAL("\xe1\x85\x9f\xcd\x8f\xe2\xa0\x80"), "\\xe1\\x85\\x9f\\xcd\\x8f\\xe2\\xa0\\x80");
	check(LITERAL("\xef\xbe\xa0\xe1\xa0\x8b\xe1\x9e\xb4"),
		  "\\xef\\xbe\\xa0\\xe1\\xa0\\x8b\\xe1\\x9e\\xb4");
	/* what came as \x0a and what came as a line break stay different */
	check(LITERAL("\\x0a"), "\\\\x0a");
}

static void
check_no_utf8(void)
{
	check(LITERAL("a\xff\xfe"), "a\\xff\\xfe");
	check(LITERAL("\xc0\xaf"), "\\xc0\\xaf"); /* a second spelling of / */
	check(LITERAL("\xed\xa0\x80"), "\\xed\\xa0\\x80"); /* a surrogate */
	check(LITERAL("\xe2\x82"), "\\xe2\\x82"); /* half a character */
}

/* at every length: ended, well-formed, and either whole or saying what was cut */
static void
check_cut(void)
{
	char in[300];
	char out[100];
	char mark[40];
	size_t len;

	for (len = 0; len <= sizeof(in); len++)
	{
		PgtcSlice shown;

		memset(in, 'a', sizeof(in));
		if (len > 2)
			memcpy(in + len - 2, "\xc3\xbc", 2);
		memset(out, 'x', sizeof(out));
		pgtc_printable(pgtc_slice(in, len), out, sizeof(out));
		CHECK(memchr(out, '\0', sizeof(out)) != NULL);
		shown = pgtc_slice_str(out);
		CHECK(pgtc_utf8_valid(shown));
		snprintf(mark, sizeof(mark), "... (of %zu bytes)", len);
		CHECK((len < sizeof(out)) == pgtc_slice_equal(shown, pgtc_slice(in, len)));
		CHECK((len >= sizeof(out)) == (strstr(out, mark) != NULL));
	}
}

static void
clip(PgtcSlice in, size_t columns, const char *expected)
{
	char out[PGTC_PRINTABLE_CLIP_SIZE(40)];

	memset(out, 'x', sizeof(out));
	pgtc_printable_clip(in, columns, out);
	CHECK(strcmp(out, expected) == 0);
}

static void
check_clip(void)
{
	clip(LITERAL(""), 5, "");
	clip(LITERAL("abcde"), 5, "abcde");
	clip(LITERAL("abcdef"), 5, "ab...");
	clip(LITERAL("abcdef"), 3, "...");
	clip(LITERAL("abcdef"), 2, "..");
	clip(LITERAL("abcdef"), 0, "");
	/* one column wide, and two: a line that is full of them is no wider */
	clip(LITERAL("\xc3\xbc\xc3\xbc\xc3\xbc"), 3, "\xc3\xbc\xc3\xbc\xc3\xbc");
	clip(LITERAL("\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97"), 6,
		 "\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97");
	clip(LITERAL("\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97"), 5, "\xe5\xad\x97...");
	clip(LITERAL("\xf0\x9f\x94\x91\xf0\x9f\x94\x91"), 3, "...");
	/* an escape is whole, or not there */
	clip(LITERAL("\x1b[2J"), 7, "\\x1b[2J");
	clip(LITERAL("\x1b[2J"), 6, "...");
	clip(LITERAL("a\x1b[2J"), 7, "a...");
	/* at most three bytes a column */
	clip(LITERAL("\xe0\xa4\x95\xe0\xa4\x95"), 2, "\xe0\xa4\x95\xe0\xa4\x95");
}

void
test_printable(void)
{
	check_harmless();
	check_harmful();
	check_no_utf8();
	check_cut();
	check_clip();
}
