/*
 * test_wrap.c
 *		Root key files and wrapped key material.
 */
#include "unit.h"

/* digits of no key anywhere */
#define HEX_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEX_B "FFfeFDfcFBfaF9f8F7f6F5f4F3f2F1f0EFeeEDecEBeaE9e8E7e6E5e4E3e2E1e0"

static const uint8_t nonce[PGTC_WRAP_NONCE_LEN] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static PgtcCode
parse(PgtcSlice file)
{
	PgtcRootKeys keys;
	PgtcRootKeys empty;
	PgtcCode code = pgtc_root_keys_parse(file, &keys);

	memset(&empty, 0, sizeof(empty));
	if (code != PGTC_OK)
		CHECK(memcmp(&keys, &empty, sizeof(keys)) == 0);
	pgtc_root_keys_wipe(&keys);
	CHECK(memcmp(&keys, &empty, sizeof(keys)) == 0);
	return code;
}

static void
grammar(void)
{
	PgtcBuf file;
	int i;

	CHECK_CODE(parse(LITERAL(HEX_A)), PGTC_OK);
	CHECK_CODE(parse(LITERAL(HEX_A "\n")), PGTC_OK);
	CHECK_CODE(parse(LITERAL("# current\n" HEX_A "\n\n \t\n#old\n" HEX_B "\n#")), PGTC_OK);
	CHECK_CODE(parse(LITERAL("")), PGTC_E_MALFORMED);
	CHECK_CODE(parse(pgtc_slice(NULL, 0)), PGTC_E_MALFORMED);
	CHECK_CODE(parse(LITERAL("# nothing\n\n")), PGTC_E_MALFORMED);
	CHECK_CODE(parse(LITERAL(HEX_A HEX_B)), PGTC_E_MALFORMED);
	CHECK_CODE(parse(LITERAL(HEX_A "\r\n")), PGTC_E_MALFORMED);
	CHECK_CODE(parse(LITERAL(" " HEX_A)), PGTC_E_MALFORMED);
	CHECK_CODE(parse(LITERAL(HEX_A " ")), PGTC_E_MALFORMED);
	CHECK_CODE(parse(LITERAL(HEX_A " # why")), PGTC_E_MALFORMED);
	CHECK_CODE(parse(LITERAL("0x" HEX_A)), PGTC_E_MALFORMED);
	CHECK_CODE(parse(LITERAL(HEX_A "\nshort\n")), PGTC_E_MALFORMED);
	CHECK_CODE(parse(LITERAL(HEX_A "\n\0\n")), PGTC_E_MALFORMED);
	CHECK_CODE(parse(pgtc_slice(HEX_A, 63)), PGTC_E_MALFORMED);
	CHECK_CODE(parse(LITERAL("g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")),
			   PGTC_E_MALFORMED);

	pgtc_buf_init(&file, &unit_mem);
	for (i = 0; i < PGTC_ROOT_KEYS_MAX; i++)
		pgtc_buf_append_str(&file, HEX_A "\n");
	CHECK_CODE(parse(pgtc_slice(file.data, file.len)), PGTC_OK);
	pgtc_buf_append_str(&file, HEX_B);
	CHECK_CODE(parse(pgtc_slice(file.data, file.len)), PGTC_E_MALFORMED);
	pgtc_buf_free(&file);
}

/* computed by Python's hmac (RFC 5869 with an empty salt) */
static void
derivation(void)
{
	static const uint8_t id[] = {0x4b, 0x81, 0x40, 0xfa, 0x84, 0xa7, 0x2c, 0xdc};
	static const uint8_t wrap_key[] = {0xb3, 0xb5, 0x2c, 0x00, 0x1c, 0x52, 0xcb, 0xfd,
									   0x02, 0x87, 0x60, 0x7c, 0x4b, 0xaa, 0xfa, 0xaf,
									   0x54, 0xd6, 0x05, 0x58, 0x56, 0x82, 0x93, 0x7d,
									   0xce, 0x47, 0xce, 0x1f, 0x28, 0x95, 0x31, 0x4e};
	PgtcRootKeys keys;

	CHECK_CODE(pgtc_root_keys_parse(LITERAL(HEX_A), &keys), PGTC_OK);
	CHECK(keys.n == 1);
	CHECK(memcmp(keys.key[0].id, id, sizeof(id)) == 0);
	CHECK(memcmp(keys.key[0].wrap_key, wrap_key, sizeof(wrap_key)) == 0);
	pgtc_root_keys_wipe(&keys);
}

static void
round_trip(void)
{
	PgtcRootKeys both;
	PgtcRootKeys only_a;
	PgtcRootKeys only_b;
	PgtcRootKeys none;
	char plain[100];
	PgtcBuf blob;
	PgtcBuf back;
	size_t len;

	memset(&none, 0, sizeof(none));
	memset(plain, 'p', sizeof(plain));
	CHECK_CODE(pgtc_root_keys_parse(LITERAL(HEX_B "\n" HEX_A), &both), PGTC_OK);
	CHECK_CODE(pgtc_root_keys_parse(LITERAL(HEX_A), &only_a), PGTC_OK);
	CHECK_CODE(pgtc_root_keys_parse(LITERAL(HEX_B), &only_b), PGTC_OK);

	for (len = 0; len <= sizeof(plain); len += 20)
	{
		pgtc_buf_init(&blob, &unit_mem);
		pgtc_buf_init(&back, &unit_mem);
		pgtc_buf_append_str(&back, "kept");
		CHECK_CODE(pgtc_wrap(&only_a, LITERAL("key:1"), nonce, plain, len, &blob), PGTC_OK);
		CHECK(blob.len == 37 + len);
		/* every key unwraps, the first wraps */
		CHECK_CODE(pgtc_wrap_open(&both, LITERAL("key:1"), blob.data, blob.len, &back), PGTC_OK);
		CHECK(back.len == 4 + len && memcmp(back.data + 4, plain, len) == 0);
		CHECK(!pgtc_wrap_by_first(&both, blob.data, blob.len));
		CHECK(pgtc_wrap_by_first(&only_a, blob.data, blob.len));
		CHECK(!pgtc_wrap_by_first(&only_a, blob.data, 36));
		CHECK(!pgtc_wrap_by_first(&none, blob.data, blob.len));
		pgtc_buf_truncate(&back, 4);

		/* Attack: a blob moved to another row. */
		CHECK_CODE(pgtc_wrap_open(&both, LITERAL("key:2"), blob.data, blob.len, &back),
				   PGTC_E_SIGNATURE);
		CHECK_CODE(pgtc_wrap_open(&both, LITERAL(""), blob.data, blob.len, &back),
				   PGTC_E_SIGNATURE);
		CHECK_CODE(pgtc_wrap_open(&only_b, LITERAL("key:1"), blob.data, blob.len, &back),
				   PGTC_E_ROOT_KEY);
		CHECK_CODE(pgtc_wrap_open(&none, LITERAL("key:1"), blob.data, blob.len, &back),
				   PGTC_E_ROOT_KEY);
		CHECK(strcmp(back.data, "kept") == 0);
		pgtc_buf_free(&blob);
		pgtc_buf_free(&back);
	}
	CHECK_CODE(pgtc_wrap(&none, LITERAL("x"), nonce, plain, 1, &blob), PGTC_E_ROOT_KEY);
}

/* Attack: a stored key with anything about it changed. */
static void
corrupted(void)
{
	PgtcRootKeys keys;
	PgtcBuf blob;
	PgtcBuf back;
	size_t i;
	int bit;

	CHECK_CODE(pgtc_root_keys_parse(LITERAL(HEX_A), &keys), PGTC_OK);
	pgtc_buf_init(&blob, &unit_mem);
	pgtc_buf_init(&back, &unit_mem);
	pgtc_buf_append_str(&back, "kept");
	CHECK_CODE(pgtc_wrap(&keys, LITERAL("l"), nonce, "0123456789", 10, &blob), PGTC_OK);
	for (i = 0; i < blob.len; i++)
	{
		PgtcCode expected = PGTC_E_SIGNATURE;

		if (i == 0)
			expected = PGTC_E_MALFORMED;
		else if (i <= PGTC_ROOT_KEY_ID_LEN)
			expected = PGTC_E_ROOT_KEY;
		for (bit = 0; bit < 8; bit++)
		{
			blob.data[i] ^= (char) (1 << bit);
			CHECK_CODE(pgtc_wrap_open(&keys, LITERAL("l"), blob.data, blob.len, &back), expected);
			blob.data[i] ^= (char) (1 << bit);
		}
	}
	for (i = 0; i < blob.len; i++)
		CHECK_CODE(pgtc_wrap_open(&keys, LITERAL("l"), blob.data, i, &back),
				   i < 37 ? PGTC_E_MALFORMED : PGTC_E_SIGNATURE);
	CHECK(strcmp(back.data, "kept") == 0);
	/* nothing of the unauthenticated plain text remains behind the end */
	CHECK(memchr(back.data + 5, '5', 10) == NULL);
	pgtc_buf_free(&blob);
	pgtc_buf_free(&back);
	pgtc_root_keys_wipe(&keys);
}

/* Attack: a blob relabelled with another key's id; the id is authenticated. */
static void
relabelled(void)
{
	PgtcRootKeys keys;
	PgtcBuf blob;
	PgtcBuf back;

	CHECK_CODE(pgtc_root_keys_parse(LITERAL(HEX_A "\n" HEX_B), &keys), PGTC_OK);
	/* two ids that lead to one key, so that nothing but the id is wrong */
	memcpy(keys.key[1].wrap_key, keys.key[0].wrap_key, sizeof(keys.key[0].wrap_key));
	pgtc_buf_init(&blob, &unit_mem);
	pgtc_buf_init(&back, &unit_mem);
	CHECK_CODE(pgtc_wrap(&keys, LITERAL("l"), nonce, "0123456789", 10, &blob), PGTC_OK);
	memcpy(blob.data + 1, keys.key[1].id, PGTC_ROOT_KEY_ID_LEN);
	CHECK_CODE(pgtc_wrap_open(&keys, LITERAL("l"), blob.data, blob.len, &back), PGTC_E_SIGNATURE);
	pgtc_buf_free(&blob);
	pgtc_buf_free(&back);
	pgtc_root_keys_wipe(&keys);
}

void
test_wrap(void)
{
	grammar();
	derivation();
	round_trip();
	corrupted();
	relabelled();
}
