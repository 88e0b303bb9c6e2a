/*
 * test_html.c
 *		HTML: what others have written stays text.
 */
#include "core/base/base64.h"
#include "core/base/html.h"
#include "unit.h"

#define SLICE(buf) pgtc_slice((buf).data, (buf).len)

static void
check_escaped(PgtcSlice text, const char *expected)
{
	PgtcBuf out;

	pgtc_buf_init(&out, &unit_mem);
	pgtc_buf_append_str(&out, "before");
	pgtc_html_escape(text, &out);
	CHECK_CODE(pgtc_buf_code(&out), PGTC_OK);
	CHECK(pgtc_slice_equal(pgtc_slice(out.data + 6, out.len - 6), pgtc_slice_str(expected)));
	pgtc_buf_free(&out);
}

/* Attack: a state or a description that ends the attribute or the element that it is in. */
static void
escaping(void)
{
	check_escaped(LITERAL(""), "");
	check_escaped(pgtc_slice(NULL, 0), "");
	check_escaped(LITERAL("plain text"), "plain text");
	check_escaped(LITERAL("&"), "&amp;");
	check_escaped(LITERAL("&amp;"), "&amp;amp;");
	check_escaped(LITERAL("a<b>c\"d'e&f"), "a&lt;b&gt;c&quot;d&#39;e&amp;f");
	check_escaped(LITERAL("\"><script>alert(1)</script>"),
				  "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
	check_escaped(LITERAL("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
				  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
}

static void
elements(void)
{
	PgtcBuf out;

	pgtc_buf_init(&out, &unit_mem);
	pgtc_html_element("p", LITERAL("a </p> & more"), &out);
	pgtc_html_hidden(LITERAL("st\"ate"), LITERAL("'\"><b>"), &out);
	CHECK(pgtc_slice_equal(SLICE(out), LITERAL("<p>a &lt;/p&gt; &amp; more</p>\n"
											   "<input type=\"hidden\" name=\"st&quot;ate\" "
											   "value=\"&#39;&quot;&gt;&lt;b&gt;\">\n")));
	pgtc_buf_free(&out);
}

/* the example of CSP Level 3 section 8.4, and the texts of RFC 4648 section 10 */
static void
hashes(void)
{
	static const char *const encoded[] = {"",		  "Zg==",	  "Zm8=",	 "Zm9v",
										  "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
	static const uint8_t other[] = {0xfb, 0xff, 0xfe};
	PgtcBuf out;
	size_t i;

	pgtc_buf_init(&out, &unit_mem);
	CHECK_CODE(pgtc_html_hash("alert('Hello, world.');", &out), PGTC_OK);
	CHECK(pgtc_slice_equal(SLICE(out),
						   LITERAL("'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='")));
	for (i = 0; i < sizeof(encoded) / sizeof(encoded[0]); i++)
	{
		pgtc_buf_truncate(&out, 0);
		pgtc_base64_encode("foobar", i, &out);
		CHECK(pgtc_slice_equal(pgtc_slice(out.data, out.len), pgtc_slice_str(encoded[i])));
	}
	pgtc_buf_truncate(&out, 0);
	pgtc_base64_encode(other, sizeof(other), &out);
	CHECK(pgtc_slice_equal(SLICE(out), LITERAL("+//+")));
	pgtc_buf_free(&out);
}

void
test_html(void)
{
	escaping();
	elements();
	hashes();
}
