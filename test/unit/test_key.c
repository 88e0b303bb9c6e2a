/*
 * test_key.c
 *		Making, importing and storing private keys.
 */
#include <openssl/pem.h>

#include "unit.h"
#include "vectors.h"

/* the key as PEM: PKCS#8, or the traditional form, encrypted if there is a passphrase */
static void
write_pem(const PgtcKey *key, bool traditional, const char *passphrase, PgtcBuf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const EVP_CIPHER *cipher = passphrase ? EVP_aes_128_cbc() : NULL;
	char *text;
	long len;

	if (traditional)
		PEM_write_bio_PrivateKey_traditional(bio, key->pkey, cipher, NULL, 0, NULL,
											 (void *) passphrase);
	else
		PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, cipher, NULL, 0, NULL, (void *) passphrase);
	len = BIO_get_mem_data(bio, &text);
	pgtc_buf_init(out, &unit_mem);
	pgtc_buf_append(out, text, (size_t) len);
	BIO_free(bio);
}

static PgtcCode
import(const char *alg, PgtcSlice text)
{
	PgtcKey key;
	PgtcCode code = pgtc_key_import(unit_alg(alg), text, &key);

	if (code == PGTC_OK)
		CHECK(key.is_private && key.alg == unit_alg(alg));
	else
		CHECK(key.pkey == NULL && key.secret == NULL);
	pgtc_key_free(&key);
	return code;
}

static void
names(void)
{
	CHECK(pgtc_alg_by_name(LITERAL("ES256")) == pgtc_alg_nth(0));
	/* C43. Attack: "none" in any spelling. */
	CHECK(pgtc_alg_by_name(LITERAL("none")) == NULL);
	CHECK(pgtc_alg_by_name(LITERAL("None")) == NULL);
	CHECK(pgtc_alg_by_name(LITERAL("")) == NULL);
	CHECK(pgtc_alg_by_name(pgtc_slice(NULL, 0)) == NULL);
	CHECK(pgtc_alg_by_name(LITERAL("es256")) == NULL);
	CHECK(pgtc_alg_by_name(LITERAL("ES256\0")) == NULL);
	CHECK(pgtc_alg_by_name(LITERAL("ES25")) == NULL);
	/* C43: RS256 is available */
	CHECK(pgtc_alg_by_name(LITERAL("RS256")) != NULL);
}

/* a stored key signs what the original verifies */
static void
stored(void)
{
	int i;

	for (i = 0; pgtc_alg_nth(i) != NULL; i++)
	{
		const PgtcAlg *alg = pgtc_alg_nth(i);
		const PgtcKey *key = unit_key(alg->name);
		PgtcBuf der;
		PgtcBuf token;
		PgtcKey back;

		CHECK(key->is_private);
		pgtc_buf_init(&der, &unit_mem);
		CHECK_CODE(pgtc_key_write_private(key, &der), PGTC_OK);
		CHECK_CODE(pgtc_key_read_private(alg, (uint8_t *) der.data, der.len, &back), PGTC_OK);

		pgtc_buf_init(&token, &unit_mem);
		pgtc_buf_append_str(&token, "{\"alg\":\"");
		pgtc_buf_append_str(&token, alg->name);
		pgtc_buf_append_str(&token, "\"}");
		{
			char header[64];

			memcpy(header, token.data, token.len + 1);
			pgtc_buf_truncate(&token, 0);
			unit_signing_input(header, "{}", &token);
		}
		CHECK_CODE(pgtc_jws_sign(&back, &token, 0), PGTC_OK);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_OK);
		pgtc_buf_free(&token);
		pgtc_key_free(&back);

		/* trailing bytes, a byte too few, nothing */
		if (alg->kty != PGTC_KTY_OCT)
		{
			pgtc_buf_append(&der, "", 1);
			CHECK_CODE(pgtc_key_read_private(alg, (uint8_t *) der.data, der.len, &back),
					   PGTC_E_MALFORMED);
			CHECK_CODE(pgtc_key_read_private(alg, (uint8_t *) der.data, der.len - 2, &back),
					   PGTC_E_MALFORMED);
		}
		CHECK_CODE(pgtc_key_read_private(alg, (uint8_t *) der.data, 0, &back), PGTC_E_MALFORMED);
		pgtc_buf_free(&der);
	}
}

static void
pem(void)
{
	static const char *const algs[] = {"ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA"};
	size_t i;

	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
	{
		const PgtcKey *key = unit_key(algs[i]);
		PgtcBuf text;

		write_pem(key, false, NULL, &text);
		CHECK_CODE(import(algs[i], pgtc_slice(text.data, text.len)), PGTC_OK);
		CHECK(import("HS256", pgtc_slice(text.data, text.len)) != PGTC_OK);
		CHECK_CODE(import(algs[(i + 1) % 3], pgtc_slice(text.data, text.len)), PGTC_E_KEY);
		CHECK_CODE(import(algs[i], pgtc_slice(text.data, text.len / 2)), PGTC_E_MALFORMED);
		pgtc_buf_free(&text);

		/* Attack: a key import that stops the server to ask its terminal. */
		write_pem(key, false, "passphrase", &text);
		CHECK_CODE(import(algs[i], pgtc_slice(text.data, text.len)), PGTC_E_MALFORMED);
		pgtc_buf_free(&text);

		if (key->alg->kty == PGTC_KTY_OKP)
			continue;
		write_pem(key, true, NULL, &text);
		CHECK_CODE(import(algs[i], pgtc_slice(text.data, text.len)), PGTC_OK);
		pgtc_buf_free(&text);
		write_pem(key, true, "passphrase", &text);
		CHECK_CODE(import(algs[i], pgtc_slice(text.data, text.len)), PGTC_E_MALFORMED);
		pgtc_buf_free(&text);
	}
	CHECK_CODE(import("EdDSA", LITERAL(RFC8037_PEM)), PGTC_OK);
	CHECK_CODE(import("EdDSA", LITERAL("")), PGTC_E_MALFORMED);
	CHECK_CODE(import("EdDSA", LITERAL("-----BEGIN PRIVATE KEY-----\n")), PGTC_E_MALFORMED);
}

/*
 * Attack: a private key with another key's public half.  Its signatures verify
 * under neither, and for some schemes they give the private half away.
 */
static void
mismatched_pair(void)
{
	PgtcBuf first;
	PgtcBuf second;
	PgtcKey other;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	CHECK_CODE(pgtc_key_generate(unit_alg("ES256"), &other), PGTC_OK);
	pgtc_buf_init(&first, &unit_mem);
	pgtc_buf_init(&second, &unit_mem);
	CHECK_CODE(pgtc_key_write_private(unit_key("ES256"), &first), PGTC_OK);
	CHECK_CODE(pgtc_key_write_private(&other, &second), PGTC_OK);
	/* RFC 5915: the public point comes last */
	CHECK(first.len == second.len);
	memcpy(first.data + first.len - 64, second.data + second.len - 64, 64);
	PEM_write_bio(bio, "PRIVATE KEY", "", (unsigned char *) first.data, (long) first.len);
	len = BIO_get_mem_data(bio, &text);
	CHECK_CODE(import("ES256", pgtc_slice(text, (size_t) len)), PGTC_E_KEY);
	BIO_free(bio);
	pgtc_buf_free(&first);
	pgtc_buf_free(&second);
	pgtc_key_free(&other);
}

/* RFC 7518 section 3.3: small RSA keys are refused on every way in */
static void
small_rsa(void)
{
	PgtcKey key = {0};
	PgtcBuf text;
	PgtcBuf der;
	PgtcKey back;

	key.alg = unit_alg("RS256");
	key.pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) 1024);
	key.is_private = true;
	write_pem(&key, false, NULL, &text);
	CHECK_CODE(import("RS256", pgtc_slice(text.data, text.len)), PGTC_E_KEY);
	pgtc_buf_free(&text);

	pgtc_buf_init(&der, &unit_mem);
	CHECK_CODE(pgtc_key_write_private(&key, &der), PGTC_OK);
	CHECK_CODE(pgtc_key_read_private(key.alg, (uint8_t *) der.data, der.len, &back), PGTC_E_KEY);
	pgtc_buf_truncate(&der, 0);
	CHECK_CODE(pgtc_jwk_write(&key, LITERAL("k"), &der), PGTC_OK);
	CHECK_CODE(pgtc_jwk_read(key.alg, pgtc_slice(der.data, der.len), &back), PGTC_E_KEY);
	pgtc_buf_free(&der);
	pgtc_key_free(&key);
}

/* RFC 7518 section 3.2: a secret at least as long as the hash */
static void
secrets(void)
{
	char text[1024];

	memset(text, 'A', sizeof(text));
	CHECK_CODE(import("HS256", pgtc_slice(text, 43)), PGTC_OK);
	CHECK_CODE(import("HS256", pgtc_slice(text, 42)), PGTC_E_KEY);
	CHECK_CODE(import("HS256", pgtc_slice(text, 41)), PGTC_E_MALFORMED);
	CHECK_CODE(import("HS256", pgtc_slice(text, 1024)), PGTC_E_KEY);
	text[42] = '\n';
	CHECK_CODE(import("HS256", pgtc_slice(text, 43)), PGTC_E_MALFORMED);
	CHECK_CODE(import("HS256", LITERAL(RFC7515_A1_KEY)), PGTC_OK);
}

/* a public key neither signs nor is stored */
static void
public_only(void)
{
	PgtcKey key;
	PgtcBuf buf;

	CHECK_CODE(pgtc_jwk_read(unit_alg("EdDSA"), LITERAL(RFC8037_JWK), &key), PGTC_OK);
	pgtc_buf_init(&buf, &unit_mem);
	pgtc_buf_append_str(&buf, RFC8037_SIGNING_INPUT);
	CHECK_CODE(pgtc_jws_sign(&key, &buf, 0), PGTC_E_KEY);
	CHECK(pgtc_slice_equal(pgtc_slice(buf.data, buf.len), LITERAL(RFC8037_SIGNING_INPUT)));
	CHECK_CODE(pgtc_key_write_private(&key, &buf), PGTC_E_KEY);
	pgtc_buf_free(&buf);
	pgtc_key_free(&key);
	pgtc_key_free(&key);
	pgtc_key_free(NULL);
}

void
test_key(void)
{
	names();
	stored();
	pem();
	mismatched_pair();
	small_rsa();
	secrets();
	public_only();
}
