/*
 * test_dpop.c
 *		DPoP proofs (RFC 9449) and the server's nonces.
 */
#include <stdio.h>

#include "unit.h"
#include "vectors.h"

#define CLAIMS "\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"https://s.example/token\",\"iat\":1000"
#define PAYLOAD "{" CLAIMS "}"
#define TYP_ALG(alg) "\"typ\":\"dpop+jwt\",\"alg\":\"" alg "\""

/* a header of these members and the key's jwk, signed with the key */
static PgtcCode
read_signed(const char *members, const char *payload, const PgtcKey *key, PgtcDpopProof *out)
{
	PgtcBuf header;
	PgtcBuf token;
	PgtcCode code;

	pgtc_buf_init(&header, &unit_mem);
	pgtc_buf_append_str(&header, "{");
	pgtc_buf_append_str(&header, members);
	pgtc_buf_append_str(&header, ",\"jwk\":");
	CHECK_CODE(pgtc_jwk_write(key, LITERAL("k"), &header), PGTC_OK);
	pgtc_buf_append_str(&header, "}");

	pgtc_buf_init(&token, &unit_mem);
	unit_signing_input(header.data, payload, &token);
	CHECK_CODE(pgtc_jws_sign(key, &token, 0), PGTC_OK);
	code = pgtc_dpop_read(pgtc_slice(token.data, token.len), &unit_mem, out);
	if (code != PGTC_OK)
		CHECK(out->jkt[0] == '\0' && out->jti[0] == '\0' && out->htu[0] == '\0');
	pgtc_buf_free(&header);
	pgtc_buf_free(&token);
	return code;
}

/* with a header of its own and the signature of ES256's key */
static PgtcCode
read_raw(const char *header, const char *payload)
{
	PgtcDpopProof proof;
	PgtcBuf token;
	PgtcCode code;

	pgtc_buf_init(&token, &unit_mem);
	unit_signing_input(header, payload, &token);
	CHECK_CODE(pgtc_jws_sign(unit_key("ES256"), &token, 0), PGTC_OK);
	code = pgtc_dpop_read(pgtc_slice(token.data, token.len), &unit_mem, &proof);
	pgtc_buf_free(&token);
	return code;
}

/* C62: the RFC's own proofs */
static void
vectors(void)
{
	char text[] = RFC9449_FIGURE_2;
	char ath[PGTC_THUMBPRINT_LEN + 1];
	PgtcDpopProof proof;

	CHECK_CODE(pgtc_dpop_read(LITERAL(RFC9449_FIGURE_2), &unit_mem, &proof), PGTC_OK);
	CHECK(strcmp(proof.jkt, RFC9449_JKT) == 0);
	CHECK(strcmp(proof.jti, "-BwC3ESc6acc2lTc") == 0);
	CHECK(strcmp(proof.htm, "POST") == 0);
	CHECK(strcmp(proof.htu, "https://server.example.com/token") == 0);
	CHECK(proof.iat == 1562262616);
	CHECK(proof.ath[0] == '\0' && proof.nonce[0] == '\0');

	CHECK_CODE(pgtc_dpop_read(LITERAL(RFC9449_FIGURE_13), &unit_mem, &proof), PGTC_OK);
	CHECK(strcmp(proof.jkt, RFC9449_JKT) == 0);
	CHECK(strcmp(proof.ath, RFC9449_ATH) == 0);
	CHECK_CODE(pgtc_crypto_digest_text(RFC9449_TOKEN, strlen(RFC9449_TOKEN), ath), PGTC_OK);
	CHECK(strcmp(ath, RFC9449_ATH) == 0);

	/* Attack: another request's content under the signature of this one. */
	text[sizeof(RFC9449_HEADER) + 10] ^= 1;
	CHECK_CODE(pgtc_dpop_read(LITERAL(text), &unit_mem, &proof), PGTC_E_SIGNATURE);
	CHECK(proof.jkt[0] == '\0');
}

/* C62: typ, alg and jwk */
static void
header(void)
{
	const PgtcKey *key = unit_key("ES256");
	PgtcDpopProof proof;
	int i;

	for (i = 0; pgtc_alg_nth(i) != NULL; i++)
	{
		const PgtcAlg *alg = pgtc_alg_nth(i);
		char members[64];
		char jkt[PGTC_THUMBPRINT_LEN + 1];

		if (alg->kty == PGTC_KTY_OCT)
			continue;
		snprintf(members, sizeof(members), TYP_ALG("%s"), alg->name);
		CHECK_CODE(read_signed(members, PAYLOAD, unit_key(alg->name), &proof), PGTC_OK);
		CHECK_CODE(pgtc_jwk_thumbprint(unit_key(alg->name), &unit_mem, jkt), PGTC_OK);
		CHECK(strcmp(proof.jkt, jkt) == 0);
	}

	CHECK_CODE(read_signed("\"alg\":\"ES256\"", PAYLOAD, key, &proof), PGTC_E_MALFORMED);
	/* Attack: a signed token of another kind, whose header happens to carry a key. */
	CHECK_CODE(read_signed("\"typ\":\"JWT\",\"alg\":\"ES256\"", PAYLOAD, key, &proof),
			   PGTC_E_MALFORMED);
	CHECK_CODE(read_signed("\"typ\":\"dpop\",\"alg\":\"ES256\"", PAYLOAD, key, &proof),
			   PGTC_E_MALFORMED);
	CHECK_CODE(read_signed("\"typ\":1,\"alg\":\"ES256\"", PAYLOAD, key, &proof), PGTC_E_MALFORMED);
	CHECK_CODE(read_signed("\"typ\":\"application/DPoP+JWT\",\"alg\":\"ES256\"", PAYLOAD, key, //
						   &proof),
			   PGTC_OK);
	/* Attack: no signature, or one that anybody can make from what the header says. */
	CHECK_CODE(read_signed(TYP_ALG("none"), PAYLOAD, key, &proof), PGTC_E_ALG);
	CHECK_CODE(read_signed(TYP_ALG("HS256"), PAYLOAD, key, &proof), PGTC_E_ALG);
	CHECK_CODE(read_raw("{" TYP_ALG("HS256") ",\"jwk\":{\"kty\":\"oct\",\"k\":\"" RFC7515_A1_KEY
											 "\"}}",
						PAYLOAD),
			   PGTC_E_ALG);
	CHECK_CODE(read_signed(TYP_ALG("ES384"), PAYLOAD, key, &proof), PGTC_E_KEY);
	CHECK_CODE(read_signed(TYP_ALG("RS256"), PAYLOAD, key, &proof), PGTC_E_KEY);
	CHECK_CODE(read_signed(TYP_ALG("ES256") ",\"crit\":[\"x\"]", PAYLOAD, key, &proof),
			   PGTC_E_CRIT);
	CHECK_CODE(read_signed(TYP_ALG("ES256") ",\"alg\":\"ES256\"", PAYLOAD, key, &proof),
			   PGTC_E_DUPLICATE);

	CHECK_CODE(read_raw("{" TYP_ALG("ES256") "}", PAYLOAD), PGTC_E_KEY);
	CHECK_CODE(read_raw("{" TYP_ALG("ES256") ",\"jwk\":null}", PAYLOAD), PGTC_E_KEY);
	CHECK_CODE(read_raw("{" TYP_ALG("ES256") ",\"jwk\":\"x\"}", PAYLOAD), PGTC_E_KEY);
	CHECK_CODE(read_raw("{" TYP_ALG("ES256") ",\"jwk\":[]}", PAYLOAD), PGTC_E_KEY);
	CHECK_CODE(read_raw("{" TYP_ALG("ES256") ",\"jwk\":{\"kty\":\"EC\",\"kty\":\"EC\"}}", PAYLOAD),
			   PGTC_E_DUPLICATE);
	/* Attack: somebody else's public key, as if its owner had sent the proof. */
	CHECK_CODE(read_raw("{" TYP_ALG("ES256") ",\"jwk\":" RFC7515_A3_JWK "}", PAYLOAD),
			   PGTC_E_SIGNATURE);
	/* RFC 9449 section 4.3 check 7: no private key */
	CHECK_CODE(
		read_raw("{" TYP_ALG("ES256") ",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" //
				 RFC7515_A3_X "\",\"y\":\"" RFC7515_A3_Y
									  "\",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}}",
				 PAYLOAD),
		PGTC_E_KEY);
}

/* RFC 9864: what newer clients call EdDSA with Ed25519, in the header and in the key */
static void
other_name(void)
{
	static const char *const names[] = {"EdDSA", "Ed25519"};
	char members[64];
	char jkt[PGTC_THUMBPRINT_LEN + 1];
	PgtcDpopProof proof;
	size_t i;

	CHECK_CODE(pgtc_jwk_thumbprint(unit_key("EdDSA"), &unit_mem, jkt), PGTC_OK);
	for (i = 0; i < 2; i++)
	{
		snprintf(members, sizeof(members), TYP_ALG("%s"), names[i]);
		CHECK_CODE(read_signed(members, PAYLOAD, unit_key("EdDSA"), &proof), PGTC_OK);
		CHECK(strcmp(proof.jkt, jkt) == 0);
	}
	/* Attack: the name of another curve, or of no algorithm, for the same key. */
	CHECK_CODE(read_signed(TYP_ALG("Ed448"), PAYLOAD, unit_key("EdDSA"), &proof), PGTC_E_ALG);
	CHECK_CODE(read_signed(TYP_ALG("ed25519"), PAYLOAD, unit_key("EdDSA"), &proof), PGTC_E_ALG);
	CHECK_CODE(read_signed(TYP_ALG("Ed25519"), PAYLOAD, unit_key("ES256"), &proof), PGTC_E_KEY);
}

static PgtcCode
read_claims(const char *payload)
{
	PgtcDpopProof proof;

	return read_signed(TYP_ALG("EdDSA"), payload, unit_key("EdDSA"), &proof);
}

static void
repeat(char *out, size_t n)
{
	memset(out, 'a', n);
	out[n] = '\0';
}

static PgtcCode
read_with(const char *format, size_t n)
{
	static char payload[4096];
	static char value[3000];

	repeat(value, n);
	snprintf(payload, sizeof(payload), format, value);
	return read_claims(payload);
}

/* C62: jti, htm, htu, iat; ath and nonce when they are there */
static void
claims(void)
{
	static const char jti[] = "{\"jti\":\"%s\",\"htm\":\"POST\",\"htu\":\"h:x\",\"iat\":1}";
	static const char htm[] = "{\"jti\":\"j\",\"htm\":\"%s\",\"htu\":\"h:x\",\"iat\":1}";
	static const char htu[] = "{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"%s\",\"iat\":1}";
	static const char ath[] = "{" CLAIMS ",\"ath\":\"%s\"}";
	static const char nonce[] = "{" CLAIMS ",\"nonce\":\"%s\"}";

	CHECK_CODE(read_claims("{}"), PGTC_E_CLAIM);
	CHECK_CODE(read_claims("[]"), PGTC_E_MALFORMED);
	CHECK_CODE(read_claims("x"), PGTC_E_MALFORMED);
	CHECK_CODE(read_claims("{\"htm\":\"POST\",\"htu\":\"h:x\",\"iat\":1}"), PGTC_E_CLAIM);
	CHECK_CODE(read_claims("{\"jti\":\"j\",\"htu\":\"h:x\",\"iat\":1}"), PGTC_E_CLAIM);
	CHECK_CODE(read_claims("{\"jti\":\"j\",\"htm\":\"POST\",\"iat\":1}"), PGTC_E_CLAIM);
	CHECK_CODE(read_claims("{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"h:x\"}"), PGTC_E_CLAIM);
	CHECK_CODE(read_claims("{\"jti\":1,\"htm\":\"POST\",\"htu\":\"h:x\",\"iat\":1}"), PGTC_E_CLAIM);
	CHECK_CODE(read_claims("{\"jti\":\"j\",\"htm\":[\"POST\"],\"htu\":\"h:x\",\"iat\":1}"),
			   PGTC_E_CLAIM);
	CHECK_CODE(read_claims("{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":null,\"iat\":1}"),
			   PGTC_E_CLAIM);
	CHECK_CODE(read_claims("{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"h:x\",\"iat\":\"1\"}"),
			   PGTC_E_CLAIM);
	CHECK_CODE(read_claims("{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"h:x\",\"iat\":-1}"),
			   PGTC_E_CLAIM);
	CHECK_CODE(read_claims("{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"h:x\","
						   "\"iat\":9007199254740993}"),
			   PGTC_E_CLAIM);
	CHECK_CODE(read_claims("{" CLAIMS ",\"iat\":1000}"), PGTC_E_DUPLICATE);
	/* Attack: a jti that ends early, so that two proofs count as one or one as two. */
	CHECK_CODE(read_claims("{\"jti\":\"j\\u0000k\",\"htm\":\"POST\",\"htu\":\"h:x\",\"iat\":1}"),
			   PGTC_E_MALFORMED);
	CHECK_CODE(read_claims("{" CLAIMS ",\"ath\":1}"), PGTC_E_CLAIM);
	CHECK_CODE(read_claims("{" CLAIMS ",\"ath\":null}"), PGTC_E_CLAIM);
	CHECK_CODE(read_claims("{" CLAIMS ",\"nonce\":{}}"), PGTC_E_CLAIM);
	CHECK_CODE(read_claims("{" CLAIMS ",\"other\":{}}"), PGTC_OK);

	CHECK_CODE(read_with(jti, 0), PGTC_E_CLAIM);
	CHECK_CODE(read_with(jti, PGTC_DPOP_JTI_MAX), PGTC_OK);
	CHECK_CODE(read_with(jti, PGTC_DPOP_JTI_MAX + 1), PGTC_E_TOO_LONG);
	CHECK_CODE(read_with(htm, 0), PGTC_E_CLAIM);
	CHECK_CODE(read_with(htm, 32), PGTC_OK);
	CHECK_CODE(read_with(htm, 33), PGTC_E_TOO_LONG);
	CHECK_CODE(read_with(htu, 0), PGTC_E_CLAIM);
	CHECK_CODE(read_with(htu, PGTC_DPOP_URL_MAX), PGTC_OK);
	CHECK_CODE(read_with(htu, PGTC_DPOP_URL_MAX + 1), PGTC_E_TOO_LONG);
	/* Attack: an empty value, where an absent one asks for no check. */
	CHECK_CODE(read_with(ath, 0), PGTC_E_CLAIM);
	CHECK_CODE(read_with(ath, PGTC_THUMBPRINT_LEN), PGTC_OK);
	CHECK_CODE(read_with(ath, PGTC_THUMBPRINT_LEN + 1), PGTC_E_TOO_LONG);
	CHECK_CODE(read_with(nonce, 0), PGTC_OK);
	CHECK_CODE(read_with(nonce, PGTC_DPOP_NONCE_LEN), PGTC_OK);
	CHECK_CODE(read_with(nonce, PGTC_DPOP_NONCE_LEN + 1), PGTC_OK); /* none of ours */
}

static void
not_a_token(void)
{
	static const char *const texts[] = {"",
										".",
										"..",
										"...",
										"a.b.c",
										"a.b",
										RFC9449_FIGURE_2 "." RFC9449_FIGURE_2,
										" " RFC9449_FIGURE_2,
										RFC9449_FIGURE_2 " ",
										RFC9449_FIGURE_2 "," RFC9449_FIGURE_2};
	PgtcDpopProof proof;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK_CODE(pgtc_dpop_read(pgtc_slice_str(texts[i]), &unit_mem, &proof), PGTC_E_MALFORMED);
}

/* C65: RFC 9449 section 8 */
static void
nonces(void)
{
	static const uint8_t key[32] = {1, 2, 3};
	static const uint8_t other[32] = {1, 2, 4};
	char nonce[PGTC_DPOP_NONCE_LEN + 1];
	char again[PGTC_DPOP_NONCE_LEN + 1];
	PgtcSlice slice = pgtc_slice(nonce, PGTC_DPOP_NONCE_LEN);
	int i;

	CHECK_CODE(pgtc_dpop_nonce_write(key, 1000, nonce), PGTC_OK);
	CHECK(strlen(nonce) == PGTC_DPOP_NONCE_LEN);
	CHECK_CODE(pgtc_dpop_nonce_check(key, slice, 1000, 300), PGTC_OK);
	CHECK_CODE(pgtc_dpop_nonce_check(key, slice, 1300, 300), PGTC_OK);
	CHECK_CODE(pgtc_dpop_nonce_check(key, slice, 1301, 300), PGTC_E_EXPIRED);
	CHECK_CODE(pgtc_dpop_nonce_check(key, slice, 999, 300), PGTC_E_EXPIRED);
	CHECK_CODE(pgtc_dpop_nonce_check(key, slice, INT64_MAX, 300), PGTC_E_EXPIRED);
	CHECK_CODE(pgtc_dpop_nonce_check(key, slice, INT64_MIN, 300), PGTC_E_EXPIRED);
	/* Attack: a nonce that no server has made, to have proofs for years ahead. */
	CHECK_CODE(pgtc_dpop_nonce_check(other, slice, 1000, 300), PGTC_E_MALFORMED);
	for (i = 0; i < PGTC_DPOP_NONCE_LEN; i++)
	{
		memcpy(again, nonce, sizeof(again));
		again[i] = again[i] == 'A' ? 'B' : 'A';
		CHECK_CODE(pgtc_dpop_nonce_check(key, pgtc_slice(again, PGTC_DPOP_NONCE_LEN), 1000, 300),
				   PGTC_E_MALFORMED);
	}
	CHECK_CODE(pgtc_dpop_nonce_check(key, pgtc_slice(nonce, 31), 1000, 300), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_dpop_nonce_check(key, LITERAL(""), 1000, 300), PGTC_E_MALFORMED);

	CHECK_CODE(pgtc_dpop_nonce_write(key, 1001, again), PGTC_OK);
	CHECK(strcmp(nonce, again) != 0);
	CHECK_CODE(pgtc_dpop_nonce_write(key, 1000, again), PGTC_OK);
	CHECK(strcmp(nonce, again) == 0);
}

void
test_dpop(void)
{
	vectors();
	header();
	other_name();
	claims();
	not_a_token();
	nonces();
}
