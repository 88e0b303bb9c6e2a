/*
 * jws.c
 *		JWS compact serialisation: taking apart, signing, verifying.
 *
 * The slices of a PgtcJws point into the token.  Verification trusts nothing
 * the token says: the caller names the algorithm it expects, and the key is
 * pinned to one.
 */
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "b64url.h"
#include "internal.h"

/* bytes of the largest signature: RSA of 8192 bits */
#define SIGNATURE_MAX (PGTC_RSA_BITS_MAX / 8)

/* bytes of an ECDSA-Sig-Value: two integers of 66 bytes with their sign byte and headers */
#define ECDSA_DER_MAX (2 * (66 + 1 + 2) + 3)

static bool b64url_part(PgtcSlice part);
static PgtcCode read_header_members(const json_t *object, PgtcJwsHeader *out);
static PgtcCode read_typ(PgtcSlice typ, char *out);
static char ascii_lower(char c);
static PgtcCode verify_hmac(const PgtcJws *jws, const PgtcKey *key, const PgtcMem *mem,
							const uint8_t *signature, size_t len);
static PgtcCode verify_pkey(const PgtcJws *jws, const PgtcKey *key, const uint8_t *signature,
							size_t len);
static size_t signature_len(const PgtcKey *key);
static EVP_MD_CTX *copy_ctx(const EVP_MD_CTX *ready);
static bool set_padding(const PgtcAlg *alg, EVP_PKEY_CTX *ctx);
static const EVP_MD *signature_digest(const PgtcAlg *alg);
static PgtcCode sign_pkey(const PgtcKey *key, const char *data, size_t data_len, uint8_t *out,
						  size_t *out_len);
static size_t ecdsa_to_der(const uint8_t *raw, size_t field, uint8_t *der);
static bool ecdsa_from_der(const uint8_t *der, size_t len, size_t field, uint8_t *raw);

/*
 *		token = header "." payload "." signature
 *		part  = 1*b64char
 *
 * RFC 7515 section 7.1.  An empty signature belongs to "none" (RFC 7518 section
 * 3.6) and an empty payload to detached content; we have neither.
 */
PgtcCode
pgtc_jws_split(PgtcSlice token, PgtcJws *out)
{
	const char *first;
	const char *second;
	const char *end;

	memset(out, 0, sizeof(*out));
	if (token.len > PGTC_JWS_MAX)
		return PGTC_E_TOO_LONG;
	if (token.len == 0)
		return PGTC_E_MALFORMED;

	end = token.data + token.len;
	first = memchr(token.data, '.', token.len);
	if (first == NULL)
		return PGTC_E_MALFORMED;
	second = memchr(first + 1, '.', (size_t) (end - first - 1));
	if (second == NULL)
		return PGTC_E_MALFORMED;

	out->token = token;
	out->header = pgtc_slice(token.data, (size_t) (first - token.data));
	out->payload = pgtc_slice(first + 1, (size_t) (second - first - 1));
	out->signature = pgtc_slice(second + 1, (size_t) (end - second - 1));
	out->signing_input = pgtc_slice(token.data, (size_t) (second - token.data));

	/* a third dot is not of the alphabet, so the five parts of a JWE end here */
	if (!b64url_part(out->header) || !b64url_part(out->payload) || !b64url_part(out->signature))
		return PGTC_E_MALFORMED;
	return PGTC_OK;
}

PgtcCode
pgtc_jws_read_header(const PgtcJws *jws, const PgtcMem *mem, PgtcJwsHeader *out)
{
	json_t *object = NULL;
	size_t len;
	uint8_t *text;
	PgtcCode code;

	memset(out, 0, sizeof(*out));
	text = mem->alloc(jws->header.len);
	if (text == NULL)
		return PGTC_E_NOMEM;
	code = pgtc_b64url_decode(jws->header, text, jws->header.len, &len);
	if (code == PGTC_OK)
		code = pgtc_json_read_object(pgtc_slice((const char *) text, len), &object);
	mem->release(text);
	if (code == PGTC_OK)
		code = read_header_members(object, out);
	json_decref(object);
	if (code != PGTC_OK)
		memset(out, 0, sizeof(*out));
	return code;
}

PgtcCode
pgtc_jws_read_payload(const PgtcJws *jws, PgtcBuf *out)
{
	size_t start = out->len;
	size_t size = jws->payload.len / 4 * 3 + 2;
	size_t len = 0;
	char *at = pgtc_buf_extend(out, size);
	PgtcCode code;

	if (at == NULL)
		return PGTC_E_NOMEM;
	code = pgtc_b64url_decode(jws->payload, (uint8_t *) at, size, &len);
	pgtc_buf_truncate(out, code == PGTC_OK ? start + len : start);
	return code;
}

PgtcCode
pgtc_jws_verify(const PgtcJws *jws, const PgtcAlg *alg, const PgtcKey *key, const PgtcMem *mem)
{
	uint8_t signature[SIGNATURE_MAX];
	size_t len;

	/* RFC 8725 section 3.1: the key decides the algorithm, the token only agrees */
	if (alg == NULL || alg != key->alg)
		return PGTC_E_ALG;
	if (pgtc_b64url_decode(jws->signature, signature, sizeof(signature), &len) != PGTC_OK)
		return PGTC_E_SIGNATURE;
	if (alg->kty == PGTC_KTY_OCT)
		return verify_hmac(jws, key, mem, signature, len);
	return verify_pkey(jws, key, signature, len);
}

PgtcCode
pgtc_jws_sign(const PgtcKey *key, PgtcBuf *out)
{
	return pgtc_jws_sign_from(key, out, 0);
}

PgtcCode
pgtc_jws_sign_from(const PgtcKey *key, PgtcBuf *out, size_t start)
{
	uint8_t signature[SIGNATURE_MAX];
	size_t len = sizeof(signature);
	PgtcCode code;

	if (!key->is_private)
		return PGTC_E_KEY;
	if (pgtc_buf_code(out) != PGTC_OK)
		return PGTC_E_NOMEM;
	if (out->len <= start)
		return PGTC_E_MALFORMED;

	if (key->alg->kty == PGTC_KTY_OCT)
	{
		len = PGTC_SHA256_LEN;
		code = pgtc_hmac_sha256(key->secret, key->secret_len, out->data + start, out->len - start,
								signature);
	}
	else
		code = sign_pkey(key, out->data + start, out->len - start, signature, &len);
	if (code != PGTC_OK)
		return code;

	pgtc_buf_append(out, ".", 1);
	pgtc_buf_append_b64url(out, signature, len);
	return pgtc_buf_code(out);
}

static bool
b64url_part(PgtcSlice part)
{
	size_t i;

	if (part.len == 0)
		return false;
	for (i = 0; i < part.len; i++)
	{
		char c = part.data[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			  c == '-' || c == '_'))
			return false;
	}
	return true;
}

static PgtcCode
read_header_members(const json_t *object, PgtcJwsHeader *out)
{
	PgtcSlice alg = pgtc_json_slice(json_object_get(object, "alg"));
	const json_t *kid = json_object_get(object, "kid");
	const json_t *typ = json_object_get(object, "typ");

	/*
	 * RFC 7515 section 4.1.11: what is critical must be understood, and we
	 * understand no extension.  RFC 7797 section 6: b64 belongs into crit, so
	 * without it somebody counts on our overlooking it.
	 */
	if (json_object_get(object, "crit") != NULL || json_object_get(object, "b64") != NULL)
		return PGTC_E_CRIT;

	/* RFC 7515 section 4.1.1 */
	if (alg.data == NULL)
		return PGTC_E_ALG;
	out->alg = pgtc_alg_by_name(alg);
	if (out->alg == NULL)
		return PGTC_E_ALG;

	/* RFC 7515 section 4.1.4 */
	if (kid != NULL)
	{
		PgtcSlice value = pgtc_json_slice(kid);

		if (value.data == NULL)
			return PGTC_E_MALFORMED;
		if (value.len > PGTC_KID_MAX)
			return PGTC_E_TOO_LONG;
		memcpy(out->kid, value.data, value.len);
	}

	if (typ != NULL)
	{
		PgtcSlice value = pgtc_json_slice(typ);

		if (value.data == NULL)
			return PGTC_E_MALFORMED;
		return read_typ(value, out->typ);
	}
	return PGTC_OK;
}

/*
 * RFC 7515 section 4.1.9: a media type, so without regard to case, and
 * "application/" may be left out where no other slash follows.
 */
static PgtcCode
read_typ(PgtcSlice typ, char *out)
{
	static const char prefix[] = "application/";
	size_t prefix_len = sizeof(prefix) - 1;
	size_t i = 0;

	if (typ.len > prefix_len)
	{
		while (i < prefix_len && ascii_lower(typ.data[i]) == prefix[i])
			i++;
		if (i == prefix_len && memchr(typ.data + i, '/', typ.len - i) == NULL)
			typ = pgtc_slice(typ.data + i, typ.len - i);
	}
	if (typ.len > PGTC_TYP_MAX)
		return PGTC_E_TOO_LONG;
	for (i = 0; i < typ.len; i++)
		out[i] = ascii_lower(typ.data[i]);
	return PGTC_OK;
}

static char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

/*
 * Our own comparison decides: it is over bytes and in constant time, whatever
 * the libjwt at hand does.  Then libjwt, which parses the whole token by its
 * own rules, may still object.
 */
static PgtcCode
verify_hmac(const PgtcJws *jws, const PgtcKey *key, const PgtcMem *mem, const uint8_t *signature,
			size_t len)
{
	uint8_t mac[PGTC_SHA256_LEN];
	PgtcCode code;

	/* RFC 2104 allows truncated MACs, RFC 7518 section 3.2 does not */
	if (len != sizeof(mac))
		return PGTC_E_SIGNATURE;
	code = pgtc_hmac_sha256(key->secret, key->secret_len, jws->signing_input.data,
							jws->signing_input.len, mac);
	if (code == PGTC_OK && !pgtc_equal_secret(mac, signature, sizeof(mac)))
		code = PGTC_E_SIGNATURE;
	pgtc_wipe(mac, sizeof(mac));
	if (code != PGTC_OK)
		return code;
	return pgtc_jws_hmac_verify(jws, key, mem);
}

static PgtcCode
verify_pkey(const PgtcJws *jws, const PgtcKey *key, const uint8_t *signature, size_t len)
{
	const PgtcAlg *alg = key->alg;
	uint8_t der[ECDSA_DER_MAX];
	EVP_MD_CTX *ctx;
	PgtcCode code = PGTC_E_CRYPTO;

	/* RFC 7518 section 3.4: exactly R and S of full size, no DER, no other length */
	if (len != signature_len(key))
		return PGTC_E_SIGNATURE;

	ERR_clear_error();
	if (alg->kty == PGTC_KTY_EC)
	{
		len = ecdsa_to_der(signature, alg->field_len, der);
		signature = der;
		if (len == 0)
			return PGTC_E_CRYPTO;
	}

	ctx = key->is_private ? pgtc_jws_new_ctx(key, false) : copy_ctx(key->ready);
	if (ctx != NULL)
	{
		/* a negative answer is a signature that could not even be parsed */
		code = EVP_DigestVerify(ctx, signature, len, (const uint8_t *) jws->signing_input.data,
								jws->signing_input.len) == 1
				   ? PGTC_OK
				   : PGTC_E_SIGNATURE;
	}
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return code;
}

static size_t
signature_len(const PgtcKey *key)
{
	switch (key->alg->kty)
	{
		case PGTC_KTY_EC:
			return 2 * key->alg->field_len;
		case PGTC_KTY_RSA:
			return (size_t) EVP_PKEY_get_size(key->pkey);
		case PGTC_KTY_OKP:
			/* RFC 8032 section 5.1.6 */
			return 64;
		case PGTC_KTY_OCT:
			break;
	}
	return PGTC_SHA256_LEN;
}

EVP_MD_CTX *
pgtc_jws_new_ctx(const PgtcKey *key, bool sign)
{
	const EVP_MD *digest = signature_digest(key->alg);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	bool done = ctx != NULL &&
				(sign ? EVP_DigestSignInit(ctx, &pctx, digest, NULL, key->pkey)
					  : EVP_DigestVerifyInit(ctx, &pctx, digest, NULL, key->pkey)) == 1 &&
				set_padding(key->alg, pctx);

	if (!done)
	{
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	ERR_clear_error();
	return ctx;
}

/* a copy is cheaper than setting up, which looks algorithms up by name */
static EVP_MD_CTX *
copy_ctx(const EVP_MD_CTX *ready)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx != NULL && EVP_MD_CTX_copy_ex(ctx, ready) != 1)
	{
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

/* RFC 7518 section 3.5: MGF1 with the same hash, a salt as long as the hash */
static bool
set_padding(const PgtcAlg *alg, EVP_PKEY_CTX *ctx)
{
	if (!alg->pss)
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		   EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1 &&
		   EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, signature_digest(alg)) == 1;
}

/* NULL for EdDSA, which hashes by itself */
static const EVP_MD *
signature_digest(const PgtcAlg *alg)
{
	return alg->digest != NULL ? EVP_get_digestbyname(alg->digest) : NULL;
}

static PgtcCode
sign_pkey(const PgtcKey *key, const char *data, size_t data_len, uint8_t *out, size_t *out_len)
{
	const PgtcAlg *alg = key->alg;
	uint8_t der[ECDSA_DER_MAX];
	uint8_t *signature = alg->kty == PGTC_KTY_EC ? der : out;
	size_t len = alg->kty == PGTC_KTY_EC ? sizeof(der) : *out_len;
	EVP_MD_CTX *ctx;
	PgtcCode code = PGTC_E_CRYPTO;

	ERR_clear_error();
	ctx = copy_ctx(key->ready);
	if (ctx != NULL && EVP_DigestSign(ctx, signature, &len, (const uint8_t *) data, data_len) == 1)
		code = PGTC_OK;
	EVP_MD_CTX_free(ctx);

	if (code == PGTC_OK && alg->kty == PGTC_KTY_EC)
	{
		if (!ecdsa_from_der(der, len, alg->field_len, out))
			code = PGTC_E_CRYPTO;
		len = 2 * alg->field_len;
	}
	*out_len = len;
	ERR_clear_error();
	return code;
}

/*
 *		ECDSA-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }
 *
 * RFC 3279 section 2.2.3 is what OpenSSL speaks, RFC 7518 section 3.4 (R and S
 * as octet strings of the field's size) what JOSE does.  0 on failure.
 */
static size_t
ecdsa_to_der(const uint8_t *raw, size_t field, uint8_t *der)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, (int) field, NULL);
	BIGNUM *s = BN_bin2bn(raw + field, (int) field, NULL);
	int len = 0;

	if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1)
	{
		r = NULL;
		s = NULL;
		/* r and s have at most field bytes each, so ECDSA_DER_MAX holds them */
		len = i2d_ECDSA_SIG(sig, &der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return len > 0 ? (size_t) len : 0;
}

static bool
ecdsa_from_der(const uint8_t *der, size_t len, size_t field, uint8_t *raw)
{
	const unsigned char *at = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long) len);
	bool done = sig != NULL &&
				BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int) field) == (int) field &&
				BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + field, (int) field) == (int) field;

	ECDSA_SIG_free(sig);
	return done;
}
