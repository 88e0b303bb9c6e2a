/*
 * signature.c
 *		Signing and verifying bytes by OpenSSL.
 */
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "core/jose/signature.h"
#include "core/base/crypto.h"

/* bytes of an ECDSA-Sig-Value: two integers of 66 bytes with their sign byte and headers */
#define ECDSA_DER_MAX (2 * (66 + 1 + 2) + 3)

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

/* EVP_PKEY_sign and EVP_PKEY_verify may be called again and again on what this makes */
static EVP_PKEY_CTX *
new_digest_ctx(const PgtcKey *key, bool sign)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(key->libctx, key->pkey, NULL);

	if (ctx != NULL &&
		((sign ? EVP_PKEY_sign_init(ctx) : EVP_PKEY_verify_init(ctx)) != 1 ||
		 EVP_PKEY_CTX_set_signature_md(ctx, key->digest) != 1 || !set_padding(key, ctx)))
	{
		EVP_PKEY_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
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

/* one that signs or verifies once */
static EVP_MD_CTX *
new_text_ctx(const PgtcKey *key, bool sign)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx != NULL &&
		(sign ? EVP_DigestSignInit_ex(ctx, NULL, NULL, key->libctx, NULL, key->pkey, NULL)
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

PgtcCode
pgtc_signature_verify_der(const PgtcKey *key, PgtcSlice text, const uint8_t *signature, size_t len)
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

PgtcCode
pgtc_signature_verify(const PgtcKey *key, PgtcSlice text, const uint8_t *signature, size_t len)
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
	return pgtc_signature_verify_der(key, text, signature, len);
}

PgtcCode
pgtc_signature_make_ready(PgtcKey *key)
{
	bool done;

	/* in hardware each signature is set up for itself: what a provider keeps of one is its own affair */
	if (key->libctx != NULL)
		done = key->alg->digest == NULL ||
			   (key->digest = EVP_MD_fetch(NULL, key->alg->digest, NULL)) != NULL;
	else if (key->alg->kty == PGTC_KTY_OKP)
		done = (key->signs_text = new_text_ctx(key, key->is_private)) != NULL;
	else
		done = (key->digest = EVP_MD_fetch(NULL, key->alg->digest, NULL)) != NULL &&
			   (key->signs_digest = new_digest_ctx(key, key->is_private)) != NULL;
	ERR_clear_error();
	return done ? PGTC_OK : PGTC_E_CRYPTO;
}

static bool
sign_digest(const PgtcKey *key, PgtcSlice text, uint8_t *out, size_t *len)
{
	EVP_PKEY_CTX *own = key->libctx ? new_digest_ctx(key, true) : NULL;
	EVP_PKEY_CTX *ctx = key->libctx ? own : key->signs_digest;
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int digest_len = 0;
	bool done = ctx != NULL &&
				EVP_Digest(text.data, text.len, digest, &digest_len, key->digest, NULL) == 1 &&
				EVP_PKEY_sign(ctx, out, len, digest, digest_len) == 1;

	EVP_PKEY_CTX_free(own);
	return done;
}

static bool
sign_by_text(const PgtcKey *key, PgtcSlice text, uint8_t *out, size_t *len)
{
	EVP_MD_CTX *ctx = key->libctx ? new_text_ctx(key, true) : copy_ctx(key->signs_text);
	bool done =
		ctx != NULL && EVP_DigestSign(ctx, out, len, (const uint8_t *) text.data, text.len) == 1;

	EVP_MD_CTX_free(ctx);
	return done;
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

PgtcCode
pgtc_signature_make(const PgtcKey *key, PgtcSlice text, uint8_t *out, size_t *out_len)
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
