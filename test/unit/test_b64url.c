/*
 * test_b64url.c
 *		base64url: every length, every character, one spelling only.
 */
#include "unit.h"

static PgtcCode
decode(PgtcSlice in)
{
	uint8_t out[64];
	size_t len;

	return pgtc_b64url_decode(in, out, sizeof(out), &len);
}

/* RFC 4648 section 10, without the padding */
static void
vectors(void)
{
	static const char *const encoded[] = {"", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"};
	char text[16];
	size_t n;

	for (n = 0; n < sizeof(encoded) / sizeof(encoded[0]); n++)
	{
		pgtc_b64url_encode("foobar", n, text);
		CHECK(pgtc_b64url_encoded_len(n) == strlen(encoded[n]));
		CHECK(memcmp(text, encoded[n], strlen(encoded[n])) == 0);
	}
}

static void
every_length(void)
{
	uint8_t data[200];
	uint8_t back[200];
	char text[300];
	size_t n;
	size_t i;
	size_t len;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t) (i * 167 + 13);
	for (n = 0; n <= sizeof(data); n++)
	{
		size_t text_len = pgtc_b64url_encoded_len(n);

		text[text_len] = '!';
		pgtc_b64url_encode(data, n, text);
		CHECK(text[text_len] == '!');
		CHECK_CODE(pgtc_b64url_decode(pgtc_slice(text, text_len), back, n, &len), PGTC_OK);
		CHECK(len == n && memcmp(back, data, n) == 0);
		/* a byte too few to decode into */
		if (n > 0)
			CHECK_CODE(pgtc_b64url_decode(pgtc_slice(text, text_len), back, n - 1, &len),
					   PGTC_E_TOO_LONG);
	}
}

/*
 * Attack: a second spelling of a token slips past a list of refused spellings.
 * So of all two- and three-character endings exactly those decode that the
 * encoder writes.
 */
static void
one_spelling(void)
{
	int accepted = 0;
	int a;
	int b;

	for (a = 0; a < 256; a++)
	{
		for (b = 0; b < 256; b++)
		{
			char text[3] = {(char) a, (char) b, 'A'};

			if (decode(pgtc_slice(text, 2)) == PGTC_OK)
				accepted++;
		}
	}
	CHECK(accepted == 256);

	accepted = 0;
	for (a = 0; a < 256; a++)
	{
		char text[3] = {'A', 'A', (char) a};

		if (decode(pgtc_slice(text, 3)) == PGTC_OK)
			accepted++;
	}
	CHECK(accepted == 16);
}

/* whole blocks, a part of one, and what is left of four: each place takes these 64 bytes and no other */
static void
every_place(void)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char text[44];
	size_t place;
	int c;

	memset(text, 'A', sizeof(text));
	for (place = 0; place < sizeof(text); place++)
	{
		int accepted = 0;

		for (c = 0; c < 256; c++)
		{
			text[place] = (char) c;
			if (decode(pgtc_slice(text, sizeof(text))) == PGTC_OK)
			{
				CHECK(c != 0 && strchr(alphabet, c) != NULL);
				accepted++;
			}
		}
		CHECK(accepted == 64);
		text[place] = 'A';
	}
}

static void
refused(void)
{
	CHECK_CODE(decode(LITERAL("A")), PGTC_E_MALFORMED);
	CHECK_CODE(decode(LITERAL("AAAAA")), PGTC_E_MALFORMED);
	CHECK_CODE(decode(LITERAL("Zg==")), PGTC_E_MALFORMED);
	CHECK_CODE(decode(LITERAL("Zm8=")), PGTC_E_MALFORMED);
	CHECK_CODE(decode(LITERAL("Zm9v\n")), PGTC_E_MALFORMED);
	CHECK_CODE(decode(LITERAL("Zm 9")), PGTC_E_MALFORMED);
	CHECK_CODE(decode(LITERAL("+/+/")), PGTC_E_MALFORMED);
	CHECK_CODE(decode(LITERAL("Zm9\0")), PGTC_E_MALFORMED);
	CHECK_CODE(decode(LITERAL("Zh")), PGTC_E_MALFORMED);
	CHECK_CODE(decode(LITERAL("Zm9")), PGTC_E_MALFORMED);
	CHECK_CODE(decode(LITERAL("-_-_")), PGTC_OK);
	CHECK_CODE(decode(pgtc_slice(NULL, 0)), PGTC_OK);
}

void
test_b64url(void)
{
	vectors();
	every_length();
	one_spelling();
	every_place();
	refused();
}
