/*
 * jws_libjwt3.c
 *		HMAC tokens held against libjwt 3.
 *
 * A checker with exp and nbf switched off, because time is an argument here and
 * libjwt reads the clock.  As with libjwt 1 this is a second opinion:
 * pgtc_jws_verify has compared the MAC before it asks here.
 */
#include <jwt.h>

#include "core/jose/jws_libjwt.h"

static PgtcCode
check(const char *jwk, const char *token)
{
	jwk_set_t *keys = jwks_create(jwk);
	jwt_checker_t *checker = jwt_checker_new();
	const jwk_item_t *item;
	PgtcCode code = PGTC_E_CRYPTO;

	if (keys == NULL || checker == NULL)
		code = PGTC_E_NOMEM;
	else if (!jwks_error_any(keys))
	{
		item = jwks_item_get(keys, 0);
		if (item != NULL && jwt_checker_setkey(checker, JWT_ALG_HS256, item) == 0 &&
			jwt_checker_time_leeway(checker, JWT_CLAIM_EXP, -1) == 0 &&
			jwt_checker_time_leeway(checker, JWT_CLAIM_NBF, -1) == 0)
			code = jwt_checker_verify(checker, token) == 0 ? PGTC_OK : PGTC_E_SIGNATURE;
	}
	jwt_checker_free(checker);
	jwks_free(keys);
	return code;
}

PgtcCode
pgtc_jws_libjwt_verify(const PgtcJws *jws, const PgtcKey *key, const PgtcMem *mem)
{
	PgtcBuf jwk;
	PgtcBuf token;
	PgtcCode code;

	if (key->alg->kty != PGTC_KTY_OCT)
		return PGTC_E_KEY;

	/* RFC 7518 section 6.4; alg pins the key inside libjwt too */
	pgtc_buf_init(&jwk, mem);
	pgtc_buf_append_str(&jwk, "{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"");
	pgtc_buf_append_b64url(&jwk, key->secret, key->secret_len);
	pgtc_buf_append_str(&jwk, "\"}");

	pgtc_buf_init(&token, mem);
	pgtc_buf_append(&token, jws->token.data, jws->token.len);

	code = pgtc_buf_code(&jwk);
	if (code == PGTC_OK)
		code = pgtc_buf_code(&token);
	if (code == PGTC_OK)
		code = check(jwk.data, token.data);

	pgtc_buf_free(&jwk);
	pgtc_buf_free(&token);
	return code;
}
