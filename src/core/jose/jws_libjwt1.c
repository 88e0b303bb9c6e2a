/*
 * jws_libjwt1.c
 *		HMAC tokens held against libjwt 1.10 to 1.18.
 *
 * jwt_decode wants a C string and the key's bytes.  It neither bounds the token
 * nor pins the algorithm, and it refuses every typ but "JWT" (1.10), so this is
 * a second opinion: pgtc_jws_verify has compared the MAC before it asks here.
 */
#include <errno.h>
#include <jwt.h>

#include "core/jose/jws_libjwt.h"
#include "core/base/ascii.h"
#include "core/base/crypto.h"
#include "core/base/json_read.h"

/* RFC 9068's "at+jwt" is beyond jwt_decode, which would call the token invalid */
static PgtcCode
typ_readable(const PgtcJws *jws, const PgtcMem *mem, bool *readable)
{
	json_t *header;
	PgtcSlice typ;
	PgtcCode code = pgtc_json_read_b64url(jws->header, mem, &header);

	if (code != PGTC_OK)
		return code;

	typ = pgtc_json_read_string(json_object_get(header, "typ"));
	*readable = typ.data == NULL || pgtc_ascii_is(typ, "JWT");
	json_decref(header);
	return PGTC_OK;
}

PgtcCode
pgtc_jws_libjwt_verify(const PgtcJws *jws, const PgtcKey *key, const PgtcMem *mem)
{
	jwt_t *jwt = NULL;
	bool readable;
	char *token;
	int error;
	PgtcCode code;

	if (key->alg->kty != PGTC_KTY_OCT || key->secret_len > INT32_MAX)
		return PGTC_E_KEY;
	code = typ_readable(jws, mem, &readable);
	if (code != PGTC_OK || !readable)
		return code;

	token = mem->alloc(jws->token.len + 1);
	if (token == NULL)
		return PGTC_E_NOMEM;
	memcpy(token, jws->token.data, jws->token.len);
	token[jws->token.len] = '\0';

	error = jwt_decode(&jwt, token, key->secret, (int) key->secret_len);
	if (error == ENOMEM)
		code = PGTC_E_NOMEM;
	else if (error != 0)
		code = PGTC_E_SIGNATURE;
	/* jwt_decode goes by the token's word, be it another HMAC or none at all */
	else if (jwt_get_alg(jwt) != JWT_ALG_HS256)
		code = PGTC_E_ALG;
	jwt_free(jwt);

	pgtc_crypto_wipe(token, jws->token.len);
	mem->release(token);
	return code;
}
