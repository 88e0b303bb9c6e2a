/*
 * test_text.c
 *		Characters and numbers of a text, times, credentials.
 */
#include "core/base/credentials.h"
#include "core/base/glob.h"
#include "core/base/rfc3339.h"
#include "core/base/text.h"
#include "unit.h"

/* which single bytes does it let through? */
static int
accepted(bool (*valid)(PgtcSlice))
{
	int n = 0;
	int c;

	for (c = 0; c < 256; c++)
	{
		char text[3] = {'a', (char) c, 'b'};

		n += valid(pgtc_slice(text, 3));
	}
	return n;
}

static void
characters(void)
{
	CHECK(accepted(pgtc_text_plain) == 256 - 32 - 1);
	CHECK(accepted(pgtc_text_printable) == 95);
	CHECK(accepted(pgtc_text_quotable) == 93);
	CHECK(pgtc_text_plain(LITERAL("")) && pgtc_text_plain(pgtc_slice(NULL, 0)));
	CHECK(pgtc_text_printable(pgtc_slice(NULL, 0)) && pgtc_text_quotable(pgtc_slice(NULL, 0)));
	CHECK(pgtc_text_plain(LITERAL("\xc3\xa4")) && !pgtc_text_printable(LITERAL("\xc3\xa4")));
	CHECK(!pgtc_text_plain(LITERAL("a\nb")) && !pgtc_text_plain(LITERAL("a\0b")));
	/* Attack: a description that ends its quotes and begins a parameter of its own. */
	CHECK(!pgtc_text_quotable(LITERAL("no\", error=\"")) && !pgtc_text_quotable(LITERAL("no\\")));
}

static void
numbers(void)
{
	static const char *const none[] = {"", " 1", "1 ", "+1", "-1", "1.0", "0x1", "1e1", "\xd9\xa1"};
	size_t i;

	CHECK(pgtc_text_number(LITERAL("0"), 0) == 0 && pgtc_text_number(LITERAL("1"), 0) == -1);
	CHECK(pgtc_text_number(LITERAL("007"), 9) == 7);
	CHECK(pgtc_text_number(LITERAL("2147483647"), INT32_MAX) == INT32_MAX);
	CHECK(pgtc_text_number(LITERAL("2147483648"), INT32_MAX) == -1);
	CHECK(pgtc_text_number(LITERAL("9223372036854775807"), INT64_MAX) == INT64_MAX);
	CHECK(pgtc_text_number(LITERAL("9223372036854775808"), INT64_MAX) == -1);
	/* Attack: so many digits that they come round to a number that is allowed. */
	CHECK(pgtc_text_number(LITERAL("18446744073709551617"), INT64_MAX) == -1);
	CHECK(pgtc_text_number(LITERAL("99999999999999999999999999999999"), 60) == -1);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
	{
		CHECK(!pgtc_text_digits(pgtc_slice_str(none[i])));
		CHECK(pgtc_text_number(pgtc_slice_str(none[i]), INT64_MAX) == -1);
	}
	CHECK(pgtc_text_number(LITERAL("1\0"), 9) == -1 &&
		  pgtc_text_number(pgtc_slice(NULL, 0), 9) == -1);
}

/* RFC 3339 section 5.6 */
static void
times(void)
{
	static const struct
	{
		const char *text;
		int64_t microseconds;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01T00:00:01Z", 1000000},
		{"2026-03-01T12:00:00Z", INT64_C(1772366400000000)},
		{"2026-03-01T12:00:00.5Z", INT64_C(1772366400500000)},
		{"2026-03-01T12:00:00.123456Z", INT64_C(1772366400123456)},
		{"2026-03-01T12:00:00.1234569999Z", INT64_C(1772366400123456)},
		{"2026-03-01T12:00:00+01:00", INT64_C(1772362800000000)},
		{"2026-03-01T12:00:00-05:30", INT64_C(1772386200000000)},
		{"2026-03-01T12:00:00-00:00", INT64_C(1772366400000000)},
		{"2000-02-29T00:00:00Z", INT64_C(951782400000000)},
		{"2024-12-31T23:59:60Z", INT64_C(1735689600000000)},
		{"2100-03-01T00:00:00Z", INT64_C(4107542400000000)},
		{"9999-12-31T23:59:59Z", INT64_C(253402300799000000)},
		{"1970-01-01T00:30:00+00:30", 0},
	};
	static const char *const none[] = {"",
									   "2026-03-01",
									   "2026-03-01T12:00:00",
									   "2026-03-01 12:00:00Z",
									   "2026-03-01t12:00:00Z",
									   "2026-03-01T12:00:00z",
									   "2026-03-01T12:00Z",
									   "2026-03-01T12:00:00.Z",
									   "2026-03-01T12:00:00,5Z",
									   "2026-03-01T12:00:00Z ",
									   " 2026-03-01T12:00:00Z",
									   "+026-03-01T12:00:00Z",
									   "2026-3-01T12:00:00Z",
									   "2026-00-01T12:00:00Z",
									   "2026-13-01T12:00:00Z",
									   "2026-03-00T12:00:00Z",
									   "2026-03-32T12:00:00Z",
									   "2026-02-29T12:00:00Z",
									   "2100-02-29T12:00:00Z",
									   "2026-04-31T12:00:00Z",
									   "2026-03-01T24:00:00Z",
									   "2026-03-01T12:60:00Z",
									   "2026-03-01T12:00:61Z",
									   "2026-03-01T12:00:00+24:00",
									   "2026-03-01T12:00:00+01:60",
									   "2026-03-01T12:00:00+01",
									   "2026-03-01T12:00:00+0100",
									   "2026-03-01T12:00:00+01:000",
									   "2026-03-01T12:00:00Z+01:00",
									   "1969-12-31T23:59:59Z",
									   "1970-01-01T00:00:00+00:01"};
	int64_t got;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		CHECK_CODE(pgtc_rfc3339_parse(pgtc_slice_str(rows[i].text), &got), PGTC_OK);
		unit_check(got == rows[i].microseconds, rows[i].text, (int) i);
	}
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
	{
		unit_check(pgtc_rfc3339_parse(pgtc_slice_str(none[i]), &got) == PGTC_E_MALFORMED, none[i],
				   (int) i);
		CHECK(got == -1);
	}
	CHECK_CODE(pgtc_rfc3339_parse(LITERAL("2026-03-01T12:00:00Z\0"), &got), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_rfc3339_parse(pgtc_slice(NULL, 0), &got), PGTC_E_MALFORMED);
}

static bool
is(PgtcSlice got, const char *expected)
{
	return got.data != NULL && pgtc_slice_equal(got, pgtc_slice_str(expected));
}

/* RFC 9110 section 11.4 */
static void
credentials(void)
{
	CHECK(is(pgtc_credentials_of(LITERAL("Bearer abc"), "Bearer"), "abc"));
	CHECK(is(pgtc_credentials_of(LITERAL("bEARER   abc def"), "Bearer"), "abc def"));
	CHECK(is(pgtc_credentials_of(LITERAL("Bearer "), "Bearer"), ""));
	/* Attack: PostgREST takes it for a token, we for none. */
	CHECK(is(pgtc_credentials_of(LITERAL("Bearer\tabc"), "Bearer"), "abc"));
	CHECK(is(pgtc_credentials_of(LITERAL("Bearer\f \v\r\nabc"), "Bearer"), "abc"));
	CHECK(pgtc_credentials_of(LITERAL("Bearer"), "Bearer").data == NULL);
	CHECK(pgtc_credentials_of(LITERAL("Bearerabc"), "Bearer").data == NULL);
	CHECK(pgtc_credentials_of(LITERAL(" Bearer abc"), "Bearer").data == NULL);
	CHECK(pgtc_credentials_of(LITERAL("DPoP abc"), "Bearer").data == NULL);
	CHECK(pgtc_credentials_of(LITERAL("Basic Bearer abc"), "Bearer").data == NULL);
	CHECK(pgtc_credentials_of(pgtc_slice(NULL, 0), "Bearer").data == NULL);
}

/* Attack: a subject that only begins or ends as one that is trusted is taken for it. */
static void
globs(void)
{
	static const struct
	{
		const char *pattern;
		const char *text;
		bool matches;
	} cases[] = {
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"a", "a", true},
		{"a", "ab", false},
		{"a", "ba", false},
		{"a*", "a", true},
		{"a*b", "ab", true},
		{"a*b", "abc", false},
		{"a*b", "acbab", true},
		{"*b*", "abc", true},
		{"*ab", "aab", true},
		{"a**b", "a-b", true},
		{"a*b*c", "aXbYbZc", true},
		{"a*b*c", "aXcYb", false},
		{"repo:acme/*:ref:refs/heads/main", "repo:acme/app:ref:refs/heads/main", true},
		{"repo:acme/*:ref:refs/heads/main", "repo:acme-evil/app:ref:refs/heads/main", false},
		{"repo:acme/*:ref:refs/heads/main", "repo:acme/app:ref:refs/heads/main2", false},
		{"a.c", "abc", false},
		{"a?c", "abc", false},
		{"*", "*", true},
		{"a", "*", false},
		/* a star of the text is no more than itself */
		{"*ab", "*a", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK(pgtc_glob_matches(pgtc_slice_str(cases[i].pattern), pgtc_slice_str(cases[i].text)) ==
			  cases[i].matches);
}

void
test_text(void)
{
	globs();
	characters();
	numbers();
	times();
	credentials();
}
