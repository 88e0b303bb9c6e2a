/*
 * test_ids.c
 *		UUIDv7, refresh tokens, token identifiers, client secrets.
 */
#include "unit.h"

static const uint8_t grant_id[PGTC_UUID_LEN] = {0x01, 0x90, 0xa0, 0xa1, 0xa2, 0xa3, 0x7f, 0xff,
												0x80, 1,	2,	  3,	4,	  5,	6,	  7};

static void
fill(uint8_t *out, size_t len, uint8_t seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = (uint8_t) (seed + i);
}

/* RFC 9562 section 5.7 and appendix A.6 */
static void
uuid7(void)
{
	static const uint8_t ones[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t zeros[8] = {0};
	uint8_t before[PGTC_UUID_LEN];
	uint8_t after[PGTC_UUID_LEN];
	char text[PGTC_UUID_TEXT_LEN + 1];
	uint64_t us;

	pgtc_uuid_make(UINT64_C(1645557742000) * 1000, zeros, before);
	pgtc_uuid_text(before, text);
	CHECK(strcmp(text, "017f22e2-79b0-7000-8000-000000000000") == 0);

	/* every microsecond sorts behind the one before, whatever the random part */
	for (us = 1645557741999000; us < 1645557742001000; us++)
	{
		pgtc_uuid_make(us, ones, before);
		pgtc_uuid_make(us + 1, zeros, after);
		if (memcmp(before, after, PGTC_UUID_LEN) >= 0)
			break;
		if ((before[6] & 0xf0) != 0x70 || (before[8] & 0xc0) != 0x80)
			break;
		if (pgtc_uuid_unix_us(before) != us || pgtc_uuid_unix_us(after) != us + 1)
			break;
	}
	CHECK(us == 1645557742001000);

	pgtc_uuid_make(UINT64_MAX, ones, after);
	CHECK((after[6] & 0xf0) == 0x70 && (after[8] & 0xc0) == 0x80);
}

static void
uuid_text(void)
{
	char text[PGTC_UUID_TEXT_LEN + 1];
	uint8_t uuid[PGTC_UUID_LEN];
	size_t at;
	int c;
	int accepted = 0;

	pgtc_uuid_text(grant_id, text);
	CHECK(strcmp(text, "0190a0a1-a2a3-7fff-8001-020304050607") == 0);
	CHECK_CODE(pgtc_uuid_parse(pgtc_slice(text, PGTC_UUID_TEXT_LEN), uuid), PGTC_OK);
	CHECK(memcmp(uuid, grant_id, PGTC_UUID_LEN) == 0);
	CHECK_CODE(pgtc_uuid_parse(LITERAL("0190A0A1-A2A3-7FFF-8001-020304050607"), uuid), PGTC_OK);
	CHECK(memcmp(uuid, grant_id, PGTC_UUID_LEN) == 0);

	CHECK_CODE(pgtc_uuid_parse(LITERAL(""), uuid), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_uuid_parse(LITERAL("0190a0a1a2a37fff8001020304050607"), uuid),
			   PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_uuid_parse(LITERAL("{0190a0a1-a2a3-7fff-8001-0203040506}"), uuid),
			   PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_uuid_parse(pgtc_slice(text, PGTC_UUID_TEXT_LEN - 1), uuid), PGTC_E_MALFORMED);

	/* each place takes a hyphen or 22 hexadecimal digits, and nothing else */
	for (at = 0; at < PGTC_UUID_TEXT_LEN; at++)
	{
		char changed[PGTC_UUID_TEXT_LEN];

		memcpy(changed, text, sizeof(changed));
		for (c = 0; c < 256; c++)
		{
			changed[at] = (char) c;
			if (pgtc_uuid_parse(pgtc_slice(changed, sizeof(changed)), uuid) == PGTC_OK)
				accepted++;
		}
	}
	CHECK(accepted == 32 * 22 + 4);
}

static void
make_token(uint32_t generation, PgtcRefreshToken *token, char *text)
{
	memset(token, 0, sizeof(*token));
	memcpy(token->grant_id, grant_id, sizeof(grant_id));
	token->generation = generation;
	fill(token->secret, sizeof(token->secret), 0x40);
	pgtc_refresh_token_write(token, text);
}

/* C22: 256 bits of secret, VSCHAR only */
static void
refresh_round_trip(void)
{
	static const uint32_t generations[] = {0, 1, 255, 256, 65536, INT32_MAX};
	PgtcRefreshToken token;
	PgtcRefreshToken back;
	char text[PGTC_REFRESH_TOKEN_LEN + 1];
	size_t i;

	for (i = 0; i < sizeof(generations) / sizeof(generations[0]); i++)
	{
		make_token(generations[i], &token, text);
		CHECK(strlen(text) == PGTC_REFRESH_TOKEN_LEN);
		CHECK(strncmp(text, PGTC_REFRESH_PREFIX, 6) == 0);
		CHECK_CODE(pgtc_refresh_token_parse(pgtc_slice_str(text), &back), PGTC_OK);
		CHECK(memcmp(&token, &back, sizeof(token)) == 0);
	}
	CHECK(8 * PGTC_SECRET_LEN >= 160);
	for (i = 0; i < PGTC_REFRESH_TOKEN_LEN; i++)
		CHECK(text[i] >= 0x20 && text[i] <= 0x7e);

	/* a generation that PostgreSQL's integer cannot hold */
	make_token((uint32_t) INT32_MAX + 1, &token, text);
	CHECK_CODE(pgtc_refresh_token_parse(pgtc_slice_str(text), &back), PGTC_E_MALFORMED);
}

/*
 * Attack: another spelling of a token, or a token with one thing changed, taken
 * for the original.  Every other character at every place is refused, or means
 * another token.
 */
static void
refresh_corrupted(void)
{
	PgtcRefreshToken token;
	PgtcRefreshToken back;
	char text[PGTC_REFRESH_TOKEN_LEN + 1];
	char changed[PGTC_REFRESH_TOKEN_LEN + 8];
	size_t at;
	size_t len;
	int c;
	int same = 0;
	int prefix_accepted = 0;

	make_token(7, &token, text);
	for (at = 0; at < PGTC_REFRESH_TOKEN_LEN; at++)
	{
		memcpy(changed, text, PGTC_REFRESH_TOKEN_LEN);
		/* all 255 other characters, so every flip of a single bit as well */
		for (c = 0; c < 256; c++)
		{
			changed[at] = (char) c;
			if (changed[at] == text[at] ||
				pgtc_refresh_token_parse(pgtc_slice(changed, PGTC_REFRESH_TOKEN_LEN), &back) !=
					PGTC_OK)
				continue;
			if (at < 7)
				prefix_accepted++;
			if (memcmp(&token, &back, sizeof(token)) == 0)
				same++;
		}
	}
	CHECK(same == 0);
	CHECK(prefix_accepted == 0);

	for (len = 0; len < PGTC_REFRESH_TOKEN_LEN; len++)
		CHECK_CODE(pgtc_refresh_token_parse(pgtc_slice(text, len), &back), PGTC_E_MALFORMED);
	memcpy(changed, text, PGTC_REFRESH_TOKEN_LEN);
	for (len = PGTC_REFRESH_TOKEN_LEN + 1; len <= sizeof(changed); len++)
	{
		changed[len - 1] = "=A\n\0 .A"[len - PGTC_REFRESH_TOKEN_LEN - 1];
		CHECK_CODE(pgtc_refresh_token_parse(pgtc_slice(changed, len), &back), PGTC_E_MALFORMED);
	}
	/* what was refused leaves no secret behind */
	memset(&token, 0, sizeof(token));
	CHECK(memcmp(&token, &back, sizeof(token)) == 0);
}

static void
derive(void)
{
	/* HMAC-SHA-256 over grant_id | 00000001 | secret | nonce, computed by Python's hmac */
	static const uint8_t expected[PGTC_SECRET_LEN] = {
		0x1c, 0x2e, 0x7f, 0xc3, 0x95, 0x91, 0x31, 0x03, 0xcf, 0x31, 0xff,
		0xbe, 0xd1, 0xad, 0x5f, 0x0d, 0x7e, 0xd8, 0xc5, 0x77, 0x36, 0x95,
		0xab, 0x23, 0xe4, 0x0d, 0xd3, 0x2d, 0x58, 0xca, 0xc2, 0x2a};
	uint8_t pepper[PGTC_PEPPER_LEN];
	uint8_t presented[PGTC_SECRET_LEN];
	uint8_t nonce[PGTC_ROTATION_NONCE_LEN];
	uint8_t other_grant[PGTC_UUID_LEN];
	uint8_t got[PGTC_SECRET_LEN];

	fill(pepper, sizeof(pepper), 0);
	fill(presented, sizeof(presented), 0x40);
	fill(nonce, sizeof(nonce), 0x80);
	CHECK_CODE(pgtc_refresh_token_derive(pepper, grant_id, 1, presented, nonce, got), PGTC_OK);
	CHECK(memcmp(got, expected, sizeof(got)) == 0);

	/* Attack: a successor made from less than all five inputs. */
	pgtc_refresh_token_derive(pepper, grant_id, 2, presented, nonce, got);
	CHECK(memcmp(got, expected, sizeof(got)) != 0);
	pepper[31] ^= 1;
	pgtc_refresh_token_derive(pepper, grant_id, 1, presented, nonce, got);
	CHECK(memcmp(got, expected, sizeof(got)) != 0);
	pepper[31] ^= 1;
	presented[31] ^= 1;
	pgtc_refresh_token_derive(pepper, grant_id, 1, presented, nonce, got);
	CHECK(memcmp(got, expected, sizeof(got)) != 0);
	presented[31] ^= 1;
	nonce[15] ^= 1;
	pgtc_refresh_token_derive(pepper, grant_id, 1, presented, nonce, got);
	CHECK(memcmp(got, expected, sizeof(got)) != 0);
	nonce[15] ^= 1;
	memcpy(other_grant, grant_id, sizeof(grant_id));
	other_grant[0] ^= 1;
	pgtc_refresh_token_derive(pepper, other_grant, 1, presented, nonce, got);
	CHECK(memcmp(got, expected, sizeof(got)) != 0);
}

static void
jti(void)
{
	PgtcJti token = {.generation = 0x01020304, .retry = 0x0a0b0c};
	PgtcJti back;
	char text[PGTC_JTI_LEN + 2];

	memcpy(token.grant_id, grant_id, sizeof(grant_id));
	fill(token.random, sizeof(token.random), 0xf0);
	pgtc_jti_write(&token, text);
	CHECK(strlen(text) == PGTC_JTI_LEN);
	CHECK_CODE(pgtc_jti_parse(pgtc_slice_str(text), &back), PGTC_OK);
	CHECK(memcmp(&back, &token, sizeof(back)) == 0);
	CHECK_CODE(pgtc_jti_parse(pgtc_slice(text, PGTC_JTI_LEN - 1), &back), PGTC_E_MALFORMED);
	text[PGTC_JTI_LEN] = 'A';
	CHECK_CODE(pgtc_jti_parse(pgtc_slice(text, PGTC_JTI_LEN + 1), &back), PGTC_E_MALFORMED);
	/* unused trailing bits */
	text[PGTC_JTI_LEN - 1]++;
	CHECK_CODE(pgtc_jti_parse(pgtc_slice(text, PGTC_JTI_LEN), &back), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_jti_parse(pgtc_slice(NULL, 0), &back), PGTC_E_MALFORMED);
	/* Attack: a generation that is negative where the ledger counts. */
	CHECK_CODE(pgtc_jti_parse(LITERAL("AAAAAAAAAAAAAAAAAAAAAP____8AAAAAAAAAAA"), &back),
			   PGTC_E_MALFORMED);

	/* the least that its row can have: what does not fit must come out smaller */
	token.generation = INT32_MAX;
	token.retry = PGTC_JTI_RETRY_MAX + 1;
	pgtc_jti_write(&token, text);
	CHECK_CODE(pgtc_jti_parse(pgtc_slice_str(text), &back), PGTC_OK);
	CHECK(back.generation == INT32_MAX && back.retry == PGTC_JTI_RETRY_MAX);
}

static void
client_secret(void)
{
	uint8_t random[PGTC_SECRET_LEN] = {0};
	char text[PGTC_CLIENT_SECRET_LEN + 1];

	pgtc_secret_write(PGTC_CLIENT_SECRET_PREFIX, random, text);
	CHECK(strcmp(text, "pgtcs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") == 0);
	CHECK(strlen(text) == PGTC_CLIENT_SECRET_LEN);
}

void
test_ids(void)
{
	uuid7();
	uuid_text();
	refresh_round_trip();
	refresh_corrupted();
	derive();
	jti();
	client_secret();
}
