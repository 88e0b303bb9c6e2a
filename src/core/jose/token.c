/*
 * token.c
 *		Building the tokens we sign.
 *
 * On failure what was appended to out is taken back.  The hot path allocates
 * the payload buffer and lets OpenSSL have its own; nothing else.
 */
#include <openssl/err.h>

#include "core/jose/token.h"
#include "core/base/b64url.h"
#include "core/base/json_write.h"
#include "core/jose/jws.h"

PgtcCode
pgtc_token_header(const PgtcAlg *alg, const char *typ, PgtcSlice kid, PgtcBuf *out)
{
	PgtcBuf json;
	PgtcCode code;

	pgtc_buf_init(&json, out->mem);
	pgtc_buf_append(&json, "{", 1);
	pgtc_json_write_member(&json, "alg", pgtc_slice_str(alg->name));
	pgtc_json_write_member(&json, "typ", pgtc_slice_str(typ));
	pgtc_json_write_member(&json, "kid", kid);
	pgtc_buf_append(&json, "}", 1);
	code = pgtc_buf_code(&json);
	if (code == PGTC_OK)
	{
		pgtc_buf_append_b64url(out, json.data, json.len);
		code = pgtc_buf_code(out);
	}
	pgtc_buf_free(&json);
	return code;
}

static void
member_time(PgtcBuf *out, const char *name, int64_t value)
{
	if (value >= 0)
		pgtc_json_write_member_int(out, name, value);
}

/*
 * The members of a JSON object, as they are written there: numbers keep their
 * digits, which no round trip through a JSON library would promise.
 */
static PgtcCode
splice(PgtcBuf *out, PgtcSlice object)
{
	static const char white_space[] = " \t\n\r"; /* RFC 8259 section 2 */
	PgtcSlice inner;

	if (object.data == NULL)
		return PGTC_OK;
	object = pgtc_slice_trim(object, white_space);
	if (object.len < 2 || object.data[0] != '{' || object.data[object.len - 1] != '}')
		return PGTC_E_MALFORMED;
	inner = pgtc_slice_trim(pgtc_slice(object.data + 1, object.len - 2), white_space);
	if (inner.len == 0)
		return PGTC_OK;
	if (out->len > 0 && out->data[out->len - 1] != '{')
		pgtc_buf_append(out, ",", 1);
	pgtc_buf_append(out, inner.data, inner.len);
	return PGTC_OK;
}

static PgtcCode
write_payload(const PgtcTokenSpec *spec, PgtcBuf *out)
{
	PgtcCode code;

	pgtc_buf_append(out, "{", 1);
	pgtc_json_write_member(out, "iss", spec->iss);
	pgtc_json_write_member(out, "sub", spec->sub);
	/* RFC 7519 section 4.1.3: a single audience may be a plain string */
	if (spec->n_aud == 1)
		pgtc_json_write_member(out, "aud", spec->aud[0]);
	else
		pgtc_json_write_member_strings(out, "aud", spec->aud, spec->n_aud);
	pgtc_json_write_member(out, "azp", spec->azp);
	pgtc_json_write_member(out, "client_id", spec->client_id);
	pgtc_json_write_member(out, "scope", spec->scope);
	pgtc_json_write_member(out, "jti", spec->jti);
	pgtc_json_write_member(out, "grant_id", spec->grant_id);
	pgtc_json_write_member(out, "sid", spec->sid);
	pgtc_json_write_member(out, "nonce", spec->nonce);
	pgtc_json_write_member(out, "at_hash", spec->at_hash);
	pgtc_json_write_member(out, "acr", spec->acr);
	pgtc_json_write_member_strings(out, "amr", spec->amr, spec->n_amr);
	member_time(out, "iat", spec->iat);
	member_time(out, "exp", spec->exp);
	member_time(out, "auth_time", spec->auth_time);
	pgtc_json_write_member_json(out, "cnf", spec->cnf);
	pgtc_json_write_member_json(out, "act", spec->act);
	pgtc_json_write_member_json(out, "authorization_details", spec->authorization_details);
	pgtc_json_write_member_json(out, "status", spec->status);
	code = splice(out, spec->extra);
	pgtc_buf_append(out, "}", 1);
	return code;
}

PgtcCode
pgtc_token_write(const PgtcTokenSpec *spec, const PgtcKey *key, PgtcBuf *out)
{
	size_t start = out->len;
	PgtcBuf json;
	PgtcCode code = PGTC_OK;

	if (spec->header.data != NULL)
		pgtc_buf_append(out, spec->header.data, spec->header.len);
	else
		code = pgtc_token_header(key->alg, spec->typ, spec->kid, out);
	pgtc_buf_append(out, ".", 1);

	pgtc_buf_init(&json, out->mem);
	if (code == PGTC_OK)
		code = write_payload(spec, &json);
	if (code == PGTC_OK)
		code = pgtc_buf_code(&json);
	if (code == PGTC_OK)
	{
		pgtc_buf_append_b64url(out, json.data, json.len);
		code = pgtc_jws_sign(key, out, start);
	}
	pgtc_buf_free(&json);
	if (code != PGTC_OK)
		pgtc_buf_truncate(out, start);
	return code;
}

bool
pgtc_token_claim_reserved(PgtcSlice name)
{
	static const char *const reserved[] = {
		/* RFC 7519 section 4.1 */
		"iss", "sub", "aud", "exp", "nbf", "iat", "jti",
		/* OpenID Connect Core sections 2, 3.3.2.11, 5.6.2 and 7.4; its logout specifications */
		"azp", "nonce", "auth_time", "acr", "amr", "at_hash", "c_hash", "s_hash", "sub_jwk",
		"_claim_names", "_claim_sources", "sid", "events",
		/* RFC 8693 section 4, RFC 9068 section 2.2, RFC 9396 section 9.1 */
		"client_id", "scope", "act", "may_act", "authorization_details",
		/* RFC 7800 section 3.1, RFC 9449 section 4.2 */
		"cnf", "ath", "htm", "htu",
		/* Token Status List section 6.1 */
		"status",
		/* RFC 7662 section 2.2, RFC 9701 section 5 */
		"active", "token_type", "token_introspection",
		/* ours */
		"grant_id", "token_use", "typ"};
	size_t i;

	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
	{
		if (pgtc_slice_equal(name, pgtc_slice_str(reserved[i])))
			return true;
	}
	return false;
}

PgtcCode
pgtc_token_at_hash(const PgtcAlg *alg, PgtcSlice token, char out[PGTC_AT_HASH_MAX + 1])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	size_t half;

	out[0] = '\0';
	ERR_clear_error();
	if (EVP_Digest(token.data, token.len, digest, &len, EVP_get_digestbyname(alg->hash), NULL) != 1)
	{
		ERR_clear_error();
		return PGTC_E_CRYPTO;
	}
	/* OpenID Connect Core section 3.1.3.6: the left-most half */
	half = len / 2;
	pgtc_b64url_encode(digest, half, out);
	out[pgtc_b64url_encoded_len(half)] = '\0';
	return PGTC_OK;
}
