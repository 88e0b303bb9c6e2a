/*
 * test_oauth.c
 *		Handles, PKCE, user codes, pairwise subjects.
 */
#include "core/base/b64url.h"
#include "unit.h"
#include "vectors.h"

static void
handles(void)
{
	static const char *const prefixes[] = {PGTC_CODE_PREFIX, PGTC_DEVICE_CODE_PREFIX,
										   PGTC_PUSHED_PREFIX, PGTC_CHALLENGE_PREFIX,
										   PGTC_TRANSACTION_PREFIX};
	PgtcHandle handle;
	PgtcHandle back;
	char text[PGTC_HANDLE_LEN + 2];
	size_t i;
	size_t j;

	for (i = 0; i < sizeof(handle); i++)
		((uint8_t *) &handle)[i] = (uint8_t) (i * 7 + 1);
	for (i = 0; i < 5; i++)
	{
		pgtc_handle_write(prefixes[i], &handle, text);
		CHECK(strlen(text) == PGTC_HANDLE_LEN && strncmp(text, prefixes[i], 6) == 0);
		/* Attack: a handle of one kind where another is asked for. */
		for (j = 0; j < 5; j++)
		{
			CHECK_CODE(pgtc_handle_parse(prefixes[j], pgtc_slice(text, PGTC_HANDLE_LEN), &back),
					   i == j ? PGTC_OK : PGTC_E_MALFORMED);
			CHECK((memcmp(&back, &handle, sizeof(back)) == 0) == (i == j));
		}
	}

	/* Attack: a second spelling of a used code that does not count as used. */
	for (i = 0; i < PGTC_HANDLE_LEN; i++)
	{
		char kept = text[i];

		text[i] = '=';
		CHECK_CODE(
			pgtc_handle_parse(PGTC_TRANSACTION_PREFIX, pgtc_slice(text, PGTC_HANDLE_LEN), &back),
			PGTC_E_MALFORMED);
		text[i] = kept;
	}
	CHECK_CODE(pgtc_handle_parse(PGTC_TRANSACTION_PREFIX, pgtc_slice(text, PGTC_HANDLE_LEN), &back),
			   PGTC_OK);
	text[PGTC_HANDLE_LEN - 1]++;
	CHECK_CODE(pgtc_handle_parse(PGTC_TRANSACTION_PREFIX, pgtc_slice(text, PGTC_HANDLE_LEN), &back),
			   PGTC_E_MALFORMED);
	text[PGTC_HANDLE_LEN - 1]--;
	text[PGTC_HANDLE_LEN] = 'A';
	CHECK_CODE(
		pgtc_handle_parse(PGTC_TRANSACTION_PREFIX, pgtc_slice(text, PGTC_HANDLE_LEN + 1), &back),
		PGTC_E_MALFORMED);
	CHECK_CODE(
		pgtc_handle_parse(PGTC_TRANSACTION_PREFIX, pgtc_slice(text, PGTC_HANDLE_LEN - 1), &back),
		PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_handle_parse(PGTC_TRANSACTION_PREFIX, LITERAL(""), &back), PGTC_E_MALFORMED);
	/* version 0 */
	text[6] = 'A';
	text[7] = 'A';
	CHECK_CODE(pgtc_handle_parse(PGTC_TRANSACTION_PREFIX, pgtc_slice(text, PGTC_HANDLE_LEN), &back),
			   PGTC_E_MALFORMED);
}

/* RFC 7636 */
static void
pkce(void)
{
	char verifier[130];

	CHECK(pgtc_pkce_challenge_valid(LITERAL(RFC7636_CHALLENGE)));
	CHECK(pgtc_pkce_verifier_valid(LITERAL(RFC7636_VERIFIER)));
	CHECK(pgtc_pkce_matches(LITERAL(RFC7636_CHALLENGE), LITERAL(RFC7636_VERIFIER)));
	/* Attack: the challenge, which the front channel has seen, as its own verifier ("plain"). */
	CHECK(!pgtc_pkce_matches(LITERAL(RFC7636_CHALLENGE), LITERAL(RFC7636_CHALLENGE)));
	CHECK(!pgtc_pkce_matches(LITERAL(RFC7636_VERIFIER), LITERAL(RFC7636_VERIFIER)));
	CHECK(!pgtc_pkce_matches(LITERAL(""), LITERAL(RFC7636_VERIFIER)));
	CHECK(!pgtc_pkce_matches(pgtc_slice(NULL, 0), LITERAL(RFC7636_VERIFIER)));
	CHECK(!pgtc_pkce_matches(LITERAL(RFC7636_CHALLENGE), LITERAL("")));
	CHECK(!pgtc_pkce_matches(LITERAL(RFC7636_CHALLENGE), pgtc_slice(NULL, 0)));
	CHECK(!pgtc_pkce_matches(LITERAL(RFC7636_CHALLENGE "="), LITERAL(RFC7636_VERIFIER)));
	CHECK(!pgtc_pkce_matches(LITERAL("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN"),
							 LITERAL(RFC7636_VERIFIER)));

	CHECK(!pgtc_pkce_challenge_valid(LITERAL("")));
	CHECK(!pgtc_pkce_challenge_valid(LITERAL(RFC7636_CHALLENGE "A")));
	CHECK(!pgtc_pkce_challenge_valid(LITERAL("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c=")));
	CHECK(!pgtc_pkce_challenge_valid(LITERAL("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")));

	memset(verifier, '~', sizeof(verifier));
	CHECK(!pgtc_pkce_verifier_valid(pgtc_slice(verifier, 42)));
	CHECK(pgtc_pkce_verifier_valid(pgtc_slice(verifier, 43)));
	CHECK(pgtc_pkce_verifier_valid(pgtc_slice(verifier, 128)));
	CHECK(!pgtc_pkce_verifier_valid(pgtc_slice(verifier, 129)));
	verifier[20] = '+';
	CHECK(!pgtc_pkce_verifier_valid(pgtc_slice(verifier, 43)));
	verifier[20] = '\0';
	CHECK(!pgtc_pkce_verifier_valid(pgtc_slice(verifier, 43)));
}

/* RFC 7636 section 4.1: exactly ALPHA / DIGIT / "-" / "." / "_" / "~" */
static void
verifier_alphabet(void)
{
	char verifier[43];
	int valid = 0;
	int c;

	memset(verifier, 'a', sizeof(verifier));
	for (c = 0; c < 256; c++)
	{
		verifier[42] = (char) c;
		if (pgtc_pkce_verifier_valid(pgtc_slice(verifier, 43)))
			valid++;
	}
	CHECK(valid == 26 + 26 + 10 + 4);
}

/* RFC 8628 section 6.1 */
static void
user_codes(void)
{
	static const char *const refused[] = {"",
										  "WDJ-BMJ-HT",
										  "WDJ-BMJ-HTTT",
										  "WDJ-BMJ-HTA",
										  "WDJ-BMJ-HT1",
										  "WDJ BMJ HTU",
										  "0WDJ-BMJ-HTT",
										  "---------"};
	uint8_t random[32];
	char code[PGTC_USER_CODE_LEN + 1];
	char back[PGTC_USER_CODE_LEN + 1];
	char shown[PGTC_USER_CODE_SHOWN_LEN + 1];
	int count[256] = {0};
	int letters = 0;
	size_t i;
	int n;

	memset(random, 0, sizeof(random));
	pgtc_user_code_make(0, random, code);
	CHECK(strcmp(code, "BBBBBBBBB") == 0);
	memset(random, 255, sizeof(random));
	pgtc_user_code_make(19, random, code);
	CHECK(strcmp(code, "ZTVZGBRDD") == 0);
	for (n = 0; n < 2000; n++)
	{
		CHECK_CODE(pgtc_crypto_sha256(&n, sizeof(n), random), PGTC_OK);
		/* the first letter says where, the secret begins behind it */
		pgtc_user_code_make((uint32_t) n % PGTC_USER_CODE_PLACEMENTS, random, code);
		CHECK(pgtc_user_code_placement(code) == (uint32_t) n % PGTC_USER_CODE_PLACEMENTS);
		for (i = 1; i < PGTC_USER_CODE_LEN; i++)
			count[(unsigned char) code[i]]++;
		pgtc_user_code_show(code, shown);
		CHECK(strlen(shown) == PGTC_USER_CODE_SHOWN_LEN && shown[3] == '-' && shown[7] == '-');
		CHECK_CODE(pgtc_user_code_read(pgtc_slice_str(shown), back), PGTC_OK);
		CHECK(strcmp(code, back) == 0);
	}
	/* 16000 letters of 20 kinds: 800 of each, give or take; the bytes are fixed, so this is no dice */
	for (n = 0; n < 256; n++)
	{
		if (count[n] > 0)
			letters++;
		CHECK(count[n] == 0 || (count[n] > 650 && count[n] < 950));
	}
	CHECK(letters == 20);

	CHECK_CODE(pgtc_user_code_read(LITERAL("wdj bmj htt"), back), PGTC_OK);
	CHECK(strcmp(back, "WDJBMJHTT") == 0);
	CHECK_CODE(pgtc_user_code_read(LITERAL(" W.D_J\xe2\x80\x93"
										   "B-m\0jhtt\n"),
								   back),
			   PGTC_OK);
	CHECK(strcmp(back, "WDJBMJHTT") == 0);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		CHECK_CODE(pgtc_user_code_read(pgtc_slice_str(refused[i]), back), PGTC_E_MALFORMED);
		CHECK(back[0] == '\0');
	}
}

static void
subkeys(void)
{
	static const uint8_t pepper[PGTC_PEPPER_LEN] = {9};
	uint8_t one[32];
	uint8_t other[32];
	uint8_t hash[PGTC_SHA256_LEN];
	uint8_t again[PGTC_SHA256_LEN];

	CHECK_CODE(pgtc_crypto_hmac_sha256(pepper, 32, "pairwise", strlen("pairwise"), one), PGTC_OK);
	CHECK_CODE(pgtc_crypto_hmac_sha256(pepper, 32, "user-code", strlen("user-code"), other),
			   PGTC_OK);
	CHECK(memcmp(one, other, 32) != 0 && memcmp(one, pepper, 32) != 0);
	CHECK_CODE(pgtc_crypto_hmac_sha256(one, 32, "WDJBMJHTT", strlen("WDJBMJHTT"), hash), PGTC_OK);
	CHECK_CODE(pgtc_crypto_hmac_sha256(one, 32, "WDJBMJHTT", strlen("WDJBMJHTT"), again), PGTC_OK);
	CHECK(memcmp(hash, again, 32) == 0);
	CHECK_CODE(pgtc_crypto_hmac_sha256(other, 32, "WDJBMJHTT", strlen("WDJBMJHTT"), again),
			   PGTC_OK);
	CHECK(memcmp(hash, again, 32) != 0);
	CHECK_CODE(pgtc_crypto_hmac_sha256(one, 32, "", strlen(""), again), PGTC_OK);
	CHECK(memcmp(hash, again, 32) != 0);
}

/* RFC 4231 sections 4.3 and 4.7: a short key, and one that is longer than a block */
static void
hmac(void)
{
	static const char *const text = "Test Using Larger Than Block-Size Key - Hash Key First";
	uint8_t key[131];
	uint8_t mac[PGTC_SHA256_LEN];
	char written[PGTC_DIGEST_TEXT_LEN + 1] = {0};

	CHECK_CODE(pgtc_crypto_hmac_sha256((const uint8_t *) "Jefe", 4, "what do ya want for nothing?",
									   28, mac),
			   PGTC_OK);
	pgtc_b64url_encode(mac, sizeof(mac), written);
	CHECK(strcmp(written, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM") == 0);
	memset(key, 0xaa, sizeof(key));
	CHECK_CODE(pgtc_crypto_hmac_sha256(key, sizeof(key), text, strlen(text), mac), PGTC_OK);
	pgtc_b64url_encode(mac, sizeof(mac), written);
	CHECK(strcmp(written, "YOQxWR7gtn8Niiaqy_W3f44LxiE3KMUUBUYEDw7jf1Q") == 0);
}

/* OpenID Connect Core section 8.1 */
static void
pairwise(void)
{
	static const uint8_t key[32] = {7};
	static const uint8_t other_key[32] = {8};
	static char large[4096];
	char first[PGTC_PAIRWISE_LEN + 1];
	char second[PGTC_PAIRWISE_LEN + 1];

	CHECK_CODE(pgtc_pairwise_subject(key, LITERAL("a.example"), LITERAL("alice"), first), PGTC_OK);
	/* a subject must stay the same for as long as its client lives, so the value is fixed here */
	CHECK(strcmp(first, "NSqiFgQPFs98LlozvEW5sg3msxOjHXPck1tFgh0O5e8") == 0);
	CHECK_CODE(pgtc_pairwise_subject(key, LITERAL("a.example"), LITERAL("alice"), second), PGTC_OK);
	CHECK(strcmp(first, second) == 0);
	CHECK_CODE(pgtc_pairwise_subject(key, LITERAL("b.example"), LITERAL("alice"), second), PGTC_OK);
	CHECK(strcmp(first, second) != 0);
	CHECK_CODE(pgtc_pairwise_subject(key, LITERAL("a.example"), LITERAL("bob"), second), PGTC_OK);
	CHECK(strcmp(first, second) != 0);
	CHECK_CODE(pgtc_pairwise_subject(other_key, LITERAL("a.example"), LITERAL("alice"), second),
			   PGTC_OK);
	CHECK(strcmp(first, second) != 0);
	/* Attack: the border between sector and subject moved, to be somebody else's subject. */
	CHECK_CODE(pgtc_pairwise_subject(key, LITERAL("a.examplea"), LITERAL("lice"), second), PGTC_OK);
	CHECK(strcmp(first, second) != 0);
	CHECK_CODE(pgtc_pairwise_subject(key, LITERAL("a\0b"), LITERAL("c"), second), PGTC_E_MALFORMED);
	CHECK(second[0] == '\0');
	CHECK_CODE(pgtc_pairwise_subject(key, LITERAL(""), LITERAL("c"), second), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_pairwise_subject(key, LITERAL("a"), LITERAL(""), second), PGTC_E_MALFORMED);

	memset(large, 'a', sizeof(large));
	CHECK_CODE(pgtc_pairwise_subject(key, LITERAL("a"), pgtc_slice(large, 4095), second), PGTC_OK);
	CHECK_CODE(pgtc_pairwise_subject(key, LITERAL("a"), pgtc_slice(large, 4096), second),
			   PGTC_E_TOO_LONG);
}

void
test_oauth(void)
{
	handles();
	pkce();
	verifier_alphabet();
	user_codes();
	subkeys();
	hmac();
	pairwise();
}
