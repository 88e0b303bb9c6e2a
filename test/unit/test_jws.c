/*
 * test_jws.c
 *		JWS: published vectors, every algorithm both ways, and the known attacks.
 */
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "core/jose/jws_libjwt.h"
#include "unit.h"
#include "vectors.h"

static PgtcCode
verify_jwk(const char *alg, const char *jwk, PgtcSlice token)
{
	PgtcKey key;
	PgtcCode code = pgtc_jwk_read(unit_alg(alg), pgtc_slice_str(jwk), &key);

	CHECK_CODE(code, PGTC_OK);
	if (code == PGTC_OK)
		code = unit_verify(token, &key);
	pgtc_key_free(&key);
	return code;
}

static void
vectors(void)
{
	PgtcKey key;
	PgtcBuf token;

	CHECK_CODE(pgtc_key_import(unit_alg("HS256"), LITERAL(RFC7515_A1_KEY), &key), PGTC_OK);
	CHECK_CODE(unit_verify(LITERAL(RFC7515_A1), &key), PGTC_OK);
	pgtc_key_free(&key);
	CHECK_CODE(verify_jwk("RS256", RFC7515_A2_JWK, LITERAL(RFC7515_A2)), PGTC_OK);
	CHECK_CODE(verify_jwk("ES256", RFC7515_A3_JWK, LITERAL(RFC7515_A3)), PGTC_OK);
	/* RFC 8037 appendix A.5 verifies what A.4 signs; Ed25519 is deterministic */
	CHECK_CODE(verify_jwk("EdDSA", RFC8037_JWK, LITERAL(RFC8037_A4)), PGTC_OK);
	CHECK_CODE(pgtc_key_import(unit_alg("EdDSA"), LITERAL(RFC8037_PEM), &key), PGTC_OK);
	pgtc_buf_init(&token, &unit_mem);
	pgtc_buf_append_str(&token, RFC8037_SIGNING_INPUT);
	CHECK_CODE(pgtc_jws_sign(&key, &token, 0), PGTC_OK);
	CHECK(pgtc_slice_equal(pgtc_slice(token.data, token.len), LITERAL(RFC8037_A4)));
	pgtc_buf_free(&token);
	pgtc_key_free(&key);
}

static void
sign(const char *header, const PgtcKey *key, PgtcBuf *token)
{
	pgtc_buf_init(token, &unit_mem);
	unit_signing_input(header, "{\"sub\":\"u\"}", token);
	CHECK_CODE(pgtc_jws_sign(key, token, 0), PGTC_OK);
}

static void
sign_plain(const PgtcAlg *alg, PgtcBuf *token)
{
	char header[32] = "{\"alg\":\"";

	strcat(header, alg->name);
	strcat(header, "\"}");
	sign(header, unit_key(alg->name), token);
}

/* replace the signature by these bytes */
static void
replace_signature(PgtcBuf *token, const uint8_t *signature, size_t len)
{
	pgtc_buf_truncate(token, (size_t) (strrchr(token->data, '.') - token->data) + 1);
	pgtc_buf_append_b64url(token, signature, len);
}

static size_t
decode_signature(const PgtcBuf *token, uint8_t *out, size_t size)
{
	size_t len = 0;
	PgtcJws jws;

	CHECK_CODE(pgtc_jws_split(pgtc_slice(token->data, token->len), &jws), PGTC_OK);
	CHECK_CODE(pgtc_b64url_decode(jws.signature, out, size, &len), PGTC_OK);
	return len;
}

static void
every_algorithm(void)
{
	int i;

	for (i = 0; pgtc_alg_nth(i) != NULL; i++)
	{
		const PgtcAlg *alg = pgtc_alg_nth(i);
		const PgtcKey *key = unit_key(alg->name);
		uint8_t signature[1100] = {0};
		PgtcBuf token;
		PgtcJws jws;
		size_t len;
		size_t n;

		sign_plain(alg, &token);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_OK);
		len = decode_signature(&token, signature, sizeof(signature));
		if (alg->kty == PGTC_KTY_EC)
			CHECK(len == 2 * alg->field_len);

		/* Attack: a signature or a text with one bit changed. */
		for (n = 0; n < len; n += len / 16)
		{
			signature[n] ^= 1;
			replace_signature(&token, signature, len);
			CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_E_SIGNATURE);
			signature[n] ^= 1;
		}
		replace_signature(&token, signature, len);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_OK);
		CHECK_CODE(pgtc_jws_split(pgtc_slice(token.data, token.len), &jws), PGTC_OK);
		*(char *) &jws.payload.data[2] ^= 1;
		CHECK_CODE(pgtc_jws_verify(&jws, alg, key, &unit_mem), PGTC_E_SIGNATURE);
		*(char *) &jws.payload.data[2] ^= 1;

		/* Attack: a signature cut short, drawn out, or of zeros only. */
		replace_signature(&token, signature, len - 1);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_E_SIGNATURE);
		replace_signature(&token, signature, 1);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_E_SIGNATURE);
		signature[len] = 0;
		replace_signature(&token, signature, len + 1);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_E_SIGNATURE);
		replace_signature(&token, signature, sizeof(signature));
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_E_SIGNATURE);
		memset(signature, 0, len);
		replace_signature(&token, signature, len);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_E_SIGNATURE);
		pgtc_buf_free(&token);
	}
}

/* numbers that begin with zeros, or with a bit that would make them negative, are written for OpenSSL as it wants them */
static void
many_signatures(void)
{
	static const char *const algs[] = {"ES256", "ES512"};
	size_t i;
	int n;

	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
	{
		for (n = 0; n < 100; n++)
		{
			PgtcBuf token;

			sign_plain(unit_alg(algs[i]), &token);
			CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), unit_key(algs[i])), PGTC_OK);
			pgtc_buf_free(&token);
		}
	}
}

/*
 * Attack: the same signature in its other encoding.  A JWS whose signature is
 * ASN.1 DER is not one, and would be a second spelling of the token.
 */
static void
der_signature(void)
{
	static const char *const algs[] = {"ES256", "ES384", "ES512"};
	size_t i;

	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
	{
		const PgtcKey *key = unit_key(algs[i]);
		size_t field = key->alg->field_len;
		uint8_t raw[132];
		uint8_t der[160];
		unsigned char *at = der;
		ECDSA_SIG *sig = ECDSA_SIG_new();
		PgtcBuf token;
		int len;

		sign_plain(key->alg, &token);
		CHECK(decode_signature(&token, raw, sizeof(raw)) == 2 * field);
		ECDSA_SIG_set0(sig, BN_bin2bn(raw, (int) field, NULL),
					   BN_bin2bn(raw + field, (int) field, NULL));
		len = i2d_ECDSA_SIG(sig, &at);
		ECDSA_SIG_free(sig);
		replace_signature(&token, der, (size_t) len);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_E_SIGNATURE);
		pgtc_buf_free(&token);
	}
}

/*
 * Attack: a MAC cut short, which a comparison of as many bytes as there are would
 * accept.  The typ is one that libjwt 1 leaves to us.
 */
static void
short_mac(void)
{
	const PgtcKey *key = unit_key("HS256");
	uint8_t mac[PGTC_SHA256_LEN];
	PgtcBuf token;
	size_t len;

	sign("{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", key, &token);
	CHECK(decode_signature(&token, mac, sizeof(mac)) == sizeof(mac));
	for (len = 1; len < sizeof(mac); len++)
	{
		replace_signature(&token, mac, len);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_E_SIGNATURE);
	}
	mac[31] ^= 1;
	replace_signature(&token, mac, sizeof(mac));
	CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_E_SIGNATURE);
	pgtc_buf_free(&token);
}

/* RFC 7518 section 3.5: a salt as long as the hash, and no PKCS #1 v1.5 under PS256 */
static void
pss_parameters(void)
{
	static const int salts[] = {0, 20, 32, 64};
	const PgtcKey *key = unit_key("PS256");
	uint8_t signature[PGTC_RSA_BITS_NEW / 8];
	EVP_PKEY_CTX *pctx;
	EVP_MD_CTX *ctx;
	PgtcBuf token;
	size_t len;
	size_t i;

	for (i = 0; i <= sizeof(salts) / sizeof(salts[0]); i++)
	{
		bool pkcs1 = i == sizeof(salts) / sizeof(salts[0]);

		pgtc_buf_init(&token, &unit_mem);
		unit_signing_input("{\"alg\":\"PS256\"}", "{}", &token);
		ctx = EVP_MD_CTX_new();
		len = sizeof(signature);
		EVP_DigestSignInit(ctx, &pctx, EVP_sha256(), NULL, key->pkey);
		if (!pkcs1)
		{
			EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
			EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salts[i]);
		}
		CHECK(EVP_DigestSign(ctx, signature, &len, (uint8_t *) token.data, token.len) == 1);
		EVP_MD_CTX_free(ctx);
		pgtc_buf_append_str(&token, ".");
		pgtc_buf_append_b64url(&token, signature, len);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key),
				   !pkcs1 && salts[i] == 32 ? PGTC_OK : PGTC_E_SIGNATURE);
		pgtc_buf_free(&token);
	}
}

/*
 * C49. Attack: a token MACed with the public key as the secret, for verifiers
 * that let the token choose the algorithm.
 */
static void
public_key_as_secret(void)
{
	static const char *const algs[] = {"RS256", "ES256"};
	size_t i;

	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
	{
		const PgtcKey *key = unit_key(algs[i]);
		uint8_t mac[PGTC_SHA256_LEN];
		BIO *bio = BIO_new(BIO_s_mem());
		PgtcBuf token;
		PgtcJws jws;
		char *text;
		long len;

		PEM_write_bio_PUBKEY(bio, key->pkey);
		len = BIO_get_mem_data(bio, &text);
		pgtc_buf_init(&token, &unit_mem);
		unit_signing_input("{\"alg\":\"HS256\"}", "{}", &token);
		CHECK_CODE(
			pgtc_crypto_hmac_sha256((uint8_t *) text, (size_t) len, token.data, token.len, mac),
			PGTC_OK);
		pgtc_buf_append_str(&token, ".");
		pgtc_buf_append_b64url(&token, mac, sizeof(mac));
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_E_ALG);
		/* nor when the caller forgets what the header said */
		CHECK_CODE(pgtc_jws_split(pgtc_slice(token.data, token.len), &jws), PGTC_OK);
		CHECK_CODE(pgtc_jws_verify(&jws, key->alg, key, &unit_mem), PGTC_E_SIGNATURE);
		CHECK_CODE(pgtc_jws_libjwt_verify(&jws, key, &unit_mem), PGTC_E_KEY);
		pgtc_buf_free(&token);
		BIO_free(bio);
	}
}

/* Attack: a header that names another algorithm than the one the key is pinned to. */
static void
other_algorithm(void)
{
	int i;
	int j;

	for (i = 0; pgtc_alg_nth(i) != NULL; i++)
	{
		PgtcBuf token;

		sign_plain(pgtc_alg_nth(i), &token);
		for (j = 0; pgtc_alg_nth(j) != NULL; j++)
		{
			if (i != j)
				CHECK_CODE(
					unit_verify(pgtc_slice(token.data, token.len), unit_key(pgtc_alg_nth(j)->name)),
					PGTC_E_ALG);
		}
		pgtc_buf_free(&token);
	}

	{
		PgtcBuf token;

		/* signed by the ES256 key, header switched to RS256 */
		sign("{\"alg\":\"RS256\"}", unit_key("ES256"), &token);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), unit_key("ES256")), PGTC_E_ALG);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), unit_key("RS256")),
				   PGTC_E_SIGNATURE);
		pgtc_buf_free(&token);
	}
	{
		PgtcJws jws;

		CHECK_CODE(pgtc_jws_split(LITERAL(RFC7515_A3), &jws), PGTC_OK);
		CHECK_CODE(pgtc_jws_verify(&jws, NULL, unit_key("ES256"), &unit_mem), PGTC_E_ALG);
	}
}

/* Attack: the same algorithm, another key. */
static void
other_key(void)
{
	int i;

	for (i = 0; pgtc_alg_nth(i) != NULL; i++)
	{
		const PgtcAlg *alg = pgtc_alg_nth(i);
		PgtcBuf token;
		PgtcKey other;

		sign_plain(alg, &token);
		CHECK_CODE(pgtc_key_generate(alg, &other), PGTC_OK);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), &other), PGTC_E_SIGNATURE);
		pgtc_key_free(&other);
		pgtc_buf_free(&token);
	}
}

static PgtcCode
read_header(const char *header, PgtcJwsHeader *out)
{
	PgtcBuf token;
	PgtcJws jws;
	PgtcCode code;

	pgtc_buf_init(&token, &unit_mem);
	unit_signing_input(header, "{}", &token);
	pgtc_buf_append_str(&token, ".AAAA");
	code = pgtc_jws_split(pgtc_slice(token.data, token.len), &jws);
	if (code == PGTC_OK)
		code = pgtc_jws_read_header(&jws, &unit_mem, out);
	pgtc_buf_free(&token);
	return code;
}

static void
headers(void)
{
	static char long_kid[PGTC_KID_MAX + 64];
	PgtcJwsHeader header;
	int n;

	CHECK_CODE(
		read_header("{\"alg\":\"ES256\",\"typ\":\"Application/AT+JWT\",\"kid\":\"k1\"}", &header),
		PGTC_OK);
	CHECK(header.alg == unit_alg("ES256"));
	CHECK(strcmp(header.typ, "at+jwt") == 0 && strcmp(header.kid, "k1") == 0);
	CHECK_CODE(read_header("{\"alg\":\"ES256\"}", &header), PGTC_OK);
	CHECK(header.typ[0] == '\0' && header.kid[0] == '\0');
	/* RFC 7515 section 4.1.9: the prefix goes only where no other slash follows */
	CHECK_CODE(read_header("{\"alg\":\"ES256\",\"typ\":\"application/a/b\"}", &header), PGTC_OK);
	CHECK(strcmp(header.typ, "application/a/b") == 0);
	CHECK_CODE(read_header("{\"alg\":\"ES256\",\"typ\":\"application/\"}", &header), PGTC_OK);
	CHECK(strcmp(header.typ, "application/") == 0);

	/* C43, C49. Attack: unsigned tokens. */
	CHECK_CODE(read_header("{\"alg\":\"none\"}", &header), PGTC_E_ALG);
	CHECK_CODE(read_header("{\"alg\":\"nOnE\"}", &header), PGTC_E_ALG);
	CHECK_CODE(read_header("{\"alg\":\"\"}", &header), PGTC_E_ALG);
	CHECK_CODE(read_header("{\"typ\":\"JWT\"}", &header), PGTC_E_ALG);
	CHECK_CODE(read_header("{\"alg\":1}", &header), PGTC_E_ALG);
	CHECK_CODE(read_header("{\"alg\":null}", &header), PGTC_E_ALG);
	CHECK_CODE(read_header("{\"alg\":[\"ES256\"]}", &header), PGTC_E_ALG);

	/* Attack: an extension that changes what the signature means. */
	CHECK_CODE(read_header("{\"alg\":\"ES256\",\"crit\":[\"exp\"],\"exp\":1}", &header),
			   PGTC_E_CRIT);
	CHECK_CODE(read_header("{\"alg\":\"ES256\",\"crit\":[]}", &header), PGTC_E_CRIT);
	CHECK_CODE(read_header("{\"alg\":\"ES256\",\"crit\":null}", &header), PGTC_E_CRIT);
	CHECK_CODE(read_header("{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":false}", &header),
			   PGTC_E_CRIT);
	CHECK_CODE(read_header("{\"alg\":\"ES256\",\"b64\":false}", &header), PGTC_E_CRIT);
	CHECK_CODE(read_header("{\"alg\":\"ES256\",\"b64\":true}", &header), PGTC_E_CRIT);
	CHECK(header.alg == NULL);

	/* Attack: two values of one member, for two readers. */
	CHECK_CODE(read_header("{\"alg\":\"ES256\",\"alg\":\"HS256\"}", &header), PGTC_E_DUPLICATE);
	CHECK_CODE(read_header("{\"alg\":\"ES256\",\"x\":{\"a\":1,\"a\":2}}", &header),
			   PGTC_E_DUPLICATE);
	/* Attack: a kid that C and everybody else read differently. */
	CHECK_CODE(read_header("{\"alg\":\"ES256\",\"kid\":\"a\\u0000b\"}", &header), PGTC_E_MALFORMED);

	CHECK_CODE(read_header("{\"alg\":\"ES256\",\"kid\":1}", &header), PGTC_E_MALFORMED);
	CHECK_CODE(read_header("{\"alg\":\"ES256\",\"typ\":{}}", &header), PGTC_E_MALFORMED);
	CHECK_CODE(read_header("[]", &header), PGTC_E_MALFORMED);
	CHECK_CODE(read_header("\"ES256\"", &header), PGTC_E_MALFORMED);
	CHECK_CODE(read_header("{\"alg\":\"ES256\"} x", &header), PGTC_E_MALFORMED);
	CHECK_CODE(read_header("{\"alg\":\"ES256\",\"x\":\"\xff\"}", &header), PGTC_E_MALFORMED);

	for (n = PGTC_KID_MAX; n <= PGTC_KID_MAX + 1; n++)
	{
		strcpy(long_kid, "{\"alg\":\"ES256\",\"kid\":\"");
		memset(long_kid + strlen(long_kid), 'k', (size_t) n);
		strcpy(long_kid + 22 + n, "\"}");
		CHECK_CODE(read_header(long_kid, &header), n == PGTC_KID_MAX ? PGTC_OK : PGTC_E_TOO_LONG);
		memset(long_kid, 0, sizeof(long_kid));
	}
	for (n = PGTC_TYP_MAX; n <= PGTC_TYP_MAX + 1; n++)
	{
		strcpy(long_kid, "{\"alg\":\"ES256\",\"typ\":\"");
		memset(long_kid + strlen(long_kid), 't', (size_t) n);
		strcpy(long_kid + 22 + n, "\"}");
		CHECK_CODE(read_header(long_kid, &header), n == PGTC_TYP_MAX ? PGTC_OK : PGTC_E_TOO_LONG);
		memset(long_kid, 0, sizeof(long_kid));
	}
}

/* Attack: a key sent along with the token it signs; it is never looked at. */
static void
key_in_header(void)
{
	const PgtcKey *key = unit_key("ES256");
	char header[1024] = "{\"alg\":\"ES256\",\"jku\":\"https://evil.example/jwks\",\"jwk\":";
	PgtcBuf jwk;
	PgtcBuf token;
	PgtcKey other;

	CHECK_CODE(pgtc_key_generate(unit_alg("ES256"), &other), PGTC_OK);
	pgtc_buf_init(&jwk, &unit_mem);
	CHECK_CODE(pgtc_jwk_write(&other, LITERAL("k"), &jwk), PGTC_OK);
	strcat(header, jwk.data);
	strcat(header, "}");
	sign(header, &other, &token);
	CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), &other), PGTC_OK);
	CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_E_SIGNATURE);
	pgtc_buf_free(&token);
	pgtc_buf_free(&jwk);
	pgtc_key_free(&other);
}

static PgtcCode
split(PgtcSlice token)
{
	PgtcJws jws;

	return pgtc_jws_split(token, &jws);
}

static void
splitting(void)
{
	static char large[PGTC_JWS_MAX + 1];

	CHECK_CODE(split(LITERAL("a.b.c")), PGTC_OK);
	CHECK_CODE(split(LITERAL("")), PGTC_E_MALFORMED);
	CHECK_CODE(split(pgtc_slice(NULL, 0)), PGTC_E_MALFORMED);
	CHECK_CODE(split(LITERAL("a")), PGTC_E_MALFORMED);
	CHECK_CODE(split(LITERAL("a.b")), PGTC_E_MALFORMED);
	CHECK_CODE(split(LITERAL("a.b.")), PGTC_E_MALFORMED);
	CHECK_CODE(split(LITERAL(".b.c")), PGTC_E_MALFORMED);
	CHECK_CODE(split(LITERAL("a..c")), PGTC_E_MALFORMED);
	CHECK_CODE(split(LITERAL("a.b.c.d")), PGTC_E_MALFORMED);
	CHECK_CODE(split(LITERAL("a.b.c.d.e")), PGTC_E_MALFORMED);
	CHECK_CODE(split(LITERAL("a.b.c ")), PGTC_E_MALFORMED);
	CHECK_CODE(split(LITERAL("a.b.c\n")), PGTC_E_MALFORMED);
	CHECK_CODE(split(LITERAL("a.b.c=")), PGTC_E_MALFORMED);
	CHECK_CODE(split(LITERAL("a.b.c\0")), PGTC_E_MALFORMED);
	CHECK_CODE(split(LITERAL("a.b+.c")), PGTC_E_MALFORMED);

	memset(large, 'a', sizeof(large));
	large[3] = large[9] = '.';
	CHECK_CODE(split(pgtc_slice(large, PGTC_JWS_MAX)), PGTC_OK);
	CHECK_CODE(split(pgtc_slice(large, PGTC_JWS_MAX + 1)), PGTC_E_TOO_LONG);
}

/* the adapter accepts our tokens of every typ, and objects to a MAC it can read */
static void
adapter(void)
{
	static const char *const headers[] = {
		"{\"alg\":\"HS256\"}",
		"{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"HS256\",\"typ\":\"application/jwt\"}",
	};
	PgtcKey other;
	PgtcBuf token;
	PgtcJws jws;
	size_t i;

	CHECK_CODE(pgtc_key_generate(unit_alg("HS256"), &other), PGTC_OK);
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
	{
		sign(headers[i], unit_key("HS256"), &token);
		CHECK_CODE(pgtc_jws_split(pgtc_slice(token.data, token.len), &jws), PGTC_OK);
		CHECK_CODE(pgtc_jws_libjwt_verify(&jws, unit_key("HS256"), &unit_mem), PGTC_OK);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), unit_key("HS256")), PGTC_OK);
		CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), &other), PGTC_E_SIGNATURE);
		if (i < 2)
			CHECK_CODE(pgtc_jws_libjwt_verify(&jws, &other, &unit_mem), PGTC_E_SIGNATURE);
		pgtc_buf_free(&token);
	}
	pgtc_key_free(&other);
}

static void
payload(void)
{
	PgtcBuf out;
	PgtcJws jws;

	pgtc_buf_init(&out, &unit_mem);
	pgtc_buf_append_str(&out, "before ");
	CHECK_CODE(pgtc_jws_split(LITERAL(RFC8037_A4), &jws), PGTC_OK);
	CHECK_CODE(pgtc_buf_decode_b64url(&out, jws.payload), PGTC_OK);
	CHECK(strcmp(out.data, "before Example of Ed25519 signing") == 0);
	CHECK_CODE(pgtc_jws_split(LITERAL("a.b.c"), &jws), PGTC_OK);
	CHECK_CODE(pgtc_buf_decode_b64url(&out, jws.payload), PGTC_E_MALFORMED);
	CHECK(strcmp(out.data, "before Example of Ed25519 signing") == 0);
	pgtc_buf_free(&out);
}

void
test_jws(void)
{
	vectors();
	every_algorithm();
	many_signatures();
	der_signature();
	short_mac();
	pss_parameters();
	public_key_as_secret();
	other_algorithm();
	other_key();
	headers();
	key_in_header();
	splitting();
	adapter();
	payload();
}
