/*
 * jws.c
 *		JWS compact serialisation: taking apart, signing, verifying.
 *
 * The slices of a PgtcJws point into the token.  Verification trusts nothing
 * the token says: the caller names the algorithm it expects, and the key is
 * pinned to one.
 */
#include "core/jose/jws.h"
#include "core/base/ascii.h"
#include "core/base/b64url.h"
#include "core/base/crypto.h"
#include "core/base/json_read.h"
#include "core/jose/jws_libjwt.h"
#include "core/jose/signature.h"

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
		while (i < prefix_len && pgtc_ascii_lower(typ.data[i]) == prefix[i])
			i++;
		if (i == prefix_len && memchr(typ.data + i, '/', typ.len - i) == NULL)
			typ = pgtc_slice(typ.data + i, typ.len - i);
	}
	if (typ.len > PGTC_TYP_MAX)
		return PGTC_E_TOO_LONG;
	for (i = 0; i < typ.len; i++)
		out[i] = pgtc_ascii_lower(typ.data[i]);
	return PGTC_OK;
}

static PgtcCode
read_header_members(const json_t *object, PgtcJwsHeader *out)
{
	PgtcSlice alg = pgtc_json_read_string(json_object_get(object, "alg"));
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
		PgtcSlice value = pgtc_json_read_string(kid);

		if (value.data == NULL)
			return PGTC_E_MALFORMED;
		if (value.len > PGTC_KID_MAX)
			return PGTC_E_TOO_LONG;
		memcpy(out->kid, value.data, value.len);
	}

	if (typ != NULL)
	{
		PgtcSlice value = pgtc_json_read_string(typ);

		if (value.data == NULL)
			return PGTC_E_MALFORMED;
		return read_typ(value, out->typ);
	}
	return PGTC_OK;
}

PgtcCode
pgtc_jws_read_header(const PgtcJws *jws, const PgtcMem *mem, PgtcJwsHeader *out)
{
	json_t *object;
	PgtcCode code;

	memset(out, 0, sizeof(*out));
	code = pgtc_json_read_b64url(jws->header, mem, &object);
	if (code == PGTC_OK)
		code = read_header_members(object, out);
	json_decref(object);
	if (code != PGTC_OK)
		memset(out, 0, sizeof(*out));
	return code;
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
	code = pgtc_crypto_hmac_sha256(key->secret, key->secret_len, jws->signing_input.data,
								   jws->signing_input.len, mac);
	if (code == PGTC_OK && !pgtc_crypto_equal(mac, signature, sizeof(mac)))
		code = PGTC_E_SIGNATURE;
	pgtc_crypto_wipe(mac, sizeof(mac));
	if (code != PGTC_OK)
		return code;
	return pgtc_jws_libjwt_verify(jws, key, mem);
}

PgtcCode
pgtc_jws_verify(const PgtcJws *jws, const PgtcAlg *alg, const PgtcKey *key, const PgtcMem *mem)
{
	uint8_t signature[PGTC_SIGNATURE_MAX];
	size_t len;

	/* RFC 8725 section 3.1: the key decides the algorithm, the token only agrees */
	if (alg == NULL || alg != key->alg)
		return PGTC_E_ALG;
	if (pgtc_b64url_decode(jws->signature, signature, sizeof(signature), &len) != PGTC_OK)
		return PGTC_E_SIGNATURE;
	if (alg->kty == PGTC_KTY_OCT)
		return verify_hmac(jws, key, mem, signature, len);
	return pgtc_signature_verify(key, jws->signing_input, signature, len);
}

PgtcCode
pgtc_jws_sign(const PgtcKey *key, PgtcBuf *out, size_t start)
{
	uint8_t signature[PGTC_SIGNATURE_MAX];
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
		code = pgtc_crypto_hmac_sha256(key->secret, key->secret_len, out->data + start,
									   out->len - start, signature);
	}
	else
		code = pgtc_signature_make(key, pgtc_slice(out->data + start, out->len - start), signature,
								   &len);
	if (code != PGTC_OK)
		return code;

	pgtc_buf_append(out, ".", 1);
	pgtc_buf_append_b64url(out, signature, len);
	return pgtc_buf_code(out);
}
