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

#include "core/base/b64url.h"
#include "core/base/json_read.h"

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
static EVP_PKEY_CTX *new_digest_ctx(const PgtcKey *key, bool sign);
static EVP_MD_CTX *new_text_ctx(const PgtcKey *key, bool sign);
static EVP_MD_CTX *copy_ctx(const EVP_MD_CTX *ready);
static bool set_padding(const PgtcKey *key, EVP_PKEY_CTX *ctx);
static PgtcCode verify_digest(const PgtcKey *key, PgtcSlice text, const uint8_t *signature,
							  size_t len);
static PgtcCode verify_by_text(const PgtcKey *key, PgtcSlice text, const uint8_t *signature,
							   size_t len);
static bool sign_digest(const PgtcKey *key, PgtcSlice text, uint8_t *out, size_t *len);
static bool sign_by_text(const PgtcKey *key, PgtcSlice text, uint8_t *out, size_t *len);
static PgtcCode sign_pkey(const PgtcKey *key, PgtcSlice text, uint8_t *out, size_t *out_len);
static size_t ecdsa_to_der(const uint8_t *raw, size_t field, uint8_t *der);
static uint8_t *put_integer(uint8_t *at, const uint8_t *raw, size_t len);
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
		code = sign_pkey(key, pgtc_slice(out->data + start, out->len - start), signature, &len);
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
	out->alg = pgtc_alg_by_any_name(alg);
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

	/* RFC 7518 section 3.4: exactly R and S of full size, no DER, no other length */
	if (len != signature_len(key))
		return PGTC_E_SIGNATURE;
	if (alg->kty == PGTC_KTY_EC)
	{
		len = ecdsa_to_der(signature, alg->field_len, der);
		signature = der;
	}
	return pgtc_jws_verify_text(key, jws->signing_input, signature, len);
}

PgtcCode
pgtc_jws_verify_text(const PgtcKey *key, PgtcSlice text, const uint8_t *signature, size_t len)
{
	PgtcCode code = key->alg->kty == PGTC_KTY_OKP ? verify_by_text(key, text, signature, len)
												  : verify_digest(key, text, signature, len);

	if (code != PGTC_OK)
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

PgtcCode
pgtc_jws_make_ready(PgtcKey *key)
{
	bool done;

	if (key->alg->kty == PGTC_KTY_OKP)
		done = (key->signs_text = new_text_ctx(key, key->is_private)) != NULL;
	else
		done = (key->digest = EVP_MD_fetch(NULL, key->alg->digest, NULL)) != NULL &&
			   (key->signs_digest = new_digest_ctx(key, key->is_private)) != NULL;
	ERR_clear_error();
	return done ? PGTC_OK : PGTC_E_CRYPTO;
}

/* EVP_PKEY_sign and EVP_PKEY_verify may be called again and again on what this makes */
static EVP_PKEY_CTX *
new_digest_ctx(const PgtcKey *key, bool sign)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);

	if (ctx != NULL &&
		((sign ? EVP_PKEY_sign_init(ctx) : EVP_PKEY_verify_init(ctx)) != 1 ||
		 EVP_PKEY_CTX_set_signature_md(ctx, key->digest) != 1 || !set_padding(key, ctx)))
	{
		EVP_PKEY_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

/* one that signs or verifies once */
static EVP_MD_CTX *
new_text_ctx(const PgtcKey *key, bool sign)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx != NULL && (sign ? EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey)
							 : EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey)) != 1)
	{
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
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

/* RFC 7518 section 3.3, or section 3.5: MGF1 with the same hash, a salt as long as the hash */
static bool
set_padding(const PgtcKey *key, EVP_PKEY_CTX *ctx)
{
	if (key->alg->kty != PGTC_KTY_RSA)
		return true;
	if (!key->alg->pss)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		   EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1 &&
		   EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, key->digest) == 1;
}

/* a negative answer of OpenSSL is a signature that could not even be parsed */
static PgtcCode
verify_digest(const PgtcKey *key, PgtcSlice text, const uint8_t *signature, size_t len)
{
	EVP_PKEY_CTX *own = key->is_private ? new_digest_ctx(key, false) : NULL;
	EVP_PKEY_CTX *ctx = key->is_private ? own : key->signs_digest;
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int digest_len = 0;
	PgtcCode code = PGTC_E_CRYPTO;

	if (ctx != NULL && EVP_Digest(text.data, text.len, digest, &digest_len, key->digest, NULL) == 1)
		code = EVP_PKEY_verify(ctx, signature, len, digest, digest_len) == 1 ? PGTC_OK
																			 : PGTC_E_SIGNATURE;
	EVP_PKEY_CTX_free(own);
	return code;
}

static PgtcCode
verify_by_text(const PgtcKey *key, PgtcSlice text, const uint8_t *signature, size_t len)
{
	EVP_MD_CTX *ctx = key->is_private ? new_text_ctx(key, false) : copy_ctx(key->signs_text);
	PgtcCode code = PGTC_E_CRYPTO;

	if (ctx != NULL)
		code = EVP_DigestVerify(ctx, signature, len, (const uint8_t *) text.data, text.len) == 1
				   ? PGTC_OK
				   : PGTC_E_SIGNATURE;
	EVP_MD_CTX_free(ctx);
	return code;
}

static bool
sign_digest(const PgtcKey *key, PgtcSlice text, uint8_t *out, size_t *len)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int digest_len = 0;

	return EVP_Digest(text.data, text.len, digest, &digest_len, key->digest, NULL) == 1 &&
		   EVP_PKEY_sign(key->signs_digest, out, len, digest, digest_len) == 1;
}

static bool
sign_by_text(const PgtcKey *key, PgtcSlice text, uint8_t *out, size_t *len)
{
	EVP_MD_CTX *ctx = copy_ctx(key->signs_text);
	bool done =
		ctx != NULL && EVP_DigestSign(ctx, out, len, (const uint8_t *) text.data, text.len) == 1;

	EVP_MD_CTX_free(ctx);
	return done;
}

static PgtcCode
sign_pkey(const PgtcKey *key, PgtcSlice text, uint8_t *out, size_t *out_len)
{
	const PgtcAlg *alg = key->alg;
	uint8_t der[ECDSA_DER_MAX];
	size_t len = sizeof(der);
	bool done;

	switch (alg->kty)
	{
		case PGTC_KTY_EC:
			done =
				sign_digest(key, text, der, &len) && ecdsa_from_der(der, len, alg->field_len, out);
			*out_len = 2 * alg->field_len;
			break;
		case PGTC_KTY_OKP:
			done = sign_by_text(key, text, out, out_len);
			break;
		default:
			done = sign_digest(key, text, out, out_len);
			break;
	}
	if (!done)
		ERR_clear_error();
	return done ? PGTC_OK : PGTC_E_CRYPTO;
}

/*
 *		ECDSA-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }
 *
 * RFC 3279 section 2.2.3 is what OpenSSL speaks, RFC 7518 section 3.4 (R and S
 * as octet strings of the field's size) what JOSE does.  Written by hand since it
 * is a few bytes around what is there: OpenSSL would make two numbers of it and
 * write those.  Returns how many of ECDSA_DER_MAX bytes der has.
 */
static size_t
ecdsa_to_der(const uint8_t *raw, size_t field, uint8_t *der)
{
	uint8_t integers[ECDSA_DER_MAX];
	uint8_t *at = put_integer(integers, raw, field);
	size_t len = (size_t) (put_integer(at, raw + field, field) - integers);
	size_t n = 0;

	der[n++] = 0x30;
	if (len > 127)
		der[n++] = 0x81; /* the length in one byte: P-521 */
	der[n++] = (uint8_t) len;
	memcpy(der + n, integers, len);
	return n + len;
}

/* of an unsigned number: no needless zeros in front, one where the sign bit would stand */
static uint8_t *
put_integer(uint8_t *at, const uint8_t *raw, size_t len)
{
	while (len > 1 && raw[0] == 0)
	{
		raw++;
		len--;
	}
	*at++ = 0x02;
	*at++ = (uint8_t) (len + (raw[0] >> 7));
	if (raw[0] >> 7)
		*at++ = 0;
	memcpy(at, raw, len);
	return at + len;
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
