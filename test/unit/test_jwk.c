/*
 * test_jwk.c
 *		Public keys as JWK, and their thumbprints.
 */
#include <stdlib.h>

#include "unit.h"
#include "vectors.h"

static PgtcCode
read_jwk(const char *alg, const char *json)
{
	PgtcKey key;
	PgtcCode code = pgtc_jwk_read(unit_alg(alg), pgtc_slice_str(json), &key);

	/* what was refused owns nothing */
	if (code != PGTC_OK)
		CHECK(key.pkey == NULL && key.secret == NULL && key.alg == NULL);
	pgtc_key_free(&key);
	return code;
}

static void
check_thumbprint(const char *alg, const char *json, const char *expected)
{
	char got[PGTC_THUMBPRINT_LEN + 1];
	PgtcKey key;

	CHECK_CODE(pgtc_jwk_read(unit_alg(alg), pgtc_slice_str(json), &key), PGTC_OK);
	CHECK_CODE(pgtc_jwk_thumbprint(&key, &unit_mem, got), PGTC_OK);
	CHECK(strcmp(got, expected) == 0);
	pgtc_key_free(&key);
}

/* C80: kid is the RFC 7638 thumbprint; RFC 8037 appendix A.3 is one for OKP */
static void
thumbprints(void)
{
	char text[PGTC_THUMBPRINT_LEN + 1];

	check_thumbprint("RS256", RFC7638_JWK, RFC7638_THUMBPRINT);
	check_thumbprint("EdDSA", RFC8037_JWK, RFC8037_THUMBPRINT);
	/* members that are not required make no difference */
	check_thumbprint("EdDSA",
					 "{\"x\":\"" RFC8037_X "\",\"use\":\"sig\",\"kid\":\"k\",\"crv\":\"Ed25519\","
					 "\"alg\":\"EdDSA\",\"kty\":\"OKP\",\"key_ops\":[\"verify\"]}",
					 RFC8037_THUMBPRINT);
	/* Attack: guess a symmetric key offline by its published digest. */
	CHECK_CODE(pgtc_jwk_thumbprint(unit_key("HS256"), &unit_mem, text), PGTC_E_KEY);
	CHECK(text[0] == '\0');
}

/* C80: public parts only */
static void
round_trip(void)
{
	int i;

	for (i = 0; pgtc_alg_nth(i) != NULL; i++)
	{
		const PgtcAlg *alg = pgtc_alg_nth(i);
		const PgtcKey *key = unit_key(alg->name);
		char first[PGTC_THUMBPRINT_LEN + 1];
		char second[PGTC_THUMBPRINT_LEN + 1];
		PgtcKey back;
		PgtcBuf jwk;

		pgtc_buf_init(&jwk, &unit_mem);
		if (alg->kty == PGTC_KTY_OCT)
		{
			CHECK_CODE(pgtc_jwk_write(key, LITERAL("k1"), &jwk), PGTC_E_KEY);
			CHECK(jwk.len == 0);
			continue;
		}
		pgtc_buf_append_str(&jwk, "[");
		CHECK_CODE(pgtc_jwk_write(key, LITERAL("k\"1"), &jwk), PGTC_OK);
		CHECK(strstr(jwk.data, "\"kid\":\"k\\\"1\"") != NULL);
		CHECK(strstr(jwk.data, "\"use\":\"sig\"") != NULL);
		CHECK(strstr(jwk.data, "\"d\":") == NULL && strstr(jwk.data, "\"p\":") == NULL);
		CHECK_CODE(pgtc_jwk_read(alg, pgtc_slice(jwk.data + 1, jwk.len - 1), &back), PGTC_OK);
		CHECK(!back.is_private && back.alg == alg);
		CHECK_CODE(pgtc_jwk_thumbprint(key, &unit_mem, first), PGTC_OK);
		CHECK_CODE(pgtc_jwk_thumbprint(&back, &unit_mem, second), PGTC_OK);
		CHECK(strcmp(first, second) == 0 && strlen(first) == PGTC_THUMBPRINT_LEN);
		pgtc_key_free(&back);
		pgtc_buf_free(&jwk);
	}
	CHECK(i == 7);
	CHECK(pgtc_alg_nth(-1) == NULL);
	CHECK(strcmp(pgtc_alg_nth_name(6, false), "Ed25519") == 0);
	CHECK(pgtc_alg_nth_name(7, false) == NULL);
	CHECK(strcmp(pgtc_alg_nth_name(7, true), "HS256") == 0);
	CHECK(pgtc_alg_nth_name(8, true) == NULL && pgtc_alg_nth_name(-1, true) == NULL);
}

/* Attack: a key of another kind than the algorithm its verifier is pinned to. */
static void
wrong_kind(void)
{
	CHECK_CODE(read_jwk("ES256", RFC7515_A3_JWK), PGTC_OK);
	CHECK_CODE(read_jwk("ES384", RFC7515_A3_JWK), PGTC_E_KEY);
	CHECK_CODE(read_jwk("RS256", RFC7515_A3_JWK), PGTC_E_KEY);
	CHECK_CODE(read_jwk("EdDSA", RFC7515_A3_JWK), PGTC_E_KEY);
	CHECK_CODE(read_jwk("HS256", RFC7515_A3_JWK), PGTC_E_KEY);
	CHECK_CODE(read_jwk("PS256", RFC7638_JWK), PGTC_E_KEY);
	CHECK_CODE(read_jwk("PS256", RFC7515_A2_JWK), PGTC_OK);
	CHECK_CODE(read_jwk("HS256", "{\"kty\":\"oct\",\"k\":\"" RFC7515_A1_KEY "\"}"), PGTC_E_KEY);
	CHECK_CODE(read_jwk("ES256", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES384\",\"x\":\"" //
						RFC7515_A3_X "\",\"y\":\"" RFC7515_A3_Y "\"}"),
			   PGTC_E_KEY);
	CHECK_CODE(read_jwk("ES256", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\",\"x\":\"" //
						RFC7515_A3_X "\",\"y\":\"" RFC7515_A3_Y "\"}"),
			   PGTC_E_KEY);
	CHECK_CODE(read_jwk("ES256",
						"{\"kty\":\"EC\",\"crv\":\"P-256\",\"key_ops\":[\"sign\"],\"x\":\"" //
						RFC7515_A3_X "\",\"y\":\"" RFC7515_A3_Y "\"}"),
			   PGTC_E_KEY);
	CHECK_CODE(read_jwk("ES256", "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" RFC7515_A3_X
								 "\",\"y\":\"" RFC7515_A3_Y "\"}"),
			   PGTC_E_KEY);
	CHECK_CODE(read_jwk("EdDSA", "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" RFC8037_X "\"}"),
			   PGTC_E_KEY);
}

/*
 * Attack: a point that is not on the curve, which turns multiplication into one
 * on a weaker curve.
 */
static void
bad_points(void)
{
	CHECK_CODE(read_jwk("ES256", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC7515_A3_X
								 "\",\"y\":\"" RFC7515_A3_X "\"}"),
			   PGTC_E_KEY);
	/* (0, 0), which naive encodings take for the neutral element */
	CHECK_CODE(read_jwk("ES256", "{\"kty\":\"EC\",\"crv\":\"P-256\","
								 "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
								 "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"),
			   PGTC_E_KEY);
	/* coordinates beyond the field */
	CHECK_CODE(read_jwk("ES256", "{\"kty\":\"EC\",\"crv\":\"P-256\","
								 "\"x\":\"__________________________________________8\","
								 "\"y\":\"__________________________________________8\"}"),
			   PGTC_E_KEY);
	/* RFC 7518 section 6.2.1.2: full size, neither shorter nor longer */
	CHECK_CODE(read_jwk("ES256", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQAB\",\"y\":\"" //
						RFC7515_A3_Y "\"}"),
			   PGTC_E_KEY);
	CHECK_CODE(read_jwk("ES256", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA" RFC7515_A3_X
								 "\",\"y\":\"" RFC7515_A3_Y "\"}"),
			   PGTC_E_MALFORMED);
	CHECK_CODE(read_jwk("ES256", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC7515_A3_X "\"}"),
			   PGTC_E_KEY);
	CHECK_CODE(read_jwk("EdDSA", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQAB\"}"),
			   PGTC_E_KEY);
}

static void
bad_rsa(void)
{
	char *even;

	/* Attack: e = 1, under which every padded hash is its own signature. */
	CHECK_CODE(read_jwk("RS256", "{\"kty\":\"RSA\",\"e\":\"AQ\",\"n\":\"" RFC7638_N "\"}"),
			   PGTC_E_KEY);
	CHECK_CODE(read_jwk("RS256", "{\"kty\":\"RSA\",\"e\":\"Ag\",\"n\":\"" RFC7638_N "\"}"),
			   PGTC_E_KEY);
	/* an even modulus, which no two odd primes have */
	even = strdup(RFC7638_JWK);
	*(strstr(even, "gw\"") + 1) = 'g';
	CHECK_CODE(read_jwk("RS256", even), PGTC_E_KEY);
	free(even);
	/* Attack: an exponent as long as the modulus keeps the verifier busy. */
	CHECK_CODE(
		read_jwk("RS256", "{\"kty\":\"RSA\",\"e\":\"" RFC7638_N "\",\"n\":\"" RFC7638_N "\"}"),
		PGTC_E_KEY);
	/* RFC 7518 section 3.3: 2048 bits or more */
	CHECK_CODE(read_jwk("RS256", "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RFC7515_A3_X "\"}"),
			   PGTC_E_KEY);
	/* RFC 7518 section 2: no leading zero octets */
	CHECK_CODE(read_jwk("RS256", "{\"kty\":\"RSA\",\"e\":\"AAEAAQ\",\"n\":\"" RFC7638_N "\"}"),
			   PGTC_E_KEY);
	CHECK_CODE(read_jwk("RS256", "{\"kty\":\"RSA\",\"e\":\"\",\"n\":\"" RFC7638_N "\"}"),
			   PGTC_E_KEY);
	CHECK_CODE(read_jwk("RS256", "{\"kty\":\"RSA\",\"e\":65537,\"n\":\"" RFC7638_N "\"}"),
			   PGTC_E_KEY);
	CHECK_CODE(read_jwk("RS256", "{\"kty\":\"RSA\",\"n\":\"" RFC7638_N "\"}"), PGTC_E_KEY);
}

/*
 * C62. Attack: a proof that carries its private key proves nothing, since whoever
 * saw one proof can make the next.
 */
static void
private_part(void)
{
	static const char *const members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
	{
		PgtcBuf jwk;

		pgtc_buf_init(&jwk, &unit_mem);
		pgtc_buf_append_str(&jwk, "{");
		pgtc_json_write_member(&jwk, members[i], LITERAL("AQAB"));
		pgtc_buf_append_str(&jwk, ",");
		pgtc_buf_append_str(&jwk, &RFC8037_JWK[1]);
		CHECK_CODE(read_jwk("EdDSA", jwk.data), PGTC_E_KEY);
		pgtc_buf_free(&jwk);
	}
}

/* Attack: a member given twice, which two readers resolve differently. */
static void
bad_json(void)
{
	static char large[PGTC_JWK_MAX + 2];

	CHECK_CODE(read_jwk("EdDSA", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" RFC8037_X
								 "\",\"x\":\"" RFC8037_X "\"}"),
			   PGTC_E_DUPLICATE);
	CHECK_CODE(read_jwk("EdDSA", ""), PGTC_E_MALFORMED);
	CHECK_CODE(read_jwk("EdDSA", "[]"), PGTC_E_MALFORMED);
	CHECK_CODE(read_jwk("EdDSA", "\"x\""), PGTC_E_MALFORMED);
	CHECK_CODE(read_jwk("EdDSA", "{}"), PGTC_E_KEY);
	CHECK_CODE(read_jwk("EdDSA", RFC8037_JWK "x"), PGTC_E_MALFORMED);
	CHECK_CODE(read_jwk("EdDSA", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" RFC8037_X "=\"}"),
			   PGTC_E_MALFORMED);

	memset(large, ' ', sizeof(large) - 1);
	memcpy(large, RFC8037_JWK, sizeof(RFC8037_JWK) - 1);
	CHECK_CODE(read_jwk("EdDSA", large), PGTC_E_TOO_LONG);
	large[PGTC_JWK_MAX] = '\0';
	CHECK_CODE(read_jwk("EdDSA", large), PGTC_OK);
}

void
test_jwk(void)
{
	thumbprints();
	round_trip();
	wrong_kind();
	bad_points();
	bad_rsa();
	private_part();
	bad_json();
}
