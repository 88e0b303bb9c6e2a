/*
 * test_webauthn_key.c
 *		Public keys of WebAuthn credentials: both forms of them, and what is none.
 */
#include <openssl/core_names.h>
#include <openssl/x509.h>

#include "assertions.h"
#include "core/factor/webauthn.h"
#include "unit.h"

static PgtcCode
read_key(const char *alg, PgtcSlice text)
{
	PgtcKey key;
	PgtcCode code = pgtc_webauthn_key_read(unit_alg(alg), text, &key);

	if (code == PGTC_OK)
		CHECK(key.pkey != NULL && !key.is_private && key.alg == unit_alg(alg));
	else
		CHECK(key.pkey == NULL && key.alg == NULL);
	pgtc_key_free(&key);
	return code;
}

/* the key's SubjectPublicKeyInfo, of which one byte may be another */
static PgtcCode
read_spki(const char *alg, const PgtcKey *key, long flip, uint8_t mask, size_t more)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key->pkey, &der);
	uint8_t copy[1024] = {0};
	PgtcBuf text;
	PgtcCode code;

	CHECK(len > 0 && (size_t) len + more <= sizeof(copy));
	memcpy(copy, der, (size_t) len);
	OPENSSL_free(der);
	copy[flip < 0 ? len + flip : flip] ^= mask;
	pgtc_buf_init(&text, &unit_mem);
	pgtc_buf_append_b64url(&text, copy, (size_t) len + more);
	code = read_key(alg, pgtc_slice(text.data, text.len));
	pgtc_buf_free(&text);
	return code;
}

static void
algorithms(void)
{
	int i;

	for (i = 0; pgtc_alg_nth(i) != NULL; i++)
	{
		const PgtcAlg *alg = pgtc_alg_nth(i);
		bool ours = strcmp(alg->name, "ES256") == 0 || strcmp(alg->name, "RS256") == 0 ||
					strcmp(alg->name, "EdDSA") == 0;

		CHECK(pgtc_webauthn_alg(pgtc_slice_str(alg->name)) == (ours ? alg : NULL));
		if (!ours)
			CHECK_CODE(read_key(alg->name, LITERAL(KEY_ES256_UV)), PGTC_E_ALG);
	}
	CHECK(pgtc_webauthn_alg(LITERAL("Ed25519")) == unit_alg("EdDSA"));
	CHECK(pgtc_webauthn_alg(LITERAL("none")) == NULL);
	CHECK(pgtc_webauthn_alg(LITERAL("es256")) == NULL);
	CHECK(pgtc_webauthn_alg(LITERAL("-7")) == NULL);
	CHECK(pgtc_webauthn_alg(LITERAL("")) == NULL);
}

/* the two forms of a key are one key */
static void
recorded(void)
{
	int i;

	for (i = 0; i < N_RECORDINGS; i++)
	{
		const PgtcAlg *alg = unit_alg(recordings[i].alg);
		char first[PGTC_THUMBPRINT_LEN + 1];
		char second[PGTC_THUMBPRINT_LEN + 1];
		PgtcBuf jwk;
		PgtcKey key;

		CHECK_CODE(pgtc_webauthn_key_read(alg, pgtc_slice_str(recordings[i].key), &key), PGTC_OK);
		pgtc_buf_init(&jwk, &unit_mem);
		CHECK_CODE(pgtc_jwk_write(&key, LITERAL("k"), &jwk), PGTC_OK);
		CHECK_CODE(pgtc_jwk_thumbprint(&key, &unit_mem, first), PGTC_OK);
		pgtc_key_free(&key);
		CHECK_CODE(pgtc_webauthn_key_read(alg, pgtc_slice(jwk.data, jwk.len), &key), PGTC_OK);
		CHECK_CODE(pgtc_jwk_thumbprint(&key, &unit_mem, second), PGTC_OK);
		CHECK(strcmp(first, second) == 0);
		pgtc_key_free(&key);
		pgtc_buf_free(&jwk);
	}
}

static void
spki(void)
{
	static const char *const names[] = {"ES256", "RS256", "EdDSA"};
	size_t i;
	size_t other;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		const PgtcKey *key = unit_key(names[i]);

		CHECK_CODE(read_spki(names[i], key, 0, 0, 0), PGTC_OK);
		CHECK(read_spki(names[i], key, 0, 0, 1) != PGTC_OK);
		CHECK(read_spki(names[i], key, 1, 1, 0) != PGTC_OK);
		for (other = 0; other < sizeof(names) / sizeof(names[0]); other++)
		{
			if (other != i)
				CHECK_CODE(read_spki(names[other], key, 0, 0, 0), PGTC_E_KEY);
		}
	}
	CHECK_CODE(read_spki("ES256", unit_key("ES384"), 0, 0, 0), PGTC_E_KEY);
	CHECK_CODE(read_spki("RS256", unit_key("RS256"), 0, 0, 1), PGTC_E_MALFORMED);
	/* Attack: a point off the curve. */
	CHECK_CODE(read_spki("ES256", unit_key("ES256"), -1, 1, 0), PGTC_E_KEY);
	/* another curve of the same size: the last byte of secp256r1's identifier */
	CHECK_CODE(read_spki("ES256", unit_key("ES256"), 22, 1, 0), PGTC_E_KEY);
	/* X25519, of the same size: 1.3.101.110 */
	CHECK_CODE(read_spki("EdDSA", unit_key("EdDSA"), 8, 0x70 ^ 0x6e, 0), PGTC_E_KEY);
	/* an exponent of 65536 */
	CHECK_CODE(read_spki("RS256", unit_key("RS256"), -1, 1, 0), PGTC_E_KEY);
}

/* Attack: a curve of the sender's own making, and a second spelling of a point. */
static void
other_encodings(void)
{
	static const char *const parameters[][2] = {
		{OSSL_PKEY_PARAM_EC_ENCODING, "explicit"},
		{OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"},
		{OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "hybrid"}};
	size_t i;

	for (i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
	{
		PgtcKey key = *unit_key("ES256");

		key.pkey = EVP_PKEY_dup(key.pkey);
		CHECK(key.pkey != NULL &&
			  EVP_PKEY_set_utf8_string_param(key.pkey, parameters[i][0], parameters[i][1]) == 1);
		CHECK_CODE(read_spki("ES256", &key, 0, 0, 0), PGTC_E_KEY);
		EVP_PKEY_free(key.pkey);
	}
}

static void
texts(void)
{
	static char large[PGTC_JWK_MAX + 100];

	CHECK_CODE(read_key("ES256", LITERAL("")), PGTC_E_MALFORMED);
	CHECK_CODE(read_key("ES256", LITERAL("{")), PGTC_E_MALFORMED);
	CHECK_CODE(read_key("ES256", LITERAL("{}")), PGTC_E_KEY);
	CHECK_CODE(read_key("ES256", LITERAL(KEY_ES256_UV "=")), PGTC_E_MALFORMED);
	CHECK_CODE(read_key("ES256", LITERAL(" " KEY_ES256_UV)), PGTC_E_MALFORMED);
	CHECK_CODE(read_key("ES256", LITERAL(KEY_ES256_UV "\n")), PGTC_E_MALFORMED);
	CHECK_CODE(read_key("RS256", LITERAL("AAAA")), PGTC_E_KEY);
	CHECK_CODE(read_key("ES256", LITERAL("{\"kty\":\"EC\",\"kty\":\"EC\"}")), PGTC_E_MALFORMED);
	memset(large, 'A', sizeof(large));
	CHECK_CODE(read_key("RS256", pgtc_slice(large, sizeof(large))), PGTC_E_KEY);
	large[0] = '{';
	CHECK_CODE(read_key("RS256", pgtc_slice(large, sizeof(large))), PGTC_E_MALFORMED);
}

void
test_webauthn_key(void)
{
	algorithms();
	recorded();
	spki();
	other_encodings();
	texts();
}
