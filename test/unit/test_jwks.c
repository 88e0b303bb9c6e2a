/*
 * test_jwks.c
 *		JWK Sets of others, and client secrets as keys.
 */
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"
#include "vectors.h"

#define ED "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" RFC8037_X "\""
#define EC "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC7515_A3_X "\",\"y\":\"" RFC7515_A3_Y "\""
#define SET(keys) "{\"keys\":[" keys "]}"

static PgtcCode
verify(const char *token, const char *jwks)
{
	PgtcJws jws;
	PgtcJwsHeader header;
	PgtcCode code = pgtc_jws_split(pgtc_slice_str(token), &jws);

	CHECK_CODE(code, PGTC_OK);
	CHECK_CODE(pgtc_jws_read_header(&jws, &unit_mem, &header), PGTC_OK);
	return pgtc_jwks_verify(&jws, &header, pgtc_slice_str(jwks), &unit_mem);
}

/* as RFC 8037 appendix A.4, with a kid */
static PgtcCode
verify_kid(const char *kid, const char *jwks)
{
	char header[100];
	PgtcBuf token;
	PgtcKey key;
	PgtcCode code;

	CHECK_CODE(pgtc_key_import(unit_alg("EdDSA"), LITERAL(RFC8037_PEM), &key), PGTC_OK);
	snprintf(header, sizeof(header), "{\"alg\":\"EdDSA\",\"kid\":\"%s\"}", kid);
	pgtc_buf_init(&token, &unit_mem);
	unit_signing_input(header, "{}", &token);
	CHECK_CODE(pgtc_jws_sign(&key, &token, 0), PGTC_OK);
	code = verify(token.data, jwks);
	pgtc_buf_free(&token);
	pgtc_key_free(&key);
	return code;
}

static void
verifying(void)
{
	CHECK_CODE(verify(RFC8037_A4, SET("{" ED "}")), PGTC_OK);
	CHECK_CODE(verify(RFC7515_A3, SET("{" EC "}")), PGTC_OK);
	CHECK_CODE(verify(RFC7515_A2, SET(RFC7515_A2_JWK)), PGTC_OK);
	/* whatever else there is, and in any order */
	CHECK_CODE(verify(RFC8037_A4, SET("{\"kty\":\"new\"},17,null,[],{" EC "},{" ED "}")), PGTC_OK);
	CHECK_CODE(verify(RFC8037_A4, SET("{" ED ",\"kid\":\"a\",\"use\":\"sig\",\"alg\":\"EdDSA\"}")),
			   PGTC_OK);

	CHECK_CODE(verify(RFC7515_A2, SET(RFC7638_JWK)), PGTC_E_SIGNATURE);
	CHECK_CODE(verify(RFC7515_A2, SET(RFC7638_JWK "," RFC7515_A2_JWK)), PGTC_OK);
	CHECK_CODE(verify(RFC7515_A2, SET(RFC7515_A2_JWK "," RFC7638_JWK)), PGTC_OK);
	CHECK_CODE(verify(RFC8037_A4, SET("{" EC "}")), PGTC_E_KEY);
	CHECK_CODE(verify(RFC8037_A4, SET("{" ED ",\"use\":\"enc\"}")), PGTC_E_KEY);
	CHECK_CODE(verify(RFC8037_A4, SET("{" ED ",\"key_ops\":[\"sign\"]}")), PGTC_E_KEY);
	/* RFC 9864: the same algorithm by its other name, and one that is none of its names */
	CHECK_CODE(verify(RFC8037_A4, SET("{" ED ",\"alg\":\"Ed25519\"}")), PGTC_OK);
	CHECK_CODE(verify(RFC8037_A4, SET("{" ED ",\"alg\":\"Ed448\"}")), PGTC_E_KEY);
	CHECK_CODE(verify(RFC8037_A4, SET("{" ED ",\"alg\":\"ed25519\"}")), PGTC_E_KEY);
	CHECK_CODE(verify(RFC8037_A4, SET("{" ED ",\"alg\":null}")), PGTC_E_KEY);
	CHECK_CODE(verify(RFC7515_A3, SET("{" EC ",\"alg\":\"Ed25519\"}")), PGTC_E_KEY);
	CHECK_CODE(verify(RFC7515_A2, SET("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RFC7638_N
									  "\",\"alg\":\"PS256\"}")),
			   PGTC_E_KEY);
	/* Attack: a symmetric key that stands in a public set, so everybody can sign. */
	CHECK_CODE(verify(RFC7515_A1, SET("{\"kty\":\"oct\",\"k\":\"" RFC7515_A1_KEY "\"}")),
			   PGTC_E_KEY);
	CHECK_CODE(verify(RFC7515_A1, SET("{" EC "}")), PGTC_E_KEY);
	CHECK_CODE(verify(RFC8037_A4, SET("{" ED ",\"d\":\"AAAA\"}")), PGTC_E_KEY);
}

static void
kids(void)
{
	CHECK_CODE(verify_kid("a", SET("{" ED ",\"kid\":\"a\"}")), PGTC_OK);
	CHECK_CODE(verify_kid("a", SET("{" ED ",\"kid\":\"b\"}")), PGTC_E_KEY);
	CHECK_CODE(verify_kid("a", SET("{" ED "}")), PGTC_E_KEY);
	CHECK_CODE(verify_kid("a", SET("{" ED ",\"kid\":1}")), PGTC_E_KEY);
	CHECK_CODE(verify_kid("a", SET("{" ED ",\"kid\":\"b\"},{" ED ",\"kid\":\"a\"}")), PGTC_OK);
	/* one kid may name keys of several kinds */
	CHECK_CODE(verify_kid("a", SET("{" EC ",\"kid\":\"a\"},{" ED ",\"kid\":\"a\"}")), PGTC_OK);
	CHECK_CODE(verify_kid("a", SET("{" EC ",\"kid\":\"a\"}")), PGTC_E_KEY);
}

static PgtcCode
check_set(const char *jwks)
{
	return pgtc_jwks_check(pgtc_slice_str(jwks));
}

static void
repeated(char *out, const char *item, int n)
{
	int i;

	strcpy(out, "{\"keys\":[");
	for (i = 0; i < n; i++)
	{
		if (i > 0)
			strcat(out, ",");
		strcat(out, item);
	}
	strcat(out, "]}");
}

static void
checking(void)
{
	char *text = malloc(PGTC_JWKS_MAX + 2);

	CHECK_CODE(check_set(SET("{" ED "}")), PGTC_OK);
	CHECK_CODE(check_set(SET("{" ED "},{" EC "}," RFC7638_JWK)), PGTC_OK);
	CHECK_CODE(check_set("{\"other\":1,\"keys\":[{" ED "}]}"), PGTC_OK);
	/* RFC 7517 section 5: a key for encryption, or of a type to come, does no harm */
	CHECK_CODE(check_set(SET("{" ED "},{" EC ",\"use\":\"enc\"},{\"kty\":\"new\"}")), PGTC_OK);
	CHECK_CODE(check_set(SET("{" EC ",\"use\":\"enc\"},{\"kty\":\"new\"}")), PGTC_E_KEY);
	/* Attack: secrets where everybody looks. */
	CHECK_CODE(check_set(SET("{" ED "},{\"kty\":\"oct\",\"k\":\"" RFC7515_A1_KEY "\"}")),
			   PGTC_E_KEY);
	CHECK_CODE(check_set(SET("{" ED "},{\"kty\":\"oct\"}")), PGTC_E_KEY);
	CHECK_CODE(check_set(SET("{" ED "},{" ED ",\"d\":\"AAAA\"}")), PGTC_E_KEY);
	CHECK_CODE(check_set(SET("{" ED "},{\"kty\":\"new\",\"d\":\"AAAA\"}")), PGTC_E_KEY);

	CHECK_CODE(check_set(""), PGTC_E_MALFORMED);
	CHECK_CODE(check_set("[]"), PGTC_E_MALFORMED);
	CHECK_CODE(check_set("{}"), PGTC_E_MALFORMED);
	CHECK_CODE(check_set("{" ED "}"), PGTC_E_MALFORMED);
	CHECK_CODE(check_set(SET("")), PGTC_E_MALFORMED);
	CHECK_CODE(check_set("{\"keys\":{}}"), PGTC_E_MALFORMED);
	CHECK_CODE(check_set("{\"keys\":\"x\"}"), PGTC_E_MALFORMED);
	CHECK_CODE(check_set(SET("{" ED "},1")), PGTC_E_MALFORMED);
	CHECK_CODE(check_set(SET("{" ED "}") "x"), PGTC_E_MALFORMED);
	CHECK_CODE(check_set("{\"keys\":[],\"keys\":[{" ED "}]}"), PGTC_E_DUPLICATE);
	CHECK_CODE(check_set(SET("{" ED ",\"kty\":\"OKP\"}")), PGTC_E_DUPLICATE);

	repeated(text, "{" ED "}", PGTC_JWKS_KEYS_MAX);
	CHECK_CODE(check_set(text), PGTC_OK);
	repeated(text, "{" ED "}", PGTC_JWKS_KEYS_MAX + 1);
	CHECK_CODE(check_set(text), PGTC_E_TOO_LONG);
	CHECK_CODE(verify(RFC8037_A4, text), PGTC_E_TOO_LONG);
	memset(text, ' ', PGTC_JWKS_MAX + 1);
	memcpy(text, SET("{" ED "}"), strlen(SET("{" ED "}")));
	text[PGTC_JWKS_MAX + 1] = '\0';
	CHECK_CODE(check_set(text), PGTC_E_TOO_LONG);
	CHECK_CODE(verify(RFC8037_A4, text), PGTC_E_TOO_LONG);
	text[PGTC_JWKS_MAX] = '\0';
	CHECK_CODE(check_set(text), PGTC_OK);
	free(text);
}

/* client_secret_jwt: RFC 7518 section 3.2 sets the least length */
static void
secrets(void)
{
	char secret[600];
	PgtcKey key;

	memset(secret, 's', sizeof(secret));
	CHECK_CODE(pgtc_key_of_secret(pgtc_slice(secret, PGTC_HMAC_KEY_MIN - 1), &key), PGTC_E_KEY);
	CHECK(key.secret == NULL);
	CHECK_CODE(pgtc_key_of_secret(LITERAL(""), &key), PGTC_E_KEY);
	CHECK_CODE(pgtc_key_of_secret(pgtc_slice(NULL, 0), &key), PGTC_E_KEY);
	CHECK_CODE(pgtc_key_of_secret(pgtc_slice(secret, sizeof(secret)), &key), PGTC_E_KEY);
	CHECK_CODE(pgtc_key_of_secret(pgtc_slice(secret, PGTC_HMAC_KEY_MIN), &key), PGTC_OK);
	CHECK(key.alg == unit_alg("HS256") && key.secret_len == PGTC_HMAC_KEY_MIN);
	pgtc_key_free(&key);

	/* the bytes themselves, as they are in RFC 7515 appendix A.1 once decoded */
	{
		uint8_t raw[64];
		size_t len;

		CHECK_CODE(pgtc_b64url_decode(LITERAL(RFC7515_A1_KEY), raw, sizeof(raw), &len), PGTC_OK);
		CHECK_CODE(pgtc_key_of_secret(pgtc_slice((const char *) raw, len), &key), PGTC_OK);
		CHECK_CODE(unit_verify(LITERAL(RFC7515_A1), &key), PGTC_OK);
		pgtc_key_free(&key);
	}
}

void
test_jwks(void)
{
	verifying();
	kids();
	checking();
	secrets();
}
