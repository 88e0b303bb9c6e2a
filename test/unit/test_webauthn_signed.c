/*
 * test_webauthn_signed.c
 *		WebAuthn assertions that are signed here, each field broken in turn.
 *
 * What breaks a field of a recording breaks its signature as well.  Here all
 * signatures are right, and what is refused is refused for what it says.
 */
#include "sample.h"

/* signed with a key of our own, which says what it is told to */
static PgtcCode
check_signed(Sample *sample, const char *alg, PgtcSlice client_data, PgtcSlice authenticator_data)
{
	const PgtcKey *key = unit_key(alg);
	uint8_t data[512];
	size_t len = sizeof(sample->signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	memcpy(data, authenticator_data.data, authenticator_data.len);
	CHECK_CODE(pgtc_crypto_sha256(client_data.data, client_data.len, data + authenticator_data.len),
			   PGTC_OK);
	CHECK(EVP_DigestSignInit(ctx, NULL, key->alg->digest != NULL ? EVP_sha256() : NULL, NULL,
							 key->pkey) == 1 &&
		  EVP_DigestSign(ctx, sample->signature, &len, data,
						 authenticator_data.len + PGTC_SHA256_LEN) == 1);
	EVP_MD_CTX_free(ctx);
	sample->assertion.client_data = client_data;
	sample->assertion.authenticator_data = authenticator_data;
	sample->assertion.signature = pgtc_slice((const char *) sample->signature, len);
	return sample_check(sample, key);
}

/* rpIdHash of RP_ID, flags, counter, and what follows */
static PgtcSlice
authenticator(uint8_t *out, uint8_t flags, uint32_t counter, PgtcSlice rest)
{
	CHECK_CODE(pgtc_crypto_sha256(RP_ID, sizeof(RP_ID) - 1, out), PGTC_OK);
	out[32] = flags;
	out[33] = (uint8_t) (counter >> 24);
	out[34] = (uint8_t) (counter >> 16);
	out[35] = (uint8_t) (counter >> 8);
	out[36] = (uint8_t) counter;
	if (rest.len > 0)
		memcpy(out + 37, rest.data, rest.len);
	return pgtc_slice((const char *) out, 37 + rest.len);
}

/* base64url of "challenge" */
#define TYPE "\"type\":\"webauthn.get\""
#define CHALLENGE "\"challenge\":\"Y2hhbGxlbmdl\""
#define AT_ORIGIN "\"origin\":\"" ORIGIN "\""
#define CLIENT_DATA "{" TYPE "," CHALLENGE "," AT_ORIGIN "}"

static void
client_data(void)
{
	static const struct
	{
		PgtcCode code;
		const char *text;
	} rows[] = {
		{PGTC_OK, CLIENT_DATA},
		{PGTC_OK, "{" AT_ORIGIN "," CHALLENGE "," TYPE "}"},
		{PGTC_OK, " { " TYPE " , " CHALLENGE " , " AT_ORIGIN " } "},
		{PGTC_OK, "{" TYPE "," CHALLENGE ",\"origin\":\"http:\\/\\/localhost:8099\"}"},
		{PGTC_OK, "{" TYPE "," CHALLENGE ",\"origin\":\"android:apk-key-hash:abc\"}"},
		{PGTC_OK, "{" TYPE "," CHALLENGE "," AT_ORIGIN ",\"crossOrigin\":false}"},
		{PGTC_OK, "{" TYPE "," CHALLENGE "," AT_ORIGIN ",\"x\":[1,{\"type\":2}]}"},
		{PGTC_OK,
		 "{" TYPE "," CHALLENGE "," AT_ORIGIN ",\"tokenBinding\":{\"status\":\"supported\"}}"},

		/* Attack: what was signed when a credential was registered, or paid with. */
		{PGTC_E_CLAIM, "{\"type\":\"webauthn.create\"," CHALLENGE "," AT_ORIGIN "}"},
		{PGTC_E_CLAIM, "{\"type\":\"payment.get\"," CHALLENGE "," AT_ORIGIN "}"},
		{PGTC_E_CLAIM, "{\"type\":\"webauthn.get \"," CHALLENGE "," AT_ORIGIN "}"},
		{PGTC_E_CLAIM, "{\"type\":\"WebAuthn.get\"," CHALLENGE "," AT_ORIGIN "}"},
		{PGTC_E_CLAIM, "{\"type\":[\"webauthn.get\"]," CHALLENGE "," AT_ORIGIN "}"},
		{PGTC_E_CLAIM, "{\"Type\":\"webauthn.get\"," CHALLENGE "," AT_ORIGIN "}"},
		{PGTC_E_CLAIM, "{" CHALLENGE "," AT_ORIGIN "}"},

		/* Attack: an answer to another question. */
		{PGTC_E_CLAIM, "{" TYPE ",\"challenge\":\"Y2hhbGxlbmdm\"," AT_ORIGIN "}"},
		{PGTC_E_CLAIM, "{" TYPE ",\"challenge\":\"Y2hhbGxlbmdlYQ\"," AT_ORIGIN "}"},
		{PGTC_E_CLAIM, "{" TYPE ",\"challenge\":\"Y2hhbGxlbmdl=\"," AT_ORIGIN "}"},
		{PGTC_E_CLAIM, "{" TYPE ",\"challenge\":\"Y2hhbGxl\"," AT_ORIGIN "}"},
		{PGTC_E_CLAIM, "{" TYPE ",\"challenge\":\"challenge\"," AT_ORIGIN "}"},
		{PGTC_E_CLAIM, "{" TYPE ",\"challenge\":\"\"," AT_ORIGIN "}"},
		{PGTC_E_CLAIM, "{" TYPE ",\"challenge\":null," AT_ORIGIN "}"},
		{PGTC_E_CLAIM, "{" TYPE "," AT_ORIGIN "}"},

		/* Attack: a page that looks like ours. */
		{PGTC_E_CLAIM, "{" TYPE "," CHALLENGE ",\"origin\":\"" ORIGIN ".evil.example\"}"},
		{PGTC_E_CLAIM, "{" TYPE "," CHALLENGE ",\"origin\":\"" ORIGIN "/\"}"},
		{PGTC_E_CLAIM, "{" TYPE "," CHALLENGE ",\"origin\":\"http://localhost:809\"}"},
		{PGTC_E_CLAIM, "{" TYPE "," CHALLENGE ",\"origin\":\"https://localhost:8099\"}"},
		{PGTC_E_CLAIM, "{" TYPE "," CHALLENGE ",\"origin\":\"HTTP://LOCALHOST:8099\"}"},
		{PGTC_E_CLAIM, "{" TYPE "," CHALLENGE ",\"origin\":\"null\"}"},
		{PGTC_E_CLAIM, "{" TYPE "," CHALLENGE ",\"origin\":\"\"}"},
		{PGTC_E_CLAIM, "{" TYPE "," CHALLENGE ",\"origin\":[\"" ORIGIN "\"]}"},
		{PGTC_E_CLAIM, "{" TYPE "," CHALLENGE "}"},

		/* Attack: our page in a frame of theirs. */
		{PGTC_E_CLAIM, "{" TYPE "," CHALLENGE "," AT_ORIGIN ",\"crossOrigin\":true}"},
		{PGTC_E_CLAIM, "{" TYPE "," CHALLENGE "," AT_ORIGIN ",\"crossOrigin\":\"false\"}"},
		{PGTC_E_CLAIM, "{" TYPE "," CHALLENGE "," AT_ORIGIN ",\"crossOrigin\":null}"},
		{PGTC_E_CLAIM, "{" TYPE "," CHALLENGE "," AT_ORIGIN ",\"crossOrigin\":0}"},
		{PGTC_E_CLAIM, "{" TYPE "," CHALLENGE "," AT_ORIGIN ",\"topOrigin\":\"" ORIGIN "\"}"},

		/* Attack: members twice, of which one reader takes the first and one the last. */
		{PGTC_E_MALFORMED, "{" TYPE "," TYPE "," CHALLENGE "," AT_ORIGIN "}"},
		{PGTC_E_MALFORMED,
		 "{\"\\u0074ype\":\"webauthn.create\"," TYPE "," CHALLENGE "," AT_ORIGIN "}"},
		{PGTC_E_MALFORMED, "{" TYPE "," CHALLENGE ",\"challenge\":\"AAAA\"," AT_ORIGIN "}"},
		{PGTC_E_MALFORMED,
		 "{" TYPE "," CHALLENGE ",\"origin\":\"https://evil.example\"," AT_ORIGIN "}"},
		{PGTC_E_MALFORMED,
		 "{" TYPE "," CHALLENGE "," AT_ORIGIN ",\"crossOrigin\":true,\"crossOrigin\":false}"},
		{PGTC_E_MALFORMED, "{" TYPE "," CHALLENGE "," AT_ORIGIN ",\"x\":{\"y\":1,\"y\":2}}"},

		{PGTC_E_MALFORMED, CLIENT_DATA "x"},
		{PGTC_E_MALFORMED, CLIENT_DATA "}"},
		{PGTC_E_MALFORMED, CLIENT_DATA "{}"},
		{PGTC_E_MALFORMED, CLIENT_DATA CLIENT_DATA},
		{PGTC_E_MALFORMED, "\xef\xbb\xbf" CLIENT_DATA},
		{PGTC_E_MALFORMED, "[" CLIENT_DATA "]"},
		{PGTC_E_MALFORMED, "{" TYPE "," CHALLENGE "," AT_ORIGIN ",\"x\":\"\xff\"}"},
		{PGTC_E_MALFORMED, "{" TYPE "," CHALLENGE "," AT_ORIGIN ",\"x\":\"\\u0000\"}"},
		{PGTC_E_MALFORMED, "{" TYPE "," CHALLENGE "," AT_ORIGIN ",}"},
		{PGTC_E_MALFORMED, "\"webauthn.get\""},
		{PGTC_E_MALFORMED, "null"},
		{PGTC_E_MALFORMED, ""},
	};
	uint8_t bytes[64];
	PgtcSlice data = authenticator(bytes, 0x01, 1, LITERAL(""));
	Sample sample;
	size_t i;

	memset(&sample, 0, sizeof(sample));
	sample_expect(&sample, "challenge");
	for (i = 0; i < N_OF(rows); i++)
		CHECK_CODE(check_signed(&sample, "ES256", pgtc_slice_str(rows[i].text), data),
				   rows[i].code);
	/* Attack: no challenge was asked for, so that any answer is one to it. */
	sample_expect(&sample, "");
	CHECK_CODE(check_signed(&sample, "ES256",
							LITERAL("{" TYPE ",\"challenge\":\"\"," AT_ORIGIN "}"), data),
			   PGTC_E_CLAIM);
	sample_expect(&sample, "challenge");
	/* a NUL does not end it */
	CHECK_CODE(check_signed(&sample, "ES256", LITERAL(CLIENT_DATA "\0"), data), PGTC_E_MALFORMED);
	CHECK_CODE(check_signed(&sample, "RS256", LITERAL(CLIENT_DATA), data), PGTC_OK);
	CHECK_CODE(check_signed(&sample, "EdDSA", LITERAL(CLIENT_DATA), data), PGTC_OK);
}

static void
authenticator_data(void)
{
	static const struct
	{
		PgtcCode code;
		uint8_t flags;
		PgtcSlice rest;
	} rows[] = {
		{PGTC_OK, 0x01, {"", 0}},
		{PGTC_OK, 0x05, {"", 0}},
		{PGTC_OK, 0x09, {"", 0}},
		{PGTC_OK, 0x1d, {"", 0}},
		/* reserved bits */
		{PGTC_OK, 0x23, {"", 0}},
		/* Attack: a program on the device that asks while nobody is there. */
		{PGTC_E_CLAIM, 0x00, {"", 0}},
		{PGTC_E_CLAIM, 0x04, {"", 0}},
		/* backed up, and yet not able to be */
		{PGTC_E_CLAIM, 0x11, {"", 0}},
		/* Attack: what a registration says, which anybody's own key can sign. */
		{PGTC_E_MALFORMED, 0x41, {"", 0}},
		{PGTC_E_MALFORMED, 0x41, {"0123456789012345\0\1x\xa0", 20}},
		{PGTC_E_MALFORMED, 0xc1, {"\xa0", 1}},
		/* bytes that no flag speaks of, and a flag without them */
		{PGTC_E_MALFORMED, 0x01, {"\xa0", 1}},
		{PGTC_E_MALFORMED, 0x01, {"\0", 1}},
		{PGTC_E_MALFORMED, 0x81, {"", 0}},

		{PGTC_OK, 0x81, {"\xa0", 1}},
		{PGTC_OK, 0x81, {"\xa1\x61x\xf5", 4}},
		{PGTC_OK, 0x85, {"\xa2\x61x\x42yz\x61y\x82\x20\x18\x20", 12}},
		/* uvm: an array of arrays */
		{PGTC_OK, 0x85, {"\xa1\x63uvm\x81\x83\x02\x04\x02", 10}},
		{PGTC_OK,
		 0x81,
		 {"\xa1\x61x\x81\xa1\x01\x81\xfb"
		  "01234567",
		  16}},
		{PGTC_OK, 0x81, {"\xb8\x01\x61x\x79\x00\x01y", 8}},
		/* one level more than CTAP allows */
		{PGTC_E_MALFORMED, 0x81, {"\xa1\x61x\x81\x81\x81\x81\x01", 8}},
		{PGTC_E_MALFORMED, 0x81, {"\xa1\x61x\xf5\xa0", 5}},
		{PGTC_E_MALFORMED, 0x81, {"\xa0\x00", 2}},
		{PGTC_E_MALFORMED, 0x81, {"\xa1\x61x", 3}},
		{PGTC_E_MALFORMED, 0x81, {"\xa2\x61x\xf5", 4}},
		{PGTC_E_MALFORMED, 0x81, {"\xa1\x62x\xf5", 4}},
		{PGTC_E_MALFORMED, 0x81, {"\xa1\x61x\x42y", 5}},
		{PGTC_E_MALFORMED, 0x81, {"\xa1\x61x\x19\x00", 5}},
		{PGTC_E_MALFORMED, 0x81, {"\xb8", 1}},
		/* of indefinite length, tagged, reserved */
		{PGTC_E_MALFORMED, 0x81, {"\xbf\xff", 2}},
		{PGTC_E_MALFORMED, 0x81, {"\xa1\x61x\x5f\xff", 5}},
		{PGTC_E_MALFORMED, 0x81, {"\xa1\x61x\xc0\x01", 5}},
		{PGTC_E_MALFORMED, 0x81, {"\xa1\x61x\x1c", 4}},
		/* no map */
		{PGTC_E_MALFORMED, 0x81, {"\x80", 1}},
		{PGTC_E_MALFORMED, 0x81, {"\xf5", 1}},
		{PGTC_E_MALFORMED, 0x81, {"\x61x", 2}},
		/* lengths that overflow */
		{PGTC_E_MALFORMED, 0x81, {"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", 9}},
		{PGTC_E_MALFORMED, 0x81, {"\xbb\x80\x00\x00\x00\x00\x00\x00\x00", 9}},
		{PGTC_E_MALFORMED, 0x81, {"\xa1\x61x\x5b\xff\xff\xff\xff\xff\xff\xff\xff", 12}},
		{PGTC_E_MALFORMED, 0x81, {"\xa1\x61x\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 12}},
	};
	uint8_t bytes[128];
	PgtcSlice data;
	Sample sample;
	size_t i;

	memset(&sample, 0, sizeof(sample));
	sample_expect(&sample, "challenge");
	for (i = 0; i < N_OF(rows); i++)
	{
		uint8_t flags = rows[i].flags;
		PgtcCode code = rows[i].code;

		data = authenticator(bytes, flags, 7, rows[i].rest);
		sample.expected.user_verification = false;
		CHECK_CODE(check_signed(&sample, "EdDSA", LITERAL(CLIENT_DATA), data), code);
		if (code == PGTC_OK)
		{
			CHECK(sample.result.counter == 7);
			CHECK(sample.result.user_verified == ((flags & 0x04) != 0));
			CHECK(sample.result.backed_up == ((flags & 0x10) != 0));
			if ((flags & 0x04) == 0)
				code = PGTC_E_CLAIM;
		}
		sample.expected.user_verification = true;
		CHECK_CODE(check_signed(&sample, "EdDSA", LITERAL(CLIENT_DATA), data), code);
	}

	/* Attack: a credential of another site's, shown to us. */
	sample.expected.user_verification = false;
	for (i = 0; i < PGTC_SHA256_LEN; i++)
	{
		data = authenticator(bytes, 0x01, 7, LITERAL(""));
		bytes[i] ^= 1;
		CHECK_CODE(check_signed(&sample, "EdDSA", LITERAL(CLIENT_DATA), data), PGTC_E_CLAIM);
	}
	for (i = 0; i < 37; i++)
		CHECK_CODE(check_signed(&sample, "EdDSA", LITERAL(CLIENT_DATA), pgtc_slice(data.data, i)),
				   PGTC_E_MALFORMED);
}

static void
counters(void)
{
	static const struct
	{
		PgtcCode code;
		int64_t last;
		uint32_t counter;
	} rows[] = {
		{PGTC_OK, -1, 0},
		{PGTC_OK, -1, 1},
		{PGTC_OK, -1, UINT32_MAX},
		{PGTC_OK, 0, 0},
		{PGTC_OK, 0, 1},
		{PGTC_OK, 1, 2},
		{PGTC_OK, 1, 1000},
		{PGTC_OK, INT32_MAX, (uint32_t) INT32_MAX + 1},
		{PGTC_OK, UINT32_MAX - 1, UINT32_MAX},
		{PGTC_E_EXPIRED, 1, 0},
		{PGTC_E_EXPIRED, 1, 1},
		{PGTC_E_EXPIRED, 2, 1},
		{PGTC_E_EXPIRED, 256, 255},
		{PGTC_E_EXPIRED, UINT32_MAX, UINT32_MAX},
		{PGTC_E_EXPIRED, UINT32_MAX, 0},
	};
	uint8_t bytes[64];
	Sample sample;
	size_t i;

	memset(&sample, 0, sizeof(sample));
	sample_expect(&sample, "challenge");
	for (i = 0; i < N_OF(rows); i++)
	{
		sample.expected.counter = rows[i].last;
		CHECK_CODE(check_signed(&sample, "EdDSA", LITERAL(CLIENT_DATA),
								authenticator(bytes, 0x01, rows[i].counter, LITERAL(""))),
				   rows[i].code);
		if (rows[i].code == PGTC_OK)
			CHECK(sample.result.counter == (int64_t) rows[i].counter);
	}
}

void
test_webauthn_signed(void)
{
	client_data();
	authenticator_data();
	counters();
}
