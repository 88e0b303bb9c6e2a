/*
 * webauthn.c
 *		WebAuthn: public keys of credentials, and the check of an assertion
 *		(W3C Web Authentication Level 2, section 7.2).
 *
 * An assertion is a signature over what the authenticator says (authenticator
 * data) and over the hash of what the browser says (client data).  Nothing of
 * either is believed that is not compared with what the caller expects.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "core/factor/webauthn.h"
#include "core/base/b64url.h"
#include "core/base/bytes.h"
#include "core/base/json_read.h"
#include "core/jose/jwk.h"
#include "core/jose/signature.h"

/* section 6.1; the two bits that are left are reserved, and passed over */
#define FLAG_UP 0x01 /* the user was present */
#define FLAG_UV 0x04 /* the user was verified */
#define FLAG_BE 0x08 /* the credential may be backed up */
#define FLAG_BS 0x10 /* it is backed up */
#define FLAG_AT 0x40 /* attested credential data */
#define FLAG_ED 0x80 /* extension data */

#define AUTHENTICATOR_DATA_MIN (PGTC_SHA256_LEN + 1 + 4)

/* CTAP 2.1 section 8: four levels of maps and arrays, and what is in them */
#define CBOR_DEPTH_MAX 5

typedef struct AuthenticatorData
{
	const uint8_t *rp_id_hash;
	uint8_t flags;
	uint32_t counter;
} AuthenticatorData;

/* what the one DER form of a public key on the curve starts with, and its size */
typedef struct SpkiForm
{
	size_t len;
	size_t prefix_len;
	uint8_t prefix[27];
} SpkiForm;

/* RFC 5480 section 2: named curve, uncompressed */
static const SpkiForm p256_form = {91, 27, {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
											0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
											0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04}};

/* RFC 8410 section 4 */
static const SpkiForm ed25519_form = {
	44, 12, {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}};

const PgtcAlg *
pgtc_webauthn_alg(PgtcSlice name)
{
	const PgtcAlg *alg = pgtc_alg_by_any_name(name);

	return alg != NULL && alg->cose != 0 ? alg : NULL;
}

/* a stranger's key is not to bring a curve of its own; RSA has no fixed beginning */
static bool
form_suits(const PgtcAlg *alg, const uint8_t *der, size_t len)
{
	const SpkiForm *form = alg->kty == PGTC_KTY_EC ? &p256_form : &ed25519_form;

	if (alg->kty == PGTC_KTY_RSA)
		return true;
	return len == form->len && memcmp(der, form->prefix, form->prefix_len) == 0;
}

/* RFC 5280 section 4.1: as getPublicKey() gives it */
static PgtcCode
read_spki(const PgtcAlg *alg, PgtcSlice text, PgtcKey *out)
{
	uint8_t der[PGTC_JWK_MAX];
	const unsigned char *at = der;
	EVP_PKEY *pkey = NULL;
	size_t len = 0;
	PgtcCode code = pgtc_b64url_decode(text, der, sizeof(der), &len);

	if (code != PGTC_OK)
		return code;
	if (!form_suits(alg, der, len))
		return PGTC_E_KEY;

	ERR_clear_error();
	pkey = d2i_PUBKEY(NULL, &at, (long) len);
	ERR_clear_error();
	if (pkey == NULL)
		return PGTC_E_KEY;
	if (at != der + len)
	{
		EVP_PKEY_free(pkey);
		return PGTC_E_MALFORMED;
	}
	return pgtc_key_adopt(alg, pkey, false, out);
}

PgtcCode
pgtc_webauthn_key_read(const PgtcAlg *alg, PgtcSlice text, PgtcKey *out)
{
	PgtcCode code;

	memset(out, 0, sizeof(*out));
	if (alg == NULL || alg->cose == 0)
		return PGTC_E_ALG;
	if (text.len == 0)
		return PGTC_E_MALFORMED;
	if (text.data[0] == '{')
		code = pgtc_jwk_read(alg, text, out);
	else
		code = read_spki(alg, text, out);
	return code == PGTC_E_TOO_LONG || code == PGTC_E_DUPLICATE ? PGTC_E_MALFORMED : code;
}

static bool
lengths_suit(const PgtcAssertion *assertion)
{
	return assertion->client_data.len <= PGTC_WEBAUTHN_MAX &&
		   assertion->authenticator_data.len <= PGTC_WEBAUTHN_MAX && assertion->signature.len > 0 &&
		   assertion->signature.len <= PGTC_WEBAUTHN_MAX;
}

/* base64url has one spelling, so the texts are compared */
static PgtcCode
check_challenge(PgtcSlice text, PgtcSlice expected, const PgtcMem *mem)
{
	PgtcBuf right;
	PgtcCode code;

	/* without a challenge any old assertion would do */
	if (expected.len == 0 || text.data == NULL)
		return PGTC_E_CLAIM;
	pgtc_buf_init(&right, mem);
	pgtc_buf_append_b64url(&right, expected.data, expected.len);
	code = pgtc_buf_code(&right);
	if (code == PGTC_OK && !pgtc_slice_equal(text, pgtc_slice(right.data, right.len)))
		code = PGTC_E_CLAIM;
	pgtc_buf_free(&right);
	return code;
}

static bool
origin_expected(PgtcSlice origin, const PgtcAssertionExpected *expected)
{
	int i;

	for (i = 0; i < expected->n_origins; i++)
	{
		if (origin.len > 0 && pgtc_slice_equal(origin, expected->origins[i]))
			return true;
	}
	return false;
}

static PgtcCode
check_members(const json_t *data, const PgtcAssertionExpected *expected, const PgtcMem *mem)
{
	const json_t *cross_origin = json_object_get(data, "crossOrigin");

	/* steps 11 to 13 */
	if (!pgtc_json_read_is(data, "type", "webauthn.get"))
		return PGTC_E_CLAIM;
	if (!origin_expected(pgtc_json_read_string(json_object_get(data, "origin")), expected))
		return PGTC_E_CLAIM;
	/* a page of somebody else's that has ours in a frame; Level 3 names it in topOrigin */
	if (cross_origin != NULL && !json_is_false(cross_origin))
		return PGTC_E_CLAIM;
	if (json_object_get(data, "topOrigin") != NULL)
		return PGTC_E_CLAIM;
	return check_challenge(pgtc_json_read_string(json_object_get(data, "challenge")),
						   expected->challenge, mem);
}

/*
 * Section 5.8.1.  Read as JSON, never compared with a text: browsers add members
 * to keep us from it.
 */
static PgtcCode
check_client_data(PgtcSlice text, const PgtcAssertionExpected *expected, const PgtcMem *mem)
{
	json_t *data;
	PgtcCode code = pgtc_json_read_object(text, &data);

	if (code == PGTC_E_NOMEM)
		return code;
	if (code != PGTC_OK)
		return PGTC_E_MALFORMED;
	code = check_members(data, expected, mem);
	json_decref(data);
	return code;
}

/* the head of a data item: the number in its first byte, or in 1, 2, 4 or 8 after it */
static bool
cbor_number(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
	int info = *(*at)++ & 31;
	int len;

	*out = (uint64_t) info;
	if (info < 24)
		return true;
	if (info > 27)
		return false;
	len = 1 << (info - 24);
	if (end - *at < len)
		return false;
	*out = pgtc_bytes_get(*at, len);
	*at += len;
	return true;
}

/* one data item (RFC 8949 section 3), of definite length as CTAP 2.1 section 8 has them */
static bool
cbor_skip(const uint8_t **at, const uint8_t *end, int depth)
{
	uint64_t n;
	int type;

	if (*at == end || depth == 0)
		return false;
	type = **at >> 5;
	if (!cbor_number(at, end, &n))
		return false;
	switch (type)
	{
		case 2: /* bytes */
		case 3: /* text */
			if (n > (uint64_t) (end - *at))
				return false;
			*at += n;
			return true;
		case 4: /* array */
		case 5: /* map */
			/* every item takes a byte at least, so that this ends */
			if (n > (uint64_t) (end - *at))
				return false;
			for (n *= type == 5 ? 2 : 1; n > 0; n--)
			{
				if (!cbor_skip(at, end, depth - 1))
					return false;
			}
			return true;
		case 6: /* tag */
			return false;
		default:
			return true;
	}
}

/* one map and nothing after it; what it says is not for us */
static bool
extension_map(const uint8_t *at, const uint8_t *end)
{
	return at < end && *at >> 5 == 5 && cbor_skip(&at, end, CBOR_DEPTH_MAX) && at == end;
}

/*
 * Section 6.1: rpIdHash (32) flags (1) signCount (4) [extensions].  Attested
 * credential data belongs to a registration.
 */
static PgtcCode
read_authenticator_data(PgtcSlice bytes, AuthenticatorData *out)
{
	const uint8_t *at = (const uint8_t *) bytes.data;
	const uint8_t *rest;

	if (bytes.len < AUTHENTICATOR_DATA_MIN)
		return PGTC_E_MALFORMED;
	out->rp_id_hash = at;
	out->flags = at[PGTC_SHA256_LEN];
	rest = at + PGTC_SHA256_LEN + 1;
	out->counter = (uint32_t) pgtc_bytes_get(rest, 4);
	rest = at + AUTHENTICATOR_DATA_MIN;

	if ((out->flags & FLAG_AT) != 0)
		return PGTC_E_MALFORMED;
	if ((out->flags & FLAG_ED) != 0)
		return extension_map(rest, at + bytes.len) ? PGTC_OK : PGTC_E_MALFORMED;
	return bytes.len == AUTHENTICATOR_DATA_MIN ? PGTC_OK : PGTC_E_MALFORMED;
}

static PgtcCode
check_authenticator_data(const AuthenticatorData *data, const PgtcAssertionExpected *expected)
{
	uint8_t hash[PGTC_SHA256_LEN];
	PgtcCode code = pgtc_crypto_sha256(expected->rp_id.data, expected->rp_id.len, hash);

	if (code != PGTC_OK)
		return code;
	/* steps 15 to 17 */
	if (memcmp(hash, data->rp_id_hash, sizeof(hash)) != 0)
		return PGTC_E_CLAIM;
	if ((data->flags & FLAG_UP) == 0)
		return PGTC_E_CLAIM;
	if (expected->user_verification && (data->flags & FLAG_UV) == 0)
		return PGTC_E_CLAIM;
	/* what cannot be backed up is not backed up (Level 3 section 6.1.3) */
	if ((data->flags & FLAG_BS) != 0 && (data->flags & FLAG_BE) == 0)
		return PGTC_E_CLAIM;
	return PGTC_OK;
}

/* steps 19 and 20; section 6.5.6: an ECDSA signature is DER here, unlike in a JWS */
static PgtcCode
verify_signature(const PgtcAssertion *assertion, const PgtcKey *key, const PgtcMem *mem)
{
	uint8_t hash[PGTC_SHA256_LEN];
	PgtcBuf data;
	PgtcCode code =
		pgtc_crypto_sha256(assertion->client_data.data, assertion->client_data.len, hash);

	pgtc_buf_init(&data, mem);
	if (code == PGTC_OK)
	{
		pgtc_buf_append(&data, assertion->authenticator_data.data,
						assertion->authenticator_data.len);
		pgtc_buf_append(&data, hash, sizeof(hash));
		code = pgtc_buf_code(&data);
	}
	if (code == PGTC_OK)
		code = pgtc_signature_verify_der(key, pgtc_slice(data.data, data.len),
										 (const uint8_t *) assertion->signature.data,
										 assertion->signature.len);
	pgtc_buf_free(&data);
	return code;
}

/* step 21: 0 is an authenticator that does not count, as most that sync */
static bool
counter_moved(int64_t counter, int64_t last)
{
	return last <= 0 || counter > last;
}

/*
 * The counter comes last: that it went backwards says that there is a clone only
 * when it was the authenticator that said so.
 */
PgtcCode
pgtc_webauthn_check(const PgtcAssertion *assertion, const PgtcKey *key,
					const PgtcAssertionExpected *expected, const PgtcMem *mem,
					PgtcAssertionResult *result)
{
	AuthenticatorData data;
	PgtcCode code;

	memset(result, 0, sizeof(*result));
	if (key->alg == NULL || key->alg->cose == 0)
		return PGTC_E_ALG;
	if (!lengths_suit(assertion))
		return PGTC_E_MALFORMED;

	code = read_authenticator_data(assertion->authenticator_data, &data);
	if (code == PGTC_OK)
		code = check_client_data(assertion->client_data, expected, mem);
	if (code == PGTC_OK)
		code = check_authenticator_data(&data, expected);
	if (code == PGTC_OK)
		code = verify_signature(assertion, key, mem);
	if (code == PGTC_OK && !counter_moved(data.counter, expected->counter))
		code = PGTC_E_EXPIRED;
	if (code != PGTC_OK)
		return code;

	result->counter = data.counter;
	result->user_verified = (data.flags & FLAG_UV) != 0;
	result->backed_up = (data.flags & FLAG_BS) != 0;
	return PGTC_OK;
}
