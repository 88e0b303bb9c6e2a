/*
 * dpop.c
 *		DPoP proofs (RFC 9449) and the nonces the server hands out.
 *
 * A proof brings its own key: that it verifies says only that its sender has the
 * private half.  What the key's thumbprint is bound to is the caller's to ask.
 */
#include "core/jose/dpop.h"
#include "core/base/b64url.h"
#include "core/base/bytes.h"
#include "core/base/json_read.h"
#include "core/jose/jws.h"

#define NONCE_TIME_LEN 8
#define NONCE_MAC_LEN 16

/*
 * RFC 9449 section 4.2: the public key, as the header's jwk.  Everywhere else a
 * key that a header carries is ignored; here it is what is asked for.
 */
static PgtcCode
read_key(const PgtcJws *jws, const PgtcAlg *alg, const PgtcMem *mem, PgtcKey *out)
{
	const json_t *jwk;
	json_t *header;
	PgtcCode code = pgtc_json_read_b64url(jws->header, mem, &header);

	if (code != PGTC_OK)
		return code;
	jwk = json_object_get(header, "jwk");
	if (json_is_object(jwk))
		code = pgtc_jwk_read_json(alg, jwk, out);
	else
		code = PGTC_E_KEY;
	json_decref(header);
	return code;
}

/* 1 to max bytes; jansson lets no NUL through that would end the copy early */
static PgtcCode
read_text(const json_t *claims, const char *name, char *out, size_t max)
{
	PgtcSlice value = pgtc_json_read_string(json_object_get(claims, name));

	if (value.len == 0)
		return PGTC_E_CLAIM;
	if (value.len > max)
		return PGTC_E_TOO_LONG;
	memcpy(out, value.data, value.len);
	out[value.len] = '\0';
	return PGTC_OK;
}

/* an empty one is refused, or it would pass for one that is not there */
static PgtcCode
read_optional(const json_t *claims, const char *name, char *out, size_t max)
{
	if (json_object_get(claims, name) == NULL)
		return PGTC_OK;
	return read_text(claims, name, out, max);
}

/* what is longer than ours is none of ours: the client is to be given one, not turned away */
static PgtcCode
read_nonce(const json_t *claims, char *out, size_t max)
{
	const json_t *nonce = json_object_get(claims, "nonce");
	PgtcSlice value = pgtc_json_read_string(nonce);

	if (nonce != NULL && value.data == NULL)
		return PGTC_E_CLAIM;
	if (value.len > 0 && value.len <= max)
		memcpy(out, value.data, value.len);
	return PGTC_OK;
}

/* RFC 9449 section 4.2 */
static PgtcCode
read_members(const json_t *claims, PgtcDpopProof *out)
{
	PgtcCode code = read_text(claims, "jti", out->jti, sizeof(out->jti) - 1);

	if (code == PGTC_OK)
		code = read_text(claims, "htm", out->htm, sizeof(out->htm) - 1);
	if (code == PGTC_OK)
		code = read_text(claims, "htu", out->htu, sizeof(out->htu) - 1);
	if (code == PGTC_OK)
		code = read_optional(claims, "ath", out->ath, sizeof(out->ath) - 1);
	if (code == PGTC_OK)
		code = read_nonce(claims, out->nonce, sizeof(out->nonce) - 1);
	if (code != PGTC_OK)
		return code;

	return pgtc_json_read_time(json_object_get(claims, "iat"), &out->iat);
}

static PgtcCode
read_claims(const PgtcJws *jws, const PgtcMem *mem, PgtcDpopProof *out)
{
	json_t *claims;
	PgtcCode code = pgtc_json_read_b64url(jws->payload, mem, &claims);

	if (code != PGTC_OK)
		return code;
	code = read_members(claims, out);
	json_decref(claims);
	return code;
}

PgtcCode
pgtc_dpop_read(PgtcSlice proof, const PgtcMem *mem, PgtcDpopProof *out)
{
	PgtcJwsHeader header;
	PgtcKey key;
	PgtcJws jws;
	PgtcCode code;

	memset(out, 0, sizeof(*out));
	code = pgtc_jws_split(proof, &jws);
	if (code == PGTC_OK)
		code = pgtc_jws_read_header(&jws, mem, &header);
	if (code != PGTC_OK)
		return code;
	/* RFC 9449 section 4.3 checks 4 and 5; "none" has no row among the algorithms */
	if (strcmp(header.typ, "dpop+jwt") != 0)
		return PGTC_E_MALFORMED;
	if (header.alg->kty == PGTC_KTY_OCT)
		return PGTC_E_ALG;

	code = read_key(&jws, header.alg, mem, &key);
	if (code != PGTC_OK)
		return code;
	code = pgtc_jws_verify(&jws, header.alg, &key, mem);
	if (code == PGTC_OK)
		code = pgtc_jwk_thumbprint(&key, mem, out->jkt);
	pgtc_key_free(&key);
	out->alg = header.alg;
	if (code == PGTC_OK)
		code = read_claims(&jws, mem, out);
	if (code != PGTC_OK)
		memset(out, 0, sizeof(*out));
	return code;
}

static PgtcCode
nonce_mac(const uint8_t key[32], const uint8_t time[NONCE_TIME_LEN], uint8_t out[NONCE_MAC_LEN])
{
	uint8_t mac[PGTC_SHA256_LEN];
	PgtcCode code = pgtc_crypto_hmac_sha256(key, 32, time, NONCE_TIME_LEN, mac);

	/* RFC 2104 section 5: not less than half of it */
	if (code == PGTC_OK)
		memcpy(out, mac, NONCE_MAC_LEN);
	pgtc_crypto_wipe(mac, sizeof(mac));
	return code;
}

PgtcCode
pgtc_dpop_nonce_write(const uint8_t key[32], int64_t now, char out[PGTC_DPOP_NONCE_LEN + 1])
{
	uint8_t raw[NONCE_TIME_LEN + NONCE_MAC_LEN];
	PgtcCode code;

	out[0] = '\0';
	pgtc_bytes_put(raw, NONCE_TIME_LEN, (uint64_t) now);
	code = nonce_mac(key, raw, raw + NONCE_TIME_LEN);
	if (code != PGTC_OK)
		return code;
	pgtc_b64url_encode(raw, sizeof(raw), out);
	out[PGTC_DPOP_NONCE_LEN] = '\0';
	return PGTC_OK;
}

PgtcCode
pgtc_dpop_nonce_check(const uint8_t key[32], PgtcSlice nonce, int64_t now, int64_t lifetime)
{
	uint8_t raw[NONCE_TIME_LEN + NONCE_MAC_LEN];
	uint8_t mac[NONCE_MAC_LEN];
	uint64_t made;
	size_t len;
	PgtcCode code;

	if (nonce.len != PGTC_DPOP_NONCE_LEN ||
		pgtc_b64url_decode(nonce, raw, sizeof(raw), &len) != PGTC_OK || len != sizeof(raw))
		return PGTC_E_MALFORMED;
	code = nonce_mac(key, raw, mac);
	if (code == PGTC_OK && !pgtc_crypto_equal(mac, raw + NONCE_TIME_LEN, sizeof(mac)))
		code = PGTC_E_MALFORMED;
	pgtc_crypto_wipe(mac, sizeof(mac));
	if (code != PGTC_OK)
		return code;

	made = pgtc_bytes_get(raw, NONCE_TIME_LEN);
	/* unsigned, so that no clock however wrong makes the difference overflow */
	if (now < 0 || made > (uint64_t) now || (int64_t) ((uint64_t) now - made) > lifetime)
		return PGTC_E_EXPIRED;
	return PGTC_OK;
}
