/*
 * test_foreign_token.c
 *		Refresh tokens of other servers.  The token, its secret and the ciphertext were made
 *		by Hydra 26.2.0; the key pairs by OpenSSL and by RFC 8037.
 */
#include "unit.h"

#include "core/jose/key_import.h"
#include "core/oauth/foreign_token.h"

#define SECRET "a-secret-of-hydra-for-tests-only"
#define HALF "2OQMghiD-WhA-ZSBiiQw0AnXNk8Lgw8jAX56-8AkjkY"
#define SIGNATURE "HeFfNgpN2j8q5diEjnS8z__amR4ky05hJzaSc3mAGhE"

static void
test_hydra(void)
{
	static const char *const malformed[] = {"",
											".",
											HALF,
											HALF ".",
											"." SIGNATURE,
											"ory_rt_." SIGNATURE,
											HALF "." SIGNATURE "=",
											HALF "=." SIGNATURE,
											HALF "." SIGNATURE ".",
											"x." HALF "." SIGNATURE,
											HALF ". " SIGNATURE,
											"ory_at_" HALF "." SIGNATURE "A"};
	uint8_t key[PGTC_FOREIGN_KEY_LEN];
	uint8_t other[PGTC_FOREIGN_KEY_LEN] = {0};
	uint8_t digest[PGTC_SHA256_LEN];
	uint8_t expected[PGTC_SHA256_LEN];

	CHECK_CODE(pgtc_foreign_token_key(LITERAL(SECRET), key), PGTC_OK);
	CHECK_CODE(pgtc_crypto_sha256(SIGNATURE, strlen(SIGNATURE), expected), PGTC_OK);
	CHECK_CODE(pgtc_foreign_token_digest(PGTC_FOREIGN_HYDRA, key,
										 LITERAL("ory_rt_" HALF "." SIGNATURE), digest),
			   PGTC_OK);
	CHECK(memcmp(digest, expected, sizeof(digest)) == 0);
	/* of before they had a prefix */
	CHECK_CODE(
		pgtc_foreign_token_digest(PGTC_FOREIGN_HYDRA, key, LITERAL(HALF "." SIGNATURE), digest),
		PGTC_OK);
	CHECK_CODE(
		pgtc_foreign_token_digest(PGTC_FOREIGN_HYDRA, other, LITERAL(HALF "." SIGNATURE), digest),
		PGTC_E_SIGNATURE);
	/* the stored half, with a first one of somebody's own */
	CHECK_CODE(pgtc_foreign_token_digest(PGTC_FOREIGN_HYDRA, key,
										 LITERAL("ory_rt_" SIGNATURE "." SIGNATURE), digest),
			   PGTC_E_SIGNATURE);
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		CHECK_CODE(pgtc_foreign_token_digest(PGTC_FOREIGN_HYDRA, key, pgtc_slice_str(malformed[i]),
											 digest),
				   PGTC_E_MALFORMED);
}

static void
test_whole(void)
{
	static char long_text[PGTC_FOREIGN_TOKEN_MAX + 1];
	uint8_t digest[PGTC_SHA256_LEN];
	uint8_t expected[PGTC_SHA256_LEN];

	memset(long_text, 'x', sizeof(long_text));
	CHECK_CODE(pgtc_crypto_sha256("any", 3, expected), PGTC_OK);
	CHECK_CODE(pgtc_foreign_token_digest(PGTC_FOREIGN_WHOLE, NULL, LITERAL("any"), digest),
			   PGTC_OK);
	CHECK(memcmp(digest, expected, sizeof(digest)) == 0);
	CHECK_CODE(pgtc_foreign_token_digest(PGTC_FOREIGN_WHOLE, NULL,
										 pgtc_slice(long_text, PGTC_FOREIGN_TOKEN_MAX), digest),
			   PGTC_OK);
	CHECK_CODE(pgtc_foreign_token_digest(PGTC_FOREIGN_WHOLE, NULL,
										 pgtc_slice(long_text, sizeof(long_text)), digest),
			   PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_foreign_token_digest(PGTC_FOREIGN_WHOLE, NULL, LITERAL(""), digest),
			   PGTC_E_MALFORMED);
	CHECK(pgtc_foreign_token_format(PGTC_FOREIGN_FORMATS) == NULL);
}

static PgtcCode
opened(const char *text, const char *expected)
{
	uint8_t key[PGTC_FOREIGN_KEY_LEN];
	PgtcBuf out;
	PgtcCode code;

	CHECK_CODE(pgtc_foreign_token_key(LITERAL(SECRET), key), PGTC_OK);
	pgtc_buf_init(&out, &unit_mem);
	code = pgtc_foreign_token_open(key, pgtc_slice_str(text), &out);
	if (code == PGTC_OK)
		CHECK(out.len == strlen(expected) && memcmp(out.data, expected, out.len) == 0);
	else
		CHECK(out.len == 0);
	pgtc_buf_free(&out);
	return code;
}

static void
test_ciphertext(void)
{
	CHECK_CODE(opened("AAECAwQFBgcICQoL8rbIUO26AqBCXPm5HRFAwCi4nKeQM8g=", "{\"a\":1}"), PGTC_OK);
	CHECK_CODE(opened("AAECAwQFBgcICQoLbUjvP4_8KNB1Ge-LYalk5g==", ""), PGTC_OK);
	CHECK_CODE(opened("AAECAwQFBgcICQoL8rbJUO26AqBCXPm5HRFAwCi4nKeQM8g=", ""), PGTC_E_SIGNATURE);
	CHECK_CODE(opened("AAAA", ""), PGTC_E_MALFORMED);
	CHECK_CODE(opened("", ""), PGTC_E_MALFORMED);
	CHECK_CODE(opened("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!", ""), PGTC_E_MALFORMED);
}

#define ED_D "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define ED_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define EC_X "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
#define EC_Y "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
#define EC_D "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"

static PgtcCode
imported(const char *alg, const char *json, bool is_private)
{
	PgtcKey key;
	PgtcCode code =
		pgtc_key_import_jwk(pgtc_alg_by_name(pgtc_slice_str(alg)), pgtc_slice_str(json), &key);

	CHECK(code != PGTC_OK || key.is_private == is_private);
	if (code == PGTC_OK)
		pgtc_key_free(&key);
	return code;
}

static void
test_private_jwk(void)
{
	char kid[PGTC_KID_MAX + 1];
	const PgtcAlg *alg;

	CHECK_CODE(imported("EdDSA",
						"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"" ED_D "\",\"x\":\"" ED_X
						"\"}",
						true),
			   PGTC_OK);
	CHECK_CODE(imported("EdDSA", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"}", false),
			   PGTC_OK);
	CHECK_CODE(imported("EdDSA",
						"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"" ED_D "\",\"x\":\"" EC_X
						"\"}",
						true),
			   PGTC_E_KEY);
	CHECK_CODE(imported("ES256",
						"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y
						"\",\"d\":\"" EC_D "\"}",
						true),
			   PGTC_OK);
	CHECK_CODE(imported("ES256",
						"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y
						"\",\"d\":\"" ED_D "\"}",
						true),
			   PGTC_E_KEY);
	CHECK_CODE(imported("ES256",
						"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"AAAA"
						"\",\"d\":\"" EC_D "\"}",
						true),
			   PGTC_E_KEY);
	CHECK_CODE(imported("ES256",
						"{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES384\",\"x\":\"" EC_X
						"\",\"y\":\"" EC_Y "\",\"d\":\"" EC_D "\"}",
						true),
			   PGTC_E_KEY);
	CHECK_CODE(
		imported("RS256", "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"d\":\"AQAB\"}", true),
		PGTC_E_KEY);
	CHECK_CODE(imported("HS256", "{\"kty\":\"oct\",\"k\":\"" EC_D "\"}", true), PGTC_E_KEY);
	CHECK_CODE(imported("ES256", "[]", true), PGTC_E_MALFORMED);

	CHECK_CODE(pgtc_key_import_names(LITERAL("{\"kid\":\"a\",\"alg\":\"ES256\"}"), kid, &alg),
			   PGTC_OK);
	CHECK(strcmp(kid, "a") == 0 && alg == pgtc_alg_by_name(LITERAL("ES256")));
	CHECK_CODE(pgtc_key_import_names(LITERAL("{\"kid\":1,\"alg\":\"none\"}"), kid, &alg), PGTC_OK);
	CHECK(kid[0] == '\0' && alg == NULL);
	CHECK_CODE(pgtc_key_import_names(LITERAL("x"), kid, &alg), PGTC_E_MALFORMED);
}

static void
test_pkcs12(void)
{
	static const char *const file =
		"MIIBfAIBAzCCATMGCSqGSIb3DQEHAaCCASQEggEgMIIBHDCCARgGCSqGSIb3DQEHAaCCAQ"
		"kEggEFMIIBATCB/gYLKoZIhvcNAQwKAQKgge4wgeswVgYJKoZIhvcNAQUNMEkwKAYJKoZI"
		"hvcNAQUMMBsECIF3eHPfu4pjAgFkMAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBDQ6u"
		"C5fSV+bUOqyBsXI/MmBIGQI6exk87Tasrwul+pcifbCXpgnBz2S4cIzC9KnPi5yWdLW1FA"
		"uVwn/Px4bMffmKCzX0qfo7ZphLZkEPhw0OtaBMsi9hCTu4Z8lRWkHwnl23a7uN3HSBMTsX"
		"6njFQ9yDI5CBr5TgcHDrWq7OVWuabJC6UL4Klsy4AQ3rguf7DBAK3p8UskT5nsLoaUidId"
		"albFMEAwMTANBglghkgBZQMEAgEFAAQgmW3MUJIP2rFWHKBjWaEDBE4/rbfbTqunWOnMpC"
		"cWs/sECHnBFznpQ5onAgFk";
	PgtcKey key;
	const PgtcAlg *es256 = pgtc_alg_by_name(LITERAL("ES256"));

	CHECK_CODE(pgtc_key_import_pkcs12(es256, pgtc_slice_str(file), "secret", &unit_mem, &key),
			   PGTC_OK);
	CHECK(key.is_private);
	pgtc_key_free(&key);
	CHECK_CODE(pgtc_key_import_pkcs12(es256, pgtc_slice_str(file), "wrong", &unit_mem, &key),
			   PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_key_import_pkcs12(es256, pgtc_slice_str(file), NULL, &unit_mem, &key),
			   PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_key_import_pkcs12(pgtc_alg_by_name(LITERAL("RS256")), pgtc_slice_str(file),
									  "secret", &unit_mem, &key),
			   PGTC_E_KEY);
	CHECK_CODE(pgtc_key_import_pkcs12(es256, LITERAL(""), "secret", &unit_mem, &key),
			   PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_key_import_pkcs12(es256, LITERAL("AAAA"), "secret", &unit_mem, &key),
			   PGTC_E_MALFORMED);
}

void
test_foreign_token(void)
{
	test_hydra();
	test_whole();
	test_ciphertext();
	test_private_jwk();
	test_pkcs12();
}
