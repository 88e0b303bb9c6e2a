/*
 * test_scope.c
 *		Scope lists: the grammar of RFC 6749 section 3.3 and the set operations.
 */
#include "unit.h"

static void
check_written(const PgtcScope *scope, const char *expected)
{
	PgtcBuf buf;

	pgtc_buf_init(&buf, &unit_mem);
	pgtc_scope_write(scope, &buf);
	CHECK(pgtc_slice_equal(pgtc_slice(buf.data, buf.len), pgtc_slice_str(expected)));
	pgtc_buf_free(&buf);
}

static void
grammar(void)
{
	PgtcScope scope;

	CHECK_CODE(pgtc_scope_parse(LITERAL(""), &scope), PGTC_OK);
	CHECK(scope.n == 0);
	CHECK_CODE(pgtc_scope_parse(pgtc_slice(NULL, 0), &scope), PGTC_OK);
	check_written(&scope, "");
	CHECK_CODE(pgtc_scope_parse(LITERAL("openid https://a.example/x:y !#[]~"), &scope), PGTC_OK);
	CHECK(scope.n == 3);

	CHECK_CODE(pgtc_scope_parse(LITERAL(" a"), &scope), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_scope_parse(LITERAL("a "), &scope), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_scope_parse(LITERAL("a  b"), &scope), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_scope_parse(LITERAL(" "), &scope), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_scope_parse(LITERAL("a\tb"), &scope), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_scope_parse(LITERAL("a\"b"), &scope), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_scope_parse(LITERAL("a\\b"), &scope), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_scope_parse(LITERAL("a\0b"), &scope), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_scope_parse(LITERAL("\xc3\xa4"), &scope), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_scope_parse(LITERAL("a\x7f"), &scope), PGTC_E_MALFORMED);
}

/* RFC 6749 appendix A.4: exactly %x21, %x23-5B and %x5D-7E */
static void
alphabet(void)
{
	PgtcScope scope;
	int valid = 0;
	int c;

	for (c = 0; c < 256; c++)
	{
		char text = (char) c;

		if (pgtc_scope_parse(pgtc_slice(&text, 1), &scope) == PGTC_OK)
			valid++;
	}
	CHECK(valid == 0x7e - 0x21 + 1 - 2);
}

/* C9: order makes no difference, case does */
static void
sets(void)
{
	PgtcScope outer;
	PgtcScope inner;

	CHECK_CODE(pgtc_scope_parse(LITERAL("read write read admin write"), &outer), PGTC_OK);
	check_written(&outer, "read write admin");
	CHECK_CODE(pgtc_scope_parse(LITERAL("admin read"), &inner), PGTC_OK);
	CHECK(pgtc_scope_subset(&inner, &outer));
	CHECK(!pgtc_scope_subset(&outer, &inner));
	CHECK(pgtc_scope_has_str(&outer, "write"));
	CHECK(!pgtc_scope_has_str(&outer, "Write"));
	CHECK(!pgtc_scope_has_str(&outer, "writ"));
	CHECK(!pgtc_scope_has_str(&outer, ""));

	pgtc_scope_remove(&outer, LITERAL("write"));
	check_written(&outer, "read admin");
	pgtc_scope_remove(&outer, LITERAL("absent"));
	pgtc_scope_remove(&outer, LITERAL("admin"));
	pgtc_scope_remove(&outer, LITERAL("read"));
	check_written(&outer, "");
	CHECK(pgtc_scope_subset(&outer, &inner));
	CHECK_CODE(pgtc_scope_add(&outer, LITERAL("a b")), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_scope_add(&outer, LITERAL("")), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_scope_add(&outer, LITERAL("x")), PGTC_OK);
	CHECK_CODE(pgtc_scope_add(&outer, LITERAL("x")), PGTC_OK);
	CHECK(outer.n == 1);
}

/* Attack: a scope list long enough to keep the server busy. */
static void
limits(void)
{
	static char text[PGTC_SCOPE_MAX * (PGTC_SCOPE_TOKEN_MAX + 1) + 16];
	PgtcScope scope;
	size_t len = 0;
	int i;

	for (i = 0; i < PGTC_SCOPE_MAX; i++)
	{
		text[len++] = (char) ('a' + i / 10);
		text[len++] = (char) ('0' + i % 10);
		text[len++] = ' ';
	}
	CHECK_CODE(pgtc_scope_parse(pgtc_slice(text, len - 1), &scope), PGTC_OK);
	CHECK(scope.n == PGTC_SCOPE_MAX);
	CHECK_CODE(pgtc_scope_add(&scope, LITERAL("a0")), PGTC_OK);
	CHECK_CODE(pgtc_scope_add(&scope, LITERAL("more")), PGTC_E_TOO_LONG);
	text[len++] = 'z';
	CHECK_CODE(pgtc_scope_parse(pgtc_slice(text, len), &scope), PGTC_E_TOO_LONG);

	memset(text, 'a', sizeof(text));
	CHECK_CODE(pgtc_scope_parse(pgtc_slice(text, PGTC_SCOPE_TOKEN_MAX), &scope), PGTC_OK);
	CHECK_CODE(pgtc_scope_parse(pgtc_slice(text, PGTC_SCOPE_TOKEN_MAX + 1), &scope),
			   PGTC_E_TOO_LONG);
	for (i = 0; i < (int) sizeof(text); i += 2)
		text[i] = ' ';
	CHECK_CODE(pgtc_scope_parse(pgtc_slice(text + 1, sizeof(text) - 2), &scope), PGTC_E_TOO_LONG);
}

void
test_scope(void)
{
	grammar();
	alphabet();
	sets();
	limits();
}
