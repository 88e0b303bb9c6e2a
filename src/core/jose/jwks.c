/*
 * jwks.c
 *		JWK Sets of others (RFC 7517 section 5): clients, and foreign issuers.
 *
 * A set is parsed for each use and keeps nothing: who verifies often has the
 * cost of the parsing besides that of a signature, and no cache to get wrong.
 */
#include "core/jose/jwks.h"
#include "core/base/base64.h"
#include "core/base/crypto.h"
#include "core/base/json_read.h"
#include "core/jose/jwk.h"

/* keys points into the set, which the caller ends */
static PgtcCode
read_set(PgtcSlice jwks, json_t **set, const json_t **keys)
{
	PgtcCode code;

	*set = NULL;
	if (jwks.len > PGTC_JWKS_MAX)
		return PGTC_E_TOO_LONG;
	code = pgtc_json_read_object(jwks, set);
	if (code != PGTC_OK)
		return code;

	/* the size of what is no array is 0 */
	*keys = json_object_get(*set, "keys");
	if (json_array_size(*keys) == 0)
		code = PGTC_E_MALFORMED;
	else if (json_array_size(*keys) > PGTC_JWKS_KEYS_MAX)
		code = PGTC_E_TOO_LONG;
	if (code != PGTC_OK)
	{
		json_decref(*set);
		*set = NULL;
	}
	return code;
}

static PgtcCode
verify_by_key(const PgtcJws *jws, const PgtcJwsHeader *header, const json_t *jwk,
			  const PgtcMem *mem)
{
	PgtcKey key;
	PgtcCode code;

	/* RFC 7517 section 5: members that are not understood, or out of range, are ignored */
	if (!json_is_object(jwk))
		return PGTC_E_KEY;
	if (header->kid[0] != '\0' && !pgtc_json_read_is(jwk, "kid", header->kid))
		return PGTC_E_KEY;
	code = pgtc_jwk_read_json(header->alg, jwk, &key);
	if (code != PGTC_OK)
		return code;
	code = pgtc_jws_verify(jws, header->alg, &key, mem);
	pgtc_key_free(&key);
	return code;
}

PgtcCode
pgtc_jwks_verify(const PgtcJws *jws, const PgtcJwsHeader *header, PgtcSlice jwks,
				 const PgtcMem *mem)
{
	const json_t *keys;
	json_t *set;
	PgtcCode result = PGTC_E_KEY;
	PgtcCode code = read_set(jwks, &set, &keys);
	size_t i;

	if (code != PGTC_OK)
		return code;
	for (i = 0; i < json_array_size(keys) && result != PGTC_OK; i++)
	{
		code = verify_by_key(jws, header, json_array_get(keys, i), mem);
		if (code == PGTC_OK || code == PGTC_E_SIGNATURE)
			result = code;
		else if (code == PGTC_E_NOMEM || code == PGTC_E_CRYPTO)
		{
			/* what could not be tried is no refusal */
			result = code;
			break;
		}
	}
	json_decref(set);
	return result;
}

/* is there an algorithm of ours that the key serves? */
static PgtcCode
check_key(const json_t *jwk)
{
	const PgtcAlg *alg;
	PgtcKey key;
	int i;

	for (i = 0; (alg = pgtc_alg_nth(i)) != NULL; i++)
	{
		if (pgtc_jwk_read_json(alg, jwk, &key) == PGTC_OK)
		{
			pgtc_key_free(&key);
			return PGTC_OK;
		}
	}
	return PGTC_E_KEY;
}

PgtcCode
pgtc_jwks_check(PgtcSlice jwks)
{
	const json_t *keys;
	json_t *set;
	bool found = false;
	PgtcCode code = read_set(jwks, &set, &keys);
	size_t i;

	if (code != PGTC_OK)
		return code;
	for (i = 0; i < json_array_size(keys); i++)
	{
		const json_t *jwk = json_array_get(keys, i);

		/* what is secret does not belong into a set that is shown around */
		if (!json_is_object(jwk))
			code = PGTC_E_MALFORMED;
		else if (!pgtc_jwk_is_public(jwk))
			code = PGTC_E_KEY;
		if (code != PGTC_OK)
			break;
		if (check_key(jwk) == PGTC_OK)
			found = true;
	}
	json_decref(set);
	if (code == PGTC_OK && !found)
		code = PGTC_E_KEY;
	return code;
}

static bool
is_of_key(const json_t *jwk, const char *thumbprint, const PgtcMem *mem)
{
	const json_t *chain = json_object_get(jwk, "x5c");
	char digest[PGTC_THUMBPRINT_LEN + 1];
	PgtcBuf der;
	bool same;

	if (chain == NULL)
		return pgtc_json_read_is(jwk, "x5t#S256", thumbprint);
	pgtc_buf_init(&der, mem);
	same = pgtc_base64_decode(pgtc_json_read_string(json_array_get(chain, 0)), &der) == PGTC_OK &&
		   der.len > 0 && pgtc_crypto_digest_text(der.data, der.len, digest) == PGTC_OK &&
		   strcmp(digest, thumbprint) == 0;
	pgtc_buf_free(&der);
	return same;
}

bool
pgtc_jwks_has_certificate(PgtcSlice jwks, const char *thumbprint, const PgtcMem *mem)
{
	const json_t *keys;
	json_t *set;
	bool has = false;
	size_t i;

	if (read_set(jwks, &set, &keys) != PGTC_OK)
		return false;
	for (i = 0; i < json_array_size(keys) && !has; i++)
	{
		const json_t *jwk = json_array_get(keys, i);

		has = json_is_object(jwk) && is_of_key(jwk, thumbprint, mem);
	}
	json_decref(set);
	return has;
}
