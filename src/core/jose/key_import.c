/*
 * key_import.c
 *		Signing keys of another server.
 *
 * A public half that does not belong to the private one is refused, whatever the form:
 * it signs for nobody, and gives the key away.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pkcs12.h>

#include "core/jose/key_import.h"
#include "core/base/b64url.h"
#include "core/base/base64.h"
#include "core/base/crypto.h"
#include "core/base/json_read.h"
#include "core/jose/jwk.h"

#define MEMBER_MAX (PGTC_RSA_BITS_MAX / 8)
#define PRIVATE_JWK_MAX 16384 /* bytes; 8192-bit RSA needs under 7000 */
#define PKCS12_MAX 65536 /* characters of base64, with a chain of certificates */
#define RSA_MEMBERS 8

/* a base64url member; *len 0: it is not there */
static PgtcCode
read_member(const json_t *jwk, const char *name, uint8_t out[MEMBER_MAX], size_t *len)
{
	const json_t *member = json_object_get(jwk, name);
	PgtcSlice text = pgtc_json_read_string(member);

	*len = 0;
	if (member == NULL)
		return PGTC_OK;
	if (text.data == NULL || pgtc_b64url_decode(text, out, MEMBER_MAX, len) != PGTC_OK || *len == 0)
		return PGTC_E_KEY;
	return PGTC_OK;
}

static EVP_PKEY *
pkey_from(const char *type, OSSL_PARAM_BLD *bld)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
		EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

/* RFC 7518 section 6.3.2: all of the numbers, as every server writes them */
static PgtcCode
read_rsa(const json_t *jwk, EVP_PKEY **out)
{
	static const char *const names[RSA_MEMBERS] = {"n", "e", "d", "p", "q", "dp", "dq", "qi"};
	static const char *const params[RSA_MEMBERS] = {
		OSSL_PKEY_PARAM_RSA_N,		   OSSL_PKEY_PARAM_RSA_E,
		OSSL_PKEY_PARAM_RSA_D,		   OSSL_PKEY_PARAM_RSA_FACTOR1,
		OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
		OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
	uint8_t member[MEMBER_MAX];
	BIGNUM *bn[RSA_MEMBERS] = {NULL};
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	PgtcCode code = bld ? PGTC_OK : PGTC_E_NOMEM;
	size_t len;
	int i;

	for (i = 0; code == PGTC_OK && i < RSA_MEMBERS; i++)
	{
		code = read_member(jwk, names[i], member, &len);
		if (code == PGTC_OK && len == 0)
			code = PGTC_E_KEY;
		if (code != PGTC_OK)
			break;
		bn[i] = BN_secure_new();
		if (bn[i] == NULL || BN_bin2bn(member, (int) len, bn[i]) == NULL ||
			OSSL_PARAM_BLD_push_BN(bld, params[i], bn[i]) != 1)
			code = PGTC_E_NOMEM;
	}
	if (code == PGTC_OK)
	{
		*out = pkey_from("RSA", bld);
		code = *out ? PGTC_OK : PGTC_E_KEY;
	}
	OSSL_PARAM_BLD_free(bld);
	for (i = 0; i < RSA_MEMBERS; i++)
		BN_clear_free(bn[i]);
	pgtc_crypto_wipe(member, sizeof(member));
	return code;
}

/* the public half is that of the JWK, and is held against the private one later */
static PgtcCode
read_ec(const PgtcAlg *alg, const json_t *jwk, EVP_PKEY **out)
{
	uint8_t point[1 + 2 * MEMBER_MAX] = {0x04}; /* SEC 1 section 2.3.3: uncompressed */
	uint8_t member[MEMBER_MAX];
	size_t field = alg->field_len;
	size_t x_len;
	size_t y_len = 0;
	size_t d_len = 0;
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *d = NULL;
	PgtcCode code = bld ? read_member(jwk, "x", point + 1, &x_len) : PGTC_E_NOMEM;

	if (code == PGTC_OK && x_len == field)
		code = read_member(jwk, "y", point + 1 + field, &y_len);
	if (code == PGTC_OK && y_len == field)
		code = read_member(jwk, "d", member, &d_len);
	if (code == PGTC_OK && (d_len == 0 || d_len > field))
		code = PGTC_E_KEY;
	if (code == PGTC_OK)
	{
		d = BN_secure_new();
		if (d == NULL || BN_bin2bn(member, (int) d_len, d) == NULL ||
			OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, alg->group, 0) != 1 ||
			OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * field) !=
				1 ||
			OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d) != 1)
			code = PGTC_E_NOMEM;
	}
	if (code == PGTC_OK)
	{
		*out = pkey_from("EC", bld);
		code = *out ? PGTC_OK : PGTC_E_KEY;
	}
	OSSL_PARAM_BLD_free(bld);
	BN_clear_free(d);
	pgtc_crypto_wipe(member, sizeof(member));
	return code;
}

/* OpenSSL computes the public half, which must be the one that is given */
static PgtcCode
read_okp(const PgtcAlg *alg, const json_t *jwk, EVP_PKEY **out)
{
	uint8_t x[MEMBER_MAX];
	uint8_t d[MEMBER_MAX];
	uint8_t computed[64];
	size_t computed_len = sizeof(computed);
	size_t x_len = 0;
	size_t d_len = 0;
	PgtcCode code = read_member(jwk, "x", x, &x_len);

	if (code == PGTC_OK)
		code = read_member(jwk, "d", d, &d_len);
	if (code == PGTC_OK && (x_len != alg->field_len || d_len != alg->field_len))
		code = PGTC_E_KEY;
	if (code == PGTC_OK)
		*out = EVP_PKEY_new_raw_private_key_ex(NULL, alg->group, NULL, d, d_len);
	if (code == PGTC_OK &&
		(*out == NULL || EVP_PKEY_get_raw_public_key(*out, computed, &computed_len) != 1 ||
		 computed_len != x_len || memcmp(computed, x, x_len) != 0))
	{
		EVP_PKEY_free(*out);
		*out = NULL;
		code = PGTC_E_KEY;
	}
	pgtc_crypto_wipe(d, sizeof(d));
	return code;
}

static bool
is_for(const PgtcAlg *alg, const json_t *jwk)
{
	const char *kty = alg->kty == PGTC_KTY_EC ? "EC" : alg->kty == PGTC_KTY_RSA ? "RSA" : "OKP";
	const json_t *name = json_object_get(jwk, "alg");

	return pgtc_json_read_is(jwk, "kty", kty) &&
		   (alg->crv == NULL || pgtc_json_read_is(jwk, "crv", alg->crv)) &&
		   (name == NULL || pgtc_alg_by_any_name(pgtc_json_read_string(name)) == alg) &&
		   (json_object_get(jwk, "use") == NULL || pgtc_json_read_is(jwk, "use", "sig"));
}

static PgtcCode
read_private(const PgtcAlg *alg, const json_t *jwk, PgtcKey *out)
{
	EVP_PKEY *pkey = NULL;
	PgtcCode code = PGTC_E_KEY;

	if (!is_for(alg, jwk))
		return PGTC_E_KEY;
	switch (alg->kty)
	{
		case PGTC_KTY_EC:
			code = read_ec(alg, jwk, &pkey);
			break;
		case PGTC_KTY_RSA:
			code = read_rsa(jwk, &pkey);
			break;
		case PGTC_KTY_OKP:
			code = read_okp(alg, jwk, &pkey);
			break;
		case PGTC_KTY_OCT:
			break;
	}
	return code == PGTC_OK ? pgtc_key_adopt_pair(alg, pkey, out) : code;
}

PgtcCode
pgtc_key_import_jwk(const PgtcAlg *alg, PgtcSlice json, PgtcKey *out)
{
	json_t *jwk;
	PgtcCode code;

	memset(out, 0, sizeof(*out));
	if (json.len > PRIVATE_JWK_MAX)
		return PGTC_E_TOO_LONG;
	if (alg->kty == PGTC_KTY_OCT)
		return PGTC_E_KEY;
	code = pgtc_json_read_object(json, &jwk);
	if (code != PGTC_OK)
		return code;
	ERR_clear_error();
	code =
		pgtc_jwk_is_public(jwk) ? pgtc_jwk_read_json(alg, jwk, out) : read_private(alg, jwk, out);
	ERR_clear_error();
	json_decref(jwk);
	return code;
}

PgtcCode
pgtc_key_import_names(PgtcSlice json, char kid[PGTC_KID_MAX + 1], const PgtcAlg **alg)
{
	json_t *jwk;
	PgtcSlice name;
	PgtcCode code;

	kid[0] = '\0';
	*alg = NULL;
	if (json.len > PRIVATE_JWK_MAX)
		return PGTC_E_TOO_LONG;
	code = pgtc_json_read_object(json, &jwk);
	if (code != PGTC_OK)
		return code;
	name = pgtc_json_read_string(json_object_get(jwk, "kid"));
	if (name.data != NULL && name.len <= PGTC_KID_MAX)
	{
		memcpy(kid, name.data, name.len);
		kid[name.len] = '\0';
	}
	name = pgtc_json_read_string(json_object_get(jwk, "alg"));
	if (name.data != NULL)
		*alg = pgtc_alg_by_any_name(name);
	json_decref(jwk);
	return PGTC_OK;
}

static EVP_PKEY *
open_pkcs12(const PgtcBuf *der, const char *password)
{
	const unsigned char *at = (const unsigned char *) der->data;
	PKCS12 *file = d2i_PKCS12(NULL, &at, (long) der->len);
	EVP_PKEY *pkey = NULL;
	X509 *certificate = NULL;

	if (file != NULL && at == (const unsigned char *) der->data + der->len)
		(void) PKCS12_parse(file, password, &pkey, &certificate, NULL);
	X509_free(certificate);
	PKCS12_free(file);
	return pkey;
}

PgtcCode
pgtc_key_import_pkcs12(const PgtcAlg *alg, PgtcSlice base64, const char *password,
					   const PgtcMem *mem, PgtcKey *out)
{
	EVP_PKEY *pkey = NULL;
	PgtcBuf text;
	PgtcBuf der;
	PgtcCode code;
	size_t i;

	memset(out, 0, sizeof(*out));
	if (base64.len > PKCS12_MAX)
		return PGTC_E_TOO_LONG;
	if (alg->kty == PGTC_KTY_OCT)
		return PGTC_E_KEY;
	pgtc_buf_init(&text, mem);
	pgtc_buf_init(&der, mem);
	for (i = 0; i < base64.len; i++)
	{
		if (strchr(" \t\r\n", base64.data[i]) == NULL)
			pgtc_buf_append(&text, base64.data + i, 1);
	}
	code = pgtc_buf_code(&text);
	if (code == PGTC_OK)
		code = pgtc_base64_decode(pgtc_slice(text.data, text.len), &der);
	ERR_clear_error();
	if (code == PGTC_OK)
	{
		pkey = der.len > 0 ? open_pkcs12(&der, password) : NULL;
		code = pkey ? pgtc_key_adopt_pair(alg, pkey, out) : PGTC_E_MALFORMED;
	}
	ERR_clear_error();
	pgtc_buf_free(&text);
	pgtc_buf_free(&der);
	return code;
}
