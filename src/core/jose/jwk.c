/*
 * jwk.c
 *		Public keys as JWK: writing, reading, naming by thumbprint.
 *
 * Only public members are ever written.  Reading is for keys that strangers
 * hand us, so every member that matters is checked before OpenSSL sees it.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "core/jose/jwk.h"
#include "core/base/b64url.h"
#include "core/base/json_read.h"
#include "core/base/json_write.h"

/* bytes of the largest member: the modulus of an RSA key */
#define MEMBER_MAX (PGTC_RSA_BITS_MAX / 8)

static const char *
kty_name(const PgtcAlg *alg)
{
	switch (alg->kty)
	{
		case PGTC_KTY_EC:
			return "EC";
		case PGTC_KTY_RSA:
			return "RSA";
		case PGTC_KTY_OKP:
			return "OKP";
		case PGTC_KTY_OCT:
			break;
	}
	return "oct";
}

/* base64url needs no escaping, but the member writer wants a slice of characters */
static void
write_member(PgtcBuf *out, const char *name, const uint8_t *data, size_t len)
{
	char text[(MEMBER_MAX * 8 + 5) / 6];

	pgtc_b64url_encode(data, len, text);
	pgtc_json_write_member(out, name, pgtc_slice(text, pgtc_b64url_encoded_len(len)));
}

/*
 * A number of len bytes, or of as few as it needs when len is 0: a coordinate
 * is padded (RFC 7518 section 6.2.1.2), a modulus is not (section 6.3.1.1).
 */
static PgtcCode
write_bn(PgtcBuf *out, const char *name, const PgtcKey *key, const char *param, size_t len)
{
	uint8_t bytes[MEMBER_MAX];
	BIGNUM *bn = NULL;
	PgtcCode code = PGTC_E_CRYPTO;

	ERR_clear_error();
	if (EVP_PKEY_get_bn_param(key->pkey, param, &bn) == 1)
	{
		if (len == 0)
			len = (size_t) BN_num_bytes(bn);
		if (len <= sizeof(bytes) && BN_bn2binpad(bn, bytes, (int) len) == (int) len)
		{
			write_member(out, name, bytes, len);
			code = PGTC_OK;
		}
	}
	BN_free(bn);
	ERR_clear_error();
	return code;
}

static PgtcCode
write_okp(PgtcBuf *out, const PgtcKey *key)
{
	uint8_t bytes[64];
	size_t len = sizeof(bytes);

	ERR_clear_error();
	if (EVP_PKEY_get_raw_public_key(key->pkey, bytes, &len) != 1 || len != key->alg->field_len)
	{
		ERR_clear_error();
		return PGTC_E_CRYPTO;
	}
	write_member(out, "x", bytes, len);
	return PGTC_OK;
}

/*
 * An object left open, with the required members in the order of their names and
 * no white space: what RFC 7638 section 3 hashes, and the beginning of any JWK.
 */
static PgtcCode
write_required(const PgtcKey *key, PgtcBuf *out)
{
	const PgtcAlg *alg = key->alg;
	PgtcSlice kty = pgtc_slice_str(kty_name(alg));
	PgtcCode code = PGTC_E_KEY;

	/* RFC 7518 section 6.4: the only member of an oct key is the secret */
	if (alg->kty == PGTC_KTY_OCT)
		return PGTC_E_KEY;

	pgtc_buf_append(out, "{", 1);
	switch (alg->kty)
	{
		case PGTC_KTY_EC:
			pgtc_json_write_member(out, "crv", pgtc_slice_str(alg->crv));
			pgtc_json_write_member(out, "kty", kty);
			code = write_bn(out, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, alg->field_len);
			if (code == PGTC_OK)
				code = write_bn(out, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, alg->field_len);
			break;
		case PGTC_KTY_RSA:
			code = write_bn(out, "e", key, OSSL_PKEY_PARAM_RSA_E, 0);
			pgtc_json_write_member(out, "kty", kty);
			if (code == PGTC_OK)
				code = write_bn(out, "n", key, OSSL_PKEY_PARAM_RSA_N, 0);
			break;
		case PGTC_KTY_OKP:
			pgtc_json_write_member(out, "crv", pgtc_slice_str(alg->crv));
			pgtc_json_write_member(out, "kty", kty);
			code = write_okp(out, key);
			break;
		case PGTC_KTY_OCT:
			break;
	}
	return code;
}

PgtcCode
pgtc_jwk_write(const PgtcKey *key, PgtcSlice kid, PgtcBuf *out)
{
	size_t start = out->len;
	PgtcCode code = write_required(key, out);

	if (code == PGTC_OK)
	{
		pgtc_json_write_member(out, "kid", kid);
		pgtc_json_write_member(out, "alg", pgtc_slice_str(key->alg->name));
		pgtc_json_write_member(out, "use", pgtc_slice_str("sig"));
		pgtc_buf_append(out, "}", 1);
		code = pgtc_buf_code(out);
	}
	if (code != PGTC_OK)
		pgtc_buf_truncate(out, start);
	return code;
}

bool
pgtc_jwk_is_public(const json_t *jwk)
{
	/* RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1, RFC 8037 section 2 */
	static const char *const private_members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
	size_t i;

	for (i = 0; i < sizeof(private_members) / sizeof(private_members[0]); i++)
	{
		if (json_object_get(jwk, private_members[i]) != NULL)
			return false;
	}
	return !pgtc_json_read_is(jwk, "kty", "oct");
}

/* RFC 7517 section 4.4: the algorithm the key is intended for, where it says so, by either name */
static bool
meant_for(const json_t *jwk, const PgtcAlg *alg)
{
	const json_t *member = json_object_get(jwk, "alg");
	PgtcSlice name = pgtc_json_read_string(member);

	return member == NULL || (name.data != NULL && pgtc_alg_by_any_name(name) == alg);
}

static PgtcCode
check_members(const PgtcAlg *alg, const json_t *jwk)
{
	const json_t *operations;
	size_t i;

	/* RFC 9449 section 4.3: a proof's key must not contain a private key */
	if (!pgtc_jwk_is_public(jwk))
		return PGTC_E_KEY;
	if (!pgtc_json_read_is(jwk, "kty", kty_name(alg)))
		return PGTC_E_KEY;
	if (alg->crv != NULL && !pgtc_json_read_is(jwk, "crv", alg->crv))
		return PGTC_E_KEY;
	if (!meant_for(jwk, alg))
		return PGTC_E_KEY;
	/* RFC 7517 section 4.2: a key meant for encryption verifies nothing */
	if (json_object_get(jwk, "use") != NULL && !pgtc_json_read_is(jwk, "use", "sig"))
		return PGTC_E_KEY;

	/* RFC 7517 section 4.3 */
	operations = json_object_get(jwk, "key_ops");
	if (operations != NULL)
	{
		bool may_verify = false;

		for (i = 0; i < json_array_size(operations); i++)
		{
			PgtcSlice operation = pgtc_json_read_string(json_array_get(operations, i));

			if (operation.data != NULL && pgtc_slice_equal(operation, pgtc_slice_str("verify")))
				may_verify = true;
		}
		if (!may_verify)
			return PGTC_E_KEY;
	}
	return PGTC_OK;
}

/* a base64url member of exactly `exact` bytes, or of 1 to MEMBER_MAX when that is 0 */
static PgtcCode
read_member(const json_t *jwk, const char *name, size_t exact, uint8_t *out, size_t *out_len)
{
	PgtcSlice text = pgtc_json_read_string(json_object_get(jwk, name));
	PgtcCode code;

	if (text.data == NULL)
		return PGTC_E_KEY;
	code = pgtc_b64url_decode(text, out, MEMBER_MAX, out_len);
	if (code == PGTC_E_TOO_LONG)
		return PGTC_E_KEY;
	if (code != PGTC_OK)
		return code;
	if (*out_len == 0 || (exact != 0 && *out_len != exact))
		return PGTC_E_KEY;
	return PGTC_OK;
}

static EVP_PKEY *
pkey_from_params(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
		EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* RFC 7518 section 6.2.1: both coordinates have the full size of the curve's field */
static PgtcCode
read_ec(const PgtcAlg *alg, const json_t *jwk, EVP_PKEY **out)
{
	uint8_t member[MEMBER_MAX];
	uint8_t point[1 + 2 * 66];
	char group[32];
	size_t field = alg->field_len;
	size_t len;
	OSSL_PARAM params[3];
	PgtcCode code;

	/* SEC 1 section 2.3.3: an uncompressed point */
	point[0] = 0x04;
	code = read_member(jwk, "x", field, member, &len);
	if (code != PGTC_OK)
		return code;
	memcpy(point + 1, member, field);
	code = read_member(jwk, "y", field, member, &len);
	if (code != PGTC_OK)
		return code;
	memcpy(point + 1 + field, member, field);

	/* the constructor takes a pointer it promises not to write through, without const */
	memset(group, 0, sizeof(group));
	memcpy(group, alg->group, strlen(alg->group));
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * field);
	params[2] = OSSL_PARAM_construct_end();
	*out = pkey_from_params("EC", params);
	return *out != NULL ? PGTC_OK : PGTC_E_KEY;
}

/* RFC 7518 section 6.3.1 */
static PgtcCode
read_rsa(const json_t *jwk, EVP_PKEY **out)
{
	static const char *const names[2] = {"n", "e"};
	static const char *const keys[2] = {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E};
	uint8_t member[MEMBER_MAX];
	BIGNUM *bn[2] = {NULL, NULL};
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	PgtcCode code = bld != NULL ? PGTC_OK : PGTC_E_NOMEM;
	size_t len;
	int i;

	for (i = 0; code == PGTC_OK && i < 2; i++)
	{
		code = read_member(jwk, names[i], 0, member, &len);
		if (code != PGTC_OK)
			break;
		/* RFC 7518 section 2: Base64urlUInt has the minimum number of octets */
		if (member[0] == 0)
		{
			code = PGTC_E_KEY;
			break;
		}
		bn[i] = BN_bin2bn(member, (int) len, NULL);
		if (bn[i] == NULL || OSSL_PARAM_BLD_push_BN(bld, keys[i], bn[i]) != 1)
			code = PGTC_E_NOMEM;
	}
	if (code == PGTC_OK)
	{
		params = OSSL_PARAM_BLD_to_param(bld);
		if (params == NULL)
			code = PGTC_E_NOMEM;
		else
		{
			*out = pkey_from_params("RSA", params);
			code = *out != NULL ? PGTC_OK : PGTC_E_KEY;
		}
	}
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_free(bn[0]);
	BN_free(bn[1]);
	return code;
}

/* RFC 8037 section 2; an encoding that is no point of the curve verifies nothing later */
static PgtcCode
read_okp(const PgtcAlg *alg, const json_t *jwk, EVP_PKEY **out)
{
	uint8_t member[MEMBER_MAX];
	size_t len;
	PgtcCode code = read_member(jwk, "x", alg->field_len, member, &len);

	if (code != PGTC_OK)
		return code;
	*out = EVP_PKEY_new_raw_public_key_ex(NULL, alg->group, NULL, member, len);
	return *out != NULL ? PGTC_OK : PGTC_E_KEY;
}

static PgtcCode
read_public(const PgtcAlg *alg, const json_t *jwk, EVP_PKEY **out)
{
	switch (alg->kty)
	{
		case PGTC_KTY_EC:
			return read_ec(alg, jwk, out);
		case PGTC_KTY_RSA:
			return read_rsa(jwk, out);
		case PGTC_KTY_OKP:
			return read_okp(alg, jwk, out);
		case PGTC_KTY_OCT:
			break;
	}
	return PGTC_E_KEY;
}

PgtcCode
pgtc_jwk_read_json(const PgtcAlg *alg, const json_t *jwk, PgtcKey *out)
{
	EVP_PKEY *pkey = NULL;
	PgtcCode code;

	memset(out, 0, sizeof(*out));
	if (alg->kty == PGTC_KTY_OCT)
		return PGTC_E_KEY;

	ERR_clear_error();
	code = check_members(alg, jwk);
	if (code == PGTC_OK)
		code = read_public(alg, jwk, &pkey);
	if (code == PGTC_OK)
		code = pgtc_key_adopt(alg, pkey, false, out);
	ERR_clear_error();
	return code;
}

PgtcCode
pgtc_jwk_read(const PgtcAlg *alg, PgtcSlice json, PgtcKey *out)
{
	json_t *jwk;
	PgtcCode code;

	memset(out, 0, sizeof(*out));
	if (alg->kty == PGTC_KTY_OCT)
		return PGTC_E_KEY;
	if (json.len > PGTC_JWK_MAX)
		return PGTC_E_TOO_LONG;
	code = pgtc_json_read_object(json, &jwk);
	if (code != PGTC_OK)
		return code;
	code = pgtc_jwk_read_json(alg, jwk, out);
	json_decref(jwk);
	return code;
}

PgtcCode
pgtc_jwk_thumbprint(const PgtcKey *key, const PgtcMem *mem, char out[PGTC_THUMBPRINT_LEN + 1])
{
	PgtcCode code;
	PgtcBuf buf;

	out[0] = '\0';
	pgtc_buf_init(&buf, mem);
	code = write_required(key, &buf);
	if (code == PGTC_OK)
	{
		pgtc_buf_append(&buf, "}", 1);
		code = pgtc_buf_code(&buf);
	}
	if (code == PGTC_OK)
		code = pgtc_crypto_digest_text(buf.data, buf.len, out);
	pgtc_buf_free(&buf);
	return code;
}
