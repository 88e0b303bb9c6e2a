/*
 * test_form.c
 *		application/x-www-form-urlencoded and Basic credentials.
 */
#include <stdlib.h>

#include "unit.h"

#define SLICE(buf) pgtc_slice((buf).data, (buf).len)

/* fields as "name=value;name=value" once decoded; NULL when the form is refused */
static void
check_form(PgtcSlice body, PgtcCode expected_code, const char *expected)
{
	PgtcForm form;
	PgtcBuf joined;
	int i;

	CHECK_CODE(pgtc_form_parse(body, &unit_mem, &form), expected_code);
	if (expected_code != PGTC_OK)
	{
		CHECK(form.n == 0 && form.storage.data == NULL);
		pgtc_form_free(&form);
		return;
	}
	pgtc_buf_init(&joined, &unit_mem);
	for (i = 0; i < form.n; i++)
	{
		if (i > 0)
			pgtc_buf_append_str(&joined, ";");
		pgtc_buf_append(&joined, form.field[i].name.data, form.field[i].name.len);
		pgtc_buf_append_str(&joined, "=");
		pgtc_buf_append(&joined, form.field[i].value.data, form.field[i].value.len);
	}
	CHECK(pgtc_slice_equal(SLICE(joined), pgtc_slice_str(expected)));
	pgtc_buf_free(&joined);
	pgtc_form_free(&form);
}

static void
decoding(void)
{
	check_form(LITERAL(""), PGTC_OK, "");
	check_form(pgtc_slice(NULL, 0), PGTC_OK, "");
	check_form(LITERAL("&&"), PGTC_OK, "");
	check_form(LITERAL("a=1&b=2"), PGTC_OK, "a=1;b=2");
	check_form(LITERAL("&a=1&&b=2&"), PGTC_OK, "a=1;b=2");
	check_form(LITERAL("a"), PGTC_OK, "a=");
	check_form(LITERAL("a=&=b&="), PGTC_OK, "a=;=b;=");
	check_form(LITERAL("a=b=c"), PGTC_OK, "a=b=c");
	/* RFC 6749 appendix B */
	check_form(LITERAL("x=+%25%26%2B%C2%A3%E2%82%AC"), PGTC_OK, "x= %&+\xc2\xa3\xe2\x82\xac");
	check_form(LITERAL("%61%3d=%3D%26"), PGTC_OK,
			   "a=="
			   "=&");
	/* bytes that nobody encoded are what they are */
	check_form(LITERAL("a=\xc3\xa4/?:@"), PGTC_OK, "a=\xc3\xa4/?:@");
}

/* Attack: text that two readers of it would decode in two ways. */
static void
refusals(void)
{
	check_form(LITERAL("a=%"), PGTC_E_MALFORMED, NULL);
	check_form(LITERAL("a=%4"), PGTC_E_MALFORMED, NULL);
	check_form(LITERAL("a=%4&b=1"), PGTC_E_MALFORMED, NULL);
	check_form(LITERAL("a=%4g"), PGTC_E_MALFORMED, NULL);
	check_form(LITERAL("a=%g4"), PGTC_E_MALFORMED, NULL);
	check_form(LITERAL("a=%u0041"), PGTC_E_MALFORMED, NULL);
	check_form(LITERAL("%zz=1"), PGTC_E_MALFORMED, NULL);
	/* Attack: what PostgreSQL's text ends at, or does not hold at all. */
	check_form(LITERAL("a=b%00c"), PGTC_E_MALFORMED, NULL);
	check_form(LITERAL("a=b\0c"), PGTC_E_MALFORMED, NULL);
	check_form(LITERAL("a%00=b"), PGTC_E_MALFORMED, NULL);
	check_form(LITERAL("a=%ff"), PGTC_E_MALFORMED, NULL);
	check_form(LITERAL("a=%c3"), PGTC_E_MALFORMED, NULL);
	/* a character that only comes about across two fields is none */
	check_form(LITERAL("a=%c3&%a4=b"), PGTC_E_MALFORMED, NULL);
}

static void
limits(void)
{
	char *body = malloc(PGTC_FORM_MAX + 1);
	size_t len = 0;
	PgtcForm form;
	int i;

	memset(body, 'a', PGTC_FORM_MAX + 1);
	CHECK_CODE(pgtc_form_parse(pgtc_slice(body, PGTC_FORM_MAX), &unit_mem, &form), PGTC_OK);
	CHECK(form.n == 1 && form.field[0].name.len == PGTC_FORM_MAX);
	pgtc_form_free(&form);
	CHECK_CODE(pgtc_form_parse(pgtc_slice(body, PGTC_FORM_MAX + 1), &unit_mem, &form),
			   PGTC_E_TOO_LONG);
	CHECK(form.n == 0);
	pgtc_form_free(&form);

	for (i = 0; i < PGTC_FORM_FIELDS_MAX; i++)
	{
		memcpy(body + len, "a=1&", 4);
		len += 4;
	}
	CHECK_CODE(pgtc_form_parse(pgtc_slice(body, len), &unit_mem, &form), PGTC_OK);
	CHECK(form.n == PGTC_FORM_FIELDS_MAX);
	pgtc_form_free(&form);
	CHECK_CODE(pgtc_form_parse(pgtc_slice(body, len + 1), &unit_mem, &form), PGTC_E_TOO_LONG);
	free(body);
}

static void
lookup(void)
{
	static const char *const none[] = {NULL};
	static const char *const resource[] = {"audience", "resource", NULL};
	PgtcForm form;

	CHECK_CODE(
		pgtc_form_parse(LITERAL("scope=a+b&empty=&resource=1&bare&resource=2"), &unit_mem, &form),
		PGTC_OK);
	CHECK(form.n == 5);
	CHECK(pgtc_slice_equal(form.field[0].value, LITERAL("a b")));
	CHECK(pgtc_slice_equal(form.field[2].value, LITERAL("1")));
	CHECK(pgtc_slice_equal(form.field[4].value, LITERAL("2")));
	/* RFC 6749 section 3.2: whoever looks up treats parameters without a value as omitted */
	CHECK(form.field[1].value.data != NULL && form.field[1].value.len == 0);
	CHECK(form.field[3].value.data != NULL && form.field[3].value.len == 0);
	CHECK(pgtc_slice_equal(pgtc_form_repeated(&form, none), LITERAL("resource")));
	CHECK(pgtc_form_repeated(&form, resource).data == NULL);
	pgtc_form_free(&form);

	/* Attack: the second of two values, for whoever reads the last. */
	CHECK_CODE(pgtc_form_parse(LITERAL("client_id=a&resource=1&client%5fid=b"), &unit_mem, &form),
			   PGTC_OK);
	CHECK(pgtc_slice_equal(pgtc_form_repeated(&form, resource), LITERAL("client_id")));
	pgtc_form_free(&form);
	CHECK_CODE(pgtc_form_parse(LITERAL("client_id=&client_id=b"), &unit_mem, &form), PGTC_OK);
	CHECK(pgtc_slice_equal(pgtc_form_repeated(&form, resource), LITERAL("client_id")));
	pgtc_form_free(&form);
}

static void
check_query(const char *url, PgtcSlice value, const char *expected)
{
	PgtcBuf buf;

	pgtc_buf_init(&buf, &unit_mem);
	pgtc_buf_append_str(&buf, url);
	pgtc_form_append_query(&buf, "state", value);
	CHECK(pgtc_slice_equal(SLICE(buf), pgtc_slice_str(expected)));
	pgtc_buf_free(&buf);
}

static void
encoding(void)
{
	char all[255];
	PgtcBuf encoded;
	PgtcBuf back;
	int i;

	check_query("https://a.example/cb", LITERAL("x"), "https://a.example/cb?state=x");
	check_query("https://a.example/cb?", LITERAL("x"), "https://a.example/cb?state=x");
	check_query("https://a.example/cb?a=1", LITERAL("x"), "https://a.example/cb?a=1&state=x");
	check_query("https://a.example/cb?a=1&", LITERAL("x"), "https://a.example/cb?a=1&state=x");
	check_query("https://a.example/cb", LITERAL(""), "https://a.example/cb?state=");
	check_query("https://a.example/cb", pgtc_slice(NULL, 0), "https://a.example/cb");
	/* Attack: a state that adds a parameter, or a header, to the redirection. */
	check_query("c:/", LITERAL("&code=1#\r\nA: b"), "c:/?state=%26code%3D1%23%0D%0AA%3A%20b");

	for (i = 0; i < 255; i++)
		all[i] = (char) (i % 127 + 1);
	pgtc_buf_init(&encoded, &unit_mem);
	pgtc_buf_init(&back, &unit_mem);
	pgtc_form_encode(pgtc_slice(all, sizeof(all)), &encoded);
	CHECK_CODE(pgtc_form_decode(SLICE(encoded), &back), PGTC_OK);
	CHECK(pgtc_slice_equal(SLICE(back), pgtc_slice(all, sizeof(all))));
	/* what is refused leaves what was there */
	CHECK_CODE(pgtc_form_decode(LITERAL("ab%"), &back), PGTC_E_MALFORMED);
	CHECK(back.len == sizeof(all));
	pgtc_buf_free(&encoded);
	pgtc_buf_free(&back);
}

static void
check_basic(PgtcSlice text, PgtcCode expected, const char *id, const char *secret)
{
	PgtcBuf got_id;
	PgtcBuf got_secret;

	pgtc_buf_init(&got_id, &unit_mem);
	pgtc_buf_init(&got_secret, &unit_mem);
	CHECK_CODE(pgtc_basic_read(text, &got_id, &got_secret), expected);
	CHECK(pgtc_slice_equal(SLICE(got_id), pgtc_slice_str(id)));
	CHECK(pgtc_slice_equal(SLICE(got_secret), pgtc_slice_str(secret)));
	pgtc_buf_free(&got_id);
	pgtc_buf_free(&got_secret);
}

/* C6: RFC 6749 section 2.3.1, both halves are form-encoded */
static void
basic(void)
{
	static char large[PGTC_BASIC_MAX + 4];

	/* the example there */
	check_basic(LITERAL("czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"), PGTC_OK, "s6BhdRkqt3",
				"7Fjfp0ZBr1KtDRbnfVdmIw");
	/* https%3A%2F%2Fa.example:s%3A%25+x */
	check_basic(LITERAL("aHR0cHMlM0ElMkYlMkZhLmV4YW1wbGU6cyUzQSUyNSt4"), PGTC_OK,
				"https://a.example", "s:% x");
	/* a:b:c, which is a and b:c */
	check_basic(LITERAL("YTpiOmM="), PGTC_OK, "a", "b:c");
	check_basic(LITERAL("YTpiOmM"), PGTC_OK, "a", "b:c");
	check_basic(LITERAL("YTpi"), PGTC_OK, "a", "b");
	check_basic(LITERAL("YTpiYg=="), PGTC_OK, "a", "bb");
	check_basic(LITERAL("YTpiYg"), PGTC_OK, "a", "bb");
	/* a: */
	check_basic(LITERAL("YTo="), PGTC_OK, "a", "");
	check_basic(LITERAL("Og=="), PGTC_OK, "", "");
	/* a:>??? has both characters that the two alphabets differ in */
	check_basic(LITERAL("YTo+Pz8/"), PGTC_OK, "a", ">???");
	check_basic(LITERAL("YTo-Pz8_"), PGTC_E_MALFORMED, "", "");

	check_basic(LITERAL(""), PGTC_E_MALFORMED, "", "");
	check_basic(LITERAL("YQ=="), PGTC_E_MALFORMED, "", "");
	check_basic(LITERAL("YTpiYg="), PGTC_E_MALFORMED, "", "");
	check_basic(LITERAL("YTpi===="), PGTC_E_MALFORMED, "", "");
	check_basic(LITERAL("===="), PGTC_E_MALFORMED, "", "");
	check_basic(LITERAL("YTpi "), PGTC_E_MALFORMED, "", "");
	check_basic(LITERAL(" YTpi"), PGTC_E_MALFORMED, "", "");
	check_basic(LITERAL("YTpi\0"), PGTC_E_MALFORMED, "", "");
	/* unused bits that are not zero */
	check_basic(LITERAL("YTo"), PGTC_OK, "a", "");
	check_basic(LITERAL("YTp"), PGTC_E_MALFORMED, "", "");
	/* a:% and %:a */
	check_basic(LITERAL("YTol"), PGTC_E_MALFORMED, "", "");
	check_basic(LITERAL("JTph"), PGTC_E_MALFORMED, "", "");
	/* a NUL in the secret */
	check_basic(LITERAL("YToA"), PGTC_E_MALFORMED, "", "");

	memset(large, 'A', sizeof(large));
	check_basic(pgtc_slice(large, sizeof(large)), PGTC_E_TOO_LONG, "", "");
}

static void
utf8(void)
{
	/* RFC 3629 section 4, the ends of each range and what lies beyond them */
	static const struct
	{
		const char *text;
		bool valid;
	} cases[] = {
		{"", true},
		{"\x01\x7f", true},
		{"\xc2\x80\xdf\xbf", true},
		{"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", true},
		{"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true},
		{"\x80", false},
		{"\xc1\xbf", false},
		{"\xc2", false},
		{"\xc2\x7f", false},
		{"\xc2\xc0", false},
		{"\xe0\x9f\xbf", false},
		{"\xed\xa0\x80", false},
		{"\xe1\x80", false},
		{"\xe1\x80\x7f", false},
		{"\xe1\x80\xc0", false},
		{"\xf0\x8f\xbf\xbf", false},
		{"\xf4\x90\x80\x80", false},
		{"\xf1\x80\x80", false},
		{"\xf1\x80\x80\x28", false},
		{"\xf5\x80\x80\x80", false},
		{"\xff", false},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK(pgtc_utf8_valid(pgtc_slice_str(cases[i].text)) == cases[i].valid);
	CHECK(!pgtc_utf8_valid(LITERAL("a\0b")));
}

static void
other_types(void)
{
	CHECK(pgtc_form_is_other_type(LITERAL("{\"grant_type\":\"x\"}")));
	CHECK(pgtc_form_is_other_type(LITERAL("[1]")));
	CHECK(pgtc_form_is_other_type(LITERAL(" \r\n\t{")));
	CHECK(pgtc_form_is_other_type(LITERAL("--boundary\r\n")));
	CHECK(!pgtc_form_is_other_type(LITERAL("")));
	CHECK(!pgtc_form_is_other_type(LITERAL("  ")));
	CHECK(pgtc_form_is_other_type(LITERAL("--\r\n")));
	CHECK(!pgtc_form_is_other_type(LITERAL("--")));
	CHECK(!pgtc_form_is_other_type(LITERAL("-")));
	CHECK(!pgtc_form_is_other_type(LITERAL("a={")));
	CHECK(!pgtc_form_is_other_type(LITERAL("\0{")));
	CHECK(!pgtc_form_is_other_type(LITERAL("%7B=1")));
}

void
test_form(void)
{
	other_types();
	decoding();
	refusals();
	limits();
	lookup();
	encoding();
	basic();
	utf8();
}
